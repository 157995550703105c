/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command-line options from tables: the parser, --help and the test of the manual page read the
 * same rows.
 */
#ifndef PPTPSCOPE_OPTIONS_H
#define PPTPSCOPE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* One option; a table ends with a NULL name. */
struct option_desc {
	char letter;	      /* short form, or 0 */
	const char *name;     /* long form */
	const char *argument; /* what its argument is called in help; NULL: takes none */
	const char *help;
};

struct options;

/* Exit statuses, as in the manual page. */
enum { EXIT_OK = 0, EXIT_VIOLATIONS = 1, EXIT_USAGE = 2, EXIT_PARTIAL = 3 };

/* A subcommand is one file that exports one of these. */
struct command {
	const char *name;
	const char *operands; /* "CAPTURE..." */
	const char *help;     /* one line */
	const char *details;  /* a few lines below the options in --help, or NULL */
	const struct option_desc *options; /* its own; --help and --version are added */
	int (*run)(const struct options *o);
};

/*
 * Parses argv (argv[0] is the command's name).  Prints --help to standard output and mistakes to
 * standard error.  Returns NULL when there is nothing to run; *status is then the exit status.
 */
struct options *options_parse(const struct command *c, int argc, char **argv, int *status);
void options_free(struct options *o);

const struct command *options_command(const struct options *o);

/* How often an option was given. */
size_t options_count(const struct options *o, const char *name);
bool options_given(const struct options *o, const char *name);

/* Its i-th value, or NULL; options_value is the last one given, or fallback. */
const char *options_nth(const struct options *o, const char *name, size_t i);
const char *options_value(const struct options *o, const char *name, const char *fallback);

/*
 * Its last value as a number within [low, high], suffixes k, M and G (1000s) allowed.  Returns
 * false and says what is wrong on standard error when it is none; *out keeps its value when the
 * option was not given.
 */
bool options_number(const struct options *o, const char *name, uint64_t low, uint64_t high, uint64_t *out);

size_t options_operands(const struct options *o);
const char *options_operand(const struct options *o, size_t i);

/* Prints the help of a command. */
void options_help(const struct command *c, FILE *to);

/* "pptpscope audit: MESSAGE", and where to find help, on standard error; returns EXIT_USAGE. */
__attribute__((format(printf, 2, 3))) int options_usage_error(const struct options *o, const char *format, ...);

/* "pptpscope audit: MESSAGE" on standard error. */
__attribute__((format(printf, 2, 3))) void options_say(const struct options *o, const char *format, ...);

#endif
