/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bank of lines, numbers and their scripts, and the life of a call: see telco.h. */
#include "conformance/telco/telco_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { BRI_CHANNELS = 2, PRI_CHANNELS = 30, PRI_SIGNALLING = 16 };

static const int64_t slow_ns = 10 * NET_SECOND;
static const char log_end[] = " ...";

static const char *const outcome_names[TELCO_OUTCOMES] = {
	[TELCO_ANSWER] = "answer",
	[TELCO_SLOW] = "slow",
	[TELCO_BUSY] = "busy",
	[TELCO_NO_CARRIER] = "no-carrier",
	[TELCO_NO_DIALTONE] = "no-dialtone",
	[TELCO_RING] = "ring",
	[TELCO_BARRED] = "barred",
	[TELCO_UNALLOCATED] = "unallocated",
	[TELCO_REJECTED] = "rejected",
	[TELCO_FAILURE] = "failure",
};

const char *telco_outcome_name(enum telco_outcome o)
{
	return outcome_names[o];
}

bool telco_outcome_by_name(const char *name, enum telco_outcome *o)
{
	for (unsigned i = 0; i < TELCO_OUTCOMES; i++) {
		if (strcmp(name, outcome_names[i]) == 0) {
			*o = (enum telco_outcome)i;
			return true;
		}
	}
	return false;
}

void telco_script_defaults(struct telco_script *s)
{
	*s = (struct telco_script){ .ring_ns = 300 * NET_MILLISECOND, .train_ns = 700 * NET_MILLISECOND };
}

static void copy_text(char *out, const char *text)
{
	snprintf(out, NUMBER_ROOM, "%s", text ? text : "");
}

/* --- the bank -------------------------------------------------------------------------------- */

static unsigned add_channels(struct telco_channel *out, enum line_kind kind, unsigned lines, unsigned each)
{
	unsigned n = 0;

	for (unsigned line = 1; line <= lines; line++) {
		for (unsigned b = 1; b <= each; b++, n++) {
			out[n] = (struct telco_channel){ .kind = kind, .line = line };
			if (kind != LINE_ANALOG)
				out[n].b = kind == LINE_PRI && b >= PRI_SIGNALLING ? b + 1 : b;
		}
	}
	return n;
}

struct telco *telco_new(struct net *n, const struct telco_options *o, telco_fn *fn, void *ctx)
{
	struct telco *t = calloc(1, sizeof(*t));
	size_t channels = o->analog + (size_t)o->bri * BRI_CHANNELS + (size_t)o->pri * PRI_CHANNELS;
	struct telco_channel *at;

	if (!t)
		return NULL;
	t->channels = at = calloc(channels + 1, sizeof(*t->channels));
	if (!at) {
		free(t);
		return NULL;
	}
	*t = (struct telco){ .net = n, .o = *o, .fn = fn, .ctx = ctx, .channels = at };
	if (!t->o.analog_speed)
		t->o.analog_speed = 33600;
	if (!t->o.dial_timeout_ns)
		t->o.dial_timeout_ns = 90 * NET_SECOND;
	t->random = ((uint64_t)o->seed << 32 | o->seed) ^ UINT64_C(0x9e3779b97f4a7c15);
	at += add_channels(at, LINE_ANALOG, o->analog, 1);
	at += add_channels(at, LINE_BRI, o->bri, BRI_CHANNELS);
	at += add_channels(at, LINE_PRI, o->pri, PRI_CHANNELS);
	t->nchannels = (unsigned)(at - t->channels);
	return t;
}

static void stop_timers(struct telco_line *l)
{
	struct net *n = l->bank->net;

	net_timer_cancel(n, &l->step);
	net_timer_cancel(n, &l->drop);
	net_timer_cancel(n, &l->retrain);
	net_timer_cancel(n, &l->notify);
	net_timer_cancel(n, &l->feed);
}

