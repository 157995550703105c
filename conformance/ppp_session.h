/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a call has shown of PPP: what each end asked and got, who proved what to whom, what is
 * encrypted, and how it ended.  Believes the wire, as the conversation does; never complains.
 *
 * Allocates: the session with the first control packet of a call, a few texts of at most 255 octets,
 * and, where the owner's secrets are at hand, the state of decryption.  ppp_session_free() frees all.
 *
 * Ends are host indexes of the tunnel.  A frame of 0 means: not seen.
 */
#ifndef PPTPSCOPE_PPP_SESSION_H
#define PPTPSCOPE_PPP_SESSION_H

#include "conformance/conversation.h"
#include "dissectors/mppe.h"

enum ppp_phase {
	PPP_PHASE_NONE,
	PPP_PHASE_LCP,
	PPP_PHASE_AUTHENTICATING,
	PPP_PHASE_NETWORK,    /* authenticated, or an NCP was seen */
	PPP_PHASE_OPEN,       /* IPCP or IPV6CP was opened */
	PPP_PHASE_TERMINATED, /* only the end of PPP was seen */
};

/* Protocols whose negotiation is watched. */
enum ppp_neg { PPP_NEG_LCP, PPP_NEG_IPCP, PPP_NEG_IPV6CP, PPP_NEG_CCP, PPP_NEGS };

enum {
	PPP_ASKED = 1,
	PPP_ACKED = 2,    /* the newest request was acknowledged */
	PPP_ANSWERED = 4, /* ... or answered by a Nak or Reject */
	PPP_TERM_SENT = 8,
	PPP_TERM_ACKED = 16,
	PPP_NEG_REJECTED = 32, /* by the other end's Protocol-Reject */
	PPP_WAS_ACKED = 64,    /* some request was acknowledged, before it was negotiated anew, too */
};

/* What one end asked of the other by Configure-Requests of one protocol. */
struct ppp_asking {
	uint64_t answer_frame; /* the newest Ack, Nak, Reject or Protocol-Reject */
	uint32_t hash;         /* of the newest request's options */
	uint16_t requests;     /* retransmissions left out */
	uint16_t repeated;     /* retransmissions */
	uint8_t naks, rejects; /* that answered */
	uint8_t identifier;    /* of the newest request */
	uint8_t stubborn;      /* requests that asked again for what had just been refused */
	uint8_t refused;       /* the first option of the newest Nak or Reject */
	uint8_t flags;
};

/* An end's automaton of RFC 1661 section 4.2, as far as packets tell it. */
enum ppp_end_state {
	PPP_INITIAL,
	PPP_REQ_SENT,
	PPP_ACK_RCVD,
	PPP_ACK_SENT,
	PPP_OPENED,
	PPP_CLOSING,
	PPP_STOPPED,
	PPP_REFUSED, /* Protocol-Reject */
};

enum {
	LCP_HAS_MRU = 1,
	LCP_HAS_ACCM = 2,
	LCP_HAS_AUTH = 4,
	LCP_HAS_MAGIC = 8,
	LCP_HAS_PFC = 16,
	LCP_HAS_ACFC = 32,
	LCP_HAS_MRRU = 64,
	LCP_HAS_CALLBACK = 128,
};

struct ppp_lcp {
	uint32_t magic, accm;
	uint16_t mru, mrru, auth;
	uint8_t algorithm; /* of CHAP */
	uint8_t has;       /* LCP_HAS_* */
};

enum { PPP_SERVERS = 4 }; /* DNS, DNS, NBNS, NBNS */

struct ppp_ipcp {
	uint32_t address, server[PPP_SERVERS]; /* host order */
	uint16_t compression;                  /* 0: none */
	bool has_address;
};

struct ppp_ccp {
	uint32_t asked_bits, agreed_bits; /* of MPPE: all that were ever offered; those acknowledged */
	uint8_t asked, agreed;            /* first option of the first request; of the acknowledged one */
	uint8_t detail;                   /* its first octet: window of Deflate, bits of BSD */
};

/* By strength: the later, the better. */
enum ppp_auth_kind {
	PPP_AUTH_NONE,
	PPP_AUTH_OTHER,
	PPP_AUTH_PAP,
	PPP_AUTH_SPAP,
	PPP_AUTH_CHAP_MD5,
	PPP_AUTH_MSCHAP,
	PPP_AUTH_MSCHAP2,
	PPP_AUTH_EAP,
};

