/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See scenario_write.h. */
#include "tools/scenario_write.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dissectors/cursor.h"

enum {
	MESSAGES_MAX = 20000,
	OCTETS_MAX = 1024, /* of a message that is kept */
	CALLS_MAX = 4096,
	NAMES_MAX = 32, /* captures that a script may have */
	LINE = 100,     /* columns after which a statement is continued */
	HEADER_ROWS = 5,
};

#define SECOND INT64_C(1000000000)

enum side { PNS, PAC, SIDES };

static const char *const side_names[] = { "pns", "pac" };

struct observed {
	int64_t time_ns;
	bool by_first; /* by the end that the first message came from */
	uint16_t len;
	uint8_t *octets;
};

struct ends {
	struct ip_addr addr[2]; /* the first sender, the other one */
	uint16_t port[2];
};

struct scenario_writer {
	enum side device;
	bool names;
	struct ends ends; /* of the connection that is written */
	struct observed *message;
	size_t n, room;
	bool full;
	uint64_t connections;
	/* Of the connection, when it is over. */
	bool known, first_is_pac, first_originated;
	enum connection_close close;
	bool closed_by_first;
	int64_t last_time;
};

/* --- what is observed ------------------------------------------------------------------------------- */

struct scenario_writer *scenario_writer_new(enum role dut, bool names)
{
	struct scenario_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->device = dut == ROLE_PNS ? PNS : PAC;
	w->names = names;
	return w;
}

void scenario_writer_free(struct scenario_writer *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->n; i++)
		free(w->message[i].octets);
	free(w->message);
	free(w);
}

/* 0: from the first sender, 1: to it, -1: of another connection. */
static int direction(const struct ends *e, const struct pipeline_where *at)
{
	for (unsigned i = 0; i < 2; i++)
		if (ip_addr_same(at->src, &e->addr[i]) && ip_addr_same(at->dst, &e->addr[!i]) &&
		    at->src_port == e->port[i] && at->dst_port == e->port[!i])
			return (int)i;
	return -1;
}

static struct observed *next_place(struct scenario_writer *w)
{
	size_t room = w->room ? 2 * w->room : 64;
	struct observed *more;

	if (w->n < w->room)
		return &w->message[w->n];
	more = room <= MESSAGES_MAX ? realloc(w->message, room * sizeof(*more)) : NULL;
	if (!more)
		return NULL;
	w->message = more;
	w->room = room;
	return &more[w->n];
}

void scenario_writer_control(struct scenario_writer *w, const struct pipeline_where *at,
			     const struct ctrl_msg *m)
{
	struct observed *o;
	int from;

	if (!w->n)
		w->ends = (struct ends){ { *at->src, *at->dst }, { at->src_port, at->dst_port } };
	from = direction(&w->ends, at);
	if (from < 0 || w->full)
		return;
	o = next_place(w);
	if (o)
		*o = (struct observed){ at->time_ns, !from,
					(uint16_t)(m->caplen < OCTETS_MAX ? m->caplen : OCTETS_MAX),
					malloc(m->caplen ? m->caplen : 1) };
	if (!o || !o->octets) {
		w->full = true;
		return;
	}
	memcpy(o->octets, m->octets, o->len);
	w->n++;
}

/* Whether a host of a connection, by its index and port, is the end that spoke first. */
static bool is_first(const struct scenario_writer *w, const struct control_connection *c, unsigned host)
{
	uint16_t port = c->port[host == c->originator ? 0 : 1];

	return ip_addr_same(&c->tunnel->host[host], &w->ends.addr[0]) && port == w->ends.port[0];
}

void scenario_writer_connection(struct scenario_writer *w, const struct control_connection *c)
{
	unsigned first = is_first(w, c, 0) ? 0 : 1;

	w->connections++;
	if (w->known || !w->n || !is_first(w, c, first))
		return;
	w->known = true;
	w->first_originated = c->originator == first;
	/* Where nobody has shown the role, it is the PNS that called. */
	w->first_is_pac = c->pac >= 0 ? (unsigned)c->pac == first : c->originator != first;
	w->close = c->close;
	w->closed_by_first = c->closed_by == (int)first;
	w->last_time = c->last_time;
}

/* --- the script ------------------------------------------------------------------------------------- */

struct known_call {
	uint16_t id[SIDES];
	bool has[SIDES];
};

