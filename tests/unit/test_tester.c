/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tester and its runner against small devices in memory, good ones and mad ones. */
#include "conformance/endpoint.h"
#include "conformance/fiber.h"
#include "conformance/runner.h"
#include "conformance/tester_private.h"
#include "dissectors/ip.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>

void suite_tester(void);

enum { CHANNELS = 256, RESULTS = 512 };

/* What the device does. */
enum manner {
	GOOD,
	SILENT,     /* accepts, and never says anything */
	GARBAGE,    /* sends octets that are no messages, and answers nothing */
	CLOSES,     /* closes each connection at once */
	FLOODS,     /* sends without end */
	REFUSES,    /* SCCRP Result 2 */
	ONE_ONLY,   /* a second connection is refused with SCCRP Result 3 */
	DIES,       /* stops listening after some connections */
	NO_CALLS,   /* refuses calls */
	LATE_ECHO,  /* answers Echo-Requests after 20 s */
	HANGS_AFTER /* never answers StopCCRQ */
};

struct device;
struct conn {
	struct device *d;
	struct channel *c;
	struct net_timer later;
	uint32_t identifier;
	bool up;
};
struct device {
	struct net *net;
	struct net_host *host;
	struct net_listener *listener;
	enum manner manner;
	struct conn conn[CHANNELS];
	unsigned nconns;
	struct net_claim *claim;
	uint16_t peer_call_id;
	struct ip_addr peer;
	uint32_t next_seq;
	unsigned echo_replies;
};

static struct net *net;
static struct device dut;
static struct ip_addr addresses[3];
static bool stop;
static struct test_result results[RESULTS];
static char names[RESULTS][40];
static unsigned nresults, hooks_run;
static int hook_status;

/* --- the device ------------------------------------------------------------------------------ */

static void reply(struct conn *k, enum ctrl_type type, const char *field, int64_t value)
{
	struct draft d;

	draft_init(&d, type);
	if (type == CTRL_SCCRP)
		draft_fill(&d, "protocol_version", INT64_C(0x0100), "framing_capabilities", INT64_C(3),
			   "bearer_capabilities", INT64_C(3), "maximum_channels", INT64_C(9), "host_name",
			   "device.invalid", "vendor_name", "mini", NULL);
	if (ctrl_field_index(d.desc, "result_code") >= 0)
		draft_set(&d, "result_code", 1);
	if (field)
		draft_set(&d, field, (uint32_t)value);
	channel_send(k->c, &d);
}

static void answer_late(void *ctx)
{
	struct conn *k = ctx;

	if (k->c)
		reply(k, CTRL_ECHORP, "identifier", k->identifier);
}

static bool other_up(const struct conn *k)
{
	for (unsigned i = 0; i < k->d->nconns; i++)
		if (&k->d->conn[i] != k && k->d->conn[i].up && k->d->conn[i].c)
			return true;
	return false;
}

static void start(struct conn *k)
{
	unsigned result = k->d->manner == REFUSES ? 2 : k->d->manner == ONE_ONLY && other_up(k) ? 3 : 1;

	k->up = result == 1;
	reply(k, CTRL_SCCRP, "result_code", result);
	if (k->up)
		return;
	channel_close(k->c);
	k->c = NULL;
}

static void outgoing_call(struct conn *k, const struct ctrl_msg *m)
{
	struct draft d;
	uint32_t id = 0;

	ctrl_get(m, "call_id", &id);
	k->d->peer_call_id = (uint16_t)id;
	draft_init(&d, CTRL_OCRP);
	draft_fill(&d, "call_id", INT64_C(77), "peer_call_id", (int64_t)id, "result_code",
		   (int64_t)(k->d->manner == NO_CALLS ? 4 : 1), "connect_speed", INT64_C(64000),
		   "packet_recv_window_size", INT64_C(5), NULL);
	channel_send(k->c, &d);
}

