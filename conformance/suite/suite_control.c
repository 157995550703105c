/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Active tests of the TCP connection, of messages as such, of Stop and Echo messages and of general
 * error codes (RFC 2637 sections 1.4, 2, 2.3 to 2.6 and 2.16).
 */
#include <stdlib.h>

#include "conformance/endpoint.h"
#include "conformance/suite/suite_private.h"

/* --- TCP -------------------------------------------------------------------------------------- */

static void tcp_port(struct tester *t)
{
	struct t_link *l = t_dut_tries(t);

	T_CHECK(t, l, "the device was told to connect, but to TCP port 1723 nothing comes");
	t_need(l, CTRL_SCCRQ, 10);
	t_pass(t);
}

static void tcp_listens(struct tester *t)
{
	struct t_link *l = t_tcp_up(t);

	T_CHECK(t, t_none(l, 0, t_scaled(t, 30) < 3 ? t_scaled(t, 30) : 3),
		"the device sent something before it was asked");
	T_CHECK(t, !t_is_closed(l), "the device closed the connection at once");
	T_CHECK(t, t_start(l), "no Start-Control-Connection-Reply with Result 1");
	t_pass(t);
}

static void tcp_source_port(struct tester *t)
{
	static const uint16_t ports[] = { 1023, 1723, 40000, 65535 };
	unsigned tried = 0;

	for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++) {
		struct t_link *l = t_link_from(t, NULL, ports[i]);

		if (!l) {
			t_note(t, "no connection could be opened from port %u", ports[i]);
			continue;
		}
		T_CHECK(t, t_start(l), "a control connection from port %u is not accepted", ports[i]);
		t_close(l);
		t_sleep(t, 0.3);
		tried++;
	}
	T_CHECK(t, tried, "no source port was accepted");
	t_pass(t);
}

static void tcp_octets(struct tester *t)
{
	struct t_link *l = t_tcp_up(t);
	const struct ctrl_msg *m;
	uint8_t octets[CTRL_MAX];
	struct draft d;
	size_t len;

	t_draft(l, CTRL_SCCRQ, &d);
	len = draft_encode(&d, octets, sizeof(octets));
	for (size_t i = 0; i < len; i++) {
		t_send_octets(l, octets + i, 1);
		t_sleep(t, 0.002);
	}
	m = t_need(l, CTRL_SCCRP, 5);
	T_CHECK(t, t_field(m, "result_code") <= 1, "Result %lld", (long long)t_field(m, "result_code"));
	t_draft(l, CTRL_ECHORQ, &d);
	draft_set(&d, "identifier", 0x01020304);
	draft_encode(&d, octets, sizeof(octets));
	t_send_octets(l, octets, 7);
	t_sleep(t, 0.05);
	t_send_octets(l, octets + 7, 1);
	t_sleep(t, 0.05);
	t_send_octets(l, octets + 8, 8);
	m = t_need(l, CTRL_ECHORP, 5);
	T_CHECK(t, t_field(m, "identifier") == 0x01020304, "Identifier 0x%llx",
		(unsigned long long)t_field(m, "identifier"));
	t_pass(t);
}

static void tcp_joined(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	t_cork(l);
	for (int64_t i = 1; i <= 3; i++)
		t_send(l, CTRL_ECHORQ, "identifier", i, NULL);
	t_uncork(l);
	for (int64_t i = 1; i <= 3; i++) {
		int64_t got = t_field(t_need(l, CTRL_ECHORP, 5), "identifier");

		T_CHECK(t, got == i, "Echo-Reply %lld has Identifier %lld", (long long)i, (long long)got);
	}
	t_pass(t);
}

static void tcp_lost(struct tester *t)
{
	struct t_call *c = t_call_up(t_cc_up(t), NULL);
	struct t_gre *g = t_can_gre(t) ? t_gre(c) : NULL;

	if (g && t_has_hook(t, "dut-traffic"))
		t_traffic(g, 0, 64, 20, false);
	t_sleep(t, 0.5);
	t_rst(c->link);
	if (g)
		need_silence(t, g, 4, "the connection was reset");
	t_sleep(t, 0.5);
	t_call_up(t_cc_up(t), NULL);
	t_pass(t);
}

static void tcp_closed(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	t_fin(l);
	T_CHECK(t, t_closes(l, t_scaled(t, 60)), "the device does not close its half of the connection");
	t_sleep(t, 1);
	l = t_cc_up(t);
	t_send(l, call_request(t), NULL);
	t_fin(l);
	T_CHECK(t, t_closes(l, t_scaled(t, 60)), "the device does not close its half while a call is set up");
	t_sleep(t, 1);
	t_still_works(t);
	t_pass(t);
}

