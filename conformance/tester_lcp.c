/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PPP within a test's session: LCP Echo-Requests as probes, and an end of PPP that keeps the device talking. */
#include "conformance/tester_private.h"

enum {
	SETTLE_SECONDS = 2, /* authentication and network protocols, so that they do not disturb what follows */
	QUIET_MS = 700,     /* without any of these they are not to come */
	ECHO_FILL = 8,
	ECHO_ROOM = 64,
	FRAME_ROOM = 2048,
	LCP_HEADER = 4,
	PATIENCE_SECONDS = 3, /* with a device that does not negotiate as a PPP of its own would */
	PROBE_SECONDS = 1,
	PROBE_IDENTIFIER = 0xee,
};

/* --- echoes ---------------------------------------------------------------------------------------- */

static size_t build(const struct t_gre *g, uint8_t code, uint8_t identifier, size_t fill, uint8_t *out, size_t room)
{
	size_t head = g->plain ? 0 : 2, len = LCP_HEADER + 4 + fill;
	uint8_t packet[] = { 0xff,
			     0x03,
			     PPP_LCP >> 8,
			     PPP_LCP & 0xff,
			     code,
			     identifier,
			     (uint8_t)(len >> 8),
			     (uint8_t)len,
			     (uint8_t)(g->magic >> 24),
			     (uint8_t)(g->magic >> 16),
			     (uint8_t)(g->magic >> 8),
			     (uint8_t)g->magic };
	size_t fixed = sizeof(packet) - 2 + head;

	if (fixed + fill > room)
		return 0;
	memcpy(out, packet + 2 - head, fixed);
	memset(out + fixed, 'e', fill);
	return fixed + fill;
}

size_t t_lcp_echo_build(const struct t_gre *g, uint8_t identifier, size_t fill, uint8_t *out, size_t room)
{
	return build(g, PPP_ECHO_REQ, identifier, fill, out, room);
}

void lcp_discard(struct t_gre *g)
{
	uint8_t frame[ECHO_ROOM];

	t_gre_data(g, frame, build(g, PPP_DISCARD, 0, ECHO_FILL, frame, sizeof(frame)));
}

static void forget_reply(struct t_gre *g, uint8_t identifier)
{
	g->echoed[identifier / 8] &= (uint8_t)~(1u << identifier % 8);
}

uint32_t t_lcp_echo(struct t_gre *g, uint8_t identifier)
{
	uint8_t frame[ECHO_ROOM];

	forget_reply(g, identifier);
	return t_gre_data(g, frame, t_lcp_echo_build(g, identifier, ECHO_FILL, frame, sizeof(frame)));
}

void t_lcp_echo_at(struct t_gre *g, uint8_t identifier, uint32_t seq)
{
	uint32_t next = g->next_seq;

	t_gre_skip(g, seq);
	t_lcp_echo(g, identifier);
	t_gre_skip(g, next);
}

bool t_foreign_echo(struct t_gre *g, uint8_t identifier)
{
	uint8_t frame[ECHO_ROOM], out[2 * ECHO_ROOM];
	struct gre_pkt pkt = t_gre_next(g);
	struct ip_addr second;
	size_t len = t_lcp_echo_build(g, identifier, ECHO_FILL, frame, sizeof(frame));

	if (!t_second_address(g->t, &second))
		return false;
	forget_reply(g, identifier);
	pkt.payload_length = (uint16_t)len;
	g->next_seq++;
	return tester_gre_send(g, &second, out, gre_encode(&pkt, frame, len, out, sizeof(out)));
}

bool t_lcp_echoed(struct t_gre *g, uint8_t identifier, double seconds)
{
	double until = t_now(g->t) + seconds;

	while (!(g->echoed[identifier / 8] >> identifier % 8 & 1))
		if (!tester_pause(g->t, until))
			return false;
	return true;
}

void t_lcp_form(struct t_gre *g, bool address_control)
{
	g->plain = !address_control;
}

void t_silent_ppp(struct t_gre *g, bool silent)
{
	g->silent = silent;
}

/* --- the tester's end ---------------------------------------------------------------------------------- */

/* The magic number in a Configure-Request of the tester's. */
static void learn_magic(struct t_gre *g, const struct ppp_frame *f)
{
	for (uint32_t at = LCP_HEADER; at + 2 <= f->caplen && f->payload[at + 1] >= 2; at += f->payload[at + 1])
		if (f->payload[at] == LCP_OPT_MAGIC && at + 6 <= f->caplen)
			g->magic = (uint32_t)f->payload[at + 2] << 24 | (uint32_t)f->payload[at + 3] << 16 |
				   (uint32_t)f->payload[at + 4] << 8 | f->payload[at + 5];
}

