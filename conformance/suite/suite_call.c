/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Active tests of ending calls, of line errors and link options, and of calls beside each other
 * (RFC 2637 sections 2.12 to 2.15 and 3.2.1, 3.2.2).
 */
#include "conformance/suite/suite_private.h"

static void send_ccrq(struct t_call *c)
{
	t_send(c->link, CTRL_CCRQ, "call_id", (int64_t)c->own_id, NULL);
}

static void send_cdn(struct t_call *c, int64_t result)
{
	t_send(c->link, CTRL_CDN, "call_id", (int64_t)c->own_id, "result_code", result, NULL);
}

/* --- Call-Clear-Request ------------------------------------------------------------------------ */

/* The device's user or operator clears the call: its CCRQ. */
static const struct ctrl_msg *cleared(struct tester *t, struct t_call *c)
{
	(void)t;
	return hung_up(c->link);
}

static void clear_read(struct tester *t)
{
	struct t_call *c = t_call_up(t_cc_up(t), NULL);

	whole(c->link, hung_up(c->link));
	send_cdn(c, 4);
	t_sleep(t, 0.3);
	t_pass(t);
}

static void clear_own_id(struct tester *t)
{
	struct t_call *c = t_call_up(t_cc_up(t), "call_id", INT64_C(0xa55a), NULL);
	int64_t id = t_field(cleared(t, c), "call_id");

	T_CHECK(t, id == c->dut_id, "Call ID %lld; the device's is %u, the tester's 0xA55A", (long long)id,
		c->dut_id);
	send_cdn(c, 4);
	t_sleep(t, 0.3);
	t_pass(t);
}

static void clear_ringing(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	uint16_t id = call_number(l, number_that(t, "slow"));

	t_sleep(t, 0.1);
	t_send(l, CTRL_CCRQ, "call_id", (int64_t)id, NULL);
	T_CHECK(t, t_get(l, CTRL_CDN, 5), "no Call-Disconnect-Notify for a call that was still ringing");
	T_CHECK(t, t_none(l, CTRL_OCRP, 2), "an Outgoing-Call-Reply after Call-Disconnect-Notify");
	t_close(l);
	t_sleep(t, 0.3);
}

static void clear_answering(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	uint16_t own = t_new_id(t);
	int64_t id = t_field(ring(t, l, NULL, NULL), "call_id");

	t_cork(l);
	t_send(l, CTRL_ICRP, "call_id", (int64_t)own, "peer_call_id", id, NULL);
	t_send(l, CTRL_CCRQ, "call_id", (int64_t)own, NULL);
	t_uncork(l);
	T_CHECK(t, t_get(l, CTRL_CDN, 5), "no Call-Disconnect-Notify for a call that was being answered");
	T_CHECK(t, t_none(l, CTRL_ICCN, 2), "an Incoming-Call-Connected after Call-Disconnect-Notify");
	t_close(l);
	t_sleep(t, 0.3);
}

static void clear_any_state(struct tester *t)
{
	struct t_call *c;

	clear_ringing(t);
	clear_answering(t);
	c = t_call_up(t_cc_up(t), NULL);
	send_ccrq(c);
	t_need(c->link, CTRL_CDN, 5);
	T_CHECK(t, t_none(c->link, CTRL_CDN, 1), "two Call-Disconnect-Notify for one call");
	need_released(t);
	t_pass(t);
}

static void clear_answered(struct tester *t)
{
	struct t_call *c = t_out_up(t_cc_up(t), NULL);

	send_ccrq(c);
	t_need(c->link, CTRL_CDN, 5);
	t_pass(t);
}

static void clear_once(struct tester *t)
{
	struct t_call *c = t_call_up(t_cc_up(t), NULL);

	cleared(t, c);
	t_sleep(t, t_scaled(t, 30));
	T_CHECK(t, t_none(c->link, CTRL_CCRQ, 0.5), "two Call-Clear-Requests for one call");
	send_cdn(c, 4);
	t_pass(t);
}

/* --- Call-Disconnect-Notify -------------------------------------------------------------------- */

static const struct ctrl_msg *disconnected(struct tester *t, struct t_call *c)
{
	send_ccrq(c);
	(void)t;
	return obtain(c->link, CTRL_CDN, 10);
}

static void notify_read(struct tester *t)
{
	disconnected(t, t_out_up(t_cc_up(t), NULL));
	t_sleep(t, 0.2);
	t_pass(t);
}

static void notify_own_id(struct tester *t)
{
	struct t_call *c = t_out_up(t_cc_up(t), "call_id", INT64_C(0x1111), NULL);
	int64_t id = t_field(disconnected(t, c), "call_id");

	T_CHECK(t, id == c->dut_id, "Call ID %lld; the device's is %u, the tester's 0x1111", (long long)id,
		c->dut_id);
	t_pass(t);
}

