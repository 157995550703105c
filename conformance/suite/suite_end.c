/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Active tests of how control connections end, and of two that collide, of which one has to end (RFC 2637
 * sections 3.1.1 to 3.1.3).
 */
#include "conformance/suite/suite_private.h"

/* --- the end ------------------------------------------------------------------------------------ */

static void stop_local(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	t_hook(t, "dut-stop", NULL);
	T_CHECK(t, t_get(l, CTRL_STOPRQ, 10),
		"the device ends the connection without "
		"Stop-Control-Connection-Request");
	T_CHECK(t, !t_closes(l, 0.5), "the device does not wait for the Stop-Control-Connection-Reply");
	t_send(l, CTRL_STOPRP, NULL);
	t_pass(t);
}

static void stop_then_silent(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	const struct ctrl_msg *m;
	uint64_t octets;

	stopped(l, NULL);
	t_send(l, call_request(t), NULL);
	m = t_get(l, call_reply(t), 1);
	T_CHECK(t, !m || t_field(m, "result_code") != 1,
		"after its Stop-Control-Connection-Request the device takes a call");
	octets = t_octets_in(l);
	for (unsigned i = 0; i < 10; i++) {
		t_send(l, CTRL_ECHORQ, NULL);
		t_sleep(t, t_scaled(t, 2));
	}
	T_CHECK(t, !t_is_closed(l), "the device does not wait for the Stop-Control-Connection-Reply");
	while (t_wait(l, 0.1) == T_MESSAGE)
		;
	T_CHECK(t, t_octets_in(l) - octets == 20u * t_count(l, CTRL_ECHORP),
		"after its Stop-Control-Connection-Request the device sent more than Echo-Replies");
	t_send(l, CTRL_STOPRP, NULL);
	t_pass(t);
}

/* A Stop-Control-Connection-Request with this reason must be answered with success. */
static void stop_with(struct tester *t, struct t_link *l, int64_t reason)
{
	const struct ctrl_msg *m;

	t_send(l, CTRL_STOPRQ, "reason", reason, NULL);
	m = t_need(l, CTRL_STOPRP, 10);
	T_CHECK(t, t_field(m, "result_code") == 1, "Reason %lld is answered with Result %lld",
		(long long)reason, (long long)t_field(m, "result_code"));
	t_close(l);
	t_sleep(t, 0.3);
}

static void stop_reasons(struct tester *t)
{
	for (int64_t reason = 1; reason <= 3; reason++)
		stop_with(t, t_cc_up(t), reason);
	for (int64_t reason = 1; reason <= 3; reason++)
		stop_with(t, t_call_up(t_cc_up(t), NULL)->link, reason);
	t_pass(t);
}

static void stop_closes(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	t_send(l, CTRL_STOPRQ, NULL);
	t_need(l, CTRL_STOPRP, 10);
	T_CHECK(t, t_closes(l, t_scaled(t, 60)),
		"after its Stop-Control-Connection-Reply the device does not close");
	t_pass(t);
}

static void stop_whole(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	t_send(l, CTRL_STOPRQ, NULL);
	T_CHECK(t, t_get(l, CTRL_STOPRP, 10), "no whole Stop-Control-Connection-Reply before the end");
	T_CHECK(t, t_closes(l, t_scaled(t, 60)), "the device does not close");
	T_CHECK(t, !t_was_reset(l), "the connection is reset rather than closed");
	t_pass(t);
}

/* A message that comes within a few seconds, or NULL. */
static const struct ctrl_msg *more(struct t_link *l)
{
	return t_none(l, 0, 3) ? NULL : t_message(l);
}

static void need_last(struct tester *t, struct t_link *l, const char *when)
{
	const struct ctrl_msg *m;

	t_cork(l);
	t_send(l, CTRL_STOPRQ, NULL);
	t_send(l, CTRL_ECHORQ, NULL);
	t_uncork(l);
	t_need(l, CTRL_STOPRP, 10);
	m = more(l);
	T_CHECK(t, !m, "%s follows the Stop-Control-Connection-Reply%s", m->desc ? m->desc->name : "something", when);
	t_close(l);
	t_sleep(t, 0.3);
}

