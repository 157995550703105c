/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rules remember of a control connection. */
#ifndef PPTPSCOPE_RULES_CONTROL_H
#define PPTPSCOPE_RULES_CONTROL_H

#include "conformance/verdict.h"

struct control_memory {
	int64_t opened;
};

#endif
