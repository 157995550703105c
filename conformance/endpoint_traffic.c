/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tunnel of a call carries: PPP of this side or of a telephone line, and packets made on request. */
#include <stdio.h>

#include "conformance/endpoint_private.h"
#include "dissectors/cursor.h"

enum { LCP_ECHO_HEADER = 12, FAST_RATE = 1000, FIRST_ADDRESS = 0x0a63000a, PINGS = 5 };

/* --- PPP -------------------------------------------------------------------------------------------- */

static void ppp_send(void *ctx, const uint8_t *frame, size_t len)
{
	struct session *s = ctx;

	/* Noise on the line takes its share of what the client sends. */
	if (!s->line || telco_passes(s->line, len))
		session_emit(s, frame, len);
}

static void ppp_accm(void *ctx, uint32_t send, uint32_t receive)
{
	struct session *s = ctx;

	if (is_pac(s->e))
		return;
	s->send_accm = send;
	s->receive_accm = receive;
	session_event(s, HAPPENS_PPP_OPTIONS, NULL);
}

/*
 * Who was not let in, or has been open, takes the call along.  A peer that does not speak PPP, or knows no
 * more than LCP, need not be hung up on: PPP begins anew.
 */
static void ppp_over(struct session *s, const char *why)
{
	endpoint_say(s->e, NEWS_REJECTED, s->id, "call %u: PPP is over: %s", s->id, why);
	if (s->ppp_reached == PPP_PEER_STARTING || s->ppp_reached == PPP_PEER_AUTHENTICATED)
		net_timer_set(s->e->net, &s->ppp_again, net_now(s->e->net) + NET_SECOND);
	else if (is_pac(s->e))
		session_event(s, HAPPENS_LINE_DROPPED, &(struct cue){ .result = 1, .why = why });
	else
		session_event(s, HAPPENS_CLEAR_WANTED, &(struct cue){ .why = why });
}

static void ppp_state(void *ctx, enum ppp_peer_state state, const char *why)
{
	struct session *s = ctx;

	if (s->dead)
		return;
	if (state == PPP_PEER_DEAD) {
		ppp_over(s, why);
		return;
	}
	s->ppp_reached = state;
	if (state != PPP_PEER_OPEN)
		return;
	endpoint_say(s->e, NEWS_PPP_OPEN, s->id, "call %u: PPP is open", s->id);
	s->pings = s->e->config.ping && !is_pac(s->e) ? PINGS : 0;
	session_ping(s);
}

/* A peer that has just agreed may not be ready to forward yet: several, until one is answered. */
void session_ping(void *session)
{
	struct session *s = session;
	struct ppp_peer_status status;

	if (!s->ppp || !s->pings)
		return;
	ppp_peer_status(s->ppp, &status);
	if (status.ping_replies)
		return;
	s->pings--;
	ppp_peer_ping(s->ppp, 64);
	net_timer_set(s->e->net, &s->ping, net_now(s->e->net) + NET_SECOND);
}

/* The lowest that is free: each call of a server has one of its own. */
static void take_address(struct session *s)
{
	uint8_t *used = s->e->addressed;
	unsigned n = 0;

	while (n < UINT16_MAX && used[n / 8] >> n % 8 & 1)
		n++;
	used[n / 8] |= (uint8_t)(1 << n % 8);
	s->ppp_address = n + 1;
}

static void drop_address(struct session *s)
{
	unsigned n = s->ppp_address - 1;

	if (s->ppp_address)
		s->e->addressed[n / 8] &= (uint8_t) ~(1 << n % 8);
	s->ppp_address = 0;
}

static void configure(struct session *s, struct ppp_peer_config *config)
{
	*config = s->e->config.ppp;
	config->seed ^= endpoint_mix(s->e, s->made);
	if (!config->server)
		return;
	if (!s->ppp_address)
		take_address(s);
	config->peer_address =
		(config->peer_address ? config->peer_address : FIRST_ADDRESS) + s->ppp_address - 1;
}

