/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report of an audit as JSON: doc/schema/pptpscope-report-1.schema.json.
 *
 * One row a line, written at once: what is in memory is a row, never the report.
 */
#include <errno.h>
#include <stdlib.h>

#include "analyzer/report_json_body.h"
#include "analyzer/report_json_ppp.h"
#include "conformance/quirk.h"
#include "conformance/rule.h"

static const char *version(void)
{
#ifdef PACKAGE_VERSION
	return PACKAGE_VERSION;
#else
	return "unknown";
#endif
}

static void note_error(struct report *r, bool written)
{
	if (!written && !r->error)
		r->error = errno ? errno : EIO;
}

/* After every row. */
static void flush(struct report *r)
{
	note_error(r, emit_flush_much(&r->j, r->o.out));
}

bool report_json_init(struct report *r, const struct report_options *o)
{
	r->o = *o;
	for (unsigned type = CTRL_SCCRQ; type < CTRL_TYPES; type++)
		quote(&r->message[type], report_message_name(type), ':');
	return emit_init(&r->j);
}

static struct report *json_begin(const struct report_options *o)
{
	struct report *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	if (!report_json_init(r, o)) {
		free(r);
		return NULL;
	}
	value_open(&r->j, '{');
	emit_text(&r->j, "schema", "pptpscope-report-1");
	emit_open(&r->j, "tool", '{');
	emit_text(&r->j, "name", "pptpscope");
	emit_text(&r->j, "version", version());
	emit_close(&r->j, '}');
	emit_text(&r->j, "profile", o->profile);
	emit_row(&r->j);
	emit_open(&r->j, "captures", '[');
	return r;
}

/* Closes the arrays before a stage and opens its own. */
static void advance(struct report *r, enum stage to)
{
	static const char *const keys[] = { "captures", "tunnels", "findings" };

	while (r->stage < to) {
		r->stage++;
		emit_newline(&r->j);
		emit_close(&r->j, ']');
		emit_row(&r->j);
		emit_name(&r->j, keys[r->stage]);
		value_open(&r->j, '[');
	}
}

/* --- captures ------------------------------------------------------------------------------ */

void report_json_unseen(struct json *j, const uint64_t *unseen)
{
	emit_open(j, "unseen", '[');
	for (unsigned i = UNSEEN_NONE + 1; i < UNSEEN_COUNT; i++) {
		value_open(j, '{');
		emit_word(j, "reason", report_unseen[i].name);
		emit_uint(j, "packets", unseen ? unseen[i] : 0);
		emit_close(j, '}');
	}
	emit_close(j, ']');
}

static void put_inspected(struct json *j, const struct report_capture *c)
{
	emit_open(j, "inspected", '{');
	emit_uint(j, "control", c->control_packets);
	emit_uint(j, "gre", c->gre_packets);
	emit_uint(j, "icmp", c->icmp_packets);
	emit_uint(j, "fragments", c->fragments);
	emit_close(j, '}');
}

static void json_capture(struct report *r, const struct report_capture *c)
{
	char path[PATH_ROOM], error[PATH_ROOM], link[16];
	struct json *j = &r->j;

	emit_row(j);
	value_open(j, '{');
	emit_text(j, "file", report_path(&r->o, c->path, path));
	emit_text(j, "format", c->format);
	emit_text(j, "compression", c->compression);
	/* Without a format the file could not be read as a capture, and has no link type. */
	emit_text(j, "link_type", c->format ? report_link_type(c->link_type, link) : NULL);
	emit_uint(j, "packets", c->packets);
	emit_uint(j, "octets", c->octets);
	emit_time(j, "first_time", c->packets > 0, c->first_time);
	emit_time(j, "last_time", c->packets > 0, c->last_time);
	emit_uint(j, "truncated", c->truncated);
	emit_bool(j, "damaged", c->damaged);
	emit_text(j, "error", c->error ? report_error(&r->o, c->error, c->path, error) : NULL);
	put_inspected(j, c);
	emit_uint(j, "offload_checksums", c->offload);
	report_json_unseen(j, c->unseen);
	emit_close(j, '}');
	flush(r);
}

/* --- tunnels ------------------------------------------------------------------------------- */

/* First and last frame and time of anything. */
static void put_span(struct report *r, uint64_t first_frame, uint64_t last_frame, int64_t first_time,
		     int64_t last_time)
{
	emit_frame(&r->j, &r->o, "first_frame", "first_capture", first_frame);
	emit_frame(&r->j, &r->o, "last_frame", "last_capture", last_frame);
	emit_time(&r->j, "first_time", first_frame != 0, first_time);
	emit_time(&r->j, "last_time", last_frame != 0, last_time);
}

