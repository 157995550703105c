/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of requirements and its words: see rule.h. */
#include "conformance/rule.h"

#include <ctype.h>
#include <string.h>

/* Which area a row belongs to is what stands before the first hyphen of its id: see rules_area below. */
const struct rule rules[RULES] = {
#define RULE(sym, id_, section_, level_, obliged_, severity_, proof_, dut_, effect_, unless_, statement_, \
	     check_, note_)                                                                              \
	[RULE_##sym] = {                                                                                 \
		.id = id_,                                                                               \
		.section = section_,                                                                     \
		.statement = statement_,                                                                 \
		.check = check_,                                                                         \
		.note = note_,                                                                           \
		.level = LEVEL_##level_,                                                                 \
		.obliged = SIDE_##obliged_,                                                              \
		.severity = SEVERITY_##severity_,                                                        \
		.proof = PROOF_##proof_,                                                                 \
		.dut = DUT_##dut_,                                                                       \
		.effect = EFFECT_##effect_,                                                              \
		.unless = unless_,                                                                       \
	},
#include "conformance/rules.def"
};
