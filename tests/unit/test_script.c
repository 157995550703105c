/* SPDX-License-Identifier: GPL-2.0-or-later */
/* traces/script.h: every directive by the frames that it makes, read by our own dissectors; its errors. */
#include "dissectors/ctrl.h"
#include "dissectors/gre.h"
#include "dissectors/ip.h"
#include "dissectors/link.h"
#include "dissectors/ppp.h"
#include "dissectors/tcp.h"
#include "traces/script.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void suite_script(void);

#define START_NS (INT64_C(1767225600) * 1000000000)
#define MS(n) ((int64_t)(n)*1000000)

enum { FRAMES_MAX = 1024, OCTETS_MAX = 2048 };

struct got_frame {
	int64_t time; /* since the start */
	uint32_t caplen, len;
	uint8_t octets[OCTETS_MAX];
};

/* What the last script made; decoded: by decode(). */
static struct made {
	bool ok;
	char err[256];
	uint32_t link_type;
	unsigned n, limit;
	struct got_frame frame[FRAMES_MAX];
	struct link_payload link;
	struct datagram ip;
	struct tcp_segment tcp;
	struct gre_pkt gre;
	struct ppp_frame ppp;
	struct ctrl_msg msg;
} made;

static bool keep(void *ctx, int64_t time_ns, const uint8_t *octets, uint32_t caplen, uint32_t wire_len)
{
	struct got_frame *f = &made.frame[made.n];

	(void)ctx;
	if (made.n == FRAMES_MAX || made.n == made.limit)
		return false;
	*f = (struct got_frame){ .time = time_ns - START_NS, .caplen = caplen, .len = wire_len };
	memcpy(f->octets, octets, caplen < OCTETS_MAX ? caplen : OCTETS_MAX);
	made.n++;
	return true;
}

static void compile(const char *text)
{
	made.n = 0;
	made.limit = FRAMES_MAX;
	made.err[0] = '\0';
	made.ok = script_compile("t", text, strlen(text), &made.link_type, keep, NULL, made.err,
				 sizeof(made.err));
}

/* Compiles a script that is right and makes n frames. */
static void expect(const char *text, unsigned n)
{
	compile(text);
	CU_ASSERT_TRUE(made.ok);
	CU_ASSERT_EQUAL(made.n, n);
	if (!made.ok || made.n != n)
		printf("# %u frames, not %u: %s: %s\n", made.n, n, text, made.err);
}

/* Compiles a script that is wrong. */
static void expect_error(const char *text, const char *message)
{
	compile(text);
	CU_ASSERT_FALSE(made.ok);
	CU_ASSERT_STRING_EQUAL(made.err, message);
	if (made.ok || strcmp(made.err, message) != 0)
		printf("# %s: %s\n", text, made.err);
}

/* Decodes frame i (from 0) as far as its layers go. */
static void decode(unsigned i)
{
	const struct got_frame *f = &made.frame[i];
	struct packet p = {
		.caplen = f->caplen, .len = f->len, .link_type = made.link_type, .octets = f->octets
	};

	CU_ASSERT_TRUE_FATAL(i < made.n);
	CU_ASSERT_EQUAL_FATAL(link_decode(&p, &made.link), UNSEEN_NONE);
	CU_ASSERT_EQUAL_FATAL(ip_decode(&made.link, &made.ip), UNSEEN_NONE);
	if (made.ip.fragment)
		return;
	if (made.ip.protocol == IP_PROTO_TCP) {
		CU_ASSERT_EQUAL(tcp_decode(&made.ip, &made.tcp), UNSEEN_NONE);
		ctrl_decode(made.tcp.payload, made.tcp.caplen, false, &made.msg);
	} else if (made.ip.protocol == IP_PROTO_GRE) {
		if (gre_decode(made.ip.payload, made.ip.caplen, made.ip.len, false, &made.gre) != GRE_OK)
			return;
		ppp_decode(made.gre.payload, made.gre.caplen, made.gre.payload_length, &made.ppp);
	}
}

/* Decodes frame i, which holds one correct message of a type. */
static void decode_message(unsigned i, unsigned type)
{
	decode(i);
	CU_ASSERT_EQUAL(made.msg.status, CTRL_OK);
	CU_ASSERT_EQUAL(made.msg.type, type);
}

static void expect_field(const char *name, uint32_t value)
{
	uint32_t v = ~value;

	CU_ASSERT_TRUE(ctrl_get(&made.msg, name, &v));
	CU_ASSERT_EQUAL(v, value);
	if (v != value)
		printf("# %s is %u, not %u\n", name, v, value);
}

static void expect_text(const char *name, const char *text)
{
	const uint8_t *octets = NULL;
	size_t len = 0;

	CU_ASSERT_TRUE(ctrl_get_text(&made.msg, name, &octets, &len));
	CU_ASSERT_EQUAL_FATAL(len, strlen(text));
	CU_ASSERT_EQUAL(memcmp(octets, text, len), 0);
}

static bool from_pac(void)
{
	char text[IP_ADDR_TEXT];

	return strcmp(ip_addr_text(&made.ip.src, text), "10.0.0.1") == 0;
}

static bool ip_sum_good(void)
{
	return ip_checksum_fold(ip_checksum_add(0, made.link.octets, 20)) == 0xffff;
}

/* --- connections ------------------------------------------------------------------------- */

static void test_connect(void)
{
	expect("pns connect port=5000 isn=100 peer_isn=200", 3);
	decode(0);
	CU_ASSERT_EQUAL(made.tcp.flags, TCP_SYN);
	CU_ASSERT_EQUAL(made.tcp.seq, 100);
	CU_ASSERT_EQUAL(made.tcp.src_port, 5000);
	CU_ASSERT_EQUAL(made.tcp.dst_port, 1723);
	CU_ASSERT_FALSE(from_pac());
	decode(1);
	CU_ASSERT_EQUAL(made.tcp.flags, TCP_SYN | TCP_ACK);
	CU_ASSERT_EQUAL(made.tcp.seq, 200);
	CU_ASSERT_EQUAL(made.tcp.ack, 101);
	CU_ASSERT_TRUE(from_pac());
	decode(2);
	CU_ASSERT_EQUAL(made.tcp.flags, TCP_ACK);
	CU_ASSERT_EQUAL(made.tcp.ack, 201);
	CU_ASSERT_EQUAL(made.tcp.checksum, TCP_SUM_GOOD);
	CU_ASSERT_EQUAL(made.frame[0].time, 0);
	CU_ASSERT_EQUAL(made.frame[2].time, MS(2));
}

static void test_connect_ports(void)
{
	expect("pac connect peer_port=99; pns connect", 6);
	decode(0);
	CU_ASSERT_TRUE(from_pac());
	CU_ASSERT_EQUAL(made.tcp.src_port, 40000);
	CU_ASSERT_EQUAL(made.tcp.dst_port, 99);
	decode(3);
	CU_ASSERT_EQUAL(made.tcp.src_port, 40001);
	expect("pns syn port=7; pac synack; pns ack; pns RST", 4);
	decode(3);
	CU_ASSERT_EQUAL(made.tcp.flags, TCP_RST | TCP_ACK);
	CU_ASSERT_EQUAL(made.tcp.src_port, 7);
}

static void test_close(void)
{
	expect("pns connect isn=0 peer_isn=10; pns close", 6);
	decode(3);
	CU_ASSERT_EQUAL(made.tcp.flags, TCP_FIN | TCP_ACK);
	CU_ASSERT_EQUAL(made.tcp.seq, 1);
	decode(4);
	CU_ASSERT_EQUAL(made.tcp.flags, TCP_FIN | TCP_ACK);
	CU_ASSERT_EQUAL(made.tcp.ack, 2);
	decode(5);
	CU_ASSERT_EQUAL(made.tcp.flags, TCP_ACK);
	CU_ASSERT_EQUAL(made.tcp.seq, 2);
	CU_ASSERT_EQUAL(made.tcp.ack, 12);
}

static void test_tcp(void)
{
	expect("pns connect isn=0 peer_isn=10\n"
	       "pns tcp flags=PAU hex=010203 @1=ff\n"
	       "pns tcp seq=77 ack=5 sport=1 dport=2 hex=\"x\"\n"
	       "pns ack",
	       6);
	decode(3);
	CU_ASSERT_EQUAL(made.tcp.flags, TCP_PSH | TCP_ACK | TCP_URG);
	CU_ASSERT_EQUAL(made.tcp.seq, 1);
	CU_ASSERT_EQUAL(memcmp(made.tcp.payload, "\x01\xff\x03", 3), 0);
	decode(4);
	CU_ASSERT_EQUAL(made.tcp.seq, 77);
	CU_ASSERT_EQUAL(made.tcp.ack, 5);
	CU_ASSERT_EQUAL(made.tcp.src_port, 1);
	CU_ASSERT_EQUAL(made.tcp.dst_port, 2);
	decode(5);
	CU_ASSERT_EQUAL(made.tcp.seq, 4);
}

/* --- the stream -------------------------------------------------------------------------- */

static void test_octets(void)
{
	static const char want[] = "\x0a"
				   "b\x00\n\"zz\xff\xff\xff\x01\x02\xab";

	expect("let v=0x102; pns raw 0a\"b\\x00\\n\\\"\"\"z\"*2ff*3<$v:2>77*0<$v-0x57:1>", 1);
	decode(0);
	CU_ASSERT_EQUAL_FATAL(made.tcp.len, sizeof(want) - 1);
	CU_ASSERT_EQUAL(memcmp(made.tcp.payload, want, sizeof(want) - 1), 0);
}

