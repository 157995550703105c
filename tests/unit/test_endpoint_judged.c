/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two endpoints whose conversation is captured and judged: nothing is found as long as both are correct, and
 * a fault is found under its id.
 */
#include "analyzer/pipeline.h"
#include "dissectors/cursor.h"
#include "tests/unit/main.h"
#include "tests/unit/scene.h"

enum { FRAME_MAX = 2048, FOUND_MAX = 2048, LIMIT = 1000 };

struct court {
	struct judge *judge;
	struct pipeline *pipeline;
	uint64_t frames;
	char found[FOUND_MAX]; /* ids, each with a blank */
};

static uint16_t sum(const uint8_t *octets, size_t len, uint32_t with)
{
	for (size_t i = 0; i < len; i++)
		with += (uint32_t)octets[i] << (i % 2 ? 0 : 8);
	while (with >> 16)
		with = (with & 0xffff) + (with >> 16);
	return (uint16_t)~with;
}

static void put_ip(struct wcursor *w, const struct net_seen *s, size_t len)
{
	wcursor_uint(w, 0x4500, 2);
	wcursor_uint(w, (uint32_t)len + 20, 2);
	wcursor_uint(w, 0, 4);
	wcursor_uint(w, 64, 1);
	wcursor_uint(w, s->protocol, 1);
	wcursor_uint(w, 0, 2);
	wcursor_octets(w, s->src.octet + 12, 4);
	wcursor_octets(w, s->dst.octet + 12, 4);
}

static void put_tcp(struct wcursor *w, const struct net_seen *s)
{
	uint32_t pseudo = IP_PROTO_TCP + 20 + (uint32_t)s->len;
	uint8_t *tcp = w->at, *ip = tcp - 20;
	uint16_t check;

	wcursor_uint(w, s->src_port, 2);
	wcursor_uint(w, s->dst_port, 2);
	wcursor_uint(w, s->seq + 1000, 4);
	wcursor_uint(w, s->flags & NET_ACK ? s->ack + 1000 : 0, 4);
	wcursor_uint(w, 0x5000u | s->flags, 2);
	wcursor_uint(w, 0xffff, 2);
	wcursor_uint(w, 0, 4);
	wcursor_octets(w, s->octets, s->len);
	for (unsigned i = 12; i < 20; i += 2)
		pseudo += (uint32_t)ip[i] << 8 | ip[i + 1];
	check = sum(tcp, 20 + s->len, pseudo);
	tcp[16] = (uint8_t)(check >> 8);
	tcp[17] = (uint8_t)check;
}

static void seen(void *ctx, const struct net_seen *s)
{
	struct court *c = ctx;
	uint8_t frame[FRAME_MAX];
	struct wcursor w = wcursor_on(frame, sizeof(frame));
	struct packet p = {
		.number = ++c->frames, .time_ns = s->time_ns, .link_type = LINK_RAW, .octets = frame
	};
	bool tcp = s->protocol == IP_PROTO_TCP;

	put_ip(&w, s, (tcp ? 20 : 0) + s->len);
	if (tcp)
		put_tcp(&w, s);
	else
		wcursor_octets(&w, s->octets, s->len);
	CU_ASSERT_FALSE_FATAL(w.overrun);
	p.caplen = p.len = (uint32_t)(w.at - frame);
	pipeline_packet(c->pipeline, 0, &p);
}

static void note(void *ctx, const struct finding *f)
{
	struct court *c = ctx;
	size_t len = strlen(c->found);

	snprintf(c->found + len, sizeof(c->found) - len, "%s ", f->id);
	if (getenv("NEWS"))
		fprintf(stderr, "# found %s in frame %llu: %s\n", f->id, (unsigned long long)f->frame,
			f->message);
}

