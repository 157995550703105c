/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * net.h on the machine's network and clock.  What the taps see of TCP is put together from what is
 * written and read: a segment for each, numbered from 0.
 *
 * Every turn does a bounded amount of work for each descriptor, then rings the timers that were due when
 * it began: neither a flood nor a timer that sets itself keeps the others from their turn.
 */
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "conformance/net_socket_private.h"

enum {
	EVENTS = 64,      /* descriptors a turn */
	READ = 16 * 1024, /* octets of one connection a turn */
	ACCEPTS = 16,     /* connections of one listener a turn */
	BACKLOG = 128,
	CLOSED_SECONDS = 60,   /* a closed connection is watched so long for the peer to close too */
	PAUSE = NET_SECOND / 5 /* of a listener when descriptors have run out */
};

struct chunk {
	struct chunk *next;
	size_t len, sent;
	uint8_t octets[];
};

enum tcp_state { TCP_CONNECTS, TCP_IS_OPEN, TCP_OVER };

struct socket_tcp {
	struct net_tcp tcp;
	struct source source;
	struct net_timer timer; /* tells of a failure at once; when closed: gives up */
	enum tcp_state state;
	struct chunk *out, *out_last;
	size_t queued;
	bool fin_wanted, fin_sent, fin_came;
	int error; /* of connect(), to be told */
};

struct socket_listener {
	struct net_listener listener;
	struct source source;
	struct net_timer timer; /* ends a pause */
};

struct socket_watch {
	struct net_watch watch;
	struct source source;
	struct net_timer timer; /* for a file, which can always be read */
};

static struct socket_net *socket_net_of(const struct net_host *h)
{
	return (struct socket_net *)h->net;
}

/* --- descriptors in the loop ----------------------------------------------------------------- */

bool source_want(struct socket_net *n, struct source *s, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = s };

	if (s->listed && s->events == events)
		return true;
	if (epoll_ctl(n->epoll, s->listed ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, s->fd, &e))
		return false;
	s->events = events;
	s->listed = true;
	return true;
}

void source_drop(struct socket_net *n, struct source *s)
{
	if (s->listed)
		epoll_ctl(n->epoll, EPOLL_CTL_DEL, s->fd, NULL);
	s->listed = false;
}

/* --- addresses ------------------------------------------------------------------------------- */

socklen_t socket_address_of(union socket_address *out, const struct ip_addr *addr, uint16_t port)
{
	memset(out, 0, sizeof(*out));
	if (ip_addr_is_v4(addr)) {
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons(port);
		memcpy(&out->v4.sin_addr, addr->octet + 12, 4);
		return sizeof(out->v4);
	}
	out->v6.sin6_family = AF_INET6;
	out->v6.sin6_port = htons(port);
	memcpy(&out->v6.sin6_addr, addr->octet, 16);
	return sizeof(out->v6);
}

void socket_address_read(const union socket_address *in, struct ip_addr *addr, uint16_t *port)
{
	static const struct ip_addr mapped = { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff } };

	if (in->any.sa_family == AF_INET) {
		*addr = mapped;
		memcpy(addr->octet + 12, &in->v4.sin_addr, 4);
		*port = ntohs(in->v4.sin_port);
		return;
	}
	memcpy(addr->octet, &in->v6.sin6_addr, 16);
	*port = ntohs(in->v6.sin6_port);
}

static void read_ends(struct net_tcp *c, int fd)
{
	union socket_address a = { 0 };
	socklen_t len = sizeof(a);

	if (!getsockname(fd, &a.any, &len))
		socket_address_read(&a, &c->local, &c->local_port);
	len = sizeof(a);
	if (!getpeername(fd, &a.any, &len))
		socket_address_read(&a, &c->peer, &c->peer_port);
}

