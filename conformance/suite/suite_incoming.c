/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Active tests of incoming calls: Incoming-Call-Request, -Reply and -Connected, and the machines of both
 * sides (RFC 2637 sections 2.9 to 2.11 and 3.2.3).
 */
#include "conformance/suite/suite_private.h"

/* --- the PAC's request ------------------------------------------------------------------------- */

static void refuse(struct t_link *l, const struct ctrl_msg *icrq, int64_t result, int64_t error)
{
	t_send(l, CTRL_ICRP, "peer_call_id", t_field(icrq, "call_id"), "result_code", result, "error_code",
	       error, NULL);
}

static void request_read(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	refuse(l, ring(t, l, NULL, NULL), 3, 0);
	t_sleep(t, 0.3);
	t_pass(t);
}

static void request_numbers(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	refuse(l, ring(t, l, "5551234", "5559876"), 3, 0);
	t_sleep(t, 0.3);
	t_pass(t);
}

static void request_ids(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	int64_t one = t_field(ring(t, l, NULL, NULL), "call_id"),
		two = t_field(ring(t, l, NULL, NULL), "call_id");

	T_CHECK(t, one != two, "two calls have the Call ID %lld", (long long)one);
	t_pass(t);
}

static void request_serials(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	int64_t serial[10];

	for (unsigned i = 0; i < 10; i++) {
		const struct ctrl_msg *m = ring(t, l, NULL, NULL);

		serial[i] = t_field(m, "call_serial_number");
		for (unsigned k = 0; k < i; k++)
			T_CHECK(t, serial[i] != serial[k], "calls %u and %u have the serial number %lld",
				k + 1, i + 1, (long long)serial[i]);
		refuse(l, m, 3, 0);
		t_sleep(t, 0.2);
	}
	t_pass(t);
}

/* The Call Bearer Type of a call that rings this way. */
static int64_t bearer_of(struct tester *t, struct t_link *l, const char *bearer)
{
	const struct ctrl_msg *m;
	int64_t type;

	m = ring(t, l, bearer, NULL);
	type = t_field(m, "call_bearer_type");
	refuse(l, m, 3, 0);
	t_sleep(t, 0.3);
	return type;
}

static void request_analog(struct tester *t)
{
	int64_t type = bearer_of(t, t_cc_up(t), "bearer=analog");

	T_CHECK(t, type == 1, "Call Bearer Type %lld for an analog call", (long long)type);
	t_pass(t);
}

static void request_digital(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	int64_t type = bearer_of(t, l, "bearer=digital");

	T_CHECK(t, type == 2, "Call Bearer Type %lld for a digital call", (long long)type);
	type = bearer_of(t, l, "bearer=analog");
	T_CHECK(t, type == 1, "Call Bearer Type %lld for an analog call", (long long)type);
	t_pass(t);
}

/* --- requests to a PNS --------------------------------------------------------------------------- */

static void pns_channels(struct tester *t)
{
	static const int64_t channels[] = { 0, 0xffffffff };
	struct t_link *l = t_cc_up(t);
	int64_t result[2];

	offer(t, l, t_new_id(t));
	for (unsigned i = 0; i < 2; i++) {
		t_send(l, CTRL_ICRQ, "physical_channel_id", channels[i], NULL);
		result[i] = t_field(t_need(l, CTRL_ICRP, 10), "result_code");
	}
	T_CHECK(t, result[0] == result[1],
		"Physical Channel ID 0 gets Result %lld and 0xFFFFFFFF Result %lld", (long long)result[0],
		(long long)result[1]);
	t_pass(t);
}

static void pns_lengths(struct tester *t)
{
	static const char *const fields[][2] = { { "dialed_number", "dialed_number_length" },
						 { "dialing_number", "dialing_number_length" } };
	static const int64_t lengths[] = { 65, 65535 };
	char digits[65];

	memset(digits, '5', 64);
	digits[64] = '\0';
	for (unsigned i = 0; i < 4; i++) {
		struct t_link *l = t_cc_up(t);

		if (!i)
			offer(t, l, t_new_id(t));
		t_send(l, CTRL_ICRQ, fields[i / 2][0], digits, fields[i / 2][1], lengths[i % 2], NULL);
		if (settle(l, CTRL_ICRP, 15) == T_ACCEPTED)
			t_note(t, "a %s of %lld is accepted", fields[i / 2][1], (long long)lengths[i % 2]);
		t_close(l);
	}
	t_still_works(t);
	t_pass(t);
}

static void pns_no_numbers(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	const struct ctrl_msg *m;

	offer(t, l, t_new_id(t));
	t_send(l, CTRL_ICRQ, "dialed_number", "", "dialed_number_length", INT64_C(0), "dialing_number", "",
	       "dialing_number_length", INT64_C(0), NULL);
	m = t_need(l, CTRL_ICRP, 10);
	T_CHECK(t,
		t_field(m, "result_code") != 2 || t_field(m, "error_code") == 4 ||
			t_field(m, "error_code") == 6,
		"a call without numbers is refused with Error %lld", (long long)t_field(m, "error_code"));
	t_pass(t);
}

