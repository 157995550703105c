/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Active tests of the sliding window (RFC 2637 section 4.2), packets out of sequence (4.3) and
 * acknowledgment time-outs (4.4).
 *
 * A device that sends has to be kept busy: the tester then acknowledges at will and looks at how many
 * packets come before each pause.  Packets of one burst follow each other within LULL; a pause is longer.
 */
#include <stdlib.h>

#include "conformance/suite/suite_private.h"

#define LULL                                                                                                 \
	0.04 /* seconds: more than a sender needs between two packets of a burst, less than its time-out */

enum { MANY = 4096, GAPS = 64, WINDOW_MAX = 512, GROW_SECONDS = 90 };

/* --- shared ------------------------------------------------------------------------------------ */

/*
 * Acknowledgment time-outs adapt to the path, not to the protocol's minutes: where those are shortened, there
 * is still as much to watch.
 */
static double patiently(const struct tester *t, double seconds)
{
	double scaled = t_scaled(t, seconds);

	return scaled < seconds ? seconds : scaled;
}

static bool is_data(const struct t_packet *p)
{
	return p->flags & GRE_S;
}

/* A call whose tester announces this window and delay (1/10 s), and acknowledges nothing. */
static struct t_gre *quiet_call(struct tester *t, unsigned window, unsigned delay)
{
	struct t_call *c = t_call_up(t_cc_up(t), "packet_recv_window_size", (int64_t)window,
				     "packet_processing_delay", (int64_t)delay, NULL);
	struct t_gre *g = t_gre(c);

	t_acks(g, T_ACK_NONE, 0, 0);
	return g;
}

/* The same, and the device sends as fast as the window lets. */
static struct t_gre *loaded_call(struct tester *t, unsigned window, unsigned delay)
{
	struct t_gre *g = quiet_call(t, window, delay);

	t_traffic(g, 0, 64, 0, false);
	return g;
}

/* Ends the control connection, so that there can be another one: many devices bear only one. */
static void end_link(struct tester *t, struct t_gre *g)
{
	t_send(gre_link(g), CTRL_STOPRQ, NULL);
	t_closes(gre_link(g), 2);
	t_close(gre_link(g));
	t_sleep(t, 0.5);
}

/* Data packets from the next one on, which is awaited for `first` seconds, to a lull; *last: their highest.
 */
static unsigned batch(struct t_gre *g, double first, uint32_t *last)
{
	const struct tester *t = t_of(gre_link(g));
	double until = t_now(t) + first;
	const struct t_packet *p;
	unsigned n = 0;

	while (n < MANY && (p = t_gre_wait(g, until - t_now(t)))) {
		if (!is_data(p))
			continue;
		*last = p->seq;
		n++;
		until = t_now(t) + LULL;
	}
	return n;
}

/* As batch, of a device that must send: ends the test when it does not. */
static unsigned need_batch(struct tester *t, struct t_gre *g, double first, uint32_t *last)
{
	unsigned n = batch(g, first, last);

	if (!n)
		t_inconclusive(t, "the device sent no data within %g s although there was traffic for it",
			       first);
	return n;
}

/* The pauses between bursts while nothing is acknowledged, over so many seconds. */
struct stalls {
	size_t count;
	unsigned size[GAPS]; /* packets before each */
	double gap[GAPS];    /* seconds */
};

static void stalls_of(struct tester *t, struct t_gre *g, double seconds, struct stalls *s)
{
	size_t from = t_packets(g);

	t_acks(g, T_ACK_NONE, 0, 0);
	t_sleep(t, seconds);
	s->count = t_bursts(g, from, LULL, s->size, s->gap, GAPS);
	if (!s->count)
		t_fail(t, "without acknowledgments for %g s the device never paused, or never sent", seconds);
}

static double longest(const struct stalls *s)
{
	double most = 0;

	for (size_t i = 0; i < s->count; i++)
		most = s->gap[i] > most ? s->gap[i] : most;
	return most;
}

/*
 * Acknowledges each burst at once as a whole, until the bursts have reached `window` or `rounds` are over.
 * Returns the largest; *steep: a burst was more than one packet longer than any before (two, where a lull
 * had split the one before).
 */
static unsigned grow(struct tester *t, struct t_gre *g, unsigned window, unsigned rounds, bool *steep,
		     unsigned *first)
{
	double end = t_now(t) + GROW_SECONDS;
	unsigned most = 0, n = 0;
	uint32_t last = 0;

	*steep = false;
	for (unsigned i = 0; i < rounds && most < window && t_now(t) < end; i++) {
		unsigned before = n;

		n = need_batch(t, g, 20, &last);
		if (!i)
			*first = n;
		else if (n > most + (before < most ? 2 : 1))
			*steep = true;
		most = n > most ? n : most;
		t_ack(g, last);
	}
	return most;
}

/* --- 4.2: the window ---------------------------------------------------------------------------- */

static unsigned data_since(const struct t_gre *g, size_t from)
{
	unsigned n = 0;

	for (size_t i = from; i < t_packets(g); i++)
		n += is_data(t_packet(g, i));
	return n;
}

