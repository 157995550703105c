/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a TCP segment (RFC 793) means for its connection: handshake, acknowledgments, octets, FIN,
 * RST, and ports that are used again.
 */
#include "analyzer/reassembly_internal.h"

/* A SYN that comes again this much later was not answered: a system that means it, not noise. */
static const int64_t repeat_ns = 500000000;

void flow_emit(struct reassembly *r, struct conn *c, enum segment_kind kind, unsigned from,
	       const struct piece *p)
{
	struct segment s = {
		.kind = kind,
		.from = from,
		.len = p->len,
		.frame = p->frame,
		.time_ns = p->time_ns,
		.position = c->half[from].position,
		.peer_acked = p->peer_acked,
		.end = c->end,
	};

	r->fn(r->ctx, &c->info, &s);
}

void flow_gap(struct reassembly *r, struct conn *c, unsigned from, const struct piece *why, uint32_t len)
{
	struct half *h = &c->half[from];
	struct piece p = *why;

	p.len = len;
	h->gap_seq = h->next;
	h->gap_len = len;
	c->info.lost_octets[from] += len;
	r->stats.gaps++;
	r->stats.gap_octets += len;
	flow_emit(r, c, SEGMENT_GAP, from, &p);
}

static void emit_octets(struct reassembly *r, struct conn *c, unsigned from, const struct piece *p,
			const uint8_t *octets, uint32_t len)
{
	struct segment s = {
		.kind = p->cut ? SEGMENT_GAP : SEGMENT_DATA,
		.from = from,
		.octets = p->cut ? NULL : octets,
		.len = len,
		.segment_start = p->start,
		.cut = p->cut,
		.frame = p->frame,
		.time_ns = p->time_ns,
		.position = c->half[from].position,
		.peer_acked = p->peer_acked,
	};

	if (p->cut) {
		c->info.lost_octets[from] += len;
		r->stats.gaps++;
		r->stats.gap_octets += len;
	} else {
		r->stats.octets += len;
	}
	r->fn(r->ctx, &c->info, &s);
}

void flow_deliver(struct reassembly *r, struct conn *c, unsigned from, const uint8_t *octets, uint32_t len)
{
	struct half *h = &c->half[from];
	const struct piece *p = r->in_hand;
	struct piece waited;

	r->in_hand = NULL;
	if (!p && hole_take(r, h, &waited))
		p = &waited;
	if (!p)
		return;
	if (!p->filler)
		emit_octets(r, c, from, p, octets, len);
	h->next += len;
	h->position += len;
	if (seq_before(h->sent, h->next))
		h->sent = h->next;
}

/* Nothing of this direction waits in libnids, so its numbers may still be moved. */
static bool movable(const struct half *h)
{
	return h->position == 0 && !(h->hole && h->hole->first);
}

static void half_start(struct half *h, uint32_t seq)
{
	h->next = h->sent = seq;
	h->started = true;
	h->tentative = false;
	h->has_acked = h->has_acked && !seq_before(h->acked, seq);
}

static void close_as(struct reassembly *r, struct conn *c, enum conn_end end)
{
	c->end = (uint8_t)end;
	conn_table_touch(&r->table, c, CONN_CLOSED, r->now);
}

void flow_settle(struct reassembly *r, struct conn *c, unsigned from, const struct piece *fin)
{
	struct half *h = &c->half[from];
	struct piece p = *fin;

	if (!h->fin || h->fin_told || seq_before(h->next, h->end_seq))
		return;
	h->fin_told = true;
	p.len = 0;
	flow_emit(r, c, SEGMENT_FIN, from, &p);
	if (h->hole && h->hole->first) /* came before, from beyond the end */
		hole_discard(r, h);
	if (c->half[!from].fin_told && c->state != CONN_CLOSED)
		close_as(r, c, CONN_FIN);
}

