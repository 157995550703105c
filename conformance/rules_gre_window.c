/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sliding window of data and the time-outs of its sender, and whether acknowledgments come in
 * time: RFC 2637 sections 4.2 and 4.4.
 *
 * What is outstanding is counted from the last acknowledgment, or the last silence that may have
 * been a time-out.  That is never more than the sender itself counts, wherever the capture was
 * made.  A sender that does not care for the announced window at all is reported for that, and not
 * for the finer rules.
 *
 * `allowed` is the most that its own window can be: half of the announced one at first, one more
 * for every window acknowledged, half after a time-out.
 */
#include "conformance/rules_gre_private.h"

enum {
	STALL_MS = 450, /* a time-out is at least this long, by policy 0.5 s */
	STALL_MAX_MS = 60000,
	DELAY_UNIT_MS = 100, /* of the processing delays in call set-up */
	STALLS_ENOUGH = 5,
	DELAYS_ENOUGH = 8, /* acknowledgments that were timed */
	ACK_DUE_S = 5,
	STOP_S = 3, /* longer than any time-out that is known of */
	WAIT_S = 60,
};

static struct gre_mark mark(const struct event *e, uint32_t value, uint32_t limit)
{
	return (struct gre_mark){ e->frame, e->time_ns, value, limit };
}

static unsigned doubts(const struct gre_memory *own, const struct gre_memory *peer)
{
	unsigned how = peer && gre_holes(peer) ? UNLESS_GRE_LOSS : 0;

	if ((own->flags | (peer ? peer->flags : 0)) & GRE_MEM_LATE)
		how |= UNLESS_REORDER;
	return peer ? how : how | UNLESS_ONE_WAY;
}

static unsigned half_of(unsigned n)
{
	return n > 1 ? (n + 1) / 2 : 1;
}

/* The window that was announced to this host, once the call is up. */
static unsigned announced(const struct event *e, unsigned host)
{
	int pac = pac_of(e);
	unsigned window = pac >= 0 && (unsigned)pac == host ? e->call->pns_window : e->call->pac_window;

	return window ? window : 1;
}

static void window_init(const struct gre_look *l)
{
	const struct call *c = l->e->call;

	if (c->state != CALL_ESTABLISHED)
		return;
	if (pac_of(l->e) < 0 || !call_step(c, STEP_REQUEST).frame)
		l->own->flags |= GRE_MEM_NO_WINDOW;
	l->own->allowed = (uint16_t)half_of(announced(l->e, l->e->from));
}

/* Silence of the sender from which on a time-out may have been, by what the receiver said that it takes. */
static int64_t stall_time(const struct event *e)
{
	const struct call *c = e->call;
	bool from_pac = pac_of(e) == (int)e->from;
	uint32_t delay = (from_pac ? c->pns_delay : c->pac_delay) * (uint32_t)DELAY_UNIT_MS;

	return MILLISECONDS(delay < STALL_MS ? STALL_MS : delay > STALL_MAX_MS ? STALL_MAX_MS : delay);
}

/* --- what is found ---------------------------------------------------------------------------- */

/* More was out than announced, and an acknowledgment or a silence has ended that. */
static void over_fail(struct judge *j, const struct event *e, unsigned host)
{
	struct gre_memory *m = gre_half(e->call, host);
	const struct gre_mark *o = &gre_odd(m)->over;
	struct finding *f;

	m->flags &= (uint16_t)~GRE_MEM_OVER;
	m->flags |= GRE_MEM_HARD;
	f = fail(j, e, RULE_WIN_MAX_01, (int)host, doubts(m, gre_half(e->call, !host)));
	say(f, "%s had %u packets unacknowledged, and a window of %u was announced to it", who(e, host),
	    o->value, o->limit);
	observed(expected(f, "at most %u", o->limit), "%u", o->value);
	at(f, o->frame, o->time_ns);
}

static void stop_fail(const struct gre_look *l)
{
	const struct event *e = l->e;
	struct gre_memory *m = l->own;
	const struct gre_mark *o = &gre_odd(m)->over;
	struct finding *f;

	m->flags &= (uint16_t)~GRE_MEM_OVER;
	m->flags |= GRE_MEM_HARD;
	f = fail(l->j, e, RULE_WIN_STOP_01, (int)e->from, doubts(m, l->peer));
	say(f, "%s goes on sending, %u packets by now, though nothing was acknowledged for more than %d s",
	    who(e, e->from), m->highest - m->floor, STOP_S);
	observed(expected(f, "a pause at %u", o->limit), "%u packets unacknowledged", m->highest - m->floor);
	evidence(f, o->frame);
	/* Such a sender has no window to be looked at. */
	m->flags |= GRE_MEM_NO_WINDOW;
}

