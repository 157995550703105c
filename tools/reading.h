/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What audit and decode share: options of reading captures, the loop over files, progress.
 */
#ifndef PPTPSCOPE_READING_H
#define PPTPSCOPE_READING_H

#include "analyzer/capture.h"
#include "analyzer/pipeline.h"
#include "analyzer/report.h"
#include "tools/options.h"

/* Rows for the option tables of commands that read captures and print. */
/* clang-format off */
#define READING_OPTIONS \
	{ 'f', "format", "NAME", "output format: text (default) or json" }, \
	{ 'o', "output", "FILE", "write to FILE instead of standard output" }, \
	{ 'p', "port", "PORT", "TCP port of control connections instead of 1723 (repeatable; " \
	  "connections on other ports are recognised by their content)" }, \
	{ 'F', "filter", "EXPR", "read only packets that match this libpcap filter" }, \
	{ 'q', "quiet", NULL, "no progress and no remarks on standard error" }, \
	{ 'v', "verbose", NULL, "leave nothing out" }, \
	{ 0, "no-progress", NULL, "no progress on standard error" }, \
	{ 0, "anonymize", NULL, "replace addresses, host names and telephone numbers by numbered names" }, \
	{ 0, "show-secrets", NULL, "do not mask secrets" }, \
	{ 0, "max-memory", "OCTETS", "scale all limits below so that about this much memory suffices" }, \
	{ 0, "max-tunnels", "N", "pairs of hosts that are tracked" }, \
	{ 0, "max-connections", "N", "control connections that are tracked at a time" }, \
	{ 0, "max-calls", "N", "calls that are tracked at a time" }, \
	{ 0, "max-fragments", "OCTETS", "memory for IP fragments that wait for the others" }
/* clang-format on */

struct reading {
	const struct options *options;
	struct report_options report;
	struct pipeline_options pipeline;
	uint16_t ports[64];
	const char *output;	/* path, or NULL for standard output */
	bool progress;
};

/* Fills r from the options and opens the output.  False: *status is the exit status. */
bool reading_start(struct reading *r, const struct options *o, int *status);

/* The part of it that has to do with what is tracked; and the one that has to do with how it is shown on fd. */
bool reading_limits(struct reading *r, const struct options *o);
void reading_style(struct reading *r, int fd);

/* Closes the output; false, with a message, when it could not be written. */
bool reading_close(struct reading *r);

/* Told after each capture; c is complete but for nothing. */
typedef void reading_fn(void *ctx, const struct report_capture *c);

/*
 * Reads all captures through the pipeline.  Returns the exit status: EXIT_OK, EXIT_USAGE (bad
 * filter), or EXIT_PARTIAL when one could not be read or only partly.
 */
int reading_run(struct reading *r, struct pipeline *p, reading_fn *fn, void *ctx);

/* The same for one of them. */
int reading_one(struct reading *r, struct pipeline *p, unsigned index, reading_fn *fn, void *ctx);

#endif