static void pns_bad_bearer(struct tester *t)
{
	static const int64_t types[] = { 0, 3, 4 };

	for (unsigned i = 0; i < 3; i++) {
		struct t_link *l = t_cc_up(t);
		char what[48];

		if (!i)
			offer(t, l, t_new_id(t));
		snprintf(what, sizeof(what), "Call Bearer Type %lld", (long long)types[i]);
		t_send(l, CTRL_ICRQ, "call_bearer_type", types[i], NULL);
		need_refusal(t, l, 3, 3, what);
		t_close(l);
	}
	t_pass(t);
}

/* --- the PNS's reply -------------------------------------------------------------------------------- */

static void reply_read(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	if (t_ignores_calls(l, false))
		t_unsupported(t, "%s", NO_INCOMING);
	t_send(l, CTRL_ICRQ, NULL);
	obtain(l, CTRL_ICRP, 10);
	t_sleep(t, 0.2);
	t_pass(t);
}

static void reply_ids(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	int64_t one = t_field(offer(t, l, t_new_id(t)), "call_id"),
		two = t_field(offer(t, l, t_new_id(t)), "call_id");

	T_CHECK(t, one != two, "two calls have the Call ID %lld", (long long)one);
	t_pass(t);
}

static void reply_peers(struct tester *t)
{
	static const int64_t ids[] = { 1, 0x8000, 0xffff };
	struct t_link *l = t_cc_up(t);
	unsigned seen = 0;

	offer(t, l, t_new_id(t));
	for (unsigned i = 0; i < 3; i++)
		t_send(l, CTRL_ICRQ, "call_id", ids[i], NULL);
	for (unsigned i = 0; i < 3; i++) {
		int64_t peer = t_field(t_need(l, CTRL_ICRP, t_scaled(t, 60)), "peer_call_id");

		for (unsigned k = 0; k < 3; k++)
			if (peer == ids[k])
				seen |= 1u << k;
	}
	T_CHECK(t, seen == 7, "three replies do not carry the three Call IDs asked for");
	t_pass(t);
}

static void reply_bad_value(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	t_send(l, CTRL_ICRQ, "call_bearer_type", INT64_C(9), NULL);
	need_refusal(t, l, 3, 3, "Call Bearer Type 9");
	t_pass(t);
}

static void reply_once(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	t_send(l, CTRL_ICRQ, NULL);
	t_need(l, CTRL_ICRP, t_scaled(t, 60) < 15 ? t_scaled(t, 60) : 15);
	T_CHECK(t, t_none(l, CTRL_ICRP, 5), "two replies to one request");
	t_pass(t);
}

/* --- connected ---------------------------------------------------------------------------------------- */

static void connected_read(struct tester *t)
{
	t_in_up(t_cc_up(t), NULL);
	t_sleep(t, 0.3);
	t_pass(t);
}

static void connected_peer(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	const struct ctrl_msg *m = ring(t, l, NULL, NULL);

	t_send(l, CTRL_ICRP, "call_id", INT64_C(0xa55a), "peer_call_id", t_field(m, "call_id"), NULL);
	m = t_need(l, CTRL_ICCN, t_scaled(t, 60));
	T_CHECK(t, t_field(m, "peer_call_id") == 0xa55a, "Peer's Call ID 0x%llx",
		(unsigned long long)t_field(m, "peer_call_id"));
	t_pass(t);
}

/* Accepts the call with this ICRQ under the Call ID, and takes the ICCN. */
static const struct ctrl_msg *accept_call(struct tester *t, struct t_link *l, const struct ctrl_msg *icrq,
					  uint16_t call_id)
{
	t_send(l, CTRL_ICRP, "call_id", (int64_t)call_id, "peer_call_id", t_field(icrq, "call_id"), NULL);
	return t_need(l, CTRL_ICCN, t_scaled(t, 60));
}

static void connected_speed(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	const struct ctrl_msg *m = accept_call(t, l, ring(t, l, "bearer=analog", "speed=28800"), t_new_id(t));

	T_CHECK(t, t_field(m, "connect_speed") == 28800, "Connect Speed %lld on a line of 28800 bit/s",
		(long long)t_field(m, "connect_speed"));
	t_pass(t);
}

static void connected_framing(struct tester *t)
{
	uint16_t id = t_new_id(t);
	struct t_link *l = t_cc_up(t);
	int64_t peer = t_field(offer(t, l, id), "call_id");

	t_send(l, CTRL_ICCN, "peer_call_id", peer, "framing_type", INT64_C(7), NULL);
	if (settle(l, 0, 3) == T_IGNORED && !t_count(l, CTRL_CCRQ))
		t_fail(t, "a call of Framing Type 7 is used");
	t_pass(t);
}

/* --- the PAC's machine ---------------------------------------------------------------------------------- */

static void pac_rings(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	t_hook(t, "dut-ring", NULL);
	T_CHECK(t, t_get(l, CTRL_ICRQ, 5), "no Incoming-Call-Request within 5 s of the ring");
	T_CHECK(t, t_none(l, CTRL_ICRQ, 2), "two requests for one call");
	t_pass(t);
}

