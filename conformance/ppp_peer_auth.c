/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is there: PAP (RFC 1334), CHAP with MD5 (RFC 1994), MS-CHAP (RFC 2433), MS-CHAPv2 (RFC 2759).
 * A server asks, a client answers.
 */
#include <stdio.h>
#include <string.h>

#include "conformance/ppp_peer_private.h"
#include "dissectors/ctrl.h"

enum { TRIES = 10, CHALLENGE_MD5 = 16, E_WRONG = 691, MS_VALUE = 49, FLAG_NT = 1 };

#define WRONG "authentication failed: wrong user name or password"

/* --- what LCP knows it by ------------------------------------------------------------------------ */

/* In order of strength. */
static const struct {
	uint16_t protocol;
	uint8_t algorithm; /* 0: has none */
	uint8_t challenge; /* octets of a challenge */
} kinds[PEER_AUTHS] = {
	[PPP_PEER_PAP] = { PPP_PAP, 0, 0 },
	[PPP_PEER_CHAP_MD5] = { PPP_CHAP, PPP_CHAP_MD5, CHALLENGE_MD5 },
	[PPP_PEER_MSCHAP] = { PPP_CHAP, PPP_CHAP_MS, MPPE_CHALLENGE1 },
	[PPP_PEER_MSCHAP2] = { PPP_CHAP, PPP_CHAP_MS2, MPPE_CHALLENGE2 },
};

#define BIT(kind) (1u << (kind))

unsigned peer_auth_allowed(const struct ppp_peer *p)
{
	unsigned any =
		BIT(PPP_PEER_PAP) | BIT(PPP_PEER_CHAP_MD5) | BIT(PPP_PEER_MSCHAP) | BIT(PPP_PEER_MSCHAP2);
	unsigned bits = p->config.auth ? p->config.auth & any : any;
	unsigned with_keys = bits & (BIT(PPP_PEER_MSCHAP) | BIT(PPP_PEER_MSCHAP2));

	return p->config.mppe_required && with_keys ? with_keys : bits;
}

enum ppp_peer_auth peer_auth_best(unsigned bits)
{
	enum ppp_peer_auth kind = PPP_PEER_MSCHAP2;

	while (kind && !(bits & BIT(kind)))
		kind--;
	return kind;
}

enum ppp_peer_auth peer_auth_of(const struct ppp_option *o)
{
	struct cursor c = cursor_on(o->data, o->len - 2);
	uint16_t protocol = cursor_u16(&c);
	uint8_t algorithm = protocol == PPP_CHAP ? cursor_u8(&c) : 0;

	if (c.missing || cursor_left(&c))
		return PPP_PEER_NONE;
	for (unsigned kind = PPP_PEER_PAP; kind < PEER_AUTHS; kind++)
		if (kinds[kind].protocol == protocol && kinds[kind].algorithm == algorithm)
			return kind;
	return PPP_PEER_NONE;
}

void peer_auth_put(struct wcursor *w, enum ppp_peer_auth kind)
{
	uint32_t algorithm = kinds[kind].algorithm;

	if (algorithm)
		fsm_put(w, LCP_OPT_AUTH, (uint32_t)kinds[kind].protocol << 8 | algorithm, 3);
	else
		fsm_put(w, LCP_OPT_AUTH, kinds[kind].protocol, 2);
}

/* --- for both ------------------------------------------------------------------------------------ */

static void done(struct ppp_peer *p)
{
	net_timer_cancel(p->net, &p->auth.timer);
	if (p->auth.done)
		return;
	p->auth.done = true;
	peer_set_state(p, PPP_PEER_AUTHENTICATED);
	peer_net_start(p);
}

static const char *password_of(const struct ppp_peer *p)
{
	return p->config.password ? p->config.password : "";
}

static const char *user_of(const struct ppp_peer *p)
{
	return p->config.user ? p->config.user : "";
}

static size_t name_len(const char *name)
{
	return strnlen(name, PEER_NAME_MAX);
}

