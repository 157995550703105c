/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of machine.def: every state of a machine can be reached and left, has an answer to every message
 * that can come, and ends when what carries it ends.
 */
#include <CUnit/CUnit.h>
#include <string.h>

#include "conformance/conversation.h"
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

/* --- as an observer reads it ------------------------------------------------------------------ */

/* The six conversations of section 3, by their messages: where both ends are after each. */
struct said {
	bool by_pac; /* of control connections: by the receiver */
	enum ctrl_type type;
	bool failed;
	enum machine_state pac, pns;
	enum call_state call;
};

static void follow_calls(enum call_kind kind, const struct said *said, unsigned n)
{
	struct call c = { .kind = kind };

	for (unsigned i = 0; i < n; i++) {
		call_follow(&c, said[i].by_pac, said[i].type, said[i].failed);
		CU_ASSERT_EQUAL(c.pac_machine, said[i].pac);
		CU_ASSERT_EQUAL(c.pns_machine, said[i].pns);
		CU_ASSERT_EQUAL(c.state, said[i].call);
	}
}

#define N(a) (sizeof(a) / sizeof(*(a)))

static void test_outgoing(void)
{
	static const struct said cleared[] = {
		{ false, CTRL_OCRQ, false, STATE_WAIT_CS_ANS, STATE_WAIT_REPLY, CALL_REQUESTED },
		{ true, CTRL_OCRP, false, STATE_ESTABLISHED, STATE_ESTABLISHED, CALL_ESTABLISHED },
		{ false, CTRL_SLI, false, STATE_ESTABLISHED, STATE_ESTABLISHED, CALL_ESTABLISHED },
		{ true, CTRL_WEN, false, STATE_ESTABLISHED, STATE_ESTABLISHED, CALL_ESTABLISHED },
		{ false, CTRL_CCRQ, false, STATE_ESTABLISHED, STATE_WAIT_DISCONNECT, CALL_CLEARING },
		{ true, CTRL_CDN, false, STATE_IDLE, STATE_IDLE, CALL_CLOSED },
	}, refused[] = {
		{ false, CTRL_OCRQ, false, STATE_WAIT_CS_ANS, STATE_WAIT_REPLY, CALL_REQUESTED },
		{ true, CTRL_OCRP, true, STATE_IDLE, STATE_IDLE, CALL_REFUSED },
	}, aborted[] = {
		{ false, CTRL_OCRQ, false, STATE_WAIT_CS_ANS, STATE_WAIT_REPLY, CALL_REQUESTED },
		{ false, CTRL_CCRQ, false, STATE_WAIT_CS_ANS, STATE_WAIT_DISCONNECT, CALL_CLEARING },
		/* It crossed the request to clear: the PNS does not take the call for up. */
		{ true, CTRL_OCRP, false, STATE_ESTABLISHED, STATE_WAIT_DISCONNECT, CALL_CLEARING },
		{ true, CTRL_CDN, false, STATE_IDLE, STATE_IDLE, CALL_CLOSED },
	};

	follow_calls(CALL_OUTGOING, cleared, N(cleared));
	follow_calls(CALL_OUTGOING, refused, N(refused));
	follow_calls(CALL_OUTGOING, aborted, N(aborted));
}

static void test_incoming(void)
{
	static const struct said cleared[] = {
		{ true, CTRL_ICRQ, false, STATE_WAIT_REPLY, STATE_IDLE, CALL_REQUESTED },
		{ false, CTRL_ICRP, false, STATE_ANSWERING, STATE_WAIT_CONNECT, CALL_ACCEPTED },
		{ true, CTRL_ICCN, false, STATE_ESTABLISHED, STATE_ESTABLISHED, CALL_ESTABLISHED },
		{ false, CTRL_CCRQ, false, STATE_ESTABLISHED, STATE_WAIT_DISCONNECT, CALL_CLEARING },
		{ true, CTRL_CDN, false, STATE_IDLE, STATE_IDLE, CALL_CLOSED },
	}, refused[] = {
		{ true, CTRL_ICRQ, false, STATE_WAIT_REPLY, STATE_IDLE, CALL_REQUESTED },
		{ false, CTRL_ICRP, true, STATE_IDLE, STATE_IDLE, CALL_REFUSED },
	}, given_up[] = {
		{ true, CTRL_ICRQ, false, STATE_WAIT_REPLY, STATE_IDLE, CALL_REQUESTED },
		{ false, CTRL_ICRP, false, STATE_ANSWERING, STATE_WAIT_CONNECT, CALL_ACCEPTED },
		{ true, CTRL_CDN, false, STATE_IDLE, STATE_IDLE, CALL_CLOSED },
	};

	follow_calls(CALL_INCOMING, cleared, N(cleared));
	follow_calls(CALL_INCOMING, refused, N(refused));
	follow_calls(CALL_INCOMING, given_up, N(given_up));
}

