/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Diagnoses of conversations as they may come to be: analyzer/diagnose.h. */
#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/diagnose.h"
#include "conformance/flow.h"
#include "conformance/ppp_session.h"

#define SECONDS(n) ((int64_t)(n)*1000000000)

enum { PAC, PNS };
enum { LAST = 1000 }; /* frame of the last message */

/* A call of a PAC 10.0.0.1 and a PNS 10.0.0.2 that carried ten packets each way. */
struct scene {
	struct tunnel tunnel;
	struct control_connection connection;
	struct call call;
	struct call_rare rare;
	struct ppp_session ppp;
	struct diagnosis out[DIAGNOSES_MAX];
	unsigned n;
};

static struct ip_addr address(uint8_t last)
{
	return (struct ip_addr){ .octet = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = last } };
}

static void packet(struct scene *s, unsigned from, uint32_t seq, bool ack, uint16_t size, int64_t time_ns)
{
	static const uint8_t ip[] = { 0xff, 0x03, 0x00, 0x21, 0x45 };
	struct gre_pkt g = { .flags = GRE_K | GRE_S | 1, .payload_length = size, .seq = seq, .payload = ip };

	g.caplen = sizeof(ip);
	if (ack) {
		g.flags |= GRE_A;
		g.ack = s->call.flow[!from].highest_seq;
	}
	flow_apply(&s->call.flow[from], &s->call.flow[!from], &g,
		   100 + s->call.flow[0].packets + s->call.flow[1].packets, time_ns);
}

/* An acknowledgment alone. */
static void acknowledge(struct scene *s, unsigned from, uint32_t ack, int64_t time_ns)
{
	struct gre_pkt g = { .flags = GRE_K | GRE_A | 1, .ack = ack };

	flow_apply(&s->call.flow[from], &s->call.flow[!from], &g,
		   100 + s->call.flow[0].packets + s->call.flow[1].packets, time_ns);
}

static void set_up(struct scene *s)
{
	*s = (struct scene){ .n = 0 };
	s->tunnel.host[PAC] = address(1);
	s->tunnel.host[PNS] = address(2);
	s->tunnel.pac = PAC;
	s->connection = (struct control_connection){ .id = 1,
						     .tunnel = &s->tunnel,
						     .originator = PNS,
						     .pac = PAC,
						     .closed_by = -1,
						     .seen = { true, true } };
	s->connection.start[0].frame = 4;
	s->connection.start[1] = (struct start_info){ .frame = 5, .result = 1 };
	s->connection.messages[PNS][CTRL_SCCRQ] = s->connection.messages[PAC][CTRL_SCCRP] = 1;
	s->call = (struct call){ .id = 1,
				 .tunnel = &s->tunnel,
				 .control = { &s->connection },
				 .first_frame = 6,
				 .first_time = SECONDS(1),
				 .kind = CALL_OUTGOING,
				 .state = CALL_ESTABLISHED,
				 .pns_window = 8,
				 .pac_window = 8,
				 .replied = true };
	s->call.rare = &s->rare;
	call_step_take(&s->call, STEP_REQUEST, (struct call_step_seen){ 6, SECONDS(1) });
	call_step_take(&s->call, STEP_REPLY, (struct call_step_seen){ 7, SECONDS(2) });
	for (unsigned h = 0; h < HOSTS; h++)
		s->call.flow[h].key = 1 << 17 | h << 16;
	for (uint32_t i = 0; i < 10; i++) {
		packet(s, PNS, i, i > 0, 40, SECONDS(3 + i));
		packet(s, PAC, i, true, 40, SECONDS(3 + i));
	}
	call_last_take(&s->call, (struct call_step_seen){ LAST, SECONDS(13) });
}

static void diagnose(struct scene *s)
{
	s->n = diagnose_call(&s->call, SECONDS(60), s->out);
}

static const struct diagnosis *with_code(const struct scene *s, const char *code)
{
	for (unsigned i = 0; i < s->n; i++)
		if (strcmp(s->out[i].code, code) == 0)
			return &s->out[i];
	return NULL;
}

