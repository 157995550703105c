/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One end of a PPP link: framing, phases and who gets which frame.  See ppp_peer.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/ppp_peer_private.h"

#define RESTART_NS (3 * NET_SECOND)

enum { MRU = 1400, OWN_ADDRESS = 0x0a630001, PEER_ADDRESS = 0x0a63000a };

/* --- what goes out ------------------------------------------------------------------------------- */

/* LCP is framed as if nothing had been agreed. */
static void put_framing(const struct ppp_peer *p, struct wcursor *w, uint16_t protocol)
{
	bool plain = protocol == PPP_LCP || p->status.state == PPP_PEER_STARTING;

	if (plain || !p->lcp.peer_acfc)
		wcursor_uint(w, 0xff03, 2);
	if (plain || !p->lcp.peer_pfc || protocol > UINT8_MAX)
		wcursor_uint(w, protocol, 2);
	else
		wcursor_uint(w, protocol, 1);
}

void peer_send(struct ppp_peer *p, uint16_t protocol, const uint8_t *octets, size_t len)
{
	uint8_t frame[PEER_ROOM + 8];
	struct wcursor w = wcursor_on(frame, sizeof(frame));

	put_framing(p, &w, protocol);
	wcursor_octets(&w, octets, len);
	if (w.overrun || p->freed || p->status.state == PPP_PEER_DEAD)
		return;
	p->status.frames_out++;
	p->events.send(p->ctx, frame, (size_t)(w.at - frame));
}

void peer_send_code(struct ppp_peer *p, uint16_t protocol, uint8_t code, uint8_t identifier,
		    const uint8_t *data, size_t len)
{
	uint8_t packet[PEER_ROOM];
	struct wcursor w = wcursor_on(packet, sizeof(packet));
	/* What sends back something of the other end's keeps to what that one can receive. */
	size_t room = p->lcp.peer_mru < PEER_ROOM ? p->lcp.peer_mru : PEER_ROOM;

	if (len > room - 4)
		len = room - 4;
	wcursor_uint(&w, code, 1);
	wcursor_uint(&w, identifier, 1);
	wcursor_uint(&w, (uint32_t)len + 4, 2);
	wcursor_octets(&w, data, len);
	peer_send(p, protocol, packet, (size_t)(w.at - packet));
}

/* --- state --------------------------------------------------------------------------------------- */

void peer_set_state(struct ppp_peer *p, enum ppp_peer_state s)
{
	if (p->status.state == s || p->status.state == PPP_PEER_DEAD || p->freed)
		return;
	p->status.state = s;
	if (p->events.state)
		p->events.state(p->ctx, s, p->status.why);
}

static void say_why(struct ppp_peer *p, const char *why, va_list args)
{
	if (!p->status.why[0])
		vsnprintf(p->status.why, sizeof(p->status.why), why, args);
}

void peer_end(struct ppp_peer *p, const char *why, ...)
{
	va_list args;

	va_start(args, why);
	say_why(p, why, args);
	va_end(args);
	fsm_event(&p->fsm[PEER_LCP], FSM_CLOSE);
}

void peer_dead(struct ppp_peer *p)
{
	peer_auth_stop(p);
	peer_net_stop(p);
	net_timer_cancel(p->net, &p->echo_timer);
	if (!p->status.why[0])
		snprintf(p->status.why, sizeof(p->status.why), "%s",
			 p->fsm[PEER_LCP].heard ? "LCP was not agreed on" : "no answer to LCP");
	peer_set_state(p, PPP_PEER_DEAD);
}

static void destroy(struct ppp_peer *p)
{
	for (unsigned i = 0; i < PEER_LAYERS; i++)
		net_timer_cancel(p->net, &p->fsm[i].timer);
	net_timer_cancel(p->net, &p->auth.timer);
	net_timer_cancel(p->net, &p->echo_timer);
	free(p);
}

void peer_enter(struct ppp_peer *p)
{
	p->depth++;
}

void peer_leave(struct ppp_peer *p)
{
	if (!--p->depth && p->freed)
		destroy(p);
}

uint32_t peer_random(struct ppp_peer *p)
{
	p->random ^= p->random << 13;
	p->random ^= p->random >> 17;
	p->random ^= p->random << 5;
	return p->random;
}

int64_t peer_restart(const struct ppp_peer *p)
{
	return p->config.restart_ns;
}

/* --- what comes in ------------------------------------------------------------------------------- */

static void reject_protocol(struct ppp_peer *p, const struct ppp_frame *f)
{
	uint8_t data[PEER_ROOM];
	struct wcursor w = wcursor_on(data, sizeof(data));
	size_t len = f->len < PEER_ROOM - 2 ? f->len : PEER_ROOM - 2;

	wcursor_uint(&w, f->protocol, 2);
	wcursor_octets(&w, f->payload, len);
	peer_send_code(p, PPP_LCP, PPP_PROT_REJ, ++p->reject_identifier, data, (size_t)(w.at - data));
}

