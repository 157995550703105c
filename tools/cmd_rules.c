/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pptpscope rules: lists and explains what peers are held to. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/report_rules.h"
#include "conformance/rule.h"
#include "tools/commands.h"
#include "tools/rules_man.h"
#include "tools/version.h"

enum { WIDTH = 80, TAB = 4, LABEL = 12 };

static const struct option_desc table[] = {
	{ 0, "area", "AREA", "only requirements of an area, as GRE or KA (repeatable)" },
	{ 0, "level", "LEVEL", "only of a level, as MUST or should-not (repeatable)" },
	{ 0, "passive", NULL, "only what a capture can be judged by" },
	{ 0, "active", NULL, "only what has an active test of its own" },
	{ 0, "profile", "NAME", "only what holds under rfc2637 or ms-ptpt" },
	{ 'f', "format", "NAME", "text (default), json or man" },
	{ 'o', "output", "FILE", "write to FILE instead of standard output" },
	{ 'v', "verbose", NULL, "explain each requirement instead of listing it" },
	{ 0, NULL, NULL, NULL },
};

/* --- text ---------------------------------------------------------------------------------- */

static void put_spaces(FILE *to, size_t n)
{
	fprintf(to, "%*s", (int)n, "");
}

/* Words from column `indent` on, where the cursor is, to WIDTH. */
static void put_wrapped(FILE *to, size_t indent, const char *text)
{
	size_t column = indent;

	while (*text) {
		size_t word = strcspn(text, " ");

		if (column > indent && column + 1 + word > WIDTH) {
			fputc('\n', to);
			put_spaces(to, indent);
			column = indent;
		} else if (column > indent) {
			fputc(' ', to);
			column++;
		}
		fwrite(text, 1, word, to);
		column += word;
		text += word + strspn(text + word, " ");
	}
	fputc('\n', to);
}

/* Two texts as one paragraph behind a label. */
static void put_field(FILE *to, const char *label, const char *text, const char *more)
{
	char joined[512];

	snprintf(joined, sizeof(joined), "%s%s", text, more);
	fprintf(to, "%*s%-*s", TAB, "", LABEL, label);
	put_wrapped(to, TAB + LABEL, joined);
}

/* The severity, and what becomes of it where a finding is not proven. */
static void explain_severity(FILE *to, const struct rule *r)
{
	enum severity suspected = rule_severity(r, SUSPECTED);
	char less[64] = "";

	if (suspected != r->severity && r->proof == PROOF_SUSPECTED)
		snprintf(less, sizeof(less), ", reported as %s because only suspected",
			 rule_severity_name(suspected));
	else if (suspected != r->severity && r->proof == PROOF_CONDITIONAL)
		snprintf(less, sizeof(less), ", %s where only suspected", rule_severity_name(suspected));
	put_field(to, "severity", rule_severity_name(r->severity), less);
}

static void explain_unless(FILE *to, unsigned unless)
{
	const char *label = "withheld";

	for (unsigned bit = 0; bit < UNLESS_BITS; bit++) {
		if (unless >> bit & 1) {
			fprintf(to, "%*s%-*s%-*s ", TAB, "", LABEL, label, LABEL, rule_unless_name(bit));
			put_wrapped(to, TAB + LABEL + LABEL + 1, rule_unless_words(bit));
			label = "";
		}
	}
}

static void explain_passive(FILE *to, const struct rule *r)
{
	if (!rule_passive(r)) {
		put_field(to, "passive", "no: ", r->check);
		return;
	}
	put_field(to, "passive", "yes, ", rule_proof_name(r->proof));
	put_field(to, "violation", r->check, "");
	explain_unless(to, r->unless);
}

static void explain_active(FILE *to, const struct rule *r)
{
	if (rule_active(r))
		put_field(to, "active", r->dut == DUT_ANY ? "yes, of a device of either role" : "yes, of a ",
			  r->dut == DUT_ANY ? "" : rule_dut_name(r->dut));
	else
		put_field(to, "active", "no test of its own: nothing makes a device show it on demand, ",
			  "but it is judged on what passes in the tests of others");
}

