/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options of PPP's control protocols, one table each: RFC 1661, 1570, 1990 and others (LCP), 1332 and
 * 1877 (IPCP), 5072 (IPV6CP), 1962, 1979, 3078 (CCP), 1968 (ECP), 2125 (BACP, BAP), and CBCP.
 */
#include "dissectors/cursor.h"
#include "dissectors/ppp_private.h"

#define END                                                                                                  \
	{                                                                                                    \
		.name = NULL                                                                                 \
	}
/* An option that is one number, text or whatever: its field has the option's name. */
#define ONE(field, words, is, octets, ...)                                                                   \
	(const struct ppp_row[])                                                                             \
	{                                                                                                    \
		{ .name = (field),                                                                           \
		  .label = (words),                                                                          \
		  .brief = "",                                                                               \
		  .kind = PPP_KIND_##is,                                                                     \
		  .width = (octets),                                                                         \
		  __VA_ARGS__ },                                                                             \
			END                                                                                  \
	}
#define OPTION(n, named, words, ...)                                                                         \
	{                                                                                                    \
		.number = (n), .name = (named), .label = (words), __VA_ARGS__                                \
	}
#define RAW(n, named, words)                                                                                 \
	{                                                                                                    \
		.number = (n), .name = (named), .label = (words),                                            \
		.rows = ONE("data", "Data", OCTETS, PPP_WIDTH_REST, .privacy = PPP_WORDS)                    \
	}
#define ADDRESS(n, named, words, short_words)                                                                \
	{                                                                                                    \
		.number = (n), .name = (named), .label = (words), .brief = (short_words),                    \
		.rows = ONE(named, words, ADDRESS, 4, .privacy = PPP_HOST)                                   \
	}

static const struct ppp_row no_rows[] = { END };

/* The protocol that an option begins with; 0 where it is not there. */
static uint16_t first_protocol(const uint8_t *data, uint32_t len)
{
	struct cursor c = cursor_on(data, len);

	return cursor_u16(&c);
}

/* --- LCP ----------------------------------------------------------------------------------- */

static const struct value_name chap_algorithms[] = {
	{ PPP_CHAP_MD5, "MD5", NULL },       { 6, "SHA-1", NULL }, { PPP_CHAP_MS, "MS-CHAP", NULL },
	{ PPP_CHAP_MS2, "MS-CHAPv2", NULL }, { 0, NULL, NULL },
};
#define AUTHENTICATION                                                                                       \
	{                                                                                                    \
		.name = "authentication_protocol", .label = "Authentication-Protocol", .brief = "",          \
		.kind = PPP_KIND_PROTOCOL, .width = 2                                                        \
	}
static const struct ppp_row chap_rows[] = {
	AUTHENTICATION,
	{ .name = "algorithm",
	  .label = "Algorithm",
	  .brief = "",
	  .kind = PPP_KIND_ENUM,
	  .width = 1,
	  .names = chap_algorithms },
	END,
};
/* PAP and EAP have nothing more; what others have is theirs. */
static const struct ppp_row plain_auth_rows[] = { AUTHENTICATION, END };
static const struct ppp_row other_auth_rows[] = {
	AUTHENTICATION,
	{ .name = "data", .label = "Data", .kind = PPP_KIND_OCTETS, .privacy = PPP_WORDS },
	END,
};

static const struct ppp_row *auth_rows(const uint8_t *data, uint32_t caplen, uint32_t len)
{
	(void)len;
	switch (first_protocol(data, caplen)) {
	case PPP_CHAP:
		return chap_rows;
	case PPP_PAP:
	case PPP_EAP:
		return plain_auth_rows;
	default:
		return other_auth_rows;
	}
}

#define QUALITY                                                                                              \
	{                                                                                                    \
		.name = "quality_protocol", .label = "Quality-Protocol", .brief = "",                        \
		.kind = PPP_KIND_PROTOCOL, .width = 2                                                        \
	}
