/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program: a table of subcommands, --help and --version. */
#include <stdio.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/version.h"

static const struct command *const commands[] = { &cmd_audit,   &cmd_decode, &cmd_monitor,
						  &cmd_conform, &cmd_emulate, &cmd_replay,
						  &cmd_trace,   &cmd_rules,  NULL };

static void help(FILE *to)
{
	fputs("Usage: pptpscope COMMAND [OPTION]... [OPERAND]...\n\n"
	      "Passive analyzer and conformance tester for PPTP (RFC 2637).\n\nCommands:\n",
	      to);
	for (size_t i = 0; commands[i]; i++)
		fprintf(to, "  %-10s %s\n", commands[i]->name, commands[i]->help);
	fputs("\n'pptpscope COMMAND --help' lists the options of a command; 'man pptpscope' says all.\n"
	      "\nExit status: 0 done, 1 violations found, 2 wrong usage, 3 could not be done or only "
	      "partly.\n",
	      to);
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int run(const struct command *c, int argc, char **argv)
{
	int status;
	struct options *o = options_parse(c, argc, argv, &status);

	if (!o)
		return status;
	status = c->run(o);
	options_free(o);
	return status;
}

int main(int argc, char **argv)
{
	const struct command *c;
	int status = EXIT_OK;

	if (argc < 2) {
		help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		help(stdout);
	} else if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		printf("pptpscope %s\n", PPTPSCOPE_VERSION);
	} else if ((c = find(argv[1]))) {
		status = run(c, argc - 1, argv + 1);
	} else {
		fprintf(stderr, "pptpscope: there is no command '%s'; 'pptpscope --help' lists them\n",
			argv[1]);
		return EXIT_USAGE;
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("pptpscope: standard output");
		return EXIT_PARTIAL;
	}
	return status;
}
