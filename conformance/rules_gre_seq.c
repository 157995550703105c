/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sequence Numbers: where they start, that they go on one by one, that none comes twice.  RFC 2637
 * sections 4.1 and 4.3.
 *
 * A network loses packets, doubles them and changes their order.  What tells the sender's fault
 * from the network's is the identification in the IP header: senders count it up with every
 * packet, so that a number is missing in both counts when a packet was lost, and in one when it
 * was never sent.
 */
#include "conformance/rules_gre_private.h"

enum {
	SCAN_MAX = 256,       /* calls of a tunnel that are looked at */
	LATE_LIMIT = 1024,    /* older than this is no packet that was delayed */
	JUMP_LIMIT = 1 << 16, /* more than this is no loss */
	SKIPS_ENOUGH = 5,
	REGULAR_ENOUGH = 8,
	MARK_LESS_MAX = (1 << 15) - 1,
	MARK_MS = 500,    /* from one mark to the next */
	START_SLACK = 16, /* numbers below the first that may have changed places with it */
	OLD_SLACK = 64,   /* numbers around the last of an ended call that may come late */
	OLD_S = 10,       /* how long they may */
};

static uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Of a payload: its length and what begins and ends it. */
static uint32_t payload_hash(const struct gre_pkt *g)
{
	const uint8_t *p = g->payload;
	uint32_t n = g->caplen;
	uint64_t h = g->payload_length;

	if (n >= 8) {
		for (uint32_t at = 0; at + 8 <= n && at < 32; at += 8)
			h = (h ^ load64(p + at)) * UINT64_C(0x9e3779b97f4a7c15);
		h = (h ^ h >> 32 ^ load64(p + n - 8)) * UINT64_C(0xbf58476d1ce4e5b9);
	} else {
		for (uint32_t at = 0; at < n; at++)
			h = (h ^ p[at]) * UINT64_C(0x100000001b3);
	}
	return (uint32_t)(h >> 32 ^ h);
}

/* Where a data packet of this number is remembered; NULL without memory. */
static struct gre_recent *recent(const struct gre_look *l, uint32_t seq)
{
	struct gre_store *s = gre_store(l->j);
	uint64_t h = (l->e->call->id * 2 + l->e->from) * UINT64_C(0x9e3779b97f4a7c15);

	return s ? &s->recent[(h >> 32 ^ seq) & (GRE_RECENT - 1)] : NULL;
}

static uint32_t recent_call(const struct event *e)
{
	return (uint32_t)(e->call->id * 2 + e->from);
}

static struct gre_mark mark(const struct event *e, uint32_t value, uint32_t limit)
{
	return (struct gre_mark){ e->frame, e->time_ns, value, limit };
}

/* The sender's IP identification shows what it sent; with IPv6 there is none, and some leave it at 0. */
static bool ids_known(const struct gre_look *l)
{
	const struct gre_memory *m = l->own;

	return !(m->flags & GRE_MEM_IDS_WILD) && m->data_ip_id && l->e->ip_id;
}

/* Between its last data packet and this one the sender sent nothing but what was seen. */
static bool ids_adjoin(const struct gre_look *l)
{
	const struct gre_memory *m = l->own;

	return ids_known(l) && (uint16_t)(l->e->ip_id - m->data_ip_id) == m->acks_between + 1;
}

/* What is missing on both ways is missing in the capture, or on the path. */
static unsigned lossy(const struct gre_memory *own, const struct gre_memory *peer)
{
	return gre_holes(own) && peer && gre_holes(peer) ? UNLESS_GRE_LOSS : 0;
}

/* --- the start -------------------------------------------------------------------------------- */

/* Another call of the pair whose count this one continues, or NULL. */
static const struct call *continued(const struct event *e)
{
	unsigned n = 0;

	if (e->gre->seq < 2)
		return NULL;
	for (const struct call *c = e->call->tunnel->first_call; c && n < SCAN_MAX; c = c->next, n++) {
		const struct flow *f = call_flow(c, e->from);

		if (c != e->call && f && f->flags & FLOW_HAS_SEQ && f->data > 1 &&
		    f->highest_seq + 1 == e->gre->seq)
			return c;
	}
	return NULL;
}

