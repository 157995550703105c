/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What PPP carries without code and identifier: IP and IPv6, compressed and encrypted datagrams (RFC 3078,
 * 1979), fragments of MP (RFC 1990), Van Jacobson's headers, link quality reports.
 */
#include "dissectors/cursor.h"
#include "dissectors/ip.h"
#include "dissectors/ppp_private.h"

#define END                                                                                                  \
	{                                                                                                    \
		.name = NULL                                                                                 \
	}

/* --- IP ------------------------------------------------------------------------------------ */

enum { TCP = IP_PROTO_TCP, UDP = 17, DCCP = 33, SCTP = 132, UDP_LITE = 136 };

static const struct value_name ip_protocols[] = {
	{ 0, "hop-by-hop options", NULL },
	{ IP_PROTO_ICMP, "ICMP", NULL },
	{ 2, "IGMP", NULL },
	{ 4, "IPv4", NULL },
	{ TCP, "TCP", NULL },
	{ UDP, "UDP", NULL },
	{ DCCP, "DCCP", NULL },
	{ 41, "IPv6", NULL },
	{ 43, "routing header", NULL },
	{ 44, "fragment header", NULL },
	{ IP_PROTO_GRE, "GRE", NULL },
	{ 50, "ESP", NULL },
	{ 51, "AH", NULL },
	{ IP_PROTO_ICMPV6, "ICMPv6", NULL },
	{ 59, "no next header", NULL },
	{ 60, "destination options", NULL },
	{ 89, "OSPF", NULL },
	{ 103, "PIM", NULL },
	{ 112, "VRRP", NULL },
	{ SCTP, "SCTP", NULL },
	{ UDP_LITE, "UDP-Lite", NULL },
	{ 0, NULL, NULL },
};
static const struct value_name fragment_flags[] = {
	{ 4, "reserved", NULL },
	{ 2, "don't fragment", NULL },
	{ 1, "more fragments", NULL },
	{ 0, NULL, NULL },
};
#define IP_ADDRESS(field, words, octets)                                                                     \
	{                                                                                                    \
		.name = (field), .label = (words), .kind = PPP_KIND_ADDRESS, .width = (octets),              \
		.privacy = PPP_HOST                                                                          \
	}
#define IP_PROTOCOL(field, words)                                                                            \
	{                                                                                                    \
		.name = (field), .label = (words), .kind = PPP_KIND_ENUM, .width = 1, .names = ip_protocols  \
	}
#define IPV4_BEGIN                                                                                           \
	{ .name = "version", .label = "IP Version", .width = 1, .mask = 0xf0 },                              \
		{ .name = "header_length", .label = "IHL (32-bit words)", .width = 1, .mask = 0x0f },        \
		{ .name = "tos", .label = "Type of Service", .kind = PPP_KIND_HEX, .width = 1 },             \
		{ .name = "total_length", .label = "Total Length", .width = 2 },                             \
		{ .name = "identification", .label = "Identification", .kind = PPP_KIND_HEX, .width = 2 },   \
		{ .name = "flags",                                                                           \
		  .label = "Flags",                                                                          \
		  .kind = PPP_KIND_FLAGS,                                                                    \
		  .width = 2,                                                                                \
		  .mask = 0xe000,                                                                            \
		  .names = fragment_flags },                                                                 \
		{ .name = "fragment_offset",                                                                 \
		  .label = "Fragment Offset (8 octets)",                                                     \
		  .width = 2,                                                                                \
		  .mask = 0x1fff },                                                                          \
	{                                                                                                    \
		.name = "ttl", .label = "Time to Live", .width = 1                                           \
	}
#define IPV4_END                                                                                             \
	{ .name = "header_checksum", .label = "Header Checksum", .kind = PPP_KIND_HEX, .width = 2 },         \
		IP_ADDRESS("src", "Source Address", 4), IP_ADDRESS("dst", "Destination Address", 4)
