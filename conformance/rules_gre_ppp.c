/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is in the tunnel, as far as PPP's control protocols show it: bare packets, one in each.
 * RFC 2637 sections 4 and 4.3.
 */
#include "conformance/rules_gre_private.h"
#include "dissectors/cursor.h"
#include "dissectors/ppp.h"

enum {
	FLAG = 0x7e,
	ESCAPE = 0x7d,
	CONTROL_HEADER = 4, /* code, identifier, length */
	ECHO_REQUEST = 9,
	ECHO_REPLY = 10,
	FCS16_GOOD = 0xf0b8, /* RFC 1662, C.2: over a packet with its check sequence */
};
#define FCS32_GOOD UINT32_C(0xdebb20e3)

/* --- HDLC ------------------------------------------------------------------------------------- */

static struct finding *framed(const struct gre_look *l, unsigned how)
{
	struct finding *f = fail(l->j, l->e, RULE_GRE_PPP_01, (int)l->e->from, how);

	say(f, "%s sent PPP with the framing of a serial line through the tunnel", who(l->e, l->e->from));
	return expected(f, "a bare PPP packet");
}

/* A flag or an escape at the beginning. */
static void framed_first(const struct gre_look *l)
{
	const struct gre_pkt *g = l->e->gre;
	const uint8_t *p = g->payload;
	bool certain = p[0] == FLAG ? g->caplen > 1 && (p[1] == 0xff || p[1] == 0xc0 || p[1] == ESCAPE)
				    : g->caplen > 2 && p[1] == ESCAPE && p[2] == 0x23;

	observed(framed(l, certain ? 0 : FAIL_DOUBT), "%02X %02X ...", p[0], g->caplen > 1 ? p[1] : 0);
}

/* A flag right behind a control packet or its check sequence. */
static bool framed_last(const struct gre_look *l, uint32_t beyond)
{
	const struct gre_pkt *g = l->e->gre;

	if ((beyond != 1 && beyond != 3 && beyond != 5) || g->payload[g->caplen - 1] != FLAG)
		return false;
	observed(framed(l, FAIL_DOUBT), "%02X at the end", FLAG);
	return true;
}

/* --- check sequences -------------------------------------------------------------------------- */

static bool fcs16(const uint8_t *p, size_t n)
{
	uint32_t fcs = 0xffff;

	for (size_t i = 0; i < n; i++) {
		fcs ^= p[i];
		for (unsigned bit = 0; bit < 8; bit++)
			fcs = fcs & 1 ? fcs >> 1 ^ 0x8408 : fcs >> 1;
	}
	return fcs == FCS16_GOOD;
}

static bool fcs32(const uint8_t *p, size_t n)
{
	uint32_t fcs = UINT32_MAX;

	for (size_t i = 0; i < n; i++) {
		fcs ^= p[i];
		for (unsigned bit = 0; bit < 8; bit++)
			fcs = fcs & 1 ? fcs >> 1 ^ UINT32_C(0xedb88320) : fcs >> 1;
	}
	return fcs == FCS32_GOOD;
}

/* Senders that leave out FF 03 may have counted it all the same. */
static bool checked(const uint8_t *p, size_t n, size_t extra)
{
	uint8_t whole[2 + 1536] = { 0xff, 0x03 };

	if (extra == 2 ? fcs16(p, n) : fcs32(p, n))
		return true;
	if (p[0] == 0xff || n > sizeof(whole) - 2)
		return false;
	memcpy(whole + 2, p, n);
	return extra == 2 ? fcs16(whole, n + 2) : fcs32(whole, n + 2);
}

static void fcs_fail(struct judge *j, const struct event *e, unsigned host, const struct gre_mark *m,
		     uint64_t second)
{
	struct finding *f = fail(j, e, RULE_GRE_PPP_02, (int)host, second ? 0 : FAIL_UNPROVEN);

	say(f, "%s sent PPP with its frame check sequence of %u octets through the tunnel", who(e, host),
	    m->value);
	observed(expected(f, "%u octets", m->limit), "%u more", m->value);
	evidence(at(f, m->frame, m->time_ns), second);
}

/* Two of them prove it; one alone is suspected when the call ends. */
static void with_fcs(const struct gre_look *l, uint32_t extra)
{
	struct gre_trouble *t = gre_trouble(l->j, l->own);
	const struct event *e = l->e;

	if (!t)
		return;
	if (!t->fcs.frame) {
		t->fcs = (struct gre_mark){ e->frame, e->time_ns, extra, e->gre->payload_length - extra };
		return;
	}
	fcs_fail(l->j, e, e->from, &t->fcs, e->frame);
	t->fcs.limit = 0;
}

void gre_ppp_end(struct judge *j, const struct event *e, unsigned host)
{
	const struct gre_memory *m = gre_half(e->call, host);
	const struct gre_trouble *t = gre_odd(m);

	if (t && t->fcs.frame && t->fcs.limit)
		fcs_fail(j, e, host, &t->fcs, 0);
}