/* It may come late, of a call that has just ended and had the same Call ID. */
static bool late_of_ended(const struct event *e)
{
	unsigned n = 0;

	for (const struct call *c = e->call->tunnel->first_call; c && n < SCAN_MAX; c = c->next, n++) {
		const struct flow *f = call_flow(c, e->from);
		int32_t apart;

		if (!c->over || !f || !(f->flags & FLOW_HAS_SEQ) || flow_call_id(f) != e->gre->call_id ||
		    e->time_ns - call_last_message(c).time_ns > SECONDS(OLD_S))
			continue;
		apart = gre_distance(f->highest_seq, e->gre->seq);
		if (apart <= OLD_SLACK && apart >= -OLD_SLACK)
			return true;
	}
	return false;
}

/* Nothing before it is known to have arrived. */
static void mark_only(struct gre_memory *m, const struct event *e)
{
	m->mark_tick[0] = m->mark_tick[1] = gre_tick(e->time_ns);
	m->mark_seq = e->gre->seq;
	m->mark_less = 0;
}

static void mark_next(struct gre_memory *m, const struct event *e)
{
	uint32_t less = e->gre->seq - m->mark_seq;
	uint16_t tick = m->mark_tick[1];

	mark_only(m, e);
	if (less > MARK_LESS_MAX)
		return;
	m->mark_less = less & MARK_LESS_MAX;
	m->mark_tick[0] = tick;
}

/* Its data does not begin with its flow. */
static void first_frame_is(const struct gre_look *l)
{
	struct gre_trouble *t = gre_trouble(l->j, l->own);

	if (t)
		t->first_frame = l->e->frame;
}

void gre_first_data(const struct gre_look *l)
{
	const struct event *e = l->e;
	struct gre_memory *m = l->own;
	const struct call *other = continued(e);
	const struct gre_trouble *before = l->peer ? gre_odd(l->peer) : NULL;
	struct gre_trouble *t;

	m->flags |= GRE_MEM_DATA;
	m->first_seq = m->highest = e->gre->seq;
	m->acked = m->floor = m->highest - 1;
	m->first_time = short_time(e->time_ns);
	m->data_ip_id = (uint16_t)e->ip_id;
	mark_only(m, e);
	if (before && before->early_ack.frame)
		m->flags |= GRE_MEM_RESOLVE;
	if (e->flow && e->flow->flags & FLOW_SEEN)
		first_frame_is(l);
	t = e->gre->seq > 1 && late_of_ended(e) ? gre_trouble(l->j, m) : NULL;
	if (t)
		t->maybe_old = true;
	t = other ? gre_trouble(l->j, m) : NULL;
	if (t) {
		t->percall = mark(e, e->gre->seq, (uint32_t)other->id);
		t->percall_before = flow_last_frame(call_flow(other, e->from));
	}
}

/* Whether the first packets may have been lost: both ways begin late, or they were acknowledged. */
static unsigned first_lost(const struct gre_memory *m, const struct gre_memory *peer)
{
	if (m->flags & GRE_MEM_FIRST_LOST || (peer && peer->flags & GRE_MEM_DATA && peer->first_seq > 1))
		return UNLESS_GRE_LOSS;
	return lossy(m, peer);
}

static void carried_over(struct judge *j, const struct event *e, unsigned host, const struct gre_memory *m,
			 unsigned how)
{
	const struct gre_trouble *t = gre_odd(m);
	struct finding *f;

	/* That nothing came before has to show by what the other side acknowledged. */
	if (!(m->flags & GRE_MEM_ACKED))
		how |= UNLESS_GRE_LOSS;
	f = fail(j, e, RULE_GRE_SEQ_PERCALL_01, (int)host, how);
	say(f, "%s began a call with sequence number %u, where its call %u had stopped", who(e, host),
	    t->percall.value, t->percall.limit);
	observed(expected(f, "0"), "%u", t->percall.value);
	evidence(at(f, t->percall.frame, t->percall.time_ns), t->percall_before);
}

