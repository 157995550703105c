/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report of a run of active tests: one interface, one row per format.  Tests come as they end,
 * sanity tests among them; what is said of the device may grow from test to test.
 */
#ifndef PPTPSCOPE_REPORT_CONFORM_H
#define PPTPSCOPE_REPORT_CONFORM_H

#include "analyzer/report.h"
#include "conformance/runner.h"

struct report_conform_options {
	FILE *out;
	bool file; /* out can be written anew from its start */
	bool quiet, verbose;
	bool colour;         /* text: out is a terminal */
	unsigned width;      /* text: columns; 0: not a terminal */
	const char *version; /* of the program */
	enum rule_profile profile;
	enum role dut;
	const char *address; /* of the device, as text; NULL: it comes from where it likes */
	uint16_t port;
	uint32_t seed;
	double time_scale;
	size_t planned; /* tests of the run */
};

/* What the device has said of itself; texts are escaped. */
struct report_device {
	bool seen;
	const char *host_name, *vendor_name;
	const char *peer, *words; /* what it looks like; NULL: like nothing known */
	uint16_t version, firmware, channels;
	uint32_t framing, bearer;
};

struct report_conform_summary {
	size_t verdicts[VERDICTS]; /* sanity tests left out */
	size_t warned;             /* passed with warnings */
	double seconds;
	bool complete;                   /* all tests that were planned have been looked at */
	const char *const *notices;      /* sentences on what was left out or lost; NULL ends */
	struct report_baseline baseline; /* lines "ID VERDICT" */
};

struct report_conform;

struct report_conform_ops {
	const char *name; /* as in --format */
	/* NULL: no memory. */
	struct report_conform *(*begin)(const struct report_conform_options *o);
	void (*test)(struct report_conform *r, const struct test_result *t, enum baseline b,
		     const struct report_device *d);
	/* Ends and frees.  False when the output could not be written. */
	bool (*end)(struct report_conform *r, const struct report_conform_summary *s);
};

extern const struct report_conform_ops report_text_conform, report_json_conform, report_junit;
/* NULL for none. */
const struct report_conform_ops *report_conform_by_name(const char *name);

/* --- what the formats share ------------------------------------------------------------------ */

/* A result that outlives the call; findings are left out. */
struct report_kept {
	struct report_kept *next;
	struct test_result r;
	char name[64];
	enum baseline baseline;
};

/* Text of tests and hooks: what is no printable UTF-8 becomes "?".  Returns buf. */
enum { REPORT_PLAIN = RESULT_TEXT + 8 };
const char *report_plain(const char *text, char buf[REPORT_PLAIN]);

/* Section of the test's requirement, or NULL for sanity tests. */
const char *report_section(const struct test_result *t);
/* Compares sections as people count: 2.9 before 2.10, RFC 2637 before others. */
int report_section_cmp(const char *a, const char *b);
/* A copy for later; NULL: no memory. */
struct report_kept *report_keep(const struct test_result *t, enum baseline b);
void report_kept_free(struct report_kept *first);

#endif
