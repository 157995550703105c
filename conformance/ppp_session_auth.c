/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who proves what to whom: PAP, CHAP in its kinds, and EAP. */
#include "conformance/ppp_session_private.h"

enum ppp_auth_kind ppp_auth_kind_of(uint16_t protocol, uint8_t algorithm)
{
	switch (protocol) {
	case PPP_PAP:
		return PPP_AUTH_PAP;
	case PPP_SPAP:
		return PPP_AUTH_SPAP;
	case PPP_EAP:
		return PPP_AUTH_EAP;
	case PPP_CHAP:
		return algorithm == PPP_CHAP_MD5   ? PPP_AUTH_CHAP_MD5
		       : algorithm == PPP_CHAP_MS  ? PPP_AUTH_MSCHAP
		       : algorithm == PPP_CHAP_MS2 ? PPP_AUTH_MSCHAP2
						   : PPP_AUTH_OTHER;
	default:
		return PPP_AUTH_OTHER;
	}
}

const char *ppp_auth_kind_name(enum ppp_auth_kind k)
{
	static const char *const names[] = {
		[PPP_AUTH_NONE] = NULL,           [PPP_AUTH_OTHER] = NULL,
		[PPP_AUTH_PAP] = "PAP",           [PPP_AUTH_SPAP] = "SPAP",
		[PPP_AUTH_CHAP_MD5] = "CHAP-MD5", [PPP_AUTH_MSCHAP] = "MS-CHAP",
		[PPP_AUTH_MSCHAP2] = "MS-CHAPv2", [PPP_AUTH_EAP] = "EAP",
	};

	return names[k];
}

const char *ppp_session_auth_name(const struct ppp_auth *a)
{
	const char *method = a->kind == PPP_AUTH_EAP ? ppp_eap_method_name(a->method) : NULL;

	return method ? method : ppp_auth_kind_name(a->kind);
}

int ppp_session_authenticator(const struct ppp_session *s)
{
	/* Where both do it, what failed matters most, then what was heard of first. */
	for (int h = 0; h < HOSTS; h++)
		if (s->auth[h].seen && s->auth[h].outcome == PPP_FAILURE)
			return h;
	if (s->auth[0].seen && s->auth[1].seen)
		return s->auth[1].challenge_frame && s->auth[1].challenge_frame < s->auth[0].challenge_frame;
	for (int h = 0; h < HOSTS; h++)
		if (s->auth[h].seen)
			return h;
	for (int h = 0; h < HOSTS; h++)
		if (s->asking[PPP_NEG_LCP][h].flags & PPP_WAS_ACKED && s->lcp[h].has & LCP_HAS_AUTH)
			return h;
	return -1;
}

bool ppp_session_unauthenticated(const struct ppp_session *s)
{
	return s->asking[PPP_NEG_LCP][0].flags & s->asking[PPP_NEG_LCP][1].flags & PPP_WAS_ACKED &&
	       ppp_session_authenticator(s) < 0;
}

/* What LCP says of it, where nothing else has. */
static enum ppp_auth_kind negotiated(const struct ppp_session *s, unsigned authenticator)
{
	const struct ppp_lcp *v = &s->lcp[authenticator];

	if (!(v->has & LCP_HAS_AUTH))
		v = &s->lcp_asked[authenticator];
	return v->has & LCP_HAS_AUTH ? ppp_auth_kind_of(v->auth, v->algorithm) : PPP_AUTH_NONE;
}

static void keep_octets(struct ppp_step *x, enum ppp_text_kind kind, unsigned authenticator,
			const struct ppp_octets *o)
{
	if (o->octets)
		ppp_keep_text(x, kind, authenticator, o->octets, o->len);
}

static struct ppp_octets field_octets(const struct ppp_control *c, const char *name)
{
	const struct ppp_field *f = ppp_field_of(c, name);

	return f ? (struct ppp_octets){ f->octets, f->caplen } : (struct ppp_octets){ NULL, 0 };
}

static void challenged(struct ppp_step *x, struct ppp_auth *a)
{
	if (!a->challenge_frame || a->outcome == PPP_UNFINISHED)
		a->challenge_frame = x->seen->frame;
}

/* A response; false when it is one that was sent again. */
static bool responded(struct ppp_step *x, struct ppp_auth *a, uint8_t identifier)
{
	if (a->rounds && a->identifier == identifier)
		return false;
	a->identifier = identifier;
	a->response_frame = x->seen->frame;
	a->rounds += a->rounds < UINT16_MAX;
	return true;
}

static void concluded(struct ppp_step *x, struct ppp_auth *a, bool success)
{
	enum ppp_outcome outcome = success ? PPP_SUCCESS : PPP_FAILURE;

	/* Said again, for a response sent again. */
	if (a->outcome == outcome && a->outcome_frame > a->response_frame)
		return;
	a->outcome = (uint8_t)outcome;
	a->outcome_frame = x->seen->frame;
	if (success)
		a->has_error = false;
}

/* --- PAP ----------------------------------------------------------------------------------- */

