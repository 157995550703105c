# SPDX-License-Identifier: GPL-2.0-or-later
# What RFC 2637 demands; knows messages, not captures.
noinst_LIBRARIES += libconformance.a
libconformance_a_SOURCES = \
	%D%/conversation.c \
	%D%/conversation.h \
	%D%/field.c \
	%D%/field.def \
	%D%/field.h \
	%D%/finding.h \
	%D%/flow.h
