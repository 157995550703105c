/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What came between two captures, for people. */
#include <inttypes.h>
#include <stdlib.h>

#include "analyzer/report_pair.h"
#include "analyzer/report_text_put.h"

enum { DEFAULT_WIDTH = 100, MIN_WIDTH = 24, LABEL = 13, TIME_ROOM = 48, MATCHES_MAX = 1000 };

struct pair_text {
	const struct report_options *o;
	struct text t;
	const struct report_pair *r;
	const struct pair *p;
};

/* "12.345 ms", with a sign where it is negative. */
static const char *millis(int64_t ns, char buf[TIME_ROOM])
{
	uint64_t us = (ns < 0 ? -(uint64_t)ns : (uint64_t)ns) / 1000;

	snprintf(buf, TIME_ROOM, "%s%" PRIu64 ".%03" PRIu64 NBSP "ms", ns < 0 && us ? "-" : "", us / 1000,
		 us % 1000);
	return buf;
}

/* A label on a line of its own paragraph. */
static void row(struct pair_text *x, const char *label)
{
	text_label(&x->t, 4, LABEL, label);
}

/* --- captures and clocks ------------------------------------------------------------------------ */

static void put_capture(struct pair_text *x, unsigned side)
{
	const struct report_capture *c = &x->r->capture[side];
	char path[PATH_ROOM], error[PATH_ROOM], first[REPORT_TIME];
	struct text *t = &x->t;

	text_open(t, 0, 2);
	text_words(t, BOLD, "Capture" NBSP "%u", side + 1);
	report_path(x->o, c->path, path);
	text_words(t, PLAIN, "%s", text_keep(path));
	text_close(t);
	text_open(t, 2, 4);
	if (c->damaged)
		text_words(t, RED, "%s: %s%s", c->format ? "damaged" : "not read",
			   c->error ? report_error(x->o, c->error, c->path, error) : "its end is missing",
			   c->packets ? ";" : "");
	text_item(t, PLAIN, "%" PRIu64 " packet%s", c->packets, plural(c->packets));
	if (c->packets)
		text_item(t, PLAIN, "from %s", report_time(c->first_time, first));
	text_item(t, PLAIN, "%zu control connection%s", x->p->side[side].connections,
		  plural(x->p->side[side].connections));
	text_item(t, PLAIN, "%zu call%s", x->p->side[side].calls, plural(x->p->side[side].calls));
	text_close(t);
}

static void put_clock(struct pair_text *x)
{
	const struct pair_clock *c = &x->p->clock;
	char offset[TIME_ROOM], error[TIME_ROOM];
	struct text *t = &x->t;

	text_open(t, 0, 2);
	text_words(t, BOLD, "Clocks");
	if (c->known) {
		int64_t apart = c->offset_ns < 0 ? -c->offset_ns : c->offset_ns;

		text_words(t, PLAIN, "capture 2 is %s %s capture 1, give or take %s: an estimate from",
			   millis(apart, offset), c->offset_ns < 0 ? "behind" : "ahead of",
			   millis(c->uncertainty_ns, error));
		text_words(t, PLAIN, "%" PRIu64 " packets one way and %" PRIu64 " the other, for a path as",
			   c->samples[0], c->samples[1]);
		text_words(t, PLAIN, "fast in both directions.");
	} else if (c->samples[0] || c->samples[1]) {
		text_words(t, PLAIN,
			   "nothing passed in one of the directions: their difference cannot be told from"
			   " delay, and delays are counted from that of the fastest packet.");
	} else {
		text_words(t, PLAIN, "nothing passed both captures: their difference is not known.");
	}
	text_close(t);
}

/* --- connections ---------------------------------------------------------------------------------- */