static bool has_event(const char *status, const char *what)
{
	return strstr(status, what) != NULL;
}

static void pac_waits(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	const char *status;

	ring(t, l, NULL, NULL);
	T_CHECK(t, t_none(l, CTRL_ICCN, t_scaled(t, 20)), "an Incoming-Call-Connected before the reply");
	status = t_hook(t, "dut-telco", "status", NULL);
	if (has_event(status, "\"connected\"") || has_event(status, "\"training\"") ||
	    has_event(status, "off-hook"))
		t_fail(t, "the line is answered before the Incoming-Call-Reply");
	t_pass(t);
}

static void pac_refused(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	for (int64_t result = 3; result >= 2; result--) {
		refuse(l, ring(t, l, NULL, NULL), result, result == 2 ? 4 : 0);
		T_CHECK(t, t_none(l, CTRL_ICCN, 3), "a call refused with Result %lld is connected",
			(long long)result);
		if (t_count(l, CTRL_CDN))
			t_note(t, "a Call-Disconnect-Notify for a call that was refused");
		need_released(t);
	}
	t_pass(t);
}

static void pac_connects(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	const struct ctrl_msg *m = accept_call(t, l, ring(t, l, "bearer=analog", "speed=33600"), t_new_id(t));

	T_CHECK(t, t_field(m, "connect_speed") == 33600, "Connect Speed %lld on a line of 33600 bit/s",
		(long long)t_field(m, "connect_speed"));
	t_pass(t);
}

/* The caller has hung up: one CDN for the PAC's Call ID, and no ICCN. */
static void need_given_up(struct tester *t, struct t_link *l, int64_t id)
{
	const struct ctrl_msg *m = t_need(l, CTRL_CDN, 5);

	T_CHECK(t, t_field(m, "call_id") == id,
		"Call ID %lld in Call-Disconnect-Notify, the request had %lld",
		(long long)t_field(m, "call_id"), (long long)id);
	T_CHECK(t, t_none(l, CTRL_ICCN, 2), "an Incoming-Call-Connected after Call-Disconnect-Notify");
}

static void pac_caller_gives_up(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	int64_t id = t_field(ring(t, l, NULL, NULL), "call_id");

	t_hook(t, "dut-telco", "hangup", NULL);
	need_given_up(t, l, id);
	t_hook(t, "dut-telco", "answer", "slow", NULL);
	id = t_field(ring(t, l, NULL, NULL), "call_id");
	t_send(l, CTRL_ICRP, "peer_call_id", id, NULL);
	t_sleep(t, 0.3);
	t_hook(t, "dut-telco", "hangup", NULL);
	need_given_up(t, l, id);
	t_try_hook(t, "dut-telco", "answer", "ok", NULL);
	t_pass(t);
}

static void pac_cleared_at_once(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	uint16_t own = t_new_id(t);
	const struct ctrl_msg *m;
	int64_t id;

	t_hook(t, "dut-telco", "answer", "slow", NULL);
	id = t_field(ring(t, l, NULL, NULL), "call_id");
	t_cork(l);
	t_send(l, CTRL_ICRP, "call_id", (int64_t)own, "peer_call_id", id, NULL);
	t_send(l, CTRL_CCRQ, "call_id", (int64_t)own, NULL);
	t_uncork(l);
	m = t_need(l, CTRL_CDN, 10);
	T_CHECK(t, t_field(m, "result_code") == 4, "Result %lld in Call-Disconnect-Notify",
		(long long)t_field(m, "result_code"));
	if (t_count(l, CTRL_ICCN))
		t_warn(t, "the call was connected before it was cleared");
	T_CHECK(t, t_none(l, CTRL_ICCN, 2), "an Incoming-Call-Connected after Call-Disconnect-Notify");
	t_try_hook(t, "dut-telco", "answer", "ok", NULL);
	t_pass(t);
}

static const struct ctrl_msg *need_cdn(struct tester *t, struct t_link *l, int64_t result)
{
	const struct ctrl_msg *m = t_need(l, CTRL_CDN, 5);

	T_CHECK(t, t_field(m, "result_code") == result, "Result %lld in Call-Disconnect-Notify",
		(long long)t_field(m, "result_code"));
	return m;
}

static void pac_caller_hangs_up(struct tester *t)
{
	struct t_call *c = t_in_up(t_cc_up(t), NULL);
	struct t_gre *g = t_can_gre(t) ? t_gre(c) : NULL;

	if (g && t_has_hook(t, "dut-traffic"))
		t_traffic(g, 0, 64, 50, false);
	t_sleep(t, 0.5);
	t_hook(t, "dut-telco", "hangup", NULL);
	need_cdn(t, c->link, 1);
	if (g)
		need_silence(t, g, 1, "Call-Disconnect-Notify");
	t_pass(t);
}

static void pac_cleared(struct tester *t)
{
	struct t_call *c = t_in_up(t_cc_up(t), NULL);

	t_send(c->link, CTRL_CCRQ, "call_id", (int64_t)c->own_id, NULL);
	need_cdn(t, c->link, 4);
	need_released(t);
	t_pass(t);
}

