/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissectors/ppp_control.h"

#include <CUnit/CUnit.h>
#include <inttypes.h>
#include <stdio.h>

#include "dissectors/ip.h"
#include "tests/unit/exact.h"

enum { OCTETS = 2048, WRITTEN = 8192 };

/* A decoded frame and the octets that it borrows. */
struct decoded {
	uint8_t *octets;
	uint32_t size;
	struct ppp_frame frame;
	struct ppp_control control;
	bool known;
};

static struct decoded decode_octets(const uint8_t *octets, uint32_t caplen, uint32_t len,
				    const struct ppp_context *context)
{
	struct decoded d = { .octets = exact_copy(octets, caplen), .size = caplen };

	memset(&d.control, 0xa5, sizeof(d.control));
	ppp_decode(d.octets, caplen, len, &d.frame);
	d.known = ppp_control_decode(&d.frame, context, &d.control);
	return d;
}

static struct decoded decode(const char *hex, const struct ppp_context *context)
{
	uint8_t octets[OCTETS];
	uint32_t n = (uint32_t)exact_hex(hex, octets, sizeof(octets));

	return decode_octets(octets, n, n, context);
}

/* --- everything that was decoded as one line ------------------------------------------------ */

static void append(char *out, const char *text)
{
	size_t used = strlen(out);

	snprintf(out + used, WRITTEN - used, "%s", text);
}

static void write_octets(char *out, const struct ppp_field *f)
{
	char digits[3];

	for (uint32_t i = 0; i < f->caplen; i++) {
		snprintf(digits, sizeof(digits), "%02x", f->octets[i]);
		append(out, digits);
	}
}

static void write_field(char *out, const struct ppp_field *f)
{
	char text[1200];
	struct ip_addr a;

	snprintf(text, sizeof(text), " %s=", f->row->name);
	append(out, text);
	if (f->caplen < f->width) {
		append(out, "CUT");
	} else if (f->row->kind == PPP_KIND_TEXT) {
		append(out, "\"");
		append(out, ctrl_escape(f->octets, f->width, text, sizeof(text)));
		append(out, "\"");
	} else if (f->row->kind == PPP_KIND_OCTETS || f->row->kind == PPP_KIND_LIST) {
		write_octets(out, f);
	} else if (f->row->kind == PPP_KIND_ADDRESS) {
		CU_ASSERT_TRUE_FATAL(ppp_field_address(f, &a));
		append(out, ip_addr_text(&a, text));
	} else {
		bool hex = f->row->kind == PPP_KIND_HEX || f->row->kind == PPP_KIND_FLAGS ||
			   f->row->kind == PPP_KIND_PROTOCOL;

		snprintf(text, sizeof(text), hex ? "0x%" PRIx64 : "%" PRIu64, f->value);
		append(out, text);
	}
	if (*ppp_field_words(f, text, sizeof(text))) {
		append(out, "(");
		append(out, text);
		append(out, ")");
	}
	append(out, f->row->privacy == PPP_SECRET ? "*" : "");
}

static void write_defects(char *out, unsigned defects)
{
	for (unsigned bit = 1; bit <= defects; bit <<= 1)
		if (defects & bit) {
			append(out, " !");
			append(out, ppp_defect_name(bit));
		}
}

static const char *written(const struct ppp_control *c, char *out)
{
	struct ppp_option o;
	uint32_t at = 0;
	char text[64];

	out[0] = '\0';
	for (unsigned i = 0; i < c->nfields; i++)
		write_field(out, &c->field[i]);
	while (ppp_option_next(c, &at, &o)) {
		snprintf(text, sizeof(text), " [%u@%" PRIu32 " %s", o.number, o.offset,
			 o.desc ? o.desc->name : "?");
		append(out, text);
		for (unsigned i = 0; i < o.nfields; i++)
			write_field(out, &o.field[i]);
		write_defects(out, o.defects);
		append(out, "]");
	}
	write_defects(out, c->defects);
	append(out, c->cut ? " CUT" : "");
	append(out, c->guessed ? " ?" : "");
	return *out ? out + 1 : out;
}

struct row {
	const char *frame, *expected;
};

static void check(const struct row *rows, size_t n, const struct ppp_context *context)
{
	static char out[WRITTEN];

	for (size_t i = 0; i < n; i++) {
		struct decoded d = decode(rows[i].frame, context);
		const char *got = d.known ? written(&d.control, out) : "unknown";

		if (strcmp(got, rows[i].expected) != 0)
			printf("\n  %s\n    expected: %s\n    got:      %s\n", rows[i].frame,
			       rows[i].expected, got);
		CU_ASSERT_STRING_EQUAL(got, rows[i].expected);
		free(d.octets);
	}
}

#define CHECK(rows, context) check(rows, sizeof(rows) / sizeof((rows)[0]), context)

/* --- LCP ----------------------------------------------------------------------------------- */

