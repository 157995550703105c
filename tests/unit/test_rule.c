/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of requirements: its counts, the sense of its columns, and how it is searched. */
#include "conformance/rule.h"

#include <CUnit/CUnit.h>
#include <ctype.h>
#include <string.h>

void suite_rule(void);

/* What the catalogue has of each area: requirements, and those that a capture can judge. */
static const struct {
	const char *area;
	size_t rules, passive;
} counts[AREAS] = {
	{ "TCP", 8, 3 },     { "MSG", 17, 14 },   { "SCCRQ", 17, 15 }, { "SCCRP", 21, 18 },
	{ "STOPRQ", 9, 7 },  { "STOPRP", 6, 6 },  { "ECHORQ", 4, 3 },  { "ECHORP", 9, 9 },
	{ "OCRQ", 23, 19 },  { "OCRP", 21, 15 },  { "ICRQ", 21, 15 },  { "ICRP", 12, 12 },
	{ "ICCN", 11, 10 },  { "CCRQ", 8, 7 },    { "CDN", 17, 15 },   { "WEN", 11, 10 },
	{ "SLI", 9, 6 },     { "ERR", 7, 6 },     { "CCSM", 27, 20 },  { "COLL", 7, 7 },
	{ "KA", 17, 14 },    { "CALL", 10, 5 },   { "PACIN", 14, 8 },  { "PNSIN", 12, 5 },
	{ "PACOUT", 15, 8 }, { "PNSOUT", 12, 7 }, { "GRE", 34, 28 },   { "WIN", 12, 6 },
	{ "OOS", 10, 3 },    { "ATO", 10, 3 },    { "CONG", 5, 2 },    { "MSP", 24, 11 },
};

static size_t count(struct rule_filter f)
{
	return rule_count(&f);
}

static void test_counts(void)
{
	CU_ASSERT_EQUAL(RULES, 440);
	CU_ASSERT_EQUAL(count((struct rule_filter){ 0 }), 440);
	CU_ASSERT_EQUAL(count((struct rule_filter){ .passive = true }), 317);
	CU_ASSERT_EQUAL(count((struct rule_filter){ .active = true }), 413);
	CU_ASSERT_EQUAL(count((struct rule_filter){ .passive = true, .active = true }), 290);
	for (unsigned a = 0; a < AREAS; a++) {
		struct rule_filter f = { .areas = UINT64_C(1) << a };

		CU_ASSERT_STRING_EQUAL(rule_area_name((enum rule_area)a), counts[a].area);
		CU_ASSERT_EQUAL(rule_count(&f), counts[a].rules);
		f.passive = true;
		CU_ASSERT_EQUAL(rule_count(&f), counts[a].passive);
	}
}

/* Totals of a column that has few values. */
static void test_columns(void)
{
	static const size_t level[LEVELS] = {
		[LEVEL_MUST] = 56,      [LEVEL_MUST_NOT] = 5, [LEVEL_SHOULD] = 49,
		[LEVEL_SHOULD_NOT] = 5, [LEVEL_MAY] = 17,     [LEVEL_IMPLIED] = 308,
	};
	static const size_t severity[SEVERITIES] = {
		[SEVERITY_ERROR] = 238, [SEVERITY_WARNING] = 124, [SEVERITY_NOTE] = 78
	};
	static const size_t proof[PROOFS] = {
		[PROOF_CERTAIN] = 162, [PROOF_CONDITIONAL] = 50, [PROOF_SUSPECTED] = 105, [PROOF_UNSEEN] = 123
	};
	static const size_t dut[DUTS] = { [DUT_ANY] = 215, [DUT_PAC] = 115, [DUT_PNS] = 83, [DUT_NONE] = 27 };
	static const size_t effect[EFFECTS] = { [EFFECT_SAME] = 332,
						[EFFECT_OFF] = 62,
						[EFFECT_RELAXED] = 7,
						[EFFECT_CHANGED] = 15,
						[EFFECT_ONLY] = 24 };
	size_t levels[LEVELS] = { 0 }, severities[SEVERITIES] = { 0 }, proofs[PROOFS] = { 0 },
	       duts[DUTS] = { 0 }, effects[EFFECTS] = { 0 };

	for (size_t i = 0; i < RULES; i++) {
		levels[rules[i].level]++;
		severities[rules[i].severity]++;
		proofs[rules[i].proof]++;
		duts[rules[i].dut]++;
		effects[rules[i].effect]++;
	}
	CU_ASSERT_EQUAL(memcmp(levels, level, sizeof(level)), 0);
	CU_ASSERT_EQUAL(memcmp(severities, severity, sizeof(severity)), 0);
	CU_ASSERT_EQUAL(memcmp(proofs, proof, sizeof(proof)), 0);
	CU_ASSERT_EQUAL(memcmp(duts, dut, sizeof(dut)), 0);
	CU_ASSERT_EQUAL(memcmp(effects, effect, sizeof(effect)), 0);
}

