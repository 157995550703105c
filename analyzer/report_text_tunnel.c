/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tunnels and control connections in the text report. */
#include <inttypes.h>

#include "analyzer/report_text_private.h"
#include "conformance/quirk.h"

enum {
	INDENT = 4,
	LABEL = 11,
	FULL_NAMES = 72,  /* narrower, names of messages are abbreviated */
	WHOLE_MAX = 50,   /* with more calls or connections in a tunnel, each gets a line */
	LINES_MAX = 1000, /* with more, they are counted */
};

/* --- words --------------------------------------------------------------------------------- */

const char *text_frame(const struct report_options *o, uint64_t frame, char buf[FRAME_ROOM])
{
	if (o->captures > 1)
		snprintf(buf, FRAME_ROOM, "%u:%" PRIu64, FRAME_CAPTURE(frame) + 1, FRAME_NUMBER(frame));
	else
		snprintf(buf, FRAME_ROOM, "%" PRIu64, FRAME_NUMBER(frame));
	return buf;
}

const char *text_time(int64_t time_ns, char buf[REPORT_TIME])
{
	size_t len = strlen(report_time(time_ns, buf));

	buf[strlen("2005-06-09")] = ' ';
	snprintf(buf + len - 1, REPORT_TIME - len + 1, " UTC");
	return buf;
}

const char *text_since(const struct tunnel_text *x, int64_t time_ns, char buf[SINCE_ROOM])
{
	int64_t passed = time_ns - x->tunnel->first_time;
	uint64_t us = (uint64_t)(passed < 0 ? -passed : passed) / 1000;

	snprintf(buf, SINCE_ROOM, "%c%" PRIu64 ".%06" PRIu64, passed < 0 ? '-' : '+', us / 1000000,
		 us % 1000000);
	if (text_narrow(&x->t))
		buf[strlen(buf) - 3] = '\0';
	return buf;
}

const char *text_host(const struct tunnel_text *x, int pac, unsigned host, char buf[LABEL_ROOM])
{
	const char *role = report_role_name(report_role(pac, host));

	return role ? role : report_addr(x->o, &x->tunnel->host[host], buf);
}

enum style text_role_style(int pac, unsigned host)
{
	return pac < 0 ? PLAIN : (unsigned)pac == host ? MAGENTA : CYAN;
}

void text_seen(struct tunnel_text *x, uint64_t frame, int64_t time_ns)
{
	char since[SINCE_ROOM], number[FRAME_ROOM];

	text_item(&x->t, DIM, "%s s", text_since(x, time_ns, since));
	text_item(&x->t, DIM, "frame %s", text_frame(x->o, frame, number));
}

static const char *endpoint(const struct tunnel_text *x, unsigned host, uint16_t port,
			    char buf[LABEL_ROOM + 8])
{
	char addr[64];

	report_addr(x->o, &x->tunnel->host[host], addr);
	snprintf(buf, LABEL_ROOM + 8, strchr(addr, ':') ? "[%s]:%u" : "%s:%u", addr, port);
	return buf;
}

/* --- the tunnel ---------------------------------------------------------------------------- */

static void put_tunnel_hosts(struct tunnel_text *x)
{
	const struct tunnel *tunnel = x->tunnel;
	unsigned first = tunnel->pac == 0 ? 1 : 0; /* the PNS */
	struct text *t = &x->t;
	char addr[64];

	text_open(t, 0, 2);
	text_words(t, BOLD, "Tunnel %" PRIu64, tunnel->id);
	for (unsigned i = 0; i < HOSTS; i++) {
		unsigned host = i ? !first : first;
		const char *role = report_role_name(report_role(tunnel->pac, host));

		if (i)
			text_words(t, PLAIN, "-");
		if (role)
			text_words(t, text_role_style(tunnel->pac, host), "%s", role);
		text_words(t, BOLD, "%s", report_addr(x->o, &tunnel->host[host], addr));
	}
	text_close(t);
}

