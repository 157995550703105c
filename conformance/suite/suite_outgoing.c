/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Active tests of outgoing calls: Outgoing-Call-Request and -Reply, and the machines of both sides
 * (RFC 2637 sections 2.7, 2.8 and 3.2.4).
 */
#include <stdlib.h>

#include "conformance/endpoint.h"
#include "conformance/suite/suite_private.h"

/* --- the PNS's request ------------------------------------------------------------------------- */

/* Has the device dial: its OCRQ. */
static const struct ctrl_msg *dial(struct tester *t, struct t_link *l, const char *number)
{
	t_hook(t, "dut-dial", number, NULL);
	return t_need(l, CTRL_OCRQ, 10);
}

/* As dial(), after calls that failed: then not being able to is what is looked for. */
static const struct ctrl_msg *dial_again(struct tester *t, struct t_link *l)
{
	int status = HOOK_NOT_NOW;

	for (unsigned try = 0; status == HOOK_NOT_NOW && try < 2; try++) {
		t_sleep(t, 0.3);
		status = t_try_hook(t, "dut-dial", NULL);
	}
	T_CHECK(t, status != HOOK_NOT_NOW, "after a call that was refused no other can be placed");
	return t_need(l, CTRL_OCRQ, 10);
}

static void request_read(struct tester *t)
{
	t_out_up(t_cc_up(t), NULL);
	t_pass(t);
}

static void request_ids(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	struct t_call *one = t_out_up(l, NULL), *two = t_out_up(l, NULL);

	T_CHECK(t, one->dut_id != two->dut_id, "two calls have the Call ID %u", one->dut_id);
	t_pass(t);
}

/* Serial numbers of n calls, one after the other, into at. */
static void serials(struct tester *t, int64_t *at, unsigned n)
{
	struct t_link *l = t_cc_up(t);

	for (unsigned i = 0; i < n; i++) {
		const struct ctrl_msg *m;

		l = t_next_link(l);
		m = dial(t, l, NULL);
		at[i] = t_field(m, "call_serial_number");
		t_send(l, CTRL_OCRP, "peer_call_id", t_field(m, "call_id"), "result_code", INT64_C(4), NULL);
		t_sleep(t, 0.2);
	}
	t_close(l);
}

static void request_serials(struct tester *t)
{
	enum { CALLS = 5 };
	int64_t serial[2 * CALLS];
	unsigned n = t_dials_once(t) ? 2 : CALLS; /* each of them takes a connection */

	serials(t, serial, n);
	if (!t_dials_once(t) && t_try_hook(t, "dut-reset", NULL) != 0)
		t_note(t, "the device could not be restarted between the calls");
	t_sleep(t, 0.5);
	serials(t, serial + n, n);
	for (unsigned i = 0; i < 2 * n; i++)
		for (unsigned k = 0; k < i; k++)
			T_CHECK(t, serial[i] != serial[k], "calls %u and %u have the serial number %lld",
				k + 1, i + 1, (long long)serial[i]);
	t_pass(t);
}

/* With these capabilities of the PAC's, the type that the device asks for. */
static int64_t asked_type(struct tester *t, const char *capability, int64_t bits, const char *field)
{
	struct t_link *l = t_reachable(t) ? t_tcp_up(t) : t_dut_connects(t);
	const struct ctrl_msg *m;

	if (!t_reachable(t)) {
		t_need(l, CTRL_SCCRQ, 10);
		t_send(l, CTRL_SCCRP, capability, bits, NULL);
		return t_field(dial(t, l, NULL), field);
	}
	t_send(l, CTRL_SCCRQ, capability, bits, NULL);
	m = t_need(l, CTRL_SCCRP, 10);
	if (t_field(m, "result_code") > 1)
		t_inconclusive(t, "the device refuses a PAC with such capabilities");
	return t_field(dial(t, l, NULL), field);
}

static void request_bearer(struct tester *t)
{
	int64_t type = asked_type(t, "bearer_capabilities", 2, "bearer_type");

	T_CHECK(t, type == 2 || type == 3, "Bearer Type %lld", (long long)type);
	t_pass(t);
}

static void request_framing(struct tester *t)
{
	int64_t type = asked_type(t, "framing_capabilities", 1, "framing_type");

	T_CHECK(t, type == 1 || type == 3, "Framing Type %lld", (long long)type);
	t_pass(t);
}

static void request_ascii(struct tester *t)
{
	dial(t, t_cc_up(t), "+49 (30) 1234-567");
	t_sleep(t, 0.2);
	t_pass(t);
}

/* --- bad requests to a PAC ---------------------------------------------------------------------- */

static void bad_speeds(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	t_send(l, CTRL_OCRQ, "minimum_bps", INT64_C(2000000), "maximum_bps", INT64_C(1000), NULL);
	need_refusal(t, l, 3, 3, "Minimum BPS above Maximum BPS");
	t_pass(t);
}

/* Types that do not exist, on connections of their own; success is the violation. */
static void bad_types(struct tester *t, const char *field)
{
	static const int64_t types[] = { 0, 4, 0xffffffff };

	for (size_t i = 0; i < 3; i++) {
		struct t_link *l = t_cc_up(t);
		char what[64];

		snprintf(what, sizeof(what), "%s 0x%llx", field, (unsigned long long)types[i]);
		t_send(l, CTRL_OCRQ, field, types[i], NULL);
		need_refusal(t, l, 3, 3, what);
		t_close(l);
	}
	t_pass(t);
}

static void bad_bearer(struct tester *t)
{
	bad_types(t, "bearer_type");
}

static void bad_framing(struct tester *t)
{
	bad_types(t, "framing_type");
}

