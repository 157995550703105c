/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The catalogue of requirements for programs: doc/schema/pptpscope-rules-1.schema.json. */
#ifndef PPTPSCOPE_REPORT_RULES_H
#define PPTPSCOPE_REPORT_RULES_H

#include <stdio.h>

#include "conformance/rule.h"

/*
 * Writes the rules of a selection as one JSON document, one rule a line; version is the tool's.
 * False when it could not be written; errno says why.
 */
bool report_json_rules(FILE *out, const struct rule_filter *f, const char *version);

#endif
