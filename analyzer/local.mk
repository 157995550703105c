# SPDX-License-Identifier: GPL-2.0-or-later
# From a capture to findings and a report.
noinst_LIBRARIES += libanalyzer.a
libanalyzer_a_CPPFLAGS = $(AM_CPPFLAGS) $(PCAP_CFLAGS) $(JSON_CFLAGS) $(ZLIB_CFLAGS) $(ZSTD_CFLAGS)
libanalyzer_a_SOURCES = \
	%D%/capture.h \
	%D%/conn_table.c \
	%D%/conn_table.h \
	%D%/defrag.h \
	%D%/pool.c \
	%D%/pool.h \
	%D%/reassembly.c \
	%D%/reassembly.h \
	%D%/reassembly_flow.c \
	%D%/reassembly_hole.c \
	%D%/reassembly_internal.h \
	%D%/report.h \
	%D%/spill.c \
	%D%/spill.h \
	%D%/tracker.c \
	%D%/tracker.h \
	%D%/tracker_private.h

ANALYZER_LIBS = libanalyzer.a libconformance.a libdissectors.a \
	$(NIDS_LIBS) $(PCAP_LIBS) $(JSON_LIBS) $(ZLIB_LIBS) $(ZSTD_LIBS)