void telco_free(struct telco *t)
{
	struct telco_number *number;
	struct telco_line *line;

	if (!t)
		return;
	while (t->modems)
		at_modem_unlink(t->modems);
	while ((line = t->lines)) {
		t->lines = line->next;
		stop_timers(line);
		free(line);
	}
	for (unsigned i = 0; i < PAST; i++)
		free(t->past[i]);
	while ((number = t->numbers)) {
		t->numbers = number->next;
		free(number);
	}
	free(t->channels);
	free(t);
}

/* --- numbers --------------------------------------------------------------------------------- */

static struct telco_number *number_find(const struct telco *t, const char *number)
{
	for (struct telco_number *n = t->numbers; n; n = n->next)
		if (strcmp(n->number, number) == 0)
			return n;
	return NULL;
}

const struct telco_script *telco_script_of(const struct telco *t, const char *number)
{
	const struct telco_number *n = number_find(t, number);

	return n ? &n->script : NULL;
}

bool telco_number(struct telco *t, const char *number, const struct telco_script *s)
{
	struct telco_number *n = number_find(t, number);

	if (!n && (strlen(number) >= NUMBER_ROOM || t->nnumbers == NUMBERS_MAX))
		return false;
	if (!n) {
		n = calloc(1, sizeof(*n));
		if (!n)
			return false;
		copy_text(n->number, number);
		n->next = t->numbers;
		t->numbers = n;
		t->nnumbers++;
	}
	n->script = *s;
	return true;
}

const char *telco_number_of(struct telco *t, enum telco_outcome o)
{
	struct telco_script s = t->o.script;
	char number[16];

	for (struct telco_number *n = t->numbers; n; n = n->next)
		if (n->script.outcome == o)
			return n->number;
	s.outcome = o;
	/* 555-01xx leads to nobody. */
	snprintf(number, sizeof(number), "55501%02u", (unsigned)o);
	return telco_number(t, number, &s) ? number_find(t, number)->number : NULL;
}

void telco_next(struct telco *t, enum telco_outcome o)
{
	t->has_next = true;
	t->next = o;
}

void telco_next_answer(struct telco *t, enum telco_outcome o)
{
	t->answer = o;
}

bool telco_is_barred(const struct telco *t, const char *number)
{
	const struct telco_script *s = telco_script_of(t, number);

	return (s ? s->outcome : t->o.script.outcome) == TELCO_BARRED;
}

/* --- lines ----------------------------------------------------------------------------------- */

static struct telco_channel *free_channel(struct telco *t, bool isdn)
{
	for (unsigned i = 0; i < t->nchannels; i++)
		if (!t->channels[i].used && (t->channels[i].kind != LINE_ANALOG) == isdn)
			return &t->channels[i];
	return NULL;
}

/* A line for a modem: a bank without analog lines has modems behind its B channels. */
static struct telco_channel *audio_channel(struct telco *t)
{
	return free_channel(t, t->o.analog == 0);
}

static struct telco_channel *pick(struct telco *t, unsigned bearer, uint32_t min_bps, bool *digital)
{
	struct telco_channel *c = NULL;

	*digital = false;
	if (bearer & 1 && (bearer == 1 || min_bps <= t->o.analog_speed))
		c = audio_channel(t);
	if (!c && bearer & 2) {
		*digital = true;
		c = free_channel(t, true);
	}
	if (!c && bearer & 1) {
		*digital = false;
		c = audio_channel(t);
	}
	return c;
}

static struct telco_line *seize(struct telco *t, struct telco_channel *c, bool digital)
{
	struct telco_line *l = calloc(1, sizeof(*l)), **end = &t->lines;

	if (!l)
		return NULL;
	l->bank = t;
	l->channel = c;
	l->where = *c;
	l->ops = c->kind == LINE_ANALOG ? &modem_ops : &isdn_ops;
	l->digital = digital;
	l->random = (uint64_t)telco_random(&t->random) << 32 | telco_random(&t->random) | 1;
	l->accm = l->reader.accm = UINT32_MAX;
	l->step.ctx = l->drop.ctx = l->retrain.ctx = l->notify.ctx = l->feed.ctx = l;
	c->used = true;
	while (*end)
		end = &(*end)->next;
	*end = l;
	return l;
}

