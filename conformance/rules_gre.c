/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tunnel packets: the way of each through the rules.  RFC 2637 section 4.
 *
 * Every packet of a call with a control connection comes here, so that what is in order has to be
 * passed quickly; all else is left to the files rules_gre_*.c.
 */
#include "conformance/rules_gre_private.h"

struct event gre_whole_event(const struct event *e)
{
	struct event whole = *e;

	if (whole.connection || !e->call || !call_controlled(e->call))
		return whole;
	whole.tunnel = e->call->tunnel;
	for (struct control_connection *c = whole.tunnel->first_connection; c; c = c->next)
		if (c->id == call_connection_id(e->call))
			whole.connection = c;
	return whole;
}

/* Packets of this direction came before it was known to be the call's. */
static void take_over(struct gre_memory *m, const struct flow *f)
{
	if (!f || !(f->flags & FLOW_HAS_SEQ))
		return;
	m->flags |= GRE_MEM_DATA;
	m->first_seq = f->first_seq;
	m->highest = m->acked = m->floor = f->highest_seq;
	m->first_time = m->last_data = f->last;
}

/* Whether data needs no second look: the call is up, and its connection too. */
static bool plainly_up(const struct call *c)
{
	const struct control_connection *connection = call_connection(c);

	return c->state == CALL_ESTABLISHED && connection && connection->closed_by < 0 &&
	       connection->state != CONNECTION_STOPPING;
}

struct gre_memory *gre_begin(struct judge *j, struct call *c, unsigned host)
{
	struct gre_memory *m = gre_memory(j, c, host);

	if (!m)
		return NULL;
	m->flags |= GRE_MEM_BEGUN;
	if (!plainly_up(c))
		m->flags |= GRE_MEM_WATCH;
	take_over(m, call_flow(c, host));
	return m;
}

static void data(const struct gre_look *l)
{
	struct gre_memory *m = l->own;
	uint32_t before = m->highest;
	int32_t step = gre_distance(before, l->e->gre->seq);

	if (m->flags & GRE_MEM_WATCH)
		gre_data_watched(l);
	if (!(m->flags & GRE_MEM_DATA)) {
		gre_first_data(l);
		before = m->highest - 1;
	} else if (step == 1) {
		if (m->acks_between)
			m->flags |= GRE_MEM_COUNTS_RIGHT;
	} else {
		if (!gre_data_odd(l, step))
			return;
		before = l->e->gre->seq - 1;
	}
	if (m->flags & GRE_MEM_RESOLVE)
		gre_ack_resolve(l, l->e->gre->seq);
	gre_data_noted(l);
	m->highest = l->e->gre->seq;
	m->acks_between = 0;
	gre_window_sent(l, before);
	gre_ppp(l, false);
}

/* A packet that is wrong in itself still uses up its number, where that is the next one. */
void gre_number_used(struct gre_memory *m, const struct gre_pkt *g)
{
	if (!(m->flags & GRE_MEM_DATA)) {
		m->flags |= GRE_MEM_FIRST_LOST;
		return;
	}
	if (!(g->flags & GRE_S) || g->seq != m->highest + 1)
		return;
	m->highest = g->seq;
	m->acks_between = 0;
}

/* Its header is wrong, so that its numbers are not looked at: where the next one goes on is not known. */
static void passed_over(struct judge *j, const struct event *e, struct gre_memory *own)
{
	if (!e->call || !call_controlled(e->call)) {
		gre_stray_number(j, e);
		return;
	}
	if (!own)
		own = gre_begin(j, e->call, e->from);
	if (own)
		gre_number_used(own, e->gre);
}

static void packet(struct judge *j, const struct event *e)
{
	struct gre_look l = { .j = j, .e = e };
	const struct call *c = e->call;

	/* The path made an exact copy: nothing that the sender did. */
	if (e->identical)
		return;
	if (!c || !call_controlled(c))
		gre_stray(j, e);
	else
		l.own = gre_half(c, e->from);
	if ((e->gre->defects || e->gre->payload_length > 1532 || (e->gre->flags & GRE_VER) != 1) &&
	    !gre_header(j, e)) {
		passed_over(j, e, l.own);
		return;
	}
	if (!c || !call_controlled(c))
		return;
	l.peer = gre_half(c, !e->from);
	if (!l.own)
		l.own = gre_begin(j, e->call, e->from);
	if (!l.own)
		return;
	if (l.peer)
		gre_window_due(j, e, !e->from, l.peer, e->time_ns);
	if (e->gre->flags & GRE_S)
		data(&l);
	else if (l.own->acks_between < UINT8_MAX)
		l.own->acks_between++;
	if (e->gre->flags & GRE_A)
		gre_ack(&l);
	l.own->ip_id = (uint16_t)e->ip_id;
}

/* The windows of a call that ends; its data is looked at from now on. */
static void windows_end(struct judge *j, const struct event *e)
{
	for (unsigned host = 0; host < HOSTS; host++) {
		struct gre_memory *m = gre_half(e->call, host);

		if (!m)
			continue;
		gre_window_end(j, e, host);
		m->flags |= GRE_MEM_WATCH | GRE_MEM_NO_WINDOW;
	}
}

/* The connection begins to close; that it is closed, and its calls over, may be told much later. */
static void closing(struct judge *j, const struct event *e)
{
	const struct control_connection *c = e->connection;
	uint64_t left = c->live_calls;
	struct event one;

	if (!left)
		return;
	one = *e;
	for (struct call *call = c->tunnel->first_call; call && left; call = call->next) {
		if (call_connection(call) != c)
			continue;
		one.call = call;
		windows_end(j, &one);
		left--;
	}
}

/* The call takes no more messages: what was left open is decided while its connection is known. */
static void over(struct judge *j, const struct event *e)
{
	if (!call_controlled(e->call))
		return;
	windows_end(j, e);
	for (unsigned host = 0; host < HOSTS; host++) {
		const struct gre_memory *m = gre_half(e->call, host);

		if (!m)
			continue;
		if (gre_odd(m)) {
			gre_call_over(j, e, host);
			gre_ack_end(j, e, host);
		}
		gre_seq_end(j, e, host);
		if (gre_odd(m))
			gre_ppp_end(j, e, host);
	}
	gre_call_pair(j, e);
}

void rules_gre(struct judge *j, const struct event *e)
{
	if (e->kind == EVENT_GRE)
		packet(j, e);
	else if (e->kind == EVENT_FIN || e->kind == EVENT_RST)
		closing(j, e);
	else if (e->kind == EVENT_CALL_OVER)
		over(j, e);
	else if (e->kind == EVENT_CALL_DONE && !call_controlled(e->call))
		gre_stray_end(j, e);
}
