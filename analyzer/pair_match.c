/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which connections and calls of two captures are the same.
 *
 * What a box may have left alone is hashed to marks; a mark that both sides have links the two,
 * unless so many have it that it says nothing.  Links add up, and the heaviest are believed first.
 */
#include <stdlib.h>

#include "analyzer/pair_private.h"

enum {
	SAME_MAX = 64,  /* links that one mark may make: more is a crowd */
	DATA_LEAST = 8, /* octets of payload that can be told from others */
	MESSAGES_LOOKED = 16,
	NEAR_NS = 50000000,
	SECOND_NS = 1000000000,
	ACCEPT = 8, /* the least weight of a connection that is believed */
	PORT_WEIGHT = 6,
	CALL_ID_WEIGHT = 6,
	PAC_ID_WEIGHT = 1,
	GRE_WEIGHT = 8,
	ENDS_WEIGHT = 4, /* of a call */
	GRE_MORE = 32,   /* at most, for many packets */
	OTHER_TYPE = 4,
	OTHER_TEXT = 6,
	STRANGERS = 20, /* both have data, and none of it is the same */
};

struct mark {
	uint64_t hash;
	uint32_t index;
	int32_t weight;
};

struct marks {
	struct mark *mark;
	size_t count;
	bool failed;
};

/* Index of each side's; of calls, b is index * 2 + 1 where the directions are exchanged. */
struct link {
	uint32_t a, b;
	int32_t weight;
};

struct links {
	struct link *link;
	size_t count;
	bool failed;
};

/* --- marks and links ------------------------------------------------------------------------ */

static void mark(struct marks *to, uint64_t kind, uint64_t value, size_t index, int32_t weight)
{
	to->failed |= !pair_room(&to->mark, to->count, sizeof(*to->mark));
	if (!to->failed)
		to->mark[to->count++] =
			(struct mark){ pair_mix(pair_mix(kind, value), kind), (uint32_t)index, weight };
}

