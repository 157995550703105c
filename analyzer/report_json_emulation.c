/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an emulated peer is doing, for programs: see report_emulation.h. */
#include "analyzer/report_emulation.h"

#include <errno.h>

#include "analyzer/report_json_put.h"
#include "dissectors/ctrl.h"
#include "dissectors/ip.h"

/* Text from the wire, escaped as in all reports. */
static void put_wire_text(struct json *j, const char *key, const char *text)
{
	char buf[TEXT_ROOM];
	size_t len = text ? strlen(text) : 0;

	emit_name(j, key);
	value_text(j,
		   text ? ctrl_escape((const uint8_t *)text, len < 64 ? len : 64, buf, sizeof(buf)) : NULL);
}

static void put_address(struct json *j, const char *key, uint32_t address)
{
	struct ip_addr a = { { [10] = 0xff, [11] = 0xff } };
	char buf[IP_ADDR_TEXT];

	for (unsigned i = 0; i < 4; i++)
		a.octet[12 + i] = (uint8_t)(address >> (24 - 8 * i));
	emit_name(j, key);
	value_text(j, address ? ip_addr_text(&a, buf) : NULL);
}

static void put_connection(void *ctx, const struct endpoint_connection_status *s)
{
	struct json *j = ctx;
	char buf[IP_ADDR_TEXT];

	emit_row(j);
	value_open(j, '{');
	emit_uint(j, "id", s->id);
	emit_text(j, "peer", ip_addr_text(&s->peer, buf));
	emit_uint(j, "peer_port", s->peer_port);
	emit_bool(j, "originator", s->originator);
	emit_text(j, "state", s->state);
	emit_uint(j, "calls", s->calls);
	emit_close(j, '}');
}

static void put_ppp(struct json *j, const struct ppp_peer_status *p)
{
	emit_open(j, "ppp", '{');
	emit_text(j, "state", report_peer_state_name(p->state));
	emit_text(j, "authentication", report_peer_auth_name(p->auth));
	emit_bool(j, "authenticated", p->authenticated);
	emit_uint(j, "mppe_bits", p->mppe_bits);
	put_address(j, "address", p->address);
	put_address(j, "peer_address", p->peer_address);
	emit_uint(j, "frames_in", p->frames_in);
	emit_uint(j, "frames_out", p->frames_out);
	emit_uint(j, "echo_replies", p->echo_replies);
	emit_uint(j, "ping_replies", p->ping_replies);
	emit_uint(j, "decrypt_errors", p->decrypt_errors);
	emit_text(j, "end", *p->why ? p->why : NULL);
	emit_close(j, '}');
}

static void put_gre(struct json *j, const struct endpoint_call_status *s)
{
	emit_open(j, "gre", '{');
	emit_uint(j, "sent", s->sent);
	emit_uint(j, "sent_octets", s->sent_octets);
	emit_uint(j, "received", s->received);
	emit_uint(j, "received_octets", s->received_octets);
	emit_uint(j, "acks_sent", s->acks_sent);
	emit_uint(j, "acks_received", s->acks_received);
	emit_uint(j, "timeouts", s->timeouts);
	emit_uint(j, "late", s->late);
	emit_uint(j, "lost", s->lost);
	emit_uint(j, "window", s->window);
	emit_close(j, '}');
}

static void put_call(void *ctx, const struct endpoint_call_status *s)
{
	struct json *j = ctx;

	emit_row(j);
	value_open(j, '{');
	emit_uint(j, "connection", s->connection);
	emit_text(j, "kind", s->incoming ? "incoming" : "outgoing");
	emit_uint(j, "call_id", s->call_id);
	emit_uint(j, "peer_call_id", s->peer_call_id);
	emit_uint(j, "call_serial_number", s->serial);
	emit_text(j, "state", s->state);
	put_wire_text(j, "number", s->number);
	emit_text(j, "line", s->line);
	put_gre(j, s);
	put_ppp(j, &s->ppp);
	emit_close(j, '}');
}

