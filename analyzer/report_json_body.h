/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections, calls, findings and messages as JSON: what reports, decode and live events have in common.
 *
 * Each writes keys into an object that is open.
 */
#ifndef PPTPSCOPE_REPORT_JSON_BODY_H
#define PPTPSCOPE_REPORT_JSON_BODY_H

#include "analyzer/report_json_put.h"

/* How far the document has come. */
enum stage { STAGE_CAPTURES, STAGE_TUNNELS, STAGE_FINDINGS };

/* The last start message of a kind as text: most peers say the same of themselves each time. */
struct start_text {
	struct start_info of;
	uint8_t name[2][64]; /* its texts, which may be gone by then */
	enum role role;
	size_t len; /* 0: none yet */
	char text[1024];
};

/* How a call was answered or ended, as text: there are few that are not like another. */
enum { OUTCOMES = 16, OUTCOME_ROOM = 248 };
struct outcome_text {
	uint64_t of; /* result, error and cause; 0: none yet */
	size_t len;
	char text[OUTCOME_ROOM];
};

struct report {
	struct report_options o;
	struct json j;
	enum stage stage;
	const struct tunnel *tunnel;            /* the open one */
	struct quoted_text host[HOSTS];         /* its addresses: a tunnel of many calls names them often */
	struct quoted_text message[CTRL_TYPES]; /* names of messages, as keys */
	struct start_text start[2];             /* of requests, of replies */
	struct outcome_text outcome[OUTCOMES];
	bool in_calls;
	int error; /* errno of the first write that failed */
};

/* Begins a document or a stream; false when memory was not to be had. */
bool report_json_init(struct report *r, const struct report_options *o);

/* What follows is about this tunnel. */
void report_json_tunnel(struct report *r, const struct tunnel *t);

/* The text of a host of the tunnel, as a value; -1: null. */
void report_json_host(struct report *r, int host);

/* All keys but ids. */
void report_json_connection(struct report *r, const struct control_connection *c, const struct diagnosis *why,
			    unsigned whys);
void report_json_call(struct report *r, const struct call *c, const struct diagnosis *why, unsigned whys);
/* The first of them: what messages have told of it until now. */
void report_json_call_begun(struct report *r, const struct call *c);

/* A finding in three parts, without the ids of what it is about, and its time. */
void report_json_finding_rule(struct report *r, const struct finding *f);
void report_json_finding_place(struct report *r, const struct finding *f);
void report_json_finding_words(struct report *r, const struct finding *f);

/* Packets that were not looked at, by reason. */
void report_json_unseen(struct json *j, const uint64_t *unseen);

/* report_json_decode.c: frames and ends of a message; and what it says. */
void report_json_where(struct json *j, const struct report_options *o, const struct decode_where *w,
		       bool ports);
void report_json_message(struct json *j, const struct report_options *o, const struct ctrl_msg *m);

#endif
