/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keep-alive, and what did not come in time.  RFC 2637 sections 2.5, 2.6, 3, 3.1.4 and 3.2.1.
 *
 * Time is that of packets: a deadline is seen to have passed when something happens later.  One
 * missing reply is one finding: the side that waited is to blame where it went on beyond its 60 s, the
 * side that owed the reply where the other one gave up in time.
 */
#include <inttypes.h>

#include "conformance/rules_control_private.h"

#define CROSSING SECONDS(1)
#define REPLY_LOST SECONDS(150) /* an Echo-Reply that has not come until then is not on its way */
#define CLOCK_SLACK MILLISECONDS(500) /* a timer of 60 s, as another clock and a path show it */

static double seconds(int64_t ns)
{
	return (double)ns / 1e9;
}

/* The reply was due, and whoever waited for it, or the capture, ends now. */
static bool ends_in_time(const struct turn *t, unsigned waits, int64_t waited)
{
	return (t->ending == OUT_OF_SIGHT || (t->ending == BY_SENDER && t->e->from == waits)) &&
	       waited >= T60 - CLOCK_SLACK;
}

/* --- echo ------------------------------------------------------------------------------------------ */

int64_t echo_unanswered(const struct turn *t, unsigned host)
{
	const struct control_side *s = &t->m->side[host];

	return s->echoes ? s->echo[0].time_ns : -1;
}

static void forget_echo(struct control_side *s, unsigned i)
{
	s->echoes--;
	for (; i < s->echoes; i++)
		s->echo[i] = s->echo[i + 1];
}

/* Its reply, should it come, is no surprise. */
static void echo_told(struct control_side *s)
{
	forget_echo(s, 0);
	s->echoes_unknown += s->echoes_unknown < UINT8_MAX;
}

static void echo_asked(const struct turn *t, uint32_t identifier)
{
	struct control_side *me = t->me;
	struct finding *f;

	for (unsigned i = 0; i < me->echoes; i++) {
		if (me->echo[i].identifier != identifier || !t->c->seen[!t->e->from])
			continue;
		f = accuse_sender(t, RULE_ECHORQ_IDENT_01, 0);
		evidence(f, me->echo[i].frame);
		expected(f, "another Identifier while the request in frame %" PRIu64 " is not answered",
			 FRAME_NUMBER(me->echo[i].frame));
		observed(f, "Identifier %" PRIu32 " again", identifier);
		say(f, "%s used Identifier %" PRIu32 " for two Echo-Requests at a time",
		    who(t->e, t->e->from), identifier);
	}
	if (me->replied_early && me->early_reply == identifier) {
		me->replied_early = false;
		return;
	}
	if (me->echoes == ECHOES_KEPT) {
		me->echoes_unknown += me->echoes_unknown < UINT8_MAX;
		return;
	}
	me->echo[me->echoes++] = (struct echo_waiting){
		.frame = t->e->frame,
		.time_ns = t->now,
		.identifier = identifier,
		.end = (uint32_t)(t->e->origin->position + t->e->msg->caplen),
	};
}

/* An Echo-Request is due after 60 s in which nothing came, not before; the timers of both may run out. */
static void judge_early_echo(const struct turn *t)
{
	int64_t silence = t->now - t->peer->time_ns;
	struct finding *f;

	if (!t->peer->frame || silence >= T60_EARLY || !reached(t->e->origin->peer_acked, t->peer->end))
		return;
	if (t->peer->type == CTRL_ECHORQ && silence < CROSSING)
		return;
	f = accuse_sender(t, RULE_KA_IDLE_02, 0);
	evidence(f, t->peer->frame);
	expected(f, "60 s without a message before an Echo-Request");
	observed(f, "%.1f s", seconds(silence));
	say(f, "%s sent an Echo-Request only %.1f s after the last message to it", who(t->e, t->e->from),
	    seconds(silence));
}

/* How long the round trip took tells of the path and of the other side. */
static void echo_answered(const struct turn *t, const struct echo_waiting *echo)
{
	int64_t took = t->now - echo->time_ns;
	struct finding *f;

	if (took <= ROUND_TRIP)
		return;
	f = accuse(t, RULE_KA_DELAY_01, NOBODY, 0);
	evidence(f, echo->frame);
	expected(f, "at most 1 s from host to host");
	observed(f, "%.1f s from Echo-Request to Echo-Reply", seconds(took));
	say(f, "an Echo-Reply came %.1f s after its Echo-Request", seconds(took));
}