static void put_end(struct pair_text *x, const char *label, const struct ip_addr *a, const struct ip_addr *b,
		    int port_a, int port_b)
{
	char first[64], second[64];
	struct text *t = &x->t;

	row(x, label);
	text_words(t, PLAIN, "%s", report_addr(x->o, a, first));
	if (port_a >= 0)
		text_words(t, PLAIN, "port" NBSP "%d", port_a);
	if (ip_addr_same(a, b) && port_a == port_b) {
		text_words(t, DIM, "in both");
	} else {
		text_words(t, YELLOW, "became %s", report_addr(x->o, b, second));
		if (port_b >= 0)
			text_words(t, YELLOW, "port" NBSP "%d", port_b);
	}
	text_close(t);
}

static void put_change(struct pair_text *x, const struct pair_change *c)
{
	const struct ctrl_desc *d = ctrl_desc_of(c->type);
	char first[TEXT_ROOM], second[TEXT_ROOM];
	struct text *t = &x->t;

	row(x, "changed");
	text_words(t, BOLD, "%s", d->name);
	text_words(t, PLAIN, "%s", d->fields[c->row].label);
	report_pair_change(x->o, x->p, c, 0, first, sizeof(first));
	report_pair_change(x->o, x->p, c, 1, second, sizeof(second));
	text_words(t, YELLOW, "%s became", text_keep(first));
	text_words(t, YELLOW, "%s", text_keep(second));
	text_words(t, DIM, "(frames 1:%" PRIu64 " and 2:%" PRIu64 "%s", FRAME_NUMBER(c->frame[0]),
		   FRAME_NUMBER(c->frame[1]), c->count > 1 ? "," : ")");
	if (c->count > 1)
		text_words(t, DIM, "%" PRIu64 " times)", c->count);
	text_close(t);
}

static void put_messages(struct pair_text *x, const struct pair_connection_match *m)
{
	struct text *t = &x->t;

	row(x, "messages");
	text_item(t, PLAIN, "%" PRIu64 " in both", m->matched);
	for (unsigned side = 0; side < SIDES; side++)
		if (m->only[side])
			text_item(t, YELLOW, "%" PRIu64 " only in capture %u, first in frame %u:%" PRIu64,
				  m->only[side], side + 1, side + 1, FRAME_NUMBER(m->only_frame[side]));
	text_close(t);
}

/* What TCP had to do twice, and what it could not believe. */
static void put_tcp(struct pair_text *x, const struct pair_connection *const c[SIDES])
{
	struct text *t = &x->t;
	bool again = false;

	for (unsigned side = 0; side < SIDES; side++)
		again |= c[side]->retransmitted[0] || c[side]->retransmitted[1];
	if (again) {
		row(x, "repeated");
		for (unsigned end = 0; end < HOSTS; end++)
			text_item(t, PLAIN,
				  "%s: %" PRIu32 " TCP segments seen again in capture 1 and %" PRIu32
				  " in capture 2",
				  end ? "receiver" : "originator", c[0]->retransmitted[end],
				  c[1]->retransmitted[end]);
		text_close(t);
	}
	if (c[0]->bad_checksums || c[1]->bad_checksums) {
		row(x, "checksums");
		text_words(t, YELLOW,
			   "wrong in %" PRIu32 " segments of capture 1 and %" PRIu32 " of capture 2",
			   c[0]->bad_checksums, c[1]->bad_checksums);
		text_close(t);
	}
}

static void put_codes(struct pair_text *x, unsigned side, const char *const *code, unsigned codes)
{
	if (!codes)
		return;
	row(x, side ? "capture 2" : "capture 1");
	for (unsigned i = 0; i < codes; i++)
		text_item(&x->t, strcmp(code[i], "healthy") == 0 ? GREEN : YELLOW, "%s", code[i]);
	text_close(&x->t);
}

