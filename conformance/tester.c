/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A test's life: its fiber, its verdict, time, hooks. */
#include <stdio.h>
#include <stdlib.h>

#include "conformance/endpoint.h"
#include "conformance/tester_private.h"

/* Seconds from what a test sends to a hook that builds on it. */
static const double SETTLED = 0.1, AGAIN = 0.5;

struct hook_call {
	struct tester *t; /* NULL: the test has gone on without it */
};

/* --- time ------------------------------------------------------------------------------------ */

double tester_seconds(const struct tester *t, int64_t time_ns)
{
	return (double)(time_ns - t->started) / (double)NET_SECOND;
}

int64_t tester_time(const struct tester *t, double seconds)
{
	int64_t at = t->started + (int64_t)(seconds * (double)NET_SECOND);

	/* Never before the time that is meant as it reads back, or who waits for it would wait no time forever. */
	while (tester_seconds(t, at) < seconds)
		at++;
	return at;
}

double t_now(const struct tester *t)
{
	return tester_seconds(t, net_now(t->o->net));
}

uint16_t t_oldest_version(const struct tester *t)
{
	return t->o->oldest_version;
}

double t_scaled(const struct tester *t, double seconds)
{
	return seconds * t->o->time_scale;
}

static void resume(void *ctx);

void tester_wake(struct tester *t)
{
	t->woken = true;
	if (t->fiber && !fiber_running(t->fiber) && t->wake.slot)
		net_timer_set(t->o->net, &t->wake, net_now(t->o->net));
}

bool tester_pause(struct tester *t, double until)
{
	int64_t due = tester_time(t, until);

	if (!t->woken) {
		net_timer_set(t->o->net, &t->wake, due);
		fiber_yield(t->fiber);
	}
	if (!t->woken)
		return false;
	t->woken = false;
	return true;
}

void t_sleep(struct tester *t, double seconds)
{
	double until = t_now(t) + seconds;

	while (tester_pause(t, until))
		;
}

/* --- hope ------------------------------------------------------------------------------------- */

/* A wait that is long enough to mean something; losses in a row after which even what once came is doubted. */
enum { LONG_SECONDS = 5, ROW = 5 };

double hope_patience(const struct hope *h, double seconds)
{
	if (is_hopeless(h) && seconds > 1)
		return 1;
	return h->in_vain >= ROW && seconds > LONG_SECONDS ? LONG_SECONDS : seconds;
}

void hope_waited(struct hope *h, double seconds, bool came)
{
	h->came |= came;
	if (came)
		h->in_vain = 0;
	else if (seconds >= LONG_SECONDS)
		h->in_vain++;
}

/* --- life ------------------------------------------------------------------------------------ */

/* After the verdict: what the test left open ends in order, what it had the device do is undone, all is over.
 */
static void close_down(void *arg)
{
	struct tester *t = arg;

	t->closing = true;
	link_close_all(t);
	/* It would take the connections of those beside along. */
	if (t->hooked && !t->beside)
		t_try_hook(t, "dut-reset", NULL);
	t->over = true;
}

static void body(void *arg)
{
	struct tester *t = arg;

	t->run(t, t->run_arg);
	t_pass(t);
}

static void finish(struct tester *t)
{
	struct runner *r = t->runner;

	net_timer_cancel(t->o->net, &t->wake);
	net_timer_cancel(t->o->net, &t->limit);
	runner_test_over(r, t);
}

/* The verdict is there: the rest of the test's life is a fiber that ends what it left open. */
static void begin_closing(struct tester *t)
{
	fiber_free(t->fiber);
	t->fiber = fiber_new(close_down, t);
	t->result.duration = t_now(t);
	t->woken = false;
	if (t->fiber) {
		net_timer_set(t->o->net, &t->wake, net_now(t->o->net));
		return;
	}
	t->over = true;
	finish(t);
}

static void resume(void *ctx)
{
	struct tester *t = ctx;

	fiber_resume(t->fiber);
	if (!fiber_ended(t->fiber))
		return;
	if (t->closing || t->over) {
		finish(t);
		return;
	}
	begin_closing(t);
}

