/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissectors/ppp.h"

#include "dissectors/cursor.h"

/* Address and Control, where they are. */
static bool take_address_control(struct cursor *c)
{
	struct cursor ahead = *c;

	if (cursor_u16(&ahead) != 0xff03)
		return false;
	*c = ahead;
	return true;
}

/* One octet when it is odd (RFC 1661 section 6.5), else two; c->missing where they are not there. */
static uint16_t take_protocol(struct cursor *c, bool *compressed)
{
	uint8_t first = cursor_u8(c);

	*compressed = first & 1;
	if (first & 1)
		return first;
	return (uint16_t)(first << 8 | cursor_u8(c));
}

/* Code, identifier and length, which the payload keeps. */
static void read_code(struct ppp_frame *out)
{
	struct cursor c = cursor_on(out->payload, out->caplen);
	const uint8_t *h = cursor_take(&c, 4);

	if (!h)
		return;
	out->has_code = true;
	out->code = h[0];
	out->identifier = h[1];
	out->length = (uint16_t)(h[2] << 8 | h[3]);
}

void ppp_decode(const uint8_t *octets, uint32_t caplen, uint32_t len, struct ppp_frame *out)
{
	struct cursor c = cursor_on(octets, caplen < len ? caplen : len);
	bool cut = caplen < len;

	memset(out, 0, sizeof(*out));
	out->address_control = take_address_control(&c);
	out->protocol = take_protocol(&c, &out->compressed_protocol);
	/* 0xff alone may be the address, or the one value that no protocol has because of it */
	if (c.missing || (out->protocol == 0xff && cut && !cursor_left(&c))) {
		out->protocol = 0;
		out->compressed_protocol = false;
		out->cut = cut;
		out->bad = !cut;
		out->payload = c.end;
		return;
	}
	out->bad = !(out->protocol & 1) || out->protocol == 0xff;
	out->payload = c.at;
	out->caplen = (uint32_t)cursor_left(&c);
	out->len = cut ? len - (caplen - out->caplen) : out->caplen;
	if (!out->bad && ppp_has_code(out->protocol))
		read_code(out);
}