void report_json_tunnel(struct report *r, const struct tunnel *t)
{
	char buf[64];

	r->tunnel = t;
	for (unsigned host = 0; host < HOSTS; host++)
		quote(&r->host[host], report_addr(&r->o, &t->host[host], buf), ',');
}

void report_json_host(struct report *r, int host)
{
	if (host < 0)
		value_null(&r->j);
	else
		emit_quoted(&r->j, &r->host[host]);
}

/* A host of the open tunnel. */
#define put_host(r, key, host) out_host(r, JSON_LITERAL(key), host)
JSON_INLINE out_host(struct report *r, const char *key, size_t len, int host)
{
	out_key(&r->j, key, len);
	report_json_host(r, host);
}

static void json_tunnel(struct report *r, const struct tunnel *t)
{
	struct json *j = &r->j;

	advance(r, STAGE_TUNNELS);
	report_json_tunnel(r, t);
	r->in_calls = false;
	emit_row(j);
	value_open(j, '{');
	emit_uint(j, "id", t->id);
	put_host(r, "pac", t->pac);
	put_host(r, "pns", t->pac < 0 ? -1 : !t->pac);
	emit_open(j, "hosts", '[');
	report_json_host(r, 0);
	report_json_host(r, 1);
	emit_close(j, ']');
	emit_uint(j, "context", t->context);
	emit_word(j, "roles_known_by", t->pac < 0 ? NULL : report_message_name(t->role_by));
	emit_frame(j, &r->o, "roles_frame", "roles_capture", t->pac < 0 ? 0 : t->role_frame);
	put_span(r, t->first_frame, t->last_frame, t->first_time, t->last_time);
	emit_open(j, "icmp_unreachable", '[');
	value_uint(j, t->icmp_unreachable[0]);
	value_uint(j, t->icmp_unreachable[1]);
	emit_close(j, ']');
	emit_uint(j, "mirrored_frames", t->mirrored);
	emit_row(j);
	emit_open(j, "control_connections", '[');
	flush(r);
}

static void open_calls(struct report *r)
{
	if (r->in_calls)
		return;
	r->in_calls = true;
	emit_newline(&r->j);
	emit_close(&r->j, ']');
	emit_row(&r->j);
	emit_open(&r->j, "calls", '[');
}

static void json_tunnel_end(struct report *r, const struct tunnel *t)
{
	(void)t;
	open_calls(r);
	emit_newline(&r->j);
	emit_close(&r->j, ']');
	emit_close(&r->j, '}');
	r->tunnel = NULL;
	flush(r);
}

/* --- control connections ------------------------------------------------------------------- */

/* A count of each side. */
static void put_sides(struct json *j, uint64_t originator, uint64_t receiver)
{
	static const char nothing[] = "{\"originator\":0,\"receiver\":0},";

	if (!(originator | receiver)) { /* as nearly always */
		emit_octets(j, nothing, sizeof(nothing) - 1);
		return;
	}
	value_open(j, '{');
	emit_uint(j, "originator", originator);
	emit_uint(j, "receiver", receiver);
	emit_close(j, '}');
}

static void put_text64(struct report *r, const char *key, const uint8_t *text)
{
	char buf[TEXT_ROOM];

	emit_name(&r->j, key);
	value_text(&r->j,
		   text ? report_field_text(&r->o, key, text, strnlen((const char *)text, 64), buf) : NULL);
}

/* Which peer this looks like, and by which fields. */
static void put_fingerprint(struct report *r, const struct start_info *s, enum role role, bool asked)
{
	struct json *j = &r->j;
	struct fingerprint f;

	if (!quirk_fingerprint(s, role, asked, &f)) {
		emit_null(j, "fingerprint");
		return;
	}
	emit_open(j, "fingerprint", '{');
	emit_text(j, "peer", f.peer);
	emit_text(j, "name", f.words);
	emit_open(j, "because", '[');
	value_word(j, "vendor_name");
	if (f.host)
		value_word(j, "host_name");
	if (f.firmware)
		value_word(j, "firmware_revision");
	if (f.channels)
		value_word(j, "maximum_channels");
	emit_close(j, ']');
	emit_close(j, '}');
}

static void compose_start(struct report *r, const struct start_info *s, enum ctrl_type type, enum role role)
{
	struct json *j = &r->j;
	bool reply = type == CTRL_SCCRP;
	char words[TEXT_ROOM];

	put_text64(r, "host_name", s->host_name);
	put_text64(r, "vendor_name", s->vendor_name);
	emit_uint(j, "firmware_revision", s->firmware);
	emit_uint(j, "protocol_version", s->version);
	emit_uint(j, "framing_capabilities", s->framing);
	emit_word(j, "framing_capabilities_name",
		  report_value_words(type, "framing_capabilities", s->framing, words));
	emit_uint(j, "bearer_capabilities", s->bearer);
	emit_word(j, "bearer_capabilities_name",
		  report_value_words(type, "bearer_capabilities", s->bearer, words));
	emit_uint(j, "maximum_channels", s->channels);
	emit_known(j, "result_code", reply, s->result);
	emit_word(j, "result_name", reply ? report_result_words(type, s->result, words) : NULL);
	emit_known(j, "error_code", reply, s->error);
	emit_word(j, "error_name", reply ? report_value_words(type, "error_code", s->error, words) : NULL);
	put_fingerprint(r, s, role, !reply);
}

