/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What real peers are known for: labels of findings, and fingerprints.  The table is quirks.def. */
#ifndef PPTPSCOPE_QUIRK_H
#define PPTPSCOPE_QUIRK_H

#include "conformance/rule.h"

/*
 * Writes the names of the peers known for breaking the rule in that role, separated by commas; returns buf.
 * tested: by what they let pass that a tester sends them, too, which says nothing of what they send.
 */
const char *quirk_names(enum rule_number rule, enum role role, bool tested, char *buf, size_t room);

/* A peer recognised by what its SCCRQ or SCCRP says. */
struct fingerprint {
	const char *peer;  /* as in quirk_names */
	const char *words; /* for people */
	bool vendor, host, firmware, channels; /* the fields that it was recognised by */
	uint64_t frame;			       /* with those fields */
};

/* False when nothing fits.  role may be ROLE_UNKNOWN: then the side that asked is taken for a PNS. */
bool quirk_fingerprint(const struct start_info *s, enum role role, bool asked, struct fingerprint *out);

#endif