static void need_notify(struct tester *t, struct t_link *l, int64_t result, int64_t error)
{
	const struct ctrl_msg *m = obtain(l, CTRL_CDN, 10);

	T_CHECK(t, t_field(m, "result_code") == result, "Result %lld", (long long)t_field(m, "result_code"));
	if (error >= 0)
		T_CHECK(t, t_field(m, "error_code") == error, "Error %lld with Result %lld",
			(long long)t_field(m, "error_code"), (long long)result);
}

static void notify_requested(struct tester *t)
{
	struct t_call *c = t_out_up(t_cc_up(t), NULL);

	send_ccrq(c);
	need_notify(t, c->link, 4, -1);
	t_pass(t);
}

static void notify_dropped(struct tester *t)
{
	struct t_call *c = t_out_up(t_cc_up(t), NULL);
	const struct ctrl_msg *m;

	t_hook(t, "dut-telco", "carrier-loss", NULL);
	m = t_need(c->link, CTRL_CDN, 10);
	T_CHECK(t, t_field(m, "result_code") != 4, "Result 4, although nobody asked for the end of the call");
	t_pass(t);
}

static void notify_carrier(struct tester *t)
{
	struct t_call *c = t_out_up(t_cc_up(t), NULL);

	t_hook(t, "dut-telco", "carrier-loss", NULL);
	need_notify(t, c->link, 1, 0);
	t_pass(t);
}

static void notify_operator(struct tester *t)
{
	struct t_call *c = t_out_up(t_cc_up(t), NULL);

	t_hook(t, "dut-hangup", NULL);
	need_notify(t, c->link, 3, 0);
	t_pass(t);
}

static void notify_cause(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	struct t_call *c = t_out_up(l, "bearer_type", INT64_C(2), NULL);
	int64_t cause;

	(void)c;
	t_hook(t, "dut-telco", "hangup", NULL);
	cause = t_field(t_need(l, CTRL_CDN, 10), "cause_code");
	T_CHECK(t, cause == 16, "Cause Code %lld when the far end of an ISDN call hangs up",
		(long long)cause);
	t_pass(t);
}

static void one_notify(struct tester *t, struct t_call *c, const char *after)
{
	T_CHECK(t, t_get(c->link, CTRL_CDN, 10), "no Call-Disconnect-Notify after %s", after);
	T_CHECK(t, t_none(c->link, CTRL_CDN, 2), "two Call-Disconnect-Notify after %s", after);
}

static void notify_whenever(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	struct t_call *c = t_out_up(l, NULL);

	t_hook(t, "dut-telco", "hangup", NULL);
	one_notify(t, c, "the far end hung up");
	c = t_out_up(l, NULL);
	send_ccrq(c);
	one_notify(t, c, "Call-Clear-Request");
	/* The last, as under the ms-ptpt profile the device may stop the control connection then. */
	c = t_out_up(l, NULL);
	t_hook(t, "dut-hangup", NULL);
	one_notify(t, c, "the operator cleared the call");
	t_pass(t);
}

static void notify_once(struct tester *t)
{
	struct t_call *c = t_out_up(t_cc_up(t), NULL);
	const struct ctrl_msg *m;

	t_hook(t, "dut-telco", "hangup", NULL);
	t_need(c->link, CTRL_CDN, 10);
	send_ccrq(c);
	m = t_get(c->link, CTRL_CDN, 3);
	if (m) {
		T_CHECK(t, t_field(m, "result_code") == 2, "a second Call-Disconnect-Notify for one call");
		t_note(t, "the late Call-Clear-Request is answered with Result 2, Error %lld",
		       (long long)t_field(m, "error_code"));
	}
	t_pass(t);
}

/* --- WAN-Error-Notify -------------------------------------------------------------------------- */

static const struct ctrl_msg *errors(struct tester *t, struct t_call *c, const char *what, double seconds)
{
	t_hook(t, "dut-wan-error", what, NULL);
	return t_need(c->link, CTRL_WEN, seconds);
}

static void errors_read(struct tester *t)
{
	struct t_call *c = t_call_up(t_cc_up(t), NULL);

	errors(t, c, "crc=3", 10);
	t_sleep(t, 0.2);
	t_pass(t);
}

static void errors_peer(struct tester *t)
{
	struct t_call *c = t_call_up(t_cc_up(t), NULL);
	int64_t id = t_field(errors(t, c, "crc=3", 10), "peer_call_id");

	T_CHECK(t, id == c->own_id, "Peer's Call ID %lld, the tester's is %u", (long long)id, c->own_id);
	t_pass(t);
}

