/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LCP: what this end asks for, and what it lets the other one have (RFC 1661 section 6, RFC 1662). */
#include <string.h>

#include "conformance/ppp_peer_private.h"

enum { MRU_DEFAULT = 1500, MRU_MIN = 128, LOOPS = 8 };

#define NO_ACCM UINT32_MAX

static uint32_t new_magic(struct ppp_peer *p)
{
	uint32_t magic;

	do
		magic = peer_random(p);
	while (!magic || magic == p->lcp.magic || magic == p->lcp.peer_magic);
	return magic;
}

/* What holds where nothing was agreed. */
static void forget_peer(struct ppp_peer *p)
{
	struct peer_lcp *l = &p->lcp;

	l->peer_mru = MRU_DEFAULT;
	l->peer_accm = NO_ACCM;
	l->peer_magic = 0;
	l->peer_pfc = l->peer_acfc = false;
	/* A client proves who it is only when asked to. */
	if (!p->config.server)
		p->auth.kind = PPP_PEER_NONE;
}

void peer_lcp_init(struct ppp_peer *p)
{
	const struct ppp_peer_config *c = &p->config;
	struct peer_lcp *l = &p->lcp;

	l->ask = OPTION_BIT(LCP_OPT_MAGIC);
	l->magic = new_magic(p);
	l->mru = c->mru;
	l->accm = c->accm;
	if (l->mru != MRU_DEFAULT)
		l->ask |= OPTION_BIT(LCP_OPT_MRU);
	if (c->accm != NO_ACCM)
		l->ask |= OPTION_BIT(LCP_OPT_ACCM);
	if (!c->no_pfc)
		l->ask |= OPTION_BIT(LCP_OPT_PFC);
	if (!c->no_acfc)
		l->ask |= OPTION_BIT(LCP_OPT_ACFC);
	if (c->server && c->auth) {
		l->ask |= OPTION_BIT(LCP_OPT_AUTH);
		l->auth_left = peer_auth_allowed(p);
		p->auth.kind = peer_auth_best(l->auth_left);
	}
	forget_peer(p);
}

/* --- what this end asks for ---------------------------------------------------------------------- */

static void request(struct ppp_peer *p, struct wcursor *w)
{
	const struct peer_lcp *l = &p->lcp;

	if (l->ask & OPTION_BIT(LCP_OPT_MRU))
		fsm_put(w, LCP_OPT_MRU, l->mru, 2);
	if (l->ask & OPTION_BIT(LCP_OPT_ACCM))
		fsm_put(w, LCP_OPT_ACCM, l->accm, 4);
	if (l->ask & OPTION_BIT(LCP_OPT_AUTH))
		peer_auth_put(w, p->auth.kind);
	if (l->ask & OPTION_BIT(LCP_OPT_MAGIC))
		fsm_put(w, LCP_OPT_MAGIC, l->magic, 4);
	if (l->ask & OPTION_BIT(LCP_OPT_PFC))
		fsm_put(w, LCP_OPT_PFC, 0, 0);
	if (l->ask & OPTION_BIT(LCP_OPT_ACFC))
		fsm_put(w, LCP_OPT_ACFC, 0, 0);
}

/* The other end would rather use another authentication: that one if it may be, else the next best. */
static void auth_naked(struct ppp_peer *p, const struct ppp_option *o)
{
	struct peer_lcp *l = &p->lcp;
	enum ppp_peer_auth wish = peer_auth_of(o);

	if (!(l->ask & OPTION_BIT(LCP_OPT_AUTH)))
		return;
	l->auth_left &= ~(1u << p->auth.kind);
	if (!l->auth_left)
		peer_end(p, "the peer refuses every authentication that is demanded");
	else if (wish && l->auth_left & 1u << wish)
		p->auth.kind = wish;
	else
		p->auth.kind = peer_auth_best(l->auth_left);
}

static void naked(struct ppp_peer *p, const struct ppp_option *o)
{
	struct peer_lcp *l = &p->lcp;
	uint32_t value;

	switch (o->number) {
	case LCP_OPT_MRU:
		if (fsm_value(o, 2, &value) && value >= MRU_MIN && value <= MRU_DEFAULT) {
			l->mru = (uint16_t)value;
			l->ask |= OPTION_BIT(LCP_OPT_MRU);
		}
		break;
	case LCP_OPT_ACCM:
		if (fsm_value(o, 4, &value))
			l->accm |= value;
		break;
	case LCP_OPT_AUTH:
		auth_naked(p, o);
		break;
	case LCP_OPT_MAGIC:
		l->magic = new_magic(p);
		break;
	default:
		break;
	}
}

