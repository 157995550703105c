/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control messages in scripts: what is not named is what a correct peer would send. */
#include "traces/script_private.h"

#include <stdio.h>
#include <stdlib.h>

#define OF(type) (1u << CTRL_##type)

/* What a correct message holds, by the table's names. */
static const struct preset {
	unsigned types;
	const char *field;
	uint32_t value[2]; /* from the PNS, from the PAC */
} presets[] = {
	{ OF(SCCRQ) | OF(SCCRP), "protocol_version", { 0x100, 0x100 } },
	{ OF(SCCRQ) | OF(SCCRP), "framing_capabilities", { 3, 3 } },
	{ OF(SCCRQ) | OF(SCCRP), "bearer_capabilities", { 3, 3 } },
	{ OF(SCCRQ) | OF(SCCRP), "maximum_channels", { 0, 65535 } },
	{ OF(SCCRQ) | OF(SCCRP), "firmware_revision", { 1, 1 } },
	{ ~0u, "result_code", { 1, 1 } }, /* CDN: see result_fill */
	{ OF(STOPRQ), "reason", { 1, 1 } },
	{ OF(OCRQ), "minimum_bps", { 300, 300 } },
	{ OF(OCRQ), "maximum_bps", { 100000000, 100000000 } },
	{ OF(OCRQ), "bearer_type", { 3, 3 } },
	{ OF(OCRQ), "framing_type", { 3, 3 } },
	{ ~0u, "packet_recv_window_size", { 64, 64 } },
	{ OF(OCRP), "connect_speed", { 10000000, 10000000 } },
	{ OF(ICRQ), "call_bearer_type", { 1, 1 } },
	{ OF(ICCN), "connect_speed", { 33600, 33600 } },
	{ OF(ICCN), "framing_type", { 1, 1 } },
	{ OF(SLI), "send_accm", { 0xffffffff, 0xffffffff } },
	{ OF(SLI), "receive_accm", { 0xffffffff, 0xffffffff } },
};

static const struct text_preset {
	const char *field, *value[2];
} text_presets[] = {
	{ "host_name", { "pns.example", "pac.example" } },
	{ "vendor_name", { "pptpscope", "pptpscope" } },
};

/* --- options ----------------------------------------------------------------------------- */

int field_find(const struct ctrl_desc *d, const char *name)
{
	int found = ctrl_field_index(d, name);

	if (found >= 0)
		return found;
	for (int i = 0; d->fields[i].name; i++)
		if (strstr(d->fields[i].name, name)) {
			if (found >= 0)
				return -2;
			found = i;
		}
	return found;
}

/* Text as it is, or octets where there are quotes or it begins with "0x". */
static bool text_value(struct script *s, const struct field *f, const char *value, uint8_t *out, size_t *len)
{
	size_t n = strlen(value);

	if (strncmp(value, "0x", 2) == 0)
		return value_octets(s, value + 2, out, f->width, len);
	if (strchr(value, '"'))
		return value_octets(s, value, out, f->width, len);
	if (n > f->width)
		return script_fail(s, "%s: more than %u octets", f->name, f->width);
	memcpy(out, value, n);
	*len = n;
	return true;
}

static enum taken field_option(struct script *s, struct message *m, const char *key, const char *value)
{
	int row = *key ? field_find(m->d, key) : -1;
	bool ok;

	if (row == -2) {
		script_fail(s, "\"%s\" is a part of several field names of %s", key, m->d->name);
		return TAKE_FAILED;
	}
	if (row < 0)
		return NOT_MINE;
	if (!value) {
		script_fail(s, "%s needs a value: %s=...", key, key);
		return TAKE_FAILED;
	}
	m->given[row] = true;
	if (m->d->fields[row].kind == F_TEXT)
		ok = text_value(s, &m->d->fields[row], value, m->text[row], &m->text_len[row]);
	else
		ok = value_field(s, &m->d->fields[row], value, &m->value[row]);
	return ok ? TAKEN : TAKE_FAILED;
}

enum taken message_option(struct script *s, void *ctx, const char *key, const char *value)
{
	struct message *m = ctx;

	if (*key == '@')
		return option_patch(s, key + 1, value, &m->patches);
	if (strcmp(key, "call") == 0)
		return option_number(s, key, value, UINT32_MAX, &m->call);
	if (strcmp(key, "cut") == 0) {
		m->has_cut = true;
		return option_number(s, key, value, OCTETS_MAX, &m->cut);
	}
	if (strcmp(key, "add") == 0 && value)
		return value_octets(s, value, s->value, sizeof(s->value) - CTRL_MAX, &m->added) ? TAKEN
												: TAKE_FAILED;
	return field_option(s, m, key, value);
}

