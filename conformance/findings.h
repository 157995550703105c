/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The judge's store of findings: an entry for each in memory, the findings themselves in memory
 * while they are few, then in a temporary file.
 */
#ifndef PPTPSCOPE_FINDINGS_H
#define PPTPSCOPE_FINDINGS_H

#include <stdio.h>

#include "conformance/finding.h"

/* What makes two faults the same one. */
struct finding_key {
	uint64_t tunnel, connection, call;
	uint32_t rule;
	int32_t host;
};

uint64_t finding_key_hash(const struct finding_key *k);
bool finding_key_same(const struct finding_key *a, const struct finding_key *b);

struct finding_entry {
	struct finding_key key;
	uint64_t count, last_frame;
	bool stored;
};

enum { FINDINGS_SEGMENT = 1024 }; /* entries to a piece of memory */

struct findings {
	size_t limit;
	struct finding_entry **segment; /* entries in order, in pieces that do not move */
	size_t nsegments, count;
	uint32_t *slot; /* open addressing: number of the entry + 1 */
	size_t room;
	struct finding *kept; /* the first KEPT of them */
	FILE *file;           /* the others, in order */
	bool failed;
};

void findings_init(struct findings *s, size_t limit);
void findings_clear(struct findings *s);

/* The entry of a key; *fresh when it was made now.  NULL at the limit or without memory. */
struct finding_entry *findings_entry(struct findings *s, const struct finding_key *key, bool *fresh);

/* Keeps the finding of the latest fresh entry. */
void findings_store(struct findings *s, struct finding_entry *entry, const struct finding *f);

/* In order; counts and last frames are those of the entries.  False when some could not be read back. */
bool findings_walk(struct findings *s, void (*fn)(void *ctx, const struct finding *f), void *ctx);

#endif
