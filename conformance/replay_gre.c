/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tunnel of a replay: keys, numbers, acknowledgments, and what of PPP depends on what the peer said. */
#include <stdio.h>
#include <stdlib.h>

#include "conformance/replay_private.h"
#include "dissectors/cursor.h"
#include "dissectors/ppp_control.h"

enum { PACKET = 65535 - 20 };

/* --- PPP ------------------------------------------------------------------------------------- */

static bool is_chap_like(uint16_t protocol)
{
	return protocol == PPP_PAP || protocol == PPP_CHAP || protocol == PPP_EAP;
}

/* Whether packets of this code are answered under their identifier. */
static bool asks(uint16_t protocol, uint8_t code)
{
	if (protocol == PPP_CHAP)
		return code == PPP_CHAP_CHALLENGE || code == PPP_CHAP_RESPONSE;
	if (is_chap_like(protocol))
		return code == PPP_PAP_REQUEST; /* EAP's is the same */
	return code == PPP_CONF_REQ || code == PPP_TERM_REQ || code == PPP_ECHO_REQ;
}

/* Whether packets of this code carry the identifier of what they answer. */
static bool answers(uint16_t protocol, uint8_t code)
{
	if (is_chap_like(protocol))
		return code != PPP_PAP_REQUEST;
	return code == PPP_CONF_ACK || code == PPP_CONF_NAK || code == PPP_CONF_REJ || code == PPP_TERM_ACK ||
	       code == PPP_ECHO_REP;
}

static bool is_link_echo(const struct ppp_frame *f)
{
	return f->protocol == PPP_LCP && (f->code == PPP_ECHO_REQ || f->code == PPP_ECHO_REP);
}

bool replay_gre_ppp(const struct gre_pkt *g, struct ppp_frame *out)
{
	if (!(g->flags & GRE_S) || g->caplen < g->payload_length || !g->caplen)
		return false;
	ppp_decode(g->payload, g->caplen, g->payload_length, out);
	return !out->bad && !out->cut && out->has_code && !is_link_echo(out);
}

static struct ppp_request *request_of(struct replay *r, uint16_t call_id, uint16_t protocol, uint8_t recorded)
{
	for (size_t i = 0; i < r->requests; i++)
		if (r->request[i].call_id == call_id && r->request[i].protocol == protocol &&
		    r->request[i].recorded == recorded)
			return &r->request[i];
	return NULL;
}

/* A request of the peer has come in the place of a recorded one. */
static void remember_request(struct replay *r, const struct expectation *e, const struct ppp_frame *f)
{
	struct ppp_request *q = request_of(r, e->call_id, e->protocol, e->identifier);

	if (!asks(f->protocol, f->code))
		return;
	if (!q) {
		if (!replay_grow(&r->request, &r->requests, sizeof(*r->request)))
			return;
		q = &r->request[r->requests - 1];
		q->call_id = e->call_id;
		q->protocol = e->protocol;
		q->recorded = e->identifier;
	}
	q->live = f->identifier;
	free(q->octets);
	q->len = f->length <= f->caplen ? f->length : f->caplen;
	q->octets = malloc(q->len ? q->len : 1);
	if (q->octets)
		memcpy(q->octets, f->payload, q->len);
	else
		q->len = 0;
}

/*
 * The payload as it is to be sent now: answers carry the identifier of the live request, and a
 * Configure-Ack repeats its options.  Returns its octets.
 */
static size_t translate_ppp(struct replay *r, const struct replay_call *call, const struct gre_pkt *g,
			    uint8_t *out, size_t room)
{
	struct wcursor w = wcursor_on(out, room);
	const struct ppp_request *q;
	struct ppp_frame f;

	ppp_decode(g->payload, g->caplen, g->payload_length, &f);
	q = !f.bad && !f.cut && f.has_code && answers(f.protocol, f.code)
		    ? request_of(r, call->our_id, f.protocol, f.identifier)
		    : NULL;
	if (!q) {
		wcursor_octets(&w, g->payload, g->caplen);
		return (size_t)(w.at - out);
	}
	wcursor_octets(&w, g->payload, (size_t)(f.payload - g->payload));
	wcursor_uint(&w, f.code, 1);
	wcursor_uint(&w, q->live, 1);
	if (f.code == PPP_CONF_ACK && !is_chap_like(f.protocol) && q->len >= 4)
		wcursor_octets(&w, q->octets + 2, q->len - 2);
	else
		wcursor_octets(&w, f.payload + 2, f.caplen - 2);
	return w.overrun ? 0 : (size_t)(w.at - out);
}

