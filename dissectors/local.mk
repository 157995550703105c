# SPDX-License-Identifier: GPL-2.0-or-later
# Octets to named fields and back.  Links with nothing but libc.
noinst_LIBRARIES += libdissectors.a
libdissectors_a_SOURCES = \
	%D%/ctrl.h \
	%D%/ctrl_stream.h \
	%D%/cursor.h \
	%D%/gre.h \
	%D%/ip.h \
	%D%/link.h \
	%D%/packet.h \
	%D%/ppp.h \
	%D%/tcp.h \
	%D%/unseen.def
