/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a call's PPP comes to: negotiation, authentication, encryption, posture, one packet at a time. */
#include "conformance/ppp_session.h"

#include <CUnit/CUnit.h>

#include "conformance/posture.h"
#include "tests/unit/exact.h"

enum { CLIENT, SERVER, FRAME_MAX = 512 };

static const char challenge_hex[] = "105b5d7c7d7b3f2f3e3c2c602132262628 7365727665 72";
static const char response_hex[] = "31 21402324255e262a28295f2b3a337c7e 0000000000000000"
				   "82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df 00 55736572";

/* A session and what it was shown. */
struct talk {
	struct ppp_session *s;
	struct ppp_watch watch;
	const char *password; /* of user "User"; NULL: no secrets */
	uint64_t frame;
	int64_t time_ns;
	bool duplicate, late;
	unsigned plain;
	uint8_t last[FRAME_MAX]; /* payload of the newest frame in clear */
	uint8_t room[65536];
};

static bool find_secret(void *ctx, const uint8_t *name, size_t len, struct mppe_secret *out)
{
	const struct talk *t = ctx;

	return len == 4 && memcmp(name, "User", 4) == 0 &&
	       mppe_secret_of_password((const uint8_t *)t->password, strlen(t->password), out);
}

static void take_plain(void *ctx, const struct ppp_seen *seen, const struct ppp_frame *f)
{
	struct talk *t = ctx;

	(void)seen;
	t->plain++;
	memcpy(t->last, f->payload, f->caplen < FRAME_MAX ? f->caplen : FRAME_MAX);
}

static struct talk *talk_new(const char *password)
{
	struct talk *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	t->password = password;
	t->watch.ctx = t;
	t->watch.room = t->room;
	if (password) {
		t->watch.secret = find_secret;
		t->watch.plain = take_plain;
	}
	return t;
}

static void talk_end(struct talk *t)
{
	ppp_session_free(t->s);
	free(t);
}

static void show(struct talk *t, unsigned from, const uint8_t *octets, size_t len)
{
	const struct ppp_seen seen = { from, ++t->frame, t->time_ns, t->duplicate, t->late };
	uint8_t *exact = exact_copy(octets, len);
	struct ppp_frame f;

	ppp_decode(exact, (uint32_t)len, (uint32_t)len, &f);
	CU_ASSERT_TRUE(ppp_session_packet(&t->s, &t->watch, &seen, &f));
	free(exact);
}

/* A control packet: what is behind its Length in hexadecimal digits. */
static void say(struct talk *t, unsigned from, uint16_t protocol, uint8_t code, uint8_t id, const char *rest)
{
	uint8_t octets[FRAME_MAX] = { (uint8_t)(protocol >> 8), (uint8_t)protocol, code, id };
	size_t n = exact_hex(rest, octets + 6, sizeof(octets) - 6) + 4;

	octets[4] = (uint8_t)(n >> 8);
	octets[5] = (uint8_t)n;
	show(t, from, octets, n + 2);
}

static void data(struct talk *t, unsigned from, const char *hex)
{
	uint8_t octets[FRAME_MAX];

	show(t, from, octets, exact_hex(hex, octets, sizeof(octets)));
}

/* Both ends ask once and are granted it. */
static void agree(struct talk *t, uint16_t protocol, uint8_t id, const char *client, const char *server)
{
	say(t, CLIENT, protocol, PPP_CONF_REQ, id, client);
	say(t, SERVER, protocol, PPP_CONF_REQ, id, server);
	say(t, SERVER, protocol, PPP_CONF_ACK, id, client);
	say(t, CLIENT, protocol, PPP_CONF_ACK, id, server);
}

static void log_in(struct talk *t)
{
	agree(t, PPP_LCP, 1, "0104 0578 0506 11111111", "0305 c22381 0506 22222222 0702 0802");
	say(t, SERVER, PPP_CHAP, PPP_CHAP_CHALLENGE, 7, challenge_hex);
	say(t, CLIENT, PPP_CHAP, PPP_CHAP_RESPONSE, 7, response_hex);
	/* S=407A5589115FD0D6209F510FE9C04566932CDA56 M=OK */
	say(t, SERVER, PPP_CHAP, PPP_CHAP_SUCCESS, 7,
	    "533d34303741353538393131354644304436323039463531304645394330343536363933324344413536204d3d4f4b");
}

static bool text_is(const struct ppp_session *s, enum ppp_text_kind kind, unsigned end, const char *words)
{
	const struct ppp_text *t = ppp_session_text(s, kind, end);

	return t && t->len == strlen(words) && memcmp(t->octets, words, t->len) == 0;
}

static bool has_reason(const struct ppp_session *s, enum posture_reason r)
{
	struct posture p;

	posture_of(s, &p);
	for (unsigned i = 0; i < p.n; i++)
		if (p.why[i].reason == r)
			return true;
	return false;
}

/* --- what is looked at --------------------------------------------------------------------- */

static void test_wants(void)
{
	static const struct {
		const char *frame;
		bool without, with, watching;
	} rows[] = {
		{ "ff03c021", true, true, true },  { "c021", true, true, true },
		{ "c223", true, true, true },      { "80fd", true, true, true },
		{ "0021", false, false, true },    { "21", false, false, false },
		{ "2145", false, false, true },    { "ff030021", false, false, true },
		{ "00fd", false, true, true },     { "fd90", false, true, true },
		{ "ff0300fd", false, true, true }, { "ff03", false, false, true },
		{ "ff", false, false, false },     { "", false, false, false },
	};
	struct ppp_session s = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t octets[8];
		uint32_t n = (uint32_t)exact_hex(rows[i].frame, octets, sizeof(octets));
		uint8_t *exact = exact_copy(octets, n);

		s.watch = 0;
		CU_ASSERT_EQUAL(ppp_session_wants(NULL, exact, n), rows[i].without);
		CU_ASSERT_EQUAL(ppp_session_wants(&s, exact, n), rows[i].with);
		s.watch = PPP_WATCH_CLEAR;
		CU_ASSERT_EQUAL(ppp_session_wants(&s, exact, n), rows[i].watching);
		free(exact);
	}
}

