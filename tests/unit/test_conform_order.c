/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results in the order of requirements, however tests end. */
#include "tools/conform_order.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

void suite_conform_order(void);

static const struct test_case cases[] = { { .rule = (enum rule_number)3 },
					  { .rule = (enum rule_number)5 },
					  { .rule = (enum rule_number)9 } };

/* What was passed on, as "NAME/WITH/FINDINGS ". */
static char passed[256];

static void collect(void *ctx, const struct test_result *r, int with)
{
	size_t n = strlen(passed);

	CU_ASSERT_PTR_EQUAL(ctx, passed);
	snprintf(passed + n, sizeof(passed) - n, "%s/%d/%s ", r->name, with,
		 r->nfindings ? r->findings[0].id : "");
}

static struct conform_order *order_of_three(void)
{
	struct conform_order *o = conform_order_new(collect, passed);

	passed[0] = '\0';
	CU_ASSERT_PTR_NOT_NULL_FATAL(o);
	for (unsigned i = 0; i < 3; i++)
		conform_order_expect(o, &cases[i]);
	return o;
}

/* The finding lives only as long as the call. */
static void add(struct conform_order *o, unsigned which, const char *name)
{
	struct finding f = { .id = name };
	struct test_result r = { .test = &cases[which], .name = name, .findings = &f, .nfindings = 1 };

	conform_order_add(o, &r, (int)which);
}

static void add_sanity(struct conform_order *o, const char *name)
{
	struct test_result r = { .name = name };

	conform_order_add(o, &r, 7);
}

static void test_order(void)
{
	struct conform_order *o = order_of_three();

	add_sanity(o, "first");
	add(o, 2, "c");
	add(o, 0, "a");
	CU_ASSERT_STRING_EQUAL(passed, "first/7/ a/0/a ");
	add(o, 1, "b");
	CU_ASSERT_STRING_EQUAL(passed, "first/7/ a/0/a b/1/b c/2/c ");
	conform_order_end(o);
	CU_ASSERT_STRING_EQUAL(passed, "first/7/ a/0/a b/1/b c/2/c ");
	conform_order_free(o);
}

static void test_interrupted(void)
{
	struct conform_order *o = order_of_three();

	add(o, 2, "c");
	add(o, 1, "b");
	CU_ASSERT_STRING_EQUAL(passed, "");
	conform_order_end(o);
	CU_ASSERT_STRING_EQUAL(passed, "b/1/b c/2/c ");
	conform_order_free(o);
}

static void test_twice(void)
{
	struct conform_order *o = order_of_three();

	add(o, 0, "a");
	add(o, 0, "again");
	CU_ASSERT_STRING_EQUAL(passed, "a/0/a again/0/again ");
	add(o, 2, "c");
	conform_order_free(o);
	conform_order_free(NULL);
}

void suite_conform_order(void)
{
	CU_pSuite s = CU_add_suite("conform_order", NULL, NULL);

	CU_add_test(s, "order", test_order);
	CU_add_test(s, "interrupted", test_interrupted);
	CU_add_test(s, "twice", test_twice);
}