static void pac_operator(struct tester *t)
{
	struct t_call *c = t_in_up(t_cc_up(t), NULL);

	t_hook(t, "dut-hangup", NULL);
	need_cdn(t, c->link, 3);
	need_released(t);
	t_pass(t);
}

static void pac_not_yet(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	ring(t, l, NULL, NULL);
	T_CHECK(t, t_none(l, CTRL_ICCN, t_scaled(t, 20)), "an Incoming-Call-Connected before the reply");
	t_pass(t);
}

static void pac_connects_once(struct tester *t)
{
	struct t_call *c = t_in_up(t_cc_up(t), NULL);

	T_CHECK(t, t_none(c->link, CTRL_ICCN, 5), "two Incoming-Call-Connected for one call");
	t_pass(t);
}

static void pac_stray_replies(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	struct t_call *c;

	t_send(l, CTRL_ICRP, "call_id", (int64_t)t_new_id(t), "peer_call_id", INT64_C(0x7abc), NULL);
	if (settle(l, 0, 2) == T_REJECTED)
		l = t_cc_up(t);
	T_CHECK(t, !t_count(l, CTRL_ICCN),
		"a reply that nobody asked for is met with Incoming-Call-Connected");
	c = t_in_up(l, NULL);
	for (int64_t result = 1; result <= 3 && !t_is_closed(l); result += 2) {
		t_send(l, CTRL_ICRP, "call_id", (int64_t)c->own_id, "peer_call_id", (int64_t)c->dut_id,
		       "result_code", result, NULL);
		if (settle(l, 0, 2) == T_REJECTED)
			break;
		T_CHECK(t, t_count(l, CTRL_ICCN) == 1,
			"a repeated reply is met with another Incoming-Call-Connected");
		T_CHECK(t, !t_count(l, CTRL_CDN), "a repeated reply with Result %lld ends the call",
			(long long)result);
	}
	t_pass(t);
}

static void pac_data(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	const struct ctrl_msg *m = ring(t, l, NULL, NULL);
	struct t_call *c = t_call_of(l, true, t_new_id(t), (uint16_t)t_field(m, "call_id"));
	struct t_gre *g = t_gre(c);
	double up;

	accept_call(t, l, m, c->own_id);
	up = t_message_time(l);
	for (size_t i = 0; i < t_packets(g); i++)
		T_CHECK(t, t_packet(g, i)->time > up - 0.05 || !(t_packet(g, i)->flags & GRE_S),
			"a data packet %.2f s before Incoming-Call-Connected", up - t_packet(g, i)->time);
	t_traffic(g, 0, 64, 50, false);
	t_sleep(t, 1);
	t_send(l, CTRL_CCRQ, "call_id", (int64_t)c->own_id, NULL);
	t_need(l, CTRL_CDN, 10);
	need_silence(t, g, 1, "Call-Disconnect-Notify");
	t_pass(t);
}

static void pac_crossing(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	int64_t id = t_field(ring(t, l, NULL, NULL), "call_id");

	t_hook(t, "dut-telco", "hangup", NULL);
	t_need(l, CTRL_CDN, 5);
	t_send(l, CTRL_ICRP, "call_id", (int64_t)t_new_id(t), "peer_call_id", id, NULL);
	T_CHECK(t, t_none(l, CTRL_ICCN, 3), "the late reply connects the call");
	T_CHECK(t, t_count(l, CTRL_CDN) == 1, "two Call-Disconnect-Notify for one call");
	T_CHECK(t, !t_is_closed(l),
		"the device closes after a reply that crossed its Call-Disconnect-Notify");
	t_pass(t);
}

/* --- the PNS's machine ------------------------------------------------------------------------------------
 */

static void pns_accepts(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	const struct ctrl_msg *m;

	t_send(l, CTRL_ICRQ, NULL);
	m = t_need(l, CTRL_ICRP, 10);
	if (t_field(m, "result_code") != 1)
		t_unsupported(t, "the device takes no incoming call: Result %lld, Error %lld",
			      (long long)t_field(m, "result_code"), (long long)t_field(m, "error_code"));
	T_CHECK(t, t_field(m, "error_code") == 0, "Error %lld with Result 1", (long long)t_field(m, "error_code"));
	t_pass(t);
}

static void pns_refuses(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	const struct ctrl_msg *m;
	int64_t result, id;

	t_hook(t, "dut-config", "refuse-number=5550199", NULL);
	t_send(l, CTRL_ICRQ, "dialing_number", "5550199", "dialing_number_length", INT64_C(7), NULL);
	m = t_need(l, CTRL_ICRP, 10);
	result = t_field(m, "result_code");
	id = t_field(m, "call_id");
	t_try_hook(t, "dut-config", "reset", NULL);
	T_CHECK(t, result != 1, "a call from a number that is to be refused is accepted");
	t_send(l, CTRL_ICCN, "peer_call_id", id, NULL);
	T_CHECK(t, settle(l, 0, 2) != T_IGNORED || t_alive(l),
		"after Incoming-Call-Connected for a refused call the "
		"device hangs");
	t_pass(t);
}

