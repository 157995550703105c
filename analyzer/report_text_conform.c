/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run of active tests for people: a line as each ends, then failures once more, and what it comes to. */
#include <stdlib.h>

#include "analyzer/report_conform.h"
#include "analyzer/report_text_put.h"

enum { SECTIONS_MAX = 128, REASONS_MAX = 48, NAME_COLUMN = 8, TIME_COLUMN = 28, TEXT_COLUMN = 38 };

struct section_count {
	const char *section;
	unsigned verdicts[VERDICTS];
};

struct reason_count {
	char text[RESULT_TEXT];
	unsigned count;
};

struct report_conform {
	struct report_conform_options o;
	struct text text;
	bool device_said;
	int area; /* of the heading last printed, -1: none */
	struct report_kept *failed, **last_failed, *warned, **last_warned;
	struct section_count section[SECTIONS_MAX];
	unsigned nsections;
	struct reason_count reason[REASONS_MAX]; /* why tests were skipped */
	unsigned nreasons;
};

static struct report_conform *begin(const struct report_conform_options *o)
{
	struct report_conform *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->o = *o;
	r->text = (struct text){ .out = o->out, .width = o->width ? o->width : 100, .colour = o->colour };
	r->area = -1;
	r->last_failed = &r->failed;
	r->last_warned = &r->warned;
	return r;
}

/* --- as tests end ---------------------------------------------------------------------------- */

static void say_device(struct report_conform *r, const struct report_device *d)
{
	struct text *t = &r->text;

	if (r->device_said || !d->seen)
		return;
	r->device_said = true;
	text_open(t, 0, 2);
	text_words(t, BOLD, "%s", r->o.dut == ROLE_PAC ? "PAC" : "PNS");
	if (r->o.address)
		text_words(t, PLAIN, "at %s port %u:", r->o.address, r->o.port);
	text_item(t, PLAIN, "host \"%s\"", d->host_name);
	text_item(t, PLAIN, "vendor \"%s\"", d->vendor_name);
	text_item(t, PLAIN, "firmware %u", d->firmware);
	if (d->words)
		text_item(t, PLAIN, "looks like %s", d->words);
	text_close(t);
}

static void say_area(struct report_conform *r, const struct test_result *result)
{
	int area = result->test ? (int)rules[result->test->rule].area : -1;

	if (area == r->area || area < 0)
		return;
	r->area = area;
	text_line(&r->text, "\n%s%s%s  %s", text_style(r->text.colour, BOLD),
		  rule_area_name((enum rule_area)area), text_style_end(r->text.colour, BOLD),
		  rule_area_words((enum rule_area)area));
}

static const struct {
	const char *word;
	enum style style;
} marks[VERDICTS] = {
	[VERDICT_PASS] = { "pass", GREEN },      [VERDICT_FAIL] = { "FAIL", RED },
	[VERDICT_UNSUPPORTED] = { "n/a", CYAN }, [VERDICT_INCONCLUSIVE] = { "??", YELLOW },
	[VERDICT_SKIPPED] = { "skip", DIM },
};

static const char *baseline_words(enum baseline b)
{
	return b == BASELINE_UNCHANGED ? " (as expected by the baseline)" : b == BASELINE_NEW ? " (new)" : "";
}

static void say_notes(struct report_conform *r, const struct test_result *result, bool warnings_only)
{
	char buf[REPORT_PLAIN];

	for (unsigned i = 0; i < result->nnotes; i++) {
		if (warnings_only && !result->note[i].warning)
			continue;
		text_open(&r->text, NAME_COLUMN, NAME_COLUMN + 2);
		text_words(&r->text, result->note[i].warning ? YELLOW : DIM,
			   "%s:", result->note[i].warning ? "warning" : "note");
		text_words(&r->text, PLAIN, "%s", report_plain(result->note[i].text, buf));
		text_close(&r->text);
	}
}