static void put_tunnel_span(struct tunnel_text *x)
{
	const struct tunnel *tunnel = x->tunnel;
	char first[FRAME_ROOM], last[FRAME_ROOM], time[REPORT_TIME], since[SINCE_ROOM];
	struct text *t = &x->t;

	text_open(t, 2, 2);
	text_item(t, PLAIN, "frames %s to %s", text_frame(x->o, tunnel->first_frame, first),
		  text_frame(x->o, tunnel->last_frame, last));
	text_item(t, PLAIN, "%s s", text_since(x, tunnel->last_time, since) + 1);
	text_item(t, PLAIN, "+0 is %s", text_time(tunnel->first_time, time));
	if (tunnel->pac >= 0 && tunnel->role_frame && report_message_name(tunnel->role_by))
		text_item(t, PLAIN, "roles known by %s in frame %s", report_message_name(tunnel->role_by),
			  text_frame(x->o, tunnel->role_frame, first));
	else if (tunnel->pac < 0)
		text_item(t, YELLOW, "roles unknown: no message that only one role sends was seen");
	if (tunnel->context)
		text_item(t, PLAIN, "in the tagged network %08" PRIx32, tunnel->context);
	text_close(t);
}

static void put_tunnel_oddities(struct tunnel_text *x)
{
	const struct tunnel *tunnel = x->tunnel;
	char host[LABEL_ROOM];

	for (unsigned i = 0; i < HOSTS; i++) {
		if (!tunnel->icmp_unreachable[i])
			continue;
		text_open(&x->t, 2, 4);
		text_words(&x->t, YELLOW,
			   "%" PRIu64 " ICMP error%s about GRE that %s had sent: it does not get through",
			   tunnel->icmp_unreachable[i], plural(tunnel->icmp_unreachable[i]),
			   text_host(x, tunnel->pac, i, host));
		text_close(&x->t);
	}
	if (tunnel->mirrored) {
		text_open(&x->t, 2, 4);
		text_words(&x->t, PLAIN, "%" PRIu64 " second cop%s of frames (a mirror port's) left out",
			   tunnel->mirrored, tunnel->mirrored == 1 ? "y" : "ies");
		text_close(&x->t);
	}
}

void tunnel_text_begin(struct tunnel_text *x, const struct tunnel *t)
{
	x->tunnel = t;
	x->in_connections = x->in_calls = x->connections_told = false;
	memset(&x->tally, 0, sizeof(x->tally));
	text_close(&x->t);
	put_tunnel_hosts(x);
	put_tunnel_span(x);
	put_tunnel_oddities(x);
}

/* --- control connections: beginning and end ------------------------------------------------ */

static void put_connection_heading(struct tunnel_text *x, const struct control_connection *c, int pac)
{
	char from[LABEL_ROOM + 8], to[LABEL_ROOM + 8];
	unsigned o = c->originator;
	struct text *t = &x->t;

	text_open(t, 2, 4);
	text_words(t, BOLD, "Control connection %" PRIu64, c->id);
	if (pac >= 0)
		text_words(t, text_role_style(pac, o), "%s", report_role_name(report_role(pac, o)));
	text_words(t, PLAIN, "%s >", endpoint(x, o, c->port[0], from));
	if (pac >= 0)
		text_words(t, text_role_style(pac, !o), "%s", report_role_name(report_role(pac, !o)));
	text_words(t, PLAIN, "%s", endpoint(x, !o, c->port[1], to));
	text_comma(t);
	text_item(t, PLAIN, "%s", connection_state_name(c->state));
	text_close(t);
}

static void put_opened(struct tunnel_text *x, const struct control_connection *c, int pac)
{
	char host[LABEL_ROOM];
	struct text *t = &x->t;

	text_label(t, INDENT, LABEL, "opened");
	text_seen(x, c->first_frame, c->first_time);
	if (c->midstream)
		text_item(t, YELLOW, "before the capture began (midstream)");
	else
		text_item(t, PLAIN, "by %s", text_host(x, pac, c->originator, host));
	if (!c->originator_certain)
		text_item(t, YELLOW, "who opened it is a guess");
	if (c->detected)
		text_item(t, PLAIN, "found by its content, not by its port");
	text_close(t);
}

