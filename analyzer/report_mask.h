/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Masks of --anonymize: "host-1", "name-2", "number-1" in order of appearance, the same for the same
 * octets as long as the process lives or until mask_clear().
 */
#ifndef PPTPSCOPE_REPORT_MASK_H
#define PPTPSCOPE_REPORT_MASK_H

#include "analyzer/report_private.h"

enum { MASK_ROOM = 32 };

/* Writes at most MASK_ROOM octets to buf and returns it. */
const char *mask_of(enum mask_kind kind, const void *octets, size_t len, char *buf);

/* Copies a sentence with addresses masked, and what is between its first and last double quote. */
void mask_sentence(const char *sentence, char *buf, size_t room);

void mask_clear(void);

#endif
