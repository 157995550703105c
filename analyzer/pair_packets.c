/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GRE of both sides of a call: which packets are the same, which way they went, what became of them. */
#include <stdlib.h>

#include "analyzer/pair_private.h"

/* --- which packets are the same ----------------------------------------------------------------- */

/* A packet by what a box leaves alone: its number, and (print) its payload. */
struct item {
	uint64_t key;
	uint32_t print, index;
};

static int item_order(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->print != y->print)
		return x->print < y->print ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/* Sequence Numbers tell packets with data, and Acknowledgment Numbers those that have nothing else. */
static uint64_t key_of(const struct pair_packet *k)
{
	return k->flags & GRE_S ? UINT64_C(1) << 32 | k->seq : k->ack;
}

static struct item *items_of(const struct pair_side *s, const struct pair_list *l)
{
	struct item *items = malloc(((size_t)l->count + 1) * sizeof(*items));

	for (uint32_t i = 0; items && i < l->count; i++) {
		const struct pair_packet *k = &s->packet[l->first + i];

		items[i] = (struct item){ key_of(k), k->print, l->first + i };
	}
	if (items && l->count)
		qsort(items, l->count, sizeof(*items), item_order);
	return items;
}

/* Binds equal items in order.  With `whole` the payload counts, too. */
static void pair_off(struct pair *p, const struct item *x, uint32_t n, const struct item *y, uint32_t m,
		     bool whole)
{
	for (uint32_t i = 0, j = 0; i < n && j < m;) {
		struct pair_packet *a = &p->side[0].packet[x[i].index], *b = &p->side[1].packet[y[j].index];
		bool before =
			x[i].key < y[j].key || (whole && x[i].key == y[j].key && x[i].print < y[j].print);
		bool after =
			x[i].key > y[j].key || (whole && x[i].key == y[j].key && x[i].print > y[j].print);

		if (a->match != NO_RECORD || before) {
			i++;
		} else if (b->match != NO_RECORD || after) {
			j++;
		} else {
			a->match = y[j++].index;
			b->match = x[i++].index;
		}
	}
}

/* Those left over whose like has its match are copies. */
static void mark_copies(struct pair_side *s, const struct item *x, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		const struct pair_packet *before = &s->packet[x[i - 1].index];
		struct pair_packet *k = &s->packet[x[i].index];

		/* Matches are given in order: the first of equals has one if any has. */
		if (k->match == NO_RECORD && before->match != NO_RECORD && x[i].key == x[i - 1].key &&
		    x[i].print == x[i - 1].print)
			k->match = COPY_RECORD;
	}
}

bool pair_packets(struct pair *p, const struct pair_call_match *m)
{
	bool ok = true;

	for (unsigned way = 0; ok && way < HOSTS; way++) {
		const struct pair_list *a = &p->side[0].call[m->index[0]].packets[way];
		const struct pair_list *b = &p->side[1].call[m->index[1]].packets[way];
		struct item *x = items_of(&p->side[0], a), *y = items_of(&p->side[1], b);

		ok = x && y;
		if (ok) {
			pair_off(p, x, a->count, y, b->count, true);
			mark_copies(&p->side[0], x, a->count);
			mark_copies(&p->side[1], y, b->count);
			pair_off(p, x, a->count, y, b->count, false);
		}
		free(x);
		free(y);
	}
	return ok;
}

/* --- which way they went ------------------------------------------------------------------------- */

/*
 * What tells which side is nearer to end 0: a hop more or less; clocks, for what goes one way looks
 * later by the difference of the clocks plus the delay, and what comes back by the difference minus
 * the delay; and loss, which is between the sides.
 */
struct evidence {
	int64_t ttl, only;
	int64_t low[HOSTS], high[HOSTS]; /* time on side 1 minus time on side 0, by the end that sent */
	uint64_t samples[HOSTS];
};

static struct evidence evidence_none(void)
{
	return (struct evidence){ .low = { INT64_MAX, INT64_MAX }, .high = { INT64_MIN, INT64_MIN } };
}

static void evidence_add(struct evidence *e, unsigned from, int64_t apart, uint8_t ttl0, uint8_t ttl1)
{
	if (ttl0 && ttl1)
		e->ttl += from ? ttl1 - ttl0 : ttl0 - ttl1;
	e->low[from] = apart < e->low[from] ? apart : e->low[from];
	e->high[from] = apart > e->high[from] ? apart : e->high[from];
	e->samples[from]++;
}