static void test_lazy(void)
{
	struct talk *t = talk_new(NULL);

	data(t, CLIENT, "0021 45000014");
	data(t, CLIENT, "00fd 9000 00");
	data(t, CLIENT, "c021 01");
	data(t, CLIENT, "c021 6301 0004");
	t->duplicate = true;
	say(t, CLIENT, PPP_LCP, PPP_CONF_REQ, 1, "");
	CU_ASSERT_PTR_NULL(t->s);
	t->duplicate = false;
	say(t, CLIENT, PPP_LCP, PPP_CONF_REQ, 1, "");
	CU_ASSERT_PTR_NOT_NULL(t->s);
	talk_end(t);
}

/* --- negotiation --------------------------------------------------------------------------- */

static void test_lcp(void)
{
	struct talk *t = talk_new(NULL);

	say(t, CLIENT, PPP_LCP, PPP_CONF_REQ, 1, "0104 0578 0206 000a0000 0506 01020304 0702 0802");
	CU_ASSERT_EQUAL(ppp_session_state(t->s, PPP_NEG_LCP, CLIENT), PPP_REQ_SENT);
	CU_ASSERT_EQUAL(ppp_session_state(t->s, PPP_NEG_LCP, SERVER), PPP_INITIAL);
	say(t, SERVER, PPP_LCP, PPP_CONF_ACK, 1, "0104 0578 0206 000a0000 0506 01020304 0702 0802");
	CU_ASSERT_EQUAL(ppp_session_state(t->s, PPP_NEG_LCP, CLIENT), PPP_ACK_RCVD);
	say(t, SERVER, PPP_LCP, PPP_CONF_REQ, 9, "");
	CU_ASSERT_EQUAL(ppp_session_state(t->s, PPP_NEG_LCP, SERVER), PPP_ACK_SENT);
	CU_ASSERT_FALSE(ppp_session_unauthenticated(t->s));
	say(t, CLIENT, PPP_LCP, PPP_CONF_ACK, 9, "");
	CU_ASSERT_EQUAL(ppp_session_state(t->s, PPP_NEG_LCP, CLIENT), PPP_OPENED);
	CU_ASSERT_TRUE(ppp_session_opened(t->s, PPP_NEG_LCP));
	CU_ASSERT_TRUE(ppp_session_unauthenticated(t->s));
	CU_ASSERT_EQUAL(t->s->phase, PPP_PHASE_LCP);
	CU_ASSERT_EQUAL(t->s->lcp[CLIENT].mru, 1400);
	CU_ASSERT_EQUAL(t->s->lcp[CLIENT].accm, 0x000a0000);
	CU_ASSERT_EQUAL(t->s->lcp[CLIENT].magic, 0x01020304);
	CU_ASSERT_EQUAL(t->s->lcp[CLIENT].has,
			LCP_HAS_MRU | LCP_HAS_ACCM | LCP_HAS_MAGIC | LCP_HAS_PFC | LCP_HAS_ACFC);
	CU_ASSERT_EQUAL(t->s->lcp[SERVER].has, 0);
	CU_ASSERT_EQUAL(t->s->asking[PPP_NEG_LCP][CLIENT].answer_frame, 2);
	talk_end(t);
}

/* What is sent again is no new request; what answers an old one is none. */
static void test_retransmission(void)
{
	struct talk *t = talk_new(NULL);
	const struct ppp_asking *a;

	say(t, CLIENT, PPP_LCP, PPP_CONF_REQ, 1, "0104 0578");
	say(t, CLIENT, PPP_LCP, PPP_CONF_REQ, 1, "0104 0578");
	say(t, CLIENT, PPP_LCP, PPP_CONF_REQ, 2, "0104 0578");
	a = &t->s->asking[PPP_NEG_LCP][CLIENT];
	CU_ASSERT_EQUAL(a->requests, 1);
	CU_ASSERT_EQUAL(a->repeated, 2);
	say(t, SERVER, PPP_LCP, PPP_CONF_NAK, 1, "0104 0500");
	CU_ASSERT_EQUAL(a->naks, 0);
	say(t, SERVER, PPP_LCP, PPP_CONF_NAK, 2, "0104 0500");
	say(t, SERVER, PPP_LCP, PPP_CONF_NAK, 2, "0104 0500");
	CU_ASSERT_EQUAL(a->naks, 1);
	CU_ASSERT_EQUAL(a->refused, LCP_OPT_MRU);
	say(t, CLIENT, PPP_LCP, PPP_CONF_REQ, 3, "0104 0500");
	say(t, SERVER, PPP_LCP, PPP_CONF_ACK, 3, "0104 0500");
	CU_ASSERT_EQUAL(t->s->lcp[CLIENT].mru, 1280);
	CU_ASSERT_EQUAL(t->s->lcp_asked[CLIENT].mru, 1400);
	/* An old one that was overtaken takes nothing back. */
	t->late = true;
	say(t, CLIENT, PPP_LCP, PPP_CONF_REQ, 2, "0104 0578");
	CU_ASSERT_TRUE(a->flags & PPP_ACKED);
	CU_ASSERT_EQUAL(a->requests, 2);
	talk_end(t);
}

static void test_stuck(void)
{
	struct talk *t = talk_new(NULL);

	for (uint8_t id = 1; id <= 4; id++) {
		say(t, SERVER, PPP_LCP, PPP_CONF_REQ, id, "0305 c22381");
		CU_ASSERT_FALSE(ppp_session_stuck(t->s, PPP_NEG_LCP, SERVER) && id < 4);
		say(t, CLIENT, PPP_LCP, PPP_CONF_NAK, id, "0304 c023");
	}
	CU_ASSERT_TRUE(ppp_session_stuck(t->s, PPP_NEG_LCP, SERVER));
	CU_ASSERT_FALSE(ppp_session_stuck(t->s, PPP_NEG_LCP, CLIENT));
	CU_ASSERT_EQUAL(t->s->asking[PPP_NEG_LCP][SERVER].refused, LCP_OPT_AUTH);
	say(t, SERVER, PPP_LCP, PPP_CONF_REQ, 5, "0305 c22381");
	say(t, CLIENT, PPP_LCP, PPP_CONF_ACK, 5, "0305 c22381");
	CU_ASSERT_FALSE(ppp_session_stuck(t->s, PPP_NEG_LCP, SERVER));
	talk_end(t);
}

