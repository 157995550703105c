# SPDX-License-Identifier: GPL-2.0-or-later
# Everything here speaks TAP; a line "ok", "not ok" or "# SKIP" is one test in the summary.
TEST_EXTENSIONS = .sh .py
TAP = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh --merge
LOG_DRIVER = $(TAP)
SH_LOG_DRIVER = $(TAP)
PY_LOG_DRIVER = $(TAP)
SH_LOG_COMPILER = $(SHELL)
PY_LOG_COMPILER = $(PYTHON) -B
# What the scripts may know: where the sources are, where the build is, and the program.
AM_TESTS_ENVIRONMENT = \
	srcdir='$(abs_top_srcdir)'; export srcdir; \
	builddir='$(abs_top_builddir)'; export builddir; \
	PPTPSCOPE='$(abs_top_builddir)/pptpscope$(EXEEXT)'; export PPTPSCOPE; \
	NM='$(NM)'; export NM; CC='$(CC)'; export CC; \
	TZ=UTC; export TZ; LC_ALL=C.UTF-8; export LC_ALL;

# Those that take longest come first, those that mostly wait beside those that mostly work.
test_scripts = \
	%D%/conform_device.py \
	%D%/conform_live.py \
	%D%/ppp_tshark.py \
	%D%/monitor.py \
	%D%/corpus.py \
	%D%/tshark.py \
	%D%/live.py \
	%D%/conform.py \
	%D%/schema.py \
	%D%/replay.py \
	%D%/mutate.py \
	%D%/sensor.py \
	%D%/emulate.py \
	%D%/robust.sh \
	%D%/golden.sh \
	%D%/fuzz.sh \
	%D%/layers.sh \
	%D%/man.sh \
	%D%/rules.sh \
	%D%/rules-man.sh \
	%D%/service.sh \
	%D%/diagnosis.py \
	%D%/manifest.py \
	%D%/pair.py \
	%D%/ppp.py \
	%D%/readme.py \
	%D%/scenario.py
EXTRA_DIST += \
	$(test_scripts) \
	%D%/all \
	%D%/regold \
	%D%/tap.sh \
	%D%/common.py \
	%D%/badpath.py \
	%D%/judged.py \
	%D%/netns.py \
	%D%/peer.py \
	%D%/pptp_line.py \
	%D%/device/calls.py \
	%D%/device/control.py \
	%D%/device/device.py \
	%D%/device/mutants.py \
	%D%/device/ppp.py \
	%D%/device/tunnel.py \
	%D%/device/wire.py \
	%D%/golden.list \
	%D%/golden \
	%D%/truth.json \
	%D%/fuzz/seeds \
	%D%/bench/pcap_empty.c

UNIT_TESTS = \
	%D%/unit/unit-dissectors \
	%D%/unit/unit-conformance \
	%D%/unit/unit-analyzer \
	%D%/unit/unit-traces \
	%D%/unit/unit-tools
# Suites and fuzz targets are called from elsewhere, but declared in no header.
TEST_CFLAGS = $(AM_CFLAGS) -Wno-missing-prototypes
UNIT_MAIN = %D%/unit/main.c %D%/unit/main.h
test_included = \
	%D%/unit/exact.h \
	%D%/unit/folder.h \
	%D%/unit/scene.h
EXTRA_DIST += $(test_included)
if HAVE_CUNIT
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
else
check-local:
	@echo 'The unit tests need CUnit (Debian: libcunit1-dev); install it and configure again.' >&2; exit 1
endif

# Each links only the libraries that its folder may know: a call in the wrong direction does not link.
%C%_unit_unit_dissectors_SOURCES = \
	$(UNIT_MAIN) \
	%D%/unit/main_dissectors.c \
	%D%/unit/test_ctrl.c \
	%D%/unit/test_ctrl_stream.c \
	%D%/unit/test_gre.c \
	%D%/unit/test_ip.c \
	%D%/unit/test_link.c \
	%D%/unit/test_community_id.c \
	%D%/unit/test_mppe.c \
	%D%/unit/test_ppp.c \
	%D%/unit/test_ppp_control.c \
	%D%/unit/test_tcp.c
