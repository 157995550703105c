/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * net.h in one process: time jumps from event to event, packets are timers, and a seed decides what
 * becomes of GRE.  TCP loses nothing, so it has no retransmission; else it behaves as a kernel's.
 */
#include <stdio.h>
#include <stdlib.h>

#include "conformance/net_private.h"

enum {
	SEGMENT = 1460, /* octets of the largest */
	QUEUE = 64 * 1024,
	GRE_QUEUES = 16, /* GRE of all hosts may fill so many times what one connection may */
	ANY_PORT = 32768 /* the first that is chosen for those who do not mind */
};

#define UNREACHABLE_AFTER (3 * NET_SECOND)

struct memory {
	struct net net;
	struct net_memory_options o;
	int64_t now;
	uint64_t random;
	uint16_t next_port;
	struct wire *wires;
	struct on_way *on_way;
	size_t gre; /* octets on the way */
};

/* What is on its way: first member of it. */
struct on_way {
	struct net_timer timer;
	struct on_way *next, **link;
};

/* Octets in a row: to be sent, or to be read. */
struct chunk {
	struct chunk *next;
	size_t len;
	uint8_t octets[];
};

struct chunks {
	struct chunk *first, *last;
	size_t octets;
};

enum end_state { END_CLOSED, END_SYN_SENT, END_SYN_RECEIVED, END_OPEN };

/* One end of a connection, and what the kernel there knows of it. */
struct end {
	struct net_tcp tcp;
	struct wire *wire;
	struct net_listener *listener; /* who is to have it when it opens */
	struct net_timer later;        /* tells the owner what was kept back */
	enum end_state state;
	bool alone; /* the host is gone */
	struct chunks out, in;
	uint32_t limit;  /* the peer's window ends before this */
	uint32_t window; /* the peer last heard of this room here */
	bool waited;     /* something had to wait for the peer's window */
	bool fin_wanted, fin_sent, fin_came, fin_told;
	bool ack_due;
	const char *ended; /* failed or reset, and not told yet */
};

/* A connection.  It lives until both ends are done and no segment is on its way. */
struct wire {
	struct wire *next, **link;
	struct memory *m;
	struct end end[2]; /* 0 connects */
	unsigned users;    /* ends that live, segments on their way */
};

struct segment {
	struct on_way way;
	struct end *to;
	uint8_t flags;
	uint32_t seq, ack, window;
	size_t len;
	uint8_t octets[];
};

struct gre_packet {
	struct on_way way;
	struct memory *m;
	struct ip_addr src, dst;
	size_t len;
	uint8_t octets[];
};

static struct memory *memory_of(const struct net_host *h)
{
	return (struct memory *)h->net;
}

