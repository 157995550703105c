/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Live events for people: a line for each, under it what there is to say about a failure. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include "analyzer/report_events.h"
#include "analyzer/report_private.h"
#include "analyzer/report_text_put.h"
#include "conformance/posture.h"

const struct event_format *const event_formats[] = { &event_text, &event_json, &event_eve, NULL };

const struct event_format *event_format_by_name(const char *name)
{
	for (unsigned i = 0; event_formats[i]; i++)
		if (strcmp(event_formats[i]->name, name) == 0)
			return event_formats[i];
	return NULL;
}

struct event_writer {
	struct report_options o; /* out: `lines` */
	FILE *lines;
	char *buf;
	size_t len;
};

static struct event_writer *open_writer(const struct report_options *o, const char *interface)
{
	struct event_writer *w = calloc(1, sizeof(*w));

	(void)interface;
	if (!w)
		return NULL;
	w->o = *o;
	w->lines = open_memstream(&w->buf, &w->len);
	w->o.out = w->lines;
	if (w->lines)
		return w;
	free(w);
	return NULL;
}

static void close_writer(struct event_writer *w)
{
	if (!w)
		return;
	fclose(w->lines);
	free(w->buf);
	free(w);
}

__attribute__((format(printf, 3, 4))) static void put(struct event_writer *w, enum style s,
						      const char *format, ...)
{
	va_list ap;

	fputs(text_style(w->o.colour, s), w->lines);
	va_start(ap, format);
	vfprintf(w->lines, format, ap);
	va_end(ap);
	fputs(text_style_end(w->o.colour, s), w->lines);
}

/* "     9 12:47:14.834809  ", as lines of decode begin. */
static void begin(struct event_writer *w, uint64_t frame, int64_t time_ns)
{
	char time[REPORT_TIME];

	report_time(time_ns, time);
	if (frame)
		fprintf(w->lines, "%6" PRIu64 " %.*s  ", FRAME_NUMBER(frame), (int)strlen(time + 11) - 1,
			time + 11);
	else
		fprintf(w->lines, "     - %.*s  ", (int)strlen(time + 11) - 1, time + 11);
}

/* --- connections --------------------------------------------------------------------------- */

static const char *endpoint(const struct event_writer *w, const struct control_connection *c, unsigned side,
			    char buf[96])
{
	unsigned host = side ? !c->originator : c->originator;
	const struct ip_addr *a = &c->tunnel->host[host];
	bool v6 = !ip_addr_is_v4(a) && !w->o.anonymize;
	char text[64];

	snprintf(buf, 96, "%s%s%s:%u", v6 ? "[" : "", report_addr(&w->o, a, text), v6 ? "]" : "",
		 c->port[side]);
	return buf;
}

static void put_connection(struct event_writer *w, const struct live_event *e, const char *what)
{
	char client[96], server[96];

	put(w, BOLD, "connection %" PRIu64 " %s", e->connection->id, what);
	put(w, PLAIN, "  %s > %s", endpoint(w, e->connection, 0, client),
	    endpoint(w, e->connection, 1, server));
}

static void put_whys(struct event_writer *w, const struct live_event *e)
{
	char buf[TEXT_ROOM];

	for (unsigned i = 0; i < e->whys; i++) {
		if (strcmp(e->why[i].code, "healthy") == 0)
			continue;
		put(w, YELLOW, "\n       %s: ", e->why[i].code);
		put(w, PLAIN, "%s", report_sentence(&w->o, e->why[i].summary, buf));
		if (e->why[i].next)
			put(w, DIM, "\n       next: %s", e->why[i].next);
	}
}

static void connection_open(struct event_writer *w, const struct live_event *e)
{
	begin(w, e->connection->first_frame, e->time_ns);
	put_connection(w, e, e->connection->midstream ? "in progress" : "opened");
}

static void connection_close(struct event_writer *w, const struct live_event *e)
{
	const struct control_connection *c = e->connection;
	const char *how = connection_close_name(c->close);

	begin(w, c->last_frame, c->last_time);
	put_connection(w, e, how ? "closed" : "still open");
	put(w, PLAIN, "  %.1f s, %" PRIu64 " call%s%s%s", (double)(c->last_time - c->first_time) / 1e9,
	    c->calls, plural(c->calls), how ? ", " : "", how ? how : "");
	put_whys(w, e);
}