static void tcp_pair(struct tester *t)
{
	struct t_gre *g = t_gre(t_call_up(t_cc_up(t), NULL));

	need_lcp(t, g);
	t_traffic(g, 10, 64, 20, true);
	t_sleep(t, 1.5);
	if (!t_packets(g))
		t_inconclusive(t, "the device sent no tunnel packet");
	for (size_t i = 0; i < t_packets(g); i++)
		T_CHECK(t, ip_addr_same(&t_packet(g, i)->src, t_dut_address(t)),
			"tunnel packet %zu comes from another address", i + 1);
	t_pass(t);
}

/* --- messages --------------------------------------------------------------------------------- */

static void msg_type(struct tester *t)
{
	static const int64_t types[] = { 2, 0, 65535 };

	for (size_t i = 0; i < 3; i++) {
		struct t_link *l = t_cc_up(t);
		char what[64];

		snprintf(what, sizeof(what), "PPTP Message Type %lld", (long long)types[i]);
		t_send(l, CTRL_ECHORQ, "pptp_message_type", types[i], NULL);
		t_must_reject(l, CTRL_ECHORP, what);
		t_close(l);
	}
	t_still_works(t);
	t_pass(t);
}

/* A whole life: whatever the device says in it is looked at by the judge. */
static void whole_life(struct tester *t)
{
	struct t_link *l;
	struct t_call *c;

	if (t_has_hook(t, "dut-connect")) {
		l = t_dut_connects(t);
		t_get(l, CTRL_SCCRQ, 10);
		t_close(l);
	}
	l = t_cc_up(t);
	t_send(l, CTRL_ECHORQ, NULL);
	t_need(l, CTRL_ECHORP, 10);
	c = t_call_up(l, NULL);
	t_sleep(t, 1);
	t_clear(c);
	if (!t_is_closed(l)) {
		t_send(l, CTRL_STOPRQ, NULL);
		t_get(l, CTRL_STOPRP, 10);
	}
	t_pass(t);
}

static void msg_garbage(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	uint8_t garbage[16];

	memset(garbage, 0xff, sizeof(garbage));
	t_send_octets(l, garbage, sizeof(garbage));
	t_send(l, CTRL_ECHORQ, NULL);
	T_CHECK(t, settle(l, CTRL_ECHORP, 10) == T_REJECTED && t_is_closed(l),
		"the device goes on behind 16 octets that are no message");
	T_CHECK(t, !t_count(l, CTRL_ECHORP), "the device looked for the next cookie and answered");
	t_still_works(t);
	t_pass(t);
}

static void msg_sync(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	t_send(l, CTRL_ECHORQ, "magic_cookie", INT64_C(0x1a2b3c4e), NULL);
	T_CHECK(t, t_closes(l, 5), "the connection is still open 5 s after a wrong Magic Cookie");
	t_still_works(t);
	t_pass(t);
}

static void msg_reserved(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	t_send(l, CTRL_ECHORQ, "reserved0", INT64_C(0xffff), NULL);
	if (settle(l, CTRL_ECHORP, 10) == T_IGNORED)
		t_warn(t, "an Echo-Request with Reserved0 not zero is neither answered nor refused");
	t_close(l);
	l = t_cc_up(t);
	if (t_ignores_calls(l, false)) {
		t_note(t, "it answers no incoming calls, with or without reserved fields that are not zero");
		t_pass(t);
	}
	if (t_dut(t) == ROLE_PAC)
		t_send(l, CTRL_OCRQ, "reserved0", INT64_C(0xffff), "reserved1", INT64_C(0xffff), NULL);
	else
		t_send(l, CTRL_ICRQ, "reserved0", INT64_C(0xffff), NULL);
	if (settle(l, call_reply(t), 10) == T_IGNORED)
		t_warn(t, "a request with reserved fields not zero is neither answered nor refused");
	t_close(l);
	t_still_works(t);
	t_pass(t);
}

/* What came, but for the request of a client that dials whatever it is told. */
static uint64_t reaction(const struct t_link *l)
{
	uint64_t dialed = (uint64_t)t_count(l, CTRL_OCRQ) * ctrl_desc_of(CTRL_OCRQ)->length;

	return t_octets_in(l) - (t_dials_once(t_of(l)) ? dialed : 0);
}

