/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a call has shown of PPP: see ppp_session.h. */
#include "conformance/ppp_session.h"

#include <stdlib.h>

#include "conformance/ppp_session_private.h"
#include "dissectors/cursor.h"

enum { PACKED_TEXT_HEAD = 3, STUBBORN = 3, REFUSALS_MAX = 10 };

/* After this, who does not encrypt does so knowing that it was agreed. */
#define CLEAR_GRACE_NS INT64_C(2000000000)

_Static_assert(sizeof(struct ppp_session) <= 600, "a session is kept for every call");

void ppp_reach(struct ppp_session *s, enum ppp_phase phase)
{
	if (s->phase < phase || s->phase == PPP_PHASE_TERMINATED)
		s->phase = (uint8_t)phase;
}

/* --- texts --------------------------------------------------------------------------------- */

static struct ppp_text *text_new(enum ppp_text_kind kind, unsigned end, const uint8_t *octets, uint32_t len)
{
	uint8_t kept = (uint8_t)(len < UINT8_MAX ? len : UINT8_MAX);
	struct ppp_text *t = malloc(sizeof(*t) + kept);

	if (!t)
		return NULL;
	*t = (struct ppp_text){ NULL, (uint8_t)kind, (uint8_t)end, kept };
	if (kept)
		memcpy(t->octets, octets, kept);
	return t;
}

void ppp_keep_text(struct ppp_step *x, enum ppp_text_kind kind, unsigned end, const uint8_t *octets,
		   uint32_t len)
{
	struct ppp_text **at = &x->s->texts;
	struct ppp_text *t;

	while (*at && ((*at)->kind != kind || (*at)->end != end))
		at = &(*at)->next;
	if (*at && (*at)->len == len && (!len || memcmp((*at)->octets, octets, len) == 0))
		return;
	t = text_new(kind, end, octets, len);
	if (!t) {
		x->failed = true;
		return;
	}
	if (*at) {
		t->next = (*at)->next;
		free(*at);
	}
	*at = t;
}

const struct ppp_text *ppp_session_text(const struct ppp_session *s, enum ppp_text_kind kind, unsigned end)
{
	const struct ppp_text *t = s->texts;

	while (t && (t->kind != kind || t->end != end))
		t = t->next;
	return t;
}

static void texts_free(struct ppp_text *t)
{
	while (t) {
		struct ppp_text *next = t->next;

		free(t);
		t = next;
	}
}

/* --- options ------------------------------------------------------------------------------- */

static uint32_t option_uint(const struct ppp_option *o, unsigned at, unsigned width)
{
	struct cursor c = cursor_on(o->data, o->caplen > 2 ? o->caplen - 2 : 0);

	cursor_take(&c, at);
	return cursor_uint(&c, width);
}

static void lcp_option(const struct ppp_option *o, struct ppp_lcp *v)
{
	static const uint8_t has[] = {
		[LCP_OPT_MRU] = LCP_HAS_MRU,   [LCP_OPT_ACCM] = LCP_HAS_ACCM,
		[LCP_OPT_AUTH] = LCP_HAS_AUTH, [LCP_OPT_MAGIC] = LCP_HAS_MAGIC,
		[LCP_OPT_PFC] = LCP_HAS_PFC,   [LCP_OPT_ACFC] = LCP_HAS_ACFC,
		[LCP_OPT_MRRU] = LCP_HAS_MRRU, [LCP_OPT_CALLBACK] = LCP_HAS_CALLBACK,
	};

	if (o->defects || o->caplen < o->len)
		return;
	if (o->number < sizeof(has))
		v->has |= has[o->number];
	switch (o->number) {
	case LCP_OPT_MRU:
		v->mru = (uint16_t)option_uint(o, 0, 2);
		break;
	case LCP_OPT_ACCM:
		v->accm = option_uint(o, 0, 4);
		break;
	case LCP_OPT_AUTH:
		v->auth = (uint16_t)option_uint(o, 0, 2);
		v->algorithm = (uint8_t)option_uint(o, 2, 1);
		break;
	case LCP_OPT_MAGIC:
		v->magic = option_uint(o, 0, 4);
		break;
	case LCP_OPT_MRRU:
		v->mrru = (uint16_t)option_uint(o, 0, 2);
		break;
	default:
		break;
	}
}

