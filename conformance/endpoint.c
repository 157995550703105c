/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Life of an endpoint, its configuration, the log, listening and connecting, status. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/endpoint_private.h"
#include "dissectors/ip.h"

void endpoint_defaults(struct endpoint_config *c, enum role role)
{
	*c = (struct endpoint_config){
		.role = role,
		.port = CTRL_PORT,
		.host_name = "pptpscope.example",
		.vendor_name = "pptpscope",
		.version = 0x0100,
		.oldest_version = 0x0100,
		.firmware = 1,
		.framing = 3,
		.bearer = 3,
		.channels = role == ROLE_PAC ? 1024 : 0,
		.window = 16,
		.delay = role == ROLE_PAC ? 0 : 1,
		.min_bps = 300,
		.max_bps = 100000000,
		.number = "5551234",
		.max_connections = 64,
		.max_calls = 4096,
		.seed = 1,
	};
	c->timers = (struct endpoint_timers){
		.reply = 60 * NET_SECOND,
		.idle = 60 * NET_SECOND,
		.echo = 60 * NET_SECOND,
		.call = 60 * NET_SECOND,
		.dial = 90 * NET_SECOND,
		.wen = 60 * NET_SECOND,
		.ack = 100 * NET_MILLISECOND,
		.max_timeout = 8 * NET_SECOND,
	};
	c->ppp.server = role == ROLE_PAC;
	c->ppp.accm = role == ROLE_PAC ? 0 : UINT32_MAX;
}

/* Two ends with the same seed must not draw the same numbers: to PPP that is a line looped back. */
uint32_t endpoint_mix(const struct endpoint *e, uint64_t n)
{
	uint64_t x = (uint64_t)e->config.seed << 32 ^ n << 2 ^ e->config.role;

	x = (x ^ x >> 31) * UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
	return (uint32_t)(x >> 32);
}

/* --- the log --------------------------------------------------------------------------------------- */

void endpoint_say(struct endpoint *e, enum endpoint_news n, uint16_t call_id, const char *format, ...)
{
	char *line = e->log.line[e->log.written % LOG_LINES];
	va_list args;

	if (fault_on(e, FAULT_MSG_LOG_01) && (n == NEWS_REJECTED || n == NEWS_CONNECTION_DOWN))
		return;
	if (fault_on(e, FAULT_OOS_LOG_01) && n == NEWS_DISCARDED)
		return;
	va_start(args, format);
	vsnprintf(line, LOG_WIDTH, format, args);
	va_end(args);
	e->log.written++;
	if (e->events.news)
		e->events.news(e->ctx, n, call_id, line);
}

/* --- what is over ----------------------------------------------------------------------------------- */

static void reap(void *ctx)
{
	struct endpoint *e = ctx;

	while (e->dead_sessions) {
		struct session *s = e->dead_sessions;

		e->dead_sessions = s->next;
		session_free(s);
	}
	while (e->dead_connections) {
		struct connection *c = e->dead_connections;

		e->dead_connections = c->next;
		connection_free(c);
	}
}

void endpoint_reap_later(struct endpoint *e)
{
	net_timer_set(e->net, &e->reaper, 0);
}

void endpoint_drop_all(struct endpoint *e)
{
	while (e->connections)
		connection_end(e->connections, "reset");
	net_timer_cancel(e->net, &e->restart);
	net_timer_cancel(e->net, &e->redial);
}

void endpoint_crash(struct endpoint *e)
{
	for (struct connection *c = e->connections; c; c = c->next) {
		channel_abort(c->channel);
		c->channel = NULL;
	}
	endpoint_drop_all(e);
	net_listener_free(e->listener);
	e->crashed = e->listener != NULL;
	e->listener = NULL;
}

/* --- opening anew ----------------------------------------------------------------------------------- */

static void restart(void *ctx)
{
	struct endpoint *e = ctx;
	char err[128];

	if (!endpoint_connect(e, &e->restart_peer, e->restart_port, err, sizeof(err)))
		endpoint_say(e, NEWS_CONNECTION_DOWN, 0, "control connection not opened anew: %s", err);
}

void endpoint_restart_later(struct endpoint *e, const struct ip_addr *peer, uint16_t port)
{
	if (e->restart.slot)
		return;
	e->restart_peer = *peer;
	e->restart_port = port;
	net_timer_set(e->net, &e->restart, net_now(e->net) + RESTART_NS);
}

