/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The modules of tools/ that have unit tests. */
#include "tests/unit/main.h"

#include <stddef.h>

suite_fn suite_active_tap;
suite_fn suite_conform_order;
suite_fn suite_live_config;
suite_fn suite_live_evidence;
suite_fn suite_live_merge;
suite_fn suite_live_metrics;
suite_fn suite_live_output;
suite_fn suite_scenario;

suite_fn *const suites[] = {
	suite_active_tap,
	suite_conform_order,
	suite_live_config,
	suite_live_evidence,
	suite_live_merge,
	suite_live_metrics,
	suite_live_output,
	suite_scenario,
	NULL,
};
