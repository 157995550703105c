/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Active tests of how control connections begin: Start-Control-Connection-Request and -Reply, and the two
 * machines until they are established (RFC 2637 sections 2.1, 2.2, 3.1.1 and 3.1.2).
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
	const struct ctrl_msg *m = start_version(t, t_oldest_version(t), &l);

	T_CHECK(t, m && t_field(m, "result_code") == 1, "the older version is not accepted");
	if (t_field(m, "protocol_version") != t_oldest_version(t))
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
	struct t_link *l = answered_with(t, t_oldest_version(t));

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

#define CONNECTS "Has the device open a control connection and reads its request."
#define STARTS "Sends a Start-Control-Connection-Request and reads the reply."
#define ZERO "The reserved field is zero."
#define PADDED "After the first zero octet only zeros follow."

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
	{ .run = NULL },
};
