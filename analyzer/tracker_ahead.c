/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fetches from memory what the next packets will need: see tracker.h.
 *
 * With many calls in random order a packet waits for memory ten times, some of them one after the
 * other: the slot leads to the call, the call to what the judge remembers.  Packets are told of EXPECTED
 * before it is their turn, and each time one is told of, the ones before go a step further.  Nothing
 * is written but the processor's cache.
 */
#include "analyzer/tracker_private.h"
#include "conformance/rules_call.h"

enum {
	CROWD = 4096, /* flows: so many lie in the cache anyway */
	LINE = 64,
	STEPS = 3,
	BETWEEN = EXPECTED / 4, /* packets from one step to the next; the last step takes time, too */
};

/* gcc leaves out calls of functions that do nothing but this: to it they have no effect. */
#define FETCHES static inline __attribute__((always_inline)) void

FETCHES fetch(const void *record, size_t octets)
{
	const char *end = (const char *)record + octets;

	for (const char *at = (const char *)((uintptr_t)record & ~(uintptr_t)(LINE - 1)); at < end; at += LINE)
		__builtin_prefetch(at, 1);
}

bool tracker_crowded(const struct tracker *t)
{
	return t->flows.count >= CROWD;
}

/*
 * Records of pools stay mapped when they are released, so that what is read by way of an old one is
 * wrong at worst.
 */
static void step_on(struct tracker *t, unsigned steps)
{
	struct expected *x = &t->expected[(t->nexpected - steps * BETWEEN) % EXPECTED];

	if (!x->key)
		return;
	if (steps == 1)
		x->call = flow_table_guess(&t->flows, x->key);
	if (!x->call)
		return;
	if (steps == 1) {
		fetch(x->call, LINE);
		fetch(x->call->flow, sizeof(x->call->flow));
	} else if (x->call->memory) {
		fetch(x->call->memory, sizeof(*x->call->memory));
	}
}

void tracker_expect(struct tracker *t, uint32_t context, const struct ip_addr *src, const struct ip_addr *dst,
		    uint16_t call_id)
{
	struct expected *x = &t->expected[t->nexpected % EXPECTED];
	unsigned from;
	const struct tunnel *tunnel = tracker_tunnel_find(t, context, src, dst, &from);

	*x = (struct expected){ 0 };
	if (tunnel) {
		x->key = tracker_flow_key(tunnel, from, call_id);
		__builtin_prefetch(flow_table_home(&t->flows, x->key));
	}
	for (unsigned steps = 1; steps < STEPS; steps++)
		step_on(t, steps);
	t->nexpected++;
}