static void court_begin(struct court *c, struct setting *set, enum rule_profile profile)
{
	struct judge_options jo = { .profile = profile, .max_findings = LIMIT };
	struct pipeline_options po = pipeline_defaults();
	char err[128] = "";

	memset(c, 0, sizeof(*c));
	c->judge = judge_new(&jo);
	po.judge = c->judge;
	c->pipeline = pipeline_new(&po, NULL, err, sizeof(err));
	CU_ASSERT_PTR_NOT_NULL_FATAL(c->pipeline);
	setting_default(set);
	set->config[PAC].profile = set->config[PNS].profile = profile;
	set->tap = (struct net_tap){ c, seen };
}

/* Returns what was found. */
static const char *court_end(struct court *c)
{
	struct pipeline_counts counts;

	pipeline_capture_end(c->pipeline, &counts);
	pipeline_finish(c->pipeline);
	CU_ASSERT_TRUE(judge_walk(c->judge, note, c));
	pipeline_free(c->pipeline);
	judge_free(c->judge);
	return c->found;
}

/* --- conversations ----------------------------------------------------------------------------------- */

static void talk(struct scene *sc)
{
	CU_ASSERT_PTR_NOT_NULL(hook(sc, PNS, "dut-traffic packets=200 size=500 rate=0"));
	CU_ASSERT_PTR_NOT_NULL(hook(sc, PAC, "dut-traffic packets=200 size=100 rate=0"));
	run(sc, SEC(20));
}

static void outgoing(struct scene *sc)
{
	for (unsigned i = 0; i < 3; i++)
		CU_ASSERT_TRUE(dial(sc, "5551234") > 0);
	run(sc, SEC(10));
	CU_ASSERT_EQUAL(count(sc, PNS).calls_up, 3);
	talk(sc);
	CU_ASSERT_PTR_NOT_NULL(hook(sc, PNS, "dut-hangup"));
	CU_ASSERT_PTR_NOT_NULL(hook(sc, PAC, "dut-hangup"));
	run(sc, SEC(5));
}

static void incoming(struct scene *sc)
{
	CU_ASSERT_PTR_NOT_NULL(hook(sc, PAC, "dut-ring 5551234 5559876"));
	CU_ASSERT_PTR_NOT_NULL(hook(sc, PAC, "dut-ring 5551234 5559876 bearer=digital"));
	run(sc, SEC(10));
	CU_ASSERT_EQUAL(count(sc, PNS).calls_up, 2);
	talk(sc);
	CU_ASSERT_PTR_NOT_NULL(hook(sc, PAC, "dut-wan-error crc=3"));
	run(sc, SEC(2));
	CU_ASSERT_PTR_NOT_NULL(hook(sc, PAC, "dut-wan-error crc=2 framing=1"));
	run(sc, SEC(200));
	CU_ASSERT_PTR_NOT_NULL(hook(sc, PAC, "dut-telco carrier-loss"));
	CU_ASSERT_PTR_NOT_NULL(hook(sc, PNS, "dut-hangup"));
	run(sc, SEC(5));
}

/* The same with faults, whatever comes of it. */
static void plain_outgoing(struct scene *sc)
{
	dial(sc, "5551234");
	run(sc, SEC(5));
	hook(sc, PNS, "dut-traffic packets=50 rate=0");
	hook(sc, PAC, "dut-traffic packets=50 rate=0");
	run(sc, SEC(100));
	hook(sc, PNS, "dut-hangup");
	run(sc, SEC(5));
	dial(sc, "5551234");
	run(sc, SEC(5));
	hook(sc, PAC, "dut-telco hangup");
	run(sc, SEC(5));
}

static void plain_incoming(struct scene *sc)
{
	hook(sc, PAC, "dut-ring 5551234 5559876");
	hook(sc, PAC, "dut-ring 5551234 5559876 bearer=digital");
	run(sc, SEC(5));
	hook(sc, PAC, "dut-wan-error crc=3");
	run(sc, SEC(10));
	hook(sc, PAC, "dut-wan-error crc=3");
	run(sc, SEC(100));
	hook(sc, PAC, "dut-hangup");
	run(sc, SEC(5));
}

