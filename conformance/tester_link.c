/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control connections of a test: opening and ending them, what comes from the device. */
#include <stdio.h>
#include <stdlib.h>

#include "conformance/endpoint.h"
#include "conformance/tester_private.h"
#include "dissectors/ip.h"

/* --- what comes ---------------------------------------------------------------------------------- */

static uint32_t value_of(const struct ctrl_msg *m, const char *field)
{
	int64_t v = t_field(m, field);

	return v < 0 ? 0 : (uint32_t)v;
}

/* Numbers of the DUT that the tester's next messages refer to. */
static void learn(struct t_link *l, const struct ctrl_msg *m)
{
	switch (m->type) {
	case CTRL_OCRQ:
		l->min_bps = value_of(m, "minimum_bps");
		l->max_bps = value_of(m, "maximum_bps");
		__attribute__((fallthrough));
	case CTRL_OCRP:
	case CTRL_ICRQ:
	case CTRL_ICRP:
		l->dut_id = (uint16_t)value_of(m, "call_id");
		break;
	case CTRL_ECHORQ:
		l->echo_received = value_of(m, "identifier");
		break;
	case CTRL_STOPRQ:
		l->stopping = true;
		break;
	}
}

/* Keeps what came until the test looks; octets NULL: no message. */
static void keep(struct t_link *l, const struct ctrl_msg *m)
{
	struct t_message *k;
	size_t len = m ? m->caplen : 0;

	if (l->unread >= INBOX_MESSAGES)
		return;
	k = calloc(1, sizeof(*k) + len);
	if (!k) {
		l->t->result.ours = true;
		return;
	}
	k->time = t_now(l->t);
	k->garbage = !m;
	if (m) {
		k->msg = *m;
		memcpy(k->octets, m->octets, len);
		k->msg.octets = k->octets;
	}
	*l->last = k;
	l->last = &k->next;
	l->unread++;
	tester_wake(l->t);
}

static void on_message(void *ctx, const struct ctrl_msg *m)
{
	struct t_link *l = ctx;

	if (m->type < CTRL_TYPES)
		l->count[m->type]++;
	if (m->status == CTRL_OK)
		learn(l, m);
	if (m->status == CTRL_OK && m->type == CTRL_ECHORQ && !l->show_echo) {
		struct draft d;

		t_draft(l, CTRL_ECHORP, &d);
		t_send_draft(l, &d);
		return;
	}
	l->octets += m->caplen;
	l->last_type = m->type;
	keep(l, m);
}

static void on_garbage(void *ctx, uint64_t octets)
{
	struct t_link *l = ctx;

	l->octets += octets;
	keep(l, NULL);
}

static void on_opened(void *ctx)
{
	struct t_link *l = ctx;

	l->opened = true;
	tester_wake(l->t);
}

static void over(struct t_link *l, bool *which, const char *why)
{
	if (link_over(l))
		return;
	*which = true;
	l->closed_time = t_now(l->t);
	snprintf(l->why, sizeof(l->why), "%s", why ? why : "");
	tester_wake(l->t);
}

static void on_failed(void *ctx, const char *why)
{
	struct t_link *l = ctx;

	over(l, &l->failed, why);
}

static void on_fin(void *ctx)
{
	struct t_link *l = ctx;

	over(l, &l->fin, NULL);
}

static void on_reset(void *ctx, const char *why)
{
	struct t_link *l = ctx;

	over(l, &l->reset, why);
}

static const struct channel_events events = {
	.opened = on_opened, .failed = on_failed, .message = on_message,
	.garbage = on_garbage, .fin = on_fin, .reset = on_reset,
};

bool link_over(const struct t_link *l)
{
	return l->fin || l->reset || l->failed;
}

struct tester *t_of(const struct t_link *l)
{
	return l->t;
}

/* --- opening -------------------------------------------------------------------------------------- */

static struct t_link *new_link(struct tester *t)
{
	struct t_link *l = tester_memory(t, sizeof(*l)), **end = &t->links;

	l->t = t;
	l->last = &l->first;
	l->echo_sent = 0x50540000;
	while (*end)
		end = &(*end)->next;
	*end = l;
	return l;
}

static void learn_ends(struct t_link *l)
{
	struct net_tcp *c = channel_tcp(l->channel);
	uint16_t port;

	if (c)
		net_tcp_ends(c, &l->own, &port, &l->peer, &port);
}

bool t_reachable(const struct tester *t)
{
	return !t->o->listen;
}

void t_reach(struct tester *t)
{
	if (!t_reachable(t))
		t_skip(t, "the device opens its connections itself (--listen): there is none to open to it");
}

