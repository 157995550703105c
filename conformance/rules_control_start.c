/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a control connection begins: SCCRQ, SCCRP, and what one side sends too early.  RFC 2637
 * sections 2.1, 2.2, 3.1.1 to 3.1.3.
 */
#include <inttypes.h>

#include "conformance/rules_control_private.h"

/* --- other connections of the pair ----------------------------------------------------------------- */

static bool is_closed(const struct control_connection *c)
{
	return c->close != CLOSE_NONE || c->closed_by >= 0 || c->state == CONNECTION_CLOSED;
}

static bool is_up(const struct control_connection *c)
{
	return c->memory && c->memory->up && !c->midstream && !is_closed(c);
}

/*
 * Two connections that are up at a time, with the same roles as far as they are known: the same side
 * opened them, or messages have told.
 */
static bool is_second(const struct control_connection *o, const struct control_connection *c, bool roles_told)
{
	const struct control_memory *m = c->memory;
	bool known = c->pac >= 0 && o->pac >= 0;

	if (o == c || !is_up(o) || (known && o->pac != c->pac) || (o->id == m->rival && m->requests_crossed))
		return false;
	return roles_told ? known && o->originator != c->originator : o->originator == c->originator;
}

/* The connection was opened beside that of number `other`; how: whether several systems may have done it. */
static void opened_beside(const struct turn *t, uint64_t other, unsigned how)
{
	const struct control_connection *c = t->c, *o = t->e->tunnel->first_connection;
	struct finding *f = accuse(t, RULE_CCSM_ONE_01, (int)c->originator, how);

	at(f, c->start[1].frame, t->m->up_time);
	for (unsigned n = 0; o && n < CONNECTIONS_WALKED; n++, o = o->next)
		if (o->id == other)
			evidence(f, o->start[1].frame);
	expected(f, "one control connection between the two hosts");
	observed(f, "a second one, while number %" PRIu64 " was up", other);
	say(f, "%s opened a second control connection to the same host while the first was up",
	    who(t->e, c->originator));
}

/* Connections that the same side has opened: what is made of them is seen when they end. */
static void count_beside(const struct turn *t)
{
	struct control_connection *o = t->e->tunnel->first_connection;

	for (unsigned n = 0; o && n < CONNECTIONS_WALKED; n++, o = o->next) {
		if (!is_second(o, t->c, false))
			continue;
		o->memory->beside += o->memory->beside < UINT8_MAX;
		t->m->beside += t->m->beside < UINT8_MAX;
		t->m->opened_beside = o->id;
	}
}

/* One PNS does not give two calls the same Call ID, nor has one system two names. */
static bool differ(const struct turn *t, const struct call *call, uint64_t other)
{
	const struct call *o = t->e->tunnel->first_call;

	for (unsigned n = 0; o && n < CALLS_WALKED; n++, o = o->next)
		if (call_connection_id(o) == other && o->pns_id_known &&
		    o->pns_call_id == call->pns_call_id && o->first_time <= call_last_message(call).time_ns &&
		    call->first_time <= call_last_message(o).time_ns)
			return true;
	return false;
}

static bool several_systems(const struct turn *t, uint64_t other)
{
	const struct control_connection *o = t->e->tunnel->first_connection;
	const struct call *call = t->e->tunnel->first_call;
	const struct start_info *mine = &t->c->start[0];

	for (unsigned n = 0; o && n < CONNECTIONS_WALKED; n++, o = o->next)
		if (o->id == other && (o->start[0].host_name != mine->host_name ||
				       o->start[0].vendor_name != mine->vendor_name))
			return true;
	for (unsigned n = 0; call && n < CALLS_WALKED; n++, call = call->next)
		if (call_connection_id(call) == t->c->id && call->pns_id_known && differ(t, call, other))
			return true;
	return false;
}

void judge_beside(const struct turn *t)
{
	uint64_t other = t->m->opened_beside;

	if (!other)
		return;
	t->m->opened_beside = 0;
	/* More than two: hardly one system that cannot count. */
	opened_beside(t, other, t->m->beside > 1 || several_systems(t, other) ? UNLESS_NAT : 0);
}

