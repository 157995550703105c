/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissectors/link.h"

#include <CUnit/CUnit.h>
#include <stdio.h>

#include "tests/unit/exact.h"

#define MACS "0200 0000 0001 0200 0000 0002 "
#define WIFI_ADDRS "0200 0000 0001 0200 0000 0002 0200 0000 0003 "
#define SNAP_IP4 "aaaa 0300 0000 0800 "
#define IP4 "4500 0014 0001 0000 402f 0000 0a00 0001 0a00 0002 "
#define IP6 "6000 0000 0000 3b40 2001 0db8 0000 0000 0000 0000 0000 0001 " \
	    "2001 0db8 0000 0000 0000 0000 0000 0002 "

/* Decodes the first caplen octets of a frame that had len on the wire. */
static enum unseen decode(uint32_t type, const uint8_t *octets, uint32_t caplen, uint32_t len,
			  struct link_payload *out, size_t *offset)
{
	uint8_t *copy = exact_copy(octets, caplen);
	struct packet p = { .number = 1, .caplen = caplen, .len = len, .link_type = type, .octets = copy };
	enum unseen why;

	memset(out, 0xa5, sizeof(*out));
	why = link_decode(&p, out);
	if (why == UNSEEN_NONE) {
		*offset = (size_t)(out->octets - copy);
		CU_ASSERT(out->octets >= copy && *offset + out->caplen <= caplen);
		CU_ASSERT(out->caplen <= out->len);
	}
	free(copy);
	return why;
}

