/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A replay as JSON: doc/schema/pptpscope-replay-1.schema.json. */
#include <stdlib.h>

#include "analyzer/report_json_put.h"
#include "analyzer/report_replay.h"
#include "dissectors/ppp.h"

struct report_replay {
	struct report_options o;
	struct report_replay_plan plan;
	struct json j;
	bool has_peer;
	struct ip_addr peer;
	uint16_t port;
};

static void put_ends(struct report_replay *r)
{
	const struct recorded_about *a = r->plan.about;
	struct json *j = &r->j;

	emit_open(j, "recorded", '{');
	emit_open(j, "ours", '{');
	emit_addr(j, &r->o, "address", &a->ours);
	emit_uint(j, "port", a->our_port);
	emit_uint(j, "messages", a->messages[1]);
	emit_uint(j, "packets", a->packets[1]);
	emit_close(j, '}');
	emit_open(j, "peer", '{');
	emit_addr(j, &r->o, "address", &a->peer);
	emit_uint(j, "port", a->peer_port);
	emit_uint(j, "messages", a->messages[0]);
	emit_uint(j, "packets", a->packets[0]);
	emit_close(j, '}');
	emit_time(j, "start", true, r->plan.recording->start_ns);
	emit_close(j, '}');
}

static struct report_replay *begin(const struct report_options *o, const struct report_replay_plan *p)
{
	struct report_replay *r = calloc(1, sizeof(*r));
	char path[PATH_ROOM];
	struct json *j;

	if (!r || !emit_init(&r->j)) {
		free(r);
		return NULL;
	}
	r->o = *o;
	r->plan = *p;
	j = &r->j;
	value_open(j, '{');
	emit_text(j, "schema", "pptpscope-replay-1");
	emit_open(j, "tool", '{');
	emit_text(j, "name", "pptpscope");
	emit_text(j, "version", p->version);
	emit_close(j, '}');
	emit_text(j, "as", p->recording->as == ROLE_PAC ? "PAC" : "PNS");
	emit_open(j, "capture", '{');
	emit_text(j, "file", report_path(o, p->capture, path));
	emit_uint(j, "connection", p->about->connection);
	emit_uint(j, "connections", p->about->connections);
	emit_close(j, '}');
	put_ends(r);
	emit_open(j, "differences", '[');
	return r;
}

static void connected(struct report_replay *r, const struct ip_addr *peer, uint16_t port)
{
	r->has_peer = true;
	r->peer = *peer;
	r->port = port;
}

static void said(struct report_replay *r, const struct replay_item *item, const struct ctrl_msg *m,
		 int64_t time_ns)
{
	(void)r;
	(void)item;
	(void)m;
	(void)time_ns;
}

static void put_value(struct report_replay *r, const char *key, const struct replay_difference *d,
		      unsigned which)
{
	char text[TEXT_ROOM];

	if (d->field->kind != F_TEXT) {
		emit_name(&r->j, key);
		value_uint(&r->j, d->value[which]);
		return;
	}
	report_field_text(&r->o, d->field->name, d->text[which],
			  d->text[which] ? strnlen((const char *)d->text[which], d->field->width) : 0, text);
	emit_name(&r->j, key);
	value_text(&r->j, text);
}

static void put_ppp(struct json *j, const struct replay_difference *d)
{
	if (!d->protocol) {
		emit_null(j, "ppp");
		return;
	}
	emit_open(j, "ppp", '{');
	emit_uint(j, "protocol", d->protocol);
	emit_text(j, "protocol_name", ppp_protocol_name(d->protocol));
	emit_uint(j, "code", d->code);
	emit_text(j, "code_name", ppp_code_name(d->protocol, d->code));
	emit_close(j, '}');
}

static void difference(struct report_replay *r, const struct replay_difference *d)
{
	struct json *j = &r->j;

	emit_row(j);
	value_open(j, '{');
	emit_text(j, "kind", replay_difference_name(d->kind));
	emit_seconds(j, "time", (uint64_t)(d->time_ns > 0 ? d->time_ns / 1000 : 0));
	emit_frame(j, &r->o, "frame", "frame_capture", d->frame);
	emit_text(j, "message", d->message ? d->message->name : NULL);
	put_ppp(j, d);
	emit_known(j, "call_id", d->call_id >= 0, (uint64_t)d->call_id);
	emit_text(j, "field", d->field ? d->field->name : NULL);
	if (d->field) {
		put_value(r, "expected", d, 0);
		put_value(r, "observed", d, 1);
	}
	emit_text(j, "words", d->words[0] ? d->words : NULL);
	emit_close(j, '}');
}

static void put_summary(struct report_replay *r, const struct replay_totals *t)
{
	static const char *const ends[] = { NULL, "fin", "rst" };
	struct json *j = &r->j;

	emit_open(j, "summary", '{');
	emit_text(j, "result",
		  !t->connected                  ? "not-connected"
		  : report_replay_differences(t) ? "differs"
						 : "same");
	emit_text(j, "reason", t->why[0] ? t->why : NULL);
	emit_bool(j, "whole", t->whole);
	emit_bool(j, "tunnel_played",
		  r->plan.about->packets[0] + r->plan.about->packets[1] && !t->tunnel_left_out);
	emit_open(j, "messages", '{');
	emit_uint(j, "sent", t->sent);
	emit_uint(j, "expected", t->expected);
	emit_uint(j, "came", t->answered);
	emit_uint(j, "echoes_answered", t->echoes);
	emit_close(j, '}');
	emit_open(j, "packets", '{');
	emit_uint(j, "sent", t->packets_sent);
	emit_uint(j, "expected", t->packets_recorded);
	emit_uint(j, "came", t->packets_received);
	emit_uint(j, "ppp_expected", t->ppp_expected);
	emit_uint(j, "ppp_came", t->ppp_answered);
	emit_close(j, '}');
	emit_uint(j, "untranslated", t->untranslated);
	emit_uint(j, "fields_compared", t->compared);
	emit_open(j, "differences", '{');
	for (unsigned k = 0; k < REPLAY_DIFFERENCE_KINDS; k++) {
		emit_name(j, replay_difference_name((enum replay_difference_kind)k));
		value_uint(j, t->differences[k]);
	}
	emit_close(j, '}');
	emit_text(j, "end", ends[t->end]);
	emit_text(j, "ended_by", t->end == REPLAY_STAYS_OPEN ? NULL : t->end_ours ? "ours" : "peer");
	emit_seconds(j, "duration", (uint64_t)(t->duration_ns / 1000));
	emit_close(j, '}');
}

static bool end(struct report_replay *r, const struct replay_totals *t, const char *const *notices)
{
	struct json *j = &r->j;
	bool written;

	emit_close(j, ']');
	emit_row(j);
	if (r->has_peer) {
		emit_open(j, "peer", '{');
		emit_addr(j, &r->o, "address", &r->peer);
		emit_uint(j, "port", r->port);
		emit_close(j, '}');
	} else {
		emit_null(j, "peer");
	}
	put_summary(r, t);
	emit_open(j, "notices", '[');
	for (unsigned i = 0; notices[i]; i++)
		value_text(j, notices[i]);
	emit_close(j, ']');
	emit_close(j, '}');
	emit_newline(j);
	written = !j->failed && emit_flush(j, r->o.out);
	emit_clear(j);
	free(r);
	return written;
}

const struct report_replay_ops report_replay_json = { "json", begin, connected, said, difference, end };
