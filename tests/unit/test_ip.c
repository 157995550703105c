/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissectors/ip.h"

#include <CUnit/CUnit.h>

#include "tests/unit/exact.h"

#define IP6_ADDRS "2001 0db8 0000 0000 0000 0000 0000 0001 2001 0db8 0000 0000 0000 0000 0000 0002 "

enum { PACKET_MAX = 256, ALL = PACKET_MAX /* as a length: as many octets as there are */ };

/* A decoded packet and the octets that it borrows. */
struct decoded {
	enum unseen why;
	struct datagram d;
	uint8_t *octets;
	uint32_t size;
};

static struct decoded decode(const char *hex, uint32_t caplen, uint32_t len)
{
	uint8_t octets[PACKET_MAX];
	struct decoded r = { .size = (uint32_t)exact_hex(hex, octets, PACKET_MAX) };
	struct link_payload in = { .context = 77 };

	if (caplen < r.size)
		r.size = caplen;
	r.octets = exact_copy(octets, r.size);
	in.octets = r.octets;
	in.caplen = r.size;
	in.len = len == ALL ? r.size : len;
	memset(&r.d, 0xa5, sizeof(r.d));
	r.why = ip_decode(&in, &r.d);
	return r;
}

/* Only what becomes of a packet. */
static enum unseen verdict(const char *hex, uint32_t caplen, uint32_t len)
{
	struct decoded r = decode(hex, caplen, len);

	free(r.octets);
	return r.why;
}

static void check_text(const struct ip_addr *a, const char *expected)
{
	char buf[IP_ADDR_TEXT];

	CU_ASSERT_STRING_EQUAL(ip_addr_text(a, buf), expected);
}

static void test_v4(void)
{
	struct decoded r = decode("4500 0018 1234 4000 402f 1385 0a00 0001 0a00 00fe 0102 0304 eeee",
				  ALL, ALL);

	CU_ASSERT_EQUAL_FATAL(r.why, UNSEEN_NONE);
	CU_ASSERT_EQUAL(r.d.context, 77);
	check_text(&r.d.src, "10.0.0.1");
	check_text(&r.d.dst, "10.0.0.254");
	CU_ASSERT_EQUAL(r.d.version, 4);
	CU_ASSERT_EQUAL(r.d.protocol, IP_PROTO_GRE);
	CU_ASSERT_EQUAL(r.d.ttl, 64);
	CU_ASSERT_TRUE(r.d.dont_fragment);
	CU_ASSERT_FALSE(r.d.fragment);
	CU_ASSERT_FALSE(r.d.more_fragments);
	CU_ASSERT_EQUAL(r.d.fragment_id, 0x1234);
	CU_ASSERT_EQUAL(r.d.fragment_offset, 0);
	CU_ASSERT_PTR_EQUAL(r.d.payload, r.octets + 20);
	CU_ASSERT_EQUAL(r.d.caplen, 4);
	CU_ASSERT_EQUAL(r.d.len, 4);
	free(r.octets);
}

static void test_v4_options(void)
{
	struct decoded r = decode("4700 001e 0001 0000 4006 60d4 0a00 0001 0a00 0002 "
				  "0101 0101 0101 0100 aabb", ALL, ALL);

	CU_ASSERT_EQUAL_FATAL(r.why, UNSEEN_NONE);
	CU_ASSERT_PTR_EQUAL(r.d.payload, r.octets + 28);
	CU_ASSERT_EQUAL(r.d.len, 2);
	CU_ASSERT_EQUAL(r.d.protocol, IP_PROTO_TCP);
	free(r.octets);
}

/* A header with a wrong checksum is decoded: captures are rewritten and anonymized without mending it. */
static void test_v4_checksum(void)
{
	struct decoded r = decode("4500 0014 1234 4000 402f 138a 0a00 0001 0a00 00fe", ALL, ALL);

	CU_ASSERT_EQUAL(r.why, UNSEEN_NONE);
	free(r.octets);
}

