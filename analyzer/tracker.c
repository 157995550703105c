/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of tunnels and flows, the life of calls and connections: see tracker.h. */
#include "analyzer/tracker.h"

#include <stdlib.h>
#include <sys/random.h>

#include "analyzer/tracker_private.h"
#include "conformance/flow.h"
#include "conformance/ppp_session.h"

#define SECONDS(n) ((int64_t)(n)*1000000000)

enum {
	FIRST_TABLE = 1024, /* slots, a power of two */
	SWEEP_S = 600,      /* how often silent calls are looked for */
	PAIR_DISTANCE = 8,  /* how far an acknowledgment may lag when flows are paired by it */
	TAKEN_MAX = 256,    /* calls looked at for those from which another has taken a Call ID */
};

const struct tracker_limits tracker_default_limits = {
	.max_tunnels = 1000000,
	.max_calls = 4000000,
	.idle_ns = SECONDS(7200),
	.linger_ns = SECONDS(10),
	.keep_ended = 512,
	.histories = true,
};

static uint64_t mix(uint64_t h)
{
	h ^= h >> 32;
	h *= UINT64_C(0x9e3779b97f4a7c15);
	h ^= h >> 29;
	h *= UINT64_C(0xbf58476d1ce4e5b9);
	return h ^ h >> 32;
}

static uint64_t id_of(const struct tracker *t, uint64_t n)
{
	return t->limits.id_first + n * (t->limits.id_step ? t->limits.id_step : 1);
}

/* --- tunnels ----------------------------------------------------------------------------- */

