/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run of active tests as JUnit XML: a testsuite for each RFC section, a testcase for each test.
 *
 * Sections come back as tests end in another order, so the document is written anew after each test
 * where the output is a file: whoever looks, or interrupts, finds a whole document.
 */
#include <stdlib.h>
#include <unistd.h>

#include "analyzer/report_conform.h"

struct suite {
	struct suite *next;
	const char *section; /* NULL: the sanity tests */
	struct report_kept *first, **last;
	unsigned tests, failures, errors, skipped;
	double seconds;
};

struct report_conform {
	struct report_conform_options o;
	struct suite *suites;
	char device[600];
	bool failed;
};

static struct report_conform *begin(const struct report_conform_options *o)
{
	struct report_conform *r = calloc(1, sizeof(*r));

	if (r)
		r->o = *o;
	return r;
}

/* --- keeping --------------------------------------------------------------------------------- */

static bool same_section(const struct suite *s, const char *section)
{
	return section ? s->section && strcmp(s->section, section) == 0 : !s->section;
}

/* The suite of a section, made in its place; NULL: no memory. */
static struct suite *suite_of(struct report_conform *r, const char *section)
{
	struct suite **at = &r->suites, *s;

	while (*at && !same_section(*at, section) &&
	       (!(*at)->section || (section && report_section_cmp((*at)->section, section) < 0)))
		at = &(*at)->next;
	if (*at && same_section(*at, section))
		return *at;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->section = section;
	s->last = &s->first;
	s->next = *at;
	*at = s;
	return s;
}

/* A device that cannot be judged by a test is nobody's error. */
static bool is_skip(const struct test_result *t)
{
	return t->verdict == VERDICT_SKIPPED || t->verdict == VERDICT_UNSUPPORTED ||
	       (t->verdict == VERDICT_INCONCLUSIVE && test_counts(t) && !t->ours);
}

static bool is_failure(const struct test_result *t)
{
	return t->verdict == VERDICT_FAIL ||
	       (t->verdict == VERDICT_INCONCLUSIVE && !test_counts(t) && !t->ours);
}

static bool keep(struct report_conform *r, const struct test_result *t, enum baseline b)
{
	struct suite *s = suite_of(r, report_section(t));
	struct report_kept *k = s ? report_keep(t, b) : NULL;

	if (!k)
		return false;
	*s->last = k;
	s->last = &k->next;
	s->tests++;
	s->errors += t->ours;
	s->failures += !t->ours && is_failure(t);
	s->skipped += !t->ours && is_skip(t);
	s->seconds += t->duration;
	return true;
}

/* --- writing --------------------------------------------------------------------------------- */

static void put_xml(FILE *out, const char *text)
{
	char buf[REPORT_PLAIN];

	for (const char *c = report_plain(text, buf); *c; c++) {
		const char *entity = *c == '&'   ? "&amp;"
				     : *c == '<' ? "&lt;"
				     : *c == '>' ? "&gt;"
				     : *c == '"' ? "&quot;"
						 : NULL;

		if (entity)
			fputs(entity, out);
		else
			fputc(*c, out);
	}
}

static void put_attribute(FILE *out, const char *name, const char *text)
{
	fprintf(out, " %s=\"", name);
	put_xml(out, text);
	fputc('"', out);
}

static void put_labelled(FILE *out, const char *label, const char *text)
{
	if (!*text)
		return;
	fprintf(out, "%s: ", label);
	put_xml(out, text);
	fputc('\n', out);
}

/* The element that says why it did not pass. */
static void put_outcome(FILE *out, const struct test_result *t)
{
	const char *element = t->ours ? "error" : is_failure(t) ? "failure" : "skipped";
	const char *why = *t->observed ? t->observed : t->reason;

	if (t->verdict == VERDICT_PASS && !t->ours)
		return;
	fprintf(out, "      <%s", element);
	put_attribute(out, "message", why);
	if (strcmp(element, "skipped") != 0)
		put_attribute(out, "type", verdict_name(t->verdict));
	fputs(">", out);
	put_labelled(out, "verdict", verdict_name(t->verdict));
	put_labelled(out, "requirement", t->test ? rules[t->test->rule].statement : "");
	put_labelled(out, "stimulus", t->test ? t->test->stimulus : "");
	put_labelled(out, "expected", t->expected);
	put_labelled(out, "observed", why);
	put_labelled(out, "capture", t->capture);
	put_labelled(out, "known of", t->known_as);
	fprintf(out, "</%s>\n", element);
}

