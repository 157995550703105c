/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one side makes of a message that nobody can read, and the general errors that it reports.
 * RFC 2637 sections 1.4, 2.16 and 3.
 */
#include <inttypes.h>

#include "conformance/rules_control_private.h"

enum bad_kind {
	BAD_NONE,
	BAD_BOUNDARY, /* the cookie is wrong: nobody knows where the next message begins */
	BAD_TYPE,
	BAD_LENGTH,
};

enum general_error {
	ERROR_NOT_CONNECTED = 1,
	ERROR_FORMAT = 2,
	ERROR_VALUE = 3,
	ERROR_RESOURCE = 4,
	ERROR_PAC = 6,
};

/* --- a message whose header is wrong --------------------------------------------------------------- */

static enum bad_kind kind_of(const struct ctrl_msg *m)
{
	if (m->defects & CTRL_BAD_COOKIE)
		return BAD_BOUNDARY;
	if (m->defects & (CTRL_BAD_MESSAGE_TYPE | CTRL_MANAGEMENT | CTRL_UNFINISHED))
		return BAD_NONE;
	if (m->defects & CTRL_BAD_TYPE)
		return BAD_TYPE;
	return m->defects & CTRL_BAD_LENGTH && m->desc ? BAD_LENGTH : BAD_NONE;
}

/* It says that it has fewer octets than its type, and that is how many it has. */
static bool is_short(const struct ctrl_msg *m)
{
	return m->desc && m->length < m->desc->length && m->caplen == m->length;
}

void judge_bad_message(const struct turn *t)
{
	struct bad_message *bad = &t->m->bad;
	enum bad_kind kind = kind_of(t->e->msg);

	if (t->e->msg->defects & (CTRL_BAD_COOKIE | CTRL_MANAGEMENT))
		t->me->unreadable += t->me->unreadable < UINT8_MAX;
	if (kind == BAD_NONE || (bad->frame && !bad->told && bad->kind != BAD_LENGTH))
		return;
	*bad = (struct bad_message){
		.frame = t->e->frame,
		.time_ns = t->now,
		.end = (uint32_t)(t->e->origin->position + t->e->msg->caplen),
		.from = (uint8_t)t->e->from,
		.kind = (uint8_t)kind,
		.type = (uint8_t)t->type,
		.too_short = is_short(t->e->msg),
	};
}

/* --- what its receiver does then ------------------------------------------------------------------- */

/* The frame of the request that the message answers, or 0. */
static uint64_t answered_frame(const struct turn *t)
{
	const struct call *call = t->e->call;
	uint32_t identifier = turn_value(t, FIELD_IDENTIFIER);

	switch (t->type) {
	case CTRL_SCCRP:
		return t->c->start[0].frame;
	case CTRL_STOPRP:
		return t->c->stop_frame;
	case CTRL_ECHORP:
		for (unsigned i = 0; i < t->peer->echoes; i++)
			if (t->peer->echo[i].identifier == identifier)
				return t->peer->echo[i].frame;
		return t->m->bad.type == CTRL_ECHORQ ? t->m->bad.frame : 0;
	case CTRL_OCRP:
	case CTRL_ICRP:
		return call ? call_step(call, STEP_REQUEST).frame : 0;
	case CTRL_CDN:
		return call ? call_step(call, STEP_CLEAR).frame : 0;
	default:
		return 0;
	}
}

/* A reply, and the other side has sent no request for it that can be read. */
static bool is_unasked(const struct turn *t)
{
	return request_of(t->type) && t->type != CTRL_ICCN && t->type != CTRL_CDN && !answered_frame(t) &&
	       !(t->type == CTRL_ECHORP && t->peer->echoes_unknown);
}

/* RFC 2637 section 2.16: whoever cannot read a request may say so before it closes the connection. */
bool answers_unreadable(const struct turn *t)
{
	if (!t->peer->unreadable || !is_error_reply(t) || !is_unasked(t))
		return false;
	t->peer->unreadable--;
	return true;
}

static void searched_on(const struct turn *t, unsigned how)
{
	struct bad_message *bad = &t->m->bad;
	struct finding *f = accuse_sender(t, RULE_MSG_COOKIE_02, how | FAIL_GARBAGE);

	evidence(f, bad->frame);
	expected(f, "the end of the connection after the broken message in frame %" PRIu64,
		 FRAME_NUMBER(bad->frame));
	observed(f, "%s to a later message", type_name(t->type));
	say(f, "%s went on behind a message without valid cookie and answered a later one with %s",
	    who(t->e, t->e->from), type_name(t->type));
	bad->searched = true;
}

