/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control connections: the machines of RFC 2637 sections 3.1.1 and 3.1.2, and keep-alive (3.1.4).  What an
 * event leads to is in machine.def; what makes an event is in endpoint_message.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/endpoint_private.h"
#include "dissectors/ip.h"

typedef void connection_action(struct connection *c, const struct cue *cue);

/* MS-PTPT section 3.1.2: the wait for the start is half as long, and a PNS's whole attempt is bounded. */
#define MS_START_NS(ns) ((ns) / 2)

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

	if (ms_ptpt_unless(c->e, FAULT_MSP_IDLE30_01) && starting)
		wait = MS_START_NS(wait);
	due = now + wait;
	if (is_ms_ptpt(c->e) && !is_pac(c->e) && starting && due > c->begun + c->e->config.timers.reply)
		due = c->begun + c->e->config.timers.reply;
	net_timer_set(c->e->net, &c->reply, due);
}

void connection_start_idle(struct connection *c)
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
	connection_start_idle(c);
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

struct connection *connection_own_request(const struct connection *c)
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
	struct connection *own = connection_own_request(c);

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
	net_timer_set(c->e->net, &c->echo,
		      net_now(c->e->net) +
			      c->e->config.timers.echo / (fault_on(c->e, FAULT_KA_REPLY_02) ? 2 : 1));
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
