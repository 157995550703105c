/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The findings told last: a set that forgets the one that was longest not asked for. */
#include "conformance/recent.h"

#include <CUnit/CUnit.h>

static struct finding_key key(uint64_t call)
{
	return (struct finding_key){ .tunnel = 1, .connection = call / 3, .call = call, .rule = call % 7 };
}

static bool add(struct recent *r, uint64_t call)
{
	struct finding_key k = key(call);

	return recent_add(r, &k);
}

static void test_told_once(void)
{
	struct recent r;

	CU_ASSERT_TRUE_FATAL(recent_init(&r, 1000));
	for (uint64_t i = 0; i < 1000; i++)
		CU_ASSERT_TRUE(add(&r, i));
	for (uint64_t i = 0; i < 1000; i++)
		CU_ASSERT_FALSE(add(&r, i));
	recent_clear(&r);
}

static void test_forgets_oldest(void)
{
	struct recent r;

	CU_ASSERT_TRUE_FATAL(recent_init(&r, 3));
	add(&r, 1);
	add(&r, 2);
	add(&r, 3);
	CU_ASSERT_FALSE(add(&r, 1)); /* now 2 is the oldest */
	CU_ASSERT_TRUE(add(&r, 4));
	CU_ASSERT_FALSE(add(&r, 1));
	CU_ASSERT_FALSE(add(&r, 3));
	CU_ASSERT_FALSE(add(&r, 4));
	CU_ASSERT_TRUE(add(&r, 2));
	CU_ASSERT_EQUAL(r.used, 3);
	recent_clear(&r);
}

/* Many, through few places: what is in it is exactly the last so many. */
static void test_churn(void)
{
	enum { ROOM = 50, MANY = 20000 };
	struct recent r;

	CU_ASSERT_TRUE_FATAL(recent_init(&r, ROOM));
	for (uint64_t i = 0; i < MANY; i++)
		CU_ASSERT_TRUE_FATAL(add(&r, i));
	for (uint64_t i = MANY - ROOM; i < MANY; i++)
		CU_ASSERT_FALSE(add(&r, i));
	CU_ASSERT_TRUE(add(&r, MANY - ROOM - 1));
	recent_clear(&r);
}

static void test_one(void)
{
	struct recent r;

	CU_ASSERT_TRUE_FATAL(recent_init(&r, 0));
	CU_ASSERT_TRUE(add(&r, 1));
	CU_ASSERT_FALSE(add(&r, 1));
	CU_ASSERT_TRUE(add(&r, 2));
	CU_ASSERT_TRUE(add(&r, 1));
	recent_clear(&r);
}

void suite_recent(void)
{
	CU_pSuite s = CU_add_suite("recent", NULL, NULL);

	CU_add_test(s, "what is there is not new", test_told_once);
	CU_add_test(s, "the oldest goes", test_forgets_oldest);
	CU_add_test(s, "many through few places", test_churn);
	CU_add_test(s, "room for one", test_one);
}
