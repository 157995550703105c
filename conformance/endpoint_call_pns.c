/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls of a PNS: RFC 2637 sections 3.2.3.2 and 3.2.4.2. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "conformance/endpoint_private.h"

/* --- actions ---------------------------------------------------------------------------------------- */

void pns_request_call(struct session *s, const struct cue *cue)
{
	const struct endpoint *e = s->e;
	uint32_t bearer = s->c->peer_bearer & 3, framing = s->c->peer_framing & 3;

	(void)cue;
	connection_send_fields(s->c, CTRL_OCRQ, "call_id", (int64_t)s->id, "call_serial_number",
			       (int64_t)s->serial, "minimum_bps", (int64_t)e->config.min_bps, "maximum_bps",
			       (int64_t)e->set.max_bps, "bearer_type", (int64_t)(bearer ? bearer : 3),
			       "framing_type", (int64_t)(framing ? framing : 3), "packet_recv_window_size",
			       (int64_t)endpoint_window(e), "packet_processing_delay",
			       (int64_t)e->config.delay, "phone_number_length", (int64_t)strlen(s->number),
			       "phone_number", s->number, NULL);
	session_wait(s, e->config.timers.call / (fault_on(e, FAULT_KA_EXPECT_02) ? 2 : 1));
	if (fault_on(e, FAULT_PNSOUT_DATA_01))
		session_start_tunnel(s);
}

void pns_accept_call(struct session *s, const struct cue *cue)
{
	(void)cue;
	connection_send_fields(s->c, CTRL_ICRP, "call_id", (int64_t)s->id, "peer_call_id",
			       (int64_t)s->peer_id, "result_code", INT64_C(1), "packet_recv_window_size",
			       (int64_t)endpoint_window(s->e), "packet_transmit_delay",
			       (int64_t)s->e->config.delay, NULL);
	session_wait(s, s->e->config.timers.call);
	if (fault_on(s->e, FAULT_PNSIN_DATA_01))
		session_start_tunnel(s);
}

void pns_refuse_call(struct session *s, const struct cue *cue)
{
	connection_send_fields(s->c, CTRL_ICRP, "call_id", (int64_t)s->id, "peer_call_id",
			       (int64_t)s->peer_id, "result_code", (int64_t)cue->result, "error_code",
			       (int64_t)cue->error, NULL);
}

/* Outgoing-Call-Reply or Incoming-Call-Connected: they name the delay differently. */
void pns_tunnel(struct session *s, const struct cue *cue)
{
	if (cue->m->type == CTRL_OCRP)
		session_know_peer(s, (uint16_t)message_value(cue->m, "call_id"));
	s->speed = message_value(cue->m, "connect_speed");
	s->peer_window = (uint16_t)message_value(cue->m, "packet_recv_window_size");
	s->peer_delay = (uint16_t)message_value(cue->m, cue->m->type == CTRL_OCRP ? "packet_processing_delay"
										  : "packet_transmit_delay");
	net_timer_cancel(s->e->net, &s->timer);
	session_start_tunnel(s);
}

void pns_report_failure(struct session *s, const struct cue *cue)
{
	endpoint_say(s->e, NEWS_REJECTED, s->id,
		     "call %u failed: Result %" PRIu32 ", Error %" PRIu32 ", Cause %" PRIu32, s->id,
		     message_value(cue->m, "result_code"), message_value(cue->m, "error_code"),
		     message_value(cue->m, "cause_code"));
}

void pns_send_link_info(struct session *s, const struct cue *cue)
{
	(void)cue;
	connection_send_fields(s->c, CTRL_SLI, "peer_call_id", (int64_t)s->peer_id, "send_accm",
			       (int64_t)s->send_accm, "receive_accm", (int64_t)s->receive_accm, NULL);
}

void pns_clear(struct session *s, const struct cue *cue)
{
	(void)cue;
	session_stop_tunnel(s);
	connection_send_fields(s->c, CTRL_CCRQ, "call_id", (int64_t)s->id, NULL);
	if (fault_on(s->e, FAULT_SLI_STATE_01))
		pns_send_link_info(s, cue);
	session_wait(s, s->e->config.timers.call);
	if (fault_on(s->e, FAULT_PNSOUT_WD_01))
		connection_end(s->c, "the call is over");
}

