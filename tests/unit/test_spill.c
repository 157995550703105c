/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections and calls in the temporary file: what they were, and in the order of a report. */
#include "analyzer/spill.h"

#include <CUnit/CUnit.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "conformance/ppp_session.h"

enum { TUNNELS = 7, RECORDS = 20000, SMALL_WINDOW = 16384, FEW_MERGED = 4 };

static struct tunnel tunnel[TUNNELS];
static struct call_rare rare = { .step = { [STEP_CLEAR] = { 5, 0 } } };
static struct moment moments[MOMENTS_KEPT];
static struct ppp_session *ppp;

static struct ppp_session *session(void)
{
	static const uint8_t pap[] = { 0xc0, 0x23, 1, 1, 0, 13, 3, 'l', 'a', 'b', 4, 'p', 'a', 's', 's' };
	const struct ppp_seen seen = { .from = 0, .frame = 7 };
	struct ppp_session *s = NULL;
	struct ppp_frame f;

	ppp_decode(pap, sizeof(pap), sizeof(pap), &f);
	ppp_session_packet(&s, NULL, &seen, &f);
	return s;
}

static int start(void)
{
	for (unsigned i = 0; i < TUNNELS; i++)
		tunnel[i].id = i + 1;
	for (unsigned i = 0; i < MOMENTS_KEPT; i++)
		moments[i].frame = 100 + i;
	ppp = session();
	return ppp ? 0 : -1;
}

static int stop(void)
{
	ppp_session_free(ppp);
	return 0;
}

/* Where and what the i-th record is: ids in an order of their own. */
static uint64_t id_of(unsigned i)
{
	return 1 + i * 2654435761u % 1000003;
}

static bool put_call(struct spill *s, unsigned i)
{
	const struct flow none = { .packets = 0 }, flow = { .key = 1 << 17, .packets = 9 };
	const struct call c = {
		.id = id_of(i),
		.tunnel = &tunnel[i % TUNNELS],
		.flow = { i & 1 ? flow : none, i & 2 ? flow : none },
		.rare = i % 3 == 0 ? NULL : &rare,
		.ppp = i % 5 == 4 ? NULL : ppp,
		.physical_channel = i,
	};

	return spill_call(s, &c);
}

static bool put_connection(struct spill *s, unsigned i)
{
	const struct control_connection c = {
		.id = id_of(i),
		.tunnel = &tunnel[i % TUNNELS],
		.gaps = i,
		.history = { .moment = moments, .room = MOMENTS_KEPT, .count = i % 100 },
	};

	return spill_connection(s, &c, i % 2);
}

static void check_call(struct spill *s)
{
	struct call_rare r;
	struct call c;
	unsigned i;

	CU_ASSERT_TRUE_FATAL(spill_take_call(s, &c, &r));
	i = c.physical_channel;
	CU_ASSERT_EQUAL(c.id, id_of(i));
	CU_ASSERT_EQUAL(!call_flow(&c, 0), !(i & 1));
	CU_ASSERT_EQUAL(!call_flow(&c, 1), !(i & 2));
	CU_ASSERT_TRUE(!call_flow(&c, 1) || c.flow[1].packets == 9);
	CU_ASSERT_EQUAL(!c.rare, i % 3 == 0);
	CU_ASSERT_EQUAL(call_step(&c, STEP_CLEAR).frame, c.rare ? 5 : 0);
	CU_ASSERT_EQUAL(!c.ppp, i % 5 == 4);
	if (c.ppp) {
		const struct ppp_text *user = ppp_session_text(c.ppp, PPP_TEXT_USER, 1);

		CU_ASSERT_TRUE(user && user->len == 3 && memcmp(user->octets, "lab", 3) == 0);
		CU_ASSERT_EQUAL(c.ppp->auth[1].response_frame, 7);
	}
	ppp_session_free(c.ppp);
}

static void check_connection(struct spill *s)
{
	struct moment room[MOMENTS_KEPT];
	struct control_connection c;
	uint64_t skipped;
	unsigned i;

	CU_ASSERT_TRUE_FATAL(spill_take_connection(s, &c, room));
	i = c.gaps;
	CU_ASSERT_EQUAL(c.id, id_of(i));
	CU_ASSERT_EQUAL(c.history.count, i % 2 ? i % 100 : 0);
	CU_ASSERT_EQUAL(!history_at(&c.history, 0, &skipped), !c.history.count);
	if (c.history.count)
		CU_ASSERT_EQUAL(history_at(&c.history, 0, &skipped)->frame, 100);
}

/* Every third is a connection. */
static void fill(struct spill *s, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		CU_ASSERT_TRUE_FATAL(i % 3 ? put_call(s, i) : put_connection(s, i));
}

