/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clocks that monitor reads: what is captured now is timed by them, so no recording depends on it. */
#ifndef PPTPSCOPE_MONITOR_CLOCK_H
#define PPTPSCOPE_MONITOR_CLOCK_H

#include <stdint.h>
#include <time.h>

#define SECOND_NS INT64_C(1000000000)

static inline int64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * SECOND_NS + t.tv_nsec;
}

static inline int64_t clock_real(void)
{
	return clock_ns(CLOCK_REALTIME);
}

static inline int64_t clock_steady(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

#endif
