/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the path does to the GRE of a call: loss, disorder, copies, packets too large; and full windows. */
#include <inttypes.h>

#include "analyzer/diagnose_private.h"

enum {
	ENOUGH = 100, /* packets from which on shares of them mean something */
	LOSS_PERCENT = 1,
	LATE_PERCENT = 5,
	COPIES_PERCENT = 1,
	LARGE_ENOUGH = 3,  /* large packets that waited in vain */
	STALLS_ENOUGH = 2, /* full windows that were waited for */
	SMALL_WINDOW = 4,  /* below, that many packets are out by chance */
};

#define STALLED SECONDS(5)

static const char *direction(const struct diagnoses *d, unsigned from)
{
	return d->pac < 0 ? "in one direction" : (int)from == d->pac ? "from PAC to PNS" : "from PNS to PAC";
}

static bool more_than(uint64_t part, uint64_t whole, unsigned percent)
{
	return part >= SPOKEN && part * 100 >= whole * percent;
}

/* A share of the packets of a direction. */
static void share(struct diagnoses *d, const struct flow *f, unsigned from, const char *code, uint64_t part,
		  uint64_t whole, const char *verb, const char *next)
{
	struct diagnosis *x =
		found(d, code, CONFIDENCE_HIGH, NOBODY_AT_FAULT, "the path before the capture point", next);

	because(x, "%" PRIu64 " of %" PRIu64 " GRE packets (%.1f %%) %s %s", part, whole,
		100.0 * (double)part / (double)whole, direction(d, from), verb);
	shown_by(x, flow_first_frame(f));
	shown_by(x, flow_last_frame(f));
}

static void shares(struct diagnoses *d, const struct call *c, unsigned from)
{
	const struct flow *f = flow_of(c, from);
	uint64_t lost = f ? flow_lost(f) : 0, whole = f ? f->data + lost : 0;

	if (whole < ENOUGH)
		return;
	if (more_than(lost, whole, LOSS_PERCENT))
		share(d, f, from, "heavy-loss", lost, whole, "were lost",
		      "Look for an overloaded or faulty link before the capture point in that direction.");
	if (more_than(f->reordered, whole, LATE_PERCENT))
		share(d, f, from, "heavy-reordering", f->reordered, whole, "came out of order",
		      "Look for load balancing by packet on the way: PPTP endpoints drop what comes late.");
	if (more_than(f->duplicated, whole, COPIES_PERCENT))
		share(d, f, from, "path-duplicates", f->duplicated, whole, "came twice",
		      "Look for a link that sends packets twice before the capture point.");
}

/* --- packets too large ---------------------------------------------------------------------- */

static const struct icmp_seen *too_big(const struct call *c, unsigned from)
{
	const struct flow *f = flow_of(c, from);

	for (unsigned i = 0; i < ICMP_SEEN; i++) {
		const struct icmp_seen *s = &c->tunnel->icmp[i];

		if (s->frame && s->too_big && s->from == from && f && s->call_id == flow_call_id(f))
			return s;
	}
	return NULL;
}

/*
 * Large packets waited for an acknowledgment that never came, though the other side acknowledges small
 * ones, and does so without data of its own: else it had perhaps nothing to say.
 */
static void black_hole(struct diagnoses *d, const struct call *c, unsigned from)
{
	static const char *const next =
		"Lower MTU and MRU of PPP (1400 or less) or clamp the TCP MSS, and let ICMP "
		"\"fragmentation needed\" through.";
	const struct flow *f = flow_of(c, from), *g = flow_of(c, !from);
	const struct call_rare *rare = call_rare(c);
	const struct icmp_seen *s;
	char a[HOST_WORDS], b[HOST_WORDS];
	struct diagnosis *x;

	if (!f || !g || f->flags & FLOW_LARGE_CAME || !rare->large_waits[from])
		return;
	s = too_big(c, from);
	if (!s && (rare->large_waits[from] < LARGE_ENOUGH || !(f->flags & FLOW_SMALL_CAME) ||
		   g->packets <= g->data))
		return;
	x = found(d, "mtu-black-hole", s ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM, NOBODY_AT_FAULT,
		  "a link on the way with a smaller MTU", next);
	because(x,
		"%s sent packets of %d octets or more %u times without an acknowledgment, while %s "
		"acknowledges small ones%s",
		host_words(d, from, a), FLOW_LARGE, rare->large_waits[from], host_words(d, !from, b),
		s ? "; a router says that they are too large" : "");
	shown_by(x, s ? s->frame : 0);
	shown_by(x, rare->large_frame[from]);
	shown_by(x, flow_last_frame(g));
}

/* --- windows -------------------------------------------------------------------------------- */

/* The window is full at the end of the call, since long, and both still speak. */
static bool stalled_at_end(const struct flow *f, const struct flow *g, unsigned window)
{
	return f->flags & FLOW_PROBING && g->flags & FLOW_HAS_ACK &&
	       f->highest_seq - g->highest_ack == window && flow_last_time(g) - flow_probe_time(f) >= STALLED;
}

static void stall(struct diagnoses *d, const struct call *c, unsigned from)
{
	const struct flow *f = flow_of(c, from), *g = flow_of(c, !from);
	const struct call_rare *rare = call_rare(c);
	unsigned window = call_window(c, from);
	char a[HOST_WORDS], b[HOST_WORDS];
	struct diagnosis *x;

	if (!f || !g || window < SMALL_WINDOW ||
	    (rare->stalls[from] < STALLS_ENOUGH && !stalled_at_end(f, g, window)))
		return;
	x = found(d, "window-stall", CONFIDENCE_MEDIUM, !from, NULL,
		  "Have that side acknowledge sooner or announce a larger window, or look for loss of its "
		  "acknowledgments.");
	because(x,
		"%s stopped for seconds with all of the window of %u packets out, because %s did not "
		"acknowledge them%s",
		host_words(d, from, a), window, host_words(d, !from, b),
		rare->stalls[from] >= STALLS_ENOUGH ? ", again and again" : "");
	shown_by(x, rare->stall_frame[from]);
	shown_by(x, flow_last_frame(g));
}

void diagnose_path(struct diagnoses *d, const struct call *c)
{
	for (unsigned from = 0; from < HOSTS; from++) {
		shares(d, c, from);
		black_hole(d, c, from);
		stall(d, c, from);
	}
}