/* Whether everything comes back, once and in order. */
static void check(struct spill *s, unsigned n)
{
	const struct spill_head *h;
	struct spill_head before = { 0 };
	unsigned count = 0;

	CU_ASSERT_TRUE_FATAL(spill_rewind(s));
	for (; (h = spill_next(s)); count++) {
		CU_ASSERT_TRUE(h->tunnel > before.tunnel ||
			       (h->tunnel == before.tunnel &&
				(h->kind > before.kind || (h->kind == before.kind && h->id > before.id))));
		before = *h;
		if (h->kind == SPILL_CALL)
			check_call(s);
		else
			check_connection(s);
	}
	CU_ASSERT_EQUAL(count, n);
	CU_ASSERT_FALSE(s->broken);
	CU_ASSERT_FALSE(put_call(s, 1));
	spill_clear(s);
}

static void nothing(void)
{
	struct spill s = { 0 };

	check(&s, 0);
}

static void in_memory(void)
{
	struct spill s = { 0 };

	fill(&s, 50);
	CU_ASSERT_PTR_NULL(s.file);
	check(&s, 50);
}

static void in_a_file(void)
{
	struct spill s = { 0 };

	fill(&s, RECORDS);
	CU_ASSERT_TRUE(s.nruns > 1);
	check(&s, RECORDS);
}

/* Runs are merged on the way, more than once, and records are longer than what is read ahead of each. */
static void merged(void)
{
	struct spill s = { .window = SMALL_WINDOW, .merged = FEW_MERGED };
	unsigned level = 0;

	fill(&s, RECORDS);
	for (size_t i = 0; i < s.nruns; i++)
		level = s.run[i].level > level ? s.run[i].level : level;
	CU_ASSERT_TRUE(level >= 2);
	CU_ASSERT_TRUE(s.nruns < FEW_MERGED * (level + 1));
	check(&s, RECORDS);
}

/* No record is lost that could not be written, and none that was. */
static void disk_full(void)
{
	struct spill s = { .window = SMALL_WINDOW, .merged = FEW_MERGED };
	unsigned n = 0;
	int whole;

	for (; s.nruns < 2; n++)
		CU_ASSERT_TRUE_FATAL(put_call(&s, n));
	whole = dup(fileno(s.file));
	CU_ASSERT_TRUE_FATAL(whole >= 0);
	/* Writing fails from here on, reading works. */
	CU_ASSERT_PTR_NOT_NULL_FATAL(freopen("/proc/self/exe", "r", s.file));
	while (put_call(&s, n))
		n++;
	CU_ASSERT_TRUE(s.failed);
	CU_ASSERT_TRUE_FATAL(dup2(whole, fileno(s.file)) >= 0);
	close(whole);
	check(&s, n);
}

/* Room for one more run, but not to merge: those that wait must survive the attempt. */
static void no_room_to_merge(void)
{
	struct spill s = { .window = SMALL_WINDOW, .merged = FEW_MERGED };
	struct rlimit before, limit;
	unsigned n = 0;

	for (; s.nruns < FEW_MERGED - 1; n++)
		CU_ASSERT_TRUE_FATAL(put_call(&s, n));
	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = s.end + SMALL_WINDOW;
	signal(SIGXFSZ, SIG_IGN);
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &limit), 0);
	while (put_call(&s, n))
		n++;
	setrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, SIG_DFL);
	CU_ASSERT_EQUAL(s.nruns, FEW_MERGED);
	CU_ASSERT_TRUE(s.failed);
	check(&s, n);
}

static void damaged(void)
{
	static const uint8_t garbage[64] = { 0 };
	struct spill s = { .window = SMALL_WINDOW };
	const struct spill_head *h;
	struct call_rare r;
	struct call c;
	unsigned n = 0;

	for (; s.nruns < 3; n++)
		CU_ASSERT_TRUE_FATAL(put_call(&s, n));
	CU_ASSERT_EQUAL(pwrite(fileno(s.file), garbage, sizeof(garbage), (off_t)s.run[1].at), sizeof(garbage));
	CU_ASSERT_TRUE(spill_rewind(&s));
	while ((h = spill_next(&s)) && spill_take_call(&s, &c, &r)) {
		ppp_session_free(c.ppp);
		n--;
	}
	CU_ASSERT_TRUE(s.broken);
	CU_ASSERT_TRUE(n > 0);
	spill_clear(&s);
}

void suite_spill(void)
{
	CU_pSuite s = CU_add_suite("spill", start, stop);

	CU_add_test(s, "nothing", nothing);
	CU_add_test(s, "a few stay in memory", in_memory);
	CU_add_test(s, "many come back from a file", in_a_file);
	CU_add_test(s, "runs are merged", merged);
	CU_add_test(s, "a full disk loses nothing", disk_full);
	CU_add_test(s, "what cannot be merged stays as it is", no_room_to_merge);
	CU_add_test(s, "a damaged file is said", damaged);
}