static void msg_unknown(struct tester *t)
{
	static const int64_t types[] = { 16, 0, 65535 };

	for (size_t i = 0; i < 3; i++) {
		struct t_link *l = t_cc_up(t);
		uint64_t octets = reaction(l);
		char what[64];

		snprintf(what, sizeof(what), "Control Message Type %lld", (long long)types[i]);
		t_send(l, CTRL_ECHORQ, "control_message_type", types[i], NULL);
		if (settle(l, 0, 3) == T_IGNORED) {
			T_CHECK(t, reaction(l) == octets, "%s was answered", what);
			T_CHECK(t, t_alive(l), "after %s the device answers nothing any more", what);
			t_warn(t, "%s is ignored", what);
		}
		t_close(l);
	}
	t_still_works(t);
	t_pass(t);
}

/* Types that a device of this role can get once the control connection is up, with the reply, if any. */
struct receivable {
	enum ctrl_type type, reply;
	enum role by; /* ROLE_UNKNOWN: both */
};
static const struct receivable receivables[] = {
	{ CTRL_STOPRQ, CTRL_STOPRP, ROLE_UNKNOWN },
	{ CTRL_ECHORQ, CTRL_ECHORP, ROLE_UNKNOWN },
	{ CTRL_ECHORP, 0, ROLE_UNKNOWN },
	{ CTRL_OCRQ, CTRL_OCRP, ROLE_PAC },
	{ CTRL_ICRP, 0, ROLE_PAC },
	{ CTRL_CCRQ, 0, ROLE_PAC },
	{ CTRL_SLI, 0, ROLE_PAC },
	{ CTRL_ICRQ, CTRL_ICRP, ROLE_PNS },
	{ CTRL_OCRP, 0, ROLE_PNS },
	{ CTRL_ICCN, 0, ROLE_PNS },
	{ CTRL_CDN, 0, ROLE_PNS },
	{ CTRL_WEN, 0, ROLE_PNS },
};

/* One way to get the Length of a message wrong. */
struct bad_length {
	const struct receivable *what;
	uint16_t octets, length;
};

static void send_bad_length(struct t_link *l, const struct bad_length *b)
{
	struct draft d;

	t_draft(l, b->what->type, &d);
	draft_set(&d, "length", b->length);
	d.length = b->octets;
	t_send_draft(l, &d);
}

static void judge_bad_length(struct tester *t, struct t_link *l, const struct bad_length *b, double end)
{
	const char *name = ctrl_desc_of(b->what->type)->name;
	double left = end - t_now(t);

	switch (settle(l, b->what->reply, left > 0.05 ? left : 0.05)) {
	case T_ACCEPTED:
		t_fail(t, "%s with Length %u was accepted", name, b->length);
	case T_IGNORED:
		t_warn(t, "%s with Length %u is neither refused nor does the device close", name, b->length);
		break;
	case T_REJECTED:
		break;
	}
	t_close(l);
}

/* Several of them beside each other, since a device that ignores them all would take minutes. */
static void bad_lengths(struct tester *t, const struct bad_length *b, unsigned count, bool started)
{
	struct t_link *l[BESIDE_MAX];

	for (unsigned at = 0, n; at < count; at += n) {
		/* A device may deal with one new connection after the other: each says at once what it has to
		 * say. */
		n = started ? open_beside(t, l, count - at) : count - at < 4 ? count - at : 4;
		for (unsigned i = 0; i < n; i++) {
			if (!started)
				l[i] = t_tcp_up(t);
			send_bad_length(l[i], &b[at + i]);
		}
		for (unsigned i = 0; i < n; i++)
			judge_bad_length(t, l[i], &b[at + i], t_now(t) + (i ? 0 : 2));
		t_sleep(t, 0.1);
	}
}

static void add_lengths(struct bad_length *b, unsigned *n, const struct receivable *r)
{
	uint16_t size = ctrl_desc_of(r->type)->length;

	b[(*n)++] = (struct bad_length){ r, (uint16_t)(size - 4), (uint16_t)(size - 4) };
	b[(*n)++] = (struct bad_length){ r, (uint16_t)(size + 4), (uint16_t)(size + 4) };
	b[(*n)++] = (struct bad_length){ r, size, 0 };
	b[(*n)++] = (struct bad_length){ r, size, 65535 };
}

static void msg_length(struct tester *t)
{
	static const struct receivable start = { CTRL_SCCRQ, CTRL_SCCRP, ROLE_UNKNOWN };
	enum { KINDS = sizeof(receivables) / sizeof(*receivables) };
	struct bad_length b[4 * KINDS];
	unsigned n = 0;

	add_lengths(b, &n, &start);
	bad_lengths(t, b, n, false);
	n = 0;
	for (size_t i = 0; i < KINDS; i++)
		if (receivables[i].by == ROLE_UNKNOWN || receivables[i].by == t_dut(t))
			add_lengths(b, &n, &receivables[i]);
	bad_lengths(t, b, n, true);
	t_still_works(t);
	t_pass(t);
}