static void errors_rate(struct tester *t)
{
	struct t_call *c = t_call_up(t_cc_up(t), NULL);
	double last = -1, end = t_now(t) + t_scaled(t, 200);

	while (t_now(t) < end) {
		t_hook(t, "dut-wan-error", "crc=1", NULL);
		if (!t_get(c->link, CTRL_WEN, t_scaled(t, 5)))
			continue;
		T_CHECK(t, last < 0 || t_message_time(c->link) - last >= t_scaled(t, 59),
			"%.1f s between two WAN-Error-Notify", t_message_time(c->link) - last);
		last = t_message_time(c->link);
	}
	T_CHECK(t, last >= 0, "no WAN-Error-Notify in 200 s of errors");
	t_pass(t);
}

static void errors_none(struct tester *t)
{
	struct t_call *c = t_call_up(t_cc_up(t), NULL);

	if (t_can_gre(t) && t_has_hook(t, "dut-traffic"))
		t_traffic(t_gre(c), 0, 64, 2, false);
	T_CHECK(t, t_none(c->link, CTRL_WEN, t_scaled(t, 180)), "a WAN-Error-Notify without errors");
	t_pass(t);
}

static void errors_add_up(struct tester *t)
{
	struct t_call *c = t_call_up(t_cc_up(t), NULL);
	const struct ctrl_msg *m = errors(t, c, "crc=3", 10);
	int64_t crc = t_field(m, "crc_errors"), framing = t_field(m, "framing_errors");

	t_sleep(t, t_scaled(t, 61));
	m = errors(t, c, "crc=2", t_scaled(t, 70));
	T_CHECK(t, t_field(m, "crc_errors") == crc + 2, "%lld CRC errors, then 2 more, then %lld",
		(long long)crc, (long long)t_field(m, "crc_errors"));
	T_CHECK(t, t_field(m, "framing_errors") >= framing, "%lld framing errors, then %lld",
		(long long)framing, (long long)t_field(m, "framing_errors"));
	t_pass(t);
}

static void errors_anew(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	struct t_call *c = t_call_up(l, NULL);
	int64_t count;

	errors(t, c, "crc=7", 10);
	t_clear(c);
	t_sleep(t, 0.5);
	c = t_call_up(l, NULL);
	count = t_field(errors(t, c, "crc=1", t_scaled(t, 70)), "crc_errors");
	T_CHECK(t, count == 1, "%lld CRC errors in a new call with one", (long long)count);
	t_pass(t);
}

static void errors_received(struct tester *t)
{
	struct t_call *c = t_call_up(t_cc_up(t), NULL);

	for (int64_t n = 1; n <= 2; n++) {
		t_send(c->link, CTRL_WEN, "peer_call_id", (int64_t)c->dut_id, "crc_errors", n,
		       "framing_errors", n, "hardware_overruns", n, "buffer_overruns", n, "time_out_errors",
		       n, "alignment_errors", n, NULL);
		T_CHECK(t, t_none(c->link, 0, 2) && !t_is_closed(c->link),
			"the device reacts to WAN-Error-Notify");
		if (n == 1)
			t_sleep(t, t_scaled(t, 60));
	}
	T_CHECK(t, t_alive(c->link), "after WAN-Error-Notify echoes are not answered");
	t_pass(t);
}

/* --- Set-Link-Info ----------------------------------------------------------------------------- */

/* A call whose LCP is open, so that the PNS has something to tell: its SLI. */
static const struct ctrl_msg *link_info(struct tester *t, struct t_call *c)
{
	const struct ctrl_msg *m;

	need_lcp(t, t_gre(c));
	m = t_may_send(c->link, CTRL_SLI, 10);
	if (!m && !t_is_closed(c->link))
		t_unsupported(t, "the device sends no Set-Link-Info");
	return m ? whole(c->link, m) : obtain(c->link, CTRL_SLI, 0);
}

static void info_read(struct tester *t)
{
	link_info(t, t_call_up(t_cc_up(t), NULL));
	t_pass(t);
}

static void info_peer(struct tester *t)
{
	struct t_call *c = t_call_up(t_cc_up(t), "call_id", INT64_C(0x2222), NULL);
	int64_t id = t_field(link_info(t, c), "peer_call_id");

	T_CHECK(t, id == 0x2222, "Peer's Call ID 0x%llx, the tester's is 0x2222", (unsigned long long)id);
	t_pass(t);
}

/* Sends PPP data with all control characters to the telephone side. */
static void control_characters(struct t_gre *g)
{
	uint8_t ppp[64] = { 0xff, 0x03, 0x00, 0x21 };

	for (unsigned i = 0; i < 32; i++)
		ppp[4 + i] = (uint8_t)i;
	t_gre_data(g, ppp, 36);
}