static void test_lcp_options(void)
{
	static const struct row rows[] = {
		{ "c021 01 01 000e 0104 0578 0206 00000000", "[1@4 mru mru=1400] [2@8 accm accm=0x0]" },
		{ "c021 02 01 0009 0305 c223 05",
		  "[3@4 authentication_protocol authentication_protocol=0xc223(CHAP) algorithm=5(MD5)]" },
		{ "c021 03 01 0009 0305 c223 80",
		  "[3@4 authentication_protocol authentication_protocol=0xc223(CHAP) "
		  "algorithm=128(MS-CHAP)]" },
		{ "c021 04 01 0009 0305 c223 81",
		  "[3@4 authentication_protocol authentication_protocol=0xc223(CHAP) "
		  "algorithm=129(MS-CHAPv2)]" },
		{ "c021 01 01 0009 0305 c223 07",
		  "[3@4 authentication_protocol authentication_protocol=0xc223(CHAP) algorithm=7]" },
		{ "c021 01 01 0008 0304 c023",
		  "[3@4 authentication_protocol authentication_protocol=0xc023(PAP)]" },
		{ "c021 01 01 0008 0304 c227",
		  "[3@4 authentication_protocol authentication_protocol=0xc227(EAP)]" },
		{ "c021 01 01 000a 0306 c027 0102",
		  "[3@4 authentication_protocol authentication_protocol=0xc027(SPAP) data=0102]" },
		{ "c021 01 01 000c 0408 c025 00000bb8",
		  "[4@4 quality_protocol quality_protocol=0xc025(LQR) reporting_period=3000]" },
		{ "c021 01 01 000e 0506 deadbeef 0702 0802",
		  "[5@4 magic_number magic_number=0xdeadbeef] [7@10 pfc] [8@12 acfc]" },
		{ "c021 01 01 0007 0903 07",
		  "[9@4 fcs_alternatives fcs_alternatives=0x7(null, CCITT 16 bit, CCITT 32 bit)]" },
		{ "c021 01 01 0007 0a03 10", "[10@4 self_describing_padding maximum=16]" },
		{ "c021 01 01 0009 0b05 08 aabb", "[11@4 numbered_mode window=8 hdlc_address=aabb]" },
		{ "c021 01 01 0007 0d03 06", "[13@4 callback operation=6(CBCP)]" },
		{ "c021 01 01 000b 0d07 03 35353531",
		  "[13@4 callback operation=3(E.164 number) message=\"5551\"]" },
		{ "c021 01 01 000a 1104 05dc 1202", "[17@4 mrru mrru=1500] [18@8 ssnhf]" },
		{ "c021 01 01 0007 1303 00", "[19@4 endpoint_discriminator class=0(null)]" },
		{ "c021 01 01 000b 1307 02 c0000201",
		  "[19@4 endpoint_discriminator class=2(IP) address=192.0.2.1]" },
		{ "c021 01 01 000d 1309 03 0102030405ff",
		  "[19@4 endpoint_discriminator class=3(MAC) address=0102030405ff]" },
		{ "c021 01 01 000b 1307 01 aabbccdd",
		  "[19@4 endpoint_discriminator class=1(local) address=aabbccdd]" },
		{ "c021 01 01 0008 1704 0102", "[23@4 link_discriminator link_discriminator=258]" },
		{ "c021 01 01 0008 1b04 02 04",
		  "[27@4 multilink_header_format code=2(long sequence numbers) suspendable_classes=4]" },
		{ "c021 01 01 000c 1c08 00000003 656e",
		  "[28@4 internationalization character_set=3 language=\"en\"]" },
		{ "c021 01 01 000b 0007 00600a 01 ff", "[0@4 vendor_specific oui=0x600a kind=1 data=ff]" },
		{ "c021 01 01 000a 0604 1122 e102", "[6@4 encryption_type data=1122] [225@8 ?]" },
		{ "c021 01 01 0009 e105 010203", "[225@4 ? data=010203]" },
		{ "c021 01 01 0004", "" },
	};

	CHECK(rows, NULL);
}

static void test_lcp_codes(void)
{
	static const struct row rows[] = {
		{ "c021 05 02 0009 6d70706500", "message=\"mppe\\x00\"" },
		{ "c021 06 02 0004", "" },
		{ "c021 07 02 000a 1003 0007 aabb",
		  "rejected_code=16 rejected_identifier=3 rejected_length=7 rejected_information=aabb" },
		{ "c021 08 02 0008 80fd 0101", "rejected_protocol=0x80fd(CCP) rejected_information=0101" },
		{ "c021 08 02 0006 1234", "rejected_protocol=0x1234" },
		{ "c021 08 02 000a c223 02010004",
		  "rejected_protocol=0xc223(CHAP) rejected_information=02010004*" },
		{ "c021 09 02 0008 01020304", "magic_number=0x1020304" },
		{ "c021 0a 02 000a 01020304 aabb", "magic_number=0x1020304 data=aabb" },
		{ "c021 0b 02 0008 00000000", "magic_number=0x0" },
		{ "c021 0c 02 000a 01020304 5241", "magic_number=0x1020304 message=\"RA\"" },
		{ "c021 0d 02 000d 01020304 0000003c 68",
		  "magic_number=0x1020304 seconds_remaining=60 message=\"h\"" },
		{ "c021 00 02 000e 01020304 000c45 02 beef",
		  "magic_number=0x1020304 oui=0xc45 kind=2 data=beef" },
		{ "c021 0e 02 0006 0102", "data=0102" },
		{ "c021 10 02 0006 0102", "data=0102 !code" },
	};

	CHECK(rows, NULL);
}

/* What a sender can get wrong about lengths. */
static void test_lengths(void)
{
	static const struct row rows[] = {
		{ "c021 01 01 00", "!short-header" },
		{ "c021", "!short-header" },
		{ "c021 01 01 0003 0104 0578", "!length-low" },
		{ "c021 01 01 0000", "!length-low" },
		{ "c021 01 01 0009 0104 0578", "[1@4 mru mru=1400] !length-high" },
		{ "c021 01 01 ffff 0104 0578", "[1@4 mru mru=1400] !length-high" },
		/* padding after Length is nobody's */
		{ "c021 01 01 0008 0104 0578 0000 00", "[1@4 mru mru=1400]" },
		{ "c021 01 01 0004 0104 0578", "" },
		/* options that are not what their length says */
		{ "c021 01 01 0006 0100", "[1@4 mru !option-length] !option-length" },
		{ "c021 01 01 0006 0101", "[1@4 mru !option-length] !option-length" },
		{ "c021 01 01 0007 0104 05", "[1@4 mru data=05 !option-length] !option-length" },
		{ "c021 01 01 0008 0103 05 07",
		  "[1@4 mru data=05 !option-size] [7@7 pfc !option-length] !option-length !option-size" },
		{ "c021 01 01 0009 0105 057800", "[1@4 mru mru=1400 data=00 !option-size] !option-size" },
		{ "c021 01 01 0007 0703 00", "[7@4 pfc data=00 !option-size] !option-size" },
		{ "c021 01 01 000a 0306 c02300",
		  "[3@4 authentication_protocol authentication_protocol=0xc023(PAP) data=00 !option-length] "
		  "!length-high !option-length" },
		{ "c021 01 01 0005 01", "[1@4 mru !option-length] !option-length" },
		{ "c021 09 01 0006 0102", "data=0102 !field" },
		{ "c021 09 01 0004", "!field" },
		{ "c021 0d 01 000a 01020304 0000", "magic_number=0x1020304 data=0000 !field" },
	};

	CHECK(rows, NULL);
}

/* --- network protocols --------------------------------------------------------------------- */

