/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The numbers in a control message.  What the kind of a field alone decides comes from the table of
 * messages (ctrl_desc.c); ranges are in a table here; combinations of fields are functions.
 */
#include <inttypes.h>
#include <stdio.h>

#include "conformance/rules_message.h"

enum {
	SUCCESS = 1,       /* Result Code, in every reply */
	GENERAL_ERROR = 2, /* Result Code likewise: the only one with an Error Code */
	LAST_ERROR = 6,
	VERSION_1_0 = 0x0100,
	SMALL_DELAY = 10,  /* policy: what a PNS may need, in 1/10 s */
	LARGE_DELAY = 600, /* policy: more must have been meant in milliseconds */
	LAST_CAUSE = 127,  /* Q.931 */
	ANALOG = 1,        /* Bearer Type */
	NO_LIMIT = -1,
	WORDS = 64,
};

/* --- how a value is worded ------------------------------------------------------------------- */

static const char *value_text(const struct field *f, uint32_t value, char *buf, size_t room)
{
	char words[WORDS];

	ctrl_value_words(f, value, words, sizeof(words));
	if (f->kind == F_FLAGS)
		snprintf(buf, room, "0x%" PRIx32, value);
	else if (f->kind == F_RESERVED || f->kind == F_VERSION || f->kind == F_HEX)
		snprintf(buf, room, "0x%0*" PRIx32, f->width * 2, value);
	else
		snprintf(buf, room, "%" PRIu32 "%s%s", value, f->unit ? " " : "", f->unit ? f->unit : "");
	if (words[0])
		snprintf(buf + strlen(buf), room - strlen(buf), " (%s)", words);
	return buf;
}

struct finding *wrong_value(struct finding *f, const struct event *e, const struct field *field,
			    uint32_t value, const char *wanted, const char *remark)
{
	char text[WORDS * 2];

	value_text(field, value, text, sizeof(text));
	expected(f, "%s %s", field->label, wanted);
	observed(f, "%s %s", field->label, text);
	return say(f, "%s sent %s with %s %s%s", who(e, e->from), e->msg->desc->name, field->label, text,
		   remark);
}

/* "1 (analog) or 2 (digital)"; "1 to 7" where there are many. */
static const char *names_text(const struct value_name *n, char *buf, size_t room)
{
	enum { MANY = 4 };
	unsigned count = 0, used = 0;

	while (n[count].name)
		count++;
	if (count > MANY) {
		snprintf(buf, room, "%" PRIu32 " to %" PRIu32, n[0].value, n[count - 1].value);
		return buf;
	}
	for (unsigned i = 0; i < count && used < room; i++)
		used += (unsigned)snprintf(buf + used, room - used, "%s%" PRIu32 " (%s)",
					   i == 0          ? ""
					   : i + 1 < count ? ", "
							   : " or ",
					   n[i].value, n[i].name);
	return buf;
}

/* --- what the kind of a field decides -------------------------------------------------------- */

static bool named(const struct value_name *n, uint32_t value)
{
	while (n->name && n->value != value)
		n++;
	return n->name;
}

static uint32_t unnamed_bits(const struct value_name *n, uint32_t value)
{
	for (; n->name; n++)
		value &= ~n->value;
	return value;
}

static void kind_wrong(struct judge *j, const struct event *e, const struct field *f, enum rule_number rule,
		       uint32_t value)
{
	char wanted[WORDS * 2], remark[WORDS] = "";

	if (f->kind == F_RESERVED) {
		rule = own_or_umbrella(j, rule, RULE_MSG_RSVD_01);
		snprintf(wanted, sizeof(wanted), "0");
	} else if (f->kind == F_FLAGS) {
		snprintf(wanted, sizeof(wanted), "of no bits but ");
		names_text(f->names, wanted + strlen(wanted), sizeof(wanted) - strlen(wanted));
		snprintf(remark, sizeof(remark), ", where bits 0x%" PRIx32 " have no meaning",
			 unnamed_bits(f->names, value));
	} else {
		/* The profile has CDNs of Result 0 only; that they are not is MSP-CDN-01. */
		if (rule == RULE_CDN_RESULT_01 && judge_profile(j) == PROFILE_MS_PTPT)
			return;
		names_text(f->names, wanted, sizeof(wanted));
		snprintf(remark, sizeof(remark), ", which has no meaning");
	}
	wrong_value(blame(j, e, rule, 0), e, f, value, wanted, remark);
}

/* An Error Code depends on the Result Code: see error_code(). */
static bool judged_by_kind(enum rule_number requirement)
{
	return requirement != RULES && requirement != RULE_ERR_CODES_01;
}

