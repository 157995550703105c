/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IP fragments joined by packet time. */
#include "analyzer/defrag.h"
#include "tests/unit/main.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>

enum { MEMORY = 1 << 20 };

static const int64_t second = 1000000000;

static struct {
	struct defrag *d;
	struct datagram f;
	struct defrag_result out;
	uint64_t frame;
	int64_t now;
} fx;

static void start_with(size_t memory)
{
	memset(&fx, 0, sizeof(fx));
	fx.d = defrag_new(memory);
	CU_ASSERT_PTR_NOT_NULL_FATAL(fx.d);
	fx.f = (struct datagram){
		.version = 4, .protocol = IP_PROTO_TCP, .ttl = 64, .fragment = true, .fragment_id = 7
	};
	fx.f.src.octet[15] = 1;
	fx.f.dst.octet[15] = 2;
	fx.now = 1000 * second;
}

static void start(void)
{
	start_with(MEMORY);
}

static void stop(void)
{
	defrag_free(fx.d);
	fx.d = NULL;
}

static bool add_len(uint32_t offset, const void *octets, uint32_t len, bool more)
{
	struct datagram f = fx.f;

	f.fragment_offset = offset;
	f.more_fragments = more;
	f.payload = octets;
	f.caplen = f.len = len;
	return defrag_add(fx.d, &f, ++fx.frame, fx.now, &fx.out);
}

/* Text is written in eights, as fragments count. */
static bool add(uint32_t offset, const char *text, bool more)
{
	return add_len(offset, text, (uint32_t)strlen(text), more);
}

static bool joined(const char *text)
{
	const struct datagram *d = &fx.out.datagram;

	return d->len == strlen(text) && d->caplen == d->len && memcmp(d->payload, text, d->len) == 0 &&
	       !d->fragment && !d->more_fragments && !d->fragment_offset;
}

static const struct defrag_stats *stats(void)
{
	return defrag_stats(fx.d);
}

static void in_order(void)
{
	start();
	CU_ASSERT_FALSE(add(0, "aaaaaaaabbbbbbbb", true));
	CU_ASSERT_FALSE(add(16, "cccccccc", true));
	CU_ASSERT_TRUE(add(24, "end", false));
	CU_ASSERT_TRUE(joined("aaaaaaaabbbbbbbbccccccccend"));
	CU_ASSERT_EQUAL(fx.out.nframes, 3);
	CU_ASSERT_EQUAL(fx.out.nfragments, 3);
	CU_ASSERT_TRUE(fx.out.frames[0] == 1 && fx.out.frames[1] == 2 && fx.out.frames[2] == 3);
	CU_ASSERT_EQUAL(fx.out.datagram.protocol, IP_PROTO_TCP);
	CU_ASSERT_EQUAL(stats()->fragments, 3);
	CU_ASSERT_EQUAL(stats()->datagrams, 1);
	defrag_expire(fx.d, INT64_MAX);
	CU_ASSERT_EQUAL(stats()->lost, 0);
	stop();
}

static void last_first(void)
{
	start();
	fx.f.ttl = 1;
	CU_ASSERT_FALSE(add(24, "end", false));
	CU_ASSERT_FALSE(add(16, "cccccccc", true));
	fx.f.ttl = 64;
	CU_ASSERT_TRUE(add(0, "aaaaaaaabbbbbbbb", true));
	CU_ASSERT_TRUE(joined("aaaaaaaabbbbbbbbccccccccend"));
	CU_ASSERT_EQUAL(fx.out.datagram.ttl, 64); /* the first fragment's header counts */
	CU_ASSERT_TRUE(fx.out.frames[0] == 1 && fx.out.frames[2] == 3);
	stop();
}

static void middle_last(void)
{
	start();
	CU_ASSERT_FALSE(add(0, "aaaaaaaa", true));
	CU_ASSERT_FALSE(add(16, "cccccccc", true));
	CU_ASSERT_FALSE(add(24, "end", false));
	CU_ASSERT_TRUE(add(8, "bbbbbbbb", true));
	CU_ASSERT_TRUE(joined("aaaaaaaabbbbbbbbccccccccend"));
	stop();
}