static void rejected(struct ppp_peer *p, uint8_t number)
{
	if (number > LCP_OPT_ACFC || !(p->lcp.ask & OPTION_BIT(number)))
		return;
	if (number == LCP_OPT_AUTH) {
		peer_end(p, "the peer refuses to authenticate itself");
		return;
	}
	p->lcp.ask &= ~OPTION_BIT(number);
	if (number == LCP_OPT_MAGIC)
		p->lcp.magic = 0;
}

/* --- what the other end asks for ----------------------------------------------------------------- */

static enum fsm_answer judge_mru(struct ppp_peer *p, const struct ppp_option *o, struct wcursor *nak)
{
	uint32_t value;

	if (!fsm_value(o, 2, &value))
		return FSM_REJECT;
	if (value < MRU_MIN) {
		fsm_put(nak, LCP_OPT_MRU, MRU_DEFAULT, 2);
		return FSM_NAK;
	}
	p->lcp.peer_mru = (uint16_t)value;
	return FSM_ACCEPT;
}

/* Our own number: the line is looped back, or chance has it so.  More than a few times is no chance. */
static enum fsm_answer judge_magic(struct ppp_peer *p, const struct ppp_option *o, struct wcursor *nak)
{
	uint32_t value;

	if (!fsm_value(o, 4, &value))
		return FSM_REJECT;
	if (value && value != p->lcp.magic) {
		p->lcp.peer_magic = value;
		p->lcp.loops = 0;
		return FSM_ACCEPT;
	}
	fsm_put(nak, LCP_OPT_MAGIC, new_magic(p), 4);
	if (value && ++p->lcp.loops == LOOPS)
		peer_end(p, "the line is looped back");
	return FSM_NAK;
}

static enum fsm_answer judge_auth(struct ppp_peer *p, const struct ppp_option *o, struct wcursor *nak)
{
	enum ppp_peer_auth kind = peer_auth_of(o), better;

	if (p->config.server || !p->config.user)
		return FSM_REJECT;
	if (kind && peer_auth_allowed(p) & 1u << kind) {
		p->auth.kind = kind;
		return FSM_ACCEPT;
	}
	better = peer_auth_best(peer_auth_allowed(p));
	peer_auth_put(nak, better);
	return FSM_NAK;
}

static enum fsm_answer judge(struct ppp_peer *p, const struct ppp_option *o, struct wcursor *nak)
{
	uint32_t nothing;

	switch (o->number) {
	case LCP_OPT_MRU:
		return judge_mru(p, o, nak);
	case LCP_OPT_ACCM:
		return fsm_value(o, 4, &p->lcp.peer_accm) ? FSM_ACCEPT : FSM_REJECT;
	case LCP_OPT_AUTH:
		return judge_auth(p, o, nak);
	case LCP_OPT_MAGIC:
		return judge_magic(p, o, nak);
	case LCP_OPT_PFC:
		p->lcp.peer_pfc = fsm_value(o, 0, &nothing);
		return p->lcp.peer_pfc ? FSM_ACCEPT : FSM_REJECT;
	case LCP_OPT_ACFC:
		p->lcp.peer_acfc = fsm_value(o, 0, &nothing);
		return p->lcp.peer_acfc ? FSM_ACCEPT : FSM_REJECT;
	default:
		return FSM_REJECT;
	}
}

static void lacks(struct ppp_peer *p, struct wcursor *nak)
{
	(void)p;
	(void)nak;
}

/* --- codes of its own ---------------------------------------------------------------------------- */

void peer_lcp_echo(struct ppp_peer *p)
{
	uint8_t magic[4];
	struct wcursor w = wcursor_on(magic, sizeof(magic));

	wcursor_uint(&w, p->lcp.magic, 4);
	if (p->fsm[PEER_LCP].state == FSM_OPENED)
		peer_send_code(p, PPP_LCP, PPP_ECHO_REQ, ++p->echo_identifier, magic, sizeof(magic));
}