static void to_fsm(struct ppp_peer *p, enum peer_layer layer, const struct ppp_frame *f)
{
	struct ppp_control c;

	if (ppp_control_decode(f, NULL, &c))
		fsm_packet(&p->fsm[layer], &c);
}

/* RFC 1661 section 3.5: until both ends are who they say they are, nothing else is looked at. */
static void after_authentication(struct ppp_peer *p, const struct ppp_frame *f)
{
	switch (f->protocol) {
	case PPP_IPCP:
		to_fsm(p, PEER_IPCP, f);
		break;
	case PPP_CCP:
		if (p->crypt.usable)
			to_fsm(p, PEER_CCP, f);
		else
			reject_protocol(p, f);
		break;
	case PPP_IP:
		peer_net_ip(p, f, false);
		break;
	case PPP_COMP:
		peer_net_coded(p, f);
		break;
	default:
		reject_protocol(p, f);
	}
}

static void take(struct ppp_peer *p, const struct ppp_frame *f)
{
	if (f->protocol == PPP_LCP)
		to_fsm(p, PEER_LCP, f);
	else if (p->fsm[PEER_LCP].state != FSM_OPENED)
		return;
	else if (f->protocol == PPP_PAP || f->protocol == PPP_CHAP)
		peer_auth_packet(p, f);
	else if (p->auth.done)
		after_authentication(p, f);
}

void ppp_peer_frame(struct ppp_peer *p, const uint8_t *frame, size_t len)
{
	struct ppp_frame f;

	if (p->status.state == PPP_PEER_DEAD || len > UINT16_MAX)
		return;
	p->status.frames_in++;
	ppp_decode(frame, (uint32_t)len, (uint32_t)len, &f);
	if (f.bad || f.cut)
		return;
	peer_enter(p);
	take(p, &f);
	peer_leave(p);
}

/* --- for the owner ------------------------------------------------------------------------------- */

static void echo_due(void *ctx)
{
	struct ppp_peer *p = ctx;

	peer_enter(p);
	net_timer_set(p->net, &p->echo_timer, net_now(p->net) + p->config.echo_ns);
	peer_lcp_echo(p);
	peer_leave(p);
}

static void set_defaults(struct ppp_peer_config *c)
{
	if (!c->name)
		c->name = "pptpscope";
	if (c->server && !c->address)
		c->address = OWN_ADDRESS;
	if (c->server && !c->peer_address)
		c->peer_address = PEER_ADDRESS;
	if (!c->mru)
		c->mru = MRU;
	if (!c->restart_ns)
		c->restart_ns = RESTART_NS;
}

struct ppp_peer *ppp_peer_new(struct net *n, const struct ppp_peer_config *c, const struct ppp_peer_events *e,
			      void *ctx)
{
	struct ppp_peer *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->net = n;
	p->config = *c;
	set_defaults(&p->config);
	p->events = *e;
	p->ctx = ctx;
	p->echo_timer = (struct net_timer){ .fn = echo_due, .ctx = p };
	p->random = c->seed * 2654435761u | 1;
	fsm_init(&p->fsm[PEER_LCP], p, &peer_lcp_ops);
	fsm_init(&p->fsm[PEER_CCP], p, &peer_ccp_ops);
	fsm_init(&p->fsm[PEER_IPCP], p, &peer_ipcp_ops);
	peer_lcp_init(p);
	peer_auth_init(p);
	return p;
}

void ppp_peer_free(struct ppp_peer *p)
{
	if (!p)
		return;
	if (p->depth)
		p->freed = true;
	else
		destroy(p);
}

void ppp_peer_start(struct ppp_peer *p)
{
	peer_enter(p);
	fsm_event(&p->fsm[PEER_LCP], FSM_OPEN);
	fsm_event(&p->fsm[PEER_LCP], FSM_UP);
	peer_leave(p);
}

void ppp_peer_terminate(struct ppp_peer *p)
{
	peer_enter(p);
	peer_end(p, "ended here");
	/* Not started yet, there is nobody to say it to. */
	if (p->fsm[PEER_LCP].state == FSM_INITIAL)
		peer_dead(p);
	peer_leave(p);
}

void ppp_peer_echo(struct ppp_peer *p)
{
	peer_enter(p);
	peer_lcp_echo(p);
	peer_leave(p);
}

void ppp_peer_status(const struct ppp_peer *p, struct ppp_peer_status *s)
{
	*s = p->status;
	s->auth = p->auth.kind;
	s->authenticated = p->auth.done && p->auth.kind != PPP_PEER_NONE;
	s->mppe_bits = p->crypt.send_bits;
}