static void stop_last(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	need_last(t, l, "");
	l = t_cc_up(t);
	if (t_try_call(l, false))
		need_last(t, l, " while a call is up");
	t_pass(t);
}

static void stop_done(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	stopped(l, NULL);
	t_send(l, CTRL_STOPRP, NULL);
	T_CHECK(t, t_closes(l, t_scaled(t, 60)),
		"after the Stop-Control-Connection-Reply the device does not close");
	t_pass(t);
}

/* A session with an open LCP, on the connection or a new one; NULL where none can be had. */
static struct t_gre *try_session(struct tester *t, struct t_link **l)
{
	struct t_call *c = t_try_call(*l, t_dut(t) == ROLE_PNS);
	struct t_gre *g;

	if (t_is_closed(*l)) {
		*l = t_cc_up(t);
		return NULL;
	}
	if (!c || !t_can_gre(t))
		return NULL;
	g = t_gre(c);
	return t_lcp_open(g, 5) ? g : NULL;
}

static void stop_unasked(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	struct t_gre *g = try_session(t, &l);

	t_send(l, CTRL_STOPRP, NULL);
	if (settle(l, 0, 3) == T_IGNORED) {
		T_CHECK(t, t_alive(l),
			"after a Stop-Control-Connection-Reply that nobody asked for the device hangs");
		if (g)
			t_lcp_echo(g, 222);
		T_CHECK(t, !g || t_lcp_echoed(g, 222, 5),
			"the connection survives a Stop-Control-Connection-Reply, but its call does not");
	}
	t_close(l);
	t_still_works(t);
	t_pass(t);
}

static void stop_crossing(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	stopped(l, NULL);
	t_send(l, CTRL_STOPRQ, NULL);
	t_get(l, CTRL_STOPRP, t_scaled(t, 75));
	T_CHECK(t, t_closes(l, t_scaled(t, 75)), "crossing requests to stop leave the connection open");
	t_pass(t);
}

static void stop_refused(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	stopped(l, NULL);
	t_send(l, CTRL_STOPRP, "result_code", INT64_C(2), "error_code", INT64_C(4), NULL);
	T_CHECK(t, t_closes(l, t_scaled(t, 75)), "75 s after its request to stop the device has not closed");
	t_pass(t);
}

/* One round of a connection that is ended in the way of its number; seconds until it was up. */
static double one_round(struct tester *t, unsigned way)
{
	double began = t_now(t), up;
	struct t_link *l = t_tcp_up(t);

	T_CHECK(t, t_start(l), "no Result 1");
	up = t_now(t) - began;
	switch (way % 4) {
	case 0:
		t_send(l, CTRL_STOPRQ, NULL);
		t_get(l, CTRL_STOPRP, 5);
		t_close(l);
		break;
	case 1:
		t_close(l);
		break;
	case 2:
		t_rst(l);
		t_sleep(t, 0.25); /* nothing shows when the device has noticed it */
		break;
	default:
		t_send(l, CTRL_ECHORQ, "magic_cookie", INT64_C(0x1a2b3c4e), NULL);
		t_closes(l, 5);
		t_close(l);
		break;
	}
	t_sleep(t, 0.05);
	return up;
}

enum { SLOW_SECONDS = 20 };

static void again_and_again(struct tester *t)
{
	double first = 0, last = 0;

	for (unsigned i = 0; i < 100; i++) {
		double up = one_round(t, i);

		first += i < 10 ? up : 0;
		last += i >= 90 ? up : 0;
		if (i == 9 && first > SLOW_SECONDS)
			t_inconclusive(t, "each start takes %.1f s: a hundred are too many", first / 10);
	}
	T_CHECK(t, last < 3 * first + 0.5, "the first ten connections took %.3f s, the last ten %.3f s",
		first, last);
	t_pass(t);
}

/* --- collision --------------------------------------------------------------------------------- */

/* The device's connection, its request read, and the tester's own with its request sent. */
struct collision {
	struct t_link *theirs, *ours;
};

