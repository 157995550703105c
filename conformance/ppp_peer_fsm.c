/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The option negotiation automaton of RFC 1661 section 4: LCP, CCP and IPCP are the same in it. */
#include <string.h>

#include "conformance/ppp_peer_private.h"

enum { TRIES = 10, TERMINATE_TRIES = 2, REFUSALS = 10, REFUSED = 20, OPTIONS_ROOM = 1500 };

/* Actions, in the order in which they are taken. */
enum {
	TLD = 1,
	IRC_REQ = 2, /* Initialize-Restart-Count, for requests; for Terminate-Requests */
	IRC_TERM = 4,
	ZRC = 8,
	SCR = 16,
	SCA = 32,
	SCN = 64,
	STR = 128,
	STA = 256,
	SCJ = 512,
	TLU = 1024,
	TLF = 2048,
};

enum { ACTION_SHIFT = 4, NOTHING = 0xffff };

#define GO(next, actions) ((actions) << ACTION_SHIFT | (next))
#define NO NOTHING

/* The table of section 4.1, a row an event.  This-Layer-Started has nobody here whom it would start. */
static const uint16_t table[FSM_EVENTS][FSM_STATES] = {
	[FSM_UP] = { GO(2, 0), GO(6, IRC_REQ | SCR), NO, NO, NO, NO, NO, NO, NO, NO },
	[FSM_DOWN] = { NO, NO, GO(0, 0), GO(1, 0), GO(0, 0), GO(1, 0), GO(1, 0), GO(1, 0), GO(1, 0),
		       GO(1, TLD) },
	[FSM_OPEN] = { GO(1, 0), GO(1, 0), GO(6, IRC_REQ | SCR), GO(3, 0), GO(5, 0), GO(5, 0), GO(6, 0),
		       GO(7, 0), GO(8, 0), GO(9, 0) },
	[FSM_CLOSE] = { GO(0, 0), GO(0, TLF), GO(2, 0), GO(2, 0), GO(4, 0), GO(4, 0), GO(4, IRC_TERM | STR),
			GO(4, IRC_TERM | STR), GO(4, IRC_TERM | STR), GO(4, TLD | IRC_TERM | STR) },
	[FSM_TIMEOUT] = { NO, NO, NO, NO, GO(4, STR), GO(5, STR), GO(6, SCR), GO(6, SCR), GO(8, SCR), NO },
	[FSM_TIMEOUT_LAST] = { NO, NO, NO, NO, GO(2, TLF), GO(3, TLF), GO(3, TLF), GO(3, TLF), GO(3, TLF),
			       NO },
	[FSM_RCR_GOOD] = { NO, NO, GO(2, STA), GO(8, IRC_REQ | SCR | SCA), GO(4, 0), GO(5, 0), GO(8, SCA),
			   GO(9, SCA | TLU), GO(8, SCA), GO(8, TLD | SCR | SCA) },
	[FSM_RCR_BAD] = { NO, NO, GO(2, STA), GO(6, IRC_REQ | SCR | SCN), GO(4, 0), GO(5, 0), GO(6, SCN),
			  GO(7, SCN), GO(6, SCN), GO(6, TLD | SCR | SCN) },
	[FSM_RCA] = { NO, NO, GO(2, STA), GO(3, STA), GO(4, 0), GO(5, 0), GO(7, IRC_REQ), GO(6, SCR),
		      GO(9, IRC_REQ | TLU), GO(6, TLD | SCR) },
	[FSM_RCN] = { NO, NO, GO(2, STA), GO(3, STA), GO(4, 0), GO(5, 0), GO(6, IRC_REQ | SCR), GO(6, SCR),
		      GO(8, IRC_REQ | SCR), GO(6, TLD | SCR) },
	[FSM_RTR] = { NO, NO, GO(2, STA), GO(3, STA), GO(4, STA), GO(5, STA), GO(6, STA), GO(6, STA),
		      GO(6, STA), GO(5, TLD | ZRC | STA) },
	[FSM_RTA] = { NO, NO, GO(2, 0), GO(3, 0), GO(2, TLF), GO(3, TLF), GO(6, 0), GO(6, 0), GO(8, 0),
		      GO(6, TLD | SCR) },
	[FSM_RUC] = { NO, NO, GO(2, SCJ), GO(3, SCJ), GO(4, SCJ), GO(5, SCJ), GO(6, SCJ), GO(7, SCJ),
		      GO(8, SCJ), GO(9, SCJ) },
	[FSM_RXJ_GOOD] = { NO, NO, GO(2, 0), GO(3, 0), GO(4, 0), GO(5, 0), GO(6, 0), GO(6, 0), GO(8, 0),
			   GO(9, 0) },
	[FSM_RXJ_BAD] = { NO, NO, GO(2, TLF), GO(3, TLF), GO(2, TLF), GO(3, TLF), GO(3, TLF), GO(3, TLF),
			  GO(3, TLF), GO(5, TLD | IRC_TERM | STR) },
	[FSM_RXR] = { NO, NO, GO(2, 0), GO(3, 0), GO(4, 0), GO(5, 0), GO(6, 0), GO(7, 0), GO(8, 0),
		      GO(9, 0) },
};

