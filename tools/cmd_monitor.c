/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pptpscope monitor: live traffic in, events out.  See monitor.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/commands.h"
#include "tools/live_config.h"
#include "tools/monitor.h"

enum {
	WAIT_MS = 100,
	TOLD_KEYS = 65536, /* findings of which it is remembered that they were told */
	SNAP_LENGTH = 65535,
	BUFFER = 16 << 20,
	QUEUE = 4 << 20,
	HOLD_MS = 100,
	CALL_IDLE_S = 3600,
	TUNNEL_IDLE_S = 3600,
};

#define SECONDS(n) ((int64_t)(n)*1000000000)

bool monitor_filter(struct monitor *m, struct live_event *e)
{
	return e->kind != LIVE_FINDING || judging_shows(&m->judging, e->finding, &e->baseline, &m->summary);
}

static bool keep_evidence(void *ctx, const struct finding *f)
{
	const struct monitor *m = ctx;

	return f->severity >= m->evidence_least;
}

/* --- options ------------------------------------------------------------------------------- */

static bool number(const struct monitor *m, const char *name, uint64_t low, uint64_t high, uint64_t *out)
{
	return options_number(m->options, name, low, high, out);
}

static bool seconds(const struct monitor *m, const char *name, int64_t *ns)
{
	uint64_t value = (uint64_t)(*ns / SECONDS(1));

	if (!number(m, name, 1, 100000000, &value))
		return false;
	*ns = SECONDS(value);
	return true;
}

/* How long is waited for what, and what is forgotten. */
static bool patience(struct monitor *m)
{
	struct pipeline_options *p = &m->reading.pipeline;
	int64_t linger = p->tracker.linger_ns;

	p->tracker.live = true;
	p->tracker.keep_ended = 0;
	p->tracker.idle_ns = SECONDS(CALL_IDLE_S);
	p->tracker.tunnel_idle_ns = SECONDS(TUNNEL_IDLE_S);
	if (!seconds(m, "connection-timeout", &p->reassembly.idle_ns) ||
	    !seconds(m, "half-open-timeout", &p->reassembly.half_open_ns) ||
	    !seconds(m, "call-timeout", &p->tracker.idle_ns) ||
	    !seconds(m, "tunnel-timeout", &p->tracker.tunnel_idle_ns) || !seconds(m, "linger", &linger))
		return false;
	p->tracker.linger_ns = p->reassembly.closed_ns = linger;
	return true;
}

static bool sources(struct monitor *m)
{
	struct monitor_engine_options *e = &m->engine;
	size_t n = options_count(m->options, "interface");

	e->pipe = options_value(m->options, "read-pipe", NULL);
	e->pipe_filter = options_value(m->options, "filter", NULL);
	if (!n == !e->pipe || options_operands(m->options)) {
		options_usage_error(m->options,
				    "say what to watch: --interface (repeatable), or --read-pipe");
		return false;
	}
	if (n > LIVE_INTERFACES_MAX) {
		options_usage_error(m->options, "at most %d times --interface", LIVE_INTERFACES_MAX);
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		e->interfaces[i] = options_nth(m->options, "interface", i);
		for (size_t k = 0; k < i; k++)
			if (strcmp(e->interfaces[i], e->interfaces[k]) == 0) {
				options_usage_error(m->options, "--interface %s twice", e->interfaces[i]);
				return false;
			}
	}
	e->ninterfaces = n;
	return true;
}

static bool precision(struct monitor *m)
{
	const char *name = options_value(m->options, "precision", "nano");

	m->engine.capture.microseconds = strcmp(name, "micro") == 0;
	if (m->engine.capture.microseconds || strcmp(name, "nano") == 0)
		return true;
	options_usage_error(m->options, "--precision takes nano or micro, not '%s'", name);
	return false;
}

static bool capturing(struct monitor *m)
{
	struct capture_live_options *c = &m->engine.capture;
	uint64_t snap = SNAP_LENGTH, buffer = BUFFER, hold = HOLD_MS;

	if (!number(m, "snap-length", 68, 262144, &snap) ||
	    !number(m, "buffer-size", 65536, INT32_MAX, &buffer) || !number(m, "hold", 1, 10000, &hold) ||
	    !precision(m))
		return false;
	c->filter = options_value(m->options, "filter", NULL);
	c->ports = m->reading.pipeline.ports;
	c->nports = m->reading.pipeline.nports;
	c->all_tcp = options_given(m->options, "any-port");
	c->promiscuous = !options_given(m->options, "no-promiscuous");
	c->immediate = options_given(m->options, "immediate");
	c->snaplen = (int)snap;
	c->buffer_octets = (int)buffer;
	c->hold_ms = (int)hold;
	return true;
}

