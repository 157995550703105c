/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls against the rules, by hand-made events: deadlines to the second, messages that may have
 * crossed, and what keeps a finding back.  Host 0 is the PAC, host 1 the PNS and originator.
 */
#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/judge.h"
#include "conformance/rules_control.h"
#include "tests/unit/main.h"

enum { PAC, PNS, CALLS = 4 };
#define S(n) ((int64_t)(n)*1000000000)

/* A connection with calls that follow the wire as the tracker would have them do. */
struct scene {
	struct judge *judge;
	struct tunnel tunnel;
	struct control_connection connection;
	struct call calls[CALLS];
	struct call_rare rare[CALLS];
	unsigned ncalls;
	int64_t now;
	uint64_t frame, position[HOSTS]; /* octets that each has sent */
	bool closed;
};

/* The rules about calls, but for those about their data. */
static const bool *about_calls(void)
{
	static const char *const names[] = { "OCRQ",  "OCRP",   "ICRQ",  "ICRP",  "ICCN",      "CCRQ",
					     "CDN",   "WEN",    "SLI",   "CALL",  "KA-EXPECT", "KA-STUCK",
					     "PACIN", "PACOUT", "PNSIN", "PNSOUT" };
	static bool selected[RULES];

	for (unsigned i = 0; i < RULES; i++)
		for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++)
			selected[i] |= rule_passive(&rules[i]) && rule_named(&rules[i], names[k]);
	return selected;
}

static void scene_begin(struct scene *s, enum rule_profile profile)
{
	const struct judge_options o = { .profile = profile, .selected = about_calls(), .max_findings = 1000 };
	struct control_memory *m;

	memset(s, 0, sizeof(*s));
	s->judge = judge_new(&o);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s->judge);
	s->now = S(1000);
	s->tunnel = (struct tunnel){ .id = 1, .pac = PAC, .connections = 1 };
	s->tunnel.host[PAC].octet[15] = 1;
	s->tunnel.host[PNS].octet[15] = 2;
	s->tunnel.first_connection = s->tunnel.last_connection = &s->connection;
	s->connection = (struct control_connection){ .id = 1, .tunnel = &s->tunnel, .pac = PAC };
	s->connection.originator = PNS;
	s->connection.closed_by = s->connection.stopped_by = -1;
	s->connection.state = CONNECTION_ESTABLISHED;
	s->connection.seen[PAC] = s->connection.seen[PNS] = true;
	s->connection.first_time = s->now;
	/* Its start is over. */
	m = control_memory(s->judge, &s->connection);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	m->up = m->reply_read = true;
	m->side[PAC].starts = m->side[PNS].starts = 1;
}

static void connection_over(struct scene *s)
{
	const struct event e = { .kind = EVENT_CLOSE,
				 .frame = s->frame,
				 .time_ns = s->now,
				 .tunnel = &s->tunnel,
				 .connection = &s->connection };

	s->closed = true;
	judge_event(s->judge, &e);
}

static void scene_end(struct scene *s)
{
	if (!s->closed)
		connection_over(s);
	for (unsigned i = 0; i < s->ncalls; i++) {
		struct event e = { .kind = EVENT_CALL_DONE, .tunnel = &s->tunnel, .call = &s->calls[i] };

		call_let_go(&s->calls[i]);
		e.time_ns = s->now;
		judge_event(s->judge, &e);
		judge_forget_call(s->judge, &s->calls[i]);
	}
	judge_forget_connection(s->judge, &s->connection);
	judge_forget_tunnel(s->judge, &s->tunnel);
	judge_free(s->judge);
}

/* --- what was found ------------------------------------------------------------------------ */

struct count {
	const char *id;
	unsigned n;
	struct finding last;
};

static void on_finding(void *ctx, const struct finding *f)
{
	struct count *c = ctx;

	if (strcmp(f->id, c->id) != 0)
		return;
	c->n++;
	c->last = *f;
}

static struct finding last;

/* How many findings of a rule there are; the last of them is in `last`. */
static unsigned found(struct scene *s, const char *id)
{
	struct count c = { .id = id };

	CU_ASSERT_PTR_NOT_NULL_FATAL(rule_by_id(id));
	CU_ASSERT_TRUE(judge_walk(s->judge, on_finding, &c));
	last = c.last;
	return c.n;
}