static void put_connection(struct pair_text *x, size_t i)
{
	const struct pair_connection_match *m = &x->p->connection[i];
	const struct pair_connection *c[SIDES] = { pair_connection_of(x->p, i, 0),
						   pair_connection_of(x->p, i, 1) };
	struct text *t = &x->t;

	text_open(t, 0, 2);
	text_words(t, BOLD, "Control connection %zu", i + 1);
	text_words(t, DIM, "(1: control connection %" PRIu64 ", 2: control connection %" PRIu64 ")", c[0]->id,
		   c[1]->id);
	if (!m->certain)
		text_words(t, YELLOW, "not certain: others are as much alike");
	text_close(t);
	put_end(x, "originator", &c[0]->addr[0], &c[1]->addr[0], c[0]->port[0], c[1]->port[0]);
	put_end(x, "receiver", &c[0]->addr[1], &c[1]->addr[1], c[0]->port[1], c[1]->port[1]);
	put_messages(x, m);
	for (unsigned k = 0; k < m->changes; k++)
		put_change(x, &m->change[k]);
	if (m->changes_left_out) {
		row(x, "");
		text_words(t, PLAIN, "and %" PRIu64 " more changes", m->changes_left_out);
		text_close(t);
	}
	put_tcp(x, c);
	for (unsigned side = 0; side < SIDES; side++)
		put_codes(x, side, c[side]->code, c[side]->codes);
}

/* --- calls ------------------------------------------------------------------------------------------ */

static void put_call_id(struct pair_text *x, const char *label, const struct pair_call *const c[SIDES],
			unsigned way)
{
	struct text *t = &x->t;

	if (!c[0]->call_id_known[way] && !c[1]->call_id_known[way])
		return;
	row(x, label);
	for (unsigned side = 0; side < SIDES; side++) {
		bool same = c[0]->call_id_known[way] && c[1]->call_id_known[way] &&
			    c[0]->call_id[way] == c[1]->call_id[way];

		if (side && same)
			text_words(t, DIM, "in both");
		else if (c[side]->call_id_known[way])
			text_words(t, side ? YELLOW : PLAIN, "%s%u", side ? "became " : "",
				   c[side]->call_id[way]);
		else
			text_words(t, PLAIN, side ? "not known in capture 2" : "not known in capture 1, and");
	}
	text_close(t);
}

static void put_count(struct pair_text *x, enum style s, uint64_t packets, uint64_t data, const char *what)
{
	if (packets)
		text_item(&x->t, s, "%" PRIu64 " %s (%" PRIu64 " with data)", packets, what, data);
}

static void put_drops(struct pair_text *x, const struct pair_way *w)
{
	struct text *t = &x->t;

	if (!w->drops)
		return;
	text_open(t, 6, 8);
	text_words(t, PLAIN, "dropped: frames");
	for (unsigned i = 0; i < w->drops; i++) {
		text_item(t, PLAIN, "%u:%" PRIu64, w->near + 1, FRAME_NUMBER(w->drop_frame[i]));
		if (w->drop_after[i])
			text_words(t, DIM, "(after %u:%" PRIu64 ")", !w->near + 1,
				   FRAME_NUMBER(w->drop_after[i]));
	}
	if (w->dropped > w->drops)
		text_item(t, PLAIN, "and %" PRIu64 " more", w->dropped - w->drops);
	text_close(t);
}

static void put_changed(struct pair_text *x, const struct pair_way *w)
{
	struct text *t = &x->t;

	if (w->key_changed || w->fragmented || w->changed_frame[0]) {
		text_open(t, 6, 8);
		text_words(t, PLAIN, "changed:");
		if (w->key_changed)
			text_item(t, YELLOW, "GRE Call ID %u became %u in %" PRIu64 " packets",
				  w->key[w->near], w->key[!w->near], w->key_changed);
		if (w->fragmented)
			text_item(t, YELLOW, "other IP fragments of %" PRIu64 " packets", w->fragmented);
		if (w->payload_changed)
			text_item(t, RED, "payload of %" PRIu64, w->payload_changed);
		if (w->length_changed)
			text_item(t, RED, "Payload Length of %" PRIu64, w->length_changed);
		if (w->ack_changed)
			text_item(t, RED, "Acknowledgment Number of %" PRIu64, w->ack_changed);
		if (w->header_changed)
			text_item(t, RED, "header bits 0x%04x of %" PRIu64, w->header_mask,
				  w->header_changed);
		if (w->changed_frame[0])
			text_words(t, DIM, "(first in frames 1:%" PRIu64 " and 2:%" PRIu64 ")",
				   FRAME_NUMBER(w->changed_frame[0]), FRAME_NUMBER(w->changed_frame[1]));
		text_close(t);
	}
}

