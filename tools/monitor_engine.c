/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See monitor_engine.h. */
#include "tools/monitor_engine.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "tools/monitor_clock.h"
#include "tools/monitor_sources.h"

enum {
	BATCH = 256,          /* packets between looks at the clock */
	CHECK_MS = 100,       /* drops, counters, time */
	INTERFACES_MS = 1000, /* how interfaces are */
	STEP_MS = 1000,       /* packet times that go back by more: the clock was set */
	JUMP_MS = 500,        /* ... as two clocks that go apart show, too */
	LAG_MS = 1000,        /* a packet may be so late when time has gone on without it */
	EVIDENCE_S = 300,     /* packets are kept so long after a finding */
};

#define MS(n) ((int64_t)(n)*1000000)

struct monitor_engine {
	struct monitor_engine_options o;
	struct monitor_sources sources;
	struct events *events;
	struct judge *judge;
	struct pipeline *pipeline;
	struct live_evidence *evidence;
	uint64_t base[LIVE_NUMBERS];    /* of the counters: what predecessors have counted */
	uint64_t number;                /* of the last packet */
	int64_t packet_time, packet_at; /* of the last one; when it came, by the steady clock */
	int64_t next_check, next_interfaces;
	int64_t clocks; /* how far the clocks are apart */
	int statm;      /* for the size of the process */
	bool finished;
};

/* --- events -------------------------------------------------------------------------------- */

static void tell(struct monitor_engine *g, struct live_event *e)
{
	g->o.told(g->o.ctx, e);
}

static void keep_packets(struct monitor_engine *g, struct live_event *e)
{
	const struct ip_addr *host = e->tunnel->host;

	if (!g->o.keep(g->o.ctx, e->finding))
		return;
	switch (live_evidence_start(g->evidence, &host[0], &host[1], e->finding->id, 0)) {
	case LIVE_EVIDENCE_STARTED:
	case LIVE_EVIDENCE_NONE:
		e->evidence_file = live_evidence_path(g->evidence);
		break;
	case LIVE_EVIDENCE_RUNNING:
	case LIVE_EVIDENCE_REFUSED:
	case LIVE_EVIDENCE_FAILED:
		break;
	}
}

static void on_event(void *ctx, const struct live_event *told)
{
	struct monitor_engine *g = ctx;
	struct live_event e = *told;

	if (g->evidence && e.tunnel && e.kind == LIVE_FINDING)
		keep_packets(g, &e);
	tell(g, &e);
	if (g->evidence && e.kind == LIVE_CONNECTION_CLOSE)
		live_evidence_stop(g->evidence, &e.tunnel->host[0], &e.tunnel->host[1]);
}

static void on_datagram(void *ctx, const struct packet *packet, const struct datagram *d)
{
	struct monitor_engine *g = ctx;

	live_evidence_packet(g->evidence, packet, &d->src, &d->dst);
}

static void tell_gap(struct monitor_engine *g, const struct live_gap *gap)
{
	struct live_event e = { .kind = LIVE_GAP, .time_ns = monitor_engine_now(g), .gap = gap };

	tell(g, &e);
}

static void tell_drops(struct monitor_engine *g, const struct monitor_change *c)
{
	const uint64_t drops[2] = { c->kernel, c->dropped };
	struct live_gap gap = { .interface = c->interface, .has_packets = true };

	for (unsigned i = 0; i < 2; i++) {
		if (!drops[i])
			continue;
		gap.reason = i ? "interface-drop" : "kernel-drop";
		gap.packets = drops[i];
		tell_gap(g, &gap);
	}
}

static void on_change(void *ctx, const struct monitor_change *c)
{
	struct monitor_engine *g = ctx;
	struct live_event e = {
		.kind = LIVE_NOTICE,
		.time_ns = monitor_engine_now(g),
		.code = c->code,
		.text = c->text,
	};
	const struct live_gap gap = {
		.reason = "interface-down",
		.interface = c->interface,
		.has_seconds = true,
		.seconds = c->seconds,
	};

	if (c->code)
		tell(g, &e);
	else
		tell_drops(g, c);
	if (c->back)
		tell_gap(g, &gap);
	if (c->back || !c->code)
		pipeline_lost(g->pipeline, e.time_ns, false);
}

