/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Live events as JSON, one object a line: doc/schema/pptpscope-events-1.schema.json, and the same in the
 * envelope of Suricata's EVE, under the key "pptp".
 */
#include <errno.h>
#include <stdlib.h>

#include "analyzer/report_events.h"
#include "analyzer/report_json_body.h"
#include "dissectors/community_id.h"

struct event_writer {
	struct report r; /* its options, buffer and tunnel */
	const char *interface;
};

static struct event_writer *open_writer(const struct report_options *o, const char *interface)
{
	struct event_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->interface = interface;
	if (report_json_init(&w->r, o))
		return w;
	free(w);
	return NULL;
}

static void close_writer(struct event_writer *w)
{
	if (!w)
		return;
	emit_clear(&w->r.j);
	free(w);
}

static void begin_line(struct event_writer *w, const struct live_event *e)
{
	emit_restart(&w->r.j);
	if (e->tunnel)
		report_json_tunnel(&w->r, e->tunnel);
}

static const char *end_line(struct event_writer *w, size_t *len)
{
	emit_close(&w->r.j, '}');
	return emit_line(&w->r.j, len);
}

/* --- one function a kind ------------------------------------------------------------------- */

static void put_ids(struct json *j, const struct live_event *e, bool call)
{
	emit_known(j, "tunnel", e->tunnel != NULL, e->tunnel ? e->tunnel->id : 0);
	emit_known(j, "control_connection", e->connection_id != 0, e->connection_id);
	if (call)
		emit_known(j, "call", e->call_id != 0, e->call_id);
}

static void put_connection_open(struct event_writer *w, const struct live_event *e)
{
	const struct control_connection *c = e->connection;
	struct json *j = &w->r.j;

	put_ids(j, e, false);
	emit_key(j, "originator");
	report_json_host(&w->r, (int)c->originator);
	emit_key(j, "receiver");
	report_json_host(&w->r, !c->originator);
	emit_uint(j, "originator_port", c->port[0]);
	emit_uint(j, "receiver_port", c->port[1]);
	emit_bool(j, "midstream", c->midstream);
	emit_frame(j, &w->r.o, "first_frame", "first_capture", c->first_frame);
}

static void put_connection_close(struct event_writer *w, const struct live_event *e)
{
	put_ids(&w->r.j, e, false);
	report_json_connection(&w->r, e->connection, e->why, e->whys);
}

static void put_control(struct event_writer *w, const struct live_event *e)
{
	const struct decode_where where = {
		.frames = e->where->frames,
		.nframes = e->where->nframes,
		.frame = e->where->frame,
		.time_ns = e->where->time_ns,
		.src = *e->where->src,
		.dst = *e->where->dst,
		.src_port = e->where->src_port,
		.dst_port = e->where->dst_port,
	};

	put_ids(&w->r.j, e, true);
	report_json_where(&w->r.j, &w->r.o, &where, true);
	report_json_message(&w->r.j, &w->r.o, e->msg);
}

static void put_call_hosts(struct event_writer *w, const struct live_event *e)
{
	int pac = e->tunnel->pac;
	struct json *j = &w->r.j;

	put_ids(j, e, true);
	emit_key(j, "pac");
	report_json_host(&w->r, pac);
	emit_key(j, "pns");
	report_json_host(&w->r, pac < 0 ? -1 : !pac);
	emit_open(j, "hosts", '[');
	report_json_host(&w->r, 0);
	report_json_host(&w->r, 1);
	emit_close(j, ']');
}

static void put_call_open(struct event_writer *w, const struct live_event *e)
{
	put_call_hosts(w, e);
	report_json_call_begun(&w->r, e->call);
}

static void put_call_close(struct event_writer *w, const struct live_event *e)
{
	put_call_hosts(w, e);
	report_json_call(&w->r, e->call, e->why, e->whys);
}

static void put_call_join(struct event_writer *w, const struct live_event *e)
{
	put_ids(&w->r.j, e, true);
	emit_uint(&w->r.j, "into", e->into);
}

static void put_finding(struct event_writer *w, const struct live_event *e)
{
	const struct finding *f = e->finding;
	struct json *j = &w->r.j;
	char path[PATH_ROOM];

	emit_known(j, "tunnel", f->tunnel != 0, f->tunnel);
	emit_known(j, "control_connection", f->connection != 0, f->connection);
	emit_known(j, "call", f->call != 0, f->call);
	report_json_finding_rule(&w->r, f);
	report_json_finding_place(&w->r, f);
	report_json_finding_words(&w->r, f);
	if (e->baseline != BASELINE_NONE)
		emit_text(j, "baseline", e->baseline == BASELINE_NEW ? "new" : "unchanged");
	if (e->evidence_file)
		emit_text(j, "evidence_file", report_path(&w->r.o, e->evidence_file, path));
}

