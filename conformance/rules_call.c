/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls: hands messages to those who judge them, and keeps what they remember.
 *
 * What the machines of RFC 2637 section 3.2 demand is in rules_call_machine.c, Call IDs and other
 * numbers in rules_call_ids.c, waiting in rules_call_wait.c, WEN in rules_call_wen.c.
 */
#include "conformance/rules_call.h"

#include <stdlib.h>

#include "conformance/rules_call_private.h"
#include "conformance/rules_control.h"

struct calls_rare *calls_rare(struct calls_memory *m)
{
	/* After the end of the connection nobody would free it. */
	if (!m->rare && !m->closed)
		m->rare = calloc(1, sizeof(*m->rare));
	return m->rare;
}

struct finding *fault(const struct told *t, enum rule_number rule, unsigned host, unsigned how,
		      const char *sentence)
{
	return say(fail(t->j, t->e, rule, (int)host, how), "%s", sentence);
}

struct event about(const struct event *e, struct call *call)
{
	struct event other = *e;

	other.call = call;
	return other;
}

void settle_call(struct judge *j, struct call *c)
{
	struct call_memory *m = call_memory(j, c);

	if (m)
		m->settled = true;
}

/* --- messages ------------------------------------------------------------------------------ */

/* The first thing with which a host ends the connection. */
static void remember_act(struct calls_memory *calls, const struct event *e, enum call_act act,
			 uint64_t peer_acked)
{
	if (calls->acted[e->from])
		return;
	calls->acted[e->from] = (uint8_t)act;
	calls->acted_time[e->from] = e->time_ns;
	calls->acted_frame[e->from] = e->frame;
	calls->acted_end[e->from] = (uint32_t)peer_acked;
}

static void judge_about_call(struct judge *j, const struct event *e, struct calls_memory *calls)
{
	struct told t = { .j = j, .e = e, .calls = calls, .type = e->msg->desc->type };
	int pac = pac_of(e);

	if (pac < 0 || calls->unsure)
		return;
	t.pac = (unsigned)pac;
	t.pns = !pac;
	judge_call_message(&t);
}

static void judge_message(struct judge *j, const struct event *e)
{
	struct calls_memory *calls = calls_of(j, e->connection);

	if (!calls)
		return;
	calls->used_time[e->from] = e->time_ns;
	if (!e->msg->desc || e->msg->status != CTRL_OK || moot(j))
		return;
	if (e->msg->desc->type >= CTRL_OCRQ)
		judge_about_call(j, e, calls);
	else if (e->msg->desc->type == CTRL_STOPRQ)
		remember_act(calls, e, ACT_STOP, e->origin->peer_acked);
}

/* --- the end of a call --------------------------------------------------------------------- */

/* Its Call IDs are free: the next ones that are chosen are compared with them. */
static void ids_freed(struct calls_memory *calls, const struct call *call, unsigned pac)
{
	if (!was_connected(call))
		return;
	calls->freed[pac] = call->pac_call_id;
	calls->freed_known[pac] = call->pac_id_known;
	calls->freed[!pac] = call->pns_call_id;
	calls->freed_known[!pac] = call->pns_id_known;
	if (calls->up)
		calls->up--;
}

static void call_over(struct judge *j, const struct event *e)
{
	struct calls_memory *calls = e->connection ? calls_of(j, e->connection) : NULL;

	if (!calls || e->connection->pac < 0)
		return;
	if (calls->closed && !calls->unsure && !is_settled(e->call))
		judge_unanswered(j, e, calls);
	ids_freed(calls, e->call, (unsigned)e->connection->pac);
	wen_call_over(calls, e->call, e->time_ns);
}

static void connection_over(struct judge *j, const struct event *e)
{
	struct calls_memory *calls = calls_of(j, e->connection);

	if (!calls)
		return;
	calls->closed = true;
	if (calls->rare)
		free(calls->rare->wen);
	free(calls->rare);
	calls->rare = NULL;
}

void rules_call(struct judge *j, const struct event *e)
{
	struct calls_memory *calls;

	switch (e->kind) {
	case EVENT_MESSAGE:
		judge_message(j, e);
		break;
	case EVENT_FIN:
	case EVENT_RST:
		calls = calls_of(j, e->connection);
		if (calls)
			remember_act(calls, e, e->kind == EVENT_FIN ? ACT_FIN : ACT_RST, e->peer_acked);
		break;
	case EVENT_CLOSE:
		connection_over(j, e);
		break;
	case EVENT_CALL_OVER:
		call_over(j, e);
		break;
	default:
		break;
	}
}

/* --- after a message was taken in ---------------------------------------------------------- */

/* An earlier request with the same Call ID is still to be answered: that reply binds to this call. */
static void request_applied(struct judge *j, const struct event *e, struct calls_memory *calls,
			    struct call *call)
{
	const struct call *h = e->holder;
	struct call_memory *m;

