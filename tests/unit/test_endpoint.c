/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two endpoints, a PAC and a PNS, on a network in memory: whole conversations, their ends and their timers.
 */
#include "conformance/channel.h"
#include "tests/unit/main.h"
#include "tests/unit/scene.h"

static void commit(struct setting *set, unsigned side, const char *fault)
{
	int f = fault_by_name(fault);

	CU_ASSERT_TRUE_FATAL(f >= 0);
	fault_add(&set->config[side].faults, (enum fault_number)f);
}

static bool says(struct scene *sc, unsigned side, const char *words)
{
	const char *log = hook(sc, side, "dut-log");

	return log && strstr(log, words);
}

static unsigned times(const char *text, const char *word)
{
	unsigned n = 0;

	for (text = strstr(text, word); text; text = strstr(text + 1, word))
		n++;
	return n;
}

/* A scene with a control connection, opened by the PNS. */
static void begin_connected(struct scene *sc, const struct setting *set)
{
	scene_begin(sc, set);
	connect_from(sc, PNS);
	CU_ASSERT_EQUAL(count(sc, PAC).established, 1);
	CU_ASSERT_EQUAL(count(sc, PNS).established, 1);
}

/* --- control connections ---------------------------------------------------------------------------- */

static void test_connects(void)
{
	for (unsigned from = 0; from < SIDES; from++) {
		struct setting set;
		struct scene sc;

		setting_default(&set);
		scene_begin(&sc, &set);
		connect_from(&sc, from);
		CU_ASSERT_EQUAL(count(&sc, PAC).established, 1);
		CU_ASSERT_EQUAL(count(&sc, PNS).established, 1);
		endpoint_stop(sc.side[PNS].e, 1);
		run(&sc, SEC(1));
		CU_ASSERT_FALSE(endpoint_busy(sc.side[PAC].e));
		CU_ASSERT_FALSE(endpoint_busy(sc.side[PNS].e));
		scene_end(&sc);
	}
}

static void test_keep_alive(void)
{
	struct setting set;
	struct scene sc;

	setting_default(&set);
	begin_connected(&sc, &set);
	run(&sc, SEC(1000));
	CU_ASSERT_EQUAL(count(&sc, PAC).established, 1);
	CU_ASSERT_EQUAL(sc.side[PAC].news[NEWS_CONNECTION_DOWN], 0);
	scene_end(&sc);
}

/* The PAC asks after 60 s and gives up after 60 more; the PNS, who had connected, comes back. */
static void test_no_echo(void)
{
	struct setting set;
	struct scene sc;

	setting_default(&set);
	commit(&set, PNS, "ECHORP-REPLY-01");
	set.config[PNS].timers.idle = SEC(100000);
	begin_connected(&sc, &set);
	run(&sc, SEC(117));
	CU_ASSERT_EQUAL(sc.side[PAC].news[NEWS_CONNECTION_DOWN], 0);
	run(&sc, SEC(4));
	CU_ASSERT_EQUAL(sc.side[PAC].news[NEWS_CONNECTION_DOWN], 1);
	CU_ASSERT_TRUE(says(&sc, PAC, "no Echo-Reply in time"));
	scene_end(&sc);
}

static void collide(const char *pac, const char *pns, unsigned winner)
{
	struct setting set;
	struct scene sc;
	char err[128];

	setting_default(&set);
	set.address[PAC] = pac;
	set.address[PNS] = pns;
	scene_begin(&sc, &set);
	for (unsigned i = 0; i < SIDES; i++)
		CU_ASSERT_TRUE(endpoint_listen(sc.side[i].e, err, sizeof(err)));
	for (unsigned i = 0; i < SIDES; i++)
		CU_ASSERT_TRUE(
			endpoint_connect(sc.side[i].e, &sc.side[!i].address, CTRL_PORT, err, sizeof(err)));
	run(&sc, SEC(5));
	for (unsigned i = 0; i < SIDES; i++) {
		CU_ASSERT_EQUAL(count(&sc, i).connections, 1);
		CU_ASSERT_EQUAL(count(&sc, i).established, 1);
	}
	CU_ASSERT_TRUE(says(&sc, !winner, "collision: the peer's connection is used"));
	CU_ASSERT_FALSE(says(&sc, winner, "collision"));
	scene_end(&sc);
}

