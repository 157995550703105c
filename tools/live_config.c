/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options from a file: see live_config.h. */
#include "tools/live_config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRIES_MAX = 10000 };

/* What is being read, and where mistakes are told. */
struct reader {
	const char *path;
	const struct command *command;
	struct live_config *out;
	unsigned line;
	char *err;
	size_t room;
};

__attribute__((format(printf, 2, 3))) static bool complain(const struct reader *r, const char *format, ...)
{
	va_list ap;
	int n = snprintf(r->err, r->room, "%s:%u: ", r->path, r->line);

	va_start(ap, format);
	if (n > 0 && (size_t)n < r->room)
		vsnprintf(r->err + n, r->room - (size_t)n, format, ap);
	va_end(ap);
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static char *skip_blanks(char *s)
{
	while (is_blank(*s))
		s++;
	return s;
}

static const struct option_desc *find_option(const struct command *c, const char *name)
{
	for (const struct option_desc *d = c->options; d && d->name; d++)
		if (strcmp(d->name, name) == 0)
			return d;
	return NULL;
}

/* Cuts a value without quotes at its comment and its last blank. */
static void cut_plain(char *s)
{
	char *end = s;

	for (char *at = s; *at && !(*at == '#' && (at == s || is_blank(at[-1]))); at++)
		if (!is_blank(*at))
			end = at + 1;
	*end = '\0';
}

/* Takes a value out of its quotes, in place; nothing but a comment may follow. */
static bool unquote(const struct reader *r, char *s)
{
	char *in = s + 1, *out = s;

	while (*in && *in != '"') {
		if (*in == '\\' && *++in != '"' && *in != '\\')
			return complain(r, "only \\\" and \\\\ can follow a backslash between quotes");
		*out++ = *in++;
	}
	if (!*in)
		return complain(r, "the closing quote is missing");
	in = skip_blanks(in + 1);
	*out = '\0';
	if (*in && *in != '#')
		return complain(r, "there is something behind the closing quote: %.40s", in);
	return true;
}

static bool add_entry(const struct reader *r, const char *name, const char *value)
{
	struct live_config *c = r->out;
	struct live_config_entry *more, entry = { .line = r->line };

	if (c->count >= ENTRIES_MAX)
		return complain(r, "more than %d options", ENTRIES_MAX);
	more = realloc(c->entries, (c->count + 1) * sizeof(*more));
	if (!more)
		return complain(r, "not enough memory");
	c->entries = more;
	entry.name = strdup(name);
	entry.value = value ? strdup(value) : NULL;
	if (!entry.name || (value && !entry.value)) {
		free(entry.name);
		free(entry.value);
		return complain(r, "not enough memory");
	}
	c->entries[c->count++] = entry;
	return true;
}

static bool check_entry(const struct reader *r, const char *name, const char *value)
{
	const struct option_desc *d = find_option(r->command, name);

	if (strncmp(name, "--", 2) == 0)
		return complain(r, "options stand here without '--': %s", name + 2);
	if (strcmp(name, "config") == 0 || strcmp(name, "help") == 0 || strcmp(name, "version") == 0)
		return complain(r, "'%s' is for the command line only", name);
	if (!d)
		return complain(r, "there is no option '%.60s'", name);
	if (d->argument && !value)
		return complain(r, "'%s' needs a value: %s", name, d->argument);
	if (!d->argument && value)
		return complain(r, "'%s' takes no value, but there is '%.60s'", name, value);
	return true;
}

static bool read_line(const struct reader *r, char *line)
{
	char *name = skip_blanks(line), *value = name;

	while (*value && !is_blank(*value))
		value++;
	if (*value)
		*value++ = '\0';
	if (!*name || *name == '#')
		return true;
	value = skip_blanks(value);
	if (*value == '"') {
		if (!unquote(r, value))
			return false;
	} else {
		cut_plain(value);
		value = *value ? value : NULL;
	}
	return check_entry(r, name, value) && add_entry(r, name, value);
}

static bool read_lines(struct reader *r, FILE *f)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	bool fine = true;

	while (fine && (n = getline(&line, &room, f)) >= 0) {
		r->line++;
		if (n && line[n - 1] == '\n')
			line[--n] = '\0';
		fine = strlen(line) == (size_t)n ? read_line(r, line) : complain(r, "there is a NUL octet");
	}
	free(line);
	if (fine && ferror(f)) {
		snprintf(r->err, r->room, "%s: %s", r->path, strerror(errno));
		return false;
	}
	return fine;
}

bool live_config_read(const char *path, const struct command *c, struct live_config *out, char *err,
		      size_t room)
{
	struct reader r = { .path = path, .command = c, .out = out, .err = err, .room = room };
	FILE *f = fopen(path, "re");
	bool fine;

	*out = (struct live_config){ 0 };
	if (!f) {
		snprintf(err, room, "%s: %s", path, strerror(errno));
		return false;
	}
	fine = read_lines(&r, f);
	fclose(f);
	if (!fine)
		live_config_free(out);
	return fine;
}

void live_config_free(struct live_config *config)
{
	for (size_t i = 0; i < config->count; i++) {
		free(config->entries[i].name);
		free(config->entries[i].value);
	}
	free(config->entries);
	*config = (struct live_config){ 0 };
}

/* Arguments that are being collected; `fine` once says whether there was memory for all. */
struct arguments {
	char **at;
	size_t count;
	bool fine;
};

static void add_argument(struct arguments *a, const char *prefix, const char *name, const char *value)
{
	char *text;

	if (asprintf(&text, "%s%s%s%s", prefix, name, value ? "=" : "", value ? value : "") < 0)
		a->fine = false;
	else
		a->at[a->count++] = text;
}

static void add_given(struct arguments *a, const struct options *o)
{
	for (const struct option_desc *d = options_command(o)->options; d && d->name; d++)
		for (size_t i = 0; i < options_count(o, d->name); i++)
			add_argument(a, "--", d->name, d->argument ? options_nth(o, d->name, i) : NULL);
}

static size_t count_given(const struct options *o)
{
	size_t n = 0;

	for (const struct option_desc *d = options_command(o)->options; d && d->name; d++)
		n += options_count(o, d->name);
	return n;
}

char **live_config_argv(const struct live_config *config, const struct options *o, int *argc)
{
	size_t most = config->count + count_given(o) + options_operands(o);
	struct arguments a = { .fine = true, .at = calloc(most + 3, sizeof(*a.at)) };

	if (!a.at)
		return NULL;
	add_argument(&a, "", options_command(o)->name, NULL);
	for (size_t i = 0; i < config->count; i++)
		if (!options_given(o, config->entries[i].name))
			add_argument(&a, "--", config->entries[i].name, config->entries[i].value);
	add_given(&a, o);
	add_argument(&a, "--", "", NULL);
	for (size_t i = 0; i < options_operands(o); i++)
		add_argument(&a, "", options_operand(o, i), NULL);
	*argc = (int)a.count;
	if (a.fine)
		return a.at;
	live_config_argv_free(a.at);
	return NULL;
}

void live_config_argv_free(char **argv)
{
	for (char **at = argv; at && *at; at++)
		free(*at);
	free(argv);
}
