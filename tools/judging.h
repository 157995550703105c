/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options of judging: which rules are asked, which findings count, and the baseline of accepted ones.
 *
 * A baseline is a text file: a line "ID ADDRESS" for each finding that is accepted, with the address
 * of the side at fault ("-" where it is not known); "#" begins a comment.  Addresses are the real
 * ones, also with --anonymize.
 */
#ifndef PPTPSCOPE_JUDGING_H
#define PPTPSCOPE_JUDGING_H

#include "analyzer/report.h"
#include "conformance/judge.h"
#include "tools/baseline.h"
#include "tools/options.h"

/* clang-format off */
#define JUDGING_OPTIONS \
	{ 0, "profile", "NAME", "what to judge by: rfc2637 (default) or ms-ptpt" }, \
	{ 0, "only", "ID", "judge only this requirement, or an area such as GRE (repeatable)" }, \
	{ 0, "except", "ID", "do not judge this requirement or area (repeatable)" }, \
	{ 0, "min-severity", "NAME", "leave out findings below note (default), warning or error" }, \
	{ 0, "strict", NULL, "fail the run for warnings, too (a SHOULD violated)" }, \
	{ 0, "expect", "FILE", "fail the run only for findings that this baseline does not accept" }, \
	{ 0, "write-expect", "FILE", "write a baseline that accepts the findings of this run" }
/* clang-format on */

struct judging {
	const struct options *options;
	struct judge_options judge;
	bool selected[RULES];
	enum severity least;
	bool strict;
	struct baseline_list accepted; /* of --expect */
	struct baseline_list found;    /* for --write-expect */
	const char **fixed; /* for the summary; owned, its texts are of `accepted` */
	bool failed;        /* a finding that fails the run was seen */
	bool memory_failed;
};

/* Reads the options.  False: *status is the exit status and the reason was said. */
bool judging_start(struct judging *g, const struct options *o, int *status);

/* What is judged when nothing is asked for by name. */
void judging_default(enum rule_profile profile, bool selected[RULES]);

/* Whether a finding is to be shown; *baseline says what it is against --expect. */
bool judging_shows(struct judging *g, const struct finding *f, enum baseline *baseline,
		   struct report_summary *s);

/* Fills in what the baseline had that did not occur, and writes --write-expect.  False: could not. */
bool judging_end(struct judging *g, struct report_summary *s);

void judging_free(struct judging *g);

#endif
