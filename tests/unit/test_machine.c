/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of machine.def: every state of a machine can be reached and left, has an answer to every message
 * that can come, and ends when what carries it ends.
 */
#include <CUnit/CUnit.h>
#include <string.h>

#include "conformance/machine.h"
#include "tests/unit/main.h"

static bool has_state(enum machine m, enum machine_state s)
{
	for (unsigned i = 0; i < transition_count; i++)
		if (transitions[i].machine == m && (transitions[i].state == s || transitions[i].next == s))
			return true;
	return false;
}

static bool is_call(enum machine m)
{
	return m != MACHINE_ORIGINATOR && m != MACHINE_RECEIVER;
}

static void test_find(void)
{
	for (unsigned i = 0; i < transition_count; i++) {
		const struct transition *t = &transitions[i];

		CU_ASSERT_PTR_EQUAL(machine_find(t->machine, t->state, t->event), t);
	}
	CU_ASSERT_PTR_NULL(machine_find(MACHINE_ORIGINATOR, STATE_IDLE, HAPPENS_RING));
}

static void test_words(void)
{
	for (int s = 0; s < MACHINE_STATES; s++)
		CU_ASSERT_TRUE(strlen(machine_state_name(s)) > 0);
	for (int e = 0; e < MACHINE_EVENTS; e++)
		CU_ASSERT_TRUE(strlen(machine_event_words(e)) > 0);
	for (int a = 0; a < MACHINE_ACTIONS; a++)
		CU_ASSERT_TRUE(strlen(machine_action_words(a)) > 0);
	for (int m = 0; m < MACHINES; m++)
		CU_ASSERT_TRUE(strlen(machine_name(m)) > 0);
}

/* No event, action or state is there for nothing. */
static void test_used(void)
{
	bool event[MACHINE_EVENTS] = { false }, action[MACHINE_ACTIONS] = { false };

	for (unsigned i = 0; i < transition_count; i++) {
		event[transitions[i].event] = true;
		action[transitions[i].action] = true;
	}
	for (int e = 0; e < MACHINE_EVENTS; e++)
		CU_ASSERT_TRUE(event[e]);
	for (int a = 0; a < MACHINE_ACTIONS; a++)
		CU_ASSERT_TRUE(action[a]);
}

static bool reaches(enum machine m, enum machine_state from, enum machine_state to)
{
	bool reached[MACHINE_STATES] = { false }, more = true;

	for (reached[from] = true; more && !reached[to];) {
		more = false;
		for (unsigned i = 0; i < transition_count; i++) {
			const struct transition *t = &transitions[i];

			if (t->machine != m || !reached[t->state] || reached[t->next])
				continue;
			reached[t->next] = more = true;
		}
	}
	return reached[to];
}

static void test_reached_and_left(void)
{
	for (int m = 0; m < MACHINES; m++)
		for (int s = 0; s < MACHINE_STATES; s++)
			if (has_state(m, s)) {
				CU_ASSERT_TRUE(reaches(m, STATE_IDLE, s));
				CU_ASSERT_TRUE(reaches(m, s, STATE_IDLE));
			}
}

