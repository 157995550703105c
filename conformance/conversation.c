/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps flows and histories up to date, and names their states: see conversation.h. */
#include "conformance/conversation.h"

#include <stdlib.h>

#include "conformance/flow.h"

enum {
	WINDOW_BITS = 64,
	OLD_LIMIT = 1024,     /* older than this is a restart of numbering, not reordering */
	JUMP_LIMIT = 1 << 16, /* a larger step forward is not loss that anyone can believe */
	RTT_MOST = (1 << 24) - 1,
	MISSED = 2, /* segments repeated, from which on a silent peer is missed */
};

#define LARGE_WAIT_US 1000000 /* a peer that got it would have acknowledged it by then */
#define FULL_WAIT_US 2000000  /* no path and no delayed acknowledgment takes so long */
#define RESUME_US 500000      /* who goes on so soon has waited for the acknowledgment */

struct call_rare *call_rare_make(struct call *c)
{
	if (!c->rare)
		c->rare = calloc(1, sizeof(*c->rare));
	return c->rare;
}

void call_let_go(struct call *c)
{
	uint64_t id = call_connection_id(c);

	c->let_go = true;
	c->control.id = id;
}

/* Whether it is near enough to the call's first moment; *out is the way to it. */
static bool near_first(const struct call *c, struct call_step_seen seen, struct call_after *out)
{
	uint64_t frames = seen.frame - c->first_frame, ns = (uint64_t)(seen.time_ns - c->first_time);

	*out = (struct call_after){ (uint32_t)frames, (uint32_t)ns };
	return frames == out->frames && ns == out->ns;
}

bool call_step_take(struct call *c, enum call_step step, struct call_step_seen seen)
{
	struct call_rare *rare;

	if (step == STEP_REQUEST) {
		c->request_first = seen.frame == c->first_frame && seen.time_ns == c->first_time;
		if (c->request_first)
			return true;
	} else if (step == STEP_REPLY) {
		c->reply_near = near_first(c, seen, &c->reply);
		if (c->reply_near)
			return true;
	}
	rare = call_rare_make(c);
	if (rare)
		rare->step[step] = seen;
	return rare != NULL;
}

static bool last_frame_far(struct flow *f, uint64_t frame)
{
	struct call_rare *rare = call_rare_make(flow_call(f));

	f->flags |= rare ? FLOW_LAST_FAR : 0;
	if (rare)
		rare->flow_last[flow_sender(f)] = frame;
	return rare != NULL;
}

static inline bool last_frame(struct flow *f, uint64_t frame)
{
	uint64_t after = frame - flow_call(f)->first_frame;

	f->last_after = (uint32_t)after;
	if (after == (uint32_t)after && !(f->flags & FLOW_LAST_FAR))
		return true;
	return last_frame_far(f, frame);
}

static bool first_frame(struct flow *f, uint64_t frame)
{
	struct call *c = flow_call(f);
	uint64_t after = frame - c->first_frame;

	f->flags &= (uint16_t)~FLOW_FIRST_FAR;
	f->first_after = (uint32_t)after;
	if (after == f->first_after)
		return true;
	if (!call_rare_make(c))
		return false;
	f->flags |= FLOW_FIRST_FAR;
	c->rare->flow_first[flow_sender(f)] = frame;
	return true;
}

bool flow_frames_take(struct flow *f, uint64_t first, uint64_t last)
{
	bool kept = !first || first_frame(f, first);

	f->flags &= (uint16_t)~FLOW_LAST_FAR;
	return (!last || last_frame(f, last)) && kept;
}

bool call_last_take(struct call *c, struct call_step_seen seen)
{
	c->last_far = !near_first(c, seen, &c->last);
	if (!c->last_far)
		return true;
	if (!call_rare_make(c))
		return false;
	c->rare->last = seen;
	return true;
}

struct call_step_seen call_last(const struct call *c)
{
	struct call_step_seen last = call_last_message(c);

	for (unsigned from = 0; from < HOSTS; from++) {
		const struct flow *f = &c->flow[from];

		if (flow_last_frame(f) > last.frame)
			last = (struct call_step_seen){ flow_last_frame(f), flow_last_time(f) };
	}
	return last;
}