%C%_unit_unit_dissectors_CPPFLAGS = $(AM_CPPFLAGS) $(CTEST_CFLAGS)
%C%_unit_unit_dissectors_CFLAGS = $(TEST_CFLAGS)
%C%_unit_unit_dissectors_LDADD = $(DISSECTORS_LIBS) $(CUNIT_LIBS)
%C%_unit_unit_conformance_SOURCES = \
	$(UNIT_MAIN) \
	%D%/unit/main_conformance.c \
	%D%/unit/test_at.c \
	%D%/unit/test_channel.c \
	%D%/unit/test_conversation.c \
	%D%/unit/test_endpoint.c \
	%D%/unit/test_machine.c \
	%D%/unit/test_net.c \
	%D%/unit/test_net_socket.c \
	%D%/unit/test_ppp_peer.c \
	%D%/unit/test_ppp_session.c \
	%D%/unit/test_quirk.c \
	%D%/unit/test_recent.c \
	%D%/unit/test_replay.c \
	%D%/unit/test_rule.c \
	%D%/unit/test_rules_call.c \
	%D%/unit/test_rules_control.c \
	%D%/unit/test_rules_gre.c \
	%D%/unit/test_rules_message.c \
	%D%/unit/test_telco.c \
	%D%/unit/test_tester.c \
	%D%/unit/test_window.c
%C%_unit_unit_conformance_CPPFLAGS = $(AM_CPPFLAGS) $(CTEST_CFLAGS)
%C%_unit_unit_conformance_CFLAGS = $(TEST_CFLAGS)
%C%_unit_unit_conformance_LDADD = libconformance.a $(DISSECTORS_LIBS) $(CUNIT_LIBS)
%C%_unit_unit_analyzer_SOURCES = \
	$(UNIT_MAIN) \
	%D%/unit/main_analyzer.c \
	%D%/unit/test_capture.c \
	%D%/unit/test_defrag.c \
	%D%/unit/test_diagnose.c \
	%D%/unit/test_endpoint_judged.c \
	%D%/unit/test_mirror.c \
	%D%/unit/test_pair.c \
	%D%/unit/test_reassembly.c \
	%D%/unit/test_report.c \
	%D%/unit/test_report_json_put.c \
	%D%/unit/test_spill.c \
	%D%/unit/test_tracker.c \
	%D%/unit/test_tracker_live.c
%C%_unit_unit_analyzer_CPPFLAGS = $(AM_CPPFLAGS) $(CTEST_CFLAGS)
%C%_unit_unit_analyzer_CFLAGS = $(TEST_CFLAGS)
%C%_unit_unit_analyzer_LDADD = $(ANALYZER_LIBS) $(CUNIT_LIBS)
%C%_unit_unit_traces_SOURCES = \
	$(UNIT_MAIN) \
	%D%/unit/main_traces.c \
	%D%/unit/test_script.c \
	%D%/unit/test_writer.c
%C%_unit_unit_traces_CPPFLAGS = $(AM_CPPFLAGS) $(CTEST_CFLAGS)
%C%_unit_unit_traces_CFLAGS = $(TEST_CFLAGS)
%C%_unit_unit_traces_LDADD = libtraces.a $(DISSECTORS_LIBS) $(PCAP_LIBS) $(CUNIT_LIBS)
# Of tools/ what can be had without a command line.
%C%_unit_unit_tools_SOURCES = \
	$(UNIT_MAIN) \
	%D%/unit/main_tools.c \
	%D%/unit/test_active_tap.c \
	%D%/unit/test_conform_order.c \
	%D%/unit/test_live_config.c \
	%D%/unit/test_live_evidence.c \
	%D%/unit/test_live_merge.c \
	%D%/unit/test_live_metrics.c \
	%D%/unit/test_live_output.c \
	%D%/unit/test_scenario.c \
	tools/active_tap.c \
	tools/baseline.c \
	tools/conform_order.c \
	tools/judging.c \
	tools/options.c \
	tools/scenario.c
