/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The four call machines of RFC 2637 sections 3.2.3 and 3.2.4, one function a message.
 *
 * "Has received" is told by TCP acknowledgments: what the sender had not acknowledged may have
 * crossed its message.  A rule of the machine of the call that fits goes before the rule about a
 * call that is gone, and that before the rule about the Call ID.
 */
#include <inttypes.h>

#include "conformance/rules_call_private.h"

enum { CDN_REQUEST = 4 }; /* Result Code of a CDN that a CCRQ asked for */

static const char call_over[] = "nothing: the call is over";

/* Evidence that everything about a call has in common. */
static void call_evidence(struct finding *f, const struct call *c)
{
	if (!c)
		return;
	for (unsigned i = 0; i < CALL_STEPS; i++)
		evidence(f, call_step(c, i).frame);
}

/* Where the sender's machine was before the message. */
static enum machine_state state_of_sender(const struct told *t)
{
	const struct call *c = t->e->call;

	return t->e->from == t->pac ? c->pac_machine : c->pns_machine;
}

/* Whether a row of the sender's machine says this. */
static bool in_turn(const struct told *t)
{
	return machine_may_say(call_machine(t->e->call, t->e->from == t->pac), state_of_sender(t), t->type, false);
}

static void break_rule(const struct told *t, enum rule_number rule, unsigned how, const char *sentence,
		       const char *wanted)
{
	struct finding *f = fault(t, rule, t->e->from, how, sentence);

	expected(f, "%s", wanted);
	observed(f, "%s in state %s", t->e->msg->desc->name, machine_state_name(state_of_sender(t)));
	call_evidence(f, t->e->call);
}

/* As break_rule, for a message that binds to no call any more; frame: of what it goes against. */
static void break_unbound(const struct told *t, enum rule_number rule, unsigned how, const char *sentence,
			  const char *wanted, uint64_t frame)
{
	const struct event none = about(t->e, NULL);
	struct finding *f = fail(t->j, &none, rule, (int)t->e->from, how);

	say(f, "%s", sentence);
	expected(f, "%s", wanted);
	observed(f, "%s", t->e->msg->desc->name);
	evidence(f, frame);
}

/* --- calls that are over ------------------------------------------------------------------- */

static int64_t over_since(const struct told *t, const struct call *c)
{
	const struct call_step_seen end = call_step(c, STEP_DISCONNECT).frame ? call_step(c, STEP_DISCONNECT)
									      : call_step(c, STEP_REPLY);

	return t->e->time_ns - end.time_ns;
}

/* Whether the sender knew of the end: it had sent the last word itself, or acknowledged it. */
static bool knew_end(const struct told *t, const struct call *c)
{
	bool by_pac = call_step(c, STEP_DISCONNECT).frame || c->kind == CALL_OUTGOING;
	const struct call_memory *m = c->memory;

	if (by_pac == (t->e->from == t->pac))
		return true;
	return m && had_acked(t->e, call_step(c, STEP_DISCONNECT).frame ? odd_or_nothing(m)->over_end
									: m->reply_end);
}

static void judge_gone(const struct told *t)
{
	const struct call *c = t->e->call;

	if (over_since(t, c) <= GONE_GRACE)
		return;
	break_rule(t, RULE_CALL_GONE_01, knew_end(t, c) ? 0 : UNLESS_INFLIGHT,
		   t->e->from == t->pac ? "the PAC sent a message about a call that was over"
					: "the PNS sent a message about a call that was over",
		   "nothing more about the call");
}

/* The refusal whose Call IDs the message carries, or NULL. */
static struct refusal *refusal_of(const struct told *t, enum ctrl_type reply, bool pac_id, uint32_t id)
{
	struct calls_rare *rare = t->calls->rare;
	struct refusal *r = !rare ? NULL : reply == CTRL_OCRP ? &rare->ocrp : &rare->icrp;

	if (!r || !r->frame || (pac_id ? r->pac_call_id : r->pns_call_id) != id)
		return NULL;
	return r;
}

/* --- outgoing calls ------------------------------------------------------------------------ */

static void judge_crossed_refusal(const struct told *t)
{
	const struct calls_rare *rare = t->calls->rare;
	const struct call *c = t->e->call;
	struct finding *f;

	if (!rare || rare->cross_frame[!t->e->from] != call_step(c, STEP_REQUEST).frame ||
	    told_value(t, FIELD_RESULT) != 2 || told_value(t, FIELD_ERROR) != ERROR_NO_RESOURCE)
		return;
	f = fault(t, RULE_CALL_CROSS_01, t->e->from, 0,
		  t->e->from == t->pac ? "the PAC refused a call whose request had crossed its own"
				       : "the PNS refused a call whose request had crossed its own");
	expected(f, "two calls that have nothing to do with each other");
	observed(f, "Result Code 2, Error Code %d", ERROR_NO_RESOURCE);
	evidence(f, rare->cross_frame[0]);
	evidence(f, rare->cross_frame[1]);
}

