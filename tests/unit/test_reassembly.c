/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The normalising feeder: what libnids alone would lose, mix up or never tell.
 *
 * Events are written down as words and compared as text, one word each:
 *   open:c1        first segment, from the client, frame 1          synack:s2
 *   c4@0=hello     octets at stream position 0 that began a segment  c4@2~llo  (did not begin one)
 *   gap:c7@5+3     3 octets at position 5 are lost                   cut:c7@5+3
 *   again:c8@0+5   came before          ack:s8@5   acknowledged 5 octets, and nothing else
 *   fin:c9   rst:s9   end:fin
 * A second connection's words begin with its number: 2/open:c5.
 */
#include "analyzer/reassembly.h"
#include "tests/unit/main.h"

#include <CUnit/CUnit.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { C = FROM_CLIENT, S = FROM_SERVER, SYN = TCP_SYN, ACK = TCP_ACK, FIN = TCP_FIN, RST = TCP_RST };
enum { ISN_C = 1000, ISN_S = 5000 };

static const int64_t ms = 1000000, second = 1000000000;

static struct {
	struct reassembly *r;
	uint64_t frame;
	int64_t now;
	struct datagram d;	/* from the client */
	uint16_t port;		/* of the client */
	unsigned hint;		/* server_hint of the server's segments: 1; else 0 */
	enum tcp_checksum checksum;
	uint32_t cut;		/* octets of payload to be cut off */
	bool quiet;		/* do not write down */
	bool tell_acks;
	char log[8192];
	size_t len;
} fx;

static void say(const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(fx.log + fx.len, sizeof(fx.log) - fx.len, format, args);
	va_end(args);
	if (n > 0 && fx.len + (size_t)n < sizeof(fx.log))
		fx.len += (size_t)n;
}

static void say_event(const struct conn_info *c, const struct segment *s)
{
	static const char *const ends[] = { "fin", "rst", "idle", "reused", "evicted", "capture" };
	char from = s->from == C ? 'c' : 's';

	say(fx.len ? " " : "");
	if (c->id > 1)
		say("%" PRIu64 "/", c->id);
	switch (s->kind) {
	case SEGMENT_OPEN: say("open:%c%" PRIu64, from, s->frame); break;
	case SEGMENT_SYNACK: say("synack:%c%" PRIu64, from, s->frame); break;
	case SEGMENT_DATA:
		say("%c%" PRIu64 "@%" PRIu64 "%c%.*s", from, s->frame, s->position,
		    s->segment_start ? '=' : '~', (int)s->len, (const char *)s->octets);
		break;
	case SEGMENT_GAP:
		say("%s:%c%" PRIu64 "@%" PRIu64 "+%zu", s->cut ? "cut" : "gap", from, s->frame, s->position,
		    s->len);
		break;
	case SEGMENT_FIN: say("fin:%c%" PRIu64, from, s->frame); break;
	case SEGMENT_RST: say("rst:%c%" PRIu64, from, s->frame); break;
	case SEGMENT_RETRANSMIT:
		say("again:%c%" PRIu64 "@%" PRIu64 "+%zu", from, s->frame, s->position, s->len);
		break;
	case SEGMENT_ACK: say("ack:%c%" PRIu64 "@%" PRIu64, from, s->frame, s->peer_acked); break;
	case SEGMENT_END: say("end:%s", ends[s->end]); break;
	}
}

static void on_segment(void *ctx, struct conn_info *c, const struct segment *s)
{
	(void)ctx;
	c->tell_acks = fx.tell_acks;
	if (!fx.quiet)
		say_event(c, s);
}

static void v4(struct ip_addr *a, uint32_t address)
{
	*a = (struct ip_addr){ { [10] = 0xff, [11] = 0xff, [12] = (uint8_t)(address >> 24),
				 [13] = (uint8_t)(address >> 16), [14] = (uint8_t)(address >> 8),
				 [15] = (uint8_t)address } };
}

static void start_with(const struct reassembly_limits *limits, segment_fn *fn, void *ctx)
{
	char err[128] = "";

	memset(&fx, 0, sizeof(fx));
	fx.d.version = 4;
	fx.d.protocol = IP_PROTO_TCP;
	v4(&fx.d.src, 0x0a000001);
	v4(&fx.d.dst, 0x0a000002);
	fx.port = 40000;
	fx.now = 1000 * second;
	fx.hint = 1;
	fx.r = reassembly_new(limits, fn, ctx, err, sizeof(err));
	CU_ASSERT_PTR_NOT_NULL_FATAL(fx.r);
}

static void start(void)
{
	start_with(&reassembly_default_limits, on_segment, NULL);
}

/* The words since the last call are these. */
static void expect_at(const char *file, unsigned line, const char *words)
{
	static char message[12000];
	bool same = strcmp(fx.log, words) == 0;

	snprintf(message, sizeof(message), "%s; is: %s", words, fx.log);
	CU_assertImplementation(same, line, message, file, "", CU_FALSE);
	fx.len = 0;
	fx.log[0] = 0;
}
#define EXPECT(words) expect_at(__FILE__, __LINE__, words)

static void stop(void)
{
	reassembly_finish(fx.r);
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->live, 0);
	reassembly_free(fx.r);
	fx.r = NULL;
}

/* Whether the segment is taken for one of a connection. */
static bool feed(const struct datagram *d, const struct tcp_segment *t, uint64_t frame, unsigned hint,
		 bool create)
{
	struct reassembly_place at = reassembly_look(fx.r, d, t->src_port, t->dst_port, fx.now);

	return reassembly_feed(fx.r, at, d, t, frame, hint, create) != UNSEEN_OTHER_TCP;
}

static bool send_len(unsigned from, unsigned flags, uint32_t seq, uint32_t ack, const void *octets,
		     uint32_t len)
{
	struct datagram d = fx.d;
	struct tcp_segment t = {
		.src_port = from == C ? fx.port : 1723,
		.dst_port = from == C ? 1723 : fx.port,
		.seq = seq,
		.ack = ack,
		.flags = (uint8_t)flags,
		.window = 65535,
		.payload = octets,
		.caplen = len - fx.cut,
		.len = len,
		.checksum = fx.checksum,
	};

	if (from == S) {
		d.src = fx.d.dst;
		d.dst = fx.d.src;
	}
	fx.frame++;
	fx.now += ms;
	return feed(&d, &t, fx.frame, !fx.hint ? 0 : from == S ? 1 : 2, true);
}

/* Sends text; sequence numbers are counted from the first octet after the SYN. */
static bool put(unsigned from, uint32_t seq, uint32_t ack, const char *text)
{
	return send_len(from, ACK, (from == C ? ISN_C : ISN_S) + 1 + seq,
			(from == C ? ISN_S : ISN_C) + 1 + ack, text, (uint32_t)strlen(text));
}

static void flags(unsigned from, unsigned f, uint32_t seq, uint32_t ack)
{
	send_len(from, f, (from == C ? ISN_C : ISN_S) + 1 + seq, (from == C ? ISN_S : ISN_C) + 1 + ack, NULL,
		 0);
}

static void handshake(void)
{
	send_len(C, SYN, ISN_C, 0, NULL, 0);
	send_len(S, SYN | ACK, ISN_S, ISN_C + 1, NULL, 0);
	flags(C, ACK, 0, 0);
}

/* A connection with its handshake, told already. */
static void start_open(void)
{
	start();
	handshake();
	EXPECT("open:c1 synack:s2");
}

static void tick(int64_t later)
{
	fx.now += later;
	reassembly_tick(fx.r, fx.now);
}

static const struct conn_info *info(void)
{
	const struct conn_info *c = reassembly_find(fx.r, fx.d.context, &fx.d.src, fx.port, &fx.d.dst, 1723);

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	return c;
}

/* --- how connections begin ----------------------------------------------------------------- */

static void in_order(void)
{
	start_open();
	CU_ASSERT_TRUE(info()->established && info()->direction_certain && !info()->midstream);
	put(C, 0, 0, "hello");
	put(S, 0, 5, "ok");
	put(C, 5, 2, "bye");
	EXPECT("c4@0=hello s5@0=ok c6@5=bye");
	CU_ASSERT_TRUE(info()->seen[0] && info()->seen[1]);
	CU_ASSERT_EQUAL(info()->segments[C], 4);
	CU_ASSERT_EQUAL(info()->segments[S], 2);
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->octets, 10);
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->segments, 6);
	stop();
	EXPECT("end:capture");
}

static void midstream_from_client(void)
{
	start();
	put(C, 100, 200, "hello");
	put(S, 200, 105, "ok");
	put(C, 105, 202, "bye");
	EXPECT("open:c1 c1@0=hello s2@0=ok c3@5=bye");
	CU_ASSERT_TRUE(info()->midstream && !info()->direction_certain && !info()->syn);
	CU_ASSERT_EQUAL(info()->port[S], 1723);
	stop();
}

