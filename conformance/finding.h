/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A verdict with its evidence: a plain value, as in the report's "findings".
 */
#ifndef PPTPSCOPE_FINDING_H
#define PPTPSCOPE_FINDING_H

#include "conformance/conversation.h"

enum severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_ERROR, SEVERITIES };
enum certainty { CERTAIN, SUSPECTED };
enum { FINDING_EVIDENCE = 8 };

struct finding {
	const char *id, *section, *level; /* of the requirement; static text */
	enum severity severity;
	enum certainty certainty;
	uint64_t tunnel, connection, call; /* ids, 0: none */
	bool has_fault;
	struct ip_addr at_fault;
	enum role role;
	uint64_t frame, last_frame; /* first and last occurrence */
	uint64_t count;		    /* occurrences */
	int64_t time_ns;
	char message[200], expected[120], observed[120]; /* escaped */
	uint64_t evidence[FINDING_EVIDENCE];
	unsigned nevidence;
	char known_as[96]; /* names of quirk profiles, separated by commas */
};

#endif