static void put_delay(struct pair_text *x, const struct pair_way *w)
{
	char least[TIME_ROOM], mean[TIME_ROOM], most[TIME_ROOM];
	struct text *t = &x->t;

	if (!w->samples)
		return;
	text_open(t, 6, 8);
	text_words(t, PLAIN, "one way: %s at least, %s on average, %s at most", millis(w->delay_min, least),
		   millis(w->delay_sum / (int64_t)w->samples, mean), millis(w->delay_max, most));
	text_words(t, DIM, x->p->clock.known ? "(estimated)" : "(above the fastest)");
	text_close(t);
}

static void put_way(struct pair_text *x, const char *label, const struct pair_way *w)
{
	struct text *t = &x->t;
	uint64_t outside = w->outside[0] + w->outside[1];

	text_open(t, 4, 6);
	text_words(t, BOLD, "%s:", label);
	text_item(t, PLAIN, "%" PRIu64 " GRE packets in capture %u", w->packets[w->near], w->near + 1);
	text_item(t, PLAIN, "%" PRIu64 " behind it in capture %u", w->packets[!w->near], !w->near + 1);
	put_count(x, RED, w->dropped, w->dropped_data, "dropped");
	put_count(x, YELLOW, w->duplicated, w->duplicated_data, "duplicated");
	put_count(x, YELLOW, w->reordered, w->reordered_data, "overtaken");
	put_count(x, YELLOW, w->appeared, w->appeared_data, "not seen before");
	if (outside)
		text_item(t, PLAIN, "%" PRIu64 " while only one capture ran", outside);
	if (!w->dropped && !w->duplicated && !w->reordered && !w->appeared && w->packets[0] && w->packets[1])
		text_item(t, GREEN, "all came through in order");
	text_close(t);
	put_drops(x, w);
	put_changed(x, w);
	if (w->ttl_min[0] && w->ttl_min[1]) {
		text_open(t, 6, 8);
		text_words(t, PLAIN, "TTL %u in capture 1, %u in capture 2", w->ttl_max[0], w->ttl_max[1]);
		text_close(t);
	}
	put_delay(x, w);
}

static void put_call(struct pair_text *x, size_t i)
{
	const struct pair_call_match *m = &x->p->call[i];
	const struct pair_call *c[SIDES] = { pair_call_of(x->p, i, 0), pair_call_of(x->p, i, 1) };
	bool roles = c[0]->roles_known || c[1]->roles_known;
	struct text *t = &x->t;

	text_open(t, 0, 2);
	text_words(t, BOLD, "Call %zu", i + 1);
	if (m->connection != NO_RECORD)
		text_words(t, PLAIN, "of control connection %zu", (size_t)m->connection + 1);
	text_words(t, DIM, "(1: call %" PRIu64 ", 2: call %" PRIu64 ")", c[0]->id, c[1]->id);
	if (!m->certain)
		text_words(t, YELLOW, "not certain: others are as much alike");
	text_close(t);
	put_end(x, roles ? "PNS" : "one end", &c[0]->addr[0], &c[1]->addr[0], -1, -1);
	put_call_id(x, "its Call ID", c, 0);
	put_end(x, roles ? "PAC" : "other end", &c[0]->addr[1], &c[1]->addr[1], -1, -1);
	put_call_id(x, "its Call ID", c, 1);
	put_way(x, roles ? "PNS to PAC" : "One way", &m->way[0]);
	put_way(x, roles ? "PAC to PNS" : "The other way", &m->way[1]);
	if (m->orientation == NEAR_ASSUMED) {
		text_open(t, 4, 6);
		text_words(t, YELLOW, "Which capture packets pass first is assumed: nothing tells.");
		text_close(t);
	}
	for (unsigned side = 0; side < SIDES; side++)
		put_codes(x, side, c[side]->code, c[side]->codes);
}