static void midstream_from_server(void)
{
	start();
	put(S, 200, 100, "ok");
	put(C, 100, 202, "bye");
	EXPECT("open:s1 s1@0=ok c2@0=bye");
	CU_ASSERT_EQUAL(info()->port[S], 1723);
	stop();
}

/* The peer's acknowledgment tells where its stream goes on: what was lost at once is a gap. */
static void midstream_first_lost(void)
{
	start();
	put(S, 200, 100, "ok");
	put(C, 103, 202, "bye");
	put(S, 202, 106, "a");
	put(C, 106, 203, "b");
	flags(S, ACK, 203, 107);
	flags(S, ACK, 203, 107);
	EXPECT("open:s1 s1@0=ok s3@2=a gap:c2@0+3 c2@3=bye c4@6=b");
	stop();
}

static void direction_without_hint(void)
{
	start();
	fx.hint = 0;
	put(S, 0, 0, "x");
	EXPECT("open:c1 c1@0=x");
	CU_ASSERT_EQUAL(info()->port[C], 1723);
	stop();
}

static void nothing_to_begin_with(void)
{
	start();
	CU_ASSERT_FALSE(send_len(C, ACK, 5, 5, NULL, 0));
	CU_ASSERT_FALSE(send_len(S, FIN | ACK, 5, 5, NULL, 0));
	CU_ASSERT_FALSE(send_len(S, RST | ACK, 5, 5, "x", 1));
	EXPECT("");
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->connections, 0);
	stop();
}

static void unknown_not_created(void)
{
	struct tcp_segment t = { .src_port = 1, .dst_port = 2, .flags = SYN };

	start();
	CU_ASSERT_FALSE(feed(&fx.d, &t, 1, 0, false));
	CU_ASSERT_PTR_NULL(reassembly_find(fx.r, 0, &fx.d.src, 1, &fx.d.dst, 2));
	CU_ASSERT_TRUE(feed(&fx.d, &t, 1, 0, true));
	CU_ASSERT_TRUE(feed(&fx.d, &t, 2, 0, false));
	CU_ASSERT_PTR_NOT_NULL(reassembly_find(fx.r, 0, &fx.d.dst, 2, &fx.d.src, 1));
	CU_ASSERT_PTR_NULL(reassembly_find(fx.r, 7, &fx.d.dst, 2, &fx.d.src, 1));
	stop();
}

static void syn_lost(void)
{
	start();
	send_len(S, SYN | ACK, ISN_S, ISN_C + 1, NULL, 0);
	flags(C, ACK, 0, 0);
	put(C, 0, 0, "hello");
	put(S, 0, 5, "ok");
	EXPECT("open:s1 synack:s1 c3@0=hello s4@0=ok");
	CU_ASSERT_TRUE(!info()->syn && info()->synack && info()->direction_certain && !info()->midstream);
	stop();
}

static void synack_lost(void)
{
	start();
	send_len(C, SYN, ISN_C, 0, NULL, 0);
	flags(C, ACK, 0, 0);
	put(C, 0, 0, "hello");
	put(S, 0, 5, "ok");
	EXPECT("open:c1 c3@0=hello s4@0=ok");
	stop();
}

static void third_ack_lost(void)
{
	start();
	send_len(C, SYN, ISN_C, 0, NULL, 0);
	send_len(S, SYN | ACK, ISN_S, ISN_C + 1, NULL, 0);
	put(C, 0, 0, "hello");
	EXPECT("open:c1 synack:s2 c3@0=hello");
	stop();
}

/* The ACK and the first message are lost: both sides show it soon. */
static void first_message_lost(void)
{
	start();
	send_len(C, SYN, ISN_C, 0, NULL, 0);
	send_len(S, SYN | ACK, ISN_S, ISN_C + 1, NULL, 0);
	put(S, 0, 5, "ok");
	EXPECT("open:c1 synack:s2 s3@0=ok");
	put(C, 5, 2, "bye");
	put(S, 2, 8, "1");
	put(C, 8, 3, "2");
	put(S, 3, 9, "3");
	EXPECT("s5@2=1 s7@3=3 gap:c4@0+5 c4@5=bye c6@8=2");
	CU_ASSERT_EQUAL(info()->lost_octets[C], 5);
	stop();
}

static void server_before_ack(void)
{
	start();
	send_len(C, SYN, ISN_C, 0, NULL, 0);
	send_len(S, SYN | ACK, ISN_S, ISN_C + 1, NULL, 0);
	put(S, 0, 0, "early");
	flags(C, ACK, 0, 0);
	put(C, 0, 5, "hello");
	EXPECT("open:c1 synack:s2 s3@0=early c5@0=hello");
	stop();
}

static void handshake_shuffled(void)
{
	start();
	put(C, 0, 0, "hello");
	send_len(S, SYN | ACK, ISN_S, ISN_C + 1, NULL, 0);
	send_len(C, SYN, ISN_C, 0, NULL, 0);
	put(S, 0, 5, "ok");
	EXPECT("open:c1 c1@0=hello synack:s2 s4@0=ok");
	CU_ASSERT_TRUE(!info()->midstream && info()->syn && info()->synack);
	stop();
}

static void one_direction(unsigned from)
{
	start();
	send_len(from, from == C ? SYN : SYN | ACK, from == C ? ISN_C : ISN_S, from == C ? 0 : ISN_C + 1,
		 NULL, 0);
	put(from, 0, 0, "hello");
	put(from, 5, 20, "again");
	CU_ASSERT_FALSE(info()->seen[!from]);
	stop();
}

static void client_only(void)
{
	one_direction(C);
	EXPECT("open:c1 c2@0=hello c3@5=again end:capture");
}

static void server_only(void)
{
	one_direction(S);
	EXPECT("open:s1 synack:s1 s2@0=hello s3@5=again end:capture");
}

static void syn_with_new_number(void)
{
	start();
	send_len(C, SYN, 77, 0, NULL, 0);
	send_len(C, SYN, ISN_C, 0, NULL, 0);
	send_len(S, SYN | ACK, ISN_S, ISN_C + 1, NULL, 0);
	put(C, 0, 0, "hello");
	EXPECT("open:c1 end:reused 2/open:c2 2/synack:s3 2/c4@0=hello");
	stop();
}

static void syn_repeated(void)
{
	start();
	send_len(C, SYN, ISN_C, 0, NULL, 0);
	send_len(C, SYN, ISN_C, 0, NULL, 0);
	handshake();
	put(C, 0, 0, "hello");
	send_len(C, SYN, ISN_C, 0, NULL, 0);
	put(C, 5, 0, "bye");
	EXPECT("open:c1 synack:s4 c6@0=hello c8@5=bye");
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->connections, 1);
	stop();
}

static void syn_with_data(void)
{
	start();
	send_len(C, SYN, ISN_C, 0, "early", 5);
	send_len(S, SYN | ACK, ISN_S, ISN_C + 6, "ok", 2);
	put(C, 5, 2, "bye");
	EXPECT("open:c1 c1@0=early synack:s2 s2@0=ok c3@5=bye");
	stop();
}

static void simultaneous_open(void)
{
	start();
	send_len(C, SYN, ISN_C, 0, NULL, 0);
	send_len(S, SYN, ISN_S, 0, NULL, 0);
	send_len(C, SYN | ACK, ISN_C, ISN_S + 1, NULL, 0);
	send_len(S, SYN | ACK, ISN_S, ISN_C + 1, NULL, 0);
	put(C, 0, 0, "hello");
	put(S, 0, 5, "ok");
	EXPECT("open:c1 synack:s4 c5@0=hello s6@0=ok");
	stop();
}

/* --- holes --------------------------------------------------------------------------------- */

static void reordered(void)
{
	start_open();
	put(C, 5, 0, "bb");
	put(C, 7, 0, "cc");
	EXPECT("");
	put(C, 0, 0, "aaaaa");
	/* frame, time and start are of the segment that carried them */
	EXPECT("c6@0=aaaaa c4@5=bb c5@7=cc");
	stop();
	EXPECT("end:capture");
}

static void lost_by_packets(void)
{
	start_open();
	put(C, 0, 0, "aa");
	put(C, 5, 0, "cc");	/* 3 octets lost by the capture */
	put(S, 0, 7, "1");	/* proof: the server has them */
	EXPECT("c4@0=aa s6@0=1");
	put(S, 1, 7, "2");
	flags(C, ACK, 7, 2);
	EXPECT("s7@1=2");
	flags(S, ACK, 2, 7);
	EXPECT("gap:c5@2+3 c5@5=cc");
	put(C, 2, 0, "bbb"); /* late copy: neither delivered nor a repetition */
	EXPECT("");
	CU_ASSERT_EQUAL(info()->retransmitted[C], 0);
	CU_ASSERT_EQUAL(info()->lost_octets[C], 3);
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->gaps, 1);
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->gap_octets, 3);
	stop();
}