static void explain_profile(FILE *to, const struct rule *r)
{
	static const char *const words[EFFECTS] = {
		[EFFECT_SAME] = "the same",
		[EFFECT_OFF] = "does not hold: ",
		[EFFECT_RELAXED] = "relaxed: ",
		[EFFECT_CHANGED] = "changed: ",
		[EFFECT_ONLY] = "holds in this profile only",
	};

	put_field(to, "ms-ptpt", words[r->effect], r->note ? r->note : "");
}

static void explain(FILE *to, const struct rule *r)
{
	fprintf(to, "%s\n%*s", r->id, TAB, "");
	put_wrapped(to, TAB, r->statement);
	fputc('\n', to);
	put_field(to, "area", rule_area_words(r->area), "");
	put_field(to, "section", r->effect == EFFECT_ONLY ? "" : "RFC 2637, ", r->section);
	put_field(to, "level", rule_level_name(r->level), "");
	put_field(to, "obliged", rule_side_name(r->obliged), "");
	explain_severity(to, r);
	explain_passive(to, r);
	explain_active(to, r);
	explain_profile(to, r);
}

static void put_row(FILE *to, const char *id, const char *section, const char *level, const char *obliged,
		    const char *judged, const char *severity)
{
	fprintf(to, "%-21s %-18s %-10s %-10s %-7s %s\n", id, section, level, obliged, judged, severity);
}

static void list(FILE *to, const struct rule_filter *f)
{
	struct rule_filter passive = *f, active = *f;

	put_row(to, "ID", "SECTION", "LEVEL", "OBLIGED", "JUDGED", "SEVERITY");
	for (const struct rule *r = NULL; (r = rule_next(f, r));) {
		put_row(to, r->id, r->section, rule_level_name(r->level), rule_side_name(r->obliged),
			rule_judged_name(r), rule_severity_name(r->severity));
		put_spaces(to, TAB);
		put_wrapped(to, TAB, r->statement);
	}
	passive.passive = true;
	active.active = true;
	fprintf(to, "\n%zu requirement%s, %zu judged passively, %zu actively\n", rule_count(f),
		rule_count(f) == 1 ? "" : "s", rule_count(&passive), rule_count(&active));
}

/* --- formats ------------------------------------------------------------------------------- */

/* Whole ids are meant to be explained, anything else to be listed. */
static bool wants_words(const struct options *o, const struct rule_filter *f)
{
	for (size_t i = 0; i < f->nnames; i++)
		if (!rule_by_id(f->names[i]))
			return options_given(o, "verbose");
	return f->nnames > 0 || options_given(o, "verbose");
}

static bool write_text(const struct options *o, const struct rule_filter *f, FILE *to)
{
	const struct rule *r = NULL;

	if (!wants_words(o, f)) {
		list(to, f);
		return true;
	}
	while ((r = rule_next(f, r))) {
		explain(to, r);
		if (rule_next(f, r))
			fputc('\n', to);
	}
	return true;
}

static bool write_json(const struct options *o, const struct rule_filter *f, FILE *to)
{
	(void)o;
	return report_json_rules(to, f, PPTPSCOPE_VERSION);
}

static bool write_man(const struct options *o, const struct rule_filter *f, FILE *to)
{
	(void)o;
	rules_man(to, f);
	return true;
}

static const struct format {
	const char *name;
	bool (*write)(const struct options *o, const struct rule_filter *f, FILE *to);
} formats[] = {
	{ "text", write_text },
	{ "json", write_json },
	{ "man", write_man },
	{ NULL, NULL },
};

