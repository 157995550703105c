/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two ends of a PPP link back to back, over a line of the network in memory's timers that loses what a
 * test wants lost.  ppp_session, which is held to recordings of pppd and others, listens in: what it can
 * verify and decrypt with the password is what a real peer could.
 */
#include "conformance/ppp_peer.h"

#include <CUnit/CUnit.h>

#include "conformance/ppp_session.h"
#include "tests/unit/exact.h"

enum { CLIENT, SERVER, ENDS, LATENCY_MS = 10, MS = 1000000, SENT_MAX = 256 };

struct line;

struct way {
	struct line *line;
	unsigned to;
};

struct frame {
	struct net_timer timer;
	struct line *line;
	unsigned from;
	size_t len;
	uint8_t octets[];
};

struct line {
	struct net *net;
	struct ppp_peer *end[ENDS];
	struct way way[ENDS];
	struct ppp_peer_config config[ENDS];
	struct ppp_session *heard;
	struct ppp_watch watch;
	uint8_t room[65536];
	unsigned frames, lose_first; /* of all frames, 0: none */
	unsigned lose_percent;       /* by chance */
	uint32_t chance;
	bool looped;       /* what is sent comes back to who sent it */
	unsigned ip[ENDS]; /* packets that came to the owner */
	uint32_t accm[ENDS];
	char states[ENDS][64];        /* initials of the states that were told */
	uint8_t sent[ENDS][SENT_MAX]; /* the newest frame of an end that is no pure repetition */
	size_t sent_len[ENDS];
	bool free_at_open;
};

static bool find_secret(void *ctx, const uint8_t *name, size_t len, struct mppe_secret *out)
{
	(void)ctx;
	return len >= 4 && mppe_secret_of_password((const uint8_t *)"secret", 6, out) && name;
}

static void hear_plain(void *ctx, const struct ppp_seen *seen, const struct ppp_frame *f)
{
	(void)ctx;
	(void)seen;
	(void)f;
}

static void arrive(void *ctx)
{
	struct frame *f = ctx;
	struct line *l = f->line;
	unsigned to = l->looped ? f->from : !f->from;
	uint8_t *exact = exact_copy(f->octets, f->len);

	if (l->end[to])
		ppp_peer_frame(l->end[to], exact, f->len);
	free(exact);
	free(f);
}

static void listen_in(struct line *l, unsigned from, const uint8_t *octets, size_t len)
{
	const struct ppp_seen seen = { .from = from, .frame = l->frames, .time_ns = net_now(l->net) };
	struct ppp_frame f;

	ppp_decode(octets, (uint32_t)len, (uint32_t)len, &f);
	if (ppp_session_wants(l->heard, octets, (uint32_t)len))
		CU_ASSERT_TRUE(ppp_session_packet(&l->heard, &l->watch, &seen, &f));
}

static bool is_lost(struct line *l)
{
	l->chance = l->chance * 1664525 + 1013904223;
	return (l->chance >> 16) % 100 < l->lose_percent;
}

static void on_send(void *ctx, const uint8_t *octets, size_t len)
{
	const struct way *w = ctx;
	struct line *l = w->line;
	struct frame *f;

	l->frames++;
	l->sent_len[w->to] = len < SENT_MAX ? len : SENT_MAX;
	memcpy(l->sent[w->to], octets, l->sent_len[w->to]);
	if (l->frames <= l->lose_first || is_lost(l))
		return;
	if (!l->looped)
		listen_in(l, w->to, octets, len);
	f = calloc(1, sizeof(*f) + len);
	if (!f)
		abort();
	f->timer = (struct net_timer){ .fn = arrive, .ctx = f };
	f->line = l;
	f->from = w->to;
	f->len = len;
	memcpy(f->octets, octets, len);
	net_timer_set(l->net, &f->timer, net_now(l->net) + LATENCY_MS * MS);
}

static void on_state(void *ctx, enum ppp_peer_state s, const char *why)
{
	const struct way *w = ctx;
	struct line *l = w->line;
	size_t used = strlen(l->states[w->to]);

	CU_ASSERT_EQUAL(s == PPP_PEER_DEAD, *why != '\0');
	if (used + 1 < sizeof(l->states[0]))
		l->states[w->to][used] = "SLAOD"[s];
	if (s == PPP_PEER_OPEN && l->free_at_open) {
		ppp_peer_free(l->end[w->to]);
		l->end[w->to] = NULL;
	}
}