/* Frames that carry IP: link header, packet, trailer. */
static const struct carrier {
	const char *name;
	uint32_t type;
	const char *header;
	const char *packet;
	const char *trailer;
	uint32_t context;
	uint32_t kept; /* octets of the trailer that stay */
} carriers[] = {
	{ "ethernet", LINK_ETHERNET, MACS "0800", IP4, "", 0, 0 },
	{ "ethernet padded", LINK_ETHERNET, MACS "0800", IP4, "0000 0000 0000", 0, 6 },
	{ "ethernet 6", LINK_ETHERNET, MACS "86dd", IP6, "", 0, 0 },
	{ "802.1q", LINK_ETHERNET, MACS "8100 e064 0800", IP4, "", 0x064, 0 },
	{ "802.1q other priority", LINK_ETHERNET, MACS "8100 0064 0800", IP4, "", 0x064, 0 },
	{ "802.1q priority only", LINK_ETHERNET, MACS "8100 e000 0800", IP4, "", 0, 0 },
	{ "802.1ad", LINK_ETHERNET, MACS "88a8 0001 8100 0002 86dd", IP6, "", 0x001002, 0 },
	{ "9100", LINK_ETHERNET, MACS "9100 0fff 9100 0ffe 0800", IP4, "", 0xfffffe, 0 },
	{ "snap", LINK_ETHERNET, MACS "001c " SNAP_IP4, IP4, "", 0, 0 },
	{ "snap f8", LINK_ETHERNET, MACS "001c aaaa 0300 00f8 0800", IP4, "", 0, 0 },
	{ "longest 802.3 length", LINK_ETHERNET, MACS "05dc " SNAP_IP4, IP4, "", 0, 0 },
	{ "llc", LINK_ETHERNET, MACS "0017 0606 03", IP4, "", 0, 0 },
	{ "vlan snap", LINK_ETHERNET, MACS "8100 0007 001c " SNAP_IP4, IP4, "", 7, 0 },
	{ "mpls", LINK_ETHERNET, MACS "8847 0001 01ff", IP4, "", 0, 0 },
	{ "mpls 3 labels", LINK_ETHERNET, MACS "8847 0001 00ff 0001 20ff 0002 61ff", IP6, "", 0, 0 },
	{ "mpls multicast", LINK_ETHERNET, MACS "8848 0001 01ff", IP4, "", 0, 0 },
	{ "pseudowire, control word", LINK_ETHERNET,
	  MACS "8847 0001 01ff 0000 0000 " MACS "0800", IP4, "", 0, 0 },
	{ "pseudowire, control word, vlan", LINK_ETHERNET,
	  MACS "8847 0001 01ff 0000 0001 " MACS "8100 0009 0800", IP4, "", 9, 0 },
	{ "pseudowire, control word, old tag", LINK_ETHERNET,
	  MACS "8847 0001 01ff 0000 0001 " MACS "9100 0009 0800", IP4, "", 9, 0 },
	{ "pseudowire bare", LINK_ETHERNET, MACS "8847 0001 01ff " MACS "0800", IP4, "", 0, 0 },
	{ "pseudowire bare, other address", LINK_ETHERNET,
	  MACS "8847 0001 01ff a200 0000 0001 0200 0000 0002 0800", IP4, "", 0, 0 },
	{ "pppoe", LINK_ETHERNET, MACS "8864 1100 0001 0016 0021", IP4, "", 0, 0 },
	{ "pppoe padded", LINK_ETHERNET, MACS "8864 1100 0001 0016 0021", IP4, "0000 0000", 0, 0 },
	{ "pppoe 6", LINK_ETHERNET, MACS "8864 1100 1234 002a 0057", IP6, "", 0, 0 },
	{ "vlan pppoe short protocol", LINK_ETHERNET,
	  MACS "8100 0003 8864 1100 0001 0015 21", IP4, "", 3, 0 },
	{ "pppoe link", LINK_PPPOE, "1100 0001 0016 0021", IP4, "", 0, 0 },
	{ "pppoe length beyond the frame", LINK_PPPOE, "1100 0001 0100 0021", IP4, "", 0, 0 },
	{ "ppp", LINK_PPP, "0021", IP4, "", 0, 0 },
	{ "ppp address", LINK_PPP, "ff03 0057", IP6, "", 0, 0 },
	{ "ppp short protocol", LINK_PPP, "ff03 21", IP4, "", 0, 0 },
	{ "ppp hdlc", LINK_PPP_HDLC, "ff03 0021", IP4, "", 0, 0 },
	{ "ppp mpls", LINK_PPP_HDLC, "ff03 0281 0001 01ff", IP4, "", 0, 0 },
	{ "ppp mpls multicast", LINK_PPP, "0283 0001 01ff", IP4, "", 0, 0 },
	{ "cisco hdlc", LINK_PPP_HDLC, "0f00 0800", IP4, "", 0, 0 },
	{ "cisco hdlc 6", LINK_PPP, "8f00 86dd", IP6, "", 0, 0 },
	{ "sll", LINK_LINUX_SLL, "0000 0001 0006 0200 0000 0001 0000 0800", IP4, "", 0, 0 },
	{ "sll vlan", LINK_LINUX_SLL, "0000 0001 0006 0200 0000 0001 0000 8100 0005 0800", IP4, "", 5, 0 },
	{ "sll llc", LINK_LINUX_SLL, "0000 0001 0006 0200 0000 0001 0000 0004 " SNAP_IP4, IP4, "", 0, 0 },
	{ "sll2", LINK_LINUX_SLL2, "86dd 0000 0000 0002 0001 0006 0200 0000 0001 0000", IP6, "", 0, 0 },
	{ "raw", LINK_RAW, "", IP4, "", 0, 0 },
	{ "raw 6", LINK_RAW, "", IP6, "", 0, 0 },
	{ "ipv4", LINK_IPV4, "", IP4, "", 0, 0 },
	{ "ipv6", LINK_IPV6, "", IP6, "", 0, 0 },
	{ "null big", LINK_NULL, "0000 0002", IP4, "", 0, 0 },
	{ "null little", LINK_NULL, "0200 0000", IP4, "", 0, 0 },
	{ "null linux 6", LINK_NULL, "0a00 0000", IP6, "", 0, 0 },
	{ "null netbsd 6", LINK_NULL, "0000 0018", IP6, "", 0, 0 },
	{ "null freebsd 6", LINK_NULL, "1c00 0000", IP6, "", 0, 0 },
	{ "null macos 6", LINK_NULL, "1e00 0000", IP6, "", 0, 0 },
	{ "loop", LINK_LOOP, "0000 0002", IP4, "", 0, 0 },
	{ "loop 6", LINK_LOOP, "0000 0018", IP6, "", 0, 0 },
	{ "802.11", LINK_80211, "0801 0000 " WIFI_ADDRS "1000 " SNAP_IP4, IP4, "", 0, 0 },
	{ "802.11 qos", LINK_80211, "8802 0000 " WIFI_ADDRS "1000 0500 " SNAP_IP4, IP4, "", 0, 0 },
	{ "802.11 order without qos", LINK_80211, "0881 0000 " WIFI_ADDRS "1000 " SNAP_IP4, IP4, "", 0, 0 },
	{ "802.11 ht control", LINK_80211,
	  "8881 0000 " WIFI_ADDRS "1000 0000 0000 0000 " SNAP_IP4, IP4, "", 0, 0 },
	{ "802.11 four addresses", LINK_80211,
	  "0803 0000 " WIFI_ADDRS "1000 0200 0000 0004 " SNAP_IP4, IP4, "", 0, 0 },
	{ "802.11 four addresses, qos", LINK_80211,
	  "8803 0000 " WIFI_ADDRS "1000 0200 0000 0004 0000 " SNAP_IP4, IP4, "", 0, 0 },
	{ "802.11 a-msdu", LINK_80211,
	  "8801 0000 " WIFI_ADDRS "1000 8000 " MACS "001c " SNAP_IP4, IP4, "0200 0000", 0, 0 },
	{ "radiotap", LINK_80211_RADIOTAP,
	  "0000 0800 0000 0000 0801 0000 " WIFI_ADDRS "1000 " SNAP_IP4, IP4, "", 0, 0 },
	{ "radiotap fcs", LINK_80211_RADIOTAP,
	  "0000 0900 0200 0000 10 0801 0000 " WIFI_ADDRS "1000 " SNAP_IP4, IP4, "dead beef", 0, 0 },
	{ "radiotap time, fcs", LINK_80211_RADIOTAP,
	  "0000 1100 0300 0000 1010 1010 1010 1010 10 0801 0000 " WIFI_ADDRS "1000 " SNAP_IP4, IP4,
	  "dead beef", 0, 0 },
	{ "radiotap two present words, aligned time, fcs", LINK_80211_RADIOTAP,
	  "0000 1900 0300 0080 0000 0000 0000 0000 0000 0000 0000 0000 10 "
	  "0801 0000 " WIFI_ADDRS "1000 " SNAP_IP4, IP4, "dead beef", 0, 0 },
	{ "radiotap time only", LINK_80211_RADIOTAP,
	  "0000 1000 0100 0000 1010 1010 1010 1010 0801 0000 " WIFI_ADDRS "1000 " SNAP_IP4, IP4,
	  "dead beef", 0, 4 },
	{ "radiotap padded", LINK_80211_RADIOTAP,
	  "0000 0900 0200 0000 20 0801 0000 " WIFI_ADDRS "1000 " SNAP_IP4, IP4, "", 0, 0 },
	{ "radiotap no fcs", LINK_80211_RADIOTAP,
	  "0000 0900 0200 0000 01 0801 0000 " WIFI_ADDRS "1000 " SNAP_IP4, IP4, "dead beef", 0, 4 },
	{ "radiotap padded qos", LINK_80211_RADIOTAP,
	  "0000 0900 0200 0000 20 8801 0000 " WIFI_ADDRS "1000 0000 0000 " SNAP_IP4, IP4, "", 0, 0 },
};