static void control(struct event_writer *w, const struct live_event *e)
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

	decode_text.control(&w->o, &where, e->msg);
}

/* --- calls --------------------------------------------------------------------------------- */

static void put_call(struct event_writer *w, const struct live_event *e, const char *what)
{
	const struct tunnel *t = e->tunnel;
	const struct call *c = e->call;
	const char *kind = call_kind_name(c->kind);
	unsigned first = t->pac == 0; /* the PNS, where that is known */
	char a[64], b[64];

	put(w, BOLD, "call %" PRIu64 " %s", c->id, what);
	put(w, PLAIN, "  %s%s%s %s %s%s", kind ? kind : "", kind ? " " : "", t->pac < 0 ? "between" : "PNS",
	    report_addr(&w->o, &t->host[first], a), t->pac < 0 ? "and " : "- PAC ",
	    report_addr(&w->o, &t->host[!first], b));
	if (c->pns_id_known)
		put(w, PLAIN, ", PNS Call ID %u", c->pns_call_id);
	if (c->pac_id_known)
		put(w, PLAIN, ", PAC Call ID %u", c->pac_call_id);
}

static void call_open(struct event_writer *w, const struct live_event *e)
{
	begin(w, e->call->first_frame, e->time_ns);
	put_call(w, e, e->call->state == CALL_GRE_ONLY ? "seen in GRE" : "opened");
}

static void put_direction(struct event_writer *w, const struct live_event *e, unsigned from)
{
	const struct flow *f = call_flow(e->call, from);
	int pac = e->tunnel->pac;
	char buf[64];

	if (!f || !(f->flags & FLOW_SEEN))
		return;
	put(w, PLAIN, ", %s sent %" PRIu64 " packet%s, %" PRIu64 " octets",
	    pac < 0                 ? report_addr(&w->o, &e->tunnel->host[from], buf)
	    : (unsigned)pac == from ? "PAC"
				    : "PNS",
	    (uint64_t)f->packets, plural(f->packets), f->octets);
	if (report_loss_known(f) && flow_lost(f))
		put(w, YELLOW, " (%" PRIu64 " lost)", flow_lost(f));
}

static void call_close(struct event_writer *w, const struct live_event *e)
{
	const struct call *c = e->call;
	const struct call_step_seen last = call_last(c);

	begin(w, last.frame, last.time_ns);
	put_call(w, e, c->over ? call_state_name(c->state) : "still open");
	put(w, PLAIN, ", %.1f s", (double)(last.time_ns - c->first_time) / 1e9);
	put_direction(w, e, 0);
	put_direction(w, e, 1);
	if (c->ppp && posture_grade_of(c->ppp))
		put(w, PLAIN, ", security %c", posture_grade_of(c->ppp));
	put_whys(w, e);
}

static void call_join(struct event_writer *w, const struct live_event *e)
{
	begin(w, e->call->first_frame, e->time_ns);
	put(w, BOLD, "call %" PRIu64, e->call_id);
	put(w, PLAIN, "  is a part of call %" PRIu64, e->into);
}

/* --- the others ---------------------------------------------------------------------------- */

static enum style severity_style(enum severity s)
{
	return s == SEVERITY_ERROR ? RED : s == SEVERITY_WARNING ? YELLOW : CYAN;
}

static void finding(struct event_writer *w, const struct live_event *e)
{
	const struct finding *f = e->finding;
	char buf[TEXT_ROOM], path[PATH_ROOM];

	begin(w, f->frame, e->time_ns);
	put(w, severity_style(f->severity), "%s %s", rule_severity_name(f->severity), f->id);
	put(w, PLAIN, "  %s", report_sentence(&w->o, f->message, buf));
	if (f->certainty == SUSPECTED)
		put(w, DIM, " (suspected)");
	if (f->has_fault)
		put(w, PLAIN, ", %s", report_addr(&w->o, &f->at_fault, buf));
	if (f->call)
		put(w, DIM, ", call %" PRIu64, f->call);
	else if (f->connection)
		put(w, DIM, ", connection %" PRIu64, f->connection);
	if (e->baseline == BASELINE_NEW)
		put(w, PLAIN, " (new)");
	if (e->evidence_file)
		put(w, DIM, "\n       packets: %s", report_path(&w->o, e->evidence_file, path));
}

