/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a suite of active tests against a device and settles their verdicts.  Knows neither files nor
 * reports: what went over the wire is given to the caller, who has it judged and kept.
 */
#ifndef PPTPSCOPE_RUNNER_H
#define PPTPSCOPE_RUNNER_H

#include "conformance/finding.h"
#include "conformance/tester.h"

enum { RESULT_TEXT = 400, RESULT_NOTES = 8 };

struct test_result {
	const struct test_case *test; /* NULL: the sanity test, or a scenario */
	const char *name;             /* id, "SANITY-FIRST", "SANITY-LAST", or the scenario's name */
	bool scenario;                /* a test that no requirement has: it counts all the same */
	enum verdict_kind verdict;
	int close_verdict; /* 1 clean: the device ended what the test left open as it should; 0 unclean;
			      -1 null: nothing to end */
	char reason[RESULT_TEXT], expected[RESULT_TEXT], observed[RESULT_TEXT];
	struct {
		bool warning;
		char text[RESULT_TEXT];
	} note[RESULT_NOTES];
	unsigned nnotes;
	bool warned;
	double duration;
	unsigned tries;
	const struct finding *findings; /* of the passive judge about the DUT, in this test; borrowed */
	size_t nfindings;
	char capture[256]; /* file of --pcap-dir, or "" */
	char known_as[96];
	bool ours; /* our own fault (memory, a bug): an "error" in JUnit */
};

/* What verdicts are counted of: not the sanity tests. */
static inline bool test_counts(const struct test_result *r)
{
	return r->test || r->scenario;
}

/* A question to who starts clients (dials_once): done when the client has ended, not now while it lives. */
#define HOOK_ENDED "client-ended"

struct runner_events {
	void (*started)(void *ctx, const struct test_case *t, const char *name);
	void (*ended)(void *ctx, const struct test_result *r);
	/*
	 * A test's packets: as they come, by test; then judged when it has ended: fill findings, capture and
	 * known_as of the result.  `recording` is what begin returned.
	 */
	void *(*record_begin)(void *ctx, const char *name);
	void (*record)(void *ctx, void *recording, const struct net_seen *s);
	void (*record_end)(void *ctx, void *recording, struct test_result *r);
	/*
	 * Starts a hook; calls done(token, status, output) later, from the loop.  False: there are no hooks.
	 * own: the tester's address that the test uses, or NULL: any.
	 */
	bool (*hook)(void *ctx, const struct ip_addr *own, unsigned argc, const char *const *argv,
		     void (*done)(void *token, int status, const char *output), void *token);
};

struct runner_options {
	struct net *net;
	enum role dut;
	bool listen;                   /* the device comes to us: nothing is connected to */
	bool dials_once;               /* dut-connect starts one that dials once, when it has connected */
	bool clients;                  /* with listen: dut-connect brings each source a device of its own */
	struct ip_addr address;        /* of the device */
	uint16_t port;                 /* of the device */
	uint16_t listen_port;          /* where connections of the device are awaited; 0: 1723 */
	const struct ip_addr *sources; /* own addresses to use; none: as routes choose */
	size_t nsources;
	bool gre;                   /* raw sockets are allowed */
	double timeout, time_scale; /* seconds after which a test is given up; factor of protocol timers */
	bool fast, strict;
	uint16_t oldest_version; /* of the protocol that the device takes; 0: none but 1.0 */
	unsigned jobs, retries;
	uint32_t seed;
	enum rule_profile profile;
	const bool *selected;        /* RULES of them */
	const char *user, *password; /* PPP, or NULL */
};

struct runner;
/* Options are copied, what they point to is borrowed.  NULL: no memory. */
struct runner *runner_new(const struct runner_options *o, const struct runner_events *e, void *ctx);
/*
 * Runs until all tests have ended, or *stop.  False when the device did not pass the first sanity test, or
 * has gone away for good meanwhile: then the tests that are left are skipped.
 */
bool runner_run(struct runner *r, const volatile bool *stop);
/* How many tests stood side by side; 1: they ran one after the other. */
unsigned runner_lanes(const struct runner *r);
/* Whether a test is part of the run: selected, about such a device, holding under the profile. */
bool runner_takes(const struct runner *r, const struct test_case *t);
/* Why it would be skipped, as known before it runs; NULL: it would not. */
const char *runner_skips(const struct runner *r, const struct test_case *t, char *buf, size_t room);
/* Runs one function as a test (a scenario), sanity tests left out. */
void runner_run_one(struct runner *r, const char *name, void (*run)(struct tester *t, void *arg), void *arg,
		    unsigned flags);
void runner_free(struct runner *r);

const char *verdict_name(enum verdict_kind v);

#endif
