/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissectors/ip.h"

#include <arpa/inet.h>
#include <endian.h>

#include "dissectors/cursor.h"

enum { IPV4_HEADER = 20, IPV6_HEADER = 40 };

/* IPv6 extension headers that are passed over. */
enum { IPV6_HOP_BY_HOP = 0, IPV6_ROUTING = 43, IPV6_FRAGMENT = 44, IPV6_AUTH = 51, IPV6_DEST_OPTS = 60 };

/* A header of `need` octets is not whole: was that the capture or the sender? */
static enum unseen ip_short(const struct link_payload *in, uint32_t need)
{
	return need > in->len ? UNSEEN_IP_DAMAGED : UNSEEN_CUT;
}

/*
 * An IPv4 address and whatever four octets come before it: one load, of which the front half is replaced.  In
 * two stores of the size in which addresses are compared: the processor forwards those.
 */
static inline void ip_addr_from_v4(struct ip_addr *a, const uint8_t octets[8])
{
	uint64_t high = 0, low;

	memcpy(&low, octets, sizeof(low));
	low = (low & htobe64(UINT32_MAX)) | htobe64(UINT64_C(0xffff00000000));
	memcpy(a->octet, &high, 8);
	memcpy(a->octet + 8, &low, 8);
}

/* field: flags and offset */
static inline void ipv4_fragment(uint32_t field, struct datagram *out)
{
	enum { DONT_FRAGMENT = 0x4000, MORE_FRAGMENTS = 0x2000, OFFSET = 0x1fff };

	out->dont_fragment = field & DONT_FRAGMENT;
	out->fragment = out->more_fragments = false;
	out->fragment_offset = 0;
	if (field & (MORE_FRAGMENTS | OFFSET)) {
		out->fragment = true;
		out->more_fragments = field & MORE_FRAGMENTS;
		out->fragment_offset = (field & OFFSET) * 8;
	}
}

static enum unseen ipv4_decode(const struct link_payload *in, struct datagram *out)
{
	struct cursor c = cursor_on(in->octets, in->caplen);
	const uint8_t *h = cursor_take(&c, IPV4_HEADER);
	uint32_t header, total;

	if (!h)
		return ip_short(in, IPV4_HEADER);
	header = (h[0] & 0x0fU) * 4;
	total = be_uint(h + 2, 2);
	if (!total)
		total = in->len;
	if (header < IPV4_HEADER || total < header || total > in->len)
		return UNSEEN_IP_DAMAGED;
	if (!cursor_take(&c, header - IPV4_HEADER))
		return UNSEEN_CUT;
	out->context = in->context;
	ip_addr_from_v4(&out->src, h + 12 - 4);
	ip_addr_from_v4(&out->dst, h + 16 - 4);
	out->version = 4;
	out->protocol = h[9];
	out->ttl = h[8];
	out->fragment_id = be_uint(h + 4, 2);
	ipv4_fragment(be_uint(h + 6, 2), out);
	out->payload = c.at;
	out->len = total - header;
	out->caplen = cursor_left(&c) < out->len ? (uint32_t)cursor_left(&c) : out->len;
	return UNSEEN_NONE;
}

/* A fragment header that says "whole packet" (RFC 6946) does not make one a fragment. */
static void ipv6_fragment(const uint8_t *h, struct datagram *out)
{
	uint32_t offset = (uint32_t)h[2] << 8 | h[3];

	out->fragment = (offset & 0xfff8) || (offset & 1);
	out->more_fragments = offset & 1;
	out->fragment_offset = offset & 0xfff8;
	out->fragment_id = (uint32_t)h[4] << 24 | (uint32_t)h[5] << 16 | (uint32_t)h[6] << 8 | h[7];
}

/* Size of the extension header that begins with these two octets, or 0 for an upper layer. */
static uint32_t extension_size(uint8_t protocol, uint8_t length)
{
	switch (protocol) {
	case IPV6_HOP_BY_HOP:
	case IPV6_ROUTING:
	case IPV6_DEST_OPTS:
		return (length + 1U) * 8;
	case IPV6_AUTH:
		return (length + 2U) * 4;
	case IPV6_FRAGMENT:
		return 8;
	default:
		return 0;
	}
}

/*
 * Consumes extension headers up to the upper layer or a fragment's part of the packet, which
 * begins behind the fragment header whatever it is.  Each takes octets, so the walk ends.
 */
static bool ipv6_extensions(struct cursor *c, struct datagram *out)
{
	while (!out->fragment && extension_size(out->protocol, 0)) {
		struct cursor ahead = *c;
		uint8_t next = cursor_u8(&ahead);
		uint8_t length = cursor_u8(&ahead);
		const uint8_t *h = cursor_take(c, extension_size(out->protocol, length));

		if (!h)
			return false;
		if (out->protocol == IPV6_FRAGMENT)
			ipv6_fragment(h, out);
		out->protocol = next;
	}
	return true;
}

