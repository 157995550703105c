/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control streams: boundaries however the octets were cut, garbage, gaps, lies. */
#include "dissectors/ctrl_stream.h"

#include <CUnit/CUnit.h>

#include "tests/unit/exact.h"

void suite_ctrl_stream(void);

enum { EVENTS = 64, FRAMES = 320, STREAM = 4096 };

/* What the stream told, in a form that can be compared. */
struct told {
	enum ctrl_stream_event event;
	uint64_t count, position, frame, peer_acked;
	int64_t time_ns;
	enum ctrl_status status;
	unsigned defects, type, nvalues;
	size_t caplen;
	bool described, resynchronised, lost;
	size_t nframes;
	uint64_t frames[FRAMES];
	uint8_t octets[CTRL_LENGTH_LIMIT];
};

/* A stream under test and all that it told. */
struct bench {
	struct ctrl_stream s;
	unsigned n;
	struct told told[EVENTS];
	uint64_t fed;		 /* octets, gaps included */
	uint64_t frame;		 /* last used */
	const uint8_t *fed_from; /* the octets being fed */
	size_t fed_len;
	unsigned in_place;	 /* messages that lay in the octets being fed */
};

static struct bench b;

static void note(void *ctx, enum ctrl_stream_event event, const struct ctrl_msg *m,
		 const struct ctrl_origin *o, uint64_t count)
{
	struct told *t = &b.told[b.n];

	CU_ASSERT_PTR_EQUAL(ctx, &b);
	if (b.n == EVENTS || o->nframes > FRAMES)
		abort();
	b.n++;
	memset(t, 0, sizeof(*t));
	*t = (struct told){ .event = event, .count = count, .position = o->position, .frame = o->frame,
			    .peer_acked = o->peer_acked, .time_ns = o->time_ns, .nframes = o->nframes,
			    .resynchronised = o->resynchronised, .lost = b.s.lost };
	memcpy(t->frames, o->frames, o->nframes * sizeof(*o->frames));
	if (!m)
		return;
	t->status = m->status;
	t->defects = m->defects;
	t->type = m->type;
	t->nvalues = m->nvalues;
	t->caplen = m->caplen;
	t->described = m->desc;
	memcpy(t->octets, m->octets, m->caplen);
	b.in_place += b.fed_from && m->octets >= b.fed_from &&
		      m->octets + m->caplen <= b.fed_from + b.fed_len;
}

static void start(void)
{
	ctrl_stream_clear(&b.s);
	memset(&b, 0, sizeof(b));
}

/* Feeds octets as the given frame; its time and acknowledgment follow from the frame. */
static void feed_frame(const uint8_t *octets, size_t len, uint64_t frame, bool segment_start)
{
	uint8_t *copy = exact_copy(octets, len);
	bool fed;

	b.fed_from = copy;
	b.fed_len = len;
	b.frame = frame;
	b.fed += len;
	fed = ctrl_stream_feed(&b.s, copy, len, frame, (int64_t)frame * 1000, frame * 10, segment_start,
			       note, &b);
	CU_ASSERT(fed);
	b.fed_from = NULL;
	free(copy);
}

/* ... as the next frame, and as a segment of its own. */
static void feed(const uint8_t *octets, size_t len)
{
	feed_frame(octets, len, b.frame + 1, true);
}

static void gap(uint64_t len)
{
	b.fed += len;
	ctrl_stream_gap(&b.s, len, note, &b);
}

/* Ends the stream; whatever happened, every octet must have been told of once, in order. */
static void end(bool by_capture)
{
	uint64_t position = 0;

	ctrl_stream_end(&b.s, by_capture, note, &b);
	CU_ASSERT_PTR_NULL(b.s.partial);
	CU_ASSERT_EQUAL(b.s.position, b.fed);
	for (unsigned i = 0; i < b.n; i++) {
		CU_ASSERT(b.told[i].position >= position);
		position = b.told[i].position + b.told[i].caplen + b.told[i].count;
	}
	CU_ASSERT(position <= b.fed);
}

static bool is_message(unsigned i, unsigned type, size_t caplen, enum ctrl_status status, unsigned defects)
{
	return i < b.n && b.told[i].event == CTRL_STREAM_MESSAGE && b.told[i].type == type &&
	       b.told[i].caplen == caplen && b.told[i].status == status && b.told[i].defects == defects;
}

static bool is_ok(unsigned i, unsigned type)
{
	return is_message(i, type, ctrl_desc_of(type)->length, CTRL_OK, 0);
}

static bool is_skipped(unsigned i, uint64_t count)
{
	return i < b.n && b.told[i].event == CTRL_STREAM_SKIPPED && b.told[i].count == count;
}

