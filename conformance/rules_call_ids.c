/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers of calls against what came before: Call IDs in use, serial numbers, capabilities, speed.
 *
 * A Call ID that is chosen again while its call lives is one finding: the machine's rule where the
 * state of that call tells what went wrong, else the rule of the field.
 */
#include <inttypes.h>

#include "conformance/rules_call_private.h"

enum {
	SCAN_MAX = 256, /* calls of the tunnel that are looked at when something is wrong already */
	TYPE_EITHER = 3,
};

unsigned calls_that(const struct event *e, bool (*fits)(const struct call *c))
{
	const struct call *c = e->tunnel->first_call;
	unsigned n = 0;

	for (unsigned seen = 0; c && seen < SCAN_MAX; c = c->next, seen++)
		n += call_connection_id(c) == e->connection->id && fits(c);
	return c ? SCAN_MAX : n;
}

/* --- Call IDs ------------------------------------------------------------------------------ */

/* Whether the call ended with another connection, or is just about to. */
static bool ended_earlier(const struct call *c, const struct control_connection *now)
{
	if (c->over)
		return c->ended_by == 3 && call_connection_id(c) && call_connection_id(c) != now->id;
	return call_connection(c) && call_connection(c) != now && call_connection(c)->closed_by >= 0;
}

/* The PNS uses an ID again: what it should have done with the call that has it. */
static enum rule_number pns_reuse(const struct told *t, const struct call *h, unsigned *how)
{
	unsigned type = t->type;

	if (h->state == CALL_CLEARING) {
		/* The CDN for one of several aborted calls may have been this one's. */
		*how = is_aborted(h) && calls_that(t->e, is_aborted) > 1 ? 0 : FAIL_PROVEN;
		return h->kind == CALL_INCOMING ? RULE_PNSIN_WD_01 : RULE_PNSOUT_WD_01;
	}
	if (type == CTRL_OCRQ && call_awaits(h) == AWAIT_OCRP)
		return RULE_PNSOUT_WR_03;
	if (h->kind == CALL_INCOMING && was_connected(h))
		return RULE_PNSIN_EST_02;
	*how = was_connected(h) ? 0 : FAIL_DOUBT;
	return type == CTRL_OCRQ ? RULE_OCRQ_CALLID_01 : RULE_ICRP_CALLID_01;
}

/* The PAC does: whether it had only kept silent about the end of the call. */
static enum rule_number pac_reuse(const struct told *t, const struct call *h, unsigned *how)
{
	const struct flow *f = call_flow(h, t->pac);
	int64_t heard = f && f->flags & FLOW_SEEN ? flow_last_time(f) : call_last_message(h).time_ns;

	if (h->state == CALL_CLEARING || (was_connected(h) && t->e->time_ns - heard > T60))
		return RULE_CDN_WHENEVER_01;
	*how = was_connected(h) && call_connection(h) == t->e->connection ? 0 : FAIL_DOUBT;
	return t->type == CTRL_OCRP ? RULE_OCRP_CALLID_01 : RULE_ICRQ_CALLID_01;
}

/*
 * Live calls alone, which those of a connection that was closed are not, however long they linger; those of
 * the PNS only on this connection: one address may hide several clients.
 */
static bool in_use(const struct told *t, const struct call *h)
{
	if (!h || h == t->e->call || h->over || !call_connection(h) || is_settled(h) ||
	    call_connection(h)->stop_frame || ended_earlier(h, t->e->connection))
		return false;
	/* Begun by a message that fitted no call: there may be no such call. */
	if (!call_step(h, STEP_REQUEST).frame)
		return false;
	return call_connection(h) == t->e->connection || t->e->from == t->pac;
}

static void judge_collision(const struct told *t, struct call *h, uint32_t id)
{
	bool by_pac = t->e->from == t->pac;
	const char *role = by_pac ? "PAC" : "PNS";
	unsigned how = 0;
	enum rule_number rule = by_pac ? pac_reuse(t, h, &how) : pns_reuse(t, h, &how);
	const enum rule_number both[] = { rule, RULE_CALL_UNIQ_01 };

	for (unsigned i = 0; i < 2; i++) {
		struct finding *f = fail(t->j, t->e, both[i], (int)t->e->from, how);

		say(f, "the %s gave a call the Call ID %" PRIu32 ", which another call of its own still has",
		    role, id);
		expected(f, "a Call ID that no live call of the %s has", role);
		observed(f, "%" PRIu32, id);
		evidence(f, call_step(h, STEP_REQUEST).frame);
		evidence(f, call_step(h, STEP_REPLY).frame);
		evidence(f, call_step(h, STEP_CLEAR).frame);
	}
	settle_call(t->j, h);
}

void judge_new_id(const struct told *t)
{
	unsigned from = t->e->from;
	uint32_t id;
	struct finding *f;

	if (!field_get(judge_fields(t->j), t->e->msg, FIELD_CALL_ID, &id))
		return;
	if (in_use(t, t->e->holder)) {
		judge_collision(t, t->e->holder, id);
		return;
	}
	if (!t->calls->freed_known[from] || t->calls->freed[from] != id)
		return;
	f = fail(t->j, t->e, RULE_CALL_SPACE_01, (int)from, FAIL_CONNECTION);
	say(f, "the %s chose the Call ID %" PRIu32 " of its call that had just ended",
	    from == t->pac ? "PAC" : "PNS", id);
	expected(f, "another one of a pool that is large enough");
	observed(f, "%" PRIu32, id);
}

