/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that decode the inside of PPP share. */
#ifndef PPTPSCOPE_PPP_PRIVATE_H
#define PPTPSCOPE_PPP_PRIVATE_H

#include "dissectors/ppp_control.h"

/* Fields being read from octets [at, end) of a packet, of which the first caplen are here. */
struct ppp_reader {
	const uint8_t *octets;
	uint32_t caplen, at, end;
	struct ppp_field *field; /* the next one goes to field[n], where n < room */
	unsigned n, room;
	unsigned defects;
	bool cut;
	bool stopped; /* nothing more can be read: cut, or it ended within a field */
};

/* Reads one table of fields, to its end or to where the packet ends. */
void ppp_read_rows(struct ppp_reader *r, const struct ppp_row *rows);

/* What is left becomes a field of octets, and a defect: the tables were over. */
void ppp_read_trailing(struct ppp_reader *r, enum ppp_privacy privacy);

/* Octets from `at` on that are in the capture and in the packet: len of them. */
const uint8_t *ppp_read_ahead(const struct ppp_reader *r, uint32_t *len);

/* Adds a field that is not as wide as its row says, and moves over it. */
void ppp_read_field(struct ppp_reader *r, const struct ppp_row *row, uint32_t width);

/* The options of a protocol; a table without rows where none is known. */
const struct ppp_option_desc *ppp_options_of(uint16_t protocol);

/* PAP, CHAP, EAP: everything after the Length.  r stands there. */
void ppp_auth_read(struct ppp_reader *r, const struct ppp_context *context, struct ppp_control *out);

/* What has no code: false when nothing is known of it. */
bool ppp_data_read(const struct ppp_frame *f, const struct ppp_context *context, struct ppp_reader *r,
		   struct ppp_control *out);

#endif
