/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flow control of a GRE session: the sliding window of RFC 2637 section 4.2 and the adaptive
 * time-outs of sections 4.3 and 4.4, as the sender of data lives them.  Pure: times are given.
 */
#ifndef PPTPSCOPE_WINDOW_H
#define PPTPSCOPE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WINDOW_SENT = 256 }; /* packets out at a time: a larger window is not made use of */

struct window_options {
	uint16_t maximum; /* the peer's Packet Recv. Window Size; 0 counts as 1 */
	int64_t delay_ns; /* the peer's Packet Processing Delay: seeds the round-trip time */
	int64_t min_timeout_ns, max_timeout_ns;
};

struct window {
	struct window_options o;
	uint32_t next;   /* sequence number of the next packet */
	uint32_t acked;  /* all below this are acknowledged or given up */
	uint16_t size;   /* packets that may be out now: starts at half the maximum, rounded up */
	uint16_t credit; /* acknowledged since the size last grew */
	int64_t rtt_ns, dev_ns, timeout_ns;
	int64_t deadline; /* when the oldest packet out times out; INT64_MAX: none is out */
	int64_t sent_at[WINDOW_SENT];
	uint64_t timeouts;
};

void window_init(struct window *w, const struct window_options *o);
/* How many packets may be sent now. */
unsigned window_room(const struct window *w);
/* A data packet goes out now; returns its sequence number. */
uint32_t window_sent(struct window *w, int64_t now);
/* An acknowledgment came.  False when it is of no use (old, or of what was never sent). */
bool window_acked(struct window *w, uint32_t ack, int64_t now);
/* Once the deadline has passed: packets out are given up, the window is halved, time-outs back off. */
void window_timeout(struct window *w, int64_t now);

#endif
