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
	bool comma;	      /* a value came before, in the same object or array */
	bool failed;	      /* no memory: octets are missing */
};

/* False when memory was not to be had. */
bool json_init(struct json *j);
void json_clear(struct json *j);

void json_open(struct json *j, const char *key, char bracket); /* '{' or '[' */
void json_close(struct json *j, char bracket);		       /* '}' or ']' */
/* The next element of the array starts on a line of its own. */
void json_row(struct json *j);
void json_newline(struct json *j);

void json_uint(struct json *j, const char *key, uint64_t value);
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);
void json_text(struct json *j, const char *key, const char *text); /* NULL: null */
/* The value where it is known, else null. */
void json_known(struct json *j, const char *key, bool known, uint64_t value);
void json_time(struct json *j, const char *key, bool known, int64_t time_ns);
void json_seconds(struct json *j, const char *key, uint64_t microseconds);

/*
 * A frame: its number in its file, null for 0, and with more than one file the file's index under
 * the other key.
 */
void json_frame(struct json *j, const struct report_options *o, const char *key, const char *capture_key,
		uint64_t frame);
/* Frames as an array, and their files likewise. */
void json_frames(struct json *j, const struct report_options *o, const char *key, const char *captures_key,
		 const uint64_t *frames, size_t n);
void json_addr(struct json *j, const struct report_options *o, const char *key, const struct ip_addr *a);

/* Writes the buffer out and empties it.  False when that failed: errno says why. */
bool json_flush(struct json *j, FILE *out);

#endif
