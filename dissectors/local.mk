# SPDX-License-Identifier: GPL-2.0-or-later
# Octets to named fields and back.  Links with libc, and with nettle for the ciphers of MPPE.
noinst_LIBRARIES += libdissectors.a
libdissectors_a_SOURCES = \
	%D%/community_id.c \
	%D%/community_id.h \
	%D%/ctrl.c \
	%D%/ctrl.h \
	%D%/ctrl_desc.c \
	%D%/ctrl_stream.c \
	%D%/ctrl_stream.h \
	%D%/cursor.h \
	%D%/gre.c \
	%D%/gre.h \
	%D%/ip.c \
	%D%/ip.h \
	%D%/link.c \
	%D%/link.h \
	%D%/mppe.c \
	%D%/mppe.h \
	%D%/packet.h \
	%D%/ppp.c \
	%D%/ppp.h \
	%D%/ppp_auth.c \
	%D%/ppp_control.c \
	%D%/ppp_control.h \
	%D%/ppp_data.c \
	%D%/ppp_desc.c \
	%D%/ppp_options.c \
	%D%/ppp_private.h \
	%D%/tcp.c \
	%D%/tcp.h \
	%D%/unseen.def

DISSECTORS_LIBS = libdissectors.a $(NETTLE_LIBS)
