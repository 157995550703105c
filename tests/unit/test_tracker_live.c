/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tracker that runs for weeks: what is over is told of and forgotten, and limits hold. */
#include <CUnit/CUnit.h>
#include <stdio.h>

#include "analyzer/tracker_private.h"
#include "dissectors/ip.h"

#define SECOND INT64_C(1000000000)

static struct tracker *t;
static int64_t now;
static uint64_t done_calls, done_connections, done_tunnels, begun, joined;

static void call_begun(void *ctx, struct call *c)
{
	(void)ctx;
	(void)c;
	begun++;
}

static void call_done(void *ctx, struct call *c)
{
	(void)ctx;
	(void)c;
	done_calls++;
}

static void connection_done(void *ctx, struct control_connection *c)
{
	(void)ctx;
	(void)c;
	done_connections++;
}

static void call_joined(void *ctx, struct call *into, struct call *other)
{
	(void)ctx;
	CU_ASSERT_PTR_NOT_EQUAL(into, other);
	joined++;
}

static void tunnel_done(void *ctx, struct tunnel *x)
{
	(void)ctx;
	(void)x;
	done_tunnels++;
}

static void begin(size_t max_tunnels, size_t max_calls)
{
	const struct tracker_hooks hooks = { .call_begun = call_begun,
					     .call_done = call_done,
					     .connection_done = connection_done,
					     .call_joined = call_joined,
					     .tunnel_done = tunnel_done };
	struct tracker_limits l = tracker_default_limits;

	l.live = true;
	l.keep_ended = 0;
	l.max_tunnels = max_tunnels;
	l.max_calls = max_calls;
	l.idle_ns = 160 * SECOND;
	l.tunnel_idle_ns = 160 * SECOND;
	now = 1000 * SECOND;
	done_calls = done_connections = done_tunnels = begun = joined = 0;
	t = tracker_new(&l, &hooks);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	tracker_tick(t, now);
}

static void end(void)
{
	tracker_finish(t);
	tracker_free(t);
}

static struct tunnel *tunnel(unsigned n)
{
	struct ip_addr a, b;
	char text[32];
	unsigned from;

	snprintf(text, sizeof(text), "10.1.%u.%u", n >> 8, n & 255);
	CU_ASSERT_TRUE(ip_addr_parse(text, &a));
	CU_ASSERT_TRUE(ip_addr_parse("10.0.0.1", &b));
	return tracker_tunnel(t, 0, &a, &b, &from);
}

static struct flow *gre(struct tunnel *x, unsigned from, uint16_t call_id)
{
	const struct gre_pkt g = { .flags = GRE_K | GRE_S | 1,
				   .protocol = GRE_PROTO_PPP,
				   .call_id = call_id };
	struct flow *f = tracker_flow(t, x, &from, call_id);

	return tracker_gre(t, x, from, f, &g, 1, now);
}

/* Time passes, with ticks. */
static void pass(int64_t seconds)
{
	for (; seconds > 0; seconds--)
		tracker_tick(t, now += SECOND);
}

static void test_aging(void)
{
	begin(1000, 1000);
	gre(tunnel(1), 0, 7);
	pass(100);
	CU_ASSERT_EQUAL(done_calls, 0);
	pass(120);
	CU_ASSERT_EQUAL(done_calls, 1);
	CU_ASSERT_EQUAL(tracker_stats(t)->live_calls, 0);
	pass(200);
	CU_ASSERT_EQUAL(tracker_stats(t)->live_tunnels, 0);
	CU_ASSERT_EQUAL(tracker_stats(t)->tunnels, 1);
	/* The same hosts again are a new tunnel. */
	CU_ASSERT_EQUAL(tunnel(1)->id, 2);
	CU_ASSERT_EQUAL(tracker_stats(t)->spilled, 0);
	end();
}

/* Removing from the table must leave all others to be found. */
static void test_many_tunnels(void)
{
	enum { MANY = 3000 };

	begin(100000, 100000);
	for (unsigned i = 0; i < MANY; i++)
		CU_ASSERT_PTR_NOT_NULL(gre(tunnel(i), 0, 1));
	for (unsigned s = 0; s < 500; s++) {
		for (unsigned i = 0; i < MANY; i += 3)
			gre(tunnel(i), 0, 1);
		pass(1);
	}
	CU_ASSERT_EQUAL(tracker_stats(t)->live_tunnels, MANY / 3);
	CU_ASSERT_EQUAL(done_calls, MANY - MANY / 3);
	for (unsigned i = 0; i < MANY; i += 3)
		CU_ASSERT_EQUAL(tunnel(i)->id, i + 1);
	CU_ASSERT_EQUAL(tracker_stats(t)->tunnels, MANY);
	end();
}

static void test_connections_end(void)
{
	struct tunnel *x;
	struct control_connection *c;

	begin(1000, 1000);
	x = tunnel(1);
	c = tracker_connection(t, x, 0, 1, now);
	CU_ASSERT_PTR_NOT_NULL_FATAL(tracker_call_new(t, x, c, 2, now));
	tracker_connection_end(t, c, CLOSE_FIN, now);
	pass(9);
	CU_ASSERT_EQUAL(done_calls + done_connections, 0);
	pass(2);
	CU_ASSERT_EQUAL(done_calls, 1);
	CU_ASSERT_EQUAL(done_connections, 1);
	CU_ASSERT_PTR_NULL(x->first_connection);
	CU_ASSERT_PTR_NULL(x->first_call);
	end();
}

