/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which tests run, when, beside whom, and what their verdicts come to. */
#include "conformance/runner.h"

#include <stdio.h>
#include <stdlib.h>

#include "conformance/tester_private.h"

enum {
	LANES_MAX = 64,
	FEW_LANES = 4, /* that leave a machine time enough */
	MISSING_MAX = 32, /* hooks */
	DOWN_TRIES = 3,   /* sanity tests before a device is given up */
	HOOK_NAME = 32,
	AT_ONCE_SECONDS = 3,
};

#define DOWN_PAUSE (3 * NET_SECOND)

struct runner {
	struct runner_options o;
	struct runner_events e;
	void *ctx;
	struct tester *lane[LANES_MAX];
	unsigned lanes; /* in use side by side */
	bool beside;    /* tests stand beside each other now */
	char missing[MISSING_MAX][HOOK_NAME];
	unsigned nmissing;
	enum incoming incoming;
	struct hope hope[HOPES];
	bool never_sends[CTRL_TYPES];
	uint16_t next_id;
	bool down;
	bool quiet;          /* what runs now is not reported */
	bool may_hold, held; /* a test that could not connect is tried again, and reported then */
	bool done[RULES];
	bool doubted[RULES];           /* failed beside others: tried once more before it is reported */
	bool last_try;                 /* that is now */
	enum verdict_kind verdict;     /* of what ran last */
	unsigned established;          /* connections that stood side by side */
	char last[64], down_since[64]; /* names of tests */
};

const char *verdict_name(enum verdict_kind v)
{
	static const char *const names[VERDICTS] = { "pass", "fail", "unsupported", "inconclusive",
						     "skipped" };

	return names[v];
}

bool runner_hook_missing(const struct runner *r, const char *name)
{
	for (unsigned i = 0; i < r->nmissing; i++)
		if (strcmp(r->missing[i], name) == 0)
			return true;
	return false;
}

void runner_hook_is_missing(struct runner *r, const char *name)
{
	if (r->nmissing < MISSING_MAX && !runner_hook_missing(r, name))
		snprintf(r->missing[r->nmissing++], HOOK_NAME, "%s", name);
}

/* A client that is only started and ended does nothing else on request. */
static void know_clients(struct runner *r)
{
	static const char *const beyond[] = { "dut-traffic", "dut-telco",  "dut-log",      "dut-config",
					      "dut-reset",   "dut-ring", "dut-wan-error" };

	for (size_t i = 0; i < sizeof(beyond) / sizeof(*beyond); i++)
		runner_hook_is_missing(r, beyond[i]);
}

struct runner *runner_new(const struct runner_options *o, const struct runner_events *e, void *ctx)
{
	struct runner *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->o = *o;
	r->e = *e;
	r->ctx = ctx;
	r->lanes = 1;
	r->next_id = (uint16_t)(o->seed * 40503u + 4096);
	if (o->clients)
		know_clients(r);
	return r;
}

void runner_free(struct runner *r)
{
	if (!r)
		return;
	for (unsigned i = 0; i < LANES_MAX; i++)
		tester_free(r->lane[i]);
	free(r);
}

unsigned runner_lanes(const struct runner *r)
{
	return r->lanes;
}

/* --- what tests ask ---------------------------------------------------------------------------------- */

uint16_t runner_new_id(struct runner *r)
{
	if (!++r->next_id)
		r->next_id = 1; /* 0 is allowed, but some devices take it for none */
	return r->next_id;
}

struct hope *runner_hope(struct runner *r, enum hope_for what)
{
	return &r->hope[what];
}

enum incoming *runner_incoming(struct runner *r)
{
	return &r->incoming;
}

bool runner_never_sends(const struct runner *r, enum ctrl_type type)
{
	return r->never_sends[type];
}

void runner_sends_never(struct runner *r, enum ctrl_type type)
{
	r->never_sends[type] = true;
}

/* --- selection ------------------------------------------------------------------------------------------ */

bool runner_takes(const struct runner *r, const struct test_case *t)
{
	const struct rule *rule = &rules[t->rule];
	enum rule_dut other = r->o.dut == ROLE_PAC ? DUT_PNS : DUT_PAC;

	return (!r->o.selected || r->o.selected[t->rule]) && rule->dut != other &&
	       rule_holds(rule, r->o.profile);
}

