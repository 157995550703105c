/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissectors/ppp.h"

#include <strings.h>

/* Names of codes from 0 up, and which of them a protocol has (bit n: code n). */
struct code_names {
	const char *const *name;
	uint16_t known;
};

static const char *const lcp_codes[] = {
	"Vendor-Specific", /* RFC 2153 */
	"Configure-Request",
	"Configure-Ack",
	"Configure-Nak",
	"Configure-Reject",
	"Terminate-Request",
	"Terminate-Ack",
	"Code-Reject",
	"Protocol-Reject",
	"Echo-Request",
	"Echo-Reply",
	"Discard-Request",
	"Identification",
	"Time-Remaining",
	"Reset-Request",
	"Reset-Ack",
};
static const char *const pap_codes[] = {
	[1] = "Authenticate-Request",
	"Authenticate-Ack",
	"Authenticate-Nak",
};
static const char *const chap_codes[] = {
	[1] = "Challenge",
	"Response",
	"Success",
	"Failure",
	"Change-Password-1", /* RFC 2433 */
	"Change-Password-2",
	"Change-Password-3", /* RFC 2759 */
};
static const char *const eap_codes[] = {
	[1] = "Request",
	"Response",
	"Success",
	"Failure",
	"Initiate",
	"Finish",
};
static const char *const cbcp_codes[] = {
	[1] = "Callback-Request",
	"Callback-Response",
	"Callback-Ack",
};
static const char *const bap_codes[] = {
	[1] = "Call-Request",
	"Call-Response",
	"Callback-Request",
	"Callback-Response",
	"Link-Drop-Query-Request",
	"Link-Drop-Query-Response",
	"Call-Status-Indication",
	"Call-Status-Response",
};

/* Control protocols share LCP's packets (RFC 1661 section 5) and have some of its codes. */
static const struct code_names lcp = { lcp_codes, 0xffff };
static const struct code_names ncp = { lcp_codes, 0x00ff };
static const struct code_names resettable = { lcp_codes, 0xc0ff };
static const struct code_names pap = { pap_codes, 0x000e };
static const struct code_names chap = { chap_codes, 0x00fe };
static const struct code_names eap = { eap_codes, 0x007e };
static const struct code_names cbcp = { cbcp_codes, 0x000e };
static const struct code_names bap = { bap_codes, 0x01fe };

/* Protocols by number, ascending; codes NULL: its packets do not begin with code, identifier and length. */
static const struct protocol {
	uint16_t number;
	const char *name;
	const struct code_names *codes;
} protocols[] = {
	{ 0x0001, "Padding", NULL },
	{ PPP_IP, "IP", NULL },
	{ 0x0023, "OSI", NULL },
	{ 0x0025, "XNS IDP", NULL },
	{ 0x0027, "DECnet", NULL },
	{ 0x0029, "AppleTalk", NULL },
	{ 0x002b, "IPX", NULL },
	{ PPP_VJ_COMPRESSED, "VJ compressed TCP", NULL },
	{ PPP_VJ_UNCOMPRESSED, "VJ uncompressed TCP", NULL },
	{ 0x0031, "Bridging", NULL },
	{ 0x0035, "Banyan Vines", NULL },
	{ PPP_MP, "MP", NULL },
	{ 0x003f, "NBF", NULL },
	{ 0x0049, "Serial Data", NULL },
	{ 0x004b, "SNA over 802.2", NULL },
	{ 0x004d, "SNA", NULL },
	{ 0x0053, "Encrypted datagram", NULL },
	{ 0x0055, "Encrypted datagram of one link", NULL },
	{ PPP_IPV6, "IPv6", NULL },
	{ 0x0059, "PPP Mux", NULL },
	{ PPP_COMP_LINK, "Compressed datagram of one link", NULL },
	{ PPP_COMP, "Compressed datagram", NULL },
	{ 0x0201, "802.1D Hello", NULL },
	{ 0x0207, "CDP", NULL },
	{ 0x0281, "MPLS", NULL },
	{ 0x0283, "MPLS multicast", NULL },
	{ PPP_IPCP, "IPCP", &ncp },
	{ 0x8023, "OSINLCP", &ncp },
	{ 0x8025, "XNSCP", &ncp },
	{ 0x8027, "DNCP", &ncp },
	{ 0x8029, "ATCP", &ncp },
	{ 0x802b, "IPXCP", &ncp },
	{ 0x8031, "BCP", &ncp },
	{ 0x8035, "BVCP", &ncp },
	{ 0x803f, "NBFCP", &ncp },
	{ 0x8049, "SDCP", &ncp },
	{ 0x804b, "SNACP over 802.2", &ncp },
	{ 0x804d, "SNACP", &ncp },
	{ PPP_ECP, "ECP", &resettable },
	{ PPP_ECP_LINK, "ECP of one link", &resettable },
	{ PPP_IPV6CP, "IPV6CP", &ncp },
	{ 0x8059, "PPP Mux CP", &ncp },
	{ PPP_CCP_LINK, "CCP of one link", &resettable },
	{ PPP_CCP, "CCP", &resettable },
	{ 0x8207, "CDPCP", &ncp },
	{ 0x8281, "MPLSCP", &ncp },
	{ PPP_LCP, "LCP", &lcp },
	{ PPP_PAP, "PAP", &pap },
	{ PPP_LQR, "LQR", NULL },
	{ PPP_SPAP, "SPAP", NULL },
	{ PPP_CBCP, "CBCP", &cbcp },
	{ PPP_BACP, "BACP", &ncp },
	{ PPP_BAP, "BAP", &bap },
	{ PPP_CHAP, "CHAP", &chap },
	{ PPP_EAP, "EAP", &eap },
};

enum { PROTOCOLS = sizeof(protocols) / sizeof(protocols[0]) };

static const struct protocol *protocol_of(uint16_t number)
{
	size_t low = 0, high = PROTOCOLS;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (protocols[middle].number == number)
			return &protocols[middle];
		if (protocols[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* A network control protocol without a name has the format of those that have one. */
static const struct code_names *codes_of(uint16_t number)
{
	const struct protocol *p = protocol_of(number);

	if (p)
		return p->codes;
	return number >= 0x8000 && number < 0xc000 ? &ncp : NULL;
}

const char *ppp_protocol_name(uint16_t protocol)
{
	const struct protocol *p = protocol_of(protocol);

	return p ? p->name : NULL;
}

uint16_t ppp_protocol_by_name(const char *name)
{
	for (size_t i = 0; i < PROTOCOLS; i++)
		if (!strcasecmp(protocols[i].name, name))
			return protocols[i].number;
	return 0;
}

bool ppp_has_code(uint16_t protocol)
{
	return protocol >= 0x8000 && codes_of(protocol);
}

const char *ppp_code_name(uint16_t protocol, uint8_t code)
{
	const struct code_names *codes = codes_of(protocol);

	return codes && code < 16 && codes->known >> code & 1 ? codes->name[code] : NULL;
}
