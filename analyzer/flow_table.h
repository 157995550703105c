/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flows by their key (tunnel, direction, Call ID): what every GRE packet is looked up in.
 *
 * Open addressing with slots of 8 octets: the address of the flow (48 bits, as user space has them)
 * and 16 bits of the hash, so that a slot of another flow is passed over without looking at it.
 * The key is multiplied by a random odd number: who chooses Call IDs cannot choose collisions.  Keys come
 * in rows, so it is one that spreads those.
 */
#ifndef PPTPSCOPE_FLOW_TABLE_H
#define PPTPSCOPE_FLOW_TABLE_H

#include "conformance/conversation.h"

struct flow_table {
	uint64_t *slot; /* 0: empty */
	size_t room;	/* a power of two */
	size_t count;
	unsigned shift; /* 64 - log2(room) */
	uint64_t factor;
};

bool flow_table_init(struct flow_table *t);
void flow_table_clear(struct flow_table *t);

/* Adds f under its key; a flow that had the key is not found any more.  False without memory. */
bool flow_table_put(struct flow_table *t, struct flow *f);

/* Takes f out, if it is the one that its key finds. */
void flow_table_remove(struct flow_table *t, const struct flow *f);

/* Forgets all flows. */
void flow_table_reset(struct flow_table *t);

enum { FLOW_TAG_SHIFT = 48 };

static inline struct flow *flow_table_at(uint64_t slot)
{
	return (struct flow *)(uintptr_t)(slot & ((UINT64_C(1) << FLOW_TAG_SHIFT) - 1));
}

/* The slot of a key, or the empty one where it belongs.  Hot path. */
static inline uint64_t *flow_table_slot(const struct flow_table *t, uint64_t key)
{
	uint64_t hash = key * t->factor, tag = hash >> (t->shift - 16) << FLOW_TAG_SHIFT;
	size_t i = hash >> t->shift;

	while (t->slot[i]) {
		if ((t->slot[i] ^ tag) >> FLOW_TAG_SHIFT == 0 && flow_table_at(t->slot[i])->key == key)
			break;
		i = (i + 1) & (t->room - 1);
	}
	return &t->slot[i];
}

/* Where the search for a key begins. */
static inline const uint64_t *flow_table_home(const struct flow_table *t, uint64_t key)
{
	return &t->slot[key * t->factor >> t->shift];
}

/* The flow that the key most likely has, by its slot alone; or NULL. */
static inline struct flow *flow_table_guess(const struct flow_table *t, uint64_t key)
{
	uint64_t hash = key * t->factor, tag = hash >> (t->shift - 16) << FLOW_TAG_SHIFT;
	size_t i = hash >> t->shift;

	while (t->slot[i] && (t->slot[i] ^ tag) >> FLOW_TAG_SHIFT != 0)
		i = (i + 1) & (t->room - 1);
	return flow_table_at(t->slot[i]);
}

static inline struct flow *flow_table_find(const struct flow_table *t, uint64_t key)
{
	return flow_table_at(*flow_table_slot(t, key));
}

#endif
