/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recorded call played at a peer in memory that answers as then, or otherwise. */
#include "conformance/replay.h"

#include <CUnit/CUnit.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "dissectors/gre.h"

void suite_replay(void);

enum { ITEMS = 64, ROOM = 256, TOLD = 1024 };
enum { THEN_US = 100, THEN_PEER = 7, NOW_PEER = 4711 }; /* Call IDs */

/* --- a recording ----------------------------------------------------------------------------- */

static struct replay_item items[ITEMS];
static uint8_t octets[ITEMS][ROOM];
static struct replay_recording rec;
static int64_t clock_ns;

static struct replay_item *add(bool ours, enum replay_kind kind, size_t len)
{
	struct replay_item *i = &items[rec.n];

	clock_ns += 10 * NET_MILLISECOND;
	*i = (struct replay_item){ kind, ours, clock_ns, rec.n + 1, octets[rec.n], len };
	rec.n++;
	return i;
}

/* Fields that all messages have that have them. */
static void fill(struct draft *d, enum ctrl_type type)
{
	draft_init(d, type);
	draft_fill(d, "protocol_version", INT64_C(0x0100), "framing_capabilities", INT64_C(3),
		   "bearer_capabilities", INT64_C(3), "result_code", INT64_C(1), "host_name", "somebody",
		   "vendor_name", "linux", "firmware_revision", INT64_C(1), "maximum_channels", INT64_C(4),
		   "reason", INT64_C(1), "minimum_bps", INT64_C(300), "maximum_bps", INT64_C(100000),
		   "bearer_type", INT64_C(3), "framing_type", INT64_C(3), "packet_recv_window_size",
		   INT64_C(16), "connect_speed", INT64_C(64000), NULL);
}

static void say(bool ours, enum ctrl_type type, ...)
{
	struct draft d;
	va_list args;

	fill(&d, type);
	va_start(args, type);
	draft_vfill(&d, args);
	va_end(args);
	add(ours, REPLAY_MESSAGE, draft_encode(&d, octets[rec.n], ROOM));
}

/* A packet of LCP with an identifier and one option octet. */
static size_t lcp(uint8_t *out, uint16_t key, uint32_t seq, int64_t ack, uint8_t code, uint8_t id,
		  uint8_t magic)
{
	uint8_t ppp[] = { 0xff, 0x03, 0xc0, 0x21, code, id, 0, 10, 5, 6, 0, 0, 0, magic };
	struct gre_pkt g = { .flags = GRE_K | GRE_S | 1,
			     .protocol = GRE_PROTO_PPP,
			     .payload_length = sizeof(ppp),
			     .call_id = key,
			     .seq = seq };

	if (ack >= 0) {
		g.flags |= GRE_A;
		g.ack = (uint32_t)ack;
	}
	return gre_encode(&g, ppp, sizeof(ppp), out, ROOM);
}

static void say_lcp(bool ours, uint32_t seq, int64_t ack, uint8_t code, uint8_t id, uint8_t magic)
{
	add(ours, REPLAY_GRE, lcp(octets[rec.n], ours ? THEN_PEER : THEN_US, seq, ack, code, id, magic));
}

/* We are the PNS, and dial; both negotiate; we clear and stop, and the peer closes. */
static void record_call(void)
{
	clock_ns = INT64_C(900000000) * NET_SECOND;
	rec = (struct replay_recording){
		.item = items, .as = ROLE_PNS, .originator = true, .start_ns = clock_ns, .end = REPLAY_FIN
	};
	say(true, CTRL_SCCRQ, NULL);
	say(false, CTRL_SCCRP, NULL);
	say(true, CTRL_OCRQ, "call_id", (int64_t)THEN_US, "call_serial_number", INT64_C(5), NULL);
	say(false, CTRL_OCRP, "call_id", (int64_t)THEN_PEER, "peer_call_id", (int64_t)THEN_US, NULL);
	say(true, CTRL_SLI, "peer_call_id", (int64_t)THEN_PEER, NULL);
	say_lcp(true, 0, -1, 1, 1, 0x11);
	say_lcp(false, 50, 0, 1, 3, 0x22);
	say_lcp(false, 51, 0, 2, 1, 0x11);
	say_lcp(true, 1, 51, 2, 3, 0x22);
	say(false, CTRL_ECHORQ, "identifier", INT64_C(70), NULL);
	say(true, CTRL_ECHORP, "identifier", INT64_C(70), NULL);
	say(true, CTRL_ECHORQ, "identifier", INT64_C(71), NULL);
	say(false, CTRL_ECHORP, "identifier", INT64_C(71), NULL);
	say(true, CTRL_CCRQ, "call_id", (int64_t)THEN_US, NULL);
	say(false, CTRL_CDN, "call_id", (int64_t)THEN_PEER, "result_code", INT64_C(4), NULL);
	say(true, CTRL_STOPRQ, NULL);
	say(false, CTRL_STOPRP, NULL);
	rec.end_ns = clock_ns;
}