static void test_v4_fragments(void)
{
	struct decoded r = decode("4500 001c beef 2000 402f 0000 0a00 0001 0a00 0002 0102 0304 0506 0708",
				  ALL, ALL);

	CU_ASSERT_EQUAL_FATAL(r.why, UNSEEN_NONE);
	CU_ASSERT_TRUE(r.d.fragment);
	CU_ASSERT_TRUE(r.d.more_fragments);
	CU_ASSERT_FALSE(r.d.dont_fragment);
	CU_ASSERT_EQUAL(r.d.fragment_offset, 0);
	CU_ASSERT_EQUAL(r.d.fragment_id, 0xbeef);
	CU_ASSERT_EQUAL(r.d.len, 8);
	free(r.octets);
	r = decode("4500 0016 beef 1fff 402f 0000 0a00 0001 0a00 0002 0102 0000", ALL, ALL);
	CU_ASSERT_EQUAL_FATAL(r.why, UNSEEN_NONE);
	CU_ASSERT_TRUE(r.d.fragment);
	CU_ASSERT_FALSE(r.d.more_fragments);
	CU_ASSERT_EQUAL(r.d.fragment_offset, 65528);
	CU_ASSERT_EQUAL(r.d.len, 2);
	free(r.octets);
}

/* The smallest offset, and one that needs its high bits. */
static void test_v4_fragment_offsets(void)
{
	struct decoded r = decode("4500 0014 beef 0001 402f 0000 0a00 0001 0a00 0002", ALL, ALL);

	CU_ASSERT_EQUAL_FATAL(r.why, UNSEEN_NONE);
	CU_ASSERT_TRUE(r.d.fragment);
	CU_ASSERT_FALSE(r.d.dont_fragment);
	CU_ASSERT_EQUAL(r.d.fragment_offset, 8);
	free(r.octets);
	r = decode("4500 0014 beef 3000 402f 0000 0a00 0001 0a00 0002", ALL, ALL);
	CU_ASSERT_EQUAL_FATAL(r.why, UNSEEN_NONE);
	CU_ASSERT_TRUE(r.d.more_fragments);
	CU_ASSERT_EQUAL(r.d.fragment_offset, 0x8000);
	free(r.octets);
}

/* Segmentation offload: the packet goes to the end of the frame, also where the capture cut it. */
static void test_v4_no_length(void)
{
	struct decoded r = decode("4500 0000 0001 4000 4006 0000 0a00 0001 0a00 0002 0102 0304", ALL, 70020);

	CU_ASSERT_EQUAL_FATAL(r.why, UNSEEN_NONE);
	CU_ASSERT_EQUAL(r.d.len, 70000);
	CU_ASSERT_EQUAL(r.d.caplen, 4);
	free(r.octets);
}

static void test_v4_damaged(void)
{
	static const char *const packets[] = {
		"3500 0014 0001 0000 402f 0000 0a00 0001 0a00 0002",
		"0000 0014 0001 0000 402f 0000 0a00 0001 0a00 0002",
		"4400 0014 0001 0000 402f 0000 0a00 0001 0a00 0002", /* header below 20 */
		"4600 0014 0001 0000 402f 0000 0a00 0001 0a00 0002 0000 0000", /* total below header */
		"4500 0013 0001 0000 402f 0000 0a00 0001 0a00 0002",
		"4500 0015 0001 0000 402f 0000 0a00 0001 0a00 0002", /* total beyond the frame */
		"4f00 0014 0001 0000 402f 0000 0a00 0001 0a00 0002",
		"4600 0000 0001 0000 402f 0000 0a00 0001 0a00 0002",
	};

	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++)
		CU_ASSERT_EQUAL(verdict(packets[i], ALL, ALL), UNSEEN_IP_DAMAGED);
	/* cut, and yet the frame was too small on the wire */
	CU_ASSERT_EQUAL(verdict(packets[5], 20, 20), UNSEEN_IP_DAMAGED);
	CU_ASSERT_EQUAL(verdict(packets[5], 20, 21), UNSEEN_NONE);
	CU_ASSERT_EQUAL(verdict(packets[5], 19, 20), UNSEEN_CUT);
}

