/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Hayes modem at the far end of a telephone line: see telco.h. */
#include "conformance/telco/at_private.h"

#include <stdio.h>
#include <stdlib.h>

static const int64_t dial_ns = 500 * NET_MILLISECOND, listen_ns = 3 * NET_SECOND, cadence_ns = 6 * NET_SECOND;

/* --- the terminal ---------------------------------------------------------------------------- */

static void say(struct at_modem *m, const char *text)
{
	m->out(m->ctx, (const uint8_t *)text, strlen(text));
}

/* Speeds that Hayes gave numbers to; others are CONNECT (1). */
static unsigned connect_code(uint32_t speed)
{
	static const struct {
		uint32_t speed;
		unsigned code;
	} codes[] = { { 1200, 5 }, { 2400, 10 }, { 4800, 11 }, { 9600, 12 } };

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (codes[i].speed == speed)
			return codes[i].code;
	return AT_CONNECT;
}

/* ATX: what a modem that does not know of it says instead. */
static enum at_result by_x(const struct at_modem *m, enum at_result r)
{
	if ((r == AT_NO_DIALTONE && (m->x < 2 || m->x == 3)) || (r == AT_BUSY && m->x < 3))
		return AT_NO_CARRIER;
	return r;
}

void at_result(struct at_modem *m, enum at_result r)
{
	static const char *const words[] = {
		[AT_OK] = "OK",       [AT_CONNECT] = "CONNECT",
		[AT_RING] = "RING",   [AT_NO_CARRIER] = "NO CARRIER",
		[AT_ERROR] = "ERROR", [AT_NO_DIALTONE] = "NO DIALTONE",
		[AT_BUSY] = "BUSY",   [AT_NO_ANSWER] = "NO ANSWER",
	};
	bool with_speed = r == AT_CONNECT && m->x > 0;
	char cr = (char)m->s[S_RETURN], lf = (char)m->s[S_LINEFEED], line[48], speed[16] = "";

	if (m->quiet)
		return;
	r = by_x(m, r);
	if (m->verbose) {
		if (with_speed)
			snprintf(speed, sizeof(speed), " %u", m->speed);
		snprintf(line, sizeof(line), "%c%c%s%s%c%c", cr, lf, words[r], speed, cr, lf);
	} else {
		snprintf(line, sizeof(line), "%u%c", with_speed ? connect_code(m->speed) : (unsigned)r, cr);
	}
	say(m, line);
}

static void fire(void *ctx)
{
	struct at_modem *m = ctx;

	m->then(m);
}

static void after(struct at_modem *m, int64_t ns, void (*then)(struct at_modem *m))
{
	m->then = then;
	net_timer_set(m->bank->net, &m->timer, net_now(m->bank->net) + ns);
}

static void rest(struct at_modem *m)
{
	if (m->bank)
		net_timer_cancel(m->bank->net, &m->timer);
}

/* --- calls ----------------------------------------------------------------------------------- */

/* On hook. */
static void hook(struct at_modem *m)
{
	struct telco_line *line = m->line;

	rest(m);
	m->line = NULL;
	m->state = AT_IDLE;
	m->pluses = 0;
	if (line)
		telco_far_hangup(line);
}

void at_hang_up(struct at_modem *m)
{
	hook(m);
}

static void dial_over(struct at_modem *m)
{
	hook(m);
	at_result(m, m->coming);
}

/* No PAC behind the number: what its script says. */
static bool meets_script(struct at_modem *m, enum telco_outcome o)
{
	int64_t ns = 0;

	switch (o) {
	case TELCO_ANSWER:
	case TELCO_SLOW:
		return false;
	case TELCO_BUSY:
		m->coming = AT_BUSY;
		break;
	case TELCO_NO_DIALTONE:
		m->coming = AT_NO_DIALTONE;
		break;
	case TELCO_RING:
		m->coming = m->wait_quiet ? AT_NO_ANSWER : AT_NO_CARRIER;
		ns = m->s[S_CARRIER_WAIT] * NET_SECOND;
		break;
	default:
		m->coming = AT_NO_CARRIER;
		ns = listen_ns;
	}
	after(m, ns, dial_over);
	return true;
}

static void place(struct at_modem *m)
{
	const struct telco_script *s = telco_script_of(m->bank, m->dialed);
	const struct telco_caller caller = {
		.dialed = m->dialed,
		.dialing = m->number,
		.digital = m->dial_digital,
		.gives_up_ns = 256 * NET_SECOND, /* the modem gives up before */
	};

	if (meets_script(m, s ? s->outcome : TELCO_ANSWER))
		return;
	m->line = telco_ring_from(m->bank, &caller, m);
	m->coming = !m->line ? AT_BUSY : m->wait_quiet ? AT_NO_ANSWER : AT_NO_CARRIER;
	after(m, m->line ? m->s[S_CARRIER_WAIT] * NET_SECOND : 0, dial_over);
}

void at_dial(struct at_modem *m, unsigned pauses)
{
	m->state = AT_DIALING;
	after(m, dial_ns + pauses * m->s[S_PAUSE] * NET_SECOND, place);
}

void at_answer(struct at_modem *m)
{
	if (m->state != AT_RINGING) {
		at_result(m, AT_NO_CARRIER);
		return;
	}
	rest(m);
	m->state = AT_ANSWERING;
	line_answered(m->line);
}

void at_online(struct at_modem *m)
{
	if (m->state != AT_ESCAPED) {
		at_result(m, AT_NO_CARRIER);
		return;
	}
	m->state = AT_DATA;
	m->pluses = 0;
	at_result(m, AT_CONNECT);
}

