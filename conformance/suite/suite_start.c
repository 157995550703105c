/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Active tests of how control connections begin and end: Start-Control-Connection-Request and -Reply,
 * the two machines and their collision (RFC 2637 sections 2.1, 2.2 and 3.1.1 to 3.1.3).
 */
#include "conformance/endpoint.h"
#include "conformance/suite/suite_private.h"

/* --- the device's request ---------------------------------------------------------------------- */

/* Lets the device open a control connection; the judge looks at its request. */
static void start_read(struct tester *t)
{
	T_CHECK(t, t_answer_start(t_dut_connects(t)), "no Start-Control-Connection-Request");
	t_sleep(t, 0.5);
	t_pass(t);
}

/* What only the device's role makes wrong, which a capture of these messages alone does not show. */
static void start_role(struct tester *t, const char *field, bool zero, const char *name)
{
	struct t_link *l = t_dut_connects(t);
	int64_t value;

	t_need(l, CTRL_SCCRQ, 10);
	value = t_field(t_message(l), field);
	t_answer_start(l);
	T_CHECK(t, zero == !value, "%s is %lld", name, (long long)value);
	t_pass(t);
}

static void start_bearer(struct tester *t)
{
	start_role(t, "bearer_capabilities", false, "Bearer Capabilities");
}

static void start_channels_pns(struct tester *t)
{
	start_role(t, "maximum_channels", true, "Maximum Channels");
}

static void start_channels_pac(struct tester *t)
{
	start_role(t, "maximum_channels", false, "Maximum Channels");
}

/* Two calls whose control connection was started with these Maximum Channels of the tester's. */
static void two_calls_with(struct tester *t, int64_t channels)
{
	struct t_link *l = t_tcp_up(t);
	const struct ctrl_msg *m;

	t_send(l, CTRL_SCCRQ, "maximum_channels", channels, NULL);
	m = t_need(l, CTRL_SCCRP, 10);
	T_CHECK(t, t_field(m, "result_code") <= 1, "Maximum Channels %lld is refused with Result %lld",
		(long long)channels, (long long)t_field(m, "result_code"));
	for (unsigned i = 0; i < 2; i++) {
		t_send(l, CTRL_OCRQ, NULL);
		m = t_need(l, CTRL_OCRP, t_scaled(t, 60));
		T_CHECK(t, t_field(m, "result_code") == 1,
			"with Maximum Channels %lld of the PNS, call %u is refused with Result %lld",
			(long long)channels, i + 1, (long long)t_field(m, "result_code"));
	}
	t_close(l);
	t_sleep(t, 0.5);
}

static void start_channels(struct tester *t)
{
	two_calls_with(t, 0);
	two_calls_with(t, 1);
	two_calls_with(t, 65535);
	t_pass(t);
}

static void start_sender(struct tester *t)
{
	for (unsigned as_pac = 0; as_pac < 2; as_pac++) {
		struct t_link *l = t_tcp_up(t);
		bool fits = as_pac == (t_dut(t) == ROLE_PNS);
		const struct ctrl_msg *m;

		t_send(l, CTRL_SCCRQ, "maximum_channels", (int64_t)as_pac, NULL);
		m = t_get(l, CTRL_SCCRP, 10);
		T_CHECK(t, m || t_is_closed(l), "the request of a %s is not answered",
			as_pac ? "PAC" : "PNS");
		T_CHECK(t, !fits || (m && t_field(m, "result_code") <= 1), "the request of a %s is refused",
			as_pac ? "PAC" : "PNS");
		if (m && t_field(m, "result_code") <= 1)
			t_send(l, as_pac ? CTRL_ICRQ : CTRL_OCRQ, NULL);
		t_sleep(t, 0.5);
		t_close(l);
	}
	t_still_works(t);
	t_pass(t);
}