/* --- time ---------------------------------------------------------------------------------- */

int64_t monitor_engine_now(const struct monitor_engine *g)
{
	if (!g->number)
		return clock_real();
	return g->packet_time + (clock_steady() - g->packet_at);
}

static void clock_step(struct monitor_engine *g, int64_t by)
{
	const struct live_gap gap = { .reason = "clock-step",
				      .has_seconds = true,
				      .seconds = (double)by / 1e9 };

	tell_gap(g, &gap);
	pipeline_lost(g->pipeline, g->packet_time + by, true);
}

/* Live packets have the time of the clock: where that is set, packets would seem to have been late or early.
 */
static void check_clocks(struct monitor_engine *g)
{
	int64_t apart = clock_real() - clock_steady(), by = apart - g->clocks;

	g->clocks = apart;
	if (by > MS(JUMP_MS) && !g->o.pipe)
		clock_step(g, by);
}

/* --- counters ------------------------------------------------------------------------------ */

static uint64_t resident(const struct monitor_engine *g)
{
	char text[128];
	ssize_t n = pread(g->statm, text, sizeof(text) - 1, 0);
	const char *second;

	if (n <= 0)
		return 0;
	text[n] = '\0';
	second = strchr(text, ' ');
	return second ? strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

static void publish(struct monitor_engine *g)
{
	struct live_stats s = { 0 };
	struct capture_live_drops drops = monitor_sources_drops(&g->sources);
	uint64_t values[LIVE_NUMBERS];

	events_count(g->events, &s);
	s.kernel_drops = drops.kernel;
	s.interface_drops = drops.interface;
	s.memory = resident(g);
	if (g->finished)
		s.tunnels = s.connections = s.calls = 0;
	memcpy(values, &s, sizeof(s));
	for (size_t i = 0; i < LIVE_NUMBERS; i++)
		atomic_store_explicit(&g->o.counters[i], values[i] + g->base[i], memory_order_relaxed);
	if (g->o.worker)
		live_worker_pending(g->o.worker, s.connections + s.calls);
}

/*
 * Workers take turns at numbers, and one that was started again begins behind what its predecessor can have
 * used: its counters were not older than CHECK_MS.
 */
static void distinct_ids(struct monitor_engine *g, const struct live_stats *before)
{
	enum { SLACK = 1000000 };
	struct tracker_limits *l = &g->o.pipeline.tracker;
	uint64_t used = before->tunnels_seen + before->connections_seen + before->calls_seen;

	if (!g->o.worker)
		return;
	l->id_step = g->o.workers;
	l->id_first = live_worker_index(g->o.worker) + 1 - l->id_step;
	if (used)
		l->id_first += (used + SLACK) * l->id_step;
}

/* What is now, and not what was counted, does not go on from where a predecessor was. */
static void counters_base(struct monitor_engine *g)
{
	struct live_stats s;

	for (size_t i = 0; i < LIVE_NUMBERS; i++)
		g->base[i] = atomic_load_explicit(&g->o.counters[i], memory_order_relaxed);
	memcpy(&s, g->base, sizeof(s));
	s.tunnels = s.connections = s.calls = s.memory = 0;
	memcpy(g->base, &s, sizeof(s));
	distinct_ids(g, &s);
}

/* --- the life of an engine ----------------------------------------------------------------- */

struct monitor_engine *monitor_engine_open(const struct monitor_engine_options *o, char *err, size_t room,
					   bool *usage)
{
	struct monitor_engine *g = calloc(1, sizeof(*g));

	*usage = false;
	if (!g) {
		snprintf(err, room, "not enough memory");
		return NULL;
	}
	g->o = *o;
	g->statm = -1;
	g->sources.changed = on_change;
	g->sources.ctx = g;
	if (monitor_sources_open(&g->sources, &g->o, err, room, usage))
		return g;
	monitor_engine_free(g);
	return NULL;
}

static bool begin_evidence(struct monitor_engine *g, char *err, size_t room)
{
	if (!g->o.evidence.folder)
		return true;
	g->evidence = live_evidence_new(&g->o.evidence, err, room);
	return g->evidence != NULL;
}

bool monitor_engine_begin(struct monitor_engine *g, char *err, size_t room)
{
	struct pipeline_observer observer;

	snprintf(err, room, "not enough memory");
	if (!begin_evidence(g, err, room))
		return false;
	g->events = events_new(on_event, g->evidence ? on_datagram : NULL, g);
	if (!g->events)
		return false;
	g->o.judge.told = events_finding;
	g->o.judge.told_ctx = g->events;
	g->judge = judge_new(&g->o.judge);
	if (!g->judge)
		return false;
	g->o.pipeline.judge = g->judge;
	counters_base(g);
	observer = events_observer(g->events);
	g->pipeline = pipeline_new(&g->o.pipeline, &observer, err, room);
	if (!g->pipeline)
		return false;
	events_attach(g->events, g->pipeline);
	g->statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	g->clocks = clock_real() - clock_steady();
	return monitor_sources_join(&g->sources, err, room);
}

static void take(struct monitor_engine *g, struct packet *packet)
{
	packet->number = ++g->number;
	if (packet->time_ns < g->packet_time - MS(STEP_MS))
		clock_step(g, packet->time_ns - g->packet_time);
	g->packet_time = packet->time_ns;
	pipeline_packet(g->pipeline, 0, packet);
}

static void check(struct monitor_engine *g, int64_t steady)
{
	bool interfaces = steady >= g->next_interfaces;

	g->next_check = steady + MS(CHECK_MS);
	if (interfaces)
		g->next_interfaces = steady + MS(INTERFACES_MS);
	monitor_sources_check(&g->sources, interfaces);
	check_clocks(g);
	if (steady - g->packet_at > MS(LAG_MS) && (g->number || !g->o.pipe))
		pipeline_idle(g->pipeline, monitor_engine_now(g) - MS(LAG_MS));
	events_tick(g->events);
	if (g->evidence)
		live_evidence_stop_before(g->evidence, pipeline_now(g->pipeline) - EVIDENCE_S * SECOND_NS);
	publish(g);
	if (g->o.worker && !live_worker_mark(g->o.worker, monitor_engine_now(g) - 2 * MS(LAG_MS)))
		g->sources.lost_parent = true;
}

bool monitor_engine_run(struct monitor_engine *g, int wait_ms)
{
	struct packet packet;
	unsigned n = 0;
	int64_t steady;

	while (n < BATCH && monitor_sources_next(&g->sources, &packet)) {
		take(g, &packet);
		n++;
	}
	steady = clock_steady();
	if (n)
		g->packet_at = steady;
	if (steady >= g->next_check)
		check(g, steady);
	if (!n && !monitor_sources_over(&g->sources))
		monitor_sources_wait(&g->sources, wait_ms);
	return !monitor_sources_over(&g->sources);
}

void monitor_engine_drain(struct monitor_engine *g)
{
	/* The kernel holds back what it passes on together. */
	int64_t until = clock_steady() + 2 * MS(g->o.capture.hold_ms);

	while (!g->o.pipe && clock_steady() < until && monitor_engine_run(g, g->o.capture.hold_ms))
		;
}

const char *monitor_engine_finish(struct monitor_engine *g)
{
	struct pipeline_counts counts;

	monitor_sources_check(&g->sources, false);
	pipeline_finish(g->pipeline);
	g->finished = true;
	publish(g);
	pipeline_capture_end(g->pipeline, &counts);
	return g->sources.pipe_damaged ? capture_error(g->sources.pipe) : NULL;
}

void monitor_engine_free(struct monitor_engine *g)
{
	if (!g)
		return;
	pipeline_free(g->pipeline);
	judge_free(g->judge);
	events_free(g->events);
	live_evidence_free(g->evidence);
	monitor_sources_close(&g->sources);
	if (g->statm >= 0)
		close(g->statm);
	free(g);
}

const struct tracker *monitor_engine_tracker(struct monitor_engine *g)
{
	return pipeline_tracker(g->pipeline);
}

bool monitor_engine_patient(const struct monitor_engine *g)
{
	return g->sources.pipe && capture_size(g->sources.pipe) > 0;
}
