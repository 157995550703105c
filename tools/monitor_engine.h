/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine of monitor: packets of interfaces, or of a pipe, through the pipeline to events.  One in a
 * process: the only one, or that of each worker.
 *
 * Time is that of packets.  While none comes, it goes on at the pace of the clock.
 */
#ifndef PPTPSCOPE_MONITOR_ENGINE_H
#define PPTPSCOPE_MONITOR_ENGINE_H

#include <stdatomic.h>

#include "analyzer/capture_live.h"
#include "analyzer/events.h"
#include "conformance/judge.h"
#include "tools/live_evidence.h"
#include "tools/live_workers.h"

struct monitor_engine;

struct monitor_engine_options {
	struct pipeline_options pipeline; /* judge is the engine's own */
	struct judge_options judge;       /* told is, too */
	struct capture_live_options capture;
	const char *interfaces[LIVE_INTERFACES_MAX];
	size_t ninterfaces;
	const char *pipe; /* a file or pipe to be read instead of interfaces; "-" is standard input */
	const char *pipe_filter;
	struct live_evidence_options evidence;            /* folder NULL: none */
	bool (*keep)(void *ctx, const struct finding *f); /* whether its packets are to be kept */
	events_fn *told;
	void *ctx;
	struct live_worker *worker; /* NULL: this is the only process */
	unsigned workers;           /* of how many */
	_Atomic uint64_t *counters; /* struct live_stats, as numbers */
};

enum { LIVE_NUMBERS = sizeof(struct live_stats) / sizeof(uint64_t) };
_Static_assert(sizeof(struct live_stats) <= LIVE_COUNTERS * sizeof(uint64_t), "counters of a worker");

/*
 * Opens the interfaces or the pipe: what may need a right.  NULL with a message in err, and *usage when it
 * is a mistake of the user's.
 */
struct monitor_engine *monitor_engine_open(const struct monitor_engine_options *o, char *err, size_t room,
					   bool *usage);

/* The rest, when rights have been given up.  False with a message in err. */
bool monitor_engine_begin(struct monitor_engine *g, char *err, size_t room);

/*
 * Takes what there is, waiting at most so long for the first packet.  False when nothing more will come:
 * the pipe has ended, or (worker) the parent has.
 */
bool monitor_engine_run(struct monitor_engine *g, int wait_ms);

/* Takes what was captured until now. */
void monitor_engine_drain(struct monitor_engine *g);

/* Ends what is open, telling of it.  A word about a damaged pipe, or NULL. */
const char *monitor_engine_finish(struct monitor_engine *g);

void monitor_engine_free(struct monitor_engine *g);

/* Whether packets come from a file, which waits. */
bool monitor_engine_patient(const struct monitor_engine *g);

/* Now, in the time of packets. */
int64_t monitor_engine_now(const struct monitor_engine *g);

/* For tables and snapshots. */
const struct tracker *monitor_engine_tracker(struct monitor_engine *g);

#endif