/* --- calls ----------------------------------------------------------------------------------- */

struct replay_call *replay_call_by_our_id(struct replay *r, uint16_t id)
{
	for (size_t i = 0; i < r->calls; i++)
		if (r->call[i].our_id == id)
			return &r->call[i];
	return NULL;
}

static struct replay_call *call_by_peer_id(struct replay *r, uint16_t id)
{
	for (size_t i = 0; i < r->calls; i++)
		if (r->call[i].peer_id == id)
			return &r->call[i];
	return NULL;
}

/* The call of ours that a recorded packet is sent to, and the packet; NULL: there is none, or it is no packet. */
static struct replay_call *call_of(struct replay *r, const struct replay_item *item, struct gre_pkt *g)
{
	if (gre_decode(item->octets, (uint32_t)item->len, (uint32_t)item->len, false, g) != GRE_OK)
		return NULL;
	return replay_call_by_our_id(r, g->call_id);
}

void replay_gre_expect(struct replay *r, const struct replay_item *item)
{
	struct gre_pkt g;
	struct replay_call *c = call_of(r, item, &g);

	if (!c)
		return;
	c->recorded_defects |= g.defects;
	c->recorded_total += g.flags & GRE_S ? 1 : 0;
}

void replay_gre_begin(struct replay *r, const struct ctrl_msg *reply, bool ours)
{
	struct replay_call *c;
	uint32_t own, other;

	if ((reply->type != CTRL_OCRP && reply->type != CTRL_ICRP) || !ctrl_get(reply, "call_id", &own) ||
	    !ctrl_get(reply, "peer_call_id", &other))
		return;
	c = replay_call_by_our_id(r, (uint16_t)(ours ? own : other));
	if (!c)
		return;
	/* The same Call IDs again are another session. */
	c->peer_id = (uint16_t)(ours ? other : own);
	c->recorded_any = c->live_any = c->acked_any = c->silent = false;
}

/* --- out ------------------------------------------------------------------------------------- */

static bool before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/* The acknowledgment of now for a recorded one: never of what has not come.  False: of nothing. */
static bool translate_ack(struct replay_call *c, uint32_t recorded, uint32_t *live)
{
	uint32_t ack;

	if (!c->live_any)
		return false;
	ack = c->live_first + (c->recorded_any ? recorded - c->recorded_first : 0);
	if (before(c->live_highest, ack))
		ack = c->live_highest;
	if (before(ack, c->live_first))
		ack = c->live_first;
	if (c->acked_any && before(ack, c->acked))
		ack = c->acked;
	c->acked = *live = ack;
	c->acked_any = true;
	return true;
}

static void send_packet(struct replay *r, const struct gre_pkt *g, const uint8_t *payload, size_t len)
{
	uint8_t octets[PACKET];
	size_t n = gre_encode(g, payload, len, octets, sizeof(octets));

	if (n && net_gre_send(r->o.host, &r->local, &r->peer, octets, n))
		r->totals.packets_sent++;
}

void replay_gre_play(struct replay *r, const struct replay_item *item)
{
	uint8_t payload[2048 + 64], *longer = NULL, *at = payload;
	size_t room = sizeof(payload), len;
	struct replay_call *c;
	struct gre_pkt g;
	uint16_t key;

	if (!r->o.gre || gre_decode(item->octets, (uint32_t)item->len, (uint32_t)item->len, false, &g) ==
				 GRE_OTHER_VERSION)
		return;
	c = call_by_peer_id(r, g.call_id);
	if (!c || !replay_live_id(r, g.call_id, &key)) {
		r->totals.untranslated++;
		return;
	}
	g.call_id = key;
	if (g.flags & GRE_A && !translate_ack(c, g.ack, &g.ack)) {
		if (!(g.flags & GRE_S))
			return;
		g.flags &= (uint16_t)~GRE_A;
	}
	if (g.caplen + 1500 > room) {
		room = g.caplen + 1500;
		at = longer = malloc(room);
		if (!at)
			return;
	}
	len = translate_ppp(r, c, &g, at, room);
	/* A Payload Length that was wrong stays wrong. */
	g.payload_length = (uint16_t)(g.payload_length + len - g.caplen);
	send_packet(r, &g, at, len);
	free(longer);
}

/* Acknowledges alone what more comes than was recorded: nothing that is played would. */
static void ack_surplus(struct replay *r, struct replay_call *c)
{
	struct gre_pkt g = { .flags = GRE_K | GRE_A | 1, .protocol = GRE_PROTO_PPP };
	uint16_t key;

	if (c->live_data <= c->recorded_total || !replay_live_id(r, c->peer_id, &key))
		return;
	g.call_id = key;
	g.ack = c->acked = c->live_highest;
	c->acked_any = true;
	send_packet(r, &g, NULL, 0);
}