/* A number of seconds, to the microsecond. */
static void put_seconds(struct json *j, const char *key, double seconds)
{
	char text[40];

	snprintf(text, sizeof(text), "%.6f", seconds);
	emit_name(j, key);
	value_raw(j, text);
}

static void put_gap(struct event_writer *w, const struct live_event *e)
{
	const struct live_gap *g = e->gap;
	struct json *j = &w->r.j;

	emit_text(j, "reason", g->reason);
	emit_text(j, "interface", g->interface);
	emit_known(j, "packets", g->has_packets, g->packets);
	emit_known(j, "octets", g->has_octets, g->octets);
	if (g->has_seconds)
		put_seconds(j, "seconds", g->seconds);
	else
		emit_null(j, "seconds");
	if (!e->where)
		return;
	emit_frame(j, &w->r.o, "frame", "capture", e->where->frame);
	emit_addr(j, &w->r.o, "src", e->where->src);
	emit_uint(j, "src_port", e->where->src_port);
	emit_addr(j, &w->r.o, "dst", e->where->dst);
	emit_uint(j, "dst_port", e->where->dst_port);
}

static void put_numbers(struct json *j, const char *key, uint64_t tunnels, uint64_t connections,
			uint64_t calls)
{
	emit_name(j, key);
	value_open(j, '{');
	emit_uint(j, "tunnels", tunnels);
	emit_uint(j, "control_connections", connections);
	emit_uint(j, "calls", calls);
	emit_close(j, '}');
}

static void put_stats(struct event_writer *w, const struct live_event *e)
{
	const struct live_stats *s = e->stats;
	struct json *j = &w->r.j;

	put_seconds(j, "interval_seconds", (double)e->interval_ns / 1e9);
	emit_bool(j, "final", !e->interval_ns);
	emit_uint(j, "packets", s->packets);
	emit_uint(j, "octets", s->octets);
	emit_open(j, "inspected", '{');
	emit_uint(j, "control", s->control);
	emit_uint(j, "gre", s->gre);
	emit_uint(j, "icmp", s->icmp);
	emit_uint(j, "fragments", s->fragments);
	emit_close(j, '}');
	report_json_unseen(j, s->unseen);
	emit_open(j, "drops", '{');
	emit_uint(j, "kernel", s->kernel_drops);
	emit_uint(j, "interface", s->interface_drops);
	emit_uint(j, "limits", s->over_limit);
	emit_uint(j, "events", s->event_drops);
	emit_close(j, '}');
	emit_uint(j, "events", s->events);
	put_numbers(j, "live", s->tunnels, s->connections, s->calls);
	put_numbers(j, "seen", s->tunnels_seen, s->connections_seen, s->calls_seen);
	put_numbers(j, "evicted", s->tunnels_evicted, s->connections_evicted, s->calls_evicted);
	emit_open(j, "findings", '{');
	for (unsigned i = SEVERITIES; i-- > 0;) {
		emit_name(j, rule_severity_name(i));
		value_uint(j, s->findings[i]);
	}
	emit_close(j, '}');
	emit_uint(j, "gaps", s->gaps);
	emit_uint(j, "gap_octets", s->gap_octets);
	emit_known(j, "memory_octets", s->memory != 0, s->memory);
}

static void put_notice(struct event_writer *w, const struct live_event *e)
{
	char buf[TEXT_ROOM];

	emit_text(&w->r.j, "code", e->code);
	emit_text(&w->r.j, "message", report_sentence(&w->r.o, e->text, buf));
}

static void (*const put[LIVE_KINDS])(struct event_writer *w, const struct live_event *e) = {
	[LIVE_CONNECTION_OPEN] = put_connection_open,
	[LIVE_CONNECTION_CLOSE] = put_connection_close,
	[LIVE_CONTROL] = put_control,
	[LIVE_CALL_OPEN] = put_call_open,
	[LIVE_CALL_CLOSE] = put_call_close,
	[LIVE_CALL_JOIN] = put_call_join,
	[LIVE_FINDING] = put_finding,
	[LIVE_GAP] = put_gap,
	[LIVE_STATS] = put_stats,
	[LIVE_NOTICE] = put_notice,
};

static const char *json_line(struct event_writer *w, const struct live_event *e, size_t *len)
{
	struct json *j = &w->r.j;

	begin_line(w, e);
	value_open(j, '{');
	emit_word(j, "type", live_kind_name(e->kind));
	emit_time(j, "time", true, e->time_ns);
	put[e->kind](w, e);
	return end_line(w, len);
}

