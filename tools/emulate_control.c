/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket of the emulator: see emulate_control.h.
 *
 * A request is the words of the hook, each with an octet 0 behind it, and the end of sending.  The answer is
 * the status in decimal, a newline, and the text.
 */
#include "tools/emulate_control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { CLIENTS_MAX = 16, REQUEST = 4096, WORDS_MAX = 32, ANSWER = 65536, PATIENCE_S = 60 };

struct client {
	struct control *control;
	int fd;
	struct net_watch *watch;
	char request[REQUEST];
	size_t len;
};

struct control {
	struct net *net;
	struct sockaddr_un address;
	int fd;
	struct net_watch *watch;
	control_fn *fn;
	void *ctx;
	struct client *client[CLIENTS_MAX];
	char answer[ANSWER + 16];
};

static bool set_path(struct sockaddr_un *a, const char *path)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(a->sun_path))
		return false;
	memcpy(a->sun_path, path, strlen(path) + 1);
	return true;
}

/* --- serving --------------------------------------------------------------------------------- */

static void drop(struct client *c)
{
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		if (c->control->client[i] == c)
			c->control->client[i] = NULL;
	net_watch_free(c->watch);
	close(c->fd);
	free(c);
}

/* Words of a request; 0: it is none. */
static unsigned cut(const struct client *c, const char **argv)
{
	unsigned n = 0;

	if (!c->len || c->request[c->len - 1] != '\0')
		return 0;
	for (const char *at = c->request; at < c->request + c->len; at += strlen(at) + 1) {
		if (n == WORDS_MAX)
			return 0;
		argv[n++] = at;
	}
	return n;
}

static void answer(struct client *c)
{
	struct control *control = c->control;
	const char *argv[WORDS_MAX];
	char *text = control->answer + 8;
	unsigned argc = cut(c, argv);
	int status = 2;
	size_t len;

	*text = '\0';
	if (argc)
		status = control->fn(control->ctx, argc, argv, text, ANSWER);
	else
		snprintf(text, ANSWER, "no hook was named, or too many words");
	snprintf(control->answer, 8, "%6d", status);
	control->answer[6] = ' ';
	control->answer[7] = '\n';
	len = strlen(text);
	/* Whoever asks reads at once; an answer that does not fit into the socket is cut. */
	if (send(c->fd, control->answer, 8 + len, MSG_NOSIGNAL) < 0)
		return;
}

static void readable(void *ctx)
{
	struct client *c = ctx;
	ssize_t n = recv(c->fd, c->request + c->len, sizeof(c->request) - c->len, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0 && c->len + (size_t)n < sizeof(c->request)) {
		c->len += (size_t)n;
		return;
	}
	if (n == 0)
		answer(c);
	drop(c);
}

static struct client **free_slot(struct control *c)
{
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		if (!c->client[i])
			return &c->client[i];
	return NULL;
}

static void accepted(void *ctx)
{
	struct control *control = ctx;
	int fd = accept4(control->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct client **slot = fd < 0 ? NULL : free_slot(control), *c = slot ? calloc(1, sizeof(*c)) : NULL;

	if (!c) {
		if (fd >= 0)
			close(fd);
		return;
	}
	c->control = control;
	c->fd = fd;
	*slot = c;
	c->watch = net_watch_fd(control->net, fd, readable, c);
	if (!c->watch)
		drop(c);
}

/* A socket that an emulator left behind which did not end by itself. */
static bool is_stale(const struct sockaddr_un *a)
{
	struct stat st;
	int fd;
	bool refused;

	if (stat(a->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	refused = connect(fd, (const struct sockaddr *)a, sizeof(*a)) < 0 && errno == ECONNREFUSED;
	close(fd);
	return refused;
}

/* Only the user who started the emulator may ask. */
static bool listen_at(struct control *c)
{
	mode_t mask = umask(077);
	bool bound = bind(c->fd, (const struct sockaddr *)&c->address, sizeof(c->address)) == 0;

	if (!bound && errno == EADDRINUSE && is_stale(&c->address)) {
		unlink(c->address.sun_path);
		bound = bind(c->fd, (const struct sockaddr *)&c->address, sizeof(c->address)) == 0;
	}
	umask(mask);
	if (!bound)
		return false;
	if (listen(c->fd, CLIENTS_MAX) == 0)
		return true;
	unlink(c->address.sun_path);
	return false;
}

struct control *control_open(struct net *n, const char *path, control_fn *fn, void *ctx, char *err,
			     size_t room)
{
	struct control *c = calloc(1, sizeof(*c));

	if (!c) {
		snprintf(err, room, "%s", strerror(ENOMEM));
		return NULL;
	}
	*c = (struct control){ .net = n, .fn = fn, .ctx = ctx, .fd = -1 };
	if (!set_path(&c->address, path)) {
		snprintf(err, room, "%s: the path is too long for a socket", path);
		free(c);
		return NULL;
	}
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || !listen_at(c)) {
		snprintf(err, room, "%s: %s", path, strerror(errno));
		if (c->fd >= 0)
			close(c->fd);
		free(c);
		return NULL;
	}
	c->watch = net_watch_fd(n, c->fd, accepted, c);
	if (!c->watch) {
		snprintf(err, room, "%s: cannot be watched", path);
		control_close(c);
		return NULL;
	}
	return c;
}

void control_close(struct control *c)
{
	if (!c)
		return;
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		if (c->client[i])
			drop(c->client[i]);
	net_watch_free(c->watch);
	close(c->fd);
	unlink(c->address.sun_path);
	free(c);
}

/* --- asking ---------------------------------------------------------------------------------- */

static bool send_words(int fd, unsigned argc, const char *const *argv)
{
	for (unsigned i = 0; i < argc; i++)
		if (send(fd, argv[i], strlen(argv[i]) + 1, MSG_NOSIGNAL) < 0)
			return false;
	return shutdown(fd, SHUT_WR) == 0;
}

/* Reads to the end; false when that does not come. */
static bool receive(int fd, char *out, size_t room)
{
	size_t len = 0;
	ssize_t n;

	while ((n = recv(fd, out + len, room - 1 - len, 0)) > 0)
		len += (size_t)n;
	out[len] = '\0';
	return n == 0 && len > 0;
}

static int status_of(char *answer)
{
	char *end;
	long status = strtol(answer, &end, 10);

	if (end == answer || strncmp(end, " \n", 2) != 0)
		return -1;
	memmove(answer, end + 2, strlen(end + 2) + 1);
	return (int)status;
}

int control_ask(const char *path, unsigned argc, const char *const *argv, char *out, size_t room)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	struct sockaddr_un a;
	int fd = set_path(&a, path) ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1, status = -1;

	errno = fd < 0 ? ENAMETOOLONG : 0;
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0 &&
	    connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0 && send_words(fd, argc, argv) &&
	    receive(fd, out, room))
		status = status_of(out);
	if (status < 0)
		snprintf(out, room, "%s: %s", path, errno ? strerror(errno) : "no answer");
	if (fd >= 0)
		close(fd);
	return status;
}
