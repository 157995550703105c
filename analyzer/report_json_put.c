/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON written as it comes, with json-c's escaping: see report_json_put.h. */
#include "analyzer/report_json_put.h"

#include <endian.h>
#include <errno.h>
#include <json-c/json_object.h>
#include <stdlib.h>

enum {
	ROOM = 1 << 16, /* of the buffer at first */
	MUCH = ROOM / 2,
	SECOND = 1000000000,
};

static void take_buffer(struct json *j, char *buf, size_t room)
{
	j->buf = buf;
	j->end = buf + room;
	j->fits = j->end - (JSON_KEY + JSON_VALUE);
}

bool emit_init(struct json *j)
{
	char *buf = malloc(ROOM);

	*j = (struct json){ .day = { -1, -1 }, .minute = { -1, -1 } };
	if (!buf)
		return false;
	take_buffer(j, buf, ROOM);
	emit_restart(j);
	return true;
}

void emit_clear(struct json *j)
{
	free(j->buf);
	*j = (struct json){ 0 };
}

bool out_grow(struct json *j, size_t len)
{
	size_t used = (size_t)(j->at - j->buf), room = (size_t)(j->end - j->buf);
	char *grown;

	while (room - used < len)
		room *= 2;
	grown = realloc(j->buf, room);
	if (!grown) {
		/* What is there is of no use any more: the first room is large enough for any piece. */
		j->failed = true;
		j->at = j->buf;
		return false;
	}
	take_buffer(j, grown, room);
	j->at = grown + used;
	return true;
}

/* Takes away the comma after the last value, if there is one. */
static bool drop_comma(struct json *j)
{
	bool comma = j->at > j->buf && j->at[-1] == ',';

	j->at -= comma;
	return comma;
}

void emit_newline(struct json *j)
{
	drop_comma(j);
	emit_octets(j, "\n", 1);
}

void emit_row(struct json *j)
{
	emit_octets(j, "\n", 1);
}

/* Text that needs no escaping, in quotes, and what comes behind it: a colon or a comma. */
static inline void put_plain(struct json *j, const char *text, size_t len, char behind)
{
	char *at;

	if (!out_room(j, len + 3))
		return;
	at = j->at;
	*at = '"';
	memcpy(at + 1, text, len);
	at[len + 1] = '"';
	at[len + 2] = behind;
	j->at = at + len + 3;
}

void emit_name(struct json *j, const char *key)
{
	put_plain(j, key, strlen(key), ':');
}

/* --- numbers and times --------------------------------------------------------------------- */

enum { DIGITS = 8, EIGHT_DIGITS = 100000000 };

/*
 * The eight digits of a number below EIGHT_DIGITS, each in an octet, the first one in the lowest: first two
 * halves of four digits, then quarters of two, then each for itself.  Divisions by 100 and by 10 are
 * multiplications that are exact below 10000 and below 100.
 */
static inline __attribute__((always_inline)) uint64_t digits_of(uint32_t value)
{
	uint64_t fours = value / 10000 | (uint64_t)(value % 10000) << 32;
	uint64_t hundreds = (fours * 10486 >> 20) & UINT64_C(0x0000007f0000007f);
	uint64_t twos = hundreds | (fours - hundreds * 100) << 16;
	uint64_t tens = (twos * 103 >> 10) & UINT64_C(0x000f000f000f000f);

	return tens | (twos - tens * 10) << 8;
}

/* Writes octets, the lowest first. */
static char *put_octets(char *at, uint64_t octets, unsigned n)
{
	octets = htole64(octets);
	memcpy(at, &octets, sizeof(octets)); /* more than n, so that it is one store */
	return at + n;
}

#define ONES (UINT64_MAX / 255) /* a 1 in each octet */

/* Apart, so that the way of nearly all needs no stack. */
static NOT_IN_THE_WAY char *put_long(char *at, uint64_t value)
{
	at = out_digits(at, value / EIGHT_DIGITS);
	return put_octets(at, digits_of((uint32_t)(value % EIGHT_DIGITS)) | ONES * '0', DIGITS);
}