static void test_collision(void)
{
	collide("10.0.0.1", "10.0.0.2", PNS);
	collide("200.0.0.1", "10.0.0.2", PAC);
	collide("10.0.0.200", "10.0.0.17", PAC);
}

/* Only one a pair; another peer is another matter. */
static void test_second(void)
{
	struct endpoint_config c;
	struct endpoint *again;
	struct setting set;
	struct scene sc;
	char err[128];

	setting_default(&set);
	begin_connected(&sc, &set);
	endpoint_defaults(&c, ROLE_PNS);
	again = endpoint_new(sc.side[PNS].host, &c, NULL, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(again);
	CU_ASSERT_TRUE(endpoint_connect(again, &sc.side[PAC].address, CTRL_PORT, err, sizeof(err)));
	run(&sc, SEC(5));
	CU_ASSERT_FALSE(endpoint_busy(again));
	CU_ASSERT_EQUAL(count(&sc, PAC).established, 1);
	CU_ASSERT_TRUE(says(&sc, PAC, "there is a control connection with that peer already"));
	endpoint_free(again);
	scene_end(&sc);
}

static void versions(uint16_t pac, uint16_t pns, bool agree)
{
	struct setting set;
	struct scene sc;

	setting_default(&set);
	set.config[PAC].version = pac;
	set.config[PNS].version = pns;
	scene_begin(&sc, &set);
	connect_from(&sc, PNS);
	CU_ASSERT_EQUAL(count(&sc, PAC).established, agree);
	CU_ASSERT_EQUAL(count(&sc, PNS).established, agree);
	scene_end(&sc);
}

static void test_versions(void)
{
	versions(0x0100, 0x0102, true);
	versions(0x0102, 0x0100, true);
	versions(0x0100, 0x0001, false);
}

static void test_refused_peer(void)
{
	struct setting set;
	struct scene sc;

	setting_default(&set);
	scene_begin(&sc, &set);
	CU_ASSERT_PTR_NOT_NULL(hook(&sc, PAC, "dut-config refuse-peer=on"));
	connect_from(&sc, PNS);
	CU_ASSERT_FALSE(endpoint_busy(sc.side[PNS].e));
	CU_ASSERT_TRUE(says(&sc, PAC, "not authorised"));
	CU_ASSERT_PTR_NOT_NULL(hook(&sc, PAC, "dut-reset"));
	CU_ASSERT_PTR_NOT_NULL(hook(&sc, PNS, "dut-connect 10.0.0.1:1723"));
	run(&sc, SEC(1));
	CU_ASSERT_EQUAL(count(&sc, PNS).established, 1);
	scene_end(&sc);
}

/* An invalid message ends the control connection, and who originated opens it anew. */
static void test_restart(void)
{
	struct setting set;
	struct scene sc;

	setting_default(&set);
	commit(&set, PAC, "OCRP-LEN-01.short");
	begin_connected(&sc, &set);
	CU_ASSERT_TRUE(dial(&sc, "5551234") > 0);
	run(&sc, SEC(2));
	CU_ASSERT_FALSE(endpoint_busy(sc.side[PNS].e));
	run(&sc, SEC(10));
	CU_ASSERT_EQUAL(count(&sc, PNS).established, 1);
	CU_ASSERT_EQUAL(sc.side[PNS].news[NEWS_CONNECTION_UP], 2);
	scene_end(&sc);
}

/* --- calls ------------------------------------------------------------------------------------------ */

static void expect_calls(const struct scene *sc, unsigned n)
{
	for (unsigned i = 0; i < SIDES; i++) {
		struct tally t = count(sc, i);

		CU_ASSERT_EQUAL(t.calls, n);
		CU_ASSERT_EQUAL(t.calls_up, n);
		CU_ASSERT_EQUAL(t.ppp_open, n);
		CU_ASSERT_EQUAL(t.lost, 0);
		CU_ASSERT_EQUAL(t.late, 0);
	}
}

static void test_outgoing(void)
{
	struct setting set;
	struct scene sc;

	setting_default(&set);
	begin_connected(&sc, &set);
	CU_ASSERT_TRUE(dial(&sc, "5551234") > 0);
	run(&sc, SEC(10));
	expect_calls(&sc, 1);
	CU_ASSERT_PTR_NOT_NULL(hook(&sc, PNS, "dut-hangup"));
	run(&sc, SEC(1));
	expect_calls(&sc, 0);
	for (unsigned i = 0; i < SIDES; i++)
		CU_ASSERT_EQUAL(sc.side[i].news[NEWS_CALL_DOWN], 1);
	scene_end(&sc);
}

static void test_incoming(void)
{
	struct setting set;
	struct scene sc;

	setting_default(&set);
	set.lines = 2;
	begin_connected(&sc, &set);
	CU_ASSERT_PTR_NOT_NULL(hook(&sc, PAC, "dut-ring 5551234 5550099"));
	CU_ASSERT_PTR_NOT_NULL(hook(&sc, PAC, "dut-ring 5551234 5550099 bearer=digital"));
	run(&sc, SEC(10));
	expect_calls(&sc, 2);
	CU_ASSERT_PTR_NOT_NULL(hook(&sc, PAC, "dut-telco hangup"));
	run(&sc, SEC(1));
	CU_ASSERT_PTR_NOT_NULL(hook(&sc, PAC, "dut-hangup all"));
	run(&sc, SEC(1));
	expect_calls(&sc, 0);
	CU_ASSERT_TRUE(says(&sc, PNS, "Result 1"));
	CU_ASSERT_TRUE(says(&sc, PNS, "Result 3"));
	scene_end(&sc);
}

/* Before the PNS has answered, while the line is answered, and because the PNS will not. */
static void test_incoming_fails(void)
{
	struct setting set;
	struct scene sc;

	setting_default(&set);
	set.lines = 2;
	begin_connected(&sc, &set);
	CU_ASSERT_PTR_NOT_NULL(hook(&sc, PAC, "dut-ring answer=fail"));
	run(&sc, SEC(30));
	CU_ASSERT_TRUE(says(&sc, PNS, "Call-Disconnect-Notify: Result 1"));
	CU_ASSERT_PTR_NOT_NULL(hook(&sc, PNS, "dut-config refuse-number=666"));
	CU_ASSERT_PTR_NOT_NULL(hook(&sc, PAC, "dut-ring 5551234 666"));
	run(&sc, SEC(5));
	CU_ASSERT_TRUE(says(&sc, PAC, "the PNS does not take it"));
	CU_ASSERT_PTR_NOT_NULL(hook(&sc, PAC, "dut-telco answer slow"));
	CU_ASSERT_PTR_NOT_NULL(hook(&sc, PAC, "dut-ring"));
	run(&sc, SEC(2));
	CU_ASSERT_PTR_NOT_NULL(hook(&sc, PNS, "dut-hangup"));
	run(&sc, SEC(5));
	CU_ASSERT_TRUE(says(&sc, PNS, "Result 4"));
	expect_calls(&sc, 0);
	scene_end(&sc);
}

static void dial_outcome(struct scene *sc, const char *outcome, const char *expected)
{
	char words[64];
	char number[64];

	snprintf(words, sizeof(words), "dut-telco number %s", outcome);
	snprintf(number, sizeof(number), "%.63s", hook(sc, PAC, words));
	CU_ASSERT_TRUE(dial(sc, number) > 0);
	run(sc, SEC(100));
	CU_ASSERT_TRUE(says(sc, PNS, expected));
	expect_calls(sc, 0);
}

static void test_outgoing_fails(void)
{
	struct setting set;
	struct scene sc;

	setting_default(&set);
	set.lines = 2;
	set.config[PNS].timers.call = SEC(100);
	set.config[PNS].timers.idle = SEC(50);
	begin_connected(&sc, &set);
	dial_outcome(&sc, "busy", "failed: Result 4, Error 0");
	dial_outcome(&sc, "no-carrier", "failed: Result 3, Error 0");
	dial_outcome(&sc, "no-dialtone", "failed: Result 5, Error 0");
	dial_outcome(&sc, "ring", "failed: Result 6, Error 0");
	dial_outcome(&sc, "barred", "failed: Result 7, Error 0");
	/* A modem hears an announcement. */
	dial_outcome(&sc, "unallocated", "failed: Result 3, Error 0");
	CU_ASSERT_PTR_NOT_NULL(hook(&sc, PAC, "dut-config channels=1"));
	CU_ASSERT_TRUE(dial(&sc, "5551234") > 0);
	CU_ASSERT_TRUE(dial(&sc, "5551234") > 0);
	run(&sc, SEC(10));
	CU_ASSERT_TRUE(says(&sc, PNS, "failed: Result 2, Error 4"));
	expect_calls(&sc, 1);
	scene_end(&sc);
}

/* ISDN says why. */
static void test_causes(void)
{
	struct setting set;
	struct scene sc;

	setting_default(&set);
	set.lines = 2;
	set.config[PAC].bearer = 2;
	begin_connected(&sc, &set);
	dial_outcome(&sc, "busy", "failed: Result 4, Error 0, Cause 17");
	dial_outcome(&sc, "unallocated", "failed: Result 2, Error 6, Cause 1");
	dial_outcome(&sc, "rejected", "failed: Result 2, Error 6, Cause 21");
	CU_ASSERT_TRUE(dial(&sc, "5551234") > 0);
	run(&sc, SEC(5));
	CU_ASSERT_PTR_NOT_NULL(hook(&sc, PAC, "dut-telco hangup"));
	run(&sc, SEC(2));
	CU_ASSERT_TRUE(says(&sc, PNS, "Result 1, Error 0, Cause 16"));
	scene_end(&sc);
}

/* Dialling takes too long for the PNS: the call is cleared, the others stay. */
static void test_impatient(void)
{
	struct setting set;
	struct scene sc;

	setting_default(&set);
	set.lines = 3;
	begin_connected(&sc, &set);
	CU_ASSERT_TRUE(dial(&sc, "5551234") > 0);
	run(&sc, SEC(5));
	CU_ASSERT_PTR_NOT_NULL(hook(&sc, PAC, "dut-telco next ring"));
	CU_ASSERT_TRUE(dial(&sc, "5551235") > 0);
	run(&sc, SEC(59));
	CU_ASSERT_EQUAL(count(&sc, PNS).calls, 2);
	run(&sc, SEC(3));
	CU_ASSERT_EQUAL(count(&sc, PNS).calls, 1);
	CU_ASSERT_EQUAL(count(&sc, PAC).calls, 1);
	CU_ASSERT_EQUAL(count(&sc, PNS).established, 1);
	scene_end(&sc);
}

struct addresses {
	uint32_t seen[512];
	unsigned n;
};

static void note_address(void *ctx, const struct endpoint_call_status *s)
{
	struct addresses *a = ctx;

	a->seen[a->n++] = s->ppp.address;
}

/* The PAC gives each of its calls another address. */
static void expect_addresses(const struct scene *sc, unsigned n)
{
	static const struct endpoint_visitor v = { NULL, note_address };
	struct addresses a = { .n = 0 };

	endpoint_status(sc->side[PNS].e, &v, &a);
	CU_ASSERT_EQUAL(a.n, n);
	for (unsigned i = 0; i < a.n; i++)
		for (unsigned k = 0; k < i; k++)
			CU_ASSERT_NOT_EQUAL(a.seen[i], a.seen[k]);
}

static void test_many(void)
{
	enum { MANY = 500 };
	struct setting set;
	struct scene sc;

	setting_default(&set);
	begin_connected(&sc, &set);
	for (unsigned i = 0; i < MANY; i++)
		CU_ASSERT_TRUE(dial(&sc, "5551234") > 0);
	run(&sc, SEC(20));
	expect_calls(&sc, MANY);
	expect_addresses(&sc, MANY);
	CU_ASSERT_PTR_NOT_NULL(hook(&sc, PNS, "dut-hangup all"));
	run(&sc, SEC(1));
	expect_calls(&sc, 0);
	CU_ASSERT_EQUAL(count(&sc, PNS).established, 1);
	scene_end(&sc);
}

/* The peer's end without a word releases everything. */
static void test_gone(void)
{
	struct setting set;
	struct scene sc;

	setting_default(&set);
	set.lines = 2;
	begin_connected(&sc, &set);
	CU_ASSERT_TRUE(dial(&sc, "5551234") > 0);
	run(&sc, SEC(5));
	expect_calls(&sc, 1);
	CU_ASSERT_PTR_NOT_NULL(hook(&sc, PNS, "dut-reset"));
	run(&sc, SEC(1));
	CU_ASSERT_FALSE(endpoint_busy(sc.side[PAC].e));
	CU_ASSERT_EQUAL(times(hook(&sc, PAC, "dut-telco status"), "\"live\":true"), 0);
	scene_end(&sc);
}

static void test_redial(void)
{
	struct setting set;
	struct scene sc;

	setting_default(&set);
	set.config[PNS].dial_on_connect = true;
	set.config[PNS].redial_ns = SEC(3);
	begin_connected(&sc, &set);
	run(&sc, SEC(5));
	expect_calls(&sc, 1);
	CU_ASSERT_PTR_NOT_NULL(hook(&sc, PAC, "dut-hangup"));
	run(&sc, SEC(1));
	expect_calls(&sc, 0);
	run(&sc, SEC(5));
	expect_calls(&sc, 1);
	scene_end(&sc);
}

/* accel-ppp, and address translators, put the PNS's Call ID into Call-Disconnect-Notify. */
static void wrong_disconnect(bool strict)
{
	struct setting set;
	struct scene sc;

	setting_default(&set);
	commit(&set, PAC, "CDN-CALLID-01");
	set.config[PNS].strict = strict;
	begin_connected(&sc, &set);
	CU_ASSERT_TRUE(dial(&sc, "5551234") > 0);
	run(&sc, SEC(5));
	CU_ASSERT_PTR_NOT_NULL(hook(&sc, PAC, "dut-hangup"));
	run(&sc, SEC(1));
	CU_ASSERT_EQUAL(count(&sc, PNS).calls, strict);
	scene_end(&sc);
}

static void test_liberal(void)
{
	wrong_disconnect(false);
	wrong_disconnect(true);
}

/* --- the tunnel ------------------------------------------------------------------------------------- */

static void test_traffic(void)
{
	struct setting set;
	struct scene sc;
	struct tally t;

	setting_default(&set);
	begin_connected(&sc, &set);
	CU_ASSERT_TRUE(dial(&sc, "5551234") > 0);
	run(&sc, SEC(5));
	t = count(&sc, PNS);
	CU_ASSERT_PTR_NOT_NULL(hook(&sc, PNS, "dut-traffic packets=1000 size=500 rate=0"));
	run(&sc, SEC(10));
	CU_ASSERT_EQUAL(count(&sc, PNS).sent - t.sent, 1000);
	CU_ASSERT_EQUAL(count(&sc, PAC).sent, count(&sc, PNS).received);
	CU_ASSERT_TRUE(count(&sc, PNS).received - t.received >= 1000);
	expect_calls(&sc, 1);
	scene_end(&sc);
}

/* Nothing is delivered late or twice, nothing is waited for, and PPP survives. */
static void test_bad_path(void)
{
	struct setting set;
	struct scene sc;
	struct tally t;

	setting_default(&set);
	set.net.loss_permille = 50;
	set.net.reorder_permille = 50;
	set.net.duplicate_permille = 50;
	set.net.seed = 7;
	begin_connected(&sc, &set);
	CU_ASSERT_TRUE(dial(&sc, "5551234") > 0);
	run(&sc, SEC(60));
	CU_ASSERT_EQUAL(count(&sc, PNS).ppp_open, 1);
	CU_ASSERT_PTR_NOT_NULL(hook(&sc, PNS, "dut-traffic packets=2000 size=500 rate=0"));
	run(&sc, SEC(3000));
	t = count(&sc, PAC);
	CU_ASSERT_EQUAL(t.ppp_open, 1);
	CU_ASSERT_TRUE(count(&sc, PNS).sent >= 2000);
	CU_ASSERT_TRUE(t.lost > 0);
	CU_ASSERT_TRUE(t.late > 0);
	/* All but the last few have come, or are known to be missing. */
	CU_ASSERT_TRUE(t.received - t.late + t.lost <= count(&sc, PNS).sent);
	CU_ASSERT_TRUE(t.received - t.late + t.lost + 8 >= count(&sc, PNS).sent);
	scene_end(&sc);
}

/* --- the telephone side ------------------------------------------------------------------------------ */

static void test_line_errors(void)
{
	struct setting set;
	struct scene sc;
	const char *log;

	setting_default(&set);
	set.lines = 2;
	begin_connected(&sc, &set);
	CU_ASSERT_TRUE(dial(&sc, "5551234") > 0);
	run(&sc, SEC(5));
	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT_PTR_NOT_NULL(hook(&sc, PAC, "dut-wan-error crc=2 framing=1"));
		run(&sc, SEC(10));
	}
	log = hook(&sc, PNS, "dut-log");
	CU_ASSERT_EQUAL(times(log, "line errors"), 1);
	run(&sc, SEC(100));
	log = hook(&sc, PNS, "dut-log");
	CU_ASSERT_EQUAL(times(log, "line errors"), 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(log, "line errors: 6 CRC, 3 framing"));
	/* The next call on the line begins at nothing. */
	CU_ASSERT_PTR_NOT_NULL(hook(&sc, PNS, "dut-hangup"));
	run(&sc, SEC(2));
	CU_ASSERT_TRUE(dial(&sc, "5551234") > 0);
	run(&sc, SEC(5));
	CU_ASSERT_PTR_NOT_NULL(hook(&sc, PAC, "dut-wan-error crc=1"));
	run(&sc, SEC(1));
	CU_ASSERT_TRUE(says(&sc, PNS, "line errors: 1 CRC, 0 framing"));
	scene_end(&sc);
}

