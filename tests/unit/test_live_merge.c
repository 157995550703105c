/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records in order, and when they are not waited for. */
#include "tools/live_merge.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

void suite_live_merge(void);

enum { PATIENCE = 100, HOLD = 4096 };

/* What was passed on, as "SOURCE:OCTETS@TIME ". */
struct passed {
	char text[512];
};

static void collect(void *context, unsigned source, int64_t time_ns, const void *octets, size_t len)
{
	struct passed *p = context;
	size_t n = strlen(p->text);

	snprintf(p->text + n, sizeof(p->text) - n, "%u:%.*s@%lld ", source, len > 8 ? 8 : (int)len,
		 (const char *)octets, (long long)time_ns);
}

static struct live_merge *merge_of(unsigned sources, struct passed *p)
{
	struct live_merge *m = live_merge_new(sources, PATIENCE, HOLD, collect, p);

	p->text[0] = '\0';
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	return m;
}

static void put(struct live_merge *m, unsigned source, int64_t time_ns, int64_t now_ns, const char *text)
{
	CU_ASSERT_TRUE(live_merge_put(m, source, time_ns, now_ns, text, strlen(text)));
}

static void expect(struct live_merge *m, struct passed *p, int64_t now_ns, const char *text)
{
	live_merge_run(m, now_ns);
	CU_ASSERT_STRING_EQUAL(p->text, text);
	p->text[0] = '\0';
}

static void test_order(void)
{
	struct passed p;
	struct live_merge *m = merge_of(3, &p);

	CU_ASSERT_EQUAL(live_merge_deadline(m), INT64_MAX);
	put(m, 0, 10, 0, "a");
	put(m, 0, 30, 0, "b");
	put(m, 1, 20, 0, "c");
	expect(m, &p, 0, ""); /* 2 may have something older */
	live_merge_mark(m, 2, 25);
	expect(m, &p, 0, "0:a@10 1:c@20 "); /* now 1 may have something before 30 */
	put(m, 2, 30, 0, "");
	live_merge_mark(m, 1, 29);
	expect(m, &p, 0, "");
	live_merge_mark(m, 1, 30);
	live_merge_mark(m, 1, 5); /* never backward */
	expect(m, &p, 0, "0:b@30 2:@30 ");
	CU_ASSERT_EQUAL(live_merge_late(m), 0);
	live_merge_free(m);
}

static void test_patience(void)
{
	struct passed p;
	struct live_merge *m = merge_of(2, &p);

	put(m, 0, 10, 1000, "a");
	CU_ASSERT_EQUAL(live_merge_deadline(m), 1000 + PATIENCE);
	expect(m, &p, 1000 + PATIENCE - 1, "");
	expect(m, &p, 1000 + PATIENCE, "0:a@10 ");
	put(m, 1, 9, 2000, "b");
	put(m, 0, 11, 2000, "c");
	expect(m, &p, 2000, "1:b@9 ");
	CU_ASSERT_EQUAL(live_merge_late(m), 1);
	live_merge_wait_for(m, 1, false);
	expect(m, &p, 2000, "0:c@11 ");
	live_merge_wait_for(m, 1, true);
	put(m, 0, 12, 2000, "d");
	expect(m, &p, 2000, "");
	live_merge_flush(m);
	expect(m, &p, 2000, "0:d@12 ");
	live_merge_free(m);
}

static void test_memory(void)
{
	static char large[HOLD];
	struct passed p;
	struct live_merge *m = merge_of(2, &p);

	memset(large, 'x', sizeof(large) - 1);
	put(m, 0, 1, 0, "small");
	expect(m, &p, 0, "");
	put(m, 0, 2, 0, large);
	expect(m, &p, 0, "0:small@1 0:xxxxxxxx@2 ");
	put(m, 0, 3, 0, large);
	live_merge_free(m); /* with something in it */
	live_merge_free(NULL);
}

/* Many sources, each in its own order: all of it is in order. */
static void in_order(void *context, unsigned source, int64_t time_ns, const void *octets, size_t len)
{
	int64_t *last = context;

	(void)octets;
	CU_ASSERT_EQUAL(len, 0);
	CU_ASSERT(time_ns > *last);
	CU_ASSERT_EQUAL(source, (unsigned)(time_ns * 7 % 64));
	*last = time_ns;
}

static void test_many(void)
{
	int64_t last = -1;
	struct live_merge *m = live_merge_new(64, 1, 1 << 20, in_order, &last);

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	for (int64_t block = 0; block < 6400; block += 64)
		for (int64_t i = 63; i >= 0; i--)
			put(m, (unsigned)((block + i) * 7 % 64), block + i, 0, "");
	live_merge_run(m, 0);
	CU_ASSERT(last >= 6400 - 64);
	live_merge_flush(m);
	CU_ASSERT_EQUAL(last, 6399);
	CU_ASSERT_EQUAL(live_merge_late(m), 0);
	live_merge_free(m);
}

void suite_live_merge(void)
{
	CU_pSuite s = CU_add_suite("live_merge", NULL, NULL);

	CU_add_test(s, "order", test_order);
	CU_add_test(s, "patience", test_patience);
	CU_add_test(s, "memory", test_memory);
	CU_add_test(s, "many sources", test_many);
}