/* Values that never meet: each request asks for something else, each is refused. */
static void test_never_converging(void)
{
	static const char *const asked[] = { "0104 0500", "0104 0501" };
	struct talk *t = talk_new(NULL);

	for (uint8_t id = 1; id <= 10; id++) {
		say(t, CLIENT, PPP_LCP, PPP_CONF_REQ, id, asked[id & 1]);
		say(t, SERVER, PPP_LCP, PPP_CONF_NAK, id, "0104 0400");
		CU_ASSERT_EQUAL(ppp_session_stuck(t->s, PPP_NEG_LCP, CLIENT), id == 10);
	}
	CU_ASSERT_EQUAL(t->s->asking[PPP_NEG_LCP][CLIENT].stubborn, 0);
	talk_end(t);
}

static void test_renegotiation(void)
{
	struct talk *t = talk_new(NULL);

	agree(t, PPP_LCP, 1, "0104 0578", "0104 05dc");
	agree(t, PPP_IPCP, 1, "0306 0a000002", "0306 0a000001");
	CU_ASSERT_EQUAL(t->s->phase, PPP_PHASE_OPEN);
	say(t, CLIENT, PPP_LCP, PPP_TERM_REQ, 5, "");
	CU_ASSERT_EQUAL(t->s->end, PPP_END_LCP);
	CU_ASSERT_EQUAL(ppp_session_state(t->s, PPP_NEG_LCP, CLIENT), PPP_CLOSING);
	CU_ASSERT_EQUAL(ppp_session_state(t->s, PPP_NEG_LCP, SERVER), PPP_STOPPED);
	say(t, SERVER, PPP_LCP, PPP_TERM_ACK, 5, "");
	CU_ASSERT_EQUAL(ppp_session_state(t->s, PPP_NEG_LCP, CLIENT), PPP_STOPPED);
	say(t, CLIENT, PPP_LCP, PPP_CONF_REQ, 6, "0104 0400");
	CU_ASSERT_EQUAL(ppp_session_state(t->s, PPP_NEG_LCP, CLIENT), PPP_REQ_SENT);
	/* What was agreed stays known until there is something new. */
	CU_ASSERT_EQUAL(t->s->lcp[CLIENT].mru, 1400);
	say(t, SERVER, PPP_LCP, PPP_CONF_ACK, 6, "0104 0400");
	CU_ASSERT_EQUAL(t->s->lcp[CLIENT].mru, 1024);
	CU_ASSERT_EQUAL(t->s->phase, PPP_PHASE_OPEN);
	talk_end(t);
}

/* A request in the Opened state takes down the layer, and LCP's all those above. */
static void test_reopened(void)
{
	struct talk *t = talk_new(NULL);

	agree(t, PPP_LCP, 1, "0104 0578", "");
	agree(t, PPP_IPCP, 1, "0306 0a000002", "0306 0a000001");
	say(t, SERVER, PPP_LCP, PPP_CONF_REQ, 1, "");
	CU_ASSERT_TRUE(ppp_session_opened(t->s, PPP_NEG_LCP));
	say(t, SERVER, PPP_LCP, PPP_CONF_REQ, 2, "");
	CU_ASSERT_EQUAL(ppp_session_state(t->s, PPP_NEG_LCP, SERVER), PPP_REQ_SENT);
	CU_ASSERT_EQUAL(ppp_session_state(t->s, PPP_NEG_LCP, CLIENT), PPP_REQ_SENT);
	CU_ASSERT_FALSE(ppp_session_opened(t->s, PPP_NEG_IPCP));
	talk_end(t);
}

static void test_protocol_reject(void)
{
	struct talk *t = talk_new(NULL);

	say(t, CLIENT, PPP_CCP, PPP_CONF_REQ, 1, "1206 01000040");
	say(t, SERVER, PPP_LCP, PPP_PROT_REJ, 1, "80fd 01010004");
	CU_ASSERT_EQUAL(ppp_session_state(t->s, PPP_NEG_CCP, CLIENT), PPP_REFUSED);
	CU_ASSERT_EQUAL(ppp_session_state(t->s, PPP_NEG_CCP, SERVER), PPP_INITIAL);
	CU_ASSERT_EQUAL(t->s->asking[PPP_NEG_CCP][CLIENT].answer_frame, 2);
	talk_end(t);
}

static void test_looped(void)
{
	struct talk *t = talk_new(NULL);

	say(t, CLIENT, PPP_LCP, PPP_CONF_REQ, 1, "0506 01020304");
	CU_ASSERT_FALSE(t->s->looped);
	say(t, SERVER, PPP_LCP, PPP_CONF_REQ, 1, "0506 01020304");
	CU_ASSERT_TRUE(t->s->looped);
	talk_end(t);
}

static void test_addresses(void)
{
	struct talk *t = talk_new(NULL);
	const struct ppp_ipcp *v;

	say(t, CLIENT, PPP_IPCP, PPP_CONF_REQ, 1, "0306 00000000 8106 00000000 8306 00000000 0206 002d0f01");
	CU_ASSERT_EQUAL(t->s->phase, PPP_PHASE_NETWORK);
	say(t, SERVER, PPP_IPCP, PPP_CONF_REJ, 1, "8306 00000000");
	say(t, CLIENT, PPP_IPCP, PPP_CONF_REQ, 2, "0306 00000000 8106 00000000 0206 002d0f01");
	say(t, SERVER, PPP_IPCP, PPP_CONF_NAK, 2, "0306 0a63000a 8106 0a630035");
	say(t, CLIENT, PPP_IPCP, PPP_CONF_REQ, 3, "0306 0a63000a 8106 0a630035 0206 002d0f01");
	say(t, SERVER, PPP_IPCP, PPP_CONF_ACK, 3, "0306 0a63000a 8106 0a630035 0206 002d0f01");
	v = &t->s->ipcp[CLIENT];
	CU_ASSERT_EQUAL(v->address, 0x0a63000a);
	CU_ASSERT_EQUAL(v->server[0], 0x0a630035);
	CU_ASSERT_EQUAL(v->server[1], 0);
	CU_ASSERT_EQUAL(v->compression, PPP_VJ_COMPRESSED);
	CU_ASSERT_FALSE(t->s->ipcp[SERVER].has_address);
	CU_ASSERT_EQUAL(t->s->phase, PPP_PHASE_NETWORK);
	say(t, SERVER, PPP_IPCP, PPP_CONF_REQ, 1, "0306 0a630001");
	say(t, CLIENT, PPP_IPCP, PPP_CONF_ACK, 1, "0306 0a630001");
	CU_ASSERT_EQUAL(t->s->phase, PPP_PHASE_OPEN);
	CU_ASSERT_EQUAL(t->s->open_frame, 8);
	agree(t, PPP_IPV6CP, 1, "010a 0102030405060708", "010a 1112131415161718");
	CU_ASSERT_EQUAL(t->s->interface_id[CLIENT], UINT64_C(0x0102030405060708));
	talk_end(t);
}

