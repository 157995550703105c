/* SPDX-License-Identifier: GPL-2.0-or-later */
/* decode for people: one line a message or GRE packet, or with --verbose one line a field. */
#include <inttypes.h>

#include "analyzer/decode_text_private.h"

/* How a field is called on the one line. */
struct short_name {
	const char *name;  /* of the field */
	const char *label; /* "": its words need none; NULL: left out */
	bool only_set;     /* left out when it is 0 or empty */
};

static const struct short_name short_names[] = {
	{ "length", NULL, false },
	{ "pptp_message_type", NULL, false },
	{ "magic_cookie", NULL, false },
	{ "control_message_type", NULL, false },
	{ "reserved0", "Reserved0", true },
	{ "reserved1", "Reserved1", true },
	{ "reserved2", "Reserved2", true },
	{ "protocol_version", "version", false },
	{ "result_code", "", false },
	{ "error_code", "error", true },
	{ "cause_code", "cause", true },
	{ "framing_capabilities", "framing", false },
	{ "bearer_capabilities", "bearer", false },
	{ "maximum_channels", "channels", false },
	{ "firmware_revision", "firmware", false },
	{ "host_name", "host", false },
	{ "vendor_name", "vendor", false },
	{ "reason", "reason", false },
	{ "identifier", "id", false },
	{ "call_id", "call", false },
	{ "peer_call_id", "peer's call", false },
	{ "call_serial_number", "serial", false },
	{ "minimum_bps", "min", false },
	{ "maximum_bps", "max", false },
	{ "bearer_type", "bearer", false },
	{ "call_bearer_type", "bearer", false },
	{ "framing_type", "framing", false },
	{ "connect_speed", "speed", false },
	{ "packet_recv_window_size", "window", false },
	{ "packet_processing_delay", "delay", true },
	{ "packet_transmit_delay", "delay", true },
	{ "physical_channel_id", "channel", true },
	{ "phone_number_length", NULL, false },
	{ "dialed_number_length", NULL, false },
	{ "dialing_number_length", NULL, false },
	{ "phone_number", "number", true },
	{ "dialed_number", "to", true },
	{ "dialing_number", "from", true },
	{ "subaddress", "subaddress", true },
	{ "call_statistics", "statistics", true },
};

static const struct short_name *short_name(const char *name)
{
	for (unsigned i = 0; i < sizeof(short_names) / sizeof(*short_names); i++)
		if (strcmp(short_names[i].name, name) == 0)
			return &short_names[i];
	return NULL;
}

/* --- what both ways of printing share ------------------------------------------------------ */

enum { FRAME = 32 };

static const char *frame_text(const struct report_options *o, uint64_t frame, char buf[FRAME])
{
	if (!frame)
		snprintf(buf, FRAME, "-");
	else if (o->captures > 1)
		snprintf(buf, FRAME, "%u:%" PRIu64, FRAME_CAPTURE(frame) + 1, FRAME_NUMBER(frame));
	else
		snprintf(buf, FRAME, "%" PRIu64, FRAME_NUMBER(frame));
	return buf;
}

const char *decode_endpoint(const struct report_options *o, const struct ip_addr *a, uint16_t port,
			    char buf[DECODE_ENDPOINT])
{
	char addr[64];

	report_addr(o, a, addr);
	if (!port)
		snprintf(buf, DECODE_ENDPOINT, "%s", addr);
	else
		snprintf(buf, DECODE_ENDPOINT, strchr(addr, ':') ? "[%s]:%u" : "%s:%u", addr, port);
	return buf;
}

