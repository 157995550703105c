/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Active tests of tunnel packets (RFC 2637 section 4.1): what the device's headers look like, and what
 * it does about headers that are wrong.
 */
#include "conformance/suite/suite_private.h"

enum { ENOUGH = 8, OCTETS = 2048, LARGE = 1400 };

/* --- the device's packets ---------------------------------------------------------------------- */

/* Data that is answered, and data whose acknowledgment has no reply to ride on. */
static void exchange(struct tester *t, struct t_gre *g, uint8_t identifier)
{
	t_lcp_echo(g, identifier);
	t_sleep(t, 0.25);
	discard_request(g, identifier);
	t_sleep(t, 0.5);
}

/* A call in which both sides send; ends the test when the device sends too little. */
static struct t_gre *talking(struct tester *t)
{
	struct t_gre *g = t_gre(t_call_up(t_cc_up(t), NULL));

	need_lcp(t, g);
	t_traffic(g, ENOUGH, 64, 20, true);
	for (unsigned i = 0; i < 4; i++)
		exchange(t, g, (uint8_t)i);
	if (t_packets(g) < ENOUGH / 2)
		t_inconclusive(t, "the device sent only %zu packets", t_packets(g));
	return g;
}

/* No packet has any of these bits of the header. */
static void bits_clear(struct tester *t, uint16_t bits)
{
	struct t_gre *g = talking(t);

	for (size_t i = 0; i < t_packets(g); i++)
		T_CHECK(t, !(t_packet(g, i)->flags & bits), "octets 0 and 1 of packet %zu are 0x%04x", i + 1,
			t_packet(g, i)->flags);
	t_pass(t);
}

static void gre_c(struct tester *t)
{
	bits_clear(t, GRE_C);
}

static void gre_r(struct tester *t)
{
	bits_clear(t, GRE_R);
}

static void gre_ssr(struct tester *t)
{
	bits_clear(t, GRE_SSR);
}

static void gre_recur(struct tester *t)
{
	bits_clear(t, GRE_RECUR);
}

static void gre_flags(struct tester *t)
{
	bits_clear(t, GRE_FLAGS);
}

static void gre_k(struct tester *t)
{
	struct t_gre *g = talking(t);

	for (size_t i = 0; i < t_packets(g); i++)
		T_CHECK(t, t_packet(g, i)->flags & GRE_K, "octets 0 and 1 of packet %zu are 0x%04x", i + 1,
			t_packet(g, i)->flags);
	t_pass(t);
}

static void gre_ver(struct tester *t)
{
	struct t_gre *g = talking(t);

	for (size_t i = 0; i < t_packets(g); i++)
		T_CHECK(t, (t_packet(g, i)->flags & GRE_VER) == 1, "version %u in packet %zu",
			t_packet(g, i)->flags & GRE_VER, i + 1);
	t_pass(t);
}

/* No packet has one of these defects. */
static void no_defect(struct tester *t, struct t_gre *g, unsigned defects)
{
	for (size_t i = 0; i < t_packets(g); i++) {
		unsigned found = t_packet(g, i)->defects & defects;

		T_CHECK(t, !found, "packet %zu: %s", i + 1, gre_defect_text(found & -found));
	}
}

static size_t lone_acks(const struct t_gre *g)
{
	size_t n = 0;

	for (size_t i = 0; i < t_packets(g); i++)
		n += !(t_packet(g, i)->flags & GRE_S) && t_packet(g, i)->flags & GRE_A;
	return n;
}

static void gre_s(struct tester *t)
{
	struct t_gre *g = talking(t);

	no_defect(t, g, GRE_BAD_S_EMPTY | GRE_BAD_NO_S);
	if (!lone_acks(g))
		t_note(t, "the device sent no acknowledgment alone");
	t_pass(t);
}

