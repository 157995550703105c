/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See judging.h. */
#include "tools/judging.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dissectors/ip.h"

enum { LINE = 128, MAX_FINDINGS = 1000000 };

struct accepted {
	char line[LINE]; /* "ID ADDRESS" */
	bool seen;
};

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

static int by_line(const void *a, const void *b)
{
	return strcmp(((const struct accepted *)a)->line, ((const struct accepted *)b)->line);
}

static bool add_line(struct accepted **list, size_t *n, size_t *room, const char *line)
{
	if (*n == *room) {
		size_t more = *room ? *room * 2 : 64;
		struct accepted *grown = realloc(*list, more * sizeof(*grown));

		if (!grown)
			return false;
		*list = grown;
		*room = more;
	}
	memset(&(*list)[*n], 0, sizeof(**list));
	snprintf((*list)[*n].line, LINE, "%s", line);
	(*n)++;
	return true;
}

static void sort_unique(struct accepted *list, size_t *n)
{
	size_t kept = 0;

	if (*n)
		qsort(list, *n, sizeof(*list), by_line);
	for (size_t i = 0; i < *n; i++)
		if (!kept || strcmp(list[kept - 1].line, list[i].line) != 0)
			list[kept++] = list[i];
	*n = kept;
}

static void finding_line(const struct finding *f, char line[LINE])
{
	char addr[IP_ADDR_TEXT];

	snprintf(line, LINE, "%s %s", f->id, f->has_fault ? ip_addr_text(&f->at_fault, addr) : "-");
}

/* "ID ADDRESS" with single blanks, without comment; empty for an empty line; NULL for nonsense. */
static const char *baseline_line(char *raw, char line[LINE])
{
	char *id, *address, *rest;

	raw[strcspn(raw, "#\r\n")] = '\0';
	id = strtok_r(raw, " \t", &rest);
	address = id ? strtok_r(NULL, " \t", &rest) : NULL;
	line[0] = '\0';
	if (!id)
		return line;
	if (!address || strtok_r(NULL, " \t", &rest) || !rule_by_id(id))
		return NULL;
	return snprintf(line, LINE, "%s %s", id, address) < LINE ? line : NULL;
}

static bool read_baseline(struct judging *g, int *status)
{
	const char *path = options_value(g->options, "expect", NULL);
	char raw[512], line[LINE];
	size_t room = 0, number = 0;
	FILE *file;
	bool ok = true;

	if (!path)
		return true;
	file = fopen(path, "r");
	if (!file) {
		options_say(g->options, "cannot read %s: %s", path, strerror(errno));
		*status = EXIT_PARTIAL;
		return false;
	}
	while (ok && fgets(raw, sizeof(raw), file)) {
		const char *got = baseline_line(raw, line);

		number++;
		if (!got)
			options_usage_error(g->options, "%s:%zu: a baseline has lines 'ID ADDRESS'", path,
					    number);
		ok = got && (!*got || add_line(&g->accepted, &g->naccepted, &room, got));
	}
	fclose(file);
	sort_unique(g->accepted, &g->naccepted);
	return ok;
}

static bool write_baseline(struct judging *g)
{
	const char *path = options_value(g->options, "write-expect", NULL);
	FILE *file;
	bool ok;

	if (!path)
		return true;
	sort_unique(g->found, &g->nfound);
	file = fopen(path, "w");
	if (!file) {
		options_say(g->options, "cannot write %s: %s", path, strerror(errno));
		return false;
	}
	fputs("# Findings accepted by pptpscope --expect: requirement, and address of the side at fault.\n",
	      file);
	for (size_t i = 0; i < g->nfound; i++)
		fprintf(file, "%s\n", g->found[i].line);
	ok = !ferror(file);
	if (fclose(file) != 0 || !ok) {
		options_say(g->options, "cannot write %s: %s", path, strerror(errno));
		return false;
	}
	return true;
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
	return selection(g) && severity(g) && read_baseline(g, status);
}

/* Whether it fails the run: what must not be, and with --strict what should not be. */
static bool fails(const struct judging *g, const struct finding *f)
{
	return f->severity == SEVERITY_ERROR || (g->strict && f->severity == SEVERITY_WARNING);
}

bool judging_shows(struct judging *g, const struct finding *f, enum baseline *baseline,
		   struct report_summary *s)
{
	struct accepted key, *known = NULL;

	*baseline = BASELINE_NONE;
	if (f->severity < g->least)
		return false;
	memset(&key, 0, sizeof(key));
	finding_line(f, key.line);
	if (options_given(g->options, "write-expect") &&
	    !add_line(&g->found, &g->nfound, &g->found_room, key.line))
		g->memory_failed = true;
	if (options_given(g->options, "expect")) {
		if (g->naccepted)
			known = bsearch(&key, g->accepted, g->naccepted, sizeof(key), by_line);
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
		s->baseline.used = true;
		g->fixed = calloc(g->naccepted + 1, sizeof(*g->fixed));
		for (size_t i = 0; g->fixed && i < g->naccepted; i++)
			if (!g->accepted[i].seen)
				g->fixed[s->baseline.fixed++] = g->accepted[i].line;
		s->baseline.fixed_lines = g->fixed;
	}
	return write_baseline(g) && !g->memory_failed;
}

void judging_free(struct judging *g)
{
	free(g->accepted);
	free(g->found);
	free(g->fixed);
}
