/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What came between two captures, as JSON: doc/schema/pptpscope-pair-1.schema.json.  Where there is
 * a value of each capture, it is an array of two, in the order of the captures.
 */
#include <errno.h>
#include <inttypes.h>

#include "analyzer/report_json_put.h"
#include "analyzer/report_pair.h"

/* A number of nanoseconds that may be negative, as seconds. */
static void put_nanos(struct json *j, const char *key, bool known, int64_t ns)
{
	uint64_t n = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
	char text[48];

	emit_name(j, key);
	if (!known) {
		value_null(j);
		return;
	}
	snprintf(text, sizeof(text), "%s%" PRIu64 ".%09" PRIu64, ns < 0 ? "-" : "", n / 1000000000,
		 n % 1000000000);
	value_raw(j, text);
}

static void put_two(struct json *j, const char *key, uint64_t first, uint64_t second)
{
	emit_name(j, key);
	value_open(j, '[');
	value_uint(j, first);
	value_uint(j, second);
	emit_close(j, ']');
}

static void put_two_known(struct json *j, const char *key, bool known0, uint64_t first, bool known1,
			  uint64_t second)
{
	emit_name(j, key);
	value_open(j, '[');
	value_known(j, known0, first);
	value_known(j, known1, second);
	emit_close(j, ']');
}

static void put_two_frames(struct json *j, const char *key, const uint64_t frame[SIDES])
{
	put_two_known(j, key, frame[0] != 0, FRAME_NUMBER(frame[0]), frame[1] != 0, FRAME_NUMBER(frame[1]));
}

static void put_codes(struct json *j, const char *const *code, unsigned codes)
{
	value_open(j, '[');
	for (unsigned i = 0; i < codes; i++)
		value_text(j, code[i]);
	emit_close(j, ']');
}

/* --- captures and clocks ------------------------------------------------------------------------ */

static void put_capture(struct json *j, const struct report_options *o, const struct report_capture *c)
{
	char path[PATH_ROOM], error[PATH_ROOM], link[16];

	emit_row(j);
	value_open(j, '{');
	emit_text(j, "file", report_path(o, c->path, path));
	emit_text(j, "format", c->format);
	emit_text(j, "link_type", c->format ? report_link_type(c->link_type, link) : NULL);
	emit_uint(j, "packets", c->packets);
	emit_uint(j, "octets", c->octets);
	emit_time(j, "first_time", c->packets > 0, c->first_time);
	emit_time(j, "last_time", c->packets > 0, c->last_time);
	emit_uint(j, "truncated", c->truncated);
	emit_bool(j, "damaged", c->damaged);
	emit_text(j, "error", c->error ? report_error(o, c->error, c->path, error) : NULL);
	emit_close(j, '}');
}

static void put_clock(struct json *j, const struct pair_clock *c)
{
	emit_open(j, "clock", '{');
	emit_bool(j, "estimated", c->known);
	put_nanos(j, "offset_seconds", c->known, c->offset_ns);
	put_nanos(j, "uncertainty_seconds", c->known, c->uncertainty_ns);
	put_two(j, "samples", c->samples[0], c->samples[1]);
	emit_close(j, '}');
}

/* --- connections ---------------------------------------------------------------------------------- */

static void put_end(struct json *j, const struct report_options *o, const char *key, const struct pair *p,
		    size_t i, unsigned end)
{
	emit_name(j, key);
	value_open(j, '[');
	for (unsigned side = 0; side < SIDES; side++) {
		const struct pair_connection *c = pair_connection_of(p, i, side);

		value_open(j, '{');
		emit_addr(j, o, "address", &c->addr[end]);
		emit_uint(j, "port", c->port[end]);
		emit_close(j, '}');
	}
	emit_close(j, ']');
}

static void put_change(struct json *j, const struct report_options *o, const struct pair *p,
		       const struct pair_change *c)
{
	const struct ctrl_desc *d = ctrl_desc_of(c->type);
	char text[TEXT_ROOM];

	value_open(j, '{');
	emit_text(j, "message", d->name);
	emit_text(j, "field", d->fields[c->row].name);
	emit_text(j, "kind", report_pair_kind(c->kind));
	emit_text(j, "from", c->from ? "receiver" : "originator");
	emit_open(j, "values", '[');
	for (unsigned side = 0; side < SIDES; side++)
		if (c->kind == CHANGE_TEXT)
			value_text(j, report_pair_change(o, p, c, side, text, sizeof(text)));
		else
			value_uint(j, c->value[side]);
	emit_close(j, ']');
	put_two_frames(j, "frames", c->frame);
	emit_uint(j, "count", c->count);
	emit_close(j, '}');
}

