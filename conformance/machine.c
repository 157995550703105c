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

/* --- as observed -------------------------------------------------------------------------------- */

struct seen {
	uint8_t type; /* enum ctrl_type; 0: no message */
	uint8_t outcomes; /* SUCCESS, FAILURE: a set */
	bool closes;
};

enum { SUCCESS = 1, FAILURE = 2, ANY = SUCCESS | FAILURE };

#define UNSEEN { 0, 0, false }
#define CLOSES { 0, 0, true }
#define SAYS(message, outcome) { CTRL_##message, outcome, false }

static const struct seen event_seen[MACHINE_EVENTS] = {
#define EVENT(sym, wire, words) [HAPPENS_##sym] = wire,
#include "conformance/machine.def"
};

static const struct seen action_seen[MACHINE_ACTIONS] = {
#define ACTION(sym, wire, words) [DO_##sym] = wire,
#include "conformance/machine.def"
};

/* Where a message leads, + 1; 0: nowhere.  Made of the rows once, because messages are many. */
struct led {
	uint8_t sent, heard;
};
static struct led leads[MACHINES][MACHINE_STATES][CTRL_TYPES][2];

static void lead(uint8_t *to, enum machine_state next)
{
	if (!*to)
		*to = (uint8_t)(next + 1);
}

/* What is done about a message with a message or by closing is known when that is seen, and not before. */
static void learn_row(const struct transition *t)
{
	const struct seen *event = &event_seen[t->event], *action = &action_seen[t->action];

	for (unsigned failed = 0; failed < 2; failed++) {
		unsigned outcome = failed ? FAILURE : SUCCESS;

		if (action->outcomes & outcome)
			lead(&leads[t->machine][t->state][action->type][failed].sent, t->next);
		if (event->outcomes & outcome && !action->type && !action->closes)
			lead(&leads[t->machine][t->state][event->type][failed].heard, t->next);
	}
}

static void learn(void)
{
	for (unsigned i = 0; i < transition_count; i++)
		learn_row(&transitions[i]);
}

static inline const struct led *led_by(enum machine m, enum machine_state s, enum ctrl_type type, bool failed)
{
	static bool learnt;

	if (!learnt)
		learn();
	learnt = true;
	return &leads[m][s][type][failed];
}

enum ctrl_type machine_says(enum machine_action a, bool *failed)
{
	*failed = action_seen[a].outcomes == FAILURE;
	return action_seen[a].type;
}

bool machine_may_say(enum machine m, enum machine_state s, enum ctrl_type type, bool failed)
{
	return led_by(m, s, type, failed)->sent;
}

enum machine_state machine_said(enum machine m, enum machine_state s, enum ctrl_type type, bool failed)
{
	unsigned next = led_by(m, s, type, failed)->sent;

	if (next)
		return next - 1;
	for (unsigned other = 0; !next && other < MACHINE_STATES; other++)
		next = leads[m][other][type][failed].sent;
	return next ? next - 1 : s;
}

enum machine_state machine_heard(enum machine m, enum machine_state s, enum ctrl_type type, bool failed)
{
	unsigned next = led_by(m, s, type, failed)->heard;

	return next ? next - 1 : s;
}

/* --- words --------------------------------------------------------------------------------------- */

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
#define EVENT(sym, wire, words) [HAPPENS_##sym] = words,
#include "conformance/machine.def"
	};

	return words[e];
}

const char *machine_action_words(enum machine_action a)
{
	static const char *const words[MACHINE_ACTIONS] = {
#define ACTION(sym, wire, words) [DO_##sym] = words,
#include "conformance/machine.def"
	};

	return words[a];
}
