/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls of a test: OUT-UP and IN-UP, as the tester's role sets them up. */
#include <stdio.h>
#include <stdlib.h>

#include "conformance/tester_private.h"

enum {
	DIAL_SECONDS = 90, /* a PAC that dials, or answers a telephone */
	CLEAR_SECONDS = 10,
};

struct t_call *t_call_of(struct t_link *l, bool incoming, uint16_t own_id, uint16_t dut_id)
{
	struct t_call_node *n = tester_memory(l->t, sizeof(*n));

	n->call = (struct t_call){ .link = l, .incoming = incoming, .own_id = own_id, .dut_id = dut_id };
	n->next = l->t->calls;
	l->t->calls = n;
	n->session = gre_prepare(&n->call);
	return &n->call;
}

/* Sends a message that gives the tester's Call ID away; the call is listened for from before that on. */
static struct t_call *send_first(struct t_link *l, enum ctrl_type type, bool incoming, const struct overlays *o)
{
	struct t_call *c;
	struct draft d;

	t_draft(l, type, &d);
	overlay_apply(l->t, &d, o, false);
	c = t_call_of(l, incoming, (uint16_t)d.value[ctrl_field_index(d.desc, "call_id")], l->dut_id);
	t_send_draft(l, &d);
	return c;
}

/* The reply that names this call, skipping others; NULL: it did not come. */
static const struct ctrl_msg *reply_to(struct t_call *c, enum ctrl_type type, double seconds)
{
	double until = t_now(c->link->t) + seconds;
	const struct ctrl_msg *m;

	while ((m = t_get(c->link, type, until - t_now(c->link->t))))
		if (t_field(m, "peer_call_id") == c->own_id)
			break;
	return m;
}

__attribute__((noreturn)) static void not_up(struct t_link *l, const char *awaited, double seconds)
{
	t_inconclusive(l->t, "no call: the device sent no %s within %g s%s", awaited, seconds,
		       t_was_reset(l)   ? " and reset the connection" :
		       t_is_closed(l) ? " and closed the connection" :
					"");
}

static bool accepted(struct t_call *c, const struct ctrl_msg *m)
{
	c->dut_id = (uint16_t)t_field(m, "call_id");
	return t_field(m, "result_code") == 1;
}

static struct t_call *dial_pac(struct t_link *l, const struct overlays *o)
{
	struct t_call *c = send_first(l, CTRL_OCRQ, false, o);
	const struct ctrl_msg *m = reply_to(c, CTRL_OCRP, DIAL_SECONDS);

	if (!m)
		not_up(l, "Outgoing-Call-Reply", DIAL_SECONDS);
	if (!accepted(c, m))
		t_inconclusive(l->t, "no call: the device answered with Outgoing-Call-Reply Result %lld, Error %lld",
			       (long long)t_field(m, "result_code"), (long long)t_field(m, "error_code"));
	return c;
}

/* A PNS dials, by hook, or has done so by itself. */
static struct t_call *dialed_by_pns(struct t_link *l, const struct overlays *o)
{
	struct t_message *m = link_take(l, CTRL_OCRQ, NULL);

	if (m) {
		free(l->current);
		l->current = m;
	} else {
		t_hook(l->t, "dut-dial", NULL);
		if (!t_get(l, CTRL_OCRQ, CONNECT_SECONDS))
			not_up(l, "Outgoing-Call-Request", CONNECT_SECONDS);
	}
	return send_first(l, CTRL_OCRP, false, o);
}

static struct t_call *out_up(struct t_link *l, const struct overlays *o)
{
	return t_dut(l->t) == ROLE_PAC ? dial_pac(l, o) : dialed_by_pns(l, o);
}

static struct t_call *rung_pac(struct t_link *l, const struct overlays *o)
{
	struct t_call *c;

	t_hook(l->t, "dut-ring", NULL);
	if (!t_get(l, CTRL_ICRQ, CONNECT_SECONDS))
		not_up(l, "Incoming-Call-Request", CONNECT_SECONDS);
	c = send_first(l, CTRL_ICRP, true, o);
	if (!reply_to(c, CTRL_ICCN, DIAL_SECONDS))
		not_up(l, "Incoming-Call-Connected", DIAL_SECONDS);
	return c;
}

/* NULL: the PNS takes no incoming calls. */
static struct t_call *call_pns(struct t_link *l, const struct overlays *o)
{
	struct t_call *c = send_first(l, CTRL_ICRQ, true, o);
	const struct ctrl_msg *m = reply_to(c, CTRL_ICRP, CONNECT_SECONDS);
	bool taken = m && accepted(c, m);

	if (taken)
		link_send(l, CTRL_ICCN, o);
	*runner_incoming(l->t->runner) = taken ? INCOMING_TAKEN : INCOMING_REFUSED;
	return taken ? c : NULL;
}

static struct t_call *in_up(struct t_link *l, const struct overlays *o)
{
	struct t_call *c;

	if (t_dut(l->t) == ROLE_PAC)
		return rung_pac(l, o);
	c = call_pns(l, o);
	if (c)
		return c;
	if (l->count[CTRL_ICRP])
		t_unsupported(l->t, "the device takes no incoming calls: Incoming-Call-Reply Result %lld",
			      (long long)t_field(t_message(l), "result_code"));
	not_up(l, "Incoming-Call-Reply", CONNECT_SECONDS);
}

static struct t_call *call_up(struct t_link *l, const struct overlays *o)
{
	struct t_call *c;

	if (t_dut(l->t) == ROLE_PAC || *runner_incoming(l->t->runner) == INCOMING_REFUSED)
		return out_up(l, o);
	c = call_pns(l, o);
	if (c)
		return c;
	if (t_is_closed(l)) {
		l->t->again = true;
		t_inconclusive(l->t, "the device closed the connection when it was offered a call");
	}
	return out_up(l, o);
}

#define WITH_PAIRS(fn)                                   \
	struct overlays o;                               \
	va_list args;                                    \
	va_start(args, l);                               \
	overlay_read(l->t, &o, args);                    \
	va_end(args);                                    \
	return fn(l, &o)

struct t_call *t_out_up(struct t_link *l, ...)
{
	WITH_PAIRS(out_up);
}

struct t_call *t_in_up(struct t_link *l, ...)
{
	WITH_PAIRS(in_up);
}

struct t_call *t_call_up(struct t_link *l, ...)
{
	WITH_PAIRS(call_up);
}

struct t_call *t_more_call(struct t_link *l, const struct t_call *like)
{
	return like->incoming ? t_in_up(l, NULL) : t_out_up(l, NULL);
}

void t_clear(struct t_call *c)
{
	struct t_link *l = c->link;

	if (t_self(l->t) == ROLE_PNS) {
		t_send(l, CTRL_CCRQ, "call_id", (int64_t)c->own_id, NULL);
		t_get(l, CTRL_CDN, CLEAR_SECONDS);
		return;
	}
	t_send(l, CTRL_CDN, "call_id", (int64_t)c->own_id, NULL);
	t_alive(l); /* the answer shows that it has been read */
}

void call_free_all(struct tester *t)
{
	while (t->calls) {
		struct t_call_node *n = t->calls;

		t->calls = n->next;
		free(n);
	}
}
