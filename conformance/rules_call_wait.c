/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replies about calls that came late or never: RFC 2637 sections 3, 3.1.4 and 3.2.
 *
 * One missing reply is one finding.  Where the side that waited went on past its 60 seconds, it is
 * the timer that was not kept; where it gave up in time, it is the reply that is missing.
 */
#include "conformance/rules_call_private.h"
#include "conformance/rules_control.h"

struct wait {
	enum awaited what;
	struct call_step_seen since;
	unsigned waits, owes; /* host indices */
	int64_t elapsed;
};

static const char *const awaited_names[] = {
	[AWAIT_NOTHING] = "nothing",
	[AWAIT_OCRP] = "an Outgoing-Call-Reply",
	[AWAIT_ICRP] = "an Incoming-Call-Reply",
	[AWAIT_ICCN] = "an Incoming-Call-Connected",
	[AWAIT_CDN] = "a Call-Disconnect-Notify",
};

enum awaited call_awaits(const struct call *c)
{
	if (c->pac_machine != STATE_IDLE && c->pns_machine == STATE_WAIT_DISCONNECT)
		return AWAIT_CDN;
	switch (c->pac_machine) {
	case STATE_WAIT_CS_ANS:
		return AWAIT_OCRP;
	case STATE_WAIT_REPLY:
		return AWAIT_ICRP;
	case STATE_ANSWERING:
		return AWAIT_ICCN;
	default:
		return AWAIT_NOTHING;
	}
}

static struct wait wait_of(const struct call *c, unsigned pac)
{
	static const enum call_step steps[] = {
		[AWAIT_NOTHING] = STEP_REQUEST, [AWAIT_OCRP] = STEP_REQUEST, [AWAIT_ICRP] = STEP_REQUEST,
		[AWAIT_ICCN] = STEP_REPLY,      [AWAIT_CDN] = STEP_CLEAR,
	};
	struct wait w = { .what = call_awaits(c) };

	w.since = call_step(c, steps[w.what]);
	w.waits = w.what == AWAIT_ICRP ? pac : !pac;
	w.owes = !w.waits;
	if (!w.since.frame)
		w.what = AWAIT_NOTHING;
	return w;
}

/* A finding about a wait names the message that was not answered. */
static void missing(struct judge *j, const struct event *e, const struct wait *w, enum rule_number rule,
		    unsigned how)
{
	bool timer = rule == RULE_KA_EXPECT_03 || rule == RULE_KA_EXPECT_04 || rule == RULE_KA_EXPECT_05 ||
		     rule == RULE_KA_STUCK_01;
	unsigned host = timer ? w->waits : w->owes;
	const char *role = (int)host == pac_of(e) ? "PAC" : "PNS";
	struct finding *f = fail(j, e, rule, (int)host, how);

	at(f, w->since.frame, w->since.time_ns);
	if (timer)
		say(f, "the %s went on waiting for %s and did not end the control connection after 60 s",
		    role, awaited_names[w->what]);
	else
		say(f, "the %s did not send %s", role, awaited_names[w->what]);
	expected(f, timer ? "the end of the control connection after 60 s" : "%s", awaited_names[w->what]);
	if (!timer && e->connection && e->connection->closed_by >= 0)
		observed(f, "none, and the TCP connection ended after %.1f s", (double)w->elapsed / 1e9);
	else
		observed(f, "%s after %.0f s", timer ? "still waiting" : "none", (double)w->elapsed / 1e9);
}

/* The own id of a Call-Disconnect-Notify that did not come. */
static void disconnect_missing(struct judge *j, const struct event *e, const struct wait *w, unsigned how)
{
	bool dialling = e->call->kind == CALL_OUTGOING && !was_connected(e->call);

	missing(j, e, w, dialling ? RULE_PACOUT_WAIT_04 : RULE_CCRQ_RESP_01, how);
}

static void umbrella_disconnect(struct judge *j, const struct event *e, const struct wait *w, unsigned how)
{
	if (was_connected(e->call))
		missing(j, e, w, e->call->kind == CALL_INCOMING ? RULE_PACIN_EST_02 : RULE_PACOUT_EST_01,
			how);
}

bool is_aborted(const struct call *c)
{
	return c->kind == CALL_OUTGOING && !c->replied && call_awaits(c) == AWAIT_CDN;
}

/*
 * With several calls aborted while dialling, a Call-Disconnect-Notify cannot be told to be about
 * one of them: the PNS never learnt the Call IDs of the PAC.
 */
static bool ambiguous(const struct event *e)
{
	return is_aborted(e->call) && calls_that(e, is_aborted) > 1;
}

static void late_disconnect(struct judge *j, const struct event *e, const struct wait *w, bool acted)
{
	if (ambiguous(e))
		return;
	if (w->elapsed >= T60_LATE)
		missing(j, e, w, RULE_KA_EXPECT_04, 0);
	else if (!acted || w->elapsed < T60)
		return;
	else
		disconnect_missing(j, e, w, 0);
	umbrella_disconnect(j, e, w, 0);
}