static void repeated(void)
{
	start();
	CU_ASSERT_FALSE(add(0, "aaaaaaaa", true));
	CU_ASSERT_FALSE(add(0, "aaaaaaaa", true));
	CU_ASSERT_TRUE(add(8, "end", false));
	CU_ASSERT_TRUE(joined("aaaaaaaaend"));
	CU_ASSERT_EQUAL(fx.out.nfragments, 3);
	CU_ASSERT_EQUAL(stats()->overlaps, 1);
	CU_ASSERT_EQUAL(stats()->conflicting, 0);
	/* one more copy comes when all is done: it waits for what does not come */
	CU_ASSERT_FALSE(add(8, "end", false));
	defrag_expire(fx.d, fx.now + 31 * second);
	CU_ASSERT_EQUAL(stats()->lost, 1);
	stop();
}

/* The first copy wins, whichever way the overlap is made. */
static void overlapping(void)
{
	start();
	CU_ASSERT_FALSE(add(8, "BBBBBBBB", true));
	CU_ASSERT_FALSE(add(24, "DDDDDDDD", true));
	CU_ASSERT_FALSE(add(0, "aaaaaaaabbbbbbbbccccccccdddddddd", true));
	CU_ASSERT_EQUAL(stats()->overlaps, 1);
	CU_ASSERT_EQUAL(stats()->conflicting, 1);
	CU_ASSERT_TRUE(add(24, "DDDDDDDDeeeeeeee", false));
	CU_ASSERT_TRUE(joined("aaaaaaaaBBBBBBBBccccccccDDDDDDDDeeeeeeee"));
	CU_ASSERT_EQUAL(stats()->overlaps, 2);
	CU_ASSERT_EQUAL(stats()->conflicting, 1);
	stop();
}

static void conflicting_ends(void)
{
	start();
	CU_ASSERT_FALSE(add(16, "cccccccc", true));
	CU_ASSERT_FALSE(add(8, "bbb", false)); /* would end before what is there */
	CU_ASSERT_FALSE(add(24, "end", false));
	CU_ASSERT_FALSE(add(24, "other end", false));
	CU_ASSERT_FALSE(add(24, "dddddddd", true)); /* goes beyond the end */
	CU_ASSERT_EQUAL(stats()->lost, 3);
	CU_ASSERT_TRUE(add(0, "aaaaaaaabbbbbbbb", true));
	CU_ASSERT_TRUE(joined("aaaaaaaabbbbbbbbccccccccend"));
	CU_ASSERT_EQUAL(fx.out.nfragments, 3);
	stop();
}

static void told_apart(void)
{
	struct datagram other[6];

	start();
	for (unsigned i = 0; i < 6; i++)
		other[i] = fx.f;
	other[0].context = 1;
	other[1].src.octet[15] = 3;
	other[2].dst.octet[15] = 3;
	other[3].protocol = IP_PROTO_GRE;
	other[4].fragment_id = 8;
	other[5].version = 6;
	CU_ASSERT_FALSE(add(0, "aaaaaaaa", true));
	for (unsigned i = 0; i < 6; i++) {
		struct datagram mine = fx.f;

		fx.f = other[i];
		CU_ASSERT_FALSE(add(8, "other", false));
		fx.f = mine;
	}
	CU_ASSERT_TRUE(add(8, "end", false));
	CU_ASSERT_TRUE(joined("aaaaaaaaend"));
	for (unsigned i = 0; i < 6; i++) {
		fx.f = other[i];
		CU_ASSERT_TRUE(add(0, "bbbbbbbb", true));
		CU_ASSERT_TRUE(joined("bbbbbbbbother"));
		CU_ASSERT_EQUAL(fx.out.datagram.context, other[i].context);
	}
	stop();
}

/* So many that some share a bucket, and differ by one part of the key only. */
static void told_apart_in_a_bucket(void)
{
	for (unsigned part = 0; part < 5; part++) {
		for (unsigned pass = 0; pass < 2; pass++) {
			uint8_t text[8];

			if (!pass)
				start_with(65536);
			for (unsigned i = 0; i < 60; i++) {
				fx.f.context = part == 0 ? i : 0;
				fx.f.src.octet[15] = (uint8_t)(part == 1 ? i : 0);
				fx.f.dst.octet[15] = (uint8_t)(part == 2 ? i : 0);
				fx.f.protocol = (uint8_t)(part == 3 ? i : 0);
				fx.f.fragment_id = part == 4 ? i : 0;
				memset(text, (int)i, sizeof(text));
				CU_ASSERT_EQUAL(add_len(pass * 8, text, sizeof(text), !pass), pass == 1);
				CU_ASSERT_TRUE(!pass ||
					       memcmp(fx.out.datagram.payload, text, sizeof(text)) == 0);
			}
		}
		stop();
	}
}

