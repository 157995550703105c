/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of TCP connections behind reassembly.c: found by context and both ends, kept in order
 * of appearance and, by state, in order of last activity.  Knows nothing of libnids or of events.
 */
#ifndef PPTPSCOPE_CONN_TABLE_H
#define PPTPSCOPE_CONN_TABLE_H

#include "analyzer/reassembly.h"
#include "conformance/pool.h"

struct hole;

/* The states that have a time limit of their own; each list has the least recently active first. */
enum conn_state { CONN_HALF_OPEN, CONN_LIVE, CONN_CLOSED, CONN_STATES };

/* One direction: what its sender sent. */
struct half {
	uint64_t position; /* stream position of `next` */
	struct hole *hole; /* NULL while everything came in order */
	uint32_t next;	   /* sequence number that is delivered next */
	uint32_t sent;	   /* highest the sender itself has shown to have reached */
	uint32_t acked;	   /* highest the receiver acknowledged */
	uint32_t end_seq;  /* where FIN or RST ended it */
	uint32_t far;	   /* end of a segment that was too far off to be believed alone */
	uint32_t gap_seq, gap_len; /* last lost range: octets in it that come late are no repetition */
	bool started : 1;	/* next is valid */
	bool tentative : 1;	/* ... but only known from an acknowledgment */
	bool syn : 1;		/* its SYN was seen */
	bool has_acked : 1, has_far : 1;
	bool fin : 1, fin_told : 1;
	bool reset : 1;		/* sent the RST that ended the connection */
	bool checksum_good : 1; /* once had a right checksum: a wrong one is damage, not the capture */
};

/* A SYN or SYN-ACK that does not fit: of the next connection with these ports, if it goes on. */
struct rival {
	uint64_t frame;
	int64_t time_ns;
	uint32_t seq, ack;
	uint8_t flags; /* 0: none */
	uint8_t from;
};

struct conn {
	struct conn_info info;
	struct conn *chain;	    /* same bucket */
	struct conn *older, *newer; /* by last activity, within the state */
	struct conn *before, *after; /* by appearance */
	struct half half[2];	    /* by FROM_ */
	struct rival rival;
	int64_t active;		    /* packet time of the last activity */
	uint8_t state;		    /* enum conn_state */
	uint8_t end;		    /* enum conn_end, once CONN_CLOSED */
	uint8_t last_from;
};

struct conn_table {
	struct conn **bucket;
	size_t mask, most; /* buckets less one: now, and at most */
	uint64_t seed[2];
	struct conn *oldest[CONN_STATES], *newest[CONN_STATES];
	size_t count[CONN_STATES];
	struct conn *first, *last; /* by appearance */
	struct pool records;
};

/* The two ends of a segment. */
struct conn_ends {
	uint32_t context;
	const struct ip_addr *src, *dst;
	uint16_t src_port, dst_port;
};

bool conn_table_init(struct conn_table *t, size_t max_connections);
void conn_table_clear(struct conn_table *t);
size_t conn_table_size(const struct conn_table *t);

/* Finds the connection and tells which of its sides is the source. */
struct conn *conn_table_find(const struct conn_table *t, const struct conn_ends *e, unsigned *from);

/* Adds a connection whose client is the source (from FROM_CLIENT) or the destination; NULL: no memory. */
struct conn *conn_table_add(struct conn_table *t, const struct conn_ends *e, unsigned from, int64_t now);

/* Moves to the recent end of the list of `state`. */
void conn_table_touch(struct conn_table *t, struct conn *c, enum conn_state state, int64_t now);

/*
 * Which one to give up in a table of `room`: one that is over; one of the half-open, where these
 * hold more than their share (a flood of SYNs must not push out what lives); else the least
 * recently active.  NULL when the table is empty.
 */
struct conn *conn_table_victim(const struct conn_table *t, size_t room);

void conn_table_remove(struct conn_table *t, struct conn *c);

#endif
