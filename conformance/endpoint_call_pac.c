/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls of a PAC: RFC 2637 sections 3.2.3.1 and 3.2.4.1. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "conformance/endpoint_private.h"

enum { CAUSE_NORMAL = 16, CAUSE_NO_ANSWER = 19 };

/* --- what messages say ------------------------------------------------------------------------------ */

/* Q.931 causes belong to ISDN lines; there a call never ends without one. */
static uint16_t cause_of(const struct session *s, uint16_t cause)
{
	if (!s->line || telco_line_kind(s->line) == LINE_ANALOG)
		return 0;
	return cause ? cause : CAUSE_NORMAL;
}

/* Section 4.4.1: how long a full window takes on the line, in tenths of a second. */
static uint16_t delay_of(const struct session *s)
{
	uint64_t bits = UINT64_C(1464) * 8 * s->e->set.window;
	uint64_t tenths = s->speed ? (bits * 10 + s->speed / 2) / s->speed : 0;

	if (is_ms_ptpt(s->e))
		return 0;
	if (s->e->config.delay)
		return s->e->config.delay;
	return tenths < 600 ? (uint16_t)tenths : 600;
}

static uint32_t channel_of(const struct session *s)
{
	return s->line ? telco_line_channel(s->line) : 0;
}

static void send_reply(struct session *s, uint8_t result, uint8_t error, uint16_t cause)
{
	struct draft d;

	draft_init(&d, CTRL_OCRP);
	draft_fill(&d, "call_id", (int64_t)s->id, "peer_call_id", (int64_t)s->peer_id, "result_code",
		   (int64_t)result, "error_code", (int64_t)error, "cause_code", (int64_t)cause, NULL);
	if (result == 1)
		draft_fill(&d, "connect_speed", (int64_t)s->speed, "packet_recv_window_size",
			   (int64_t)endpoint_window(s->e), "packet_processing_delay", (int64_t)delay_of(s),
			   "physical_channel_id", (int64_t)channel_of(s), NULL);
	connection_send(s->c, &d);
}

static void send_disconnect(struct session *s, const struct cue *cue)
{
	struct gre_counts g;
	char statistics[64];

	gre_counts(s, &g);
	snprintf(statistics, sizeof(statistics), "in %" PRIu64 " out %" PRIu64 " lost %" PRIu64, g.received,
		 g.sent, g.lost);
	/* MS-PTPT section 3.2.5.5: always 0. */
	connection_send_fields(s->c, CTRL_CDN, "call_id", (int64_t)s->id, "result_code",
			       is_ms_ptpt(s->e) ? INT64_C(0) : (int64_t)cue->result, "error_code",
			       (int64_t)cue->error, "cause_code", (int64_t)cause_of(s, cue->cause),
			       "call_statistics", statistics, NULL);
}

/* --- actions: both kinds of calls -------------------------------------------------------------------- */

void pac_disconnect(struct session *s, const struct cue *cue)
{
	session_stop_tunnel(s);
	send_disconnect(s, cue);
	if (fault_on(s->e, FAULT_WEN_STATE_01))
		connection_send_fields(s->c, CTRL_WEN, "peer_call_id", (int64_t)s->peer_id, NULL);
}

void pac_store_link_info(struct session *s, const struct cue *cue)
{
	s->has_link_info = true;
	s->send_accm = message_value(cue->m, "send_accm");
	s->receive_accm = message_value(cue->m, "receive_accm");
}

static void apply_link_info(struct session *s)
{
	if (s->line && s->has_link_info)
		telco_accm(s->line, s->send_accm, s->receive_accm);
}

void pac_apply_link_info(struct session *s, const struct cue *cue)
{
	if (fault_on(s->e, FAULT_SLI_DYNAMIC_01) && s->has_link_info)
		return;
	pac_store_link_info(s, cue);
	apply_link_info(s);
}