static size_t make(unsigned type, uint8_t *out)
{
	uint32_t value[CTRL_FIELDS_MAX];
	uint8_t text[128];
	const uint8_t *texts[CTRL_FIELDS_MAX];
	const struct ctrl_desc *d = ctrl_desc_of(type);

	memset(text, 'A' + (int)type, sizeof(text));
	ctrl_defaults(d, value);
	for (unsigned i = 0; i < CTRL_FIELDS_MAX; i++) {
		texts[i] = text;
		if (i > 4)
			value[i] = type * 0x01010101 + i;
	}
	return ctrl_encode(d, value, texts, out, CTRL_MAX);
}

/* The same with another Length. */
static size_t make_lying(unsigned type, unsigned length, uint8_t *out)
{
	size_t n = make(type, out);

	out[0] = (uint8_t)(length >> 8);
	out[1] = (uint8_t)length;
	return n;
}

/* The same with a cookie that is none. */
static size_t make_garbled(unsigned type, uint8_t *out)
{
	size_t n = make(type, out);

	out[4] = 0x2b;
	return n;
}

/* All fifteen messages; ends[i] is where the one of type i + 1 ends. */
static size_t conversation(uint8_t out[STREAM], size_t ends[CTRL_TYPES])
{
	size_t n = 0;

	for (unsigned type = CTRL_SCCRQ; type < CTRL_TYPES; type++) {
		n += make(type, out + n);
		ends[type - 1] = n;
	}
	return n;
}

static void check_conversation(const size_t ends[CTRL_TYPES], const uint8_t *octets)
{
	size_t from = 0;

	CU_ASSERT_EQUAL_FATAL(b.n, CTRL_TYPES - 1);
	for (unsigned i = 0; i < b.n; from = ends[i++]) {
		CU_ASSERT(is_ok(i, i + 1));
		CU_ASSERT_EQUAL(b.told[i].position, from);
		CU_ASSERT_FALSE(b.told[i].resynchronised);
		CU_ASSERT_EQUAL(memcmp(b.told[i].octets, octets + from, ends[i] - from), 0);
	}
}

/* Frame f carried the octets up to cut[f - 1]: which frames must each message name? */
static void check_frames(const size_t *cut, size_t ncuts)
{
	for (unsigned i = 0; i < b.n; i++) {
		const struct told *t = &b.told[i];
		uint64_t first = 1, last;

		while (first < ncuts && cut[first - 1] <= t->position)
			first++;
		for (last = first; last < ncuts && cut[last - 1] < t->position + t->caplen;)
			last++;
		CU_ASSERT_EQUAL_FATAL(t->nframes, last - first + 1);
		for (size_t j = 0; j < t->nframes; j++)
			CU_ASSERT_EQUAL(t->frames[j], first + j);
		CU_ASSERT_EQUAL(t->frame, last);
		CU_ASSERT_EQUAL(t->time_ns, (int64_t)last * 1000);
		CU_ASSERT_EQUAL(t->peer_acked, last * 10);
	}
}

/* Feeds the octets cut at the given places (the last is the end) and checks all that is told. */
static void check_cuts(const uint8_t *octets, const size_t *cut, size_t ncuts, const size_t *ends)
{
	start();
	for (size_t i = 0; i < ncuts; i++) {
		size_t from = i ? cut[i - 1] : 0;

		feed(octets + from, cut[i] - from);
	}
	check_conversation(ends, octets);
	check_frames(cut, ncuts);
	CU_ASSERT_PTR_NULL(b.s.partial);
	end(true);
	CU_ASSERT_EQUAL(b.n, CTRL_TYPES - 1);
}

static void test_split_everywhere(void)
{
	static uint8_t octets[STREAM];
	size_t ends[CTRL_TYPES], cut[2] = { 0, conversation(octets, ends) };

	for (cut[0] = 1; cut[0] < cut[1]; cut[0]++)
		check_cuts(octets, cut, 2, ends);
}

static void test_single_octets(void)
{
	static uint8_t octets[STREAM];
	static size_t cut[STREAM];
	size_t ends[CTRL_TYPES], n = conversation(octets, ends);

	for (size_t i = 0; i < n; i++)
		cut[i] = i + 1;
	check_cuts(octets, cut, n, ends);
	check_cuts(octets, cut + n - 1, 1, ends); /* all in one */
	CU_ASSERT_EQUAL(b.in_place, CTRL_TYPES - 1);
	check_cuts(octets, ends, CTRL_TYPES - 1, ends); /* one each */
	CU_ASSERT_EQUAL(b.in_place, CTRL_TYPES - 1);
}