/* Of a device that cannot be kept sending: its replies to LCP Echo-Requests have to fit the window, too. */
static void win_max_replies(struct tester *t)
{
	enum { ECHOES = 12 };
	struct t_gre *g = t_gre(t_call_up(t_cc_up(t), "packet_recv_window_size", INT64_C(4),
					  "packet_processing_delay", INT64_C(5), NULL));
	size_t before;
	unsigned n;

	need_lcp(t, g);
	t_sleep(t, 1); /* what came is acknowledged */
	t_acks(g, T_ACK_NONE, 0, 0);
	before = t_packets(g);
	t_traffic(g, ECHOES, 64, 50, true);
	t_sleep(t, 0.4); /* before its time-out, which the delay announced is part of */
	n = data_since(g, before);
	if (!n)
		t_inconclusive(t, "none of %d LCP Echo-Requests was answered", ECHOES);
	T_CHECK(t, n <= 4, "%u packets before any acknowledgment, after %d LCP Echo-Requests", n, ECHOES);
	t_pass(t);
}

static void win_max(struct tester *t)
{
	struct t_gre *g;
	uint32_t last = 0, acked;
	unsigned n;
	double end;

	if (!t_has_hook(t, "dut-traffic"))
		win_max_replies(t);
	g = loaded_call(t, 4, 5);
	n = need_batch(t, g, 10, &last);
	T_CHECK(t, n <= 4, "%u packets before any acknowledgment", n);
	t_sleep(t, 3);
	while (batch(g, LULL, &last))
		;
	t_ack(g, last);
	acked = last;
	for (end = t_now(t) + 6; t_now(t) < end;) {
		const struct t_packet *p = t_gre_wait(g, 1);

		if (!p || !is_data(p))
			continue;
		T_CHECK(t, (int32_t)(p->seq - acked) <= 4, "packet %u while %u was the last one acknowledged",
			p->seq, acked);
		t_ack(g, p->seq);
		acked = p->seq;
	}
	t_pass(t);
}

static void win_init(struct tester *t)
{
	struct t_gre *g = loaded_call(t, 8, 10);
	uint32_t last = 0;
	unsigned n = need_batch(t, g, 10, &last);

	T_CHECK(t, n <= 4, "%u packets before the first pause", n);
	if (n < 4)
		t_note(t, "the device starts with %u packets, less than half of the window", n);
	t_pass(t);
}

static void one_at_a_time(struct tester *t, unsigned window)
{
	struct t_gre *g = loaded_call(t, window, 10);
	uint32_t last = 0;

	for (unsigned i = 0; i < 5; i++) {
		unsigned n = batch(g, 10, &last);

		T_CHECK(t, n, "the device does not send with a window of %u", window);
		T_CHECK(t, n == 1, "%u packets at once with a window of %u", n, window);
		t_ack(g, last);
	}
	t_traffic_stop(g);
	end_link(t, g);
}

static void win_smallest(struct tester *t)
{
	one_at_a_time(t, 1);
	one_at_a_time(t, 0);
	t_pass(t);
}

static void win_stop(struct tester *t)
{
	struct t_gre *g = loaded_call(t, 8, 5);
	struct stalls s;
	unsigned window = 8;

	stalls_of(t, g, 10, &s);
	for (size_t i = 0; i < s.count; i++) {
		T_CHECK(t, s.size[i] <= window, "burst %zu has %u packets where the window is at most %u",
			i + 1, s.size[i], window);
		window = s.size[i];
	}
	t_pass(t);
}

static void win_grow(struct tester *t)
{
	struct t_gre *g = loaded_call(t, 16, 10);
	bool steep;
	unsigned first = 0, most = grow(t, g, 16, 40, &steep, &first);

	T_CHECK(t, most >= 16, "after 40 windows that were all acknowledged, bursts had %u packets at most",
		most);
	T_CHECK(t, !steep, "a burst grew by more than one packet");
	if (first != 8)
		t_note(t, "the first burst had %u packets, half of the window is 8", first);
	t_pass(t);
}

static void win_cap(struct tester *t)
{
	struct t_gre *g = loaded_call(t, 16, 10);
	double end = t_now(t) + GROW_SECONDS;
	uint32_t last = 0;

	for (unsigned i = 0; i < 100 && t_now(t) < end; i++) {
		unsigned n = need_batch(t, g, 20, &last);

		T_CHECK(t, n <= 16, "a burst of %u packets", n);
		t_ack(g, last);
	}
	t_pass(t);
}

/* Grows the window to 7, then withholds acknowledgments: the bursts after each of the first stalls. */
static struct t_gre *close_window(struct tester *t, unsigned after[4])
{
	struct t_gre *g = loaded_call(t, 7, 10);
	bool steep;
	uint32_t last = 0;
	unsigned first, most = grow(t, g, 7, 40, &steep, &first);

	T_CHECK(t, most == 7, "after 40 windows that were all acknowledged, bursts had %u packets", most);
	need_batch(t, g, 20, &last);
	for (unsigned i = 0; i < 4; i++)
		after[i] = need_batch(t, g, patiently(t, 60), &last);
	return g;
}