/* An incoming call up to and with the ICCN, as the tester's own. */
static struct t_call *connect_call(struct tester *t, struct t_link *l)
{
	uint16_t id = t_new_id(t);
	struct t_call *c = t_call_of(l, true, id, (uint16_t)t_field(offer(t, l, id), "call_id"));

	t_send(l, CTRL_ICCN, "peer_call_id", (int64_t)c->dut_id, NULL);
	return c;
}

static void pns_ppp(struct tester *t)
{
	struct t_gre *g = t_gre(connect_call(t, t_cc_up(t)));

	T_CHECK(t, t_lcp_open(g, 15), "LCP does not open on an incoming call");
	t_pass(t);
}

static void cdn(struct t_link *l, uint16_t id, int64_t result)
{
	t_send(l, CTRL_CDN, "call_id", (int64_t)id, "result_code", result, NULL);
}

static void pns_caller_gives_up(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	uint16_t own = t_new_id(t);
	int64_t id = t_field(offer(t, l, own), "call_id");
	size_t n = 0;

	cdn(l, own, 1);
	t_sleep(t, 0.3);
	t_send(l, CTRL_ICCN, "peer_call_id", id, NULL);
	if (t_can_gre(t))
		n = t_gre_stray(t, 3);
	else
		t_sleep(t, 1);
	T_CHECK(t, !n, "PPP on a call that was over before it was connected");
	T_CHECK(t, !t_count(l, CTRL_CCRQ), "a Call-Clear-Request for a call that is over");
	if (settle(l, 0, 1) == T_REJECTED)
		l = t_cc_up(t);
	offer(t, l, t_new_id(t));
	t_pass(t);
}

static void pns_aborts(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	uint16_t own = t_new_id(t);
	int64_t id = t_field(offer(t, l, own), "call_id");
	const struct ctrl_msg *m;

	t_hook(t, "dut-hangup", NULL);
	m = t_get(l, CTRL_CCRQ, 10);
	if (!m) {
		T_CHECK(t, t_is_closed(l) || t_count(l, CTRL_STOPRQ),
			"the operator's clearing has no effect");
		t_note(t, "the device ends the control connection rather than the call");
		t_pass(t);
	}
	T_CHECK(t, t_field(m, "call_id") == id, "Call ID %lld, the reply had %lld",
		(long long)t_field(m, "call_id"), (long long)id);
	cdn(l, own, 4);
	t_sleep(t, 0.3);
	T_CHECK(t, !t_is_closed(l), "the device closes after Call-Disconnect-Notify");
	t_pass(t);
}

static void pns_disconnected(struct tester *t)
{
	struct t_call *c = t_in_up(t_cc_up(t), NULL);
	struct t_gre *g = t_can_gre(t) ? t_gre(c) : NULL;
	uint64_t octets;

	if (g && t_has_hook(t, "dut-traffic"))
		t_traffic(g, 0, 64, 50, false);
	t_sleep(t, 0.5);
	octets = t_octets_in(c->link);
	cdn(c->link, c->own_id, 1);
	if (g)
		need_silence(t, g, 1, "Call-Disconnect-Notify");
	T_CHECK(t, t_none(c->link, 0, 2) && t_octets_in(c->link) == octets,
		"the device answers a Call-Disconnect-Notify");
	t_pass(t);
}

/* The operator ends the call: its CCRQ. */
static void need_clear(struct tester *t, struct t_call *c)
{
	const struct ctrl_msg *m;

	m = hung_up(c->link);
	T_CHECK(t, t_field(m, "call_id") == c->dut_id, "Call ID %lld, the reply had %u",
		(long long)t_field(m, "call_id"), c->dut_id);
}

static void pns_hangs_up(struct tester *t)
{
	struct t_call *c = t_in_up(t_cc_up(t), NULL);

	need_clear(t, c);
	T_CHECK(t, t_none(c->link, CTRL_CCRQ, 2), "two Call-Clear-Requests for one call");
	cdn(c->link, c->own_id, 4);
	t_sleep(t, 0.3);
	t_pass(t);
}

static void pns_waits(struct tester *t)
{
	struct t_call *c = t_in_up(t_cc_up(t), NULL);
	int64_t id;

	need_clear(t, c);
	t_sleep(t, t_scaled(t, 10));
	id = t_field(offer(t, c->link, t_new_id(t)), "call_id");
	T_CHECK(t, id != c->dut_id, "a new call gets the Call ID %lld of one that is not over yet",
		(long long)id);
	t_sleep(t, t_scaled(t, 10));
	T_CHECK(t, t_count(c->link, CTRL_CCRQ) == 1, "%u Call-Clear-Requests for one call",
		t_count(c->link, CTRL_CCRQ));
	cdn(c->link, c->own_id, 4);
	t_sleep(t, 0.3);
	t_pass(t);
}

static void pns_crossing(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	uint16_t own = t_new_id(t);
	struct t_call *c = t_call_of(l, true, own, (uint16_t)t_field(offer(t, l, own), "call_id"));
	size_t n = 0;

	need_clear(t, c);
	t_send(l, CTRL_ICCN, "peer_call_id", (int64_t)c->dut_id, NULL);
	if (t_can_gre(t))
		n = t_gre_stray(t, 2);
	T_CHECK(t, !n, "PPP on a call that was given up");
	T_CHECK(t, !t_is_closed(l),
		"the device closes after an Incoming-Call-Connected that crossed its request");
	cdn(l, own, 4);
	t_sleep(t, 0.5);
	T_CHECK(t, !t_is_closed(l), "the device closes after Call-Disconnect-Notify");
	t_pass(t);
}