/* --type: which events are written. */
static bool kinds(struct monitor *m)
{
	size_t n = options_count(m->options, "type");

	m->kinds = n ? 0 : ~0u;
	for (size_t i = 0; i < n; i++) {
		const char *name = options_nth(m->options, "type", i);
		unsigned kind = 0;

		while (kind < LIVE_KINDS && strcmp(name, live_kind_name((enum live_kind)kind)) != 0)
			kind++;
		if (kind == LIVE_KINDS) {
			options_usage_error(m->options, "--type %s: there are no such events", name);
			return false;
		}
		m->kinds |= 1u << kind;
	}
	return true;
}

static bool writing(struct monitor *m)
{
	struct live_output_options *o = &m->output_options;
	const char *format = options_value(m->options, "format", "text");
	uint64_t queue = QUEUE, size = 0, period = 0, keep = 10, stats = 60;

	m->format = event_format_by_name(format);
	if (!m->format) {
		options_usage_error(m->options, "there is no format '%s'; there are text, json and eve",
				    format);
		return false;
	}
	if (!number(m, "queue", 65536, 1 << 30, &queue) ||
	    !number(m, "rotate-size", 4096, UINT64_C(1) << 50, &size) ||
	    !number(m, "rotate-seconds", 1, 100000000, &period) ||
	    !number(m, "rotate-keep", 0, 10000, &keep) ||
	    !number(m, "stats-interval", 0, 100000000, &stats) || !kinds(m))
		return false;
	m->stats_ns = SECONDS(stats);
	o->path = options_value(m->options, "output", NULL);
	if (o->path && strcmp(o->path, "-") == 0)
		o->path = NULL;
	o->queue_octets = queue;
	o->rotate_octets = size;
	o->rotate_seconds = (int64_t)period;
	o->keep = (unsigned)keep;
	return true;
}

static bool evidence(struct monitor *m)
{
	struct live_evidence_options *e = &m->engine.evidence;
	const char *least = options_value(m->options, "evidence-severity", "error");
	uint64_t memory = 0, size = 0, files = 0;
	unsigned s = 0;

	e->folder = options_value(m->options, "evidence-dir", NULL);
	if (!number(m, "evidence-memory", 65536, UINT64_C(1) << 40, &memory) ||
	    !number(m, "evidence-size", 4096, UINT64_C(1) << 40, &size) ||
	    !number(m, "evidence-files", 1, 100000, &files))
		return false;
	while (s < SEVERITIES && strcmp(least, rule_severity_name((enum severity)s)) != 0)
		s++;
	if (s == SEVERITIES) {
		options_usage_error(m->options, "--evidence-severity takes note, warning or error, not '%s'",
				    least);
		return false;
	}
	m->evidence_least = (enum severity)s;
	e->ring_octets = memory;
	e->file_octets = size;
	e->files_max = (unsigned)files;
	m->engine.keep = keep_evidence;
	return true;
}

static bool running(struct monitor *m)
{
	const char *user = options_value(m->options, "user", NULL);
	uint64_t workers = 1;
	char err[256];

	if (!number(m, "workers", 1, LIVE_WORKERS_MAX, &workers))
		return false;
	m->workers = (unsigned)workers;
	if (workers > 1 && m->engine.pipe) {
		options_usage_error(m->options, "--workers share interfaces; a pipe has one reader");
		return false;
	}
	m->confine = !options_given(m->options, "no-seccomp");
	m->drop_user = user != NULL;
	if (!user || live_privilege_find(user, &m->user, err, sizeof(err)))
		return true;
	options_usage_error(m->options, "--user %s: %s", user, err);
	return false;
}

static bool configure(struct monitor *m)
{
	struct reading *r = &m->reading;

	if (!reading_limits(r, m->options))
		return false;
	reading_style(r, STDOUT_FILENO);
	r->report.captures = 1;
	r->report.profile = rule_profile_name(m->judging.judge.profile);
	m->judging.judge.max_findings = TOLD_KEYS;
	if (!patience(m) || !sources(m) || !capturing(m) || !writing(m) || !evidence(m) || !running(m))
		return false;
	m->engine.pipeline = r->pipeline;
	m->engine.judge = m->judging.judge;
	m->engine.told = monitor_front_told;
	m->engine.ctx = m;
	m->engine.counters = m->counters;
	return true;
}

/* --- running ------------------------------------------------------------------------------- */

static bool give_up_rights(struct monitor *m)
{
	char err[256];

	if (live_privilege_drop(m->drop_user ? &m->user : NULL, m->engine.ninterfaces > 0, err, sizeof(err)))
		return true;
	options_say(m->options, "%s", err);
	return false;
}

static bool confine(struct monitor *m, unsigned needs)
{
	char err[256];

	if (m->metrics)
		needs |= LIVE_CONFINE_SERVE;
	if (!m->confine || live_privilege_confine(needs, err, sizeof(err)))
		return true;
	options_say(m->options, "%s; --no-seccomp does without", err);
	return false;
}

