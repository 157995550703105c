/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an emulated peer is doing, for people: see report_emulation.h. */
#include "analyzer/report_emulation.h"

#include <inttypes.h>

#include "dissectors/ctrl.h"
#include "dissectors/ip.h"

enum { ESCAPED = 4 * 64 + 1 };

const char *report_peer_state_name(enum ppp_peer_state s)
{
	static const char *const names[] = {
		[PPP_PEER_STARTING] = "starting",
		[PPP_PEER_LCP_OPEN] = "lcp-open",
		[PPP_PEER_AUTHENTICATED] = "authenticated",
		[PPP_PEER_OPEN] = "open",
		[PPP_PEER_DEAD] = "dead",
	};

	return names[s];
}

const char *report_peer_auth_name(enum ppp_peer_auth a)
{
	static const char *const names[] = {
		[PPP_PEER_NONE] = "none",         [PPP_PEER_PAP] = "PAP",
		[PPP_PEER_CHAP_MD5] = "CHAP-MD5", [PPP_PEER_MSCHAP] = "MS-CHAP",
		[PPP_PEER_MSCHAP2] = "MS-CHAPv2",
	};

	return names[a];
}

const char *report_news_name(enum endpoint_news n)
{
	static const char *const names[] = {
		[NEWS_CONNECTION_UP] = "connections_up",
		[NEWS_CONNECTION_DOWN] = "connections_down",
		[NEWS_CALL_UP] = "calls_up",
		[NEWS_CALL_DOWN] = "calls_down",
		[NEWS_PPP_OPEN] = "ppp_open",
		[NEWS_REJECTED] = "rejected",
		[NEWS_DISCARDED] = "discarded",
	};

	return names[n];
}

/* Telephone numbers come from the wire. */
static const char *safe(const char *text, char buf[ESCAPED])
{
	size_t len = text ? strlen(text) : 0;

	return ctrl_escape((const uint8_t *)text, len < 64 ? len : 64, buf, ESCAPED);
}

static void put_connection(void *ctx, const struct endpoint_connection_status *s)
{
	FILE *out = ctx;
	char addr[IP_ADDR_TEXT];

	fprintf(out, "connection %" PRIu64 "  %s port %u, %s, %s, %u call%s\n", s->id,
		ip_addr_text(&s->peer, addr), s->peer_port, s->originator ? "opened here" : "opened there",
		s->state, s->calls, s->calls == 1 ? "" : "s");
}

static void put_ppp(FILE *out, const struct ppp_peer_status *p)
{
	fprintf(out, "    PPP %s", report_peer_state_name(p->state));
	if (p->authenticated)
		fprintf(out, ", %s", report_peer_auth_name(p->auth));
	if (p->mppe_bits)
		fprintf(out, ", MPPE %u", p->mppe_bits);
	fprintf(out,
		", frames in %" PRIu64 " out %" PRIu64 ", echo replies %" PRIu64 ", ping replies %" PRIu64
		"\n",
		p->frames_in, p->frames_out, p->echo_replies, p->ping_replies);
	if (*p->why)
		fprintf(out, "    %s\n", p->why);
}

static void put_call(void *ctx, const struct endpoint_call_status *s)
{
	FILE *out = ctx;
	char buf[ESCAPED];

	fprintf(out, "  call %u (peer's %u), %s, %s", s->call_id, s->peer_call_id,
		s->incoming ? "incoming" : "outgoing", s->state);
	if (s->number && *s->number)
		fprintf(out, ", number %s", safe(s->number, buf));
	if (s->line)
		fprintf(out, ", line %s", s->line);
	fprintf(out,
		"\n    sent %" PRIu64 " (%" PRIu64 " octets), received %" PRIu64 " (%" PRIu64
		"), lost %" PRIu64 ", late %" PRIu64 ", timeouts %" PRIu64 ", window %u\n",
		s->sent, s->sent_octets, s->received, s->received_octets, s->lost, s->late, s->timeouts,
		s->window);
	put_ppp(out, &s->ppp);
}

static void put_lines(FILE *out, struct telco *t)
{
	struct telco_line *l;
	char number[ESCAPED];

	for (unsigned i = 0; (l = telco_line_at(t, i)); i++) {
		fprintf(out, "line %s %08" PRIx32 "  %s, %s, number %s: %s\n",
			telco_line_kind_name(telco_line_kind(l)), telco_line_channel(l), telco_line_state(l),
			telco_line_incoming(l) ? "incoming" : "outgoing", safe(telco_line_number(l), number),
			telco_line_log(l));
	}
}

bool report_text_emulation(FILE *out, const struct report_emulation *r)
{
	const struct endpoint_visitor visitor = { .connection = put_connection, .call = put_call };

	fprintf(out, "%s since %" PRId64 " s, %s, %s\n", r->config->role == ROLE_PAC ? "PAC" : "PNS",
		(r->now - r->started) / NET_SECOND, r->listening ? "listening" : "not listening",
		r->gre ? "with GRE" : "without GRE: control connections only");
	for (unsigned n = 0; n <= NEWS_DISCARDED; n++)
		fprintf(out, "%s%s %" PRIu64, n ? ", " : "", report_news_name((enum endpoint_news)n),
			r->news[n]);
	fputc('\n', out);
	endpoint_status(r->endpoint, &visitor, out);
	if (r->telco)
		put_lines(out, r->telco);
	for (size_t i = 0; i < r->nmodems; i++)
		fprintf(out, "modem %s at %s, %s\n", r->modem_numbers[i], at_port_path(r->modems[i]),
			at_modem_state(at_port_modem(r->modems[i])));
	return fflush(out) == 0 && !ferror(out);
}
