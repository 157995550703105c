/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of net.h that does not depend on what the network is. */
#include "conformance/net.h"

#include <stdio.h>
#include <stdlib.h>

#include "conformance/net_private.h"
#include "dissectors/cursor.h"

struct net_claim {
	struct net_grave grave;
	struct net_claim *next, **link; /* of the same bucket */
	struct net_host *host;
	uint16_t call_id;
	struct ip_addr peer; /* of a claim to the rest */
	net_gre_fn *fn;
	void *ctx;
};

/* --- the dead -------------------------------------------------------------------------------- */

static void bury_all(struct net *n)
{
	while (n->graves) {
		struct net_grave *g = n->graves;

		n->graves = g->next;
		if (!n->graves)
			n->graves_end = &n->graves;
		g->bury(g);
	}
}

void net_bury(struct net *n, struct net_grave *g, void (*bury)(struct net_grave *g))
{
	g->dead = true;
	g->bury = bury;
	g->next = NULL;
	*n->graves_end = g;
	n->graves_end = &g->next;
}

/* --- timers ---------------------------------------------------------------------------------- */

/*
 * A pairing heap through the timers themselves: setting one cannot fail for want of memory.  `slot` is
 * the number of the setting, so that timers of the same time ring in the order they were set.  `prev` is
 * the parent of a first child, else the sibling before.
 */
static bool rings_before(const struct net_timer *a, const struct net_timer *b)
{
	return a->due != b->due ? a->due < b->due : a->slot < b->slot;
}

/* Joins two heaps; either may be NULL. */
static struct net_timer *meld(struct net_timer *a, struct net_timer *b)
{
	struct net_timer *first = a && (!b || rings_before(a, b)) ? a : b, *second = first == a ? b : a;

	if (!second)
		return first;
	second->prev = first;
	second->next = first->child;
	if (first->child)
		first->child->prev = second;
	first->child = second;
	first->next = first->prev = NULL;
	return first;
}

/* Makes one heap of siblings: in pairs from the left, then the pairs from the right. */
static struct net_timer *meld_all(struct net_timer *first)
{
	struct net_timer *pairs = NULL, *all = NULL;

	while (first) {
		struct net_timer *a = first, *b = a->next, *pair;

		first = b ? b->next : NULL;
		a->next = a->prev = NULL;
		if (b)
			b->next = b->prev = NULL;
		pair = meld(a, b);
		pair->next = pairs;
		pairs = pair;
	}
	while (pairs) {
		struct net_timer *pair = pairs;

		pairs = pair->next;
		pair->next = NULL;
		all = meld(all, pair);
	}
	return all;
}

void net_timer_cancel(struct net *n, struct net_timer *t)
{
	struct net_timer *below;

	if (!t->slot)
		return;
	below = meld_all(t->child);
	if (t == n->timers) {
		n->timers = below;
	} else {
		if (t->prev->child == t)
			t->prev->child = t->next;
		else
			t->prev->next = t->next;
		if (t->next)
			t->next->prev = t->prev;
		n->timers = meld(n->timers, below);
	}
	t->child = t->next = t->prev = NULL;
	t->slot = 0;
}

void net_timer_set(struct net *n, struct net_timer *t, int64_t due)
{
	int64_t now = net_now(n);

	net_timer_cancel(n, t);
	t->due = due > now ? due : now;
	t->slot = ++n->order;
	n->timers = meld(n->timers, t);
}

const struct net_timer *net_timer_next(const struct net *n)
{
	return n->timers;
}

void net_timer_ring(struct net *n)
{
	struct net_timer *t = n->timers;

	net_timer_cancel(n, t);
	t->fn(t->ctx);
}

/* --- the loop -------------------------------------------------------------------------------- */

void net_init(struct net *n, const struct net_ops *ops)
{
	n->ops = ops;
	n->graves_end = &n->graves;
}

void net_free(struct net *n)
{
	if (!n)
		return;
	for (struct net_host *h = n->hosts; h; h = h->next)
		net_host_free(h);
	bury_all(n);
	n->ops->free(n);
}