static void win_close(struct tester *t)
{
	static const unsigned half[4] = { 4, 2, 1, 1 };
	unsigned after[4];

	close_window(t, after);
	T_CHECK(t, after[0] != 3, "half of 7 was rounded down: 3 packets after the first time-out");
	T_CHECK(t, after[0] >= 4, "the window of 7 shrinks to %u", after[0]);
	for (unsigned i = 0; i < 4; i++)
		T_CHECK(t, after[i] <= half[i], "%u packets after time-out %u", after[i], i + 1);
	t_pass(t);
}

static void win_reopen(struct tester *t)
{
	unsigned after[4], first, most;
	struct t_gre *g = close_window(t, after);
	bool steep;

	t_ack(g, t_packet(g, t_packets(g) - 1)->seq);
	most = grow(t, g, 7, 40, &steep, &first);
	T_CHECK(t, most == 7, "after the outage and 40 windows all acknowledged, bursts have %u packets",
		most);
	T_CHECK(t, first <= after[3] + 1, "the first burst after the outage has %u packets", first);
	T_CHECK(t, !steep, "a burst grew by more than one packet");
	t_pass(t);
}

/* What the device announced in the message that set the call up. */
static unsigned device_window(const struct t_call *c)
{
	int64_t w = t_field(t_message(c->link), "packet_recv_window_size");

	return w < 1 ? 1 : w > WINDOW_MAX ? WINDOW_MAX : (unsigned)w;
}

static void win_overflow(struct tester *t)
{
	struct t_call *c = t_call_up(t_cc_up(t), NULL);
	unsigned window = device_window(c);
	struct t_gre *g = t_gre(c);
	uint32_t last = 0;

	need_lcp(t, g);
	for (unsigned i = 0; i < 4 * window; i++)
		last = t_lcp_echo(g, (uint8_t)i);
	t_sleep(t, 2);
	T_CHECK(t, t_last_ack(g) < 0 || (int32_t)((uint32_t)t_last_ack(g) - t_gre_next(g).seq) < 0,
		"acknowledged %lld, which was never sent", (long long)t_last_ack(g));
	last = t_lcp_echo(g, 250);
	T_CHECK(t, t_lcp_echoed(g, 250, 5),
		"after an overflow of the window an LCP Echo-Request got no reply");
	T_CHECK(t, t_acked(g, last, 5), "after an overflow of the window nothing is acknowledged any more");
	T_CHECK(t, t_alive(c->link), "after an overflow of the window the control connection is dead");
	t_pass(t);
}

static void win_multiack(struct tester *t)
{
	struct t_gre *g = loaded_call(t, 8, 10);
	size_t n;
	unsigned sizes[GAPS];
	double gaps[GAPS];

	t_acks(g, T_ACK_EVERY, 4, 0);
	t_sleep(t, 5);
	n = t_bursts(g, 0, 0.5, sizes, gaps, GAPS);
	T_CHECK(t, t_packets(g) > 12, "only %zu packets in 5 s", t_packets(g));
	T_CHECK(t, !n, "the device paused for %.1f s although every fourth packet was acknowledged",
		n ? gaps[0] : 0);
	t_pass(t);
}

static void win_multiack_pac(struct tester *t)
{
	struct t_gre *g = t_gre(t_call_up(t_cc_up(t), NULL));
	uint32_t last = 0;

	need_lcp(t, g);
	for (unsigned i = 0; i < 20; i++) {
		last = discard_request(g, (uint8_t)i);
		t_sleep(t, 0.05);
	}
	T_CHECK(t, t_acked(g, last, 2),
		"2 s after 20 packets, %lld is the last one acknowledged of those up to %u",
		(long long)t_last_ack(g), last);
	t_pass(t);
}

static void win_ackdue(struct tester *t)
{
	struct t_gre *g = t_gre(t_call_up(t_cc_up(t), NULL));
	uint32_t sent = t_lcp_echo(g, 1);

	if (!t_acked(g, sent, 1))
		t_fail(t, t_acked(g, t_lcp_echo(g, 2), 1)
				  ? "the first packet, Sequence Number %u, is not acknowledged within 1 s; "
				    "the next one is"
				  : "packet %u is not acknowledged within 1 s",
		       sent);
	t_pass(t);
}

/* --- 4.3: out of sequence ------------------------------------------------------------------------ */

/* A call with LCP open; *base: the next Sequence Number. */
static struct t_gre *echo_call(struct tester *t, uint32_t *base)
{
	struct t_gre *g = t_gre(t_call_up(t_cc_up(t), NULL));

	need_lcp(t, g);
	t_sleep(t, 0.5); /* what the device still says about LCP has passed */
	*base = t_gre_next(g).seq;
	return g;
}

/* LCP Echo-Requests 40 + offset with numbers base + offset, in the order given up to -1, back to back. */
static void echoes(struct t_gre *g, uint32_t base, const int *offsets)
{
	for (; *offsets >= 0; offsets++)
		t_lcp_echo_at(g, (uint8_t)(40 + *offsets), base + (uint32_t)*offsets);
}