static void judge_connect_speed(const struct told *t)
{
	const struct call *c = t->e->call;
	uint32_t speed = told_value(t, FIELD_CONNECT_SPEED);
	struct finding *f;

	if (!speed || c->minimum_bps > c->maximum_bps || !c->maximum_bps ||
	    (speed >= c->minimum_bps && speed <= c->maximum_bps))
		return;
	f = fault(t, RULE_OCRP_SPEED_01, t->pac, 0,
		  "the PAC reports a Connect Speed outside of what the PNS had asked for");
	expected(f, "%" PRIu32 " to %" PRIu32 " bit/s", c->minimum_bps, c->maximum_bps);
	observed(f, "%" PRIu32 " bit/s", speed);
	evidence(f, call_step(c, STEP_REQUEST).frame);
}

/* A second answer to a request; those to earlier requests with the same Call ID do not count. */
static void judge_second_reply(const struct told *t)
{
	const struct call *c = t->e->call;
	bool ocrp = t->type == CTRL_OCRP;

	if (c->memory && c->memory->extra_replies)
		return;
	break_rule(t, ocrp ? RULE_OCRP_ONE_01 : RULE_ICRP_ONE_01, 0,
		   ocrp ? "the PAC answered an Outgoing-Call-Request a second time"
			: "the PNS answered an Incoming-Call-Request a second time",
		   "one reply to a request");
	if (ocrp)
		break_rule(t, RULE_PACOUT_ILLEGAL_02, 0,
			   "the PAC sent two Outgoing-Call-Replies for a request", "one reply to a request");
}

static void judge_ocrp(const struct told *t)
{
	struct call *c = t->e->call;
	bool bound = c && (t->e->match == MATCH_ID || t->e->match == MATCH_OVER) && c->kind == CALL_OUTGOING;

	if (!bound) {
		judge_unmatched(t, RULE_OCRP_PEER_01);
	} else if (c->replied) {
		judge_second_reply(t);
	} else if (c->over) {
		break_rule(t, RULE_PACOUT_ILLEGAL_01, 0,
			   "the PAC sent an Outgoing-Call-Reply for a call that it had cleared",
			   "no reply after a Call-Disconnect-Notify");
	} else {
		judge_answer(t);
		judge_crossed_refusal(t);
	}
	if (bound && !c->replied && !c->over && told_value(t, FIELD_RESULT) == REPLY_SUCCESS) {
		judge_connect_speed(t);
		judge_new_id(t);
	}
}

/* --- incoming calls ------------------------------------------------------------------------ */

static void judge_icrp(const struct told *t)
{
	struct call *c = t->e->call;
	bool bound = c && (t->e->match == MATCH_ID || t->e->match == MATCH_OVER) && c->kind == CALL_INCOMING;

	if (!bound) {
		judge_unmatched(t, RULE_ICRP_PEER_01);
	} else if (c->replied) {
		judge_second_reply(t);
	} else if (c->over) {
		/* The PAC gave up; an answer on its way then is nobody's fault. */
		if (knew_end(t, c))
			judge_unmatched(t, RULE_ICRP_PEER_01);
	} else {
		judge_answer(t);
		judge_crossed_refusal(t);
		if (told_value(t, FIELD_RESULT) == REPLY_SUCCESS)
			judge_new_id(t);
	}
}

static bool awaits_icrp(const struct call *c)
{
	return call_awaits(c) == AWAIT_ICRP && !c->over;
}

/* An ICCN whose Call ID is no call's. */
static void unmatched_iccn(const struct told *t)
{
	uint32_t id = told_value(t, FIELD_PEER_CALL_ID);
	const struct refusal *r = refusal_of(t, CTRL_ICRP, false, id);

	if (r)
		break_unbound(t, RULE_PACIN_WAIT_02, 0,
			      "the PAC sent an Incoming-Call-Connected for a call that the PNS had refused",
			      call_over, r->frame);
	else if (calls_that(t->e, awaits_icrp) == 1)
		break_unbound(t, RULE_PACIN_ILLEGAL_01, 0,
			      "the PAC sent an Incoming-Call-Connected before the PNS had accepted the call",
			      "Incoming-Call-Connected after the reply", 0);
	else
		judge_unmatched(t, RULE_ICCN_PEER_01);
}

