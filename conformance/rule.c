/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of requirements and its words: see rule.h. */
#include "conformance/rule.h"

#include <ctype.h>
#include <string.h>

const struct rule rules[RULES] = {
#define RULE(area_, rest, id_, section_, level_, obliged_, severity_, proof_, dut_, effect_, unless_,        \
	     statement_, check_, note_)                                                                      \
	[RULE_##area_##_##rest] = {                                                                          \
		.id = id_,                                                                                   \
		.section = section_,                                                                         \
		.statement = statement_,                                                                     \
		.check = check_,                                                                             \
		.note = note_,                                                                               \
		.area = AREA_##area_,                                                                        \
		.level = LEVEL_##level_,                                                                     \
		.obliged = OBLIGED_##obliged_,                                                               \
		.severity = SEVERITY_##severity_,                                                            \
		.proof = PROOF_##proof_,                                                                     \
		.dut = DUT_##dut_,                                                                           \
		.effect = EFFECT_##effect_,                                                                  \
		.unless = unless_,                                                                           \
	},
#include "conformance/rules.def"
};

/* --- words --------------------------------------------------------------------------------- */

struct area_row {
	const char *name, *words;
};

static const struct area_row areas[AREAS] = {
#define AREA(sym, words) [AREA_##sym] = { #sym, words },
#include "conformance/rules.def"
};

static const char *const levels[LEVELS] = {
	[LEVEL_MUST] = "MUST",     [LEVEL_MUST_NOT] = "MUST NOT",
	[LEVEL_SHOULD] = "SHOULD", [LEVEL_SHOULD_NOT] = "SHOULD NOT",
	[LEVEL_MAY] = "MAY",       [LEVEL_IMPLIED] = "implied",
};

static const char *const sides[OBLIGED_KINDS] = {
	[OBLIGED_PAC] = "PAC",           [OBLIGED_PNS] = "PNS",       [OBLIGED_ORIGINATOR] = "originator",
	[OBLIGED_RECEIVER] = "receiver", [OBLIGED_SENDER] = "sender", [OBLIGED_ANY] = "any",
};

static const char *const severities[SEVERITIES] = {
	[SEVERITY_NOTE] = "note",
	[SEVERITY_WARNING] = "warning",
	[SEVERITY_ERROR] = "error",
};

static const char *const proofs[PROOFS] = {
	[PROOF_CERTAIN] = "certain",
	[PROOF_CONDITIONAL] = "conditional",
	[PROOF_SUSPECTED] = "suspected",
	[PROOF_UNSEEN] = NULL,
};

static const char *const duts[DUTS] = {
	[DUT_ANY] = "any",
	[DUT_PAC] = "PAC",
	[DUT_PNS] = "PNS",
	[DUT_NONE] = NULL,
};

static const char *const effects[EFFECTS] = {
	[EFFECT_SAME] = "same",       [EFFECT_OFF] = "off",   [EFFECT_RELAXED] = "relaxed",
	[EFFECT_CHANGED] = "changed", [EFFECT_ONLY] = "only",
};

static const char *const profiles[PROFILES] = {
	[PROFILE_RFC2637] = "rfc2637",
	[PROFILE_MS_PTPT] = "ms-ptpt",
};

static const struct {
	const char *name, *words;
} conditions[UNLESS_BITS] = {
	{ "NO_SYNC", "it is not proven where messages begin" },
	{ "TCP_GAP", "octets that matter are missing from the TCP stream" },
	{ "MIDSTREAM", "the connection or call began before the capture" },
	{ "ONE_WAY", "only one direction was captured" },
	{ "ROLE_UNKNOWN", "nothing has shown yet which side is the PAC" },
	{ "INFLIGHT", "the messages may have crossed on their way" },
	{ "CAPTURE_END", "the capture ended before the time was over" },
	{ "CLOCK", "times are missing, go backwards or come from several clocks" },
	{ "NAT", "addresses or Call IDs may have been translated" },
	{ "NO_CALL", "the packet belongs to no call whose control connection was seen" },
	{ "GRE_LOSS", "tunnel packets may be missing from the capture" },
	{ "REORDER", "packets may have changed their order before the capture" },
	{ "FRAG", "fragments of the IP packet are missing" },
	{ "SNAPLEN", "the packet was cut before the octets that matter" },
};

const char *rule_area_name(enum rule_area a)
{
	return areas[a].name;
}