/* --- EVE ----------------------------------------------------------------------------------- */

/* "2005-06-09T12:47:14.834809+0000" */
static void put_timestamp(struct json *j, int64_t time_ns)
{
	char buf[REPORT_TIME + 8];

	report_time(time_ns - time_ns % 1000, buf);
	memcpy(buf + strlen(buf) - 1, "+0000", sizeof("+0000"));
	emit_text(j, "timestamp", buf);
}

static bool ends_of(const struct live_event *e, struct flow_ends *f)
{
	const struct control_connection *c = e->connection;
	unsigned src = e->tunnel && e->tunnel->pac == 0; /* the PNS */

	if (e->where) {
		*f = (struct flow_ends){ *e->where->src, *e->where->dst, e->where->src_port,
					 e->where->dst_port, IP_PROTO_TCP };
		return true;
	}
	if (!e->tunnel)
		return false;
	if (c && e->kind != LIVE_CALL_OPEN && e->kind != LIVE_CALL_CLOSE)
		*f = (struct flow_ends){ e->tunnel->host[c->originator], e->tunnel->host[!c->originator],
					 c->port[0], c->port[1], IP_PROTO_TCP };
	else
		*f = (struct flow_ends){ e->tunnel->host[src], e->tunnel->host[!src], 0, 0, IP_PROTO_GRE };
	return true;
}

static void put_flow(struct event_writer *w, const struct flow_ends *f)
{
	bool tcp = f->protocol == IP_PROTO_TCP;
	struct json *j = &w->r.j;
	char id[COMMUNITY_ID];

	emit_addr(j, &w->r.o, "src_ip", &f->src);
	if (tcp)
		emit_uint(j, "src_port", f->src_port);
	emit_addr(j, &w->r.o, "dest_ip", &f->dst);
	if (tcp)
		emit_uint(j, "dest_port", f->dst_port);
	emit_word(j, "proto", tcp ? "TCP" : "GRE");
	/* A hash of addresses that are to be masked would name them. */
	if (!w->r.o.anonymize)
		emit_text(j, "community_id", community_id(f, 0, id));
}

/* A number that stays with the requirement, whatever others are added; above what rule sets use. */
static uint32_t signature_id(const char *id)
{
	uint32_t hash = 2166136261u;

	for (; *id; id++)
		hash = (hash ^ (uint8_t)*id) * 16777619u;
	return 2637000000u + hash % 1000000;
}

static void put_alert(struct event_writer *w, const struct finding *f)
{
	struct json *j = &w->r.j;
	char signature[256], buf[TEXT_ROOM];

	snprintf(signature, sizeof(signature), "PPTP %s %s", f->id, f->message);
	emit_open(j, "alert", '{');
	emit_word(j, "action", "allowed");
	emit_uint(j, "gid", 1);
	emit_uint(j, "signature_id", signature_id(f->id));
	emit_uint(j, "rev", 1);
	emit_text(j, "signature", report_sentence(&w->r.o, signature, buf));
	emit_text(j, "category", "Protocol violation");
	emit_uint(j, "severity", (uint64_t)(SEVERITIES - f->severity));
	emit_close(j, '}');
}

static const char *eve_type(enum live_kind kind)
{
	return kind == LIVE_FINDING ? "alert" : kind == LIVE_STATS ? "stats" : "pptp";
}

static const char *eve_line(struct event_writer *w, const struct live_event *e, size_t *len)
{
	struct json *j = &w->r.j;
	struct flow_ends f;
	bool flow = ends_of(e, &f);

	begin_line(w, e);
	value_open(j, '{');
	put_timestamp(j, e->time_ns);
	if (flow && !w->r.o.anonymize)
		emit_uint(j, "flow_id", community_flow(&f));
	if (w->interface)
		emit_text(j, "in_iface", w->interface);
	emit_word(j, "event_type", eve_type(e->kind));
	if (flow)
		put_flow(w, &f);
	if (e->kind == LIVE_FINDING)
		put_alert(w, e->finding);
	emit_open(j, "pptp", '{');
	emit_word(j, "type", live_kind_name(e->kind));
	emit_time(j, "time", true, e->time_ns);
	put[e->kind](w, e);
	emit_close(j, '}');
	return end_line(w, len);
}

const struct event_format event_json = {
	.name = "json",
	.help = "one object a line, as in doc/schema/pptpscope-events-1.schema.json",
	.open = open_writer,
	.line = json_line,
	.close = close_writer,
};

const struct event_format event_eve = {
	.name = "eve",
	.help = "the same in the envelope of Suricata's EVE",
	.open = open_writer,
	.line = eve_line,
	.close = close_writer,
};