bool socket_route(struct socket_net *n, const struct ip_addr *to, struct ip_addr *from)
{
	union socket_address a;
	socklen_t len = socket_address_of(&a, to, 9);
	uint16_t port;
	bool found;
	int fd;

	if (ip_addr_same(to, &n->routed_to)) {
		*from = n->routed_from;
		return true;
	}
	fd = socket(a.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	found = !connect(fd, &a.any, len);
	len = sizeof(a);
	found = found && !getsockname(fd, &a.any, &len);
	close(fd);
	if (!found)
		return false;
	socket_address_read(&a, from, &port);
	n->routed_to = *to;
	n->routed_from = *from;
	return true;
}

/* --- connections: what the taps see ---------------------------------------------------------- */

static struct socket_tcp *tcp_of(struct source *s)
{
	return (struct socket_tcp *)((char *)s - offsetof(struct socket_tcp, source));
}

/* A segment of ours, with the next numbers. */
static void show_sent(struct socket_tcp *c, uint8_t flags, const uint8_t *octets, size_t len)
{
	net_show_tcp(&c->tcp, true, flags, c->tcp.sent, flags & NET_ACK ? c->tcp.received : 0, octets, len);
	c->tcp.sent += (uint32_t)len + !!(flags & (NET_SYN | NET_FIN));
}

/* How much the peer has acknowledged: all but what still waits in the kernel. */
static void learn_acked(struct socket_tcp *c)
{
	int unacked;

	if (c->state == TCP_IS_OPEN && !ioctl(c->source.fd, SIOCOUTQ, &unacked) && unacked >= 0)
		c->tcp.acked = c->tcp.sent - (uint32_t)unacked;
}

static void show_received(struct socket_tcp *c, uint8_t flags, const uint8_t *octets, size_t len)
{
	learn_acked(c);
	net_show_tcp(&c->tcp, false, flags, c->tcp.received, flags & NET_ACK ? c->tcp.acked : 0, octets, len);
	c->tcp.received += (uint32_t)len + !!(flags & (NET_SYN | NET_FIN));
}

/* --- connections: their end ------------------------------------------------------------------ */

static const char *reason(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return "connection refused";
	case ECONNRESET:
	case EPIPE:
		return "connection reset by peer";
	case ETIMEDOUT:
		return "timed out";
	case EHOSTUNREACH:
		return "no route to host";
	case ENETUNREACH:
		return "network unreachable";
	default:
		return strerror(error);
	}
}

static void bury_tcp(struct net_grave *g)
{
	free(g);
}

static void clear_out(struct socket_tcp *c)
{
	while (c->out) {
		struct chunk *chunk = c->out;

		c->out = chunk->next;
		free(chunk);
	}
	c->queued = 0;
}

/* The kernel has it to itself from now on. */
static void leave_socket(struct socket_tcp *c)
{
	if (c->source.fd < 0)
		return;
	source_drop(socket_net_of(c->tcp.host), &c->source);
	close(c->source.fd);
	c->source.fd = -1;
	c->state = TCP_OVER;
	clear_out(c);
}

static void free_tcp(struct socket_tcp *c)
{
	leave_socket(c);
	net_timer_cancel(c->tcp.host->net, &c->timer);
	net_tcp_leave(&c->tcp, bury_tcp);
}

static void show_rst(struct socket_tcp *c, int error)
{
	if (error == ECONNRESET || error == EPIPE)
		show_received(c, NET_RST | NET_ACK, NULL, 0);
}

/* The peer, or the network, has ended it. */
static void was_reset(struct socket_tcp *c, int error)
{
	show_rst(c, error);
	leave_socket(c);
	if (c->tcp.closed)
		free_tcp(c);
	else if (c->tcp.owned && c->tcp.events.reset)
		c->tcp.events.reset(c->tcp.ctx, reason(error));
}

static void has_failed(struct socket_tcp *c, int error)
{
	if (error == ECONNREFUSED) {
		c->tcp.acked = 1;
		net_show_tcp(&c->tcp, false, NET_RST | NET_ACK, 0, 1, NULL, 0);
	}
	leave_socket(c);
	if (c->tcp.events.failed)
		c->tcp.events.failed(c->tcp.ctx, reason(error));
}