/* Messages that a machine must answer in each state but idle; ends with MACHINE_EVENTS. */
static const enum machine_event always[MACHINES][12] = {
	[MACHINE_ORIGINATOR] = { HAPPENS_TCP_ENDED, HAPPENS_SCCRQ, HAPPENS_STOPRQ, HAPPENS_STOPRP_CLOSED,
				 HAPPENS_STOPRP_ERROR, HAPPENS_ECHORQ, HAPPENS_ECHORP_STRAY,
				 HAPPENS_CALL_MESSAGE, HAPPENS_MALFORMED, HAPPENS_SYNC_LOST,
				 HAPPENS_STOP_WANTED, MACHINE_EVENTS },
	[MACHINE_RECEIVER] = { HAPPENS_TCP_ENDED, HAPPENS_SCCRP, HAPPENS_STOPRQ, HAPPENS_STOPRP_CLOSED,
			       HAPPENS_STOPRP_ERROR, HAPPENS_ECHORQ, HAPPENS_ECHORP_STRAY,
			       HAPPENS_CALL_MESSAGE, HAPPENS_MALFORMED, HAPPENS_SYNC_LOST,
			       HAPPENS_STOP_WANTED, MACHINE_EVENTS },
	[MACHINE_PAC_IN] = { HAPPENS_CONTROL_ENDED, HAPPENS_ICRP_ACCEPTS, HAPPENS_ICRP_ERROR,
			     HAPPENS_ICRP_REFUSES, HAPPENS_CCRQ, HAPPENS_SLI, HAPPENS_DATA,
			     HAPPENS_CLEAR_WANTED, HAPPENS_WRONG_WAY, MACHINE_EVENTS },
	[MACHINE_PNS_IN] = { HAPPENS_CONTROL_ENDED, HAPPENS_ICRQ_AGAIN, HAPPENS_ICCN, HAPPENS_ICCN_BAD,
			     HAPPENS_CDN, HAPPENS_WEN, HAPPENS_DATA, HAPPENS_CLEAR_WANTED, HAPPENS_WRONG_WAY,
			     MACHINE_EVENTS },
	[MACHINE_PAC_OUT] = { HAPPENS_CONTROL_ENDED, HAPPENS_OCRQ_AGAIN, HAPPENS_CCRQ, HAPPENS_SLI,
			      HAPPENS_DATA, HAPPENS_CLEAR_WANTED, HAPPENS_LINE_DROPPED, HAPPENS_WRONG_WAY,
			      MACHINE_EVENTS },
	[MACHINE_PNS_OUT] = { HAPPENS_CONTROL_ENDED, HAPPENS_OCRP_CONNECTED, HAPPENS_OCRP_FAILED, HAPPENS_CDN,
			      HAPPENS_WEN, HAPPENS_ICCN, HAPPENS_DATA, HAPPENS_CLEAR_WANTED,
			      HAPPENS_WRONG_WAY, MACHINE_EVENTS },
};

static void test_complete(void)
{
	for (int m = 0; m < MACHINES; m++)
		for (int s = 0; s < MACHINE_STATES; s++)
			for (unsigned i = 0;
			     s != STATE_IDLE && has_state(m, s) && always[m][i] != MACHINE_EVENTS; i++)
				CU_ASSERT_PTR_NOT_NULL(machine_find(m, s, always[m][i]));
}

/* What waits for the peer has a timer that ends the wait. */
static void test_timers(void)
{
	for (int m = 0; m < MACHINES; m++)
		for (int s = 0; s < MACHINE_STATES; s++) {
			if (!has_state(m, s) || s == STATE_IDLE || s == STATE_ESTABLISHED)
				continue;
			CU_ASSERT_TRUE((is_call(m) && machine_find(m, s, HAPPENS_T_CALL)) ||
				       (is_call(m) && machine_find(m, s, HAPPENS_T_DIAL)) ||
				       machine_find(m, s, HAPPENS_T_REPLY));
		}
}

/* The carrier of a machine is gone: it is idle, and says nothing. */
static void test_ends(void)
{
	for (unsigned i = 0; i < transition_count; i++) {
		const struct transition *t = &transitions[i];

		if (t->event != HAPPENS_CONTROL_ENDED && t->event != HAPPENS_TCP_ENDED)
			continue;
		CU_ASSERT_EQUAL(t->next, STATE_IDLE);
		CU_ASSERT_TRUE(t->action == DO_CLOSE || t->action == DO_RELEASE || t->action == DO_END_CALL);
	}
}

/* Tunnel data are delivered when a call is established, and at no other time. */
static void test_data(void)
{
	for (int m = MACHINE_PAC_IN; m < MACHINES; m++)
		for (int s = 0; s < MACHINE_STATES; s++)
			if (has_state(m, s))
				CU_ASSERT_EQUAL(machine_find(m, s, HAPPENS_DATA)->action,
						s == STATE_ESTABLISHED ? DO_DELIVER : DO_DISCARD);
}

void suite_machine(void)
{
	CU_pSuite s = CU_add_suite("machine", NULL, NULL);

	CU_add_test(s, "each row is found", test_find);
	CU_add_test(s, "everything has words", test_words);
	CU_add_test(s, "every event and action is used", test_used);
	CU_add_test(s, "every state is reached and left", test_reached_and_left);
	CU_add_test(s, "every state answers every message", test_complete);
	CU_add_test(s, "every wait ends", test_timers);
	CU_add_test(s, "without its carrier a machine is idle", test_ends);
	CU_add_test(s, "data are delivered in established", test_data);
}
