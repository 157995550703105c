/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MS-CHAP and MPPE against the samples of RFC 2433, 2759 and 3079, and against a sender of its own. */
#include "dissectors/mppe.h"

#include <CUnit/CUnit.h>

#include "tests/unit/exact.h"

static const char nt_hash_hex[] = "44ebba8d5312b8d611474411f56989ae";
static const char nt_response_hex[] = "82309ecd8d708b5ea08faa3981cd8354423311 4a3d85d6df";

static bool equals(const void *octets, const char *hex)
{
	uint8_t want[64];
	size_t n = exact_hex(hex, want, sizeof(want));

	return memcmp(octets, want, n) == 0;
}

static struct mppe_secret secret_of(const char *password)
{
	struct mppe_secret s;

	CU_ASSERT_TRUE(mppe_secret_of_password((const uint8_t *)password, strlen(password), &s));
	return s;
}

/* RFC 2759 section 9.2 */
static struct mppe_exchange sample(const char *user)
{
	struct mppe_exchange x = { .user = (const uint8_t *)user, .user_len = strlen(user) };

	exact_hex("5b5d7c7d7b3f2f3e3c2c602132262628", x.authenticator_challenge, 16);
	exact_hex("21402324255e262a28295f2b3a337c7e", x.peer_challenge, 16);
	exact_hex(nt_response_hex, x.nt_response, 24);
	return x;
}

static void test_hashes(void)
{
	struct mppe_secret s = secret_of("clientPass");

	CU_ASSERT_TRUE(equals(s.nt_hash, nt_hash_hex));
	CU_ASSERT_TRUE(s.has_lm);
	CU_ASSERT_TRUE(equals(s.lm_hash, "76a152936096d7830e2390227404afd2"));
	s = secret_of("MyPw");
	CU_ASSERT_TRUE(equals(s.nt_hash, "fc156af7edcd6c0edde3337d427f4eac"));
	s = secret_of("");
	CU_ASSERT_TRUE(equals(s.nt_hash, "31d6cfe0d16ae931b73c59d7e0c089c0"));
	CU_ASSERT_TRUE(equals(s.lm_hash, "aad3b435b51404eeaad3b435b51404ee"));
}

static void test_passwords(void)
{
	static const char *const bad[] = { "\xff",     "\xc3",         "a\x80",
					   "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80" };
	char longest[MPPE_PASSWORD_MAX + 2];
	struct mppe_secret s;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_FALSE(mppe_secret_of_password((const uint8_t *)bad[i], strlen(bad[i]), &s));
	memset(longest, 'x', sizeof(longest));
	CU_ASSERT_TRUE(mppe_secret_of_password((const uint8_t *)longest, MPPE_PASSWORD_MAX, &s));
	CU_ASSERT_FALSE(s.has_lm);
	CU_ASSERT_FALSE(mppe_secret_of_password((const uint8_t *)longest, MPPE_PASSWORD_MAX + 1, &s));
	/* MD4 of fc 00 and of 3d d8 0d dd, reckoned by another implementation */
	s = secret_of("\xc3\xbc");
	CU_ASSERT_FALSE(s.has_lm);
	CU_ASSERT_TRUE(equals(s.nt_hash, "8bd6e4fb88e01009818749c5443ea712"));
	s = secret_of("\xf0\x9f\x98\x8d");
	CU_ASSERT_TRUE(equals(s.nt_hash, "6f3341af15a7fcb2880407efa6de1c86"));
	s = secret_of("abcdefghijklmno");
	CU_ASSERT_FALSE(s.has_lm);
	s = secret_of("abcdefghijklmn");
	CU_ASSERT_TRUE(s.has_lm);
}

static void test_response(void)
{
	struct mppe_secret s = secret_of("MyPw");
	uint8_t challenge[8], response[24];

	exact_hex("102db5df085d3041", challenge, 8);
	mppe_response(challenge, s.nt_hash, response);
	CU_ASSERT_TRUE(equals(response, "4e9d3c8f9cfd385d5bf4d3246791956ca4c351ab409a3d61"));
}