static void test_life(void)
{
	struct talk *t = talk_new(NULL);

	say(t, CLIENT, PPP_LCP, PPP_ECHO_REQ, 1, "00000000");
	say(t, SERVER, PPP_LCP, PPP_ECHO_REP, 1, "00000000");
	for (uint8_t id = 2; id < 5; id++)
		say(t, CLIENT, PPP_LCP, PPP_ECHO_REQ, id, "00000000");
	CU_ASSERT_EQUAL(t->s->echo_requests[CLIENT], 4);
	CU_ASSERT_EQUAL(t->s->echo_replies[CLIENT], 1);
	CU_ASSERT_EQUAL(t->s->echo_waiting[CLIENT], 3);
	CU_ASSERT_EQUAL(t->s->echo_frame[CLIENT], 3);
	CU_ASSERT_EQUAL(t->s->echo_requests[SERVER], 0);
	CU_ASSERT_EQUAL(t->s->phase, PPP_PHASE_LCP);
	say(t, SERVER, PPP_LCP, PPP_TERM_REQ, 9, "627965");
	say(t, CLIENT, PPP_LCP, PPP_TERM_REQ, 3, "746f6f");
	CU_ASSERT_EQUAL(t->s->ended_by, SERVER);
	CU_ASSERT_EQUAL(t->s->end_frame, 6);
	CU_ASSERT_TRUE(text_is(t->s, PPP_TEXT_END, SERVER, "bye"));
	talk_end(t);
	t = talk_new(NULL);
	say(t, SERVER, PPP_LCP, PPP_TERM_REQ, 9, "");
	CU_ASSERT_EQUAL(t->s->phase, PPP_PHASE_TERMINATED);
	say(t, SERVER, PPP_LCP, PPP_CONF_REQ, 9, "");
	CU_ASSERT_EQUAL(t->s->phase, PPP_PHASE_LCP);
	talk_end(t);
}

/* --- authentication ------------------------------------------------------------------------ */

static void test_pap(void)
{
	struct talk *t = talk_new(NULL);
	const struct ppp_auth *a;

	agree(t, PPP_LCP, 1, "", "0304 c023");
	CU_ASSERT_EQUAL(ppp_session_authenticator(t->s), SERVER);
	CU_ASSERT_FALSE(ppp_session_unauthenticated(t->s));
	say(t, CLIENT, PPP_PAP, PPP_PAP_REQUEST, 1, "03 6c6162 04 70617373");
	say(t, CLIENT, PPP_PAP, PPP_PAP_REQUEST, 1, "03 6c6162 04 70617373");
	CU_ASSERT_EQUAL(t->s->phase, PPP_PHASE_AUTHENTICATING);
	/* The network phase has not come for who does not wait. */
	say(t, CLIENT, PPP_IPCP, PPP_CONF_REQ, 1, "0306 00000000");
	CU_ASSERT_EQUAL(t->s->phase, PPP_PHASE_AUTHENTICATING);
	say(t, SERVER, PPP_PAP, PPP_PAP_NAK, 1, "02 6e6f");
	a = &t->s->auth[SERVER];
	CU_ASSERT_EQUAL(a->outcome, PPP_FAILURE);
	say(t, CLIENT, PPP_PAP, PPP_PAP_REQUEST, 2, "03 6c6162 05 7061737332");
	say(t, SERVER, PPP_PAP, PPP_PAP_ACK, 2, "02 6f6b");
	CU_ASSERT_EQUAL(a->outcome, PPP_SUCCESS);
	CU_ASSERT_EQUAL(a->rounds, 2);
	CU_ASSERT_EQUAL(t->s->phase, PPP_PHASE_NETWORK);
	CU_ASSERT_STRING_EQUAL(ppp_session_auth_name(a), "PAP");
	CU_ASSERT_TRUE(text_is(t->s, PPP_TEXT_USER, SERVER, "lab"));
	CU_ASSERT_TRUE(text_is(t->s, PPP_TEXT_PASSWORD, SERVER, "pass2"));
	CU_ASSERT_TRUE(text_is(t->s, PPP_TEXT_MESSAGE, SERVER, "ok"));
	CU_ASSERT_TRUE(has_reason(t->s, POSTURE_PASSWORD_CLEAR));
	CU_ASSERT_EQUAL(posture_grade_of(t->s), 'F');
	talk_end(t);
}

static void test_chap_failure(void)
{
	struct talk *t = talk_new(NULL);
	const struct ppp_auth *a;

	agree(t, PPP_LCP, 1, "", "0305 c22381");
	say(t, SERVER, PPP_CHAP, PPP_CHAP_CHALLENGE, 1, challenge_hex);
	say(t, CLIENT, PPP_CHAP, PPP_CHAP_RESPONSE, 1, response_hex);
	/* E=691 R=1 C=00000000000000000000000000000000 V=3 M=no */
	say(t, SERVER, PPP_CHAP, PPP_CHAP_FAILURE, 1,
	    "453d36393120523d3120433d303030303030303030303030303030303030303030303030303030303030303020563d33"
	    "20"
	    "4d3d6e6f");
	a = &t->s->auth[SERVER];
	CU_ASSERT_EQUAL(a->outcome, PPP_FAILURE);
	CU_ASSERT_TRUE(a->has_error);
	CU_ASSERT_EQUAL(a->error, 691);
	CU_ASSERT_EQUAL(a->outcome_frame, 7);
	CU_ASSERT_TRUE(text_is(t->s, PPP_TEXT_MESSAGE, SERVER, "no"));
	CU_ASSERT_TRUE(text_is(t->s, PPP_TEXT_USER, SERVER, "User"));
	CU_ASSERT_STRING_EQUAL(ppp_session_auth_name(a), "MS-CHAPv2");
	CU_ASSERT_EQUAL(t->s->phase, PPP_PHASE_AUTHENTICATING);
	CU_ASSERT_EQUAL(t->s->secret, PPP_SECRET_NONE);
	talk_end(t);
}