static void put_stop(struct tunnel_text *x, const struct control_connection *c, int pac)
{
	char host[LABEL_ROOM], words[TEXT_ROOM], frame[FRAME_ROOM];

	if (!c->stop_frame)
		return;
	text_item(&x->t, PLAIN, "Stop-Control-Connection-Request%s%s in frame %s",
		  c->stopped_by < 0 ? "" : " by ",
		  c->stopped_by < 0 ? "" : text_host(x, pac, (unsigned)c->stopped_by, host),
		  text_frame(x->o, c->stop_frame, frame));
	if (report_result_words(CTRL_STOPRQ, c->stop_reason, words))
		text_item(&x->t, PLAIN, "reason %s", words);
	else
		text_item(&x->t, PLAIN, "reason %u", c->stop_reason);
}

static void put_closed(struct tunnel_text *x, const struct control_connection *c, int pac)
{
	static const char *const words[] = {
		[CLOSE_NONE] = "open when the capture ended",
		[CLOSE_FIN] = "closed (FIN)",
		[CLOSE_RST] = "reset (RST)",
		[CLOSE_IDLE] = "fell silent",
		[CLOSE_REUSED] = "its ports were used for another connection",
		[CLOSE_EVICTED] = "forgotten at the limit of connections",
	};
	bool unclean = c->close == CLOSE_RST || c->close == CLOSE_EVICTED || c->close == CLOSE_IDLE;
	char host[LABEL_ROOM];
	struct text *t = &x->t;

	text_label(t, INDENT, LABEL, "ended");
	if (c->close != CLOSE_NONE)
		text_seen(x, c->last_frame, c->last_time);
	put_stop(x, c, pac);
	if (c->tcp_refused)
		text_item(t, YELLOW, "refused: RST was the answer to the SYN");
	text_item(t, unclean ? YELLOW : PLAIN, "%s%s%s", words[c->close], c->closed_by < 0 ? "" : " by ",
		  c->closed_by < 0 ? "" : text_host(x, pac, (unsigned)c->closed_by, host));
	text_close(t);
}

/* --- control connections: what the capture lacks ------------------------------------------- */

static void put_count(struct tunnel_text *x, int pac, unsigned host, uint64_t count, enum style s,
		      const char *what)
{
	char name[LABEL_ROOM];

	if (count)
		text_item(&x->t, s, "%" PRIu64 " %s%s from %s", count, what, plural(count),
			  text_host(x, pac, host, name));
}

static void put_missing(struct tunnel_text *x, const struct control_connection *c, int pac)
{
	char host[LABEL_ROOM];
	struct text *t = &x->t;

	if (c->complete)
		return;
	text_label(t, INDENT, LABEL, "not whole");
	if (c->midstream)
		text_item(t, YELLOW, "its start is not in the capture");
	if (c->close == CLOSE_NONE)
		text_item(t, YELLOW, "its end is not in the capture");
	for (unsigned i = 0; i < HOSTS; i++)
		if (!c->seen[i] && c->seen[!i])
			text_item(t, YELLOW, "one-sided: nothing was seen from %s",
				  text_host(x, pac, i, host));
	if (c->gaps)
		text_item(t, YELLOW, "%" PRIu32 " gap%s", c->gaps, plural(c->gaps));
	for (unsigned i = 0; i < HOSTS; i++)
		put_count(x, pac, i, c->lost[i], YELLOW, "missing octet");
	if (!t->item)
		text_item(t, PLAIN, "it did not come to an end that closes both directions");
	text_close(t);
}

/* Octets that were there and are no PPTP, and what TCP had to repair. */
static void put_trouble(struct tunnel_text *x, const struct control_connection *c, int pac)
{
	struct text *t = &x->t;

	if (c->skipped[0] || c->skipped[1] || c->messages[0][0] || c->messages[1][0]) {
		text_label(t, INDENT, LABEL, "not PPTP");
		for (unsigned i = 0; i < HOSTS; i++) {
			put_count(x, pac, i, c->skipped[i], YELLOW, "octet");
			put_count(x, pac, i, c->messages[i][0], YELLOW, "bad, cut or unknown message");
		}
		text_close(t);
	}
	if (!c->retransmitted[0] && !c->retransmitted[1] && !c->bad_checksums && !c->offload_checksums)
		return;
	text_label(t, INDENT, LABEL, "TCP");
	for (unsigned i = 0; i < HOSTS; i++)
		put_count(x, pac, i, c->retransmitted[i], PLAIN, "repeated segment");
	if (c->bad_checksums)
		text_item(t, YELLOW, "%" PRIu32 " wrong checksum%s", c->bad_checksums,
			  plural(c->bad_checksums));
	if (c->offload_checksums)
		text_item(t, PLAIN, "%" PRIu32 " checksum%s left to the network card", c->offload_checksums,
			  plural(c->offload_checksums));
	text_close(t);
}

