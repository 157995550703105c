/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report of a replay: one interface, one row per format.  Rows come as they happen: begin, said and
 * difference in the order of time, end.
 */
#ifndef PPTPSCOPE_REPORT_REPLAY_H
#define PPTPSCOPE_REPORT_REPLAY_H

#include "analyzer/recorded.h"
#include "analyzer/report.h"

/* What is played at whom. */
struct report_replay_plan {
	const char *capture; /* path */
	const char *version; /* of the program */
	const struct recorded_about *about;
	const struct replay_recording *recording;
	double timeout, time_scale;
};

struct report_replay;

struct report_replay_ops {
	const char *name; /* as in --format */
	struct report_replay *(*begin)(const struct report_options *o, const struct report_replay_plan *p);
	void (*connected)(struct report_replay *r, const struct ip_addr *peer, uint16_t port);
	/* A message was sent, or came as expected. */
	void (*said)(struct report_replay *r, const struct replay_item *item, const struct ctrl_msg *m,
		     int64_t time_ns);
	void (*difference)(struct report_replay *r, const struct replay_difference *d);
	/* Ends and frees.  notices: sentences, NULL ends.  False when the output could not be written. */
	bool (*end)(struct report_replay *r, const struct replay_totals *t, const char *const *notices);
};

extern const struct report_replay_ops report_replay_text, report_replay_json;
/* By the name of --format; NULL for none. */
const struct report_replay_ops *report_replay_by_name(const char *name);

/* All differences, of whichever kind. */
uint64_t report_replay_differences(const struct replay_totals *t);

/* Value 0 or 1 of a field that differs, for people: text in quotes, numbers with their words. */
const char *report_replay_value(const struct report_options *o, const struct replay_difference *d,
				unsigned which, char *buf, size_t room);

#endif
