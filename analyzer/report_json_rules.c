/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The catalogue of requirements as JSON: see report_rules.h. */
#include "analyzer/report_rules.h"

#include <errno.h>

#include "analyzer/report_json_put.h"

/* "passive": how a capture is judged, or null with the reason in "why_not_passive". */
static void put_passive(struct json *j, const struct rule *r)
{
	if (!rule_passive(r)) {
		emit_null(j, "passive");
		emit_text(j, "why_not_passive", r->check);
		return;
	}
	emit_open(j, "passive", '{');
	emit_text(j, "certainty", rule_proof_name(r->proof));
	emit_text(j, "violation", r->check);
	emit_open(j, "suppress", '[');
	for (unsigned bit = 0; bit < UNLESS_BITS; bit++)
		if (r->unless >> bit & 1)
			value_text(j, rule_unless_name(bit));
	emit_close(j, ']');
	emit_close(j, '}');
	emit_null(j, "why_not_passive");
}

static void put_active(struct json *j, const struct rule *r)
{
	if (!rule_active(r)) {
		emit_null(j, "active");
		return;
	}
	emit_open(j, "active", '{');
	emit_text(j, "dut", rule_dut_name(r->dut));
	emit_close(j, '}');
}

static void put_rule(struct json *j, const struct rule *r)
{
	value_open(j, '{');
	emit_text(j, "id", r->id);
	emit_text(j, "area", rule_area_name(r->area));
	emit_text(j, "section", r->section);
	emit_text(j, "level", rule_level_name(r->level));
	emit_text(j, "obliged", rule_side_name(r->obliged));
	emit_text(j, "severity", rule_severity_name(r->severity));
	emit_text(j, "statement", r->statement);
	emit_text(j, "judged", rule_judged_name(r));
	put_passive(j, r);
	put_active(j, r);
	emit_open(j, "ms_ptpt", '{');
	emit_text(j, "effect", rule_effect_name(r->effect));
	emit_text(j, "note", r->note);
	emit_close(j, '}');
	emit_close(j, '}');
}

static void put_head(struct json *j, const char *version)
{
	value_open(j, '{');
	emit_text(j, "schema", "pptpscope-rules-1");
	emit_open(j, "tool", '{');
	emit_text(j, "name", "pptpscope");
	emit_text(j, "version", version);
	emit_close(j, '}');
	emit_open(j, "rules", '[');
}

static void put_summary(struct json *j, const struct rule_filter *f)
{
	struct rule_filter passive = *f, active = *f;

	passive.passive = true;
	active.active = true;
	emit_close(j, ']');
	emit_open(j, "summary", '{');
	emit_uint(j, "rules", rule_count(f));
	emit_uint(j, "passive", rule_count(&passive));
	emit_uint(j, "active", rule_count(&active));
	emit_close(j, '}');
	emit_close(j, '}');
	emit_newline(j);
}

bool report_json_rules(FILE *out, const struct rule_filter *f, const char *version)
{
	const struct rule *r = NULL;
	struct json j;
	bool written;

	if (!emit_init(&j)) {
		errno = ENOMEM;
		return false;
	}
	put_head(&j, version);
	do {
		written = emit_flush(&j, out);
		r = rule_next(f, r);
		if (r) {
			emit_row(&j);
			put_rule(&j, r);
		}
	} while (r && written);
	put_summary(&j, f);
	written = written && emit_flush(&j, out);
	emit_clear(&j);
	return written;
}
