/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the text report share. */
#ifndef PPTPSCOPE_REPORT_TEXT_PRIVATE_H
#define PPTPSCOPE_REPORT_TEXT_PRIVATE_H

#include "analyzer/report_text_put.h"

enum {
	LABEL_ROOM = 64, /* a role or an address */
	FRAME_ROOM = 32,
	SINCE_ROOM = 32,
};

/* What a tunnel's collapsed lines add up to. */
struct tally {
	uint64_t states[CALL_GRE_ONLY + 1], kinds[CALL_INCOMING + 1];
	uint64_t packets[HOSTS], octets[HOSTS], lost[HOSTS]; /* by sender */
	uint64_t open, gaps, lost_octets;                    /* of connections */
};

/* The tunnel that is being written. */
struct tunnel_text {
	const struct report_options *o;
	struct text t;
	const struct tunnel *tunnel;
	bool in_connections, in_calls; /* their table has its heading */
	bool connections_told;         /* their sums were written */
	struct tally tally;
};

void tunnel_text_begin(struct tunnel_text *x, const struct tunnel *t);
void tunnel_text_connection(struct tunnel_text *x, const struct control_connection *c);
void tunnel_text_call(struct tunnel_text *x, const struct call *c);
/* What was found out about the connection or call before it; `among`: how many of them the tunnel has. */
void tunnel_text_diagnosis(struct tunnel_text *x, uint64_t among, const struct diagnosis *why, unsigned whys);
void tunnel_text_end(struct tunnel_text *x);

/* Calls and GRE: report_text_call.c. */
void call_text(struct tunnel_text *x, const struct call *c);
void call_text_row(struct tunnel_text *x, const struct call *c);

/* What is inside a call: report_text_ppp.c. */
void ppp_text(struct tunnel_text *x, const struct call *c);

/* "15", or "2:15" with more than one file. */
const char *text_frame(const struct report_options *o, uint64_t frame, char buf[FRAME_ROOM]);

/* "2005-06-09 12:47:14.834809 UTC" */
const char *text_time(int64_t time_ns, char buf[REPORT_TIME]);

/* "+0.123456": what passed since the tunnel was first seen. */
const char *text_since(const struct tunnel_text *x, int64_t time_ns, char buf[SINCE_ROOM]);

/* "PAC", "PNS", or the address while roles are not known. */
const char *text_host(const struct tunnel_text *x, int pac, unsigned host, char buf[LABEL_ROOM]);

enum style text_role_style(int pac, unsigned host);

/* ", frame 15 at +0.123456": where a moment was seen, as items. */
void text_seen(struct tunnel_text *x, uint64_t frame, int64_t time_ns);

#endif
