/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two captures of the same GRE: what is matched, how clocks are estimated, what is counted. */
#include <CUnit/CUnit.h>

#include "analyzer/pair.h"
#include "dissectors/ip.h"

enum { MS = 1000000, PACKETS = 40, PAYLOAD = 32 };

/* A side that is being read. */
struct side {
	struct tracker *t;
	struct pipeline_observer observer;
	unsigned number;
	uint64_t frame;
	int64_t first, last;
	struct ip_addr a, b;
	uint16_t id_a, id_b; /* Call IDs that a and b chose */
};

static struct pair *pair;
static struct side sides[SIDES];

static struct ip_addr addr(const char *text)
{
	struct ip_addr a = { { 0 } };

	CU_ASSERT_TRUE(ip_addr_parse(text, &a));
	return a;
}

static void begin(size_t records)
{
	const struct pair_limits limits = { records };

	pair = pair_new(&limits);
	CU_ASSERT_PTR_NOT_NULL_FATAL(pair);
	for (unsigned s = 0; s < SIDES; s++) {
		sides[s] = (struct side){
			.t = tracker_new(&tracker_default_limits, NULL),
			.observer = pair_observer(pair, s),
			.number = s,
			.a = addr(s ? "203.0.113.9" : "10.0.0.2"),
			.b = addr("192.0.2.1"),
			.id_a = s ? 4444 : 7,
			.id_b = 9,
		};
		CU_ASSERT_PTR_NOT_NULL_FATAL(sides[s].t);
	}
}

static void end(void)
{
	for (unsigned s = 0; s < SIDES; s++) {
		struct side *x = &sides[s];

		tracker_finish(x->t);
		CU_ASSERT_TRUE(pair_side_end(pair, s, x->t, x->frame, x->first, x->last));
		tracker_free(x->t);
	}
	CU_ASSERT_TRUE(pair_compare(pair));
}

/* A packet with data of a (from 0) or b passes the side; `salt` makes calls differ. */
static void pass(struct side *x, unsigned from, uint32_t seq, int64_t time_ns, uint8_t ttl, uint8_t salt)
{
	uint8_t payload[PAYLOAD] = { 0xff, 3, 0, 0xfd, salt, (uint8_t)seq, (uint8_t)from };
	const struct ip_addr *src = from ? &x->b : &x->a, *dst = from ? &x->a : &x->b;
	const struct datagram d = { .ttl = ttl };
	struct gre_pkt g = {
		.flags = GRE_K | GRE_S | 1,
		.protocol = GRE_PROTO_PPP,
		.payload_length = PAYLOAD,
		.call_id = from ? x->id_a : x->id_b,
		.seq = seq,
		.payload = payload,
		.caplen = PAYLOAD,
	};
	struct pipeline_where w = {
		.nframes = 1,
		.time_ns = time_ns,
		.src = src,
		.dst = dst,
		.datagram = &d,
	};
	unsigned host;
	struct tunnel *tunnel = tracker_tunnel(x->t, 0, src, dst, &host);
	struct flow *f;

	CU_ASSERT_PTR_NOT_NULL_FATAL(tunnel);
	w.frame = FRAME_OF(x->number, ++x->frame);
	w.frames = &w.frame;
	x->first = x->frame == 1 ? time_ns : x->first;
	x->last = time_ns;
	f = tracker_flow(x->t, tunnel, &host, g.call_id);
	tracker_gre(x->t, tunnel, host, f, &g, w.frame, time_ns);
	x->observer.gre(x->observer.ctx, &w, &g, GRE_OK);
}

/* Packets of both ends every 10 ms; the second side's clock is ahead by offset, and 2 ms away. */
static void both_pass(int64_t offset, bool ttl)
{
	for (uint32_t i = 0; i < PACKETS; i++) {
		int64_t now = (int64_t)i * 10 * MS + 1000 * MS;

		pass(&sides[0], 0, i, now, 64, 1);
		pass(&sides[1], 0, i, now + 2 * MS + offset, ttl ? 63 : 64, 1);
		pass(&sides[1], 1, i, now + 5 * MS + offset, 60, 1);
		pass(&sides[0], 1, i, now + 7 * MS, ttl ? 59 : 60, 1);
	}
}

/* The way of what a sends: it is not known which of them is the PNS. */
static const struct pair_way *way_of(unsigned from)
{
	const struct pair_call *c = pair_call_of(pair, 0, 0);

	return &pair->call[0].way[ip_addr_same(&c->addr[0], from ? &sides[0].b : &sides[0].a) ? 0 : 1];
}

static void test_clock(void)
{
	static const int64_t offsets[] = { 0, -3600 * INT64_C(1000000000), 1500 * INT64_C(1000000) };

	for (unsigned i = 0; i < 6; i++) {
		int64_t offset = offsets[i / 2];

		begin(1000);
		both_pass(offset, i & 1);
		end();
		CU_ASSERT_EQUAL_FATAL(pair->calls, 1);
		CU_ASSERT_EQUAL(pair->call[0].orientation, i & 1 ? NEAR_BY_TTL : NEAR_BY_TIME);
		CU_ASSERT_TRUE(pair->clock.known);
		CU_ASSERT_EQUAL(pair->clock.offset_ns, offset);
		CU_ASSERT_EQUAL(pair->clock.uncertainty_ns, 2 * MS);
		for (unsigned from = 0; from < 2; from++) {
			const struct pair_way *w = way_of(from);

			CU_ASSERT_EQUAL(w->near, from);
			CU_ASSERT_EQUAL(w->matched, PACKETS);
			CU_ASSERT_EQUAL(w->dropped + w->appeared + w->duplicated + w->reordered, 0);
			CU_ASSERT_EQUAL(w->delay_min, 2 * MS);
			CU_ASSERT_EQUAL(w->delay_max, 2 * MS);
		}
		pair_free(pair);
	}
}