/* --- in -------------------------------------------------------------------------------------- */

void replay_gre_pass(struct replay *r, const struct replay_item *item)
{
	struct gre_pkt g;
	struct replay_call *c = call_of(r, item, &g);

	if (!c || !(g.flags & GRE_S))
		return;
	c->recorded_data++;
	if (!c->recorded_any)
		c->recorded_first = g.seq;
	c->recorded_any = true;
}

static struct expectation *expected_packet(struct replay *r, uint16_t call_id, const struct ppp_frame *f)
{
	for (unsigned missed = 0; missed < 2; missed++)
		for (size_t i = 0; i < r->packets; i++) {
			struct expectation *e = &r->packet[i];

			if (!e->bound && e->missed == missed && e->call_id == call_id &&
			    e->protocol == f->protocol && e->code == f->code)
				return e;
		}
	return NULL;
}

static void match_packet(struct replay *r, struct replay_call *c, const struct ppp_frame *f)
{
	struct expectation *e = expected_packet(r, c->our_id, f);
	struct replay_difference d;

	if (!e) {
		d = (struct replay_difference){ .kind = REPLAY_ADDITIONAL,
						.protocol = f->protocol,
						.code = f->code,
						.call_id = c->our_id };
		replay_tell(r, &d);
		return;
	}
	if (e->missed) {
		d = replay_about(r, REPLAY_LATE, e);
		replay_tell(r, &d);
	}
	e->bound = true;
	e->bound_ns = net_now(r->net);
	c->silent = false;
	r->totals.ppp_answered++;
	remember_request(r, e, f);
}

static void count_packet(struct replay *r, struct replay_call *c, const struct gre_pkt *g)
{
	uint16_t fresh = g->defects & (uint16_t) ~(c->recorded_defects | c->told_defects);

	if (g->flags & GRE_S) {
		if (!c->live_any)
			c->live_first = c->live_highest = g->seq;
		if (before(c->live_highest, g->seq))
			c->live_highest = g->seq;
		c->live_any = true;
		c->live_data++;
	}
	for (unsigned bit = 1; fresh && bit <= fresh; bit <<= 1) {
		struct replay_difference d = { .kind = REPLAY_TUNNEL, .call_id = c->our_id };

		if (!(fresh & bit))
			continue;
		c->told_defects |= (uint16_t)bit;
		snprintf(d.words, sizeof(d.words), "packets with a fault that was not recorded: %s",
			 gre_defect_text(bit));
		replay_tell(r, &d);
	}
}

static void unknown_call(struct replay *r, uint16_t id)
{
	struct replay_difference d = { .kind = REPLAY_TUNNEL, .call_id = id };

	if (r->unknown_call_told)
		return;
	r->unknown_call_told = true;
	snprintf(d.words, sizeof(d.words),
		 "packets come for a Call ID that the played side has not assigned");
	replay_tell(r, &d);
}

void replay_gre_came(void *replay, const struct ip_addr *src, const struct ip_addr *dst,
		     const uint8_t *octets, size_t len)
{
	struct replay *r = replay;
	struct replay_call *c;
	struct ppp_frame f;
	struct gre_pkt g;

	(void)src;
	(void)dst;
	if (r->state == REPLAY_DONE || gre_decode(octets, (uint32_t)len, (uint32_t)len, false, &g) != GRE_OK)
		return;
	r->totals.packets_received++;
	c = replay_call_by_our_id(r, g.call_id);
	if (!c) {
		unknown_call(r, g.call_id);
		return;
	}
	count_packet(r, c, &g);
	if (replay_gre_ppp(&g, &f))
		match_packet(r, c, &f);
	if (g.flags & GRE_S)
		ack_surplus(r, c);
	replay_advance(r);
}

void replay_gre_end(struct replay *r)
{
	for (size_t i = 0; r->o.gre && i < r->calls; i++) {
		const struct replay_call *c = &r->call[i];
		struct replay_difference d = { .kind = REPLAY_TUNNEL, .call_id = c->our_id };

		if (!c->recorded_data == !c->live_data)
			continue;
		if (c->recorded_data)
			snprintf(d.words, sizeof(d.words),
				 "no data comes from the peer, of which there was then");
		else
			snprintf(d.words, sizeof(d.words),
				 "data comes from the peer, of which there was none then");
		replay_tell(r, &d);
	}
}