void judge_roles_known(const struct turn *t)
{
	const struct control_connection *o = t->e->tunnel->first_connection;

	for (unsigned n = 0; o && n < CONNECTIONS_WALKED; n++, o = o->next) {
		if (!is_second(o, t->c, true))
			continue;
		opened_beside(t, o->id, 0);
		return;
	}
}

static bool says_same_name(const struct turn *t, const struct start_info *s)
{
	size_t width;
	const uint8_t *name = field_text(judge_fields(t->j), t->e->msg, FIELD_HOST_NAME, &width);

	return name && s->host_name && memcmp(name, s->host_name, width) == 0;
}

/* Firmware is what a host has installed: another value is another host, or an upgrade. */
static void judge_firmware(const struct turn *t)
{
	const struct control_connection *o = t->e->tunnel->first_connection;
	const struct start_info *last = NULL;
	enum rule_number rule = t->type == CTRL_SCCRQ ? RULE_SCCRQ_FWREV_01 : RULE_SCCRP_FWREV_01;
	uint32_t value = turn_value(t, FIELD_FIRMWARE);
	struct finding *f;

	for (unsigned n = 0; o && n < CONNECTIONS_WALKED; n++, o = o->next) {
		const struct start_info *s = &o->start[o->originator != t->e->from];

		if (s->frame && s->frame < t->e->frame && (!last || s->frame > last->frame))
			last = s;
	}
	if (!last || last->firmware == value)
		return;
	f = accuse_sender(t, rule, says_same_name(t, last) ? 0 : UNLESS_NAT);
	evidence(f, last->frame);
	expected(f, "Firmware Revision %u, as before", (unsigned)last->firmware);
	observed(f, "Firmware Revision %" PRIu32, value);
	say(f, "%s sent Firmware Revision %" PRIu32 ", but %u earlier", who(t->e, t->e->from), value,
	    (unsigned)last->firmware);
}

/* Whether the host has sent anything, be it that nobody can read it. */
static bool has_spoken(const struct turn *t, unsigned host)
{
	return t->m->side[host].frame || (t->m->bad.frame && t->m->bad.from == host);
}

/* --- SCCRP ----------------------------------------------------------------------------------------- */

static void version_above_request(const struct turn *t, uint32_t version, uint32_t asked)
{
	bool newer = version > asked && asked > VERSION_1_0;
	struct finding *f = accuse_sender(t, newer ? RULE_CCSM_RECV_VER_03 : RULE_SCCRP_VER_01, 0);

	evidence(f, t->c->start[0].frame);
	expected(f, "a version of 0x%04" PRIx32 " or lower, but not 0", asked);
	observed(f, "Protocol Version 0x%04" PRIx32, version);
	say(f, "%s replied with Protocol Version 0x%04" PRIx32 " to a request for 0x%04" PRIx32,
	    who(t->e, t->e->from), version, asked);
}

static void took_old_version(const struct turn *t, uint32_t asked)
{
	struct finding *f = accuse_sender(t, RULE_CCSM_RECV_VER_02, 0);

	evidence(f, t->c->start[0].frame);
	expected(f, "Result Code %d (version not supported) and the end of the connection", WRONG_VERSION);
	observed(f, "Result Code %" PRIu32, turn_value(t, FIELD_RESULT));
	say(f, "%s accepted a request with the older Protocol Version 0x%04" PRIx32, who(t->e, t->e->from),
	    asked);
}

/* The version of an SCCRP that refuses is of no consequence. */
static void judge_version(const struct turn *t)
{
	uint32_t version = turn_value(t, FIELD_VERSION), asked = t->c->start[0].version;

	if (turn_value(t, FIELD_RESULT) > SUCCESS)
		return;
	if (version && asked < VERSION_1_0 && selected(t->j, RULE_CCSM_RECV_VER_02))
		took_old_version(t, asked);
	else if (!version || version > asked)
		version_above_request(t, version, asked);
}

/* Whether a control connection of the two hosts could be what the SCCRP means. */
static bool another_exists(const struct turn *t)
{
	const struct control_connection *o = t->e->tunnel->first_connection;
	unsigned n = 0;

	for (; o && n < CONNECTIONS_WALKED; n++, o = o->next)
		if (o != t->c && (o->midstream || !is_closed(o) || t->now - o->last_time < COLLISION_DELAY))
			return true;
	return o;
}