void session_ppp_start(struct session *s)
{
	static const struct ppp_peer_events events = { .send = ppp_send,
						       .state = ppp_state,
						       .accm = ppp_accm };
	struct ppp_peer_config config;

	if (s->e->config.no_ppp || (s->line && telco_has_port(s->line)))
		return;
	configure(s, &config);
	s->ppp_reached = PPP_PEER_STARTING;
	s->ppp = ppp_peer_new(s->e->net, &config, &events, s);
	if (s->ppp)
		ppp_peer_start(s->ppp);
}

void session_ppp_again(void *session)
{
	struct session *s = session;

	ppp_peer_free(s->ppp);
	s->ppp = NULL;
	session_ppp_start(s);
}

void session_ppp_free(struct session *s)
{
	ppp_peer_free(s->ppp);
	s->ppp = NULL;
	drop_address(s);
}

void session_deliver(struct session *s, const uint8_t *frame, size_t len)
{
	if (s->line)
		telco_write(s->line, frame, len);
	if (s->ppp)
		ppp_peer_frame(s->ppp, frame, len);
}

void session_emit(struct session *s, const uint8_t *frame, size_t len)
{
	if (s->state == STATE_ESTABLISHED || fault_on(s->e, FAULT_PNSIN_DATA_01) ||
	    fault_on(s->e, FAULT_PNSOUT_DATA_01))
		gre_send(s, frame, len);
}

/* --- traffic ---------------------------------------------------------------------------------------- */

/* An LCP Echo-Request: whatever the state of PPP, it does no harm. */
static void send_filler(struct session *s)
{
	uint8_t frame[GRE_PAYLOAD_MAX] = { 0 };
	struct wcursor w = wcursor_on(frame, sizeof(frame));
	unsigned size = s->traffic.size > LCP_ECHO_HEADER ? s->traffic.size : LCP_ECHO_HEADER;

	if (size > sizeof(frame))
		size = sizeof(frame);
	wcursor_uint(&w, 0xff03c021, 4);
	wcursor_uint(&w, 9, 1);
	wcursor_uint(&w, ++s->traffic.identifier, 1);
	wcursor_uint(&w, size - 4, 2);
	gre_send(s, frame, size);
}

/* IP where PPP has come so far, with the headers of IP and ICMP taken off the size. */
static void send_one(struct session *s)
{
	struct ppp_peer_status st = { .state = PPP_PEER_DEAD };
	unsigned headers = 32;

	if (s->ppp)
		ppp_peer_status(s->ppp, &st);
	if (st.state == PPP_PEER_OPEN)
		ppp_peer_ping(s->ppp, s->traffic.size > headers ? s->traffic.size - headers : 0);
	else
		send_filler(s);
	if (s->traffic.left != UINT64_MAX)
		s->traffic.left--;
	if (!s->traffic.left)
		s->traffic.on = false;
}

static bool by_window(const struct session *s)
{
	return s->traffic.on && !s->traffic.rate;
}

static void send_at_rate(void *ctx)
{
	struct session *s = ctx;

	if (!s->traffic.on)
		return;
	send_one(s);
	if (s->traffic.on)
		net_timer_set(s->e->net, &s->traffic.timer,
			      net_now(s->e->net) + NET_SECOND / s->traffic.rate);
}

/* As much as the window takes now, and no more: a frame may get lost on the line before it comes here. */
void traffic_room(struct session *s)
{
	for (unsigned room = gre_room(s); room && by_window(s) && gre_room(s); room--)
		send_one(s);
}

bool traffic_start(struct session *s, unsigned packets, unsigned size, unsigned rate)
{
	struct traffic *t = &s->traffic;

	if (!s->gre)
		return false;
	traffic_stop(s);
	/* Where no window is looked at, something else has to bound it. */
	if (!rate && is_ms_ptpt(s->e))
		rate = FAST_RATE;
	t->on = true;
	t->size = size;
	t->rate = rate;
	t->left = packets ? packets : UINT64_MAX;
	t->timer = (struct net_timer){ .fn = send_at_rate, .ctx = s };
	if (rate)
		send_at_rate(s);
	else
		traffic_room(s);
	return true;
}

void traffic_stop(struct session *s)
{
	s->traffic.on = false;
	net_timer_cancel(s->e->net, &s->traffic.timer);
}