static struct collision collide(struct tester *t, bool higher)
{
	struct collision c;
	struct ip_addr own;

	t_reach(t);
	if (!t_own_address(t, higher, &own))
		t_skip(t, "the tester has no address that is %s than the device's; see --source",
		       higher ? "higher" : "lower");
	c.theirs = t_dut_connects_to(t, &own);
	t_need(c.theirs, CTRL_SCCRQ, 10);
	c.ours = t_link_from(t, &own, 0);
	if (!c.ours)
		t_inconclusive(t, "the device accepts no connection while it opens one itself");
	t_send(c.ours, CTRL_SCCRQ, NULL);
	return c;
}

/* Settles the collision in favour of the higher address. */
static bool ours_survives(struct tester *t, struct collision *c)
{
	const struct ctrl_msg *m = t_get(c->ours, CTRL_SCCRP, 10);

	(void)t;
	return m && t_field(m, "result_code") == 1;
}

/* Whether the device's own connection becomes established once the tester's is gone. */
static bool theirs_survives(struct tester *t, struct collision *c)
{
	t_close(c->ours);
	t_sleep(t, 0.5);
	if (t_is_closed(c->theirs))
		return false;
	t_send(c->theirs, CTRL_SCCRP, NULL);
	t_sleep(t, 0.5);
	return !t_is_closed(c->theirs) && t_alive(c->theirs);
}

static void coll_detect(struct tester *t)
{
	struct ip_addr own;
	bool higher = t_own_address(t, true, &own);
	struct collision c = collide(t, higher);
	bool ours = ours_survives(t, &c), theirs = !ours && theirs_survives(t, &c);

	T_CHECK(t, ours || theirs, "neither connection becomes established");
	if (ours)
		T_CHECK(t, t_closes(c.theirs, 5), "both connections stay up");
	t_pass(t);
}

static void coll_winner(struct tester *t)
{
	struct ip_addr own;
	unsigned runs = 0;

	for (unsigned higher = 0; higher < 2; higher++) {
		struct collision c;

		if (!t_own_address(t, higher, &own)) {
			t_note(t, "no address of the tester's is %s than the device's",
			       higher ? "higher" : "lower");
			continue;
		}
		c = collide(t, higher);
		if (higher)
			T_CHECK(t, ours_survives(t, &c),
				"the connection from the higher address, the tester's, "
				"is not the one that survives");
		else
			T_CHECK(t, theirs_survives(t, &c),
				"the connection from the higher address, the device's, "
				"is not the one that survives");
		t_close(c.theirs);
		t_sleep(t, 0.5);
		runs++;
	}
	if (!runs)
		t_skip(t, "a collision needs IPv4 addresses that differ");
	t_pass(t);
}

static void coll_loser_closes(struct tester *t)
{
	struct collision c = collide(t, true);

	T_CHECK(t, t_closes(c.theirs, 5),
		"5 s after the collision the device has not closed its own connection");
	t_pass(t);
}

static void coll_loser_silent(struct tester *t)
{
	struct collision c = collide(t, true);

	t_closes(c.theirs, 10);
	T_CHECK(t, t_octets_in(c.theirs) == 156,
		"the device sent more on its own connection after the collision");
	t_pass(t);
}

static void coll_loser_replies(struct tester *t)
{
	struct collision c = collide(t, true);
	const struct ctrl_msg *m = t_need(c.ours, CTRL_SCCRP, 10);

	T_CHECK(t, t_field(m, "result_code") == 1, "the tester's connection is answered with Result %lld",
		(long long)t_field(m, "result_code"));
	t_pass(t);
}

static void coll_winner_silent(struct tester *t)
{
	struct collision c = collide(t, false);

	T_CHECK(t, t_none(c.ours, 0, t_scaled(t, 20)),
		"the device answers the connection from the lower address");
	t_pass(t);
}

static void coll_winner_used(struct tester *t)
{
	struct collision c = collide(t, false);

	T_CHECK(t, t_none(c.ours, 0, 1), "the device answers the connection from the lower address");
	T_CHECK(t, theirs_survives(t, &c),
		"the connection from the higher address does not become established");
	t_pass(t);
}