/* --- options ------------------------------------------------------------------------------------- */

void fsm_put(struct wcursor *w, uint8_t number, uint32_t value, unsigned width)
{
	wcursor_uint(w, number, 1);
	wcursor_uint(w, 2 + width, 1);
	wcursor_uint(w, value, width);
}

bool fsm_value(const struct ppp_option *o, unsigned width, uint32_t *value)
{
	struct cursor c = cursor_on(o->data, o->len - 2);

	if (o->len != 2 + width)
		return false;
	*value = width ? cursor_uint(&c, width) : 0;
	return true;
}

/* --- what is sent -------------------------------------------------------------------------------- */

static void run_timer(struct fsm *f)
{
	net_timer_set(f->peer->net, &f->timer, net_now(f->peer->net) + peer_restart(f->peer));
}

/* A request that differs from the one before has another identifier; a repeated one keeps its own. */
static void send_request(struct fsm *f)
{
	uint8_t options[PEER_OPTIONS];
	struct wcursor w = wcursor_on(options, sizeof(options));
	size_t len;

	f->ops->request(f->peer, &w);
	len = (size_t)(w.at - options);
	if (!f->identifier || len != f->sent_len || memcmp(options, f->sent, len) != 0)
		f->identifier = ++f->next_identifier;
	memcpy(f->sent, options, len);
	f->sent_len = len;
	f->left -= f->left > 0;
	run_timer(f);
	peer_send_code(f->peer, f->ops->protocol, PPP_CONF_REQ, f->identifier, f->sent, f->sent_len);
}

static void send_answer(struct fsm *f, uint8_t code)
{
	const struct ppp_control *c = f->packet;

	if (code == PPP_CONF_ACK)
		peer_send_code(f->peer, f->ops->protocol, code, c->identifier, c->octets + 4, c->len - 4);
	else
		peer_send_code(f->peer, f->ops->protocol, f->answer_code, c->identifier, f->answer,
			       f->answer_len);
}

static void send_terminate(struct fsm *f)
{
	const char *why = f->ops->protocol == PPP_LCP ? f->peer->status.why : "";

	f->left -= f->left > 0;
	run_timer(f);
	peer_send_code(f->peer, f->ops->protocol, PPP_TERM_REQ, ++f->next_identifier, (const uint8_t *)why,
		       strlen(why));
}

/* To what asks for it; in answer to something else it has an identifier of its own. */
static void send_terminate_ack(struct fsm *f)
{
	bool asked = f->packet && f->packet->code == PPP_TERM_REQ;

	peer_send_code(f->peer, f->ops->protocol, PPP_TERM_ACK,
		       asked ? f->packet->identifier : ++f->next_identifier, NULL, 0);
}