static void gre_a(struct tester *t)
{
	struct t_gre *g = talking(t);
	uint32_t next = t_gre_next(g).seq;

	no_defect(t, g, GRE_BAD_LENGTH | GRE_BAD_PAD | GRE_BAD_SHORT);
	for (size_t i = 0; i < t_packets(g); i++) {
		const struct t_packet *p = t_packet(g, i);

		T_CHECK(t, !(p->flags & GRE_A) || (int32_t)(p->ack - next) < 0,
			"packet %zu has %u where its Acknowledgment Number should be", i + 1, p->ack);
	}
	t_pass(t);
}

/* The call still works: an LCP Echo-Request is answered, and the control connection lives. */
static void call_works(struct tester *t, struct t_gre *g, const char *after)
{
	bool answered;

	t_lcp_echo(g, 222);
	answered = t_lcp_echoed(g, 222, 5);
	if (!answered && t_ppp_over(g))
		t_inconclusive(t, "the device ended PPP meanwhile");
	T_CHECK(t, answered, "no LCP Echo-Reply any more after %s", after);
	T_CHECK(t, !t_is_closed(gre_link(g)), "the control connection was closed after %s", after);
}

static void gre_empty(struct tester *t)
{
	struct t_gre *g = talking(t);
	struct gre_pkt p = t_gre_next(g);

	no_defect(t, g, GRE_BAD_EMPTY);
	p.flags &= (uint16_t) ~(GRE_S | GRE_A);
	p.payload_length = 0;
	t_gre_raw(g, &p, NULL, 0);
	call_works(t, g, "a packet with neither S nor A");
	t_pass(t);
}

/* Sends an LCP Echo-Request in a packet changed by the caller: whether it was answered within 1.5 s. */
static bool answered(struct t_gre *g, struct gre_pkt *p, uint8_t id)
{
	uint8_t ppp[OCTETS];
	size_t len = t_lcp_echo_build(g, id, 8, ppp, sizeof(ppp));

	if (p->payload_length == 0)
		p->payload_length = (uint16_t)len;
	t_gre_raw(g, p, ppp, len);
	return t_lcp_echoed(g, id, 1.5);
}

/* The next data packet; its number is used up, so that what follows is not taken for a copy. */
static struct gre_pkt next_packet(struct t_gre *g)
{
	struct gre_pkt p = t_gre_next(g);

	p.payload_length = 0;
	t_gre_skip(g, p.seq + 1);
	return p;
}

static void gre_ptype(struct tester *t)
{
	struct t_gre *g = talking(t);
	struct gre_pkt p;

	no_defect(t, g, GRE_BAD_PROTOCOL);
	p = next_packet(g);
	p.protocol = 0x0800;
	T_CHECK(t, !answered(g, &p, 201), "a packet with Protocol Type 0x0800 was taken for PPP");
	call_works(t, g, "a packet with another Protocol Type");
	t_pass(t);
}

static void gre_header(struct tester *t)
{
	static const size_t cuts[] = { 8, 10, 12, 14 };
	struct t_gre *g = talking(t);
	uint8_t octets[64];
	struct gre_pkt p = t_gre_next(g);

	no_defect(t, g, GRE_BAD_SHORT);
	p.flags |= GRE_S | GRE_A;
	p.payload_length = 0;
	for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts); i++) {
		gre_encode(&p, NULL, 0, octets, sizeof(octets));
		t_gre_octets(g, octets, cuts[i]);
	}
	t_gre_skip(g, p.seq + 1); /* a device that read the number may keep it for used */
	call_works(t, g, "packets that end within the header");
	t_pass(t);
}

static void gre_length(struct tester *t)
{
	static const size_t fills[] = { 0, 1, 2, 560, 1380 };
	struct t_gre *g = talking(t);

	for (size_t i = 0; i < sizeof(fills) / sizeof(*fills); i++) {
		uint8_t ppp[OCTETS];
		size_t len = t_lcp_echo_build(g, (uint8_t)(100 + i), fills[i], ppp, sizeof(ppp));

		t_gre_data(g, ppp, len);
		t_lcp_echoed(g, (uint8_t)(100 + i), 1);
	}
	no_defect(t, g, GRE_BAD_LENGTH | GRE_BAD_PAD);
	t_pass(t);
}