char *out_digits(char *at, uint64_t value)
{
	uint64_t digits;
	unsigned zeros;

	if (value >= EIGHT_DIGITS)
		return put_long(at, value);
	digits = digits_of((uint32_t)value);
	/* The last digit stays in any case. */
	zeros = (unsigned)__builtin_ctzll(digits | UINT64_C(1) << 56) / 8;
	return put_octets(at, (digits | ONES * '0') >> zeros * 8, DIGITS - zeros);
}

/* Two digits, a point and six: of a number of microseconds below a hundred seconds. */
static char *put_seconds(char *at, uint32_t micros)
{
	uint64_t digits = digits_of(micros) | ONES * '0';

	put_octets(at, digits, 2);
	at[2] = '.';
	return put_octets(at + 3, digits >> 16, 6);
}

void out_seconds(struct json *j, const char *key, size_t len, uint64_t microseconds)
{
	char *at = out_copy(out_piece(j), key, len);
	uint64_t digits = digits_of((uint32_t)(microseconds % 1000000)) | ONES * '0';

	at = out_number(at, microseconds / 1000000);
	at[-1] = '.'; /* in place of the comma */
	at = put_octets(at, digits >> 16, 6);
	*at = ',';
	j->at = at + 1;
}

/* A time as report_time() writes it. */
static NOT_IN_THE_WAY char *put_time(char *at, int64_t time_ns)
{
	char text[REPORT_TIME];
	size_t len = strlen(report_time(time_ns, text));

	*at++ = '"';
	memcpy(at, text, len);
	memcpy(at + len, "\",", 2);
	return at + len + 2;
}

/* Apart, as put_long(). */
static NOT_IN_THE_WAY void begin_minute(struct json *j, int64_t time_ns, int64_t minute)
{
	enum { HOUR_AT = sizeof("\"2005-06-09T") - 1, MINUTE_AT = HOUR_AT + 3, DAY = 24 * 60 };
	char *begin = j->begin[minute & 1], text[JSON_VALUE];
	int64_t day = minute / DAY;
	uint32_t of_day = (uint32_t)(minute - day * DAY);
	uint64_t digits = digits_of(of_day / 60 * 10000 + of_day % 60) | ONES * '0'; /* 00HH00MM */

	if (j->day[minute & 1] != day) {
		put_time(text, time_ns);
		memcpy(begin, text, JSON_MINUTE);
	}
	put_octets(text, digits, DIGITS);
	memcpy(begin + HOUR_AT, text + 2, 2);
	memcpy(begin + MINUTE_AT, text + 6, 2);
	j->day[minute & 1] = day;
	j->minute[minute & 1] = minute;
}

char *out_moment(struct json *j, char *at, int64_t time_ns)
{
	uint64_t seconds = (uint64_t)time_ns / SECOND, minute = seconds / 60;
	uint32_t nanos = (uint32_t)((uint64_t)time_ns - seconds * SECOND), micros = nanos / 1000;

	/* The rare ones. */
	if (time_ns < 0 || nanos != micros * 1000)
		return put_time(at, time_ns);
	if (j->minute[minute & 1] != (int64_t)minute)
		begin_minute(j, time_ns, (int64_t)minute);
	/* More than there is, so that it is copied at once. */
	memcpy(at, j->begin[minute & 1], sizeof(j->begin[0]));
	at = put_seconds(at + JSON_MINUTE, (uint32_t)(seconds - minute * 60) * 1000000 + micros);
	return out_copy(at, "Z\",", 3);
}

/* --- text ---------------------------------------------------------------------------------- */