void tester_cut(struct tester *t, enum verdict_kind v, const char *reason)
{
	if (t->ended) {
		/* It hangs in closing. */
		t->closing = t->over = true;
		finish(t);
		return;
	}
	t->ended = true;
	t->result.verdict = v;
	snprintf(v == VERDICT_FAIL ? t->result.observed : t->result.reason, RESULT_TEXT, "%s", reason);
	begin_closing(t);
}

/* Once a second: a test neither runs for ever nor drinks from a fire hose. */
static void check_limits(void *ctx)
{
	struct tester *t = ctx;
	char reason[RESULT_TEXT];
	bool flooded = t->octets_in > FLOOD_OCTETS, late = t_now(t) > t->patience;

	net_timer_set(t->o->net, &t->limit, net_now(t->o->net) + NET_SECOND);
	if (!late && (!flooded || t->ended))
		return;
	t->patience += CLOSING_SECONDS;
	if (flooded) {
		snprintf(reason, sizeof(reason),
			 "the device sent %llu octets on control connections in %.0f s",
			 (unsigned long long)t->octets_in, t_now(t));
		tester_cut(t, VERDICT_FAIL, reason);
	} else {
		snprintf(reason, sizeof(reason), "had not ended after %.0f s (--timeout)", t_now(t));
		tester_cut(t, VERDICT_INCONCLUSIVE, reason);
	}
}

static void seen(void *ctx, const struct net_seen *s)
{
	struct tester *t = ctx;

	if (s->protocol == IP_PROTO_TCP && !s->sent)
		t->octets_in += s->len;
	if (t->e->record && t->recording && t->octets_in <= FLOOD_OCTETS)
		t->e->record(t->e_ctx, t->recording, s);
}

struct tester *tester_new(struct runner *r, const struct runner_options *o, const struct runner_events *e,
			  void *e_ctx, const char *name)
{
	struct tester *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->runner = r;
	t->o = o;
	t->e = e;
	t->e_ctx = e_ctx;
	t->result.name = name;
	t->result.close_verdict = -1;
	t->last_arrival = &t->arrivals;
	t->wake = (struct net_timer){ .fn = resume, .ctx = t };
	t->limit = (struct net_timer){ .fn = check_limits, .ctx = t };
	return t;
}

struct net_host *tester_host(struct tester *t, const struct ip_addr *addr)
{
	struct net_tap tap = { .ctx = t, .seen = seen };

	if (t->source && ip_addr_same(t->source, addr))
		return t->host;
	for (unsigned i = 0; i < MORE_HOSTS; i++) {
		if (!t->more[i].host) {
			t->more[i].addr = *addr;
			t->more[i].host = net_host_new(t->o->net, addr, &tap);
		}
		if (t->more[i].host && ip_addr_same(&t->more[i].addr, addr))
			return t->more[i].host;
	}
	tester_broken(t, "no memory");
}

bool tester_begin(struct tester *t)
{
	struct net_tap tap = { .ctx = t, .seen = seen };
	int64_t now = net_now(t->o->net);

	t->started = now;
	t->random = t->o->seed;
	for (const char *c = t->result.name; *c; c++) /* the same numbers whatever ran before */
		t->random = (t->random ^ (uint8_t)*c) * UINT32_C(16777619);
	if (t->e->record_begin)
		t->recording = t->e->record_begin(t->e_ctx, t->result.name);
	t->host = net_host_new(t->o->net, t->source, &tap);
	t->fiber = fiber_new(body, t);
	if (!t->host || !t->fiber)
		return false;
	t->patience = t->o->timeout;
	net_timer_set(t->o->net, &t->limit, now + NET_SECOND);
	net_timer_set(t->o->net, &t->wake, now);
	return true;
}

void tester_free(struct tester *t)
{
	if (!t)
		return;
	net_timer_cancel(t->o->net, &t->wake);
	net_timer_cancel(t->o->net, &t->limit);
	gre_free_all(t);
	call_free_all(t);
	link_free_all(t);
	if (t->hook)
		t->hook->t = NULL;
	free(t->hook_output);
	net_host_free(t->host);
	for (unsigned i = 0; i < MORE_HOSTS; i++)
		net_host_free(t->more[i].host);
	fiber_free(t->fiber);
	free(t);
}

