/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PPP packets to fields, by the tables of their protocols: see ppp_control.h. */
#include "dissectors/ppp_control.h"

#include <stdio.h>

#include "dissectors/cursor.h"
#include "dissectors/ppp_private.h"

enum { CODE_HEADER = 4, OPTION_HEADER = 2 };

/* --- fields -------------------------------------------------------------------------------- */

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

const uint8_t *ppp_read_ahead(const struct ppp_reader *r, uint32_t *len)
{
	struct cursor c = cursor_on(r->octets, min_u32(r->caplen, r->end));

	*len = cursor_take(&c, r->at) ? (uint32_t)cursor_left(&c) : 0;
	return c.at;
}

static bool has_value(enum ppp_kind kind)
{
	return kind <= PPP_KIND_PROTOCOL;
}

static uint64_t value_of(const struct ppp_row *row, const uint8_t *octets, uint32_t width)
{
	struct cursor c = cursor_on(octets, width);
	uint64_t value = 0;

	for (uint32_t i = 0; i < width; i++)
		value = value << 8 | cursor_u8(&c);
	return row->mask ? (value & row->mask) >> __builtin_ctz(row->mask) : value;
}

void ppp_read_field(struct ppp_reader *r, const struct ppp_row *row, uint32_t width)
{
	struct ppp_field *f = &r->field[r->n];
	uint32_t here;

	if (r->n == r->room) {
		r->stopped = true;
		return;
	}
	*f = (struct ppp_field){ .row = row, .offset = r->at, .width = width };
	f->octets = ppp_read_ahead(r, &here);
	f->caplen = min_u32(here, width);
	r->n++;
	if (f->caplen < width)
		r->cut = r->stopped = true;
	else if (has_value(row->kind))
		f->value = value_of(row, f->octets, width);
	/* Bits share their octets with the next row. */
	if (!row->mask || row->mask & 1)
		r->at += width;
}

static const struct ppp_row data_rows[] = {
	{ .name = "data", .label = "Data", .kind = PPP_KIND_OCTETS, .privacy = PPP_WORDS },
	{ .name = NULL },
};
static const struct ppp_row secret_rows[] = {
	{ .name = "data", .label = "Data", .kind = PPP_KIND_OCTETS, .privacy = PPP_SECRET },
	{ .name = NULL },
};

static void read_rest(struct ppp_reader *r, enum ppp_privacy privacy)
{
	if (r->at < r->end)
		ppp_read_field(r, privacy == PPP_SECRET ? secret_rows : data_rows, r->end - r->at);
}

/* A field that is longer than what is left.  What is countable one by one is shown as far as it goes. */
static void read_short(struct ppp_reader *r, const struct ppp_row *row)
{
	uint32_t left = r->end - r->at;

	r->defects |= PPP_BAD_FIELD;
	if (row->kind == PPP_KIND_TEXT || row->kind == PPP_KIND_OCTETS)
		ppp_read_field(r, row, left);
	else
		read_rest(r, row->privacy);
	r->stopped = true;
}

void ppp_read_rows(struct ppp_reader *r, const struct ppp_row *rows)
{
	for (; rows->name && !r->stopped; rows++) {
		uint32_t left = r->end - r->at, width = rows->width;

		if (width == PPP_WIDTH_REST) {
			if (!left)
				continue;
			width = left;
		} else if (width == PPP_WIDTH_COUNTED) {
			width = (uint32_t)r->field[r->n - 1].value;
		}
		if (width > left)
			read_short(r, rows);
		else
			ppp_read_field(r, rows, width);
	}
}

void ppp_read_trailing(struct ppp_reader *r, enum ppp_privacy privacy)
{
	if (r->stopped || r->at >= r->end)
		return;
	r->defects |= PPP_BAD_TRAILING;
	read_rest(r, privacy);
}

static const struct ppp_field *field_named(const struct ppp_field *f, unsigned n, const char *name)
{
	for (; n; n--, f++)
		if (strcmp(f->row->name, name) == 0)
			return f;
	return NULL;
}

