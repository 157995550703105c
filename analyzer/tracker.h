/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which conversation a packet or message belongs to: creates, finds, ages and gives out tunnels,
 * control connections, calls and GRE flows.
 *
 * GRE is bound to a call by tunnel, direction and Call ID.  GRE without a known call makes a call
 * of its own (CALL_GRE_ONLY), which joins a call that claims its Call ID later.
 *
 * Memory: limits for each kind; what has ended is written to a temporary file once there is much
 * of it, so that memory follows what is live, not the length of the capture.
 */
#ifndef PPTPSCOPE_TRACKER_H
#define PPTPSCOPE_TRACKER_H

#include "conformance/event.h"

struct tracker_limits {
	size_t max_tunnels;
	size_t max_calls;  /* live */
	int64_t idle_ns;   /* a call of GRE alone is over after this much silence */
	int64_t linger_ns; /* an ended call or connection still takes late packets this long */
	size_t keep_ended; /* ended ones kept in memory before the temporary file is used */
	bool histories;	   /* tracker_walk() shall give histories of connections, too; else it may not */
	/*
	 * Nothing is kept of what has ended and lingered: hooks were told.  Tunnels without a connection
	 * or call go, too, after tunnel_idle_ns.  At a limit what matters least makes room: see tracker_live.c.
	 */
	bool live;
	int64_t tunnel_idle_ns; /* only with `live` */
	/* The n-th of anything has the id id_first + n * id_step; 0, 0: n.  For several trackers side by side. */
	uint64_t id_first, id_step;
};
extern const struct tracker_limits tracker_default_limits;

struct tracker_stats {
	uint64_t tunnels, connections, calls; /* seen in all */
	uint64_t over_limit;                  /* packets that found no room */
	uint64_t spilled;                     /* ended records in the temporary file */
	bool spill_failed;                    /* no temporary file: ended records stayed in memory */
	bool memory_failed;                   /* an allocation failed: something is missing */
	uint64_t live_tunnels, live_calls;    /* now; calls that are over and linger are not among them */
	uint64_t evicted_tunnels, evicted_calls; /* ended early to make room for others (`live`) */
};

/* Told when something is over, and when it goes away.  Any may be NULL. */
struct tracker_hooks {
	void *ctx;
	void (*call_begun)(void *ctx, struct call *c);
	void (*call_over)(void *ctx, struct call *c, int64_t time_ns);
	void (*call_done)(void *ctx, struct call *c);
	void (*connection_done)(void *ctx, struct control_connection *c);
	/* It turned out to be a part of another one, and goes away without having been done. */
	void (*call_joined)(void *ctx, struct call *into, struct call *other);
	/* It is about to be forgotten (`live`), unless the hook finds something more for it; or at the end. */
	void (*tunnel_done)(void *ctx, struct tunnel *t);
};

struct tracker;

struct tracker *tracker_new(const struct tracker_limits *limits, const struct tracker_hooks *hooks);
void tracker_free(struct tracker *t);

/*
 * The tunnel of two hosts, created when new; *from is the host index of src.  NULL at the limit
 * (counted).  Hot path.
 */
struct tunnel *tracker_tunnel(struct tracker *t, uint32_t context, const struct ip_addr *src,
			      const struct ip_addr *dst, unsigned *from);

/*
 * A GRE packet that will come soon: what it needs is fetched from memory while others have their turn.
 * Changes nothing.  Only worth while where there are more calls than a cache holds: tracker_crowded().
 */
bool tracker_crowded(const struct tracker *t);
void tracker_expect(struct tracker *t, uint32_t context, const struct ip_addr *src, const struct ip_addr *dst,
		    uint16_t call_id);

/*
 * The flow to which tracker_gre() would count a packet; NULL: none yet.  *from: the host that sends by the
 * addresses; changed where they are the same and the Call ID tells otherwise.
 */
struct flow *tracker_flow(const struct tracker *t, const struct tunnel *tunnel, unsigned *from,
			  uint16_t call_id);

/*
 * Counts a GRE packet sent by host `from`; f is its flow (tracker_flow(), which
 * may have changed from), made when NULL.  Returns
 * it, or NULL at the limit.  Hot path.
 */
struct flow *tracker_gre(struct tracker *t, struct tunnel *tunnel, unsigned from, struct flow *f,
			 const struct gre_pkt *g, uint64_t frame, int64_t time_ns);

/* A new control connection whose originator is host `originator`; NULL at the limit. */
struct control_connection *tracker_connection(struct tracker *t, struct tunnel *tunnel, unsigned originator,
					      uint64_t frame, int64_t time_ns);

/* The call that a message of host `from` is about, as far as is known before it is taken in; or NULL. */
struct call *tracker_match(const struct tracker *t, const struct control_connection *c, unsigned from,
			   const struct ctrl_msg *m, enum call_match *how);

/* The call to whose side the Call ID belonged last that a message of host `from` assigns; or NULL. */
struct call *tracker_holder(const struct tracker *t, const struct control_connection *c, unsigned from,
			    const struct ctrl_msg *m);

/*
 * Takes a control message sent by host `from`: connection, roles and calls follow the wire.  matched: the
 * call that tracker_match() has found for it by MATCH_ID, NULL where it has not, or was not asked.
 * Returns the call that it changed or began, or NULL.
 */
struct call *tracker_message(struct tracker *t, struct control_connection *c, unsigned from,
			     const struct ctrl_msg *m, const struct ctrl_origin *origin, struct call *matched);

/* Adds a line to a connection's history. */
void tracker_moment(struct tracker *t, struct control_connection *c, const struct moment *m);

/* The connection is over: its calls end with it.  It may be freed any time after this. */
void tracker_connection_end(struct tracker *t, struct control_connection *c, enum connection_close how,
			    int64_t time_ns);

/*
 * What follows is another time or place: calls that are open end here as they are, and later GRE
 * with the same Call IDs is another call.  Connections must have been ended before.
 */
void tracker_break(struct tracker *t, int64_t time_ns);

/* House-keeping by packet time. */
void tracker_tick(struct tracker *t, int64_t time_ns);

/* Memory was short for something that belongs to a call. */
void tracker_memory_failed(struct tracker *t);

/* The last capture is over: what ends from now on waits for no late packets. */
void tracker_last(struct tracker *t);

/* Ends of the capture: pairs what can be paired, fills in what roles now tell. */
void tracker_finish(struct tracker *t);

/* Gives everything out in order: tunnels by id, then their connections and calls by id. */
struct tracker_visitor {
	void (*tunnel)(void *ctx, const struct tunnel *t);
	void (*connection)(void *ctx, const struct control_connection *c);
	void (*call)(void *ctx, const struct call *c);
	void (*tunnel_end)(void *ctx, const struct tunnel *t);
};
/* False when the temporary file could not be read back or memory was short. */
bool tracker_walk(struct tracker *t, const struct tracker_visitor *v, void *ctx);

/* The calls in memory that are not over, tunnel by tunnel; false ends it.  For who shows a table. */
void tracker_live_calls(const struct tracker *t, bool (*fn)(void *ctx, const struct call *c), void *ctx);

const struct tracker_stats *tracker_stats(struct tracker *t);

#endif