static void test_ipcp(void)
{
	static const struct row rows[] = {
		{ "8021 01 01 000a 0306 0a630001", "[3@4 ip_address ip_address=10.99.0.1]" },
		{ "8021 03 01 0022 8106 08080808 8306 08080404 8206 01020304 8406 01020305 0406 05060708",
		  "[129@4 primary_dns primary_dns=8.8.8.8] [131@10 secondary_dns secondary_dns=8.8.4.4] "
		  "[130@16 primary_nbns primary_nbns=1.2.3.4] [132@22 secondary_nbns secondary_nbns=1.2.3.5] "
		  "[4@28 mobile_ipv4 mobile_ipv4=5.6.7.8]" },
		{ "8021 01 01 000e 010a 01020304 05060708",
		  "[1@4 ip_addresses source_address=1.2.3.4 destination_address=5.6.7.8]" },
		{ "8021 01 01 000a 0206 002d 0f01",
		  "[2@4 ip_compression_protocol compression_protocol=45(VJ) max_slot_id=15 comp_slot_id=1]" },
		{ "8021 01 01 0012 020e 0061 0010 0010 0100 0005 00a8",
		  "[2@4 ip_compression_protocol compression_protocol=97(IPHC) tcp_space=16 non_tcp_space=16 "
		  "f_max_period=256 f_max_time=5 max_header=168]" },
		{ "8021 01 01 000e 020a 0003 000f 05dc 00a8",
		  "[2@4 ip_compression_protocol compression_protocol=3(ROHC) max_cid=15 mrru=1500 "
		  "max_header=168]" },
		{ "8021 01 01 0009 0205 0037 01",
		  "[2@4 ip_compression_protocol compression_protocol=55 data=01]" },
		{ "8021 01 01 0009 0305 0a6300", "[3@4 ip_address data=0a6300 !option-size] !option-size" },
		{ "8021 05 01 0004", "" },
		{ "8021 09 01 0008 01020304", "data=01020304 !code" },
		{ "8057 01 01 000e 010a 0211223344556677",
		  "[1@4 interface_identifier interface_identifier=0211223344556677]" },
		{ "8057 01 01 0008 0204 004f",
		  "[2@4 ipv6_compression_protocol compression_protocol=79(IPv6 header compression)]" },
		/* a protocol without a table has options all the same */
		{ "802b 01 01 000a 0106 00000001", "[1@4 ? data=00000001]" },
		{ "80ed 04 01 0006 0102", "[1@4 ?]" },
	};

	CHECK(rows, NULL);
}

static void test_ccp(void)
{
	static const struct row rows[] = {
		{ "80fd 01 01 000a 1206 01000040",
		  "[18@4 mppe supported_bits=0x1000040(stateless, 128-bit encryption)]" },
		{ "80fd 03 01 000a 1206 010000f1",
		  "[18@4 mppe supported_bits=0x10000f1(stateless, 128-bit encryption, 56-bit encryption, "
		  "40-bit encryption, obsolete encryption, compression)]" },
		{ "80fd 02 01 000a 1206 00000020", "[18@4 mppe supported_bits=0x20(40-bit encryption)]" },
		{ "80fd 01 01 000a 1206 00000002", "[18@4 mppe supported_bits=0x2(0x2)]" },
		{ "80fd 01 01 000f 1a04 7800 1804 7801 1503 2f",
		  "[26@4 deflate window=7 method=8(zlib) reserved=0x0 check_method=0x0] "
		  "[24@8 deflate_draft window=7 method=8(zlib) reserved=0x0 check_method=0x1] "
		  "[21@12 bsd version=1 dictionary=15]" },
		{ "80fb 04 01 000d 1105 0001 03 0102 0202",
		  "[17@4 stac_lzs history_count=1 check_mode=3(sequence number)] [1@9 predictor_1] "
		  "[2@11 predictor_2]" },
		{ "80fd 01 01 000b 0007 00000c 05 01", "[0@4 oui oui=0xc subtype=5 data=01]" },
		{ "80fd 0e 03 0004", "" },
		{ "80fd 0f 03 0006 0001", "data=0001" },
		{ "80fd 0c 03 0004", "!code" },
		{ "8053 01 01 000e 030a 0102030405060708", "[3@4 dese_bis initial_nonce=0102030405060708]" },
		{ "8055 0e 01 0004", "" },
	};

	CHECK(rows, NULL);
}

static void test_callback_and_bandwidth(void)
{
	static const struct row rows[] = {
		{ "c029 01 01 0009 0102 0203 0a", "[1@4 no_callback] [2@6 user_number callback_delay=10]" },
		{ "c029 02 01 000d 0209 0a 01 3535353500",
		  "[2@4 user_number callback_delay=10 address_type=1(PSTN or ISDN) "
		  "addresses=\"5555\\x00\"]" },
		{ "c029 04 01 0006 0102", "data=0102 !code" },
		{ "c02b 01 01 000a 0106 01020304", "[1@4 favored_peer magic_number=0x1020304]" },
		{ "c02d 01 01 000b 0105 0040 01 0302",
		  "[1@4 link_type link_speed=64 link_type=0x1(ISDN)] [3@9 no_phone_number_needed]" },
		{ "c02d 02 01 0009 01 0404 6f6b", "response_code=1(Request-Nak) [4@5 reason reason=\"ok\"]" },
		{ "c02d 07 01 000c 0604 11 01 0504 0007", "[6@4 call_status status=17 action=1(retry)] [5@8 "
							  "link_discriminator link_discriminator=7]" },
		{ "c02d 03 01 0009 0205 010102", "[2@4 phone_delta sub_options=010102]" },
		{ "c02d 04 01 0004", "!field" },
	};

	CHECK(rows, NULL);
}

/* --- authentication ------------------------------------------------------------------------ */

static void test_pap(void)
{
	static const struct row rows[] = {
		{ "c023 01 07 0010 03 6c6162 07 6c616270617373",
		  "peer_id_length=3 peer_id=\"lab\" password_length=7 password=\"labpass\"*" },
		{ "c023 01 07 0006 00 00", "peer_id_length=0 peer_id=\"\" password_length=0 password=\"\"*" },
		{ "c023 02 07 0007 02 6f6b", "message_length=2 message=\"ok\"" },
		{ "c023 03 07 0005 00", "message_length=0 message=\"\"" },
		{ "c023 02 07 0004", "!field" },
		{ "c023 01 07 0008 09 6c6162", "peer_id_length=9 peer_id=\"lab\" !field" },
		{ "c023 01 07 000a 01 61 09 6c6162",
		  "peer_id_length=1 peer_id=\"a\" password_length=9 password=\"lab\"* !field" },
		{ "c023 03 07 0007 01 6f6b", "message_length=1 message=\"o\" data=6b* !trailing" },
		{ "c023 05 07 0007 616263", "data=616263* !code" },
	};

	CHECK(rows, NULL);
}

