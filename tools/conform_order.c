/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See conform_order.h. */
#include "tools/conform_order.h"

#include <stdlib.h>
#include <string.h>

struct kept {
	struct test_result result;
	struct finding *findings; /* of the result */
	int with;
};

struct conform_order {
	conform_order_out *out;
	void *ctx;
	bool expected[RULES];
	struct kept *kept[RULES];
	unsigned next; /* those before it have been passed on */
};

struct conform_order *conform_order_new(conform_order_out *out, void *ctx)
{
	struct conform_order *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->out = out;
	o->ctx = ctx;
	return o;
}

void conform_order_expect(struct conform_order *o, const struct test_case *t)
{
	o->expected[t->rule] = true;
}

static void kept_free(struct kept *k)
{
	if (k)
		free(k->findings);
	free(k);
}

static struct kept *keep(const struct test_result *r, int with)
{
	struct kept *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->result = *r;
	k->with = with;
	k->findings = calloc(r->nfindings + 1, sizeof(*k->findings));
	if (!k->findings) {
		kept_free(k);
		return NULL;
	}
	if (r->nfindings)
		memcpy(k->findings, r->findings, r->nfindings * sizeof(*k->findings));
	k->result.findings = k->findings;
	return k;
}

/* Those whose turn it is; whole: nobody is waited for. */
static void pass_on(struct conform_order *o, bool whole)
{
	for (; o->next < RULES; o->next++) {
		struct kept *k = o->kept[o->next];

		if (!k && o->expected[o->next] && !whole)
			return;
		if (k)
			o->out(o->ctx, &k->result, k->with);
		kept_free(k);
		o->kept[o->next] = NULL;
	}
}

void conform_order_add(struct conform_order *o, const struct test_result *r, int with)
{
	unsigned rule = r->test ? (unsigned)r->test->rule : RULES;

	/* Sanity tests and scenarios are in order anyway, and better out of order than lost. */
	if (rule == RULES || rule < o->next || o->kept[rule] || !(o->kept[rule] = keep(r, with))) {
		o->out(o->ctx, r, with);
		if (rule < RULES)
			o->expected[rule] = false;
	}
	pass_on(o, false);
}

void conform_order_end(struct conform_order *o)
{
	pass_on(o, true);
}

void conform_order_free(struct conform_order *o)
{
	for (unsigned i = 0; o && i < RULES; i++)
		kept_free(o->kept[i]);
	free(o);
}