static void ipcp_option(const struct ppp_option *o, struct ppp_ipcp *v)
{
	static const uint8_t servers[PPP_SERVERS] = { IPCP_OPT_DNS1, IPCP_OPT_DNS2, IPCP_OPT_NBNS1,
						      IPCP_OPT_NBNS2 };

	if (o->defects || o->caplen < o->len)
		return;
	if (o->number == IPCP_OPT_ADDRESS) {
		v->address = option_uint(o, 0, 4);
		v->has_address = true;
	} else if (o->number == IPCP_OPT_COMPRESSION) {
		v->compression = (uint16_t)option_uint(o, 0, 2);
	}
	for (unsigned i = 0; i < PPP_SERVERS; i++)
		if (o->number == servers[i])
			v->server[i] = option_uint(o, 0, 4);
}

static struct ppp_lcp lcp_values(const struct ppp_control *c)
{
	struct ppp_lcp v = { 0 };
	struct ppp_option o;
	uint32_t at = 0;

	while (ppp_option_next(c, &at, &o))
		lcp_option(&o, &v);
	return v;
}

static struct ppp_ipcp ipcp_values(const struct ppp_control *c)
{
	struct ppp_ipcp v = { 0 };
	struct ppp_option o;
	uint32_t at = 0;

	while (ppp_option_next(c, &at, &o))
		ipcp_option(&o, &v);
	return v;
}

static uint32_t mppe_bits(const struct ppp_control *c)
{
	struct ppp_option o;

	return ppp_option_find(c, CCP_OPT_MPPE, &o) && !o.defects ? option_uint(&o, 0, 4) : 0;
}

static uint32_t options_hash(const struct ppp_control *c)
{
	struct cursor cur = cursor_on(c->octets, c->caplen);
	uint32_t hash = 2166136261u;

	cursor_take(&cur, c->options_at);
	while (cursor_left(&cur))
		hash = (hash ^ cursor_u8(&cur)) * 16777619u;
	return hash;
}

/* --- negotiation --------------------------------------------------------------------------- */

/* PPP_NEGS: none of them. */
static enum ppp_neg neg_of(uint16_t protocol)
{
	switch (protocol) {
	case PPP_LCP:
		return PPP_NEG_LCP;
	case PPP_IPCP:
		return PPP_NEG_IPCP;
	case PPP_IPV6CP:
		return PPP_NEG_IPV6CP;
	case PPP_CCP:
		return PPP_NEG_CCP;
	default:
		return PPP_NEGS;
	}
}

static void offer_auth(struct ppp_session *s, unsigned from, const struct ppp_lcp *v)
{
	if (v->has & LCP_HAS_AUTH)
		s->offered[from] |= (uint8_t)(1u << ppp_auth_kind_of(v->auth, v->algorithm));
}

/* What a request asks for, first and now. */
static void note_request(struct ppp_step *x, enum ppp_neg neg, bool first)
{
	unsigned from = x->seen->from;
	struct ppp_session *s = x->s;
	struct ppp_ccp *ccp = &s->ccp[from];
	struct ppp_option o;
	struct ppp_lcp v;
	uint32_t at = 0;

	if (neg == PPP_NEG_LCP) {
		v = lcp_values(x->c);
		if (first)
			s->lcp_asked[from] = v;
		offer_auth(s, from, &v);
		if (v.has & LCP_HAS_MAGIC && v.magic && s->asking[neg][!from].flags & PPP_ASKED &&
		    s->lcp_asked[!from].magic == v.magic)
			s->looped = true;
	} else if (neg == PPP_NEG_CCP) {
		if (first && ppp_option_next(x->c, &at, &o))
			ccp->asked = o.number;
		ccp->asked_bits |= mppe_bits(x->c);
	}
}

/* LCP begins anew: nothing above it is valid any more. */
static void lower_layer_down(struct ppp_session *s)
{
	for (unsigned neg = PPP_NEG_LCP + 1; neg < PPP_NEGS; neg++)
		for (unsigned h = 0; h < HOSTS; h++)
			s->asking[neg][h].flags &= (uint8_t)~PPP_ACKED;
}