enum { CARRIERS = sizeof(carriers) / sizeof(carriers[0]), FRAME_MAX = 256 };

/* Octets of a carrier's frame; the sizes of its parts. */
struct parts {
	uint8_t octets[FRAME_MAX];
	uint32_t header, packet, trailer, whole;
};

static void compose(const struct carrier *c, struct parts *p)
{
	p->header = (uint32_t)exact_hex(c->header, p->octets, FRAME_MAX);
	p->packet = (uint32_t)exact_hex(c->packet, p->octets + p->header, FRAME_MAX - p->header);
	p->whole = p->header + p->packet;
	p->trailer = (uint32_t)exact_hex(c->trailer, p->octets + p->whole, FRAME_MAX - p->whole);
	p->whole += p->trailer;
}

static void fail_carrier(const struct carrier *c, const char *what, uint32_t caplen, enum unseen why)
{
	char text[128];

	snprintf(text, sizeof(text), "%s: %s at %u octets (%d)", c->name, what, caplen, why);
	CU_assertImplementation(CU_FALSE, __LINE__, text, __FILE__, "carrier", CU_FALSE);
}

static void test_carriers(void)
{
	for (size_t i = 0; i < CARRIERS; i++) {
		const struct carrier *c = &carriers[i];
		struct link_payload out;
		struct parts p;
		size_t offset = 0;
		enum unseen why;

		compose(c, &p);
		why = decode(c->type, p.octets, p.whole, p.whole, &out, &offset);
		if (why != UNSEEN_NONE || offset != p.header || out.context != c->context ||
		    out.caplen != p.packet + c->kept || out.len != out.caplen)
			fail_carrier(c, "not decoded", p.whole, why);
	}
}