/* A packet of CHAP with a value and a name. */
static void send_value(struct ppp_peer *p, uint8_t code, const uint8_t *value, size_t len, const char *name)
{
	struct peer_auth *a = &p->auth;
	struct wcursor w = wcursor_on(a->answer, sizeof(a->answer));

	wcursor_uint(&w, (uint32_t)len, 1);
	wcursor_octets(&w, value, len);
	wcursor_octets(&w, name, name_len(name));
	a->answer_len = (size_t)(w.at - a->answer);
	peer_send_code(p, PPP_CHAP, code, a->identifier, a->answer, a->answer_len);
}

/* Makes what both MS-CHAPs compute with from an 8 or 16 octet challenge and, of version 2, the client's. */
static void begin_exchange(struct peer_auth *a, const uint8_t *peer_challenge, const uint8_t *user,
			   size_t len)
{
	memset(&a->exchange, 0, sizeof(a->exchange));
	memcpy(a->exchange.authenticator_challenge, a->challenge, a->challenge_len);
	if (peer_challenge)
		memcpy(a->exchange.peer_challenge, peer_challenge, MPPE_CHALLENGE2);
	a->exchange.user = user;
	a->exchange.user_len = len;
}

bool peer_auth_keys(const struct ppp_peer *p, unsigned bits, uint8_t send[MPPE_KEY],
		    uint8_t receive[MPPE_KEY])
{
	const struct peer_auth *a = &p->auth;
	bool server = p->config.server;

	if (!a->done || (a->kind != PPP_PEER_MSCHAP && a->kind != PPP_PEER_MSCHAP2))
		return false;
	if (a->kind == PPP_PEER_MSCHAP)
		return mppe_start_key1(&a->secret, a->challenge, bits, send) &&
		       mppe_start_key1(&a->secret, a->challenge, bits, receive);
	mppe_start_key2(a->secret.nt_hash, a->exchange.nt_response, server ? MPPE_SERVER : MPPE_CLIENT, send);
	mppe_start_key2(a->secret.nt_hash, a->exchange.nt_response, server ? MPPE_CLIENT : MPPE_SERVER,
			receive);
	return true;
}

/* --- the client ---------------------------------------------------------------------------------- */

static void send_pap(struct ppp_peer *p)
{
	uint8_t data[2 * (PEER_NAME_MAX + 1)];
	struct wcursor w = wcursor_on(data, sizeof(data));
	const char *const texts[] = { user_of(p), password_of(p) };

	for (unsigned i = 0; i < 2; i++) {
		wcursor_uint(&w, (uint32_t)name_len(texts[i]), 1);
		wcursor_octets(&w, texts[i], name_len(texts[i]));
	}
	peer_send_code(p, PPP_PAP, PPP_PAP_REQUEST, p->auth.identifier, data, (size_t)(w.at - data));
}

static void answer_md5(struct ppp_peer *p)
{
	struct peer_auth *a = &p->auth;
	const char *password = password_of(p);
	uint8_t value[MPPE_MD5];

	mppe_md5_response(a->identifier, (const uint8_t *)password, strlen(password), a->challenge,
			  a->challenge_len, value);
	send_value(p, PPP_CHAP_RESPONSE, value, sizeof(value), user_of(p));
}

/* Octets of challenge, LM response or reserved, NT response, flags. */
static void answer_ms(struct ppp_peer *p)
{
	struct peer_auth *a = &p->auth;
	const char *user = user_of(p);
	uint8_t value[MS_VALUE] = { 0 }, own[MPPE_CHALLENGE2];
	struct wcursor w = wcursor_on(value, sizeof(value));

	for (unsigned i = 0; i < sizeof(own); i++)
		own[i] = (uint8_t)(peer_random(p) >> 8);
	begin_exchange(a, own, (const uint8_t *)user, name_len(user));
	if (a->kind == PPP_PEER_MSCHAP2) {
		mppe_response2(&a->exchange, a->secret.nt_hash, a->exchange.nt_response);
		wcursor_octets(&w, own, sizeof(own));
		wcursor_take(&w, MPPE_RESPONSE - sizeof(own));
	} else {
		mppe_response(a->challenge, a->secret.nt_hash, a->exchange.nt_response);
		wcursor_take(&w, MPPE_RESPONSE);
	}
	wcursor_octets(&w, a->exchange.nt_response, MPPE_RESPONSE);
	wcursor_uint(&w, a->kind == PPP_PEER_MSCHAP ? FLAG_NT : 0, 1);
	send_value(p, PPP_CHAP_RESPONSE, value, sizeof(value), user);
}

