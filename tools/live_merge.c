/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records in the order of time: see live_merge.h. */
#include "tools/live_merge.h"

#include <stdlib.h>
#include <string.h>

struct record {
	struct record *next;
	int64_t time_ns, arrived_ns;
	size_t len;
	uint8_t octets[];
};

struct merge_source {
	struct record *first, **last;
	int64_t known_ns; /* nothing older will come */
	bool awaited;
};

struct live_merge {
	live_merge_fn *emit;
	void *context;
	int64_t patience_ns, emitted_ns;
	size_t held, hold_octets;
	uint64_t late;
	unsigned count;
	struct merge_source source[];
};

struct live_merge *live_merge_new(unsigned sources, int64_t patience_ns, size_t hold_octets,
				  live_merge_fn *emit, void *context)
{
	struct live_merge *m = calloc(1, sizeof(*m) + sources * sizeof(*m->source));

	if (!m)
		return NULL;
	m->emit = emit;
	m->context = context;
	m->patience_ns = patience_ns;
	m->hold_octets = hold_octets;
	m->emitted_ns = INT64_MIN;
	m->count = sources;
	for (unsigned i = 0; i < sources; i++) {
		m->source[i].last = &m->source[i].first;
		m->source[i].known_ns = INT64_MIN;
		m->source[i].awaited = true;
	}
	return m;
}

/* The source with the oldest record, or NULL. */
static struct merge_source *oldest(const struct live_merge *m)
{
	const struct merge_source *best = NULL;

	for (unsigned i = 0; i < m->count; i++) {
		const struct merge_source *s = &m->source[i];

		if (s->first && (!best || s->first->time_ns < best->first->time_ns))
			best = s;
	}
	return (struct merge_source *)best;
}

static struct record *take_first(struct live_merge *m, struct merge_source *s)
{
	struct record *r = s->first;

	s->first = r->next;
	if (!s->first)
		s->last = &s->first;
	m->held -= sizeof(*r) + r->len;
	return r;
}

static void emit_first(struct live_merge *m, struct merge_source *s)
{
	struct record *r = take_first(m, s);

	if (r->time_ns < m->emitted_ns)
		m->late++;
	else
		m->emitted_ns = r->time_ns;
	m->emit(m->context, (unsigned)(s - m->source), r->time_ns, r->octets, r->len);
	free(r);
}

void live_merge_free(struct live_merge *m)
{
	if (!m)
		return;
	for (unsigned i = 0; i < m->count; i++)
		while (m->source[i].first)
			free(take_first(m, &m->source[i]));
	free(m);
}

bool live_merge_put(struct live_merge *m, unsigned source, int64_t time_ns, int64_t now_ns,
		    const void *octets, size_t len)
{
	struct merge_source *s = &m->source[source];
	struct record *r = malloc(sizeof(*r) + len);

	if (!r)
		return false;
	*r = (struct record){ .time_ns = time_ns, .arrived_ns = now_ns, .len = len };
	if (len)
		memcpy(r->octets, octets, len);
	*s->last = r;
	s->last = &r->next;
	m->held += sizeof(*r) + len;
	live_merge_mark(m, source, time_ns);
	return true;
}

void live_merge_mark(struct live_merge *m, unsigned source, int64_t time_ns)
{
	if (time_ns > m->source[source].known_ns)
		m->source[source].known_ns = time_ns;
}

void live_merge_wait_for(struct live_merge *m, unsigned source, bool wait)
{
	m->source[source].awaited = wait;
}

/* Whether a source without a record might still send one that is older. */
static bool must_wait(const struct live_merge *m, const struct record *r)
{
	for (unsigned i = 0; i < m->count; i++)
		if (m->source[i].awaited && !m->source[i].first && m->source[i].known_ns < r->time_ns)
			return true;
	return false;
}

void live_merge_run(struct live_merge *m, int64_t now_ns)
{
	struct merge_source *s;

	while ((s = oldest(m)) &&
	       (m->held > m->hold_octets || now_ns - s->first->arrived_ns >= m->patience_ns ||
		!must_wait(m, s->first)))
		emit_first(m, s);
}

void live_merge_flush(struct live_merge *m)
{
	struct merge_source *s;

	while ((s = oldest(m)))
		emit_first(m, s);
}

int64_t live_merge_deadline(const struct live_merge *m)
{
	const struct merge_source *s = oldest(m);

	return s ? s->first->arrived_ns + m->patience_ns : INT64_MAX;
}

uint64_t live_merge_late(const struct live_merge *m)
{
	return m->late;
}
