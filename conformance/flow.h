/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a GRE packet changes its flow, and where a history goes on: for the tracker. */
#ifndef PPTPSCOPE_FLOW_H
#define PPTPSCOPE_FLOW_H

#include "conformance/conversation.h"

/*
 * Counts a packet of f.  peer: the flow of the same call in the other direction, or NULL.  Hot
 * path: no allocation; touches the peer only for an acknowledgment that it waits for.
 */
void flow_apply(struct flow *f, struct flow *peer, const struct gre_pkt *g, uint64_t frame, int64_t time_ns);

/* The flow has moved, or its call begun earlier: these are its frames (0: none).  False without memory. */
bool flow_frames_take(struct flow *f, uint64_t first, uint64_t last);

/* Index in the ring of the moment that is the n-th of all. */
static inline unsigned history_slot(uint64_t n)
{
	return n < MOMENTS_FIRST ? (unsigned)n
				 : MOMENTS_FIRST + (unsigned)((n - MOMENTS_FIRST) % MOMENTS_LAST);
}

#endif