/* Recorded of pppd 2.4.9 on both ends. */
static void test_md5(void)
{
	uint8_t challenge[18], response[MPPE_MD5];

	exact_hex("346656e352318c2260ebbc1b2a32c208a65e", challenge, sizeof(challenge));
	mppe_md5_response(0xc6, (const uint8_t *)"labpass", 7, challenge, sizeof(challenge), response);
	CU_ASSERT_TRUE(equals(response, "b86840016487473db6b11bf029c40dd6"));
}

static void test_exchange(void)
{
	static const char *const users[] = { "User", "BIGCO\\User", "A\\B\\User" };
	struct mppe_secret s = secret_of("clientPass");

	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		struct mppe_exchange x = sample(users[i]);
		uint8_t challenge[8], response[24];
		char proof[MPPE_PROOF + 1];

		mppe_challenge_hash(&x, challenge);
		CU_ASSERT_TRUE(equals(challenge, "d02e4386bce91226"));
		mppe_response2(&x, s.nt_hash, response);
		CU_ASSERT_TRUE(equals(response, nt_response_hex));
		mppe_proof(&x, s.nt_hash, proof);
		CU_ASSERT_STRING_EQUAL(proof, "407A5589115FD0D6209F510FE9C04566932CDA56");
	}
}

/* What a session key makes of "test message". */
static bool says(struct mppe_stream *s, const char *hex)
{
	uint8_t out[12];

	arcfour_crypt(&s->rc4, sizeof(out), out, (const uint8_t *)"test message");
	return equals(out, hex);
}

/* RFC 3079 section 3.5, whose 56-bit message ends in 58 by a misprint. */
static void test_keys2(void)
{
	struct mppe_secret secret = secret_of("clientPass");
	struct mppe_exchange x = sample("User");
	struct mppe_stream s;
	uint8_t start[MPPE_KEY];

	mppe_start_key2(secret.nt_hash, x.nt_response, MPPE_SERVER, start);
	CU_ASSERT_TRUE(equals(start, "8b7cdc149b993a1ba118cb153f56dccb"));
	mppe_stream_init(&s, start, 40, true);
	CU_ASSERT_TRUE(equals(s.key, "d1269ec49fa62e3e"));
	CU_ASSERT_TRUE(says(&s, "929137917e5803d668d75898"));
	mppe_stream_init(&s, start, 56, true);
	CU_ASSERT_TRUE(equals(s.key, "d15c00c49fa62e3e"));
	CU_ASSERT_TRUE(says(&s, "3f106833fa448da842bc57b8"));
	mppe_stream_init(&s, start, 128, true);
	CU_ASSERT_TRUE(equals(s.key, "405cb2247a7956e6e211007ae27b22d4"));
	CU_ASSERT_TRUE(says(&s, "81848317df68846272fb5abe"));
	mppe_start_key2(secret.nt_hash, x.nt_response, MPPE_CLIENT, start);
	CU_ASSERT_FALSE(equals(start, "8b7cdc149b993a1b"));
}

/* Section 2.5, where step 4 has the start key that step 3 misprints. */
static void test_keys1(void)
{
	struct mppe_secret secret = secret_of("clientPass");
	uint8_t challenge[8], start[MPPE_KEY];
	struct mppe_stream s;

	exact_hex("102db5df085d3041", challenge, 8);
	CU_ASSERT_TRUE(mppe_start_key1(&secret, challenge, 40, start));
	mppe_stream_init(&s, start, 40, true);
	CU_ASSERT_TRUE(equals(s.key, "d1269e538cec4a08"));
	CU_ASSERT_TRUE(mppe_start_key1(&secret, challenge, 56, start));
	mppe_stream_init(&s, start, 56, true);
	CU_ASSERT_TRUE(equals(s.key, "d10801538cec4a08"));
	CU_ASSERT_TRUE(mppe_start_key1(&secret, challenge, 128, start));
	CU_ASSERT_TRUE(equals(start, "a8947850cfc0acc1d1789fb62ddcddb0"));
	mppe_stream_init(&s, start, 128, true);
	CU_ASSERT_TRUE(equals(s.key, "59d159bc09f76f1da2a86a28ffec0b1e"));
	secret.has_lm = false;
	CU_ASSERT_FALSE(mppe_start_key1(&secret, challenge, 40, start));
	CU_ASSERT_TRUE(mppe_start_key1(&secret, challenge, 128, start));
}

