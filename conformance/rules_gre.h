/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rules remember of one direction of a call's GRE. */
#ifndef PPTPSCOPE_RULES_GRE_H
#define PPTPSCOPE_RULES_GRE_H

#include "conformance/verdict.h"

struct gre_memory {
	int64_t first_data;
};

#endif
