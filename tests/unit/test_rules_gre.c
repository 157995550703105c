/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tunnel packets against the rules, by hand-made events: what proves the sender's fault, and what
 * the network explains.  Host 0 is the PAC, host 1 the PNS; one call between them.
 */
#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/flow.h"
#include "conformance/judge.h"
#include "tests/unit/main.h"

enum { PAC, PNS };
#define MS(n) ((int64_t)(n)*1000000)
#define S(n) MS((n)*1000)

/* A conversation whose packets go to the judge first and are counted after. */
struct scene {
	struct judge *judge;
	struct tunnel tunnel;
	struct control_connection connection;
	struct call call;
	struct call_rare rare;
	struct moment moment[4];
	int64_t now;
	uint64_t frame;
	uint16_t ip_id[HOSTS];
	uint8_t payload[16];
};

/* The rules about tunnel packets. */
static const bool *about_tunnels(void)
{
	static const char *const names[] = {
		"GRE",           "WIN",          "OOS",         "CONG",
		"ATO-REQ-01",    "TCP-CLOSE-01", "TCP-PAIR-01", "STOPRQ-CLEAR-01",
		"PACOUT-DATA",   "PNSOUT-DATA",  "PACIN-DATA",  "PNSIN-DATA",
		"PNSOUT-EST-01", "PNSIN-EST-01", "MSP-ACK100",  "CALL-RELEASE-01"
	};
	static bool selected[RULES];

	for (unsigned i = 0; i < RULES; i++)
		for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++)
			selected[i] |= rule_named(&rules[i], names[k]);
	return selected;
}

static void scene_begin(struct scene *s, enum rule_profile profile)
{
	const struct judge_options o = { .profile = profile, .selected = about_tunnels(), .max_findings = 1000 };

	memset(s, 0, sizeof(*s));
	s->judge = judge_new(&o);
	s->now = S(1000);
	s->tunnel = (struct tunnel){ .id = 1, .pac = PAC, .connections = 1, .calls = 1 };
	s->tunnel.host[PAC].octet[15] = 1;
	s->tunnel.host[PNS].octet[15] = 2;
	s->tunnel.first_connection = s->tunnel.last_connection = &s->connection;
	s->tunnel.first_call = s->tunnel.last_call = &s->call;
	s->connection =
		(struct control_connection){ .id = 1, .tunnel = &s->tunnel, .pac = PAC, .closed_by = -1 };
	s->connection.originator = PNS;
	s->connection.stopped_by = -1;
	s->connection.state = CONNECTION_ESTABLISHED;
	s->connection.seen[0] = s->connection.seen[1] = true;
	s->connection.first_time = s->now;
	s->connection.live_calls = 1;
	s->call = (struct call){ .id = 1, .tunnel = &s->tunnel, .control = { &s->connection } };
	s->call.rare = &s->rare;
	s->call.kind = CALL_OUTGOING;
	s->call.state = CALL_ESTABLISHED;
	s->call.replied = true;
	s->call.pns_window = s->call.pac_window = 8;
	s->call.first_frame = 1;
	s->call.first_time = s->now;
	call_step_take(&s->call, STEP_REQUEST, (struct call_step_seen){ 1, s->now });
	call_step_take(&s->call, STEP_REPLY, (struct call_step_seen){ 2, s->now });
	s->frame = 2;
	for (unsigned host = 0; host < HOSTS; host++) {
		s->call.flow[host].key = 1 << 17 | host << 16;
		s->ip_id[host] = (uint16_t)(100 + 1000 * host);
	}
	memcpy(s->payload,
	       "\xff\x03\x00\x21"
	       "abcdefghijkl",
	       16);
	s->connection.history = (struct history){ .moment = s->moment, .room = 4 };
}

/* An event of the scene, other than a packet. */
static struct event scene_event(struct scene *s, enum event_kind kind)
{
	return (struct event){ .kind = kind,
			       .frame = s->frame,
			       .time_ns = s->now,
			       .tunnel = &s->tunnel,
			       .connection = call_connection(&s->call),
			       .call = &s->call };
}

static void call_over(struct scene *s)
{
	struct event e = scene_event(s, EVENT_CALL_OVER);

	s->call.over = true;
	judge_event(s->judge, &e);
	call_let_go(&s->call);
}

