/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See supervisor.h.  As the subreaper of the client's processes it is left with those that outlive their
 * parents. */
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

enum { ASKED_MAX = 64, SECOND = 1000000000, KILLED = 128 /* as shells say it */ };

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

/* A client and its end. */
struct client {
	pid_t pid; /* 0: it has ended, which leaves what it has started */
	pid_t group;
	int status;    /* of its end, for exit */
	bool leaves;   /* asked to end, as its user would, and nothing else */
	int64_t until; /* then all that is left has to end; 0: not asked to */
	struct asked asked;
};

/* False: there are no processes any more. */
static bool reap(struct client *c)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0 || (pid < 0 && errno == EINTR)) {
		if (pid != c->pid)
			continue;
		c->pid = 0;
		c->status = WIFEXITED(status) ? WEXITSTATUS(status) : KILLED + WTERMSIG(status);
		if (c->leaves) /* those that it has not told itself, as they were in sessions of their own */
			signal_children(&c->asked, false);
	}
	return pid == 0;
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}

static void ask_to_end(struct client *c)
{
	if (!c->leaves && !c->until && is_new(&c->asked, c->group))
		kill(-c->group, SIGTERM);
}

static void act_on(struct client *c, int number, int64_t patience)
{
	if (number == SIGHUP || number == SIGTERM)
		ask_to_end(c);
	if (number == SIGHUP)
		c->leaves = true;
	if (number == SIGTERM && !c->until)
		c->until = now_ns() + patience;
}

static void see_to_the_end(struct client *c)
{
	bool late = now_ns() >= c->until;

	if (late)
		kill(-c->group, SIGKILL);
	signal_children(&c->asked, late);
}

/* Signals of the set are blocked. */
__attribute__((noreturn)) static void supervise(const char *command, int64_t patience, pid_t parent,
						const sigset_t *set)
{
	struct timespec pause = { .tv_nsec = LOOK_AGAIN };
	struct client c = { .until = 0 };

	setpgid(0, 0); /* signals of the terminal are for the tester */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	close_files();
	c.pid = c.group = getppid() == parent ? start(command) : -1;
	if (c.pid < 0)
		_exit(127);
	while (reap(&c)) {
		act_on(&c, c.until ? sigtimedwait(set, NULL, &pause) : sigwaitinfo(set, NULL), patience);
		if (c.until)
			see_to_the_end(&c);
	}
	_exit(c.status);
}

pid_t supervised_start(const char *command, const char *server, int64_t patience)
{
	pid_t pid, parent = getpid();
	sigset_t set, before;

	/* Blocked from before the fork on: none may come too early. */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
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
