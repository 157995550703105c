/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls and their GRE in the text report. */
#include <inttypes.h>

#include "analyzer/report_text_private.h"

enum { INDENT = 4, LABEL = 11 };

static void put_code(struct text *t, const char *what, unsigned type, const char *field, unsigned code)
{
	char words[TEXT_ROOM];

	if (report_value_words(type, field, code, words))
		text_item(t, PLAIN, "%s%s", what, words);
	else
		text_item(t, PLAIN, "%s%u", *what ? what : "result ", code);
}

static void put_heading(struct tunnel_text *x, const struct call *c)
{
	const char *kind = call_kind_name(c->kind);
	struct text *t = &x->t;

	text_open(t, 2, 4);
	text_words(t, BOLD, "Call %" PRIu64, c->id);
	text_comma(t);
	text_item(t, c->state == CALL_REFUSED ? YELLOW : PLAIN, "%s%s%s", kind ? kind : "", kind ? " " : "",
		  call_state_name(c->state));
	if (c->pns_id_known)
		text_item(t, PLAIN, "PNS Call ID %u", c->pns_call_id);
	if (c->pac_id_known)
		text_item(t, PLAIN, "PAC Call ID %u", c->pac_call_id);
	if ((c->pns_id_known || c->pac_id_known) && !c->ids_certain)
		text_words(t, YELLOW, "(paired by acknowledgments)");
	if (c->has_serial)
		text_item(t, PLAIN, "serial %u", c->serial);
	if (call_controlled(c))
		text_item(t, PLAIN, "control connection %" PRIu64, call_connection_id(c));
	else
		text_item(t, YELLOW, "its control connection was not seen");
	text_close(t);
}

static void put_request(struct tunnel_text *x, const struct call *c)
{
	const struct call_step_seen s = call_step(c, STEP_REQUEST);
	char words[TEXT_ROOM];
	const char *number = report_number(x->o, call_rare(c)->number, words);
	struct text *t = &x->t;

	if (!s.frame)
		return;
	text_label(t, INDENT, LABEL, "requested");
	text_seen(x, s.frame, s.time_ns);
	if (number)
		text_item(t, PLAIN, "number \"%s\"", number);
	if (report_call_has(c, CALL_BPS))
		text_item(t, PLAIN, "%" PRIu32 "-%" PRIu32 " bit/s", c->minimum_bps, c->maximum_bps);
	if (report_call_has(c, CALL_BEARER) && report_bearer_words(c, words))
		text_item(t, PLAIN, "bearer %s", words);
	if (c->kind == CALL_OUTGOING && report_framing_words(c, words))
		text_item(t, PLAIN, "framing %s", words);
	if (c->kind == CALL_OUTGOING)
		text_item(t, PLAIN, "PNS window %u", c->pns_window);
	if (c->kind == CALL_OUTGOING && c->pns_delay)
		text_item(t, PLAIN, "PNS delay %u.%u s", c->pns_delay / 10, c->pns_delay % 10);
	text_close(t);
}

/* What the PAC says of the line, in the reply to an outgoing call or when an incoming one is connected. */
static void put_line(struct text *t, const struct call *c)
{
	text_item(t, PLAIN, "%" PRIu32 " bit/s", c->connect_speed);
	text_item(t, PLAIN, "PAC window %u", c->pac_window);
	if (c->pac_delay)
		text_item(t, PLAIN, "PAC delay %u.%u s", c->pac_delay / 10, c->pac_delay % 10);
}

static void put_reply(struct tunnel_text *x, const struct call *c)
{
	const struct call_step_seen s = call_step(c, STEP_REPLY);
	enum ctrl_type type = report_reply_type(c);
	struct text *t = &x->t;

	if (!s.frame) {
		if (call_step(c, STEP_REQUEST).frame) {
			text_label(t, INDENT, LABEL, "answered");
			text_item(t, YELLOW, "no reply was seen");
			text_close(t);
		}
		return;
	}
	text_label(t, INDENT, LABEL, "answered");
	text_seen(x, s.frame, s.time_ns);
	if (c->replied)
		put_code(t, "", type, "result_code", c->reply_result);
	if (c->replied && c->reply_error)
		put_code(t, "error ", type, "error_code", c->reply_error);
	if (type == CTRL_OCRP && report_call_has(c, CALL_PAC_WINDOW) && c->state != CALL_REFUSED)
		put_line(t, c);
	if (type == CTRL_ICRP && c->state != CALL_REFUSED)
		text_item(t, PLAIN, "PNS window %u", c->pns_window);
	text_close(t);
}