/* Hooks that a device of the other role would need. */
static bool concerns(const struct runner *r, const char *hook)
{
	if (r->o.dut == ROLE_PAC)
		return strcmp(hook, "dut-dial") != 0;
	return strcmp(hook, "dut-ring") != 0 && strcmp(hook, "dut-telco") != 0 &&
	       strcmp(hook, "dut-wan-error") != 0;
}

/* The first of the hooks needed that there is not; false: all are there. */
static bool lacks_hook(const struct runner *r, const struct test_case *t, char name[HOOK_NAME])
{
	const char *at = t->hooks ? t->hooks : "";

	if (t->flags & TEST_INCOMING && r->o.dut == ROLE_PAC) {
		snprintf(name, HOOK_NAME, "dut-ring");
		if (!r->e.hook || runner_hook_missing(r, name))
			return true;
	}
	for (int used; sscanf(at, " %31s%n", name, &used) == 1; at += used)
		if (concerns(r, name) && (!r->e.hook || runner_hook_missing(r, name)))
			return true;
	return false;
}

/* What a profile has instead is tested by requirements of its own. */
static bool changed_by_profile(const struct runner *r, const struct test_case *t)
{
	return r->o.profile == PROFILE_MS_PTPT && rules[t->rule].effect == EFFECT_CHANGED &&
	       rules[t->rule].note;
}

const char *runner_skips(const struct runner *r, const struct test_case *t, char *buf, size_t room)
{
	char hook[HOOK_NAME];

	if (r->down)
		snprintf(buf, room, "the device has been down since %s", r->down_since);
	else if (t->flags & TEST_GRE && !r->o.gre)
		snprintf(buf, room, "it takes a raw socket for GRE (CAP_NET_RAW)");
	else if (changed_by_profile(r, t))
		snprintf(buf, room, "the profile has another form of it: %s", rules[t->rule].note);
	else if (t->flags & TEST_SEVERAL && !r->o.oldest_version)
		snprintf(buf, room, "it is for devices of several protocol versions (--versions)");
	else if (t->flags & TEST_WAITS && r->o.fast)
		snprintf(buf, room, "it waits for the device's timers (--fast)");
	else if (t->flags & TEST_SLOW && r->o.fast)
		snprintf(buf, room, "it takes minutes (--fast)");
	else if (lacks_hook(r, t, hook))
		snprintf(buf, room, "it needs the hook %s%s", hook,
			 r->e.hook ? ", which the device does not have" : " (--hook)");
	else
		return NULL;
	return buf;
}

/* --- verdicts ------------------------------------------------------------------------------------------- */

/* A requirement that only the judge watches: what it finds of it counts wherever it finds it. */
static bool is_only_watched(const struct finding *f, bool strict)
{
	const struct rule *rule = rule_by_id(f->id);
	enum severity least = strict ? SEVERITY_WARNING : SEVERITY_ERROR;

	return rule && !rule_active(rule) && f->severity >= least && f->certainty == CERTAIN;
}

static bool decides(const struct test_case *t, const struct finding *f, bool strict)
{
	const char *id = f->id;
	const char *at = t->also ? t->also : "";
	char other[64];

	if (strcmp(rules[t->rule].id, id) == 0 || is_only_watched(f, strict))
		return true;
	for (int used; sscanf(at, " %63s%n", other, &used) == 1; at += used)
		if (strcmp(other, id) == 0)
			return true;
	return false;
}

/* Borne, with a remark: what the requirement's own words let pass, as a first Sequence Number of 1. */
static bool is_borne(const struct tester *t, const struct finding *f)
{
	const struct rule *rule = rule_by_id(f->id);

	if (t->flags & TEST_BEARS && f->severity == SEVERITY_NOTE)
		return true;
	return rule && f->severity < rule_severity(rule, f->certainty);
}

/* What the passive judge found of what the test is about fails it. */
static void count_findings(struct tester *tester, bool strict)
{
	const struct test_case *t = tester->test;
	struct test_result *r = &tester->result;

	for (size_t i = 0; i < r->nfindings; i++) {
		const struct finding *f = &r->findings[i];

		if (!decides(t, f, strict))
			continue;
		if (is_borne(tester, f)) {
			t_note(tester, "%s", f->message);
			continue;
		}
		r->verdict = VERDICT_FAIL;
		r->reason[0] = '\0';
		if (strstr(f->message, f->observed))
			snprintf(r->observed, sizeof(r->observed), "%s", f->message);
		else
			snprintf(r->observed, sizeof(r->observed), "%s: %s", f->message, f->observed);
		if (*f->expected)
			snprintf(r->expected, sizeof(r->expected), "%s", f->expected);
		return;
	}
}

