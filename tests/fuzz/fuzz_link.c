/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any octets as a frame, all the way down: link, IP, TCP or GRE.  The first octet chooses the link
 * type, the second the length on the wire.
 */
#include <stdlib.h>

#include "dissectors/gre.h"
#include "dissectors/ip.h"
#include "dissectors/link.h"
#include "dissectors/tcp.h"

static void demand(bool condition)
{
	if (!condition)
		abort();
}

/* A part of the input, or nothing. */
static void demand_inside(const uint8_t *data, size_t size, const uint8_t *part, uint32_t caplen)
{
	demand(part >= data && part <= data + size && caplen <= (size_t)(data + size - part));
}

static void check_transport(const uint8_t *data, size_t size, const struct datagram *d)
{
	struct tcp_segment s;
	struct gre_pkt g;
	uint16_t src, dst;

	if (tcp_ports(d, &src, &dst) && tcp_decode(d, &s) == UNSEEN_NONE) {
		demand_inside(data, size, s.payload, s.caplen);
		demand(s.caplen <= s.len && s.src_port == src && s.dst_port == dst);
		demand((s.checksum == TCP_SUM_UNKNOWN) == (d->caplen < d->len));
	}
	if (gre_decode(d->payload, d->caplen, d->len, d->fragment, &g) != GRE_OTHER_VERSION) {
		demand_inside(data, size, g.payload, g.caplen);
		demand(!d->fragment || !(g.defects & (GRE_BAD_LENGTH | GRE_BAD_PAD | GRE_BAD_SHORT)));
	}
}

static void check_address(const struct ip_addr *a)
{
	char text[IP_ADDR_TEXT];
	struct ip_addr back;

	demand(ip_addr_parse(ip_addr_text(a, text), &back) && !ip_addr_cmp(a, &back));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t types[] = {
		LINK_ETHERNET, LINK_NULL, LINK_PPP, LINK_PPP_HDLC, LINK_PPPOE, LINK_RAW, LINK_80211,
		LINK_LOOP, LINK_LINUX_SLL, LINK_80211_RADIOTAP, LINK_IPV4, LINK_IPV6, LINK_LINUX_SLL2, 12345,
	};
	struct packet p = { .number = 1 };
	struct link_payload ip;
	struct datagram d;

	if (size < 2)
		return 0;
	p.link_type = types[data[0] % (sizeof(types) / sizeof(types[0]))];
	p.octets = data + 2;
	p.caplen = (uint32_t)size - 2;
	p.len = data[1] & 0x80 ? data[1] & 0x7f : p.caplen + data[1];
	link_type_name(p.link_type);
	if (link_decode(&p, &ip) != UNSEEN_NONE)
		return 0;
	demand_inside(data, size, ip.octets, ip.caplen);
	demand(ip.caplen <= ip.len);
	if (ip_decode(&ip, &d) != UNSEEN_NONE)
		return 0;
	demand_inside(data, size, d.payload, d.caplen);
	demand(d.caplen <= d.len && d.len <= ip.len && d.context == ip.context);
	demand(d.fragment || (!d.more_fragments && !d.fragment_offset));
	check_address(&d.src);
	check_address(&d.dst);
	check_transport(data, size, &d);
	return 0;
}
