/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A modem at a pty: see telco.h. */
#include "conformance/telco/telco_private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

enum { QUEUE = 65536 };

static const int64_t again_ns = 20 * NET_MILLISECOND;

struct at_port {
	struct net *net;
	struct at_modem *modem;
	int fd;                  /* the pty's master */
	char path[64];           /* of its slave */
	struct net_watch *watch; /* NULL while no terminal has the slave open */
	struct net_timer retry;
	uint8_t queue[QUEUE]; /* what the terminal has not read yet */
	size_t queued;
};

/* What the terminal does not read in time is lost, as without flow control. */
static void out(void *ctx, const uint8_t *octets, size_t len)
{
	struct at_port *p = ctx;
	ssize_t sent = 0;

	if (!p->queued)
		sent = write(p->fd, octets, len);
	if (sent < 0)
		sent = 0;
	len -= (size_t)sent;
	if (!len)
		return;
	if (len > QUEUE - p->queued)
		len = QUEUE - p->queued;
	memcpy(p->queue + p->queued, octets + sent, len);
	p->queued += len;
	net_timer_set(p->net, &p->retry, net_now(p->net) + again_ns);
}

static void flush(struct at_port *p)
{
	ssize_t sent = p->queued ? write(p->fd, p->queue, p->queued) : 0;

	if (sent <= 0)
		return;
	p->queued -= (size_t)sent;
	memmove(p->queue, p->queue + sent, p->queued);
}

static void readable(void *ctx);

/* Whether a terminal has the slave open; a master without one is "hung up" once there was one. */
static bool is_open(const struct at_port *p)
{
	struct pollfd fd = { .fd = p->fd, .events = POLLIN };

	return poll(&fd, 1, 0) >= 0 && !(fd.revents & POLLHUP);
}

static void retry(void *ctx)
{
	struct at_port *p = ctx;

	flush(p);
	if (!p->watch && is_open(p))
		p->watch = net_watch_fd(p->net, p->fd, readable, p);
	if (!p->watch || p->queued)
		net_timer_set(p->net, &p->retry, net_now(p->net) + again_ns);
}

static void readable(void *ctx)
{
	struct at_port *p = ctx;
	uint8_t octets[2048];
	ssize_t n = read(p->fd, octets, sizeof(octets));

	if (n > 0) {
		at_modem_input(p->modem, octets, (size_t)n);
		return;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	net_watch_free(p->watch);
	p->watch = NULL;
	p->queued = 0;
	at_modem_dtr_lost(p->modem);
	net_timer_set(p->net, &p->retry, net_now(p->net) + again_ns);
}

/* The line discipline must not touch what passes. */
static bool make_raw(int fd)
{
	struct termios t;

	if (tcgetattr(fd, &t) < 0)
		return false;
	cfmakeraw(&t);
	return tcsetattr(fd, TCSANOW, &t) == 0;
}

static bool open_pty(struct at_port *p)
{
	p->fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	return p->fd >= 0 && grantpt(p->fd) == 0 && unlockpt(p->fd) == 0 &&
	       ptsname_r(p->fd, p->path, sizeof(p->path)) == 0 && make_raw(p->fd);
}

struct at_port *at_port_new(struct telco *t, const char *number, char *err, size_t room)
{
	struct at_port *p = calloc(1, sizeof(*p));

	if (!p) {
		snprintf(err, room, "%s", strerror(ENOMEM));
		return NULL;
	}
	p->net = t->net;
	p->retry = (struct net_timer){ .fn = retry, .ctx = p };
	if (open_pty(p)) {
		p->modem = at_modem_new(t, number, out, p);
		p->watch = p->modem ? net_watch_fd(p->net, p->fd, readable, p) : NULL;
	}
	if (!p->watch) {
		snprintf(err, room, "cannot make a pty for a modem: %s",
			 net_is_virtual(p->net) ? "the net has no descriptors" : strerror(errno));
		at_port_free(p);
		return NULL;
	}
	return p;
}

const char *at_port_path(const struct at_port *p)
{
	return p->path;
}

struct at_modem *at_port_modem(struct at_port *p)
{
	return p->modem;
}

void at_port_free(struct at_port *p)
{
	if (!p)
		return;
	at_modem_free(p->modem);
	net_timer_cancel(p->net, &p->retry);
	net_watch_free(p->watch);
	if (p->fd >= 0)
		close(p->fd);
	free(p);
}