/* Calls that come to nothing. */
static void failures(struct scene *sc)
{
	static const char *const outcomes[] = { "busy",   "no-carrier",  "no-dialtone", "ring",
						"barred", "unallocated", "rejected" };

	for (unsigned i = 0; i < sizeof(outcomes) / sizeof(*outcomes); i++) {
		char words[64], number[64];

		snprintf(words, sizeof(words), "dut-telco number %s", outcomes[i]);
		snprintf(number, sizeof(number), "%.60s", hook(sc, PAC, words));
		CU_ASSERT_TRUE(dial(sc, number) > 0);
		run(sc, SEC(100));
		CU_ASSERT_EQUAL(count(sc, PNS).calls, 0);
	}
	CU_ASSERT_PTR_NOT_NULL(hook(sc, PNS, "dut-config refuse-number=666"));
	CU_ASSERT_PTR_NOT_NULL(hook(sc, PAC, "dut-ring 5551234 666"));
	CU_ASSERT_PTR_NOT_NULL(hook(sc, PAC, "dut-ring answer=fail"));
	run(sc, SEC(30));
	CU_ASSERT_EQUAL(count(sc, PNS).calls, 0);
}

static void judged(enum rule_profile profile, unsigned from, unsigned stops,
		   void (*conversation)(struct scene *sc))
{
	struct setting set;
	struct court court;
	struct scene sc;

	court_begin(&court, &set, profile);
	set.lines = 4;
	scene_begin(&sc, &set);
	connect_from(&sc, from);
	conversation(&sc);
	endpoint_stop(sc.side[stops].e, 3);
	run(&sc, SEC(5));
	CU_ASSERT_EQUAL(count(&sc, PAC).connections + count(&sc, PNS).connections, 0);
	scene_end(&sc);
	CU_ASSERT_STRING_EQUAL(court_end(&court), "");
}

static void test_clean(void)
{
	for (unsigned i = 0; i < 2 * SIDES; i++) {
		judged(PROFILE_RFC2637, i % 2, i / 2, outgoing);
		judged(PROFILE_RFC2637, i % 2, i / 2, incoming);
	}
}

static void test_clean_failures(void)
{
	judged(PROFILE_RFC2637, PNS, PNS, failures);
	judged(PROFILE_RFC2637, PAC, PAC, failures);
}

static void test_clean_ms_ptpt(void)
{
	judged(PROFILE_MS_PTPT, PNS, PNS, outgoing);
	judged(PROFILE_MS_PTPT, PNS, PAC, outgoing);
}

static void test_clean_collision(void)
{
	struct setting set;
	struct court court;
	struct scene sc;
	char err[128];

	court_begin(&court, &set, PROFILE_RFC2637);
	scene_begin(&sc, &set);
	for (unsigned i = 0; i < SIDES; i++)
		CU_ASSERT_TRUE(endpoint_listen(sc.side[i].e, err, sizeof(err)));
	for (unsigned i = 0; i < SIDES; i++)
		CU_ASSERT_TRUE(
			endpoint_connect(sc.side[i].e, &sc.side[!i].address, CTRL_PORT, err, sizeof(err)));
	run(&sc, SEC(200));
	CU_ASSERT_EQUAL(count(&sc, PAC).established, 1);
	scene_end(&sc);
	CU_ASSERT_STRING_EQUAL(court_end(&court), "");
}

/* Packets are lost, late and doubled: nobody is blamed for what the path does. */
static void test_clean_bad_path(void)
{
	struct setting set;
	struct court court;
	struct scene sc;

	court_begin(&court, &set, PROFILE_RFC2637);
	set.net = (struct net_memory_options){ 0, 7, 30, 30, 30, 0 };
	scene_begin(&sc, &set);
	connect_from(&sc, PNS);
	CU_ASSERT_TRUE(dial(&sc, "5551234") > 0);
	run(&sc, SEC(60));
	CU_ASSERT_PTR_NOT_NULL(hook(&sc, PNS, "dut-traffic packets=1000 size=500 rate=0"));
	run(&sc, SEC(1000));
	endpoint_stop(sc.side[PNS].e, 1);
	run(&sc, SEC(5));
	scene_end(&sc);
	CU_ASSERT_STRING_EQUAL(court_end(&court), "");
}

