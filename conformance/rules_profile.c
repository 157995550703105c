/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What [MS-PTPT] has instead of RFC 2637, or besides it; GRE's part of it is in rules_gre*.c. */
#include <inttypes.h>

#include "conformance/rules_call_private.h"

/* Policies: the profile's 30 and 60 seconds, with what clocks and paths may add. */
#define IDLE_LIMIT SECONDS(45)
#define DIALOUT_LIMIT SECONDS(75)

enum { GUID_OCTETS = 16 };

static uint32_t value_of(const struct judge *j, const struct event *e, enum field_id f)
{
	return field_or_zero(judge_fields(j), e->msg, f);
}

static struct finding *sender(struct judge *j, const struct event *e, enum rule_number rule,
			      const char *sentence)
{
	return say(fail(j, e, rule, (int)e->from, FAIL_CONNECTION), "%s", sentence);
}

/* --- messages ------------------------------------------------------------------------------ */

static void judge_window(struct judge *j, const struct event *e)
{
	enum { WINDOWS_PNS = 64, WINDOWS_PAC = 16384 };
	uint32_t window = value_of(j, e, FIELD_WINDOW);
	struct finding *f;

	if (window == 0 || window == WINDOWS_PNS || window == WINDOWS_PAC)
		return;
	f = fail(j, e, RULE_MSP_WINZERO_01, (int)e->from, FAIL_CONNECTION);
	say(f, "%s announces a window, which the profile has no use for", who(e, e->from));
	expected(f, "Packet Recv. Window Size 0 (or %d, %d as Windows sends)", WINDOWS_PNS, WINDOWS_PAC);
	observed(f, "%" PRIu32, window);
}

static bool is_windows(const struct event *e)
{
	static const char vendor[] = "Microsoft";
	const uint8_t *name = e->connection->start[e->from != e->connection->originator].vendor_name;

	return name && memcmp(name, vendor, sizeof(vendor) - 1) == 0;
}

struct habit {
	enum field_id field;
	uint32_t value;
};

/* The first field that is not as Windows sends it. */
static void judge_habits(struct judge *j, const struct event *e, enum rule_number rule,
			 const struct habit *habits, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint32_t value = value_of(j, e, habits[i].field);
		struct finding *f;

		if (value == habits[i].value)
			continue;
		f = sender(j, e, rule,
			   "the peer calls itself Microsoft's but does not send what Windows does");
		expected(f, "%s %" PRIu32, field_name(habits[i].field), habits[i].value);
		observed(f, "%" PRIu32, value);
		return;
	}
}

/* A GUID and nothing else. */
static bool subaddress_fits(const struct judge *j, const struct event *e)
{
	size_t width;
	const uint8_t *text = field_text(judge_fields(j), e->msg, FIELD_SUBADDRESS, &width);
	bool guid = false;

	for (size_t i = 0; text && i < width; i++) {
		if (i < GUID_OCTETS)
			guid |= text[i] != 0;
		else if (text[i])
			return false;
	}
	return guid;
}

static void judge_windows_ocrq(struct judge *j, const struct event *e)
{
	static const struct habit habits[] = {
		{ FIELD_MINIMUM_BPS, 300 }, { FIELD_MAXIMUM_BPS, 100000000 },
		{ FIELD_BEARER_TYPE, 3 },   { FIELD_FRAMING_TYPE, 3 },
		{ FIELD_WINDOW, 64 },       { FIELD_PROCESSING_DELAY, 0 },
	};
	const struct tunnel_memory *m = tunnel_memory(j, e->tunnel);
	uint16_t serial = (uint16_t)value_of(j, e, FIELD_SERIAL);
	struct finding *f;

	judge_habits(j, e, RULE_MSP_OCRQ_01, habits, sizeof(habits) / sizeof(*habits));
	if (m && m->serial[0].used && serial != (uint16_t)(m->serial[0].last + 1)) {
		f = sender(j, e, RULE_MSP_OCRQ_01,
			   "the PNS calls itself Microsoft's but does not count its calls");
		expected(f, "Call Serial Number %u", (uint16_t)(m->serial[0].last + 1));
		observed(f, "%u", serial);
	}
	if (!subaddress_fits(j, e)) {
		f = sender(j, e, RULE_MSP_OCRQ_01, "the PNS calls itself Microsoft's but sends no GUID");
		expected(f, "a GUID in the first %d octets of Subaddress", GUID_OCTETS);
		observed(f, "something else");
	}
}

