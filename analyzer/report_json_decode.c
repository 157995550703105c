/* SPDX-License-Identifier: GPL-2.0-or-later */
/* decode as JSON, one object a line: doc/schema/pptpscope-decode-1.schema.json. */
#include "analyzer/decode_value.h"
#include "analyzer/report_json_body.h"
#include "dissectors/cursor.h"

/* Kept from line to line, so that its buffer is allocated once. */
static struct json line;

void report_json_cleanup(void)
{
	emit_clear(&line);
}

/* The empty line buffer, or NULL. */
static struct json *line_begin(void)
{
	if (!line.buf && !emit_init(&line))
		return NULL;
	return &line;
}

static void line_end(struct json *j, const struct report_options *o)
{
	emit_close(j, '}');
	emit_newline(j);
	/* The stream keeps the error for whoever closes it. */
	emit_flush(j, o->out);
}

static void put_frames(struct json *j, const struct report_options *o, const struct decode_where *w)
{
	emit_frame(j, o, "frame", "capture", w->frame);
	emit_frames(j, o, "frames", "frame_captures", w->frames, w->nframes);
}

static void put_ends(struct json *j, const struct report_options *o, const struct decode_where *w, bool ports)
{
	emit_addr(j, o, "src", &w->src);
	if (ports)
		emit_uint(j, "src_port", w->src_port);
	emit_addr(j, o, "dst", &w->dst);
	if (ports)
		emit_uint(j, "dst_port", w->dst_port);
}

void report_json_where(struct json *j, const struct report_options *o, const struct decode_where *w,
		       bool ports)
{
	put_frames(j, o, w);
	put_ends(j, o, w, ports);
}

static void put_where(struct json *j, const struct report_options *o, const char *type,
		      const struct decode_where *w, bool ports)
{
	value_open(j, '{');
	emit_text(j, "type", type);
	put_frames(j, o, w);
	emit_time(j, "time", true, w->time_ns);
	put_ends(j, o, w, ports);
}

/* The names of the bits that are set; nothing where none is. */
static void put_defects(struct json *j, unsigned defects, const char *(*name)(unsigned bit))
{
	if (!defects)
		return;
	emit_open(j, "defects", '[');
	for (unsigned bit = 1; bit && bit <= defects; bit <<= 1)
		if (defects & bit)
			value_text(j, name(bit));
	emit_close(j, ']');
}

/* --- control messages ---------------------------------------------------------------------- */

static void put_field(struct json *j, const struct report_options *o, const struct ctrl_msg *m, unsigned row,
		      const struct field *f, bool known, uint32_t value)
{
	char buf[TEXT_ROOM];
	const uint8_t *text;
	size_t len;

	if (f->kind != F_TEXT) {
		emit_name(j, f->name);
		value_known(j, known, value);
		return;
	}
	text = report_ctrl_text(m, row, &len);
	emit_name(j, f->name);
	value_text(j, text ? report_field_text(o, f->name, text, len, buf) : NULL);
}

static void put_fields(struct json *j, const struct report_options *o, const struct ctrl_msg *m)
{
	const struct field *f;
	uint32_t value;
	bool known;

	emit_open(j, "fields", '{');
	for (unsigned i = 0; report_ctrl_row(m, i, &f, &value, &known); i++)
		put_field(j, o, m, i, f, known, value);
	emit_close(j, '}');
}

static void put_names(struct json *j, const struct ctrl_msg *m)
{
	const struct field *f;
	uint32_t value;
	bool known;

	emit_open(j, "names", '{');
	for (unsigned i = 0; report_ctrl_row(m, i, &f, &value, &known); i++) {
		char buf[TEXT_ROOM];

		if (known && *ctrl_value_words(f, value, buf, sizeof(buf))) {
			emit_name(j, f->name);
			value_text(j, buf);
		}
	}
	emit_close(j, '}');
}

void report_json_message(struct json *j, const struct report_options *o, const struct ctrl_msg *m)
{
	emit_text(j, "status", report_status_name(m->status));
	put_defects(j, m->defects, report_ctrl_defect_name);
	emit_text(j, "message", m->desc ? m->desc->name : NULL);
	put_fields(j, o, m);
	put_names(j, m);
}

static void decode_json_control(const struct report_options *o, const struct decode_where *w,
				const struct ctrl_msg *m)
{
	struct json *j = line_begin();

	if (!j)
		return;
	put_where(j, o, "control", w, true);
	report_json_message(j, o, m);
	line_end(j, o);
}

/* --- GRE ----------------------------------------------------------------------------------- */

/* The longest text that a frame can hold, each octet as \xNN. */
static char long_text[4 * 65536 + 32];

static void put_list(struct json *j, const struct ppp_field *f)
{
	struct cursor c = cursor_on(f->octets, f->caplen);

	value_open(j, '[');
	while (cursor_left(&c))
		value_uint(j, cursor_u8(&c));
	emit_close(j, ']');
}

