/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MS-CHAP and MPPE: see mppe.h. */
#include "dissectors/mppe.h"

#include <nettle/des.h>
#include <nettle/md4.h>
#include <nettle/md5.h>
#include <nettle/sha1.h>

#include "dissectors/cursor.h"
#include "dissectors/ip.h"

enum { COUNTS = 4096, AHEAD_MAX = COUNTS / 2, PAD = 40, FLAG_COUNT = 0xff };

/* --- passwords ----------------------------------------------------------------------------- */

/* The next character of UTF-8, or UINT32_MAX where there is none. */
static uint32_t utf8_next(struct cursor *c)
{
	uint8_t first = cursor_u8(c);
	unsigned more = first < 0x80 ? 0 : first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
	uint32_t value = more ? first & (0x3fu >> more) : first;
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };

	if (first >= 0x80 && (first < 0xc2 || first > 0xf4))
		return UINT32_MAX;
	for (unsigned i = 0; i < more; i++) {
		uint8_t next = cursor_u8(c);

		if ((next & 0xc0) != 0x80)
			return UINT32_MAX;
		value = value << 6 | (next & 0x3f);
	}
	if (value < least[more] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return UINT32_MAX;
	return value;
}

/* UTF-16, low octet first.  Returns its octets; 0 also where the text is not valid. */
static size_t utf16_of(const uint8_t *text, size_t len, uint8_t out[2 * MPPE_PASSWORD_MAX])
{
	struct cursor c = cursor_on(text, len);
	struct wcursor w = wcursor_on(out, 2 * MPPE_PASSWORD_MAX);

	while (cursor_left(&c)) {
		uint32_t u = utf8_next(&c);

		if (u == UINT32_MAX || c.missing)
			return 0;
		if (u >= 0x10000) {
			uint32_t high = 0xd800 + ((u - 0x10000) >> 10);

			wcursor_uint(&w, (high & 0xff) << 8 | high >> 8, 2);
			u = 0xdc00 + ((u - 0x10000) & 0x3ff);
		}
		wcursor_uint(&w, (u & 0xff) << 8 | u >> 8, 2);
	}
	return w.overrun ? 0 : (size_t)(w.at - out);
}

static void md4(const uint8_t *octets, size_t len, uint8_t out[MPPE_HASH])
{
	struct md4_ctx x;

	md4_init(&x);
	md4_update(&x, len, octets);
	md4_digest(&x, MPPE_HASH, out);
}

void mppe_md5_response(uint8_t identifier, const uint8_t *password, size_t password_len, const uint8_t *challenge,
		       size_t challenge_len, uint8_t out[MPPE_MD5])
{
	struct md5_ctx x;

	md5_init(&x);
	md5_update(&x, 1, &identifier);
	md5_update(&x, password_len, password);
	md5_update(&x, challenge_len, challenge);
	md5_digest(&x, MPPE_MD5, out);
}

/* DES with a key of 7 octets, whose parity bits have yet to be put in. */
static void des7(const uint8_t key[7], const uint8_t in[DES_BLOCK_SIZE], uint8_t out[DES_BLOCK_SIZE])
{
	uint8_t wide[DES_KEY_SIZE], fixed[DES_KEY_SIZE];
	struct des_ctx x;
	uint64_t bits = 0;

	for (unsigned i = 0; i < 7; i++)
		bits = bits << 8 | key[i];
	for (unsigned i = 0; i < DES_KEY_SIZE; i++)
		wide[i] = (uint8_t)(bits >> (49 - 7 * i) << 1);
	des_fix_parity(DES_KEY_SIZE, fixed, wide);
	/* It complains of weak keys, which somebody's password may well give. */
	(void)des_set_key(&x, fixed);
	des_encrypt(&x, DES_BLOCK_SIZE, out, in);
}