static void put_notes(FILE *out, const struct test_result *t)
{
	if (!t->nnotes)
		return;
	fputs("      <system-out>", out);
	for (unsigned i = 0; i < t->nnotes; i++)
		put_labelled(out, t->note[i].warning ? "warning" : "note", t->note[i].text);
	fputs("</system-out>\n", out);
}

static void put_case(FILE *out, enum role dut, const struct test_result *t)
{
	const char *area = t->test ? rule_area_name(rules[t->test->rule].area) : "SANITY";

	fputs("    <testcase", out);
	put_attribute(out, "name", t->name);
	fprintf(out, " classname=\"pptpscope.%s.%s\" time=\"%.6f\"", dut == ROLE_PAC ? "pac" : "pns", area,
		t->duration);
	if (t->verdict == VERDICT_PASS && !t->ours && !t->nnotes) {
		fputs("/>\n", out);
		return;
	}
	fputs(">\n", out);
	put_outcome(out, t);
	put_notes(out, t);
	fputs("    </testcase>\n", out);
}

static void put_counts(FILE *out, unsigned tests, unsigned failures, unsigned errors, unsigned skipped,
		       double seconds)
{
	fprintf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\" time=\"%.6f\">\n", tests,
		failures, errors, skipped, seconds);
}

static void put_suite(FILE *out, const struct report_conform *r, const struct suite *s)
{
	char name[64] = "sanity";

	if (s->section)
		snprintf(name, sizeof(name), "%s%s",
			 *s->section >= '0' && *s->section <= '9' ? "RFC 2637 section " : "", s->section);
	fputs("  <testsuite", out);
	put_attribute(out, "name", name);
	put_counts(out, s->tests, s->failures, s->errors, s->skipped, s->seconds);
	if (*r->device) {
		fputs("    <properties><property name=\"device\"", out);
		put_attribute(out, "value", r->device);
		fputs("/></properties>\n", out);
	}
	for (const struct report_kept *k = s->first; k; k = k->next)
		put_case(out, r->o.dut, &k->r);
	fputs("  </testsuite>\n", out);
}

static void put_all(struct report_conform *r)
{
	unsigned tests = 0, failures = 0, errors = 0, skipped = 0;
	FILE *out = r->o.out;
	double seconds = 0;

	for (const struct suite *s = r->suites; s; s = s->next) {
		tests += s->tests;
		failures += s->failures;
		errors += s->errors;
		skipped += s->skipped;
		seconds += s->seconds;
	}
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"pptpscope conform\"", out);
	put_counts(out, tests, failures, errors, skipped, seconds);
	for (const struct suite *s = r->suites; s; s = s->next)
		put_suite(out, r, s);
	fputs("</testsuites>\n", out);
}

/* From the start again: it only grows, so nothing old is left behind the end. */
static void write_anew(struct report_conform *r)
{
	rewind(r->o.out);
	put_all(r);
	r->failed |= fflush(r->o.out) != 0;
	r->failed |= ftruncate(fileno(r->o.out), ftell(r->o.out)) != 0;
}

static void test(struct report_conform *r, const struct test_result *t, enum baseline b,
		 const struct report_device *d)
{
	if (d->seen)
		snprintf(r->device, sizeof(r->device), "%s, vendor %s%s%s", d->host_name, d->vendor_name,
			 d->words ? ", looks like " : "", d->words ? d->words : "");
	if (!keep(r, t, b))
		r->failed = true;
	else if (r->o.file)
		write_anew(r);
}

static void free_suites(struct suite *s)
{
	while (s) {
		struct suite *next = s->next;

		report_kept_free(s->first);
		free(s);
		s = next;
	}
}

static bool end(struct report_conform *r, const struct report_conform_summary *s)
{
	bool ok;

	(void)s;
	if (r->o.file)
		write_anew(r);
	else
		put_all(r);
	ok = fflush(r->o.out) == 0 && !ferror(r->o.out) && !r->failed;
	free_suites(r->suites);
	free(r);
	return ok;
}

const struct report_conform_ops report_junit = { "junit", begin, test, end };