static void on_accm(void *ctx, uint32_t send, uint32_t receive)
{
	const struct way *w = ctx;

	(void)receive;
	w->line->accm[w->to] = send;
}

static void on_ip(void *ctx, const uint8_t *packet, size_t len)
{
	const struct way *w = ctx;

	CU_ASSERT_TRUE(len >= 20 && packet[0] == 0x45);
	w->line->ip[w->to]++;
}

static const struct ppp_peer_events events = { on_send, on_state, on_accm, on_ip };

static struct line *line_new(unsigned auth, const struct ppp_peer_config *both)
{
	const struct net_memory_options o = { .seed = 1 };
	struct line *l = calloc(1, sizeof(*l));

	if (!l)
		abort();
	l->net = net_memory_new(&o);
	l->watch = (struct ppp_watch){ l, find_secret, hear_plain, l->room };
	for (unsigned i = 0; i < ENDS; i++) {
		l->way[i] = (struct way){ l, i };
		l->config[i] = both ? *both : (struct ppp_peer_config){ 0 };
		l->config[i].user = "alice";
		l->config[i].password = "secret";
		l->config[i].seed = 7 + i;
	}
	l->config[SERVER].server = true;
	l->config[SERVER].auth = auth;
	return l;
}

static void line_start(struct line *l)
{
	for (unsigned i = 0; i < ENDS; i++) {
		l->end[i] = ppp_peer_new(l->net, &l->config[i], &events, &l->way[i]);
		ppp_peer_start(l->end[i]);
	}
}

static void line_run(struct line *l, double seconds)
{
	int64_t until = net_now(l->net) + (int64_t)(seconds * 1e9);

	while (net_now(l->net) < until)
		net_step(l->net, until);
}

static void line_free(struct line *l)
{
	for (unsigned i = 0; i < ENDS; i++) {
		ppp_peer_free(l->end[i]);
		l->end[i] = NULL;
	}
	/* what is on its way arrives nowhere */
	line_run(l, 1);
	ppp_session_free(l->heard);
	net_free(l->net);
	free(l);
}

static struct ppp_peer_status status_of(const struct line *l, unsigned end)
{
	struct ppp_peer_status s;

	ppp_peer_status(l->end[end], &s);
	return s;
}

static bool is_open(const struct line *l)
{
	return status_of(l, CLIENT).state == PPP_PEER_OPEN && status_of(l, SERVER).state == PPP_PEER_OPEN;
}

static void assert_why(const struct line *l, unsigned end, const char *why)
{
	struct ppp_peer_status s = status_of(l, end);

	CU_ASSERT_EQUAL(s.state, PPP_PEER_DEAD);
	CU_ASSERT_STRING_EQUAL(s.why, why);
}

/* --- reaching an open link ----------------------------------------------------------------------- */

static void ping_both(struct line *l, unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		ppp_peer_ping(l->end[CLIENT], 56);
		ppp_peer_ping(l->end[SERVER], 1000);
		line_run(l, 0.1);
	}
}

static void check_open(struct line *l, enum ppp_peer_auth auth, unsigned bits)
{
	for (unsigned i = 0; i < ENDS; i++) {
		struct ppp_peer_status s = status_of(l, i);

		CU_ASSERT_EQUAL(s.state, PPP_PEER_OPEN);
		CU_ASSERT_EQUAL(s.auth, auth);
		CU_ASSERT_EQUAL(s.authenticated, auth != PPP_PEER_NONE);
		CU_ASSERT_EQUAL(s.mppe_bits, bits);
		CU_ASSERT_EQUAL(s.address, i == SERVER ? 0x0a630001 : 0x0a63000a);
		CU_ASSERT_EQUAL(s.peer_address, i == CLIENT ? 0x0a630001 : 0x0a63000a);
		CU_ASSERT_EQUAL(s.ping_replies, 3);
		CU_ASSERT_EQUAL(s.decrypt_errors, 0);
		CU_ASSERT_STRING_EQUAL(l->states[i], "LAO");
	}
	CU_ASSERT_EQUAL(l->heard->phase, PPP_PHASE_OPEN);
	for (unsigned i = 0; bits && i < ENDS; i++) {
		CU_ASSERT_EQUAL(l->heard->coded[i].packets, 6);
		CU_ASSERT_EQUAL(l->heard->coded[i].decrypted, 6);
		CU_ASSERT_EQUAL(ppp_session_bits(l->heard, i), bits);
	}
	if (auth >= PPP_PEER_MSCHAP)
		CU_ASSERT_EQUAL(l->heard->secret, PPP_SECRET_VERIFIED);
	if (auth == PPP_PEER_MSCHAP2)
		CU_ASSERT_EQUAL(l->heard->proof, PPP_SECRET_VERIFIED);
}