/* Resets it from here. */
static void reset_now(struct socket_tcp *c)
{
	static const struct linger at_once = { .l_onoff = 1 };

	if (c->state == TCP_IS_OPEN) {
		setsockopt(c->source.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
		show_sent(c, NET_RST | NET_ACK, NULL, 0);
	}
	free_tcp(c);
}

/* --- connections: octets --------------------------------------------------------------------- */

/* What the loop is to wait for. */
static void want(struct socket_tcp *c)
{
	uint32_t events = 0;

	if (c->state == TCP_CONNECTS || c->out)
		events |= EPOLLOUT;
	if (c->state == TCP_IS_OPEN && (c->tcp.owned || c->tcp.closed) && !c->tcp.paused && !c->fin_came)
		events |= EPOLLIN;
	source_want(socket_net_of(c->tcp.host), &c->source, events);
}

static void send_fin(struct socket_tcp *c)
{
	if (c->state != TCP_IS_OPEN || !c->fin_wanted || c->fin_sent || c->out)
		return;
	if (shutdown(c->source.fd, SHUT_WR))
		return;
	c->fin_sent = true;
	show_sent(c, NET_FIN | NET_ACK, NULL, 0);
}

/* One segment: not to be joined with what comes next.  Octets that the kernel took; -1: errno. */
static ssize_t send_one(struct socket_tcp *c, const uint8_t *octets, size_t len)
{
	ssize_t n = send(c->source.fd, octets, len, MSG_DONTWAIT | MSG_NOSIGNAL | MSG_EOR);

	if (n > 0)
		show_sent(c, NET_PSH | NET_ACK, octets, (size_t)n);
	return n;
}

static bool queue(struct socket_tcp *c, const uint8_t *octets, size_t len)
{
	struct chunk *chunk = malloc(sizeof(*chunk) + len);

	if (!chunk)
		return false;
	chunk->next = NULL;
	chunk->len = len;
	chunk->sent = 0;
	memcpy(chunk->octets, octets, len);
	if (c->out)
		c->out_last->next = chunk;
	else
		c->out = chunk;
	c->out_last = chunk;
	c->queued += len;
	return true;
}

static void flush(struct socket_tcp *c)
{
	while (c->out) {
		struct chunk *chunk = c->out;
		ssize_t n = send_one(c, chunk->octets + chunk->sent, chunk->len - chunk->sent);

		/* An error is told by what is read. */
		if (n < 0)
			return;
		chunk->sent += (size_t)n;
		c->queued -= (size_t)n;
		if (chunk->sent < chunk->len)
			return;
		c->out = chunk->next;
		free(chunk);
	}
	send_fin(c);
	if (c->tcp.closed && c->fin_sent && c->fin_came)
		free_tcp(c);
	else if (c->tcp.owned && c->tcp.events.drained)
		c->tcp.events.drained(c->tcp.ctx);
}

static void got_fin(struct socket_tcp *c)
{
	show_received(c, NET_FIN | NET_ACK, NULL, 0);
	show_sent(c, NET_ACK, NULL, 0);
	c->fin_came = true;
	if (c->tcp.closed && c->fin_sent)
		free_tcp(c);
	else if (c->tcp.owned && c->tcp.events.fin)
		c->tcp.events.fin(c->tcp.ctx);
}

static void receive(struct socket_tcp *c)
{
	uint8_t octets[READ];
	ssize_t n = recv(c->source.fd, octets, sizeof(octets), MSG_DONTWAIT);

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			was_reset(c, errno);
		return;
	}
	if (!n) {
		got_fin(c);
		return;
	}
	show_received(c, NET_PSH | NET_ACK, octets, (size_t)n);
	if (c->tcp.closed)
		reset_now(c); /* as the kernel answers for a closed socket */
	else if (c->tcp.events.octets)
		c->tcp.events.octets(c->tcp.ctx, octets, (size_t)n);
}