static void echo_unasked(const struct turn *t, uint32_t identifier)
{
	struct finding *f = accuse_sender(t, RULE_ECHORP_UNSOL_01, 0);

	expected(f, "one Echo-Reply for each Echo-Request");
	observed(f, "Identifier %" PRIu32 ", and no request open", identifier);
	say(f, "%s sent an Echo-Reply although no Echo-Request waited for one", who(t->e, t->e->from));
}

static void echo_confused(const struct turn *t, uint32_t identifier)
{
	const struct echo_waiting *echo = &t->peer->echo[0];
	struct finding *f = accuse_sender(t, RULE_ECHORP_IDENT_01, 0);

	evidence(f, echo->frame);
	expected(f, "Identifier %" PRIu32 " of the Echo-Request in frame %" PRIu64, echo->identifier,
		 FRAME_NUMBER(echo->frame));
	observed(f, "Identifier %" PRIu32, identifier);
	say(f, "%s answered an Echo-Request with another Identifier than it had", who(t->e, t->e->from));
}

static void echo_reply(const struct turn *t, uint32_t identifier)
{
	struct control_side *asker = t->peer;

	for (unsigned i = 0; i < asker->echoes; i++) {
		if (asker->echo[i].identifier != identifier)
			continue;
		echo_answered(t, &asker->echo[i]);
		forget_echo(asker, i);
		return;
	}
	if (asker->echoes_unknown) {
		asker->echoes_unknown--;
	} else if (unheard(t->e)) {
		asker->replied_early = true;
		asker->early_reply = identifier;
	} else if (asker->echoes) {
		echo_confused(t, identifier);
		forget_echo(asker, 0);
	} else {
		echo_unasked(t, identifier);
	}
}

void pass_echo(const struct turn *t)
{
	if (t->type == CTRL_ECHORQ)
		t->me->echoes_unknown += t->me->echoes_unknown < UINT8_MAX;
	else if (t->type == CTRL_ECHORP && t->peer->echoes)
		forget_echo(t->peer, 0);
}

void judge_echo(const struct turn *t)
{
	uint32_t identifier = turn_value(t, FIELD_IDENTIFIER);

	if (t->type == CTRL_ECHORP) {
		echo_reply(t, identifier);
	} else {
		judge_early_echo(t);
		echo_asked(t, identifier);
	}
}

/* The message is the reply for which the host waits. */
static bool is_echo_reply(const struct turn *t, unsigned host, const struct echo_waiting *echo)
{
	return t->type == CTRL_ECHORP && t->e->from != host &&
	       turn_value(t, FIELD_IDENTIFIER) == echo->identifier;
}

/* A reply of the host is: nor is it told that it asks nothing itself. */
static void overdue(const struct turn *t, unsigned host)
{
	gave_reason(t, host);
	t->m->side[host].probed = true;
}

/* The oldest request of a host has waited too long. */
static void judge_echo_waits(const struct turn *t, unsigned host)
{
	struct control_side *s = &t->m->side[host];
	struct finding *f = NULL;

	while (s->echoes) {
		const struct echo_waiting *echo = &s->echo[0];
		int64_t waited = t->now - echo->time_ns;
		bool late = is_echo_reply(t, host, echo);

		if (waited >= T60_LATE) {
			overdue(t, !host);
			if (!late && t->ending == GOES_ON && waited < REPLY_LOST)
				return;
			f = accuse(t, RULE_KA_REPLY_01, (int)host, late ? FAIL_UNPROVEN : 0);
			expected(f, "the end of the connection 60 s after an Echo-Request without reply");
			say(f, "%s kept the connection for %.0f s without a reply to its Echo-Request",
			    who(t->e, host), seconds(waited));
		} else if ((ends_in_time(t, host, waited) || ends_in_time(t, !host, waited)) &&
			   has_acked(t->c, !host, echo->end)) {
			overdue(t, !host);
			f = accuse(t, RULE_ECHORP_REPLY_01, (int)!host, 0);
			expected(f, "an Echo-Reply");
			say(f, "%s did not answer an Echo-Request", who(t->e, !host));
		} else {
			return;
		}
		observed(f, late ? "one after %.0f s" : "none in %.0f s", seconds(waited));
		at(f, echo->frame, echo->time_ns);
		echo_told(s);
	}
}

/* --- silence --------------------------------------------------------------------------------------- */