/* --- a peer ---------------------------------------------------------------------------------- */

/* What the peer does otherwise than then. */
enum whim {
	GOOD,
	OTHER_CHANNELS,
	NO_CDN,
	EXTRA_SLI,
	EARLY_CDN,
	CLOSES,
	STAYS,
	ECHOES,
	WRONG_ID,
	NO_PPP,
	BAD_COOKIE,
	RESETS,
	OTHER_NAME,
	SURPLUS
};

static struct net *net;
static struct net_host *here, *there;
static struct channel *peer;
static enum whim whim;
static unsigned sli_for, ack_id, ack_magic, echo_replies, gre_seq;
static int64_t last_ack;
static struct replay *replay;
static char told[TOLD];

static void answer(enum ctrl_type type, ...)
{
	struct draft d;
	va_list args;

	if (!peer)
		return;
	fill(&d, type);
	va_start(args, type);
	draft_vfill(&d, args);
	va_end(args);
	if (type == CTRL_SCCRP && whim == OTHER_CHANNELS)
		draft_set(&d, "maximum_channels", 5);
	if (type == CTRL_SCCRP && whim == OTHER_NAME)
		draft_set_text(&d, "host_name", "nobody");
	if (type == CTRL_OCRP && whim == WRONG_ID)
		draft_set(&d, "peer_call_id", 9);
	if (type == CTRL_CDN && whim == BAD_COOKIE)
		draft_set(&d, "magic_cookie", 1);
	channel_send(peer, &d);
}

static void on_message(void *ctx, const struct ctrl_msg *m)
{
	uint32_t id = 0;

	(void)ctx;
	switch (m->type) {
	case CTRL_SCCRQ:
		answer(CTRL_SCCRP, NULL);
		if (whim == ECHOES)
			for (unsigned i = 0; i < 3; i++)
				answer(CTRL_ECHORQ, "identifier", (int64_t)(80 + i), NULL);
		break;
	case CTRL_OCRQ:
		answer(CTRL_OCRP, "call_id", (int64_t)NOW_PEER, "peer_call_id", (int64_t)THEN_US,
		       "physical_channel_id", INT64_C(12), NULL);
		if (whim == EXTRA_SLI)
			answer(CTRL_SLI, "peer_call_id", (int64_t)THEN_US, NULL);
		if (whim == EARLY_CDN)
			answer(CTRL_CDN, "call_id", (int64_t)NOW_PEER, "result_code", INT64_C(4), NULL);
		if (whim == CLOSES || whim == RESETS) {
			if (whim == CLOSES)
				channel_close(peer);
			else
				channel_abort(peer);
			peer = NULL;
		}
		break;
	case CTRL_SLI:
		ctrl_get(m, "peer_call_id", &id);
		sli_for = id;
		break;
	case CTRL_ECHORQ:
		ctrl_get(m, "identifier", &id);
		answer(CTRL_ECHORP, "identifier", (int64_t)id, NULL);
		break;
	case CTRL_ECHORP:
		echo_replies++;
		break;
	case CTRL_CCRQ:
		if (whim != NO_CDN && whim != EARLY_CDN)
			answer(CTRL_CDN, "call_id", (int64_t)NOW_PEER, "result_code", INT64_C(4), NULL);
		break;
	case CTRL_STOPRQ:
		answer(CTRL_STOPRP, NULL);
		if (whim == STAYS)
			break;
		channel_close(peer);
		peer = NULL;
		break;
	default:
		break;
	}
}

static void send_lcp(uint8_t code, uint8_t id, uint8_t magic)
{
	uint8_t packet[ROOM];
	struct ip_addr to = { { [15] = 1 } };
	size_t len = lcp(packet, THEN_US, gre_seq++, 0, code, id, magic);

	net_gre_send(there, NULL, &to, packet, len);
}

