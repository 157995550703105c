# SPDX-License-Identifier: GPL-2.0-or-later
# What RFC 2637 demands; knows messages, not captures.
noinst_LIBRARIES += libconformance.a
libconformance_a_SOURCES = \
	%D%/conversation.c \
	%D%/conversation.h \
	%D%/event.h \
	%D%/field.c \
	%D%/field.def \
	%D%/field.h \
	%D%/finding.h \
	%D%/findings.c \
	%D%/findings.h \
	%D%/flow.h \
	%D%/judge.c \
	%D%/judge.h \
	%D%/quirk.c \
	%D%/quirk.h \
	%D%/quirks.def \
	%D%/rule.c \
	%D%/rule.h \
	%D%/rules.def \
	%D%/rules_call.c \
	%D%/rules_call.h \
	%D%/rules_call_ids.c \
	%D%/rules_call_machine.c \
	%D%/rules_call_private.h \
	%D%/rules_call_wait.c \
	%D%/rules_call_wen.c \
	%D%/rules_control.c \
	%D%/rules_control.h \
	%D%/rules_control_collision.c \
	%D%/rules_control_error.c \
	%D%/rules_control_private.h \
	%D%/rules_control_start.c \
	%D%/rules_control_stop.c \
	%D%/rules_control_timer.c \
	%D%/rules_gre.c \
	%D%/rules_gre.h \
	%D%/rules_gre_ack.c \
	%D%/rules_gre_call.c \
	%D%/rules_gre_header.c \
	%D%/rules_gre_ppp.c \
	%D%/rules_gre_private.h \
	%D%/rules_gre_seq.c \
	%D%/rules_gre_window.c \
	%D%/rules_message.c \
	%D%/rules_message.h \
	%D%/rules_message_text.c \
	%D%/rules_message_value.c \
	%D%/rules_profile.c \
	%D%/verdict.h
