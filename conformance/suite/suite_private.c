/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conformance/suite/suite_private.h"

/* A device has a minute for a refusal; what takes no telephone is refused at once, or not at all. */
enum { REFUSAL_SECONDS = 15 };

enum ctrl_type call_request(const struct tester *t)
{
	return t_dut(t) == ROLE_PAC ? CTRL_OCRQ : CTRL_ICRQ;
}

enum ctrl_type call_reply(const struct tester *t)
{
	return t_dut(t) == ROLE_PAC ? CTRL_OCRP : CTRL_ICRP;
}

enum t_reject settle(struct t_link *l, enum ctrl_type reply, double seconds)
{
	struct tester *t = t_of(l);
	double end = t_now(t) + seconds;

	while (t_now(t) < end) {
		const struct ctrl_msg *m;

		switch (t_wait(l, end - t_now(t))) {
		case T_FIN:
		case T_RST:
			return T_REJECTED;
		case T_MESSAGE:
			m = t_message(l);
			if (reply && m->type == reply)
				return t_field(m, "result_code") == 1 ? T_ACCEPTED : T_REJECTED;
			break;
		default:
			break;
		}
	}
	return T_IGNORED;
}

void need_minute(struct tester *t, double from, double to, const char *what)
{
	double seconds = to - from;

	T_CHECK(t, seconds <= t_scaled(t, 75), "%s after %.1f s", what, seconds);
	if (seconds < t_scaled(t, 55))
		t_note(t, "%s after %.1f s, earlier than a minute", what, seconds);
}

bool json_true(const char *json, const char *member)
{
	size_t len = strlen(member);

	for (const char *at = json; (at = strstr(at, member)); at += len) {
		const char *value = at + len;

		if (*value++ != '"')
			continue;
		value += strspn(value, " \t\n:");
		if (strncmp(value, "true", 4) == 0)
			return true;
	}
	return false;
}

void need_silence(struct tester *t, struct t_gre *g, double grace, const char *after)
{
	size_t n;

	t_sleep(t, grace);
	n = t_packets(g);
	t_sleep(t, 1.5);
	T_CHECK(t, t_packets(g) == n, "%zu tunnel packets later than %g s after %s", t_packets(g) - n, grace,
		after);
}

void need_lcp(struct tester *t, struct t_gre *g)
{
	if (!t_lcp_open(g, 15))
		t_inconclusive(t, "LCP did not open: without it no LCP Echo-Request is answered");
}

uint32_t discard_request(struct t_gre *g, uint8_t identifier)
{
	enum { DISCARD_REQUEST = 11 };
	uint8_t ppp[64];
	size_t len = t_lcp_echo_build(g, identifier, 8, ppp, sizeof(ppp));
	size_t code = ppp[0] == 0xff ? 4 : 2;

	ppp[code] = DISCARD_REQUEST;
	return t_gre_data(g, ppp, len);
}

int lcp_echo_reply(const struct t_packet *p)
{
	size_t at = p->len >= 2 && p->head[0] == 0xff && p->head[1] == 0x03 ? 2 : 0;

	if (!(p->flags & GRE_S) || p->len < at + 4 || p->head[at] != 0xc0 || p->head[at + 1] != 0x21 ||
	    p->head[at + 2] != 10)
		return -1;
	return p->head[at + 3];
}

struct t_link *gre_link(const struct t_gre *g)
{
	return t_call_of_gre(g)->link;
}

const struct ctrl_msg *stopped(struct t_link *l, const char *reason)
{
	struct tester *t = t_of(l);
	const struct ctrl_msg *m;

	t_hook(t, "dut-stop", reason, NULL);
	m = t_get(l, CTRL_STOPRQ, 10);
	if (!m && t_is_closed(l))
		t_unsupported(t, "the device closes without Stop-Control-Connection-Request "
				 "(see CCSM-STOP-LOCAL-01)");
	T_CHECK(t, m, "no Stop-Control-Connection-Request within 10 s");
	return m;
}

const struct ctrl_msg *hung_up(struct t_link *l)
{
	struct tester *t = t_of(l);
	const struct ctrl_msg *m;

	t_hook(t, "dut-hangup", NULL);
	m = t_get(l, CTRL_CCRQ, 10);
	if (!m && t_dials_once(t) && (t_is_closed(l) || t_count(l, CTRL_STOPRQ)))
		t_unsupported(t, "the device ends its connection, and with it the call, "
				 "without Call-Clear-Request");
	T_CHECK(t, m, "no Call-Clear-Request within 10 s%s",
		t_is_closed(l) ? ": the device closed the connection" : "");
	return m;
}