static void went_on(const struct turn *t)
{
	struct bad_message *bad = &t->m->bad;
	struct finding *f = accuse_sender(t, RULE_MSG_SYNC_01, FAIL_GARBAGE);

	evidence(f, bad->frame);
	expected(f, "the end of the connection, as the message boundaries are lost in frame %" PRIu64,
		 FRAME_NUMBER(bad->frame));
	observed(f, "%s, %.1f s later", type_name(t->type), (double)(t->now - bad->time_ns) / 1e9);
	say(f, "%s sent %s although it had received a message without valid cookie", who(t->e, t->e->from),
	    type_name(t->type));
	bad->told = true;
}

static void react_to_boundary(const struct turn *t, bool received)
{
	const struct bad_message *bad = &t->m->bad;
	unsigned request = request_of(t->type);
	uint64_t answered = answered_frame(t);
	bool unasked = is_unasked(t);

	if (is_error_reply(t))
		return;
	if (!bad->searched && request && bad->after >> request & 1 && (!answered || answered >= bad->frame)) {
		searched_on(t, answered > bad->frame ? FAIL_PROVEN : 0);
		return;
	}
	/* What was asked before may still be answered, and an orderly end is an end. */
	if (!received || t->type == CTRL_STOPRQ ||
	    (request && !unasked && t->now - bad->time_ns < CLOSE_DELAY))
		return;
	went_on(t);
	if (unasked)
		set_moot(t->j, MOOT_ORDER);
}

static void react_to_type(const struct turn *t, bool received)
{
	struct bad_message *bad = &t->m->bad;
	struct finding *f;

	if (!received || t->now - bad->time_ns < T60_LATE)
		return;
	f = accuse_sender(t, RULE_MSG_INVALID_01, FAIL_GARBAGE);
	evidence(f, bad->frame);
	expected(f, "the end of the connection after the undefined message in frame %" PRIu64,
		 FRAME_NUMBER(bad->frame));
	observed(f, "%s %.0f s later", type_name(t->type), (double)(t->now - bad->time_ns) / 1e9);
	say(f, "%s still used the connection %.0f s after a message of undefined type", who(t->e, t->e->from),
	    (double)(t->now - bad->time_ns) / 1e9);
	bad->told = true;
}

static void react_to_length(const struct turn *t)
{
	struct bad_message *bad = &t->m->bad;
	struct finding *f;

	if (!request_of(t->type) || is_error_reply(t) || answered_frame(t) != bad->frame)
		return;
	bad->told = true;
	if (turn_value(t, FIELD_RESULT) > SUCCESS && t->type != CTRL_CDN)
		return;
	f = accuse_sender(t, RULE_MSG_INVALID_02, FAIL_GARBAGE | (bad->too_short ? FAIL_PROVEN : 0));
	evidence(f, bad->frame);
	expected(f, "the end of the connection, or Result Code 2 and Error Code 2");
	observed(f, "%s with Result Code %" PRIu32, type_name(t->type), turn_value(t, FIELD_RESULT));
	say(f, "%s accepted %s with a wrong Length as though it were valid", who(t->e, t->e->from),
	    type_name(bad->type));
}

void judge_reaction(const struct turn *t)
{
	const struct bad_message *bad = &t->m->bad;
	bool received = reached(t->e->origin->peer_acked, bad->end);

	if (bad->told || bad->from == t->e->from)
		return;
	if (bad->kind == BAD_BOUNDARY)
		react_to_boundary(t, received);
	else if (bad->kind == BAD_TYPE)
		react_to_type(t, received);
	else
		react_to_length(t);
}

void judge_not_closed(const struct turn *t)
{
	struct bad_message *bad = &t->m->bad;
	unsigned receiver = !bad->from;
	struct finding *f;

	if (!bad->frame || bad->told || bad->searched || bad->kind != BAD_BOUNDARY ||
	    t->m->side[receiver].closed || t->now - bad->time_ns < CLOSE_DELAY ||
	    !has_acked(t->c, receiver, bad->end))
		return;
	f = accuse(t, RULE_MSG_SYNC_01, (int)receiver, FAIL_DOUBT | FAIL_GARBAGE);
	at(f, bad->frame, bad->time_ns);
	expected(f, "the end of the connection, as the message boundaries are lost");
	observed(f, "still open after %.0f s", (double)(t->now - bad->time_ns) / 1e9);
	say(f, "%s kept the connection open for %.0f s after a message without valid cookie",
	    who(t->e, receiver), (double)(t->now - bad->time_ns) / 1e9);
	bad->told = true;
}