/* False for what LM cannot express: more than 14 characters, or others than ASCII. */
static bool lm_hash(const uint8_t *password, size_t len, uint8_t out[MPPE_HASH])
{
	static const uint8_t known[DES_BLOCK_SIZE] = { 'K', 'G', 'S', '!', '@', '#', '$', '%' };
	uint8_t upper[14] = { 0 };

	if (len > sizeof(upper))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (password[i] >= 0x80)
			return false;
		upper[i] = password[i] >= 'a' && password[i] <= 'z' ? password[i] - ('a' - 'A') : password[i];
	}
	des7(upper, known, out);
	des7(upper + 7, known, out + 8);
	return true;
}

bool mppe_secret_of_password(const uint8_t *password, size_t len, struct mppe_secret *out)
{
	uint8_t wide[2 * MPPE_PASSWORD_MAX];
	size_t n = utf16_of(password, len, wide);

	memset(out, 0, sizeof(*out));
	if (!n && len)
		return false;
	md4(wide, n, out->nt_hash);
	out->has_lm = lm_hash(password, len, out->lm_hash);
	return true;
}

/* --- MS-CHAP ------------------------------------------------------------------------------- */

struct part {
	const void *octets;
	size_t len;
};

static void sha1(const struct part *parts, size_t n, uint8_t *out, size_t len)
{
	struct sha1_ctx x;

	sha1_init(&x);
	for (size_t i = 0; i < n; i++)
		sha1_update(&x, parts[i].len, parts[i].octets);
	sha1_digest(&x, len, out);
}

#define SHA1(out, len, ...)                                                                                  \
	sha1((const struct part[]){ __VA_ARGS__ },                                                           \
	     sizeof((const struct part[]){ __VA_ARGS__ }) / sizeof(struct part), out, len)

void mppe_response(const uint8_t challenge[MPPE_CHALLENGE1], const uint8_t hash[MPPE_HASH],
		   uint8_t out[MPPE_RESPONSE])
{
	uint8_t key[21] = { 0 };

	memcpy(key, hash, MPPE_HASH);
	for (unsigned i = 0; i < 3; i++)
		des7(key + 7 * i, challenge, out + 8 * i);
}

void mppe_challenge_hash(const struct mppe_exchange *x, uint8_t out[MPPE_CHALLENGE1])
{
	const uint8_t *slash = x->user_len ? memrchr(x->user, '\\', x->user_len) : NULL;
	size_t domain = slash ? (size_t)(slash + 1 - x->user) : 0;

	SHA1(out, MPPE_CHALLENGE1, { x->peer_challenge, MPPE_CHALLENGE2 },
	     { x->authenticator_challenge, MPPE_CHALLENGE2 },
	     { slash ? slash + 1 : x->user, x->user_len - domain });
}

void mppe_response2(const struct mppe_exchange *x, const uint8_t nt_hash[MPPE_HASH],
		    uint8_t out[MPPE_RESPONSE])
{
	uint8_t challenge[MPPE_CHALLENGE1];

	mppe_challenge_hash(x, challenge);
	mppe_response(challenge, nt_hash, out);
}

void mppe_proof(const struct mppe_exchange *x, const uint8_t nt_hash[MPPE_HASH], char out[MPPE_PROOF + 1])
{
	static const char magic1[] = "Magic server to client signing constant";
	static const char magic2[] = "Pad to make it do more than one iteration";
	static const char digits[] = "0123456789ABCDEF";
	uint8_t twice[MPPE_HASH], challenge[MPPE_CHALLENGE1], digest[SHA1_DIGEST_SIZE];

	md4(nt_hash, MPPE_HASH, twice);
	mppe_challenge_hash(x, challenge);
	SHA1(digest, sizeof(digest), { twice, sizeof(twice) }, { x->nt_response, MPPE_RESPONSE },
	     { magic1, sizeof(magic1) - 1 });
	SHA1(digest, sizeof(digest), { digest, sizeof(digest) }, { challenge, sizeof(challenge) },
	     { magic2, sizeof(magic2) - 1 });
	for (unsigned i = 0; i < sizeof(digest); i++) {
		out[2 * i] = digits[digest[i] >> 4];
		out[2 * i + 1] = digits[digest[i] & 15];
	}
	out[MPPE_PROOF] = '\0';
}