static void test_every_way(void)
{
	for (enum ppp_peer_auth auth = PPP_PEER_NONE; auth <= PPP_PEER_MSCHAP2; auth++)
		for (unsigned how = 0; how < 16; how++) {
			const struct ppp_peer_config both = {
				.mppe40 = how & 1,
				.mppe128 = how & 2,
				.mppe_stateful = how & 4,
				.no_acfc = how & 8,
				.no_pfc = how & 8,
			};
			bool keys = auth >= PPP_PEER_MSCHAP;
			struct line *l = line_new(auth ? 1u << auth : 0, &both);

			line_start(l);
			line_run(l, 2);
			ping_both(l, 3);
			check_open(l, auth, !keys ? 0 : how & 2 ? 128 : how & 1 ? 40 : 0);
			line_free(l);
		}
}

/* Each end has another idea; what both can do is found, in each direction. */
static void test_compromise(void)
{
	const struct ppp_peer_config both = { .mppe40 = true, .mppe128 = true, .mppe_required = true };
	struct line *l = line_new(1 << PPP_PEER_PAP | 1 << PPP_PEER_MSCHAP2 | 1 << PPP_PEER_MSCHAP, &both);

	l->config[CLIENT].mppe128 = false;
	l->config[CLIENT].mppe_stateful = true;
	l->config[CLIENT].auth = 1 << PPP_PEER_MSCHAP | 1 << PPP_PEER_PAP;
	line_start(l);
	line_run(l, 2);
	ping_both(l, 3);
	check_open(l, PPP_PEER_MSCHAP, 40);
	CU_ASSERT_FALSE(ppp_session_stateful(l->heard, CLIENT));
	CU_ASSERT_FALSE(ppp_session_stateful(l->heard, SERVER));
	line_free(l);
}

static void test_domain(void)
{
	struct line *l = line_new(1 << PPP_PEER_MSCHAP2, NULL);

	l->config[CLIENT].user = "LAB\\alice";
	line_start(l);
	line_run(l, 2);
	CU_ASSERT_TRUE(is_open(l));
	line_free(l);
}

static void test_addresses(void)
{
	struct line *l = line_new(0, NULL);

	l->config[SERVER].address = 0xc0a80001;
	l->config[SERVER].peer_address = 0xc0a80002;
	l->config[CLIENT].address = 0x01020304;
	line_start(l);
	line_run(l, 2);
	CU_ASSERT_EQUAL(status_of(l, CLIENT).address, 0xc0a80002);
	CU_ASSERT_EQUAL(status_of(l, CLIENT).peer_address, 0xc0a80001);
	CU_ASSERT_EQUAL(status_of(l, SERVER).peer_address, 0xc0a80002);
	line_free(l);
}

static void test_accm(void)
{
	struct line *l = line_new(0, NULL);

	l->config[SERVER].accm = 0x000a0000;
	l->config[CLIENT].accm = UINT32_MAX;
	line_start(l);
	line_run(l, 2);
	CU_ASSERT_EQUAL(l->accm[CLIENT], 0x000a0000);
	CU_ASSERT_EQUAL(l->accm[SERVER], UINT32_MAX);
	line_free(l);
}

/* --- ends ---------------------------------------------------------------------------------------- */

