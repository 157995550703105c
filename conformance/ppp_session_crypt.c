/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets of protocol 0x00FD: coherency counts for everybody, decryption for who has the secret. */
#include <stdlib.h>

#include "conformance/ppp_session_private.h"

enum { COUNTS = 4096, AHEAD_MAX = COUNTS / 2, WINDOW = 64 };

/* --- secrets ------------------------------------------------------------------------------- */

static struct ppp_crypt *crypt_of(struct ppp_step *x)
{
	if (!x->watch || !x->watch->secret)
		return NULL;
	if (!x->s->crypt) {
		x->s->crypt = calloc(1, sizeof(*x->s->crypt));
		x->failed |= !x->s->crypt;
	}
	return x->s->crypt;
}

void ppp_crypt_challenge(struct ppp_step *x, unsigned authenticator, const struct ppp_octets *challenge)
{
	struct ppp_crypt *k = crypt_of(x);

	if (!k || (challenge->len != MPPE_CHALLENGE1 && challenge->len != MPPE_CHALLENGE2))
		return;
	memcpy(k->challenge[authenticator], challenge->octets, challenge->len);
	k->challenge_len[authenticator] = (uint8_t)challenge->len;
}

/* MS-CHAP: the NT response, or the LM one where the NT one is empty. */
static bool verify1(struct ppp_step *x, unsigned authenticator, const struct ppp_chap *p, bool *right)
{
	struct ppp_crypt *k = x->s->crypt;
	uint8_t want[MPPE_RESPONSE];
	bool nt = p->flags & 1;
	const struct ppp_octets *got = nt ? &p->nt_response : &p->lm_response;

	if (k->challenge_len[authenticator] != MPPE_CHALLENGE1 || got->len != MPPE_RESPONSE ||
	    (!nt && !k->secret.has_lm))
		return false;
	mppe_response(k->challenge[authenticator], nt ? k->secret.nt_hash : k->secret.lm_hash, want);
	*right = memcmp(want, got->octets, sizeof(want)) == 0;
	return true;
}

static bool exchange_of(const struct ppp_crypt *k, unsigned authenticator, const struct ppp_chap *p,
			struct mppe_exchange *out)
{
	if (k->challenge_len[authenticator] != MPPE_CHALLENGE2 || p->nt_response.len != MPPE_RESPONSE ||
	    p->peer_challenge.len != MPPE_CHALLENGE2)
		return false;
	memcpy(out->authenticator_challenge, k->challenge[authenticator], MPPE_CHALLENGE2);
	memcpy(out->peer_challenge, p->peer_challenge.octets, MPPE_CHALLENGE2);
	memcpy(out->nt_response, p->nt_response.octets, MPPE_RESPONSE);
	out->user = p->name.octets;
	out->user_len = p->name.len;
	return true;
}

static void make_keys(struct ppp_session *s, unsigned authenticator, const struct ppp_chap *p)
{
	struct ppp_crypt *k = s->crypt;

	if (p->algorithm == PPP_CHAP_MS2) {
		k->version = 2;
		mppe_start_key2(k->secret.nt_hash, p->nt_response.octets, MPPE_SERVER,
				k->start[authenticator]);
		mppe_start_key2(k->secret.nt_hash, p->nt_response.octets, MPPE_CLIENT,
				k->start[!authenticator]);
	} else {
		k->version = 1;
		memcpy(k->key_challenge, k->challenge[authenticator], MPPE_CHALLENGE1);
	}
}

void ppp_crypt_response(struct ppp_step *x, unsigned authenticator, const struct ppp_chap *p)
{
	struct ppp_crypt *k = x->s->crypt;
	struct mppe_exchange e;
	bool right = false;

	/* The keys come from the first authentication that succeeded, whatever is asked later. */
	if (!k || x->s->key_certain || !p->name.octets ||
	    !x->watch->secret(x->watch->ctx, p->name.octets, p->name.len, &k->secret))
		return;
	if (p->algorithm == PPP_CHAP_MS2 && exchange_of(k, authenticator, p, &e)) {
		uint8_t want[MPPE_RESPONSE];

		mppe_response2(&e, k->secret.nt_hash, want);
		right = memcmp(want, e.nt_response, sizeof(want)) == 0;
		mppe_proof(&e, k->secret.nt_hash, k->expected_proof);
	} else if (p->algorithm != PPP_CHAP_MS || !verify1(x, authenticator, p, &right)) {
		return;
	}
	x->s->secret = right ? PPP_SECRET_VERIFIED : PPP_SECRET_WRONG;
	if (right)
		make_keys(x->s, authenticator, p);
	else
		k->version = 0;
}

