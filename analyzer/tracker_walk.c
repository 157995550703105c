/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gives out what the tracker has found, in order: see tracker.h. */
#include <stdlib.h>

#include "analyzer/tracker_private.h"
#include "conformance/flow.h"
#include "conformance/ppp_session.h"

/*
 * Ended records lie in the temporary file, chained from the last to the first, and in the order in
 * which they ended.  Each is read once while the chain is followed, as long as there is room to
 * keep them until all ids are known; the others are read again when it is their turn.
 */
enum { KEPT = 256 };

struct kept_call {
	struct call call;
	struct call_rare rare;
};

struct item {
	uint64_t id, offset; /* offset 0: never was in the file */
	void *record;        /* NULL: only in the file */
};

struct walk {
	struct tracker *t;
	const struct tracker_visitor *v;
	void *ctx;
	struct item *list; /* of one kind, of the tunnel in hand */
	size_t n;
	union {
		struct control_connection connection[KEPT + 1]; /* the last is for those read again */
		struct kept_call call[KEPT + 1];
	} kept;
};

static int item_order(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static void *read_record(struct walk *w, enum spill_kind kind, uint64_t offset, size_t slot,
			 struct spill_head *head)
{
	struct control_connection *c = &w->kept.connection[slot];
	struct kept_call *k = &w->kept.call[slot];

	if (kind == SPILL_CONNECTION)
		return spill_read_connection(&w->t->spill, offset, head, c) ? c : NULL;
	return spill_read_call(&w->t->spill, offset, head, &k->call, &k->rare) ? &k->call : NULL;
}

/* Follows the chain.  False when it cannot be read. */
static bool ended_items(struct walk *w, const struct tunnel_private *p, enum spill_kind kind)
{
	struct spill_head head;

	for (uint64_t at = p->spilled[kind]; at && w->n < p->nspilled[kind]; at = head.previous) {
		struct item *item = &w->list[w->n];

		item->offset = at;
		if (w->n >= KEPT && !spill_peek(&w->t->spill, at, &head))
			return false;
		if (w->n < KEPT && !(item->record = read_record(w, kind, at, w->n, &head)))
			return false;
		item->id = head.id;
		w->n++;
	}
	return true;
}

static size_t live_items(struct item *list, const struct tunnel *tunnel, enum spill_kind kind)
{
	size_t n = 0;

	for (struct control_connection *c = tunnel->first_connection; kind == SPILL_CONNECTION && c;
	     c = c->next, n++)
		if (list)
			list[n] = (struct item){ c->id, 0, c };
	for (struct call *c = tunnel->first_call; kind == SPILL_CALL && c; c = c->next, n++)
		if (list)
			list[n] = (struct item){ c->id, 0, c };
	return n;
}

static bool give_item(struct walk *w, struct item *item, enum spill_kind kind)
{
	struct spill_head head;

	if (!item->record)
		item->record = read_record(w, kind, item->offset, KEPT, &head);
	if (!item->record)
		return false;
	if (kind == SPILL_CALL) {
		w->v->call(w->ctx, item->record);
		if (item->offset)
			ppp_session_free(((struct call *)item->record)->ppp);
		return true;
	}
	w->v->connection(w->ctx, item->record);
	if (item->offset)
		history_clear(&((struct control_connection *)item->record)->history);
	return true;
}

/* By id.  The chain goes from the last one that ended to the first: mostly that is in order already. */
static void sort_items(struct item *list, size_t ended, size_t n)
{
	bool sorted = true;

	for (size_t i = 0; i < ended / 2; i++) {
		struct item last = list[ended - 1 - i];

		list[ended - 1 - i] = list[i];
		list[i] = last;
	}
	for (size_t i = 1; i < n && sorted; i++)
		sorted = list[i - 1].id < list[i].id;
	if (!sorted)
		qsort(list, n, sizeof(*list), item_order);
}

static bool give(struct walk *w, const struct tunnel *tunnel, enum spill_kind kind)
{
	const struct tunnel_private *p = tunnel->private;
	size_t ended;
	bool ok;

	w->n = 0;
	w->list = calloc(p->nspilled[kind] + live_items(NULL, tunnel, kind) + 1, sizeof(*w->list));
	if (!w->list)
		return false;
	ok = ended_items(w, p, kind);
	ended = w->n;
	w->n += live_items(w->list + w->n, tunnel, kind);
	sort_items(w->list, ended, w->n);
	for (size_t i = 0; i < w->n; i++)
		ok &= give_item(w, &w->list[i], kind);
	free(w->list);
	return ok;
}

bool tracker_walk(struct tracker *t, const struct tracker_visitor *v, void *ctx)
{
	struct walk *w = calloc(1, sizeof(*w));
	bool ok = true;

	if (!w)
		return false;
	w->t = t;
	w->v = v;
	w->ctx = ctx;
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
	free(w);
	return ok;
}