static void take_request(struct ppp_step *x, enum ppp_neg neg)
{
	unsigned from = x->seen->from;
	struct ppp_asking *a = &x->s->asking[neg][from], *other = &x->s->asking[neg][!from];
	uint32_t hash = options_hash(x->c);
	bool asked = a->flags & PPP_ASKED, same = asked && a->hash == hash;

	/* Unanswered, it is sent again, by some under a new identifier. */
	if (same && (a->identifier == x->c->identifier || !(a->flags & (PPP_ACKED | PPP_ANSWERED)))) {
		a->identifier = x->c->identifier;
		a->repeated++;
		return;
	}
	if (x->seen->late && asked)
		return;
	if (a->flags & PPP_ACKED && other->flags & PPP_ACKED) {
		other->flags &= (uint8_t)~PPP_ACKED;
		if (neg == PPP_NEG_LCP) {
			lower_layer_down(x->s);
			x->s->end = PPP_END_NONE;
		}
	}
	if (same && a->flags & PPP_ANSWERED && a->stubborn < UINT8_MAX)
		a->stubborn++;
	a->flags = (uint8_t)((a->flags & PPP_WAS_ACKED) | PPP_ASKED);
	a->identifier = x->c->identifier;
	a->hash = hash;
	a->requests++;
	note_request(x, neg, !asked);
}

static void ccp_acked(struct ppp_step *x, unsigned receiver)
{
	struct ppp_session *s = x->s;
	struct ppp_ccp *ccp = &s->ccp[receiver];
	struct ppp_option o;
	uint32_t at = 0;

	ccp->agreed = ccp->detail = 0;
	ccp->agreed_bits = mppe_bits(x->c);
	ccp->asked_bits |= ccp->agreed_bits;
	if (ppp_option_next(x->c, &at, &o)) {
		ccp->agreed = o.number;
		ccp->detail = (uint8_t)option_uint(&o, 0, 1);
	}
	/* Who acknowledges is the one who then sends so. */
	ppp_crypt_restart(s, !receiver);
	s->coded[!receiver].gaps = ppp_session_gaps(s, !receiver);
	s->coded[!receiver].started = false;
}

static void note_agreement(struct ppp_step *x, enum ppp_neg neg, unsigned asker)
{
	struct ppp_session *s = x->s;
	struct ppp_option o;

	switch (neg) {
	case PPP_NEG_LCP:
		s->lcp[asker] = lcp_values(x->c);
		offer_auth(s, asker, &s->lcp[asker]);
		break;
	case PPP_NEG_IPCP:
		s->ipcp[asker] = ipcp_values(x->c);
		break;
	case PPP_NEG_IPV6CP:
		if (ppp_option_find(x->c, IPV6CP_OPT_INTERFACE_ID, &o) && !o.defects)
			s->interface_id[asker] =
				(uint64_t)option_uint(&o, 0, 4) << 32 | option_uint(&o, 4, 4);
		break;
	default:
		ccp_acked(x, asker);
	}
}

static void opened(struct ppp_step *x, enum ppp_neg neg)
{
	struct ppp_session *s = x->s;

	if (neg == PPP_NEG_IPCP || neg == PPP_NEG_IPV6CP) {
		ppp_reach(s, PPP_PHASE_OPEN);
		if (!s->open_frame)
			s->open_frame = x->seen->frame;
	} else if (neg == PPP_NEG_CCP) {
		s->ccp_frame = x->seen->frame;
		s->ccp_time = x->seen->time_ns;
		if (ppp_session_bits(s, 0) || ppp_session_bits(s, 1))
			s->watch |= PPP_WATCH_CLEAR;
	}
}

static void take_ack(struct ppp_step *x, enum ppp_neg neg)
{
	unsigned asker = !x->seen->from;
	struct ppp_asking *a = &x->s->asking[neg][asker];

	/* Of an older request, or once more of this one. */
	if (a->flags & PPP_ACKED || (a->flags & PPP_ASKED && a->identifier != x->c->identifier))
		return;
	a->flags |= PPP_ACKED | PPP_WAS_ACKED;
	a->answer_frame = x->seen->frame;
	note_agreement(x, neg, asker);
	if (ppp_session_opened(x->s, neg))
		opened(x, neg);
}

