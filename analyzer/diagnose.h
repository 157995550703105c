/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a connection or call failed, or that it did not: codes that scripts rely on, each with the
 * frames that prove it, who or what is at fault, and what to try next.
 *
 * Works on what the conversation has come to; knows packets no more.
 */
#ifndef PPTPSCOPE_DIAGNOSE_H
#define PPTPSCOPE_DIAGNOSE_H

#include "conformance/conversation.h"

enum confidence { CONFIDENCE_LOW, CONFIDENCE_MEDIUM, CONFIDENCE_HIGH };

enum { DIAGNOSES_MAX = 8, DIAGNOSIS_EVIDENCE = 6 };

struct diagnosis {
	const char *code;  /* "gre-blocked-to-pns", ...; static */
	char summary[240]; /* one sentence, escaped */
	const char *next;  /* what to try next, one sentence; static */
	bool has_fault;    /* at_fault is one of the hosts; else fault_words says what is */
	struct ip_addr at_fault;
	const char *fault_words; /* "the network between them", or NULL */
	enum confidence confidence;
	uint64_t evidence[DIAGNOSIS_EVIDENCE];
	unsigned nevidence;
};

/* Both write what they find to out (the gravest first) and return how many.  now: end of the captures. */
unsigned diagnose_connection(const struct control_connection *c, int64_t now,
			     struct diagnosis out[DIAGNOSES_MAX]);
unsigned diagnose_call(const struct call *c, int64_t now, struct diagnosis out[DIAGNOSES_MAX]);

const char *confidence_name(enum confidence c); /* "low", "medium", "high" */

#endif