/* Where the frame acknowledges the other side's octets, as a position in its stream. */
static uint64_t acked_position(const struct half *peer, const struct tcp_segment *t)
{
	int32_t d = seq_diff(t->ack, peer->next);

	if (!(t->flags & TCP_ACK) || !peer->started)
		return 0;
	if (seq_diff(t->ack, peer->sent) > FLOW_WINDOW) { /* it says nothing that can be true */
		if (!peer->has_acked)
			return 0;
		d = seq_diff(peer->acked, peer->next);
	}
	if (d < 0 && (uint64_t)-(int64_t)d > peer->position)
		return 0;
	return peer->position + (uint64_t)(int64_t)d;
}

/* The number of the first octet. */
static uint32_t half_first(const struct half *h)
{
	return h->next - (uint32_t)h->position;
}

/* A SYN whose numbers do not fit: of another connection, unless this one has not really begun. */
static bool syn_is_foreign(const struct conn *c, unsigned from, const struct tcp_segment *t)
{
	const struct half *h = &c->half[from], *peer = &c->half[!from];
	uint32_t first = t->seq + 1;

	if ((t->flags & TCP_ACK) && peer->syn) {
		if (t->ack - half_first(peer) > peer->sent - half_first(peer))
			return true;
		if (movable(h)) /* an answer to our SYN: some servers choose again when they repeat it */
			return false;
	}
	if (!h->started || first == half_first(h))
		return false;
	return h->syn || !movable(h) || half_first(h) - first > FLOW_WINDOW;
}

/* After the end: a SYN that is no copy of the old one, or data that cannot be of the old stream. */
static bool opens_again(const struct conn *c, unsigned from, const struct tcp_segment *t)
{
	const struct half *h = &c->half[from];
	int32_t d = seq_diff(t->seq, h->next);

	if (t->flags & TCP_SYN) /* some systems try again with the same number when they were refused */
		return !h->started || syn_is_foreign(c, from, t) ||
		       (c->end == CONN_RST && !c->info.synack && !(t->flags & TCP_ACK));
	if (!t->len || !h->started)
		return false;
	if (h->reset && !seq_before(t->seq, h->end_seq))
		return true; /* goes on after its own RST: that one was forged */
	return d > FLOW_WINDOW || d < -FLOW_WINDOW;
}

/* The sender goes on from far off, and the receiver, who could tell, is not in the capture. */
static bool goes_on_afar(const struct half *h, const struct tcp_segment *t)
{
	return (t->len || (t->flags & TCP_FIN)) && h->has_far && t->seq == h->far && !h->has_acked;
}

static bool acked_afar(const struct half *peer, const struct tcp_segment *t)
{
	return (t->flags & TCP_ACK) && peer->has_far && t->ack == peer->far;
}

/* A place that this stream cannot have reached, cannot go back to, or that lies behind its end. */
static bool is_elsewhere(const struct half *h, uint32_t seq)
{
	int32_t d = seq_diff(seq, h->next);

	return h->fin || d < -FLOW_WINDOW || d > FLOW_JUMP;
}

static bool jumped_away(const struct conn *c, unsigned from, const struct tcp_segment *t)
{
	const struct half *h = &c->half[from], *peer = &c->half[!from];

	return (goes_on_afar(h, t) && is_elsewhere(h, t->seq)) ||
	       (acked_afar(peer, t) && is_elsewhere(peer, t->ack));
}

bool flow_takes_over(const struct conn *c, unsigned from, const struct tcp_segment *t)
{
	if (t->flags & TCP_RST)
		return false;
	if (c->state == CONN_CLOSED)
		return opens_again(c, from, t);
	return !(t->flags & TCP_SYN) && jumped_away(c, from, t);
}

bool flow_rival_goes_on(const struct conn *c, unsigned from, const struct tcp_segment *t, int64_t now)
{
	const struct rival *rival = &c->rival;
	int64_t since = rival->time_ns;

	if (from != rival->from) /* accepted, or refused */
		return (t->flags & TCP_ACK) && t->ack == rival->seq + 1;
	if (t->flags & TCP_SYN)
		return t->seq == rival->seq && age(&since, now) >= repeat_ns;
	return t->seq == rival->seq + 1 && !(t->flags & TCP_RST);
}