/* A statement being written: words are joined, lines kept short. */
struct page {
	FILE *to;
	size_t column;
};

struct script_state {
	const struct scenario_writer *w;
	struct page page;
	struct known_call call[CALLS_MAX];
	unsigned calls, current; /* current: counted from 1, as in scripts */
	unsigned names;
	unsigned count[CTRL_TYPES];
	int64_t last; /* time of what was written last */
	bool cleared; /* the PNS asked for the end of the current call */
};

__attribute__((format(printf, 2, 3))) static void word(struct page *p, const char *format, ...)
{
	char text[1024];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (p->column && p->column + (size_t)n >= LINE) {
		fputs(" \\\n\t", p->to);
		p->column = 8;
	} else if (p->column) {
		fputc(' ', p->to);
		p->column++;
	}
	fputs(text, p->to);
	p->column += (size_t)n;
}

static void end_line(struct page *p)
{
	fputc('\n', p->to);
	p->column = 0;
}

static enum side side_of(const struct scenario_writer *w, const struct observed *o)
{
	return o->by_first == w->first_is_pac ? PAC : PNS;
}

static uint32_t field(const struct ctrl_msg *m, const char *name)
{
	uint32_t v = 0;

	ctrl_get(m, name, &v);
	return v;
}

static bool assigns_id(const struct ctrl_msg *m)
{
	return m->type == CTRL_OCRQ || m->type == CTRL_OCRP || m->type == CTRL_ICRQ || m->type == CTRL_ICRP;
}

static bool begins_call(const struct ctrl_msg *m)
{
	return m->type == CTRL_OCRQ || m->type == CTRL_ICRQ;
}

/* --- calls ------------------------------------------------------------------------------------------- */

/* The newest call with this ID of a side; 0: none. */
static unsigned call_by_id(const struct script_state *s, enum side side, uint32_t id)
{
	for (unsigned i = s->calls; i-- > 0;)
		if (s->call[i].has[side] && s->call[i].id[side] == id)
			return i + 1;
	return 0;
}

/* The call that a message is about, as a script counts them; 0: a script would not know it. */
static unsigned call_of(struct script_state *s, const struct ctrl_msg *m, enum side side)
{
	uint32_t id;

	if (begins_call(m))
		return s->calls < CALLS_MAX ? ++s->calls : 0;
	if (ctrl_get(m, "peer_call_id", &id))
		return call_by_id(s, !side, id);
	return ctrl_get(m, "call_id", &id) ? call_by_id(s, side, id) : 0;
}

static void learn_id(struct script_state *s, const struct ctrl_msg *m, enum side side, unsigned call)
{
	if (!call || !assigns_id(m))
		return;
	s->call[call - 1].id[side] = (uint16_t)field(m, "call_id");
	s->call[call - 1].has[side] = true;
}

/* What a script would put there by itself. */
static bool is_own_id(const struct script_state *s, const struct field *f, uint32_t value, enum side side,
		      unsigned call)
{
	bool peer = strcmp(f->name, "peer_call_id") == 0;
	enum side whose = peer ? !side : side;

	return call && (peer || strcmp(f->name, "call_id") == 0) && s->call[call - 1].has[whose] &&
	       s->call[call - 1].id[whose] == value;
}

/* --- what is played ---------------------------------------------------------------------------------- */

/* Octets up to the last that is not zero, as a script has them. */
static void text_word(struct page *p, const struct field *f, const uint8_t *octets)
{
	char text[4 * 128 + 1], *to = text;
	size_t n = f->width;

	while (n && !octets[n - 1])
		n--;
	if (!n) {
		word(p, "%s=0x", f->name);
		return;
	}
	for (size_t i = 0; i < n && i < 128; i++)
		if (octets[i] >= ' ' && octets[i] <= '~' && octets[i] != '"' && octets[i] != '\\')
			*to++ = (char)octets[i];
		else
			to += sprintf(to, "\\x%02x", octets[i]);
	*to = '\0';
	word(p, "%s=\"%s\"", f->name, text);
}

/* NAME_length is counted by itself where it is right. */
static bool is_right_length(const struct ctrl_msg *m, unsigned row)
{
	const char *suffix = strstr(m->desc->fields[row].name, "_length");
	const uint8_t *text;
	char name[64];
	size_t len;

	if (!suffix)
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)(suffix - m->desc->fields[row].name),
		 m->desc->fields[row].name);
	return ctrl_get_text(m, name, &text, &len) && len == m->value[row];
}

