/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What comes in on a control connection, sorted into events: messages in the order of what is wrong with
 * them, versions, collisions (RFC 2637 section 3.1.3), and the ends of the TCP connection.
 */
#include <stdio.h>

#include "conformance/endpoint_private.h"

/* --- to start --------------------------------------------------------------------------------------- */

static bool version_supported(const struct endpoint *e, uint32_t version)
{
	return version >= e->config.oldest_version && version <= e->config.version;
}

static bool peer_has_connection(const struct connection *c)
{
	for (const struct connection *o = c->e->connections; o; o = o->next)
		if (o != c && o->state == STATE_ESTABLISHED && ip_addr_same(&o->peer, &c->peer))
			return true;
	return false;
}

/* Section 3.1.3: addresses are compared as numbers.  Two at one address cannot collide. */
static enum machine_event collision(const struct connection *c)
{
	const struct connection *own = is_ms_ptpt(c->e) ? NULL : connection_own_request(c);
	int order = own ? ip_addr_cmp(&own->self, &c->peer) : 0;

	if (fault_on(c->e, FAULT_COLL_WINNER_01))
		order = -order;
	return order > 0 ? HAPPENS_SCCRQ_WON : order < 0 ? HAPPENS_SCCRQ_LOST : HAPPENS_SCCRQ;
}

static enum machine_event sort_version(const struct connection *c, uint32_t version)
{
	uint32_t own = c->e->config.version;

	if (version == own)
		return HAPPENS_SCCRQ_SAME;
	if (version > own)
		return HAPPENS_SCCRQ_NEWER;
	return version_supported(c->e, version) ? HAPPENS_SCCRQ_OLDER : HAPPENS_SCCRQ_TOO_OLD;
}

static enum machine_event sort_request(const struct connection *c, struct cue *cue)
{
	enum machine_event ev = sort_version(c, message_value(cue->m, "protocol_version")), hit;

	if (ev == HAPPENS_SCCRQ_TOO_OLD) {
		cue->result = 5;
		cue->why = "the requested version is not supported";
		return ev;
	}
	if (c->e->set.refuse_peer || (fault_on(c->e, FAULT_SCCRQ_FWREV_01) &&
				      message_value(cue->m, "firmware_revision") == UINT16_MAX)) {
		cue->result = 4;
		cue->why = "the peer is not authorised";
		return HAPPENS_SCCRQ_BARRED;
	}
	if (!ms_ptpt_unless(c->e, FAULT_MSP_MULTICC_01) && !fault_on(c->e, FAULT_SCCRP_RESULT_02) &&
	    peer_has_connection(c)) {
		cue->result = 3;
		cue->why = "there is a control connection with that peer already";
		return HAPPENS_SCCRQ_EXISTS;
	}
	hit = collision(c);
	if (hit == HAPPENS_SCCRQ_LOST && fault_on(c->e, FAULT_COLL_LOSER_03)) {
		cue->result = 3;
		cue->why = "a control connection is being opened";
		return HAPPENS_SCCRQ_EXISTS;
	}
	return hit == HAPPENS_SCCRQ ? ev : hit;
}

static void take_request(struct connection *c, struct cue *cue)
{
	enum machine_event ev = HAPPENS_SCCRQ;
	struct connection *own;

	if (fault_on(c->e, FAULT_SCCRQ_SENDER_01) &&
	    is_pac(c->e) == (message_value(cue->m, "maximum_channels") > 0))
		return;
	if (c->machine == MACHINE_RECEIVER && c->state == STATE_CONNECTED)
		ev = sort_request(c, cue);
	else
		cue->why = "not expected here";
	own = ev == HAPPENS_SCCRQ_WON ? connection_own_request(c) : NULL;
	if (own)
		connection_event(own, HAPPENS_COLLISION_WON, cue);
	connection_event(c, ev, cue);
}

static enum machine_event sort_reply(const struct connection *c, struct cue *cue)
{
	uint32_t version = message_value(cue->m, "protocol_version"), own = c->e->config.version;
	uint32_t result = message_value(cue->m, "result_code");

	if (fault_on(c->e, FAULT_SCCRP_FWREV_01) && message_value(cue->m, "firmware_revision") == UINT16_MAX)
		result = 2;
	/* Result 0 is what pptpclient means by success. */
	if (result != 1 && (result != 0 || c->e->config.strict)) {
		cue->why = "the peer refuses the control connection";
		return HAPPENS_SCCRP_REFUSED;
	}
	if (version == own)
		return HAPPENS_SCCRP_SAME;
	if (version > own)
		return HAPPENS_SCCRP_HIGHER;
	return version_supported(c->e, version) ? HAPPENS_SCCRP_LOWER : HAPPENS_SCCRP_TOO_LOW;
}

