/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See judging.h. */
#include "tools/judging.h"

#include <stdlib.h>
#include <string.h>

#include "dissectors/ip.h"

enum { MAX_FINDINGS = 1000000 };

/*
 * What another rule always says better: reported only when it is asked for by name.  The readme of
 * the catalogue ("which id, when several fit") has the reasons.
 */
static const enum rule_number subsumed[] = {
	RULE_CALL_UNIQ_01,      RULE_MSG_LEN_01,    RULE_MSG_RSVD_01,       RULE_PACIN_EST_02,
	RULE_PACOUT_ERRCODE_01, RULE_PACOUT_EST_01, RULE_PACOUT_ILLEGAL_02, RULE_PACOUT_REPLY_01,
};

/* --- selection ----------------------------------------------------------------------------- */

/* Sets or clears what a name of --only or --except means; false when it means nothing. */
static bool select_named(struct judging *g, const char *name, bool value)
{
	bool found = false;

	for (unsigned i = 0; i < RULES; i++)
		if (rule_named(&rules[i], name)) {
			g->selected[i] = value;
			found = true;
		}
	return found;
}

static void select_all(bool selected[RULES])
{
	for (unsigned i = 0; i < RULES; i++)
		selected[i] = rule_passive(&rules[i]);
	for (size_t i = 0; i < sizeof(subsumed) / sizeof(subsumed[0]); i++)
		selected[subsumed[i]] = false;
}

void judging_default(enum rule_profile profile, bool selected[RULES])
{
	select_all(selected);
	for (unsigned i = 0; i < RULES; i++)
		selected[i] &= rule_holds(&rules[i], profile);
}

static bool names(struct judging *g, const char *option, bool value)
{
	for (size_t i = 0; i < options_count(g->options, option); i++) {
		const char *name = options_nth(g->options, option, i);

		if (select_named(g, name, value))
			continue;
		options_usage_error(g->options,
				    "--%s %s: no requirement has this id ('pptpscope rules' lists them)",
				    option, name);
		return false;
	}
	return true;
}

static bool selection(struct judging *g)
{
	bool any = false;

	if (!options_given(g->options, "only"))
		select_all(g->selected);
	if (!names(g, "only", true) || !names(g, "except", false))
		return false;
	for (unsigned i = 0; i < RULES; i++) {
		g->selected[i] &= rule_passive(&rules[i]) && rule_holds(&rules[i], g->judge.profile);
		any |= g->selected[i];
	}
	if (!any)
		options_usage_error(g->options,
				    "the selection leaves no requirement that a capture can be judged by");
	return any;
}

static bool severity(struct judging *g)
{
	const char *name = options_value(g->options, "min-severity", "note");

	for (unsigned s = 0; s < SEVERITIES; s++)
		if (strcmp(name, rule_severity_name((enum severity)s)) == 0) {
			g->least = (enum severity)s;
			return true;
		}
	options_usage_error(g->options, "--min-severity takes note, warning or error, not '%s'", name);
	return false;
}

/* --- baseline ------------------------------------------------------------------------------ */

static void finding_line(const struct finding *f, char line[BASELINE_LINE])
{
	char addr[IP_ADDR_TEXT];

	snprintf(line, BASELINE_LINE, "%s %s", f->id, f->has_fault ? ip_addr_text(&f->at_fault, addr) : "-");
}

static bool is_id(const char *word)
{
	return rule_by_id(word);
}

static bool read_accepted(struct judging *g, int *status)
{
	const char *path = options_value(g->options, "expect", NULL);

	return !path || baseline_read(&g->accepted, g->options, path, "ID ADDRESS", is_id, status);
}

static bool write_found(struct judging *g)
{
	const char *path = options_value(g->options, "write-expect", NULL);

	return !path || baseline_write(&g->found, g->options, path,
				       "Findings accepted by pptpscope --expect: requirement, and address of the "
				       "side at fault.");
}

/* --- the run ------------------------------------------------------------------------------- */

bool judging_start(struct judging *g, const struct options *o, int *status)
{
	const char *profile = options_value(o, "profile", "rfc2637");

	memset(g, 0, sizeof(*g));
	g->options = o;
	g->judge.max_findings = MAX_FINDINGS;
	g->judge.selected = g->selected;
	*status = EXIT_USAGE;
	if (!rule_profile_by_name(profile, &g->judge.profile)) {
		options_usage_error(o, "there is no profile '%s'; there are rfc2637 and ms-ptpt", profile);
		return false;
	}
	g->strict = options_given(o, "strict");
	return selection(g) && severity(g) && read_accepted(g, status);
}

/* Whether it fails the run: what must not be, and with --strict what should not be. */
static bool fails(const struct judging *g, const struct finding *f)
{
	return f->severity == SEVERITY_ERROR || (g->strict && f->severity == SEVERITY_WARNING);
}

bool judging_shows(struct judging *g, const struct finding *f, enum baseline *baseline,
		   struct report_summary *s)
{
	struct baseline_line *known = NULL;
	char line[BASELINE_LINE];

	*baseline = BASELINE_NONE;
	if (f->severity < g->least)
		return false;
	finding_line(f, line);
	if (options_given(g->options, "write-expect") && !baseline_add(&g->found, line))
		g->memory_failed = true;
	if (options_given(g->options, "expect")) {
		known = baseline_find(&g->accepted, line);
		if (known)
			known->seen = true;
		*baseline = known ? BASELINE_UNCHANGED : BASELINE_NEW;
		s->baseline.fresh += !known;
		s->baseline.unchanged += known != NULL;
	}
	s->findings[f->severity]++;
	g->failed |= !known && fails(g, f);
	return true;
}

bool judging_end(struct judging *g, struct report_summary *s)
{
	if (options_given(g->options, "expect")) {
		size_t fixed;

		s->baseline.used = true;
		g->fixed = baseline_unseen(&g->accepted, &fixed);
		s->baseline.fixed = fixed;
		s->baseline.fixed_lines = g->fixed;
	}
	return write_found(g) && !g->memory_failed;
}

void judging_free(struct judging *g)
{
	baseline_free(&g->accepted);
	baseline_free(&g->found);
	free(g->fixed);
}
