# SPDX-License-Identifier: GPL-2.0-or-later
# Captures made by us: scripts, load, and the writer.  captured/ holds recordings.
noinst_LIBRARIES += libtraces.a
libtraces_a_CPPFLAGS = $(AM_CPPFLAGS) $(PCAP_CFLAGS)
libtraces_a_SOURCES = \
	%D%/script.h \
	%D%/writer.h

EXTRA_DIST += %D%/captured