static void gre_length_ack(struct tester *t)
{
	struct t_gre *g = talking(t);

	/* Some devices acknowledge late, and then their own data may take the acknowledgment along. */
	for (unsigned i = 4; i < 12 && !lone_acks(g); i++)
		exchange(t, g, (uint8_t)i);
	if (!lone_acks(g))
		t_inconclusive(t, "the device sent no acknowledgment alone");
	for (size_t i = 0; i < t_packets(g); i++) {
		const struct t_packet *p = t_packet(g, i);

		T_CHECK(t, p->flags & GRE_S || !p->payload_length,
			"an acknowledgment alone has Payload Length %u", p->payload_length);
	}
	t_pass(t);
}

static void gre_length_wrong(struct tester *t)
{
	struct t_gre *g = talking(t);
	uint8_t ppp[OCTETS];
	size_t len = t_lcp_echo_build(g, 201, 8, ppp, sizeof(ppp));
	struct gre_pkt p = next_packet(g);

	p.payload_length = (uint16_t)(len + 100);
	T_CHECK(t, !answered(g, &p, 201), "a packet that is shorter than its Payload Length was delivered");
	p = next_packet(g);
	p.payload_length = (uint16_t)(len - 2);
	if (answered(g, &p, 202))
		t_note(t, "octets beyond Payload Length are left away, and the rest is answered");
	call_works(t, g, "wrong Payload Lengths");
	t_pass(t);
}

/* --- Call IDs --------------------------------------------------------------------------------- */

static void gre_callid(struct tester *t)
{
	struct t_call *c = t_call_up(t_cc_up(t), "call_id", INT64_C(0x1111), NULL);
	struct t_gre *g = t_gre(c);

	need_lcp(t, g);
	t_traffic(g, ENOUGH, 64, 20, true);
	t_sleep(t, 1);
	if (!t_packets(g))
		t_fail(t, "no packet with the tester's Call ID, 0x%04x", c->own_id);
	for (size_t i = 0; i < t_packets(g); i++)
		T_CHECK(t, t_packet(g, i)->call_id == c->own_id, "Call ID 0x%04x", t_packet(g, i)->call_id);
	t_pass(t);
}

static void gre_callid_wrong(struct tester *t)
{
	struct t_call *c = t_call_up(t_cc_up(t), NULL);
	struct t_gre *g = t_gre(c);
	uint64_t octets;
	struct gre_pkt p;

	need_lcp(t, g);
	octets = t_octets_in(c->link);
	p = next_packet(g);
	p.call_id = c->dut_id ^ 0xffff;
	T_CHECK(t, !answered(g, &p, 201), "a packet with an unknown Call ID was answered");
	if (c->own_id != c->dut_id) {
		p = next_packet(g);
		p.call_id = c->own_id;
		T_CHECK(t, !answered(g, &p, 202), "a packet with the tester's own Call ID was answered");
	}
	if (t_foreign_echo(g, 203) && t_lcp_echoed(g, 203, 1.5))
		t_note(t, "a packet with the right Call ID is answered whatever its source address");
	T_CHECK(t, t_octets_in(c->link) == octets,
		"the device said something about it on the control connection");
	call_works(t, g, "packets with wrong Call IDs");
	t_pass(t);
}

static void gre_state(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	size_t n = t_gre_stray(t, 60);

	(void)l;
	T_CHECK(t, !n, "%zu tunnel packets without any call", n);
	t_pass(t);
}

/* --- numbers ---------------------------------------------------------------------------------- */