/* What is below the announced window but above what the sender's own can be: told at the end. */
static void soft(const struct gre_look *l, uint32_t out)
{
	struct gre_memory *m = l->own;
	struct gre_trouble *t = gre_trouble(l->j, m);

	if (t && !t->soft.frame) {
		t->soft = mark(l->e, out, m->allowed);
		t->soft_rule = m->flags & GRE_MEM_TIMED_OUT ? RULE_WIN_CLOSE_01
			       : m->flags & GRE_MEM_ACKED   ? RULE_WIN_GROW_01
							    : RULE_WIN_INIT_01;
	}
	m->allowed = (uint16_t)out;
}

static void soft_fail(struct judge *j, const struct event *e, unsigned host, const struct gre_memory *m)
{
	const struct gre_trouble *t = gre_odd(m);
	struct finding *f;

	f = fail(j, e, (enum rule_number)t->soft_rule, (int)host, doubts(m, gre_half(e->call, !host)));
	if (t->soft_rule == RULE_WIN_INIT_01)
		say(f, "%s had %u packets out before the first acknowledgment, of a window of %u",
		    who(e, host), t->soft.value, announced(e, host));
	else if (t->soft_rule == RULE_WIN_GROW_01)
		say(f, "%s opened its window to %u packets when it could have grown to %u", who(e, host),
		    t->soft.value, t->soft.limit);
	else
		say(f, "%s sent %u packets after a time-out that should have closed its window to %u",
		    who(e, host), t->soft.value, t->soft.limit);
	observed(expected(f, "at most %u", t->soft.limit), "%u", t->soft.value);
	at(f, t->soft.frame, t->soft.time_ns);
}

/* Silent for a minute with a full window: the time-out that should end that does not come. */
static void waits_for_ever(struct judge *j, const struct event *e, unsigned host, int64_t now)
{
	struct gre_memory *m = gre_half(e->call, host);
	const struct flow *flow = call_flow(e->call, host);
	int64_t last_data = long_time(m->last_data, now);
	struct finding *f;

	if (now - last_data < SECONDS(WAIT_S) || m->highest - m->floor < announced(e, host) ||
	    !gre_waits(m) || m->flags & (GRE_MEM_HARD | GRE_MEM_NO_WINDOW))
		return;
	f = fail(j, e, RULE_ATO_REQ_01, (int)host, doubts(m, gre_half(e->call, !host)));
	say(f, "%s sent nothing for 60 s after its window of %u was full", who(e, host), announced(e, host));
	observed(expected(f, "data after a time-out"), "%lld s of silence",
		 (long long)((now - last_data) / SECONDS(1)));
	if (flow)
		at(f, flow_last_frame(flow), last_data);
}

/* --- time-outs -------------------------------------------------------------------------------- */

/* Stall after stall of the same length: nobody backs off. */
static void backoff(const struct gre_look *l, int64_t silence)
{
	struct gre_trouble *t = gre_trouble(l->j, l->own);
	struct finding *f;

	if (!t)
		return;
	if (silence >= SECONDS(1) || (t->stalls && silence * 10 > t->stall * 12)) {
		t->stalls = 0;
		return;
	}
	if (!t->stalls)
		t->stall = silence;
	if (++t->stalls != STALLS_ENOUGH || l->own->flags & GRE_MEM_HARD)
		return;
	f = fail(l->j, l->e, RULE_CONG_BACKOFF_01, (int)l->e->from, doubts(l->own, l->peer));
	say(f, "%s waited through five time-outs in a row of which none was longer than the first",
	    who(l->e, l->e->from));
	observed(expected(f, "growing intervals"), "about %lld ms each",
		 (long long)(t->stall / MILLISECONDS(1)));
}

