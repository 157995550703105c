/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control connections: the machines of RFC 2637 sections 3.1.1 and 3.1.2, collisions (3.1.3) and
 * keep-alive (3.1.4).  What comes in is sorted into events; what an event leads to is in machine.def.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/endpoint_private.h"
#include "dissectors/ip.h"

typedef void connection_action(struct connection *c, const struct cue *cue);

/* MS-PTPT section 3.1.2: the wait for the start is half as long, and a PNS's whole attempt is bounded. */
#define MS_START_NS(ns) ((ns) / 2)

enum { OLDEST_VERSION = 0x0100 };

/* --- events ----------------------------------------------------------------------------------------- */

static connection_action *const actions[MACHINE_ACTIONS];

void connection_event(struct connection *c, enum machine_event ev, const struct cue *cue)
{
	static const struct cue nothing;
	const struct transition *row;
	struct transition changed;

	if (c->dead)
		return;
	row = machine_find(c->machine, c->state, ev);
	if (!row)
		return;
	if (c->e->faulty)
		row = fault_transition(&c->e->config.faults, row, &changed);
	c->state = row->next;
	if (actions[row->action])
		actions[row->action](c, cue ? cue : &nothing);
}

static void timer_event(struct connection *c, enum machine_event ev, const char *why)
{
	connection_event(c, ev, &(struct cue){ .why = why });
}

static void reply_expired(void *ctx)
{
	struct connection *c = ctx;

	timer_event(c, HAPPENS_T_REPLY,
		    c->state == STATE_WAIT_STOP_REPLY ? "no Stop-Control-Connection-Reply in time"
		    : c->state == STATE_CONNECTED     ? "no Start-Control-Connection-Request in time"
						      : "no Start-Control-Connection-Reply in time");
	/* A connection attempt that takes too long (MS-PTPT section 3.3.2) is in no state of the machine. */
	if (!c->dead && c->state == STATE_IDLE)
		connection_end(c, "the TCP connection did not open in time");
}

static void idle_expired(void *ctx)
{
	timer_event(ctx, HAPPENS_T_IDLE, NULL);
}

static void echo_expired(void *ctx)
{
	timer_event(ctx, HAPPENS_T_ECHO, "no Echo-Reply in time");
}

/* --- life ------------------------------------------------------------------------------------------- */

struct connection *connection_new(struct endpoint *e, enum machine m)
{
	struct connection *c;

	if (e->nconnections >= e->config.max_connections)
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->e = e;
	c->id = ++e->made;
	c->machine = m;
	c->state = STATE_IDLE;
	c->version = e->config.version;
	c->begun = net_now(e->net);
	c->reply = (struct net_timer){ .fn = reply_expired, .ctx = c };
	c->idle = (struct net_timer){ .fn = idle_expired, .ctx = c };
	c->echo = (struct net_timer){ .fn = echo_expired, .ctx = c };
	c->next = e->connections;
	e->connections = c;
	e->nconnections++;
	return c;
}

static void unlink_connection(struct connection *c)
{
	struct connection **at = &c->e->connections;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->e->nconnections--;
}

void connection_drop_calls(struct connection *c, const char *why)
{
	while (c->sessions) {
		struct session *s = c->sessions;

		session_event(s, HAPPENS_CONTROL_ENDED, &(struct cue){ .why = why });
		if (!s->dead)
			session_end(s, why);
	}
}

static void stop_timers(struct connection *c)
{
	net_timer_cancel(c->e->net, &c->reply);
	net_timer_cancel(c->e->net, &c->idle);
	net_timer_cancel(c->e->net, &c->echo);
}

/* why NULL: whoever ends it says so itself. */
void connection_end(struct connection *c, const char *why)
{
	char text[IP_ADDR_TEXT];

	if (c->dead)
		return;
	c->dead = true;
	connection_drop_calls(c, why ? why : "control connection closed");
	stop_timers(c);
	connection_forget_late(c);
	channel_close(c->channel);
	c->channel = NULL;
	unlink_connection(c);
	c->next = c->e->dead_connections;
	c->e->dead_connections = c;
	endpoint_reap_later(c->e);
	if (why)
		endpoint_say(c->e, NEWS_CONNECTION_DOWN, 0, "control connection with %s closed: %s",
			     ip_addr_text(&c->peer, text), why);
}

void connection_free(struct connection *c)
{
	free(c);
}

/* --- timers ----------------------------------------------------------------------------------------- */

