/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pptpscope audit --pair: two captures of the same calls. */
#ifndef PPTPSCOPE_PAIRING_H
#define PPTPSCOPE_PAIRING_H

#include "tools/options.h"

/* clang-format off */
#define PAIRING_OPTIONS \
	{ 0, "pair", NULL, "compare two captures of the same calls, from both sides of a box or a path: " \
	  "what it changed, delayed and dropped" }, \
	{ 0, "max-records", "N", "with --pair: packets and messages that are kept of each capture" }
/* clang-format on */

/* Reads the two captures and prints what was found; returns the exit status. */
int pairing_run(const struct options *o);

#endif