static void test_split(void)
{
	expect("pns raw 00*10 split=2,7", 3);
	decode(1);
	CU_ASSERT_EQUAL(made.tcp.len, 5);
	decode(2);
	CU_ASSERT_EQUAL(made.tcp.len, 3);
	expect("pns raw 00*10 every=4", 3);
	decode(2);
	CU_ASSERT_EQUAL(made.tcp.len, 2);
	expect("pns raw 00*3000", 3);
	decode(0);
	CU_ASSERT_EQUAL(made.tcp.len, 1460);
	expect("pns raw 00*1500 mss=1500", 1);
	expect("set every=1; pns STOPRQ; set every=0; pac STOPRP", 17);
	expect("pns raw 00010203 every=1 reverse", 4);
	decode(0);
	CU_ASSERT_EQUAL(made.tcp.payload[0], 3);
	CU_ASSERT_TRUE(made.frame[0].time < made.frame[1].time);
}

static void test_coalesce(void)
{
	expect("coalesce { pac ECHORQ; pns ECHORQ; pac ECHORQ }", 2);
	decode(0);
	CU_ASSERT_TRUE(from_pac());
	CU_ASSERT_EQUAL(made.tcp.len, 32);
	decode(1);
	CU_ASSERT_EQUAL(made.tcp.len, 16);
	expect("coalesce split=4 { pns ECHORQ; pns ECHORQ }", 2);
	decode(1);
	CU_ASSERT_EQUAL(made.tcp.len, 28);
}

static void test_retransmit(void)
{
	uint32_t seq;

	expect("pns raw 00010203; pns retransmit; pns retransmit skip=1 take=2 @0=99; pns raw 04", 4);
	decode(0);
	seq = made.tcp.seq;
	decode(1);
	CU_ASSERT_EQUAL(made.tcp.seq, seq);
	CU_ASSERT_EQUAL(made.tcp.len, 4);
	decode(2);
	CU_ASSERT_EQUAL(made.tcp.seq, seq + 1);
	CU_ASSERT_EQUAL(made.tcp.len, 2);
	CU_ASSERT_EQUAL(made.tcp.payload[0], 0x99);
	decode(3);
	CU_ASSERT_EQUAL(made.tcp.seq, seq + 4);
}

/* What was dropped is not acknowledged until it comes again; what was lost to the capture is. */
static void test_drop_and_lost(void)
{
	uint32_t ack;

	expect("pac ack; pns raw 01 drop; pns raw 02; pac ack; pns retransmit; pac ack", 6);
	decode(0);
	ack = made.tcp.ack;
	decode(3);
	CU_ASSERT_EQUAL(made.tcp.ack, ack);
	decode(5);
	CU_ASSERT_EQUAL(made.tcp.ack, ack + 2);
	expect("pac ack; pns raw 0102 every=1 piece=2 lost; pac ack", 3);
	decode(0);
	ack = made.tcp.ack;
	decode(2);
	CU_ASSERT_EQUAL(made.tcp.ack, ack + 2);
	CU_ASSERT_EQUAL(made.frame[2].time, MS(3));
}

static void test_cross(void)
{
	uint32_t ack;

	expect("pac ack; cross { pns raw 01; pac raw 02 }; pac ack", 4);
	decode(0);
	ack = made.tcp.ack;
	decode(2);
	CU_ASSERT_EQUAL(made.tcp.ack, ack);
	decode(3);
	CU_ASSERT_EQUAL(made.tcp.ack, ack + 1);
}

static void test_acks(void)
{
	expect("pns raw 01; wait 1; pns raw 02", 3);
	decode(1);
	CU_ASSERT_TRUE(from_pac());
	CU_ASSERT_EQUAL(made.tcp.len, 0);
	CU_ASSERT_EQUAL(made.frame[1].time, MS(40));
	expect("acks none; pns raw 01; wait 1; pns raw 02", 2);
	expect("acks each; pns raw 0102 every=1", 4);
	expect("pns raw 01; pac raw 02; acks none; wait 1; pac raw 03", 4);
	expect("spacing 41ms; pns raw 01; pns raw 02", 3);
}

/* --- messages ---------------------------------------------------------------------------- */

static void test_message_defaults(void)
{
	expect("pns SCCRQ; pac SCCRP; pns OCRQ", 3);
	decode_message(0, CTRL_SCCRQ);
	expect_field("protocol_version", 0x100);
	expect_field("framing_capabilities", 3);
	expect_field("maximum_channels", 0);
	expect_text("host_name", "pns.example");
	decode_message(1, CTRL_SCCRP);
	expect_field("result_code", 1);
	expect_field("error_code", 0);
	expect_field("maximum_channels", 65535);
	expect_text("host_name", "pac.example");
	decode_message(2, CTRL_OCRQ);
	expect_field("minimum_bps", 300);
	expect_field("call_id", 1);
	expect_field("call_serial_number", 1);
	expect_field("packet_recv_window_size", 64);
}

static void test_message_fields(void)
{
	expect("pns SCCRQ version=2.1 framing_capabilities=asynchronous+synchronous host_name=\"a b\" "
	       "vendor=v",
	       1);
	decode_message(0, CTRL_SCCRQ);
	expect_field("protocol_version", 0x201);
	expect_field("framing_capabilities", 3);
	expect_text("host_name", "a b");
	expect_text("vendor_name", "v");
	expect("pns outgoing-call-request phone_number=5551 subaddress=0x4142 max=-1; pac OCRP "
	       "result=no_dial_tone",
	       2);
	decode_message(0, CTRL_OCRQ);
	expect_field("phone_number_length", 4);
	expect_field("maximum_bps", 0xffffffff);
	expect_text("phone_number", "5551");
	expect_text("subaddress", "AB");
	decode_message(1, CTRL_OCRP);
	expect_field("result_code", 5);
	expect("pac OCRP result=general_error; pac OCRP result=2 error=pac_error cause=user_busy", 2);
	decode_message(0, CTRL_OCRP);
	expect_field("error_code", 4);
	decode_message(1, CTRL_OCRP);
	expect_field("error_code", 6);
	expect_field("cause_code", 17);
}

static void test_message_lies(void)
{
	expect("pns SLI length=99 cookie=1 pptp_message_type=2 control_message_type=77", 1);
	decode(0);
	CU_ASSERT_EQUAL(made.msg.length, 99);
	CU_ASSERT_EQUAL(made.msg.cookie, 1);
	CU_ASSERT_EQUAL(made.msg.message_type, 2);
	CU_ASSERT_EQUAL(made.msg.type, 77);
	expect("pns SLI @16=01020304 @23=ff add=abcd cut=25", 1);
	decode(0);
	CU_ASSERT_EQUAL_FATAL(made.tcp.len, 25);
	CU_ASSERT_EQUAL(memcmp(made.tcp.payload + 16, "\x01\x02\x03\x04\xff\xff\xff\xff\xab", 9), 0);
}

static void test_default(void)
{
	expect("default OCRQ window=5 phone_number=1; pns OCRQ; pns OCRQ window=6", 2);
	decode_message(0, CTRL_OCRQ);
	expect_field("packet_recv_window_size", 5);
	expect_field("phone_number_length", 1);
	decode_message(1, CTRL_OCRQ);
	expect_field("packet_recv_window_size", 6);
}

/* Call IDs of both ends, in every message that has them. */
static void test_call_ids(void)
{
	static const struct {
		const char *field;
		uint32_t value;
	} want[] = {
		{ "call_id", 7 },      { "call_id", 1001 }, { "peer_call_id", 1001 },
		{ "peer_call_id", 7 }, { "call_id", 7 },    { "call_id", 1001 },
	};

	expect("pns OCRQ call_id=7; pac OCRP; pns SLI; pac WEN; pns CCRQ; pac CDN", 6);
	for (unsigned i = 0; i < 6; i++) {
		decode(i);
		expect_field(want[i].field, want[i].value);
	}
	decode(1);
	expect_field("peer_call_id", 7);
	decode(5);
	expect_field("result_code", 4);
	expect("pac ICRQ; pns ICRP call_id=3; pac ICCN; pac CDN; pac CDN call_id=99", 5);
	decode_message(0, CTRL_ICRQ);
	expect_field("call_id", 1001);
	decode_message(1, CTRL_ICRP);
	expect_field("peer_call_id", 1001);
	decode_message(2, CTRL_ICCN);
	expect_field("peer_call_id", 3);
	decode_message(3, CTRL_CDN);
	expect_field("result_code", 3);
	decode_message(4, CTRL_CDN);
	expect_field("call_id", 99);
}

static void test_call(void)
{
	expect("pns OCRQ; pns OCRQ; pac OCRP call=1; pns SLI; call 2; pns CCRQ; call pns=50 pac=60; pns SLI\n"
	       "call 1 pac=61; pns SLI; pns OCRQ call=1",
	       8);
	decode_message(2, CTRL_OCRP);
	expect_field("peer_call_id", 1);
	decode_message(3, CTRL_SLI);
	expect_field("peer_call_id", 1001);
	decode_message(4, CTRL_CCRQ);
	expect_field("call_id", 2);
	decode_message(5, CTRL_SLI);
	expect_field("peer_call_id", 60);
	decode_message(6, CTRL_SLI);
	expect_field("peer_call_id", 61);
	decode_message(7, CTRL_OCRQ);
	expect_field("call_id", 1);
}