static bool same_name(const uint8_t kept[64], bool had, const uint8_t *name)
{
	return name ? had && memcmp(kept, name, 64) == 0 : !had;
}

/* But for when it was said. */
static bool same_start(const struct start_text *known, const struct start_info *s, enum role role)
{
	const struct start_info *k = &known->of;

	return known->len && known->role == role && k->version == s->version && k->result == s->result &&
	       k->error == s->error && k->framing == s->framing && k->bearer == s->bearer &&
	       k->channels == s->channels && k->firmware == s->firmware &&
	       same_name(known->name[0], k->host_name, s->host_name) &&
	       same_name(known->name[1], k->vendor_name, s->vendor_name);
}

/* Keeps what was written of it from there on, if there is room. */
static void keep_start(struct report *r, struct start_text *known, size_t from, const struct start_info *s,
		       enum role role)
{
	known->len = emit_since(&r->j, from, known->text, sizeof(known->text));
	known->of = *s;
	known->role = role;
	if (s->host_name)
		memcpy(known->name[0], s->host_name, 64);
	if (s->vendor_name)
		memcpy(known->name[1], s->vendor_name, 64);
}

/* What a side said of itself; `type` is the message that it said it in. */
static void put_start(struct report *r, const struct start_info *s, enum ctrl_type type, enum role role)
{
	struct start_text *known = &r->start[type == CTRL_SCCRP];
	struct json *j = &r->j;
	size_t from;

	if (!s->frame) {
		value_null(j);
		return;
	}
	value_open(j, '{');
	if (same_start(known, s, role)) {
		emit_octets(j, known->text, known->len);
	} else {
		from = emit_used(j);
		compose_start(r, s, type, role);
		keep_start(r, known, from, s, role);
	}
	emit_frame(j, &r->o, "frame", "capture", s->frame);
	emit_close(j, '}');
}

static void put_starts(struct report *r, const struct control_connection *c, int pac)
{
	unsigned receiver = !c->originator;

	if (pac < 0) {
		emit_null(&r->j, "pac");
		emit_null(&r->j, "pns");
		emit_key(&r->j, "originator_start");
		put_start(r, &c->start[0], CTRL_SCCRQ, ROLE_UNKNOWN);
		emit_key(&r->j, "receiver_start");
		put_start(r, &c->start[1], CTRL_SCCRP, ROLE_UNKNOWN);
	} else if ((unsigned)pac == receiver) {
		emit_key(&r->j, "pac");
		put_start(r, &c->start[1], CTRL_SCCRP, ROLE_PAC);
		emit_key(&r->j, "pns");
		put_start(r, &c->start[0], CTRL_SCCRQ, ROLE_PNS);
	} else {
		emit_key(&r->j, "pac");
		put_start(r, &c->start[0], CTRL_SCCRQ, ROLE_PAC);
		emit_key(&r->j, "pns");
		put_start(r, &c->start[1], CTRL_SCCRP, ROLE_PNS);
	}
}

static void put_messages(struct report *r, const struct control_connection *c)
{
	struct json *j = &r->j;

	emit_open(j, "messages", '{');
	for (unsigned type = CTRL_SCCRQ; type < CTRL_TYPES; type++) {
		uint64_t count = (uint64_t)c->messages[0][type] + c->messages[1][type];

		if (!count)
			continue;
		emit_quoted(j, &r->message[type]);
		value_uint(j, count);
	}
	emit_close(j, '}');
}

static void put_echo_side(struct json *j, const struct control_connection *c, unsigned host)
{
	value_open(j, '{');
	emit_uint(j, "requests", c->echo_requests[host]);
	emit_uint(j, "answered", c->echo_answered[host]);
	emit_close(j, '}');
}

static void put_echo(struct json *j, const struct control_connection *c)
{
	emit_open(j, "echo", '{');
	emit_key(j, "originator");
	put_echo_side(j, c, c->originator);
	emit_key(j, "receiver");
	put_echo_side(j, c, !c->originator);
	emit_close(j, '}');
}

