/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of machine.def: every state of a machine can be reached and left, and has an answer to everything. */
#include <CUnit/CUnit.h>
#include <string.h>

#include "conformance/machine.h"
#include "tests/unit/main.h"

void suite_machine(void)
{
	CU_pSuite s = CU_add_suite("machine", NULL, NULL);
	(void)s;
}
