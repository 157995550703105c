/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See recorded.h. */
#include "analyzer/recorded.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum record_kind { RECORD_MESSAGE, RECORD_GRE, RECORD_CUT, RECORD_SKIPPED, RECORD_LOST };

/* What the pipeline has told, of all connections. */
struct record {
	enum record_kind kind;
	int64_t time_ns;
	uint64_t frame, order;
	struct ip_addr src, dst;
	uint16_t src_port, dst_port; /* 0 of GRE */
	uint64_t count;              /* octets of SKIPPED and LOST */
	size_t at, len;              /* octets in the pool */
};

struct recorded {
	size_t limit;
	struct record *record; /* owned, as all below */
	size_t n, room;
	uint8_t *pool;
	size_t pooled, pool_room;
	uint64_t over_limit;
	struct replay_item *item;
};

/* --- keeping --------------------------------------------------------------------------------- */

struct recorded *recorded_new(size_t max_octets)
{
	struct recorded *r = calloc(1, sizeof(*r));

	if (r)
		r->limit = max_octets;
	return r;
}

void recorded_free(struct recorded *r)
{
	if (!r)
		return;
	free(r->record);
	free(r->pool);
	free(r->item);
	free(r);
}

uint64_t recorded_over_limit(const struct recorded *r)
{
	return r->over_limit;
}

/* Doubles an array until it has room for `wanted` elements. */
static bool make_room(void *list, size_t *room, size_t wanted, size_t size)
{
	void **octets = list, *grown;
	size_t more = *room ? *room : 64;

	if (wanted <= *room)
		return true;
	while (more < wanted)
		more *= 2;
	grown = realloc(*octets, more * size);
	if (!grown)
		return false;
	*octets = grown;
	*room = more;
	return true;
}

static void keep(struct recorded *r, enum record_kind kind, const struct pipeline_where *w,
		 const uint8_t *octets, size_t len, uint64_t count)
{
	struct record *k;

	if (r->n * sizeof(*k) + r->pooled + len > r->limit ||
	    !make_room(&r->record, &r->room, r->n + 1, sizeof(*r->record)) ||
	    !make_room(&r->pool, &r->pool_room, r->pooled + len, 1)) {
		r->over_limit++;
		return;
	}
	k = &r->record[r->n];
	*k = (struct record){ .kind = kind,
			      .time_ns = w->time_ns,
			      .frame = w->frame,
			      .order = r->n,
			      .src = *w->src,
			      .dst = *w->dst,
			      .src_port = w->src_port,
			      .dst_port = w->dst_port,
			      .count = count,
			      .at = r->pooled,
			      .len = len };
	if (len)
		memcpy(r->pool + r->pooled, octets, len);
	r->pooled += len;
	r->n++;
}

static void on_control(void *ctx, const struct pipeline_where *w, const struct ctrl_msg *m)
{
	keep(ctx, m->status == CTRL_CUT ? RECORD_CUT : RECORD_MESSAGE, w, m->octets, m->caplen, 0);
}

static void on_gre(void *ctx, const struct pipeline_where *w, const struct gre_pkt *g, enum gre_status status)
{
	const struct datagram *d = w->datagram;

	(void)g;
	if (status == GRE_OTHER_VERSION)
		return;
	keep(ctx, d && d->caplen == d->len ? RECORD_GRE : RECORD_CUT, w, d ? d->payload : NULL,
	     d ? d->caplen : 0, 0);
}

static void on_skipped(void *ctx, const struct pipeline_where *w, uint64_t octets, bool lost)
{
	keep(ctx, lost ? RECORD_LOST : RECORD_SKIPPED, w, NULL, 0, octets);
}

struct pipeline_observer recorded_observer(struct recorded *r)
{
	return (struct pipeline_observer){
		.ctx = r, .control = on_control, .gre = on_gre, .skipped = on_skipped
	};
}

/* --- choosing -------------------------------------------------------------------------------- */