static void test_eap(void)
{
	static const struct {
		const char *type, *name;
		enum posture_reason reason;
	} rows[] = {
		{ "04", "EAP-MD5", POSTURE_EAP_MD5 },
		{ "0d", "EAP-TLS", POSTURE_EAP_TLS },
		{ "19", "PEAP", POSTURE_EAP_TLS },
		{ "2b", "EAP", POSTURE_EAP_OTHER },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct talk *t = talk_new(NULL);
		char rest[64];

		agree(t, PPP_LCP, 1, "", "0304 c227");
		say(t, SERVER, PPP_EAP, PPP_EAP_REQUEST, 1, "01");
		say(t, CLIENT, PPP_EAP, PPP_EAP_RESPONSE, 1, "01 6c6162");
		CU_ASSERT_STRING_EQUAL(ppp_session_auth_name(&t->s->auth[SERVER]), "EAP");
		snprintf(rest, sizeof(rest), "%s 10 000102030405060708090a0b0c0d0e0f", rows[i].type);
		say(t, SERVER, PPP_EAP, PPP_EAP_REQUEST, 2, rest);
		say(t, CLIENT, PPP_EAP, PPP_EAP_RESPONSE, 2, rest);
		say(t, SERVER, PPP_EAP, PPP_EAP_SUCCESS, 2, "");
		CU_ASSERT_STRING_EQUAL(ppp_session_auth_name(&t->s->auth[SERVER]), rows[i].name);
		CU_ASSERT_EQUAL(t->s->auth[SERVER].outcome, PPP_SUCCESS);
		CU_ASSERT_EQUAL(t->s->auth[SERVER].rounds, 1);
		CU_ASSERT_EQUAL(t->s->phase, PPP_PHASE_NETWORK);
		CU_ASSERT_TRUE(text_is(t->s, PPP_TEXT_USER, SERVER, "lab"));
		CU_ASSERT_TRUE(has_reason(t->s, rows[i].reason));
		talk_end(t);
	}
}

/* The client asks the server, too; what the server asked first counts, unless it failed. */
static void test_mutual(void)
{
	struct talk *t = talk_new(NULL);

	agree(t, PPP_LCP, 1, "0305 c22305", "0305 c22305");
	say(t, SERVER, PPP_CHAP, PPP_CHAP_CHALLENGE, 1, "04 01020304 73");
	say(t, CLIENT, PPP_CHAP, PPP_CHAP_CHALLENGE, 1, "04 01020304 63");
	say(t, CLIENT, PPP_CHAP, PPP_CHAP_RESPONSE, 1, "10 000102030405060708090a0b0c0d0e0f 63");
	say(t, SERVER, PPP_CHAP, PPP_CHAP_SUCCESS, 1, "");
	CU_ASSERT_EQUAL(ppp_session_authenticator(t->s), SERVER);
	CU_ASSERT_EQUAL(t->s->phase, PPP_PHASE_AUTHENTICATING);
	say(t, SERVER, PPP_CHAP, PPP_CHAP_RESPONSE, 1, "10 000102030405060708090a0b0c0d0e0f 73");
	say(t, CLIENT, PPP_CHAP, PPP_CHAP_FAILURE, 1, "");
	CU_ASSERT_EQUAL(ppp_session_authenticator(t->s), CLIENT);
	CU_ASSERT_STRING_EQUAL(ppp_session_auth_name(&t->s->auth[CLIENT]), "CHAP-MD5");
	CU_ASSERT_TRUE(text_is(t->s, PPP_TEXT_USER, CLIENT, "s"));
	talk_end(t);
}

/* --- encryption ---------------------------------------------------------------------------- */

enum { TEXT = 26 };

struct sender {
	struct mppe_stream s;
	uint16_t next;
	unsigned from;
};

static struct sender sender_new(unsigned from, unsigned bits, bool stateful)
{
	uint8_t start[MPPE_KEY], response[MPPE_RESPONSE];
	struct sender x = { .from = from };
	struct mppe_secret secret;

	mppe_secret_of_password((const uint8_t *)"clientPass", 10, &secret);
	exact_hex("82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df", response, sizeof(response));
	mppe_start_key2(secret.nt_hash, response, from == SERVER ? MPPE_SERVER : MPPE_CLIENT, start);
	mppe_stream_init(&x.s, start, bits, stateful);
	return x;
}

/* Sends an IP packet that ends with `mark`, encrypted; or loses it. */
static void send(struct talk *t, struct sender *x, uint8_t mark, bool reset, bool lost)
{
	static const uint8_t head[] = {
		0x00, 0x21, 0x45, 0x00, 0x00, TEXT - 2, 0, 0, 0, 0, 0, 0, 0xba, 0xe7
	};
	uint8_t text[TEXT] = { 0 }, frame[4 + TEXT] = { 0x00, 0xfd };
	uint16_t count = x->next++ & 0xfff;

	memcpy(text, head, sizeof(head));
	text[TEXT - 1] = mark;
	if (!x->s.stateful || (count & 0xff) == 0xff)
		mppe_next_key(&x->s);
	else if (reset)
		arcfour_set_key(&x->s.rc4, x->s.key_len, x->s.key);
	arcfour_crypt(&x->s.rc4, TEXT, frame + 4, text);
	frame[2] = (uint8_t)((!x->s.stateful || reset ? 0x90 : 0x10) | count >> 8);
	frame[3] = (uint8_t)count;
	if (!lost)
		show(t, x->from, frame, sizeof(frame));
}

