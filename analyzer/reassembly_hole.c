/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Octets that came early, and octets that will not come.
 *
 * An acknowledgment alone proves nothing (it may be forged, or mangled by offload).  Octets are
 * known lost to the capture when both sides agree: the receiver acknowledged them and the sender
 * itself went on past them.  Taps that merge two directions reorder, hence a short grace.
 */
#include "analyzer/reassembly_internal.h"

#include <stdlib.h>

enum {
	GRACE_PACKETS = 3,   /* of the connection, after the proof */
	ONE_SIDED_COUNT = 16, /* segments behind a hole, when the receiver is not in the capture */
	MAX_QUEUED = 16 << 20, /* octets of memory of everything that waits, about */
	ITEM_COST = 192,     /* memory of a waiting segment besides its octets: ours and that of libnids */
};

static const int64_t grace_ns = 200000000;	  /* after the proof */
static const int64_t one_sided_ns = 1000000000;	  /* when the receiver was never seen to acknowledge */
static const int64_t quiet_ns = 10000000000;	  /* when it was, but says nothing more */

static uint32_t item_end(const struct item *i)
{
	return i->piece.seq + i->piece.len;
}

/* What libnids counts for a queued segment (sk_buff_size and dev_addon are 0). */
static uint32_t nids_cost(uint32_t len)
{
	return (len + 40 + 16 + 15) & ~15u;
}

static void hole_unlink(struct reassembly *r, struct hole *hole)
{
	if (hole->prev)
		hole->prev->next = hole->next;
	else
		r->first_hole = hole->next;
	if (hole->next)
		hole->next->prev = hole->prev;
	else
		r->last_hole = hole->prev;
	if (r->walk == hole)
		r->walk = hole->next;
	r->holes--;
}

void hole_forget(struct reassembly *r, struct half *h)
{
	struct piece p;

	while (hole_take(r, h, &p))
		;
	stream_close(h->hole);
}

void hole_discard(struct reassembly *r, struct half *h)
{
	if (!h->hole)
		return;
	hole_forget(r, h);
	hole_unlink(r, h->hole);
	free(h->hole);
	h->hole = NULL;
}

struct hole *hole_get(struct reassembly *r, struct conn *c, unsigned from)
{
	struct half *h = &c->half[from];
	struct hole *hole = h->hole;

	if (hole)
		return hole;
	if (r->holes >= MAX_HOLES)
		hole_flush(r, r->first_hole->conn != c ? r->first_hole->conn : r->first_hole->next->conn);
	hole = calloc(1, sizeof(*hole));
	if (!hole)
		return NULL;
	hole->conn = c;
	hole->from = from;
	hole->since = r->now;
	hole->prev = r->last_hole;
	if (hole->prev)
		hole->prev->next = hole;
	else
		r->first_hole = hole;
	r->last_hole = hole;
	r->holes++;
	h->hole = hole;
	return hole;
}

bool hole_take(struct reassembly *r, struct half *h, struct piece *p)
{
	struct hole *hole = h->hole;
	struct item *i = hole ? hole->first : NULL;

	if (!i)
		return false;
	*p = i->piece;
	hole->first = i->next;
	if (!hole->first)
		hole->last = NULL;
	hole->octets -= p->len;
	hole->cost -= nids_cost(p->len);
	hole->count--;
	r->queued -= p->len + ITEM_COST;
	free(i);
	return true;
}

/* Where the octets that are known lost end; `next` when there are none. */
static uint32_t lost_to(const struct half *h)
{
	uint32_t to = h->next;

	if (h->started && h->has_acked) {
		to = seq_before(h->acked, h->sent) ? h->acked : h->sent;
		if (h->fin && seq_before(h->end_seq, to))
			to = h->end_seq;
	}
	return seq_before(h->next, to) ? to : h->next;
}

static bool fin_waits(const struct half *h)
{
	return h->fin && !h->fin_told;
}

/* Frees the record when nothing waits any more. */
static void hole_close(struct reassembly *r, struct half *h)
{
	if (h->hole && !h->hole->first && !fin_waits(h) && lost_to(h) == h->next)
		hole_discard(r, h);
}