static void test_random_splits(void)
{
	static uint8_t octets[STREAM];
	static size_t cut[STREAM];
	size_t ends[CTRL_TYPES], n = conversation(octets, ends);
	uint32_t random = 7;

	for (unsigned turn = 0; turn < 300; turn++) {
		size_t ncuts = 0, at = 0, most = 1 + turn % 40 * 8;

		while (at < n) {
			random = random * 1664525 + 1013904223;
			at += 1 + (random >> 8) % most;
			cut[ncuts++] = at < n ? at : n;
		}
		check_cuts(octets, cut, ncuts, ends);
	}
}

/* A retransmission fills a hole: the octets' order is not that of the frames. */
static void test_frames_out_of_order(void)
{
	uint8_t octets[CTRL_MAX];
	static const uint64_t frame[] = { 5, 5, 9, 3, 9 };

	start();
	make(CTRL_SCCRQ, octets);
	for (unsigned i = 0; i < 5; i++)
		feed_frame(octets + i * 30, i == 4 ? 36 : 30, frame[i], i != 1);
	CU_ASSERT_FATAL(is_ok(0, CTRL_SCCRQ));
	CU_ASSERT_EQUAL(b.told[0].nframes, 3);
	CU_ASSERT(b.told[0].frames[0] == 5 && b.told[0].frames[1] == 9 && b.told[0].frames[2] == 3);
	CU_ASSERT_EQUAL(b.told[0].frame, 9);
	CU_ASSERT_EQUAL(b.told[0].time_ns, 9000);
	CU_ASSERT_EQUAL(b.told[0].peer_acked, 90);
	end(true);
}

/* The capture ends, or the sender does, within a message: at every octet of every type. */
static void test_end_within(void)
{
	uint8_t octets[CTRL_MAX];

	for (unsigned type = CTRL_SCCRQ; type < CTRL_TYPES; type++) {
		size_t size = make(type, octets);

		for (size_t n = 1; n < size; n++) {
			unsigned seen = n < 10 ? 0 : type;

			start();
			feed(octets, n);
			CU_ASSERT_EQUAL(b.n, 0);
			end(true);
			CU_ASSERT(b.n == 1 && is_message(0, seen, n, CTRL_CUT, 0));
			start();
			feed(octets, n);
			end(false);
			CU_ASSERT(b.n == 1 && is_message(0, seen, n, CTRL_BAD, CTRL_UNFINISHED));
		}
	}
	start();
	end(false);
	CU_ASSERT_EQUAL(b.n, 0);
}

/* A gap at every octet of a message: it is cut, and the next whole one is found. */
static void test_gap_within(void)
{
	uint8_t octets[CTRL_MAX + 16];
	size_t size = make(CTRL_OCRQ, octets);

	make(CTRL_ECHORQ, octets + size);
	for (size_t n = 1; n < size; n++) {
		start();
		feed(octets, n);
		gap(size - n);
		CU_ASSERT_EQUAL(b.n, 1);
		CU_ASSERT(is_message(0, n < 10 ? 0 : CTRL_OCRQ, n, CTRL_CUT, 0));
		CU_ASSERT_EQUAL(b.told[0].frame, 1);
		feed(octets + size, 16);
		CU_ASSERT(b.n == 2 && is_ok(1, CTRL_ECHORQ));
		CU_ASSERT(b.told[1].resynchronised);
		CU_ASSERT_EQUAL(b.told[1].position, size);
		CU_ASSERT_EQUAL(b.in_place, 1);
		feed(octets + size, 16);
		CU_ASSERT(b.n == 3 && is_ok(2, CTRL_ECHORQ));
		CU_ASSERT_FALSE(b.told[2].resynchronised);
		end(true);
	}
}

static void test_gap_between(void)
{
	uint8_t octets[CTRL_MAX];
	size_t size = make(CTRL_OCRP, octets);

	start();
	feed(octets, size);
	gap(100);
	gap(0); /* nothing is lost: nothing changes */
	CU_ASSERT_EQUAL(b.s.position, size + 100);
	/* a message split after its gap is found by where its segment begins */
	feed(octets, 7);
	feed(octets + 7, size - 7);
	CU_ASSERT(b.n == 2 && is_ok(1, CTRL_OCRP) && b.told[1].resynchronised);
	CU_ASSERT_EQUAL(b.told[1].position, size + 100);
	feed(octets, 13);
	gap(0);
	feed(octets + 13, size - 13);
	CU_ASSERT(b.n == 3 && is_ok(2, CTRL_OCRP) && !b.told[2].resynchronised);
	end(true);
}