int64_t net_now(const struct net *n)
{
	return n->ops->now(n);
}

bool net_is_virtual(const struct net *n)
{
	return n->ops->virtual;
}

bool net_step(struct net *n, int64_t until)
{
	bool happened;

	bury_all(n);
	happened = n->ops->step(n, until);
	bury_all(n);
	return happened;
}

void net_run(struct net *n, const volatile bool *stop)
{
	/* A signal that comes between a look at *stop and the wait would not end the wait. */
	enum { LOOK = NET_SECOND / 5 };

	while (!*stop) {
		bool happened = net_step(n, n->ops->virtual ? NET_NEVER : net_now(n) + LOOK);

		if (!happened && n->ops->virtual)
			return;
	}
}

/* --- hosts and taps -------------------------------------------------------------------------- */

struct net_host *net_host_new(struct net *n, const struct ip_addr *addr, const struct net_tap *tap)
{
	struct net_host *h = addr || !n->ops->virtual ? calloc(1, sizeof(*h)) : NULL;

	if (!h)
		return NULL;
	h->net = n;
	h->any = !addr;
	if (addr)
		h->addr = *addr;
	if (tap)
		h->tap = *tap;
	/* At the end: the first host of an address is the one that answers for it. */
	h->link = &n->hosts;
	while (*h->link)
		h->link = &(*h->link)->next;
	*h->link = h;
	return h;
}

static void free_grave(struct net_grave *g)
{
	free(g);
}

static void host_unlink(struct net_host *h)
{
	*h->link = h->next;
	if (h->next)
		h->next->link = h->link;
}

static void release_claims(struct net_claim *first, const struct net_host *h)
{
	for (struct net_claim *c = first; c; c = c->next)
		if (c->host == h)
			net_gre_release(c);
}

static void bury_host(struct net_grave *g)
{
	struct net_host *h = (struct net_host *)g;

	host_unlink(h);
	free(h);
}

void net_host_free(struct net_host *h)
{
	struct net *n;

	if (!h || h->grave.dead)
		return;
	n = h->net;
	while (h->connections) {
		struct net_tcp *c = h->connections;

		if (c->closed)
			n->ops->leave(c);
		else
			net_abort(c);
	}
	while (h->listeners)
		net_listener_free(h->listeners);
	for (unsigned i = 0; i < NET_CLAIM_BUCKETS; i++)
		release_claims(n->claims[i], h);
	release_claims(n->rest, h);
	net_bury(n, &h->grave, bury_host);
}

struct net *net_of_host(const struct net_host *h)
{
	return h->net;
}

static void show(const struct net_host *h, struct net_seen *s)
{
	if (h->grave.dead || !h->tap.seen)
		return;
	s->time_ns = net_now(h->net);
	h->tap.seen(h->tap.ctx, s);
}

void net_show_tcp(const struct net_tcp *c, bool sent, uint8_t flags, uint32_t seq, uint32_t ack,
		  const uint8_t *octets, size_t len)
{
	struct net_seen s = { .protocol = IP_PROTO_TCP,
			      .sent = sent,
			      .seq = seq,
			      .ack = ack,
			      .flags = flags,
			      .octets = octets,
			      .len = len };

	s.src = sent ? c->local : c->peer;
	s.dst = sent ? c->peer : c->local;
	s.src_port = sent ? c->local_port : c->peer_port;
	s.dst_port = sent ? c->peer_port : c->local_port;
	show(c->host, &s);
}

void net_show_gre(struct net_host *h, bool sent, const struct ip_addr *src, const struct ip_addr *dst,
		  const uint8_t *octets, size_t len)
{
	struct net_seen s = {
		.protocol = IP_PROTO_GRE, .sent = sent, .src = *src, .dst = *dst, .octets = octets, .len = len
	};

	show(h, &s);
}

/* --- TCP ------------------------------------------------------------------------------------- */

