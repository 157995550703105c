/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps flows and histories up to date, and names their states: see conversation.h. */
#include "conformance/conversation.h"

#include <stdlib.h>

#include "conformance/flow.h"

enum {
	WINDOW_BITS = 64,
	OLD_LIMIT = 1024,     /* older than this is a restart of numbering, not reordering */
	JUMP_LIMIT = 1 << 16, /* a larger step forward is not loss that anyone can believe */
};

/* Where a sequence number restarts or jumps, what went before can no longer be counted against it. */
static void flow_restart(struct flow *f, uint32_t seq)
{
	f->flags |= FLOW_DISTRUST;
	f->first_seq = f->highest_seq = seq;
	f->window = 1;
}

static void flow_sequence(struct flow *f, uint32_t seq)
{
	int32_t step = (int32_t)(seq - f->highest_seq); /* modulo 2^32, as the numbers wrap */

	if (step > 0) {
		if (step > JUMP_LIMIT) {
			flow_restart(f, seq);
			return;
		}
		f->window = step < WINDOW_BITS ? f->window << step | 1 : 1;
		f->highest_seq = seq;
	} else if (step > -WINDOW_BITS) {
		uint64_t bit = UINT64_C(1) << -step;

		if (f->window & bit) {
			f->duplicated++;
			return;
		}
		f->window |= bit;
		f->reordered++;
		if ((int32_t)(seq - f->first_seq) < 0)
			f->first_seq = seq;
	} else if (step > -OLD_LIMIT) {
		f->reordered++;
	} else {
		flow_restart(f, seq);
	}
}

/* Times how long a data packet waited for its acknowledgment, one at a time. */
static void flow_acknowledged(struct flow *data, uint32_t ack, int64_t time_ns)
{
	int64_t us = (time_ns - data->probe_time) / 1000;

	if ((int32_t)(ack - data->probe_seq) < 0)
		return;
	data->flags &= (uint16_t)~FLOW_PROBING;
	if (us < 0 || us > UINT32_MAX)
		return;
	if (!data->rtt_count || us < data->rtt_min_us)
		data->rtt_min_us = (uint32_t)us;
	if (us > data->rtt_max_us)
		data->rtt_max_us = (uint32_t)us;
	data->rtt_sum_us += (uint64_t)us;
	data->rtt_count++;
}

void flow_apply(struct flow *f, struct flow *peer, const struct gre_pkt *g, uint64_t frame, int64_t time_ns)
{
	f->packets++;
	f->defects |= g->defects;
	f->last_frame = frame;
	f->last_time = time_ns;
	if (!(f->flags & FLOW_SEEN)) {
		f->flags |= FLOW_SEEN;
		f->first_frame = frame;
	}
	if (g->flags & GRE_S) {
		f->octets += g->payload_length;
		f->data++;
		if (f->flags & FLOW_HAS_SEQ) {
			flow_sequence(f, g->seq);
		} else {
			f->flags |= FLOW_HAS_SEQ;
			f->first_seq = f->highest_seq = g->seq;
			f->window = 1;
		}
		if (!(f->flags & FLOW_PROBING) && f->highest_seq == g->seq) {
			f->flags |= FLOW_PROBING;
			f->probe_seq = g->seq;
			f->probe_time = time_ns;
		}
	}
	if (g->flags & GRE_A) {
		f->acks++;
		if (!(f->flags & FLOW_HAS_ACK) || (int32_t)(g->ack - f->highest_ack) > 0)
			f->highest_ack = g->ack;
		f->flags |= FLOW_HAS_ACK;
		if (peer && peer->flags & FLOW_PROBING)
			flow_acknowledged(peer, g->ack, time_ns);
	}
}

uint64_t flow_lost(const struct flow *f)
{
	uint64_t span = (uint64_t)(f->highest_seq - f->first_seq) + 1;
	uint64_t came = f->data - f->duplicated;

	if (!(f->flags & FLOW_HAS_SEQ) || f->flags & FLOW_DISTRUST || span < came)
		return 0;
	return span - came;
}

/* Index in the ring of the moment that is the n-th of all. */
static unsigned history_slot(uint64_t n)
{
	return n < MOMENTS_FIRST ? (unsigned)n
				 : MOMENTS_FIRST + (unsigned)((n - MOMENTS_FIRST) % MOMENTS_LAST);
}

bool history_add(struct history *h, const struct moment *m)
{
	unsigned slot = history_slot(h->count);

	if (slot >= h->room) {
		unsigned room = h->room ? h->room * 2u : 4;
		struct moment *grown;

		if (room > MOMENTS_FIRST + MOMENTS_LAST)
			room = MOMENTS_FIRST + MOMENTS_LAST;
		grown = realloc(h->moment, room * sizeof(*grown));
		if (!grown)
			return false;
		h->moment = grown;
		h->room = (uint16_t)room;
	}
	h->moment[slot] = *m;
	h->count++;
	return true;
}

const struct moment *history_at(const struct history *h, unsigned i, uint64_t *skipped)
{
	uint64_t kept = h->count < MOMENTS_FIRST + MOMENTS_LAST ? h->count : MOMENTS_FIRST + MOMENTS_LAST;
	uint64_t n = i < MOMENTS_FIRST ? i : h->count - kept + i;

	*skipped = i == MOMENTS_FIRST ? h->count - kept : 0;
	return i < kept ? &h->moment[history_slot(n)] : NULL;
}

void history_clear(struct history *h)
{
	free(h->moment);
	*h = (struct history){ 0 };
}

const char *connection_state_name(enum connection_state s)
{
	static const char *const names[] = {
		[CONNECTION_TCP_ONLY] = "tcp-only",       [CONNECTION_WAIT_REPLY] = "wait-reply",
		[CONNECTION_ESTABLISHED] = "established", [CONNECTION_STOPPING] = "stopping",
		[CONNECTION_UNKNOWN] = "unknown",         [CONNECTION_CLOSED] = "closed",
	};

	return names[s];
}

const char *connection_close_name(enum connection_close c)
{
	static const char *const names[] = {
		[CLOSE_NONE] = NULL,   [CLOSE_FIN] = "fin",       [CLOSE_RST] = "rst",
		[CLOSE_IDLE] = "idle", [CLOSE_REUSED] = "reused", [CLOSE_EVICTED] = "evicted",
	};

	return names[c];
}

const char *call_kind_name(enum call_kind k)
{
	static const char *const names[] = {
		[CALL_UNKNOWN] = NULL,
		[CALL_OUTGOING] = "outgoing",
		[CALL_INCOMING] = "incoming",
	};

	return names[k];
}

const char *call_state_name(enum call_state s)
{
	static const char *const names[] = {
		[CALL_REQUESTED] = "requested",     [CALL_ACCEPTED] = "accepted",
		[CALL_ESTABLISHED] = "established", [CALL_CLEARING] = "clearing",
		[CALL_CLOSED] = "closed",           [CALL_REFUSED] = "refused",
		[CALL_GRE_ONLY] = "gre-only",
	};

	return names[s];
}
