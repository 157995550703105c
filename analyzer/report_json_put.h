/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON written as it comes: values go to a buffer that is emptied after every row, so that no
 * document is ever in memory.  A key is NULL within an array.
 */
#ifndef PPTPSCOPE_REPORT_JSON_PUT_H
#define PPTPSCOPE_REPORT_JSON_PUT_H

#include "analyzer/report_private.h"

struct printbuf;

struct json {
	struct printbuf *buf; /* owned */
	bool comma;           /* a value came before, in the same object or array */
	bool failed;          /* no memory: octets are missing */
};

/* False when memory was not to be had. */
bool emit_init(struct json *j);
void emit_clear(struct json *j);

void emit_open(struct json *j, const char *key, char bracket); /* '{' or '[' */
void emit_close(struct json *j, char bracket);                 /* '}' or ']' */
/* The next element of the array starts on a line of its own. */
void emit_row(struct json *j);
void emit_newline(struct json *j);

void emit_uint(struct json *j, const char *key, uint64_t value);
void emit_bool(struct json *j, const char *key, bool value);
void emit_null(struct json *j, const char *key);
void emit_text(struct json *j, const char *key, const char *text); /* NULL: null */
/* The value where it is known, else null. */
void emit_known(struct json *j, const char *key, bool known, uint64_t value);
void emit_time(struct json *j, const char *key, bool known, int64_t time_ns);
void emit_seconds(struct json *j, const char *key, uint64_t microseconds);

/*
 * A frame: its number in its file, null for 0, and with more than one file the file's index under
 * the other key.
 */
void emit_frame(struct json *j, const struct report_options *o, const char *key, const char *capture_key,
		uint64_t frame);
/* Frames as an array, and their files likewise. */
void emit_frames(struct json *j, const struct report_options *o, const char *key, const char *captures_key,
		 const uint64_t *frames, size_t n);
void emit_addr(struct json *j, const struct report_options *o, const char *key, const struct ip_addr *a);

/* Writes the buffer out and empties it.  False when that failed: errno says why. */
bool emit_flush(struct json *j, FILE *out);

#endif
