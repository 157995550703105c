/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See baseline.h. */
#include "tools/baseline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/options.h"

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct baseline_line *)a)->text, ((const struct baseline_line *)b)->text);
}

static void sort_unique(struct baseline_list *l)
{
	size_t kept = 0;

	if (l->count)
		qsort(l->line, l->count, sizeof(*l->line), by_text);
	for (size_t i = 0; i < l->count; i++)
		if (!kept || strcmp(l->line[kept - 1].text, l->line[i].text) != 0)
			l->line[kept++] = l->line[i];
	l->count = kept;
}

bool baseline_add(struct baseline_list *l, const char *text)
{
	bool full = l->count == l->room;

	/* Who adds for weeks adds the same lines again and again. */
	if (full)
		sort_unique(l);
	if (full && l->count >= l->room / 2) {
		size_t more = l->room ? l->room * 2 : 64;
		struct baseline_line *grown = realloc(l->line, more * sizeof(*grown));

		if (!grown)
			return false;
		l->line = grown;
		l->room = more;
	}
	memset(&l->line[l->count], 0, sizeof(*l->line));
	snprintf(l->line[l->count++].text, BASELINE_LINE, "%s", text);
	return true;
}

/* Two words with a single blank, without comment; empty for an empty line; NULL for nonsense. */
static const char *two_words(char *raw, bool (*valid)(const char *first), char line[BASELINE_LINE])
{
	char *first, *second, *rest;

	raw[strcspn(raw, "#\r\n")] = '\0';
	first = strtok_r(raw, " \t", &rest);
	second = first ? strtok_r(NULL, " \t", &rest) : NULL;
	line[0] = '\0';
	if (!first)
		return line;
	if (!second || strtok_r(NULL, " \t", &rest) || !valid(first))
		return NULL;
	return snprintf(line, BASELINE_LINE, "%s %s", first, second) < BASELINE_LINE ? line : NULL;
}

bool baseline_read(struct baseline_list *l, const struct options *o, const char *path, const char *words,
		   bool (*valid)(const char *first), int *status)
{
	char raw[512], line[BASELINE_LINE];
	FILE *file = fopen(path, "r");
	size_t number = 0;
	bool ok = true;

	if (!file) {
		options_say(o, "cannot read %s: %s", path, strerror(errno));
		*status = EXIT_PARTIAL;
		return false;
	}
	while (ok && fgets(raw, sizeof(raw), file)) {
		const char *got = two_words(raw, valid, line);

		number++;
		if (!got)
			options_usage_error(o, "%s:%zu: a baseline has lines '%s'", path, number, words);
		ok = got && (!*got || baseline_add(l, got));
	}
	fclose(file);
	sort_unique(l);
	return ok;
}

struct baseline_line *baseline_find(struct baseline_list *l, const char *text)
{
	struct baseline_line key;

	if (!l->count)
		return NULL;
	snprintf(key.text, sizeof(key.text), "%s", text);
	return bsearch(&key, l->line, l->count, sizeof(key), by_text);
}

bool baseline_write(struct baseline_list *l, const struct options *o, const char *path, const char *comment)
{
	FILE *file = fopen(path, "w");
	bool ok;

	sort_unique(l);
	if (!file) {
		options_say(o, "cannot write %s: %s", path, strerror(errno));
		return false;
	}
	fprintf(file, "# %s\n", comment);
	for (size_t i = 0; i < l->count; i++)
		fprintf(file, "%s\n", l->line[i].text);
	ok = !ferror(file);
	if (fclose(file) != 0 || !ok) {
		options_say(o, "cannot write %s: %s", path, strerror(errno));
		return false;
	}
	return true;
}

const char **baseline_unseen(const struct baseline_list *l, size_t *count)
{
	const char **unseen = calloc(l->count + 1, sizeof(*unseen));

	*count = 0;
	for (size_t i = 0; unseen && i < l->count; i++)
		if (!l->line[i].seen)
			unseen[(*count)++] = l->line[i].text;
	return unseen;
}

void baseline_free(struct baseline_list *l)
{
	free(l->line);
	*l = (struct baseline_list){ 0 };
}