/* Addresses, their order and Call IDs are others behind a NAT. */
static void test_nat(void)
{
	begin(1000);
	both_pass(0, true);
	end();
	CU_ASSERT_EQUAL_FATAL(pair->calls, 1);
	CU_ASSERT_TRUE(pair->call[0].certain);
	for (unsigned end = 0; end < HOSTS; end++) {
		const struct pair_call *x = pair_call_of(pair, 0, 0), *y = pair_call_of(pair, 0, 1);
		bool a = ip_addr_same(&x->addr[end], &sides[0].a);

		CU_ASSERT_TRUE(ip_addr_same(&y->addr[end], a ? &sides[1].a : &sides[1].b));
	}
	CU_ASSERT_EQUAL(way_of(1)->key[0], 7);
	CU_ASSERT_EQUAL(way_of(1)->key[1], 4444);
	CU_ASSERT_EQUAL(way_of(1)->key_changed, PACKETS);
	CU_ASSERT_EQUAL(way_of(0)->key_changed, 0);
	pair_free(pair);
}

/* Behind: 3 is missing, 5 comes twice, 8 overtakes 7, 100 was never sent. */
static void test_counts(void)
{
	static const uint32_t behind[] = { 0, 1, 2, 4, 5, 5, 6, 8, 7, 9, 100, 10, 11 };
	const struct pair_way *w;

	begin(1000);
	for (uint32_t i = 0; i < 12; i++)
		pass(&sides[0], 0, i, (int64_t)i * MS, 64, 1);
	for (unsigned i = 0; i < sizeof(behind) / sizeof(*behind); i++)
		pass(&sides[1], 0, behind[i], (int64_t)i * MS, 63, 1);
	end();
	CU_ASSERT_EQUAL_FATAL(pair->calls, 1);
	w = way_of(0);
	CU_ASSERT_EQUAL(w->near, 0);
	CU_ASSERT_FALSE(pair->clock.known);
	CU_ASSERT_EQUAL(w->matched, 11);
	CU_ASSERT_EQUAL(w->dropped, 1);
	CU_ASSERT_EQUAL(w->drops, 1);
	CU_ASSERT_EQUAL(FRAME_NUMBER(w->drop_frame[0]), 4);
	CU_ASSERT_EQUAL(FRAME_NUMBER(w->drop_after[0]), 3);
	CU_ASSERT_EQUAL(w->duplicated, 1);
	CU_ASSERT_EQUAL(w->reordered, 1);
	CU_ASSERT_EQUAL(w->appeared, 1);
	CU_ASSERT_EQUAL(w->delay_min, 0);
	pair_free(pair);
}

/* Two calls whose packets are alike are told apart by nothing. */
static void test_contested(void)
{
	begin(1000);
	for (unsigned call = 0; call < 2; call++)
		for (unsigned s = 0; s < SIDES; s++) {
			sides[s].id_b = (uint16_t)(20 + call + 10 * s);
			for (uint32_t i = 0; i < 10; i++)
				pass(&sides[s], 0, i, (int64_t)i * MS, 64, 1);
		}
	end();
	CU_ASSERT_EQUAL_FATAL(pair->calls, 2);
	CU_ASSERT_FALSE(pair->call[0].certain);
	CU_ASSERT_FALSE(pair->call[1].certain);
	pair_free(pair);
}

static void test_strangers(void)
{
	begin(1000);
	for (uint32_t i = 0; i < 10; i++) {
		pass(&sides[0], 0, i, (int64_t)i * MS, 64, 1);
		pass(&sides[1], 0, i, (int64_t)i * MS, 64, 2);
	}
	end();
	CU_ASSERT_EQUAL(pair->calls, 0);
	CU_ASSERT_EQUAL(pair->side[0].calls, 1);
	pair_free(pair);
}

/* Behind the limit nothing is kept, and nothing is called lost. */
static void test_limit(void)
{
	begin(10);
	for (uint32_t i = 0; i < 30; i++) {
		pass(&sides[0], 0, i, (int64_t)i * MS, 64, 1);
		if (i % 2 == 0)
			pass(&sides[1], 0, i, (int64_t)i * MS, 63, 1);
	}
	end();
	CU_ASSERT_EQUAL(pair->side[0].over_limit, 20);
	CU_ASSERT_EQUAL(pair->side[0].packets, 10);
	CU_ASSERT_EQUAL_FATAL(pair->calls, 1);
	CU_ASSERT_EQUAL(way_of(0)->matched, 5);
	CU_ASSERT_EQUAL(way_of(0)->dropped, 5);
	CU_ASSERT_EQUAL(way_of(0)->appeared, 0);
	CU_ASSERT_EQUAL(way_of(0)->outside[1], 5);
	pair_free(pair);
}

static void test_empty(void)
{
	begin(10);
	end();
	CU_ASSERT_EQUAL(pair->calls + pair->connections, 0);
	CU_ASSERT_FALSE(pair->clock.known);
	pair_free(pair);
	begin(10);
	pair_free(pair);
	for (unsigned s = 0; s < SIDES; s++)
		tracker_free(sides[s].t);
}

void suite_pair(void)
{
	CU_pSuite s = CU_add_suite("pair", NULL, NULL);

	CU_add_test(s, "clocks are estimated", test_clock);
	CU_add_test(s, "a NAT hides nothing", test_nat);
	CU_add_test(s, "what became of packets", test_counts);
	CU_add_test(s, "calls that are alike", test_contested);
	CU_add_test(s, "strangers", test_strangers);
	CU_add_test(s, "the limit", test_limit);
	CU_add_test(s, "nothing at all", test_empty);
}
