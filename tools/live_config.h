/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options from a file: a line `name value` or `name` each, with the names of the long options.
 *
 * '#' begins a comment at the start of a line or after a blank.  A value is the rest of the line
 * without the blanks around it; "..." keeps blanks and '#', with \" and \\ in it.
 */
#ifndef PPTPSCOPE_LIVE_CONFIG_H
#define PPTPSCOPE_LIVE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/options.h"

struct live_config_entry {
	char *name;
	char *value; /* NULL: takes none */
	unsigned line;
};

struct live_config {
	struct live_config_entry *entries;
	size_t count;
};

/*
 * Reads a file, whose names must be options of `c`; "config" itself, "help" and "version" must not
 * be there.  False with "FILE:LINE: reason" in err; *out is then empty.
 */
bool live_config_read(const char *path, const struct command *c, struct live_config *out, char *err,
		      size_t room);
void live_config_free(struct live_config *config);

/*
 * The arguments that a command line of both would have: argv[0] is the command's name, then come
 * the options of the file whose names are not given in `o`, then those given in `o`, "--", and its
 * operands, so that options_parse() gives the merged options.  To be freed with
 * live_config_argv_free() after those.  NULL when there is no memory.
 */
char **live_config_argv(const struct live_config *config, const struct options *o, int *argc);
void live_config_argv_free(char **argv);

#endif