static bool echoed(struct t_gre *g, unsigned offset, double seconds)
{
	return t_lcp_echoed(g, (uint8_t)(40 + offset), seconds);
}

/* How often the device replied to identifier 40 + offset, after packet `from` of the record. */
static unsigned replies(const struct t_gre *g, size_t from, unsigned offset)
{
	unsigned n = 0;

	for (size_t i = from; i < t_packets(g); i++)
		n += lcp_echo_reply(t_packet(g, i)) == (int)(40 + offset);
	return n;
}

static void oos_late(struct tester *t)
{
	uint32_t base;
	struct t_gre *g = echo_call(t, &base);

	echoes(g, base, (const int[]){ 0, 1, 2, 4, -1 });
	if (!echoed(g, 4, 5))
		t_inconclusive(t, "the packet after the missing one was not answered within 5 s");
	echoes(g, base, (const int[]){ 3, -1 });
	T_CHECK(t, !echoed(g, 3, 2), "the late packet was answered");
	t_pass(t);
}

/* Sends packets out of order; true when the replies came in the order of the numbers; counts them. */
static bool disordered(struct tester *t, struct t_gre *g, uint32_t base, unsigned *count, double *held)
{
	size_t from = t_packets(g);
	double sent = t_now(t);
	int last = -1;
	bool ordered = true;

	echoes(g, base, (const int[]){ 1, 0, -1 });
	t_sleep(t, 1.5);
	echoes(g, base, (const int[]){ 3, 2, 4, -1 });
	t_sleep(t, 3);
	*count = 0;
	*held = 0;
	for (size_t i = from; i < t_packets(g); i++) {
		int id = lcp_echo_reply(t_packet(g, i));
		double after = t_packet(g, i)->time - sent - (id >= 42 ? 1.5 : 0);

		if (id < 40 || id > 44)
			continue;
		ordered = ordered && id > last;
		last = id;
		*held = after > *held ? after : *held;
		(*count)++;
	}
	return ordered;
}

static void oos_discard(struct tester *t)
{
	uint32_t base;
	struct t_gre *g = echo_call(t, &base);
	struct t_link *l = gre_link(g);
	uint64_t octets = t_octets_in(l);
	unsigned count;
	double held;
	bool ordered = disordered(t, g, base, &count, &held);

	T_CHECK(t, ordered, "replies came in another order than the Sequence Numbers");
	T_CHECK(t, t_octets_in(l) == octets, "the device said something about it on the control connection");
	if (!count)
		t_inconclusive(t, "none of the packets was answered");
	t_pass(t);
}

static void oos_reorder(struct tester *t)
{
	uint32_t base;
	struct t_gre *g = echo_call(t, &base);
	unsigned count;
	double held;

	disordered(t, g, base, &count, &held);
	if (!count)
		t_inconclusive(t, "none of the packets was answered");
	t_note(t, "the device %s; the slowest reply took %.3f s",
	       count == 5 ? "puts packets in order" : "discards what comes late", held);
	t_pass(t);
}

static void oos_ack(struct tester *t)
{
	uint32_t base;
	struct t_gre *g = echo_call(t, &base);

	echoes(g, base, (const int[]){ 0, 1, 2, 4, -1 });
	T_CHECK(t, t_acked(g, base + 4, 2),
		"packet %u after a missing one is not acknowledged, the last is %lld", base + 4,
		(long long)t_last_ack(g));
	t_pass(t);
}

static void oos_credit(struct tester *t)
{
	struct t_gre *g = loaded_call(t, 4, 10);
	uint32_t last = 0, skipped;

	need_batch(t, g, 10, &last);
	t_ack(g, last);
	T_CHECK(t, batch(g, 0.5, &last), "acknowledging %u lets nothing more be sent", last);
	skipped = last;
	t_ack(g, last); /* covers all of them, the one before the last was never acknowledged for itself */
	T_CHECK(t, batch(g, 0.5, &last), "acknowledging %u without those before it lets nothing more be sent",
		skipped);
	T_CHECK(t, (int32_t)(last - skipped) <= 4, "%u follows an acknowledgment of %u", last, skipped);
	t_pass(t);
}

static void oos_resume(struct tester *t)
{
	uint32_t base;
	struct t_gre *g = echo_call(t, &base);

	echoes(g, base, (const int[]){ 0, 1, 2, 4, -1 });
	t_sleep(t, 2);
	echoes(g, base, (const int[]){ 3, 5, -1 });
	T_CHECK(t, echoed(g, 5, 5), "the packet after a late one was not answered");
	T_CHECK(t, t_acked(g, base + 5, 2), "the packet after a late one was not acknowledged");
	t_pass(t);
}

static void gap_to(struct tester *t, struct t_gre *g, uint32_t seq, uint8_t id, bool may_refuse)
{
	t_lcp_echo_at(g, id, seq);
	if (t_lcp_echoed(g, id, 5)) {
		T_CHECK(t, t_acked(g, seq, 2), "packet %u was answered, but not acknowledged", seq);
		return;
	}
	T_CHECK(t, may_refuse, "nothing is answered any more after a gap in the Sequence Numbers, from %u on",
		seq);
	t_warn(t, "a jump of the Sequence Number to %u is refused", seq);
}

