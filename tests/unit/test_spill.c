/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls in the temporary file: with and without flows, and with what was inside. */
#include "analyzer/spill.h"

#include <CUnit/CUnit.h>

#include "conformance/ppp_session.h"

enum { CALLS = 1200 };

static struct ppp_session *session(void)
{
	static const uint8_t pap[] = { 0xc0, 0x23, 1, 1, 0, 13, 3, 'l', 'a', 'b', 4, 'p', 'a', 's', 's' };
	const struct ppp_seen seen = { .from = 0, .frame = 7 };
	struct ppp_session *s = NULL;
	struct ppp_frame f;

	ppp_decode(pap, sizeof(pap), sizeof(pap), &f);
	CU_ASSERT_TRUE(ppp_session_packet(&s, NULL, &seen, &f));
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	return s;
}

static void check(struct spill *s, uint64_t offset, unsigned i)
{
	struct call_rare rare;
	struct spill_head head;
	struct call c;

	CU_ASSERT_TRUE_FATAL(spill_read_call(s, offset, &head, &c, &rare));
	CU_ASSERT_EQUAL(c.id, i);
	CU_ASSERT_EQUAL(!call_flow(&c, 0), !(i & 1));
	CU_ASSERT_EQUAL(!call_flow(&c, 1), !(i & 2));
	CU_ASSERT_TRUE(!call_flow(&c, 1) || c.flow[1].packets == 9);
	CU_ASSERT_EQUAL(!c.rare, i % 3 == 0);
	CU_ASSERT_EQUAL(call_step(&c, STEP_CLEAR).frame, c.rare ? 5 : 0);
	CU_ASSERT_EQUAL(!c.ppp, i % 5 == 4);
	if (c.ppp) {
		const struct ppp_text *user = ppp_session_text(c.ppp, PPP_TEXT_USER, 1);

		CU_ASSERT_TRUE(user && user->len == 3 && memcmp(user->octets, "lab", 3) == 0);
		CU_ASSERT_EQUAL(c.ppp->auth[1].response_frame, 7);
	}
	ppp_session_free(c.ppp);
}

static void calls(void)
{
	static uint64_t offset[CALLS];
	struct ppp_session *ppp = session();
	const struct flow none = { .packets = 0 }, flow = { .key = 1 << 17, .packets = 9 };
	struct call_rare rare = { .step = { [STEP_CLEAR] = { 5, 0 } } };
	struct spill s = { 0 };

	for (unsigned i = 0; i < CALLS; i++) {
		const struct call c = {
			.id = i,
			.flow = { i & 1 ? flow : none, i & 2 ? flow : none },
			.rare = i % 3 == 0 ? NULL : &rare,
			.ppp = i % 5 == 4 ? NULL : ppp,
		};

		offset[i] = spill_call(&s, &c, i ? offset[i - 1] : 0);
		CU_ASSERT_NOT_EQUAL_FATAL(offset[i], 0);
	}
	for (unsigned i = CALLS; i-- > 0;)
		check(&s, offset[i], i);
	spill_clear(&s);
	ppp_session_free(ppp);
}

void suite_spill(void)
{
	CU_add_test(CU_add_suite("spill", NULL, NULL), "calls come back as they were", calls);
}
