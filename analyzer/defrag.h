/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Joins IP fragments of TCP, GRE and ICMP by packet time (libnids would use the wall clock).
 *
 * Keyed by context, addresses, protocol and identification.  The first copy of an octet wins.
 * A fragment that was cut by the capture cannot be joined and is dropped as lost.
 * Incomplete datagrams are dropped after 30 s of packet time or when the limit of memory is
 * reached (oldest first).
 */
#ifndef PPTPSCOPE_DEFRAG_H
#define PPTPSCOPE_DEFRAG_H

#include "dissectors/packet.h"

struct defrag;

struct defrag_stats {
	uint64_t fragments, datagrams; /* taken in, joined */
	uint64_t lost;		       /* fragments dropped: the rest never came, or they make no sense */
	uint64_t over_limit;	       /* fragments dropped at the limit */
	uint64_t overlaps;	       /* fragments with octets that were there already */
	uint64_t conflicting;	       /* ... and differed */
};

/* A datagram that became whole. */
struct defrag_result {
	struct datagram datagram; /* fragment = false; payload valid until the next defrag call */
	const uint64_t *frames;	  /* frames that carried it, in arrival order; borrowed likewise */
	size_t nframes;		  /* at most DEFRAG_FRAMES: of more, the first ones and the last */
	size_t nfragments;	  /* it was made of, repetitions included */
};

enum { DEFRAG_FRAMES = 64 };

/*
 * max_memory: octets of memory for what waits, bookkeeping included (not the 64 kB for the result).
 * NULL when memory is not to be had.
 */
struct defrag *defrag_new(size_t max_memory);
void defrag_free(struct defrag *d);

/* Takes a fragment.  Returns true when it made a datagram whole (then *out is filled). */
bool defrag_add(struct defrag *d, const struct datagram *fragment, uint64_t frame, int64_t time_ns,
		struct defrag_result *out);

/* Drops what is older than 30 s at time_ns; INT64_MAX: everything that is left (end of capture). */
void defrag_expire(struct defrag *d, int64_t time_ns);

const struct defrag_stats *defrag_stats(const struct defrag *d);

#endif