static const struct ppp_row lqr_rows[] = {
	QUALITY,
	{ .name = "reporting_period", .label = "Reporting-Period (1/100 s)", .brief = "period", .width = 4 },
	END,
};
static const struct ppp_row other_quality_rows[] = {
	QUALITY,
	{ .name = "data", .label = "Data", .kind = PPP_KIND_OCTETS, .privacy = PPP_WORDS },
	END,
};

static const struct ppp_row *quality_rows(const uint8_t *data, uint32_t caplen, uint32_t len)
{
	(void)len;
	return first_protocol(data, caplen) == PPP_LQR ? lqr_rows : other_quality_rows;
}

static const struct ppp_row vendor_rows[] = {
	{ .name = "oui", .label = "OUI", .brief = "", .kind = PPP_KIND_HEX, .width = 3 },
	{ .name = "kind", .label = "Kind", .brief = "kind", .width = 1 },
	{ .name = "data", .label = "Values", .kind = PPP_KIND_OCTETS, .privacy = PPP_WORDS },
	END,
};

static const struct value_name fcs_kinds[] = {
	{ 1, "null", NULL },
	{ 2, "CCITT 16 bit", NULL },
	{ 4, "CCITT 32 bit", NULL },
	{ 0, NULL, NULL },
};
static const struct ppp_row numbered_rows[] = {
	{ .name = "window", .label = "Window", .brief = "window", .width = 1 },
	{ .name = "hdlc_address", .label = "Address", .kind = PPP_KIND_OCTETS },
	END,
};

static const struct value_name callback_operations[] = {
	{ 0, "by authentication", NULL },
	{ 1, "dialing string", NULL },
	{ 2, "location identifier", NULL },
	{ 3, "E.164 number", NULL },
	{ 4, "distinguished name", NULL },
	{ 6, "CBCP", NULL },
	{ 0, NULL, NULL },
};
static const struct ppp_row callback_rows[] = {
	{ .name = "operation",
	  .label = "Operation",
	  .brief = "",
	  .kind = PPP_KIND_ENUM,
	  .width = 1,
	  .names = callback_operations },
	{ .name = "message", .label = "Message", .brief = "", .kind = PPP_KIND_TEXT, .privacy = PPP_NUMBER },
	END,
};

static const struct value_name endpoint_classes[] = {
	{ 0, "null", NULL },          { 1, "local", NULL },     { 2, "IP", NULL }, { 3, "MAC", NULL },
	{ 4, "magic numbers", NULL }, { 5, "telephone", NULL }, { 0, NULL, NULL },
};
#define ENDPOINT_CLASS                                                                                       \
	{                                                                                                    \
		.name = "class", .label = "Class", .brief = "", .kind = PPP_KIND_ENUM, .width = 1,           \
		.names = endpoint_classes                                                                    \
	}
#define ENDPOINT_ADDRESS(is, octets, secrecy)                                                                \
	{                                                                                                    \
		.name = "address", .label = "Address", .brief = "", .kind = PPP_KIND_##is,                   \
		.width = (octets), .privacy = (secrecy)                                                      \
	}
static const struct ppp_row endpoint_null_rows[] = { ENDPOINT_CLASS, END };
static const struct ppp_row endpoint_ip_rows[] = {
	ENDPOINT_CLASS,
	ENDPOINT_ADDRESS(ADDRESS, 4, PPP_HOST),
	END,
};
static const struct ppp_row endpoint_mac_rows[] = {
	ENDPOINT_CLASS,
	ENDPOINT_ADDRESS(OCTETS, 6, PPP_NUMBER),
	END,
};
static const struct ppp_row endpoint_rows[] = {
	ENDPOINT_CLASS,
	ENDPOINT_ADDRESS(OCTETS, PPP_WIDTH_REST, PPP_NUMBER),
	END,
};

