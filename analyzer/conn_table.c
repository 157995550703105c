/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of TCP connections: a hash by context and both ends, and lists through the records.
 */
#include "analyzer/conn_table.h"

#include <stdlib.h>
#include <sys/random.h>

enum { FIRST_BUCKETS = 1024, BUCKET_BITS = 24 /* at most */ };

static inline uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t end_hash(const struct conn_table *t, uint32_t context, const struct ip_addr *a,
				uint16_t port)
{
	return mix(ip_addr_half(a, 0) ^ t->seed[0] ^ (uint64_t)port << 24,
		   ip_addr_half(a, 1) ^ t->seed[1] ^ context);
}

/* A sum, so that both directions fall into the same bucket; its high bits depend on all of both ends. */
static inline size_t bucket_of(const struct conn_table *t, const struct conn_ends *e)
{
	uint64_t sum = end_hash(t, e->context, e->src, e->src_port) +
		       end_hash(t, e->context, e->dst, e->dst_port);

	return (size_t)(sum * UINT64_C(0x9e3779b97f4a7c15) >> (64 - BUCKET_BITS)) & t->mask;
}

bool conn_table_init(struct conn_table *t, size_t max_connections)
{
	size_t most = FIRST_BUCKETS;

	memset(t, 0, sizeof(*t));
	while (most < max_connections && most < (size_t)1 << BUCKET_BITS)
		most *= 2;
	/* Without a secret, a sender of chosen addresses could fill one bucket; order never depends on it. */
	if (getrandom(t->seed, sizeof(t->seed), GRND_NONBLOCK) != (ssize_t)sizeof(t->seed))
		t->seed[0] = 0x9e3779b97f4a7c15u, t->seed[1] = 0xd1b54a32d192ed03u;
	pool_init(&t->records, (sizeof(struct conn) + 7) & ~(size_t)7);
	t->bucket = calloc(FIRST_BUCKETS, sizeof(*t->bucket));
	t->mask = FIRST_BUCKETS - 1;
	t->most = most - 1;
	return t->bucket;
}

void conn_table_clear(struct conn_table *t)
{
	pool_clear(&t->records);
	free(t->bucket);
	t->bucket = NULL;
}

size_t conn_table_size(const struct conn_table *t)
{
	return t->count[CONN_HALF_OPEN] + t->count[CONN_LIVE] + t->count[CONN_CLOSED];
}

static inline bool sent_by(const struct conn_info *i, unsigned side, const struct conn_ends *e)
{
	return i->port[side] == e->src_port && i->port[!side] == e->dst_port &&
	       ip_addr_same(&i->addr[side], e->src) && ip_addr_same(&i->addr[!side], e->dst);
}

struct conn *conn_table_find(const struct conn_table *t, const struct conn_ends *e, unsigned *from)
{
	for (struct conn *c = t->bucket[bucket_of(t, e)]; c; c = c->chain) {
		if (c->info.context != e->context)
			continue;
		*from = FROM_CLIENT;
		if (sent_by(&c->info, FROM_CLIENT, e))
			return c;
		*from = FROM_SERVER;
		if (sent_by(&c->info, FROM_SERVER, e))
			return c;
	}
	return NULL;
}

static struct conn **bucket_at(const struct conn_table *t, const struct conn *c)
{
	struct conn_ends e = { c->info.context, &c->info.addr[0], &c->info.addr[1], c->info.port[0],
			       c->info.port[1] };

	return &t->bucket[bucket_of(t, &e)];
}

/* Few connections shall lie close together.  Without memory the chains get longer. */
static void grow(struct conn_table *t)
{
	struct conn **grown = calloc(2 * (t->mask + 1), sizeof(*grown));

	if (!grown)
		return;
	free(t->bucket);
	t->bucket = grown;
	t->mask = 2 * t->mask + 1;
	for (struct conn *c = t->first; c; c = c->after) {
		struct conn **bucket = bucket_at(t, c);

		c->chain = *bucket;
		*bucket = c;
	}
}

static void list_append(struct conn_table *t, struct conn *c, enum conn_state state)
{
	c->state = state;
	c->newer = NULL;
	c->older = t->newest[state];
	if (c->older)
		c->older->newer = c;
	else
		t->oldest[state] = c;
	t->newest[state] = c;
	t->count[state]++;
}

static void list_take(struct conn_table *t, struct conn *c)
{
	if (c->older)
		c->older->newer = c->newer;
	else
		t->oldest[c->state] = c->newer;
	if (c->newer)
		c->newer->older = c->older;
	else
		t->newest[c->state] = c->older;
	t->count[c->state]--;
}

struct conn *conn_table_add(struct conn_table *t, const struct conn_ends *e, unsigned from, int64_t now)
{
	struct conn **bucket, *c = pool_get(&t->records);

	if (!c)
		return NULL;
	if (conn_table_size(t) > t->mask && t->mask < t->most)
		grow(t);
	bucket = &t->bucket[bucket_of(t, e)];
	c->info.context = e->context;
	c->info.addr[from] = *e->src;
	c->info.port[from] = e->src_port;
	c->info.addr[!from] = *e->dst;
	c->info.port[!from] = e->dst_port;
	c->active = now;
	c->chain = *bucket;
	*bucket = c;
	c->before = t->last;
	if (c->before)
		c->before->after = c;
	else
		t->first = c;
	t->last = c;
	list_append(t, c, CONN_HALF_OPEN);
	return c;
}

void conn_table_touch(struct conn_table *t, struct conn *c, enum conn_state state, int64_t now)
{
	c->active = now;
	if (c->state == state && !c->newer)
		return;
	list_take(t, c);
	list_append(t, c, state);
}

struct conn *conn_table_victim(const struct conn_table *t, size_t room)
{
	struct conn *half_open = t->oldest[CONN_HALF_OPEN], *live = t->oldest[CONN_LIVE];

	if (t->oldest[CONN_CLOSED])
		return t->oldest[CONN_CLOSED];
	if (!half_open || !live)
		return half_open ? half_open : live;
	if (t->count[CONN_HALF_OPEN] >= room / 8)
		return half_open;
	return half_open->active <= live->active ? half_open : live;
}

static void bucket_take(struct conn_table *t, struct conn *c)
{
	struct conn **link = bucket_at(t, c);

	while (*link != c)
		link = &(*link)->chain;
	*link = c->chain;
}

void conn_table_remove(struct conn_table *t, struct conn *c)
{
	bucket_take(t, c);
	list_take(t, c);
	if (c->before)
		c->before->after = c->after;
	else
		t->first = c->after;
	if (c->after)
		c->after->before = c->before;
	else
		t->last = c->before;
	pool_put(&t->records, c);
}