static void start_firmware(struct tester *t)
{
	static const int64_t revisions[] = { 0, 0xffff };

	for (size_t i = 0; i < 2; i++) {
		struct t_link *l = t_tcp_up(t);
		const struct ctrl_msg *m;

		t_send(l, CTRL_SCCRQ, "firmware_revision", revisions[i], NULL);
		m = t_need(l, CTRL_SCCRP, 10);
		T_CHECK(t, t_field(m, "result_code") <= 1,
			"Firmware Revision %lld is refused with Result %lld", (long long)revisions[i],
			(long long)t_field(m, "result_code"));
		t_close(l);
		t_sleep(t, 0.3);
	}
	t_pass(t);
}

/* --- the device's reply ------------------------------------------------------------------------ */

static void reply_read(struct tester *t)
{
	struct t_link *l = t_tcp_up(t);

	t_send(l, CTRL_SCCRQ, NULL);
	obtain(l, CTRL_SCCRP, 10);
	t_sleep(t, 0.2);
	t_pass(t);
}

static void reply_role(struct tester *t, const char *field, bool zero, const char *name)
{
	struct t_link *l = t_tcp_up(t);
	int64_t value;

	t_send(l, CTRL_SCCRQ, NULL);
	value = t_field(t_need(l, CTRL_SCCRP, 10), field);
	T_CHECK(t, zero == !value, "%s is %lld", name, (long long)value);
	t_pass(t);
}

static void reply_bearer(struct tester *t)
{
	reply_role(t, "bearer_capabilities", false, "Bearer Capabilities");
}

static void reply_channels_zero(struct tester *t)
{
	reply_role(t, "maximum_channels", true, "Maximum Channels");
}

/* A second connection beside a live one: the reply to its request, or NULL. */
static const struct ctrl_msg *second_start(struct tester *t, struct t_link **second)
{
	*second = t_link_from(t, NULL, 0);
	if (!*second)
		return NULL;
	t_send(*second, CTRL_SCCRQ, NULL);
	return t_get(*second, CTRL_SCCRP, t_scaled(t, 60));
}

static void reply_second(struct tester *t)
{
	struct t_link *l = t_cc_up(t), *second;
	const struct ctrl_msg *m = second_start(t, &second);

	if (m && t_field(m, "result_code") == 1 && t_closes(l, 1)) {
		t_note(t, "the second connection takes the place of the first");
		t_pass(t);
	}
	if (m) {
		T_CHECK(t, t_field(m, "result_code") == 3,
			"the second connection is answered with Result %lld",
			(long long)t_field(m, "result_code"));
		T_CHECK(t, t_closes(second, t_scaled(t, 60)),
			"the second connection is refused, but not closed");
	} else if (second) {
		T_CHECK(t, t_is_closed(second), "the second connection is neither answered nor closed");
		t_note(t, "the second connection is closed without Result 3");
	}
	T_CHECK(t, t_alive(l), "the first connection does not survive the second");
	t_pass(t);
}

static void reply_unauthorised(struct tester *t)
{
	const struct ctrl_msg *m;
	struct t_link *l;

	t_hook(t, "dut-config", "refuse-peer=on", NULL);
	l = t_link_from(t, NULL, 0);
	if (!l) {
		t_try_hook(t, "dut-config", "refuse-peer=off", NULL);
		t_note(t, "the device refuses the TCP connection");
		t_pass(t);
	}
	t_send(l, CTRL_SCCRQ, NULL);
	m = t_get(l, CTRL_SCCRP, t_scaled(t, 60));
	t_closes(l, t_scaled(t, 60));
	t_try_hook(t, "dut-config", "refuse-peer=off", NULL);
	if (!m) {
		T_CHECK(t, t_is_closed(l), "a request that is not authorised is neither answered nor closed");
		t_note(t, "the device closes without Result 4");
		t_pass(t);
	}
	T_CHECK(t, t_field(m, "result_code") == 4, "Result %lld", (long long)t_field(m, "result_code"));
	T_CHECK(t, t_field(m, "error_code") == 0, "Error %lld with Result 4",
		(long long)t_field(m, "error_code"));
	T_CHECK(t, t_is_closed(l), "the connection is refused, but not closed");
	t_pass(t);
}