/*
 * The capture lacks the end: the part of the packet that is here, and its size on the wire.  Of a
 * packet with less than four octets here some links can not tell that it is IP.
 */
static void test_carriers_cut(void)
{
	for (size_t i = 0; i < CARRIERS; i++) {
		const struct carrier *c = &carriers[i];
		struct link_payload out;
		struct parts p;
		size_t offset = 0;

		compose(c, &p);
		for (uint32_t n = 0; n < p.whole; n++) {
			enum unseen why = decode(c->type, p.octets, n, p.whole, &out, &offset);
			bool whole = n >= p.header + 4 || (n >= p.header && why == UNSEEN_NONE);
			uint32_t here = n < p.header + p.packet + c->kept ? n - p.header : p.packet + c->kept;

			if (why != (whole ? UNSEEN_NONE : UNSEEN_CUT))
				fail_carrier(c, "cut", n, why);
			else if (whole && (offset != p.header || out.caplen != here ||
					   out.len != p.packet + c->kept || out.context != c->context))
				fail_carrier(c, "cut, payload", n, why);
		}
	}
}

/* A frame that ended early on the wire is damaged, unless its headers were whole. */
static void test_carriers_short(void)
{
	for (size_t i = 0; i < CARRIERS; i++) {
		const struct carrier *c = &carriers[i];
		struct link_payload out;
		struct parts p;
		size_t offset = 0;

		compose(c, &p);
		for (uint32_t n = 0; n < p.header; n++) {
			enum unseen why = decode(c->type, p.octets, n, n, &out, &offset);

			if (why != UNSEEN_LINK_DAMAGED)
				fail_carrier(c, "short", n, why);
		}
	}
}