static void scene_end(struct scene *s)
{
	judge_forget_call(s->judge, &s->call);
	judge_forget_connection(s->judge, &s->connection);
	judge_forget_tunnel(s->judge, &s->tunnel);
	judge_free(s->judge);
}

/* A packet of `host` one millisecond later; flags: GRE_S, GRE_A. */
static void send_full(struct scene *s, unsigned host, unsigned flags, uint32_t seq, uint32_t ack,
		      bool identical)
{
	struct gre_pkt g = { .flags = (uint16_t)(GRE_K | 1 | flags), .protocol = GRE_PROTO_PPP };
	struct event e = scene_event(s, EVENT_GRE);

	s->now += MS(1);
	s->frame++;
	g.seq = seq;
	g.ack = ack;
	if (flags & GRE_S) {
		g.payload_length = sizeof(s->payload);
		g.payload = s->payload;
		g.caplen = sizeof(s->payload);
	}
	e.frame = s->frame;
	e.time_ns = s->now;
	e.from = host;
	e.gre = &g;
	e.flow = &s->call.flow[host];
	e.peer = &s->call.flow[!host];
	e.ip_id = identical ? s->ip_id[host] : ++s->ip_id[host];
	e.identical = identical;
	judge_event(s->judge, &e);
	flow_apply(&s->call.flow[host], &s->call.flow[!host], &g, s->frame, s->now);
}

static void data(struct scene *s, unsigned host, uint32_t seq)
{
	send_full(s, host, GRE_S, seq, 0, false);
}

static void both(struct scene *s, unsigned host, uint32_t seq, uint32_t ack)
{
	send_full(s, host, GRE_S | GRE_A, seq, ack, false);
}

static void only_ack(struct scene *s, unsigned host, uint32_t ack)
{
	send_full(s, host, GRE_A, 0, ack, false);
}

/* Packets that were sent and did not get here: only the IP identification knows. */
static void lost(struct scene *s, unsigned host, unsigned n)
{
	s->ip_id[host] = (uint16_t)(s->ip_id[host] + n);
}

/* From 0 or first on, each answered. */
static void traffic(struct scene *s, uint32_t first, unsigned n)
{
	for (uint32_t i = first; n--; i++) {
		if (i == 0)
			data(s, PNS, i);
		else
			both(s, PNS, i, i - 1);
		both(s, PAC, i, i);
	}
}

struct wanted {
	const char *id;
	const struct finding *found;
	struct finding copy;
	unsigned n, others;
};

static void look(void *ctx, const struct finding *f)
{
	struct wanted *w = ctx;

	if (w->id && strcmp(f->id, w->id) == 0) {
		w->copy = *f;
		w->n++;
	} else {
		w->others++;
	}
}

/* Exactly this finding and no other; id NULL: none at all. */
static struct finding found(struct scene *s, const char *id)
{
	struct wanted w = { .id = id };

	CU_ASSERT(judge_walk(s->judge, look, &w));
	CU_ASSERT_EQUAL(w.n, id != NULL);
	CU_ASSERT_EQUAL(w.others, 0);
	return w.copy;
}

static bool withheld(struct scene *s, enum rule_number rule, unsigned why)
{
	return judge_stats(s->judge)->withheld_by[rule] & why;
}

/* --- sequence numbers ------------------------------------------------------------------------ */

static void test_gap_of_sender(void)
{
	struct scene s;
	struct finding f;

	scene_begin(&s, PROFILE_RFC2637);
	traffic(&s, 0, 3);
	both(&s, PNS, 5, 2);
	call_over(&s);
	f = found(&s, "GRE-SEQ-NEXT-01");
	CU_ASSERT_EQUAL(f.frame, s.frame);
	CU_ASSERT_EQUAL(f.certainty, SUSPECTED);
	scene_end(&s);
}

static void test_gap_of_network(void)
{
	struct scene s;

	scene_begin(&s, PROFILE_RFC2637);
	traffic(&s, 0, 3);
	lost(&s, PNS, 2);
	both(&s, PNS, 5, 2);
	call_over(&s);
	found(&s, NULL);
	scene_end(&s);
}