/* The first data packet of the device's, or NULL; from: index to begin at, moved behind it. */
static const struct t_packet *next_data(const struct t_gre *g, size_t *from)
{
	while (*from < t_packets(g)) {
		const struct t_packet *p = t_packet(g, (*from)++);

		if (p->flags & GRE_S)
			return p;
	}
	return NULL;
}

static void starts_at_zero(struct tester *t, const struct t_gre *g)
{
	size_t i = 0;
	const struct t_packet *p = next_data(g, &i);

	if (!p)
		t_inconclusive(t, "the device sent no data");
	T_CHECK(t, p->seq <= 1, "the first data packet has Sequence Number %u", p->seq);
	if (p->seq == 1)
		t_note(t, "the first data packet has Sequence Number 1");
}

static void gre_seq_start(struct tester *t)
{
	struct t_gre *g = t_gre(t_call_up(t_cc_up(t), NULL));

	t_traffic(g, 2, 64, 10, true);
	t_sleep(t, 2);
	starts_at_zero(t, g);
	t_pass(t);
}

static void consecutive(struct tester *t, const struct t_gre *g)
{
	size_t i = 0;
	const struct t_packet *p = next_data(g, &i), *before = NULL;

	for (; p; before = p, p = next_data(g, &i))
		T_CHECK(t, !before || p->seq == before->seq + 1, "Sequence Number %u comes after %u", p->seq,
			before->seq);
	if (!before)
		t_inconclusive(t, "the device sent no data");
}

static void gre_seq_next(struct tester *t)
{
	struct t_gre *g = t_gre(t_call_up(t_cc_up(t), NULL));

	t_traffic(g, 1000, 64, 0, true);
	for (unsigned i = 0; i < 30 && t_packets(g) < 1000; i++)
		t_sleep(t, 0.5);
	consecutive(t, g);
	t_pass(t);
}

static void gre_seq_ackonly(struct tester *t)
{
	struct t_gre *g = t_gre(t_call_up(t_cc_up(t), NULL));

	for (unsigned i = 0; i < 6 || (i < 12 && !lone_acks(g)); i++) {
		t_traffic(g, 2, 64, 20, true);
		t_sleep(t, 0.3); /* nothing is left for the acknowledgment to ride on */
		discard_request(g, (uint8_t)i);
		t_sleep(t, 0.6);
	}
	consecutive(t, g);
	if (!lone_acks(g))
		t_inconclusive(t, "the device sent no acknowledgment alone");
	t_pass(t);
}

static void gre_seq_percall(struct tester *t)
{
	struct t_link *l = t_cc_up(t);
	struct t_call *call[3];
	struct t_gre *g[3];

	for (unsigned i = 0; i < 3; i++) {
		if (t_is_closed(l)) /* some end it with a call */
			l = t_cc_up(t);
		call[i] = i ? t_more_call(l, call[0]) : t_call_up(l, NULL);
		g[i] = t_gre(call[i]);
		t_traffic(g[i], 5, 64, 20, true);
		t_sleep(t, 1.5);
		if (i == 1)
			t_clear(call[0]);
	}
	for (unsigned i = 0; i < 3; i++) {
		starts_at_zero(t, g[i]);
		consecutive(t, g[i]);
	}
	t_pass(t);
}

/* Sends n data packets and returns the last number. */
static uint32_t send_some(struct t_gre *g, unsigned n)
{
	uint32_t last = 0;

	for (unsigned i = 0; i < n; i++)
		last = t_lcp_echo(g, (uint8_t)i);
	return last;
}

static void gre_ack(struct tester *t)
{
	struct t_gre *g = t_gre(t_call_up(t_cc_up(t), NULL));
	uint32_t last = send_some(g, 10);

	t_sleep(t, 2);
	T_CHECK(t, t_last_ack(g) == last, "2 s after packet %u the last Acknowledgment Number is %lld", last,
		(long long)t_last_ack(g));
	t_pass(t);
}