struct t_link *t_link_from(struct tester *t, const struct ip_addr *from, uint16_t port)
{
	struct t_link *l;
	struct net_host *host = t->host;
	double until = t_now(t) + CONNECT_SECONDS;
	char err[sizeof(l->why)] = "";

	t_reach(t);
	if (from)
		host = tester_host(t, from);
	l = new_link(t);
	l->host = host;
	l->channel = channel_connect(host, port, &t->o->address, t->o->port, &events, l, err, sizeof(err));
	if (!l->channel)
		on_failed(l, err);
	while (!l->opened && !link_over(l))
		if (!tester_pause(t, until))
			break;
	if (l->opened) {
		learn_ends(l);
		return l;
	}
	if (!link_over(l))
		on_failed(l, "no answer");
	return NULL;
}

/* The last link that did not come to be says why. */
static const char *why_not(const struct tester *t)
{
	const struct t_link *last = NULL;

	for (const struct t_link *l = t->links; l; l = l->next)
		if (l->failed)
			last = l;
	return last && *last->why ? last->why : "no answer";
}

/* The device was there when the test began. */
static bool was_connected(const struct tester *t)
{
	for (const struct t_link *l = t->links; l; l = l->next)
		if (l->opened)
			return true;
	return false;
}

struct t_link *t_tcp_up(struct tester *t)
{
	struct t_link *l = t_link_from(t, NULL, 0);
	char text[IP_ADDR_TEXT];

	if (l)
		return l;
	if (was_connected(t))
		t_fail(t, "after this the device accepts no connection any more: %s", why_not(t));
	t->unreachable = true;
	t_inconclusive(t, "no TCP connection to %s port %u: %s", ip_addr_text(&t->o->address, text), t->o->port,
		       why_not(t));
}

/* "an SCCRP Result 3", "nothing", ... : what came instead of what was awaited. */
static const char *instead(const struct t_link *l, char *buf, size_t room)
{
	const struct ctrl_msg *m = l->current ? t_message(l) : NULL;

	if (l->reset)
		snprintf(buf, room, "the device reset the connection");
	else if (l->fin)
		snprintf(buf, room, "the device closed the connection");
	else if (m && m->desc)
		snprintf(buf, room, "the last thing it sent was %s", m->desc->name);
	else if (l->octets)
		snprintf(buf, room, "it sent %llu octets that are no message", (unsigned long long)l->octets);
	else
		snprintf(buf, room, "it sent nothing");
	return buf;
}

bool t_start(struct t_link *l)
{
	const struct ctrl_msg *m;

	t_send(l, CTRL_SCCRQ, NULL);
	m = t_get(l, CTRL_SCCRP, CONNECT_SECONDS);
	l->established = m && t_field(m, "result_code") == 1;
	return l->established;
}

bool t_answer_start(struct t_link *l)
{
	if (t_message(l)->type != CTRL_SCCRQ && !t_get(l, CTRL_SCCRQ, CONNECT_SECONDS))
		return false;
	t_send(l, CTRL_SCCRP, NULL);
	l->established = true;
	return true;
}

__attribute__((noreturn)) static void not_started(struct t_link *l, const char *awaited)
{
	char text[160];
	const struct ctrl_msg *m = l->current ? t_message(l) : NULL;

	if (m && m->type == CTRL_SCCRP)
		t_inconclusive(l->t, "the device refused the control connection: Result %lld, Error %lld",
			       (long long)t_field(m, "result_code"), (long long)t_field(m, "error_code"));
	t_inconclusive(l->t, "no %s within %d s: %s", awaited, CONNECT_SECONDS, instead(l, text, sizeof(text)));
}

/* A device may need a moment until it has forgotten the connection of the test before. */
enum { START_TRIES = 3 };

struct t_link *t_cc_up(struct tester *t)
{
	if (t->o->listen)
		return t_cc_up_orig(t);
	for (unsigned try = 1;; try++) {
		struct t_link *l = t_tcp_up(t);

		if (t_start(l))
			return l;
		/* Beside others, a device that deals with new connections one by one may not have come to it. */
		if (try == START_TRIES || !(l->count[CTRL_SCCRP] || link_over(l) || t->beside))
			not_started(l, "Start-Control-Connection-Reply");
		t_close(l);
		t_sleep(t, 1);
	}
}

struct t_link *t_cc_up_orig(struct tester *t)
{
	struct t_link *l = t_dut_connects(t);

	if (!t_answer_start(l))
		not_started(l, "Start-Control-Connection-Request");
	return l;
}

