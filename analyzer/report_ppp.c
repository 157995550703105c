/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the writers of reports share about the inside of calls: see report_ppp.h. */
#include "analyzer/report_ppp.h"

const char *report_ppp_text(const struct report_options *o, const struct ppp_session *s,
			    enum ppp_text_kind kind, unsigned end, char buf[TEXT_ROOM])
{
	const struct ppp_text *t = ppp_session_text(s, kind, end);

	if (!t)
		return NULL;
	/* A mask that tells nothing, not even the length. */
	if (kind == PPP_TEXT_PASSWORD && !o->show_secrets)
		return "********";
	return report_wire_text(o, kind == PPP_TEXT_USER ? MASK_NAME : MASK_TEXT, t->octets, t->len, buf);
}

const char *report_ppp_auth_name(const struct ppp_session *s, unsigned authenticator)
{
	const struct ppp_lcp *v = &s->lcp[authenticator];
	const char *name = ppp_session_auth_name(&s->auth[authenticator]);

	return name || !(v->has & LCP_HAS_AUTH) ? name : ppp_auth_name(v->auth, v->algorithm);
}

const char *report_ppp_option(enum ppp_neg neg, uint8_t option)
{
	static const uint16_t protocols[PPP_NEGS] = { PPP_LCP, PPP_IPCP, PPP_IPV6CP, PPP_CCP };
	const struct ppp_option_desc *d = ppp_option_desc_of(protocols[neg], option);

	return d ? d->label : NULL;
}

static bool compresses(const struct ppp_ccp *c)
{
	return c->agreed && (c->agreed != CCP_OPT_MPPE || c->agreed_bits & PPP_MPPE_C);
}

const struct ppp_ccp *report_ppp_compression(const struct ppp_session *s)
{
	for (unsigned h = 0; h < HOSTS; h++)
		if (compresses(&s->ccp[h]))
			return &s->ccp[h];
	return NULL;
}

const char *report_ppp_compression_name(const struct ppp_ccp *ccp)
{
	const char *name = report_ppp_option(PPP_NEG_CCP, ccp->agreed);

	return ccp->agreed == CCP_OPT_MPPE ? "MPPC" : name ? name : "unknown";
}

const char *report_ppp_end(const struct ppp_session *s)
{
	static const char *const words[] = {
		[PPP_END_NONE] = NULL,
		[PPP_END_LCP] = "LCP Terminate-Request",
		[PPP_END_NCP] = "Terminate-Request of a network protocol",
	};

	return words[s->end];
}

struct ip_addr report_ppp_address(uint32_t v4)
{
	return (struct ip_addr){ { [10] = 0xff,
				   [11] = 0xff,
				   [12] = (uint8_t)(v4 >> 24),
				   [13] = (uint8_t)(v4 >> 16),
				   [14] = (uint8_t)(v4 >> 8),
				   [15] = (uint8_t)v4 } };
}

bool report_ppp_link_local(const struct ppp_session *s, unsigned host, struct ip_addr *out)
{
	if (!s->interface_id[host])
		return false;
	*out = (struct ip_addr){ { 0xfe, 0x80 } };
	for (unsigned i = 0; i < 8; i++)
		out->octet[15 - i] = (uint8_t)(s->interface_id[host] >> (8 * i));
	return true;
}
