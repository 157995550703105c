/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report of an audit as JSON: doc/schema/pptpscope-report-1.schema.json.
 *
 * One row a line, written at once: what is in memory is a row, never the report.
 */
#include <errno.h>
#include <stdlib.h>

#include "analyzer/report_json_put.h"

/* How far the document has come. */
enum stage { STAGE_CAPTURES, STAGE_TUNNELS, STAGE_FINDINGS };

struct report {
	struct report_options o;
	struct json j;
	enum stage stage;
	const struct tunnel *tunnel; /* the open one */
	bool in_calls;
	int error; /* errno of the first write that failed */
};

static const char *version(void)
{
#ifdef PACKAGE_VERSION
	return PACKAGE_VERSION;
#else
	return "unknown";
#endif
}

static void flush(struct report *r)
{
	if (!json_flush(&r->j, r->o.out) && !r->error)
		r->error = errno ? errno : EIO;
}

static struct report *json_begin(const struct report_options *o)
{
	struct report *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->o = *o;
	if (!json_init(&r->j)) {
		free(r);
		return NULL;
	}
	json_open(&r->j, NULL, '{');
	json_text(&r->j, "schema", "pptpscope-report-1");
	json_open(&r->j, "tool", '{');
	json_text(&r->j, "name", "pptpscope");
	json_text(&r->j, "version", version());
	json_close(&r->j, '}');
	json_text(&r->j, "profile", o->profile);
	json_row(&r->j);
	json_open(&r->j, "captures", '[');
	return r;
}

/* Closes the arrays before a stage and opens its own. */
static void advance(struct report *r, enum stage to)
{
	static const char *const keys[] = { "captures", "tunnels", "findings" };

	while (r->stage < to) {
		r->stage++;
		json_newline(&r->j);
		json_close(&r->j, ']');
		json_row(&r->j);
		json_open(&r->j, keys[r->stage], '[');
	}
}

/* --- captures ------------------------------------------------------------------------------ */

