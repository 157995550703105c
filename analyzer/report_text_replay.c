/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A replay, for people: a line for each difference as it is found, then what all came to. */
#include <inttypes.h>
#include <stdlib.h>

#include "analyzer/report_replay.h"
#include "analyzer/report_text_put.h"
#include "dissectors/ppp.h"

enum { DEFAULT_WIDTH = 100, MIN_WIDTH = 24, TIME = 10, HANG = 24 };

struct report_replay {
	struct report_options o;
	struct report_replay_plan plan;
	struct text t;
};

static const char *role(enum role r)
{
	return r == ROLE_PAC ? "PAC" : "PNS";
}

static struct report_replay *begin(const struct report_options *o, const struct report_replay_plan *p)
{
	struct report_replay *r = calloc(1, sizeof(*r));
	unsigned width = o->width ? o->width : DEFAULT_WIDTH;
	char path[PATH_ROOM], addr[64], peer[64];
	struct text *t;

	if (!r)
		return NULL;
	r->o = *o;
	r->plan = *p;
	t = &r->t;
	*t = (struct text){ .out = o->out,
			    .width = width < MIN_WIDTH ? MIN_WIDTH : width,
			    .colour = o->colour };
	text_open(t, 0, 2);
	text_words(t, BOLD, "Replay");
	text_words(t, PLAIN, "of %s, control connection %" PRIu64 " of %" PRIu64 ", as the %s",
		   text_keep((char *)report_path(o, p->capture, path)), p->about->connection,
		   p->about->connections, role(p->recording->as));
	text_close(t);
	text_open(t, 2, 4);
	text_words(t, PLAIN, "then, %s port" NBSP "%u spoke with %s port" NBSP "%u:",
		   report_addr(o, &p->about->ours, addr), p->about->our_port,
		   report_addr(o, &p->about->peer, peer), p->about->peer_port);
	text_item(t, PLAIN, "%" PRIu64 " message%s and %" PRIu64 " GRE packet%s of ours",
		  p->about->messages[1], plural(p->about->messages[1]), p->about->packets[1],
		  plural(p->about->packets[1]));
	text_item(t, PLAIN, "%" PRIu64 " and %" PRIu64 " of the peer's", p->about->messages[0],
		  p->about->packets[0]);
	text_close(t);
	fflush(o->out);
	return r;
}

static void connected(struct report_replay *r, const struct ip_addr *peer, uint16_t port)
{
	char addr[64];

	text_open(&r->t, 2, 4);
	text_words(&r->t, PLAIN, "now, with %s port" NBSP "%u", report_addr(&r->o, peer, addr), port);
	text_close(&r->t);
	text_line(&r->t, "%s", "");
	fflush(r->o.out);
}

/* "   1.234 s  missing   " */
static void open_row(struct report_replay *r, int64_t time_ns, enum style s, const char *what)
{
	text_open(&r->t, 0, text_narrow(&r->t) ? 4 : HANG);
	text_words(&r->t, DIM, "%*" PRId64 ".%03d" NBSP "s", TIME - 6, time_ns / 1000000000,
		   (int)(time_ns / 1000000 % 1000));
	text_column(&r->t, TIME + 2);
	text_words(&r->t, s, "%s", what);
	text_column(&r->t, HANG);
}

static void said(struct report_replay *r, const struct replay_item *item, const struct ctrl_msg *m,
		 int64_t time_ns)
{
	if (!r->o.verbose)
		return;
	open_row(r, time_ns, DIM, item->ours ? "sent" : "came");
	text_words(&r->t, PLAIN, "%s", m->desc ? m->desc->name : "octets that are no valid message");
	text_words(&r->t, DIM, "(frame %" PRIu64 ")", FRAME_NUMBER(item->frame));
	text_close(&r->t);
	fflush(r->o.out);
}

static enum style style_of(enum replay_difference_kind k)
{
	return k == REPLAY_LATE || k == REPLAY_EARLY ? YELLOW : RED;
}