static void test_gap_filled(void)
{
	struct scene s;

	scene_begin(&s, PROFILE_RFC2637);
	traffic(&s, 0, 3);
	both(&s, PNS, 4, 2);
	data(&s, PNS, 3);
	call_over(&s);
	found(&s, NULL);
	scene_end(&s);
}

/* Where the sender does not count its packets, one that is missing proves nothing, and is not passed over. */
static void test_gap_without_ids(void)
{
	struct scene s;

	scene_begin(&s, PROFILE_RFC2637);
	for (uint32_t seq = 0; seq < 8; seq++) {
		s.ip_id[PAC] = (uint16_t)-1;
		data(&s, PAC, seq + (seq > 3));
		both(&s, PNS, seq, seq + (seq > 3));
	}
	call_over(&s);
	found(&s, NULL);
	CU_ASSERT(withheld(&s, RULE_GRE_SEQ_NEXT_01, UNLESS_GRE_LOSS));
	scene_end(&s);
}

static void test_gap_both_ways(void)
{
	struct scene s;

	scene_begin(&s, PROFILE_RFC2637);
	traffic(&s, 0, 3);
	lost(&s, PAC, 1);
	data(&s, PAC, 4);
	both(&s, PNS, 5, 4);
	call_over(&s);
	found(&s, NULL);
	CU_ASSERT(withheld(&s, RULE_GRE_SEQ_NEXT_01, UNLESS_GRE_LOSS));
	scene_end(&s);
}

/* Single losses are not regular, however often they come. */
static void test_losses_are_not_regular(void)
{
	struct scene s;
	uint32_t seq = 3;

	scene_begin(&s, PROFILE_RFC2637);
	traffic(&s, 0, 3);
	for (unsigned i = 0; i < 20; i++) {
		data(&s, PNS, seq);
		lost(&s, PNS, 1);
		data(&s, PNS, seq + 2);
		seq += 3;
		both(&s, PAC, 3 + i, seq - 1);
	}
	call_over(&s);
	found(&s, NULL);
	scene_end(&s);
}

static void test_every_other_number(void)
{
	struct scene s;
	struct finding f;

	scene_begin(&s, PROFILE_RFC2637);
	traffic(&s, 0, 3);
	for (uint32_t i = 0; i < 10; i++) {
		lost(&s, PNS, 1);
		data(&s, PNS, 4 + 2 * i);
		both(&s, PAC, 3 + i, 4 + 2 * i);
	}
	call_over(&s);
	f = found(&s, "GRE-SEQ-NEXT-01");
	CU_ASSERT_STRING_EQUAL(f.observed, "18");
	scene_end(&s);
}

static void test_wrap(void)
{
	struct scene s;

	scene_begin(&s, PROFILE_RFC2637);
	call_step_take(&s.call, STEP_REQUEST, (struct call_step_seen){ 0, 0 });
	data(&s, PNS, 0xfffffffe);
	both(&s, PAC, 0xffffffff, 0xfffffffe);
	both(&s, PNS, 0xffffffff, 0xffffffff);
	both(&s, PAC, 0, 0xffffffff);
	both(&s, PNS, 0, 0);
	both(&s, PAC, 1, 0);
	only_ack(&s, PNS, 1);
	call_over(&s);
	found(&s, NULL);
	scene_end(&s);
}

static void test_start(void)
{
	struct scene s;
	struct finding f;

	scene_begin(&s, PROFILE_RFC2637);
	data(&s, PNS, 1);
	both(&s, PAC, 0, 1);
	both(&s, PNS, 2, 0);
	call_over(&s);
	f = found(&s, "GRE-SEQ-START-01");
	CU_ASSERT_EQUAL(f.severity, SEVERITY_NOTE);
	CU_ASSERT_EQUAL(f.frame, 3);
	CU_ASSERT_EQUAL(f.role, ROLE_PNS);
	scene_end(&s);
}

/* The first two packets changed places: it did begin at 0. */
static void test_start_late(void)
{
	struct scene s;

	scene_begin(&s, PROFILE_RFC2637);
	data(&s, PNS, 1);
	s.ip_id[PNS] = (uint16_t)(s.ip_id[PNS] - 2);
	data(&s, PNS, 0);
	call_over(&s);
	found(&s, NULL);
	scene_end(&s);
}

