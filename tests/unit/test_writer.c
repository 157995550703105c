/* SPDX-License-Identifier: GPL-2.0-or-later */
/* traces/writer.h: the files as they stand on disk, and frames against our own dissectors. */
#include "dissectors/cursor.h"
#include "dissectors/ip.h"
#include "dissectors/link.h"
#include "dissectors/tcp.h"
#include "traces/writer.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void suite_writer(void);

/* ------------------------------------------------------------------ files */

static void name_file(char path[64])
{
	const char *folder = getenv("TMPDIR");
	int fd;

	if (!folder || strlen(folder) > 32)
		folder = "/tmp";
	snprintf(path, 64, "%s/writer-XXXXXX", folder);
	fd = mkstemp(path);
	CU_ASSERT_FATAL(fd >= 0);
	close(fd);
}

/* Reads a file and removes it. */
static size_t slurp(const char *path, uint8_t *octets, size_t room)
{
	FILE *f = fopen(path, "rb");
	size_t n;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	n = fread(octets, 1, room, f);
	fclose(f);
	unlink(path);
	return n;
}

/* A number as this machine writes it, which is how libpcap does. */
static uint32_t native(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 4);
	uint32_t value = 0;

	if (p)
		memcpy(&value, p, 4);
	return value;
}

static void expect_file_header(struct cursor *c, uint32_t magic, uint32_t snaplen, uint32_t link_type)
{
	CU_ASSERT_EQUAL(native(c), magic);
	cursor_take(c, 12); /* version, and what is always 0 */
	CU_ASSERT_EQUAL(native(c), snaplen);
	CU_ASSERT_EQUAL(native(c), link_type);
}

static void expect_record(struct cursor *c, uint32_t seconds, uint32_t fraction, const char *octets,
			  uint32_t caplen, uint32_t len)
{
	const uint8_t *p;

	CU_ASSERT_EQUAL(native(c), seconds);
	CU_ASSERT_EQUAL(native(c), fraction);
	CU_ASSERT_EQUAL(native(c), caplen);
	CU_ASSERT_EQUAL(native(c), len);
	p = cursor_take(c, caplen);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT_EQUAL(memcmp(p, octets, caplen), 0);
}

static void write_two(const char *path, uint32_t link_type, uint32_t snaplen, bool nanoseconds)
{
	char err[256];
	struct writer *w = writer_open(path, link_type, snaplen, nanoseconds, err, sizeof(err));

	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	CU_ASSERT_TRUE(writer_frame(w, INT64_C(1118321234834809123), (const uint8_t *)"abcdef", 6, 6));
	CU_ASSERT_TRUE(writer_frame(w, 999, (const uint8_t *)"xyz", 3, 1500));
	CU_ASSERT_STRING_EQUAL(writer_error(w), "");
	CU_ASSERT_TRUE(writer_close(w));
}

static void test_files(void)
{
	static const uint32_t link_types[] = { 0, 1, 101, 108, 113, 228, 276 };
	uint8_t octets[1024];
	char path[64];

	for (size_t i = 0; i < 2 * sizeof(link_types) / sizeof(*link_types); i++) {
		bool nanoseconds = i % 2;
		struct cursor c;

		name_file(path);
		write_two(path, link_types[i / 2], 65535, nanoseconds);
		c = cursor_on(octets, slurp(path, octets, sizeof(octets)));
		expect_file_header(&c, nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, 65535, link_types[i / 2]);
		expect_record(&c, 1118321234, nanoseconds ? 834809123 : 834809, "abcdef", 6, 6);
		expect_record(&c, 0, nanoseconds ? 999 : 0, "xyz", 3, 1500);
		CU_ASSERT_EQUAL(cursor_left(&c), 0);
	}
}

static void test_snaplen(void)
{
	uint8_t octets[1024];
	char path[64];
	struct cursor c;

	name_file(path);
	write_two(path, 1, 4, true);
	c = cursor_on(octets, slurp(path, octets, sizeof(octets)));
	expect_file_header(&c, 0xa1b23c4d, 4, 1);
	expect_record(&c, 1118321234, 834809123, "abcd", 4, 6);
	expect_record(&c, 0, 999, "xyz", 3, 1500);

	name_file(path);
	write_two(path, 1, 0, true);
	c = cursor_on(octets, slurp(path, octets, sizeof(octets)));
	expect_file_header(&c, 0xa1b23c4d, 262144, 1);
	expect_record(&c, 1118321234, 834809123, "abcdef", 6, 6);
}