/* --- verdicts -------------------------------------------------------------------------------- */

void tester_end(struct tester *t, enum verdict_kind v)
{
	t->ended = true;
	t->result.verdict = v;
	fiber_exit(t->fiber);
}

void t_pass(struct tester *t)
{
	tester_end(t, VERDICT_PASS);
}

#define SAY(buffer, format)                                                                                  \
	do {                                                                                                 \
		va_list args_;                                                                               \
		va_start(args_, format);                                                                     \
		vsnprintf(buffer, sizeof(buffer), format, args_);                                            \
		va_end(args_);                                                                               \
	} while (0)

void t_fail(struct tester *t, const char *observed, ...)
{
	SAY(t->result.observed, observed);
	tester_end(t, VERDICT_FAIL);
}

void t_unsupported(struct tester *t, const char *why, ...)
{
	SAY(t->result.reason, why);
	tester_end(t, VERDICT_UNSUPPORTED);
}

void t_inconclusive(struct tester *t, const char *why, ...)
{
	SAY(t->result.reason, why);
	tester_end(t, VERDICT_INCONCLUSIVE);
}

void t_skip(struct tester *t, const char *why, ...)
{
	SAY(t->result.reason, why);
	tester_end(t, VERDICT_SKIPPED);
}

void tester_broken(struct tester *t, const char *why, ...)
{
	SAY(t->result.reason, why);
	t->result.ours = true;
	tester_end(t, VERDICT_INCONCLUSIVE);
}

void *tester_memory(struct tester *t, size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		tester_broken(t, "no memory");
	return p;
}

void t_expected(struct tester *t, const char *text, ...)
{
	SAY(t->result.expected, text);
}

/* Once says it all: tests do the same several times. */
static bool noted(const struct tester *t, const char *line)
{
	for (unsigned i = 0; i < t->result.nnotes; i++)
		if (strcmp(t->result.note[i].text, line) == 0)
			return true;
	return false;
}

/* Beyond RESULT_NOTES the last one says so. */
static char *next_note(struct tester *t, bool warning)
{
	struct test_result *r = &t->result;
	unsigned i = r->nnotes < RESULT_NOTES ? r->nnotes++ : RESULT_NOTES - 1;

	r->note[i].warning = warning || (i == RESULT_NOTES - 1 && r->note[i].warning);
	r->warned = r->warned || warning;
	return r->note[i].text;
}

void t_note(struct tester *t, const char *text, ...)
{
	char line[RESULT_TEXT];

	SAY(line, text);
	if (!noted(t, line))
		snprintf(next_note(t, false), RESULT_TEXT, "%s", line);
}

void t_warn(struct tester *t, const char *text, ...)
{
	char line[RESULT_TEXT];

	SAY(line, text);
	if (!noted(t, line))
		snprintf(next_note(t, true), RESULT_TEXT, "%s", line);
}

/* --- about the DUT and this run -------------------------------------------------------------- */

enum role t_dut(const struct tester *t)
{
	return t->o->dut;
}

enum role t_self(const struct tester *t)
{
	return t->o->dut == ROLE_PAC ? ROLE_PNS : ROLE_PAC;
}

const struct ip_addr *t_dut_address(const struct tester *t)
{
	return t->links && t->o->listen ? &t->links->peer : &t->o->address;
}

bool t_can_gre(const struct tester *t)
{
	return t->o->gre;
}

enum rule_profile t_profile(const struct tester *t)
{
	return t->o->profile;
}

uint32_t t_random(struct tester *t)
{
	t->random = t->random * UINT32_C(1664525) + UINT32_C(1013904223);
	return t->random >> 16 | t->random << 16;
}

uint16_t t_new_id(struct tester *t)
{
	return runner_new_id(t->runner);
}

bool t_second_address(const struct tester *t, struct ip_addr *a)
{
	for (size_t i = 0; i < t->o->nsources; i++)
		if (!t->source || !ip_addr_same(t->source, &t->o->sources[i])) {
			*a = t->o->sources[i];
			return true;
		}
	return false;
}

