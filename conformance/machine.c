/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stddef.h>
#include <stdint.h>

#include "conformance/machine.h"

const struct transition transitions[] = {
#define ROW(m, s, e, a, n, source) { MACHINE_##m, STATE_##s, HAPPENS_##e, DO_##a, STATE_##n, BY_##source },
#include "conformance/machine.def"
};
const unsigned transition_count = sizeof(transitions) / sizeof(*transitions);

/* Numbers of rows; two rows for one event in one state would not compile. */
enum {
#define ROW(m, s, e, a, n, source) ROW_##m##_##s##_##e,
#include "conformance/machine.def"
};

/* Number of the row + 1, so that tunnel data need no search. */
static const uint16_t rows[MACHINES][MACHINE_STATES][MACHINE_EVENTS] = {
#define ROW(m, s, e, a, n, source) [MACHINE_##m][STATE_##s][HAPPENS_##e] = ROW_##m##_##s##_##e + 1,
#include "conformance/machine.def"
};

const struct transition *machine_find(enum machine m, enum machine_state s, enum machine_event e)
{
	unsigned row = rows[m][s][e];

	return row ? &transitions[row - 1] : NULL;
}

const char *machine_name(enum machine m)
{
	static const char *const names[MACHINES] = {
		[MACHINE_ORIGINATOR] = "originator",      [MACHINE_RECEIVER] = "receiver",
		[MACHINE_PAC_IN] = "PAC, incoming call",  [MACHINE_PNS_IN] = "PNS, incoming call",
		[MACHINE_PAC_OUT] = "PAC, outgoing call", [MACHINE_PNS_OUT] = "PNS, outgoing call",
	};

	return names[m];
}

const char *machine_state_name(enum machine_state s)
{
	static const char *const names[MACHINE_STATES] = {
#define STATE(sym, name) [STATE_##sym] = name,
#include "conformance/machine.def"
	};

	return names[s];
}

const char *machine_event_words(enum machine_event e)
{
	static const char *const words[MACHINE_EVENTS] = {
#define EVENT(sym, words) [HAPPENS_##sym] = words,
#include "conformance/machine.def"
	};

	return words[e];
}

const char *machine_action_words(enum machine_action a)
{
	static const char *const words[MACHINE_ACTIONS] = {
#define ACTION(sym, words) [DO_##sym] = words,
#include "conformance/machine.def"
	};

	return words[a];
}