static void judge_result(const struct turn *t)
{
	uint32_t result = turn_value(t, FIELD_RESULT), asked = t->c->start[0].version;
	struct finding *f = NULL;

	if (result == CONNECTION_EXISTS && !another_exists(t)) {
		f = accuse_sender(t, RULE_SCCRP_RESULT_02, 0);
		expected(f, "Result Code %d, as there is no other control connection", SUCCESS);
		say(f, "%s refused the connection because of another one, but there is none",
		    who(t->e, t->e->from));
	} else if (result == WRONG_VERSION && asked >= VERSION_1_0) {
		f = accuse_sender(t, asked == VERSION_1_0 ? RULE_SCCRP_RESULT_04 : RULE_CCSM_RECV_VER_03, 0);
		expected(f, "Result Code %d and its own version", SUCCESS);
		say(f, "%s refused a request for Protocol Version 0x%04" PRIx32 " because of its version",
		    who(t->e, t->e->from), asked);
	}
	observed(f, "Result Code %" PRIu32, result);
	evidence(f, t->c->start[0].frame);
}

static bool second_reply(const struct turn *t)
{
	struct finding *f = accuse_sender(t, RULE_CCSM_RECV_REPLY_01, 0);

	evidence(f, t->c->start[1].frame);
	expected(f, "one Start-Control-Connection-Reply");
	observed(f, "another one for the same request");
	say(f, "%s answered one Start-Control-Connection-Request twice", who(t->e, t->e->from));
	return true;
}

static bool reply_by_originator(const struct turn *t)
{
	struct finding *f = accuse_sender(t, RULE_CCSM_UNSOL_SCCRP_01, 0);

	expected(f, "no Start-Control-Connection-Reply of the side that opened the connection");
	observed(f, "one in frame %" PRIu64, FRAME_NUMBER(t->e->frame));
	say(f, "the originator sent a Start-Control-Connection-Reply, which the receiver has to send");
	return true;
}

/* The receiver has nothing to say before it was asked, and never asks. */
static bool receiver_speaks_first(const struct turn *t)
{
	struct finding *f = accuse_sender(t, RULE_CCSM_RECV_SILENT_01, 0);

	expected(f, t->type == CTRL_SCCRQ ? "no Start-Control-Connection-Request of the receiver"
					  : "nothing before a Start-Control-Connection-Request came");
	observed(f, "%s", type_name(t->type));
	if (t->type == CTRL_SCCRQ)
		say(f, "the receiver of the TCP connection sent a Start-Control-Connection-Request");
	else
		say(f, "the receiver sent %s before there was a Start-Control-Connection-Request",
		    type_name(t->type));
	return true;
}

static bool judge_reply(const struct turn *t)
{
	if (t->e->from == t->c->originator)
		return reply_by_originator(t);
	if (!t->peer->starts)
		return !has_spoken(t, !t->e->from) && !t->c->midstream && receiver_speaks_first(t);
	if (t->me->starts >= t->peer->starts)
		return second_reply(t);
	judge_firmware(t);
	if (t->me->starts)
		return false;
	judge_version(t);
	judge_result(t);
	if (turn_value(t, FIELD_RESULT) <= SUCCESS)
		count_beside(t);
	return false;
}

static bool judge_request(const struct turn *t)
{
	struct finding *f;

	if (t->e->from != t->c->originator)
		return receiver_speaks_first(t);
	/* It has asked to stop: that goes before. */
	if (t->me->stops || t->me->stopped)
		return false;
	judge_firmware(t);
	if (!t->me->starts) {
		if (!t->c->midstream)
			collision_begins(t);
		return false;
	}
	f = accuse_sender(t, RULE_CCSM_DUP_SCCRQ_01, 0);
	evidence(f, t->c->start[0].frame);
	expected(f, "one Start-Control-Connection-Request on a connection");
	observed(f, "another one");
	say(f, "the originator sent a second Start-Control-Connection-Request on the same connection");
	return true;
}

/* --- everything else ------------------------------------------------------------------------------- */

/* An answer to something that the other side should not have sent: it is to blame, if anybody. */
static bool answers(const struct turn *t)
{
	return request_of(t->type) && has_spoken(t, !t->e->from);
}