static void redial(void *ctx)
{
	struct endpoint *e = ctx;
	char err[128];

	if (endpoint_dial(e, NULL, err, sizeof(err)) < 0)
		endpoint_say(e, NEWS_CALL_DOWN, 0, "not dialled: %s", err);
}

/* --- life ------------------------------------------------------------------------------------------- */

void endpoint_reset_settings(struct endpoint *e)
{
	e->set = (struct endpoint_settings){
		.channels = e->config.channels,
		.window = e->config.window,
		.max_bps = e->config.max_bps,
		.max_timeout = e->config.timers.max_timeout,
	};
}

/* Strings of the configuration are the caller's: keeps copies. */
static bool keep_strings(struct endpoint *e, const struct endpoint_config *c)
{
	e->host_name = strdup(c->host_name ? c->host_name : "");
	e->vendor_name = strdup(c->vendor_name ? c->vendor_name : "");
	e->number = strdup(c->number ? c->number : "");
	e->config.host_name = e->host_name;
	e->config.vendor_name = e->vendor_name;
	e->config.number = e->number;
	return e->host_name && e->vendor_name && e->number;
}

static void set_timers(struct endpoint *e)
{
	e->restart = (struct net_timer){ .fn = restart, .ctx = e };
	e->redial = (struct net_timer){ .fn = redial, .ctx = e };
	e->reaper = (struct net_timer){ .fn = reap, .ctx = e };
}

void endpoint_set_faults(struct endpoint *e, const struct fault_set *s)
{
	e->config.faults = *s;
	e->faulty = false;
	for (unsigned f = 0; f < FAULTS; f++)
		e->faulty |= fault_in(s, f);
	if (e->faulty)
		endpoint_begin_mischief(e);
}

struct endpoint *endpoint_new(struct net_host *h, const struct endpoint_config *c,
			      const struct endpoint_events *events, void *ctx)
{
	struct endpoint *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->config = *c;
	e->host = h;
	e->net = net_of_host(h);
	if (events)
		e->events = *events;
	e->ctx = ctx;
	set_timers(e);
	endpoint_set_faults(e, &c->faults);
	/* Serial numbers go on where those of a run before may have stopped: no state is kept on disk. */
	e->next_serial = (uint16_t)(net_now(e->net) / (NET_SECOND / 16) + 1);
	e->next_id = (uint16_t)endpoint_mix(e, 0);
	endpoint_reset_settings(e);
	if (!keep_strings(e, c)) {
		endpoint_free(e);
		return NULL;
	}
	return e;
}

void endpoint_free(struct endpoint *e)
{
	if (!e)
		return;
	e->events = (struct endpoint_events){ 0 };
	endpoint_drop_all(e);
	net_timer_cancel(e->net, &e->reaper);
	net_timer_cancel(e->net, &e->mischief);
	reap(e);
	net_listener_free(e->listener);
	free(e->host_name);
	free(e->vendor_name);
	free(e->number);
	free(e);
}

void endpoint_set_telco(struct endpoint *e, struct telco *t)
{
	e->config.telco = t;
}

/* --- connections ------------------------------------------------------------------------------------ */

bool endpoint_listen(struct endpoint *e, char *err, size_t room)
{
	if (e->listener)
		return true;
	e->listener = net_listen(e->host, e->config.port, connection_accepted, e, err, room);
	return e->listener != NULL;
}

static bool is_connected_to(const struct endpoint *e, const struct ip_addr *peer)
{
	for (const struct connection *c = e->connections; c; c = c->next)
		if (ip_addr_same(&c->peer, peer) &&
		    (c->state == STATE_ESTABLISHED || c->machine == MACHINE_ORIGINATOR))
			return true;
	return false;
}

bool endpoint_connect(struct endpoint *e, const struct ip_addr *peer, uint16_t port, char *err, size_t room)
{
	struct connection *c;

	if (!is_ms_ptpt(e) && is_connected_to(e, peer)) {
		snprintf(err, room, "there is a control connection with that peer already");
		return false;
	}
	c = connection_new(e, MACHINE_ORIGINATOR);
	if (!c) {
		snprintf(err, room, "too many control connections");
		return false;
	}
	c->peer = *peer;
	c->peer_port = (port ? port : CTRL_PORT) + fault_on(e, FAULT_TCP_PORT_01);
	e->last_peer = *peer;
	e->knows_peer = true;
	c->channel = channel_connect(e->host, 0, peer, c->peer_port, &connection_events, c, err, room);
	if (!c->channel) {
		connection_end(c, NULL);
		return false;
	}
	connection_event(c, HAPPENS_CONNECT_WANTED, NULL);
	return true;
}