bool call_first_take(struct call *c, struct call_step_seen seen)
{
	struct call_step_seen request = call_step(c, STEP_REQUEST), reply = call_step(c, STEP_REPLY);
	struct call_step_seen last = call_last_message(c);
	uint64_t first_of[HOSTS], last_of[HOSTS];
	bool kept;

	for (unsigned from = 0; from < HOSTS; from++) {
		first_of[from] = flow_first_frame(&c->flow[from]);
		last_of[from] = flow_last_frame(&c->flow[from]);
	}
	c->first_frame = seen.frame;
	c->first_time = seen.time_ns;
	kept = !request.frame || call_step_take(c, STEP_REQUEST, request);
	kept &= !reply.frame || call_step_take(c, STEP_REPLY, reply);
	for (unsigned from = 0; from < HOSTS; from++)
		kept &= flow_frames_take(&c->flow[from], first_of[from], last_of[from]);
	return call_last_take(c, last) && kept;
}

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

static void count_up(uint8_t *n)
{
	*n += *n < UINT8_MAX;
}

/* Data of f that is not acknowledged; peer acknowledges it. */
static uint32_t outstanding(const struct flow *f, const struct flow *peer)
{
	uint32_t before = peer && peer->flags & FLOW_HAS_ACK ? peer->highest_ack : f->first_seq - 1;

	return f->highest_seq - before;
}

/* Exactly the announced window is out: who does not care for it would have sent more. */
static bool window_full(const struct flow *f, const struct flow *peer)
{
	unsigned window = call_window(flow_call(f), flow_sender(f));

	return window && outstanding(f, peer) == window;
}

/* A packet has its number acknowledged while it is known whether it, or what came after, was large. */
static void flow_came(struct flow *data, uint32_t ack)
{
	bool large = data->flags & FLOW_PROBE_LARGE;

	if (large && (ack == data->probe_seq || !(data->flags & FLOW_PROBE_MIXED)))
		data->flags |= FLOW_LARGE_CAME;
	else if (call_rare(flow_call(data))->large_waits[flow_sender(data)])
		data->flags |= FLOW_SMALL_CAME;
}

/* Times how long a data packet waited for its acknowledgment, one at a time. */
static void flow_acknowledged(struct flow *data, uint32_t ack, bool was_full, int64_t now)
{
	int64_t us = short_time_until(data->probe, now);

	if ((int32_t)(ack - data->probe_seq) < 0)
		return;
	data->flags &= (uint16_t)~FLOW_PROBING;
	flow_came(data, ack);
	data->flags &= (uint16_t) ~(FLOW_PROBE_LARGE | FLOW_PROBE_MIXED);
	if (was_full) {
		data->flags |= FLOW_WAITED;
		data->probe = short_time_us(now);
	}
	if (us < 0 || us > UINT32_MAX || data->rtt_count == RTT_MOST)
		return;
	if (!data->rtt_count || us < data->rtt_min_us)
		data->rtt_min_us = (uint32_t)us;
	if (us > data->rtt_max_us)
		data->rtt_max_us = (uint32_t)us;
	data->rtt_sum_us += (uint64_t)us;
	data->rtt_count++;
}

/* Their numbers are below 0x4000, and below 0x0100 perhaps one octet, which is odd; 0xFF03 may come first. */
static bool carries_data(const struct gre_pkt *g)
{
	unsigned skip;

	if (!g->payload || g->caplen < 4)
		return false;
	skip = g->payload[0] == 0xff && g->payload[1] == 0x03 ? 2 : 0;
	return g->payload[skip] < 0x40 || g->payload[skip] & 1;
}

static void probe_start(struct flow *f, const struct gre_pkt *g, int64_t now)
{
	f->flags &= (uint16_t) ~(FLOW_PROBE_LARGE | FLOW_PROBE_MIXED);
	f->flags |= FLOW_PROBING | (g->payload_length >= FLOW_LARGE ? FLOW_PROBE_LARGE : 0);
	f->probe_seq = g->seq;
	f->probe = short_time_us(now);
}

static void large_waited(struct flow *f, uint64_t frame)
{
	struct call_rare *rare = call_rare_make(flow_call(f));
	unsigned from = flow_sender(f);

	if (!rare)
		return;
	count_up(&rare->large_waits[from]);
	rare->large_frame[from] = frame;
}