static void oos_gap(struct tester *t)
{
	uint32_t base;
	struct t_gre *g = echo_call(t, &base);

	echoes(g, base, (const int[]){ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, -1 });
	gap_to(t, g, base + 1000, 100, false);
	gap_to(t, g, base + 0x7ffffff0, 101, true);
	t_pass(t);
}

/* The first number that data carried twice, or -1. */
static int64_t repeated(const struct t_gre *g)
{
	uint64_t seen = 0; /* bit i: highest - i */
	uint32_t highest = 0;
	bool any = false;

	for (size_t i = 0; i < t_packets(g); i++) {
		const struct t_packet *p = t_packet(g, i);
		int32_t ahead = (int32_t)(p->seq - highest);

		if (!is_data(p))
			continue;
		if (!any || ahead > 0) {
			seen = any && ahead < 64 ? seen << ahead | 1 : 1;
			highest = p->seq;
			any = true;
		} else if (ahead > -64) {
			if (seen >> -ahead & 1)
				return p->seq;
			seen |= UINT64_C(1) << -ahead;
		} else {
			return p->seq;
		}
	}
	return -1;
}

static void never_twice(struct tester *t, unsigned every)
{
	struct t_gre *g = loaded_call(t, 8, 1);
	uint32_t last = 0;
	double end = t_now(t) + 15;
	int64_t twice;

	need_batch(t, g, 10, &last);
	for (unsigned i = 0; t_now(t) < end; i++) {
		if (i % every == 0)
			t_ack(g, last);
		if (!batch(g, 5, &last))
			break;
	}
	twice = repeated(g);
	T_CHECK(t, twice < 0, "Sequence Number %lld came twice", (long long)twice);
	t_pass(t);
}

static void oos_dup(struct tester *t)
{
	never_twice(t, 8);
}

static void oos_dup_received(struct tester *t)
{
	uint32_t base;
	struct t_gre *g = echo_call(t, &base);
	size_t from = t_packets(g);
	unsigned n;

	echoes(g, base, (const int[]){ 0, 0, 0, -1 });
	t_sleep(t, 2);
	n = replies(g, from, 0);
	if (!n)
		t_inconclusive(t, "the packet was not answered at all");
	T_CHECK(t, n == 1, "%u replies to one packet that came three times", n);
	t_pass(t);
}

static void oos_log(struct tester *t)
{
	uint32_t base;
	struct t_gre *g = echo_call(t, &base);
	char *before;
	bool same;

	if (t_profile(t) == PROFILE_MS_PTPT)
		t_skip(t, "nothing has to be discarded under the ms-ptpt profile");
	before = strdup(t_hook(t, "dut-log", NULL));
	echoes(g, base, (const int[]){ 0, 1, 2, 4, -1 });
	t_sleep(t, 3);
	echoes(g, base, (const int[]){ 3, 4, 4, -1 });
	t_sleep(t, 1);
	same = before && strcmp(before, t_hook(t, "dut-log", NULL)) == 0;
	free(before);
	T_CHECK(t, !same, "the log says nothing of three packets that had to be discarded");
	t_pass(t);
}

/* --- 4.4: time-outs ------------------------------------------------------------------------------- */

static void ato_required(struct tester *t)
{
	struct t_gre *g = loaded_call(t, 4, 0);
	uint32_t last = 0, full;

	need_batch(t, g, 10, &last);
	full = last;
	T_CHECK(t, batch(g, patiently(t, 60), &last),
		"with a full window and no acknowledgment nothing more came");
	T_CHECK(t, (int32_t)(last - full) > 0, "after the time-out packet %u came again", last);
	t_pass(t);
}

static void ato_session(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	struct t_gre *good = t_gre(t_call_up(l, "packet_recv_window_size", INT64_C(8), NULL));
	struct t_gre *bad = t_gre(t_call_up(l, "packet_recv_window_size", INT64_C(8), NULL));
	unsigned sizes[GAPS];
	double gaps[GAPS];
	size_t from, n;

	t_acks(good, T_ACK_ALL, 0, 0);
	t_acks(bad, T_ACK_NONE, 0, 0);
	t_traffic(good, 0, 64, 200, false);
	t_traffic(bad, 0, 64, 0, false);
	t_sleep(t, 1);
	from = t_packets(good);
	t_sleep(t, 6);
	T_CHECK(t, t_packets(good) > from + 10, "the call that is acknowledged has come to a halt");
	n = t_bursts(good, from, 1.0, sizes, gaps, GAPS);
	T_CHECK(t, !n, "the call that is acknowledged paused for %.1f s", n ? gaps[0] : 0);
	t_pass(t);
}

/* The pause at which time-outs level off under a MaxTimeOut of so many seconds. */
static double ceiling(struct tester *t, unsigned max_timeout)
{
	struct t_gre *g;
	char setting[32];
	struct stalls s;

	snprintf(setting, sizeof(setting), "max_timeout=%u", max_timeout);
	t_hook(t, "dut-config", setting, NULL);
	g = loaded_call(t, 4, 1);
	stalls_of(t, g, patiently(t, 12.0 * max_timeout), &s);
	end_link(t, g);
	return longest(&s);
}