/* A request with this version: the reply, or NULL; *link the connection. */
static const struct ctrl_msg *start_version(struct tester *t, int64_t version, struct t_link **link)
{
	*link = t_tcp_up(t);
	t_send(*link, CTRL_SCCRQ, "protocol_version", version, NULL);
	return t_get(*link, CTRL_SCCRP, t_scaled(t, 60));
}

static void reply_version(struct tester *t)
{
	struct t_link *l;
	const struct ctrl_msg *m = start_version(t, 1, &l);

	T_CHECK(t, m, "no reply to a request with version 0.1");
	T_CHECK(t, t_field(m, "result_code") == 5, "Result %lld for version 0.1",
		(long long)t_field(m, "result_code"));
	T_CHECK(t, t_field(m, "error_code") == 0, "Error %lld with Result 5",
		(long long)t_field(m, "error_code"));
	T_CHECK(t, t_closes(l, t_scaled(t, 60)), "the connection is refused, but not closed");
	t_pass(t);
}

static void reply_bad_format(struct tester *t)
{
	struct t_link *l = t_tcp_up(t);
	struct draft d;

	t_draft(l, CTRL_SCCRQ, &d);
	draft_set(&d, "length", 152);
	d.length = 152;
	t_send_draft(l, &d);
	switch (settle(l, CTRL_SCCRP, t_scaled(t, 60))) {
	case T_ACCEPTED:
		t_fail(t, "a request of 152 octets is accepted");
	case T_IGNORED:
		t_warn(t, "a request of 152 octets is neither answered nor is the connection closed");
		break;
	case T_REJECTED:
		if (!t_count(l, CTRL_SCCRP))
			break;
		T_CHECK(t,
			t_field(t_message(l), "result_code") == 2 && t_field(t_message(l), "error_code") == 2,
			"Result %lld, Error %lld", (long long)t_field(t_message(l), "result_code"),
			(long long)t_field(t_message(l), "error_code"));
		break;
	}
	t_pass(t);
}

/* Has the device make a call; that the first one was possible and the second is not fails the test. */
static void one_more(struct tester *t, const char *hook, unsigned before)
{
	if (!before)
		t_hook(t, hook, NULL);
	else
		T_CHECK(t, t_try_hook(t, hook, NULL) == HOOK_DONE,
			"the device keeps a second call back on account of Maximum Channels");
}

static void reply_channels_originating(struct tester *t)
{
	static const int64_t channels[] = { 0, 1, 65535 };

	for (size_t i = 0; i < 3; i++) {
		struct t_link *l = t_dut_connects(t);

		t_need(l, CTRL_SCCRQ, 10);
		t_send(l, CTRL_SCCRP, "maximum_channels", channels[i], NULL);
		t_sleep(t, 0.3);
		for (unsigned k = 0; k < 2; k++) {
			one_more(t, "dut-ring", k);
			t_need(l, CTRL_ICRQ, 10);
		}
		t_close(l);
		t_sleep(t, 0.5);
	}
	t_pass(t);
}

static void reply_channels_pns(struct tester *t)
{
	struct t_link *l = t_tcp_up(t);
	const struct ctrl_msg *m;

	t_send(l, CTRL_SCCRQ, "maximum_channels", INT64_C(1), NULL);
	m = t_need(l, CTRL_SCCRP, 10);
	T_CHECK(t, t_field(m, "result_code") <= 1, "Result %lld", (long long)t_field(m, "result_code"));
	t_out_up(l, NULL);
	one_more(t, "dut-dial", 1);
	T_CHECK(t, t_get(l, CTRL_OCRQ, 10),
		"the device keeps a second call back on account of Maximum Channels 1");
	t_pass(t);
}

static void reply_firmware(struct tester *t)
{
	static const int64_t revisions[] = { 0, 0xffff };

	for (size_t i = 0; i < 2; i++) {
		struct t_link *l = t_dut_connects(t);

		t_need(l, CTRL_SCCRQ, 10);
		t_send(l, CTRL_SCCRP, "firmware_revision", revisions[i], NULL);
		t_sleep(t, 0.5);
		T_CHECK(t, !t_is_closed(l) && t_alive(l),
			"Firmware Revision %lld in the reply ends the connection", (long long)revisions[i]);
		t_close(l);
		t_sleep(t, 0.3);
	}
	t_pass(t);
}