static void on_message(void *ctx, const struct ctrl_msg *m)
{
	struct conn *k = ctx;
	uint32_t v = 0;

	if (k->d->manner == SILENT || k->d->manner == GARBAGE || m->status != CTRL_OK) {
		if (m->status != CTRL_OK && k->d->manner == GOOD) {
			channel_close(k->c);
			k->c = NULL;
		}
		return;
	}
	switch (m->type) {
	case CTRL_SCCRQ:
		start(k);
		break;
	case CTRL_ECHORQ:
		ctrl_get(m, "identifier", &v);
		if (k->d->manner == LATE_ECHO) {
			k->identifier = v;
			net_timer_set(net, &k->later, net_now(net) + 20 * NET_SECOND);
		} else {
			reply(k, CTRL_ECHORP, "identifier", v);
		}
		break;
	case CTRL_STOPRQ:
		if (k->d->manner == HANGS_AFTER)
			break;
		reply(k, CTRL_STOPRP, NULL, 0);
		channel_close(k->c);
		k->c = NULL;
		break;
	case CTRL_OCRQ:
		outgoing_call(k, m);
		break;
	default:
		break;
	}
}

static void ended(void *ctx)
{
	struct conn *k = ctx;

	channel_close(k->c);
	k->c = NULL;
	net_timer_cancel(net, &k->later);
}

static void was_reset(void *ctx, const char *why)
{
	(void)why;
	ended(ctx);
}

static void flood(void *ctx)
{
	struct conn *k = ctx;
	static const uint8_t octets[32768];

	if (!k->c)
		return;
	for (unsigned i = 0; i < 64; i++)
		channel_send_octets(k->c, octets, sizeof(octets));
	net_timer_set(net, &k->later, net_now(net) + NET_MILLISECOND);
}

static void accepted(void *ctx, struct net_tcp *tcp)
{
	static const struct channel_events events = { .message = on_message,
						      .fin = ended,
						      .reset = was_reset };
	struct device *d = ctx;
	struct conn *k = &d->conn[d->nconns % CHANNELS];

	if (d->manner == CLOSES) {
		net_close(tcp);
		return;
	}
	d->nconns += d->nconns < CHANNELS - 1;
	*k = (struct conn){ .d = d, .later = { .fn = d->manner == FLOODS ? flood : answer_late, .ctx = k } };
	k->c = channel_accept(tcp, &events, k);
	if (d->manner == GARBAGE)
		channel_send_octets(k->c, (const uint8_t *)"SSH-2.0-device\r\n", 16);
	if (d->manner == FLOODS)
		net_timer_set(net, &k->later, net_now(net));
	if (d->manner == DIES && d->nconns == 6) {
		net_listener_free(d->listener);
		d->listener = NULL;
	}
}

/* Acknowledges data, and answers LCP Echo-Requests. */
static void on_gre(void *ctx, const struct ip_addr *src, const struct ip_addr *dst, const uint8_t *octets,
		   size_t len)
{
	struct device *d = ctx;
	struct gre_pkt in, out = { .flags = GRE_K | GRE_A | 1, .protocol = GRE_PROTO_PPP };
	uint8_t packet[256], ppp[200];

	(void)dst;
	gre_decode(octets, (uint32_t)len, (uint32_t)len, false, &in);
	if (!(in.flags & GRE_S))
		return;
	out.call_id = d->peer_call_id;
	out.ack = in.seq;
	if (in.caplen >= 8 && in.caplen <= sizeof(ppp) && in.payload[4] == 9) {
		memcpy(ppp, in.payload, in.caplen);
		ppp[4] = 10;
		out.flags |= GRE_S;
		out.seq = d->next_seq++;
		out.payload_length = (uint16_t)in.caplen;
		d->echo_replies++;
	}
	net_gre_send(d->host, dst, src, packet,
		     gre_encode(&out, ppp, out.payload_length, packet, sizeof(packet)));
}