bool t_own_address(const struct tester *t, bool higher, struct ip_addr *a)
{
	const struct ip_addr *dut = t_dut_address(t);

	for (size_t i = 0; i < t->o->nsources; i++) {
		const struct ip_addr *own = &t->o->sources[i];
		int order = ip_addr_cmp(own, dut);

		if (ip_addr_is_v4(own) && ip_addr_is_v4(dut) && (higher ? order > 0 : order < 0)) {
			*a = *own;
			return true;
		}
	}
	return false;
}

/* --- hooks ----------------------------------------------------------------------------------- */

static void hook_done(void *token, int status, const char *output)
{
	struct hook_call *h = token;
	struct tester *t = h->t;

	if (t) {
		t->hook = NULL;
		t->hook_status = status;
		free(t->hook_output);
		t->hook_output = strdup(output ? output : "");
		t->hook_done = true;
		tester_wake(t);
	}
	free(h);
}

static int run_hook(struct tester *t, unsigned argc, const char *const *argv)
{
	struct hook_call *h;

	if (!t->e->hook || runner_hook_missing(t->runner, argv[0]))
		return HOOK_NONE;
	if (!t->closing)
		t_sleep(t, SETTLED); /* what the test has just sent has arrived */
	h = tester_memory(t, sizeof(*h));
	h->t = t;
	t->hooked = true;
	t->hook = h;
	t->hook_done = false;
	if (!t->e->hook(t->e_ctx, t->source, argc, argv, hook_done, h)) {
		t->hook = NULL;
		free(h);
		return HOOK_NONE;
	}
	while (!t->hook_done)
		tester_pause(t, t_now(t) + 3600); /* whoever runs hooks bounds their time */
	if (t->hook_status == HOOK_NONE)
		runner_hook_is_missing(t->runner, argv[0]);
	return t->hook_status;
}

static int run_hook_args(struct tester *t, const char *name, va_list args)
{
	const char *argv[HOOK_ARGUMENTS + 1] = { name };
	unsigned argc = 1;

	while (argc < HOOK_ARGUMENTS && (argv[argc] = va_arg(args, const char *)))
		argc++;
	argv[argc] = NULL;
	return run_hook(t, argc, argv);
}

int t_try_hook(struct tester *t, const char *name, ...)
{
	va_list args;
	int status;

	va_start(args, name);
	status = run_hook_args(t, name, args);
	va_end(args);
	return status;
}

/* What a hook has answered, without the newline at its end. */
static const char *answer(struct tester *t)
{
	size_t len = strlen(t->hook_output ? t->hook_output : "");

	while (len && (t->hook_output[len - 1] == '\n' || t->hook_output[len - 1] == '\r'))
		t->hook_output[--len] = '\0';
	return len ? t->hook_output : "";
}

void tester_hook_ended(struct tester *t, const char *name, int status)
{
	const char *said = answer(t);

	if (status == HOOK_NONE)
		t_skip(t, "the device has no hook %s", name);
	t_inconclusive(t, "hook %s %s%s%s", name, status == HOOK_NOT_NOW ? "is not possible now" : "failed",
		       *said ? ": " : "", said);
}

const char *t_hook(struct tester *t, const char *name, ...)
{
	va_list args;
	int status;

	va_start(args, name);
	status = run_hook_args(t, name, args);
	va_end(args);
	if (status == HOOK_NOT_NOW) { /* perhaps it has not read yet what the test has sent */
		t_sleep(t, AGAIN);
		va_start(args, name);
		status = run_hook_args(t, name, args);
		va_end(args);
	}
	if (status == HOOK_DONE)
		return answer(t);
	if (status == HOOK_NOT_NOW && t_dials_once(t) && strcmp(name, "dut-dial") == 0)
		t_unsupported(t, "%s", DIALS_ONCE);
	tester_hook_ended(t, name, status);
}

bool tester_client_ended(struct tester *t, char *why, size_t room)
{
	if (!t->o->dials_once || t_try_hook(t, HOOK_ENDED, NULL) != HOOK_DONE)
		return false;
	snprintf(why, room, "%s", answer(t));
	return true;
}

bool t_dials_once(const struct tester *t)
{
	return t->o->dials_once && t->o->dut == ROLE_PNS;
}

bool t_has_hook(const struct tester *t, const char *name)
{
	return t->e->hook && !runner_hook_missing(t->runner, name);
}
