/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissectors/gre.h"

#include <CUnit/CUnit.h>
#include <stdio.h>

#include "tests/unit/exact.h"

#define DATA "3001 880b 0004 0018 0000 0007 ff03 c021"
#define BOTH "3081 880b 0004 ffff 8000 0001 ffff ffff ff03 c021"
#define ACK "2081 880b 0000 0018 0000 0009"

enum { PACKET_MAX = 64, ALL = PACKET_MAX /* as a length: as many octets as there are */ };

/* A decoded packet and the octets that it borrows. */
struct decoded {
	enum gre_status status;
	struct gre_pkt g;
	uint8_t *octets;
	uint32_t size;
};

static struct decoded decode(const char *hex, uint32_t caplen, uint32_t len, bool fragment)
{
	uint8_t octets[PACKET_MAX];
	struct decoded d = { .size = (uint32_t)exact_hex(hex, octets, PACKET_MAX) };

	if (caplen < d.size)
		d.size = caplen;
	d.octets = exact_copy(octets, d.size);
	memset(&d.g, 0xa5, sizeof(d.g));
	d.status = gre_decode(d.octets, d.size, len == ALL ? d.size : len, fragment, &d.g);
	return d;
}

/* All of it was captured. */
static struct decoded decode_whole(const char *hex)
{
	return decode(hex, ALL, ALL, false);
}

static void test_data(void)
{
	struct decoded d = decode_whole(DATA);

	CU_ASSERT_EQUAL(d.status, GRE_OK);
	CU_ASSERT_EQUAL(d.g.defects, 0);
	CU_ASSERT_EQUAL(d.g.flags, 0x3001);
	CU_ASSERT_EQUAL(d.g.protocol, GRE_PROTO_PPP);
	CU_ASSERT_EQUAL(d.g.payload_length, 4);
	CU_ASSERT_EQUAL(d.g.call_id, 0x18);
	CU_ASSERT_EQUAL(d.g.seq, 7);
	CU_ASSERT_EQUAL(d.g.ack, 0);
	CU_ASSERT_EQUAL(d.g.header_len, 12);
	CU_ASSERT_PTR_EQUAL(d.g.payload, d.octets + 12);
	CU_ASSERT_EQUAL(d.g.caplen, 4);
	free(d.octets);
}

static void test_both(void)
{
	struct decoded d = decode_whole(BOTH);

	CU_ASSERT_EQUAL(d.status, GRE_OK);
	CU_ASSERT_EQUAL(d.g.defects, 0);
	CU_ASSERT_EQUAL(d.g.call_id, 0xffff);
	CU_ASSERT_EQUAL(d.g.seq, 0x80000001);
	CU_ASSERT_EQUAL(d.g.ack, 0xffffffff);
	CU_ASSERT_EQUAL(d.g.header_len, 16);
	CU_ASSERT_PTR_EQUAL(d.g.payload, d.octets + 16);
	CU_ASSERT_EQUAL(d.g.caplen, 4);
	free(d.octets);
}

static void test_ack(void)
{
	struct decoded d = decode_whole(ACK);

	CU_ASSERT_EQUAL(d.status, GRE_OK);
	CU_ASSERT_EQUAL(d.g.defects, 0);
	CU_ASSERT_EQUAL(d.g.seq, 0);
	CU_ASSERT_EQUAL(d.g.ack, 9);
	CU_ASSERT_EQUAL(d.g.header_len, 12);
	CU_ASSERT_EQUAL(d.g.caplen, 0);
	free(d.octets);
}

