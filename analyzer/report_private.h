/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the writers of reports share: words, masks, and which values of a call are known. */
#ifndef PPTPSCOPE_REPORT_PRIVATE_H
#define PPTPSCOPE_REPORT_PRIVATE_H

#include "analyzer/report.h"

/* --- masks: what --anonymize hides --------------------------------------------------------- */

enum mask_kind { MASK_HOST, MASK_NAME, MASK_NUMBER, MASK_TEXT, MASK_CAPTURE, MASK_KINDS };

enum {
	TEXT_ROOM = 4 * 128 + 1, /* the longest text of a message (128 octets), each octet as \xNN */
	PATH_ROOM = 4 * 4096 + 1,
};

/* Text from the wire: escaped, or its mask.  Empty text stays empty.  Returns buf. */
const char *report_wire_text(const struct report_options *o, enum mask_kind kind, const uint8_t *octets,
			     size_t len, char buf[TEXT_ROOM]);

/* Text of a message field by the field's name: vendor names are nobody's secret, the rest is masked. */
const char *report_field_text(const struct report_options *o, const char *field_name, const uint8_t *octets,
			      size_t len, char buf[TEXT_ROOM]);

/* A number that the tracker has escaped already, or its mask; NULL stays NULL. */
const char *report_number(const struct report_options *o, const char *number, char buf[TEXT_ROOM]);

/* A file name, escaped or masked. */
const char *report_path(const struct report_options *o, const char *path, char buf[PATH_ROOM]);

/* Why a file failed: escaped, and with the file's name masked where that is asked for. */
const char *report_error(const struct report_options *o, const char *error, const char *path,
			 char buf[PATH_ROOM]);

/*
 * A sentence of a finding.  It is escaped, but may end within a letter where its room was over, and
 * may name addresses, and in quotes names from the wire.
 */
const char *report_sentence(const struct report_options *o, const char *sentence, char buf[TEXT_ROOM]);

/* --- words --------------------------------------------------------------------------------- */

struct unseen_row {
	const char *name, *words;
	bool lossy;
};
extern const struct unseen_row report_unseen[UNSEEN_COUNT]; /* [UNSEEN_NONE] is empty */

/* Name of a link type, or its number. */
const char *report_link_type(uint32_t link_type, char buf[16]);

const char *report_status_name(enum ctrl_status s); /* "ok", "cut", "bad" */
const char *report_role_name(enum role r);          /* "PAC", "PNS" or NULL */
const char *report_message_name(unsigned type);     /* "Echo-Request", or NULL */

/* One defect bit as a short name ("key-missing"), or NULL. */
const char *report_gre_defect_name(unsigned bit);
const char *report_ctrl_defect_name(unsigned bit);

/* Words of a field's value in messages of a type ("busy"), or NULL.  Fills buf.  The name is a constant. */
const char *report_value_words(unsigned type, const char *field_name, uint32_t value, char buf[TEXT_ROOM]);

/* Words of a Result Code or Reason of messages of that type, or NULL. */
const char *report_result_words(unsigned type, uint32_t result, char buf[TEXT_ROOM]);

/* What a moment's value is: a row of the message's table, or NULL. */
const struct field *report_moment_field(const struct moment *m);

/* Whether a moment has a Result Code or Reason. */
bool report_moment_result(const struct moment *m);

/* --- what was not judged ------------------------------------------------------------------- */

/* Whether rule i was asked: chosen, holding under the profile, and one that a capture can answer. */
bool report_asked(const struct report_unjudged *u, unsigned i);

/* Rules that were asked: all, or those that a condition keeps from judging. */
unsigned report_asked_count(const struct report_unjudged *u);
unsigned report_kept_count(const struct report_unjudged *u, unsigned bit);

/* --- messages and packets of decode -------------------------------------------------------- */

/*
 * Row i of a message: its field and value; *known is false where its octets are not in the capture.
 * A message that is none of PPTP's has the rows of the common header.  Returns false after the last.
 */
bool report_ctrl_row(const struct ctrl_msg *m, unsigned i, const struct field **f, uint32_t *value,
		     bool *known);

/* Octets of a text row up to the first zero. */
const uint8_t *report_ctrl_text(const struct ctrl_msg *m, unsigned row, size_t *len);

/*
 * "cut" also where the payload is not whole in the capture, unless the packet came in fragments
 * (the others then hold the rest).
 */
enum ctrl_status report_gre_status(const struct decode_where *w, const struct gre_pkt *g,
				   enum gre_status status);

/* Row i of gre_fields: false where the packet has no such number or it is not in the capture. */
bool report_gre_value(const struct gre_pkt *g, enum gre_status status, unsigned i, uint32_t *value);

struct ppp_frame;
/* The PPP frame in a packet; false when there is none. */
bool report_gre_ppp(const struct gre_pkt *g, enum gre_status status, struct ppp_frame *out);
enum ctrl_status report_ppp_status(const struct ppp_frame *f);

/* --- roles and calls ----------------------------------------------------------------------- */

/* The role of a host where host `pac` is the PAC (-1: not known). */
enum role report_role(int pac, unsigned host);

/* Host index of the PAC in a connection, or -1. */
int report_connection_pac(const struct control_connection *c, const struct tunnel *t);

/* Values of a call come with its messages: without the message the value is not known. */
enum call_value {
	CALL_BPS,
	CALL_BEARER,
	CALL_FRAMING,
	CALL_SPEED,
	CALL_CHANNEL,
	CALL_PNS_WINDOW, /* and delay */
	CALL_PAC_WINDOW, /* and delay */
	CALL_VALUES
};
bool report_call_has(const struct call *c, enum call_value v);

const char *report_bearer_words(const struct call *c, char buf[TEXT_ROOM]);  /* or NULL */
const char *report_framing_words(const struct call *c, char buf[TEXT_ROOM]); /* or NULL */

/* The message that answered the call's request. */
enum ctrl_type report_reply_type(const struct call *c);

/*
 * Whether the packets of a direction are known: with a flow they are, and without one when the Call
 * ID that its packets would carry is known, for then there were none.
 */
bool report_flow_known(const struct call *c, int pac, unsigned from);

/* The Call ID that packets of that direction carry; false when not known. */
bool report_flow_call_id(const struct call *c, int pac, unsigned from, uint16_t *id);

/* Loss can be told: there were sequence numbers and they made sense. */
bool report_loss_known(const struct flow *f);

#endif
