/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Active tests of keep-alive and of waiting for what should come (RFC 2637 sections 3 and 3.1.4).
 * A minute is 55 to 75 s, scaled by --time-scale.
 */
#include "conformance/suite/suite_private.h"

static void estab_receiver(struct tester *t)
{
	struct t_link *l = t_tcp_up(t);
	double opened = t_now(t);

	T_CHECK(t, t_closes(l, t_scaled(t, 80)),
		"80 s after a connection without any request it is still open");
	need_minute(t, opened, t_closed_time(l), "closed");
	t_pass(t);
}

static void estab_originator(struct tester *t)
{
	struct t_link *l = t_dut_connects(t);
	double asked;

	t_need(l, CTRL_SCCRQ, 10);
	asked = t_message_time(l);
	T_CHECK(t, gives_up(l, t_scaled(t, 80)),
		"80 s after its request, never answered, the connection is open");
	need_minute(t, asked, t_closed_time(l), "closed");
	t_pass(t);
}

static void estab_partial(struct tester *t)
{
	struct t_link *l = t_tcp_up(t);
	double opened = t_now(t);
	uint8_t octets[CTRL_MAX];
	struct draft d;
	size_t len, at;

	t_draft(l, CTRL_SCCRQ, &d);
	len = draft_encode(&d, octets, sizeof(octets));
	at = len - 40;
	t_send_octets(l, octets, at);
	while (t_now(t) - opened < t_scaled(t, 78)) {
		if (at < len - 1)
			t_send_octets(l, octets + at++, 1);
		if (t_closes(l, t_scaled(t, 2)))
			break;
	}
	if (!t_is_closed(l))
		t_fail(t, "a request that never becomes whole keeps the connection open for 78 s");
	t_pass(t);
}

/* The device's Echo-Request comes a minute after `from`. */
static void need_echo(struct tester *t, struct t_link *l, double from)
{
	t_show_echo(l, true);
	T_CHECK(t, t_get(l, CTRL_ECHORQ, t_scaled(t, 80)), "no Echo-Request within 80 s of silence");
	T_CHECK(t, t_message_time(l) - from >= t_scaled(t, 55) - 1, "an Echo-Request after %.1f s",
		t_message_time(l) - from);
	need_minute(t, from, t_message_time(l), "Echo-Request");
	t_send(l, CTRL_ECHORP, "identifier", t_field(t_message(l), "identifier"), NULL);
}

static void idle_echo(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	struct t_call *c;

	need_echo(t, l, t_now(t));
	t_show_echo(l, false);
	c = t_call_up(l, NULL);
	if (t_can_gre(t)) {
		struct t_gre *g = t_gre(c);

		if (t_has_hook(t, "dut-traffic"))
			t_traffic(g, 0, 64, 2, false);
	}
	need_echo(t, l, t_sent_time(l));
	t_pass(t);
}

static void idle_not_at_all(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	for (unsigned i = 0; i < 5; i++) {
		t_send(l, CTRL_ECHORQ, NULL);
		t_need(l, CTRL_ECHORP, 10);
		t_sleep(t, t_scaled(t, 30));
		T_CHECK(t, !t_is_closed(l), "the device closes although it hears from the tester each 30 s");
	}
	t_pass(t);
}

/*
 * Waits for the device's Echo-Request, which the test answers itself.  That it comes within a minute is for another
 * test: some are silent for two.
 */
static double device_asks(struct tester *t, struct t_link *l)
{
	t_show_echo(l, true);
	obtain(l, CTRL_ECHORQ, t_scaled(t, 130));
	return t_message_time(l);
}

static void echo_unanswered(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	double asked = device_asks(t, l);

	T_CHECK(t, t_closes(l, t_scaled(t, 80)),
		"80 s after an Echo-Request, never answered, it is still open");
	T_CHECK(t, t_closed_time(l) - asked >= t_scaled(t, 55) - 1, "closed %.1f s after an Echo-Request",
		t_closed_time(l) - asked);
	need_minute(t, asked, t_closed_time(l), "closed");
	t_pass(t);
}

static void echo_close(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	device_asks(t, l);
	T_CHECK(t, t_closes(l, t_scaled(t, 80)),
		"80 s after an Echo-Request, never answered, it is still open");
	if (t_count(l, CTRL_STOPRQ))
		t_note(t, "a Stop-Control-Connection-Request comes before the close");
	t_pass(t);
}