static void bad_length(struct tester *t)
{
	static const int64_t lengths[] = { 65, 65535 };
	char digits[65];

	memset(digits, '5', 64);
	digits[64] = '\0';
	for (size_t i = 0; i < 2; i++) {
		struct t_link *l = t_cc_up(t);

		t_send(l, CTRL_OCRQ, "phone_number", digits, "phone_number_length", lengths[i], NULL);
		if (settle(l, CTRL_OCRP, 15) == T_ACCEPTED)
			t_note(t, "a Phone Number Length of %lld is accepted", (long long)lengths[i]);
		t_close(l);
	}
	t_still_works(t);
	t_pass(t);
}

/* --- the PAC's reply ----------------------------------------------------------------------------- */

static void reply_read(struct tester *t)
{
	t_out_up(t_cc_up(t), NULL);
	t_pass(t);
}

static void reply_ids(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	struct t_call *one = t_out_up(l, NULL), *two = t_out_up(l, NULL);

	T_CHECK(t, one->dut_id != two->dut_id, "two calls have the Call ID %u", one->dut_id);
	t_pass(t);
}

static void reply_peers(struct tester *t)
{
	static const int64_t ids[] = { 1, 0x8000, 0xffff };
	struct t_link *l = t_cc_up(t);
	unsigned seen = 0;

	for (unsigned i = 0; i < 3; i++)
		t_send(l, CTRL_OCRQ, "call_id", ids[i], NULL);
	for (unsigned i = 0; i < 3; i++) {
		int64_t peer = t_field(t_need(l, CTRL_OCRP, t_scaled(t, 60)), "peer_call_id");

		for (unsigned k = 0; k < 3; k++)
			if (peer == ids[k])
				seen |= 1u << k;
	}
	T_CHECK(t, seen == 7, "three replies do not carry the three Call IDs asked for");
	t_pass(t);
}

/* Calls a number and takes the reply, which must have this Result and Error 0. */
static const struct ctrl_msg *need_result(struct tester *t, struct t_link *l, const char *number,
					  int64_t result, double seconds)
{
	const struct ctrl_msg *m;

	call_number(l, number);
	m = t_need(l, CTRL_OCRP, seconds);
	T_CHECK(t, t_field(m, "result_code") == result, "Result %lld, Error %lld",
		(long long)t_field(m, "result_code"), (long long)t_field(m, "error_code"));
	T_CHECK(t, t_field(m, "error_code") == 0, "Error %lld with Result %lld",
		(long long)t_field(m, "error_code"), (long long)result);
	return m;
}

static void result_no_carrier(struct tester *t)
{
	need_result(t, t_cc_up(t), number_that(t, "no-carrier"), 3, t_scaled(t, 120));
	t_pass(t);
}

static void result_busy(struct tester *t)
{
	const struct ctrl_msg *m = need_result(t, t_cc_up(t), number_that(t, "busy"), 4, t_scaled(t, 60));
	int64_t cause = t_field(m, "cause_code");

	T_CHECK(t, cause == 0 || cause == 17, "Cause Code %lld for a busy number", (long long)cause);
	t_pass(t);
}

static void result_no_dialtone(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	t_hook(t, "dut-telco", "next", "no-dialtone", NULL);
	need_result(t, l, "5551234", 5, t_scaled(t, 60));
	t_pass(t);
}

static void result_no_answer(struct tester *t)
{
	need_result(t, t_cc_up(t), number_that(t, "ring"), 6, t_scaled(t, 180));
	need_released(t);
	t_pass(t);
}

static void result_barred(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	t_hook(t, "dut-config", "bar-number=5550199", NULL);
	need_result(t, l, "5550199", 7, t_scaled(t, 60));
	t_try_hook(t, "dut-config", "reset", NULL);
	t_pass(t);
}

static void reply_bad_value(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	t_send(l, CTRL_OCRQ, "bearer_type", INT64_C(9), NULL);
	need_refusal(t, l, 3, 3, "Bearer Type 9");
	t_pass(t);
}

static void cause_unallocated(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	const char *number = number_that(t, "unallocated");
	const struct ctrl_msg *m;

	t_send(l, CTRL_OCRQ, "bearer_type", INT64_C(2), "phone_number", number, "phone_number_length",
	       (int64_t)strlen(number), NULL);
	m = t_need(l, CTRL_OCRP, t_scaled(t, 60));
	T_CHECK(t, t_field(m, "result_code") != 1, "a number that does not exist is connected");
	if (t_field(m, "result_code") == 2 && t_field(m, "error_code") == 4)
		t_unsupported(t, "the device has no ISDN line");
	T_CHECK(t, t_field(m, "cause_code") == 1, "Cause Code %lld for a number that does not exist",
		(long long)t_field(m, "cause_code"));
	t_pass(t);
}

static void reply_speed(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	const struct ctrl_msg *m;
	int64_t speed;

	t_send(l, CTRL_OCRQ, "minimum_bps", INT64_C(9600), "maximum_bps", INT64_C(57600), NULL);
	m = t_need(l, CTRL_OCRP, t_scaled(t, 60));
	if (t_field(m, "result_code") != 1)
		t_pass(t);
	speed = t_field(m, "connect_speed");
	T_CHECK(t, speed >= 9600 && speed <= 57600, "Connect Speed %lld", (long long)speed);
	t_pass(t);
}

