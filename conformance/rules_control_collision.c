/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Both sides open a control connection at the same time.  RFC 2637 section 3.1.3: the one with the
 * higher address wins, the other one closes its own connection and answers on the winner's.
 *
 * One collision gives one finding: who misjudges it, does several things wrong.
 */
#include <inttypes.h>

#include "conformance/rules_control_private.h"

enum { LOSER, WINNER }; /* host indices: host[0] of a tunnel is the lower address */

/* The two connections, by who opened them. */
struct collision {
	const struct turn *t;
	struct control_connection *c[HOSTS];
	struct control_memory *m[HOSTS];
};

static bool is_private(const struct ip_addr *a)
{
	const uint8_t *o = a->octet + 12;

	return o[0] == 10 || (o[0] == 172 && (o[1] & 0xf0) == 16) || (o[0] == 192 && o[1] == 168);
}

/* --- the beginning --------------------------------------------------------------------------------- */

/* Its originator, the other host, waits for an SCCRP. */
static bool is_pending(const struct control_connection *o, const struct turn *t)
{
	const struct control_memory *m = o->memory;
	const struct control_side *side;

	if (!m || o->midstream || o->originator == t->c->originator || m->rival)
		return false;
	side = &m->side[o->originator];
	return side->starts && !m->side[!o->originator].starts && !m->side[0].closed && !m->side[1].closed &&
	       t->now - side->time_ns < T60;
}

/* What TCP has acknowledged need not have been read when the other request was sent right after it. */
static void begin_together(const struct turn *t, struct control_connection *o)
{
	const struct control_side *first = &o->memory->side[o->originator];
	bool proven = !has_acked(o, t->e->from, first->end);

	t->m->rival = o->id;
	o->memory->rival = t->c->id;
	t->m->crossing_proven = o->memory->crossing_proven = proven;
	t->m->requests_crossed = o->memory->requests_crossed = proven || t->now - first->time_ns < AT_ONCE;
}

void collision_begins(const struct turn *t)
{
	struct control_connection *o = t->e->tunnel->first_connection;

	if (!ip_addr_is_v4(&t->e->tunnel->host[0]))
		return;
	for (unsigned n = 0; o && n < CONNECTIONS_WALKED; n++, o = o->next) {
		if (o == t->c || !is_pending(o, t))
			continue;
		begin_together(t, o);
		return;
	}
}

static bool find(struct collision *x, const struct turn *t)
{
	struct control_connection *o = t->e->tunnel->first_connection;

	for (unsigned n = 0; o && n < CONNECTIONS_WALKED; n++, o = o->next) {
		if (o->id != t->m->rival || !o->memory)
			continue;
		x->t = t;
		x->c[t->c->originator] = t->c;
		x->m[t->c->originator] = t->m;
		x->c[o->originator] = o;
		x->m[o->originator] = o->memory;
		return true;
	}
	return false;
}

/* --- findings -------------------------------------------------------------------------------------- */

/* Finds fault with a host, about the connection that `opener` opened. */
static struct finding *misjudged(struct collision *x, unsigned opener, enum rule_number rule, int host)
{
	const struct tunnel *tunnel = x->t->e->tunnel;
	struct event e = *x->t->e;
	struct turn t = *x->t;
	unsigned how = 0;
	struct finding *f;

	if (!x->m[0]->requests_crossed && rule != RULE_COLL_WINNER_01)
		how = UNLESS_INFLIGHT;
	if (!x->m[0]->crossing_proven)
		how |= FAIL_DOUBT;
	if (is_private(&tunnel->host[0]) != is_private(&tunnel->host[1]))
		how |= UNLESS_NAT;
	if (x->c[0]->gaps || x->c[1]->gaps)
		how |= UNLESS_TCP_GAP;
	x->m[0]->collision_told = x->m[1]->collision_told = true;
	e.connection = x->c[opener];
	t.e = &e;
	f = accuse(&t, rule, host, how);
	evidence(f, x->c[LOSER]->start[0].frame);
	return evidence(f, x->c[WINNER]->start[0].frame);
}