/* The capture starts at every octet of a message that others follow in the same segment. */
static void test_midstream(void)
{
	static uint8_t octets[STREAM];
	size_t first = make(CTRL_CDN, octets), n = first;

	n += make(CTRL_ICRQ, octets + n);
	n += make(CTRL_SLI, octets + n);
	for (size_t from = 1; from < first; from++) {
		start();
		ctrl_stream_midstream(&b.s);
		feed(octets + from, n - from);
		CU_ASSERT_EQUAL(b.n, 3);
		CU_ASSERT(is_skipped(0, first - from));
		CU_ASSERT_FALSE(b.told[0].lost);
		CU_ASSERT(is_ok(1, CTRL_ICRQ) && b.told[1].resynchronised);
		CU_ASSERT_EQUAL(b.told[1].position, first - from);
		CU_ASSERT(is_ok(2, CTRL_SLI) && !b.told[2].resynchronised);
		end(true);
	}
}

/* The same with every split of what is there: the same messages, and one stretch skipped. */
static void test_midstream_split(void)
{
	static uint8_t octets[STREAM];
	size_t tail = make(CTRL_CDN, octets), n = tail;
	const size_t from = 90;

	n += make(CTRL_WEN, octets + n);
	n += make(CTRL_ECHORP, octets + n);
	for (size_t cut = from + 1; cut < n; cut++) {
		start();
		ctrl_stream_midstream(&b.s);
		feed(octets + from, cut - from);
		feed(octets + cut, n - cut);
		CU_ASSERT_EQUAL(b.n, 3);
		CU_ASSERT(is_skipped(0, tail - from));
		CU_ASSERT(is_ok(1, CTRL_WEN) && b.told[1].resynchronised);
		CU_ASSERT(is_ok(2, CTRL_ECHORP));
		end(true);
	}
}

/* A header that nothing confirms is not believed: it may be text. */
static void test_search_is_strict(void)
{
	uint8_t octets[3 * CTRL_MAX] = { 0 };
	size_t size = make(CTRL_STOPRQ, octets + 20);

	start();
	ctrl_stream_midstream(&b.s);
	feed(octets, 20 + size + 40); /* neither a segment nor a header begins after it */
	end(true);
	CU_ASSERT(b.n == 1 && is_skipped(0, 20 + size + 40));

	start();
	ctrl_stream_midstream(&b.s);
	make_lying(CTRL_STOPRQ, 20, octets + 20);
	feed(octets, 40); /* ends with the segment, but its Length is not its type's */
	end(true);
	CU_ASSERT(b.n == 1 && is_skipped(0, 40));

	start();
	ctrl_stream_midstream(&b.s);
	make(CTRL_SCCRQ, octets + 20);
	feed(octets, 100); /* not confirmed when the capture ends */
	CU_ASSERT_EQUAL(b.n, 0);
	end(true);
	CU_ASSERT(b.n == 1 && is_skipped(0, 100));
}

/* Garbage before any header: shown once, as long as a header, and the search begins. */
static void test_garbage(void)
{
	static const uint8_t http[] = "GET / HTTP/1.0\r\nHost: example\r\n\r\n";
	const size_t len = sizeof(http) - 1;
	uint8_t octets[CTRL_MAX];
	size_t size = make(CTRL_SCCRQ, octets);

	start();
	feed(http, len);
	CU_ASSERT(b.n == 1 && is_message(0, 0x5450, 12, CTRL_BAD, CTRL_BAD_COOKIE | CTRL_BAD_MESSAGE_TYPE));
	CU_ASSERT(b.told[0].lost && !b.told[0].described && !b.told[0].resynchronised);
	feed(http, len);
	feed(http, len);
	CU_ASSERT_EQUAL(b.n, 1);
	feed(octets, size);
	CU_ASSERT_EQUAL(b.n, 3);
	CU_ASSERT(is_skipped(1, 3 * len - 12)); /* one stretch */
	CU_ASSERT(b.told[1].lost && b.told[1].position == 12);
	CU_ASSERT(b.told[1].nframes == 2 && b.told[1].frames[0] == 1 && b.told[1].frames[1] == 3);
	CU_ASSERT_EQUAL(b.told[1].frame, 3);
	CU_ASSERT(is_ok(2, CTRL_SCCRQ) && b.told[2].resynchronised && !b.told[2].lost);
	CU_ASSERT_FALSE(b.s.lost);
	end(true);
}

