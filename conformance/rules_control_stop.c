/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a control connection ends: StopCCRQ, StopCCRP, FIN and RST.  RFC 2637 sections 2.3, 2.4, 3.1.1
 * and 3.1.2.
 */
#include <inttypes.h>

#include "conformance/rules_control_private.h"

enum {
	REASON_VERSION = 2, /* of StopCCRQ */
};

/* --- the order of messages ------------------------------------------------------------------------- */

static bool after_stop_reply(const struct turn *t)
{
	struct finding *f = accuse_sender(t, RULE_CCSM_STOP_REPLY_04, 0);

	expected(f, "nothing after Stop-Control-Connection-Reply");
	observed(f, "%s", type_name(t->type));
	say(f, "%s sent %s after its Stop-Control-Connection-Reply", who(t->e, t->e->from),
	    type_name(t->type));
	return true;
}

static bool after_stop_request(const struct turn *t)
{
	struct finding *f = accuse_sender(t, RULE_CCSM_STOP_LOCAL_02, 0);

	if (t->c->stopped_by == (int)t->e->from)
		evidence(f, t->c->stop_frame);
	expected(f, "nothing new after Stop-Control-Connection-Request");
	observed(f, "%s", type_name(t->type));
	say(f, "%s sent %s after its Stop-Control-Connection-Request", who(t->e, t->e->from),
	    type_name(t->type));
	return true;
}

static bool unasked_stop_reply(const struct turn *t)
{
	struct finding *f = accuse_sender(t, RULE_CCSM_STOP_UNSOL_01, 0);

	expected(f, "a Stop-Control-Connection-Reply for each Stop-Control-Connection-Request");
	observed(f, "reply %u to %u requests", (unsigned)t->me->stop_replies + 1, (unsigned)t->peer->stops);
	say(f, "%s sent a Stop-Control-Connection-Reply that nobody had asked for", who(t->e, t->e->from));
	return true;
}

bool judge_order_of_stop(const struct turn *t)
{
	const struct control_side *me = t->me;

	if (t->type == CTRL_STOPRP)
		return me->stop_replies >= t->peer->stops && unasked_stop_reply(t);
	if (me->stopped)
		return after_stop_reply(t);
	if (me->stops && t->type != CTRL_ECHORP && t->type != CTRL_CDN)
		return after_stop_request(t);
	/* Neither had acknowledged the other's request: both wait for a reply. */
	if (t->type == CTRL_STOPRQ && t->peer->stops && !reached(t->e->origin->peer_acked, t->peer->end))
		t->m->stops_crossed = true;
	return false;
}

/* --- why a side closes ----------------------------------------------------------------------------- */

static bool another_call_is_up(const struct turn *t)
{
	const struct call *call = t->e->tunnel->first_call;

	for (unsigned n = 0; call && n < CALLS_WALKED; n++, call = call->next)
		if (call_connection(call) == t->c && call->state == CALL_ESTABLISHED &&
		    call_step(call, STEP_REQUEST).frame)
			return true;
	return false;
}

/* It had no resources for a call, and gave up all the others, too. */
static bool closes_for_shortage(const struct turn *t, const char *how)
{
	struct control_memory *m = t->m;
	struct finding *f;

	if (!m->shortage_frame || m->shortage_by != t->e->from ||
	    t->now - m->shortage_time > SHORTAGE_DELAY || !another_call_is_up(t))
		return false;
	f = accuse_sender(t, RULE_ERR_NORES_01, 0);
	evidence(f, m->shortage_frame);
	expected(f, "the control connection and its other calls go on after Error Code 4");
	observed(f, "%s %.3f s after it", how, (double)(t->now - m->shortage_time) / 1e9);
	say(f, "%s reported that it lacks resources for one call, and ended the whole control connection",
	    who(t->e, t->e->from));
	m->shortage_frame = 0;
	return true;
}

/* It had asked whether the other side is there, and did not wait long enough for the reply. */
static bool gives_up_early(const struct turn *t, const char *how)
{
	int64_t since = echo_unanswered(t, t->e->from), waited = t->now - since;
	const struct echo_waiting *echo = t->me->echo;
	struct finding *f;

	if (since < 0 || waited < ROUND_TRIP || waited >= T60_EARLY || t->peer->erred)
		return false;
	f = accuse_sender(t, RULE_KA_REPLY_02, 0);
	evidence(f, echo->frame);
	expected(f, "60 s for the Echo-Reply to come");
	observed(f, "%s after %.1f s", how, (double)waited / 1e9);
	say(f, "%s gave the connection up %.1f s after an Echo-Request, before its 60 s were over",
	    who(t->e, t->e->from), (double)waited / 1e9);
	return true;
}

static const struct moment *start_waiting(const struct turn *t)
{
	if (t->e->from != t->c->originator || !t->me->starts || t->peer->starts || t->m->rival ||
	    !t->c->seen[!t->e->from])
		return NULL;
	return moment_of(t->c, MOMENT_MESSAGE, t->e->from, CTRL_SCCRQ);
}

/* A timer that ran out closes TCP: there is nobody to talk to. */
static void stops_at_timeout(const struct turn *t)
{
	const struct moment *start = start_waiting(t);
	int64_t since = t->m->up ? echo_unanswered(t, t->e->from) : start ? start->time_ns : -1;
	int64_t waited = t->now - since;
	const char *what = t->m->up ? "Echo-Request" : "Start-Control-Connection-Request";
	struct finding *f;

	if (since < 0 || waited < T60_EARLY || waited >= T60_LATE)
		return;
	f = accuse_sender(t, RULE_KA_CLOSE_01, 0);
	evidence(f, t->m->up ? t->me->echo->frame : start->frame);
	expected(f, "TCP is closed when no reply has come for 60 s");
	observed(f, "Stop-Control-Connection-Request %.1f s after the %s", (double)waited / 1e9, what);
	say(f,
	    "%s sent a Stop-Control-Connection-Request instead of closing TCP when its %s was not answered",
	    who(t->e, t->e->from), what);
}

