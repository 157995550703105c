/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One control message by itself: its header and who sent it.  RFC 2637 sections 1.4 and 2.
 *
 * A wrong header makes the rest of the message moot, in the order cookie, type, length.  Numbers
 * and texts of the messages: rules_message_value.c and rules_message_text.c.
 */
#include <inttypes.h>
#include <stdio.h>

#include "conformance/rules_control.h"
#include "conformance/rules_message.h"

enum {
	SWAPPED_MAGIC = 0x4d3c2b1a,
	SWAPPED_CONTROL = 0x0100, /* PPTP Message Type 1 */
	COOKIE_END = 8,
	START_SUCCESS = 1, /* Result Code of SCCRP */
};

/* Who sends a message, and the ids of what is judged of all messages alike. */
static const struct {
	uint16_t length, direction; /* enum rule_number */
	uint8_t sender;             /* enum role; ROLE_UNKNOWN: either */
	bool weak;                  /* deployed peers of the other role send it, too */
} of_type[CTRL_TYPES] = {
	[CTRL_SCCRQ] = { RULE_SCCRQ_LEN_01, RULES, ROLE_UNKNOWN, false },
	[CTRL_SCCRP] = { RULE_SCCRP_LEN_01, RULES, ROLE_UNKNOWN, false },
	[CTRL_STOPRQ] = { RULE_STOPRQ_LEN_01, RULES, ROLE_UNKNOWN, false },
	[CTRL_STOPRP] = { RULE_STOPRP_LEN_01, RULES, ROLE_UNKNOWN, false },
	[CTRL_ECHORQ] = { RULE_ECHORQ_LEN_01, RULES, ROLE_UNKNOWN, false },
	[CTRL_ECHORP] = { RULE_ECHORP_LEN_01, RULES, ROLE_UNKNOWN, false },
	[CTRL_OCRQ] = { RULE_OCRQ_LEN_01, RULE_OCRQ_DIR_01, ROLE_PNS, false },
	[CTRL_OCRP] = { RULE_OCRP_LEN_01, RULE_OCRP_DIR_01, ROLE_PAC, false },
	[CTRL_ICRQ] = { RULE_ICRQ_LEN_01, RULE_ICRQ_DIR_01, ROLE_PAC, false },
	[CTRL_ICRP] = { RULE_ICRP_LEN_01, RULE_ICRP_DIR_01, ROLE_PNS, false },
	[CTRL_ICCN] = { RULE_ICCN_LEN_01, RULE_ICCN_DIR_01, ROLE_PAC, false },
	[CTRL_CCRQ] = { RULE_CCRQ_LEN_01, RULE_CCRQ_DIR_01, ROLE_PNS, false },
	[CTRL_CDN] = { RULE_CDN_LEN_01, RULE_CDN_DIR_01, ROLE_PAC, true },
	[CTRL_WEN] = { RULE_WEN_LEN_01, RULE_WEN_DIR_01, ROLE_PAC, false },
	[CTRL_SLI] = { RULE_SLI_LEN_01, RULE_SLI_DIR_01, ROLE_PNS, true },
};

enum role message_sender(enum ctrl_type type)
{
	return (enum role)of_type[type].sender;
}

bool sender_in_doubt(const struct event *e)
{
	const struct control_connection *c = e->connection;

	return of_type[e->msg->desc->type].weak && (c->pac < 0 || of_type[c->role_by].weak);
}

static const char *name_of(unsigned type)
{
	const struct ctrl_desc *d = ctrl_desc_of(type);

	return d ? d->name : "a message";
}

/* --- the header --------------------------------------------------------------------------- */

static uint16_t swapped(uint16_t value)
{
	return (uint16_t)(value >> 8 | value << 8);
}

/* Is it the first that its sender says on the connection? */
static bool first_said(const struct event *e)
{
	const struct control_connection *c = e->connection;

	for (unsigned type = 0; type < CTRL_TYPES; type++)
		if (c->messages[e->from][type])
			return false;
	return !c->midstream;
}

