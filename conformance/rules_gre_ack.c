/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Acknowledgment Numbers: of what was sent, of all that arrived, never back.  RFC 2637 sections
 * 4.1 and 4.3.
 *
 * What an acknowledgment proves often shows only by what follows: that a number was acknowledged
 * before it was sent, when it is sent; that it was too low, when it is put right although nothing
 * else had arrived.
 */
#include "conformance/rules_gre_private.h"

enum {
	NEVER_LOST = 1000,  /* an acknowledgment this far ahead is not explained by lost packets */
	HARDLY_LOST = 16,   /* ... and this far not by a few at the end of what was captured */
	ORDER_MS = 5,       /* packets of the two ways change their order by less, in a capture */
	PLAINLY_BEHIND = 3, /* packets: less may have been lost behind the observer */
	HOLE_AFTER = 2,     /* later packets that have to arrive before a gap can be called stuck */
};

static struct gre_mark mark(const struct event *e, uint32_t value, uint32_t limit)
{
	return (struct gre_mark){ e->frame, e->time_ns, value, limit };
}

static unsigned reordered(const struct gre_look *l)
{
	unsigned flags = l->own->flags | (l->peer ? l->peer->flags : 0);

	return flags & GRE_MEM_LATE ? UNLESS_REORDER : 0;
}

static unsigned lossy(const struct gre_memory *own, const struct gre_memory *peer)
{
	return gre_holes(own) && peer && gre_holes(peer) ? UNLESS_GRE_LOSS : 0;
}

/* --- before there was data -------------------------------------------------------------------- */

static void early_fail(struct judge *j, const struct event *e, unsigned host, const struct gre_mark *m,
		       unsigned how, uint64_t data_frame)
{
	struct finding *f = fail(j, e, RULE_GRE_ACK_04, (int)host, how);

	say(f, "%s acknowledged number %u before any data had reached it", who(e, host), m->value);
	observed(expected(f, "A clear"), "acknowledgment %u", m->value);
	evidence(at(f, m->frame, m->time_ns), data_frame);
}

static void early(const struct gre_look *l)
{
	const struct event *e = l->e;
	struct gre_trouble *t;
	struct gre_mark m = mark(e, e->gre->ack, 0);

	if (l->own->done & GRE_DONE_EARLY_ACK)
		return;
	l->own->done |= GRE_DONE_EARLY_ACK;
	/* No count can have come there yet: nothing that was lost explains it. */
	if (e->gre->ack == UINT32_MAX) {
		early_fail(l->j, e, e->from, &m, 0, 0);
		return;
	}
	t = gre_trouble(l->j, l->own);
	if (t)
		t->early_ack = m;
}

/*
 * The first data of the other side came.  A number not above it was acknowledged before it was
 * sent, unless the two just changed places; one below it may belong to a packet that was lost.
 */
static void early_resolve(const struct gre_look *l, struct gre_trouble *t, uint32_t seq)
{
	int32_t ahead = gre_distance(t->early_ack.value, seq);
	bool close = l->e->time_ns - t->early_ack.time_ns < MILLISECONDS(ORDER_MS);
	unsigned how = ahead > 1 ? UNLESS_GRE_LOSS : ahead == 1 || (ahead == 0 && close) ? FAIL_DOUBT : 0;

	if (ahead > 0)
		l->own->flags |= GRE_MEM_FIRST_LOST;
	early_fail(l->j, l->e, !l->e->from, &t->early_ack, how, l->e->frame);
	t->early_ack.frame = 0;
}

/* --- of what was not sent --------------------------------------------------------------------- */

static void unsent_fail(struct judge *j, const struct event *e, unsigned host, const struct gre_mark *m,
			unsigned how, uint64_t sent_frame)
{
	struct finding *f = fail(j, e, RULE_GRE_ACK_02, (int)host, how);

	say(f, "%s acknowledged number %u when %u was the highest that %s had sent", who(e, host), m->value,
	    m->limit, who(e, !host));
	observed(expected(f, "at most %u", m->limit), "%u", m->value);
	evidence(at(f, m->frame, m->time_ns), sent_frame);
}

static void unsent(const struct gre_look *l, int32_t ahead)
{
	const struct event *e = l->e;
	struct gre_mark m = mark(e, e->gre->ack, l->peer->highest);
	struct gre_trouble *t;

	if (ahead > NEVER_LOST) {
		unsent_fail(l->j, e, e->from, &m, 0, 0);
		return;
	}
	t = gre_trouble(l->j, l->own);
	if (!t || t->unsent.frame)
		return;
	t->unsent = m;
	l->peer->flags |= GRE_MEM_RESOLVE;
}

