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
	size_t used;	   /* records of all blocks that ever were in use */
	void *released;	   /* list of released records */
	size_t live;
};

void pool_init(struct pool *p, size_t size);
void pool_clear(struct pool *p);

/* A zero-filled record, or NULL when memory is not to be had. */
void *pool_get(struct pool *p);
void pool_put(struct pool *p, void *record);

/* A block has 1 << pool_shift() records: at least 2 MB. */
static inline unsigned pool_shift(size_t size)
{
	return 64 - (unsigned)__builtin_clzll(((uint64_t)2 << 20) / size);
}

/*
 * The record of a number.  size: of a record, as when the pool was made; where the compiler knows it, this is
 * fast.  pool_number() finds the number, the faster the later it was new.
 */
static inline void *pool_at(const struct pool *p, size_t size, size_t number)
{
	unsigned shift = pool_shift(size);

	return p->blocks[number >> shift] + (number & (((size_t)1 << shift) - 1)) * size;
}
size_t pool_number(const struct pool *p, const void *record);

/* Zero-filled memory by mmap, huge pages where it is large; pool_unmap releases it. */
void *pool_map(size_t octets);
void pool_unmap(void *memory, size_t octets);

#endif
