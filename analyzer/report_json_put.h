/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON written as it comes: values go to a buffer that is emptied every few rows, so that no
 * document is ever in memory.
 *
 * A report of a million calls has a hundred million keys.  So what has a key takes it as a literal: the
 * compiler then copies a known number of octets.  After emit_key(), or emit_name() where the key is no
 * literal, and in arrays, follows one of value_...().
 *
 * Every value has its comma behind it, which the bracket that closes takes away: thus nobody need know
 * what comes before or after.
 */
#ifndef PPTPSCOPE_REPORT_JSON_PUT_H
#define PPTPSCOPE_REPORT_JSON_PUT_H

#include "analyzer/report_private.h"

enum {
	JSON_KEY = 64,   /* octets that a literal key may have, quotes and colon included */
	JSON_VALUE = 64, /* ... and a number, a time, a word of JSON */
	JSON_MINUTE = sizeof("\"2005-06-09T12:47:") - 1,
};

struct json {
	char *buf, *at, *end; /* buf is owned; octets are between buf and at */
	char *fits;           /* at or before this, there is room for a literal key and its value */
	bool failed;          /* no memory: octets are missing */
	/* How times begin in an even and in an odd minute: what belongs together is mostly not far apart. */
	int64_t day[2], minute[2]; /* since 1970 */
	char begin[2][32];
};

/* False when memory was not to be had. */
bool emit_init(struct json *j);
void emit_clear(struct json *j);

/* Begins anew; and what has been written since then, NULL when memory was not to be had. */
void emit_restart(struct json *j);
const char *emit_line(struct json *j, size_t *len);

/* How much is in the buffer; and copies what has come since then.  Its length; 0 where it does not fit. */
size_t emit_used(const struct json *j);
size_t emit_since(const struct json *j, size_t from, char *out, size_t room);

/* Writes the buffer out and empties it.  False when that failed: errno says why. */
bool emit_flush(struct json *j, FILE *out);
/* The same once there is much of it. */
bool emit_flush_much(struct json *j, FILE *out);

/* --- what the rest is made of --------------------------------------------------------------- */

/* Makes room for len octets, by more memory where needed; false without memory. */
bool out_grow(struct json *j, size_t len);

static inline bool out_room(struct json *j, size_t len)
{
	return (size_t)(j->end - j->at) >= len || out_grow(j, len);
}

/* Where a literal key and its value fit: without memory, over what is spoilt anyway. */
static inline char *out_piece(struct json *j)
{
	if (__builtin_expect(j->at > j->fits, 0))
		out_grow(j, JSON_KEY + JSON_VALUE);
	return j->at;
}

static inline __attribute__((always_inline)) char *out_copy(char *at, const char *octets, size_t len)
{
	memcpy(at, octets, len);
	return at + len;
}

/* These write a value and its comma, no more than JSON_VALUE octets, and return what follows. */
char *out_digits(char *at, uint64_t value); /* without the comma */
char *out_moment(struct json *j, char *at, int64_t time_ns);

static inline char *out_number(char *at, uint64_t value)
{
	if (value >= 10) {
		at = out_digits(at, value);
		*at = ',';
		return at + 1;
	}
	/* As most are. */
	*at++ = (char)('0' + value);
	*at++ = ',';
	return at;
}

static inline char *out_null(char *at)
{
	return out_copy(at, "null,", 5);
}

static inline char *out_bool(char *at, bool value)
{
	/* More than there is, so that there need be no branch. */
	memcpy(at, value ? "true, " : "false,", 6);
	return at + 6 - value;
}

/* A literal key as these functions take it: its octets and how many. */
#define JSON_FITS(text, room) (sizeof(text) - 1 + 0 * sizeof(char[sizeof(text) <= (room) + 1 ? 1 : -1]))
#define JSON_LITERAL(key) "\"" key "\":", JSON_FITS("\"" key "\":", JSON_KEY)
#define JSON_INLINE static inline __attribute__((always_inline)) void

JSON_INLINE out_key(struct json *j, const char *key, size_t len)
{
	j->at = out_copy(out_piece(j), key, len);
}

JSON_INLINE out_open(struct json *j, const char *key, size_t len, char bracket)
{
	char *at = out_copy(out_piece(j), key, len);

	*at = bracket;
	j->at = at + 1;
}

JSON_INLINE out_known(struct json *j, const char *key, size_t len, bool known, uint64_t value)
{
	char *at = out_copy(out_piece(j), key, len);

	j->at = known ? out_number(at, value) : out_null(at);
}

JSON_INLINE out_truth(struct json *j, const char *key, size_t len, bool value)
{
	j->at = out_bool(out_copy(out_piece(j), key, len), value);
}

JSON_INLINE out_time(struct json *j, const char *key, size_t len, bool known, int64_t time_ns)
{
	char *at = out_copy(out_piece(j), key, len);

	j->at = known ? out_moment(j, at, time_ns) : out_null(at);
}

