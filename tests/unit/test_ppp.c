/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissectors/ppp.h"

#include <CUnit/CUnit.h>

#include "tests/unit/exact.h"

enum { FRAME_MAX = 64, ALL = FRAME_MAX /* as a length: as many octets as there are */ };

/* A decoded frame and the octets that it borrows. */
struct decoded {
	struct ppp_frame f;
	uint8_t *octets;
};

static struct decoded decode(const char *hex, uint32_t caplen, uint32_t len)
{
	uint8_t octets[FRAME_MAX];
	uint32_t n = (uint32_t)exact_hex(hex, octets, FRAME_MAX);
	struct decoded d;

	if (caplen < n)
		n = caplen;
	d.octets = exact_copy(octets, n);
	memset(&d.f, 0xa5, sizeof(d.f));
	ppp_decode(d.octets, n, len == ALL ? n : len, &d.f);
	return d;
}

/* Framing of whole frames: with and without Address and Control, long and short protocols. */
static void test_framing(void)
{
	static const struct {
		const char *frame;
		uint16_t protocol;
		bool address_control, compressed, bad;
		uint32_t offset;
	} rows[] = {
		{ "ff03 0021 4500", PPP_IP, true, false, false, 4 },
		{ "ff03 21 4500", PPP_IP, true, true, false, 3 },
		{ "0021 4500", PPP_IP, false, false, false, 2 },
		{ "21 4500", PPP_IP, false, true, false, 1 },
		{ "57 6000", PPP_IPV6, false, true, false, 1 },
		{ "fd 9000", PPP_COMP, false, true, false, 1 },
		{ "ff03 00fd 9000", PPP_COMP, true, false, false, 4 },
		{ "c021 0101", PPP_LCP, false, false, false, 2 },
		{ "ff03 c223", PPP_CHAP, true, false, false, 4 },
		{ "ff03 0020 aaaa", 0x0020, true, false, true, 4 },
		{ "0022 aaaa", 0x0022, false, false, true, 2 },
		{ "ff04 aaaa", 0x00ff, false, true, true, 1 },
		{ "ff", 0x00ff, false, true, true, 1 },
		{ "ff03 ff", 0x00ff, true, true, true, 3 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct decoded d = decode(rows[i].frame, ALL, ALL);

		CU_ASSERT_EQUAL(d.f.protocol, rows[i].protocol);
		CU_ASSERT_EQUAL(d.f.address_control, rows[i].address_control);
		CU_ASSERT_EQUAL(d.f.compressed_protocol, rows[i].compressed);
		CU_ASSERT_EQUAL(d.f.bad, rows[i].bad);
		CU_ASSERT_FALSE(d.f.cut);
		CU_ASSERT_PTR_EQUAL(d.f.payload, d.octets + rows[i].offset);
		free(d.octets);
	}
}

static void test_code(void)
{
	struct decoded d = decode("ff03 c021 0105 040a 0102 aabb", ALL, ALL);

	CU_ASSERT_TRUE(d.f.has_code);
	CU_ASSERT_EQUAL(d.f.code, 1);
	CU_ASSERT_EQUAL(d.f.identifier, 5);
	CU_ASSERT_EQUAL(d.f.length, 0x40a);
	CU_ASSERT_PTR_EQUAL(d.f.payload, d.octets + 4); /* the code is part of it */
	CU_ASSERT_EQUAL(d.f.caplen, 8);
	free(d.octets);
	d = decode("80ed 0105 000a", ALL, ALL); /* a control protocol without a name */
	CU_ASSERT_TRUE(d.f.has_code);
	free(d.octets);
}

static void test_no_code(void)
{
	static const char *const frames[] = {
		"ff03 0021 4500 0014", "00fd 9001 aaaa", "c025 0000 0001 0000", "c0ff 0101 0004",
		"c020 0101 0004",
	};

	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		struct decoded d = decode(frames[i], ALL, ALL);

		CU_ASSERT_FALSE(d.f.has_code);
		CU_ASSERT_EQUAL(d.f.code, 0);
		CU_ASSERT_EQUAL(d.f.length, 0);
		free(d.octets);
	}
}

static void test_cut(void)
{
	for (uint32_t n = 0; n <= 8; n++) {
		struct decoded d = decode("ff03 c021 0105 0004", n, 8);

		CU_ASSERT_EQUAL(d.f.cut, n < 4);
		CU_ASSERT_EQUAL(d.f.protocol, n < 4 ? 0 : PPP_LCP);
		CU_ASSERT_EQUAL(d.f.address_control, n >= 2);
		CU_ASSERT_FALSE(d.f.compressed_protocol);
		CU_ASSERT_FALSE(d.f.bad);
		CU_ASSERT_EQUAL(d.f.caplen, n < 4 ? 0 : n - 4);
		CU_ASSERT_EQUAL(d.f.has_code, n == 8);
		free(d.octets);
	}
}

/* It ended there on the wire: no valid protocol. */
static void test_short(void)
{
	static const char *const frames[] = { "", "00", "c0", "ff03", "ff03 00" };

	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		struct decoded d = decode(frames[i], ALL, ALL);

		CU_ASSERT_TRUE(d.f.bad);
		CU_ASSERT_FALSE(d.f.cut);
		CU_ASSERT_EQUAL(d.f.protocol, 0);
		CU_ASSERT_EQUAL(d.f.caplen, 0);
		free(d.octets);
	}
}

/* Octets behind the end of the frame do not count. */
static void test_capture_beyond_frame(void)
{
	struct decoded d = decode("c021 0105 0004", ALL, 3);

	CU_ASSERT_EQUAL(d.f.protocol, PPP_LCP);
	CU_ASSERT_EQUAL(d.f.caplen, 1);
	CU_ASSERT_FALSE(d.f.has_code);
	free(d.octets);
	d = decode("c021 0105 0004", ALL, 1);
	CU_ASSERT_TRUE(d.f.bad);
	free(d.octets);
}

