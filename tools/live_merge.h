/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of several sources in the order of time.
 *
 * A record is passed on when every source that may still send an older one has said that it will
 * not, by a younger record or a mark; or when it has waited long enough; or when too much waits.
 * No clock: the caller says what time it is.
 */
#ifndef PPTPSCOPE_LIVE_MERGE_H
#define PPTPSCOPE_LIVE_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct live_merge;

typedef void live_merge_fn(void *context, unsigned source, int64_t time_ns, const void *octets, size_t len);

/* Sources 0 to sources - 1, all waited for.  NULL when there is no memory. */
struct live_merge *live_merge_new(unsigned sources, int64_t patience_ns, size_t hold_octets,
				  live_merge_fn *emit, void *context);

/* Frees, without passing anything on.  NULL is allowed. */
void live_merge_free(struct live_merge *m);

/* A record (copied), which came at now_ns of whatever clock.  False when there is no memory for it. */
bool live_merge_put(struct live_merge *m, unsigned source, int64_t time_ns, int64_t now_ns,
		    const void *octets, size_t len);

/* Nothing older than time_ns will come of this source. */
void live_merge_mark(struct live_merge *m, unsigned source, int64_t time_ns);

/* Whether a source is waited for. */
void live_merge_wait_for(struct live_merge *m, unsigned source, bool wait);

/* Passes on what is due at now_ns. */
void live_merge_run(struct live_merge *m, int64_t now_ns);

/* Passes on all there is. */
void live_merge_flush(struct live_merge *m);

/* When the patience with the oldest record ends, in the caller's clock; INT64_MAX: nothing waits. */
int64_t live_merge_deadline(const struct live_merge *m);

/* Records that were older than one passed on before. */
uint64_t live_merge_late(const struct live_merge *m);

#endif