static unsigned hex_octet(const char *at)
{
	unsigned v = 0;

	sscanf(at, "%2x", &v);
	return v;
}

/* Whether one of the characters of the mask appears unescaped in the octets on the line. */
static int unescaped(const char *hex, uint32_t mask)
{
	for (; hex[0] && hex[1]; hex += 2) {
		unsigned octet = hex_octet(hex);

		if (octet < 32 && mask >> octet & 1)
			return (int)octet;
	}
	return -1;
}

static void info_default(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	struct t_call *c = t_out_up(l, "framing_type", INT64_C(1), "bearer_type", INT64_C(1), NULL);
	const char *line;
	int found;

	control_characters(t_gre(c));
	t_sleep(t, 1);
	line = t_hook(t, "dut-telco", "read", NULL);
	T_CHECK(t, strlen(line) >= 4, "nothing came out on the telephone side");
	found = unescaped(line, 0xffffffff);
	T_CHECK(t, found < 0, "0x%02x appears on the line without escape", (unsigned)found);
	t_pass(t);
}

static void info_sent(struct t_call *c, uint32_t mask)
{
	t_send(c->link, CTRL_SLI, "peer_call_id", (int64_t)c->dut_id, "send_accm", (int64_t)mask,
	       "receive_accm", (int64_t)mask, NULL);
}

/* Escaping on the line follows the mask that the tester just set. */
static void need_escaping(struct tester *t, struct t_gre *g, uint32_t mask)
{
	const char *line;

	control_characters(g);
	t_sleep(t, 0.5);
	line = t_hook(t, "dut-telco", "read", NULL);
	line += strlen(line) > 100 ? strlen(line) - 100 : 0;
	if (strlen(line) % 2)
		line++;
	T_CHECK(t, unescaped(line, mask) < 0, "a character of the mask 0x%08x is not escaped", mask);
	if (mask != 0xffffffff)
		T_CHECK(t, unescaped(line, ~mask) >= 0, "characters outside of the mask 0x%08x are escaped",
			mask);
}

static void info_dynamic(struct tester *t)
{
	static const uint32_t masks[] = { 0xffffffff, 0, 0x000a0000 };
	struct t_call *c = t_out_up(t_cc_up(t), "framing_type", INT64_C(1), "bearer_type", INT64_C(1), NULL);
	struct t_gre *g = t_can_gre(t) ? t_gre(c) : NULL;

	for (unsigned i = 0; i < 3; i++) {
		info_sent(c, masks[i]);
		T_CHECK(t, t_none(c->link, CTRL_CDN, 0.5) && !t_is_closed(c->link),
			"Set-Link-Info ends the call");
		if (g && t_has_hook(t, "dut-telco"))
			need_escaping(t, g, masks[i]);
	}
	T_CHECK(t, t_alive(c->link), "after Set-Link-Info echoes are not answered");
	t_pass(t);
}

static void info_while_up(struct tester *t)
{
	struct t_call *c = t_call_up(t_cc_up(t), NULL);
	unsigned before;

	if (t_can_gre(t))
		t_lcp_open(t_gre(c), 10);
	t_sleep(t, 1);
	t_hook(t, "dut-hangup", NULL);
	t_get(c->link, CTRL_CCRQ, 10);
	send_cdn(c, 4);
	t_sleep(t, 0.3);
	before = t_count(c->link, CTRL_SLI);
	T_CHECK(t, t_none(c->link, CTRL_SLI, 5), "a Set-Link-Info after the end of the call (%u before)",
		before);
	t_pass(t);
}

static void info_unknown(struct tester *t)
{
	struct t_call *c = t_out_up(t_cc_up(t), NULL);

	t_send(c->link, CTRL_SLI, "peer_call_id", (int64_t)(c->dut_id ^ 0xffff), "send_accm", INT64_C(0),
	       NULL);
	if (settle(c->link, 0, 2) == T_REJECTED) {
		t_note(t, "the device closes after a Set-Link-Info for an unknown call");
		t_pass(t);
	}
	T_CHECK(t, !t_count(c->link, CTRL_CDN), "a Set-Link-Info for another call ended this one");
	T_CHECK(t, t_alive(c->link), "after a Set-Link-Info for an unknown call echoes are not answered");
	if (t_can_gre(t)) {
		uint32_t sent = t_lcp_echo(t_gre(c), 1);

		T_CHECK(t, t_acked(t_gre(c), sent, 2),
			"after a Set-Link-Info for an unknown call the tunnel is dead");
	}
	t_pass(t);
}

