/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls: the machines of RFC 2637 sections 3.2.3 and 3.2.4, as far as both roles share them.  Which call a
 * message is about, Call IDs, the beginning and the end of a call.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/endpoint_private.h"

uint32_t message_value(const struct ctrl_msg *m, const char *field)
{
	uint32_t value;

	return m && m->desc && ctrl_get(m, field, &value) ? value : 0;
}

/* --- Call IDs --------------------------------------------------------------------------------------- */

static bool id_used(const struct endpoint *e, uint16_t id)
{
	return e->used[id / 8] >> id % 8 & 1;
}

/* Round and round, so that an ID rests as long as can be (section 3.2.2); 0 is left to others. */
static uint16_t take_id(struct endpoint *e)
{
	if (fault_on(e, FAULT_CALL_UNIQ_01))
		return 7;
	if (fault_on(e, FAULT_CALL_SPACE_01))
		e->next_id = 0;
	do
		e->next_id++;
	while (!e->next_id || id_used(e, e->next_id));
	e->used[e->next_id / 8] |= (uint8_t)(1 << e->next_id % 8);
	return e->next_id;
}

struct session *session_by_own(const struct connection *c, uint16_t id)
{
	for (struct session *s = c->sessions; s; s = s->next)
		if (s->id == id)
			return s;
	return NULL;
}

struct session *session_by_peer(const struct connection *c, uint16_t id)
{
	for (struct session *s = c->sessions; s; s = s->next)
		if (s->peer_known && s->peer_id == id)
			return s;
	return NULL;
}

void session_know_peer(struct session *s, uint16_t peer_id)
{
	s->peer_id = peer_id;
	s->peer_known = true;
	if (s->line)
		telco_set_owner(s->line, s, (uint32_t)peer_id << 16 | s->id);
}

/* --- events ----------------------------------------------------------------------------------------- */

static void act_discard(struct session *s, const struct cue *cue)
{
	endpoint_say(s->e, NEWS_DISCARDED, s->id, "call %u: %s discarded in state %s", s->id,
		     cue->m && cue->m->desc ? cue->m->desc->name : "message", machine_state_name(s->state));
}

/* The control connection takes the call with it; what closes it is the machine's own time-out. */
static void act_give_up(struct session *s, const struct cue *cue)
{
	struct connection *c = s->c;

	if (c->machine == MACHINE_ORIGINATOR)
		endpoint_restart_later(c->e, &c->peer, c->peer_port);
	connection_end(c, cue->why ? cue->why : "a call does not go on");
}

static session_action *const actions[MACHINE_ACTIONS] = {
	[DO_DISCARD] = act_discard,
	[DO_GIVE_UP] = act_give_up,
	[DO_OFFER_CALL] = pac_offer_call,
	[DO_ANSWER_LINE] = pac_answer_line,
	[DO_RELEASE_LINE] = pac_release_line,
	[DO_REPORT_CONNECTED] = pac_report_connected,
	[DO_DISCONNECT] = pac_disconnect,
	[DO_NOTIFY_ERRORS] = pac_notify_errors,
	[DO_STORE_LINK_INFO] = pac_store_link_info,
	[DO_APPLY_LINK_INFO] = pac_apply_link_info,
	[DO_REFUSE_SECOND] = session_refuse_second,
	[DO_DIAL] = pac_dial,
	[DO_REPLY_CONNECTED] = pac_reply_connected,
	[DO_REPLY_FAILED] = pac_reply_failed,
	[DO_ACCEPT_CALL] = pns_accept_call,
	[DO_REFUSE_CALL] = pns_refuse_call,
	[DO_TUNNEL] = pns_tunnel,
	[DO_LOG_ERRORS] = pns_log_errors,
	[DO_CLEAR] = pns_clear,
	[DO_SEND_LINK_INFO] = pns_send_link_info,
	[DO_REQUEST_CALL] = pns_request_call,
	[DO_REPORT_FAILURE] = pns_report_failure,
};

void session_event(struct session *s, enum machine_event ev, const struct cue *cue)
{
	static const struct cue nothing;
	const struct transition *row;
	struct transition changed;

	if (s->dead)
		return;
	row = machine_find(s->machine, s->state, ev);
	if (!row)
		return;
	if (s->e->faulty)
		row = fault_transition(&s->e->config.faults, row, &changed);
	cue = cue ? cue : &nothing;
	s->state = row->next;
	if (actions[row->action])
		actions[row->action](s, cue);
	if (s->state == STATE_IDLE)
		session_end(s, cue->why ? cue->why : machine_event_words(ev));
}

void session_refuse_second(struct session *s, const struct cue *cue)
{
	int64_t peer = message_value(cue->m, "call_id"), result = cue->result, error = cue->error;

	if (fault_on(s->e, FAULT_ERR_BADCID_01))
		error = 2;
	if (fault_on(s->e, FAULT_ERR_BADCID_01_ACCEPTED))
		result = 1;
	endpoint_say(s->e, NEWS_REJECTED, s->id, "call %u: a second request with its Call ID is refused",
		     s->id);
	connection_send_fields(s->c, is_pac(s->e) ? CTRL_OCRP : CTRL_ICRP, "peer_call_id", peer,
			       "result_code", result, "error_code", error, NULL);
}

