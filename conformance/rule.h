/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The requirements of rules.def as a table: what each demands, of whom, and how it is judged.
 * Find one by its id, walk through a selection, put its columns in words.
 *
 * Const data and pure functions: no allocation, no output.
 */
#ifndef PPTPSCOPE_RULE_H
#define PPTPSCOPE_RULE_H

#include "conformance/finding.h"

/* Number of a requirement, in the order of the table: RULE_TCP_PORT_01, ... */
enum rule_number {
#define RULE(area, rest, ...) RULE_##area##_##rest,
#include "conformance/rules.def"
	RULES
};

/* What the part of an id before its first hyphen stands for, in the order of the table. */
enum rule_area {
#define AREA(sym, words) AREA_##sym,
#include "conformance/rules.def"
	AREAS
};

enum rule_level {
	LEVEL_MUST,
	LEVEL_MUST_NOT,
	LEVEL_SHOULD,
	LEVEL_SHOULD_NOT,
	LEVEL_MAY,
	LEVEL_IMPLIED, /* binding by plain wording, such as "is set to" */
	LEVELS
};

/* Who is obliged. */
enum rule_side {
	OBLIGED_PAC,
	OBLIGED_PNS,
	OBLIGED_ORIGINATOR, /* opened the TCP connection, or sent the request */
	OBLIGED_RECEIVER,   /* accepted it, or got the message or packet */
	OBLIGED_SENDER,     /* of the message or packet, whichever role it has */
	OBLIGED_ANY,
	OBLIGED_KINDS
};

/* How sure a capture makes a violation. */
enum rule_proof {
	PROOF_CERTAIN,
	PROOF_CONDITIONAL, /* certain when what `check` says was seen, else suspected */
	PROOF_SUSPECTED,
	PROOF_UNSEEN, /* a capture cannot tell: not judged passively */
	PROOFS
};

/* The device that an active test of the requirement examines. */
enum rule_dut {
	DUT_ANY,
	DUT_PAC,
	DUT_PNS,
	DUT_NONE, /* no test of its own: nothing makes a device show it on demand */
	DUTS
};

/* What the ms-ptpt profile makes of a requirement. */
enum rule_effect {
	EFFECT_SAME,
	EFFECT_OFF,     /* does not hold there */
	EFFECT_RELAXED, /* holds, with the allowance that `note` describes */
	EFFECT_CHANGED, /* holds in the form that `note` describes */
	EFFECT_ONLY,    /* holds in this profile alone */
	EFFECTS
};

enum rule_profile { PROFILE_RFC2637, PROFILE_MS_PTPT, PROFILES };

/* Conditions under which a finding is withheld; bits of `unless`. */
enum rule_unless {
	UNLESS_NO_SYNC = 1 << 0,
	UNLESS_TCP_GAP = 1 << 1,
	UNLESS_MIDSTREAM = 1 << 2,
	UNLESS_ONE_WAY = 1 << 3,
	UNLESS_ROLE_UNKNOWN = 1 << 4,
	UNLESS_INFLIGHT = 1 << 5,
	UNLESS_CAPTURE_END = 1 << 6,
	UNLESS_CLOCK = 1 << 7,
	UNLESS_NAT = 1 << 8,
	UNLESS_NO_CALL = 1 << 9,
	UNLESS_GRE_LOSS = 1 << 10,
	UNLESS_REORDER = 1 << 11,
	UNLESS_FRAG = 1 << 12,
	UNLESS_SNAPLEN = 1 << 13,
};
enum { UNLESS_BITS = 14 };

struct rule {
	const char *id;        /* "OCRP-CALLID-01" */
	const char *section;   /* of RFC 2637, or "MS-PTPT 3.2.4" */
	const char *statement; /* one sentence */
	const char
		*check;   /* a clause: what a violation looks like; PROOF_UNSEEN: why a capture cannot tell */
	const char *note; /* a clause: what the ms-ptpt profile has instead, or NULL */
	enum rule_area area;
	enum rule_level level;
	enum rule_side obliged;
	enum severity severity; /* of a proven violation; see rule_severity */
	enum rule_proof proof;
	enum rule_dut dut;
	enum rule_effect effect;
	unsigned unless; /* enum rule_unless */
};

extern const struct rule rules[RULES];

/* By its id in upper or lower case, or NULL. */
const struct rule *rule_by_id(const char *id);

/*
 * Whether an id, or the beginning of one up to a hyphen, names the rule: "GRE", "gre-ack" and
 * "GRE-ACK-01" name GRE-ACK-01, "GRE-A" does not.
 */
bool rule_named(const struct rule *r, const char *name);

static inline bool rule_passive(const struct rule *r)
{
	return r->proof != PROOF_UNSEEN;
}

static inline bool rule_active(const struct rule *r)
{
	return r->dut != DUT_NONE;
}

/* Whether the requirement holds under a profile. */
bool rule_holds(const struct rule *r, enum rule_profile p);

/* The severity of a finding: what is only suspected counts one step less than what is proven. */
enum severity rule_severity(const struct rule *r, enum certainty c);

/* A selection: what is zero or NULL does not restrict it. */
struct rule_filter {
	const char *const *names; /* as for rule_named; any of them */
	size_t nnames;
	uint64_t areas;       /* bits of enum rule_area */
	unsigned levels;      /* bits of enum rule_level */
	bool passive, active; /* only what is judged that way; with both, in both ways */
	bool by_profile;      /* only what holds under `profile` */
	enum rule_profile profile;
};

bool rule_selected(const struct rule_filter *f, const struct rule *r);

/* The next rule of a selection in the order of the table, the first one after NULL; NULL at the end. */
const struct rule *rule_next(const struct rule_filter *f, const struct rule *after);

/* How many rules a selection has. */
size_t rule_count(const struct rule_filter *f);

/* Columns in words. */
const char *rule_area_name(enum rule_area a);       /* "GRE" */
const char *rule_area_words(enum rule_area a);      /* "tunnel packets" */
const char *rule_level_name(enum rule_level l);     /* "MUST NOT"; "implied" */
const char *rule_side_name(enum rule_side s);       /* "PAC", "originator" */
const char *rule_severity_name(enum severity s);    /* "error" */
const char *rule_proof_name(enum rule_proof p);     /* "certain"; NULL for PROOF_UNSEEN */
const char *rule_dut_name(enum rule_dut d);         /* "PAC", "any"; NULL for DUT_NONE */
const char *rule_effect_name(enum rule_effect e);   /* "same", "off", "relaxed", "changed", "only" */
const char *rule_profile_name(enum rule_profile p); /* "rfc2637", "ms-ptpt" */
const char *rule_judged_name(const struct rule *r); /* "passive", "active", "both" */

/* A bit of `unless`, by its number from 0 to UNLESS_BITS - 1. */
const char *rule_unless_name(unsigned bit);  /* "TCP_GAP" */
const char *rule_unless_words(unsigned bit); /* "octets are missing ..." */

/* The other way round, in upper or lower case, hyphens for blanks allowed; false for no such name. */
bool rule_area_by_name(const char *name, enum rule_area *a);
bool rule_level_by_name(const char *name, enum rule_level *l);
bool rule_profile_by_name(const char *name, enum rule_profile *p);

#endif