static void on_any(void *ctx, const struct finding *f)
{
	unsigned *n = ctx;

	*n += f->severity == SEVERITY_ERROR;
}

static unsigned errors(struct scene *s)
{
	unsigned n = 0;

	CU_ASSERT_TRUE(judge_walk(s->judge, on_any, &n));
	return n;
}

static bool withheld(struct scene *s, const char *id, unsigned by)
{
	const struct rule *r = rule_by_id(id);

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	return judge_stats(s->judge)->withheld[r - rules] == 1 &&
	       judge_stats(s->judge)->withheld_by[r - rules] == by;
}

/* --- messages ------------------------------------------------------------------------------ */

static struct call *new_call(struct scene *s, enum call_kind kind)
{
	struct call *c = &s->calls[s->ncalls++];

	CU_ASSERT_FATAL(s->ncalls <= CALLS);
	*c = (struct call){ .id = s->ncalls, .tunnel = &s->tunnel, .control = { &s->connection } };
	s->rare[c - s->calls] = (struct call_rare){ .strange_id = 0 };
	c->kind = (uint8_t)kind;
	c->pns_call_id = (uint16_t)s->ncalls;
	c->pac_call_id = (uint16_t)(1000 + s->ncalls);
	c->serial = (uint16_t)s->ncalls;
	c->minimum_bps = 300;
	c->maximum_bps = 100000000;
	c->first_time = s->now;
	if (s->tunnel.last_call)
		s->tunnel.last_call->next = c;
	else
		s->tunnel.first_call = c;
	s->tunnel.last_call = c;
	s->connection.live_calls++;
	return c;
}

static void over(struct scene *s, struct call *c)
{
	const struct event e = { .kind = EVENT_CALL_OVER,
				 .frame = s->frame,
				 .time_ns = s->now,
				 .tunnel = &s->tunnel,
				 .connection = &s->connection,
				 .call = c };

	c->over = true;
	judge_event(s->judge, &e);
	s->connection.live_calls--;
	call_let_go(c);
}

static void follow(struct scene *s, struct call *c, enum ctrl_type type, uint32_t result)
{
	static const enum call_step steps[CTRL_TYPES] = {
		[CTRL_OCRQ] = STEP_REQUEST,   [CTRL_ICRQ] = STEP_REQUEST, [CTRL_OCRP] = STEP_REPLY,
		[CTRL_ICRP] = STEP_REPLY,     [CTRL_CCRQ] = STEP_CLEAR,   [CTRL_CDN] = STEP_DISCONNECT,
		[CTRL_ICCN] = STEP_CONNECTED,
	};

	c->rare = &s->rare[c - s->calls];
	if (!call_step(c, steps[type]).frame)
		call_step_take(c, steps[type], (struct call_step_seen){ s->frame, s->now });
	if (type == CTRL_OCRP || type == CTRL_ICRP) {
		c->replied = true;
		c->reply_result = (uint8_t)result;
	}
	call_follow(c, type != CTRL_OCRQ && type != CTRL_ICRP && type != CTRL_CCRQ, type, result > 1);
	c->pac_id_known = c->pns_id_known = true;
	if (c->state == CALL_CLOSED || c->state == CALL_REFUSED)
		over(s, c);
}

/* Fields of a correct message about the call. */
static void fill(const struct ctrl_desc *d, const struct call *c, uint32_t result, uint32_t *value)
{
	bool by_pac = d->type == CTRL_OCRP || d->type == CTRL_ICRQ || d->type == CTRL_CDN;
	const struct {
		const char *name;
		uint32_t value;
	} fields[] = {
		{ "call_id", by_pac ? c->pac_call_id : c->pns_call_id },
		{ "peer_call_id",
		  d->type == CTRL_ICRP || d->type == CTRL_SLI ? c->pac_call_id : c->pns_call_id },
		{ "call_serial_number", c->serial },
		{ "result_code", result },
		{ "connect_speed", 64000 },
		{ "minimum_bps", c->minimum_bps },
		{ "maximum_bps", c->maximum_bps },
		{ "bearer_type", 3 },
		{ "framing_type", d->type == CTRL_OCRQ ? 3 : 1 },
		{ "call_bearer_type", 1 },
		{ "packet_recv_window_size", 16 },
	};

	ctrl_defaults(d, value);
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		int row = ctrl_field_index(d, fields[i].name);

		if (row >= 0)
			value[row] = fields[i].value;
	}
}