/* --- the machines ------------------------------------------------------------------------------ */

static void origin_starts(struct tester *t)
{
	struct t_link *l = t_dut_connects(t);

	T_CHECK(t, t_wait(l, 5) == T_MESSAGE && t_message(l)->type == CTRL_SCCRQ,
		"the first thing from the device within 5 s is no Start-Control-Connection-Request");
	t_pass(t);
}

static void receiver_silent(struct tester *t)
{
	struct t_link *l = t_tcp_up(t);

	T_CHECK(t, t_none(l, 0, 20), "the device sent something before it was asked");
	t_pass(t);
}

static void origin_waits(struct tester *t)
{
	struct t_link *l = t_dut_connects(t);

	t_need(l, CTRL_SCCRQ, 10);
	t_show_echo(l, true);
	T_CHECK(t, t_none(l, 0, t_scaled(t, 20)), "the device sent more before its request was answered");
	t_pass(t);
}

/* A message before the control connection is up, which must not be met with success. */
struct early {
	enum ctrl_type type, reply;
};

static void judge_early(struct tester *t, struct t_link *l, const struct early *e, double end)
{
	const char *name = ctrl_desc_of(e->type)->name;
	double left = end - t_now(t);

	switch (settle(l, e->reply, left > 0.05 ? left : 0.05)) {
	case T_ACCEPTED:
		t_fail(t, "%s before the control connection was accepted", name);
	case T_IGNORED:
		T_CHECK(t, !t_octets_in(l), "%s before the control connection was answered", name);
		t_warn(t, "%s before the control connection is ignored", name);
		break;
	case T_REJECTED:
		break;
	}
	t_close(l);
}

static void none_too_early(struct tester *t)
{
	static const struct early early[] = {
		{ CTRL_OCRQ, CTRL_OCRP },
		{ CTRL_ICRQ, CTRL_ICRP },
		{ CTRL_CCRQ, 0 },
		{ CTRL_CDN, 0 },
		{ CTRL_WEN, 0 },
		{ CTRL_SLI, 0 },
		{ CTRL_ICCN, 0 },
		{ CTRL_ECHORQ, CTRL_ECHORP },
		{ CTRL_STOPRQ, CTRL_STOPRP },
		{ CTRL_SCCRP, 0 },
	};
	enum { KINDS = sizeof(early) / sizeof(*early) };
	struct t_link *l[BESIDE_MAX];

	for (unsigned at = 0, n; at < KINDS; at += n) {
		/* A device may deal with one new connection after the other: each says at once what it has to
		 * say. */
		n = KINDS - at < 4 ? KINDS - at : 4;
		for (unsigned i = 0; i < n; i++) {
			l[i] = t_tcp_up(t);
			t_send(l[i], early[at + i].type, NULL);
		}
		for (unsigned i = 0; i < n; i++)
			judge_early(t, l[i], &early[at + i], t_now(t) + (i ? 0 : 5));
	}
	t_still_works(t);
	t_pass(t);
}

static void receiver_replies(struct tester *t)
{
	struct t_link *l = t_tcp_up(t);

	t_send(l, CTRL_SCCRQ, NULL);
	t_need(l, CTRL_SCCRP, 5);
	T_CHECK(t, t_none(l, CTRL_SCCRP, 2), "two replies to one request");
	t_pass(t);
}

static void receiver_older(struct tester *t)
{
	struct t_link *l;
	const struct ctrl_msg *m = start_version(t, 0x0001, &l);

	T_CHECK(t, m && t_field(m, "result_code") == 1, "the older version is not accepted");
	if (t_field(m, "protocol_version") != 0x0001)
		t_warn(t, "the reply has version 0x%04llx",
		       (unsigned long long)t_field(m, "protocol_version"));
	t_pass(t);
}

