/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Active tests of what the ms-ptpt profile has instead: [MS-PTPT]. */
#include "conformance/suite/suite_private.h"

static void reserved_ignored(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	t_send(l, CTRL_ECHORQ, "reserved0", INT64_C(0xffff), NULL);
	T_CHECK(t, t_get(l, CTRL_ECHORP, 10), "an Echo-Request with Reserved0 not zero is not answered");
	if (t_dut(t) == ROLE_PAC)
		t_send(l, CTRL_OCRQ, "reserved0", INT64_C(0xffff), "reserved1", INT64_C(0xffff), NULL);
	else
		t_send(l, CTRL_ICRQ, "reserved0", INT64_C(0xffff), NULL);
	T_CHECK(t, t_get(l, call_reply(t), 10), "a request with reserved fields not zero is not answered");
	T_CHECK(t, t_field(t_message(l), "result_code") == 1,
		"a request with reserved fields not zero is refused");
	t_pass(t);
}

static void idle_thirty(struct tester *t)
{
	struct t_link *l = t_tcp_up(t);
	double opened = t_now(t), took;

	T_CHECK(t, t_closes(l, t_scaled(t, 50)),
		"50 s after a connection without any request it is still open");
	took = t_closed_time(l) - opened;
	T_CHECK(t, took >= t_scaled(t, 25) - 1 && took <= t_scaled(t, 45), "closed after %.1f s", took);
	t_pass(t);
}

static void dial_out(struct tester *t)
{
	struct t_link *l = t_dut_connects(t);

	T_CHECK(t, t_closes(l, t_scaled(t, 75)),
		"75 s after its request, never answered, the connection is open");
	t_pass(t);
}

static void several_connections(struct tester *t)
{
	struct t_link *one = t_cc_up(t), *two = t_link_from(t, NULL, 0);

	T_CHECK(t, two && t_start(two), "a second control connection from one address is not accepted");
	t_call_up(one, NULL);
	t_call_up(two, NULL);
	t_send(one, CTRL_STOPRQ, NULL);
	t_get(one, CTRL_STOPRP, 10);
	T_CHECK(t, t_alive(two), "the second connection does not survive the end of the first");
	t_pass(t);
}

static void ack_delay(struct tester *t)
{
	struct t_gre *g = t_gre(t_call_up(t_cc_up(t), NULL));
	uint32_t seq;
	double sent, took;

	t_sleep(t, 1);
	seq = t_lcp_echo(g, 1);
	sent = t_now(t);
	T_CHECK(t, t_acked(g, seq, 2), "no acknowledgment within 2 s");
	took = t_now(t) - sent;
	T_CHECK(t, took <= 0.3, "the acknowledgment took %.3f s", took);
	if (took < 0.05)
		t_note(t, "the acknowledgment rode on data, or came after %.3f s", took);
	t_pass(t);
}

/* Packets of the device's in so many seconds under load, when nothing is acknowledged. */
static size_t sent_unacked(struct tester *t, int64_t window, double seconds)
{
	struct t_gre *g = t_gre(t_call_up(t_cc_up(t), "packet_recv_window_size", window, NULL));
	size_t from;

	t_acks(g, T_ACK_NONE, 0, 0);
	t_traffic(g, 0, 64, 50, false);
	t_sleep(t, 1);
	from = t_packets(g);
	t_sleep(t, seconds);
	return t_packets(g) - from;
}

static void window_ignored(struct tester *t)
{
	size_t n = sent_unacked(t, 1, 5);

	T_CHECK(t, n > 50, "%zu packets in 5 s with a window of 1: the window is respected", n);
	t_pass(t);
}

static void no_time_out(struct tester *t)
{
	size_t n = sent_unacked(t, 16, t_scaled(t, 60));

	T_CHECK(t, n > 100, "%zu packets in 60 s without acknowledgments: the device waits for them", n);
	t_pass(t);
}

static void out_of_sequence(struct tester *t)
{
	struct t_gre *g = t_gre(t_call_up(t_cc_up(t), NULL));
	uint32_t base;

	need_lcp(t, g);
	base = t_gre_next(g).seq;
	t_lcp_echo_at(g, 40, base);
	t_lcp_echo_at(g, 42, base + 2);
	T_CHECK(t, t_lcp_echoed(g, 42, 3), "a packet after a missing one is not answered");
	t_lcp_echo_at(g, 41, base + 1);
	T_CHECK(t, t_lcp_echoed(g, 41, 3), "a late packet is not answered");
	t_pass(t);
}