static void device_init(enum manner manner)
{
	struct net_memory_options o = { .seed = 1 };
	char err[100];

	net = net_memory_new(&o);
	ip_addr_parse("10.0.0.2", &addresses[0]); /* the device */
	ip_addr_parse("10.0.0.9", &addresses[1]);
	ip_addr_parse("10.0.0.1", &addresses[2]);
	memset(&dut, 0, sizeof(dut));
	dut.net = net;
	dut.manner = manner;
	dut.host = net_host_new(net, &addresses[0], NULL);
	dut.listener = net_listen(dut.host, CTRL_PORT, accepted, &dut, err, sizeof(err));
	net_gre_open(net, err, sizeof(err));
	dut.claim = net_gre_claim(dut.host, 77, on_gre, &dut);
	nresults = hooks_run = 0;
}

static void device_done(void)
{
	for (unsigned i = 0; i < CHANNELS; i++)
		if (dut.conn[i].c)
			ended(&dut.conn[i]);
	net_gre_release(dut.claim);
	net_host_free(dut.host);
	net_free(net);
}

/* --- the runner ------------------------------------------------------------------------------ */

static void on_ended(void *ctx, const struct test_result *r)
{
	(void)ctx;
	if (nresults == RESULTS)
		return;
	snprintf(names[nresults], sizeof(names[0]), "%s", r->name);
	results[nresults] = *r;
	results[nresults].name = names[nresults];
	nresults++;
}

static bool hook(void *ctx, const struct ip_addr *own, unsigned argc, const char *const *argv,
		 void (*done)(void *token, int status, const char *output), void *token)
{
	(void)own;
	(void)ctx;
	(void)argc;
	hooks_run++;
	done(token, hook_status, argv[0]);
	return true;
}

static struct runner *runner;

static struct runner_options options(void)
{
	return (struct runner_options){
		.net = net,
		.dut = ROLE_PAC,
		.address = addresses[0],
		.port = CTRL_PORT,
		.sources = &addresses[1],
		.nsources = 1,
		.gre = true,
		.timeout = 300,
		.time_scale = 1,
		.jobs = 1,
		.seed = 1,
	};
}

static void runner_begin(const struct runner_options *o, bool hooks)
{
	struct runner_events e = { .ended = on_ended, .hook = hooks ? hook : NULL };

	runner = runner_new(o, &e, NULL);
}

/* Runs one function against a device; results[0] is its result. */
static void one(enum manner manner, void (*run)(struct tester *t, void *arg))
{
	struct runner_options o;

	device_init(manner);
	o = options();
	runner_begin(&o, true);
	runner_run_one(runner, "ONE", run, NULL, 0);
	CU_ASSERT_EQUAL(nresults, 1);
	runner_free(runner);
	device_done();
}

#define VERDICT(v) CU_ASSERT_EQUAL(results[0].verdict, VERDICT_##v)

/* --- tests ----------------------------------------------------------------------------------- */

static void steps(void *arg)
{
	struct fiber **f = arg;

	for (unsigned i = 0; i < 3; i++)
		fiber_yield(*f);
}

static void fibers(void)
{
	struct fiber *f, *left;

	f = fiber_new(steps, &f);
	left = fiber_new(steps, &left);
	for (unsigned i = 0; i < 3; i++) {
		fiber_resume(f);
		fiber_resume(left);
		CU_ASSERT_FALSE(fiber_ended(f));
	}
	fiber_resume(f);
	CU_ASSERT_TRUE(fiber_ended(f));
	CU_ASSERT_FALSE(fiber_ended(left));
	fiber_free(f);
	fiber_free(left); /* in the middle */
}