/* A Nak suggests something else, a Reject refuses altogether. */
static void take_refusal(struct ppp_step *x, enum ppp_neg neg, bool reject)
{
	unsigned from = x->seen->from, asker = !from;
	struct ppp_asking *a = &x->s->asking[neg][asker];
	struct ppp_option o;
	struct ppp_lcp v;
	uint32_t at = 0;

	if (a->flags & (PPP_ACKED | PPP_ANSWERED) ||
	    (a->flags & PPP_ASKED && a->identifier != x->c->identifier))
		return;
	a->flags |= PPP_ANSWERED;
	a->answer_frame = x->seen->frame;
	a->refused = ppp_option_next(x->c, &at, &o) ? o.number : 0;
	a->naks += !reject && a->naks < UINT8_MAX;
	a->rejects += reject && a->rejects < UINT8_MAX;
	if (neg == PPP_NEG_LCP) {
		v = lcp_values(x->c);
		if (!reject)
			offer_auth(x->s, from, &v);
		else if (v.has & LCP_HAS_AUTH)
			x->s->refused_auth |= (uint8_t)(1u << from);
	} else if (neg == PPP_NEG_CCP && !reject) {
		x->s->ccp[from].asked_bits |= mppe_bits(x->c);
	}
}

static void end_by(struct ppp_step *x, enum ppp_end how)
{
	struct ppp_session *s = x->s;
	struct cursor c = cursor_on(x->c->octets, x->c->caplen);

	if (s->end == PPP_END_LCP || (s->end && how == PPP_END_NCP))
		return;
	s->end = (uint8_t)how;
	s->ended_by = (uint8_t)x->seen->from;
	s->end_frame = x->seen->frame;
	cursor_take(&c, 4);
	if (cursor_left(&c))
		ppp_keep_text(x, PPP_TEXT_END, x->seen->from, c.at, (uint32_t)cursor_left(&c));
	if (s->phase == PPP_PHASE_NONE)
		s->phase = PPP_PHASE_TERMINATED;
}

static void take_terminate(struct ppp_step *x, enum ppp_neg neg)
{
	struct ppp_session *s = x->s;

	s->asking[neg][x->seen->from].flags |= PPP_TERM_SENT;
	for (unsigned h = 0; h < HOSTS; h++)
		s->asking[neg][h].flags &= (uint8_t)~PPP_ACKED;
	if (neg == PPP_NEG_LCP)
		end_by(x, PPP_END_LCP);
	else if (neg != PPP_NEG_CCP)
		end_by(x, PPP_END_NCP);
}

static void take_protocol_reject(struct ppp_step *x)
{
	struct cursor c = cursor_on(x->c->octets, x->c->caplen);
	enum ppp_neg neg;
	struct ppp_asking *a;

	cursor_take(&c, 4);
	neg = neg_of(cursor_u16(&c));
	if (c.missing || neg == PPP_NEGS)
		return;
	a = &x->s->asking[neg][!x->seen->from];
	a->flags |= PPP_NEG_REJECTED;
	a->answer_frame = x->seen->frame;
}

static void take_echo(struct ppp_step *x)
{
	unsigned asker = x->c->code == PPP_ECHO_REQ ? x->seen->from : !x->seen->from;
	struct ppp_session *s = x->s;

	if (x->c->code == PPP_ECHO_REP) {
		s->echo_replies[asker]++;
		s->echo_waiting[asker] = 0;
		return;
	}
	s->echo_requests[asker]++;
	if (!s->echo_waiting[asker]++)
		s->echo_frame[asker] = x->seen->frame;
}

static void take_negotiation(struct ppp_step *x, enum ppp_neg neg)
{
	switch (x->c->code) {
	case PPP_CONF_REQ:
		take_request(x, neg);
		break;
	case PPP_CONF_ACK:
		take_ack(x, neg);
		break;
	case PPP_CONF_NAK:
	case PPP_CONF_REJ:
		take_refusal(x, neg, x->c->code == PPP_CONF_REJ);
		break;
	case PPP_TERM_REQ:
		take_terminate(x, neg);
		break;
	case PPP_TERM_ACK:
		x->s->asking[neg][!x->seen->from].flags |= PPP_TERM_ACKED;
		break;
	case PPP_PROT_REJ:
		if (neg == PPP_NEG_LCP)
			take_protocol_reject(x);
		break;
	case PPP_ECHO_REQ:
	case PPP_ECHO_REP:
		if (neg == PPP_NEG_LCP)
			take_echo(x);
		break;
	case PPP_RESET_REQ:
		/* Asks the other end to start its key stream or dictionary anew. */
		if (neg == PPP_NEG_CCP)
			x->s->coded[!x->seen->from].resets++;
		break;
	default:
		break;
	}
}

