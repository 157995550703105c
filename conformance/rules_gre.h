/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rules remember of one direction of a call's GRE, by who sends the data.
 *
 * Numbers are kept here besides those of struct flow: what a rule has found to be wrong (an
 * acknowledgment of what was never sent) must not be what the next packet is measured by.
 */
#ifndef PPTPSCOPE_RULES_GRE_H
#define PPTPSCOPE_RULES_GRE_H

#include "conformance/verdict.h"

/* Something seen that a later packet, or the end of the call, explains or proves. */
struct gre_mark {
	uint64_t frame; /* 0: none */
	int64_t time_ns;
	uint32_t value, limit; /* what was there, and what it is measured by */
};

/* Only of directions in which something was out of the ordinary. */
struct gre_trouble {
	struct gre_mark early;     /* data before the call was up */
	struct gre_mark early_ack; /* acknowledgment before any data; value: its number */
	struct gre_mark unsent;    /* acknowledgment of what was not sent; limit: highest sent by then */
	struct gre_mark stale;     /* acknowledgment that was too low; limit: highest sent by then */
	struct gre_mark gap;       /* skipped by the sender itself; value: number, limit: the one due */
	struct gre_mark percall;   /* began where call `limit` had stopped */
	struct gre_mark skip;      /* first number skipped at a pure acknowledgment */
	struct gre_mark over;      /* more than the announced window out, the packet that did it */
	struct gre_mark soft;      /* more than the sender's own window should be by now */
	struct gre_mark fcs;       /* PPP packet with a check sequence */
	uint64_t percall_before;   /* the last frame of that call */
	uint64_t part_frame;       /* PPP packet that is not whole; part_missing octets lack */
	uint64_t first_frame;      /* of its data; 0: the first of its flow */
	int64_t hole_time;
	int64_t stall;                    /* the first of a row of stalls, ns */
	uint32_t hole;                    /* lowest number that did not come */
	uint32_t asked_seq, answered_seq; /* LCP Echo-Request: the last one; the last one answered */
	uint64_t late_frame;              /* Echo-Request that came after a later one had been answered */
	uint16_t soft_rule;               /* enum rule_number of `soft` */
	uint16_t part_missing; /* 0: none */
	uint8_t skips, stalls, regular; /* counts, see rules_gre_*.c */
	uint8_t asked_id, late_id;
	bool has_hole, has_asked, has_answered;
	bool gap_maybe_lost; /* nothing shows whether `gap` was the sender's or the path's doing */
	bool maybe_old; /* its first data may be late, of an ended call that had the Call ID */
	uint32_t step, step_seq; /* the last gap: how wide, and the number behind it */
	uint32_t holes;          /* numbers that are missing */
};

/*
 * There is one for every direction of every call: what is rare belongs into struct gre_trouble.
 * Times are kept short: see short_time() and gre_tick().
 */
struct gre_memory {
	struct short_time last_data;     /* of its last data packet in order */
	struct short_time unacked_since; /* when the oldest data was sent that is not acknowledged; 0: none */
	struct short_time first_time;    /* of its data */
	uint16_t flags;                  /* GRE_MEM_* */
	uint16_t ip_id;                  /* of its last packet */
	uint16_t data_ip_id;             /* of its last data packet in order */
	uint32_t highest;                /* Sequence Number of its data */
	uint32_t acked;        /* the highest of it that the other side acknowledged, or all before it */
	uint32_t floor;        /* what was sent up to here is not outstanding: acknowledged or timed out */
	uint32_t told_seq;     /* its last acknowledgment was in the packet with this number, or after it */
	uint32_t first_seq;    /* the first Sequence Number */
	uint32_t mark_seq;     /* was the highest at mark_tick[1], so much less at the one before */
	uint16_t mark_less : 15;
	uint16_t side : 1; /* its own index in call_memory.gre */
	uint16_t mark_tick[2];
	uint16_t told_tick, told_ip_id;
	uint16_t allowed;     /* the most that its own window can be by now; 0: not known yet */
	uint16_t grown;       /* packets acknowledged since that grew */
	uint8_t acks_between; /* pure acknowledgments since its last data */
	uint8_t done;         /* GRE_DONE_*: what has been reported */
};

enum {
	GRE_MEM_DATA = 1,           /* highest is valid */
	GRE_MEM_TOLD = 2,           /* it has acknowledged what is `acked` of the other side */
	GRE_MEM_TOLD_DATA = 4,      /* ... and it was on a data packet */
	GRE_MEM_ACKED = 8,          /* the other side acknowledged something */
	GRE_MEM_WATCH = 16,         /* the call is not simply up: data needs a look */
	GRE_MEM_RESOLVE = 32,       /* its next data decides what the other side's trouble means */
	GRE_MEM_LATE = 64,          /* packets changed their order */
	GRE_MEM_IDS_WILD = 128,     /* IP identification does not count up */
	GRE_MEM_COUNTS_RIGHT = 256, /* a pure acknowledgment did not use up a number */
	GRE_MEM_OVER = 512,         /* more is out than the announced window */
	GRE_MEM_TIMED_OUT = 1024,   /* went on after a time-out, nothing acknowledged since */
	GRE_MEM_BEGUN = 2048,       /* a packet has come; else nothing here is valid */
	GRE_MEM_NO_WINDOW = 4096,   /* no window to be judged */
	GRE_MEM_HARD = 8192,        /* it does not care for the window at all */
	GRE_MEM_RESTARTED = 16384,  /* counts anew */
	GRE_MEM_FIRST_LOST = 32768, /* its first data is not in the capture: it was acknowledged */
};

enum {
	GRE_DONE_AFTER = 1, /* data after the end */
	GRE_DONE_DUE = 2,   /* missing acknowledgments */
	GRE_DONE_STALE = 4,
	GRE_DONE_EARLY = 8,
	GRE_DONE_SKIP = 16,
	GRE_DONE_STUCK = 32,
	GRE_DONE_EARLY_ACK = 64,
	GRE_DONE_DELAY = 128, /* how long the PAC takes was compared with what it had said */
};

/* A data packet that was seen: to tell repetitions by the sender from copies by the path. */
struct gre_recent {
	uint64_t frame; /* 0: empty */
	int64_t time_ns;
	uint32_t seq, hash, call, ip_id;
};

/* The first packet of a tunnel that belongs to no call and no control connection. */
struct gre_orphan {
	uint64_t frame;
	int64_t time_ns;
	struct ip_addr from, to;
	uint32_t seq, context;
	uint16_t call_id;
	bool has_seq;
};

/* What is remembered for all calls together. */
enum { GRE_RECENT = 1 << 15, GRE_ORPHANS = 64 };
struct gre_store {
	struct gre_recent recent[GRE_RECENT];  /* by hash of call, direction and number */
	struct gre_orphan orphan[GRE_ORPHANS]; /* the last ones */
	uint64_t orphans;
};

#endif
