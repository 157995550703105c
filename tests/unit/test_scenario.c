/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scenarios played at our own endpoint, in memory: those of traces/scenarios/, and some that must fail. */
#include "tools/scenario.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>

#include "conformance/endpoint.h"
#include "conformance/runner.h"
#include "dissectors/ip.h"

static struct scene {
	struct net *net;
	struct net_host *host;
	struct endpoint *device;
	struct telco *telco;
	struct ip_addr address[2]; /* the device's, the tester's */
	struct test_result result;
	bool ended;
} scene;

static bool hook(void *ctx, const struct ip_addr *own, unsigned argc, const char *const *argv,
		 void (*done)(void *token, int status, const char *output), void *token)
{
	char out[4096] = "";
	int status = endpoint_hook(scene.device, argc, argv, out, sizeof(out));

	(void)own;
	(void)ctx;
	done(token, status, out);
	return true;
}

static void on_ended(void *ctx, const struct test_result *r)
{
	(void)ctx;
	scene.result = *r;
	scene.ended = true;
}

static void scene_begin(enum role dut)
{
	const struct net_memory_options o = { .seed = 1 };
	struct telco_options lines = { .analog = 4, .bri = 2, .seed = 1 };
	struct endpoint_config c;
	char err[128] = "";

	memset(&scene, 0, sizeof(scene));
	ip_addr_parse("10.0.0.1", &scene.address[0]);
	ip_addr_parse("10.0.0.2", &scene.address[1]);
	scene.net = net_memory_new(&o);
	scene.host = net_host_new(scene.net, &scene.address[0], NULL);
	endpoint_defaults(&c, dut);
	c.seed = 5;
	scene.device = endpoint_new(scene.host, &c, NULL, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(scene.device);
	if (dut == ROLE_PAC) {
		telco_script_defaults(&lines.script);
		scene.telco = telco_new(scene.net, &lines, endpoint_telco, scene.device);
		endpoint_set_telco(scene.device, scene.telco);
	}
	CU_ASSERT_TRUE_FATAL(endpoint_listen(scene.device, err, sizeof(err)));
}

static void scene_end(void)
{
	endpoint_free(scene.device);
	telco_free(scene.telco);
	net_host_free(scene.host);
	net_free(scene.net);
}

/* Plays a script at a device, and frees it; the result is scene.result. */
static void play(enum role dut, struct script *script)
{
	const struct runner_events events = { .ended = on_ended, .hook = hook };
	struct scenario s = { .script = script };
	struct runner_options o;
	struct runner *r;

	CU_ASSERT_PTR_NOT_NULL_FATAL(script);
	scene_begin(dut);
	o = (struct runner_options){
		.net = scene.net,
		.dut = dut,
		.address = scene.address[0],
		.port = CTRL_PORT,
		.sources = &scene.address[1],
		.nsources = 1,
		.gre = true,
		.timeout = 600,
		.time_scale = 1,
		.jobs = 1,
		.seed = 1,
	};
	r = runner_new(&o, &events, NULL);
	runner_run_one(r, "scenario", scenario_run, &s, 0);
	runner_free(r);
	script_free(script);
	CU_ASSERT_TRUE(scene.ended);
	scene_end();
}

static void play_text(enum role dut, const char *text)
{
	char err[256] = "";

	play(dut, script_read("t", text, strlen(text), err, sizeof(err)));
	CU_ASSERT_STRING_EQUAL(err, "");
}

static void expect(enum verdict_kind v, const char *expected, const char *observed)
{
	const struct test_result *r = &scene.result;
	const char *said = v == VERDICT_FAIL ? r->observed : r->reason;

	CU_ASSERT_EQUAL(r->verdict, v);
	CU_ASSERT_STRING_EQUAL(r->expected, expected);
	CU_ASSERT_STRING_EQUAL(said, observed);
	if (r->verdict != v || strcmp(r->expected, expected) || strcmp(said, observed))
		printf("# %s: \"%s\" \"%s\" \"%s\"\n", verdict_name(r->verdict), r->expected, r->observed,
		       r->reason);
}

static void test_files(void)
{
	static const char *const names[] = { "busy",  "echo",  "garbage", "incoming", "outgoing",
					     "split", "start", "stop",    "tunnel" };
	const char *srcdir = getenv("srcdir");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[4096], err[256];

		snprintf(path, sizeof(path), "%s/traces/scenarios/%s.trace", srcdir ? srcdir : ".", names[i]);
		play(ROLE_PAC, script_open(path, err, sizeof(err)));
		if (scene.result.verdict != VERDICT_PASS)
			printf("# %s\n", names[i]);
		expect(VERDICT_PASS, "", "");
	}
}

/* The same language for a PNS: it is made to call, and the script is the PAC. */
static void test_pns(void)
{
	play_text(ROLE_PNS, "hook dut-connect\npns connect\npns SCCRQ\npac SCCRP\nhook dut-dial 555\n"
			    "expect pns OCRQ within 10s as asked\npac OCRP call_id=77\n"
			    "pac CDN\nlet n=$asked.call_id\nexpect no CCRQ for 2s\nhook dut-stop\n"
			    "pns STOPRQ; pac STOPRP; expect close within 60s");
	expect(VERDICT_PASS, "", "");
	play_text(ROLE_PNS,
		  "pac connect; pac SCCRQ; pns SCCRP; pac ICRQ; pns ICRP; pac ICCN; pac CDN; pac stop");
	expect(VERDICT_PASS, "", "");
}

static void test_differences(void)
{
	play_text(ROLE_PAC, "open\npns OCRQ call_id=3\nexpect pac OCRP result_code=4 within 30s");
	expect(VERDICT_FAIL, "pac OCRP result_code=4 within 30s (line 3)",
	       "Outgoing-Call-Reply: result_code is 1 (connected), not 4 (busy)");
	play_text(ROLE_PAC, "open\nexpect pac OCRP within 30s");
	expect(VERDICT_FAIL, "pac OCRP within 30s (line 2)", "nothing came");
	play_text(ROLE_PAC, "open\npns SCCRQ\nexpect no STOPRQ");
	CU_ASSERT_NOT_EQUAL(scene.result.verdict, VERDICT_INCONCLUSIVE);
	play_text(ROLE_PAC, "open\nhook dut-dial");
	CU_ASSERT_EQUAL(scene.result.verdict, VERDICT_SKIPPED);
	play_text(ROLE_PAC, "pns SCCRQ");
	CU_ASSERT_EQUAL(scene.result.verdict, VERDICT_INCONCLUSIVE);
	CU_ASSERT_PTR_NOT_NULL(strstr(scene.result.reason, "there is no connection to play on"));
	play_text(ROLE_PAC, "open\nunsupported because");
	expect(VERDICT_UNSUPPORTED, "", "because");
}

void suite_scenario(void)
{
	CU_pSuite s = CU_add_suite("scenario", NULL, NULL);

	CU_add_test(s, "traces/scenarios/ at a PAC", test_files);
	CU_add_test(s, "at a PNS", test_pns);
	CU_add_test(s, "what differs", test_differences);
}