/* It acknowledges octets that the capture lacks: the reply may be among them. */
static bool knows_more(const struct turn *t)
{
	return !reached(t->peer->end, (uint32_t)t->e->origin->peer_acked);
}

static bool too_early(const struct turn *t)
{
	bool originator = t->e->from == t->c->originator, replied = t->m->up || t->m->refused;
	struct finding *f = accuse_sender(t, RULE_CCSM_PRE_01, 0);

	evidence(f, t->c->start[1].frame);
	expected(f, "nothing %s", originator ? "before the Start-Control-Connection-Reply was received"
				  : replied  ? "after the refusal of the control connection"
					     : "before the Start-Control-Connection-Reply was sent");
	observed(f, "%s%s", type_name(t->type),
		 originator && replied ? ", in a segment that does not acknowledge the reply" : "");
	say(f, "%s sent %s before the control connection was established", who(t->e, t->e->from),
	    type_name(t->type));
	return true;
}

static bool goes_on_though_refused(const struct turn *t)
{
	struct finding *f;

	if (t->type == CTRL_STOPRQ || t->type == CTRL_STOPRP)
		return false;
	f = accuse_sender(t, RULE_CCSM_ORIG_RES_01, 0);
	evidence(f, t->c->start[1].frame);
	expected(f, "the end of the connection after Result Code %u", (unsigned)t->c->start[1].result);
	observed(f, "%s", type_name(t->type));
	say(f, "the originator sent %s on a connection that had been refused", type_name(t->type));
	return true;
}

/*
 * The first message after an SCCRP of an older version is to end the connection, unless there is such
 * a version: nothing is known of any before 1.0.
 */
static bool goes_on_with_old_version(const struct turn *t)
{
	const struct start_info *start = t->c->start;
	struct finding *f;

	if (!start[0].frame || !start[1].frame || start[1].version >= start[0].version ||
	    start[1].version >= VERSION_1_0 || t->type == CTRL_STOPRQ)
		return false;
	f = accuse_sender(t, RULE_CCSM_ORIG_VER_02, 0);
	evidence(f, start[1].frame);
	expected(f, "Stop-Control-Connection-Request, as the reply has version 0x%04x",
		 (unsigned)start[1].version);
	observed(f, "%s", type_name(t->type));
	say(f, "the originator went on with %s although the reply names the older version 0x%04x",
	    type_name(t->type), (unsigned)start[1].version);
	return true;
}

static bool judge_originator(const struct turn *t)
{
	struct control_memory *m = t->m;
	struct finding *f;

	if (!t->me->starts) {
		if (has_spoken(t, t->e->from) || t->c->midstream)
			return false; /* told already; then everybody acts as though it had been there */
		f = accuse_sender(t, RULE_CCSM_ORIG_START_01, 0);
		expected(f, "Start-Control-Connection-Request as first message");
		observed(f, "%s", type_name(t->type));
		say(f, "the originator began with %s instead of Start-Control-Connection-Request",
		    type_name(t->type));
		return true;
	}
	if (m->reply_read)
		return m->refused && goes_on_though_refused(t);
	if (!m->up && !m->refused)
		return t->type >= CTRL_STOPRP && !answers(t) && !knows_more(t) && too_early(t);
	if (!reached(t->e->origin->peer_acked, m->reply_end))
		return t->type >= CTRL_STOPRP && too_early(t);
	m->reply_read = true;
	return m->refused ? goes_on_though_refused(t) : goes_on_with_old_version(t);
}

static bool judge_receiver(const struct turn *t)
{
	if (t->c->midstream || t->m->up || answers(t))
		return false;
	if (!has_spoken(t, !t->e->from))
		return receiver_speaks_first(t);
	/* It knows that it has refused, unless another request made it think again. */
	return t->type >= CTRL_STOPRP && t->peer->starts && t->me->starts <= 1 && too_early(t);
}

bool judge_order_of_start(const struct turn *t)
{
	if (t->type == CTRL_SCCRQ)
		return judge_request(t);
	if (t->type == CTRL_SCCRP)
		return judge_reply(t);
	return t->e->from == t->c->originator ? judge_originator(t) : judge_receiver(t);
}