static void take_reply(struct connection *c, struct cue *cue)
{
	enum machine_event ev = HAPPENS_SCCRP;

	if (c->machine == MACHINE_ORIGINATOR && c->state == STATE_WAIT_CTL_REPLY)
		ev = sort_reply(c, cue);
	else
		cue->why = "not expected here";
	connection_event(c, ev, cue);
}

/* --- any message ------------------------------------------------------------------------------------ */

static void take_stop_reply(struct connection *c, struct cue *cue)
{
	bool closed = message_value(cue->m, "result_code") == 1;

	cue->why = closed ? "stopped" : "the peer does not stop";
	connection_event(c, closed ? HAPPENS_STOPRP_CLOSED : HAPPENS_STOPRP_ERROR, cue);
}

static bool echo_is_due(const struct connection *c, const struct ctrl_msg *m)
{
	return c->echo_pending &&
	       (fault_on(c->e, FAULT_KA_REPLY_03) || message_value(m, "identifier") == c->identifier) &&
	       message_value(m, "result_code") == 1;
}

static void take_echo_reply(struct connection *c, const struct cue *cue)
{
	if (fault_on(c->e, FAULT_ECHORP_UNSOL_01))
		connection_send_fields(c, CTRL_ECHORP, "identifier", (int64_t)c->identifier, "result_code",
				       INT64_C(1), NULL);
	connection_event(c, echo_is_due(c, cue->m) ? HAPPENS_ECHORP_DUE : HAPPENS_ECHORP_STRAY, cue);
}

/* RFC 2637 section 2.16: Error 1, what is asked for before the control connection is up. */
static void sort_message(struct connection *c, struct cue *cue)
{
	bool early = c->state == STATE_CONNECTED;

	switch (cue->m->type) {
	case CTRL_SCCRQ:
		take_request(c, cue);
		return;
	case CTRL_SCCRP:
		take_reply(c, cue);
		return;
	case CTRL_STOPRP:
		take_stop_reply(c, cue);
		return;
	case CTRL_ECHORP:
		take_echo_reply(c, cue);
		return;
	}
	if (early) {
		cue->error = fault_on(c->e, FAULT_ERR_NOTCONN_01) ? 3 : 1;
		cue->why = "there is no control connection yet";
	}
	connection_event(c,
			 cue->m->type == CTRL_STOPRQ   ? HAPPENS_STOPRQ
			 : cue->m->type == CTRL_ECHORQ ? HAPPENS_ECHORQ
						       : HAPPENS_CALL_MESSAGE,
			 cue);
}

void connection_malformed(struct connection *c, const struct ctrl_msg *m, uint8_t error, const char *why)
{
	connection_event(c, HAPPENS_MALFORMED, &(struct cue){ .m = m, .error = error, .why = why });
}

/* Error 2 says wrong Length; the other defects leave no reply to send. */
static void take_bad(struct connection *c, const struct ctrl_msg *m)
{
	if (m->defects & CTRL_BAD_COOKIE)
		connection_event(c, HAPPENS_SYNC_LOST,
				 &(struct cue){ .m = m, .why = "synchronisation lost: wrong Magic Cookie" });
	else if (m->defects & CTRL_BAD_LENGTH)
		connection_malformed(c, m,
				     m->defects != CTRL_BAD_LENGTH         ? 0
				     : fault_on(c->e, FAULT_ERR_BADFMT_01) ? 3
									   : 2,
				     "wrong Length");
	else if (m->defects & CTRL_UNFINISHED)
		connection_malformed(c, m, 0, "cut short");
	else
		connection_malformed(c, m, 0, "unknown type of message");
}

/* Section 2: a reserved field that is not zero may be refused; a strict endpoint does where there is a reply.
 */
static bool reserved_is_bad(const struct connection *c, const struct ctrl_msg *m)
{
	if (!c->e->config.strict || ms_ptpt_unless(c->e, FAULT_MSP_RSVD_01))
		return false;
	for (unsigned i = 0; i < m->nvalues; i++)
		if (m->desc->fields[i].kind == F_RESERVED && m->value[i])
			return true;
	return false;
}

/* Faults: a message that should be refused is not; true when there is no more to do. */
static bool misjudged(struct connection *c, const struct ctrl_msg *m)
{
	struct ctrl_msg good = *m;

	if (m->defects == CTRL_MANAGEMENT || m->defects == CTRL_BAD_MESSAGE_TYPE) {
		if (!fault_on(c->e, FAULT_MSG_TYPE_01))
			return false;
	} else if (m->defects == CTRL_BAD_TYPE) {
		if (fault_on(c->e, FAULT_MSG_INVALID_01))
			connection_send_fields(c, CTRL_ECHORP, "result_code", INT64_C(1), NULL);
		return fault_on(c->e, FAULT_MSG_INVALID_01);
	} else if (m->defects != CTRL_BAD_LENGTH || !m->desc || !fault_on(c->e, FAULT_MSG_INVALID_02)) {
		return false;
	}
	good.status = CTRL_OK;
	good.defects = 0;
	sort_message(c, &(struct cue){ .m = &good });
	return true;
}