/* --- control connections: what was said ---------------------------------------------------- */

static void put_quoted(struct tunnel_text *x, const char *what, const char *field, const uint8_t *text)
{
	char buf[TEXT_ROOM];

	if (!text)
		return;
	report_field_text(x->o, field, text, strnlen((const char *)text, 64), buf);
	text_item(&x->t, PLAIN, "%s \"%s\"", what, text_keep(buf));
}

static void put_flags(struct tunnel_text *x, unsigned type, const char *what, const char *field,
		      uint32_t value)
{
	char words[TEXT_ROOM];
	char *comma;

	if (!report_value_words(type, field, value, words))
		return;
	/* Commas part the items of the list that this becomes one of. */
	while ((comma = strstr(words, ", "))) {
		*comma = '+';
		memmove(comma + 1, comma + 2, strlen(comma + 1));
	}
	text_item(&x->t, PLAIN, "%s %s", what, words);
}

/* Which peer this looks like, and by which fields. */
static void put_fingerprint(struct text *t, const struct start_info *s, enum role role, bool asked)
{
	struct fingerprint f;

	if (quirk_fingerprint(s, role, asked, &f))
		text_item(t, CYAN, "looks like %s (by vendor%s%s%s)", f.words, f.host ? ", host" : "",
			  f.firmware ? ", firmware" : "", f.channels ? ", channels" : "");
}

static void put_start(struct tunnel_text *x, const struct control_connection *c, int pac, unsigned side)
{
	const struct start_info *s = &c->start[side];
	unsigned type = side ? CTRL_SCCRP : CTRL_SCCRQ, host = side ? !c->originator : c->originator;
	char name[LABEL_ROOM], words[TEXT_ROOM];
	struct text *t = &x->t;

	if (!s->frame)
		return;
	if (pac < 0)
		text_label(t, INDENT, LABEL, side ? "receiver" : "originator");
	else
		text_label(t, INDENT, LABEL, text_host(x, pac, host, name));
	if (side && report_result_words(type, s->result, words))
		text_item(t, s->result == 1 ? PLAIN : YELLOW, "%s", words);
	else if (side)
		text_item(t, YELLOW, "result %u", s->result);
	if (side && s->error && report_value_words(type, "error_code", s->error, words))
		text_item(t, YELLOW, "error %s", words);
	put_quoted(x, "host", "host_name", s->host_name);
	put_quoted(x, "vendor", "vendor_name", s->vendor_name);
	text_item(t, PLAIN, "firmware %u", s->firmware);
	text_item(t, PLAIN, "version %u.%u", s->version >> 8, s->version & 0xff);
	put_flags(x, type, "framing", "framing_capabilities", s->framing);
	put_flags(x, type, "bearer", "bearer_capabilities", s->bearer);
	text_item(t, PLAIN, "%u channel%s", s->channels, plural(s->channels));
	put_fingerprint(t, s, pac < 0 ? ROLE_UNKNOWN : (unsigned)pac == host ? ROLE_PAC : ROLE_PNS, !side);
	text_close(t);
}

static void put_messages(struct tunnel_text *x, const struct control_connection *c)
{
	struct text *t = &x->t;

	text_label(t, INDENT, LABEL, "messages");
	for (unsigned type = CTRL_SCCRQ; type < CTRL_TYPES; type++) {
		uint64_t n = (uint64_t)c->messages[0][type] + c->messages[1][type];
		const struct ctrl_desc *d = ctrl_desc_of(type);

		if (n && d)
			text_item(t, PLAIN, "%" PRIu64 NBSP "%s", n, d->abbrev);
	}
	if (!t->item)
		text_item(t, YELLOW, "none");
	text_close(t);
}