static void ato_max(struct tester *t)
{
	double low = ceiling(t, 2), high = ceiling(t, 4);

	t_note(t, "pauses level off at %.2f s with MaxTimeOut 2 s and at %.2f s with 4 s", low, high);
	T_CHECK(t, low < 2 * 1.5 && high < 4 * 1.5,
		"pauses of %.1f s with MaxTimeOut 2 s and %.1f s with 4 s", low, high);
	T_CHECK(t, high > 1.4 * low, "pauses of %.1f s with MaxTimeOut 2 s and %.1f s with 4 s", low, high);
	t_pass(t);
}

/* Acknowledges with a delay for so long, then stops: the first pause after that. */
static double stall_after(struct tester *t, struct t_gre *g, double delay, double seconds)
{
	struct stalls s;

	t_acks(g, T_ACK_DELAY, 0, delay);
	t_sleep(t, seconds);
	stalls_of(t, g, patiently(t, 20), &s);
	return s.gap[0];
}

static void ato_skip(struct tester *t)
{
	struct t_gre *g = loaded_call(t, 8, 0);
	double before = stall_after(t, g, 0.02, 3), after = stall_after(t, g, 0.5, 8);

	t_note(t,
	       "the pause after loss is %.3f s when acknowledgments took 20 ms and %.3f s when they took 500 "
	       "ms",
	       before, after);
	t_pass(t);
}

static void ato_unit(struct tester *t)
{
	struct t_call *c = t_call_up(t_cc_up(t), NULL);
	const struct ctrl_msg *m = t_message(c->link);
	int64_t delay = t_field(m, "packet_processing_delay");

	if (delay < 0)
		delay = t_field(m, "packet_transmit_delay");
	if (delay < 0)
		t_inconclusive(t, "no message of the device carried a delay");
	T_CHECK(t, delay <= 600, "a delay of %lld, which is %lld s", (long long)delay, (long long)delay / 10);
	t_pass(t);
}

static void ato_seed(struct tester *t)
{
	struct stalls s;

	stalls_of(t, loaded_call(t, 2, 30), patiently(t, 15), &s);
	t_note(t, "the first pause is %.2f s; the suggested algorithm gives 3 s", s.gap[0]);
	t_pass(t);
}

static void ato_form(struct tester *t)
{
	double stall = stall_after(t, loaded_call(t, 8, 0), 0.2, 20);

	t_note(t,
	       "after acknowledgments of 200 ms the pause is %.3f s; the suggested algorithm gives 0.2 s, or "
	       "MinTimeOut",
	       stall);
	t_pass(t);
}

static void ato_form_deviation(struct tester *t)
{
	struct t_gre *g = loaded_call(t, 1, 0);
	struct stalls s;
	uint32_t last = 0;

	for (unsigned i = 0; i < 200; i++) {
		need_batch(t, g, 20, &last);
		t_sleep(t, i % 2 ? 0.3 : 0.1);
		t_ack(g, last);
	}
	stalls_of(t, g, patiently(t, 20), &s);
	t_note(t, "the pause is %.3f s; the suggested algorithm gives 0.62 to 0.64 s", s.gap[0]);
	t_pass(t);
}

static void ato_sample(struct tester *t)
{
	struct t_gre *g = quiet_call(t, 32, 0);
	struct stalls s;

	t_traffic(g, 0, 64, 20, false);
	t_acks(g, T_ACK_BATCH, 8, 0.05);
	t_sleep(t, 20);
	t_traffic(g, 0, 64, 0, false);
	t_sleep(t, 1);
	stalls_of(t, g, patiently(t, 20), &s);
	t_note(t, "the pause is %.3f s; newest packets were acknowledged after 0.05 s, oldest after 0.4 s",
	       s.gap[0]);
	t_pass(t);
}

static void cong_noretx(struct tester *t)
{
	never_twice(t, 3);
}

static void need_growth(struct tester *t, const struct stalls *s)
{
	T_CHECK(t, s->count >= 2, "only %zu pause in the time observed", s->count);
	T_CHECK(t, longest(s) >= 1.5 * s->gap[0], "pauses stay at %.2f s", longest(s));
}

static void cong_backoff(struct tester *t)
{
	struct stalls s;

	stalls_of(t, loaded_call(t, 8, 5), patiently(t, 40), &s);
	need_growth(t, &s);
	for (size_t i = 1; i < s.count; i++)
		T_CHECK(t, s.gap[i] > 0.7 * s.gap[i - 1], "a pause of %.2f s follows one of %.2f s", s.gap[i],
			s.gap[i - 1]);
	t_pass(t);
}