/* --- the device opens ----------------------------------------------------------------------------- */

static void on_accepted(void *ctx, struct net_tcp *c)
{
	struct tester *t = ctx;
	struct t_arrival *a = calloc(1, sizeof(*a));

	if (!a || t->closing) {
		free(a);
		net_abort(c);
		return;
	}
	a->tcp = c;
	*t->last_arrival = a;
	t->last_arrival = &a->next;
	tester_wake(t);
}

enum { LISTEN_TRIES = 10 };
#define LISTEN_PAUSE 0.1 /* seconds */

static uint16_t listen_port(const struct tester *t)
{
	return t->o->listen_port ? t->o->listen_port : CTRL_PORT;
}

/* Where the test's listener for an address is kept; without --source there is one for all of them. */
static struct net_listener **listener_at(struct tester *t, const struct ip_addr *own, struct net_host **host)
{
	*host = own && t->source ? tester_host(t, own) : t->host;
	for (unsigned i = 0; i < MORE_HOSTS; i++)
		if (t->more[i].host == *host)
			return &t->more[i].listener;
	return &t->listener;
}

static void need_listener(struct tester *t, const struct ip_addr *own)
{
	struct net_host *host;
	struct net_listener **l = listener_at(t, own, &host);
	char err[160] = "";

	/* A process that is being started may still hold this address's last listener for a moment. */
	for (unsigned try = 0; !*l && try < LISTEN_TRIES; try++) {
		if (try)
			t_sleep(t, LISTEN_PAUSE);
		*l = net_listen(host, listen_port(t), on_accepted, t, err, sizeof(err));
	}
	if (!*l)
		t_inconclusive(t, "cannot listen for the device: %s", err);
}

static struct t_link *take_arrival(struct tester *t)
{
	struct t_arrival *a = t->arrivals;
	struct net_tcp *tcp;
	struct t_link *l;

	if (!a)
		return NULL;
	t->arrivals = a->next;
	if (!t->arrivals)
		t->last_arrival = &t->arrivals;
	tcp = a->tcp;
	free(a);
	l = new_link(t);
	l->channel = channel_accept(tcp, &events, l);
	if (!l->channel)
		tester_broken(t, "no memory");
	l->opened = l->accepted = true;
	l->host = t->host;
	learn_ends(l);
	return l;
}

static struct t_link *accept_within(struct tester *t, double seconds)
{
	double until = t_now(t) + seconds;

	while (!t->arrivals)
		if (!tester_pause(t, until))
			return NULL;
	return take_arrival(t);
}

struct t_link *t_accept(struct tester *t, double seconds)
{
	need_listener(t, NULL);
	return accept_within(t, seconds);
}

/* Where the device is to connect to, as hooks take it; NULL: it has to know. */
static const char *end_text(const struct tester *t, const struct ip_addr *own, char *buf, size_t room)
{
	char text[IP_ADDR_TEXT];

	if (!own)
		return NULL;
	ip_addr_text(own, text);
	snprintf(buf, room, ip_addr_is_v4(own) ? "%s:%u" : "[%s]:%u", text, listen_port(t));
	return buf;
}

/* Has the device connect; one that is known to come by itself need not have a hook for it. */
static void ask_to_connect(struct tester *t, const struct ip_addr *own)
{
	char where[IP_ADDR_TEXT + 16];
	int status = HOOK_NOT_NOW;

	/* It may need a moment until it has forgotten an earlier connection. */
	for (unsigned try = 0; status == HOOK_NOT_NOW && try < START_TRIES; try++) {
		if (try)
			t_sleep(t, 1);
		if (try && t->arrivals && (!own || own == t->source))
			return; /* one that opens a new connection after an error has done so by itself */
		status = t_try_hook(t, "dut-connect", end_text(t, own, where, sizeof(where)), NULL);
	}
	if (status != HOOK_DONE && !(status == HOOK_NONE && t->o->listen))
		tester_hook_ended(t, "dut-connect", status);
}

static int connect_seconds(const struct tester *t)
{
	return t->o->listen ? COME_SECONDS : CONNECT_SECONDS;
}

/* Looks each second whether a client that was started is still there to come. */
static struct t_link *comes(struct tester *t)
{
	double until = t_now(t) + connect_seconds(t);
	char how[64];
	struct t_link *l;

	while (!(l = accept_within(t, t->o->dials_once ? 1 : connect_seconds(t))) && t_now(t) < until)
		if (tester_client_ended(t, how, sizeof(how)) && !t->arrivals) {
			t->unreachable = true;
			t_inconclusive(t, "the command of --exec ended without a connection: %s", how);
		}
	return l;
}