/* --- the same number again -------------------------------------------------------------------- */

static void test_copies(void)
{
	struct scene s;

	scene_begin(&s, PROFILE_RFC2637);
	traffic(&s, 0, 3);
	send_full(&s, PNS, GRE_S | GRE_A, 2, 1, true);
	/* Later than a mirror is believed: but the same identification. */
	s.now += S(1);
	s.ip_id[PNS]--;
	both(&s, PNS, 2, 1);
	call_over(&s);
	found(&s, NULL);
	scene_end(&s);
}

static void test_used_twice(void)
{
	struct scene s;
	struct finding f;

	scene_begin(&s, PROFILE_RFC2637);
	traffic(&s, 0, 3);
	s.payload[9] ^= 1;
	both(&s, PNS, 2, 2);
	call_over(&s);
	f = found(&s, "OOS-DUP-01");
	CU_ASSERT_EQUAL(f.certainty, CERTAIN);
	CU_ASSERT_EQUAL(f.evidence[1], s.frame - 2);
	scene_end(&s);
}

static void test_sent_again(void)
{
	struct scene s;
	struct finding f;

	scene_begin(&s, PROFILE_RFC2637);
	traffic(&s, 0, 3);
	s.now += S(1);
	both(&s, PNS, 2, 2);
	call_over(&s);
	f = found(&s, "CONG-NORETX-01");
	CU_ASSERT_EQUAL(f.certainty, CERTAIN);
	scene_end(&s);
}

/* --- acknowledgments ----------------------------------------------------------------------------- */

static void test_ack_before_sent(void)
{
	struct scene s;
	struct finding f;
	uint64_t frame;

	scene_begin(&s, PROFILE_RFC2637);
	traffic(&s, 0, 3);
	only_ack(&s, PNS, 4);
	frame = s.frame;
	traffic(&s, 3, 3);
	call_over(&s);
	f = found(&s, "GRE-ACK-02");
	CU_ASSERT_EQUAL(f.certainty, CERTAIN);
	CU_ASSERT_EQUAL(f.frame, frame);
	CU_ASSERT_EQUAL(f.role, ROLE_PNS);
	scene_end(&s);
}

/* What was acknowledged never comes: it was lost on the way to the observer. */
static void test_ack_of_lost(void)
{
	struct scene s;

	scene_begin(&s, PROFILE_RFC2637);
	traffic(&s, 0, 3);
	lost(&s, PAC, 1);
	only_ack(&s, PNS, 3);
	both(&s, PAC, 4, 2);
	call_over(&s);
	found(&s, NULL);
	CU_ASSERT(withheld(&s, RULE_GRE_ACK_02, UNLESS_GRE_LOSS));
	scene_end(&s);
}

static void test_ack_back(void)
{
	struct scene s;
	struct finding f;

	scene_begin(&s, PROFILE_RFC2637);
	traffic(&s, 0, 5);
	both(&s, PNS, 5, 4);
	both(&s, PNS, 6, 2);
	call_over(&s);
	f = found(&s, "GRE-ACK-03");
	CU_ASSERT_EQUAL(f.certainty, CERTAIN);
	scene_end(&s);
}

/* Half of all numbers are above what was sent, though by their distance they are below. */
static void test_ack_half_way_round(void)
{
	for (unsigned first = 0; first < 2; first++) {
		struct scene s;
		struct finding f;

		scene_begin(&s, PROFILE_RFC2637);
		data(&s, PAC, 0);
		if (!first)
			only_ack(&s, PNS, 0);
		only_ack(&s, PNS, 0x80000005);
		call_over(&s);
		f = found(&s, "GRE-ACK-02");
		CU_ASSERT_EQUAL(f.certainty, CERTAIN);
		scene_end(&s);
	}
}

/* Chance, too, makes the end of a packet look like its check sequence; hardly twice. */
static void test_check_sequence(void)
{
	for (unsigned n = 1; n <= 2; n++) {
		struct scene s;
		struct finding f;

		scene_begin(&s, PROFILE_RFC2637);
		memcpy(s.payload,
		       "\xff\x03\xc0\x21\x09\x01\x00\x0a"
		       "\x00\x00\x00\x00\xaa\xbb\x68\x78",
		       16);
		for (uint32_t seq = 0; seq < n; seq++)
			data(&s, PNS, seq);
		call_over(&s);
		f = found(&s, "GRE-PPP-02");
		CU_ASSERT_EQUAL(f.certainty, n > 1 ? CERTAIN : SUSPECTED);
		scene_end(&s);
	}
}