static void on_gre(void *ctx, const struct ip_addr *src, const struct ip_addr *dst, const uint8_t *packet,
		   size_t len)
{
	struct gre_pkt g;

	(void)ctx;
	(void)src;
	(void)dst;
	CU_ASSERT_EQUAL(gre_decode(packet, (uint32_t)len, (uint32_t)len, false, &g), GRE_OK);
	CU_ASSERT_EQUAL(g.defects, 0);
	if (g.flags & GRE_A)
		last_ack = g.ack;
	if (!(g.flags & GRE_S) || whim == NO_PPP)
		return;
	if (g.payload[4] == 1) {
		send_lcp(1, 200, 0x77);
		send_lcp(2, g.payload[5], g.payload[13]);
		if (whim == SURPLUS)
			send_lcp(1, 201, 0x78);
	} else if (g.payload[4] == 2) {
		ack_id = g.payload[5];
		ack_magic = g.payload[13];
	}
}

static void on_end(void *ctx)
{
	(void)ctx;
	channel_close(peer);
	peer = NULL;
}

static void on_reset(void *ctx, const char *why)
{
	(void)why;
	on_end(ctx);
}

static void on_accepted(void *ctx, struct net_tcp *c)
{
	static const struct channel_events events = { .message = on_message,
						      .fin = on_end,
						      .reset = on_reset };

	(void)ctx;
	peer = channel_accept(c, &events, NULL);
}

/* --- a run ----------------------------------------------------------------------------------- */

static void on_difference(void *ctx, const struct replay_difference *d)
{
	size_t n = strlen(told);

	(void)ctx;
	snprintf(told + n, sizeof(told) - n, "%s%s%s%s%s%s", n ? "; " : "", replay_difference_name(d->kind),
		 d->message    ? " "
		 : d->protocol ? " PPP"
			       : "",
		 d->message ? ctrl_desc_of(d->message->type)->abbrev : "", d->field ? " " : "",
		 d->field ? d->field->name : "");
	if (d->field && d->field->kind != F_TEXT) {
		n = strlen(told);
		snprintf(told + n, sizeof(told) - n, " %u %u", d->value[0], d->value[1]);
	}
}

static const struct replay_events events = { .difference = on_difference };

static void open_net(void)
{
	static const struct net_memory_options mo = { .seed = 1 };
	struct ip_addr a = { { [15] = 1 } }, b = { { [15] = 2 } };

	net = net_memory_new(&mo);
	here = net_host_new(net, &a, NULL);
	there = net_host_new(net, &b, NULL);
	sli_for = ack_id = ack_magic = echo_replies = gre_seq = 0;
	last_ack = -1;
	told[0] = '\0';
	peer = NULL;
}

static struct replay_totals play_with(enum whim w, const struct replay_options *more)
{
	static const volatile bool never;
	struct ip_addr b = { { [15] = 2 } };
	struct replay_options o = *more;
	struct replay_totals totals;
	char err[160];

	open_net();
	whim = w;
	net_listen(there, 1723, on_accepted, NULL, err, sizeof(err));
	net_gre_claim(there, NOW_PEER, on_gre, NULL);
	o.host = here;
	o.peer = &b;
	o.port = 1723;
	replay = replay_new(&o, &rec, &events, NULL, err, sizeof(err));
	CU_ASSERT_PTR_NOT_NULL_FATAL(replay);
	replay_run(replay, &never);
	CU_ASSERT_TRUE(replay_over(replay));
	totals = *replay_totals(replay);
	replay_free(replay);
	channel_close(peer);
	net_free(net);
	return totals;
}

static const struct replay_options usual = { .timeout = 5, .time_scale = 1, .gre = true };

static struct replay_totals play(enum whim w)
{
	record_call();
	return play_with(w, &usual);
}