/* Garbage of every size between two messages, in their segment, in one of its own, and by octets. */
static void check_garbage(size_t garbage, const size_t *cut, size_t ncuts, const uint8_t *octets)
{
	size_t shown = garbage < 12 ? garbage : 12;
	unsigned at = garbage > 12 ? 3 : 2;

	start();
	for (size_t i = 0; i < ncuts; i++)
		feed(octets + (i ? cut[i - 1] : 0), cut[i] - (i ? cut[i - 1] : 0));
	CU_ASSERT(is_ok(0, CTRL_OCRP));
	CU_ASSERT_FATAL(b.n == at + 2);
	CU_ASSERT(b.told[1].event == CTRL_STREAM_MESSAGE && b.told[1].status == CTRL_BAD);
	CU_ASSERT(b.told[1].defects & CTRL_BAD_COOKIE);
	CU_ASSERT_EQUAL(b.told[1].caplen, shown);
	CU_ASSERT(at == 2 || is_skipped(2, garbage - 12));
	CU_ASSERT(is_ok(at, CTRL_ICCN) && b.told[at].resynchronised);
	CU_ASSERT(is_ok(at + 1, CTRL_ECHORQ) && !b.told[at + 1].resynchronised);
	end(true);
}

static void test_garbage_between(void)
{
	static uint8_t octets[STREAM];
	static size_t cut[STREAM];

	for (size_t garbage = 1; garbage < 64; garbage++) {
		size_t before = make(CTRL_OCRP, octets), n = before;

		memset(octets + n, 0xff, garbage);
		n += garbage;
		n += make(CTRL_ICCN, octets + n);
		n += make(CTRL_ECHORQ, octets + n);
		cut[0] = n;
		check_garbage(garbage, cut, 1, octets);
		cut[0] = before;
		cut[1] = before + garbage;
		cut[2] = n;
		check_garbage(garbage, cut, 3, octets);
		for (size_t i = 0; i < n; i++)
			cut[i] = i + 1;
		check_garbage(garbage, cut, n, octets);
	}
}

/* A cookie is wrong, but Length leads to the next header or to the end of the segment. */
static void test_wrong_cookie(void)
{
	uint8_t octets[2 * CTRL_MAX];
	size_t size = make_garbled(CTRL_WEN, octets);
	size_t n = size + make(CTRL_ECHORQ, octets + size);

	start();
	feed(octets, n);
	CU_ASSERT(b.n == 2 && is_message(0, CTRL_WEN, size, CTRL_BAD, CTRL_BAD_COOKIE));
	CU_ASSERT(!b.told[0].described && !b.told[0].lost);
	CU_ASSERT(is_ok(1, CTRL_ECHORQ) && !b.told[1].resynchronised);
	end(true);

	start();
	feed(octets, size);
	CU_ASSERT(b.n == 1 && is_message(0, CTRL_WEN, size, CTRL_BAD, CTRL_BAD_COOKIE));
	feed(octets + size, n - size);
	CU_ASSERT(b.n == 2 && is_ok(1, CTRL_ECHORQ));
	end(true);

	for (size_t cut = 1; cut < n; cut++) {
		start();
		feed(octets, cut);
		feed(octets + cut, n - cut);
		CU_ASSERT(b.n == 2 && is_message(0, CTRL_WEN, size, CTRL_BAD, CTRL_BAD_COOKIE));
		CU_ASSERT(is_ok(1, CTRL_ECHORQ) && !b.told[1].resynchronised);
		end(true);
	}
}

/* A wrong cookie and a Length that leads nowhere: the messages after it are not held back. */
static void test_wrong_cookie_and_length(void)
{
	uint8_t octets[CTRL_MAX];

	start();
	make_garbled(CTRL_SLI, octets);
	octets[0] = 2; /* 536 octets */
	feed(octets, 24);
	CU_ASSERT_EQUAL(b.n, 0);
	feed(octets, make(CTRL_OCRP, octets));
	CU_ASSERT_EQUAL(b.n, 3);
	CU_ASSERT(is_message(0, CTRL_SLI, 12, CTRL_BAD, CTRL_BAD_COOKIE));
	CU_ASSERT(is_skipped(1, 12));
	CU_ASSERT(is_ok(2, CTRL_OCRP) && b.told[2].resynchronised);
	end(true);

	start();
	make_garbled(CTRL_SLI, octets);
	octets[0] = 2;
	feed(octets, 24);
	end(false);
	CU_ASSERT(b.n == 2 && is_message(0, CTRL_SLI, 12, CTRL_BAD, CTRL_BAD_COOKIE) && is_skipped(1, 12));
}

/* Length octets have come in two segments, and the stream ends there. */
static void test_wrong_cookie_at_end(void)
{
	uint8_t octets[CTRL_MAX];
	size_t size = make_garbled(CTRL_WEN, octets);

	start();
	feed(octets, 13);
	feed(octets + 13, size - 13);
	CU_ASSERT_EQUAL(b.n, 0);
	end(false);
	CU_ASSERT(b.n == 1 && is_message(0, CTRL_WEN, size, CTRL_BAD, CTRL_BAD_COOKIE));
}

