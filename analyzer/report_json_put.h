/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON written as it comes: values go to a buffer that is emptied every few rows, so that no
 * document is ever in memory.  A key is NULL within an array.
 *
 * The small ones are inline: of a constant key the compiler then knows the length, and a report of
 * a million calls has a hundred million keys.
 */
#ifndef PPTPSCOPE_REPORT_JSON_PUT_H
#define PPTPSCOPE_REPORT_JSON_PUT_H

#include "analyzer/report_private.h"

struct json {
	char *buf, *at, *end; /* buf is owned; octets are between buf and at */
	bool comma;           /* a value came before, in the same object or array */
	bool failed;          /* no memory: octets are missing */
	int64_t day;          /* of `date`, since 1970 */
	char date[11];        /* "2005-06-09T", as nearly all times of a report are of one day */
};

/* False when memory was not to be had. */
bool emit_init(struct json *j);
void emit_clear(struct json *j);

/* Room for len octets, by more memory where needed; false without memory. */
bool emit_grow(struct json *j, size_t len);

static inline bool emit_room(struct json *j, size_t len)
{
	return (size_t)(j->end - j->at) >= len || emit_grow(j, len);
}

/* Octets as they are. */
static inline void emit_octets(struct json *j, const char *octets, size_t len)
{
	if (!emit_room(j, len))
		return;
	memcpy(j->at, octets, len);
	j->at += len;
}

/* Comma, key and colon: what comes before a value. */
static inline void emit_key(struct json *j, const char *key)
{
	size_t len = key ? strlen(key) : 0;

	if (!emit_room(j, len + 4))
		return;
	/* Written in any case, and kept where it is wanted: that needs no branch. */
	*j->at = ',';
	j->at += j->comma;
	j->comma = true;
	if (!key)
		return;
	*j->at = '"';
	memcpy(j->at + 1, key, len);
	memcpy(j->at + 1 + len, "\":", 2);
	j->at += len + 3;
}

static inline void emit_open(struct json *j, const char *key, char bracket) /* '{' or '[' */
{
	emit_key(j, key);
	emit_octets(j, &bracket, 1);
	j->comma = false;
}

static inline void emit_close(struct json *j, char bracket) /* '}' or ']' */
{
	emit_octets(j, &bracket, 1);
	j->comma = true;
}

/* The next element of the array starts on a line of its own. */
void emit_row(struct json *j);
void emit_newline(struct json *j);

void emit_number(struct json *j, uint64_t value); /* without a key */

static inline void emit_uint(struct json *j, const char *key, uint64_t value)
{
	emit_key(j, key);
	emit_number(j, value);
}

static inline void emit_null(struct json *j, const char *key)
{
	emit_key(j, key);
	emit_octets(j, "null", 4);
}

static inline void emit_bool(struct json *j, const char *key, bool value)
{
	emit_key(j, key);
	if (value)
		emit_octets(j, "true", 4);
	else
		emit_octets(j, "false", 5);
}

/* The value where it is known, else null. */
static inline void emit_known(struct json *j, const char *key, bool known, uint64_t value)
{
	emit_key(j, key);
	if (known)
		emit_number(j, value);
	else
		emit_octets(j, "null", 4);
}

void emit_string(struct json *j, const char *text); /* without a key; NULL: null */

static inline void emit_text(struct json *j, const char *key, const char *text)
{
	emit_key(j, key);
	emit_string(j, text);
}

void emit_moment(struct json *j, int64_t time_ns); /* without a key */

static inline void emit_time(struct json *j, const char *key, bool known, int64_t time_ns)
{
	emit_key(j, key);
	if (known)
		emit_moment(j, time_ns);
	else
		emit_octets(j, "null", 4);
}

void emit_seconds(struct json *j, const char *key, uint64_t microseconds);

/*
 * A frame: its number in its file, null for 0, and with more than one file the file's index under
 * the other key.
 */
static inline void emit_frame(struct json *j, const struct report_options *o, const char *key,
			      const char *capture_key, uint64_t frame)
{
	emit_known(j, key, frame != 0, FRAME_NUMBER(frame));
	if (o->captures > 1)
		emit_known(j, capture_key, frame != 0, FRAME_CAPTURE(frame));
}

/* Frames as an array, and their files likewise. */
void emit_frames(struct json *j, const struct report_options *o, const char *key, const char *captures_key,
		 const uint64_t *frames, size_t n);
void emit_addr(struct json *j, const struct report_options *o, const char *key, const struct ip_addr *a);

/* Writes the buffer out and empties it.  False when that failed: errno says why. */
bool emit_flush(struct json *j, FILE *out);
/* The same once there is much of it. */
bool emit_flush_much(struct json *j, FILE *out);

#endif
