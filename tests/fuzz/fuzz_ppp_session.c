/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any frames to a PPP session: each has two octets before it, its length and bits (1: sender, 2:
 * duplicate, 4: late, 8: a second later, 16: cut in half by the capture).  Every user's password is
 * "labpass", so that what is decrypted is looked into, too.
 */
#include <stdlib.h>

#include "conformance/posture.h"
#include "dissectors/cursor.h"

static uint8_t room[65536];

static void demand(bool condition)
{
	if (!condition)
		abort();
}

static bool secret(void *ctx, const uint8_t *name, size_t len, struct mppe_secret *out)
{
	(void)ctx;
	demand(name || !len);
	return mppe_secret_of_password((const uint8_t *)"labpass", 7, out);
}

static void plain(void *ctx, const struct ppp_seen *seen, const struct ppp_frame *f)
{
	(void)ctx;
	demand(seen->from < HOSTS && f->caplen <= f->len);
}

static void check(const struct ppp_session *s)
{
	struct posture p;

	posture_of(s, &p);
	demand(p.n <= POSTURE_MAX && !p.n == !p.grade);
	demand(ppp_phase_name(s->phase) && ppp_outcome_name(s->auth[0].outcome) &&
	       ppp_secret_name(s->secret));
	demand(ppp_session_authenticator(s) < HOSTS);
	for (unsigned h = 0; h < HOSTS; h++) {
		demand(s->coded[h].decrypted <= s->coded[h].packets);
		demand(ppp_session_gaps(s, h) <= s->coded[h].packets);
		for (unsigned neg = 0; neg < PPP_NEGS; neg++)
			demand(ppp_end_state_name(ppp_session_state(s, neg, h)));
	}
}

/* Octets and back again are the same octets. */
static void check_packed(struct ppp_session *s)
{
	static uint8_t packed[PPP_PACKED_MAX], again[PPP_PACKED_MAX];
	size_t len = ppp_session_packed(s);
	struct ppp_session *other;

	demand(len <= sizeof(packed));
	ppp_session_pack(s, packed);
	other = ppp_session_unpack(packed, len);
	if (!other)
		return;
	demand(ppp_session_packed(other) == len);
	ppp_session_pack(other, again);
	demand(!memcmp(packed + sizeof(*s), again + sizeof(*s), len - sizeof(*s)));
	ppp_session_free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ppp_watch watch = { NULL, secret, plain, room };
	struct cursor c = cursor_on(data, size);
	struct ppp_session *s = NULL;
	struct ppp_seen seen = { 0 };
	struct ppp_frame f;

	while (cursor_left(&c)) {
		uint8_t len = cursor_u8(&c), bits = cursor_u8(&c);
		const uint8_t *octets = cursor_take(&c, len);
		uint32_t caplen = bits & 16 ? len / 2 : len;

		if (!octets)
			break;
		seen.from = bits & 1;
		seen.duplicate = bits & 2;
		seen.late = bits & 4;
		seen.time_ns += bits & 8 ? 1000000000 : 0;
		seen.frame++;
		if (!ppp_session_wants(s, octets, caplen))
			continue;
		ppp_decode(octets, caplen, len, &f);
		ppp_session_packet(&s, &watch, &seen, &f);
	}
	if (s) {
		check(s);
		ppp_session_settle(s);
		check_packed(s);
	}
	ppp_session_free(s);
	return 0;
}
