/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON written as it comes, with json-c's escaping: see report_json_put.h. */
#include "analyzer/report_json_put.h"

#include <errno.h>
#include <json-c/json_object.h>
#include <stdlib.h>

enum {
	ROOM = 1 << 16, /* of the buffer at first */
	MUCH = ROOM / 2,
	SECOND = 1000000000,
	DAY = 86400,
};

bool emit_init(struct json *j)
{
	*j = (struct json){ .buf = malloc(ROOM), .day = INT64_MIN };
	j->at = j->buf;
	j->end = j->buf ? j->buf + ROOM : NULL;
	return j->buf != NULL;
}

void emit_clear(struct json *j)
{
	free(j->buf);
	*j = (struct json){ 0 };
}

bool emit_grow(struct json *j, size_t len)
{
	size_t used = (size_t)(j->at - j->buf), room = (size_t)(j->end - j->buf);
	char *grown;

	while (room - used < len)
		room *= 2;
	grown = realloc(j->buf, room);
	if (!grown) {
		j->failed = true;
		return false;
	}
	j->buf = grown;
	j->at = grown + used;
	j->end = grown + room;
	return true;
}

void emit_newline(struct json *j)
{
	emit_octets(j, "\n", 1);
}

void emit_row(struct json *j)
{
	emit_key(j, NULL);
	emit_newline(j);
	j->comma = false;
}

/* --- numbers and times --------------------------------------------------------------------- */

static char *put_pair(char *at, uint32_t value)
{
	static const char pairs[] = "0001020304050607080910111213141516171819"
				    "2021222324252627282930313233343536373839"
				    "4041424344454647484950515253545556575859"
				    "6061626364656667686970717273747576777879"
				    "8081828384858687888990919293949596979899";

	memcpy(at, pairs + value * 2, 2);
	return at + 2;
}

void emit_number(struct json *j, uint64_t value)
{
	enum { DIGITS = 20 };
	char digits[2 * DIGITS], *at = digits + DIGITS;

	if (!emit_room(j, DIGITS))
		return;
	if (value < 10) { /* as most are */
		*j->at++ = (char)('0' + value);
		return;
	}
	for (; value >= 100; value /= 100) {
		at -= 2;
		put_pair(at, (uint32_t)(value % 100));
	}
	if (value >= 10) {
		at -= 2;
		put_pair(at, (uint32_t)value);
	} else if (value) {
		*--at = (char)('0' + value);
	}
	/* More than there is, so that the compiler knows how much it copies. */
	memcpy(j->at, at, DIGITS);
	j->at += digits + DIGITS - at;
}

/* A million as six digits. */
static char *put_micros(char *at, uint32_t micros)
{
	at = put_pair(at, micros / 10000);
	at = put_pair(at, micros / 100 % 100);
	return put_pair(at, micros % 100);
}

void emit_seconds(struct json *j, const char *key, uint64_t microseconds)
{
	char fraction[7] = ".";

	put_micros(fraction + 1, (uint32_t)(microseconds % 1000000));
	emit_uint(j, key, microseconds / 1000000);
	emit_octets(j, fraction, sizeof(fraction));
}

void emit_moment(struct json *j, int64_t time_ns)
{
	char text[REPORT_TIME], *at;
	uint32_t of_day, nanos;
	uint64_t seconds = (uint64_t)time_ns / SECOND;

	nanos = (uint32_t)((uint64_t)time_ns % SECOND);
	/* The rare ones. */
	if (time_ns < 0 || nanos % 1000) {
		emit_string(j, report_time(time_ns, text));
		return;
	}
	if (j->day != (int64_t)(seconds / DAY)) {
		j->day = (int64_t)(seconds / DAY);
		memcpy(j->date, report_time(time_ns, text), sizeof(j->date));
	}
	of_day = (uint32_t)(seconds % DAY);
	if (!emit_room(j, REPORT_TIME))
		return;
	at = j->at;
	*at++ = '"';
	memcpy(at, j->date, sizeof(j->date));
	at = put_pair(at + sizeof(j->date), of_day / 3600);
	*at++ = ':';
	at = put_pair(at, of_day / 60 % 60);
	*at++ = ':';
	at = put_pair(at, of_day % 60);
	*at++ = '.';
	at = put_micros(at, nanos / 1000);
	memcpy(at, "Z\"", 2);
	j->at = at + 2;
}

/* --- text ---------------------------------------------------------------------------------- */

#define ONES (UINT64_MAX / 255) /* a 1 in each octet */

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

/* Whether text is nothing but plain ASCII, as nearly all is: it needs no escaping. */
static bool all_plain(const char *text, size_t len)
{
	const uint64_t high = ONES * 128;

	for (; len >= 8; text += 8, len -= 8) {
		uint64_t octets;

		memcpy(&octets, text, 8);
		/* One above 127, one below ' ', a delete, a quote or a backslash. */
		if (octets & high || ~(octets + ONES * (128 - ' ')) & high ||
		    any_is(octets, 127) || any_is(octets, '"') || any_is(octets, '\\'))
			break;
	}
	while (len && plain(*text))
		text++, len--;
	return !len;
}

static void put_escaped(struct json *j, const char *text)
{
	struct json_object *o = json_object_new_string(text);
	const char *escaped;
	size_t len;

	escaped = o ? json_object_to_json_string_length(o, JSON_C_TO_STRING_NOSLASHESCAPE, &len) : NULL;
	if (escaped)
		emit_octets(j, escaped, len);
	else
		j->failed = true;
	json_object_put(o);
}

void emit_string(struct json *j, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (!text) {
		emit_octets(j, "null", 4);
	} else if (!all_plain(text, len)) {
		put_escaped(j, text);
	} else {
		if (!emit_room(j, len + 2))
			return;
		*j->at++ = '"';
		memcpy(j->at, text, len);
		j->at += len;
		*j->at++ = '"';
	}
}

void emit_frames(struct json *j, const struct report_options *o, const char *key, const char *captures_key,
		 const uint64_t *frames, size_t n)
{
	emit_open(j, key, '[');
	for (size_t i = 0; i < n; i++)
		emit_uint(j, NULL, FRAME_NUMBER(frames[i]));
	emit_close(j, ']');
	if (o->captures <= 1)
		return;
	emit_open(j, captures_key, '[');
	for (size_t i = 0; i < n; i++)
		emit_uint(j, NULL, FRAME_CAPTURE(frames[i]));
	emit_close(j, ']');
}

void emit_addr(struct json *j, const struct report_options *o, const char *key, const struct ip_addr *a)
{
	char buf[64];

	emit_text(j, key, report_addr(o, a, buf));
}

/* --- out ----------------------------------------------------------------------------------- */

bool emit_flush(struct json *j, FILE *out)
{
	size_t len = (size_t)(j->at - j->buf);
	bool ok = fwrite(j->buf, 1, len, out) == len;

	j->at = j->buf;
	if (ok && j->failed)
		errno = ENOMEM;
	return ok && !j->failed;
}

bool emit_flush_much(struct json *j, FILE *out)
{
	return j->at - j->buf < MUCH || emit_flush(j, out);
}
