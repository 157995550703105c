/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissectors/tcp.h"

#include <CUnit/CUnit.h>

#include "dissectors/ip.h"
#include "tests/unit/exact.h"

/* 10.0.0.1 port 50000 to 10.0.0.2 port 1723, "abc"; the checksum is octets 16 and 17. */
#define SEGMENT "c350 06bb 0102 0304 0506 0708 5018 2000 0000 0000 6162 63"
#define WITH_OPTIONS "c350 06bb 0102 0304 0506 0708 8010 2000 0000 0000 0101 080a 0000 0001 0000 0002 6162 63"

enum { SEGMENT_MAX = 128, CHECKSUM = 16 };

/* The datagram of a segment, and the octets that it borrows. */
struct carried {
	struct datagram d;
	uint8_t *octets;
};

static struct carried carry(const char *hex, unsigned version, uint32_t caplen)
{
	uint8_t octets[SEGMENT_MAX];
	uint32_t n = (uint32_t)exact_hex(hex, octets, SEGMENT_MAX);
	struct carried c = { .d = { .version = (uint8_t)version, .protocol = IP_PROTO_TCP, .len = n } };

	ip_addr_parse(version == 4 ? "10.0.0.1" : "2001:db8::1", &c.d.src);
	ip_addr_parse(version == 4 ? "10.0.0.2" : "2001:db8::2", &c.d.dst);
	c.d.caplen = caplen < n ? caplen : n;
	c.octets = exact_copy(octets, c.d.caplen);
	c.d.payload = c.octets;
	return c;
}

static void test_fields(void)
{
	struct carried c = carry(SEGMENT, 4, SEGMENT_MAX);
	struct tcp_segment s;

	CU_ASSERT_EQUAL_FATAL(tcp_decode(&c.d, &s), UNSEEN_NONE);
	CU_ASSERT_EQUAL(s.src_port, 50000);
	CU_ASSERT_EQUAL(s.dst_port, 1723);
	CU_ASSERT_EQUAL(s.seq, 0x01020304);
	CU_ASSERT_EQUAL(s.ack, 0x05060708);
	CU_ASSERT_EQUAL(s.flags, TCP_PSH | TCP_ACK);
	CU_ASSERT_EQUAL(s.window, 0x2000);
	CU_ASSERT_PTR_EQUAL(s.payload, c.octets + 20);
	CU_ASSERT_EQUAL(s.caplen, 3);
	CU_ASSERT_EQUAL(s.len, 3);
	free(c.octets);
}

static void test_options(void)
{
	struct carried c = carry(WITH_OPTIONS, 4, SEGMENT_MAX);
	struct tcp_segment s;

	CU_ASSERT_EQUAL_FATAL(tcp_decode(&c.d, &s), UNSEEN_NONE);
	CU_ASSERT_PTR_EQUAL(s.payload, c.octets + 32);
	CU_ASSERT_EQUAL(s.len, 3);
	free(c.octets);
}

/* A segment that is only a header, and every flag that is known; the two of ECN are not. */
static void test_bare(void)
{
	struct carried c = carry("06bb c350 0102 0304 0506 0708 50ff 2000 0000 0000", 4, SEGMENT_MAX);
	struct tcp_segment s;

	CU_ASSERT_EQUAL_FATAL(tcp_decode(&c.d, &s), UNSEEN_NONE);
	CU_ASSERT_EQUAL(s.flags, TCP_FIN | TCP_SYN | TCP_RST | TCP_PSH | TCP_ACK | TCP_URG);
	CU_ASSERT_EQUAL(s.len, 0);
	CU_ASSERT_EQUAL(s.caplen, 0);
	free(c.octets);
}

static void test_truncated(void)
{
	for (uint32_t n = 0; n <= 35; n++) {
		struct carried c = carry(WITH_OPTIONS, 4, n);
		struct tcp_segment s;
		uint16_t src, dst;

		CU_ASSERT_EQUAL(tcp_decode(&c.d, &s), n < 32 ? UNSEEN_CUT : UNSEEN_NONE);
		if (n >= 32) {
			CU_ASSERT_EQUAL(s.caplen, n - 32);
			CU_ASSERT_EQUAL(s.len, 3);
			CU_ASSERT_EQUAL(s.checksum == TCP_SUM_UNKNOWN, n < 35);
		}
		CU_ASSERT_EQUAL(tcp_ports(&c.d, &src, &dst), n >= 4);
		if (n >= 4)
			CU_ASSERT(src == 50000 && dst == 1723);
		c.d.len = n; /* it ended there on the wire */
		CU_ASSERT_EQUAL(tcp_decode(&c.d, &s), n < 32 ? UNSEEN_TCP_DAMAGED : UNSEEN_NONE);
		free(c.octets);
	}
}

static void test_damaged(void)
{
	static const unsigned offsets[] = { 0, 1, 4, 6, 15 };
	struct tcp_segment s;

	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		struct carried c = carry(SEGMENT, 4, SEGMENT_MAX);

		c.octets[12] = (uint8_t)(offsets[i] << 4);
		CU_ASSERT_EQUAL(tcp_decode(&c.d, &s), UNSEEN_TCP_DAMAGED);
		free(c.octets);
	}
}