/* --- phases -------------------------------------------------------------------------------- */

/* Somebody still has to prove who he is. */
static bool auth_pending(const struct ppp_session *s)
{
	for (unsigned h = 0; h < HOSTS; h++)
		if ((s->lcp[h].has & LCP_HAS_AUTH || s->auth[h].seen) && s->auth[h].outcome != PPP_SUCCESS)
			return true;
	return false;
}

static bool only_ends(const struct ppp_control *c)
{
	return c->code == PPP_TERM_REQ || c->code == PPP_TERM_ACK;
}

static void enter_phase(struct ppp_step *x, enum ppp_neg neg)
{
	const struct ppp_control *c = x->c;

	if (c->protocol == PPP_PAP || c->protocol == PPP_CHAP || c->protocol == PPP_EAP)
		ppp_reach(x->s, auth_pending(x->s) ? PPP_PHASE_AUTHENTICATING : PPP_PHASE_NETWORK);
	else if (neg == PPP_NEG_LCP && c->code <= PPP_CONF_REJ)
		ppp_reach(x->s, PPP_PHASE_LCP);
	else if (c->protocol != PPP_LCP && c->protocol >= 0x8000 && c->protocol < 0xc000 && !only_ends(c) &&
		 !auth_pending(x->s))
		ppp_reach(x->s, PPP_PHASE_NETWORK);
}

/* Echoes of a call whose beginning the capture lacks show that LCP is up. */
static void enter_midstream(struct ppp_step *x)
{
	if (x->s->phase == PPP_PHASE_NONE && x->c->protocol == PPP_LCP && !only_ends(x->c))
		x->s->phase = PPP_PHASE_LCP;
}

static void take_control(struct ppp_step *x)
{
	enum ppp_neg neg = neg_of(x->c->protocol);

	if (neg != PPP_NEGS)
		take_negotiation(x, neg);
	else if (x->c->protocol == PPP_ECP && x->c->code == PPP_CONF_ACK)
		x->s->ecp |= (uint8_t)(1u << !x->seen->from);
	else
		ppp_take_auth(x);
	enter_phase(x, neg);
	enter_midstream(x);
}

/* --- data ---------------------------------------------------------------------------------- */

static bool is_ip(uint16_t protocol)
{
	return protocol == PPP_IP || protocol == PPP_IPV6 || protocol == PPP_VJ_COMPRESSED ||
	       protocol == PPP_VJ_UNCOMPRESSED;
}

/* What is in clear although the sender encrypts, or has known for a while that it should. */
static void take_clear(struct ppp_step *x)
{
	struct ppp_session *s = x->s;
	unsigned from = x->seen->from;
	bool due = s->coded[from].packets || (s->ccp_frame && ppp_session_bits(s, from) &&
					      x->seen->time_ns - s->ccp_time > CLEAR_GRACE_NS);

	if (!(s->watch & PPP_WATCH_CLEAR) || x->seen->late || !due)
		return;
	s->coded[from].clear++;
	if (!s->clear_frame)
		s->clear_frame = x->seen->frame;
}

static void take_data(struct ppp_step *x)
{
	const struct ppp_frame *f = x->frame;

	if (f->protocol == PPP_COMP && !x->inner) {
		if (x->s)
			ppp_take_coded(x);
		return;
	}
	if (is_ip(f->protocol) && x->s && !x->inner)
		take_clear(x);
	if (x->watch && x->watch->plain)
		x->watch->plain(x->watch->ctx, x->seen, f);
}

/* Algorithm by which CHAP packets are to be read, by their authenticator. */
static struct ppp_context context_of(const struct ppp_session *s, const struct ppp_seen *seen,
				     const struct ppp_frame *f)
{
	struct ppp_context context = { 0 };
	unsigned authenticator = f->code == PPP_CHAP_RESPONSE ? !seen->from : seen->from;

	if (s && f->protocol == PPP_CHAP)
		context.chap = s->lcp[authenticator].has & LCP_HAS_AUTH
				       ? s->lcp[authenticator].algorithm
				       : s->lcp_asked[authenticator].algorithm;
	return context;
}