static void cong_limit(struct tester *t)
{
	struct t_gre *g = loaded_call(t, 4, 5);
	struct stalls s;

	for (double seconds = 30; seconds <= 600; seconds *= 2) {
		stalls_of(t, g, patiently(t, seconds), &s);
		if (s.count >= 3 && s.gap[s.count - 1] < 1.15 * s.gap[s.count - 2] &&
		    s.gap[s.count - 2] < 1.15 * s.gap[s.count - 3])
			t_pass(t);
	}
	t_fail(t, "pauses still grow after 20 minutes; the last is %.0f s", longest(&s));
}

static void cong_both(struct tester *t)
{
	static const unsigned half[] = { 8, 4, 2, 1 };
	struct stalls s;

	stalls_of(t, loaded_call(t, 16, 5), patiently(t, 20), &s);
	need_growth(t, &s);
	for (size_t i = 0; i < s.count; i++)
		T_CHECK(t, s.size[i] <= half[i < 3 ? i : 3], "burst %zu has %u packets", i + 1, s.size[i]);
	t_pass(t);
}

static void cong_recover(struct tester *t)
{
	struct t_gre *g = loaded_call(t, 8, 5);
	struct stalls s;
	double after;

	stalls_of(t, g, patiently(t, 15), &s);
	after = stall_after(t, g, 0.05, patiently(t, 12));
	T_CHECK(t, after < longest(&s), "the pause is %.2f s after recovery; it was %.2f s in the outage",
		after, longest(&s));
	T_CHECK(t, after >= LULL, "the pause is %.3f s, less than acknowledgments take", after);
	t_pass(t);
}