static void field_words(struct script_state *s, const struct ctrl_msg *m, enum side side, unsigned call)
{
	uint32_t right[CTRL_FIELDS_MAX];

	ctrl_defaults(m->desc, right);
	for (unsigned i = 0; m->desc->fields[i].name && i < m->nvalues; i++) {
		const struct field *f = &m->desc->fields[i];
		bool usual = i < HEADER_ROWS || f->kind == F_RESERVED;

		if (f->kind == F_TEXT) {
			if (s->w->names)
				text_word(&s->page, f, ctrl_text(m, i));
		} else if ((usual && m->value[i] == right[i]) || is_right_length(m, i) ||
			   (!assigns_id(m) && is_own_id(s, f, m->value[i], side, call)) ||
			   (strcmp(f->name, "peer_call_id") == 0 &&
			    is_own_id(s, f, m->value[i], side, call))) {
			continue;
		} else {
			word(&s->page, f->kind == F_HEX ? "%s=0x%x" : "%s=%u", f->name, m->value[i]);
		}
	}
}

static void raw_words(struct page *p, const struct observed *o)
{
	word(p, "raw");
	fputc(' ', p->to);
	for (unsigned i = 0; i < o->len; i++)
		fprintf(p->to, "%02x", o->octets[i]);
}

static void write_played(struct script_state *s, const struct observed *o, const struct ctrl_msg *m,
			 enum side side)
{
	unsigned call = m->status == CTRL_OK && m->type >= CTRL_OCRQ ? call_of(s, m, side) : 0;
	double gap = (double)(o->time_ns - s->last) / 1e9;

	if (s->last && gap >= 0.5) {
		word(&s->page, "wait %.1f", gap);
		end_line(&s->page);
	}
	word(&s->page, "%s", side_names[side]);
	if (m->status != CTRL_OK) {
		raw_words(&s->page, o);
	} else {
		word(&s->page, "%s", m->desc->abbrev);
		if (call && call != s->current && !begins_call(m))
			word(&s->page, "call=%u", call);
		field_words(s, m, side, call);
		learn_id(s, m, side, call);
	}
	end_line(&s->page);
	if (call) {
		s->cleared = m->type == CTRL_CCRQ || (s->cleared && call == s->current);
		s->current = call;
	}
}

/* --- what is expected --------------------------------------------------------------------------------- */

/* Twice what it took, as one of a few times: devices are not equally fast. */
static unsigned patience(int64_t took)
{
	static const unsigned classes[] = { 5, 10, 30, 60, 120, 300, 600 };
	unsigned i = 0;

	while (i + 1 < sizeof(classes) / sizeof(classes[0]) && took * 2 > classes[i] * SECOND)
		i++;
	return classes[i];
}

/* What the device does not do by itself has to be brought about. */
static const char *hook_for(const struct script_state *s, const struct ctrl_msg *m)
{
	switch (m->type) {
	case CTRL_STOPRQ:
		return "dut-stop";
	case CTRL_OCRQ:
		return "dut-dial";
	case CTRL_ICRQ:
		return "dut-ring";
	case CTRL_CCRQ:
		return "dut-hangup";
	case CTRL_CDN:
		return s->cleared ? NULL : "dut-hangup";
	default:
		return NULL;
	}
}

static bool is_reply(const struct ctrl_msg *m)
{
	return m->type == CTRL_SCCRP || m->type == CTRL_STOPRP || m->type == CTRL_ECHORP ||
	       m->type == CTRL_OCRP || m->type == CTRL_ICRP;
}

static void expected_words(struct script_state *s, const struct observed *o, const struct ctrl_msg *m,
			   enum side side, unsigned call)
{
	uint32_t result = field(m, "result_code");