static void reply_delay(struct tester *t)
{
	const struct ctrl_msg *m;
	double likely;
	int64_t delay;
	struct t_link *l = t_cc_up(t);

	t_out_up(l, NULL);
	m = t_message(l);
	delay = t_field(m, "packet_processing_delay");
	if (t_field(m, "connect_speed") < 1)
		t_inconclusive(t, "Connect Speed is %lld", (long long)t_field(m, "connect_speed"));
	if (t_field(m, "packet_recv_window_size") < 1)
		t_inconclusive(t, "without a window no delay is likely");
	likely = 10.0 * 1464 * 8 * (double)t_field(m, "packet_recv_window_size") /
		 (double)t_field(m, "connect_speed");
	T_CHECK(t, (double)delay <= 10 * (likely < 1 ? 1 : likely),
		"%lld tenths of a second where %.1f are likely", (long long)delay, likely);
	T_CHECK(t, delay == 0 || (double)delay >= likely / 10,
		"%lld tenths of a second where %.1f are likely", (long long)delay, likely);
	if (!delay && likely >= 1)
		t_note(t, "the delay is 0 where %.1f tenths of a second are likely", likely);
	t_pass(t);
}

static void reply_channel(struct tester *t)
{
	static const int64_t channels[] = { 0, 1, 0xffffffff };
	struct t_link *l = t_cc_up(t);
	bool talks = false;

	for (unsigned i = 0; i < 3; i++) {
		struct t_call *c = t_out_up(l, "physical_channel_id", channels[i], NULL);
		bool talked;

		T_CHECK(t, t_none(l, CTRL_CCRQ, 1) && !t_is_closed(l),
			"Physical Channel ID 0x%llx ends the call", (unsigned long long)channels[i]);
		talked = t_can_gre(t) && t_packets(t_gre(c));
		T_CHECK(t, talked || !talks,
			"with Physical Channel ID 0x%llx the device does not use the call",
			(unsigned long long)channels[i]);
		talks = talked;
	}
	t_pass(t);
}

static void reply_once(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	t_send(l, CTRL_OCRQ, NULL);
	t_need(l, CTRL_OCRP, t_scaled(t, 180));
	T_CHECK(t, t_none(l, CTRL_OCRP, 10), "two replies to one request");
	t_pass(t);
}

/* --- the PAC's machine ---------------------------------------------------------------------------- */

static void pac_idle(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	const struct ctrl_msg *m;

	call_number(l, number_that(t, "slow"));
	T_CHECK(t, t_none(l, CTRL_OCRP, 2), "a reply before the other end has answered");
	m = t_need(l, CTRL_OCRP, t_scaled(t, 120));
	if (t_field(m, "result_code") == 6 && t_scaled(t, 60) < 15)
		t_inconclusive(t, "with its timers scaled the device gives up before the other end answers");
	T_CHECK(t, t_field(m, "result_code") == 1, "Result %lld", (long long)t_field(m, "result_code"));
	t_pass(t);
}

static void pac_bad_requests(struct tester *t)
{
	char digits[65];

	memset(digits, '5', 64);
	digits[64] = '\0';
	for (unsigned i = 0; i < 3; i++) {
		static const char *const what[] = { "Bearer Type 0", "Minimum BPS above Maximum BPS",
						    "Phone Number Length 65" };
		struct t_link *l = t_cc_up(t);

		if (i == 0)
			t_send(l, CTRL_OCRQ, "bearer_type", INT64_C(0), NULL);
		else if (i == 1)
			t_send(l, CTRL_OCRQ, "minimum_bps", INT64_C(100000), "maximum_bps", INT64_C(1000),
			       NULL);
		else
			t_send(l, CTRL_OCRQ, "phone_number", digits, "phone_number_length", INT64_C(65),
			       NULL);
		need_refusal(t, l, 3, 3, what[i]);
		if (t_is_closed(l))
			l = t_cc_up(t);
		t_out_up(l, NULL);
		t_close(l);
		t_sleep(t, 0.3);
	}
	t_pass(t);
}

static void pac_replies(struct tester *t)
{
	static const char *const outcomes[] = { "answer", "busy", "ring", "no-dialtone" };
	struct t_link *l = t_cc_up(t);

	for (unsigned i = 0; i < 4; i++) {
		uint16_t id;
		const struct ctrl_msg *m;

		if (i == 3)
			t_hook(t, "dut-telco", "next", outcomes[i], NULL);
		id = call_number(l, i == 3 ? "5551234" : number_that(t, outcomes[i]));
		m = t_need(l, CTRL_OCRP, t_scaled(t, i == 2 ? 180 : 60));
		T_CHECK(t, t_field(m, "peer_call_id") == id, "the reply is about call %lld",
			(long long)t_field(m, "peer_call_id"));
		T_CHECK(t, (t_field(m, "result_code") == 1) == (i == 0),
			"Result %lld for a number that is %s", (long long)t_field(m, "result_code"),
			outcomes[i]);
		T_CHECK(t, t_none(l, CTRL_OCRP, 1), "two replies to one request");
	}
	t_pass(t);
}

static void pac_busy(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	need_result(t, l, number_that(t, "busy"), 4, t_scaled(t, 60));
	T_CHECK(t, t_none(l, CTRL_CDN, 2), "a Call-Disconnect-Notify for a call that never was");
	need_released(t);
	t_out_up(l, NULL);
	t_pass(t);
}

static void pac_rings_out(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	double asked = t_now(t), took;
	const struct ctrl_msg *m;

	call_number(l, number_that(t, "ring"));
	m = t_need(l, CTRL_OCRP, t_scaled(t, 300));
	took = t_message_time(l) - asked;
	T_CHECK(t, t_field(m, "result_code") != 1, "a number that nobody answers is connected");
	t_note(t, "the device gave up after %.0f s", took);
	t_pass(t);
}

static void pac_answers(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	uint16_t id = call_number(l, number_that(t, "answer"));
	const struct ctrl_msg *m = t_need(l, CTRL_OCRP, t_scaled(t, 120));

	T_CHECK(t, t_field(m, "result_code") == 1, "Result %lld", (long long)t_field(m, "result_code"));
	T_CHECK(t, t_field(m, "connect_speed") > 0, "Connect Speed 0");
	if (t_can_gre(t)) {
		struct t_gre *g = t_gre(t_call_of(l, false, id, (uint16_t)t_field(m, "call_id")));

		t_lcp_echo(g, 1);
		T_CHECK(t, t_gre_wait(g, 5), "nothing comes through the tunnel");
	}
	t_pass(t);
}