static void evidence_of_call(const struct pair *p, const struct pair_call_match *m, bool flip,
			     struct evidence *e)
{
	for (unsigned way = 0; way < HOSTS; way++) {
		const struct pair_list *a = &p->side[0].call[m->index[0]].packets[way];
		const struct pair_list *b = &p->side[1].call[m->index[1]].packets[way];
		unsigned from = way ^ flip;

		for (uint32_t i = 0; i < a->count; i++) {
			const struct pair_packet *k = &p->side[0].packet[a->first + i], *o;

			if (k->match == NO_RECORD)
				e->only += from ? -1 : 1;
			if (k->match == NO_RECORD || k->match == COPY_RECORD)
				continue;
			o = &p->side[1].packet[k->match];
			evidence_add(e, from, o->time_ns - k->time_ns, k->ttl, o->ttl);
		}
		for (uint32_t i = 0; i < b->count; i++)
			if (p->side[1].packet[b->first + i].match == NO_RECORD)
				e->only += from ? 1 : -1;
	}
}

static void evidence_of_messages(const struct pair *p, size_t connection, struct evidence *e)
{
	const struct pair_list *l = &pair_connection_of(p, connection, 0)->messages;

	for (uint32_t i = 0; i < l->count; i++) {
		const struct pair_message *k = &p->side[0].message[l->first + i], *o;

		if (k->match == NO_RECORD)
			continue;
		o = &p->side[1].message[k->match];
		evidence_add(e, k->from, o->time_ns - k->time_ns, k->ttl, o->ttl);
	}
}

/* The side nearer to end 0. */
static unsigned judge(const struct evidence *e, enum pair_orientation *how)
{
	if (e->ttl) {
		*how = NEAR_BY_TTL;
		return e->ttl < 0;
	}
	/* Delays push the ranges apart, never together. */
	if (e->samples[0] && e->samples[1]) {
		int64_t apart = e->low[0] / 2 + e->high[0] / 2 - e->low[1] / 2 - e->high[1] / 2;

		if (apart) {
			*how = NEAR_BY_TIME;
			return apart < 0;
		}
	}
	*how = e->only ? NEAR_BY_LOSS : NEAR_ASSUMED;
	return e->only < 0;
}

/* Extremes of time on side 1 minus time on side 0, by the side that packets passed first. */
struct extremes {
	int64_t least, most;
	uint64_t samples[SIDES];
};

static void extremes_add(struct extremes *x, const struct evidence *e, unsigned near0)
{
	for (unsigned from = 0; from < HOSTS; from++) {
		unsigned near = near0 ^ from;

		x->samples[near] += e->samples[from];
		if (near == 0 && e->samples[from] && e->low[from] < x->least)
			x->least = e->low[from];
		if (near == 1 && e->samples[from] && e->high[from] > x->most)
			x->most = e->high[from];
	}
}

/*
 * From side 0 to 1, a packet seems to take the offset plus its delay, and back it seems to take the
 * delay minus the offset.  Where the fastest took equally long both ways, the offset is in the middle.
 */
static struct pair_clock clock_of(const struct extremes *x)
{
	struct pair_clock c = { .samples = { x->samples[0], x->samples[1] } };

	c.known = x->samples[0] && x->samples[1];
	if (c.known) {
		c.offset_ns = x->most + (x->least - x->most) / 2;
		c.uncertainty_ns = llabs(x->least - x->most) / 2;
	} else if (x->samples[0]) {
		c.offset_ns = x->least;
	} else if (x->samples[1]) {
		c.offset_ns = x->most;
	}
	return c;
}

/* The call's PNS is the end that accepted its connection. */
static bool pns_accepted(const struct pair *p, const struct pair_call_match *m)
{
	const struct pair_call *c = &p->side[0].call[m->index[0]];

	return m->connection != NO_RECORD &&
	       !ip_addr_same(&c->addr[0], &pair_connection_of(p, m->connection, 0)->addr[0]);
}

static void orient_call(struct pair *p, struct pair_call_match *m, struct extremes *x)
{
	struct evidence by_packets = evidence_none(), all;
	bool flip = pns_accepted(p, m);
	unsigned near;

	evidence_of_call(p, m, flip, &by_packets);
	all = by_packets;
	if (m->connection != NO_RECORD)
		evidence_of_messages(p, m->connection, &all);
	near = judge(&all, &m->orientation);
	for (unsigned way = 0; way < HOSTS; way++)
		m->way[way].near = near ^ way ^ flip;
	if (m->orientation != NEAR_ASSUMED)
		extremes_add(x, &by_packets, near);
}

void pair_orient(struct pair *p)
{
	struct extremes x = { .least = INT64_MAX, .most = INT64_MIN };
	struct evidence e;

	for (size_t i = 0; i < p->calls; i++)
		orient_call(p, &p->call[i], &x);
	for (size_t i = 0; i < p->connections; i++) {
		enum pair_orientation how;
		unsigned near;

		e = evidence_none();
		evidence_of_messages(p, i, &e);
		near = judge(&e, &how);
		if (how != NEAR_ASSUMED)
			extremes_add(&x, &e, near);
	}
	p->clock = clock_of(&x);
}

/* --- what became of them -------------------------------------------------------------------------- */

