/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The manual page of the requirements, in roff: see rules_man.h. */
#include "tools/rules_man.h"

#include <string.h>

/* Hyphens are meant to be copied, not to be set as dashes or broken at. */
static void put_text(FILE *to, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", to);
	for (; *text; text++) {
		if (*text == '-')
			fputs("\\-", to);
		else if (*text == '\\')
			fputs("\\e", to);
		else
			fputc(*text, to);
	}
}

/* A paragraph with a bold tag. */
static void put_tag(FILE *to, const char *tag)
{
	fputs(".TP\n.B ", to);
	put_text(to, tag);
	fputc('\n', to);
}

static void put_head(FILE *to)
{
	fputs(".\\\" SPDX-License-Identifier: GPL-2.0-or-later\n"
	      ".\\\" Made by 'pptpscope rules --format man' from the table of requirements; do not edit.\n"
	      ".TH PPTPSCOPE\\-RULES 7 \"\" pptpscope \"PPTP requirements\"\n"
	      ".SH NAME\n"
	      "pptpscope\\-rules \\- what PPTP peers are held to\n"
	      ".SH DESCRIPTION\n"
	      "These are the requirements of RFC 2637, the Point\\-to\\-Point Tunneling Protocol,\n"
	      "and of the\n"
	      ".B ms\\-ptpt\n"
	      "profile, that\n"
	      ".BR pptpscope (1)\n"
	      "judges by.  An id is made of an area, a topic and a number, and never changes its meaning.\n"
	      "Options that take an id take the beginning of one, too:\n"
	      ".B GRE\n"
	      "stands for its area,\n"
	      ".B GRE\\-ACK\n"
	      "for a topic.\n"
	      ".PP\n"
	      "Each entry tells, in a line of its own, the section of the RFC, the level\n"
	      "(\\(lqimplied\\(rq: binding by plain wording), who is obliged, how severe a proven\n"
	      "violation is, and how it is judged; and then what a violation looks like.\n"
	      ".I Passive\n"
	      "means from a capture:\n"
	      ".I certain\n"
	      "findings are proven,\n"
	      ".I suspected\n"
	      "ones have other explanations and are reported one step less severe, and for\n"
	      ".I conditional\n"
	      "ones the entry says what proves them.\n"
	      ".I Active\n"
	      "means by a test of its own, of the device named.\n"
	      "Requirements without one are still judged on all that passes in the tests of others.\n",
	      to);
}

static void put_conditions(FILE *to)
{
	fputs(".SS Conditions under which findings are withheld\n"
	      "A finding is withheld where the capture cannot prove it.\nThese are the names of the "
	      "conditions:\n",
	      to);
	for (unsigned bit = 0; bit < UNLESS_BITS; bit++) {
		put_tag(to, rule_unless_name(bit));
		put_text(to, rule_unless_words(bit));
		fputs(".\n", to);
	}
}

/* "Passive (certain) and active (any)." */
static void put_judged(FILE *to, const struct rule *r)
{
	if (rule_passive(r))
		fprintf(to, "passive (%s)", rule_proof_name(r->proof));
	if (rule_passive(r) && rule_active(r))
		fputs(", ", to);
	if (rule_active(r))
		fprintf(to, "active (%s)", rule_dut_name(r->dut));
}

static void put_columns(FILE *to, const struct rule *r)
{
	put_text(to, r->section);
	fprintf(to, "; %s; %s; %s; ", rule_level_name(r->level), rule_side_name(r->obliged),
		rule_severity_name(r->severity));
	put_judged(to, r);
	fputs(".\n", to);
}

static void put_unless(FILE *to, unsigned unless)
{
	const char *before = "Withheld in case of ";

	for (unsigned bit = 0; bit < UNLESS_BITS; bit++) {
		if (unless >> bit & 1) {
			fprintf(to, "%s%s", before, rule_unless_name(bit));
			before = ", ";
		}
	}
	if (unless)
		fputs(".\n", to);
}

static void put_profile(FILE *to, const struct rule *r)
{
	if (r->effect == EFFECT_SAME || r->effect == EFFECT_ONLY)
		return; /* an area of its own holds the latter */
	fprintf(to, "With ms\\-ptpt %s: ", rule_effect_name(r->effect));
	put_text(to, r->note);
	fputs(".\n", to);
}

static void put_rule(FILE *to, const struct rule *r)
{
	put_tag(to, r->id);
	put_text(to, r->statement);
	fputs("\n.br\n", to);
	put_columns(to, r);
	fputs(rule_passive(r) ? "Violation: " : "Not seen in a capture: ", to);
	put_text(to, r->check);
	fputs(".\n", to);
	put_unless(to, r->unless);
	put_profile(to, r);
}

void rules_man(FILE *to, const struct rule_filter *f)
{
	const struct rule *before = NULL;

	put_head(to);
	put_conditions(to);
	for (const struct rule *r = NULL; (r = rule_next(f, r)); before = r) {
		if (!before || before->area != r->area) {
			fprintf(to, ".SH \"%s: ", rule_area_name(r->area));
			put_text(to, rule_area_words(r->area));
			fputs("\"\n", to);
		}
		put_rule(to, r);
	}
	fputs(".SH SEE ALSO\n.BR pptpscope (1)\n.PP\n"
	      "RFC 2637, Point\\-to\\-Point Tunneling Protocol (PPTP), July 1999.\n"
	      ".PP\n[MS\\-PTPT], Point\\-to\\-Point Tunneling Protocol (PPTP) Profile.\n",
	      to);
}