static bool run_alone(struct monitor *m)
{
	const char *damage;
	char err[512];

	if (!monitor_engine_begin(m->only, err, sizeof(err))) {
		options_say(m->options, "%s", err);
		return false;
	}
	if (!confine(m, m->engine.ninterfaces ? LIVE_CONFINE_PACKET : 0))
		return false;
	live_notify_ready(&m->notify, "capturing");
	m->patient = monitor_engine_patient(m->only);
	while (!monitor_signals.stop && monitor_engine_run(m->only, WAIT_MS))
		monitor_front_tick(m);
	live_notify_stopping(&m->notify);
	monitor_engine_drain(m->only);
	monitor_front_last_words(m);
	damage = monitor_engine_finish(m->only);
	if (damage)
		options_say(m->options, "%s: %s; what came before is reported", m->engine.pipe, damage);
	return !damage;
}

static bool run_crew(struct monitor *m)
{
	char err[512];

	/* That it can be opened is known; each worker opens its own. */
	monitor_engine_free(m->only);
	m->only = NULL;
	if (!confine(m, LIVE_CONFINE_PACKET | LIVE_CONFINE_FORK))
		return false;
	if (monitor_crew_run(m, err, sizeof(err)))
		return true;
	options_say(m->options, "%s", err);
	return false;
}

static bool lost_something(const struct monitor *m)
{
	struct live_stats s;

	monitor_front_stats(m, &s);
	return m->partial || s.kernel_drops || s.interface_drops || s.over_limit;
}

/* What --expect and --write-expect come to. */
static bool end_baseline(struct monitor *m)
{
	const struct report_baseline *b = &m->summary.baseline;
	bool ok = judging_end(&m->judging, &m->summary);

	if (!b->used)
		return ok;
	options_say(m->options, "against the baseline: %" PRIu64 " new, %" PRIu64 " fixed, %" PRIu64 " unchanged",
		    b->fresh, b->fixed, b->unchanged);
	for (size_t i = 0; i < b->fixed; i++)
		options_say(m->options, "fixed: %s", b->fixed_lines[i]);
	return ok;
}

static int monitor(struct monitor *m)
{
	bool usage = false, ok;
	char err[512];

	m->only = monitor_engine_open(&m->engine, err, sizeof(err), &usage);
	if (!m->only) {
		options_say(m->options, "%s", err);
		return usage ? EXIT_USAGE : EXIT_PARTIAL;
	}
	monitor_signals_install(false);
	if (options_given(m->options, "systemd") && !live_notify_open(&m->notify, err, sizeof(err)))
		options_say(m->options, "%s", err);
	ok = give_up_rights(m) && monitor_front_open(m) && (m->workers > 1 ? run_crew(m) : run_alone(m));
	monitor_front_close(m);
	ok &= end_baseline(m);
	ok &= !lost_something(m);
	monitor_engine_free(m->only);
	return !ok ? EXIT_PARTIAL : m->failed || m->judging.failed ? EXIT_VIOLATIONS : EXIT_OK;
}

static int run_with(const struct options *o)
{
	static struct monitor m;
	int status;

	m.options = o;
	m.notify.fd = -1;
	if (!judging_start(&m.judging, o, &status)) {
		judging_free(&m.judging);
		return status;
	}
	status = configure(&m) ? monitor(&m) : EXIT_USAGE;
	judging_free(&m.judging);
	report_cleanup();
	return status;
}

/* Options of a file come before those of the command line. */
static int run(const struct options *o)
{
	const char *path = options_value(o, "config", NULL);
	struct live_config config;
	struct options *merged;
	char err[512], **argv;
	int argc, status;

	if (!path)
		return run_with(o);
	if (!live_config_read(path, options_command(o), &config, err, sizeof(err)))
		return options_usage_error(o, "%s", err);
	argv = live_config_argv(&config, o, &argc);
	merged = argv ? options_parse(options_command(o), argc, argv, &status) : NULL;
	status = merged ? run_with(merged) : argv ? status : EXIT_PARTIAL;
	options_free(merged);
	live_config_argv_free(argv);
	live_config_free(&config);
	return status;
}