/* An acknowledgment that another one overtook: its identification is the lower one. */
static void test_ack_overtaken(void)
{
	struct scene s;

	scene_begin(&s, PROFILE_RFC2637);
	traffic(&s, 0, 5);
	lost(&s, PNS, 1);
	only_ack(&s, PNS, 4);
	s.ip_id[PNS] = (uint16_t)(s.ip_id[PNS] - 2);
	only_ack(&s, PNS, 3);
	call_over(&s);
	found(&s, NULL);
	scene_end(&s);
}

static void test_ack_early(void)
{
	struct scene s;
	struct finding f;

	scene_begin(&s, PROFILE_RFC2637);
	both(&s, PNS, 0, 0);
	s.now += MS(10);
	data(&s, PAC, 0);
	call_over(&s);
	f = found(&s, "GRE-ACK-04");
	CU_ASSERT_EQUAL(f.certainty, CERTAIN);
	CU_ASSERT_EQUAL(f.frame, 3);
	scene_end(&s);
	/* They may have changed places in the capture. */
	scene_begin(&s, PROFILE_RFC2637);
	both(&s, PNS, 0, 0);
	data(&s, PAC, 0);
	call_over(&s);
	f = found(&s, "GRE-ACK-04");
	CU_ASSERT_EQUAL(f.certainty, SUSPECTED);
	scene_end(&s);
}

/* Only one direction of the tunnel is in the capture. */
static void test_ack_one_way(void)
{
	struct scene s;

	scene_begin(&s, PROFILE_RFC2637);
	both(&s, PNS, 0, 0);
	both(&s, PNS, 1, 1);
	call_over(&s);
	found(&s, NULL);
	CU_ASSERT(withheld(&s, RULE_GRE_ACK_04, UNLESS_ONE_WAY));
	scene_end(&s);
}

/* One packet behind for a second may be a loss; that it is put right without another one proves it. */
static void test_ack_stale(void)
{
	struct scene s;
	struct finding f;

	scene_begin(&s, PROFILE_RFC2637);
	traffic(&s, 0, 5);
	s.now += S(2);
	both(&s, PNS, 5, 3);
	found(&s, NULL);
	both(&s, PNS, 6, 4);
	call_over(&s);
	f = found(&s, "GRE-ACK-01");
	CU_ASSERT_EQUAL(f.frame, s.frame - 1);
	scene_end(&s);
}

static void test_ack_stuck(void)
{
	struct scene s;

	scene_begin(&s, PROFILE_RFC2637);
	traffic(&s, 0, 3);
	lost(&s, PAC, 1);
	for (unsigned i = 0; i < 3; i++) {
		data(&s, PAC, 4 + i);
		s.now += S(1);
		only_ack(&s, PNS, 2);
	}
	found(&s, NULL);
	s.now += S(3);
	only_ack(&s, PNS, 2);
	call_over(&s);
	found(&s, "OOS-ACK-01");
	scene_end(&s);
}

/* --- windows --------------------------------------------------------------------------------------- */

/* n packets of the PNS, without an answer. */
static void burst(struct scene *s, uint32_t *seq, unsigned n)
{
	while (n--)
		data(s, PNS, (*seq)++);
}

static void test_window_exceeded(void)
{
	struct scene s;
	struct finding f;
	uint32_t seq = 1;

	scene_begin(&s, PROFILE_RFC2637);
	traffic(&s, 0, 1);
	burst(&s, &seq, 9);
	found(&s, NULL);
	both(&s, PAC, 1, 9);
	call_over(&s);
	f = found(&s, "WIN-MAX-01");
	CU_ASSERT_STRING_EQUAL(f.observed, "9");
	CU_ASSERT_EQUAL(f.frame, s.frame - 1);
	scene_end(&s);
}