static void msg_direction(struct tester *t)
{
	static const struct receivable wrong[] = {
		{ CTRL_OCRQ, CTRL_OCRP, ROLE_PNS }, { CTRL_ICRP, 0, ROLE_PNS },
		{ CTRL_CCRQ, 0, ROLE_PNS },         { CTRL_SLI, 0, ROLE_PNS },
		{ CTRL_OCRP, 0, ROLE_PAC },         { CTRL_ICRQ, CTRL_ICRP, ROLE_PAC },
		{ CTRL_ICCN, 0, ROLE_PAC },         { CTRL_CDN, 0, ROLE_PAC },
		{ CTRL_WEN, 0, ROLE_PAC },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct t_link *l;

		if (wrong[i].by != t_dut(t))
			continue;
		l = t_cc_up(t);
		t_send(l, wrong[i].type, NULL);
		switch (settle(l, wrong[i].reply, 3)) {
		case T_ACCEPTED:
			t_fail(t, "%s was accepted by a %s", ctrl_desc_of(wrong[i].type)->name,
			       t_dut(t) == ROLE_PAC ? "PAC" : "PNS");
		case T_IGNORED:
			t_warn(t, "%s is ignored", ctrl_desc_of(wrong[i].type)->name);
			break;
		case T_REJECTED:
			break;
		}
		t_close(l);
	}
	t_still_works(t);
	t_pass(t);
}

/* The device's log is longer, or another one, after `what`. */
static void need_log(struct tester *t, char *before, const char *what)
{
	bool same;

	t_sleep(t, 0.5);
	same = before && strcmp(before, t_hook(t, "dut-log", NULL)) == 0;
	free(before);
	T_CHECK(t, !same, "the log says nothing of %s", what);
}

static void msg_log(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	char *before = strdup(t_hook(t, "dut-log", NULL));

	t_send(l, CTRL_ECHORQ, "magic_cookie", INT64_C(0x1a2b3c4e), NULL);
	t_closes(l, 5);
	need_log(t, before, "a wrong Magic Cookie");
	l = t_cc_up(t);
	before = strdup(t_hook(t, "dut-log", NULL));
	t_send(l, CTRL_ECHORQ, "control_message_type", INT64_C(16), NULL);
	t_closes(l, 5);
	need_log(t, before, "an unknown Control Message Type");
	t_pass(t);
}

static void msg_restart(struct tester *t)
{
	struct t_link *l = t_cc_up_orig(t);

	t_send(l, CTRL_ECHORQ, "magic_cookie", INT64_C(0x1a2b3c4e), NULL);
	T_CHECK(t, t_closes(l, 60), "the device does not close after a wrong Magic Cookie");
	if (!t_accept(t, t_scaled(t, 75)))
		t_note(t, "no new control connection within %.0f s; the device may open one on demand only",
		       t_scaled(t, 75));
	t_pass(t);
}

/* --- Stop ------------------------------------------------------------------------------------- */

static void stop_read(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	stopped(l, NULL);
	t_send(l, CTRL_STOPRP, NULL);
	t_closes(l, 10);
	t_pass(t);
}

static void stop_version(struct tester *t)
{
	struct t_link *l = t_dut_connects(t);
	const struct ctrl_msg *m;

	t_need(l, CTRL_SCCRQ, 10);
	t_send(l, CTRL_SCCRP, "protocol_version", INT64_C(1), NULL);
	m = t_get(l, CTRL_STOPRQ, t_scaled(t, 60));
	if (!m) {
		T_CHECK(t, t_is_closed(l), "the device goes on with version 0.1");
		t_note(t, "the device closes without Stop-Control-Connection-Request");
		t_pass(t);
	}
	T_CHECK(t, t_field(m, "reason") == 2, "Reason %lld", (long long)t_field(m, "reason"));
	t_pass(t);
}

static void stop_shutdown(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	int64_t reason = t_field(stopped(l, "reason=3"), "reason");

	T_CHECK(t, reason == 3 || reason == 1, "Reason %lld", (long long)reason);
	if (reason == 1)
		t_note(t, "Reason 1 where 3, the shutdown of the device, fits");
	t_send(l, CTRL_STOPRP, NULL);
	t_pass(t);
}