static void take_frame(struct ppp_session **s, struct ppp_step *x)
{
	struct ppp_context context;
	struct ppp_control c;

	if (x->frame->protocol < 0x8000) {
		take_data(x);
		return;
	}
	context = context_of(*s, x->seen, x->frame);
	if (!ppp_control_decode(x->frame, &context, &c) || !c.has_code || c.defects & PPP_BAD_CODE)
		return;
	if (!*s)
		*s = calloc(1, sizeof(**s));
	x->s = *s;
	x->c = &c;
	if (x->s)
		take_control(x);
	else
		x->failed = true;
}

void ppp_take_inner(const struct ppp_step *x, const uint8_t *octets, uint32_t caplen, uint32_t len)
{
	struct ppp_session *s = x->s;
	struct ppp_frame f;
	struct ppp_step inner = *x;

	ppp_decode(octets, caplen, len, &f);
	if (f.bad || f.cut)
		return;
	inner.frame = &f;
	inner.inner = true;
	take_frame(&s, &inner);
}

bool ppp_session_packet(struct ppp_session **s, const struct ppp_watch *w, const struct ppp_seen *seen,
			const struct ppp_frame *f)
{
	struct ppp_step x = { .s = *s, .watch = w, .seen = seen, .frame = f };

	if (f->bad || f->cut || seen->duplicate)
		return true;
	take_frame(s, &x);
	return !x.failed;
}

/* --- the session as a whole ---------------------------------------------------------------- */

void ppp_session_settle(struct ppp_session *s)
{
	if (s)
		ppp_crypt_free(s);
}

void ppp_session_free(struct ppp_session *s)
{
	if (!s)
		return;
	ppp_crypt_free(s);
	texts_free(s->texts);
	free(s);
}

struct ppp_session *ppp_session_join(struct ppp_session *a, struct ppp_session *b)
{
	struct ppp_session *kept = !b || (a && a->phase >= b->phase) ? a : b;

	ppp_session_free(kept == a ? b : a);
	return kept;
}

size_t ppp_session_packed(const struct ppp_session *s)
{
	size_t len = sizeof(*s);

	for (const struct ppp_text *t = s->texts; t; t = t->next)
		len += PACKED_TEXT_HEAD + t->len;
	return len;
}

void ppp_session_pack(const struct ppp_session *s, uint8_t *out)
{
	struct wcursor w = wcursor_on(out, ppp_session_packed(s));

	wcursor_octets(&w, s, sizeof(*s));
	for (const struct ppp_text *t = s->texts; t; t = t->next) {
		wcursor_uint(&w, t->kind, 1);
		wcursor_uint(&w, t->end, 1);
		wcursor_uint(&w, t->len, 1);
		wcursor_octets(&w, t->octets, t->len);
	}
}

struct ppp_session *ppp_session_unpack(const uint8_t *octets, size_t len)
{
	struct cursor c = cursor_on(octets, len);
	const uint8_t *fixed = cursor_take(&c, sizeof(struct ppp_session));
	struct ppp_session *s = fixed ? malloc(sizeof(*s)) : NULL;
	struct ppp_text **at;

	if (!s)
		return NULL;
	memcpy(s, fixed, sizeof(*s));
	s->crypt = NULL;
	s->texts = NULL;
	at = &s->texts;
	while (cursor_left(&c)) {
		uint8_t kind = cursor_u8(&c), end = cursor_u8(&c), n = cursor_u8(&c);
		const uint8_t *text = cursor_take(&c, n);

		*at = text ? text_new(kind, end, text, n) : NULL;
		if (!*at) {
			ppp_session_free(s);
			return NULL;
		}
		at = &(*at)->next;
	}
	return s;
}

/* --- what it tells ------------------------------------------------------------------------- */

bool ppp_session_opened(const struct ppp_session *s, enum ppp_neg neg)
{
	return s->asking[neg][0].flags & s->asking[neg][1].flags & PPP_ACKED;
}

enum ppp_end_state ppp_session_state(const struct ppp_session *s, enum ppp_neg neg, unsigned host)
{
	uint8_t own = s->asking[neg][host].flags, other = s->asking[neg][!host].flags;