/* Judged at the end: until then a lower number may still have come late. */
static NOT_IN_THE_WAY void started_late(struct judge *j, const struct event *e, unsigned host,
					const struct gre_memory *m)
{
	unsigned how = first_lost(m, gre_half(e->call, !host));
	const struct gre_trouble *t = gre_odd(m);
	const struct flow *flow = call_flow(e->call, host);
	struct finding *f;
	uint64_t frame;

	if (t && t->percall.frame && t->percall.value == m->first_seq) {
		carried_over(j, e, host, m, how);
		return;
	}
	f = fail(j, e, RULE_GRE_SEQ_START_01, (int)host, FAIL_DOUBT | how);
	frame = flow ? flow_first_frame(flow) : 0;
	if (t && t->first_frame)
		frame = t->first_frame;
	f = at(f, frame, long_time(m->first_time, e->time_ns));
	if (m->first_seq == 1)
		say(f, "%s began to count its data at 1 instead of 0, as many systems do", who(e, host));
	else
		say(f, "%s began to count its data at %u, or its first packets were lost", who(e, host),
		    m->first_seq);
	observed(expected(f, "0"), "%u", m->first_seq);
}

/* --- gaps ------------------------------------------------------------------------------------- */

/* Numbers are missing exactly where pure acknowledgments were sent, and that five times. */
static void skipped(const struct gre_look *l, struct gre_trouble *t)
{
	const struct event *e = l->e;
	struct finding *f;

	if (!t->skips)
		t->skip = mark(e, e->gre->seq, l->own->highest + 1);
	t->skips += l->own->acks_between;
	if (t->skips < SKIPS_ENOUGH || l->own->done & GRE_DONE_SKIP)
		return;
	l->own->done |= GRE_DONE_SKIP;
	f = fail(l->j, e, RULE_GRE_SEQ_ACKONLY_01, (int)e->from,
		 l->own->flags & GRE_MEM_LATE ? UNLESS_REORDER : 0);
	say(f, "%s used up a sequence number for each of %u pure acknowledgments", who(e, e->from), t->skips);
	observed(expected(f, "%u", t->skip.limit), "%u", t->skip.value);
	at(f, t->skip.frame, t->skip.time_ns);
}

/* Every packet leaves out as many numbers as the one before: no loss is that regular. */
static bool regular(struct gre_trouble *t, uint32_t last, uint32_t step)
{
	bool same = t->step == step && t->step_seq == last && t->regular < UINT8_MAX;

	t->regular = same ? (uint8_t)(t->regular + 1) : 1;
	t->step = step;
	t->step_seq = last + step;
	return t->regular == REGULAR_ENOUGH;
}

/* The other side acknowledged one of the missing numbers, so that it was sent. */
static bool was_received(const struct gre_memory *peer, uint32_t due, uint32_t step)
{
	const struct gre_trouble *t = peer ? gre_odd(peer) : NULL;

	return t && t->unsent.frame && t->unsent.value - due < step - 1;
}

static void gap(const struct gre_look *l, uint32_t step)
{
	struct gre_memory *m = l->own;
	struct gre_trouble *t = gre_trouble(l->j, m);
	uint32_t due = m->highest + 1;
	bool at_acks = m->acks_between && step == m->acks_between + 1u && !(m->flags & GRE_MEM_COUNTS_RIGHT);
	bool shown;

	/* What may never have been sent is not outstanding. */
	m->floor += step - 1;
	if (!t)
		return;
	t->holes += step - 1;
	if (!t->has_hole) {
		t->has_hole = true;
		t->hole = due;
		t->hole_time = l->e->time_ns;
	}
	if (at_acks)
		skipped(l, t);
	else
		m->flags |= GRE_MEM_COUNTS_RIGHT;
	if ((t->gap.frame && !t->gap_maybe_lost) || was_received(l->peer, due, step))
		return;
	shown = ids_adjoin(l) || regular(t, m->highest, step);
	if (shown || (!t->gap.frame && !ids_known(l))) {
		t->gap = mark(l->e, l->e->gre->seq, due);
		t->gap_maybe_lost = !shown;
	}
}