/* The sender goes on after a silence in which nothing was acknowledged. */
static void stalled(const struct gre_look *l, uint32_t before, int64_t silence)
{
	struct gre_memory *m = l->own;
	uint32_t out = before - m->floor, window = announced(l->e, l->e->from);
	struct gre_trouble *t = gre_odd(m);

	if (m->flags & GRE_MEM_OVER)
		over_fail(l->j, l->e, l->e->from);
	waits_for_ever(l->j, l->e, l->e->from, l->e->time_ns);
	if (out >= m->allowed) {
		/* With a full window only a time-out lets it go on. */
		m->allowed = (uint16_t)half_of(out < window ? out : window);
		m->grown = 0;
		m->flags |= GRE_MEM_TIMED_OUT;
		backoff(l, silence);
	} else {
		m->flags &= (uint16_t)~GRE_MEM_TIMED_OUT;
		if (t)
			t->stalls = 0;
	}
	m->floor = before;
}

/* --- data ------------------------------------------------------------------------------------- */

static void exceeded(const struct gre_look *l, uint32_t out)
{
	struct gre_memory *m = l->own;
	unsigned window = announced(l->e, l->e->from);
	struct gre_trouble *t;

	if (out <= window) {
		soft(l, out);
		return;
	}
	t = gre_trouble(l->j, m);
	if (!t)
		return;
	if (!(m->flags & GRE_MEM_OVER)) {
		m->flags |= GRE_MEM_OVER;
		t->over = mark(l->e, out, window);
	} else if (l->e->time_ns - t->over.time_ns >= SECONDS(STOP_S)) {
		stop_fail(l);
	}
}

void gre_window_sent(const struct gre_look *l, uint32_t before)
{
	struct gre_memory *m = l->own;
	int64_t now = l->e->time_ns, silence = now - long_time(m->last_data, now);
	uint32_t out;

	gre_window_due(l->j, l->e, l->e->from, m, now);
	if (!m->allowed)
		window_init(l);
	if (m->allowed && !(m->flags & GRE_MEM_NO_WINDOW)) {
		if (before != m->floor && silence >= MILLISECONDS(STALL_MS) && silence >= stall_time(l->e))
			stalled(l, before, silence);
		out = m->highest - m->floor;
		if (out > m->allowed)
			exceeded(l, out);
	}
	if (!gre_waits(m))
		m->unacked_since = short_time(now);
	m->last_data = short_time(now);
}

/* --- acknowledgments -------------------------------------------------------------------------- */

static bool overdue(const struct judge *j, const struct event *e, unsigned host, const struct gre_memory *m,
		    int64_t now)
{
	int64_t waited = now - long_time(m->unacked_since, now);

	if (judge_profile(j) == PROFILE_MS_PTPT)
		return waited > MILLISECONDS(GRE_ACK_DUE_MS);
	return waited > SECONDS(ACK_DUE_S) && m->highest - m->acked >= announced(e, host);
}

void gre_window_late(struct judge *j, const struct event *e, unsigned host, int64_t now)
{
	struct gre_memory *m = gre_half(e->call, host), *peer = gre_half(e->call, !host);
	bool ms = judge_profile(j) == PROFILE_MS_PTPT;
	long long waited = (now - long_time(m->unacked_since, now)) / MILLISECONDS(1);
	struct finding *f;

	if (!m->allowed || m->flags & GRE_MEM_NO_WINDOW || m->done & GRE_DONE_DUE ||
	    !overdue(j, e, host, m, now))
		return;
	m->done |= GRE_DONE_DUE;
	f = fail(j, e, ms ? RULE_MSP_ACK100_01 : RULE_WIN_ACKDUE_01, !host, doubts(m, peer));
	say(f, "%s left data up to number %u unacknowledged for %lld ms", who(e, !host), m->highest, waited);
	observed(expected(f, ms ? "an acknowledgment within 100 ms" : "an acknowledgment within 5 s"),
		 "%lld ms", waited);
	if (call_flow(e->call, host))
		evidence(f, flow_last_frame(call_flow(e->call, host)));
}

static void grow(const struct event *e, unsigned host, struct gre_memory *m, uint32_t acknowledged)
{
	uint32_t sum = m->grown + (acknowledged < UINT16_MAX ? acknowledged : UINT16_MAX);
	unsigned window;

	m->grown = (uint16_t)(sum < UINT16_MAX ? sum : UINT16_MAX);
	if (m->grown < m->allowed)
		return;
	window = announced(e, host);
	while (m->grown >= m->allowed && m->allowed < window)
		m->grown = (uint16_t)(m->grown - m->allowed++);
	if (m->allowed >= window)
		m->grown = 0;
}