static void test_echo_and_wen(void)
{
	expect("pns ECHORQ; pac ECHORP; pac ECHORQ identifier=9; pns ECHORP; pns ECHORQ", 5);
	decode_message(1, CTRL_ECHORP);
	expect_field("identifier", 1);
	decode_message(3, CTRL_ECHORP);
	expect_field("identifier", 9);
	decode_message(4, CTRL_ECHORQ);
	expect_field("identifier", 2);
	expect("pac WEN framing_errors=5; pac WEN", 2);
	decode_message(1, CTRL_WEN);
	expect_field("crc_errors", 2);
	expect_field("framing_errors", 5);
}

/* --- the tunnel -------------------------------------------------------------------------- */

static void expect_gre(unsigned i, uint16_t flags, uint32_t seq, uint32_t ack)
{
	decode(i);
	CU_ASSERT_EQUAL(made.ip.protocol, IP_PROTO_GRE);
	CU_ASSERT_EQUAL(made.gre.defects, 0);
	CU_ASSERT_EQUAL(made.gre.flags, flags | GRE_K | 1);
	CU_ASSERT_EQUAL(made.gre.seq, seq);
	CU_ASSERT_EQUAL(made.gre.ack, ack);
}

static void test_gre_numbers(void)
{
	expect("call pns=7 pac=24; pns gre ack; pac gre ack; pns GRE; pac gre ackonly; pns gre skip=2 ack\n"
	       "pns gre seq=3; pns gre restart=4294967295; pns gre ack=5; pns gre ackonly=77",
	       9);
	expect_gre(0, GRE_S, 0, 0);
	CU_ASSERT_EQUAL(made.gre.call_id, 24);
	expect_gre(1, GRE_S | GRE_A, 0, 0);
	CU_ASSERT_EQUAL(made.gre.call_id, 7);
	expect_gre(2, GRE_S, 1, 0);
	expect_gre(3, GRE_A, 0, 1);
	CU_ASSERT_EQUAL(made.gre.payload_length, 0);
	expect_gre(4, GRE_S | GRE_A, 4, 0);
	expect_gre(5, GRE_S, 3, 0);
	expect_gre(6, GRE_S, 0xffffffff, 0);
	expect_gre(7, GRE_S | GRE_A, 0, 5);
	expect_gre(8, GRE_A, 0, 77);
}

/* An acknowledgment covers what arrived: not what was dropped. */
static void test_gre_heard(void)
{
	expect("pns gre; pns gre drop; pac gre ack; pns gre lost; pac gre ack", 4);
	expect_gre(2, GRE_S | GRE_A, 0, 0);
	expect_gre(3, GRE_S | GRE_A, 1, 2);
}

static void test_gre_lies(void)
{
	expect("pns gre c=1 recur=5 ver=2 flags=3; pns gre payload_length=9 call_id=77 protocol_type=0x800\n"
	       "pns gre empty; pns gre seq=none; pns gre cut=6; pns gre hex=aabb pad=2; pns gre s=0 @12=ee",
	       7);
	decode(0);
	CU_ASSERT_EQUAL(made.ip.payload[0], 0xb5);
	CU_ASSERT_EQUAL(made.ip.payload[1], 0x1a);
	decode(1);
	CU_ASSERT_EQUAL(made.gre.payload_length, 9);
	CU_ASSERT_EQUAL(made.gre.call_id, 77);
	CU_ASSERT_EQUAL(made.gre.protocol, 0x800);
	decode(2);
	CU_ASSERT_EQUAL(made.gre.defects, GRE_BAD_S_EMPTY);
	decode(3);
	CU_ASSERT_EQUAL(made.gre.defects, GRE_BAD_EMPTY | GRE_BAD_NO_S);
	decode(4);
	CU_ASSERT_EQUAL(made.ip.len, 6);
	decode(5);
	CU_ASSERT_EQUAL(made.gre.payload_length, 2);
	CU_ASSERT_EQUAL(made.gre.defects, GRE_BAD_PAD);
	CU_ASSERT_EQUAL(made.ip.payload[12], 0xaa);
	decode(6);
	CU_ASSERT_EQUAL(made.gre.flags & GRE_S, 0);
	CU_ASSERT_EQUAL(made.ip.payload[12], 0xee);
}

static void test_ppp(void)
{
	expect("pns gre ppp=LCP:Configure-Request opt.1=0578 opt.5=01020304; pac gre ppp=lcp:configure_ack\n"
	       "pac gre ppp=LCP:9 id=7 data=0a; pns gre ppp=0x21 acfc pfc size=40; pns gre size=100; pns gre "
	       "ppp=CCP:1",
	       6);
	decode(0);
	CU_ASSERT_EQUAL(made.ppp.protocol, PPP_LCP);
	CU_ASSERT_TRUE(made.ppp.address_control);
	CU_ASSERT_EQUAL(made.ppp.code, 1);
	CU_ASSERT_EQUAL(made.ppp.identifier, 1);
	CU_ASSERT_EQUAL(made.ppp.length, 14);
	CU_ASSERT_EQUAL(memcmp(made.ppp.payload + 4, "\x01\x04\x05\x78\x05\x06\x01\x02\x03\x04", 10), 0);
	decode(1);
	CU_ASSERT_EQUAL(made.ppp.code, 2);
	CU_ASSERT_EQUAL(made.ppp.identifier, 1);
	CU_ASSERT_EQUAL(made.ppp.length, 14);
	decode(2);
	CU_ASSERT_EQUAL(made.ppp.code, 9);
	CU_ASSERT_EQUAL(made.ppp.identifier, 7);
	CU_ASSERT_EQUAL(made.ppp.length, 5);
	decode(3);
	CU_ASSERT_FALSE(made.ppp.address_control);
	CU_ASSERT_TRUE(made.ppp.compressed_protocol);
	CU_ASSERT_EQUAL(made.gre.payload_length, 40);
	decode(4);
	CU_ASSERT_EQUAL(made.ppp.protocol, PPP_IP);
	CU_ASSERT_EQUAL(made.gre.payload_length, 100);
	CU_ASSERT_EQUAL(made.ppp.payload[0], 0x45);
	decode(5);
	CU_ASSERT_EQUAL(made.ppp.identifier, 2);
}

static void test_ip_and_icmp(void)
{
	expect("pns ip proto=99 hex=0102; pns gre; pac unreachable from=10.9.9.9; pac unreachable type=11 "
	       "code=0\n"
	       "hosts pac=2001:db8::1 pns=2001:db8::2; pns gre; pac unreachable type=2 mtu=1280",
	       6);
	decode(0);
	CU_ASSERT_EQUAL(made.ip.protocol, 99);
	CU_ASSERT_EQUAL(made.ip.len, 2);
	decode(2);
	CU_ASSERT_EQUAL(made.ip.protocol, IP_PROTO_ICMP);
	CU_ASSERT_EQUAL(made.ip.payload[0], 3);
	CU_ASSERT_EQUAL(made.ip.payload[1], 2);
	CU_ASSERT_EQUAL(made.ip.payload[8 + 9], IP_PROTO_GRE);
	CU_ASSERT_EQUAL(ip_checksum_fold(ip_checksum_add(0, made.ip.payload, made.ip.len)), 0xffff);
	decode(3);
	CU_ASSERT_EQUAL(made.ip.payload[0], 11);
	decode(5);
	CU_ASSERT_EQUAL(made.ip.protocol, IP_PROTO_ICMPV6);
	CU_ASSERT_EQUAL(made.ip.payload[0], 2);
	CU_ASSERT_EQUAL(made.ip.payload[6] << 8 | made.ip.payload[7], 1280);
}

/* --- sending ----------------------------------------------------------------------------- */

static void test_ip_options(void)
{
	char text[IP_ADDR_TEXT];

	expect("pns gre ttl=3 df ipid=77 vlan=5,6 trailer=4 from=1.2.3.4 to=5.6.7.8; pns gre badipsum\n"
	       "pns gre ip@1=ff frame@0=ee",
	       3);
	decode(0);
	CU_ASSERT_EQUAL(made.ip.ttl, 3);
	CU_ASSERT_TRUE(made.ip.dont_fragment);
	CU_ASSERT_EQUAL(made.ip.fragment_id, 77);
	CU_ASSERT_NOT_EQUAL(made.ip.context, 0);
	CU_ASSERT_STRING_EQUAL(ip_addr_text(&made.ip.src, text), "1.2.3.4");
	CU_ASSERT_STRING_EQUAL(ip_addr_text(&made.ip.dst, text), "5.6.7.8");
	CU_ASSERT_EQUAL(made.frame[0].len, 14 + 8 + 20 + 12 + 4 + 64 + 4);
	decode(1);
	CU_ASSERT_FALSE(ip_sum_good());
	decode(2);
	CU_ASSERT_TRUE(ip_sum_good());
	CU_ASSERT_EQUAL(made.frame[2].octets[0], 0xee);
	CU_ASSERT_EQUAL(made.frame[2].octets[15], 0xff);
}

static void test_tcp_sums(void)
{
	expect("pns ack badsum; pns ack zerosum; pns ack offload; pns ack", 4);
	decode(0);
	CU_ASSERT_EQUAL(made.tcp.checksum, TCP_SUM_BAD);
	decode(1);
	CU_ASSERT_EQUAL(made.tcp.checksum, TCP_SUM_OFFLOAD);
	CU_ASSERT_EQUAL(made.ip.payload[16] | made.ip.payload[17], 0);
	decode(2);
	CU_ASSERT_EQUAL(made.tcp.checksum, TCP_SUM_OFFLOAD);
	CU_ASSERT_NOT_EQUAL(made.ip.payload[16] | made.ip.payload[17], 0);
	decode(3);
	CU_ASSERT_EQUAL(made.tcp.checksum, TCP_SUM_GOOD);
}