/* The lower address's connection got the reply. */
static void wrong_one_accepted(struct collision *x)
{
	struct finding *f = misjudged(x, LOSER, RULE_COLL_WINNER_01, WINNER);

	at(f, x->c[LOSER]->start[1].frame, x->m[LOSER]->up_time);
	expected(f, "no reply on the connection that the lower address opened");
	observed(f, "Start-Control-Connection-Reply with success");
	say(f, "the higher address gave way in a collision: it accepted the connection of the lower one");
}

static void right_one_closed(struct collision *x, const char *how)
{
	struct finding *f = misjudged(x, WINNER, RULE_COLL_WINNER_01, LOSER);

	expected(f, "Start-Control-Connection-Reply on the connection that the higher address opened");
	observed(f, "%s", how);
	say(f, "the lower address closed the connection of the higher one, which wins a collision");
}

static void both_accepted(struct collision *x)
{
	unsigned later = x->c[WINNER]->start[1].frame > x->c[LOSER]->start[1].frame ? WINNER : LOSER;
	struct finding *f = misjudged(x, later, RULE_COLL_DETECT_01, NOBODY);

	at(f, x->c[later]->start[1].frame, x->m[later]->up_time);
	evidence(f, x->c[!later]->start[1].frame);
	expected(f, "the connection of the lower address is closed");
	observed(f, "both connections are established");
	say(f, "both sides opened a connection at the same time, and neither noticed the collision");
}

static void winner_spoke(struct collision *x)
{
	const char *name = type_name(x->t->type);
	struct finding *f = misjudged(x, LOSER, RULE_COLL_WINNER_02, WINNER);

	expected(f, "nothing from the higher address on the connection of the lower one");
	observed(f, "%s", name);
	say(f, "the higher address sent %s on the connection that the lower one opened, and which lost",
	    name);
}

static void loser_spoke(struct collision *x)
{
	const char *name = type_name(x->t->type);
	struct finding *f = misjudged(x, LOSER, RULE_COLL_LOSER_02, LOSER);

	expected(f, "nothing more on the connection that lost the collision");
	observed(f, "%s", name);
	say(f, "the lower address sent %s on its connection after it had received the other side's request",
	    name);
}

static void winner_quit(struct collision *x)
{
	const struct calls_memory *acts = &x->m[WINNER]->calls;
	struct finding *f = misjudged(x, WINNER, RULE_COLL_WINNER_03, WINNER);

	at(f, acts->acted_frame[WINNER], acts->acted_time[WINNER]);
	expected(f, "60 s for the reply on the connection that won the collision");
	observed(f, "closed %.1f s after its request",
		 (double)(acts->acted_time[WINNER] - x->m[WINNER]->side[WINNER].time_ns) / 1e9);
	say(f, "the higher address closed its own connection, which had won the collision");
}

static void loser_lingers(struct collision *x, int64_t since)
{
	struct finding *f = misjudged(x, LOSER, RULE_COLL_LOSER_01, LOSER);

	at(f, x->c[WINNER]->start[0].frame, x->m[WINNER]->side[WINNER].time_ns);
	expected(f, "the connection of the lower address is closed at once");
	observed(f, "still open %.0f s after the other side's request came",
		 (double)(x->t->now - since) / 1e9);
	say(f, "the lower address did not close its own connection after it had lost the collision");
}

static void loser_silent(struct collision *x, int64_t waited)
{
	struct finding *f = misjudged(x, WINNER, RULE_COLL_LOSER_03, LOSER);

	at(f, x->c[WINNER]->start[0].frame, x->m[WINNER]->side[WINNER].time_ns);
	expected(f, "Start-Control-Connection-Reply on the connection that won the collision");
	observed(f, "none in %.0f s", (double)waited / 1e9);
	say(f, "the lower address lost a collision and did not answer on the connection that won");
}