#define N8 "0102030405060708"
#define N16 N8 "1112131415161718"
#define N24 N16 "2122232425262728"
#define Z8 "0000000000000000"
#define Z24 Z8 Z8 Z8

static void test_chap(void)
{
	static const struct row rows[] = {
		{ "c223 01 09 0018 10" N16 "706163", "value_size=16 value=" N16 " name=\"pac\"" },
		{ "c223 01 09 000d 08" N8, "value_size=8 value=" N8 },
		{ "c223 02 09 0018 10" N16 "6c6162", "value_size=16 value=" N16 "* name=\"lab\" ?" },
		/* 49 octets: what they look like decides */
		{ "c223 02 09 0039 31" N16 Z8 N24 "00 6c6162",
		  "value_size=49 peer_challenge=" N16 " reserved=" Z8 " nt_response=" N24
		  "* flags=0x0 name=\"lab\" ?" },
		{ "c223 02 09 0039 31" Z24 N24 "01 6c6162",
		  "value_size=49 lm_response=" Z24 "* nt_response=" N24
		  "* flags=0x1(use NT response) name=\"lab\" ?" },
		{ "c223 02 09 0039 31" N24 N24 "00 6c6162",
		  "value_size=49 lm_response=" N24 "* nt_response=" N24 "* flags=0x0(none) name=\"lab\" ?" },
		/* sizes that lie */
		{ "c223 02 09 000b 31"
		  "010203"
		  "6c6162",
		  "value_size=49 value=0102036c6162* !field ?" },
		{ "c223 01 09 0004", "!field" },
		{ "c223 03 09 0007 4f4b21", "message=\"OK!\"" },
		{ "c223 04 09 0004", "" },
		{ "c223 09 09 0006 0102", "data=0102* !code" },
	};

	CHECK(rows, NULL);
}

static void test_chap_known(void)
{
	static const struct row v2[] = {
		{ "c223 02 09 0039 31" N16 Z8 N24 "00 6c6162",
		  "value_size=49 peer_challenge=" N16 " reserved=" Z8 " nt_response=" N24
		  "* flags=0x0 name=\"lab\"" },
		{ "c223 02 09 0008 03 010203", "value_size=3 value=010203*" },
	};
	static const struct row v1[] = {
		{ "c223 02 09 0036 31" N16 Z8 N24 "00",
		  "value_size=49 lm_response=" N16 Z8 "* nt_response=" N24 "* flags=0x0(none)" },
	};
	static const struct row md5[] = {
		{ "c223 02 09 0036 31" N16 Z8 N24 "00", "value_size=49 value=" N16 Z8 N24 "00*" },
		{ "c223 04 09 0007 453d31", "message=\"E=1\"" },
	};
	static const struct ppp_context contexts[] = {
		{ .chap = PPP_CHAP_MS2 },
		{ .chap = PPP_CHAP_MS },
		{ .chap = PPP_CHAP_MD5 },
	};

	CHECK(v2, &contexts[0]);
	CHECK(v1, &contexts[1]);
	CHECK(md5, &contexts[2]);
}

/* Text of a Success or Failure, which has parts. */
static void check_message(uint8_t code, const char *text, const char *expected)
{
	static char buf[WRITTEN];
	uint8_t octets[OCTETS] = { 0xc2, 0x23, code, 7, 0, (uint8_t)(4 + strlen(text)) };
	struct decoded d;
	const char *out;

	memcpy(octets + 6, text, strlen(text));
	d = decode_octets(octets, 6 + (uint32_t)strlen(text), 6 + (uint32_t)strlen(text), NULL);
	CU_ASSERT_TRUE_FATAL(d.known);
	out = written(&d.control, buf);
	if (strcmp(out, expected) != 0)
		printf("\n  %s\n    expected: %s\n    got:      %s\n", text, expected, out);
	CU_ASSERT_STRING_EQUAL(out, expected);
	free(d.octets);
}

static void test_chap_messages(void)
{
	check_message(4, "E=691 R=1 C=0123456789ABCDEF V=3 M=Access denied",
		      "error_code=691(authentication failure) retry=1 new_challenge=\"0123456789ABCDEF\" "
		      "version=3 text=\"Access denied\"");
	check_message(4, "E=648 R=0 V=2", "error_code=648(password expired) retry=0 version=2");
	check_message(4, "E=0000000691 R=0", "error_code=691(authentication failure) retry=0");
	check_message(4, "E=7", "error_code=7");
	check_message(4, "E=691 ", "error_code=691(authentication failure)");
	check_message(4, "E=99999999999", "text=\"E=99999999999\"");
	check_message(4, "E=4294967296", "text=\"E=4294967296\"");
	check_message(4, "E=", "text=\"E=\"");
	check_message(4, "E=6x1 R=1", "text=\"E=6x1 R=1\"");
	check_message(4, "E=1 E=2", "error_code=1 text=\"E=2\"");
	check_message(4, "E=1 what is this", "error_code=1 text=\"what is this\"");
	check_message(4, "E", "message=\"E\"");
	check_message(4, "Error=5", "message=\"Error=5\"");
	check_message(4, "M=x", "message=\"M=x\"");
	check_message(3, "S=0123456789ABCDEF0123456789ABCDEF01234567 M=Access granted",
		      "authenticator_response=\"0123456789ABCDEF0123456789ABCDEF01234567\"* "
		      "text=\"Access granted\" ?");
	check_message(3, "S=", "authenticator_response=\"\"* ?");
	check_message(3, "Welcome", "message=\"Welcome\"");
	CU_ASSERT_PTR_NOT_NULL(ppp_chap_error_words(691));
	CU_ASSERT_PTR_NULL(ppp_chap_error_words(1));
}