/* What is remembered of the connection that was asked for. */
struct choice {
	uint64_t wanted, seen;
	bool found;
	struct control_connection connection;
	struct ip_addr host[HOSTS];
	int pac;
};

static void on_connection(void *ctx, const struct control_connection *c)
{
	struct choice *choice = ctx;

	choice->seen++;
	if (choice->found || (choice->wanted && c->id != choice->wanted))
		return;
	choice->found = true;
	choice->connection = *c;
	choice->host[0] = c->tunnel->host[0];
	choice->host[1] = c->tunnel->host[1];
	choice->pac = c->pac >= 0 ? c->pac : c->tunnel->pac;
}

static void on_tunnel(void *ctx, const struct tunnel *t)
{
	(void)ctx;
	(void)t;
}

static void on_call(void *ctx, const struct call *c)
{
	(void)ctx;
	(void)c;
}

static int by_time(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* The connection's name, from the played side. */
struct ends {
	unsigned ours;          /* host index */
	struct ip_addr addr[2]; /* the peer's, ours */
	uint16_t port[2];
	uint64_t first_frame, last_frame;
	int64_t first_time, last_time;
	uint8_t *own_id[2]; /* bits: Call IDs that the peer and we have assigned; 8 KB each */
};

/* 1: we sent it, 0: the peer did, -1: it is none of the connection's. */
static int sender(const struct ends *e, const struct record *k)
{
	for (int from = 0; from < 2; from++)
		if (ip_addr_same(&k->src, &e->addr[from]) && ip_addr_same(&k->dst, &e->addr[!from]) &&
		    (!k->src_port || (k->src_port == e->port[from] && k->dst_port == e->port[!from])))
			return from;
	return -1;
}

static bool is_control_of(const struct ends *e, const struct record *k)
{
	return k->kind != RECORD_GRE && k->src_port && k->frame >= e->first_frame &&
	       k->frame <= e->last_frame;
}

/* Learns the Call IDs that a message assigns. */
static void learn_ids(const struct recorded *r, const struct ends *e, const struct record *k, int from)
{
	struct ctrl_msg m;
	uint32_t id;

	ctrl_decode(r->pool + k->at, k->len, false, &m);
	if ((m.type == CTRL_OCRQ || m.type == CTRL_OCRP || m.type == CTRL_ICRQ || m.type == CTRL_ICRP) &&
	    ctrl_get(&m, "call_id", &id))
		e->own_id[from][id / 8 % 8192] |= (uint8_t)(1 << id % 8);
}

/* Whether a GRE packet's key is one that its receiver has assigned. */
static bool is_keyed(const struct recorded *r, const struct ends *e, const struct record *k, int from)
{
	struct gre_pkt g;

	if (gre_decode(r->pool + k->at, (uint32_t)k->len, (uint32_t)k->len, false, &g) != GRE_OK)
		return false;
	return e->own_id[!from][g.call_id / 8] >> g.call_id % 8 & 1;
}

static void add_item(struct recorded *r, struct replay_recording *out, const struct record *k, int from,
		     enum replay_kind kind)
{
	r->item[out->n++] = (struct replay_item){ .kind = kind,
						  .ours = from == 1,
						  .time_ns = k->time_ns,
						  .frame = k->frame,
						  .octets = r->pool + k->at,
						  .len = k->len };
}

static void count_left_out(const struct record *k, int from, struct recorded_about *about)
{
	about->cut += k->kind == RECORD_CUT;
	about->lost += k->kind == RECORD_LOST ? k->count : 0;
	about->skipped += k->kind == RECORD_SKIPPED && from == 1 ? k->count : 0;
}

/* The Call IDs of all messages first: packets may come before the message that tells theirs. */
static void take_items(struct recorded *r, const struct ends *e, struct replay_recording *out,
		       struct recorded_about *about)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct record *k = &r->record[i];
		int from = sender(e, k);

		if (from >= 0 && k->kind == RECORD_MESSAGE && is_control_of(e, k))
			learn_ids(r, e, k, from);
	}
	for (size_t i = 0; i < r->n; i++) {
		const struct record *k = &r->record[i];
		int from = sender(e, k);

		if (from < 0 || (k->src_port && !is_control_of(e, k)) ||
		    (!k->src_port && (k->time_ns < e->first_time || k->time_ns > e->last_time)))
			continue;
		if (k->kind == RECORD_MESSAGE) {
			about->messages[from]++;
			add_item(r, out, k, from, REPLAY_MESSAGE);
		} else if (k->kind == RECORD_GRE && !is_keyed(r, e, k, from)) {
			about->foreign++;
		} else if (k->kind == RECORD_GRE) {
			about->packets[from]++;
			add_item(r, out, k, from, REPLAY_GRE);
		} else {
			count_left_out(k, from, about);
		}
	}
}