/* Frame, time and ends; the time of day on one line, the date as well when a packet has many. */
static void put_where(const struct report_options *o, const struct decode_where *w)
{
	char frame[FRAME], time[REPORT_TIME], src[DECODE_ENDPOINT], dst[DECODE_ENDPOINT],
		ends[2 * DECODE_ENDPOINT + 4];
	size_t len = strlen(report_time(w->time_ns, time));

	decode_endpoint(o, &w->src, w->src_port, src);
	decode_endpoint(o, &w->dst, w->dst_port, dst);
	frame_text(o, w->frame, frame);
	if (o->verbose) {
		fprintf(o->out, "%sframe %s%s  %s  %s > %s", text_style(o->colour, BOLD), frame,
			text_style_end(o->colour, BOLD), time, src, dst);
		return;
	}
	time[len - 1] = '\0';
	snprintf(ends, sizeof(ends), "%s > %s", src, dst);
	fprintf(o->out, "%s%6s %s%s  %-38s ", text_style(o->colour, DIM), frame, time + strlen("2005-06-09T"),
		text_style_end(o->colour, DIM), ends);
}

void decode_put_styled(const struct report_options *o, enum style s, const char *text)
{
	fprintf(o->out, "%s%s%s", text_style(o->colour, s), text, text_style_end(o->colour, s));
}

static void put_frames(const struct report_options *o, const struct decode_where *w)
{
	char frame[FRAME];

	if (w->nframes < 2)
		return;
	fputs(" [frames", o->out);
	for (size_t i = 0; i < w->nframes; i++)
		fprintf(o->out, " %s", frame_text(o, w->frames[i], frame));
	fputc(']', o->out);
}

/* --- what is wrong ------------------------------------------------------------------------- */

static void ctrl_defect_text(const struct ctrl_msg *m, unsigned bit, char *buf, size_t room)
{
	switch (bit) {
	case CTRL_BAD_COOKIE:
		snprintf(buf, room, "Magic Cookie 0x%08" PRIx32, m->cookie);
		break;
	case CTRL_BAD_MESSAGE_TYPE:
		snprintf(buf, room, "PPTP Message Type %u", m->message_type);
		break;
	case CTRL_BAD_TYPE:
		snprintf(buf, room, "Control Message Type %u", m->type);
		break;
	case CTRL_BAD_LENGTH:
		if (m->desc)
			snprintf(buf, room, "Length %u instead of %u", m->length, m->desc->length);
		else
			snprintf(buf, room, "Length %u", m->length);
		break;
	case CTRL_MANAGEMENT:
		snprintf(buf, room, "management message, which has no defined contents");
		break;
	default:
		snprintf(buf, room, "the sender ended after %zu octets", m->caplen);
	}
}

/* "BAD: ...; ..." or "CUT: ...". */
static void put_ctrl_fault(const struct report_options *o, const struct ctrl_msg *m)
{
	const char *between = " BAD: ";
	char text[128];

	for (unsigned bit = 1; bit && bit <= m->defects; bit <<= 1) {
		if (!(m->defects & bit))
			continue;
		decode_put_styled(o, RED, between);
		ctrl_defect_text(m, bit, text, sizeof(text));
		decode_put_styled(o, RED, text);
		between = "; ";
	}
	if (m->status != CTRL_CUT)
		return;
	if (m->caplen >= 2)
		snprintf(text, sizeof(text), " CUT: %zu of %u octets are in the capture", m->caplen,
			 m->length);
	else
		snprintf(text, sizeof(text), " CUT: %zu octets are in the capture", m->caplen);
	decode_put_styled(o, YELLOW, text);
}

static void put_gre_fault(const struct report_options *o, const struct decode_where *w,
			  const struct gre_pkt *g, enum gre_status status)
{
	const char *between = " BAD: ";
	char text[96];

	if (status == GRE_OTHER_VERSION) {
		snprintf(text, sizeof(text), " BAD: version %u is not PPTP's", g->flags & GRE_VER);
		decode_put_styled(o, RED, text);
		return;
	}
	for (unsigned bit = 1; bit <= g->defects; bit <<= 1) {
		if (!(g->defects & bit))
			continue;
		decode_put_styled(o, RED, between);
		decode_put_styled(o, RED, gre_defect_text(bit));
		between = "; ";
	}
	if (status == GRE_CUT) {
		decode_put_styled(o, YELLOW, " CUT: within the header");
	} else if (report_gre_status(w, g, status) == CTRL_CUT) {
		snprintf(text, sizeof(text), " CUT: %" PRIu32 " of %u octets of payload are in the capture",
			 g->caplen, g->payload_length);
		decode_put_styled(o, YELLOW, text);
	}
}