static void send_code_reject(struct fsm *f)
{
	const struct ppp_control *c = f->packet;

	peer_send_code(f->peer, f->ops->protocol, PPP_CODE_REJ, ++f->next_identifier, c->octets, c->len);
}

static void act(struct fsm *f, unsigned actions)
{
	if (actions & TLD)
		f->ops->down(f->peer);
	if (actions & IRC_REQ)
		f->left = TRIES;
	if (actions & IRC_TERM)
		f->left = TERMINATE_TRIES;
	if (actions & ZRC) {
		f->left = 0;
		run_timer(f);
	}
	if (actions & SCR)
		send_request(f);
	if (actions & (SCA | SCN))
		send_answer(f, actions & SCA ? PPP_CONF_ACK : PPP_CONF_NAK);
	if (actions & STR)
		send_terminate(f);
	if (actions & STA)
		send_terminate_ack(f);
	if (actions & SCJ)
		send_code_reject(f);
	if (actions & TLU)
		f->ops->up(f->peer);
	if (actions & TLF)
		f->ops->finished(f->peer);
}

void fsm_event(struct fsm *f, enum fsm_event e)
{
	uint16_t cell = table[e][f->state];

	if (cell == NOTHING)
		return;
	f->state = cell & ((1 << ACTION_SHIFT) - 1);
	if (f->state < FSM_CLOSING || f->state == FSM_OPENED)
		net_timer_cancel(f->peer->net, &f->timer);
	act(f, cell >> ACTION_SHIFT);
}

static void timeout(void *ctx)
{
	struct fsm *f = ctx;
	struct ppp_peer *p = f->peer;

	peer_enter(p);
	fsm_event(f, f->left ? FSM_TIMEOUT : FSM_TIMEOUT_LAST);
	peer_leave(p);
}

void fsm_init(struct fsm *f, struct ppp_peer *p, const struct fsm_ops *ops)
{
	*f = (struct fsm){ .peer = p, .ops = ops, .timer = { .fn = timeout } };
	f->timer.ctx = f;
}

void fsm_drop(struct fsm *f)
{
	bool opened = f->state == FSM_OPENED;

	net_timer_cancel(f->peer->net, &f->timer);
	f->state = FSM_INITIAL;
	f->refusals = f->refused = 0;
	f->heard = false;
	f->identifier = 0;
	f->acked_len = 0;
	if (opened)
		f->ops->down(f->peer);
}

/* --- what comes ---------------------------------------------------------------------------------- */

/* Sorts the options of a request.  False where they are no options, and the packet is to be ignored. */
static bool judge_all(struct fsm *f, const struct ppp_control *c, struct wcursor *nak, struct wcursor *reject)
{
	struct ppp_option o;
	uint32_t at = 0;

	f->ops->begin(f->peer);
	while (ppp_option_next(c, &at, &o)) {
		const uint8_t *before = nak->at;
		enum fsm_answer answer;

		if (o.defects & PPP_BAD_OPTION_LENGTH)
			return false;
		answer = f->ops->judge(f->peer, &o, nak);
		if (answer == FSM_NAK && f->refusals >= REFUSALS) {
			nak->at -= nak->at - before;
			answer = FSM_REJECT;
		}
		if (answer == FSM_REJECT)
			wcursor_octets(reject, c->octets + o.offset, o.len);
	}
	if (f->refusals < REFUSALS)
		f->ops->lacks(f->peer, nak);
	return true;
}

/*
 * The request that opened this end, once more: the Ack was lost.  By RFC 1661 the link would begin anew,
 * which on a line that loses much never ends.
 */
static bool is_repeated(const struct fsm *f, const struct ppp_control *c)
{
	return f->state == FSM_OPENED && f->acked_len && c->len == f->acked_len &&
	       memcmp(c->octets, f->acked, c->len) == 0;
}

static void remember(struct fsm *f, const struct ppp_control *c)
{
	f->acked_len = c->len <= PEER_ACKED ? c->len : 0;
	memcpy(f->acked, c->octets, f->acked_len);
}

