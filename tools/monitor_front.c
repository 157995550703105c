/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that writes: outputs, statistics, signals.  See monitor.h. */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "tools/monitor.h"
#include "tools/monitor_clock.h"

enum {
	CLOSE_MS = 3000, /* how long the output may take to write what is left */
	SCREEN_S = 1,
};

struct monitor_signals monitor_signals;

static void on_signal(int number)
{
	if (number == SIGHUP) {
		monitor_signals.reopen = 1;
	} else if (number == SIGUSR1) {
		monitor_signals.snapshot = 1;
	} else {
		/* Whoever asks twice does not want to wait. */
		if (monitor_signals.stop++ && number == SIGINT)
			_exit(EXIT_PARTIAL);
	}
}

void monitor_signals_install(bool worker)
{
	/* A terminal sends SIGINT to workers, too; they end when the parent says so. */
	struct sigaction act = { .sa_handler = on_signal }, ignore = { .sa_handler = SIG_IGN };
	/* Only what ends it may end a read. */
	struct sigaction quiet = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	sigaction(SIGINT, worker ? &ignore : &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGHUP, worker ? &ignore : &quiet, NULL);
	sigaction(SIGUSR1, &quiet, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

/* --- lines --------------------------------------------------------------------------------- */

/*
 * Nothing is captured that would be lost meanwhile: a file is read, or this is the last word.  But there must
 * be progress.
 */
static void wait_for_room(struct monitor *m)
{
	const struct timespec nap = { .tv_nsec = 1000000 };
	uint64_t before = 0;
	unsigned naps = 0;

	for (;;) {
		live_output_counts(m->output, &m->output_counts);
		if (m->output_counts.queued_octets <= m->output_options.queue_octets / 2 ||
		    m->output_counts.broken)
			return;
		if (m->output_counts.octets != before)
			naps = 0;
		before = m->output_counts.octets;
		if (++naps > CLOSE_MS) {
			m->patient = false;
			return;
		}
		nanosleep(&nap, NULL);
	}
}

void monitor_front_line(struct monitor *m, enum live_kind kind, const char *line, size_t len)
{
	if (!(m->kinds >> kind & 1))
		return;
	m->events++;
	if (m->table) {
		monitor_table_line(m->table, line, len);
		return;
	}
	if (m->patient)
		wait_for_room(m);
	live_output_line(m->output, line, len);
}

void monitor_front_told(void *ctx, const struct live_event *told)
{
	struct monitor *m = ctx;
	struct live_event e = *told;
	const char *line;
	size_t len;

	if (!monitor_filter(m, &e) || !(m->kinds >> e.kind & 1))
		return;
	line = m->format->line(m->writer, &e, &len);
	if (line)
		monitor_front_line(m, e.kind, line, len);
}

static int64_t now(const struct monitor *m)
{
	return m->only ? monitor_engine_now(m->only) : clock_real();
}

void monitor_front_notice(struct monitor *m, const char *code, const char *text)
{
	struct live_event e = { .kind = LIVE_NOTICE, .time_ns = now(m), .code = code, .text = text };

	monitor_front_told(m, &e);
	if (!options_given(m->options, "quiet") && !m->table)
		options_say(m->options, "%s", text);
}

static void output_failed(void *context, const char *message)
{
	struct monitor *m = context;

	/* From the writer's thread: what it cannot write is no place to say so. */
	options_say(m->options, "%s", message ? message : "the output can be written again");
}

/* --- statistics ---------------------------------------------------------------------------- */

void monitor_front_stats(const struct monitor *m, struct live_stats *s)
{
	uint64_t values[LIVE_NUMBERS];

	for (unsigned i = 0; i < LIVE_NUMBERS; i++)
		values[i] = m->crew ? live_workers_sum(m->crew, i)
				    : atomic_load_explicit(&m->counters[i], memory_order_relaxed);
	memcpy(s, values, sizeof(*s));
	s->event_drops = m->output_counts.dropped_lines;
}

static void tell_stats(struct monitor *m, int64_t steady, bool last)
{
	struct live_stats s;
	struct live_event e = {
		.kind = LIVE_STATS,
		.time_ns = now(m),
		.stats = &s,
		.interval_ns = last ? 0 : steady - m->last_stats,
	};

	if (m->output)
		live_output_counts(m->output, &m->output_counts);
	monitor_front_stats(m, &s);
	monitor_front_told(m, &e);
	m->last_stats = steady;
	m->next_stats = steady + m->stats_ns;
}

/* Lines that the output had no room for, once they can be told of. */
static void say_drops(struct monitor *m)
{
	char text[160];

	live_output_counts(m->output, &m->output_counts);
	if (m->output_counts.dropped_lines == m->output_said.dropped_lines)
		return;
	m->partial = true;
	if (m->output_counts.queued_octets) {
		if (!m->losing)
			options_say(m->options, "the output is too slow: events are being lost");
		m->losing = true;
		return;
	}
	snprintf(text, sizeof(text), "%" PRIu64 " events were lost because the output was too slow",
		 m->output_counts.dropped_lines - m->output_said.dropped_lines);
	m->output_said = m->output_counts;
	m->losing = false;
	monitor_front_notice(m, "events-lost", text);
}

static void snapshot(struct monitor *m)
{
	struct live_stats s;

	monitor_front_stats(m, &s);
	if (m->crew)
		live_workers_signal(m->crew, SIGUSR1);
	monitor_table_print(&m->reading.report, m->only ? monitor_engine_tracker(m->only) : NULL, &s, now(m),
			    stderr);
}

static void each_second(struct monitor *m)
{
	struct live_stats s;
	const char *screen;
	size_t len;
	char status[128];

	say_drops(m);
	monitor_front_stats(m, &s);
	if (m->table && m->only) {
		screen = monitor_table_screen(m->table, monitor_engine_tracker(m->only), &s, now(m), &len);
		if (screen && !m->output_counts.queued_octets)
			live_output_line(m->output, screen, len);
	}
	live_notify_watchdog(&m->notify);
	snprintf(status, sizeof(status), "%" PRIu64 " packets, %" PRIu64 " calls live, %" PRIu64 " lost",
		 s.packets, s.calls, s.kernel_drops + s.interface_drops);
	live_notify_status(&m->notify, status);
}

void monitor_front_tick(struct monitor *m)
{
	int64_t steady = clock_steady();

	if (steady >= m->next_second) {
		m->next_second = steady + SCREEN_S * SECOND_NS;
		each_second(m);
	}
	if (m->stats_ns && steady >= m->next_stats)
		tell_stats(m, steady, false);
	if (monitor_signals.reopen) {
		monitor_signals.reopen = 0;
		live_notify_reloading(&m->notify);
		live_output_reopen(m->output);
		live_notify_ready(&m->notify, "reopened");
	}
	if (monitor_signals.snapshot) {
		monitor_signals.snapshot = 0;
		snapshot(m);
	}
}

/* --- opening and closing ------------------------------------------------------------------- */

static bool open_metrics(struct monitor *m)
{
	const char *address = options_value(m->options, "metrics", NULL);
	char err[256];

	if (!address || monitor_metrics_start(m, address, err, sizeof(err)))
		return true;
	options_say(m->options, "--metrics %s: %s", address, err);
	return false;
}

void monitor_front_last_words(struct monitor *m)
{
	m->patient = true;
	/* They stand under the table, not in it. */
	monitor_table_free(m->table);
	m->table = NULL;
}

bool monitor_front_open(struct monitor *m)
{
	struct report_options o = m->reading.report;
	char err[512];

	/* A file is no terminal. */
	if (m->output_options.path)
		o.colour = false;
	m->output_options.on_error = output_failed;
	m->output_options.context = m;
	m->output = live_output_open(&m->output_options, err, sizeof(err));
	if (!m->output) {
		options_say(m->options, "%s", err);
		return false;
	}
	if (m->format == &event_text && o.width && !m->output_options.path && m->workers == 1 &&
	    !options_given(m->options, "no-table"))
		m->table = monitor_table_new(&o);
	/* Lines under a table are cut, which colours would not survive. */
	if (m->table)
		o.colour = false;
	m->writer = m->format->open(&o, m->engine.ninterfaces == 1 ? m->engine.interfaces[0] : NULL);
	if (!m->writer) {
		options_say(m->options, "not enough memory");
		return false;
	}
	m->last_stats = clock_steady();
	m->next_stats = m->last_stats + m->stats_ns;
	return open_metrics(m);
}

void monitor_front_close(struct monitor *m)
{
	struct live_output_counts final = { 0 };

	live_metrics_stop(m->metrics);
	m->metrics = NULL;
	monitor_table_free(m->table);
	m->table = NULL;
	if (m->writer)
		tell_stats(m, clock_steady(), true);
	if (m->output && !live_output_close(m->output, CLOSE_MS, &final)) {
		options_say(m->options, "%" PRIu64 " lines could not be written", final.dropped_lines);
		m->partial = true;
	}
	m->partial |= final.dropped_lines > 0;
	m->output = NULL;
	if (m->format)
		m->format->close(m->writer);
	m->writer = NULL;
	live_notify_close(&m->notify);
}
