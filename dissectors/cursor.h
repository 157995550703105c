/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bounds-checked reading and writing of octets: the only pointer arithmetic on input.
 *
 * After the first read that does not fit, every later read yields zeros and moves nothing: the
 * caller decodes a whole structure and checks `missing` once.
 *
 * Ownership: a cursor borrows the octets.  All integers on the wire are in network order.
 */
#ifndef PPTPSCOPE_CURSOR_H
#define PPTPSCOPE_CURSOR_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A read position in octets that somebody else owns. */
struct cursor {
	const uint8_t *at, *end; /* what the capture holds */
	size_t missing;		 /* 0, or octets the first failed read lacked */
};

static inline struct cursor cursor_on(const uint8_t *octets, size_t len)
{
	return (struct cursor){ octets, len ? octets + len : octets, 0 };
}

static inline size_t cursor_left(const struct cursor *c)
{
	return (size_t)(c->end - c->at);
}

/* Moves over n octets and returns where they start, or NULL where they are not all there. */
static inline const uint8_t *cursor_take(struct cursor *c, size_t n)
{
	size_t left = cursor_left(c);

	if (c->missing || n > left) {
		if (!c->missing)
			c->missing = n - left;
		return NULL;
	}
	c->at += n;
	return c->at - n;
}

/* An unsigned number of 1, 2 or 4 octets that are there. */
static inline uint32_t be_uint(const uint8_t *octets, unsigned width)
{
	uint16_t two;
	uint32_t four;

	if (width == 4) {
		memcpy(&four, octets, sizeof(four));
		return be32toh(four);
	}
	if (width == 1)
		return *octets;
	memcpy(&two, octets, sizeof(two));
	return be16toh(two);
}

static inline uint8_t cursor_u8(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 1);

	return p ? p[0] : 0;
}

static inline uint16_t cursor_u16(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 2);

	return p ? (uint16_t)be_uint(p, 2) : 0;
}

static inline uint32_t cursor_u32(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 4);

	return p ? be_uint(p, 4) : 0;
}

/* Little-endian reads, for pcap file headers, radiotap and BSD loopback. */
static inline uint16_t cursor_u16le(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 2);

	return p ? (uint16_t)(p[1] << 8 | p[0]) : 0;
}

static inline uint32_t cursor_u32le(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 4);

	return p ? (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0] : 0;
}

/* An unsigned field of 1, 2 or 4 octets. */
static inline uint32_t cursor_uint(struct cursor *c, unsigned width)
{
	const uint8_t *p = cursor_take(c, width);

	return p ? be_uint(p, width) : 0;
}

/* A write position.  Writing past the end writes nothing and sets `overrun`. */
struct wcursor {
	uint8_t *at, *end;
	int overrun;
};

static inline struct wcursor wcursor_on(uint8_t *octets, size_t room)
{
	return (struct wcursor){ octets, octets + room, 0 };
}

static inline uint8_t *wcursor_take(struct wcursor *c, size_t n)
{
	if (c->overrun || n > (size_t)(c->end - c->at)) {
		c->overrun = 1;
		return NULL;
	}
	c->at += n;
	return c->at - n;
}

/* Writes the low `width` octets of value, at most 4, most significant first. */
static inline void wcursor_uint(struct wcursor *c, uint32_t value, unsigned width)
{
	uint32_t wire = htobe32((uint32_t)((uint64_t)value << 32 >> (8 * width)));
	uint8_t *p = wcursor_take(c, width);

	if (p)
		memcpy(p, &wire, width);
}

static inline void wcursor_octets(struct wcursor *c, const void *octets, size_t n)
{
	uint8_t *p = wcursor_take(c, n);

	if (p && n)
		memcpy(p, octets, n);
}

#endif
