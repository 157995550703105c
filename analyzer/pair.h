/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two captures of the same calls, from before and behind a box or a path: what came between them.
 *
 * One pipeline after the other tells what it sees (pair_observer); of every packet and message a
 * few octets are kept.  Then connections and calls of both sides are matched by what a box leaves
 * alone: the contents of messages and of GRE.  The clocks of the captures are strangers: their
 * difference is estimated from both directions, and is known only as well as the fastest packets
 * tell.
 *
 * Side 0 is the first capture, side 1 the second.
 */
#ifndef PPTPSCOPE_PAIR_H
#define PPTPSCOPE_PAIR_H

#include "analyzer/diagnose.h"
#include "analyzer/pipeline.h"

enum { SIDES = 2 };

struct pair_limits {
	size_t records; /* packets and messages kept of each side; connections and calls likewise */
};
extern const struct pair_limits pair_default_limits;

/* --- what is kept of a side ----------------------------------------------------------------- */

#define NO_RECORD UINT32_MAX
#define COPY_RECORD (UINT32_MAX - 1) /* pair_packet.match: one more of a packet that has its match */

struct pair_packet {
	uint64_t frame;
	int64_t time_ns;
	uint32_t flow; /* while reading: the ends; afterwards: call * 2 + direction, or NO_RECORD */
	uint32_t seq, ack;
	uint32_t print, print_whole; /* of the first octets of the payload, of all of it; 0: not captured */
	uint32_t match;              /* index of the same packet on the other side, or NO_RECORD */
	uint16_t length, flags;
	uint16_t key;           /* Call ID */
	uint8_t ttl, fragments; /* ttl 0: unknown */
};

struct pair_message {
	uint64_t frame;
	int64_t time_ns;
	uint32_t ends; /* of the connection; afterwards: its index, or NO_RECORD */
	uint32_t at, match;
	uint16_t len;
	uint8_t type, from, ttl; /* type 0: bad, cut or unknown; from: lower end, afterwards 0 originator */
};

struct pair_list { /* indices of packets or messages */
	uint32_t first, count;
};

/* By role: 0 the PNS, 1 the PAC; of who sends.  Where roles are unknown, 0 is the lower address. */
struct pair_call {
	uint64_t id, request_frame; /* 0: no request seen */
	uint64_t first_frame;
	uint32_t connection; /* index, or NO_RECORD */
	uint32_t match;      /* index of the pair_call_match, or NO_RECORD */
	struct ip_addr addr[HOSTS];
	uint16_t call_id[HOSTS];
	uint8_t call_id_known[HOSTS];
	bool roles_known, mirrored;
	uint8_t kind;
	struct pair_list packets[HOSTS];
	const char *code[DIAGNOSES_MAX]; /* of the diagnosis */
	unsigned codes;
};

struct pair_connection {
	uint64_t id, first_frame, last_frame;
	uint32_t match;             /* index of the pair_connection_match, or NO_RECORD */
	struct ip_addr addr[HOSTS]; /* originator, receiver */
	uint16_t port[HOSTS];
	uint32_t retransmitted[HOSTS], bad_checksums, gaps;
	struct pair_list messages; /* of both directions, in order */
	const char *code[DIAGNOSES_MAX];
	unsigned codes;
};

struct pair_side {
	struct pair_packet *packet; /* in order of calls and directions once the side is complete */
	struct pair_message *message;
	struct pair_connection *connection;
	struct pair_call *call;
	uint8_t *octets; /* of messages */
	size_t packets, messages, connections, calls;
	uint64_t over_limit;           /* packets and messages that found no room */
	int64_t first_time, last_time; /* of the capture, or of what was kept of it */
	uint64_t captured;             /* packets in it */
	bool memory_failed;
};

/* --- what the two have in common ------------------------------------------------------------- */

enum pair_change_kind { CHANGE_CALL_ID, CHANGE_RESERVED, CHANGE_VALUE, CHANGE_TEXT };

