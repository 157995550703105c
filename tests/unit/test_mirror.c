/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies that a mirror port made, and copies that the path made. */
#include <CUnit/CUnit.h>
#include <stdlib.h>

#include "analyzer/mirror.h"

enum { NEAR = 1000000 };

static struct mirror *m;
static struct tunnel tunnel;
static uint8_t header[16];
static struct datagram d;

static unsigned settled;

static void begin(void)
{
	m = mirror_new();
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	memset(&tunnel, 0, sizeof(tunnel));
	memset(&d, 0, sizeof(d));
	memset(d.src.octet, 1, 16);
	memset(d.dst.octet, 2, 16);
	d.payload = header;
	d.caplen = d.len = sizeof(header);
	d.ttl = 64;
	settled = 0;
}

/* The verdict on packet n, which has numbers of its own; those that settle the case are counted, too. */
static enum mirror_verdict packet(unsigned n, uint8_t ttl, int64_t time_ns)
{
	enum mirror_verdict verdict;

	d.fragment_id = n;
	d.ttl = ttl;
	header[8] = (uint8_t)n;
	verdict = mirror_judge(m, &tunnel, &d, time_ns);
	if (verdict != MIRROR_SETTLES)
		return verdict;
	settled++;
	return MIRROR_ORIGINAL;
}

static void mirrored(void)
{
	bool copy;
	struct held_gre out, h = { .tunnel = &tunnel };
	unsigned held = 0, copies = 0;

	begin();
	for (unsigned n = 0; n < 30; n++) {
		int64_t at = (int64_t)n * 50 * NEAR;
		enum mirror_verdict verdict;

		CU_ASSERT_EQUAL(packet(n, 64, at), MIRROR_ORIGINAL);
		verdict = packet(n, 64, at + NEAR);
		if (verdict == MIRROR_HELD) {
			CU_ASSERT_TRUE(mirror_hold(m, &h));
			held++;
		} else {
			CU_ASSERT_EQUAL(verdict, MIRROR_COPY);
			copies++;
		}
	}
	CU_ASSERT_EQUAL(settled, 1);
	CU_ASSERT_EQUAL(held, 8);
	CU_ASSERT_EQUAL(copies, 22);
	for (unsigned i = 0; i < held; i++) {
		CU_ASSERT_TRUE(mirror_release(m, &tunnel, &out, &copy));
		CU_ASSERT_TRUE(copy);
	}
	CU_ASSERT_FALSE(mirror_release(m, &tunnel, &out, &copy));
	mirror_free(m);
}

static void path(void)
{
	bool copy;
	struct held_gre out, h = { .tunnel = &tunnel };
	unsigned kept = 0;

	begin();
	for (unsigned n = 0; n < 40; n++) {
		int64_t at = (int64_t)n * 50 * NEAR;
		enum mirror_verdict verdict;

		CU_ASSERT_EQUAL(packet(n, 64, at), MIRROR_ORIGINAL);
		if (n % 5)
			continue;
		verdict = packet(n, 64, at + NEAR);
		if (verdict == MIRROR_HELD)
			CU_ASSERT_TRUE(mirror_hold(m, &h));
		if (verdict == MIRROR_PATH)
			kept++;
		CU_ASSERT_NOT_EQUAL(verdict, MIRROR_COPY);
	}
	while (mirror_release(m, &tunnel, &out, &copy)) {
		CU_ASSERT_FALSE(copy);
		kept++;
	}
	CU_ASSERT_EQUAL(settled, 1);
	CU_ASSERT_EQUAL(kept, 8);
	mirror_free(m);
}

/* Seen before and after a router: the second is a copy from the first packet on. */
static void routed(void)
{
	begin();
	CU_ASSERT_EQUAL(packet(1, 64, 0), MIRROR_ORIGINAL);
	CU_ASSERT_EQUAL(packet(1, 63, NEAR), MIRROR_COPY);
	mirror_free(m);
}

static void late(void)
{
	begin();
	CU_ASSERT_EQUAL(packet(1, 64, 0), MIRROR_ORIGINAL);
	CU_ASSERT_EQUAL(packet(1, 64, 20 * NEAR), MIRROR_ORIGINAL);
	CU_ASSERT_EQUAL(packet(2, 64, 21 * NEAR), MIRROR_ORIGINAL);
	mirror_free(m);
}

/* One that is too short to be told apart is never a copy. */
static void short_one(void)
{
	begin();
	d.caplen = 8;
	CU_ASSERT_EQUAL(packet(1, 64, 0), MIRROR_ORIGINAL);
	CU_ASSERT_EQUAL(packet(1, 63, 1), MIRROR_ORIGINAL);
	mirror_free(m);
}

void suite_mirror(void);
void suite_mirror(void)
{
	CU_pSuite s = CU_add_suite("mirror", NULL, NULL);

	CU_add_test(s, "a mirror port copies everything", mirrored);
	CU_add_test(s, "a path copies some", path);
	CU_add_test(s, "a routed copy has another TTL", routed);
	CU_add_test(s, "the same packet much later is no copy", late);
	CU_add_test(s, "too short to be told", short_one);
}