static void put_echo(struct tunnel_text *x, const struct control_connection *c, int pac)
{
	char host[LABEL_ROOM];
	struct text *t = &x->t;

	if (!c->echo_requests[0] && !c->echo_requests[1])
		return;
	text_label(t, INDENT, LABEL, "keepalive");
	for (unsigned i = 0; i < HOSTS; i++)
		if (c->echo_requests[i])
			text_item(t, c->echo_answered[i] < c->echo_requests[i] ? YELLOW : PLAIN,
				  "%" PRIu32 " of %" PRIu32 " Echo-Request%s of %s answered",
				  c->echo_answered[i], c->echo_requests[i], plural(c->echo_requests[i]),
				  text_host(x, pac, i, host));
	text_close(t);
}

/* --- control connections: the timeline ----------------------------------------------------- */

static void put_message_moment(struct tunnel_text *x, const struct moment *m)
{
	const struct ctrl_desc *d = ctrl_desc_of(m->type);
	const struct field *f = report_moment_field(m);
	struct text *t = &x->t;
	char words[TEXT_ROOM];

	text_words(t, m->status == CTRL_OK ? BOLD : RED, "%s",
		   !d                      ? "message of no known type"
		   : t->width < FULL_NAMES ? d->abbrev
					   : d->name);
	if (m->status != CTRL_OK)
		text_words(t, RED, m->status == CTRL_CUT ? "(cut by the capture)" : "(bad)");
	text_comma(t);
	if (f)
		text_item(t, PLAIN, "%s %" PRIu32, f->label, m->value);
	if (!report_moment_result(m))
		return;
	if (report_result_words(m->type, m->result, words))
		text_item(t, PLAIN, "%s", words);
	else
		text_item(t, YELLOW, "%s %u", m->type == CTRL_STOPRQ ? "reason" : "result", m->result);
	if (m->error && report_value_words(m->type, "error_code", m->error, words))
		text_item(t, YELLOW, "error %s", words);
	else if (m->error)
		text_item(t, YELLOW, "error %u", m->error);
}

static void put_event(struct tunnel_text *x, const struct moment *m)
{
	static const char *const events[] = {
		[MOMENT_SYN] = "TCP SYN",
		[MOMENT_SYNACK] = "TCP SYN-ACK",
		[MOMENT_MIDSTREAM] = "first segment seen",
		[MOMENT_FIN] = "TCP FIN",
		[MOMENT_RST] = "TCP RST",
		[MOMENT_ICMP] = "ICMP error about it",
	};

	switch (m->kind) {
	case MOMENT_MESSAGE:
		put_message_moment(x, m);
		break;
	case MOMENT_GAP:
		text_words(&x->t, YELLOW, "%" PRIu32 " octet%s missing in the capture", m->value,
			   plural(m->value));
		break;
	case MOMENT_SKIPPED:
		text_words(&x->t, YELLOW, "%" PRIu32 " octet%s that are no message", m->value,
			   plural(m->value));
		break;
	default:
		text_words(&x->t, m->kind >= MOMENT_RST ? YELLOW : DIM, "%s", events[m->kind]);
	}
}

static void put_moment(struct tunnel_text *x, const struct moment *m, int pac)
{
	bool narrow = text_narrow(&x->t);
	char since[SINCE_ROOM], frame[FRAME_ROOM], host[LABEL_ROOM],
		left[LABEL_ROOM + SINCE_ROOM + FRAME_ROOM];
	struct text *t = &x->t;
	int width;

	text_since(x, m->time_ns, since);
	text_frame(x->o, m->frame, frame);
	width = snprintf(left, sizeof(left), narrow ? "%9s %5s" : "%12s %8s ", since, frame);
	text_open(t, narrow ? 2 : INDENT, (unsigned)width + (narrow ? 4 : INDENT + 5));
	fprintf(t->out, "%s%s%s", text_style(t->colour, DIM), left, text_style_end(t->colour, DIM));
	t->column += (unsigned)width;
	t->blank = true;
	text_words(t, text_role_style(pac, m->from), "%s", text_host(x, pac, m->from, host));
	if (!narrow)
		text_words(t, DIM, ">");
	put_event(x, m);
	text_close(t);
}