static void stop_both_ways(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	t_send(l, CTRL_STOPRQ, NULL);
	t_need(l, CTRL_STOPRP, 10);
	t_closes(l, 10);
	l = t_cc_up_orig(t);
	t_send(l, CTRL_STOPRQ, NULL);
	t_need(l, CTRL_STOPRP, 10);
	t_pass(t);
}

static void stop_clears(struct tester *t)
{
	struct t_call *c = t_call_up(t_cc_up(t), NULL);
	struct t_gre *g = t_can_gre(t) ? t_gre(c) : NULL;
	uint16_t id = c->own_id;

	if (g && t_has_hook(t, "dut-traffic"))
		t_traffic(g, 0, 64, 20, false);
	t_sleep(t, 0.5);
	t_send(c->link, CTRL_STOPRQ, NULL);
	t_need(c->link, CTRL_STOPRP, 10);
	if (g)
		need_silence(t, g, 2, "Stop-Control-Connection-Reply");
	need_released(t);
	t_call_up(t_cc_up(t), "call_id", (int64_t)id, NULL);
	t_pass(t);
}

static void stop_reply(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	t_send(l, CTRL_STOPRQ, "reason", INT64_C(1), NULL);
	obtain(l, CTRL_STOPRP, 10);
	t_pass(t);
}

/* --- Echo ------------------------------------------------------------------------------------- */

/* The device's Echo-Request, which comes after a minute of silence. */
static int64_t device_echo(struct tester *t, struct t_link *l)
{
	int64_t id;

	t_show_echo(l, true);
	id = t_field(obtain(l, CTRL_ECHORQ, t_scaled(t, 130)), "identifier");
	t_send(l, CTRL_ECHORP, "identifier", id, NULL);
	return id;
}

static void echo_read(struct tester *t)
{
	device_echo(t, t_cc_up(t));
	t_sleep(t, 1);
	t_pass(t);
}

static void echo_identifiers(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	int64_t first = device_echo(t, l), second = device_echo(t, l);

	T_CHECK(t, first != second, "both Echo-Requests have Identifier %lld", (long long)first);
	t_pass(t);
}

static void echo_many(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	for (int64_t i = 0; i < 20; i++) {
		t_send(l, CTRL_ECHORQ, "identifier", i, NULL);
		t_sleep(t, 0.1);
	}
	for (unsigned i = 0; i < 20; i++)
		T_CHECK(t, t_get(l, CTRL_ECHORP, 5), "%u Echo-Replies to 20 Echo-Requests", i);
	T_CHECK(t, !t_is_closed(l), "the connection was closed");
	t_pass(t);
}

static void echo_reply(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	t_send(l, CTRL_ECHORQ, "identifier", INT64_C(0xdeadbeef), NULL);
	obtain(l, CTRL_ECHORP, 10);
	t_pass(t);
}

static void echo_identifier(struct tester *t)
{
	static const int64_t ids[] = { 0, 1, 0x80000000, 0xffffffff };
	struct t_link *l = t_cc_up(t);

	for (size_t i = 0; i < 4; i++) {
		int64_t got;

		t_send(l, CTRL_ECHORQ, "identifier", ids[i], NULL);
		got = t_field(t_need(l, CTRL_ECHORP, 10), "identifier");
		T_CHECK(t, got == ids[i], "Identifier 0x%llx came back as 0x%llx", (unsigned long long)ids[i],
			(unsigned long long)got);
	}
	t_pass(t);
}

static void echo_one(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	t_send(l, CTRL_ECHORQ, NULL);
	t_need(l, CTRL_ECHORP, 5);
	T_CHECK(t, t_none(l, CTRL_ECHORP, 2), "two Echo-Replies to one Echo-Request");
	t_pass(t);
}

static void echo_unasked(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	t_send(l, CTRL_ECHORP, "identifier", INT64_C(0x12345678), NULL);
	t_sleep(t, 1);
	if (t_none(l, 0, 1) && !t_is_closed(l))
		T_CHECK(t, t_alive(l),
			"after an Echo-Reply that nobody asked for, echoes are not answered any more");
	t_still_works(t);
	t_pass(t);
}

/* --- general errors --------------------------------------------------------------------------- */

/* A reply that a device without control connection gives to `type`, if any, says Error 1. */
static void not_connected(struct tester *t, enum ctrl_type type, enum ctrl_type reply)
{
	struct t_link *l = t_tcp_up(t);
	const char *name = ctrl_desc_of(type)->name;

	t_send(l, type, NULL);
	switch (settle(l, reply, 10)) {
	case T_ACCEPTED:
		t_fail(t, "%s before the control connection was accepted", name);
	case T_IGNORED:
		t_warn(t, "%s before the control connection is neither answered nor is the connection closed",
		       name);
		break;
	case T_REJECTED:
		if (t_count(l, reply))
			T_CHECK(t, t_field(t_message(l), "error_code") == 1, "%s is answered with Error %lld",
				name, (long long)t_field(t_message(l), "error_code"));
		break;
	}
	t_close(l);
}