static bool plain(char c)
{
	return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

/* Whether any of eight octets is `c`; only of octets below 128. */
static uint64_t any_is(uint64_t octets, uint8_t c)
{
	uint64_t x = octets ^ ONES * c;

	return (ONES * 128 - x) & ONES * 128;
}

static bool eight_plain(const char *text)
{
	const uint64_t high = ONES * 128;
	uint64_t octets;

	memcpy(&octets, text, sizeof(octets));
	/* None above 127, none below ' ', no delete, quote or backslash. */
	return !((octets | ~(octets + ONES * (128 - ' ')) | any_is(octets, 127) | any_is(octets, '"') |
		  any_is(octets, '\\')) &
		 high);
}

/* Whether text is nothing but plain ASCII, as nearly all is: it needs no escaping. */
static bool all_plain(const char *text, size_t len)
{
	size_t at = 0;

	if (len < 8) {
		while (at < len && plain(text[at]))
			at++;
		return at == len;
	}
	while (at + 8 < len && eight_plain(text + at))
		at += 8;
	/* The last eight, some of which have been looked at already. */
	return at + 8 >= len && eight_plain(text + len - 8);
}

static void put_escaped(struct json *j, const char *text)
{
	struct json_object *o = json_object_new_string(text);
	const char *escaped;
	size_t len;

	escaped = o ? json_object_to_json_string_length(o, JSON_C_TO_STRING_NOSLASHESCAPE, &len) : NULL;
	if (escaped) {
		emit_octets(j, escaped, len);
		emit_octets(j, ",", 1);
	} else {
		j->failed = true;
	}
	json_object_put(o);
}

void value_text(struct json *j, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (!text)
		value_null(j);
	else if (all_plain(text, len))
		put_plain(j, text, len, ',');
	else
		put_escaped(j, text);
}

void value_word(struct json *j, const char *word)
{
	if (word)
		put_plain(j, word, strlen(word), ',');
	else
		value_null(j);
}

void quote(struct quoted_text *q, const char *text, char behind)
{
	size_t len = strnlen(text, sizeof(q->text) - 3);

	q->text[0] = '"';
	memcpy(q->text + 1, text, len);
	q->text[len + 1] = '"';
	q->text[len + 2] = behind;
	q->len = len + 3;
}

void value_raw(struct json *j, const char *octets)
{
	emit_octets(j, octets, strlen(octets));
	emit_octets(j, ",", 1);
}

void value_addr(struct json *j, const struct report_options *o, const struct ip_addr *a)
{
	char buf[64];

	value_word(j, report_addr(o, a, buf));
}

void out_frames(struct json *j, const struct report_options *o, const char *key, size_t len,
		const char *captures_key, size_t captures_len, const uint64_t *frames, size_t n)
{
	out_open(j, key, len, '[');
	for (size_t i = 0; i < n; i++)
		value_uint(j, FRAME_NUMBER(frames[i]));
	emit_close(j, ']');
	if (o->captures <= 1)
		return;
	out_open(j, captures_key, captures_len, '[');
	for (size_t i = 0; i < n; i++)
		value_uint(j, FRAME_CAPTURE(frames[i]));
	emit_close(j, ']');
}

/* --- out ----------------------------------------------------------------------------------- */

void emit_restart(struct json *j)
{
	j->at = j->buf;
	j->failed = false;
}

const char *emit_line(struct json *j, size_t *len)
{
	drop_comma(j);
	*len = (size_t)(j->at - j->buf);
	errno = j->failed ? ENOMEM : 0;
	return j->failed ? NULL : j->buf;
}

size_t emit_used(const struct json *j)
{
	return (size_t)(j->at - j->buf);
}

size_t emit_since(const struct json *j, size_t from, char *out, size_t room)
{
	size_t len = emit_used(j) - from;

	if (j->failed || len > room)
		return 0;
	memcpy(out, j->buf + from, len);
	return len;
}

bool emit_flush(struct json *j, FILE *out)
{
	/* Whether that comma is wanted, what follows will tell. */
	bool comma = drop_comma(j), ok;
	size_t len = (size_t)(j->at - j->buf);

	ok = fwrite(j->buf, 1, len, out) == len;
	j->at = j->buf;
	if (comma)
		*j->at++ = ',';
	if (ok && j->failed)
		errno = ENOMEM;
	return ok && !j->failed;
}

bool emit_flush_much(struct json *j, FILE *out)
{
	return j->at - j->buf < MUCH || emit_flush(j, out);
}