static const struct ppp_row *endpoint_rows_of(const uint8_t *data, uint32_t caplen, uint32_t len)
{
	struct cursor c = cursor_on(data, caplen);

	(void)len;
	switch (caplen ? cursor_u8(&c) : 1) {
	case 0:
		return endpoint_null_rows;
	case 2:
		return endpoint_ip_rows;
	case 3:
		return endpoint_mac_rows;
	default:
		return endpoint_rows;
	}
}

static const struct value_name multilink_codes[] = {
	{ 2, "long sequence numbers", NULL },
	{ 6, "short sequence numbers", NULL },
	{ 0, NULL, NULL },
};
static const struct ppp_row multilink_rows[] = {
	{ .name = "code",
	  .label = "Code",
	  .brief = "",
	  .kind = PPP_KIND_ENUM,
	  .width = 1,
	  .names = multilink_codes },
	{ .name = "suspendable_classes", .label = "Suspendable Classes", .brief = "classes", .width = 1 },
	END,
};
static const struct ppp_row language_rows[] = {
	{ .name = "character_set", .label = "Character Set (MIB number)", .brief = "", .width = 4 },
	{ .name = "language", .label = "Language Tag", .brief = "", .kind = PPP_KIND_TEXT },
	END,
};

static const struct ppp_option_desc lcp_options[] = {
	OPTION(0, "vendor_specific", "Vendor-Specific", .brief = "vendor", .rows = vendor_rows),
	OPTION(LCP_OPT_MRU, "mru", "Maximum-Receive-Unit", .brief = "MRU",
	       .rows = ONE("mru", "Maximum-Receive-Unit", UINT, 2)),
	OPTION(LCP_OPT_ACCM, "accm", "Async-Control-Character-Map", .brief = "ACCM",
	       .rows = ONE("accm", "ACCM", HEX, 4)),
	OPTION(LCP_OPT_AUTH, "authentication_protocol", "Authentication-Protocol", .brief = "auth",
	       .rows_of = auth_rows),
	OPTION(LCP_OPT_QUALITY, "quality_protocol", "Quality-Protocol", .brief = "quality",
	       .rows_of = quality_rows),
	OPTION(LCP_OPT_MAGIC, "magic_number", "Magic-Number", .brief = "magic",
	       .rows = ONE("magic_number", "Magic-Number", HEX, 4)),
	RAW(6, "encryption_type", "Encryption-Type"),
	OPTION(LCP_OPT_PFC, "pfc", "Protocol-Field-Compression", .brief = "PFC"),
	OPTION(LCP_OPT_ACFC, "acfc", "Address-and-Control-Field-Compression", .brief = "ACFC"),
	OPTION(9, "fcs_alternatives", "FCS-Alternatives", .brief = "FCS",
	       .rows = ONE("fcs_alternatives", "FCS-Alternatives", FLAGS, 1, .names = fcs_kinds)),
	OPTION(10, "self_describing_padding", "Self-Describing-Padding", .brief = "padding",
	       .rows = ONE("maximum", "Maximum", UINT, 1)),
	OPTION(11, "numbered_mode", "Numbered-Mode", .rows = numbered_rows),
	RAW(12, "multi_link_procedure", "Multi-Link-Procedure"),
	OPTION(LCP_OPT_CALLBACK, "callback", "Callback", .brief = "callback", .rows = callback_rows),
	RAW(14, "connect_time", "Connect-Time"),
	OPTION(15, "compound_frames", "Compound-Frames"),
	RAW(16, "nominal_data_encapsulation", "Nominal-Data-Encapsulation"),
	OPTION(LCP_OPT_MRRU, "mrru", "Multilink-Maximum-Received-Reconstructed-Unit", .brief = "MRRU",
	       .rows = ONE("mrru", "Max-Receive-Reconstructed-Unit", UINT, 2)),
	OPTION(LCP_OPT_SSNHF, "ssnhf", "Short-Sequence-Number-Header-Format",
	       .brief = "short sequence numbers"),
	OPTION(LCP_OPT_ENDPOINT, "endpoint_discriminator", "Endpoint-Discriminator", .brief = "endpoint",
	       .rows_of = endpoint_rows_of),
	RAW(20, "proprietary", "Proprietary"),
	OPTION(21, "dce_identifier", "DCE-Identifier", .rows = ONE("mode", "Mode", UINT, 1)),
	RAW(22, "multi_link_plus_procedure", "Multi-Link-Plus-Procedure"),
	OPTION(23, "link_discriminator", "Link-Discriminator", .brief = "link",
	       .rows = ONE("link_discriminator", "Link-Discriminator", UINT, 2)),
	RAW(24, "lcp_authentication", "LCP-Authentication-Option"),
	RAW(25, "cobs", "Consistent-Overhead-Byte-Stuffing"),
	RAW(26, "prefix_elision", "Prefix-Elision"),
	OPTION(27, "multilink_header_format", "Multilink-Header-Format", .rows = multilink_rows),
	OPTION(28, "internationalization", "Internationalization", .brief = "language",
	       .rows = language_rows),
	RAW(29, "simple_data_link_on_sonet", "Simple-Data-Link-on-SONET/SDH"),
	RAW(30, "ppp_muxing", "PPP-Muxing"),
	END,
};