void pns_log_errors(struct session *s, const struct cue *cue)
{
	endpoint_say(s->e, NEWS_DISCARDED, s->id,
		     "call %u: line errors: %" PRIu32 " CRC, %" PRIu32 " framing, %" PRIu32
		     " hardware, %" PRIu32 " buffer, %" PRIu32 " time-out, %" PRIu32 " alignment",
		     s->id, message_value(cue->m, "crc_errors"), message_value(cue->m, "framing_errors"),
		     message_value(cue->m, "hardware_overruns"), message_value(cue->m, "buffer_overruns"),
		     message_value(cue->m, "time_out_errors"), message_value(cue->m, "alignment_errors"));
}

/* --- outgoing --------------------------------------------------------------------------------------- */

struct session *pns_dial(struct connection *c, const char *number, char *err, size_t room)
{
	struct session *s = NULL;

	if (strlen(number) > NUMBER_MAX)
		snprintf(err, room, "a number has at most %d digits", NUMBER_MAX);
	else if (endpoint_is_full(c->e, 1) || (fault_on(c->e, FAULT_SCCRP_MAXCH_03) && c->peer_channels &&
					       c->nsessions >= c->peer_channels))
		snprintf(err, room, "too many calls");
	else if (!(s = session_new(c, MACHINE_PNS_OUT)))
		snprintf(err, room, "out of memory");
	if (!s)
		return NULL;
	snprintf(s->number, sizeof(s->number), "%s", number);
	s->serial = c->e->next_serial++;
	session_event(s, HAPPENS_DIAL_WANTED, NULL);
	return s;
}

void pns_take_reply(struct connection *c, const struct ctrl_msg *m)
{
	uint16_t id = (uint16_t)message_value(m, "peer_call_id");
	struct session *s = session_by_own(c, id);
	bool connected = message_value(m, "result_code") == 1;

	if (fault_on(c->e, FAULT_OCRP_PHYS_01) && message_value(m, "physical_channel_id") == UINT32_MAX)
		connected = false;
	if (s && message_value(m, "error_code") && fault_on(c->e, FAULT_PACOUT_ERRCODE_01))
		session_clear(s);
	else if (s && s->machine == MACHINE_PNS_OUT)
		session_event(
			s, connected ? HAPPENS_OCRP_CONNECTED : HAPPENS_OCRP_FAILED,
			&(struct cue){ .m = m, .why = connected ? NULL : "the PAC could not place it" });
	else
		session_unknown(c, m, id);
}

/* --- incoming --------------------------------------------------------------------------------------- */

static enum machine_event refuse(struct cue *cue, uint8_t result, uint8_t error, const char *why)
{
	cue->result = result;
	cue->error = error;
	cue->why = why;
	return HAPPENS_ICRQ_BAD;
}

static enum machine_event sort_request(const struct session *s, struct cue *cue)
{
	uint32_t bearer = message_value(cue->m, "call_bearer_type");
	const struct endpoint *e = s->e;

	if (fault_on(e, FAULT_ICRQ_PHYS_01) && message_value(cue->m, "physical_channel_id") == UINT32_MAX)
		return refuse(cue, 2, 3, "its channel is strange");
	if (bearer != 1 && bearer != 2 && !fault_on(e, FAULT_ICRQ_BEARER_04))
		return refuse(cue, 2, fault_on(e, FAULT_ERR_BADVAL_01) ? 4 : 3,
			      "its bearer type is undefined");
	if (message_value(cue->m, "dialed_number_length") > NUMBER_MAX ||
	    message_value(cue->m, "dialing_number_length") > NUMBER_MAX)
		return refuse(cue, 2, 3, "its number is longer than its field");
	if (!fault_on(e, FAULT_PNSIN_IDLE_02) &&
	    (number_listed(&e->set.refused, s->number) || number_listed(&e->set.refused, s->dialing)))
		return refuse(cue, 3, 0, "its number is refused");
	if (endpoint_is_full(e, 0))
		return refuse(cue, 2,
			      fault_on(e, FAULT_ERR_NORES_01) || fault_on(e, FAULT_MSP_ICRP_01) ? 3 : 4,
			      "too many calls");
	return HAPPENS_ICRQ_GOOD;
}

static void no_memory(struct connection *c, const struct ctrl_msg *m)
{
	connection_send_fields(c, CTRL_ICRP, "peer_call_id", (int64_t)message_value(m, "call_id"),
			       "result_code", INT64_C(2), "error_code", INT64_C(4), NULL);
}

