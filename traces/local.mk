# SPDX-License-Identifier: GPL-2.0-or-later
# Captures made by us: scripts, load, and the writer.  captured/ holds recordings.
noinst_LIBRARIES += libtraces.a
libtraces_a_CPPFLAGS = $(AM_CPPFLAGS) $(PCAP_CFLAGS)
libtraces_a_SOURCES = \
	%D%/frame.c \
	%D%/load.c \
	%D%/script.c \
	%D%/script.h \
	%D%/script_call.c \
	%D%/script_expect.c \
	%D%/script_frame.c \
	%D%/script_gre.c \
	%D%/script_lex.c \
	%D%/script_msg.c \
	%D%/script_option.c \
	%D%/script_play.c \
	%D%/script_ppp.c \
	%D%/script_private.h \
	%D%/script_tcp.c \
	%D%/script_value.c \
	%D%/writer.c \
	%D%/writer.h

EXTRA_DIST += %D%/captured %D%/corpus %D%/clean %D%/diagnosis %D%/rules %D%/scenarios