static void receiver_too_old(struct tester *t)
{
	struct t_link *l;
	const struct ctrl_msg *m = start_version(t, 1, &l);

	if (m) {
		T_CHECK(t, t_field(m, "result_code") > 1, "version 0.1 is accepted");
		if (t_field(m, "result_code") != 5)
			t_note(t, "version 0.1 is refused with Result %lld",
			       (long long)t_field(m, "result_code"));
	}
	T_CHECK(t, t_closes(l, t_scaled(t, 60)), "the connection is not closed");
	T_CHECK(t, m, "version 0.1 is not answered");
	t_still_works(t);
	t_pass(t);
}

static void receiver_newer(struct tester *t)
{
	static const int64_t versions[] = { 0x0100, 0x0101, 0x0200 };

	for (size_t i = 0; i < 3; i++) {
		struct t_link *l;
		const struct ctrl_msg *m = start_version(t, versions[i], &l);

		if (m && versions[i] == 0x0200 && t_field(m, "result_code") == 5) {
			t_warn(t, "version 2.0 is refused with Result 5");
			continue;
		}
		T_CHECK(t, m && t_field(m, "result_code") == 1, "version 0x%04llx is not accepted",
			(unsigned long long)versions[i]);
		T_CHECK(t, t_field(m, "protocol_version") == 0x0100,
			"version 0x%04llx is answered with 0x%04llx", (unsigned long long)versions[i],
			(unsigned long long)t_field(m, "protocol_version"));
		t_close(l);
		t_sleep(t, 0.3);
	}
	t_pass(t);
}

/* The device's connection, answered with success and this version. */
static struct t_link *answered_with(struct tester *t, int64_t version)
{
	struct t_link *l = t_dut_connects(t);

	t_need(l, CTRL_SCCRQ, 10);
	t_send(l, CTRL_SCCRP, "protocol_version", version, NULL);
	return l;
}

static void origin_older(struct tester *t)
{
	struct t_link *l = answered_with(t, 0x0001);

	T_CHECK(t, t_none(l, CTRL_STOPRQ, 5) && !t_is_closed(l), "the older version is not accepted");
	T_CHECK(t, t_alive(l), "with the older version echoes are not answered");
	t_pass(t);
}

static void origin_too_old(struct tester *t)
{
	struct t_link *l = answered_with(t, 1);
	const struct ctrl_msg *m = t_get(l, CTRL_STOPRQ, t_scaled(t, 60));

	if (!m) {
		T_CHECK(t, t_is_closed(l), "the device goes on with version 0.1");
		t_warn(t, "the device closes without Stop-Control-Connection-Request");
		t_pass(t);
	}
	T_CHECK(t, t_field(m, "reason") == 2, "Reason %lld", (long long)t_field(m, "reason"));
	t_send(l, CTRL_STOPRP, NULL);
	T_CHECK(t, t_closes(l, t_scaled(t, 60)),
		"after Stop-Control-Connection-Reply the device does not close");
	t_pass(t);
}

static void origin_uses(struct tester *t)
{
	struct t_link *l = t_cc_up_orig(t);

	t_hook(t, t_dut(t) == ROLE_PNS ? "dut-dial" : "dut-ring", NULL);
	t_need(l, t_dut(t) == ROLE_PNS ? CTRL_OCRQ : CTRL_ICRQ, 10);
	T_CHECK(t, t_alive(l), "echoes are not answered");
	t_pass(t);
}

static void origin_newer(struct tester *t)
{
	struct t_link *l = answered_with(t, 0x0200);
	const struct ctrl_msg *m = t_get(l, CTRL_STOPRQ, 5);

	if (m)
		t_note(t, "the device stops the connection with Reason %lld",
		       (long long)t_field(m, "reason"));
	else if (t_is_closed(l))
		t_note(t, "the device closes");
	else
		t_note(t, "the device goes on");
	T_CHECK(t, m || t_is_closed(l) || t_alive(l), "the device hangs");
	t_pass(t);
}