static void fail_warned(struct test_result *r)
{
	for (unsigned i = 0; i < r->nnotes; i++)
		if (r->note[i].warning) {
			r->verdict = VERDICT_FAIL;
			snprintf(r->observed, sizeof(r->observed), "%s", r->note[i].text);
			return;
		}
}

static void settle(struct runner *r, struct tester *t)
{
	struct test_result *result = &t->result;

	result->test = t->test;
	if (t->recording && r->e.record_end)
		r->e.record_end(r->ctx, t->recording, result);
	t->recording = NULL; /* what is freed later may still be sent, and seen */
	if (!t->test)
		return;
	if (result->verdict != VERDICT_FAIL && result->verdict != VERDICT_SKIPPED)
		count_findings(t, r->o.strict);
	if (result->verdict == VERDICT_PASS && r->o.strict && result->warned)
		fail_warned(result);
	if (result->verdict != VERDICT_FAIL)
		*result->known_as = '\0';
	if (!*result->expected)
		snprintf(result->expected, sizeof(result->expected), "%s", t->test->expected);
}

/* --- running one ------------------------------------------------------------------------------------------
 */

static void run_case(struct tester *t, void *arg)
{
	(void)arg;
	t->test->run(t);
}

/* Once more, because of what the first attempt taught, or because the user wants it. */
static bool try_again(const struct runner *r, const struct tester *t)
{
	const struct test_result *result = &t->result;

	if (r->quiet || result->ours ||
	    (result->verdict != VERDICT_FAIL && result->verdict != VERDICT_INCONCLUSIVE))
		return false;
	return (t->again && result->tries == 1) || result->tries <= r->o.retries;
}

static bool launch(struct runner *r, unsigned lane, const struct tester *like, unsigned tries)
{
	struct tester *t = tester_new(r, &r->o, &r->e, r->ctx, like->result.name);

	r->lane[lane] = t;
	if (!t)
		return false;
	t->test = like->test;
	t->run = like->run;
	t->run_arg = like->run_arg;
	t->flags = like->flags;
	t->beside = r->beside;
	t->result.tries = tries;
	t->result.scenario = like->result.scenario;
	if (r->o.nsources)
		t->source = &r->o.sources[lane % r->o.nsources];
	if (!tester_begin(t)) {
		tester_free(t);
		r->lane[lane] = NULL;
		return false;
	}
	return true;
}

static unsigned lane_of(const struct runner *r, const struct tester *t)
{
	unsigned i = 0;

	while (i < LANES_MAX - 1 && r->lane[i] != t)
		i++;
	return i;
}

/* How it was launched, for the next try. */
static struct tester likeness(const struct tester *t)
{
	return (struct tester){
		.test = t->test,
		.run = t->run,
		.run_arg = t->run_arg,
		.flags = t->flags,
		.result.name = t->result.name,
		.result.scenario = t->result.scenario,
	};
}

/*
 * Those that only wait are meant to stand beside others; of the rest neighbours may have been the reason.  What was
 * inconclusive at once costs little to try again.
 */
static bool is_doubtful(const struct tester *t)
{
	const struct test_result *result = &t->result;

	return t->test && !(t->flags & TEST_WAITS) &&
	       (result->verdict == VERDICT_FAIL ||
		(result->verdict == VERDICT_INCONCLUSIVE &&
		 (t->unreachable || result->duration < AT_ONCE_SECONDS)));
}

void runner_test_over(struct runner *r, struct tester *t)
{
	unsigned lane = lane_of(r, t);
	struct tester like = likeness(t);
	unsigned tries = t->result.tries;
	bool again;

	settle(r, t);
	r->verdict = t->result.verdict;
	r->held = r->may_hold && t->unreachable;
	again = !r->held && try_again(r, t);
	if (!again && r->verdict == VERDICT_PASS && tries > 1)
		t_note(t, "it passed when tried again");
	if (r->beside && !r->last_try && !again && is_doubtful(t))
		r->doubted[t->test->rule] = true;
	else if (!r->quiet && !again && !r->held && r->e.ended)
		r->e.ended(r->ctx, &t->result);
	r->lane[lane] = NULL;
	tester_free(t);
	if (again)
		launch(r, lane, &like, tries + 1);
}

