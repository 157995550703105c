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
};

struct judge_stats {
	uint64_t findings[SEVERITIES]; /* distinct ones */
	uint64_t over_limit;           /* not kept, at the limit or for want of memory or disk */
	uint64_t repeats;
	/* Why rules could not judge: connections and calls to which the condition applied, by bit. */
	uint64_t connections[UNLESS_BITS], calls[UNLESS_BITS];
	/* Findings withheld, by rule: conditions that did it (enum rule_unless), and how often. */
	unsigned withheld_by[RULES];
	uint64_t withheld[RULES];
};

struct judge;

struct judge *judge_new(const struct judge_options *o);
void judge_free(struct judge *j);

/* Judges an event.  For EVENT_MESSAGE call judge_applied() after the tracker has taken it in. */
void judge_event(struct judge *j, const struct event *e);

/* The message of e was taken in; call: what it was applied to or began, or NULL. */
void judge_applied(struct judge *j, const struct event *e, struct call *call);

/* Frees what is remembered of a connection or call that goes away. */
void judge_forget_connection(struct judge *j, struct control_connection *c);
void judge_forget_call(struct judge *j, struct call *c);

/*
 * Whether a GRE packet is beyond doubt, seen from its flows before it is counted: then it need not
 * be judged.  Hot path.
 */
static inline bool judge_gre_ordinary(const struct call *call, const struct flow *f, const struct flow *peer,
				      const struct gre_pkt *g)
{
	const uint8_t *p = g->payload;

	if (g->defects || !f || !(f->flags & FLOW_HAS_SEQ) || g->payload_length > 1532)
		return false;
	if (call->state != CALL_GRE_ONLY && call->state != CALL_ESTABLISHED)
		return false;
	if (g->flags & GRE_S) {
		if (g->seq - f->highest_seq != 1 || g->caplen < 8)
			return false;
		/* What asks for a look inside: HDLC framing, and LCP (its length may betray a checksum). */
		if (p[0] == 0x7e || p[0] == 0x7d || (p[0] == 0xff && p[1] != 0x03) ||
		    (p[0] == 0xff ? p[2] == 0xc0 : p[0] == 0xc0))
			return false;
		if (call->memory)
			return false;
	}
	if (g->flags & GRE_A) {
		if (!peer || (int32_t)(g->ack - peer->highest_seq) > 0)
			return call->state == CALL_GRE_ONLY && !peer;
		if (f->flags & FLOW_HAS_ACK && (int32_t)(g->ack - f->highest_ack) < 0)
			return false;
	}
	return true;
}

/* The findings in the order in which they were made.  False when they could not be read back. */
bool judge_walk(struct judge *j, void (*fn)(void *ctx, const struct finding *f), void *ctx);

const struct judge_stats *judge_stats(const struct judge *j);

#endif
