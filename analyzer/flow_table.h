/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flows by their key (tunnel, direction, Call ID): what every GRE packet is looked up in.
 *
 * Open addressing with slots of 4 octets: the number of the call in its pool, which of its flows, and 8
 * bits of the hash, so that a slot of another flow is mostly passed over without looking at it.
 * The key is multiplied by a random odd number: who chooses Call IDs cannot choose collisions.  Keys come
 * in rows, so it is one that spreads those.
 */
#ifndef PPTPSCOPE_FLOW_TABLE_H
#define PPTPSCOPE_FLOW_TABLE_H

#include "conformance/conversation.h"

/* So many calls have room in a slot. */
enum { FLOW_TAG_SHIFT = 24, FLOW_TABLE_CALLS = (1 << (FLOW_TAG_SHIFT - 1)) - 1 };

struct flow_table {
	struct call *calls; /* whose flows these are */
	uint32_t *slot;     /* 0: empty */
	size_t room;        /* a power of two */
	size_t count;
	unsigned shift; /* 64 - log2(room) */
	uint64_t factor;
};

/* calls: side by side, see pool_reserve(). */
bool flow_table_init(struct flow_table *t, void *calls);
void flow_table_clear(struct flow_table *t);

/* Adds f under its key; a flow that had the key is not found any more.  False without memory. */
bool flow_table_put(struct flow_table *t, struct flow *f);

/* Takes f out, if it is the one that its key finds. */
void flow_table_remove(struct flow_table *t, const struct flow *f);

/* What its key finds is from now on at another place, where it has been copied. */
void flow_table_move(struct flow_table *t, const struct flow *f, struct flow *moved);

/* Forgets all flows. */
void flow_table_reset(struct flow_table *t);

/* The flow in a slot, which is not empty, and its call. */
static inline struct call *flow_table_call(const struct flow_table *t, uint32_t slot)
{
	return &t->calls[((slot & ((1u << FLOW_TAG_SHIFT) - 1)) >> 1) - 1];
}

static inline struct flow *flow_table_at(const struct flow_table *t, uint32_t slot)
{
	return &flow_table_call(t, slot)->flow[slot & 1];
}

/* The bits of the hash below those that tell the slot. */
static inline uint32_t flow_table_tag(const struct flow_table *t, uint64_t hash)
{
	return (uint32_t)(hash >> (t->shift - (32 - FLOW_TAG_SHIFT))) << FLOW_TAG_SHIFT;
}

/* The slot of a key, or the empty one where it belongs; *f: its flow, or NULL.  Hot path. */
static inline uint32_t *flow_table_slot(const struct flow_table *t, uint64_t key, struct flow **f)
{
	uint64_t hash = key * t->factor;
	uint32_t tag = flow_table_tag(t, hash), slot;
	size_t i = hash >> t->shift;

	for (; (slot = t->slot[i]) != 0; i = (i + 1) & (t->room - 1)) {
		if ((slot ^ tag) >> FLOW_TAG_SHIFT)
			continue;
		*f = flow_table_at(t, slot);
		if ((*f)->key == key)
			return &t->slot[i];
	}
	*f = NULL;
	return &t->slot[i];
}

/* Where the search for a key begins. */
static inline const uint32_t *flow_table_home(const struct flow_table *t, uint64_t key)
{
	return &t->slot[key * t->factor >> t->shift];
}

/* The call of the flow that the key most likely has, by its slot alone; or NULL. */
static inline struct call *flow_table_guess(const struct flow_table *t, uint64_t key)
{
	uint64_t hash = key * t->factor;
	uint32_t tag = flow_table_tag(t, hash);
	size_t i = hash >> t->shift;

	while (t->slot[i] && (t->slot[i] ^ tag) >> FLOW_TAG_SHIFT != 0)
		i = (i + 1) & (t->room - 1);
	return t->slot[i] ? flow_table_call(t, t->slot[i]) : NULL;
}

static inline struct flow *flow_table_find(const struct flow_table *t, uint64_t key)
{
	struct flow *f;

	flow_table_slot(t, key, &f);
	return f;
}

#endif
