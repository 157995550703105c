/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Baselines (--expect, --write-expect): text files with a line of two words for each thing that is
 * accepted.  "#" begins a comment.
 */
#ifndef PPTPSCOPE_BASELINE_H
#define PPTPSCOPE_BASELINE_H

#include <stdbool.h>
#include <stddef.h>

struct options;

enum { BASELINE_LINE = 128 };

struct baseline_line {
	char text[BASELINE_LINE]; /* two words with a blank between them */
	bool seen;
};

struct baseline_list {
	struct baseline_line *line; /* owned */
	size_t count, room;
};

/*
 * Reads a file into an empty list, which is sorted then.  words: what lines look like, for messages; valid:
 * is asked about the first word of each.  False: the reason was said, *status is the exit status.
 */
bool baseline_read(struct baseline_list *l, const struct options *o, const char *path, const char *words,
		   bool (*valid)(const char *first), int *status);
/* The line, of a list that was read; NULL: it is not there. */
struct baseline_line *baseline_find(struct baseline_list *l, const char *text);
/* False: no memory. */
bool baseline_add(struct baseline_list *l, const char *text);
/* Writes each line once, in order, below a comment.  False: the reason was said. */
bool baseline_write(struct baseline_list *l, const struct options *o, const char *path, const char *comment);
/* Lines that were not seen, NULL-terminated; the array is the caller's, the texts are the list's.  NULL: no
 * memory. */
const char **baseline_unseen(const struct baseline_list *l, size_t *count);
void baseline_free(struct baseline_list *l);

#endif