/* --- life ------------------------------------------------------------------------------------------- */

bool session_is_outgoing(const struct session *s)
{
	return s->machine == MACHINE_PAC_OUT || s->machine == MACHINE_PNS_OUT;
}

bool endpoint_is_full(const struct endpoint *e, unsigned more)
{
	size_t calls = e->nsessions + more;

	return calls > e->config.max_calls || (e->set.channels && calls > e->set.channels);
}

static void timer_expired(void *ctx)
{
	struct session *s = ctx;

	if (is_pac(s->e))
		pac_expired(s);
	else
		session_event(s, HAPPENS_T_CALL, &(struct cue){ .why = "no answer in time" });
}

void session_wait(struct session *s, int64_t ns)
{
	net_timer_set(s->e->net, &s->timer, net_now(s->e->net) + ns);
}

static void link_session(struct session *s)
{
	struct connection *c = s->c;

	s->next = c->sessions;
	if (s->next)
		s->next->previous = s;
	c->sessions = s;
	c->nsessions++;
	s->e->nsessions++;
}

static void unlink_session(struct session *s)
{
	struct connection *c = s->c;

	if (s->next)
		s->next->previous = s->previous;
	if (s->previous)
		s->previous->next = s->next;
	else
		c->sessions = s->next;
	c->nsessions--;
	s->e->nsessions--;
}

struct session *session_new(struct connection *c, enum machine m)
{
	struct endpoint *e = c->e;
	struct session *s;

	if (e->nsessions >= UINT16_MAX)
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->e = e;
	s->c = c;
	s->machine = m;
	s->state = STATE_IDLE;
	s->made = ++e->made;
	s->id = take_id(e);
	s->send_accm = s->receive_accm = UINT32_MAX;
	s->timer = (struct net_timer){ .fn = timer_expired, .ctx = s };
	s->wen = (struct net_timer){ .fn = pac_may_notify, .ctx = s };
	s->ping = (struct net_timer){ .fn = session_ping, .ctx = s };
	s->ppp_again = (struct net_timer){ .fn = session_ppp_again, .ctx = s };
	link_session(s);
	return s;
}

static void dial_again(struct endpoint *e)
{
	if (e->config.redial_ns)
		net_timer_set(e->net, &e->redial, net_now(e->net) + e->config.redial_ns);
}

void session_end(struct session *s, const char *why)
{
	struct endpoint *e = s->e;

	if (s->dead)
		return;
	s->dead = true;
	s->state = STATE_IDLE;
	net_timer_cancel(e->net, &s->timer);
	net_timer_cancel(e->net, &s->wen);
	session_stop_tunnel(s);
	pac_release(s);
	unlink_session(s);
	e->used[s->id / 8] &= (uint8_t) ~(1 << s->id % 8);
	e->last_peer_id = s->peer_id;
	endpoint_say(e, NEWS_CALL_DOWN, s->id, "call %u (serial number %u, 0x%04x) is over: %s", s->id,
		     s->serial, s->serial, why ? why : "ended");
	if (s->machine == MACHINE_PNS_OUT)
		dial_again(e);
	s->next = e->dead_sessions;
	e->dead_sessions = s;
	endpoint_reap_later(e);
}

void session_free(struct session *s)
{
	session_ppp_free(s);
	free(s);
}

uint16_t endpoint_window(const struct endpoint *e)
{
	/* What Windows announces, and nobody looks at (MS-PTPT section 3.1.5.7). */
	if (is_ms_ptpt(e))
		return is_pac(e) ? 16384 : 64;
	return e->set.window;
}

/* What faults have it send when a call comes up. */
static void say_unasked(const struct session *s)
{
	for (unsigned i = 0; i < FAULTS; i++) {
		struct draft d;

		if (faults[i].kind != FAULT_UNASKED || !fault_in(&s->e->config.faults, i))
			continue;
		draft_init(&d, faults[i].type);
		draft_set(&d, "call_id", s->id);
		draft_set(&d, "peer_call_id", s->peer_id);
		connection_send(s->c, &d);
	}
}

void session_start_tunnel(struct session *s)
{
	if (!fault_on(s->e, FAULT_CALL_SERIAL_01))
		endpoint_say(s->e, NEWS_CALL_UP, s->id,
			     "call %u (serial number %u, 0x%04x) is up, the peer's Call ID is %u, window %u, "
			     "delay %u",
			     s->id, s->serial, s->serial, s->peer_id, s->peer_window, s->peer_delay);
	if (s->gre) { /* a fault has it begin anew */
		session_stop_tunnel(s);
		session_ppp_free(s);
	}
	if (!gre_start(s))
		endpoint_say(s->e, NEWS_REJECTED, s->id, "call %u has no tunnel", s->id);
	else
		session_ppp_start(s);
	if (s->e->faulty)
		say_unasked(s);
}