static void start_reply(struct connection *c)
{
	int64_t wait = c->e->config.timers.reply, now = net_now(c->e->net), due;
	bool starting = c->state == STATE_CONNECTED || c->state == STATE_WAIT_CTL_REPLY;

	if (is_ms_ptpt(c->e) && starting)
		wait = MS_START_NS(wait);
	due = now + wait;
	if (is_ms_ptpt(c->e) && !is_pac(c->e) && starting && due > c->begun + c->e->config.timers.reply)
		due = c->begun + c->e->config.timers.reply;
	net_timer_set(c->e->net, &c->reply, due);
}

static void start_idle(struct connection *c)
{
	net_timer_set(c->e->net, &c->idle, net_now(c->e->net) + c->e->config.timers.idle);
}

/* --- actions ---------------------------------------------------------------------------------------- */

static void act_discard(struct connection *c, const struct cue *cue)
{
	endpoint_say(c->e, NEWS_DISCARDED, 0, "%s discarded: not expected in state %s",
		     cue->m && cue->m->desc ? cue->m->desc->name : "message", machine_state_name(c->state));
}

static void act_report(struct connection *c, const struct cue *cue)
{
	char text[IP_ADDR_TEXT];

	endpoint_say(c->e, NEWS_REJECTED, 0, "control connection with %s: %s", ip_addr_text(&c->peer, text),
		     cue->why ? cue->why : "refused");
	if (c->state == STATE_IDLE)
		connection_end(c, cue->why);
}

static void act_close(struct connection *c, const struct cue *cue)
{
	connection_end(c, cue->why ? cue->why : "closed");
}

/* Only who originated can open it anew. */
static void act_close_and_restart(struct connection *c, const struct cue *cue)
{
	if (c->machine == MACHINE_ORIGINATOR)
		endpoint_restart_later(c->e, &c->peer, c->peer_port);
	connection_end(c, cue->why ? cue->why : "closed");
}

/*
 * The reply to a message that is refused as a whole, where its type has one.  What the reply repeats is taken
 * from what there is of the message.
 */
static void answer_invalid(struct connection *c, const struct cue *cue)
{
	int64_t error = cue->error, peer = message_value(cue->m, "call_id");
	static const int64_t general = 2;

	switch (cue->m->type) {
	case CTRL_SCCRQ:
		connection_send_fields(c, CTRL_SCCRP, "protocol_version", (int64_t)c->e->config.version,
				       "result_code", general, "error_code", error, NULL);
		break;
	case CTRL_STOPRQ:
		connection_send_fields(c, CTRL_STOPRP, "result_code", general, "error_code", error, NULL);
		break;
	case CTRL_ECHORQ:
		connection_send_fields(c, CTRL_ECHORP, "identifier",
				       (int64_t)message_value(cue->m, "identifier"), "result_code", general,
				       "error_code", error, NULL);
		break;
	case CTRL_OCRQ:
		if (is_pac(c->e))
			connection_send_fields(c, CTRL_OCRP, "peer_call_id", peer, "result_code", general,
					       "error_code", error, NULL);
		break;
	case CTRL_ICRQ:
		if (!is_pac(c->e))
			connection_send_fields(c, CTRL_ICRP, "peer_call_id", peer, "result_code", general,
					       "error_code", error, NULL);
		break;
	}
}

static void act_invalid(struct connection *c, const struct cue *cue)
{
	char why[96];

	if (cue->m && cue->error)
		answer_invalid(c, cue);
	snprintf(why, sizeof(why), "invalid: %s%s%s", cue->m && cue->m->desc ? cue->m->desc->name : "message",
		 cue->why ? ", " : "", cue->why ? cue->why : "");
	endpoint_say(c->e, NEWS_REJECTED, 0, "%s", why);
	act_close_and_restart(c, &(struct cue){ .why = why });
}

static void send_start(struct connection *c, enum ctrl_type type, uint16_t version, const struct cue *cue)
{
	const struct endpoint_config *k = &c->e->config;

	connection_send_fields(
		c, type, "protocol_version", (int64_t)version, "result_code", (int64_t)cue->result,
		"error_code", (int64_t)cue->error, "framing_capabilities", (int64_t)k->framing,
		"bearer_capabilities", (int64_t)k->bearer, "maximum_channels",
		is_pac(c->e) ? (int64_t)c->e->set.channels : INT64_C(0), "firmware_revision",
		(int64_t)k->firmware, "host_name", k->host_name, "vendor_name", k->vendor_name, NULL);
}

/* MS-PTPT section 3.3.2: a PNS's attempt, from here to established, is bounded. */
static void act_open(struct connection *c, const struct cue *cue)
{
	(void)cue;
	if (is_ms_ptpt(c->e) && !is_pac(c->e))
		net_timer_set(c->e->net, &c->reply, c->begun + c->e->config.timers.reply);
}

