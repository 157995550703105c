/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why calls fail; see diagnose.h. */
#include <inttypes.h>
#include <stdio.h>

#include "analyzer/diagnose_private.h"
#include "dissectors/ip.h"

#define SECONDS(n) ((int64_t)(n)*1000000000)

enum {
	ENOUGH = 100, /* packets from which on shares of them mean something */
	LOSS_PERCENT = 1,
	LATE_PERCENT = 5,
	COPIES_PERCENT = 1,
	SPOKEN = 3, /* packets of one direction that should have been answered */
};

/* Silence of one side that means something while the other one speaks. */
#define STOPPED_NS SECONDS(3)

/* An established call that carried nothing for this long is blocked. */
#define QUIET SECONDS(5)

static void refused(struct diagnoses *d, const struct call *c)
{
	static const char *const next =
		"Look up the reason at that side: line, number, authorization or licence.";
	enum ctrl_type type = c->kind == CALL_INCOMING ? CTRL_ICRP : CTRL_OCRP;
	const struct ctrl_desc *desc = ctrl_desc_of(type);
	int row = ctrl_field_index(desc, "result_code");
	int host = d->pac < 0 ? -1 : c->kind == CALL_INCOMING ? !d->pac : d->pac;
	const char *cause = c->cause ? ctrl_cause_name(c->cause) : NULL;
	const char *error = c->reply_error ? ctrl_error_name(c->reply_error) : NULL;
	char a[HOST_WORDS], words[64] = "";
	struct diagnosis *x;

	if (c->state != CALL_REFUSED)
		return;
	if (row >= 0)
		ctrl_value_words(&desc->fields[row], c->reply_result, words, sizeof(words));
	x = found(d, "call-refused", CONFIDENCE_HIGH, host, host < 0 ? "the side that answered" : NULL, next);
	because(x, "%s refused the call: %s%s%s%s%s",
		host < 0 ? "the other side" : host_words(d, (unsigned)host, a),
		*words ? words : "an undefined result", error ? ", error " : "", error ? error : "",
		cause ? ", cause " : "", cause ? cause : "");
	shown_by(x, c->step[STEP_REQUEST].frame);
	shown_by(x, c->step[STEP_REPLY].frame);
}

static void unanswered(struct diagnoses *d, const struct call *c, int64_t now)
{
	int64_t since = c->step[STEP_REQUEST].time_ns;
	int host = d->pac < 0 ? -1 : c->kind == CALL_INCOMING ? !d->pac : d->pac;
	char a[HOST_WORDS];
	struct diagnosis *x;

	if (!c->step[STEP_REQUEST].frame || c->step[STEP_REPLY].frame || now - since < SECONDS(3))
		return;
	x = found(d, "call-no-reply", CONFIDENCE_MEDIUM, host, NULL,
		  "See why that side does not answer: its log, its telephone lines, its limit of calls.");
	because(x, "the request for the call was not answered by %s",
		host < 0 ? "the other side" : host_words(d, (unsigned)host, a));
	shown_by(x, c->step[STEP_REQUEST].frame);
}

/* --- GRE ----------------------------------------------------------------------------------- */

static const struct flow *flow_of(const struct call *c, unsigned host)
{
	return c->flow[host] && c->flow[host]->packets ? c->flow[host] : NULL;
}

/* When the call came up, or 0. */
static int64_t came_up(const struct call *c)
{
	enum call_step step = c->kind == CALL_INCOMING ? STEP_CONNECTED : STEP_REPLY;

	return c->state == CALL_REFUSED ? 0 : c->step[step].time_ns;
}

/* The Call ID in what this host sends in the call. */
static bool sends_to(const struct diagnoses *d, const struct call *c, unsigned host, uint16_t call_id)
{
	if (c->flow[host])
		return (uint16_t)c->flow[host]->key == call_id;
	if ((int)host == d->pac)
		return c->pns_id_known && c->pns_call_id == call_id;
	return d->pac >= 0 && c->pac_id_known && c->pac_call_id == call_id;
}

