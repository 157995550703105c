/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See events.h. */
#include "analyzer/events.h"

#include <stdlib.h>

enum {
	LATER = 32,     /* findings of one message that wait for it */
	PENDING = 1024, /* calls that only GRE shows and that were not told of yet */
};

/* How long such a call waits to be paired with the other direction. */
#define PAIRING_NS INT64_C(1000000000)

/* A finding that waits, and what it is about: pointers are good as long as the message is in hand. */
struct later {
	struct finding finding;
	struct live_event event;
};

struct events {
	events_fn *fn;
	void (*datagram)(void *ctx, const struct packet *packet, const struct datagram *d);
	void *ctx;
	struct pipeline *pipeline;
	bool in_message;
	struct later later[LATER];
	unsigned nlater;
	struct call *pending[PENDING]; /* ring, by age */
	unsigned first_pending, npending;
	uint64_t findings[SEVERITIES];
	uint64_t told;
};

const char *live_kind_name(enum live_kind k)
{
	static const char *const names[LIVE_KINDS] = {
		[LIVE_CONNECTION_OPEN] = "control_connection_open",
		[LIVE_CONNECTION_CLOSE] = "control_connection_close",
		[LIVE_CONTROL] = "control",
		[LIVE_CALL_OPEN] = "call_open",
		[LIVE_CALL_CLOSE] = "call_close",
		[LIVE_CALL_JOIN] = "call_join",
		[LIVE_FINDING] = "finding",
		[LIVE_GAP] = "capture_gap",
		[LIVE_STATS] = "stats",
		[LIVE_NOTICE] = "notice",
	};

	return names[k];
}

static void tell(struct events *e, const struct live_event *event)
{
	e->told++;
	e->fn(e->ctx, event);
}

static struct live_event about_connection(enum live_kind kind, int64_t time_ns,
					  const struct control_connection *c)
{
	return (struct live_event){
		.kind = kind,
		.time_ns = time_ns,
		.tunnel = c->tunnel,
		.connection = c,
		.connection_id = c->id,
	};
}

static struct live_event about_call(enum live_kind kind, int64_t time_ns, const struct call *c)
{
	return (struct live_event){
		.kind = kind,
		.time_ns = time_ns,
		.tunnel = c->tunnel,
		.connection = call_connection(c),
		.call = c,
		.connection_id = call_connection_id(c),
		.call_id = c->id,
	};
}

/* --- calls --------------------------------------------------------------------------------- */

static void tell_call_open(struct events *e, struct call *c, int64_t time_ns)
{
	const struct live_event event = about_call(LIVE_CALL_OPEN, time_ns, c);

	if (c->told)
		return;
	c->told = true;
	tell(e, &event);
}

static void pending_remove(struct events *e, const struct call *c)
{
	for (unsigned i = 0; i < e->npending; i++) {
		struct call **at = &e->pending[(e->first_pending + i) % PENDING];

		if (*at == c)
			*at = NULL;
	}
}

/* Takes the oldest out and tells of it. */
static void pending_tell(struct events *e)
{
	struct call *c = e->pending[e->first_pending];

	e->first_pending = (e->first_pending + 1) % PENDING;
	e->npending--;
	if (c)
		tell_call_open(e, c, pipeline_now(e->pipeline));
}

static void on_call_begun(void *ctx, struct call *c)
{
	struct events *e = ctx;

	/* One that a message begins is told of with the message. */
	if (call_connection(c))
		return;
	if (e->npending == PENDING)
		pending_tell(e);
	e->pending[(e->first_pending + e->npending++) % PENDING] = c;
}

static void on_call_done(void *ctx, struct call *c)
{
	struct events *e = ctx;
	int64_t now = pipeline_now(e->pipeline);
	struct live_event event = about_call(LIVE_CALL_CLOSE, now, c);
	struct diagnosis why[DIAGNOSES_MAX];

	pending_remove(e, c);
	tell_call_open(e, c, now);
	event.why = why;
	event.whys = diagnose_call(c, now, why);
	tell(e, &event);
}

static void on_call_joined(void *ctx, struct call *into, struct call *other)
{
	struct events *e = ctx;
	struct live_event event = about_call(LIVE_CALL_JOIN, pipeline_now(e->pipeline), other);

	pending_remove(e, other);
	if (!other->told)
		return;
	event.into = into->id;
	tell(e, &event);
}

/* --- connections --------------------------------------------------------------------------- */

static void on_connection_open(void *ctx, const struct control_connection *c)
{
	const struct live_event event = about_connection(LIVE_CONNECTION_OPEN, c->first_time, c);

	tell(ctx, &event);
}

static void on_connection_done(void *ctx, const struct control_connection *c)
{
	struct events *e = ctx;
	int64_t now = pipeline_now(e->pipeline);
	struct live_event event = about_connection(LIVE_CONNECTION_CLOSE, now, c);
	struct diagnosis why[DIAGNOSES_MAX];

	event.why = why;
	event.whys = diagnose_connection(c, now, why);
	tell(e, &event);
}