/* Each defect alone, as far as that is possible, on packets that came whole. */
static void test_defects(void)
{
	static const struct {
		const char *packet;
		unsigned defects;
	} rows[] = {
		{ "b001 880b 0001 0018 0000 0007 aa", GRE_BAD_C },
		{ "7001 880b 0001 0018 0000 0007 aa", GRE_BAD_R },
		{ "1001 880b 0001 0018 0000 0007 aa", GRE_BAD_K },
		{ "3801 880b 0001 0018 0000 0007 aa", GRE_BAD_SSR },
		{ "3101 880b 0001 0018 0000 0007 aa", GRE_BAD_RECUR },
		{ "3401 880b 0001 0018 0000 0007 aa", GRE_BAD_RECUR },
		{ "3009 880b 0001 0018 0000 0007 aa", GRE_BAD_FLAGS },
		{ "3041 880b 0001 0018 0000 0007 aa", GRE_BAD_FLAGS },
		{ "3001 880c 0001 0018 0000 0007 aa", GRE_BAD_PROTOCOL },
		{ "3001 0800 0001 0018 0000 0007 aa", GRE_BAD_PROTOCOL },
		{ "2001 880b 0000 0018", GRE_BAD_EMPTY },
		{ "2001 880b 0001 0018 aa", GRE_BAD_EMPTY | GRE_BAD_NO_S },
		{ "3001 880b 0002 0018 0000 0007 aa", GRE_BAD_LENGTH },
		{ "3001 880b ffff 0018 0000 0007 aa", GRE_BAD_LENGTH },
		{ "3001 880b 0001 0018 0000 0007 aabb", GRE_BAD_PAD },
		{ "2081 880b 0000 0018 0000 0007 aabb", GRE_BAD_PAD },
		{ "3001 880b 0000 0018 0000 0007", GRE_BAD_S_EMPTY },
		{ "3081 880b 0000 0018 0000 0007 0000 0001", GRE_BAD_S_EMPTY },
		{ "2081 880b 0001 0018 0000 0007 aa", GRE_BAD_NO_S },
		{ "cf79 ffff 0000 0018", GRE_BAD_C | GRE_BAD_R | GRE_BAD_K | GRE_BAD_SSR | GRE_BAD_RECUR |
				       GRE_BAD_FLAGS | GRE_BAD_PROTOCOL | GRE_BAD_EMPTY },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct decoded d = decode_whole(rows[i].packet);

		if (d.status != GRE_OK || d.g.defects != rows[i].defects) {
			char text[128];

			snprintf(text, sizeof(text), "%s: %#x, not %#x", rows[i].packet, d.g.defects,
				 rows[i].defects);
			CU_assertImplementation(CU_FALSE, __LINE__, text, __FILE__, "defects", CU_FALSE);
		}
		free(d.octets);
	}
}

/* C and R announce fields that enhanced GRE does not have: nothing moves. */
static void test_no_extra_fields(void)
{
	struct decoded d = decode_whole("f001 880b 0004 0018 0000 0007 0102 0304");

	CU_ASSERT_EQUAL(d.status, GRE_OK);
	CU_ASSERT_EQUAL(d.g.seq, 7);
	CU_ASSERT_EQUAL(d.g.header_len, 12);
	CU_ASSERT_EQUAL(d.g.caplen, 4);
	free(d.octets);
}

static void test_other_versions(void)
{
	static const char *const packets[] = {
		"3000 880b 0004 0018", "2082 880b 0000 0018 0000", "0000 0800", "3003", "30ff 0800 4500",
	};

	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		struct decoded d = decode_whole(packets[i]);

		CU_ASSERT_EQUAL(d.status, GRE_OTHER_VERSION);
		CU_ASSERT_EQUAL(d.g.flags, d.octets[0] << 8 | d.octets[1]);
		CU_ASSERT_EQUAL(d.g.protocol, d.size < 4 ? 0 : d.octets[2] << 8 | d.octets[3]);
		CU_ASSERT_EQUAL(d.g.payload_length, 0);
		CU_ASSERT_EQUAL(d.g.call_id, 0);
		CU_ASSERT_EQUAL(d.g.defects, 0);
		free(d.octets);
	}
}

/* What of a value of `width` octets at `offset` is known when n octets arrived. */
static uint32_t known(uint32_t n, uint32_t offset, uint32_t width, uint32_t value)
{
	return n >= offset + width ? value : 0;
}

/* The capture lacks the end: what arrived is right, nothing is a fault of the sender. */
static void test_cut(void)
{
	for (uint32_t n = 0; n < 20; n++) {
		struct decoded d = decode(BOTH, n, 20, false);

		CU_ASSERT_EQUAL(d.status, n < 16 ? GRE_CUT : GRE_OK);
		CU_ASSERT_EQUAL(d.g.defects, 0);
		CU_ASSERT_EQUAL(d.g.flags, n >= 2 ? 0x3081 : n == 1 ? 0x3000 : 0);
		CU_ASSERT_EQUAL(d.g.protocol, known(n, 2, 2, GRE_PROTO_PPP));
		CU_ASSERT_EQUAL(d.g.payload_length, known(n, 4, 2, 4));
		CU_ASSERT_EQUAL(d.g.call_id, known(n, 6, 2, 0xffff));
		CU_ASSERT_EQUAL(d.g.seq, known(n, 8, 4, 0x80000001));
		CU_ASSERT_EQUAL(d.g.ack, known(n, 12, 4, 0xffffffff));
		CU_ASSERT_EQUAL(d.g.caplen, n < 16 ? 0 : n - 16);
		CU_ASSERT(d.g.header_len <= n);
		free(d.octets);
	}
}