/* The PAC's client asks for an ACCM of 0; the PNS tells the PAC, which applies it to the line. */
static void test_link_info(void)
{
	struct setting set;
	struct scene sc;
	const char *status;

	setting_default(&set);
	set.lines = 1;
	begin_connected(&sc, &set);
	CU_ASSERT_TRUE(dial(&sc, "5551234") > 0);
	run(&sc, SEC(5));
	expect_calls(&sc, 1);
	status = hook(&sc, PAC, "dut-telco status");
	CU_ASSERT_PTR_NOT_NULL(strstr(status, "\"number\":\"5551234\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(status, "\"accm\":0"));
	CU_ASSERT_PTR_NOT_NULL(strstr(status, "\"live\":true"));
	CU_ASSERT_TRUE(strlen(hook(&sc, PAC, "dut-telco read")) > 0);
	scene_end(&sc);
}

/* --- hooks ------------------------------------------------------------------------------------------ */

static int hook_status(struct scene *sc, unsigned side, const char *name, const char *argument)
{
	const char *argv[2] = { name, argument };
	char out[256];

	return endpoint_hook(sc->side[side].e, argument ? 2 : 1, argv, out, sizeof(out));
}

static void test_hook_answers(void)
{
	struct setting set;
	struct scene sc;

	setting_default(&set);
	scene_begin(&sc, &set);
	CU_ASSERT_EQUAL(hook_status(&sc, PAC, "dut-fly", NULL), HOOK_NONE);
	CU_ASSERT_EQUAL(hook_status(&sc, PAC, "dut-dial", NULL), HOOK_NONE);
	CU_ASSERT_EQUAL(hook_status(&sc, PAC, "dut-ring", NULL), HOOK_NONE);
	CU_ASSERT_EQUAL(hook_status(&sc, PNS, "dut-wan-error", NULL), HOOK_NONE);
	CU_ASSERT_EQUAL(hook_status(&sc, PNS, "dut-dial", NULL), HOOK_NOT_NOW);
	CU_ASSERT_EQUAL(hook_status(&sc, PNS, "dut-connect", NULL), HOOK_NOT_NOW);
	CU_ASSERT_EQUAL(hook_status(&sc, PNS, "dut-connect", "10.0.0.1:99999"), HOOK_FAULT);
	CU_ASSERT_EQUAL(hook_status(&sc, PNS, "dut-stop", NULL), HOOK_NOT_NOW);
	CU_ASSERT_EQUAL(hook_status(&sc, PNS, "dut-hangup", "12"), HOOK_NOT_NOW);
	CU_ASSERT_EQUAL(hook_status(&sc, PNS, "dut-config", "colour=red"), HOOK_FAULT);
	CU_ASSERT_EQUAL(hook_status(&sc, PNS, "dut-config", "max_timeout=0"), HOOK_FAULT);
	CU_ASSERT_EQUAL(hook_status(&sc, PNS, "dut-log", "x"), HOOK_FAULT);
	CU_ASSERT_EQUAL(hook_status(&sc, PNS, "dut-log", "5"), HOOK_DONE);
	CU_ASSERT_EQUAL(hook_status(&sc, PNS, "dut-reset", NULL), HOOK_DONE);
	scene_end(&sc);
}