static void origin_refused(struct tester *t)
{
	for (int64_t result = 2; result <= 5; result++) {
		struct t_link *l = t_dut_connects(t);

		t_need(l, CTRL_SCCRQ, 10);
		t_send(l, CTRL_SCCRP, "result_code", result, "error_code",
		       result == 2 ? INT64_C(4) : INT64_C(0), NULL);
		T_CHECK(t, gives_up(l, t_scaled(t, 60)), "after Result %lld the device does not close",
			(long long)result);
		T_CHECK(t, t_octets_in(l) <= 156 + 16u * t_count(l, CTRL_STOPRQ),
			"after Result %lld the device sent more than a Stop-Control-Connection-Request",
			(long long)result);
	}
	t_pass(t);
}

static void start_twice(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	t_send(l, CTRL_SCCRQ, NULL);
	t_must_reject(l, CTRL_SCCRP, "a second Start-Control-Connection-Request");
	t_close(l);
	t_still_works(t);
	t_pass(t);
}

static void reply_unasked(struct tester *t)
{
	struct t_link *l = t_cc_up(t);

	t_send(l, CTRL_SCCRP, NULL);
	if (settle(l, 0, 3) == T_IGNORED) {
		T_CHECK(t, t_alive(l), "after a Start-Control-Connection-Reply out of turn the device hangs");
		t_warn(t, "a Start-Control-Connection-Reply out of turn is ignored");
	}
	t_pass(t);
}

static void only_one(struct tester *t)
{
	struct t_link *l = t_cc_up(t), *second;
	const struct ctrl_msg *m = second_start(t, &second);
	bool up = m && t_field(m, "result_code") == 1;

	T_CHECK(t, !up || !t_alive(l) || !t_alive(second),
		"two control connections with one peer are both alive");
	if (!up)
		T_CHECK(t, t_alive(l), "neither connection is alive");
	t_pass(t);
}

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
	T_CHECK(t, !m, "%s follows the Stop-Control-Connection-Reply%s",
		m->desc ? m->desc->name : "something", when);
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