static void test_wrong_password(void)
{
	for (enum ppp_peer_auth auth = PPP_PEER_PAP; auth <= PPP_PEER_MSCHAP2; auth++)
		for (unsigned user = 0; user < 2; user++) {
			bool ms = auth >= PPP_PEER_MSCHAP;
			struct line *l = line_new(1u << auth, NULL);

			if (user)
				l->config[CLIENT].user = "bob";
			else
				l->config[CLIENT].password = "Secret";
			line_start(l);
			line_run(l, 10);
			assert_why(l, SERVER, "authentication failed: wrong user name or password");
			assert_why(l, CLIENT,
				   ms ? "authentication failed: wrong user name or password"
				      : "authentication failed: the server says \"Access denied\"");
			CU_ASSERT_STRING_EQUAL(l->states[CLIENT], "LD");
			CU_ASSERT_STRING_EQUAL(l->states[SERVER], "LD");
			line_free(l);
		}
}

/* The server is the one that does not know the password, but lets everybody in: MS-CHAPv2 notices. */
static void test_false_server(void)
{
	static const char success[] = "S=0000000000000000000000000000000000000000 M=hello";
	struct line *l = line_new(1 << PPP_PEER_MSCHAP2, NULL);
	uint8_t packet[64] = { 0xc2, 0x23, PPP_CHAP_SUCCESS, 1, 0, sizeof(success) - 1 + 4 };

	memcpy(packet + 6, success, sizeof(success) - 1);
	line_start(l);
	while (status_of(l, CLIENT).frames_out < 3)
		line_run(l, 0.001);
	ppp_peer_free(l->end[SERVER]);
	l->end[SERVER] = NULL;
	CU_ASSERT_EQUAL(l->sent[CLIENT][2], PPP_CHAP_RESPONSE);
	ppp_peer_frame(l->end[CLIENT], packet, 6 + sizeof(success) - 1);
	line_run(l, 10);
	assert_why(l, CLIENT, "authentication failed: the server does not know the password");
	line_free(l);
}

static void test_refusals(void)
{
	struct line *l = line_new(1 << PPP_PEER_PAP, NULL);

	l->config[CLIENT].user = NULL;
	line_start(l);
	line_run(l, 10);
	assert_why(l, SERVER, "the peer refuses to authenticate itself");
	line_free(l);

	l = line_new(1 << PPP_PEER_PAP, NULL);
	l->config[CLIENT].auth = 1 << PPP_PEER_MSCHAP2;
	line_start(l);
	line_run(l, 10);
	assert_why(l, SERVER, "the peer refuses every authentication that is demanded");
	line_free(l);
}

static void test_mppe_required(void)
{
	static const char not_agreed[] = "MPPE is required, but was not agreed on";
	static const char no_keys[] = "MPPE is required, but this authentication gives no keys";
	struct ppp_peer_config both = { .mppe128 = true };

	for (unsigned who = 0; who < ENDS; who++) {
		struct line *l = line_new(1 << PPP_PEER_MSCHAP2, &both);

		/* the other one does not encrypt at all */
		l->config[who].mppe_required = true;
		l->config[!who].mppe128 = false;
		line_start(l);
		line_run(l, 10);
		assert_why(l, who, not_agreed);
		assert_why(l, !who, "the peer ended the link: MPPE is required, but was not agreed on");
		line_free(l);
		/* ... or not so strongly */
		l = line_new(1 << PPP_PEER_MSCHAP2, &both);
		l->config[who].mppe_required = true;
		l->config[!who].mppe128 = false;
		l->config[!who].mppe40 = true;
		line_start(l);
		line_run(l, 40);
		assert_why(l, who, not_agreed);
		line_free(l);
		/* ... or nobody knows a key */
		l = line_new(1 << PPP_PEER_PAP, &both);
		l->config[who].mppe_required = true;
		l->config[CLIENT].auth = 1 << PPP_PEER_PAP;
		line_start(l);
		line_run(l, 10);
		assert_why(l, who, no_keys);
		line_free(l);
	}
}

/* An end that does not insist goes on in clear. */
static void test_mppe_optional(void)
{
	const struct ppp_peer_config both = { .mppe128 = true };
	struct line *l = line_new(1 << PPP_PEER_MSCHAP2, &both);

	l->config[CLIENT].mppe128 = false;
	l->config[CLIENT].mppe40 = true;
	line_start(l);
	line_run(l, 40);
	CU_ASSERT_TRUE(is_open(l));
	ping_both(l, 1);
	CU_ASSERT_EQUAL(status_of(l, CLIENT).ping_replies, 1);
	CU_ASSERT_EQUAL(status_of(l, CLIENT).mppe_bits, 0);
	line_free(l);
}