/* The line is free for the next call; what happened on it is kept for a while. */
static void release(struct telco_line *l)
{
	struct telco *t = l->bank;
	struct telco_line **at = &t->lines;
	unsigned slot = t->npast++ % PAST;

	stop_timers(l);
	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	l->next = NULL;
	l->channel->used = false;
	l->owner = NULL;
	l->far = NULL;
	l->state = LINE_RELEASED;
	free(t->past[slot]);
	t->past[slot] = l;
}

void line_log(struct telco_line *l, const char *format, ...)
{
	char words[128];
	va_list ap;

	va_start(ap, format);
	vsnprintf(words, sizeof(words), format, ap);
	va_end(ap);
	if (l->log_len + strlen(words) + sizeof(log_end) + 1 < LOG_ROOM) {
		l->log_len += (size_t)snprintf(l->log + l->log_len, LOG_ROOM - l->log_len, "%s%s",
					       l->log_len ? " " : "", words);
		return;
	}
	/* What follows is not shown. */
	memcpy(l->log + l->log_len, log_end, sizeof(log_end));
}

static void step(void *ctx)
{
	struct telco_line *l = ctx;

	l->then(l);
}

void line_after(struct telco_line *l, int64_t ns, void (*then)(struct telco_line *l))
{
	l->then = then;
	l->step.fn = step;
	net_timer_set(l->bank->net, &l->step, net_now(l->bank->net) + ns);
}

static void tell(struct telco_line *l, enum telco_event event, enum telco_outcome o)
{
	struct telco_told told = {
		.event = event,
		.line = l,
		.outcome = o,
		.hung_up = l->far_hung_up,
		.cause = l->cause,
		.speed = l->speed,
	};

	l->bank->fn(l->bank->ctx, &told);
}

/* The far end is no more part of the call. */
static void let_far_go(struct telco_line *l, enum telco_outcome o)
{
	struct at_modem *far = l->far;

	l->far = NULL;
	if (far)
		at_modem_ended(far, o);
}

void line_fail(struct telco_line *l, enum telco_outcome o)
{
	stop_timers(l);
	let_far_go(l, TELCO_NO_CARRIER);
	l->state = LINE_DEAD;
	tell(l, TELCO_FAILED, o);
}

static void dropped(struct telco_line *l)
{
	tell(l, TELCO_DROPPED, TELCO_NO_CARRIER);
}

void line_drop(struct telco_line *l, bool hung_up, uint16_t cause)
{
	stop_timers(l);
	l->far_hung_up = hung_up;
	l->cause = cause;
	l->state = LINE_DEAD;
	let_far_go(l, TELCO_NO_CARRIER);
	line_after(l, 0, dropped);
}

void line_up(struct telco_line *l)
{
	l->state = LINE_UP;
	modem_up(l);
	if (l->far)
		at_modem_connected(l->far, l->speed);
	tell(l, TELCO_CONNECTED, TELCO_ANSWER);
}

/* --- outgoing calls -------------------------------------------------------------------------- */

static bool rings_first(enum telco_outcome o)
{
	return o == TELCO_ANSWER || o == TELCO_SLOW || o == TELCO_NO_CARRIER || o == TELCO_RING;
}

static void not_answered(struct telco_line *l)
{
	l->ops->unanswered(l);
	line_fail(l, TELCO_RING);
}

void line_answered(struct telco_line *l)
{
	l->ops->connected(l);
	modem_train(l, 0);
}

/* A modem that has the number: it rings, or is busy. */
static void find_far(struct telco_line *l)
{
	struct at_modem *m = l->foretold ? NULL : at_modem_find(l->bank, l->number);

	if (m && at_modem_idle(m))
		l->far = m;
	else if (m)
		l->script.outcome = TELCO_BUSY;
}