static void octets_swapped(struct judge *j, const struct event *e, const char *what)
{
	const struct ctrl_msg *m = e->msg;
	struct finding *f = blame(j, e, RULE_MSG_ORDER_01, 0);

	expected(f, "most significant octet first");
	observed(f, "Length 0x%04x, PPTP Message Type 0x%04x, Magic Cookie 0x%08" PRIx32, (unsigned)m->length,
		 (unsigned)m->message_type, m->cookie);
	say(f, "%s sent a message whose %s makes sense only with its octets swapped", who(e, e->from), what);
}

/* Everything but the cookie is that of a message. */
static bool otherwise_header(const struct ctrl_msg *m)
{
	const struct ctrl_desc *d = ctrl_desc_of(m->type);

	return m->message_type == 1 && d && d->length == m->length;
}

/*
 * No cookie where a header should stand.  Where that is in the midst of a segment, behind a message
 * of the right Length, its sender wrote more octets (or fewer) than it announced.
 */
static void cookie_wrong(struct judge *j, const struct event *e, const struct message_before *before)
{
	const struct ctrl_msg *m = e->msg;
	bool behind = before && before->frame && before->end == e->origin->position;
	struct finding *f;

	if (m->cookie == SWAPPED_MAGIC) {
		octets_swapped(j, e, "Magic Cookie");
	} else if (behind && before->bad_length && !otherwise_header(m)) {
		return; /* that Length is what was wrong, and it was told */
	} else if (behind && before->type && !otherwise_header(m) && e->origin->nframes &&
		   e->origin->frames[0] == before->frame) {
		f = blame(j, e, RULE_MSG_LEN_02, FAIL_DOUBT);
		evidence(f, before->frame);
		expected(f, "a message header, or nothing, behind the announced octets");
		observed(f, "0x%08" PRIx32 " where the Magic Cookie of the next header belongs", m->cookie);
		say(f, "%s sent %s with other than the %u octets that its Length announces", who(e, e->from),
		    name_of(before->type), (unsigned)ctrl_desc_of(before->type)->length);
	} else {
		f = blame(j, e, RULE_MSG_COOKIE_01, 0);
		expected(f, "Magic Cookie 0x%08x", (unsigned)CTRL_MAGIC);
		observed(f, "Magic Cookie 0x%08" PRIx32, m->cookie);
		say(f, "%s sent 0x%08" PRIx32 " where the Magic Cookie of a message belongs", who(e, e->from),
		    m->cookie);
	}
}

static void message_type_wrong(struct judge *j, const struct event *e)
{
	const struct ctrl_msg *m = e->msg;
	struct finding *f;

	if (m->message_type == SWAPPED_CONTROL && first_said(e)) {
		octets_swapped(j, e, "PPTP Message Type");
		return;
	}
	f = blame(j, e, RULE_MSG_TYPE_01, 0);
	expected(f, "PPTP Message Type 1 (control message)");
	observed(f, "PPTP Message Type %u%s", (unsigned)m->message_type,
		 m->defects & CTRL_MANAGEMENT ? " (management message)" : "");
	say(f, "%s sent a message with PPTP Message Type %u%s", who(e, e->from), (unsigned)m->message_type,
	    m->defects & CTRL_MANAGEMENT ? ", for which no messages are defined" : "");
}

static void control_type_wrong(struct judge *j, const struct event *e)
{
	unsigned type = e->msg->type;
	struct finding *f = blame(j, e, RULE_MSG_CMT_01, 0);

	expected(f, "Control Message Type 1 to %d", CTRL_TYPES - 1);
	observed(f, "Control Message Type %u", type);
	say(f, "%s sent a message with Control Message Type %u, which is not defined", who(e, e->from), type);
}