/* --- faults ------------------------------------------------------------------------------------------ */

/* Conversations with one fault of one side; whether it is found under its id, by who judges by the profile. */
static bool is_found(enum fault_number f, unsigned side, enum rule_profile profile, const char *id)
{
	static void (*const conversations[])(struct scene * sc) = { plain_outgoing, plain_incoming };

	for (unsigned i = 0; i < 2 * SIDES; i++) {
		struct setting set;
		struct court court;
		struct scene sc;

		court_begin(&court, &set, profile);
		set.lines = 4;
		fault_add(&set.config[side].faults, f);
		scene_begin(&sc, &set);
		connect_from(&sc, i / 2);
		conversations[i % 2](&sc);
		endpoint_stop(sc.side[i / 2].e, 3);
		run(&sc, SEC(100));
		scene_end(&sc);
		if (strstr(court_end(&court), id))
			return true;
	}
	return false;
}

/* What one wrong field of one message shows; the others take more than these conversations. */
static bool shows(const struct fault *f)
{
	static const char *const not_here[] = {
		"SCCRQ-MAXCH-03",                                         /* a PAC may say 0 */
		"OCRQ-BEARER-02",     "OCRQ-FRAMING-02",                  /* the PAC has it all */
		"OCRQ-PHONEASCII-01",                                     /* its length is wrong, too */
		"OCRP-CALLID-01",                                         /* there is one call at a time */
		"OCRP-CAUSE-02",      "CDN-CAUSE-01",    "PACIN-WAIT-03", /* a capture does not tell */
	};

	for (size_t i = 0; i < sizeof(not_here) / sizeof(*not_here); i++)
		if (strcmp(f->name, not_here[i]) == 0)
			return false;
	if (f->kind == FAULT_SET)
		return !f->text;
	return f->kind == FAULT_OR || f->kind == FAULT_ADD || f->kind == FAULT_FILL ||
	       f->kind == FAULT_TEXT || f->kind == FAULT_LENGTH || f->kind == FAULT_COPY;
}

static void test_faults(void)
{
	unsigned tried = 0;

	for (unsigned f = 0; f < FAULTS; f++) {
		const struct rule *r = rule_by_id(faults[f].name);
		char id[64];

		if (!r || !rule_passive(r) || !shows(&faults[f]))
			continue;
		snprintf(id, sizeof(id), "%s ", r->id);
		for (unsigned side = 0; side < SIDES; side++) {
			if (!(faults[f].roles & 1u << (side == PAC ? ROLE_PAC : ROLE_PNS)))
				continue;
			tried++;
			if (is_found((enum fault_number)f, side,
				     rule_holds(r, PROFILE_RFC2637) ? PROFILE_RFC2637 : PROFILE_MS_PTPT, id))
				continue;
			CU_FAIL("a fault was not found");
			fprintf(stderr, "# %s of the %s\n", faults[f].name, side == PAC ? "PAC" : "PNS");
		}
	}
	CU_ASSERT_TRUE(tried > 100);
}

void suite_endpoint_judged(void)
{
	CU_pSuite s = CU_add_suite("endpoint judged", NULL, NULL);

	CU_add_test(s, "calls either way, whoever connects and stops: nothing is found", test_clean);
	CU_add_test(s, "calls that fail: nothing is found", test_clean_failures);
	CU_add_test(s, "ms-ptpt: nothing is found", test_clean_ms_ptpt);
	CU_add_test(s, "requests that collide: nothing is found", test_clean_collision);
	CU_add_test(s, "a bad path: nothing is found", test_clean_bad_path);
	CU_add_test(s, "faults are found", test_faults);
}
