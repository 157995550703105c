/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an emulated peer is like: settings of one line each, from a file or a command line.
 * The manual page has the list (pptpscope(1), "Settings of emulate").
 */
#ifndef PPTPSCOPE_EMULATE_CONFIG_H
#define PPTPSCOPE_EMULATE_CONFIG_H

#include "conformance/endpoint.h"
#include "tools/password.h"

struct emulated_number {
	char *number;
	struct telco_script script;
};

/* Owned: everything that is pointed to, also from within endpoint. */
struct emulation {
	struct endpoint_config endpoint;
	struct telco_options telco; /* no lines at all: calls are answered at once */
	bool has_channels;          /* Maximum Channels was set */
	struct emulated_number *numbers;
	size_t nnumbers;
	char **modems;              /* telephone numbers of modem ports */
	size_t nmodems;
	char **policies;            /* arguments of the hook dut-config, to be applied at the start */
	size_t npolicies;
	char *user, *password_file;
	struct password password;
	char **texts;               /* what the endpoint's configuration borrows */
	size_t ntexts;
};

void emulation_init(struct emulation *m, enum role role);
void emulation_free(struct emulation *m);

/* One setting, as a line of the file has it.  False with a message in err. */
bool emulation_set(struct emulation *m, const char *line, char *err, size_t room);
/* The same of a keyword and one word behind it, which may have blanks. */
bool emulation_set_word(struct emulation *m, const char *keyword, const char *word, char *err, size_t room);
/* A file of them; '#' begins a comment.  The message names the line. */
bool emulation_read(struct emulation *m, const char *path, char *err, size_t room);
/* All settings are there: reads the password, and settles what depends on others. */
bool emulation_settle(struct emulation *m, char *err, size_t room);

/* Multiplies all timers of the protocol. */
void emulation_scale(struct emulation *m, double factor);

#endif