static void say_test(struct report_conform *r, const struct test_result *result, enum baseline b)
{
	struct text *t = &r->text;
	const char *why = *result->observed ? result->observed : result->reason;
	char buf[REPORT_PLAIN];

	text_open(t, 2, text_narrow(t) ? NAME_COLUMN + 2 : TEXT_COLUMN);
	text_words(t, marks[result->verdict].style, "%s", marks[result->verdict].word);
	text_column(t, NAME_COLUMN);
	text_words(t, PLAIN, "%s", result->name);
	text_column(t, TIME_COLUMN);
	if (result->verdict != VERDICT_SKIPPED)
		text_words(t, DIM, "%.1f" NBSP "s", result->duration);
	if (*why || b != BASELINE_NONE) {
		text_column(t, TEXT_COLUMN);
		text_words(t, PLAIN, "%s%s", report_plain(why, buf), baseline_words(b));
	}
	text_close(t);
	say_notes(r, result, !r->o.verbose);
	fflush(r->o.out);
}

/* --- what it comes to ------------------------------------------------------------------------ */

static void count_section(struct report_conform *r, const struct test_result *result)
{
	const char *section = report_section(result);
	unsigned i = 0;

	if (!section)
		return;
	while (i < r->nsections && strcmp(r->section[i].section, section) != 0)
		i++;
	if (i == SECTIONS_MAX)
		return;
	if (i == r->nsections)
		r->section[r->nsections++].section = section;
	r->section[i].verdicts[result->verdict]++;
}

static void count_reason(struct report_conform *r, const struct test_result *result)
{
	unsigned i = 0;

	if (result->verdict != VERDICT_SKIPPED)
		return;
	while (i < r->nreasons && strcmp(r->reason[i].text, result->reason) != 0)
		i++;
	if (i == REASONS_MAX)
		return;
	if (i == r->nreasons)
		memcpy(r->reason[r->nreasons++].text, result->reason, RESULT_TEXT);
	r->reason[i].count++;
}

static void keep(struct report_kept ***last, const struct test_result *result, enum baseline b)
{
	struct report_kept *k = report_keep(result, b);

	if (!k)
		return;
	**last = k;
	*last = &k->next;
}

static void test(struct report_conform *r, const struct test_result *result, enum baseline b,
		 const struct report_device *d)
{
	count_section(r, result);
	count_reason(r, result);
	if (result->verdict == VERDICT_FAIL || (!test_counts(result) && result->verdict != VERDICT_PASS))
		keep(&r->last_failed, result, b);
	else if (result->warned)
		keep(&r->last_warned, result, b);
	if (r->o.quiet)
		return;
	say_device(r, d);
	if (!test_counts(result) && result->verdict == VERDICT_PASS && !r->o.verbose)
		return;
	say_area(r, result);
	say_test(r, result, b);
}

static void say_labelled(struct report_conform *r, const char *label, const char *words)
{
	char buf[REPORT_PLAIN];

	if (!words || !*words)
		return;
	text_label(&r->text, 4, 12, label);
	text_words(&r->text, PLAIN, "%s", report_plain(words, buf));
	text_close(&r->text);
}

static void say_failure(struct report_conform *r, const struct report_kept *k)
{
	const struct test_result *result = &k->r;
	const struct rule *rule = result->test ? &rules[result->test->rule] : NULL;

	text_open(&r->text, 2, 4);
	text_words(&r->text, RED, "%s", result->name);
	if (rule)
		text_words(&r->text, PLAIN, "(%s, section %s)%s", rule_level_name(rule->level), rule->section,
			   baseline_words(k->baseline));
	text_close(&r->text);
	if (rule) {
		say_labelled(r, "rule", rule->statement);
		say_labelled(r, "tester", result->test->stimulus);
	}
	say_labelled(r, "expected", result->expected);
	say_labelled(r, "observed", *result->observed ? result->observed : result->reason);
	say_labelled(r, "known of", result->known_as);
	say_labelled(r, "packets", result->capture);
}

static int by_section(const void *a, const void *b)
{
	return report_section_cmp(((const struct section_count *)a)->section,
				  ((const struct section_count *)b)->section);
}