/* --- calls beside each other ------------------------------------------------------------------- */

static void calls_unique(struct tester *t)
{
	enum { AT_MOST = 8 };
	struct t_link *l = t_cc_up(t);
	struct t_call *call[AT_MOST];
	unsigned n = 0;

	call[n++] = t_call_up(l, NULL);
	for (; n < AT_MOST && !t_is_closed(l); n++) {
		call[n] = t_try_call(l, call[0]->incoming);
		if (!call[n])
			break;
	}
	if (t_dut(t) == ROLE_PAC ? t_has_hook(t, "dut-ring") : t_has_hook(t, "dut-dial"))
		if (n < AT_MOST && !t_is_closed(l) && (call[n] = t_try_call(l, !call[0]->incoming)))
			n++;
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < i; k++)
			T_CHECK(t, call[i]->dut_id != call[k]->dut_id,
				"calls %u and %u both have the Call ID %u", k + 1, i + 1, call[i]->dut_id);
	if (n < 2)
		t_unsupported(t, "the device takes one call at a time");
	t_pass(t);
}

/* What is sent is acknowledged; the very first packet, of number 0, need not be here (WIN-ACKDUE-01). */
static bool carries(struct t_gre *g)
{
	return t_acked(g, t_lcp_echo(g, 1), 1) || t_acked(g, t_lcp_echo(g, 2), 3);
}

/* The call's tunnel works: what is sent is acknowledged, and nothing else comes to it. */
static void need_tunnel(struct tester *t, struct t_call *c, const char *when)
{
	struct t_gre *g = t_gre(c);

	T_CHECK(t, carries(g), "the tunnel of call %u does not work %s", c->own_id, when);
}

static void calls_equal_ids(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	struct t_call *first = t_call_up(l, NULL), *same, *cross;
	struct t_call *other = t_try_call(l, first->incoming);

	if (!other || !carries(t_gre(first)))
		t_unsupported(t, "the device takes one call at a time");
	/* A device's next Call ID is not known beforehand: its last one plus one is the likeliest. */
	same = t_call_up(l, "call_id", (int64_t)(uint16_t)(other->dut_id + 1), NULL);
	cross = t_call_up(l, "call_id", (int64_t)first->dut_id, NULL);
	need_tunnel(t, first, "beside calls with equal Call IDs");
	need_tunnel(t, same, "with equal Call IDs on both sides");
	need_tunnel(t, cross, "with the Call ID that the device gave another call");
	t_pass(t);
}

static void calls_tunnels(struct tester *t)
{
	struct ip_addr other;
	struct t_link *a = t_cc_up(t), *b;
	struct t_call *one, *two;
	uint16_t id = t_new_id(t);

	if (!t_second_address(t, &other))
		t_skip(t, "the tester has one address only; see --source");
	b = t_link_from(t, &other, 0);
	if (!b || !t_start(b))
		t_inconclusive(t, "the device does not accept a second peer");
	one = t_call_up(a, "call_id", (int64_t)id, NULL);
	two = t_call_up(b, "call_id", (int64_t)id, NULL);
	need_tunnel(t, one, "beside one with the same Call ID from another address");
	need_tunnel(t, two, "beside one with the same Call ID from another address");
	t_clear(one);
	need_tunnel(t, two, "after the other one was cleared");
	T_CHECK(t, t_alive(b), "clearing one call ended the other peer's connection");
	t_pass(t);
}

static void calls_space(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	int64_t last = -1;
	bool incoming = false;

	for (unsigned i = 0; i < 50; i++) {
		struct t_call *c = i ? t_try_call(l, incoming) : t_call_up(l, NULL);

		if (t_dials_once(t) && (!c || !c->incoming))
			t_unsupported(t, "the device places one call for each control connection (--exec)");
		T_CHECK(t, c, "call %u is not taken, although none is up", i + 1);
		incoming = c->incoming;
		T_CHECK(t, c->dut_id != last, "the Call ID %u is used again by the very next call",
			c->dut_id);
		last = c->dut_id;
		t_clear(c);
		l = t_next_link(l);
	}
	t_pass(t);
}

/* Clears a call of a connection that is gone: nothing must be known of it. */
static void need_forgotten(struct tester *t, struct t_link *l, uint16_t id)
{
	const struct ctrl_msg *m;

	if (t_dut(t) == ROLE_PNS) {
		t_send(l, CTRL_CDN, "call_id", (int64_t)id, "result_code", INT64_C(1), NULL);
		return;
	}
	t_send(l, CTRL_CCRQ, "call_id", (int64_t)id, NULL);
	m = t_get(l, CTRL_CDN, 2);
	T_CHECK(t, !m || t_field(m, "result_code") == 2,
		"a call of a connection that was lost is still known");
}

