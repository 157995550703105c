/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames built from parts: see writer.h. */
#include "dissectors/cursor.h"
#include "dissectors/ip.h"
#include "dissectors/tcp.h"
#include "traces/writer.h"

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_IPV6 = 0x86dd,
	VLAN_ID_MASK = 0x0fff,
	MOST_VLANS = 4,
	IPV4_HEADER = 20,
	IPV4_DONT_FRAGMENT = 0x4000,
	IPV4_MORE_FRAGMENTS = 0x2000,
	IPV6_FRAGMENT = 44, /* the extension header's number */
	IPV6_FRAGMENT_HEADER = 8,
	IP_MOST = 65535,
	DEFAULT_TTL = 64,
	TCP_HEADER = 20,
	TCP_WINDOW = 65535,
};

/* Addresses of interfaces that nobody made: locally administered, and the IP address's last octets. */
static void put_mac(struct wcursor *w, const struct ip_addr *a)
{
	wcursor_uint(w, 0x0200, 2);
	wcursor_octets(w, a->octet + 12, 4);
}

static void put_ethernet(struct wcursor *w, const struct frame_spec *f, uint16_t ethertype)
{
	put_mac(w, &f->dst);
	put_mac(w, &f->src);
	for (size_t i = 0; i < MOST_VLANS && f->vlan[i]; i++) {
		wcursor_uint(w, ETHERTYPE_VLAN, 2);
		wcursor_uint(w, f->vlan[i] & VLAN_ID_MASK, 2);
	}
	wcursor_uint(w, ethertype, 2);
}

static uint8_t ttl_of(const struct frame_spec *f)
{
	return f->ttl ? f->ttl : DEFAULT_TTL;
}

static void put_ipv4(struct wcursor *w, const struct frame_spec *f, size_t len)
{
	uint8_t header[IPV4_HEADER];
	struct wcursor h = wcursor_on(header, sizeof(header));
	uint32_t flags =
		(f->dont_fragment ? IPV4_DONT_FRAGMENT : 0) | (f->more_fragments ? IPV4_MORE_FRAGMENTS : 0);

	wcursor_uint(&h, 0x4500, 2); /* version, header length, and no type of service */
	wcursor_uint(&h, (uint32_t)(IPV4_HEADER + len), 2);
	wcursor_uint(&h, f->ip_id, 2);
	wcursor_uint(&h, flags | f->fragment_offset / 8U, 2);
	wcursor_uint(&h, ttl_of(f), 1);
	wcursor_uint(&h, f->protocol, 1);
	wcursor_uint(&h, 0, 2);
	wcursor_octets(&h, f->src.octet + 12, 4);
	wcursor_octets(&h, f->dst.octet + 12, 4);
	h = wcursor_on(header + 10, 2);
	wcursor_uint(&h, (uint16_t)~ip_checksum_fold(ip_checksum_add(0, header, sizeof(header))), 2);
	wcursor_octets(w, header, sizeof(header));
}

static void put_ipv6(struct wcursor *w, const struct frame_spec *f, size_t len, bool fragment)
{
	wcursor_uint(w, 0x60000000, 4); /* version, no traffic class, no flow label */
	wcursor_uint(w, (uint32_t)(len + (fragment ? IPV6_FRAGMENT_HEADER : 0)), 2);
	wcursor_uint(w, fragment ? IPV6_FRAGMENT : f->protocol, 1);
	wcursor_uint(w, ttl_of(f), 1);
	wcursor_octets(w, f->src.octet, 16);
	wcursor_octets(w, f->dst.octet, 16);
	if (!fragment)
		return;
	wcursor_uint(w, f->protocol, 1);
	wcursor_uint(w, 0, 1);
	wcursor_uint(w, (f->fragment_offset & ~7U) | (f->more_fragments ? 1 : 0), 2);
	wcursor_uint(w, f->ip_id, 4);
}

/* All that stands before len octets of IP payload. */
static void put_headers(struct wcursor *w, const struct frame_spec *f, size_t len)
{
	bool v4 = ip_addr_is_v4(&f->src) && ip_addr_is_v4(&f->dst);
	bool fragment = f->fragment_offset || f->more_fragments;

	if (len > IP_MOST - (v4 ? IPV4_HEADER : fragment ? IPV6_FRAGMENT_HEADER : 0)) {
		w->overrun = 1;
		return;
	}
	put_ethernet(w, f, v4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6);
	if (v4)
		put_ipv4(w, f, len);
	else
		put_ipv6(w, f, len, fragment);
}

static size_t octets_in(const struct wcursor *w, const uint8_t *out)
{
	return w->overrun ? 0 : (size_t)(w->at - out);
}

size_t frame_build(const struct frame_spec *f, const uint8_t *payload, size_t len, uint8_t *out, size_t room)
{
	struct wcursor w = wcursor_on(out, room);

	put_headers(&w, f, len);
	wcursor_octets(&w, payload, len);
	return octets_in(&w, out);
}

/* Over the pseudo-header, the segment's header and its payload. */
static uint16_t tcp_checksum(const struct frame_spec *f, const uint8_t *header, const uint8_t *payload,
			     size_t len)
{
	struct datagram d = { .src = f->src, .dst = f->dst, .protocol = IP_PROTO_TCP };
	uint32_t sum;

	d.version = ip_addr_is_v4(&f->src) && ip_addr_is_v4(&f->dst) ? 4 : 6;
	sum = ip_pseudo_sum(&d, IP_PROTO_TCP, (uint32_t)(TCP_HEADER + len));
	sum = ip_checksum_add(sum, header, TCP_HEADER);
	return (uint16_t)~ip_checksum_fold(ip_checksum_add(sum, payload, len));
}

size_t frame_tcp(const struct frame_spec *f, uint16_t src_port, uint16_t dst_port, uint32_t seq, uint32_t ack,
		 uint8_t flags, const uint8_t *payload, size_t len, uint8_t *out, size_t room)
{
	uint8_t header[TCP_HEADER];
	struct wcursor h = wcursor_on(header, sizeof(header)), w = wcursor_on(out, room);
	struct frame_spec tcp = *f;

	if (len > IP_MOST)
		return 0;
	tcp.protocol = IP_PROTO_TCP;
	wcursor_uint(&h, src_port, 2);
	wcursor_uint(&h, dst_port, 2);
	wcursor_uint(&h, seq, 4);
	wcursor_uint(&h, ack, 4);
	wcursor_uint(&h, TCP_HEADER / 4 << 4, 1);
	wcursor_uint(&h, flags, 1);
	wcursor_uint(&h, TCP_WINDOW, 2);
	wcursor_uint(&h, 0, 4); /* checksum, and no urgent octets */
	h = wcursor_on(header + 16, 2);
	wcursor_uint(&h, tcp_checksum(f, header, payload, len), 2);
	put_headers(&w, &tcp, TCP_HEADER + len);
	wcursor_octets(&w, header, sizeof(header));
	wcursor_octets(&w, payload, len);
	return octets_in(&w, out);
}