static void lost_by_time(void)
{
	start_open();
	put(C, 3, 0, "cc");
	flags(S, ACK, 0, 5);
	tick(190 * ms);
	EXPECT("");
	tick(60 * ms);
	EXPECT("gap:c4@0+3 c4@3=cc");
	stop();
}

/* A tap that merges two directions shows the acknowledgment before the octets. */
static void late_within_grace(void)
{
	start_open();
	flags(S, ACK, 0, 5);
	put(C, 5, 0, "bb");
	put(C, 0, 0, "aaaaa");
	EXPECT("c6@0=aaaaa c5@5=bb");
	stop();
	EXPECT("end:capture");
}

/* Lost on the way, not by the capture: the sender repeats it, and nothing may be declared before. */
static void lost_on_the_way(void)
{
	start_open();
	for (unsigned i = 0; i < 20; i++) {
		put(C, 5 + i, 0, "b");
		flags(S, ACK, 0, 0);
	}
	tick(15 * second);
	EXPECT("");
	fx.quiet = true;
	put(C, 0, 0, "aaaaa");
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->octets, 25);
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->gaps, 0);
	stop();
}

/* Every hole has its own grace: what fills one starts that of the next. */
static void grace_starts_again(void)
{
	start_open();
	put(C, 2, 0, "bb");
	put(C, 6, 0, "dd");
	flags(S, ACK, 0, 8);
	flags(S, ACK, 0, 8);
	put(C, 0, 0, "aa");
	flags(S, ACK, 0, 8);
	EXPECT("c8@0=aa c4@2=bb");
	put(C, 4, 0, "cc");
	EXPECT("c10@4=cc c5@6=dd");
	stop();
}

/* Nothing comes behind the lost octets: the sender's own number and the acknowledgment tell. */
static void lost_at_the_tail(void)
{
	start_open();
	flags(S, ACK, 0, 5);
	EXPECT("");
	flags(C, ACK, 5, 0);
	tick(300 * ms);
	EXPECT("gap:c5@0+5");
	put(C, 5, 0, "x");
	EXPECT("c6@5=x");
	stop();
}

static void two_holes(void)
{
	start_open();
	put(C, 2, 0, "bb");
	put(C, 6, 0, "dd");
	put(C, 9, 0, "ee");
	flags(S, ACK, 0, 11);
	flags(C, ACK, 11, 0);
	flags(C, ACK, 11, 0);
	EXPECT("");
	flags(S, ACK, 0, 11);
	EXPECT("gap:c4@0+2 c4@2=bb gap:c5@4+2 c5@6=dd gap:c6@8+1 c6@9=ee");
	stop();
}

/* Of two holes only the first is proven. */
static void one_of_two_holes(void)
{
	start_open();
	put(C, 2, 0, "bb");
	put(C, 6, 0, "dd");
	flags(S, ACK, 0, 4);
	tick(300 * ms);
	EXPECT("gap:c4@0+2 c4@2=bb");
	put(C, 4, 0, "cc");
	EXPECT("c7@4=cc c5@6=dd");
	stop();
}

static void hole_in_both_directions(void)
{
	start_open();
	put(C, 2, 0, "bb");
	put(S, 3, 4, "yy");
	flags(C, ACK, 4, 5);
	tick(300 * ms);
	EXPECT("gap:c4@0+2 c4@2=bb gap:s5@0+3 s5@3=yy");
	stop();
}

static void one_sided_by_time(void)
{
	start();
	send_len(C, SYN, ISN_C, 0, NULL, 0);
	put(C, 3, 0, "cc");
	tick(900 * ms);
	EXPECT("open:c1");
	tick(200 * ms);
	EXPECT("gap:c2@0+3 c2@3=cc");
	stop();
}

static void one_sided_by_count(void)
{
	char octet[2] = "a";

	start();
	send_len(C, SYN, ISN_C, 0, NULL, 0);
	EXPECT("open:c1");
	for (unsigned i = 0; i < 15; i++, octet[0]++)
		put(C, 3 + i, 0, octet);
	EXPECT("");
	put(C, 18, 0, octet);
	EXPECT("gap:c2@0+3 c2@3=a c3@4=b c4@5=c c5@6=d c6@7=e c7@8=f c8@9=g c9@10=h c10@11=i c11@12=j "
	       "c12@13=k "
	       "c13@14=l c14@15=m c15@16=n c16@17=o c17@18=p");
	stop();
}

/* Both sides were in the capture once, then one of them is not any more. */
static void becomes_one_sided(void)
{
	start_open();
	put(C, 0, 0, "aa");
	put(S, 0, 2, "1");
	put(C, 5, 1, "cc");
	EXPECT("c4@0=aa s5@0=1");
	tick(9 * second);
	EXPECT("");
	tick(2 * second);
	EXPECT("gap:c6@2+3 c6@5=cc");
	stop();
}

static void fin_behind_hole(void)
{
	start_open();
	put(C, 0, 0, "aa");
	send_len(C, FIN | ACK, ISN_C + 1 + 5, ISN_S + 1, NULL, 0);
	EXPECT("c4@0=aa");
	send_len(S, FIN | ACK, ISN_S + 1, ISN_C + 1 + 6, NULL, 0);
	EXPECT("fin:s6");
	flags(C, ACK, 6, 1);
	tick(300 * ms);
	/* the proof of the loss is in frame 6 */
	EXPECT("gap:c6@2+3 fin:c5");
	tick(11 * second);
	EXPECT("end:fin");
	stop();
	EXPECT("");
}

/* The peer goes on, but never acknowledges: who has ended repeats soon, or never. */
static void fin_behind_hole_unproven(void)
{
	start_open();
	send_len(C, FIN | ACK, ISN_C + 1 + 5, ISN_S + 1, NULL, 0);
	put(S, 0, 0, "a");
	tick(9 * second);
	put(S, 1, 0, "b");
	EXPECT("s5@0=a s6@1=b");
	tick(2 * second);
	EXPECT("gap:c4@0+5 fin:c4");
	stop();
}

static void fin_before_its_data(void)
{
	start_open();
	send_len(C, FIN | ACK, ISN_C + 1 + 5, ISN_S + 1, NULL, 0);
	put(C, 2, 0, "bbb");
	put(C, 0, 0, "aa");
	EXPECT("c6@0=aa c5@2=bbb fin:c4");
	stop();
}

static void data_beyond_fin(void)
{
	start_open();
	put(C, 4, 0, "dd"); /* waits, then the end turns out to be before it */
	put(S, 2, 0, "zz");
	send_len(C, FIN | ACK, ISN_C + 1 + 2, ISN_S + 1, NULL, 0);
	put(C, 0, 0, "aabb");
	put(S, 0, 2, "yy");
	put(C, 2, 4, "more");
	/* the other direction goes on waiting, and loses nothing */
	EXPECT("c7@0=aa fin:c6 s8@0=yy s5@2=zz");
	stop();
	EXPECT("end:capture");
}

/* The same while all holes are looked at, of which the other direction's is the next. */
static void data_beyond_fin_by_time(void)
{
	start_open();
	put(C, 4, 0, "dd");
	put(S, 2, 0, "zz");
	send_len(C, FIN | ACK, ISN_C + 1 + 2, ISN_S + 1, NULL, 0);
	flags(S, ACK, 4, 3);
	tick(300 * ms);
	EXPECT("gap:c7@0+2 fin:c6");
	put(S, 0, 2, "yy");
	EXPECT("s8@0=yy s5@2=zz");
	stop();
}

static void fin_repeated(void)
{
	start_open();
	put(C, 0, 0, "aa");
	for (unsigned i = 0; i < 3; i++)
		send_len(C, FIN | ACK, ISN_C + 1 + 2, ISN_S + 1, NULL, 0);
	put(S, 0, 3, "ok");
	put(C, 2, 2, "no");
	EXPECT("c4@0=aa fin:c5 s8@0=ok");
	stop();
}

/* The RST finds that both had already ended. */
static void reset_behind_both_fins(void)
{
	start_open();
	send_len(C, FIN | ACK, ISN_C + 1 + 2, ISN_S + 1, NULL, 0);
	send_len(S, FIN | ACK, ISN_S + 1 + 2, ISN_C + 1, NULL, 0);
	send_len(C, RST | ACK, ISN_C + 1 + 3, ISN_S + 1 + 3, NULL, 0);
	EXPECT("gap:c4@0+2 fin:c4 gap:s5@0+2 fin:s5");
	stop();
	EXPECT("end:fin");
}

static void queue_limit(void)
{
	static const char big[2000];
	struct reassembly_limits limits = reassembly_default_limits;

	limits.max_queued = 100;
	start_with(&limits, on_segment, NULL);
	send_len(C, SYN, ISN_C, 0, NULL, 0);
	for (unsigned i = 0; i < 10; i++)
		put(C, 5 + 10 * i, 0, "0123456789");
	EXPECT("open:c1");
	put(C, 105, 0, "x");
	EXPECT("gap:c12@0+5 c2@5=0123456789 c3@15=0123456789 c4@25=0123456789 c5@35=0123456789 "
	       "c6@45=0123456789 "
	       "c7@55=0123456789 c8@65=0123456789 c9@75=0123456789 c10@85=0123456789 c11@95=0123456789 "
	       "c12@105=x");
	fx.quiet = true;
	send_len(C, ACK, ISN_C + 1 + 110, ISN_S + 1, big,
		 sizeof(big)); /* never fits: the gap is declared at once */
	CU_ASSERT_EQUAL(info()->lost_octets[C], 9);
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->octets, 101 + sizeof(big));
	stop();
}

