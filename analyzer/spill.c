/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ended records in a temporary file: see spill.h. */
#include "analyzer/spill.h"

#include <stdlib.h>
#include <unistd.h>

#include "conformance/ppp_session.h"
#include "dissectors/cursor.h"

/*
 * A record is its head and then plain structures, of which the words that are zero, nearly half of
 * them, are left out: to write and read them would cost more than to look for them.  Before every
 * 64 words stands which of them follow.
 */
enum {
	BUFFER = 1 << 15,
	WORD = 8,
	GROUP = 64, /* words */
	MOMENTS = MOMENTS_FIRST + MOMENTS_LAST,
	RAW_MAX = sizeof(struct control_connection) + MOMENTS * sizeof(struct moment) +
		  sizeof(struct call) + sizeof(struct call_rare) + PPP_PACKED_MAX,
	RECORD_MAX = sizeof(struct spill_head) + RAW_MAX + RAW_MAX / GROUP + 8 * WORD,
	WORDS_BITS = 16,
};

_Static_assert(sizeof(struct control_connection) % WORD == 0 && sizeof(struct call) % WORD == 0 &&
		       sizeof(struct call_rare) % WORD == 0 && sizeof(struct moment) % WORD == 0 &&
		       sizeof(struct spill_head) % WORD == 0,
	       "records consist of words");
_Static_assert(RECORD_MAX < BUFFER && RECORD_MAX / WORD < 1 << WORDS_BITS, "a record has its limits");

static bool ready(struct spill *s)
{
	if (s->failed)
		return false;
	if (s->file)
		return true;
	s->file = tmpfile();
	s->buf = malloc(BUFFER);
	s->failed = !s->file || !s->buf;
	return !s->failed;
}

static bool write_out(struct spill *s)
{
	size_t done = 0;

	while (done < s->used) {
		ssize_t n = write(fileno(s->file), s->buf + done, s->used - done);

		if (n <= 0) {
			s->failed = true;
			return false;
		}
		done += (size_t)n;
	}
	s->used = 0;
	return true;
}

/* --- words --------------------------------------------------------------------------------- */

static size_t whole_words(size_t len)
{
	return (len + WORD - 1) / WORD * WORD;
}

/* Writes what is not zero of whole words, without a branch for each; returns where that ends. */
static uint8_t *pack(uint8_t *at, const void *data, size_t len)
{
	const uint8_t *in = data;

	for (size_t words = len / WORD; words;) {
		size_t n = words < GROUP ? words : GROUP;
		uint8_t *mask_at = at;
		uint64_t mask = 0, word;

		at += WORD;
		for (size_t i = 0; i < n; i++, in += WORD) {
			memcpy(&word, in, WORD);
			memcpy(at, &word, WORD);
			at += word ? WORD : 0;
			mask |= (uint64_t)!!word << i;
		}
		memcpy(mask_at, &mask, WORD);
		words -= n;
	}
	return at;
}

/* False where the octets cannot be what was packed. */
static bool unpack(struct cursor *in, void *data, size_t len)
{
	uint8_t *out = data;

	memset(out, 0, len);
	for (size_t words = len / WORD; words;) {
		size_t n = words < GROUP ? words : GROUP;
		const uint8_t *at = cursor_take(in, WORD);
		uint64_t mask;

		if (!at)
			return false;
		memcpy(&mask, at, WORD);
		at = cursor_take(in, (size_t)__builtin_popcountll(mask) * WORD);
		if (!at || (n < GROUP && mask >> n))
			return false;
		for (; mask; mask &= mask - 1, at += WORD)
			memcpy(out + __builtin_ctzll(mask) * WORD, at, WORD);
		out += n * WORD;
		words -= n;
	}
	return true;
}

/* --- writing ------------------------------------------------------------------------------- */

/* Where a record can be put, or NULL when that is no longer possible. */
static uint8_t *record_begin(struct spill *s, const struct spill_head *head)
{
	uint8_t *at;

	if (!ready(s) || (s->used + RECORD_MAX > BUFFER && !write_out(s)))
		return NULL;
	at = s->buf + s->used;
	memcpy(at, head, sizeof(*head));
	return at + sizeof(*head);
}

/* Returns what the record is found by: its first word, from 1, and how many there are. */
static uint64_t record_end(struct spill *s, const uint8_t *at)
{
	size_t len = (size_t)(at - s->buf) - s->used;
	uint64_t first = s->end / WORD + 1;

	s->used += len;
	s->end += len;
	return first << WORDS_BITS | len / WORD;
}