static void put_unseen(struct json *j, const uint64_t *unseen)
{
	json_open(j, "unseen", '[');
	for (unsigned i = UNSEEN_NONE + 1; i < UNSEEN_COUNT; i++) {
		json_open(j, NULL, '{');
		json_text(j, "reason", report_unseen[i].name);
		json_uint(j, "packets", unseen ? unseen[i] : 0);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_inspected(struct json *j, const struct report_capture *c)
{
	json_open(j, "inspected", '{');
	json_uint(j, "control", c->control_packets);
	json_uint(j, "gre", c->gre_packets);
	json_uint(j, "icmp", c->icmp_packets);
	json_uint(j, "fragments", c->fragments);
	json_close(j, '}');
}

static void json_capture(struct report *r, const struct report_capture *c)
{
	char path[PATH_ROOM], error[PATH_ROOM], link[16];
	struct json *j = &r->j;

	json_row(j);
	json_open(j, NULL, '{');
	json_text(j, "file", report_path(&r->o, c->path, path));
	json_text(j, "format", c->format);
	json_text(j, "compression", c->compression);
	/* Without a format the file could not be read as a capture, and has no link type. */
	json_text(j, "link_type", c->format ? report_link_type(c->link_type, link) : NULL);
	json_uint(j, "packets", c->packets);
	json_uint(j, "octets", c->octets);
	json_time(j, "first_time", c->packets > 0, c->first_time);
	json_time(j, "last_time", c->packets > 0, c->last_time);
	json_uint(j, "truncated", c->truncated);
	json_bool(j, "damaged", c->damaged);
	json_text(j, "error", c->error ? report_error(&r->o, c->error, c->path, error) : NULL);
	put_inspected(j, c);
	json_uint(j, "offload_checksums", c->offload);
	put_unseen(j, c->unseen);
	json_close(j, '}');
	flush(r);
}

/* --- tunnels ------------------------------------------------------------------------------- */

/* First and last frame and time of anything. */
static void put_span(struct report *r, uint64_t first_frame, uint64_t last_frame, int64_t first_time,
		     int64_t last_time)
{
	json_frame(&r->j, &r->o, "first_frame", "first_capture", first_frame);
	json_frame(&r->j, &r->o, "last_frame", "last_capture", last_frame);
	json_time(&r->j, "first_time", first_frame != 0, first_time);
	json_time(&r->j, "last_time", last_frame != 0, last_time);
}

static void put_host(struct report *r, const char *key, const struct tunnel *t, int host)
{
	if (host < 0)
		json_null(&r->j, key);
	else
		json_addr(&r->j, &r->o, key, &t->host[host]);
}

static void json_tunnel(struct report *r, const struct tunnel *t)
{
	struct json *j = &r->j;

	advance(r, STAGE_TUNNELS);
	r->tunnel = t;
	r->in_calls = false;
	json_row(j);
	json_open(j, NULL, '{');
	json_uint(j, "id", t->id);
	put_host(r, "pac", t, t->pac);
	put_host(r, "pns", t, t->pac < 0 ? -1 : !t->pac);
	json_open(j, "hosts", '[');
	put_host(r, NULL, t, 0);
	put_host(r, NULL, t, 1);
	json_close(j, ']');
	json_uint(j, "context", t->context);
	json_text(j, "roles_known_by", t->pac < 0 ? NULL : report_message_name(t->role_by));
	json_frame(j, &r->o, "roles_frame", "roles_capture", t->pac < 0 ? 0 : t->role_frame);
	put_span(r, t->first_frame, t->last_frame, t->first_time, t->last_time);
	json_open(j, "icmp_unreachable", '[');
	json_uint(j, NULL, t->icmp_unreachable[0]);
	json_uint(j, NULL, t->icmp_unreachable[1]);
	json_close(j, ']');
	json_uint(j, "mirrored_frames", t->mirrored);
	json_row(j);
	json_open(j, "control_connections", '[');
	flush(r);
}

static void open_calls(struct report *r)
{
	if (r->in_calls)
		return;
	r->in_calls = true;
	json_newline(&r->j);
	json_close(&r->j, ']');
	json_row(&r->j);
	json_open(&r->j, "calls", '[');
}

static void json_tunnel_end(struct report *r, const struct tunnel *t)
{
	(void)t;
	open_calls(r);
	json_newline(&r->j);
	json_close(&r->j, ']');
	json_close(&r->j, '}');
	r->tunnel = NULL;
	flush(r);
}

/* --- control connections ------------------------------------------------------------------- */

/* A count of each side. */
static void put_sides(struct json *j, const char *key, uint64_t originator, uint64_t receiver)
{
	json_open(j, key, '{');
	json_uint(j, "originator", originator);
	json_uint(j, "receiver", receiver);
	json_close(j, '}');
}

static void put_name(struct json *j, const char *key, const char *words)
{
	json_text(j, key, words);
}

static void put_text64(struct report *r, const char *key, const uint8_t *text)
{
	char buf[TEXT_ROOM];

	json_text(&r->j, key,
		  text ? report_field_text(&r->o, key, text, strnlen((const char *)text, 64), buf) : NULL);
}

/* What a side said of itself; `type` is the message that it said it in. */
static void put_start(struct report *r, const char *key, const struct start_info *s, enum ctrl_type type)
{
	struct json *j = &r->j;
	bool reply = type == CTRL_SCCRP;
	char words[TEXT_ROOM];

	if (!s->frame) {
		json_null(j, key);
		return;
	}
	json_open(j, key, '{');
	put_text64(r, "host_name", s->host_name);
	put_text64(r, "vendor_name", s->vendor_name);
	json_uint(j, "firmware_revision", s->firmware);
	json_uint(j, "protocol_version", s->version);
	json_uint(j, "framing_capabilities", s->framing);
	put_name(j, "framing_capabilities_name",
		 report_value_words(type, "framing_capabilities", s->framing, words));
	json_uint(j, "bearer_capabilities", s->bearer);
	put_name(j, "bearer_capabilities_name", report_value_words(type, "bearer_capabilities", s->bearer, words));
	json_uint(j, "maximum_channels", s->channels);
	json_known(j, "result_code", reply, s->result);
	put_name(j, "result_name", reply ? report_result_words(type, s->result, words) : NULL);
	json_known(j, "error_code", reply, s->error);
	put_name(j, "error_name", reply ? report_value_words(type, "error_code", s->error, words) : NULL);
	json_frame(j, &r->o, "frame", "capture", s->frame);
	json_close(j, '}');
}

static void put_starts(struct report *r, const struct control_connection *c, int pac)
{
	unsigned receiver = !c->originator;

	if (pac < 0) {
		json_null(&r->j, "pac");
		json_null(&r->j, "pns");
		put_start(r, "originator_start", &c->start[0], CTRL_SCCRQ);
		put_start(r, "receiver_start", &c->start[1], CTRL_SCCRP);
	} else if ((unsigned)pac == receiver) {
		put_start(r, "pac", &c->start[1], CTRL_SCCRP);
		put_start(r, "pns", &c->start[0], CTRL_SCCRQ);
	} else {
		put_start(r, "pac", &c->start[0], CTRL_SCCRQ);
		put_start(r, "pns", &c->start[1], CTRL_SCCRP);
	}
}

static void put_messages(struct json *j, const struct control_connection *c)
{
	json_open(j, "messages", '{');
	for (unsigned type = CTRL_SCCRQ; type < CTRL_TYPES; type++) {
		uint64_t count = (uint64_t)c->messages[0][type] + c->messages[1][type];

		if (count)
			json_uint(j, report_message_name(type), count);
	}
	json_close(j, '}');
}

static void put_echo(struct json *j, const struct control_connection *c)
{
	static const char *const keys[] = { "originator", "receiver" };

	json_open(j, "echo", '{');
	for (unsigned side = 0; side < HOSTS; side++) {
		unsigned host = side ? !c->originator : c->originator;

		json_open(j, keys[side], '{');
		json_uint(j, "requests", c->echo_requests[host]);
		json_uint(j, "answered", c->echo_answered[host]);
		json_close(j, '}');
	}
	json_close(j, '}');
}

static void put_message_moment(struct json *j, const struct moment *m)
{
	const struct field *f = report_moment_field(m);
	bool result = m->status == CTRL_OK && report_has_result(m->type);
	char words[TEXT_ROOM];

	json_text(j, "message", report_message_name(m->type));
	json_text(j, "status", report_status_name(m->status));
	if (f)
		json_uint(j, f->name, m->value);
	if (!result)
		return;
	json_uint(j, "result", m->result);
	put_name(j, "result_name", report_result_words(m->type, m->result, words));
	if (m->type == CTRL_STOPRQ)
		return;
	json_uint(j, "error", m->error);
	put_name(j, "error_name", report_value_words(m->type, "error_code", m->error, words));
}

static void put_moment(struct report *r, const struct moment *m, uint64_t skipped)
{
	static const char *const events[] = {
		[MOMENT_SYN] = "syn",	      [MOMENT_SYNACK] = "syn-ack", [MOMENT_MIDSTREAM] = "midstream",
		[MOMENT_MESSAGE] = "message", [MOMENT_GAP] = "gap",	   [MOMENT_SKIPPED] = "skipped",
		[MOMENT_FIN] = "fin",	      [MOMENT_RST] = "rst",	   [MOMENT_ICMP] = "icmp",
	};
	struct json *j = &r->j;

	json_open(j, NULL, '{');
	if (skipped)
		json_uint(j, "left_out_before", skipped);
	json_frame(j, &r->o, "frame", "capture", m->frame);
	json_time(j, "time", true, m->time_ns);
	put_host(r, "from", r->tunnel, m->from);
	json_text(j, "event", events[m->kind]);
	if (m->kind == MOMENT_MESSAGE)
		put_message_moment(j, m);
	else if (m->kind == MOMENT_GAP || m->kind == MOMENT_SKIPPED)
		json_uint(j, "octets", m->value);
	json_close(j, '}');
}

static void put_timeline(struct report *r, const struct history *h)
{
	const struct moment *m;
	uint64_t skipped;

	json_open(&r->j, "timeline", '[');
	for (unsigned i = 0; (m = history_at(h, i, &skipped)); i++)
		put_moment(r, m, skipped);
	json_close(&r->j, ']');
}

/* How it began and ended, and what of it the capture lacks. */
static void put_condition(struct report *r, const struct control_connection *c)
{
	unsigned o = c->originator, p = !c->originator;
	struct json *j = &r->j;
	char words[TEXT_ROOM];

	json_bool(j, "originator_certain", c->originator_certain);
	json_bool(j, "midstream", c->midstream);
	json_text(j, "detected_by", c->detected ? "content" : "port");
	json_bool(j, "tcp_refused", c->tcp_refused);
	json_known(j, "stop_reason", c->stop_frame != 0, c->stop_reason);
	put_name(j, "stop_reason_name",
		 c->stop_frame ? report_result_words(CTRL_STOPRQ, c->stop_reason, words) : NULL);
	put_host(r, "stopped_by", r->tunnel, c->stopped_by);
	json_frame(j, &r->o, "stop_frame", "stop_capture", c->stop_frame);
	json_time(j, "first_time", c->first_frame != 0, c->first_time);
	json_time(j, "last_time", c->last_frame != 0, c->last_time);
	json_open(j, "seen", '{');
	json_bool(j, "originator", c->seen[o]);
	json_bool(j, "receiver", c->seen[p]);
	json_close(j, '}');
	json_uint(j, "gaps", c->gaps);
	put_sides(j, "lost_octets", c->lost[o], c->lost[p]);
	put_sides(j, "skipped_octets", c->skipped[o], c->skipped[p]);
	put_sides(j, "retransmitted_segments", c->retransmitted[o], c->retransmitted[p]);
	put_sides(j, "undecoded_messages", c->messages[o][0], c->messages[p][0]);
	json_uint(j, "bad_checksums", c->bad_checksums);
	json_uint(j, "offload_checksums", c->offload_checksums);
}

static void json_connection(struct report *r, const struct control_connection *c)
{
	struct json *j = &r->j;

	json_row(j);
	json_open(j, NULL, '{');
	json_uint(j, "id", c->id);
	put_host(r, "originator", r->tunnel, (int)c->originator);
	put_host(r, "receiver", r->tunnel, !c->originator);
	json_uint(j, "originator_port", c->port[0]);
	json_uint(j, "receiver_port", c->port[1]);
	json_text(j, "state", connection_state_name(c->state));
	json_frame(j, &r->o, "first_frame", "first_capture", c->first_frame);
	json_frame(j, &r->o, "last_frame", "last_capture", c->last_frame);
	json_bool(j, "complete", c->complete);
	put_host(r, "closed_by", r->tunnel, c->closed_by);
	json_text(j, "close", connection_close_name(c->close));
	put_messages(j, c);
	put_starts(r, c, report_connection_pac(c, r->tunnel));
	put_condition(r, c);
	put_echo(j, c);
	json_uint(j, "calls", c->calls);
	put_timeline(r, &c->history);
	json_close(j, '}');
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

	json_text(j, "called_number", report_number(&r->o, c->number, words));
	json_known(j, "minimum_bps", bps, c->minimum_bps);
	json_known(j, "maximum_bps", bps, c->maximum_bps);
	json_known(j, "connect_speed", report_call_has(c, CALL_SPEED), c->connect_speed);
	json_known(j, "physical_channel_id", report_call_has(c, CALL_CHANNEL), c->physical_channel);
	put_name(j, "bearer_type_name", bearer ? report_bearer_words(c, words) : NULL);
	put_name(j, "framing_type_name", framing ? report_framing_words(c, words) : NULL);
	json_known(j, "pns_recv_window_size", pns, c->pns_window);
	json_known(j, "pns_delay", pns, c->pns_delay);
	json_known(j, "pac_recv_window_size", pac, c->pac_window);
	json_known(j, "pac_delay", pac, c->pac_delay);
}

/* Result, error and cause of the reply or of the end. */
static void put_outcome(struct json *j, const char *key, bool seen, enum ctrl_type type, unsigned result,
			unsigned error, bool has_cause, unsigned cause)
{
	char words[TEXT_ROOM];

	if (!seen) {
		json_null(j, key);
		return;
	}
	json_open(j, key, '{');
	json_uint(j, "result", result);
	put_name(j, "result_name", report_result_words(type, result, words));
	json_uint(j, "error", error);
	put_name(j, "error_name", report_value_words(type, "error_code", error, words));
	json_known(j, "cause", has_cause, cause);
	put_name(j, "cause_name", has_cause ? ctrl_cause_name(cause) : NULL);
	json_close(j, '}');
}

static void put_steps(struct report *r, const struct call *c)
{
	static const char *const keys[] = { "request", "reply", "connected", "clear", "disconnect" };
	struct json *j = &r->j;

	json_open(j, "steps", '{');
	for (unsigned i = 0; i < CALL_STEPS; i++) {
		if (!c->step[i].frame) {
			json_null(j, keys[i]);
			continue;
		}
		json_open(j, keys[i], '{');
		json_frame(j, &r->o, "frame", "capture", c->step[i].frame);
		json_time(j, "time", true, c->step[i].time_ns);
		json_close(j, '}');
	}
	json_close(j, '}');
}

static void put_outcomes(struct report *r, const struct call *c)
{
	static const char *const ends[] = { NULL, "pns", "pac", "connection" };
	bool cleared = c->step[STEP_DISCONNECT].frame != 0;
	enum ctrl_type reply = report_reply_type(c);

	/* There is one cause: the disconnect's, or before that the reply's. */
	put_outcome(&r->j, "reply", c->replied, reply, c->reply_result, c->reply_error,
		    reply == CTRL_OCRP && !cleared, c->cause);
	put_outcome(&r->j, "disconnect", cleared, CTRL_CDN, c->end_result, c->end_error, true, c->cause);
	json_text(&r->j, "ended_by", c->ended_by < sizeof(ends) / sizeof(*ends) ? ends[c->ended_by] : NULL);
	put_steps(r, c);
}

static void put_rtt(struct json *j, const struct flow *f)
{
	if (!f->rtt_count) {
		json_null(j, "ack_rtt_seconds");
		return;
	}
	json_open(j, "ack_rtt_seconds", '{');
	json_seconds(j, "min", f->rtt_min_us);
	json_seconds(j, "mean", f->rtt_sum_us / f->rtt_count);
	json_seconds(j, "max", f->rtt_max_us);
	json_uint(j, "samples", f->rtt_count);
	json_close(j, '}');
}

static void put_defects(struct json *j, unsigned defects)
{
	json_open(j, "defects", '[');
	for (unsigned bit = 1; bit <= defects; bit <<= 1)
		if (defects & bit)
			json_text(j, NULL, report_gre_defect_name(bit));
	json_close(j, ']');
}

static void put_flow_counts(struct report *r, const struct flow *f)
{
	bool sequence = f->flags & FLOW_HAS_SEQ;
	struct json *j = &r->j;

	json_uint(j, "packets", f->packets);
	json_uint(j, "octets", f->octets);
	json_uint(j, "data_packets", f->data);
	json_known(j, "first_sequence_number", sequence, f->first_seq);
	json_known(j, "last_sequence_number", sequence, f->highest_seq);
	/* Nothing came, so nothing was numbered and lost; but numbers that jump tell nothing. */
	json_known(j, "lost", report_loss_known(f) || !f->data, flow_lost(f));
	json_uint(j, "duplicated", f->duplicated);
	json_uint(j, "reordered", f->reordered);
	json_bool(j, "sequence_restarted", f->flags & FLOW_DISTRUST);
	json_uint(j, "acknowledgments", f->acks);
	json_known(j, "last_acknowledgment_number", f->flags & FLOW_HAS_ACK, f->highest_ack);
	put_rtt(j, f);
	put_defects(j, f->defects);
	json_bool(j, "cut_headers", f->flags & FLOW_CUT);
	json_bool(j, "before_call", f->flags & FLOW_BEFORE_CALL);
	json_frame(j, &r->o, "first_frame", "first_capture", f->first_frame);
	json_frame(j, &r->o, "last_frame", "last_capture", f->last_frame);
	json_time(j, "last_time", f->flags & FLOW_SEEN, f->last_time);
}

static void put_flow(struct report *r, const char *key, const struct call *c, int pac, unsigned from)
{
	static const struct flow none;
	uint16_t id = 0;
	bool known;

	if (!report_flow_known(c, pac, from)) {
		json_null(&r->j, key);
		return;
	}
	json_open(&r->j, key, '{');
	if (!key)
		put_host(r, "sender", r->tunnel, (int)from);
	known = report_flow_call_id(c, pac, from, &id);
	json_known(&r->j, "call_id", known, id);
	put_flow_counts(r, c->flow[from] ? c->flow[from] : &none);
	json_close(&r->j, '}');
}

static void put_gre(struct report *r, const struct call *c)
{
	int pac = r->tunnel->pac;
	struct json *j = &r->j;

	json_open(j, "gre", '{');
	if (pac >= 0) {
		put_flow(r, "pns_to_pac", c, pac, !pac);
		put_flow(r, "pac_to_pns", c, pac, (unsigned)pac);
	} else {
		json_null(j, "pns_to_pac");
		json_null(j, "pac_to_pns");
		json_open(j, "flows", '[');
		for (unsigned from = 0; from < HOSTS; from++)
			if (report_flow_known(c, pac, from))
				put_flow(r, NULL, c, pac, from);
		json_close(j, ']');
	}
	json_close(j, '}');
}

static void json_call(struct report *r, const struct call *c)
{
	struct json *j = &r->j;

	open_calls(r);
	json_row(j);
	json_open(j, NULL, '{');
	json_uint(j, "id", c->id);
	json_known(j, "control_connection", c->connection_id != 0, c->connection_id);
	json_text(j, "kind", call_kind_name(c->kind));
	json_known(j, "pns_call_id", c->pns_id_known, c->pns_call_id);
	json_known(j, "pac_call_id", c->pac_id_known, c->pac_call_id);
	json_bool(j, "ids_certain", c->ids_certain);
	json_known(j, "call_serial_number", c->has_serial, c->serial);
	json_text(j, "state", call_state_name(c->state));
	put_span(r, c->first_frame, c->last_frame, c->first_time, c->last_time);
	put_parameters(r, c);
	put_outcomes(r, c);
	put_gre(r, c);
	/* What is within PPP is not looked into. */
	json_null(j, "ppp");
	json_null(j, "security");
	json_open(j, "diagnosis", '[');
	json_close(j, ']');
	json_close(j, '}');
	flush(r);
}

/* --- findings and the end ------------------------------------------------------------------ */

/* Names separated by commas, as an array. */
static void put_known_as(struct json *j, const char *names)
{
	char name[64];

	json_open(j, "known_as", '[');
	while (*names) {
		size_t len = strcspn(names, ",");

		names += strspn(names, " ");
		len = strcspn(names, ",");
		snprintf(name, sizeof(name), "%.*s", (int)len, names);
		if (len)
			json_text(j, NULL, name);
		names += len;
		names += *names == ',';
	}
	json_close(j, ']');
}

static void put_sentence(struct report *r, const char *key, const char *sentence)
{
	char buf[TEXT_ROOM];

	json_text(&r->j, key, report_sentence(&r->o, sentence, buf));
}

static void json_finding(struct report *r, const struct finding *f)
{
	struct json *j = &r->j;

	advance(r, STAGE_FINDINGS);
	json_row(j);
	json_open(j, NULL, '{');
	json_text(j, "id", f->id);
	json_text(j, "section", f->section);
	json_text(j, "level", f->level);
	json_text(j, "severity", report_severity_name(f->severity));
	json_text(j, "certainty", f->certainty == CERTAIN ? "certain" : "suspected");
	json_known(j, "tunnel", f->tunnel != 0, f->tunnel);
	json_known(j, "control_connection", f->connection != 0, f->connection);
	json_known(j, "call", f->call != 0, f->call);
	if (f->has_fault)
		json_addr(j, &r->o, "at_fault", &f->at_fault);
	else
		json_null(j, "at_fault");
	json_text(j, "role", report_role_name(f->role));
	json_frame(j, &r->o, "frame", "capture", f->frame);
	json_frame(j, &r->o, "last_frame", "last_capture", f->last_frame);
	json_uint(j, "count", f->count);
	json_time(j, "time", f->frame != 0, f->time_ns);
	put_sentence(r, "message", f->message);
	put_sentence(r, "expected", f->expected);
	put_sentence(r, "observed", f->observed);
	json_frames(j, &r->o, "evidence", "evidence_captures", f->evidence, f->nevidence);
	if (f->known_as)
		put_known_as(j, f->known_as);
	json_close(j, '}');
	flush(r);
}

static void put_summary(struct report *r, const struct report_summary *s)
{
	struct json *j = &r->j;

	json_open(j, "summary", '{');
	json_uint(j, "tunnels", s->tunnels);
	json_uint(j, "control_connections", s->connections);
	json_uint(j, "calls", s->calls);
	json_open(j, "findings", '{');
	for (unsigned i = SEVERITIES; i-- > 0;)
		json_uint(j, report_severity_name(i), s->findings[i]);
	json_close(j, '}');
	json_uint(j, "gaps", s->gaps);
	json_uint(j, "gap_octets", s->gap_octets);
	json_bool(j, "partial", s->partial);
	json_open(j, "notices", '[');
	for (unsigned i = 0; s->notices && s->notices[i]; i++)
		put_sentence(r, NULL, s->notices[i]);
	json_close(j, ']');
	json_close(j, '}');
}

static bool json_end(struct report *r, const struct report_summary *s)
{
	int error;

	advance(r, STAGE_FINDINGS);
	json_newline(&r->j);
	json_close(&r->j, ']');
	json_row(&r->j);
	put_summary(r, s);
	json_close(&r->j, '}');
	json_newline(&r->j);
	flush(r);
	if (fflush(r->o.out) != 0 && !r->error)
		r->error = errno ? errno : EIO;
	error = r->error;
	json_clear(&r->j);
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
