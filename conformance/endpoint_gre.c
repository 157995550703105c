/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tunnel of a call: enhanced GRE (RFC 2637 section 4).  Data are numbered from 0, sent as far as the
 * window lets, and never twice; what has come is acknowledged on data going the other way, or alone after a
 * while.  What comes late is discarded.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "conformance/endpoint_private.h"

#define MIN_TIMEOUT_NS (100 * NET_MILLISECOND)

enum { GRE_ROOM = 2 * GRE_PAYLOAD_MAX, DATA_FLAGS = GRE_K | GRE_S | 1, ACK_FLAGS = GRE_K | GRE_A | 1 };

struct frame {
	struct frame *next;
	size_t len;
	uint8_t octets[];
};

struct gre_session {
	struct net_claim *claim;
	struct window window;
	struct frame *first, **end; /* frames that wait for the window */
	unsigned queued;
	bool heard, ack_due;
	uint32_t highest; /* Sequence Number that came */
	unsigned unacked; /* packets that came since the last acknowledgment */
	struct net_timer ack, timeout;
	struct gre_counts counts;
};

/* --- out -------------------------------------------------------------------------------------------- */

static bool put(struct session *s, struct gre_pkt *p, const uint8_t *payload, size_t len)
{
	uint8_t octets[GRE_ROOM];
	size_t n = gre_encode(p, payload, len, octets, sizeof(octets));

	return n && net_gre_send(s->e->host, &s->c->self, &s->c->peer, octets, n);
}

/* The same, as a peer with faults would do it. */
static bool put_spoilt(struct session *s, struct gre_pkt *p, const uint8_t *payload, size_t len)
{
	struct ip_addr src = s->c->self, dst = s->c->peer;
	uint8_t octets[GRE_ROOM], frame[GRE_ROOM];
	size_t n = 0;

	if (len) {
		memcpy(frame, payload, len);
		len = spoil_frame(s, frame, len, sizeof(frame));
		p->payload_length = (uint16_t)len;
	}
	spoil_header(s, p, s->gre->heard);
	n = gre_encode(p, frame, len, octets, sizeof(octets));
	spoil_ends(s, &src, &dst);
	return n && net_gre_send(s->e->host, &src, &dst, octets, spoil_octets(s, octets, n));
}

static bool send_packet(struct session *s, struct gre_pkt *p, const uint8_t *payload, size_t len)
{
	return s->e->faulty ? put_spoilt(s, p, payload, len) : put(s, p, payload, len);
}

/* The number that an acknowledgment carries; what was due is done. */
static uint32_t acknowledge(struct session *s)
{
	struct gre_session *g = s->gre;

	g->ack_due = false;
	g->unacked = 0;
	g->counts.acks_sent++;
	net_timer_cancel(s->e->net, &g->ack);
	return g->highest;
}

static void send_ack(struct session *s)
{
	struct gre_pkt p = { .flags = ACK_FLAGS, .protocol = GRE_PROTO_PPP, .call_id = s->peer_id };

	p.ack = acknowledge(s);
	send_packet(s, &p, NULL, 0);
	if (fault_on(s->e, FAULT_GRE_SEQ_ACKONLY_01))
		s->gre->window.next++;
}

static void set_timeout(struct session *s)
{
	struct gre_session *g = s->gre;

	/* MS-PTPT section 3.1.5.9: there is none. */
	if (g->window.deadline == INT64_MAX || is_ms_ptpt(s->e) || spoil_no_timeout(s))
		net_timer_cancel(s->e->net, &g->timeout);
	else
		net_timer_set(s->e->net, &g->timeout, g->window.deadline);
}

static void send_data(struct session *s, const uint8_t *frame, size_t len)
{
	struct gre_session *g = s->gre;
	struct gre_pkt p = { .flags = DATA_FLAGS, .protocol = GRE_PROTO_PPP, .call_id = s->peer_id };

	p.payload_length = (uint16_t)len;
	p.seq = window_sent(&g->window, net_now(s->e->net));
	if (g->ack_due) {
		p.flags |= GRE_A;
		p.ack = acknowledge(s);
	}
	g->counts.sent++;
	g->counts.sent_octets += len;
	send_packet(s, &p, frame, len);
	if (s->e->faulty)
		spoil_sent(s, &g->window);
	set_timeout(s);
}

static unsigned room(const struct session *s)
{
	unsigned n = window_room(&s->gre->window);

	return s->e->faulty ? spoil_room(s, n) : n;
}

