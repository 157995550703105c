/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is inside a PPP frame: control packets with their options, authentication, and the headers of
 * what is carried (IP, MPPE, MP), all as named fields.
 *
 * Pure: no allocation, no output, no state.  Everything borrows the octets of the frame.  Offsets
 * count from ppp_frame.payload, the octet after the protocol field.
 */
#ifndef PPTPSCOPE_PPP_CONTROL_H
#define PPTPSCOPE_PPP_CONTROL_H

#include "dissectors/ctrl.h"
#include "dissectors/ppp.h"

/* Codes of LCP and of what has its format; of PAP, CHAP, EAP. */
enum {
	PPP_CONF_REQ = 1,
	PPP_CONF_ACK,
	PPP_CONF_NAK,
	PPP_CONF_REJ,
	PPP_TERM_REQ,
	PPP_TERM_ACK,
	PPP_CODE_REJ,
	PPP_PROT_REJ,
	PPP_ECHO_REQ,
	PPP_ECHO_REP,
	PPP_DISCARD,
	PPP_IDENTIFICATION,
	PPP_TIME_REMAINING,
	PPP_RESET_REQ,
	PPP_RESET_ACK,

	PPP_PAP_REQUEST = 1,
	PPP_PAP_ACK,
	PPP_PAP_NAK,

	PPP_CHAP_CHALLENGE = 1,
	PPP_CHAP_RESPONSE,
	PPP_CHAP_SUCCESS,
	PPP_CHAP_FAILURE,
	PPP_CHAP_CHANGE_1, /* RFC 2433 */
	PPP_CHAP_CHANGE_2,
	PPP_CHAP_CHANGE_3, /* RFC 2759 */

	PPP_EAP_REQUEST = 1,
	PPP_EAP_RESPONSE,
	PPP_EAP_SUCCESS,
	PPP_EAP_FAILURE,
};

/* Options that others than reports look at. */
enum {
	LCP_OPT_MRU = 1,
	LCP_OPT_ACCM = 2,
	LCP_OPT_AUTH = 3,
	LCP_OPT_QUALITY = 4,
	LCP_OPT_MAGIC = 5,
	LCP_OPT_PFC = 7,
	LCP_OPT_ACFC = 8,
	LCP_OPT_CALLBACK = 13,
	LCP_OPT_MRRU = 17,
	LCP_OPT_SSNHF = 18,
	LCP_OPT_ENDPOINT = 19,

	IPCP_OPT_COMPRESSION = 2,
	IPCP_OPT_ADDRESS = 3,
	IPCP_OPT_DNS1 = 129,
	IPCP_OPT_NBNS1 = 130,
	IPCP_OPT_DNS2 = 131,
	IPCP_OPT_NBNS2 = 132,

	IPV6CP_OPT_INTERFACE_ID = 1,

	CCP_OPT_STAC = 17,
	CCP_OPT_MPPE = 18,
	CCP_OPT_BSD = 21,
	CCP_OPT_DEFLATE_DRAFT = 24,
	CCP_OPT_DEFLATE = 26,
};

/* Algorithm of CHAP in LCP's Authentication-Protocol. */
enum { PPP_CHAP_MD5 = 5, PPP_CHAP_MS = 0x80, PPP_CHAP_MS2 = 0x81 };

/* Supported bits of CCP's MPPE option, RFC 3078 section 2.1. */
enum {
	PPP_MPPE_H = 0x01000000, /* stateless */
	PPP_MPPE_M = 0x80,	 /* 56 bit */
	PPP_MPPE_S = 0x40,	 /* 128 bit */
	PPP_MPPE_L = 0x20,	 /* 40 bit */
	PPP_MPPE_D = 0x10,	 /* obsolete */
	PPP_MPPE_C = 0x01,	 /* MPPC */
};

/* EAP methods. */
enum {
	PPP_EAP_IDENTITY = 1,
	PPP_EAP_NOTIFICATION = 2,
	PPP_EAP_NAK = 3,
	PPP_EAP_MD5 = 4,
	PPP_EAP_TLS = 13,
	PPP_EAP_PEAP = 25,
	PPP_EAP_MSCHAPV2 = 26,
};

/* What the packet does not say itself; all 0: not known. */
struct ppp_context {
	uint8_t chap;	     /* PPP_CHAP_* in force */
	uint8_t compression; /* number of the CCP option in force from this sender */
	bool short_sequence; /* MP with 12-bit sequence numbers */
};