enum ppp_outcome { PPP_UNFINISHED, PPP_SUCCESS, PPP_FAILURE };

/* One end proves to the other who it is. */
struct ppp_auth {
	uint64_t challenge_frame, response_frame, outcome_frame; /* the newest */
	uint32_t error;                                          /* E= of MS-CHAP's Failure */
	uint16_t rounds;                                         /* responses, retransmissions left out */
	uint8_t kind;                                            /* enum ppp_auth_kind; 0: not known */
	uint8_t method;                                          /* of EAP; 0: not seen */
	uint8_t outcome;                                         /* enum ppp_outcome */
	uint8_t identifier;
	bool has_error, seen;
};

/* Packets of protocol 0x00FD in one direction. */
struct ppp_coded {
	uint64_t window; /* bit i: count - i was seen */
	uint32_t packets, decrypted;
	uint32_t gaps;      /* runs of counts that never came, as far as the window has moved on */
	uint32_t clear;     /* IP packets in clear that should have been encrypted */
	uint16_t count;     /* highest coherency count */
	uint16_t resets;    /* CCP Reset-Requests by the receiver */
	bool started, edge; /* edge: the count that left the window last was seen */
};

enum ppp_text_kind {
	PPP_TEXT_USER,
	PPP_TEXT_PASSWORD,
	PPP_TEXT_MESSAGE, /* of who authenticates */
	PPP_TEXT_END,     /* of LCP's Terminate-Request */
};

struct ppp_text {
	struct ppp_text *next;
	uint8_t kind, end, len; /* end: of the authenticator, or who sent it */
	uint8_t octets[];
};

enum ppp_secret_state { PPP_SECRET_NONE, PPP_SECRET_VERIFIED, PPP_SECRET_WRONG };

enum ppp_end { PPP_END_NONE, PPP_END_LCP, PPP_END_NCP };

enum { PPP_WATCH_CLEAR = 1 };

struct ppp_session {
	uint8_t watch;          /* whether IP packets in clear matter: see ppp_session_wants() */
	uint8_t phase;          /* enum ppp_phase: the farthest that it came */
	uint8_t secret;         /* enum ppp_secret_state */
	uint8_t proof;          /* ... of the authenticator's answer by MS-CHAPv2 */
	uint8_t ended_by;       /* host index; valid with end */
	uint8_t end;            /* enum ppp_end */
	uint8_t looped;         /* LCP packets came back: both ends have one Magic-Number */
	uint8_t ecp;            /* bit h: host h's ECP request was acknowledged */
	uint8_t offered[HOSTS]; /* bits 1 << enum ppp_auth_kind that an end asked for or suggested */
	uint8_t refused_auth;   /* bit h: host h refused to authenticate itself, by Reject */
	bool key_certain;       /* the keys are those of an authentication that succeeded */
	struct ppp_asking asking[PPP_NEGS][HOSTS];
	struct ppp_lcp lcp_asked[HOSTS], lcp[HOSTS]; /* the first request; what was acknowledged */
	struct ppp_ipcp ipcp[HOSTS];
	uint64_t interface_id[HOSTS];
	struct ppp_ccp ccp[HOSTS];
	struct ppp_auth auth[HOSTS]; /* by authenticator */
	struct ppp_coded coded[HOSTS];
	uint16_t echo_requests[HOSTS], echo_replies[HOSTS]; /* by who asked */
	uint16_t echo_waiting[HOSTS];                       /* asked in a row, without a reply */
	uint64_t echo_frame[HOSTS];                         /* the first of those */
	uint64_t end_frame, open_frame, ccp_frame, clear_frame;
	int64_t ccp_time;
	struct ppp_text *texts;
	struct ppp_crypt *crypt; /* keys, where a secret is known */
};

/* Where a PPP frame came from. */
struct ppp_seen {
	unsigned from;
	uint64_t frame;
	int64_t time_ns;
	bool duplicate; /* its GRE sequence number had come before */
	bool late;      /* a higher one had come before */
};

