/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Community ID, version 1: a name for a flow that Suricata, Zeek and others give it as well.
 * See https://github.com/corelight/community-id-spec.
 */
#ifndef PPTPSCOPE_COMMUNITY_ID_H
#define PPTPSCOPE_COMMUNITY_ID_H

#include "dissectors/packet.h"

enum { COMMUNITY_ID = 32 }; /* room for "1:" and 28 letters of base64 */

/* Two ends of a flow, in any order. */
struct flow_ends {
	struct ip_addr src, dst;
	uint16_t src_port, dst_port; /* host order; only with TCP */
	uint8_t protocol;            /* IP_PROTO_TCP or IP_PROTO_GRE */
};

/* Fills buf and returns it.  With seed 0 it is what the others write by default. */
const char *community_id(const struct flow_ends *f, uint16_t seed, char buf[COMMUNITY_ID]);

/* A number for the flow, the same in both directions, of 52 bits so that JavaScript has it whole. */
uint64_t community_flow(const struct flow_ends *f);

#endif