static void act_start(struct connection *c, const struct cue *cue)
{
	send_start(c, CTRL_SCCRQ, c->e->config.version, cue);
	if (fault_on(c->e, FAULT_CCSM_PRE_01))
		connection_send_fields(c, CTRL_ECHORQ, "identifier", INT64_C(1), NULL);
	start_reply(c);
}

static void act_accept(struct connection *c, const struct cue *cue)
{
	(void)cue;
	if (fault_on(c->e, FAULT_TCP_PORT_02) || fault_on(c->e, FAULT_CCSM_RECV_SILENT_01))
		connection_send_fields(c, CTRL_ECHORQ, "identifier", INT64_C(1), NULL);
	start_reply(c);
}

/* Whatever made it established. */
static void establish(struct connection *c, const struct cue *cue)
{
	char text[IP_ADDR_TEXT], name[64];
	const uint8_t *host;
	size_t len;

	c->peer_framing = message_value(cue->m, "framing_capabilities");
	c->peer_bearer = message_value(cue->m, "bearer_capabilities");
	c->peer_channels = message_value(cue->m, "maximum_channels");
	net_timer_cancel(c->e->net, &c->reply);
	start_idle(c);
	if (!ctrl_get_text(cue->m, "host_name", &host, &len))
		len = 0;
	endpoint_say(c->e, NEWS_CONNECTION_UP, 0, "control connection with %s established, host name \"%s\"",
		     ip_addr_text(&c->peer, text), len ? ctrl_escape(host, len, name, sizeof(name)) : "");
	if (c->e->config.dial_on_connect && !is_pac(c->e))
		net_timer_set(c->e->net, &c->e->redial, 0);
}

static void act_establish(struct connection *c, const struct cue *cue)
{
	c->version = (uint16_t)message_value(cue->m, "protocol_version");
	establish(c, cue);
}

static void act_reply_start(struct connection *c, const struct cue *cue)
{
	uint16_t wanted = (uint16_t)message_value(cue->m, "protocol_version");

	c->version = wanted < c->e->config.version ? wanted : c->e->config.version;
	send_start(c, CTRL_SCCRP, c->version, &(struct cue){ .result = 1 });
	establish(c, cue);
}

static void act_refuse_start(struct connection *c, const struct cue *cue)
{
	send_start(c, CTRL_SCCRP, c->e->config.version, cue);
	endpoint_say(c->e, NEWS_REJECTED, 0, "control connection refused: %s", cue->why);
	connection_end(c, cue->why);
}

static struct connection *own_request_to(const struct connection *c)
{
	for (struct connection *o = c->e->connections; o; o = o->next)
		if (o != c && o->machine == MACHINE_ORIGINATOR && o->state == STATE_WAIT_CTL_REPLY &&
		    ip_addr_same(&o->peer, &c->peer))
			return o;
	return NULL;
}

static void act_yield(struct connection *c, const struct cue *cue)
{
	(void)cue;
	connection_end(c, "collision: the peer's connection is used");
}

static void act_reply_and_yield(struct connection *c, const struct cue *cue)
{
	struct connection *own = own_request_to(c);

	if (own)
		connection_event(own, HAPPENS_COLLISION_LOST, NULL);
	act_reply_start(c, cue);
}

static void send_stop(struct connection *c, unsigned reason)
{
	connection_send_fields(c, CTRL_STOPRQ, "reason", (int64_t)reason, NULL);
	net_timer_cancel(c->e->net, &c->idle);
	net_timer_cancel(c->e->net, &c->echo);
	start_reply(c);
}

/* Reason 2 of section 2.3. */
static void act_reject_version(struct connection *c, const struct cue *cue)
{
	(void)cue;
	endpoint_say(c->e, NEWS_REJECTED, 0, "the peer's protocol version is not supported");
	send_stop(c, 2);
}

/* Calls are over for both sides with the request (section 2.3). */
static void act_request_stop(struct connection *c, const struct cue *cue)
{
	send_stop(c, cue->result ? cue->result : 1);
	connection_drop_calls(c, "control connection stopped");
}

static void act_reply_stop(struct connection *c, const struct cue *cue)
{
	(void)cue;
	connection_send_fields(c, CTRL_STOPRP, "result_code", INT64_C(1), NULL);
	if (fault_on(c->e, FAULT_STOPRQ_CLEAR_01)) {
		stop_timers(c);
		channel_close(c->channel);
		c->channel = NULL;
		return;
	}
	if (fault_on(c->e, FAULT_CCSM_STOP_REPLY_02) || fault_on(c->e, FAULT_CCSM_STOP_REPLY_04)) {
		c->state = STATE_ESTABLISHED;
		return;
	}
	if (fault_on(c->e, FAULT_CCSM_STOP_REPLY_03)) {
		channel_abort(c->channel);
		c->channel = NULL;
	}
	connection_end(c, "the peer stops it");
}