static void has_opened(struct socket_tcp *c)
{
	c->state = TCP_IS_OPEN;
	read_ends(&c->tcp, c->source.fd);
	c->tcp.acked = 1;
	net_show_tcp(&c->tcp, false, NET_SYN | NET_ACK, 0, 1, NULL, 0);
	c->tcp.received = 1;
	show_sent(c, NET_ACK, NULL, 0);
	if (c->tcp.events.opened)
		c->tcp.events.opened(c->tcp.ctx);
	if (!c->tcp.grave.dead)
		send_fin(c);
}

static int error_of(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) ? errno : error;
}

static void connect_ready(struct socket_tcp *c)
{
	int error = error_of(c->source.fd);

	if (error)
		has_failed(c, error);
	else
		has_opened(c);
}

/* Nothing more to read, but errors or the end of both directions: which of them? */
static void hung_up(struct socket_tcp *c)
{
	int error = error_of(c->source.fd);

	if (error)
		was_reset(c, error);
	else
		source_drop(socket_net_of(c->tcp.host), &c->source); /* until it is read again, or closed */
}

static void tcp_ready(struct source *s, uint32_t events)
{
	struct socket_tcp *c = tcp_of(s);

	if (c->state == TCP_CONNECTS) {
		connect_ready(c);
	} else {
		if (events & EPOLLOUT)
			flush(c);
		if (c->tcp.grave.dead || c->state != TCP_IS_OPEN)
			return;
		if (events & EPOLLIN && s->events & EPOLLIN)
			receive(c);
		else if (events & (EPOLLERR | EPOLLHUP)) {
			hung_up(c);
			return;
		}
	}
	if (!c->tcp.grave.dead && c->state == TCP_IS_OPEN)
		want(c);
}

/* --- connections for their users ------------------------------------------------------------- */

static void timer_rang(void *ctx)
{
	struct socket_tcp *c = ctx;

	if (c->tcp.closed)
		free_tcp(c);
	else
		has_failed(c, c->error);
}

static struct socket_tcp *tcp_new(struct net_host *h, int fd, enum tcp_state state)
{
	static const int on = 1;
	struct socket_tcp *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	c->source = (struct source){ .fd = fd, .ready = tcp_ready, .grave = &c->tcp.grave };
	c->timer = (struct net_timer){ .fn = timer_rang, .ctx = c };
	c->state = state;
	net_tcp_join(&c->tcp, h);
	return c;
}