enum ppp_kind {
	PPP_KIND_UINT,
	PPP_KIND_HEX,
	PPP_KIND_ENUM,
	PPP_KIND_FLAGS,
	PPP_KIND_PROTOCOL, /* a PPP protocol number */
	PPP_KIND_ADDRESS,  /* IPv4 or IPv6, by the width */
	PPP_KIND_TEXT,
	PPP_KIND_OCTETS,
	PPP_KIND_LIST, /* octets, each one of `names` */
};

/* What must not be shown to everybody. */
enum ppp_privacy {
	PPP_PUBLIC,
	PPP_NAME,   /* of a user or host */
	PPP_HOST,   /* an address */
	PPP_NUMBER, /* of a telephone, a network card */
	PPP_WORDS,  /* text or octets that may say anything */
	PPP_SECRET, /* a password, or what one can be guessed by */
};

enum { PPP_WIDTH_REST = 0, PPP_WIDTH_COUNTED = 0xffff /* by the value of the row before */ };

/* One field of a table.  Tables end with a NULL name. */
struct ppp_row {
	const char *name;  /* snake_case, as in JSON */
	const char *label; /* for people */
	const char *brief; /* on one line: what goes before the value; NULL: not there */
	enum ppp_kind kind;
	uint16_t width;	   /* octets, or PPP_WIDTH_* */
	uint32_t mask;	   /* bits of these octets, or 0; the row with bit 0 is the last of them */
	const struct value_name *names; /* ENUM, FLAGS, LIST */
	enum ppp_privacy privacy;
};

/* A field that was found. */
struct ppp_field {
	const struct ppp_row *row;
	uint32_t offset, width;	/* octets */
	const uint8_t *octets;
	uint32_t caplen;	/* of width, in the capture; value is 0 where it is less */
	uint64_t value;		/* UINT to PROTOCOL, host order */
};

/* Bits of ppp_control.defects and ppp_option.defects. */
enum ppp_defect {
	PPP_BAD_SHORT = 1,	   /* ends within code, identifier and length */
	PPP_BAD_LENGTH_LOW = 2,	   /* Length is less than these four octets */
	PPP_BAD_LENGTH_HIGH = 4,   /* Length is more than the frame holds */
	PPP_BAD_CODE = 8,	   /* the protocol has no such code */
	PPP_BAD_FIELD = 16,	   /* ends within a field */
	PPP_BAD_TRAILING = 32,	   /* octets after the last field */
	PPP_BAD_OPTION_LENGTH = 64, /* an option's Length is less than 2 or more than the rest */
	PPP_BAD_OPTION_SIZE = 128, /* an option is not as long as its number says */
	PPP_BAD_INNER = 256,	   /* the IP header inside is not valid */
};

enum { PPP_FIELDS_MAX = 24, PPP_OPTION_FIELDS_MAX = 8 };

struct ppp_option_desc {
	uint8_t number;
	const char *name, *label;
	const char *brief; /* on one line, or NULL: label */
	const struct ppp_row *rows; /* of the data, or NULL: none */
	/* Or rows that depend on the data: len octets, of which caplen are here. */
	const struct ppp_row *(*rows_of)(const uint8_t *data, uint32_t caplen, uint32_t len);
};

struct ppp_option {
	uint8_t number;
	uint8_t length;	/* as sent, with number and length */
	const struct ppp_option_desc *desc; /* NULL: not known; field 0 then is the data */
	uint32_t offset;	/* of the number */
	uint32_t len, caplen;	/* octets of it, with number and length; captured ones */
	const uint8_t *data;	/* after number and length */
	unsigned defects;
	unsigned nfields;
	struct ppp_field field[PPP_OPTION_FIELDS_MAX];
};

struct ppp_control {
	uint16_t protocol;
	bool has_code;		/* code, identifier, length are valid */
	uint8_t code, identifier;
	uint16_t length;
	bool cut;		/* the capture lacks octets that are described here */
	bool guessed;		/* for want of context the packet was read as what it looks like */
	uint8_t chap;		/* PPP_CHAP_* by which a CHAP packet was read, or 0 */
	unsigned defects;	/* enum ppp_defect, those of the options included */
	const uint8_t *octets;	/* from the code on */
	uint32_t len, caplen;	/* octets up to Length, padding excluded */
	uint32_t options_at;	/* offset of the options; 0: this packet has none */
	const struct ppp_option_desc *options; /* the protocol's table; ends with a NULL name */
	unsigned nfields;	/* in the order of the packet, options excluded */
	struct ppp_field field[PPP_FIELDS_MAX];
};

/*
 * Decodes a frame.  context may be NULL.  False when nothing of the inside is known: the frame is bad
 * or cut, or its protocol is none of those that are decoded; *out is then empty.
 */
