/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See flow_table.h. */
#include "analyzer/flow_table.h"

#include <stdlib.h>
#include <sys/random.h>

#include "conformance/pool.h"

enum { FIRST_BITS = 10 };

/* Rows that keys form: calls after one another, both directions, tunnels after one another. */
static const unsigned row_shift[] = { 0, 16, 17 };
enum { ROWS = sizeof(row_shift) / sizeof(*row_shift), ROW_LENGTH = 1024, NEAR = 20, TRIES = 100 };

static bool resize(struct flow_table *t, unsigned bits)
{
	struct flow_table old = *t;

	t->room = (size_t)1 << bits;
	t->shift = 64 - bits;
	t->slot = pool_map(t->room * sizeof(*t->slot));
	if (!t->slot) {
		*t = old;
		return false;
	}
	t->count = 0;
	for (size_t i = 0; i < old.room; i++)
		if (old.slot[i])
			flow_table_put(t, flow_table_at(t, old.slot[i]));
	pool_unmap(old.slot, old.room * sizeof(*old.slot));
	return true;
}

/*
 * Whether rows multiplied by the number keep apart: no two of their members closer than a twentieth of
 * what as many evenly spread ones would be.  About one number in four does so.
 */
static bool spreads(uint64_t factor)
{
	for (unsigned row = 0; row < ROWS; row++) {
		uint64_t step = factor << row_shift[row], at = 0;

		for (uint64_t i = 1; i <= ROW_LENGTH; i++) {
			at += step;
			if ((at < -at ? at : -at) < UINT64_MAX / NEAR / i)
				return false;
		}
	}
	return true;
}

static void choose_factor(struct flow_table *t)
{
	for (unsigned i = 0; i < TRIES && !spreads(t->factor); i++) {
		/* Without randomness the table works all the same. */
		if (getrandom(&t->factor, sizeof(t->factor), GRND_NONBLOCK) != sizeof(t->factor))
			t->factor = UINT64_C(0x9e3779b97f4a7c15) * (i + 1);
		t->factor |= 1;
	}
}

bool flow_table_init(struct flow_table *t, void *calls)
{
	*t = (struct flow_table){ .calls = calls };
	choose_factor(t);
	return resize(t, FIRST_BITS);
}

void flow_table_clear(struct flow_table *t)
{
	pool_unmap(t->slot, t->room * sizeof(*t->slot));
	*t = (struct flow_table){ 0 };
}

static uint32_t place(const struct flow_table *t, const struct flow *f)
{
	return ((uint32_t)(flow_call(f) - t->calls) + 1) << 1 | flow_sender(f);
}

bool flow_table_put(struct flow_table *t, struct flow *f)
{
	struct flow *before;
	uint32_t *slot;

	if (t->count * 2 >= t->room && !resize(t, 64 - t->shift + 1))
		return false;
	slot = flow_table_slot(t, f->key, &before);
	t->count += !*slot;
	*slot = flow_table_tag(t, f->key * t->factor) | place(t, f);
	return true;
}

void flow_table_remove(struct flow_table *t, const struct flow *f)
{
	size_t mask = t->room - 1;
	struct flow *found;
	uint32_t *slot = flow_table_slot(t, f->key, &found);
	size_t hole = (size_t)(slot - t->slot);

	if (found != f)
		return;
	/* What the slot had displaced moves back to where it is looked for. */
	for (size_t i = (hole + 1) & mask; t->slot[i]; i = (i + 1) & mask) {
		size_t home = flow_table_at(t, t->slot[i])->key * t->factor >> t->shift;

		if (((i - home) & mask) >= ((i - hole) & mask)) {
			t->slot[hole] = t->slot[i];
			hole = i;
		}
	}
	t->slot[hole] = 0;
	t->count--;
}

void flow_table_move(struct flow_table *t, const struct flow *f, struct flow *moved)
{
	struct flow *found;
	uint32_t *slot = flow_table_slot(t, f->key, &found);

	if (found == f)
		*slot = flow_table_tag(t, f->key * t->factor) | place(t, moved);
}

void flow_table_reset(struct flow_table *t)
{
	memset(t->slot, 0, t->room * sizeof(*t->slot));
	t->count = 0;
}
