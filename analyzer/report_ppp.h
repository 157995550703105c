/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the writers of reports share about the inside of calls. */
#ifndef PPTPSCOPE_REPORT_PPP_H
#define PPTPSCOPE_REPORT_PPP_H

#include "analyzer/report_private.h"
#include "conformance/posture.h"

/* A text, escaped or masked, secrets unless they are to be shown; NULL where there is none. */
const char *report_ppp_text(const struct report_options *o, const struct ppp_session *s,
			    enum ppp_text_kind kind, unsigned end, char buf[TEXT_ROOM]);

/* What is used, or what LCP agreed on when nothing of it was seen; or NULL. */
const char *report_ppp_auth_name(const struct ppp_session *s, unsigned authenticator);

/* Name of an option, or NULL. */
const char *report_ppp_option(enum ppp_neg neg, uint8_t option);

/* What was agreed that compresses, MPPC within MPPE included; or NULL. */
const struct ppp_ccp *report_ppp_compression(const struct ppp_session *s);
const char *report_ppp_compression_name(const struct ppp_ccp *ccp);

/* "LCP Terminate-Request", or NULL. */
const char *report_ppp_end(const struct ppp_session *s);

struct ip_addr report_ppp_address(uint32_t v4);
/* The link-local address by the agreed Interface-Identifier; false where there is none. */
bool report_ppp_link_local(const struct ppp_session *s, unsigned host, struct ip_addr *out);

#endif
