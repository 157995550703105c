/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PPTP control messages (RFC 2637 section 2): octets on TCP port 1723 to named fields and back.
 *
 * One table (ctrl_desc.c) serves decoder, encoder, text, JSON, trace scripts, rules and tests.
 * Pure functions: no allocation, no output, no state between calls.
 *
 * Ownership: the caller owns the octets and the message.  A decoded message borrows the octets
 * and must not outlive them; copy what must stay.
 */
#ifndef PPTPSCOPE_CTRL_H
#define PPTPSCOPE_CTRL_H

#include "dissectors/packet.h"

enum {
	CTRL_MAGIC = 0x1a2b3c4d,
	CTRL_PORT = 1723,
	CTRL_HEADER = 12,	/* octets common to all fifteen messages */
	CTRL_MIN = 16,		/* shortest message */
	CTRL_MAX = 220,		/* longest message */
	CTRL_LENGTH_LIMIT = 1024, /* a Length above this is not believed */
	CTRL_FIELDS_MAX = 20,	/* rows of the longest table, common header included */
};

/* Control Message Type. */
enum ctrl_type {
	CTRL_SCCRQ = 1,
	CTRL_SCCRP,
	CTRL_STOPRQ,
	CTRL_STOPRP,
	CTRL_ECHORQ,
	CTRL_ECHORP,
	CTRL_OCRQ,
	CTRL_OCRP,
	CTRL_ICRQ,
	CTRL_ICRP,
	CTRL_ICCN,
	CTRL_CCRQ,
	CTRL_CDN,
	CTRL_WEN,
	CTRL_SLI,
	CTRL_TYPES /* one past the last */
};

enum ctrl_status {
	CTRL_OK,
	CTRL_CUT,  /* the capture lacks octets that were on the wire */
	CTRL_BAD,  /* no PPTP message can look like this: what is wrong is in `defects` */
};

/* Defects of a header; bits. */
enum ctrl_defect {
	CTRL_BAD_COOKIE = 1,
	CTRL_BAD_MESSAGE_TYPE = 2, /* PPTP Message Type is neither 1 (control) nor 2 (management) */
	CTRL_BAD_TYPE = 4,	   /* Control Message Type is not 1 to 15 */
	CTRL_BAD_LENGTH = 8,	   /* Length is not the size of that type */
	CTRL_MANAGEMENT = 16,	   /* PPTP Message Type 2: reserved for management messages, contents undefined */
	CTRL_UNFINISHED = 32,	   /* the sender ended the stream, or began another message, before Length octets */
};

enum field_kind {
	F_UINT,	    /* any value */
	F_HEX,	    /* any value, shown in hexadecimal */
	F_ENUM,	    /* one of its names */
	F_FLAGS,    /* a set of named bits */
	F_RESERVED, /* zero */
	F_VERSION,  /* high octet version, low octet revision */
	F_TEXT,	    /* octets, zero filled */
};

/* A value or a bit and its word; arrays end with a NULL name. */
struct value_name {
	uint32_t value;
	const char *name;  /* as in JSON "names": short, lower case where the RFC has no proper name */
	const char *words; /* a sentence for people, or NULL */
};

/* One field of a message.  Rows of a message tile it without gap or overlap. */
struct field {
	const char *name;  /* the RFC's, in snake_case, as in JSON */
	const char *label; /* the RFC's own spelling, for people */
	uint16_t offset, width; /* octets */
	enum field_kind kind;
	const struct value_name *names; /* F_ENUM, F_FLAGS; else NULL */
	const char *unit;  /* "bit/s", "1/10 s", "packets", or NULL */
	const char *requirement; /* id judged by the field's kind (enum, flags, reserved), or NULL */
};

struct ctrl_desc {
	enum ctrl_type type;
	const char *name;    /* Start-Control-Connection-Request */
	const char *abbrev;  /* SCCRQ, as in requirement ids */
	const char *section; /* of RFC 2637 */
	uint16_t length;
	const struct field *fields; /* ends with a NULL name; the 5 common header rows come first */
};

struct ctrl_msg {
	enum ctrl_status status;
	unsigned defects;	/* enum ctrl_defect */
	uint16_t length, message_type;
	uint32_t cookie;
	uint16_t type;		/* Control Message Type as sent, known or not */
	const struct ctrl_desc *desc; /* NULL when type is unknown or the header is not PPTP's */
	const uint8_t *octets;	/* the message */
	size_t caplen;		/* octets of it that are here */
	/* Values of desc's rows in order, host order; F_TEXT rows: offset of the text (use ctrl_text). */
	uint32_t value[CTRL_FIELDS_MAX];
	unsigned nvalues;	/* rows wholly within the captured octets */
};

/* The table row of a type, or NULL.  By name: full name or abbreviation, case-insensitive. */
const struct ctrl_desc *ctrl_desc_of(unsigned type);
const struct ctrl_desc *ctrl_desc_by_name(const char *name);

/* Row index of a field name in a message, or -1. */
int ctrl_field_index(const struct ctrl_desc *d, const char *field_name);

/*
 * Decodes one message of `len` octets (the extent that ctrl_stream settled: normally Length, or
 * what there is of it).  Sets status CTRL_CUT when len is less than Length and less than the
 * type's size because of the capture (cut = true), CTRL_BAD when a header field is wrong.
 */
void ctrl_decode(const uint8_t *octets, size_t len, bool cut, struct ctrl_msg *out);

/* Value of a named field; false when the message has no such field or it was cut. */
bool ctrl_get(const struct ctrl_msg *m, const char *field_name, uint32_t *value);

/* Octets of an F_TEXT row (width octets, not terminated), or NULL when cut. */
const uint8_t *ctrl_text(const struct ctrl_msg *m, unsigned row);

/* Octets of an F_TEXT field up to the first zero octet: *text and its length; false when absent. */
bool ctrl_get_text(const struct ctrl_msg *m, const char *field_name, const uint8_t **text, size_t *len);

/*
 * Encodes a message by its table: value[i] for row i, text[i] (width octets; may be NULL for
 * zeros) for F_TEXT rows.  The header rows come from value[] too: nothing is corrected.
 * Returns the size of the type, or 0 where room is too small.
 */
size_t ctrl_encode(const struct ctrl_desc *d, const uint32_t *value, const uint8_t *const *text,
		   uint8_t *out, size_t room);

/* Fills value[] with the defaults of a correct message: header right, everything else 0. */
void ctrl_defaults(const struct ctrl_desc *d, uint32_t value[CTRL_FIELDS_MAX]);

/*
 * The words of a value: the name of an F_ENUM ("busy"), the names of an F_FLAGS joined by ", "
 * ("asynchronous, synchronous", "none" for 0, "0x4" for unnamed bits), "1.0" of an F_VERSION;
 * empty when the kind has no words or the value no name.  Returns buf.
 */
const char *ctrl_value_words(const struct field *f, uint32_t value, char *buf, size_t room);

/* Words for Q.931 causes (Cause Code of OCRP and CDN), or NULL. */
const char *ctrl_cause_name(uint32_t cause);

/* A general error code (section 2.16) in words, or NULL. */
const char *ctrl_error_name(uint32_t error);

/*
 * Escapes octets for people and JSON strings: printable ASCII and valid UTF-8 letters as they
 * are, anything else as \xNN, backslash as \\.  Stops before room is over; always terminates.
 */
const char *ctrl_escape(const uint8_t *octets, size_t len, char *buf, size_t room);

#endif