/* --- IPCP, IPV6CP -------------------------------------------------------------------------- */

static const struct ppp_row ip_addresses_rows[] = {
	{ .name = "source_address",
	  .label = "Source-IP-Address",
	  .brief = "",
	  .kind = PPP_KIND_ADDRESS,
	  .width = 4,
	  .privacy = PPP_HOST },
	{ .name = "destination_address",
	  .label = "Destination-IP-Address",
	  .brief = "",
	  .kind = PPP_KIND_ADDRESS,
	  .width = 4,
	  .privacy = PPP_HOST },
	END,
};

#define COMPRESSION                                                                                          \
	{                                                                                                    \
		.name = "compression_protocol", .label = "IP-Compression-Protocol", .brief = "",             \
		.kind = PPP_KIND_ENUM, .width = 2, .names = compression_protocols                            \
	}
static const struct value_name compression_protocols[] = {
	{ PPP_VJ_COMPRESSED, "VJ", NULL },           { 0x0003, "ROHC", NULL }, { 0x0061, "IPHC", NULL },
	{ 0x004f, "IPv6 header compression", NULL }, { 0, NULL, NULL },
};
static const struct ppp_row vj_rows[] = {
	COMPRESSION,
	{ .name = "max_slot_id", .label = "Max-Slot-Id", .brief = "slots", .width = 1 },
	{ .name = "comp_slot_id", .label = "Comp-Slot-Id", .brief = "compressed slot", .width = 1 },
	END,
};
static const struct ppp_row iphc_rows[] = {
	COMPRESSION,
	{ .name = "tcp_space", .label = "TCP_SPACE", .width = 2 },
	{ .name = "non_tcp_space", .label = "NON_TCP_SPACE", .width = 2 },
	{ .name = "f_max_period", .label = "F_MAX_PERIOD", .width = 2 },
	{ .name = "f_max_time", .label = "F_MAX_TIME", .width = 2 },
	{ .name = "max_header", .label = "MAX_HEADER", .width = 2 },
	{ .name = "suboptions", .label = "Suboptions", .kind = PPP_KIND_OCTETS, .privacy = PPP_WORDS },
	END,
};
static const struct ppp_row rohc_rows[] = {
	COMPRESSION,
	{ .name = "max_cid", .label = "MAX_CID", .width = 2 },
	{ .name = "mrru", .label = "MRRU", .width = 2 },
	{ .name = "max_header", .label = "MAX_HEADER", .width = 2 },
	{ .name = "suboptions", .label = "Suboptions", .kind = PPP_KIND_OCTETS, .privacy = PPP_WORDS },
	END,
};
static const struct ppp_row other_compression_rows[] = {
	COMPRESSION,
	{ .name = "data", .label = "Data", .kind = PPP_KIND_OCTETS, .privacy = PPP_WORDS },
	END,
};