static void put_ppp_field(struct json *j, const struct report_options *o, const struct ppp_field *f)
{
	emit_name(j, f->row->name);
	if (f->caplen < f->width)
		value_null(j);
	else if (f->row->kind <= PPP_KIND_PROTOCOL)
		value_uint(j, f->value);
	else if (f->row->kind == PPP_KIND_LIST)
		put_list(j, f);
	else
		value_text(j, decode_value(o, f, long_text, sizeof(long_text)));
}

/* The fields of a packet or an option, and the words of those that have any. */
static void put_ppp_fields(struct json *j, const struct report_options *o, const struct ppp_field *f,
			   unsigned n)
{
	char words[TEXT_ROOM];
	bool named = false;

	emit_open(j, "fields", '{');
	for (unsigned i = 0; i < n; i++)
		put_ppp_field(j, o, &f[i]);
	emit_close(j, '}');
	for (unsigned i = 0; i < n; i++) {
		if (!*ppp_field_words(&f[i], words, sizeof(words)))
			continue;
		if (!named)
			emit_open(j, "names", '{');
		named = true;
		emit_name(j, f[i].row->name);
		value_text(j, words);
	}
	if (named)
		emit_close(j, '}');
}

static void put_options(struct json *j, const struct report_options *o, const struct ppp_control *c)
{
	struct ppp_option option;
	uint32_t at = 0;

	emit_open(j, "options", '[');
	while (ppp_option_next(c, &at, &option)) {
		value_open(j, '{');
		emit_uint(j, "number", option.number);
		emit_text(j, "name", option.desc ? option.desc->name : NULL);
		emit_uint(j, "offset", option.offset);
		emit_known(j, "length", option.len > 1, option.length);
		put_defects(j, option.defects, ppp_defect_name);
		put_ppp_fields(j, o, option.field, option.nfields);
		emit_close(j, '}');
	}
	emit_close(j, ']');
}

static void put_inside(struct json *j, const struct report_options *o, const struct ppp_control *c)
{
	put_defects(j, c->defects, ppp_defect_name);
	if (c->chap)
		emit_text(j, "algorithm", ppp_auth_name(PPP_CHAP, c->chap));
	if (c->guessed)
		emit_bool(j, "guessed", true);
	put_ppp_fields(j, o, c->field, c->nfields);
	if (c->options_at)
		put_options(j, o, c);
}

static void put_ppp(struct json *j, const struct report_options *o, const struct gre_pkt *g,
		    enum gre_status status)
{
	struct decode_ppp p;
	const struct ppp_frame *f = &p.frame;

	if (!decode_ppp(g, status, &p)) {
		emit_null(j, "ppp");
		return;
	}
	emit_open(j, "ppp", '{');
	emit_text(j, "status", report_status_name(decode_ppp_status(&p)));
	emit_known(j, "protocol", !f->cut, f->protocol);
	emit_text(j, "protocol_name", f->cut ? NULL : ppp_protocol_name(f->protocol));
	emit_known(j, "code", f->has_code, f->code);
	emit_text(j, "code_name", f->has_code ? ppp_code_name(f->protocol, f->code) : NULL);
	emit_known(j, "identifier", f->has_code, f->identifier);
	emit_known(j, "length", f->has_code, f->length);
	if (p.known)
		put_inside(j, o, &p.control);
	emit_close(j, '}');
}

static void decode_json_gre(const struct report_options *o, const struct decode_where *w,
			    const struct gre_pkt *g, enum gre_status status)
{
	struct json *j = line_begin();

	if (!j)
		return;
	put_where(j, o, "gre", w, false);
	emit_text(j, "status", report_status_name(report_gre_status(w, g, status)));
	put_defects(j, g->defects, report_gre_defect_name);
	emit_open(j, "fields", '{');
	for (unsigned i = 0; i < gre_field_count; i++) {
		uint32_t value;
		bool known = report_gre_value(g, status, i, &value);

		emit_name(j, gre_fields[i].name);
		value_known(j, known, value);
	}
	emit_close(j, '}');
	put_ppp(j, o, g, status);
	line_end(j, o);
}

static void decode_json_decrypted(const struct report_options *o, const struct decode_where *w,
				  const struct gre_pkt *inside)
{
	struct json *j = line_begin();

	if (!j)
		return;
	put_where(j, o, "decrypted", w, false);
	put_ppp(j, o, inside, GRE_OK);
	line_end(j, o);
}

static void decode_json_skipped(const struct report_options *o, const struct decode_where *w, uint64_t count,
				bool lost)
{
	struct json *j = line_begin();

	if (!j)
		return;
	put_where(j, o, lost ? "gap" : "skipped", w, true);
	emit_text(j, "status", report_status_name(lost ? CTRL_CUT : CTRL_BAD));
	emit_uint(j, "octets", count);
	line_end(j, o);
}

const struct decode_ops decode_json = {
	.name = "json",
	.control = decode_json_control,
	.gre = decode_json_gre,
	.decrypted = decode_json_decrypted,
	.skipped = decode_json_skipped,
};