/* The sender had acknowledged all but `unacked` octets that the other side has sent. */
static void send_crossing(struct scene *s, struct call *c, enum ctrl_type type, uint32_t result,
			  int64_t unacked)
{
	const struct ctrl_desc *d = ctrl_desc_of(type);
	bool request = type == CTRL_OCRQ || type == CTRL_ICRQ;
	bool by_pns = type == CTRL_OCRQ || type == CTRL_ICRP || type == CTRL_CCRQ || type == CTRL_SLI ||
		      type == CTRL_STOPRQ || type == CTRL_ECHORQ;
	unsigned from = by_pns ? PNS : PAC;
	uint32_t value[CTRL_FIELDS_MAX];
	uint8_t octets[CTRL_MAX];
	struct ctrl_origin origin = { .nframes = 1, .position = s->position[from] };
	struct ctrl_msg m;
	struct event e = { .kind = EVENT_MESSAGE, .tunnel = &s->tunnel, .connection = &s->connection };

	fill(d, c ? c : &s->calls[0], result, value);
	CU_ASSERT_EQUAL_FATAL(ctrl_encode(d, value, NULL, octets, sizeof(octets)), d->length);
	ctrl_decode(octets, d->length, false, &m);
	s->now += 1000000;
	origin.frame = e.frame = ++s->frame;
	origin.frames = &origin.frame;
	origin.time_ns = e.time_ns = s->now;
	origin.peer_acked = (uint64_t)((int64_t)s->position[!from] - unacked);
	e.from = from;
	e.msg = &m;
	e.origin = &origin;
	e.call = request ? NULL : c;
	e.match = request || !c ? MATCH_NONE : c->over ? MATCH_OVER : MATCH_ID;
	judge_event(s->judge, &e);
	if (c && !c->over)
		follow(s, c, type, result);
	judge_applied(s->judge, &e, c);
	s->position[from] += d->length;
}

static void send(struct scene *s, struct call *c, enum ctrl_type type, uint32_t result)
{
	send_crossing(s, c, type, result, 0);
}

static struct call *outgoing(struct scene *s)
{
	struct call *c = new_call(s, CALL_OUTGOING);

	send(s, c, CTRL_OCRQ, 0);
	send(s, c, CTRL_OCRP, 1);
	return c;
}

/* A host closes the connection, having acknowledged all but `unacked` octets. */
static void fin(struct scene *s, unsigned from, int64_t unacked)
{
	struct event e = { .kind = EVENT_FIN, .frame = ++s->frame, .tunnel = &s->tunnel };

	e.connection = &s->connection;
	e.time_ns = s->now;
	e.from = from;
	e.peer_acked = (uint64_t)((int64_t)s->position[!from] - unacked);
	judge_event(s->judge, &e);
	if (s->connection.closed_by < 0)
		s->connection.closed_by = (int)from;
}

/* The end of the connection, or (CLOSE_NONE) of the capture; its calls end with it. */
static void end(struct scene *s, enum connection_close how)
{
	s->connection.close = how;
	connection_over(s);
	for (unsigned i = 0; i < s->ncalls; i++)
		if (!s->calls[i].over)
			over(s, &s->calls[i]);
}

/* --- tests: a CCRQ without answer ---------------------------------------------------------- */

/* The PNS sends a CCRQ and closes after so many seconds. */
static void clear_and_close(struct scene *s, int64_t seconds)
{
	scene_begin(s, PROFILE_RFC2637);
	send(s, outgoing(s), CTRL_CCRQ, 0);
	s->now += S(seconds);
	fin(s, PNS, 0);
	end(s, CLOSE_FIN);
}