static void echo_late(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	int64_t id;

	device_asks(t, l);
	id = t_field(t_message(l), "identifier");
	t_sleep(t, t_scaled(t, 50));
	T_CHECK(t, !t_is_closed(l), "the device closes before the minute for its Echo-Request is over");
	t_send(l, CTRL_ECHORP, "identifier", id, NULL);
	t_show_echo(l, false);
	T_CHECK(t, t_none(l, 0, t_scaled(t, 15)) || !t_is_closed(l),
		"the device closes although it was answered");
	T_CHECK(t, t_alive(l), "echoes are not answered any more");
	t_pass(t);
}

/* Answers the device's Echo-Request wrongly: whether the device takes that for an answer. */
static void answer_wrongly(struct tester *t, int64_t add, int64_t result, int64_t error, const char *what)
{
	struct t_link *l = t_cc_up(t);
	int64_t id;

	device_asks(t, l);
	id = t_field(t_message(l), "identifier");
	t_send(l, CTRL_ECHORP, "identifier", (id + add) & 0xffffffff, "result_code", result, "error_code",
	       error, NULL);
	if (t_closes(l, t_scaled(t, 80)))
		return;
	t_warn(t, "%s is taken for an answer", what);
	t_close(l);
}

static void echo_wrong(struct tester *t)
{
	double began = t_now(t);

	answer_wrongly(t, 1, 1, 0, "an Echo-Reply with another Identifier");
	if (t_now(t) - began < t_scaled(t, 150))
		answer_wrongly(t, 0, 2, 3, "an Echo-Reply with Result 2");
	else
		t_note(t, "an Echo-Reply with Result 2 was not tried: the device takes too long to ask for one");
	t_pass(t);
}

static void stop_unanswered(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	stopped(l, NULL);
	T_CHECK(t, t_closes(l, t_scaled(t, 75)), "75 s after its request to stop the device has not closed");
	t_pass(t);
}

static void call_answered_late(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	const struct ctrl_msg *m;
	int64_t id;
	double end;

	t_hook(t, "dut-dial", NULL);
	m = t_need(l, CTRL_OCRQ, 10);
	id = t_field(m, "call_id");
	for (end = t_now(t) + t_scaled(t, 55); t_now(t) < end;) {
		if (t_wait(l, end - t_now(t)) == T_NOTHING)
			break;
		T_CHECK(t, !t_is_closed(l) && !t_count(l, CTRL_CCRQ), "the device gives up within 55 s");
	}
	t_send(l, CTRL_OCRP, "peer_call_id", id, NULL);
	T_CHECK(t, t_none(l, CTRL_CCRQ, 3) && !t_is_closed(l), "the late answer is not accepted");
	t_pass(t);
}

static void ring_unanswered(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	t_hook(t, "dut-ring", NULL);
	t_need(l, CTRL_ICRQ, 10);
	if (t_closes(l, t_scaled(t, 75)))
		t_pass(t);
	T_CHECK(t, t_count(l, CTRL_CDN),
		"75 s after its request, never answered, the device has done nothing");
	t_warn(t, "the device clears the call, but keeps the control connection");
	t_pass(t);
}

static void clear_unanswered(struct tester *t)
{
	struct t_call *c = t_call_up(t_cc_up(t), NULL);

	hung_up(c->link);
	T_CHECK(t, t_closes(c->link, t_scaled(t, 75)),
		"75 s after its Call-Clear-Request, never answered, the control connection is still open");
	t_pass(t);
}

static void connected_never(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	offer(t, l, t_new_id(t));
	if (!t_get(l, CTRL_CCRQ, t_scaled(t, 75)) && !t_is_closed(l))
		T_CHECK(t, t_get(l, CTRL_CCRQ, t_scaled(t, 105)) || t_is_closed(l),
			"180 s after its Incoming-Call-Reply, never followed by anything, the device still "
			"waits");
	t_pass(t);
}

static void stuck(struct tester *t)
{
	struct t_link *l = t_cc_up_orig(t);

	stopped(l, NULL);
	T_CHECK(t, t_closes(l, t_scaled(t, 75)), "a connection that is stuck is not closed");
	t_hook(t, "dut-connect", NULL);
	T_CHECK(t, t_accept(t, t_scaled(t, 75)), "after that the device opens no new control connection");
	t_pass(t);
}

/* A call of the device's that hangs: a number that rings for ever, or a request left unanswered. */
static void hanging_call(struct tester *t, struct t_link *l)
{
	if (t_dut(t) == ROLE_PAC) {
		const char *number = t_hook(t, "dut-telco", "number", "ring", NULL);

		t_send(l, CTRL_OCRQ, "phone_number", number, "phone_number_length", (int64_t)strlen(number),
		       NULL);
	} else {
		t_hook(t, "dut-dial", NULL);
		t_need(l, CTRL_OCRQ, 10);
	}
	t_sleep(t, 0.5);
}