static bool unreachable(struct diagnoses *d, const struct call *c)
{
	bool any = false;

	for (unsigned i = 0; i < ICMP_SEEN; i++) {
		const struct icmp_seen *s = &c->tunnel->icmp[i];
		char a[HOST_WORDS], by[IP_ADDR_TEXT];
		struct diagnosis *x;

		if (!s->frame || !sends_to(d, c, s->from, s->call_id))
			continue;
		x = found(d, "gre-unreachable", CONFIDENCE_HIGH, NOBODY_AT_FAULT,
			  "the host or router that sent the ICMP error",
			  "Let IP protocol 47 (GRE) through there; on a NAT router, load its PPTP helper.");
		because(x, "%s rejects the GRE of %s with an ICMP error (type %u, code %u)",
			ip_addr_text(&s->by, by), host_words(d, s->from, a), s->type, s->code);
		shown_by(x, s->frame);
		any = true;
	}
	return any;
}

static void nothing_at_all(struct diagnoses *d, const struct call *c, int64_t end)
{
	int64_t up = came_up(c);
	struct diagnosis *x;

	if (!up || end - up < QUIET)
		return;
	x = found(d, "gre-blocked", CONFIDENCE_MEDIUM, NOBODY_AT_FAULT, "the network, or both ends",
		  "Let IP protocol 47 (GRE) through every firewall on the way; capture at both ends to see "
		  "where it stops.");
	because(x, "the call was up for %.1f s and not one GRE packet was seen in either direction",
		(double)(end - up) / 1e9);
	shown_by(x, c->step[STEP_REPLY].frame);
	shown_by(x, c->last_frame);
}

/* One direction speaks, the other one never arrives. */
static void one_way(struct diagnoses *d, const struct call *c, unsigned speaks)
{
	const struct flow *f = flow_of(c, speaks);
	unsigned silent = !speaks;
	const char *code = d->pac < 0              ? "gre-blocked"
			   : (int)silent == d->pac ? "gre-blocked-to-pns"
						   : "gre-blocked-to-pac";
	char a[HOST_WORDS], b[HOST_WORDS];
	struct diagnosis *x;

	/* Who acknowledges has received: then the capture sees only one direction. */
	if (f->acks || !c->connection_id)
		return;
	x = found(d, code, f->packets < SPOKEN ? CONFIDENCE_LOW : CONFIDENCE_MEDIUM, NOBODY_AT_FAULT,
		  "the network between them",
		  "Let IP protocol 47 (GRE) through in both directions; on a NAT router, load its PPTP "
		  "helper.");
	because(x,
		"%s sent %" PRIu64 " GRE packets, but none of %s came this way and nothing was acknowledged",
		host_words(d, speaks, a), f->packets, host_words(d, silent, b));
	shown_by(x, c->step[STEP_REPLY].frame);
	shown_by(x, f->first_frame);
	shown_by(x, f->last_frame);
}

static void blocked(struct diagnoses *d, const struct call *c, int64_t end)
{
	bool has[HOSTS] = { flow_of(c, 0) != NULL, flow_of(c, 1) != NULL };

	if (!has[0] && !has[1])
		nothing_at_all(d, c, end);
	else if (has[0] != has[1])
		one_way(d, c, has[1]);
}

/* One side goes on sending, the other has stopped to send and to acknowledge. */
static void stopped(struct diagnoses *d, const struct call *c, unsigned host)
{
	const struct flow *f = flow_of(c, host), *g = flow_of(c, !host);
	char a[HOST_WORDS], b[HOST_WORDS];
	struct diagnosis *x;

	if (!f || !g || !(g->flags & FLOW_HAS_ACK) || f->last_time - g->last_time < STOPPED_NS ||
	    (int32_t)(f->highest_seq - g->highest_ack) < SPOKEN)
		return;
	x = found(d, "peer-vanished", CONFIDENCE_MEDIUM, (int)!host, NULL,
		  "See whether that side ended the call or its program, or whether its GRE is no longer let "
		  "through.");
	because(x, "%s sent and acknowledged nothing more while %s sent %d packets during %.1f s",
		host_words(d, !host, a), host_words(d, host, b), (int)(f->highest_seq - g->highest_ack),
		(double)(f->last_time - g->last_time) / 1e9);
	shown_by(x, g->last_frame);
	shown_by(x, f->last_frame);
}

/* --- address translation -------------------------------------------------------------------- */

