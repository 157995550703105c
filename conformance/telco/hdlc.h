/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Octet-stuffed framing on asynchronous lines (RFC 1662 section 4): flags, escapes, FCS-16.
 *
 * Pure.  Frames are what is between the flags, without FCS: address, control, protocol, information.
 */
#ifndef PPTPSCOPE_HDLC_H
#define PPTPSCOPE_HDLC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	HDLC_FRAME = 2048,               /* octets of a frame at most, with FCS */
	HDLC_LINE = 2 * HDLC_FRAME + 2,  /* what one becomes on the line at most */
	HDLC_FLAG = 0x7e,
	HDLC_ESCAPE = 0x7d,
};

/* FCS-16 of RFC 1662 appendix C; start with 0xffff, and 0xf0b8 is left after a good frame with its FCS. */
uint16_t hdlc_fcs(uint16_t fcs, const uint8_t *octets, size_t len);

/*
 * Flag, frame and FCS with escapes, flag.  accm: bit n set: octet n (below 0x20) is escaped.  Returns the
 * octets written, or 0 where the frame or the room is too small or large for it.
 */
size_t hdlc_encode(const uint8_t *frame, size_t len, uint32_t accm, uint8_t *out, size_t room);

/* Reads octets of a line back into frames.  Zero-filled is ready to begin. */
struct hdlc_reader {
	uint32_t accm;      /* octets that the line itself may have put in: dropped where not escaped */
	size_t len;
	bool escaped, bad;
	uint64_t bad_fcs, aborted, too_long; /* frames that were none; an empty one counts nowhere */
	uint8_t octets[HDLC_FRAME];
};

/*
 * Takes one octet.  Returns the length of the frame that it has completed, whose octets are in
 * r->octets until the next call, or 0.
 */
size_t hdlc_read(struct hdlc_reader *r, uint8_t octet);

#endif