/* Frames without IP to inspect. */
static void test_others(void)
{
	static const struct {
		uint32_t type;
		const char *frame;
		enum unseen why;
	} rows[] = {
		{ LINK_ETHERNET, MACS "0806 0001 0800", UNSEEN_OTHER_ETHERTYPE },
		{ LINK_ETHERNET, MACS "88cc 0000", UNSEEN_OTHER_ETHERTYPE },
		{ LINK_ETHERNET, MACS "8100 0001 0806 0000", UNSEEN_OTHER_ETHERTYPE },
		{ LINK_ETHERNET, MACS "05ff 4500 0014", UNSEEN_OTHER_ETHERTYPE },
		{ LINK_ETHERNET, MACS "0026 4242 0300 0000", UNSEEN_OTHER_ETHERTYPE }, /* spanning tree */
		{ LINK_ETHERNET, MACS "0026 aaaa 0300 000c 2000", UNSEEN_OTHER_ETHERTYPE }, /* CDP */
		{ LINK_ETHERNET, MACS "0026 aaaa 0301 0000 0800", UNSEEN_OTHER_ETHERTYPE },
		{ LINK_ETHERNET, MACS "0026 aaaa 0300 0100 0800", UNSEEN_OTHER_ETHERTYPE },
		{ LINK_ETHERNET, MACS "05dd " SNAP_IP4 IP4, UNSEEN_OTHER_ETHERTYPE },
		{ LINK_ETHERNET, MACS "0026 0606 0300", UNSEEN_OTHER_ETHERTYPE },
		{ LINK_ETHERNET, MACS "0026 aa42 0300 0000 0800", UNSEEN_OTHER_ETHERTYPE },
		{ LINK_ETHERNET, MACS "0026 0642 0345", UNSEEN_OTHER_ETHERTYPE },
		{ LINK_ETHERNET, MACS "0026 4206 0345", UNSEEN_OTHER_ETHERTYPE },
		{ LINK_ETHERNET, MACS "88e5 0000 0000 0001", UNSEEN_LINK_TYPE }, /* encrypted */
		{ LINK_ETHERNET, MACS "8863 1109 0000 0000", UNSEEN_OTHER_ETHERTYPE },
		{ LINK_ETHERNET, MACS "8864 1100 0001 0006 c021 0101 0004", UNSEEN_OTHER_ETHERTYPE },
		{ LINK_ETHERNET, MACS "8864 1100 0001 0006 00fd 9001 aaaa", UNSEEN_LINK_TYPE },
		{ LINK_ETHERNET, MACS "8864 1100 0001 0006 003d 9001 aaaa", UNSEEN_LINK_TYPE },
		{ LINK_ETHERNET, MACS "8864 1100 0001 0006 002d 9001 aaaa", UNSEEN_LINK_TYPE },
		{ LINK_ETHERNET, MACS "8864 2100 0001 0016 0021 " IP4, UNSEEN_LINK_DAMAGED },
		{ LINK_ETHERNET, MACS "8864 1109 0001 0016 0021 " IP4, UNSEEN_LINK_DAMAGED },
		{ LINK_ETHERNET, MACS "8864 1100 0001 0001 0021 " IP4, UNSEEN_LINK_DAMAGED },
		{ LINK_ETHERNET, MACS "8864 1100 0001 0016 0020 " IP4, UNSEEN_LINK_DAMAGED },
		{ LINK_ETHERNET, MACS "8847 0001 01ff 1000 0021", UNSEEN_OTHER_ETHERTYPE },
		{ LINK_ETHERNET, MACS "8847 0001 01ff " MACS "0806 0000 0000", UNSEEN_OTHER_ETHERTYPE },
		{ LINK_PPP, "ff03 8021 0101 0004", UNSEEN_OTHER_ETHERTYPE },
		{ LINK_PPP, "ff03 0053 9001", UNSEEN_LINK_TYPE },
		{ LINK_PPP, "ff03 0055 9001", UNSEEN_LINK_TYPE },
		{ LINK_PPP, "ff03 00fb 9001", UNSEEN_LINK_TYPE },
		{ LINK_PPP, "ff03 002f 9001", UNSEEN_LINK_TYPE },
		{ LINK_PPP, "0000 0800 4500", UNSEEN_LINK_DAMAGED },
		{ LINK_PPP, "0f01 0800 4500", UNSEEN_OTHER_ETHERTYPE },
		{ LINK_PPP_HDLC, "8f00 2000 0200", UNSEEN_OTHER_ETHERTYPE },
		{ LINK_LINUX_SLL, "0000 0338 0000 0000 0000 0000 0000 0800 4500", UNSEEN_OTHER_ETHERTYPE },
		{ LINK_LINUX_SLL, "0000 0118 0000 0000 0000 0000 0000 000c 4500", UNSEEN_OTHER_ETHERTYPE },
		{ LINK_LINUX_SLL2, "0806 0000 0000 0002 0001 0006 0200 0000 0001 0000",
		  UNSEEN_OTHER_ETHERTYPE },
		{ LINK_LINUX_SLL2, "0800 0000 0000 0002 0338 0000 0000 0000 0000 0000 4500",
		  UNSEEN_OTHER_ETHERTYPE },
		{ LINK_RAW, "5500", UNSEEN_LINK_DAMAGED },
		{ LINK_NULL, "0700 0000 4500", UNSEEN_OTHER_ETHERTYPE },
		{ LINK_LOOP, "0000 0007 4500", UNSEEN_OTHER_ETHERTYPE },
		{ LINK_80211, "8000 0000 " WIFI_ADDRS "1000", UNSEEN_NOT_DATA_80211 }, /* beacon */
		{ LINK_80211, "d400 0000 0200 0000 0001", UNSEEN_NOT_DATA_80211 }, /* acknowledgment */
		{ LINK_80211, "4801 0000 " WIFI_ADDRS "1000", UNSEEN_NOT_DATA_80211 }, /* null */
		{ LINK_80211, "c841 0000 " WIFI_ADDRS "1000 0000", UNSEEN_NOT_DATA_80211 }, /* QoS null */
		{ LINK_80211, "0841 0000 " WIFI_ADDRS "1000 1234 5620 0000 0000", UNSEEN_ENCRYPTED_80211 },
		{ LINK_80211, "0901 0000 " WIFI_ADDRS "1000 " SNAP_IP4 IP4, UNSEEN_LINK_DAMAGED },
		{ LINK_80211, "0805 0000 " WIFI_ADDRS "1000 " SNAP_IP4 IP4, UNSEEN_FRAGMENT_LOST },
		{ LINK_80211, "0801 0000 " WIFI_ADDRS "1100 0000 0000", UNSEEN_FRAGMENT_LOST },
		{ LINK_80211, "0801 0000 " WIFI_ADDRS "1000 aaaa 0300 0000 888e 0103",
		  UNSEEN_OTHER_ETHERTYPE },
		{ LINK_80211_RADIOTAP, "0100 0800 0000 0000 0801", UNSEEN_LINK_DAMAGED },
		{ LINK_80211_RADIOTAP, "0000 0700 0000 0000 0801", UNSEEN_LINK_DAMAGED },
		{ LINK_80211_RADIOTAP, "0000 ff00 0000 0000 0801", UNSEEN_LINK_DAMAGED },
		{ LINK_80211_RADIOTAP,
		  "0000 0900 0200 0000 50 0801 0000 " WIFI_ADDRS "1000 " SNAP_IP4 IP4 "0000 0000",
		  UNSEEN_LINK_DAMAGED },
		{ LINK_80211_RADIOTAP, "0000 0800 ffff ffff 8000 0000", UNSEEN_NOT_DATA_80211 },
		{ 104, "0f00 0800 " IP4, UNSEEN_LINK_TYPE },
		{ 0xffffffff, "0f00 0800 " IP4, UNSEEN_LINK_TYPE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t octets[FRAME_MAX];
		uint32_t n = (uint32_t)exact_hex(rows[i].frame, octets, FRAME_MAX);
		struct link_payload out;
		size_t offset;
		enum unseen why = decode(rows[i].type, octets, n, n, &out, &offset);

		if (why != rows[i].why) {
			char text[128];

			snprintf(text, sizeof(text), "%.60s: %d, not %d", rows[i].frame, why, rows[i].why);
			CU_assertImplementation(CU_FALSE, __LINE__, text, __FILE__, "others", CU_FALSE);
		}
	}
}

/* Many tags: no limit, and the order counts. */
static void test_many_tags(void)
{
	uint8_t octets[14 + 4 * 50 + 20] = { 0 };
	const uint32_t n = sizeof(octets);
	uint32_t context[4];
	struct link_payload out;
	size_t offset = 0;

	for (int round = 0; round < 4; round++) {
		octets[12] = 0x81;
		for (int i = 0; i < 50; i++) {
			octets[14 + 4 * i + 1] = (uint8_t)(i + 1);
			octets[14 + 4 * i + 2] = 0x81;
		}
		octets[14 + 4 * 49 + 2] = 0x08;
		if (round == 1) { /* the first two swapped */
			octets[15] = 2;
			octets[19] = 1;
		}
		if (round == 3) { /* the last two */
			octets[14 + 4 * 48 + 1] = 50;
			octets[14 + 4 * 49 + 1] = 49;
		}
		octets[14] = round == 2 ? 0xe0 : 0; /* priority */
		CU_ASSERT_EQUAL_FATAL(decode(LINK_ETHERNET, octets, n, n, &out, &offset), UNSEEN_NONE);
		CU_ASSERT_EQUAL(offset, 14 + 4 * 50);
		context[round] = out.context;
	}
	CU_ASSERT_NOT_EQUAL(context[0], 0);
	CU_ASSERT_NOT_EQUAL(context[0], context[1]);
	CU_ASSERT_EQUAL(context[0], context[2]);
	CU_ASSERT_NOT_EQUAL(context[0], context[3]);
}

/* Lengths in headers that need both of their octets. */
static void test_large_frames(void)
{
	static const struct {
		uint32_t type;
		const char *header; /* zeros may follow to fill it */
		uint32_t header_len, len;
	} rows[] = {
		{ LINK_PPPOE, "1100 0001 0202 0021", 8, 512 },
		{ LINK_80211, "8801 0000 " WIFI_ADDRS "1000 8000 " MACS "0208 " SNAP_IP4, 48, 512 },
		{ LINK_80211_RADIOTAP, "0000 0301 0200 0000 00", 259 + 32, 517 },
	};
	uint8_t octets[808];
	const uint32_t n = sizeof(octets);
	struct link_payload out;
	size_t offset = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(octets, 0, n);
		exact_hex(rows[i].header, octets, n);
		if (rows[i].type == LINK_80211_RADIOTAP)
			exact_hex("0801 0000 " WIFI_ADDRS "1000 " SNAP_IP4, octets + 259, n - 259);
		CU_ASSERT_EQUAL_FATAL(decode(rows[i].type, octets, n, n, &out, &offset), UNSEEN_NONE);
		CU_ASSERT_EQUAL(offset, rows[i].header_len);
		CU_ASSERT_EQUAL(out.len, rows[i].len);
		CU_ASSERT_EQUAL(out.caplen, rows[i].len);
	}
}