/* The device clears the tester's call, and a line is released: the CDN. */
static const struct ctrl_msg *need_cdn(struct tester *t, struct t_link *l, int64_t result, double seconds)
{
	const struct ctrl_msg *m = t_need(l, CTRL_CDN, seconds);

	if (result && t_profile(t) != PROFILE_MS_PTPT) /* whose CDN says nothing */
		T_CHECK(t, t_field(m, "result_code") == result, "Result %lld in Call-Disconnect-Notify",
			(long long)t_field(m, "result_code"));
	need_released(t);
	return m;
}

static void pac_aborted(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	uint16_t id = call_number(l, number_that(t, "ring"));

	t_sleep(t, 3);
	t_send(l, CTRL_CCRQ, "call_id", (int64_t)id, NULL);
	while (t_wait(l, 5) == T_MESSAGE) {
		const struct ctrl_msg *m = t_message(l);

		if (m->type == CTRL_CDN)
			break;
		if (m->type == CTRL_OCRP) {
			T_CHECK(t, t_field(m, "result_code") != 1,
				"the call is connected although it was aborted");
			t_warn(t, "a failing Outgoing-Call-Reply rather than a Call-Disconnect-Notify");
			t_pass(t);
		}
	}
	T_CHECK(t, t_count(l, CTRL_CDN), "no Call-Disconnect-Notify within 5 s");
	T_CHECK(t, t_none(l, CTRL_OCRP, 3), "an Outgoing-Call-Reply after Call-Disconnect-Notify");
	need_released(t);
	t_pass(t);
}

static void pac_cleared(struct tester *t)
{
	struct t_call *c = t_out_up(t_cc_up(t), NULL);

	t_send(c->link, CTRL_CCRQ, "call_id", (int64_t)c->own_id, NULL);
	need_cdn(t, c->link, 0, 5);
	t_pass(t);
}

static void pac_far_end(struct tester *t)
{
	struct t_call *c = t_out_up(t_cc_up(t), NULL);

	t_hook(t, "dut-telco", "hangup", NULL);
	need_cdn(t, c->link, 0, 5);
	t_pass(t);
}

static void pac_operator(struct tester *t)
{
	struct t_call *c = t_out_up(t_cc_up(t), NULL);

	t_hook(t, "dut-hangup", NULL);
	need_cdn(t, c->link, 3, 5);
	t_pass(t);
}

static void pac_unasked(struct tester *t)
{
	T_CHECK(t, t_none(t_cc_up(t), CTRL_OCRP, 15), "an Outgoing-Call-Reply without a request");
	t_pass(t);
}

static void pac_one_reply(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	call_number(l, number_that(t, "slow"));
	t_need(l, CTRL_OCRP, t_scaled(t, 120));
	T_CHECK(t, t_none(l, CTRL_OCRP, 5), "two replies to one request");
	t_pass(t);
}

/* A CCRQ that names no call of the tester's: at most a Result 2 comes, unless the connection is closed. */
static void stray_clear(struct tester *t, struct t_call *c, uint16_t id)
{
	const struct ctrl_msg *m;

	t_send(c->link, CTRL_CCRQ, "call_id", (int64_t)id, NULL);
	m = t_get(c->link, CTRL_CDN, 2);
	if (m)
		T_CHECK(t, t_field(m, "result_code") == 2,
			"a Call-Clear-Request with Call ID %u cleared call %u", id, c->own_id);
}

static void pac_wrong_clear(struct tester *t)
{
	struct t_call *c = t_out_up(t_cc_up(t), NULL);
	const struct ctrl_msg *m;

	stray_clear(t, c, c->own_id ^ 0xffff);
	if (!t_is_closed(c->link) && c->dut_id != c->own_id)
		stray_clear(t, c, c->dut_id);
	if (t_is_closed(c->link)) {
		t_note(t, "the device closes after a Call-Clear-Request for an unknown call");
		t_pass(t);
	}
	t_cork(c->link);
	t_send(c->link, CTRL_CCRQ, "call_id", (int64_t)c->own_id, NULL);
	t_send(c->link, CTRL_CCRQ, "call_id", (int64_t)c->own_id, NULL);
	t_uncork(c->link);
	m = t_need(c->link, CTRL_CDN, 5);
	T_CHECK(t, t_field(m, "result_code") != 2, "the live call could not be cleared");
	m = t_get(c->link, CTRL_CDN, 2);
	T_CHECK(t, !m || t_field(m, "result_code") == 2, "two Call-Disconnect-Notify for one call");
	t_pass(t);
}

/* Tunnel packets before the moment `up` (with some tolerance, as the two ways differ). */
static void none_before(struct tester *t, const struct t_gre *g, double up)
{
	for (size_t i = 0; i < t_packets(g); i++)
		T_CHECK(t, t_packet(g, i)->time > up - 0.05, "a tunnel packet %.2f s before the call was up",
			up - t_packet(g, i)->time);
}

static void pac_data(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	uint16_t id = t_new_id(t);
	struct t_call *c = t_call_of(l, false, id, 0);
	struct t_gre *g = t_gre(c);
	const struct ctrl_msg *m;

	t_send(l, CTRL_OCRQ, "call_id", (int64_t)id, NULL);
	m = t_need(l, CTRL_OCRP, t_scaled(t, 120));
	if (t_field(m, "result_code") != 1)
		t_inconclusive(t, "the call is refused with Result %lld",
			       (long long)t_field(m, "result_code"));
	c->dut_id = (uint16_t)t_field(m, "call_id");
	none_before(t, g, t_message_time(l));
	if (t_has_hook(t, "dut-traffic"))
		t_traffic(g, 0, 64, 50, false);
	t_sleep(t, 1);
	t_send(l, CTRL_CCRQ, "call_id", (int64_t)id, NULL);
	obtain(l, CTRL_CDN, 10);
	need_silence(t, g, 1, "Call-Disconnect-Notify");
	t_pass(t);
}