/* The queue of libnids counts overhead too; it must never throw away what we think it has. */
static void many_small_queued(void)
{
	start();
	send_len(C, SYN, ISN_C, 0, NULL, 0);
	send_len(S, SYN | ACK, ISN_S, ISN_C + 1, NULL, 0);
	fx.quiet = true;
	for (unsigned i = 0; i < 5000; i++) {
		put(C, 1 + i, 0, "x");
		flags(S, ACK, 0, 0);
	}
	reassembly_finish(fx.r);
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->octets, 5000);
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->gap_octets, 1);
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->gaps, 1);
	stop();
}

/* A hole larger than what libnids takes at once is still told as one. */
static void large_hole(void)
{
	start_open();
	put(C, 50000, 0, "x");
	flags(S, ACK, 0, 50001);
	tick(300 * ms);
	EXPECT("gap:c4@0+50000 c4@50000=x");
	stop();
}

static void capture_pauses(void)
{
	start_open();
	put(C, 0, 0, "a");
	put(C, 200000, 0, "b"); /* alone it proves nothing */
	EXPECT("c4@0=a");
	flags(S, ACK, 0, 200001);
	EXPECT("gap:c6@1+200000");
	put(C, 200001, 0, "c");
	EXPECT("c7@200001=c");
	stop();
}

static void capture_pauses_one_sided(void)
{
	start();
	put(C, 0, 0, "a");
	put(C, 200000, 0, "b");
	put(C, 200001, 0, "c");
	put(C, 200002, 0, "d");
	EXPECT("open:c1 c1@0=a gap:c3@1+200000 c3@200001=c c4@200002=d");
	stop();
}

/* --- repetitions and overlaps -------------------------------------------------------------- */

static void repeated(void)
{
	start_open();
	put(C, 0, 0, "hello");
	put(C, 0, 0, "hello");
	put(C, 2, 0, "llo");
	EXPECT("c4@0=hello again:c5@0+5 again:c6@2+3");
	CU_ASSERT_EQUAL(info()->retransmitted[C], 2);
	stop();
}

static void repeated_while_waiting(void)
{
	start_open();
	put(C, 2, 0, "llo");
	put(C, 2, 0, "llo");
	put(C, 0, 0, "he");
	EXPECT("again:c5@2+3 c6@0=he c4@2=llo");
	CU_ASSERT_EQUAL(info()->retransmitted[C], 1);
	stop();
}

static void repeated_with_more(void)
{
	start_open();
	put(C, 0, 0, "hello");
	put(C, 2, 0, "llo world");
	EXPECT("c4@0=hello c5@5~ world again:c5@2+3");
	CU_ASSERT_EQUAL(info()->retransmitted[C], 0);
	stop();
}

/* The first copy wins, and every octet is told with the frame that brought it. */
static void overlaps(void)
{
	start_open();
	put(C, 2, 0, "CD");
	put(C, 6, 0, "GH");
	put(C, 0, 0, "abcdefghij");
	EXPECT("c6@0=ab c4@2=CD c6@4~ef c5@6=GH c6@8~ij again:c6@0+4");
	stop();
}

static void keepalive(void)
{
	start_open();
	put(C, 0, 0, "hello");
	flags(S, ACK, 0, 5);
	put(C, 4, 0, "?"); /* the octet before the next one, garbage */
	put(C, 4, 0, "");
	put(C, 5, 0, "x");
	EXPECT("c4@0=hello c8@5=x");
	CU_ASSERT_EQUAL(info()->retransmitted[C], 0);
	stop();
}

static void urgent(void)
{
	start_open();
	send_len(C, ACK | TCP_URG, ISN_C + 1, ISN_S + 1, "hello", 5);
	send_len(C, ACK | TCP_URG | TCP_PSH, ISN_C + 6, ISN_S + 1, "bye", 3);
	EXPECT("c4@0=hello c5@5=bye");
	stop();
}

static void sequence_wraps(void)
{
	uint32_t isn = UINT32_MAX - 3;

	start();
	send_len(C, SYN, isn, 0, NULL, 0);
	send_len(S, SYN | ACK, UINT32_MAX, isn + 1, NULL, 0);
	send_len(S, ACK, 0, isn + 1, "ok", 2);
	send_len(C, ACK, isn + 1 + 6, 2, "gh", 2);
	send_len(C, ACK, isn + 1, 2, "abcdef", 6);
	EXPECT("open:c1 synack:s2 s3@0=ok c5@0=abcdef c4@6=gh");
	stop();
}

/* --- what is not believed ------------------------------------------------------------------- */

static void bogus_ack(void)
{
	start_open();
	put(C, 0, 0, "aa");
	flags(S, ACK, 0, 1000000);
	flags(S, ACK, 0, 0x80000000u);
	flags(C, ACK, 2, 0xfffffff0u);
	tick(5 * second);
	put(C, 2, 0, "bb");
	put(S, 0, 4, "1");
	tick(5 * second);
	EXPECT("c4@0=aa c8@2=bb s9@0=1");
	stop();
	EXPECT("end:capture");
}

/* ... nor does it make one of what is only out of order. */
static void bogus_ack_then_reordered(void)
{
	start_open();
	flags(S, ACK, 0, 1000000);
	put(C, 2, 0, "bb");
	for (unsigned i = 0; i < 10; i++)
		flags(S, ACK, 0, 0);
	tick(second);
	EXPECT("");
	put(C, 0, 0, "aa");
	EXPECT("c16@0=aa c5@2=bb");
	stop();
}

/* Near, but the sender has not gone there: no proof either. */
static void bogus_ack_near(void)
{
	start_open();
	put(C, 0, 0, "aa");
	flags(S, ACK, 0, 500);
	for (unsigned i = 0; i < 10; i++)
		flags(S, ACK, 0, 500);
	tick(20 * second);
	put(C, 2, 0, "bb");
	EXPECT("c4@0=aa c16@2=bb");
	stop();
}

static void garbage_far_off(void)
{
	uint32_t x = 12345;

	start_open();
	for (unsigned i = 0; i < 2000; i++) {
		uint32_t far;

		x = x * 1664525 + 1013904223;
		far = 0x100000 + (x >> 4); /* never near the stream */
		/* in turn: data, SYN, FIN, RST, a bare ACK, all flags; each from either side */
		static const uint8_t kinds[] = { ACK, SYN, FIN | ACK, RST, ACK, 0x3f, SYN | ACK, RST | ACK };
		uint8_t kind = kinds[x >> 8 & 7];

		send_len(x >> 16 & 1, kind, far, far ^ 0x5aa5a55a, "garbage", x >> 20 & 7);
	}
	EXPECT("");
	fx.frame = 10;
	put(C, 0, 0, "hello");
	put(S, 0, 5, "ok");
	EXPECT("c11@0=hello s12@0=ok");
	stop();
	EXPECT("end:capture");
}

static void garbage_far_off_live(void)
{
	start_open();
	put(C, 0, 0, "a");
	fx.quiet = true;
	for (uint32_t i = 1; i < 3000; i++) {
		static const uint8_t kinds[] = { ACK, SYN, FIN | ACK, RST, 0x3f, SYN | ACK, RST | ACK };

		send_len(i & 1, kinds[i % 7], 0x200000 + i * 0x123457 % 0xf0000000u, i * 0x9e3779b9u,
			 "garbage", i % 8);
	}
	fx.quiet = false;
	fx.frame = 10;
	put(C, 1, 0, "b");
	put(S, 0, 2, "ok");
	EXPECT("c4@0=a c11@1=b s12@0=ok");
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->connections, 1);
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->gaps, 0);
	stop();
}

static void reset_refused(void)
{
	start();
	send_len(C, SYN, ISN_C, 0, NULL, 0);
	send_len(S, RST, 77, 0, NULL, 0);	       /* does not acknowledge the SYN */
	send_len(S, RST | ACK, 0, 999999, NULL, 0);    /* another one */
	EXPECT("open:c1");
	CU_ASSERT_EQUAL(info()->segments[S], 2);
	send_len(S, RST | ACK, 0, ISN_C + 1, NULL, 0);
	EXPECT("rst:s4");
	/* some clients try again at once, with the same number */
	tick(500 * ms);
	send_len(C, SYN, ISN_C, 0, NULL, 0);
	send_len(S, SYN | ACK, ISN_S, ISN_C + 1, NULL, 0);
	EXPECT("end:rst 2/open:c5 2/synack:s6");
	stop();
}

