/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See recent.h. */
#include "conformance/recent.h"

#include <stdlib.h>

bool recent_init(struct recent *r, size_t limit)
{
	*r = (struct recent){ .limit = limit < 1                ? 1
				       : limit > UINT32_MAX / 4 ? UINT32_MAX / 4
								: (uint32_t)limit };
	for (r->buckets = 1; r->buckets < r->limit; r->buckets *= 2)
		;
	r->row = calloc((size_t)r->limit + 1, sizeof(*r->row));
	r->bucket = calloc(r->buckets, sizeof(*r->bucket));
	if (r->row && r->bucket)
		return true;
	recent_clear(r);
	return false;
}

void recent_clear(struct recent *r)
{
	free(r->row);
	free(r->bucket);
	*r = (struct recent){ 0 };
}

static uint32_t *find(struct recent *r, const struct finding_key *key)
{
	uint32_t *at = &r->bucket[finding_key_hash(key) & (r->buckets - 1)];

	while (*at && !finding_key_same(&r->row[*at].key, key))
		at = &r->row[*at].chain;
	return at;
}

static void unlink_row(struct recent *r, uint32_t i)
{
	struct recent_row *x = &r->row[i];

	*(x->newer ? &r->row[x->newer].older : &r->newest) = x->older;
	*(x->older ? &r->row[x->older].newer : &r->oldest) = x->newer;
}

static void link_newest(struct recent *r, uint32_t i)
{
	r->row[i].newer = 0;
	r->row[i].older = r->newest;
	*(r->newest ? &r->row[r->newest].newer : &r->oldest) = i;
	r->newest = i;
}

/* A row for a new key: one that was never used, or that of the oldest. */
static uint32_t row_for(struct recent *r)
{
	uint32_t i = r->oldest;

	if (r->used < r->limit)
		return ++r->used;
	unlink_row(r, i);
	*find(r, &r->row[i].key) = r->row[i].chain;
	return i;
}

bool recent_add(struct recent *r, const struct finding_key *key)
{
	uint32_t i = *find(r, key), *at;

	if (i) {
		unlink_row(r, i);
		link_newest(r, i);
		return false;
	}
	i = row_for(r);
	at = find(r, key);
	r->row[i] = (struct recent_row){ .key = *key };
	*at = i;
	link_newest(r, i);
	return true;
}
