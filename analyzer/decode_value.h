/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of PPP fields as decode prints them: with secrets and names hidden where they are to be. */
#ifndef PPTPSCOPE_DECODE_VALUE_H
#define PPTPSCOPE_DECODE_VALUE_H

#include "analyzer/report_private.h"
#include "dissectors/ppp_control.h"

/*
 * A value: numbers decimal or hexadecimal, addresses, escaped text, octets in hexadecimal; "***" for a
 * secret, a mask with --anonymize.  What has no room ends in "...".  Returns buf, of MASK_ROOM at least.
 */
const char *decode_value(const struct report_options *o, const struct ppp_field *f, char *buf, size_t room);

/* Whether decode_value gives stars. */
bool decode_hidden(const struct report_options *o, const struct ppp_field *f);

/* A frame and what was in it; false when the packet has no frame of PPP. */
struct decode_ppp {
	struct ppp_frame frame;
	struct ppp_control control;
	bool known; /* control is filled */
};
bool decode_ppp(const struct gre_pkt *g, enum gre_status status, struct decode_ppp *out);

/* "bad" also where the inside is wrong, "cut" where something that is described is not there. */
enum ctrl_status decode_ppp_status(const struct decode_ppp *p);

#endif