/* --- one line ------------------------------------------------------------------------------ */

/* The value of a field as on the one line: its words, else the number. */
static void short_value(const struct report_options *o, const struct ctrl_msg *m, unsigned row,
			uint32_t value, char buf[TEXT_ROOM])
{
	const struct field *f = &m->desc->fields[row];
	char text[TEXT_ROOM];
	size_t len, at;
	const uint8_t *octets;
	char *comma;

	if (f->kind == F_TEXT) {
		octets = report_ctrl_text(m, row, &len);
		report_field_text(o, f->name, octets, len, text);
		at = strlen(text) < TEXT_ROOM - 2 ? strlen(text) : TEXT_ROOM - 3;
		snprintf(buf, TEXT_ROOM, "\"%.*s\"", (int)at, text);
		return;
	}
	ctrl_value_words(f, value, buf, TEXT_ROOM);
	/* Commas part the fields. */
	while ((comma = strstr(buf, ", "))) {
		*comma = '+';
		memmove(comma + 1, comma + 2, strlen(comma + 1));
	}
	if (!*buf)
		snprintf(buf, TEXT_ROOM,
			 f->kind == F_HEX || f->kind == F_RESERVED ? "0x%" PRIx32 : "%" PRIu32, value);
}

static bool is_empty(const struct ctrl_msg *m, unsigned row, uint32_t value)
{
	size_t len;

	if (m->desc->fields[row].kind != F_TEXT)
		return value == 0;
	report_ctrl_text(m, row, &len);
	return len == 0;
}

static void put_short_fields(const struct report_options *o, const struct ctrl_msg *m)
{
	const char *between = " ";

	for (unsigned i = 0; i < m->nvalues; i++) {
		const struct field *f = &m->desc->fields[i];
		const struct short_name *s = short_name(f->name);
		const char *label = s ? s->label : f->label;
		char value[TEXT_ROOM];

		if (!label || (s && s->only_set && is_empty(m, i, m->value[i])))
			continue;
		short_value(o, m, i, m->value[i], value);
		/* A result without words is a bare number, and needs to be called something. */
		if (!*label && *value >= '0' && *value <= '9')
			label = "result";
		fprintf(o->out, "%s%s%s%s", between, label, *label ? " " : "", value);
		between = ", ";
	}
}

static void control_line(const struct report_options *o, const struct decode_where *w,
			 const struct ctrl_msg *m)
{
	put_where(o, w);
	decode_put_styled(o, m->status == CTRL_BAD ? RED : BOLD,
			  m->desc ? m->desc->abbrev : "no PPTP message");
	if (m->desc)
		put_short_fields(o, m);
	put_ctrl_fault(o, m);
	put_frames(o, w);
	fputc('\n', o->out);
}

/* Fields of GRE that say what a packet is, in the order of the line. */
static void put_gre_numbers(const struct report_options *o, const struct gre_pkt *g, enum gre_status status)
{
	static const struct short_name shown[] = {
		{ "call_id", "call", false },
		{ "sequence_number", "seq", false },
		{ "acknowledgment_number", "ack", false },
		{ "payload_length", "len", false },
	};
	const char *between = " ";

	for (unsigned k = 0; k < sizeof(shown) / sizeof(*shown); k++)
		for (unsigned i = 0; i < gre_field_count; i++) {
			uint32_t value;

			if (strcmp(gre_fields[i].name, shown[k].name) != 0 ||
			    !report_gre_value(g, status, i, &value))
				continue;
			fprintf(o->out, "%s%s %" PRIu32, between, shown[k].label, value);
			between = ", ";
		}
}

static void gre_line(const struct report_options *o, const struct decode_where *w, const struct gre_pkt *g,
		     enum gre_status status)
{
	put_where(o, w);
	decode_put_styled(o, g->defects || status == GRE_OTHER_VERSION ? RED : PLAIN, "GRE");
	put_gre_numbers(o, g, status);
	decode_ppp_line(o, g, status);
	put_gre_fault(o, w, g, status);
	put_frames(o, w);
	fputc('\n', o->out);
}