/* A field of messages that the box changed, the first time and how often. */
struct pair_change {
	enum pair_change_kind kind;
	uint8_t type, row, from; /* from: 0 the originator */
	uint32_t value[SIDES];   /* CHANGE_TEXT: where the text lies in `octets` */
	uint64_t frame[SIDES];
	uint64_t count;
};

enum { CHANGES_MAX = 32, DROPS_MAX = 8 };

struct pair_connection_match {
	uint32_t index[SIDES];
	bool certain;                  /* no other pair fits as well */
	uint64_t matched, only[SIDES]; /* messages */
	uint64_t only_frame[SIDES];    /* first of them */
	struct pair_change change[CHANGES_MAX];
	unsigned changes;
	uint64_t changes_left_out;
};

/* One direction of a call.  "near" is the side that its packets pass first. */
struct pair_way {
	unsigned near;
	uint64_t packets[SIDES], data[SIDES];
	uint64_t matched;
	uint64_t dropped, dropped_data;       /* on the near side only */
	uint64_t appeared, appeared_data;     /* on the far side only */
	uint64_t outside[SIDES];              /* one side only, at a time when the other did not capture */
	uint64_t duplicated, duplicated_data; /* more copies on the far side */
	uint64_t reordered, reordered_data;   /* passed on the way by a later one */
	uint64_t payload_changed, header_changed, fragmented;
	uint64_t drop_frame[DROPS_MAX]; /* the first ones */
	uint64_t drop_after[DROPS_MAX]; /* frame on the far side of what was sent before and came; 0: none */
	unsigned drops;
	uint64_t changed_frame[SIDES]; /* first packet changed but for its key */
	uint16_t header_mask;          /* bits of the first two octets that were changed */
	uint64_t ack_changed, length_changed, key_changed;
	uint16_t key[SIDES];                    /* Call ID of the first packet */
	uint8_t ttl_min[SIDES], ttl_max[SIDES]; /* 0: unknown */
	uint64_t samples;                       /* of the delay */
	int64_t delay_min, delay_max, delay_sum;
};

enum pair_orientation { NEAR_ASSUMED, NEAR_BY_TTL, NEAR_BY_LOSS, NEAR_BY_TIME };

struct pair_call_match {
	uint32_t index[SIDES];
	uint32_t connection; /* index of the pair_connection_match, or NO_RECORD */
	bool certain;
	enum pair_orientation orientation; /* how it is known which side is nearer to the PNS */
	struct pair_way way[HOSTS];        /* by sender */
};

struct pair_clock {
	bool known;              /* both directions have packets */
	int64_t offset_ns;       /* clock of side 1 minus clock of side 0 */
	int64_t uncertainty_ns;  /* half of the fastest way there and back */
	uint64_t samples[SIDES]; /* packets by the side that they passed first */
};

struct pair {
	struct pair_side side[SIDES];
	struct pair_connection_match *connection;
	struct pair_call_match *call;
	size_t connections, calls;
	struct pair_clock clock;
	struct pair_reading *reading[SIDES]; /* while a side is read */
};

struct pair *pair_new(const struct pair_limits *limits);
void pair_free(struct pair *p);

/* What a pipeline that reads this side is to be given. */
struct pipeline_observer pair_observer(struct pair *p, unsigned side);

/*
 * After pipeline_finish: takes the connections and calls of the side, whose capture had so many packets
 * from first_time to last_time.  False as tracker_walk, or without memory.
 */
bool pair_side_end(struct pair *p, unsigned side, struct tracker *t, uint64_t captured, int64_t first_time,
		   int64_t last_time);

/* After both sides: finds what they have in common and compares it.  False without memory. */
bool pair_compare(struct pair *p);

/* Where a connection's or call's two records are. */
static inline const struct pair_connection *pair_connection_of(const struct pair *p, size_t i, unsigned side)
{
	return &p->side[side].connection[p->connection[i].index[side]];
}

static inline const struct pair_call *pair_call_of(const struct pair *p, size_t i, unsigned side)
{
	return &p->side[side].call[p->call[i].index[side]];
}

#endif