/* Near the limit what matters least makes room; a connection's call never does. */
static void test_relief(void)
{
	struct tunnel *x;
	struct control_connection *c;

	begin(1000, 100);
	x = tunnel(1);
	c = tracker_connection(t, x, 0, 1, now);
	tracker_call_new(t, x, c, 1, now)->state = CALL_ESTABLISHED;
	for (unsigned i = 0; i < 99; i++)
		CU_ASSERT_PTR_NOT_NULL(gre(tunnel(2 + i), 0, 1));
	CU_ASSERT_PTR_NULL(gre(tunnel(500), 0, 1));
	CU_ASSERT_EQUAL(tracker_stats(t)->over_limit, 1);
	pass(3);
	CU_ASSERT_TRUE(tracker_stats(t)->evicted_calls >= 90);
	CU_ASSERT_EQUAL(tracker_stats(t)->evicted_calls, done_calls);
	CU_ASSERT_PTR_NOT_NULL(gre(tunnel(500), 0, 1));
	CU_ASSERT_PTR_EQUAL(call_connection(x->first_call), c);
	tracker_connection_end(t, c, CLOSE_FIN, now);
	end();
}

static void test_tunnel_limit(void)
{
	begin(64, 1000);
	for (unsigned i = 0; i < 64; i++)
		CU_ASSERT_PTR_NOT_NULL(tunnel(i));
	CU_ASSERT_PTR_NULL(tunnel(64));
	pass(1);
	CU_ASSERT_PTR_NOT_NULL(tunnel(64));
	CU_ASSERT_TRUE(tracker_stats(t)->evicted_tunnels > 0);
	end();
}

static void test_clock_back(void)
{
	begin(1000, 1000);
	gre(tunnel(1), 0, 7);
	now -= 100000 * SECOND;
	pass(1);
	gre(tunnel(2), 0, 7);
	pass(400);
	CU_ASSERT_EQUAL(done_calls, 2);
	CU_ASSERT_EQUAL(tracker_stats(t)->live_tunnels, 0);
	end();
}

/* Names of hosts, a new one in each connection, are not kept when the connections are gone. */
static void test_texts(void)
{
	enum { MANY = 400000, LIVE = 10000 };
	uint8_t text[64] = { 0 };
	const void *name, *first = NULL;
	struct control_connection *c;

	begin(1000, 1000);
	c = tracker_connection(t, tunnel(1), 0, 1, now);
	for (unsigned i = 0; i < MANY; i++) {
		memcpy(text, &i, sizeof(i));
		name = tracker_intern(t, text, sizeof(text));
		if (!i)
			c->start[0].host_name = first = name;
		if (!name)
			pass(1);
		if (i % LIVE == 0)
			pass(20);
	}
	CU_ASSERT_TRUE(t->interned_octets <= TEXTS_MAX);
	memset(text, 0, sizeof(text));
	CU_ASSERT_PTR_EQUAL(tracker_intern(t, text, sizeof(text)), first);
	text[63] = 1;
	CU_ASSERT_PTR_NOT_NULL(tracker_intern(t, text, sizeof(text)));
	tracker_connection_end(t, c, CLOSE_FIN, now);
	end();
}

static void test_ids(void)
{
	struct tracker_limits l = tracker_default_limits;

	l.id_step = 4;
	l.id_first = UINT64_C(2) - 4; /* the second of four */
	t = tracker_new(&l, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	now = SECOND;
	CU_ASSERT_EQUAL(tunnel(1)->id, 2);
	CU_ASSERT_EQUAL(tunnel(2)->id, 6);
	CU_ASSERT_EQUAL(flow_call(gre(tunnel(1), 0, 1))->id, 2);
	CU_ASSERT_EQUAL(tracker_connection(t, tunnel(1), 0, 1, now)->id, 2);
	CU_ASSERT_EQUAL(tracker_connection(t, tunnel(1), 0, 1, now)->id, 6);
	end();
}

static bool count_call(void *ctx, const struct call *c)
{
	unsigned *n = ctx;

	CU_ASSERT_FALSE(c->over);
	return ++*n < 3;
}

static void test_live_calls(void)
{
	unsigned n = 0;

	begin(1000, 1000);
	for (unsigned i = 0; i < 5; i++)
		gre(tunnel(i), 0, 1);
	tracker_live_calls(t, count_call, &n);
	CU_ASSERT_EQUAL(n, 3);
	CU_ASSERT_EQUAL(begun, 5);
	end();
	CU_ASSERT_EQUAL(done_calls, 5);
	CU_ASSERT_EQUAL(done_tunnels, 5);
}

void suite_tracker_live(void)
{
	CU_pSuite s = CU_add_suite("tracker, live", NULL, NULL);

	CU_add_test(s, "silent calls and tunnels age out", test_aging);
	CU_add_test(s, "removed tunnels hide no others", test_many_tunnels);
	CU_add_test(s, "what has ended lingers and goes", test_connections_end);
	CU_add_test(s, "room near the limit of calls", test_relief);
	CU_add_test(s, "room near the limit of tunnels", test_tunnel_limit);
	CU_add_test(s, "a clock that is set back", test_clock_back);
	CU_add_test(s, "texts that nobody names", test_texts);
	CU_add_test(s, "ids of several trackers", test_ids);
	CU_add_test(s, "the calls that are going on", test_live_calls);
}