static void begin_call(struct session *s)
{
	net_timer_cancel(s->e->net, &s->timer);
	pac_begin_counting(s);
	apply_link_info(s);
	if (s->line && fault_on(s->e, FAULT_SLI_DEFAULT_01))
		telco_accm(s->line, 0, 0);
	if (fault_on(s->e, FAULT_WEN_ERRONLY_01))
		pac_send_errors(s);
	session_start_tunnel(s);
}

/* --- actions: incoming ------------------------------------------------------------------------------- */

void pac_offer_call(struct session *s, const struct cue *cue)
{
	(void)cue;
	connection_send_fields(s->c, CTRL_ICRQ, "call_id", (int64_t)s->id, "call_serial_number",
			       (int64_t)s->serial, "call_bearer_type",
			       telco_line_digital(s->line) ? INT64_C(2) : INT64_C(1), "physical_channel_id",
			       (int64_t)channel_of(s), "dialed_number_length", (int64_t)strlen(s->number),
			       "dialing_number_length", (int64_t)strlen(s->dialing), "dialed_number",
			       s->number, "dialing_number", s->dialing, "subaddress", s->subaddress, NULL);
	session_wait(s, s->e->config.timers.call);
	if (fault_on(s->e, FAULT_PACIN_WAIT_01))
		telco_answer(s->line);
	if (fault_on(s->e, FAULT_PACIN_ILLEGAL_01))
		connection_send_fields(s->c, CTRL_ICCN, "connect_speed", INT64_C(33600), "framing_type",
				       INT64_C(1), NULL);
}

void pac_answer_line(struct session *s, const struct cue *cue)
{
	session_know_peer(s, (uint16_t)message_value(cue->m, "call_id"));
	s->peer_window = (uint16_t)message_value(cue->m, "packet_recv_window_size");
	s->peer_delay = (uint16_t)message_value(cue->m, "packet_transmit_delay");
	session_wait(s, s->e->config.timers.call);
	telco_answer(s->line);
}

/* Result 3 is a no of the PNS's: the caller hears busy; after an error there is just no answer. */
void pac_release_line(struct session *s, const struct cue *cue)
{
	struct telco_line *line = s->line;

	s->line = NULL;
	telco_reject(line, message_value(cue->m, "result_code") == 3);
}

void pac_report_connected(struct session *s, const struct cue *cue)
{
	(void)cue;
	connection_send_fields(s->c, CTRL_ICCN, "peer_call_id", (int64_t)s->peer_id, "connect_speed",
			       (int64_t)s->speed, "packet_recv_window_size", (int64_t)endpoint_window(s->e),
			       "packet_transmit_delay", (int64_t)delay_of(s), "framing_type",
			       telco_line_digital(s->line) ? INT64_C(2) : INT64_C(1), NULL);
	begin_call(s);
}

/* --- actions: outgoing ------------------------------------------------------------------------------- */

void pac_dial(struct session *s, const struct cue *cue)
{
	(void)cue;
	if (s->line && !fault_on(s->e, FAULT_PACOUT_IDLE_01))
		session_wait(s, s->e->config.timers.dial);
	else
		session_event(s, HAPPENS_LINE_UP, NULL);
}

void pac_reply_connected(struct session *s, const struct cue *cue)
{
	(void)cue;
	send_reply(s, 1, 0, 0);
	begin_call(s);
}

void pac_reply_failed(struct session *s, const struct cue *cue)
{
	send_reply(s, cue->result, cue->error, cue->cause ? cue->cause : cause_of(s, 0));
}

/* --- requests of the PNS ----------------------------------------------------------------------------- */

static enum machine_event refuse(struct cue *cue, enum machine_event ev, uint8_t result, uint8_t error,
				 const char *why)
{
	cue->result = result;
	cue->error = error;
	cue->why = why;
	return ev;
}

static bool is_type(uint32_t type)
{
	return type >= 1 && type <= 3;
}