static NOT_IN_THE_WAY void kinds(struct judge *j, const struct event *e)
{
	const struct ctrl_msg *m = e->msg;
	const uint16_t *requirement = judge_fields(j)->requirement[m->desc->type];

	for (unsigned i = 0; i < m->nvalues; i++) {
		const struct field *f = &m->desc->fields[i];
		uint32_t value = m->value[i];
		bool right;

		if (!judged_by_kind(requirement[i]))
			continue;
		switch (f->kind) {
		case F_RESERVED:
			right = value == 0;
			break;
		case F_ENUM:
			right = named(f->names, value);
			break;
		case F_FLAGS:
			right = !unnamed_bits(f->names, value);
			break;
		default:
			right = true;
			break;
		}
		if (!right)
			kind_wrong(j, e, f, requirement[i], value);
	}
}

/* --- ranges ----------------------------------------------------------------------------------- */

enum when { ALWAYS, ON_SUCCESS };

/* Rows of one message end with field FIELDS; of those about one field the first that fails is told. */
struct range {
	uint8_t field; /* enum field_id */
	uint8_t when;
	bool rfc_only; /* the ms-ptpt profile has another value there, which rules_profile.c judges */
	uint16_t rule;
	uint32_t low, high;
	const char *wanted, *remark;
};

static const char nothing[] = ": nothing at all";
static const char milliseconds[] = ": milliseconds, probably";

static const struct range sccrq_ranges[] = {
	{ FIELD_FRAMING_CAPABILITIES, ALWAYS, false, RULE_SCCRQ_FRAMCAP_02, 1, NO_LIMIT, "1, 2 or 3",
	  nothing },
	{ FIELDS, 0, false, 0, 0, 0, NULL, NULL },
};

static const struct range sccrp_ranges[] = {
	{ FIELD_FRAMING_CAPABILITIES, ON_SUCCESS, false, RULE_SCCRP_FRAMCAP_02, 1, NO_LIMIT, "1, 2 or 3",
	  nothing },
	{ FIELDS, 0, false, 0, 0, 0, NULL, NULL },
};

static const struct range ocrq_ranges[] = {
	{ FIELD_MAXIMUM_BPS, ALWAYS, false, RULE_OCRQ_BPS_02, 1, NO_LIMIT, "above 0",
	  ", which allows no call" },
	{ FIELD_WINDOW, ALWAYS, true, RULE_OCRQ_WINDOW_01, 1, NO_LIMIT, "1 or more", "" },
	{ FIELD_PROCESSING_DELAY, ALWAYS, false, RULE_ATO_PPD_01, 0, LARGE_DELAY, "0 to 600", milliseconds },
	{ FIELD_PROCESSING_DELAY, ALWAYS, false, RULE_OCRQ_PPD_01, 0, SMALL_DELAY, "0 to 10", "" },
	{ FIELDS, 0, false, 0, 0, 0, NULL, NULL },
};

static const struct range ocrp_ranges[] = {
	{ FIELD_CAUSE, ON_SUCCESS, false, RULE_OCRP_CAUSE_01, 0, 0, "0 with Result Code 1", "" },
	{ FIELD_CONNECT_SPEED, ON_SUCCESS, false, RULE_OCRP_SPEED_02, 1, NO_LIMIT, "above 0", "" },
	{ FIELD_WINDOW, ON_SUCCESS, true, RULE_OCRP_WINDOW_01, 1, NO_LIMIT, "1 or more", "" },
	{ FIELD_PROCESSING_DELAY, ON_SUCCESS, false, RULE_OCRP_PPD_01, 0, LARGE_DELAY, "0 to 600",
	  milliseconds },
	{ FIELDS, 0, false, 0, 0, 0, NULL, NULL },
};

static const struct range icrp_ranges[] = {
	{ FIELD_WINDOW, ON_SUCCESS, true, RULE_ICRP_WINDOW_01, 1, NO_LIMIT, "1 or more", "" },
	{ FIELD_TRANSMIT_DELAY, ON_SUCCESS, false, RULE_ATO_PPD_01, 0, LARGE_DELAY, "0 to 600",
	  milliseconds },
	{ FIELD_TRANSMIT_DELAY, ON_SUCCESS, false, RULE_ICRP_DELAY_01, 0, SMALL_DELAY, "0 to 10", "" },
	{ FIELDS, 0, false, 0, 0, 0, NULL, NULL },
};

