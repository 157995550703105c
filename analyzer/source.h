/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Octets of a capture: from a file or standard input, gzip and zstd undone.
 *
 * Compression is told by content, never by name; concatenated members and frames are one stream.
 * Nothing seeks, so a pipe serves as well as a file.  Uncompressed octets are read straight into
 * the caller's buffer.
 */
#ifndef PPTPSCOPE_SOURCE_H
#define PPTPSCOPE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct source;

enum { SOURCE_PEEK = 32 }; /* octets that source_peek can show */

/* Opens a file, or standard input for "-".  Returns NULL with the reason in err. */
struct source *source_open(const char *path, char *err, size_t room);
void source_close(struct source *s);

/*
 * Reads at most room octets.  Returns how many, 0 at the end, or -1: see source_error.  What
 * precedes damage is returned first; after 0 or -1 every call returns the same.
 */
ssize_t source_read(struct source *s, void *octets, size_t room);

/* Shows up to n <= SOURCE_PEEK octets from where the next read starts; fewer only at the end.  Once. */
size_t source_peek(struct source *s, const uint8_t **octets, size_t n);

/*
 * The same octets as a stdio stream that reads through the caller's buffer.  The buffer and the
 * source must outlive the stream.  NULL when there is no memory.
 */
FILE *source_stream(struct source *s, char *buffer, size_t room);

/* From now on, a signal that interrupts a read ends the file. */
void source_interruptible(struct source *s);

/* Waits until something can be read, or the end, at most so long; false: not yet. */
bool source_wait(struct source *s, int timeout_ms);

/* Why a read failed; "" when none did. */
const char *source_error(const struct source *s);

const char *source_compression(const struct source *s); /* "gzip", "zstd" or NULL */
uint64_t source_offset(const struct source *s); /* octets of the file taken so far, as they are stored */
uint64_t source_size(const struct source *s);   /* of a regular file, else 0 */

#endif