static void pns_stray_connected(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	struct t_call *c;
	struct t_gre *g;
	size_t stray;
	uint32_t seq = 0;
	bool data = false;

	t_send(l, CTRL_ICCN, "peer_call_id", INT64_C(0x7abc), NULL);
	stray = t_can_gre(t) ? t_gre_stray(t, 2) : 0;
	T_CHECK(t, !stray, "an Incoming-Call-Connected for an unknown call starts PPP");
	if (settle(l, 0, 0.5) == T_REJECTED)
		l = t_cc_up(t);
	else
		T_CHECK(t, t_alive(l),
			"after an Incoming-Call-Connected for an unknown call the device hangs");
	c = t_in_up(l, NULL);
	g = t_can_gre(t) ? t_gre(c) : NULL;
	if (g)
		t_lcp_open(g, 5);
	t_send(l, CTRL_ICCN, "peer_call_id", (int64_t)c->dut_id, "connect_speed", INT64_C(9600), NULL);
	if (settle(l, 0, 2) == T_IGNORED)
		T_CHECK(t, t_alive(l), "after a second Incoming-Call-Connected the device hangs");
	for (size_t i = 0; g && i < t_packets(g); i++) {
		const struct t_packet *p = t_packet(g, i);

		if (!(p->flags & GRE_S))
			continue;
		T_CHECK(t, !data || p->seq > seq,
			"after a second Incoming-Call-Connected numbers begin again: %u follows %u", p->seq, seq);
		seq = p->seq;
		data = true;
	}
	t_pass(t);
}

static void pns_stray_disconnect(struct tester *t)
{
	struct t_call *c = t_in_up(t_cc_up(t), NULL);
	struct t_gre *g = t_can_gre(t) ? t_gre(c) : NULL;

	if (g)
		need_lcp(t, g);
	cdn(c->link, c->own_id ^ 0xffff, 1);
	t_sleep(t, 0.3);
	if (!t_is_closed(c->link) && c->dut_id != c->own_id)
		cdn(c->link, c->dut_id, 1);
	if (settle(c->link, 0, 2) == T_REJECTED) {
		t_note(t, "the device closes after a Call-Disconnect-Notify for an unknown call");
		t_pass(t);
	}
	if (g) {
		t_lcp_echo(g, 201);
		T_CHECK(t, t_lcp_echoed(g, 201, 5),
			"a Call-Disconnect-Notify for another call ended this one");
	}
	t_pass(t);
}

static void pns_data(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	uint16_t own = t_new_id(t);
	int64_t id;
	size_t n;

	t_gre_watch(t);
	id = t_field(offer(t, l, own), "call_id");
	n = t_gre_stray(t, t_scaled(t, 10));
	T_CHECK(t, !n, "%zu tunnel packets before Incoming-Call-Connected", n);
	t_send(l, CTRL_ICCN, "peer_call_id", id, NULL);
	t_sleep(t, 0.5);
	t_pass(t);
}

#define RINGS "Has a telephone call come in and reads the request."
#define CONNECTS "Accepts an incoming call and reads Incoming-Call-Connected."
#define OFFERS "Offers an incoming call and reads the reply."
#define ZERO "The reserved field is zero."