/* MS-PTPT section 3.1.5.7: windows are not looked at. */
static bool ignores_window(const struct session *s)
{
	return ms_ptpt_unless(s->e, FAULT_MSP_WINIGN_01) && ms_ptpt_unless(s->e, FAULT_MSP_NOATO_01);
}

unsigned gre_room(const struct session *s)
{
	if (!s->gre || s->gre->queued)
		return 0;
	return ignores_window(s) ? UINT16_MAX : room(s);
}

static void enqueue(struct gre_session *g, const uint8_t *octets, size_t len)
{
	struct frame *f = g->queued < GRE_QUEUE_MAX ? malloc(sizeof(*f) + len) : NULL;

	if (!f) {
		g->counts.overflow++;
		return;
	}
	f->next = NULL;
	f->len = len;
	memcpy(f->octets, octets, len);
	*g->end = f;
	g->end = &f->next;
	g->queued++;
}

void gre_send(struct session *s, const uint8_t *frame, size_t len)
{
	struct gre_session *g = s->gre;

	if (!g || !len)
		return;
	if (len > GRE_PAYLOAD_MAX)
		g->counts.overflow++;
	else if (gre_room(s))
		send_data(s, frame, len);
	else
		enqueue(g, frame, len);
}

static struct frame *dequeue(struct gre_session *g)
{
	struct frame *f = g->first;

	g->first = f->next;
	if (!g->first)
		g->end = &g->first;
	g->queued--;
	return f;
}

/* The window may have opened. */
static void pump(struct session *s)
{
	struct gre_session *g = s->gre;

	while (g->queued && (ignores_window(s) || room(s))) {
		struct frame *f = dequeue(g);

		send_data(s, f->octets, f->len);
		free(f);
	}
	if (!g->queued)
		traffic_room(s);
}

static void ack_waited(void *ctx)
{
	struct session *s = ctx;

	if (s->gre->ack_due)
		send_ack(s);
}

static void timed_out(void *ctx)
{
	struct session *s = ctx;
	struct gre_session *g = s->gre;
	struct window before;

	before = g->window;
	window_timeout(&g->window, net_now(s->e->net));
	if (s->e->faulty)
		spoil_timeout(s, &g->window, &before);
	g->counts.timeouts++;
	set_timeout(s);
	pump(s);
}

/* --- in --------------------------------------------------------------------------------------------- */

static bool take_ack(struct session *s, const struct gre_pkt *p)
{
	struct window *w = &s->gre->window, before;
	uint32_t ack = p->ack;

	if (!s->e->faulty)
		return window_acked(w, ack, net_now(s->e->net));
	before = *w;
	if (!spoil_ack(s, w, p, &ack) || !window_acked(w, ack, net_now(s->e->net)))
		return false;
	spoil_acked(s, w, &before);
	return true;
}

static void got_ack(struct session *s, const struct gre_pkt *p)
{
	struct gre_session *g = s->gre;

	g->counts.acks_received++;
	if (!take_ack(s, p))
		return;
	set_timeout(s);
	pump(s);
}

static void discarded(struct session *s, const struct gre_pkt *p, const char *why)
{
	endpoint_say(s->e, NEWS_DISCARDED, s->id,
		     "call %u: packet %" PRIu32 " of %u octets discarded: %s (%" PRIu64 " so far)", s->id,
		     p->seq, p->payload_length, why, s->gre->counts.late);
}

/* Whether a packet is to be passed on.  MS-PTPT section 3.1.5.8 passes on what comes late and twice, too. */
static bool in_sequence(struct session *s, const struct gre_pkt *p)
{
	struct gre_session *g = s->gre;
	int32_t ahead = (int32_t)(p->seq - g->highest);

	if (g->heard && ahead <= 0) {
		g->counts.late++;
		if (!is_ms_ptpt(s->e))
			discarded(s, p, ahead ? "it comes late" : "it has come before");
		return ms_ptpt_unless(s->e, FAULT_MSP_OOS_01) || spoil_delivers(s, ahead);
	}
	if (g->heard)
		g->counts.lost += (uint32_t)ahead - 1;
	g->heard = true;
	g->highest = p->seq;
	return true;
}

/* An acknowledgment is due: on the answer, alone when the peer's window may be half full, or after a while.
 */
