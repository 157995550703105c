/* SPDX-License-Identifier: GPL-2.0-or-later */
/* analyzer/capture.h: every kind of file that it reads, and every way in which one can be damaged. */
#include "analyzer/capture.h"
#include "dissectors/cursor.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

void suite_capture(void);

/* ------------------------------------------------------------------ files */

enum { FILE_ROOM = 4 << 20, FILE_HEADER = 24, RECORD_HEADER = 16, SNAPLEN = 300 };

/* A file in the making. */
struct image {
	size_t n;
	uint8_t octets[FILE_ROOM];
};

static struct image plain, packed, other;

static void put(struct image *to, const void *octets, size_t n)
{
	CU_ASSERT_FATAL(to->n + n <= FILE_ROOM);
	memcpy(to->octets + to->n, octets, n);
	to->n += n;
}

static void put_uint(struct image *to, uint32_t value, unsigned width, bool big)
{
	uint8_t octets[4];

	for (unsigned i = 0; i < width; i++)
		octets[big ? width - 1 - i : i] = (uint8_t)(value >> (8 * i));
	put(to, octets, width);
}

/* Writes the image to a file of its own; the name is for unlink(). */
static void save(const struct image *from, char path[64])
{
	const char *folder = getenv("TMPDIR");
	int fd;

	if (!folder || strlen(folder) > 32)
		folder = "/tmp";
	snprintf(path, 64, "%s/capture-XXXXXX", folder);
	fd = mkstemp(path);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL_FATAL(write(fd, from->octets, from->n), (ssize_t)from->n);
	close(fd);
}

/* A link type, time and layout: what begins a file of the pcap family. */
struct kind {
	const char *name;
	uint32_t magic;
	bool big, nanoseconds;
	uint32_t link_type;
	bool long_record; /* the modified pcap, which is left to libpcap */
};

static const struct kind kinds[] = {
	{ "us little", 0xa1b2c3d4, false, false, 1, false },
	{ "us big", 0xa1b2c3d4, true, false, 1, false },
	{ "ns little", 0xa1b23c4d, false, true, 1, false },
	{ "ns big", 0xa1b23c4d, true, true, 1, false },
	{ "modified little", 0xa1b2cd34, false, false, 1, true },
	{ "modified big", 0xa1b2cd34, true, false, 1, true },
};

enum { KINDS = sizeof(kinds) / sizeof(*kinds), OWN_KINDS = 4 };

static void put_pcap_header(struct image *to, const struct kind *k, uint32_t snaplen)
{
	put_uint(to, k->magic, 4, k->big);
	put_uint(to, 2, 2, k->big);
	put_uint(to, 4, 2, k->big);
	put_uint(to, 0, 4, k->big);
	put_uint(to, 0, 4, k->big);
	put_uint(to, snaplen, 4, k->big);
	put_uint(to, k->link_type, 4, k->big);
}

static void put_record_header(struct image *to, const struct kind *k, uint32_t seconds, uint32_t fraction,
			      uint32_t caplen, uint32_t len)
{
	put_uint(to, seconds, 4, k->big);
	put_uint(to, fraction, 4, k->big);
	put_uint(to, caplen, 4, k->big);
	put_uint(to, len, 4, k->big);
	if (k->long_record) {
		put_uint(to, 0, 4, k->big);
		put_uint(to, 0, 4, k->big);
	}
}

/* What the samples hold: Ethernet and IPv4 with GRE, with TCP, and ARP. */
struct sample {
	uint32_t seconds, ns, caplen, len;
	uint8_t ethertype[2], protocol;
};

static const struct sample samples[] = {
	{ 1118321234, 834809000, 60, 60, { 8, 0 }, 47 },
	{ 1118321235, 999999000, 64, 1400, { 8, 0 }, 6 },
	{ 4294967295, 1000, 42, 42, { 8, 6 }, 0 },
};

enum { SAMPLES = sizeof(samples) / sizeof(*samples) };

static void sample_octets(const struct sample *s, uint8_t octets[SNAPLEN])
{
	for (size_t i = 0; i < SNAPLEN; i++)
		octets[i] = (uint8_t)(i * 7);
	memcpy(octets + 12, s->ethertype, 2);
	octets[14] = 0x45;
	octets[20] = octets[21] = 0;
	octets[23] = s->protocol;
}

/* Packet i of files longer than the samples. */
static struct sample sample_of(unsigned i)
{
	struct sample s = samples[i % SAMPLES];

	if (i >= SAMPLES) {
		s.caplen = 42 + i * 31 % (SNAPLEN - 42);
		s.len = s.caplen + i % 2;
	}
	return s;
}

static void make_pcap(struct image *to, const struct kind *k, unsigned packets)
{
	uint8_t octets[SNAPLEN];

	to->n = 0;
	put_pcap_header(to, k, SNAPLEN);
	for (unsigned i = 0; i < packets; i++) {
		struct sample s = sample_of(i);

		sample_octets(&s, octets);
		put_record_header(to, k, s.seconds, k->nanoseconds ? s.ns : s.ns / 1000, s.caplen, s.len);
		put(to, octets, s.caplen);
	}
}

