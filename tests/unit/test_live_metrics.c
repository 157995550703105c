/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text that Prometheus reads; that it is served is for tests/sensor.py. */
#include "tools/live_metrics.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

void suite_live_metrics(void);

static uint64_t read_number(const void *context)
{
	return *(const uint64_t *)context + 1;
}

static void test_text(void)
{
	static _Atomic uint64_t most = UINT64_MAX, zero;
	static const uint64_t number = 41;
	const struct live_metric table[] = {
		{ "a_total",
		  "One\nof \\ \"two\".",
		  LIVE_COUNTER,
		  { { "x", "\"\\\n" }, { "y", "\xc3\xa4" } },
		  &most,
		  NULL,
		  NULL },
		{ "a_total", "not shown", LIVE_COUNTER, { { "x", "" } }, &zero, NULL, NULL },
		{ "b", "Two.", LIVE_GAUGE, { { NULL, NULL } }, NULL, read_number, &number },
	};
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	live_metrics_print(table, 3, f);
	fclose(f);
	CU_ASSERT_STRING_EQUAL(text, "# HELP a_total One\\nof \\\\ \"two\".\n"
				     "# TYPE a_total counter\n"
				     "a_total{x=\"\\\"\\\\\\n\",y=\"\xc3\xa4\"} 18446744073709551615\n"
				     "a_total{x=\"\"} 0\n"
				     "# HELP b Two.\n"
				     "# TYPE b gauge\n"
				     "b 42\n");
	free(text);
}

void suite_live_metrics(void)
{
	CU_add_test(CU_add_suite("live_metrics", NULL, NULL), "text", test_text);
}
