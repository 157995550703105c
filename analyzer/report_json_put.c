/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON written as it comes, with json-c's buffer and escaping: see report_json_put.h. */
#include "analyzer/report_json_put.h"

#include <errno.h>
#include <json-c/json_object.h>
#include <json-c/printbuf.h>

bool emit_init(struct json *j)
{
	*j = (struct json){ .buf = printbuf_new() };
	return j->buf != NULL;
}

void emit_clear(struct json *j)
{
	if (j->buf)
		printbuf_free(j->buf);
	j->buf = NULL;
}

/* Room for len more octets at the end of the buffer, which grows by them; NULL without memory. */
static char *room(struct json *j, size_t len)
{
	struct printbuf *b = j->buf;

	if (len > INT32_MAX / 2) {
		j->failed = true;
		return NULL;
	}
	if ((size_t)(b->size - b->bpos) > len)
		b->bpos += (int)len;
	else if (printbuf_memset(b, -1, 0, (int)len) < 0)
		j->failed = true;
	return j->failed ? NULL : b->buf + b->bpos - len;
}

static void put(struct json *j, const char *octets, size_t len)
{
	char *at = room(j, len);

	if (at)
		memcpy(at, octets, len);
}

/* Comma, key and colon: what comes before a value. */
static void put_key(struct json *j, const char *key)
{
	size_t len = key ? strlen(key) : 0;
	char *at = room(j, j->comma + (key ? len + 3 : 0));

	if (at && j->comma)
		*at++ = ',';
	j->comma = true;
	if (!at || !key)
		return;
	*at++ = '"';
	memcpy(at, key, len);
	memcpy(at + len, "\":", 2);
}

void emit_open(struct json *j, const char *key, char bracket)
{
	put_key(j, key);
	put(j, &bracket, 1);
	j->comma = false;
}

void emit_close(struct json *j, char bracket)
{
	put(j, &bracket, 1);
	j->comma = true;
}

void emit_newline(struct json *j)
{
	put(j, "\n", 1);
}

void emit_row(struct json *j)
{
	if (j->comma)
		put(j, ",", 1);
	put(j, "\n", 1);
	j->comma = false;
}

static void put_uint(struct json *j, uint64_t value)
{
	char digits[20], *at = digits + sizeof(digits);

	do
		*--at = (char)('0' + value % 10);
	while (value /= 10);
	put(j, at, (size_t)(digits + sizeof(digits) - at));
}

void emit_uint(struct json *j, const char *key, uint64_t value)
{
	put_key(j, key);
	put_uint(j, value);
}

void emit_bool(struct json *j, const char *key, bool value)
{
	put_key(j, key);
	if (value)
		put(j, "true", 4);
	else
		put(j, "false", 5);
}

void emit_null(struct json *j, const char *key)
{
	put_key(j, key);
	put(j, "null", 4);
}

void emit_known(struct json *j, const char *key, bool known, uint64_t value)
{
	if (known)
		emit_uint(j, key, value);
	else
		emit_null(j, key);
}

/* Length of text that is nothing but plain ASCII, as nearly all is: it needs no escaping.  Else SIZE_MAX. */
static size_t plain_length(const char *text)
{
	const char *at;

	for (at = text; *at; at++)
		if (*at < ' ' || *at > '~' || *at == '"' || *at == '\\')
			return SIZE_MAX;
	return (size_t)(at - text);
}

static void put_escaped(struct json *j, const char *text)
{
	struct json_object *o = json_object_new_string(text);
	const char *escaped;
	size_t len;

	escaped = o ? json_object_to_json_string_length(o, JSON_C_TO_STRING_NOSLASHESCAPE, &len) : NULL;
	if (escaped)
		put(j, escaped, len);
	else
		j->failed = true;
	json_object_put(o);
}

void emit_text(struct json *j, const char *key, const char *text)
{
	size_t len;
	char *at;

	if (!text) {
		emit_null(j, key);
		return;
	}
	put_key(j, key);
	len = plain_length(text);
	if (len == SIZE_MAX) {
		put_escaped(j, text);
		return;
	}
	at = room(j, len + 2);
	if (!at)
		return;
	at[0] = at[len + 1] = '"';
	memcpy(at + 1, text, len);
}

void emit_time(struct json *j, const char *key, bool known, int64_t time_ns)
{
	char buf[REPORT_TIME];

	emit_text(j, key, known ? report_time(time_ns, buf) : NULL);
}

void emit_seconds(struct json *j, const char *key, uint64_t microseconds)
{
	uint32_t rest = (uint32_t)(microseconds % 1000000);
	char fraction[7] = ".";

	for (unsigned i = 6; i > 0; i--, rest /= 10)
		fraction[i] = (char)('0' + rest % 10);
	emit_uint(j, key, microseconds / 1000000);
	put(j, fraction, sizeof(fraction));
}

void emit_frame(struct json *j, const struct report_options *o, const char *key, const char *capture_key,
		uint64_t frame)
{
	emit_known(j, key, frame != 0, FRAME_NUMBER(frame));
	if (o->captures > 1)
		emit_known(j, capture_key, frame != 0, FRAME_CAPTURE(frame));
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

bool emit_flush(struct json *j, FILE *out)
{
	size_t len = (size_t)printbuf_length(j->buf);
	bool ok = fwrite(j->buf->buf, 1, len, out) == len;

	j->buf->bpos = 0;
	if (ok && j->failed)
		errno = ENOMEM;
	return ok && !j->failed;
}