/* --- a sender ------------------------------------------------------------------------------ */

enum { TEXT = 26 };

struct sender {
	struct mppe_stream s;
	bool linux_reset; /* takes a new key where the RFC keeps the one it has */
	uint16_t next;
};

struct sent {
	struct ppp_mppe p;
	uint8_t octets[TEXT], text[TEXT];
};

static struct sender sender_new(unsigned bits, bool stateful)
{
	uint8_t start[MPPE_KEY] = "sixteen octets.";
	struct sender x = { .next = 0 };

	mppe_stream_init(&x.s, start, bits, stateful);
	return x;
}

/* An IP packet that says which one it is. */
static void send(struct sender *x, bool reset, struct sent *out)
{
	static const uint8_t head[] = {
		0x00, 0x21, 0x45, 0x00, 0x00, TEXT - 2, 0, 0, 0, 0, 0, 0, 0xba, 0xe7
	};
	uint16_t count = x->next++ & 0xfff;
	bool flag = (count & 0xff) == 0xff;

	memset(out, 0, sizeof(*out));
	memcpy(out->text, head, sizeof(head));
	out->text[TEXT - 1] = (uint8_t)count;
	out->text[TEXT - 2] = (uint8_t)(count >> 8);
	if (!x->s.stateful || flag || (reset && x->linux_reset))
		mppe_next_key(&x->s);
	else if (reset)
		arcfour_set_key(&x->s.rc4, x->s.key_len, x->s.key);
	arcfour_crypt(&x->s.rc4, TEXT, out->octets, out->text);
	out->p = (struct ppp_mppe){
		.flushed = !x->s.stateful || reset || (flag && x->linux_reset),
		.encrypted = true,
		.coherency = count,
		.payload = out->octets,
		.caplen = TEXT,
		.len = TEXT,
	};
}

static enum mppe_result take(struct mppe_stream *s, const struct sent *p)
{
	uint8_t out[TEXT];
	enum mppe_result r = mppe_decrypt(s, &p->p, out);

	if (r == MPPE_PLAIN)
		CU_ASSERT_EQUAL(memcmp(out, p->text, p->p.caplen), 0);
	return r;
}

static const unsigned strengths[] = { 40, 56, 128 };

#define EACH_STRENGTH(i) (size_t i = 0; i < sizeof(strengths) / sizeof(strengths[0]); i++)

/* More than a whole round of counts, nothing lost. */
static void test_whole(void)
{
	for
		EACH_STRENGTH(i)
	for (unsigned stateful = 0; stateful < 2; stateful++) {
		struct sender x = sender_new(strengths[i], stateful);
		struct mppe_stream s = x.s;
		unsigned plain = 0;
		struct sent p;

		for (unsigned n = 0; n < 4200; n++) {
			send(&x, false, &p);
			plain += take(&s, &p) == MPPE_PLAIN;
		}
		CU_ASSERT_EQUAL(plain, 4200);
	}
}

static void test_stateless_loss(void)
{
	for
		EACH_STRENGTH(i)
		{
			struct sender x = sender_new(strengths[i], false);
			struct mppe_stream s = x.s;
			struct sent p;

			for (unsigned n = 0; n < 900; n++) {
				send(&x, false, &p);
				if (n % 300 > 3 && n % 7)
					continue;
				CU_ASSERT_EQUAL(take(&s, &p), MPPE_PLAIN);
			}
		}
}

static void test_stateless_late(void)
{
	struct sender x = sender_new(128, false);
	struct mppe_stream s = x.s;
	struct sent first, p[40];

	send(&x, false, &first);
	CU_ASSERT_EQUAL(take(&s, &first), MPPE_PLAIN);
	for (unsigned n = 0; n < 40; n++)
		send(&x, false, &p[n]);
	CU_ASSERT_EQUAL(take(&s, &p[39]), MPPE_PLAIN);
	CU_ASSERT_EQUAL(take(&s, &p[38]), MPPE_PLAIN);
	CU_ASSERT_EQUAL(take(&s, &p[39 - MPPE_KEPT + 1]), MPPE_PLAIN);
	CU_ASSERT_EQUAL(take(&s, &p[39 - MPPE_KEPT]), MPPE_LATE);
	/* again is late, too, but its key is there */
	CU_ASSERT_EQUAL(take(&s, &p[39]), MPPE_PLAIN);
	send(&x, false, &first);
	CU_ASSERT_EQUAL(take(&s, &first), MPPE_PLAIN);
}

