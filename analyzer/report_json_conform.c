/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run of active tests as JSON: doc/schema/pptpscope-conform-1.schema.json.  Written as tests end. */
#include <stdlib.h>

#include "analyzer/report_conform.h"
#include "analyzer/report_json_put.h"

struct report_conform {
	struct report_conform_options o;
	struct json json;
	bool opened, failed;                /* "tests" has begun; the output could not be written */
	struct report_kept *sanity, **last; /* their results come at the end */
};

static struct report_conform *begin(const struct report_conform_options *o)
{
	struct report_conform *r = calloc(1, sizeof(*r));

	if (!r || !emit_init(&r->json)) {
		free(r);
		return NULL;
	}
	r->o = *o;
	r->last = &r->sanity;
	return r;
}

static void put_plain(struct json *j, const char *key, const char *text)
{
	char buf[REPORT_PLAIN];

	emit_name(j, key);
	value_text(j, *text ? report_plain(text, buf) : NULL);
}

static uint64_t micros(double seconds)
{
	return (uint64_t)(seconds * 1e6 + 0.5);
}

static void put_device(struct report_conform *r, const struct report_device *d)
{
	struct json *j = &r->json;

	emit_open(j, "dut", '{');
	emit_text(j, "role", r->o.dut == ROLE_PAC ? "pac" : "pns");
	emit_text(j, "address", r->o.address);
	emit_known(j, "port", r->o.address != NULL, r->o.port);
	emit_text(j, "fingerprint", d->words);
	emit_text(j, "known_as", d->peer);
	emit_text(j, "host_name", d->seen ? d->host_name : NULL);
	emit_text(j, "vendor_name", d->seen ? d->vendor_name : NULL);
	emit_known(j, "protocol_version", d->seen, d->version);
	emit_known(j, "firmware_revision", d->seen, d->firmware);
	emit_known(j, "maximum_channels", d->seen, d->channels);
	emit_known(j, "framing_capabilities", d->seen, d->framing);
	emit_known(j, "bearer_capabilities", d->seen, d->bearer);
	emit_close(j, '}');
}

/* What comes before the first test; by then the sanity test has told about the device. */
static void open_tests(struct report_conform *r, const struct report_device *d)
{
	struct json *j = &r->json;

	if (r->opened)
		return;
	r->opened = true;
	value_open(j, '{');
	emit_text(j, "schema", "pptpscope-conform-1");
	emit_open(j, "tool", '{');
	emit_text(j, "name", "pptpscope");
	emit_text(j, "version", r->o.version);
	emit_close(j, '}');
	emit_text(j, "profile", rule_profile_name(r->o.profile));
	emit_uint(j, "seed", r->o.seed);
	emit_seconds(j, "time_scale", micros(r->o.time_scale));
	put_device(r, d);
	emit_open(j, "tests", '[');
}

/* Words between blanks, or commas, as an array. */
static void put_words(struct json *j, const char *words)
{
	char word[64];

	for (int used; words && sscanf(words, " %63[^ ,]%n", word, &used) == 1; words += words[0] == ',') {
		value_text(j, word);
		words += used;
	}
}

/* A scenario has none. */
static void put_requirements(struct json *j, const struct test_case *t)
{
	emit_open(j, "requirements", '[');
	if (t) {
		value_text(j, rules[t->rule].id);
		put_words(j, t->also);
	}
	emit_close(j, ']');
}

static void put_notes(struct json *j, const struct test_result *t)
{
	char buf[REPORT_PLAIN];

	emit_open(j, "notes", '[');
	for (unsigned i = 0; i < t->nnotes; i++) {
		value_open(j, '{');
		emit_text(j, "severity", t->note[i].warning ? "warning" : "note");
		emit_text(j, "text", report_plain(t->note[i].text, buf));
		emit_close(j, '}');
	}
	emit_close(j, ']');
}

/* Ids of what the passive judge found about the device meanwhile, each once. */
static void put_findings(struct json *j, const struct test_result *t)
{
	emit_open(j, "findings", '[');
	for (size_t i = 0; i < t->nfindings; i++) {
		bool before = false;

		for (size_t k = 0; k < i && !before; k++)
			before = strcmp(t->findings[k].id, t->findings[i].id) == 0;
		if (!before)
			value_text(j, t->findings[i].id);
	}
	emit_close(j, ']');
}

