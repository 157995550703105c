/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How safe the inside of a call was: a grade from A to F, which is that of the worst reason.
 *
 *   B  what PPTP can do at best: certificates, and RC4 with 128-bit keys that change with each packet
 *   C  the same, but an end would have done with less
 *   D  MS-CHAPv2, or keys that can be tried out
 *   E  weak authentication, or everything can be read
 *   F  the password, or what encryption was agreed for, crossed the network in clear; or nobody had
 *      to prove anything
 *
 * A is kept for what PPTP does not have: packets that cannot be changed on the way.
 */
#ifndef PPTPSCOPE_POSTURE_H
#define PPTPSCOPE_POSTURE_H

#include "conformance/ppp_session.h"

enum posture_reason {
#define REASON(sym, grade, name, words) POSTURE_##sym,
#include "conformance/posture.def"
#undef REASON
	POSTURE_REASONS
};

struct posture_why {
	enum posture_reason reason;
	uint64_t frame; /* that proves it; 0: none alone does */
	int end;        /* host index of who did or took it so, or -1 */
};

enum { POSTURE_MAX = 16 };

struct posture {
	char grade; /* 'A' to 'F', or 0: the capture shows too little */
	unsigned n;
	struct posture_why why[POSTURE_MAX];
};

void posture_of(const struct ppp_session *s, struct posture *out);

/* The grade alone. */
char posture_grade_of(const struct ppp_session *s);

/* "password-in-clear" and a clause for people. */
const char *posture_name(enum posture_reason r);
const char *posture_words(enum posture_reason r);
char posture_grade(enum posture_reason r);

#endif