/* --- every field --------------------------------------------------------------------------- */

void decode_put_row(const struct report_options *o, unsigned offset, const char *width, const char *label,
		    const char *value, const char *words)
{
	fprintf(o->out, "  %6u %6s  %-24s %s%s%s\n", offset, width, label, value, *words ? "  " : "", words);
}

/* A field that is not there: the capture lacks it, or (short) the sender ended before it. */
void decode_put_absent(const struct report_options *o, unsigned offset, const char *width, const char *label,
		       bool is_short)
{
	fprintf(o->out, "  %6u %6s  %-24s ", offset, width, label);
	decode_put_styled(o, YELLOW, is_short ? "not sent" : "not in the capture");
	fputc('\n', o->out);
}

/* Text with what follows its first zero octet, where there is anything: a field is to be zero filled. */
static void put_text_row(const struct report_options *o, const struct ctrl_msg *m, unsigned row,
			 const char *width)
{
	const struct field *f = &m->desc->fields[row];
	char text[TEXT_ROOM], value[TEXT_ROOM + 2];
	const uint8_t *octets;
	size_t len, whole = f->width;

	octets = report_ctrl_text(m, row, &len);
	while (whole > len && !octets[whole - 1])
		whole--;
	report_field_text(o, f->name, octets, whole > len ? whole : len, text);
	snprintf(value, sizeof(value), "\"%s\"", text);
	decode_put_row(o, f->offset, width, f->label, value, whole > len ? "(not zero filled)" : "");
}

static void put_field_row(const struct report_options *o, const struct ctrl_msg *m, unsigned row,
			  const struct field *f, bool known, uint32_t value)
{
	char width[16], number[16], words[TEXT_ROOM];
	bool hex = f->kind == F_HEX || f->kind == F_FLAGS || f->kind == F_VERSION ||
		   (f->kind == F_RESERVED && value);

	snprintf(width, sizeof(width), "%u", f->width);
	if (!known) {
		decode_put_absent(o, f->offset, width, f->label, m->defects & CTRL_UNFINISHED);
		return;
	}
	if (f->kind == F_TEXT) {
		put_text_row(o, m, row, width);
		return;
	}
	if (hex)
		snprintf(number, sizeof(number), "0x%0*" PRIx32, 2 * f->width, value);
	else
		snprintf(number, sizeof(number), "%" PRIu32, value);
	ctrl_value_words(f, value, words, sizeof(words));
	decode_put_row(o, f->offset, width, f->label, number, *words || !f->unit ? words : f->unit);
}

static void control_rows(const struct report_options *o, const struct decode_where *w,
			 const struct ctrl_msg *m)
{
	const struct field *f;
	uint32_t value;
	bool known;

	put_where(o, w);
	put_frames(o, w);
	if (m->desc)
		fprintf(o->out, "\n  %s (%s), RFC 2637 section %s", m->desc->name, m->desc->abbrev,
			m->desc->section);
	else
		fputs("\n  no PPTP message", o->out);
	put_ctrl_fault(o, m);
	fprintf(o->out, "\n  %6s %6s  %-24s value\n", "offset", "octets", "field");
	for (unsigned i = 0; report_ctrl_row(m, i, &f, &value, &known); i++)
		put_field_row(o, m, i, f, known, value);
	fputc('\n', o->out);
}

/* The RFC's words for the rows of gre_fields. */
static const char *gre_label(const char *name)
{
	static const struct {
		const char *name, *label;
	} labels[] = {
		{ "c", "C Checksum Present" },
		{ "r", "R Routing Present" },
		{ "k", "K Key Present" },
		{ "s", "S Sequence Present" },
		{ "ssr", "s Strict Source Route" },
		{ "recur", "Recur" },
		{ "a", "A Ack Present" },
		{ "flags", "Flags" },
		{ "ver", "Ver" },
		{ "protocol_type", "Protocol Type" },
		{ "payload_length", "Key: Payload Length" },
		{ "call_id", "Key: Call ID" },
		{ "sequence_number", "Sequence Number" },
		{ "acknowledgment_number", "Acknowledgment Number" },
	};

	for (unsigned i = 0; i < sizeof(labels) / sizeof(*labels); i++)
		if (strcmp(labels[i].name, name) == 0)
			return labels[i].label;
	return name;
}