void net_tcp_join(struct net_tcp *c, struct net_host *h)
{
	c->host = h;
	c->next = h->connections;
	c->link = &h->connections;
	if (c->next)
		c->next->link = &c->next;
	h->connections = c;
}

void net_tcp_leave(struct net_tcp *c, void (*bury)(struct net_grave *g))
{
	if (c->grave.dead)
		return;
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	c->owned = false;
	net_bury(c->host->net, &c->grave, bury);
}

struct net_tcp *net_connect(struct net_host *h, uint16_t port, const struct ip_addr *peer, uint16_t peer_port,
			    const struct net_tcp_events *events, void *ctx, char *err, size_t room)
{
	struct net_tcp *c = h->net->ops->connect(h, port, peer, peer_port, err, room);

	if (!c)
		return NULL;
	c->events = *events;
	c->ctx = ctx;
	c->owned = true;
	return c;
}

struct net_listener *net_listen(struct net_host *h, uint16_t port,
				void (*accepted)(void *ctx, struct net_tcp *c), void *ctx, char *err,
				size_t room)
{
	struct net_listener *l = h->net->ops->listen(h, port, err, room);

	if (!l)
		return NULL;
	l->host = h;
	l->accepted = accepted;
	l->ctx = ctx;
	l->next = h->listeners;
	l->link = &h->listeners;
	if (l->next)
		l->next->link = &l->next;
	h->listeners = l;
	return l;
}

void net_listener_free(struct net_listener *l)
{
	if (!l || l->grave.dead)
		return;
	*l->link = l->next;
	if (l->next)
		l->next->link = l->link;
	l->host->net->ops->unlisten(l);
	net_bury(l->host->net, &l->grave, free_grave);
}

uint16_t net_listener_port(const struct net_listener *l)
{
	return l->port;
}

void net_tcp_take(struct net_tcp *c, const struct net_tcp_events *events, void *ctx)
{
	c->events = *events;
	c->ctx = ctx;
	if (c->owned)
		return;
	c->owned = true;
	c->host->net->ops->take(c);
}

bool net_write(struct net_tcp *c, const uint8_t *octets, size_t len)
{
	return !len || c->host->net->ops->write(c, octets, len);
}

size_t net_waiting(const struct net_tcp *c)
{
	return c->host->net->ops->waiting(c);
}

void net_pause(struct net_tcp *c, bool on)
{
	if (c->paused == on)
		return;
	c->paused = on;
	c->host->net->ops->pause(c);
}

void net_shutdown(struct net_tcp *c)
{
	c->host->net->ops->shutdown(c);
}

void net_close(struct net_tcp *c)
{
	if (!c)
		return;
	c->owned = false;
	c->closed = true;
	c->events = (struct net_tcp_events){ 0 };
	c->host->net->ops->close(c);
}

void net_abort(struct net_tcp *c)
{
	if (!c)
		return;
	c->owned = false;
	c->events = (struct net_tcp_events){ 0 };
	c->host->net->ops->abort(c);
}

struct net_host *net_tcp_host(const struct net_tcp *c)
{
	return c->host;
}

void net_tcp_ends(const struct net_tcp *c, struct ip_addr *local, uint16_t *local_port, struct ip_addr *peer,
		  uint16_t *peer_port)
{
	*local = c->local;
	*local_port = c->local_port;
	*peer = c->peer;
	*peer_port = c->peer_port;
}

/* --- GRE ------------------------------------------------------------------------------------- */

bool net_gre_open(struct net *n, char *err, size_t room)
{
	return n->ops->gre_open(n, err, room);
}

static struct net_claim *claim(struct net_host *h, struct net_claim **bucket, net_gre_fn *fn, void *ctx)
{
	struct net_claim *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->host = h;
	c->fn = fn;
	c->ctx = ctx;
	c->next = *bucket;
	c->link = bucket;
	if (c->next)
		c->next->link = &c->next;
	*bucket = c;
	return c;
}