/* --- messages that fit no call ------------------------------------------------------------- */

/* Which side chose the Call ID that a message carries to say what it is about. */
static bool carries_pac_id(unsigned type)
{
	return type == CTRL_ICRP || type == CTRL_SLI || type == CTRL_CDN;
}

/* A call that ended with its connection, which the message takes to be still there. */
static const struct call *earlier_call(const struct event *e, uint32_t id)
{
	bool pac_id = carries_pac_id(e->msg->desc->type);
	unsigned seen = 0;

	for (const struct call *c = e->tunnel->first_call; c && seen < SCAN_MAX; c = c->next, seen++)
		if (ended_earlier(c, e->connection) && (pac_id ? c->pac_id_known && c->pac_call_id == id
							       : c->pns_id_known && c->pns_call_id == id))
			return c;
	return NULL;
}

/* A live call of the connection whose Call ID of the other side it is. */
static const struct call *call_by_other_id(const struct event *e, uint32_t id)
{
	bool pac_id = carries_pac_id(e->msg->desc->type);
	unsigned seen = 0;

	for (const struct call *c = e->tunnel->first_call; c && seen < SCAN_MAX; c = c->next, seen++)
		if (call_connection(c) == e->connection && !c->over &&
		    (pac_id ? c->pns_id_known && c->pns_call_id == id
			    : c->pac_id_known && c->pac_call_id == id))
			return c;
	return NULL;
}

void judge_unmatched(const struct told *t, enum rule_number rule)
{
	const struct event none = about(t->e, NULL);
	const char *role = t->e->from == t->pac ? "PAC" : "PNS", *name = t->e->msg->desc->name;
	const struct call *earlier, *other;
	unsigned how = 0;
	uint32_t id;
	struct finding *f;

	if (!field_get(judge_fields(t->j), t->e->msg,
		       t->type == CTRL_CCRQ || t->type == CTRL_CDN ? FIELD_CALL_ID : FIELD_PEER_CALL_ID, &id))
		return;
	earlier = earlier_call(t->e, id);
	other = earlier ? NULL : call_by_other_id(t->e, id);
	/* A message of the wrong side is judged by that alone, though it may show only later. */
	if (!earlier && sender_in_doubt(t->e))
		return;
	if (!earlier && !other)
		how = FAIL_DOUBT;
	/* Who chose the Call ID has to be seen, or it may be right. */
	if (!t->e->connection->seen[carries_pac_id(t->type) ? t->pac : t->pns])
		how |= UNLESS_ONE_WAY | UNLESS_INFLIGHT;
	f = fail(t->j, &none, earlier ? RULE_CALL_RELEASE_01 : rule, (int)t->e->from, how);
	say(f, "the %s sent %s %s %s", role, strchr("IO", *name) ? "an" : "a", name,
	    earlier ? "for a call that ended with an earlier control connection"
	    : other ? "with the Call ID that the other side chose for the call"
		    : "whose Call ID fits no call");
	expected(f, "the Call ID that the %s chose for a call of this connection",
		 carries_pac_id(t->type) ? "PAC" : "PNS");
	observed(f, "%" PRIu32, id);
	evidence(f, earlier ? call_step(earlier, STEP_REQUEST).frame
		    : other ? call_step(other, STEP_REQUEST).frame
			    : 0);
}

/* --- serial numbers ------------------------------------------------------------------------ */

/* Whether it was used before.  Consecutive ones, as a counter gives them, are kept as a run. */
static bool serial_known(const struct serial_memory *s, uint16_t serial)
{
	if (s->used && (uint16_t)(serial - s->first) <= (uint16_t)(s->last - s->first))
		return true;
	for (unsigned i = 0; i < s->nother && i < SERIALS_KEPT; i++)
		if (s->other[i] == serial)
			return true;
	return false;
}

/* A new one. */
static void serial_remember(struct serial_memory *s, uint16_t serial)
{
	if (!s->used) {
		s->used = true;
		s->first = s->last = serial;
	} else if (serial == (uint16_t)(s->last + 1)) {
		s->last = serial;
		/* The count has wrapped: all of them may come again. */
		if ((uint16_t)(s->last - s->first) == UINT16_MAX)
			*s = (struct serial_memory){ 0 };
	} else {
		s->other[s->nother % SERIALS_KEPT] = serial;
		s->nother =
			(uint8_t)(s->nother < SERIALS_KEPT ? s->nother + 1
							   : SERIALS_KEPT + (s->nother + 1) % SERIALS_KEPT);
	}
}

/*
 * Whether only connections that are up at the same time as this one have used the number: several
 * systems behind one address, who cannot know of each other.
 */