/* Garbage with a cookie in it does not hide the message that begins within a header's length. */
static void test_false_start(void)
{
	static const uint8_t garbage[] = { 0xff, 0, 16, 0, 1, 0x1a, 0x2b, 0x3c, 0x4d };
	uint8_t octets[CTRL_MAX + sizeof(garbage)];
	size_t n = sizeof(garbage) + make(CTRL_ICCN, octets + sizeof(garbage));

	memcpy(octets, garbage, sizeof(garbage));
	start();
	feed(octets, n);
	CU_ASSERT(b.n == 2 && is_message(0, 0x4d00, sizeof(garbage), CTRL_BAD,
					 CTRL_BAD_COOKIE | CTRL_BAD_MESSAGE_TYPE));
	CU_ASSERT(is_ok(1, CTRL_ICCN) && b.told[1].resynchronised);
	end(true);
}

static void test_nothing(void)
{
	const uint8_t octet = 0;

	start();
	feed(&octet, 0);
	CU_ASSERT_PTR_NULL(b.s.partial);
	end(false);
	CU_ASSERT_EQUAL(b.n, 0);
}

/* A type without a size takes Length octets, whatever they are; so does a management message. */
static void test_unknown_type(void)
{
	static uint8_t octets[STREAM];
	static const struct {
		unsigned message_type, type, defects;
	} c[] = {
		{ 1, 0, CTRL_BAD_TYPE }, { 1, 16, CTRL_BAD_TYPE }, { 1, 0xffff, CTRL_BAD_TYPE },
		{ 2, 5, CTRL_MANAGEMENT }, { 2, 77, CTRL_MANAGEMENT },
		{ 3, 77, CTRL_BAD_MESSAGE_TYPE | CTRL_BAD_TYPE },
	};

	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		size_t n = 100;

		make_lying(CTRL_CDN, 100, octets);
		n += make(CTRL_CCRQ, octets + n);
		octets[3] = (uint8_t)c[i].message_type;
		octets[8] = (uint8_t)(c[i].type >> 8);
		octets[9] = (uint8_t)c[i].type;
		for (size_t cut = 1; cut <= n; cut++) {
			start();
			feed(octets, cut);
			if (cut < n)
				feed(octets + cut, n - cut);
			CU_ASSERT_EQUAL(b.n, 2);
			CU_ASSERT(is_message(0, c[i].type, 100, CTRL_BAD, c[i].defects));
			CU_ASSERT(!b.told[0].described);
			CU_ASSERT(is_ok(1, CTRL_CCRQ) && !b.told[1].resynchronised);
			end(true);
		}
	}
}

/* A wrong PPTP Message Type alone hides no field. */
static void test_wrong_message_type(void)
{
	uint8_t octets[CTRL_MAX];
	size_t size = make(CTRL_OCRP, octets);

	start();
	octets[3] = 0;
	feed(octets, size);
	CU_ASSERT(b.n == 1 && is_message(0, CTRL_OCRP, size, CTRL_BAD, CTRL_BAD_MESSAGE_TYPE));
	CU_ASSERT(b.told[0].described && b.told[0].nvalues == 14);
	end(true);
}

/*
 * A known type says `length` and sends `sent` octets, then another message: joined, apart, and
 * split anywhere.  All of it must be told alike, but where a first segment of just the other extent
 * tells the opposite.
 */
static void check_lie(unsigned type, unsigned length, size_t sent)
{
	static uint8_t octets[STREAM];
	size_t n;

	memset(octets, 0, sizeof(octets));
	make_lying(type, length, octets);
	memset(octets + ctrl_desc_of(type)->length, 0, CTRL_MAX);
	n = sent + make(CTRL_OCRP, octets + sent);
	for (size_t cut = 1; cut <= n; cut++) {
		if (cut != sent && (cut == length || cut == ctrl_desc_of(type)->length))
			continue;
		start();
		feed(octets, cut);
		if (cut < n)
			feed(octets + cut, n - cut);
		end(true);
		CU_ASSERT_EQUAL_FATAL(b.n, 2);
		CU_ASSERT(is_message(0, type, sent, CTRL_BAD, CTRL_BAD_LENGTH));
		CU_ASSERT(b.told[0].described);
		CU_ASSERT(is_ok(1, CTRL_OCRP) && !b.told[1].resynchronised);
	}
	start();
	feed(octets, sent);
	CU_ASSERT(b.n == 1 && is_message(0, type, sent, CTRL_BAD, CTRL_BAD_LENGTH));
	end(true);
	start();
	feed(octets, sent / 2); /* nothing confirms it before the end does */
	feed(octets + sent / 2, sent - sent / 2);
	end(false);
	CU_ASSERT(b.n == 1 && is_message(0, type, sent, CTRL_BAD, CTRL_BAD_LENGTH));
}

