/* SPDX-License-Identifier: GPL-2.0-or-later */
/* decode for people: what is inside PPP. */
#include <inttypes.h>

#include "analyzer/decode_text_private.h"
#include "analyzer/decode_value.h"

enum {
	LINE_ROOM = 132, /* of a value on the one line: 64 octets in hexadecimal */
	ROW_ROOM = 1040, /* on a line of its own: 255 octets of text, each as \xNN */
};

/* A value, text in quotes. */
static void quoted_value(const struct report_options *o, const struct ppp_field *f, char *buf, size_t room)
{
	bool quotes = f->row->kind == PPP_KIND_TEXT && !decode_hidden(o, f);

	decode_value(o, f, buf + quotes, room - 2 * quotes);
	if (!quotes)
		return;
	buf[0] = '"';
	strcat(buf, "\"");
}

static void put_defects(const struct report_options *o, unsigned defects)
{
	for (unsigned bit = 1; bit && bit <= defects; bit <<= 1) {
		if (!(defects & bit))
			continue;
		decode_put_styled(o, RED, " BAD: ");
		decode_put_styled(o, RED, ppp_defect_text(bit));
	}
}

/* --- one line ------------------------------------------------------------------------------ */

/* The value of a field as on the one line: its words, else the number, the quoted text or the octets. */
static void line_value(const struct report_options *o, const struct ppp_field *f, char buf[LINE_ROOM])
{
	char *comma;

	/* Commas part the fields. */
	ppp_field_words(f, buf, LINE_ROOM);
	while ((comma = strstr(buf, ", "))) {
		*comma = '+';
		memmove(comma + 1, comma + 2, strlen(comma + 1));
	}
	if (!*buf)
		quoted_value(o, f, buf, LINE_ROOM);
}

/* Those fields that belong on the line, each after what parts it from the one before. */
static const char *put_line_fields(const struct report_options *o, const struct ppp_field *f, unsigned n,
				   const char *first, const char *between)
{
	const char *before = first;
	char value[LINE_ROOM];

	for (; n; n--, f++) {
		if (!f->row->brief || f->caplen < f->width)
			continue;
		line_value(o, f, value);
		fprintf(o->out, "%s%s%s%s", before, f->row->brief, *f->row->brief ? " " : "", value);
		before = between;
	}
	return before;
}

static void put_line_options(const struct report_options *o, const struct ppp_control *c, const char *before)
{
	struct ppp_option option;
	uint32_t at = 0;

	while (ppp_option_next(c, &at, &option)) {
		const struct ppp_option_desc *d = option.desc;

		fputs(before, o->out);
		before = ", ";
		if (d)
			fputs(d->brief ? d->brief : d->label, o->out);
		else
			fprintf(o->out, "option %u", option.number);
		put_line_fields(o, option.field, option.nfields, " ", " ");
	}
}

/* A Response is read by an algorithm, which was either agreed before or guessed. */
static const char *put_line_algorithm(const struct report_options *o, const struct ppp_control *c)
{
	const char *name = c->protocol == PPP_CHAP ? ppp_auth_name(PPP_CHAP, c->chap) : NULL;

	if (!name)
		return ": ";
	fprintf(o->out, ": %s%s", name, c->guessed ? "?" : "");
	return ", ";
}

/* Who talks to whom, instead of the fields of a header. */
static bool put_line_ip(const struct report_options *o, const struct ppp_frame *f,
			const struct ppp_control *c)
{
	const struct ppp_field *protocol = ppp_field_of(c, "ip_protocol");
	char src[DECODE_ENDPOINT], dst[DECODE_ENDPOINT], words[LINE_ROOM];
	bool ports = ppp_field_of(c, "src_port");
	struct ppp_ip ip;

	if (!protocol || !ppp_ip_decode(f, &ip))
		return false;
	decode_endpoint(o, &ip.d.src, ports ? ip.src_port : 0, src);
	decode_endpoint(o, &ip.d.dst, ports ? ip.dst_port : 0, dst);
	fprintf(o->out, ": %s > %s", src, dst);
	if (*ppp_field_words(protocol, words, sizeof(words)))
		fprintf(o->out, ", %s", words);
	else
		fprintf(o->out, ", protocol %" PRIu64, protocol->value);
	if (ip.d.fragment)
		fprintf(o->out, ", fragment at %" PRIu32, ip.d.fragment_offset);
	return true;
}

static void put_line_inside(const struct report_options *o, const struct decode_ppp *p)
{
	const struct ppp_control *c = &p->control;
	const char *before;

	if (!p->known)
		return;
	if (!put_line_ip(o, &p->frame, c)) {
		before = put_line_algorithm(o, c);
		before = put_line_fields(o, c->field, c->nfields, before, ", ");
		put_line_options(o, c, before);
	}
	put_defects(o, c->defects);
}