static void reset_in_window(void)
{
	start_open();
	put(C, 0, 0, "aa");
	put(C, 4, 0, "cc");
	send_len(S, RST, ISN_S + 1 + 70000, 0, NULL, 0);
	EXPECT("c4@0=aa");
	send_len(S, RST, ISN_S + 1, 0, NULL, 0);
	EXPECT("gap:c5@2+2 c5@4=cc rst:s7");
	put(C, 6, 0, "dd"); /* was on its way */
	put(C, 0, 0, "aa");
	EXPECT("again:c9@0+2");
	tick(11 * second);
	EXPECT("end:rst");
	stop();
}

static void reset_was_forged(void)
{
	start_open();
	put(S, 0, 0, "ok");
	send_len(S, RST, ISN_S + 3, 0, NULL, 0);
	EXPECT("s4@0=ok rst:s5");
	put(S, 2, 0, "still here");
	EXPECT("end:rst 2/open:s6 2/s6@0=still here");
	CU_ASSERT_TRUE(info()->midstream);
	stop();
}

static void syn_forged(void)
{
	start_open();
	put(C, 0, 0, "aa");
	send_len(C, SYN, 0x77777777, 0, NULL, 0);
	flags(S, ACK, 0, 2); /* the server tells where it is */
	put(C, 2, 0, "bb");
	send_len(S, SYN | ACK, 0x33333333, 0x55555555, NULL, 0);
	put(S, 0, 4, "1");
	put(C, 4, 1, "cc");
	EXPECT("c4@0=aa c7@2=bb s9@0=1 c10@4=cc");
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->connections, 1);
	stop();
}

static void bad_checksum(void)
{
	start_open();
	fx.checksum = TCP_SUM_BAD;
	put(C, 0, 0, "damag");
	fx.checksum = TCP_SUM_GOOD;
	put(C, 0, 0, "hello");
	EXPECT("c5@0=hello");
	CU_ASSERT_EQUAL(info()->bad_checksums[C], 1);
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->bad_checksum, 1);
	stop();
}

/* A direction that shows only wrong ones is a fault of the capture, not of the wire. */
static void only_bad_checksums(void)
{
	start();
	send_len(C, SYN, ISN_C, 0, NULL, 0);
	fx.checksum = TCP_SUM_BAD;
	send_len(S, SYN | ACK, ISN_S, ISN_C + 1, NULL, 0);
	put(S, 0, 0, "hello");
	fx.checksum = TCP_SUM_GOOD;
	put(S, 5, 0, "bye");
	fx.checksum = TCP_SUM_BAD;
	put(S, 8, 0, "x");
	EXPECT("open:c1 synack:s2 s3@0=hello s4@5=bye");
	CU_ASSERT_EQUAL(info()->bad_checksums[S], 3);
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->bad_checksum, 1);
	stop();
}

static void offload(void)
{
	start_open();
	fx.checksum = TCP_SUM_OFFLOAD;
	put(C, 0, 0, "hello");
	EXPECT("c4@0=hello");
	CU_ASSERT_EQUAL(info()->offload_checksums[C], 1);
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->offload, 1);
	stop();
}

/* --- the snap length ------------------------------------------------------------------------ */

static void cut_segment(void)
{
	start_open();
	fx.cut = 3;
	put(C, 0, 0, "hello");
	fx.cut = 0;
	put(C, 5, 0, "bye");
	EXPECT("c4@0=he cut:c4@2+3 c5@5=bye");
	CU_ASSERT_EQUAL(info()->lost_octets[C], 3);
	stop();
}

static void cut_and_early(void)
{
	start_open();
	fx.cut = 3;
	put(C, 5, 0, "early");
	fx.cut = 5;
	put(C, 0, 0, "hello");
	EXPECT("cut:c5@0+5 c4@5=ea cut:c4@7+3");
	stop();
}

/* --- how connections end -------------------------------------------------------------------- */

static void closes(void)
{
	start_open();
	put(C, 0, 0, "a");
	send_len(C, FIN | ACK, ISN_C + 2, ISN_S + 1, NULL, 0);
	put(S, 0, 2, "half");
	send_len(S, FIN | ACK, ISN_S + 5, ISN_C + 3, "!", 1);
	/* the last ACK is lost, and both repeat */
	send_len(S, FIN | ACK, ISN_S + 5, ISN_C + 3, "!", 1);
	send_len(C, FIN | ACK, ISN_C + 2, ISN_S + 1, NULL, 0);
	EXPECT("c4@0=a fin:c5 s6@0=half s7@4=! fin:s7 again:s8@4+1");
	tick(9 * second);
	EXPECT("");
	tick(2 * second);
	EXPECT("end:fin");
	CU_ASSERT_FALSE(send_len(C, ACK, ISN_C + 3, ISN_S + 7, NULL, 0));
	stop();
}

static void idle_limits(void)
{
	start();
	send_len(C, SYN, ISN_C, 0, NULL, 0);
	tick(89 * second);
	EXPECT("open:c1");
	tick(2 * second);
	EXPECT("end:idle");
	fx.frame = 0;
	handshake();
	put(C, 0, 0, "a");
	tick(7199 * second);
	EXPECT("2/open:c1 2/synack:s2 2/c4@0=a");
	flags(S, ACK, 0, 1); /* keeps it alive */
	tick(7199 * second);
	EXPECT("");
	tick(2 * second);
	EXPECT("2/end:idle");
	stop();
}

/* A feed alone must not revive what is over. */
static void idle_then_data(void)
{
	start_open();
	put(C, 0, 0, "a");
	fx.now += 7201 * second;
	put(C, 1, 0, "b");
	EXPECT("c4@0=a end:idle 2/open:c5 2/c5@0=b");
	stop();
}

static void clock_goes_back(void)
{
	start_open();
	put(C, 0, 0, "a");
	fx.now -= 500 * second;
	put(C, 1, 0, "b");
	put(C, 4, 0, "d");
	flags(S, ACK, 0, 5);
	tick(300 * ms);
	EXPECT("c4@0=a c5@1=b gap:c6@2+2 c6@4=d");
	tick(7200 * second);
	EXPECT("end:idle");
	stop();
}

static void port_reused(void)
{
	start_open();
	put(C, 0, 0, "a");
	put(C, 3, 0, "c");
	send_len(C, SYN, 900000, 0, NULL, 0);
	EXPECT("c4@0=a"); /* not on the word of one segment */
	send_len(S, SYN | ACK, 800000, 900001, NULL, 0);
	EXPECT("gap:c5@1+2 c5@3=c end:reused 2/open:c6 2/synack:s7");
	send_len(C, ACK, 900001, 800001, "new", 3);
	send_len(S, ACK, 800001, 900004, "yes", 3);
	EXPECT("2/c8@0=new 2/s9@0=yes");
	CU_ASSERT_TRUE(info()->syn && info()->synack && !info()->midstream);
	CU_ASSERT_EQUAL(info()->first_frame, 6);
	stop();
}

static void port_reused_one_sided(void)
{
	start();
	send_len(C, SYN, ISN_C, 0, NULL, 0);
	put(C, 0, 0, "a");
	send_len(C, SYN, 900000, 0, NULL, 0);
	send_len(C, ACK, 900001, 800001, "new", 3);
	EXPECT("open:c1 c2@0=a end:reused 2/open:c3 2/c4@0=new");
	stop();
}

static void port_reused_refused(void)
{
	start_open();
	put(C, 0, 0, "a");
	send_len(C, SYN, 900000, 0, NULL, 0);
	send_len(S, RST | ACK, 0, 900001, NULL, 0);
	EXPECT("c4@0=a end:reused 2/open:c5 2/rst:s6");
	stop();
}

static void port_reused_unanswered(void)
{
	start_open();
	put(C, 0, 0, "a");
	send_len(C, SYN, 900000, 0, NULL, 0);
	send_len(C, SYN, 900000, 0, NULL, 0); /* a copy, at once */
	EXPECT("c4@0=a");
	tick(second);
	send_len(C, SYN, 900000, 0, NULL, 0);
	EXPECT("end:reused 2/open:c5");
	CU_ASSERT_EQUAL(info()->segments[C], 2);
	stop();
}

static void port_reused_syn_lost(void)
{
	start_open();
	put(C, 0, 0, "a");
	put(S, 0, 1, "1");
	send_len(S, SYN | ACK, 0x80000000u, 0x90000001u, NULL, 0);
	send_len(C, ACK, 0x90000001u, 0x80000001u, "new", 3);
	EXPECT("c4@0=a s5@0=1 end:reused 2/open:s6 2/synack:s6 2/c7@0=new");
	stop();
}

static void port_reused_midstream(void)
{
	start_open();
	put(C, 0, 0, "a");
	send_len(C, ACK, 0x90000001u, 0x80000001u, "new", 3);
	send_len(S, ACK, 0x80000001u, 0x90000004u, "yes", 3);
	send_len(C, ACK, 0x90000004u, 0x80000004u, "more", 4);
	EXPECT("c4@0=a end:reused 2/open:s6 2/s6@0=yes 2/c7@0=more");
	CU_ASSERT_TRUE(info()->midstream);
	stop();
}

