/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See conform_list.h. */
#include "tools/conform_list.h"

#include "conformance/fault.h"

static const struct {
	unsigned flag;
	const char *word, *words;
} flags[] = {
	{ TEST_GRE, "gre", "needs a raw socket for tunnel packets" },
	{ TEST_WAITS, "waits", "waits for the device's own timers: left out by --fast" },
	{ TEST_SLOW, "slow", "takes minutes: left out by --fast" },
	{ TEST_SEVERAL, "versions", "for devices of several protocol versions (--versions)" },
	{ TEST_INCOMING, "incoming", "a PAC needs dut-ring for it" },
	{ TEST_ALONE, "alone", "never stands beside others" },
};
enum { NFLAGS = sizeof(flags) / sizeof(flags[0]) };

static void print_flags(const struct test_case *t)
{
	bool any = false;

	for (unsigned i = 0; i < NFLAGS; i++)
		if (t->flags & flags[i].flag) {
			printf("%s%s", any ? "," : "", flags[i].word);
			any = true;
		}
	if (!any)
		putchar('-');
}

static void print_line(const struct test_case *t)
{
	const struct rule *rule = &rules[t->rule];

	printf("%-20s %-4s %-10s %-10s ", rule->id, rule_dut_name(rule->dut), rule_level_name(rule->level),
	       rule->section);
	print_flags(t);
	printf(" %s\n", t->hooks ? t->hooks : "-");
}

int conform_list(const struct runner *r, bool dry)
{
	char reason[RESULT_TEXT];
	unsigned run = 0, skipped = 0;

	for (unsigned i = 0; i < RULES; i++) {
		const struct test_case *t = suite_by_rule((enum rule_number)i);
		const char *why;

		if (!t || !runner_takes(r, t))
			continue;
		if (!dry) {
			print_line(t);
			continue;
		}
		why = runner_skips(r, t, reason, sizeof(reason));
		printf("%-20s %s%s\n", rules[i].id, why ? "skip: " : "run", why ? why : "");
		run += !why;
		skipped += why != NULL;
	}
	if (dry)
		printf("%u tests would run, %u would be skipped.\n", run, skipped);
	return EXIT_OK;
}

static void describe(const struct test_case *t)
{
	const struct rule *rule = &rules[t->rule];

	printf("%s  (%s, %s%s)\n", rule->id, rule_level_name(rule->level),
	       rule->section[0] >= '0' && rule->section[0] <= '9' ? "RFC 2637 section " : "", rule->section);
	printf("  Requirement: %s\n", rule->statement);
	printf("  Obliged:     %s; device under test: %s\n", rule_side_name(rule->obliged),
	       rule_dut_name(rule->dut));
	printf("  Stimulus:    %s\n", t->stimulus);
	printf("  Expected:    %s\n", t->expected);
	printf("  Hooks:       %s\n", t->hooks ? t->hooks : "none");
	if (t->also)
		printf("  Decides too: %s\n", t->also);
	for (unsigned i = 0; i < NFLAGS; i++)
		if (t->flags & flags[i].flag)
			printf("  It %s.\n", flags[i].words);
}

int conform_describe(const struct options *o)
{
	for (size_t i = 0; i < options_count(o, "describe"); i++) {
		const char *id = options_nth(o, "describe", i);
		const struct rule *rule = rule_by_id(id);
		const struct test_case *t = rule ? suite_by_rule((enum rule_number)(rule - rules)) : NULL;

		if (!rule)
			return options_usage_error(o, "there is no requirement '%s'", id);
		if (!t)
			return options_usage_error(o, "%s has no active test: it is judged passively",
						   rule->id);
		if (i)
			putchar('\n');
		describe(t);
	}
	return EXIT_OK;
}

int conform_list_faults(enum role role)
{
	for (unsigned f = 0; f < FAULTS; f++)
		if (role == ROLE_UNKNOWN || faults[f].roles >> role & 1)
			printf("%-24s %-8s %s\n", faults[f].name,
			       faults[f].roles == 1U << ROLE_PAC   ? "PAC"
			       : faults[f].roles == 1U << ROLE_PNS ? "PNS"
								   : "PAC PNS",
			       faults[f].words);
	return EXIT_OK;
}