void hole_gap_to(struct reassembly *r, struct conn *c, unsigned from, uint32_t to, const struct piece *why)
{
	struct half *h = &c->half[from];
	bool queue = h->hole && h->hole->first;

	if (seq_before(h->next, to))
		flow_gap(r, c, from, why, to - h->next);
	while (seq_before(h->next, to)) {
		struct piece p = { .seq = h->next, .len = to - h->next, .filler = true };

		if (!queue) { /* nothing of this direction is in libnids: just go on from there */
			r->in_hand = &p;
			flow_deliver(r, c, from, NULL, p.len);
			break;
		}
		if (p.len > STREAM_CHUNK)
			p.len = STREAM_CHUNK;
		stream_put(r, c, from, &p, NULL);
	}
	if (h->hole) {
		h->hole->since = r->now;
		h->hole->peer_spoke = false;
	}
	flow_settle(r, c, from, h->hole ? &h->hole->fin : why);
	hole_close(r, h);
}

/* Ends the first hole of a direction, up to what waits behind it or else to what is known. */
static void gap_first(struct reassembly *r, struct conn *c, unsigned from)
{
	struct half *h = &c->half[from];
	struct hole *hole = h->hole;
	const struct item *first = hole->first;
	bool ends = hole->proven || fin_waits(h);
	uint32_t to = hole->proven ? lost_to(h) : h->end_seq;
	struct piece why = hole->proven ? hole->proof : hole->fin;

	if (first && (!ends || !seq_before(to, first->piece.seq))) {
		to = first->piece.seq;
		why = first->piece; /* the reader sees the gap where the stream goes on */
	}
	hole_gap_to(r, c, from, to, &why);
}

/* What was proven before still is, for what is missing now. */
static void hole_advanced(struct half *h)
{
	if (!h->hole)
		return;
	h->hole->proven = lost_to(h) != h->next;
	h->hole->proven_next = h->next;
}

static bool hole_due(struct reassembly *r, struct hole *hole)
{
	const struct half *h = &hole->conn->half[hole->from];

	int64_t waited;

	if (hole->proven)
		return hole->packets >= GRACE_PACKETS || age(&hole->proven_at, r->now) >= grace_ns;
	if (!hole->first && !fin_waits(h))
		return false;
	if (hole->count >= ONE_SIDED_COUNT && !h->has_acked)
		return true;
	waited = age(&hole->since, r->now);
	if (!h->has_acked)
		return waited >= one_sided_ns;
	return (!hole->peer_spoke || fin_waits(h)) && waited >= quiet_ns;
}

/* Notes what both sides have shown by now. */
static void hole_prove(struct reassembly *r, struct half *h, const struct piece *cause)
{
	struct hole *hole = h->hole;
	bool lost = lost_to(h) != h->next;

	if (lost && (!hole->proven || hole->proven_next != h->next)) {
		hole->packets = 0;
		hole->proven_at = r->now;
		hole->proven_next = h->next;
		hole->proof = *cause;
	}
	hole->proven = lost;
}

static void hole_update(struct reassembly *r, struct conn *c, unsigned from, const struct piece *cause)
{
	struct half *h = &c->half[from];
	uint32_t to = lost_to(h);

	if (!h->hole && to != h->next && !hole_get(r, c, from)) { /* no memory to wait with */
		hole_gap_to(r, c, from, to, cause);
		return;
	}
	if (!h->hole)
		return;
	hole_prove(r, h, cause);
	while (h->hole && hole_due(r, h->hole)) {
		gap_first(r, c, from);
		hole_advanced(h);
	}
	hole_close(r, h);
}

void hole_check(struct reassembly *r, struct conn *c, const struct piece *cause)
{
	for (unsigned from = FROM_CLIENT; from <= FROM_SERVER; from++) {
		const struct half *h = &c->half[from];

		/* Else nothing waits, and nothing is acknowledged that is not here: nearly always. */
		if (h->hole || (h->has_acked && seq_before(h->next, h->acked)))
			hole_update(r, c, from, cause);
	}
}

void hole_flush(struct reassembly *r, struct conn *c)
{
	for (unsigned from = FROM_CLIENT; from <= FROM_SERVER; from++) {
		struct half *h = &c->half[from];

		while (h->hole && (h->hole->first || h->hole->proven || fin_waits(h))) {
			gap_first(r, c, from);
			hole_advanced(h);
		}
		hole_discard(r, h);
	}
}

