/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See community_id.h. */
#include "dissectors/community_id.h"

#include <nettle/base64.h>
#include <nettle/sha1.h>

#include "dissectors/cursor.h"

/* The lower end comes first: by address, then by port. */
static bool reversed(const struct flow_ends *f)
{
	int order = ip_addr_cmp(&f->src, &f->dst);

	return order > 0 || (order == 0 && f->src_port > f->dst_port);
}

static void put_addr(struct sha1_ctx *sha, const struct ip_addr *a)
{
	unsigned skip = ip_addr_is_v4(a) ? 12 : 0;

	sha1_update(sha, sizeof(a->octet) - skip, a->octet + skip);
}

static void put_u16(struct sha1_ctx *sha, uint16_t value)
{
	const uint8_t octets[2] = { (uint8_t)(value >> 8), (uint8_t)value };

	sha1_update(sha, sizeof(octets), octets);
}

static void digest(const struct flow_ends *f, uint16_t seed, uint8_t out[SHA1_DIGEST_SIZE])
{
	const uint8_t protocol[2] = { f->protocol, 0 };
	bool swap = reversed(f);
	struct sha1_ctx sha;

	sha1_init(&sha);
	put_u16(&sha, seed);
	put_addr(&sha, swap ? &f->dst : &f->src);
	put_addr(&sha, swap ? &f->src : &f->dst);
	sha1_update(&sha, sizeof(protocol), protocol);
	/* Protocols without ports have nothing there. */
	if (f->protocol == IP_PROTO_TCP) {
		put_u16(&sha, swap ? f->dst_port : f->src_port);
		put_u16(&sha, swap ? f->src_port : f->dst_port);
	}
	sha1_digest(&sha, SHA1_DIGEST_SIZE, out);
}

const char *community_id(const struct flow_ends *f, uint16_t seed, char buf[COMMUNITY_ID])
{
	uint8_t sum[SHA1_DIGEST_SIZE];

	digest(f, seed, sum);
	memcpy(buf, "1:", 2);
	base64_encode_raw(buf + 2, sizeof(sum), sum);
	buf[2 + BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE)] = '\0';
	return buf;
}

uint64_t community_flow(const struct flow_ends *f)
{
	uint8_t sum[SHA1_DIGEST_SIZE];
	uint64_t number = 0;

	digest(f, 0, sum);
	for (unsigned i = 0; i < 7; i++)
		number = number << 8 | sum[i];
	return number >> 4;
}
