/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Octets for tests, in memory of exactly their size: with AddressSanitizer a read past the end of
 * what a capture holds is then a failed test.
 */
#ifndef PPTPSCOPE_TEST_EXACT_H
#define PPTPSCOPE_TEST_EXACT_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A copy of n octets; the caller frees it. */
static inline uint8_t *exact_copy(const void *octets, size_t n)
{
	uint8_t *copy = malloc(n);

	if (!copy)
		abort();
	memcpy(copy, octets, n);
	return copy;
}

static inline unsigned exact_digit(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);
}

/* Reads pairs of lower-case hexadecimal digits, spaces between them or not, into out. */
static inline size_t exact_hex(const char *hex, uint8_t *out, size_t room)
{
	size_t n = 0;

	while (*hex) {
		if (*hex == ' ') {
			hex++;
			continue;
		}
		if (n == room || !hex[1])
			abort();
		out[n++] = (uint8_t)(exact_digit(hex[0]) << 4 | exact_digit(hex[1]));
		hex += 2;
	}
	return n;
}

#endif