static void judge_windows_ocrp(struct judge *j, const struct event *e)
{
	static const struct habit habits[] = {
		{ FIELD_WINDOW, 16384 },
		{ FIELD_PROCESSING_DELAY, 0 },
		{ FIELD_CHANNEL, 0 },
	};

	judge_habits(j, e, RULE_MSP_OCRP_01, habits, sizeof(habits) / sizeof(*habits));
}

static void judge_disconnect(struct judge *j, const struct event *e)
{
	uint32_t result = value_of(j, e, FIELD_RESULT);
	struct finding *f;

	if (!result)
		return;
	f = sender(j, e, RULE_MSP_CDN_01,
		   "the PAC gave a reason for the end of a call, which the profile forbids");
	expected(f, "Result Code 0");
	observed(f, "Result Code %" PRIu32, result);
}

static void judge_message(struct judge *j, const struct event *e)
{
	bool success = value_of(j, e, FIELD_RESULT) == REPLY_SUCCESS;
	struct finding *f = NULL;

	switch (e->msg->desc->type) {
	case CTRL_OCRQ:
		judge_window(j, e);
		if (is_windows(e))
			judge_windows_ocrq(j, e);
		break;
	case CTRL_OCRP:
		if (success)
			judge_window(j, e);
		if (success && is_windows(e))
			judge_windows_ocrp(j, e);
		break;
	case CTRL_ICRP:
		if (success)
			judge_window(j, e);
		break;
	case CTRL_ICRQ:
		f = sender(j, e, RULE_MSP_ICRQ_01,
			   "the PAC announced an incoming call, which the profile forbids");
		break;
	case CTRL_CDN:
		judge_disconnect(j, e);
		break;
	case CTRL_WEN:
		f = sender(j, e, RULE_MSP_WEN_01,
			   "the PAC sent a WAN-Error-Notify, which the profile forbids");
		break;
	default:
		break;
	}
	expected(f, "no such message");
	observed(f, "%s", e->msg->desc->name);
}

/* --- after the last call ------------------------------------------------------------------- */

static void last_call_over(struct calls_memory *calls, const struct event *e)
{
	const struct call *c = e->call;
	int pac = e->connection->pac;

	if (calls->closed || pac < 0 || e->connection->live_calls != 1 || !was_connected(c) ||
	    e->connection->stop_frame || calls->acted[0] || calls->acted[1])
		return;
	calls->idle_since = e->time_ns;
	calls->idle_frame = e->frame;
	calls->idle_by = (uint8_t)(c->ended_by == 1 ? !pac : pac);
}

static void idle_until(struct judge *j, const struct event *e, struct calls_memory *calls, int64_t until,
		       unsigned how)
{
	struct finding *f;

	if (!calls->idle_since || (until - calls->idle_since < T60 && !how))
		return;
	f = fail(j, e, RULE_MSP_LASTCALL_01, calls->idle_by, how | FAIL_CONNECTION);
	at(f, calls->idle_frame, calls->idle_since);
	say(f, "the %s ended the last call and kept the control connection",
	    (int)calls->idle_by == e->connection->pac ? "PAC" : "PNS");
	expected(f, "Stop-Control-Connection-Request");
	observed(f, "none for %.0f s", (double)(until - calls->idle_since) / 1e9);
	calls->idle_since = 0;
}

/* Until when the connection was there, unless somebody closed it. */
static int64_t seen_until(const struct judge *j, const struct event *e)
{
	bool open = e->connection->close == CLOSE_NONE || e->connection->close == CLOSE_IDLE;

	return open && judge_now(j) > e->time_ns ? judge_now(j) : e->time_ns;
}

static void judge_idle(struct judge *j, const struct event *e)
{
	struct calls_memory *calls = calls_of(j, e->connection);
	enum ctrl_type type = e->kind == EVENT_MESSAGE && e->msg->desc ? e->msg->desc->type : CTRL_TYPES;
	int64_t until = e->kind == EVENT_CLOSE ? seen_until(j, e) : e->time_ns;
	bool again = type == CTRL_OCRQ || type == CTRL_ICRQ;
	unsigned how = 0;

	if (!calls || !calls->idle_since)
		return;
	if (e->kind == EVENT_CLOSE && e->connection->close == CLOSE_NONE && until - calls->idle_since < T60)
		how = UNLESS_CAPTURE_END;
	if (!again)
		idle_until(j, e, calls, until, how);
	if (again || type == CTRL_STOPRQ || e->kind == EVENT_FIN || e->kind == EVENT_RST)
		calls->idle_since = 0;
}