static void only(const struct scene *s, const char *code)
{
	CU_ASSERT_EQUAL_FATAL(s->n, 1);
	CU_ASSERT_STRING_EQUAL(s->out[0].code, code);
	CU_ASSERT(s->out[0].nevidence > 0);
	CU_ASSERT(s->out[0].summary[0] != '\0');
}

/* PPP as it is when it is open. */
static void open_ppp(struct scene *s)
{
	for (unsigned neg = PPP_NEG_LCP; neg <= PPP_NEG_IPCP; neg++)
		for (unsigned h = 0; h < HOSTS; h++)
			s->ppp.asking[neg][h] = (struct ppp_asking){
				.requests = 1,
				.answer_frame = 50,
				.flags = PPP_ASKED | PPP_ACKED | PPP_WAS_ACKED,
			};
	s->ppp.phase = PPP_PHASE_OPEN;
	s->ppp.open_frame = 51;
	s->call.ppp = &s->ppp;
}

/* --- healthy ------------------------------------------------------------------------------- */

static void healthy_is_seen(void)
{
	struct scene s;

	set_up(&s);
	diagnose(&s);
	only(&s, "healthy");
	CU_ASSERT_EQUAL(s.out[0].confidence, CONFIDENCE_MEDIUM);
	open_ppp(&s);
	diagnose(&s);
	only(&s, "healthy");
	CU_ASSERT_EQUAL(s.out[0].confidence, CONFIDENCE_HIGH);
	CU_ASSERT_EQUAL(s.out[0].evidence[0], 51);
}

static void healthy_is_withheld(void)
{
	struct scene s;

	set_up(&s);
	open_ppp(&s);
	s.ppp.phase = PPP_PHASE_NETWORK;
	diagnose(&s);
	CU_ASSERT_PTR_NULL(with_code(&s, "healthy"));
	set_up(&s);
	s.call.flow[PNS].key = 0;
	diagnose(&s);
	CU_ASSERT_EQUAL(s.n, 0);
	set_up(&s);
	s.connection.reset_first = true;
	diagnose(&s);
	CU_ASSERT_EQUAL(s.n, 0);
	set_up(&s);
	call_let_go(&s.call);
	s.call.connection_failed = true;
	diagnose(&s);
	CU_ASSERT_EQUAL(s.n, 0);
	set_up(&s);
	s.call.flow[PNS].flags &= (uint16_t)~FLOW_NETWORK;
	diagnose(&s);
	CU_ASSERT_EQUAL(s.n, 0);
}

/* --- requests ------------------------------------------------------------------------------ */

static void no_reply(void)
{
	struct scene s;

	set_up(&s);
	s.call.flow[0] = s.call.flow[1] = (struct flow){ .key = 0 };
	call_step_take(&s.call, STEP_REPLY, (struct call_step_seen){ 0, 0 });
	s.call.state = CALL_REQUESTED;
	s.call.end_time = SECONDS(30);
	diagnose(&s);
	CU_ASSERT_EQUAL(s.n, 0); /* dialling may take longer */
	s.call.end_time = SECONDS(62);
	diagnose(&s);
	only(&s, "call-no-reply");
	CU_ASSERT(ip_addr_same(&s.out[0].at_fault, &s.tunnel.host[PAC]));
	s.connection.seen[PAC] = false; /* it may have replied */
	diagnose(&s);
	CU_ASSERT_EQUAL(s.n, 0);
	s.connection.seen[PAC] = true;
	s.call.end_time = SECONDS(5);
	s.call.ended_by = 3;
	diagnose(&s);
	only(&s, "call-no-reply");
}

/* --- ICMP ---------------------------------------------------------------------------------- */