/* --- what was not named ------------------------------------------------------------------ */

/* Where a field is that was not named; NULL where it was, or the message has none. */
static uint32_t *unnamed(struct message *m, const char *field)
{
	int row = ctrl_field_index(m->d, field);

	return row < 0 || m->given[row] ? NULL : &m->value[row];
}

static void fill(struct message *m, const char *field, uint32_t value)
{
	uint32_t *v = unnamed(m, field);

	if (v)
		*v = value;
}

static void presets_fill(struct message *m, unsigned side)
{
	for (unsigned i = 0; i < sizeof(presets) / sizeof(*presets); i++)
		if (presets[i].types & 1u << m->d->type)
			fill(m, presets[i].field, presets[i].value[side]);
	for (unsigned i = 0; i < sizeof(text_presets) / sizeof(*text_presets); i++) {
		int row = ctrl_field_index(m->d, text_presets[i].field);
		const char *text = text_presets[i].value[side];

		if (row >= 0 && !m->given[row])
			memcpy(m->text[row], text, strlen(text));
	}
}

/* NAME_length is the length of NAME. */
static void lengths_fill(struct message *m)
{
	static const char suffix[] = "_length";
	char name[KEY_ROOM];

	for (int i = 0; m->d->fields[i].name; i++) {
		const char *at = strstr(m->d->fields[i].name, suffix);
		int row;

		if (!at || m->given[i])
			continue;
		memcpy(name, m->d->fields[i].name, (size_t)(at - m->d->fields[i].name));
		name[at - m->d->fields[i].name] = '\0';
		row = ctrl_field_index(m->d, name);
		if (row >= 0)
			m->value[i] = (uint32_t)m->text_len[row];
	}
}

static uint32_t value_of(const struct message *m, const char *field)
{
	int row = ctrl_field_index(m->d, field);

	return row < 0 ? 0 : m->value[row];
}

static void result_fill(struct message *m, const struct call *c)
{
	enum { GENERAL_ERROR = 2, NO_RESOURCE = 4, ADMIN_SHUTDOWN = 3, REQUEST = 4 };

	if (m->d->type == CTRL_CDN)
		fill(m, "result_code", c->clear_asked ? REQUEST : ADMIN_SHUTDOWN);
	fill(m, "error_code", value_of(m, "result_code") == GENERAL_ERROR ? NO_RESOURCE : 0);
}

/* A reply has the identifier of the last request from the other end. */
static void echo_fill(struct script *s, struct message *m, unsigned side)
{
	if (m->d->type == CTRL_ECHORQ) {
		fill(m, "identifier", s->conv->end[side].echo + 1);
		s->conv->end[side].echo = value_of(m, "identifier");
	} else if (m->d->type == CTRL_ECHORP) {
		fill(m, "identifier", s->conv->end[!side].echo);
	}
}

/* Counters of WEN stay, and one more CRC error is a reason to send it. */
static void errors_fill(struct message *m, struct call *c)
{
	int first = ctrl_field_index(m->d, "crc_errors");

	if (m->d->type != CTRL_WEN || first < 0)
		return;
	for (int i = first; m->d->fields[i].name; i++) {
		if (!m->given[i])
			m->value[i] = c->errors[i] + (i == first);
		c->errors[i] = m->value[i];
	}
}

/* Messages that give a call the Call ID of their sender. */
static bool assigns_id(unsigned type)
{
	return type == CTRL_OCRQ || type == CTRL_OCRP || type == CTRL_ICRQ || type == CTRL_ICRP;
}

static void call_fill(struct script *s, struct message *m, struct call *c, unsigned side)
{
	int row = ctrl_field_index(m->d, "call_id");

	if (row >= 0 && !m->given[row])
		m->value[row] = call_id_of(s, c, side);
	else if (row >= 0 && assigns_id(m->d->type))
		call_id_set(c, side, (uint16_t)m->value[row]);
	if (unnamed(m, "peer_call_id"))
		fill(m, "peer_call_id", call_id_of(s, c, !side));
	if (unnamed(m, "call_serial_number")) {
		if (!c->serial)
			c->serial = ++s->serial[side];
		fill(m, "call_serial_number", c->serial);
	}
	if (m->d->type == CTRL_CCRQ)
		c->clear_asked = true;
}

/* The call that a message is about: a request begins one unless it names one. */
static struct call *call_of(struct script *s, const struct message *m)
{
	bool request = m->d->type == CTRL_OCRQ || m->d->type == CTRL_ICRQ;

	struct call *c = request && !m->call ? call_new(s) : call_pick(s, m->call);

	if (c && request)
		c->incoming = m->d->type == CTRL_ICRQ;
	return c;
}

