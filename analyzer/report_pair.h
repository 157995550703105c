/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports of two captures of the same calls: one function per format. */
#ifndef PPTPSCOPE_REPORT_PAIR_H
#define PPTPSCOPE_REPORT_PAIR_H

#include "analyzer/pair.h"
#include "analyzer/report.h"

/* What is said of each capture, and about limits. */
struct report_pair {
	const struct pair *pair;
	struct report_capture capture[SIDES];
	const char *const *notices; /* NULL ends */
};

/* False when the output could not be written (errno says why). */
typedef bool report_pair_fn(const struct report_options *o, const struct report_pair *r);
report_pair_fn report_pair_text, report_pair_json;

/* By the name of --format; NULL for none. */
report_pair_fn *report_pair_by_name(const char *name);

/* Adds up the ways of all calls, by sender. */
struct report_pair_sums {
	uint64_t matched, dropped, appeared, duplicated, reordered, changed;
	uint64_t only[SIDES]; /* messages on one side only */
	uint64_t changes;     /* of fields of messages */
	size_t connections_only[SIDES], calls_only[SIDES];
};
struct report_pair_sums report_pair_sum(const struct pair *p);

const char *report_pair_change(const struct report_options *o, const struct pair *p,
			       const struct pair_change *c, unsigned side, char *buf, size_t room);
const char *report_pair_kind(enum pair_change_kind k);
const char *report_pair_orientation(enum pair_orientation o);

#endif
