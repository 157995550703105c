/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Old files: moved out of the way under other names, and only so many of them kept.
 */
#ifndef PPTPSCOPE_LIVE_ROTATE_H
#define PPTPSCOPE_LIVE_ROTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LIVE_STAMP_ROOM = 32 };

/* Writes "YYYYMMDDTHHMMSSZ", UTC, which sorts as time does, and returns buf. */
const char *live_stamp(int64_t seconds, char buf[LIVE_STAMP_ROOM]);

/* Whether text begins as live_stamp writes it. */
bool live_is_stamp(const char *text);

/*
 * Moves `path` to path.1, what is there to path.2 and so on to path.keep, the last of which is lost;
 * or, time_stamped, to path.STAMP of `seconds` (path.STAMP-001 and on where there is one), and
 * removes the oldest until `keep` are left.  keep 0 removes `path`.  False with errno when it is
 * still there under its name.
 */
bool live_rotate(const char *path, unsigned keep, bool time_stamped, int64_t seconds);

/*
 * Removes from a folder the first, by name, of the files that `is_ours` takes, until `keep` are
 * left.  Returns how many were removed; what cannot be removed stays.
 */
unsigned live_prune(const char *folder, bool (*is_ours)(const char *name, const void *context),
		    const void *context, unsigned keep);

#endif