static bool by_another_system(const struct event *e)
{
	const struct control_connection *o = e->tunnel->first_connection;
	const struct call *c = e->tunnel->first_call;
	bool another = false;

	for (unsigned seen = 0; c && seen < SCAN_MAX; c = c->next, seen++) {
		if (c == e->call || c->kind != e->call->kind || !c->has_serial || c->serial != e->call->serial)
			continue;
		while (o && o->id != call_connection_id(c))
			o = o->next;
		if (!o || o == e->connection || o->last_time < e->connection->first_time)
			return false;
		another = true;
	}
	return another;
}

static NOT_IN_THE_WAY void serial_again(struct judge *j, const struct event *e, struct call *call)
{
	const struct event at_call = about(e, call);
	bool outgoing = call->kind == CALL_OUTGOING;
	int host = outgoing ? !e->connection->pac : e->connection->pac;
	struct finding *f;

	f = fail(j, &at_call, outgoing ? RULE_OCRQ_SERIAL_01 : RULE_ICRQ_SERIAL_01, host,
		 FAIL_TUNNEL | (outgoing && by_another_system(&at_call) ? UNLESS_NAT : 0));
	say(f, "the %s used the Call Serial Number %u a second time", outgoing ? "PNS" : "PAC", call->serial);
	expected(f, "a number that it has not used before");
	observed(f, "%u", call->serial);
}

static void judge_serial(struct judge *j, const struct event *e, struct call *call)
{
	struct tunnel_memory *m = tunnel_memory(j, e->tunnel);
	struct serial_memory *s = m ? &m->serial[call->kind != CALL_OUTGOING] : NULL;

	if (!s)
		return;
	if (serial_known(s, call->serial))
		serial_again(j, e, call);
	else
		serial_remember(s, call->serial);
}

/* --- capabilities -------------------------------------------------------------------------- */

static const struct start_info *start_of(const struct control_connection *c, unsigned host)
{
	return &c->start[host != c->originator];
}

/* What the PAC has said of itself does not include what is asked of it, or what it uses. */
static struct finding *not_capable(const struct told *t, enum rule_number rule, uint32_t type,
				   uint32_t capabilities, const char *sentence)
{
	struct finding *f = fail(t->j, t->e, rule, (int)t->e->from, FAIL_CONNECTION);

	say(f, "%s", sentence);
	expected(f, "a type among the PAC's capabilities, 0x%" PRIx32, capabilities);
	observed(f, "type %" PRIu32, type);
	return evidence(f, start_of(t->e->connection, t->pac)->frame);
}

void judge_framing(const struct told *t)
{
	const struct start_info *pac = start_of(t->e->connection, t->pac);
	uint32_t framing = told_value(t, FIELD_FRAMING_TYPE), bearer = told_value(t, FIELD_BEARER_TYPE);
	bool iccn = t->type == CTRL_ICCN;

	if (!pac->frame)
		return;
	if ((framing == 1 || framing == 2) && !(pac->framing & framing))
		not_capable(t, iccn ? RULE_ICCN_FRAMING_02 : RULE_OCRQ_FRAMING_02, framing, pac->framing,
			    iccn ? "the PAC uses a framing that it had not declared"
				 : "the PNS asked for a framing that the PAC had not declared");
	if (iccn)
		return;
	if (((bearer == 1 || bearer == 2) && !(pac->bearer & bearer)) ||
	    (bearer == TYPE_EITHER && !pac->bearer))
		not_capable(t, RULE_OCRQ_BEARER_02, bearer, pac->bearer,
			    "the PNS asked for a bearer that the PAC had not declared");
}

static NOT_IN_THE_WAY void too_many_up(struct judge *j, const struct event *e,
				       const struct calls_memory *calls, struct call *call,
				       const struct start_info *s)
{
	const struct event at_call = about(e, call);
	struct finding *f = fail(j, &at_call, RULE_SCCRQ_MAXCH_03, e->connection->pac, FAIL_CONNECTION);

	say(f, "the PAC has more calls up than the Maximum Channels that it had declared");
	expected(f, "at most %u", s->channels);
	observed(f, "%" PRIu32, calls->up);
	evidence(f, s->frame);
}

void judge_channels(struct judge *j, const struct event *e, const struct calls_memory *calls,
		    struct call *call)
{
	const struct start_info *s = start_of(e->connection, (unsigned)e->connection->pac);

	/* Nobody means by 0 that there can be no call. */
	if (s->frame && s->channels && calls->up > s->channels)
		too_many_up(j, e, calls, call, s);
}

/* --- calls that cross ---------------------------------------------------------------------- */

/* An OCRQ and an ICRQ of which neither sender knew the other's. */
static void note_crossing(const struct event *e, struct calls_memory *calls)
{
	uint32_t other = calls->request_end[!e->from];
	struct calls_rare *rare;

	if (!other || had_acked(e, other))
		return;
	rare = calls_rare(calls);
	if (!rare)
		return;
	rare->cross_frame[e->from] = e->frame;
	rare->cross_frame[!e->from] = calls->request_frame[!e->from];
}

void judge_request_applied(struct judge *j, const struct event *e, struct calls_memory *calls,
			   struct call *call)
{
	judge_serial(j, e, call);
	note_crossing(e, calls);
}
