/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a frame to the IP packet in it.
 *
 * Understands Ethernet with any number of 802.1Q/802.1ad tags, MPLS, PPPoE session, Linux SLL and
 * SLL2, RAW, IPV4, IPV6, NULL, LOOP, PPP (with and without FF 03, HDLC), IEEE 802.11 data frames
 * with and without radiotap.  Pure: no state, no allocation.
 */
#ifndef PPTPSCOPE_LINK_H
#define PPTPSCOPE_LINK_H

#include "dissectors/cursor.h"
#include "dissectors/packet.h"

enum { ETH_HEADER = 14, ETH_TYPE = 12, ETH_IPV4 = 0x0800, ETH_IPV6 = 0x86dd };

/* For link_decode() alone: whatever the frame is. */
enum unseen link_walk(const struct packet *p, struct link_payload *out);

/* For link_decode() alone: IP in Ethernet without tags, as most frames are; false for anything else. */
static inline bool link_plain(const struct packet *p, struct link_payload *out)
{
	struct cursor c = cursor_on(p->octets, p->caplen);
	const uint8_t *h = p->link_type == LINK_ETHERNET ? cursor_take(&c, ETH_HEADER) : NULL;

	if (!h || (be_uint(h + ETH_TYPE, 2) != ETH_IPV4 && be_uint(h + ETH_TYPE, 2) != ETH_IPV6))
		return false;
	out->context = 0;
	out->octets = c.at;
	out->caplen = (uint32_t)cursor_left(&c);
	out->len = p->len > p->caplen ? p->len - ETH_HEADER : out->caplen;
	return true;
}

/* Finds the IP packet.  Returns UNSEEN_NONE and fills *out, or why there is none to inspect. */
static inline enum unseen link_decode(const struct packet *p, struct link_payload *out)
{
	return link_plain(p, out) ? UNSEEN_NONE : link_walk(p, out);
}

/* Name of a link type as libpcap spells it without DLT_/LINKTYPE_ (EN10MB, LINUX_SLL2, ...), or NULL. */
const char *link_type_name(uint32_t link_type);

#endif