/* At this time on its own side, the other capture had not begun or was over. */
static bool outside(const struct pair *p, unsigned side, unsigned near, int64_t time_ns)
{
	const struct pair_side *o = &p->side[!side];
	int64_t there = time_ns + (side ? -p->clock.offset_ns : p->clock.offset_ns);

	there += side == near ? p->clock.uncertainty_ns : -p->clock.uncertainty_ns;
	return there < o->first_time || there > o->last_time;
}

static void count_all(const struct pair_side *s, const struct pair_list *l, unsigned side, struct pair_way *w)
{
	for (uint32_t i = 0; i < l->count; i++) {
		const struct pair_packet *k = &s->packet[l->first + i];

		w->packets[side]++;
		w->data[side] += (k->flags & GRE_S) != 0;
		if (!k->ttl)
			continue;
		if (!w->ttl_min[side] || k->ttl < w->ttl_min[side])
			w->ttl_min[side] = k->ttl;
		if (k->ttl > w->ttl_max[side])
			w->ttl_max[side] = k->ttl;
	}
}

static void count_delay(const struct pair *p, struct pair_way *w, const struct pair_packet *near,
			const struct pair_packet *far)
{
	int64_t delay = far->time_ns - near->time_ns;

	delay += w->near ? p->clock.offset_ns : -p->clock.offset_ns;
	if (!w->samples || delay < w->delay_min)
		w->delay_min = delay;
	if (!w->samples || delay > w->delay_max)
		w->delay_max = delay;
	w->delay_sum += delay;
	w->samples++;
}

static void count_changes(struct pair_way *w, const struct pair_packet *near, const struct pair_packet *far)
{
	bool payload = near->print_whole && far->print_whole
			       ? near->print_whole != far->print_whole
			       : near->print && far->print && near->print != far->print;
	bool ack = (near->flags & far->flags & GRE_A) && near->ack != far->ack;
	bool length = near->length != far->length;

	w->payload_changed += payload && !length;
	w->length_changed += length;
	w->ack_changed += ack;
	w->header_changed += near->flags != far->flags;
	w->header_mask |= near->flags ^ far->flags;
	w->key_changed += near->key != far->key;
	w->fragmented += near->fragments != far->fragments;
	if ((payload || length || ack || near->flags != far->flags) && !w->changed_frame[w->near]) {
		w->changed_frame[w->near] = near->frame;
		w->changed_frame[!w->near] = far->frame;
	}
}

/* The near side: what was dropped. */
static void count_near(const struct pair *p, struct pair_way *w, const struct pair_list *l)
{
	const struct pair_side *s = &p->side[w->near], *far = &p->side[!w->near];
	uint64_t after = 0;

	for (uint32_t i = 0; i < l->count; i++) {
		const struct pair_packet *k = &s->packet[l->first + i];

		if (k->match < COPY_RECORD) {
			after = far->packet[k->match].frame;
			w->matched++;
			count_delay(p, w, k, &far->packet[k->match]);
			count_changes(w, k, &far->packet[k->match]);
			continue;
		}
		if (outside(p, w->near, w->near, k->time_ns)) {
			w->outside[w->near]++;
			continue;
		}
		w->dropped++;
		w->dropped_data += (k->flags & GRE_S) != 0;
		if (w->drops < DROPS_MAX) {
			w->drop_frame[w->drops] = k->frame;
			w->drop_after[w->drops++] = after;
		}
	}
}

/* The far side: what came twice, from nowhere, or late. */
static void count_far(const struct pair *p, struct pair_way *w, const struct pair_list *l)
{
	const struct pair_side *s = &p->side[!w->near];
	uint32_t highest = 0, highest_data = 0;

	for (uint32_t i = 0; i < l->count; i++) {
		const struct pair_packet *k = &s->packet[l->first + i];
		bool data = k->flags & GRE_S;

		if (k->match < COPY_RECORD) {
			w->reordered += k->match < highest;
			highest = k->match > highest ? k->match : highest;
			if (data) {
				w->reordered_data += k->match < highest_data;
				highest_data = k->match > highest_data ? k->match : highest_data;
			}
		} else if (k->match == COPY_RECORD) {
			w->duplicated++;
			w->duplicated_data += data;
		} else if (outside(p, !w->near, w->near, k->time_ns)) {
			w->outside[!w->near]++;
		} else {
			w->appeared++;
			w->appeared_data += data;
		}
	}
}

void pair_count(struct pair *p, struct pair_call_match *m)
{
	for (unsigned way = 0; way < HOSTS; way++) {
		const struct pair_call *c[SIDES] = { &p->side[0].call[m->index[0]],
						     &p->side[1].call[m->index[1]] };
		struct pair_way *w = &m->way[way];

		for (unsigned side = 0; side < SIDES; side++) {
			count_all(&p->side[side], &c[side]->packets[way], side, w);
			if (c[side]->packets[way].count)
				w->key[side] = p->side[side].packet[c[side]->packets[way].first].key;
		}
		count_near(p, w, &c[w->near]->packets[way]);
		count_far(p, w, &c[!w->near]->packets[way]);
	}
}