static bool running(const struct runner *r)
{
	for (unsigned i = 0; i < LANES_MAX; i++)
		if (r->lane[i])
			return true;
	return false;
}

static void cut_all(struct runner *r, const char *reason)
{
	for (unsigned i = 0; i < LANES_MAX; i++)
		if (r->lane[i] && !r->lane[i]->ended)
			tester_cut(r->lane[i], VERDICT_INCONCLUSIVE, reason);
}

static void turn(struct runner *r, const volatile bool *stop)
{
	if (!net_step(r->o.net, NET_NEVER) && net_is_virtual(r->o.net))
		cut_all(r, "nothing can happen any more");
	if (stop && *stop)
		cut_all(r, "interrupted");
}

/* Reports what could not even begin. */
static void report(struct runner *r, const struct test_case *t, const char *name, enum verdict_kind v,
		   const char *reason, bool ours)
{
	struct test_result result = {
		.test = t, .name = name, .verdict = v, .close_verdict = -1, .ours = ours
	};

	snprintf(result.reason, sizeof(result.reason), "%s", reason);
	if (t)
		snprintf(result.expected, sizeof(result.expected), "%s", t->expected);
	if (r->e.ended)
		r->e.ended(r->ctx, &result);
}

static void begin(struct runner *r, unsigned lane, const struct tester *like)
{
	if (!r->quiet && r->e.started)
		r->e.started(r->ctx, like->test, like->result.name);
	snprintf(r->last, sizeof(r->last), "%s", like->result.name);
	if (!launch(r, lane, like, 1))
		report(r, like->test, like->result.name, VERDICT_INCONCLUSIVE, "no memory", true);
}

static void run_alone(struct runner *r, const struct tester *like, const volatile bool *stop)
{
	begin(r, 0, like);
	while (running(r))
		turn(r, stop);
}

static struct tester of_case(const struct test_case *c)
{
	return (struct tester){
		.test = c, .run = run_case, .flags = c->flags, .result.name = rules[c->rule].id
	};
}

void runner_run_one(struct runner *r, const char *name, void (*run)(struct tester *t, void *arg), void *arg,
		    unsigned flags)
{
	struct tester like = {
		.run = run,
		.run_arg = arg,
		.flags = flags,
		.result.name = name,
		.result.scenario = true,
	};

	run_alone(r, &like, NULL);
}

/* --- is it there?
 * ------------------------------------------------------------------------------------------- */

/* Codes by which a device says that it wants nothing to do with the tester. */
static bool is_refusal(int64_t result)
{
	return result >= 2 && result <= 5;
}

/* There is somebody who speaks PPTP.  Whether it speaks it well is for the tests to say. */
static void sanity(struct tester *t, void *arg)
{
	struct t_link *l = t->o->listen ? t_dut_connects(t) : t_tcp_up(t);
	const struct ctrl_msg *m;

	(void)arg;
	t_expected(t, "the device starts a control connection");
	if (t->o->listen) {
		t_need(l, CTRL_SCCRQ, CONNECT_SECONDS);
		t_answer_start(l);
		t_pass(t);
	}
	t_send(l, CTRL_SCCRQ, NULL);
	m = t_need(l, CTRL_SCCRP, CONNECT_SECONDS);
	if (is_refusal(t_field(m, "result_code")))
		t_fail(t, "the device refuses the control connection: Result %lld, Error %lld",
		       (long long)t_field(m, "result_code"), (long long)t_field(m, "error_code"));
	l->established = true;
	if (!t_alive(l))
		t_note(t, "an Echo-Request got no reply within %d s", ECHO_SECONDS);
	t_pass(t);
}

static bool sane(struct runner *r, const char *name, const volatile bool *stop)
{
	struct tester like = { .run = sanity, .result.name = name };

	run_alone(r, &like, stop);
	return r->verdict == VERDICT_PASS;
}

static void pause_for(struct runner *r, int64_t ns)
{
	int64_t until = net_now(r->o.net) + ns;

	while (net_now(r->o.net) < until)
		net_step(r->o.net, until);
}