/* A number of the upper half, which to the other side's count is still to come: it is not old. */
static bool never_sent(const struct gre_look *l)
{
	const struct gre_memory *peer = l->peer;
	uint32_t half = UINT32_C(1) << 31;

	return l->e->gre->ack >= half && peer->highest < half && peer->first_seq < half &&
	       !(peer->flags & GRE_MEM_RESTARTED) && l->e->peer && l->e->peer->packets < half;
}

/*
 * The next data of the other side came.  A number that was acknowledged comes now for the first
 * time: it had not been sent.  All of them are passed over: they were lost before they were seen.
 */
static void unsent_resolve(const struct gre_look *l, struct gre_trouble *t, uint32_t seq)
{
	int64_t apart = l->e->time_ns - t->unsent.time_ns;
	bool one = t->unsent.value - t->unsent.limit == 1;
	unsigned how = 0;

	if (gre_distance(t->unsent.value, seq) > 0)
		how = UNLESS_GRE_LOSS;
	else if (apart < MILLISECONDS(1) / 2 || (one && apart < MILLISECONDS(ORDER_MS)))
		how = UNLESS_REORDER;
	unsent_fail(l->j, l->e, !l->e->from, &t->unsent, how, l->e->frame);
	t->unsent.frame = 0;
}

/* l->own sends the data, the other side's acknowledgments are decided. */
void gre_ack_resolve(const struct gre_look *l, uint32_t seq)
{
	struct gre_trouble *t = l->peer ? gre_odd(l->peer) : NULL;

	l->own->flags &= (uint16_t)~GRE_MEM_RESOLVE;
	if (t && t->early_ack.frame)
		early_resolve(l, t, seq);
	if (t && t->unsent.frame)
		unsent_resolve(l, t, seq);
}

/* --- back ------------------------------------------------------------------------------------- */

/* The lower one was sent later: by the sender's own counts, not by the order in the capture. */
static bool sent_later(const struct gre_look *l, bool *proven, bool *sent_before)
{
	const struct gre_memory *m = l->own;
	const struct gre_pkt *g = l->e->gre;
	int16_t ids = (int16_t)((uint16_t)l->e->ip_id - m->told_ip_id);

	*proven = false;
	*sent_before = false;
	if (g->flags & GRE_S && gre_distance(m->told_seq, g->seq) <= 0) {
		*sent_before = true;
		return false;
	}
	if (g->flags & GRE_S && m->flags & GRE_MEM_TOLD_DATA) {
		*proven = true;
		return true;
	}
	if (m->flags & GRE_MEM_IDS_WILD || !l->e->ip_id || !m->told_ip_id)
		return gre_passed(m->told_tick, l->e->time_ns, MILLISECONDS(100));
	*sent_before = ids <= 0;
	return ids > 0;
}

static void back(const struct gre_look *l)
{
	const struct event *e = l->e;
	bool proven, sent_before, later = sent_later(l, &proven, &sent_before);
	struct finding *f;
	unsigned how = proven ? 0 : FAIL_DOUBT | reordered(l);

	if (never_sent(l)) {
		unsent(l, INT32_MAX);
		return;
	}
	if (sent_before)
		return;
	if (!later)
		how |= UNLESS_REORDER;
	f = fail(l->j, e, RULE_GRE_ACK_03, (int)e->from, how);
	say(f, "%s acknowledged number %u after it had acknowledged %u", who(e, e->from), e->gre->ack,
	    l->peer->acked);
	observed(expected(f, "at least %u", l->peer->acked), "%u", e->gre->ack);
}

/* --- too low ---------------------------------------------------------------------------------- */

/* The highest number that went past for certain more than a second ago. */
static bool delivered(const struct gre_memory *m, int64_t now, uint32_t *seq)
{
	if (now - long_time(m->last_data, now) >= SECONDS(1))
		*seq = m->highest;
	else if (gre_passed(m->mark_tick[1], now, SECONDS(1)))
		*seq = m->mark_seq;
	else if (gre_passed(m->mark_tick[0], now, SECONDS(1)))
		*seq = m->mark_seq - m->mark_less;
	else
		return false;
	return true;
}

static void stale_fail(const struct gre_look *l, const struct gre_mark *m)
{
	const struct event *e = l->e;
	struct finding *f;

	if (l->own->done & GRE_DONE_STALE)
		return;
	l->own->done |= GRE_DONE_STALE;
	f = fail(l->j, e, RULE_GRE_ACK_01, (int)e->from, lossy(l->own, l->peer) | reordered(l));
	say(f, "%s acknowledged only number %u more than a second after %u had been sent to it",
	    who(e, e->from), m->value, m->limit);
	observed(expected(f, "at least %u", m->limit), "%u", m->value);
	at(f, m->frame, m->time_ns);
}