void hole_scan(struct reassembly *r)
{
	struct hole *hole;

	for (r->walk = r->first_hole; (hole = r->walk);) {
		struct piece cause = hole->proof;

		r->walk = hole->next;
		hole_update(r, hole->conn, hole->from, &cause);
	}
}

static bool has_room(const struct reassembly *r, const struct hole *hole, uint32_t len)
{
	return !hole ||
	       (hole->octets + len <= r->limits.max_queued && hole->cost + nids_cost(len) <= STREAM_QUEUE);
}

/* Keeps a piece that came early.  False: the state changed, look again. */
static bool wait_for_turn(struct reassembly *r, struct conn *c, unsigned from, struct piece *p,
			  const uint8_t *octets)
{
	struct hole *hole = c->half[from].hole;
	struct item **link, *i;

	if (!has_room(r, hole, p->len) || p->len > r->limits.max_queued) {
		hole_gap_to(r, c, from, hole && hole->first && seq_before(hole->first->piece.seq, p->seq) ?
			    hole->first->piece.seq : p->seq, p);
		return false;
	}
	if (r->queued + p->len + ITEM_COST > MAX_QUEUED) {
		hole_flush(r, r->first_hole->conn);
		return false;
	}
	hole = hole_get(r, c, from);
	i = hole ? malloc(sizeof(*i)) : NULL;
	if (!i || !stream_put(r, c, from, p, octets)) {
		free(i);
		hole_close(r, &c->half[from]);
		return true; /* no memory: these octets become part of the hole */
	}
	i->piece = *p;
	if (hole->last && seq_before(hole->last->piece.seq, p->seq))
		link = &hole->last->next;
	else
		for (link = &hole->first; *link && seq_before((*link)->piece.seq, p->seq);)
			link = &(*link)->next;
	i->next = *link;
	*link = i;
	if (!i->next)
		hole->last = i;
	hole->octets += p->len;
	hole->cost += nids_cost(p->len);
	hole->count++;
	r->queued += p->len + ITEM_COST;
	return true;
}

/* Of [seq, seq + len), all of which is before `next`: how many octets had really been seen. */
static uint32_t seen_before(const struct half *h, uint32_t seq, uint32_t len)
{
	uint32_t gap_end = h->gap_seq + h->gap_len, end = seq + len;
	uint32_t from = seq_before(seq, h->gap_seq) ? h->gap_seq : seq;
	uint32_t to = seq_before(gap_end, end) ? gap_end : end;

	return h->gap_len && seq_before(from, to) ? len - (to - from) : len;
}

/* The first waiting item that ends after seq. */
static const struct item *item_after(const struct half *h, uint32_t seq)
{
	const struct item *i = h->hole ? h->hole->first : NULL;

	if (!i || !seq_before(seq, item_end(h->hole->last)))
		return NULL;
	while (!seq_before(seq, item_end(i)))
		i = i->next;
	return i;
}

uint32_t hole_fill_in(struct reassembly *r, struct conn *c, unsigned from, struct piece p,
		      const uint8_t *octets, uint32_t captured)
{
	struct half *h = &c->half[from];
	uint32_t first = p.seq, end = p.seq + p.len, seen = 0;

	while (seq_before(p.seq, end)) {
		const struct item *i = item_after(h, p.seq);
		uint32_t done = p.seq - first;
		bool old = seq_before(p.seq, h->next), waiting = i && !seq_before(p.seq, i->piece.seq);

		p.len = end - p.seq;
		if (old || waiting) {
			uint32_t to = old ? h->next : item_end(i);

			if (p.len > to - p.seq)
				p.len = to - p.seq;
			seen += old ? seen_before(h, p.seq, p.len) : p.len;
			p.seq += p.len;
			continue;
		}
		p.cut = done >= captured;
		p.start = !done && !p.cut;
		if (p.len > STREAM_CHUNK)
			p.len = STREAM_CHUNK;
		if (!p.cut && p.len > captured - done)
			p.len = captured - done;
		if (i && p.len > i->piece.seq - p.seq)
			p.len = i->piece.seq - p.seq;
		if (p.seq == h->next) {
			stream_put(r, c, from, &p, p.cut ? NULL : octets + done);
			p.seq += p.len;
		} else if (wait_for_turn(r, c, from, &p, p.cut ? NULL : octets + done)) {
			p.seq += p.len;
		}
	}
	return seen;
}