const char *rule_area_words(enum rule_area a)
{
	return areas[a].words;
}

const char *rule_level_name(enum rule_level l)
{
	return levels[l];
}

const char *rule_side_name(enum rule_side s)
{
	return sides[s];
}

const char *rule_severity_name(enum severity s)
{
	return severities[s];
}

const char *rule_proof_name(enum rule_proof p)
{
	return proofs[p];
}

const char *rule_dut_name(enum rule_dut d)
{
	return duts[d];
}

const char *rule_effect_name(enum rule_effect e)
{
	return effects[e];
}

const char *rule_profile_name(enum rule_profile p)
{
	return profiles[p];
}

const char *rule_judged_name(const struct rule *r)
{
	if (!rule_active(r))
		return "passive";
	return rule_passive(r) ? "both" : "active";
}

const char *rule_unless_name(unsigned bit)
{
	return conditions[bit].name;
}

const char *rule_unless_words(unsigned bit)
{
	return conditions[bit].words;
}

/* --- names --------------------------------------------------------------------------------- */

static int fold(char c)
{
	return c == ' ' || c == '_' ? '-' : toupper((unsigned char)c);
}

/* How many octets of both texts agree, upper and lower case and the kinds of hyphen being the same. */
static size_t common_length(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] && fold(a[n]) == fold(b[n]))
		n++;
	return n;
}

static bool same_name(const char *a, const char *b)
{
	size_t n = common_length(a, b);

	return !a[n] && !b[n];
}

bool rule_named(const struct rule *r, const char *name)
{
	size_t n = common_length(name, r->id);

	return n && !name[n] && (!r->id[n] || r->id[n] == '-');
}

const struct rule *rule_by_id(const char *id)
{
	for (size_t i = 0; i < RULES; i++)
		if (same_name(id, rules[i].id))
			return &rules[i];
	return NULL;
}

bool rule_area_by_name(const char *name, enum rule_area *a)
{
	for (unsigned i = 0; i < AREAS; i++) {
		if (same_name(name, areas[i].name)) {
			*a = (enum rule_area)i;
			return true;
		}
	}
	return false;
}

/* Index of a name, or the count where there is no such name. */
static unsigned index_of(const char *name, const char *const *names, unsigned count)
{
	unsigned i = 0;

	while (i < count && !same_name(name, names[i]))
		i++;
	return i;
}

bool rule_level_by_name(const char *name, enum rule_level *l)
{
	unsigned i = index_of(name, levels, LEVELS);

	if (i == LEVELS)
		return false;
	*l = (enum rule_level)i;
	return true;
}

bool rule_profile_by_name(const char *name, enum rule_profile *p)
{
	unsigned i = index_of(name, profiles, PROFILES);

	if (i == PROFILES)
		return false;
	*p = (enum rule_profile)i;
	return true;
}

/* --- judgement and selection --------------------------------------------------------------- */

bool rule_holds(const struct rule *r, enum rule_profile p)
{
	return r->effect != (p == PROFILE_MS_PTPT ? EFFECT_OFF : EFFECT_ONLY);
}

enum severity rule_severity(const struct rule *r, enum certainty c)
{
	if (c == CERTAIN || r->severity == SEVERITY_NOTE)
		return r->severity;
	return (enum severity)(r->severity - 1);
}

static bool any_named(const struct rule_filter *f, const struct rule *r)
{
	for (size_t i = 0; i < f->nnames; i++)
		if (rule_named(r, f->names[i]))
			return true;
	return f->nnames == 0;
}

bool rule_selected(const struct rule_filter *f, const struct rule *r)
{
	return (!f->areas || f->areas >> r->area & 1) && (!f->levels || f->levels >> r->level & 1) &&
	       (!f->passive || rule_passive(r)) && (!f->active || rule_active(r)) &&
	       (!f->by_profile || rule_holds(r, f->profile)) && any_named(f, r);
}

const struct rule *rule_next(const struct rule_filter *f, const struct rule *after)
{
	for (const struct rule *r = after ? after + 1 : rules; r < rules + RULES; r++)
		if (rule_selected(f, r))
			return r;
	return NULL;
}

size_t rule_count(const struct rule_filter *f)
{
	size_t n = 0;

	for (const struct rule *r = NULL; (r = rule_next(f, r));)
		n++;
	return n;
}