static void tcp_close(struct tester *t)
{
	struct t_call *c = t_call_up(t_cc_up(t), NULL);
	struct t_gre *g = t_can_gre(t) ? t_gre(c) : NULL;

	if (g && t_has_hook(t, "dut-traffic"))
		t_traffic(g, 0, 64, 20, false);
	t_sleep(t, 0.5);
	t_rst(c->link);
	if (g)
		need_silence(t, g, 3, "the connection was reset");
	t_still_works(t);
	t_pass(t);
}

static void last_call(struct tester *t)
{
	struct t_call *c = t_call_up(t_cc_up(t), NULL);

	t_hook(t, "dut-hangup", NULL);
	if (t_dut(t) == ROLE_PNS) {
		t_need(c->link, CTRL_CCRQ, 10);
		t_send(c->link, CTRL_CDN, "call_id", (int64_t)c->own_id, "result_code", INT64_C(0), NULL);
	} else {
		t_need(c->link, CTRL_CDN, 10);
	}
	T_CHECK(t, t_get(c->link, CTRL_STOPRQ, 10), "no Stop-Control-Connection-Request after the last call");
	t_pass(t);
}

static void clears_by(struct tester *t, enum ctrl_type type)
{
	struct t_call *c = t_call_up(t_cc_up(t), NULL);

	t_hook(t, "dut-hangup", NULL);
	t_need(c->link, type, 10);
	t_pass(t);
}

static void pac_notifies(struct tester *t)
{
	clears_by(t, CTRL_CDN);
}

static void pns_requests(struct tester *t)
{
	clears_by(t, CTRL_CCRQ);
}

static void no_incoming(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	if (t_try_hook(t, "dut-ring", NULL) != 0)
		t_note(t, "the device has no telephone side");
	T_CHECK(t, t_none(l, CTRL_ICRQ, 5), "an Incoming-Call-Request");
	t_pass(t);
}

static void takes_incoming(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	const struct ctrl_msg *m;

	t_send(l, CTRL_ICRQ, NULL);
	m = t_need(l, CTRL_ICRP, 10);
	T_CHECK(t, t_field(m, "result_code") == 1 || t_field(m, "result_code") == 3 || t_field(m, "error_code") == 4,
		"Result %lld, Error %lld", (long long)t_field(m, "result_code"), (long long)t_field(m, "error_code"));
	T_CHECK(t, t_field(m, "result_code") == 2 || t_field(m, "error_code") == 0, "Error %lld with Result 1",
		(long long)t_field(m, "error_code"));
	t_pass(t);
}

static void no_resources(struct tester *t)
{
	enum { ATTEMPTS = 300 };
	struct t_link *l = t_cc_up(t);

	for (unsigned i = 0; i < ATTEMPTS; i++) {
		const struct ctrl_msg *m;

		t_send(l, CTRL_ICRQ, NULL);
		m = t_need(l, CTRL_ICRP, 10);
		if (t_field(m, "result_code") == 1)
			continue;
		T_CHECK(t, t_field(m, "result_code") == 2 && t_field(m, "error_code") == 4,
			"Result %lld, Error %lld", (long long)t_field(m, "result_code"),
			(long long)t_field(m, "error_code"));
		t_pass(t);
	}
	t_unsupported(t, "the device took %d calls; its capacity was not reached", ATTEMPTS);
}

static void ignores_reply(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	t_send(l, CTRL_ICRP, "call_id", (int64_t)t_new_id(t), "peer_call_id", INT64_C(0x7abc), NULL);
	T_CHECK(t, t_none(l, 0, 3) && !t_is_closed(l), "the device reacts to an Incoming-Call-Reply");
	T_CHECK(t, t_alive(l), "echoes are not answered any more");
	t_pass(t);
}

static void result_zero(struct tester *t)
{
	struct t_call *c = t_out_up(t_cc_up(t), NULL);
	int64_t result;

	t_send(c->link, CTRL_CCRQ, "call_id", (int64_t)c->own_id, NULL);
	result = t_field(t_need(c->link, CTRL_CDN, 10), "result_code");
	T_CHECK(t, result == 0, "Result %lld", (long long)result);
	t_pass(t);
}

static void any_result(struct tester *t)
{
	static const int64_t results[] = { 0, 1, 4, 200 };

	for (unsigned i = 0; i < 4; i++) {
		struct t_call *c = t_out_up(t_cc_up(t), NULL);

		t_send(c->link, CTRL_CDN, "call_id", (int64_t)c->own_id, "result_code", results[i], NULL);
		T_CHECK(t, t_none(c->link, CTRL_CCRQ, 1), "after Result %lld the call is not over",
			(long long)results[i]);
		T_CHECK(t, !t_is_closed(c->link) || t_count(c->link, CTRL_STOPRQ),
			"after Result %lld the device closes", (long long)results[i]);
		t_close(c->link);
		t_sleep(t, 0.3);
	}
	t_pass(t);
}