static void run_control(struct tester *t, void *arg)
{
	struct t_link *l = t_cc_up(t);

	(void)arg;
	CU_ASSERT_EQUAL(t_field(t_message(l), "maximum_channels"), 9);
	CU_ASSERT_TRUE(t_text_is_padded(t_message(l), "host_name"));
	CU_ASSERT_TRUE(t_alive(l));
	t_send(l, CTRL_ECHORQ, "identifier", INT64_C(7), NULL);
	CU_ASSERT_EQUAL(t_field(t_need(l, CTRL_ECHORP, 5), "identifier"), 7);
	CU_ASSERT_TRUE(t_none(l, 0, 10));
	CU_ASSERT_EQUAL(t_count(l, CTRL_ECHORP), 2);
	t_send(l, CTRL_STOPRQ, NULL);
	CU_ASSERT_PTR_NOT_NULL(t_get(l, CTRL_STOPRP, 5));
	CU_ASSERT_TRUE(t_closes(l, 5));
	CU_ASSERT_EQUAL(t_wait(l, 1), T_FIN);
	CU_ASSERT_FALSE(t_alive(l));
	t_still_works(t);
	t_note(t, "well done");
	t_pass(t);
}

static void run_up(struct tester *t, void *arg)
{
	(void)arg;
	t_alive(t_cc_up(t));
	t_pass(t);
}

static void control(void)
{
	one(GOOD, run_control);
	VERDICT(PASS);
	CU_ASSERT_EQUAL(results[0].close_verdict, 1);
	CU_ASSERT_EQUAL(results[0].nnotes, 1);
	one(HANGS_AFTER, run_up);
	VERDICT(PASS);
	CU_ASSERT_EQUAL(results[0].close_verdict, 0);
}

static void run_reject(struct tester *t, void *arg)
{
	struct t_link *l = t_cc_up(t);

	(void)arg;
	t_send(l, CTRL_ECHORQ, "magic_cookie", INT64_C(1), NULL);
	CU_ASSERT_EQUAL(t_reject(l, CTRL_ECHORP), T_REJECTED);
	l = t_cc_up(t);
	t_send(l, CTRL_WEN, NULL);
	CU_ASSERT_EQUAL(t_reject(l, 0), T_IGNORED);
	t_send(l, CTRL_ECHORQ, NULL);
	CU_ASSERT_EQUAL(t_reject(l, CTRL_ECHORP), T_ACCEPTED);
	t_send(l, CTRL_SLI, NULL);
	t_must_reject(l, 0, "this");
	t_pass(t);
}

static void reject(void)
{
	one(GOOD, run_reject);
	VERDICT(PASS);
	CU_ASSERT_TRUE(results[0].warned);
	CU_ASSERT_TRUE(results[0].duration < 20);
}

static void run_gre(struct tester *t, void *arg)
{
	struct t_call *c =
		t_out_up(t_cc_up(t), "packet_recv_window_size", INT64_C(3), "phone_number", "42", NULL);
	struct t_gre *g = t_gre(c);
	uint32_t first;

	(void)arg;
	CU_ASSERT_EQUAL(c->dut_id, 77);
	first = t_lcp_echo(g, 5);
	CU_ASSERT_TRUE(t_lcp_echoed(g, 5, 5));
	CU_ASSERT_FALSE(t_lcp_echoed(g, 6, 1));
	CU_ASSERT_TRUE(t_acked(g, first, 1));
	CU_ASSERT_EQUAL(t_last_ack(g), first);
	t_traffic(g, 10, 64, 100, true);
	t_sleep(t, 2);
	CU_ASSERT_EQUAL(t_packets(g), 1); /* the hook took it, and did nothing */
	hook_status = HOOK_NONE;
	t_traffic(g, 10, 64, 100, true);
	t_sleep(t, 2);
	CU_ASSERT_EQUAL(t_packets(g), 11);
	CU_ASSERT_EQUAL(t_packet(g, 10)->seq, 10);
	CU_ASSERT_EQUAL(t_gre_stray(t, 1), 0);
	t_clear(c);
	t_pass(t);
}

static void gre(void)
{
	hook_status = HOOK_DONE;
	one(GOOD, run_gre);
	VERDICT(PASS);
	one(NO_CALLS, run_gre);
	VERDICT(INCONCLUSIVE);
	CU_ASSERT_PTR_NOT_NULL(strstr(results[0].reason, "Result 4"));
}