void judge_stop_request(const struct turn *t)
{
	const struct start_info *start = t->c->start;
	struct finding *f;

	if (turn_value(t, FIELD_REASON) == REASON_VERSION && start[0].frame && start[1].frame &&
	    start[0].version == VERSION_1_0 && start[1].version == VERSION_1_0) {
		f = accuse_sender(t, RULE_STOPRQ_REASON_02, 0);
		evidence(f, start[0].frame);
		evidence(f, start[1].frame);
		expected(f, "Reason 2 only where the versions differ");
		observed(f, "Reason 2, both versions 1.0");
		say(f, "%s stopped the connection because of the version, but both sides have version 1.0",
		    who(t->e, t->e->from));
	}
	if (t->c->stop_frame)
		return;
	stops_at_timeout(t);
	if (t->m->up && !closes_for_shortage(t, "Stop-Control-Connection-Request"))
		gives_up_early(t, "Stop-Control-Connection-Request");
}

/* --- FIN and RST ----------------------------------------------------------------------------------- */

/* What a call waits for is a reason to close, or it is told with the call. */
static bool call_explains(const struct turn *t, const struct call *call)
{
	bool pns = (int)t->e->from == pns_of(t->e), reset = t->e->kind == EVENT_RST;

	switch (call->state) {
	case CALL_ESTABLISHED:
		return pns && call->kind == CALL_OUTGOING && !reset && selected(t->j, RULE_PNSOUT_EST_02);
	case CALL_CLEARING:
		if (!pns)
			return selected(t->j, RULE_CCRQ_RESP_01);
		return t->now - call_step(call, STEP_CLEAR).time_ns >= T60_EARLY ||
		       (call->kind == CALL_OUTGOING && selected(t->j, RULE_PNSOUT_WD_01));
	case CALL_REQUESTED:
		if (pns != (call->kind == CALL_OUTGOING))
			return false;
		return t->now - call_step(call, STEP_REQUEST).time_ns >= T60_EARLY ||
		       (pns && selected(t->j, RULE_KA_EXPECT_02));
	case CALL_ACCEPTED:
		return pns && t->now - call_step(call, STEP_REPLY).time_ns >= T60_EARLY;
	default:
		return false;
	}
}

static bool calls_explain(const struct turn *t)
{
	const struct call *call = t->e->tunnel->first_call;

	if (pns_of(t->e) < 0)
		return false;
	for (unsigned n = 0; call && n < CALLS_WALKED; n++, call = call->next)
		if (call_connection(call) == t->c && call_explains(t, call))
			return true;
	return false;
}

/* Without a word, while the connection was up and nothing was wrong. */
static void closes_silently(const struct turn *t)
{
	const char *how = t->e->kind == EVENT_RST ? "RST" : "FIN";
	int64_t asked = echo_unanswered(t, t->e->from);
	struct finding *f;

	if (closes_for_shortage(t, how) || gives_up_early(t, how))
		return;
	if (t->peer->at_fault || t->m->rival || (asked >= 0 && t->now - asked >= T60_EARLY) ||
	    calls_explain(t))
		return;
	f = accuse_sender(t, RULE_CCSM_STOP_LOCAL_01, 0);
	expected(f, "Stop-Control-Connection-Request before the connection is closed");
	observed(f, "%s", how);
	say(f, "%s closed the TCP connection (%s) without a Stop-Control-Connection-Request",
	    who(t->e, t->e->from), how);
}

static void stop_reply_missing(const struct turn *t)
{
	struct finding *f = accuse_sender(t, RULE_CCSM_STOP_REPLY_01, 0);

	at(f, t->c->stop_frame, t->m->stop_time);
	expected(f, "Stop-Control-Connection-Reply");
	observed(f, "FIN without one");
	say(f, "%s closed the connection without answering the Stop-Control-Connection-Request",
	    who(t->e, t->e->from));
	t->m->stop_told = true;
}

static void reset_after_stop(const struct turn *t, unsigned how)
{
	struct finding *f = accuse_sender(t, RULE_CCSM_STOP_REPLY_03, how);

	evidence(f, t->c->stop_frame);
	expected(f, "a Stop-Control-Connection-Reply that reaches the other side");
	observed(f,
		 t->me->stop_replies ? "RST before the reply was acknowledged" : "RST instead of the reply");
	say(f, "%s reset the connection %s", who(t->e, t->e->from),
	    t->me->stop_replies ? "so that its Stop-Control-Connection-Reply may be lost"
				: "instead of answering the Stop-Control-Connection-Request");
	t->m->stop_told = true;
}

/* The other side has asked to stop. */
static void closes_after_request(const struct turn *t)
{
	bool reset = t->e->kind == EVENT_RST, received = has_acked(t->c, t->e->from, t->peer->end);

	if (t->me->stop_replies) {
		if (reset && !has_acked(t->c, !t->e->from, t->me->end))
			reset_after_stop(t, 0);
		return;
	}
	if (t->me->stops || t->peer->closed || t->peer->erred)
		return;
	if (reset)
		reset_after_stop(t, received ? 0 : FAIL_DOUBT);
	else if (received)
		stop_reply_missing(t);
	else
		closes_silently(t);
}

void judge_close(const struct turn *t)
{
	/* In the midst of a message: that is what is wrong with it. */
	if (!t->m->up || t->me->closed || t->m->stop_told || t->e->count)
		return;
	if (t->peer->stops)
		closes_after_request(t);
	else if (!t->me->stops && !t->peer->closed)
		closes_silently(t);
}