static void on_control(void *ctx, const struct pipeline_where *w, const struct ctrl_msg *m)
{
	struct events *e = ctx;

	(void)w;
	(void)m;
	e->in_message = true;
}

static void on_applied(void *ctx, const struct pipeline_where *w, const struct ctrl_msg *m,
		       const struct control_connection *c, struct call *call)
{
	struct events *e = ctx;
	struct live_event event = about_connection(LIVE_CONTROL, w->time_ns, c);

	e->in_message = false;
	if (call)
		tell_call_open(e, call, w->time_ns);
	event.where = w;
	event.msg = m;
	event.call = call;
	event.call_id = call ? call->id : 0;
	tell(e, &event);
	for (unsigned i = 0; i < e->nlater; i++)
		tell(e, &e->later[i].event);
	e->nlater = 0;
}

static void on_skipped(void *ctx, const struct pipeline_where *w, uint64_t octets, bool lost)
{
	const struct live_gap gap = { .reason = "lost-octets", .has_octets = true, .octets = octets };
	const struct live_event event = { .kind = LIVE_GAP, .time_ns = w->time_ns, .where = w, .gap = &gap };

	if (lost)
		tell(ctx, &event);
}

/* --- findings ------------------------------------------------------------------------------ */

void events_finding(void *events, const struct finding *f, const struct event *of)
{
	struct events *e = events;
	struct live_event event = {
		.kind = LIVE_FINDING,
		/* That something is missing may be found out later than it should have come. */
		.time_ns = f->frame ? f->time_ns : of->time_ns,
		.tunnel = of->tunnel,
		.connection = of->connection,
		.call = of->call,
		.connection_id = f->connection,
		.call_id = f->call,
		.finding = f,
	};
	struct later *l;

	e->findings[f->severity]++;
	if (!e->in_message || e->nlater == LATER) {
		tell(e, &event);
		return;
	}
	l = &e->later[e->nlater++];
	l->finding = *f;
	event.finding = &l->finding;
	l->event = event;
}

/* --- the whole ----------------------------------------------------------------------------- */

struct events *events_new(events_fn *fn,
			  void (*datagram)(void *ctx, const struct packet *packet, const struct datagram *d),
			  void *ctx)
{
	struct events *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->fn = fn;
	e->datagram = datagram;
	e->ctx = ctx;
	return e;
}

void events_free(struct events *e)
{
	free(e);
}

static void on_datagram(void *ctx, const struct packet *packet, const struct datagram *d)
{
	struct events *e = ctx;

	e->datagram(e->ctx, packet, d);
}

struct pipeline_observer events_observer(struct events *e)
{
	return (struct pipeline_observer){
		.ctx = e,
		.control = on_control,
		.skipped = on_skipped,
		.datagram = e->datagram ? on_datagram : NULL,
		.connection_open = on_connection_open,
		.applied = on_applied,
		.connection_done = on_connection_done,
		.call_begun = on_call_begun,
		.call_done = on_call_done,
		.call_joined = on_call_joined,
	};
}

void events_attach(struct events *e, struct pipeline *p)
{
	e->pipeline = p;
}

void events_tick(struct events *e)
{
	int64_t now = pipeline_now(e->pipeline);

	while (e->npending) {
		const struct call *c = e->pending[e->first_pending];

		if (c && now - c->first_time < PAIRING_NS && now >= c->first_time)
			break;
		pending_tell(e);
	}
}

void events_count(struct events *e, struct live_stats *s)
{
	const struct pipeline_counts *n = pipeline_so_far(e->pipeline);
	const struct tracker_stats *t = tracker_stats(pipeline_tracker(e->pipeline));
	const struct reassembly_stats *r = pipeline_reassembly_stats(e->pipeline);

	s->packets += n->packets;
	s->octets += n->octets;
	s->control += n->control;
	s->gre += n->gre;
	s->icmp += n->icmp;
	s->fragments += n->fragments;
	for (unsigned i = 0; i < UNSEEN_COUNT; i++)
		s->unseen[i] += n->unseen[i];
	s->over_limit += t->over_limit + pipeline_defrag_stats(e->pipeline)->over_limit;
	s->events += e->told;
	s->tunnels += t->live_tunnels;
	s->connections += r->live;
	s->calls += t->live_calls;
	s->tunnels_seen += t->tunnels;
	s->connections_seen += t->connections;
	s->calls_seen += t->calls;
	s->tunnels_evicted += t->evicted_tunnels;
	s->connections_evicted += r->evicted;
	s->calls_evicted += t->evicted_calls;
	for (unsigned i = 0; i < SEVERITIES; i++)
		s->findings[i] += e->findings[i];
	s->gaps += r->gaps;
	s->gap_octets += r->gap_octets;
}