/* The number is dialled. */
static void dialled(struct telco_line *l)
{
	enum telco_outcome o;

	find_far(l);
	o = l->script.outcome;
	if (!rings_first(o)) {
		line_fail(l, l->ops->refused(l, o));
		return;
	}
	l->state = LINE_RINGING;
	l->ops->alerting(l);
	if (o == TELCO_RING || l->far)
		line_after(l, l->bank->o.dial_timeout_ns, not_answered);
	else
		line_after(l, l->script.ring_ns + (o == TELCO_SLOW ? slow_ns : 0), line_answered);
	if (l->far)
		at_modem_rings(l->far, l);
}

static void barred(struct telco_line *l)
{
	line_fail(l, TELCO_BARRED);
}

static void script_for(struct telco_line *l)
{
	struct telco *t = l->bank;
	const struct telco_script *s = telco_script_of(t, l->number);

	l->script = s ? *s : t->o.script;
	l->foretold = t->has_next;
	if (t->has_next)
		l->script.outcome = t->next;
	t->has_next = false;
}

struct telco_line *telco_dial(struct telco *t, const char *number, const char *subaddress, unsigned bearer,
			      uint32_t min_bps, uint32_t max_bps)
{
	bool digital;
	struct telco_channel *c = pick(t, bearer, min_bps, &digital);
	struct telco_line *l = c ? seize(t, c, digital) : NULL;

	if (!l)
		return NULL;
	copy_text(l->number, number);
	copy_text(l->subaddress, subaddress);
	l->min_bps = min_bps;
	l->max_bps = max_bps;
	l->state = LINE_DIALING;
	script_for(l);
	if (l->script.outcome == TELCO_BARRED)
		line_after(l, 0, barred);
	else
		line_after(l, l->ops->setup_ns, dialled);
	return l;
}

/* --- incoming calls -------------------------------------------------------------------------- */

static void caller_gives_up(struct telco_line *l)
{
	l->ops->far_clears(l, CAUSE_NORMAL);
	line_drop(l, true, l->cause);
}

static void rings(struct telco_line *l)
{
	line_after(l, l->gives_up_ns, caller_gives_up);
	tell(l, TELCO_RINGING, TELCO_ANSWER);
}

struct telco_line *telco_ring_from(struct telco *t, const struct telco_caller *c, struct at_modem *far)
{
	struct telco_channel *channel = c->digital || c->audio ? free_channel(t, true) : audio_channel(t);
	struct telco_line *l = channel ? seize(t, channel, c->digital) : NULL;

	if (!l)
		return NULL;
	copy_text(l->number, c->dialed);
	copy_text(l->dialing, c->dialing);
	copy_text(l->subaddress, c->subaddress);
	l->incoming = true;
	l->far = far;
	l->script = t->o.script;
	if (c->speed)
		l->script.speed = c->speed;
	l->gives_up_ns = c->gives_up_ns ? c->gives_up_ns : 120 * NET_SECOND;
	l->state = LINE_RINGING;
	l->ops->incoming(l);
	line_after(l, 0, rings);
	return l;
}

struct telco_line *telco_ring(struct telco *t, const struct telco_caller *c)
{
	return telco_ring_from(t, c, NULL);
}

void telco_answer(struct telco_line *l)
{
	if (!l->incoming || l->state != LINE_RINGING)
		return;
	l->script.outcome = l->far ? TELCO_ANSWER : l->bank->answer;
	l->ops->answer(l);
	modem_train(l, l->script.outcome == TELCO_SLOW ? slow_ns : 0);
}

void telco_hangup(struct telco_line *l, uint16_t cause)
{
	if (l->state == LINE_RELEASED)
		return;
	if (l->state != LINE_DEAD)
		l->ops->clear(l, cause ? cause : CAUSE_NORMAL);
	let_far_go(l, TELCO_NO_CARRIER);
	release(l);
}