static void put_connection(struct json *j, const struct report_options *o, const struct pair *p, size_t i)
{
	const struct pair_connection_match *m = &p->connection[i];
	const struct pair_connection *c[SIDES] = { pair_connection_of(p, i, 0), pair_connection_of(p, i, 1) };

	emit_row(j);
	value_open(j, '{');
	emit_uint(j, "id", i + 1);
	put_two(j, "control_connections", c[0]->id, c[1]->id);
	emit_bool(j, "certain", m->certain);
	put_end(j, o, "originator", p, i, 0);
	put_end(j, o, "receiver", p, i, 1);
	emit_uint(j, "messages_matched", m->matched);
	put_two(j, "messages_unmatched", m->only[0], m->only[1]);
	put_two_frames(j, "unmatched_frames", m->only_frame);
	emit_open(j, "retransmitted", '{');
	put_two(j, "originator", c[0]->retransmitted[0], c[1]->retransmitted[0]);
	put_two(j, "receiver", c[0]->retransmitted[1], c[1]->retransmitted[1]);
	emit_close(j, '}');
	put_two(j, "bad_checksums", c[0]->bad_checksums, c[1]->bad_checksums);
	emit_open(j, "changes", '[');
	for (unsigned k = 0; k < m->changes; k++)
		put_change(j, o, p, &m->change[k]);
	emit_close(j, ']');
	emit_uint(j, "changes_left_out", m->changes_left_out);
	emit_open(j, "diagnosis", '[');
	for (unsigned side = 0; side < SIDES; side++)
		put_codes(j, c[side]->code, c[side]->codes);
	emit_close(j, ']');
	emit_close(j, '}');
}

/* --- calls ------------------------------------------------------------------------------------------ */

static void put_counts(struct json *j, const char *key, uint64_t packets, uint64_t data)
{
	emit_name(j, key);
	value_open(j, '{');
	emit_uint(j, "packets", packets);
	emit_uint(j, "data", data);
	emit_close(j, '}');
}

static void put_drops(struct json *j, const struct pair_way *w)
{
	emit_open(j, "dropped_frames", '[');
	for (unsigned i = 0; i < w->drops; i++) {
		value_open(j, '{');
		emit_uint(j, "frame", FRAME_NUMBER(w->drop_frame[i]));
		emit_known(j, "after_frame", w->drop_after[i] != 0, FRAME_NUMBER(w->drop_after[i]));
		emit_close(j, '}');
	}
	emit_close(j, ']');
}

static void put_delay(struct json *j, const struct pair_way *w, const struct pair_clock *clock)
{
	bool known = w->samples > 0;

	emit_open(j, "delay_seconds", '{');
	emit_text(j, "base", clock->known ? "estimated-clock" : "fastest-packet");
	put_nanos(j, "min", known, w->delay_min);
	put_nanos(j, "mean", known, known ? w->delay_sum / (int64_t)w->samples : 0);
	put_nanos(j, "max", known, w->delay_max);
	emit_close(j, '}');
}

static void put_ttl(struct json *j, const struct pair_way *w)
{
	emit_open(j, "ttl", '[');
	for (unsigned side = 0; side < SIDES; side++) {
		value_open(j, '{');
		emit_known(j, "min", w->ttl_min[side] != 0, w->ttl_min[side]);
		emit_known(j, "max", w->ttl_max[side] != 0, w->ttl_max[side]);
		emit_close(j, '}');
	}
	emit_close(j, ']');
}

static void put_way(struct json *j, const char *key, const struct pair_way *w, const struct pair_clock *clock)
{
	emit_name(j, key);
	value_open(j, '{');
	emit_uint(j, "passes_first", w->near);
	put_two(j, "packets", w->packets[0], w->packets[1]);
	put_two(j, "data_packets", w->data[0], w->data[1]);
	put_two_known(j, "call_id", w->packets[0] > 0, w->key[0], w->packets[1] > 0, w->key[1]);
	put_ttl(j, w);
	emit_uint(j, "matched", w->matched);
	put_counts(j, "dropped", w->dropped, w->dropped_data);
	put_drops(j, w);
	put_counts(j, "appeared", w->appeared, w->appeared_data);
	put_counts(j, "duplicated", w->duplicated, w->duplicated_data);
	put_counts(j, "reordered", w->reordered, w->reordered_data);
	put_two(j, "outside", w->outside[0], w->outside[1]);
	emit_open(j, "changed", '{');
	emit_uint(j, "payload", w->payload_changed);
	emit_uint(j, "length", w->length_changed);
	emit_uint(j, "acknowledgment", w->ack_changed);
	emit_uint(j, "header", w->header_changed);
	emit_uint(j, "header_bits", w->header_mask);
	emit_uint(j, "call_id", w->key_changed);
	emit_uint(j, "fragments", w->fragmented);
	put_two_frames(j, "frames", w->changed_frame);
	emit_close(j, '}');
	put_delay(j, w, clock);
	emit_close(j, '}');
}