static void test_terminate(void)
{
	for (unsigned who = 0; who < ENDS; who++) {
		struct line *l = line_new(1 << PPP_PEER_CHAP_MD5, NULL);

		line_start(l);
		line_run(l, 2);
		ppp_peer_terminate(l->end[who]);
		line_run(l, 0.1);
		assert_why(l, who, "ended here");
		CU_ASSERT_FALSE(ppp_peer_ip(l->end[!who], (const uint8_t *)"", 0));
		line_run(l, 5);
		assert_why(l, !who, "the peer ended the link: ended here");
		CU_ASSERT_STRING_EQUAL(l->states[who], "LAOD");
		CU_ASSERT_STRING_EQUAL(l->states[!who], "LAOD");
		line_free(l);
	}
}

static void test_nobody_there(void)
{
	struct line *l = line_new(0, NULL);

	l->end[CLIENT] = ppp_peer_new(l->net, &l->config[CLIENT], &events, &l->way[CLIENT]);
	ppp_peer_start(l->end[CLIENT]);
	line_run(l, 29);
	CU_ASSERT_EQUAL(status_of(l, CLIENT).state, PPP_PEER_STARTING);
	line_run(l, 2);
	assert_why(l, CLIENT, "no answer to LCP");
	CU_ASSERT_EQUAL(status_of(l, CLIENT).frames_out, 10);
	line_free(l);
}

static void test_not_started(void)
{
	struct line *l = line_new(0, NULL);

	l->end[CLIENT] = ppp_peer_new(l->net, &l->config[CLIENT], &events, &l->way[CLIENT]);
	ppp_peer_terminate(l->end[CLIENT]);
	assert_why(l, CLIENT, "ended here");
	CU_ASSERT_EQUAL(l->frames, 0);
	line_free(l);
}

static void test_looped(void)
{
	struct line *l = line_new(0, NULL);

	l->looped = true;
	line_start(l);
	line_run(l, 120);
	assert_why(l, CLIENT, "the line is looped back");
	assert_why(l, SERVER, "the line is looped back");
	line_free(l);
}

/* --- loss ---------------------------------------------------------------------------------------- */

static void test_loss(void)
{
	for (enum ppp_peer_auth auth = PPP_PEER_NONE; auth <= PPP_PEER_MSCHAP2; auth++)
		for (unsigned percent = 2; percent < 40; percent += 3) {
			const struct ppp_peer_config both = { .mppe128 = true, .mppe_stateful = percent & 1 };
			struct line *l = line_new(auth ? 1u << auth : 0, &both);

			l->lose_percent = percent;
			line_start(l);
			line_run(l, 60);
			CU_ASSERT_TRUE(is_open(l));
			line_free(l);
		}
}

/* Each of the first frames alone is lost, once. */
static void test_each_lost(void)
{
	for (unsigned n = 1; n < 40; n++) {
		const struct ppp_peer_config both = { .mppe128 = true, .mppe_required = true };
		struct line *l = line_new(1 << PPP_PEER_MSCHAP2, &both);

		line_start(l);
		while (l->frames < n && net_step(l->net, net_now(l->net) + NET_SECOND))
			;
		l->lose_first = l->frames + 1;
		line_run(l, 40);
		CU_ASSERT_TRUE(is_open(l));
		CU_ASSERT_EQUAL(status_of(l, SERVER).mppe_bits, 128);
		line_free(l);
	}
}

/* Encrypted packets are lost; with a state in the key stream, resets bring it back. */
static void test_crypt_loss(void)
{
	for (unsigned stateful = 0; stateful < 2; stateful++) {
		const struct ppp_peer_config both = { .mppe128 = true, .mppe_stateful = stateful };
		struct line *l = line_new(1 << PPP_PEER_MSCHAP2, &both);
		struct ppp_peer_status s;

		line_start(l);
		line_run(l, 2);
		l->lose_percent = 8;
		ping_both(l, 300);
		l->lose_percent = 0;
		ping_both(l, 2);
		s = status_of(l, CLIENT);
		CU_ASSERT_EQUAL(s.decrypt_errors > 0, stateful);
		CU_ASSERT_TRUE(s.ping_replies > (stateful ? 150 : 225));
		s = status_of(l, SERVER);
		ping_both(l, 300);
		CU_ASSERT_EQUAL(status_of(l, SERVER).ping_replies, s.ping_replies + 300);
		CU_ASSERT_TRUE(is_open(l));
		line_free(l);
	}
}