static void put_pcapng_section(struct image *to, bool big)
{
	put(to, "\n\r\r\n", 4);
	put_uint(to, 28, 4, big);
	put_uint(to, 0x1a2b3c4d, 4, big);
	put_uint(to, 1, 2, big);
	put_uint(to, 0, 2, big);
	put_uint(to, UINT32_MAX, 4, big); /* length not known */
	put_uint(to, UINT32_MAX, 4, big);
	put_uint(to, 28, 4, big);
}

/* An interface whose times are in units of 10^-resolution seconds. */
static void put_pcapng_interface(struct image *to, bool big, uint32_t link_type, uint32_t snaplen,
				 uint8_t resolution)
{
	put_uint(to, 1, 4, big);
	put_uint(to, 32, 4, big);
	put_uint(to, link_type, 2, big);
	put_uint(to, 0, 2, big);
	put_uint(to, snaplen, 4, big);
	put_uint(to, 9, 2, big);
	put_uint(to, 1, 2, big);
	put(to, &resolution, 1);
	put(to, "\0\0\0", 3);
	put_uint(to, 0, 4, big);
	put_uint(to, 32, 4, big);
}

static void put_pcapng_packet(struct image *to, bool big, uint64_t time, const uint8_t *octets,
			      uint32_t caplen, uint32_t len)
{
	uint32_t padding = -caplen & 3, block = 32 + caplen + padding;

	put_uint(to, 6, 4, big);
	put_uint(to, block, 4, big);
	put_uint(to, 0, 4, big);
	put_uint(to, (uint32_t)(time >> 32), 4, big);
	put_uint(to, (uint32_t)time, 4, big);
	put_uint(to, caplen, 4, big);
	put_uint(to, len, 4, big);
	put(to, octets, caplen);
	put(to, "\0\0\0", padding);
	put_uint(to, block, 4, big);
}

static void make_pcapng(struct image *to, bool big, unsigned packets)
{
	uint8_t octets[SNAPLEN];

	to->n = 0;
	put_pcapng_section(to, big);
	put_pcapng_interface(to, big, 1, SNAPLEN, 9);
	for (unsigned i = 0; i < packets; i++) {
		struct sample s = sample_of(i);

		sample_octets(&s, octets);
		put_pcapng_packet(to, big, s.seconds * UINT64_C(1000000000) + s.ns, octets, s.caplen, s.len);
	}
}

