/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files ppp_peer*.c. */
#ifndef PPTPSCOPE_PPP_PEER_PRIVATE_H
#define PPTPSCOPE_PPP_PEER_PRIVATE_H

#include "conformance/ppp_peer.h"
#include "dissectors/cursor.h"

enum {
	PEER_ROOM = 2048,  /* octets of a frame, or of what is in it */
	PEER_NAME_MAX = 255,
	PEER_OPTIONS = 64, /* octets of the options of a request of ours */
	PEER_ACKED = 128,  /* octets of an acknowledged request that are remembered */
	PEER_CHALLENGE_MAX = 255,
};

#define OPTION_BIT(number) (1u << (number))

/* --- the automaton of RFC 1661 section 4, for whatever negotiates by it ------------------------- */

enum fsm_state {
	FSM_INITIAL,
	FSM_STARTING,
	FSM_CLOSED,
	FSM_STOPPED,
	FSM_CLOSING,
	FSM_STOPPING,
	FSM_REQ_SENT,
	FSM_ACK_RCVD,
	FSM_ACK_SENT,
	FSM_OPENED,
	FSM_STATES,
};

enum fsm_event {
	FSM_UP,
	FSM_DOWN,
	FSM_OPEN,
	FSM_CLOSE,
	FSM_TIMEOUT,      /* TO+ */
	FSM_TIMEOUT_LAST, /* TO- */
	FSM_RCR_GOOD,     /* a Configure-Request that is acknowledged */
	FSM_RCR_BAD,
	FSM_RCA,
	FSM_RCN, /* Configure-Nak or Configure-Reject */
	FSM_RTR,
	FSM_RTA,
	FSM_RUC,
	FSM_RXJ_GOOD, /* a Code-Reject or Protocol-Reject that one can live with */
	FSM_RXJ_BAD,
	FSM_RXR,
	FSM_EVENTS,
};

/* What an end makes of an option that it is asked for. */
enum fsm_answer { FSM_ACCEPT, FSM_NAK, FSM_REJECT };

struct fsm;

struct fsm_ops {
	uint16_t protocol;
	/* Writes the options that are asked for. */
	void (*request)(struct ppp_peer *p, struct wcursor *w);
	/* Before the options of a request are judged: forgets what the one before had. */
	void (*begin)(struct ppp_peer *p);
	/* With FSM_NAK it writes to nak what it would accept. */
	enum fsm_answer (*judge)(struct ppp_peer *p, const struct ppp_option *o, struct wcursor *nak);
	/* After the options: what should have been among them is written to nak. */
	void (*lacks)(struct ppp_peer *p, struct wcursor *nak);
	void (*naked)(struct ppp_peer *p, const struct ppp_option *o);
	void (*rejected)(struct ppp_peer *p, uint8_t number);
	/* Codes beyond Code-Reject; false: the code is not known. */
	bool (*code)(struct ppp_peer *p, const struct ppp_control *c);
	void (*up)(struct ppp_peer *p);
	void (*down)(struct ppp_peer *p);
	void (*finished)(struct ppp_peer *p);
};

struct fsm {
	struct ppp_peer *peer;
	const struct fsm_ops *ops;
	struct net_timer timer;
	enum fsm_state state;
	unsigned left;     /* transmissions until it gives up */
	unsigned refusals; /* Naks and Rejects sent in a row; received in a row */
	unsigned refused;
	bool heard;        /* the other end has sent a request */
	uint8_t identifier, next_identifier;
	uint8_t sent[PEER_OPTIONS]; /* options of the newest request */
	size_t sent_len;
	uint8_t acked[PEER_ACKED]; /* the newest request that was acknowledged */
	size_t acked_len;          /* 0: none, or a longer one */
	const struct ppp_control *packet; /* that is answered now */
	const uint8_t *answer;            /* options of a Nak or Reject to it */
	size_t answer_len;
	uint8_t answer_code;
};

void fsm_init(struct fsm *f, struct ppp_peer *p, const struct fsm_ops *ops);
void fsm_event(struct fsm *f, enum fsm_event e);
/* A packet of its protocol. */
void fsm_packet(struct fsm *f, const struct ppp_control *c);
/* Back to Initial at once, without a word: the layer below is gone. */
void fsm_drop(struct fsm *f);
/* Writes an option whose data is the low octets of a number. */
void fsm_put(struct wcursor *w, uint8_t number, uint32_t value, unsigned width);
/* The data of an option as a number; false when it is not of that width. */
bool fsm_value(const struct ppp_option *o, unsigned width, uint32_t *value);

/* --- the peer ------------------------------------------------------------------------------------ */

enum peer_layer { PEER_LCP, PEER_CCP, PEER_IPCP, PEER_LAYERS };

