/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control messages of both sides of a connection: which are the same, and what became of their fields. */
#include <stdlib.h>

#include "analyzer/pair_private.h"
#include "dissectors/cursor.h"

enum { LOOK_AHEAD = 8 };

static bool is_call_id(const struct field *f)
{
	return strcmp(f->name, "call_id") == 0 || strcmp(f->name, "peer_call_id") == 0;
}

static enum pair_change_kind kind_of(const struct field *f)
{
	if (is_call_id(f))
		return CHANGE_CALL_ID;
	if (f->kind == F_RESERVED)
		return CHANGE_RESERVED;
	return f->kind == F_TEXT ? CHANGE_TEXT : CHANGE_VALUE;
}

/* Octets of a field, or NULL where they were not kept. */
static const uint8_t *field_at(const struct pair_side *s, const struct pair_message *m, const struct field *f)
{
	return f->offset + f->width <= m->len ? s->octets + m->at + f->offset : NULL;
}

/* The same but for what boxes rewrite. */
static bool alike(const struct pair *p, const struct pair_message *x, const struct pair_message *y)
{
	const struct ctrl_desc *d = ctrl_desc_of(x->type);

	if (x->type != y->type)
		return false;
	for (unsigned row = 0; d && d->fields[row].name; row++) {
		const struct field *f = &d->fields[row];
		const uint8_t *a = field_at(&p->side[0], x, f), *b = field_at(&p->side[1], y, f);

		if (is_call_id(f) || f->kind == F_RESERVED)
			continue;
		if (!a || !b || memcmp(a, b, f->width) != 0)
			return false;
	}
	return true;
}

/* --- changes ---------------------------------------------------------------------------------- */

static void note(struct pair_connection_match *to, const struct pair_change *c)
{
	for (unsigned i = 0; i < to->changes; i++) {
		struct pair_change *k = &to->change[i];

		if (k->kind == c->kind && k->type == c->type && k->row == c->row && k->from == c->from &&
		    (k->kind == CHANGE_TEXT || (k->value[0] == c->value[0] && k->value[1] == c->value[1]))) {
			k->count++;
			return;
		}
	}
	if (to->changes < CHANGES_MAX)
		to->change[to->changes++] = *c;
	else
		to->changes_left_out++;
}

/* What a field is on a side; of text, where it lies. */
static uint32_t value_of(const struct pair_side *s, const uint8_t *at, const struct field *f)
{
	struct cursor c = cursor_on(at, f->width);

	return f->kind == F_TEXT ? (uint32_t)(at - s->octets) : cursor_uint(&c, f->width);
}

static void compare(struct pair *p, struct pair_connection_match *to, const struct pair_message *x,
		    const struct pair_message *y)
{
	const struct ctrl_desc *d = ctrl_desc_of(x->type);
	struct pair_change c = {
		.type = x->type,
		.from = x->from,
		.frame = { x->frame, y->frame },
		.count = 1,
	};

	for (unsigned row = 0; d && d->fields[row].name; row++) {
		const struct field *f = &d->fields[row];
		const uint8_t *a = field_at(&p->side[0], x, f), *b = field_at(&p->side[1], y, f);

		if (!a || !b || memcmp(a, b, f->width) == 0)
			continue;
		c.kind = kind_of(f);
		c.row = (uint8_t)row;
		c.value[0] = value_of(&p->side[0], a, f);
		c.value[1] = value_of(&p->side[1], b, f);
		note(to, &c);
	}
}

/* --- which are the same ------------------------------------------------------------------------ */

/* A walk over the messages of one direction. */
struct walk {
	const struct pair_side *side;
	const struct pair_list *list;
	uint32_t at; /* index within the list */
	unsigned from;
};

static struct walk walk_on(const struct pair_side *s, const struct pair_list *l, unsigned from)
{
	struct walk w = { s, l, 0, from };

	while (w.at < l->count && s->message[l->first + w.at].from != from)
		w.at++;
	return w;
}

static bool more(const struct walk *w)
{
	return w->at < w->list->count;
}

static struct pair_message *here(const struct walk *w)
{
	return &w->side->message[w->list->first + w->at];
}

static void step(struct walk *w)
{
	do
		w->at++;
	while (more(w) && here(w)->from != w->from);
}

/* How far ahead one like the other walk's next comes; LOOK_AHEAD: not near. */
static unsigned ahead(const struct pair *p, struct walk w, const struct pair_message *other, bool second)
{
	for (unsigned n = 0; n < LOOK_AHEAD && more(&w); n++, step(&w))
		if (second ? alike(p, other, here(&w)) : alike(p, here(&w), other))
			return n;
	return LOOK_AHEAD;
}

static void pass(struct pair_connection_match *m, struct walk *w, unsigned side)
{
	if (!m->only[side]++ || here(w)->frame < m->only_frame[side])
		m->only_frame[side] = here(w)->frame;
	step(w);
}

/* One direction.  Of messages that match nothing near, those of the same type are one that was changed. */
static void align(struct pair *p, struct pair_connection_match *m, unsigned from)
{
	struct walk x =
		walk_on(&p->side[0], &pair_connection_of(p, (size_t)(m - p->connection), 0)->messages, from);
	struct walk y =
		walk_on(&p->side[1], &pair_connection_of(p, (size_t)(m - p->connection), 1)->messages, from);

	while (more(&x) && more(&y)) {
		unsigned in_y = ahead(p, y, here(&x), true), in_x = in_y ? ahead(p, x, here(&y), false) : 0;

		if (in_y == 0 ||
		    (in_y == LOOK_AHEAD && in_x == LOOK_AHEAD && here(&x)->type == here(&y)->type)) {
			here(&x)->match = y.list->first + y.at;
			here(&y)->match = x.list->first + x.at;
			m->matched++;
			compare(p, m, here(&x), here(&y));
			step(&x);
			step(&y);
		} else if (in_y <= in_x) {
			/* Nothing like x is near, or what is like it comes later: y has more. */
			pass(m, in_y == LOOK_AHEAD ? &x : &y, in_y != LOOK_AHEAD);
		} else {
			pass(m, &x, 0);
		}
	}
	while (more(&x))
		pass(m, &x, 0);
	while (more(&y))
		pass(m, &y, 1);
}

void pair_messages(struct pair *p, struct pair_connection_match *m)
{
	for (unsigned from = 0; from < HOSTS; from++)
		align(p, m, from);
}