/* A step that is too large for a pause, and one beyond the end. */
static void port_reused_far_ahead(void)
{
	start_open();
	put(C, 0, 0, "a");
	put(C, 0x10000000, 0, "b");
	flags(S, ACK, 0, 0x10000001);
	EXPECT("c4@0=a end:reused 2/open:s6");
	put(C, 0x10000001, 0, "c");
	EXPECT("2/c7@0=c");
	stop();
}

static void port_reused_beyond_fin(void)
{
	start();
	send_len(C, SYN, ISN_C, 0, NULL, 0);
	send_len(C, FIN | ACK, ISN_C + 1, ISN_S + 1, NULL, 0);
	put(C, 200000, 0, "a");
	put(C, 200001, 0, "b");
	EXPECT("open:c1 fin:c2 end:reused 2/open:c4 2/c4@0=b");
	stop();
}

static void port_reused_after_close(void)
{
	start_open();
	send_len(C, FIN | ACK, ISN_C + 1, ISN_S + 1, NULL, 0);
	send_len(S, FIN | ACK, ISN_S + 1, ISN_C + 2, NULL, 0);
	send_len(C, SYN, ISN_C, 0, NULL, 0); /* an old copy */
	EXPECT("fin:c4 fin:s5");
	send_len(C, SYN, 900000, 0, NULL, 0);
	EXPECT("end:fin 2/open:c7");
	stop();
}

/* --- limits --------------------------------------------------------------------------------- */

static uint64_t ended[8], nended, opened;
static enum conn_end ended_as[8];

static void count_ends(void *ctx, struct conn_info *c, const struct segment *s)
{
	(void)ctx;
	opened += s->kind == SEGMENT_OPEN;
	if (s->kind == SEGMENT_END) {
		if (nended < 8) {
			ended[nended] = c->id;
			ended_as[nended] = s->end;
		}
		nended++;
	}
}

static void start_counting(size_t max_connections)
{
	struct reassembly_limits limits = reassembly_default_limits;

	limits.max_connections = max_connections;
	start_with(&limits, count_ends, NULL);
	nended = opened = 0;
}

static void syn_from(unsigned i)
{
	v4(&fx.d.src, 0x0b000000 + i);
	send_len(C, SYN, ISN_C, 0, NULL, 0);
}

static void data_from(unsigned i)
{
	v4(&fx.d.src, 0x0b000000 + i);
	put(C, 0, 0, "a");
}

static void room_for_one(void)
{
	start_counting(0);
	data_from(1);
	data_from(2);
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->live, 1);
	CU_ASSERT_EQUAL(info()->id, 2);
	stop();
}

/* What is over goes first, then the least recently active. */
static void eviction_order(void)
{
	start_counting(4);
	for (unsigned i = 1; i <= 4; i++)
		data_from(i);
	send_len(C, RST, ISN_C + 2, 0, NULL, 0); /* the fourth */
	data_from(1);
	data_from(5);
	data_from(6);
	data_from(7);
	CU_ASSERT_EQUAL(nended, 3);
	CU_ASSERT_TRUE(ended[0] == 4 && ended[1] == 2 && ended[2] == 3);
	CU_ASSERT_TRUE(ended_as[0] == CONN_RST && ended_as[1] == CONN_EVICTED);
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->evicted, 2);
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->live, 4);
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->peak, 4);
	stop();
}

static void flood_of_syns(void)
{
	start_counting(1000);
	for (unsigned i = 1; i <= 800; i++)
		data_from(i);
	for (unsigned i = 1000; i < 101000; i++)
		syn_from(i);
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->live, 1000);
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->peak, 1000);
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->evicted, nended);
	for (unsigned i = 1; i <= 800; i++) {
		v4(&fx.d.src, 0x0b000000 + i);
		CU_ASSERT_EQUAL(info()->id, i);
	}
	stop();
	CU_ASSERT_EQUAL(nended, opened);
}

/* When the half-open have no more than their share, age alone counts. */
static void half_open_have_a_share(void)
{
	start_counting(80);
	for (unsigned i = 1; i <= 70; i++)
		data_from(i);
	for (unsigned i = 71; i <= 85; i++)
		syn_from(i);
	/* ten of the half-open may stay */
	v4(&fx.d.src, 0x0b000000 + 85);
	CU_ASSERT_EQUAL(info()->id, 85);
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->live, 80);
	for (unsigned i = 1; i <= 70; i++) {
		v4(&fx.d.src, 0x0b000000 + i);
		CU_ASSERT_PTR_NOT_NULL(reassembly_find(fx.r, 0, &fx.d.src, fx.port, &fx.d.dst, 1723));
	}
	data_from(85); /* becomes live */
	for (unsigned i = 86; i < 100; i++)
		syn_from(i);
	v4(&fx.d.src, 0x0b000000 + 85);
	CU_ASSERT_EQUAL(info()->id, 85);
	stop();
}

static void age_counts_below_the_share(void)
{
	start_counting(80);
	syn_from(1);
	for (unsigned i = 2; i <= 81; i++)
		data_from(i);
	syn_from(82);
	syn_from(83);
	CU_ASSERT_EQUAL(nended, 3);
	CU_ASSERT_TRUE(ended[0] == 1 && ended[1] == 2 && ended[2] == 3);
	stop();
}

/* More live streams than libnids has room for: they take turns and lose nothing. */
struct turns {
	uint64_t octets[6000];
	bool wrong;
};

static void check_turn(void *ctx, struct conn_info *c, const struct segment *s)
{
	struct turns *t = ctx;

	if (s->kind == SEGMENT_GAP || (s->kind == SEGMENT_END && s->end != CONN_CAPTURE_END))
		t->wrong = true;
	if (s->kind != SEGMENT_DATA)
		return;
	for (size_t i = 0; i < s->len; i++)
		if (s->octets[i] != (uint8_t)((s->position + i) * 7 + c->id))
			t->wrong = true;
	t->octets[c->id] += s->len;
}

static void fill_turn(uint8_t *octets, uint32_t at, unsigned len, unsigned id)
{
	for (unsigned i = 0; i < len; i++)
		octets[i] = (uint8_t)((at + i) * 7 + id);
}

static void many_live(void)
{
	static struct turns turns;
	uint8_t octets[30];

	memset(&turns, 0, sizeof(turns));
	start_with(&reassembly_default_limits, check_turn, &turns);
	for (unsigned id = 1; id <= 5500; id++) {
		v4(&fx.d.src, 0x0c000000 + id);
		handshake();
	}
	for (uint32_t round = 0; round < 4; round++) {
		for (unsigned id = 1; id <= 5500; id++) {
			uint32_t at = round * 30;

			v4(&fx.d.src, 0x0c000000 + id);
			fx.now -= ms;
			/* some have a hole for a while, and must keep their stream as long */
			if (id % 8 == 0) {
				fill_turn(octets, at + 10, 20, id);
				send_len(C, ACK, ISN_C + 1 + at + 10, ISN_S + 1, octets, 20);
			}
		}
		for (unsigned id = 1; id <= 5500; id++) {
			uint32_t at = round * 30;

			v4(&fx.d.src, 0x0c000000 + id);
			fx.now -= ms;
			fill_turn(octets, at, 30, id);
			send_len(C, ACK, ISN_C + 1 + at, ISN_S + 1, octets, id % 8 ? 30 : 10);
		}
	}
	for (unsigned id = 1; id <= 5500; id++)
		CU_ASSERT_EQUAL(turns.octets[id], 120);
	CU_ASSERT_FALSE(turns.wrong);
	stop();
	CU_ASSERT_FALSE(turns.wrong);
}

/* More holes than are kept at once: the oldest is declared lost, nothing is forgotten. */
static void many_holes(void)
{
	start_counting(100000);
	for (unsigned i = 0; i < 5000; i++) {
		v4(&fx.d.src, 0x0c000000 + i);
		handshake();
		put(C, 3, 0, "dd");
		put(S, 2, 0, "zz");
		fx.now -= 5 * ms;
	}
	reassembly_finish(fx.r);
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->octets, 20000);
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->gap_octets, 25000);
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->gaps, 10000);
	stop();
}

/* All that waits together is bounded, too. */
static void much_waits(void)
{
	static const uint8_t octets[1400];

	start_counting(100000);
	for (unsigned i = 0; i < 1000; i++) {
		v4(&fx.d.src, 0x0c000000 + i);
		handshake();
		for (unsigned n = 0; n < 40; n++) {
			send_len(C, ACK, ISN_C + 2 + n * 1400, ISN_S + 1, octets, 1400);
			flags(S, ACK, 0, 0);
			fx.now -= 2 * ms;
		}
	}
	/* 56 MB came, 16 may wait */
	CU_ASSERT_TRUE(reassembly_stats(fx.r)->octets > 38000000);
	reassembly_finish(fx.r);
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->octets, 56000000);
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->gap_octets, 1000);
	stop();
}