/* A test could not connect: is that the device's end, or was it busy with itself for a moment? */
static bool came_back(struct runner *r, const char *before, const volatile bool *stop)
{
	bool back = false;

	r->quiet = true;
	for (unsigned i = 0; i < DOWN_TRIES && !back && !(stop && *stop); i++) {
		pause_for(r, DOWN_PAUSE);
		back = sane(r, "SANITY-AGAIN", stop);
	}
	r->quiet = false;
	if (!back && !(stop && *stop)) {
		r->down = true;
		snprintf(r->down_since, sizeof(r->down_since), "%s", before);
	}
	return back;
}

/* --- side by side
 * -------------------------------------------------------------------------------------------- */

/*
 * Hooks act upon the device as a whole, and many tests use them where there are any: then only those stand
 * beside each other that do nothing but wait.
 */
static bool fits_beside(const struct runner *r, const struct test_case *t)
{
	if (r->o.listen)
		return r->o.clients; /* each has a device of its own */
	return (t->flags & TEST_WAITS || !r->e.hook) && !(t->flags & (TEST_ALONE | TEST_INCOMING)) &&
	       !t->hooks && (r->o.dut == ROLE_PAC || !r->e.hook || r->incoming == INCOMING_TAKEN);
}

/* Opens as many control connections as there are jobs, each as its lane would. */
static void stand_together(struct tester *t, void *arg)
{
	struct runner *r = arg;

	for (r->established = 0; r->established < r->o.jobs; r->established++) {
		const struct ip_addr *from =
			r->o.nsources ? &r->o.sources[r->established % r->o.nsources] : NULL;
		struct t_link *l = t_link_from(t, from, 0);

		if (!l || !t_start(l))
			break;
	}
	for (struct t_link *l = t->links; l; l = l->next)
		if (l->established && !t_alive(l))
			r->established = 1;
	t_pass(t);
}

/* One of the devices that are started for the tester's addresses comes to its own. */
static void client_comes(struct tester *t, void *arg)
{
	struct t_link *l = t_dut_connects(t);
	struct runner *r = arg;

	if (t_answer_start(l) && ip_addr_same(&l->own, t->source))
		r->established++;
	t_pass(t);
}

/* So many devices as there are addresses, if the command that starts them knows how to use an address. */
static void find_clients(struct runner *r, const volatile bool *stop)
{
	struct tester like = { .run = client_comes, .run_arg = r, .result.name = "SEVERAL" };
	int64_t until = net_now(r->o.net) + CONNECT_SECONDS * NET_SECOND;

	if (r->o.jobs > r->o.nsources)
		r->o.jobs = (unsigned)r->o.nsources;
	for (unsigned lane = 0; lane < r->o.jobs; lane++)
		begin(r, lane, &like);
	while (running(r)) {
		turn(r, stop);
		if (net_now(r->o.net) > until)
			cut_all(r, "it did not come");
	}
	if (r->established < r->o.jobs)
		r->established = 1;
}

static void find_lanes(struct runner *r, const volatile bool *stop)
{
	struct tester like = { .run = stand_together, .run_arg = r, .result.name = "SEVERAL" };

	if (r->o.jobs > LANES_MAX)
		r->o.jobs = LANES_MAX;
	if (r->o.jobs < 2 || (r->o.listen && (!r->o.clients || r->o.nsources < 2)))
		return;
	r->quiet = true;
	if (r->o.listen)
		find_clients(r, stop);
	else
		run_alone(r, &like, stop);
	r->quiet = false;
	r->lanes = r->established > 1 ? r->established : 1;
}

static unsigned tests_to_run(const struct runner *r)
{
	char reason[RESULT_TEXT];
	unsigned n = 0;

	for (unsigned i = 0; i < RULES; i++) {
		const struct test_case *c = suite_by_rule((enum rule_number)i);

		n += c && runner_takes(r, c) && !runner_skips(r, c, reason, sizeof(reason));
	}
	return n;
}

/* What one test finds out need not be found out by many at once. */
static void offer_call(struct tester *t, void *arg)
{
	(void)arg;
	t_try_call(t_cc_up(t), true);
	t_pass(t);
}

static void learn_incoming(struct runner *r, const volatile bool *stop)
{
	struct tester like = { .run = offer_call, .result.name = "INCOMING" };

	if (r->lanes == 1 || !r->o.listen || r->o.dut != ROLE_PNS || tests_to_run(r) <= r->lanes)
		return;
	r->quiet = true;
	run_alone(r, &like, stop);
	r->quiet = false;
}