/* What the owner of secrets gives, and gets.  Any may be NULL. */
struct ppp_watch {
	void *ctx;
	/* The secret of a user, named as on the wire. */
	bool (*secret)(void *ctx, const uint8_t *name, size_t len, struct mppe_secret *out);
	/* What was sent through the tunnel: frames in clear, and decrypted ones. */
	void (*plain)(void *ctx, const struct ppp_seen *seen, const struct ppp_frame *f);
	uint8_t *room; /* 65536 octets to decrypt into; with secret */
};

/*
 * Whether a frame is to be shown to the session (NULL: there is none yet).  Hot path: of a call
 * without session, nothing but the protocol is looked at.
 */
static inline bool ppp_session_wants(const struct ppp_session *s, const uint8_t *octets, uint32_t caplen)
{
	unsigned skip = caplen > 2 && octets[0] == 0xff && octets[1] == 0x03 ? 2 : 0;
	uint8_t high, low;

	if (caplen < skip + 2)
		return false;
	high = octets[skip];
	low = high & 1 ? high : octets[skip + 1];
	if (!(high & 1) && high >= 0x80)
		return true;
	return s && (low == PPP_COMP || s->watch);
}

/*
 * Takes a frame; makes the session with the first control packet.  w may be NULL.  False when memory
 * was not to be had.
 */
bool ppp_session_packet(struct ppp_session **s, const struct ppp_watch *w, const struct ppp_seen *seen,
			const struct ppp_frame *f);

/* Nothing more will come: what only decryption needs is freed. */
void ppp_session_settle(struct ppp_session *s);
void ppp_session_free(struct ppp_session *s);

/* Two calls turn out to be one: returns the session that knows more, frees the other one. */
struct ppp_session *ppp_session_join(struct ppp_session *a, struct ppp_session *b);

/* A settled session as octets, for a file of this process: their number, and writing them. */
enum { PPP_TEXTS_MAX = 4 * HOSTS, PPP_PACKED_MAX = sizeof(struct ppp_session) + PPP_TEXTS_MAX * (3 + 255) };
size_t ppp_session_packed(const struct ppp_session *s);
void ppp_session_pack(const struct ppp_session *s, uint8_t *out);
/* NULL for want of memory, or where the octets are none. */
struct ppp_session *ppp_session_unpack(const uint8_t *octets, size_t len);

enum ppp_end_state ppp_session_state(const struct ppp_session *s, enum ppp_neg neg, unsigned host);
bool ppp_session_opened(const struct ppp_session *s, enum ppp_neg neg);

/* The requests of an end do not lead anywhere: it keeps to what the other one keeps refusing. */
bool ppp_session_stuck(const struct ppp_session *s, enum ppp_neg neg, unsigned host);

/* The authentication that counts: index of its authenticator, or -1 while there is none. */
int ppp_session_authenticator(const struct ppp_session *s);

/* The capture has shown that LCP was agreed without authentication. */
bool ppp_session_unauthenticated(const struct ppp_session *s);

/* The text of a kind, of an end; or NULL. */
const struct ppp_text *ppp_session_text(const struct ppp_session *s, enum ppp_text_kind kind, unsigned end);

/* MPPE as agreed for what host `from` sends: its bits (40, 56, 128), or 0. */
unsigned ppp_session_bits(const struct ppp_session *s, unsigned from);
bool ppp_session_stateful(const struct ppp_session *s, unsigned from);

/* Strength of supported bits of MPPE: the best of them, the worst of them, or 0. */
unsigned ppp_mppe_best(uint32_t bits);
unsigned ppp_mppe_worst(uint32_t bits);

/* Runs of coherency counts of host `from` that never came. */
uint32_t ppp_session_gaps(const struct ppp_session *s, unsigned from);

/* An agreement weaker than what host `host` had asked for first, after the other one refused that. */
bool ppp_session_auth_lowered(const struct ppp_session *s, unsigned host);
bool ppp_session_bits_lowered(const struct ppp_session *s, unsigned host);

/* Names of contract and reports. */
const char *ppp_phase_name(enum ppp_phase p);
const char *ppp_neg_name(enum ppp_neg n);
const char *ppp_end_state_name(enum ppp_end_state s);
const char *ppp_outcome_name(enum ppp_outcome o);
const char *ppp_secret_name(enum ppp_secret_state s);
const char *ppp_session_auth_name(const struct ppp_auth *a); /* or NULL */
const char *ppp_auth_kind_name(enum ppp_auth_kind k);        /* or NULL */

#endif