static void send_response(struct ppp_peer *p)
{
	const struct peer_auth *a = &p->auth;

	peer_send_code(p, PPP_CHAP, PPP_CHAP_RESPONSE, a->identifier, a->answer, a->answer_len);
}

/* A challenge that is sent again gets the same response: the keys are made of one of them. */
static void take_challenge(struct ppp_peer *p, const struct ppp_chap *c)
{
	struct peer_auth *a = &p->auth;
	uint8_t right = kinds[a->kind].challenge;

	if (!c->value.len || c->value.len > PEER_CHALLENGE_MAX ||
	    (a->kind != PPP_PEER_CHAP_MD5 && c->value.len != right))
		return;
	if (a->answered && c->identifier == a->identifier && c->value.len == a->challenge_len &&
	    memcmp(c->value.octets, a->challenge, a->challenge_len) == 0) {
		send_response(p);
		return;
	}
	a->answered = true;
	a->identifier = c->identifier;
	a->challenge_len = (uint8_t)c->value.len;
	memcpy(a->challenge, c->value.octets, a->challenge_len);
	if (a->kind == PPP_PEER_CHAP_MD5)
		answer_md5(p);
	else
		answer_ms(p);
}

/* MS-CHAPv2: the server knows the password, too. */
static bool proof_is_right(const struct peer_auth *a, const struct ppp_chap *c)
{
	const struct ppp_octets *proof = &c->authenticator_response;
	char want[MPPE_PROOF + 1];

	mppe_proof(&a->exchange, a->secret.nt_hash, want);
	return proof->len == MPPE_PROOF && strncasecmp((const char *)proof->octets, want, MPPE_PROOF) == 0;
}

static void take_success(struct ppp_peer *p, const struct ppp_chap *c)
{
	struct peer_auth *a = &p->auth;

	if (!a->answered || c->identifier != a->identifier)
		return;
	if (a->kind == PPP_PEER_MSCHAP2 && !proof_is_right(a, c))
		peer_end(p, "authentication failed: the server does not know the password");
	else
		done(p);
}

/* What the server says of it, unless that is what everybody says. */
static void refused(struct ppp_peer *p, const uint8_t *text, size_t len)
{
	char words[80];

	if (len)
		peer_end(p, "authentication failed: the server says \"%s\"",
			 ctrl_escape(text, len, words, sizeof(words)));
	else
		peer_end(p, WRONG);
}

static void take_failure(struct ppp_peer *p, const struct ppp_chap *c)
{
	const char *words = c->has_error ? ppp_chap_error_words(c->error) : NULL;

	if (!p->auth.answered || c->identifier != p->auth.identifier)
		return;
	if (c->has_error && c->error == E_WRONG)
		peer_end(p, WRONG);
	else if (words)
		peer_end(p, "authentication failed: %s", words);
	else
		refused(p, c->message.octets, c->message.len);
}

static void client_chap(struct ppp_peer *p, const struct ppp_chap *c)
{
	if (c->code == PPP_CHAP_CHALLENGE)
		take_challenge(p, c);
	else if (c->code == PPP_CHAP_SUCCESS)
		take_success(p, c);
	else if (c->code == PPP_CHAP_FAILURE)
		take_failure(p, c);
}

static void client_pap(struct ppp_peer *p, const struct ppp_control *c)
{
	struct cursor rest = cursor_on(c->octets + 4, c->len - 4);
	uint8_t len = cursor_u8(&rest);
	const uint8_t *text = cursor_take(&rest, len);

	if (c->identifier != p->auth.identifier)
		return;
	if (c->code == PPP_PAP_ACK)
		done(p);
	else if (c->code == PPP_PAP_NAK)
		refused(p, text, text ? len : 0);
}

/* --- the server ---------------------------------------------------------------------------------- */