static void put_connected(struct tunnel_text *x, const struct call *c)
{
	const struct call_step_seen s = call_step(c, STEP_CONNECTED);
	char words[TEXT_ROOM];
	struct text *t = &x->t;

	if (!s.frame)
		return;
	text_label(t, INDENT, LABEL, "connected");
	text_seen(x, s.frame, s.time_ns);
	put_line(t, c);
	if (report_framing_words(c, words))
		text_item(t, PLAIN, "framing %s", words);
	text_close(t);
}

static void put_end(struct tunnel_text *x, const struct call *c)
{
	const struct call_step_seen clear = call_step(c, STEP_CLEAR), cdn = call_step(c, STEP_DISCONNECT);
	struct text *t = &x->t;

	if (!clear.frame && !cdn.frame && c->ended_by != 3)
		return;
	text_label(t, INDENT, LABEL, "ended");
	if (clear.frame) {
		text_item(t, PLAIN, "the PNS asked for it by Call-Clear-Request");
		text_seen(x, clear.frame, clear.time_ns);
	}
	if (cdn.frame) {
		text_item(t, PLAIN, "Call-Disconnect-Notify by the PAC");
		text_seen(x, cdn.frame, cdn.time_ns);
		put_code(t, "", CTRL_CDN, "result_code", call_rare(c)->end_result);
		if (call_rare(c)->end_error)
			put_code(t, "error ", CTRL_CDN, "error_code", call_rare(c)->end_error);
		if (c->cause)
			put_code(t, "cause ", CTRL_CDN, "cause_code", c->cause);
	} else if (clear.frame) {
		text_item(t, YELLOW, "no Call-Disconnect-Notify was seen");
	}
	if (c->ended_by == 3)
		text_item(t, PLAIN, "with its control connection");
	text_close(t);
}

/* --- GRE ----------------------------------------------------------------------------------- */

static void put_milliseconds(struct text *t, const struct flow *f)
{
	uint64_t mean = f->rtt_sum_us / f->rtt_count;

	text_item(t, PLAIN,
		  "acknowledged in %" PRIu32 ".%" PRIu32 "-%" PRIu32 ".%" PRIu32 " ms (mean %" PRIu64
		  ".%" PRIu64 ")",
		  f->rtt_min_us / 1000, f->rtt_min_us % 1000 / 100, f->rtt_max_us / 1000,
		  f->rtt_max_us % 1000 / 100, mean / 1000, mean % 1000 / 100);
}

/* Loss and disorder; what is zero is not worth a word, but that nothing was lost is. */
static void put_sequence(struct text *t, const struct flow *f)
{
	uint64_t lost = flow_lost(f), span = lost + f->data - f->duplicated;

	if (!(f->flags & FLOW_HAS_SEQ))
		return;
	text_item(t, PLAIN, "sequence %" PRIu32 "-%" PRIu32, f->first_seq, f->highest_seq);
	if (!report_loss_known(f))
		text_item(t, YELLOW, "numbers restart or jump, so loss cannot be told");
	else if (lost)
		text_item(t, YELLOW, "%" PRIu64 " lost (%" PRIu64 ".%" PRIu64 "%%)", lost, lost * 100 / span,
			  lost * 1000 / span % 10);
	else
		text_item(t, PLAIN, "none lost");
	if (f->duplicated)
		text_item(t, YELLOW, "%" PRIu32 " duplicated", f->duplicated);
	if (f->reordered)
		text_item(t, YELLOW, "%" PRIu32 " late", f->reordered);
}

static void put_oddities(struct text *t, const struct flow *f)
{
	for (unsigned bit = 1; bit <= f->defects; bit <<= 1)
		if (f->defects & bit)
			text_item(t, RED, "%s", gre_defect_text(bit));
	if (f->flags & FLOW_CUT)
		text_item(t, YELLOW, "some headers cut by the capture");
	if (f->flags & FLOW_BEFORE_CALL)
		text_item(t, YELLOW, "some packets before the call was known");
}