static void parallel(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	hanging_call(t, l);
	for (unsigned i = 0; i < 5; i++) {
		t_send(l, CTRL_ECHORQ, NULL);
		T_CHECK(t, t_get(l, CTRL_ECHORP, 1), "no Echo-Reply within 1 s while a call is being set up");
		t_sleep(t, 0.5);
	}
	if (t_dut(t) == ROLE_PAC) {
		t_send(l, CTRL_OCRQ, NULL);
		T_CHECK(t, t_get(l, CTRL_OCRP, 20), "a second call is not set up while the first one hangs");
		T_CHECK(t, t_field(t_message(l), "result_code") == 1,
			"the second call is refused with Result %lld",
			(long long)t_field(t_message(l), "result_code"));
	} else {
		t_hook(t, "dut-dial", NULL);
		T_CHECK(t, t_get(l, CTRL_OCRQ, 10),
			"a second call is not requested while the first one hangs");
	}
	t_pass(t);
}

const struct test_case suite_timer[] = {
	{ RULE_KA_ESTAB_01, estab_receiver, TEST_WAITS, NULL, "Opens a TCP connection and says nothing.",
	  "The device closes after a minute.", NULL },
	{ RULE_KA_ESTAB_02, estab_originator, TEST_WAITS, "dut-connect",
	  "Never answers the device's request.", "The device closes after a minute.", NULL },
	{ RULE_KA_ESTAB_03, estab_partial, TEST_WAITS, NULL,
	  "Sends a request but for its last octet, the end of it slowly.", "The device closes within 75 s.",
	  NULL },
	{ RULE_KA_IDLE_01, idle_echo, TEST_WAITS, NULL,
	  "Says nothing for a minute, first without a call, then with one.",
	  "An Echo-Request after a minute each time.", NULL },
	{ RULE_KA_IDLE_02, idle_not_at_all, TEST_WAITS, NULL, "Sends an Echo-Request each 30 s, five times.",
	  "The connection stays.", NULL },
	{ RULE_KA_REPLY_01, echo_unanswered, TEST_WAITS, NULL, "Never answers the device's Echo-Request.",
	  "The device closes after a minute.", NULL },
	{ RULE_KA_REPLY_02, echo_late, TEST_WAITS, NULL, "Answers the device's Echo-Request after 50 s.",
	  "The connection stays.", NULL },
	{ RULE_KA_REPLY_03, echo_wrong, TEST_WAITS, NULL,
	  "Answers the device's Echo-Request with another Identifier, and with Result 2.",
	  "That is no answer: the device closes.", NULL },
	{ RULE_KA_CLOSE_01, echo_close, TEST_WAITS, NULL, "Never answers the device's Echo-Request.",
	  "The device closes without a Stop exchange.", NULL },
	{ RULE_KA_EXPECT_01, stop_unanswered, TEST_WAITS, "dut-stop",
	  "Never answers the device's request to stop.", "The device closes within 75 s.", NULL },
	{ RULE_KA_EXPECT_02, call_answered_late, TEST_WAITS, "dut-dial",
	  "Answers the device's Outgoing-Call-Request after 55 s.", "The call is used.", NULL },
	{ RULE_KA_EXPECT_03, ring_unanswered, TEST_WAITS, "dut-ring",
	  "Never answers the device's Incoming-Call-Request.", "The device closes within 75 s.", NULL },
	{ RULE_KA_EXPECT_04, clear_unanswered, TEST_WAITS, "dut-hangup",
	  "Never answers the device's Call-Clear-Request.", "The device closes within 75 s.", NULL },
	{ RULE_KA_EXPECT_05, connected_never, TEST_WAITS, NULL,
	  "Offers an incoming call and never connects it.", "The device clears the call or closes.", NULL },
	{ RULE_KA_STUCK_01, stuck, TEST_WAITS, "dut-connect dut-stop",
	  "Leaves a request of the device's unanswered on a connection that it opened.",
	  "It closes, and opens a new one when it needs it.", NULL },
	{ RULE_KA_PARALLEL_01, parallel, 0, NULL,
	  "While a call hangs in its set-up, asks for echoes and sets up a second one.",
	  "Echo-Replies within 1 s, and the second call is set up.", NULL },
	{ .run = NULL },
};