void decode_ppp_line(const struct report_options *o, const struct gre_pkt *g, enum gre_status status)
{
	struct decode_ppp p;
	const struct ppp_frame *f = &p.frame;
	const char *name;

	if (!decode_ppp(g, status, &p))
		return;
	if (f->cut) {
		fputs(", PPP cut", o->out);
		return;
	}
	name = ppp_protocol_name(f->protocol);
	if (name)
		fprintf(o->out, ", %s", name);
	else
		fprintf(o->out, ", PPP 0x%04x", f->protocol);
	if (f->bad)
		decode_put_styled(o, RED, " (no valid protocol)");
	if (f->has_code) {
		name = ppp_code_name(f->protocol, f->code);
		if (name)
			fprintf(o->out, " %s id %u", name, f->identifier);
		else
			fprintf(o->out, " code %u id %u", f->code, f->identifier);
	}
	put_line_inside(o, &p);
}

/* --- every field --------------------------------------------------------------------------- */

static void put_number_row(const struct report_options *o, unsigned offset, unsigned width, const char *label,
			   unsigned value, const char *words)
{
	char octets[16], number[16];

	snprintf(octets, sizeof(octets), "%u", width);
	snprintf(number, sizeof(number), "%u", value);
	decode_put_row(o, offset, octets, label, number, words ? words : "");
}

static void put_field_row(const struct report_options *o, unsigned base, const struct ppp_field *f)
{
	const struct ppp_row *row = f->row;
	char width[16], value[ROW_ROOM], words[ROW_ROOM];
	bool partly = row->kind == PPP_KIND_TEXT || row->kind == PPP_KIND_OCTETS;

	if (row->mask)
		snprintf(width, sizeof(width), "%d bit", __builtin_popcount(row->mask));
	else
		snprintf(width, sizeof(width), "%" PRIu32, f->width);
	if (f->caplen < f->width && !(f->caplen && partly)) {
		decode_put_absent(o, base + f->offset, width, row->label, false);
		return;
	}
	quoted_value(o, f, value, sizeof(value));
	ppp_field_words(f, words, sizeof(words));
	decode_put_row(o, base + f->offset, width, row->label, value,
		       f->caplen < f->width ? "(the rest is not in the capture)" : words);
}

static void put_option_rows(const struct report_options *o, unsigned base, const struct ppp_control *c)
{
	struct ppp_option option;
	uint32_t at = 0;

	while (ppp_option_next(c, &at, &option)) {
		char what[ROW_ROOM];

		snprintf(what, sizeof(what), "%s, length %u", option.desc ? option.desc->label : "not known",
			 option.length);
		put_number_row(o, base + option.offset, option.len < 2 ? option.len : 2, "Option",
			       option.number, what);
		for (unsigned i = 0; i < option.nfields; i++)
			put_field_row(o, base, &option.field[i]);
	}
}

/* The packet behind the protocol field, which is `base` octets into the GRE packet. */
static void put_inside_rows(const struct report_options *o, unsigned base, const struct decode_ppp *p)
{
	const struct ppp_control *c = &p->control;
	const char *name = ppp_auth_name(PPP_CHAP, c->chap);

	if (p->frame.has_code) {
		put_number_row(o, base, 1, "PPP Code", p->frame.code,
			       ppp_code_name(p->frame.protocol, p->frame.code));
		put_number_row(o, base + 1, 1, "PPP Identifier", p->frame.identifier, NULL);
		put_number_row(o, base + 2, 2, "PPP Length", p->frame.length, NULL);
	}
	if (!p->known)
		return;
	for (unsigned i = 0; i < c->nfields; i++)
		put_field_row(o, base, &c->field[i]);
	put_option_rows(o, base, c);
	if (c->guessed)
		fprintf(o->out, "  read as %s for want of the negotiation\n",
			name ? name : "what it looks like");
	if (!c->defects)
		return;
	fputc(' ', o->out);
	put_defects(o, c->defects);
	fputc('\n', o->out);
}

void decode_ppp_rows(const struct report_options *o, const struct gre_pkt *g, enum gre_status status)
{
	unsigned offset = g->header_len;
	struct decode_ppp p;
	const struct ppp_frame *f = &p.frame;
	const char *name;
	char number[16];

	if (!decode_ppp(g, status, &p))
		return;
	if (f->address_control) {
		decode_put_row(o, offset, "2", "PPP Address, Control", "0xff03", "");
		offset += 2;
	}
	if (f->cut) {
		decode_put_absent(o, offset, "", "PPP Protocol", false);
		return;
	}
	name = ppp_protocol_name(f->protocol);
	snprintf(number, sizeof(number), "0x%04x", f->protocol);
	decode_put_row(o, offset, f->compressed_protocol ? "1" : "2", "PPP Protocol", number,
		       f->bad ? "no valid protocol"
		       : name ? name
			      : "");
	offset += f->compressed_protocol ? 1 : 2;
	put_inside_rows(o, offset, &p);
}
