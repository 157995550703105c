/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See supervisor.h.  As the subreaper of the client's processes it is left with those that outlive their parents. */
#include "tools/supervisor.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ASKED_MAX = 64, SECOND = 1000000000 };

#define LOOK_AGAIN 5000000 /* ns */

void plain_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
}

/* The tester's sockets: its connections would not end while somebody else has them open, too. */
static void close_files(void)
{
	DIR *files = opendir("/proc/self/fd");
	struct dirent *d;

	if (!files)
		return;
	while ((d = readdir(files))) {
		int fd = atoi(d->d_name);

		if (fd > STDERR_FILENO && fd != dirfd(files))
			close(fd);
	}
	closedir(files);
}

static pid_t start(const char *command)
{
	pid_t pid = fork();

	if (pid == 0) {
		setpgid(0, 0);
		plain_signals();
		dup2(STDERR_FILENO, STDOUT_FILENO); /* reports have standard output for themselves */
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	if (pid > 0)
		setpgid(pid, pid);
	return pid;
}

/* Processes that have been asked to end. */
struct asked {
	unsigned count;
	pid_t pid[ASKED_MAX];
};

/* Once each: some take a second request for impatience. */
static bool is_new(struct asked *a, pid_t pid)
{
	for (unsigned i = 0; i < a->count; i++)
		if (a->pid[i] == pid)
			return false;
	if (a->count < ASKED_MAX)
		a->pid[a->count++] = pid;
	return true;
}

/* To all children there are: the client, and what it left behind. */
static void signal_children(struct asked *a, bool now)
{
	char path[64];
	FILE *children;
	int pid;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	children = fopen(path, "r");
	while (children && fscanf(children, "%d", &pid) == 1)
		if (now || is_new(a, pid))
			kill(pid, now ? SIGKILL : SIGTERM);
	if (children)
		fclose(children);
}

/* False: there are no children any more. */
static bool reap(void)
{
	pid_t pid;

	do
		pid = waitpid(-1, NULL, WNOHANG);
	while (pid > 0 || (pid < 0 && errno == EINTR));
	return pid == 0;
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}

static void end_all(pid_t client, int64_t patience)
{
	struct timespec pause = { .tv_nsec = LOOK_AGAIN };
	int64_t until = now_ns() + patience;
	struct asked a = { .count = 1, .pid = { client } };

	kill(-client, SIGTERM);
	while (reap()) {
		bool late = now_ns() >= until;

		if (late)
			kill(-client, SIGKILL);
		signal_children(&a, late);
		nanosleep(&pause, NULL);
	}
}

/* Signals of the set are blocked. */
__attribute__((noreturn)) static void supervise(const char *command, int64_t patience, pid_t parent,
						const sigset_t *set)
{
	pid_t client;
	int number;

	setpgid(0, 0); /* signals of the terminal are for the tester */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	close_files();
	client = getppid() == parent ? start(command) : -1;
	if (client < 0)
		_exit(127);
	while (reap()) {
		if (sigwait(set, &number) != 0 || number != SIGTERM)
			continue;
		end_all(client, patience);
	}
	_exit(0);
}

pid_t supervised_start(const char *command, const char *server, int64_t patience)
{
	pid_t pid, parent = getpid();
	sigset_t set, before;

	/* Blocked from before the fork on: none may come too early. */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &before);
	pid = fork();
	if (pid == 0) {
		if (server)
			setenv("PPTPSCOPE_SERVER", server, 1);
		supervise(command, patience, parent, &set);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return pid;
}
