/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What calls and flows keep short: it comes back as it was, near the beginning of the call and far from it.
 */
#include "conformance/conversation.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>

#include "conformance/flow.h"
#include "conformance/pool.h"

#define S(n) (INT64_C(1000000000) * (n))

static struct call a_call(void)
{
	static struct tunnel tunnel = { .id = 1, .pac = -1 };
	struct call c = {
		.id = 1, .tunnel = &tunnel, .first_frame = FRAME_OF(2, 100), .first_time = S(1700000000)
	};

	for (unsigned from = 0; from < HOSTS; from++)
		c.flow[from].key = 1 << 17 | from << 16 | 7;
	return c;
}

static void test_short_times(void)
{
	/* Among them one whose lower 48 bits are all 0. */
	const int64_t around[] = { 0, 1000, S(1700000000), (INT64_C(1) << 48) * 1000,
				   (INT64_C(6) << 48) * 1000 };
	const int64_t apart[] = { 0, 1000, S(1), S(86400) * 365, S(86400) * 365 * 4 };

	for (unsigned i = 0; i < sizeof(around) / sizeof(*around); i++)
		for (unsigned k = 0; k < sizeof(apart) / sizeof(*apart); k++) {
			const struct short_time t = short_time(around[i]);
			int64_t kept = around[i] % ((INT64_C(1) << 48) * 1000) ? around[i] : around[i] + 1000;

			CU_ASSERT_TRUE(t.low || t.high);
			CU_ASSERT_EQUAL(long_time(t, around[i] + apart[k]), kept);
			CU_ASSERT_EQUAL(long_time(t, around[i] - apart[k]), kept);
		}
}

static bool step_is(const struct call *c, enum call_step step, uint64_t frame, int64_t time_ns)
{
	const struct call_step_seen seen = call_step(c, step);

	return seen.frame == frame && seen.time_ns == time_ns;
}

/* Each step, and the last message, at that distance from the first moment. */
static void steps_at(uint64_t frames, int64_t ns)
{
	struct call c = a_call();
	const struct call_step_seen seen = { c.first_frame + frames, c.first_time + ns };

	for (enum call_step step = 0; step < CALL_STEPS; step++) {
		CU_ASSERT_EQUAL(call_step(&c, step).frame, 0);
		CU_ASSERT_TRUE(call_step_take(&c, step, seen));
		CU_ASSERT_TRUE(step_is(&c, step, seen.frame, seen.time_ns));
	}
	CU_ASSERT_EQUAL(call_last_message(&c).frame, c.first_frame);
	CU_ASSERT_TRUE(call_last_take(&c, seen));
	/* It begins earlier, and then so much earlier that nothing is near any more. */
	for (unsigned days = 0; days < 2; days++) {
		CU_ASSERT_TRUE(
			call_first_take(&c, (struct call_step_seen){ FRAME_OF(2 - days, 50),
								     c.first_time - S(86400) * days - 1 }));
		for (enum call_step step = 0; step < CALL_STEPS; step++)
			CU_ASSERT_TRUE(step_is(&c, step, seen.frame, seen.time_ns));
		CU_ASSERT_EQUAL(call_last_message(&c).frame, seen.frame);
		CU_ASSERT_EQUAL(call_last_message(&c).time_ns, seen.time_ns);
	}
	free(c.rare);
}

static void test_steps(void)
{
	steps_at(0, 0);
	steps_at(1, 1);
	steps_at(UINT32_MAX, UINT32_MAX);
	steps_at(UINT64_C(1) << 32, 5);
	steps_at(5, INT64_C(1) << 32);
	steps_at(5, -1); /* the clock was set back */
	steps_at(FRAME_OF(1, 0), S(3600));
}

static void packet(struct call *c, unsigned from, uint64_t frame, int64_t time_ns)
{
	const struct gre_pkt g = { .flags = GRE_K | GRE_S | 1 };

	flow_apply(&c->flow[from], &c->flow[!from], &g, frame, time_ns);
}