static void test_fragments(void)
{
	expect("pns gre size=100 frag=50", 3);
	decode(0);
	CU_ASSERT_TRUE(made.ip.fragment);
	CU_ASSERT_TRUE(made.ip.more_fragments);
	CU_ASSERT_EQUAL(made.ip.len, 48);
	decode(2);
	CU_ASSERT_FALSE(made.ip.more_fragments);
	CU_ASSERT_EQUAL(made.ip.fragment_offset, 96);
	CU_ASSERT_EQUAL(made.ip.len, 112 - 96);
	expect("pns gre size=100 frag=50 piece=2 lost", 2);
	expect("pns gre size=100 frag=50 piece=2 dup=2", 5);
	expect("pns gre size=100 frag=50 reverse", 3);
	decode(0);
	CU_ASSERT_EQUAL(made.ip.fragment_offset, 96);
	expect("hosts pac=::1 pns=::2; pns gre size=100 frag=50", 3);
	decode(1);
	CU_ASSERT_EQUAL(made.ip.version, 6);
	CU_ASSERT_EQUAL(made.ip.fragment_offset, 48);
}

static void test_snap_dup_delay(void)
{
	expect("pns gre snap=40; pns gre dup; pns gre delay=2.5ms; pns gre; pns gre", 6);
	CU_ASSERT_EQUAL(made.frame[0].caplen, 40);
	CU_ASSERT_EQUAL(made.frame[0].len, 114);
	CU_ASSERT_EQUAL(memcmp(made.frame[1].octets, made.frame[2].octets, 114), 0);
	expect_gre(3, GRE_S, 3, 0);
	expect_gre(4, GRE_S, 4, 0);
	expect_gre(5, GRE_S, 2, 0);
	CU_ASSERT_EQUAL(made.frame[5].time, MS(5) + MS(1) / 2);
}

static void test_mirror(void)
{
	expect("set mirror=same; pns gre; set mirror=routed; pns gre; set mirror=off; pns gre", 5);
	CU_ASSERT_EQUAL(memcmp(made.frame[0].octets, made.frame[1].octets, made.frame[0].len), 0);
	CU_ASSERT_TRUE(made.frame[0].time < made.frame[1].time);
	decode(2);
	CU_ASSERT_EQUAL(made.ip.ttl, 64);
	decode(3);
	CU_ASSERT_EQUAL(made.ip.ttl, 63);
	CU_ASSERT_TRUE(ip_sum_good());
	expect_gre(4, GRE_S, 2, 0);
}

static void test_capture(void)
{
	expect("capture off; pns gre; pac gre; capture pac; pns gre; pac gre; capture pns; pac gre; pns gre\n"
	       "capture on; pns gre ack",
	       3);
	expect_gre(0, GRE_S, 1, 0);
	CU_ASSERT_TRUE(from_pac());
	expect_gre(1, GRE_S, 2, 0);
	CU_ASSERT_FALSE(from_pac());
	expect_gre(2, GRE_S | GRE_A, 3, 2);
}

static void test_links(void)
{
	static const struct {
		const char *script;
		uint32_t type;
	} want[] = {
		{ "link ethernet", LINK_ETHERNET }, { "link raw", LINK_RAW },
		{ "link ipv4", LINK_IPV4 },         { "link null", LINK_NULL },
		{ "link loop", LINK_LOOP },         { "link ppp", LINK_PPP },
		{ "link ppp-hdlc", LINK_PPP_HDLC }, { "link sll", LINK_LINUX_SLL },
		{ "link sll2", LINK_LINUX_SLL2 },
	};
	char text[128];

	for (unsigned i = 0; i < sizeof(want) / sizeof(*want); i++) {
		snprintf(text, sizeof(text), "%s; pns gre vlan=%u", want[i].script, i % 2);
		expect(text, 1);
		CU_ASSERT_EQUAL(made.link_type, want[i].type);
		decode(0);
		CU_ASSERT_EQUAL(made.ip.len, 12 + 4 + 64);
		if (want[i].type == LINK_IPV4)
			continue;
		snprintf(text, sizeof(text), "%s; hosts pac=::1 pns=::2; pns gre", want[i].script);
		expect(text, 1);
		decode(0);
		CU_ASSERT_EQUAL(made.ip.version, 6);
	}
	expect("link ipv6; hosts pac=::1 pns=::2; pns gre", 1);
	CU_ASSERT_EQUAL(made.link_type, LINK_IPV6);
	decode(0);
}

/* --- time -------------------------------------------------------------------------------- */

static void test_time(void)
{
	expect("pns gre; wait 1.5; pns gre; at 10; pns gre; spacing 10us; pns gre; pns gre; wait 20ms; pns "
	       "gre",
	       6);
	CU_ASSERT_EQUAL(made.frame[1].time, MS(1501));
	CU_ASSERT_EQUAL(made.frame[2].time, MS(10000));
	CU_ASSERT_EQUAL(made.frame[3].time, MS(10001));
	CU_ASSERT_EQUAL(made.frame[4].time, MS(10001) + 10000);
	CU_ASSERT_EQUAL(made.frame[5].time, MS(10021) + 20000);
	expect("clock -60; pns gre; clock +1; pns gre; clock 0; wait 7ns; pns gre", 3);
	CU_ASSERT_EQUAL(made.frame[0].time, MS(-60000));
	CU_ASSERT_EQUAL(made.frame[1].time, MS(1001));
	CU_ASSERT_EQUAL(made.frame[2].time, MS(2) + 7);
}

/* --- blocks and values ------------------------------------------------------------------- */

static void test_repeat_and_let(void)
{
	expect("let n=2\nrepeat $n+1 { pns OCRQ call_id=$i*10 }\n"
	       "repeat 2 as j { repeat 2 { pns OCRQ call_id=100*$j+$i } }\n"
	       "if 1>2 { pns gre }\nif $n==2 { let n=$n+5; pns OCRQ call_id=$n }; repeat 0 { pns gre }",
	       8);
	decode_message(2, CTRL_OCRQ);
	expect_field("call_id", 20);
	decode_message(6, CTRL_OCRQ);
	expect_field("call_id", 101);
	decode_message(7, CTRL_OCRQ);
	expect_field("call_id", 7);
}

static void test_expressions(void)
{
	static const struct {
		const char *text;
		uint32_t value;
	} want[] = {
		{ "1+2*3", 7 },       { "(1+2)*3", 9 },   { "10-3-2", 5 },
		{ "0x10|1", 17 },     { "7&3^1", 2 },     { "1<<4>>1", 8 },
		{ "-1", 0xffffffff }, { "~0&0xff", 255 }, { "17%5+100/7", 16 },
		{ "2<=2", 1 },        { "3!=3", 0 },      { "5>=6", 0 },
		{ "1<<64", 0 },       { "--5", 5 },       { "0xffffffff", 0xffffffff },
	};
	char text[128];

	for (unsigned i = 0; i < sizeof(want) / sizeof(*want); i++) {
		snprintf(text, sizeof(text), "pns ECHORQ identifier=%s", want[i].text);
		expect(text, 1);
		decode_message(0, CTRL_ECHORQ);
		expect_field("identifier", want[i].value);
	}
}

static void test_builtin_variables(void)
{
	uint32_t first, second;

	expect("pns OCRQ; pac OCRP; pns gre; pns gre; pac ECHORQ identifier=$pac_id; pac ECHORQ "
	       "identifier=$pns_seq\n"
	       "pac ECHORQ identifier=$pac_heard; pac ECHORQ identifier=$call; pns ECHORQ "
	       "identifier=$pns_tcp_next",
	       9);
	decode_message(4, CTRL_ECHORQ);
	expect_field("identifier", 1001);
	decode_message(5, CTRL_ECHORQ);
	expect_field("identifier", 2);
	decode_message(6, CTRL_ECHORQ);
	expect_field("identifier", 1);
	decode_message(7, CTRL_ECHORQ);
	expect_field("identifier", 1);
	decode_message(8, CTRL_ECHORQ);
	expect_field("identifier", made.tcp.seq);
	expect("seed 5; pns ECHORQ identifier=$random%1000000; pns ECHORQ identifier=$random%1000000", 2);
	decode(0);
	ctrl_get(&made.msg, "identifier", &first);
	decode(1);
	ctrl_get(&made.msg, "identifier", &second);
	CU_ASSERT_NOT_EQUAL(first, second);
	compile("seed 5; pns ECHORQ identifier=$random%1000000");
	decode(0);
	expect_field("identifier", first);
}

static void test_macros(void)
{
	expect("define hello { me ECHORQ identifier=$1; peer ECHORP; peer ECHORQ identifier=$2 }\npac hello "
	       "5 6\nhello",
	       6);
	decode_message(0, CTRL_ECHORQ);
	CU_ASSERT_TRUE(from_pac());
	expect_field("identifier", 5);
	decode_message(2, CTRL_ECHORQ);
	CU_ASSERT_FALSE(from_pac());
	expect_field("identifier", 6);
	decode_message(3, CTRL_ECHORQ);
	CU_ASSERT_FALSE(from_pac());
	expect_field("identifier", 1);
	expect("define open { me ack }; open", 1);
}

