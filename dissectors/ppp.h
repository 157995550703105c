/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PPP framing inside GRE (RFC 1661 section 2, RFC 2637 section 4): which protocol a packet carries.
 *
 * Pure.  Accepts packets with and without Address/Control (FF 03) and with one-octet protocols.
 */
#ifndef PPTPSCOPE_PPP_H
#define PPTPSCOPE_PPP_H

#include "dissectors/packet.h"

enum {
	PPP_IP = 0x0021,
	PPP_VJ_COMPRESSED = 0x002d,
	PPP_VJ_UNCOMPRESSED = 0x002f,
	PPP_MP = 0x003d,
	PPP_IPV6 = 0x0057,
	PPP_COMP_LINK = 0x00fb, /* of one link of a bundle */
	PPP_COMP = 0x00fd,
	PPP_IPCP = 0x8021,
	PPP_ECP = 0x8053,
	PPP_ECP_LINK = 0x8055,
	PPP_IPV6CP = 0x8057,
	PPP_CCP_LINK = 0x80fb,
	PPP_CCP = 0x80fd,
	PPP_LCP = 0xc021,
	PPP_PAP = 0xc023,
	PPP_LQR = 0xc025,
	PPP_SPAP = 0xc027,
	PPP_CBCP = 0xc029,
	PPP_BACP = 0xc02b,
	PPP_BAP = 0xc02d,
	PPP_CHAP = 0xc223,
	PPP_EAP = 0xc227,
};

struct ppp_frame {
	uint16_t protocol;   /* 0 where it is not in the capture */
	bool address_control; /* FF 03 present */
	bool compressed_protocol; /* one octet */
	bool cut;	     /* protocol field not whole in the capture */
	bool bad;	     /* no valid protocol (low octet even) */
	bool has_code;	     /* control protocol whose code, identifier and length were there */
	uint8_t code, identifier;
	uint16_t length;
	const uint8_t *payload; /* after the protocol field */
	uint32_t caplen, len; /* of the payload: captured, and on the wire */
};

/* Decodes the framing; caplen: captured octets, len: octets on the wire. */
void ppp_decode(const uint8_t *octets, uint32_t caplen, uint32_t len, struct ppp_frame *out);

/* "LCP", "IPCP", ... or NULL. */
const char *ppp_protocol_name(uint16_t protocol);

/* The number of a name in ppp_protocol_name, or 0. */
uint16_t ppp_protocol_by_name(const char *name);

/* Whether packets of this protocol begin with code, identifier and length. */
bool ppp_has_code(uint16_t protocol);

/* "Configure-Request", ... of that protocol, or NULL. */
const char *ppp_code_name(uint16_t protocol, uint8_t code);

#endif
