# SPDX-License-Identifier: GPL-2.0-or-later
# From a capture to findings and a report.
noinst_LIBRARIES += libanalyzer.a
libanalyzer_a_CPPFLAGS = $(AM_CPPFLAGS) $(PCAP_CFLAGS) $(JSON_CFLAGS) $(ZLIB_CFLAGS) $(ZSTD_CFLAGS)
libanalyzer_a_SOURCES = \
	%D%/capture.c \
	%D%/capture.h \
	%D%/capture_dlt.h \
	%D%/capture_filter.c \
	%D%/capture_filter.h \
	%D%/capture_live.c \
	%D%/capture_live.h \
	%D%/capture_pcap.c \
	%D%/capture_pcap.h \
	%D%/conn_table.c \
	%D%/conn_table.h \
	%D%/decode_text.c \
	%D%/decode_text_ppp.c \
	%D%/decode_text_private.h \
	%D%/decode_value.c \
	%D%/decode_value.h \
	%D%/defrag.c \
	%D%/defrag.h \
	%D%/diagnose.c \
	%D%/diagnose.h \
	%D%/diagnose_call.c \
	%D%/diagnose_path.c \
	%D%/diagnose_ppp.c \
	%D%/diagnose_private.h \
	%D%/events.c \
	%D%/events.h \
	%D%/flow_table.c \
	%D%/flow_table.h \
	%D%/mirror.c \
	%D%/mirror.h \
	%D%/pair.c \
	%D%/pair.h \
	%D%/pair_match.c \
	%D%/pair_messages.c \
	%D%/pair_packets.c \
	%D%/pair_private.h \
	%D%/pipeline.c \
	%D%/pipeline.h \
	%D%/pipeline_control.c \
	%D%/pipeline_private.h \
	%D%/pool.c \
	%D%/pool.h \
	%D%/reassembly.c \
	%D%/reassembly.h \
	%D%/reassembly_flow.c \
	%D%/reassembly_hole.c \
	%D%/reassembly_internal.h \
	%D%/report.c \
	%D%/report.h \
	%D%/report_events.h \
	%D%/report_json.c \
	%D%/report_json_body.h \
	%D%/report_json_decode.c \
	%D%/report_json_events.c \
	%D%/report_json_pair.c \
	%D%/report_json_ppp.c \
	%D%/report_json_ppp.h \
	%D%/report_json_put.c \
	%D%/report_json_put.h \
	%D%/report_json_rules.c \
	%D%/report_mask.c \
	%D%/report_mask.h \
	%D%/report_pair.c \
	%D%/report_pair.h \
	%D%/report_ppp.c \
	%D%/report_ppp.h \
	%D%/report_private.h \
	%D%/report_rules.h \
	%D%/report_text.c \
	%D%/report_text_call.c \
	%D%/report_text_events.c \
	%D%/report_text_pair.c \
	%D%/report_text_ppp.c \
	%D%/report_text_private.h \
	%D%/report_text_put.c \
	%D%/report_text_put.h \
	%D%/report_text_tunnel.c \
	%D%/source.c \
	%D%/source.h \
	%D%/spill.c \
	%D%/spill.h \
	%D%/tracker.c \
	%D%/tracker.h \
	%D%/tracker_control.c \
	%D%/tracker_live.c \
	%D%/tracker_private.h \
	%D%/tracker_walk.c

ANALYZER_LIBS = libanalyzer.a libconformance.a $(DISSECTORS_LIBS) \
	$(NIDS_LIBS) $(PCAP_LIBS) $(JSON_LIBS) $(ZLIB_LIBS) $(ZSTD_LIBS)