/*
 * The wait has come to an end, or to the end of what can be seen.  acted: by the side that waited;
 * else the answer came, or nothing did.
 */
static void judge_wait(struct judge *j, const struct event *e, const struct wait *w, bool acted)
{
	switch (w->what) {
	case AWAIT_OCRP:
		if (w->elapsed >= DIAL_LIMIT) {
			missing(j, e, w, RULE_OCRP_ONE_01, FAIL_DOUBT);
			missing(j, e, w, RULE_PACOUT_REPLY_01, 0);
		} else if (w->elapsed >= T60_LATE) {
			missing(j, e, w, RULE_KA_STUCK_01, 0);
		}
		break;
	case AWAIT_ICRP:
		if (w->elapsed >= T60_LATE)
			missing(j, e, w, RULE_KA_EXPECT_03, 0);
		else if (acted && w->elapsed >= T60 && judge_profile(j) != PROFILE_MS_PTPT)
			missing(j, e, w, RULE_ICRP_ONE_01, 0);
		break;
	case AWAIT_ICCN:
		if (w->elapsed >= DIAL_LIMIT)
			missing(j, e, w, RULE_PACIN_WAIT_03, 0);
		else if (w->elapsed >= T60_LATE)
			missing(j, e, w, RULE_KA_EXPECT_05, 0);
		break;
	case AWAIT_CDN:
		late_disconnect(j, e, w, acted);
		break;
	case AWAIT_NOTHING:
		break;
	}
}

/* --- the end of the connection ------------------------------------------------------------- */

/* The PNS closed the connection before 60 seconds of dialling were over. */
static void gave_up(struct judge *j, const struct event *e, const struct calls_memory *calls, unsigned pns,
		    const struct wait *w)
{
	struct finding *f =
		fail(j, e, RULE_KA_EXPECT_02, (int)pns, e->connection->seen[!pns] ? 0 : UNLESS_TCP_GAP);

	at(f, calls->acted_frame[pns], calls->acted_time[pns]);
	say(f, "the PNS closed the control connection instead of waiting 60 s for the Outgoing-Call-Reply");
	expected(f, "at least 60 s for the call to be set up");
	observed(f, "closed after %.1f s", (double)w->elapsed / 1e9);
	evidence(f, w->since.frame);
}

/* The PNS closed the connection without waiting for the answer to its CCRQ. */
static void did_not_wait(struct judge *j, const struct event *e, const struct calls_memory *calls,
			 unsigned pns, const struct wait *w)
{
	struct finding *f = fail(j, e, RULE_PNSOUT_WD_01, (int)pns, FAIL_CONNECTION);

	at(f, calls->acted_frame[pns], calls->acted_time[pns]);
	say(f, "the PNS closed the TCP connection without waiting for the answer to its Call-Clear-Request");
	expected(f, "a Call-Disconnect-Notify, or 60 s without one, before the connection is closed");
	observed(f, "%s after %.1f s", calls->acted[pns] == ACT_RST ? "RST" : "FIN",
		 (double)w->elapsed / 1e9);
	evidence(f, w->since.frame);
}

/* Meanwhile it got something from the other side that nobody has to bear. */
static bool had_reason(const struct event *e, const struct wait *w)
{
	const struct control_side *ower = &e->connection->memory->side[w->owes];

	return ower->erred && ower->erred_time >= w->since.time_ns;
}

/* The PNS ended the wait; it may have been too early for that. */
static void waiter_acted(struct judge *j, const struct event *e, const struct calls_memory *calls,
			 const struct wait *w)
{
	if (w->elapsed >= T60_EARLY || calls->acted[w->waits] == ACT_STOP) {
		judge_wait(j, e, w, true);
		return;
	}
	if (had_reason(e, w))
		return;
	if (w->what == AWAIT_OCRP)
		gave_up(j, e, calls, w->waits, w);
	else if (w->what == AWAIT_CDN && e->call->kind == CALL_OUTGOING)
		did_not_wait(j, e, calls, w->waits, w);
}

/* The PNS had closed its half of the connection by the time that the answer to its CCRQ came. */
static bool closed_before(const struct calls_memory *calls, const struct wait *w)
{
	return w->what == AWAIT_CDN && calls->acted[w->waits] >= ACT_FIN &&
	       calls->acted_time[w->waits] >= w->since.time_ns;
}

void judge_answer(const struct told *t)
{
	const struct event *e = t->e;
	struct wait w = wait_of(e->call, t->pac);

	/* A second CCRQ or OCRQ is no answer, nor is one for a call that has its finding. */
	if (w.what == AWAIT_NOTHING || is_settled(e->call) || (w.what == AWAIT_CDN && t->type == CTRL_CCRQ))
		return;
	if (closed_before(t->calls, &w)) {
		w.elapsed = t->calls->acted_time[w.waits] - w.since.time_ns;
		waiter_acted(t->j, e, t->calls, &w);
	} else {
		w.elapsed = e->time_ns - w.since.time_ns;
		judge_wait(t->j, e, &w, e->from == w.waits);
	}
}

