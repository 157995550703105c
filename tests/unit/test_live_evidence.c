/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets of one pair, before and after; and how much of all that there may be. */
#include "tools/live_evidence.h"

#include "dissectors/ip.h"
#include "tests/unit/folder.h"

void suite_live_evidence(void);

#define SECOND INT64_C(1000000000)

static const int64_t start_ns = 1700000000 * SECOND; /* 20231114T221320Z */

static struct ip_addr addr(const char *text)
{
	struct ip_addr a;

	CU_ASSERT_TRUE_FATAL(ip_addr_parse(text, &a));
	return a;
}

static struct live_evidence *evidence_in(const char *folder, struct live_evidence_options o)
{
	char err[256];
	struct live_evidence *e;

	o.folder = folder;
	e = live_evidence_new(&o, err, sizeof(err));
	CU_ASSERT_PTR_NOT_NULL_FATAL(e);
	return e;
}

/* A packet of `caplen` octets, the first of which is `mark`, that many seconds after the start. */
static void packet(struct live_evidence *e, const char *from, const char *to, int seconds, uint8_t mark,
		   uint32_t caplen)
{
	static uint8_t octets[4096];
	struct packet p = { .time_ns = start_ns + seconds * SECOND,
			    .caplen = caplen,
			    .len = caplen + 7,
			    .link_type = LINK_ETHERNET,
			    .octets = octets };
	struct ip_addr a = addr(from), b = addr(to);

	memset(octets, mark, caplen);
	live_evidence_packet(e, &p, &a, &b);
}

static enum live_evidence_start begin(struct live_evidence *e, const char *a, const char *b,
				      const char *label, int64_t before_ns)
{
	struct ip_addr x = addr(a), y = addr(b);

	return live_evidence_start(e, &x, &y, label, before_ns);
}

static bool stop(struct live_evidence *e, const char *a, const char *b)
{
	struct ip_addr x = addr(a), y = addr(b);

	return live_evidence_stop(e, &x, &y);
}

/* The marks of the packets in a capture, as text. */
static void read_marks(const char *folder, const char *name, char marks[256])
{
	static char text[FOLDER_TEXT];
	size_t n = folder_read(folder, name, text), at = 24, count = 0;
	uint32_t caplen, len;

	CU_ASSERT_FATAL(n >= at);
	while (at + 16 < n && count < 255) {
		memcpy(&caplen, text + at + 8, 4);
		memcpy(&len, text + at + 12, 4);
		CU_ASSERT_EQUAL(len, caplen + 7);
		marks[count++] = text[at + 16];
		at += 16 + caplen;
	}
	CU_ASSERT_EQUAL(at, n);
	marks[count] = '\0';
}

static void expect_marks(const char *folder, const char *part, const char *expected)
{
	char name[256] = "", marks[256];

	CU_ASSERT_EQUAL_FATAL(folder_count(folder, part, name), 1);
	read_marks(folder, name, marks);
	CU_ASSERT_STRING_EQUAL(marks, expected);
}