static void gap(struct event_writer *w, const struct live_event *e)
{
	const struct live_gap *g = e->gap;

	begin(w, e->where ? e->where->frame : 0, e->time_ns);
	put(w, RED, "not seen: %s", g->reason);
	if (g->interface)
		put(w, PLAIN, "  %s", g->interface);
	if (g->has_packets)
		put(w, PLAIN, ", %" PRIu64 " packet%s", g->packets, plural(g->packets));
	if (g->has_octets)
		put(w, PLAIN, ", %" PRIu64 " octet%s", g->octets, plural(g->octets));
	if (g->has_seconds)
		put(w, PLAIN, ", %.1f s", g->seconds);
}

static void stats(struct event_writer *w, const struct live_event *e)
{
	const struct live_stats *s = e->stats;

	begin(w, 0, e->time_ns);
	put(w, e->interval_ns ? DIM : BOLD, e->interval_ns ? "stats" : "total");
	put(w, PLAIN,
	    "  %" PRIu64 " packets, live: %" PRIu64 " tunnels, %" PRIu64 " connections, %" PRIu64
	    " calls; seen: %" PRIu64 " connections, %" PRIu64 " calls; findings: %" PRIu64 " errors, %" PRIu64
	    " warnings, %" PRIu64 " notes",
	    s->packets, s->tunnels, s->connections, s->calls, s->connections_seen, s->calls_seen,
	    s->findings[SEVERITY_ERROR], s->findings[SEVERITY_WARNING], s->findings[SEVERITY_NOTE]);
	if (s->kernel_drops || s->interface_drops)
		put(w, RED, "; lost: %" PRIu64 " packets by the kernel, %" PRIu64 " by the interface",
		    s->kernel_drops, s->interface_drops);
	if (s->over_limit || s->event_drops)
		put(w, RED, "; at limits: %" PRIu64 " packets, %" PRIu64 " events", s->over_limit,
		    s->event_drops);
	if (s->tunnels_evicted || s->connections_evicted || s->calls_evicted)
		put(w, YELLOW, "; evicted: %" PRIu64 " tunnels, %" PRIu64 " connections, %" PRIu64 " calls",
		    s->tunnels_evicted, s->connections_evicted, s->calls_evicted);
}

static void notice(struct event_writer *w, const struct live_event *e)
{
	char buf[TEXT_ROOM];

	begin(w, 0, e->time_ns);
	put(w, MAGENTA, "%s", report_sentence(&w->o, e->text, buf));
}

static void (*const writers[LIVE_KINDS])(struct event_writer *w, const struct live_event *e) = {
	[LIVE_CONNECTION_OPEN] = connection_open,
	[LIVE_CONNECTION_CLOSE] = connection_close,
	[LIVE_CONTROL] = control,
	[LIVE_CALL_OPEN] = call_open,
	[LIVE_CALL_CLOSE] = call_close,
	[LIVE_CALL_JOIN] = call_join,
	[LIVE_FINDING] = finding,
	[LIVE_GAP] = gap,
	[LIVE_STATS] = stats,
	[LIVE_NOTICE] = notice,
};

static const char *text_line_of(struct event_writer *w, const struct live_event *e, size_t *len)
{
	errno = 0;
	rewind(w->lines);
	writers[e->kind](w, e);
	if (fflush(w->lines) != 0)
		return NULL;
	/* The stream has not forgotten what longer lines were before; its position is the end of this one. */
	*len = (size_t)ftell(w->lines);
	if (*len && w->buf[*len - 1] == '\n')
		--*len;
	return w->buf;
}

const struct event_format event_text = {
	.name = "text",
	.help = "lines for people, and on a terminal a table of what is going on",
	.open = open_writer,
	.line = text_line_of,
	.close = close_writer,
};