static void over_iccn(const struct told *t)
{
	if (was_connected(t->e->call))
		judge_gone(t);
	else
		break_rule(t, RULE_PACIN_CROSS_01, 0,
			   "the PAC sent an Incoming-Call-Connected for a call that it had cleared",
			   "nothing after the Call-Disconnect-Notify");
}

static void bound_iccn(const struct told *t)
{
	struct call *c = t->e->call;
	const struct call_memory *m = c->memory;

	if (call_step(c, STEP_CONNECTED).frame) {
		break_rule(t, RULE_PACIN_ILLEGAL_02, 0,
			   "the PAC sent a second Incoming-Call-Connected for a call", "one for a call");
		return;
	}
	if (call_step(c, STEP_CLEAR).frame && m) {
		break_rule(t, RULE_PACIN_WAIT_05,
			   had_acked(t->e, odd_or_nothing(m)->clear_end) ? 0 : UNLESS_INFLIGHT,
			   "the PAC sent an Incoming-Call-Connected for a call that the PNS had cleared",
			   "Call-Disconnect-Notify");
		settle_call(t->j, c);
		return;
	}
	if (m && m->reply_end && !had_acked(t->e, m->reply_end)) {
		break_rule(t, RULE_PACIN_ILLEGAL_01, 0,
			   "the PAC sent an Incoming-Call-Connected before it had the PNS's reply",
			   "Incoming-Call-Connected after the reply");
		return;
	}
	judge_answer(t);
}

static void judge_iccn(const struct told *t)
{
	struct call *c = t->e->call;

	judge_framing(t);
	if (c && c->memory && c->memory->abandoned)
		break_unbound(t, RULE_PACIN_CROSS_01, 0,
			      "the PAC sent an Incoming-Call-Connected for a call that it had cleared",
			      "nothing after the Call-Disconnect-Notify", call_step(c, STEP_REPLY).frame);
	else if (c && c->kind == CALL_INCOMING && t->e->match == MATCH_ID)
		bound_iccn(t);
	else if (c && c->kind == CALL_INCOMING && t->e->match == MATCH_OVER)
		over_iccn(t);
	else if (!c || t->e->match != MATCH_ID)
		unmatched_iccn(t);
	else
		judge_unmatched(t, RULE_ICCN_PEER_01);
}

/* --- clearing ------------------------------------------------------------------------------ */

static void unmatched_ccrq(const struct told *t)
{
	const struct refusal *r = refusal_of(t, CTRL_ICRP, false, told_value(t, FIELD_CALL_ID));

	if (r)
		break_unbound(t, RULE_PNSIN_IDLE_02, 0,
			      "the PNS sent a Call-Clear-Request for a call that it had refused", call_over,
			      r->frame);
	else
		judge_unmatched(t, RULE_CCRQ_CALLID_01);
	t->calls->strange_clear = true;
}

/* A CCRQ for an outgoing call that the PAC had refused: superfluous, or it crossed the refusal. */
static void refused_ccrq(const struct told *t)
{
	struct refusal *r = refusal_of(t, CTRL_OCRP, false, told_value(t, FIELD_CALL_ID));

	if (r && !had_acked(t->e, r->end))
		r->cleared = true;
	break_rule(t, RULE_PNSOUT_WR_01,
		   FAIL_NOTE | (r && had_acked(t->e, r->end) ? FAIL_DOUBT : UNLESS_INFLIGHT),
		   "the PNS sent a Call-Clear-Request for a call that the PAC had refused", call_over);
}

static void over_ccrq(const struct told *t)
{
	const struct call *c = t->e->call;

	if (c->state == CALL_REFUSED && c->kind == CALL_OUTGOING)
		refused_ccrq(t);
	else if (c->state == CALL_REFUSED)
		break_rule(t, RULE_PNSIN_IDLE_02, 0,
			   "the PNS sent a Call-Clear-Request for a call that it had refused", call_over);
	else if (was_connected(c) && !(call_step(c, STEP_CLEAR).frame && over_since(t, c) > GONE_GRACE))
		break_rule(t, c->kind == CALL_INCOMING ? RULE_PNSIN_EST_01 : RULE_PNSOUT_EST_01,
			   knew_end(t, c) ? 0 : UNLESS_INFLIGHT,
			   "the PNS sent a Call-Clear-Request for a call that the PAC had ended",
			   "nothing after the Call-Disconnect-Notify");
	else
		judge_gone(t);
}