/* --- the PNS's machine ------------------------------------------------------------------------------ */

static void pns_error_code(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	for (int64_t error = 0; error < 2; error++) {
		int64_t id = t_field(dial(t, l, NULL), "call_id");

		t_send(l, CTRL_OCRP, "peer_call_id", id, "result_code", INT64_C(4), "error_code", error,
		       NULL);
		T_CHECK(t, t_none(l, CTRL_CCRQ, 1), "a call refused with Result 4 and Error %lld is cleared",
			(long long)error);
		if (t_is_closed(l))
			t_note(t, "the device closes the control connection when a call fails");
		else if (t_can_gre(t))
			T_CHECK(t, !t_gre_stray(t, 0.5),
				"a call refused with Result 4 and Error %lld is used", (long long)error);
		if (!error)
			l = t_next_link(l);
	}
	if (!t_is_closed(l) && !t_dials_once(t))
		dial_again(t, l);
	t_pass(t);
}

static void pns_requests(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	const struct ctrl_msg *m = dial(t, l, "5551234");

	if (t_dials_once(t) && !t_field(m, "phone_number_length"))
		t_note(t, "there is no phone number in the request; the command of --exec may be given none");
	else
		T_CHECK(t, t_field(m, "phone_number_length") > 0, "no phone number in the request");
	T_CHECK(t, t_field(m, "maximum_bps") > 0, "Maximum BPS 0");
	T_CHECK(t, t_field(m, "packet_recv_window_size") > 0 || t_profile(t) == PROFILE_MS_PTPT,
		"Packet Recv. Window Size 0");
	T_CHECK(t, t_none(l, CTRL_OCRQ, 3), "two requests for one call");
	t_pass(t);
}

static void pns_refused(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	for (int64_t result = 2; result <= 7; result++) {
		int64_t id;

		if (t_is_closed(l)) {
			t_note(t, "the device closes the control connection when a call fails");
			l = t_cc_up(t);
		}
		l = t_next_link(l);
		id = t_field(result == 2 || t_dials_once(t) ? dial(t, l, NULL) : dial_again(t, l), "call_id");
		t_send(l, CTRL_OCRP, "peer_call_id", id, "result_code", result, "error_code",
		       result == 2 ? INT64_C(4) : INT64_C(0), NULL);
		T_CHECK(t, t_none(l, CTRL_CCRQ, 1), "a call refused with Result %lld is cleared",
			(long long)result);
	}
	t_pass(t);
}

static void pns_accepted(struct tester *t)
{
	struct t_call *c = t_out_up(t_cc_up(t), NULL);

	T_CHECK(t, t_gre_wait(t_gre(c), 10), "no PPP with the tester's Call ID %u within 10 s", c->own_id);
	t_pass(t);
}

static void pns_aborts(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	int64_t id = t_field(dial(t, l, NULL), "call_id");
	const struct ctrl_msg *m;

	t_sleep(t, 1);
	m = hung_up(l);
	T_CHECK(t, t_field(m, "call_id") == id, "Call ID %lld, the request had %lld",
		(long long)t_field(m, "call_id"), (long long)id);
	t_pass(t);
}

static void pns_wrong_reply(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	int64_t id = t_field(dial(t, l, NULL), "call_id");
	double wait = t_scaled(t, 30) < 5 ? t_scaled(t, 30) : 5;

	t_send(l, CTRL_OCRP, "call_id", (int64_t)t_new_id(t), "peer_call_id", id ^ 1, NULL);
	if (t_can_gre(t))
		T_CHECK(t, !t_gre_stray(t, wait), "a reply for another Peer's Call ID starts PPP");
	else
		t_sleep(t, wait);
	if (t_is_closed(l)) {
		t_note(t, "the device closes after a reply for an unknown call");
		t_pass(t);
	}
	t_send(l, CTRL_OCRP, "call_id", (int64_t)t_new_id(t), "peer_call_id", id, NULL);
	T_CHECK(t, t_none(l, CTRL_CCRQ, 3) && !t_is_closed(l), "the right reply does not complete the call");
	t_pass(t);
}

static void cdn(struct t_call *c, int64_t result, int64_t cause)
{
	t_send(c->link, CTRL_CDN, "call_id", (int64_t)c->own_id, "result_code", result, "cause_code", cause,
	       NULL);
}

static void pns_disconnected(struct tester *t)
{
	struct t_call *c = t_out_up(t_cc_up(t), NULL);
	struct t_gre *g = t_can_gre(t) ? t_gre(c) : NULL;

	if (g && t_has_hook(t, "dut-traffic"))
		t_traffic(g, 0, 64, 50, false);
	t_sleep(t, 1);
	cdn(c, 1, 16);
	if (g)
		need_silence(t, g, 1, "Call-Disconnect-Notify");
	T_CHECK(t, t_none(c->link, CTRL_CCRQ, 2), "a Call-Clear-Request after Call-Disconnect-Notify");
	t_pass(t);
}

/* The device's user hangs up: its CCRQ. */
static void user_hangs_up(struct tester *t, struct t_call *c)
{
	const struct ctrl_msg *m;

	t_sleep(t, 0.5);
	m = hung_up(c->link);
	T_CHECK(t, t_field(m, "call_id") == c->dut_id, "Call ID %lld, the request had %u",
		(long long)t_field(m, "call_id"), c->dut_id);
}