static void say_sections(struct report_conform *r)
{
	qsort(r->section, r->nsections, sizeof(r->section[0]), by_section);
	text_line(&r->text, "\n%-16s %6s %6s %6s %6s %6s", "Section", "pass", "FAIL", "n/a", "??", "skip");
	for (unsigned i = 0; i < r->nsections; i++) {
		const unsigned *v = r->section[i].verdicts;

		text_line(&r->text, "%-16.16s %6u %s%6u%s %6u %6u %6u", r->section[i].section,
			  v[VERDICT_PASS], v[VERDICT_FAIL] ? text_style(r->text.colour, RED) : "",
			  v[VERDICT_FAIL], v[VERDICT_FAIL] ? text_style_end(r->text.colour, RED) : "",
			  v[VERDICT_UNSUPPORTED], v[VERDICT_INCONCLUSIVE], v[VERDICT_SKIPPED]);
	}
}

static void say_reasons(struct report_conform *r)
{
	char buf[REPORT_PLAIN];

	if (r->nreasons)
		text_line(&r->text, "\nSkipped because");
	for (unsigned i = 0; i < r->nreasons; i++) {
		text_open(&r->text, 2, 4);
		text_words(&r->text, PLAIN, "%s (%u test%s)", report_plain(r->reason[i].text, buf),
			   r->reason[i].count, plural(r->reason[i].count));
		text_close(&r->text);
	}
}

static void say_baseline(struct report_conform *r, const struct report_baseline *b)
{
	if (!b->used)
		return;
	text_line(&r->text, "Against the baseline: %llu new, %llu unchanged, %llu fixed.",
		  (unsigned long long)b->fresh, (unsigned long long)b->unchanged,
		  (unsigned long long)b->fixed);
	for (size_t i = 0; b->fixed_lines && b->fixed_lines[i]; i++)
		text_line(&r->text, "  fixed: %s", b->fixed_lines[i]);
}

static void say_totals(struct report_conform *r, const struct report_conform_summary *s)
{
	struct text *t = &r->text;
	size_t tests = 0;

	for (unsigned v = 0; v < VERDICTS; v++)
		tests += s->verdicts[v];
	for (size_t i = 0; s->notices && s->notices[i]; i++) {
		text_open(t, 0, 2);
		text_words(t, YELLOW, "%s", s->notices[i]);
		text_close(t);
	}
	text_open(t, 0, 2);
	text_words(t, BOLD, "%zu test%s in %.1f" NBSP "s:", tests, plural(tests), s->seconds);
	text_item(t, s->verdicts[VERDICT_PASS] ? GREEN : PLAIN, "%zu" NBSP "passed",
		  s->verdicts[VERDICT_PASS]);
	text_item(t, s->verdicts[VERDICT_FAIL] ? RED : PLAIN, "%zu" NBSP "failed", s->verdicts[VERDICT_FAIL]);
	for (unsigned v = VERDICT_UNSUPPORTED; v < VERDICTS; v++)
		text_item(t, PLAIN, "%zu" NBSP "%s", s->verdicts[v], verdict_name((enum verdict_kind)v));
	if (s->warned)
		text_item(t, YELLOW, "%zu" NBSP "with" NBSP "warnings", s->warned);
	text_close(t);
}

static bool end(struct report_conform *r, const struct report_conform_summary *s)
{
	bool ok;

	if (r->failed)
		text_line(&r->text, "\n%sFailures%s", text_style(r->text.colour, BOLD),
			  text_style_end(r->text.colour, BOLD));
	for (struct report_kept *k = r->failed; k; k = k->next)
		say_failure(r, k);
	if (r->warned && !r->o.quiet)
		text_line(&r->text, "\n%sWarnings%s", text_style(r->text.colour, BOLD),
			  text_style_end(r->text.colour, BOLD));
	for (struct report_kept *k = r->warned; k && !r->o.quiet; k = k->next) {
		text_line(&r->text, "  %s", k->name);
		say_notes(r, &k->r, true);
	}
	if (!r->o.quiet && r->nsections) {
		say_sections(r);
		say_reasons(r);
		text_line(&r->text, "%s", "");
	}
	say_baseline(r, &s->baseline);
	say_totals(r, s);
	ok = fflush(r->o.out) == 0 && !ferror(r->o.out);
	report_kept_free(r->failed);
	report_kept_free(r->warned);
	free(r);
	return ok;
}

const struct report_conform_ops report_text_conform = { "text", begin, test, end };
