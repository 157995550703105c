/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decodes, encodes and words control messages by the table in ctrl_desc.c. */
#include "dissectors/ctrl.h"

#include <stdio.h>

#include "dissectors/cursor.h"

/* Reads the common header as far as it is here, and says what is wrong with it. */
static void decode_header(struct cursor c, struct ctrl_msg *m)
{
	m->length = cursor_u16(&c);
	m->message_type = cursor_u16(&c);
	if (!c.missing && m->message_type != 1)
		m->defects |= m->message_type == 2 ? CTRL_MANAGEMENT : CTRL_BAD_MESSAGE_TYPE;
	m->cookie = cursor_u32(&c);
	if (!c.missing && m->cookie != CTRL_MAGIC)
		m->defects |= CTRL_BAD_COOKIE;
	m->type = cursor_u16(&c);
	/* Behind a wrong cookie, or in a management message, no field is what its place says. */
	if (c.missing || m->defects & (CTRL_BAD_COOKIE | CTRL_MANAGEMENT))
		return;
	m->desc = ctrl_desc_of(m->type);
	if (!m->desc)
		m->defects |= CTRL_BAD_TYPE;
	if (m->desc ? m->length != m->desc->length
		    : m->length < CTRL_HEADER || m->length > CTRL_LENGTH_LIMIT)
		m->defects |= CTRL_BAD_LENGTH;
}

static void decode_fields(struct cursor c, struct ctrl_msg *m)
{
	const uint8_t *whole = cursor_take(&c, m->desc->length);
	const struct field *f = m->desc->fields;
	unsigned n = 0;

	/* Rows tile the message, so one check will do for all that are there. */
	for (; f->name && (whole || f->offset + f->width <= m->caplen); f++)
		m->value[n++] = f->kind == F_TEXT ? f->offset : be_uint(m->octets + f->offset, f->width);
	m->nvalues = n;
}

/* Fewer octets than Length, where nothing else says that Length lies. */
static bool unfinished(const struct ctrl_msg *m)
{
	if (m->caplen < CTRL_HEADER)
		return true;
	return m->caplen < m->length && !(m->defects & (CTRL_BAD_COOKIE | CTRL_BAD_LENGTH));
}

void ctrl_decode(const uint8_t *octets, size_t len, bool cut, struct ctrl_msg *out)
{
	struct cursor c = cursor_on(octets, len);

	*out = (struct ctrl_msg){ .octets = octets, .caplen = len };
	decode_header(c, out);
	if (out->desc)
		decode_fields(c, out);
	if (!cut && unfinished(out))
		out->defects |= CTRL_UNFINISHED;
	if (out->defects)
		out->status = CTRL_BAD;
	else if (unfinished(out))
		out->status = CTRL_CUT;
}

int ctrl_field_index(const struct ctrl_desc *d, const char *field_name)
{
	for (int i = 0; d->fields[i].name; i++)
		if (!strcmp(d->fields[i].name, field_name))
			return i;
	return -1;
}

/* Row of a field that is in the message with all its octets, or -1. */
static int row_here(const struct ctrl_msg *m, const char *field_name)
{
	int row = m->desc ? ctrl_field_index(m->desc, field_name) : -1;

	return row >= 0 && (unsigned)row < m->nvalues ? row : -1;
}

bool ctrl_get(const struct ctrl_msg *m, const char *field_name, uint32_t *value)
{
	int row = row_here(m, field_name);

	if (row < 0)
		return false;
	*value = m->value[row];
	return true;
}

const uint8_t *ctrl_text(const struct ctrl_msg *m, unsigned row)
{
	struct cursor c = cursor_on(m->octets, m->caplen);

	if (row >= m->nvalues || m->desc->fields[row].kind != F_TEXT)
		return NULL;
	cursor_take(&c, m->desc->fields[row].offset);
	return cursor_take(&c, m->desc->fields[row].width);
}

bool ctrl_get_text(const struct ctrl_msg *m, const char *field_name, const uint8_t **text, size_t *len)
{
	int row = row_here(m, field_name);
	const uint8_t *octets = row < 0 ? NULL : ctrl_text(m, (unsigned)row);

	if (!octets)
		return false;
	*text = octets;
	*len = strnlen((const char *)octets, m->desc->fields[row].width);
	return true;
}