/* --- one packet in each ----------------------------------------------------------------------- */

static void shared(const struct gre_look *l, uint64_t first_frame, const char *what)
{
	const struct event *e = l->e;
	struct finding *f = fail(l->j, e, RULE_GRE_IP_01, (int)e->from, 0);

	say(f, "%s sent %s", who(e, e->from), what);
	observed(expected(f, "one PPP packet in each tunnel packet"), "%s", what);
	evidence(f, first_frame);
}

/* Another PPP control packet begins here, whole. */
static bool another(const uint8_t *p, uint32_t n)
{
	struct ppp_frame f;

	ppp_decode(p, n, n, &f);
	return f.has_code && f.code && f.length >= CONTROL_HEADER && f.length <= f.caplen;
}

/* What the packet before lacked comes in this one. */
static void part_end(const struct gre_look *l)
{
	struct gre_trouble *t = gre_odd(l->own);
	uint16_t missing = t->part_missing;

	t->part_missing = 0;
	if (l->e->gre->payload_length != missing)
		return;
	shared(l, t->part_frame, "a PPP packet spread over two tunnel packets");
}

static void part_begin(const struct gre_look *l, uint32_t missing)
{
	struct gre_trouble *t = gre_trouble(l->j, l->own);

	if (!t || missing > UINT16_MAX)
		return;
	t->part_frame = l->e->frame;
	t->part_missing = (uint16_t)missing;
}

/* --- LCP Echo --------------------------------------------------------------------------------- */

/* A request of l->own; late: it came after one with a higher number. */
static void asked(const struct gre_look *l, uint8_t id, bool late)
{
	struct gre_trouble *t = gre_trouble(l->j, l->own);
	uint32_t seq = l->e->gre->seq;

	if (!t)
		return;
	if (late) {
		if (t->has_answered && gre_distance(seq, t->answered_seq) > 0) {
			t->late_id = id;
			t->late_frame = l->e->frame;
		}
		return;
	}
	t->has_asked = true;
	t->asked_id = id;
	t->asked_seq = seq;
	if (t->late_frame && t->late_id == id)
		t->late_frame = 0;
}

/* A reply of l->own to the other side. */
static void answered(const struct gre_look *l, uint8_t id)
{
	struct gre_trouble *t = l->peer ? gre_odd(l->peer) : NULL;
	const struct event *e = l->e;
	struct finding *f;

	if (!t)
		return;
	if (t->has_asked && t->asked_id == id) {
		t->has_answered = true;
		t->answered_seq = t->asked_seq;
		t->has_asked = false;
		return;
	}
	if (!t->late_frame || t->late_id != id || judge_profile(l->j) == PROFILE_MS_PTPT)
		return;
	f = fail(l->j, e, RULE_OOS_LATE_01, (int)e->from, 0);
	say(f, "%s answered a request that had come after a later one was answered already", who(e, e->from));
	observed(expected(f, "no answer: the packet came too late"), "Echo-Reply with identifier %u", id);
	evidence(f, t->late_frame);
	t->late_frame = 0;
}

/* --- every data packet ------------------------------------------------------------------------ */

static void control(const struct gre_look *l, bool late)
{
	const struct gre_pkt *g = l->e->gre;
	struct ppp_frame p;
	uint32_t here, beyond;

	ppp_decode(g->payload, g->caplen, g->payload_length, &p);
	if (!p.has_code || p.length < CONTROL_HEADER)
		return;
	if (p.protocol == PPP_LCP && p.code == ECHO_REQUEST)
		asked(l, p.identifier, late);
	else if (p.protocol == PPP_LCP && p.code == ECHO_REPLY)
		answered(l, p.identifier);
	if (g->caplen < g->payload_length || l->e->fragment)
		return;
	here = p.caplen;
	beyond = here > p.length ? here - p.length : 0;
	if (framed_last(l, beyond))
		return;
	if (p.length > here)
		part_begin(l, p.length - here);
	else if (p.protocol == PPP_LCP && (beyond == 2 || beyond == 4) &&
		 checked(g->payload, g->caplen, beyond))
		with_fcs(l, beyond);
	else if (beyond && another(p.payload + p.length, beyond))
		shared(l, 0, "two PPP packets in one tunnel packet");
}

void gre_ppp(const struct gre_look *l, bool late)
{
	const struct gre_pkt *g = l->e->gre;
	const uint8_t *p = g->payload;
	const struct gre_trouble *t = gre_odd(l->own);

	if (g->caplen < 3)
		return;
	if (t && t->part_missing)
		part_end(l);
	if (p[0] == FLAG || p[0] == ESCAPE || (p[0] == 0xff && p[1] == ESCAPE)) {
		framed_first(l);
		return;
	}
	if (p[0] == 0xff && p[1] == 0x03 && g->caplen > 3)
		p += 2;
	/* Protocols of control packets have two octets, the first one even and high. */
	if ((p[0] & 0x81) == 0x80)
		control(l, late);
}
