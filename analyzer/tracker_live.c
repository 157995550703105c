/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The house-keeping of a tracker that runs for weeks: what is over and told is freed, and what matters
 * least makes room before a limit is reached.
 *
 * What matters least, in this order: what has ended and only waits for late packets; tunnels in which
 * nothing is going on; calls of GRE alone that were silent for a while.  Connections, and calls that
 * messages have told of, are never given up here; what finds no room after that is counted.
 *
 * All of it happens in ticks: between them, who handles a packet may hold pointers.
 */
#include <stdlib.h>

#include "analyzer/tracker_private.h"

#define SECOND INT64_C(1000000000)

enum {
	HEADROOM = 16,  /* a limit is near when less than a 16th of it is free */
	PACE_PARTS = 8, /* sweeps within the shortest time-out */
	PACE_MAX_S = 600,
	HASTE_PARTS = 16, /* near the limit, this part of the time-out is enough silence */
	STEP_S = 1,       /* a clock that goes back by more was set */
};

int64_t tracker_live_pace(const struct tracker *t)
{
	int64_t shortest =
		t->limits.idle_ns < t->limits.tunnel_idle_ns ? t->limits.idle_ns : t->limits.tunnel_idle_ns;
	int64_t pace = shortest / PACE_PARTS;

	return pace > PACE_MAX_S * SECOND ? PACE_MAX_S * SECOND : pace < SECOND ? SECOND : pace;
}

/* --- texts --------------------------------------------------------------------------------- */

static int by_address(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t) * (const void *const *)a, y = (uintptr_t) * (const void *const *)b;

	return (x > y) - (x < y);
}

/* Every text that something still names; list NULL: counts them only. */
static size_t named_texts(const struct tracker *t, const void **list)
{
	size_t n = 0;

	for (size_t i = 0; i < t->ntunnels; i++) {
		for (const struct control_connection *c = t->tunnels[i]->first_connection; c; c = c->next)
			for (unsigned side = 0; side < 2; side++, n += 2)
				if (list) {
					list[n] = c->start[side].host_name;
					list[n + 1] = c->start[side].vendor_name;
				}
		for (const struct call *c = t->tunnels[i]->first_call; c; c = c->next, n++)
			if (list)
				list[n] = call_rare(c)->number;
	}
	return n;
}

/* Frees the texts that nothing names any more.  Without memory for the list they stay. */
static void texts_collect(struct tracker *t)
{
	size_t n = named_texts(t, NULL);
	const void **list = malloc((n + 1) * sizeof(*list));
	struct intern_slot *kept = calloc(t->interned_room, sizeof(*kept));

	if (!list || !kept) {
		free(list);
		free(kept);
		return;
	}
	named_texts(t, list);
	qsort(list, n, sizeof(*list), by_address);
	t->ninterned = t->interned_octets = 0;
	for (size_t i = 0; i < t->interned_room; i++) {
		struct intern_slot s = t->interned[i];
		size_t k = s.hash & (t->interned_room - 1);
		const void *text = s.text;

		if (!s.hash)
			continue;
		if (!bsearch(&text, list, n, sizeof(*list), by_address)) {
			free(s.text);
			continue;
		}
		while (kept[k].hash)
			k = (k + 1) & (t->interned_room - 1);
		kept[k] = s;
		t->ninterned++;
		t->interned_octets += s.len;
	}
	free(list);
	free(t->interned);
	t->interned = kept;
}

/* --- tunnels ------------------------------------------------------------------------------- */

static bool idle(const struct tunnel *x, int64_t since)
{
	return !x || (!x->first_connection && !x->first_call && x->last_time <= since);
}

/* Both of the tunnels between two hosts go together: packets find one by the other. */
static bool unused(const struct tunnel *x, int64_t since)
{
	return idle(x, since) && idle(x->private->opposite, since);
}

/* Takes it out of the table; what stood behind it moves up, so that it is found. */
static void table_remove(struct tracker *t, const struct tunnel *x)
{
	struct tunnel **slot = tracker_tunnel_slot(t, x), *moved;
	size_t mask = t->table_room - 1, i = (size_t)(slot - t->table);

	if (*slot != x)
		return;
	*slot = NULL;
	for (i = (i + 1) & mask; (moved = t->table[i]); i = (i + 1) & mask) {
		t->table[i] = NULL;
		*tracker_tunnel_slot(t, moved) = moved;
	}
}