static struct t_link *dut_tries(struct tester *t, const struct ip_addr *own)
{
	struct t_link *l;

	need_listener(t, own);
	if (t->o->listen && (l = take_arrival(t)))
		return l;
	ask_to_connect(t, own);
	l = comes(t);
	if (!l)
		t->unreachable = t->o->listen;
	return l;
}

struct t_link *t_dut_tries(struct tester *t)
{
	return dut_tries(t, t->source);
}

struct t_link *t_dut_connects_to(struct tester *t, const struct ip_addr *own)
{
	struct t_link *l = dut_tries(t, own);

	if (!l)
		t_inconclusive(t, "the device opened no connection within %d s", connect_seconds(t));
	return l;
}

struct t_link *t_dut_connects(struct tester *t)
{
	return t_dut_connects_to(t, t->source);
}

/* --- reading -------------------------------------------------------------------------------------- */

static struct t_message *pop(struct t_link *l, struct t_message **at)
{
	struct t_message *m = *at;

	*at = m->next;
	if (l->last == &m->next)
		l->last = at;
	l->unread--;
	m->next = NULL;
	return m;
}

struct t_message *link_take(struct t_link *l, unsigned type, const uint32_t *identifier)
{
	for (struct t_message **at = &l->first; *at; at = &(*at)->next)
		if (!(*at)->garbage && (*at)->msg.type == type &&
		    (!identifier || t_field(&(*at)->msg, "identifier") == *identifier))
			return pop(l, at);
	return NULL;
}

enum t_what t_wait(struct t_link *l, double seconds)
{
	double until = t_now(l->t) + seconds;

	for (;;) {
		if (l->first) {
			free(l->current);
			l->current = pop(l, &l->first);
			return l->current->garbage ? T_GARBAGE : T_MESSAGE;
		}
		if (link_over(l) || !l->channel)
			return l->reset ? T_RST : T_FIN;
		if (!tester_pause(l->t, until))
			return T_NOTHING;
	}
}

const struct ctrl_msg *t_message(const struct t_link *l)
{
	static const struct ctrl_msg none = { .status = CTRL_BAD };

	return l->current ? &l->current->msg : &none;
}

double t_message_time(const struct t_link *l)
{
	return l->current ? l->current->time : 0;
}

static const struct ctrl_msg *get_within(struct t_link *l, enum ctrl_type type, double seconds)
{
	double until = t_now(l->t) + seconds;

	for (;;) {
		enum t_what what = t_wait(l, until - t_now(l->t));

		if (what == T_MESSAGE && t_message(l)->type == type)
			return t_message(l);
		if (what != T_MESSAGE && what != T_GARBAGE)
			return NULL;
	}
}

static struct hope *hope_of(const struct t_link *l, enum ctrl_type type)
{
	switch (type) {
	case CTRL_OCRP:
		return runner_hope(l->t->runner, HOPE_OCRP);
	case CTRL_ICCN:
		return runner_hope(l->t->runner, HOPE_ICCN);
	default:
		return NULL;
	}
}

/* How long it is waited for. */
static double patience(const struct t_link *l, enum ctrl_type type, double seconds)
{
	const struct hope *hope = hope_of(l, type);

	return hope ? hope_patience(hope, seconds) : seconds;
}

const struct ctrl_msg *t_get(struct t_link *l, enum ctrl_type type, double seconds)
{
	struct hope *hope = hope_of(l, type);
	const struct ctrl_msg *m;

	seconds = patience(l, type, seconds);
	m = get_within(l, type, seconds);
	if (!hope)
		return m;
	if (m || !t_is_closed(l))
		hope_waited(hope, seconds, m);
	return m;
}

const struct ctrl_msg *t_may_send(struct t_link *l, enum ctrl_type type, double seconds)
{
	bool never = runner_never_sends(l->t->runner, type);
	const struct ctrl_msg *m = t_get(l, type, never ? 0 : seconds);

	if (!m && !link_over(l))
		runner_sends_never(l->t->runner, type);
	return m;
}

const struct ctrl_msg *t_need(struct t_link *l, enum ctrl_type type, double seconds)
{
	const struct ctrl_msg *m;
	char text[160];

	seconds = patience(l, type, seconds);
	m = t_get(l, type, seconds);
	if (!m)
		t_fail(l->t, "no %s within %g s: %s", ctrl_desc_of(type)->name, seconds,
		       instead(l, text, sizeof(text)));
	return m;
}