static bool message_fill(struct script *s, struct message *m, unsigned side)
{
	struct call none = { 0 }, *c = &none;

	if (m->d->type >= CTRL_OCRQ) {
		c = call_of(s, m);
		if (!c)
			return false;
	} else if (m->call && !call_pick(s, m->call)) {
		return false;
	}
	presets_fill(m, side);
	lengths_fill(m);
	result_fill(m, c);
	echo_fill(s, m, side);
	errors_fill(m, c);
	if (c != &none)
		call_fill(s, m, c, side);
	return true;
}

/* --- out --------------------------------------------------------------------------------- */

static bool message_send(struct script *s, const struct message *m, unsigned side, const struct sending *how)
{
	const uint8_t *text[CTRL_FIELDS_MAX];
	size_t len;

	for (unsigned i = 0; i < CTRL_FIELDS_MAX; i++)
		text[i] = m->text[i];
	len = ctrl_encode(m->d, m->value, text, s->body, sizeof(s->body));
	memcpy(s->body + len, s->value, m->added);
	len += m->added;
	if (!patches_apply(s, &m->patches, s->body, len))
		return false;
	if (m->has_cut && m->cut > len)
		return script_fail(s, "cut: the message has only %zu octets", len);
	if (m->has_cut)
		len = m->cut;
	return tcp_write(s, side, s->body, len, how);
}

/* What "default" statements say about a message. */
static bool defaults_read(struct script *s, struct message *m, struct sending *how)
{
	for (unsigned i = 0; i < s->ndefaults; i++) {
		const struct stmt *st = &s->stmts[s->defaults[i]];

		if (ctrl_desc_by_name(stmt_word(s, st, 1)) == m->d &&
		    !options_read(s, st, 2, message_option, m, how))
			return false;
	}
	return true;
}

bool message_default_check(struct script *s, const struct stmt *st)
{
	struct message m = { .d = ctrl_desc_by_name(stmt_word(s, st, 1)) };
	struct sending how = s->sending;

	return m.d ? options_read(s, st, 2, message_option, &m, &how)
		   : script_fail(s, "default: there is no message \"%.40s\"", stmt_word(s, st, 1));
}

/* A call is listened to from the first, whether the script speaks of its tunnel at once or later. */
static void tunnel_listen(struct script *s, const struct message *m)
{
	const struct conversation *v = s->conv;

	if (s->stage && v->current && assigns_id(m->d->type))
		play_heard(s, &v->call[v->current - 1]);
}

/* What an expected message has where a trace is made of it: a value that the comparison allows. */
static void wanted_fill(struct message *m)
{
	for (unsigned i = 0; m->d->fields[i].name; i++) {
		uint32_t *v = &m->value[i], want = m->want[i];

		if (m->compare[i] == COMPARE_OTHER && *v == want)
			++*v;
		else if ((m->compare[i] == COMPARE_LEAST && *v < want) ||
			 (m->compare[i] == COMPARE_MOST && *v > want))
			*v = want;
	}
}

bool message_complete(struct script *s, struct message *m, unsigned side, const struct sending *how)
{
	if (!message_fill(s, m, side))
		return false;
	wanted_fill(m);
	if (!message_send(s, m, side, how))
		return false;
	tunnel_listen(s, m);
	return true;
}

bool verb_message(struct script *s, const struct stmt *st, unsigned i, unsigned side,
		  const struct ctrl_desc *d)
{
	struct sending how = s->sending;
	struct message m = { .d = d };

	ctrl_defaults(d, m.value);
	return defaults_read(s, &m, &how) && options_read(s, st, i, message_option, &m, &how) &&
	       message_complete(s, &m, side, &how);
}

/* --- messages of a device ------------------------------------------------------------------- */

/* FIELD=VALUE, =any, !=VALUE, >=VALUE, <=VALUE: the sign before "=" is the end of the key. */
enum taken message_expect_option(struct script *s, void *ctx, const char *key, const char *value)
{
	static const char signs[] = "!><";
	static const enum compare by_sign[] = { COMPARE_OTHER, COMPARE_LEAST, COMPARE_MOST };
	size_t n = strlen(key);
	const char *sign = n ? strchr(signs, key[n - 1]) : NULL;
	struct message *m = ctx;
	char name[KEY_ROOM];
	enum taken t;
	int row;

	memcpy(name, key, n + 1);
	if (sign)
		name[n - 1] = '\0';
	row = *name && *name != '@' ? field_find(m->d, name) : -1;
	if (row >= 0 && value && !sign && strcmp(value, "any") == 0) {
		m->compare[row] = COMPARE_ANY;
		return TAKEN;
	}
	t = message_option(s, m, name, value);
	if (t != TAKEN || row < 0)
		return t;
	m->compare[row] = sign ? by_sign[sign - signs] : COMPARE_EQUAL;
	if (sign) {
		m->want[row] = m->value[row];
		m->given[row] = false;
	}
	return t;
}

