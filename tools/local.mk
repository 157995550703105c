# SPDX-License-Identifier: GPL-2.0-or-later
# The program: options, wiring, exit status.
bin_PROGRAMS += pptpscope
pptpscope_LDFLAGS = $(SANITIZER_FLAGS) $(COVERAGE_FLAGS)
pptpscope_LDADD = liblive.a libtraces.a $(ANALYZER_LIBS) $(LIVE_LIBS)
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
	%D%/cmd_monitor.c \
	%D%/cmd_replay.c \
	%D%/cmd_rules.c \
	%D%/cmd_trace.c \
	%D%/commands.h \
	%D%/conform_hook.c \
	%D%/conform_hook.h \
	%D%/conform_list.c \
	%D%/conform_list.h \
	%D%/conform_order.c \
	%D%/conform_order.h \
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
	%D%/monitor.h \
	%D%/monitor_clock.h \
	%D%/monitor_crew.c \
	%D%/monitor_engine.c \
	%D%/monitor_engine.h \
	%D%/monitor_front.c \
	%D%/monitor_metrics.c \
	%D%/monitor_sources.c \
	%D%/monitor_sources.h \
	%D%/monitor_table.c \
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
	%D%/supervisor.c \
	%D%/supervisor.h \
	%D%/terminal.c \
	%D%/terminal.h \
	%D%/version.h

# What a sensor needs besides PPTP.
noinst_LIBRARIES += liblive.a
LIVE_LIBS = $(SECCOMP_LIBS)
liblive_a_CPPFLAGS = $(AM_CPPFLAGS) $(MICROHTTPD_CFLAGS) $(SECCOMP_CFLAGS) \
	-DMICROHTTPD_SONAME='"$(MICROHTTPD_SONAME)"'
liblive_a_SOURCES = \
	%D%/live_config.c \
	%D%/live_config.h \
	%D%/live_confine.c \
	%D%/live_evidence.c \
	%D%/live_evidence.h \
	%D%/live_fanout.c \
	%D%/live_merge.c \
	%D%/live_merge.h \
	%D%/live_metrics.c \
	%D%/live_metrics.h \
	%D%/live_notify.c \
	%D%/live_notify.h \
	%D%/live_output.c \
	%D%/live_output.h \
	%D%/live_privilege.c \
	%D%/live_privilege.h \
	%D%/live_rotate.c \
	%D%/live_rotate.h \
	%D%/live_worker.c \
	%D%/live_workers.c \
	%D%/live_workers.h \
	%D%/live_workers_private.h

EXTRA_DIST += %D%/bench.sh
