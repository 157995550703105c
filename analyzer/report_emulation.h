/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an emulated peer is doing: its connections, calls, telephone lines and modems, for people and for
 * programs (doc/schema/pptpscope-emulate-1.schema.json).
 */
#ifndef PPTPSCOPE_REPORT_EMULATION_H
#define PPTPSCOPE_REPORT_EMULATION_H

#include <stdio.h>

#include "conformance/endpoint.h"

struct report_emulation {
	const char *version;           /* of the program */
	const struct endpoint_config *config;
	const struct endpoint *endpoint;
	struct telco *telco;           /* NULL: no telephone side */
	struct at_port *const *modems;
	const char *const *modem_numbers;
	size_t nmodems;
	bool listening;
	bool gre;                      /* tunnels carry packets */
	int64_t started, now;          /* ns since 1970 */
	uint64_t news[NEWS_DISCARDED + 1]; /* how often each was told */
};

/* False when that failed: errno says why. */
bool report_text_emulation(FILE *out, const struct report_emulation *r);
bool report_json_emulation(FILE *out, const struct report_emulation *r);

/* Words of both. */
const char *report_peer_state_name(enum ppp_peer_state s);
const char *report_peer_auth_name(enum ppp_peer_auth a);
const char *report_news_name(enum endpoint_news n);

#endif
