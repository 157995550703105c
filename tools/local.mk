# SPDX-License-Identifier: GPL-2.0-or-later
# The program: options, wiring, exit status.
bin_PROGRAMS += pptpscope
pptpscope_LDADD = libtraces.a $(ANALYZER_LIBS)
pptpscope_SOURCES = \
	%D%/active_tap.c \
	%D%/active_tap.h \
	%D%/address.c \
	%D%/address.h \
	%D%/baseline.c \
	%D%/baseline.h \
	%D%/cmd_audit.c \
	%D%/cmd_conform.c \
	%D%/cmd_decode.c \
	%D%/cmd_emulate.c \
	%D%/cmd_replay.c \
	%D%/cmd_rules.c \
	%D%/cmd_trace.c \
	%D%/commands.h \
	%D%/conform_hook.c \
	%D%/conform_hook.h \
	%D%/conform_list.c \
	%D%/conform_list.h \
	%D%/conform_self.c \
	%D%/conform_self.h \
	%D%/decrypt.c \
	%D%/decrypt.h \
	%D%/emulate_config.c \
	%D%/emulate_config.h \
	%D%/emulate_control.c \
	%D%/emulate_control.h \
	%D%/emulate_status.c \
	%D%/emulate_status.h \
	%D%/judging.c \
	%D%/judging.h \
	%D%/options.c \
	%D%/options.h \
	%D%/pairing.c \
	%D%/pairing.h \
	%D%/password.c \
	%D%/password.h \
	%D%/pptpscope.c \
	%D%/progress.c \
	%D%/progress.h \
	%D%/reading.c \
	%D%/reading.h \
	%D%/rules_man.c \
	%D%/rules_man.h \
	%D%/scenario.c \
	%D%/scenario.h \
	%D%/scenario_write.c \
	%D%/scenario_write.h \
	%D%/secrets.c \
	%D%/secrets.h \
	%D%/terminal.c \
	%D%/terminal.h \
	%D%/version.h

EXTRA_DIST += %D%/bench.sh