static bool value_named(const struct ppp_field *f, uint64_t *value)
{
	if (!f || f->caplen < f->width || !has_value(f->row->kind))
		return false;
	*value = f->value;
	return true;
}

const struct ppp_field *ppp_field_of(const struct ppp_control *c, const char *name)
{
	return field_named(c->field, c->nfields, name);
}

const struct ppp_field *ppp_option_field(const struct ppp_option *o, const char *name)
{
	return field_named(o->field, o->nfields, name);
}

bool ppp_field_get(const struct ppp_control *c, const char *name, uint64_t *value)
{
	return value_named(ppp_field_of(c, name), value);
}

bool ppp_option_get(const struct ppp_option *o, const char *name, uint64_t *value)
{
	return value_named(ppp_option_field(o, name), value);
}

bool ppp_field_address(const struct ppp_field *f, struct ip_addr *out)
{
	static const struct ip_addr v4 = { { [10] = 0xff, [11] = 0xff } };

	if (!f || f->row->kind != PPP_KIND_ADDRESS || f->caplen < f->width)
		return false;
	*out = v4;
	if (f->width == 4)
		memcpy(out->octet + 12, f->octets, 4);
	else if (f->width == 16)
		memcpy(out->octet, f->octets, 16);
	else
		return false;
	return true;
}

/* --- words --------------------------------------------------------------------------------- */

static void list_words(const struct ppp_field *f, char *buf, size_t room)
{
	const struct field item = { .kind = F_ENUM, .names = f->row->names };
	struct cursor c = cursor_on(f->octets, f->caplen);

	while (cursor_left(&c)) {
		size_t used = strlen(buf);
		char word[64];
		uint8_t value = cursor_u8(&c);

		if (!*ctrl_value_words(&item, value, word, sizeof(word)))
			snprintf(word, sizeof(word), "%u", value);
		snprintf(buf + used, room - used, "%s%s", used ? ", " : "", word);
	}
}

const char *ppp_field_words(const struct ppp_field *f, char *buf, size_t room)
{
	const struct field coded = {
		.kind = f->row->kind == PPP_KIND_FLAGS ? F_FLAGS : F_ENUM,
		.names = f->row->names,
	};
	const char *name;

	if (!room)
		return buf;
	buf[0] = '\0';
	if (f->row->kind == PPP_KIND_LIST) {
		list_words(f, buf, room);
	} else if (f->caplen < f->width) {
		return buf;
	} else if (f->row->kind == PPP_KIND_ENUM || f->row->kind == PPP_KIND_FLAGS) {
		ctrl_value_words(&coded, (uint32_t)f->value, buf, room);
	} else if (f->row->kind == PPP_KIND_PROTOCOL) {
		name = ppp_protocol_name((uint16_t)f->value);
		snprintf(buf, room, "%s", name ? name : "");
	}
	return buf;
}

static const struct {
	unsigned bit;
	const char *name, *text;
} defects[] = {
	{ PPP_BAD_SHORT, "short-header", "ends within code, identifier and length" },
	{ PPP_BAD_LENGTH_LOW, "length-low", "Length is less than 4" },
	{ PPP_BAD_LENGTH_HIGH, "length-high", "Length is more than the frame holds" },
	{ PPP_BAD_CODE, "code", "unknown code" },
	{ PPP_BAD_FIELD, "field", "ends within a field" },
	{ PPP_BAD_TRAILING, "trailing", "octets after the last field" },
	{ PPP_BAD_OPTION_LENGTH, "option-length",
	  "length of an option is less than 2 or more than the rest" },
	{ PPP_BAD_OPTION_SIZE, "option-size", "an option has not the length of its kind" },
	{ PPP_BAD_INNER, "inner", "no valid IP header" },
};

enum { DEFECTS = sizeof(defects) / sizeof(defects[0]) };