/* Packets of both directions come, then the call turns out to have begun earlier. */
static void frames_at(uint64_t first, uint64_t last)
{
	struct call c = a_call();
	const int64_t time_ns = c.first_time + S(10);

	for (unsigned from = 0; from < HOSTS; from++) {
		CU_ASSERT_EQUAL(flow_first_frame(&c.flow[from]), 0);
		CU_ASSERT_EQUAL(flow_last_frame(&c.flow[from]), 0);
		packet(&c, from, first + from, c.first_time);
		packet(&c, from, last + from, time_ns);
	}
	for (unsigned days = 0; days < 2; days++) {
		for (unsigned from = 0; from < HOSTS; from++) {
			CU_ASSERT_EQUAL(flow_first_frame(&c.flow[from]), first + from);
			CU_ASSERT_EQUAL(flow_last_frame(&c.flow[from]), last + from);
			CU_ASSERT_EQUAL(flow_last_time(&c.flow[from]), time_ns);
		}
		CU_ASSERT_EQUAL(call_last(&c).frame, last + 1);
		CU_ASSERT_EQUAL(call_last(&c).time_ns, time_ns);
		CU_ASSERT_TRUE(
			call_first_take(&c, (struct call_step_seen){ FRAME_OF(2 - days, 50),
								     c.first_time - S(86400) * days }));
	}
	free(c.rare);
}

static void test_frames(void)
{
	frames_at(FRAME_OF(2, 100), FRAME_OF(2, 101));
	frames_at(FRAME_OF(2, 101), FRAME_OF(2, 100) + UINT32_MAX);
	frames_at(FRAME_OF(2, 101), FRAME_OF(2, 101) + UINT32_MAX);
	frames_at(FRAME_OF(2, 99), FRAME_OF(3, 5)); /* the next capture */
	frames_at(FRAME_OF(3, 1), FRAME_OF(500, 1));
}

static void test_connection(void)
{
	struct control_connection x = { .id = UINT64_C(1) << 40 };
	struct call c = a_call(), alone = a_call();

	c.control.live = &x;
	CU_ASSERT_TRUE(call_controlled(&c));
	CU_ASSERT_PTR_EQUAL(call_connection(&c), &x);
	CU_ASSERT_EQUAL(call_connection_id(&c), x.id);
	call_let_go(&c);
	call_let_go(&c);
	CU_ASSERT_TRUE(call_controlled(&c));
	CU_ASSERT_PTR_NULL(call_connection(&c));
	CU_ASSERT_EQUAL(call_connection_id(&c), x.id);
	call_let_go(&alone);
	CU_ASSERT_FALSE(call_controlled(&alone));
	CU_ASSERT_EQUAL(call_connection_id(&alone), 0);
}

static void test_side_by_side(void)
{
	enum { MOST = 100000 };
	struct pool p;
	struct call *c, *again;

	pool_init(&p, sizeof(*c));
	CU_ASSERT_EQUAL_FATAL(pool_reserve(&p, MOST), MOST);
	for (size_t i = 0; i < MOST; i++) {
		c = pool_get(&p);
		CU_ASSERT_PTR_EQUAL(c, (struct call *)(void *)p.side_by_side + i);
	}
	CU_ASSERT_PTR_NULL(pool_get(&p));
	c->id = 1;
	pool_put(&p, c);
	CU_ASSERT_EQUAL(p.live, MOST - 1);
	again = pool_get(&p);
	CU_ASSERT_PTR_EQUAL(again, c);
	CU_ASSERT_EQUAL(again->id, 0);
	pool_clear(&p);
}

void suite_conversation(void)
{
	CU_pSuite s = CU_add_suite("conversation", NULL, NULL);

	CU_add_test(s, "short times", test_short_times);
	CU_add_test(s, "steps near the first moment and far from it", test_steps);
	CU_add_test(s, "frames of flows, near and far", test_frames);
	CU_add_test(s, "the connection, and its number when it is gone", test_connection);
	CU_add_test(s, "records side by side", test_side_by_side);
}