static void put_message_moment(struct json *j, const struct moment *m)
{
	const struct field *f = report_moment_field(m);
	char words[TEXT_ROOM];

	emit_word(j, "message", report_message_name(m->type));
	emit_word(j, "status", report_status_name(m->status));
	if (f) {
		emit_name(j, f->name);
		value_uint(j, m->value);
	}
	if (!report_moment_result(m))
		return;
	emit_uint(j, "result", m->result);
	emit_word(j, "result_name", report_result_words(m->type, m->result, words));
	if (m->type == CTRL_STOPRQ)
		return;
	emit_uint(j, "error", m->error);
	emit_word(j, "error_name", report_value_words(m->type, "error_code", m->error, words));
}

static void put_moment(struct report *r, const struct moment *m, uint64_t skipped)
{
	static const char *const events[] = {
		[MOMENT_SYN] = "syn",         [MOMENT_SYNACK] = "syn-ack", [MOMENT_MIDSTREAM] = "midstream",
		[MOMENT_MESSAGE] = "message", [MOMENT_GAP] = "gap",        [MOMENT_SKIPPED] = "skipped",
		[MOMENT_FIN] = "fin",         [MOMENT_RST] = "rst",        [MOMENT_ICMP] = "icmp",
	};
	struct json *j = &r->j;

	value_open(j, '{');
	if (skipped)
		emit_uint(j, "left_out_before", skipped);
	emit_frame(j, &r->o, "frame", "capture", m->frame);
	emit_time(j, "time", true, m->time_ns);
	put_host(r, "from", m->from);
	emit_word(j, "event", events[m->kind]);
	if (m->kind == MOMENT_MESSAGE)
		put_message_moment(j, m);
	else if (m->kind == MOMENT_GAP || m->kind == MOMENT_SKIPPED)
		emit_uint(j, "octets", m->value);
	emit_close(j, '}');
}

static void put_timeline(struct report *r, const struct history *h)
{
	const struct moment *m;
	uint64_t skipped;

	emit_open(&r->j, "timeline", '[');
	for (unsigned i = 0; (m = history_at(h, i, &skipped)); i++)
		put_moment(r, m, skipped);
	emit_close(&r->j, ']');
}

/* How it began and ended, and what of it the capture lacks. */
static void put_condition(struct report *r, const struct control_connection *c)
{
	unsigned o = c->originator, p = !c->originator;
	struct json *j = &r->j;
	char words[TEXT_ROOM];

	emit_bool(j, "originator_certain", c->originator_certain);
	emit_bool(j, "midstream", c->midstream);
	emit_word(j, "detected_by", c->detected ? "content" : "port");
	emit_bool(j, "tcp_refused", c->tcp_refused);
	emit_known(j, "stop_reason", c->stop_frame != 0, c->stop_reason);
	emit_word(j, "stop_reason_name",
		  c->stop_frame ? report_result_words(CTRL_STOPRQ, c->stop_reason, words) : NULL);
	put_host(r, "stopped_by", c->stopped_by);
	emit_frame(j, &r->o, "stop_frame", "stop_capture", c->stop_frame);
	emit_time(j, "first_time", c->first_frame != 0, c->first_time);
	emit_time(j, "last_time", c->last_frame != 0, c->last_time);
	emit_open(j, "seen", '{');
	emit_bool(j, "originator", c->seen[o]);
	emit_bool(j, "receiver", c->seen[p]);
	emit_close(j, '}');
	emit_uint(j, "gaps", c->gaps);
	emit_key(j, "lost_octets");
	put_sides(j, c->lost[o], c->lost[p]);
	emit_key(j, "skipped_octets");
	put_sides(j, c->skipped[o], c->skipped[p]);
	emit_key(j, "retransmitted_segments");
	put_sides(j, c->retransmitted[o], c->retransmitted[p]);
	emit_key(j, "undecoded_messages");
	put_sides(j, c->messages[o][0], c->messages[p][0]);
	emit_uint(j, "bad_checksums", c->bad_checksums);
	emit_uint(j, "offload_checksums", c->offload_checksums);
}

static void put_diagnosis(struct report *r, const struct diagnosis *why, unsigned whys)
{
	struct json *j = &r->j;
	char buf[TEXT_ROOM];

	emit_open(j, "diagnosis", '[');
	for (unsigned i = 0; i < whys; i++) {
		value_open(j, '{');
		emit_word(j, "code", why[i].code);
		emit_text(j, "summary", report_sentence(&r->o, why[i].summary, buf));
		if (why[i].has_fault)
			emit_addr(j, &r->o, "at_fault", &why[i].at_fault);
		else
			emit_null(j, "at_fault");
		emit_text(j, "at_fault_words", why[i].fault_words);
		emit_word(j, "confidence", confidence_name(why[i].confidence));
		emit_text(j, "next", why[i].next);
		emit_frames(j, &r->o, "evidence", "evidence_captures", why[i].evidence, why[i].nevidence);
		emit_close(j, '}');
	}
	emit_close(j, ']');
}