/* Faults of the fields that arrived show all the same. */
static void test_cut_defects(void)
{
	for (uint32_t n = 0; n < 12; n++) {
		struct decoded d = decode("b009 880c 0000 0018 0000 0007", n, 12, false);
		unsigned expected = n >= 2 ? GRE_BAD_C | GRE_BAD_FLAGS : 0;

		if (n >= 4)
			expected |= GRE_BAD_PROTOCOL;
		if (n >= 6)
			expected |= GRE_BAD_S_EMPTY;
		CU_ASSERT_EQUAL(d.status, GRE_CUT);
		CU_ASSERT_EQUAL(d.g.defects, expected);
		free(d.octets);
	}
}

/* The payload length is judged by the wire, however much was captured. */
static void test_cut_length(void)
{
	struct decoded d = decode(DATA, 13, 15, false);

	CU_ASSERT_EQUAL(d.status, GRE_OK);
	CU_ASSERT_EQUAL(d.g.defects, GRE_BAD_LENGTH);
	CU_ASSERT_EQUAL(d.g.caplen, 1);
	free(d.octets);
	d = decode(DATA, 13, 17, false);
	CU_ASSERT_EQUAL(d.g.defects, GRE_BAD_PAD);
	free(d.octets);
}

/* The packet ended within the header on the wire. */
static void test_short(void)
{
	for (uint32_t n = 0; n < 16; n++) {
		struct decoded d = decode(BOTH, n, n, false);

		CU_ASSERT_EQUAL(d.status, GRE_OK);
		CU_ASSERT_EQUAL(d.g.defects & GRE_BAD_SHORT, GRE_BAD_SHORT);
		CU_ASSERT_EQUAL(d.g.defects & GRE_BAD_LENGTH, n >= 6 ? GRE_BAD_LENGTH : 0);
		CU_ASSERT_EQUAL(d.g.defects & GRE_BAD_S_EMPTY, 0);
		CU_ASSERT_EQUAL(d.g.caplen, 0);
		free(d.octets);
	}
}

/* Short on the wire and cut: proven from the version on. */
static void test_short_and_cut(void)
{
	struct decoded d = decode(BOTH, 1, 15, false);

	CU_ASSERT_EQUAL(d.status, GRE_CUT);
	free(d.octets);
	d = decode(BOTH, 2, 15, false);
	CU_ASSERT_EQUAL(d.status, GRE_OK);
	CU_ASSERT_EQUAL(d.g.defects, GRE_BAD_SHORT);
	free(d.octets);
}

/* Of a first fragment the length is not judged, and a header that goes on elsewhere is cut. */
static void test_fragment(void)
{
	struct decoded d = decode("3001 880b 0400 0018 0000 0007 ff03", ALL, ALL, true);

	CU_ASSERT_EQUAL(d.status, GRE_OK);
	CU_ASSERT_EQUAL(d.g.defects, 0);
	CU_ASSERT_EQUAL(d.g.caplen, 2);
	free(d.octets);
	d = decode("b001 880b 0400 0018", ALL, ALL, true);
	CU_ASSERT_EQUAL(d.status, GRE_CUT);
	CU_ASSERT_EQUAL(d.g.defects, GRE_BAD_C);
	free(d.octets);
}

/* More octets than the packet has (link padding) are no part of it. */
static void test_capture_beyond_packet(void)
{
	struct decoded d = decode("2081 880b 0000 0018 0000 0009 0000 0000", ALL, 12, false);

	CU_ASSERT_EQUAL(d.status, GRE_OK);
	CU_ASSERT_EQUAL(d.g.defects, 0);
	free(d.octets);
	d = decode("2081 880b 0000 0018 0000 0009", ALL, 8, false);
	CU_ASSERT_EQUAL(d.g.defects, GRE_BAD_SHORT);
	CU_ASSERT_EQUAL(d.g.ack, 0);
	free(d.octets);
}

