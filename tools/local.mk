# SPDX-License-Identifier: GPL-2.0-or-later
# The program: options, wiring, exit status.
bin_PROGRAMS += pptpscope
pptpscope_LDADD = libtraces.a $(ANALYZER_LIBS)
pptpscope_SOURCES = \
	%D%/commands.h \
	%D%/options.c \
	%D%/options.h \
	%D%/pptpscope.c \
	%D%/version.h

EXTRA_DIST += %D%/bench.sh
