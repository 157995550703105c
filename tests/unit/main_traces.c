/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The modules of traces/ that have unit tests. */
#include "tests/unit/main.h"

#include <stddef.h>

suite_fn suite_script, suite_writer;

suite_fn *const suites[] = {
	suite_script,
	suite_writer,
	NULL,
};