	if (own & PPP_NEG_REJECTED)
		return PPP_REFUSED;
	if (own & PPP_TERM_SENT)
		return own & PPP_TERM_ACKED ? PPP_STOPPED : PPP_CLOSING;
	if (other & PPP_TERM_SENT)
		return PPP_STOPPED;
	if (own & other & PPP_ACKED)
		return PPP_OPENED;
	if (own & PPP_ACKED)
		return PPP_ACK_RCVD;
	if (!(own & PPP_ASKED))
		return PPP_INITIAL;
	return other & PPP_ACKED ? PPP_ACK_SENT : PPP_REQ_SENT;
}

bool ppp_session_stuck(const struct ppp_session *s, enum ppp_neg neg, unsigned host)
{
	const struct ppp_asking *a = &s->asking[neg][host];

	return !(a->flags & PPP_WAS_ACKED) &&
	       (a->stubborn >= STUBBORN || a->naks + a->rejects >= REFUSALS_MAX);
}

unsigned ppp_mppe_best(uint32_t bits)
{
	return bits & PPP_MPPE_S ? 128 : bits & PPP_MPPE_M ? 56 : bits & PPP_MPPE_L ? 40 : 0;
}

unsigned ppp_mppe_worst(uint32_t bits)
{
	return bits & PPP_MPPE_L ? 40 : bits & PPP_MPPE_M ? 56 : bits & PPP_MPPE_S ? 128 : 0;
}

unsigned ppp_session_bits(const struct ppp_session *s, unsigned from)
{
	if (!(s->asking[PPP_NEG_CCP][!from].flags & PPP_WAS_ACKED))
		return 0;
	return ppp_mppe_best(s->ccp[!from].agreed_bits);
}

bool ppp_session_stateful(const struct ppp_session *s, unsigned from)
{
	return ppp_session_bits(s, from) && !(s->ccp[!from].agreed_bits & PPP_MPPE_H);
}

uint32_t ppp_session_gaps(const struct ppp_session *s, unsigned from)
{
	const struct ppp_coded *d = &s->coded[from];
	uint32_t gaps = d->gaps;
	bool edge = d->edge;

	for (unsigned i = 64; d->started && i-- > 0;) {
		bool seen = d->window >> i & 1;

		gaps += edge && !seen;
		edge = seen;
	}
	return gaps;
}

bool ppp_session_auth_lowered(const struct ppp_session *s, unsigned host)
{
	const struct ppp_asking *a = &s->asking[PPP_NEG_LCP][host];
	const struct ppp_lcp *first = &s->lcp_asked[host], *agreed = &s->lcp[host];

	if (!(a->flags & PPP_WAS_ACKED) || !(first->has & LCP_HAS_AUTH) || !(a->naks + a->rejects))
		return false;
	if (!(agreed->has & LCP_HAS_AUTH))
		return true;
	return ppp_auth_kind_of(agreed->auth, agreed->algorithm) <
	       ppp_auth_kind_of(first->auth, first->algorithm);
}

bool ppp_session_bits_lowered(const struct ppp_session *s, unsigned host)
{
	const struct ppp_asking *a = &s->asking[PPP_NEG_CCP][host];
	const struct ppp_ccp *ccp = &s->ccp[host];

	return a->flags & PPP_WAS_ACKED && a->naks + a->rejects &&
	       ppp_mppe_best(ccp->agreed_bits) < ppp_mppe_best(ccp->asked_bits);
}

const char *ppp_phase_name(enum ppp_phase p)
{
	static const char *const names[] = {
		"none", "lcp", "authenticating", "network", "open", "terminated"
	};

	return names[p];
}

const char *ppp_neg_name(enum ppp_neg n)
{
	static const char *const names[PPP_NEGS] = { "lcp", "ipcp", "ipv6cp", "ccp" };

	return names[n];
}

const char *ppp_end_state_name(enum ppp_end_state s)
{
	static const char *const names[] = { "initial", "req-sent", "ack-rcvd", "ack-sent",
					     "opened",  "closing",  "stopped",  "refused" };

	return names[s];
}

const char *ppp_outcome_name(enum ppp_outcome o)
{
	static const char *const names[] = { "unfinished", "success", "failure" };

	return names[o];
}

const char *ppp_secret_name(enum ppp_secret_state s)
{
	static const char *const names[] = { "none", "verified", "wrong" };

	return names[s];
}