static const struct ppp_row *compression_rows(const uint8_t *data, uint32_t caplen, uint32_t len)
{
	(void)len;
	switch (first_protocol(data, caplen)) {
	case PPP_VJ_COMPRESSED:
		return vj_rows;
	case 0x0061:
		return iphc_rows;
	case 0x0003:
		return rohc_rows;
	default:
		return other_compression_rows;
	}
}

static const struct ppp_option_desc ipcp_options[] = {
	OPTION(1, "ip_addresses", "IP-Addresses", .brief = "addresses", .rows = ip_addresses_rows),
	OPTION(IPCP_OPT_COMPRESSION, "ip_compression_protocol", "IP-Compression-Protocol",
	       .brief = "compression", .rows_of = compression_rows),
	ADDRESS(IPCP_OPT_ADDRESS, "ip_address", "IP-Address", "address"),
	ADDRESS(4, "mobile_ipv4", "Mobile-IPv4", "home address"),
	ADDRESS(IPCP_OPT_DNS1, "primary_dns", "Primary DNS Server Address", "DNS"),
	ADDRESS(IPCP_OPT_NBNS1, "primary_nbns", "Primary NBNS Server Address", "NBNS"),
	ADDRESS(IPCP_OPT_DNS2, "secondary_dns", "Secondary DNS Server Address", "second DNS"),
	ADDRESS(IPCP_OPT_NBNS2, "secondary_nbns", "Secondary NBNS Server Address", "second NBNS"),
	END,
};

static const struct ppp_option_desc ipv6cp_options[] = {
	OPTION(IPV6CP_OPT_INTERFACE_ID, "interface_identifier", "Interface-Identifier", .brief = "interface",
	       .rows = ONE("interface_identifier", "Interface-Identifier", OCTETS, 8, .privacy = PPP_NUMBER)),
	OPTION(2, "ipv6_compression_protocol", "IPv6-Compression-Protocol", .brief = "compression",
	       .rows = other_compression_rows),
	END,
};

/* --- CCP, ECP ------------------------------------------------------------------------------ */

static const struct value_name mppe_bits[] = {
	{ PPP_MPPE_H, "stateless", NULL },
	{ PPP_MPPE_S, "128-bit encryption", NULL },
	{ PPP_MPPE_M, "56-bit encryption", NULL },
	{ PPP_MPPE_L, "40-bit encryption", NULL },
	{ PPP_MPPE_D, "obsolete encryption", NULL },
	{ PPP_MPPE_C, "compression", NULL },
	{ 0, NULL, NULL },
};
static const struct value_name check_modes[] = {
	{ 0, "none", NULL },     { 1, "LCB", NULL }, { 2, "CRC", NULL }, { 3, "sequence number", NULL },
	{ 4, "extended", NULL }, { 0, NULL, NULL },
};
static const struct ppp_row oui_rows[] = {
	{ .name = "oui", .label = "OUI", .brief = "", .kind = PPP_KIND_HEX, .width = 3 },
	{ .name = "subtype", .label = "Subtype", .brief = "subtype", .width = 1 },
	{ .name = "data", .label = "Values", .kind = PPP_KIND_OCTETS, .privacy = PPP_WORDS },
	END,
};
static const struct ppp_row stac_rows[] = {
	{ .name = "history_count", .label = "History Count", .brief = "histories", .width = 2 },
	{ .name = "check_mode",
	  .label = "Check Mode",
	  .brief = "check",
	  .kind = PPP_KIND_ENUM,
	  .width = 1,
	  .names = check_modes },
	END,
};
static const struct ppp_row bsd_rows[] = {
	{ .name = "version", .label = "Version", .brief = "version", .width = 1, .mask = 0xe0 },
	{ .name = "dictionary", .label = "Dictionary (bits)", .brief = "bits", .width = 1, .mask = 0x1f },
	END,
};
static const struct value_name deflate_methods[] = { { 8, "zlib", NULL }, { 0, NULL, NULL } };
static const struct ppp_row deflate_rows[] = {
	{ .name = "window", .label = "Window (log2 - 8)", .brief = "window", .width = 1, .mask = 0xf0 },
	{ .name = "method",
	  .label = "Method",
	  .kind = PPP_KIND_ENUM,
	  .width = 1,
	  .mask = 0x0f,
	  .names = deflate_methods },
	{ .name = "reserved", .label = "MBZ", .kind = PPP_KIND_HEX, .width = 1, .mask = 0xfc },
	{ .name = "check_method", .label = "Chk", .kind = PPP_KIND_HEX, .width = 1, .mask = 0x03 },
	END,
};