static enum machine_event sort_values(const struct session *s, struct cue *cue)
{
	if (!is_type(s->bearer) && !fault_on(s->e, FAULT_OCRQ_BEARER_03))
		return refuse(cue, HAPPENS_OCRQ_BAD, 2, 3, "its bearer type is undefined");
	if (!is_type(s->framing) && !fault_on(s->e, FAULT_OCRQ_FRAMING_03))
		return refuse(cue, HAPPENS_OCRQ_BAD, 2, fault_on(s->e, FAULT_ERR_BADVAL_01) ? 4 : 3,
			      "its framing type is undefined");
	if (s->min_bps > s->max_bps && !fault_on(s->e, FAULT_OCRQ_BPS_03))
		return refuse(cue, HAPPENS_OCRQ_BAD, 2, 3, "its minimum speed is above its maximum");
	if (message_value(cue->m, "phone_number_length") > NUMBER_MAX)
		return refuse(cue, HAPPENS_OCRQ_BAD, 2, 3, "its number is longer than its field");
	return HAPPENS_OCRQ_GOOD;
}

static bool is_barred(const struct endpoint *e, const char *number)
{
	return number_listed(&e->set.barred, number) ||
	       (e->config.telco && telco_is_barred(e->config.telco, number));
}

/* Takes a line, or what stands for one. */
static bool seize(struct session *s)
{
	struct endpoint *e = s->e;
	uint32_t max = s->max_bps < e->set.max_bps ? s->max_bps : e->set.max_bps;
	unsigned bearer = s->bearer & e->config.bearer;
	struct telco_line *line;

	if (fault_on(e, FAULT_OCRQ_BEARER_03) && !bearer)
		bearer = e->config.bearer;
	if (fault_on(e, FAULT_OCRQ_BPS_03) && max < s->min_bps)
		s->min_bps = 0;
	if (!bearer || max < s->min_bps)
		return false;
	s->speed = max;
	if (!e->config.telco)
		return true;
	line = telco_dial(e->config.telco, s->number, s->subaddress, bearer, s->min_bps, max);
	if (line)
		pac_own_line(s, line);
	return line != NULL;
}

static enum machine_event sort_request(struct session *s, struct cue *cue)
{
	enum machine_event ev = sort_values(s, cue);

	if (ev != HAPPENS_OCRQ_GOOD)
		return ev;
	if (is_barred(s->e, s->number))
		return refuse(cue, HAPPENS_OCRQ_BARRED, 7, 0, "its number is barred");
	if (endpoint_is_full(s->e, 0) || (fault_on(s->e, FAULT_SCCRQ_MAXCH_02) && s->c->peer_channels &&
					  s->c->nsessions > s->c->peer_channels))
		return refuse(cue, HAPPENS_OCRQ_NO_CHANNEL, 2, fault_on(s->e, FAULT_ERR_NORES_01) ? 3 : 4,
			      "too many calls");
	if (!seize(s))
		return refuse(cue, HAPPENS_OCRQ_NO_CHANNEL, 2, 4, "no channel is free that could do it");
	return ev;
}

static void read_request(struct session *s, const struct ctrl_msg *m)
{
	s->serial = (uint16_t)message_value(m, "call_serial_number");
	s->min_bps = message_value(m, "minimum_bps");
	s->max_bps = message_value(m, "maximum_bps");
	s->bearer = message_value(m, "bearer_type");
	s->framing = message_value(m, "framing_type");
	s->peer_window = (uint16_t)message_value(m, "packet_recv_window_size");
	s->peer_delay = (uint16_t)message_value(m, "packet_processing_delay");
	message_number(m, "phone_number", s->number);
	message_number(m, "subaddress", s->subaddress);
}

static void no_memory(struct connection *c, const struct ctrl_msg *m)
{
	connection_send_fields(c, CTRL_OCRP, "peer_call_id", (int64_t)message_value(m, "call_id"),
			       "result_code", INT64_C(2), "error_code", INT64_C(4), NULL);
}