/* The numbers of a libnids stream are signed; long streams start again without a seam. */
static void long_stream(void)
{
	static uint8_t octets[60000];
	uint64_t sent = 0;

	start_counting(10);
	handshake();
	while (sent < 1200000000) {
		send_len(C, ACK, ISN_C + 1 + (uint32_t)sent, ISN_S + 1, octets, sizeof(octets));
		sent += sizeof(octets);
	}
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->octets, sent);
	CU_ASSERT_EQUAL(reassembly_stats(fx.r)->gaps, 0);
	stop();
}

/* --- who is who ----------------------------------------------------------------------------- */

static void two_vlans(void)
{
	start();
	fx.d.context = 100;
	handshake();
	fx.d.context = 200;
	handshake();
	put(C, 0, 0, "two");
	fx.d.context = 100;
	put(C, 0, 0, "one");
	put(C, 5, 0, "late");
	fx.d.context = 200;
	put(C, 3, 0, "2222222");
	fx.d.context = 100;
	put(C, 3, 0, "11");
	EXPECT("open:c1 synack:s2 2/open:c4 2/synack:s5 2/c7@0=two c8@0=one 2/c10@3=2222222 c11@3=11 "
	       "c9@5=late");
	stop();
	EXPECT("end:capture 2/end:capture");
}

/* So many that some share a bucket. */
static void many_vlans(void)
{
	start_counting(64);
	for (unsigned i = 0; i < 64; i++) {
		fx.d.context = i;
		put(C, 0, 0, "a");
		CU_ASSERT_EQUAL(info()->id, i + 1);
	}
	for (unsigned i = 0; i < 64; i++) {
		fx.d.context = i;
		put(C, 1, 0, "b");
		CU_ASSERT_EQUAL(info()->id, i + 1);
		CU_ASSERT_EQUAL(info()->segments[C], 2);
	}
	stop();
}

static void ipv6(void)
{
	start();
	fx.d.version = 6;
	fx.d.src = (struct ip_addr){ { 0x20, 1, 0xd, 0xb8, [15] = 1 } };
	fx.d.dst = (struct ip_addr){ { 0x20, 1, 0xd, 0xb8, [15] = 2 } };
	handshake();
	put(C, 2, 0, "llo");
	put(C, 0, 0, "he");
	put(S, 0, 5, "ok");
	EXPECT("open:c1 synack:s2 c5@0=he c4@2=llo s6@0=ok");
	stop();
}

static void same_host(void)
{
	start();
	fx.d.dst = fx.d.src;
	handshake();
	put(C, 0, 0, "hello");
	put(S, 0, 5, "ok");
	EXPECT("open:c1 synack:s2 c4@0=hello s5@0=ok");
	stop();
}

static void in_order_of_appearance(void)
{
	start_counting(100);
	for (unsigned i = 1; i <= 5; i++)
		data_from(i);
	data_from(2);
	data_from(1);
	reassembly_finish(fx.r);
	for (unsigned i = 0; i < 5; i++)
		CU_ASSERT_TRUE(ended[i] == i + 1 && ended_as[i] == CONN_CAPTURE_END);
	/* and it may go on with another capture */
	data_from(1);
	CU_ASSERT_EQUAL(info()->id, 6);
	stop();
}

static void one_at_a_time(void)
{
	char err[128] = "";

	start();
	CU_ASSERT_PTR_NULL(reassembly_new(&reassembly_default_limits, on_segment, NULL, err, sizeof(err)));
	CU_ASSERT_STRING_NOT_EQUAL(err, "");
	stop();
}

/* libnids is started once; what one reassembly left behind must not reach the next. */
static void one_after_another(void)
{
	for (unsigned i = 0; i < 50; i++) {
		start();
		handshake();
		put(C, 2, 0, "old");
		put(S, 3, 0, "old");
		put(C, 10, 0, "older");
		fx.port++;
		handshake();
		send_len(C, FIN | ACK, ISN_C + 1 + 2, ISN_S + 1, NULL, 0);
		reassembly_free(fx.r); /* not finished */
		start_open();
		put(C, 0, 0, "new news that are new");
		put(S, 0, 5, "new news");
		EXPECT("c4@0=new news that are new s5@0=new news");
		stop();
		EXPECT("end:capture");
	}
	reassembly_free(NULL);
}

static void acknowledgments_told(void)
{
	start();
	fx.tell_acks = true;
	handshake();
	put(C, 0, 0, "hello");
	flags(S, ACK, 0, 5);
	flags(S, ACK, 0, 5);	   /* nothing new */
	flags(S, ACK, 0, 3);	   /* old */
	flags(S, ACK, 0, 1000000); /* never sent */
	put(C, 5, 0, "bye");
	put(S, 0, 8, "ok"); /* not alone */
	EXPECT("open:c1 synack:s2 c4@0=hello ack:s5@5 c9@5=bye s10@0=ok");
	CU_ASSERT_EQUAL(info()->acked[S], 8);
	stop();
}

struct remembered {
	int64_t time_ns;
	uint64_t peer_acked;
};

static void remember(void *ctx, struct conn_info *c, const struct segment *s)
{
	struct remembered *m = ctx;

	(void)c;
	if (s->kind == SEGMENT_DATA)
		m[s->frame] = (struct remembered){ s->time_ns, s->peer_acked };
}

static void frame_time_and_acked(void)
{
	struct remembered m[16] = { { 0, 0 } };

	start_with(&reassembly_default_limits, remember, m);
	handshake();
	put(S, 0, 0, "four");	      /* 4 */
	put(C, 4, 4, "bbbb");	      /* 5: early */
	tick(5 * second);
	put(C, 0, 2, "aaaa");	      /* 6 */
	put(C, 8, 0xfffff000u, "c");  /* 7: acknowledges what was never sent */
	put(S, 4, 9, "more");
	put(C, 9, 100000, "d");	      /* 9: likewise */
	CU_ASSERT_EQUAL(m[5].time_ns, 1000 * second + 5 * ms);
	CU_ASSERT_EQUAL(m[6].time_ns, 1005 * second + 6 * ms);
	CU_ASSERT_EQUAL(m[5].peer_acked, 4);
	CU_ASSERT_EQUAL(m[6].peer_acked, 2);
	CU_ASSERT_EQUAL(m[7].peer_acked, 0);
	CU_ASSERT_EQUAL(m[9].peer_acked, 4); /* what was acknowledged before */
	CU_ASSERT_EQUAL(info()->acked[C], 4);
	CU_ASSERT_EQUAL(info()->acked_time[C], 1000 * second + 5 * ms);
	stop();
}

/* --- everything at once --------------------------------------------------------------------- */

enum { STREAM = 6000, FRAMES = 4000, BURST = 12 };

/* Two known streams, and what of them is in the capture. */
struct model {
	uint32_t random, isn[2];
	uint32_t sent[2], next[2]; /* positions: sent so far, delivered so far */
	bool captured[2][STREAM];
	struct {
		uint8_t from;
		uint32_t at, len;
	} frame[FRAMES];
	unsigned fins, wrong;
};

/* A segment of a burst, before the capture sees it. */
struct shot {
	uint32_t at, len;
};

static uint32_t dice(struct model *m, uint32_t sides)
{
	m->random = m->random * 1664525 + 1013904223;
	return (m->random >> 8) % sides;
}

static uint8_t octet_at(unsigned from, uint64_t position)
{
	return (uint8_t)(position * 31 + (position >> 8) + from * 101 + 7);
}

static void check_data(struct model *m, const struct segment *s)
{
	for (size_t i = 0; i < s->len; i++) {
		uint64_t at = s->position + i;

		if (at >= STREAM || !m->captured[s->from][at] || s->octets[i] != octet_at(s->from, at))
			m->wrong++;
	}
	if (s->frame >= FRAMES || m->frame[s->frame].from != s->from || s->position < m->frame[s->frame].at ||
	    s->position + s->len > m->frame[s->frame].at + m->frame[s->frame].len ||
	    s->segment_start != (s->position == m->frame[s->frame].at))
		m->wrong++;
}

static void check_gap(struct model *m, const struct segment *s)
{
	for (size_t i = 0; i < s->len; i++)
		if (s->position + i >= STREAM || m->captured[s->from][s->position + i])
			m->wrong++;
}

static void check_model(void *ctx, struct conn_info *c, const struct segment *s)
{
	struct model *m = ctx;

	(void)c;
	m->fins += s->kind == SEGMENT_FIN;
	if (s->kind != SEGMENT_DATA && s->kind != SEGMENT_GAP)
		return;
	m->wrong += s->position != m->next[s->from];
	m->next[s->from] += (uint32_t)s->len;
	if (s->kind == SEGMENT_DATA)
		check_data(m, s);
	else
		check_gap(m, s);
}

