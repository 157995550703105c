/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The findings that were told last, by what they were about: a set of fixed size that forgets the one
 * that was longest not asked for.
 */
#ifndef PPTPSCOPE_RECENT_H
#define PPTPSCOPE_RECENT_H

#include "conformance/findings.h"

struct recent_row {
	struct finding_key key;
	uint32_t chain;        /* next of its bucket; rows are counted from 1, 0 ends */
	uint32_t newer, older; /* by the last time that it was asked for */
};

struct recent {
	struct recent_row *row; /* [0] is not used */
	uint32_t *bucket;
	uint32_t limit, used, buckets; /* buckets: a power of two */
	uint32_t newest, oldest;
};

/* Room for so many, taken at once; false without memory. */
bool recent_init(struct recent *r, size_t limit);
void recent_clear(struct recent *r);

/* True when the key was not there; it is now. */
bool recent_add(struct recent *r, const struct finding_key *key);

#endif