static const struct range iccn_ranges[] = {
	{ FIELD_CONNECT_SPEED, ALWAYS, false, RULE_ICCN_SPEED_01, 1, NO_LIMIT, "above 0", "" },
	{ FIELD_WINDOW, ALWAYS, false, RULE_ICCN_WINDOW_01, 1, NO_LIMIT, "1 or more", "" },
	{ FIELD_TRANSMIT_DELAY, ALWAYS, false, RULE_ICCN_DELAY_01, 0, LARGE_DELAY, "0 to 600", milliseconds },
	{ FIELDS, 0, false, 0, 0, 0, NULL, NULL },
};

static const struct range cdn_ranges[] = {
	{ FIELD_CAUSE, ALWAYS, false, RULE_CDN_CAUSE_01, 0, LAST_CAUSE, "0 to 127",
	  ", which is no Q.931 cause" },
	{ FIELDS, 0, false, 0, 0, 0, NULL, NULL },
};

static const struct range *const ranges_of[CTRL_TYPES] = {
	[CTRL_SCCRQ] = sccrq_ranges, [CTRL_SCCRP] = sccrp_ranges, [CTRL_OCRQ] = ocrq_ranges,
	[CTRL_OCRP] = ocrp_ranges,   [CTRL_ICRP] = icrp_ranges,   [CTRL_ICCN] = iccn_ranges,
	[CTRL_CDN] = cdn_ranges,
};

static const struct field *field_row(const struct judge *j, const struct ctrl_msg *m, enum field_id f)
{
	return &m->desc->fields[judge_fields(j)->row[m->desc->type][f]];
}

static bool applies(const struct judge *j, const struct ctrl_msg *m, const struct range *r)
{
	if (r->rfc_only && judge_profile(j) == PROFILE_MS_PTPT)
		return false;
	return r->when == ALWAYS || field_or_zero(judge_fields(j), m, FIELD_RESULT) == SUCCESS;
}

static NOT_IN_THE_WAY void ranges(struct judge *j, const struct event *e)
{
	const struct ctrl_msg *m = e->msg;
	const struct range *r = ranges_of[m->desc->type];
	uint8_t told = FIELDS;
	uint32_t value;

	for (; r && r->field != FIELDS; r++) {
		if (!field_get(judge_fields(j), m, r->field, &value) || (value >= r->low && value <= r->high))
			continue;
		if (r->field == told || !applies(j, m, r))
			continue;
		told = r->field;
		wrong_value(blame(j, e, r->rule, 0), e, field_row(j, m, r->field), value, r->wanted,
			    r->remark);
	}
}

/* --- messages without a fault -------------------------------------------------------------------- */

/* What the kind of the field says; values with names may have gaps between them: up to the first one. */
static void limit_by_kind(struct value_limit *l, const struct field *f)
{
	const struct value_name *n = f->names;

	if (f->kind == F_RESERVED) {
		l->span = 0;
	} else if (f->kind == F_FLAGS) {
		l->never = unnamed_bits(n, UINT32_MAX);
	} else if (f->kind == F_ENUM) {
		l->low = n->value;
		for (l->span = 0; n[l->span + 1].name && n[l->span + 1].value == l->low + l->span + 1;)
			l->span++;
	}
}

/* No two limits of a field contradict each other. */
static void limit_by_range(struct value_limit *l, const struct range *r)
{
	uint32_t high = l->low + l->span;

	l->low = r->low > l->low ? r->low : l->low;
	l->span = (r->high < high ? r->high : high) - l->low;
}

/* Conditions are not asked for: what is within all limits is right under any; what is not may still be. */
static struct value_limit limit_of(const struct field_map *map, enum ctrl_type type, uint8_t row)
{
	struct value_limit l = { .row = row, .low = 0, .span = UINT32_MAX, .never = 0 };

	if (judged_by_kind(map->requirement[type][row]))
		limit_by_kind(&l, &ctrl_desc_of(type)->fields[row]);
	for (const struct range *r = ranges_of[type]; r && r->field != FIELDS; r++)
		if (map->row[type][r->field] == row)
			limit_by_range(&l, r);
	return l;
}

void message_limits_init(struct message_limits *limits, const struct field_map *map)
{
	for (unsigned type = CTRL_SCCRQ; type < CTRL_TYPES; type++) {
		const struct field *fields = ctrl_desc_of(type)->fields;
		struct message_limits *of = &limits[type];

		for (of->rows = 0; fields[of->rows].name; of->rows++) {
			struct value_limit l = limit_of(map, type, of->rows);

			if (l.low || l.span != UINT32_MAX || l.never)
				of->limit[of->count++] = l;
		}
	}
}