/* Data that follows a large packet for whose acknowledgment one waits. */
static void large_waits(struct flow *f, const struct gre_pkt *g, uint64_t frame, int64_t now)
{
	bool alone = !(f->flags & FLOW_PROBE_MIXED);

	if (alone && short_time_until(f->probe, now) >= LARGE_WAIT_US) {
		large_waited(f, frame);
		if (g->payload_length >= FLOW_LARGE)
			probe_start(f, g, now);
	}
	if (g->payload_length < FLOW_LARGE)
		f->flags |= FLOW_PROBE_MIXED;
}

static void stall_ends(struct flow *f, uint64_t frame)
{
	struct call_rare *rare = call_rare_make(flow_call(f));
	unsigned from = flow_sender(f);

	if (!rare)
		return;
	count_up(&rare->stalls[from]);
	rare->stall_frame[from] = frame;
}

/* Data goes on: after the acknowledgment for which it had waited, or after a time-out. */
static void window_waits(struct flow *f, const struct flow *peer, uint64_t frame, int64_t now,
			 int64_t silence)
{
	if (f->flags & FLOW_WAITED) {
		f->flags &= (uint16_t)~FLOW_WAITED;
		if (short_time_until(f->probe, now) <= RESUME_US)
			stall_ends(f, frame);
	} else if (f->flags & FLOW_PROBING && silence >= FULL_WAIT_US && window_full(f, peer)) {
		stall_ends(f, frame);
	}
}

void flow_apply(struct flow *f, struct flow *peer, const struct gre_pkt *g, uint64_t frame, int64_t time_ns)
{
	const int64_t now = time_ns / 1000;
	int64_t silence = short_time_until(f->last, now);

	f->packets++;
	f->defects |= g->defects;
	last_frame(f, frame);
	f->last = short_time_us(now);
	if (!(f->flags & FLOW_SEEN)) {
		f->flags |= FLOW_SEEN;
		first_frame(f, frame);
	}
	if (g->flags & GRE_S) {
		f->octets += g->payload_length;
		f->data++;
		if (!(f->flags & FLOW_NETWORK) && carries_data(g))
			f->flags |= FLOW_NETWORK;
		if (f->flags & FLOW_WAITED || silence >= FULL_WAIT_US)
			window_waits(f, peer, frame, now, silence);
		if (f->flags & FLOW_HAS_SEQ) {
			flow_sequence(f, g->seq);
		} else {
			f->flags |= FLOW_HAS_SEQ;
			f->first_seq = f->highest_seq = g->seq;
			f->window = 1;
		}
		if (!(f->flags & FLOW_PROBING) && f->highest_seq == g->seq)
			probe_start(f, g, now);
		else if (f->flags & FLOW_PROBE_LARGE)
			large_waits(f, g, frame, now);
	}
	if (g->flags & GRE_A) {
		bool waits = peer && peer->flags & FLOW_PROBING;
		bool was_full =
			waits && short_time_until(peer->last, now) >= FULL_WAIT_US && window_full(peer, f);

		f->acks++;
		if (!(f->flags & FLOW_HAS_ACK) || (int32_t)(g->ack - f->highest_ack) > 0)
			f->highest_ack = g->ack;
		f->flags |= FLOW_HAS_ACK;
		if (waits)
			flow_acknowledged(peer, g->ack, was_full, now);
	}
}

unsigned call_window(const struct call *c, unsigned from)
{
	int pac = c->tunnel->pac;

	if (pac < 0 || !c->replied)
		return 0;
	return (unsigned)pac == from ? c->pns_window : c->pac_window;
}

bool connection_partial(const struct control_connection *c)
{
	return !c->seen[0] || !c->seen[1] || c->gaps || c->disordered;
}

int connection_echo_lost(const struct control_connection *c, int64_t end)
{
	for (int host = 0; host < HOSTS; host++)
		if (c->echo_frame[host] && !connection_partial(c) &&
		    end - c->echo_time[host] >= CONVERSATION_PATIENCE)
			return host;
	return -1;
}