static void put_line(struct json *j, const struct telco_line *l)
{
	const struct telco_errors *e = telco_errors(l);

	emit_row(j);
	value_open(j, '{');
	emit_text(j, "kind", telco_line_kind_name(telco_line_kind(l)));
	emit_uint(j, "physical_channel_id", telco_line_channel(l));
	emit_bool(j, "in_use", telco_line_in_use(l));
	emit_bool(j, "digital", telco_line_digital(l));
	emit_bool(j, "incoming", telco_line_incoming(l));
	emit_bool(j, "modem_port", telco_has_port(l));
	emit_text(j, "state", telco_line_state(l));
	put_wire_text(j, "dialed_number", telco_line_number(l));
	put_wire_text(j, "dialing_number", telco_line_dialing(l));
	emit_known(j, "connect_speed", telco_line_speed(l) != 0, telco_line_speed(l));
	emit_text(j, "events", telco_line_log(l));
	emit_open(j, "errors", '{');
	emit_uint(j, "crc", e->crc);
	emit_uint(j, "framing", e->framing);
	emit_uint(j, "hardware", e->hardware);
	emit_uint(j, "buffer", e->buffer);
	emit_uint(j, "timeout", e->timeout);
	emit_uint(j, "alignment", e->alignment);
	emit_close(j, '}');
	emit_close(j, '}');
}

static void put_lines(struct json *j, struct telco *t)
{
	struct telco_line *l;

	emit_open(j, "lines", '[');
	for (unsigned i = 0; t && (l = telco_line_at(t, i)); i++)
		put_line(j, l);
	emit_close(j, ']');
}

static void put_modems(struct json *j, const struct report_emulation *r)
{
	emit_open(j, "modems", '[');
	for (size_t i = 0; i < r->nmodems; i++) {
		value_open(j, '{');
		emit_text(j, "number", r->modem_numbers[i]);
		emit_text(j, "path", at_port_path(r->modems[i]));
		emit_text(j, "state", at_modem_state(at_port_modem(r->modems[i])));
		emit_close(j, '}');
	}
	emit_close(j, ']');
}

static void put_head(struct json *j, const struct report_emulation *r)
{
	emit_text(j, "schema", "pptpscope-emulate-1");
	emit_open(j, "tool", '{');
	emit_text(j, "name", "pptpscope");
	emit_text(j, "version", r->version);
	emit_close(j, '}');
	emit_text(j, "role", r->config->role == ROLE_PAC ? "PAC" : "PNS");
	emit_text(j, "profile", rule_profile_name(r->config->profile));
	emit_time(j, "started", true, r->started);
	emit_time(j, "time", true, r->now);
	emit_bool(j, "listening", r->listening);
	emit_bool(j, "gre", r->gre);
	emit_open(j, "faults", '[');
	for (unsigned f = 0; f < FAULTS; f++)
		if (fault_in(&r->config->faults, (enum fault_number)f))
			value_text(j, faults[f].name);
	emit_close(j, ']');
	emit_open(j, "counts", '{');
	for (unsigned n = 0; n <= NEWS_DISCARDED; n++) {
		emit_name(j, report_news_name((enum endpoint_news)n));
		value_uint(j, r->news[n]);
	}
	emit_close(j, '}');
}

static void put_all(struct json *j, const struct report_emulation *r)
{
	const struct endpoint_visitor connections = { .connection = put_connection };
	const struct endpoint_visitor calls = { .call = put_call };

	value_open(j, '{');
	put_head(j, r);
	emit_open(j, "connections", '[');
	endpoint_status(r->endpoint, &connections, j);
	emit_close(j, ']');
	emit_open(j, "calls", '[');
	endpoint_status(r->endpoint, &calls, j);
	emit_close(j, ']');
	put_lines(j, r->telco);
	put_modems(j, r);
	emit_close(j, '}');
	emit_newline(j);
}

bool report_json_emulation(FILE *out, const struct report_emulation *r)
{
	struct json j;
	bool written;

	if (!emit_init(&j)) {
		errno = ENOMEM;
		return false;
	}
	put_all(&j, r);
	written = emit_flush(&j, out) && fflush(out) == 0;
	emit_clear(&j);
	return written;
}