static void too_short(struct judge *j, const struct event *e)
{
	const struct ctrl_msg *m = e->msg;
	struct finding *f = blame(j, e, RULE_MSG_HDR_01, 0);

	expected(f, "Length %d or more", CTRL_MIN);
	observed(f, "Length %u", (unsigned)m->length);
	say(f, "%s sent %s with Length %u, less than any message has", who(e, e->from), name_of(m->type),
	    (unsigned)m->length);
}

/* The message has the size of its type, and the next one follows: only Length says otherwise. */
static void length_disagrees(struct judge *j, const struct event *e)
{
	const struct ctrl_msg *m = e->msg;
	struct finding *f = blame(j, e, RULE_MSG_LEN_02, 0);

	expected(f, "Length %zu, as the next header follows there", m->caplen);
	observed(f, "Length %u", (unsigned)m->length);
	say(f, "%s sent %s with Length %u, but the next message begins after %zu octets", who(e, e->from),
	    m->desc->name, (unsigned)m->length, m->caplen);
}

static void length_wrong(struct judge *j, const struct event *e)
{
	const struct ctrl_msg *m = e->msg;
	struct finding *f;

	if (swapped(m->length) == m->desc->length && first_said(e)) {
		octets_swapped(j, e, "Length");
		return;
	}
	if (m->length < CTRL_MIN) {
		too_short(j, e);
		return;
	}
	if (e->origin->followed && m->caplen == m->desc->length) {
		length_disagrees(j, e);
		return;
	}
	f = blame(j, e, own_or_umbrella(j, of_type[m->desc->type].length, RULE_MSG_LEN_01), 0);
	expected(f, "Length %u", (unsigned)m->desc->length);
	observed(f, "Length %u", (unsigned)m->length);
	say(f, "%s sent %s with Length %u", who(e, e->from), m->desc->name, (unsigned)m->length);
}

/* Its sender closed, or sent the next one, before it was complete. */
static void unfinished(struct judge *j, const struct event *e)
{
	const struct ctrl_msg *m = e->msg;
	struct finding *f;

	if (m->caplen < CTRL_HEADER) {
		f = blame(j, e, RULE_MSG_HDR_01, 0);
		expected(f, "%d octets of header", CTRL_HEADER);
		observed(f, "FIN after %zu octets", m->caplen);
		say(f, "%s closed the connection within the header of a message, after %zu octets",
		    who(e, e->from), m->caplen);
		return;
	}
	f = blame(j, e, RULE_MSG_LEN_02, e->origin->followed ? FAIL_DOUBT : 0);
	expected(f, "%u octets, as Length says", (unsigned)m->length);
	observed(f, "%s after %zu octets", e->origin->followed ? "the next header" : "FIN", m->caplen);
	say(f, "%s %s within %s, after %zu of %u octets", who(e, e->from),
	    e->origin->followed ? "began another message" : "closed the connection", name_of(m->type),
	    m->caplen, (unsigned)m->length);
}

/* What shows in the first octets of a message whose type the capture lacks. */
static void beginning(struct judge *j, const struct event *e)
{
	const struct ctrl_msg *m = e->msg;
	struct finding *f;

	if (m->length < CTRL_MIN) {
		too_short(j, e);
		set_moot(j, MOOT_HEADER);
		return;
	}
	for (unsigned type = CTRL_SCCRQ; type < CTRL_TYPES; type++)
		if (ctrl_desc_of(type)->length == m->length)
			return;
	f = blame(j, e, RULE_MSG_LEN_01, 0);
	expected(f, "Length of one of the fifteen messages");
	observed(f, "Length %u", (unsigned)m->length);
	say(f, "%s sent a message with Length %u, which no message has", who(e, e->from),
	    (unsigned)m->length);
	set_moot(j, MOOT_HEADER);
}