static const struct ppp_row ipv4_rows[] = {
	IPV4_BEGIN,
	IP_PROTOCOL("ip_protocol", "IP Protocol"),
	IPV4_END,
	END,
};
/* RFC 1144: the number of the connection stands where the protocol was. */
static const struct ppp_row vj_uncompressed_rows[] = {
	IPV4_BEGIN,
	{ .name = "connection_number", .label = "Connection Number", .brief = "connection", .width = 1 },
	IPV4_END,
	END,
};
static const struct ppp_row ipv6_rows[] = {
	{ .name = "version", .label = "IP Version", .width = 4, .mask = 0xf0000000 },
	{ .name = "traffic_class",
	  .label = "Traffic Class",
	  .kind = PPP_KIND_HEX,
	  .width = 4,
	  .mask = 0x0ff00000 },
	{ .name = "flow_label", .label = "Flow Label", .kind = PPP_KIND_HEX, .width = 4, .mask = 0x000fffff },
	{ .name = "payload_length", .label = "Payload Length", .width = 2 },
	IP_PROTOCOL("ip_protocol", "Next Header"),
	{ .name = "hop_limit", .label = "Hop Limit", .width = 1 },
	IP_ADDRESS("src", "Source Address", 16),
	IP_ADDRESS("dst", "Destination Address", 16),
	END,
};
static const struct ppp_row port_rows[] = {
	{ .name = "src_port", .label = "Source Port", .width = 2 },
	{ .name = "dst_port", .label = "Destination Port", .width = 2 },
	END,
};
static const struct ppp_row icmp_rows[] = {
	{ .name = "icmp_type", .label = "ICMP Type", .width = 1 },
	{ .name = "icmp_code", .label = "ICMP Code", .width = 1 },
	END,
};

static bool is_icmp(const struct datagram *d)
{
	return d->protocol == (d->version == 4 ? IP_PROTO_ICMP : IP_PROTO_ICMPV6);
}

/* The fields that follow the IP header, or NULL: of other protocols, and of the rest of fragments. */
static const struct ppp_row *upper_rows(const struct datagram *d)
{
	if (d->fragment_offset)
		return NULL;
	switch (d->protocol) {
	case TCP:
	case UDP:
	case DCCP:
	case SCTP:
	case UDP_LITE:
		return port_rows;
	default:
		return is_icmp(d) ? icmp_rows : NULL;
	}
}

/* The datagram of a frame, if that is what its protocol says. */
static enum unseen datagram_of(const struct ppp_frame *f, struct datagram *out)
{
	const struct link_payload in = { .octets = f->payload, .caplen = f->caplen, .len = f->len };
	enum unseen why;

	memset(out, 0, sizeof(*out));
	why = ip_decode(&in, out);
	if (why == UNSEEN_NONE && out->version != (f->protocol == PPP_IPV6 ? 6 : 4))
		return UNSEEN_IP_DAMAGED;
	return why;
}

static bool read_ip(const struct ppp_frame *f, struct ppp_reader *r, struct ppp_control *out)
{
	const struct ppp_row *rows = f->protocol == PPP_IPV6 ? ipv6_rows : ipv4_rows;
	struct datagram d;
	enum unseen why = datagram_of(f, &d);

	if (f->protocol == PPP_VJ_UNCOMPRESSED) {
		rows = vj_uncompressed_rows;
		d.protocol = TCP; /* there is no other */
	}
	ppp_read_rows(r, rows);
	if (why != UNSEEN_NONE) {
		if (why == UNSEEN_CUT)
			out->cut = true;
		else
			out->defects |= PPP_BAD_INNER;
		return true;
	}
	rows = upper_rows(&d);
	if (!rows)
		return true;
	/* Behind options and extension headers. */
	r->at = (uint32_t)(d.payload - f->payload);
	r->end = r->at + d.len;
	ppp_read_rows(r, rows);
	return true;
}