/* --- keys ---------------------------------------------------------------------------------- */

static const uint8_t pad1[PAD];
static const uint8_t pad2[PAD] = {
	[0 ... PAD - 1] = 0xf2,
};

void mppe_start_key2(const uint8_t nt_hash[MPPE_HASH], const uint8_t nt_response[MPPE_RESPONSE],
		     enum mppe_sender sender, uint8_t out[MPPE_KEY])
{
	static const char magic[] = "This is the MPPE Master Key";
	static const char *const words[] = {
		[MPPE_CLIENT] = "On the client side, this is the send key; "
				"on the server side, it is the receive key.",
		[MPPE_SERVER] = "On the client side, this is the receive key; "
				"on the server side, it is the send key.",
	};
	uint8_t twice[MPPE_HASH], master[MPPE_KEY];

	md4(nt_hash, MPPE_HASH, twice);
	SHA1(master, sizeof(master), { twice, sizeof(twice) }, { nt_response, MPPE_RESPONSE },
	     { magic, sizeof(magic) - 1 });
	SHA1(out, MPPE_KEY, { master, sizeof(master) }, { pad1, PAD },
	     { words[sender], strlen(words[sender]) }, { pad2, PAD });
}

bool mppe_start_key1(const struct mppe_secret *s, const uint8_t challenge[MPPE_CHALLENGE1], unsigned bits,
		     uint8_t out[MPPE_KEY])
{
	uint8_t twice[MPPE_HASH];

	if (bits != 128) {
		memcpy(out, s->lm_hash, MPPE_KEY);
		return s->has_lm;
	}
	md4(s->nt_hash, MPPE_HASH, twice);
	SHA1(out, MPPE_KEY, { twice, sizeof(twice) }, { twice, sizeof(twice) },
	     { challenge, MPPE_CHALLENGE1 });
	return true;
}

/* Takes from a key what was too much for the law of its time. */
static void weaken(struct mppe_stream *s)
{
	static const uint8_t fixed[] = { 0xd1, 0x26, 0x9e };

	if (s->bits != 128)
		memcpy(s->key, fixed, s->bits == 40 ? 3 : 1);
}

static void hash_key(const struct mppe_stream *s, const uint8_t *key, uint8_t *out)
{
	SHA1(out, s->key_len, { s->start, s->key_len }, { pad1, PAD }, { key, s->key_len }, { pad2, PAD });
}

static void reset(struct mppe_stream *s)
{
	arcfour_set_key(&s->rc4, s->key_len, s->key);
}

void mppe_first_key(struct mppe_stream *s)
{
	hash_key(s, s->start, s->key);
	weaken(s);
	reset(s);
}

void mppe_next_key(struct mppe_stream *s)
{
	uint8_t interim[MPPE_KEY];

	hash_key(s, s->key, interim);
	arcfour_set_key(&s->rc4, s->key_len, interim);
	arcfour_crypt(&s->rc4, s->key_len, s->key, interim);
	weaken(s);
	reset(s);
}

void mppe_stream_init(struct mppe_stream *s, const uint8_t start[MPPE_KEY], unsigned bits, bool stateful)
{
	memset(s, 0, sizeof(*s));
	memcpy(s->start, start, MPPE_KEY);
	s->bits = (uint8_t)bits;
	s->key_len = bits == 128 ? 16 : 8;
	s->stateful = stateful;
	/* The first packet has the count 0. */
	s->count = COUNTS - 1;
	mppe_first_key(s);
}

/* --- packets ------------------------------------------------------------------------------- */