/* --- judging --------------------------------------------------------------------------------------- */

static bool is_end(const struct turn *t)
{
	return t->ending != GOES_ON && t->type != CTRL_STOPRQ;
}

/* The connection that should have been given up was accepted. */
static void judge_accepted(struct collision *x)
{
	const struct turn *t = x->t;
	const struct control_memory *low = x->m[LOSER], *high = x->m[WINNER];
	bool both = high->up, late = t->now - low->up_time >= COLLISION_DELAY;
	bool given_up = is_end(t) && t->c == x->c[LOSER] && t->e->from == LOSER && !late &&
			low->side[LOSER].frame == x->c[LOSER]->start[0].frame;

	if (!is_end(t) && !late && !(both && t->type != CTRL_SCCRP))
		return;
	if (both && !given_up)
		both_accepted(x);
	else
		wrong_one_accepted(x);
}

static void judge_message_in_collision(struct collision *x)
{
	const struct turn *t = x->t;
	const struct control_memory *high = x->m[WINNER];

	if (t->c != x->c[LOSER])
		return;
	if (t->e->from == LOSER) {
		if (x->m[LOSER]->side[LOSER].starts && has_acked(x->c[WINNER], LOSER, high->side[WINNER].end))
			loser_spoke(x);
	} else if (t->type != CTRL_SCCRP || turn_value(t, FIELD_RESULT) > SUCCESS) {
		winner_spoke(x);
	}
}

/* What the lower address should have done by now. */
static void judge_delay(struct collision *x)
{
	const struct turn *t = x->t;
	const struct control_memory *low = x->m[LOSER], *high = x->m[WINNER];
	const struct control_side *winner = &high->side[WINNER];
	int64_t received = high->up ? high->up_time : x->c[WINNER]->acked_time[LOSER];
	int64_t waited = t->now - winner->time_ns;

	if (!winner->starts || !(high->up || has_acked(x->c[WINNER], LOSER, winner->end)))
		return;
	if (received < low->side[LOSER].time_ns)
		received = low->side[LOSER].time_ns;
	if (!low->side[LOSER].closed && t->now - received >= COLLISION_DELAY)
		loser_lingers(x, received);
	else if (!high->side[LOSER].starts && !winner->closed && !high->side[LOSER].closed &&
		 waited >= (is_end(t) ? T60 : T60_LATE))
		loser_silent(x, waited);
}

/* The end of the connection that won, without an SCCRP. */
static void judge_end_of_right_one(struct collision *x)
{
	const struct turn *t = x->t;
	const struct control_memory *high = x->m[WINNER];
	const struct calls_memory *acts = &high->calls;

	if (t->e->kind == EVENT_CLOSE) {
		if (acts->acted[WINNER] >= ACT_FIN && !x->m[LOSER]->up &&
		    acts->acted_time[WINNER] - high->side[WINNER].time_ns < T60_EARLY &&
		    !(acts->acted[LOSER] && acts->acted_frame[LOSER] < acts->acted_frame[WINNER]))
			winner_quit(x);
	} else if (t->e->from == LOSER && !high->side[WINNER].closed) {
		right_one_closed(x, t->e->kind == EVENT_RST ? "RST" : "FIN");
	}
}

void judge_collision(const struct turn *t)
{
	struct collision x;

	if (t->m->collision_told || !find(&x, t))
		return;
	if (x.m[LOSER]->up) {
		judge_accepted(&x);
		return;
	}
	judge_delay(&x);
	if (t->m->collision_told)
		return;
	if (t->e->kind == EVENT_MESSAGE)
		judge_message_in_collision(&x);
	else if (t->c == x.c[WINNER] && !x.m[WINNER]->side[LOSER].starts)
		judge_end_of_right_one(&x);
}