static void act_request_echo(struct connection *c, const struct cue *cue)
{
	(void)cue;
	if (c->echo_pending)
		return;
	if (fault_on(c->e, FAULT_KA_IDLE_02)) {
		connection_end(c, "kept long enough");
		return;
	}
	if (!fault_on(c->e, FAULT_ECHORQ_IDENT_01))
		c->identifier++;
	connection_send_fields(c, CTRL_ECHORQ, "identifier", (int64_t)c->identifier, NULL);
	c->echo_pending = true;
	net_timer_set(c->e->net, &c->echo, net_now(c->e->net) + c->e->config.timers.echo /
						   (fault_on(c->e, FAULT_KA_REPLY_02) ? 2 : 1));
}

static void act_reply_echo(struct connection *c, const struct cue *cue)
{
	int64_t now = net_now(c->e->net);

	if (fault_on(c->e, FAULT_ECHORQ_SENDER_01) && now - c->last_echo < NET_SECOND)
		return;
	if (fault_on(c->e, FAULT_KA_PARALLEL_01) && c->sessions && c->sessions->state != STATE_ESTABLISHED)
		return;
	c->last_echo = now;
	connection_send_fields(c, CTRL_ECHORP, "identifier", (int64_t)message_value(cue->m, "identifier"),
			       "result_code", INT64_C(1), NULL);
}

static void act_take_echo(struct connection *c, const struct cue *cue)
{
	(void)cue;
	c->echo_pending = false;
	net_timer_cancel(c->e->net, &c->echo);
}

static void act_to_calls(struct connection *c, const struct cue *cue)
{
	connection_call_message(c, cue->m);
}

static connection_action *const actions[MACHINE_ACTIONS] = {
	[DO_DISCARD] = act_discard,
	[DO_INVALID] = act_invalid,
	[DO_CLOSE] = act_close,
	[DO_CLOSE_AND_RESTART] = act_close_and_restart,
	[DO_REPORT] = act_report,
	[DO_OPEN] = act_open,
	[DO_START] = act_start,
	[DO_ACCEPT] = act_accept,
	[DO_ESTABLISH] = act_establish,
	[DO_REJECT_VERSION] = act_reject_version,
	[DO_YIELD] = act_yield,
	[DO_REPLY_START] = act_reply_start,
	[DO_REPLY_AND_YIELD] = act_reply_and_yield,
	[DO_REFUSE_START] = act_refuse_start,
	[DO_REPLY_STOP] = act_reply_stop,
	[DO_REQUEST_STOP] = act_request_stop,
	[DO_REQUEST_ECHO] = act_request_echo,
	[DO_REPLY_ECHO] = act_reply_echo,
	[DO_TAKE_ECHO] = act_take_echo,
	[DO_TO_CALLS] = act_to_calls,
};

/* --- messages --------------------------------------------------------------------------------------- */

static bool version_supported(const struct endpoint *e, uint32_t version)
{
	return version >= OLDEST_VERSION && version <= e->config.version;
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
	const struct connection *own = is_ms_ptpt(c->e) ? NULL : own_request_to(c);
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
	if (!is_ms_ptpt(c->e) && !fault_on(c->e, FAULT_SCCRP_RESULT_02) && peer_has_connection(c)) {
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
	own = ev == HAPPENS_SCCRQ_WON ? own_request_to(c) : NULL;
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

static void take_stop_reply(struct connection *c, struct cue *cue)
{
	bool closed = message_value(cue->m, "result_code") == 1;

	cue->why = closed ? "stopped" : "the peer does not stop";
	connection_event(c, closed ? HAPPENS_STOPRP_CLOSED : HAPPENS_STOPRP_ERROR, cue);
}

static bool echo_is_due(const struct connection *c, const struct ctrl_msg *m)
{
	return c->echo_pending && message_value(m, "identifier") == c->identifier &&
	       message_value(m, "result_code") == 1;
}

static void take_echo_reply(struct connection *c, const struct cue *cue)
{
	if (fault_on(c->e, FAULT_ECHORP_UNSOL_01))
		act_reply_echo(c, cue);
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
				     m->defects != CTRL_BAD_LENGTH ? 0 : fault_on(c->e, FAULT_ERR_BADFMT_01) ? 3 : 2,
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
	if (!c->e->config.strict || is_ms_ptpt(c->e))
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
		start_idle(c);
	if (fault_on(c->e, FAULT_MSG_RSVD_02) && m->value[4])
		endpoint_crash(c->e);
	else if (reserved_is_bad(c, m))
		connection_malformed(c, m, 3, "a reserved field is not zero");
	else
		sort_message(c, &cue);
}

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