static int mark_order(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

static int link_order(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	return (x->b > y->b) - (x->b < y->b);
}

/* Heaviest first. */
static int weight_order(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return link_order(a, b);
}

static void links_add(struct links *l, uint32_t a, uint32_t b, int32_t weight)
{
	l->failed |= !pair_room(&l->link, l->count, sizeof(*l->link));
	if (!l->failed)
		l->link[l->count++] = (struct link){ a, b, weight };
}

/* Adds up the links of the same two. */
static void links_sum(struct links *l)
{
	size_t n = 0;

	if (!l->count)
		return;
	qsort(l->link, l->count, sizeof(*l->link), link_order);
	for (size_t i = 1; i < l->count; i++) {
		if (link_order(&l->link[n], &l->link[i]) != 0)
			l->link[++n] = l->link[i];
		else if (l->link[n].weight < INT32_MAX / 2)
			l->link[n].weight += l->link[i].weight;
	}
	/* pair_room() goes by the count: it must not be made to think that there is more. */
	while (++n < l->count)
		l->link[n] = (struct link){ NO_RECORD, NO_RECORD, 0 };
}

static size_t run_of(const struct marks *m, size_t at)
{
	size_t n = 1;

	while (at + n < m->count && m->mark[at + n].hash == m->mark[at].hash)
		n++;
	return n;
}

/* Links all that have a mark in common. */
static void marks_join(struct marks *side, struct links *l)
{
	struct marks *x = &side[0], *y = &side[1];

	for (unsigned s = 0; s < SIDES; s++)
		if (side[s].count)
			qsort(side[s].mark, side[s].count, sizeof(*x->mark), mark_order);
	for (size_t i = 0, j = 0; i < x->count && j < y->count;) {
		size_t n = run_of(x, i), m = run_of(y, j);

		if (x->mark[i].hash < y->mark[j].hash) {
			i += n;
			continue;
		}
		if (x->mark[i].hash > y->mark[j].hash) {
			j += m;
			continue;
		}
		for (size_t k = 0; n * m <= SAME_MAX && k < n * m; k++)
			links_add(l, x->mark[i + k / m].index, y->mark[j + k % m].index,
				  x->mark[i + k / m].weight);
		i += n;
		j += m;
	}
	l->failed |= x->failed || y->failed;
	for (unsigned s = 0; s < SIDES; s++) {
		free(side[s].mark);
		side[s] = (struct marks){ 0 };
	}
}

/* The second heaviest link of each end, by index. */
struct rivals {
	int32_t *weight[SIDES];
};

static uint32_t end_of(const struct link *x, unsigned side)
{
	return side ? x->b >> 1 : x->a;
}

static void rivals_free(struct rivals *r)
{
	free(r->weight[0]);
	free(r->weight[1]);
}

/* Puts links in order of weight, and finds the rivals.  False without memory. */
static bool rivals_find(struct links *l, const size_t count[SIDES], struct rivals *r)
{
	if (l->count)
		qsort(l->link, l->count, sizeof(*l->link), weight_order);
	*r = (struct rivals){ { NULL, NULL } };
	for (unsigned side = 0; side < SIDES; side++) {
		bool *met = calloc(count[side] + 1, sizeof(*met));

		r->weight[side] = calloc(count[side] + 1, sizeof(*r->weight[side]));
		for (size_t i = 0; met && r->weight[side] && i < l->count && l->link[i].weight > 0; i++) {
			uint32_t end = end_of(&l->link[i], side);

			if (met[end] && !r->weight[side][end])
				r->weight[side][end] = l->link[i].weight;
			met[end] = true;
		}
		free(met);
		if (!met || !r->weight[side])
			return false;
	}
	return true;
}

/* No other link of its ends weighs nearly as much. */
static bool uncontested(const struct rivals *r, const struct link *x)
{
	return r->weight[0][x->a] * INT64_C(4) < x->weight * INT64_C(3) &&
	       r->weight[1][x->b >> 1] * INT64_C(4) < x->weight * INT64_C(3);
}

/* --- calls by their packets ------------------------------------------------------------------ */

static bool tells(const struct pair_packet *k)
{
	return k->print && k->length >= DATA_LEAST && k->flags & GRE_S;
}

static void mark_packets(const struct pair_side *s, size_t index, bool flip, bool second, struct marks *to)
{
	const struct pair_call *c = &s->call[index];

	for (unsigned way = 0; way < HOSTS; way++)
		for (uint32_t i = 0; i < c->packets[way].count; i++) {
			const struct pair_packet *k = &s->packet[c->packets[way].first + i];

			if (tells(k))
				mark(to, way ^ flip, pair_mix((uint64_t)k->seq << 32 | k->length, k->print),
				     second ? index << 1 | flip : index, 1);
		}
}

static bool unknown_roles(const struct pair_side *s)
{
	for (size_t i = 0; i < s->calls; i++)
		if (!s->call[i].roles_known)
			return true;
	return false;
}

/* The ends of a call are the same on a path that translates nothing. */
static void mark_ends(const struct pair_side *s, size_t index, bool flip, bool second, struct marks *to)
{
	const struct pair_call *c = &s->call[index];
	uint64_t hash = 0;

	for (unsigned end = 0; end < HOSTS; end++) {
		hash = pair_mix(hash, pair_hash(c->addr[end ^ flip].octet, sizeof(c->addr[0].octet)));
		hash = pair_mix(hash, c->call_id_known[end ^ flip] ? c->call_id[end ^ flip] : UINT32_MAX);
	}
	mark(to, 5, hash, second ? index << 1 | flip : index, 1);
}

/* A packet is in both lists.  Both are nearly in the order of Sequence Numbers, and near is enough. */
static bool share_packet(const struct pair *p, const struct pair_list *a, const struct pair_list *b)
{
	for (uint32_t i = 0, j = 0; i < a->count && j < b->count;) {
		const struct pair_packet *x = &p->side[0].packet[a->first + i];
		const struct pair_packet *y = &p->side[1].packet[b->first + j];

		if (!tells(x))
			i++;
		else if (!tells(y))
			j++;
		else if (x->seq == y->seq && x->print == y->print)
			return true;
		else if ((int32_t)(x->seq - y->seq) < 0)
			i++;
		else
			j++;
	}
	return false;
}

/*
 * Links calls with the same ends that share a packet: where many calls carry the same, packets alone
 * tell none of them from another.
 */
static void link_ends(const struct pair *p, struct marks *side, struct links *l)
{
	struct links ends = { 0 };

	marks_join(side, &ends);
	l->failed |= ends.failed;
	for (size_t i = 0; !ends.failed && i < ends.count; i++) {
		const struct link *x = &ends.link[i];
		const struct pair_call *a = &p->side[0].call[x->a], *b = &p->side[1].call[x->b >> 1];

		if (share_packet(p, &a->packets[0], &b->packets[x->b & 1]) ||
		    share_packet(p, &a->packets[1], &b->packets[!(x->b & 1)]))
			links_add(l, x->a, x->b, ENDS_WEIGHT);
	}
	free(ends.link);
}

/* Links calls by equal packets and by their ends. */
static void link_calls(struct pair *p, struct links *l)
{
	struct marks side[SIDES] = { { 0 } }, ends[SIDES] = { { 0 } };
	bool flips = unknown_roles(&p->side[0]) || unknown_roles(&p->side[1]);

	for (unsigned s = 0; s < SIDES; s++)
		for (size_t i = 0; i < p->side[s].calls; i++)
			for (unsigned flip = 0; flip <= (s && flips); flip++) {
				mark_packets(&p->side[s], i, flip, s, &side[s]);
				mark_ends(&p->side[s], i, flip, s, &ends[s]);
			}
	marks_join(side, l);
	link_ends(p, ends, l);
	links_sum(l);
}

/* --- connections ----------------------------------------------------------------------------- */

static void mark_connections(const struct pair_side *s, struct marks *to)
{
	for (size_t i = 0; i < s->connections; i++) {
		const struct pair_connection *c = &s->connection[i];

		uint64_t ports = (uint64_t)c->port[0] << 16 | c->port[1];

		mark(to, 1, ports, i, PORT_WEIGHT);
		mark(to, 5, pair_mix(pair_hash(c->addr[0].octet, sizeof(c->addr)), ports), i, PORT_WEIGHT);
		for (uint32_t m = 0; m < c->messages.count && m < 2; m++) {
			const struct pair_message *k = &s->message[c->messages.first + m];

			mark(to, 2, pair_hash(s->octets + k->at, k->len), i, 1);
		}
	}
	for (size_t i = 0; i < s->calls; i++) {
		const struct pair_call *c = &s->call[i];

		if (c->connection != NO_RECORD && c->call_id_known[0])
			mark(to, 3, c->call_id[0], c->connection, CALL_ID_WEIGHT);
		if (c->connection != NO_RECORD && c->call_id_known[1])
			mark(to, 4, c->call_id[1], c->connection, PAC_ID_WEIGHT);
	}
}

/* Packets in common say a lot about the connections of their calls. */
static void link_by_packets(const struct pair *p, const struct links *calls, struct links *l)
{
	for (size_t i = 0; i < calls->count && calls->link[i].a != NO_RECORD; i++) {
		const struct link *x = &calls->link[i];
		uint32_t a = p->side[0].call[x->a].connection, b = p->side[1].call[x->b >> 1].connection;
		int32_t more = x->weight < GRE_MORE ? x->weight : GRE_MORE;

		if (a != NO_RECORD && b != NO_RECORD)
			links_add(l, a, b, GRE_WEIGHT + more);
	}
}

/* The first messages of both, one by one, and what passed between them. */
static int32_t compare_messages(const struct pair *p, const struct pair_connection *a,
				const struct pair_connection *b)
{
	int64_t low = INT64_MAX, high = INT64_MIN;
	uint32_t next[HOSTS] = { 0 }, aligned = 0;
	int32_t weight = 0;

	for (uint32_t i = 0; i < a->messages.count && i < MESSAGES_LOOKED; i++) {
		const struct pair_message *x = &p->side[0].message[a->messages.first + i], *y;
		uint32_t *j = &next[x->from];
		int64_t apart;

		while (*j < b->messages.count && p->side[1].message[b->messages.first + *j].from != x->from)
			++*j;
		if (*j == b->messages.count)
			continue;
		y = &p->side[1].message[b->messages.first + (*j)++];
		if (x->type != y->type) {
			weight -= OTHER_TYPE;
			continue;
		}
		if (x->len == y->len &&
		    memcmp(p->side[0].octets + x->at, p->side[1].octets + y->at, x->len) == 0)
			weight++;
		else if (x->type == CTRL_SCCRQ || x->type == CTRL_SCCRP)
			weight -= OTHER_TEXT;
		apart = y->time_ns - x->time_ns;
		low = apart < low ? apart : low;
		high = apart > high ? apart : high;
		aligned++;
	}
	if (aligned >= 3)
		weight += high - low < NEAR_NS ? 4 : high - low < SECOND_NS ? 2 : -OTHER_TEXT;
	return weight;
}

/* Whether calls of both have data in the same direction. */
static bool both_have_data(const struct pair *p, uint32_t a, uint32_t b, const bool *has)
{
	const bool *x = &has[a * 2], *y = &has[(p->side[0].connections + b) * 2];

	return (x[0] && y[0]) || (x[1] && y[1]);
}

/* By connection of side 0, then of side 1, and direction. */
static bool *data_seen(const struct pair *p)
{
	size_t n = p->side[0].connections + p->side[1].connections;
	bool *has = calloc(n * 2 + 1, sizeof(*has));

	for (unsigned s = 0; has && s < SIDES; s++)
		for (size_t i = 0; i < p->side[s].calls; i++) {
			const struct pair_call *c = &p->side[s].call[i];
			size_t at = (c->connection + (s ? p->side[0].connections : 0)) * 2;

			for (unsigned way = 0; way < HOSTS && c->connection != NO_RECORD; way++)
				for (uint32_t k = 0; k < c->packets[way].count && !has[at + way]; k++)
					has[at + way] = tells(&p->side[s].packet[c->packets[way].first + k]);
		}
	return has;
}

/* Weighs what is linked by more than marks. */
static void weigh_connections(const struct pair *p, struct links *l, const struct links *by_packets,
			      const bool *has)
{
	for (size_t i = 0; i < l->count && l->link[i].a != NO_RECORD; i++) {
		struct link *x = &l->link[i];

		if (both_have_data(p, x->a, x->b, has) &&
		    !(by_packets->count &&
		      bsearch(x, by_packets->link, by_packets->count, sizeof(*x), link_order)))
			x->weight -= STRANGERS;
		x->weight += compare_messages(p, &p->side[0].connection[x->a], &p->side[1].connection[x->b]);
		/* As links of calls have it, whose lowest bit is no index. */
		x->b <<= 1;
	}
}

static bool add_connection(struct pair *p, const struct link *x, bool certain)
{
	struct pair_connection *a = &p->side[0].connection[x->a], *b = &p->side[1].connection[x->b >> 1];

	if (a->match != NO_RECORD || b->match != NO_RECORD)
		return true;
	if (!pair_room(&p->connection, p->connections, sizeof(*p->connection)))
		return false;
	p->connection[p->connections] = (struct pair_connection_match){
		.index = { x->a, x->b >> 1 },
		.certain = certain,
	};
	a->match = b->match = (uint32_t)p->connections++;
	return true;
}

static bool believe_connections(struct pair *p, struct links *l)
{
	const size_t count[SIDES] = { p->side[0].connections, p->side[1].connections };
	struct rivals rivals;
	bool ok = rivals_find(l, count, &rivals);

	for (size_t i = 0; ok && i < l->count && l->link[i].weight >= ACCEPT; i++)
		ok = add_connection(p, &l->link[i], uncontested(&rivals, &l->link[i]));
	rivals_free(&rivals);
	return ok;
}

static bool match_connections(struct pair *p, const struct links *calls)
{
	struct marks side[SIDES] = { { 0 } };
	struct links l = { 0 }, by_packets = { 0 };
	bool *has = data_seen(p), ok;

	for (unsigned s = 0; s < SIDES; s++)
		mark_connections(&p->side[s], &side[s]);
	marks_join(side, &l);
	link_by_packets(p, calls, &by_packets);
	links_sum(&by_packets);
	for (size_t i = 0; i < by_packets.count && by_packets.link[i].a != NO_RECORD; i++)
		links_add(&l, by_packets.link[i].a, by_packets.link[i].b, by_packets.link[i].weight);
	links_sum(&l);
	ok = has && !l.failed && !by_packets.failed;
	if (ok) {
		weigh_connections(p, &l, &by_packets, has);
		ok = believe_connections(p, &l);
	}
	free(has);
	free(by_packets.link);
	free(l.link);
	return ok;
}

/* --- calls ------------------------------------------------------------------------------------ */

/* Exchanges the directions of a call whose roles were a guess. */
static void flip_call(struct pair_side *s, uint32_t index)
{
	struct pair_call old = s->call[index], *c = &s->call[index];

	for (unsigned way = 0; way < HOSTS; way++) {
		c->addr[way] = old.addr[!way];
		c->call_id[way] = old.call_id[!way];
		c->call_id_known[way] = old.call_id_known[!way];
		c->packets[way] = old.packets[!way];
	}
}

static bool add_call(struct pair *p, uint32_t a, uint32_t b, bool flip, bool certain)
{
	struct pair_call *x = &p->side[0].call[a], *y = &p->side[1].call[b];
	uint32_t connection = NO_RECORD;

	if (x->match != NO_RECORD || y->match != NO_RECORD || (flip && x->roles_known && y->roles_known))
		return true;
	if (!pair_room(&p->call, p->calls, sizeof(*p->call)))
		return false;
	if (flip)
		flip_call(&p->side[y->roles_known ? 0 : 1], y->roles_known ? a : b);
	if (x->connection != NO_RECORD)
		connection = p->side[0].connection[x->connection].match;
	if (connection == NO_RECORD && y->connection != NO_RECORD)
		connection = p->side[1].connection[y->connection].match;
	p->call[p->calls] =
		(struct pair_call_match){ { a, b }, connection, certain, NEAR_ASSUMED, { { 0 } } };
	x->match = y->match = (uint32_t)p->calls++;
	return true;
}

/* The message that began a call, or NULL. */
static const struct pair_message *request_of(const struct pair_side *s, const struct pair_call *c)
{
	const struct pair_list *l = &s->connection[c->connection].messages;
	uint32_t low = 0, high = l->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (s->message[l->first + middle].frame < c->request_frame)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < l->count && s->message[l->first + low].frame == c->request_frame; low++) {
		const struct pair_message *m = &s->message[l->first + low];

		if (m->type == CTRL_OCRQ || m->type == CTRL_ICRQ)
			return m;
	}
	return NULL;
}