/* Eight in all, but a time-out between: what timed out does not count. */
static void test_window_after_timeout(void)
{
	struct scene s;
	uint32_t seq = 1;

	scene_begin(&s, PROFILE_RFC2637);
	traffic(&s, 0, 1);
	burst(&s, &seq, 4);
	s.now += S(1);
	burst(&s, &seq, 2);
	s.now += S(2);
	burst(&s, &seq, 1);
	only_ack(&s, PAC, seq - 1);
	call_over(&s);
	found(&s, NULL);
	scene_end(&s);
}

static void test_window_zero_is_one(void)
{
	struct scene s;
	struct finding f;

	scene_begin(&s, PROFILE_RFC2637);
	s.call.pac_window = 0;
	traffic(&s, 0, 3);
	data(&s, PNS, 3);
	data(&s, PNS, 4);
	only_ack(&s, PAC, 4);
	call_over(&s);
	f = found(&s, "WIN-MAX-01");
	CU_ASSERT_STRING_EQUAL(f.expected, "at most 1");
	scene_end(&s);
}

static void test_window_profile(void)
{
	struct scene s;
	uint32_t seq = 1;

	scene_begin(&s, PROFILE_MS_PTPT);
	traffic(&s, 0, 1);
	burst(&s, &seq, 20);
	only_ack(&s, PAC, seq - 1);
	call_over(&s);
	found(&s, NULL);
	scene_end(&s);
}

static void test_ack_due(void)
{
	struct scene s;
	struct finding f;

	scene_begin(&s, PROFILE_MS_PTPT);
	traffic(&s, 0, 2);
	both(&s, PNS, 2, 1);
	s.now += MS(500);
	only_ack(&s, PAC, 2);
	call_over(&s);
	f = found(&s, "MSP-ACK100-01");
	CU_ASSERT_EQUAL(f.role, ROLE_PAC);
	scene_end(&s);
}

/* --- the life of the call --------------------------------------------------------------------------- */

static void disconnect(struct scene *s)
{
	s->call.state = CALL_CLOSED;
	call_step_take(&s->call, STEP_DISCONNECT, (struct call_step_seen){ ++s->frame, s->now });
	call_over(s);
}

static void test_data_after_disconnect(void)
{
	struct scene s;
	struct finding f;

	scene_begin(&s, PROFILE_RFC2637);
	traffic(&s, 0, 3);
	disconnect(&s);
	s.now += MS(900);
	both(&s, PNS, 3, 2);
	found(&s, NULL);
	s.now += MS(200);
	both(&s, PNS, 4, 2);
	f = found(&s, "PNSOUT-EST-01");
	CU_ASSERT_EQUAL(f.certainty, SUSPECTED);
	scene_end(&s);
}

static void reset(struct scene *s)
{
	struct event e = scene_event(s, EVENT_RST);

	e.from = PAC;
	judge_event(s->judge, &e);
	s->connection.closed_by = PAC;
	s->moment[s->connection.history.count++] =
		(struct moment){ .frame = s->frame, .time_ns = s->now, .kind = MOMENT_RST, .from = PAC };
}

/* The connection is reset; that its calls are over has not been told yet. */
static void test_data_after_close(void)
{
	struct scene s;

	scene_begin(&s, PROFILE_RFC2637);
	traffic(&s, 0, 3);
	reset(&s);
	s.now += MS(4900);
	both(&s, PNS, 3, 2);
	found(&s, NULL);
	s.now += MS(200);
	both(&s, PNS, 4, 2);
	found(&s, "TCP-CLOSE-01");
	scene_end(&s);
}

static void test_data_after_new_connection(void)
{
	struct scene s;
	struct control_connection next = { .id = 2 };

	scene_begin(&s, PROFILE_RFC2637);
	traffic(&s, 0, 3);
	reset(&s);
	next.first_time = s.now + S(1);
	next.first_frame = 50;
	s.connection.next = &next;
	s.now += S(5);
	both(&s, PNS, 3, 2);
	found(&s, NULL);
	s.now += S(2);
	both(&s, PNS, 4, 2);
	found(&s, "CALL-RELEASE-01");
	scene_end(&s);
}