/* Closing the writer leaves the program its standard output. */
static void test_standard_output(void)
{
	uint8_t octets[1024];
	char path[64];
	struct cursor c;
	int before = dup(STDOUT_FILENO), fd;

	name_file(path);
	fd = open(path, O_WRONLY);
	fflush(NULL);
	dup2(fd, STDOUT_FILENO);
	close(fd);
	write_two("-", 1, 65535, true);
	CU_ASSERT(fcntl(STDOUT_FILENO, F_GETFD) >= 0);
	dup2(before, STDOUT_FILENO);
	close(before);
	c = cursor_on(octets, slurp(path, octets, sizeof(octets)));
	expect_file_header(&c, 0xa1b23c4d, 65535, 1);
	expect_record(&c, 1118321234, 834809123, "abcdef", 6, 6);
}

static void test_cannot_open(void)
{
	char err[256] = "";

	CU_ASSERT_PTR_NULL(writer_open("/nonexistent/x.pcap", 1, 65535, true, err, sizeof(err)));
	CU_ASSERT_STRING_EQUAL(err, "/nonexistent/x.pcap: cannot write: No such file or directory");
}

static void test_full_disk(void)
{
	static const uint8_t frame[1500];
	char err[256];
	struct writer *w = writer_open("/dev/full", 1, 65535, true, err, sizeof(err));
	unsigned good = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	while (good < 10000 && writer_frame(w, 0, frame, sizeof(frame), sizeof(frame)))
		good++;
	CU_ASSERT(good < 10000);
	CU_ASSERT_STRING_EQUAL(writer_error(w), "cannot write: No space left on device");
	CU_ASSERT_FALSE(writer_frame(w, 0, frame, sizeof(frame), sizeof(frame)));
	CU_ASSERT_FALSE(writer_close(w));

	/* so little that only closing writes it */
	w = writer_open("/dev/full", 1, 65535, true, err, sizeof(err));
	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	CU_ASSERT_TRUE(writer_frame(w, 0, frame, sizeof(frame), sizeof(frame)));
	CU_ASSERT_FALSE(writer_close(w));
}

/* ------------------------------------------------------------------ frames */

static struct ip_addr address(const char *text)
{
	struct ip_addr a = { { 0 } };

	CU_ASSERT_TRUE_FATAL(ip_addr_parse(text, &a));
	return a;
}

static struct frame_spec between(const char *src, const char *dst)
{
	return (struct frame_spec){ .src = address(src), .dst = address(dst), .protocol = IP_PROTO_GRE };
}

/* The way up again.  What is left out of the frame's octets is noticed by the dissectors. */
static struct datagram decode(const uint8_t *octets, size_t n, uint32_t *context)
{
	struct packet p = { 1, 0, (uint32_t)n, (uint32_t)n, LINK_ETHERNET, octets };
	struct link_payload link = { 0 };
	struct datagram d = { 0 };

	CU_ASSERT_EQUAL_FATAL(link_decode(&p, &link), UNSEEN_NONE);
	CU_ASSERT_EQUAL_FATAL(ip_decode(&link, &d), UNSEEN_NONE);
	*context = link.context;
	return d;
}

/* By hand, octet by octet, so that builder and dissector cannot be wrong alike. */
static void test_ipv4_octets(void)
{
	static const uint8_t expected[] = {
		0x02, 0x00, 192,  0,    2,    2,    0x02, 0x00, 192,  0,    2,    1, /* to, from */
		0x08, 0x00, 0x45, 0x00, 0x00, 0x18, 0x12, 0x34, 0x40, 0x00, 0x40, 0x2f, 0xa4,
		0x7f, 192,  0,    2,    1,    192,  0,    2,    2,    'a',  'b',  'c',  'd',
	};
	struct frame_spec f = between("192.0.2.1", "192.0.2.2");
	uint8_t out[64];
	size_t n;

	f.ip_id = 0x1234;
	f.dont_fragment = true;
	n = frame_build(&f, (const uint8_t *)"abcd", 4, out, sizeof(out));
	CU_ASSERT_EQUAL_FATAL(n, sizeof(expected));
	CU_ASSERT_EQUAL(memcmp(out, expected, n), 0);
}

