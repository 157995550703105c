/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Masks of --anonymize: see report_mask.h.
 *
 * The table is a global of the process: decode has no object that lives from line to line, and the
 * formats of one run must agree.
 */
#include "analyzer/report_mask.h"

#include <arpa/inet.h>
#include <stdlib.h>

enum { MASKS_MAX = 4 << 20 }; /* who runs for weeks sees more than memory holds */

struct mask {
	uint8_t *octets; /* NULL: empty slot */
	size_t len;
	uint64_t number;
	enum mask_kind kind;
};

static struct {
	struct mask *slots;
	size_t room, used;
	uint64_t count[MASK_KINDS];
} masks;

void mask_clear(void)
{
	for (size_t i = 0; i < masks.room; i++)
		free(masks.slots[i].octets);
	free(masks.slots);
	memset(&masks, 0, sizeof(masks));
}

static struct mask *mask_slot(struct mask *slots, size_t room, enum mask_kind kind, const uint8_t *octets,
			      size_t len)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) + kind;
	size_t i;

	for (size_t k = 0; k < len; k++)
		hash = (hash ^ octets[k]) * UINT64_C(0x100000001b3);
	for (i = (hash ^ hash >> 29) & (room - 1); slots[i].octets; i = (i + 1) & (room - 1))
		if (slots[i].kind == kind && slots[i].len == len && memcmp(slots[i].octets, octets, len) == 0)
			break;
	return &slots[i];
}

static bool masks_grow(void)
{
	size_t room = masks.room ? masks.room * 2 : 64;
	struct mask *grown = calloc(room, sizeof(*grown));

	if (!grown)
		return false;
	for (size_t i = 0; i < masks.room; i++) {
		const struct mask *m = &masks.slots[i];

		if (m->octets)
			*mask_slot(grown, room, m->kind, m->octets, m->len) = *m;
	}
	free(masks.slots);
	masks.slots = grown;
	masks.room = room;
	return true;
}

/* The number of these octets among those of their kind, from 1; 0 when memory is not to be had. */
static uint64_t mask_number(enum mask_kind kind, const uint8_t *octets, size_t len)
{
	struct mask *m;

	if (masks.used * 2 >= masks.room && !masks_grow())
		return 0;
	m = mask_slot(masks.slots, masks.room, kind, octets, len);
	if (m->octets)
		return m->number;
	if (masks.used >= MASKS_MAX)
		return 0;
	m->octets = malloc(len + 1);
	if (!m->octets)
		return 0;
	memcpy(m->octets, octets, len);
	m->len = len;
	m->kind = kind;
	m->number = ++masks.count[kind];
	masks.used++;
	return m->number;
}

const char *mask_of(enum mask_kind kind, const void *octets, size_t len, char *buf)
{
	static const char *const names[] = { "host", "name", "number", "text", "capture" };
	uint64_t number = mask_number(kind, octets, len);

	if (number)
		snprintf(buf, MASK_ROOM, "%s-%llu", names[kind], (unsigned long long)number);
	else
		snprintf(buf, MASK_ROOM, "%s-?", names[kind]); /* never the truth for want of memory */
	return buf;
}

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Reads an address at the start of a token; returns its length, or 0. */
static size_t address_at(const char *token, size_t len, struct ip_addr *a)
{
	static const uint8_t v4_prefix[12] = { [10] = 0xff, [11] = 0xff };
	char text[INET6_ADDRSTRLEN];

	/* What follows an address may look like more of it: a full stop, a colon and a port. */
	for (; len >= 2; len--) {
		if (len >= sizeof(text))
			continue;
		memcpy(text, token, len);
		text[len] = '\0';
		if (inet_pton(AF_INET6, text, a->octet) == 1)
			return len;
		if (inet_pton(AF_INET, text, a->octet + 12) == 1) {
			memcpy(a->octet, v4_prefix, sizeof(v4_prefix));
			return len;
		}
	}
	return 0;
}

/* Copies len octets of a sentence, its addresses masked.  Returns the end of what was written. */
static char *mask_addresses(const char *from, size_t len, char *to, const char *end)
{
	const char *stop = from + len;

	while (from < stop && end - to > MASK_ROOM) {
		size_t token = min_size(strspn(from, "0123456789abcdefABCDEF:."), (size_t)(stop - from));
		struct ip_addr a;
		size_t used = address_at(from, token, &a);

		if (used) {
			mask_of(MASK_HOST, a.octet, sizeof(a.octet), to);
			to += strlen(to);
			from += used;
			continue;
		}
		/* Digits go together: the tail of a number is no address. */
		used = min_size(strspn(from, "0123456789abcdefABCDEF"), token);
		used = min_size(used ? used : 1, (size_t)(end - to - MASK_ROOM));
		memcpy(to, from, used);
		to += used;
		from += used;
	}
	*to = '\0';
	return to;
}

void mask_sentence(const char *sentence, char *buf, size_t room)
{
	const char *first = strchr(sentence, '"'), *last = strrchr(sentence, '"');
	char *end = buf + room, *at;

	if (!first || first == last) {
		mask_addresses(sentence, strlen(sentence), buf, end);
		return;
	}
	at = mask_addresses(sentence, (size_t)(first - sentence) + 1, buf, end);
	if (end - at <= 2 * MASK_ROOM)
		return;
	if (last > first + 1)
		mask_of(MASK_NAME, first + 1, (size_t)(last - first) - 1, at);
	at += strlen(at);
	mask_addresses(last, strlen(last), at, end);
}
