/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See report_conform.h. */
#include "analyzer/report_conform.h"

#include <stdlib.h>

const struct report_conform_ops *report_conform_by_name(const char *name)
{
	static const struct report_conform_ops *const all[] = { &report_text_conform, &report_json_conform,
								&report_junit };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}

/* Octets of the UTF-8 letter that begins here, 0: none does. */
static unsigned letter(const uint8_t *s)
{
	unsigned more = *s < 0x80                 ? 0
			: *s >= 0xc2 && *s < 0xe0 ? 1
			: *s >= 0xe0 && *s < 0xf0 ? 2
			: *s >= 0xf0 && *s < 0xf5 ? 3
						  : 9;

	if (more == 9 || *s < 0x20 || *s == 0x7f)
		return 0;
	if ((*s == 0xe0 && s[1] < 0xa0) || (*s == 0xf0 && s[1] < 0x90) || (*s == 0xed && s[1] > 0x9f) ||
	    (*s == 0xf4 && s[1] > 0x8f) || (*s == 0xc2 && s[1] < 0xa0))
		return 0;
	for (unsigned i = 1; i <= more; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return more + 1;
}

const char *report_plain(const char *text, char buf[REPORT_PLAIN])
{
	const uint8_t *s = (const uint8_t *)text;
	size_t len = 0;

	while (*s) {
		unsigned n = letter(s);

		if (len + (n ? n : 1) >= REPORT_PLAIN)
			break;
		if (n)
			memcpy(buf + len, s, n);
		else
			buf[len] = *s == '\n' || *s == '\t' ? ' ' : '?';
		len += n ? n : 1;
		s += n ? n : 1;
	}
	buf[len] = '\0';
	return buf;
}

const char *report_section(const struct test_result *t)
{
	return t->test ? rules[t->test->rule].section : NULL;
}

int report_section_cmp(const char *a, const char *b)
{
	bool digits_a = *a >= '0' && *a <= '9', digits_b = *b >= '0' && *b <= '9';

	if (digits_a != digits_b)
		return digits_a ? -1 : 1;
	while (digits_a && *a && *b) {
		char *rest_a, *rest_b;
		long x = strtol(a, &rest_a, 10), y = strtol(b, &rest_b, 10);

		if (x != y)
			return x < y ? -1 : 1;
		a = *rest_a == '.' ? rest_a + 1 : rest_a;
		b = *rest_b == '.' ? rest_b + 1 : rest_b;
		digits_a = *a >= '0' && *a <= '9' && *b >= '0' && *b <= '9';
	}
	return strcmp(a, b);
}

struct report_kept *report_keep(const struct test_result *t, enum baseline b)
{
	struct report_kept *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->r = *t;
	k->r.findings = NULL;
	k->r.nfindings = 0;
	k->baseline = b;
	snprintf(k->name, sizeof(k->name), "%s", t->name);
	k->r.name = k->name;
	return k;
}

void report_kept_free(struct report_kept *first)
{
	while (first) {
		struct report_kept *next = first->next;

		free(first);
		first = next;
	}
}
