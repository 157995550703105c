/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control connections: their two machines (RFC 2637 sections 3.1.1 and 3.1.2), timers and collisions.
 *
 * Here every event is handed to those who judge it, and what it changes is remembered.  How a
 * connection begins is in rules_control_start.c, how it ends in rules_control_stop.c, keep-alive and
 * whatever has to come in time in rules_control_timer.c, wrong headers and Error Codes in
 * rules_control_error.c, two connections at once in rules_control_collision.c.
 */
#include "conformance/rules_control_private.h"

/* --- shared ------------------------------------------------------------------------------- */

struct finding *accuse(const struct turn *t, enum rule_number rule, int host, unsigned how)
{
	struct finding *f = fail(t->j, t->e, rule, host, how | FAIL_CONNECTION);

	if (f)
		f->call = 0;
	return f;
}

struct finding *accuse_sender(const struct turn *t, enum rule_number rule, unsigned how)
{
	return accuse(t, rule, (int)t->e->from, how);
}

const uint8_t requests[CTRL_TYPES] = {
	[CTRL_SCCRP] = CTRL_SCCRQ, [CTRL_STOPRP] = CTRL_STOPRQ, [CTRL_ECHORP] = CTRL_ECHORQ,
	[CTRL_OCRP] = CTRL_OCRQ,   [CTRL_ICRP] = CTRL_ICRQ,     [CTRL_ICCN] = CTRL_ICRP,
	[CTRL_CDN] = CTRL_CCRQ,
};

const struct moment *moment_of(const struct control_connection *c, enum moment_kind kind, unsigned host,
			       unsigned type)
{
	const struct moment *m;
	uint64_t skipped;

	for (unsigned i = 0; (m = history_at(&c->history, i, &skipped)); i++)
		if (m->kind == kind && m->from == host && (kind != MOMENT_MESSAGE || m->type == type))
			return m;
	return NULL;
}

const char *type_name(unsigned type)
{
	const struct ctrl_desc *d = ctrl_desc_of(type);

	return d ? d->name : "a message";
}

void gave_reason(const struct turn *t, unsigned host)
{
	t->m->side[host].erred = t->m->side[host].at_fault = true;
	t->m->side[host].erred_time = t->now;
}

/* --- what is remembered -------------------------------------------------------------------- */

static void remember_reply(const struct turn *t)
{
	struct control_memory *m = t->m;
	/* Sent before it was asked for, and told: the reply proper is another one. */
	bool unasked = !t->peer->starts && !t->c->midstream;

	if (t->me->starts || t->e->from == t->c->originator) {
		t->me->starts++;
		return;
	}
	t->me->starts = !unasked;
	m->reply_end = t->me->end;
	/* Result 0 is not defined; peers that send it mean success. */
	if (turn_value(t, FIELD_RESULT) > SUCCESS) {
		m->refused = true;
		return;
	}
	m->up = true;
	m->up_time = t->now;
}

static void remember(const struct turn *t)
{
	struct control_side *me = t->me;

	me->frame = t->e->frame;
	me->time_ns = t->now;
	me->type = (uint8_t)t->type;
	t->peer->probed = false;
	switch (t->type) {
	case CTRL_SCCRQ:
		me->starts++;
		break;
	case CTRL_SCCRP:
		remember_reply(t);
		break;
	case CTRL_STOPRQ:
		if (!t->c->stop_frame)
			t->m->stop_time = t->now;
		me->stops++;
		break;
	case CTRL_STOPRP:
		me->stop_replies++;
		me->stopped |= turn_value(t, FIELD_RESULT) == SUCCESS;
		break;
	case CTRL_ECHORQ:
		me->probed = true;
		break;
	default:
		break;
	}
	if (t->type > CTRL_SCCRP && t->c->midstream)
		t->m->up = true;
	if (t->m->bad.frame && t->m->bad.from == t->e->from)
		t->m->bad.after |= (uint16_t)(1u << t->type);
}

/* --- messages ------------------------------------------------------------------------------ */

/* The type by which it counts, also where its Length or its Message Type is wrong: peers act by it. */
static unsigned taken_type(const struct ctrl_msg *m)
{
	const unsigned unreadable = CTRL_BAD_COOKIE | CTRL_BAD_TYPE | CTRL_MANAGEMENT;

	return m->desc && m->status != CTRL_CUT && !(m->defects & unreadable) ? m->desc->type : 0;
}

static bool first_of_connection(const struct turn *t)
{
	return !t->me->frame && !t->peer->frame;
}

static void judge_port(const struct turn *t)
{
	struct finding *f;

	if (!t->c->detected || judge_profile(t->j) == PROFILE_MS_PTPT)
		return;
	f = accuse(t, RULE_TCP_PORT_01, (int)t->c->originator, 0);
	at(f, t->c->first_frame, t->c->first_time);
	expected(f, "destination port %d", CTRL_PORT);
	observed(f, "destination port %u", (unsigned)t->c->port[1]);
	say(f, "the originator opened the control connection to TCP port %u", (unsigned)t->c->port[1]);
}

