/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pptpscope audit --pair: see pairing.h. */
#include "tools/pairing.h"

#include <inttypes.h>
#include <stdarg.h>

#include "analyzer/report_pair.h"
#include "tools/reading.h"

enum { NOTICES = 8, NOTICE = 240, RECORD_OCTETS = 160, RECORDS_LIMIT = 16000000, RECORDS_LEAST = 1 };

struct pairing {
	struct reading reading;
	struct report_pair report;
	struct pair *pair;
	unsigned side; /* that is read */
	char error[SIDES][512];
	char text[NOTICES][NOTICE];
	const char *notice[NOTICES + 1];
	size_t notices;
	bool partial;
};

__attribute__((format(printf, 2, 3))) static void notice(struct pairing *g, const char *format, ...)
{
	va_list ap;

	g->partial = true;
	if (g->notices == NOTICES)
		return;
	va_start(ap, format);
	vsnprintf(g->text[g->notices], NOTICE, format, ap);
	va_end(ap);
	g->notice[g->notices] = g->text[g->notices];
	g->notices++;
}

/* Keeps what is said of a capture beyond the capture. */
static void on_capture(void *ctx, const struct report_capture *c)
{
	struct pairing *g = ctx;
	struct report_capture *k = &g->report.capture[g->side];

	*k = *c;
	k->unseen = NULL;
	if (c->error) {
		snprintf(g->error[g->side], sizeof(g->error[0]), "%s", c->error);
		k->error = g->error[g->side];
	}
	g->partial |= c->damaged;
	for (unsigned why = 1; why < UNSEEN_COUNT; why++)
		g->partial |= c->unseen[why] && unseen_lossy((enum unseen)why);
}

static void side_notices(struct pairing *g, struct pipeline *p, bool whole)
{
	const struct tracker_stats *t = tracker_stats(pipeline_tracker(p));
	const struct pair_side *s = &g->pair->side[g->side];
	unsigned number = g->side + 1;

	if (s->over_limit)
		notice(g,
		       "capture %u: %" PRIu64
		       " packets, messages or calls were not kept at the limit; raise --max-records",
		       number, s->over_limit);
	if (t->over_limit || pipeline_reassembly_stats(p)->evicted)
		notice(g,
		       "capture %u: something found no room at the limits of tunnels, connections or calls; "
		       "raise --max-tunnels, --max-connections or --max-calls",
		       number);
	if (pipeline_defrag_stats(p)->over_limit)
		notice(g, "capture %u: IP fragments were dropped at the limit; raise --max-fragments",
		       number);
	if (pipeline_reassembly_stats(p)->gaps)
		notice(g, "capture %u: octets of control connections are not in it", number);
	if (t->memory_failed || s->memory_failed)
		notice(g, "capture %u: memory ran out: something is missing; lower --max-memory", number);
	else if (!whole)
		notice(g, "capture %u: the temporary file could not be read back: something is missing",
		       number);
}

/* Reads one of the captures through a pipeline of its own. */
static int read_side(struct pairing *g)
{
	const struct pipeline_observer observer = pair_observer(g->pair, g->side);
	const struct report_capture *c = &g->report.capture[g->side];
	char err[256];
	struct pipeline *p = pipeline_new(&g->reading.pipeline, &observer, err, sizeof(err));
	int status;
	bool whole;

	if (!p) {
		options_say(g->reading.options, "%s", err);
		return EXIT_PARTIAL;
	}
	status = reading_one(&g->reading, p, g->side, on_capture, g);
	pipeline_finish(p);
	whole = pair_side_end(g->pair, g->side, pipeline_tracker(p), c->packets, c->first_time, c->last_time);
	side_notices(g, p, whole);
	pipeline_free(p);
	return status;
}

static int compare(struct pairing *g, report_pair_fn *report)
{
	int status = EXIT_OK;

	for (g->side = 0; g->side < SIDES; g->side++) {
		int one = read_side(g);

		if (one == EXIT_USAGE)
			return one;
		if (one != EXIT_OK)
			status = one;
	}
	if (!pair_compare(g->pair)) {
		options_say(g->reading.options, "memory ran out; lower --max-records");
		return EXIT_PARTIAL;
	}
	if (!g->pair->connections && !g->pair->calls)
		notice(g, "nothing in one capture is the same as anything in the other");
	g->report.pair = g->pair;
	g->report.notices = g->notice;
	if (!report(&g->reading.report, &g->report) || g->partial)
		status = EXIT_PARTIAL;
	return status;
}

/* Nothing is judged or decrypted: options of that would be without effect. */
static bool foreign_options(const struct options *o)
{
	static const char *const names[] = { "profile", "only",         "except",  "min-severity",   "strict",
					     "expect",  "write-expect", "secrets", "write-decrypted" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (options_given(o, names[i])) {
			options_usage_error(o, "--pair compares and does not judge: leave out --%s",
					    names[i]);
			return true;
		}
	return false;
}

static bool limits(const struct options *o, struct pair_limits *to)
{
	uint64_t memory = 0, records;

	*to = pair_default_limits;
	if (!options_number(o, "max-memory", 0, UINT64_MAX, &memory))
		return false;
	if (memory && memory / 2 / RECORD_OCTETS < to->records)
		to->records = memory / 2 / RECORD_OCTETS;
	records = to->records;
	if (!options_number(o, "max-records", RECORDS_LEAST, RECORDS_LIMIT, &records))
		return false;
	to->records = records;
	return true;
}

int pairing_run(const struct options *o)
{
	static struct pairing g;
	const char *format = options_value(o, "format", "text");
	report_pair_fn *report = report_pair_by_name(format);
	struct pair_limits kept;
	int status;

	if (!report)
		return options_usage_error(o, "there is no format '%s'; there are text and json", format);
	if (options_operands(o) != SIDES)
		return options_usage_error(o, "--pair takes two captures, not %zu", options_operands(o));
	if (foreign_options(o) || !limits(o, &kept))
		return EXIT_USAGE;
	if (!reading_start(&g.reading, o, &status))
		return status;
	g.pair = pair_new(&kept);
	if (g.pair)
		status = compare(&g, report);
	else
		status = EXIT_PARTIAL;
	pair_free(g.pair);
	report_cleanup();
	return reading_close(&g.reading) ? status : EXIT_PARTIAL;
}
