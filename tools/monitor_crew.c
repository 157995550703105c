/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several engines, each in a process of its own, and the parent that merges their events.  See monitor.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tools/monitor.h"
#include "tools/monitor_clock.h"

enum { WAIT_MS = 100, STOP_MS = 10000 };

/* What a worker sends: one octet each for the kind and whether it fails the run, then the line. */
enum { HEAD = 2 };

struct crew_member {
	struct monitor *m;
	struct live_worker *self;
	struct monitor_engine *engine;
	char *record;
	size_t room;
	bool lost_parent;
};

/* --- the worker ---------------------------------------------------------------------------- */

static void send_line(struct crew_member *w, enum live_kind kind, const char *line, size_t len)
{
	if (HEAD + len > w->room) {
		char *grown = realloc(w->record, HEAD + len);

		if (!grown)
			return;
		w->record = grown;
		w->room = HEAD + len;
	}
	w->record[0] = (char)kind;
	w->record[1] = w->m->judging.failed;
	memcpy(w->record + HEAD, line, len);
	if (!live_worker_record(w->self, monitor_engine_now(w->engine), w->record, HEAD + len))
		w->lost_parent = true;
}

static void worker_told(void *ctx, const struct live_event *told)
{
	struct crew_member *w = ctx;
	struct live_event e = *told;
	const char *line;
	size_t len;

	if (!monitor_filter(w->m, &e) || !(w->m->kinds >> e.kind & 1))
		return;
	line = w->m->format->line(w->m->writer, &e, &len);
	if (line)
		send_line(w, e.kind, line, len);
}

static bool worker_begin(struct crew_member *w, char *err, size_t room)
{
	struct monitor_engine_options o = w->m->engine;
	struct report_options style = w->m->reading.report;
	bool usage;

	o.told = worker_told;
	o.ctx = w;
	o.worker = w->self;
	o.workers = w->m->workers;
	o.counters = live_worker_counters(w->self);
	o.evidence.worker = live_worker_index(w->self);
	style.colour &= !w->m->output_options.path;
	w->m->writer = w->m->format->open(&style, o.ninterfaces == 1 ? o.interfaces[0] : NULL);
	w->engine = monitor_engine_open(&o, err, room, &usage);
	return w->engine && w->m->writer && monitor_engine_begin(w->engine, err, room) &&
	       (!w->m->confine || live_privilege_confine(LIVE_CONFINE_PACKET, err, room));
}

static void worker_snapshot(struct crew_member *w)
{
	struct live_stats s;
	uint64_t values[LIVE_NUMBERS];
	const _Atomic uint64_t *counters = live_worker_counters(w->self);

	for (unsigned i = 0; i < LIVE_NUMBERS; i++)
		values[i] = atomic_load_explicit(&counters[i], memory_order_relaxed);
	memcpy(&s, values, sizeof(s));
	monitor_signals.snapshot = 0;
	monitor_table_print(&w->m->reading.report, monitor_engine_tracker(w->engine), &s,
			    monitor_engine_now(w->engine), stderr);
}

static int work(struct live_worker *self, void *context)
{
	struct crew_member w = { .m = context, .self = self };
	char err[512] = "not enough memory";

	monitor_signals_install(true);
	if (!worker_begin(&w, err, sizeof(err))) {
		options_say(w.m->options, "worker %u: %s", live_worker_index(self), err);
		return EXIT_PARTIAL;
	}
	while (!monitor_signals.stop && !w.lost_parent && monitor_engine_run(w.engine, WAIT_MS))
		if (monitor_signals.snapshot)
			worker_snapshot(&w);
	if (!w.lost_parent) {
		monitor_engine_drain(w.engine);
		monitor_engine_finish(w.engine);
	}
	monitor_engine_free(w.engine);
	free(w.record);
	return EXIT_OK;
}

/* --- the parent ---------------------------------------------------------------------------- */

static void on_record(void *context, unsigned worker, int64_t time_ns, const void *octets, size_t len)
{
	struct monitor *m = context;
	const char *record = octets;

	(void)worker;
	(void)time_ns;
	if (len < HEAD || (unsigned char)record[0] >= LIVE_KINDS)
		return;
	m->failed |= record[1];
	monitor_front_line(m, (enum live_kind)record[0], record + HEAD, len - HEAD);
}

/* The workers' counters go with them. */
static void keep_counters(struct monitor *m)
{
	for (unsigned i = 0; i < LIVE_NUMBERS; i++)
		atomic_store(&m->counters[i], live_workers_sum(m->crew, i));
}

static void say_ended(struct monitor *m, const struct live_worker_change *c)
{
	char text[256];

	if (monitor_signals.stop) {
		keep_counters(m);
		return;
	}
	snprintf(text, sizeof(text),
		 "worker %u (process %d) %s %d: %" PRIu64 " connections and calls are forgotten, %" PRIu64
		 " events lost; the next starts in %.1f s",
		 c->worker, c->pid, WIFSIGNALED(c->status) ? "was ended by signal" : "ended with status",
		 WIFSIGNALED(c->status) ? WTERMSIG(c->status) : WEXITSTATUS(c->status), c->pending_lost,
		 c->records_lost, (double)c->retry_ms / 1000);
	m->partial = true;
	monitor_front_notice(m, "worker-ended", text);
}

static void say_joined(struct monitor *m, const struct live_worker_change *c)
{
	const struct live_gap gap = {
		.reason = "worker-died",
		.interface = m->engine.interfaces[c->interface],
		.has_packets = true,
		.packets = c->packets_lost,
	};
	const struct live_event e = { .kind = LIVE_GAP, .time_ns = clock_real(), .gap = &gap };

	if (c->restarts || c->packets_lost)
		monitor_front_told(m, &e);
}

static void on_change(void *context, const struct live_worker_change *c)
{
	char text[128];

	switch (c->event) {
	case LIVE_WORKER_ENDED:
		say_ended(context, c);
		break;
	case LIVE_WORKER_JOINED:
		say_joined(context, c);
		break;
	case LIVE_WORKER_STARTED:
		if (!c->restarts)
			break;
		snprintf(text, sizeof(text), "worker %u was started again (process %d)", c->worker, c->pid);
		monitor_front_notice(context, "worker-started", text);
		break;
	case LIVE_WORKER_FAILED:
		snprintf(text, sizeof(text), "worker %u could not be started; trying again in %.1f s",
			 c->worker, (double)c->retry_ms / 1000);
		monitor_front_notice(context, "worker-failed", text);
		break;
	}
}

bool monitor_crew_run(struct monitor *m, char *err, size_t room)
{
	const struct live_workers_options o = {
		.count = m->workers,
		.work = work,
		.record = on_record,
		.changed = on_change,
		.context = m,
	};

	m->crew = live_workers_start(&o, err, room);
	if (!m->crew)
		return false;
	live_notify_ready(&m->notify, "capturing");
	while (!monitor_signals.stop) {
		live_workers_poll(m->crew, WAIT_MS);
		monitor_front_tick(m);
	}
	live_notify_stopping(&m->notify);
	monitor_front_last_words(m);
	if (!live_workers_stop(m->crew, STOP_MS))
		m->partial = true;
	m->crew = NULL;
	return true;
}