/* A message that was lost behind the capture comes again: it is there when it was acknowledged. */
static void judge_silence(const struct turn *t, unsigned host)
{
	struct control_side *s = &t->m->side[host];
	const struct control_side *other = &t->m->side[!host];
	bool since_up = t->m->up_time > other->time_ns;
	int64_t sent = since_up ? t->m->up_time : other->time_ns, acked = t->c->acked_time[host];
	int64_t since = acked > sent ? acked : sent;
	struct finding *f;

	if (s->probed || !other->frame || t->now - since < T60_LATE || !has_acked(t->c, host, other->end))
		return;
	s->probed = true;
	if (judge_profile(t->j) == PROFILE_MS_PTPT)
		return;
	f = accuse(t, RULE_KA_IDLE_01, (int)host, 0);
	at(f, since_up ? t->c->start[1].frame : other->frame, sent);
	expected(f, "an Echo-Request after 60 s without a message");
	observed(f, "none in %.0f s", seconds(t->now - since));
	say(f, "%s got no message for %.0f s and sent no Echo-Request", who(t->e, host),
	    seconds(t->now - since));
}

/* --- before the connection is up ------------------------------------------------------------------- */

/* A connection on which nobody says anything.  The ms-ptpt profile has a rule of its own. */
static void judge_first_message(const struct turn *t)
{
	struct control_memory *m = t->m;
	unsigned receiver = !t->c->originator;
	const struct moment *since = NULL;
	int64_t start = t->c->first_time;
	struct finding *f;

	if (m->start_told || t->c->midstream || t->c->gaps || !t->c->accepted || m->side[receiver].closed ||
	    t->now - start < T60_LATE || judge_profile(t->j) == PROFILE_MS_PTPT)
		return;
	since = moment_of(t->c, MOMENT_SYNACK, receiver, 0);
	start = since ? since->time_ns : start;
	if (t->now - start < T60_LATE)
		return;
	m->start_told = true;
	f = accuse(t, RULE_KA_ESTAB_01, (int)receiver, 0);
	at(f, since ? since->frame : t->c->first_frame, start);
	expected(f, "the end of the connection after 60 s without Start-Control-Connection-Request");
	observed(f, "still open after %.0f s", seconds(t->now - start));
	say(f, "the receiver kept the connection open for %.0f s without a Start-Control-Connection-Request",
	    seconds(t->now - start));
}

static void start_reply_missing(const struct turn *t, const struct control_side *originator, int64_t waited)
{
	struct finding *f = accuse(t, RULE_CCSM_RECV_REPLY_01, !t->c->originator, 0);

	at(f, originator->frame, originator->time_ns);
	expected(f, "Start-Control-Connection-Reply");
	observed(f, "none in %.0f s", seconds(waited));
	say(f, "the receiver did not answer the Start-Control-Connection-Request");
}

static void judge_start_reply(const struct turn *t)
{
	struct control_memory *m = t->m;
	unsigned originator = t->c->originator;
	const struct control_side *asks = &m->side[originator], *owes = &m->side[!originator];
	int64_t waited = t->now - asks->time_ns;
	struct finding *f;

	if (m->start_told || asks->closed || m->rival || !t->c->seen[!originator])
		return;
	if (judge_profile(t->j) == PROFILE_MS_PTPT)
		return; /* has a timer of its own, which is over by then */
	if (waited < T60_LATE) {
		m->start_told = ends_in_time(t, originator, waited) && !owes->closed &&
				has_acked(t->c, !originator, asks->end);
		if (m->start_told)
			start_reply_missing(t, asks, waited);
		return;
	}
	m->start_told = true;
	f = accuse(t, RULE_KA_ESTAB_02, (int)originator, 0);
	at(f, asks->frame, asks->time_ns);
	expected(f, "the end of the connection after 60 s without Start-Control-Connection-Reply");
	observed(f, "still open after %.0f s", seconds(waited));
	say(f, "the originator kept the connection for %.0f s without a Start-Control-Connection-Reply",
	    seconds(waited));
}

/* Refused, and nobody closes: the receiver has to where the version was the reason, else the originator. */
static void judge_refused(const struct turn *t)
{
	struct control_memory *m = t->m;
	unsigned originator = t->c->originator;
	const struct control_side *refuses = &m->side[!originator];
	bool version = t->c->start[0].frame && t->c->start[0].version < VERSION_1_0 && !refuses->closed;
	int64_t waited = t->now - refuses->time_ns;
	struct finding *f;

	if (m->start_told || waited < T60_LATE || (!version && m->side[originator].closed))
		return;
	m->start_told = true;
	f = version ? accuse(t, RULE_CCSM_RECV_VER_02, (int)!originator, 0)
		    : accuse(t, RULE_CCSM_ORIG_RES_01, (int)originator, FAIL_DOUBT);
	at(f, t->c->start[1].frame, refuses->time_ns);
	expected(f, "the end of the connection after Result Code %u", (unsigned)t->c->start[1].result);
	observed(f, "still open after %.0f s", seconds(waited));
	say(f, "the %s kept the connection for %.0f s although it had been refused",
	    version ? "receiver" : "originator", seconds(waited));
}