/* Hot: of a message that is right only this is done. */
static bool within_limits(const struct judge *j, const struct ctrl_msg *m)
{
	const struct message_limits *of = &judge_front(j)->limits[m->desc->type];
	const struct value_limit *l = of->limit, *end = l + of->count;

	if (m->nvalues != of->rows)
		return false;
	for (; l < end; l++)
		if (m->value[l->row] - l->low > l->span || m->value[l->row] & l->never)
			return false;
	return true;
}

/* --- Result Code and Error Code ---------------------------------------------------------------- */

static const struct {
	uint16_t set, missing; /* enum rule_number: one without, and none with, a general error */
	bool defined_only;     /* `set` speaks of Result 1 alone, not of undefined ones */
} error_rules[CTRL_TYPES] = {
	[CTRL_SCCRP] = { RULE_SCCRP_ERR_01, RULE_SCCRP_ERR_02, false },
	[CTRL_STOPRP] = { RULE_STOPRP_ERR_01, RULE_STOPRP_ERR_02, true },
	[CTRL_ECHORP] = { RULE_ECHORP_ERR_01, RULE_ECHORP_ERR_02, true },
	[CTRL_OCRP] = { RULE_OCRP_ERR_01, RULE_OCRP_ERR_02, false },
	[CTRL_ICRP] = { RULE_ICRP_ERR_01, RULE_ICRP_ERR_02, false },
	[CTRL_CDN] = { RULE_CDN_ERR_01, RULE_CDN_ERR_02, false },
};

static NOT_IN_THE_WAY void error_wrong(struct judge *j, const struct event *e, enum rule_number rule,
				       unsigned how, uint32_t result, uint32_t error, const char *wanted)
{
	const struct field *row = field_row(j, e->msg, FIELD_RESULT);
	char result_text[WORDS * 2], remark[WORDS * 3];

	value_text(row, result, result_text, sizeof(result_text));
	snprintf(remark, sizeof(remark), " beside Result Code %s%s", result_text,
		 how & FAIL_DOUBT ? ", where 2.8 wants 0 and 3.2.4.1 does not" : "");
	wrong_value(blame(j, e, rule, how), e, field_row(j, e->msg, FIELD_ERROR), error, wanted, remark);
}

/* Which rule an Error Code breaks beside this Result Code, RULES: none. */
static enum rule_number error_rule(const struct judge *j, enum ctrl_type type, uint32_t result,
				   uint32_t error)
{
	enum rule_number own = result == GENERAL_ERROR ? error_rules[type].missing : error_rules[type].set;
	bool undefined = error > LAST_ERROR;

	if (result == GENERAL_ERROR ? error && !undefined : !error)
		return RULES;
	if (error_rules[type].defined_only && result != GENERAL_ERROR && result != SUCCESS)
		own = RULES;
	if (own != RULES && selected(j, own))
		return own;
	if (undefined)
		return RULE_ERR_CODES_01;
	if (type == CTRL_OCRP && result > GENERAL_ERROR)
		return RULE_PACOUT_ERRCODE_01;
	return RULES;
}

static void error_code(struct judge *j, const struct event *e)
{
	enum ctrl_type type = e->msg->desc->type;
	uint32_t result, error;
	enum rule_number rule;
	bool doubt;

	if (!error_rules[type].set || !field_get(judge_fields(j), e->msg, FIELD_RESULT, &result) ||
	    !field_get(judge_fields(j), e->msg, FIELD_ERROR, &error))
		return;
	rule = error_rule(j, type, result, error);
	if (rule == RULES)
		return;
	/* In a failing OCRP one section forbids what another one asks for. */
	doubt = rule == RULE_OCRP_ERR_01 && named(field_row(j, e->msg, FIELD_RESULT)->names, result) &&
		result > GENERAL_ERROR;
	error_wrong(j, e, rule, doubt ? FAIL_DOUBT : 0, result, error,
		    result == GENERAL_ERROR ? "1 to 6 with Result Code 2" : "0 unless Result Code is 2");
}

/* --- other combinations ------------------------------------------------------------------------- */

/* A reply's version against the request's is SCCRP-VER-01; here what no request explains. */
static bool reply_version_wrong(const struct judge *j, const struct event *e, uint32_t version)
{
	const struct start_info *asked = &e->connection->start[0];

	if (field_or_zero(judge_fields(j), e->msg, FIELD_RESULT) != SUCCESS || version == VERSION_1_0)
		return false;
	if (!asked->frame || !selected(j, RULE_SCCRP_VER_01))
		return true;
	return version && version < asked->version;
}