/* --- connections that are not established in time ------------------------------------------ */

struct opening {
	int64_t asked, answered, established; /* SCCRQ, any SCCRP, one with success; INT64_MAX: never */
	int64_t ended;                        /* somebody closed it, or the last that is known of it */
};

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static struct opening opening_of(const struct judge *j, const struct event *e)
{
	struct opening o = { INT64_MAX, INT64_MAX, INT64_MAX, seen_until(j, e) };
	const struct moment *m;
	uint64_t skipped;

	for (unsigned i = 0; (m = history_at(&e->connection->history, i, &skipped)); i++) {
		if (m->kind == MOMENT_FIN || m->kind == MOMENT_RST)
			o.ended = least(o.ended, m->time_ns);
		if (m->kind != MOMENT_MESSAGE)
			continue;
		if (m->type == CTRL_SCCRQ)
			o.asked = least(o.asked, m->time_ns);
		if (m->type == CTRL_SCCRP)
			o.answered = least(o.answered, m->time_ns);
		if (m->type == CTRL_SCCRP && m->result <= REPLY_SUCCESS)
			o.established = least(o.established, m->time_ns);
	}
	return o;
}

/* host kept the connection although what it waited for had not come. */
static void kept(struct judge *j, const struct event *e, enum rule_number rule, unsigned host, int64_t since,
		 int64_t until)
{
	bool dialout = rule == RULE_MSP_DIALOUT_01, acceptor = host != e->connection->originator;
	struct finding *f;

	if (until - since < (dialout ? DIALOUT_LIMIT : IDLE_LIMIT)) {
		if (e->connection->close == CLOSE_NONE && until == seen_until(j, e))
			fail(j, e, rule, (int)host, UNLESS_CAPTURE_END);
		return;
	}
	f = fail(j, e, rule, (int)host, FAIL_CONNECTION);
	say(f, "the %s kept a control connection that was not established",
	    dialout    ? "PNS"
	    : acceptor ? "receiver"
		       : "originator");
	expected(f, "established, or closed, after %d s", dialout ? 60 : 30);
	observed(f, "%.0f s", (double)(until - since) / 1e9);
	at(f, acceptor || dialout ? e->connection->first_frame : e->connection->start[0].frame, since);
}

static void judge_opening(struct judge *j, const struct event *e)
{
	const struct control_connection *c = e->connection;
	const struct opening o = opening_of(j, e);
	int64_t opened = c->first_time;
	bool dialout = c->pac >= 0 && c->pac != (int)c->originator &&
		       least(o.established, o.ended) - opened >= DIALOUT_LIMIT;

	if (c->tcp_refused || !c->seen[!c->originator])
		return;
	/* It implies the other one, of either side. */
	if (dialout && selected(j, RULE_MSP_DIALOUT_01)) {
		kept(j, e, RULE_MSP_DIALOUT_01, c->originator, opened, least(o.established, o.ended));
		return;
	}
	kept(j, e, RULE_MSP_IDLE30_01, !c->originator, opened, least(o.asked, o.ended));
	if (o.asked != INT64_MAX)
		kept(j, e, RULE_MSP_IDLE30_01, c->originator, o.asked, least(o.answered, o.ended));
}

void rules_profile(struct judge *j, const struct event *e)
{
	struct calls_memory *calls;

	switch (e->kind) {
	case EVENT_MESSAGE:
		judge_idle(j, e);
		if (e->msg->desc && e->msg->status == CTRL_OK && !moot(j))
			judge_message(j, e);
		break;
	case EVENT_FIN:
	case EVENT_RST:
		judge_idle(j, e);
		break;
	case EVENT_CLOSE:
		judge_idle(j, e);
		judge_opening(j, e);
		break;
	case EVENT_CALL_OVER:
		calls = e->connection ? calls_of(j, e->connection) : NULL;
		if (calls)
			last_call_over(calls, e);
		break;
	default:
		break;
	}
}