static void test_encode(void)
{
	static const char *const packets[] = {
		DATA, BOTH, ACK,
		"2001 880b 0000 0018",
		"ff79 1234 0001 8000 0102 0304 aa",
		"cff9 ffff 0002 ffff 0102 0304 aabb",
	};

	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		struct decoded d = decode_whole(packets[i]);
		uint8_t *again = malloc(d.size);

		CU_ASSERT_PTR_NOT_NULL_FATAL(again);
		CU_ASSERT_EQUAL(gre_encode(&d.g, d.g.payload, d.g.caplen, again, d.size), d.size);
		CU_ASSERT_EQUAL(memcmp(again, d.octets, d.size), 0);
		for (size_t room = 0; room < d.size; room++)
			CU_ASSERT_EQUAL(gre_encode(&d.g, d.g.payload, d.g.caplen, again, room), 0);
		free(again);
		free(d.octets);
	}
}

/* Nothing is corrected on the way out. */
static void test_encode_wrong(void)
{
	static const uint8_t expected[] = { 0x30, 0x07, 0x12, 0x34, 0xff, 0xff, 0, 1, 0, 0, 0, 2, 0x55 };
	struct gre_pkt g = { .flags = 0x3007, .protocol = 0x1234, .payload_length = 0xffff, .call_id = 1,
			     .seq = 2, .ack = 3 };
	uint8_t out[32];

	CU_ASSERT_EQUAL_FATAL(gre_encode(&g, (const uint8_t *)"\x55", 1, out, sizeof(out)), sizeof(expected));
	CU_ASSERT_EQUAL(memcmp(out, expected, sizeof(expected)), 0);
	CU_ASSERT_EQUAL(gre_encode(&g, NULL, 0, out, sizeof(out)), 12);
}

static int64_t field(const struct gre_pkt *g, const char *name)
{
	for (unsigned i = 0; i < gre_field_count; i++) {
		bool present = true;
		uint32_t value = gre_field_value(g, i, &present);

		if (!strcmp(gre_fields[i].name, name))
			return present ? (int64_t)value : -1;
	}
	return -2;
}

static void test_field_names(void)
{
	static const char *const names[] = {
		"c", "r", "k", "s", "ssr", "recur", "a", "flags", "ver", "protocol_type",
		"payload_length", "call_id", "sequence_number", "acknowledgment_number",
	};
	unsigned mask = 0;
	bool present = true;
	struct gre_pkt g = { 0 };

	CU_ASSERT_EQUAL_FATAL(gre_field_count, sizeof(names) / sizeof(names[0]));
	for (unsigned i = 0; i < gre_field_count; i++) {
		CU_ASSERT_STRING_EQUAL(gre_fields[i].name, names[i]);
		CU_ASSERT_EQUAL(mask & gre_fields[i].mask, 0);
		mask |= gre_fields[i].mask;
	}
	CU_ASSERT_EQUAL(mask, 0xffff);
	CU_ASSERT_EQUAL(gre_field_value(&g, gre_field_count, &present), 0);
	CU_ASSERT_FALSE(present);
}

static void test_field_values(void)
{
	struct decoded d = decode_whole("5d69 880b 0001 0018 0000 0007 aa");

	CU_ASSERT_EQUAL(field(&d.g, "c"), 0);
	CU_ASSERT_EQUAL(field(&d.g, "r"), 1);
	CU_ASSERT_EQUAL(field(&d.g, "k"), 0);
	CU_ASSERT_EQUAL(field(&d.g, "s"), 1);
	CU_ASSERT_EQUAL(field(&d.g, "ssr"), 1);
	CU_ASSERT_EQUAL(field(&d.g, "recur"), 5);
	CU_ASSERT_EQUAL(field(&d.g, "a"), 0);
	CU_ASSERT_EQUAL(field(&d.g, "flags"), 13);
	CU_ASSERT_EQUAL(field(&d.g, "ver"), 1);
	CU_ASSERT_EQUAL(field(&d.g, "protocol_type"), 34827);
	CU_ASSERT_EQUAL(field(&d.g, "payload_length"), 1);
	CU_ASSERT_EQUAL(field(&d.g, "call_id"), 24);
	CU_ASSERT_EQUAL(field(&d.g, "sequence_number"), 7);
	CU_ASSERT_EQUAL(field(&d.g, "acknowledgment_number"), -1);
	free(d.octets);
	d = decode_whole(ACK);
	CU_ASSERT_EQUAL(field(&d.g, "sequence_number"), -1);
	CU_ASSERT_EQUAL(field(&d.g, "acknowledgment_number"), 9);
	free(d.octets);
}