uint64_t spill_connection(struct spill *s, const struct control_connection *c, uint64_t previous,
			  bool history)
{
	const struct history *h = &c->history;
	const struct spill_head head = {
		.id = c->id,
		.previous = previous,
		.moments = !history ? 0 : h->count < MOMENTS ? (uint32_t)h->count : MOMENTS,
	};
	uint8_t *at = record_begin(s, &head);

	if (!at)
		return 0;
	at = pack(at, c, sizeof(*c));
	if (head.moments)
		at = pack(at, h->moment, head.moments * sizeof(*h->moment));
	return record_end(s, at);
}

uint64_t spill_call(struct spill *s, const struct call *c, uint64_t previous)
{
	const struct spill_head head = {
		.id = c->id,
		.previous = previous,
		.rare = c->rare ? sizeof(*c->rare) : 0,
		.ppp = c->ppp ? (uint32_t)ppp_session_packed(c->ppp) : 0,
	};
	uint8_t ppp[PPP_PACKED_MAX + WORD], *at = record_begin(s, &head);

	if (!at)
		return 0;
	at = pack(at, c, sizeof(*c));
	if (head.rare)
		at = pack(at, c->rare, head.rare);
	if (head.ppp) {
		ppp_session_pack(c->ppp, ppp);
		memset(ppp + head.ppp, 0, WORD);
		at = pack(at, ppp, whole_words(head.ppp));
	}
	return record_end(s, at);
}

/* --- reading ------------------------------------------------------------------------------- */

/* How many octets there were. */
static size_t get(struct spill *s, uint64_t record, void *out, size_t len)
{
	ssize_t got;

	if (!s->file || (s->used && !write_out(s)))
		return 0;
	got = pread(fileno(s->file), out, len, (off_t)((record >> WORDS_BITS) - 1) * WORD);
	return got > 0 ? (size_t)got : 0;
}

/* A whole record: what follows the head. */
static bool record_read(struct spill *s, uint64_t record, struct spill_head *head, uint8_t *octets,
			struct cursor *rest)
{
	size_t len = (record & ((1 << WORDS_BITS) - 1)) * WORD;

	if (len < sizeof(*head) || len > RECORD_MAX || get(s, record, octets, len) < len)
		return false;
	memcpy(head, octets, sizeof(*head));
	*rest = cursor_on(octets + sizeof(*head), len - sizeof(*head));
	return true;
}

bool spill_peek(struct spill *s, uint64_t record, struct spill_head *head)
{
	return get(s, record, head, sizeof(*head)) == sizeof(*head);
}

bool spill_read_connection(struct spill *s, uint64_t record, struct spill_head *head,
			   struct control_connection *c)
{
	uint8_t octets[RECORD_MAX];
	struct cursor rest;
	struct history *h = &c->history;

	if (!record_read(s, record, head, octets, &rest) || !unpack(&rest, c, sizeof(*c)))
		return false;
	h->moment = NULL;
	h->room = 0;
	if (!head->moments) {
		h->count = 0;
		return true;
	}
	h->moment = malloc(head->moments * sizeof(*h->moment));
	if (!h->moment || !unpack(&rest, h->moment, head->moments * sizeof(*h->moment))) {
		free(h->moment);
		return false;
	}
	h->room = (uint16_t)head->moments;
	return true;
}

bool spill_read_call(struct spill *s, uint64_t record, struct spill_head *head, struct call *c,
		     struct call_rare *rare)
{
	uint8_t octets[RECORD_MAX], ppp[PPP_PACKED_MAX + WORD];
	struct cursor rest;

	if (!record_read(s, record, head, octets, &rest) || !unpack(&rest, c, sizeof(*c)))
		return false;
	c->rare = head->rare ? rare : NULL;
	c->ppp = NULL;
	if (c->rare && !unpack(&rest, c->rare, sizeof(*c->rare)))
		return false;
	if (!head->ppp)
		return true;
	if (head->ppp <= PPP_PACKED_MAX && unpack(&rest, ppp, whole_words(head->ppp)))
		c->ppp = ppp_session_unpack(ppp, head->ppp);
	return c->ppp != NULL;
}

void spill_clear(struct spill *s)
{
	if (s->file)
		fclose(s->file);
	free(s->buf);
	*s = (struct spill){ 0 };
}