static const struct ppp_option_desc ccp_options[] = {
	OPTION(0, "oui", "OUI", .rows = oui_rows),
	OPTION(1, "predictor_1", "Predictor type 1"),
	OPTION(2, "predictor_2", "Predictor type 2"),
	RAW(3, "puddle_jumper", "Puddle Jumper"),
	RAW(16, "hp_ppc", "Hewlett-Packard PPC"),
	OPTION(CCP_OPT_STAC, "stac_lzs", "Stac Electronics LZS", .brief = "Stac LZS", .rows = stac_rows),
	OPTION(CCP_OPT_MPPE, "mppe", "MPPE/MPPC Supported Bits", .brief = "MPPE",
	       .rows = ONE("supported_bits", "Supported Bits", FLAGS, 4, .names = mppe_bits)),
	RAW(19, "gandalf_fza", "Gandalf FZA"),
	RAW(20, "v42bis", "V.42bis compression"),
	OPTION(CCP_OPT_BSD, "bsd", "BSD Compress", .rows = bsd_rows),
	RAW(23, "lzs_dcp", "LZS-DCP"),
	/* The draft's number for Deflate, later given to Magnalink; what asks for it today means Deflate. */
	OPTION(CCP_OPT_DEFLATE_DRAFT, "deflate_draft", "Deflate (draft number) or Magnalink",
	       .brief = "Deflate (draft)", .rows = deflate_rows),
	RAW(25, "dce", "PPP for Data Compression in DCE"),
	OPTION(CCP_OPT_DEFLATE, "deflate", "Deflate", .rows = deflate_rows),
	RAW(27, "v44", "V.44/X3.102"),
	END,
};

#define NONCE ONE("initial_nonce", "Initial Nonce", OCTETS, 8)
static const struct ppp_option_desc ecp_options[] = {
	OPTION(0, "oui", "OUI", .rows = oui_rows),
	OPTION(1, "dese", "DESE (deprecated)", .brief = "DESE", .rows = NONCE),
	OPTION(2, "triple_dese", "3DESE", .rows = NONCE),
	OPTION(3, "dese_bis", "DESE-bis", .rows = NONCE),
	END,
};

/* --- CBCP, BACP, BAP ----------------------------------------------------------------------- */

static const struct value_name cbcp_address_types[] = { { 1, "PSTN or ISDN", NULL }, { 0, NULL, NULL } };
#define CBCP_DELAY                                                                                           \
	{                                                                                                    \
		.name = "callback_delay", .label = "Callback delay (s)", .brief = "delay", .width = 1        \
	}
static const struct ppp_row cbcp_delay_rows[] = { CBCP_DELAY, END };
static const struct ppp_row cbcp_rows[] = {
	CBCP_DELAY,
	{ .name = "address_type",
	  .label = "Callback Address Type",
	  .kind = PPP_KIND_ENUM,
	  .width = 1,
	  .names = cbcp_address_types },
	{ .name = "addresses",
	  .label = "Callback Addresses",
	  .brief = "number",
	  .kind = PPP_KIND_TEXT,
	  .privacy = PPP_NUMBER },
	END,
};

/* An offer that leaves the number to the other side has none. */
static const struct ppp_row *cbcp_rows_of(const uint8_t *data, uint32_t caplen, uint32_t len)
{
	(void)caplen;
	(void)data;
	return !len ? no_rows : len == 1 ? cbcp_delay_rows : cbcp_rows;
}

