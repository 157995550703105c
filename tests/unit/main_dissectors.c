/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The modules of dissectors/ that have unit tests. */
#include "tests/unit/main.h"

#include <stddef.h>

suite_fn *const suites[] = {
	NULL,
};
