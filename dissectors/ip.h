/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPv4 (RFC 791) and IPv6 (RFC 8200): from an IP packet to its payload, and address text.
 *
 * Pure: no state, no allocation.  Fragments are described, not joined (analyzer/defrag.h does).
 */
#ifndef PPTPSCOPE_IP_H
#define PPTPSCOPE_IP_H

#include "dissectors/packet.h"

/*
 * Decodes an IP header.  IPv6 hop-by-hop, routing, destination options, fragment and AH headers
 * are passed over.  An IPv4 total length of 0 (segmentation offload) means "to the end of the
 * frame".  The header checksum is not judged: captures are rewritten without mending it.  Returns
 * UNSEEN_NONE, or UNSEEN_IP_DAMAGED / UNSEEN_CUT.
 */
enum unseen ip_decode(const struct link_payload *in, struct datagram *out);

enum { IP_ADDR_TEXT = 46 }; /* room for any address text with its NUL */

/* Writes the usual text form (dotted quad, or RFC 5952) and returns buf. */
const char *ip_addr_text(const struct ip_addr *a, char buf[IP_ADDR_TEXT]);

/* Reads an IPv4 or IPv6 address.  Returns false when it is none. */
bool ip_addr_parse(const char *text, struct ip_addr *out);

/*
 * Internet checksum helpers (RFC 1071).  `sum` accumulates octets as 16-bit big-endian words;
 * only the last call may have an odd len.  fold gives the 16-bit one's complement sum.
 */
uint32_t ip_checksum_add(uint32_t sum, const uint8_t *octets, size_t len);
uint16_t ip_checksum_fold(uint32_t sum);

/* Pseudo-header sum for TCP over the datagram's addresses with the given upper-layer length. */
uint32_t ip_pseudo_sum(const struct datagram *d, uint8_t protocol, uint32_t len);

/* The folded sum of a payload that is all in the capture, with its pseudo-header: 0xffff when it is right. */
uint16_t ip_payload_sum(const struct datagram *d);

#endif