/* Octets that somebody has put in do not carry the keys away. */
static void test_forged(void)
{
	for (unsigned stateful = 0; stateful < 2; stateful++) {
		struct sender x = sender_new(128, stateful);
		struct mppe_stream s = x.s;
		struct sent p, forged;

		send(&x, false, &p);
		CU_ASSERT_EQUAL(take(&s, &p), MPPE_PLAIN);
		forged = p;
		forged.p.payload = forged.octets;
		forged.p.coherency = stateful ? 1 : 1500;
		forged.octets[0] ^= 0xff;
		CU_ASSERT_EQUAL(take(&s, &forged), MPPE_WRONG);
		send(&x, false, &p);
		CU_ASSERT_EQUAL(take(&s, &p), MPPE_PLAIN);
	}
}

static void check_stateful_loss(unsigned bits, bool linux_reset)
{
	struct sender x = sender_new(bits, true);
	struct mppe_stream s = x.s;
	struct sent p;
	unsigned n;

	x.linux_reset = linux_reset;
	for (n = 0; n < 3; n++) {
		send(&x, false, &p);
		CU_ASSERT_EQUAL(take(&s, &p), MPPE_PLAIN);
	}
	send(&x, false, &p);
	for (n = 4; n < 8; n++) {
		send(&x, false, &p);
		CU_ASSERT_EQUAL(take(&s, &p), MPPE_OUT_OF_STEP);
	}
	for (; n < 20; n++) {
		send(&x, n == 8, &p);
		CU_ASSERT_EQUAL(take(&s, &p), MPPE_PLAIN);
	}
	/* The packet that changes the key is among what is lost ... */
	for (; n < 0x102; n++)
		send(&x, false, &p);
	CU_ASSERT_EQUAL(take(&s, &p), MPPE_OUT_OF_STEP);
	for (; n < 0x180; n++) {
		send(&x, n == 0x102, &p);
		CU_ASSERT_EQUAL(take(&s, &p), MPPE_PLAIN);
	}
	/* ... and more than one of them, and the next one is there and sets it right. */
	for (; n < 0x3ff; n++)
		send(&x, false, &p);
	for (; n < 0x410; n++) {
		send(&x, false, &p);
		CU_ASSERT_EQUAL(take(&s, &p), MPPE_PLAIN);
	}
	CU_ASSERT_EQUAL(take(&s, &p), MPPE_LATE);
}

static void test_stateful_loss(void)
{
	for
		EACH_STRENGTH(i)
		{
			check_stateful_loss(strengths[i], false);
			check_stateful_loss(strengths[i], true);
		}
}

/* What the capture lacks of a packet is in the key stream all the same. */
static void test_cut(void)
{
	for (unsigned stateful = 0; stateful < 2; stateful++) {
		struct sender x = sender_new(128, stateful);
		struct mppe_stream s = x.s;
		struct sent p;

		send(&x, false, &p);
		p.p.caplen = 7;
		CU_ASSERT_EQUAL(take(&s, &p), MPPE_PLAIN);
		send(&x, false, &p);
		p.p.caplen = 0;
		CU_ASSERT_EQUAL(take(&s, &p), MPPE_PLAIN);
		send(&x, false, &p);
		CU_ASSERT_EQUAL(take(&s, &p), MPPE_PLAIN);
	}
}

static void test_other_key(void)
{
	struct sender x = sender_new(128, false);
	uint8_t start[MPPE_KEY] = "another key";
	struct mppe_stream s;
	struct sent p;

	mppe_stream_init(&s, start, 128, false);
	send(&x, false, &p);
	CU_ASSERT_EQUAL(take(&s, &p), MPPE_WRONG);
	p.p.encrypted = false;
	CU_ASSERT_EQUAL(take(&s, &p), MPPE_CLEAR);
}

/* --- encryption ---------------------------------------------------------------------------- */

