/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many records of one size: allocated in blocks, zero-filled, never moved, reused after release.
 *
 * Saves malloc's overhead per record, and lets the kernel back large pools by huge pages: with a
 * million calls most of a packet's cost is address translation.
 */
#ifndef PPTPSCOPE_POOL_H
#define PPTPSCOPE_POOL_H

#include <stddef.h>
#include <stdint.h>

struct pool {
	size_t size;	   /* of a record, a multiple of 8 */
	uint8_t **blocks;
	size_t nblocks;
	size_t next;	   /* record in the last block that was never used */
	void *released;	   /* list of released records */
	size_t live;
	uint8_t *side_by_side; /* see pool_reserve(); next is then counted in all */
	size_t most;
};

void pool_init(struct pool *p, size_t size);
void pool_clear(struct pool *p);

/*
 * The records shall lie side by side, so that they are found by their number.  Of a new pool, before the
 * first.  Addresses are reserved for up to `most`, not memory.  Returns for how many; 0: for none.
 */
size_t pool_reserve(struct pool *p, size_t most);

/* A zero-filled record, or NULL when memory is not to be had. */
void *pool_get(struct pool *p);
void pool_put(struct pool *p, void *record);

/* Zero-filled memory by mmap, huge pages where it is large; pool_unmap releases it. */
void *pool_map(size_t octets);
void pool_unmap(void *memory, size_t octets);

#endif