/* --- what the line tells --------------------------------------------------------------------- */

struct at_modem *at_modem_find(const struct telco *t, const char *number)
{
	for (struct at_modem *m = t->modems; m; m = m->next)
		if (strcmp(m->number, number) == 0)
			return m;
	return NULL;
}

bool at_modem_idle(const struct at_modem *m)
{
	return m->state == AT_IDLE;
}

static void ring(struct at_modem *m)
{
	at_result(m, AT_RING);
	if (m->s[S_RINGS] < UINT8_MAX)
		m->s[S_RINGS]++;
	if (m->s[S_AUTO_ANSWER] && m->s[S_RINGS] >= m->s[S_AUTO_ANSWER])
		at_answer(m);
	else
		after(m, cadence_ns, ring);
}

void at_modem_rings(struct at_modem *m, struct telco_line *l)
{
	m->line = l;
	m->state = AT_RINGING;
	m->s[S_RINGS] = 0;
	ring(m);
}

void at_modem_connected(struct at_modem *m, uint32_t speed)
{
	rest(m);
	m->state = AT_DATA;
	m->speed = speed;
	m->pluses = 0;
	m->last_data = net_now(m->bank->net);
	at_result(m, AT_CONNECT);
}

void at_modem_ended(struct at_modem *m, enum telco_outcome o)
{
	enum at_state was = m->state;

	if (!m->line)
		return;
	rest(m);
	m->line = NULL;
	m->state = AT_IDLE;
	if (was != AT_RINGING)
		at_result(m, o == TELCO_BUSY ? AT_BUSY : AT_NO_CARRIER);
}

void at_modem_octets(struct at_modem *m, const uint8_t *octets, size_t len)
{
	if (m->state == AT_DATA)
		m->out(m->ctx, octets, len);
}

/* --- octets from the terminal ----------------------------------------------------------------- */

static void escaped(struct at_modem *m)
{
	m->state = AT_ESCAPED;
	m->len = 0;
	at_result(m, AT_OK);
}

/* Three escape characters alone, with silence before and after, lead back to commands. */
static void watch_escape(struct at_modem *m, uint8_t octet)
{
	int64_t now = net_now(m->bank->net), guard = m->s[S_GUARD] * NET_SECOND / 50;
	bool is_escape = octet == m->s[S_ESCAPE] && m->s[S_ESCAPE] < 128;

	rest(m);
	if (!is_escape || (m->pluses == 0 && now - m->last_data < guard)) {
		m->pluses = 0;
		m->last_data = now;
		return;
	}
	m->pluses = m->pluses && now - m->last_plus < guard ? m->pluses + 1 : 1;
	m->last_plus = now;
	if (m->pluses == 3) {
		after(m, guard, escaped);
	} else if (m->pluses > 3) {
		m->last_data = now;
		m->pluses = 0;
	}
}

static void data(struct at_modem *m, const uint8_t *octets, size_t len)
{
	for (size_t i = 0; i < len; i++)
		watch_escape(m, octets[i]);
	line_far_octets(m->line, octets, len);
}

void at_modem_input(struct at_modem *m, const uint8_t *octets, size_t len)
{
	for (size_t i = 0; m->bank && i < len; i++) {
		if (m->state == AT_DATA) {
			data(m, octets + i, len - i);
			return;
		}
		if (m->state != AT_DIALING && m->state != AT_ANSWERING) {
			at_command_octet(m, octets[i]);
		} else if (octets[i] != '\n') {
			hook(m);
			at_result(m, AT_NO_CARRIER);
		}
	}
}

void at_modem_dtr_lost(struct at_modem *m)
{
	m->len = 0;
	if (!m->bank || m->dtr == 0)
		return;
	if (m->dtr == 1) {
		if (m->state == AT_DATA)
			m->state = AT_ESCAPED;
		return;
	}
	if (m->state != AT_RINGING)
		hook(m);
	if (m->dtr == 3)
		at_defaults(m);
}

/* --- making ---------------------------------------------------------------------------------- */

struct at_modem *at_modem_new(struct telco *t, const char *number,
			      void (*out)(void *ctx, const uint8_t *octets, size_t len), void *ctx)
{
	struct at_modem *m = strlen(number) < NUMBER_ROOM ? calloc(1, sizeof(*m)) : NULL;

	if (!m)
		return NULL;
	m->bank = t;
	m->out = out;
	m->ctx = ctx;
	snprintf(m->number, sizeof(m->number), "%s", number);
	m->timer = (struct net_timer){ .fn = fire, .ctx = m };
	at_defaults(m);
	m->next = t->modems;
	t->modems = m;
	return m;
}

const char *at_modem_state(const struct at_modem *m)
{
	static const char *const names[] = {
		[AT_IDLE] = "idle",           [AT_DIALING] = "dialing", [AT_RINGING] = "ringing",
		[AT_ANSWERING] = "answering", [AT_DATA] = "online",     [AT_ESCAPED] = "command",
	};

	return names[m->state];
}

void at_modem_unlink(struct at_modem *m)
{
	struct at_modem **at = &m->bank->modems;

	rest(m);
	while (*at != m)
		at = &(*at)->next;
	*at = m->next;
	if (m->line)
		m->line->far = NULL;
	m->line = NULL;
	m->bank = NULL;
}

void at_modem_free(struct at_modem *m)
{
	if (!m)
		return;
	if (m->bank) {
		hook(m);
		at_modem_unlink(m);
	}
	free(m);
}
