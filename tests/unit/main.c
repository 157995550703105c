/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the suites of a unit test program and prints TAP, which `make check` counts test by test.
 * The exit status tells too, for who runs the program by hand.
 */
#include "tests/unit/main.h"

#include <CUnit/CUnit.h>
#include <CUnit/TestRun.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned number;

static void say_failures(const CU_pFailureRecord first)
{
	for (CU_pFailureRecord f = first; f; f = f->pNext)
		printf("#   %s:%u: %s\n", f->strFileName ? f->strFileName : "?", f->uiLineNumber,
		       f->strCondition ? f->strCondition : "?");
}

static void test_done(const CU_pTest test, const CU_pSuite suite, const CU_pFailureRecord failure)
{
	printf("%sok %u - %s: %s\n", failure ? "not " : "", ++number, suite->pName, test->pName);
	say_failures(failure);
	fflush(stdout);
}

static void suite_failed(const CU_pSuite suite)
{
	printf("Bail out! suite %s cannot start\n", suite->pName);
}

int main(void)
{
	unsigned failures;

	if (CU_initialize_registry() != CUE_SUCCESS) {
		printf("Bail out! %s\n", CU_get_error_msg());
		return EXIT_FAILURE;
	}
	for (size_t i = 0; suites[i]; i++)
		suites[i]();
	if (CU_get_error() != CUE_SUCCESS) {
		printf("Bail out! a suite cannot be registered: %s\n", CU_get_error_msg());
		return EXIT_FAILURE;
	}
	printf("1..%u\n", CU_get_registry()->uiNumberOfTests);
	fflush(stdout);
	CU_set_test_complete_handler(test_done);
	CU_set_suite_init_failure_handler(suite_failed);
	CU_run_all_tests();
	failures = CU_get_number_of_failures() + CU_get_number_of_suites_failed();
	CU_cleanup_registry();
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