static void test_change_password(void)
{
	static const uint16_t lengths[] = { 72, 1118, 586 };

	for (unsigned i = 0; i < 3; i++) {
		uint8_t octets[OCTETS] = {
			0xc2, 0x23, (uint8_t)(5 + i), 1, (uint8_t)(lengths[i] >> 8), (uint8_t)lengths[i]
		};
		struct decoded d = decode_octets(octets, lengths[i] + 2U, lengths[i] + 2U, NULL);
		const struct ppp_field *flags = ppp_field_of(&d.control, "flags");

		CU_ASSERT_TRUE(d.known);
		CU_ASSERT_EQUAL(d.control.defects, 0);
		CU_ASSERT_PTR_NOT_NULL_FATAL(flags);
		CU_ASSERT_EQUAL(flags->offset + flags->width, lengths[i]);
		CU_ASSERT_EQUAL(d.control.chap, i == 2 ? PPP_CHAP_MS2 : PPP_CHAP_MS);
		free(d.octets);
	}
}

static void test_eap(void)
{
	static const struct row rows[] = {
		{ "c227 01 01 0005 01", "type=1(Identity)" },
		{ "c227 02 01 0008 01 6c6162", "type=1(Identity) identity=\"lab\"" },
		{ "c227 01 01 0007 02 6869", "type=2(Notification) message=\"hi\"" },
		{ "c227 02 01 0008 03 1a19ee", "type=3(Nak) desired_types=1a19ee(MS-CHAPv2, PEAP, 238)" },
		{ "c227 01 01 0019 04 10" N16 "706163",
		  "type=4(MD5-Challenge) value_size=16 value=" N16 " name=\"pac\"" },
		{ "c227 02 01 0016 04 10" N16, "type=4(MD5-Challenge) value_size=16 value=" N16 "*" },
		{ "c227 01 01 0007 06 7077", "type=6(Generic Token Card) message=\"pw\"" },
		{ "c227 02 01 0007 06 7077", "type=6(Generic Token Card) message=\"pw\"*" },
		{ "c227 01 01 0006 0d 20", "type=13(TLS) flags=0x1(start) reserved=0x0 version=0" },
		{ "c227 02 01 000d 0d c0 00000400 160301",
		  "type=13(TLS) flags=0x6(length included, more fragments) reserved=0x0 version=0 "
		  "tls_message_length=1024 tls_data=160301" },
		{ "c227 01 01 0006 19 21", "type=25(PEAP) flags=0x1(start) reserved=0x0 version=1" },
		{ "c227 01 01 0020 1a 01 05 001b 10" N16 "7061632e6171",
		  "type=26(MS-CHAPv2) ms_chapv2_opcode=1(Challenge) ms_chapv2_id=5 ms_length=27 "
		  "value_size=16 "
		  "value=" N16 " name=\"pac.aq\"" },
		{ "c227 02 01 003e 1a 02 05 0039 31" N16 Z8 N24 "00 6c6162",
		  "type=26(MS-CHAPv2) ms_chapv2_opcode=2(Response) ms_chapv2_id=5 ms_length=57 value_size=49 "
		  "peer_challenge=" N16 " reserved=" Z8 " nt_response=" N24 "* flags=0x0 name=\"lab\"" },
		{ "c227 01 01 000e 1a 04 05 0009 453d363931",
		  "type=26(MS-CHAPv2) ms_chapv2_opcode=4(Failure) ms_chapv2_id=5 ms_length=9 "
		  "error_code=691(authentication failure)" },
		{ "c227 02 01 0006 1a 03", "type=26(MS-CHAPv2) ms_chapv2_opcode=3(Success)" },
		{ "c227 01 01 000e fe 000137 00000001 aabb",
		  "type=254(Expanded) vendor_id=311 vendor_type=1 data=aabb*" },
		{ "c227 02 01 0007 63 0102", "type=99 data=0102*" },
		{ "c227 03 01 0004", "" },
		{ "c227 04 01 0006 0102", "data=0102* !trailing" },
		{ "c227 01 01 0004", "!field" },
		{ "c227 08 01 0005 01", "data=01* !code" },
	};

	CHECK(rows, NULL);
}

static bool same(const struct ppp_octets *o, const char *text)
{
	return o->len == strlen(text) && (!o->len || memcmp(o->octets, text, o->len) == 0);
}

/* The same as structures, of CHAP and of MS-CHAPv2 within EAP. */
static void test_chap_structure(void)
{
	static const char *const frames[] = {
		"c223 02 09 0039 31" N16 Z8 N24 "00 6c6162",
		"c227 02 01 003e 1a 02 09 0039 31" N16 Z8 N24 "00 6c6162",
	};

	for (unsigned i = 0; i < 2; i++) {
		struct decoded d = decode(frames[i], NULL);
		struct ppp_chap c;

		CU_ASSERT_TRUE_FATAL(ppp_chap_decode(&d.control, &c));
		CU_ASSERT_EQUAL(c.code, PPP_CHAP_RESPONSE);
		CU_ASSERT_EQUAL(c.identifier, 9);
		CU_ASSERT_EQUAL(c.algorithm, PPP_CHAP_MS2);
		CU_ASSERT_EQUAL(c.guessed, i == 0);
		CU_ASSERT_TRUE(same(&c.name, "lab"));
		CU_ASSERT_EQUAL(c.value.len, 49);
		CU_ASSERT_EQUAL(c.peer_challenge.len, 16);
		CU_ASSERT_PTR_EQUAL(c.peer_challenge.octets, c.value.octets);
		CU_ASSERT_EQUAL(c.nt_response.len, 24);
		CU_ASSERT_PTR_EQUAL(c.nt_response.octets, c.value.octets + 24);
		CU_ASSERT_EQUAL(c.lm_response.len, 0);
		free(d.octets);
	}
}

static void test_failure_structure(void)
{
	struct decoded d = decode("c223 04 03 0017 453d363931 20 523d31 20 433d6162 20 4d3d6e6f", NULL);
	struct ppp_chap c;

	CU_ASSERT_TRUE_FATAL(ppp_chap_decode(&d.control, &c));
	CU_ASSERT_TRUE(c.has_error && c.has_retry && !c.has_version);
	CU_ASSERT_EQUAL(c.error, 691);
	CU_ASSERT_EQUAL(c.retry, 1);
	CU_ASSERT_TRUE(same(&c.new_challenge, "ab"));
	CU_ASSERT_TRUE(same(&c.text, "no"));
	CU_ASSERT_TRUE(same(&c.message, "E=691 R=1 C=ab M=no"));
	free(d.octets);
	d = decode("c021 01 01 0004", NULL);
	CU_ASSERT_FALSE(ppp_chap_decode(&d.control, &c));
	free(d.octets);
	d = decode("c227 02 01 0008 01 6c6162", NULL);
	CU_ASSERT_FALSE(ppp_chap_decode(&d.control, &c));
	free(d.octets);
}