static void pns_hangs_up(struct tester *t)
{
	struct t_call *c = t_out_up(t_cc_up(t), NULL);

	user_hangs_up(t, c);
	cdn(c, 4, 0);
	t_sleep(t, 0.5);
	t_pass(t);
}

static void pns_waits(struct tester *t)
{
	struct t_call *c = t_out_up(t_cc_up(t), NULL);

	user_hangs_up(t, c);
	T_CHECK(t, !t_closes(c->link, t_scaled(t, 10)),
		"the device closes before the Call-Disconnect-Notify");
	T_CHECK(t, t_count(c->link, CTRL_CCRQ) == 1, "%u Call-Clear-Requests", t_count(c->link, CTRL_CCRQ));
	cdn(c, 4, 0);
	t_sleep(t, 0.5);
	t_pass(t);
}

static void pns_crossing(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	struct t_call *c = t_call_of(l, false, t_new_id(t), 0);
	struct t_gre *g = t_can_gre(t) ? t_gre(c) : NULL;
	size_t packets;

	c->dut_id = (uint16_t)t_field(dial(t, l, NULL), "call_id");
	user_hangs_up(t, c);
	t_send(l, CTRL_OCRP, "call_id", (int64_t)c->own_id, "peer_call_id", (int64_t)c->dut_id, NULL);
	t_sleep(t, 1);
	packets = g ? t_packets(g) : 0;
	T_CHECK(t, !packets, "%zu tunnel packets of a call that was given up", packets);
	cdn(c, 4, 0);
	t_sleep(t, 0.5);
	if (t_dials_once(t))
		t_pass(t); /* its user has ended it */
	/* Under the ms-ptpt profile the end of the last call is the control connection's. */
	if (t_profile(t) == PROFILE_MS_PTPT)
		c->link = l = t_cc_up(t);
	T_CHECK(t, !t_is_closed(l), "the device closes after Call-Disconnect-Notify");
	c->dut_id = (uint16_t)t_field(dial(t, l, NULL), "call_id");
	user_hangs_up(t, c);
	t_send(l, CTRL_OCRP, "peer_call_id", (int64_t)c->dut_id, "result_code", INT64_C(4), NULL);
	if (t_closes(l, t_scaled(t, 75)))
		t_note(t, "after a crossing refusal the device closes");
	else
		dial(t, l, NULL);
	t_pass(t);
}

static void pns_unasked(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	struct t_call *c;
	struct t_gre *g;
	size_t before;

	t_send(l, CTRL_OCRP, "call_id", (int64_t)t_new_id(t), "peer_call_id", (int64_t)t_new_id(t), NULL);
	if (settle(l, 0, 2) == T_REJECTED)
		l = t_cc_up(t);
	c = t_out_up(l, NULL);
	t_send(l, CTRL_OCRP, "call_id", (int64_t)t_new_id(t), "peer_call_id", (int64_t)c->dut_id, NULL);
	if (settle(l, 0, 2) == T_REJECTED || !t_can_gre(t))
		t_pass(t);
	g = t_gre(c);
	before = t_packets(g);
	t_traffic(g, 5, 64, 20, true);
	t_sleep(t, 2);
	T_CHECK(t, t_packets(g) > before, "after a second reply the tunnel no longer has the first Call ID");
	t_pass(t);
}

static void pns_strays(struct tester *t)
{
	struct t_call *c = t_out_up(t_cc_up(t), NULL);
	struct t_link *l = c->link;

	t_send(l, CTRL_CDN, "call_id", (int64_t)(c->own_id ^ 0xffff), "result_code", INT64_C(1), NULL);
	t_sleep(t, 0.3);
	if (!t_is_closed(l))
		t_send(l, CTRL_WEN, "peer_call_id", (int64_t)(c->dut_id ^ 0xffff), NULL);
	t_sleep(t, 0.3);
	if (!t_is_closed(l))
		t_send(l, CTRL_ICCN, "peer_call_id", (int64_t)c->dut_id, NULL);
	if (settle(l, 0, 2) == T_REJECTED) {
		t_note(t, "the device closes after a message for an unknown call");
		t_pass(t);
	}
	T_CHECK(t, !t_count(l, CTRL_CCRQ), "the device clears the live call");
	user_hangs_up(t, c);
	cdn(c, 4, 0);
	t_pass(t);
}

static void pns_data(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	size_t n;

	t_gre_watch(t);
	dial(t, l, NULL);
	n = t_gre_stray(t, 10);
	T_CHECK(t, !n, "%zu tunnel packets before the call was answered", n);
	t_pass(t);
}

#define DIALS "Has the device place a call and reads its request."
#define REQUESTS "Requests a call and reads the reply."
#define ZERO "The reserved field is zero."

