/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the test cases of several areas share. */
#ifndef PPTPSCOPE_SUITE_PRIVATE_H
#define PPTPSCOPE_SUITE_PRIVATE_H

#include <stdio.h>

#include "conformance/tester.h"

/* Opens LCP, or ends the test as inconclusive: without it most devices answer no LCP Echo-Request. */
void need_lcp(struct tester *t, struct t_gre *g);

/* Identifier of the LCP Echo-Reply in a packet, or -1: it is something else. */
int lcp_echo_reply(const struct t_packet *p);

/* The control connection of a session's call. */
struct t_link *gre_link(const struct t_gre *g);

#endif
