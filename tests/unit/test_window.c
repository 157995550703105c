/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flow control of the data sender: RFC 2637 sections 4.2 and 4.4. */
#include "conformance/window.h"

#include <CUnit/CUnit.h>

void suite_sliding_window(void);

#define MS INT64_C(1000000)

static struct window w;

static void begin(uint16_t maximum, int64_t delay)
{
	struct window_options o = { maximum, delay, 100 * MS, 8000 * MS };

	window_init(&w, &o);
}

/* Sends as many as may go, and returns how many that were. */
static unsigned fill(int64_t now)
{
	unsigned n = 0;

	while (window_room(&w)) {
		window_sent(&w, now);
		n++;
	}
	return n;
}

static void starts_at_half(void)
{
	static const struct {
		uint16_t maximum, first;
	} rows[] = { { 0, 1 }, { 1, 1 }, { 2, 1 }, { 8, 4 }, { 9, 5 }, { 64, 32 } };

	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		begin(rows[i].maximum, 0);
		CU_ASSERT_EQUAL(fill(0), rows[i].first);
		CU_ASSERT_EQUAL(window_room(&w), 0);
	}
}

static void grows_by_one_a_window(void)
{
	begin(8, 0);
	for (unsigned size = 4; size < 12; size++) {
		unsigned n = fill(0);

		CU_ASSERT_EQUAL(n, size < 8 ? size : 8);
		CU_ASSERT_TRUE(window_acked(&w, w.next - 1, 50 * MS));
	}
}

static void halves_at_timeouts(void)
{
	static const unsigned sizes[] = { 8, 4, 2, 1, 1 };
	int64_t now = 0;

	begin(16, 0);
	for (unsigned i = 0; i < 5; i++) {
		CU_ASSERT_EQUAL(fill(now), sizes[i]);
		now = w.deadline;
		window_timeout(&w, now);
		CU_ASSERT_EQUAL(w.timeouts, i + 1);
		CU_ASSERT_EQUAL(w.deadline, INT64_MAX);
	}
	begin(9, 0);
	fill(0);
	window_timeout(&w, w.deadline);
	CU_ASSERT_EQUAL(fill(now), 3); /* half of 5, rounded up */
}

static void timeout_only_when_due(void)
{
	begin(4, 0);
	window_sent(&w, 0);
	window_timeout(&w, w.deadline - 1);
	CU_ASSERT_EQUAL(w.timeouts, 0);
	CU_ASSERT_EQUAL(w.next - w.acked, 1);
}

static void backs_off_to_the_limit(void)
{
	static const int64_t waits[] = { 100, 200, 400, 800, 1600, 3200, 6400, 8000, 8000 };
	int64_t now = 0;

	begin(4, 0);
	for (unsigned i = 0; i < sizeof(waits) / sizeof(*waits); i++) {
		window_sent(&w, now);
		CU_ASSERT_EQUAL(w.deadline - now, waits[i] * MS);
		now = w.deadline;
		window_timeout(&w, now);
	}
}

static void comes_down_when_acks_flow(void)
{
	int64_t now = 0, before;

	begin(4, 3000 * MS);
	CU_ASSERT_EQUAL(w.timeout_ns, 3000 * MS);
	/* The formula of 4.4.1, once: DIFF = -2900, DEV = 725, RTT = 2637.5. */
	window_sent(&w, now);
	window_acked(&w, 0, now + 100 * MS);
	CU_ASSERT_EQUAL(w.dev_ns, 725 * MS);
	CU_ASSERT_EQUAL(w.rtt_ns, 26375 * MS / 10);
	CU_ASSERT_EQUAL(w.timeout_ns, (26375 + 29000) * MS / 10);
	before = w.timeout_ns;
	for (unsigned i = 1; i < 100; i++) {
		window_sent(&w, now);
		window_acked(&w, i, now + 100 * MS);
		now += 200 * MS;
	}
	CU_ASSERT_TRUE(w.timeout_ns < before);
	CU_ASSERT_TRUE(w.timeout_ns >= 100 * MS && w.timeout_ns < 110 * MS);
}

static void acks_of_no_use(void)
{
	begin(8, 0);
	CU_ASSERT_FALSE(window_acked(&w, 0, 0));
	fill(0);
	CU_ASSERT_FALSE(window_acked(&w, 4, MS));
	CU_ASSERT_TRUE(window_acked(&w, 1, MS));
	CU_ASSERT_FALSE(window_acked(&w, 0, MS));
	CU_ASSERT_FALSE(window_acked(&w, 1, MS));
	CU_ASSERT_EQUAL(window_room(&w), 2);
	window_timeout(&w, w.deadline);
	CU_ASSERT_FALSE(window_acked(&w, 3, 2 * MS));
}

static void numbers_wrap(void)
{
	begin(8, 0);
	w.next = w.acked = UINT32_MAX - 1;
	CU_ASSERT_EQUAL(fill(0), 4);
	CU_ASSERT_EQUAL(w.next, 2);
	CU_ASSERT_TRUE(window_acked(&w, UINT32_MAX, MS));
	CU_ASSERT_TRUE(window_acked(&w, 1, MS));
	CU_ASSERT_EQUAL(w.deadline, INT64_MAX);
}

/* The deadline follows the oldest packet that is out. */
static void deadline_of_the_oldest(void)
{
	begin(8, 0);
	window_sent(&w, 0);
	window_sent(&w, 10 * MS);
	CU_ASSERT_EQUAL(w.deadline, w.timeout_ns);
	window_acked(&w, 0, 20 * MS);
	CU_ASSERT_EQUAL(w.deadline, 10 * MS + w.timeout_ns);
}

static void more_than_is_remembered(void)
{
	begin(UINT16_MAX, 0);
	CU_ASSERT_EQUAL(fill(0), WINDOW_SENT / 2);
	for (unsigned i = 0; i < WINDOW_SENT; i++)
		window_sent(&w, MS);
	CU_ASSERT_EQUAL(w.next - w.acked, WINDOW_SENT);
	CU_ASSERT_EQUAL(window_room(&w), 0);
	CU_ASSERT_TRUE(window_acked(&w, w.next - 1, 2 * MS));
}

void suite_sliding_window(void)
{
	CU_pSuite s = CU_add_suite("window", NULL, NULL);

	CU_add_test(s, "starts at half of what the peer announced, at least one", starts_at_half);
	CU_add_test(s, "grows by one for each window acknowledged, up to the maximum", grows_by_one_a_window);
	CU_add_test(s, "a time-out gives up what is out and halves the window", halves_at_timeouts);
	CU_add_test(s, "nothing times out before its time", timeout_only_when_due);
	CU_add_test(s, "time-outs double up to the limit", backs_off_to_the_limit);
	CU_add_test(s, "time-outs follow the formula, and come down slowly", comes_down_when_acks_flow);
	CU_add_test(s, "old acknowledgments and such of what was not sent change nothing", acks_of_no_use);
	CU_add_test(s, "sequence numbers wrap", numbers_wrap);
	CU_add_test(s, "the deadline is that of the oldest packet out", deadline_of_the_oldest);
	CU_add_test(s, "a huge window is used as far as send times are remembered", more_than_is_remembered);
}