/* One SYN alone must not end a live connection: anybody can send it. */
static void remember_rival(struct conn *c, unsigned from, const struct tcp_segment *t, const struct piece *p)
{
	if (c->rival.flags && c->rival.from == from && c->rival.seq == t->seq)
		return;
	c->rival = (struct rival){
		.frame = p->frame,
		.time_ns = p->time_ns,
		.seq = t->seq,
		.ack = t->ack,
		.flags = t->flags & (TCP_SYN | TCP_ACK),
		.from = (uint8_t)from,
	};
}

static void flow_syn(struct reassembly *r, struct conn *c, unsigned from, const struct tcp_segment *t,
		     const struct piece *p)
{
	struct half *h = &c->half[from], *peer = &c->half[!from];

	if (!h->started || (movable(h) && t->seq + 1 != h->next))
		half_start(h, t->seq + 1);
	h->tentative = false;
	h->syn = true;
	if ((from == FROM_CLIENT) == !(t->flags & TCP_ACK))
		c->info.direction_certain = true;
	if (!(t->flags & TCP_ACK)) {
		c->info.syn = c->info.syn || from == FROM_CLIENT;
	} else {
		if (!peer->started || (peer->tentative && movable(peer)))
			half_start(peer, t->ack);
		if (from == FROM_SERVER && !c->info.synack) {
			c->info.synack = true;
			flow_emit(r, c, SEGMENT_SYNACK, from, p);
		}
	}
	c->info.midstream = c->info.midstream && !c->half[FROM_CLIENT].syn;
}

static void flow_ack(struct reassembly *r, struct conn *c, unsigned from, const struct tcp_segment *t,
		     const struct piece *p)
{
	struct half *peer = &c->half[!from];

	if (from == FROM_CLIENT && c->info.synack && !(t->flags & TCP_SYN))
		c->info.established = true;
	if (!peer->started) {
		half_start(peer, t->ack);
		peer->tentative = peer->has_acked = true;
		peer->acked = t->ack;
		return;
	}
	if (acked_afar(peer, t)) {
		/* both sides are there: the capture paused */
		peer->has_far = false;
		hole_flush(r, c);
		hole_gap_to(r, c, !from, t->ack, p);
	}
	if (seq_diff(t->ack, peer->sent) > FLOW_WINDOW)
		return; /* nobody can have received that */
	if (!peer->has_acked || seq_before(peer->acked, t->ack))
		peer->acked = t->ack;
	peer->has_acked = true;
}

/* One octet, before the next: sent to provoke an acknowledgment (RFC 1122, 4.2.3.6). */
static bool is_keepalive(const struct half *h, const struct tcp_segment *t)
{
	return h->started && t->len == 1 && t->seq == h->next - 1 && !(t->flags & (TCP_SYN | TCP_FIN)) &&
	       (!h->has_acked || !seq_before(h->acked, h->next));
}

/* False when the octets are too far off to be taken. */
static bool within_reach(struct reassembly *r, struct conn *c, unsigned from, const struct tcp_segment *t,
			 const struct piece *p)
{
	struct half *h = &c->half[from];
	uint32_t seq = t->seq + !!(t->flags & TCP_SYN);
	int32_t d = seq_diff(seq, h->next);

	if (!h->started || (h->tentative && movable(h) && (d < 0 || d > FLOW_WINDOW))) {
		half_start(h, seq);
		d = 0;
	}
	h->tentative = false;
	if (d <= FLOW_WINDOW && d >= -FLOW_WINDOW) {
		h->has_far = false;
		return true;
	}
	if (!goes_on_afar(h, t)) {
		h->has_far = true;
		h->far = seq + t->len;
		return false;
	}
	h->has_far = false;
	hole_flush(r, c);
	hole_gap_to(r, c, from, seq, p);
	return true;
}