static void gre_ack_unsent(struct tester *t)
{
	struct t_gre *g = t_gre(t_call_up(t_cc_up(t), NULL));
	uint32_t last;

	t_silent_ppp(g, true);
	last = send_some(g, 5);
	t_sleep(t, 10);
	for (size_t i = 0; i < t_packets(g); i++) {
		const struct t_packet *p = t_packet(g, i);

		T_CHECK(t, !(p->flags & GRE_A) || (int32_t)(p->ack - last) <= 0,
			"Acknowledgment Number %u, while %u was the last packet sent", p->ack, last);
	}
	t_pass(t);
}

static void gre_ack_back(struct tester *t)
{
	struct t_gre *g = t_gre(t_call_up(t_cc_up(t), NULL));
	uint32_t base = send_some(g, 3) + 1;
	int64_t last = -1;

	t_lcp_echo_at(g, 104, base + 1);
	t_sleep(t, 1.5);
	t_lcp_echo_at(g, 103, base);
	t_sleep(t, 1.5);
	for (size_t i = 0; i < t_packets(g); i++) {
		const struct t_packet *p = t_packet(g, i);

		if (!(p->flags & GRE_A))
			continue;
		T_CHECK(t, last < 0 || (int32_t)(p->ack - (uint32_t)last) >= 0,
			"%u is acknowledged after %lld", p->ack, (long long)last);
		last = p->ack;
	}
	if (last < 0)
		t_inconclusive(t, "nothing was acknowledged");
	t_pass(t);
}

static void gre_ack_early(struct tester *t)
{
	struct t_gre *g = t_gre(t_call_up(t_cc_up(t), NULL));
	size_t n;

	t_silent_ppp(g, true);
	t_acks(g, T_ACK_LONE, 0, 0);
	if (t_has_hook(t, "dut-traffic"))
		t_traffic(g, 5, 64, 10, false);
	t_sleep(t, 5);
	n = t_packets(g);
	if (!n)
		t_inconclusive(t, "the device sends nothing before it has received something");
	for (size_t i = 0; i < n; i++)
		T_CHECK(t, !(t_packet(g, i)->flags & GRE_A),
			"packet %zu acknowledges %u, but nothing was sent", i + 1, t_packet(g, i)->ack);
	t_pass(t);
}

/* --- payload ---------------------------------------------------------------------------------- */

static void gre_mtu(struct tester *t)
{
	struct t_gre *g = talking(t);
	uint8_t ppp[OCTETS];
	size_t len = t_lcp_echo_build(g, 201, 0, ppp, sizeof(ppp));

	if (t_has_hook(t, "dut-traffic")) {
		t_traffic(g, 5, 1600, 10, false);
		t_sleep(t, 1.5);
	}
	len = t_lcp_echo_build(g, 201, LARGE - len, ppp, sizeof(ppp));
	t_gre_data(g, ppp, len);
	t_lcp_echoed(g, 201, 3);
	for (size_t i = 0; i < t_packets(g); i++)
		T_CHECK(t, t_packet(g, i)->payload_length <= 1532, "Payload Length %u",
			t_packet(g, i)->payload_length);
	t_pass(t);
}

static void gre_mtu_received(struct tester *t)
{
	struct t_gre *g = t_gre(t_call_up(t_cc_up(t), NULL));
	uint8_t ppp[OCTETS];
	size_t len;

	need_lcp(t, g);
	len = t_lcp_echo_build(g, 201, 0, ppp, sizeof(ppp));
	len = t_lcp_echo_build(g, 201, 1532 - len, ppp, sizeof(ppp));
	t_gre_data(g, ppp, len);
	if (!t_lcp_echoed(g, 201, 3)) {
		call_works(t, g, "a packet of 1532 octets");
		t_note(t, "1532 octets of PPP are not answered; the MRU may be smaller");
	}
	t_pass(t);
}