/* The side that owed the reply closed the connection: where it was a CDN, that is no substitute. */
static void ower_acted(struct judge *j, const struct event *e, const struct calls_memory *calls,
		       const struct wait *w)
{
	unsigned how = 0;

	if (w->elapsed >= T60_LATE) {
		judge_wait(j, e, w, false);
		return;
	}
	if (w->what != AWAIT_CDN || calls->acted[w->owes] == ACT_STOP || !e->call->memory ||
	    e->call->memory->clear_faulty || e->connection->memory->side[w->waits].erred || ambiguous(e))
		return;
	if ((int32_t)(calls->acted_end[w->owes] - odd_or_nothing(e->call->memory)->clear_end) < 0)
		how = UNLESS_INFLIGHT;
	/* Which of the two crossed the other cannot be told, and this rule does not ask. */
	if (how && !was_connected(e->call))
		return;
	disconnect_missing(j, e, w, how);
	umbrella_disconnect(j, e, w, how);
}

/* Neither side did anything more: it waits on, as far as the capture shows. */
static void nobody_acted(struct judge *j, const struct event *e, const struct calls_memory *calls,
			 const struct wait *w)
{
	static const enum rule_number own[] = {
		[AWAIT_OCRP] = RULE_OCRP_ONE_01,
		[AWAIT_ICRP] = RULE_ICRP_ONE_01,
		[AWAIT_ICCN] = RULE_PACIN_WAIT_03,
		[AWAIT_CDN] = RULE_CCRQ_RESP_01,
	};

	if (w->elapsed < T60_LATE) {
		missing(j, e, w, own[w->what], UNLESS_CAPTURE_END);
		return;
	}
	/* Dialling may take its time; whether the connection is used on is what counts. */
	if (w->what == AWAIT_OCRP && w->elapsed < DIAL_LIMIT &&
	    calls->used_time[0] - w->since.time_ns < T60_LATE &&
	    calls->used_time[1] - w->since.time_ns < T60_LATE)
		return;
	judge_wait(j, e, w, false);
}

/* A call that was up: its PNS ends it by a CCRQ, not by closing the connection. */
static void closed_while_up(struct judge *j, const struct event *e, const struct calls_memory *calls,
			    unsigned pns)
{
	const struct control_connection *c = e->connection;
	const struct call *call = e->call;
	struct finding *f;

	if (call->kind != CALL_OUTGOING || !was_connected(call) || call_step(call, STEP_DISCONNECT).frame ||
	    calls->acted[pns] != ACT_FIN || c->stop_frame)
		return;
	if (calls->acted[!pns] && calls->acted_frame[!pns] <= calls->acted_frame[pns])
		return;
	/* What the PAC did wrong or did not answer is a reason to close; what the PNS broke off may be its
	 * CCRQ. */
	if (c->messages[0][0] || c->messages[1][0] || c->skipped[0] || c->skipped[1] ||
	    c->memory->side[!pns].at_fault || c->echo_requests[pns] > c->echo_answered[pns])
		return;
	f = fail(j, e, RULE_PNSOUT_EST_02, (int)pns, FAIL_CONNECTION);
	at(f, calls->acted_frame[pns], calls->acted_time[pns]);
	say(f, "the PNS closed the TCP connection while a call was up, without a Call-Clear-Request");
	expected(f, "Call-Clear-Request, or Stop-Control-Connection-Request");
	observed(f, "FIN");
	evidence(f, call_step(call, STEP_REPLY).frame);
}

void judge_unanswered(struct judge *j, const struct event *e, const struct calls_memory *calls)
{
	const struct control_connection *c = e->connection;
	unsigned pac = (unsigned)c->pac;
	struct wait w = wait_of(e->call, pac);
	uint64_t waiter = calls->acted_frame[w.waits], ower = calls->acted_frame[w.owes];
	bool open = c->close == CLOSE_NONE || c->close == CLOSE_IDLE;

	if (w.what == AWAIT_NOTHING) {
		closed_while_up(j, e, calls, !pac);
	} else if (ower && (!waiter || ower < waiter)) {
		w.elapsed = calls->acted_time[w.owes] - w.since.time_ns;
		ower_acted(j, e, calls, &w);
	} else if (waiter) {
		w.elapsed = calls->acted_time[w.waits] - w.since.time_ns;
		waiter_acted(j, e, calls, &w);
	} else {
		w.elapsed = (open && judge_now(j) > e->time_ns ? judge_now(j) : e->time_ns) - w.since.time_ns;
		nobody_acted(j, e, calls, &w);
	}
}
