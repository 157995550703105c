/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What faults do to a tunnel: its window, its packets on their way out, what is made of those that come. */
#include <string.h>

#include "conformance/endpoint_private.h"

#define AGES (86400 * NET_SECOND)

enum { FLOOD = 64, JUMP = 500, SLOW_ACK = 3, LARGE = 1000, ETHERNET = 1500, TOO_LARGE = 1533 };

/* --- the window -------------------------------------------------------------------------------------- */

void spoil_begin(struct session *s, struct window *w)
{
	struct endpoint *e = s->e;

	if (fault_on(e, FAULT_WIN_INIT_01))
		w->size = w->o.maximum;
	if (fault_on(e, FAULT_WIN_CAP_01))
		w->o.maximum = (uint16_t)(w->o.maximum + 8);
	if (fault_on(e, FAULT_GRE_SEQ_START_01))
		w->next = w->acked = 5;
	if (fault_on(e, FAULT_GRE_SEQ_PERCALL_01))
		w->next = w->acked = e->next_seq;
	if (fault_on(e, FAULT_ATO_MAX_01))
		w->o.max_timeout_ns = e->config.timers.max_timeout;
	if (fault_on(e, FAULT_CONG_LIMIT_01))
		w->o.max_timeout_ns = AGES;
}

unsigned spoil_room(const struct session *s, unsigned room)
{
	const struct endpoint *e = s->e;

	if (fault_on(e, FAULT_WIN_MAX_01) || fault_on(e, FAULT_WIN_STOP_01))
		return FLOOD;
	if (fault_on(e, FAULT_WIN_INIT_02) && !s->peer_window)
		return 0;
	if (fault_on(e, FAULT_ATO_SESSION_01) && net_now(s->e->net) < e->stalled_until)
		return 0;
	return room;
}

/* The number that an acknowledgment is taken for; false: it is not taken at all. */
bool spoil_ack(const struct session *s, const struct window *w, const struct gre_pkt *p, uint32_t *ack)
{
	const struct endpoint *e = s->e;

	if (fault_on(e, FAULT_GRE_PIGGY_01) && p->flags & GRE_S)
		return false;
	if (fault_on(e, FAULT_OOS_CREDIT_01) && *ack != w->acked)
		return false;
	if (fault_on(e, FAULT_WIN_MULTIACK_01))
		*ack = w->acked;
	return true;
}

/* After an acknowledgment; before: the window before it. */
void spoil_acked(const struct session *s, struct window *w, const struct window *before)
{
	const struct endpoint *e = s->e;

	if (fault_on(e, FAULT_WIN_GROW_01))
		w->size = before->size;
	if (fault_on(e, FAULT_WIN_GROW_01_STEEP) && w->size > before->size)
		w->size = w->o.maximum;
	if (fault_on(e, FAULT_WIN_REOPEN_01) && w->timeouts)
		w->size = w->o.maximum;
	if (fault_on(e, FAULT_CONG_RECOVER_01) && w->timeout_ns < before->timeout_ns) {
		w->rtt_ns = before->rtt_ns;
		w->dev_ns = before->dev_ns;
		w->timeout_ns = before->timeout_ns;
	}
}

/* After a time-out. */
void spoil_timeout(struct session *s, struct window *w, const struct window *before)
{
	struct endpoint *e = s->e;

	if (fault_on(e, FAULT_WIN_CLOSE_01) || fault_on(e, FAULT_CONG_BOTH_01))
		w->size = before->size;
	if (fault_on(e, FAULT_WIN_CLOSE_01_DOWN))
		w->size = before->size > 1 ? before->size / 2 : 1;
	if (fault_on(e, FAULT_CONG_BACKOFF_01)) {
		w->rtt_ns = before->rtt_ns;
		w->timeout_ns = before->timeout_ns;
	}
	if (fault_on(e, FAULT_OOS_DUP_01) || fault_on(e, FAULT_CONG_NORETX_01))
		w->next = --w->acked;
	if (fault_on(e, FAULT_ATO_SESSION_01))
		e->stalled_until = net_now(e->net) + 3 * NET_SECOND;
}