bool t_none(struct t_link *l, enum ctrl_type type, double seconds)
{
	double until = t_now(l->t) + seconds;

	for (;;) {
		enum t_what what = t_wait(l, until - t_now(l->t));

		if (what != T_MESSAGE && what != T_GARBAGE)
			return true;
		if (!type || (what == T_MESSAGE && t_message(l)->type == type))
			return false;
	}
}

bool t_is_closed(const struct t_link *l)
{
	return link_over(l);
}

bool t_closes(struct t_link *l, double seconds)
{
	double until = t_now(l->t) + seconds;
	enum t_what what;

	do
		what = t_wait(l, until - t_now(l->t));
	while (what == T_MESSAGE || what == T_GARBAGE);
	return what != T_NOTHING;
}

double t_closed_time(const struct t_link *l)
{
	return l->closed_time;
}

bool t_was_reset(const struct t_link *l)
{
	return l->reset;
}

unsigned t_count(const struct t_link *l, enum ctrl_type type)
{
	return l->count[type];
}

uint64_t t_octets_in(const struct t_link *l)
{
	return l->octets;
}

void t_show_echo(struct t_link *l, bool show)
{
	l->show_echo = show;
}

int64_t t_field(const struct ctrl_msg *m, const char *field)
{
	uint32_t value;

	return m && ctrl_get(m, field, &value) ? (int64_t)value : -1;
}

bool t_text_is_padded(const struct ctrl_msg *m, const char *field)
{
	int row = m && m->desc ? ctrl_field_index(m->desc, field) : -1;
	const uint8_t *text = row < 0 ? NULL : ctrl_text(m, (unsigned)row);
	bool ended = false;

	for (unsigned i = 0; text && i < m->desc->fields[row].width; i++) {
		if (ended && text[i])
			return false;
		ended = ended || !text[i];
	}
	return text;
}

bool t_alive(struct t_link *l)
{
	double until = t_now(l->t) + ECHO_SECONDS;
	struct t_message *m;
	uint32_t identifier;

	if (link_over(l) || !l->channel)
		return false;
	t_send(l, CTRL_ECHORQ, NULL);
	identifier = l->echo_sent;
	while (!(m = link_take(l, CTRL_ECHORP, &identifier)) && !link_over(l))
		if (!tester_pause(l->t, until))
			break;
	free(m);
	return m;
}

#define CLOSE_SECONDS 0.3 /* for the device to close its half */

/* --- ending --------------------------------------------------------------------------------------- */

void t_fin(struct t_link *l)
{
	if (l->channel)
		channel_shutdown(l->channel);
}

/* The device has a moment to close its half: else it may take the next connection for a second one. */
void t_close(struct t_link *l)
{
	if (l->channel && l->opened && !link_over(l)) {
		t_fin(l);
		t_closes(l, CLOSE_SECONDS);
	}
	if (l->channel)
		channel_close(l->channel);
	l->channel = NULL;
}

void t_rst(struct t_link *l)
{
	if (l->channel)
		channel_abort(l->channel);
	l->channel = NULL;
}

static bool can_stop(const struct t_link *l)
{
	return l->channel && l->established && !link_over(l);
}

/* In order: Stop-Control-Connection-Request, its reply, the device's FIN. */
static void stop(struct t_link *l)
{
	bool clean = false;

	if (!l->stopping) {
		t_send(l, CTRL_STOPRQ, NULL);
		clean = t_get(l, CTRL_STOPRP, ECHO_SECONDS) && t_field(t_message(l), "result_code") == 1;
		if (l->t->result.close_verdict != 0)
			l->t->result.close_verdict = clean;
	}
	t_closes(l, CLOSE_SECONDS);
}

void link_close_all(struct tester *t)
{
	if (t->octets_in > FLOOD_OCTETS)
		for (struct t_link *l = t->links; l; l = l->next)
			t_rst(l);
	for (struct t_link *l = t->links; l; l = l->next) {
		if (can_stop(l))
			stop(l);
		t_close(l);
	}
}

static void free_messages(struct t_message *m)
{
	while (m) {
		struct t_message *next = m->next;

		free(m);
		m = next;
	}
}

void link_free_all(struct tester *t)
{
	while (t->links) {
		struct t_link *l = t->links;

		t->links = l->next;
		t_rst(l);
		free_messages(l->first);
		free_messages(l->current);
		free(l);
	}
	while (t->arrivals) {
		struct t_arrival *a = t->arrivals;

		t->arrivals = a->next;
		net_abort(a->tcp);
		free(a);
	}
	net_listener_free(t->listener);
	for (unsigned i = 0; i < MORE_HOSTS; i++)
		net_listener_free(t->more[i].listener);
}
