/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pptpscope audit: captures in, one report out. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "conformance/posture.h"
#include "tools/commands.h"
#include "tools/decrypt.h"
#include "tools/judging.h"
#include "tools/pairing.h"
#include "tools/reading.h"
#include "tools/scenario_write.h"

enum { NOTICES = 8, NOTICE = 200 };

struct audit {
	struct reading reading;
	struct judging judging;
	struct decrypt decrypt;
	struct judge *judge;
	struct scenario_writer *scenario; /* --write-scenario, or NULL */
	int64_t now;                      /* end of the captures, ns */
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
	if (c->packets && c->last_time > a->now)
		a->now = c->last_time;
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
	struct diagnosis why[DIAGNOSES_MAX];
	struct audit *a = ctx;

	a->summary.connections++;
	if (a->scenario)
		scenario_writer_connection(a->scenario, c);
	a->ops->connection(a->report, c, why, diagnose_connection(c, a->now, why));
}

static void on_call(void *ctx, const struct call *c)
{
	struct diagnosis why[DIAGNOSES_MAX];
	struct audit *a = ctx;
	char grade = c->ppp ? posture_grade_of(c->ppp) : '\0';

	a->summary.calls++;
	if (grade)
		a->summary.grades[grade - 'A']++;
	a->ops->call(a->report, c, why, diagnose_call(c, a->now, why));
}

static void on_tunnel_end(void *ctx, const struct tunnel *t)
{
	struct audit *a = ctx;

	a->ops->tunnel_end(a->report, t);
}

static void on_finding(void *ctx, const struct finding *f)
{
	struct audit *a = ctx;
	enum baseline baseline;

	if (judging_shows(&a->judging, f, &baseline, &a->summary))
		a->ops->finding(a->report, f, baseline);
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
	if (judge_stats(a->judge)->over_limit)
		notice(a,
		       "%" PRIu64 " findings could not be kept; judge less at a time with --only or --except",
		       judge_stats(a->judge)->over_limit);
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
	const struct judge_stats *j = judge_stats(a->judge);
	const struct report_unjudged unjudged = {
		.connections = j->connections,
		.calls = j->calls,
		.withheld_by = j->withheld_by,
		.withheld = j->withheld,
		.selected = a->judging.selected,
		.profile = a->judging.judge.profile,
	};
	bool ended;

	a->summary.gaps = r->gaps;
	a->summary.gap_octets = r->gap_octets;
	if (r->gaps)
		a->summary.partial = true;
	notices(a, p);
	if (!tracker_walk(pipeline_tracker(p), &visitor, a))
		notice(a,
		       "the temporary file could not be read back: ended calls and connections are missing");
	if (!judge_walk(a->judge, on_finding, a))
		notice(a, "findings could not be read back from the temporary file: some are missing");
	ended = judging_end(&a->judging, &a->summary);
	if (!ended)
		a->summary.partial = true;
	a->summary.unjudged = &unjudged;
	a->summary.notices = a->notice;
	return a->ops->end(a->report, &a->summary) && ended;
}

static void on_control(void *ctx, const struct pipeline_where *w, const struct ctrl_msg *m)
{
	struct audit *a = ctx;

	scenario_writer_control(a->scenario, w, m);
}

/* --write-scenario FILE; false, with a message, when it could not be done. */
static bool scenario_start(struct audit *a, const struct options *o)
{
	const char *dut = options_value(o, "scenario-dut", "pac");

	if (strcmp(dut, "pac") != 0 && strcmp(dut, "pns") != 0) {
		options_usage_error(o, "--scenario-dut is pac or pns, not '%s'", dut);
		return false;
	}
	if (options_given(o, "scenario-dut") && !options_given(o, "write-scenario")) {
		options_usage_error(o, "--scenario-dut goes with --write-scenario");
		return false;
	}
	if (!options_given(o, "write-scenario"))
		return true;
	a->scenario = scenario_writer_new(strcmp(dut, "pns") == 0 ? ROLE_PNS : ROLE_PAC,
					  !options_given(o, "anonymize"));
	if (!a->scenario)
		options_say(o, "no memory");
	return a->scenario;
}

static bool scenario_end(struct audit *a)
{
	const struct options *o = a->reading.options;
	uint64_t left_out;
	char err[256];
	bool ok = !a->scenario || scenario_writer_write(a->scenario, options_value(o, "write-scenario", NULL),
							&left_out, err, sizeof(err));

	if (!ok)
		options_say(o, "%s", err);
	else if (a->scenario && left_out && !options_given(o, "quiet"))
		options_say(o, "the scenario is the first control connection; %" PRIu64 " more are left out",
			    left_out);
	scenario_writer_free(a->scenario);
	return ok;
}

static int audit(struct audit *a)
{
	const struct pipeline_observer observer = { .ctx = a, .control = on_control };
	char err[256];
	struct pipeline *p;
	int status;

	a->judge = judge_new(&a->judging.judge);
	a->reading.pipeline.judge = a->judge;
	p = a->judge ? pipeline_new(&a->reading.pipeline, a->scenario ? &observer : NULL, err, sizeof(err))
		     : NULL;
	a->report = p ? a->ops->begin(&a->reading.report) : NULL;
	if (!a->report) {
		options_say(a->reading.options, "cannot begin: %s", a->judge && !p ? err : strerror(errno));
		pipeline_free(p);
		judge_free(a->judge);
		return EXIT_PARTIAL;
	}
	status = reading_run(&a->reading, p, on_capture, a);
	pipeline_finish(p);
	if (!print(a, p) || !scenario_end(a))
		status = EXIT_PARTIAL;
	pipeline_free(p);
	judge_free(a->judge);
	if (!reading_close(&a->reading))
		return EXIT_PARTIAL;
	if (status == EXIT_OK && a->summary.partial)
		return EXIT_PARTIAL;
	return status == EXIT_OK && a->judging.failed ? EXIT_VIOLATIONS : status;
}

static int run(const struct options *o)
{
	static struct audit a;
	const char *format = options_value(o, "format", "text");
	int status;

	if (options_given(o, "pair"))
		return pairing_run(o);
	a.ops = report_by_name(format);
	if (!a.ops)
		return options_usage_error(o, "there is no format '%s'; there are text and json", format);
	if (!judging_start(&a.judging, o, &status) || !decrypt_start(&a.decrypt, o, &status)) {
		judging_free(&a.judging);
		return status;
	}
	status = EXIT_USAGE;
	if (scenario_start(&a, o) && reading_start(&a.reading, o, &status)) {
		a.reading.pipeline.ppp = decrypt_watch(&a.decrypt);
		a.reading.report.profile = rule_profile_name(a.judging.judge.profile);
		a.reading.pipeline.tracker.histories = a.ops->histories || a.reading.report.verbose;
		status = audit(&a);
	}
	if (!decrypt_close(&a.decrypt))
		status = EXIT_PARTIAL;
	judging_free(&a.judging);
	return status;
}

static const struct option_desc options[] = {
	READING_OPTIONS,
	JUDGING_OPTIONS,
	DECRYPT_OPTIONS,
	PAIRING_OPTIONS,
	{ 0, "write-scenario", "FILE",
	  "write the first control connection as a scenario for 'conform --scenario'" },
	{ 0, "scenario-dut", "ROLE", "what the device will be in it: pac (default) or pns" },
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