static void test_lying_length(void)
{
	check_lie(CTRL_SCCRQ, 200, 200); /* longer, and means it */
	check_lie(CTRL_SCCRQ, 200, 156); /* says longer, is not */
	check_lie(CTRL_SCCRQ, 160, 156);
	check_lie(CTRL_SCCRQ, 100, 100); /* shorter, and means it */
	check_lie(CTRL_SCCRQ, 100, 156); /* says shorter, is not */
	check_lie(CTRL_SCCRQ, 152, 156);
	check_lie(CTRL_CDN, 1024, 148);
	check_lie(CTRL_ECHORP, 16, 16);
	check_lie(CTRL_SCCRQ, 0, 156); /* impossible; the size is what remains */
	check_lie(CTRL_SCCRQ, 0xffff, 156);
	check_lie(CTRL_ECHORQ, 4096, 16); /* in the wrong octet order */
	check_lie(CTRL_ECHORQ, 3, 16);
}

/* A message whose last octets were never sent does not take the next one's instead; however it is fed. */
static void test_cut_short(void)
{
	static uint8_t octets[STREAM];
	const size_t sent = 100;

	make(CTRL_CDN, octets);
	make(CTRL_ICRQ, octets + sent);
	for (size_t first = 1; first <= sent + 220; first++) {
		start();
		feed(octets, first);
		if (first < sent + 220)
			feed(octets + first, sent + 220 - first);
		end(true);
		/* A segment that ends where Length says proves that extent. */
		if (first == 148)
			continue;
		CU_ASSERT_EQUAL(b.n, 2);
		CU_ASSERT(is_message(0, CTRL_CDN, sent, CTRL_BAD, CTRL_UNFINISHED));
		CU_ASSERT(is_ok(1, CTRL_ICRQ));
	}
}

/* A header within a text is text, where the next message follows as Length says. */
static void test_header_within_text(void)
{
	static uint8_t octets[STREAM];

	make(CTRL_CDN, octets);
	make(CTRL_ECHORQ, octets + 100);
	make(CTRL_ECHORQ, octets + 148);
	for (size_t first = 1; first <= 164; first++) {
		start();
		feed(octets, first);
		if (first < 164)
			feed(octets + first, 164 - first);
		end(true);
		CU_ASSERT(b.n == 2 && is_ok(0, CTRL_CDN) && is_ok(1, CTRL_ECHORQ));
	}
}

/* A Length that would swallow the messages after it does not. */
static void test_lie_swallows_nothing(void)
{
	static uint8_t octets[STREAM];
	size_t n = make_lying(CTRL_SCCRQ, 156 + 168, octets);

	n += make(CTRL_OCRQ, octets + n);
	n += make(CTRL_ECHORQ, octets + n);
	start();
	feed(octets, n);
	CU_ASSERT_EQUAL(b.n, 3);
	CU_ASSERT(is_message(0, CTRL_SCCRQ, 156, CTRL_BAD, CTRL_BAD_LENGTH));
	CU_ASSERT(is_ok(1, CTRL_OCRQ) && is_ok(2, CTRL_ECHORQ));
	end(true);
}

/* Neither Length nor size leads anywhere: Length is what there is to go by. */
static void test_lie_unconfirmed(void)
{
	uint8_t octets[400];

	memset(octets, 0xee, sizeof(octets));
	start();
	make_lying(CTRL_SCCRQ, 200, octets);
	feed(octets, sizeof(octets));
	CU_ASSERT(b.n >= 2 && is_message(0, CTRL_SCCRQ, 200, CTRL_BAD, CTRL_BAD_LENGTH));
	CU_ASSERT(is_message(1, 0xeeee, 12, CTRL_BAD, CTRL_BAD_COOKIE | CTRL_BAD_MESSAGE_TYPE));
	end(true);
	CU_ASSERT(b.n == 3 && is_skipped(2, 188));

	start();
	make_lying(CTRL_SCCRQ, 1, octets); /* impossible: the boundary is lost */
	feed(octets, sizeof(octets));
	CU_ASSERT(b.n == 1 && is_message(0, CTRL_SCCRQ, 12, CTRL_BAD, CTRL_BAD_LENGTH));
	CU_ASSERT(b.s.lost && b.s.searching);
	end(true);
	CU_ASSERT(b.n == 2 && is_skipped(1, 388));
}

