/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of decode's text share. */
#ifndef PPTPSCOPE_DECODE_TEXT_PRIVATE_H
#define PPTPSCOPE_DECODE_TEXT_PRIVATE_H

#include "analyzer/report_text_put.h"

enum { DECODE_ENDPOINT = 80 };

/* An address, and a port where it is not 0. */
const char *decode_endpoint(const struct report_options *o, const struct ip_addr *a, uint16_t port,
			    char buf[DECODE_ENDPOINT]);

void decode_put_styled(const struct report_options *o, enum style s, const char *text);

/* A field on a line of its own, and one that is not there: cut off, or (is_short) never sent. */
void decode_put_row(const struct report_options *o, unsigned offset, const char *width, const char *label,
		    const char *value, const char *words);
void decode_put_absent(const struct report_options *o, unsigned offset, const char *width, const char *label,
		       bool is_short);

/* What a GRE packet carries: behind the GRE fields on the line, and as rows of their own. */
void decode_ppp_line(const struct report_options *o, const struct gre_pkt *g, enum gre_status status);
void decode_ppp_rows(const struct report_options *o, const struct gre_pkt *g, enum gre_status status);

#endif