/* After a data packet. */
void spoil_sent(struct session *s, struct window *w)
{
	if (fault_on(s->e, FAULT_GRE_SEQ_NEXT_01) && w->next % 10 == 9)
		w->next++;
	s->e->next_seq = w->next;
}

bool spoil_no_timeout(const struct session *s)
{
	return fault_on(s->e, FAULT_ATO_REQ_01);
}

/* --- out --------------------------------------------------------------------------------------------- */

void spoil_header(const struct session *s, struct gre_pkt *p, bool heard)
{
	const struct endpoint *e = s->e;

	p->flags = fault_gre_flags(&e->config.faults, p->flags);
	if (fault_on(e, FAULT_GRE_PTYPE_01))
		p->protocol = 0x0800;
	if (fault_on(e, FAULT_GRE_PLEN_01) && p->flags & GRE_S)
		p->payload_length = (uint16_t)(p->payload_length + 2);
	if (fault_on(e, FAULT_GRE_PLEN_02) && !(p->flags & GRE_S))
		p->payload_length = 4;
	if (fault_on(e, FAULT_GRE_CALLID_01))
		p->call_id = s->id;
	if (fault_on(e, FAULT_CALL_RANGE_01))
		p->call_id &= 0x7fff;
	if (fault_on(e, FAULT_GRE_ACK_01) && p->ack)
		p->ack--;
	if (fault_on(e, FAULT_GRE_ACK_02) && p->flags & GRE_A)
		p->ack += 10;
	if (fault_on(e, FAULT_GRE_ACK_04) && !heard)
		p->flags |= GRE_A;
}

/* Octets of a packet that is about to leave, in a buffer of `room`: how many of them do. */
size_t spoil_octets(const struct session *s, uint8_t *octets, size_t n)
{
	bool data = octets[0] & GRE_S >> 8;

	if (fault_on(s->e, FAULT_GRE_A_01) && data)
		octets[1] ^= GRE_A;
	return fault_on(s->e, FAULT_GRE_HDR_01) && !data && n > 10 ? 10 : n;
}

/* A frame that is about to leave, in a buffer of `room`: its new length. */
size_t spoil_frame(const struct session *s, uint8_t *frame, size_t len, size_t room)
{
	const struct endpoint *e = s->e;

	if (fault_on(e, FAULT_GRE_PPP_01) && len + 1 < room) {
		memmove(frame + 1, frame, len);
		frame[0] = 0x7e;
		len++;
	}
	if (fault_on(e, FAULT_GRE_PPP_02) && len + 2 < room) {
		memcpy(frame + len, "\x12\x34", 2);
		len += 2;
	}
	if (fault_on(e, FAULT_GRE_MTU_01) && len > LARGE && len < TOO_LARGE && TOO_LARGE < room) {
		memset(frame + len, 0, TOO_LARGE - len);
		len = TOO_LARGE;
	}
	if (fault_on(e, FAULT_GRE_IP_01) && 2 * len < room) {
		memcpy(frame + len, frame, len);
		len *= 2;
	}
	return len;
}

/* The ends that a packet is sent between. */
void spoil_ends(const struct session *s, struct ip_addr *src, struct ip_addr *dst)
{
	const struct connection *oldest = s->e->connections;

	if (fault_on(s->e, FAULT_TCP_PAIR_01))
		src->octet[15] ^= 0x40;
	while (oldest && oldest->next)
		oldest = oldest->next;
	if (fault_on(s->e, FAULT_CALL_TUNNEL_01) && oldest)
		*dst = oldest->peer;
}

/* --- in ---------------------------------------------------------------------------------------------- */

/* A packet that should be left alone is taken for data all the same. */
bool spoil_accepts(const struct session *s, const struct gre_pkt *p)
{
	static const unsigned header =
		GRE_BAD_C | GRE_BAD_R | GRE_BAD_K | GRE_BAD_SSR | GRE_BAD_RECUR | GRE_BAD_FLAGS;

	if (fault_on(s->e, FAULT_GRE_PLEN_03) && p->defects == GRE_BAD_LENGTH)
		return true;
	return fault_on(s->e, FAULT_GRE_INVALID_01) && p->defects && !(p->defects & ~header);
}