static void test_builtin_macros(void)
{
	static const struct {
		const char *text;
		unsigned frames;
	} want[] = {
		{ "open", 5 },      { "pac open", 5 }, { "outgoing", 2 }, { "incoming", 3 },
		{ "echo", 2 },      { "clear", 2 },    { "close", 3 },    { "pac stop", 5 },
		{ "traffic 4", 8 }, { "lcp", 4 },      { "pac ipcp", 4 },
	};

	for (unsigned i = 0; i < sizeof(want) / sizeof(*want); i++)
		expect(want[i].text, want[i].frames);
	expect("lcp", 4);
	decode(3);
	CU_ASSERT_EQUAL(made.ppp.code, 2);
	CU_ASSERT_EQUAL(made.ppp.length, 14);
}

static void test_conversations(void)
{
	char text[IP_ADDR_TEXT];

	expect("hosts pac=10.0.0.1 vlan=9; conversation b pns=10.0.0.3 vlan=8; pns gre; @main pns gre\n"
	       "pns gre; conversation main; pns gre; @b pns connect",
	       7);
	decode(0);
	CU_ASSERT_STRING_EQUAL(ip_addr_text(&made.ip.src, text), "10.0.0.3");
	decode(1);
	CU_ASSERT_STRING_EQUAL(ip_addr_text(&made.ip.src, text), "10.0.0.2");
	expect_gre(2, GRE_S, 1, 0);
	expect_gre(3, GRE_S, 1, 0);
	decode(4);
	CU_ASSERT_EQUAL(made.tcp.src_port, 40001);
}

static void test_text_form(void)
{
	expect("# a comment\r\n  pns \\\n  gre # and another\n\n;;pac gre\t;", 2);
	expect("repeat 2{pns gre}pac gre", 3);
	expect("", 0);
	expect("pns SCCRQ host_name=\"a#;{ }b\"", 1);
	decode_message(0, CTRL_SCCRQ);
	expect_text("host_name", "a#;{ }b");
}

/* --- errors ------------------------------------------------------------------------------ */

static const struct {
	const char *text, *message;
} errors[] = {
	{ "\n\nfoo", "t:3: there is no statement \"foo\"" },
	{ "connect", "t:1: say who: pac connect or pns connect" },
	{ "SLI", "t:1: say who: pac SLI or pns SLI" },
	{ "pns", "t:1: a statement is missing here" },
	{ "@main", "t:1: a statement is missing here" },
	{ "@b pns gre", "t:1: there is no conversation \"b\"" },
	{ "pns gre {\npns gre }", "t:1: gre takes no block" },
	{ "repeat 2", "t:1: repeat needs a block { ... }" },
	{ "pns gre\n}", "t:2: \"}\" without \"{\"" },
	{ "{ }", "t:1: \"{\" without a statement before it" },
	{ "pns gre\nrepeat 2 { pns gre", "t:2: block without a closing \"}\"" },
	{ "pns raw \"abc", "t:1: text without a closing \"" },
	{ "pns raw \"abc\ndef\"", "t:1: text without a closing \"" },
	{ "pns raw \"\\x4\"", "t:1: \\x needs two hexadecimal digits" },
	{ "pns \001", "t:1: stray octet 0x01" },
	{ "pns raw", "t:1: raw needs octets" },
	{ "pns raw 0g", "t:1: \"0g\" are not octets" },
	{ "pns raw 00*70000", "t:1: more than 65536 octets" },
	{ "pns raw <1:5>", "t:1: a number among octets is written <NUMBER:WIDTH>, WIDTH 1 to 4" },
	{ "pns SLI nonsense=1", "t:1: \"nonsense\" means nothing here" },
	{ "pns SLI accm=1", "t:1: \"accm\" is a part of several field names of Set-Link-Info" },
	{ "pns SLI send_accm", "t:1: send_accm needs a value: send_accm=..." },
	{ "pns SLI send_accm=", "t:1: send_accm= without a value" },
	{ "pns SLI reserved1=65536", "t:1: reserved1: 65536 is more than 65535" },
	{ "pns SLI reserved1=2x", "t:1: \"2x\" is not a number" },
	{ "pns SLI @30=00", "t:1: @30: there are only 24 octets" },
	{ "pns SLI cut=25", "t:1: cut: the message has only 24 octets" },
	{ "pns SLI call=3", "t:1: there is no call 3: the last is 0" },
	{ "call 0", "t:1: calls are counted from 1" },
	{ "pac OCRP result=bus", "t:1: result_code has no value \"bus\"" },
	{ "pns SCCRQ version=1.x", "t:1: \"1.x\" is not a version" },
	{ "pns SCCRQ host_name=0123456789012345678901234567890123456789012345678901234567890123x",
	  "t:1: host_name: more than 64 octets" },
	{ "pns gre call_id=70000", "t:1: call_id: 70000 is more than 65535" },
	{ "pns gre c=2", "t:1: c: 2 is more than 1" },
	{ "pns gre ppp=FOO", "t:1: ppp: there is no protocol \"FOO\"" },
	{ "pns gre ppp=LCP:Foo", "t:1: ppp: there is no code \"Foo\"" },
	{ "pns gre size=100 frag=4", "t:1: frag must be at least 8" },
	{ "pns gre cut=1000", "t:1: cut: the packet has only 80 octets" },
	{ "pns gre vlan=5000", "t:1: vlan: 5000 is more than 4094" },
	{ "pns gre vlan=1,2,3,4,5", "t:1: vlan: more than 4 numbers" },
	{ "pns gre mirror=no", "t:1: mirror is off, same or routed, not \"no\"" },
	{ "pns gre delay=1h", "t:1: \"1h\" is not a time" },
	{ "pns gre from=1.2.3", "t:1: \"1.2.3\" is not an IP address" },
	{ "hosts pac=::1; pns gre", "t:1: one address is IPv4, the other is IPv6" },
	{ "hosts foo=1", "t:1: \"foo\" means nothing here" },
	{ "pns tcp flags=X", "t:1: flags are letters of FSRPAU" },
	{ "pns retransmit", "t:1: pns has written only 0 octets to send again" },
	{ "pac unreachable", "t:1: pns has sent nothing that could be unreachable" },
	{ "wait", "t:1: wait takes one value, not 0" },
	{ "wait 1 2", "t:1: wait takes one value, not 2" },
	{ "wait 400000000", "t:1: 400000000 is too long a time" },
	{ "wait 299999999; wait 1", "t:1: the script takes too much time" },
	{ "wait 2; at 1", "t:1: at 1 is in the past" },
	{ "capture some", "t:1: capture cannot be \"some\"" },
	{ "acks some", "t:1: acks cannot be \"some\"" },
	{ "link foo", "t:1: there is no link layer \"foo\"" },
	{ "pns gre; link raw", "t:1: link comes before the first frame" },
	{ "let x", "t:1: let is written let NAME=VALUE" },
	{ "let x=$y", "t:1: unknown variable $y" },
	{ "let x=1/0", "t:1: division by 0" },
	{ "let x=(1", "t:1: \")\" is missing" },
	{ "let x=99999999999999999999", "t:1: number is too large" },
	{ "let x=((((((((((((((((((((((((((((((((((((((((((((((((((1", "t:1: expression is too deep" },
	{ "default FOO", "t:1: default: there is no message \"FOO\"" },
	{ "default SLI foo=1", "t:1: \"foo\" means nothing here" },
	{ "repeat 2 i { pns gre }", "t:1: repeat is written repeat COUNT [as NAME] { ... }" },
	{ "open 1 2 3 4 5", "t:1: open: more than 4 arguments" },
	{ "define a { b }; define b { a }; a", "t:1: blocks and macros are more than 48 deep" },
	{ "coalesce { coalesce { pns gre } }", "t:1: coalesce within coalesce" },
	{ "cross 1 { pns gre }", "t:1: cross takes nothing but a block" },
	{ "conversation", "t:1: a conversation needs a name, of at most 31 letters" },
	{ "repeat 1000000000 { let x=1 }", "t:1: the script does too much without a frame in the capture" },
	{ "pns raw 00*65000 mss=65000 every=65000; pns raw 00*65536 mss=65000; pns gre hex=00*65536",
	  "t:1: too many octets for a GRE packet" },
};