static void again_and_again(struct tester *t)
{
	double first = 0, last = 0;

	for (unsigned i = 0; i < 100; i++) {
		double up = one_round(t, i);

		first += i < 10 ? up : 0;
		last += i >= 90 ? up : 0;
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

#define CONNECTS "Has the device open a control connection and reads its request."
#define STARTS "Sends a Start-Control-Connection-Request and reads the reply."
#define ZERO "The reserved field is zero."
#define PADDED "After the first zero octet only zeros follow."
#define COLLIDES_HIGH                                                                                        \
	"From a higher address, sends a request of its own while the device's waits for its reply."
#define COLLIDES_LOW                                                                                         \
	"From a lower address, sends a request of its own while the device's waits for its reply."

const struct test_case suite_start[] = {
	{ RULE_SCCRQ_LEN_01, start_read, 0, "dut-connect", CONNECTS, "Length is 156.", NULL },
	{ RULE_SCCRQ_RSVD0_01, start_read, 0, "dut-connect", CONNECTS, ZERO, NULL },
	{ RULE_SCCRQ_RSVD1_01, start_read, 0, "dut-connect", CONNECTS, ZERO, NULL },
	{ RULE_SCCRQ_VER_01, start_read, 0, "dut-connect", CONNECTS, "Protocol Version is 1.0.", NULL },
	{ RULE_SCCRQ_FRAMCAP_01, start_read, 0, "dut-connect", CONNECTS, "No undefined bits.", NULL },
	{ RULE_SCCRQ_FRAMCAP_02, start_read, 0, "dut-connect", CONNECTS, "At least one kind of framing.",
	  NULL },
	{ RULE_SCCRQ_BEARCAP_01, start_read, 0, "dut-connect", CONNECTS, "No undefined bits.", NULL },
	{ RULE_SCCRQ_BEARCAP_02, start_bearer, 0, "dut-connect", CONNECTS, "At least one kind of bearer.",
	  NULL },
	{ RULE_SCCRQ_MAXCH_01, start_channels_pns, 0, "dut-connect", CONNECTS,
	  "Maximum Channels of a PNS is 0.", NULL },
	{ RULE_SCCRQ_MAXCH_02, start_channels, 0, NULL,
	  "Starts with Maximum Channels 0, 1 and 65535 and sets up two calls each time.",
	  "The value makes no difference.", NULL },
	{ RULE_SCCRQ_MAXCH_03, start_channels_pac, 0, "dut-connect", CONNECTS,
	  "Maximum Channels of a PAC is not 0.", NULL },
	{ RULE_SCCRQ_HOST_01, start_read, 0, "dut-connect", CONNECTS, PADDED, NULL },
	{ RULE_SCCRQ_HOST_02, start_read, 0, "dut-connect", CONNECTS, "Host Name is a DNS name.", NULL },
	{ RULE_SCCRQ_VENDOR_01, start_read, 0, "dut-connect", CONNECTS, PADDED, NULL },
	{ RULE_SCCRQ_VENDOR_02, start_read, 0, "dut-connect", CONNECTS, "Vendor Name is printable text.",
	  NULL },
	{ RULE_SCCRQ_SENDER_01, start_sender, 0, NULL, "Starts once as PNS and once as PAC.",
	  "The one that fits is accepted, the other one at least answered.", NULL },
	{ RULE_SCCRQ_FWREV_01, start_firmware, 0, NULL, "Starts with Firmware Revisions 0 and 65535.",
	  "Both are accepted.", NULL },
	{ RULE_SCCRP_LEN_01, reply_read, 0, NULL, STARTS, "Length is 156.", NULL },
	{ RULE_SCCRP_RSVD0_01, reply_read, 0, NULL, STARTS, ZERO, NULL },
	{ RULE_SCCRP_VER_01, reply_read, 0, NULL, STARTS, "Protocol Version is 1.0.", NULL },
	{ RULE_SCCRP_RESULT_01, reply_read, 0, NULL, STARTS, "Result Code is 1.", NULL },
	{ RULE_SCCRP_RESULT_02, reply_second, TEST_ALONE, NULL,
	  "Starts a second connection beside a live one.",
	  "Result 3 and a close, or no connection; the first one stays, unless the second replaces it.", NULL },
	{ RULE_SCCRP_RESULT_03, reply_unauthorised, TEST_ALONE, "dut-config",
	  "Has the device refuse the tester, then starts.", "Result 4, Error 0, and a close.", NULL },
	{ RULE_SCCRP_RESULT_04, reply_version, 0, NULL, "Starts with version 0.1.",
	  "Result 5, Error 0, and a close.", NULL },
	{ RULE_SCCRP_ERR_01, reply_read, 0, NULL, STARTS, "Error Code is 0.", NULL },
	{ RULE_SCCRP_ERR_02, reply_bad_format, 0, NULL, "Sends a request of 152 octets.",
	  "Result 2 with Error 2, or a close.", NULL },
	{ RULE_SCCRP_FRAMCAP_01, reply_read, 0, NULL, STARTS, "No undefined bits.", NULL },
	{ RULE_SCCRP_FRAMCAP_02, reply_read, 0, NULL, STARTS, "At least one kind of framing.", NULL },
	{ RULE_SCCRP_BEARCAP_01, reply_read, 0, NULL, STARTS, "No undefined bits.", NULL },
	{ RULE_SCCRP_BEARCAP_02, reply_bearer, 0, NULL, STARTS, "At least one kind of bearer.", NULL },
	{ RULE_SCCRP_MAXCH_01, reply_channels_zero, 0, NULL, STARTS, "Maximum Channels of a PNS is 0.",
	  NULL },
	{ RULE_SCCRP_MAXCH_02, reply_channels_originating, 0, "dut-connect dut-ring",
	  "Answers the device with Maximum Channels 0, 1 and 65535 and has two calls ring each time.",
	  "Two Incoming-Call-Requests each time.", NULL },
	{ RULE_SCCRP_MAXCH_03, reply_channels_pns, 0, "dut-dial",
	  "With Maximum Channels 1, has the device place two calls.", "Both are requested.", NULL },
	{ RULE_SCCRP_HOST_01, reply_read, 0, NULL, STARTS, PADDED, NULL },
	{ RULE_SCCRP_HOST_02, reply_read, 0, NULL, STARTS, "Host Name is a DNS name.", NULL },
	{ RULE_SCCRP_VENDOR_01, reply_read, 0, NULL, STARTS, PADDED, NULL },
	{ RULE_SCCRP_FWREV_01, reply_firmware, 0, "dut-connect",
	  "Answers the device with Firmware Revisions 0 and 65535.", "Both are accepted.", NULL },
	{ RULE_SCCRP_VENDOR_02, reply_read, 0, NULL, STARTS, "Vendor Name is printable text.", NULL },
	{ RULE_CCSM_ORIG_START_01, origin_starts, 0, "dut-connect", "Has the device open a connection.",
	  "Its request comes first, within 5 s.", NULL },
	{ RULE_CCSM_RECV_SILENT_01, receiver_silent, TEST_WAITS, NULL,
	  "Opens a TCP connection and says nothing.", "Nothing comes from the device.", NULL },
	{ RULE_CCSM_PRE_01, origin_waits, TEST_WAITS, "dut-connect",
	  "Leaves the device's request unanswered for 20 s.", "Nothing else comes from the device.", NULL },
	{ RULE_CCSM_PRE_02, none_too_early, 0, NULL,
	  "Sends each other message before the control connection is up, on connections of their own.",
	  "Each is refused, or the device closes.", NULL },
	{ RULE_CCSM_RECV_REPLY_01, receiver_replies, 0, NULL, "Sends a Start-Control-Connection-Request.",
	  "One reply, within 5 s.", NULL },
	{ RULE_CCSM_RECV_VER_01, receiver_older, TEST_SEVERAL, NULL, "Starts with an older version.",
	  "It is accepted, and the reply has that version.", NULL },
	{ RULE_CCSM_RECV_VER_02, receiver_too_old, 0, NULL, "Starts with version 0.1.",
	  "It is refused and the connection closed; another one works.", NULL },
	{ RULE_CCSM_RECV_VER_03, receiver_newer, 0, NULL, "Starts with versions 1.0, 1.1 and 2.0.",
	  "Each is accepted with version 1.0.", NULL },
	{ RULE_CCSM_ORIG_VER_01, origin_older, TEST_SEVERAL, "dut-connect",
	  "Answers the device with an older version.", "It goes on.", NULL },
	{ RULE_CCSM_ORIG_VER_02, origin_too_old, TEST_WAITS, "dut-connect",
	  "Answers the device with version 0.1.", "It stops the connection with Reason 2.", NULL },
	{ RULE_CCSM_ORIG_VER_03, origin_uses, 0, NULL,
	  "Answers the device with version 1.0 and gives it work.", "It uses the connection.", NULL },
	{ RULE_CCSM_ORIG_VER_04, origin_newer, 0, "dut-connect", "Answers the device with version 2.0.",
	  "It stops, closes or goes on; the report says which.", NULL },
	{ RULE_CCSM_ORIG_RES_01, origin_refused, TEST_WAITS, "dut-connect",
	  "Refuses the device with Results 2 to 5.", "It closes and sends nothing but a request to stop.",
	  NULL },
	{ RULE_CCSM_DUP_SCCRQ_01, start_twice, 0, NULL, "Sends a second request on a live connection.",
	  "It is refused, or the device closes.", NULL },
	{ RULE_CCSM_UNSOL_SCCRP_01, reply_unasked, 0, NULL, "Sends a reply that nobody asked for.",
	  "It is refused, or the device closes.", NULL },
	{ RULE_CCSM_ONE_01, only_one, TEST_ALONE, NULL, "Starts a second connection beside a live one.",
	  "One of them is alive afterwards.", NULL },
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