struct peer_lcp {
	uint32_t ask; /* OPTION_BIT() of what is asked for */
	uint32_t magic, accm, peer_magic, peer_accm;
	uint16_t mru, peer_mru;
	bool peer_pfc, peer_acfc;
	unsigned loops; /* how often our own magic number came back */
	unsigned auth_left; /* server: bits of what may still be demanded */
};

struct peer_auth {
	enum ppp_peer_auth kind; /* that LCP agreed on; the server's role tells who proves */
	struct net_timer timer;
	unsigned left;
	bool done;
	uint8_t identifier;
	uint8_t challenge[PEER_CHALLENGE_MAX];
	uint8_t challenge_len;
	/* The newest response: sent by a client, so that a repeated challenge gets the same one; answered by
	   a server, so that a repeated response does. */
	bool answered;
	uint8_t code;
	uint8_t answer[128 + PEER_NAME_MAX];
	size_t answer_len;
	struct mppe_exchange exchange;
	struct mppe_secret secret;
};

struct peer_crypt {
	uint32_t allowed;        /* PPP_MPPE_* of ours */
	uint32_t asked;          /* what we want to receive by */
	uint32_t peer_asked;     /* ... and the other end */
	bool usable, finished;   /* CCP is spoken; it has failed or ended */
	unsigned send_bits, receive_bits; /* 0: in clear */
	bool reset;              /* the next packet starts the key stream anew */
	int64_t reset_due;       /* no Reset-Request before */
	struct mppe_stream send, receive;
};

struct ppp_peer {
	struct net *net;
	struct ppp_peer_config config;
	struct ppp_peer_events events;
	void *ctx;
	struct fsm fsm[PEER_LAYERS];
	struct net_timer echo_timer;
	struct peer_lcp lcp;
	struct peer_auth auth;
	struct peer_crypt crypt;
	uint32_t ask_ip; /* OPTION_BIT(IPCP_OPT_ADDRESS) */
	struct ppp_peer_status status;
	uint32_t random;
	uint16_t ping_sequence, packet_id;
	uint8_t echo_identifier, reject_identifier;
	unsigned depth; /* of calls from outside, within which it must not go */
	bool freed;
};

/* A frame of a protocol: framing as negotiated. */
void peer_send(struct ppp_peer *p, uint16_t protocol, const uint8_t *octets, size_t len);
/* A packet with code, identifier and length. */
void peer_send_code(struct ppp_peer *p, uint16_t protocol, uint8_t code, uint8_t identifier, const uint8_t *data,
		    size_t len);
void peer_set_state(struct ppp_peer *p, enum ppp_peer_state s);
/* Ends the link by Terminate-Request; the first reason stands. */
__attribute__((format(printf, 2, 3))) void peer_end(struct ppp_peer *p, const char *why, ...);
void peer_dead(struct ppp_peer *p); /* LCP has finished */
/* Whatever enters from outside, timers included, is between these two: the owner may free the peer meanwhile. */
void peer_enter(struct ppp_peer *p);
void peer_leave(struct ppp_peer *p);
uint32_t peer_random(struct ppp_peer *p);
int64_t peer_restart(const struct ppp_peer *p);

/* ppp_peer_lcp.c */
extern const struct fsm_ops peer_lcp_ops;
void peer_lcp_init(struct ppp_peer *p);
void peer_lcp_echo(struct ppp_peer *p);

/* ppp_peer_auth.c */
enum { PEER_AUTHS = PPP_PEER_MSCHAP2 + 1 };
/* Bits 1 << kind of what may be used; the best of them; as LCP's option has it. */
unsigned peer_auth_allowed(const struct ppp_peer *p);
enum ppp_peer_auth peer_auth_best(unsigned bits);
enum ppp_peer_auth peer_auth_of(const struct ppp_option *o); /* PPP_PEER_NONE: another one */
void peer_auth_put(struct wcursor *w, enum ppp_peer_auth kind);
void peer_auth_init(struct ppp_peer *p);
void peer_auth_start(struct ppp_peer *p); /* LCP is open */
void peer_auth_stop(struct ppp_peer *p);
void peer_auth_packet(struct ppp_peer *p, const struct ppp_frame *f);
void peer_auth_refused(struct ppp_peer *p); /* Protocol-Reject */
/* Start keys for so many bits; false when there are none. */
bool peer_auth_keys(const struct ppp_peer *p, unsigned bits, uint8_t send[MPPE_KEY], uint8_t receive[MPPE_KEY]);

/* ppp_peer_net.c */
extern const struct fsm_ops peer_ccp_ops, peer_ipcp_ops;
void peer_net_start(struct ppp_peer *p); /* authenticated */
void peer_net_stop(struct ppp_peer *p);
void peer_net_ip(struct ppp_peer *p, const struct ppp_frame *f, bool encrypted);
void peer_net_coded(struct ppp_peer *p, const struct ppp_frame *f);

#endif
