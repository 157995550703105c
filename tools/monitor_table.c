/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The calls that are going on, as a table: on a terminal, and for SIGUSR1.  See monitor.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "analyzer/report_private.h"
#include "conformance/posture.h"
#include "tools/monitor.h"

enum {
	ROWS_MAX = 200, /* of a screen */
	LINES = 8,      /* of events under the table */
	LINE = 400,
	PRINTED = 1000, /* calls that SIGUSR1 lists */
};

struct monitor_table {
	struct report_options o;
	char line[LINES][LINE];
	unsigned nlines;
	FILE *out;
	char *buf;
	size_t len;
	bool begun;
};

struct monitor_table *monitor_table_new(const struct report_options *o)
{
	struct monitor_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->o = *o;
	t->out = open_memstream(&t->buf, &t->len);
	if (t->out)
		return t;
	free(t);
	return NULL;
}

void monitor_table_free(struct monitor_table *t)
{
	if (!t)
		return;
	fclose(t->out);
	free(t->buf);
	free(t);
}

void monitor_table_line(struct monitor_table *t, const char *line, size_t len)
{
	const char *end = memchr(line, '\n', len);
	char *to = t->line[t->nlines++ % LINES];

	if (end)
		len = (size_t)(end - line);
	snprintf(to, LINE, "%.*s", (int)len, line);
}

/* --- rows ---------------------------------------------------------------------------------- */

struct rows {
	const struct report_options *o;
	FILE *out;
	int64_t now;
	const char *end; /* of a line */
	unsigned left, more;
};

static uint64_t packets(const struct call *c, unsigned from)
{
	return call_flow(c, from) ? call_flow(c, from)->packets : 0;
}

static uint64_t lost(const struct call *c)
{
	uint64_t n = 0;

	for (unsigned from = 0; from < HOSTS; from++)
		if (call_flow(c, from) && report_loss_known(call_flow(c, from)))
			n += flow_lost(call_flow(c, from));
	return n;
}

static bool put_row(void *ctx, const struct call *c)
{
	struct rows *r = ctx;
	const struct tunnel *t = c->tunnel;
	unsigned pns = t->pac == 0;
	char a[64], b[64], grade = c->ppp ? posture_grade_of(c->ppp) : 0;

	if (!r->left) {
		r->more++;
		return r->more < 100000;
	}
	r->left--;
	fprintf(r->out,
		"%8" PRIu64 "  %-15s  %-15s  %-11s %8.0f %10" PRIu64 " %10" PRIu64 " %7" PRIu64 "  %c%s\n",
		c->id, report_addr(r->o, &t->host[pns], a), report_addr(r->o, &t->host[!pns], b),
		call_state_name(c->state), (double)(r->now - c->first_time) / 1e9, packets(c, pns),
		packets(c, !pns), lost(c), grade ? grade : '-', r->end);
	return true;
}

static void put_all(struct rows *r, const struct tracker *tracker, const struct live_stats *s)
{
	char time[REPORT_TIME];

	report_time(r->now - r->now % 1000000000, time);
	fprintf(r->out,
		"%.19s  %" PRIu64 " packets  %" PRIu64 " connections  %" PRIu64 " calls  errors %" PRIu64
		", warnings %" PRIu64 "  lost %" PRIu64 "%s\n",
		time, s->packets, s->connections, s->calls, s->findings[SEVERITY_ERROR],
		s->findings[SEVERITY_WARNING], s->kernel_drops + s->interface_drops, r->end);
	if (!tracker)
		return;
	fprintf(r->out, "    call  %-15s  %-15s  %-11s %8s %10s %10s %7s  %s%s\n", "PNS", "PAC", "state",
		"seconds", "from PNS", "from PAC", "lost", "security", r->end);
	tracker_live_calls(tracker, put_row, r);
	if (r->more)
		fprintf(r->out, "          and %u%s more%s\n", r->more, r->more == 100000 ? " or" : "",
			r->end);
}

void monitor_table_print(const struct report_options *o, const struct tracker *tracker,
			 const struct live_stats *s, int64_t now, FILE *to)
{
	struct rows r = { .o = o, .out = to, .now = now, .end = "", .left = PRINTED };

	put_all(&r, tracker, s);
	fflush(to);
}

/* Lines of the terminal, without what is not for the table. */
static unsigned room_for_rows(void)
{
	struct winsize size;
	unsigned rows = 24;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row)
		rows = size.ws_row;
	return rows > LINES + 6 ? rows - LINES - 5 : 1;
}

const char *monitor_table_screen(struct monitor_table *t, const struct tracker *tracker,
				 const struct live_stats *s, int64_t now, size_t *len)
{
	struct rows r = { .o = &t->o, .out = t->out, .now = now, .end = "\033[K", .left = room_for_rows() };
	unsigned first = t->nlines > LINES ? t->nlines - LINES : 0;

	rewind(t->out);
	/* To the top; the rest of each line, and in the end of the screen, is cleared: that does not flicker.
	 */
	fputs(t->begun ? "\033[H" : "\033[H\033[2J", t->out);
	t->begun = true;
	put_all(&r, tracker, s);
	fputs("\033[K\n", t->out);
	for (unsigned i = first; i < t->nlines; i++)
		fprintf(t->out, "%.*s\033[K\n", (int)t->o.width, t->line[i % LINES]);
	fputs("\033[J", t->out);
	if (fflush(t->out) != 0)
		return NULL;
	*len = (size_t)ftell(t->out);
	return t->buf;
}