static void ipv6(void)
{
	start();
	fx.f.version = 6;
	fx.f.fragment_id = 0xdeadbeef;
	CU_ASSERT_FALSE(add(0, "aaaaaaaa", true));
	CU_ASSERT_FALSE(add(8, "bbbbbbbb and no eight", true)); /* refused */
	CU_ASSERT_EQUAL(stats()->lost, 1);
	CU_ASSERT_TRUE(add(8, "end", false));
	CU_ASSERT_TRUE(joined("aaaaaaaaend"));
	CU_ASSERT_EQUAL(fx.out.datagram.fragment_id, 0xdeadbeef);
	stop();
}

/* IPv4 hosts use what is in eights of a fragment that is not the last. */
static void odd_length(void)
{
	start();
	CU_ASSERT_FALSE(add(0, "aaaaaaaaxyz", true));
	CU_ASSERT_FALSE(add(8, "xyz", true)); /* nothing is left of it */
	CU_ASSERT_EQUAL(stats()->lost, 1);
	CU_ASSERT_TRUE(add(8, "end", false));
	CU_ASSERT_TRUE(joined("aaaaaaaaend"));
	stop();
}

static void nonsense(void)
{
	static const uint8_t octets[65535];

	start();
	CU_ASSERT_FALSE(add(8, "", false));
	CU_ASSERT_FALSE(add(8, "", true));
	CU_ASSERT_FALSE(add_len(65528, octets, 8, false));
	CU_ASSERT_FALSE(add_len(8, octets, 65528, false));
	CU_ASSERT_FALSE(add_len(UINT32_MAX - 7, octets, 16, false));
	CU_ASSERT_FALSE(add_len(0, octets, UINT32_MAX, false));
	CU_ASSERT_EQUAL(stats()->lost, 6);
	/* the longest there is */
	CU_ASSERT_FALSE(add_len(65528, octets, 7, false));
	CU_ASSERT_TRUE(add_len(0, octets, 65528, true));
	CU_ASSERT_EQUAL(fx.out.datagram.len, 65535);
	stop();
}

/* What the capture cut cannot be joined. */
static void cut(void)
{
	struct datagram f;

	start();
	f = fx.f;
	f.payload = (const uint8_t *)"aaaaaaaa";
	f.len = 16;
	f.caplen = 8;
	f.more_fragments = true;
	CU_ASSERT_FALSE(defrag_add(fx.d, &f, 1, fx.now, &fx.out));
	CU_ASSERT_FALSE(add(16, "end", false));
	CU_ASSERT_EQUAL(stats()->lost, 1);
	stop();
}

/* By packet time: what is older than 30 s does not meet the next datagram of the same number. */
static void times_out(void)
{
	start();
	CU_ASSERT_FALSE(add(8, "old", false));
	fx.now += 29 * second;
	CU_ASSERT_FALSE(add(16, "x", false)); /* does not agree: still the old one */
	CU_ASSERT_EQUAL(stats()->lost, 1);
	fx.now += 2 * second;
	CU_ASSERT_FALSE(add(0, "aaaaaaaa", true));
	CU_ASSERT_EQUAL(stats()->lost, 2);
	CU_ASSERT_TRUE(add(8, "new", false));
	CU_ASSERT_TRUE(joined("aaaaaaaanew"));
	stop();
}

static void clock_goes_back(void)
{
	start();
	CU_ASSERT_FALSE(add(8, "old", false));
	fx.now -= 500 * second;
	CU_ASSERT_FALSE(add(16, "x", false));
	fx.now += 31 * second;
	defrag_expire(fx.d, fx.now);
	CU_ASSERT_EQUAL(stats()->lost, 2);
	stop();
}