void report_json_connection(struct report *r, const struct control_connection *c, const struct diagnosis *why,
			    unsigned whys)
{
	struct json *j = &r->j;

	put_host(r, "originator", (int)c->originator);
	put_host(r, "receiver", !c->originator);
	emit_uint(j, "originator_port", c->port[0]);
	emit_uint(j, "receiver_port", c->port[1]);
	emit_word(j, "state", connection_state_name(c->state));
	emit_frame(j, &r->o, "first_frame", "first_capture", c->first_frame);
	emit_frame(j, &r->o, "last_frame", "last_capture", c->last_frame);
	emit_bool(j, "complete", c->complete);
	put_host(r, "closed_by", c->closed_by);
	emit_word(j, "close", connection_close_name(c->close));
	put_messages(r, c);
	put_starts(r, c, report_connection_pac(c, r->tunnel));
	put_condition(r, c);
	put_echo(j, c);
	emit_uint(j, "calls", c->calls);
	put_diagnosis(r, why, whys);
	if (r->o.verbose)
		put_timeline(r, &c->history);
}

static void json_connection(struct report *r, const struct control_connection *c, const struct diagnosis *why,
			    unsigned whys)
{
	struct json *j = &r->j;

	emit_row(j);
	value_open(j, '{');
	emit_uint(j, "id", c->id);
	report_json_connection(r, c, why, whys);
	emit_close(j, '}');
	flush(r);
}

/* --- calls --------------------------------------------------------------------------------- */

static void put_parameters(struct report *r, const struct call *c)
{
	bool pns = report_call_has(c, CALL_PNS_WINDOW), pac = report_call_has(c, CALL_PAC_WINDOW);
	bool bps = report_call_has(c, CALL_BPS), bearer = report_call_has(c, CALL_BEARER);
	bool framing = report_call_has(c, CALL_FRAMING);
	char words[TEXT_ROOM];
	struct json *j = &r->j;

	emit_text(j, "called_number", report_number(&r->o, call_rare(c)->number, words));
	emit_known(j, "minimum_bps", bps, c->minimum_bps);
	emit_known(j, "maximum_bps", bps, c->maximum_bps);
	emit_known(j, "connect_speed", report_call_has(c, CALL_SPEED), c->connect_speed);
	emit_known(j, "physical_channel_id", report_call_has(c, CALL_CHANNEL), c->physical_channel);
	emit_word(j, "bearer_type_name", bearer ? report_bearer_words(c, words) : NULL);
	emit_word(j, "framing_type_name", framing ? report_framing_words(c, words) : NULL);
	emit_known(j, "pns_recv_window_size", pns, c->pns_window);
	emit_known(j, "pns_delay", pns, c->pns_delay);
	emit_known(j, "pac_recv_window_size", pac, c->pac_window);
	emit_known(j, "pac_delay", pac, c->pac_delay);
}

/* Result, error and cause of the reply or of the end. */
struct outcome {
	enum ctrl_type type;
	uint8_t result, error;
	bool has_cause;
	uint16_t cause;
};

static void compose_outcome(struct json *j, const struct outcome *o)
{
	char words[TEXT_ROOM];

	value_open(j, '{');
	emit_uint(j, "result", o->result);
	emit_word(j, "result_name", report_result_words(o->type, o->result, words));
	emit_uint(j, "error", o->error);
	emit_word(j, "error_name", report_value_words(o->type, "error_code", o->error, words));
	emit_known(j, "cause", o->has_cause, o->cause);
	emit_word(j, "cause_name", o->has_cause ? ctrl_cause_name(o->cause) : NULL);
	emit_close(j, '}');
}

static void put_outcome(struct report *r, const struct outcome *o)
{
	uint64_t of = (uint64_t)o->type << 40 | (uint64_t)o->has_cause << 32 | (uint32_t)o->cause << 16 |
		      (uint32_t)o->error << 8 | o->result;
	struct outcome_text *known = &r->outcome[of * UINT64_C(0x9e3779b97f4a7c15) >> 60];
	struct json *j = &r->j;
	size_t from;

	if (known->of == of) {
		emit_octets(j, known->text, known->len);
		return;
	}
	from = emit_used(j);
	compose_outcome(j, o);
	known->len = emit_since(j, from, known->text, sizeof(known->text));
	known->of = known->len ? of : 0;
}

static void put_step(struct report *r, const struct call *c, enum call_step step)
{
	const struct call_step_seen seen = call_step(c, step);
	struct json *j = &r->j;

	if (!seen.frame) {
		value_null(j);
		return;
	}
	value_open(j, '{');
	emit_frame(j, &r->o, "frame", "capture", seen.frame);
	emit_time(j, "time", true, seen.time_ns);
	emit_close(j, '}');
}