/* --- the end --------------------------------------------------------------------------------------- */

static void both_wait(const struct turn *t, int64_t waited)
{
	struct finding *f;

	t->m->stop_told = true;
	f = accuse(t, RULE_CCSM_STOP_CROSS_01, NOBODY, 0);
	at(f, t->c->stop_frame, t->m->stop_time);
	expected(f, "a Stop-Control-Connection-Reply from each side, or the end of the connection");
	observed(f, "neither in %.0f s", seconds(waited));
	say(f, "both sides asked to stop at the same time, and neither answered or closed");
}

static void judge_stop_reply_wait(const struct turn *t, unsigned asks)
{
	struct control_memory *m = t->m;
	int64_t waited = t->now - m->stop_time;
	bool late = waited >= T60_LATE;
	struct finding *f;

	if (m->side[0].closed || m->side[1].closed)
		return;
	if (m->stops_crossed) {
		if (late && !m->side[asks].stop_replies)
			both_wait(t, waited);
		return;
	}
	if (!late && !(ends_in_time(t, asks, waited) && has_acked(t->c, !asks, m->side[asks].end)))
		return;
	m->stop_told = true;
	f = late ? accuse(t, RULE_KA_EXPECT_01, (int)asks, 0)
		 : accuse(t, RULE_CCSM_STOP_REPLY_01, (int)!asks, 0);
	at(f, t->c->stop_frame, m->stop_time);
	observed(f, "none in %.0f s", seconds(waited));
	if (late) {
		expected(f, "the end of the connection 60 s after Stop-Control-Connection-Request");
		say(f, "%s kept the connection for %.0f s without a Stop-Control-Connection-Reply",
		    who(t->e, asks), seconds(waited));
	} else {
		expected(f, "Stop-Control-Connection-Reply");
		say(f, "%s did not answer the Stop-Control-Connection-Request", who(t->e, !asks));
	}
}

/* The reply was sent: both are to close, first the side that sent it. */
static void judge_closing_wait(const struct turn *t, unsigned asked)
{
	const struct control_side *replied = &t->m->side[!asked];
	bool done = replied->closed;
	int64_t waited = t->now - replied->time_ns;
	struct finding *f;

	if (waited < T60_LATE || t->m->side[asked].closed || (done && !has_acked(t->c, asked, replied->end)))
		return;
	t->m->stop_told = true;
	f = done ? accuse(t, RULE_CCSM_STOP_DONE_01, (int)asked, 0)
		 : accuse(t, RULE_CCSM_STOP_REPLY_02, (int)!asked, 0);
	at(f, replied->frame, replied->time_ns);
	expected(f, "the end of the TCP connection after Stop-Control-Connection-Reply");
	observed(f, "still open after %.0f s", seconds(waited));
	say(f, "%s did not close the TCP connection for %.0f s after the Stop-Control-Connection-Reply",
	    who(t->e, done ? asked : !asked), seconds(waited));
}

static void judge_stop_waits(const struct turn *t)
{
	unsigned asked = (unsigned)t->c->stopped_by;
	const struct control_side *other = &t->m->side[!asked];

	if (t->m->stop_told || !t->m->up)
		return;
	if (other->stopped)
		judge_closing_wait(t, asked);
	else if (!other->stop_replies)
		judge_stop_reply_wait(t, asked);
}

/* --- all of them ----------------------------------------------------------------------------------- */

void judge_waits(const struct turn *t)
{
	const struct control_memory *m = t->m;

	if (t->c->stop_frame) {
		judge_stop_waits(t);
	} else if (m->up) {
		if (m->side[0].closed || m->side[1].closed)
			return;
		judge_echo_waits(t, 0);
		judge_echo_waits(t, 1);
		judge_silence(t, 0);
		judge_silence(t, 1);
	} else if (m->refused) {
		judge_refused(t);
	} else if (m->side[t->c->originator].starts) {
		judge_start_reply(t);
	} else if (!m->side[0].frame && !m->side[1].frame) {
		judge_first_message(t);
	}
}