static void take_request(struct fsm *f, const struct ppp_control *c)
{
	uint8_t naks[OPTIONS_ROOM], rejects[OPTIONS_ROOM];
	struct wcursor nak = wcursor_on(naks, sizeof(naks)), reject = wcursor_on(rejects, sizeof(rejects));
	bool rejected;

	if (is_repeated(f, c)) {
		send_answer(f, PPP_CONF_ACK);
		return;
	}
	if (!judge_all(f, c, &nak, &reject))
		return;
	f->heard = true;
	if (reject.at == rejects && nak.at == naks) {
		f->refusals = 0;
		remember(f, c);
		fsm_event(f, FSM_RCR_GOOD);
		return;
	}
	rejected = reject.at != rejects;
	f->refusals++;
	f->answer_code = rejected ? PPP_CONF_REJ : PPP_CONF_NAK;
	f->answer = rejected ? rejects : naks;
	f->answer_len = rejected ? (size_t)(reject.at - rejects) : (size_t)(nak.at - naks);
	fsm_event(f, FSM_RCR_BAD);
	f->answer = NULL;
}

static void take_refusal(struct fsm *f, const struct ppp_control *c)
{
	struct ppp_option o;
	uint32_t at = 0;

	while (ppp_option_next(c, &at, &o) && !(o.defects & PPP_BAD_OPTION_LENGTH)) {
		if (c->code == PPP_CONF_REJ)
			f->ops->rejected(f->peer, o.number);
		else
			f->ops->naked(f->peer, &o);
	}
	/* An end that refuses whatever is asked would do so for ever. */
	fsm_event(f, ++f->refused > REFUSED ? FSM_RXJ_BAD : FSM_RCN);
}

/* Whether an answer is one to the newest request: acknowledged is what was asked for, octet by octet. */
static bool is_answer(const struct fsm *f, const struct ppp_control *c)
{
	if (!f->identifier || c->identifier != f->identifier)
		return false;
	return c->code != PPP_CONF_ACK ||
	       (c->len - 4 == f->sent_len && memcmp(c->octets + 4, f->sent, f->sent_len) == 0);
}

/* Whoever does not know one of the codes of the automaton cannot speak the protocol at all. */
static void take_code_reject(struct fsm *f, const struct ppp_control *c)
{
	struct cursor rejected = cursor_on(c->octets + 4, c->len - 4);
	uint8_t code = cursor_u8(&rejected);

	if (!rejected.missing)
		fsm_event(f, code >= PPP_CONF_REQ && code <= PPP_CODE_REJ ? FSM_RXJ_BAD : FSM_RXJ_GOOD);
}

static void take_code(struct fsm *f, const struct ppp_control *c)
{
	switch (c->code) {
	case PPP_CONF_REQ:
		take_request(f, c);
		break;
	case PPP_CONF_ACK:
		if (is_answer(f, c)) {
			/* The next request, if there is one, is another request. */
			f->identifier = 0;
			f->refused = 0;
			fsm_event(f, FSM_RCA);
		}
		break;
	case PPP_CONF_NAK:
	case PPP_CONF_REJ:
		if (is_answer(f, c)) {
			f->identifier = 0;
			take_refusal(f, c);
		}
		break;
	case PPP_TERM_REQ:
		fsm_event(f, FSM_RTR);
		break;
	case PPP_TERM_ACK:
		fsm_event(f, FSM_RTA);
		break;
	case PPP_CODE_REJ:
		take_code_reject(f, c);
		break;
	default:
		fsm_event(f, f->ops->code(f->peer, c) ? FSM_RXR : FSM_RUC);
	}
}

void fsm_packet(struct fsm *f, const struct ppp_control *c)
{
	if (!c->has_code || c->cut ||
	    c->defects & (PPP_BAD_SHORT | PPP_BAD_LENGTH_LOW | PPP_BAD_LENGTH_HIGH) || f->state < FSM_CLOSED)
		return;
	f->packet = c;
	take_code(f, c);
	f->packet = NULL;
}