/* The PNS gives up dialling. */
static void judge_abort(const struct told *t)
{
	const struct call *c = t->e->call;
	int64_t waited = t->e->time_ns - call_step(c, STEP_REQUEST).time_ns;
	struct finding *f;

	if (call_awaits(c) != AWAIT_OCRP || waited >= T60_EARLY)
		return;
	f = fault(t, RULE_KA_EXPECT_02, t->pns, t->e->connection->seen[t->pac] ? 0 : UNLESS_TCP_GAP,
		  "the PNS cleared the call instead of waiting 60 s for the Outgoing-Call-Reply");
	expected(f, "at least 60 s for the call to be set up");
	observed(f, "cleared after %.1f s", (double)waited / 1e9);
	evidence(f, call_step(c, STEP_REQUEST).frame);
}

static void judge_ccrq(const struct told *t)
{
	struct call *c = t->e->call;

	if (!c || (t->e->match != MATCH_ID && t->e->match != MATCH_OVER)) {
		unmatched_ccrq(t);
	} else if (c->over) {
		over_ccrq(t);
	} else if (call_step(c, STEP_CLEAR).frame) {
		break_rule(t, RULE_CCRQ_ONE_01, 0, "the PNS sent a second Call-Clear-Request for a call",
			   "one for a call");
	} else {
		judge_abort(t);
		judge_answer(t);
	}
}

/* The PAC answers a CCRQ for a call that it does not know. */
static bool is_error_answer(const struct told *t)
{
	return told_value(t, FIELD_RESULT) == 2 && told_value(t, FIELD_ERROR) == ERROR_BAD_CALL_ID;
}

static void unmatched_cdn(const struct told *t)
{
	uint32_t id = told_value(t, FIELD_CALL_ID);
	const struct refusal *r = refusal_of(t, CTRL_OCRP, true, id);

	if (!r)
		r = refusal_of(t, CTRL_OCRP, false, id);
	/* A CDN for one of several aborted calls carries a Call ID that nobody has seen. */
	if (calls_that(t->e, is_aborted) || is_error_answer(t) || (r && r->cleared))
		return;
	if (r)
		break_unbound(t, RULE_PACOUT_WAIT_01, FAIL_DOUBT,
			      "the PAC sent a Call-Disconnect-Notify for a call that it had refused",
			      call_over, r->frame);
	else
		judge_unmatched(t, RULE_CDN_CALLID_01);
}

static void over_cdn(const struct told *t)
{
	const struct call *c = t->e->call;

	if (call_step(c, STEP_DISCONNECT).frame)
		break_rule(t, RULE_CDN_ONE_01, 0, "the PAC sent a second Call-Disconnect-Notify for a call",
			   "one for a call");
	else
		judge_gone(t);
}

/* The PAC had the CCRQ for so long that its CDN cannot be about anything else; else, whether they crossed. */
static unsigned sure_of_clear(const struct told *t)
{
	const struct control_connection *c = t->e->connection;
	uint32_t end = odd_or_nothing(t->e->call->memory)->clear_end;

	if (!had_acked(t->e, end))
		return UNLESS_INFLIGHT;
	if ((int32_t)((uint32_t)c->acked[t->pac] - end) < 0 || conditions(t->j, t->e) & UNLESS_CLOCK)
		return 0;
	return t->e->time_ns - c->acked_time[t->pac] > GONE_GRACE ? FAIL_CERTAIN : 0;
}

static void judge_cdn_result(const struct told *t)
{
	const struct call *c = t->e->call;
	uint32_t result = told_value(t, FIELD_RESULT);
	const struct call_memory *m = c->memory;
	struct finding *f;

	if (!call_step(c, STEP_CLEAR).frame) {
		if (result != CDN_REQUEST || t->calls->strange_clear)
			return;
		f = fault(t, RULE_CDN_RESULT_03, t->pac, 0,
			  "the PAC says that the PNS asked for the end of the call, but it had not");
		expected(f, "a Result Code other than %d", CDN_REQUEST);
	} else {
		/* What is no Result Code at all has its finding. */
		if (result == 0 || result >= CDN_REQUEST || !m)
			return;
		f = fault(t, RULE_CDN_RESULT_02, t->pac, sure_of_clear(t),
			  "the PAC answered a Call-Clear-Request with another reason than the request");
		expected(f, "Result Code %d", CDN_REQUEST);
	}
	observed(f, "Result Code %" PRIu32, result);
	call_evidence(f, c);
}

static void judge_cdn(const struct told *t)
{
	struct call *c = t->e->call;

	if (!c || t->e->match == MATCH_GRE) {
		unmatched_cdn(t);
		return;
	}
	if (c->over) {
		over_cdn(t);
		return;
	}
	/* The PNS of an aborted call never learnt the PAC's Call ID: any one will do. */
	if (t->e->match == MATCH_OTHER_ID && !is_aborted(c))
		judge_unmatched(t, RULE_CDN_CALLID_01);
	judge_cdn_result(t);
	judge_answer(t);
}