/* A socket bound as host and port say; -1 with the reason in err. */
static int bound_socket(struct net_host *h, uint16_t port, const struct ip_addr *peer, char *err, size_t room)
{
	static const int on = 1;
	struct ip_addr any = { { 0 } };
	union socket_address a;
	int fd;

	if (ip_addr_is_v4(peer))
		any.octet[10] = any.octet[11] = 0xff;
	if (!h->any && ip_addr_is_v4(&h->addr) != ip_addr_is_v4(peer)) {
		snprintf(err, room, "own address and peer are of different families");
		return -1;
	}
	fd = socket(ip_addr_is_v4(peer) ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		snprintf(err, room, "%s", strerror(errno));
		return -1;
	}
	if (h->any && !port)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (!port)
		setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (bind(fd, &a.any, socket_address_of(&a, h->any ? &any : &h->addr, port))) {
		snprintf(err, room, "%s", strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

static struct net_tcp *socket_connect(struct net_host *h, uint16_t port, const struct ip_addr *peer,
				      uint16_t peer_port, char *err, size_t room)
{
	int fd = bound_socket(h, port, peer, err, room);
	union socket_address a;
	struct socket_tcp *c;

	if (fd < 0)
		return NULL;
	c = tcp_new(h, fd, TCP_CONNECTS);
	if (!c) {
		snprintf(err, room, "out of memory");
		close(fd);
		return NULL;
	}
	c->tcp.peer = *peer;
	c->tcp.peer_port = peer_port;
	c->tcp.owned = true;
	if (connect(fd, &a.any, socket_address_of(&a, peer, peer_port)) && errno != EINPROGRESS)
		c->error = errno;
	read_ends(&c->tcp, fd);
	c->tcp.peer = *peer;
	c->tcp.peer_port = peer_port;
	show_sent(c, NET_SYN, NULL, 0);
	if (c->error)
		net_timer_set(h->net, &c->timer, 0);
	else
		want(c);
	return &c->tcp;
}

static struct socket_tcp *end_of(struct net_tcp *c)
{
	return (struct socket_tcp *)c;
}

static void socket_take(struct net_tcp *c)
{
	if (end_of(c)->state == TCP_IS_OPEN)
		want(end_of(c));
}

static bool socket_write(struct net_tcp *tcp, const uint8_t *octets, size_t len)
{
	struct socket_tcp *c = end_of(tcp);
	ssize_t n = 0;

	if (c->state != TCP_IS_OPEN || c->fin_wanted || c->queued > NET_WAITING_MAX)
		return false;
	if (!c->out)
		n = send_one(c, octets, len);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return false;
	if (n == (ssize_t)len)
		return true;
	n = n < 0 ? 0 : n;
	if (!queue(c, octets + n, len - (size_t)n))
		return false;
	want(c);
	return true;
}

static size_t socket_waiting(const struct net_tcp *tcp)
{
	const struct socket_tcp *c = (const struct socket_tcp *)tcp;
	int unacked = 0;

	if (c->state != TCP_IS_OPEN || ioctl(c->source.fd, SIOCOUTQ, &unacked) || unacked < 0)
		return 0;
	if (c->fin_sent && unacked)
		unacked--;
	return c->queued + (size_t)unacked;
}

static void socket_pause(struct net_tcp *c)
{
	if (end_of(c)->state == TCP_IS_OPEN)
		want(end_of(c));
}

static void socket_shutdown(struct net_tcp *c)
{
	end_of(c)->fin_wanted = true;
	send_fin(end_of(c));
}

/* Octets that came before the close are nobody's, but no reason to reset. */
static void read_away(struct socket_tcp *c)
{
	uint8_t octets[READ];
	ssize_t n = c->fin_came ? 0 : recv(c->source.fd, octets, sizeof(octets), MSG_DONTWAIT);

	if (n > 0)
		show_received(c, NET_PSH | NET_ACK, octets, (size_t)n);
}

static void socket_close(struct net_tcp *tcp)
{
	struct socket_tcp *c = end_of(tcp);
	int unread = 0;

	if (c->state != TCP_IS_OPEN) {
		free_tcp(c);
		return;
	}
	/* As a kernel does: who leaves without having wanted to read everything resets. */
	if (tcp->paused && !ioctl(c->source.fd, FIONREAD, &unread) && unread > 0) {
		reset_now(c);
		return;
	}
	tcp->paused = false;
	read_away(c);
	c->fin_wanted = true;
	send_fin(c);
	if (c->fin_sent && c->fin_came) {
		free_tcp(c);
		return;
	}
	net_timer_set(tcp->host->net, &c->timer, net_now(tcp->host->net) + CLOSED_SECONDS * NET_SECOND);
	want(c);
}

static void socket_abort(struct net_tcp *c)
{
	reset_now(end_of(c));
}

static void socket_leave(struct net_tcp *c)
{
	free_tcp(end_of(c));
}

/* --- listeners ------------------------------------------------------------------------------- */

static void accepted(struct socket_listener *l, int fd)
{
	struct socket_tcp *c = tcp_new(l->listener.host, fd, TCP_IS_OPEN);

	if (!c) {
		close(fd);
		return;
	}
	read_ends(&c->tcp, fd);
	net_show_tcp(&c->tcp, false, NET_SYN, 0, 0, NULL, 0);
	c->tcp.received = 1;
	show_sent(c, NET_SYN | NET_ACK, NULL, 0);
	c->tcp.acked = 1;
	net_show_tcp(&c->tcp, false, NET_ACK, 1, 1, NULL, 0);
	l->listener.accepted(l->listener.ctx, &c->tcp);
}

static void listener_ready(struct source *s, uint32_t events)
{
	struct socket_listener *l =
		(struct socket_listener *)((char *)s - offsetof(struct socket_listener, source));
	struct net *n = l->listener.host->net;

	(void)events;
	for (unsigned i = 0; i < ACCEPTS && !l->listener.grave.dead; i++) {
		int fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			accepted(l, fd);
			continue;
		}
		/* Too many descriptors: the connection waits, and the loop is not to spin. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			source_drop((struct socket_net *)n, s);
			net_timer_set(n, &l->timer, net_now(n) + PAUSE);
		}
		return;
	}
}

static void listen_again(void *ctx)
{
	struct socket_listener *l = ctx;

	source_want(socket_net_of(l->listener.host), &l->source, EPOLLIN);
}

/* A socket that listens there, or -1 with errno. */
static int listening_socket(const struct ip_addr *addr, uint16_t port, bool both)
{
	static const int on = 1, off = 0;
	union socket_address a;
	socklen_t len = socket_address_of(&a, addr, port);
	int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), why;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (both)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (!bind(fd, &a.any, len) && !listen(fd, BACKLOG))
		return fd;
	why = errno;
	close(fd);
	errno = why;
	return -1;
}

static uint16_t bound_port(int fd)
{
	union socket_address a = { 0 };
	socklen_t len = sizeof(a);
	struct ip_addr addr;
	uint16_t port;

	getsockname(fd, &a.any, &len);
	socket_address_read(&a, &addr, &port);
	return port;
}

static struct net_listener *socket_listen(struct net_host *h, uint16_t port, char *err, size_t room)
{
	static const struct ip_addr any_v6, any_v4 = { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff } };
	struct socket_listener *l = calloc(1, sizeof(*l));
	int fd = h->any ? listening_socket(&any_v6, port, true) : listening_socket(&h->addr, port, false);

	if (fd < 0 && h->any && errno == EAFNOSUPPORT)
		fd = listening_socket(&any_v4, port, false);
	if (!l || fd < 0) {
		snprintf(err, room, "%s", l ? strerror(errno) : "out of memory");
		if (l && errno == EACCES)
			snprintf(err, room, "port %u needs CAP_NET_BIND_SERVICE, or root", port);
		if (fd >= 0)
			close(fd);
		free(l);
		return NULL;
	}
	l->source = (struct source){ .fd = fd, .ready = listener_ready, .grave = &l->listener.grave };
	l->timer = (struct net_timer){ .fn = listen_again, .ctx = l };
	source_want(socket_net_of(h), &l->source, EPOLLIN);
	l->listener.port = bound_port(fd);
	return &l->listener;
}

static void socket_unlisten(struct net_listener *listener)
{
	struct socket_listener *l = (struct socket_listener *)listener;

	net_timer_cancel(listener->host->net, &l->timer);
	source_drop(socket_net_of(listener->host), &l->source);
	close(l->source.fd);
}

/* --- other descriptors ----------------------------------------------------------------------- */

static void watch_ready(struct source *s, uint32_t events)
{
	struct socket_watch *w = (struct socket_watch *)((char *)s - offsetof(struct socket_watch, source));

	(void)events;
	w->watch.fn(w->watch.ctx);
}

static void file_ready(void *ctx)
{
	struct socket_watch *w = ctx;

	net_timer_set(w->watch.net, &w->timer, 0);
	w->watch.fn(w->watch.ctx);
}

static struct net_watch *socket_watch(struct net *n, int fd, void (*fn)(void *ctx), void *ctx)
{
	struct socket_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->watch = (struct net_watch){ .net = n, .fd = fd, .fn = fn, .ctx = ctx };
	w->source = (struct source){ .fd = fd, .ready = watch_ready, .grave = &w->watch.grave };
	w->timer = (struct net_timer){ .fn = file_ready, .ctx = w };
	if (!source_want((struct socket_net *)n, &w->source, EPOLLIN)) {
		if (errno != EPERM) {
			free(w);
			return NULL;
		}
		net_timer_set(n, &w->timer, 0);
	}
	return &w->watch;
}

static void socket_unwatch(struct net_watch *watch)
{
	struct socket_watch *w = (struct socket_watch *)watch;

	net_timer_cancel(watch->net, &w->timer);
	source_drop((struct socket_net *)watch->net, &w->source);
}

/* --- the net --------------------------------------------------------------------------------- */

static int64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * NET_SECOND + t.tv_nsec;
}

/* The time of day when the net was made, and what has passed since, whatever the clock was set to. */
static int64_t socket_now(const struct net *n)
{
	return ((const struct socket_net *)n)->anchor + clock_ns(CLOCK_MONOTONIC);
}

/* Waits until a descriptor is ready, a timer is due, or `until`; false: a signal came. */
static bool wait_for_something(struct socket_net *n, int64_t until)
{
	struct pollfd p = { .fd = n->epoll, .events = POLLIN };
	const struct net_timer *t = net_timer_next(&n->net);
	int64_t due = t && t->due < until ? t->due : until, left = due - socket_now(&n->net);
	struct timespec wait;

	if (left < 0)
		left = 0;
	wait = (struct timespec){ .tv_sec = left / NET_SECOND, .tv_nsec = left % NET_SECOND };
	return ppoll(&p, 1, due == NET_NEVER ? NULL : &wait, NULL) >= 0 || errno != EINTR;
}

static bool tell_ready(struct socket_net *n)
{
	struct epoll_event e[EVENTS];
	int count = epoll_wait(n->epoll, e, EVENTS, 0);

	for (int i = 0; i < count; i++) {
		struct source *s = e[i].data.ptr;

		if (s->listed && !(s->grave && s->grave->dead))
			s->ready(s, e[i].events);
	}
	return count > 0;
}

static bool ring(struct socket_net *n)
{
	int64_t now = socket_now(&n->net);
	size_t last = n->net.order;
	const struct net_timer *t;
	bool rang = false;

	/* Those set meanwhile are not before now, and so come last. */
	while ((t = net_timer_next(&n->net)) && t->due <= now && t->slot <= last) {
		net_timer_ring(&n->net);
		rang = true;
	}
	return rang;
}

static bool socket_step(struct net *net, int64_t until)
{
	struct socket_net *n = (struct socket_net *)net;
	bool signalled = !wait_for_something(n, until), happened = tell_ready(n);

	happened |= ring(n);
	return happened || signalled || socket_now(net) < until;
}

static void socket_free(struct net *net)
{
	struct socket_net *n = (struct socket_net *)net;

	socket_gre_close(n);
	close(n->epoll);
	free(n);
}

static const struct net_ops socket_ops = {
	.free = socket_free,
	.now = socket_now,
	.step = socket_step,
	.connect = socket_connect,
	.listen = socket_listen,
	.unlisten = socket_unlisten,
	.take = socket_take,
	.write = socket_write,
	.waiting = socket_waiting,
	.pause = socket_pause,
	.shutdown = socket_shutdown,
	.close = socket_close,
	.abort = socket_abort,
	.leave = socket_leave,
	.gre_open = socket_gre_open,
	.gre_send = socket_gre_send,
	.watch = socket_watch,
	.unwatch = socket_unwatch,
};

struct net *net_socket_new(char *err, size_t room)
{
	struct socket_net *n = calloc(1, sizeof(*n));

	if (!n) {
		snprintf(err, room, "out of memory");
		return NULL;
	}
	n->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (n->epoll < 0) {
		snprintf(err, room, "%s", strerror(errno));
		free(n);
		return NULL;
	}
	net_init(&n->net, &socket_ops);
	n->gre[0].source.fd = n->gre[1].source.fd = -1;
	n->anchor = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC);
	return &n->net;
}
