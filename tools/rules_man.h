/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The manual page pptpscope-rules(7), made from the table of requirements. */
#ifndef PPTPSCOPE_RULES_MAN_H
#define PPTPSCOPE_RULES_MAN_H

#include <stdio.h>

#include "conformance/rule.h"

void rules_man(FILE *to, const struct rule_filter *f);

#endif
