/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Enhanced GRE, version 1: RFC 2637 section 4.1.  Pure.
 *
 *   octet 0: C R K S s Recur(3)   octet 1: A Flags(4) Ver(3)   2-3: Protocol Type
 *   4-5: Payload Length, 6-7: Call ID (the Key; read whether K is set or not)
 *   then Sequence Number if S, Acknowledgment Number if A, then the payload.
 */
#ifndef PPTPSCOPE_GRE_H
#define PPTPSCOPE_GRE_H

#include "dissectors/packet.h"

enum {
	GRE_C = 0x8000,
	GRE_R = 0x4000,
	GRE_K = 0x2000,
	GRE_S = 0x1000,
	GRE_SSR = 0x0800,
	GRE_RECUR = 0x0700,
	GRE_A = 0x0080,
	GRE_FLAGS = 0x0078,
	GRE_VER = 0x0007,
	GRE_PROTO_PPP = 0x880b,
};

/* Defects that the header alone proves; bits of gre_pkt.defects. */
enum gre_defect {
	GRE_BAD_C = 1,		 /* checksum bit set: the header has no such field */
	GRE_BAD_R = 2,
	GRE_BAD_K = 4,		 /* key not present */
	GRE_BAD_SSR = 8,
	GRE_BAD_RECUR = 16,
	GRE_BAD_FLAGS = 32,
	GRE_BAD_PROTOCOL = 64,	 /* Protocol Type is not 0x880B */
	GRE_BAD_EMPTY = 128,	 /* neither sequence nor acknowledgment */
	GRE_BAD_LENGTH = 256,	 /* Payload Length is more than what the IP packet holds */
	GRE_BAD_PAD = 512,	 /* octets in the IP packet beyond Payload Length */
	GRE_BAD_S_EMPTY = 1024,	 /* S set, Payload Length 0 */
	GRE_BAD_NO_S = 2048,	 /* payload without sequence number */
	GRE_BAD_SHORT = 4096,	 /* the IP packet ends within the header */
};

enum gre_status {
	GRE_OK,	  /* defects may be set all the same: then the packet is "bad" to a report */
	GRE_CUT,  /* header not whole in the capture; fields that arrived are set, others 0 */
	GRE_OTHER_VERSION, /* version is not 1; only flags and protocol are set */
};

struct gre_pkt {
	uint16_t flags;	   /* octets 0-1 as they are: GRE_* bits */
	uint16_t protocol; /* Protocol Type */
	uint16_t payload_length;
	uint16_t call_id;  /* of the receiver of this packet */
	uint32_t seq, ack; /* valid with GRE_S, GRE_A in flags */
	uint16_t defects;  /* enum gre_defect */
	uint8_t header_len; /* octets of the header that are here, to the end of the last whole field */
	const uint8_t *payload;
	uint32_t caplen;   /* octets of payload captured, at most payload_length */
};

/*
 * Decodes a GRE packet.  octets/caplen: captured part after the IP header; len: that part on the
 * wire (for a first fragment: of the whole packet as far as known; then pass fragment = true,
 * and the length is not judged).
 */
enum gre_status gre_decode(const uint8_t *octets, uint32_t caplen, uint32_t len, bool fragment,
			   struct gre_pkt *out);

/*
 * Encodes header and payload exactly as the fields say (flags decide which numbers are present;
 * nothing is corrected).  Returns the octets written, or 0 where room is too small.
 */
size_t gre_encode(const struct gre_pkt *g, const uint8_t *payload, size_t payload_len,
		  uint8_t *out, size_t room);

/* One row per header field, for decode --verbose, JSON and trace scripts. */
struct gre_field {
	const char *name;	 /* as in JSON: c, r, k, s, ssr, recur, a, flags, ver, protocol_type, ... */
	uint16_t offset;	 /* of its first octet, where fixed; sequence_number 8, acknowledgment_number 8 + 4*S */
	uint16_t mask;		 /* bits in the first two octets, or 0 */
};
extern const struct gre_field gre_fields[];
extern const unsigned gre_field_count;

/* Value of row i; *present is false for a number that the packet does not carry. */
uint32_t gre_field_value(const struct gre_pkt *g, unsigned i, bool *present);

/* One defect bit in words ("checksum bit set"), or NULL. */
const char *gre_defect_text(unsigned bit);

#endif
