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

#include "dissectors/packet.h"

/* Finds the IP packet.  Returns UNSEEN_NONE and fills *out, or why there is none to inspect. */
enum unseen link_decode(const struct packet *p, struct link_payload *out);

/* Name of a link type as libpcap spells it without DLT_/LINKTYPE_ (EN10MB, LINUX_SLL2, ...), or NULL. */
const char *link_type_name(uint32_t link_type);

#endif