static void test_auth_names(void)
{
	CU_ASSERT_STRING_EQUAL(ppp_auth_name(PPP_PAP, 0), "PAP");
	CU_ASSERT_STRING_EQUAL(ppp_auth_name(PPP_CHAP, 5), "CHAP-MD5");
	CU_ASSERT_STRING_EQUAL(ppp_auth_name(PPP_CHAP, 0x80), "MS-CHAP");
	CU_ASSERT_STRING_EQUAL(ppp_auth_name(PPP_CHAP, 0x81), "MS-CHAPv2");
	CU_ASSERT_STRING_EQUAL(ppp_auth_name(PPP_EAP, 0), "EAP");
	CU_ASSERT_STRING_EQUAL(ppp_auth_name(PPP_SPAP, 0), "SPAP");
	CU_ASSERT_PTR_NULL(ppp_auth_name(PPP_CHAP, 0));
	CU_ASSERT_PTR_NULL(ppp_auth_name(PPP_LCP, 0));
	CU_ASSERT_STRING_EQUAL(ppp_eap_method_name(4), "EAP-MD5");
	CU_ASSERT_STRING_EQUAL(ppp_eap_method_name(13), "EAP-TLS");
	CU_ASSERT_STRING_EQUAL(ppp_eap_method_name(25), "PEAP");
	CU_ASSERT_STRING_EQUAL(ppp_eap_method_name(26), "EAP-MSCHAPv2");
	CU_ASSERT_PTR_NULL(ppp_eap_method_name(1));
}

/* --- what has no code ---------------------------------------------------------------------- */

#define V4(protocol)                                                                                         \
	"45000018 000140"                                                                                    \
	"00 40" protocol "0000 0a630001 0a63000a"
#define V4_WORDS(protocol)                                                                                   \
	"version=4 header_length=5 tos=0x0 total_length=24 identification=0x1 flags=0x2(don't fragment) "    \
	"fragment_offset=0 ttl=64 ip_protocol=" protocol " header_checksum=0x0 src=10.99.0.1 dst=10.99.0.10"
#define V6(length, protocol)                                                                                 \
	"60012345" length protocol "40 20010db8000000000000000000000001"                                     \
	"20010db8000000000000000000000002"

static void test_ip(void)
{
	static const struct row rows[] = {
		{ "0021" V4("06") "1f900050", V4_WORDS("6(TCP)") " src_port=8080 dst_port=80" },
		{ "21" V4("11") "00350400", V4_WORDS("17(UDP)") " src_port=53 dst_port=1024" },
		{ "ff03 0021" V4("01") "08000000", V4_WORDS("1(ICMP)") " icmp_type=8 icmp_code=0" },
		{ "ff03 21" V4("32") "00000000", V4_WORDS("50(ESP)") },
		/* the rest of a fragment has no ports */
		{ "21 45000018 0001 0003 40 11 0000 0a630001 0a63000a 00350400",
		  "version=4 header_length=5 tos=0x0 total_length=24 identification=0x1 flags=0x0(none) "
		  "fragment_offset=3 ttl=64 ip_protocol=17(UDP) header_checksum=0x0 src=10.99.0.1 "
		  "dst=10.99.0.10" },
		{ "57" V6("0004", "06") "1f900050",
		  "version=6 traffic_class=0x0 flow_label=0x12345 payload_length=4 ip_protocol=6(TCP) "
		  "hop_limit=64 src=2001:db8::1 dst=2001:db8::2 src_port=8080 dst_port=80" },
		{ "0057" V6("000c", "3c") "3a00000000000000 80000000",
		  "version=6 traffic_class=0x0 flow_label=0x12345 payload_length=12 "
		  "ip_protocol=60(destination options) hop_limit=64 src=2001:db8::1 dst=2001:db8::2 "
		  "icmp_type=128 icmp_code=0" },
		{ "0021 4500", "version=4 header_length=5 tos=0x0 !field !inner" },
		{ "0021", "!field !inner" },
	};

	CHECK(rows, NULL);
}

static void test_ip_versions(void)
{
	struct decoded d = decode("0057" V4("06") "1f900050" Z24, NULL);
	struct ppp_ip ip;

	CU_ASSERT_TRUE(d.known);
	CU_ASSERT_EQUAL(d.control.defects & PPP_BAD_INNER, PPP_BAD_INNER);
	CU_ASSERT_FALSE(ppp_ip_decode(&d.frame, &ip));
	free(d.octets);
	d = decode("0021" V4("06") "1f900050", NULL);
	CU_ASSERT_TRUE_FATAL(ppp_ip_decode(&d.frame, &ip));
	CU_ASSERT_TRUE(ip.has_ports);
	CU_ASSERT_EQUAL(ip.src_port, 8080);
	CU_ASSERT_EQUAL(ip.dst_port, 80);
	CU_ASSERT_EQUAL(ip.d.protocol, IP_PROTO_TCP);
	free(d.octets);
	d = decode("0021" V4("01") "0800ffff", NULL);
	CU_ASSERT_TRUE_FATAL(ppp_ip_decode(&d.frame, &ip));
	CU_ASSERT_EQUAL(ip.src_port, 8);
	CU_ASSERT_EQUAL(ip.dst_port, 0);
	free(d.octets);
	d = decode("c021 01 01 0004", NULL);
	CU_ASSERT_FALSE(ppp_ip_decode(&d.frame, &ip));
	free(d.octets);
}