/* --- the whole ---------------------------------------------------------------------------------------- */

static void put_summary(struct pair_text *x)
{
	const struct report_pair_sums s = report_pair_sum(x->p);
	struct text *t = &x->t;

	text_open(t, 0, 2);
	text_words(t, BOLD, "In both captures:");
	text_item(t, PLAIN, "%zu control connection%s", x->p->connections, plural(x->p->connections));
	text_item(t, PLAIN, "%zu call%s", x->p->calls, plural(x->p->calls));
	for (unsigned side = 0; side < SIDES; side++)
		if (s.connections_only[side] || s.calls_only[side])
			text_item(t, PLAIN, "only in capture %u: %zu control connection%s and %zu call%s",
				  side + 1, s.connections_only[side], plural(s.connections_only[side]),
				  s.calls_only[side], plural(s.calls_only[side]));
	text_close(t);
	text_open(t, 0, 2);
	text_words(t, BOLD, "In between:");
	text_item(t, s.changes ? YELLOW : PLAIN, "%" PRIu64 " field%s of messages changed", s.changes,
		  plural(s.changes));
	text_item(t, PLAIN, "%" PRIu64 " GRE packets came through", s.matched);
	text_item(t, s.dropped ? RED : PLAIN, "%" PRIu64 " dropped", s.dropped);
	text_item(t, s.duplicated ? YELLOW : PLAIN, "%" PRIu64 " duplicated", s.duplicated);
	text_item(t, s.reordered ? YELLOW : PLAIN, "%" PRIu64 " overtaken", s.reordered);
	text_item(t, s.changed ? RED : PLAIN, "%" PRIu64 " changed but for Call IDs", s.changed);
	if (s.appeared)
		text_item(t, YELLOW, "%" PRIu64 " not seen before", s.appeared);
	text_close(t);
	for (unsigned i = 0; x->r->notices[i]; i++) {
		text_open(t, 0, 2);
		text_words(t, RED, "Note:");
		text_words(t, PLAIN, "%s", x->r->notices[i]);
		text_close(t);
	}
}

bool report_pair_text(const struct report_options *o, const struct report_pair *r)
{
	unsigned width = o->width ? o->width : DEFAULT_WIDTH;
	struct pair_text x = { .o = o, .r = r, .p = r->pair };
	size_t shown = o->verbose ? SIZE_MAX : MATCHES_MAX;

	x.t = (struct text){ .out = o->out,
			     .width = width < MIN_WIDTH ? MIN_WIDTH : width,
			     .colour = o->colour };
	for (unsigned side = 0; side < SIDES; side++)
		put_capture(&x, side);
	put_clock(&x);
	put_summary(&x);
	for (size_t i = 0; i < x.p->connections && i < shown; i++) {
		text_line(&x.t, "%s", "");
		put_connection(&x, i);
	}
	for (size_t i = 0; i < x.p->calls && i < shown; i++) {
		text_line(&x.t, "%s", "");
		put_call(&x, i);
	}
	if (x.p->connections > shown || x.p->calls > shown) {
		text_line(&x.t, "%s", "");
		text_open(&x.t, 0, 2);
		text_words(&x.t, DIM, "The rest is shown with --verbose, or --format json.");
		text_close(&x.t);
	}
	return !ferror(o->out);
}