static void got_message(void *ctx, const struct ctrl_msg *m)
{
	struct connection *c = ctx;
	struct cue cue = { .m = m };

	if (c->dead || (c->e->faulty && misjudged(c, m)))
		return;
	if (m->status != CTRL_OK) {
		take_bad(c, m);
		return;
	}
	endpoint_note_received(c->e, m);
	if (c->state == STATE_ESTABLISHED && !fault_on(c->e, FAULT_KA_IDLE_02))
		connection_start_idle(c);
	if (fault_on(c->e, FAULT_MSG_RSVD_02) && m->value[4])
		endpoint_crash(c->e);
	else if (reserved_is_bad(c, m))
		connection_malformed(c, m, 3, "a reserved field is not zero");
	else
		sort_message(c, &cue);
}

/* --- the TCP connection ------------------------------------------------------------------------------ */

static void got_garbage(void *ctx, uint64_t octets)
{
	(void)octets;
	connection_event(ctx, HAPPENS_SYNC_LOST,
			 &(struct cue){ .why = "synchronisation lost: octets that are no message" });
}

static void got_fin(void *ctx)
{
	connection_event(ctx, HAPPENS_TCP_ENDED,
			 &(struct cue){ .why = "the peer closed the TCP connection" });
}

static void got_reset(void *ctx, const char *reason)
{
	char why[128];

	snprintf(why, sizeof(why), "TCP connection lost: %s", reason ? reason : "reset");
	connection_event(ctx, HAPPENS_TCP_ENDED, &(struct cue){ .why = why });
}

static void learn_ends(struct connection *c)
{
	uint16_t port, peer_port;

	net_tcp_ends(channel_tcp(c->channel), &c->self, &port, &c->peer, &peer_port);
	c->peer_port = peer_port;
}

/* Only one control connection a pair: another one may have come while this one opened. */
static void got_opened(void *ctx)
{
	struct connection *c = ctx;

	learn_ends(c);
	if (!is_ms_ptpt(c->e) && peer_has_connection(c))
		connection_end(c, "the peer was faster");
	else
		connection_event(c, HAPPENS_OPENED, NULL);
}

static void got_failed(void *ctx, const char *reason)
{
	char why[128];

	snprintf(why, sizeof(why), "TCP connection not opened: %s", reason ? reason : "unknown");
	connection_event(ctx, HAPPENS_OPEN_FAILED, &(struct cue){ .why = why });
}

/* Faults: a message that does not come in one piece is not understood, or what follows it is lost. */
static size_t misread(void *ctx, const uint8_t *octets, size_t len)
{
	const struct connection *c = ctx;
	size_t length = len >= 2 ? (size_t)octets[0] << 8 | octets[1] : 0;

	if (c->e->faulty && len > length && fault_on(c->e, FAULT_TCP_STREAM_02))
		return length;
	return c->e->faulty && len < length && fault_on(c->e, FAULT_TCP_STREAM_01) ? 0 : len;
}

const struct channel_events connection_events = {
	.read = misread,
	.opened = got_opened,
	.failed = got_failed,
	.message = got_message,
	.garbage = got_garbage,
	.fin = got_fin,
	.reset = got_reset,
};

void connection_accepted(void *endpoint, struct net_tcp *tcp)
{
	struct endpoint *e = endpoint;
	struct connection *c = connection_new(e, MACHINE_RECEIVER);
	struct ip_addr peer, self;
	uint16_t port, peer_port;

	net_tcp_ends(tcp, &self, &port, &peer, &peer_port);
	if (c && ((fault_on(e, FAULT_TCP_SPORT_01) && peer_port < 1024) ||
		  (fault_on(e, FAULT_CCSM_IDLE_AGAIN_01) && e->made > 60))) {
		connection_end(c, NULL);
		c = NULL;
	}
	if (!c) {
		net_abort(tcp);
		return;
	}
	c->channel = channel_accept(tcp, &connection_events, c);
	if (!c->channel) {
		net_abort(tcp);
		connection_end(c, NULL);
		return;
	}
	learn_ends(c);
	e->last_peer = c->peer;
	e->knows_peer = true;
	connection_event(c, HAPPENS_ACCEPTED, NULL);
}