size_t ctrl_encode(const struct ctrl_desc *d, const uint32_t *value, const uint8_t *const *text,
		   uint8_t *out, size_t room)
{
	static const uint8_t zeros[CTRL_MAX];
	struct wcursor c = wcursor_on(out, room);

	if (room < d->length)
		return 0;
	for (unsigned i = 0; d->fields[i].name; i++) {
		const struct field *f = &d->fields[i];

		if (f->kind == F_TEXT)
			wcursor_octets(&c, text && text[i] ? text[i] : zeros, f->width);
		else
			wcursor_uint(&c, value[i], f->width);
	}
	return d->length;
}

void ctrl_defaults(const struct ctrl_desc *d, uint32_t value[CTRL_FIELDS_MAX])
{
	memset(value, 0, CTRL_FIELDS_MAX * sizeof(*value));
	value[0] = d->length;
	value[1] = 1;
	value[2] = CTRL_MAGIC;
	value[3] = d->type;
}

static void append(char *buf, size_t room, const char *words)
{
	size_t used = strlen(buf);

	snprintf(buf + used, room - used, "%s%s", used ? ", " : "", words);
}

static void flag_words(const struct value_name *names, uint32_t value, char *buf, size_t room)
{
	char unnamed[sizeof("0x") + 8];

	if (!value)
		append(buf, room, "none");
	for (; names && names->name; names++) {
		if (value & names->value)
			append(buf, room, names->name);
		value &= ~names->value;
	}
	if (value) {
		snprintf(unnamed, sizeof(unnamed), "0x%x", (unsigned)value);
		append(buf, room, unnamed);
	}
}

const char *ctrl_value_words(const struct field *f, uint32_t value, char *buf, size_t room)
{
	const struct value_name *n = f->names;

	if (!room)
		return buf;
	buf[0] = '\0';
	if (f->kind == F_FLAGS) {
		flag_words(n, value, buf, room);
	} else if (f->kind == F_VERSION) {
		snprintf(buf, room, "%u.%u", (unsigned)(value >> 8 & 0xff), (unsigned)(value & 0xff));
	} else if (f->kind == F_ENUM && n) {
		while (n->name && n->value != value)
			n++;
		if (n->name)
			append(buf, room, n->name);
	}
	return buf;
}

/*
 * Valid Unicode that still must not reach a terminal or a log: it would move the cursor, break the
 * line or reverse the text after it.
 */
static bool treacherous(uint32_t code)
{
	static const struct { uint32_t first, last; } range[] = {
		{ 0x80, 0x9f },	    /* C1 controls */
		{ 0x61c, 0x61c },   /* Arabic letter mark */
		{ 0x200e, 0x200f }, /* direction marks */
		{ 0x2028, 0x202e }, /* line and paragraph separators, directional embeddings and overrides */
		{ 0x2066, 0x2069 }, /* directional isolates */
		{ 0xd800, 0xdfff }, /* surrogates: no characters */
	};

	for (size_t i = 0; i < sizeof(range) / sizeof(range[0]); i++)
		if (code >= range[i].first && code <= range[i].last)
			return true;
	return false;
}

/* Octets of the character at the cursor when it may be shown as it is, else 0. */
static size_t clean_utf8(struct cursor c)
{
	static const uint32_t smallest[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t lead = cursor_u8(&c), code;
	size_t n = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;

	if (n <= 1)
		return n && lead >= 0x20 && lead < 0x7f ? 1 : 0;
	code = lead & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		uint8_t next = cursor_u8(&c);

		if (c.missing || next >> 6 != 2)
			return 0;
		code = code << 6 | (next & 0x3f);
	}
	return code >= smallest[n] && code <= 0x10ffff && !treacherous(code) ? n : 0;
}

const char *ctrl_escape(const uint8_t *octets, size_t len, char *buf, size_t room)
{
	struct cursor c = cursor_on(octets, len);
	struct wcursor w = wcursor_on((uint8_t *)buf, room ? room - 1 : 0);

	while (cursor_left(&c) && !w.overrun) {
		size_t n = clean_utf8(c);
		const uint8_t *at = cursor_take(&c, n ? n : 1);
		char escaped[sizeof("\\x00")];

		if (n) {
			wcursor_octets(&w, *at == '\\' ? "\\\\" : (const char *)at, *at == '\\' ? 2 : n);
		} else {
			snprintf(escaped, sizeof(escaped), "\\x%02x", *at);
			wcursor_octets(&w, escaped, sizeof(escaped) - 1);
		}
	}
	if (room)
		*w.at = '\0';
	return buf;
}