static void answer_echo(struct ppp_peer *p, const struct ppp_control *c)
{
	uint8_t data[PEER_ROOM];
	struct wcursor w = wcursor_on(data, sizeof(data));
	size_t rest = c->len - 8 < PEER_ROOM - 4 ? c->len - 8 : PEER_ROOM - 4;

	wcursor_uint(&w, p->lcp.magic, 4);
	wcursor_octets(&w, c->octets + 8, rest);
	peer_send_code(p, PPP_LCP, PPP_ECHO_REP, c->identifier, data, (size_t)(w.at - data));
}

static void take_echo(struct ppp_peer *p, const struct ppp_control *c)
{
	struct cursor rest = cursor_on(c->octets + 4, c->len - 4);
	uint32_t magic = cursor_u32(&rest);

	if (rest.missing || p->fsm[PEER_LCP].state != FSM_OPENED)
		return;
	if (c->code == PPP_ECHO_REP)
		p->status.echo_replies++;
	else if (magic && magic == p->lcp.magic && ++p->lcp.loops >= LOOPS)
		peer_end(p, "the line is looped back");
	else
		answer_echo(p, c);
}

static void protocol_rejected(struct ppp_peer *p, const struct ppp_control *c)
{
	struct cursor rest = cursor_on(c->octets + 4, c->len - 4);
	uint16_t protocol = cursor_u16(&rest);

	if (rest.missing || p->fsm[PEER_LCP].state != FSM_OPENED)
		return;
	if (protocol == PPP_CCP)
		fsm_event(&p->fsm[PEER_CCP], FSM_RXJ_BAD);
	else if (protocol == PPP_IPCP)
		fsm_event(&p->fsm[PEER_IPCP], FSM_RXJ_BAD);
	else if (protocol == PPP_PAP || protocol == PPP_CHAP)
		peer_auth_refused(p);
	else if (protocol == PPP_COMP || protocol == PPP_IP)
		peer_end(p, "the peer rejects what was agreed on");
}

static bool code(struct ppp_peer *p, const struct ppp_control *c)
{
	switch (c->code) {
	case PPP_PROT_REJ:
		protocol_rejected(p, c);
		return true;
	case PPP_ECHO_REQ:
	case PPP_ECHO_REP:
		take_echo(p, c);
		return true;
	case PPP_DISCARD:
	case PPP_IDENTIFICATION:
	case PPP_TIME_REMAINING:
		return true;
	default:
		return false;
	}
}

/* --- up and down --------------------------------------------------------------------------------- */

static void up(struct ppp_peer *p)
{
	const struct peer_lcp *l = &p->lcp;
	bool asked = l->ask & OPTION_BIT(LCP_OPT_ACCM);

	if (p->events.accm && !p->freed)
		p->events.accm(p->ctx, l->peer_accm, asked ? l->accm : NO_ACCM);
	peer_set_state(p, PPP_PEER_LCP_OPEN);
	if (p->config.echo_ns)
		net_timer_set(p->net, &p->echo_timer, net_now(p->net) + p->config.echo_ns);
	peer_auth_start(p);
}

/* What the other end says when it ends the link, where that is text. */
static void ended_by_peer(struct ppp_peer *p, const struct ppp_control *c)
{
	enum { SHOWN = 80 };
	size_t len = c->len - 4 < SHOWN ? c->len - 4 : SHOWN;
	char words[SHOWN + 1];

	for (size_t i = 0; i < len; i++) {
		uint8_t octet = c->octets[4 + i];

		if (octet < ' ' || octet > '~')
			len = 0;
		else
			words[i] = (char)octet;
	}
	words[len] = '\0';
	peer_end(p, len ? "the peer ended the link: %s" : "the peer ended the link%s", words);
}

/* On the way to the end there is nothing new to tell. */
static void down(struct ppp_peer *p)
{
	const struct ppp_control *c = p->fsm[PEER_LCP].packet;

	if (c && c->code == PPP_TERM_REQ)
		ended_by_peer(p, c);
	net_timer_cancel(p->net, &p->echo_timer);
	peer_auth_stop(p);
	peer_net_stop(p);
	if (p->status.why[0])
		p->status.state = PPP_PEER_STARTING;
	else
		peer_set_state(p, PPP_PEER_STARTING);
}

const struct fsm_ops peer_lcp_ops = {
	.protocol = PPP_LCP,
	.request = request,
	.begin = forget_peer,
	.judge = judge,
	.lacks = lacks,
	.naked = naked,
	.rejected = rejected,
	.code = code,
	.up = up,
	.down = down,
	.finished = peer_dead,
};