bool gives_up(struct t_link *l, double seconds)
{
	double until = t_now(t_of(l)) + seconds;

	for (;;) {
		enum t_what what = t_wait(l, until - t_now(t_of(l)));

		if (what == T_FIN || what == T_RST)
			return true;
		if (what == T_NOTHING)
			return false;
		if (what == T_MESSAGE && t_message(l)->type == CTRL_STOPRQ)
			t_send(l, CTRL_STOPRP, NULL);
	}
}

unsigned open_beside(struct tester *t, struct t_link *l[BESIDE_MAX], unsigned most)
{
	unsigned n = 1;

	l[0] = t_cc_up(t);
	while (n < most && n < BESIDE_MAX) {
		struct t_link *next = t_link_from(t, NULL, 0);

		if (!next)
			break;
		/* A device that takes one connection at a time refuses the next one, or ends the first. */
		if (!t_start(next) || t_is_closed(l[0])) {
			t_close(next);
			break;
		}
		l[n++] = next;
	}
	if (t_is_closed(l[0])) {
		for (unsigned i = 0; i < n; i++)
			t_close(l[i]);
		l[0] = t_cc_up(t);
		n = 1;
	}
	return n;
}

const struct ctrl_msg *whole(struct t_link *l, const struct ctrl_msg *m)
{
	T_CHECK(t_of(l), !(m->defects & CTRL_UNFINISHED), "the %s ends after %zu octets", m->desc->name,
		m->caplen);
	return m;
}

const struct ctrl_msg *obtain(struct t_link *l, enum ctrl_type type, double seconds)
{
	const struct ctrl_msg *m = t_get(l, type, seconds);

	if (!m)
		t_inconclusive(t_of(l), "there was no %s to look at within %g s%s", ctrl_desc_of(type)->name,
			       seconds, t_is_closed(l) ? ": the device closed the connection" : "");
	return whole(l, m);
}

void need_refusal(struct tester *t, struct t_link *l, int64_t error, int64_t tolerated, const char *what)
{
	const struct ctrl_msg *m;

	if (t_ignores_calls(l, false))
		t_unsupported(t, "%s", NO_INCOMING);
	switch (settle(l, call_reply(t), REFUSAL_SECONDS)) {
	case T_ACCEPTED:
		t_fail(t, "%s was accepted", what);
	case T_IGNORED:
		t_warn(t, "%s is ignored", what);
		return;
	case T_REJECTED:
		break;
	}
	m = t_message(l);
	if (t_is_closed(l) || m->type != call_reply(t))
		return;
	if (t_field(m, "result_code") != 2) {
		t_note(t, "%s is refused with Result %lld", what, (long long)t_field(m, "result_code"));
		return;
	}
	T_CHECK(t, t_field(m, "error_code") == error || t_field(m, "error_code") == tolerated,
		"%s is refused with Error %lld", what, (long long)t_field(m, "error_code"));
}

const char *number_that(struct tester *t, const char *outcome)
{
	return t_hook(t, "dut-telco", "number", outcome, NULL);
}

uint16_t call_number(struct t_link *l, const char *number)
{
	uint16_t id = t_new_id(t_of(l));

	t_send(l, CTRL_OCRQ, "call_id", (int64_t)id, "phone_number", number, "phone_number_length",
	       (int64_t)strlen(number), NULL);
	return id;
}

const struct ctrl_msg *ring(struct tester *t, struct t_link *l, const char *first, const char *second)
{
	t_hook(t, "dut-ring", first, first ? second : NULL, NULL);
	return t_need(l, CTRL_ICRQ, 10);
}

const struct ctrl_msg *offer(struct tester *t, struct t_link *l, uint16_t call_id)
{
	const struct ctrl_msg *m;

	if (t_ignores_calls(l, false))
		t_unsupported(t, "%s", NO_INCOMING);
	t_send(l, CTRL_ICRQ, "call_id", (int64_t)call_id, NULL);
	m = t_get(l, CTRL_ICRP, 10);
	if (!m) {
		t_ignores_calls(l, true);
		t_unsupported(t, "%s", NO_INCOMING);
	}
	if (t_field(m, "result_code") != 1)
		t_unsupported(t, "the device takes no incoming call: Result %lld, Error %lld",
			      (long long)t_field(m, "result_code"), (long long)t_field(m, "error_code"));
	return m;
}

void need_released(struct tester *t)
{
	if (t_dut(t) != ROLE_PAC || !t_has_hook(t, "dut-telco"))
		return;
	t_sleep(t, 0.5);
	T_CHECK(t, !json_true(t_hook(t, "dut-telco", "status", NULL), "live"), "a line is still in use");
}
