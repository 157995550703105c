/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP header (RFC 793), as much as joining octets needs.  Pure.
 */
#ifndef PPTPSCOPE_TCP_H
#define PPTPSCOPE_TCP_H

#include "dissectors/packet.h"

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16, TCP_URG = 32 };

enum tcp_checksum {
	TCP_SUM_GOOD,
	TCP_SUM_OFFLOAD, /* zero, or only the pseudo-header sum: left to the sender's network card */
	TCP_SUM_BAD,
	TCP_SUM_UNKNOWN, /* segment cut, cannot be told */
};

struct tcp_segment {
	uint16_t src_port, dst_port;
	uint32_t seq, ack; /* host order; ack valid with TCP_ACK */
	uint8_t flags;
	uint16_t window;
	const uint8_t *payload;
	uint32_t caplen; /* octets of payload captured */
	uint32_t len;    /* octets of payload on the wire */
	enum tcp_checksum checksum;
};

/* Reads only the two ports; false when they are not in the capture.  For the hot path. */
bool tcp_ports(const struct datagram *d, uint16_t *src, uint16_t *dst);

/*
 * Decodes a segment of a whole datagram.  Returns UNSEEN_NONE, UNSEEN_TCP_DAMAGED (data offset
 * below 5 or beyond the segment) or UNSEEN_CUT (header not whole in the capture).
 */
enum unseen tcp_decode(const struct datagram *d, struct tcp_segment *out);

/* The two halves of it: the header alone (checksum: TCP_SUM_UNKNOWN), and what the checksum is worth. */
enum unseen tcp_header(const struct datagram *d, struct tcp_segment *out);
enum tcp_checksum tcp_verify(const struct datagram *d);

#endif