bool ppp_ip_decode(const struct ppp_frame *f, struct ppp_ip *out)
{
	const struct ppp_row *rows;
	struct cursor c;

	memset(out, 0, sizeof(*out));
	if (f->bad || f->cut || (f->protocol != PPP_IP && f->protocol != PPP_IPV6) ||
	    datagram_of(f, &out->d) != UNSEEN_NONE)
		return false;
	rows = upper_rows(&out->d);
	if (!rows)
		return true;
	c = cursor_on(out->d.payload, out->d.caplen);
	out->src_port = rows == port_rows ? cursor_u16(&c) : cursor_u8(&c);
	out->dst_port = rows == port_rows ? cursor_u16(&c) : cursor_u8(&c);
	out->has_ports = !c.missing;
	return true;
}

/* --- compression and encryption ------------------------------------------------------------ */

static const struct value_name mppe_flags[] = {
	{ 8, "flushed", "A" },   { 4, "to the front", "B" }, { 2, "compressed", "C" },
	{ 1, "encrypted", "D" }, { 0, NULL, NULL },
};
static const struct ppp_row mppe_rows[] = {
	{ .name = "flags",
	  .label = "Flags A, B, C, D",
	  .brief = "MPPE",
	  .kind = PPP_KIND_FLAGS,
	  .width = 2,
	  .mask = 0xf000,
	  .names = mppe_flags },
	{ .name = "coherency_count",
	  .label = "Coherency Count",
	  .brief = "count",
	  .width = 2,
	  .mask = 0x0fff },
	END,
};
static const struct ppp_row sequence_rows[] = {
	{ .name = "sequence_number", .label = "Sequence Number", .brief = "number", .width = 2 },
	END,
};

static bool is_compressed(const struct ppp_frame *f)
{
	return !f->bad && !f->cut && (f->protocol == PPP_COMP || f->protocol == PPP_COMP_LINK);
}

/* BSD Compress and Deflate number their packets; what is encrypted is MPPE's. */
static bool read_compressed(const struct ppp_frame *f, const struct ppp_context *context,
			    struct ppp_reader *r, struct ppp_control *out)
{
	struct ppp_mppe m;

	switch (context->compression) {
	case CCP_OPT_MPPE:
		ppp_read_rows(r, mppe_rows);
		return true;
	case CCP_OPT_BSD:
	case CCP_OPT_DEFLATE:
	case CCP_OPT_DEFLATE_DRAFT:
		ppp_read_rows(r, sequence_rows);
		return true;
	case 0:
		if (!ppp_mppe_decode(f, &m) || !m.encrypted)
			return false;
		out->guessed = true;
		ppp_read_rows(r, mppe_rows);
		return true;
	default:
		return false;
	}
}

bool ppp_mppe_decode(const struct ppp_frame *f, struct ppp_mppe *out)
{
	struct cursor c = cursor_on(f->payload, f->caplen);
	uint16_t header = cursor_u16(&c);

	memset(out, 0, sizeof(*out));
	if (!is_compressed(f) || c.missing)
		return false;
	out->flushed = header & 0x8000;
	out->compressed_front = header & 0x4000;
	out->compressed = header & 0x2000;
	out->encrypted = header & 0x1000;
	out->coherency = header & 0x0fff;
	out->payload = c.at;
	out->caplen = (uint32_t)cursor_left(&c);
	out->len = f->len - 2;
	return true;
}

/* --- multilink, VJ, link quality ----------------------------------------------------------- */

static const struct value_name mp_flags[] = {
	{ 2, "beginning", NULL },
	{ 1, "ending", NULL },
	{ 0, NULL, NULL },
};
static const struct ppp_row mp_rows[] = {
	{ .name = "flags",
	  .label = "Flags",
	  .brief = "",
	  .kind = PPP_KIND_FLAGS,
	  .width = 4,
	  .mask = 0xc0000000,
	  .names = mp_flags },
	{ .name = "reserved",
	  .label = "Class, Reserved",
	  .kind = PPP_KIND_HEX,
	  .width = 4,
	  .mask = 0x3f000000 },
	{ .name = "sequence_number",
	  .label = "Sequence Number",
	  .brief = "number",
	  .width = 4,
	  .mask = 0x00ffffff },
	END,
};
static const struct ppp_row mp_short_rows[] = {
	{ .name = "flags",
	  .label = "Flags",
	  .brief = "",
	  .kind = PPP_KIND_FLAGS,
	  .width = 2,
	  .mask = 0xc000,
	  .names = mp_flags },
	{ .name = "reserved", .label = "Class, Reserved", .kind = PPP_KIND_HEX, .width = 2, .mask = 0x3000 },
	{ .name = "sequence_number",
	  .label = "Sequence Number",
	  .brief = "number",
	  .width = 2,
	  .mask = 0x0fff },
	END,
};

