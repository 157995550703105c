/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the test cases of several areas share. */
#ifndef PPTPSCOPE_SUITE_PRIVATE_H
#define PPTPSCOPE_SUITE_PRIVATE_H

#include <stdio.h>

#include "conformance/tester.h"

/* The message that makes a call with the DUT: OCRQ to a PAC, ICRQ to a PNS; and the reply to it. */
enum ctrl_type call_request(const struct tester *t);
enum ctrl_type call_reply(const struct tester *t);

/*
 * What comes of something invalid within so many seconds: as t_reject(), which waits for up to a minute; a
 * reply of another type than `reply` is no answer.
 */
enum t_reject settle(struct t_link *l, enum ctrl_type reply, double seconds);

/*
 * Opens up to `most` control connections beside each other, for cases that each need their own: as many as the
 * device lets, at least one.
 */
enum { BESIDE_MAX = 8 };
unsigned open_beside(struct tester *t, struct t_link *l[BESIDE_MAX], unsigned most);

/* The device's operator stops the connection: its StopCCRQ.  Unsupported when it just closes. */
const struct ctrl_msg *stopped(struct t_link *l, const char *reason);
/* A PNS's user clears the call: its CCRQ.  Unsupported when a client just ends its connection. */
const struct ctrl_msg *hung_up(struct t_link *l);
/* The device closes within seconds; a Stop-Control-Connection-Request of its own is answered meanwhile. */
bool gives_up(struct t_link *l, double seconds);
/* A message that has come: all of it.  Fails the test otherwise. */
const struct ctrl_msg *whole(struct t_link *l, const struct ctrl_msg *m);
/*
 * A message of the device's that a test only reads: without it the test is inconclusive, since whether it has to
 * come is the matter of another one.
 */
const struct ctrl_msg *obtain(struct t_link *l, enum ctrl_type type, double seconds);

/*
 * A request of call_request()'s type, just sent, that must be refused with one of two Error Codes, or by closing;
 * silence is a warning.
 */
void need_refusal(struct tester *t, struct t_link *l, int64_t error, int64_t tolerated, const char *what);

/* A number that always meets this outcome ("busy"), by the dut-telco hook. */
const char *number_that(struct tester *t, const char *outcome);

/* Sends an OCRQ for a number (its length with it) with this Call ID of the tester's, which it returns. */
uint16_t call_number(struct t_link *l, const char *number);

/* Has the device's telephone ring (up to two arguments of the hook, or NULL) and takes its ICRQ. */
const struct ctrl_msg *ring(struct tester *t, struct t_link *l, const char *first, const char *second);

/* As PAC, offers a PNS an incoming call with this Call ID and takes its ICRP: unsupported unless it is accepted. */
const struct ctrl_msg *offer(struct tester *t, struct t_link *l, uint16_t call_id);

/* No line of the device's is in use any more; nothing where there is no dut-telco hook. */
void need_released(struct tester *t);

/* Seconds from `from` to the end of the connection are a minute, as the RFC has it: 55 to 75, scaled. */
void need_minute(struct tester *t, double from, double to, const char *what);

/* A member of a JSON text is true ("live": true), in any of its objects. */
bool json_true(const char *json, const char *member);

/* Tunnel packets of the DUT's stop: none in the second after `grace` seconds have passed. */
void need_silence(struct tester *t, struct t_gre *g, double grace, const char *after);

/* Opens LCP, or ends the test as inconclusive: without it most devices answer no LCP Echo-Request. */
void need_lcp(struct tester *t, struct t_gre *g);

/* Sends an LCP Discard-Request as data: no reply comes that an acknowledgment could ride on.  Its number. */
uint32_t discard_request(struct t_gre *g, uint8_t identifier);

/* Identifier of the LCP Echo-Reply in a packet, or -1: it is something else. */
int lcp_echo_reply(const struct t_packet *p);

/* The control connection of a session's call. */
struct t_link *gre_link(const struct t_gre *g);

#endif