static void shoot(struct model *m, unsigned from, struct shot shot, unsigned f)
{
	uint8_t octets[STREAM];

	for (uint32_t i = 0; i < shot.len; i++) {
		octets[i] = octet_at(from, shot.at + i);
		m->captured[from][shot.at + i] = true;
	}
	m->frame[fx.frame + 1].from = (uint8_t)from;
	m->frame[fx.frame + 1].at = shot.at;
	m->frame[fx.frame + 1].len = shot.len;
	send_len(from, ACK | f, m->isn[from] + 1 + shot.at, m->isn[!from] + 1 + m->sent[!from], octets,
		 shot.len);
}

/* A few segments of one side: some are lost, some come twice or cut in other ways, in any order. */
static void burst(struct model *m, unsigned from)
{
	struct shot shots[BURST];
	uint32_t first = m->sent[from], at = first, end;
	unsigned n = 0;

	for (unsigned i = 1 + dice(m, BURST / 2); i && at < STREAM; i--) {
		uint32_t len = 1 + dice(m, 200);

		shots[n++] = (struct shot){ at, len < STREAM - at ? len : STREAM - at };
		at += shots[n - 1].len;
	}
	end = at;
	for (unsigned i = n; i-- > 0;)
		if (dice(m, 10) < 2)
			shots[i] = shots[--n];
	for (unsigned i = dice(m, 4); i && n < BURST && end > first; i--) {
		at = first + dice(m, end - first);
		shots[n++] = (struct shot){ at, 1 + dice(m, end - at) };
	}
	for (unsigned i = n; i > 1; i--) {
		unsigned other = dice(m, i);
		struct shot swap = shots[i - 1];

		shots[i - 1] = shots[other];
		shots[other] = swap;
	}
	for (unsigned i = 0; i < n; i++)
		shoot(m, from, shots[i], dice(m, 2) ? TCP_PSH : 0);
	m->sent[from] = end;
}

static void run_model(struct model *m, uint32_t seed)
{
	*m = (struct model){ .random = seed * 2654435761u };
	m->isn[C] = dice(m, 1 << 24) << 8;
	m->isn[S] = seed % 3 ? dice(m, 1 << 24) << 8 : UINT32_MAX - dice(m, STREAM);
	start_with(&reassembly_default_limits, check_model, m);
	if (seed % 4) {
		send_len(C, SYN, m->isn[C], 0, NULL, 0);
		send_len(S, SYN | ACK, m->isn[S], m->isn[C] + 1, NULL, 0);
	} else { /* the start is not in the capture, but the first octets are */
		shoot(m, S, (struct shot){ 0, 1 }, 0);
		m->sent[S] = 1;
	}
	while (m->sent[C] < STREAM || m->sent[S] < STREAM) {
		unsigned from = dice(m, 2);

		burst(m, from);
		shoot(m, !from, (struct shot){ m->sent[!from], 0 }, 0);
		if (!dice(m, 20))
			tick(dice(m, 500) * ms);
	}
	shoot(m, C, (struct shot){ STREAM, 0 }, FIN);
	shoot(m, S, (struct shot){ STREAM, 0 }, FIN);
	stop();
}

static void thousand_shuffles(void)
{
	static struct model m;

	for (uint32_t seed = 1; seed <= 1000; seed++) {
		run_model(&m, seed);
		if (m.wrong || m.next[C] != STREAM || m.next[S] != STREAM || m.fins != 2) {
			char words[128];

			snprintf(words, sizeof(words), "seed %u: wrong %u, client %u, server %u, fins %u",
				 seed, m.wrong, m.next[C], m.next[S], m.fins);
			CU_FAIL(words);
			CU_assertImplementation(CU_FALSE, __LINE__, words, __FILE__, "", CU_FALSE);
			return;
		}
	}
}

static const struct {
	const char *name;
	CU_TestFunc fn;
} tests[] = {
	{ "octets in order", in_order },
	{ "capture starts with the client's data", midstream_from_client },
	{ "capture starts with the server's data", midstream_from_server },
	{ "capture starts before a loss", midstream_first_lost },
	{ "without a hint the first sender is the client", direction_without_hint },
	{ "nothing begins with ACK, FIN or RST", nothing_to_begin_with },
	{ "unknown connections only on demand", unknown_not_created },
	{ "SYN lost", syn_lost },
	{ "SYN-ACK lost", synack_lost },
	{ "third ACK lost", third_ack_lost },
	{ "third ACK and first message lost", first_message_lost },
	{ "server speaks before the client's ACK", server_before_ack },
	{ "handshake out of order", handshake_shuffled },
	{ "only the client's direction", client_only },
	{ "only the server's direction", server_only },
	{ "SYN again with another number", syn_with_new_number },
	{ "SYN repeated", syn_repeated },
	{ "SYN with data", syn_with_data },
	{ "simultaneous open", simultaneous_open },
	{ "reordered", reordered },
	{ "lost: three packets after the proof", lost_by_packets },
	{ "lost: 200 ms after the proof", lost_by_time },
	{ "late, but within the grace", late_within_grace },
	{ "lost on the way and repeated", lost_on_the_way },
	{ "each hole has its grace", grace_starts_again },
	{ "lost with nothing behind", lost_at_the_tail },
	{ "two holes", two_holes },
	{ "two holes, one proven", one_of_two_holes },
	{ "holes in both directions", hole_in_both_directions },
	{ "one-sided: 1 s", one_sided_by_time },
	{ "one-sided: 16 segments", one_sided_by_count },
	{ "becomes one-sided", becomes_one_sided },
	{ "FIN behind a hole", fin_behind_hole },
	{ "FIN behind a hole, not proven", fin_behind_hole_unproven },
	{ "FIN before its data", fin_before_its_data },
	{ "data beyond FIN", data_beyond_fin },
	{ "data beyond FIN, by time", data_beyond_fin_by_time },
	{ "FIN repeated", fin_repeated },
	{ "RST behind both FINs", reset_behind_both_fins },
	{ "limit of what waits", queue_limit },
	{ "many small segments wait", many_small_queued },
	{ "large hole", large_hole },
	{ "capture pauses", capture_pauses },
	{ "capture pauses, one-sided", capture_pauses_one_sided },
	{ "repeated", repeated },
	{ "repeated while it waits", repeated_while_waiting },
	{ "repeated with more", repeated_with_more },
	{ "overlaps", overlaps },
	{ "keep-alive with an octet", keepalive },
	{ "urgent data", urgent },
	{ "sequence numbers wrap", sequence_wraps },
	{ "acknowledgment of what was never sent", bogus_ack },
	{ "the same, then out of order", bogus_ack_then_reordered },
	{ "acknowledgment a little too far", bogus_ack_near },
	{ "garbage far off, new connection", garbage_far_off },
	{ "garbage far off, live connection", garbage_far_off_live },
	{ "refused", reset_refused },
	{ "RST", reset_in_window },
	{ "RST forged", reset_was_forged },
	{ "SYN forged", syn_forged },
	{ "bad checksum", bad_checksum },
	{ "only bad checksums", only_bad_checksums },
	{ "checksum offload", offload },
	{ "cut by the snap length", cut_segment },
	{ "cut and early", cut_and_early },
	{ "closes", closes },
	{ "time limits", idle_limits },
	{ "data after the time limit", idle_then_data },
	{ "clock goes back", clock_goes_back },
	{ "ports used again", port_reused },
	{ "ports used again, one-sided", port_reused_one_sided },
	{ "ports used again, refused", port_reused_refused },
	{ "ports used again, no answer", port_reused_unanswered },
	{ "ports used again, SYN lost", port_reused_syn_lost },
	{ "ports used again, no handshake", port_reused_midstream },
	{ "ports used again, far ahead", port_reused_far_ahead },
	{ "ports used again, beyond FIN", port_reused_beyond_fin },
	{ "ports used again after the end", port_reused_after_close },
	{ "room for one", room_for_one },
	{ "who is given up first", eviction_order },
	{ "100000 SYNs", flood_of_syns },
	{ "half-open connections have a share", half_open_have_a_share },
	{ "below their share age counts", age_counts_below_the_share },
	{ "5500 live streams", many_live },
	{ "5000 connections with holes", many_holes },
	{ "56 MB wait", much_waits },
	{ "1.2 GB in one stream", long_stream },
	{ "same ports in two VLANs", two_vlans },
	{ "same ports in many VLANs", many_vlans },
	{ "IPv6", ipv6 },
	{ "a host and itself", same_host },
	{ "ends in order of appearance", in_order_of_appearance },
	{ "one reassembly at a time", one_at_a_time },
	{ "one reassembly after another", one_after_another },
	{ "acknowledgments are told on demand", acknowledgments_told },
	{ "frame, time and acknowledgment", frame_time_and_acked },
	{ "1000 shuffles", thousand_shuffles },
};

void suite_reassembly(void)
{
	CU_pSuite suite = CU_add_suite("reassembly", NULL, NULL);

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		CU_add_test(suite, tests[i].name, tests[i].fn);
}