/* Whether a packet is ignored that should not be; ahead: of the highest that came, heard or not. */
bool spoil_ignores(struct session *s, const struct gre_pkt *p, bool heard, int32_t ahead)
{
	struct endpoint *e = s->e;
	int64_t now = net_now(e->net);

	if (fault_on(e, FAULT_CALL_UNIQ_02) && s->id == s->peer_id)
		return true;
	if (fault_on(e, FAULT_OOS_GAP_01) && heard && ahead > JUMP)
		return true;
	if (!(p->flags & GRE_S))
		return false;
	if (fault_on(e, FAULT_GRE_MTU_02) && p->payload_length > ETHERNET)
		s->deaf = true;
	if (fault_on(e, FAULT_GRE_PPP_03) && p->payload_length && p->payload[0] != 0xff)
		return true;
	if (now - s->burst_time > NET_SECOND / 10)
		s->burst = 0;
	s->burst_time = now;
	if (fault_on(e, FAULT_WIN_OVF_01) && ++s->burst > 2u * e->set.window)
		s->deaf = true;
	if (fault_on(e, FAULT_OOS_RESUME_01) && s->sulks) {
		s->sulks = false;
		return true;
	}
	s->sulks = heard && ahead < 0;
	return s->deaf;
}

/* Whether a packet that came late (ahead < 0) or again (0) is passed on all the same. */
bool spoil_delivers(const struct session *s, int32_t ahead)
{
	const struct endpoint *e = s->e;

	if (ahead < 0)
		return fault_on(e, FAULT_OOS_LATE_01) || fault_on(e, FAULT_OOS_DISCARD_01);
	return fault_on(e, FAULT_OOS_DUP_02);
}

/* The highest number that came, as it is acknowledged, after packet p; before: before it. */
uint32_t spoil_highest(const struct session *s, const struct gre_pkt *p, uint32_t before, bool heard,
		       uint32_t now)
{
	if (fault_on(s->e, FAULT_GRE_ACK_03))
		return p->seq;
	if (fault_on(s->e, FAULT_OOS_ACK_01) && heard && p->seq != before + 1)
		return before;
	return now;
}

/* How long an acknowledgment waits. */
int64_t spoil_ack_delay(const struct session *s, int64_t ns)
{
	bool slow = fault_on(s->e, FAULT_WIN_ACKDUE_01) || fault_on(s->e, FAULT_WIN_MULTIACK_02) ||
		    fault_on(s->e, FAULT_MSP_ACK100_01);

	return slow ? SLOW_ACK * NET_SECOND : ns;
}

/* --- without any call ---------------------------------------------------------------------------------- */

enum { MISCHIEF_SECONDS = 4, STRAY_CALL = 99 };

static void mischief(void *ctx)
{
	struct endpoint *e = ctx;
	struct connection *c = endpoint_newest(e);
	struct gre_pkt p = { .flags = GRE_K | GRE_A | 1, .protocol = GRE_PROTO_PPP, .call_id = STRAY_CALL };
	uint8_t octets[16];

	net_timer_set(e->net, &e->mischief, net_now(e->net) + MISCHIEF_SECONDS * NET_SECOND);
	if (!c || c->sessions)
		return;
	if (fault_on(e, FAULT_GRE_STATE_01))
		net_gre_send(e->host, &c->self, &c->peer, octets,
			     gre_encode(&p, NULL, 0, octets, sizeof(octets)));
	if (fault_on(e, FAULT_PACOUT_ILLEGAL_01))
		connection_send_fields(c, CTRL_OCRP, "peer_call_id", (int64_t)STRAY_CALL, "result_code",
				       INT64_C(1), NULL);
}

void endpoint_begin_mischief(struct endpoint *e)
{
	e->mischief = (struct net_timer){ .fn = mischief, .ctx = e };
	if (fault_on(e, FAULT_GRE_STATE_01) || fault_on(e, FAULT_PACOUT_ILLEGAL_01))
		mischief(e);
}