static void calls_release(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	struct t_call *one = t_call_up(l, NULL), *two = t_more_call(l, one);
	uint16_t id = one->own_id, other = two->own_id;

	t_rst(l);
	t_sleep(t, 1);
	l = t_cc_up(t);
	t_send(l, call_request(t), "call_id", (int64_t)id, NULL);
	T_CHECK(t, t_field(t_need(l, call_reply(t), t_scaled(t, 60)), "result_code") == 1,
		"a call with the Call ID of one that was lost is refused");
	need_forgotten(t, l, other);
	t_pass(t);
}

static void calls_range(struct tester *t)
{
	static const int64_t ids[] = { 0, 1, 0x7fff, 0x8000, 0xffff };
	struct t_link *l = t_cc_up(t);

	for (unsigned i = 0; i < 5; i++) {
		struct t_call *c = t_call_up(l, "call_id", ids[i], NULL);

		if (t_can_gre(t))
			need_tunnel(t, c, "with such a Call ID");
		t_clear(c);
		l = t_next_link(l);
	}
	t_pass(t);
}

static void calls_serial(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	const char *log;

	t_call_up(l, "call_serial_number", INT64_C(0xbeef), NULL);
	t_sleep(t, 0.5);
	log = t_hook(t, "dut-log", NULL);
	T_CHECK(t, strstr(log, "48879") || strcasestr(log, "beef"),
		"the log does not name the call's serial number");
	t_pass(t);
}

static void calls_several(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	struct t_call *call[3];

	call[0] = t_call_up(l, NULL);
	for (unsigned i = 1; i < 3; i++) {
		call[i] = t_try_call(l, call[0]->incoming);
		if (!call[i])
			t_unsupported(t, "the device takes %s at a time", i == 1 ? "one call" : "two calls");
	}
	t_clear(call[1]);
	T_CHECK(t, !t_is_closed(l), "clearing one of three calls ends the control connection");
	need_tunnel(t, call[0], "after another call was cleared");
	need_tunnel(t, call[2], "after another call was cleared");
	t_pass(t);
}

static void crossing_pns(struct tester *t, struct t_link *l)
{
	uint16_t own = t_new_id(t);
	const struct ctrl_msg *m;
	int64_t id;

	if (t_ignores_calls(l, false))
		t_unsupported(t, "%s", NO_INCOMING);
	t_hook(t, "dut-dial", NULL);
	id = t_field(t_need(l, CTRL_OCRQ, 10), "call_id");
	t_send(l, CTRL_ICRQ, "call_id", (int64_t)own, NULL);
	t_send(l, CTRL_OCRP, "call_id", (int64_t)t_new_id(t), "peer_call_id", id, NULL);
	m = t_get(l, CTRL_ICRP, 10);
	if (!m && t_ignores_calls(l, true))
		t_unsupported(t, "%s", NO_INCOMING);
	T_CHECK(t, m, "no Incoming-Call-Reply for the call that crossed the device's within 10 s");
	id = t_field(m, "result_code");
	T_CHECK(t, id == 1, "the call that crossed the device's is refused with Result %lld", (long long)id);
}

static void crossing_pac(struct tester *t, struct t_link *l)
{
	uint16_t own = t_new_id(t);
	const struct ctrl_msg *m = ring(t, l, NULL, NULL);
	int64_t id = t_field(m, "call_id");

	t_send(l, CTRL_OCRQ, NULL);
	t_send(l, CTRL_ICRP, "call_id", (int64_t)own, "peer_call_id", id, NULL);
	id = 0;
	for (unsigned i = 0; i < 2;) {
		T_CHECK(t, t_wait(l, t_scaled(t, 60)) == T_MESSAGE,
			"a call that crossed another was not completed");
		m = t_message(l);
		if (m->type == CTRL_OCRP)
			T_CHECK(t, t_field(m, "result_code") == 1,
				"the call that crossed the device's is refused with Result %lld",
				(long long)t_field(m, "result_code"));
		T_CHECK(t, m->type != CTRL_CDN, "a call that crossed another was disconnected");
		i += m->type == CTRL_OCRP || m->type == CTRL_ICCN;
	}
}

static void calls_crossing(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	if (t_dut(t) == ROLE_PAC)
		crossing_pac(t, l);
	else
		crossing_pns(t, l);
	T_CHECK(t, t_alive(l), "after calls that crossed echoes are not answered");
	t_pass(t);
}