static void version(struct judge *j, const struct event *e)
{
	const struct ctrl_msg *m = e->msg;
	enum rule_number rule = RULE_MSG_VERSION_01;
	uint32_t value;

	if (!field_get(judge_fields(j), m, FIELD_VERSION, &value))
		return;
	if (m->desc->type == CTRL_SCCRP ? !reply_version_wrong(j, e, value) : value == VERSION_1_0)
		return;
	if (m->desc->type == CTRL_SCCRQ)
		rule = own_or_umbrella(j, RULE_SCCRQ_VER_01, rule);
	wrong_value(blame(j, e, rule, 0), e, field_row(j, m, FIELD_VERSION), value, "0x0100 (1.0)",
		    value == 1 ? ": octets swapped, probably" : "");
}

static void speeds(struct judge *j, const struct event *e)
{
	const struct ctrl_msg *m = e->msg;
	uint32_t low, high;
	struct finding *f;

	if (!field_get(judge_fields(j), m, FIELD_MINIMUM_BPS, &low) ||
	    !field_get(judge_fields(j), m, FIELD_MAXIMUM_BPS, &high) || low <= high)
		return;
	f = blame(j, e, RULE_OCRQ_BPS_01, 0);
	expected(f, "Minimum BPS no more than Maximum BPS");
	observed(f, "Minimum BPS %" PRIu32 ", Maximum BPS %" PRIu32, low, high);
	say(f, "%s sent %s with Minimum BPS %" PRIu32 " above Maximum BPS %" PRIu32, who(e, e->from),
	    m->desc->name, low, high);
}

/* Of analog calls a cause is the vendor's own. */
static void failure_cause(struct judge *j, const struct event *e)
{
	const struct ctrl_msg *m = e->msg;
	uint32_t cause;

	if (!field_get(judge_fields(j), m, FIELD_CAUSE, &cause) || cause <= LAST_CAUSE ||
	    field_or_zero(judge_fields(j), m, FIELD_RESULT) == SUCCESS ||
	    (e->call && e->call->bearer == ANALOG))
		return;
	wrong_value(blame(j, e, RULE_OCRP_CAUSE_02, 0), e, field_row(j, m, FIELD_CAUSE), cause, "0 to 127",
		    cause & 0x80 ? ": the extension bit of Q.931 was left in, probably"
				 : ", which is no Q.931 cause");
}

/* Section 4.4: ((MTU - header) * window * 8) / speed seconds, if somebody wants to work it out. */
static void delay_formula(struct judge *j, const struct event *e)
{
	enum { PAYLOAD = 1500 - 36, PER_SECOND = 10, FACTOR = 10 };
	const struct ctrl_msg *m = e->msg;
	enum field_id field = m->desc->type == CTRL_OCRP ? FIELD_PROCESSING_DELAY : FIELD_TRANSMIT_DELAY;
	uint32_t window, delay, speed;
	uint64_t sent, queued;
	struct finding *f;

	if (m->desc->type == CTRL_OCRP && field_or_zero(judge_fields(j), m, FIELD_RESULT) != SUCCESS)
		return;
	window = field_or_zero(judge_fields(j), m, FIELD_WINDOW);
	speed = field_or_zero(judge_fields(j), m, FIELD_CONNECT_SPEED);
	delay = field_or_zero(judge_fields(j), m, field);
	if (!window || !speed || !delay || delay > LARGE_DELAY)
		return;
	sent = (uint64_t)delay * speed;
	queued = (uint64_t)window * PAYLOAD * 8 * PER_SECOND;
	if (sent <= queued * FACTOR && queued <= sent * FACTOR)
		return;
	f = blame(j, e, RULE_ATO_PPD_02, 0);
	expected(f, "%s about %" PRIu64 ".%02u 1/10 s", field_row(j, m, field)->label, queued / speed,
		 (unsigned)(queued % speed * 100 / speed));
	observed(f, "%s %" PRIu32 " 1/10 s", field_row(j, m, field)->label, delay);
	say(f, "%s sent %s with %s %" PRIu32 ", far from what window %" PRIu32 " and %" PRIu32 " bit/s give",
	    who(e, e->from), m->desc->name, field_row(j, m, field)->label, delay, window, speed);
}

void message_values(struct judge *j, const struct event *e)
{
	if (!within_limits(j, e->msg)) {
		kinds(j, e);
		ranges(j, e);
	}
	error_code(j, e);
	switch (e->msg->desc->type) {
	case CTRL_SCCRQ:
	case CTRL_SCCRP:
		version(j, e);
		break;
	case CTRL_OCRQ:
		speeds(j, e);
		break;
	case CTRL_OCRP:
		failure_cause(j, e);
		delay_formula(j, e);
		break;
	case CTRL_ICCN:
		delay_formula(j, e);
		break;
	default:
		break;
	}
}