/*
 * The connection is up, the originator has shown that it knows, and the sender has not begun to end it: what
 * is not about its start or end is in order.
 */
static bool plainly_up(const struct turn *t)
{
	return t->m->reply_read && t->m->up && !t->m->refused && !t->me->stops && !t->me->stopped &&
	       t->type > CTRL_STOPRP;
}

static bool out_of_order(const struct turn *t)
{
	return !plainly_up(t) && (judge_order_of_start(t) || judge_order_of_stop(t));
}

/* Both sides have spoken of late, and wait for nothing. */
static bool lively(const struct turn *t)
{
	const struct control_side *side = t->m->side;

	return t->m->up && !t->c->stop_frame && !side[0].echoes && !side[1].echoes &&
	       t->now - side[0].time_ns < T60_LATE && t->now - side[1].time_ns < T60_LATE;
}

/* collided: it was found fault with already, as it breaks the rules of a collision. */
static void judge_good_message(const struct turn *t, bool collided)
{
	if (t->m->bad.frame)
		judge_reaction(t);
	if (moot(t->j) & MOOT_DIRECTION)
		return;
	if (is_error_reply(t))
		judge_error_code(t);
	if (moot(t->j) & MOOT_ORDER || answers_unreadable(t)) {
		set_moot(t->j, MOOT_ORDER);
	} else if (collided || out_of_order(t)) {
		set_moot(t->j, MOOT_ORDER);
		pass_echo(t);
	} else if (t->type == CTRL_ECHORQ || t->type == CTRL_ECHORP) {
		judge_echo(t);
	}
}

static void judge_message(struct turn *t)
{
	bool collided = t->m->rival && !t->m->collision_told;

	t->m->value_faults = (uint8_t)fault_count(t->j, SEVERITY_ERROR);
	t->type = taken_type(t->e->msg);
	if (t->type == CTRL_STOPRQ)
		t->ending = BY_SENDER;
	if (t->type && first_of_connection(t))
		judge_port(t);
	if (t->type == CTRL_STOPRQ && !moot(t->j))
		judge_stop_request(t);
	if (!lively(t))
		judge_waits(t);
	if (collided)
		judge_collision(t);
	if (moot(t->j) & MOOT_HEADER) {
		judge_bad_message(t);
		pass_echo(t);
	} else if (t->type) {
		judge_good_message(t, collided && t->m->collision_told);
	}
	t->me->end = (uint32_t)(t->e->origin->position + t->e->msg->caplen);
	if (t->type)
		remember(t);
}

/* --- the life of a connection ---------------------------------------------------------------- */

static void judge_end(struct turn *t)
{
	t->ending = BY_SENDER;
	judge_waits(t);
	judge_not_closed(t);
	if (t->m->rival)
		judge_collision(t);
	judge_close(t);
	judge_beside(t);
	t->me->closed = true;
	if (t->e->kind == EVENT_RST)
		t->peer->closed = true;
}

/* Nothing more is seen of it.  Where its ports are used again, one side has long forgotten it. */
static void judge_out_of_sight(struct turn *t)
{
	t->ending = OUT_OF_SIGHT;
	t->now = judge_now(t->j);
	judge_beside(t);
	if (t->c->close == CLOSE_REUSED)
		return;
	judge_waits(t);
	judge_not_closed(t);
	if (t->m->rival)
		judge_collision(t);
}

void rules_control(struct judge *j, const struct event *e)
{
	struct turn t = { .j = j, .e = e, .c = e->connection, .now = e->time_ns };

	t.m = control_memory(j, t.c);
	if (!t.m)
		return;
	t.me = &t.m->side[e->from];
	t.peer = &t.m->side[!e->from];
	if (e->kind == EVENT_MESSAGE)
		judge_message(&t);
	else if (e->kind == EVENT_SKIPPED || e->kind == EVENT_GAP)
		t.me->end += (uint32_t)e->count;
	else if (e->kind == EVENT_CLOSE)
		judge_out_of_sight(&t);
	else if (e->kind == EVENT_FORGET)
		judge_no_restart(&t);
	else
		judge_end(&t);
}

void control_applied(struct judge *j, const struct event *e)
{
	struct turn t = { .j = j, .e = e, .c = e->connection, .now = e->time_ns };

	t.m = control_memory(j, t.c);
	if (!t.m)
		return;
	t.me = &t.m->side[e->from];
	t.peer = &t.m->side[!e->from];
	t.type = taken_type(e->msg);
	if (fault_count(j, SEVERITY_ERROR) > t.m->value_faults || moot(j) & (MOOT_HEADER | MOOT_DIRECTION))
		gave_reason(&t, e->from);
	if (fault_count(j, SEVERITY_ERROR))
		t.me->at_fault = true;
	/* That an Echo-Request came early is no fault of its values. */
	if (t.type && fault_count(j, t.type == CTRL_ECHORQ ? SEVERITY_ERROR : SEVERITY_NOTE))
		t.me->faulty |= (uint16_t)(1u << t.type);
	if (t.c->role_frame == e->frame && t.m->up)
		judge_roles_known(&t);
}
