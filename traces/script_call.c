/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls of a conversation in scripts: which one is meant, and its Call IDs.  See script_private.h. */
#include "traces/script_private.h"

#include <stdlib.h>

enum { CALLS_MAX = 1000000 };

struct call *call_new(struct script *s)
{
	struct conversation *v = s->conv;
	size_t room = v->room ? v->room * 2 : 8;
	struct call *p;

	if (v->calls == CALLS_MAX) {
		script_fail(s, "more than %d calls", CALLS_MAX);
		return NULL;
	}
	if (v->calls == v->room) {
		p = realloc(v->call, room * sizeof(*p));
		if (!p) {
			script_fail(s, "out of memory");
			return NULL;
		}
		v->call = p;
		v->room = room;
	}
	v->current = ++v->calls;
	v->call[v->current - 1] = (struct call){ 0 };
	return &v->call[v->current - 1];
}

struct call *call_pick(struct script *s, uint32_t number)
{
	struct conversation *v = s->conv;

	if (number > v->calls) {
		script_fail(s, "there is no call %u: the last is %zu", number, v->calls);
		return NULL;
	}
	if (number)
		v->current = number;
	return v->current ? &v->call[v->current - 1] : call_new(s);
}

uint16_t call_id_of(struct script *s, struct call *c, unsigned side)
{
	if (!c->end[side].has_id)
		call_id_set(c, side, s->next_id[side]++);
	return c->end[side].id;
}

void call_id_set(struct call *c, unsigned side, uint16_t id)
{
	c->end[side].id = id;
	c->end[side].has_id = true;
}

struct call_options {
	bool has[2];
	uint16_t id[2];
};

static enum taken call_option(struct script *s, void *ctx, const char *key, const char *value)
{
	struct call_options *o = ctx;
	unsigned side = strcmp(key, "pac") == 0 ? SIDE_PAC : SIDE_PNS;

	if (!value || (side == SIDE_PNS && strcmp(key, "pns") != 0))
		return NOT_MINE;
	o->has[side] = value_u16(s, key, value, &o->id[side]);
	return o->has[side] ? TAKEN : TAKE_FAILED;
}

/* "call 2" makes call 2 the current one; "call pns=7 pac=24" begins one that no message set up. */
bool run_call(struct script *s, const struct stmt *st, unsigned i)
{
	struct call_options o = { 0 };
	struct call *c;
	uint32_t number = 0;

	if (i < st->count && !strchr(stmt_word(s, st, i), '=')) {
		if (!value_u32(s, "call", stmt_word(s, st, i++), &number))
			return false;
		if (!number)
			return script_fail(s, "calls are counted from 1");
	}
	if (!options_read(s, st, i, call_option, &o, NULL))
		return false;
	c = number ? call_pick(s, number) : call_new(s);
	if (!c)
		return false;
	for (unsigned side = 0; side < 2; side++)
		if (o.has[side])
			call_id_set(c, side, o.id[side]);
	return true;
}
