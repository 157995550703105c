/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What flows from a capture upward: a frame, and the IP datagram found in it.
 *
 * Borrowing: `octets` and `payload` belong to whoever read the frame and are valid until the next
 * one is read.
 */
#ifndef PPTPSCOPE_PACKET_H
#define PPTPSCOPE_PACKET_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What is rare, but large: within its caller every packet would pay for its registers and stack. */
#define NOT_IN_THE_WAY __attribute__((noinline))

/* Link types, as LINKTYPE_ values of the pcap file format (not DLT_, which differ by system). */
enum link_type {
	LINK_NULL = 0,
	LINK_ETHERNET = 1,
	LINK_PPP = 9,
	LINK_PPP_HDLC = 50,
	LINK_PPPOE = 51,
	LINK_RAW = 101,
	LINK_80211 = 105,
	LINK_LOOP = 108,
	LINK_LINUX_SLL = 113,
	LINK_80211_RADIOTAP = 127,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_LINUX_SLL2 = 276,
};

struct packet {
	uint64_t number;   /* 1-based, within its capture file */
	int64_t time_ns;   /* nanoseconds since 1970, UTC */
	uint32_t caplen;   /* octets in the capture */
	uint32_t len;	   /* octets on the wire */
	uint32_t link_type; /* enum link_type, or another LINKTYPE_ value */
	const uint8_t *octets;
};

/* Why something was not inspected: the rows of unseen.def.  UNSEEN_NONE: it was. */
enum unseen {
	UNSEEN_NONE,
#define UNSEEN(sym, name, words, lossy) UNSEEN_##sym,
#include "dissectors/unseen.def"
#undef UNSEEN
	UNSEEN_COUNT
};

/* Whether something of PPTP may have been lost with such packets. */
static inline bool unseen_lossy(enum unseen why)
{
	static const bool lossy[UNSEEN_COUNT] = {
#define UNSEEN(sym, name, words, lossy) [UNSEEN_##sym] = lossy,
#include "dissectors/unseen.def"
#undef UNSEEN
	};

	return lossy[why];
}

/* An IP address, network order; IPv4 as ::ffff:a.b.c.d, so that one comparison serves both. */
struct ip_addr {
	uint8_t octet[16];
};

static inline uint64_t ip_addr_half(const struct ip_addr *a, unsigned half)
{
	uint64_t v;

	memcpy(&v, a->octet + 8 * half, sizeof(v));
	return v;
}

static inline bool ip_addr_same(const struct ip_addr *a, const struct ip_addr *b)
{
	return ip_addr_half(a, 1) == ip_addr_half(b, 1) && ip_addr_half(a, 0) == ip_addr_half(b, 0);
}

/* As memcmp, which is a call each time; the halves in network order compare as the octets do. */
static inline int ip_addr_cmp(const struct ip_addr *a, const struct ip_addr *b)
{
	unsigned half = ip_addr_half(a, 0) == ip_addr_half(b, 0);
	uint64_t x = be64toh(ip_addr_half(a, half)), y = be64toh(ip_addr_half(b, half));

	return (x > y) - (x < y);
}

static inline bool ip_addr_is_v4(const struct ip_addr *a)
{
	static const uint8_t prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	return memcmp(a->octet, prefix, 12) == 0;
}

/* What the link layer carried. */
struct link_payload {
	uint32_t context;     /* 0, or a hash of the VLAN tags: equal addresses in two VLANs are two hosts */
	const uint8_t *octets; /* the IP packet */
	uint32_t caplen, len;  /* of the IP packet, captured and on the wire; may include link padding */
};

enum { IP_PROTO_ICMP = 1, IP_PROTO_TCP = 6, IP_PROTO_GRE = 47, IP_PROTO_ICMPV6 = 58 };

/* An IP packet or a fragment of one. */
struct datagram {
	uint32_t context;
	struct ip_addr src, dst;
	uint8_t version;	/* 4 or 6 */
	uint8_t protocol;	/* of the payload; for IPv6 after the extension headers */
	uint8_t ttl;		/* TTL or hop limit */
	bool dont_fragment;	/* IPv4 DF */
	bool fragment;		/* this is a fragment, not a whole packet */
	bool more_fragments;
	uint32_t fragment_id;	/* IPv4 16 bits, IPv6 32 bits */
	uint32_t fragment_offset; /* octets */
	const uint8_t *payload;
	uint32_t caplen;	/* octets of the payload in the capture */
	uint32_t len;		/* octets of the payload by the IP length, link padding excluded */
};

#endif
