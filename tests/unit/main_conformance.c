/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The modules of conformance/ that have unit tests. */
#include "tests/unit/main.h"

#include <stddef.h>

suite_fn suite_ppp_session;
suite_fn suite_quirk;
suite_fn suite_recent;
suite_fn suite_rule;
suite_fn suite_rules_call;
suite_fn suite_rules_control;
suite_fn suite_rules_gre;
suite_fn suite_rules_message;

suite_fn *const suites[] = {
	suite_ppp_session,
	suite_quirk,
	suite_recent,
	suite_rule,
	suite_rules_call,
	suite_rules_control,
	suite_rules_gre,
	suite_rules_message,
	NULL,
};