static void expect_frame(const struct frame_spec *f, bool fragment, bool tagged)
{
	uint8_t out[256];
	uint32_t context;
	size_t n = frame_build(f, (const uint8_t *)"12345678", 8, out, sizeof(out));
	struct datagram d = decode(out, n, &context);

	CU_ASSERT_EQUAL(context != 0, tagged);
	CU_ASSERT_EQUAL(ip_addr_cmp(&d.src, &f->src), 0);
	CU_ASSERT_EQUAL(ip_addr_cmp(&d.dst, &f->dst), 0);
	CU_ASSERT_EQUAL(d.protocol, f->protocol);
	CU_ASSERT_EQUAL(d.ttl, f->ttl ? f->ttl : 64);
	CU_ASSERT_EQUAL(d.fragment, fragment);
	CU_ASSERT_EQUAL(d.more_fragments, f->more_fragments);
	CU_ASSERT_EQUAL(d.fragment_offset, f->fragment_offset);
	if (d.version == 4) {
		CU_ASSERT_EQUAL(ip_checksum_fold(ip_checksum_add(0, d.payload - 20, 20)), 0xffff);
	}
	if (fragment) {
		CU_ASSERT_EQUAL(d.fragment_id, f->ip_id);
	}
	CU_ASSERT_EQUAL_FATAL(d.caplen, 8);
	CU_ASSERT_EQUAL(d.len, 8);
	CU_ASSERT_EQUAL(memcmp(d.payload, "12345678", 8), 0);
}

static void expect_variants(struct frame_spec f)
{
	f.ip_id = 777;
	expect_frame(&f, false, false);
	f.ttl = 1;
	expect_frame(&f, false, false);
	f.more_fragments = true;
	expect_frame(&f, true, false);
	f.fragment_offset = 1480;
	expect_frame(&f, true, false);
	f.more_fragments = false;
	f.fragment_offset = 65528;
	for (size_t i = 0; i < 4; i++) {
		f.vlan[i] = (uint16_t)(100 + i);
		expect_frame(&f, true, true);
	}
}

static void test_variants(void)
{
	struct frame_spec f = between("198.51.100.1", "203.0.113.9");
	uint8_t out[64];
	uint32_t context;
	size_t n;

	expect_variants(f);
	f.dont_fragment = true;
	n = frame_build(&f, (const uint8_t *)"", 0, out, sizeof(out));
	CU_ASSERT_EQUAL(n, 34);
	CU_ASSERT_TRUE(decode(out, n, &context).dont_fragment);
	expect_variants(between("2001:db8::1", "2001:db8::2:3"));
}

/* Two VLANs are two contexts, and the order of tags matters. */
static void test_vlans_differ(void)
{
	static const uint8_t tags[] = { 0x81, 0, 0, 6, 0x81, 0, 0, 5, 8, 0 };
	struct frame_spec f = between("198.51.100.1", "203.0.113.9"), g = f;
	uint8_t out[64];
	uint32_t one, two;

	f.vlan[0] = g.vlan[1] = 5;
	f.vlan[1] = g.vlan[0] = 6;
	decode(out, frame_build(&f, (const uint8_t *)"", 0, out, sizeof(out)), &one);
	decode(out, frame_build(&g, (const uint8_t *)"", 0, out, sizeof(out)), &two);
	CU_ASSERT_NOT_EQUAL(one, two);
	CU_ASSERT_EQUAL(memcmp(out + 12, tags, sizeof(tags)), 0);
}

/* Too little room never makes half a frame, nor writes beyond it. */
static void expect_room(const struct frame_spec *f, bool tcp)
{
	static const uint8_t payload[16];
	uint8_t out[256];
	size_t whole = 0, n;

	for (size_t room = 0; room < 200; room++) {
		memset(out, 0xee, sizeof(out));
		n = tcp ? frame_tcp(f, 1, 2, 3, 4, 0, payload, 16, out, room)
			: frame_build(f, payload, 16, out, room);
		for (size_t i = room; i < sizeof(out); i++)
			CU_ASSERT_EQUAL_FATAL(out[i], 0xee);
		if (n && !whole) {
			whole = n;
			CU_ASSERT_EQUAL(n, room);
		}
		CU_ASSERT_EQUAL(n, whole);
	}
	CU_ASSERT(whole > 0);
}