static void count_broken(struct judge *j, const struct event *e, unsigned host, const struct gre_mark *where,
			 unsigned how, const char *what)
{
	struct finding *f = fail(j, e, RULE_GRE_SEQ_NEXT_01, (int)host, how);

	say(f, "%s went %s with its sequence numbers, from %u to %u", who(e, host), what, where->limit - 1,
	    where->value);
	observed(expected(f, "%u", where->limit), "%u", where->value);
	at(f, where->frame, where->time_ns);
}

/* What was out before is out of the question. */
static void go_on_from(const struct gre_look *l)
{
	struct gre_memory *m = l->own;
	struct gre_trouble *t = gre_odd(m);

	m->flags &= (uint16_t) ~(GRE_MEM_RESOLVE | GRE_MEM_OVER);
	m->acked = m->floor = l->e->gre->seq - 1;
	m->unacked_since = (struct short_time){ 0, 0 };
	mark_only(m, l->e);
	if (t)
		t->has_hole = false;
	if (l->peer)
		l->peer->flags &= (uint16_t) ~(GRE_MEM_TOLD | GRE_MEM_TOLD_DATA);
}

/* The count starts anew somewhere else. */
static void restart(const struct gre_look *l, const char *what)
{
	struct gre_memory *m = l->own;
	struct gre_mark where = mark(l->e, l->e->gre->seq, m->highest + 1);

	if (!(m->flags & GRE_MEM_RESTARTED))
		count_broken(l->j, l->e, l->e->from, &where, 0, what);
	m->flags |= GRE_MEM_RESTARTED;
	go_on_from(l);
}

/* All data until now was late, of a call that had ended: the count begins here. */
static void begins_here(const struct gre_look *l)
{
	struct gre_memory *m = l->own;
	struct gre_trouble *t = gre_odd(m);

	m->first_seq = l->e->gre->seq;
	m->first_time = short_time(l->e->time_ns);
	t->percall.frame = t->gap.frame = t->soft.frame = 0;
	t->maybe_old = false;
	t->holes = 0;
	first_frame_is(l);
	go_on_from(l);
}

/* --- numbers that came before ----------------------------------------------------------------- */

/* The same number again: by the sender, or a copy that the network made? */
static void again(const struct gre_look *l, const struct gre_recent *r)
{
	const struct event *e = l->e;
	bool same = r->hash == payload_hash(e->gre), same_id = r->ip_id == e->ip_id;
	bool ids_tell = e->ip_id && !(l->own->flags & GRE_MEM_IDS_WILD);
	int64_t apart = e->time_ns - r->time_ns;
	bool waited = apart >= MILLISECONDS(200);
	enum rule_number rule = same && waited ? RULE_CONG_NORETX_01 : RULE_OOS_DUP_01;
	struct finding *f;

	if (same && same_id && (ids_tell || !waited))
		return;
	f = fail(l->j, e, rule, (int)e->from, same && (same_id || apart < MILLISECONDS(1)) ? FAIL_DOUBT : 0);
	if (rule == RULE_CONG_NORETX_01)
		say(f, "%s sent the data packet with sequence number %u a second time", who(e, e->from),
		    e->gre->seq);
	else
		say(f, "%s used sequence number %u twice, with %s payload", who(e, e->from), e->gre->seq,
		    same ? "the same" : "different");
	observed(expected(f, "%u", l->own->highest + 1), "%u", e->gre->seq);
	evidence(f, r->frame);
}