const char *ppp_defect_text(unsigned bit)
{
	for (size_t i = 0; i < DEFECTS; i++)
		if (defects[i].bit == bit)
			return defects[i].text;
	return NULL;
}

const char *ppp_defect_name(unsigned bit)
{
	for (size_t i = 0; i < DEFECTS; i++)
		if (defects[i].bit == bit)
			return defects[i].name;
	return NULL;
}

/* --- options ------------------------------------------------------------------------------- */

const struct ppp_option_desc *ppp_option_desc_of(uint16_t protocol, uint8_t number)
{
	const struct ppp_option_desc *d = ppp_options_of(protocol);

	while (d->name && d->number != number)
		d++;
	return d->name ? d : NULL;
}

/* The fields of an option whose extent is settled. */
static void read_option(const struct ppp_control *c, struct ppp_option *o)
{
	struct ppp_reader r = {
		.octets = c->octets,
		.caplen = c->caplen,
		.at = o->offset + OPTION_HEADER,
		.end = o->offset + o->len,
		.field = o->field,
		.room = PPP_OPTION_FIELDS_MAX,
	};
	const struct ppp_option_desc *d = o->desc;
	const struct ppp_row *rows = data_rows;
	uint32_t here;

	o->data = ppp_read_ahead(&r, &here);
	if (d)
		rows = d->rows_of ? d->rows_of(o->data, here, r.end - r.at) : d->rows;
	if (rows)
		ppp_read_rows(&r, rows);
	ppp_read_trailing(&r, PPP_PUBLIC);
	if (r.defects && !o->defects)
		o->defects |= PPP_BAD_OPTION_SIZE;
	o->nfields = r.n;
}

bool ppp_option_next(const struct ppp_control *c, uint32_t *at, struct ppp_option *out)
{
	struct cursor cur = cursor_on(c->octets, c->caplen);
	uint32_t offset = c->options_at + *at, left;

	if (!c->options_at || offset >= c->len || !cursor_take(&cur, offset))
		return false;
	left = c->len - offset;
	memset(out, 0, offsetof(struct ppp_option, field));
	out->offset = offset;
	out->number = cursor_u8(&cur);
	if (cur.missing)
		return false;
	out->desc = ppp_option_desc_of(c->protocol, out->number);
	out->data = cur.at;
	if (left >= OPTION_HEADER) {
		out->length = cursor_u8(&cur);
		if (cur.missing)
			return false;
	}
	out->len = out->length;
	if (out->length < OPTION_HEADER || out->length > left) {
		/* Where the next one begins nobody knows. */
		out->defects |= PPP_BAD_OPTION_LENGTH;
		out->len = left;
	}
	out->caplen = min_u32(out->len, c->caplen - offset);
	*at += out->len;
	if (left >= OPTION_HEADER)
		read_option(c, out);
	return true;
}

bool ppp_option_find(const struct ppp_control *c, uint8_t number, struct ppp_option *out)
{
	uint32_t at = 0;

	while (ppp_option_next(c, &at, out))
		if (out->number == number)
			return true;
	return false;
}

/* From here to the end there are options; what is wrong with them is wrong with the packet. */
static void begin_options(struct ppp_control *c, const struct ppp_reader *r)
{
	struct ppp_option o;
	uint32_t at = 0;

	if (r->stopped)
		return;
	c->options_at = r->at;
	c->options = ppp_options_of(c->protocol);
	while (ppp_option_next(c, &at, &o))
		c->defects |= o.defects;
	if (c->caplen < c->len)
		c->cut = true;
}

/* --- packets with a code ------------------------------------------------------------------- */

#define MAGIC                                                                                                \
	{                                                                                                    \
		.name = "magic_number", .label = "Magic-Number", .brief = "magic", .kind = PPP_KIND_HEX,     \
		.width = 4                                                                                   \
	}

