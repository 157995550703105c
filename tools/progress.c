/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See progress.h. */
#include "tools/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void progress_start(struct progress *p, bool on, const char *name, uint64_t size)
{
	const char *slash = strrchr(name, '/');

	*p = (struct progress){ .on = on, .name = slash ? slash + 1 : name, .size = size };
	if (on)
		p->started = p->last = now();
}

void progress_show(struct progress *p, uint64_t octets, uint64_t packets)
{
	double t = now(), spent = t - p->started, rate = (double)octets / spent;

	if (spent < 1 || t - p->last < 0.25)
		return;
	p->last = t;
	p->shown = true;
	fprintf(stderr, "\r\033[K%.40s: %.1f MB, %" PRIu64 " packets, %.0f MB/s", p->name,
		(double)octets / 1e6, packets, rate / 1e6);
	if (p->size > octets)
		fprintf(stderr, ", %.0f %%, %.0f s left", 100.0 * (double)octets / (double)p->size,
			(double)(p->size - octets) / rate);
	fflush(stderr);
}

void progress_end(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
}
