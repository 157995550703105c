/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the PPP session share. */
#ifndef PPTPSCOPE_PPP_SESSION_PRIVATE_H
#define PPTPSCOPE_PPP_SESSION_PRIVATE_H

#include "conformance/ppp_session.h"

/* Keys, and what they are made of. */
struct ppp_crypt {
	uint8_t challenge[HOSTS][MPPE_CHALLENGE2]; /* by authenticator */
	uint8_t challenge_len[HOSTS];
	uint8_t key_challenge[MPPE_CHALLENGE1]; /* MS-CHAP: of the exchange that gave the keys */
	struct mppe_secret secret;
	char expected_proof[MPPE_PROOF + 1];
	uint8_t start[HOSTS][MPPE_KEY];    /* MS-CHAPv2: by sender */
	uint8_t version;                   /* of MS-CHAP; 0: no keys yet */
	bool old[HOSTS];                   /* the stream is of an agreement that is over */
	struct mppe_stream *stream[HOSTS]; /* by sender */
};

/* A packet on its way through the session. */
struct ppp_step {
	struct ppp_session *s;
	const struct ppp_watch *watch;
	const struct ppp_seen *seen;
	const struct ppp_frame *frame;
	const struct ppp_control *c; /* NULL for data */
	bool inner;                  /* it was decrypted */
	bool failed;                 /* no memory */
};

/* The farthest that it came. */
void ppp_reach(struct ppp_session *s, enum ppp_phase phase);

/* Keeps a text, in place of an earlier one. */
void ppp_keep_text(struct ppp_step *x, enum ppp_text_kind kind, unsigned end, const uint8_t *octets,
		   uint32_t len);

/* PAP, CHAP, EAP: ppp_session_auth.c. */
void ppp_take_auth(struct ppp_step *x);
enum ppp_auth_kind ppp_auth_kind_of(uint16_t protocol, uint8_t algorithm);

/* Keys and decryption: ppp_session_crypt.c. */
void ppp_crypt_challenge(struct ppp_step *x, unsigned authenticator, const struct ppp_octets *challenge);
void ppp_crypt_response(struct ppp_step *x, unsigned authenticator, const struct ppp_chap *response);
void ppp_crypt_success(struct ppp_step *x, unsigned authenticator, const struct ppp_chap *success);
/* CCP was agreed anew for what host `from` sends: its keys start from the beginning. */
void ppp_crypt_restart(struct ppp_session *s, unsigned from);
void ppp_take_coded(struct ppp_step *x);
void ppp_crypt_free(struct ppp_session *s);

/* A frame that was decrypted is taken as if it had come so. */
void ppp_take_inner(const struct ppp_step *x, const uint8_t *octets, uint32_t caplen, uint32_t len);

#endif
