/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See conform_hook.h. */
#include "tools/conform_hook.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "conformance/endpoint.h"
#include "conformance/runner.h"
#include "dissectors/ip.h"
#include "tools/supervisor.h"

enum { OUTPUT = 65536, WORDS = 20, SHELL_WORDS = 4 };

#define LOOK_AGAIN (5 * NET_MILLISECOND)
#define CLIENT_PATIENCE (2 * NET_SECOND)

/* A command that runs. */
struct child {
	struct child *next;
	struct conform_hook *owner;
	struct net_timer look;
	pid_t pid;
	int fd[2]; /* its standard output and error */
	int64_t deadline;
	char *text[2]; /* OUTPUT octets each */
	size_t len[2];
	void (*done)(void *token, int status, const char *output);
	void *token;
};

/* The client of one of the tester's addresses. */
struct client {
	struct client *next;
	struct conform_hook *owner;
	struct ip_addr own;
	bool has_own; /* false: the tester listens on all of its addresses */
	pid_t pid;             /* of its supervisor; 0: it does not run */
	int status;            /* of its end, as waitpid says */
	bool may_dial;         /* it has been started, and nobody has asked it to dial yet */
	struct net_timer look; /* whether the one before has ended */
	void (*done)(void *token, int status, const char *output); /* of who waits for the new one */
	void *token;
};

struct conform_hook {
	struct net *net;
	const char *command, *exec;
	double seconds;
	struct child *children;
	struct client *clients;
};

struct conform_hook *conform_hook_new(struct net *n, const char *command, const char *exec, double seconds)
{
	struct conform_hook *h = calloc(1, sizeof(*h));

	if (h)
		*h = (struct conform_hook){ .net = n, .command = command, .exec = exec, .seconds = seconds };
	return h;
}

/* --- clients --------------------------------------------------------------------------------- */

static bool has_ended(struct client *c)
{
	if (c->pid && waitpid(c->pid, &c->status, WNOHANG) != 0)
		c->pid = 0;
	return !c->pid;
}

static void ask_to_end(const struct client *c)
{
	if (c->pid)
		kill(c->pid, SIGTERM);
}

static void tell_started(struct client *c, int status, const char *why)
{
	void (*done)(void *token, int status, const char *output) = c->done;

	c->done = NULL;
	if (done)
		done(c->token, status, why);
}

static void start_client(struct client *c)
{
	char text[IP_ADDR_TEXT];

	c->pid = supervised_start(c->owner->exec, c->has_own ? ip_addr_text(&c->own, text) : NULL,
				  CLIENT_PATIENCE);
	if (c->pid < 0) {
		c->pid = 0;
		tell_started(c, HOOK_FAULT, strerror(errno));
		return;
	}
	c->may_dial = true;
	tell_started(c, HOOK_DONE, "");
}

/* Once the one before has ended there is a new one. */
static void take_over(void *ctx)
{
	struct client *c = ctx;

	if (has_ended(c)) {
		start_client(c);
		return;
	}
	net_timer_set(c->owner->net, &c->look, net_now(c->owner->net) + LOOK_AGAIN);
}

/* NULL: no memory. */
static struct client *client_at(struct conform_hook *h, const struct ip_addr *own)
{
	struct client *c;

	for (c = h->clients; c; c = c->next)
		if (own ? c->has_own && ip_addr_same(&c->own, own) : !c->has_own)
			return c;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->owner = h;
	c->next = h->clients;
	c->has_own = own;
	if (own)
		c->own = *own;
	c->look = (struct net_timer){ .fn = take_over, .ctx = c };
	h->clients = c;
	return c;
}

static void replace_client(struct client *c, void (*done)(void *token, int status, const char *output),
			   void *token)
{
	tell_started(c, HOOK_NOT_NOW, "another one is being started");
	c->done = done;
	c->token = token;
	ask_to_end(c);
	take_over(c);
}

static int dial(struct client *c, const char **why)
{
	if (!c->may_dial)
		*why = "the command of --exec dials once, when it has connected";
	else
		c->may_dial = false;
	return **why ? HOOK_NOT_NOW : HOOK_DONE;
}

/* Its user has had enough. */
static int leave(struct client *c, const char **why)
{
	if (has_ended(c))
		*why = "the command of --exec has ended";
	else
		kill(c->pid, SIGHUP);
	return **why ? HOOK_NOT_NOW : HOOK_DONE;
}

/* Whether it is still trying, for who waits for its connection; why: how it ended. */
static int ended(struct client *c, char *why, size_t room)
{
	if (!has_ended(c))
		return HOOK_NOT_NOW;
	snprintf(why, room, "status %d", WIFEXITED(c->status) ? WEXITSTATUS(c->status) : -1);
	return HOOK_DONE;
}

/*
 * What a client can do that dials as soon as it has connected, and hangs up when it is ended; false: that is
 * for the command.
 */
static bool client_does(struct conform_hook *h, const struct ip_addr *own, const char *name,
			void (*done)(void *token, int status, const char *output), void *token)
{
	bool connects = strcmp(name, "dut-connect") == 0, dials = strcmp(name, "dut-dial") == 0;
	bool ends = strcmp(name, HOOK_ENDED) == 0;
	bool leaves = !h->command && (strcmp(name, "dut-hangup") == 0 || strcmp(name, "dut-stop") == 0);
	const char *why = "";
	char text[64] = "";
	struct client *c;
	int status;

	if (!h->exec || (!connects && !dials && !leaves && !ends))
		return false;
	c = client_at(h, own);
	if (c && connects) {
		replace_client(c, done, token);
		return true;
	}
	status = !c      ? HOOK_FAULT
		 : dials ? dial(c, &why)
		 : ends  ? ended(c, text, sizeof(text))
			 : leave(c, &why);
	done(token, status, !c ? strerror(ENOMEM) : ends ? text : why);
	return true;
}

