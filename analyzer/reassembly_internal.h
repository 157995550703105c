/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the three files of the reassembly and by nobody else:
 *   reassembly.c       the interface, the life of connections, and libnids
 *   reassembly_flow.c  what a segment means for its connection
 *   reassembly_hole.c  octets that came early, and octets that will not come
 */
#ifndef PPTPSCOPE_REASSEMBLY_INTERNAL_H
#define PPTPSCOPE_REASSEMBLY_INTERNAL_H

#include "analyzer/conn_table.h"

enum {
	/* A segment further off is not believed alone: no control connection has so much in flight. */
	FLOW_WINDOW = 65536,
	/* ... and when it is proven, further than this is another connection, not a pause of the capture. */
	FLOW_JUMP = 1 << 24,
	/* Octets given to libnids at once: its queue counts whole segments against 65535. */
	STREAM_CHUNK = 16384,
	STREAM_QUEUE = 65535,
	MAX_HOLES = 2048, /* each has a stream of libnids while something waits behind it */
};

static inline int32_t seq_diff(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

static inline bool seq_before(uint32_t a, uint32_t b)
{
	return seq_diff(a, b) < 0;
}

/* How long ago; a time in the future means that the clock was set back: it counts from here. */
static inline int64_t age(int64_t *since, int64_t now)
{
	uint64_t ns;

	if (*since > now)
		*since = now;
	ns = (uint64_t)now - (uint64_t)*since;
	return ns > INT64_MAX ? INT64_MAX : (int64_t)ns;
}

/* Octets in one stretch, and where they came from. */
struct piece {
	uint32_t seq, len;
	uint64_t frame;
	int64_t time_ns;
	uint64_t peer_acked;
	bool start;  /* the first octet began a segment */
	bool cut;    /* the capture's snap length took them */
	bool filler; /* lost, and told already: only fills libnids' hole */
};

/* A piece that waits behind a hole; libnids has its octets. */
struct item {
	struct item *next;
	struct piece piece;
};

/* A direction that misses octets. */
struct hole {
	struct hole *prev, *next; /* all holes, oldest first */
	struct conn *conn;
	struct item *first, *last; /* by sequence number, never overlapping */
	uint32_t octets, count;	   /* of the items */
	uint32_t cost;		   /* of the items, as libnids counts */
	unsigned from;
	unsigned packets;	   /* of the connection since it was proven */
	bool proven;		   /* both sides have shown that these octets were sent and received */
	bool peer_spoke;	   /* since it appeared */
	uint16_t slot;		   /* reassembly.c's, while something waits; else 0 */
	uint32_t proven_next;	   /* what was next then */
	int64_t since, proven_at;
	struct piece proof;	   /* the frame that proved it */
	struct piece fin;	   /* the frame with the FIN that waits */
};

struct reassembly {
	struct reassembly_limits limits;
	segment_fn *fn;
	void *ctx;
	struct reassembly_stats stats;
	struct conn_table table;
	struct hole *first_hole, *last_hole, *walk; /* walk: next one of a walk over all */
	size_t holes, queued; /* holes; octets of memory of the items */
	int64_t now, scanned;
	uint64_t last_id;
	const struct piece *in_hand; /* in order, and not delivered yet */
};

/*
 * reassembly.c: a piece, by way of libnids while something waits; octets NULL: zeros.  In order it is
 * always delivered, and with it what waited for it.  False: it is too early and could not be kept.
 */
bool stream_put(struct reassembly *r, struct conn *c, unsigned from, const struct piece *p,
		const uint8_t *octets);
/* Takes what waits behind a hole from libnids. */
void stream_close(struct hole *hole);

/* reassembly_flow.c */
void flow_emit(struct reassembly *r, struct conn *c, enum segment_kind kind, unsigned from,
	       const struct piece *p);
/* The next `len` octets are lost: tells of it, but does not move on. */
void flow_gap(struct reassembly *r, struct conn *c, unsigned from, const struct piece *why, uint32_t len);
/* libnids has the next octets of a direction in order. */
void flow_deliver(struct reassembly *r, struct conn *c, unsigned from, const uint8_t *octets, uint32_t len);
/* The segment cannot belong to this connection: its ports are in use again. */
bool flow_takes_over(const struct conn *c, unsigned from, const struct tcp_segment *t);
/* The segment belongs to what c->rival, which there is, began. */
bool flow_rival_goes_on(const struct conn *c, unsigned from, const struct tcp_segment *t, int64_t now);
void flow_segment(struct reassembly *r, struct conn *c, unsigned from, const struct tcp_segment *t,
		  uint64_t frame, int64_t time_ns);
/* Tells of a FIN that has been reached, and closes when both have. */
void flow_settle(struct reassembly *r, struct conn *c, unsigned from, const struct piece *fin);

/* reassembly_hole.c */
struct hole *hole_get(struct reassembly *r, struct conn *c, unsigned from);
/* Takes out the first item; false when there is none. */
bool hole_take(struct reassembly *r, struct half *h, struct piece *p);
/* Takes the octets of a segment; returns how many had been seen before. */
uint32_t hole_fill_in(struct reassembly *r, struct conn *c, unsigned from, struct piece p,
		      const uint8_t *octets, uint32_t captured);
/* Octets up to `to` will not come. */
void hole_gap_to(struct reassembly *r, struct conn *c, unsigned from, uint32_t to, const struct piece *why);
/* After each segment: is something known to be lost by now? */
void hole_check(struct reassembly *r, struct conn *c, const struct piece *cause);
/* Delivers what waits, with gaps where octets are missing. */
void hole_flush(struct reassembly *r, struct conn *c);
/* The same by time, for all. */
void hole_scan(struct reassembly *r);
/* Forgets what waits. */
void hole_forget(struct reassembly *r, struct half *h);
/* ... and frees the record. */
void hole_discard(struct reassembly *r, struct half *h);

#endif