static void test_before_and_after(void)
{
	char folder[FOLDER_ROOM], path[FOLDER_PATH];
	struct live_evidence_counts c;
	struct live_evidence *e;

	folder_make(folder);
	e = evidence_in(folder, (struct live_evidence_options){ 0 });
	for (int i = 0; i < 10; i++) {
		packet(e, "10.0.0.1", "192.0.2.1", i, (uint8_t)('a' + i), 60);
		packet(e, "192.0.2.1", "10.0.0.1", i, (uint8_t)('A' + i), 60);
		packet(e, "10.0.0.1", "192.0.2.2", i, '-', 60);
		packet(e, "2001:db8::1", "2001:db8::2", i, '+', 60);
	}
	CU_ASSERT_EQUAL(begin(e, "192.0.2.1", "10.0.0.1", "WIN-01", 2 * SECOND), LIVE_EVIDENCE_STARTED);
	CU_ASSERT_EQUAL(begin(e, "10.0.0.1", "192.0.2.1", "WIN-02", 0), LIVE_EVIDENCE_RUNNING);
	CU_ASSERT_EQUAL(folder_count(folder, ".pcap.part0", NULL), 1);
	packet(e, "10.0.0.1", "192.0.2.1", 10, '1', 60);
	packet(e, "10.0.0.1", "192.0.2.2", 10, '-', 60);
	packet(e, "192.0.2.1", "10.0.0.1", 11, '2', 60);
	CU_ASSERT_TRUE(stop(e, "10.0.0.1", "192.0.2.1"));
	CU_ASSERT_FALSE(stop(e, "10.0.0.1", "192.0.2.1"));
	packet(e, "10.0.0.1", "192.0.2.1", 12, '3', 60);
	snprintf(path, sizeof(path), "%s/20231114T221327Z_10.0.0.1_192.0.2.1_WIN-01.pcap", folder);
	CU_ASSERT_STRING_EQUAL(live_evidence_path(e), path);
	expect_marks(folder, "WIN-01.pcap", "hHiIjJ12");
	CU_ASSERT_EQUAL(begin(e, "2001:db8::1", "2001:db8::2", "", 0), LIVE_EVIDENCE_STARTED);
	live_evidence_counts(e, &c);
	CU_ASSERT_EQUAL(c.packets, 18);
	CU_ASSERT_EQUAL(c.octets, 18 * 76);
	CU_ASSERT_EQUAL(c.files, 2);
	CU_ASSERT_EQUAL(c.open, 1);
	live_evidence_free(e);
	expect_marks(folder, "2001-db8--1_2001-db8--2_.pcap", "++++++++++");
	folder_remove(folder);
	live_evidence_free(NULL);
}

/* The ring forgets the oldest, and what it still has is whole. */
static void test_ring(void)
{
	char folder[FOLDER_ROOM], name[256], marks[256];
	struct live_evidence *e;
	size_t n;

	folder_make(folder);
	e = evidence_in(folder, (struct live_evidence_options){ .ring_octets = 1 << 16 });
	for (int i = 0; i < 1000; i++)
		packet(e, "10.0.0.1", i % 3 ? "192.0.2.1" : "192.0.2.2", i, (uint8_t)(i % 200 + 1),
		       (uint32_t)(400 + i * 7 % 800));
	CU_ASSERT_EQUAL(begin(e, "192.0.2.1", "10.0.0.1", "x", 0), LIVE_EVIDENCE_STARTED);
	CU_ASSERT_EQUAL(begin(e, "192.0.2.9", "10.0.0.1", "none", 0), LIVE_EVIDENCE_NONE);
	live_evidence_free(e);
	CU_ASSERT_EQUAL_FATAL(folder_count(folder, "", name), 1);
	read_marks(folder, name, marks);
	n = strlen(marks);
	CU_ASSERT(n > 30 && n < 80);
	for (int i = 999; n > 0; i--)
		if (i % 3) {
			CU_ASSERT_EQUAL((uint8_t)marks[--n], i % 200 + 1);
		}
	folder_remove(folder);
}

static void test_limits(void)
{
	char folder[FOLDER_ROOM], other[32];
	struct live_evidence_counts c;
	struct live_evidence *e;

	folder_make(folder);
	folder_write(folder, "20200101T000000Z_a_b_x.pcap", "old");
	folder_write(folder, "20200101T000000Z_a_b_y.pcap.part0", "left over");
	folder_write(folder, "20200101T000000Z_a_b_z.pcap.part1", "of another worker");
	folder_write(folder, "mine.pcap", "not ours");
	e = evidence_in(folder, (struct live_evidence_options){
					.file_octets = 24 + 3 * 76, .files_max = 3, .open_max = 2 });
	CU_ASSERT_EQUAL(folder_count(folder, "part0", NULL), 0);
	for (int i = 0; i < 5; i++) {
		snprintf(other, sizeof(other), "192.0.2.%d", i);
		CU_ASSERT_EQUAL(begin(e, "10.0.0.1", other, "full", 0), LIVE_EVIDENCE_NONE);
		for (int k = 0; k < 5; k++)
			packet(e, "10.0.0.1", other, i, (uint8_t)('0' + k), 60);
		CU_ASSERT_FALSE(stop(e, "10.0.0.1", other)); /* ended by its size */
	}
	CU_ASSERT_EQUAL(folder_count(folder, "20200101T000000Z_a_b_x.pcap", NULL), 0);
	CU_ASSERT_EQUAL(folder_count(folder, "full.pcap", NULL), 3);
	expect_marks(folder, "192.0.2.4_full.pcap", "012");
	CU_ASSERT_EQUAL(folder_count(folder, "mine.pcap", NULL), 1);
	CU_ASSERT_EQUAL(folder_count(folder, "part1", NULL), 1);
	CU_ASSERT_EQUAL(begin(e, "10.0.0.1", "192.0.2.0", "x", 0), LIVE_EVIDENCE_STARTED);
	CU_ASSERT_EQUAL(begin(e, "10.0.0.2", "192.0.2.1", "x", 0), LIVE_EVIDENCE_NONE);
	CU_ASSERT_EQUAL(begin(e, "10.0.0.3", "192.0.2.2", "x", 0), LIVE_EVIDENCE_NONE);
	CU_ASSERT_EQUAL(begin(e, "10.0.0.4", "192.0.2.2", "x", 0), LIVE_EVIDENCE_REFUSED);
	live_evidence_counts(e, &c);
	CU_ASSERT_EQUAL(c.refused, 1);
	CU_ASSERT_EQUAL(c.open, 2);
	live_evidence_free(e);
	folder_remove(folder);
}