static void describe(const struct choice *choice, const struct ends *e, enum role as,
		     struct replay_recording *out, struct recorded_about *about)
{
	const struct control_connection *c = &choice->connection;

	about->connection = c->id;
	about->ours = e->addr[1];
	about->peer = e->addr[0];
	about->our_port = e->port[1];
	about->peer_port = e->port[0];
	about->role_guessed = choice->pac < 0;
	about->midstream = c->midstream;
	out->as = as;
	out->originator = e->ours == c->originator;
	out->start_ns = c->first_time;
	out->end_ns = c->last_time;
	out->end_ours = c->closed_by == (int)e->ours;
	if (c->closed_by >= 0 && (c->close == CLOSE_FIN || c->close == CLOSE_RST))
		out->end = c->close == CLOSE_RST && c->reset_first ? REPLAY_RST : REPLAY_FIN;
}

/* Who of the two hosts has the role, and the name of the connection from there. */
static void set_ends(const struct choice *choice, enum role as, struct ends *e)
{
	const struct control_connection *c = &choice->connection;
	unsigned pac = choice->pac >= 0 ? (unsigned)choice->pac : !c->originator;

	e->ours = as == ROLE_PAC ? pac : !pac;
	for (unsigned us = 0; us < 2; us++) {
		unsigned host = us ? e->ours : !e->ours;

		e->addr[us] = choice->host[host];
		e->port[us] = c->port[host != c->originator];
	}
	e->first_frame = c->first_frame;
	e->last_frame = c->last_frame;
	e->first_time = c->first_time;
	e->last_time = c->last_time;
}

bool recorded_take(struct recorded *r, struct tracker *t, uint64_t connection, enum role as,
		   struct replay_recording *out, struct recorded_about *about, char *err, size_t room)
{
	static const struct tracker_visitor visitor = { on_tunnel, on_connection, on_call, on_tunnel };
	struct choice choice = { .wanted = connection };
	struct ends e;
	uint8_t *ids;

	memset(out, 0, sizeof(*out));
	memset(about, 0, sizeof(*about));
	if (!tracker_walk(t, &visitor, &choice)) {
		snprintf(err, room, "the temporary file could not be read back");
		return false;
	}
	about->connections = choice.seen;
	if (!choice.found) {
		if (choice.seen)
			snprintf(err, room,
				 "no control connection has the number %" PRIu64 "; there are %" PRIu64,
				 connection, choice.seen);
		else
			snprintf(err, room, "the capture has no control connection of PPTP");
		return false;
	}
	ids = calloc(2, 8192);
	r->item = calloc(r->n + 1, sizeof(*r->item));
	if (!ids || !r->item) {
		free(ids);
		snprintf(err, room, "out of memory");
		return false;
	}
	e.own_id[0] = ids;
	e.own_id[1] = ids + 8192;
	set_ends(&choice, as, &e);
	if (r->n)
		qsort(r->record, r->n, sizeof(*r->record), by_time);
	out->item = r->item;
	take_items(r, &e, out, about);
	describe(&choice, &e, as, out, about);
	free(ids);
	return true;
}