/* clang-format off */
static const struct option_desc options[] = {
	{ 'i', "interface", "NAME", "watch this interface, or any (repeatable)" },
	{ 0, "read-pipe", "FILE", "read a capture that is being written instead; - is standard input" },
	{ 'f', "format", "NAME", "output format: text (default), json or eve (Suricata's)" },
	{ 'o', "output", "FILE", "append to FILE instead of writing to standard output" },
	{ 0, "rotate-size", "OCTETS", "begin a new FILE before it becomes larger" },
	{ 0, "rotate-seconds", "N", "begin a new FILE so often" },
	{ 0, "rotate-keep", "N", "keep so many old FILEs (10)" },
	{ 0, "queue", "OCTETS", "memory for events that wait to be written (4 MiB)" },
	{ 0, "type", "NAME", "write only events of this type (repeatable)" },
	{ 0, "stats-interval", "SECONDS", "tell statistics so often (60; 0: only in the end)" },
	{ 0, "no-table", NULL, "lines on a terminal, too, and no table" },
	{ 'p', "port", "PORT", "TCP port of control connections instead of 1723 (repeatable)" },
	{ 0, "any-port", NULL, "watch all of TCP, to recognise control connections by their content" },
	{ 'F', "filter", "EXPR", "watch only packets that match this libpcap filter, too" },
	{ 0, "buffer-size", "OCTETS", "the kernel's memory for packets of an interface (16 MiB)" },
	{ 0, "snap-length", "OCTETS", "of each packet, take so many octets (65535)" },
	{ 0, "no-promiscuous", NULL, "do not ask for packets to others" },
	{ 0, "precision", "NAME", "of times: nano (default) or micro" },
	{ 0, "immediate", NULL, "take each packet at once, not several together" },
	{ 0, "hold", "MILLISECONDS", "how long the kernel may wait for more packets (100)" },
	{ 'q', "quiet", NULL, "no remarks on standard error" },
	{ 'v', "verbose", NULL, "leave nothing out" },
	{ 0, "anonymize", NULL, "replace addresses, host names and telephone numbers by numbered names" },
	{ 0, "show-secrets", NULL, "do not mask secrets" },
	{ 0, "max-memory", "OCTETS", "scale all limits below so that about this much memory suffices" },
	{ 0, "max-tunnels", "N", "pairs of hosts that are tracked at a time" },
	{ 0, "max-connections", "N", "control connections that are tracked at a time" },
	{ 0, "max-calls", "N", "calls that are tracked at a time" },
	{ 0, "max-fragments", "OCTETS", "memory for IP fragments that wait for the others" },
	{ 0, "connection-timeout", "SECONDS", "a control connection is over after this much silence (7200)" },
	{ 0, "half-open-timeout", "SECONDS", "... one that has not begun to talk (90)" },
	{ 0, "call-timeout", "SECONDS", "... a call of which only GRE is seen (3600)" },
	{ 0, "tunnel-timeout", "SECONDS", "a pair of hosts without calls is forgotten after this much silence (3600)" },
	{ 0, "linger", "SECONDS", "what has ended waits so long for late packets, before it is told of (10)" },
	{ 0, "profile", "NAME", "what to judge by: rfc2637 (default) or ms-ptpt" },
	{ 0, "only", "ID", "judge only this requirement, or an area such as GRE (repeatable)" },
	{ 0, "except", "ID", "do not judge this requirement or area (repeatable)" },
	{ 0, "min-severity", "NAME", "leave out findings below note (default), warning or error" },
	{ 0, "strict", NULL, "fail the run for warnings, too (a SHOULD violated)" },
	{ 0, "expect", "FILE", "fail the run only for findings that this baseline does not accept" },
	{ 0, "write-expect", "FILE", "at the end, write a baseline that accepts what was found" },
	{ 0, "workers", "N", "share the interfaces among so many processes (1)" },
	{ 0, "user", "NAME[:GROUP]", "become this user once the interfaces are open" },
	{ 0, "no-seccomp", NULL, "do not give up system calls that are not needed" },
	{ 0, "evidence-dir", "FOLDER", "keep packets around findings in files there" },
	{ 0, "evidence-severity", "NAME", "... of findings from note, warning or error (default) on" },
	{ 0, "evidence-memory", "OCTETS", "... memory for packets before a finding (16 MiB)" },
	{ 0, "evidence-size", "OCTETS", "... of a file (16 MiB)" },
	{ 0, "evidence-files", "N", "... so many, then the oldest is removed (64)" },
	{ 0, "metrics", "ADDR:PORT", "serve numbers for Prometheus there" },
	{ 0, "systemd", NULL, "tell systemd when ready, and that it is alive" },
	{ 0, "config", "FILE", "read options from FILE, a line 'name value' each" },
	{ 0, NULL, NULL, NULL },
};
/* clang-format on */

const struct command cmd_monitor = {
	.name = "monitor",
	.operands = "",
	.help = "watch interfaces and tell of connections, calls and findings as they happen",
	.details =
		"SIGHUP opens FILE again, SIGUSR1 prints what is going on, SIGINT and SIGTERM end it with a "
		"last\n"
		"word on all that is open, a second SIGINT ends it at once.  Numbers may end in k, M or G.",
	.options = options,
	.run = run,
};