/* A domain before the name is of no matter here. */
static bool is_user(const struct ppp_peer *p, const uint8_t *name, size_t len)
{
	const char *user = user_of(p);
	size_t want = name_len(user);

	if (len < want || memcmp(name + (len - want), user, want) != 0)
		return false;
	return len == want || name[len - want - 1] == '\\';
}

static void send_challenge(struct ppp_peer *p)
{
	struct peer_auth *a = &p->auth;

	send_value(p, PPP_CHAP_CHALLENGE, a->challenge, a->challenge_len, p->config.name);
}

static bool md5_is_right(const struct ppp_peer *p, const struct ppp_chap *c)
{
	const struct peer_auth *a = &p->auth;
	const char *password = password_of(p);
	uint8_t want[MPPE_MD5];

	mppe_md5_response(a->identifier, (const uint8_t *)password, strlen(password), a->challenge,
			  a->challenge_len, want);
	return c->value.len == sizeof(want) && memcmp(c->value.octets, want, sizeof(want)) == 0;
}

static bool ms_is_right(struct ppp_peer *p, const struct ppp_chap *c)
{
	struct peer_auth *a = &p->auth;
	bool nt = a->kind == PPP_PEER_MSCHAP2 || c->flags & FLAG_NT;
	const struct ppp_octets *got = nt ? &c->nt_response : &c->lm_response;
	uint8_t want[MPPE_RESPONSE];

	if (got->len != MPPE_RESPONSE || (!nt && !a->secret.has_lm))
		return false;
	begin_exchange(a, a->kind == PPP_PEER_MSCHAP2 ? c->peer_challenge.octets : NULL, c->name.octets,
		       c->name.len);
	memcpy(a->exchange.nt_response, got->octets, MPPE_RESPONSE);
	if (a->kind == PPP_PEER_MSCHAP2)
		mppe_response2(&a->exchange, a->secret.nt_hash, want);
	else
		mppe_response(a->challenge, nt ? a->secret.nt_hash : a->secret.lm_hash, want);
	return memcmp(want, got->octets, sizeof(want)) == 0;
}

static bool is_right(struct ppp_peer *p, const struct ppp_chap *c)
{
	if (!c->name.octets || !is_user(p, c->name.octets, c->name.len))
		return false;
	if (p->auth.kind == PPP_PEER_CHAP_MD5)
		return md5_is_right(p, c);
	return (p->auth.kind == PPP_PEER_MSCHAP || c->peer_challenge.len == MPPE_CHALLENGE2) &&
	       ms_is_right(p, c);
}

/* The text of Success or Failure. */
static size_t verdict_text(const struct ppp_peer *p, bool right, char *out, size_t room)
{
	const struct peer_auth *a = &p->auth;
	bool ms = a->kind != PPP_PEER_CHAP_MD5;
	char proof[MPPE_PROOF + 1];

	if (right && a->kind == PPP_PEER_MSCHAP2) {
		mppe_proof(&a->exchange, a->secret.nt_hash, proof);
		snprintf(out, room, "S=%s M=Welcome", proof);
	} else if (right) {
		snprintf(out, room, "Welcome");
	} else {
		snprintf(out, room, ms ? "E=%d R=0 M=Access denied" : "Access denied", E_WRONG);
	}
	return strlen(out);
}

/* A response that is repeated gets the same answer, whatever has become of the link since. */
static void server_chap(struct ppp_peer *p, const struct ppp_chap *c)
{
	struct peer_auth *a = &p->auth;

	if (c->code != PPP_CHAP_RESPONSE || c->identifier != a->identifier)
		return;
	if (!a->answered) {
		bool right = is_right(p, c);

		a->answered = true;
		a->code = right ? PPP_CHAP_SUCCESS : PPP_CHAP_FAILURE;
		a->answer_len = verdict_text(p, right, (char *)a->answer, sizeof(a->answer));
		a->exchange.user = NULL; /* it was the packet's */
		a->exchange.user_len = 0;
	}
	peer_send_code(p, PPP_CHAP, a->code, a->identifier, a->answer, a->answer_len);
	if (a->code == PPP_CHAP_SUCCESS)
		done(p);
	else
		peer_end(p, WRONG);
}

