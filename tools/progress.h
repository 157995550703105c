/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far a long file has been read, on a terminal's standard error: one line that is rewritten. */
#ifndef PPTPSCOPE_PROGRESS_H
#define PPTPSCOPE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool on, shown;
	const char *name;
	uint64_t size; /* octets, 0: unknown */
	double started, last; /* seconds */
};

void progress_start(struct progress *p, bool on, const char *name, uint64_t size);

/* Shows it, at most four times a second and not in the first second. */
void progress_show(struct progress *p, uint64_t octets, uint64_t packets);

/* Wipes the line. */
void progress_end(struct progress *p);

#endif
