/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CHAP and MS-CHAP arithmetic, MPPE both ways, for those who know the secret: RFC 1994, 2433, 2759,
 * 3078, 3079.
 *
 * Pure: no allocation, no output.  The ciphers are nettle's; nothing here guesses a secret.
 */
#ifndef PPTPSCOPE_MPPE_H
#define PPTPSCOPE_MPPE_H

#include <nettle/arcfour.h>

#include "dissectors/ppp_control.h"

enum {
	MPPE_HASH = 16,       /* octets of a password's hash, NT or LM */
	MPPE_CHALLENGE1 = 8,  /* ... of a challenge of MS-CHAP */
	MPPE_CHALLENGE2 = 16, /* ... and of MS-CHAPv2 */
	MPPE_RESPONSE = 24,   /* ... of an NT or LM response */
	MPPE_KEY = 16,
	MPPE_MD5 = 16,        /* ... of a response of CHAP with MD5 */
	MPPE_PROOF = 40,         /* digits of the authenticator response, after "S=" */
	MPPE_PASSWORD_MAX = 256, /* characters */
};

/* What a password is turned into; the password itself is not needed any more. */
struct mppe_secret {
	uint8_t nt_hash[MPPE_HASH];
	uint8_t lm_hash[MPPE_HASH];
	bool has_lm; /* an NT hash alone does not give it, nor does a password that LM cannot express */
};

/* False when the password (UTF-8) is no valid text or too long. */
bool mppe_secret_of_password(const uint8_t *password, size_t len, struct mppe_secret *out);

/* The response to an 8-octet challenge by a hash: MS-CHAP, and within MS-CHAPv2. */
void mppe_response(const uint8_t challenge[MPPE_CHALLENGE1], const uint8_t hash[MPPE_HASH],
		   uint8_t out[MPPE_RESPONSE]);

/* The response to a challenge of CHAP with MD5, RFC 1994 section 4.1. */
void mppe_md5_response(uint8_t identifier, const uint8_t *password, size_t password_len, const uint8_t *challenge,
		       size_t challenge_len, uint8_t out[MPPE_MD5]);

/* What both ends of MS-CHAPv2 sent.  A domain before the last backslash of the name is left out. */
struct mppe_exchange {
	uint8_t authenticator_challenge[MPPE_CHALLENGE2];
	uint8_t peer_challenge[MPPE_CHALLENGE2];
	uint8_t nt_response[MPPE_RESPONSE];
	const uint8_t *user;
	size_t user_len;
};

/* MS-CHAPv2: the 8-octet challenge, the response that this hash gives, and the authenticator's proof. */
void mppe_challenge_hash(const struct mppe_exchange *x, uint8_t out[MPPE_CHALLENGE1]);
void mppe_response2(const struct mppe_exchange *x, const uint8_t nt_hash[MPPE_HASH],
		    uint8_t out[MPPE_RESPONSE]);
void mppe_proof(const struct mppe_exchange *x, const uint8_t nt_hash[MPPE_HASH], char out[MPPE_PROOF + 1]);

/* Whose packets a key is for: of the end that proved its identity, or of the authenticator. */
enum mppe_sender { MPPE_CLIENT, MPPE_SERVER };

/* The start key by MS-CHAPv2, RFC 3079 section 3; its first 8 octets serve 40 and 56 bits. */
void mppe_start_key2(const uint8_t nt_hash[MPPE_HASH], const uint8_t nt_response[MPPE_RESPONSE],
		     enum mppe_sender sender, uint8_t out[MPPE_KEY]);

/* ... by MS-CHAP, section 2: one for both directions.  False for 40 and 56 bits without an LM hash. */
bool mppe_start_key1(const struct mppe_secret *s, const uint8_t challenge[MPPE_CHALLENGE1], unsigned bits,
		     uint8_t out[MPPE_KEY]);

enum { MPPE_KEPT = 32 };

/* One direction, from the moment that CCP was opened. */
struct mppe_stream {
	struct arcfour_ctx rc4; /* stateful: where the key stream has come to */
	uint8_t start[MPPE_KEY], key[MPPE_KEY];
	uint8_t kept[MPPE_KEPT][MPPE_KEY]; /* stateless: keys by coherency count, for late packets */
	uint16_t count;                    /* coherency count of the newest packet */
	uint16_t nkept;
	uint8_t key_len;
	uint8_t bits; /* 40, 56, 128 */
	bool stateful;
	bool out_of_step;   /* stateful: something was lost, and nothing has reset the key stream */
	bool reset_new_key; /* this sender changes the key when it is told to reset (as Linux does) */
};

void mppe_stream_init(struct mppe_stream *s, const uint8_t start[MPPE_KEY], unsigned bits, bool stateful);

enum mppe_result {
	MPPE_PLAIN,       /* *len octets of a PPP frame, which begins with its protocol field */
	MPPE_CLEAR,       /* bit D is 0: it was not encrypted; copied */
	MPPE_COMPRESSED,  /* decrypted, but MPPC is within */
	MPPE_LATE,        /* its key is gone */
	MPPE_OUT_OF_STEP, /* stateful: waits for a packet that resets the key stream */
	MPPE_WRONG,       /* what comes out is no PPP: another key, or the packet is damaged */
};

/*
 * Decrypts the captured part of a packet.  out has room for p->caplen octets.  A packet that comes
 * out wrong does not disturb the ones after it.
 */
enum mppe_result mppe_decrypt(struct mppe_stream *s, const struct ppp_mppe *p, uint8_t *out);

/*
 * Encrypts the next packet of a stream: `text` is a PPP frame from its protocol field on.  reset: the
 * receiver asked for it (CCP Reset-Request); the key stream begins anew, by the key that the stream
 * has or, with reset_new_key, by the next one.  out has room for MPPE_HEADER octets more than len.
 * Returns the octets of the packet, from the coherency count on.
 */
enum { MPPE_HEADER = 2 };
size_t mppe_encrypt(struct mppe_stream *s, const uint8_t *text, size_t len, bool reset, uint8_t *out);

/* Session key for a start key, and its change: for tests, and for the two above. */
void mppe_first_key(struct mppe_stream *s);
void mppe_next_key(struct mppe_stream *s);

#endif