/* A first copy that other packets overtook: it may fill what looked like a gap. */
static void late(const struct gre_look *l)
{
	struct gre_memory *m = l->own;
	struct gre_trouble *t = gre_odd(m);
	uint32_t seq = l->e->gre->seq;

	m->flags |= GRE_MEM_LATE;
	if (t)
		t->holes -= t->holes > 0;
	if (gre_distance(m->first_seq, seq) < 0) {
		m->first_seq = seq;
		m->first_time = short_time(l->e->time_ns);
		first_frame_is(l);
	}
	if (t && t->gap.frame && seq - t->gap.limit < t->gap.value - t->gap.limit)
		t->gap.frame = 0;
	if (t && t->has_hole && t->hole == seq)
		t->has_hole = false;
	gre_data_noted(l);
	gre_ppp(l, true);
}

/*
 * Below all that were seen: the count went back, or the first packets changed their order?  They did not if
 * this one was sent later, or if it should have come before number 0.
 */
static bool below_start(const struct gre_look *l)
{
	const struct gre_memory *m = l->own;
	int32_t below = gre_distance(l->e->gre->seq, m->first_seq);

	return below > START_SLACK ||
	       (below > 0 && (ids_adjoin(l) || (uint32_t)below > m->first_seq) &&
		l->e->time_ns - long_time(m->first_time, l->e->time_ns) > MILLISECONDS(100));
}

bool gre_data_odd(const struct gre_look *l, int32_t step)
{
	const struct gre_trouble *t = gre_odd(l->own);
	const struct gre_recent *r;

	if (t && t->maybe_old && l->e->gre->seq <= 1) {
		begins_here(l);
		return true;
	}
	if (step > JUMP_LIMIT) {
		restart(l, "forward");
		return true;
	}
	if (step > 0) {
		gap(l, (uint32_t)step);
		return true;
	}
	r = recent(l, l->e->gre->seq);
	if (r && r->frame && r->seq == l->e->gre->seq && r->call == recent_call(l->e)) {
		again(l, r);
		return false;
	}
	if (step <= -LATE_LIMIT || below_start(l)) {
		restart(l, "back");
		return true;
	}
	/* Seen, but too long ago to know what it was. */
	if (step > -64 && l->e->flow && l->e->flow->window >> -step & 1)
		return false;
	late(l);
	return false;
}

/* --- every packet ----------------------------------------------------------------------------- */

void gre_data_noted(const struct gre_look *l)
{
	const struct event *e = l->e;
	struct gre_memory *m = l->own;
	struct gre_recent *r = recent(l, e->gre->seq);

	if (r)
		*r = (struct gre_recent){ e->frame,       e->time_ns, e->gre->seq, payload_hash(e->gre),
					  recent_call(e), e->ip_id };
	if (gre_distance(m->highest, e->gre->seq) <= 0)
		return;
	if ((int16_t)(e->ip_id - m->ip_id) <= 0)
		m->flags |= GRE_MEM_IDS_WILD;
	m->data_ip_id = (uint16_t)e->ip_id;
	/* Two points in the past, half a second or more apart; what seems to be in the future is old. */
	if ((uint16_t)(gre_tick(e->time_ns) - m->mark_tick[1]) > MILLISECONDS(MARK_MS) >> GRE_TICK_SHIFT)
		mark_next(m, e);
}

void gre_seq_end(struct judge *j, const struct event *e, unsigned host)
{
	const struct gre_memory *m = gre_half(e->call, host);
	const struct gre_trouble *t = gre_odd(m);

	if (m->flags & GRE_MEM_DATA && m->first_seq && !(m->flags & GRE_MEM_RESTARTED))
		started_late(j, e, host, m);
	if (t && t->gap.frame && !(m->done & GRE_DONE_SKIP) && !(m->flags & GRE_MEM_RESTARTED))
		count_broken(j, e, host, &t->gap,
			     lossy(m, gre_half(e->call, !host)) |
				     (t->gap_maybe_lost ? UNLESS_GRE_LOSS : 0) |
				     (m->flags & GRE_MEM_LATE ? UNLESS_REORDER : 0),
			     "forward");
}