/* Only the first fragment has the ports. */
static void test_ports_of_fragment(void)
{
	struct carried c = carry(SEGMENT, 4, SEGMENT_MAX);
	uint16_t src, dst;

	c.d.fragment = true;
	CU_ASSERT_TRUE(tcp_ports(&c.d, &src, &dst));
	c.d.fragment_offset = 8;
	CU_ASSERT_FALSE(tcp_ports(&c.d, &src, &dst));
	free(c.octets);
}

static enum tcp_checksum judged(unsigned version, unsigned field, uint32_t caplen)
{
	struct carried c = carry(SEGMENT, version, caplen);
	struct tcp_segment s = { 0 };

	c.octets[CHECKSUM] = (uint8_t)(field >> 8);
	c.octets[CHECKSUM + 1] = (uint8_t)field;
	CU_ASSERT_EQUAL(tcp_decode(&c.d, &s), UNSEEN_NONE);
	free(c.octets);
	return s.checksum;
}

static void test_checksum_v4(void)
{
	enum { WITH_LEN = 0x1420, WITHOUT = 0x1409, GOOD = 0xdd44 };

	CU_ASSERT_EQUAL(judged(4, GOOD, SEGMENT_MAX), TCP_SUM_GOOD);
	CU_ASSERT_EQUAL(judged(4, GOOD, 22), TCP_SUM_UNKNOWN);
	CU_ASSERT_EQUAL(judged(4, GOOD + 1, SEGMENT_MAX), TCP_SUM_BAD);
	CU_ASSERT_EQUAL(judged(4, GOOD ^ 0xffff, SEGMENT_MAX), TCP_SUM_BAD);
	CU_ASSERT_EQUAL(judged(4, 0, SEGMENT_MAX), TCP_SUM_OFFLOAD);
	CU_ASSERT_EQUAL(judged(4, WITH_LEN, SEGMENT_MAX), TCP_SUM_OFFLOAD);
	CU_ASSERT_EQUAL(judged(4, WITH_LEN ^ 0xffff, SEGMENT_MAX), TCP_SUM_OFFLOAD);
	CU_ASSERT_EQUAL(judged(4, WITHOUT, SEGMENT_MAX), TCP_SUM_OFFLOAD);
	CU_ASSERT_EQUAL(judged(4, WITHOUT ^ 0xffff, SEGMENT_MAX), TCP_SUM_OFFLOAD);
	CU_ASSERT_EQUAL(judged(4, WITH_LEN + 1, SEGMENT_MAX), TCP_SUM_BAD);
	CU_ASSERT_EQUAL(judged(4, 0xffff, SEGMENT_MAX), TCP_SUM_BAD);
}

static void test_checksum_v6(void)
{
	enum { WITH_LEN = 0x5b92, WITHOUT = 0x5b7b, GOOD = 0x95d2 };

	CU_ASSERT_EQUAL(judged(6, GOOD, SEGMENT_MAX), TCP_SUM_GOOD);
	CU_ASSERT_EQUAL(judged(6, GOOD - 1, SEGMENT_MAX), TCP_SUM_BAD);
	CU_ASSERT_EQUAL(judged(6, WITH_LEN, SEGMENT_MAX), TCP_SUM_OFFLOAD);
	CU_ASSERT_EQUAL(judged(6, WITHOUT, SEGMENT_MAX), TCP_SUM_OFFLOAD);
	CU_ASSERT_EQUAL(judged(6, 0, SEGMENT_MAX), TCP_SUM_OFFLOAD);
}

/* A sum that happens to be 0 on the wire is right where it is right. */
static void test_checksum_zero_is_good(void)
{
	struct carried c = carry(SEGMENT, 4, SEGMENT_MAX);
	struct tcp_segment s;

	c.octets[14] = 0xfd; /* a window that makes the rest add up to 0xffff */
	c.octets[15] = 0x44;
	CU_ASSERT_EQUAL(tcp_decode(&c.d, &s), UNSEEN_NONE);
	CU_ASSERT_EQUAL(s.checksum, TCP_SUM_GOOD);
	free(c.octets);
}

void suite_tcp(void);

void suite_tcp(void)
{
	CU_pSuite s = CU_add_suite("tcp", NULL, NULL);

	CU_add_test(s, "fields", test_fields);
	CU_add_test(s, "options", test_options);
	CU_add_test(s, "only a header", test_bare);
	CU_add_test(s, "truncated at every octet", test_truncated);
	CU_add_test(s, "damaged data offset", test_damaged);
	CU_add_test(s, "ports of a fragment", test_ports_of_fragment);
	CU_add_test(s, "checksum over IPv4", test_checksum_v4);
	CU_add_test(s, "checksum over IPv6", test_checksum_v6);
	CU_add_test(s, "checksum 0 that is right", test_checksum_zero_is_good);
}