static void test_compressed(void)
{
	static const struct ppp_context mppe = { .compression = CCP_OPT_MPPE };
	static const struct ppp_context deflate = { .compression = CCP_OPT_DEFLATE };
	static const struct ppp_context stac = { .compression = CCP_OPT_STAC };
	static const struct row unknown[] = {
		{ "00fd 9005 aabb", "flags=0x9(flushed, encrypted) coherency_count=5 ?" },
		{ "fd 1fff aabb", "flags=0x1(encrypted) coherency_count=4095 ?" },
		{ "ff03 fd b001", "flags=0xb(flushed, compressed, encrypted) coherency_count=1 ?" },
		{ "00fb 9000", "flags=0x9(flushed, encrypted) coherency_count=0 ?" },
		{ "fd 0001 aabb", "unknown" },
		{ "fd", "unknown" },
	};
	static const struct row known[] = {
		{ "fd 0001 aabb", "flags=0x0(none) coherency_count=1" },
		{ "fd 6001", "flags=0x6(to the front, compressed) coherency_count=1" },
		{ "fd 90", "data=90 !field" },
	};
	static const struct row numbered[] = { { "fd 9001 aabb", "sequence_number=36865" } };
	static const struct row other[] = { { "fd 9001 aabb", "unknown" } };

	CHECK(unknown, NULL);
	CHECK(known, &mppe);
	CHECK(numbered, &deflate);
	CHECK(other, &stac);
}

static void test_mppe_structure(void)
{
	struct decoded d = decode("ff03 fd 9fff aabbcc", NULL);
	struct ppp_mppe m;

	CU_ASSERT_TRUE_FATAL(ppp_mppe_decode(&d.frame, &m));
	CU_ASSERT_TRUE(m.flushed && m.encrypted && !m.compressed && !m.compressed_front);
	CU_ASSERT_EQUAL(m.coherency, 4095);
	CU_ASSERT_EQUAL(m.len, 3);
	CU_ASSERT_EQUAL(m.caplen, 3);
	CU_ASSERT_EQUAL(m.payload[0], 0xaa);
	free(d.octets);
	d = decode("21 9fff aabbcc", NULL);
	CU_ASSERT_FALSE(ppp_mppe_decode(&d.frame, &m));
	free(d.octets);
	d = decode("fd 90", NULL);
	CU_ASSERT_FALSE(ppp_mppe_decode(&d.frame, &m));
	free(d.octets);
}

static void test_others(void)
{
	static const struct ppp_context brief = { .short_sequence = true };
	static const struct row rows[] = {
		{ "003d c0000102 21", "flags=0x3(beginning, ending) reserved=0x0 sequence_number=258 ?" },
		{ "3d 44ffffff", "flags=0x1(ending) reserved=0x4 sequence_number=16777215 ?" },
		{ "002d 40 07 1234", "change_mask=0x40(connection) connection_number=7 tcp_checksum=0x1234" },
		{ "002d 0b 1234", "change_mask=0xb(sequence, window, urgent) tcp_checksum=0x1234" },
		{ "2f 4500002c 0001 4000 40 07 0000 0a630001 0a63000a 1f900050 " N16 "01020304",
		  "version=4 header_length=5 tos=0x0 total_length=44 identification=0x1 "
		  "flags=0x2(don't fragment) fragment_offset=0 ttl=64 connection_number=7 "
		  "header_checksum=0x0 src=10.99.0.1 dst=10.99.0.10 src_port=8080 dst_port=80" },
		{ "c025 01020304 00000001 00000002 00000003 00000004 00000005 00000006 00000007 00000008 "
		  "00000009 0000000a 0000000b",
		  "magic_number=0x1020304 last_out_lqrs=1 last_out_packets=2 last_out_octets=3 "
		  "peer_in_lqrs=4 "
		  "peer_in_packets=5 peer_in_discards=6 peer_in_errors=7 peer_in_octets=8 peer_out_lqrs=9 "
		  "peer_out_packets=10 peer_out_octets=11" },
		{ "c025 01020304 0000", "magic_number=0x1020304 data=0000 !field" },
		{ "0059 aabb", "unknown" },
		{ "c027 01010004", "unknown" },
		{ "0020 aabb", "unknown" },
	};
	static const struct row shorter[] = {
		{ "3d b102 21", "flags=0x2(beginning) reserved=0x3 sequence_number=258" },
	};

	CHECK(rows, NULL);
	CHECK(shorter, &brief);
}

/* --- access -------------------------------------------------------------------------------- */

static void test_access(void)
{
	struct decoded d = decode("c021 01 01 0017 0305 c223 81 0506 00000007 0104 0578 0104 05dc", NULL);
	struct ppp_option o;
	struct ip_addr a;
	uint64_t value;
	uint32_t at = 0;

	CU_ASSERT_TRUE_FATAL(ppp_option_find(&d.control, LCP_OPT_AUTH, &o));
	CU_ASSERT_TRUE(ppp_option_get(&o, "algorithm", &value));
	CU_ASSERT_EQUAL(value, PPP_CHAP_MS2);
	CU_ASSERT_FALSE(ppp_option_get(&o, "mru", &value));
	CU_ASSERT_TRUE_FATAL(ppp_option_find(&d.control, LCP_OPT_MRU, &o));
	CU_ASSERT_TRUE(ppp_option_get(&o, "mru", &value));
	CU_ASSERT_EQUAL(value, 1400); /* the first of two */
	CU_ASSERT_FALSE(ppp_field_address(ppp_option_field(&o, "mru"), &a));
	CU_ASSERT_FALSE(ppp_option_find(&d.control, LCP_OPT_PFC, &o));
	CU_ASSERT_FALSE(ppp_field_address(NULL, &a));
	while (ppp_option_next(&d.control, &at, &o))
		CU_ASSERT_PTR_EQUAL(o.data, d.frame.payload + o.offset + 2);
	CU_ASSERT_EQUAL(at, 19);
	CU_ASSERT_FALSE(ppp_field_get(&d.control, "magic_number", &value));
	free(d.octets);
	d = decode("c021 09 01 0008 00000007", NULL);
	CU_ASSERT_TRUE(ppp_field_get(&d.control, "magic_number", &value));
	CU_ASSERT_EQUAL(value, 7);
	CU_ASSERT_EQUAL(d.control.options_at, 0);
	free(d.octets);
	CU_ASSERT_STRING_EQUAL(ppp_option_desc_of(PPP_CCP, 18)->name, "mppe");
	CU_ASSERT_PTR_NULL(ppp_option_desc_of(PPP_CCP, 200));
	CU_ASSERT_PTR_NULL(ppp_option_desc_of(PPP_IP, 0));
}

/* Tables: a number once, a name once, all names fit for JSON. */
static bool is_snake(const char *name)
{
	return *name >= 'a' && *name <= 'z' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name);
}