/* An unknown type with an impossible Length has no extent at all. */
static void test_no_extent(void)
{
	static const unsigned length[] = { 0, 11, 1025, 65535 };
	uint8_t octets[2 * CTRL_MAX];

	for (size_t i = 0; i < 4; i++) {
		memset(octets, 0, sizeof(octets));
		make_lying(CTRL_CDN, length[i], octets);
		octets[9] = 44;
		make(CTRL_SLI, octets + 60);
		start();
		feed(octets, 84);
		CU_ASSERT_EQUAL(b.n, 3);
		CU_ASSERT(is_message(0, 44, 12, CTRL_BAD, CTRL_BAD_TYPE | CTRL_BAD_LENGTH));
		CU_ASSERT(b.told[0].lost);
		CU_ASSERT(is_skipped(1, 48));
		CU_ASSERT(is_ok(2, CTRL_SLI) && b.told[2].resynchronised);
		end(true);
	}
}

/* Octets of a snap length: each segment is cut, each next one begins a message. */
static void test_snap_length(void)
{
	uint8_t octets[CTRL_MAX];

	start();
	for (unsigned type = CTRL_SCCRQ; type < CTRL_TYPES; type++) {
		size_t size = make(type, octets), n = size < 42 ? size : 42;

		feed(octets, n);
		if (n < size)
			gap(size - n);
		CU_ASSERT(n < size ? is_message(type - 1, type, n, CTRL_CUT, 0) : is_ok(type - 1, type));
	}
	CU_ASSERT_EQUAL(b.n, CTRL_TYPES - 1);
	end(true);
}

/* A gap ends a stretch; what was kept for the search is not lost to the count. */
static void test_gap_while_searching(void)
{
	uint8_t octets[CTRL_MAX];

	start();
	ctrl_stream_midstream(&b.s);
	make(CTRL_SCCRQ, octets);
	feed(octets + 100, 56);
	feed_frame(octets, 9, 2, false);
	CU_ASSERT_EQUAL(b.n, 0);
	gap(5);
	CU_ASSERT(b.n == 1 && is_skipped(0, 65));
	gap(6);
	CU_ASSERT_EQUAL(b.n, 1);
	feed(octets, 156);
	CU_ASSERT(b.n == 2 && is_ok(1, CTRL_SCCRQ) && b.told[1].position == 76);
	end(true);
}

/* Much garbage by single octets, and in one piece: counted whole, held never. */
static void test_much_garbage(void)
{
	static uint8_t octets[1 << 16];

	for (size_t step = 1; step <= sizeof(octets); step = step == 1 ? sizeof(octets) : step + 1) {
		start();
		for (size_t i = 0; i < sizeof(octets); i++)
			octets[i] = i % 2 ? 0x2b : 0x1a;
		for (size_t i = 0; i < sizeof(octets); i += step)
			feed(octets + i, step);
		CU_ASSERT_EQUAL(b.n, 1);
		end(true);
		CU_ASSERT(b.n == 2 && is_skipped(1, sizeof(octets) - 12));
	}
}

void suite_ctrl_stream(void)
{
	CU_pSuite s = CU_add_suite("ctrl_stream", NULL, NULL);

	CU_add_test(s, "fifteen messages split in two at every octet", test_split_everywhere);
	CU_add_test(s, "single octets, one each, all in one", test_single_octets);
	CU_add_test(s, "random splits", test_random_splits);
	CU_add_test(s, "frames out of order", test_frames_out_of_order);
	CU_add_test(s, "end within a message", test_end_within);
	CU_add_test(s, "gap within a message", test_gap_within);
	CU_add_test(s, "gap between messages", test_gap_between);
	CU_add_test(s, "midstream start", test_midstream);
	CU_add_test(s, "midstream start, split", test_midstream_split);
	CU_add_test(s, "the search invents nothing", test_search_is_strict);
	CU_add_test(s, "garbage", test_garbage);
	CU_add_test(s, "garbage between messages", test_garbage_between);
	CU_add_test(s, "wrong cookie", test_wrong_cookie);
	CU_add_test(s, "wrong cookie and Length", test_wrong_cookie_and_length);
	CU_add_test(s, "wrong cookie in two segments", test_wrong_cookie_at_end);
	CU_add_test(s, "garbage that begins like a message", test_false_start);
	CU_add_test(s, "nothing fed", test_nothing);
	CU_add_test(s, "unknown type", test_unknown_type);
	CU_add_test(s, "wrong PPTP Message Type", test_wrong_message_type);
	CU_add_test(s, "a Length that lies", test_lying_length);
	CU_add_test(s, "a lie swallows nothing", test_lie_swallows_nothing);
	CU_add_test(s, "cut short by the next message", test_cut_short);
	CU_add_test(s, "a header within a text", test_header_within_text);
	CU_add_test(s, "a lie that nothing settles", test_lie_unconfirmed);
	CU_add_test(s, "no extent at all", test_no_extent);
	CU_add_test(s, "snap length", test_snap_length);
	CU_add_test(s, "gap while searching", test_gap_while_searching);
	CU_add_test(s, "much garbage", test_much_garbage);
}