static void test_clear_closed(void)
{
	struct scene s;

	clear_and_close(&s, 54);
	CU_ASSERT_EQUAL(found(&s, "PNSOUT-WD-01"), 1);
	CU_ASSERT_EQUAL(last.frame, 4);
	CU_ASSERT_EQUAL(found(&s, "CCRQ-RESP-01") + found(&s, "KA-EXPECT-04"), 0);
	scene_end(&s);

	/* Neither is to blame: a minute is nearly over, and not quite. */
	clear_and_close(&s, 57);
	CU_ASSERT_EQUAL(errors(&s), 0);
	CU_ASSERT_EQUAL(found(&s, "PNSOUT-WD-01"), 0);
	scene_end(&s);

	clear_and_close(&s, 61);
	CU_ASSERT_EQUAL(found(&s, "CCRQ-RESP-01"), 1);
	CU_ASSERT_EQUAL(last.frame, 3);
	CU_ASSERT_EQUAL(last.role, ROLE_PAC);
	CU_ASSERT_EQUAL(found(&s, "KA-EXPECT-04"), 0);
	scene_end(&s);

	clear_and_close(&s, 76);
	CU_ASSERT_EQUAL(found(&s, "CCRQ-RESP-01"), 0);
	CU_ASSERT_EQUAL(found(&s, "KA-EXPECT-04"), 1);
	CU_ASSERT_EQUAL(last.role, ROLE_PNS);
	scene_end(&s);
}

static void test_clear_stopped(void)
{
	struct scene s;

	scene_begin(&s, PROFILE_RFC2637);
	send(&s, outgoing(&s), CTRL_CCRQ, 0);
	send(&s, NULL, CTRL_STOPRQ, 0);
	s.connection.stop_frame = s.frame;
	fin(&s, PNS, 0);
	end(&s, CLOSE_FIN);
	CU_ASSERT_EQUAL(found(&s, "PNSOUT-WD-01") + found(&s, "CCRQ-RESP-01"), 0);
	scene_end(&s);
}

/* The PAC closes instead of answering: that is owed only while the connection is open, for a minute. */
static void test_clear_closed_by_pac(void)
{
	struct scene s;

	for (int64_t seconds = 0; seconds <= 62; seconds += 31) {
		scene_begin(&s, PROFILE_RFC2637);
		send(&s, outgoing(&s), CTRL_CCRQ, 0);
		s.now += S(seconds);
		fin(&s, PAC, 0);
		fin(&s, PNS, 0);
		end(&s, CLOSE_FIN);
		CU_ASSERT_EQUAL(found(&s, "CCRQ-RESP-01"), seconds > 60);
		CU_ASSERT_EQUAL(found(&s, "PNSOUT-WD-01"), 0);
		scene_end(&s);
	}
}

static void test_clear_capture_ends(void)
{
	struct scene s;

	scene_begin(&s, PROFILE_RFC2637);
	send(&s, outgoing(&s), CTRL_CCRQ, 0);
	s.now += S(50);
	end(&s, CLOSE_NONE);
	CU_ASSERT_EQUAL(found(&s, "CCRQ-RESP-01") + found(&s, "KA-EXPECT-04"), 0);
	CU_ASSERT_TRUE(withheld(&s, "CCRQ-RESP-01", UNLESS_CAPTURE_END));
	scene_end(&s);

	/* The connection fell silent, but the capture went on. */
	scene_begin(&s, PROFILE_RFC2637);
	send(&s, outgoing(&s), CTRL_CCRQ, 0);
	judge_clock(s.judge, s.now + S(80));
	end(&s, CLOSE_NONE);
	CU_ASSERT_EQUAL(found(&s, "KA-EXPECT-04"), 1);
	scene_end(&s);
}

static void test_clear_answered(void)
{
	struct scene s;
	struct call *c;

	for (unsigned seconds = 74; seconds <= 76; seconds += 2) {
		scene_begin(&s, PROFILE_RFC2637);
		c = outgoing(&s);
		send(&s, c, CTRL_CCRQ, 0);
		s.now += S(seconds);
		send(&s, c, CTRL_CDN, 4);
		CU_ASSERT_EQUAL(found(&s, "KA-EXPECT-04"), seconds > 75);
		CU_ASSERT_EQUAL(found(&s, "CCRQ-RESP-01"), 0);
		scene_end(&s);
	}
}

