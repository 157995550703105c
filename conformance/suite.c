/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All active tests, in the order of rules.def. */
#include "conformance/tester.h"

static const struct test_case *const parts[] = {
	suite_control,  suite_start, suite_end, suite_timer,  suite_outgoing,
	suite_incoming, suite_call,  suite_gre, suite_window, suite_profile,
};

const struct test_case *suite_by_rule(enum rule_number r)
{
	for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		for (const struct test_case *t = parts[i]; t->run; t++)
			if (t->rule == r)
				return t;
	return NULL;
}
