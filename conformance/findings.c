/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See findings.h. */
#include "conformance/findings.h"

#include <stdlib.h>

enum { KEPT = 512, FIRST_ROOM = 256 };

void findings_init(struct findings *s, size_t limit)
{
	*s = (struct findings){ .limit = limit };
}

void findings_clear(struct findings *s)
{
	for (size_t i = 0; i < s->nsegments; i++)
		free(s->segment[i]);
	free(s->segment);
	free(s->slot);
	free(s->kept);
	if (s->file)
		fclose(s->file);
	findings_init(s, s->limit);
}

static struct finding_entry *entry_at(const struct findings *s, size_t i)
{
	return &s->segment[i / FINDINGS_SEGMENT][i % FINDINGS_SEGMENT];
}

bool finding_key_same(const struct finding_key *a, const struct finding_key *b)
{
	return a->rule == b->rule && a->host == b->host && a->call == b->call &&
	       a->connection == b->connection && a->tunnel == b->tunnel;
}

uint64_t finding_key_hash(const struct finding_key *k)
{
	uint64_t h = k->rule * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)(uint32_t)k->host;

	h = (h ^ k->call) * UINT64_C(0xbf58476d1ce4e5b9);
	h = (h ^ h >> 29 ^ k->connection) * UINT64_C(0x94d049bb133111eb);
	return (h ^ h >> 31 ^ k->tunnel * 31) * UINT64_C(0x9e3779b97f4a7c15) >> 16;
}

static uint32_t *slot_of(const struct findings *s, uint32_t *slots, size_t room,
			 const struct finding_key *key)
{
	size_t i = finding_key_hash(key) & (room - 1);

	while (slots[i] && !finding_key_same(&entry_at(s, slots[i] - 1)->key, key))
		i = (i + 1) & (room - 1);
	return &slots[i];
}

static bool grow(struct findings *s)
{
	size_t room = s->room ? s->room * 2 : FIRST_ROOM;
	uint32_t *slots = calloc(room, sizeof(*slots));

	if (!slots)
		return false;
	for (size_t i = 0; i < s->count; i++)
		*slot_of(s, slots, room, &entry_at(s, i)->key) = (uint32_t)i + 1;
	free(s->slot);
	s->slot = slots;
	s->room = room;
	return true;
}

/* Room for one more entry. */
static bool extend(struct findings *s)
{
	struct finding_entry **grown;

	if (s->count < s->nsegments * FINDINGS_SEGMENT)
		return true;
	grown = realloc(s->segment, (s->nsegments + 1) * sizeof(*grown));
	if (!grown)
		return false;
	s->segment = grown;
	s->segment[s->nsegments] = calloc(FINDINGS_SEGMENT, sizeof(struct finding_entry));
	if (!s->segment[s->nsegments])
		return false;
	s->nsegments++;
	return true;
}

struct finding_entry *findings_entry(struct findings *s, const struct finding_key *key, bool *fresh)
{
	uint32_t *slot;
	struct finding_entry *e;

	*fresh = false;
	if (s->room) {
		slot = slot_of(s, s->slot, s->room, key);
		if (*slot)
			return entry_at(s, *slot - 1);
	}
	if (s->failed || s->count >= s->limit || s->count >= UINT32_MAX - 1 || !extend(s) ||
	    (s->count * 2 >= s->room && !grow(s)))
		return NULL;
	e = entry_at(s, s->count++);
	*e = (struct finding_entry){ .key = *key, .count = 1 };
	*slot_of(s, s->slot, s->room, key) = (uint32_t)s->count;
	*fresh = true;
	return e;
}

void findings_store(struct findings *s, struct finding_entry *entry, const struct finding *f)
{
	size_t index = s->count - 1;

	if (index < KEPT) {
		if (!s->kept)
			s->kept = calloc(KEPT, sizeof(*s->kept));
		if (!s->kept)
			return;
		s->kept[index] = *f;
		entry->stored = true;
		return;
	}
	if (!s->file && !s->failed)
		s->file = tmpfile();
	if (!s->file || fwrite(f, sizeof(*f), 1, s->file) != 1)
		s->failed = true;
	else
		entry->stored = true;
}

bool findings_walk(struct findings *s, void (*fn)(void *ctx, const struct finding *f), void *ctx)
{
	if (s->file) {
		if (fflush(s->file) != 0)
			s->failed = true;
		rewind(s->file);
	}
	for (size_t i = 0; i < s->count; i++) {
		const struct finding_entry *e = entry_at(s, i);
		struct finding f;

		if (!e->stored)
			continue;
		if (i < KEPT)
			f = s->kept[i];
		else if (fread(&f, sizeof(f), 1, s->file) != 1)
			return false;
		f.count = e->count;
		f.last_frame = e->last_frame > f.last_frame ? e->last_frame : f.last_frame;
		fn(ctx, &f);
	}
	return !s->failed;
}