/* --- tests: requests without answer -------------------------------------------------------- */

static void test_dialling(void)
{
	static const struct {
		unsigned seconds, stuck, one;
	} cases[] = { { 74, 0, 0 }, { 76, 1, 0 }, { 179, 1, 0 }, { 181, 0, 1 } };
	struct scene s;

	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct call *c;

		scene_begin(&s, PROFILE_RFC2637);
		c = new_call(&s, CALL_OUTGOING);
		send(&s, c, CTRL_OCRQ, 0);
		s.now += S(cases[i].seconds);
		send(&s, c, CTRL_OCRP, 1);
		CU_ASSERT_EQUAL(found(&s, "KA-STUCK-01"), cases[i].stuck);
		CU_ASSERT_EQUAL(found(&s, "OCRP-ONE-01"), cases[i].one);
		if (cases[i].one)
			CU_ASSERT_EQUAL(last.certainty, SUSPECTED);
		scene_end(&s);
	}
}

static void test_ringing(void)
{
	struct scene s;
	struct call *c;

	/* The PAC gives up after 62 s: ms-ptpt has no reply that it could miss. */
	for (enum rule_profile p = PROFILE_RFC2637; p <= PROFILE_MS_PTPT; p++) {
		scene_begin(&s, p);
		c = new_call(&s, CALL_INCOMING);
		send(&s, c, CTRL_ICRQ, 0);
		s.now += S(62);
		send(&s, c, CTRL_CDN, 1);
		CU_ASSERT_EQUAL(found(&s, "ICRP-ONE-01"), p == PROFILE_RFC2637);
		scene_end(&s);
	}
	scene_begin(&s, PROFILE_RFC2637);
	c = new_call(&s, CALL_INCOMING);
	send(&s, c, CTRL_ICRQ, 0);
	s.now += S(10);
	send(&s, c, CTRL_CDN, 1);
	CU_ASSERT_EQUAL(found(&s, "ICRP-ONE-01") + found(&s, "KA-EXPECT-03"), 0);
	scene_end(&s);
}

/* --- tests: messages that cross ------------------------------------------------------------ */

/* A CDN with another reason than the CCRQ before it, which its sender may not have had. */
static void test_crossing_disconnect(void)
{
	struct scene s;

	for (int64_t unacked = 0; unacked <= 16; unacked += 8) {
		struct call *c;

		scene_begin(&s, PROFILE_RFC2637);
		c = outgoing(&s);
		send(&s, c, CTRL_CCRQ, 0);
		send_crossing(&s, c, CTRL_CDN, 1, unacked);
		CU_ASSERT_EQUAL(found(&s, "CDN-RESULT-02"), unacked == 0);
		CU_ASSERT_EQUAL(withheld(&s, "CDN-RESULT-02", UNLESS_INFLIGHT), unacked != 0);
		scene_end(&s);
	}
}

static void test_crossing_clear(void)
{
	struct scene s;

	for (int64_t unacked = 0; unacked <= 148; unacked += 148) {
		struct call *c;

		scene_begin(&s, PROFILE_RFC2637);
		c = outgoing(&s);
		send(&s, c, CTRL_CDN, 1);
		send_crossing(&s, c, CTRL_CCRQ, 0, unacked);
		CU_ASSERT_EQUAL(found(&s, "PNSOUT-EST-01"), unacked == 0);
		CU_ASSERT_EQUAL(withheld(&s, "PNSOUT-EST-01", UNLESS_INFLIGHT), unacked != 0);
		scene_end(&s);
	}
}

static void test_connected_early(void)
{
	struct scene s;

	for (int64_t unacked = 0; unacked <= 24; unacked += 24) {
		struct call *c;

		scene_begin(&s, PROFILE_RFC2637);
		c = new_call(&s, CALL_INCOMING);
		send(&s, c, CTRL_ICRQ, 0);
		send(&s, c, CTRL_ICRP, 1);
		send_crossing(&s, c, CTRL_ICCN, 0, unacked);
		CU_ASSERT_EQUAL(found(&s, "PACIN-ILLEGAL-01"), unacked != 0);
		scene_end(&s);
	}
}