/* All at once, so that their patience adds up to no more than one's. */
static void free_clients(struct conform_hook *h)
{
	struct timespec pause = { .tv_nsec = LOOK_AGAIN };

	for (struct client *c = h->clients; c; c = c->next) {
		net_timer_cancel(h->net, &c->look);
		ask_to_end(c);
	}
	while (h->clients) {
		struct client *c = h->clients;

		while (!has_ended(c))
			nanosleep(&pause, NULL);
		h->clients = c->next;
		free(c);
	}
}

/* --- the command ----------------------------------------------------------------------------- */

static void child_free(struct child *c)
{
	struct child **at = &c->owner->children;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	net_timer_cancel(c->owner->net, &c->look);
	for (unsigned i = 0; i < 2; i++) {
		if (c->fd[i] >= 0)
			close(c->fd[i]);
		free(c->text[i]);
	}
	free(c);
}

static void drain(struct child *c)
{
	for (unsigned i = 0; i < 2; i++) {
		ssize_t n;

		while (c->len[i] + 1 < OUTPUT &&
		       (n = read(c->fd[i], c->text[i] + c->len[i], OUTPUT - 1 - c->len[i])) > 0)
			c->len[i] += (size_t)n;
		c->text[i][c->len[i]] = '\0';
	}
}

static void tell(struct child *c, int status, const char *output)
{
	void (*done)(void *token, int status, const char *output) = c->done;
	void *token = c->token;

	done(token, status, output);
	child_free(c);
}

static void look(void *ctx)
{
	struct child *c = ctx;
	int status;
	pid_t ended = waitpid(c->pid, &status, WNOHANG);

	drain(c);
	if (ended == 0 && net_now(c->owner->net) < c->deadline) {
		net_timer_set(c->owner->net, &c->look, net_now(c->owner->net) + LOOK_AGAIN);
		return;
	}
	if (ended == 0) {
		kill(-c->pid, SIGKILL);
		waitpid(c->pid, &status, 0);
		tell(c, HOOK_FAULT, "did not end in time (--hook-timeout)");
		return;
	}
	if (WIFEXITED(status) && (WEXITSTATUS(status) == HOOK_DONE || WEXITSTATUS(status) == HOOK_NONE))
		tell(c, WEXITSTATUS(status), c->text[0]);
	else
		tell(c, WIFEXITED(status) ? WEXITSTATUS(status) : HOOK_FAULT,
		     c->len[1] ? c->text[1] : c->text[0]);
}

/* sh -c 'COMMAND "$@"' hook NAME ARGUMENT... */
__attribute__((noreturn)) static void become(const char *command, unsigned argc, const char *const *argv,
					     const int out[2], const int err[2])
{
	const char *words[SHELL_WORDS + WORDS + 1] = { "sh", "-c", NULL, "hook" };
	char *line = NULL;
	unsigned n = SHELL_WORDS;

	setpgid(0, 0);
	plain_signals();
	dup2(out[1], STDOUT_FILENO);
	dup2(err[1], STDERR_FILENO);
	if (asprintf(&line, "%s \"$@\"", command) < 0)
		_exit(127);
	words[2] = line;
	for (unsigned i = 0; i < argc && i < WORDS; i++)
		words[n++] = argv[i];
	execv("/bin/sh", (char *const *)words);
	_exit(127);
}

static bool launch(struct child *c, unsigned argc, const char *const *argv)
{
	int out[2], err[2] = { -1, -1 };

	if (pipe2(out, O_CLOEXEC) != 0)
		return false;
	if (pipe2(err, O_CLOEXEC) != 0) {
		close(out[0]);
		close(out[1]);
		return false;
	}
	c->fd[0] = out[0];
	c->fd[1] = err[0];
	c->pid = fork();
	if (c->pid == 0)
		become(c->owner->command, argc, argv, out, err);
	close(out[1]);
	close(err[1]);
	if (c->pid < 0)
		return false;
	setpgid(c->pid, c->pid);
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(err[0], F_SETFL, O_NONBLOCK);
	return true;
}

static struct child *new_child(struct conform_hook *h)
{
	struct child *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->owner = h;
	c->next = h->children;
	h->children = c;
	c->fd[0] = c->fd[1] = -1;
	c->look = (struct net_timer){ .fn = look, .ctx = c };
	for (unsigned i = 0; i < 2; i++)
		if (!(c->text[i] = calloc(1, OUTPUT))) {
			child_free(c);
			return NULL;
		}
	return c;
}

bool conform_hook_start(void *hook, const struct ip_addr *own, unsigned argc, const char *const *argv,
			void (*done)(void *token, int status, const char *output), void *token)
{
	struct conform_hook *h = hook;
	struct child *c;

	if (client_does(h, own, argv[0], done, token))
		return true;
	if (!h->command) {
		done(token, HOOK_NONE, "");
		return true;
	}
	c = new_child(h);
	if (!c || !launch(c, argc, argv)) {
		if (c)
			child_free(c);
		done(token, HOOK_FAULT, strerror(errno));
		return true;
	}
	c->done = done;
	c->token = token;
	c->deadline = net_now(h->net) + (int64_t)(h->seconds * (double)NET_SECOND);
	net_timer_set(h->net, &c->look, net_now(h->net) + LOOK_AGAIN);
	return true;
}

void conform_hook_free(struct conform_hook *h)
{
	if (!h)
		return;
	free_clients(h);
	while (h->children) {
		struct child *c = h->children;

		kill(-c->pid, SIGKILL);
		waitpid(c->pid, NULL, 0);
		tell(c, HOOK_FAULT, "ended with the run");
	}
	free(h);
}
