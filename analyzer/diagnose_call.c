/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why calls fail; see diagnose.h. */
#include <inttypes.h>
#include <stdio.h>

#include "analyzer/diagnose_private.h"
#include "dissectors/ip.h"

/* Silence of one side that means something while the other one speaks. */
#define STOPPED SECONDS(3)
/* ... while it still sends itself, but acknowledges nothing. */
#define UNHEARD SECONDS(10)
enum {
	UNHEARD_PACKETS = 8,
	MISSABLE = 20, /* one of so many packets may be missing from the capture */
};

/* Dialling may take so long, unless the one who waits gives it up. */
#define DIALLING SECONDS(60)

/* An established call that carried nothing for this long is blocked. */
#define QUIET SECONDS(5)

static void refused(struct diagnoses *d, const struct call *c)
{
	static const char *const next =
		"Look up the reason at that side: line, number, authorization or licence.";
	const struct ctrl_desc *desc = ctrl_desc_of(c->kind == CALL_INCOMING ? CTRL_ICRP : CTRL_OCRP);
	int row = ctrl_field_index(desc, "result_code");
	int host = d->pac < 0 ? -1 : c->kind == CALL_INCOMING ? !d->pac : d->pac;
	const char *cause = c->cause ? ctrl_cause_name(c->cause) : NULL;
	const char *error = c->reply_error ? ctrl_error_name(c->reply_error) : NULL;
	char a[HOST_WORDS], words[64] = "";
	struct diagnosis *x;

	if (row >= 0)
		ctrl_value_words(&desc->fields[row], c->reply_result, words, sizeof(words));
	x = found(d, "call-refused", CONFIDENCE_HIGH, host, host < 0 ? "the side that answered" : NULL, next);
	because(x, "%s refused the call: %s%s%s%s%s",
		host < 0 ? "the other side" : host_words(d, (unsigned)host, a),
		*words ? words : "an undefined result", error ? ", error " : "", error ? error : "",
		cause ? ", cause " : "", cause ? cause : "");
	shown_by(x, call_step(c, STEP_REQUEST).frame);
	shown_by(x, call_step(c, STEP_REPLY).frame);
}

/* What the other side has answered may not be in the capture. */
static bool partial(const struct call *c)
{
	return call_connection(c) ? connection_partial(call_connection(c)) : c->connection_partial;
}

static void unanswered(struct diagnoses *d, const struct call *c)
{
	int64_t since = call_step(c, STEP_REQUEST).time_ns;
	int host = d->pac < 0 ? -1 : c->kind == CALL_INCOMING ? !d->pac : d->pac;
	char a[HOST_WORDS];
	struct diagnosis *x;

	if (!call_step(c, STEP_REQUEST).frame || call_step(c, STEP_REPLY).frame ||
	    call_step(c, STEP_CONNECTED).frame || flow_of(c, 0) || flow_of(c, 1) || partial(c) ||
	    d->end - since < (call_ended(c) ? STOPPED : DIALLING))
		return;
	x = found(d, "call-no-reply", CONFIDENCE_MEDIUM, host, NULL,
		  "See why that side does not answer: its log, its telephone lines, its limit of calls.");
	because(x, "the request for the call was not answered by %s",
		host < 0 ? "the other side" : host_words(d, (unsigned)host, a));
	shown_by(x, call_step(c, STEP_REQUEST).frame);
}

/* --- GRE ----------------------------------------------------------------------------------- */

int64_t call_up_time(const struct call *c)
{
	enum call_step step = c->kind == CALL_INCOMING ? STEP_CONNECTED : STEP_REPLY;

	return c->state == CALL_REFUSED ? 0 : call_step(c, step).time_ns;
}

/* The Call ID in what this host sends in the call. */
static bool sends_to(const struct diagnoses *d, const struct call *c, unsigned host, uint16_t call_id)
{
	if (call_flow(c, host))
		return flow_call_id(call_flow(c, host)) == call_id;
	if ((int)host == d->pac)
		return c->pns_id_known && c->pns_call_id == call_id;
	return d->pac >= 0 && c->pac_id_known && c->pac_call_id == call_id;
}

/* It went on after that, or was over: who has ended a call no longer takes its GRE. */
static bool passing(const struct call *c, const struct icmp_seen *s)
{
	const struct flow *g = flow_of(c, !s->from);
	uint64_t clear = call_step(c, STEP_CLEAR).frame, disconnect = call_step(c, STEP_DISCONNECT).frame;

	if ((clear && s->frame > clear) || (disconnect && s->frame > disconnect))
		return true;
	return g && g->flags & FLOW_HAS_ACK &&
	       (flow_last_frame(g) > s->frame || (c->ppp && c->ppp->end && s->frame > c->ppp->end_frame));
}