static const struct format *format_of(const struct options *o)
{
	const char *name = options_value(o, "format", formats[0].name);

	for (size_t i = 0; formats[i].name; i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	options_usage_error(o, "there is no format '%s'; it is text, json or man", name);
	return NULL;
}

/* --- selection ----------------------------------------------------------------------------- */

static bool select_areas(const struct options *o, struct rule_filter *f)
{
	for (size_t i = 0; i < options_count(o, "area"); i++) {
		enum rule_area a;

		if (!rule_area_by_name(options_nth(o, "area", i), &a)) {
			options_usage_error(o, "there is no area '%s'", options_nth(o, "area", i));
			return false;
		}
		f->areas |= UINT64_C(1) << a;
	}
	return true;
}

static bool select_levels(const struct options *o, struct rule_filter *f)
{
	for (size_t i = 0; i < options_count(o, "level"); i++) {
		enum rule_level l;

		if (!rule_level_by_name(options_nth(o, "level", i), &l)) {
			options_usage_error(
				o,
				"there is no level '%s'; it is MUST, MUST-NOT, SHOULD, SHOULD-NOT, "
				"MAY or implied",
				options_nth(o, "level", i));
			return false;
		}
		f->levels |= 1U << l;
	}
	return true;
}

static bool select_profile(const struct options *o, struct rule_filter *f)
{
	const char *name = options_value(o, "profile", NULL);

	f->by_profile = name != NULL;
	if (!name || rule_profile_by_name(name, &f->profile))
		return true;
	options_usage_error(o, "there is no profile '%s'; it is rfc2637 or ms-ptpt", name);
	return false;
}

/* Each operand has to name something: a mistyped id is not passed over because of the others. */
static bool check_names(const struct options *o, const struct rule_filter *f)
{
	for (size_t i = 0; i < f->nnames; i++) {
		const struct rule_filter one = { .names = &f->names[i], .nnames = 1 };

		if (!rule_next(&one, NULL)) {
			options_usage_error(o, "there is no requirement '%s'", f->names[i]);
			return false;
		}
	}
	return true;
}

static bool select_rules(const struct options *o, struct rule_filter *f)
{
	f->passive = options_given(o, "passive");
	f->active = options_given(o, "active");
	if (!check_names(o, f) || !select_areas(o, f) || !select_levels(o, f) || !select_profile(o, f))
		return false;
	if (rule_next(f, NULL))
		return true;
	options_usage_error(o, "no requirement fits all that was asked for");
	return false;
}

/* --- command ------------------------------------------------------------------------------- */

static int write_to(const struct options *o, const struct format *format, const struct rule_filter *f)
{
	const char *path = options_value(o, "output", NULL);
	FILE *to = path ? fopen(path, "w") : stdout;
	bool written;
	int why;

	if (!to) {
		options_say(o, "%s: %s", path, strerror(errno));
		return EXIT_PARTIAL;
	}
	errno = 0;
	written = format->write(o, f, to) && fflush(to) == 0 && !ferror(to);
	why = errno;
	if (path && fclose(to) != 0 && written) {
		written = false;
		why = errno;
	}
	if (!written)
		options_say(o, "%s: %s", path ? path : "standard output", strerror(why));
	return written ? EXIT_OK : EXIT_PARTIAL;
}

static int run(const struct options *o)
{
	const struct format *format = format_of(o);
	struct rule_filter f = { .nnames = options_operands(o) };
	const char **names;
	int status = EXIT_USAGE;

	if (!format)
		return EXIT_USAGE;
	names = calloc(f.nnames + 1, sizeof(*names));
	if (!names) {
		options_say(o, "%s", strerror(errno));
		return EXIT_PARTIAL;
	}
	for (size_t i = 0; i < f.nnames; i++)
		names[i] = options_operand(o, i);
	f.names = names;
	if (select_rules(o, &f))
		status = write_to(o, format, &f);
	free(names);
	return status;
}

const struct command cmd_rules = {
	.name = "rules",
	.operands = "[ID]...",
	.help = "list and explain the requirements that peers are judged by",
	.details = "ID is the id of a requirement, or its beginning up to a hyphen: OCRP-CALLID-01, GRE-ACK, "
		   "GRE.\n"
		   "Whole ids are explained, everything else is listed.  pptpscope-rules(7) holds them all.",
	.options = table,
	.run = run,
};