static void put_steps(struct report *r, const struct call *c)
{
	struct json *j = &r->j;

	emit_open(j, "steps", '{');
	emit_key(j, "request");
	put_step(r, c, STEP_REQUEST);
	emit_key(j, "reply");
	put_step(r, c, STEP_REPLY);
	emit_key(j, "connected");
	put_step(r, c, STEP_CONNECTED);
	emit_key(j, "clear");
	put_step(r, c, STEP_CLEAR);
	emit_key(j, "disconnect");
	put_step(r, c, STEP_DISCONNECT);
	emit_close(j, '}');
}

static void put_outcomes(struct report *r, const struct call *c)
{
	static const char *const ends[] = { NULL, "pns", "pac", "connection" };
	bool cleared = call_step(c, STEP_DISCONNECT).frame != 0;
	const struct call_rare *rare = call_rare(c);
	enum ctrl_type reply = report_reply_type(c);
	/* There is one cause: the disconnect's, or before that the reply's. */
	const struct outcome answer = { reply, c->reply_result, c->reply_error,
					reply == CTRL_OCRP && !cleared, c->cause };
	const struct outcome end = { CTRL_CDN, rare->end_result, rare->end_error, true, c->cause };

	emit_key(&r->j, "reply");
	if (c->replied)
		put_outcome(r, &answer);
	else
		value_null(&r->j);
	emit_key(&r->j, "disconnect");
	if (cleared)
		put_outcome(r, &end);
	else
		value_null(&r->j);
	emit_word(&r->j, "ended_by", c->ended_by < sizeof(ends) / sizeof(*ends) ? ends[c->ended_by] : NULL);
	put_steps(r, c);
}

static void put_rtt(struct json *j, const struct flow *f)
{
	if (!f->rtt_count) {
		emit_null(j, "ack_rtt_seconds");
		return;
	}
	emit_open(j, "ack_rtt_seconds", '{');
	emit_seconds(j, "min", f->rtt_min_us);
	emit_seconds(j, "mean", f->rtt_sum_us / f->rtt_count);
	emit_seconds(j, "max", f->rtt_max_us);
	emit_uint(j, "samples", f->rtt_count);
	emit_close(j, '}');
}

static void put_defects(struct json *j, unsigned defects)
{
	emit_open(j, "defects", '[');
	for (unsigned bit = 1; bit <= defects; bit <<= 1)
		if (defects & bit)
			value_word(j, report_gre_defect_name(bit));
	emit_close(j, ']');
}

static void put_flow_counts(struct report *r, const struct flow *f)
{
	bool sequence = f->flags & FLOW_HAS_SEQ;
	struct json *j = &r->j;

	emit_uint(j, "packets", f->packets);
	emit_uint(j, "octets", f->octets);
	emit_uint(j, "data_packets", f->data);
	emit_known(j, "first_sequence_number", sequence, f->first_seq);
	emit_known(j, "last_sequence_number", sequence, f->highest_seq);
	/* Nothing came, so nothing was numbered and lost; but numbers that jump tell nothing. */
	emit_known(j, "lost", report_loss_known(f) || !f->data, flow_lost(f));
	emit_uint(j, "duplicated", f->duplicated);
	emit_uint(j, "reordered", f->reordered);
	emit_bool(j, "sequence_restarted", f->flags & FLOW_DISTRUST);
	emit_uint(j, "acknowledgments", f->acks);
	emit_known(j, "last_acknowledgment_number", f->flags & FLOW_HAS_ACK, f->highest_ack);
	put_rtt(j, f);
	put_defects(j, f->defects);
	emit_bool(j, "cut_headers", f->flags & FLOW_CUT);
	emit_bool(j, "before_call", f->flags & FLOW_BEFORE_CALL);
	emit_frame(j, &r->o, "first_frame", "first_capture", flow_first_frame(f));
	emit_frame(j, &r->o, "last_frame", "last_capture", flow_last_frame(f));
	emit_time(j, "last_time", f->flags & FLOW_SEEN, flow_last_time(f));
}

/* `named`: by its key, who sends. */
static void put_flow(struct report *r, const struct call *c, int pac, unsigned from, bool named)
{
	struct json *j = &r->j;
	uint16_t id = 0;
	bool known = report_flow_call_id(c, pac, from, &id);

	if (!known && !call_flow(c, from)) {
		value_null(j);
		return;
	}
	value_open(j, '{');
	if (!named)
		put_host(r, "sender", (int)from);
	emit_known(j, "call_id", known, id);
	put_flow_counts(r, &c->flow[from]);
	emit_close(j, '}');
}

static void put_gre(struct report *r, const struct call *c)
{
	int pac = r->tunnel->pac;
	struct json *j = &r->j;

	emit_open(j, "gre", '{');
	if (pac >= 0) {
		emit_key(j, "pns_to_pac");
		put_flow(r, c, pac, !pac, true);
		emit_key(j, "pac_to_pns");
		put_flow(r, c, pac, (unsigned)pac, true);
	} else {
		emit_null(j, "pns_to_pac");
		emit_null(j, "pac_to_pns");
		emit_open(j, "flows", '[');
		for (unsigned from = 0; from < HOSTS; from++)
			if (report_flow_known(c, pac, from))
				put_flow(r, c, pac, from, false);
		emit_close(j, ']');
	}
	emit_close(j, '}');
}