%C%_unit_unit_tools_CPPFLAGS = $(AM_CPPFLAGS) $(CTEST_CFLAGS)
%C%_unit_unit_tools_CFLAGS = $(TEST_CFLAGS)
%C%_unit_unit_tools_LDADD = liblive.a libtraces.a $(ANALYZER_LIBS) $(LIVE_LIBS) $(CUNIT_LIBS)
# What tests/sensor.py runs.
check_PROGRAMS += %D%/unit/live_tool
%C%_unit_live_tool_SOURCES = %D%/unit/live_tool.c
%C%_unit_live_tool_LDADD = liblive.a $(LIVE_LIBS)

# Fuzz targets: without --enable-fuzzer the driver makes ordinary programs of them.
if FUZZER
FUZZ_MAIN =
else
FUZZ_MAIN = %D%/fuzz/driver.c
endif
FUZZ_LIBS = libtraces.a $(ANALYZER_LIBS)
FUZZ_TARGETS = \
	%D%/fuzz/fuzz_capture \
	%D%/fuzz/fuzz_ctrl_stream \
	%D%/fuzz/fuzz_gre \
	%D%/fuzz/fuzz_link \
	%D%/fuzz/fuzz_pipeline \
	%D%/fuzz/fuzz_ppp \
	%D%/fuzz/fuzz_ppp_control \
	%D%/fuzz/fuzz_ppp_peer \
	%D%/fuzz/fuzz_ppp_session \
	%D%/fuzz/fuzz_reassembly \
	%D%/fuzz/fuzz_script \
	%D%/fuzz/fuzz_telco
