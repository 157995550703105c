/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pptpscope audit: captures in, one report out. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/reading.h"

enum { NOTICES = 8, NOTICE = 200 };

struct audit {
	struct reading reading;
	const struct report_ops *ops;
	struct report *report;
	struct report_summary summary;
	const char *notice[NOTICES + 1];
	char text[NOTICES][NOTICE];
	size_t notices;
};

/* A sentence about something that was lost: the report is partial. */
__attribute__((format(printf, 2, 3))) static void notice(struct audit *a, const char *format, ...)
{
	va_list ap;

	a->summary.partial = true;
	if (a->notices == NOTICES)
		return;
	va_start(ap, format);
	vsnprintf(a->text[a->notices], NOTICE, format, ap);
	va_end(ap);
	a->notice[a->notices] = a->text[a->notices];
	a->notices++;
}

static void on_capture(void *ctx, const struct report_capture *c)
{
	struct audit *a = ctx;

	if (c->damaged)
		a->summary.partial = true;
	for (unsigned why = 1; why < UNSEEN_COUNT; why++)
		if (c->unseen[why] && unseen_lossy((enum unseen)why))
			a->summary.partial = true;
	a->ops->capture(a->report, c);
}

static void on_tunnel(void *ctx, const struct tunnel *t)
{
	struct audit *a = ctx;

	a->summary.tunnels++;
	a->ops->tunnel(a->report, t);
}

static void on_connection(void *ctx, const struct control_connection *c)
{
	struct audit *a = ctx;

	a->summary.connections++;
	a->ops->connection(a->report, c);
}

static void on_call(void *ctx, const struct call *c)
{
	struct audit *a = ctx;

	a->summary.calls++;
	a->ops->call(a->report, c);
}

static void on_tunnel_end(void *ctx, const struct tunnel *t)
{
	struct audit *a = ctx;

	a->ops->tunnel_end(a->report, t);
}

/* Which limits were reached, and what that has cost. */
static void notices(struct audit *a, struct pipeline *p)
{
	const struct tracker_stats *t = tracker_stats(pipeline_tracker(p));
	const struct reassembly_stats *r = pipeline_reassembly_stats(p);
	const struct defrag_stats *d = pipeline_defrag_stats(p);

	if (t->over_limit)
		notice(a,
		       "%" PRIu64 " packets or messages found no room at the limit of tunnels or calls; "
		       "raise --max-tunnels or --max-calls",
		       t->over_limit);
	if (t->memory_failed)
		notice(a, "memory ran out: something is missing; lower --max-memory");
	if (r->evicted)
		notice(a,
		       "%" PRIu64
		       " control connections were forgotten at the limit of %zu; raise --max-connections",
		       r->evicted, a->reading.pipeline.reassembly.max_connections);
	if (d->over_limit)
		notice(a,
		       "%" PRIu64
		       " IP fragments were dropped at the limit of %zu octets; raise --max-fragments",
		       d->over_limit, a->reading.pipeline.fragment_memory);
	if (t->spill_failed)
		notice(a, "no temporary file could be written (is the folder for temporary files full? set "
			  "TMPDIR): "
			  "ended calls stayed in memory");
}

/* Prints what was found; false when the output could not be written. */
static bool print(struct audit *a, struct pipeline *p)
{
	static const struct tracker_visitor visitor = { on_tunnel, on_connection, on_call, on_tunnel_end };
	const struct reassembly_stats *r = pipeline_reassembly_stats(p);

	a->summary.gaps = r->gaps;
	a->summary.gap_octets = r->gap_octets;
	if (r->gaps)
		a->summary.partial = true;
	notices(a, p);
	if (!tracker_walk(pipeline_tracker(p), &visitor, a))
		notice(a,
		       "the temporary file could not be read back: ended calls and connections are missing");
	a->summary.notices = a->notice;
	return a->ops->end(a->report, &a->summary);
}

static int audit(struct audit *a)
{
	char err[256];
	struct pipeline *p = pipeline_new(&a->reading.pipeline, NULL, err, sizeof(err));
	int status;

	if (!p) {
		options_say(a->reading.options, "%s", err);
		return EXIT_PARTIAL;
	}
	a->report = a->ops->begin(&a->reading.report);
	if (!a->report) {
		options_say(a->reading.options, "cannot begin the report: %s", strerror(errno));
		pipeline_free(p);
		return EXIT_PARTIAL;
	}
	status = reading_run(&a->reading, p, on_capture, a);
	pipeline_finish(p);
	if (!print(a, p))
		status = EXIT_PARTIAL;
	pipeline_free(p);
	if (!reading_close(&a->reading))
		return EXIT_PARTIAL;
	return status == EXIT_OK && a->summary.partial ? EXIT_PARTIAL : status;
}

static int run(const struct options *o)
{
	static struct audit a;
	const char *format = options_value(o, "format", "text");
	const char *profile = options_value(o, "profile", "rfc2637");
	int status;

	a.ops = report_by_name(format);
	if (!a.ops)
		return options_usage_error(o, "there is no format '%s'; there are text and json", format);
	if (strcmp(profile, "rfc2637") != 0 && strcmp(profile, "ms-ptpt") != 0)
		return options_usage_error(o, "there is no profile '%s'; there are rfc2637 and ms-ptpt",
					   profile);
	if (!reading_start(&a.reading, o, &status))
		return status;
	a.reading.report.profile = profile;
	return audit(&a);
}

static const struct option_desc options[] = {
	READING_OPTIONS,
	{ 0, "profile", "NAME", "what to judge by: rfc2637 (default) or ms-ptpt" },
	{ 0, NULL, NULL, NULL },
};

const struct command cmd_audit = {
	.name = "audit",
	.operands = "CAPTURE...",
	.help = "report every tunnel, control connection and call of captures",
	.details =
		"CAPTURE is a pcap or pcapng file, also compressed by gzip or zstd; - is standard input.\n"
		"Several are read in the given order, as one capture when time goes on from one to the next.",
	.options = options,
	.run = run,
};