void report_json_call_begun(struct report *r, const struct call *c)
{
	const struct call_step_seen last = call_last(c);
	struct json *j = &r->j;

	emit_word(j, "kind", call_kind_name(c->kind));
	emit_known(j, "pns_call_id", c->pns_id_known, c->pns_call_id);
	emit_known(j, "pac_call_id", c->pac_id_known, c->pac_call_id);
	emit_bool(j, "ids_certain", c->ids_certain);
	emit_known(j, "call_serial_number", c->has_serial, c->serial);
	emit_word(j, "state", call_state_name(c->state));
	put_span(r, c->first_frame, last.frame, c->first_time, last.time_ns);
	put_parameters(r, c);
}

void report_json_call(struct report *r, const struct call *c, const struct diagnosis *why, unsigned whys)
{
	report_json_call_begun(r, c);
	put_outcomes(r, c);
	put_gre(r, c);
	report_json_ppp(&r->j, &r->o, r->tunnel, c);
	put_diagnosis(r, why, whys);
}

static void json_call(struct report *r, const struct call *c, const struct diagnosis *why, unsigned whys)
{
	struct json *j = &r->j;

	open_calls(r);
	emit_row(j);
	value_open(j, '{');
	emit_uint(j, "id", c->id);
	emit_known(j, "control_connection", call_connection_id(c) != 0, call_connection_id(c));
	report_json_call(r, c, why, whys);
	emit_close(j, '}');
	flush(r);
}

/* --- findings and the end ------------------------------------------------------------------ */

/* Names separated by commas, as an array. */
static void put_known_as(struct json *j, const char *names)
{
	char name[64];

	emit_open(j, "known_as", '[');
	while (*names) {
		size_t len = strcspn(names, ", ");

		snprintf(name, sizeof(name), "%.*s", (int)len, names);
		value_text(j, name);
		names += len;
		names += strspn(names, ", ");
	}
	emit_close(j, ']');
}

static void put_sentence(struct report *r, const char *sentence)
{
	char buf[TEXT_ROOM];

	value_text(&r->j, report_sentence(&r->o, sentence, buf));
}

void report_json_finding_rule(struct report *r, const struct finding *f)
{
	struct json *j = &r->j;

	emit_text(j, "id", f->id);
	emit_word(j, "section", f->section);
	emit_word(j, "level", f->level);
	emit_word(j, "severity", rule_severity_name(f->severity));
	emit_word(j, "certainty", f->certainty == CERTAIN ? "certain" : "suspected");
}

void report_json_finding_place(struct report *r, const struct finding *f)
{
	struct json *j = &r->j;

	if (f->has_fault)
		emit_addr(j, &r->o, "at_fault", &f->at_fault);
	else
		emit_null(j, "at_fault");
	emit_word(j, "role", report_role_name(f->role));
	emit_frame(j, &r->o, "frame", "capture", f->frame);
	emit_frame(j, &r->o, "last_frame", "last_capture", f->last_frame);
	emit_uint(j, "count", f->count);
}

void report_json_finding_words(struct report *r, const struct finding *f)
{
	emit_key(&r->j, "message");
	put_sentence(r, f->message);
	emit_key(&r->j, "expected");
	put_sentence(r, f->expected);
	emit_key(&r->j, "observed");
	put_sentence(r, f->observed);
	emit_frames(&r->j, &r->o, "evidence", "evidence_captures", f->evidence, f->nevidence);
	if (f->known_as[0])
		put_known_as(&r->j, f->known_as);
}

static void json_finding(struct report *r, const struct finding *f, enum baseline baseline)
{
	struct json *j = &r->j;

	advance(r, STAGE_FINDINGS);
	emit_row(j);
	value_open(j, '{');
	report_json_finding_rule(r, f);
	emit_known(j, "tunnel", f->tunnel != 0, f->tunnel);
	emit_known(j, "control_connection", f->connection != 0, f->connection);
	emit_known(j, "call", f->call != 0, f->call);
	report_json_finding_place(r, f);
	emit_time(j, "time", f->frame != 0, f->time_ns);
	report_json_finding_words(r, f);
	if (baseline != BASELINE_NONE)
		emit_word(j, "baseline", baseline == BASELINE_NEW ? "new" : "unchanged");
	emit_close(j, '}');
	flush(r);
}