void ppp_crypt_success(struct ppp_step *x, unsigned authenticator, const struct ppp_chap *p)
{
	struct ppp_crypt *k = x->s->crypt;
	const struct ppp_octets *proof = &p->authenticator_response;

	(void)authenticator;
	if (!k || !k->version || x->s->key_certain)
		return;
	x->s->key_certain = true;
	if (k->version == 2 && proof->len == MPPE_PROOF)
		x->s->proof = strncasecmp((const char *)proof->octets, k->expected_proof, MPPE_PROOF) == 0
				      ? PPP_SECRET_VERIFIED
				      : PPP_SECRET_WRONG;
}

/* --- streams ------------------------------------------------------------------------------- */

void ppp_crypt_restart(struct ppp_session *s, unsigned from)
{
	if (s->crypt)
		s->crypt->old[from] = true;
}

void ppp_crypt_free(struct ppp_session *s)
{
	if (!s->crypt)
		return;
	for (unsigned h = 0; h < HOSTS; h++)
		free(s->crypt->stream[h]);
	free(s->crypt);
	s->crypt = NULL;
}

/* Agreed bits; where the capture lacks the agreement, what the receiver asked for last. */
static uint32_t bits_of(const struct ppp_session *s, unsigned from)
{
	const struct ppp_ccp *ccp = &s->ccp[!from];

	return s->asking[PPP_NEG_CCP][!from].flags & PPP_WAS_ACKED ? ccp->agreed_bits : ccp->asked_bits;
}

/* The stream of what `from` sends, or NULL where it cannot be read. */
static struct mppe_stream *stream_of(struct ppp_step *x)
{
	unsigned from = x->seen->from;
	struct ppp_crypt *k = x->s->crypt;
	uint32_t supported = bits_of(x->s, from);
	unsigned bits = ppp_mppe_best(supported);
	uint8_t start[MPPE_KEY];

	if (!k || !k->version || !bits || !x->watch || !x->watch->room)
		return NULL;
	if (k->stream[from] && !k->old[from])
		return k->stream[from];
	if (k->version == 2)
		memcpy(start, k->start[from], MPPE_KEY);
	else if (!mppe_start_key1(&k->secret, k->key_challenge, bits, start))
		return NULL;
	if (!k->stream[from])
		k->stream[from] = malloc(sizeof(struct mppe_stream));
	if (!k->stream[from]) {
		x->failed = true;
		return NULL;
	}
	k->old[from] = false;
	mppe_stream_init(k->stream[from], start, bits, !(supported & PPP_MPPE_H));
	return k->stream[from];
}

static void decrypt(struct ppp_step *x, const struct ppp_mppe *p)
{
	struct mppe_stream *stream = stream_of(x);
	struct ppp_coded *d = &x->s->coded[x->seen->from];

	if (!stream || p->caplen > UINT16_MAX)
		return;
	switch (mppe_decrypt(stream, p, x->watch->room)) {
	case MPPE_PLAIN:
	case MPPE_CLEAR:
		d->decrypted++;
		ppp_take_inner(x, x->watch->room, p->caplen, p->len);
		break;
	case MPPE_COMPRESSED:
		d->decrypted++;
		break;
	default:
		break;
	}
}

/* --- coherency counts ---------------------------------------------------------------------- */

/* Moves the window on; what leaves it without having come is a gap, one for each run. */
static void advance(struct ppp_coded *d, unsigned ahead)
{
	for (unsigned i = 0; i < ahead && i < WINDOW; i++) {
		bool leaves = d->window >> (WINDOW - 1);

		d->gaps += d->edge && !leaves;
		d->edge = leaves;
		d->window <<= 1;
	}
	if (ahead > WINDOW && d->edge) {
		d->gaps++;
		d->edge = false;
	}
	d->window |= 1;
}

static void take_count(struct ppp_coded *d, uint16_t count, bool from_start)
{
	unsigned ahead;

	if (!d->started) {
		d->started = true;
		d->window = UINT64_MAX;
		d->edge = true;
		d->count = from_start ? COUNTS - 1 : (count - 1) & (COUNTS - 1);
	}
	ahead = (count - d->count) & (COUNTS - 1);
	if (ahead && ahead < AHEAD_MAX) {
		advance(d, ahead);
		d->count = count;
	} else if (COUNTS - ahead < WINDOW) {
		d->window |= UINT64_C(1) << (COUNTS - ahead);
	}
}

void ppp_take_coded(struct ppp_step *x)
{
	unsigned from = x->seen->from;
	struct ppp_session *s = x->s;
	struct ppp_coded *d = &s->coded[from];
	struct ppp_mppe p;

	d->packets++;
	if (!ppp_mppe_best(bits_of(s, from)) || !ppp_mppe_decode(x->frame, &p))
		return;
	/* With the agreement seen, the count of what came first is known, too. */
	take_count(d, p.coherency, ppp_session_bits(s, from));
	decrypt(x, &p);
}