void telco_reject(struct telco_line *l, bool busy)
{
	if (l->state == LINE_RELEASED)
		return;
	if (l->state != LINE_DEAD)
		l->ops->reject(l, busy);
	let_far_go(l, busy ? TELCO_BUSY : TELCO_REJECTED);
	release(l);
}

/* --- the other end --------------------------------------------------------------------------- */

static void far_cleared(struct telco_line *l)
{
	line_fail(l, TELCO_NO_CARRIER);
}

static void clear_from_far(struct telco_line *l, bool hung_up, uint16_t cause)
{
	if (l->state == LINE_DEAD || l->state == LINE_RELEASED)
		return;
	l->ops->far_clears(l, cause);
	if (l->incoming || l->state == LINE_UP || l->state == LINE_RETRAINING) {
		line_drop(l, hung_up, l->cause);
		return;
	}
	stop_timers(l);
	l->state = LINE_DEAD;
	line_after(l, 0, far_cleared);
}

void telco_far_hangup(struct telco_line *l)
{
	clear_from_far(l, true, CAUSE_NORMAL);
}

void telco_carrier_loss(struct telco_line *l)
{
	clear_from_far(l, false, CAUSE_TEMPORARY);
}

static void errors_told(void *ctx)
{
	tell(ctx, TELCO_ERRORS, TELCO_ANSWER);
}

void line_tell_errors(struct telco_line *l)
{
	l->notify.fn = errors_told;
	if (l->state != LINE_DEAD && l->state != LINE_RELEASED)
		net_timer_set(l->bank->net, &l->notify, net_now(l->bank->net));
}

void telco_count_errors(struct telco_line *l, const struct telco_errors *more)
{
	l->errors.crc += more->crc;
	l->errors.framing += more->framing;
	l->errors.hardware += more->hardware;
	l->errors.buffer += more->buffer;
	l->errors.timeout += more->timeout;
	l->errors.alignment += more->alignment;
	line_tell_errors(l);
}

/* --- questions ------------------------------------------------------------------------------- */

void telco_set_owner(struct telco_line *l, void *owner, uint32_t tag)
{
	l->owner = owner;
	l->tag = tag;
}

void *telco_owner(const struct telco_line *l)
{
	return l->owner;
}

uint32_t telco_tag(const struct telco_line *l)
{
	return l->tag;
}

const struct telco_errors *telco_errors(const struct telco_line *l)
{
	return &l->errors;
}

enum line_kind telco_line_kind(const struct telco_line *l)
{
	return l->where.kind;
}

const char *telco_line_kind_name(enum line_kind k)
{
	return k == LINE_ANALOG ? "analog" : k == LINE_BRI ? "bri" : "pri";
}

bool telco_line_digital(const struct telco_line *l)
{
	return l->digital;
}

bool telco_line_incoming(const struct telco_line *l)
{
	return l->incoming;
}

uint32_t telco_line_channel(const struct telco_line *l)
{
	return (uint32_t)(l->where.kind + 1) << 24 | (uint32_t)l->where.line << 8 | l->where.b;
}

const char *telco_line_number(const struct telco_line *l)
{
	return l->number;
}

const char *telco_line_dialing(const struct telco_line *l)
{
	return l->dialing;
}

const char *telco_line_subaddress(const struct telco_line *l)
{
	return l->subaddress;
}

uint32_t telco_line_speed(const struct telco_line *l)
{
	return l->speed;
}

const char *telco_line_state(const struct telco_line *l)
{
	static const char *const names[LINE_STATES] = {
		[LINE_DIALING] = "dialing",   [LINE_RINGING] = "ringing",       [LINE_TRAINING] = "training",
		[LINE_UP] = "connected",      [LINE_RETRAINING] = "retraining", [LINE_DEAD] = "dead",
		[LINE_RELEASED] = "released",
	};

	return names[l->state];
}

const char *telco_line_log(const struct telco_line *l)
{
	return l->log;
}

struct telco_line *telco_line_at(struct telco *t, unsigned i)
{
	unsigned remembered = t->npast < PAST ? t->npast : PAST;