static void icmp(void)
{
	struct scene s;

	set_up(&s);
	s.tunnel.icmp[0] =
		(struct icmp_seen){ .frame = 105, .by = address(9), .from = PNS, .type = 3, .code = 2 };
	diagnose(&s);
	only(&s, "healthy"); /* it went on all the same */
	s.tunnel.icmp[0].frame = 500;
	diagnose(&s);
	only(&s, "gre-unreachable");
	CU_ASSERT_EQUAL(s.out[0].evidence[0], 500);
	CU_ASSERT_PTR_NOT_NULL(strstr(s.out[0].summary, "10.0.0.9"));
	call_step_take(&s.call, STEP_CLEAR, (struct call_step_seen){ 400, SECONDS(14) });
	diagnose(&s);
	only(&s, "healthy"); /* who is gone answers so */
	call_step_take(&s.call, STEP_CLEAR, (struct call_step_seen){ 0, 0 });
	s.tunnel.icmp[0].call_id = 77;
	diagnose(&s);
	only(&s, "healthy"); /* of another call */
}

static void too_big(void)
{
	struct scene s;

	set_up(&s);
	s.tunnel.icmp[0] = (struct icmp_seen){
		.frame = 500, .by = address(9), .from = PNS, .type = 3, .code = 4, .too_big = true
	};
	diagnose(&s);
	only(&s, "healthy");
	s.rare.large_waits[PNS] = 1;
	s.rare.large_frame[PNS] = 130;
	diagnose(&s);
	only(&s, "mtu-black-hole");
	CU_ASSERT_EQUAL(s.out[0].confidence, CONFIDENCE_HIGH);
	s.call.flow[PNS].flags |= FLOW_LARGE_CAME;
	diagnose(&s);
	only(&s, "healthy");
}

/* --- what flows remember ------------------------------------------------------------------- */

static void large_packets(void)
{
	struct scene s;

	set_up(&s);
	for (uint32_t i = 0; i < 4; i++)
		packet(&s, PNS, 10 + i, false, 1400, SECONDS(20 + 2 * i));
	CU_ASSERT_EQUAL(s.rare.large_waits[PNS], 3);
	diagnose(&s);
	CU_ASSERT_PTR_NULL(with_code(&s, "mtu-black-hole")); /* perhaps nothing passes */
	packet(&s, PNS, 14, false, 40, SECONDS(28));
	acknowledge(&s, PAC, 14, SECONDS(28) + 1000);
	call_last_take(&s.call, (struct call_step_seen){ LAST, SECONDS(29) });
	diagnose(&s);
	only(&s, "mtu-black-hole");
	CU_ASSERT_FALSE(s.out[0].has_fault);
	packet(&s, PNS, 15, false, 1400, SECONDS(30));
	acknowledge(&s, PAC, 15, SECONDS(30) + 1000);
	CU_ASSERT(s.call.flow[PNS].flags & FLOW_LARGE_CAME);
	diagnose(&s);
	only(&s, "healthy");
}

static void full_windows(void)
{
	struct scene s;
	uint32_t seq = 10;

	set_up(&s);
	acknowledge(&s, PAC, 9, SECONDS(13));
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 8; i++)
			packet(&s, PNS, seq++, false, 40, SECONDS(20 + 3 * round));
		acknowledge(&s, PAC, seq - 1, SECONDS(23 + 3 * round));
	}
	CU_ASSERT_EQUAL(s.rare.stalls[PNS], 2);
	diagnose(&s);
	only(&s, "window-stall");
	CU_ASSERT(ip_addr_same(&s.out[0].at_fault, &s.tunnel.host[PAC]));
	/* One packet more than the window: its sender does not care for it. */
	set_up(&s);
	seq = 10;
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 9; i++)
			packet(&s, PNS, seq++, false, 40, SECONDS(20 + 3 * round));
		acknowledge(&s, PAC, seq - 1, SECONDS(23 + 3 * round));
	}
	CU_ASSERT_EQUAL(s.rare.stalls[PNS], 0);
}