/* --- calls that are up --------------------------------------------------------------------- */

static void judge_wen_state(const struct told *t)
{
	const struct call *c = t->e->call;

	if (!c || (t->e->match != MATCH_ID && t->e->match != MATCH_OVER))
		judge_unmatched(t, RULE_WEN_PEER_01);
	else if (c->over && c->state == CALL_REFUSED && c->kind == CALL_OUTGOING)
		break_rule(t, RULE_PACOUT_WAIT_01, 0,
			   "the PAC sent a WAN-Error-Notify for a call that it had refused", call_over);
	else if (!in_turn(t))
		break_rule(t, RULE_WEN_STATE_01, 0,
			   "the PAC sent a WAN-Error-Notify for a call that was not up",
			   "WAN-Error-Notify while the call is up");
	else
		judge_wen(t);
}

static bool is_live(const struct call *c)
{
	return !c->over;
}

static bool is_dialled(const struct call *c)
{
	return !c->over && call_awaits(c) == AWAIT_OCRP;
}

static void unmatched_sli(const struct told *t)
{
	const struct refusal *r = refusal_of(t, CTRL_OCRP, true, told_value(t, FIELD_PEER_CALL_ID));

	if (r)
		break_unbound(t, RULE_PNSOUT_WR_01, had_acked(t->e, r->end) ? 0 : UNLESS_INFLIGHT,
			      "the PNS sent a Set-Link-Info for a call that the PAC had refused", call_over,
			      r->frame);
	/* The only call there is, which cannot have the Call ID yet. */
	else if (calls_that(t->e, is_dialled) == 1 && calls_that(t->e, is_live) == 1)
		break_unbound(t, RULE_SLI_STATE_01, 0,
			      "the PNS sent a Set-Link-Info before the PAC had accepted the call",
			      "Set-Link-Info after the Outgoing-Call-Reply", t->calls->request_frame[t->pns]);
	else
		judge_unmatched(t, RULE_SLI_PEER_01);
}

static void over_sli(const struct told *t)
{
	const struct call *c = t->e->call;
	bool knew = knew_end(t, c) && over_since(t, c) > GONE_GRACE;

	if (c->state == CALL_REFUSED)
		break_rule(t, RULE_PNSIN_IDLE_02, 0,
			   "the PNS sent a Set-Link-Info for a call that it had refused", call_over);
	else
		break_rule(t, RULE_SLI_STATE_01, knew || call_step(c, STEP_CLEAR).frame ? 0 : UNLESS_INFLIGHT,
			   "the PNS sent a Set-Link-Info for a call that was over", call_over);
}

static void judge_sli(const struct told *t)
{
	const struct call *c = t->e->call;

	if (!c || (t->e->match != MATCH_ID && t->e->match != MATCH_OVER))
		unmatched_sli(t);
	else if (c->over)
		over_sli(t);
	else if (call_step(c, STEP_CLEAR).frame && c->kind == CALL_OUTGOING &&
		 call_step(c, STEP_REPLY).frame > call_step(c, STEP_CLEAR).frame)
		break_rule(t, RULE_PNSOUT_WD_02, 0,
			   "the PNS took a call for up that it had cleared before the reply came",
			   "nothing more of the call");
	else if (call_step(c, STEP_CLEAR).frame)
		break_rule(t, RULE_SLI_STATE_01, 0,
			   "the PNS sent a Set-Link-Info for a call that it had cleared",
			   "nothing after the Call-Clear-Request");
}

static void judge_ocrq(const struct told *t)
{
	judge_new_id(t);
	judge_framing(t);
}

void judge_call_message(const struct told *t)
{
	static void (*const judges[CTRL_TYPES])(const struct told *t) = {
		[CTRL_OCRQ] = judge_ocrq, [CTRL_OCRP] = judge_ocrp,     [CTRL_ICRQ] = judge_new_id,
		[CTRL_ICRP] = judge_icrp, [CTRL_ICCN] = judge_iccn,     [CTRL_CCRQ] = judge_ccrq,
		[CTRL_CDN] = judge_cdn,   [CTRL_WEN] = judge_wen_state, [CTRL_SLI] = judge_sli,
	};
	const struct call *c = t->e->call;

	/* What a call that was muddled by earlier faults still says proves nothing. */
	if (c && is_settled(c) && !c->memory->abandoned && t->type != CTRL_OCRQ && t->type != CTRL_ICRQ)
		return;
	if (judges[t->type])
		judges[t->type](t);
}