static void send_frame(void *ctx, const uint8_t *frame, size_t len)
{
	struct t_gre *g = ctx;
	struct ppp_frame f;

	ppp_decode(frame, (uint32_t)len, (uint32_t)len, &f);
	if (f.protocol == PPP_LCP && f.code == PPP_CONF_REQ)
		learn_magic(g, &f);
	if (g->silent)
		return;
	if (g->plain && f.protocol == PPP_LCP && f.address_control)
		t_gre_data(g, frame + 2, len - 2);
	else
		t_gre_data(g, frame, len);
}

static void changed(void *ctx, enum ppp_peer_state s, const char *why)
{
	struct t_gre *g = ctx;

	(void)s;
	(void)why;
	tester_wake(g->t);
}

static enum ppp_peer_state state_of(const struct t_gre *g)
{
	struct ppp_peer_status s;

	ppp_peer_status(g->peer, &s);
	return s.state;
}

void lcp_frame(struct t_gre *g, const uint8_t *frame, size_t len)
{
	struct ppp_frame f;

	ppp_decode(frame, (uint32_t)len, (uint32_t)len, &f);
	if (f.protocol != PPP_LCP)
		g->any_beyond = true;
	if (f.protocol == PPP_LCP && f.has_code && f.code == PPP_ECHO_REP)
		g->echoed[f.identifier / 8] |= (uint8_t)(1u << f.identifier % 8);
	if (g->peer && !g->silent)
		ppp_peer_frame(g->peer, frame, len);
}

static void begin_ppp(struct t_gre *g)
{
	static const struct ppp_peer_events events = { .send = send_frame, .state = changed };
	struct ppp_peer_config c = {
		.server = t_self(g->t) == ROLE_PAC,
		.user = g->t->o->user,
		.password = g->t->o->password,
		.mppe40 = true,
		.mppe128 = true,
		.accm = 0,
		.stays = true, /* LCP is all that the tests need */
		.seed = t_random(g->t),
	};

	g->peer = ppp_peer_new(net_of_host(g->t->host), &c, &events, g);
	if (!g->peer)
		tester_broken(g->t, "no memory");
	ppp_peer_start(g->peer);
}

/* Waits for a state or one beyond it. */
static bool reaches(struct t_gre *g, enum ppp_peer_state state, double until)
{
	while (state_of(g) < state)
		if (!tester_pause(g->t, until))
			return false;
	return state_of(g) != PPP_PEER_DEAD;
}

/* What follows an open LCP is over, or does not begin. */
static void settle_ppp(struct t_gre *g, double until)
{
	double now = t_now(g->t), quiet = now + QUIET_MS / 1000.0, settled = now + SETTLE_SECONDS;

	if (!g->t->o->user && !reaches(g, PPP_PEER_OPEN, quiet < until ? quiet : until) && !g->any_beyond)
		return;
	reaches(g, PPP_PEER_OPEN, settled < until ? settled : until);
}

/* A device that answers echoes is as good as open, even if it never asks for anything itself. */
static bool echoes(struct t_gre *g)
{
	t_lcp_echo(g, PROBE_IDENTIFIER);
	return t_lcp_echoed(g, PROBE_IDENTIFIER, PROBE_SECONDS);
}

static bool open_lcp(struct t_gre *g, double seconds)
{
	double until, soon;

	gre_settle(g);
	until = t_now(g->t) + seconds;
	soon = t_now(g->t) + PATIENCE_SECONDS;
	if (!g->peer)
		begin_ppp(g);
	if (!reaches(g, PPP_PEER_LCP_OPEN, soon < until ? soon : until)) {
		if (state_of(g) == PPP_PEER_DEAD)
			return false;
		if (echoes(g))
			return true;
		if (!reaches(g, PPP_PEER_LCP_OPEN, until))
			return false;
	}
	settle_ppp(g, until);
	return state_of(g) != PPP_PEER_DEAD;
}

bool t_lcp_open(struct t_gre *g, double seconds)
{
	struct hope *h = runner_hope(g->t->runner, HOPE_LCP);

	bool open;

	seconds = hope_patience(h, seconds);
	open = open_lcp(g, seconds);
	hope_waited(h, seconds, open);
	return open;
}

bool t_ppp_over(const struct t_gre *g)
{
	return g->peer && state_of(g) == PPP_PEER_DEAD;
}

void lcp_free(struct t_gre *g)
{
	ppp_peer_free(g->peer);
}