/* --- an open link -------------------------------------------------------------------------------- */

static void test_echo(void)
{
	struct line *l = line_new(0, NULL);
	uint32_t magic;

	l->config[SERVER].echo_ns = 10 * NET_SECOND;
	line_start(l);
	line_run(l, 2);
	ppp_peer_echo(l->end[CLIENT]);
	line_run(l, 0.1);
	CU_ASSERT_EQUAL(status_of(l, CLIENT).echo_replies, 1);
	/* The reply has the magic number of who sends it. */
	CU_ASSERT_EQUAL(l->sent[SERVER][4], PPP_ECHO_REP);
	memcpy(&magic, l->sent[SERVER] + 8, 4);
	CU_ASSERT_NOT_EQUAL(be32toh(magic), l->heard->lcp[CLIENT].magic);
	CU_ASSERT_EQUAL(be32toh(magic), l->heard->lcp[SERVER].magic);
	line_run(l, 40);
	CU_ASSERT_EQUAL(status_of(l, SERVER).echo_replies, 4);
	line_free(l);
}

static void test_ip(void)
{
	static const uint8_t header[20] = { 0x45, 0, 0,  20, 0, 1,  0, 0, 64, 99,
					    0,    0, 10, 99, 0, 10, 8, 8, 8,  8 };
	uint8_t packet[1401] = { 0 };
	struct line *l = line_new(0, NULL);

	line_start(l);
	memcpy(packet, header, sizeof(header));
	CU_ASSERT_FALSE(ppp_peer_ip(l->end[CLIENT], packet, 20));
	line_run(l, 2);
	CU_ASSERT_TRUE(ppp_peer_ip(l->end[CLIENT], packet, 20));
	CU_ASSERT_TRUE(ppp_peer_ip(l->end[CLIENT], packet, 1400));
	CU_ASSERT_FALSE(ppp_peer_ip(l->end[CLIENT], packet, 1401));
	line_run(l, 0.1);
	CU_ASSERT_EQUAL(l->ip[SERVER], 2);
	CU_ASSERT_EQUAL(l->ip[CLIENT], 0);
	line_free(l);
}

/* Shows an end a frame, and returns the frame by which it answers, without FF 03. */
static const uint8_t *answer_to(struct line *l, unsigned to, const char *hex)
{
	uint8_t octets[SENT_MAX], *exact;
	size_t len = exact_hex(hex, octets, sizeof(octets));

	memset(l->sent[to], 0, SENT_MAX);
	exact = exact_copy(octets, len);
	ppp_peer_frame(l->end[to], exact, len);
	free(exact);
	return l->sent[to] + (l->sent[to][0] == 0xff ? 2 : 0);
}

static bool is_answer(struct line *l, unsigned to, const char *hex, const char *want)
{
	uint8_t octets[SENT_MAX];
	const uint8_t *got = answer_to(l, to, hex);
	size_t len = exact_hex(want, octets, sizeof(octets));

	return memcmp(got, octets, len) == 0;
}

static void test_liberal(void)
{
	struct line *l = line_new(0, NULL);

	line_start(l);
	line_run(l, 2);
	/* With and without address and control; a protocol of one octet is no control protocol's. */
	CU_ASSERT_TRUE(is_answer(l, CLIENT, "ff03c021 09070008 00000000", "c021 0a070008"));
	CU_ASSERT_TRUE(is_answer(l, CLIENT, "c021 09070008 00000000", "c021 0a070008"));
	/* IPV6CP, and MPPE that nobody agreed on */
	CU_ASSERT_TRUE(is_answer(l, CLIENT, "8057 0101000e 010a0102030405060708", "c021 08010014 8057 01"));
	/* a code that LCP does not have */
	CU_ASSERT_TRUE(is_answer(l, CLIENT, "c021 42030004", "c021 0702 0008 42030004"));
	/* Identification and Discard-Request are for nobody */
	CU_ASSERT_TRUE(is_answer(l, CLIENT, "c021 0c030008 00000000", "0000"));
	CU_ASSERT_TRUE(is_answer(l, CLIENT, "c021 0b030008 00000000", "0000"));
	/* the link is still what it was */
	CU_ASSERT_TRUE(is_open(l));
	line_free(l);
}

