/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls of a test: OUT-UP and IN-UP, as the tester's role sets them up. */
#include <stdio.h>
#include <stdlib.h>

#include "conformance/endpoint.h"
#include "conformance/tester_private.h"

enum {
	STRANGE_SECONDS = 5, /* for the right reply after a wrong one */
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
static struct t_call *send_first(struct t_link *l, enum ctrl_type type, bool incoming,
				 const struct overlays *o)
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

	while ((m = t_get(c->link, type, until - t_now(c->link->t)))) {
		if (t_field(m, "peer_call_id") == c->own_id)
			break;
		/* Whoever names another call in its reply will hardly send another one. */
		if (until > t_now(c->link->t) + STRANGE_SECONDS)
			until = t_now(c->link->t) + STRANGE_SECONDS;
	}
	return m;
}

/* Why there is no call, for who wants to end the test by it. */
struct refusal {
	enum verdict_kind verdict;
	char why[160];
};

/* Always NULL, so that it can be returned. */
__attribute__((format(printf, 3, 4))) static struct t_call *refused(struct refusal *r, enum verdict_kind v,
								    const char *why, ...)
{
	va_list args;

	r->verdict = v;
	va_start(args, why);
	vsnprintf(r->why, sizeof(r->why), why, args);
	va_end(args);
	return NULL;
}

static struct t_call *nothing_came(struct refusal *r, const struct t_link *l, enum ctrl_type awaited,
				   int seconds)
{
	const char *end = t_was_reset(l)   ? " and reset the connection"
			  : t_is_closed(l) ? " and closed the connection"
					   : "";

	return refused(r, VERDICT_INCONCLUSIVE, "no call: the device sent no %s within %d s%s",
		       ctrl_desc_of(awaited)->name, seconds, end);
}

/* Has the device do its part; false: it does not. */
static bool asked(struct t_link *l, const char *hook, struct refusal *r)
{
	bool spent = t_dials_once(l->t) && strcmp(hook, "dut-dial") == 0 && t_count(l, CTRL_OCRQ);
	int status = spent ? HOOK_NOT_NOW : t_try_hook(l->t, hook, NULL);

	if (spent)
		refused(r, VERDICT_UNSUPPORTED, "%s", DIALS_ONCE);
	else if (status == HOOK_NONE)
		refused(r, VERDICT_SKIPPED, "the device has no hook %s", hook);
	else if (status != HOOK_DONE)
		refused(r, VERDICT_INCONCLUSIVE, "hook %s %s", hook,
			status == HOOK_NOT_NOW ? "is not possible now" : "failed");
	return status == HOOK_DONE;
}

static bool accepted(struct t_call *c, const struct ctrl_msg *m)
{
	c->dut_id = (uint16_t)t_field(m, "call_id");
	return t_field(m, "result_code") == 1;
}

/* What waiting for a minute and a half has not brought in several tests is not tried in all of them. */
static struct t_call *given_up(struct refusal *r, enum ctrl_type awaited)
{
	return refused(r, VERDICT_INCONCLUSIVE, "no call: as in the tests before the device sends no %s",
		       ctrl_desc_of(awaited)->name);
}

static struct t_call *dial_pac(struct t_link *l, const struct overlays *o, struct refusal *r)
{
	const struct ctrl_msg *m;
	struct t_call *c;

	if (is_hopeless(runner_hope(l->t->runner, HOPE_OCRP)))
		return given_up(r, CTRL_OCRP);
	c = send_first(l, CTRL_OCRQ, false, o);
	m = reply_to(c, CTRL_OCRP, DIAL_SECONDS);

	if (!m)
		return nothing_came(r, l, CTRL_OCRP, DIAL_SECONDS);
	if (!accepted(c, m))
		return refused(r, VERDICT_INCONCLUSIVE,
			       "no call: Outgoing-Call-Reply with Result %lld, Error %lld",
			       (long long)t_field(m, "result_code"), (long long)t_field(m, "error_code"));
	return c;
}

/* A PNS dials, by hook, or has done so by itself. */
static struct t_call *dialed_by_pns(struct t_link *l, const struct overlays *o, struct refusal *r)
{
	struct t_message *m = link_take(l, CTRL_OCRQ, NULL);

	if (m) {
		free(l->current);
		l->current = m;
	} else if (!asked(l, "dut-dial", r)) {
		return NULL;
	} else if (!t_get(l, CTRL_OCRQ, CONNECT_SECONDS)) {
		return nothing_came(r, l, CTRL_OCRQ, CONNECT_SECONDS);
	}
	return send_first(l, CTRL_OCRP, false, o);
}