static void test_decryption(void)
{
	static const struct {
		unsigned bits;
		bool stateful;
		const char *option;
	} rows[] = {
		{ 128, false, "1206 01000040" }, { 128, true, "1206 00000040" },
		{ 56, false, "1206 01000080" },  { 56, true, "1206 00000080" },
		{ 40, false, "1206 01000020" },  { 40, true, "1206 00000020" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct talk *t = talk_new("clientPass");
		struct sender server = sender_new(SERVER, rows[i].bits, rows[i].stateful);
		struct sender client = sender_new(CLIENT, rows[i].bits, rows[i].stateful);

		log_in(t);
		CU_ASSERT_EQUAL(t->s->secret, PPP_SECRET_VERIFIED);
		CU_ASSERT_EQUAL(t->s->proof, PPP_SECRET_VERIFIED);
		agree(t, PPP_CCP, 1, rows[i].option, rows[i].option);
		CU_ASSERT_EQUAL(ppp_session_bits(t->s, CLIENT), rows[i].bits);
		CU_ASSERT_EQUAL(ppp_session_stateful(t->s, CLIENT), rows[i].stateful);
		for (unsigned n = 0; n < 20; n++) {
			bool lost = n == 3, reset = rows[i].stateful && n == 5;

			send(t, &client, (uint8_t)n, reset, lost);
			CU_ASSERT_TRUE(t->last[TEXT - 3] == n || lost || (rows[i].stateful && n == 4));
			send(t, &server, (uint8_t)(100 + n), false, false);
			CU_ASSERT_EQUAL(t->last[TEXT - 3], 100 + n);
		}
		CU_ASSERT_EQUAL(t->s->coded[CLIENT].packets, 19);
		CU_ASSERT_EQUAL(t->s->coded[CLIENT].decrypted, rows[i].stateful ? 18 : 19);
		CU_ASSERT_EQUAL(t->s->coded[SERVER].decrypted, 20);
		CU_ASSERT_EQUAL(t->plain, t->s->coded[CLIENT].decrypted + 20);
		CU_ASSERT_EQUAL(ppp_session_gaps(t->s, CLIENT), 1);
		CU_ASSERT_EQUAL(ppp_session_gaps(t->s, SERVER), 0);
		talk_end(t);
	}
}

/* CCP agreed anew starts the keys from the beginning. */
static void test_rekeyed(void)
{
	struct talk *t = talk_new("clientPass");

	log_in(t);
	for (uint8_t round = 1; round <= 3; round++) {
		struct sender client = sender_new(CLIENT, 128, false);

		agree(t, PPP_CCP, round, "1206 01000040", "1206 01000040");
		for (unsigned n = 0; n < 5; n++) {
			send(t, &client, (uint8_t)(n + 1), false, false);
			CU_ASSERT_EQUAL(t->last[TEXT - 3], n + 1);
		}
	}
	CU_ASSERT_EQUAL(t->s->coded[CLIENT].decrypted, 15);
	CU_ASSERT_EQUAL(ppp_session_gaps(t->s, CLIENT), 0);
	talk_end(t);
}

/* The capture lacks the Ack: what was asked for is taken to be what is used. */
static void test_unseen_ack(void)
{
	struct talk *t = talk_new("clientPass");
	struct sender client = sender_new(CLIENT, 128, false);

	log_in(t);
	say(t, SERVER, PPP_CCP, PPP_CONF_REQ, 1, "1206 01000040");
	send(t, &client, 42, false, false);
	CU_ASSERT_EQUAL(t->last[TEXT - 3], 42);
	CU_ASSERT_EQUAL(ppp_session_bits(t->s, CLIENT), 0);
	talk_end(t);
}

static void test_wrong_secret(void)
{
	struct talk *t = talk_new("clientpass");
	struct sender client = sender_new(CLIENT, 128, false);

	log_in(t);
	CU_ASSERT_EQUAL(t->s->secret, PPP_SECRET_WRONG);
	CU_ASSERT_EQUAL(t->s->proof, PPP_SECRET_NONE);
	agree(t, PPP_CCP, 1, "1206 01000040", "1206 01000040");
	send(t, &client, 42, false, false);
	CU_ASSERT_EQUAL(t->s->coded[CLIENT].decrypted, 0);
	CU_ASSERT_EQUAL(t->plain, 0);
	talk_end(t);
}

static void test_false_proof(void)
{
	struct talk *t = talk_new("clientPass");

	agree(t, PPP_LCP, 1, "", "0305 c22381");
	say(t, SERVER, PPP_CHAP, PPP_CHAP_CHALLENGE, 7, challenge_hex);
	say(t, CLIENT, PPP_CHAP, PPP_CHAP_RESPONSE, 7, response_hex);
	say(t, SERVER, PPP_CHAP, PPP_CHAP_SUCCESS, 7,
	    "533d34303741353538393131354644304436323039463531304645394330343536363933324344413537204d3d4f4b");
	CU_ASSERT_EQUAL(t->s->secret, PPP_SECRET_VERIFIED);
	CU_ASSERT_EQUAL(t->s->proof, PPP_SECRET_WRONG);
	talk_end(t);
}

static void count(struct talk *t, unsigned n)
{
	char hex[16];

	snprintf(hex, sizeof(hex), "00fd %04x 00", 0x9000 | (n & 0xfff));
	data(t, CLIENT, hex);
}

static void test_gaps(void)
{
	struct talk *t = talk_new(NULL);
	unsigned n;

	agree(t, PPP_CCP, 1, "1206 01000040", "1206 01000040");
	/* The first two are lost. */
	count(t, 2);
	CU_ASSERT_EQUAL(ppp_session_gaps(t->s, CLIENT), 1);
	/* One is late, and then it is no gap. */
	count(t, 4);
	CU_ASSERT_EQUAL(ppp_session_gaps(t->s, CLIENT), 2);
	count(t, 3);
	CU_ASSERT_EQUAL(ppp_session_gaps(t->s, CLIENT), 1);
	/* Three in a row are one gap; the count goes round. */
	for (n = 8; n < 5000; n++)
		count(t, n);
	CU_ASSERT_EQUAL(ppp_session_gaps(t->s, CLIENT), 2);
	/* A gap wider than what is remembered, and one that is at its edge. */
	count(t, n + 200);
	CU_ASSERT_EQUAL(ppp_session_gaps(t->s, CLIENT), 3);
	count(t, n + 264);
	CU_ASSERT_EQUAL(ppp_session_gaps(t->s, CLIENT), 4);
	count(t, n + 330);
	CU_ASSERT_EQUAL(ppp_session_gaps(t->s, CLIENT), 5);
	CU_ASSERT_EQUAL(ppp_session_gaps(t->s, SERVER), 0);
	say(t, SERVER, PPP_CCP, PPP_RESET_REQ, 1, "");
	CU_ASSERT_EQUAL(t->s->coded[CLIENT].resets, 1);
	CU_ASSERT_EQUAL(t->s->coded[SERVER].resets, 0);
	talk_end(t);
}

/* Deflate is no encryption, whatever its packets look like. */
static void test_deflate(void)
{
	struct talk *t = talk_new(NULL);

	agree(t, PPP_LCP, 1, "", "0305 c22305");
	say(t, SERVER, PPP_CHAP, PPP_CHAP_CHALLENGE, 1, "04 01020304 73");
	say(t, CLIENT, PPP_CHAP, PPP_CHAP_RESPONSE, 1, "10 000102030405060708090a0b0c0d0e0f 63");
	say(t, SERVER, PPP_CHAP, PPP_CHAP_SUCCESS, 1, "");
	agree(t, PPP_CCP, 1, "1a04 7800 1503 2f", "1a04 7800");
	agree(t, PPP_IPCP, 1, "0306 0a000002", "0306 0a000001");
	count(t, 5);
	count(t, 900);
	CU_ASSERT_EQUAL(ppp_session_bits(t->s, CLIENT), 0);
	CU_ASSERT_EQUAL(t->s->ccp[CLIENT].agreed, CCP_OPT_DEFLATE);
	CU_ASSERT_EQUAL(t->s->coded[CLIENT].packets, 2);
	CU_ASSERT_EQUAL(ppp_session_gaps(t->s, CLIENT), 0);
	CU_ASSERT_TRUE(has_reason(t->s, POSTURE_NO_ENCRYPTION));
	CU_ASSERT_FALSE(has_reason(t->s, POSTURE_ENCRYPTION_REFUSED));
	CU_ASSERT_EQUAL(posture_grade_of(t->s), 'E');
	talk_end(t);
}

static void test_clear_text(void)
{
	struct talk *t = talk_new(NULL);

	log_in(t);
	data(t, CLIENT, "0021 45000014");
	agree(t, PPP_CCP, 1, "1206 01000040", "1206 01000040");
	/* It may have been sent before its sender knew. */
	data(t, CLIENT, "0021 45000014");
	CU_ASSERT_EQUAL(t->s->clear_frame, 0);
	count(t, 0);
	t->late = true;
	data(t, CLIENT, "0021 45000014");
	CU_ASSERT_EQUAL(t->s->clear_frame, 0);
	t->late = false;
	CU_ASSERT_FALSE(has_reason(t->s, POSTURE_CLEAR_AFTER));
	CU_ASSERT_EQUAL(posture_grade_of(t->s), 'D');
	data(t, CLIENT, "0021 45000014");
	CU_ASSERT_EQUAL(t->s->clear_frame, t->frame);
	CU_ASSERT_EQUAL(t->s->coded[CLIENT].clear, 1);
	data(t, SERVER, "0021 45000014");
	CU_ASSERT_EQUAL(t->s->coded[SERVER].clear, 0);
	t->time_ns += INT64_C(3000000000);
	data(t, SERVER, "0021 45000014");
	CU_ASSERT_EQUAL(t->s->coded[SERVER].clear, 1);
	CU_ASSERT_TRUE(has_reason(t->s, POSTURE_CLEAR_AFTER));
	CU_ASSERT_EQUAL(posture_grade_of(t->s), 'F');
	talk_end(t);
}

/* --- posture ------------------------------------------------------------------------------- */

static void test_lowered(void)
{
	struct talk *t = talk_new(NULL);

	say(t, SERVER, PPP_LCP, PPP_CONF_REQ, 1, "0305 c22381");
	say(t, CLIENT, PPP_LCP, PPP_CONF_NAK, 1, "0304 c023");
	say(t, SERVER, PPP_LCP, PPP_CONF_REQ, 2, "0304 c023");
	CU_ASSERT_FALSE(ppp_session_auth_lowered(t->s, SERVER));
	say(t, CLIENT, PPP_LCP, PPP_CONF_ACK, 2, "0304 c023");
	CU_ASSERT_TRUE(ppp_session_auth_lowered(t->s, SERVER));
	CU_ASSERT_FALSE(ppp_session_auth_lowered(t->s, CLIENT));
	CU_ASSERT_TRUE(has_reason(t->s, POSTURE_AUTH_LOWERED));
	say(t, SERVER, PPP_CCP, PPP_CONF_REQ, 1, "1206 01000060");
	say(t, CLIENT, PPP_CCP, PPP_CONF_NAK, 1, "1206 01000020");
	say(t, SERVER, PPP_CCP, PPP_CONF_REQ, 2, "1206 01000020");
	say(t, CLIENT, PPP_CCP, PPP_CONF_ACK, 2, "1206 01000020");
	CU_ASSERT_TRUE(ppp_session_bits_lowered(t->s, SERVER));
	CU_ASSERT_TRUE(has_reason(t->s, POSTURE_BITS_LOWERED));
	CU_ASSERT_TRUE(has_reason(t->s, POSTURE_BITS_40));
	CU_ASSERT_TRUE(has_reason(t->s, POSTURE_HALF_ENCRYPTED));
	talk_end(t);
}

/* A Nak that picks the best of what was offered lowers nothing, but the offer was weak. */
static void test_picked(void)
{
	struct talk *t = talk_new(NULL);

	log_in(t);
	say(t, SERVER, PPP_CCP, PPP_CONF_REQ, 1, "1206 010000e0");
	say(t, CLIENT, PPP_CCP, PPP_CONF_NAK, 1, "1206 01000040");
	say(t, SERVER, PPP_CCP, PPP_CONF_REQ, 2, "1206 01000040");
	say(t, CLIENT, PPP_CCP, PPP_CONF_ACK, 2, "1206 01000040");
	say(t, CLIENT, PPP_CCP, PPP_CONF_REQ, 1, "1206 01000040");
	say(t, SERVER, PPP_CCP, PPP_CONF_ACK, 1, "1206 01000040");
	CU_ASSERT_FALSE(ppp_session_bits_lowered(t->s, SERVER));
	CU_ASSERT_TRUE(has_reason(t->s, POSTURE_BITS_OFFER));
	CU_ASSERT_TRUE(has_reason(t->s, POSTURE_MSCHAP2));
	CU_ASSERT_FALSE(has_reason(t->s, POSTURE_HALF_ENCRYPTED));
	CU_ASSERT_FALSE(has_reason(t->s, POSTURE_STATEFUL));
	CU_ASSERT_EQUAL(posture_grade_of(t->s), 'D');
	talk_end(t);
}

static void test_refused(void)
{
	struct talk *t = talk_new(NULL);
	struct posture p;

	log_in(t);
	say(t, SERVER, PPP_CCP, PPP_CONF_REQ, 1, "1206 01000040");
	say(t, CLIENT, PPP_CCP, PPP_CONF_REJ, 1, "1206 01000040");
	CU_ASSERT_FALSE(has_reason(t->s, POSTURE_NO_ENCRYPTION));
	agree(t, PPP_IPCP, 1, "0306 0a000002", "0306 0a000001");
	CU_ASSERT_TRUE(has_reason(t->s, POSTURE_NO_ENCRYPTION));
	posture_of(t->s, &p);
	for (unsigned i = 0; i < p.n; i++)
		if (p.why[i].reason == POSTURE_ENCRYPTION_REFUSED)
			CU_ASSERT_EQUAL(p.why[i].end, CLIENT);
	CU_ASSERT_TRUE(has_reason(t->s, POSTURE_ENCRYPTION_REFUSED));
	talk_end(t);
}

static void test_unknown(void)
{
	struct talk *t = talk_new(NULL);

	say(t, SERVER, PPP_LCP, PPP_ECHO_REQ, 1, "00000000");
	CU_ASSERT_EQUAL(posture_grade_of(t->s), 0);
	CU_ASSERT_EQUAL(ppp_session_authenticator(t->s), -1);
	talk_end(t);
	for (unsigned r = 0; r < POSTURE_REASONS; r++) {
		CU_ASSERT_TRUE(posture_grade(r) >= 'B' && posture_grade(r) <= 'F');
		CU_ASSERT_PTR_NOT_NULL(posture_words(r));
		for (unsigned other = 0; other < r; other++)
			CU_ASSERT_STRING_NOT_EQUAL(posture_name(r), posture_name(other));
	}
}

/* --- as octets ----------------------------------------------------------------------------- */

static void test_packed(void)
{
	struct talk *t = talk_new("clientPass");
	struct ppp_session *again;
	uint8_t packed[PPP_PACKED_MAX];
	size_t len;

	log_in(t);
	say(t, CLIENT, PPP_LCP, PPP_TERM_REQ, 9, "627965");
	ppp_session_settle(t->s);
	CU_ASSERT_PTR_NULL(t->s->crypt);
	len = ppp_session_packed(t->s);
	CU_ASSERT_TRUE(len <= sizeof(packed));
	ppp_session_pack(t->s, packed);
	again = ppp_session_unpack(packed, len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(again);
	CU_ASSERT_TRUE(text_is(again, PPP_TEXT_USER, SERVER, "User"));
	CU_ASSERT_TRUE(text_is(again, PPP_TEXT_MESSAGE, SERVER, "OK"));
	CU_ASSERT_TRUE(text_is(again, PPP_TEXT_END, CLIENT, "bye"));
	CU_ASSERT_EQUAL(again->phase, PPP_PHASE_NETWORK);
	CU_ASSERT_EQUAL(again->secret, PPP_SECRET_VERIFIED);
	CU_ASSERT_EQUAL(again->lcp[CLIENT].mru, 1400);
	ppp_session_free(again);
	CU_ASSERT_PTR_NULL(ppp_session_unpack(packed, len - 1));
	CU_ASSERT_PTR_NULL(ppp_session_unpack(packed, 10));
	talk_end(t);
}

static void test_join(void)
{
	struct talk *a = talk_new(NULL), *b = talk_new(NULL);

	CU_ASSERT_PTR_NULL(ppp_session_join(NULL, NULL));
	say(a, CLIENT, PPP_LCP, PPP_CONF_REQ, 1, "");
	agree(b, PPP_IPCP, 1, "0306 0a000002", "0306 0a000001");
	b->s = ppp_session_join(a->s, b->s);
	a->s = NULL;
	CU_ASSERT_EQUAL(b->s->phase, PPP_PHASE_OPEN);
	b->s = ppp_session_join(NULL, b->s);
	CU_ASSERT_PTR_NOT_NULL(b->s);
	b->s = ppp_session_join(b->s, NULL);
	CU_ASSERT_PTR_NOT_NULL(b->s);
	talk_end(a);
	talk_end(b);
}

void suite_ppp_session(void)
{
	CU_pSuite s = CU_add_suite("ppp_session", NULL, NULL);

	CU_add_test(s, "what is looked at", test_wants);
	CU_add_test(s, "no session without control packets", test_lazy);
	CU_add_test(s, "LCP of both ends", test_lcp);
	CU_add_test(s, "retransmissions and old answers", test_retransmission);
	CU_add_test(s, "an end that insists", test_stuck);
	CU_add_test(s, "values that never meet", test_never_converging);
	CU_add_test(s, "LCP after its end", test_renegotiation);
	CU_add_test(s, "requests when opened", test_reopened);
	CU_add_test(s, "Protocol-Reject", test_protocol_reject);
	CU_add_test(s, "a loop", test_looped);
	CU_add_test(s, "addresses and servers", test_addresses);
	CU_add_test(s, "echoes and the end", test_life);
	CU_add_test(s, "PAP", test_pap);
	CU_add_test(s, "MS-CHAPv2 that fails", test_chap_failure);
	CU_add_test(s, "EAP by method", test_eap);
	CU_add_test(s, "both ends ask", test_mutual);
	CU_add_test(s, "MPPE with the secret", test_decryption);
	CU_add_test(s, "CCP anew", test_rekeyed);
	CU_add_test(s, "an Ack that was not captured", test_unseen_ack);
	CU_add_test(s, "a wrong secret", test_wrong_secret);
	CU_add_test(s, "an authenticator without the secret", test_false_proof);
	CU_add_test(s, "gaps in coherency counts", test_gaps);
	CU_add_test(s, "Deflate", test_deflate);
	CU_add_test(s, "clear text after encryption", test_clear_text);
	CU_add_test(s, "lowered by Nak", test_lowered);
	CU_add_test(s, "picked by Nak", test_picked);
	CU_add_test(s, "encryption refused", test_refused);
	CU_add_test(s, "what is not known", test_unknown);
	CU_add_test(s, "packed and unpacked", test_packed);
	CU_add_test(s, "two become one", test_join);
}