static void put_close_verdict(struct json *j, const struct test_result *t)
{
	emit_text(j, "close_verdict", t->close_verdict < 0 ? NULL : t->close_verdict ? "clean" : "unclean");
}

static void put_verdict(struct json *j, const struct test_result *t)
{
	emit_text(j, "verdict", verdict_name(t->verdict));
	put_close_verdict(j, t);
	put_plain(j, "reason", t->reason);
	put_plain(j, "expected", t->expected);
	put_plain(j, "observed", t->observed);
	emit_seconds(j, "duration_seconds", micros(t->duration));
}

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void put_test(struct json *j, const struct test_result *t, enum baseline b)
{
	const struct rule *rule = t->test ? &rules[t->test->rule] : NULL;

	emit_row(j);
	value_open(j, '{');
	put_plain(j, "id", t->name);
	put_requirements(j, t->test);
	emit_text(j, "section", rule ? rule->section : NULL);
	emit_text(j, "level", rule ? rule_level_name(rule->level) : NULL);
	put_verdict(j, t);
	emit_uint(j, "tries", t->tries);
	put_notes(j, t);
	put_findings(j, t);
	put_plain(j, "capture", file_name(t->capture));
	if (*t->known_as) {
		emit_open(j, "known_as", '[');
		put_words(j, t->known_as);
		emit_close(j, ']');
	}
	if (b != BASELINE_NONE)
		emit_text(j, "baseline", b == BASELINE_NEW ? "new" : "unchanged");
	emit_close(j, '}');
}

static void test(struct report_conform *r, const struct test_result *t, enum baseline b,
		 const struct report_device *d)
{
	if (!test_counts(t)) {
		struct report_kept *k = report_keep(t, b);

		if (k) {
			*r->last = k;
			r->last = &k->next;
		}
	}
	open_tests(r, d);
	if (test_counts(t))
		put_test(&r->json, t, b);
	r->failed |= !emit_flush(&r->json, r->o.out);
	r->failed |= fflush(r->o.out) != 0;
}

static void put_sanity(struct report_conform *r)
{
	struct json *j = &r->json;

	emit_open(j, "sanity", '[');
	for (const struct report_kept *k = r->sanity; k; k = k->next) {
		value_open(j, '{');
		emit_text(j, "name", k->name);
		put_verdict(j, &k->r);
		emit_close(j, '}');
	}
	emit_close(j, ']');
}

static void put_baseline(struct json *j, const struct report_baseline *b)
{
	if (!b->used)
		return;
	emit_open(j, "baseline", '{');
	emit_uint(j, "new", b->fresh);
	emit_uint(j, "unchanged", b->unchanged);
	emit_uint(j, "fixed", b->fixed);
	emit_open(j, "fixed_tests", '[');
	for (size_t i = 0; b->fixed_lines && b->fixed_lines[i]; i++)
		value_text(j, b->fixed_lines[i]);
	emit_close(j, ']');
	emit_close(j, '}');
}

static bool end(struct report_conform *r, const struct report_conform_summary *s)
{
	static const struct report_device unknown;
	struct json *j = &r->json;
	bool ok;

	open_tests(r, &unknown);
	emit_newline(j);
	emit_close(j, ']');
	put_sanity(r);
	put_baseline(j, &s->baseline);
	emit_open(j, "notices", '[');
	for (size_t i = 0; s->notices && s->notices[i]; i++)
		value_text(j, s->notices[i]);
	emit_close(j, ']');
	emit_bool(j, "complete", s->complete);
	emit_seconds(j, "duration_seconds", micros(s->seconds));
	emit_open(j, "summary", '{');
	for (unsigned v = 0; v < VERDICTS; v++) {
		emit_name(j, verdict_name((enum verdict_kind)v));
		value_uint(j, s->verdicts[v]);
	}
	emit_close(j, '}');
	emit_close(j, '}');
	emit_newline(j);
	ok = !r->failed && emit_flush(j, r->o.out) && fflush(r->o.out) == 0;
	report_kept_free(r->sanity);
	emit_clear(j);
	free(r);
	return ok;
}

const struct report_conform_ops report_json_conform = { "json", begin, test, end };