static struct t_call *rung_pac(struct t_link *l, const struct overlays *o, struct refusal *r)
{
	struct t_call *c;

	if (is_hopeless(runner_hope(l->t->runner, HOPE_ICCN)))
		return given_up(r, CTRL_ICCN);
	if (!asked(l, "dut-ring", r))
		return NULL;
	if (!t_get(l, CTRL_ICRQ, CONNECT_SECONDS))
		return nothing_came(r, l, CTRL_ICRQ, CONNECT_SECONDS);
	c = send_first(l, CTRL_ICRP, true, o);
	return reply_to(c, CTRL_ICCN, DIAL_SECONDS) ? c : nothing_came(r, l, CTRL_ICCN, DIAL_SECONDS);
}

bool t_ignores_calls(struct t_link *l, bool waited)
{
	enum incoming *known = runner_incoming(l->t->runner);

	if (waited && *known == INCOMING_UNKNOWN && t_alive(l))
		*known = INCOMING_IGNORED;
	return *known == INCOMING_IGNORED;
}

static struct t_call *call_ignored(struct refusal *r)
{
	return refused(r, VERDICT_UNSUPPORTED, "%s", NO_INCOMING);
}

static struct t_call *call_pns(struct t_link *l, const struct overlays *o, struct refusal *r)
{
	enum incoming *known = runner_incoming(l->t->runner);
	const struct ctrl_msg *m;
	struct t_call *c;

	if (t_ignores_calls(l, false))
		return call_ignored(r);
	c = send_first(l, CTRL_ICRQ, true, o);
	m = reply_to(c, CTRL_ICRP, CONNECT_SECONDS);
	if (m && accepted(c, m)) {
		*known = INCOMING_TAKEN;
		link_send(l, CTRL_ICCN, o);
		return c;
	}
	if (!m && t_ignores_calls(l, true))
		return call_ignored(r);
	if (*known == INCOMING_UNKNOWN)
		*known = INCOMING_REFUSED;
	if (!m)
		return nothing_came(r, l, CTRL_ICRP, CONNECT_SECONDS);
	return refused(r, VERDICT_UNSUPPORTED,
		       "the device takes no incoming calls: Incoming-Call-Reply Result %lld",
		       (long long)t_field(m, "result_code"));
}

static struct t_call *out_up(struct t_link *l, const struct overlays *o, struct refusal *r)
{
	return t_dut(l->t) == ROLE_PAC ? dial_pac(l, o, r) : dialed_by_pns(l, o, r);
}

static struct t_call *in_up(struct t_link *l, const struct overlays *o, struct refusal *r)
{
	return t_dut(l->t) == ROLE_PAC ? rung_pac(l, o, r) : call_pns(l, o, r);
}

static struct t_call *call_up(struct t_link *l, const struct overlays *o, struct refusal *r)
{
	struct t_call *c;

	if (t_dut(l->t) == ROLE_PAC || *runner_incoming(l->t->runner) >= INCOMING_REFUSED)
		return out_up(l, o, r);
	c = call_pns(l, o, r);
	if (!c && t_is_closed(l))
		l->t->again = true; /* it minds being offered a call: next time it is made to dial */
	return c || t_is_closed(l) ? c : out_up(l, o, r);
}

/* The call, or the end of the test. */
static struct t_call *must(struct t_link *l, struct t_call *c, const struct refusal *r)
{
	if (c)
		return c;
	snprintf(l->t->result.reason, RESULT_TEXT, "%s", r->why);
	tester_end(l->t, r->verdict);
}

struct t_call *t_try_call(struct t_link *l, bool incoming)
{
	static const struct overlays none;
	struct refusal r;

	return incoming ? in_up(l, &none, &r) : out_up(l, &none, &r);
}

#define WITH_PAIRS(fn)                                                                                       \
	struct overlays o;                                                                                   \
	struct refusal r;                                                                                    \
	va_list args;                                                                                        \
	va_start(args, l);                                                                                   \
	overlay_read(l->t, &o, args);                                                                        \
	va_end(args);                                                                                        \
	return must(l, fn(l, &o, &r), &r)

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

struct t_link *t_next_link(struct t_link *l)
{
	if (t_dials_once(l->t) && t_count(l, CTRL_OCRQ))
		t_close(l);
	return t_is_closed(l) || !l->channel ? t_cc_up(l->t) : l;
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