static void put_flow(struct tunnel_text *x, const struct call *c, unsigned from)
{
	char sender[LABEL_ROOM], receiver[LABEL_ROOM], label[2 * LABEL_ROOM + 16];
	int pac = x->tunnel->pac;
	const struct flow *f = call_flow(c, from);
	struct text *t = &x->t;
	uint16_t id;

	snprintf(label, sizeof(label), "GRE" NBSP "%s" NBSP ">" NBSP "%s", text_host(x, pac, from, sender),
		 text_host(x, pac, !from, receiver));
	text_label(t, INDENT, pac < 0 ? 0 : LABEL + 4, label);
	if (!f || !f->packets) {
		text_item(t, YELLOW, "no packets");
		text_close(t);
		return;
	}
	text_item(t, PLAIN, "%" PRIu64 " packet%s", (uint64_t)f->packets, plural(f->packets));
	if (!c->pns_id_known && !c->pac_id_known && report_flow_call_id(c, pac, from, &id))
		text_item(t, PLAIN, "Call ID %u", id);
	text_item(t, PLAIN, "%" PRIu64 " octets", f->octets);
	put_sequence(t, f);
	if (f->rtt_count)
		put_milliseconds(t, f);
	put_oddities(t, f);
	text_close(t);
}

static void put_gre(struct tunnel_text *x, const struct call *c)
{
	int pac = x->tunnel->pac;
	unsigned first = pac == 0 ? 1 : 0; /* the PNS */

	/* A call that was refused or never answered has no GRE, and none is missed. */
	if (!call_flow(c, 0) && !call_flow(c, 1) && c->state != CALL_ESTABLISHED && c->state != CALL_GRE_ONLY)
		return;
	put_flow(x, c, first);
	put_flow(x, c, !first);
}

void call_text(struct tunnel_text *x, const struct call *c)
{
	text_close(&x->t);
	put_heading(x, c);
	put_request(x, c);
	put_reply(x, c);
	put_connected(x, c);
	put_end(x, c);
	put_gre(x, c);
	ppp_text(x, c);
}

/* --- a line a call ------------------------------------------------------------------------- */

static const char *number_or(bool known, uint64_t n, char buf[24])
{
	if (known)
		snprintf(buf, 24, "%" PRIu64, n);
	else
		snprintf(buf, 24, "-");
	return buf;
}

static void row_heading(struct tunnel_text *x)
{
	char sender[LABEL_ROOM], receiver[LABEL_ROOM];
	int pac = x->tunnel->pac;
	unsigned first = pac == 0 ? 1 : 0;

	text_line(&x->t, "\n  %" PRIu64 " calls, a line each (all of it: --verbose, or --format json)",
		  x->tunnel->calls);
	if (text_narrow(&x->t)) {
		text_line(&x->t, "  %7s %-3s %6s %6s %s", "call", "", "PNS ID", "PAC ID", "state");
		return;
	}
	if (pac < 0)
		text_line(&x->t, "  GRE columns: packets sent by %s, by %s, and lost of either",
			  text_host(x, pac, first, sender), text_host(x, pac, !first, receiver));
	text_line(&x->t, "  %8s %-8s %6s %6s %-11s %10s %10s %8s", "call", "kind", "PNS ID", "PAC ID",
		  "state", pac < 0 ? "GRE" : "GRE of PNS", pac < 0 ? "GRE" : "GRE of PAC", "lost");
}

void call_text_row(struct tunnel_text *x, const struct call *c)
{
	unsigned first = x->tunnel->pac == 0 ? 1 : 0;
	const struct flow *a = call_flow(c, first), *b = call_flow(c, !first);
	const char *kind = call_kind_name(c->kind);
	char pns[24], pac[24], lost[24];

	if (!x->in_calls)
		row_heading(x);
	x->in_calls = true;
	number_or(c->pns_id_known, c->pns_call_id, pns);
	number_or(c->pac_id_known, c->pac_call_id, pac);
	number_or((a && report_loss_known(a)) || (b && report_loss_known(b)),
		  (a ? flow_lost(a) : 0) + (b ? flow_lost(b) : 0), lost);
	if (text_narrow(&x->t))
		text_line(&x->t, "  %7" PRIu64 " %-3.3s %6s %6s %s", c->id, kind ? kind : "-", pns, pac,
			  call_state_name(c->state));
	else
		text_line(&x->t, "  %8" PRIu64 " %-8s %6s %6s %-11s %10" PRIu64 " %10" PRIu64 " %8s", c->id,
			  kind ? kind : "-", pns, pac, call_state_name(c->state),
			  a ? (uint64_t)a->packets : 0, b ? (uint64_t)b->packets : 0, lost);
}