const struct test_case suite_outgoing[] = {
	{ RULE_OCRQ_LEN_01, request_read, 0, "dut-dial", DIALS, "Length is 168.", NULL },
	{ RULE_OCRQ_RSVD0_01, request_read, 0, "dut-dial", DIALS, ZERO, NULL },
	{ RULE_OCRQ_RSVD1_01, request_read, 0, "dut-dial", DIALS, ZERO, NULL },
	{ RULE_OCRQ_CALLID_01, request_ids, 0, "dut-dial", "Has the device place two calls.",
	  "They have different Call IDs.", NULL },
	{ RULE_OCRQ_SERIAL_01, request_serials, TEST_ALONE, "dut-dial",
	  "Has the device place ten calls, with a restart after the fifth.", "Ten different serial numbers.",
	  NULL },
	{ RULE_OCRQ_BPS_01, request_read, 0, "dut-dial", DIALS, "Minimum BPS is not above Maximum BPS.",
	  NULL },
	{ RULE_OCRQ_BPS_02, request_read, 0, "dut-dial", DIALS, "Maximum BPS is not 0.", NULL },
	{ RULE_OCRQ_BPS_03, bad_speeds, 0, NULL, "Requests a call with Minimum BPS above Maximum BPS.",
	  "It is refused.", NULL },
	{ RULE_OCRQ_BEARER_01, request_read, 0, "dut-dial", DIALS, "Bearer Type is 1, 2 or 3.", NULL },
	{ RULE_OCRQ_BEARER_02, request_bearer, 0, "dut-dial",
	  "Announces digital bearers only and has the device place a call.", "Bearer Type is 2 or 3.", NULL },
	{ RULE_OCRQ_BEARER_03, bad_bearer, 0, NULL, "Requests calls with Bearer Types 0, 4 and 0xFFFFFFFF.",
	  "They are refused.", NULL },
	{ RULE_OCRQ_FRAMING_01, request_read, 0, "dut-dial", DIALS, "Framing Type is 1, 2 or 3.", NULL },
	{ RULE_OCRQ_FRAMING_02, request_framing, 0, "dut-dial",
	  "Announces asynchronous framing only and has the device place a call.", "Framing Type is 1 or 3.",
	  NULL },
	{ RULE_OCRQ_FRAMING_03, bad_framing, 0, NULL,
	  "Requests calls with Framing Types 0, 4 and 0xFFFFFFFF.", "They are refused.", NULL },
	{ RULE_OCRQ_WINDOW_01, request_read, 0, "dut-dial", DIALS, "The window is not 0.", NULL },
	{ RULE_OCRQ_PPD_01, request_read, 0, "dut-dial", DIALS, "The delay is at most 1 s.", NULL },
	{ RULE_OCRQ_PHONELEN_01, request_read, 0, "dut-dial", DIALS, "Phone Number Length is at most 64.",
	  NULL },
	{ RULE_OCRQ_PHONELEN_02, request_read, 0, "dut-dial", DIALS, "Length and number agree.", NULL },
	{ RULE_OCRQ_PHONELEN_03, bad_length, 0, NULL, "Requests calls with Phone Number Length 65 and 65535.",
	  "They are refused, or at most 64 digits are dialled.", NULL },
	{ RULE_OCRQ_PHONEASCII_01, request_ascii, 0, "dut-dial", "Has the device dial '+49 (30) 1234-567'.",
	  "The number is printable ASCII.", NULL },
	{ RULE_OCRQ_PHONEPAD_01, request_read, 0, "dut-dial", DIALS, "Zeros follow the number.", NULL },
	{ RULE_OCRQ_SUBADDR_01, request_read, 0, "dut-dial", DIALS, "Zeros follow the subaddress.", NULL },
	{ RULE_OCRP_LEN_01, reply_read, 0, NULL, REQUESTS, "Length is 32.", NULL },
	{ RULE_OCRP_RSVD0_01, reply_read, 0, NULL, REQUESTS, ZERO, NULL },
	{ RULE_OCRP_CALLID_01, reply_ids, 0, NULL, "Requests two calls.", "They have different Call IDs.",
	  NULL },
	{ RULE_OCRP_PEER_01, reply_peers, 0, NULL, "Requests three calls before any reply.",
	  "The replies carry the Call IDs of the requests.", NULL },
	{ RULE_OCRP_RESULT_01, reply_read, 0, NULL, REQUESTS, "Result Code is 1 to 7.", NULL },
	{ RULE_OCRP_RESULT_02, result_no_carrier, 0, "dut-telco", "Calls a number that a voice answers.",
	  "Result 3, Error 0.", NULL },
	{ RULE_OCRP_RESULT_03, result_busy, 0, "dut-telco", "Calls a busy number.", "Result 4, Error 0.",
	  NULL },
	{ RULE_OCRP_RESULT_04, result_no_dialtone, 0, "dut-telco", "Calls while the line has no dial tone.",
	  "Result 5, Error 0.", NULL },
	{ RULE_OCRP_RESULT_05, result_no_answer, TEST_WAITS, "dut-telco",
	  "Calls a number that nobody answers.", "Result 6, Error 0, and the line is released.", NULL },
	{ RULE_OCRP_RESULT_06, result_barred, TEST_ALONE, "dut-config", "Has a number barred and calls it.",
	  "Result 7, Error 0.", NULL },
	{ RULE_OCRP_ERR_01, reply_read, 0, NULL, REQUESTS, "Error Code is 0.", NULL },
	{ RULE_OCRP_ERR_02, reply_bad_value, 0, NULL, "Requests a call with Bearer Type 9.",
	  "Where Result is 2, Error is 3.", NULL },
	{ RULE_OCRP_CAUSE_01, reply_read, 0, NULL, REQUESTS, "Cause Code is 0.", NULL },
	{ RULE_OCRP_CAUSE_02, cause_unallocated, 0, "dut-telco", "Calls an ISDN number that does not exist.",
	  "It fails with Cause Code 1.", NULL },
	{ RULE_OCRP_SPEED_01, reply_speed, 0, NULL, "Requests a call between 9600 and 57600 bit/s.",
	  "Connect Speed is between them.", NULL },
	{ RULE_OCRP_SPEED_02, reply_read, 0, NULL, REQUESTS, "Connect Speed is not 0.", NULL },
	{ RULE_OCRP_WINDOW_01, reply_read, 0, NULL, REQUESTS, "The window is not 0.", NULL },
	{ RULE_OCRP_PPD_01, reply_delay, 0, NULL, REQUESTS, "The delay fits window and speed.", NULL },
	{ RULE_OCRP_PHYS_01, reply_channel, 0, "dut-dial",
	  "Answers the device's calls with Physical Channel IDs 0, 1 and 0xFFFFFFFF.", "Each call is used.",
	  NULL },
	{ RULE_OCRP_ONE_01, reply_once, 0, NULL, "Requests one call.", "One reply.", NULL },
	{ RULE_PACOUT_IDLE_01, pac_idle, 0, "dut-telco", "Calls a number that is answered after some time.",
	  "The reply comes when it is answered.", NULL },
	{ RULE_PACOUT_IDLE_02, pac_bad_requests, 0, NULL,
	  "Requests calls with Bearer Type 0, with speeds the wrong way round, and with 65 digits.",
	  "Each is refused with Error 3; a correct one succeeds.", NULL },
	{ RULE_PACOUT_REPLY_01, pac_replies, TEST_WAITS, "dut-telco",
	  "Calls numbers that answer, are busy, ring for ever, and one without dial tone.", "One reply each.",
	  NULL },
	{ RULE_PACOUT_WAIT_01, pac_busy, 0, "dut-telco", "Calls a busy number, then another one.",
	  "Result 4, no Call-Disconnect-Notify, and the next call works.", NULL },
	{ RULE_PACOUT_WAIT_02, pac_rings_out, TEST_WAITS, "dut-telco", "Calls a number that nobody answers.",
	  "A failing reply within 300 s.", NULL },
	{ RULE_PACOUT_WAIT_03, pac_answers, 0, "dut-telco", "Calls a number that answers.",
	  "Result 1 with a speed, and PPP comes through.", NULL },
	{ RULE_PACOUT_WAIT_04, pac_aborted, 0, "dut-telco", "Clears a call that still rings.",
	  "Call-Disconnect-Notify within 5 s, no reply after it.", NULL },
	{ RULE_PACOUT_EST_01, pac_cleared, 0, NULL, "Clears a call.",
	  "Call-Disconnect-Notify, and the line is released.", NULL },
	{ RULE_PACOUT_EST_02, pac_far_end, 0, "dut-telco", "Has the far end hang up.",
	  "Call-Disconnect-Notify within 5 s.", NULL },
	{ RULE_PACOUT_EST_03, pac_operator, 0, "dut-hangup", "Has the device's operator clear the call.",
	  "Call-Disconnect-Notify with Result 3.", NULL },
	{ RULE_PACOUT_ILLEGAL_01, pac_unasked, 0, NULL, "Requests no call.", "No Outgoing-Call-Reply.",
	  NULL },
	{ RULE_PACOUT_ILLEGAL_02, pac_one_reply, 0, "dut-telco",
	  "Calls a number that is answered after some time.", "One reply in all.", NULL },
	{ RULE_PACOUT_ILLEGAL_03, pac_wrong_clear, 0, NULL,
	  "Sends Call-Clear-Requests for unknown calls, then two for the live one.",
	  "Only the right one clears the call, once.", NULL },
	{ RULE_PACOUT_ERRCODE_01, pns_error_code, 0, "dut-dial",
	  "Answers the device's calls with Result 4 and Errors 0 "
	  "and 1.",
	  "Both are failures, and the next call is placed.", NULL },
	{ RULE_PACOUT_DATA_01, pac_data, TEST_GRE, NULL,
	  "Requests a call, clears it, and records the tunnel.",
	  "Packets only between Outgoing-Call-Reply and Call-Disconnect-Notify.", NULL },
	{ RULE_PNSOUT_IDLE_01, pns_requests, 0, "dut-dial", "Has the device place a call.",
	  "One request with number, speeds and window.", NULL },
	{ RULE_PNSOUT_WR_01, pns_refused, 0, "dut-dial", "Refuses the device's calls with Results 2 to 7.",
	  "Each time another call can be placed.", NULL },
	{ RULE_PNSOUT_WR_02, pns_accepted, TEST_GRE, "dut-dial", "Accepts the device's call.",
	  "PPP comes with the tester's Call ID.", NULL },
	{ RULE_PNSOUT_WR_03, pns_aborts, 0, "dut-dial dut-hangup",
	  "Has the user give up a call that is not answered.",
	  "Call-Clear-Request with the Call ID of the request.", NULL },
	{ RULE_PNSOUT_WR_04, pns_wrong_reply, 0, "dut-dial",
	  "Answers with another Peer's Call ID, and rightly 5 s later.", "The right one completes the call.",
	  NULL },
	{ RULE_PNSOUT_EST_01, pns_disconnected, 0, "dut-dial", "Disconnects the call.",
	  "No Call-Clear-Request, and the tunnel falls silent.", NULL },
	{ RULE_PNSOUT_EST_02, pns_hangs_up, 0, "dut-dial dut-hangup", "Has the user hang up.",
	  "Call-Clear-Request with the Call ID of the request.", NULL },
	{ RULE_PNSOUT_WD_01, pns_waits, TEST_WAITS, "dut-dial dut-hangup",
	  "Has the user hang up and answers after 10 s.", "The device waits.", NULL },
	{ RULE_PNSOUT_WD_02, pns_crossing, TEST_WAITS, "dut-dial dut-hangup",
	  "Lets the user's giving up cross an acceptance, and a refusal.", "No PPP, and no call is stuck.",
	  NULL },
	{ RULE_PNSOUT_ILLEGAL_01, pns_unasked, 0, "dut-dial",
	  "Sends replies that nobody asked for, and a second one for a live call.",
	  "They are discarded or refused; the tunnel keeps the first Call ID.", NULL },
	{ RULE_PNSOUT_ILLEGAL_02, pns_strays, 0, "dut-dial dut-hangup",
	  "Sends Call-Disconnect-Notify and WAN-Error-Notify for unknown calls, and an "
	  "Incoming-Call-Connected.",
	  "The call stays, or the device closes.", NULL },
	{ RULE_PNSOUT_DATA_01, pns_data, TEST_GRE, "dut-dial",
	  "Leaves the device's call unanswered for 10 s.", "No tunnel packet.", NULL },
	{ .run = NULL },
};