/* Faults: a request that should be taken is refused. */
static bool barred_by_fault(struct connection *c, const struct ctrl_msg *m)
{
	uint16_t peer_id = (uint16_t)message_value(m, "call_id");
	const struct session *s = c->sessions;
	bool crossing = s && s->machine == MACHINE_PAC_IN && s->state == STATE_WAIT_REPLY;
	bool again = c->e->last_peer_id == peer_id && !c->nsessions;

	if (!(fault_on(c->e, FAULT_CALL_CROSS_01) && crossing) &&
	    !(fault_on(c->e, FAULT_CALL_RELEASE_01) && again))
		return false;
	no_memory(c, m);
	return true;
}

void pac_take_request(struct connection *c, const struct ctrl_msg *m)
{
	uint16_t peer_id = (uint16_t)message_value(m, "call_id");
	struct session *s = session_by_peer(c, peer_id);
	struct cue cue = { .m = m, .result = 2, .error = 5 };
	enum machine_event ev = HAPPENS_OCRQ_AGAIN;

	if (fault_on(c->e, FAULT_OCRQ_PHONELEN_03) && message_value(m, "phone_number_length") > NUMBER_MAX) {
		endpoint_crash(c->e);
		return;
	}
	if (c->e->faulty && barred_by_fault(c, m))
		return;
	if (!s) {
		s = session_new(c, MACHINE_PAC_OUT);
		if (!s) {
			no_memory(c, m);
			return;
		}
		session_know_peer(s, peer_id);
		read_request(s, m);
		ev = sort_request(s, &cue);
	}
	session_event(s, ev, &cue);
}

void pac_take_reply(struct connection *c, const struct ctrl_msg *m)
{
	uint16_t id = (uint16_t)message_value(m, "peer_call_id");
	struct session *s = session_by_own(c, id);
	uint32_t result = message_value(m, "result_code");

	if (s && s->machine == MACHINE_PAC_IN)
		session_event(s,
			      result == 1   ? HAPPENS_ICRP_ACCEPTS
			      : result == 3 ? HAPPENS_ICRP_REFUSES
					    : HAPPENS_ICRP_ERROR,
			      &(struct cue){ .m = m, .why = "the PNS does not take it" });
	else
		session_unknown(c, m, id);
}

void pac_take_clear(struct connection *c, const struct ctrl_msg *m)
{
	uint16_t id = (uint16_t)message_value(m, "call_id");
	struct session *s = session_by_peer(c, id);

	if (s && s->state != STATE_ESTABLISHED && fault_on(c->e, FAULT_CCRQ_ANYSTATE_01))
		return;
	if (s && fault_on(c->e, FAULT_CALL_MULTI_01))
		connection_drop_calls(c, "cleared by the PNS");
	else if (s)
		session_event(s, HAPPENS_CCRQ,
			      &(struct cue){ .m = m, .result = 4, .why = "cleared by the PNS" });
	else
		session_unknown(c, m, id);
}

void pac_take_link_info(struct connection *c, const struct ctrl_msg *m)
{
	uint16_t id = (uint16_t)message_value(m, "peer_call_id");
	struct session *s = session_by_own(c, id);

	if (!s && c->sessions && fault_on(c->e, FAULT_SLI_UNKNOWN_01))
		session_clear(c->sessions);
	else if (s)
		session_event(s, HAPPENS_SLI, &(struct cue){ .m = m });
	else
		session_unknown(c, m, id);
}

/* --- what comes from this side ----------------------------------------------------------------------- */

struct cue pac_local_clear(const struct session *s)
{
	return (struct cue){ .result = s->state == STATE_WAIT_CS_ANS ? 7 : 3,
			     .why = "cleared by the operator" };
}

void pac_expired(struct session *s)
{
	if (s->state == STATE_WAIT_CS_ANS)
		session_event(s, HAPPENS_T_DIAL,
			      &(struct cue){ .result = 6,
					     .cause = s->line && telco_line_kind(s->line) != LINE_ANALOG
							      ? CAUSE_NO_ANSWER
							      : 0,
					     .why = "nobody answers" });
	else
		session_event(s, HAPPENS_T_CALL, &(struct cue){ .result = 1, .why = "no answer in time" });
}