static void put_gre_row(const struct report_options *o, const struct gre_pkt *g, enum gre_status status,
			unsigned row)
{
	const struct gre_field *f = &gre_fields[row];
	bool ack = strcmp(f->name, "acknowledgment_number") == 0;
	bool optional = ack || strcmp(f->name, "sequence_number") == 0;
	unsigned offset = f->offset + (ack && g->flags & GRE_S ? 4 : 0);
	char width[16], number[16];
	uint32_t value;

	if (f->mask)
		snprintf(width, sizeof(width), "%d bit", __builtin_popcount(f->mask));
	else
		snprintf(width, sizeof(width), "%d", optional ? 4 : 2);
	if (report_gre_value(g, status, row, &value)) {
		snprintf(number, sizeof(number),
			 strcmp(f->name, "protocol_type") ? "%" PRIu32 : "0x%04" PRIx32, value);
		decode_put_row(o, offset, width, gre_label(f->name), number, "");
	} else if (!optional || g->flags & (ack ? GRE_A : GRE_S)) {
		decode_put_absent(o, offset, width, gre_label(f->name), g->defects & GRE_BAD_SHORT);
	}
}

static void gre_rows(const struct report_options *o, const struct decode_where *w, const struct gre_pkt *g,
		     enum gre_status status)
{
	put_where(o, w);
	put_frames(o, w);
	fputs("\n  Enhanced GRE, RFC 2637 section 4.1", o->out);
	put_gre_fault(o, w, g, status);
	fprintf(o->out, "\n  %6s %6s  %-24s value\n", "offset", "octets", "field");
	for (unsigned i = 0; i < gre_field_count; i++)
		if (status != GRE_OTHER_VERSION || gre_fields[i].offset < 4)
			put_gre_row(o, g, status, i);
	decode_ppp_rows(o, g, status);
	fputc('\n', o->out);
}

/* --- the format ---------------------------------------------------------------------------- */

static void decode_text_control(const struct report_options *o, const struct decode_where *w,
				const struct ctrl_msg *m)
{
	if (o->verbose)
		control_rows(o, w, m);
	else
		control_line(o, w, m);
}

static void decode_text_gre(const struct report_options *o, const struct decode_where *w,
			    const struct gre_pkt *g, enum gre_status status)
{
	if (o->verbose)
		gre_rows(o, w, g, status);
	else
		gre_line(o, w, g, status);
}

static void decode_text_decrypted(const struct report_options *o, const struct decode_where *w,
				  const struct gre_pkt *inside)
{
	put_where(o, w);
	decode_put_styled(o, GREEN, "decrypted");
	if (o->verbose) {
		fputc('\n', o->out);
		decode_ppp_rows(o, inside, GRE_OK);
	} else {
		decode_ppp_line(o, inside, GRE_OK);
	}
	fputc('\n', o->out);
}

static void decode_text_skipped(const struct report_options *o, const struct decode_where *w, uint64_t count,
				bool lost)
{
	char text[96];

	put_where(o, w);
	snprintf(text, sizeof(text), "%s: %" PRIu64 " octet%s that %s", lost ? "GAP" : "SKIPPED", count,
		 plural(count), lost ? "the capture lacks" : "are no PPTP message");
	if (o->verbose)
		fputs("\n  ", o->out);
	decode_put_styled(o, lost ? YELLOW : RED, text);
	put_frames(o, w);
	fputs(o->verbose ? "\n\n" : "\n", o->out);
}

const struct decode_ops decode_text = {
	.name = "text",
	.control = decode_text_control,
	.gre = decode_text_gre,
	.decrypted = decode_text_decrypted,
	.skipped = decode_text_skipped,
};