/* Marks the calls of a side by their requests, which both sides name by the index in side 1. */
static void mark_requests(const struct pair_side *s, bool second, struct marks *to)
{
	for (size_t i = 0; i < s->calls; i++) {
		const struct pair_call *c = &s->call[i];
		const struct pair_message *m;

		if (c->connection == NO_RECORD || s->connection[c->connection].match == NO_RECORD)
			continue;
		m = request_of(s, c);
		if (m && m->match != NO_RECORD)
			mark(to, 1, second ? (uint64_t)(m - s->message) : m->match, second ? i << 1 : i, 1);
	}
}

/* Calls that begin with the same request. */
static bool match_requests(struct pair *p)
{
	struct marks side[SIDES] = { { 0 } };
	struct links l = { 0 };
	bool ok;

	for (unsigned s = 0; s < SIDES; s++)
		mark_requests(&p->side[s], s, &side[s]);
	marks_join(side, &l);
	ok = !l.failed;
	for (size_t i = 0; ok && i < l.count; i++) {
		const struct pair_call *c = &p->side[0].call[l.link[i].a];
		uint32_t connection = p->side[0].connection[c->connection].match;

		ok = add_call(p, l.link[i].a, l.link[i].b >> 1, false, p->connection[connection].certain);
	}
	free(l.link);
	return ok;
}

/* The rest by their packets alone. */
static bool match_rest(struct pair *p, struct links *calls)
{
	const size_t count[SIDES] = { p->side[0].calls, p->side[1].calls };
	struct rivals rivals;
	bool ok = rivals_find(calls, count, &rivals);

	for (size_t i = 0; ok && i < calls->count && calls->link[i].weight > 0; i++) {
		const struct link *x = &calls->link[i];

		ok = add_call(p, x->a, x->b >> 1, x->b & 1, uncontested(&rivals, x));
	}
	rivals_free(&rivals);
	return ok;
}

bool pair_match(struct pair *p)
{
	struct links calls = { 0 };
	bool ok;

	link_calls(p, &calls);
	ok = !calls.failed && match_connections(p, &calls);
	for (size_t i = 0; ok && i < p->connections; i++)
		pair_messages(p, &p->connection[i]);
	ok = ok && match_requests(p) && match_rest(p, &calls);
	free(calls.link);
	return ok;
}