static void translation(struct diagnoses *d, const struct call *c)
{
	char a[HOST_WORDS];
	struct diagnosis *x;

	if (c->id_is_port) {
		x = found(d, "nat-call-id-mangled", CONFIDENCE_HIGH, NOBODY_AT_FAULT,
			  "a NAT router on the way",
			  "Capture on the other side of the NAT router as well and compare the Call IDs.");
		because(x, "the PNS Call ID %u equals the TCP source port: a NAT router has put it there",
			c->pns_call_id);
		shown_by(x, c->step[STEP_REQUEST].frame);
	}
	if (c->id_collision) {
		x = found(
			d, "call-id-collision", CONFIDENCE_HIGH, NOBODY_AT_FAULT, "a NAT router on the way",
			"Load the PPTP helper of the NAT router, or let only one client connect at a time.");
		because(x,
			"two calls of %s use the PNS Call ID %u at the same time: GRE for them cannot be "
			"told apart",
			host_words(d, d->pac < 0 ? 0 : !d->pac, a), c->pns_call_id);
		shown_by(x, c->step[STEP_REQUEST].frame);
	}
}

/* --- the path ------------------------------------------------------------------------------- */

static bool more_than(uint64_t part, uint64_t whole, unsigned percent)
{
	return part >= SPOKEN && part * 100 >= whole * percent;
}

static void path(struct diagnoses *d, const struct call *c, unsigned host)
{
	const struct flow *f = flow_of(c, host);
	uint64_t lost = f ? flow_lost(f) : 0, whole = f ? f->data + lost : 0;
	const char *direction = d->pac < 0            ? "in one direction"
				: (int)host == d->pac ? "from PAC to PNS"
						      : "from PNS to PAC";
	struct diagnosis *x;

	if (whole < ENOUGH)
		return;
	if (more_than(lost, whole, LOSS_PERCENT)) {
		x = found(
			d, "heavy-loss", CONFIDENCE_HIGH, NOBODY_AT_FAULT,
			"the path before the capture point",
			"Look for an overloaded or faulty link before the capture point in that direction.");
		because(x, "%" PRIu64 " of %" PRIu64 " GRE packets (%.1f %%) %s were lost", lost, whole,
			100.0 * (double)lost / (double)whole, direction);
		shown_by(x, f->first_frame);
		shown_by(x, f->last_frame);
	}
	if (more_than(f->reordered, whole, LATE_PERCENT)) {
		x = found(
			d, "heavy-reordering", CONFIDENCE_HIGH, NOBODY_AT_FAULT,
			"the path before the capture point",
			"Look for load balancing by packet on the way: PPTP endpoints drop what comes late.");
		because(x, "%u of %" PRIu64 " GRE packets (%.1f %%) %s came out of order", f->reordered,
			whole, 100.0 * f->reordered / (double)whole, direction);
		shown_by(x, f->first_frame);
		shown_by(x, f->last_frame);
	}
	if (more_than(f->duplicated, whole, COPIES_PERCENT)) {
		x = found(d, "path-duplicates", CONFIDENCE_HIGH, NOBODY_AT_FAULT,
			  "the path before the capture point",
			  "Look for a link that sends packets twice before the capture point.");
		because(x, "%u of %" PRIu64 " GRE packets (%.1f %%) %s came twice", f->duplicated, whole,
			100.0 * f->duplicated / (double)whole, direction);
		shown_by(x, f->first_frame);
		shown_by(x, f->last_frame);
	}
}

/* Said only when it was seen to be: both directions carried data and acknowledged each other's. */
static void healthy(struct diagnoses *d, const struct call *c)
{
	const struct flow *f = flow_of(c, 0), *g = flow_of(c, 1);
	struct diagnosis *x;

	if (d->count || !f || !g || f->data < SPOKEN || g->data < SPOKEN || !(f->acks + g->acks) ||
	    (f->flags | g->flags) & FLOW_DISTRUST)
		return;
	x = found(d, "healthy", CONFIDENCE_HIGH, NOBODY_AT_FAULT, NULL,
		  "Nothing is to be done about this call.");
	because(x, "both directions carried data and were acknowledged");
	shown_by(x, f->first_frame);
	shown_by(x, g->first_frame);
}

unsigned diagnose_call(const struct call *c, int64_t now, struct diagnosis out[DIAGNOSES_MAX])
{
	struct diagnoses d = { out, 0, c->tunnel, c->tunnel->pac };
	int64_t end = c->over ? c->last_time : now;

	refused(&d, c);
	unanswered(&d, c, end);
	if (!unreachable(&d, c))
		blocked(&d, c, end);
	stopped(&d, c, 0);
	stopped(&d, c, 1);
	translation(&d, c);
	path(&d, c, 0);
	path(&d, c, 1);
	healthy(&d, c);
	return d.count;
}