static uint32_t crc32_of(const uint8_t *octets, size_t n)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < n; i++) {
		crc ^= octets[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

/* A gzip member of stored blocks: the format without the compression, so that a test needs no library. */
static void put_gzip(struct image *to, const uint8_t *octets, size_t n)
{
	put(to, "\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
	for (size_t at = 0, len; at < n || n == 0; at += len) {
		len = n - at < 65535 ? n - at : 65535;
		put_uint(to, at + len == n, 1, false);
		put_uint(to, (uint32_t)len, 2, false);
		put_uint(to, ~(uint32_t)len, 2, false);
		put(to, octets + at, len);
		if (n == 0)
			break;
	}
	put_uint(to, crc32_of(octets, n), 4, false);
	put_uint(to, (uint32_t)n, 4, false);
}

/* A zstd frame of raw blocks with a window of 128 kB. */
static void put_zstd(struct image *to, const uint8_t *octets, size_t n)
{
	put(to, "\x28\xb5\x2f\xfd\0\x38", 6);
	for (size_t at = 0, len; at < n; at += len) {
		len = n - at < 100000 ? n - at : 100000;
		put_uint(to, (uint32_t)(len << 3) | (at + len == n), 3, false);
		put(to, octets + at, len);
	}
}

typedef void pack_fn(struct image *to, const uint8_t *octets, size_t n);

/* Several members or frames, cut where no packet ends. */
static void pack_in_three(pack_fn *pack, const struct image *from, struct image *to)
{
	size_t third = from->n / 3;

	to->n = 0;
	pack(to, from->octets, 5);
	pack(to, from->octets + 5, third - 5);
	pack(to, from->octets + third, from->n - third);
}

/* ------------------------------------------------------------------ reading */

struct outcome {
	bool opened, bad_usage;
	char why[512]; /* of capture_open, or of damage */
	enum capture_status status;
	unsigned packets;
	uint64_t filtered, last_number, offset, size;
	char format[8], compression[8];
	uint32_t link_type, snaplen;
	bool nanoseconds;
	int64_t time_ns[4]; /* of the first packets */
	uint32_t caplen[4], len[4];
	unsigned wrong; /* packets that are not those of sample_of() */
};

static bool same(const struct packet *p, uint64_t number)
{
	struct sample s = sample_of((unsigned)number - 1);
	uint8_t octets[SNAPLEN];

	sample_octets(&s, octets);
	return p->number == number && p->time_ns == s.seconds * INT64_C(1000000000) + s.ns &&
	       p->caplen == s.caplen && p->len == s.len && p->link_type == 1 &&
	       memcmp(p->octets, octets, s.caplen) == 0;
}

static void read_packets(struct capture *c, struct outcome *o)
{
	struct packet p;

	while ((o->status = capture_next(c, &p)) == CAPTURE_PACKET) {
		if (o->packets < 4) {
			o->time_ns[o->packets] = p.time_ns;
			o->caplen[o->packets] = p.caplen;
			o->len[o->packets] = p.len;
		}
		o->wrong += !same(&p, p.number);
		o->packets++;
		CU_ASSERT(p.number > o->last_number);
		o->last_number = p.number;
	}
	CU_ASSERT_EQUAL(capture_next(c, &p), o->status); /* an end stays one */
}

static struct outcome read_path(const char *path, const char *filter)
{
	struct outcome o = { .bad_usage = true };
	struct capture *c = capture_open(path, filter, o.why, sizeof(o.why), &o.bad_usage);

	o.opened = c != NULL;
	if (!c)
		return o;
	read_packets(c, &o);
	snprintf(o.why, sizeof(o.why), "%s", o.status == CAPTURE_DAMAGED ? capture_error(c) : "");
	snprintf(o.format, sizeof(o.format), "%s", capture_format(c));
	snprintf(o.compression, sizeof(o.compression), "%s",
		 capture_compression(c) ? capture_compression(c) : "");
	o.filtered = capture_filtered(c);
	o.offset = capture_offset(c);
	o.size = capture_size(c);
	o.link_type = capture_link_type(c);
	o.snaplen = capture_snaplen(c);
	o.nanoseconds = capture_nanoseconds(c);
	CU_ASSERT_STRING_EQUAL(capture_path(c), path);
	capture_close(c);
	return o;
}

static struct outcome read_image(const struct image *from, const char *filter)
{
	char path[64];
	struct outcome o;

	save(from, path);
	o = read_path(path, filter);
	unlink(path);
	return o;
}

/* Sends the image through a pipe, `piece` octets a write. */
static pid_t feed(const struct image *from, size_t piece, int to, int not_mine)
{
	pid_t child = fork();

	if (child != 0)
		return child;
	close(not_mine);
	for (size_t at = 0, n; at < from->n; at += n) {
		n = from->n - at < piece ? from->n - at : piece;
		if (write(to, from->octets + at, n) != (ssize_t)n)
			_exit(1);
	}
	_exit(0);
}

/* Reads the image from standard input. */
static struct outcome read_pipe(const struct image *from, size_t piece)
{
	int ends[2], before = dup(STDIN_FILENO), status;
	struct outcome o;
	pid_t child;

	CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_DIRECT), 0); /* a read sees the octets of one write */
	child = feed(from, piece, ends[1], ends[0]);
	CU_ASSERT_FATAL(child > 0);
	close(ends[1]);
	dup2(ends[0], STDIN_FILENO);
	close(ends[0]);
	o = read_path("-", NULL);
	if (before >= 0)
		dup2(before, STDIN_FILENO);
	else
		close(STDIN_FILENO);
	close(before);
	waitpid(child, &status, 0);
	return o;
}

static bool says(const struct outcome *o, const char *words)
{
	return strstr(o->why, words) != NULL;
}

/* ------------------------------------------------------------------ tests */

static void expect_whole(const struct outcome *o, unsigned packets, const char *compression)
{
	CU_ASSERT_TRUE(o->opened);
	CU_ASSERT_FALSE(o->bad_usage);
	CU_ASSERT_EQUAL(o->status, CAPTURE_END);
	CU_ASSERT_EQUAL(o->packets, packets);
	CU_ASSERT_EQUAL(o->wrong, 0);
	CU_ASSERT_EQUAL(o->link_type, LINK_ETHERNET);
	CU_ASSERT_STRING_EQUAL(o->compression, compression);
}

/* As a file, through a pipe in large and in the smallest pieces. */
static void expect_everywhere(const struct image *from, unsigned packets, const char *format,
			      const char *compression)
{
	struct outcome o = read_image(from, NULL);

	expect_whole(&o, packets, compression);
	CU_ASSERT_STRING_EQUAL(o.format, format);
	CU_ASSERT_EQUAL(o.size, from->n);
	CU_ASSERT_EQUAL(o.offset, from->n);
	for (size_t piece = 1; piece < 100000; piece *= 1000) {
		if (piece == 1 && from->n > 10000)
			continue;
		o = read_pipe(from, piece);
		expect_whole(&o, packets, compression);
		CU_ASSERT_EQUAL(o.size, 0);
		CU_ASSERT_EQUAL(o.offset, from->n);
	}
}

static void expect_every_packing(const struct image *from, unsigned packets, const char *format)
{
	expect_everywhere(from, packets, format, "");
	packed.n = 0;
	put_gzip(&packed, from->octets, from->n);
	expect_everywhere(&packed, packets, format, "gzip");
	put(&packed, "\0\0\0\0\0", 5); /* as on a tape */
	expect_everywhere(&packed, packets, format, "gzip");
	pack_in_three(put_gzip, from, &packed);
	expect_everywhere(&packed, packets, format, "gzip");
	packed.n = 0;
	put(&packed, "\x50\x2a\x4d\x18\x03\0\0\0abc", 11); /* a frame to be skipped */
	put_zstd(&packed, from->octets, from->n);
	expect_everywhere(&packed, packets, format, "zstd");
	pack_in_three(put_zstd, from, &packed);
	expect_everywhere(&packed, packets, format, "zstd");
}

static void test_every_kind(void)
{
	struct outcome o;

	for (size_t k = 0; k < KINDS; k++) {
		make_pcap(&plain, &kinds[k], SAMPLES);
		expect_every_packing(&plain, SAMPLES, "pcap");
		o = read_image(&plain, NULL);
		CU_ASSERT_EQUAL(o.nanoseconds, kinds[k].nanoseconds);
		/* libpcap adds the link header, which the snap length of that kind does not count */
		CU_ASSERT_EQUAL(o.snaplen, kinds[k].long_record ? SNAPLEN + 14 : SNAPLEN);
	}
	for (int big = 0; big < 2; big++) {
		make_pcapng(&plain, big, SAMPLES);
		expect_every_packing(&plain, SAMPLES, "pcapng");
		o = read_image(&plain, NULL);
		CU_ASSERT_TRUE(o.nanoseconds);
		CU_ASSERT_EQUAL(o.snaplen, SNAPLEN);
	}
}

/* Long enough to cross our buffer, libpcap's and the decoders' many times, at ever new places. */
static void test_long_files(void)
{
	enum { MANY = 9000 };

	make_pcap(&plain, &kinds[0], MANY);
	CU_ASSERT_FATAL(plain.n > 4 * 262144);
	expect_every_packing(&plain, MANY, "pcap");
	make_pcapng(&plain, false, MANY);
	expect_every_packing(&plain, MANY, "pcapng");
}

/* The same samples as gzip and zstd themselves pack them, so that not only stored blocks are read. */
static void test_really_compressed(void)
{
	static const uint8_t gzip[] = {
		0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xbb, 0x72, 0x78, 0xd3, 0x42,
		0x26, 0x06, 0x16, 0x06, 0x18, 0xd0, 0x61, 0x64, 0x60, 0x00, 0x22, 0x86, 0x20, 0xab, 0x15,
		0x4e, 0x3f, 0xf7, 0xf0, 0x30, 0xd8, 0x00, 0xd9, 0x20, 0xcc, 0xc0, 0xce, 0x27, 0x2a, 0xa3,
		0xac, 0x65, 0x68, 0x61, 0xef, 0xe6, 0xcb, 0xc1, 0xe0, 0x9a, 0x59, 0x50, 0x5e, 0xd7, 0xca,
		0xc0, 0x30, 0x4b, 0x7f, 0xc5, 0xfa, 0x6d, 0x7b, 0x8f, 0x9c, 0xbe, 0x74, 0xf3, 0xc1, 0xf3,
		0x77, 0x5f, 0xff, 0x30, 0x73, 0x09, 0x4a, 0xc8, 0xab, 0xe9, 0x9a, 0x58, 0x3b, 0x79, 0x06,
		0x84, 0xc7, 0xa5, 0xe6, 0x14, 0x57, 0x35, 0x76, 0xf4, 0x4f, 0x9b, 0x1b, 0x0c, 0x34, 0xcb,
		0xde, 0x89, 0x9f, 0xc1, 0x01, 0x68, 0x4c, 0x05, 0x2b, 0x4e, 0xb3, 0xd8, 0x88, 0x31, 0x6b,
		0xc9, 0xea, 0x4d, 0x3b, 0xff, 0x03, 0x01, 0xc8, 0x8d, 0x5a, 0x50, 0x8c, 0x62, 0x1e, 0x1b,
		0xdc, 0x3c, 0x06, 0x4c, 0xf3, 0x00, 0xd4, 0x24, 0xa1, 0xf1, 0xee, 0x00, 0x00, 0x00,
	};
	static const uint8_t zstd[] = {
		0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x68, 0x5d, 0x04, 0x00, 0x24, 0x07, 0xd4, 0xc3, 0xb2,
		0xa1, 0x02, 0x00, 0x04, 0x00, 0x2c, 0x01, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x52,
		0x3a, 0xa8, 0x42, 0xf9, 0xbc, 0x0c, 0x00, 0x3c, 0x00, 0x00, 0x00, 0x07, 0x0e, 0x15,
		0x1c, 0x23, 0x2a, 0x31, 0x38, 0x3f, 0x46, 0x4d, 0x08, 0x00, 0x45, 0x69, 0x70, 0x77,
		0x7e, 0x85, 0x00, 0x00, 0x9a, 0x2f, 0xa8, 0xaf, 0xb6, 0xbd, 0xc4, 0xcb, 0xd2, 0xd9,
		0xe0, 0xe7, 0xee, 0xf5, 0xfc, 0x03, 0x0a, 0x11, 0x18, 0x1f, 0x26, 0x2d, 0x34, 0x3b,
		0x42, 0x49, 0x50, 0x57, 0x5e, 0x65, 0x6c, 0x73, 0x7a, 0x81, 0x88, 0x8f, 0x96, 0x9d,
		0x53, 0x3a, 0xa8, 0x42, 0x3f, 0x42, 0x0f, 0x00, 0x40, 0x00, 0x00, 0x00, 0x78, 0x05,
		0x06, 0xa4, 0xab, 0xb2, 0xb9, 0xff, 0x01, 0x00, 0x00, 0x00, 0x2a, 0x06, 0x00, 0x09,
		0x20, 0xd0, 0x5a, 0xe6, 0x01, 0xbc, 0x58, 0xdc, 0xb4, 0xc3, 0x5a, 0x3d, 0xa0, 0x25,
		0x99, 0xf2, 0xdc, 0x98, 0x37, 0x10, 0x25, 0x0e, 0xa6, 0x87, 0x09, 0x62,
	};

	other.n = 0;
	put(&other, gzip, sizeof(gzip));
	expect_everywhere(&other, SAMPLES, "pcap", "gzip");
	other.n = 0;
	put(&other, zstd, sizeof(zstd));
	expect_everywhere(&other, SAMPLES, "pcap", "zstd");
}

/* Where the packets of the samples end in a pcap file. */
static unsigned whole_packets(size_t n, size_t *within)
{
	size_t at = FILE_HEADER;
	unsigned i;

	for (i = 0; i < SAMPLES && at + RECORD_HEADER + samples[i].caplen <= n; i++)
		at += RECORD_HEADER + samples[i].caplen;
	*within = n - at;
	return i;
}

static void expect_cut(const struct outcome *o, size_t n)
{
	char words[128];
	size_t within;
	unsigned whole = whole_packets(n, &within);

	CU_ASSERT_TRUE(o->opened);
	CU_ASSERT_EQUAL(o->packets, whole);
	CU_ASSERT_EQUAL(o->wrong, 0);
	if (within == 0) {
		CU_ASSERT_EQUAL(o->status, CAPTURE_END);
		return;
	}
	CU_ASSERT_EQUAL(o->status, CAPTURE_DAMAGED);
	if (within < RECORD_HEADER)
		snprintf(words, sizeof(words),
			 "file ends within the header of packet %u (%zu of 16 octets there)", whole + 1,
			 within);
	else
		snprintf(words, sizeof(words), "file ends within packet %u (%zu of %u octets there)",
			 whole + 1, within - RECORD_HEADER, samples[whole].caplen);
	CU_ASSERT_STRING_EQUAL(o->why, words);
}

static void test_every_cut(void)
{
	struct outcome o;

	for (size_t k = 0; k < OWN_KINDS; k++) {
		make_pcap(&plain, &kinds[k], SAMPLES);
		for (size_t n = plain.n; n-- > 0;) {
			plain.n = n;
			o = read_image(&plain, NULL);
			if (n >= FILE_HEADER) {
				expect_cut(&o, n);
				continue;
			}
			CU_ASSERT_FALSE(o.opened);
			CU_ASSERT_FALSE(o.bad_usage);
			CU_ASSERT_TRUE(says(&o, n ? "cut" : "empty"));
		}
	}
}

static void expect_prefix(const struct outcome *o, const char *words)
{
	CU_ASSERT_EQUAL(o->wrong, 0);
	CU_ASSERT_EQUAL(o->last_number, o->packets);
	if (o->opened)
		CU_ASSERT_EQUAL(o->status, CAPTURE_DAMAGED);
	if (o->size >= 4) { /* else too little to know gzip by */
		CU_ASSERT_TRUE(says(o, words));
	}
}

/*
 * Whatever was packed before the cut is still delivered, and the cut is always noticed; but for
 * one after `good` octets, where a frame ends.
 */
static void expect_cuts_of_packed(const char *words, size_t good)
{
	unsigned most = 0;

	for (size_t n = packed.n; n-- > 1;) {
		struct outcome o;

		packed.n = n;
		o = read_image(&packed, NULL);
		if (n == good)
			expect_whole(&o, SAMPLES, "zstd");
		else
			expect_prefix(&o, words);
		if (o.packets > most)
			most = o.packets;
	}
	CU_ASSERT_EQUAL(most, SAMPLES);
}

static void test_every_cut_of_packed(void)
{
	size_t good;

	make_pcap(&plain, &kinds[2], SAMPLES);
	packed.n = 0;
	put_gzip(&packed, plain.octets, plain.n);
	expect_cuts_of_packed("gzip data ends early", 0);
	make_pcapng(&plain, false, SAMPLES);
	packed.n = 0;
	put_gzip(&packed, plain.octets, plain.n);
	expect_cuts_of_packed("gzip data ends early", 0);
	make_pcap(&plain, &kinds[2], SAMPLES);
	packed.n = 0;
	put_zstd(&packed, plain.octets, plain.n);
	good = packed.n;
	put_zstd(&packed, plain.octets, 3);
	expect_cuts_of_packed("zstd data ends early", good);
}

static void test_damage_in_packed(void)
{
	struct outcome o;

	make_pcap(&plain, &kinds[0], SAMPLES);
	packed.n = 0;
	put_gzip(&packed, plain.octets, plain.n);
	packed.octets[packed.n - 8] ^= 1; /* the checksum */
	o = read_image(&packed, NULL);
	CU_ASSERT_EQUAL(o.packets, SAMPLES);
	CU_ASSERT_EQUAL(o.status, CAPTURE_DAMAGED);
	CU_ASSERT_TRUE(says(&o, "after packet 3: damaged gzip data"));

	packed.octets[packed.n - 8] ^= 1;
	put(&packed, "garbage", 7);
	o = read_image(&packed, NULL);
	CU_ASSERT_EQUAL(o.packets, SAMPLES);
	CU_ASSERT_TRUE(says(&o, "after packet 3: damaged gzip data"));

	packed.n = 0;
	put_zstd(&packed, plain.octets, plain.n);
	put(&packed, "garbage", 7);
	o = read_image(&packed, NULL);
	CU_ASSERT_EQUAL(o.packets, SAMPLES);
	CU_ASSERT_EQUAL(o.status, CAPTURE_DAMAGED);
	CU_ASSERT_TRUE(says(&o, "after packet 3: damaged zstd data"));
}

static void test_zstd_window(void)
{
	struct outcome o;

	packed.n = 0;
	put(&packed, "\x28\xb5\x2f\xfd\0\x90", 6); /* a window of 2^28 */
	put(&packed, "\x21\0\0abcd", 7);
	o = read_image(&packed, NULL);
	CU_ASSERT_FALSE(o.opened);
	CU_ASSERT_TRUE(says(&o, "128 MB"));
	CU_ASSERT_TRUE(says(&o, "zstd -d --long=31"));
}

/* One packet with these lengths and as many octets as it claims, then the samples. */
static struct outcome read_lengths(uint32_t snaplen, uint32_t caplen, uint32_t len)
{
	static uint8_t zeros[1 << 20];

	plain.n = 0;
	put_pcap_header(&plain, &kinds[0], snaplen);
	put_record_header(&plain, &kinds[0], 1, 2, caplen, len);
	put(&plain, zeros, caplen < sizeof(zeros) ? caplen : sizeof(zeros));
	put_record_header(&plain, &kinds[0], 3, 4, 0, 0);
	return read_image(&plain, NULL);
}

static void test_lengths_accepted(void)
{
	static const uint32_t rows[][3] = {
		{ 262144, 262144, 262144 },
		{ 262144, 262143, 300000 },
		{ 0, 262144, 262144 },
		{ 0x7fffffff, 262144, 262144 },
		{ 68, 1514, 1514 },
		{ 68, 65536, 65536 },
		{ 65535, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct outcome o = read_lengths(rows[i][0], rows[i][1], rows[i][2]);

		CU_ASSERT_EQUAL(o.status, CAPTURE_END);
		CU_ASSERT_EQUAL(o.packets, 2);
		CU_ASSERT_EQUAL(o.caplen[0], rows[i][1]);
		CU_ASSERT_EQUAL(o.len[0], rows[i][2]);
		CU_ASSERT_EQUAL(o.time_ns[1], INT64_C(3000004000));
		CU_ASSERT_EQUAL(o.snaplen, rows[i][0] && rows[i][0] < 262144 ? rows[i][0] : 262144);
	}
}

static void test_lengths_refused(void)
{
	static const uint32_t rows[][3] = {
		{ 262144, 262145, 262145 },
		{ 0, UINT32_MAX, UINT32_MAX },
		{ 68, 65537, 65537 },
		{ 65535, 0x80000000, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct outcome o = read_lengths(rows[i][0], rows[i][1], rows[i][2]);
		char words[64];

		snprintf(words, sizeof(words), "packet 1 claims %u octets", rows[i][1]);
		CU_ASSERT_EQUAL(o.status, CAPTURE_DAMAGED);
		CU_ASSERT_EQUAL(o.packets, 0);
		CU_ASSERT_TRUE(says(&o, words));
	}
}

/* The wire length is never less than what was captured. */
static void test_len_below_caplen(void)
{
	struct outcome o = read_lengths(1000, 100, 60);

	CU_ASSERT_EQUAL(o.packets, 2);
	CU_ASSERT_EQUAL(o.caplen[0], 100);
	CU_ASSERT_EQUAL(o.len[0], 100);

	other.n = 0;
	put_pcapng_section(&other, false);
	put_pcapng_interface(&other, false, 1, SNAPLEN, 9);
	put_pcapng_packet(&other, false, 0, other.octets, 20, 15);
	o = read_image(&other, NULL);
	CU_ASSERT_EQUAL(o.packets, 1);
	CU_ASSERT_EQUAL(o.caplen[0], 20);
	CU_ASSERT_EQUAL(o.len[0], 20);
}

static void test_hostile_times(void)
{
	struct outcome o;

	for (size_t k = 0; k < OWN_KINDS; k++) {
		int64_t unit = kinds[k].nanoseconds ? 1 : 1000;

		plain.n = 0;
		put_pcap_header(&plain, &kinds[k], SNAPLEN);
		put_record_header(&plain, &kinds[k], UINT32_MAX, UINT32_MAX, 0, 0);
		put_record_header(&plain, &kinds[k], 7, 1000000001, 0, 0);
		o = read_image(&plain, NULL);
		CU_ASSERT_EQUAL(o.packets, 2);
		CU_ASSERT_EQUAL(o.time_ns[0], UINT32_MAX * INT64_C(1000000000) + UINT32_MAX * unit);
		CU_ASSERT_EQUAL(o.time_ns[1], INT64_C(7000000000) + 1000000001 * unit);
	}
	other.n = 0;
	put_pcapng_section(&other, false);
	put_pcapng_interface(&other, false, 1, SNAPLEN, 0);
	put_pcapng_packet(&other, false, UINT64_MAX, (const uint8_t *)"", 0, 0);
	put_pcapng_packet(&other, false, INT64_MAX, (const uint8_t *)"", 0, 0);
	put_pcapng_packet(&other, false, 12, (const uint8_t *)"", 0, 0);
	o = read_image(&other, NULL);
	CU_ASSERT_EQUAL(o.packets, 3);
	for (int i = 0; i < 2; i++) {
		CU_ASSERT(o.time_ns[i] >= 0);
		CU_ASSERT(o.time_ns[i] <= UINT32_MAX * INT64_C(1000000000));
	}
	CU_ASSERT_EQUAL(o.time_ns[2], INT64_C(12000000000));
}

static void test_filter(void)
{
	static const struct {
		const char *filter;
		unsigned passed;
		uint64_t last;
	} rows[] = {
		{ "ip proto 47", 10, 28 }, { "arp", 10, 30 }, { "ip", 20, 29 }, { "", 30, 30 },
		{ "ip6", 0, 0 },
	};
	struct outcome o;

	for (int ng = 0; ng < 2; ng++) {
		if (ng)
			make_pcapng(&plain, true, 30);
		else
			make_pcap(&plain, &kinds[1], 30);
		for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
			o = read_image(&plain, rows[i].filter);
			CU_ASSERT_EQUAL(o.status, CAPTURE_END);
			CU_ASSERT_EQUAL(o.packets, rows[i].passed);
			CU_ASSERT_EQUAL(o.filtered, 30 - rows[i].passed);
			CU_ASSERT_EQUAL(o.last_number, rows[i].last);
			CU_ASSERT_EQUAL(o.wrong, 0);
		}
		o = read_image(&plain, "tcp prt 1723");
		CU_ASSERT_FALSE(o.opened);
		CU_ASSERT_TRUE(o.bad_usage);
		CU_ASSERT_TRUE(says(&o, "filter 'tcp prt 1723' is not valid"));
	}
}

/* A filter is compiled for the link type of the file, and sees packets of a file without a snap length. */
static void test_filter_link_type(void)
{
	struct kind raw = { "raw", 0xa1b2c3d4, false, false, 101, false };
	uint8_t ip[20] = { 0x45, 0, 0, 20, [8] = 64, 47 };
	struct outcome o;

	plain.n = 0;
	put_pcap_header(&plain, &raw, 0);
	put_record_header(&plain, &raw, 1, 0, 20, 20);
	put(&plain, ip, 20);
	o = read_image(&plain, "ip proto 47");
	CU_ASSERT_EQUAL(o.packets, 1);
	o = read_image(&plain, "tcp");
	CU_ASSERT_EQUAL(o.packets, 0);
	CU_ASSERT_EQUAL(o.filtered, 1);
}

static void test_link_types(void)
{
	static const uint32_t rows[][2] = {
		{ 0, LINK_NULL },
		{ 12, LINK_RAW },
		{ 14, LINK_RAW },
		{ 101, LINK_RAW },
		{ 108, LINK_LOOP },
		{ 276, LINK_LINUX_SLL2 },
		{ 0x50000001, LINK_ETHERNET },
		{ 147, 147 },
	};
	struct kind k = kinds[0];
	struct outcome o;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		k.link_type = rows[i][0];
		make_pcap(&plain, &k, 1);
		o = read_image(&plain, NULL);
		CU_ASSERT_EQUAL(o.link_type, rows[i][1]);
		CU_ASSERT_EQUAL(o.packets, 1);
	}
	for (size_t i = 3; i < 6; i++) {
		other.n = 0;
		put_pcapng_section(&other, false);
		put_pcapng_interface(&other, false, rows[i][0], SNAPLEN, 6);
		o = read_image(&other, NULL);
		CU_ASSERT_EQUAL(o.link_type, rows[i][1]);
		CU_ASSERT_EQUAL(o.status, CAPTURE_END);
	}
}

static void test_pcapng_damage(void)
{
	struct outcome o;

	make_pcapng(&plain, false, SAMPLES);
	put_pcapng_interface(&plain, false, 113, SNAPLEN, 9);
	o = read_image(&plain, NULL);
	CU_ASSERT_EQUAL(o.packets, SAMPLES);
	CU_ASSERT_EQUAL(o.status, CAPTURE_DAMAGED);
	CU_ASSERT_TRUE(says(&o, "after packet 3: interfaces of several link types"));

	make_pcapng(&plain, false, SAMPLES);
	put_pcapng_interface(&plain, false, 1, SNAPLEN + 1, 9);
	o = read_image(&plain, NULL);
	CU_ASSERT_EQUAL(o.packets, SAMPLES);
	CU_ASSERT_TRUE(says(&o, "after packet 3: interfaces of several snap lengths"));

	make_pcapng(&plain, false, SAMPLES);
	plain.n -= 10;
	o = read_image(&plain, NULL);
	CU_ASSERT_EQUAL(o.packets, SAMPLES - 1);
	CU_ASSERT_EQUAL(o.status, CAPTURE_DAMAGED);
	CU_ASSERT_TRUE(says(&o, "after packet 2: truncated"));

	plain.n = 40; /* within the first interface */
	o = read_image(&plain, NULL);
	CU_ASSERT_FALSE(o.opened);
	CU_ASSERT_TRUE(says(&o, "header of the capture is damaged"));
}

static void expect_refused(const void *octets, size_t n, const char *words)
{
	struct outcome o;

	other.n = 0;
	put(&other, octets, n);
	o = read_image(&other, NULL);
	CU_ASSERT_FALSE(o.opened);
	CU_ASSERT_FALSE(o.bad_usage);
	CU_ASSERT_TRUE(says(&o, words));
	o = read_pipe(&other, 3);
	CU_ASSERT_FALSE(o.opened);
	CU_ASSERT_TRUE(says(&o, "standard input: "));
	CU_ASSERT_TRUE(says(&o, words));
}

static void test_not_captures(void)
{
	static const char text[] = "this is a text that somebody mistook for a capture\n";
	static const char xz[] = "\3757zXZ\0 and then all that is in it";
	static const char old[] = "\xd4\xc3\xb2\xa1\1\0\4\0\0\0\0\0\0\0\0\0\0\0\1\0\1\0\0";

	expect_refused("", 0, "empty");
	expect_refused("abc", 3, "holds only 3 octets");
	expect_refused(text, sizeof(text), "not a pcap or pcapng capture");
	expect_refused(text, sizeof(text), "editcap");
	expect_refused(xz, sizeof(xz), "xz -d");
	expect_refused("BZh9 and then all that is in it", 31, "bzip2 -d");
	expect_refused(old, sizeof(old), "damaged: archaic");
	packed.n = 0;
	put_gzip(&packed, (const uint8_t *)"", 0);
	expect_refused(packed.octets, packed.n, "empty");
	packed.n = 0;
	put_gzip(&packed, (const uint8_t *)text, sizeof(text));
	expect_refused(packed.octets, packed.n, "not a pcap or pcapng capture");
}

static void test_no_file(void)
{
	struct outcome o = read_path("/nonexistent/file.pcap", NULL);

	CU_ASSERT_FALSE(o.opened);
	CU_ASSERT_FALSE(o.bad_usage);
	CU_ASSERT_STRING_EQUAL(o.why, "/nonexistent/file.pcap: No such file or directory");
	o = read_path("/", NULL);
	CU_ASSERT_FALSE(o.opened);
	CU_ASSERT_STRING_EQUAL(o.why, "/: Is a directory");
}

/* What is shown ahead is what comes then, and all of it comes. */
static void test_ahead(void)
{
	enum { MANY = 5000, AHEAD = 7 };
	uint64_t number = 0, begun_again = 0;
	char path[64], why[256];
	struct packet p, next;
	struct capture *c;
	bool bad_usage;

	make_pcap(&plain, &kinds[0], MANY);
	save(&plain, path);
	c = capture_open(path, NULL, why, sizeof(why), &bad_usage);
	unlink(path);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	for (uint64_t i = 1; i <= MANY; i++) {
		CU_ASSERT_EQUAL_FATAL(capture_next(c, &p), CAPTURE_PACKET);
		while (number < i + AHEAD && capture_ahead(c, &next)) {
			CU_ASSERT_TRUE(same(&next, next.number));
			CU_ASSERT_TRUE(next.number == number + 1 || next.number == i + 1);
			begun_again += next.number <= number;
			number = next.number;
		}
		CU_ASSERT_TRUE(same(&p, i));
	}
	CU_ASSERT_EQUAL(number, MANY);
	/* Where the buffer moved, and nowhere else. */
	CU_ASSERT_TRUE(begun_again < plain.n / 262144 + 1);
	CU_ASSERT_FALSE(capture_ahead(c, &next));
	capture_close(c);
}

/* Octets of a packet stay until the next call, though the buffer moves. */
static void test_borrowing(void)
{
	char path[64], why[256];
	struct packet p;
	struct capture *c;
	bool bad_usage;

	make_pcap(&plain, &kinds[0], 5000);
	save(&plain, path);
	c = capture_open(path, NULL, why, sizeof(why), &bad_usage);
	unlink(path);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	for (uint64_t i = 1; i <= 5000; i++) {
		CU_ASSERT_EQUAL_FATAL(capture_next(c, &p), CAPTURE_PACKET);
		CU_ASSERT_TRUE(same(&p, i));
	}
	capture_close(c);
	capture_close(NULL);
}

void suite_capture(void)
{
	CU_pSuite s = CU_add_suite("capture", NULL, NULL);

	CU_add_test(s, "every kind, packing and way in", test_every_kind);
	CU_add_test(s, "long files", test_long_files);
	CU_add_test(s, "really compressed", test_really_compressed);
	CU_add_test(s, "cut at every octet", test_every_cut);
	CU_add_test(s, "compressed and cut at every octet", test_every_cut_of_packed);
	CU_add_test(s, "damage in compressed data", test_damage_in_packed);
	CU_add_test(s, "zstd window beyond the limit", test_zstd_window);
	CU_add_test(s, "lengths accepted", test_lengths_accepted);
	CU_add_test(s, "lengths refused", test_lengths_refused);
	CU_add_test(s, "wire length below captured length", test_len_below_caplen);
	CU_add_test(s, "hostile times", test_hostile_times);
	CU_add_test(s, "filter", test_filter);
	CU_add_test(s, "filter by link type", test_filter_link_type);
	CU_add_test(s, "link types", test_link_types);
	CU_add_test(s, "damaged pcapng", test_pcapng_damage);
	CU_add_test(s, "what is no capture", test_not_captures);
	CU_add_test(s, "what is no file", test_no_file);
	CU_add_test(s, "packets shown ahead", test_ahead);
	CU_add_test(s, "octets stay until the next call", test_borrowing);
}
