/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PPP in user space, one end of a link: LCP (RFC 1661), PAP, CHAP-MD5, MS-CHAP, MS-CHAPv2, CCP with
 * MPPE 40 and 128 (RFC 3078), IPCP; answers LCP echoes and pings inside.  For endpoints and tests:
 * good enough to reach an open link with real peers, not a network interface.
 *
 * Frames have neither flags, escapes nor FCS; they begin with FF 03 unless compressed.
 *
 * A peer may be freed from within its own callbacks.  Its challenges come from the seed: who tests with
 * real secrets chooses another one each time.
 */
#ifndef PPTPSCOPE_PPP_PEER_H
#define PPTPSCOPE_PPP_PEER_H

#include "conformance/net.h"
#include "dissectors/mppe.h"
#include "dissectors/ppp_control.h"

enum ppp_peer_auth { PPP_PEER_NONE, PPP_PEER_PAP, PPP_PEER_CHAP_MD5, PPP_PEER_MSCHAP, PPP_PEER_MSCHAP2 };

struct ppp_peer_config {
	bool server;                /* gives addresses, authenticates the other end */
	unsigned auth;              /* bits 1 << enum ppp_peer_auth: what a server demands (strongest first), or
				       a client allows; 0: none demanded, any allowed */
	const char *user, *password; /* own (client; user NULL: refuses to authenticate), or the one that is
					let in (server); borrowed as long as the peer lives, as is name */
	const char *name;           /* of a server, in challenges; NULL: "pptpscope" */
	bool mppe40, mppe128;       /* offered or demanded */
	bool mppe_required, mppe_stateful;
	uint32_t address, peer_address; /* host order; server: given out; 0: 10.99.0.1 and 10.99.0.10 */
	uint16_t mru;               /* 0: 1400 */
	uint32_t accm;              /* asked for; 0xffffffff: the option is left out */
	bool no_acfc, no_pfc;
	bool stays;                 /* LCP stays open where no IP addresses are agreed on */
	int64_t restart_ns;         /* 0: 3 s; 10 times */
	int64_t echo_ns;            /* LCP Echo-Request so often once open; 0: never */
	uint32_t seed;              /* magic numbers and challenges */
};

enum ppp_peer_state { PPP_PEER_STARTING, PPP_PEER_LCP_OPEN, PPP_PEER_AUTHENTICATED, PPP_PEER_OPEN, PPP_PEER_DEAD };

struct ppp_peer;

struct ppp_peer_events {
	void (*send)(void *ctx, const uint8_t *frame, size_t len); /* may be called from any function below */
	void (*state)(void *ctx, enum ppp_peer_state s, const char *why);
	/* LCP agreed on masks: send is what this end must escape, receive what the other escapes.  For SLI. */
	void (*accm)(void *ctx, uint32_t send, uint32_t receive);
	/* An IP packet for this end that is no ping to it.  May be NULL. */
	void (*ip)(void *ctx, const uint8_t *packet, size_t len);
};

struct ppp_peer *ppp_peer_new(struct net *n, const struct ppp_peer_config *c, const struct ppp_peer_events *e,
			      void *ctx);
void ppp_peer_free(struct ppp_peer *p);
void ppp_peer_start(struct ppp_peer *p);                     /* the lower layer is up */
void ppp_peer_frame(struct ppp_peer *p, const uint8_t *frame, size_t len); /* a frame came in */
void ppp_peer_terminate(struct ppp_peer *p);                 /* LCP Terminate-Request, then dead */
bool ppp_peer_ip(struct ppp_peer *p, const uint8_t *packet, size_t len); /* sends IP, encrypted if agreed */
void ppp_peer_ping(struct ppp_peer *p, size_t size);         /* an ICMP echo to the other end */
void ppp_peer_echo(struct ppp_peer *p);                      /* an LCP Echo-Request */

struct ppp_peer_status {
	enum ppp_peer_state state;
	enum ppp_peer_auth auth; /* that was used */
	bool authenticated;
	unsigned mppe_bits;      /* 0: not encrypted */
	uint32_t address, peer_address;
	uint64_t frames_in, frames_out, echo_replies, ping_replies, decrypt_errors;
	char why[128];           /* of the end; "" */
};
void ppp_peer_status(const struct ppp_peer *p, struct ppp_peer_status *s);

#endif
