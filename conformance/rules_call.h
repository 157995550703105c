/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rules remember of a call. */
#ifndef PPTPSCOPE_RULES_CALL_H
#define PPTPSCOPE_RULES_CALL_H

#include "conformance/verdict.h"

struct call_memory {
	struct gre_memory *gre[HOSTS]; /* by sender; the judge's */
};

#endif
