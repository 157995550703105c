/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Live events as lines: one writer, one row per format. */
#ifndef PPTPSCOPE_REPORT_EVENTS_H
#define PPTPSCOPE_REPORT_EVENTS_H

#include "analyzer/events.h"
#include "analyzer/report.h"

struct event_writer;

struct event_format {
	const char *name; /* as in --format */
	const char *help;
	/* interface: the name of the only one, or NULL.  NULL without memory. */
	struct event_writer *(*open)(const struct report_options *o, const char *interface);
	/*
	 * The lines of an event, without the last newline; valid until the next call.  NULL: nothing is to
	 * be written of it, or (errno) memory was short.
	 */
	const char *(*line)(struct event_writer *w, const struct live_event *e, size_t *len);
	void (*close)(struct event_writer *w); /* NULL is allowed */
};

extern const struct event_format event_text, event_json, event_eve;
extern const struct event_format *const event_formats[]; /* NULL ends */
const struct event_format *event_format_by_name(const char *name);

#endif