/* How much what came out looks like something that somebody would encrypt. */
enum looks { LOOKS_WRONG, LOOKS_POSSIBLE, LOOKS_RIGHT };

static enum looks ipv4_looks(const struct ppp_frame *f)
{
	struct cursor c = cursor_on(f->payload, f->caplen);
	uint8_t first = cursor_u8(&c);
	size_t header = 4u * (first & 15);

	cursor_u8(&c);
	if (first >> 4 != 4 || (first & 15) < 5 || cursor_u16(&c) > f->len)
		return LOOKS_WRONG;
	if (header > f->caplen || ip_checksum_fold(ip_checksum_add(0, f->payload, header)) != 0xffff)
		return LOOKS_POSSIBLE;
	return LOOKS_RIGHT;
}

static enum looks ipv6_looks(const struct ppp_frame *f)
{
	enum { FIXED = 40 };
	struct cursor c = cursor_on(f->payload, f->caplen);
	uint32_t first = cursor_u32(&c);

	if (c.missing || first >> 28 != 6)
		return c.missing ? LOOKS_POSSIBLE : LOOKS_WRONG;
	return cursor_u16(&c) + (uint32_t)FIXED == f->len && !c.missing ? LOOKS_RIGHT : LOOKS_POSSIBLE;
}

static enum looks looks_of(const uint8_t *text, uint32_t caplen, uint32_t len)
{
	struct ppp_frame f;

	ppp_decode(text, caplen, len, &f);
	if (f.cut)
		return LOOKS_POSSIBLE;
	if (f.bad || f.address_control || !ppp_protocol_name(f.protocol))
		return LOOKS_WRONG;
	if (f.protocol == PPP_IP)
		return ipv4_looks(&f);
	return f.protocol == PPP_IPV6 ? ipv6_looks(&f) : LOOKS_POSSIBLE;
}

/* Decrypts by the key stream as it is; what the capture lacks of the packet moves it, too. */
static enum looks crypt(struct mppe_stream *s, const struct ppp_mppe *p, uint8_t *out)
{
	uint8_t gone[256] = { 0 };

	arcfour_crypt(&s->rc4, p->caplen, out, p->payload);
	for (uint32_t left = p->len - p->caplen; left;) {
		uint32_t n = left < sizeof(gone) ? left : (uint32_t)sizeof(gone);

		arcfour_crypt(&s->rc4, n, gone, gone);
		left -= n;
	}
	return p->compressed ? LOOKS_POSSIBLE : looks_of(out, p->caplen, p->len);
}

static enum mppe_result result_of(enum looks looks, const struct ppp_mppe *p)
{
	if (looks == LOOKS_WRONG)
		return MPPE_WRONG;
	return p->compressed ? MPPE_COMPRESSED : MPPE_PLAIN;
}

static void keep(struct mppe_stream *s)
{
	memcpy(s->kept[s->count % MPPE_KEPT], s->key, MPPE_KEY);
	if (s->nkept < MPPE_KEPT)
		s->nkept++;
}

/* A packet that was overtaken: its key is one of those that were passed. */
static enum mppe_result stateless_late(const struct mppe_stream *s, const struct ppp_mppe *p, uint8_t *out)
{
	unsigned behind = (s->count - p->coherency) & (COUNTS - 1);
	struct mppe_stream then;

	if (behind >= s->nkept)
		return MPPE_LATE;
	then = *s;
	memcpy(then.key, s->kept[p->coherency % MPPE_KEPT], MPPE_KEY);
	reset(&then);
	return result_of(crypt(&then, p, out), p);
}

static enum mppe_result stateless(struct mppe_stream *s, const struct ppp_mppe *p, uint8_t *out)
{
	unsigned ahead = (p->coherency - s->count) & (COUNTS - 1);
	struct mppe_stream then;
	enum mppe_result r;