static NOT_IN_THE_WAY enum unseen ipv6_decode(const struct link_payload *in, struct datagram *out)
{
	struct cursor c = cursor_on(in->octets, in->caplen);
	const uint8_t *h = cursor_take(&c, IPV6_HEADER);
	uint32_t len, here;

	if (!h)
		return ip_short(in, IPV6_HEADER);
	len = (uint32_t)h[4] << 8 | h[5];
	if (len > in->len - IPV6_HEADER)
		return UNSEEN_IP_DAMAGED;
	here = cursor_left(&c) < len ? (uint32_t)cursor_left(&c) : len;
	memset(out, 0, sizeof(*out));
	out->context = in->context;
	memcpy(out->src.octet, h + 8, 16);
	memcpy(out->dst.octet, h + 24, 16);
	out->version = 6;
	out->protocol = h[6];
	out->ttl = h[7];
	c = cursor_on(c.at, here);
	if (!ipv6_extensions(&c, out))
		return c.missing <= len - here ? UNSEEN_CUT : UNSEEN_IP_DAMAGED;
	out->payload = c.at;
	out->caplen = (uint32_t)cursor_left(&c);
	out->len = len - (here - out->caplen);
	return UNSEEN_NONE;
}

enum unseen ip_decode(const struct link_payload *in, struct datagram *out)
{
	struct cursor c = cursor_on(in->octets, in->caplen);
	const uint8_t *first = cursor_take(&c, 1);

	if (!first)
		return ip_short(in, 1);
	switch (first[0] >> 4) {
	case 4:
		return ipv4_decode(in, out);
	case 6:
		return ipv6_decode(in, out);
	default:
		return UNSEEN_IP_DAMAGED;
	}
}

const char *ip_addr_text(const struct ip_addr *a, char buf[IP_ADDR_TEXT])
{
	if (ip_addr_is_v4(a))
		inet_ntop(AF_INET, a->octet + 12, buf, IP_ADDR_TEXT);
	else
		inet_ntop(AF_INET6, a->octet, buf, IP_ADDR_TEXT);
	return buf;
}

bool ip_addr_parse(const char *text, struct ip_addr *out)
{
	uint8_t v4[8] = { 0 };

	if (inet_pton(AF_INET, text, v4 + 4) == 1) {
		ip_addr_from_v4(out, v4);
		return true;
	}
	return inet_pton(AF_INET6, text, out->octet) == 1;
}

/* --- checksums ------------------------------------------------------------------------------ */

/*
 * Sums of words as the machine reads them: a one's complement sum comes out the same whatever the size of
 * the words and in either byte order (RFC 1071), but for the order of its own two octets.
 */
static inline uint64_t sum_add(uint64_t sum, uint64_t word)
{
	sum += word;
	return sum + (sum < word); /* the carry */
}

static inline uint64_t word64(const uint8_t *octets)
{
	uint64_t word;

	memcpy(&word, octets, sizeof(word));
	return word;
}

/* What is left of less than a 64-bit word. */
static inline uint64_t sum_tail(struct cursor *c)
{
	size_t left = cursor_left(c);
	uint64_t sum = 0;

	if (left & 4)
		sum += htobe32(cursor_u32(c));
	if (left & 2)
		sum += htobe16(cursor_u16(c));
	if (left & 1)
		sum += htobe16((uint16_t)(cursor_u8(c) << 8));
	return sum;
}

static inline uint64_t sum_octets(uint64_t sum, const uint8_t *octets, size_t len)
{
	enum { WORD = 8, BLOCK = 4 * WORD };
	struct cursor c = cursor_on(octets, len);

	while (cursor_left(&c) >= BLOCK) {
		const uint8_t *at = cursor_take(&c, BLOCK);

		sum = sum_add(sum, word64(at));
		sum = sum_add(sum, word64(at + WORD));
		sum = sum_add(sum, word64(at + 2 * WORD));
		sum = sum_add(sum, word64(at + 3 * WORD));
	}
	while (cursor_left(&c) >= WORD)
		sum = sum_add(sum, word64(cursor_take(&c, WORD)));
	return sum_add(sum, sum_tail(&c));
}

/*
 * The pseudo-header of RFC 8200 section 8.1, which comes to the same for IPv4: the ffff in front of a
 * mapped address adds nothing to a one's complement sum.
 */
static inline uint64_t sum_pseudo(const struct datagram *d, uint8_t protocol, uint32_t len)
{
	uint64_t sum = (uint64_t)htobe32(len) + htobe32(protocol);

	sum = sum_add(sum, ip_addr_half(&d->src, 0));
	sum = sum_add(sum, ip_addr_half(&d->src, 1));
	sum = sum_add(sum, ip_addr_half(&d->dst, 0));
	return sum_add(sum, ip_addr_half(&d->dst, 1));
}

static inline uint16_t fold64(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* In 16 bits, and in the order of the wire. */
static inline uint16_t sum_fold(uint64_t sum)
{
	return be16toh(fold64(sum));
}

uint32_t ip_checksum_add(uint32_t sum, const uint8_t *octets, size_t len)
{
	uint64_t total = (uint64_t)sum + sum_fold(sum_octets(0, octets, len));

	return (uint32_t)((total & 0xffffffff) + (total >> 32));
}

uint16_t ip_checksum_fold(uint32_t sum)
{
	return fold64(sum);
}

uint32_t ip_pseudo_sum(const struct datagram *d, uint8_t protocol, uint32_t len)
{
	return sum_fold(sum_pseudo(d, protocol, len));
}

uint16_t ip_payload_sum(const struct datagram *d)
{
	return sum_fold(sum_octets(sum_pseudo(d, d->protocol, d->len), d->payload, d->len));
}
