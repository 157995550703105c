/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is inside a call, as JSON. */
#ifndef PPTPSCOPE_REPORT_JSON_PPP_H
#define PPTPSCOPE_REPORT_JSON_PPP_H

#include "analyzer/report_json_put.h"

/* Keys "ppp" and "security" of a call: null where no control packet of PPP was seen. */
void report_json_ppp(struct json *j, const struct report_options *o, const struct tunnel *t,
		     const struct call *c);

#endif