static bool unreachable(struct diagnoses *d, const struct call *c)
{
	bool any = false;

	for (unsigned i = 0; i < ICMP_SEEN; i++) {
		const struct icmp_seen *s = &c->tunnel->icmp[i];
		char a[HOST_WORDS], by[IP_ADDR_TEXT];
		struct diagnosis *x;

		if (!s->frame || s->too_big || !sends_to(d, c, s->from, s->call_id) || passing(c, s))
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

static void nothing_at_all(struct diagnoses *d, const struct call *c)
{
	int64_t up = call_up_time(c);
	struct diagnosis *x;

	if (!up || d->end - up < QUIET)
		return;
	x = found(d, "gre-blocked", CONFIDENCE_LOW, NOBODY_AT_FAULT, "the network, or both ends",
		  "See that the capture has IP protocol 47 (GRE) at all; if so, let it through every "
		  "firewall on "
		  "the way.");
	because(x, "the call was up for %.1f s and not one GRE packet was seen in either direction",
		(double)(d->end - up) / 1e9);
	shown_by(x, call_step(c, STEP_REPLY).frame);
	shown_by(x, call_last(c).frame);
}

/* Two requests of LCP, and no more to come, are as good as more packets that need no answer. */
static bool asked_twice(const struct diagnoses *d, const struct call *c, unsigned host)
{
	const struct ppp_asking *a = c->ppp ? &c->ppp->asking[PPP_NEG_LCP][host] : NULL;

	return a && a->requests + a->repeated >= 2 && (call_ended(c) || d->end - call_up_time(c) >= QUIET);
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
	if (f->acks || !call_controlled(c) || (f->packets < SPOKEN && !asked_twice(d, c, speaks)))
		return;
	x = found(d, code, f->packets < SPOKEN ? CONFIDENCE_LOW : CONFIDENCE_MEDIUM, NOBODY_AT_FAULT,
		  "the network between them",
		  "Let IP protocol 47 (GRE) through in both directions; on a NAT router, load its PPTP "
		  "helper.");
	because(x,
		"%s sent %" PRIu64 " GRE packets, but none of %s came this way and nothing was acknowledged",
		host_words(d, speaks, a), (uint64_t)f->packets, host_words(d, silent, b));
	shown_by(x, call_step(c, STEP_REPLY).frame);
	shown_by(x, flow_first_frame(f));
	shown_by(x, flow_last_frame(f));
}

static void blocked(struct diagnoses *d, const struct call *c)
{
	bool has[HOSTS] = { flow_of(c, 0) != NULL, flow_of(c, 1) != NULL };

	if (!has[0] && !has[1])
		nothing_at_all(d, c);
	else if (has[0] != has[1])
		one_way(d, c, has[1]);
}

/* One side goes on sending, the other has stopped to send and to acknowledge. */
static void stopped(struct diagnoses *d, const struct call *c, unsigned host)
{
	const struct flow *f = flow_of(c, host), *g = flow_of(c, !host);
	char a[HOST_WORDS], b[HOST_WORDS];
	struct diagnosis *x;

	/* Who has ended PPP, or the call, owes no answer; of whom much is missing, more may be. */
	if (!f || !g || !(g->flags & FLOW_HAS_ACK) || flow_last_time(f) - flow_last_time(g) < STOPPED ||
	    d->end - flow_last_time(g) < STOPPED || (int32_t)(f->highest_seq - g->highest_ack) < SPOKEN ||
	    flow_lost(g) * MISSABLE > g->data || (c->ppp && c->ppp->end && c->ppp->ended_by != host))
		return;
	x = found(d, "peer-vanished", CONFIDENCE_MEDIUM, (int)!host, NULL,
		  "See whether that side ended the call or its program, or whether its GRE is no longer let "
		  "through.");
	because(x, "%s sent and acknowledged nothing more while %s sent %d packets during %.1f s",
		host_words(d, !host, a), host_words(d, host, b), (int)(f->highest_seq - g->highest_ack),
		(double)(flow_last_time(f) - flow_last_time(g)) / 1e9);
	shown_by(x, flow_last_frame(g));
	shown_by(x, flow_last_frame(f));
}

/* One side still sends, but has stopped to acknowledge: what is sent to it no longer arrives. */
static void unheard(struct diagnoses *d, const struct call *c, unsigned host)
{
	const struct flow *f = flow_of(c, host), *g = flow_of(c, !host);
	char a[HOST_WORDS], b[HOST_WORDS];
	struct diagnosis *x;

	if (!f || !g || !(g->flags & FLOW_HAS_ACK) || !(f->flags & FLOW_PROBING) ||
	    f->flags & FLOW_DISTRUST || (int32_t)(f->highest_seq - g->highest_ack) < UNHEARD_PACKETS ||
	    flow_last_time(g) - flow_probe_time(f) < UNHEARD ||
	    flow_last_time(f) - flow_probe_time(f) < UNHEARD)
		return;
	x = found(
		d, "peer-vanished", CONFIDENCE_MEDIUM, NOBODY_AT_FAULT, "the network between them",
		"Look for what stopped the GRE in that direction: a firewall, a NAT entry that timed out, a "
		"route.");
	because(x, "%s still sends, but has acknowledged none of the last %d packets of %s for %.1f s",
		host_words(d, !host, a), (int)(f->highest_seq - g->highest_ack), host_words(d, host, b),
		(double)(flow_last_time(g) - flow_probe_time(f)) / 1e9);
	shown_by(x, flow_last_frame(f));
	shown_by(x, flow_last_frame(g));
}

/* --- address translation -------------------------------------------------------------------- */

static const char *const outside =
	"Capture on the other side of the NAT router as well and compare the Call IDs.";

static void port_as_id(struct diagnoses *d, const struct call *c)
{
	struct diagnosis *x;

	if (!c->id_is_port)
		return;
	x = found(d, "nat-call-id-mangled", CONFIDENCE_HIGH, NOBODY_AT_FAULT, "a NAT router on the way",
		  outside);
	because(x, "the PNS Call ID %u equals the TCP source port: a NAT router has put it there",
		c->pns_call_id);
	shown_by(x, call_step(c, STEP_REQUEST).frame);
}

static void strange_id(struct diagnoses *d, const struct call *c)
{
	const struct call_rare *rare = call_rare(c);
	const struct ctrl_desc *desc =
		rare->strange_type ? ctrl_desc_of((enum ctrl_type)rare->strange_type) : NULL;
	struct diagnosis *x;

	if (!desc || !c->pns_id_known || !c->pac_id_known)
		return;
	x = found(d, "nat-call-id-mangled", rare->strange_port ? CONFIDENCE_HIGH : CONFIDENCE_LOW,
		  NOBODY_AT_FAULT,
		  rare->strange_port ? "a NAT router on the way"
				     : "a NAT router on the way, or the sender of the message",
		  outside);
	because(x, "the %s of the PAC has the number %u%s, though the Call IDs of this call are %u and %u",
		desc->name, rare->strange_id, rare->strange_port ? ", which is the TCP port of the PNS," : "",
		c->pns_call_id, c->pac_call_id);
	shown_by(x, rare->strange_frame);
	shown_by(x, call_step(c, STEP_REPLY).frame);
}

/*
 * The only GRE of a host that belongs to no call and acknowledges what the other one sends in this
 * call: its Call ID has been changed on the way, or the one in the control message was.
 */
static const struct flow *misdirected(const struct call *c, unsigned host)
{
	const struct flow *f = flow_of(c, !host), *only = NULL;

	for (const struct call *o = c->tunnel->first_call; o; o = o->next) {
		const struct flow *g = flow_of(o, host);

		if (o == c || call_connection_id(o) || !g || flow_of(o, !host) ||
		    !(g->flags & FLOW_HAS_ACK) || flow_last_frame(g) < call_step(c, STEP_REPLY).frame)
			continue;
		if (only)
			return NULL;
		only = g;
	}
	return only && f && f->flags & FLOW_HAS_SEQ && (int32_t)(only->highest_ack - f->first_seq) >= 0 &&
			       (int32_t)(f->highest_seq - only->highest_ack) >= 0
		       ? only
		       : NULL;
}

static bool misdirection(struct diagnoses *d, const struct call *c)
{
	for (unsigned host = 0; host < HOSTS; host++) {
		const struct flow *g;
		char a[HOST_WORDS];
		struct diagnosis *x;

		if (!call_step(c, STEP_REQUEST).frame || !call_step(c, STEP_REPLY).frame ||
		    flow_of(c, host) || d->pac < 0)
			continue;
		g = misdirected(c, host);
		if (!g)
			continue;
		x = found(d, "nat-call-id-mangled", CONFIDENCE_HIGH, NOBODY_AT_FAULT,
			  "a NAT router on the way", outside);
		because(x, "%s sends GRE with Call ID %u, though the control connection agreed on %u",
			host_words(d, host, a), (unsigned)flow_call_id(g),
			(int)host == d->pac ? c->pns_call_id : c->pac_call_id);
		shown_by(x, call_step(c, STEP_REQUEST).frame);
		shown_by(x, call_step(c, STEP_REPLY).frame);
		shown_by(x, flow_first_frame(g));
		return true;
	}
	return false;
}

static void collision(struct diagnoses *d, const struct call *c)
{
	char a[HOST_WORDS];
	struct diagnosis *x;

	if (!c->id_collision)
		return;
	x = found(d, "call-id-collision", CONFIDENCE_HIGH, NOBODY_AT_FAULT, "a NAT router on the way",
		  "Load the PPTP helper of the NAT router, or let only one client connect at a time.");
	because(x,
		"two calls of %s use the PNS Call ID %u at the same time: GRE for them cannot be told apart",
		host_words(d, d->pac < 0 ? 0 : !d->pac, a), c->pns_call_id);
	shown_by(x, call_step(c, STEP_REQUEST).frame);
}

/* --- all of it ------------------------------------------------------------------------------ */

static bool has_code(const struct diagnoses *d, const char *code)
{
	for (unsigned i = 0; i < d->count; i++)
		if (strcmp(d->list[i].code, code) == 0)
			return true;
	return false;
}

/* Its connection did not end in order. */
static bool connection_gone(const struct diagnoses *d, const struct call *c)
{
	return call_connection(c) ? connection_failed(call_connection(c), d->end) : c->connection_failed;
}

static const char *end_words(const struct call *c)
{
	if (call_step(c, STEP_DISCONNECT).frame || (c->ppp && c->ppp->end == PPP_END_LCP))
		return ", and it was ended in order";
	return call_ended(c) ? ", until it ended" : "";
}

/* Said only when it was seen to be: both directions carried data and acknowledged each other's. */
static void healthy(struct diagnoses *d, const struct call *c)
{
	const struct flow *f = flow_of(c, 0), *g = flow_of(c, 1);
	struct diagnosis *x;

	if (d->count || !f || !g || f->data < SPOKEN || g->data < SPOKEN || !(f->acks + g->acks) ||
	    (f->flags | g->flags) & FLOW_DISTRUST || !ppp_is_healthy(c) || connection_gone(d, c))
		return;
	x = found(d, "healthy", c->ppp && c->ppp->open_frame ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM,
		  NOBODY_AT_FAULT, NULL, "Nothing is to be done about this call.");
	because_of(x, c->ppp && c->ppp->open_frame ? "PPP came up, " : "",
		   "both directions carried data and were acknowledged", end_words(c));
	shown_by(x, c->ppp ? c->ppp->open_frame : 0);
	shown_by(x, flow_first_frame(f));
	shown_by(x, flow_first_frame(g));
	shown_by(x, flow_last_frame(f));
}

/* Until when the call was watched: its end, or that of the capture. */
static int64_t end_of(const struct call *c, int64_t now)
{
	if (call_step(c, STEP_CLEAR).frame)
		return call_step(c, STEP_CLEAR).time_ns;
	if (call_step(c, STEP_DISCONNECT).frame)
		return call_step(c, STEP_DISCONNECT).time_ns;
	if (c->state == CALL_REFUSED)
		return call_last(c).time_ns;
	return c->end_time ? c->end_time : c->over ? call_last(c).time_ns : now;
}

unsigned diagnose_call(const struct call *c, int64_t now, struct diagnosis out[DIAGNOSES_MAX])
{
	struct diagnoses d = { out, 0, c->tunnel, c->tunnel->pac, end_of(c, now) };

	if (c->state == CALL_REFUSED)
		refused(&d, c);
	unanswered(&d, c);
	port_as_id(&d, c);
	if (!misdirection(&d, c) && !unreachable(&d, c))
		blocked(&d, c);
	strange_id(&d, c);
	collision(&d, c);
	diagnose_ppp(&d, c);
	for (unsigned host = 0; host < HOSTS && !has_code(&d, "peer-vanished"); host++) {
		stopped(&d, c, host);
		unheard(&d, c, host);
	}
	diagnose_path(&d, c);
	healthy(&d, c);
	return d.count;
}