const struct test_case suite_window[] = {
	{ RULE_WIN_MAX_01, win_max, TEST_GRE, NULL,
	  "Announces a window of 4, keeps the device sending, acknowledges nothing for 3 s and then "
	  "everything.",
	  "At no time more than 4 packets wait for their acknowledgment.", NULL },
	{ RULE_WIN_INIT_01, win_init, TEST_GRE, "dut-traffic",
	  "Announces a window of 8, keeps the device sending and acknowledges nothing.",
	  "It pauses after 4 packets.", NULL },
	{ RULE_WIN_INIT_02, win_smallest, TEST_GRE, "dut-traffic",
	  "Announces a window of 1, and in a second call of 0, and acknowledges each packet.",
	  "One packet at a time, and it does send.", NULL },
	{ RULE_WIN_STOP_01, win_stop, TEST_GRE, "dut-traffic",
	  "Announces a window of 8 and acknowledges nothing for 10 s.",
	  "Bursts no longer than the window, with pauses between them.", NULL },
	{ RULE_WIN_GROW_01, win_grow, TEST_GRE, "dut-traffic",
	  "Announces a window of 16 and acknowledges each burst at once as a whole.",
	  "Bursts of 8, 9, 10 and so on up to 16 packets.", NULL },
	{ RULE_WIN_CAP_01, win_cap, TEST_GRE, "dut-traffic",
	  "Announces a window of 16 and acknowledges 100 bursts, each at once as a whole.",
	  "No burst is longer than 16 packets.", NULL },
	{ RULE_WIN_CLOSE_01, win_close, TEST_GRE, "dut-traffic",
	  "Lets the window grow to 7, then acknowledges nothing any more.",
	  "Bursts of 4, 2, 1 and 1 packets after the time-outs.", NULL },
	{ RULE_WIN_REOPEN_01, win_reopen, TEST_GRE, "dut-traffic",
	  "Closes the window by withholding acknowledgments, then acknowledges each burst at once.",
	  "Bursts grow by one packet at a time, up to the window announced.", NULL },
	{ RULE_WIN_OVF_01, win_overflow, TEST_GRE, NULL,
	  "Sends four times the device's window back to back, pauses, and goes on.",
	  "The session goes on; nothing is acknowledged that was not sent.", NULL },
	{ RULE_WIN_MULTIACK_01, win_multiack, TEST_GRE, "dut-traffic",
	  "Announces a window of 8 and acknowledges every fourth packet only.",
	  "The device does not wait for the others.", NULL },
	{ RULE_WIN_MULTIACK_02, win_multiack_pac, TEST_GRE, NULL, "Sends 20 packets, one each 50 ms.",
	  "All are acknowledged within 2 s, one by one or several at a time.", NULL },
	{ RULE_WIN_ACKDUE_01, win_ackdue, TEST_GRE, NULL, "Sends one packet and nothing else.",
	  "An acknowledgment within 1 s.", NULL },
	{ RULE_OOS_LATE_01, oos_late, TEST_GRE, NULL,
	  "Sends LCP Echo-Requests with numbers 0, 1, 2, 4, waits for the reply to the last, then sends 3.",
	  "No reply to number 3.", NULL },
	{ RULE_OOS_DISCARD_01, oos_discard, TEST_GRE, NULL,
	  "Sends LCP Echo-Requests with numbers 1, 0 and later 3, 2, 4 back to back.",
	  "Replies in the order of the numbers, or only to those that came in order.", NULL },
	{ RULE_OOS_REORDER_01, oos_reorder, TEST_GRE, NULL,
	  "Sends LCP Echo-Requests out of order and measures the replies.",
	  "Either way of handling them; the report says which.", NULL },
	{ RULE_OOS_ACK_01, oos_ack, TEST_GRE, NULL, "Sends numbers 0, 1, 2, 4 and nothing else.",
	  "4 is acknowledged within 2 s.", NULL },
	{ RULE_OOS_CREDIT_01, oos_credit, TEST_GRE, "dut-traffic",
	  "Announces a window of 4 and acknowledges the newest packet without those before it.",
	  "The device goes on behind the packet acknowledged.", NULL },
	{ RULE_OOS_RESUME_01, oos_resume, TEST_GRE, NULL, "Sends numbers 0, 1, 2, 4, then 3, then 5.",
	  "5 is answered and acknowledged.", NULL },
	{ RULE_OOS_GAP_01, oos_gap, TEST_GRE, NULL,
	  "Sends LCP Echo-Requests with numbers 0 to 9, then 1000, then 0x7FFFFFF0.",
	  "Each is answered and acknowledged.", NULL },
	{ RULE_OOS_DUP_01, oos_dup, TEST_GRE, "dut-traffic",
	  "Keeps the device sending and acknowledges one burst in eight.", "No Sequence Number comes twice.",
	  NULL },
	{ RULE_OOS_DUP_02, oos_dup_received, TEST_GRE, NULL,
	  "Sends one LCP Echo-Request three times with the same number.", "One reply.", NULL },
	{ RULE_OOS_LOG_01, oos_log, TEST_GRE, "dut-log",
	  "Sends late and repeated packets and reads the log before and after.", "The log tells of them.",
	  NULL },
	{ RULE_ATO_REQ_01, ato_required, TEST_GRE, "dut-traffic",
	  "Announces a window of 4, keeps the device sending and stops acknowledging.",
	  "New packets come after a time-out, within 60 s.", NULL },
	{ RULE_ATO_SESSION_01, ato_session, TEST_GRE, "dut-traffic",
	  "Two calls under load: acknowledges one at once and the other never.",
	  "The first call goes on as before.", NULL },
	{ RULE_ATO_MAX_01, ato_max, TEST_GRE | TEST_SLOW, "dut-config dut-traffic",
	  "Sets MaxTimeOut to 2 s and then to 4 s, and stops acknowledging each time.",
	  "Pauses level off at the setting.", NULL },
	{ RULE_ATO_SKIP_01, ato_skip, TEST_GRE | TEST_SLOW, "dut-traffic",
	  "Acknowledges after 20 ms, later after 500 ms, and measures the pause after loss each time.",
	  "The report says how the time-out follows.", NULL },
	{ RULE_ATO_PPD_01, ato_unit, 0, NULL, "Sets a call up and reads the delay that the device announces.",
	  "It makes sense as tenths of a second.", NULL },
	{ RULE_ATO_SEED_01, ato_seed, TEST_GRE | TEST_SLOW, "dut-traffic",
	  "Announces a delay of 3 s and a window of 2, and acknowledges nothing from the start.",
	  "The first pause is 3 s where the suggested algorithm is used; the report says what it is.", NULL },
	{ RULE_ATO_FORM_01, ato_form, TEST_GRE | TEST_SLOW, "dut-traffic",
	  "Acknowledges after 200 ms for a while, then stops.", "The report says how long the pause is.",
	  NULL },
	{ RULE_ATO_FORM_02, ato_form_deviation, TEST_GRE | TEST_SLOW, "dut-traffic",
	  "Acknowledges after 100 and 300 ms in turn for 200 packets, then stops.",
	  "The report says how long the pause is.", NULL },
	{ RULE_ATO_SAMPLE_01, ato_sample, TEST_GRE | TEST_SLOW, "dut-traffic",
	  "Acknowledges eight packets at a time, the newest after 50 ms, then stops.",
	  "The report says how long the pause is.", NULL },
	{ RULE_CONG_NORETX_01, cong_noretx, TEST_GRE, "dut-traffic",
	  "Keeps the device sending and leaves two bursts of three unacknowledged.",
	  "Sequence Numbers only grow.", NULL },
	{ RULE_CONG_BACKOFF_01, cong_backoff, TEST_GRE | TEST_SLOW, "dut-traffic",
	  "Announces a delay of 0.5 s and acknowledges nothing for 40 s.", "Pauses grow, up to a ceiling.",
	  NULL },
	{ RULE_CONG_LIMIT_01, cong_limit, TEST_GRE | TEST_SLOW, "dut-traffic",
	  "Acknowledges nothing until pauses stay the same, for 20 minutes at most.",
	  "Pauses reach a ceiling.", NULL },
	{ RULE_CONG_BOTH_01, cong_both, TEST_GRE | TEST_SLOW, "dut-traffic",
	  "Announces a window of 16 and acknowledges nothing for 20 s.",
	  "Bursts shrink to 8, 4, 2 and 1 packets while pauses grow.", NULL },
	{ RULE_CONG_RECOVER_01, cong_recover, TEST_GRE | TEST_SLOW, "dut-traffic",
	  "After an outage acknowledges each packet for a while, then stops once more.",
	  "The pause is shorter than the last one of the outage.", NULL },
	{ .run = NULL },
};