/* Fields that were cut off are absent; those of a packet that was never on a wire are not. */
static void test_field_presence(void)
{
	struct gre_pkt made = { .flags = 0x3081, .seq = 5, .ack = 6 };
	struct decoded d;

	for (uint32_t n = 1; n <= 16; n++) {
		d = decode(BOTH, n, 20, false);
		CU_ASSERT_EQUAL(field(&d.g, "protocol_type") >= 0, n >= 4);
		CU_ASSERT_EQUAL(field(&d.g, "payload_length") >= 0, n >= 6);
		CU_ASSERT_EQUAL(field(&d.g, "call_id") >= 0, n >= 8);
		CU_ASSERT_EQUAL(field(&d.g, "sequence_number") >= 0, n >= 12);
		CU_ASSERT_EQUAL(field(&d.g, "acknowledgment_number") >= 0, n >= 16);
		free(d.octets);
	}
	d = decode(BOTH, 11, 20, false);
	CU_ASSERT_EQUAL(field(&d.g, "call_id"), 0xffff);
	CU_ASSERT_EQUAL(field(&d.g, "sequence_number"), -1);
	CU_ASSERT_EQUAL(field(&d.g, "acknowledgment_number"), -1);
	free(d.octets);
	d = decode(BOTH, 1, 20, false);
	CU_ASSERT_EQUAL(field(&d.g, "k"), 1);
	CU_ASSERT_EQUAL(field(&d.g, "ver"), -1);
	CU_ASSERT_EQUAL(field(&d.g, "call_id"), -1);
	free(d.octets);
	CU_ASSERT_EQUAL(field(&made, "sequence_number"), 5);
	CU_ASSERT_EQUAL(field(&made, "acknowledgment_number"), 6);
}

static void test_defect_texts(void)
{
	for (unsigned bit = 1; bit <= GRE_BAD_SHORT; bit <<= 1)
		CU_ASSERT_PTR_NOT_NULL(gre_defect_text(bit));
	CU_ASSERT_STRING_EQUAL(gre_defect_text(GRE_BAD_C), "checksum bit set");
	CU_ASSERT_PTR_NULL(gre_defect_text(0));
	CU_ASSERT_PTR_NULL(gre_defect_text(GRE_BAD_C | GRE_BAD_R));
	CU_ASSERT_PTR_NULL(gre_defect_text(GRE_BAD_SHORT << 1));
}

void suite_gre(void);

void suite_gre(void)
{
	CU_pSuite s = CU_add_suite("gre", NULL, NULL);

	CU_add_test(s, "data", test_data);
	CU_add_test(s, "data with acknowledgment", test_both);
	CU_add_test(s, "acknowledgment", test_ack);
	CU_add_test(s, "every defect", test_defects);
	CU_add_test(s, "no fields for C and R", test_no_extra_fields);
	CU_add_test(s, "other versions", test_other_versions);
	CU_add_test(s, "cut at every octet", test_cut);
	CU_add_test(s, "defects when cut", test_cut_defects);
	CU_add_test(s, "length judged when cut", test_cut_length);
	CU_add_test(s, "ended early at every octet", test_short);
	CU_add_test(s, "ended early and cut", test_short_and_cut);
	CU_add_test(s, "first fragment", test_fragment);
	CU_add_test(s, "capture beyond the packet", test_capture_beyond_packet);
	CU_add_test(s, "encode what was decoded", test_encode);
	CU_add_test(s, "encode nonsense as it is", test_encode_wrong);
	CU_add_test(s, "rows of fields", test_field_names);
	CU_add_test(s, "values of fields", test_field_values);
	CU_add_test(s, "fields that are not there", test_field_presence);
	CU_add_test(s, "defects in words", test_defect_texts);
}