static void put_baseline(struct report *r, const struct report_baseline *b)
{
	struct json *j = &r->j;

	if (!b->used) {
		emit_null(j, "baseline");
		return;
	}
	emit_open(j, "baseline", '{');
	emit_uint(j, "new", b->fresh);
	emit_uint(j, "unchanged", b->unchanged);
	emit_uint(j, "fixed", b->fixed);
	emit_open(j, "fixed_findings", '[');
	for (unsigned i = 0; b->fixed_lines && b->fixed_lines[i]; i++)
		put_sentence(r, b->fixed_lines[i]);
	emit_close(j, ']');
	emit_close(j, '}');
}

/* Conditions that kept rules from judging connections or calls. */
static void put_conditions(struct json *j, const struct report_unjudged *u)
{
	emit_open(j, "conditions", '[');
	for (unsigned bit = 0; bit < UNLESS_BITS; bit++) {
		if (!u->connections[bit] && !u->calls[bit])
			continue;
		value_open(j, '{');
		emit_word(j, "condition", rule_unless_name(bit));
		emit_uint(j, "control_connections", u->connections[bit]);
		emit_uint(j, "calls", u->calls[bit]);
		emit_uint(j, "rules", report_kept_count(u, bit));
		emit_close(j, '}');
	}
	emit_close(j, ']');
}

/* Findings that were not made for want of proof. */
static void put_withheld(struct json *j, const struct report_unjudged *u)
{
	emit_open(j, "withheld", '[');
	for (unsigned i = 0; i < RULES; i++) {
		if (!u->withheld[i])
			continue;
		value_open(j, '{');
		emit_text(j, "id", rules[i].id);
		emit_uint(j, "findings", u->withheld[i]);
		emit_open(j, "conditions", '[');
		for (unsigned bit = 0; bit < UNLESS_BITS; bit++)
			if (u->withheld_by[i] >> bit & 1)
				value_word(j, rule_unless_name(bit));
		emit_close(j, ']');
		emit_close(j, '}');
	}
	emit_close(j, ']');
}

static void put_judged(struct json *j, const struct report_unjudged *u)
{
	if (!u) {
		emit_null(j, "judged");
		return;
	}
	emit_open(j, "judged", '{');
	emit_uint(j, "rules", report_asked_count(u));
	put_conditions(j, u);
	put_withheld(j, u);
	emit_close(j, '}');
}

/* Calls by grade; the worst stands for the capture. */
static void put_grades(struct json *j, const struct report_summary *s)
{
	char grade[2] = "", worst[2] = "";

	emit_open(j, "security", '{');
	for (unsigned i = 0; i < REPORT_GRADES; i++) {
		grade[0] = (char)('A' + i);
		emit_name(j, grade);
		value_uint(j, s->grades[i]);
		if (s->grades[i])
			worst[0] = grade[0];
	}
	emit_word(j, "worst", *worst ? worst : NULL);
	emit_close(j, '}');
}

static void put_summary(struct report *r, const struct report_summary *s)
{
	struct json *j = &r->j;

	emit_open(j, "summary", '{');
	emit_uint(j, "tunnels", s->tunnels);
	emit_uint(j, "control_connections", s->connections);
	emit_uint(j, "calls", s->calls);
	emit_open(j, "findings", '{');
	for (unsigned i = SEVERITIES; i-- > 0;) {
		emit_name(j, rule_severity_name(i));
		value_uint(j, s->findings[i]);
	}
	emit_close(j, '}');
	put_grades(j, s);
	emit_uint(j, "gaps", s->gaps);
	emit_uint(j, "gap_octets", s->gap_octets);
	emit_bool(j, "partial", s->partial);
	put_baseline(r, &s->baseline);
	put_judged(j, s->unjudged);
	emit_open(j, "notices", '[');
	for (unsigned i = 0; s->notices && s->notices[i]; i++)
		put_sentence(r, s->notices[i]);
	emit_close(j, ']');
	emit_close(j, '}');
}

static bool json_end(struct report *r, const struct report_summary *s)
{
	int error;

	advance(r, STAGE_FINDINGS);
	emit_newline(&r->j);
	emit_close(&r->j, ']');
	emit_row(&r->j);
	put_summary(r, s);
	emit_close(&r->j, '}');
	emit_newline(&r->j);
	note_error(r, emit_flush(&r->j, r->o.out));
	if (fflush(r->o.out) != 0 && !r->error)
		r->error = errno ? errno : EIO;
	error = r->error;
	emit_clear(&r->j);
	free(r);
	errno = error;
	return error == 0;
}

const struct report_ops report_json = {
	.name = "json",
	.help = "one JSON document, as in doc/schema/pptpscope-report-1.schema.json",
	.begin = json_begin,
	.capture = json_capture,
	.tunnel = json_tunnel,
	.connection = json_connection,
	.call = json_call,
	.tunnel_end = json_tunnel_end,
	.finding = json_finding,
	.end = json_end,
};