/* Frees tunnels in which nothing happened after `since`; returns how many. */
static uint64_t forget_tunnels(struct tracker *t, int64_t since)
{
	size_t kept = 0, before = t->ntunnels;

	for (size_t i = 0; i < t->ntunnels; i++)
		if (unused(t->tunnels[i], since) && t->hooks.tunnel_done)
			t->hooks.tunnel_done(t->hooks.ctx, t->tunnels[i]);
	/* The hook may have found something for it. */
	for (size_t i = 0; i < t->ntunnels; i++)
		t->tunnels[i]->private->gone = unused(t->tunnels[i], since);
	for (size_t i = 0; i < t->ntunnels; i++) {
		struct tunnel *x = t->tunnels[i];

		if (!x->private->gone) {
			t->tunnels[kept++] = x;
			continue;
		}
		table_remove(t, x);
		pool_put(&t->private_pool, x->private);
		pool_put(&t->tunnel_pool, x);
	}
	t->ntunnels = kept;
	return before - kept;
}

/* --- time ---------------------------------------------------------------------------------- */

static void earlier(int64_t *time_ns, int64_t now)
{
	if (*time_ns > now)
		*time_ns = now;
}

static void call_earlier(struct tracker *t, struct call *c, int64_t now)
{
	struct call_step_seen last = call_last_message(c);

	if (last.time_ns > now) {
		last.time_ns = now;
		t->stats.memory_failed |= !call_last_take(c, last);
	}
	for (unsigned from = 0; from < HOSTS; from++)
		if (c->flow[from].flags & FLOW_SEEN && flow_last_time(&c->flow[from]) > now)
			c->flow[from].last = short_time(now);
}

/* The clock was set back: what seems to be in the future counts from here, or it would never age. */
static void clock_back(struct tracker *t, int64_t now)
{
	for (size_t i = 0; i < t->nended; i++)
		earlier(&t->ended[(t->ended_first + i) % t->ended_room].time_ns, now);
	for (size_t i = 0; i < t->ntunnels; i++) {
		earlier(&t->tunnels[i]->last_time, now);
		for (struct call *c = t->tunnels[i]->first_call; c; c = c->next) {
			call_earlier(t, c, now);
		}
	}
	earlier(&t->next_sweep, now);
	earlier(&t->next_relief, now);
}

static bool near(size_t used, size_t limit)
{
	return used > limit - limit / HEADROOM;
}

static bool tight(const struct tracker *t)
{
	return near(t->ntunnels, t->limits.max_tunnels) || near(t->call_pool.live, t->limits.max_calls);
}

/* Ends calls of GRE alone that were silent, the longest first, until there is room. */
static void end_least(struct tracker *t, int64_t now)
{
	const int64_t silence[] = { t->limits.idle_ns / HASTE_PARTS, 10 * SECOND, SECOND };

	for (unsigned i = 0; i < sizeof(silence) / sizeof(*silence) && tight(t); i++) {
		if (!tracker_end_silent(t, now - silence[i], now))
			continue;
		while (t->nended)
			tracker_ended_out(t);
		t->stats.evicted_tunnels += forget_tunnels(t, now);
	}
}

/* Gives up what matters least. */
static void relief(struct tracker *t, int64_t now)
{
	size_t half = (t->nended + 1) / 2;
	uint64_t before = t->call_pool.live;

	while (half--)
		tracker_ended_out(t);
	t->stats.evicted_tunnels += forget_tunnels(t, now);
	end_least(t, now);
	t->stats.evicted_calls += before - t->call_pool.live;
	/* Where nothing was to be had, looking through everything again would cost more than it gives. */
	t->next_relief = now + (tight(t) ? SECOND : SECOND / 10);
}

void tracker_live_tick(struct tracker *t, int64_t time_ns)
{
	if (time_ns < t->now - STEP_S * SECOND)
		clock_back(t, time_ns);
	t->now = time_ns;
	if (time_ns >= t->next_relief && tight(t))
		relief(t, time_ns);
}

void tracker_live_sweep(struct tracker *t, int64_t time_ns)
{
	forget_tunnels(t, time_ns - t->limits.tunnel_idle_ns);
	if (t->interned_octets > TEXTS_MAX / 2)
		texts_collect(t);
}

void tracker_live_calls(const struct tracker *t, bool (*fn)(void *ctx, const struct call *c), void *ctx)
{
	for (size_t i = 0; i < t->ntunnels; i++)
		for (const struct call *c = t->tunnels[i]->first_call; c; c = c->next)
			if (!c->over && !fn(ctx, c))
				return;
}