static const struct ppp_option_desc cbcp_options[] = {
	OPTION(1, "no_callback", "No callback", .rows_of = cbcp_rows_of),
	OPTION(2, "user_number", "Callback to a number of the user's choice", .brief = "user's choice",
	       .rows_of = cbcp_rows_of),
	OPTION(3, "fixed_number", "Callback to a number fixed beforehand", .brief = "fixed",
	       .rows_of = cbcp_rows_of),
	OPTION(4, "listed_number", "Callback to one of a list of numbers", .brief = "of a list",
	       .rows_of = cbcp_rows_of),
	END,
};

static const struct ppp_option_desc bacp_options[] = {
	OPTION(1, "favored_peer", "Favored-Peer", .brief = "favored peer",
	       .rows = ONE("magic_number", "Magic-Number", HEX, 4)),
	END,
};

static const struct value_name bap_link_types[] = {
	{ 0x01, "ISDN", NULL },
	{ 0x02, "X.25", NULL },
	{ 0x04, "analog", NULL },
	{ 0x08, "switched digital", NULL },
	{ 0x10, "ISDN data over voice", NULL },
	{ 0, NULL, NULL },
};
static const struct value_name bap_actions[] = {
	{ 0, "no retry", NULL },
	{ 1, "retry", NULL },
	{ 0, NULL, NULL },
};
static const struct ppp_row link_type_rows[] = {
	{ .name = "link_speed", .label = "Link Speed (kbit/s)", .brief = "kbit/s", .width = 2 },
	{ .name = "link_type",
	  .label = "Link Type",
	  .brief = "",
	  .kind = PPP_KIND_FLAGS,
	  .width = 1,
	  .names = bap_link_types },
	END,
};
static const struct ppp_row call_status_rows[] = {
	{ .name = "status", .label = "Status (Q.931 cause)", .brief = "", .width = 1 },
	{ .name = "action",
	  .label = "Action",
	  .brief = "",
	  .kind = PPP_KIND_ENUM,
	  .width = 1,
	  .names = bap_actions },
	END,
};
static const struct ppp_option_desc bap_options[] = {
	OPTION(1, "link_type", "Link-Type", .brief = "link type", .rows = link_type_rows),
	OPTION(2, "phone_delta", "Phone-Delta",
	       .rows = ONE("sub_options", "Sub-Options", OCTETS, PPP_WIDTH_REST, .privacy = PPP_NUMBER)),
	OPTION(3, "no_phone_number_needed", "No-Phone-Number-Needed"),
	OPTION(4, "reason", "Reason",
	       .rows = ONE("reason", "Reason", TEXT, PPP_WIDTH_REST, .privacy = PPP_WORDS)),
	OPTION(5, "link_discriminator", "Link-Discriminator", .brief = "link",
	       .rows = ONE("link_discriminator", "Link-Discriminator", UINT, 2)),
	OPTION(6, "call_status", "Call-Status", .rows = call_status_rows),
	END,
};

/* ------------------------------------------------------------------------------------------- */

const struct ppp_option_desc *ppp_options_of(uint16_t protocol)
{
	static const struct ppp_option_desc none[] = { END };
	static const struct {
		uint16_t protocol;
		const struct ppp_option_desc *options;
	} tables[] = {
		{ PPP_LCP, lcp_options },      { PPP_IPCP, ipcp_options },    { PPP_IPV6CP, ipv6cp_options },
		{ PPP_CCP, ccp_options },      { PPP_CCP_LINK, ccp_options }, { PPP_ECP, ecp_options },
		{ PPP_ECP_LINK, ecp_options }, { PPP_CBCP, cbcp_options },    { PPP_BACP, bacp_options },
		{ PPP_BAP, bap_options },
	};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (tables[i].protocol == protocol)
			return tables[i].options;
	return none;
}