static void test_names(void)
{
	char folder[FOLDER_ROOM], name[256];
	struct live_evidence *e;

	folder_make(folder);
	e = evidence_in(folder, (struct live_evidence_options){ .worker = 3 });
	packet(e, "10.0.0.1", "192.0.2.1", 0, 'a', 60);
	for (int i = 0; i < 3; i++) { /* the same time, pair and label: three names */
		CU_ASSERT_EQUAL(begin(e, "10.0.0.1", "192.0.2.1", "../../etc/x y;$(rm)\n%s", 0),
				LIVE_EVIDENCE_STARTED);
		CU_ASSERT_EQUAL(folder_count(folder, ".pcap.part3", NULL), 1);
		stop(e, "10.0.0.1", "192.0.2.1");
	}
	CU_ASSERT_EQUAL(folder_count(folder, "20231114T221320Z_10.0.0.1_192.0.2.1_", name), 3);
	CU_ASSERT_EQUAL(strcspn(name, "/ ;$()\n%"), strlen(name));
	packet(e, "10.0.0.1", "192.0.2.1", 1, 'b', 60);
	begin(e, "10.0.0.1", "192.0.2.1", "later", 0);
	live_evidence_stop_before(e, start_ns);
	CU_ASSERT_EQUAL(folder_count(folder, "part3", NULL), 1);
	live_evidence_stop_before(e, start_ns + 1);
	CU_ASSERT_EQUAL(folder_count(folder, "part3", NULL), 0);
	live_evidence_free(e);
	folder_remove(folder);
}

static void test_failures(void)
{
	const struct live_evidence_options nowhere = { .folder = "/nonexistent" };
	char folder[FOLDER_ROOM], err[256];
	struct live_evidence_counts c;
	struct live_evidence *e;

	CU_ASSERT_PTR_NULL(live_evidence_new(&nowhere, err, sizeof(err)));
	CU_ASSERT_STRING_EQUAL(err, "/nonexistent: No such file or directory");
	folder_make(folder);
	e = evidence_in(folder, (struct live_evidence_options){ 0 });
	packet(e, "10.0.0.1", "192.0.2.1", 0, 'a', 60);
	folder_remove(folder);
	CU_ASSERT_STRING_EQUAL(live_evidence_error(e), "");
	CU_ASSERT_EQUAL(begin(e, "10.0.0.1", "192.0.2.1", "x", 0), LIVE_EVIDENCE_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(live_evidence_error(e), "No such file or directory"));
	live_evidence_counts(e, &c);
	CU_ASSERT_EQUAL(c.failed, 1);
	CU_ASSERT_EQUAL(c.open, 0);
	live_evidence_free(e);
}

void suite_live_evidence(void)
{
	CU_pSuite s = CU_add_suite("live_evidence", NULL, NULL);

	CU_add_test(s, "before and after", test_before_and_after);
	CU_add_test(s, "ring", test_ring);
	CU_add_test(s, "limits", test_limits);
	CU_add_test(s, "names", test_names);
	CU_add_test(s, "failures", test_failures);
}