static void err_notconn(struct tester *t)
{
	not_connected(t, call_request(t), call_reply(t));
	not_connected(t, CTRL_ECHORQ, CTRL_ECHORP);
	not_connected(t, CTRL_STOPRQ, CTRL_STOPRP);
	t_still_works(t);
	t_pass(t);
}

static void err_format(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	struct draft d;

	t_draft(l, CTRL_ECHORQ, &d);
	draft_set(&d, "length", 20);
	d.length = 20;
	t_send_draft(l, &d);
	switch (settle(l, CTRL_ECHORP, 10)) {
	case T_ACCEPTED:
		t_fail(t, "an Echo-Request of 20 octets was answered with Result 1");
	case T_IGNORED:
		t_warn(t, "an Echo-Request of 20 octets is ignored");
		break;
	case T_REJECTED:
		if (t_count(l, CTRL_ECHORP) && t_field(t_message(l), "error_code") != 2)
			t_fail(t, "an Echo-Request of 20 octets is refused with Error %lld",
			       (long long)t_field(t_message(l), "error_code"));
		break;
	}
	t_pass(t);
}

static void err_value(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	if (t_dut(t) == ROLE_PAC)
		t_send(l, CTRL_OCRQ, "framing_type", INT64_C(8), NULL);
	else
		t_send(l, CTRL_ICRQ, "call_bearer_type", INT64_C(8), NULL);
	need_refusal(t, l, 3, 3, "a request with a type that does not exist");
	t_pass(t);
}

static void err_resources(struct tester *t)
{
	enum { ATTEMPTS = 150, CHANNELS = 3 };
	struct t_link *l = t_cc_up(t);
	bool limited = t_has_hook(t, "dut-config") &&
		       t_try_hook(t, "dut-config", "channels=3", NULL) == HOOK_DONE;

	for (unsigned i = 0; i < ATTEMPTS; i++) {
		const struct ctrl_msg *m;

		if (t_ignores_calls(l, false))
			t_unsupported(t, "%s", NO_INCOMING);
		t_send(l, call_request(t), NULL);
		m = t_get(l, call_reply(t), t_scaled(t, 60));
		if (!m && !i && t_ignores_calls(l, true))
			t_unsupported(t, "%s", NO_INCOMING);
		if (!m && !i)
			t_unsupported(t, "the device takes no call at all");
		if (!m && t_is_closed(l))
			t_fail(t, "call %u made the device close the control connection", i + 1);
		if (!m)
			t_fail(t, "the request for call %u got no reply", i + 1);
		if (t_field(m, "result_code") == 1) {
			T_CHECK(t, !limited || i < CHANNELS, "call %u is taken where there are %d channels", i + 1,
				CHANNELS);
			continue;
		}
		if (!i)
			t_unsupported(t, "the device takes no call at all");
		t_note(t, "call %u was refused with Result %lld, Error %lld", i + 1,
		       (long long)t_field(m, "result_code"), (long long)t_field(m, "error_code"));
		if (t_field(m, "result_code") == 2)
			T_CHECK(t, t_field(m, "error_code") == 4, "Error %lld where resources ran out",
				(long long)t_field(m, "error_code"));
		T_CHECK(t, t_alive(l), "after a refusal echoes are not answered any more");
		t_pass(t);
	}
	t_unsupported(t, "the device took %d calls; its capacity was not reached", ATTEMPTS);
}

static void err_call_id(struct tester *t)
{
	struct t_call *c = t_call_up(t_cc_up(t), NULL);

	t_send(c->link, call_request(t), "call_id", (int64_t)c->own_id, NULL);
	need_refusal(t, c->link, 5, 3, "a second request with the Call ID of a live call");
	if (!t_is_closed(c->link))
		T_CHECK(t, t_alive(c->link), "after the second request echoes are not answered any more");
	t_pass(t);
}

#define CONNECTS "Has the device open a control connection."
#define STOPS "Has the device's operator stop the control connection and reads the request."
#define STOP_SENT "Sends a Stop-Control-Connection-Request and reads the reply."
#define IDLES "Says nothing for a minute and reads the device's Echo-Request."
#define ECHO_SENT "Sends an Echo-Request and reads the reply."
#define ZERO "The reserved field is zero."