void session_stop_tunnel(struct session *s)
{
	net_timer_cancel(s->e->net, &s->ppp_again);
	net_timer_cancel(s->e->net, &s->ping);
	traffic_stop(s);
	gre_stop(s);
}

/* MS-PTPT sections 3.2.4 and 3.3.4.2: who ends the last call ends the control connection. */
static void stop_after_last(struct connection *c)
{
	if (ms_ptpt_unless(c->e, FAULT_MSP_LASTCALL_01) && !c->dead && !c->nsessions)
		connection_event(c, HAPPENS_STOP_WANTED,
				 &(struct cue){ .result = 1, .why = "the last call is over" });
}

void session_clear(struct session *s)
{
	struct connection *c = s->c;
	struct cue cue = { .why = "cleared by the operator" };

	if (s->state == STATE_IDLE) {
		session_end(s, cue.why);
		return;
	}
	if (is_pac(s->e))
		cue = pac_local_clear(s);
	s->cleared_here = true;
	session_event(s, HAPPENS_CLEAR_WANTED, &cue);
	if (s->dead)
		stop_after_last(c);
}

void session_cleared(struct connection *c, bool here)
{
	if (here)
		stop_after_last(c);
}

/* --- messages --------------------------------------------------------------------------------------- */

typedef void take_fn(struct connection *c, const struct ctrl_msg *m);

/* What each role can receive (section 2: who sends what). */
static take_fn *const takes[2][CTRL_TYPES] = {
	/* a PNS */ {
		[CTRL_OCRP] = pns_take_reply,
		[CTRL_ICRQ] = pns_take_request,
		[CTRL_ICCN] = pns_take_connected,
		[CTRL_CDN] = pns_take_disconnect,
		[CTRL_WEN] = pns_take_errors,
	},
	/* a PAC */
	{
		[CTRL_OCRQ] = pac_take_request,
		[CTRL_ICRP] = pac_take_reply,
		[CTRL_CCRQ] = pac_take_clear,
		[CTRL_SLI] = pac_take_link_info,
	},
};

void connection_call_message(struct connection *c, const struct ctrl_msg *m)
{
	take_fn *take = takes[is_pac(c->e)][m->type];

	if (take)
		take(c, m);
	else if (fault_on(c->e, FAULT_MSG_INVALID_03))
		connection_send_fields(c, is_pac(c->e) ? CTRL_ICRP : CTRL_OCRP, "peer_call_id",
				       (int64_t)message_value(m, "call_id"), "result_code", INT64_C(1), NULL);
	else
		connection_malformed(c, m, 0, "only this side may send it");
}

/* Faults: what should be ignored has a consequence. */
static void struck_by(struct connection *c, const struct ctrl_msg *m)
{
	if (m->type == CTRL_ICRP &&
	    (fault_on(c->e, FAULT_PACIN_CROSS_01) || fault_on(c->e, FAULT_MSP_ICRP_02)))
		connection_malformed(c, m, 0, "there is no such call");
	if (m->type == CTRL_ICCN && fault_on(c->e, FAULT_PNSIN_ILLEGAL_01))
		c->state = STATE_IDLE;
	if (!c->sessions)
		return;
	if (m->type == CTRL_CDN && fault_on(c->e, FAULT_PNSIN_ILLEGAL_02))
		session_end(c->sessions, "disconnected");
	else if ((m->type == CTRL_CDN && fault_on(c->e, FAULT_PNSOUT_ILLEGAL_02)) ||
		 (m->type == CTRL_OCRP && fault_on(c->e, FAULT_PNSOUT_WR_04)))
		session_clear(c->sessions);
	else if (m->type == CTRL_CCRQ && fault_on(c->e, FAULT_PACOUT_ILLEGAL_03))
		session_event(c->sessions, HAPPENS_CCRQ, &(struct cue){ .m = m, .result = 4 });
}

void session_unknown(struct connection *c, const struct ctrl_msg *m, uint16_t call_id)
{
	if (c->e->faulty)
		struck_by(c, m);
	endpoint_say(c->e, NEWS_DISCARDED, call_id, "%s discarded: there is no call %u", m->desc->name,
		     call_id);
}

bool number_listed(const struct number_list *l, const char *number)
{
	for (unsigned i = 0; i < l->count; i++)
		if (strcmp(l->number[i], number) == 0)
			return true;
	return false;
}

/* Copies a number: at most 64 octets, and none that the log could not bear. */
void message_number(const struct ctrl_msg *m, const char *field, char number[NUMBER_MAX + 1])
{
	const uint8_t *text;
	size_t len;

	number[0] = '\0';
	if (!ctrl_get_text(m, field, &text, &len))
		return;
	if (len > NUMBER_MAX)
		len = NUMBER_MAX;
	for (size_t i = 0; i < len; i++)
		number[i] = (char)(text[i] > ' ' && text[i] < 0x7f ? text[i] : '?');
	number[len] = '\0';
}