/* AREA-TOPIC-NN, where a topic may have hyphens of its own. */
static bool is_id(const struct rule *r)
{
	const char *area = rule_area_name(r->area);
	size_t prefix = strlen(area), len = strlen(r->id);

	if (strncmp(r->id, area, prefix) != 0 || r->id[prefix] != '-' || len < prefix + 5)
		return false;
	for (const char *p = r->id + prefix; *p; p++)
		if (!isupper((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '-')
			return false;
	return isdigit((unsigned char)r->id[len - 1]) && isdigit((unsigned char)r->id[len - 2]) &&
	       r->id[len - 3] == '-';
}

static void test_ids(void)
{
	for (size_t i = 0; i < RULES; i++) {
		CU_ASSERT(is_id(&rules[i]));
		CU_ASSERT_PTR_EQUAL(rule_by_id(rules[i].id), &rules[i]); /* no id is there twice */
		CU_ASSERT(i == 0 || rules[i].area == rules[i - 1].area ||
			  rules[i].area == rules[i - 1].area + 1);
	}
}

/* Text that can stand in a sentence: printable, no blanks at its ends, of bearable length. */
static bool is_text(const char *text, size_t least, size_t most)
{
	size_t len = strlen(text);

	for (const char *p = text; *p; p++)
		if (*p < ' ' || *p > '~' || (*p == ' ' && p[1] == ' '))
			return false;
	return len >= least && len <= most && text[0] != ' ' && text[len - 1] != ' ';
}

static void test_texts(void)
{
	for (size_t i = 0; i < RULES; i++) {
		const struct rule *r = &rules[i];
		size_t len = strlen(r->statement);

		CU_ASSERT(is_text(r->statement, 60, 140));
		CU_ASSERT(isupper((unsigned char)r->statement[0]) && r->statement[len - 1] == '.');
		CU_ASSERT(is_text(r->check, 10, 140));
		CU_ASSERT(r->check[strlen(r->check) - 1] != '.');
		CU_ASSERT(is_text(r->section, 1, 32));
		CU_ASSERT(r->note == NULL || is_text(r->note, 10, 140));
	}
}

/* Columns that depend on each other. */
static void test_sense(void)
{
	for (size_t i = 0; i < RULES; i++) {
		const struct rule *r = &rules[i];
		bool own = strncmp(r->section, "MS-PTPT ", 8) == 0;

		CU_ASSERT(rule_passive(r) || rule_active(r));
		CU_ASSERT(rule_passive(r) == (r->unless != 0));
		CU_ASSERT(r->unless >> UNLESS_BITS == 0);
		CU_ASSERT_EQUAL(own, r->effect == EFFECT_ONLY);
		CU_ASSERT_EQUAL(own, r->area == AREA_MSP);
		CU_ASSERT_EQUAL(r->note != NULL, r->effect != EFFECT_SAME && r->effect != EFFECT_ONLY);
		/* A MAY allows; it cannot be an error that a capture proves. */
		CU_ASSERT(r->level != LEVEL_MAY || r->severity != SEVERITY_ERROR || !rule_passive(r));
	}
}

static void test_rows(void)
{
	const struct rule *r = &rules[RULE_OCRP_CALLID_01];

	CU_ASSERT_STRING_EQUAL(r->id, "OCRP-CALLID-01");
	CU_ASSERT_STRING_EQUAL(r->section, "2.8");
	CU_ASSERT_EQUAL(r->level, LEVEL_MUST);
	CU_ASSERT_EQUAL(r->obliged, OBLIGED_PAC);
	CU_ASSERT_EQUAL(r->severity, SEVERITY_ERROR);
	CU_ASSERT_EQUAL(r->proof, PROOF_CONDITIONAL);
	CU_ASSERT_EQUAL(r->unless, UNLESS_MIDSTREAM | UNLESS_NO_SYNC | UNLESS_TCP_GAP);
	CU_ASSERT_STRING_EQUAL(rule_judged_name(r), "both");
	CU_ASSERT_STRING_EQUAL(rule_judged_name(&rules[RULE_TCP_PORT_02]), "active");
	CU_ASSERT_STRING_EQUAL(rule_judged_name(&rules[RULE_MSG_LEN_01]), "passive");
	CU_ASSERT_STRING_EQUAL(rules[RULE_OOS_LOG_01].section, "Specification of Requirements");
}

static void test_names(void)
{
	const struct rule *r = &rules[RULE_GRE_ACK_01];
	enum rule_area a;
	enum rule_level l;
	enum rule_profile p;

	CU_ASSERT_PTR_EQUAL(rule_by_id("gre-ack-01"), r);
	CU_ASSERT_PTR_NULL(rule_by_id("GRE-ACK"));
	CU_ASSERT_PTR_NULL(rule_by_id("GRE-ACK-011"));
	CU_ASSERT_PTR_NULL(rule_by_id(""));
	CU_ASSERT(rule_named(r, "GRE") && rule_named(r, "Gre-Ack") && rule_named(r, "GRE-ACK-01"));
	CU_ASSERT_FALSE(rule_named(r, "GR") || rule_named(r, "GRE-A") || rule_named(r, "GRE-") ||
			rule_named(r, "") || rule_named(r, "GRE-ACK-01-"));
	CU_ASSERT(rule_area_by_name("pacin", &a) && a == AREA_PACIN);
	CU_ASSERT_FALSE(rule_area_by_name("PAC", &a));
	CU_ASSERT(rule_level_by_name("should-not", &l) && l == LEVEL_SHOULD_NOT);
	CU_ASSERT(rule_level_by_name("MUST NOT", &l) && l == LEVEL_MUST_NOT);
	CU_ASSERT(rule_level_by_name("must", &l) && l == LEVEL_MUST);
	CU_ASSERT_FALSE(rule_level_by_name("mus", &l));
	CU_ASSERT(rule_profile_by_name("ms-ptpt", &p) && p == PROFILE_MS_PTPT);
	CU_ASSERT_FALSE(rule_profile_by_name("ms", &p));
}

static void test_words(void)
{
	for (unsigned i = 0; i < AREAS; i++)
		CU_ASSERT(strlen(rule_area_words((enum rule_area)i)) > 5);
	for (unsigned i = 0; i < UNLESS_BITS; i++)
		CU_ASSERT(strlen(rule_unless_name(i)) > 2 && strlen(rule_unless_words(i)) > 10);
	CU_ASSERT_STRING_EQUAL(rule_unless_name(0), "NO_SYNC");
	CU_ASSERT_STRING_EQUAL(rule_unless_name(UNLESS_BITS - 1), "SNAPLEN");
	CU_ASSERT_EQUAL(UNLESS_SNAPLEN, 1 << (UNLESS_BITS - 1));
	CU_ASSERT_STRING_EQUAL(rule_level_name(LEVEL_SHOULD_NOT), "SHOULD NOT");
	CU_ASSERT_STRING_EQUAL(rule_side_name(OBLIGED_ORIGINATOR), "originator");
	CU_ASSERT_STRING_EQUAL(rule_severity_name(SEVERITY_WARNING), "warning");
	CU_ASSERT_STRING_EQUAL(rule_proof_name(PROOF_CONDITIONAL), "conditional");
	CU_ASSERT_PTR_NULL(rule_proof_name(PROOF_UNSEEN));
	CU_ASSERT_STRING_EQUAL(rule_dut_name(DUT_PNS), "PNS");
	CU_ASSERT_PTR_NULL(rule_dut_name(DUT_NONE));
	CU_ASSERT_STRING_EQUAL(rule_effect_name(EFFECT_RELAXED), "relaxed");
	CU_ASSERT_STRING_EQUAL(rule_profile_name(PROFILE_MS_PTPT), "ms-ptpt");
}

static void test_profiles(void)
{
	CU_ASSERT(rule_holds(&rules[RULE_COLL_WINNER_01], PROFILE_RFC2637));
	CU_ASSERT_FALSE(rule_holds(&rules[RULE_COLL_WINNER_01], PROFILE_MS_PTPT));
	CU_ASSERT_FALSE(rule_holds(&rules[RULE_MSP_WEN_01], PROFILE_RFC2637));
	CU_ASSERT(rule_holds(&rules[RULE_MSP_WEN_01], PROFILE_MS_PTPT));
	CU_ASSERT(rule_holds(&rules[RULE_CDN_RESULT_01], PROFILE_MS_PTPT));
	CU_ASSERT_EQUAL(count((struct rule_filter){ .by_profile = true, .profile = PROFILE_RFC2637 }), 416);
	CU_ASSERT_EQUAL(count((struct rule_filter){ .by_profile = true, .profile = PROFILE_MS_PTPT }), 378);
}

/* What is only suspected counts less, and never as an error. */
static void test_severity(void)
{
	const struct rule *error = &rules[RULE_OCRP_CALLID_01], *warning = &rules[RULE_KA_IDLE_01],
			  *note = &rules[RULE_TCP_PORT_01];

	CU_ASSERT_EQUAL(rule_severity(error, CERTAIN), SEVERITY_ERROR);
	CU_ASSERT_EQUAL(rule_severity(error, SUSPECTED), SEVERITY_WARNING);
	CU_ASSERT_EQUAL(rule_severity(warning, CERTAIN), SEVERITY_WARNING);
	CU_ASSERT_EQUAL(rule_severity(warning, SUSPECTED), SEVERITY_NOTE);
	CU_ASSERT_EQUAL(rule_severity(note, CERTAIN), SEVERITY_NOTE);
	CU_ASSERT_EQUAL(rule_severity(note, SUSPECTED), SEVERITY_NOTE);
}

static void test_selection(void)
{
	static const char *const names[] = { "COLL", "WIN-MAX-01", "nothing" };
	struct rule_filter f = { .names = names, .nnames = 3 };
	const struct rule *first = rule_next(&f, NULL);

	CU_ASSERT_PTR_EQUAL(first, &rules[RULE_COLL_DETECT_01]);
	CU_ASSERT_PTR_EQUAL(rule_next(&f, first), &rules[RULE_COLL_WINNER_01]);
	CU_ASSERT_PTR_EQUAL(rule_next(&f, &rules[RULE_COLL_WINNER_03]), &rules[RULE_WIN_MAX_01]);
	CU_ASSERT_PTR_NULL(rule_next(&f, &rules[RULE_WIN_MAX_01]));
	CU_ASSERT_EQUAL(rule_count(&f), 8);
	f.levels = 1U << LEVEL_MUST_NOT;
	CU_ASSERT_PTR_EQUAL(rule_next(&f, NULL), &rules[RULE_COLL_WINNER_02]);
	CU_ASSERT_EQUAL(rule_count(&f), 1);
	f.areas = UINT64_C(1) << AREA_WIN;
	CU_ASSERT_PTR_NULL(rule_next(&f, NULL));
	CU_ASSERT_EQUAL(count((struct rule_filter){ .levels = 1U << LEVEL_MAY | 1U << LEVEL_MUST }), 73);
}

void suite_rule(void)
{
	CU_pSuite s = CU_add_suite("rule", NULL, NULL);

	CU_add_test(s, "counts", test_counts);
	CU_add_test(s, "columns", test_columns);
	CU_add_test(s, "ids", test_ids);
	CU_add_test(s, "texts", test_texts);
	CU_add_test(s, "sense", test_sense);
	CU_add_test(s, "rows", test_rows);
	CU_add_test(s, "names", test_names);
	CU_add_test(s, "words", test_words);
	CU_add_test(s, "profiles", test_profiles);
	CU_add_test(s, "severity", test_severity);
	CU_add_test(s, "selection", test_selection);
}
