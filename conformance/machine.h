/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The six machines of RFC 2637 sections 3.1 and 3.2 as a table: what a side in a state does about an
 * event, and where that comes from.  The endpoint lives by it; tests play every row of it through the
 * judge, so that both agree.
 */
#ifndef PPTPSCOPE_MACHINE_H
#define PPTPSCOPE_MACHINE_H

#include <stdbool.h>

enum machine {
	MACHINE_ORIGINATOR, /* 3.1.1 */
	MACHINE_RECEIVER,   /* 3.1.2 */
	MACHINE_PAC_IN,     /* 3.2.3.1 */
	MACHINE_PNS_IN,     /* 3.2.3.2 */
	MACHINE_PAC_OUT,    /* 3.2.4.1 */
	MACHINE_PNS_OUT,    /* 3.2.4.2 */
	MACHINES
};

/* States, events and actions: rows STATE(), EVENT() and ACTION() of machine.def. */
enum machine_state {
#define STATE(sym, name) STATE_##sym,
#include "conformance/machine.def"
	MACHINE_STATES
};
enum machine_event {
#define EVENT(sym, words) HAPPENS_##sym,
#include "conformance/machine.def"
	MACHINE_EVENTS
};
enum machine_action {
#define ACTION(sym, words) DO_##sym,
#include "conformance/machine.def"
	MACHINE_ACTIONS
};

/* Where a row comes from: the text, a diagram only, or our own completion. */
enum machine_source { BY_TEXT, BY_DIAGRAM, BY_COMPLETION };

struct transition {
	enum machine machine;
	enum machine_state state;
	enum machine_event event;
	enum machine_action action;
	enum machine_state next;
	enum machine_source source;
};

extern const struct transition transitions[];
extern const unsigned transition_count;

/* The row for an event in a state; NULL: it cannot happen there, or changes nothing. */
const struct transition *machine_find(enum machine m, enum machine_state s, enum machine_event e);

const char *machine_name(enum machine m);
const char *machine_state_name(enum machine_state s);
const char *machine_event_words(enum machine_event e);
const char *machine_action_words(enum machine_action a);

#endif