	word(&s->page, "expect %s %s", side_names[side], m->desc->abbrev);
	if (call && call != s->current && !begins_call(m))
		word(&s->page, "call=%u", call);
	if (is_reply(m))
		word(&s->page, "result_code=%u", result);
	/* Which of several that are under way is answered. */
	if (m->type == CTRL_ECHORP)
		word(&s->page, "identifier=%u", field(m, "identifier"));
	if (is_reply(m) && result == 2)
		word(&s->page, "error_code=%u", field(m, "error_code"));
	word(&s->page, "within %us", patience(s->last ? o->time_ns - s->last : 0));
	if (s->names < NAMES_MAX) {
		char name[16];
		size_t i;

		for (i = 0; m->desc->abbrev[i] && i + 1 < sizeof(name); i++)
			name[i] = (char)(m->desc->abbrev[i] | 0x20);
		name[i] = '\0';
		word(&s->page, "as %s%u", name, ++s->count[m->type]);
		s->names++;
	}
	end_line(&s->page);
}

static void write_expected(struct script_state *s, const struct observed *o, const struct ctrl_msg *m,
			   enum side side)
{
	const char *hook;
	unsigned call;

	if (m->status != CTRL_OK) {
		fprintf(s->page.to, "# Here the device sent %u octets that are no valid message.\n", o->len);
		return;
	}
	if (m->type == CTRL_SLI || m->type == CTRL_WEN || m->type == CTRL_ECHORQ) {
		fprintf(s->page.to, "# Here the device sent %s, as it may at any time.\n", m->desc->name);
		return;
	}
	call = m->type >= CTRL_OCRQ ? call_of(s, m, side) : 0;
	if (call && call != s->current)
		s->cleared = false;
	hook = hook_for(s, m);
	if (hook)
		fprintf(s->page.to, "hook %s\n", hook);
	expected_words(s, o, m, side, call);
	learn_id(s, m, side, call);
	if (call)
		s->current = call;
}

/* --- the whole ---------------------------------------------------------------------------------------- */

static void write_start(struct script_state *s)
{
	const struct scenario_writer *w = s->w;
	enum side originator = w->first_originated == w->first_is_pac ? PAC : PNS;

	fprintf(s->page.to,
		"# Shows: a control connection as it was recorded; the device is the %s.\n"
		"# Written by pptpscope audit --write-scenario.  What a device chooses for itself is not "
		"compared.\n",
		w->device == PAC ? "PAC" : "PNS");
	if (originator == w->device)
		fputs("hook dut-connect\n", s->page.to);
	fprintf(s->page.to, "%s connect\n", side_names[originator]);
}

static void write_end(struct script_state *s)
{
	const struct scenario_writer *w = s->w;
	enum side closer = w->closed_by_first == w->first_is_pac ? PAC : PNS;
	bool by_device = closer == w->device;

	if (w->close != CLOSE_FIN && w->close != CLOSE_RST) {
		fputs("# Here the recording ends.\n", s->page.to);
		return;
	}
	if (!by_device)
		fprintf(s->page.to, "%s %s\n", side_names[closer], w->close == CLOSE_RST ? "rst" : "fin");
	if (by_device || w->close == CLOSE_FIN)
		fprintf(s->page.to, "expect close from %s within %us\n", side_names[w->device],
			patience(by_device && s->last ? w->last_time - s->last : 0));
}

static void write_message(struct script_state *s, const struct observed *o)
{
	enum side side = side_of(s->w, o);
	struct ctrl_msg m;

	ctrl_decode(o->octets, o->len, false, &m);
	if (side == s->w->device)
		write_expected(s, o, &m, side);
	else if (m.status != CTRL_OK || m.type != CTRL_ECHORP)
		write_played(s, o, &m, side);
	s->last = o->time_ns;
}

bool scenario_writer_write(struct scenario_writer *w, const char *path, uint64_t *left_out, char *err,
			   size_t room)
{
	struct script_state *s = calloc(1, sizeof(*s));
	bool ok;

	*left_out = w->connections - w->known;
	if (!s || !w->known || w->full) {
		snprintf(err, room,
			 !s || w->full ? "the conversation is too long to write"
				       : "there is no control connection with messages to write");
		free(s);
		return false;
	}
	s->w = w;
	s->page.to = fopen(path, "we");
	if (s->page.to) {
		write_start(s);
		for (size_t i = 0; i < w->n; i++)
			write_message(s, &w->message[i]);
		write_end(s);
	}
	ok = s->page.to && !ferror(s->page.to);
	if (s->page.to && fclose(s->page.to) != 0)
		ok = false;
	if (!ok)
		snprintf(err, room, "%s: %s", path, strerror(errno));
	free(s);
	return ok;
}