enum { VJ_CONNECTION = 0x40 };
static const struct value_name vj_changes[] = {
	{ VJ_CONNECTION, "connection", NULL },
	{ 0x20, "IP id", NULL },
	{ 0x10, "push", NULL },
	{ 0x08, "sequence", NULL },
	{ 0x04, "acknowledgment", NULL },
	{ 0x02, "window", NULL },
	{ 0x01, "urgent", NULL },
	{ 0, NULL, NULL },
};
#define VJ_MASK                                                                                              \
	{                                                                                                    \
		.name = "change_mask", .label = "Changes", .kind = PPP_KIND_FLAGS, .width = 1,               \
		.names = vj_changes                                                                          \
	}
#define VJ_CHECKSUM                                                                                          \
	{                                                                                                    \
		.name = "tcp_checksum", .label = "TCP Checksum", .kind = PPP_KIND_HEX, .width = 2            \
	}
static const struct ppp_row vj_rows[] = { VJ_MASK, VJ_CHECKSUM, END };
static const struct ppp_row vj_connection_rows[] = {
	VJ_MASK,
	{ .name = "connection_number", .label = "Connection Number", .brief = "connection", .width = 1 },
	VJ_CHECKSUM,
	END,
};

#define COUNTER(field, words)                                                                                \
	{                                                                                                    \
		.name = (field), .label = (words), .width = 4                                                \
	}
static const struct ppp_row lqr_rows[] = {
	{ .name = "magic_number",
	  .label = "Magic-Number",
	  .brief = "magic",
	  .kind = PPP_KIND_HEX,
	  .width = 4 },
	COUNTER("last_out_lqrs", "LastOutLQRs"),
	COUNTER("last_out_packets", "LastOutPackets"),
	COUNTER("last_out_octets", "LastOutOctets"),
	COUNTER("peer_in_lqrs", "PeerInLQRs"),
	COUNTER("peer_in_packets", "PeerInPackets"),
	COUNTER("peer_in_discards", "PeerInDiscards"),
	COUNTER("peer_in_errors", "PeerInErrors"),
	COUNTER("peer_in_octets", "PeerInOctets"),
	COUNTER("peer_out_lqrs", "PeerOutLQRs"),
	COUNTER("peer_out_packets", "PeerOutPackets"),
	COUNTER("peer_out_octets", "PeerOutOctets"),
	END,
};

static void read_vj(const struct ppp_frame *f, struct ppp_reader *r)
{
	struct cursor c = cursor_on(f->payload, f->caplen);

	ppp_read_rows(r, cursor_u8(&c) & VJ_CONNECTION ? vj_connection_rows : vj_rows);
}

bool ppp_data_read(const struct ppp_frame *f, const struct ppp_context *context, struct ppp_reader *r,
		   struct ppp_control *out)
{
	switch (f->protocol) {
	case PPP_IP:
	case PPP_IPV6:
	case PPP_VJ_UNCOMPRESSED:
		return read_ip(f, r, out);
	case PPP_COMP:
	case PPP_COMP_LINK:
		return read_compressed(f, context, r, out);
	case PPP_MP:
		ppp_read_rows(r, context->short_sequence ? mp_short_rows : mp_rows);
		out->guessed = !context->short_sequence;
		return true;
	case PPP_VJ_COMPRESSED:
		read_vj(f, r);
		return true;
	case PPP_LQR:
		ppp_read_rows(r, lqr_rows);
		return true;
	default:
		return false;
	}
}