static void test_v4_truncated(void)
{
	const char *packet = "4600 001c 1234 4000 402f 0000 0a00 0001 0a00 00fe 0000 0000 0102 0304";

	for (uint32_t n = 0; n < 28; n++) {
		struct decoded r = decode(packet, n, 28);

		CU_ASSERT_EQUAL(r.why, n < 24 ? UNSEEN_CUT : UNSEEN_NONE);
		if (r.why == UNSEEN_NONE) {
			CU_ASSERT_EQUAL(r.d.caplen, n - 24);
			CU_ASSERT_EQUAL(r.d.len, 4);
		}
		free(r.octets);
		CU_ASSERT_EQUAL(verdict(packet, n, n), UNSEEN_IP_DAMAGED);
	}
}

static void test_v6(void)
{
	struct decoded r = decode("6000 0000 0004 2fff " IP6_ADDRS "0102 0304 eeee", ALL, ALL);

	CU_ASSERT_EQUAL_FATAL(r.why, UNSEEN_NONE);
	CU_ASSERT_EQUAL(r.d.context, 77);
	check_text(&r.d.src, "2001:db8::1");
	check_text(&r.d.dst, "2001:db8::2");
	CU_ASSERT_EQUAL(r.d.version, 6);
	CU_ASSERT_EQUAL(r.d.protocol, IP_PROTO_GRE);
	CU_ASSERT_EQUAL(r.d.ttl, 255);
	CU_ASSERT_FALSE(r.d.dont_fragment);
	CU_ASSERT_FALSE(r.d.fragment);
	CU_ASSERT_FALSE(r.d.more_fragments);
	CU_ASSERT_PTR_EQUAL(r.d.payload, r.octets + 40);
	CU_ASSERT_EQUAL(r.d.caplen, 4);
	CU_ASSERT_EQUAL(r.d.len, 4);
	free(r.octets);
}

/* Hop-by-hop, destination options (16 octets), routing, authentication (12), whole-packet fragment, TCP. */
#define CHAIN "6000 0000 0038 0040 " IP6_ADDRS \
	"3c00 0104 0000 0000 2b01 010c 0000 0000 0000 0000 0000 0000 3300 0000 0000 0000 " \
	"2c01 0000 0000 0001 0000 0002 0600 0000 0000 0007 aabb ccdd"

static void test_v6_extensions(void)
{
	for (uint32_t n = 0; n <= 96; n++) {
		struct decoded r = decode(CHAIN, n, 96);

		CU_ASSERT_EQUAL(r.why, n < 92 ? UNSEEN_CUT : UNSEEN_NONE);
		if (r.why == UNSEEN_NONE) {
			CU_ASSERT_EQUAL(r.d.protocol, IP_PROTO_TCP);
			CU_ASSERT_FALSE(r.d.fragment);
			CU_ASSERT_PTR_EQUAL(r.d.payload, r.octets + 92);
			CU_ASSERT_EQUAL(r.d.caplen, n - 92);
			CU_ASSERT_EQUAL(r.d.len, 4);
		}
		free(r.octets);
	}
}

/* What follows the fragment header belongs to the whole packet: it is not looked at here. */
static void test_v6_fragments(void)
{
	struct decoded r = decode("6000 0000 0018 2c40 " IP6_ADDRS "3c00 0001 89ab cdef "
				  "0600 0104 0000 0000 aabb ccdd 0000 0000", ALL, ALL);

	CU_ASSERT_EQUAL_FATAL(r.why, UNSEEN_NONE);
	CU_ASSERT_TRUE(r.d.fragment);
	CU_ASSERT_TRUE(r.d.more_fragments);
	CU_ASSERT_EQUAL(r.d.fragment_offset, 0);
	CU_ASSERT_EQUAL(r.d.fragment_id, 0x89abcdef);
	CU_ASSERT_EQUAL(r.d.protocol, 60);
	CU_ASSERT_EQUAL(r.d.len, 16);
	free(r.octets);
	r = decode("6000 0000 000a 2c40 " IP6_ADDRS "2f00 fff8 0000 0001 aabb", ALL, ALL);
	CU_ASSERT_EQUAL_FATAL(r.why, UNSEEN_NONE);
	CU_ASSERT_TRUE(r.d.fragment);
	CU_ASSERT_FALSE(r.d.more_fragments);
	CU_ASSERT_EQUAL(r.d.fragment_offset, 65528);
	CU_ASSERT_EQUAL(r.d.protocol, IP_PROTO_GRE);
	CU_ASSERT_EQUAL(r.d.len, 2);
	free(r.octets);
}