#define COLLIDES_HIGH                                                                                        \
	"From a higher address, sends a request of its own while the device's waits for its reply."
#define COLLIDES_LOW                                                                                         \
	"From a lower address, sends a request of its own while the device's waits for its reply."

const struct test_case suite_end[] = {
	{ RULE_CCSM_STOP_LOCAL_01, stop_local, 0, "dut-stop", "Has the operator stop the connection.",
	  "Stop-Control-Connection-Request comes before the end.", NULL },
	{ RULE_CCSM_STOP_LOCAL_02, stop_then_silent, TEST_WAITS, "dut-stop",
	  "Has the operator stop the connection, and asks for echoes for 20 s before it answers.",
	  "Nothing but Echo-Replies comes.", NULL },
	{ RULE_CCSM_STOP_REPLY_01, stop_reasons, 0, NULL,
	  "Stops connections with and without a call, with Reasons 1, 2 and 3.",
	  "Each is answered with Result 1.", NULL },
	{ RULE_CCSM_STOP_REPLY_02, stop_closes, TEST_WAITS, NULL, "Stops the connection and leaves it open.",
	  "The device closes it within 60 s.", NULL },
	{ RULE_CCSM_STOP_REPLY_03, stop_whole, TEST_WAITS, NULL, "Stops the connection and reads to its end.",
	  "The whole reply, then FIN.", NULL },
	{ RULE_CCSM_STOP_REPLY_04, stop_last, 0, NULL,
	  "Sends a request to stop and an Echo-Request in one segment.",
	  "The reply to the first is the last message.", NULL },
	{ RULE_CCSM_STOP_DONE_01, stop_done, TEST_WAITS, "dut-stop",
	  "Has the operator stop the connection, answers, and leaves it open.",
	  "The device closes it within 60 s.", NULL },
	{ RULE_CCSM_STOP_UNSOL_01, stop_unasked, 0, NULL,
	  "Sends a Stop-Control-Connection-Reply that nobody asked for.",
	  "It is discarded or refused; the device goes on working.", NULL },
	{ RULE_CCSM_STOP_CROSS_01, stop_crossing, TEST_WAITS, "dut-stop",
	  "Answers the device's request to stop with one of its own.", "The connection ends within 60 s.",
	  NULL },
	{ RULE_CCSM_STOP_ERR_01, stop_refused, TEST_WAITS, "dut-stop",
	  "Answers the device's request to stop with Result 2, Error 4.", "The connection ends within 60 s.",
	  NULL },
	{ RULE_CCSM_IDLE_AGAIN_01, again_and_again, 0, NULL,
	  "Starts 100 connections and ends them in four ways in turn.", "Each is accepted, and none slower.",
	  NULL },
	{ RULE_COLL_DETECT_01, coll_detect, 0, "dut-connect", COLLIDES_HIGH,
	  "One connection becomes established.", NULL },
	{ RULE_COLL_WINNER_01, coll_winner, 0, "dut-connect",
	  "Collides from a higher and from a lower address.",
	  "The connection from the higher address survives.", NULL },
	{ RULE_COLL_LOSER_01, coll_loser_closes, 0, "dut-connect", COLLIDES_HIGH,
	  "The device closes its own connection within 5 s.", NULL },
	{ RULE_COLL_LOSER_02, coll_loser_silent, 0, "dut-connect", COLLIDES_HIGH,
	  "The device sends nothing more on its own connection.", NULL },
	{ RULE_COLL_LOSER_03, coll_loser_replies, 0, "dut-connect", COLLIDES_HIGH,
	  "The device answers with Result 1.", NULL },
	{ RULE_COLL_WINNER_02, coll_winner_silent, TEST_WAITS, "dut-connect", COLLIDES_LOW,
	  "The device sends nothing on the tester's connection.", NULL },
	{ RULE_COLL_WINNER_03, coll_winner_used, 0, "dut-connect", COLLIDES_LOW,
	  "The device's connection becomes established.", NULL },
	{ .run = NULL },
};