/* --- what is drawn ---------------------------------------------------------------------------------- */

struct drawn {
	uint16_t id[64], serial[64];
	unsigned n;
};

static void note_call(void *ctx, const struct endpoint_call_status *s)
{
	struct drawn *d = ctx;

	d->id[d->n] = s->call_id;
	d->serial[d->n++] = s->serial;
}

/* Call IDs and serial numbers do not come back with the next call. */
static void test_drawn(void)
{
	static const struct endpoint_visitor v = { NULL, note_call };
	struct drawn d = { .n = 0 };
	struct setting set;
	struct scene sc;

	setting_default(&set);
	begin_connected(&sc, &set);
	while (d.n < 60) {
		CU_ASSERT_TRUE_FATAL(dial(&sc, "5551234") > 0);
		run(&sc, SEC(1));
		endpoint_status(sc.side[PNS].e, &v, &d);
		CU_ASSERT_PTR_NOT_NULL(hook(&sc, PNS, "dut-hangup"));
		run(&sc, SEC(1));
	}
	for (unsigned i = 0; i < d.n; i++)
		for (unsigned k = 0; k < i; k++)
			CU_ASSERT_TRUE(d.id[i] != d.id[k] && d.serial[i] != d.serial[k]);
	scene_end(&sc);
}

/* --- ms-ptpt ---------------------------------------------------------------------------------------- */