/* Octets of PPP before the protocol's own: address and control left away, and the protocol's number. */
static size_t ppp_header(const struct t_packet *p, unsigned *protocol)
{
	size_t at = p->len >= 2 && p->head[0] == 0xff && p->head[1] == 0x03 ? 2 : 0;

	*protocol = 0;
	if (p->len < at + 2)
		return 0;
	if (p->head[at] & 1) {
		*protocol = p->head[at];
		return at + 1;
	}
	*protocol = (unsigned)p->head[at] << 8 | p->head[at + 1];
	return at + 2;
}

/* A call whose device speaks LCP: ends the test unless it sent some. */
static struct t_gre *negotiating(struct tester *t)
{
	struct t_gre *g = t_gre(t_call_up(t_cc_up(t), NULL));

	need_lcp(t, g);
	t_sleep(t, 0.5);
	return g;
}

static void gre_ppp(struct tester *t)
{
	struct t_gre *g = negotiating(t);
	size_t i = 0;
	const struct t_packet *p;
	unsigned protocol;

	while ((p = next_data(g, &i))) {
		if (!p->len)
			continue;
		T_CHECK(t, p->head[0] != 0x7e, "the payload begins with 0x7E, a flag of HDLC");
		T_CHECK(t, !(p->head[0] == 0xff && p->head[1] == 0x7d), "the payload is escaped as in HDLC");
		ppp_header(p, &protocol);
		T_CHECK(t, protocol != 0, "the payload is no PPP packet");
	}
	t_pass(t);
}

static void gre_ppp_fcs(struct tester *t)
{
	struct t_gre *g = negotiating(t);
	size_t i = 0, seen = 0;
	const struct t_packet *p;

	while ((p = next_data(g, &i))) {
		unsigned protocol, length;
		size_t header = ppp_header(p, &protocol);

		if (protocol != 0xc021 || p->len < header + 4)
			continue;
		length = (unsigned)p->head[header + 2] << 8 | p->head[header + 3];
		T_CHECK(t, p->len == header + length, "an LCP packet of %u octets is followed by %zu more",
			length, p->len - header - length);
		seen++;
	}
	if (!seen)
		t_inconclusive(t, "the device sent no LCP packet");
	t_pass(t);
}

static void gre_ppp_address(struct tester *t)
{
	struct t_gre *g = t_gre(t_call_up(t_cc_up(t), NULL));
	bool with, without;

	need_lcp(t, g);
	t_lcp_form(g, true);
	t_lcp_echo(g, 201);
	with = t_lcp_echoed(g, 201, 3);
	t_lcp_form(g, false);
	t_lcp_echo(g, 202);
	without = t_lcp_echoed(g, 202, 3);
	T_CHECK(t, with || without, "LCP is answered neither with FF 03 before it nor without");
	if (!with || !without)
		t_warn(t, "LCP is answered only %s FF 03 before it", with ? "with" : "without");
	t_pass(t);
}

static void gre_ip(struct tester *t)
{
	gre_ppp_fcs(t);
}

static void gre_invalid(struct tester *t)
{
	static const struct {
		uint16_t flip;
		const char *what;
	} ways[] = {
		{ GRE_C, "C set" },           { GRE_R, "R set" },           { GRE_SSR, "s set" },
		{ 0x0100, "Recur not zero" }, { 0x0008, "Flags not zero" }, { GRE_K, "K clear" },
		{ 1, "version 0" },           { 3, "version 2" },
	};
	struct t_gre *g = t_gre(t_call_up(t_cc_up(t), NULL));

	need_lcp(t, g);
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		struct gre_pkt p = next_packet(g);

		p.flags ^= ways[i].flip;
		if (answered(g, &p, (uint8_t)(201 + i)))
			t_fail(t, "a packet with %s was taken for PPP", ways[i].what);
	}
	call_works(t, g, "packets with wrong headers");
	t_pass(t);
}