static void put_hosts(struct json *j, const struct report_options *o, const char *key,
		      const struct pair_call *const c[SIDES], unsigned way)
{
	emit_name(j, key);
	value_open(j, '[');
	for (unsigned side = 0; side < SIDES; side++)
		value_addr(j, o, &c[side]->addr[way]);
	emit_close(j, ']');
}

static void put_call(struct json *j, const struct report_options *o, const struct pair *p, size_t i)
{
	const struct pair_call_match *m = &p->call[i];
	const struct pair_call *c[SIDES] = { pair_call_of(p, i, 0), pair_call_of(p, i, 1) };
	bool roles = c[0]->roles_known || c[1]->roles_known;

	emit_row(j);
	value_open(j, '{');
	emit_known(j, "connection", m->connection != NO_RECORD, (uint64_t)m->connection + 1);
	put_two(j, "calls", c[0]->id, c[1]->id);
	emit_bool(j, "certain", m->certain);
	emit_text(j, "kind", call_kind_name(c[0]->kind ? c[0]->kind : c[1]->kind));
	emit_bool(j, "roles_known", roles);
	put_hosts(j, o, "pns", c, 0);
	put_hosts(j, o, "pac", c, 1);
	put_two_known(j, "pns_call_id", c[0]->call_id_known[0], c[0]->call_id[0], c[1]->call_id_known[0],
		      c[1]->call_id[0]);
	put_two_known(j, "pac_call_id", c[0]->call_id_known[1], c[0]->call_id[1], c[1]->call_id_known[1],
		      c[1]->call_id[1]);
	emit_text(j, "order_known_by", report_pair_orientation(m->orientation));
	put_way(j, "pns_to_pac", &m->way[0], &p->clock);
	put_way(j, "pac_to_pns", &m->way[1], &p->clock);
	emit_open(j, "diagnosis", '[');
	for (unsigned side = 0; side < SIDES; side++)
		put_codes(j, c[side]->code, c[side]->codes);
	emit_close(j, ']');
	emit_close(j, '}');
}

/* --- the whole ---------------------------------------------------------------------------------------- */

static void put_summary(struct json *j, const struct pair *p)
{
	const struct report_pair_sums s = report_pair_sum(p);

	emit_open(j, "summary", '{');
	emit_uint(j, "connections", p->connections);
	emit_uint(j, "calls", p->calls);
	put_two(j, "connections_unmatched", s.connections_only[0], s.connections_only[1]);
	put_two(j, "calls_unmatched", s.calls_only[0], s.calls_only[1]);
	emit_uint(j, "field_changes", s.changes);
	emit_uint(j, "packets_matched", s.matched);
	emit_uint(j, "packets_dropped", s.dropped);
	emit_uint(j, "packets_appeared", s.appeared);
	emit_uint(j, "packets_duplicated", s.duplicated);
	emit_uint(j, "packets_reordered", s.reordered);
	emit_uint(j, "packets_changed", s.changed);
	emit_close(j, '}');
}

static void put_head(struct json *j, const struct report_options *o, const struct report_pair *r)
{
	value_open(j, '{');
	emit_text(j, "schema", "pptpscope-pair-1");
	emit_open(j, "tool", '{');
	emit_text(j, "name", "pptpscope");
#ifdef PACKAGE_VERSION
	emit_text(j, "version", PACKAGE_VERSION);
#else
	emit_text(j, "version", "unknown");
#endif
	emit_close(j, '}');
	emit_row(j);
	emit_open(j, "captures", '[');
	for (unsigned side = 0; side < SIDES; side++)
		put_capture(j, o, &r->capture[side]);
	emit_close(j, ']');
	emit_row(j);
	put_clock(j, &r->pair->clock);
}

bool report_pair_json(const struct report_options *o, const struct report_pair *r)
{
	const struct pair *p = r->pair;
	struct json j;
	bool ok;

	if (!emit_init(&j))
		return false;
	put_head(&j, o, r);
	emit_row(&j);
	emit_open(&j, "connections", '[');
	ok = true;
	for (size_t i = 0; ok && i < p->connections; i++) {
		put_connection(&j, o, p, i);
		ok = emit_flush_much(&j, o->out);
	}
	emit_close(&j, ']');
	emit_row(&j);
	emit_open(&j, "calls", '[');
	for (size_t i = 0; ok && i < p->calls; i++) {
		put_call(&j, o, p, i);
		ok = emit_flush_much(&j, o->out);
	}
	emit_close(&j, ']');
	emit_row(&j);
	put_summary(&j, p);
	emit_open(&j, "notices", '[');
	for (unsigned i = 0; r->notices[i]; i++)
		value_text(&j, r->notices[i]);
	emit_close(&j, ']');
	emit_close(&j, '}');
	emit_newline(&j);
	ok = ok && emit_flush(&j, o->out) && !j.failed;
	emit_clear(&j);
	return ok;
}