static void put_timeline(struct tunnel_text *x, const struct history *h, int pac)
{
	const struct moment *m;
	uint64_t skipped;

	for (unsigned i = 0; (m = history_at(h, i, &skipped)); i++) {
		if (skipped)
			text_line(&x->t, "%*s... %" PRIu64 " more not kept ...", text_narrow(&x->t) ? 4 : 12,
				  "", skipped);
		put_moment(x, m, pac);
	}
}

static void put_connection(struct tunnel_text *x, const struct control_connection *c)
{
	int pac = report_connection_pac(c, x->tunnel);

	text_close(&x->t);
	put_connection_heading(x, c, pac);
	put_opened(x, c, pac);
	put_closed(x, c, pac);
	put_missing(x, c, pac);
	put_trouble(x, c, pac);
	put_start(x, c, pac, 0);
	put_start(x, c, pac, 1);
	put_messages(x, c);
	put_echo(x, c, pac);
	put_timeline(x, &c->history, pac);
}

/* --- many of them -------------------------------------------------------------------------- */

static void connection_row_heading(struct tunnel_text *x)
{
	text_line(&x->t,
		  "\n  %" PRIu64 " control connections, a line each (all of it: --verbose, or --format json)",
		  x->tunnel->connections);
	if (text_narrow(&x->t))
		text_line(&x->t, "  %7s %-11s %s", "id", "state", "end");
	else
		text_line(&x->t, "  %8s %-22s %-11s %-8s %8s %8s", "id", "originator", "state", "end",
			  "messages", "calls");
}

static void connection_row(struct tunnel_text *x, const struct control_connection *c)
{
	char from[LABEL_ROOM + 8];
	const char *state = connection_state_name(c->state);
	const char *close = c->close == CLOSE_NONE ? "open" : connection_close_name(c->close);
	uint64_t messages = 0;

	if (!x->in_connections)
		connection_row_heading(x);
	x->in_connections = true;
	for (unsigned type = 0; type < CTRL_TYPES; type++)
		messages += (uint64_t)c->messages[0][type] + c->messages[1][type];
	if (text_narrow(&x->t))
		text_line(&x->t, "  %7" PRIu64 " %-11s %s", c->id, state, close);
	else
		text_line(&x->t, "  %8" PRIu64 " %-22s %-11s %-8s %8" PRIu64 " %8" PRIu64, c->id,
			  endpoint(x, c->originator, c->port[0], from), state, close, messages, c->calls);
}

void tunnel_text_connection(struct tunnel_text *x, const struct control_connection *c)
{
	struct tally *n = &x->tally;

	n->open += c->close == CLOSE_NONE;
	n->gaps += c->gaps;
	n->lost_octets += c->lost[0] + c->lost[1];
	if (x->o->verbose || x->tunnel->connections <= WHOLE_MAX)
		put_connection(x, c);
	else if (x->tunnel->connections <= LINES_MAX)
		connection_row(x, c);
}

static void put_diagnosis(struct tunnel_text *x, const struct diagnosis *w)
{
	bool healthy = strcmp(w->code, "healthy") == 0;
	char buf[TEXT_ROOM], frame[FRAME_ROOM];
	struct text *t = &x->t;

	text_label(t, 4, 11, "diagnosis");
	text_words(t, healthy ? GREEN : RED, "%s", w->code);
	text_words(t, PLAIN, "%s", report_sentence(x->o, w->summary, buf));
	if (w->nevidence)
		text_words(t, DIM, "(frame%s", plural(w->nevidence));
	for (unsigned i = 0; i < w->nevidence; i++)
		text_words(t, DIM, "%s%s", text_frame(x->o, w->evidence[i], frame), i + 1 < w->nevidence ? "," : ")");
	text_close(t);
	if (healthy)
		return;
	text_label(t, 4, 11, "");
	if (w->has_fault)
		text_words(t, PLAIN, "at fault: %s, %s confidence", report_addr(x->o, &w->at_fault, buf),
			   confidence_name(w->confidence));
	else if (w->fault_words)
		text_words(t, PLAIN, "at fault: %s, %s confidence", w->fault_words, confidence_name(w->confidence));
	text_close(t);
	text_label(t, 4, 11, "");
	text_words(t, PLAIN, "next: %s", w->next);
	text_close(t);
}