static const struct ppp_row vendor_rows[] = {
	MAGIC,
	{ .name = "oui", .label = "OUI", .brief = "OUI", .kind = PPP_KIND_HEX, .width = 3 },
	{ .name = "kind", .label = "Kind", .brief = "kind", .width = 1 },
	{ .name = "data", .label = "Values", .kind = PPP_KIND_OCTETS, .privacy = PPP_WORDS },
	{ .name = NULL },
};
static const struct ppp_row terminate_rows[] = {
	{ .name = "message", .label = "Data", .brief = "", .kind = PPP_KIND_TEXT, .privacy = PPP_WORDS },
	{ .name = NULL },
};
static const struct ppp_row code_reject_rows[] = {
	{ .name = "rejected_code", .label = "Rejected Code", .brief = "code", .width = 1 },
	{ .name = "rejected_identifier", .label = "Rejected Identifier", .brief = "identifier", .width = 1 },
	{ .name = "rejected_length", .label = "Rejected Length", .width = 2 },
	{ .name = "rejected_information",
	  .label = "Rejected Data",
	  .kind = PPP_KIND_OCTETS,
	  .privacy = PPP_WORDS },
	{ .name = NULL },
};
#define PROTOCOL_REJECT(secrecy)                                                                             \
	{ .name = "rejected_protocol",                                                                       \
	  .label = "Rejected-Protocol",                                                                      \
	  .brief = "",                                                                                       \
	  .kind = PPP_KIND_PROTOCOL,                                                                         \
	  .width = 2 },                                                                                      \
		{ .name = "rejected_information",                                                            \
		  .label = "Rejected-Information",                                                           \
		  .kind = PPP_KIND_OCTETS,                                                                   \
		  .privacy = (secrecy) },                                                                    \
	{                                                                                                    \
		.name = NULL                                                                                 \
	}
static const struct ppp_row protocol_reject_rows[] = { PROTOCOL_REJECT(PPP_WORDS) };
static const struct ppp_row secret_reject_rows[] = { PROTOCOL_REJECT(PPP_SECRET) };
static const struct ppp_row echo_rows[] = {
	MAGIC,
	{ .name = "data", .label = "Data", .kind = PPP_KIND_OCTETS, .privacy = PPP_WORDS },
	{ .name = NULL },
};
static const struct ppp_row identification_rows[] = {
	MAGIC,
	{ .name = "message", .label = "Message", .brief = "", .kind = PPP_KIND_TEXT, .privacy = PPP_WORDS },
	{ .name = NULL },
};
static const struct ppp_row time_rows[] = {
	MAGIC,
	{ .name = "seconds_remaining", .label = "Seconds-Remaining", .brief = "seconds", .width = 4 },
	{ .name = "message", .label = "Message", .brief = "", .kind = PPP_KIND_TEXT, .privacy = PPP_WORDS },
	{ .name = NULL },
};
static const struct value_name bap_responses[] = {
	{ 0, "Request-Ack", NULL },      { 1, "Request-Nak", NULL }, { 2, "Request-Rej", NULL },
	{ 3, "Request-Full-Nak", NULL }, { 0, NULL, NULL },
};
static const struct ppp_row bap_response_rows[] = {
	{ .name = "response_code",
	  .label = "Response Code",
	  .brief = "",
	  .kind = PPP_KIND_ENUM,
	  .width = 1,
	  .names = bap_responses },
	{ .name = NULL },
};

/* By code, for the packets without options. */
static const struct ppp_row *const lcp_rows[] = {
	[0] = vendor_rows,
	[PPP_TERM_REQ] = terminate_rows,
	[PPP_TERM_ACK] = terminate_rows,
	[PPP_CODE_REJ] = code_reject_rows,
	[PPP_PROT_REJ] = protocol_reject_rows,
	[PPP_ECHO_REQ] = echo_rows,
	[PPP_ECHO_REP] = echo_rows,
	[PPP_DISCARD] = echo_rows,
	[PPP_IDENTIFICATION] = identification_rows,
	[PPP_TIME_REMAINING] = time_rows,
	[PPP_RESET_REQ] = data_rows,
	[PPP_RESET_ACK] = data_rows,
};