static void test_ms_ptpt(void)
{
	struct setting set;
	struct scene sc;

	for (unsigned ends = 0; ends < SIDES; ends++) {
		setting_default(&set);
		set.config[PAC].profile = set.config[PNS].profile = PROFILE_MS_PTPT;
		begin_connected(&sc, &set);
		CU_ASSERT_TRUE(dial(&sc, "5551234") > 0);
		run(&sc, SEC(5));
		expect_calls(&sc, 1);
		CU_ASSERT_PTR_NOT_NULL(hook(&sc, ends, "dut-hangup"));
		run(&sc, SEC(2));
		CU_ASSERT_FALSE(endpoint_busy(sc.side[PAC].e));
		CU_ASSERT_FALSE(endpoint_busy(sc.side[PNS].e));
		scene_end(&sc);
	}
}

/* --- faults ----------------------------------------------------------------------------------------- */

static uint32_t value(const struct draft *d, const char *field)
{
	return d->value[ctrl_field_index(d->desc, field)];
}

static void strike(const char *name, struct draft *d, struct fault_fate *fate)
{
	static const uint32_t copied[FAULTS];
	struct fault_set set = { 0 };
	int f = fault_by_name(name);

	CU_ASSERT_TRUE_FATAL(f >= 0);
	fault_add(&set, (enum fault_number)f);
	fault_message(&set, copied, d, fate);
}