static void pauses_are_no_stalls(void)
{
	struct scene s;
	uint32_t seq = 10;

	set_up(&s);
	acknowledge(&s, PAC, 9, SECONDS(13));
	for (unsigned round = 0; round < 5; round++) {
		for (unsigned i = 0; i < 8; i++)
			packet(&s, PNS, seq++, false, 40, SECONDS(20 + 10 * round));
		/* The acknowledgment is late, but nobody waits for it. */
		acknowledge(&s, PAC, seq - 1, SECONDS(23 + 10 * round));
	}
	CU_ASSERT_EQUAL(s.rare.stalls[PNS], 0);
}

static void silence(void)
{
	struct scene s;

	set_up(&s);
	for (uint32_t i = 0; i < 3; i++)
		packet(&s, PNS, 10 + i, false, 40, SECONDS(14 + 2 * i));
	diagnose(&s);
	only(&s, "peer-vanished");
	CU_ASSERT(ip_addr_same(&s.out[0].at_fault, &s.tunnel.host[PAC]));
	open_ppp(&s);
	s.ppp.end = PPP_END_LCP; /* it said good-bye */
	s.ppp.ended_by = PAC;
	diagnose(&s);
	CU_ASSERT_PTR_NULL(with_code(&s, "peer-vanished"));
}

/* --- PPP ----------------------------------------------------------------------------------- */

static struct ppp_text *text(enum ppp_text_kind kind, unsigned end, const char *words)
{
	struct ppp_text *t = malloc(sizeof(*t) + strlen(words));

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	*t = (struct ppp_text){ NULL, (uint8_t)kind, (uint8_t)end, (uint8_t)strlen(words) };
	memcpy(t->octets, words, strlen(words));
	return t;
}

static void denied(void)
{
	static const struct {
		uint32_t error;
		const char *words;
	} rows[] = { { 646, "not log on at this time" },
		     { 647, "disabled" },
		     { 648, "expired" },
		     { 649, "permission" },
		     { 691, "wrong user name or password" },
		     { 999, "E=999" } };
	struct scene s;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		set_up(&s);
		open_ppp(&s);
		memset(s.ppp.asking[PPP_NEG_IPCP], 0, sizeof(s.ppp.asking[PPP_NEG_IPCP]));
		s.ppp.phase = PPP_PHASE_AUTHENTICATING;
		s.ppp.auth[PAC] = (struct ppp_auth){ .challenge_frame = 60,
						     .response_frame = 61,
						     .outcome_frame = 62,
						     .error = rows[i].error,
						     .kind = PPP_AUTH_MSCHAP2,
						     .outcome = PPP_FAILURE,
						     .has_error = true,
						     .seen = true };
		s.ppp.texts = text(PPP_TEXT_USER, PAC, "la\nb\"");
		diagnose(&s);
		only(&s, "auth-failed");
		CU_ASSERT(ip_addr_same(&s.out[0].at_fault, &s.tunnel.host[PNS]));
		CU_ASSERT_PTR_NOT_NULL(strstr(s.out[0].summary, rows[i].words));
		CU_ASSERT_PTR_NULL(strchr(s.out[0].summary, '\n'));
		CU_ASSERT_EQUAL(s.out[0].nevidence, 3);
		free(s.ppp.texts);
	}
}

static void lcp_without_answer(void)
{
	struct scene s;

	set_up(&s);
	s.call.ppp = &s.ppp;
	s.ppp.phase = PPP_PHASE_LCP;
	s.ppp.asking[PPP_NEG_LCP][PNS] =
		(struct ppp_asking){ .requests = 1, .repeated = 1, .flags = PPP_ASKED };
	diagnose(&s);
	CU_ASSERT_EQUAL(s.n, 0);
	s.ppp.asking[PPP_NEG_LCP][PNS].repeated = 2;
	diagnose(&s);
	only(&s, "lcp-no-agreement");
	CU_ASSERT(ip_addr_same(&s.out[0].at_fault, &s.tunnel.host[PAC]));
	s.call.flow[PAC].highest_seq += 1; /* one of its packets is missing: perhaps the answer */
	diagnose(&s);
	CU_ASSERT_EQUAL(s.n, 0);
}

