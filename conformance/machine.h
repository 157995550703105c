/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The six machines of RFC 2637 sections 3.1 and 3.2 as a table: what a side in a state does about an
 * event, and where that comes from.  The endpoint lives by it; an observer follows both sides of a
 * conversation through it by what is on the wire (conversation.h).
 */
#ifndef PPTPSCOPE_MACHINE_H
#define PPTPSCOPE_MACHINE_H

#include <stdbool.h>

#include "dissectors/ctrl.h"

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
#define EVENT(sym, wire, words) HAPPENS_##sym,
#include "conformance/machine.def"
	MACHINE_EVENTS
};
enum machine_action {
#define ACTION(sym, wire, words) DO_##sym,
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

/*
 * The same rows as an observer reads them, who sees messages alone.  failed: the message's Result Code is one
 * of failure.
 *
 * machine_says: the message that an action sends, or 0.
 * machine_may_say: some row of the state sends that message.
 * machine_said: the state after sending it; where no row of the state does, what follows is that of a state
 *               in which one does, for the observer goes with the wire.
 * machine_heard: the state after it has come.  What a row answers with a message or by closing has not been
 *                done before that is seen: the state is the same until then.
 */
enum ctrl_type machine_says(enum machine_action a, bool *failed);
bool machine_may_say(enum machine m, enum machine_state s, enum ctrl_type type, bool failed);
enum machine_state machine_said(enum machine m, enum machine_state s, enum ctrl_type type, bool failed);
enum machine_state machine_heard(enum machine m, enum machine_state s, enum ctrl_type type, bool failed);

const char *machine_name(enum machine m);
const char *machine_state_name(enum machine_state s);
const char *machine_event_words(enum machine_event e);
const char *machine_action_words(enum machine_action a);

#endif