static void test_tables(void)
{
	static const uint16_t protocols[] = {
		PPP_LCP, PPP_IPCP, PPP_IPV6CP, PPP_CCP, PPP_ECP, PPP_CBCP, PPP_BACP, PPP_BAP,
	};
	unsigned known = 0;

	for (size_t p = 0; p < sizeof(protocols) / sizeof(protocols[0]); p++)
		for (unsigned n = 0; n < 256; n++) {
			const struct ppp_option_desc *d = ppp_option_desc_of(protocols[p], (uint8_t)n);

			if (!d)
				continue;
			known++;
			CU_ASSERT_TRUE(is_snake(d->name) && *d->label);
			for (unsigned m = 0; m < n; m++) {
				const struct ppp_option_desc *e =
					ppp_option_desc_of(protocols[p], (uint8_t)m);

				CU_ASSERT_TRUE(!e || strcmp(d->name, e->name) != 0);
			}
		}
	CU_ASSERT(known >= 70);
}

static void test_defect_names(void)
{
	for (unsigned bit = 1; bit <= PPP_BAD_INNER; bit <<= 1) {
		CU_ASSERT_PTR_NOT_NULL(ppp_defect_name(bit));
		CU_ASSERT_PTR_NOT_NULL(ppp_defect_text(bit));
	}
	CU_ASSERT_PTR_NULL(ppp_defect_name(PPP_BAD_INNER << 1));
	CU_ASSERT_PTR_NULL(ppp_defect_text(0));
}

/* --- cut at every octet -------------------------------------------------------------------- */

static const char *const whole[] = {
	"ff03 c021 01 01 001d 0104 0578 0206 00000000 0305 c223 81 0506 01020304 0702 0802",
	"c021 08 01 000a c223 02010004",
	"8021 01 01 0010 0206 002d 0f01 0306 0a630001",
	"80fd 01 01 000f 1a04 7800 1804 7801 1503 2f",
	"c023 01 07 0010 03 6c6162 07 6c616270617373",
	"c223 01 09 0018 10" N16 "706163",
	"c223 02 09 0039 31" N16 Z8 N24 "00 6c6162",
	"c223 02 09 0039 31" Z24 N24 "01 6c6162",
	"c223 04 03 0017 453d363931 20 523d31 20 433d6162 20 4d3d6e6f",
	"c227 02 01 003e 1a 02 05 0039 31" N16 Z8 N24 "00 6c6162",
	"c227 02 01 000d 0d c0 00000400 160301",
	"c029 02 01 000d 0209 0a 01 3535353500",
	"c02d 02 01 0009 01 0404 6f6b",
	"0021" V4("06") "1f900050",
	"0057" V6("000c", "3c") "3a00000000000000 80000000",
	"00fd 9005",
	"003d c0000102",
	"2f 4500002c 0001 4000 40 07 0000 0a630001 0a63000a 1f900050 " N16 "01020304",
	("c025 01020304 00000001 00000002 00000003 00000004 00000005 00000006 00000007 00000008 "
	 "00000009 0000000a 0000000b"),
};

static void use_structures(const struct decoded *d)
{
	struct ppp_chap chap;
	struct ppp_mppe mppe;
	struct ppp_ip ip;

	ppp_chap_decode(&d->control, &chap);
	ppp_mppe_decode(&d->frame, &mppe);
	ppp_ip_decode(&d->frame, &ip);
}

/*
 * The capture lacks the end: never a defect of the sender, and once the protocol is there either the
 * packet is known to be cut, or what is missing is nothing that is described.
 */
static void test_cut(void)
{
	static char out[WRITTEN];

	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		uint8_t octets[OCTETS];
		uint32_t len = (uint32_t)exact_hex(whole[i], octets, sizeof(octets));

		for (uint32_t n = 0; n < len; n++) {
			struct decoded d = decode_octets(octets, n, len, NULL);

			if (d.known) {
				CU_ASSERT_EQUAL(d.control.defects, 0);
				written(&d.control, out);
				if (d.frame.has_code)
					CU_ASSERT_TRUE(d.control.cut);
			}
			use_structures(&d);
			free(d.octets);
		}
	}
}

/* The sender ended early: nothing is said to be cut, and what lacks is a defect. */
static void test_ended(void)
{
	static char out[WRITTEN];

	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		uint8_t octets[OCTETS];
		uint32_t len = (uint32_t)exact_hex(whole[i], octets, sizeof(octets));

		for (uint32_t n = 0; n < len; n++) {
			struct decoded d = decode_octets(octets, n, n, NULL);

			if (d.known) {
				CU_ASSERT_FALSE(d.control.cut);
				CU_ASSERT_NOT_EQUAL(d.control.defects, 0);
				written(&d.control, out);
			}
			use_structures(&d);
			free(d.octets);
		}
	}
}

void suite_ppp_control(void);

void suite_ppp_control(void)
{
	CU_pSuite s = CU_add_suite("ppp_control", NULL, NULL);

	CU_add_test(s, "options of LCP", test_lcp_options);
	CU_add_test(s, "codes of LCP", test_lcp_codes);
	CU_add_test(s, "lengths", test_lengths);
	CU_add_test(s, "IPCP, IPV6CP and others", test_ipcp);
	CU_add_test(s, "CCP and ECP", test_ccp);
	CU_add_test(s, "CBCP, BACP, BAP", test_callback_and_bandwidth);
	CU_add_test(s, "PAP", test_pap);
	CU_add_test(s, "CHAP without context", test_chap);
	CU_add_test(s, "CHAP with context", test_chap_known);
	CU_add_test(s, "what a Success or Failure says", test_chap_messages);
	CU_add_test(s, "change of a password", test_change_password);
	CU_add_test(s, "EAP", test_eap);
	CU_add_test(s, "a Response as a structure", test_chap_structure);
	CU_add_test(s, "a Failure as a structure", test_failure_structure);
	CU_add_test(s, "names of authentication", test_auth_names);
	CU_add_test(s, "IP and IPv6", test_ip);
	CU_add_test(s, "IP of the wrong version", test_ip_versions);
	CU_add_test(s, "compressed and encrypted", test_compressed);
	CU_add_test(s, "MPPE as a structure", test_mppe_structure);
	CU_add_test(s, "MP, VJ, LQR", test_others);
	CU_add_test(s, "access by name", test_access);
	CU_add_test(s, "tables", test_tables);
	CU_add_test(s, "defects", test_defect_names);
	CU_add_test(s, "cut at every octet", test_cut);
	CU_add_test(s, "ended at every octet", test_ended);
}