static void lcp_echoes(void)
{
	struct scene s;

	set_up(&s);
	open_ppp(&s);
	s.ppp.echo_waiting[PNS] = 3;
	s.ppp.echo_frame[PNS] = flow_last_frame(&s.call.flow[PAC]) + 1;
	packet(&s, PNS, 10, false, 40, SECONDS(40));
	diagnose(&s);
	only(&s, "peer-vanished");
	CU_ASSERT_EQUAL(s.out[0].confidence, CONFIDENCE_HIGH);
	s.ppp.echo_frame[PNS] = flow_last_frame(&s.call.flow[PAC]) - 1; /* it lives */
	diagnose(&s);
	CU_ASSERT_PTR_NULL(with_code(&s, "peer-vanished"));
}

/* --- connections --------------------------------------------------------------------------- */

static void connections(void)
{
	struct scene s;
	struct control_connection *c = &s.connection;

	set_up(&s);
	s.n = diagnose_connection(c, SECONDS(60), s.out);
	only(&s, "healthy");
	c->gaps = 1;
	CU_ASSERT_EQUAL(diagnose_connection(c, SECONDS(60), s.out), 0);
	c->gaps = 0;
	c->echo_frame[PNS] = 20;
	c->echo_time[PNS] = SECONDS(10);
	s.n = diagnose_connection(c, SECONDS(60), s.out);
	only(&s, "keepalive-lost");
	CU_ASSERT_EQUAL(s.out[0].evidence[0], 20);
	c->watched_time = SECONDS(12); /* the capture went no further */
	s.n = diagnose_connection(c, SECONDS(60), s.out);
	only(&s, "healthy");
	c->reset_first = true;
	c->closed_by = PAC;
	c->last_frame = 30;
	s.n = diagnose_connection(c, SECONDS(60), s.out);
	only(&s, "tcp-reset");
}

/* Everything at once: no more than there is room for, and no frame twice. */
static void all_at_once(void)
{
	struct scene s;

	set_up(&s);
	open_ppp(&s);
	s.call.id_is_port = s.call.id_collision = true;
	s.rare.strange_type = CTRL_CDN;
	s.rare.strange_frame = 90;
	s.call.pns_id_known = s.call.pac_id_known = true;
	s.ppp.coded[0] = s.ppp.coded[1] = (struct ppp_coded){ .packets = 20, .resets = 20 };
	for (unsigned h = 0; h < HOSTS; h++) {
		s.call.flow[h].data = 200;
		s.call.flow[h].highest_seq = 399;
		s.call.flow[h].reordered = s.call.flow[h].duplicated = 50;
	}
	diagnose(&s);
	CU_ASSERT_EQUAL(s.n, DIAGNOSES_MAX);
	for (unsigned i = 0; i < s.n; i++) {
		CU_ASSERT(s.out[i].nevidence <= DIAGNOSIS_EVIDENCE);
		for (unsigned k = 1; k < s.out[i].nevidence; k++)
			CU_ASSERT_NOT_EQUAL(s.out[i].evidence[k], s.out[i].evidence[k - 1]);
	}
}

void suite_diagnose(void);
void suite_diagnose(void)
{
	CU_pSuite s = CU_add_suite("diagnose", NULL, NULL);

	CU_add_test(s, "healthy where it was seen to be", healthy_is_seen);
	CU_add_test(s, "healthy withheld", healthy_is_withheld);
	CU_add_test(s, "a call without reply", no_reply);
	CU_add_test(s, "ICMP errors", icmp);
	CU_add_test(s, "ICMP: too big", too_big);
	CU_add_test(s, "large packets that wait", large_packets);
	CU_add_test(s, "full windows", full_windows);
	CU_add_test(s, "pauses are no stalls", pauses_are_no_stalls);
	CU_add_test(s, "silence of one side", silence);
	CU_add_test(s, "authentication denied", denied);
	CU_add_test(s, "LCP without answer", lcp_without_answer);
	CU_add_test(s, "LCP echoes without reply", lcp_echoes);
	CU_add_test(s, "connections", connections);
	CU_add_test(s, "all at once", all_at_once);
}