const struct test_case suite_control[] = {
	{ RULE_TCP_PORT_01, tcp_port, 0, "dut-connect", CONNECTS, "It connects to TCP port 1723.", NULL },
	{ RULE_TCP_PORT_02, tcp_listens, 0, NULL, "Opens a TCP connection to the device.",
	  "It is accepted, and the device waits for a request.", NULL },
	{ RULE_TCP_SPORT_01, tcp_source_port, 0, NULL,
	  "Opens control connections from ports 1023, 1723, 40000 and 65535.", "Each is accepted.", NULL },
	/* Alone: what a busy device reads late it reads in one piece. */
	{ RULE_TCP_STREAM_01, tcp_octets, TEST_ALONE, NULL,
	  "Sends a Start-Control-Connection-Request octet by octet, then an Echo-Request in three pieces.",
	  "Both are answered.", NULL },
	{ RULE_TCP_STREAM_02, tcp_joined, 0, NULL, "Sends three Echo-Requests in one segment.",
	  "Three Echo-Replies in the same order.", NULL },
	{ RULE_TCP_CLOSE_01, tcp_lost, 0, NULL,
	  "Resets the TCP connection during a call, then connects anew.",
	  "Tunnel packets stop; a new connection and a new call work.", NULL },
	{ RULE_TCP_CLOSE_02, tcp_closed, 0, NULL,
	  "Closes the TCP connection without Stop exchange, once while a call is being set up.",
	  "The device closes its half; a new connection works.", NULL },
	{ RULE_TCP_PAIR_01, tcp_pair, TEST_GRE, NULL, "Has the device send tunnel packets.",
	  "They come from the address of its control connection.", NULL },
	{ RULE_MSG_TYPE_01, msg_type, 0, NULL,
	  "Sends Echo-Requests with PPTP Message Types 2, 0 and 65535, each on its own connection.",
	  "None is answered; the device closes.", NULL },
	{ RULE_MSG_COOKIE_01, whole_life, 0, NULL, "Goes through the life of a connection and a call.",
	  "Each message of the device has the right Magic Cookie.", NULL },
	{ RULE_MSG_COOKIE_02, msg_garbage, 0, NULL,
	  "Sends 16 octets of 0xFF and an Echo-Request behind them.",
	  "The device closes and answers nothing.", NULL },
	{ RULE_MSG_SYNC_01, msg_sync, 0, NULL, "Sends an Echo-Request with a wrong Magic Cookie.",
	  "The device closes within 5 s.", NULL },
	{ RULE_MSG_ORDER_01, whole_life, 0, NULL, "Goes through the life of a connection and a call.",
	  "Each message of the device is in network byte order.", NULL },
	{ RULE_MSG_RSVD_02, msg_reserved, 0, NULL, "Sends messages whose reserved fields are not zero.",
	  "They are processed or refused; the device goes on working.", NULL },
	{ RULE_MSG_INVALID_01, msg_unknown, 0, NULL, "Sends messages of the types 16, 0 and 65535.",
	  "The device closes the control connection.", NULL },
	{ RULE_MSG_INVALID_02, msg_length, 0, NULL,
	  "Sends each message that the device can get with a Length 4 too small, 4 too large, 0 and 65535.",
	  "Each is refused, or the device closes.", NULL },
	{ RULE_MSG_INVALID_03, msg_direction, 0, NULL,
	  "Sends the messages that only the device's own role may send.",
	  "Each is refused, or the device closes.", NULL },
	{ RULE_MSG_LOG_01, msg_log, 0, "dut-log", "Provokes two closes and reads the log.",
	  "The log tells of each.", NULL },
	{ RULE_MSG_RESTART_01, msg_restart, TEST_WAITS, "dut-connect",
	  "Sends a wrong Magic Cookie on a connection that the device opened.",
	  "The device closes, and opens a new one when it needs it.", NULL },
	{ RULE_STOPRQ_LEN_01, stop_read, 0, "dut-stop", STOPS, "Length is 16.", "MSG-HDR-01" },
	{ RULE_STOPRQ_RSVD0_01, stop_read, 0, "dut-stop", STOPS, ZERO, NULL },
	{ RULE_STOPRQ_RSVD1_01, stop_read, 0, "dut-stop", STOPS, ZERO, NULL },
	{ RULE_STOPRQ_RSVD2_01, stop_read, 0, "dut-stop", STOPS, ZERO, NULL },
	{ RULE_STOPRQ_REASON_01, stop_read, 0, "dut-stop", STOPS, "Reason is 1, 2 or 3.", NULL },
	{ RULE_STOPRQ_REASON_02, stop_version, TEST_WAITS, "dut-connect",
	  "Answers the device's Start-Control-Connection-Request with version 0.1.",
	  "Where it sends a Stop-Control-Connection-Request, its Reason is 2.", NULL },
	{ RULE_STOPRQ_REASON_03, stop_shutdown, 0, "dut-stop", "Has the device's service shut down.",
	  "Reason is 3; 1 is borne.", NULL },
	{ RULE_STOPRQ_SENDER_01, stop_both_ways, 0, "dut-connect",
	  "Stops a connection that it opened, and one that the device opened.", "Both are answered.", NULL },
	{ RULE_STOPRQ_CLEAR_01, stop_clears, 0, NULL,
	  "Stops the control connection during a call, then sets up another with the same Call ID.",
	  "Tunnel packets stop, lines are released, and the new call works.", NULL },
	{ RULE_STOPRP_LEN_01, stop_reply, 0, NULL, STOP_SENT, "Length is 16.", "MSG-HDR-01" },
	{ RULE_STOPRP_RSVD0_01, stop_reply, 0, NULL, STOP_SENT, ZERO, NULL },
	{ RULE_STOPRP_RSVD1_01, stop_reply, 0, NULL, STOP_SENT, ZERO, NULL },
	{ RULE_STOPRP_RESULT_01, stop_reply, 0, NULL, STOP_SENT, "Result Code is 1.", NULL },
	{ RULE_STOPRP_ERR_01, stop_reply, 0, NULL, STOP_SENT, "Error Code is 0.", NULL },
	{ RULE_ECHORQ_LEN_01, echo_read, TEST_WAITS, NULL, IDLES, "Length is 16.", "MSG-HDR-01" },
	{ RULE_ECHORQ_RSVD0_01, echo_read, TEST_WAITS, NULL, IDLES, ZERO, NULL },
	{ RULE_ECHORQ_IDENT_01, echo_identifiers, TEST_WAITS, NULL,
	  "Waits for two Echo-Requests of the device.", "Their Identifiers differ.", NULL },
	{ RULE_ECHORQ_SENDER_01, echo_many, 0, NULL, "Sends 20 Echo-Requests, one each 100 ms.",
	  "20 Echo-Replies.", NULL },
	{ RULE_ECHORP_LEN_01, echo_reply, 0, NULL, ECHO_SENT, "Length is 20.", NULL },
	{ RULE_ECHORP_RSVD0_01, echo_reply, 0, NULL, ECHO_SENT, ZERO, NULL },
	{ RULE_ECHORP_RSVD1_01, echo_reply, 0, NULL, ECHO_SENT, ZERO, NULL },
	{ RULE_ECHORP_IDENT_01, echo_identifier, 0, NULL,
	  "Sends Echo-Requests with Identifiers 0, 1, 0x80000000 and 0xFFFFFFFF.",
	  "Each comes back as it was.", NULL },
	{ RULE_ECHORP_RESULT_01, echo_reply, 0, NULL, ECHO_SENT, "Result Code is 1.", NULL },
	{ RULE_ECHORP_ERR_01, echo_reply, 0, NULL, ECHO_SENT, "Error Code is 0.", NULL },
	{ RULE_ECHORP_REPLY_01, echo_one, 0, NULL, "Sends one Echo-Request.", "One Echo-Reply, within 5 s.",
	  NULL },
	{ RULE_ECHORP_UNSOL_01, echo_unasked, 0, NULL, "Sends an Echo-Reply that nobody asked for.",
	  "It is discarded or refused; the device goes on working.", NULL },
	{ RULE_ERR_NOTCONN_01, err_notconn, 0, NULL,
	  "Sends a request for a call, an Echo-Request and a Stop-Control-Connection-Request without "
	  "starting.",
	  "A reply, if any, says Error 1; none is positive.", NULL },
	{ RULE_ERR_BADFMT_01, err_format, 0, NULL, "Sends an Echo-Request of 20 octets.",
	  "Error 2, or the device closes.", NULL },
	{ RULE_ERR_BADVAL_01, err_value, 0, NULL, "Requests a call of a type that does not exist.",
	  "Error 3, or the device closes.", NULL },
	{ RULE_ERR_NORES_01, err_resources, TEST_ALONE, NULL,
	  "Requests calls until the device has no room for more.",
	  "The surplus call is refused, and nothing else suffers.", NULL },
	{ RULE_ERR_BADCID_01, err_call_id, 0, NULL, "Requests a second call with the Call ID of a live one.",
	  "Error 5, or the device closes; the live call is not replaced.", NULL },
	{ .run = NULL },
};
