/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command-line options from tables: see options.h. */
#include "tools/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tools/version.h"

enum { OPTIONS_MAX = 64, VALUE_BASE = 256 };

struct given {
	const struct option_desc *desc;
	const char *value;
};

struct options {
	const struct command *command;
	struct given *given;
	size_t ngiven;
	char **operands;
	size_t noperands;
};

/* Rows that every command has; they come after its own in --help. */
static const struct option_desc common[] = {
	{ 'h', "help", NULL, "print this help and exit" },
	{ 'V', "version", NULL, "print the version and exit" },
	{ 0, NULL, NULL, NULL },
};

static const struct option_desc *option_row(const struct command *c, size_t i)
{
	size_t own = 0;

	while (c->options && c->options[own].name)
		own++;
	return i < own ? &c->options[i] : &common[i - own];
}

static void print_option(FILE *to, const struct option_desc *d)
{
	char left[64];

	snprintf(left, sizeof(left), "%c%c%c --%s%s%s", d->letter ? '-' : ' ', d->letter ? d->letter : ' ',
		 d->letter ? ',' : ' ', d->name, d->argument ? " " : "", d->argument ? d->argument : "");
	if (strlen(left) > 26)
		fprintf(to, "  %s\n%30s%s\n", left, "", d->help);
	else
		fprintf(to, "  %-27s %s\n", left, d->help);
}

void options_help(const struct command *c, FILE *to)
{
	fprintf(to, "Usage: pptpscope %s [OPTION]... %s\n\n%s\n\nOptions:\n", c->name, c->operands, c->help);
	for (size_t i = 0; option_row(c, i)->name; i++)
		print_option(to, option_row(c, i));
	if (c->details)
		fprintf(to, "\n%s\n", c->details);
}

void options_say(const struct options *o, const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "pptpscope %s: ", o->command->name);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

int options_usage_error(const struct options *o, const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "pptpscope %s: ", o->command->name);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, "\nTry 'pptpscope %s --help'.\n", o->command->name);
	return EXIT_USAGE;
}

/* Translates the table to what getopt_long wants; returns the number of rows. */
static size_t getopt_tables(const struct command *c, struct option *longs, char *shorts)
{
	size_t n;

	for (n = 0; option_row(c, n)->name && n < OPTIONS_MAX - 1; n++) {
		const struct option_desc *d = option_row(c, n);

		longs[n] = (struct option){ d->name, d->argument ? required_argument : no_argument, NULL,
					    VALUE_BASE + (int)n };
		if (d->letter) {
			*shorts++ = d->letter;
			if (d->argument)
				*shorts++ = ':';
		}
	}
	longs[n] = (struct option){ 0 };
	*shorts = '\0';
	return n;
}

static const struct option_desc *row_of(const struct command *c, int got)
{
	if (got >= VALUE_BASE)
		return option_row(c, (size_t)(got - VALUE_BASE));
	for (size_t i = 0; option_row(c, i)->name; i++)
		if (option_row(c, i)->letter == got)
			return option_row(c, i);
	return NULL;
}

static struct options *finish(struct options *o, int *status, int value)
{
	*status = value;
	options_free(o);
	return NULL;
}

struct options *options_parse(const struct command *c, int argc, char **argv, int *status)
{
	struct option longs[OPTIONS_MAX];
	char shorts[2 * OPTIONS_MAX + 1];
	struct options *o = calloc(1, sizeof(*o));
	int got;

	*status = EXIT_PARTIAL;
	if (!o)
		return NULL;
	o->command = c;
	o->given = calloc((size_t)argc + 1, sizeof(*o->given));
	if (!o->given)
		return finish(o, status, EXIT_PARTIAL);
	getopt_tables(c, longs, shorts);
	optind = 0;
	opterr = 1;
	while ((got = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct option_desc *d = got == '?' ? NULL : row_of(c, got);

		if (!d) {
			fprintf(stderr, "Try 'pptpscope %s --help'.\n", c->name);
			return finish(o, status, EXIT_USAGE);
		}
		if (strcmp(d->name, "help") == 0) {
			options_help(c, stdout);
			return finish(o, status, EXIT_OK);
		}
		if (strcmp(d->name, "version") == 0) {
			printf("pptpscope %s\n", PPTPSCOPE_VERSION);
			return finish(o, status, EXIT_OK);
		}
		o->given[o->ngiven++] = (struct given){ d, optarg };
	}
	o->operands = argv + optind;
	o->noperands = (size_t)(argc - optind);
	*status = EXIT_OK;
	return o;
}

void options_free(struct options *o)
{
	if (!o)
		return;
	free(o->given);
	free(o);
}

const struct command *options_command(const struct options *o)
{
	return o->command;
}

size_t options_count(const struct options *o, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < o->ngiven; i++)
		n += strcmp(o->given[i].desc->name, name) == 0;
	return n;
}

bool options_given(const struct options *o, const char *name)
{
	return options_count(o, name) > 0;
}

const char *options_nth(const struct options *o, const char *name, size_t n)
{
	for (size_t i = 0; i < o->ngiven; i++)
		if (strcmp(o->given[i].desc->name, name) == 0 && n-- == 0)
			return o->given[i].value;
	return NULL;
}

const char *options_value(const struct options *o, const char *name, const char *fallback)
{
	size_t n = options_count(o, name);

	return n ? options_nth(o, name, n - 1) : fallback;
}

static uint64_t suffix(const char *s)
{
	if (strcmp(s, "k") == 0 || strcmp(s, "K") == 0)
		return 1000;
	if (strcmp(s, "M") == 0)
		return 1000000;
	if (strcmp(s, "G") == 0)
		return 1000000000;
	return *s ? 0 : 1;
}

bool options_number(const struct options *o, const char *name, uint64_t low, uint64_t high, uint64_t *out)
{
	const char *text = options_value(o, name, NULL);
	unsigned long long value, times;
	char *end;

	if (!text)
		return true;
	errno = 0;
	value = strtoull(text, &end, 10);
	times = suffix(end);
	if (text[0] < '0' || text[0] > '9' || errno || !times || value > UINT64_MAX / times ||
	    value * times < low || value * times > high) {
		options_usage_error(o, "--%s takes a number from %llu to %llu, not '%s'", name,
				    (unsigned long long)low, (unsigned long long)high, text);
		return false;
	}
	*out = value * times;
	return true;
}

size_t options_operands(const struct options *o)
{
	return o->noperands;
}

const char *options_operand(const struct options *o, size_t i)
{
	return i < o->noperands ? o->operands[i] : NULL;
}