JSON_INLINE out_frame(struct json *j, const struct report_options *o, const char *key, size_t len,
		      const char *capture_key, size_t capture_len, uint64_t frame)
{
	out_known(j, key, len, frame != 0, FRAME_NUMBER(frame));
	if (__builtin_expect(o->captures > 1, 0))
		out_known(j, capture_key, capture_len, frame != 0, FRAME_CAPTURE(frame));
}

/* A short text as it is in the document: with quotes, and its comma or colon. */
struct quoted_text {
	size_t len;
	char text[JSON_KEY];
};

/* What does not fit is cut off; text: plain. */
void quote(struct quoted_text *q, const char *text, char behind);

static inline void emit_quoted(struct json *j, const struct quoted_text *q)
{
	/* More than there is, so that the compiler knows how much it copies. */
	out_copy(out_piece(j), q->text, sizeof(q->text));
	j->at += q->len;
}

/* --- brackets, rows and keys ----------------------------------------------------------------- */

/* Octets as they are. */
static inline void emit_octets(struct json *j, const char *octets, size_t len)
{
	if (out_room(j, len))
		j->at = out_copy(j->at, octets, len);
}

static inline void emit_close(struct json *j, char bracket) /* '}' or ']' */
{
	char *at = out_piece(j);

	at -= at > j->buf && at[-1] == ',';
	at[0] = bracket;
	at[1] = ',';
	j->at = at + 2;
}

/* The next element starts on a line of its own; the last one ends its line. */
void emit_row(struct json *j);
void emit_newline(struct json *j);

#define emit_key(j, key) out_key(j, JSON_LITERAL(key))
/* A key that is no literal, but plain ASCII. */
void emit_name(struct json *j, const char *key);

/* --- values after a key, or in an array ------------------------------------------------- */

static inline void value_open(struct json *j, char bracket) /* '{' or '[' */
{
	*out_piece(j) = bracket;
	j->at++;
}

static inline void value_uint(struct json *j, uint64_t value)
{
	j->at = out_number(out_piece(j), value);
}

static inline void value_null(struct json *j)
{
	j->at = out_null(out_piece(j));
}

/* The value where it is known, else null. */
static inline void value_known(struct json *j, bool known, uint64_t value)
{
	char *at = out_piece(j);

	j->at = known ? out_number(at, value) : out_null(at);
}

/* Any text, escaped as needed; NULL: null. */
void value_text(struct json *j, const char *text);
/* Text of our own tables: plain ASCII without quotes and backslashes; NULL: null. */
void value_word(struct json *j, const char *word);
void value_addr(struct json *j, const struct report_options *o, const struct ip_addr *a);
/* A number that is written already. */
void value_raw(struct json *j, const char *octets);

/* --- values with a literal key --------------------------------------------------------------- */

#define emit_open(j, key, bracket) out_open(j, JSON_LITERAL(key), bracket)
#define emit_null(j, key) out_key(j, "\"" key "\":null,", JSON_FITS("\"" key "\":null,", JSON_KEY))
#define emit_uint(j, key, value) out_known(j, JSON_LITERAL(key), true, value)
#define emit_known(j, key, known, value) out_known(j, JSON_LITERAL(key), known, value)
#define emit_bool(j, key, value) out_truth(j, JSON_LITERAL(key), value)
#define emit_time(j, key, known, time_ns) out_time(j, JSON_LITERAL(key), known, time_ns)

#define emit_seconds(j, key, microseconds) out_seconds(j, JSON_LITERAL(key), microseconds)
void out_seconds(struct json *j, const char *key, size_t len, uint64_t microseconds);

#define emit_text(j, key, text) out_text(j, JSON_LITERAL(key), text)
JSON_INLINE out_text(struct json *j, const char *key, size_t len, const char *text)
{
	out_key(j, key, len);
	value_text(j, text);
}

#define emit_word(j, key, word) out_word(j, JSON_LITERAL(key), word)
JSON_INLINE out_word(struct json *j, const char *key, size_t len, const char *word)
{
	out_key(j, key, len);
	value_word(j, word);
}

#define emit_addr(j, o, key, a) out_addr(j, o, JSON_LITERAL(key), a)
JSON_INLINE out_addr(struct json *j, const struct report_options *o, const char *key, size_t len,
		     const struct ip_addr *a)
{
	out_key(j, key, len);
	value_addr(j, o, a);
}

/*
 * A frame: its number in its file, null for 0, and with more than one file the file's index under
 * the other key.
 */
#define emit_frame(j, o, key, capture_key, frame)                                                            \
	out_frame(j, o, JSON_LITERAL(key), JSON_LITERAL(capture_key), frame)

/* Frames as an array, and their files likewise. */
#define emit_frames(j, o, key, captures_key, frames, n)                                                      \
	out_frames(j, o, JSON_LITERAL(key), JSON_LITERAL(captures_key), frames, n)
void out_frames(struct json *j, const struct report_options *o, const char *key, size_t len,
		const char *captures_key, size_t captures_len, const uint64_t *frames, size_t n);

#endif
