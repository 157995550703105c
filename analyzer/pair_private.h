/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the comparison of two captures share. */
#ifndef PPTPSCOPE_PAIR_PRIVATE_H
#define PPTPSCOPE_PAIR_PRIVATE_H

#include "analyzer/pair.h"

/* Mixes a value into a hash. */
static inline uint64_t pair_mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}
uint64_t pair_hash(const uint8_t *octets, size_t len);

/* Makes room for one more in an array of `count`; false without memory. */
bool pair_room(void *array, size_t count, size_t size);

/* pair_match.c: which connections and calls are the same.  False without memory. */
bool pair_match(struct pair *p);

/* pair_messages.c: binds the messages of matched connections, and tells what was changed. */
void pair_messages(struct pair *p, struct pair_connection_match *m);

/* pair_packets.c: binds the packets of a matched call to each other.  False without memory. */
bool pair_packets(struct pair *p, const struct pair_call_match *m);
/* Which side is nearer to whom, and what the clocks differ by. */
void pair_orient(struct pair *p);
/* Counts a matched call's packets. */
void pair_count(struct pair *p, struct pair_call_match *m);

#endif