/* It stays right below a number that is missing, though later ones arrived. */
static bool below_hole(const struct gre_look *l)
{
	const struct gre_trouble *t = gre_odd(l->peer);
	const struct event *e = l->e;
	struct finding *f;

	if (!t || !t->has_hole || e->gre->ack != t->hole - 1)
		return false;
	if (e->time_ns - t->hole_time <= SECONDS(5) || l->own->done & GRE_DONE_STUCK ||
	    gre_distance(t->hole, l->peer->highest) < HOLE_AFTER)
		return true;
	l->own->done |= GRE_DONE_STUCK;
	f = fail(l->j, e, RULE_OOS_ACK_01, (int)e->from, lossy(l->own, l->peer) | reordered(l));
	say(f, "%s still acknowledges %u after 5 s, as %u is missing, though %u arrived", who(e, e->from),
	    e->gre->ack, t->hole, l->peer->highest);
	observed(expected(f, "%u", l->peer->highest), "%u", e->gre->ack);
	return true;
}

static void low(const struct gre_look *l)
{
	const struct event *e = l->e;
	struct gre_mark m = mark(e, e->gre->ack, 0);
	struct gre_trouble *t;

	if (l->own->done & GRE_DONE_STALE || !delivered(l->peer, e->time_ns, &m.limit) ||
	    gre_distance(m.value, m.limit) <= 0 || below_hole(l))
		return;
	if (gre_distance(m.value, m.limit) >= PLAINLY_BEHIND) {
		stale_fail(l, &m);
		return;
	}
	t = gre_trouble(l->j, l->own);
	if (t && !t->stale.frame)
		t->stale = m;
}

/* The number goes up: was that due before? */
static void raised(const struct gre_look *l)
{
	struct gre_trouble *t = gre_odd(l->own);
	uint32_t ack = l->e->gre->ack;

	if (t && t->stale.frame && gre_distance(t->stale.value, ack) > 0) {
		if (l->peer->highest == t->stale.limit && ack == t->stale.limit)
			stale_fail(l, &t->stale);
		t->stale.frame = 0;
	}
	t = gre_odd(l->peer);
	if (t && t->has_hole && gre_distance(t->hole, ack) >= 0)
		t->has_hole = false;
	/* One of the numbers that were thought to be left out was sent after all. */
	if (t && t->gap.frame && ack - t->gap.limit < t->gap.value - t->gap.limit)
		t->gap.frame = 0;
}

/* --- every acknowledgment --------------------------------------------------------------------- */

static void told(const struct gre_look *l)
{
	struct gre_memory *m = l->own;
	bool data = l->e->gre->flags & GRE_S;

	m->told_tick = gre_tick(l->e->time_ns);
	m->told_ip_id = (uint16_t)l->e->ip_id;
	m->told_seq = data ? l->e->gre->seq : m->highest;
	m->flags &= (uint16_t)~GRE_MEM_TOLD_DATA;
	m->flags |= data ? GRE_MEM_TOLD | GRE_MEM_TOLD_DATA : GRE_MEM_TOLD;
}

void gre_ack(const struct gre_look *l)
{
	struct gre_memory *peer = l->peer;
	uint32_t ack = l->e->gre->ack;
	int32_t ahead;

	if (!peer || !(peer->flags & GRE_MEM_DATA)) {
		early(l);
		return;
	}
	ahead = gre_distance(peer->highest, ack);
	if (ahead > 0) {
		unsent(l, ahead);
		return;
	}
	if (l->own->flags & GRE_MEM_TOLD) {
		int32_t step = gre_distance(peer->acked, ack);

		if (step < 0) {
			back(l);
			return;
		}
		if (step > 0)
			raised(l);
		if (ahead < 0)
			low(l);
		if (!step)
			return;
	} else if (ack != UINT32_MAX && never_sent(l)) {
		unsent(l, INT32_MAX);
		return;
	} else if (gre_distance(peer->first_seq, ack) < 0) {
		/* The first data was not there yet when this was sent; or it was, and is not in the capture.
		 */
		if (ack != UINT32_MAX)
			peer->flags |= GRE_MEM_FIRST_LOST;
		early(l);
		return;
	}
	told(l);
	gre_window_acked(l, ack);
}

void gre_ack_end(struct judge *j, const struct event *e, unsigned host)
{
	const struct gre_memory *m = gre_half(e->call, host);
	const struct gre_memory *peer = gre_half(e->call, !host);
	struct gre_trouble *t = gre_odd(m);

	if (!t)
		return;
	if (t->early_ack.frame)
		early_fail(j, e, host, &t->early_ack,
			   !peer                        ? UNLESS_ONE_WAY
			   : peer->flags & GRE_MEM_DATA ? UNLESS_GRE_LOSS
							: FAIL_DOUBT,
			   0);
	if (t->unsent.frame)
		unsent_fail(j, e, host, &t->unsent,
			    t->unsent.value - t->unsent.limit > HARDLY_LOST ? FAIL_DOUBT : UNLESS_GRE_LOSS,
			    0);
	t->early_ack.frame = t->unsent.frame = 0;
}