/* What is acknowledged but not in the capture may have been the CCRQ that is missed. */
static void test_unheard(void)
{
	struct scene s;

	for (int64_t more = 0; more <= 16; more += 16) {
		struct call *c;

		scene_begin(&s, PROFILE_RFC2637);
		c = outgoing(&s);
		send_crossing(&s, c, CTRL_CDN, 4, -more);
		CU_ASSERT_EQUAL(found(&s, "CDN-RESULT-03"), more == 0);
		CU_ASSERT_EQUAL(withheld(&s, "CDN-RESULT-03", UNLESS_TCP_GAP), more != 0);
		scene_end(&s);
	}
}

/* --- tests: several calls ------------------------------------------------------------------ */

/* Requests with one Call ID: each of them may be answered, and no more. */
static void test_second_reply(void)
{
	struct scene s;
	struct call *c;

	scene_begin(&s, PROFILE_RFC2637);
	c = outgoing(&s);
	send(&s, c, CTRL_OCRP, 1);
	CU_ASSERT_EQUAL(found(&s, "OCRP-ONE-01"), 1);
	CU_ASSERT_EQUAL(last.certainty, CERTAIN);
	CU_ASSERT_EQUAL(last.frame, 3);
	scene_end(&s);
}

static unsigned serials_repeated(unsigned first, unsigned n, unsigned again)
{
	struct scene s;
	unsigned repeated;

	scene_begin(&s, PROFILE_RFC2637);
	for (unsigned i = 0; i <= n; i++) {
		struct call *c;

		s.ncalls = 0;
		s.tunnel.first_call = s.tunnel.last_call = NULL;
		c = new_call(&s, CALL_OUTGOING);
		c->id = i + 1;
		c->serial = (uint16_t)(i < n ? first + i : again);
		send(&s, c, CTRL_OCRQ, 0);
		send(&s, c, CTRL_OCRP, 4);
		judge_forget_call(s.judge, c);
	}
	repeated = found(&s, "OCRQ-SERIAL-01");
	scene_end(&s);
	return repeated;
}

static void test_serials(void)
{
	CU_ASSERT_EQUAL(serials_repeated(1, 1, 1), 1);
	CU_ASSERT_EQUAL(serials_repeated(1, 10, 5), 1);
	CU_ASSERT_EQUAL(serials_repeated(1, 10, 11), 0);
	CU_ASSERT_EQUAL(serials_repeated(1, 10, 0), 0);
	CU_ASSERT_EQUAL(serials_repeated(65530, 10, 3), 1);
	CU_ASSERT_EQUAL(serials_repeated(65530, 10, 4), 0);
	/* The count has wrapped: all may come again. */
	CU_ASSERT_EQUAL(serials_repeated(7, 65536, 7), 0);
	CU_ASSERT_EQUAL(serials_repeated(7, 65535, 7), 1);
}

void suite_rules_call(void)
{
	CU_pSuite suite = CU_add_suite("rules_call", NULL, NULL);

	CU_add_test(suite, "CCRQ, then the PNS closes", test_clear_closed);
	CU_add_test(suite, "CCRQ, then a stop", test_clear_stopped);
	CU_add_test(suite, "CCRQ, then the PAC closes", test_clear_closed_by_pac);
	CU_add_test(suite, "CCRQ, then the capture ends", test_clear_capture_ends);
	CU_add_test(suite, "CCRQ, then a late answer", test_clear_answered);
	CU_add_test(suite, "dialling takes its time", test_dialling);
	CU_add_test(suite, "no answer to ICRQ", test_ringing);
	CU_add_test(suite, "CDN may have crossed CCRQ", test_crossing_disconnect);
	CU_add_test(suite, "CCRQ may have crossed CDN", test_crossing_clear);
	CU_add_test(suite, "ICCN before ICRP came", test_connected_early);
	CU_add_test(suite, "octets that the capture lacks", test_unheard);
	CU_add_test(suite, "two replies", test_second_reply);
	CU_add_test(suite, "serial numbers", test_serials);
}