/* What Windows asks for and nobody here wants: callback, multilink, DNS; a callback alone is rejected. */
static void test_options(void)
{
	struct line *l = line_new(0, NULL);

	l->end[SERVER] = ppp_peer_new(l->net, &l->config[SERVER], &events, &l->way[SERVER]);
	ppp_peer_start(l->end[SERVER]);
	CU_ASSERT_TRUE(is_answer(l, SERVER, "c021 01000015 010405780506 0a0b0c0d 07020802 0d0306",
				 "c021 04000007 0d0306"));
	CU_ASSERT_TRUE(is_answer(l, SERVER, "c021 01010012 0104002a 0506 0a0b0c0d 07020802",
				 "c021 03010008 010405dc"));
	CU_ASSERT_TRUE(is_answer(l, SERVER, "c021 01020008 01030578", "0000"));
	CU_ASSERT_TRUE(is_answer(l, SERVER, "c021 01020008 01060578", "0000"));
	CU_ASSERT_TRUE(is_answer(l, SERVER, "c021 01020008 02040000", "c021 04020008 02040000"));
	CU_ASSERT_TRUE(is_answer(l, SERVER, "c021 01030004", "c021 02030004"));
	line_free(l);
}

/* A new request on an open link begins everything anew, and it opens again. */
static void test_renegotiation(void)
{
	const struct ppp_peer_config both = { .mppe128 = true };
	struct line *l = line_new(1 << PPP_PEER_MSCHAP2, &both);

	line_start(l);
	line_run(l, 2);
	ppp_peer_free(l->end[CLIENT]);
	l->config[CLIENT].seed = 77;
	l->end[CLIENT] = ppp_peer_new(l->net, &l->config[CLIENT], &events, &l->way[CLIENT]);
	ppp_peer_start(l->end[CLIENT]);
	line_run(l, 10);
	CU_ASSERT_TRUE(is_open(l));
	CU_ASSERT_STRING_EQUAL(l->states[SERVER], "LAOSLAO");
	ping_both(l, 2);
	CU_ASSERT_EQUAL(status_of(l, SERVER).ping_replies, 2);
	line_free(l);
}

static void test_free_inside(void)
{
	struct line *l = line_new(0, NULL);

	l->free_at_open = true;
	line_start(l);
	line_run(l, 60);
	CU_ASSERT_PTR_NULL(l->end[CLIENT]);
	CU_ASSERT_PTR_NULL(l->end[SERVER]);
	line_free(l);
}

void suite_ppp_peer(void)
{
	CU_pSuite s = CU_add_suite("ppp_peer", NULL, NULL);

	CU_add_test(s, "every authentication and encryption opens", test_every_way);
	CU_add_test(s, "two ends find what both can do", test_compromise);
	CU_add_test(s, "a domain before the name", test_domain);
	CU_add_test(s, "addresses", test_addresses);
	CU_add_test(s, "masks of escaped characters", test_accm);
	CU_add_test(s, "wrong name or password", test_wrong_password);
	CU_add_test(s, "a server that does not know the password", test_false_server);
	CU_add_test(s, "refused authentication", test_refusals);
	CU_add_test(s, "MPPE required", test_mppe_required);
	CU_add_test(s, "MPPE wished for", test_mppe_optional);
	CU_add_test(s, "termination", test_terminate);
	CU_add_test(s, "nobody there", test_nobody_there);
	CU_add_test(s, "ended before it began", test_not_started);
	CU_add_test(s, "a line that is looped back", test_looped);
	CU_add_test(s, "frames are lost", test_loss);
	CU_add_test(s, "each frame is lost once", test_each_lost);
	CU_add_test(s, "encrypted frames are lost", test_crypt_loss);
	CU_add_test(s, "LCP echo", test_echo);
	CU_add_test(s, "IP packets", test_ip);
	CU_add_test(s, "what it does not want", test_liberal);
	CU_add_test(s, "options that it does not want", test_options);
	CU_add_test(s, "negotiation begins anew", test_renegotiation);
	CU_add_test(s, "freed from within", test_free_inside);
}