/* The samples of RFC 3079 section 3.5 again, as packets. */
static void test_encrypt(void)
{
	struct mppe_secret secret = secret_of("clientPass");
	struct mppe_exchange x = sample("User");
	struct mppe_stream s;
	uint8_t start[MPPE_KEY], out[12 + MPPE_HEADER];

	mppe_start_key2(secret.nt_hash, x.nt_response, MPPE_SERVER, start);
	mppe_stream_init(&s, start, 40, true);
	CU_ASSERT_EQUAL(mppe_encrypt(&s, (const uint8_t *)"test message", 12, false, out), sizeof(out));
	CU_ASSERT_TRUE(equals(out, "1000 929137917e5803d668d75898"));
	mppe_stream_init(&s, start, 128, true);
	mppe_encrypt(&s, (const uint8_t *)"test message", 12, false, out);
	CU_ASSERT_TRUE(equals(out, "1000 81848317df68846272fb5abe"));
	/* A reset begins the key stream anew. */
	mppe_encrypt(&s, (const uint8_t *)"test message", 12, true, out);
	CU_ASSERT_TRUE(equals(out, "9001 81848317df68846272fb5abe"));
}

/* What is encrypted here comes out right there, whatever is lost and reset in between. */
static void check_both_ways(unsigned bits, bool stateful, bool new_key)
{
	static const uint8_t text[TEXT] = { 0x00, 0x21, 0x45, 0x00, 0x00, TEXT - 2, 0, 0,
					    0,    0,    0,    0,    0xba, 0xe7 };
	struct sender x = sender_new(bits, stateful);
	struct mppe_stream s = x.s;
	unsigned wrong = 0, plain = 0;
	bool reset = false;

	x.s.reset_new_key = new_key;
	for (unsigned n = 0; n < 9000; n++) {
		uint8_t out[TEXT + MPPE_HEADER], back[TEXT];
		struct ppp_mppe p = { .payload = out + MPPE_HEADER, .caplen = TEXT, .len = TEXT };
		enum mppe_result r;

		mppe_encrypt(&x.s, text, TEXT, reset, out);
		p.flushed = out[0] & 0x80;
		p.encrypted = out[0] & 0x10;
		p.coherency = (uint16_t)((out[0] & 0x0f) << 8 | out[1]);
		reset = false;
		if (n % 701 == 700)
			continue;
		r = mppe_decrypt(&s, &p, back);
		reset = r == MPPE_OUT_OF_STEP;
		plain += r == MPPE_PLAIN && memcmp(back, text, TEXT) == 0;
		wrong += r != MPPE_PLAIN && r != MPPE_OUT_OF_STEP;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(plain, stateful ? 9000 - 2 * 12 : 9000 - 12);
}

static void test_both_ways(void)
{
	for
		EACH_STRENGTH(i)
		{
			check_both_ways(strengths[i], false, false);
			check_both_ways(strengths[i], true, false);
			check_both_ways(strengths[i], true, true);
		}
}

void suite_mppe(void)
{
	CU_pSuite s = CU_add_suite("mppe", NULL, NULL);

	CU_add_test(s, "hashes of passwords", test_hashes);
	CU_add_test(s, "which passwords have hashes", test_passwords);
	CU_add_test(s, "response of MS-CHAP", test_response);
	CU_add_test(s, "response of CHAP with MD5", test_md5);
	CU_add_test(s, "response and proof of MS-CHAPv2", test_exchange);
	CU_add_test(s, "keys by MS-CHAPv2", test_keys2);
	CU_add_test(s, "keys by MS-CHAP", test_keys1);
	CU_add_test(s, "packets without loss", test_whole);
	CU_add_test(s, "stateless: loss", test_stateless_loss);
	CU_add_test(s, "stateless: late packets", test_stateless_late);
	CU_add_test(s, "a forged packet does no harm", test_forged);
	CU_add_test(s, "stateful: loss and resets", test_stateful_loss);
	CU_add_test(s, "packets cut by the capture", test_cut);
	CU_add_test(s, "another key, and no encryption", test_other_key);
	CU_add_test(s, "encryption", test_encrypt);
	CU_add_test(s, "encryption and decryption", test_both_ways);
}