static void server_pap(struct ppp_peer *p, const struct ppp_control *c)
{
	static const uint8_t welcome[] = "\x07Welcome", denied[] = "\x0d"
								   "Access denied";
	struct cursor rest = cursor_on(c->octets + 4, c->len - 4);
	uint8_t user_len = cursor_u8(&rest);
	const uint8_t *user = cursor_take(&rest, user_len);
	uint8_t len = cursor_u8(&rest);
	const uint8_t *password = cursor_take(&rest, len);
	const char *want = password_of(p);

	if (c->code != PPP_PAP_REQUEST || rest.missing)
		return;
	if (is_user(p, user, user_len) && len == strlen(want) && memcmp(password, want, len) == 0) {
		peer_send_code(p, PPP_PAP, PPP_PAP_ACK, c->identifier, welcome, sizeof(welcome) - 1);
		done(p);
	} else {
		peer_send_code(p, PPP_PAP, PPP_PAP_NAK, c->identifier, denied, sizeof(denied) - 1);
		peer_end(p, WRONG);
	}
}

/* --- for both ------------------------------------------------------------------------------------ */

void peer_auth_packet(struct ppp_peer *p, const struct ppp_frame *f)
{
	const struct ppp_context context = { .chap = kinds[p->auth.kind].algorithm };
	struct ppp_control c;
	struct ppp_chap chap;

	if (f->protocol != kinds[p->auth.kind].protocol || !ppp_control_decode(f, &context, &c) ||
	    !c.has_code || c.defects & (PPP_BAD_LENGTH_LOW | PPP_BAD_LENGTH_HIGH))
		return;
	if (f->protocol == PPP_PAP && p->config.server)
		server_pap(p, &c);
	else if (f->protocol == PPP_PAP)
		client_pap(p, &c);
	else if (!ppp_chap_decode(&c, &chap))
		return;
	else if (p->config.server)
		server_chap(p, &chap);
	else
		client_chap(p, &chap);
}

/* What is said again if the other end is silent: a Success that was lost comes for a repeated response. */
static void speak(struct ppp_peer *p)
{
	const struct peer_auth *a = &p->auth;
	bool pap = a->kind == PPP_PEER_PAP;

	if (p->config.server && !pap)
		send_challenge(p);
	else if (!p->config.server && pap)
		send_pap(p);
	else if (!p->config.server && a->answered)
		send_response(p);
}

static void timeout(void *ctx)
{
	struct ppp_peer *p = ctx;

	peer_enter(p);
	if (p->auth.left--) {
		net_timer_set(p->net, &p->auth.timer, net_now(p->net) + peer_restart(p));
		speak(p);
	} else {
		peer_end(p, "authentication was not finished in time");
	}
	peer_leave(p);
}

void peer_auth_init(struct ppp_peer *p)
{
	const char *password = password_of(p);

	p->auth.timer = (struct net_timer){ .fn = timeout, .ctx = p };
	/* What is no text leaves hashes of zeros, which nobody has. */
	mppe_secret_of_password((const uint8_t *)password, strlen(password), &p->auth.secret);
}

void peer_auth_start(struct ppp_peer *p)
{
	struct peer_auth *a = &p->auth;

	a->answered = false;
	if (a->kind == PPP_PEER_NONE) {
		done(p);
		return;
	}
	a->left = TRIES;
	a->identifier++;
	if (p->config.server) {
		a->challenge_len = kinds[a->kind].challenge;
		for (unsigned i = 0; i < a->challenge_len; i++)
			a->challenge[i] = (uint8_t)(peer_random(p) >> 8);
	}
	net_timer_set(p->net, &a->timer, net_now(p->net) + peer_restart(p));
	speak(p);
}

void peer_auth_stop(struct ppp_peer *p)
{
	net_timer_cancel(p->net, &p->auth.timer);
	p->auth.done = p->auth.answered = false;
}

void peer_auth_refused(struct ppp_peer *p)
{
	peer_end(p, "the peer does not speak %s",
		 ppp_auth_name(kinds[p->auth.kind].protocol, kinds[p->auth.kind].algorithm));
}