/* Whether the capture or the sender left out a header is decided by the octet. */
static void test_cut_or_damaged(void)
{
	uint8_t octets[FRAME_MAX];
	struct link_payload out;
	size_t offset;

	exact_hex(MACS "0800" IP4, octets, FRAME_MAX);
	CU_ASSERT_EQUAL(decode(LINK_ETHERNET, octets, 10, 14, &out, &offset), UNSEEN_CUT);
	CU_ASSERT_EQUAL(decode(LINK_ETHERNET, octets, 10, 13, &out, &offset), UNSEEN_LINK_DAMAGED);
}

/* A record that claims fewer octets on the wire than it holds. */
static void test_wire_below_capture(void)
{
	uint8_t octets[FRAME_MAX];
	uint32_t n = (uint32_t)exact_hex(MACS "0800" IP4, octets, FRAME_MAX);
	struct link_payload out;
	size_t offset;

	CU_ASSERT_EQUAL_FATAL(decode(LINK_ETHERNET, octets, n, 0, &out, &offset), UNSEEN_NONE);
	CU_ASSERT_EQUAL(out.caplen, 20);
	CU_ASSERT_EQUAL(out.len, 20);
}

static void test_names(void)
{
	CU_ASSERT_STRING_EQUAL(link_type_name(LINK_ETHERNET), "EN10MB");
	CU_ASSERT_STRING_EQUAL(link_type_name(LINK_NULL), "NULL");
	CU_ASSERT_STRING_EQUAL(link_type_name(LINK_PPP), "PPP");
	CU_ASSERT_STRING_EQUAL(link_type_name(LINK_PPP_HDLC), "PPP_SERIAL");
	CU_ASSERT_STRING_EQUAL(link_type_name(LINK_PPPOE), "PPP_ETHER");
	CU_ASSERT_STRING_EQUAL(link_type_name(LINK_RAW), "RAW");
	CU_ASSERT_STRING_EQUAL(link_type_name(LINK_80211), "IEEE802_11");
	CU_ASSERT_STRING_EQUAL(link_type_name(LINK_80211_RADIOTAP), "IEEE802_11_RADIO");
	CU_ASSERT_STRING_EQUAL(link_type_name(LINK_LOOP), "LOOP");
	CU_ASSERT_STRING_EQUAL(link_type_name(LINK_LINUX_SLL), "LINUX_SLL");
	CU_ASSERT_STRING_EQUAL(link_type_name(LINK_LINUX_SLL2), "LINUX_SLL2");
	CU_ASSERT_STRING_EQUAL(link_type_name(LINK_IPV4), "IPV4");
	CU_ASSERT_STRING_EQUAL(link_type_name(LINK_IPV6), "IPV6");
	CU_ASSERT_PTR_NULL(link_type_name(0xffffffff));
}

void suite_link(void);

void suite_link(void)
{
	CU_pSuite s = CU_add_suite("link", NULL, NULL);

	CU_add_test(s, "every kind of link", test_carriers);
	CU_add_test(s, "cut at every octet", test_carriers_cut);
	CU_add_test(s, "ended early at every octet", test_carriers_short);
	CU_add_test(s, "frames without IP", test_others);
	CU_add_test(s, "many tags", test_many_tags);
	CU_add_test(s, "cut or damaged", test_cut_or_damaged);
	CU_add_test(s, "large frames", test_large_frames);
	CU_add_test(s, "wire length below capture length", test_wire_below_capture);
	CU_add_test(s, "names of link types", test_names);
}