static void test_protocol_names(void)
{
	static const struct {
		uint16_t protocol;
		const char *name;
	} rows[] = {
		{ PPP_IP, "IP" },	  { PPP_IPV6, "IPv6" },	  { 0x002b, "IPX" },
		{ 0x003d, "MP" },	  { 0x003f, "NBF" },	  { 0x002d, "VJ compressed TCP" },
		{ PPP_COMP, "Compressed datagram" },		  { 0x002f, "VJ uncompressed TCP" },
		{ PPP_LCP, "LCP" },	  { PPP_PAP, "PAP" },	  { PPP_CHAP, "CHAP" },
		{ PPP_EAP, "EAP" },	  { PPP_IPCP, "IPCP" },	  { 0x8057, "IPV6CP" },
		{ PPP_CCP, "CCP" },	  { 0x8053, "ECP" },	  { 0x802b, "IPXCP" },
		{ 0x803f, "NBFCP" },	  { 0x8029, "ATCP" },	  { 0xc025, "LQR" },
		{ 0xc027, "SPAP" },	  { 0xc029, "CBCP" },	  { 0xc02b, "BACP" },
		{ 0xc02d, "BAP" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *name = ppp_protocol_name(rows[i].protocol);

		CU_ASSERT_PTR_NOT_NULL_FATAL(name);
		CU_ASSERT_STRING_EQUAL(name, rows[i].name);
	}
	CU_ASSERT_PTR_NULL(ppp_protocol_name(0));
	CU_ASSERT_PTR_NULL(ppp_protocol_name(0xffff));
	CU_ASSERT_EQUAL(ppp_protocol_by_name("ipcp"), PPP_IPCP);
	CU_ASSERT_EQUAL(ppp_protocol_by_name("nonsense"), 0);
	CU_ASSERT_EQUAL(ppp_protocol_by_name(""), 0);
}

/* Every name leads back to its number, and every number with a name is one that PPP allows. */
static void test_protocol_table(void)
{
	unsigned named = 0;

	for (unsigned n = 0; n <= 0xffff; n++) {
		const char *name = ppp_protocol_name((uint16_t)n);

		if (!name)
			continue;
		named++;
		CU_ASSERT_EQUAL(ppp_protocol_by_name(name), n);
		CU_ASSERT_EQUAL(n & 0x0101, 1);
	}
	CU_ASSERT(named >= 40);
}

static void check_codes(uint16_t protocol, const char *const *names, unsigned count)
{
	for (unsigned code = 0; code < 256; code++) {
		const char *name = ppp_code_name(protocol, (uint8_t)code);

		if (code >= count || !names[code]) {
			CU_ASSERT_PTR_NULL(name);
			continue;
		}
		CU_ASSERT_PTR_NOT_NULL_FATAL(name);
		CU_ASSERT_STRING_EQUAL(name, names[code]);
	}
}

#define CHECK_CODES(protocol, ...) \
	do { \
		static const char *const names[] = { __VA_ARGS__ }; \
		check_codes(protocol, names, sizeof(names) / sizeof(names[0])); \
	} while (0)

#define NCP_CODES \
	"Vendor-Specific", "Configure-Request", "Configure-Ack", "Configure-Nak", "Configure-Reject", \
	"Terminate-Request", "Terminate-Ack", "Code-Reject"

static void test_codes(void)
{
	CHECK_CODES(PPP_LCP, NCP_CODES, "Protocol-Reject", "Echo-Request", "Echo-Reply", "Discard-Request",
		    "Identification", "Time-Remaining", "Reset-Request", "Reset-Ack");
	CHECK_CODES(PPP_IPCP, NCP_CODES);
	CHECK_CODES(0x80ed, NCP_CODES);
	CHECK_CODES(PPP_CCP, NCP_CODES, NULL, NULL, NULL, NULL, NULL, NULL, "Reset-Request", "Reset-Ack");
	CHECK_CODES(PPP_PAP, NULL, "Authenticate-Request", "Authenticate-Ack", "Authenticate-Nak");
	CHECK_CODES(PPP_CHAP, NULL, "Challenge", "Response", "Success", "Failure", "Change-Password-1",
		    "Change-Password-2", "Change-Password-3");
	CHECK_CODES(PPP_EAP, NULL, "Request", "Response", "Success", "Failure", "Initiate", "Finish");
	CHECK_CODES(0xc029, NULL, "Callback-Request", "Callback-Response", "Callback-Ack");
	CHECK_CODES(0xc02d, NULL, "Call-Request", "Call-Response", "Callback-Request", "Callback-Response",
		    "Link-Drop-Query-Request", "Link-Drop-Query-Response", "Call-Status-Indication",
		    "Call-Status-Response");
	CHECK_CODES(PPP_IP, NULL);
	CHECK_CODES(0xc025, NULL);
	CHECK_CODES(0xc0ff, NULL);
}

void suite_ppp(void);

void suite_ppp(void)
{
	CU_pSuite s = CU_add_suite("ppp", NULL, NULL);

	CU_add_test(s, "framing", test_framing);
	CU_add_test(s, "code, identifier, length", test_code);
	CU_add_test(s, "protocols without code", test_no_code);
	CU_add_test(s, "cut at every octet", test_cut);
	CU_add_test(s, "ended early", test_short);
	CU_add_test(s, "capture beyond the frame", test_capture_beyond_frame);
	CU_add_test(s, "names of protocols", test_protocol_names);
	CU_add_test(s, "table of protocols", test_protocol_table);
	CU_add_test(s, "names of codes", test_codes);
}