bool ppp_control_decode(const struct ppp_frame *f, const struct ppp_context *context,
			struct ppp_control *out);

/* Walks the options: *at is 0 at first.  False after the last. */
bool ppp_option_next(const struct ppp_control *c, uint32_t *at, struct ppp_option *out);

/* The first option of that number. */
bool ppp_option_find(const struct ppp_control *c, uint8_t number, struct ppp_option *out);

/* What is known of an option whether a packet has it or not; or NULL. */
const struct ppp_option_desc *ppp_option_desc_of(uint16_t protocol, uint8_t number);

/* A field by its name, or NULL: of a packet, of an option. */
const struct ppp_field *ppp_field_of(const struct ppp_control *c, const char *name);
const struct ppp_field *ppp_option_field(const struct ppp_option *o, const char *name);

/* Value of field `name`, where it is whole in the capture. */
bool ppp_field_get(const struct ppp_control *c, const char *name, uint64_t *value);
bool ppp_option_get(const struct ppp_option *o, const char *name, uint64_t *value);

/* The address of an ADDRESS field that is whole. */
bool ppp_field_address(const struct ppp_field *f, struct ip_addr *out);

/*
 * Words of a value: the name of an ENUM or PROTOCOL, the names of FLAGS joined by ", " ("none" for 0),
 * those of a LIST; empty where there are none.  Returns buf.
 */
const char *ppp_field_words(const struct ppp_field *f, char *buf, size_t room);

/* One defect bit: for people ("ends within a field"), and short for JSON ("field"); or NULL. */
const char *ppp_defect_text(unsigned bit);
const char *ppp_defect_name(unsigned bit);

/*
 * "PAP", "CHAP-MD5", "MS-CHAP", "MS-CHAPv2", "EAP", "SPAP": what LCP's Authentication-Protocol asks
 * for; "EAP-MD5", "EAP-TLS", "PEAP", "EAP-MSCHAPv2": an EAP method.  NULL for others.
 */
const char *ppp_auth_name(uint16_t protocol, uint8_t algorithm);
const char *ppp_eap_method_name(uint8_t method);

/* --- the same as structures, for those that compute with them -------------------------------- */

/* Octets of a frame that are text or a number with leading zeros; len 0: not there. */
struct ppp_octets {
	const uint8_t *octets;
	uint32_t len;
};

/* CHAP, or the MS-CHAPv2 packet in EAP; every part only where whole in the capture. */
struct ppp_chap {
	uint8_t code, identifier; /* PPP_CHAP_CHALLENGE, ... */
	uint8_t algorithm;	  /* PPP_CHAP_*; 0: not known (a Challenge says nothing of it) */
	bool guessed;
	struct ppp_octets value;  /* of a Challenge or Response, as sent */
	struct ppp_octets name;
	/* MS-CHAP and MS-CHAPv2 Response */
	struct ppp_octets lm_response, nt_response; /* 24 octets each */
	struct ppp_octets peer_challenge;	    /* 16 octets */
	uint8_t flags;
	/* Success and Failure */
	struct ppp_octets message;		  /* all of it */
	struct ppp_octets authenticator_response; /* S=, 40 digits */
	bool has_error, has_retry, has_version;
	uint32_t error, retry, version;		  /* E=, R=, V= */
	struct ppp_octets new_challenge;	  /* C=, hexadecimal digits */
	struct ppp_octets text;			  /* M= */
};

/* False when the packet is none of CHAP or MS-CHAPv2 in EAP. */
bool ppp_chap_decode(const struct ppp_control *c, struct ppp_chap *out);

/* Words of an E= ("authentication failed: wrong user name or password"), or NULL. */
const char *ppp_chap_error_words(uint32_t error);

struct ppp_mppe {
	bool flushed, compressed_front, compressed, encrypted; /* A, B, C, D */
	uint16_t coherency;	/* 12 bits */
	const uint8_t *payload;
	uint32_t caplen, len;
};

/* A packet of protocol 0x00FD or 0x00FB read as MPPE; false when it is none or its header is not here. */
bool ppp_mppe_decode(const struct ppp_frame *f, struct ppp_mppe *out);

struct ppp_ip {
	struct datagram d;
	bool has_ports;	/* TCP, UDP, SCTP: ports; ICMP: type and code */
	uint16_t src_port, dst_port;
};

/* The IP packet in a frame; false when there is none or its header is damaged or cut. */
bool ppp_ip_decode(const struct ppp_frame *f, struct ppp_ip *out);

#endif