void endpoint_stop(struct endpoint *e, unsigned reason)
{
	struct cue cue = { .result = (uint8_t)reason, .why = "local request to stop" };
	struct connection *c, *next;

	net_timer_cancel(e->net, &e->restart);
	net_timer_cancel(e->net, &e->redial);
	for (c = e->connections; c; c = next) {
		next = c->next;
		connection_event(c, HAPPENS_STOP_WANTED, &cue);
	}
}

bool endpoint_busy(const struct endpoint *e)
{
	return e->connections != NULL;
}

struct connection *endpoint_newest(const struct endpoint *e)
{
	for (struct connection *c = e->connections; c; c = c->next)
		if (c->state == STATE_ESTABLISHED)
			return c;
	return NULL;
}

/* --- calls ------------------------------------------------------------------------------------------ */

struct session *endpoint_session(const struct endpoint *e, uint16_t call_id)
{
	struct session *s = NULL;

	for (const struct connection *c = e->connections; c && !s; c = c->next)
		s = session_by_own(c, call_id);
	for (const struct connection *c = e->connections; c && !s; c = c->next)
		s = session_by_peer(c, call_id);
	return s;
}

struct session *endpoint_latest(const struct endpoint *e)
{
	struct session *latest = NULL;

	for (const struct connection *c = e->connections; c; c = c->next)
		if (c->sessions && (!latest || c->sessions->made > latest->made))
			latest = c->sessions;
	return latest;
}

int endpoint_dial(struct endpoint *e, const char *number, char *err, size_t room)
{
	struct connection *c = endpoint_newest(e);
	struct session *s;

	if (is_pac(e)) {
		snprintf(err, room, "a PAC places no calls over a control connection");
		return -1;
	}
	if (!c) {
		snprintf(err, room, "there is no control connection");
		return -1;
	}
	s = pns_dial(c, number ? number : e->number, err, room);
	return s ? s->id : -1;
}

bool endpoint_hangup(struct endpoint *e, uint16_t call_id)
{
	struct session *s = endpoint_session(e, call_id);

	if (!s)
		return false;
	session_clear(s);
	return true;
}

/* --- status ----------------------------------------------------------------------------------------- */

static void visit_session(const struct session *s, const struct endpoint_visitor *v, void *ctx)
{
	struct endpoint_call_status st = {
		.connection = s->c->id,
		.call_id = s->id,
		.peer_call_id = s->peer_id,
		.serial = s->serial,
		.incoming = !session_is_outgoing(s),
		.state = machine_state_name(s->state),
		.number = s->number,
		.line = s->line ? telco_line_state(s->line) : NULL,
	};
	struct gre_counts g;

	gre_counts(s, &g);
	st.sent = g.sent;
	st.received = g.received;
	st.sent_octets = g.sent_octets;
	st.received_octets = g.received_octets;
	st.acks_sent = g.acks_sent;
	st.acks_received = g.acks_received;
	st.timeouts = g.timeouts;
	st.late = g.late;
	st.lost = g.lost;
	st.window = g.window;
	if (s->ppp)
		ppp_peer_status(s->ppp, &st.ppp);
	v->call(ctx, &st);
}

static void visit_connection(const struct connection *c, const struct endpoint_visitor *v, void *ctx)
{
	struct endpoint_connection_status st = {
		.id = c->id,
		.peer = c->peer,
		.peer_port = c->peer_port,
		.originator = c->machine == MACHINE_ORIGINATOR,
		.state = machine_state_name(c->state),
		.calls = c->nsessions,
	};

	v->connection(ctx, &st);
}

void endpoint_status(const struct endpoint *e, const struct endpoint_visitor *v, void *ctx)
{
	for (const struct connection *c = e->connections; c; c = c->next) {
		if (v->connection)
			visit_connection(c, v, ctx);
		for (const struct session *s = c->sessions; s && v->call; s = s->next)
			visit_session(s, v, ctx);
	}
}
