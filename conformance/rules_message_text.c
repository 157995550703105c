/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The texts in a control message: how long they are said to be, their characters, and zeros behind them. */
#include <stdio.h>

#include "conformance/rules_message.h"

enum { TEXT_MAX = 128, ESCAPED = 72 };

enum charset { ANY_OCTET, HOST_OCTETS = 1, PRINTABLE = 2, ASCII_TEXT = 4 }; /* bits */

struct text_rule {
	uint8_t text, length; /* enum field_id; length FIELDS: the message does not say */
	uint8_t set;
	bool never_empty;
	uint16_t too_long, wrong_length, content, padding; /* enum rule_number, RULES: none */
};

/* Rows of one message end with text FIELDS. */
#define LAST_ROW                                                                                             \
	{                                                                                                    \
		FIELDS, FIELDS, ANY_OCTET, false, RULES, RULES, RULES, RULES                                 \
	}
#define NAMES(message)                                                                                       \
	{ FIELD_HOST_NAME,         FIELDS, HOST_OCTETS, true, RULES, RULES, RULE_##message##_HOST_02,        \
	  RULE_##message##_HOST_01 },                                                                        \
	{                                                                                                    \
		FIELD_VENDOR, FIELDS, PRINTABLE, true, RULES, RULES, RULE_##message##_VENDOR_02,             \
			RULE_##message##_VENDOR_01                                                           \
	}
#define NUMBER(field, message, name)                                                                         \
	{                                                                                                    \
		FIELD_##field, FIELD_##field##_LENGTH, PRINTABLE, false, RULE_##message##_##name##LEN_01,    \
			RULE_##message##_##name##LEN_02, RULE_##message##_##name##ASCII_01,                  \
			RULE_##message##_##name##PAD_01                                                      \
	}
#define SUBADDRESS(message)                                                                                  \
	{                                                                                                    \
		FIELD_SUBADDRESS, FIELDS, ANY_OCTET, false, RULES, RULES, RULES, RULE_##message##_SUBADDR_01 \
	}

static const struct text_rule sccrq_texts[] = { NAMES(SCCRQ), LAST_ROW };
static const struct text_rule sccrp_texts[] = { NAMES(SCCRP), LAST_ROW };
static const struct text_rule ocrq_texts[] = { NUMBER(PHONE, OCRQ, PHONE), SUBADDRESS(OCRQ), LAST_ROW };
static const struct text_rule icrq_texts[] = {
	NUMBER(DIALED, ICRQ, DIALED),
	NUMBER(DIALING, ICRQ, DIALING),
	SUBADDRESS(ICRQ),
	LAST_ROW,
};
static const struct text_rule cdn_texts[] = {
	{ FIELD_STATISTICS, FIELDS, ASCII_TEXT, false, RULES, RULES, RULE_CDN_STATS_01, RULE_CDN_STATS_02 },
	LAST_ROW,
};

static const struct text_rule *const texts_of[CTRL_TYPES] = {
	[CTRL_SCCRQ] = sccrq_texts, [CTRL_SCCRP] = sccrp_texts, [CTRL_OCRQ] = ocrq_texts,
	[CTRL_ICRQ] = icrq_texts,   [CTRL_CDN] = cdn_texts,
};

/* The sets that an octet is in. */
static const uint8_t sets_of[UINT8_MAX + 1] = {
	['\t' ... '\r'] = ASCII_TEXT,
	[' ' ... ','] = PRINTABLE | ASCII_TEXT,
	['-' ... '.'] = HOST_OCTETS | PRINTABLE | ASCII_TEXT,
	['/'] = PRINTABLE | ASCII_TEXT,
	['0' ... '9'] = HOST_OCTETS | PRINTABLE | ASCII_TEXT,
	[':' ... '@'] = PRINTABLE | ASCII_TEXT,
	['A' ... 'Z'] = HOST_OCTETS | PRINTABLE | ASCII_TEXT,
	['[' ... '^'] = PRINTABLE | ASCII_TEXT,
	['_'] = HOST_OCTETS | PRINTABLE | ASCII_TEXT,
	['`'] = PRINTABLE | ASCII_TEXT,
	['a' ... 'z'] = HOST_OCTETS | PRINTABLE | ASCII_TEXT,
	['{' ... '~'] = PRINTABLE | ASCII_TEXT,
};

/* How many of the octets are in the set before one that is not, as the zero behind a text. */
static size_t octets_in(enum charset set, const uint8_t *text, size_t len)
{
	size_t n = 0;

	while (n < len && sets_of[text[n]] & set)
		n++;
	return n;
}

static const char *set_words(enum charset set)
{
	switch (set) {
	case HOST_OCTETS:
		return "letters, digits, hyphens, dots and underscores";
	case PRINTABLE:
		return "printable ASCII";
	case ASCII_TEXT:
		return "ASCII";
	case ANY_OCTET:
		break;
	}
	return "any octets";
}

static const char *label_of(const struct judge *j, const struct event *e, enum field_id f)
{
	const struct ctrl_desc *d = e->msg->desc;

	return d->fields[judge_fields(j)->row[d->type][f]].label;
}

static NOT_IN_THE_WAY void content_wrong(struct judge *j, const struct event *e, const struct text_rule *r,
					 const uint8_t *text, size_t len)
{
	const char *label = label_of(j, e, r->text);
	struct finding *f = blame(j, e, r->content, 0);
	char escaped[ESCAPED];

	expected(f, "%s of %s", label, set_words(r->set));
	if (!len) {
		observed(f, "%s empty", label);
		say(f, "%s sent %s with an empty %s", who(e, e->from), e->msg->desc->name, label);
		return;
	}
	ctrl_escape(text, len, escaped, sizeof(escaped));
	observed(f, "%s \"%s\"", label, escaped);
	say(f, "%s sent %s with %s \"%s\", not all of it %s", who(e, e->from), e->msg->desc->name, label,
	    escaped, set_words(r->set));
}

static NOT_IN_THE_WAY void padding_wrong(struct judge *j, const struct event *e, const struct text_rule *r,
					 const uint8_t *text, size_t len)
{
	const char *label = label_of(j, e, r->text);
	struct finding *f = blame(j, e, r->padding, 0);
	size_t at = len;

	while (!text[at])
		at++;
	expected(f, "zeros from offset %zu of %s on", len, label);
	observed(f, "octet 0x%02x at offset %zu of %s", text[at], at, label);
	say(f, "%s sent %s with octet 0x%02x in what should be the zeros behind %s", who(e, e->from),
	    e->msg->desc->name, text[at], label);
}

/* The message gives another number of octets for the text. */
static NOT_IN_THE_WAY void length_wrong(struct judge *j, const struct event *e, const struct text_rule *r,
					size_t len, size_t width, uint32_t value)
{
	const struct field *row = &e->msg->desc->fields[judge_fields(j)->row[e->msg->desc->type][r->length]];
	char wanted[32];

	if (value > width) {
		snprintf(wanted, sizeof(wanted), "0 to %zu", width);
		wrong_value(blame(j, e, r->too_long, 0), e, row, value, wanted,
			    ", more than the field holds");
		return;
	}
	snprintf(wanted, sizeof(wanted), "%zu", len);
	wrong_value(blame(j, e, r->wrong_length, 0), e, row, value, wanted,
		    ", but the first zero stands elsewhere");
}

static void judge_text(struct judge *j, const struct event *e, const struct text_rule *r)
{
	static const uint8_t zeros[TEXT_MAX];
	size_t width, len, good;
	const uint8_t *text = field_text(judge_fields(j), e->msg, r->text, &width);
	uint32_t value;

	if (!text)
		return;
	good = octets_in(r->set, text, width);
	len = good == width || !text[good] ? good : strnlen((const char *)text, width);
	if (r->length != FIELDS && field_get(judge_fields(j), e->msg, r->length, &value) && value != len) {
		length_wrong(j, e, r, len, width, value);
		return;
	}
	if (r->content != RULES && (len ? good < len : r->never_empty))
		content_wrong(j, e, r, text, len);
	if (memcmp(text + len, zeros, width - len) != 0)
		padding_wrong(j, e, r, text, len);
}

void message_texts(struct judge *j, const struct event *e)
{
	const struct text_rule *r = texts_of[e->msg->desc->type];

	for (; r && r->text != FIELDS; r++)
		judge_text(j, e, r);
}
