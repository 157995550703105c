/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the tracker share. */
#ifndef PPTPSCOPE_TRACKER_PRIVATE_H
#define PPTPSCOPE_TRACKER_PRIVATE_H

#include "analyzer/flow_table.h"
#include "analyzer/spill.h"
#include "analyzer/tracker.h"
#include "conformance/field.h"
#include "conformance/pool.h"

enum {
	EXPECTED = 16,	      /* packets that are told of ahead of their time */
	UNPAIRED = 16,	      /* candidates remembered for pairing, per direction */
	TEXTS_MAX = 16 << 20, /* octets of interned texts */
	HISTORY_SIZES = 4,
};

struct tunnel_private {
	struct tunnel *opposite; /* same hosts with the roles exchanged, or NULL */
	struct tunnel *primary;  /* the one that the table finds and flow keys name */
	struct flow *unpaired[HOSTS][UNPAIRED]; /* flows of GRE-only calls, by sender; ring */
	uint64_t nunpaired[HOSTS];
	bool gone; /* tracker_live.c is about to free it */
};

/* Something that ended and lingers. */
struct ended {
	int64_t time_ns;
	struct control_connection *connection; /* one of the two is set */
	struct call *call;
};

struct intern_slot {
	uint64_t hash;
	void *text;
	size_t len;
};

/* A packet that will come: its call, as far as that has been found. */
struct expected {
	uint64_t key; /* 0: none */
	const struct call *call;
};

/* What of a message its line in the history shows, by rows of its type; -1: it has no such field. */
struct moment_rows {
	int8_t value, result, error;
};

struct tracker {
	struct tracker_limits limits;
	struct tracker_hooks hooks;
	struct tracker_stats stats;
	struct field_map fields;
	struct moment_rows moment_rows[CTRL_TYPES];
	uint64_t factor[3];    /* random, for the table of tunnels */
	struct tunnel **table; /* open addressing by hosts and context */
	size_t table_room;
	struct tunnel **tunnels; /* by id - 1 */
	size_t tunnels_room, ntunnels;
	struct flow_table flows;
	struct pool tunnel_pool, private_pool, connection_pool, call_pool;
	struct pool history_pool[HISTORY_SIZES];
	struct ended *ended; /* ring */
	size_t ended_room, ended_first, nended;
	struct spill spill;
	struct intern_slot *interned;
	size_t interned_room, ninterned, interned_octets;
	int64_t next_sweep;
	struct expected expected[EXPECTED]; /* ring */
	unsigned nexpected;
	bool last;            /* nothing lingers any more */
	size_t lingering;     /* calls among the ended */
	int64_t now;	      /* of the last tick */
	int64_t next_relief;  /* before this it is of no use to look for room again (tracker_live.c) */
	uint64_t last_call;   /* number of the latest; its id is by id_first and id_step */
};

/* The tunnel of two hosts, or NULL; *from is the host index of src. */
struct tunnel *tracker_tunnel_find(const struct tracker *t, uint32_t context, const struct ip_addr *src,
				   const struct ip_addr *dst, unsigned *from);

/* What a flow is found by. */
uint64_t tracker_flow_key(const struct tunnel *tunnel, unsigned from, uint16_t call_id);

/* Flow of (tunnel, sender, Call ID of the receiver), or NULL. */
struct flow *tracker_flow_find(const struct tracker *t, const struct tunnel *tunnel, unsigned from,
			       uint16_t call_id);

/* Gives the call the flow with that key: a new one, or one that GRE made before the call was known. */
struct flow *tracker_flow_claim(struct tracker *t, struct call *c, unsigned from, uint16_t call_id);

/* A new call of a tunnel, NULL at the limit. */
struct call *tracker_call_new(struct tracker *t, struct tunnel *tunnel, struct control_connection *c,
			      uint64_t frame, int64_t time_ns);

/* The call takes no more messages; it lingers for late packets. */
void tracker_call_end(struct tracker *t, struct call *c, int64_t time_ns);

/* Moves a connection without calls to the tunnel of the other roles. */
void tracker_connection_move(struct tracker *t, struct control_connection *c, unsigned pac);

/* A copy of the octets that lives as long as the tracker; NULL when there is no room for more. */
const void *tracker_intern(struct tracker *t, const void *octets, size_t len);

/* tracker_control.c: fills in moment_rows. */
void tracker_moments_init(struct tracker *t);

void tracker_spill_ended(struct tracker *t, int64_t time_ns);

/* Takes the oldest of what has ended out of memory. */
void tracker_ended_out(struct tracker *t);

/* Ends calls of GRE alone that fell silent at `since`; the others end with their connections. */
uint64_t tracker_end_silent(struct tracker *t, int64_t since, int64_t time_ns);

/* Where a tunnel is found, or the empty slot where it belongs. */
struct tunnel **tracker_tunnel_slot(struct tracker *t, const struct tunnel *x);

/* tracker_live.c: the house-keeping of a tracker that runs for weeks. */
void tracker_live_tick(struct tracker *t, int64_t time_ns);
void tracker_live_sweep(struct tracker *t, int64_t time_ns);
/* How often it sweeps, ns. */
int64_t tracker_live_pace(const struct tracker *t);

#endif