static void the_same(void)
{
	struct replay_totals t = play(GOOD);

	CU_ASSERT_STRING_EQUAL(told, "");
	CU_ASSERT_TRUE(t.connected && t.whole && !t.tunnel_left_out);
	CU_ASSERT_EQUAL(t.sent, 6);
	CU_ASSERT_EQUAL(t.expected, 5);
	CU_ASSERT_EQUAL(t.answered, 5);
	CU_ASSERT_EQUAL(t.ppp_expected, 2);
	CU_ASSERT_EQUAL(t.ppp_answered, 2);
	CU_ASSERT_TRUE(t.compared > 40);
	CU_ASSERT_EQUAL(t.end, REPLAY_FIN);
	CU_ASSERT_FALSE(t.end_ours);
	/* What must differ was translated. */
	CU_ASSERT_EQUAL(sli_for, NOW_PEER);
	CU_ASSERT_EQUAL(ack_id, 200);
	CU_ASSERT_EQUAL(ack_magic, 0x77);
	CU_ASSERT_EQUAL(last_ack, 1);
	CU_ASSERT_EQUAL(echo_replies, 0);
	/* Our pauses of then, and the peer's of now. */
	CU_ASSERT_TRUE(t.duration_ns >= 90 * NET_MILLISECOND && t.duration_ns < 140 * NET_MILLISECOND);
}

static void time_is_scaled(void)
{
	struct replay_options o = usual;
	struct replay_totals t;

	record_call();
	o.time_scale = 0;
	t = play_with(GOOD, &o);
	CU_ASSERT_STRING_EQUAL(told, "");
	CU_ASSERT_TRUE(t.duration_ns < 60 * NET_MILLISECOND);
	o.time_scale = 10;
	t = play_with(GOOD, &o);
	CU_ASSERT_STRING_EQUAL(told, "");
	CU_ASSERT_TRUE(t.duration_ns > 700 * NET_MILLISECOND);
}

static void fields(void)
{
	static const char *const ignore[] = { "host_name", "maximum_channels", NULL };
	struct replay_options o = usual;
	struct replay_totals t = play(OTHER_CHANNELS);

	CU_ASSERT_STRING_EQUAL(told, "field SCCRP maximum_channels 4 5");
	CU_ASSERT_EQUAL(t.differences[REPLAY_FIELD], 1);
	CU_ASSERT_TRUE(t.whole);
	play(OTHER_NAME);
	CU_ASSERT_STRING_EQUAL(told, "field SCCRP host_name");
	o.ignore = ignore;
	record_call();
	play_with(OTHER_NAME, &o);
	CU_ASSERT_STRING_EQUAL(told, "");
	play(WRONG_ID);
	CU_ASSERT_STRING_EQUAL(told, "field OCRP peer_call_id 100 9");
}

static void missing_and_additional(void)
{
	struct replay_totals t = play(NO_CDN);

	CU_ASSERT_STRING_EQUAL(told, "missing CDN");
	CU_ASSERT_TRUE(t.whole);
	CU_ASSERT_EQUAL(t.answered, 4);
	CU_ASSERT_TRUE(t.duration_ns > 5 * NET_SECOND);
	play(EXTRA_SLI);
	CU_ASSERT_STRING_EQUAL(told, "additional SLI");
}

static void order(void)
{
	play(EARLY_CDN);
	CU_ASSERT_STRING_EQUAL(told, "early CDN");
}

static void defects(void)
{
	play(BAD_COOKIE);
	CU_ASSERT_STRING_EQUAL(told, "defect CDN");
}

static void ends(void)
{
	struct replay_totals t = play(CLOSES);

	CU_ASSERT_STRING_EQUAL(told, "ended");
	CU_ASSERT_FALSE(t.whole);
	CU_ASSERT_EQUAL(t.end, REPLAY_FIN);
	t = play(RESETS);
	CU_ASSERT_STRING_EQUAL(told, "ended");
	CU_ASSERT_EQUAL(t.end, REPLAY_RST);
	t = play(STAYS);
	CU_ASSERT_STRING_EQUAL(told, "ended");
	CU_ASSERT_TRUE(t.whole);
	record_call();
	rec.end = REPLAY_RST;
	play_with(GOOD, &usual);
	CU_ASSERT_STRING_EQUAL(told, "ended");
	/* Closed by us: then and now. */
	record_call();
	rec.end_ours = true;
	rec.end_ns += NET_SECOND;
	play_with(STAYS, &usual);
	CU_ASSERT_STRING_EQUAL(told, "");
	play_with(GOOD, &usual);
	CU_ASSERT_STRING_EQUAL(told, "ended");
	record_call();
	rec.end = REPLAY_STAYS_OPEN;
	t = play_with(STAYS, &usual);
	CU_ASSERT_STRING_EQUAL(told, "");
	CU_ASSERT_TRUE(t.whole);
	t = play_with(GOOD, &usual);
	CU_ASSERT_STRING_EQUAL(told, "");
	CU_ASSERT_TRUE(t.whole);
}