/* What a reply has that belongs to what was asked: compared where the script does not say otherwise. */
static void relations(struct script *s, struct message *m, unsigned side)
{
	static const unsigned replies = OF(SCCRP) | OF(STOPRP) | OF(ECHORP) | OF(OCRP) | OF(ICRP);
	const struct conversation *v = s->conv;
	size_t number = m->call && m->call <= v->calls ? m->call : v->current;
	const struct call *c = number ? &v->call[number - 1] : NULL;
	const struct {
		const char *field;
		bool known;
		uint32_t value;
	} rows[] = {
		{ "result_code", replies & 1u << m->d->type, 1 },
		{ "identifier", m->d->type == CTRL_ECHORP, v->end[!side].echo },
		{ "peer_call_id", c && c->end[!side].has_id, c ? c->end[!side].id : 0 },
		{ "call_id", c && c->end[side].has_id && !assigns_id(m->d->type), c ? c->end[side].id : 0 },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int row = ctrl_field_index(m->d, rows[i].field);

		if (row >= 0 && rows[i].known && m->compare[row] == COMPARE_NOT) {
			m->compare[row] = COMPARE_EQUAL;
			m->value[row] = rows[i].value;
		}
	}
}

/* "4 (busy)" */
static const char *value_text(const struct field *f, uint32_t value, char *buf, size_t room)
{
	char words[96];

	ctrl_value_words(f, value, words, sizeof(words));
	snprintf(buf, room, *words ? "%u (%s)" : "%u", value, words);
	return buf;
}

static bool number_matches(const struct message *m, unsigned i, uint32_t got, char *why, size_t room)
{
	static const char *const how[] = { [COMPARE_EQUAL] = "not ",
					   [COMPARE_OTHER] = "which it must not be: ",
					   [COMPARE_LEAST] = "less than ",
					   [COMPARE_MOST] = "more than " };
	uint32_t want = m->compare[i] == COMPARE_EQUAL ? m->value[i] : m->want[i];
	const struct field *f = &m->d->fields[i];
	char is[128], should[128];

	if (m->compare[i] == COMPARE_EQUAL   ? got == want
	    : m->compare[i] == COMPARE_OTHER ? got != want
	    : m->compare[i] == COMPARE_LEAST ? got >= want
					     : got <= want)
		return true;
	snprintf(why, room, "%s: %s is %s, %s%s", m->d->name, f->name, value_text(f, got, is, sizeof(is)),
		 how[m->compare[i]], value_text(f, want, should, sizeof(should)));
	return false;
}

static bool text_matches(const struct message *m, unsigned i, const uint8_t *got, char *why, size_t room)
{
	const struct field *f = &m->d->fields[i];
	bool same = got && memcmp(got, m->text[i], f->width) == 0;
	char is[160];

	if (same == (m->compare[i] != COMPARE_OTHER))
		return true;
	snprintf(why, room, "%s: %s is \"%s\"", m->d->name, f->name,
		 ctrl_escape(got, got ? strnlen((const char *)got, f->width) : 0, is, sizeof(is)));
	return false;
}

bool message_matches(struct script *s, struct message *m, unsigned side, const struct ctrl_msg *got,
		     char *why, size_t room)
{
	relations(s, m, side);
	for (unsigned i = 0; m->d->fields[i].name; i++) {
		if (m->compare[i] == COMPARE_NOT || m->compare[i] == COMPARE_ANY)
			continue;
		if (m->d->fields[i].kind == F_TEXT ? !text_matches(m, i, ctrl_text(got, i), why, room)
						   : !number_matches(m, i, got->value[i], why, room))
			return false;
	}
	return true;
}

bool message_heard(struct script *s, const struct message *m, unsigned side, const struct ctrl_msg *got)
{
	uint32_t id;
	struct call *c;

	if (m->d->type == CTRL_ECHORQ && ctrl_get(got, "identifier", &id))
		s->conv->end[side].echo = id;
	if (m->d->type < CTRL_OCRQ)
		return true;
	c = call_of(s, m);
	if (!c)
		return false;
	if (assigns_id(m->d->type) && ctrl_get(got, "call_id", &id))
		call_id_set(c, side, (uint16_t)id);
	if (ctrl_get(got, "call_serial_number", &id))
		c->serial = (uint16_t)id;
	c->clear_asked |= m->d->type == CTRL_CCRQ;
	/* The other end of a call that the device asks for has no Call ID yet. */
	if (c->end[!side].has_id)
		tunnel_listen(s, m);
	return true;
}
