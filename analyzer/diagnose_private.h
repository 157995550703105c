/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the diagnosis share. */
#ifndef PPTPSCOPE_DIAGNOSE_PRIVATE_H
#define PPTPSCOPE_DIAGNOSE_PRIVATE_H

#include "analyzer/diagnose.h"

enum { NOBODY_AT_FAULT = -1 };

/* Where diagnoses of one connection or call are collected. */
struct diagnoses {
	struct diagnosis *list;
	unsigned count;
	const struct tunnel *tunnel;
	int pac; /* host index or -1 */
};

/* Begins one; NULL when there is no room.  host: at fault, or NOBODY_AT_FAULT with `words`. */
struct diagnosis *found(struct diagnoses *d, const char *code, enum confidence confidence, int host,
			const char *words, const char *next);
__attribute__((format(printf, 2, 3))) void because(struct diagnosis *x, const char *format, ...);
void shown_by(struct diagnosis *x, uint64_t frame);

/* "the PNS 10.0.0.2", "10.0.0.2" where roles are not known; buf is returned. */
enum { HOST_WORDS = 64 };
const char *host_words(const struct diagnoses *d, unsigned host, char buf[HOST_WORDS]);

#endif