static void header_wrong(struct judge *j, const struct event *e, const struct message_before *before)
{
	const struct ctrl_msg *m = e->msg;
	bool cookie_here = m->caplen >= COOKIE_END || m->defects & CTRL_BAD_COOKIE;

	set_moot(j, MOOT_HEADER);
	if (m->defects & CTRL_BAD_COOKIE)
		cookie_wrong(j, e, before);
	else if (m->defects & (CTRL_BAD_MESSAGE_TYPE | CTRL_MANAGEMENT) && cookie_here)
		message_type_wrong(j, e);
	else if (m->defects & CTRL_BAD_TYPE)
		control_type_wrong(j, e);
	else if (m->defects & CTRL_BAD_LENGTH)
		length_wrong(j, e);
	else if (m->defects & CTRL_UNFINISHED && (e->origin->followed || (before && before->fin)))
		unfinished(j, e);
}

/* --- who may send it ----------------------------------------------------------------------- */

static int64_t time_of(const struct control_connection *c, uint64_t frame)
{
	const struct moment *m;
	uint64_t skipped;

	for (unsigned i = 0; (m = history_at(&c->history, i, &skipped)); i++)
		if (m->frame == frame)
			return m->time_ns;
	return c->first_time;
}

static const char *role_words(enum role r)
{
	return r == ROLE_PAC ? "PAC" : "PNS";
}

/* `type`, sent by `host`, contradicts `other` in frame other_frame. */
static struct finding *contradiction(struct judge *j, const struct event *e, enum ctrl_type type,
				     unsigned host, enum ctrl_type other, uint64_t other_frame)
{
	enum role should = of_type[type].sender, role = should == ROLE_PAC ? ROLE_PNS : ROLE_PAC;
	const char *is = role_words(role);
	struct finding *f = fail(j, e, of_type[type].direction, (int)host, FAIL_CONNECTION);

	if (f)
		f->role = role; /* also where the connection still has it the other way round */
	evidence(f, other_frame);
	expected(f, "%s from the %s only", name_of(type), role_words(should));
	observed(f, "sent by the %s, as which %s in frame %" PRIu64 " shows it", is, name_of(other),
		 FRAME_NUMBER(other_frame));
	return say(f, "the %s sent %s, which is for the %s to send; %s in frame %" PRIu64 " told the roles",
		   is, name_of(type), role_words(should), name_of(other), FRAME_NUMBER(other_frame));
}

/*
 * The first message that only one role sends has told the roles.  When that was one which peers of
 * the other role are known to send, a better witness decides which of the two was wrong.
 */
static void wrong_direction(struct judge *j, const struct event *e, struct message_memory *memory)
{
	const struct control_connection *c = e->connection;
	enum ctrl_type type = e->msg->desc->type, by = c->role_by;
	bool *told = of_type[type].weak ? &memory->weak_direction_told : &memory->direction_told;
	unsigned liar;

	if (of_type[by].weak && !of_type[type].weak) {
		liar = of_type[by].sender == ROLE_PAC ? (unsigned)c->pac : !c->pac;
		at(contradiction(j, e, by, liar, type, e->frame), c->role_frame, time_of(c, c->role_frame));
		memory->weak_direction_told = true;
		return;
	}
	set_moot(j, MOOT_DIRECTION);
	if (!*told)
		contradiction(j, e, type, e->from, by, c->role_frame);
	*told = true;
}

static void direction(struct judge *j, const struct event *e, struct message_memory *memory)
{
	int pac = e->connection->pac;
	enum role sender = message_sender(e->msg->desc->type);

	if (sender != ROLE_UNKNOWN && pac >= 0 && (sender == ROLE_PAC) != ((unsigned)pac == e->from))
		wrong_direction(j, e, memory);
}

/* --- what the roles tell of SCCRQ and SCCRP -------------------------------------------------- */