static void run_hooks(struct tester *t, void *arg)
{
	(void)arg;
	CU_ASSERT_STRING_EQUAL(t_hook(t, "dut-log", "1", NULL), "dut-log");
	hook_status = HOOK_NONE;
	CU_ASSERT_EQUAL(t_try_hook(t, "dut-ring", NULL), HOOK_NONE);
	CU_ASSERT_FALSE(t_has_hook(t, "dut-ring"));
	CU_ASSERT_EQUAL(t_try_hook(t, "dut-ring", NULL), HOOK_NONE);
	CU_ASSERT_EQUAL(hooks_run, 2);
	t_hook(t, "dut-ring", NULL);
}

static void hooks(void)
{
	hook_status = HOOK_DONE;
	one(GOOD, run_hooks);
	VERDICT(SKIPPED);
}

static void run_sleep(struct tester *t, void *arg)
{
	(void)arg;
	t_sleep(t, 1000);
}

static void run_listen(struct tester *t, void *arg)
{
	(void)arg;
	t_none(t_tcp_up(t), CTRL_ECHORP, 200);
}

/* A verdict comes soon and says why, whatever the device does. */
static void mad_devices(void)
{
	one(GOOD, run_sleep);
	VERDICT(INCONCLUSIVE);
	CU_ASSERT_PTR_NOT_NULL(strstr(results[0].reason, "--timeout"));
	one(SILENT, run_up);
	VERDICT(INCONCLUSIVE);
	one(GARBAGE, run_up);
	VERDICT(INCONCLUSIVE);
	one(CLOSES, run_up);
	VERDICT(INCONCLUSIVE);
	one(REFUSES, run_up);
	VERDICT(INCONCLUSIVE);
	CU_ASSERT_PTR_NOT_NULL(strstr(results[0].reason, "Result 2"));
	one(FLOODS, run_listen);
	VERDICT(FAIL);
	CU_ASSERT_PTR_NOT_NULL(strstr(results[0].observed, "octets"));
}

/* --- whole runs ------------------------------------------------------------------------------ */

static bool selected[RULES];
static int64_t took;

static const struct test_result *result_of(const char *name)
{
	for (unsigned i = 0; i < nresults; i++)
		if (strcmp(results[i].name, name) == 0)
			return &results[i];
	return NULL;
}

static bool run_all(enum manner manner, const char *area, unsigned jobs)
{
	struct runner_options o;
	bool ok;

	device_init(manner);
	for (unsigned i = 0; i < RULES; i++)
		selected[i] = rule_named(&rules[i], area);
	o = options();
	o.selected = selected;
	o.jobs = jobs;
	runner_begin(&o, false);
	took = net_now(net);
	ok = runner_run(runner, &stop);
	took = net_now(net) - took;
	runner_free(runner);
	device_done();
	return ok;
}

static void whole_runs(void)
{
	CU_ASSERT_TRUE(run_all(GOOD, "ECHORP", 1));
	CU_ASSERT_STRING_EQUAL(results[0].name, "SANITY-FIRST");
	CU_ASSERT_STRING_EQUAL(results[nresults - 1].name, "SANITY-LAST");
	CU_ASSERT_EQUAL(result_of("ECHORP-REPLY-01")->verdict, VERDICT_PASS);
	CU_ASSERT_FALSE(run_all(SILENT, "ECHORP", 1));
	CU_ASSERT_EQUAL(nresults, 1);
	CU_ASSERT_TRUE(run_all(GOOD, "PACIN-IDLE-01", 1));
	CU_ASSERT_EQUAL(result_of("PACIN-IDLE-01")->verdict, VERDICT_SKIPPED);
	CU_ASSERT_FALSE(run_all(DIES, "ECHORP", 1));
	CU_ASSERT_EQUAL(results[nresults - 1].verdict, VERDICT_FAIL);
	CU_ASSERT_PTR_NOT_NULL(strstr(results[nresults - 2].reason, "down since"));
}