const struct test_case suite_incoming[] = {
	{ RULE_ICRQ_LEN_01, request_read, 0, "dut-ring", RINGS, "Length is 220.", NULL },
	{ RULE_ICRQ_RSVD0_01, request_read, 0, "dut-ring", RINGS, ZERO, NULL },
	{ RULE_ICRQ_CALLID_01, request_ids, 0, "dut-ring", "Has two calls come in.",
	  "They have different Call IDs.", NULL },
	{ RULE_ICRQ_SERIAL_01, request_serials, 0, "dut-ring", "Has ten calls come in, one after the other.",
	  "Ten different serial numbers.", NULL },
	{ RULE_ICRQ_BEARER_01, request_read, 0, "dut-ring", RINGS, "Call Bearer Type is 1 or 2.", NULL },
	{ RULE_ICRQ_BEARER_02, request_analog, 0, "dut-ring", "Has an analog call come in.",
	  "Call Bearer Type is 1.", NULL },
	{ RULE_ICRQ_BEARER_03, request_digital, 0, "dut-ring",
	  "Has a digital call come in, then an analog one.", "Call Bearer Type is 2, then 1.", NULL },
	{ RULE_ICRQ_PHYS_01, pns_channels, 0, NULL,
	  "Offers calls with Physical Channel IDs 0 and 0xFFFFFFFF.", "Both are answered alike.", NULL },
	{ RULE_ICRQ_DIALEDLEN_01, request_numbers, 0, "dut-ring", RINGS, "The length is at most 64.", NULL },
	{ RULE_ICRQ_DIALEDLEN_02, request_numbers, 0, "dut-ring", RINGS, "Length and number agree.", NULL },
	{ RULE_ICRQ_DIALEDASCII_01, request_numbers, 0, "dut-ring", RINGS, "The number is printable ASCII.",
	  NULL },
	{ RULE_ICRQ_DIALEDPAD_01, request_numbers, 0, "dut-ring", RINGS, "Zeros follow the number.", NULL },
	{ RULE_ICRQ_DIALINGLEN_01, request_numbers, 0, "dut-ring", RINGS, "The length is at most 64.", NULL },
	{ RULE_ICRQ_DIALINGLEN_02, request_numbers, 0, "dut-ring", RINGS, "Length and number agree.", NULL },
	{ RULE_ICRQ_DIALINGASCII_01, request_numbers, 0, "dut-ring", RINGS, "The number is printable ASCII.",
	  NULL },
	{ RULE_ICRQ_DIALINGPAD_01, request_numbers, 0, "dut-ring", RINGS, "Zeros follow the number.", NULL },
	{ RULE_ICRQ_NUMLEN_03, pns_lengths, 0, NULL, "Offers calls whose number lengths are 65 and 65535.",
	  "They are refused, or handled with at most 64 digits.", NULL },
	{ RULE_ICRQ_SUBADDR_01, request_read, 0, "dut-ring", RINGS, "Zeros follow the subaddress.", NULL },
	{ RULE_ICRQ_OPT_01, pns_no_numbers, 0, NULL, "Offers a call without any number.",
	  "It is answered, by whatever policy.", NULL },
	{ RULE_ICRQ_BEARER_04, pns_bad_bearer, 0, NULL, "Offers calls with Call Bearer Types 0, 3 and 4.",
	  "They are refused.", NULL },
	{ RULE_ICRP_LEN_01, reply_read, 0, NULL, OFFERS, "Length is 24.", NULL },
	{ RULE_ICRP_RSVD0_01, reply_read, 0, NULL, OFFERS, ZERO, NULL },
	{ RULE_ICRP_RSVD1_01, reply_read, 0, NULL, OFFERS, ZERO, NULL },
	{ RULE_ICRP_CALLID_01, reply_ids, 0, NULL, "Offers two calls.", "They have different Call IDs.",
	  NULL },
	{ RULE_ICRP_PEER_01, reply_peers, 0, NULL, "Offers three calls before any reply.",
	  "The replies carry the Call IDs of the requests.", NULL },
	{ RULE_ICRP_RESULT_01, reply_read, 0, NULL, OFFERS, "Result Code is 1, 2 or 3.", NULL },
	{ RULE_ICRP_ERR_01, reply_read, 0, NULL, OFFERS, "Error Code is 0 unless Result Code is 2.", NULL },
	{ RULE_ICRP_ERR_02, reply_bad_value, 0, NULL, "Offers a call with Call Bearer Type 9.",
	  "Where Result is 2, Error is 3.", NULL },
	{ RULE_ICRP_WINDOW_01, reply_read, 0, NULL, OFFERS, "The window is not 0.", NULL },
	{ RULE_ICRP_DELAY_01, reply_read, 0, NULL, OFFERS, "The delay is at most 1 s.", NULL },
	{ RULE_ICRP_ONE_01, reply_once, 0, NULL, "Offers one call.", "One reply.", NULL },
	{ RULE_ICCN_LEN_01, connected_read, 0, "dut-ring", CONNECTS, "Length is 28.", NULL },
	{ RULE_ICCN_RSVD0_01, connected_read, 0, "dut-ring", CONNECTS, ZERO, NULL },
	{ RULE_ICCN_RSVD1_01, connected_read, 0, "dut-ring", CONNECTS, ZERO, NULL },
	{ RULE_ICCN_PEER_01, connected_peer, 0, "dut-ring", "Accepts an incoming call with Call ID 0xA55A.",
	  "Incoming-Call-Connected carries it.", NULL },
	{ RULE_ICCN_SPEED_01, connected_speed, 0, "dut-ring", "Has a call come in on a line of 28800 bit/s.",
	  "Connect Speed is 28800.", NULL },
	{ RULE_ICCN_WINDOW_01, connected_read, 0, "dut-ring", CONNECTS, "The window is not 0.", NULL },
	{ RULE_ICCN_DELAY_01, connected_read, 0, "dut-ring", CONNECTS, "The delay fits window and speed.",
	  NULL },
	{ RULE_ICCN_FRAMING_01, connected_read, 0, "dut-ring", CONNECTS, "Framing Type is 1 or 2.", NULL },
	{ RULE_ICCN_FRAMING_02, connected_read, 0, "dut-ring", CONNECTS,
	  "Framing Type is one that was announced.", NULL },
	{ RULE_ICCN_FRAMING_03, connected_framing, 0, NULL, "Connects a call with Framing Type 7.",
	  "It is cleared, or the device closes.", NULL },
	{ RULE_PACIN_IDLE_01, pac_rings, 0, "dut-ring", "Has a telephone call come in.",
	  "One request within 5 s.", NULL },
	{ RULE_PACIN_WAIT_01, pac_waits, TEST_WAITS, "dut-ring dut-telco",
	  "Leaves the request unanswered for 20 s.", "The line goes on ringing.", NULL },
	{ RULE_PACIN_WAIT_02, pac_refused, 0, "dut-ring", "Refuses calls with Results 3 and 2.",
	  "They are not connected, and the caller is let go.", NULL },
	{ RULE_PACIN_WAIT_03, pac_connects, 0, "dut-ring", "Accepts a call on a line of 33600 bit/s.",
	  "Incoming-Call-Connected with that speed.", NULL },
	{ RULE_PACIN_WAIT_04, pac_caller_gives_up, 0, "dut-ring dut-telco",
	  "Has the caller hang up before the reply, and again during training.",
	  "Call-Disconnect-Notify, no Incoming-Call-Connected.", NULL },
	{ RULE_PACIN_WAIT_05, pac_cleared_at_once, 0, "dut-ring dut-telco",
	  "Accepts and clears a call in one segment.", "Call-Disconnect-Notify with Result 4.", NULL },
	{ RULE_PACIN_EST_01, pac_caller_hangs_up, 0, "dut-ring dut-telco", "Has the caller hang up.",
	  "Call-Disconnect-Notify with Result 1 within 5 s.", NULL },
	{ RULE_PACIN_EST_02, pac_cleared, 0, "dut-ring", "Clears an incoming call.",
	  "Call-Disconnect-Notify with Result 4, and the line is released.", NULL },
	{ RULE_PACIN_EST_03, pac_operator, 0, "dut-ring dut-hangup",
	  "Has the device's operator clear the call.",
	  "Call-Disconnect-Notify with Result 3, and the line is released.", NULL },
	{ RULE_PACIN_ILLEGAL_01, pac_not_yet, TEST_WAITS, "dut-ring",
	  "Leaves the request unanswered for 20 s.", "No Incoming-Call-Connected.", NULL },
	{ RULE_PACIN_ILLEGAL_02, pac_connects_once, 0, "dut-ring", CONNECTS, "One in all.", NULL },
	{ RULE_PACIN_ILLEGAL_03, pac_stray_replies, 0, "dut-ring",
	  "Sends replies that nobody asked for, and repeats the one of a live call.",
	  "They are discarded or refused; the call stays.", NULL },
	{ RULE_PACIN_DATA_01, pac_data, TEST_GRE, "dut-ring dut-traffic",
	  "Accepts a call, clears it, and records the tunnel.",
	  "Packets only between Incoming-Call-Connected and Call-Disconnect-Notify.", NULL },
	{ RULE_PACIN_CROSS_01, pac_crossing, 0, "dut-ring dut-telco",
	  "Accepts a call after the Call-Disconnect-Notify of its caller.",
	  "Nothing comes of it, and the connection stays.", NULL },
	{ RULE_PNSIN_IDLE_01, pns_accepts, 0, NULL, OFFERS, "Result 1, Error 0.", NULL },
	{ RULE_PNSIN_IDLE_02, pns_refuses, TEST_ALONE, "dut-config",
	  "Offers a call from a number to be refused.", "It is refused, and cannot be connected.", NULL },
	{ RULE_PNSIN_WC_01, pns_ppp, TEST_GRE, NULL, "Connects an incoming call and negotiates LCP.",
	  "The device answers.", NULL },
	{ RULE_PNSIN_WC_02, pns_caller_gives_up, 0, NULL,
	  "Disconnects a call before it is connected, then connects it all the same.",
	  "Nothing comes of it; another call works.", NULL },
	{ RULE_PNSIN_WC_03, pns_aborts, 0, "dut-hangup",
	  "Has the operator give up a call that is not connected yet.",
	  "Call-Clear-Request, or the end of the control connection.", NULL },
	{ RULE_PNSIN_EST_01, pns_disconnected, 0, NULL, "Disconnects a call.",
	  "No answer, and the tunnel falls silent.", NULL },
	{ RULE_PNSIN_EST_02, pns_hangs_up, 0, "dut-hangup", "Has the operator end the call.",
	  "One Call-Clear-Request with the device's Call ID.", NULL },
	{ RULE_PNSIN_WD_01, pns_waits, TEST_WAITS, "dut-hangup",
	  "Has the operator end the call, and offers another before it answers.",
	  "The new call has another Call ID; nothing more is sent about the old one.", NULL },
	{ RULE_PNSIN_WD_02, pns_crossing, 0, "dut-hangup",
	  "Connects a call that the operator has just given up.", "No PPP, and the connection stays.", NULL },
	{ RULE_PNSIN_ILLEGAL_01, pns_stray_connected, 0, NULL,
	  "Connects an unknown call, and a live one a second time.", "They are discarded or refused.", NULL },
	{ RULE_PNSIN_ILLEGAL_02, pns_stray_disconnect, 0, NULL,
	  "Disconnects an unknown call, and one by the device's Call ID.", "The live call stays.", NULL },
	{ RULE_PNSIN_DATA_01, pns_data, TEST_GRE, NULL, "Waits for 10 s before it connects a call.",
	  "No tunnel packet.", NULL },
	{ .run = NULL },
};
