/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of one size in blocks: see pool.h. */
#include "conformance/pool.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20 };

/*
 * Small tools must stay small: huge pages only once a few blocks are full.  Then several blocks are mapped
 * together, as they do not end where pages do.
 */
enum { BLOCKS_BEFORE_HUGE = 4, HUGE_BLOCKS = 16 };

static void *map(size_t octets, int huge)
{
	size_t room = octets + (huge ? HUGE_PAGE : 0);
	uint8_t *raw = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *start;

	if (raw == MAP_FAILED)
		return NULL;
	if (!huge)
		return raw;
	/* The kernel makes huge pages only of aligned ranges: cut off what is not. */
	start = (uint8_t *)(((uintptr_t)raw + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1));
	if (start > raw)
		munmap(raw, (size_t)(start - raw));
	if (raw + room > start + octets)
		munmap(start + octets, (size_t)(raw + room - start - octets));
	madvise(start, octets, MADV_HUGEPAGE);
	return start;
}

void *pool_map(size_t octets)
{
	return map(octets, octets >= (size_t)BLOCKS_BEFORE_HUGE * HUGE_PAGE);
}

void pool_unmap(void *memory, size_t octets)
{
	if (memory)
		munmap(memory, octets);
}

void pool_init(struct pool *p, size_t size)
{
	*p = (struct pool){ .size = size };
}

static size_t block_octets(const struct pool *p)
{
	return p->size << pool_shift(p->size);
}

/* How many blocks were mapped together with the n-th, the first of them. */
static size_t mapped_together(size_t n)
{
	return n < BLOCKS_BEFORE_HUGE ? 1 : HUGE_BLOCKS;
}

void pool_clear(struct pool *p)
{
	for (size_t i = 0; i < p->nblocks; i += mapped_together(i))
		munmap(p->blocks[i], mapped_together(i) * block_octets(p));
	free(p->blocks);
	pool_init(p, p->size);
}

static bool pool_grow(struct pool *p)
{
	size_t n = mapped_together(p->nblocks);
	uint8_t **blocks = realloc(p->blocks, (p->nblocks + n) * sizeof(*blocks));
	uint8_t *first;

	if (!blocks)
		return false;
	p->blocks = blocks;
	first = map(n * block_octets(p), n > 1);
	if (!first)
		return false;
	for (size_t i = 0; i < n; i++)
		p->blocks[p->nblocks++] = first + i * block_octets(p);
	return true;
}

void *pool_get(struct pool *p)
{
	void *record = p->released;

	if (record) {
		memcpy(&p->released, record, sizeof(p->released));
		memset(record, 0, p->size);
	} else if (p->used < p->nblocks << pool_shift(p->size) || pool_grow(p)) {
		record = pool_at(p, p->size, p->used++);
	}
	if (record)
		p->live++;
	return record;
}

size_t pool_number(const struct pool *p, const void *record)
{
	size_t block = p->nblocks, at;

	do {
		at = (size_t)((uintptr_t)record - (uintptr_t)p->blocks[--block]);
	} while (at >= block_octets(p));
	return (block << pool_shift(p->size)) + at / p->size;
}

void pool_put(struct pool *p, void *record)
{
	if (!record)
		return;
	memcpy(record, &p->released, sizeof(p->released));
	p->released = record;
	p->live--;
}