static void take_pap(struct ppp_step *x)
{
	const struct ppp_control *c = x->c;
	unsigned authenticator = c->code == PPP_PAP_REQUEST ? !x->seen->from : x->seen->from;
	struct ppp_auth *a = &x->s->auth[authenticator];
	struct ppp_octets text;

	a->seen = true;
	a->kind = PPP_AUTH_PAP;
	if (c->code != PPP_PAP_REQUEST) {
		text = field_octets(c, "message");
		keep_octets(x, PPP_TEXT_MESSAGE, authenticator, &text);
		concluded(x, a, c->code == PPP_PAP_ACK);
		return;
	}
	responded(x, a, c->identifier);
	text = field_octets(c, "peer_id");
	keep_octets(x, PPP_TEXT_USER, authenticator, &text);
	text = field_octets(c, "password");
	keep_octets(x, PPP_TEXT_PASSWORD, authenticator, &text);
}

/* --- CHAP, and MS-CHAPv2 in EAP ------------------------------------------------------------ */

static void take_chap_outcome(struct ppp_step *x, unsigned authenticator, const struct ppp_chap *p)
{
	struct ppp_auth *a = &x->s->auth[authenticator];

	concluded(x, a, p->code == PPP_CHAP_SUCCESS);
	keep_octets(x, PPP_TEXT_MESSAGE, authenticator, p->text.octets ? &p->text : &p->message);
	if (p->code == PPP_CHAP_SUCCESS) {
		ppp_crypt_success(x, authenticator, p);
		return;
	}
	if (p->has_error) {
		a->error = p->error;
		a->has_error = true;
	}
}

static void take_chap(struct ppp_step *x, const struct ppp_chap *p)
{
	bool response = p->code == PPP_CHAP_RESPONSE;
	unsigned authenticator = response ? !x->seen->from : x->seen->from;
	struct ppp_auth *a = &x->s->auth[authenticator];
	bool eap = x->c->protocol == PPP_EAP;
	enum ppp_auth_kind kind = eap ? PPP_AUTH_EAP : negotiated(x->s, authenticator);

	if (p->code > PPP_CHAP_FAILURE)
		return;
	a->seen = true;
	if (kind)
		a->kind = (uint8_t)kind;
	else if (!a->kind && p->algorithm)
		a->kind = (uint8_t)ppp_auth_kind_of(PPP_CHAP, p->algorithm);
	if (p->code == PPP_CHAP_CHALLENGE) {
		challenged(x, a);
		ppp_crypt_challenge(x, authenticator, &p->value);
	} else if (response) {
		if (!responded(x, a, p->identifier))
			return;
		keep_octets(x, PPP_TEXT_USER, authenticator, &p->name);
		ppp_crypt_response(x, authenticator, p);
	} else {
		take_chap_outcome(x, authenticator, p);
	}
}

/* --- EAP ----------------------------------------------------------------------------------- */

static bool eap_by_tls(uint8_t method)
{
	return method == PPP_EAP_TLS || method == PPP_EAP_PEAP;
}

static void take_eap_method(struct ppp_step *x, struct ppp_auth *a, unsigned authenticator, uint8_t method)
{
	bool response = x->c->code == PPP_EAP_RESPONSE;
	struct ppp_octets text;
	struct ppp_chap p;

	if (method == PPP_EAP_IDENTITY && response) {
		text = field_octets(x->c, "identity");
		keep_octets(x, PPP_TEXT_USER, authenticator, &text);
	}
	if (method <= PPP_EAP_NAK)
		return;
	a->method = method;
	if (method == PPP_EAP_MSCHAPV2) {
		/* The peer's Success and Failure only acknowledge the authenticator's. */
		if (ppp_chap_decode(x->c, &p) && response == (p.code == PPP_CHAP_RESPONSE))
			take_chap(x, &p);
	} else if (!response) {
		challenged(x, a);
	} else if (!eap_by_tls(method) || !a->rounds) {
		responded(x, a, x->c->identifier);
	}
}

static void take_eap(struct ppp_step *x)
{
	const struct ppp_control *c = x->c;
	unsigned authenticator = c->code == PPP_EAP_RESPONSE ? !x->seen->from : x->seen->from;
	struct ppp_auth *a = &x->s->auth[authenticator];
	uint64_t method;

	a->seen = true;
	a->kind = PPP_AUTH_EAP;
	if (c->code == PPP_EAP_SUCCESS || c->code == PPP_EAP_FAILURE)
		concluded(x, a, c->code == PPP_EAP_SUCCESS);
	else if (ppp_field_get(c, "type", &method))
		take_eap_method(x, a, authenticator, (uint8_t)method);
}

void ppp_take_auth(struct ppp_step *x)
{
	struct ppp_chap p;

	if (x->c->protocol == PPP_PAP)
		take_pap(x);
	else if (x->c->protocol == PPP_EAP)
		take_eap(x);
	else if (x->c->protocol == PPP_CHAP && ppp_chap_decode(x->c, &p))
		take_chap(x, &p);
}