void tunnel_text_diagnosis(struct tunnel_text *x, uint64_t among, const struct diagnosis *why, unsigned whys)
{
	/* Where connections or calls have a line each, or none, there is no room for it. */
	if (!x->o->verbose && among > WHOLE_MAX)
		return;
	for (unsigned i = 0; i < whys; i++)
		put_diagnosis(x, &why[i]);
}

static void put_connection_sums(struct tunnel_text *x)
{
	const struct tally *n = &x->tally;
	struct text *t = &x->t;

	text_close(t);
	text_open(t, 2, 4);
	text_words(t, BOLD, "%" PRIu64 " control connections", x->tunnel->connections);
	text_words(t, DIM, "(each of them: --verbose, or --format json)");
	text_comma(t);
	text_item(t, PLAIN, "%" PRIu64 " of them open when the capture ended", n->open);
	text_item(t, PLAIN, "%" PRIu64 " gap%s of %" PRIu64 " octets", n->gaps, plural(n->gaps),
		  n->lost_octets);
	text_close(t);
}

/* After the last connection, before the first call. */
static void connections_end(struct tunnel_text *x)
{
	if (x->connections_told)
		return;
	x->connections_told = true;
	if (!x->o->verbose && x->tunnel->connections > LINES_MAX)
		put_connection_sums(x);
}

void tunnel_text_call(struct tunnel_text *x, const struct call *c)
{
	struct tally *n = &x->tally;

	connections_end(x);
	n->states[c->state]++;
	n->kinds[c->kind]++;
	for (unsigned from = 0; from < HOSTS; from++) {
		const struct flow *f = call_flow(c, from);

		n->packets[from] += f ? f->packets : 0;
		n->octets[from] += f ? f->octets : 0;
		n->lost[from] += f ? flow_lost(f) : 0;
	}
	if (x->o->verbose || x->tunnel->calls <= WHOLE_MAX)
		call_text(x, c);
	else if (x->tunnel->calls <= LINES_MAX)
		call_text_row(x, c);
}

static void put_call_sums(struct tunnel_text *x)
{
	const struct tally *n = &x->tally;
	struct text *t = &x->t;
	char host[LABEL_ROOM];

	text_close(t);
	text_open(t, 2, 4);
	text_words(t, BOLD, "%" PRIu64 " calls", x->tunnel->calls);
	text_words(t, DIM, "(each of them: --verbose, or --format json)");
	text_close(t);
	text_open(t, INDENT, INDENT);
	for (unsigned i = 0; i <= CALL_INCOMING; i++)
		if (n->kinds[i])
			text_item(t, PLAIN, "%" PRIu64 " %s", n->kinds[i],
				  call_kind_name(i) ? call_kind_name(i) : "of unknown kind");
	for (unsigned i = 0; i <= CALL_GRE_ONLY; i++)
		if (n->states[i])
			text_item(t, PLAIN, "%" PRIu64 " %s", n->states[i], call_state_name(i));
	text_close(t);
	for (unsigned i = 0; i < HOSTS; i++) {
		text_open(t, INDENT, INDENT + 2);
		text_words(t, PLAIN, "GRE of %s:", text_host(x, x->tunnel->pac, i, host));
		text_item(t, PLAIN, "%" PRIu64 " packets", n->packets[i]);
		text_item(t, PLAIN, "%" PRIu64 " octets", n->octets[i]);
		text_item(t, n->lost[i] ? YELLOW : PLAIN, "%" PRIu64 " lost", n->lost[i]);
		text_close(t);
	}
}

void tunnel_text_end(struct tunnel_text *x)
{
	connections_end(x);
	if (!x->o->verbose && x->tunnel->calls > LINES_MAX)
		put_call_sums(x);
}
