/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The subcommands, one file each. */
#ifndef PPTPSCOPE_COMMANDS_H
#define PPTPSCOPE_COMMANDS_H

#include "tools/options.h"

extern const struct command cmd_audit, cmd_conform, cmd_decode, cmd_emulate, cmd_monitor, cmd_replay, cmd_trace,
	cmd_rules;

#endif
