/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control messages on their way out, and what faults do to them. */
#include <stdlib.h>

#include "conformance/endpoint_private.h"

static bool put(struct connection *c, const struct draft *d)
{
	return c->channel && channel_send(c->channel, d);
}

static void send_late(void *ctx)
{
	struct late_draft *l = ctx, **at = &l->c->late;

	put(l->c, &l->draft);
	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	free(l);
}

static bool hold_back(struct connection *c, const struct draft *d, int64_t ns)
{
	struct late_draft *l = calloc(1, sizeof(*l));

	if (!l)
		return false;
	l->timer = (struct net_timer){ .fn = send_late, .ctx = l };
	l->c = c;
	l->draft = *d;
	l->next = c->late;
	c->late = l;
	net_timer_set(c->e->net, &l->timer, net_now(c->e->net) + ns);
	return true;
}

void connection_forget_late(struct connection *c)
{
	while (c->late) {
		struct late_draft *l = c->late;

		c->late = l->next;
		net_timer_cancel(c->e->net, &l->timer);
		free(l);
	}
}

bool connection_send(struct connection *c, const struct draft *d)
{
	struct fault_fate fate = { 0 };
	struct draft changed = *d;

	if (fault_on(c->e, FAULT_MSG_ORDER_01) && d->desc->type == CTRL_STOPRP)
		draft_fill(&changed, "length", INT64_C(0x1000), "pptp_message_type", INT64_C(0x0100),
			   "magic_cookie", INT64_C(0x4d3c2b1a), "control_message_type", INT64_C(0x0400),
			   NULL);
	if (fault_on(c->e, FAULT_MSG_LEN_02) && d->desc->type == CTRL_ECHORP)
		changed.length += 4;
	if (c->e->faulty)
		fault_message(&c->e->config.faults, c->e->copied, &changed, &fate);
	if (fate.drop)
		return true;
	if (fate.late_ns)
		return hold_back(c, &changed, fate.late_ns);
	return put(c, &changed) && (!fate.twice || put(c, &changed));
}

bool connection_send_fields(struct connection *c, enum ctrl_type type, ...)
{
	struct draft d;
	va_list args;

	draft_init(&d, type);
	va_start(args, type);
	draft_vfill(&d, args);
	va_end(args);
	return connection_send(c, &d);
}

void endpoint_note_received(struct endpoint *e, const struct ctrl_msg *m)
{
	for (unsigned i = 0; e->faulty && i < FAULTS; i++)
		if (faults[i].kind == FAULT_COPY && fault_in(&e->config.faults, i))
			ctrl_get(m, faults[i].text, &e->copied[i]);
}
