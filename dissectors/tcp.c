/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissectors/tcp.h"

#include "dissectors/cursor.h"
#include "dissectors/ip.h"

enum { TCP_HEADER = 20, TCP_CHECKSUM = 16 }; /* octets, offset */

bool tcp_ports(const struct datagram *d, uint16_t *src, uint16_t *dst)
{
	struct cursor c = cursor_on(d->payload, d->caplen);

	if (d->fragment_offset)
		return false;
	*src = cursor_u16(&c);
	*dst = cursor_u16(&c);
	return !c.missing;
}

static bool same_or_complement(uint16_t a, uint16_t b)
{
	return (a ^ b) == 0 || (a ^ b) == 0xffff;
}

/*
 * Of a segment that its network card will finish, the field holds nothing or the sum of the
 * pseudo-header, with the length (checksum offload) or without (segmentation offload), one's
 * complement or not.
 */
static NOT_IN_THE_WAY enum tcp_checksum left_to_card(const struct datagram *d)
{
	struct cursor c = cursor_on(d->payload, d->caplen);
	uint16_t with_len = ip_checksum_fold(ip_pseudo_sum(d, IP_PROTO_TCP, d->len));
	uint16_t without = ip_checksum_fold(ip_pseudo_sum(d, IP_PROTO_TCP, 0));
	uint16_t field;

	cursor_take(&c, TCP_CHECKSUM);
	field = cursor_u16(&c);
	return field == 0 || same_or_complement(field, with_len) || same_or_complement(field, without) ?
		       TCP_SUM_OFFLOAD :
		       TCP_SUM_BAD;
}

enum tcp_checksum tcp_verify(const struct datagram *d)
{
	if (d->caplen < TCP_CHECKSUM + 2 || d->caplen < d->len)
		return TCP_SUM_UNKNOWN;
	return ip_payload_sum(d) == 0xffff ? TCP_SUM_GOOD : left_to_card(d);
}

enum unseen tcp_header(const struct datagram *d, struct tcp_segment *out)
{
	struct cursor c = cursor_on(d->payload, d->caplen);
	const uint8_t *h = cursor_take(&c, TCP_HEADER);
	uint32_t header;

	if (d->len < TCP_HEADER)
		return UNSEEN_TCP_DAMAGED;
	if (!h)
		return UNSEEN_CUT;
	header = (h[12] >> 4) * 4U;
	if (header < TCP_HEADER || header > d->len)
		return UNSEEN_TCP_DAMAGED;
	if (!cursor_take(&c, header - TCP_HEADER))
		return UNSEEN_CUT;
	out->src_port = (uint16_t)be_uint(h, 2);
	out->dst_port = (uint16_t)be_uint(h + 2, 2);
	out->seq = be_uint(h + 4, 4);
	out->ack = be_uint(h + 8, 4);
	out->flags = h[13] & 0x3f;
	out->window = (uint16_t)be_uint(h + 14, 2);
	out->payload = c.at;
	out->caplen = (uint32_t)cursor_left(&c);
	out->len = d->len - header;
	out->checksum = TCP_SUM_UNKNOWN;
	return UNSEEN_NONE;
}

enum unseen tcp_decode(const struct datagram *d, struct tcp_segment *out)
{
	enum unseen why = tcp_header(d, out);

	if (why == UNSEEN_NONE)
		out->checksum = tcp_verify(d);
	return why;
}
