/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See mirror.h. */
#include "analyzer/mirror.h"

#include <stdlib.h>

enum {
	RECENT = 1024, /* packets remembered, a power of two */
	HELD = 64,
	PREFIX = 16,   /* octets of payload that are compared: the GRE or TCP header */
	DECIDE_AT = 8, /* packets of a pair that are enough to tell */
	NEAR_NS = 10000000,
};

/* struct tunnel.mirror */
enum { UNDECIDED, MIRRORED, NOT_MIRRORED };

struct recent {
	uint64_t hash;
	int64_t time_ns;
	uint8_t ttl;
};

struct mirror {
	struct recent recent[RECENT];
	struct held_gre held[HELD];
	unsigned nheld;
};

struct mirror *mirror_new(void)
{
	return calloc(1, sizeof(struct mirror));
}

void mirror_free(struct mirror *m)
{
	free(m);
}

static uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Of nothing but the packet: which of them share a place must not depend on what else is in the capture. */
static uint64_t packet_hash(const struct datagram *d)
{
	uint64_t h = (ip_addr_half(&d->src, 1) + 3 * ip_addr_half(&d->src, 0)) * UINT64_C(0x9e3779b97f4a7c15);

	h ^= (ip_addr_half(&d->dst, 1) + 3 * ip_addr_half(&d->dst, 0)) * UINT64_C(0xc2b2ae3d27d4eb4f);
	h += (uint64_t)d->fragment_id << 32 | d->len;
	h = (h ^ load64(d->payload)) * UINT64_C(0xbf58476d1ce4e5b9);
	h ^= h >> 29;
	h = (h ^ load64(d->payload + 8)) * UINT64_C(0x94d049bb133111eb);
	return (h ^ h >> 31 ^ d->context) | 1;
}

static bool mostly_copies(const struct tunnel *t)
{
	return t->mirror_copies >= 3 && t->mirror_copies * 4 >= t->mirror_unique * 3;
}

/* A packet of a tunnel whose case is not settled. */
static enum mirror_verdict judge_early(struct tunnel *tunnel, bool copy)
{
	if (copy) {
		tunnel->mirror_copies += tunnel->mirror_copies < UINT8_MAX;
		return MIRROR_HELD;
	}
	if (++tunnel->mirror_unique <= DECIDE_AT)
		return MIRROR_ORIGINAL;
	tunnel->mirror_unique--;
	tunnel->mirror = mostly_copies(tunnel) ? MIRRORED : NOT_MIRRORED;
	return tunnel->mirror_copies ? MIRROR_SETTLES : MIRROR_ORIGINAL;
}

enum mirror_verdict mirror_judge(struct mirror *m, struct tunnel *tunnel, const struct datagram *d,
				 int64_t time_ns)
{
	struct recent *r;
	uint64_t hash;
	bool copy;

	if (d->caplen < PREFIX)
		return MIRROR_ORIGINAL;
	hash = packet_hash(d);
	r = &m->recent[hash >> 20 & (RECENT - 1)];
	copy = r->hash == hash && time_ns - r->time_ns < NEAR_NS && time_ns >= r->time_ns;
	if (!copy)
		*r = (struct recent){ hash, time_ns, d->ttl };
	else if (r->ttl != d->ttl)
		return MIRROR_COPY; /* it was routed in between */
	if (tunnel->mirror == UNDECIDED)
		return judge_early(tunnel, copy);
	return !copy ? MIRROR_ORIGINAL : tunnel->mirror == MIRRORED ? MIRROR_COPY : MIRROR_PATH;
}

bool mirror_hold(struct mirror *m, const struct held_gre *h)
{
	if (m->nheld == HELD)
		return false;
	m->held[m->nheld++] = *h;
	return true;
}

bool mirror_release(struct mirror *m, struct tunnel *tunnel, struct held_gre *out, bool *copy)
{
	for (unsigned i = 0; i < m->nheld; i++) {
		struct tunnel *t = m->held[i].tunnel;

		if (tunnel && t != tunnel)
			continue;
		if (t->mirror == UNDECIDED)
			t->mirror = mostly_copies(t) ? MIRRORED : NOT_MIRRORED;
		*out = m->held[i];
		*copy = t->mirror == MIRRORED;
		m->nheld--;
		memmove(&m->held[i], &m->held[i + 1], (m->nheld - i) * sizeof(m->held[0]));
		return true;
	}
	return false;
}
