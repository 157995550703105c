/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The modules of tools/ that have unit tests. */
#include "tests/unit/main.h"

#include <stddef.h>

suite_fn suite_active_tap;
suite_fn suite_scenario;

suite_fn *const suites[] = {
	suite_active_tap,
	suite_scenario,
	NULL,
};
