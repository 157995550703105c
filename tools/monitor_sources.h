/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the engine's packets come from: interfaces, in the order of their packets' times, or one pipe.
 * An interface that disappears is opened again once it is back.
 */
#ifndef PPTPSCOPE_MONITOR_SOURCES_H
#define PPTPSCOPE_MONITOR_SOURCES_H

#include "analyzer/capture.h"
#include "tools/monitor_engine.h"

struct monitor_interface {
	struct capture_live *capture; /* NULL: it is gone, and looked for now and then */
	const char *name;
	struct packet packet; /* in hand, when `has` */
	bool has, said;
	const char *away; /* what was told of its absence */
	int64_t since;    /* it is down or gone, by the steady clock */
	int64_t from_ns;  /* packets before this are another worker's */
	uint32_t link_type;
	struct capture_live_drops drops, before; /* told of; of captures that were closed */
};

/* What happened to an interface; told of as events by the engine. */
struct monitor_change {
	const char *interface;
	const char *code; /* "interface-down", "interface-gone", "interface-up", "link-type"; NULL: drops */
	char text[256];
	bool back; /* interface-up: it was away for so many seconds */
	double seconds;
	uint64_t kernel, dropped; /* packets, since the last time; kernel's, interface's */
};
typedef void monitor_change_fn(void *ctx, const struct monitor_change *c);

struct monitor_sources {
	const struct monitor_engine_options *o;
	struct monitor_interface interface[LIVE_INTERFACES_MAX];
	struct capture *pipe;
	monitor_change_fn *changed;
	void *ctx;
	bool pipe_ended, pipe_damaged;
	bool lost_parent; /* a worker without parent */
};

bool monitor_sources_open(struct monitor_sources *s, const struct monitor_engine_options *o, char *err,
			  size_t room, bool *usage);
void monitor_sources_close(struct monitor_sources *s);

/* A worker takes its share of each interface. */
bool monitor_sources_join(struct monitor_sources *s, char *err, size_t room);

/* The next packet, which is the earliest at hand; false: none now. */
bool monitor_sources_next(struct monitor_sources *s, struct packet *packet);

/* Waits for a packet, at most so long. */
void monitor_sources_wait(const struct monitor_sources *s, int wait_ms);

/* Nothing more will come. */
bool monitor_sources_over(const struct monitor_sources *s);

/* Counts drops; and (interfaces) looks how they are. */
void monitor_sources_check(struct monitor_sources *s, bool interfaces);

/* Dropped in all. */
struct capture_live_drops monitor_sources_drops(const struct monitor_sources *s);

#endif