static void test_midstream(void)
{
	struct call out = { .kind = CALL_OUTGOING }, in = { .kind = CALL_INCOMING };

	call_presume(&out, CTRL_OCRP);
	CU_ASSERT_EQUAL(out.state, CALL_REQUESTED);
	call_presume(&in, CTRL_ICCN);
	CU_ASSERT_EQUAL(in.state, CALL_ACCEPTED);
	call_follow(&in, true, CTRL_ICCN, false);
	CU_ASSERT_EQUAL(in.pns_machine, STATE_ESTABLISHED);
}

static void test_connection(void)
{
	struct control_connection c = { .machine = { STATE_IDLE, STATE_CONNECTED } };

	connection_follow(&c, 0, CTRL_SCCRQ, false);
	CU_ASSERT_EQUAL(c.state, CONNECTION_WAIT_REPLY);
	CU_ASSERT_EQUAL(c.machine[1], STATE_CONNECTED);
	connection_follow(&c, 1, CTRL_SCCRP, true);
	CU_ASSERT_EQUAL(c.state, CONNECTION_WAIT_REPLY);
	CU_ASSERT_EQUAL(c.machine[1], STATE_IDLE);
	connection_follow(&c, 1, CTRL_SCCRP, false);
	CU_ASSERT_EQUAL(c.state, CONNECTION_ESTABLISHED);
	CU_ASSERT_EQUAL(c.machine[0], STATE_ESTABLISHED);
	connection_follow(&c, 0, CTRL_OCRQ, false);
	connection_follow(&c, 0, CTRL_ECHORQ, false);
	CU_ASSERT_EQUAL(c.state, CONNECTION_ESTABLISHED);
	connection_follow(&c, 1, CTRL_STOPRQ, false);
	CU_ASSERT_EQUAL(c.state, CONNECTION_STOPPING);
	CU_ASSERT_EQUAL(c.machine[1], STATE_WAIT_STOP_REPLY);
	CU_ASSERT_EQUAL(c.machine[0], STATE_ESTABLISHED);
	connection_follow(&c, 0, CTRL_STOPRP, false);
	CU_ASSERT_EQUAL(c.machine[0], STATE_IDLE);
}

/* Whatever row says a message, its state may say it, and the observer goes where the row goes. */
static void test_observed_rows(void)
{
	unsigned said = 0;

	for (unsigned i = 0; i < transition_count; i++) {
		const struct transition *t = &transitions[i];
		bool failed;
		enum ctrl_type type = machine_says(t->action, &failed);

		if (!type)
			continue;
		said++;
		CU_ASSERT_TRUE(machine_may_say(t->machine, t->state, type, failed));
		CU_ASSERT_EQUAL(machine_said(t->machine, t->state, type, failed), t->next);
	}
	CU_ASSERT_TRUE(said > 60);
}

/* What a state may not say, by the RFC. */
static void test_out_of_turn(void)
{
	CU_ASSERT_FALSE(machine_may_say(MACHINE_PAC_IN, STATE_WAIT_REPLY, CTRL_ICCN, false));
	CU_ASSERT_FALSE(machine_may_say(MACHINE_PAC_IN, STATE_IDLE, CTRL_WEN, false));
	CU_ASSERT_FALSE(machine_may_say(MACHINE_PAC_OUT, STATE_ESTABLISHED, CTRL_OCRP, false));
	CU_ASSERT_FALSE(machine_may_say(MACHINE_PNS_OUT, STATE_WAIT_DISCONNECT, CTRL_SLI, false));
	CU_ASSERT_FALSE(machine_may_say(MACHINE_PNS_IN, STATE_ESTABLISHED, CTRL_ICRP, false));
	CU_ASSERT_FALSE(machine_may_say(MACHINE_ORIGINATOR, STATE_WAIT_CTL_REPLY, CTRL_ECHORQ, false));
	CU_ASSERT_FALSE(machine_may_say(MACHINE_RECEIVER, STATE_CONNECTED, CTRL_STOPRQ, false));
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
	CU_add_test(s, "an observer goes where each row that says something goes", test_observed_rows);
	CU_add_test(s, "what no row says is out of turn", test_out_of_turn);
	CU_add_test(s, "outgoing calls followed", test_outgoing);
	CU_add_test(s, "incoming calls followed", test_incoming);
	CU_add_test(s, "calls whose start was not seen", test_midstream);
	CU_add_test(s, "a control connection followed", test_connection);
}