static void flow_fin(struct reassembly *r, struct conn *c, unsigned from, uint32_t end, const struct piece *p)
{
	struct half *h = &c->half[from];
	struct hole *hole;

	if (h->fin || seq_before(end, h->next))
		return;
	h->fin = true;
	h->end_seq = end;
	if (h->next == end)
		return;
	hole = hole_get(r, c, from);
	if (hole) {
		hole->fin = *p;
		hole->since = r->now;
	} else {
		hole_gap_to(r, c, from, end, p);
	}
}

static void again(struct reassembly *r, struct conn *c, unsigned from, const struct piece *p, uint32_t seen)
{
	struct half *h = &c->half[from];
	uint32_t back = h->next - p->seq;
	struct segment s = { .kind = SEGMENT_RETRANSMIT, .from = from, .len = seen, .frame = p->frame,
			     .time_ns = p->time_ns, .peer_acked = p->peer_acked };

	if (seen == p->len)
		c->info.retransmitted[from]++;
	if (seq_before(p->seq, h->next))
		s.position = back < h->position ? h->position - back : 0;
	else
		s.position = h->position + (p->seq - h->next);
	r->fn(r->ctx, &c->info, &s);
}

static void flow_octets(struct reassembly *r, struct conn *c, unsigned from, const struct tcp_segment *t,
			struct piece p)
{
	struct half *h = &c->half[from];
	uint32_t end, seen, captured = t->caplen < t->len ? t->caplen : t->len;
	const struct piece whole = p;

	p.seq = t->seq + !!(t->flags & TCP_SYN);
	p.len = t->len;
	end = p.seq + p.len;
	if (is_keepalive(h, t) || !within_reach(r, c, from, t, &whole))
		return;
	if (p.len && c->state == CONN_HALF_OPEN)
		conn_table_touch(&r->table, c, CONN_LIVE, r->now);
	if (h->fin && seq_before(h->end_seq, end)) { /* nothing comes after the end */
		end = h->end_seq;
		p.len = seq_before(p.seq, end) ? end - p.seq : 0;
		captured = captured < p.len ? captured : p.len;
	}
	if (p.len && seq_before(h->sent, end))
		h->sent = end;
	if (p.len) {
		seen = hole_fill_in(r, c, from, p, t->payload, captured);
		if (seen)
			again(r, c, from, &p, seen);
	}
	if (t->flags & TCP_FIN)
		flow_fin(r, c, from, t->seq + !!(t->flags & TCP_SYN) + t->len, &whole);
	flow_settle(r, c, from, h->hole && h->hole->fin.frame ? &h->hole->fin : &whole);
}

/* Would the receiver believe it?  Octets may be missing, so its exact number cannot be asked for. */
static bool reset_is_good(const struct half *h, const struct half *peer, const struct tcp_segment *t)
{
	int32_t d = seq_diff(t->seq, h->next), back = seq_diff(t->ack, peer->next);

	if (h->started)
		return d <= FLOW_WINDOW && d >= -FLOW_WINDOW;
	/* It has said nothing yet: then it answers a SYN, and must acknowledge that. */
	return (t->flags & TCP_ACK) && peer->started && back <= FLOW_WINDOW && back >= -FLOW_WINDOW;
}

static void flow_reset(struct reassembly *r, struct conn *c, unsigned from, const struct tcp_segment *t,
		       const struct piece *p)
{
	struct half *h = &c->half[from];

	if (!reset_is_good(h, &c->half[!from], t))
		return;
	hole_flush(r, c);
	if (c->state == CONN_CLOSED)
		return;
	h->reset = true;
	h->end_seq = t->seq;
	flow_emit(r, c, SEGMENT_RST, from, p);
	close_as(r, c, CONN_RST);
}

/* After the end: only repetitions are of interest. */
static void flow_late(struct reassembly *r, struct conn *c, unsigned from, const struct tcp_segment *t,
		      struct piece p)
{
	const struct half *h = &c->half[from];

	p.seq = t->seq;
	p.len = t->len;
	if (p.len && h->started && !seq_before(h->next, p.seq + p.len) && !is_keepalive(h, t))
		again(r, c, from, &p, p.len);
}