static void end_of_capture(void)
{
	start();
	for (unsigned i = 0; i < 10; i++) {
		fx.f.fragment_id = i;
		CU_ASSERT_FALSE(add(0, "aaaaaaaa", true));
		CU_ASSERT_FALSE(add(16, "cccccccc", true));
	}
	defrag_expire(fx.d, INT64_MAX);
	CU_ASSERT_EQUAL(stats()->lost, 20);
	CU_ASSERT_FALSE(add(8, "bbbbbbbb", true));
	stop();
}

/* A bomb of fragments pushes out only itself and what is older; the numbers add up. */
static void bomb(void)
{
	start_with(100000);
	CU_ASSERT_FALSE(add(0, "oldoldol", true));
	for (uint32_t i = 0; i < 100000; i++) {
		fx.f.fragment_id = 1000 + i;
		CU_ASSERT_FALSE(add(i % 8000 * 8, "aaaaaaaa", true));
	}
	CU_ASSERT_TRUE(stats()->over_limit > 99000 && stats()->over_limit < 100000);
	CU_ASSERT_FALSE(add(8, "bbbbbbbb", true));
	fx.f.fragment_id = 5;
	CU_ASSERT_FALSE(add(0, "aaaaaaaa", true));
	CU_ASSERT_TRUE(add(8, "end", false));
	fx.f.fragment_id = 7;
	CU_ASSERT_FALSE(add(8, "end", false)); /* its beginning was given up */
	defrag_expire(fx.d, INT64_MAX);
	CU_ASSERT_EQUAL(stats()->over_limit + stats()->lost + 2, stats()->fragments);
	stop();
}

/* Far-off octets cost what they are, not the distance. */
static void sparse(void)
{
	start_with(100000);
	for (uint32_t i = 0; i < 60; i++) {
		fx.f.fragment_id = i;
		CU_ASSERT_FALSE(add(65000, "aaaaaaaa", true));
	}
	CU_ASSERT_EQUAL(stats()->over_limit, 0);
	stop();
}

static void no_room_at_all(void)
{
	static const uint8_t octets[60000];

	start_with(10);
	CU_ASSERT_FALSE(add(0, "aaaaaaaa", true));
	CU_ASSERT_FALSE(add(8, "end", false));
	CU_ASSERT_EQUAL(stats()->over_limit, 2);
	stop();
	start_with(20000);
	CU_ASSERT_FALSE(add(0, "aaaaaaaa", true));
	CU_ASSERT_FALSE(add_len(8, octets, sizeof(octets), true));
	CU_ASSERT_EQUAL(stats()->over_limit, 2);
	stop();
}

/* The smallest fragments there can be of the longest datagram, in every order. */
static void smallest_fragments(void)
{
	uint8_t octets[48], whole = 0;

	start();
	for (unsigned pass = 0; pass < 3; pass++) {
		whole = 0;
		for (uint32_t i = 0; i < 1365; i++) {
			uint32_t n = pass == 0 ? i : pass == 1 ? 1364 - i : i * 751 % 1365;

			memset(octets, (int)n, sizeof(octets));
			whole += add_len(n * 48, octets, n == 1364 ? 47 : 48, n != 1364);
		}
		CU_ASSERT_EQUAL(whole, 1);
		CU_ASSERT_EQUAL(fx.out.datagram.len, 1364 * 48 + 47);
		for (uint32_t i = 0; i < fx.out.datagram.len; i++)
			if (fx.out.datagram.payload[i] != (uint8_t)(i / 48))
				whole = 2;
		CU_ASSERT_EQUAL(whole, 1);
		CU_ASSERT_EQUAL(fx.out.nframes, DEFRAG_FRAMES);
		CU_ASSERT_EQUAL(fx.out.nfragments, 1365);
		CU_ASSERT_EQUAL(fx.out.frames[DEFRAG_FRAMES - 1], fx.frame);
		CU_ASSERT_EQUAL(fx.out.frames[1], fx.frame - 1363);
	}
	stop();
}

/* Smaller ones are no datagram but an attack on the list of parts. */
static void too_many_parts(void)
{
	start();
	for (uint32_t i = 0; i < 2049; i++)
		CU_ASSERT_FALSE(add(i * 16, "aaaaaaaa", true));
	CU_ASSERT_EQUAL(stats()->over_limit, 2049);
	CU_ASSERT_FALSE(add(0, "aaaaaaaa", true));
	CU_ASSERT_TRUE(add(8, "end", false));
	stop();
}