/* The factors are random: who chooses addresses cannot choose collisions. */
static inline uint64_t host_hash(const struct tracker *t, const struct ip_addr *a)
{
	unsigned __int128 product = (unsigned __int128)(ip_addr_half(a, 1) ^ t->factor[0]) *
				    (ip_addr_half(a, 0) ^ t->factor[1]);

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* A sum, so that it is the same whichever way a packet goes. */
static inline size_t hosts_hash(const struct tracker *t, uint32_t context, const struct ip_addr *a,
				const struct ip_addr *b)
{
	return (host_hash(t, a) + host_hash(t, b) + context * t->factor[2]) >> 32;
}

/* Whether these are the hosts of the tunnel, in whatever order. */
static inline bool hosts_equal(const struct tunnel *x, uint32_t context, const struct ip_addr *a,
			       const struct ip_addr *b)
{
	if (x->context != context)
		return false;
	return ip_addr_same(&x->host[0], a) ? ip_addr_same(&x->host[1], b) :
					      ip_addr_same(&x->host[1], a) && ip_addr_same(&x->host[0], b);
}

static inline struct tunnel **tunnel_slot(struct tunnel **table, size_t room, size_t hash, uint32_t context,
					  const struct ip_addr *a, const struct ip_addr *b)
{
	size_t i = hash & (room - 1);

	while (table[i] && !hosts_equal(table[i], context, a, b))
		i = (i + 1) & (room - 1);
	return &table[i];
}

static bool tunnels_grow(struct tracker *t)
{
	size_t room = t->table_room ? t->table_room * 2 : FIRST_TABLE;
	struct tunnel **table = calloc(room, sizeof(struct tunnel *));

	if (!table)
		return false;
	for (size_t i = 0; i < t->table_room; i++) {
		struct tunnel *x = t->table[i];

		if (x)
			*tunnel_slot(table, room, hosts_hash(t, x->context, &x->host[0], &x->host[1]),
				     x->context, &x->host[0], &x->host[1]) = x;
	}
	free(t->table);
	t->table = table;
	t->table_room = room;
	return true;
}

/* Numbers a new tunnel and keeps it; the caller puts it where it is found. */
static struct tunnel *tunnel_new(struct tracker *t, uint32_t context, const struct ip_addr *low,
				 const struct ip_addr *high)
{
	struct tunnel *x;

	if (t->ntunnels >= t->limits.max_tunnels)
		return NULL;
	if (t->ntunnels == t->tunnels_room) {
		size_t room = t->tunnels_room ? t->tunnels_room * 2 : FIRST_TABLE;
		struct tunnel **grown = realloc(t->tunnels, room * sizeof(struct tunnel *));

		if (!grown)
			return NULL;
		t->tunnels = grown;
		t->tunnels_room = room;
	}
	x = pool_get(&t->tunnel_pool);
	if (!x)
		return NULL;
	x->private = pool_get(&t->private_pool);
	if (!x->private) {
		pool_put(&t->tunnel_pool, x);
		return NULL;
	}
	x->private->primary = x;
	x->context = context;
	x->host[0] = *low;
	x->host[1] = *high;
	x->pac = -1;
	t->tunnels[t->ntunnels++] = x;
	x->id = x->key_id = id_of(t, ++t->stats.tunnels);
	return x;
}

struct tunnel **tracker_tunnel_slot(struct tracker *t, const struct tunnel *x)
{
	return tunnel_slot(t->table, t->table_room, hosts_hash(t, x->context, &x->host[0], &x->host[1]),
			   x->context, &x->host[0], &x->host[1]);
}

/* The tunnel of two hosts, and a place for it; NULL at a limit. */
static NOT_IN_THE_WAY struct tunnel *tunnel_add(struct tracker *t, uint32_t context,
						const struct ip_addr *src, const struct ip_addr *dst)
{
	bool src_high = ip_addr_cmp(src, dst) > 0;
	struct tunnel **slot;

	if (t->ntunnels * 2 >= t->table_room && !tunnels_grow(t)) {
		t->stats.memory_failed = true;
		return NULL;
	}
	slot = tunnel_slot(t->table, t->table_room, hosts_hash(t, context, src, dst), context, src, dst);
	*slot = tunnel_new(t, context, src_high ? dst : src, src_high ? src : dst);
	if (!*slot)
		t->stats.over_limit++;
	return *slot;
}

static inline struct tunnel *tunnel_find(const struct tracker *t, uint32_t context, const struct ip_addr *src,
					 const struct ip_addr *dst, unsigned *from)
{
	struct tunnel *x =
		*tunnel_slot(t->table, t->table_room, hosts_hash(t, context, src, dst), context, src, dst);

	*from = x && !ip_addr_same(&x->host[0], src);
	return x;
}

struct tunnel *tracker_tunnel(struct tracker *t, uint32_t context, const struct ip_addr *src,
			      const struct ip_addr *dst, unsigned *from)
{
	struct tunnel *x = tunnel_find(t, context, src, dst, from);

	if (!x) {
		x = tunnel_add(t, context, src, dst);
		*from = x && !ip_addr_same(&x->host[0], src);
	}
	return x;
}

struct tunnel *tracker_tunnel_find(const struct tracker *t, uint32_t context, const struct ip_addr *src,
				   const struct ip_addr *dst, unsigned *from)
{
	return tunnel_find(t, context, src, dst, from);
}

static void tunnel_seen(struct tunnel *x, uint64_t frame, int64_t time_ns)
{
	if (!x->first_frame) {
		x->first_frame = frame;
		x->first_time = time_ns;
	}
	x->last_frame = frame;
	x->last_time = time_ns;
}

/* --- flows ------------------------------------------------------------------------------- */

uint64_t tracker_flow_key(const struct tunnel *tunnel, unsigned from, uint16_t call_id)
{
	return tunnel->key_id << 17 | (uint64_t)from << 16 | call_id;
}

struct flow *tracker_flow_find(const struct tracker *t, const struct tunnel *tunnel, unsigned from,
			       uint16_t call_id)
{
	return flow_table_find(&t->flows, tracker_flow_key(tunnel, from, call_id));
}

/* A new flow of a call, found by its key from now on. */
static struct flow *flow_new(struct tracker *t, struct call *c, unsigned from, uint16_t call_id)
{
	struct flow *f = &c->flow[from];

	*f = (struct flow){ .key = tracker_flow_key(c->tunnel, from, call_id) };
	if (!flow_table_put(&t->flows, f)) {
		f->key = 0;
		return NULL;
	}
	return f;
}

static void flow_forget(struct tracker *t, struct flow *f)
{
	if (f->key)
		flow_table_remove(&t->flows, f);
	*f = (struct flow){ 0 };
}

/* A flow turns out to belong to another call. */
static struct flow *flow_move(struct tracker *t, struct call *into, struct flow *f)
{
	struct flow *moved = &into->flow[flow_sender(f)];

	*moved = *f;
	if (!flow_frames_take(moved, flow_first_frame(f), flow_last_frame(f)))
		t->stats.memory_failed = true;
	flow_table_move(&t->flows, f, moved);
	*f = (struct flow){ 0 };
	return moved;
}

/* --- pairing of flows without control messages -------------------------------------------- */

static void unpaired_add(struct tunnel *tunnel, unsigned from, struct flow *f)
{
	struct tunnel_private *p = tunnel->private->primary->private;

	p->unpaired[from][p->nunpaired[from]++ % UNPAIRED] = f;
}

static void unpaired_remove(struct tunnel *tunnel, unsigned from, const struct flow *f)
{
	struct tunnel_private *p = tunnel->private->primary->private;

	for (unsigned i = 0; i < UNPAIRED && i < p->nunpaired[from]; i++)
		if (p->unpaired[from][i] == f)
			p->unpaired[from][i] = NULL;
}

static void call_unlink(struct tracker *t, struct call *c)
{
	struct call **at = &c->tunnel->first_call;
	struct call *before = NULL;

	while (*at && *at != c) {
		before = *at;
		at = &(*at)->next;
	}
	if (!*at)
		return;
	*at = c->next;
	if (c->tunnel->last_call == c)
		c->tunnel->last_call = before;
	ppp_session_free(c->ppp);
	free(c->rare);
	pool_put(&t->call_pool, c);
}

/* What the other call has shown of PPP is of this one, too; the other one goes away. */
static void ppp_join(struct tracker *t, struct call *into, struct call *other)
{
	if (t->hooks.call_joined)
		t->hooks.call_joined(t->hooks.ctx, into, other);
	into->ppp = ppp_session_join(into->ppp, other->ppp);
	other->ppp = NULL;
}

/* Makes two GRE-only calls one: the later one's flow moves. */
static void call_join(struct tracker *t, struct call *into, struct call *other, unsigned from)
{
	unpaired_remove(into->tunnel, !from, &into->flow[!from]);
	unpaired_remove(into->tunnel, from, &other->flow[from]);
	flow_move(t, into, &other->flow[from]);
	ppp_join(t, into, other);
	into->tunnel->calls--;
	t->stats.calls--;
	t->last_call -= other->id == id_of(t, t->last_call);
	call_unlink(t, other);
}

/* The only unpaired flow of the other direction whose numbers fit this acknowledgment, or NULL. */
static struct flow *pair_candidate(const struct tunnel *tunnel, unsigned from, uint32_t ack)
{
	const struct tunnel_private *p = tunnel->private->primary->private;
	struct flow *found = NULL;

	for (unsigned i = 0; i < UNPAIRED; i++) {
		struct flow *f = p->unpaired[!from][i];
		uint32_t behind;

		if (!f || !(f->flags & FLOW_HAS_SEQ))
			continue;
		behind = f->highest_seq - ack;
		if (behind > PAIR_DISTANCE)
			continue;
		if (found)
			return NULL;
		found = f;
	}
	return found;
}

/*
 * Makes one call of two flows' calls, sent by hosts 0 and 1, and returns it.  One that messages have
 * meanwhile told of stays; two such calls are two: NULL.
 */
static struct call *pair(struct tracker *t, struct flow *const flow[HOSTS])
{
	struct call *a = flow_call(flow[0]), *b = flow_call(flow[1]);

	if ((call_controlled(a) && call_controlled(b)) || a->flow[1].key || b->flow[0].key)
		return NULL;
	if (call_controlled(a) || (!call_controlled(b) && a->id < b->id)) {
		call_join(t, a, b, 1);
		return a;
	}
	call_join(t, b, a, 0);
	return b;
}

/* Returns where the flow is afterwards. */
static NOT_IN_THE_WAY struct flow *try_pair(struct tracker *t, struct flow *f, unsigned from, uint32_t ack)
{
	struct flow *peer = pair_candidate(flow_call(f)->tunnel, from, ack);
	struct flow *both[HOSTS] = { f, f };
	struct call *one;

	if (!peer)
		return f;
	both[!from] = peer;
	one = pair(t, both);
	return one ? &one->flow[from] : f;
}

/* At the end: a lone unpaired flow each way between two hosts is one call. */
static void pair_the_rest(struct tracker *t, struct tunnel *tunnel)
{
	struct tunnel_private *p = tunnel->private;
	struct flow *only[HOSTS] = { NULL, NULL };

	for (unsigned from = 0; from < HOSTS; from++) {
		unsigned n = 0;

		for (unsigned i = 0; i < UNPAIRED; i++)
			if (p->unpaired[from][i]) {
				only[from] = p->unpaired[from][i];
				n++;
			}
		if (n != 1 || p->nunpaired[from] > UNPAIRED)
			return;
	}
	pair(t, only);
}

/* --- calls ------------------------------------------------------------------------------- */

struct call *tracker_call_new(struct tracker *t, struct tunnel *tunnel, struct control_connection *c,
			      uint64_t frame, int64_t time_ns)
{
	struct call *call;

	if (t->call_pool.live >= t->limits.max_calls) {
		t->stats.over_limit++;
		return NULL;
	}
	call = pool_get(&t->call_pool);
	if (!call) {
		t->stats.memory_failed = true;
		return NULL;
	}
	call->id = id_of(t, ++t->last_call);
	t->stats.calls++;
	call->tunnel = tunnel;
	call->control.live = c;
	call->first_frame = frame;
	call->first_time = time_ns;
	call->state = CALL_GRE_ONLY;
	tunnel->calls++;
	if (tunnel->last_call)
		tunnel->last_call->next = call;
	else
		tunnel->first_call = call;
	tunnel->last_call = call;
	if (c) {
		c->calls++;
		c->live_calls++;
	}
	if (t->hooks.call_begun)
		t->hooks.call_begun(t->hooks.ctx, call);
	return call;
}

/* Acknowledgments had paired what the Call IDs now tell apart: the flow becomes a call of its own. */
static void flow_detach(struct tracker *t, struct flow *f)
{
	struct call *c = flow_call(f), *own = NULL;

	if (f->flags & FLOW_SEEN)
		own = tracker_call_new(t, c->tunnel, NULL, flow_first_frame(f), c->first_time);
	if (own)
		flow_move(t, own, f);
	else
		flow_forget(t, f);
}

/* What had shown of the flow is the call's, which may be older than its first message. */
static struct flow *flow_adopt(struct tracker *t, struct call *c, struct flow *f)
{
	const struct call *other = flow_call(f);

	if (other->first_time < c->first_time &&
	    !call_first_take(c, (struct call_step_seen){ other->first_frame, other->first_time }))
		t->stats.memory_failed = true;
	f = flow_move(t, c, f);
	f->flags |= FLOW_BEFORE_CALL;
	return f;
}

struct flow *tracker_flow_claim(struct tracker *t, struct call *c, unsigned from, uint16_t call_id)
{
	struct flow *f = tracker_flow_find(t, c->tunnel, from, call_id);
	struct call *other = f ? flow_call(f) : NULL;

	if (f && other == c)
		return f;
	if (c->flow[from].key)
		flow_detach(t, &c->flow[from]);
	if (!f || other->state != CALL_GRE_ONLY) {
		/* No packet yet, or the Call ID is used again: what comes belongs to the new call. */
		c->took_id |= f && call_goes_on(other);
		f = flow_new(t, c, from, call_id);
		if (!f)
			t->stats.memory_failed = true;
		return f;
	}
	unpaired_remove(c->tunnel, from, f);
	f = flow_adopt(t, c, f);
	if (other->flow[!from].key) {
		if (c->flow[!from].key)
			return f;
		/* Acknowledgments had shown that the two directions belong together. */
		flow_adopt(t, c, &other->flow[!from]);
	}
	ppp_join(t, c, other);
	other->tunnel->calls--;
	call_unlink(t, other);
	return f;
}

/* A GRE packet of no known call. */
static NOT_IN_THE_WAY struct flow *gre_only(struct tracker *t, struct tunnel *tunnel, unsigned from,
					    uint16_t call_id, uint64_t frame, int64_t time_ns)
{
	struct call *c = tracker_call_new(t, tunnel, NULL, frame, time_ns);
	struct flow *f;

	if (!c)
		return NULL;
	f = flow_new(t, c, from, call_id);
	if (!f) {
		t->stats.memory_failed = true;
		tunnel->calls--;
		if (t->hooks.call_joined)
			t->hooks.call_joined(t->hooks.ctx, c, c);
		call_unlink(t, c);
		return NULL;
	}
	unpaired_add(tunnel, from, f);
	return f;
}

/* Both ends at one address: the Call ID alone tells the direction. */
static NOT_IN_THE_WAY struct flow *flow_of_one_address(const struct tracker *t, const struct tunnel *tunnel,
						       unsigned *from, uint16_t call_id)
{
	struct flow *f = tracker_flow_find(t, tunnel, !*from, call_id);

	if (f)
		*from = !*from;
	return f;
}

struct flow *tracker_flow(const struct tracker *t, const struct tunnel *tunnel, unsigned *from,
			  uint16_t call_id)
{
	struct flow *f = flow_table_find(&t->flows, tracker_flow_key(tunnel, *from, call_id));

	if (f || !ip_addr_same(&tunnel->host[0], &tunnel->host[1]))
		return f;
	return flow_of_one_address(t, tunnel, from, call_id);
}

struct flow *tracker_gre(struct tracker *t, struct tunnel *tunnel, unsigned from, struct flow *f,
			 const struct gre_pkt *g, uint64_t frame, int64_t time_ns)
{
	struct flow *peer;

	tunnel_seen(tunnel, frame, time_ns);
	if (!f) {
		f = gre_only(t, tunnel, from, g->call_id, frame, time_ns);
		if (!f)
			return NULL;
	}
	peer = call_flow(flow_call_from(f, from), !from);
	flow_apply(f, peer, g, frame, time_ns);
	/* Looked for ever more rarely, so that what cannot be paired costs nothing. */
	if (!peer && g->flags & GRE_A && !(f->packets & (f->packets - 1)) &&
	    flow_call(f)->state == CALL_GRE_ONLY)
		f = try_pair(t, f, from, g->ack);
	return f;
}

/* --- connections ------------------------------------------------------------------------- */

static void connection_link(struct tunnel *tunnel, struct control_connection *c)
{
	c->next = NULL;
	if (tunnel->last_connection)
		tunnel->last_connection->next = c;
	else
		tunnel->first_connection = c;
	tunnel->last_connection = c;
	tunnel->connections++;
	c->tunnel = tunnel;
}

static void connection_unlink(struct control_connection *c)
{
	struct control_connection **at = &c->tunnel->first_connection, *before = NULL;

	while (*at && *at != c) {
		before = *at;
		at = &(*at)->next;
	}
	if (!*at)
		return;
	*at = c->next;
	if (c->tunnel->last_connection == c)
		c->tunnel->last_connection = before;
}

struct control_connection *tracker_connection(struct tracker *t, struct tunnel *tunnel, unsigned originator,
					      uint64_t frame, int64_t time_ns)
{
	struct control_connection *c = pool_get(&t->connection_pool);

	if (!c) {
		t->stats.memory_failed = true;
		return NULL;
	}
	c->id = id_of(t, ++t->stats.connections);
	c->originator = originator;
	c->machine[1] = STATE_CONNECTED;
	c->closed_by = c->stopped_by = -1;
	c->pac = -1;
	c->first_frame = c->last_frame = frame;
	c->first_time = c->last_time = time_ns;
	connection_link(tunnel, c);
	tunnel_seen(tunnel, frame, time_ns);
	return c;
}

void tracker_connection_move(struct tracker *t, struct control_connection *c, unsigned pac)
{
	struct tunnel *from = c->tunnel, *to = from->private->opposite;

	if (!to) {
		to = tunnel_new(t, from->context, &from->host[0], &from->host[1]);
		if (!to)
			return;
		to->private->primary = from->private->primary;
		to->key_id = from->key_id;
		to->private->opposite = from;
		from->private->opposite = to;
		to->first_frame = c->first_frame;
		to->first_time = c->first_time;
	}
	to->pac = (int)pac;
	connection_unlink(c);
	from->connections--;
	connection_link(to, c);
}

/* A connection that is only tried, one with a call that is up, one that has ended in order, a long one. */
static const uint16_t history_room[HISTORY_SIZES] = { 4, 8, 16, MOMENTS_KEPT };

static void history_release(struct tracker *t, struct history *h)
{
	for (unsigned size = 0; size < HISTORY_SIZES; size++)
		if (h->room == history_room[size])
			pool_put(&t->history_pool[size], h->moment);
	h->moment = NULL;
	h->room = 0;
}

static bool history_grow(struct tracker *t, struct history *h)
{
	struct moment *grown;
	unsigned size = 0;

	while (history_room[size] <= h->room)
		size++;
	grown = pool_get(&t->history_pool[size]);
	if (!grown)
		return false;
	if (h->room)
		memcpy(grown, h->moment, h->room * sizeof(*grown));
	history_release(t, h);
	h->moment = grown;
	h->room = history_room[size];
	return true;
}

/* False when memory was not to be had: the history then lacks it. */
static inline bool history_add(struct tracker *t, struct history *h, const struct moment *m)
{
	unsigned slot = history_slot(h->count);

	if (slot >= h->room && !history_grow(t, h))
		return false;
	h->moment[slot] = *m;
	h->count++;
	return true;
}

void tracker_moment(struct tracker *t, struct control_connection *c, const struct moment *m)
{
	if (!history_add(t, &c->history, m))
		t->stats.memory_failed = true;
	c->last_frame = m->frame > c->last_frame ? m->frame : c->last_frame;
	c->last_time = m->time_ns;
	tunnel_seen(c->tunnel, m->frame, m->time_ns);
}

/* --- ends -------------------------------------------------------------------------------- */

static void ended_push(struct tracker *t, struct ended e)
{
	if (t->last)
		return;
	if (t->nended == t->ended_room) {
		size_t room = t->ended_room ? t->ended_room * 2 : 256;
		struct ended *ring = malloc(room * sizeof(*ring));

		if (!ring) {
			t->stats.memory_failed = true;
			return;
		}
		for (size_t i = 0; i < t->nended; i++)
			ring[i] = t->ended[(t->ended_first + i) % t->ended_room];
		free(t->ended);
		t->ended = ring;
		t->ended_room = room;
		t->ended_first = 0;
	}
	t->ended[(t->ended_first + t->nended++) % t->ended_room] = e;
}

/* Live calls from which it had taken Call IDs have them again: their senders know of no other call. */
static NOT_IN_THE_WAY void ids_return(struct tracker *t, const struct call *c)
{
	struct call *own = c->tunnel->first_call;

	for (unsigned n = 0; own && n < TAKEN_MAX; own = own->next, n++)
		for (unsigned from = 0; from < HOSTS; from++)
			if (call_goes_on(own) && own->flow[from].key && own->flow[from].key == c->flow[from].key)
				flow_table_move(&t->flows, &c->flow[from], &own->flow[from]);
}

void tracker_call_end(struct tracker *t, struct call *c, int64_t time_ns)
{
	c->over = true;
	if (c->took_id)
		ids_return(t, c);
	if (t->hooks.call_over)
		t->hooks.call_over(t->hooks.ctx, c, time_ns);
	if (call_connection(c)) {
		c->connection_partial = connection_partial(call_connection(c));
		call_connection(c)->live_calls--;
	}
	call_let_go(c);
	t->lingering++;
	ended_push(t, (struct ended){ time_ns, NULL, c });
}

void tracker_connection_end(struct tracker *t, struct control_connection *c, enum connection_close how,
			    int64_t time_ns)
{
	c->close = how;
	if (how != CLOSE_NONE)
		c->state = CONNECTION_CLOSED;
	if (c->live_calls)
		for (struct call *call = c->tunnel->first_call; call; call = call->next) {
			if (call_connection(call) != c)
				continue;
			call->connection_failed = connection_failed(c, c->watched_time);
			call->end_time = c->watched_time;
			if (how != CLOSE_NONE && call->state != CALL_CLOSED && call->state != CALL_REFUSED) {
				call->state = CALL_CLOSED;
				if (!call->ended_by)
					call->ended_by = 3;
			}
			tracker_call_end(t, call, time_ns);
		}
	ended_push(t, (struct ended){ time_ns, c, NULL });
}

/* What reports need and the hot path does not keep. */
static void call_settle(struct call *c)
{
	int pac = c->tunnel->pac;

	for (unsigned from = 0; from < HOSTS; from++) {
		const struct flow *f = call_flow(c, from);

		if (!f || pac < 0)
			continue;
		/* What host `from` sends carries the Call ID of the other. */
		if ((unsigned)pac != from && !c->pac_id_known) {
			c->pac_call_id = flow_call_id(f);
			c->pac_id_known = true;
		} else if ((unsigned)pac == from && !c->pns_id_known) {
			c->pns_call_id = flow_call_id(f);
			c->pns_id_known = true;
		}
	}
}

static void call_done(struct tracker *t, struct call *c)
{
	ppp_session_settle(c->ppp);
	if (t->hooks.call_done)
		t->hooks.call_done(t->hooks.ctx, c);
}

static void connection_done(struct tracker *t, struct control_connection *c)
{
	if (t->hooks.connection_done)
		t->hooks.connection_done(t->hooks.ctx, c);
}

static void call_drop(struct tracker *t, struct call *c)
{
	for (unsigned from = 0; from < HOSTS; from++) {
		unpaired_remove(c->tunnel, from, &c->flow[from]);
		flow_forget(t, &c->flow[from]);
	}
	call_unlink(t, c);
}

/* Writes a record to the temporary file, unless nobody will ask for it again; false: it stays in memory. */
static bool spill_one(struct tracker *t, const struct ended *e)
{
	bool ok;

	if (t->limits.live)
		return true;
	ok = e->call ? spill_call(&t->spill, e->call)
		     : spill_connection(&t->spill, e->connection, t->limits.histories);
	t->stats.spilled += ok;
	return ok;
}

static void connection_drop(struct tracker *t, struct control_connection *c)
{
	connection_unlink(c);
	history_release(t, &c->history);
	pool_put(&t->connection_pool, c);
}

void tracker_ended_out(struct tracker *t)
{
	const struct ended e = t->ended[t->ended_first];

	t->ended_first = (t->ended_first + 1) % t->ended_room;
	t->nended--;
	if (e.call) {
		t->lingering--;
		call_settle(e.call);
		call_done(t, e.call);
		if (spill_one(t, &e))
			call_drop(t, e.call);
	} else {
		connection_done(t, e.connection);
		if (spill_one(t, &e))
			connection_drop(t, e.connection);
	}
}

void tracker_spill_ended(struct tracker *t, int64_t time_ns)
{
	while (t->nended > t->limits.keep_ended && !t->spill.failed) {
		const struct ended *e = &t->ended[t->ended_first];

		if (time_ns - e->time_ns < t->limits.linger_ns)
			break;
		tracker_ended_out(t);
	}
	t->stats.spill_failed = t->spill.failed;
}

static bool call_silent(const struct call *c, int64_t since)
{
	for (unsigned from = 0; from < HOSTS; from++)
		if (c->flow[from].flags & FLOW_SEEN && flow_last_time(&c->flow[from]) > since)
			return false;
	return call_last_message(c).time_ns <= since;
}

uint64_t tracker_end_silent(struct tracker *t, int64_t since, int64_t time_ns)
{
	uint64_t n = 0;

	for (size_t i = 0; i < t->ntunnels; i++)
		for (struct call *c = t->tunnels[i]->first_call; c; c = c->next)
			if (c->state == CALL_GRE_ONLY && call_silent(c, since)) {
				c->state = CALL_CLOSED;
				tracker_call_end(t, c, time_ns);
				n++;
			}
	return n;
}

void tracker_tick(struct tracker *t, int64_t time_ns)
{
	if (t->limits.live)
		tracker_live_tick(t, time_ns);
	if (t->nended > t->limits.keep_ended)
		tracker_spill_ended(t, time_ns);
	if (time_ns < t->next_sweep)
		return;
	if (t->next_sweep)
		tracker_end_silent(t, time_ns - t->limits.idle_ns, time_ns);
	t->next_sweep = time_ns + (t->limits.live ? tracker_live_pace(t) : SECONDS(SWEEP_S));
	if (t->limits.live)
		tracker_live_sweep(t, time_ns);
}

void tracker_break(struct tracker *t, int64_t time_ns)
{
	for (size_t i = 0; i < t->ntunnels; i++) {
		struct tunnel_private *p = t->tunnels[i]->private;

		if (p->primary == t->tunnels[i])
			pair_the_rest(t, t->tunnels[i]);
		memset(p->unpaired, 0, sizeof(p->unpaired));
		p->nunpaired[0] = p->nunpaired[1] = 0;
		for (struct call *c = t->tunnels[i]->first_call; c; c = c->next)
			if (!c->over)
				tracker_call_end(t, c, time_ns);
	}
	flow_table_reset(&t->flows);
}

void tracker_last(struct tracker *t)
{
	t->last = true;
}

void tracker_finish(struct tracker *t)
{
	for (size_t i = 0; i < t->ntunnels; i++) {
		if (t->tunnels[i]->private->primary == t->tunnels[i])
			pair_the_rest(t, t->tunnels[i]);
		for (struct call *c = t->tunnels[i]->first_call; c; c = c->next) {
			call_settle(c);
			call_done(t, c);
		}
		for (struct control_connection *c = t->tunnels[i]->first_connection; c; c = c->next)
			connection_done(t, c);
		if (t->hooks.tunnel_done)
			t->hooks.tunnel_done(t->hooks.ctx, t->tunnels[i]);
	}
}

/* --- all of it --------------------------------------------------------------------------- */

static inline uint64_t text_hash_part(const struct tracker *t, uint64_t hash, const uint64_t part[2])
{
	hash = (hash ^ part[0]) * t->factor[0] + part[1] * t->factor[1];
	return hash ^ hash >> 32;
}

/* Never 0.  The factors are random: who chooses texts cannot choose collisions. */
static uint64_t text_hash(const struct tracker *t, const void *octets, size_t len)
{
	const uint8_t *p = octets;
	uint64_t hash = len, part[2];

	for (; len >= sizeof(part); p += sizeof(part), len -= sizeof(part)) {
		memcpy(part, p, sizeof(part));
		hash = text_hash_part(t, hash, part);
	}
	memset(part, 0, sizeof(part));
	memcpy(part, p, len);
	return mix(len ? text_hash_part(t, hash, part) : hash) | 1;
}

const void *tracker_intern(struct tracker *t, const void *octets, size_t len)
{
	uint64_t hash = text_hash(t, octets, len);
	size_t i;

	if (t->ninterned * 2 >= t->interned_room) {
		size_t room = t->interned_room ? t->interned_room * 2 : 64;
		struct intern_slot *grown = calloc(room, sizeof(*grown));

		if (!grown)
			return NULL;
		for (size_t k = 0; k < t->interned_room; k++) {
			if (!t->interned[k].hash)
				continue;
			for (i = t->interned[k].hash & (room - 1); grown[i].hash; i = (i + 1) & (room - 1))
				;
			grown[i] = t->interned[k];
		}
		free(t->interned);
		t->interned = grown;
		t->interned_room = room;
	}
	for (i = hash & (t->interned_room - 1); t->interned[i].hash; i = (i + 1) & (t->interned_room - 1))
		if (t->interned[i].hash == hash && memcmp(t->interned[i].text, octets, len) == 0)
			return t->interned[i].text;
	if (t->interned_octets + len > TEXTS_MAX) {
		t->next_sweep = t->limits.live ? 1 : t->next_sweep;
		return NULL;
	}
	t->interned[i].text = malloc(len);
	if (!t->interned[i].text)
		return NULL;
	memcpy(t->interned[i].text, octets, len);
	t->interned[i].hash = hash;
	t->interned[i].len = len;
	t->ninterned++;
	t->interned_octets += len;
	return t->interned[i].text;
}

struct tracker *tracker_new(const struct tracker_limits *limits, const struct tracker_hooks *hooks)
{
	struct tracker *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->limits = *limits;
	if (getrandom(t->factor, sizeof(t->factor), GRND_NONBLOCK) != sizeof(t->factor))
		memset(t->factor, 0x9b, sizeof(t->factor));
	for (unsigned i = 0; i < sizeof(t->factor) / sizeof(*t->factor); i++)
		t->factor[i] |= 1;
	if (hooks)
		t->hooks = *hooks;
	field_map_init(&t->fields);
	tracker_moments_init(t);
	pool_init(&t->tunnel_pool, sizeof(struct tunnel));
	pool_init(&t->private_pool, sizeof(struct tunnel_private));
	pool_init(&t->connection_pool, sizeof(struct control_connection));
	pool_init(&t->call_pool, sizeof(struct call));
	for (unsigned size = 0; size < HISTORY_SIZES; size++)
		pool_init(&t->history_pool[size], history_room[size] * sizeof(struct moment));
	if (t->limits.max_calls > FLOW_TABLE_CALLS)
		t->limits.max_calls = FLOW_TABLE_CALLS;
	t->limits.max_calls = pool_reserve(&t->call_pool, t->limits.max_calls);
	if (!tunnels_grow(t) || !flow_table_init(&t->flows, t->call_pool.side_by_side)) {
		tracker_free(t);
		return NULL;
	}
	return t;
}

void tracker_free(struct tracker *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->ntunnels; i++)
		for (struct call *c = t->tunnels[i]->first_call; c; c = c->next) {
			ppp_session_free(c->ppp);
			free(c->rare);
		}
	for (size_t i = 0; i < t->interned_room; i++)
		free(t->interned[i].text);
	free(t->interned);
	free(t->tunnels);
	free(t->table);
	if (t->flows.slot)
		flow_table_clear(&t->flows);
	free(t->ended);
	spill_clear(&t->spill);
	pool_clear(&t->tunnel_pool);
	pool_clear(&t->private_pool);
	pool_clear(&t->connection_pool);
	pool_clear(&t->call_pool);
	for (unsigned size = 0; size < HISTORY_SIZES; size++)
		pool_clear(&t->history_pool[size]);
	free(t);
}

void tracker_memory_failed(struct tracker *t)
{
	t->stats.memory_failed = true;
}

const struct tracker_stats *tracker_stats(struct tracker *t)
{
	t->stats.live_tunnels = t->ntunnels;
	t->stats.live_calls = t->call_pool.live - t->lingering;
	return &t->stats;
}