	for (struct telco_line *l = t->lines; l; l = l->next)
		if (i-- == 0)
			return l;
	return i < remembered ? t->past[(t->npast - 1 - i) % PAST] : NULL;
}

bool telco_line_in_use(const struct telco_line *l)
{
	return l->state != LINE_RELEASED;
}

/* --- data ------------------------------------------------------------------------------------ */

bool telco_has_port(const struct telco_line *l)
{
	return l->far;
}

void telco_accm(struct telco_line *l, uint32_t send, uint32_t receive)
{
	l->accm = send;
	l->reader.accm = receive;
}

uint32_t telco_accm_of(const struct telco_line *l)
{
	return l->accm;
}

size_t telco_read(const struct telco_line *l, uint8_t *out, size_t room)
{
	size_t n = l->tail_end < TAIL ? (size_t)l->tail_end : TAIL;

	if (n > room)
		n = room;
	for (size_t i = 0; i < n; i++)
		out[i] = l->tail[(l->tail_end - n + i) % TAIL];
	return n;
}

/* To the modem at the far end, through the noise. */
static void to_far(struct telco_line *l, uint8_t *octets, size_t len)
{
	size_t kept = 0;

	for (size_t i = 0; i < len; i++)
		if (modem_noise(l, &octets[i]))
			octets[kept++] = octets[i];
	at_modem_octets(l->far, octets, kept);
}

void telco_write(struct telco_line *l, const uint8_t *frame, size_t len)
{
	uint8_t line[HDLC_LINE];
	size_t n;

	if (l->state != LINE_UP && l->state != LINE_RETRAINING)
		return;
	/* A terminal adapter at the far end of a synchronous line escapes all: it knows of no masks. */
	n = hdlc_encode(frame, len, l->digital ? UINT32_MAX : l->accm, line, sizeof(line));
	for (size_t i = 0; i < n && !l->digital; i++)
		l->tail[l->tail_end++ % TAIL] = line[i];
	if (l->far)
		to_far(l, line, n);
}

bool telco_passes(struct telco_line *l, size_t len)
{
	if (l->state != LINE_UP)
		return false;
	if (modem_noise_spares(l, len))
		return true;
	line_tell_errors(l);
	return false;
}

/* Takes octets that wait up to the end of a frame; false: they are at an end. */
static bool next_frame(struct telco_line *l, size_t *frame)
{
	size_t used = 0;

	*frame = 0;
	while (used < l->nheld && !*frame)
		*frame = hdlc_read(&l->reader, l->held[used++]);
	l->nheld -= used;
	memmove(l->held, l->held + used, l->nheld);
	return *frame;
}

static void feed(void *ctx)
{
	struct telco_line *l = ctx;
	uint64_t bad = l->reader.bad_fcs;
	struct telco_told told = { .event = TELCO_DATA, .line = l };
	bool got;

	if (l->state != LINE_UP)
		return;
	got = next_frame(l, &told.len);
	if (l->reader.bad_fcs != bad) {
		l->errors.crc += (uint32_t)(l->reader.bad_fcs - bad);
		line_tell_errors(l);
	}
	if (!got)
		return;
	net_timer_set(l->bank->net, &l->feed, net_now(l->bank->net));
	told.octets = l->reader.octets;
	l->bank->fn(l->bank->ctx, &told);
}

void line_far_octets(struct telco_line *l, const uint8_t *octets, size_t len)
{
	uint32_t before = l->errors.framing + l->errors.hardware + l->errors.alignment + l->errors.buffer;

	for (size_t i = 0; i < len; i++) {
		uint8_t octet = octets[i];

		if (l->nheld == HELD)
			l->errors.buffer++;
		else if (modem_noise(l, &octet))
			l->held[l->nheld++] = octet;
	}
	if (l->errors.framing + l->errors.hardware + l->errors.alignment + l->errors.buffer != before)
		line_tell_errors(l);
	l->feed.fn = feed;
	net_timer_set(l->bank->net, &l->feed, net_now(l->bank->net));
}