static void plan_ack(struct session *s)
{
	struct gre_session *g = s->gre;
	unsigned many = s->e->set.window / 4u + 1;

	if (!g->ack_due)
		return;
	if (g->unacked >= many && !is_ms_ptpt(s->e) && !spoil_ack_delay(s, 0))
		send_ack(s);
	else if (!g->ack.slot)
		net_timer_set(s->e->net, &g->ack,
			      net_now(s->e->net) + spoil_ack_delay(s, s->e->config.timers.ack));
}

static void got_data(struct session *s, const struct gre_pkt *p)
{
	struct gre_session *g = s->gre;
	bool heard = g->heard, deliver;
	uint32_t before = g->highest;

	if (s->e->faulty && spoil_ignores(s, p, heard, (int32_t)(p->seq - before)))
		return;
	deliver = in_sequence(s, p);
	if (s->e->faulty)
		g->highest = spoil_highest(s, p, before, heard, g->highest);
	g->counts.received++;
	g->counts.received_octets += p->payload_length;
	g->ack_due = true;
	g->unacked++;
	if (deliver)
		session_deliver(s, p->payload, p->caplen); /* not the Payload Length: it may be a lie */
	if (s->gre)
		plan_ack(s);
}

/* Octets beyond Payload Length do no harm; whatever else is wrong with a header makes it none of PPTP's. */
static bool acceptable(const struct gre_pkt *p, enum gre_status status)
{
	return status == GRE_OK && !(p->defects & ~(unsigned)GRE_BAD_PAD) && p->protocol == GRE_PROTO_PPP;
}

static void got_packet(void *ctx, const struct ip_addr *src, const struct ip_addr *dst, const uint8_t *octets,
		       size_t len)
{
	struct session *s = ctx;
	struct gre_pkt p;
	enum gre_status status = gre_decode(octets, (uint32_t)len, (uint32_t)len, false, &p);
	const struct transition *row = machine_find(s->machine, s->state, HAPPENS_DATA);

	(void)dst;
	if (!s->gre || !row || row->action != DO_DELIVER || !ip_addr_same(src, &s->c->peer))
		return;
	if (!acceptable(&p, status) && !(s->e->faulty && status == GRE_OK && spoil_accepts(s, &p))) {
		s->gre->counts.late++;
		discarded(s, &p, "its header is not PPTP's");
		return;
	}
	if (p.flags & GRE_A)
		got_ack(s, &p);
	if (s->gre && p.flags & GRE_S)
		got_data(s, &p);
}

/* --- life ------------------------------------------------------------------------------------------- */

static void begin_window(struct session *s)
{
	const struct window_options o = {
		.maximum = s->peer_window,
		.delay_ns = s->peer_delay * (NET_SECOND / 10),
		.min_timeout_ns = MIN_TIMEOUT_NS,
		.max_timeout_ns = s->e->set.max_timeout,
	};

	window_init(&s->gre->window, &o);
	if (s->e->faulty)
		spoil_begin(s, &s->gre->window);
}

bool gre_start(struct session *s)
{
	struct gre_session *g;
	char err[128];

	if (!net_gre_open(s->e->net, err, sizeof(err))) {
		endpoint_say(s->e, NEWS_REJECTED, s->id, "GRE: %s", err);
		return false;
	}
	g = calloc(1, sizeof(*g));
	if (!g)
		return false;
	s->gre = g;
	g->end = &g->first;
	g->ack = (struct net_timer){ .fn = ack_waited, .ctx = s };
	g->timeout = (struct net_timer){ .fn = timed_out, .ctx = s };
	begin_window(s);
	if (fault_on(s->e, FAULT_GRE_CALLID_02))
		g->claim = net_gre_claim_rest(s->e->host, &s->c->peer, got_packet, s);
	else
		g->claim = net_gre_claim(s->e->host, s->id, got_packet, s);
	if (!g->claim)
		gre_stop(s);
	return s->gre != NULL;
}

void gre_stop(struct session *s)
{
	struct gre_session *g = s->gre;

	if (!g)
		return;
	s->gre = NULL;
	net_timer_cancel(s->e->net, &g->ack);
	net_timer_cancel(s->e->net, &g->timeout);
	if (g->claim)
		net_gre_release(g->claim);
	while (g->queued)
		free(dequeue(g));
	s->last_counts = g->counts;
	free(g);
}

void gre_counts(const struct session *s, struct gre_counts *counts)
{
	*counts = s->gre ? s->gre->counts : s->last_counts;
	if (s->gre)
		counts->window = s->gre->window.size;
}