static void test_errors(void)
{
	for (unsigned i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		expect_error(errors[i].text, errors[i].message);
}

static void test_sink_refuses(void)
{
	made.n = 0;
	made.limit = 2;
	CU_ASSERT_FALSE(script_compile("t", "repeat 5 {\npns gre }", 20, &made.link_type, keep, NULL,
				       made.err, sizeof(made.err)));
	CU_ASSERT_EQUAL(made.n, 2);
	CU_ASSERT_STRING_EQUAL(made.err, "t:2: cannot write");
}

/* A short buffer for messages is not overrun. */
static void test_short_message(void)
{
	char err[8] = "1234567";

	CU_ASSERT_FALSE(script_compile("name", "foo", 3, &made.link_type, keep, NULL, err, 6));
	CU_ASSERT_STRING_EQUAL(err, "name:");
	CU_ASSERT_EQUAL(err[6], '7');
}

/* --- files ------------------------------------------------------------------------------- */

static void path_of(char path[64])
{
	const char *folder = getenv("TMPDIR");
	int fd;

	if (!folder || strlen(folder) > 32)
		folder = "/tmp";
	snprintf(path, 64, "%s/script-XXXXXX", folder);
	fd = mkstemp(path);
	CU_ASSERT_FATAL(fd >= 0);
	close(fd);
}

static size_t slurp(const char *path, uint8_t *octets, size_t room)
{
	FILE *f = fopen(path, "rb");
	size_t n;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	n = fread(octets, 1, room, f);
	fclose(f);
	return n;
}

static void test_make(void)
{
	char in[64], out[64], err[256];
	static uint8_t octets[4096];
	FILE *f;

	path_of(in);
	path_of(out);
	f = fopen(in, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs("link raw\npns gre\n", f);
	fclose(f);
	CU_ASSERT_TRUE(script_make(in, out, err, sizeof(err)));
	CU_ASSERT_EQUAL(slurp(out, octets, sizeof(octets)), 24 + 16 + 20 + 12 + 4 + 64);
	CU_ASSERT_EQUAL(octets[24 + 16], 0x45);
	f = fopen(in, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fclose(f);
	CU_ASSERT_TRUE(script_make(in, out, err, sizeof(err)));
	CU_ASSERT_EQUAL(slurp(out, octets, sizeof(octets)), 24);
	unlink(in);
	CU_ASSERT_FALSE(script_make(in, out, err, sizeof(err)));
	CU_ASSERT_PTR_NOT_NULL(strstr(err, in));
	unlink(out);
}

/* Reads the frames of a capture file of this machine's octet order back into `made`. */
static void load_read(const struct load_spec *spec)
{
	static uint8_t octets[1 << 20];
	char out[64];
	uint32_t head[4];
	size_t n, at;

	path_of(out);
	made.ok = load_make(spec, out, made.err, sizeof(made.err));
	CU_ASSERT_TRUE(made.ok);
	n = slurp(out, octets, sizeof(octets));
	unlink(out);
	made.n = 0;
	made.limit = FRAMES_MAX;
	made.link_type = LINK_ETHERNET;
	for (at = 24; at + sizeof(head) <= n; at += head[2]) {
		memcpy(head, octets + at, sizeof(head));
		at += sizeof(head);
		if (!keep(NULL, (int64_t)head[0] * 1000000000 + head[1], octets + at, head[2], head[3]))
			break;
	}
	CU_ASSERT_EQUAL(at, n);
}

/* --- load -------------------------------------------------------------------------------- */

static void test_load_calls(void)
{
	const struct load_spec spec = { .calls = 4, .pairs = 2, .packets = 100, .payload = 40, .seed = 1 };
	unsigned data = 0, alone = 0, both = 0;

	load_read(&spec);
	CU_ASSERT_EQUAL(made.n, 100);
	for (unsigned i = 0; i < made.n; i++) {
		decode(i);
		CU_ASSERT_EQUAL(made.gre.defects, 0);
		CU_ASSERT_TRUE(i == 0 || made.frame[i].time > made.frame[i - 1].time);
		if (made.gre.flags & GRE_S) {
			CU_ASSERT_EQUAL(made.gre.payload_length, 40);
			CU_ASSERT_EQUAL(made.ppp.protocol, PPP_IP);
		}
		data += made.gre.flags & GRE_S && !(made.gre.flags & GRE_A);
		alone += !(made.gre.flags & GRE_S);
		both += made.gre.flags & GRE_S && made.gre.flags & GRE_A;
	}
	CU_ASSERT_EQUAL(data, 4);
	CU_ASSERT_TRUE(alone > 5 && both > 60);
}

/* Every message once for each call; nothing but PPTP. */
static void test_load_control(void)
{
	const struct load_spec spec = { .calls = 6,
					.pairs = 2,
					.packets = 30,
					.payload = 12,
					.control = true,
					.random_order = true,
					.seed = 7 };
	unsigned types[CTRL_TYPES] = { 0 };

	load_read(&spec);
	CU_ASSERT_EQUAL(made.n, 30 + 2 * (3 + 2 + 2 + 3) + 6 * 2);
	for (unsigned i = 0; i < made.n; i++) {
		decode(i);
		if (made.ip.protocol == IP_PROTO_TCP && made.tcp.len) {
			CU_ASSERT_EQUAL_FATAL(made.msg.status, CTRL_OK);
			types[made.msg.type]++;
		}
	}
	CU_ASSERT_EQUAL(types[CTRL_OCRQ], 6);
	CU_ASSERT_EQUAL(types[CTRL_OCRP], 6);
	CU_ASSERT_EQUAL(types[CTRL_SCCRQ], 2);
	CU_ASSERT_EQUAL(types[CTRL_STOPRP], 2);
}

static void test_load_connections(void)
{
	const struct load_spec spec = { .connections = 10, .live = 4, .seed = 7 };
	unsigned syns = 0, echoes = 0;

	load_read(&spec);
	CU_ASSERT_EQUAL(made.n, 230);
	for (unsigned i = 0; i < made.n; i++) {
		decode(i);
		CU_ASSERT_TRUE(i == 0 || made.frame[i].time >= made.frame[i - 1].time);
		if (made.ip.protocol != IP_PROTO_TCP)
			continue;
		syns += made.tcp.flags == TCP_SYN;
		echoes += made.tcp.len && made.msg.type == CTRL_ECHORP;
	}
	CU_ASSERT_EQUAL(syns, 10);
	CU_ASSERT_EQUAL(echoes, 10);
}

/* Faults come by the seed: the same one gives the same octets, and each kind is there. */
static void test_load_faults(void)
{
	const struct load_spec spec = { .calls = 1,
					.pairs = 1,
					.packets = 400,
					.payload = 40,
					.seed = 3,
					.loss_permille = 50,
					.reorder_permille = 50,
					.duplicate_permille = 50 };
	static struct got_frame first[400];
	unsigned skipped = 0, back = 0, again = 0;
	uint32_t last = 0;

	load_read(&spec);
	CU_ASSERT_EQUAL_FATAL(made.n, 400);
	memcpy(first, made.frame, sizeof(first));
	load_read(&spec);
	CU_ASSERT_EQUAL(memcmp(first, made.frame, sizeof(first)), 0);
	for (unsigned i = 0; i < made.n; i++) {
		decode(i);
		if (made.gre.call_id != 1 || !(made.gre.flags & GRE_S))
			continue;
		skipped += made.gre.seq > last + 1;
		back += made.gre.seq < last;
		again += i && made.gre.seq == last;
		last = made.gre.seq;
	}
	CU_ASSERT_TRUE(skipped > 3 && back > 3 && again > 3);
}

static void test_load_faulty_spec(void)
{
	static const struct {
		struct load_spec spec;
		const char *message;
	} want[] = {
		{ { .calls = 0 }, "load: neither calls nor connections are wanted" },
		{ { .connections = 1 }, "load: connections need a number that lives at a time" },
		{ { .connections = 1, .live = 1, .packets = 1 }, "load: packets need calls" },
		{ { .calls = 1, .payload = 40 }, "load: calls need a host pair" },
		{ { .calls = 1, .pairs = 2, .payload = 40 }, "load: more host pairs than calls" },
		{ { .calls = 65536, .pairs = 1, .payload = 40 },
		  "load: more than 65535 calls of a host pair" },
		{ { .calls = 1, .pairs = 1, .payload = 11 }, "load: payload is 12 to 1532 octets" },
		{ { .calls = 1, .pairs = 1, .payload = 1533 }, "load: payload is 12 to 1532 octets" },
		{ { .calls = 1, .pairs = 1, .payload = 40, .loss_permille = 1001 },
		  "load: more than 1000 permille" },
		{ { .calls = 5000000, .pairs = 5000000, .payload = 40 },
		  "load: more than 4194304 host pairs" },
	};

	for (unsigned i = 0; i < sizeof(want) / sizeof(*want); i++) {
		CU_ASSERT_FALSE(load_make(&want[i].spec, "/dev/null", made.err, sizeof(made.err)));
		CU_ASSERT_STRING_EQUAL(made.err, want[i].message);
	}
}

/* --- expectations in traces ----------------------------------------------------------------------- */

static void test_expect_made(void)
{
	expect("expect pac SCCRP maximum_channels=7 firmware_revision=any vendor_name=x within 5s as r\n"
	       "pns OCRQ call_id=$r.maximum_channels", 2);
	decode_message(0, CTRL_SCCRP);
	expect_field("maximum_channels", 7);
	expect_field("firmware_revision", 1);
	decode_message(1, CTRL_OCRQ);
	expect_field("call_id", 7);
	expect("expect pac OCRP result_code!=1; expect pac OCRP error_code!=0", 2);
	decode_message(0, CTRL_OCRP);
	expect_field("result_code", 2);
	decode_message(1, CTRL_OCRP);
	expect_field("error_code", 1);
	expect("expect pac SCCRP maximum_channels<=9; expect pac SCCRP maximum_channels>=9", 2);
	decode_message(0, CTRL_SCCRP);
	expect_field("maximum_channels", 9);
	decode_message(1, CTRL_SCCRP);
	expect_field("maximum_channels", 65535);
	expect("expect nothing for 3s; expect no CDN from pac for 2s; pns ECHORQ", 1);
	CU_ASSERT_EQUAL(made.frame[0].time, 5000000000);
	expect("open; acks none; expect close", 5 + 3);
	expect("open; acks none; pns fin; expect close", 5 + 3);
	expect("expect pac rst; hook dut-ring number=$random; note \"words\"; pass; pns ECHORQ", 1);
	expect("either within 9s { expect pac CDN result_code=2; close }; let x=$matched+1; pns OCRQ call_id=$x", 2);
	expect("me connect; expect pac gre ackonly=5 within 3s", 4);
	decode(3);
	CU_ASSERT_EQUAL(made.gre.ack, 5);
	expect("repeat 3 { skip \"words\" }; pns ECHORQ", 0);
}

static void test_expect_errors(void)
{
	expect_error("expect pac nothing within 3s", "t:1: it is \"for TIME\" here");
	expect_error("expect pac SCCRP for 3s", "t:1: it is \"within TIME\" here");
	expect_error("expect pac XYZ", "t:1: there is no message \"XYZ\" to expect");
	expect_error("expect pac SCCRP colour=1", "t:1: \"colour\" means nothing here");
	expect_error("let x=$r.call_id", "t:1: nothing was expected \"as r\"");
	expect_error("expect pac SCCRP as r; let x=$r.call_id", "t:1: $r has no number \"call_id\"");
	expect_error("expect pac SCCRP as r; let x=$r.host_name", "t:1: $r has no number \"host_name\"");
	expect_error("\nfail \"no\" reason", "t:2: fail: no reason");
	expect_error("either { }", "t:1: either without a possibility");
	expect_error("either { expect pac gre }", "t:1: either is about messages of one side");
	expect_error("either { expect close; expect fin; expect rst; expect nothing; expect pac CDN }",
		     "t:1: either has at most 4 possibilities");
	expect_error("hook", "t:1: hook needs a name");
	expect_error("hook a b$call", "t:1: \"b$call\": a number stands alone, or after \"=\"");
}

/* --- scripts played ------------------------------------------------------------------------------- */

/* A device that says what it was told to, and what it has heard. */
static struct device {
	struct script_stage stage;
	struct script_outcome out;
	const char *says; /* messages as "SCCRP result_code=2", one a line; "fin", "rst", "-" (nothing) */
	int64_t now;
	uint8_t wrote[4096], octets[CTRL_MAX];
	size_t len, at[16];
	unsigned writes, hooks, notes;
	bool connected, fin, rst;
	char heard[128]; /* the last hook or note */
	struct ctrl_msg msg;
	uint8_t packet[256];
	size_t packet_len;
} device;

static int64_t device_now(void *ctx)
{
	return ((struct device *)ctx)->now;
}

static void device_sleep(void *ctx, int64_t ns)
{
	((struct device *)ctx)->now += ns;
}

static void *device_connect(void *ctx, uint16_t port)
{
	struct device *d = ctx;

	CU_ASSERT_EQUAL(port, 0);
	d->connected = true;
	return d;
}

static void *device_accept(void *ctx, int64_t ns)
{
	device_sleep(ctx, ns);
	return NULL;
}

static void device_write(void *ctx, void *link, const uint8_t *octets, size_t len)
{
	struct device *d = ctx;

	CU_ASSERT_PTR_EQUAL(link, d);
	CU_ASSERT_TRUE_FATAL(d->len + len <= sizeof(d->wrote) && d->writes < 16);
	memcpy(d->wrote + d->len, octets, len);
	d->at[d->writes++] = d->len;
	d->len += len;
}

static void device_fin(void *ctx, void *link)
{
	(void)link;
	((struct device *)ctx)->fin = true;
}

static void device_rst(void *ctx, void *link)
{
	(void)link;
	((struct device *)ctx)->rst = true;
}

/* Encodes "NAME FIELD=VALUE ...": what is not named is 0, but for the result. */
static void device_message(struct device *d, char *words)
{
	char *save, *word = strtok_r(words, " ", &save);
	const struct ctrl_desc *desc = ctrl_desc_by_name(word);
	uint32_t value[CTRL_FIELDS_MAX];
	int row;

	CU_ASSERT_PTR_NOT_NULL_FATAL(desc);
	ctrl_defaults(desc, value);
	row = ctrl_field_index(desc, "result_code");
	if (row >= 0)
		value[row] = 1;
	while ((word = strtok_r(NULL, " ", &save))) {
		char *equals = strchr(word, '=');

		*equals = '\0';
		value[ctrl_field_index(desc, word)] = (uint32_t)strtoul(equals + 1, NULL, 0);
	}
	ctrl_decode(d->octets, ctrl_encode(desc, value, NULL, d->octets, sizeof(d->octets)), false, &d->msg);
}

static enum script_came device_next(void *ctx, void *link, int64_t ns, const struct ctrl_msg **m)
{
	struct device *d = ctx;
	size_t n = strcspn(d->says, "\n");
	char words[128];

	(void)link;
	snprintf(words, sizeof(words), "%.*s", (int)n, d->says);
	d->says += n + (d->says[n] == '\n');
	*m = &d->msg;
	if (strcmp(words, "fin") == 0)
		return SCRIPT_CAME_FIN;
	if (strcmp(words, "rst") == 0)
		return SCRIPT_CAME_RST;
	if (!*words || strcmp(words, "-") == 0) {
		d->now += ns;
		return SCRIPT_CAME_NOTHING;
	}
	device_message(d, words);
	d->now += MS(10);
	return SCRIPT_CAME_MESSAGE;
}

static void device_show_echo(void *ctx, void *link, bool show)
{
	(void)ctx;
	(void)link;
	(void)show;
}

static void device_gre(void *ctx, const struct script_session *x, const uint8_t *octets, size_t len)
{
	struct device *d = ctx;

	CU_ASSERT_EQUAL(x->own_id, 1);
	CU_ASSERT_EQUAL(x->device_id, 50);
	d->packet_len = len;
	memcpy(d->packet, octets, len);
}

static bool device_gre_packet(void *ctx, const struct script_session *x, uint32_t i, int64_t ns, struct gre_pkt *out)
{
	static const uint8_t reply[] = "\xff\x03\xc0\x21\x0a\x07\x00\x08\x01\x02\x03\x04";
	struct device *d = ctx;

	CU_ASSERT_EQUAL(x->own_id, 1);
	if (!d->packet_len || i > 0) {
		d->now += ns;
		return false;
	}
	*out = (struct gre_pkt){ .flags = GRE_K | GRE_S | 1, .seq = 3, .payload = reply, .payload_length = 12,
				 .caplen = 12 };
	return true;
}

static bool device_gre_heard(void *ctx, const struct script_session *x, uint32_t *seq)
{
	(void)ctx;
	(void)x;
	*seq = 9;
	return true;
}

static void device_hook(void *ctx, unsigned argc, const char *const *argv)
{
	struct device *d = ctx;

	d->hooks++;
	d->heard[0] = '\0';
	for (unsigned i = 0; i < argc; i++)
		snprintf(d->heard + strlen(d->heard), sizeof(d->heard) - strlen(d->heard), "%s|", argv[i]);
}

static void device_note(void *ctx, bool warning, const char *text)
{
	struct device *d = ctx;

	d->notes += warning ? 100 : 1;
	snprintf(d->heard, sizeof(d->heard), "%s", text);
}

/* Plays a script at a device that says this. */
static void play(const char *text, const char *says, bool pac)
{
	char err[256] = "";
	struct script *s;

	memset(&device, 0, sizeof(device));
	device.says = says;
	device.stage = (struct script_stage){
		&device, pac, device_now, device_sleep, device_connect, device_accept, device_write, device_fin,
		device_rst, device_next, device_show_echo, device_gre, device_gre_packet, device_gre_heard,
		device_hook, device_note,
	};
	s = script_read("t", text, strlen(text), err, sizeof(err));
	CU_ASSERT_PTR_NOT_NULL(s);
	if (!s) {
		printf("# %s\n", err);
		return;
	}
	script_play(s, &device.stage, &device.out);
	script_free(s);
}

static void expect_outcome(enum script_verdict v, unsigned line, const char *expected, const char *observed)
{
	const struct script_outcome *o = &device.out;

	CU_ASSERT_EQUAL(o->verdict, v);
	CU_ASSERT_EQUAL(o->line, line);
	CU_ASSERT_STRING_EQUAL(o->expected, expected);
	CU_ASSERT_STRING_EQUAL(o->observed, observed);
	if (o->verdict != v || o->line != line || strcmp(o->expected, expected) || strcmp(o->observed, observed))
		printf("# %u: %u: \"%s\" \"%s\"\n", o->verdict, o->line, o->expected, o->observed);
}

/* Message n that was written. */
static void decode_written(unsigned n)
{
	CU_ASSERT_TRUE_FATAL(n < device.writes);
	ctrl_decode(device.wrote + device.at[n],
		    (n + 1 < device.writes ? device.at[n + 1] : device.len) - device.at[n], false, &made.msg);
}

static void test_play_conversation(void)
{
	play("open; pns OCRQ call_id=1; expect pac OCRP as r; pns SLI\nlet a=$r.connect_speed; pns ECHORQ identifier=$a\n"
	     "expect pac ECHORP\nwait 2; pns CCRQ; pac CDN; stop",
	     "SCCRP\nWEN\nOCRP call_id=50 peer_call_id=1 connect_speed=77\nECHORP identifier=77\n"
	     "CDN call_id=50\nSTOPRP\nfin", false);
	expect_outcome(SCRIPT_PASS, 4, "", "");
	CU_ASSERT_TRUE(device.connected);
	CU_ASSERT_TRUE(device.fin);
	CU_ASSERT_EQUAL(device.writes, 6);
	decode_written(2);
	CU_ASSERT_EQUAL(made.msg.type, CTRL_SLI);
	expect_field("peer_call_id", 50);
	decode_written(3);
	expect_field("identifier", 77);
	CU_ASSERT_TRUE(device.now >= 2000000000);
	/* the same text for the other side */
	play("define go { me SCCRQ; peer SCCRP }\nhook dut-connect\npns connect", "", true);
	expect_outcome(SCRIPT_FAIL, 3, "a connection of the device", "it opened none");
	CU_ASSERT_STRING_EQUAL(device.heard, "dut-connect|");
}

static void test_play_octets(void)
{
	play("pns connect; pns SCCRQ split=1,100; coalesce { pns ECHORQ; pns ECHORQ }; pns raw 0102 every=1", "", false);
	expect_outcome(SCRIPT_PASS, 1, "", "");
	CU_ASSERT_EQUAL(device.writes, 3 + 1 + 2);
	CU_ASSERT_EQUAL(device.len, 156 + 2 * 16 + 2);
	CU_ASSERT_EQUAL(device.at[1], 1);
	CU_ASSERT_EQUAL(device.at[3], 156);
	play("pns SCCRQ", "", false);
	CU_ASSERT_EQUAL(device.out.verdict, SCRIPT_WRONG);
	CU_ASSERT_PTR_NOT_NULL(strstr(device.out.observed, "t:1: there is no connection to play on"));
	play("pns connect; pns tcp flags=S", "", false);
	CU_ASSERT_PTR_NOT_NULL(strstr(device.out.observed, "t:1: \"pns tcp\" cannot be played"));
	play("pns connect; pns SCCRQ badsum", "", false);
	CU_ASSERT_PTR_NOT_NULL(strstr(device.out.observed, "t:1: what happens below TCP and GRE cannot be played"));
}

static void test_play_differences(void)
{
	play("open", "SCCRP result_code=4", false);
	expect_outcome(SCRIPT_FAIL, 1, "pac SCCRP",
		       "Start-Control-Connection-Reply: result_code is 4 (not authorized), not 1 (success)");
	play("open\n\nexpect pac OCRP within 4s", "SCCRP\nSLI\nCDN result_code=4", false);
	expect_outcome(SCRIPT_FAIL, 3, "pac OCRP within 4s",
		       "the device sent Call-Disconnect-Notify with result_code 4 (request)");
	play("open; expect pac OCRP within 4s", "SCCRP\n-", false);
	expect_outcome(SCRIPT_FAIL, 1, "pac OCRP within 4s", "nothing came");
	CU_ASSERT_TRUE(device.now > 4000000000);
	play("open; expect pac OCRP within 4s", "SCCRP\nfin", false);
	expect_outcome(SCRIPT_FAIL, 1, "pac OCRP within 4s", "the device closed the connection");
	play("open; expect pac SCCRP maximum_channels>=5", "SCCRP\nSCCRP maximum_channels=4", false);
	expect_outcome(SCRIPT_FAIL, 1, "pac SCCRP maximum_channels>=5",
		       "Start-Control-Connection-Reply: maximum_channels is 4, less than 5");
	play("open; expect pac SCCRP host_name=me", "SCCRP\nSCCRP", false);
	expect_outcome(SCRIPT_FAIL, 1, "pac SCCRP host_name=me",
		       "Start-Control-Connection-Reply: host_name is \"\"");
	play("open; pns ECHORQ identifier=5; pac ECHORP", "SCCRP\nECHORP identifier=6", false);
	expect_outcome(SCRIPT_FAIL, 1, "pac ECHORP", "Echo-Reply: identifier is 6, not 5");
	play("open; pns OCRQ call_id=3; expect pac OCRP result_code=any", "SCCRP\nOCRP result_code=4 peer_call_id=3",
	     false);
	expect_outcome(SCRIPT_PASS, 1, "", "");
}

static void test_play_silence(void)
{
	play("open; expect nothing for 3s", "SCCRP\n-", false);
	expect_outcome(SCRIPT_PASS, 1, "", "");
	CU_ASSERT_TRUE(device.now > 3000000000 && device.now < 3100000000);
	play("open; expect nothing for 3s", "SCCRP\nSLI", false);
	expect_outcome(SCRIPT_FAIL, 1, "nothing for 3s", "the device sent Set-Link-Info");
	play("open; expect no CDN", "SCCRP\nSLI\nOCRP\n-", false);
	expect_outcome(SCRIPT_PASS, 1, "", "");
	play("open; expect no CDN", "SCCRP\nSLI\nCDN", false);
	expect_outcome(SCRIPT_FAIL, 1, "no CDN", "the device sent Call-Disconnect-Notify with result_code 1 (lost carrier)");
	play("open; expect close", "SCCRP\nrst", false);
	expect_outcome(SCRIPT_PASS, 1, "", "");
	play("open; expect fin", "SCCRP\nrst", false);
	expect_outcome(SCRIPT_FAIL, 1, "fin", "the device reset the connection");
	play("open; pns rst", "SCCRP", false);
	CU_ASSERT_TRUE(device.rst);
}

static void test_play_choices(void)
{
	static const char text[] = "open; either within 3s { expect pac SCCRP result_code=2; close }\n"
				   "if $matched==1 { unsupported \"it closes\" }; warn \"a\" b; note c; pass; fail d";

	play(text, "SCCRP\nSCCRP result_code=2", false);
	expect_outcome(SCRIPT_PASS, 2, "", "");
	CU_ASSERT_EQUAL(device.notes, 101);
	play(text, "SCCRP\nfin", false);
	expect_outcome(SCRIPT_UNSUPPORTED, 2, "", "it closes");
	play(text, "SCCRP\nSCCRP", false);
	expect_outcome(SCRIPT_FAIL, 1, "pac SCCRP result_code=2, or close",
		       "Start-Control-Connection-Reply: result_code is 1 (success), not 2 (general error)");
	play("open; let x=7; hook dut-ring number=$x+1 5; skip why", "SCCRP", false);
	expect_outcome(SCRIPT_SKIP, 1, "", "why");
	CU_ASSERT_STRING_EQUAL(device.heard, "dut-ring|number=8|5|");
}

static void test_play_tunnel(void)
{
	play("open; outgoing; pns gre ack ppp=LCP:Echo-Request id=7\nexpect pac gre ppp=LCP:Echo-Reply id=7 seq=3 within 2s as e",
	     "SCCRP\nOCRP call_id=50 peer_call_id=1", false);
	expect_outcome(SCRIPT_PASS, 2, "", "");
	play("open; outgoing; pns gre ack ppp=LCP:Echo-Request\nexpect pac gre ppp=LCP:Echo-Reply seq=4 within 2s",
	     "SCCRP\nOCRP call_id=50 peer_call_id=1", false);
	expect_outcome(SCRIPT_FAIL, 2, "pac gre ppp=LCP:Echo-Reply seq=4 within 2s", "none of 1 packets was that one");
	play("open; outgoing; pns gre ack ppp=LCP:Echo-Request", "SCCRP\nOCRP call_id=50 peer_call_id=1", false);
	CU_ASSERT_EQUAL(gre_decode(device.packet, (uint32_t)device.packet_len, (uint32_t)device.packet_len, false,
				   &made.gre), GRE_OK);
	CU_ASSERT_EQUAL(made.gre.call_id, 50);
	CU_ASSERT_EQUAL(made.gre.ack, 9);
}

void suite_script(void)
{
	static const struct {
		const char *name;
		CU_TestFunc run;
	} tests[] = {
		{ "connect", test_connect },
		{ "ports", test_connect_ports },
		{ "close", test_close },
		{ "tcp", test_tcp },
		{ "octets", test_octets },
		{ "split", test_split },
		{ "coalesce", test_coalesce },
		{ "retransmit", test_retransmit },
		{ "drop and lost", test_drop_and_lost },
		{ "cross", test_cross },
		{ "acks", test_acks },
		{ "messages are correct", test_message_defaults },
		{ "fields by name", test_message_fields },
		{ "messages that lie", test_message_lies },
		{ "default", test_default },
		{ "Call IDs", test_call_ids },
		{ "call", test_call },
		{ "echo and WAN errors", test_echo_and_wen },
		{ "tunnel numbers", test_gre_numbers },
		{ "what a tunnel end heard", test_gre_heard },
		{ "tunnel packets that lie", test_gre_lies },
		{ "ppp", test_ppp },
		{ "ip and unreachable", test_ip_and_icmp },
		{ "options of IP", test_ip_options },
		{ "TCP checksums", test_tcp_sums },
		{ "fragments", test_fragments },
		{ "snap, dup, delay", test_snap_dup_delay },
		{ "mirror", test_mirror },
		{ "capture", test_capture },
		{ "link", test_links },
		{ "time", test_time },
		{ "repeat, if, let", test_repeat_and_let },
		{ "expressions", test_expressions },
		{ "variables", test_builtin_variables },
		{ "macros", test_macros },
		{ "macros that exist", test_builtin_macros },
		{ "conversations", test_conversations },
		{ "expectations in a trace", test_expect_made },
		{ "mistakes in expectations", test_expect_errors },
		{ "played: a conversation", test_play_conversation },
		{ "played: octets", test_play_octets },
		{ "played: what differs", test_play_differences },
		{ "played: silence and ends", test_play_silence },
		{ "played: choices and verdicts", test_play_choices },
		{ "played: tunnel packets", test_play_tunnel },
		{ "comments, lines, quotes", test_text_form },
		{ "errors", test_errors },
		{ "a sink that refuses", test_sink_refuses },
		{ "a short buffer for messages", test_short_message },
		{ "files", test_make },
		{ "load: calls", test_load_calls },
		{ "load: control", test_load_control },
		{ "load: connections", test_load_connections },
		{ "load: faults", test_load_faults },
		{ "load: what is refused", test_load_faulty_spec },
	};
	CU_pSuite suite = CU_add_suite("script", NULL, NULL);

	for (unsigned i = 0; i < sizeof(tests) / sizeof(*tests); i++)
		CU_add_test(suite, tests[i].name, tests[i].run);
}
