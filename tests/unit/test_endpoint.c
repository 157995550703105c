/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two endpoints, a PAC and a PNS, on a network in memory: whole conversations, their ends and their timers.
 */
#include "tests/unit/main.h"
#include "tests/unit/scene.h"

/* --- control connections ---------------------------------------------------------------------------- */

static void test_connects(void)
{
	for (unsigned from = 0; from < SIDES; from++) {
		struct setting set;
		struct scene sc;

		setting_default(&set);
		scene_begin(&sc, &set);
		connect_from(&sc, from);
		endpoint_stop(sc.side[PNS].e, 1);
		run(&sc, NET_SECOND);
		CU_ASSERT_FALSE(endpoint_busy(sc.side[PAC].e));
		CU_ASSERT_FALSE(endpoint_busy(sc.side[PNS].e));
		scene_end(&sc);
	}
}

/* --- calls ------------------------------------------------------------------------------------------ */

static void test_outgoing(void)
{
	struct setting set;
	struct scene sc;
	struct tally t;

	setting_default(&set);
	scene_begin(&sc, &set);
	connect_from(&sc, PNS);
	CU_ASSERT_TRUE(dial(&sc, "5551234") > 0);
	run(&sc, SEC(10));
	for (unsigned i = 0; i < SIDES; i++) {
		t = count(&sc, i);
		CU_ASSERT_EQUAL(t.calls_up, 1);
		CU_ASSERT_EQUAL(t.ppp_open, 1);
		CU_ASSERT_EQUAL(t.lost, 0);
		CU_ASSERT_EQUAL(t.late, 0);
	}
	CU_ASSERT_PTR_NOT_NULL(hook(&sc, PNS, "dut-hangup"));
	run(&sc, NET_SECOND);
	for (unsigned i = 0; i < SIDES; i++) {
		CU_ASSERT_EQUAL(count(&sc, i).calls, 0);
		CU_ASSERT_EQUAL(sc.side[i].news[NEWS_CALL_DOWN], 1);
	}
	scene_end(&sc);
}

void suite_endpoint(void)
{
	CU_pSuite s = CU_add_suite("endpoint", NULL, NULL);

	CU_add_test(s, "either role connects, and is stopped", test_connects);
	CU_add_test(s, "an outgoing call comes up with PPP, and is cleared", test_outgoing);
}