static void errors_ignored(struct tester *t)
{
	struct t_call *c = t_out_up(t_cc_up(t), NULL);

	t_send(c->link, CTRL_WEN, "peer_call_id", (int64_t)c->dut_id, "crc_errors", INT64_C(1), NULL);
	t_send(c->link, CTRL_WEN, "peer_call_id", (int64_t)(c->dut_id ^ 0xffff), "crc_errors", INT64_C(1),
	       NULL);
	T_CHECK(t, t_none(c->link, 0, 3) && !t_is_closed(c->link), "the device reacts to WAN-Error-Notify");
	t_pass(t);
}

static void source_address(struct tester *t)
{
	struct t_gre *g = t_gre(t_call_up(t_cc_up(t), NULL));

	need_lcp(t, g);
	if (!t_foreign_echo(g, 203))
		t_skip(t, "the tester has one address only; see --source");
	t_note(t, "packets from another source address are %s",
	       t_lcp_echoed(g, 203, 2) ? "taken as well" : "ignored");
	t_pass(t);
}

const struct test_case suite_profile[] = {
	{ RULE_MSP_RSVD_01, reserved_ignored, 0, NULL, "Sends messages whose reserved fields are not zero.",
	  "They are processed as if they were zero.", NULL },
	{ RULE_MSP_IDLE30_01, idle_thirty, TEST_WAITS, NULL, "Opens a TCP connection and says nothing.",
	  "The device closes after 30 s.", NULL },
	{ RULE_MSP_DIALOUT_01, dial_out, TEST_WAITS, "dut-connect", "Never answers the device's request.",
	  "It gives up within 75 s.", NULL },
	{ RULE_MSP_MULTICC_01, several_connections, 0, NULL,
	  "Holds two control connections with a call each and stops the first.", "The second one survives.",
	  NULL },
	{ RULE_MSP_ACK100_01, ack_delay, TEST_GRE, NULL, "Sends one packet.",
	  "It is acknowledged after about 100 ms.", NULL },
	{ RULE_MSP_WINIGN_01, window_ignored, TEST_GRE, "dut-traffic",
	  "Announces a window of 1 and acknowledges "
	  "nothing.",
	  "The device sends on.", NULL },
	{ RULE_MSP_OOS_01, out_of_sequence, TEST_GRE, NULL, "Sends packets out of sequence.",
	  "All are answered.", NULL },
	{ RULE_MSP_NOATO_01, no_time_out, TEST_GRE | TEST_SLOW, "dut-traffic",
	  "Acknowledges nothing for 60 s.", "Traffic goes on as before.", NULL },
	{ RULE_MSP_TCPCLOSE_01, tcp_close, 0, NULL, "Resets the TCP connection during a call.",
	  "Tunnel packets stop.", NULL },
	{ RULE_MSP_LASTCALL_01, last_call, 0, "dut-hangup", "Has the device end its only call.",
	  "It stops the control connection, too.", NULL },
	{ RULE_MSP_CDNSEND_01, pac_notifies, 0, "dut-hangup", "Has the PAC end a call.",
	  "Call-Disconnect-Notify.", NULL },
	{ RULE_MSP_CCRQSEND_01, pns_requests, 0, "dut-hangup", "Has the PNS end a call.",
	  "Call-Clear-Request.", NULL },
	{ RULE_MSP_ICRQ_01, no_incoming, 0, NULL, "Has a telephone call come in, if that is possible at all.",
	  "No Incoming-Call-Request.", NULL },
	{ RULE_MSP_ICRQ_02, takes_incoming, 0, NULL, "Offers an incoming call.", "It is accepted.", NULL },
	{ RULE_MSP_ICRP_01, no_resources, TEST_ALONE, NULL,
	  "Offers calls until the device has no room for more.", "Result 2, Error 4.", NULL },
	{ RULE_MSP_ICRP_02, ignores_reply, 0, NULL, "Sends an Incoming-Call-Reply.", "It is ignored.", NULL },
	{ RULE_MSP_CDN_01, result_zero, 0, NULL, "Clears a call.", "Result 0.", NULL },
	{ RULE_MSP_CDN_02, any_result, 0, "dut-dial", "Disconnects calls with Results 0, 1, 4 and 200.",
	  "Each is over, and the device does not mind.", NULL },
	{ RULE_MSP_WEN_02, errors_ignored, 0, "dut-dial", "Sends WAN-Error-Notify.", "No reaction.", NULL },
	{ RULE_MSP_SRCIP_01, source_address, TEST_GRE, NULL, "Sends a packet from another source address.",
	  "Taken or ignored; the report says which.", NULL },
	{ .run = NULL },
};