static void calls_gone(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	struct t_call *c = t_call_up(l, NULL);
	double end;

	t_clear(c);
	for (end = t_now(t) + t_scaled(t, 120); t_now(t) < end;) {
		enum t_what what = t_wait(l, end - t_now(t));

		if (what == T_FIN || what == T_RST)
			break;
		T_CHECK(t,
			what != T_MESSAGE || (t_field(t_message(l), "call_id") != c->dut_id &&
					      t_field(t_message(l), "peer_call_id") != c->own_id),
			"%s about a call that is over",
			t_message(l)->desc ? t_message(l)->desc->name : "a message");
	}
	t_pass(t);
}

#define CLEARS "Has the device's user clear a call and reads the request."
#define NOTIFIES "Clears a call and reads Call-Disconnect-Notify."
#define COUNTS "Has line errors counted and reads WAN-Error-Notify."
#define INFORMS "Negotiates LCP and reads Set-Link-Info."
#define ZERO "The reserved field is zero."

const struct test_case suite_call[] = {
	{ RULE_CCRQ_LEN_01, clear_read, 0, "dut-hangup", CLEARS, "Length is 16.", "MSG-HDR-01" },
	{ RULE_CCRQ_RSVD0_01, clear_read, 0, "dut-hangup", CLEARS, ZERO, NULL },
	{ RULE_CCRQ_RSVD1_01, clear_read, 0, "dut-hangup", CLEARS, ZERO, NULL },
	{ RULE_CCRQ_CALLID_01, clear_own_id, 0, "dut-hangup",
	  "Gives the call another Call ID than the device's, and has the user clear it.",
	  "The request carries the device's own Call ID.", NULL },
	{ RULE_CCRQ_ANYSTATE_01, clear_any_state, 0, "dut-telco dut-ring",
	  "Clears a call that rings, one that is being answered, and one that is up.",
	  "One Call-Disconnect-Notify each, and nothing after it.", NULL },
	{ RULE_CCRQ_RESP_01, clear_answered, 0, NULL, "Clears a call.", "Call-Disconnect-Notify within 5 s.",
	  NULL },
	{ RULE_CCRQ_ONE_01, clear_once, TEST_WAITS, "dut-hangup",
	  "Has the user clear a call and answers after 30 s.", "One Call-Clear-Request.", NULL },
	{ RULE_CDN_LEN_01, notify_read, 0, NULL, NOTIFIES, "Length is 148.", NULL },
	{ RULE_CDN_RSVD0_01, notify_read, 0, NULL, NOTIFIES, ZERO, NULL },
	{ RULE_CDN_RSVD1_01, notify_read, 0, NULL, NOTIFIES, ZERO, NULL },
	{ RULE_CDN_CALLID_01, notify_own_id, 0, NULL, "Clears a call that has the tester's Call ID 0x1111.",
	  "Call-Disconnect-Notify carries the device's own Call ID.", NULL },
	{ RULE_CDN_RESULT_01, notify_read, 0, NULL, NOTIFIES, "Result Code is 1 to 4.", NULL },
	{ RULE_CDN_RESULT_02, notify_requested, 0, NULL, NOTIFIES, "Result Code is 4.", NULL },
	{ RULE_CDN_RESULT_03, notify_dropped, 0, "dut-telco", "Has the line dropped.",
	  "Result Code is not 4.", NULL },
	{ RULE_CDN_RESULT_04, notify_carrier, 0, "dut-telco", "Has the carrier lost.", "Result 1, Error 0.",
	  NULL },
	{ RULE_CDN_RESULT_05, notify_operator, 0, "dut-hangup", "Has the operator clear the call.",
	  "Result 3, Error 0.", NULL },
	{ RULE_CDN_ERR_01, notify_read, 0, NULL, NOTIFIES, "Error Code is 0.", NULL },
	{ RULE_CDN_CAUSE_01, notify_cause, 0, "dut-telco", "Has the far end of an ISDN call hang up.",
	  "Cause Code is 16.", NULL },
	{ RULE_CDN_STATS_01, notify_read, 0, NULL, NOTIFIES, "Call Statistics are ASCII text, or empty.",
	  NULL },
	{ RULE_CDN_STATS_02, notify_read, 0, NULL, NOTIFIES, "Zeros follow Call Statistics.", NULL },
	{ RULE_CDN_WHENEVER_01, notify_whenever, 0, "dut-telco dut-hangup",
	  "Ends calls from the far end, by the operator, and by Call-Clear-Request.",
	  "One Call-Disconnect-Notify each.", NULL },
	{ RULE_CDN_ONE_01, notify_once, 0, "dut-telco", "Clears a call that has just been disconnected.",
	  "No second Call-Disconnect-Notify for it.", NULL },
	{ RULE_WEN_LEN_01, errors_read, 0, "dut-wan-error", COUNTS, "Length is 40.", NULL },
	{ RULE_WEN_RSVD0_01, errors_read, 0, "dut-wan-error", COUNTS, ZERO, NULL },
	{ RULE_WEN_RSVD1_01, errors_read, 0, "dut-wan-error", COUNTS, ZERO, NULL },
	{ RULE_WEN_PEER_01, errors_peer, 0, "dut-wan-error", COUNTS, "It carries the tester's Call ID.",
	  NULL },
	{ RULE_WEN_RATE_01, errors_rate, TEST_WAITS, "dut-wan-error", "Has errors counted for 200 s.",
	  "At least 60 s between two notifications.", NULL },
	{ RULE_WEN_ERRONLY_01, errors_none, TEST_WAITS, NULL, "Keeps a call without errors up for 180 s.",
	  "No WAN-Error-Notify.", NULL },
	{ RULE_WEN_CUMUL_01, errors_add_up, TEST_WAITS, "dut-wan-error",
	  "Has errors counted twice, more than 60 s apart.", "The second notification counts them all.",
	  NULL },
	{ RULE_WEN_RESET_01, errors_anew, TEST_WAITS, "dut-wan-error",
	  "Has errors counted in one call, and one error in the next.", "The next call counts one.", NULL },
	{ RULE_WEN_RECV_01, errors_received, TEST_WAITS, NULL, "Sends two notifications, 60 s apart.",
	  "The device says nothing, and everything stays up.", NULL },
	{ RULE_SLI_LEN_01, info_read, TEST_GRE, NULL, INFORMS, "Length is 24.", NULL },
	{ RULE_SLI_RSVD0_01, info_read, TEST_GRE, NULL, INFORMS, ZERO, NULL },
	{ RULE_SLI_RSVD1_01, info_read, TEST_GRE, NULL, INFORMS, ZERO, NULL },
	{ RULE_SLI_PEER_01, info_peer, TEST_GRE, NULL,
	  "Gives the call the Call ID 0x2222 and negotiates LCP.", "Set-Link-Info carries it.", NULL },
	{ RULE_SLI_DEFAULT_01, info_default, TEST_GRE, "dut-telco",
	  "Sends control characters through an asynchronous call before any Set-Link-Info.",
	  "All of them are escaped on the line.", NULL },
	{ RULE_SLI_DYNAMIC_01, info_dynamic, 0, NULL, "Changes the masks of a running call three times.",
	  "No reply, no disturbance; the line follows.", NULL },
	{ RULE_SLI_STATE_01, info_while_up, 0, "dut-hangup", "Has a call come and go.",
	  "Set-Link-Info only while it is up.", NULL },
	{ RULE_SLI_UNKNOWN_01, info_unknown, 0, NULL, "Sends Set-Link-Info for an unknown call.",
	  "The live call goes on, or the device closes.", NULL },
	{ RULE_CALL_UNIQ_01, calls_unique, 0, NULL,
	  "Sets up calls beside each other, both ways where it can.", "Their Call IDs differ.", NULL },
	{ RULE_CALL_UNIQ_02, calls_equal_ids, TEST_GRE, NULL,
	  "Chooses Call IDs equal to those that the device has given.", "All calls work.", NULL },
	{ RULE_CALL_TUNNEL_01, calls_tunnels, TEST_GRE, NULL,
	  "Sets up calls with the same Call ID from two addresses.", "Each has a tunnel of its own.", NULL },
	{ RULE_CALL_SPACE_01, calls_space, 0, NULL, "Sets up and clears 50 calls in a row.",
	  "No Call ID is used again at once.", NULL },
	{ RULE_CALL_RELEASE_01, calls_release, 0, NULL,
	  "Loses a connection with two calls, then uses their Call IDs on another one.",
	  "The old calls are forgotten.", NULL },
	{ RULE_CALL_RANGE_01, calls_range, 0, NULL,
	  "Sets up calls with Call IDs 0, 1, 0x7FFF, 0x8000 and 0xFFFF.", "All of them work.", NULL },
	{ RULE_CALL_SERIAL_01, calls_serial, 0, "dut-log", "Sets up a call with serial number 0xBEEF.",
	  "The log names it.", NULL },
	{ RULE_CALL_MULTI_01, calls_several, TEST_GRE, NULL, "Sets up three calls and clears the second.",
	  "The others go on.", NULL },
	{ RULE_CALL_CROSS_01, calls_crossing, 0, NULL, "Requests a call at the moment when the device does.",
	  "Both are completed.", NULL },
	{ RULE_CALL_GONE_01, calls_gone, TEST_WAITS, NULL, "Clears a call and reads for 120 s.",
	  "No message about it.", NULL },
	{ .run = NULL },
};
