/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gives out what the tracker has found, in order: see tracker.h. */
#include <stdlib.h>

#include "analyzer/tracker_private.h"
#include "conformance/flow.h"
#include "conformance/ppp_session.h"

/* A connection or a call in memory. */
struct item {
	uint64_t id;
	void *record;
};

struct walk {
	struct spill *spill;
	const struct tracker_visitor *v;
	void *ctx;
	struct item *list; /* in memory, of one kind, of the tunnel in hand */
	size_t n, room;
	/* What was read from the temporary file last. */
	struct control_connection connection;
	struct moment moments[MOMENTS_KEPT];
	struct call call;
	struct call_rare rare;
};

static int item_order(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static bool list_add(struct walk *w, uint64_t id, void *record)
{
	size_t room = w->room ? 2 * w->room : 64;
	struct item *grown;

	if (w->n == w->room) {
		grown = realloc(w->list, room * sizeof(*grown));
		if (!grown)
			return false;
		w->list = grown;
		w->room = room;
	}
	w->list[w->n++] = (struct item){ id, record };
	return true;
}

/* What is in memory of a tunnel; false without memory to list it. */
static bool list_live(struct walk *w, const struct tunnel *tunnel, enum spill_kind kind)
{
	bool ok = true;

	w->n = 0;
	for (struct control_connection *c = tunnel->first_connection; kind == SPILL_CONNECTION && c; c = c->next)
		ok &= list_add(w, c->id, c);
	for (struct call *c = tunnel->first_call; kind == SPILL_CALL && c; c = c->next)
		ok &= list_add(w, c->id, c);
	if (w->n > 1)
		qsort(w->list, w->n, sizeof(*w->list), item_order);
	return ok;
}

static void give_record(struct walk *w, enum spill_kind kind, void *record)
{
	if (kind == SPILL_CALL)
		w->v->call(w->ctx, record);
	else
		w->v->connection(w->ctx, record);
}

/* The next of the temporary file; false where it cannot be read. */
static bool give_ended(struct walk *w, enum spill_kind kind)
{
	if (kind == SPILL_CONNECTION) {
		if (!spill_take_connection(w->spill, &w->connection, w->moments))
			return false;
		give_record(w, kind, &w->connection);
		return true;
	}
	if (!spill_take_call(w->spill, &w->call, &w->rare))
		return false;
	give_record(w, kind, &w->call);
	ppp_session_free(w->call.ppp);
	return true;
}

static bool give(struct walk *w, const struct tunnel *tunnel, enum spill_kind kind)
{
	const struct spill_head *ended;
	bool ok = list_live(w, tunnel, kind);
	size_t i = 0;

	while ((ended = spill_next(w->spill)) && ended->tunnel == tunnel->id && ended->kind == kind) {
		for (; i < w->n && w->list[i].id < ended->id; i++)
			give_record(w, kind, w->list[i].record);
		ok &= give_ended(w, kind);
	}
	for (; i < w->n; i++)
		give_record(w, kind, w->list[i].record);
	return ok;
}

bool tracker_walk(struct tracker *t, const struct tracker_visitor *v, void *ctx)
{
	struct walk *w = calloc(1, sizeof(*w));
	bool ok = true;

	if (!w)
		return false;
	w->spill = &t->spill;
	w->v = v;
	w->ctx = ctx;
	ok = spill_rewind(&t->spill);
	for (size_t i = 0; i < t->ntunnels; i++) {
		const struct tunnel *x = t->tunnels[i];

		/* Nothing left of it: its only connection turned out to have the roles exchanged. */
		if (!x->connections && !x->calls)
			continue;
		v->tunnel(ctx, x);
		ok &= give(w, x, SPILL_CONNECTION);
		ok &= give(w, x, SPILL_CALL);
		v->tunnel_end(ctx, x);
	}
	ok &= !spill_next(&t->spill) && !t->spill.broken;
	free(w->list);
	free(w);
	return ok;
}
