/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rules remember of a control connection. */
#ifndef PPTPSCOPE_RULES_CONTROL_H
#define PPTPSCOPE_RULES_CONTROL_H

#include "conformance/rules_call.h"
#include "conformance/rules_message.h"
#include "conformance/verdict.h"

struct control_memory {
	struct message_memory message; /* rules_message.c */
	struct calls_memory calls;     /* rules_call.c */
	int64_t opened;
};

#endif
