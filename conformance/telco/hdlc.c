/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Framing on asynchronous lines: see hdlc.h. */
#include "conformance/telco/hdlc.h"

#include "dissectors/cursor.h"

enum { FCS_START = 0xffff, FCS_GOOD = 0xf0b8, FCS_POLYNOMIAL = 0x8408, FCS_OCTETS = 2, SHORTEST = 4 };

uint16_t hdlc_fcs(uint16_t fcs, const uint8_t *octets, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		fcs ^= octets[i];
		for (unsigned bit = 0; bit < 8; bit++)
			fcs = (uint16_t)(fcs >> 1 ^ (fcs & 1 ? FCS_POLYNOMIAL : 0));
	}
	return fcs;
}

static void put(struct wcursor *c, uint32_t accm, uint8_t octet)
{
	if (octet == HDLC_FLAG || octet == HDLC_ESCAPE || (octet < 0x20 && accm >> octet & 1)) {
		wcursor_uint(c, HDLC_ESCAPE, 1);
		octet ^= 0x20;
	}
	wcursor_uint(c, octet, 1);
}

size_t hdlc_encode(const uint8_t *frame, size_t len, uint32_t accm, uint8_t *out, size_t room)
{
	struct wcursor c = wcursor_on(out, room);
	uint16_t fcs = (uint16_t)~hdlc_fcs(FCS_START, frame, len);

	if (!len || len > HDLC_FRAME - FCS_OCTETS)
		return 0;
	wcursor_uint(&c, HDLC_FLAG, 1);
	for (size_t i = 0; i < len; i++)
		put(&c, accm, frame[i]);
	put(&c, accm, (uint8_t)fcs);
	put(&c, accm, (uint8_t)(fcs >> 8));
	wcursor_uint(&c, HDLC_FLAG, 1);
	return c.overrun ? 0 : (size_t)(c.at - out);
}

/* A flag: the end of a frame, or only the beginning of the next. */
static size_t flag(struct hdlc_reader *r)
{
	size_t len = r->len;
	bool bad = r->bad, aborted = r->escaped;

	r->len = 0;
	r->bad = r->escaped = false;
	if (aborted) {
		r->aborted++;
		return 0;
	}
	if (bad || !len)
		return 0;
	if (len < SHORTEST || hdlc_fcs(FCS_START, r->octets, len) != FCS_GOOD) {
		r->bad_fcs++;
		return 0;
	}
	return len - FCS_OCTETS;
}

size_t hdlc_read(struct hdlc_reader *r, uint8_t octet)
{
	if (octet == HDLC_FLAG)
		return flag(r);
	if (octet < 0x20 && r->accm >> octet & 1)
		return 0;
	if (octet == HDLC_ESCAPE && !r->escaped) {
		r->escaped = true;
		return 0;
	}
	if (r->len == HDLC_FRAME) {
		r->too_long += !r->bad;
		r->bad = true;
		r->escaped = false;
		return 0;
	}
	r->octets[r->len++] = r->escaped ? octet ^ 0x20 : octet;
	r->escaped = false;
	return 0;
}