static void test_fault_kinds(void)
{
	struct fault_fate fate;
	struct draft d;

	draft_init(&d, CTRL_OCRP);
	strike("OCRP-RSVD0-01", &d, &fate);
	CU_ASSERT_EQUAL(value(&d, "reserved0"), 0xffff);
	strike("ocrp-len-01.short", &d, &fate);
	CU_ASSERT_EQUAL(d.length, 28);
	CU_ASSERT_EQUAL(value(&d, "length"), 28);
	strike("OCRP-ONE-01", &d, &fate);
	CU_ASSERT_TRUE(fate.twice);
	strike("OCRP-ONE-01.none", &d, &fate);
	CU_ASSERT_TRUE(fate.drop);
	strike("OCRP-RESULT-03", &d, &fate);
	CU_ASSERT_EQUAL(value(&d, "result_code"), 0);
	draft_set(&d, "result_code", 4);
	strike("OCRP-RESULT-03", &d, &fate);
	CU_ASSERT_EQUAL(value(&d, "result_code"), 3);
	strike("CDN-RESULT-01", &d, &fate);
	CU_ASSERT_EQUAL(value(&d, "result_code"), 3);
	draft_init(&d, CTRL_SCCRQ);
	strike("SCCRQ-HOST-01", &d, &fate);
	CU_ASSERT_EQUAL(d.text[ctrl_field_index(d.desc, "host_name")][63], 'x');
	CU_ASSERT_EQUAL(d.text[ctrl_field_index(d.desc, "host_name")][61], 0);
	CU_ASSERT_EQUAL(fault_by_name("OCRP-RESULT-99"), -1);
}