/* Packets in the last two seconds of four. */
static size_t rate_with(struct tester *t, struct t_gre *g, enum t_acks how)
{
	size_t from;

	t_acks(g, how, 0, 0);
	t_sleep(t, 2);
	from = t_packets(g);
	t_sleep(t, 2);
	return t_packets(g) - from;
}

static void gre_piggy(struct tester *t)
{
	struct t_gre *g = t_gre(t_call_up(t_cc_up(t), "packet_recv_window_size", INT64_C(4), NULL));
	size_t alone, riding;

	t_traffic(g, 0, 64, 50, false);
	alone = rate_with(t, g, T_ACK_LONE);
	riding = rate_with(t, g, T_ACK_RIDING);
	T_CHECK(t, alone > 8, "with acknowledgments alone the device sends %zu packets in 2 s", alone);
	T_CHECK(t, riding > 8, "with acknowledgments on data the device sends %zu packets in 2 s", riding);
	T_CHECK(t, riding * 4 > alone && alone * 4 > riding,
		"%zu packets in 2 s with acknowledgments alone, %zu with those on data", alone, riding);
	t_pass(t);
}

#define TALK "Has both sides send and reads the device's headers."

const struct test_case suite_gre[] = {
	{ RULE_GRE_C_01, gre_c, TEST_GRE, NULL, TALK, "C is 0.", NULL },
	{ RULE_GRE_R_01, gre_r, TEST_GRE, NULL, TALK, "R is 0.", NULL },
	{ RULE_GRE_K_01, gre_k, TEST_GRE, NULL, TALK, "K is 1.", NULL },
	{ RULE_GRE_S_01, gre_s, TEST_GRE, NULL, TALK, "S is 1 with data and 0 in acknowledgments alone.",
	  NULL },
	{ RULE_GRE_SSR_01, gre_ssr, TEST_GRE, NULL, TALK, "s is 0.", NULL },
	{ RULE_GRE_RECUR_01, gre_recur, TEST_GRE, NULL, TALK, "Recur is 0.", NULL },
	{ RULE_GRE_A_01, gre_a, TEST_GRE, NULL, TALK, "Header and payload fill the packet, by S and A.",
	  NULL },
	{ RULE_GRE_FLAGS_01, gre_flags, TEST_GRE, NULL, TALK, "Flags are 0.", NULL },
	{ RULE_GRE_VER_01, gre_ver, TEST_GRE, NULL, TALK, "Ver is 1.", NULL },
	{ RULE_GRE_EMPTY_01, gre_empty, TEST_GRE, NULL,
	  "Reads the device's headers, then sends a packet with neither S nor A.",
	  "The device sends none, and ignores the one.", NULL },
	{ RULE_GRE_PTYPE_01, gre_ptype, TEST_GRE, NULL,
	  "Reads the device's headers, then sends a packet with Protocol Type 0x0800.",
	  "0x880B only, and the other one is ignored.", NULL },
	{ RULE_GRE_HDR_01, gre_header, TEST_GRE, NULL,
	  "Sends packets with S and A that end after 8, 10, 12 and 14 octets.",
	  "They are ignored and the call goes on.", NULL },
	{ RULE_GRE_PLEN_01, gre_length, TEST_GRE, NULL, "Exchanges PPP packets from a few to 1400 octets.",
	  "Payload Length is exact.", NULL },
	{ RULE_GRE_PLEN_02, gre_length_ack, TEST_GRE, NULL, TALK,
	  "Payload Length is 0 in acknowledgments alone.", NULL },
	{ RULE_GRE_PLEN_03, gre_length_wrong, TEST_GRE, NULL,
	  "Sends LCP Echo-Requests whose Payload Length is 100 too large, and 2 too small.",
	  "The first is not answered.", NULL },
	{ RULE_GRE_CALLID_01, gre_callid, TEST_GRE, NULL,
	  "Gives the call the Call ID 0x1111 and exchanges traffic.", "The device's packets carry it.",
	  NULL },
	{ RULE_GRE_CALLID_02, gre_callid_wrong, TEST_GRE, NULL,
	  "Sends LCP Echo-Requests with an unknown Call ID, with the tester's own, and from another address.",
	  "None is answered, and nothing is said on the control connection.", NULL },
	{ RULE_GRE_STATE_01, gre_state, TEST_GRE | TEST_SLOW, NULL,
	  "Keeps a control connection without calls for 60 s.", "No tunnel packet.", NULL },
	{ RULE_GRE_SEQ_START_01, gre_seq_start, TEST_GRE | TEST_BEARS, NULL,
	  "Sets a call up and reads the first data packet.", "Sequence Number 0; 1 is borne.", NULL },
	{ RULE_GRE_SEQ_NEXT_01, gre_seq_next, TEST_GRE, NULL, "Has the device send 1000 packets.",
	  "1000 consecutive numbers.", NULL },
	{ RULE_GRE_SEQ_ACKONLY_01, gre_seq_ackonly, TEST_GRE, NULL,
	  "Has the device send data and acknowledgments alone in turn.", "The numbers of data have no gap.",
	  NULL },
	{ RULE_GRE_SEQ_PERCALL_01, gre_seq_percall, TEST_GRE, NULL,
	  "Sets up two calls, clears the first, and sets up a third.", "Each starts at 0 and counts alone.",
	  NULL },
	{ RULE_GRE_ACK_01, gre_ack, TEST_GRE, NULL, "Sends ten packets and waits for 2 s.",
	  "The last of them is acknowledged.", NULL },
	{ RULE_GRE_ACK_02, gre_ack_unsent, TEST_GRE, NULL, "Sends five packets and nothing more for 10 s.",
	  "Nothing beyond them is acknowledged.", NULL },
	{ RULE_GRE_ACK_03, gre_ack_back, TEST_GRE, NULL, "Sends numbers 0, 1, 2, 4 and then 3.",
	  "Acknowledgment Numbers never go back.", NULL },
	{ RULE_GRE_ACK_04, gre_ack_early, TEST_GRE, NULL, "Sends nothing and reads what the device sends.",
	  "Nothing is acknowledged.", NULL },
	{ RULE_GRE_MTU_01, gre_mtu, TEST_GRE, NULL,
	  "Has the device send packets larger than the tunnel allows, and echo a large one.", "No Payload Length above 1532.",
	  NULL },
	{ RULE_GRE_MTU_02, gre_mtu_received, TEST_GRE, NULL, "Sends an LCP Echo-Request of 1532 octets.",
	  "It is answered, unless the MRU forbids that.", NULL },
	{ RULE_GRE_PPP_01, gre_ppp, TEST_GRE, NULL, "Lets LCP negotiate and reads the payloads.",
	  "PPP packets without flags and escapes.", NULL },
	{ RULE_GRE_PPP_02, gre_ppp_fcs, TEST_GRE, NULL, "Lets LCP negotiate and reads the payloads.",
	  "Nothing follows the LCP packet.", NULL },
	{ RULE_GRE_PPP_03, gre_ppp_address, TEST_GRE, NULL,
	  "Sends LCP packets with and without FF 03 before them.", "Both are answered, or at least one.",
	  NULL },
	{ RULE_GRE_IP_01, gre_ip, TEST_GRE, NULL, TALK, "One PPP packet in each.", NULL },
	{ RULE_GRE_INVALID_01, gre_invalid, TEST_GRE, NULL,
	  "Sends LCP Echo-Requests with C, R or s set, Recur or Flags not zero, K clear, versions 0 and 2.",
	  "None is answered; the call goes on.", NULL },
	{ RULE_GRE_PIGGY_01, gre_piggy, TEST_GRE, "dut-traffic",
	  "Acknowledges only alone, then only on data.", "The device goes on sending in both cases.", NULL },
	{ .run = NULL },
};
