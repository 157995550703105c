/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Second copies of frames, as a mirror port makes them when it sees a packet come in and go out.
 *
 * A copy is the same IP packet within 10 ms.  With another TTL it was routed in between: a copy
 * for certain.  With the same TTL it may also be a path that duplicates packets, which is worth
 * reporting: a mirror copies (nearly) everything, a path only some.  So the first packets of each
 * pair of hosts decide, and copies that come before are held until then.
 */
#ifndef PPTPSCOPE_MIRROR_H
#define PPTPSCOPE_MIRROR_H

#include "analyzer/tracker.h"

struct mirror;

enum mirror_verdict {
	MIRROR_ORIGINAL,
	MIRROR_SETTLES, /* an original, and now the tunnel's case is settled: see mirror_release */
	MIRROR_PATH, /* a copy that the path made: count it */
	MIRROR_COPY, /* drop it */
	MIRROR_HELD, /* not known yet: see mirror_hold */
};

struct mirror *mirror_new(void);
void mirror_free(struct mirror *m);

/* Judges a packet of the tunnel. */
enum mirror_verdict mirror_judge(struct mirror *m, struct tunnel *tunnel, const struct datagram *d,
				 int64_t time_ns);

/* A GRE packet that waits for the verdict; returns false when there is no room (then count it). */
struct held_gre {
	struct tunnel *tunnel;
	unsigned from;
	struct gre_pkt gre; /* payload is NULL */
	uint64_t frame;
	int64_t time_ns;
};
bool mirror_hold(struct mirror *m, const struct held_gre *h);

/*
 * Gives back, one after the other, what was held for the tunnel (NULL: for every tunnel, at the
 * end, deciding on what there is).  False when there is no more.  *copy: drop it, else count it.
 */
bool mirror_release(struct mirror *m, struct tunnel *tunnel, struct held_gre *out, bool *copy);

#endif