/* A row names a message that its role sends and a field that the message has. */
static void test_fault_rows(void)
{
	for (unsigned i = 0; i < FAULTS; i++) {
		const struct fault *f = &faults[i];
		const struct ctrl_desc *desc = f->type ? ctrl_desc_of(f->type) : NULL;

		CU_ASSERT_EQUAL(fault_by_name(f->name), (int)i);
		CU_ASSERT_TRUE(f->roles && strlen(f->words) > 0);
		if (desc && f->field)
			CU_ASSERT_TRUE(ctrl_field_index(desc, f->field) >= 0);
		if (f->kind == FAULT_SET || f->kind == FAULT_OR || f->kind == FAULT_ADD ||
		    f->kind == FAULT_FILL || f->kind == FAULT_COPY || f->kind == FAULT_TEXT)
			CU_ASSERT_PTR_NOT_NULL(f->field);
	}
}

void suite_endpoint(void)
{
	CU_pSuite s = CU_add_suite("endpoint", NULL, NULL);

	CU_add_test(s, "either role connects, and is stopped", test_connects);
	CU_add_test(s, "a connection is kept alive", test_keep_alive);
	CU_add_test(s, "a peer that does not answer is given up", test_no_echo);
	CU_add_test(s, "requests that collide: the higher address wins", test_collision);
	CU_add_test(s, "a second connection of one peer is refused", test_second);
	CU_add_test(s, "versions are agreed on, or not", test_versions);
	CU_add_test(s, "a peer that is not let in", test_refused_peer);
	CU_add_test(s, "after an invalid message the originator comes back", test_restart);
	CU_add_test(s, "an outgoing call comes up with PPP, and is cleared", test_outgoing);
	CU_add_test(s, "incoming calls come up with PPP, and end", test_incoming);
	CU_add_test(s, "incoming calls that fail", test_incoming_fails);
	CU_add_test(s, "outgoing calls that fail", test_outgoing_fails);
	CU_add_test(s, "causes of ISDN lines", test_causes);
	CU_add_test(s, "a call that takes too long is cleared alone", test_impatient);
	CU_add_test(s, "500 calls at once", test_many);
	CU_add_test(s, "a peer that is gone leaves nothing behind", test_gone);
	CU_add_test(s, "a PNS dials when connected, and again", test_redial);
	CU_add_test(s, "a wrong Call ID in CDN, liberal and strict", test_liberal);
	CU_add_test(s, "traffic as fast as the window lets", test_traffic);
	CU_add_test(s, "loss, disorder and duplicates", test_bad_path);
	CU_add_test(s, "line errors are reported once a minute, by call", test_line_errors);
	CU_add_test(s, "link options reach the line", test_link_info);
	CU_add_test(s, "hooks say what cannot be done", test_hook_answers);
	CU_add_test(s, "Call IDs and serial numbers do not come back", test_drawn);
	CU_add_test(s, "ms-ptpt: who ends the last call stops", test_ms_ptpt);
	CU_add_test(s, "what faults do to a message", test_fault_kinds);
	CU_add_test(s, "rows of faults fit the messages", test_fault_rows);
}
