/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pptpscope monitor: what its files share.  cmd_monitor.c puts it together. */
#ifndef PPTPSCOPE_MONITOR_H
#define PPTPSCOPE_MONITOR_H

#include <signal.h>

#include "analyzer/report_events.h"
#include "tools/judging.h"
#include "tools/live_metrics.h"
#include "tools/live_notify.h"
#include "tools/live_output.h"
#include "tools/live_privilege.h"
#include "tools/monitor_engine.h"
#include "tools/reading.h"

struct monitor_table;

struct monitor {
	const struct options *options;
	struct reading reading; /* limits, and how it is to look */
	struct judging judging;
	struct report_summary summary; /* of judging; not printed */
	struct monitor_engine_options engine;
	const struct event_format *format;
	struct event_writer *writer;
	unsigned kinds; /* bit set: events of this kind are written */
	bool evidence;
	enum severity evidence_least;
	struct live_user user;
	bool drop_user, confine;
	unsigned workers;
	int64_t stats_ns; /* interval; 0: never */

	/* Of the process that writes (monitor_front.c). */
	_Atomic uint64_t counters[LIVE_NUMBERS]; /* of the only engine; else those of workers are summed */
	struct live_workers *crew;
	struct monitor_engine *only;
	struct live_output_options output_options;
	struct live_output *output;
	struct live_output_counts output_counts, output_said;
	struct live_metrics *metrics;
	struct live_notify notify;
	struct monitor_table *table; /* NULL: none is shown */
	int64_t next_stats, last_stats, next_second;
	uint64_t events; /* written by this process itself */
	bool patient;    /* waits for the output */
	bool losing;     /* events, because the output is too slow */
	bool failed;     /* a finding fails the run */
	bool partial;    /* something was lost */
};

/* What signals asked for. */
struct monitor_signals {
	volatile sig_atomic_t stop, reopen, snapshot;
};
extern struct monitor_signals monitor_signals;
void monitor_signals_install(bool worker);

/* cmd_monitor.c: whether, and how, a finding is told. */
bool monitor_filter(struct monitor *m, struct live_event *e);

/* --- the process that writes: monitor_front.c ----------------------------------------------- */

/* Opens outputs, metrics and the rest, when rights have been given up.  False: it was said why. */
bool monitor_front_open(struct monitor *m);

/* Lines of an event, made by this process or a worker. */
void monitor_front_line(struct monitor *m, enum live_kind kind, const char *line, size_t len);

/* Events of this process. */
events_fn monitor_front_told; /* ctx is the monitor */
void monitor_front_notice(struct monitor *m, const char *code, const char *text);

/* Often: statistics, signals, the table, systemd. */
void monitor_front_tick(struct monitor *m);

/* What comes now is the end: it may take its time. */
void monitor_front_last_words(struct monitor *m);

/* The last statistics, and everything closed. */
void monitor_front_close(struct monitor *m);

/* The counts of all engines. */
void monitor_front_stats(const struct monitor *m, struct live_stats *s);

/* monitor_metrics.c */
bool monitor_metrics_start(struct monitor *m, const char *address, char *err, size_t room);

/* --- several processes: monitor_crew.c ------------------------------------------------------ */

/* Runs workers until it is told to stop.  The exit status. */
bool monitor_crew_run(struct monitor *m, char *err, size_t room);

/* --- tables: monitor_table.c ---------------------------------------------------------------- */

struct monitor_table *monitor_table_new(const struct report_options *o);
void monitor_table_free(struct monitor_table *t);

/* Keeps lines that go under the table. */
void monitor_table_line(struct monitor_table *t, const char *line, size_t len);

/* The screen as it is to be now, valid until the next call. */
const char *monitor_table_screen(struct monitor_table *t, const struct tracker *tracker,
				 const struct live_stats *s, int64_t now, size_t *len);

/* The same as plain lines, for SIGUSR1. */
void monitor_table_print(const struct report_options *o, const struct tracker *tracker,
			 const struct live_stats *s, int64_t now, FILE *to);

#endif