static void note_segment(struct reassembly *r, struct conn *c, unsigned from, const struct piece *p)
{
	c->info.seen[from] = true;
	c->info.last_frame = p->frame;
	c->info.last_time = p->time_ns;
	c->last_from = (uint8_t)from;
	if (c->state != CONN_CLOSED)
		conn_table_touch(&r->table, c, c->state, r->now);
}

static void note_progress(struct half *h, struct half *peer, const struct tcp_segment *t)
{
	int32_t ahead = seq_diff(t->seq, h->sent);

	if (h->hole)
		h->hole->packets++;
	if (peer->hole) {
		peer->hole->packets++;
		peer->hole->peer_spoke = true;
	}
	if (h->started && !t->len && !(t->flags & (TCP_SYN | TCP_RST)) && ahead > 0 && ahead <= FLOW_WINDOW)
		h->sent = t->seq; /* the sender itself says that it sent up to here */
}

static void note_ack(struct reassembly *r, struct conn *c, unsigned from, const struct tcp_segment *t,
		     const struct piece *p)
{
	if (p->peer_acked <= c->info.acked[from])
		return;
	c->info.acked[from] = p->peer_acked;
	c->info.acked_time[from] = p->time_ns;
	if (c->info.tell_acks && !t->len && !(t->flags & (TCP_SYN | TCP_FIN | TCP_RST)))
		flow_emit(r, c, SEGMENT_ACK, from, p);
}

static NOT_IN_THE_WAY void flow_judge(struct reassembly *r, struct conn *c, unsigned from,
				      const struct tcp_segment *t, const struct piece *p)
{
	if (c->state == CONN_CLOSED) {
		flow_late(r, c, from, t, *p);
	} else if (t->flags & TCP_RST) {
		flow_reset(r, c, from, t, p);
	} else if ((t->flags & TCP_SYN) && syn_is_foreign(c, from, t)) {
		remember_rival(c, from, t, p);
	} else {
		if (t->flags & TCP_SYN)
			flow_syn(r, c, from, t, p);
		if (t->flags & TCP_ACK)
			flow_ack(r, c, from, t, p);
		if (t->len || (t->flags & TCP_FIN))
			flow_octets(r, c, from, t, *p);
		hole_check(r, c, p);
	}
}

/*
 * Nearly every segment is like this: the next octets, all of them, or none, with an acknowledgment of what
 * has been seen, and nothing is missing or in doubt.  Then nothing of flow_judge() has to be asked.
 */
static bool is_plain(const struct conn *c, const struct half *h, const struct half *peer,
		     const struct tcp_segment *t)
{
	return c->state == CONN_LIVE && (t->flags & (TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK)) == TCP_ACK &&
	       h->started && !h->tentative && !h->has_far && !h->fin && !h->hole && t->seq == h->next &&
	       t->caplen == t->len && t->len <= STREAM_CHUNK && peer->started && peer->has_acked &&
	       !peer->has_far && !peer->hole && !seq_before(t->ack, peer->acked) &&
	       !seq_before(peer->next, t->ack);
}

static void flow_plain(struct reassembly *r, struct conn *c, unsigned from, const struct tcp_segment *t,
		       struct piece *p)
{
	c->info.established |= from == FROM_CLIENT && c->info.synack;
	c->half[!from].acked = t->ack;
	if (!t->len)
		return;
	p->seq = t->seq;
	p->len = t->len;
	p->start = true;
	stream_put(r, c, from, p, t->payload);
}

void flow_segment(struct reassembly *r, struct conn *c, unsigned from, const struct tcp_segment *t,
		  uint64_t frame, int64_t time_ns)
{
	struct half *h = &c->half[from], *peer = &c->half[!from];
	struct piece p = { .frame = frame, .time_ns = time_ns };
	bool plain = is_plain(c, h, peer, t);

	note_segment(r, c, from, &p);
	if (!plain)
		note_progress(h, peer, t);
	p.peer_acked = acked_position(peer, t);
	note_ack(r, c, from, t, &p);
	if (plain)
		flow_plain(r, c, from, t, &p);
	else
		flow_judge(r, c, from, t, &p);
	c->info.segments[from]++;
}