/* l->own acknowledged data of l->peer as far as ack, further than before. */
void gre_window_acked(const struct gre_look *l, uint32_t ack)
{
	struct gre_memory *m = l->peer;
	unsigned host = !l->e->from;
	int32_t acknowledged = gre_distance(m->acked, ack);
	int64_t now = l->e->time_ns;
	struct gre_trouble *t = gre_odd(m);

	m->flags |= GRE_MEM_ACKED;
	if (acknowledged <= 0) {
		m->acked = ack;
		return;
	}
	if (m->flags & GRE_MEM_OVER)
		over_fail(l->j, l->e, host);
	if (now - long_time(m->last_data, now) >= SECONDS(WAIT_S))
		waits_for_ever(l->j, l->e, host, now);
	m->acked = ack;
	if (gre_distance(m->floor, ack) > 0)
		m->floor = ack;
	m->flags &= (uint16_t)~GRE_MEM_TIMED_OUT;
	if (t)
		t->stalls = 0;
	m->unacked_since = ack == m->highest ? (struct short_time){ 0, 0 } : short_time(now);
	if (m->allowed)
		grow(l->e, host, m, (uint32_t)acknowledged);
}

/* --- the end ---------------------------------------------------------------------------------- */

/* From the observer to the PAC and back, as the handshake shows it; 0 where it does not. */
static int64_t round_trip(const struct control_connection *c, unsigned pac)
{
	int64_t syn = 0;
	const struct moment *m;
	uint64_t left_out;

	if (c->originator == pac)
		return 0;
	for (unsigned i = 0; (m = history_at(&c->history, i, &left_out)); i++) {
		if (m->kind == MOMENT_SYN)
			syn = m->time_ns;
		else if (m->kind == MOMENT_SYNACK && syn)
			return m->time_ns - syn;
	}
	return 0;
}

/*
 * What the PAC said that it takes to pass a packet on, and what it takes to acknowledge one.  Where it
 * said nothing, by 0, nothing is compared.
 */
static void processing_delay(struct judge *j, const struct event *e, unsigned host)
{
	struct gre_memory *m = gre_half(e->call, host);
	const struct call *c = e->call;
	const struct flow *f = call_flow(c, host);
	int pac = pac_of(e);
	int64_t said = MILLISECONDS(c->pac_delay * DELAY_UNIT_MS), limit, mean;
	struct finding *found;

	if (m->done & GRE_DONE_DELAY || pac < 0 || (unsigned)pac == host || c->kind != CALL_OUTGOING ||
	    !e->connection || !f || f->rtt_count < DELAYS_ENOUGH)
		return;
	m->done |= GRE_DONE_DELAY;
	limit = 2 * (said + round_trip(e->connection, (unsigned)pac));
	mean = (int64_t)(f->rtt_sum_us / f->rtt_count) * 1000;
	if (mean <= limit || (int64_t)f->rtt_min_us * 1000 <= said)
		return;
	found = fail(j, e, RULE_OCRP_PPD_01, pac, doubts(m, gre_half(c, !host)));
	say(found, "the PAC takes %lld ms to acknowledge data, though it had said %lld ms",
	    (long long)(mean / MILLISECONDS(1)), (long long)(said / MILLISECONDS(1)));
	observed(expected(found, "at most about %lld ms", (long long)(limit / MILLISECONDS(1))), "%lld ms",
		 (long long)(mean / MILLISECONDS(1)));
	at(found, call_step(c, STEP_REPLY).frame, call_step(c, STEP_REPLY).time_ns);
}

/* When the call ended, as far as that shows. */
static int64_t end_time(const struct judge *j, const struct event *e)
{
	const struct control_connection *c = e->connection;

	return c && c->close != CLOSE_NONE ? c->last_time : judge_now(j);
}

void gre_window_end(struct judge *j, const struct event *e, unsigned host)
{
	struct gre_memory *m = gre_half(e->call, host);
	int64_t now = end_time(j, e);
	const struct gre_trouble *t;

	if (!(m->flags & GRE_MEM_DATA) || !m->allowed || m->flags & GRE_MEM_NO_WINDOW)
		return;
	if (e->call->pac_delay)
		processing_delay(j, e, host);
	gre_window_due(j, e, host, m, now);
	if (judge_profile(j) == PROFILE_MS_PTPT)
		return;
	if (m->flags & GRE_MEM_OVER)
		over_fail(j, e, host);
	if (m->highest != m->floor)
		waits_for_ever(j, e, host, now);
	t = gre_odd(m);
	if (t && t->soft.frame && !(m->flags & GRE_MEM_HARD))
		soft_fail(j, e, host, m);
}