static void test_room(void)
{
	static uint8_t payload[70000], out[70200];
	struct frame_spec v4 = between("192.0.2.1", "192.0.2.2"), v6 = between("2001:db8::1", "2001:db8::2");

	expect_room(&v4, false);
	expect_room(&v4, true);
	expect_room(&v6, false);
	expect_room(&v6, true);
	v4.vlan[0] = 7;
	expect_room(&v4, false);
	CU_ASSERT_EQUAL(frame_build(&v4, payload, 65515, out, sizeof(out)), 14 + 4 + 20 + 65515);
	CU_ASSERT_EQUAL(frame_build(&v4, payload, 65516, out, sizeof(out)), 0);
	CU_ASSERT_EQUAL(frame_build(&v6, payload, 65535, out, sizeof(out)), 14 + 40 + 65535);
	CU_ASSERT_EQUAL(frame_build(&v6, payload, 65536, out, sizeof(out)), 0);
	v6.more_fragments = true;
	CU_ASSERT_EQUAL(frame_build(&v6, payload, 65528, out, sizeof(out)), 0);
	CU_ASSERT_EQUAL(frame_tcp(&v4, 1, 2, 3, 4, 0, payload, 65496, out, sizeof(out)), 0);
	CU_ASSERT_EQUAL(frame_tcp(&v4, 1, 2, 3, 4, 0, payload, SIZE_MAX, out, sizeof(out)), 0);
}

static void expect_segment(const struct frame_spec *f, size_t len)
{
	uint8_t out[256];
	uint32_t context;
	size_t n = frame_tcp(f, 3025, 1723, 0xfffffff0, 77, TCP_ACK | TCP_PSH, (const uint8_t *)"abcdefg",
			     len, out, sizeof(out));
	struct datagram d = decode(out, n, &context);
	struct tcp_segment t = { 0 };

	CU_ASSERT_EQUAL(d.protocol, IP_PROTO_TCP);
	CU_ASSERT_EQUAL_FATAL(tcp_decode(&d, &t), UNSEEN_NONE);
	CU_ASSERT_EQUAL(t.src_port, 3025);
	CU_ASSERT_EQUAL(t.dst_port, 1723);
	CU_ASSERT_EQUAL(t.seq, 0xfffffff0);
	CU_ASSERT_EQUAL(t.ack, 77);
	CU_ASSERT_EQUAL(t.flags, TCP_ACK | TCP_PSH);
	CU_ASSERT_EQUAL(t.checksum, TCP_SUM_GOOD);
	CU_ASSERT_EQUAL_FATAL(t.caplen, len);
	CU_ASSERT_EQUAL(memcmp(t.payload, "abcdefg", len), 0);
}

static void test_tcp(void)
{
	static const uint8_t expected[] = {
		0x00, 0x50, 0x1f, 0x90, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x02,
		0x50, 0x10, 0xff, 0xff, 0x47, 0x88, 0x00, 0x00, 'a',  'b',  'c',
	};
	struct frame_spec f = between("192.0.2.1", "192.0.2.2"), v6 = between("2001:db8::1", "2001:db8::2");
	uint8_t out[128];

	for (size_t len = 0; len < 8; len++) {
		expect_segment(&f, len);
		expect_segment(&v6, len);
	}
	CU_ASSERT_EQUAL(frame_tcp(&f, 80, 8080, 1, 2, TCP_ACK, (const uint8_t *)"abc", 3, out, sizeof(out)),
			14 + 20 + sizeof(expected));
	CU_ASSERT_EQUAL(memcmp(out + 34, expected, sizeof(expected)), 0);
}

void suite_writer(void)
{
	CU_pSuite s = CU_add_suite("writer", NULL, NULL);

	CU_add_test(s, "files, by link type and resolution", test_files);
	CU_add_test(s, "snap length", test_snaplen);
	CU_add_test(s, "standard output", test_standard_output);
	CU_add_test(s, "a file that cannot be opened", test_cannot_open);
	CU_add_test(s, "full disk", test_full_disk);
	CU_add_test(s, "IPv4 frame, octet by octet", test_ipv4_octets);
	CU_add_test(s, "frames read back", test_variants);
	CU_add_test(s, "VLANs differ", test_vlans_differ);
	CU_add_test(s, "room", test_room);
	CU_add_test(s, "TCP", test_tcp);
}