static void put_subject(struct report_replay *r, const struct replay_difference *d)
{
	struct text *t = &r->t;

	if (d->message)
		text_words(t, BOLD, "%s", d->message->name);
	else if (d->protocol) {
		const char *protocol = ppp_protocol_name(d->protocol),
			   *code = ppp_code_name(d->protocol, d->code);

		text_words(t, BOLD, protocol && code ? "%s %s" : "PPP packet", protocol, code);
	} else if (d->kind == REPLAY_ADDITIONAL) {
		text_words(t, BOLD, "octets that are no valid message");
	}
	if (d->call_id >= 0)
		text_words(t, PLAIN, "of call" NBSP "%d", d->call_id);
	if (d->frame)
		text_words(t, DIM, "(frame" NBSP "%" PRIu64 ")", FRAME_NUMBER(d->frame));
}

static void difference(struct report_replay *r, const struct replay_difference *d)
{
	char then[TEXT_ROOM + 16], now[TEXT_ROOM + 16];
	struct text *t = &r->t;

	open_row(r, d->time_ns, style_of(d->kind), replay_difference_name(d->kind));
	put_subject(r, d);
	if (d->field) {
		report_replay_value(&r->o, d, 0, then, sizeof(then));
		report_replay_value(&r->o, d, 1, now, sizeof(now));
		text_words(t, PLAIN, "%s:", d->field->label);
		text_words(t, YELLOW, "%s,", text_keep(now));
		text_words(t, PLAIN, "%s %s",
			   strcmp(d->field->name, "call_id") == 0 ? "and should be" : "then",
			   text_keep(then));
	} else if (d->words[0]) {
		text_words(t, PLAIN, "%s", d->words);
	}
	text_close(t);
	fflush(r->o.out);
}

static void put_totals(struct report_replay *r, const struct replay_totals *n)
{
	struct text *t = &r->t;

	text_open(t, 2, 4);
	text_item(t, PLAIN, "%" PRIu64 " of %" PRIu64 " message%s of ours sent", n->sent,
		  r->plan.about->messages[1], plural(r->plan.about->messages[1]));
	text_item(t, PLAIN, "%" PRIu64 " of %" PRIu64 " came from the peer", n->answered, n->expected);
	text_item(t, PLAIN, "%" PRIu64 " field%s compared", n->compared, plural(n->compared));
	if (n->echoes)
		text_item(t, PLAIN, "%" PRIu64 " Echo-Request%s answered", n->echoes, plural(n->echoes));
	text_close(t);
	if (!r->plan.about->packets[0] && !r->plan.about->packets[1])
		return;
	text_open(t, 2, 4);
	if (n->tunnel_left_out) {
		text_words(t, YELLOW, "the tunnel was not played");
	} else {
		text_item(t, PLAIN, "%" PRIu64 " of %" PRIu64 " GRE packets of ours sent", n->packets_sent,
			  r->plan.about->packets[1]);
		text_item(t, PLAIN, "%" PRIu64 " came, then %" PRIu64, n->packets_received,
			  n->packets_recorded);
		text_item(t, PLAIN, "%" PRIu64 " of %" PRIu64 " control packet%s of PPP", n->ppp_answered,
			  n->ppp_expected, plural(n->ppp_expected));
	}
	text_close(t);
}

static void put_verdict(struct report_replay *r, const struct replay_totals *n)
{
	uint64_t differences = report_replay_differences(n);
	struct text *t = &r->t;

	text_open(t, 0, 2);
	text_words(t, BOLD, "Result");
	if (!n->connected)
		text_words(t, RED, "there was no connection%s%s", n->why[0] ? ": " : "", n->why);
	else if (differences)
		text_words(t, RED, "%" PRIu64 " difference%s from what was recorded", differences,
			   plural(differences));
	else
		text_words(t, GREEN, "the peer does what it did");
	if (n->connected && !n->whole)
		text_words(t, YELLOW, "(the recording was not played to its end)");
	text_close(t);
}

static bool end(struct report_replay *r, const struct replay_totals *n, const char *const *notices)
{
	bool written;

	if (report_replay_differences(n) || r->o.verbose)
		text_line(&r->t, "%s", "");
	put_verdict(r, n);
	if (n->connected)
		put_totals(r, n);
	for (unsigned i = 0; notices[i]; i++) {
		text_open(&r->t, 0, 2);
		text_words(&r->t, RED, "Note:");
		text_words(&r->t, PLAIN, "%s", notices[i]);
		text_close(&r->t);
	}
	written = fflush(r->o.out) == 0 && !ferror(r->o.out);
	free(r);
	return written;
}

const struct report_replay_ops report_replay_text = { "text", begin, connected, said, difference, end };