static void start_wrong(struct judge *j, const struct event *e, enum rule_number rule, bool reply,
			int64_t time_ns, enum field_id field, uint32_t value, const char *wanted)
{
	const struct ctrl_desc *d = ctrl_desc_of(reply ? CTRL_SCCRP : CTRL_SCCRQ);
	const struct field *row = &d->fields[judge_fields(j)->row[d->type][field]];
	const struct control_connection *c = e->connection;
	unsigned host = reply ? !c->originator : c->originator;
	struct finding *f = fail(j, e, rule, (int)host, FAIL_CONNECTION);

	if (!f)
		return;
	f->call = 0;
	f->nevidence = 0;
	at(f, c->start[reply].frame, time_ns);
	evidence(f, c->role_frame);
	expected(f, "%s %s", row->label, wanted);
	observed(f, "%s %" PRIu32, row->label, value);
	say(f, "%s, as %s in frame %" PRIu64 " proves it to be, sent %s with %s %" PRIu32, who(e, host),
	    name_of(c->role_by), FRAME_NUMBER(c->role_frame), d->name, row->label, value);
}

static void judge_start(struct judge *j, const struct event *e, const struct message_memory *memory)
{
	const struct control_connection *c = e->connection;

	for (unsigned reply = 0; reply < 2; reply++) {
		const struct start_info *s = &c->start[reply];
		bool pac = (unsigned)c->pac == (reply ? !c->originator : c->originator);

		if (!s->frame)
			continue;
		if (!pac && s->channels)
			start_wrong(j, e, reply ? RULE_SCCRP_MAXCH_01 : RULE_SCCRQ_MAXCH_01, reply,
				    memory->start_time[reply], FIELD_MAXIMUM_CHANNELS, s->channels, "0");
		if (pac && !s->bearer && (!reply || s->result == START_SUCCESS))
			start_wrong(j, e, reply ? RULE_SCCRP_BEARCAP_02 : RULE_SCCRQ_BEARCAP_02, reply,
				    memory->start_time[reply], FIELD_BEARER_CAPABILITIES, 0, "1, 2 or 3");
	}
}

/* Once, when a message that tells the roles well has been taken in. */
static void start_later(struct judge *j, const struct event *e, struct message_memory *memory)
{
	const struct control_connection *c = e->connection;

	if (c->pac < 0 || of_type[c->role_by].weak)
		return;
	memory->start_judged = true;
	judge_start(j, e, memory);
}

/* --- the message --------------------------------------------------------------------------- */

static void remember(const struct judge *j, const struct event *e, struct message_memory *memory)
{
	const struct ctrl_msg *m = e->msg;
	struct message_before *before = &memory->before[e->from];
	const struct control_connection *c = e->connection;
	unsigned reply = e->from != c->originator;

	before->end = e->origin->position + m->caplen;
	before->frame = e->frame;
	before->type = (uint8_t)(m->desc && !(moot(j) & MOOT_HEADER) ? m->desc->type : 0);
	before->bad_length = m->defects & CTRL_BAD_LENGTH;
	if (before->type && m->desc->type <= CTRL_SCCRP && !c->start[reply].frame)
		memory->start_time[reply] = e->time_ns;
}

static void judge_message(struct judge *j, const struct event *e, struct message_memory *memory)
{
	const struct ctrl_msg *m = e->msg;

	if (m->defects)
		header_wrong(j, e, memory ? &memory->before[e->from] : NULL);
	else if (!m->desc && m->caplen >= COOKIE_END)
		beginning(j, e);
	if (memory) {
		if (!memory->start_judged)
			start_later(j, e, memory);
		if (m->desc && !(moot(j) & MOOT_HEADER))
			direction(j, e, memory);
		remember(j, e, memory);
	}
	if (!m->desc || moot(j) & MOOT_HEADER)
		return;
	message_values(j, e);
	message_texts(j, e);
}

void rules_message(struct judge *j, const struct event *e)
{
	struct control_memory *memory = control_memory(j, e->connection);

	if (e->kind == EVENT_MESSAGE)
		judge_message(j, e, memory ? &memory->message : NULL);
	else if (memory && e->kind == EVENT_FIN)
		memory->message.before[e->from].fin = true;
	else if (memory && !memory->message.start_judged)
		start_later(j, e, &memory->message);
}