/* splitmix64 */
static uint64_t roll(struct memory *m)
{
	uint64_t z = m->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static bool happens(struct memory *m, unsigned permille)
{
	return permille && roll(m) % 1000 < permille;
}

/* Memory for something that arrives by fn(it) after so long; NULL: none. */
static void *send_off(struct memory *m, size_t size, int64_t delay, void (*fn)(void *ctx))
{
	struct on_way *w = calloc(1, size);

	if (!w)
		return NULL;
	w->timer = (struct net_timer){ .fn = fn, .ctx = w };
	w->next = m->on_way;
	w->link = &m->on_way;
	if (w->next)
		w->next->link = &w->next;
	m->on_way = w;
	net_timer_set(&m->net, &w->timer, m->now + delay);
	return w;
}

static void has_come(struct on_way *w)
{
	*w->link = w->next;
	if (w->next)
		w->next->link = w->link;
	free(w);
}

static bool chunks_add(struct chunks *q, const uint8_t *octets, size_t len)
{
	struct chunk *c = malloc(sizeof(*c) + len);

	if (!c)
		return false;
	c->next = NULL;
	c->len = len;
	memcpy(c->octets, octets, len);
	if (q->first)
		q->last->next = c;
	else
		q->first = c;
	q->last = c;
	q->octets += len;
	return true;
}

/* The caller frees it. */
static struct chunk *chunks_take(struct chunks *q)
{
	struct chunk *c = q->first;

	if (c) {
		q->first = c->next;
		q->octets -= c->len;
	}
	return c;
}

static void chunks_clear(struct chunks *q)
{
	struct chunk *c;

	while ((c = chunks_take(q)))
		free(c);
}

/* --- segments -------------------------------------------------------------------------------- */

static struct end *other(struct end *e)
{
	return &e->wire->end[e == e->wire->end];
}

static void wire_let_go(struct wire *w)
{
	if (--w->users)
		return;
	*w->link = w->next;
	if (w->next)
		w->next->link = w->link;
	free(w);
}

static void end_show(const struct end *e, bool sent, const struct segment *s)
{
	if (e->tcp.host)
		net_show_tcp(&e->tcp, sent, s->flags, s->seq, s->ack, s->octets, s->len);
}

static void give_up(struct end *e, const char *why);
static void arrive(void *segment);

static uint32_t room_here(const struct end *e)
{
	size_t queue = e->wire->m->o.queue;

	return (uint32_t)(e->in.octets < queue ? queue - e->in.octets : 0);
}

/* Sends a segment with the next number; false when there is no memory for it. */
static bool send_segment(struct end *e, uint8_t flags, const uint8_t *octets, size_t len)
{
	struct memory *m = e->wire->m;
	struct segment *s = send_off(m, sizeof(*s) + len, m->o.latency_ns, arrive);

	if (!s)
		return false;
	s->to = other(e);
	s->flags = flags;
	s->seq = e->tcp.sent;
	s->ack = flags & NET_ACK ? e->tcp.received : 0;
	s->window = e->window = room_here(e);
	s->len = len;
	if (len)
		memcpy(s->octets, octets, len);
	e->tcp.sent += (uint32_t)len + !!(flags & (NET_SYN | NET_FIN));
	e->ack_due = false;
	e->wire->users++;
	end_show(e, true, s);
	return true;
}

/* Sends what the peer's window lets through, then FIN when that is wanted. */
static void transmit(struct end *e)
{
	while (e->state == END_OPEN && e->out.first) {
		struct chunk *c = e->out.first;
		bool sent;

		if ((int32_t)(e->tcp.sent + (uint32_t)c->len - e->limit) > 0) {
			e->waited = true;
			return;
		}
		c = chunks_take(&e->out);
		sent = send_segment(e, NET_PSH | NET_ACK, c->octets, c->len);
		free(c);
		if (!sent)
			give_up(e, "out of memory");
	}
	if (e->state == END_OPEN && e->fin_wanted && !e->fin_sent) {
		e->fin_sent = true;
		if (!send_segment(e, NET_FIN | NET_ACK, NULL, 0))
			give_up(e, "out of memory");
	}
}

/* --- ends ------------------------------------------------------------------------------------ */

static void bury_end(struct net_grave *g)
{
	struct end *e = (struct end *)g;

	wire_let_go(e->wire);
}

/* The kernel knows nothing of it any more. */
static void end_close(struct end *e)
{
	e->state = END_CLOSED;
	e->listener = NULL;
	chunks_clear(&e->out);
}

/* Nobody holds it and nothing is left to do. */
static void end_free(struct end *e)
{
	end_close(e);
	chunks_clear(&e->in);
	net_timer_cancel(&e->wire->m->net, &e->later);
	if (e->tcp.host)
		net_tcp_leave(&e->tcp, bury_end);
	else if (e->alone)
		net_bury(&e->wire->m->net, &e->tcp.grave, bury_end);
	e->tcp.host = NULL;
	e->alone = false;
}

static void tell_later(struct end *e)
{
	net_timer_set(&e->wire->m->net, &e->later, e->wire->m->now);
}

/* The connection has failed here: the owner is told in a turn of its own. */
static void give_up(struct end *e, const char *why)
{
	if (!e->ended)
		e->ended = why;
	end_close(e);
	if (e->tcp.owned)
		tell_later(e);
	else if (e->tcp.closed || e->alone)
		end_free(e);
}

static void reset_peer(struct end *e)
{
	if (e->state != END_CLOSED && e->state != END_SYN_SENT)
		send_segment(e, NET_RST | NET_ACK, NULL, 0);
	end_close(e);
}

/* Both sides have said and acknowledged everything. */
static bool all_said(const struct end *e)
{
	return e->fin_sent && e->fin_came && e->tcp.acked == e->tcp.sent;
}

/* Tells the owner octets, then how it ended, until it does not want to hear more. */
static void tell(struct end *e)
{
	struct chunk *c;

	while (e->tcp.owned && !e->tcp.paused && (c = chunks_take(&e->in))) {
		if (e->tcp.events.octets)
			e->tcp.events.octets(e->tcp.ctx, c->octets, c->len);
		free(c);
	}
	if (!e->tcp.owned)
		return;
	if (e->ended) {
		const char *why = e->ended;

		e->ended = NULL;
		chunks_clear(&e->in);
		if (e->tcp.events.reset)
			e->tcp.events.reset(e->tcp.ctx, why);
		return;
	}
	if (e->tcp.paused)
		return;
	/* The peer may have stopped: it must learn that there is room. */
	if (e->window < SEGMENT && room_here(e) > e->window)
		e->ack_due = true;
	if (e->fin_came && !e->fin_told) {
		e->fin_told = true;
		if (e->tcp.events.fin)
			e->tcp.events.fin(e->tcp.ctx);
	}
}

/* What ends every turn of an end: acknowledge what nothing that was sent has. */
static void settle(struct end *e)
{
	if (e->ack_due && e->state == END_OPEN && !send_segment(e, NET_ACK, NULL, 0))
		give_up(e, "out of memory");
	if (e->state == END_OPEN && e->tcp.closed && all_said(e))
		end_free(e);
}

static void told_later(void *end)
{
	struct end *e = end;

	if (e->state == END_SYN_SENT || (e->state == END_CLOSED && !e->tcp.received && e->ended)) {
		const char *why = e->ended ? e->ended : "no route to host";

		e->ended = NULL;
		end_close(e);
		if (e->tcp.events.failed)
			e->tcp.events.failed(e->tcp.ctx, why);
		return;
	}
	tell(e);
	settle(e);
}

/* --- what arrives ---------------------------------------------------------------------------- */

static void end_init(struct end *e, struct wire *w)
{
	e->wire = w;
	e->later = (struct net_timer){ .fn = told_later, .ctx = e };
	e->limit = SEGMENT;
}

static struct net_listener *listener_at(const struct net_host *h, uint16_t port)
{
	for (struct net_listener *l = h->listeners; l; l = l->next)
		if (l->port == port)
			return l;
	return NULL;
}

/* Who listens there; else the first host of that address. */
static struct net_host *host_at(struct net *n, const struct ip_addr *addr, uint16_t port,
				struct net_listener **l)
{
	struct net_host *first = NULL;

	*l = NULL;
	for (struct net_host *h = n->hosts; h; h = h->next) {
		if (!net_host_is(h, addr))
			continue;
		*l = listener_at(h, port);
		if (*l)
			return h;
		if (!first)
			first = h;
	}
	return first;
}

/* A SYN for `e`, which has addresses only yet. */
static void arrive_syn(struct end *e, const struct segment *s)
{
	struct memory *m = e->wire->m;

	e->tcp.host = host_at(&m->net, &e->tcp.local, e->tcp.local_port, &e->listener);
	if (!e->tcp.host) {
		if (other(e)->state == END_SYN_SENT)
			net_timer_set(&m->net, &other(e)->later, m->now + UNREACHABLE_AFTER);
		return;
	}
	end_show(e, false, s);
	e->tcp.received = 1;
	e->limit = s->window;
	if (!e->listener) {
		send_segment(e, NET_RST | NET_ACK, NULL, 0);
		e->tcp.host = NULL;
		return;
	}
	net_tcp_join(&e->tcp, e->tcp.host);
	e->wire->users++;
	e->state = END_SYN_RECEIVED;
	if (!send_segment(e, NET_SYN | NET_ACK, NULL, 0))
		end_free(e);
}

static void arrive_syn_ack(struct end *e, const struct segment *s)
{
	e->state = END_OPEN;
	e->tcp.received = 1;
	e->tcp.acked = s->ack;
	e->limit = s->ack + s->window;
	e->ack_due = true;
	if (e->tcp.events.opened)
		e->tcp.events.opened(e->tcp.ctx);
	transmit(e);
	settle(e);
}

static void arrive_rst(struct end *e)
{
	if (e->state == END_SYN_RECEIVED)
		end_free(e);
	else if (e->state != END_CLOSED)
		give_up(e, e->state == END_SYN_SENT ? "connection refused" : "connection reset by peer");
}

/* The first segment after the SYNs: whoever listens gets the connection. */
static void arrive_first(struct end *e)
{
	struct net_listener *l = e->listener;

	e->state = END_OPEN;
	e->listener = NULL;
	l->accepted(l->ctx, &e->tcp);
}

static void arrive_octets(struct end *e, const struct segment *s)
{
	if (e->tcp.closed) {
		reset_peer(e);
		end_free(e);
		return;
	}
	e->tcp.received += (uint32_t)s->len;
	e->ack_due = true;
	if (!chunks_add(&e->in, s->octets, s->len))
		give_up(e, "out of memory");
}

static void arrive_ack(struct end *e, const struct segment *s)
{
	if ((int32_t)(s->ack - e->tcp.acked) > 0)
		e->tcp.acked = s->ack;
	e->limit = s->ack + s->window;
	transmit(e);
	if (e->waited && !e->out.first && e->state == END_OPEN) {
		e->waited = false;
		if (e->tcp.events.drained)
			e->tcp.events.drained(e->tcp.ctx);
	}
}

static void arrive_open(struct end *e, const struct segment *s)
{
	arrive_ack(e, s);
	if (e->state == END_OPEN && s->len)
		arrive_octets(e, s);
	if (e->state == END_OPEN && s->flags & NET_FIN) {
		e->fin_came = true;
		e->tcp.received++;
		e->ack_due = true;
	}
	if (e->state == END_OPEN)
		tell(e);
	settle(e);
}

static void arrive(void *segment)
{
	struct segment *s = segment;
	struct end *e = s->to;
	struct wire *w = e->wire;

	if (s->flags == NET_SYN) {
		arrive_syn(e, s);
	} else {
		end_show(e, false, s);
		if (s->flags & NET_RST)
			arrive_rst(e);
		else if (s->flags & NET_SYN && e->state == END_SYN_SENT)
			arrive_syn_ack(e, s);
		else if (s->flags & NET_SYN) /* whoever connected has left */
			send_segment(e, NET_RST | NET_ACK, NULL, 0);
		else if (e->state == END_SYN_RECEIVED)
			arrive_first(e);
		if (e->state == END_OPEN && !(s->flags & (NET_SYN | NET_RST)))
			arrive_open(e, s);
	}
	has_come(&s->way);
	wire_let_go(w);
}

/* --- TCP for its users ----------------------------------------------------------------------- */

/* Whether the four parts of a connection's name are free. */
static bool name_is_free(struct memory *m, const struct ip_addr *a, uint16_t port, const struct ip_addr *b,
			 uint16_t b_port)
{
	for (struct wire *w = m->wires; w; w = w->next)
		for (unsigned i = 0; i < 2; i++) {
			const struct net_tcp *c = &w->end[i].tcp;

			if (w->end[i].state != END_CLOSED && c->local_port == port &&
			    c->peer_port == b_port && ip_addr_same(&c->local, a) && ip_addr_same(&c->peer, b))
				return false;
		}
	return true;
}

static uint16_t next_port(struct memory *m)
{
	if (++m->next_port < ANY_PORT)
		m->next_port = ANY_PORT;
	return m->next_port;
}

/* A port that nobody uses towards that peer; 0: there is none. */
static uint16_t any_port(struct memory *m, const struct ip_addr *addr, const struct ip_addr *peer,
			 uint16_t peer_port)
{
	for (unsigned i = ANY_PORT; i <= UINT16_MAX; i++) {
		uint16_t port = next_port(m);

		if (name_is_free(m, addr, port, peer, peer_port))
			return port;
	}
	return 0;
}

static struct wire *wire_new(struct memory *m)
{
	struct wire *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->m = m;
	w->next = m->wires;
	w->link = &m->wires;
	if (w->next)
		w->next->link = &w->next;
	m->wires = w;
	end_init(&w->end[0], w);
	end_init(&w->end[1], w);
	return w;
}

static struct net_tcp *memory_connect(struct net_host *h, uint16_t port, const struct ip_addr *peer,
				      uint16_t peer_port, char *err, size_t room)
{
	struct memory *m = memory_of(h);
	struct wire *w;
	struct end *a;

	if (!port)
		port = any_port(m, &h->addr, peer, peer_port);
	if (!port || !name_is_free(m, &h->addr, port, peer, peer_port)) {
		snprintf(err, room, "address already in use");
		return NULL;
	}
	w = wire_new(m);
	if (!w) {
		snprintf(err, room, "out of memory");
		return NULL;
	}
	a = &w->end[0];
	a->tcp.local = w->end[1].tcp.peer = h->addr;
	a->tcp.local_port = w->end[1].tcp.peer_port = port;
	a->tcp.peer = w->end[1].tcp.local = *peer;
	a->tcp.peer_port = w->end[1].tcp.local_port = peer_port;
	net_tcp_join(&a->tcp, h);
	w->users++;
	a->state = END_SYN_SENT;
	if (!send_segment(a, NET_SYN, NULL, 0))
		give_up(a, "out of memory");
	return &a->tcp;
}

static struct net_listener *memory_listen(struct net_host *h, uint16_t port, char *err, size_t room)
{
	struct memory *m = memory_of(h);
	struct net_listener *l;

	for (unsigned i = 0; !port && i <= UINT16_MAX - ANY_PORT; i++) {
		port = next_port(m);
		host_at(h->net, &h->addr, port, &l);
		if (l)
			port = 0;
	}
	host_at(h->net, &h->addr, port, &l);
	if (l || !port) {
		snprintf(err, room, "address already in use");
		return NULL;
	}
	l = calloc(1, sizeof(*l));
	if (!l) {
		snprintf(err, room, "out of memory");
		return NULL;
	}
	l->port = port;
	return l;
}

static void memory_unlisten(struct net_listener *l)
{
	for (struct wire *w = ((struct memory *)l->host->net)->wires; w; w = w->next) {
		if (w->end[1].listener != l)
			continue;
		reset_peer(&w->end[1]);
		end_free(&w->end[1]);
	}
}

static struct end *end_of(struct net_tcp *c)
{
	return (struct end *)c;
}

static void memory_take(struct net_tcp *c)
{
	tell_later(end_of(c));
}

static bool memory_write(struct net_tcp *c, const uint8_t *octets, size_t len)
{
	struct end *e = end_of(c);

	if (e->state != END_OPEN || e->fin_wanted || e->out.octets > NET_WAITING_MAX)
		return false;
	while (len) {
		size_t part = len < SEGMENT ? len : SEGMENT;

		if (!chunks_add(&e->out, octets, part)) {
			give_up(e, "out of memory");
			return false;
		}
		octets += part;
		len -= part;
	}
	transmit(e);
	return true;
}

static size_t memory_waiting(const struct net_tcp *c)
{
	const struct end *e = (const struct end *)c;
	uint32_t on_way = c->sent - c->acked;

	if (e->state != END_OPEN)
		return 0;
	if (e->fin_sent && on_way)
		on_way--;
	return e->out.octets + on_way;
}

static void memory_pause(struct net_tcp *c)
{
	if (!c->paused && c->owned)
		tell_later(end_of(c));
}

static void memory_shutdown(struct net_tcp *c)
{
	struct end *e = end_of(c);

	e->fin_wanted = true;
	transmit(e);
}

static void memory_close(struct net_tcp *c)
{
	struct end *e = end_of(c);

	/* As a kernel does: who leaves without having read everything resets. */
	if (e->in.first && e->state == END_OPEN)
		reset_peer(e);
	if (e->state != END_OPEN) {
		end_free(e);
		return;
	}
	memory_shutdown(c);
	if (all_said(e))
		end_free(e);
}

static void memory_abort(struct net_tcp *c)
{
	reset_peer(end_of(c));
	end_free(end_of(c));
}

/* The end goes on without its host: what is under way must still be answered. */
static void memory_leave(struct net_tcp *c)
{
	struct end *e = end_of(c);

	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	c->host = NULL;
	e->alone = true;
}

/* --- GRE ------------------------------------------------------------------------------------- */

static void arrive_gre(void *packet)
{
	struct gre_packet *p = packet;

	p->m->gre -= p->len;
	net_gre_arrived(&p->m->net, &p->src, &p->dst, p->octets, p->len);
	has_come(&p->way);
}

static bool send_gre(struct memory *m, int64_t delay, const struct ip_addr *src, const struct ip_addr *dst,
		     const uint8_t *octets, size_t len)
{
	struct gre_packet *p;

	if (m->gre + len > GRE_QUEUES * m->o.queue)
		return true;
	p = send_off(m, sizeof(*p) + len, delay, arrive_gre);
	if (!p)
		return false;
	p->m = m;
	p->src = *src;
	p->dst = *dst;
	p->len = len;
	if (len)
		memcpy(p->octets, octets, len);
	m->gre += len;
	return true;
}

static bool memory_gre_open(struct net *n, char *err, size_t room)
{
	(void)n;
	(void)err;
	(void)room;
	return true;
}

static bool memory_gre_send(struct net_host *h, const struct ip_addr *src, const struct ip_addr *dst,
			    const uint8_t *octets, size_t len)
{
	struct memory *m = memory_of(h);
	int64_t delay = m->o.latency_ns;
	bool copy = happens(m, m->o.duplicate_permille), lost = happens(m, m->o.loss_permille);

	if (!src)
		src = &h->addr;
	net_show_gre(h, true, src, dst, octets, len);
	/* One that comes late lets up to four more latencies' worth of others pass. */
	if (happens(m, m->o.reorder_permille))
		delay += (int64_t)(1 + roll(m) % 4) * m->o.latency_ns;
	if (lost)
		return true;
	if (copy && !send_gre(m, delay + m->o.latency_ns / 2, src, dst, octets, len))
		return false;
	return send_gre(m, delay, src, dst, octets, len);
}

/* --- the net --------------------------------------------------------------------------------- */

static int64_t memory_now(const struct net *n)
{
	return ((const struct memory *)n)->now;
}

static bool memory_step(struct net *n, int64_t until)
{
	struct memory *m = (struct memory *)n;
	const struct net_timer *t = net_timer_next(n);

	if (!t || t->due > until) {
		if (until != NET_NEVER && until > m->now)
			m->now = until;
		return false;
	}
	m->now = t->due;
	net_timer_ring(n);
	return true;
}

static struct net_watch *memory_watch(struct net *n, int fd, void (*fn)(void *ctx), void *ctx)
{
	(void)n;
	(void)fd;
	(void)fn;
	(void)ctx;
	return NULL;
}

static void memory_unwatch(struct net_watch *w)
{
	(void)w;
}

static void memory_free(struct net *n)
{
	struct memory *m = (struct memory *)n;

	while (m->on_way)
		has_come(m->on_way);
	while (m->wires) {
		struct wire *w = m->wires;

		m->wires = w->next;
		for (unsigned i = 0; i < 2; i++) {
			chunks_clear(&w->end[i].in);
			chunks_clear(&w->end[i].out);
		}
		free(w);
	}
	free(m);
}

static const struct net_ops memory_ops = {
	.free = memory_free,
	.now = memory_now,
	.step = memory_step,
	.connect = memory_connect,
	.listen = memory_listen,
	.unlisten = memory_unlisten,
	.take = memory_take,
	.write = memory_write,
	.waiting = memory_waiting,
	.pause = memory_pause,
	.shutdown = memory_shutdown,
	.close = memory_close,
	.abort = memory_abort,
	.leave = memory_leave,
	.gre_open = memory_gre_open,
	.gre_send = memory_gre_send,
	.watch = memory_watch,
	.unwatch = memory_unwatch,
	.virtual = true,
};

struct net *net_memory_new(const struct net_memory_options *o)
{
	struct memory *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	net_init(&m->net, &memory_ops);
	m->o = *o;
	if (!m->o.latency_ns)
		m->o.latency_ns = NET_MILLISECOND;
	if (!m->o.queue)
		m->o.queue = QUEUE;
	if (m->o.queue < SEGMENT)
		m->o.queue = SEGMENT;
	m->random = o->seed;
	m->now = INT64_C(1000000000) * NET_SECOND;
	return &m->net;
}