/* Data of the PAC, `early` before the Outgoing-Call-Reply. */
static void answered(struct scene *s, int64_t early)
{
	struct ctrl_msg m = { .desc = ctrl_desc_by_name("OCRP") };
	struct ctrl_origin origin = { .nframes = 1 };
	struct event e;

	scene_begin(s, PROFILE_RFC2637);
	s->call.state = CALL_REQUESTED;
	s->call.replied = false;
	call_step_take(&s->call, STEP_REPLY, (struct call_step_seen){ 0, 0 });
	data(s, PAC, 0);
	s->now += early;
	e = scene_event(s, EVENT_MESSAGE);
	e.frame = ++s->frame;
	origin.frame = e.frame;
	origin.frames = &origin.frame;
	origin.time_ns = s->now;
	e.msg = &m;
	e.origin = &origin;
	e.from = PAC;
	s->call.state = CALL_ESTABLISHED;
	s->call.replied = true;
	call_step_take(&s->call, STEP_REPLY, (struct call_step_seen){ s->frame, s->now });
	judge_applied(s->judge, &e, &s->call);
}

static void test_data_before_reply(void)
{
	struct scene s;
	struct finding f;

	answered(&s, S(1));
	f = found(&s, "PACOUT-DATA-01");
	CU_ASSERT_EQUAL(f.frame, 3);
	scene_end(&s);
	/* They may have changed places on the way. */
	answered(&s, MS(1) / 2);
	found(&s, NULL);
	CU_ASSERT(withheld(&s, RULE_PACOUT_DATA_01, UNLESS_REORDER));
	scene_end(&s);
}

/* A gap in the control connection leaves open what was said in it, also after its end. */
static void test_gap_in_history(void)
{
	struct scene s;

	scene_begin(&s, PROFILE_RFC2637);
	s.connection.gaps = 1;
	traffic(&s, 0, 3);
	disconnect(&s);
	s.now += S(2);
	both(&s, PNS, 3, 2);
	found(&s, NULL);
	CU_ASSERT(withheld(&s, RULE_PNSOUT_EST_01, UNLESS_TCP_GAP));
	scene_end(&s);
}

void suite_rules_gre(void)
{
	static const struct {
		const char *name;
		CU_TestFunc fn;
	} tests[] = {
		{ "gap: the sender sent nothing between", test_gap_of_sender },
		{ "gap: the network lost what the sender counted", test_gap_of_network },
		{ "gap: filled later", test_gap_filled },
		{ "gap: losses of both ways", test_gap_both_ways },
		{ "gap: no IP identification", test_gap_without_ids },
		{ "gaps of single losses", test_losses_are_not_regular },
		{ "every other number", test_every_other_number },
		{ "numbers pass 2^32", test_wrap },
		{ "start at 1", test_start },
		{ "start: first packets changed places", test_start_late },
		{ "copies that the path made", test_copies },
		{ "a number used twice", test_used_twice },
		{ "a packet sent again", test_sent_again },
		{ "acknowledged before it was sent", test_ack_before_sent },
		{ "acknowledgment of what the observer missed", test_ack_of_lost },
		{ "acknowledgment goes back", test_ack_back },
		{ "acknowledgment half way round", test_ack_half_way_round },
		{ "check sequence of PPP", test_check_sequence },
		{ "acknowledgment that was overtaken", test_ack_overtaken },
		{ "acknowledgment before data", test_ack_early },
		{ "acknowledgments of one direction alone", test_ack_one_way },
		{ "acknowledgment too low", test_ack_stale },
		{ "acknowledgment stuck at a gap", test_ack_stuck },
		{ "window exceeded", test_window_exceeded },
		{ "window starts anew after a time-out", test_window_after_timeout },
		{ "window 0 counts as 1", test_window_zero_is_one },
		{ "no window in ms-ptpt", test_window_profile },
		{ "acknowledgment due in ms-ptpt", test_ack_due },
		{ "data after the disconnect", test_data_after_disconnect },
		{ "data after the close", test_data_after_close },
		{ "data under a new connection", test_data_after_new_connection },
		{ "data before the reply", test_data_before_reply },
		{ "gap in the control connection", test_gap_in_history },
	};
	CU_pSuite suite = CU_add_suite("rules_gre", NULL, NULL);

	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++)
		CU_add_test(suite, tests[i].name, tests[i].fn);
}