int connection_vanished(const struct control_connection *c)
{
	for (int host = 0; host < HOSTS; host++)
		if (c->retransmitted[!host] >= MISSED && c->heard_time[host] &&
		    c->last_time - c->heard_time[host] >= CONVERSATION_PATIENCE &&
		    c->heard_time[!host] > c->heard_time[host])
			return host;
	return -1;
}

bool connection_failed(const struct control_connection *c, int64_t end)
{
	return c->reset_first || connection_echo_lost(c, end) >= 0 || connection_vanished(c) >= 0;
}

uint64_t flow_lost(const struct flow *f)
{
	uint64_t span = (uint64_t)(f->highest_seq - f->first_seq) + 1;
	uint64_t came = f->data - f->duplicated;

	if (!(f->flags & FLOW_HAS_SEQ) || f->flags & FLOW_DISTRUST || span < came)
		return 0;
	return span - came;
}

const struct moment *history_at(const struct history *h, unsigned i, uint64_t *skipped)
{
	uint64_t kept = h->count < MOMENTS_KEPT ? h->count : MOMENTS_KEPT;
	uint64_t n = i < MOMENTS_FIRST ? i : h->count - kept + i;

	*skipped = i == MOMENTS_FIRST ? h->count - kept : 0;
	return i < kept ? &h->moment[history_slot(n)] : NULL;
}

/* --- the machines of both ends ----------------------------------------------------------------- */

/* What the states of the two ends come to for who looks at the call as a whole. */
static enum call_state call_state_of(const struct call *c, enum ctrl_type by)
{
	if (c->pac_machine == STATE_IDLE)
		return by == CTRL_OCRP || by == CTRL_ICRP ? CALL_REFUSED : CALL_CLOSED;
	if (c->pns_machine == STATE_WAIT_DISCONNECT)
		return CALL_CLEARING;
	if (c->pac_machine == STATE_ESTABLISHED)
		return CALL_ESTABLISHED;
	return c->pac_machine == STATE_ANSWERING ? CALL_ACCEPTED : CALL_REQUESTED;
}

void call_follow(struct call *c, bool from_pac, enum ctrl_type type, bool failed)
{
	enum machine pac = call_machine(c, true), pns = call_machine(c, false);

	if (from_pac) {
		c->pac_machine = machine_said(pac, c->pac_machine, type, failed);
		c->pns_machine = machine_heard(pns, c->pns_machine, type, failed);
	} else {
		c->pns_machine = machine_said(pns, c->pns_machine, type, failed);
		c->pac_machine = machine_heard(pac, c->pac_machine, type, failed);
	}
	c->state = call_state_of(c, type);
}

void call_presume(struct call *c, enum ctrl_type first)
{
	if (c->kind == CALL_INCOMING && first != CTRL_ICRQ)
		call_follow(c, true, CTRL_ICRQ, false);
	if (c->kind == CALL_INCOMING && first != CTRL_ICRQ && first != CTRL_ICRP)
		call_follow(c, false, CTRL_ICRP, false);
	if (c->kind == CALL_OUTGOING && first != CTRL_OCRQ)
		call_follow(c, false, CTRL_OCRQ, false);
}

void connection_follow(struct control_connection *c, unsigned from, enum ctrl_type type, bool failed)
{
	static const enum machine machines[] = { MACHINE_ORIGINATOR, MACHINE_RECEIVER };
	unsigned me = from != c->originator, peer = !me;

	if (type >= CTRL_OCRQ)
		return;
	c->machine[me] = (uint8_t)machine_said(machines[me], c->machine[me], type, failed);
	c->machine[peer] = (uint8_t)machine_heard(machines[peer], c->machine[peer], type, failed);
	if (type == CTRL_STOPRQ || c->stop_frame)
		c->state = CONNECTION_STOPPING;
	else if (c->machine[1] == STATE_ESTABLISHED)
		c->state = CONNECTION_ESTABLISHED;
	else if (c->machine[0] == STATE_WAIT_CTL_REPLY)
		c->state = CONNECTION_WAIT_REPLY;
}

void connection_presume(struct control_connection *c)
{
	c->machine[0] = c->machine[1] = STATE_ESTABLISHED;
	c->state = CONNECTION_ESTABLISHED;
}

/* --- words ------------------------------------------------------------------------------------- */

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