	if (!ahead || ahead >= AHEAD_MAX)
		return stateless_late(s, p, out);
	then = *s;
	while (ahead--) {
		then.count = (then.count + 1) & (COUNTS - 1);
		mppe_next_key(&then);
		keep(&then);
	}
	r = result_of(crypt(&then, p, out), p);
	if (r != MPPE_WRONG)
		*s = then;
	return r;
}

/* Moves on to a packet; the key changes at each count whose low octet is 0xff. */
static void stateful_advance(struct mppe_stream *s, uint16_t to)
{
	if (((to - s->count) & (COUNTS - 1)) != 1)
		s->out_of_step = true;
	while (s->count != to) {
		s->count = (s->count + 1) & (COUNTS - 1);
		if ((s->count & FLAG_COUNT) == FLAG_COUNT)
			mppe_next_key(s);
	}
	if ((to & FLAG_COUNT) == FLAG_COUNT)
		s->out_of_step = false;
}

static enum looks crypt_after_reset(struct mppe_stream *s, const struct ppp_mppe *p, uint8_t *out)
{
	s->out_of_step = false;
	if (s->reset_new_key)
		mppe_next_key(s);
	else
		reset(s);
	return crypt(s, p, out);
}

/* The sender was told to reset: RFC 3078 keeps the key, Linux takes the next one. */
static enum looks stateful_reset(struct mppe_stream *s, const struct ppp_mppe *p, uint8_t *out)
{
	struct mppe_stream usual = *s, other = *s;
	enum looks looks = crypt_after_reset(&usual, p, out), better;

	other.reset_new_key = !s->reset_new_key;
	if (looks != LOOKS_RIGHT) {
		better = crypt_after_reset(&other, p, out);
		if (better > looks) {
			*s = other;
			return better;
		}
		looks = crypt_after_reset(s, p, out);
	}
	*s = usual;
	return looks;
}

static enum mppe_result stateful(struct mppe_stream *s, const struct ppp_mppe *p, uint8_t *out)
{
	unsigned ahead = (p->coherency - s->count) & (COUNTS - 1);
	struct mppe_stream then = *s;
	enum mppe_result r;

	if (!ahead || ahead >= AHEAD_MAX)
		return MPPE_LATE;
	stateful_advance(&then, p->coherency);
	if (p->flushed && (p->coherency & FLAG_COUNT) != FLAG_COUNT) {
		r = result_of(stateful_reset(&then, p, out), p);
	} else if (then.out_of_step) {
		*s = then;
		return MPPE_OUT_OF_STEP;
	} else {
		r = result_of(crypt(&then, p, out), p);
	}
	if (r != MPPE_WRONG)
		*s = then;
	return r;
}

enum mppe_result mppe_decrypt(struct mppe_stream *s, const struct ppp_mppe *p, uint8_t *out)
{
	if (!p->encrypted) {
		memcpy(out, p->payload, p->caplen);
		return MPPE_CLEAR;
	}
	return s->stateful ? stateful(s, p, out) : stateless(s, p, out);
}

/* RFC 3078 section 3.1: bits A and D, and the coherency count. */
enum { BIT_A = 0x8000, BIT_D = 0x1000 };

size_t mppe_encrypt(struct mppe_stream *s, const uint8_t *text, size_t len, bool reset_asked, uint8_t *out)
{
	struct wcursor w = wcursor_on(out, MPPE_HEADER);
	bool flushed = !s->stateful || reset_asked;

	s->count = (s->count + 1) & (COUNTS - 1);
	if (!s->stateful || (s->count & FLAG_COUNT) == FLAG_COUNT || (reset_asked && s->reset_new_key))
		mppe_next_key(s);
	else if (reset_asked)
		reset(s);
	wcursor_uint(&w, (flushed ? BIT_A : 0) | BIT_D | s->count, MPPE_HEADER);
	arcfour_crypt(&s->rc4, len, w.at, text);
	return len + MPPE_HEADER;
}