/* --- all of them
 * ----------------------------------------------------------------------------------------------- */

/* Skips it, with the reason, or runs it alone. */
static void take_turn(struct runner *r, const struct test_case *c, const volatile bool *stop)
{
	struct tester like = of_case(c);
	char reason[RESULT_TEXT], before[sizeof(r->last)];

	r->done[c->rule] = true;
	if (runner_skips(r, c, reason, sizeof(reason))) {
		report(r, c, rules[c->rule].id, VERDICT_SKIPPED, reason, false);
		return;
	}
	memcpy(before, r->last, sizeof(before));
	r->may_hold = true;
	run_alone(r, &like, stop);
	r->may_hold = false;
	if (!r->held)
		return;
	if (came_back(r, before, stop))
		run_alone(r, &like, stop);
	else
		report(r, c, like.result.name, VERDICT_INCONCLUSIVE, "the device accepts no connection",
		       false);
}

/* The next one that is still to run beside others; those that wait come first, since they take longest. */
static const struct test_case *next_beside(const struct runner *r, unsigned *next)
{
	while (*next < 2 * RULES) {
		unsigned i = (*next)++;
		const struct test_case *c = suite_by_rule((enum rule_number)(i % RULES));

		if (c && !r->done[c->rule] && runner_takes(r, c) && (i >= RULES || c->flags & TEST_WAITS))
			return c;
	}
	return NULL;
}

/* Starts whatever fits beside until the lanes are full; false: there is no more. */
static bool fill_lanes(struct runner *r, unsigned *next)
{
	const struct test_case *c;

	for (unsigned lane = 0; lane < r->lanes; lane++)
		while (!r->lane[lane] && (c = next_beside(r, next))) {
			struct tester like = of_case(c);

			r->done[c->rule] = true;
			begin(r, lane, &like);
		}
	return running(r);
}

static void run_beside(struct runner *r, const volatile bool *stop)
{
	unsigned next = 0;

	r->beside = true;
	while (!(stop && *stop) ? fill_lanes(r, &next) : running(r))
		turn(r, stop);
	r->beside = false;
}

/* Devices of their own do not disturb each other, but for a busy machine. */
static void run_doubted_clients(struct runner *r, const volatile bool *stop)
{
	if (r->lanes > FEW_LANES)
		r->lanes = FEW_LANES;
	for (unsigned i = 0; i < RULES; i++)
		r->done[i] = r->done[i] && !r->doubted[i];
	r->last_try = true;
	run_beside(r, stop);
}

/* What failed beside others may have been their doing.  The device gets a moment to see them all gone. */
static void run_doubted(struct runner *r, const volatile bool *stop)
{
	pause_for(r, NET_SECOND);
	if (r->o.clients) {
		run_doubted_clients(r, stop);
		return;
	}
	for (unsigned i = 0; i < RULES && !(stop && *stop); i++)
		if (r->doubted[i])
			take_turn(r, suite_by_rule((enum rule_number)i), stop);
}

/* What cannot stand beside others, or will be skipped, in order. */
static void run_in_order(struct runner *r, const volatile bool *stop)
{
	char reason[RESULT_TEXT];

	for (unsigned i = 0; i < RULES && !(stop && *stop); i++) {
		const struct test_case *c = suite_by_rule((enum rule_number)i);

		if (c && runner_takes(r, c) &&
		    (r->lanes == 1 || !fits_beside(r, c) || runner_skips(r, c, reason, sizeof(reason))))
			take_turn(r, c, stop);
	}
}

bool runner_run(struct runner *r, const volatile bool *stop)
{
	char reason[RESULT_TEXT];

	if (!sane(r, "SANITY-FIRST", stop))
		return false;
	find_lanes(r, stop);
	learn_incoming(r, stop);
	run_in_order(r, stop);
	if (r->lanes > 1 && !r->down) {
		run_beside(r, stop);
		run_doubted(r, stop);
	}
	if (stop && *stop)
		return true;
	if (!r->down) {
		sane(r, "SANITY-LAST", stop);
		return true;
	}
	snprintf(reason, sizeof(reason), "the device accepts no connection since %s", r->down_since);
	report(r, NULL, "SANITY-LAST", VERDICT_FAIL, reason, false);
	return false;
}