/* Faults that a request alone sets off; true when there is no more to do. */
static bool struck_by(struct connection *c, const struct ctrl_msg *m)
{
	uint32_t dialed = message_value(m, "dialed_number_length"),
		 dialing = message_value(m, "dialing_number_length");

	if (fault_on(c->e, FAULT_ICRQ_NUMLEN_03) && (dialed > NUMBER_MAX || dialing > NUMBER_MAX)) {
		endpoint_crash(c->e);
		return true;
	}
	if (fault_on(c->e, FAULT_CALL_CROSS_01) && c->sessions && !c->sessions->peer_known) {
		no_memory(c, m);
		return true;
	}
	if (fault_on(c->e, FAULT_ICRQ_OPT_01) && !dialed && !dialing) {
		connection_malformed(c, m, 0, "there is no number");
		return true;
	}
	return false;
}

void pns_take_request(struct connection *c, const struct ctrl_msg *m)
{
	uint16_t peer_id = (uint16_t)message_value(m, "call_id");
	struct session *s = session_by_peer(c, peer_id);
	struct cue cue = { .m = m, .result = 2, .error = 5 };

	if (c->e->faulty && struck_by(c, m))
		return;
	if (s) {
		session_event(s, HAPPENS_ICRQ_AGAIN, &cue);
		return;
	}
	s = session_new(c, MACHINE_PNS_IN);
	if (!s) {
		no_memory(c, m);
		return;
	}
	session_know_peer(s, peer_id);
	s->serial = (uint16_t)message_value(m, "call_serial_number");
	message_number(m, "dialed_number", s->number);
	message_number(m, "dialing_number", s->dialing);
	session_event(s, sort_request(s, &cue), &cue);
}

void pns_take_connected(struct connection *c, const struct ctrl_msg *m)
{
	uint16_t id = (uint16_t)message_value(m, "peer_call_id");
	uint32_t framing = message_value(m, "framing_type");
	struct session *s = session_by_own(c, id);
	bool bad = framing != 1 && framing != 2 && !fault_on(c->e, FAULT_ICCN_FRAMING_03);

	if (s)
		session_event(s, bad && s->machine == MACHINE_PNS_IN ? HAPPENS_ICCN_BAD : HAPPENS_ICCN,
			      &(struct cue){ .m = m, .why = bad ? "its framing type is undefined" : NULL });
	else
		session_unknown(c, m, id);
}

/* --- both ------------------------------------------------------------------------------------------- */

/*
 * An aborted outgoing call is told by a PAC Call ID that was never announced: when there is one such
 * call, this is it.
 */
static struct session *aborted(const struct connection *c)
{
	struct session *found = NULL;

	for (struct session *s = c->sessions; s; s = s->next) {
		if (s->peer_known || s->state != STATE_WAIT_DISCONNECT)
			continue;
		if (found)
			return NULL;
		found = s;
	}
	return found;
}

/*
 * By the PAC's Call ID.  Some PACs and address translators put the PNS's there: then a call that this side
 * has cleared is meant, or any, unless strict.
 */
static struct session *disconnected(const struct connection *c, uint16_t id)
{
	struct session *s = session_by_peer(c, id), *own = session_by_own(c, id);

	if (s)
		return s;
	if (own && (own->state == STATE_WAIT_DISCONNECT || !c->e->config.strict))
		return own;
	return own ? NULL : aborted(c);
}

void pns_take_disconnect(struct connection *c, const struct ctrl_msg *m)
{
	uint16_t id = (uint16_t)message_value(m, "call_id");
	struct session *s = disconnected(c, id);
	char why[96];
	bool here;

	if (!s) {
		session_unknown(c, m, id);
		return;
	}
	if (message_value(m, "result_code") > 4 && fault_on(c->e, FAULT_MSP_CDN_02)) {
		session_clear(s);
		return;
	}
	here = s->cleared_here;
	snprintf(why, sizeof(why),
		 "Call-Disconnect-Notify: Result %" PRIu32 ", Error %" PRIu32 ", Cause %" PRIu32,
		 message_value(m, "result_code"), message_value(m, "error_code"),
		 message_value(m, "cause_code"));
	session_event(s, HAPPENS_CDN, &(struct cue){ .m = m, .why = why });
	if (s->dead)
		session_cleared(c, here);
}

void pns_take_errors(struct connection *c, const struct ctrl_msg *m)
{
	uint16_t id = (uint16_t)message_value(m, "peer_call_id");
	struct session *s = session_by_own(c, id);

	if (s && (fault_on(c->e, FAULT_WEN_RECV_01) || fault_on(c->e, FAULT_MSP_WEN_02)))
		session_clear(s);
	else if (s)
		session_event(s, HAPPENS_WEN, &(struct cue){ .m = m });
	else
		session_unknown(c, m, id);
}