	calls->request_end[e->from] = end_of(e);
	calls->request_frame[e->from] = e->frame;
	if (calls->rare)
		calls->rare->unbound_cdn_frame = 0;
	if (!h || h->over || call_connection(h) != e->connection || h->kind != call->kind || h->replied)
		return;
	m = call_memory(j, call);
	if (m)
		m->extra_replies = (uint8_t)(h->memory ? h->memory->extra_replies + 1 : 1);
}

static void refused_applied(struct judge *j, const struct event *e, struct refusal *r,
			    const struct call *call)
{
	uint32_t id = field_or_zero(judge_fields(j), e->msg, FIELD_CALL_ID);
	bool ocrp = e->msg->desc->type == CTRL_OCRP;

	*r = (struct refusal){
		.frame = e->frame,
		.end = end_of(e),
		.pns_call_id = ocrp ? call->pns_call_id : (uint16_t)id,
		.pac_call_id = ocrp ? (uint16_t)id : call->pac_call_id,
		.cleared = call_step(call, STEP_CLEAR).frame,
	};
}

static void reply_applied(struct judge *j, const struct event *e, struct calls_memory *calls,
			  struct call *call)
{
	struct call_memory *m = call_memory(j, call);
	struct calls_rare *rare;

	if (!m)
		return;
	if (call_step(call, STEP_REPLY).frame != e->frame) {
		m->extra_replies -= m->extra_replies > 0;
		return;
	}
	m->reply_end = end_of(e);
	/* Its Call ID fitted nothing: the one that fits may still come. */
	m->extra_replies += e->match == MATCH_ELIMINATION;
	/* It was for a call that had ended on the way: what the tracker began is no call. */
	if (e->match == MATCH_OVER && call != e->call)
		m->settled = true;
	if (call->state != CALL_REFUSED)
		return;
	rare = calls_rare(calls);
	if (!rare)
		return;
	refused_applied(j, e, e->msg->desc->type == CTRL_OCRP ? &rare->ocrp : &rare->icrp, call);
	rare->crossed_clears += e->msg->desc->type == CTRL_OCRP && call_step(call, STEP_CLEAR).frame;
}

static void end_applied(struct judge *j, const struct event *e, struct call *call)
{
	struct call_memory *m = call_memory(j, call);
	struct call_odd *odd = call_odd(j, call);

	if (!odd)
		return;
	if (e->msg->desc->type == CTRL_CDN) {
		odd->over_end = end_of(e);
		/* By another Call ID than its own: the PNS need not have understood it. */
		m->settled |= e->match == MATCH_OTHER_ID;
	}
	if (e->msg->desc->type == CTRL_CCRQ && call_step(call, STEP_CLEAR).frame == e->frame) {
		odd->clear_end = end_of(e);
		call->given_up = call->kind == CALL_OUTGOING &&
				 (!call->replied || (m->reply_end && !had_acked(e, m->reply_end)));
		m->clear_faulty = moot(j) & MOOT_HEADER || fault_count(j, SEVERITY_ERROR);
	}
}

/* The call has just come up. */
static void up_applied(struct judge *j, const struct event *e, struct calls_memory *calls, struct call *call,
		       enum call_step step)
{
	if (call_step(call, step).frame != e->frame || !was_connected(call) || call->over)
		return;
	calls->up++;
	judge_channels(j, e, calls, call);
}

/* About a call of which the capture has shown nothing. */
static bool fits_nothing(const struct event *e)
{
	return e->match != MATCH_ID && e->msg->desc->type != CTRL_OCRQ && e->msg->desc->type != CTRL_ICRQ;
}

void call_applied(struct judge *j, const struct event *e, struct call *call)
{
	struct calls_memory *calls = calls_of(j, e->connection);
	int pac = e->connection->pac;

	if (!calls || pac < 0)
		return;
	calls->unsure |= fits_nothing(e) && unheard(e);
	if ((message_sender(e->msg->desc->type) == ROLE_PAC) != ((int)e->from == pac)) {
		settle_call(j, call);
		return;
	}
	switch (e->msg->desc->type) {
	case CTRL_OCRQ:
	case CTRL_ICRQ:
		judge_request_applied(j, e, calls, call);
		request_applied(j, e, calls, call);
		break;
	case CTRL_OCRP:
	case CTRL_ICRP:
		reply_applied(j, e, calls, call);
		if (e->msg->desc->type == CTRL_OCRP)
			up_applied(j, e, calls, call, STEP_REPLY);
		break;
	case CTRL_ICCN:
		up_applied(j, e, calls, call, STEP_CONNECTED);
		break;
	case CTRL_CCRQ:
	case CTRL_CDN:
		end_applied(j, e, call);
		break;
	case CTRL_WEN:
		wen_applied(j, e, calls, call);
		break;
	default:
		break;
	}
}