struct net_claim *net_gre_claim(struct net_host *h, uint16_t call_id, net_gre_fn *fn, void *ctx)
{
	struct net_claim *c = claim(h, &h->net->claims[call_id % NET_CLAIM_BUCKETS], fn, ctx);

	if (c)
		c->call_id = call_id;
	return c;
}

struct net_claim *net_gre_claim_rest(struct net_host *h, const struct ip_addr *peer, net_gre_fn *fn,
				     void *ctx)
{
	struct net_claim *c = claim(h, &h->net->rest, fn, ctx);

	if (c)
		c->peer = *peer;
	return c;
}

/* Those who walk a bucket may stand on the claim: it leaves the bucket when it is buried. */
static void bury_claim(struct net_grave *g)
{
	struct net_claim *c = (struct net_claim *)g;

	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	free(c);
}

void net_gre_release(struct net_claim *c)
{
	if (c && !c->grave.dead)
		net_bury(c->host->net, &c->grave, bury_claim);
}

bool net_gre_send(struct net_host *h, const struct ip_addr *src, const struct ip_addr *dst,
		  const uint8_t *octets, size_t len)
{
	return h->net->ops->gre_send(h, src, dst, octets, len);
}

struct arrival {
	const struct ip_addr *src, *dst;
	const uint8_t *octets;
	size_t len;
};

static bool fits_id(const struct net_claim *c, uint16_t id, const struct arrival *a)
{
	return c->call_id == id && net_host_is(c->host, a->dst);
}

static bool fits_rest(const struct net_claim *c, uint16_t id, const struct arrival *a)
{
	(void)id;
	return ip_addr_same(&c->peer, a->src) && net_host_is(c->host, a->dst);
}

/* A host may have several claims that fit, but sees the packet once. */
static void show_arrival(struct net_host *h, const struct arrival *a)
{
	if (h->shown == h->net->arrivals)
		return;
	h->shown = h->net->arrivals;
	net_show_gre(h, false, a->src, a->dst, a->octets, a->len);
}

/* Tells the claims of a bucket that fit; whether there was one. */
static bool tell(struct net_claim *first,
		 bool (*fits)(const struct net_claim *c, uint16_t id, const struct arrival *a), uint16_t id,
		 const struct arrival *a)
{
	bool taken = false;

	for (struct net_claim *c = first; c; c = c->next) {
		if (c->grave.dead || !fits(c, id, a))
			continue;
		taken = true;
		show_arrival(c->host, a);
		c->fn(c->ctx, a->src, a->dst, a->octets, a->len);
	}
	return taken;
}

/* The host that has this address for itself. */
static struct net_host *only_host(const struct net *n, const struct ip_addr *addr)
{
	struct net_host *found = NULL;

	for (struct net_host *h = n->hosts; h; h = h->next) {
		if (!net_host_is(h, addr))
			continue;
		if (found)
			return NULL;
		found = h;
	}
	return found;
}

void net_gre_arrived(struct net *n, const struct ip_addr *src, const struct ip_addr *dst,
		     const uint8_t *octets, size_t len)
{
	struct arrival a = { src, dst, octets, len };
	struct cursor c = cursor_on(octets, len);
	struct net_host *h;
	uint16_t id;

	n->arrivals++;
	cursor_take(&c, 6); /* flags, protocol, payload length */
	id = cursor_u16(&c);
	if (!c.missing && tell(n->claims[id % NET_CLAIM_BUCKETS], fits_id, id, &a))
		return;
	if (tell(n->rest, fits_rest, id, &a))
		return;
	h = only_host(n, dst);
	if (h)
		show_arrival(h, &a);
}

/* --- file descriptors ------------------------------------------------------------------------ */

struct net_watch *net_watch_fd(struct net *n, int fd, void (*fn)(void *ctx), void *ctx)
{
	return n->ops->watch(n, fd, fn, ctx);
}

void net_watch_free(struct net_watch *w)
{
	if (!w || w->grave.dead)
		return;
	w->net->ops->unwatch(w);
	net_bury(w->net, &w->grave, free_grave);
}