/* A fragment may leave more parts than were reckoned with: the limit holds also then. */
static void more_parts_than_reckoned(void)
{
	static const uint8_t octets[60000];
	bool trimmed = false;

	/* Where exactly the limit is met depends on the machine. */
	for (size_t memory = 60000; memory < 90000 && !trimmed; memory += 500) {
		start_with(memory);
		for (uint32_t i = 0; i < 500; i++)
			CU_ASSERT_FALSE(add(8 + i * 16, "aaaaaaaa", true));
		CU_ASSERT_EQUAL(stats()->over_limit, 0);
		CU_ASSERT_FALSE(add_len(16, octets, 59992, true));
		trimmed = stats()->over_limit == 501;
		stop();
	}
	CU_ASSERT_TRUE(trimmed);
}

/* ... and however often that is tried, nothing goes uncounted. */
static void overlap_bomb(void)
{
	static const uint8_t octets[65528];

	start_with(100000);
	for (uint32_t id = 0; id < 50; id++) {
		fx.f.fragment_id = id;
		for (uint32_t i = 0; i < 500; i++)
			add(8 + i * 16, "aaaaaaaa", true);
		add_len(8, octets, 60000, true);
	}
	CU_ASSERT_TRUE(stats()->over_limit > 24000);
	CU_ASSERT_EQUAL(stats()->datagrams, 0);
	defrag_expire(fx.d, INT64_MAX);
	CU_ASSERT_EQUAL(stats()->over_limit + stats()->lost, stats()->fragments);
	stop();
	defrag_free(NULL);
}

static uint32_t dice(uint32_t *random, uint32_t sides)
{
	*random = *random * 1664525 + 1013904223;
	return (*random >> 8) % sides;
}

/* A known datagram in random fragments, overlapping and in any order: the octets come out right. */
static void shuffled(void)
{
	uint8_t whole[4000];
	uint32_t random = 1;
	bool done = false;

	for (uint32_t i = 0; i < sizeof(whole); i++)
		whole[i] = (uint8_t)(i * 31 + (i >> 8));
	start();
	for (unsigned round = 0; round < 500; round++) {
		uint32_t len = 9 + dice(&random, sizeof(whole) - 9), eights = (len + 7) / 8;
		unsigned fragments = 0;

		fx.f.fragment_id = round;
		for (done = false; !done && fragments < 10000; fragments++) {
			uint32_t from = dice(&random, eights), to = from + 1 + dice(&random, eights - from);

			if (from || to < eights)
				done = add_len(from * 8, whole + from * 8,
					       (to < eights ? to * 8 : len) - from * 8, to < eights);
		}
		if (!done || fx.out.datagram.len != len || memcmp(fx.out.datagram.payload, whole, len) != 0)
			break;
	}
	CU_ASSERT_TRUE(done);
	CU_ASSERT_EQUAL(stats()->datagrams, 500);
	CU_ASSERT_EQUAL(stats()->conflicting, 0);
	stop();
}

static const struct {
	const char *name;
	CU_TestFunc fn;
} tests[] = {
	{ "in order", in_order },
	{ "last fragment first", last_first },
	{ "middle last", middle_last },
	{ "repeated", repeated },
	{ "overlapping, the first copy wins", overlapping },
	{ "ends that do not agree", conflicting_ends },
	{ "told apart by every part of the key", told_apart },
	{ "told apart in a bucket", told_apart_in_a_bucket },
	{ "IPv6", ipv6 },
	{ "length not in eights", odd_length },
	{ "nonsense", nonsense },
	{ "cut by the capture", cut },
	{ "30 s of packet time", times_out },
	{ "clock goes back", clock_goes_back },
	{ "end of the capture", end_of_capture },
	{ "bomb", bomb },
	{ "sparse", sparse },
	{ "no room", no_room_at_all },
	{ "smallest fragments", smallest_fragments },
	{ "too many parts", too_many_parts },
	{ "more parts than reckoned with", more_parts_than_reckoned },
	{ "overlap bomb", overlap_bomb },
	{ "shuffled", shuffled },
};

void suite_defrag(void)
{
	CU_pSuite suite = CU_add_suite("defrag", NULL, NULL);

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		CU_add_test(suite, tests[i].name, tests[i].fn);
}
