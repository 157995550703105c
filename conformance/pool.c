/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of one size in blocks: see pool.h. */
#include "conformance/pool.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
/* Else the sanitizer would see nothing wrong in the use of a record that was released. */
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

enum { HUGE_PAGE = 2 << 20, BLOCK = HUGE_PAGE };

/* Small tools must stay small: huge pages only once a few blocks are full. */
enum { BLOCKS_BEFORE_HUGE = 4 };

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
	return map(octets, octets >= (size_t)BLOCKS_BEFORE_HUGE * BLOCK);
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

void pool_clear(struct pool *p)
{
	for (size_t i = 0; i < p->nblocks; i++) {
		ASAN_UNPOISON_MEMORY_REGION(p->blocks[i], BLOCK);
		munmap(p->blocks[i], BLOCK);
	}
	if (p->side_by_side)
		ASAN_UNPOISON_MEMORY_REGION(p->side_by_side, p->next * p->size);
	pool_unmap(p->side_by_side, p->most * p->size);
	free(p->blocks);
	pool_init(p, p->size);
}

size_t pool_reserve(struct pool *p, size_t most)
{
	const size_t small = (size_t)BLOCKS_BEFORE_HUGE * BLOCK;

	for (; most; most /= 2) {
		uint8_t *start = mmap(NULL, most * p->size, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (start == MAP_FAILED)
			continue;
		if (most * p->size > small)
			madvise(start + small, most * p->size - small, MADV_HUGEPAGE);
		p->side_by_side = start;
		break;
	}
	return p->most = most;
}

static void *pool_grow(struct pool *p)
{
	uint8_t **blocks = realloc(p->blocks, (p->nblocks + 1) * sizeof(*blocks));
	uint8_t *block;

	if (!blocks)
		return NULL;
	p->blocks = blocks;
	block = map(BLOCK, p->nblocks >= BLOCKS_BEFORE_HUGE);
	if (!block)
		return NULL;
	p->blocks[p->nblocks++] = block;
	p->next = 1;
	return block;
}

void *pool_get(struct pool *p)
{
	void *record = p->released;

	if (record) {
		ASAN_UNPOISON_MEMORY_REGION(record, p->size);
		memcpy(&p->released, record, sizeof(p->released));
		memset(record, 0, p->size);
	} else if (p->side_by_side) {
		record = p->next < p->most ? p->side_by_side + p->next++ * p->size : NULL;
	} else if (p->nblocks && (p->next + 1) * p->size <= BLOCK) {
		record = p->blocks[p->nblocks - 1] + p->next++ * p->size;
	} else {
		record = pool_grow(p);
	}
	if (record)
		p->live++;
	return record;
}

void pool_put(struct pool *p, void *record)
{
	if (!record)
		return;
	memcpy(record, &p->released, sizeof(p->released));
	ASAN_POISON_MEMORY_REGION(record, p->size);
	p->released = record;
	p->live--;
}