/* Lengths that need both of their octets. */
static void test_v4_large(void)
{
	struct decoded r = decode("4500 0217 0001 0000 402f 0000 0a00 0001 0a00 0002 0102", ALL, 0x300);

	CU_ASSERT_EQUAL_FATAL(r.why, UNSEEN_NONE);
	CU_ASSERT_EQUAL(r.d.len, 0x203);
	CU_ASSERT_EQUAL(r.d.caplen, 2);
	free(r.octets);
}

static void test_v6_large(void)
{
	struct decoded r = decode("6000 0000 0203 2fff " IP6_ADDRS "0102 0304", ALL, 40 + 0x300);

	CU_ASSERT_EQUAL_FATAL(r.why, UNSEEN_NONE);
	CU_ASSERT_EQUAL(r.d.len, 0x203);
	CU_ASSERT_EQUAL(r.d.caplen, 4);
	free(r.octets);
}

static void test_v6_damaged(void)
{
	static const char too_long[] = "6000 0000 0005 2fff " IP6_ADDRS "0102 0304";
	static const char no_room[] = "6000 0000 0000 00ff " IP6_ADDRS;
	static const char extension[] = "6000 0000 0008 00ff " IP6_ADDRS
					"0601 0000 0000 0000 0000 0000 0000 0000";
	static const char whole[] = "6000 0000 0008 00ff " IP6_ADDRS "0600 0000 0000 0000";

	CU_ASSERT_EQUAL(verdict(too_long, ALL, ALL), UNSEEN_IP_DAMAGED);
	CU_ASSERT_EQUAL(verdict(too_long, ALL, 45), UNSEEN_NONE);
	CU_ASSERT_EQUAL(verdict(no_room, ALL, ALL), UNSEEN_IP_DAMAGED);
	CU_ASSERT_EQUAL(verdict(extension, 48, 48), UNSEEN_IP_DAMAGED);
	CU_ASSERT_EQUAL(verdict(extension, ALL, ALL), UNSEEN_IP_DAMAGED); /* what follows is padding */
	CU_ASSERT_EQUAL(verdict(whole, 44, 48), UNSEEN_CUT);
	CU_ASSERT_EQUAL(verdict(whole, 48, 48), UNSEEN_NONE);
	for (uint32_t n = 0; n < 40; n++)
		CU_ASSERT_EQUAL(verdict("6000 0000 0000 2fff " IP6_ADDRS, n, n), UNSEEN_IP_DAMAGED);
	CU_ASSERT_EQUAL(verdict("6000 0000 0000 2fff " IP6_ADDRS, 40, 40), UNSEEN_NONE);
}