static void echoes(void)
{
	struct replay_totals t = play(ECHOES);

	CU_ASSERT_STRING_EQUAL(told, "");
	CU_ASSERT_EQUAL(t.echoes, 3);
	CU_ASSERT_EQUAL(echo_replies, 3);
}

static void tunnel(void)
{
	struct replay_options o = usual;
	struct replay_totals t = play(NO_PPP);

	CU_ASSERT_STRING_EQUAL(told, "missing PPP; missing PPP; tunnel");
	CU_ASSERT_TRUE(t.duration_ns < 8 * NET_SECOND); /* only the first was waited for */
	play(SURPLUS);
	CU_ASSERT_STRING_EQUAL(told, "additional PPP");
	CU_ASSERT_EQUAL(last_ack, 2);
	o.gre = false;
	record_call();
	t = play_with(GOOD, &o);
	CU_ASSERT_STRING_EQUAL(told, "");
	CU_ASSERT_TRUE(t.tunnel_left_out);
	CU_ASSERT_EQUAL(ack_id, 0);
}

static void nobody_listens(void)
{
	static const volatile bool never;
	struct ip_addr b = { { [15] = 2 } };
	struct replay_options o = usual;
	char err[160];

	record_call();
	open_net();
	o.host = here;
	o.peer = &b;
	o.port = 1723;
	replay = replay_new(&o, &rec, &events, NULL, err, sizeof(err));
	replay_run(replay, &never);
	CU_ASSERT_TRUE(replay_over(replay));
	CU_ASSERT_FALSE(replay_totals(replay)->connected);
	CU_ASSERT_STRING_EQUAL(replay_totals(replay)->why, "connection refused");
	replay_free(replay);
	net_free(net);
}

/* The recorded side was the receiver: the peer comes to us. */
static void listening(void)
{
	static const volatile bool never;
	static const struct channel_events none;
	struct ip_addr a = { { [15] = 1 } };
	struct replay_options o = usual;
	struct channel *caller;
	struct draft d;
	char err[160];

	rec = (struct replay_recording){
		.item = items, .as = ROLE_PAC, .start_ns = clock_ns, .end = REPLAY_FIN, .end_ours = true
	};
	say(false, CTRL_SCCRQ, NULL);
	say(true, CTRL_SCCRP, NULL);
	rec.end_ns = clock_ns;
	open_net();
	o.host = here;
	replay = replay_new(&o, &rec, &events, NULL, err, sizeof(err));
	CU_ASSERT_PTR_NOT_NULL_FATAL(replay);
	CU_ASSERT_TRUE(replay_port(replay) > 0);
	caller = channel_connect(there, 0, &a, replay_port(replay), &none, NULL, err, sizeof(err));
	while (!replay_totals(replay)->connected)
		net_step(net, NET_NEVER);
	net_step(net, net_now(net) + NET_SECOND);
	fill(&d, CTRL_SCCRQ);
	channel_send(caller, &d);
	replay_run(replay, &never);
	CU_ASSERT_EQUAL(replay_totals(replay)->answered, 1);
	CU_ASSERT_EQUAL(replay_totals(replay)->sent, 1);
	/* The caller does not close. */
	CU_ASSERT_STRING_EQUAL(told, "ended");
	channel_close(caller);
	replay_free(replay);
	net_free(net);
}

void suite_replay(void)
{
	CU_pSuite s = CU_add_suite("replay", NULL, NULL);

	CU_add_test(s, "a peer as then: no difference, and what must differ is translated", the_same);
	CU_add_test(s, "pauses are scaled", time_is_scaled);
	CU_add_test(s, "fields that differ, unless they may", fields);
	CU_add_test(s, "messages that are missing or additional", missing_and_additional);
	CU_add_test(s, "messages that come too early", order);
	CU_add_test(s, "headers that are wrong", defects);
	CU_add_test(s, "ends of the connection", ends);
	CU_add_test(s, "Echo-Requests are answered out of turn, and not compared", echoes);
	CU_add_test(s, "packets and PPP of the tunnel", tunnel);
	CU_add_test(s, "nobody listens", nobody_listens);
	CU_add_test(s, "waiting for the peer", listening);
}