/* --- and afterwards -------------------------------------------------------------------------------- */

static bool opened_again(const struct turn *t, int64_t since)
{
	const struct control_connection *o = t->e->tunnel->first_connection;
	unsigned n = 0;

	for (; o && n < CONNECTIONS_WALKED; n++, o = o->next)
		if (o->id > t->c->id && o->originator == t->c->originator && o->first_time - since < T60_LATE)
			return true;
	return o;
}

void judge_no_restart(const struct turn *t)
{
	const struct calls_memory *acts = &t->m->calls;
	const struct bad_message *bad = &t->m->bad;
	unsigned originator = t->c->originator;
	int64_t closed = acts->acted_time[originator];
	struct finding *f;

	if (!bad->frame || bad->from == originator || !acts->acted[originator] || closed < bad->time_ns ||
	    closed - bad->time_ns > CLOSE_DELAY || !reached(acts->acted_end[originator], bad->end) ||
	    (acts->acted[!originator] && acts->acted_frame[!originator] < acts->acted_frame[originator]) ||
	    judge_now(t->j) - closed < T60_LATE || opened_again(t, closed))
		return;
	f = accuse(t, RULE_MSG_RESTART_01, (int)originator, 0);
	at(f, acts->acted_frame[originator], closed);
	evidence(f, bad->frame);
	expected(f, "a new connection within 60 s");
	observed(f, "none in %.0f s", (double)(judge_now(t->j) - closed) / 1e9);
	say(f,
	    "the originator closed the connection because of an invalid message and did not open it again");
}

/* --- Error Codes ----------------------------------------------------------------------------------- */

static struct finding *unfounded(const struct turn *t, enum rule_number rule, const char *wanted)
{
	struct finding *f = fail(t->j, t->e, rule, (int)t->e->from, FAIL_CONNECTION);
	uint32_t error = turn_value(t, FIELD_ERROR);
	const char *name = ctrl_error_name(error);

	expected(f, "%s", wanted);
	observed(f, "Error Code %" PRIu32 " (%s)", error, name ? name : "undefined");
	return f;
}

/* A request that was right is refused as though it were not. */
static void judge_blame(const struct turn *t, uint32_t error)
{
	unsigned request = request_of(t->type);
	const struct control_side *asked = t->peer;
	struct finding *f;

	if (!t->c->messages[!t->e->from][request] || t->c->messages[!t->e->from][0] ||
	    t->c->skipped[!t->e->from] || (t->type == CTRL_CDN && !answered_frame(t)))
		return;
	if (error == ERROR_FORMAT) {
		f = unfounded(t, RULE_ERR_BADFMT_01, "a request with wrong Length or Magic Cookie");
		say(f, "%s reported a bad format, but %s had the right Length and Magic Cookie",
		    who(t->e, t->e->from), type_name(request));
	} else if (!(asked->faulty >> request & 1)) {
		f = unfounded(t, RULE_ERR_BADVAL_01, "a request with a value out of range");
		say(f, "%s reported a bad value, but all values of %s are in range", who(t->e, t->e->from),
		    type_name(request));
	} else {
		return;
	}
	evidence(f, answered_frame(t));
}

void judge_error_code(const struct turn *t)
{
	struct finding *f;

	switch (turn_value(t, FIELD_ERROR)) {
	case ERROR_NOT_CONNECTED:
		if (!t->m->up || t->type == CTRL_SCCRP || t->peer->erred)
			break;
		f = unfounded(t, RULE_ERR_NOTCONN_01, "Error Code 1 only without control connection");
		evidence(f, t->c->start[1].frame);
		say(f, "%s reported that there is no control connection, but it is up",
		    who(t->e, t->e->from));
		break;
	case ERROR_FORMAT:
	case ERROR_VALUE:
		judge_blame(t, turn_value(t, FIELD_ERROR));
		break;
	case ERROR_RESOURCE:
		t->m->shortage_frame = t->e->frame;
		t->m->shortage_time = t->now;
		t->m->shortage_by = (uint8_t)t->e->from;
		break;
	case ERROR_PAC:
		if (pac_of(t->e) < 0 || (int)t->e->from == pac_of(t->e))
			break;
		f = unfounded(t, RULE_ERR_PACERR_01, "Error Code 6 from the PAC only");
		evidence(f, t->c->role_frame);
		say(f, "the PNS reported an error of the PAC in its %s", type_name(t->type));
		break;
	default:
		break;
	}
}