static void test_text(void)
{
	static const struct {
		const char *text, *back;
	} rows[] = {
		{ "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "::ffff:10.0.0.1", "10.0.0.1" },
		{ "::", "::" },
		{ "::1", "::1" },
		{ "2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
		{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	};
	static const char *const none[] = {
		"", "10.0.0", "10.0.0.256", "10.0.0.1 ", " 10.0.0.1", "host", ":::", "2001:db8",
		"1.2.3.4.5", "::1%lo",
	};
	struct ip_addr a;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_TRUE(ip_addr_parse(rows[i].text, &a));
		check_text(&a, rows[i].back);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		CU_ASSERT_FALSE(ip_addr_parse(none[i], &a));
	CU_ASSERT_TRUE(ip_addr_parse("10.0.0.1", &a));
	CU_ASSERT_TRUE(ip_addr_is_v4(&a));
	CU_ASSERT_TRUE(ip_addr_parse("::10.0.0.1", &a));
	CU_ASSERT_FALSE(ip_addr_is_v4(&a));
}

/* The definition, one octet at a time. */
static uint16_t slow_sum(const uint8_t *octets, size_t len)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? octets[i] : (uint64_t)octets[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void test_checksum(void)
{
	static const uint8_t rfc1071[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };
	uint8_t octets[300];

	CU_ASSERT_EQUAL(ip_checksum_fold(ip_checksum_add(0, rfc1071, sizeof(rfc1071))), 0xddf2);
	CU_ASSERT_EQUAL(ip_checksum_fold(0), 0);
	CU_ASSERT_EQUAL(ip_checksum_fold(0xffff), 0xffff);
	CU_ASSERT_EQUAL(ip_checksum_fold(0xffffffff), 0xffff);
	CU_ASSERT_EQUAL(ip_checksum_fold(0x0001ffff), 1);
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(i * 167 + 13);
	for (size_t n = 0; n <= sizeof(octets); n++) {
		uint8_t *copy = exact_copy(octets, n);
		size_t half = n / 4 * 2;
		uint32_t sum = ip_checksum_add(ip_checksum_add(0, copy, half), copy + half, n - half);

		CU_ASSERT_EQUAL(ip_checksum_fold(ip_checksum_add(0, copy, n)), slow_sum(octets, n));
		CU_ASSERT_EQUAL(ip_checksum_fold(sum), slow_sum(octets, n));
		free(copy);
	}
}

/* Sums of large segments must not lose a carry. */
static void test_checksum_large(void)
{
	size_t n = 1000001;
	uint8_t *octets = malloc(n);

	CU_ASSERT_PTR_NOT_NULL_FATAL(octets);
	memset(octets, 0xff, n);
	CU_ASSERT_EQUAL(ip_checksum_fold(ip_checksum_add(0xffffffff, octets, n)), slow_sum(octets, n));
	memset(octets, 0xf1, n);
	CU_ASSERT_EQUAL(ip_checksum_fold(ip_checksum_add(0, octets, n)), slow_sum(octets, n));
	free(octets);
}

static void test_pseudo(void)
{
	struct datagram d = { .version = 4 };

	CU_ASSERT_TRUE_FATAL(ip_addr_parse("10.0.0.1", &d.src) && ip_addr_parse("10.0.0.2", &d.dst));
	CU_ASSERT_EQUAL(ip_checksum_fold(ip_pseudo_sum(&d, 6, 20)), 0x141d);
	CU_ASSERT_EQUAL(ip_checksum_fold(ip_pseudo_sum(&d, 6, 0x10014)), 0x141e);
	d.version = 6;
	CU_ASSERT_TRUE_FATAL(ip_addr_parse("2001:db8::1", &d.src) && ip_addr_parse("2001:db8::2", &d.dst));
	CU_ASSERT_EQUAL(ip_checksum_fold(ip_pseudo_sum(&d, 6, 20)), 0x5b8f);
}

void suite_ip(void);

void suite_ip(void)
{
	CU_pSuite s = CU_add_suite("ip", NULL, NULL);

	CU_add_test(s, "IPv4", test_v4);
	CU_add_test(s, "IPv4 options", test_v4_options);
	CU_add_test(s, "IPv4 header checksum", test_v4_checksum);
	CU_add_test(s, "IPv4 fragments", test_v4_fragments);
	CU_add_test(s, "IPv4 fragment offsets", test_v4_fragment_offsets);
	CU_add_test(s, "IPv4 total length 0", test_v4_no_length);
	CU_add_test(s, "IPv4 damaged", test_v4_damaged);
	CU_add_test(s, "IPv4 truncated at every octet", test_v4_truncated);
	CU_add_test(s, "IPv6", test_v6);
	CU_add_test(s, "IPv6 extension headers, cut at every octet", test_v6_extensions);
	CU_add_test(s, "IPv6 fragments", test_v6_fragments);
	CU_add_test(s, "IPv4 large", test_v4_large);
	CU_add_test(s, "IPv6 large", test_v6_large);
	CU_add_test(s, "IPv6 damaged", test_v6_damaged);
	CU_add_test(s, "address text", test_text);
	CU_add_test(s, "checksum", test_checksum);
	CU_add_test(s, "checksum of large segments", test_checksum_large);
	CU_add_test(s, "pseudo-header", test_pseudo);
}