/* A rejected packet of authentication holds what it would have held. */
static bool rejects_secret(const struct ppp_reader *r)
{
	uint32_t len;
	const uint8_t *octets = ppp_read_ahead(r, &len);
	struct cursor c = cursor_on(octets, len);
	uint16_t protocol = cursor_u16(&c);

	return protocol == PPP_PAP || protocol == PPP_SPAP || protocol == PPP_CHAP || protocol == PPP_EAP;
}

static void read_lcp(struct ppp_reader *r, struct ppp_control *c)
{
	const struct ppp_row *rows = data_rows;

	if (c->code >= PPP_CONF_REQ && c->code <= PPP_CONF_REJ) {
		begin_options(c, r);
		return;
	}
	if (!ppp_code_name(c->protocol, c->code))
		c->defects |= PPP_BAD_CODE;
	else if (c->code == PPP_PROT_REJ && rejects_secret(r))
		rows = secret_reject_rows;
	else
		rows = lcp_rows[c->code];
	ppp_read_rows(r, rows);
}

/* CBCP and BAP have options in every packet, BAP a result before those of its responses. */
static void read_option_packet(struct ppp_reader *r, struct ppp_control *c)
{
	if (!ppp_code_name(c->protocol, c->code)) {
		c->defects |= PPP_BAD_CODE;
		ppp_read_rows(r, data_rows);
		return;
	}
	if (c->protocol == PPP_BAP && c->code % 2 == 0)
		ppp_read_rows(r, bap_response_rows);
	begin_options(c, r);
}

static void read_body(struct ppp_reader *r, const struct ppp_context *context, struct ppp_control *c)
{
	switch (c->protocol) {
	case PPP_PAP:
	case PPP_CHAP:
	case PPP_EAP:
		ppp_auth_read(r, context, c);
		break;
	case PPP_CBCP:
	case PPP_BAP:
		read_option_packet(r, c);
		break;
	default:
		read_lcp(r, c);
	}
}

/* Settles how far the packet reaches.  False when its header is not whole. */
static bool read_header(const struct ppp_frame *f, struct ppp_control *c)
{
	if (!f->has_code) {
		c->cut = f->len >= CODE_HEADER;
		c->defects = c->cut ? 0 : PPP_BAD_SHORT;
		return false;
	}
	c->has_code = true;
	c->code = f->code;
	c->identifier = f->identifier;
	c->length = f->length;
	c->len = f->length;
	if (f->length < CODE_HEADER) {
		c->defects |= PPP_BAD_LENGTH_LOW;
		c->len = CODE_HEADER;
	} else if (f->length > f->len) {
		c->defects |= PPP_BAD_LENGTH_HIGH;
		c->len = f->len;
	}
	c->caplen = min_u32(f->caplen, c->len);
	return true;
}

bool ppp_control_decode(const struct ppp_frame *f, const struct ppp_context *context, struct ppp_control *out)
{
	static const struct ppp_context unknown;
	struct ppp_reader r = { .field = out->field, .room = PPP_FIELDS_MAX };
	bool known = true;

	memset(out, 0, offsetof(struct ppp_control, field));
	if (f->bad || f->cut)
		return false;
	if (!context)
		context = &unknown;
	out->protocol = f->protocol;
	out->octets = f->payload;
	out->len = f->len;
	out->caplen = f->caplen;
	if (!ppp_has_code(f->protocol)) {
		r.octets = f->payload;
		r.caplen = f->caplen;
		r.end = f->len;
		known = ppp_data_read(f, context, &r, out);
	} else if (read_header(f, out)) {
		r.octets = f->payload;
		r.caplen = out->caplen;
		r.at = CODE_HEADER;
		r.end = out->len;
		read_body(&r, context, out);
	}
	out->nfields = r.n;
	out->defects |= r.defects;
	out->cut |= r.cut;
	return known;
}
