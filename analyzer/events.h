/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens, when it happens: connections and calls that begin and end, messages, findings.
 *
 * Watches a pipeline whose tracker is `live`, and the judge that belongs to it, and tells of each thing
 * once, in the order of packet time.  Keeps nothing but what has to wait a moment: findings of a message
 * come after it, and a call that only GRE shows is told of when it had time to be paired.
 */
#ifndef PPTPSCOPE_EVENTS_H
#define PPTPSCOPE_EVENTS_H

#include "analyzer/diagnose.h"
#include "analyzer/pipeline.h"
#include "analyzer/report.h"

enum live_kind {
	LIVE_CONNECTION_OPEN,
	LIVE_CONNECTION_CLOSE, /* why: the diagnosis */
	LIVE_CONTROL,          /* where, msg; call may be NULL */
	LIVE_CALL_OPEN,
	LIVE_CALL_CLOSE, /* why: the diagnosis */
	LIVE_CALL_JOIN,  /* call: went away as a part of `into` */
	LIVE_FINDING,    /* finding */
	LIVE_GAP,        /* gap: something was not seen */
	LIVE_STATS,      /* stats */
	LIVE_NOTICE,     /* code, text: about the monitor itself */
	LIVE_KINDS
};
const char *live_kind_name(enum live_kind k); /* "call_open", ... */

/* What was not seen, and why. */
struct live_gap {
	const char *reason; /* "kernel-drop", "interface-drop", "interface-down", "clock-step", "lost-octets",
			       "worker-died"; static */
	const char *interface; /* or NULL: of all, or not known */
	bool has_packets, has_octets, has_seconds;
	uint64_t packets, octets;
	double seconds; /* how long; clock-step: by how much, negative when set back */
};

/* Counts, all of uint64_t: those of several processes are added, member by member. */
struct live_stats {
	uint64_t packets, octets;               /* seen */
	uint64_t control, gre, icmp, fragments; /* of these inspected */
	uint64_t unseen[UNSEEN_COUNT];          /* of these not inspected */
	uint64_t kernel_drops, interface_drops; /* packets */
	uint64_t over_limit;                    /* packets or messages that found no room */
	uint64_t events, event_drops;           /* told, and lost because the output was too slow */
	uint64_t tunnels, connections, calls;   /* live now */
	uint64_t tunnels_seen, connections_seen, calls_seen;
	uint64_t tunnels_evicted, connections_evicted, calls_evicted; /* to make room for others */
	uint64_t findings[SEVERITIES];
	uint64_t gaps, gap_octets; /* of TCP */
	uint64_t memory;           /* octets of the process, 0: not known */
};

struct live_event {
	enum live_kind kind;
	int64_t time_ns;
	const struct tunnel *tunnel;                 /* NULL: about none */
	const struct control_connection *connection; /* NULL: about none, or it is over */
	const struct call *call;
	uint64_t connection_id, call_id; /* 0: none */
	const struct pipeline_where *where;
	const struct ctrl_msg *msg;
	const struct diagnosis *why;
	unsigned whys;
	uint64_t into;
	const struct finding *finding;
	enum baseline baseline;    /* FINDING */
	const char *evidence_file; /* FINDING: where its packets are written to, or NULL */
	const struct live_gap *gap;
	const struct live_stats *stats;
	int64_t interval_ns; /* STATS: since the last ones; 0: the last of all */
	const char *code, *text;
};

/* Told of each event; all of it is borrowed. */
typedef void events_fn(void *ctx, const struct live_event *e);

struct events;

/* datagram: told of each IP packet, as the pipeline tells of it; or NULL. */
struct events *events_new(events_fn *fn,
			  void (*datagram)(void *ctx, const struct packet *packet, const struct datagram *d),
			  void *ctx);
void events_free(struct events *e);

/* What the pipeline and the judge are to tell of; ctx of both is the events. */
struct pipeline_observer events_observer(struct events *e);
void events_finding(void *events, const struct finding *f, const struct event *of);

/* The pipeline, once it is there. */
void events_attach(struct events *e, struct pipeline *p);

/* House-keeping, now and then. */
void events_tick(struct events *e);

/* Adds the pipeline's counts. */
void events_count(struct events *e, struct live_stats *s);

#endif
