/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the diagnosis share. */
#ifndef PPTPSCOPE_DIAGNOSE_PRIVATE_H
#define PPTPSCOPE_DIAGNOSE_PRIVATE_H

#include "analyzer/diagnose.h"
#include "conformance/ppp_session.h"

#define SECONDS(n) ((int64_t)(n)*1000000000)

enum { NOBODY_AT_FAULT = -1 };

enum { SPOKEN = 3 }; /* packets of one direction that should have been answered */

/* Where diagnoses of one connection or call are collected. */
struct diagnoses {
	struct diagnosis *list;
	unsigned count;
	const struct tunnel *tunnel;
	int pac;     /* host index or -1 */
	int64_t end; /* until when it was watched */
};

/*
 * Begins one; NULL when there is no room.  host: at fault, or NOBODY_AT_FAULT; words: what of that
 * host, or what else.
 */
struct diagnosis *found(struct diagnoses *d, const char *code, enum confidence confidence, int host,
			const char *words, const char *next);
__attribute__((format(printf, 2, 3))) void because(struct diagnosis *x, const char *format, ...);
/* The same of whole words, for what is said of nearly all. */
void because_of(struct diagnosis *x, const char *first, const char *second, const char *third);
void shown_by(struct diagnosis *x, uint64_t frame);

/* "the PNS 10.0.0.2", "10.0.0.2" where roles are not known; buf is returned. */
enum { HOST_WORDS = 64 };
const char *host_words(const struct diagnoses *d, unsigned host, char buf[HOST_WORDS]);

/* The direction that host sends, where it carried anything; else NULL. */
static inline const struct flow *flow_of(const struct call *c, unsigned host)
{
	return call_flow(c, host) && call_flow(c, host)->packets ? call_flow(c, host) : NULL;
}

/* Nothing that the host sent is missing from the capture. */
static inline bool all_seen(const struct call *c, unsigned host)
{
	const struct flow *f = flow_of(c, host);

	return f && !flow_lost(f) && !(f->flags & (FLOW_DISTRUST | FLOW_CUT));
}

/* A side has asked for its end. */
static inline bool call_ended(const struct call *c)
{
	return c->ended_by || c->state == CALL_CLOSED;
}

/* When the call came up, or 0. */
int64_t call_up_time(const struct call *c);

/* Why PPP did not come up, or went down; the path of its packets.  One file each. */
void diagnose_ppp(struct diagnoses *d, const struct call *c);
void diagnose_path(struct diagnoses *d, const struct call *c);

/* PPP as far as it was seen is what a healthy call has. */
bool ppp_is_healthy(const struct call *c);

#endif