check_PROGRAMS += $(FUZZ_TARGETS)
%C%_fuzz_fuzz_capture_SOURCES = %D%/fuzz/fuzz_capture.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_capture_CFLAGS = $(TEST_CFLAGS)
%C%_fuzz_fuzz_capture_LDADD = $(FUZZ_LIBS)
%C%_fuzz_fuzz_capture_LDFLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)
%C%_fuzz_fuzz_ctrl_stream_SOURCES = %D%/fuzz/fuzz_ctrl_stream.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_ctrl_stream_CFLAGS = $(TEST_CFLAGS)
%C%_fuzz_fuzz_ctrl_stream_LDADD = $(FUZZ_LIBS)
%C%_fuzz_fuzz_ctrl_stream_LDFLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)
%C%_fuzz_fuzz_gre_SOURCES = %D%/fuzz/fuzz_gre.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_gre_CFLAGS = $(TEST_CFLAGS)
%C%_fuzz_fuzz_gre_LDADD = $(FUZZ_LIBS)
%C%_fuzz_fuzz_gre_LDFLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)
%C%_fuzz_fuzz_link_SOURCES = %D%/fuzz/fuzz_link.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_link_CFLAGS = $(TEST_CFLAGS)
%C%_fuzz_fuzz_link_LDADD = $(FUZZ_LIBS)
%C%_fuzz_fuzz_link_LDFLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)
%C%_fuzz_fuzz_pipeline_SOURCES = %D%/fuzz/fuzz_pipeline.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_pipeline_CFLAGS = $(TEST_CFLAGS)
%C%_fuzz_fuzz_pipeline_LDADD = $(FUZZ_LIBS)
%C%_fuzz_fuzz_pipeline_LDFLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)
%C%_fuzz_fuzz_ppp_SOURCES = %D%/fuzz/fuzz_ppp.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_ppp_CFLAGS = $(TEST_CFLAGS)
%C%_fuzz_fuzz_ppp_LDADD = $(FUZZ_LIBS)
%C%_fuzz_fuzz_ppp_LDFLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)
%C%_fuzz_fuzz_ppp_control_SOURCES = %D%/fuzz/fuzz_ppp_control.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_ppp_control_CFLAGS = $(TEST_CFLAGS)
%C%_fuzz_fuzz_ppp_control_LDADD = $(FUZZ_LIBS)
%C%_fuzz_fuzz_ppp_control_LDFLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)
%C%_fuzz_fuzz_ppp_peer_SOURCES = %D%/fuzz/fuzz_ppp_peer.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_ppp_peer_CFLAGS = $(TEST_CFLAGS)
%C%_fuzz_fuzz_ppp_peer_LDADD = $(FUZZ_LIBS)
%C%_fuzz_fuzz_ppp_peer_LDFLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)
%C%_fuzz_fuzz_ppp_session_SOURCES = %D%/fuzz/fuzz_ppp_session.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_ppp_session_CFLAGS = $(TEST_CFLAGS)
%C%_fuzz_fuzz_ppp_session_LDADD = $(FUZZ_LIBS)
%C%_fuzz_fuzz_ppp_session_LDFLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)
%C%_fuzz_fuzz_reassembly_SOURCES = %D%/fuzz/fuzz_reassembly.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_reassembly_CFLAGS = $(TEST_CFLAGS)
%C%_fuzz_fuzz_reassembly_LDADD = $(FUZZ_LIBS)
%C%_fuzz_fuzz_reassembly_LDFLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)
%C%_fuzz_fuzz_script_SOURCES = %D%/fuzz/fuzz_script.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_script_CFLAGS = $(TEST_CFLAGS)
%C%_fuzz_fuzz_script_LDADD = $(FUZZ_LIBS)
%C%_fuzz_fuzz_script_LDFLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)
%C%_fuzz_fuzz_telco_SOURCES = %D%/fuzz/fuzz_telco.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_telco_CFLAGS = $(TEST_CFLAGS)
%C%_fuzz_fuzz_telco_LDADD = $(FUZZ_LIBS)
%C%_fuzz_fuzz_telco_LDFLAGS = $(AM_LDFLAGS) $(FUZZER_LDFLAGS)

TESTS += $(test_scripts)

# 'make fuzz-targets' builds what tests/all then runs.
fuzz-targets: $(FUZZ_TARGETS)
.PHONY: fuzz-targets bench coverage

# Speed against an empty libpcap loop, tcpdump and tshark; no part of 'make check'.
EXTRA_PROGRAMS += %D%/bench/pcap_empty
%C%_bench_pcap_empty_SOURCES = %D%/bench/pcap_empty.c
%C%_bench_pcap_empty_CPPFLAGS = $(AM_CPPFLAGS) $(PCAP_CFLAGS)
%C%_bench_pcap_empty_LDADD = $(PCAP_LIBS)
BENCH_SHRINK = 1
BENCH_ROUNDS = 5
bench: pptpscope$(EXEEXT) %D%/bench/pcap_empty$(EXEEXT)
	PPTPSCOPE=$(abs_top_builddir)/pptpscope$(EXEEXT) \
	PCAP_EMPTY=$(abs_top_builddir)/%D%/bench/pcap_empty$(EXEEXT) \
	BENCH_SHRINK=$(BENCH_SHRINK) BENCH_ROUNDS=$(BENCH_ROUNDS) $(SHELL) $(top_srcdir)/tools/bench.sh
CLEANFILES += $(EXTRA_PROGRAMS)

if COVERAGE
coverage:
	@$(GCOV) -n $$(find . -name '*.gcda' ! -path './tests/*') 2>/dev/null | \
	$(AWK) '/^File/ { gsub("\047", ""); file = $$2 } \
		/^Lines/ && file ~ /[.]c$$/ { sub("Lines executed:", ""); print $$1, "of", $$3, file; file = "" }' | sort -n
clean-local:
	-find . -name '*.gcda' -o -name '*.gcno' | xargs rm -f
endif
