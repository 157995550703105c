/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The judge: hands every event to the rules and keeps their findings.
 *
 * A finding is kept once for a rule, the host at fault and the connection or call; what repeats is
 * counted.  What the capture cannot prove is withheld, and it is remembered why (struct rule,
 * `unless`).  Memory: about 60 octets a finding, the findings themselves go to a temporary file
 * when they are many.
 */
#ifndef PPTPSCOPE_JUDGE_H
#define PPTPSCOPE_JUDGE_H

#include "conformance/event.h"
#include "conformance/rule.h"

struct judge_options {
	enum rule_profile profile;
	const bool *selected; /* RULES of them, or NULL: all */
	size_t max_findings;
	/*
	 * Live: a finding is told when it is made, with the event that it was made of, and not kept.  Of the
	 * last max_findings it is remembered what they were about, so that a repetition is not told.
	 */
	void (*told)(void *ctx, const struct finding *f, const struct event *e);
	void *told_ctx;
};

struct judge_stats {
	uint64_t over_limit;           /* not kept, at the limit or for want of memory or disk */
	/* Why rules could not judge: connections and calls to which the condition applied, by bit. */
	uint64_t connections[UNLESS_BITS], calls[UNLESS_BITS];
	/* Findings withheld, by rule: conditions that did it (enum rule_unless), and how often. */
	unsigned withheld_by[RULES];
	uint64_t withheld[RULES];
};

struct judge;

struct judge *judge_new(const struct judge_options *o);
void judge_free(struct judge *j);

/*
 * A packet of this time has come, whether or not there is something to judge: what had to happen by
 * then can be told to be missing.  INT64_MIN: time begins anew, with another capture.
 */
void judge_clock(struct judge *j, int64_t time_ns);

/*
 * The packet that is about to be judged, itself or by the octets that it adds to a control connection, has
 * this time.  As judge_clock(), but also notes where the clock went back.
 */
void judge_time(struct judge *j, int64_t time_ns);

/*
 * Packets before time_ns were lost on the way to us: of connections and calls that began before, what is
 * found by their history is suspected only.
 */
void judge_lost(struct judge *j, int64_t time_ns);

/* The clock was set at time_ns: for some time nothing is concluded from times. */
void judge_doubt_clock(struct judge *j, int64_t time_ns);

/* Judges an event.  For EVENT_MESSAGE call judge_applied() after the tracker has taken it in. */
void judge_event(struct judge *j, const struct event *e);

/* The message of e was taken in; call: what it was applied to or began, or NULL. */
void judge_applied(struct judge *j, const struct event *e, struct call *call);

/* Frees what is remembered of a connection or call that goes away. */
void judge_forget_connection(struct judge *j, struct control_connection *c);
void judge_forget_call(struct judge *j, struct call *c);
void judge_forget_tunnel(struct judge *j, struct tunnel *t);

/*
 * Whether a GRE packet is beyond doubt, so that it need not be judged: one of GRE alone, where only
 * the header proves anything.  Those of a call with a control connection are all judged.  Hot path.
 */
static inline bool judge_gre_ordinary(const struct call *call, const struct flow *f, const struct gre_pkt *g)
{
	return f && !g->defects && call->state == CALL_GRE_ONLY && g->payload_length <= 1532;
}

/* The findings in the order in which they were made.  False when they could not be read back. */
bool judge_walk(struct judge *j, void (*fn)(void *ctx, const struct finding *f), void *ctx);

const struct judge_stats *judge_stats(const struct judge *j);

#endif
