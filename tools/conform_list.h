/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What "conform" tells of its tests without running them. */
#ifndef PPTPSCOPE_CONFORM_LIST_H
#define PPTPSCOPE_CONFORM_LIST_H

#include "conformance/runner.h"
#include "tools/options.h"

/* A line for each test of the run; dry: also what would become of it.  Returns the exit status. */
int conform_list(const struct runner *r, bool dry);
/* All there is to know of the test of each --describe. */
int conform_describe(const struct options *o);
/* Faults that a device of the role (ROLE_UNKNOWN: any) can commit. */
int conform_list_faults(enum role role);

#endif