/* Tests that wait stand side by side where the device lets them. */
static void side_by_side(void)
{
	unsigned alone;
	int64_t one_by_one;

	CU_ASSERT_TRUE(run_all(GOOD, "KA", 1));
	alone = nresults;
	one_by_one = took;
	CU_ASSERT_TRUE(run_all(GOOD, "KA", 8));
	CU_ASSERT_EQUAL(alone, nresults);
	CU_ASSERT_TRUE(took < one_by_one * 2 / 3);
	CU_ASSERT_TRUE(run_all(ONE_ONLY, "KA", 8));
	CU_ASSERT_EQUAL(alone, nresults);
	CU_ASSERT_TRUE(took > one_by_one * 2 / 3);
}

static bool known_hooks(const char *hooks)
{
	static const char *const names[] = { "dut-connect", "dut-stop",  "dut-dial",    "dut-ring",
					     "dut-hangup",  "dut-telco", "dut-traffic", "dut-wan-error",
					     "dut-config",  "dut-log" };
	char word[64];

	for (int used; sscanf(hooks, " %63s%n", word, &used) == 1; hooks += used) {
		bool known = false;

		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			known |= strcmp(word, names[i]) == 0;
		if (!known)
			return false;
	}
	return true;
}

/* Each requirement that an active test can examine has one, and no other. */
static void tests_and_rules(void)
{
	char word[64];

	for (unsigned i = 0; i < RULES; i++) {
		const struct test_case *t = suite_by_rule((enum rule_number)i);

		CU_ASSERT_EQUAL(t != NULL, rule_active(&rules[i]));
		if (!t)
			continue;
		CU_ASSERT_EQUAL(t->rule, i);
		CU_ASSERT_PTR_NOT_NULL(t->stimulus);
		CU_ASSERT_PTR_NOT_NULL(t->expected);
		CU_ASSERT_TRUE(known_hooks(t->hooks ? t->hooks : ""));
		for (const char *at = t->also ? t->also : ""; sscanf(at, " %63s", word) == 1;
		     at = strstr(at, word) + strlen(word))
			CU_ASSERT_PTR_NOT_NULL(rule_by_id(word));
	}
}

static void hopes(void)
{
	struct hope h = { 0 };

	hope_waited(&h, 90, false);
	CU_ASSERT_EQUAL(hope_patience(&h, 90), 90);
	hope_waited(&h, 1, false); /* too short to mean anything */
	CU_ASSERT_FALSE(is_hopeless(&h));
	hope_waited(&h, 90, false);
	CU_ASSERT_TRUE(is_hopeless(&h));
	CU_ASSERT_EQUAL(hope_patience(&h, 90), 1);
	CU_ASSERT_EQUAL(hope_patience(&h, 0.5), 0.5);
	/* Once it has come it is waited for in full, until it has not for long. */
	hope_waited(&h, 1, true);
	for (unsigned i = 0; i < 5; i++) {
		CU_ASSERT_EQUAL(hope_patience(&h, 90), 90);
		hope_waited(&h, 90, false);
	}
	CU_ASSERT_FALSE(is_hopeless(&h));
	CU_ASSERT_EQUAL(hope_patience(&h, 90), 5);
	hope_waited(&h, 5, true);
	CU_ASSERT_EQUAL(hope_patience(&h, 90), 90);
}

void suite_tester(void)
{
	CU_pSuite s = CU_add_suite("tester", NULL, NULL);

	CU_add_test(s, "a test for each requirement that can be tested", tests_and_rules);
	CU_add_test(s, "fibers yield, end, and are left in the middle", fibers);
	CU_add_test(s, "what never comes is waited for less", hopes);
	CU_add_test(s, "control connections", control);
	CU_add_test(s, "what is invalid: rejected, ignored, accepted", reject);
	CU_add_test(s, "calls and tunnel packets", gre);
	CU_add_test(s, "hooks", hooks);
	CU_add_test(s, "devices that are mad", mad_devices);
	CU_add_test(s, "whole runs", whole_runs);
	CU_add_test(s, "side by side", side_by_side);
}
