/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept of each capture: see pair.h. */
#include "analyzer/pair.h"

#include <stdlib.h>

#include "analyzer/pair_private.h"

enum {
	RECORDS_DEFAULT = 2000000,
	PRINT_OCTETS = 24,    /* of a payload that tell it from others, where not all of it was captured */
	MESSAGE_OCTETS = 256, /* kept of a message */
	TABLE_FIRST = 256,
	OCTETS_FIRST = 4096,
	MIRROR_NS = 10000000, /* a copy comes within this */
};

const struct pair_limits pair_default_limits = { RECORDS_DEFAULT };

/* Ends of a connection (the lower one first), or of a GRE flow (sender first; port[1] is the Call ID). */
struct ends {
	struct ip_addr addr[2];
	uint32_t context;
	uint16_t port[2];
};

/* A part of the frames between two ends, and whose it is. */
struct span {
	uint32_t ends, owner;
	uint64_t first_frame;
};

struct spans {
	struct span *span;
	size_t count;
};

struct pair_reading {
	struct pair_side *side;
	size_t records, limit;
	size_t octets, octets_room;
	struct ends *ends;
	size_t nends;
	uint32_t *slot; /* index of ends plus 1, by hash; a power of two of them */
	size_t slots;
	struct spans flows, connections;
	size_t tunnel_first;     /* the first connection of the tunnel that is walked */
	int64_t now, kept_until; /* end of the capture; time of what was kept last */
};

/* --- memory ------------------------------------------------------------------------------- */

uint64_t pair_hash(const uint8_t *octets, size_t len)
{
	uint64_t hash = len;
	size_t i;

	for (i = 0; i + 8 <= len; i += 8) {
		uint64_t v;

		memcpy(&v, octets + i, sizeof(v));
		hash = pair_mix(hash, v);
	}
	for (; i < len; i++)
		hash = pair_mix(hash, octets[i]);
	return hash;
}

bool pair_room(void *array, size_t count, size_t size)
{
	void **at = array, *grown;

	/* Arrays grow by doubling: one is full when its count is a power of two. */
	if (count & (count - 1))
		return true;
	grown = realloc(*at, (count ? count * 2 : 1) * size);
	if (grown)
		*at = grown;
	return grown != NULL;
}

static bool room(struct pair_reading *r, int64_t time_ns)
{
	if (r->records < r->limit && !r->side->memory_failed) {
		r->records++;
		r->kept_until = time_ns;
		return true;
	}
	r->side->over_limit++;
	return false;
}

/* --- ends --------------------------------------------------------------------------------- */

static bool table_grow(struct pair_reading *r)
{
	size_t slots = r->slots ? r->slots * 2 : TABLE_FIRST;
	uint32_t *slot = calloc(slots, sizeof(*slot));

	if (!slot)
		return false;
	for (uint32_t i = 0; i < r->nends; i++) {
		size_t at = pair_hash((const uint8_t *)&r->ends[i], sizeof(struct ends)) & (slots - 1);

		while (slot[at])
			at = (at + 1) & (slots - 1);
		slot[at] = i + 1;
	}
	free(r->slot);
	r->slot = slot;
	r->slots = slots;
	return true;
}

/* Index of the ends, or NO_RECORD: there are none such, and none could or should be added. */
static uint32_t ends_of(struct pair_reading *r, const struct ends *e, bool add)
{
	size_t at;

	if (add && r->nends * 2 >= r->slots && !table_grow(r))
		return NO_RECORD;
	if (!r->slots)
		return NO_RECORD;
	at = pair_hash((const uint8_t *)e, sizeof(*e)) & (r->slots - 1);
	for (; r->slot[at]; at = (at + 1) & (r->slots - 1))
		if (memcmp(&r->ends[r->slot[at] - 1], e, sizeof(*e)) == 0)
			return r->slot[at] - 1;
	if (!add || !pair_room(&r->ends, r->nends, sizeof(*e)))
		return NO_RECORD;
	r->ends[r->nends++] = *e;
	r->slot[at] = (uint32_t)r->nends;
	return r->slot[at] - 1;
}

static struct ends flow_ends(const struct ip_addr *src, const struct ip_addr *dst, uint32_t context,
			     uint16_t call_id)
{
	return (struct ends){ { *src, *dst }, context, { 0, call_id } };
}

/* *from: 0 when src is the lower one. */
static struct ends connection_ends(const struct ip_addr *src, uint16_t src_port, const struct ip_addr *dst,
				   uint16_t dst_port, unsigned *from)
{
	int order = ip_addr_cmp(src, dst);

	*from = order > 0 || (order == 0 && src_port > dst_port);
	if (*from)
		return (struct ends){ { *dst, *src }, 0, { dst_port, src_port } };
	return (struct ends){ { *src, *dst }, 0, { src_port, dst_port } };
}

/* --- packets and messages ------------------------------------------------------------------ */

/* A hash that is never 0. */
static uint32_t print_of(const uint8_t *octets, size_t len)
{
	return (uint32_t)(pair_hash(octets, len) >> 32) | 1;
}

static void on_gre(void *ctx, const struct pipeline_where *w, const struct gre_pkt *g, enum gre_status status)
{
	struct pair_reading *r = ctx;
	struct pair_side *s = r->side;
	struct ends e = flow_ends(w->src, w->dst, w->datagram ? w->datagram->context : 0, g->call_id);
	uint32_t enough = g->payload_length < PRINT_OCTETS ? g->payload_length : PRINT_OCTETS;
	struct pair_packet k;

	if (status != GRE_OK || !room(r, w->time_ns))
		return;
	k = (struct pair_packet){
		.frame = w->frame,
		.time_ns = w->time_ns,
		.flow = ends_of(r, &e, true),
		.seq = g->seq,
		.ack = g->ack,
		.match = NO_RECORD,
		.length = g->payload_length,
		.flags = g->flags,
		.key = g->call_id,
		.ttl = w->datagram ? w->datagram->ttl : 0,
		.fragments = w->nframes < UINT8_MAX ? (uint8_t)w->nframes : UINT8_MAX,
	};
	if (g->caplen >= enough)
		k.print = print_of(g->payload, enough);
	if (g->caplen >= g->payload_length)
		k.print_whole = print_of(g->payload, g->payload_length);
	if (k.flow == NO_RECORD || !pair_room(&s->packet, s->packets, sizeof(k)))
		s->memory_failed = true;
	else
		s->packet[s->packets++] = k;
}

/* Keeps a message's octets one after the other with the others; false without memory. */
static bool keep_octets(struct pair_reading *r, const struct ctrl_msg *m, struct pair_message *k)
{
	size_t len = m->caplen < MESSAGE_OCTETS ? m->caplen : MESSAGE_OCTETS;
	uint8_t *grown;

	if (r->octets + len > r->octets_room || !r->side->octets) {
		size_t wanted = r->octets_room ? r->octets_room * 2 : OCTETS_FIRST;

		grown = realloc(r->side->octets, wanted);
		if (!grown)
			return false;
		r->side->octets = grown;
		r->octets_room = wanted;
	}
	if (len)
		memcpy(r->side->octets + r->octets, m->octets, len);
	k->at = (uint32_t)r->octets;
	k->len = (uint16_t)len;
	r->octets += len;
	return true;
}

static void on_control(void *ctx, const struct pipeline_where *w, const struct ctrl_msg *m)
{
	struct pair_reading *r = ctx;
	struct pair_side *s = r->side;
	unsigned from;
	struct ends e = connection_ends(w->src, w->src_port, w->dst, w->dst_port, &from);
	struct pair_message k;

	if (!room(r, w->time_ns))
		return;
	k = (struct pair_message){
		.frame = w->frame,
		.time_ns = w->time_ns,
		.ends = ends_of(r, &e, true),
		.match = NO_RECORD,
		.type = m->status == CTRL_OK && m->desc ? (uint8_t)m->desc->type : 0,
		.from = (uint8_t)from,
		.ttl = w->datagram ? w->datagram->ttl : 0,
	};
	if (k.ends == NO_RECORD || !keep_octets(r, m, &k) || !pair_room(&s->message, s->messages, sizeof(k)))
		s->memory_failed = true;
	else
		s->message[s->messages++] = k;
}

struct pipeline_observer pair_observer(struct pair *p, unsigned side)
{
	return (struct pipeline_observer){ .ctx = p->reading[side], .control = on_control, .gre = on_gre };
}

/* --- connections and calls ----------------------------------------------------------------- */

static void span_add(struct pair_reading *r, struct spans *to, const struct ends *e, uint32_t owner,
		     uint64_t first_frame)
{
	uint32_t ends = ends_of(r, e, false);

	if (ends == NO_RECORD)
		return;
	if (!pair_room(&to->span, to->count, sizeof(*to->span))) {
		r->side->memory_failed = true;
		return;
	}
	to->span[to->count++] = (struct span){ ends, owner, first_frame };
}

static void on_tunnel(void *ctx, const struct tunnel *t)
{
	struct pair_reading *r = ctx;

	(void)t;
	r->tunnel_first = r->side->connections;
}

static void on_tunnel_end(void *ctx, const struct tunnel *t)
{
	(void)ctx;
	(void)t;
}

static unsigned codes_of(const struct diagnosis *why, unsigned whys, const char *code[DIAGNOSES_MAX])
{
	for (unsigned i = 0; i < whys; i++)
		code[i] = why[i].code;
	return whys;
}

static void on_connection(void *ctx, const struct control_connection *c)
{
	struct pair_reading *r = ctx;
	struct pair_side *s = r->side;
	struct diagnosis why[DIAGNOSES_MAX];
	struct pair_connection *k;
	struct ends e;
	unsigned from;

	if (!room(r, r->kept_until))
		return;
	if (!pair_room(&s->connection, s->connections, sizeof(*k))) {
		s->memory_failed = true;
		return;
	}
	k = &s->connection[s->connections++];
	*k = (struct pair_connection){
		.id = c->id,
		.first_frame = c->first_frame,
		.last_frame = c->last_frame,
		.match = NO_RECORD,
		.port = { c->port[0], c->port[1] },
		.bad_checksums = c->bad_checksums,
		.gaps = c->gaps,
	};
	for (unsigned end = 0; end < HOSTS; end++) {
		unsigned host = end ? !c->originator : c->originator;

		k->addr[end] = c->tunnel->host[host];
		k->retransmitted[end] = c->retransmitted[host];
	}
	k->codes = codes_of(why, diagnose_connection(c, r->now, why), k->code);
	e = connection_ends(&k->addr[0], k->port[0], &k->addr[1], k->port[1], &from);
	span_add(r, &r->connections, &e, (uint32_t)(s->connections - 1) << 1 | from, c->first_frame);
}

/* The connection of a call: one of those of its tunnel, which came in order of their ids. */
static uint32_t connection_index(const struct pair_reading *r, uint64_t id)
{
	size_t low = r->tunnel_first, high = r->side->connections;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (r->side->connection[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < r->side->connections && r->side->connection[low].id == id ? (uint32_t)low : NO_RECORD;
}

/* Call IDs by messages, else by the packets that carry them. */
static void call_ids(struct pair_call *k, const struct call *c, unsigned pns)
{
	const struct flow *to_pns = call_flow(c, !pns), *to_pac = call_flow(c, pns);

	k->call_id_known[0] = c->pns_id_known || to_pns;
	k->call_id[0] = c->pns_id_known ? c->pns_call_id : to_pns ? flow_call_id(to_pns) : 0;
	k->call_id_known[1] = c->pac_id_known || to_pac;
	k->call_id[1] = c->pac_id_known ? c->pac_call_id : to_pac ? flow_call_id(to_pac) : 0;
}

static void on_call(void *ctx, const struct call *c)
{
	struct pair_reading *r = ctx;
	struct pair_side *s = r->side;
	struct diagnosis why[DIAGNOSES_MAX];
	struct pair_call *k;
	int pac = c->tunnel->pac;
	unsigned pns = pac == 0;

	if (!room(r, r->kept_until))
		return;
	if (!pair_room(&s->call, s->calls, sizeof(*k))) {
		s->memory_failed = true;
		return;
	}
	k = &s->call[s->calls];
	*k = (struct pair_call){
		.id = c->id,
		.request_frame = call_step(c, STEP_REQUEST).frame,
		.first_frame = c->first_frame,
		.connection = connection_index(r, call_connection_id(c)),
		.match = NO_RECORD,
		.roles_known = pac >= 0,
		.mirrored = c->tunnel->mirrored > 0,
		.kind = c->kind,
	};
	call_ids(k, c, pns);
	k->codes = codes_of(why, diagnose_call(c, r->now, why), k->code);
	for (unsigned way = 0; way < HOSTS; way++) {
		unsigned host = way ? !pns : pns;

		k->addr[way] = c->tunnel->host[host];
		if (call_flow(c, host)) {
			struct ends e = flow_ends(&c->tunnel->host[host], &c->tunnel->host[!host],
						  c->tunnel->context, flow_call_id(call_flow(c, host)));

			span_add(r, &r->flows, &e, (uint32_t)s->calls << 1 | way,
				 flow_first_frame(call_flow(c, host)));
		}
	}
	s->calls++;
}

/* --- who owns a packet or message ----------------------------------------------------------- */

static int span_order(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	if (x->ends != y->ends)
		return x->ends < y->ends ? -1 : 1;
	return (x->first_frame > y->first_frame) - (x->first_frame < y->first_frame);
}

/* The last span between these ends that began before the frame, else the first one; or NO_RECORD. */
static uint32_t owner_of(const struct spans *in, uint32_t ends, uint64_t frame)
{
	size_t low = 0, high = in->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct span *s = &in->span[middle];

		if (s->ends < ends || (s->ends == ends && s->first_frame <= frame))
			low = middle + 1;
		else
			high = middle;
	}
	if (low > 0 && in->span[low - 1].ends == ends)
		return in->span[low - 1].owner;
	return low < in->count && in->span[low].ends == ends ? in->span[low].owner : NO_RECORD;
}

static int packet_order(const void *a, const void *b)
{
	const struct pair_packet *x = a, *y = b;

	if (x->flow != y->flow)
		return x->flow < y->flow ? -1 : 1;
	return (x->frame > y->frame) - (x->frame < y->frame);
}

/* What a mirror port copied before the pipeline knew that it does is taken out.  Packets are in order. */
static void drop_copies(struct pair_side *s)
{
	const struct pair_packet *last = NULL;
	bool any = false;

	for (size_t i = 0; i < s->packets && s->packet[i].flow != NO_RECORD; i++) {
		struct pair_packet *k = &s->packet[i];

		if (s->call[k->flow >> 1].mirrored && last && last->flow == k->flow &&
		    last->flags == k->flags && last->seq == k->seq && last->ack == k->ack &&
		    last->print == k->print && k->time_ns - last->time_ns < MIRROR_NS) {
			k->flow = NO_RECORD;
			any = true;
		} else {
			last = k;
		}
	}
	if (any)
		qsort(s->packet, s->packets, sizeof(*s->packet), packet_order);
}

static void own_packets(struct pair_reading *r)
{
	struct pair_side *s = r->side;

	for (size_t i = 0; i < s->packets; i++)
		s->packet[i].flow = owner_of(&r->flows, s->packet[i].flow, s->packet[i].frame);
	if (s->packets)
		qsort(s->packet, s->packets, sizeof(*s->packet), packet_order);
	drop_copies(s);
	for (size_t i = 0; i < s->packets && s->packet[i].flow != NO_RECORD; i++) {
		struct pair_list *l = &s->call[s->packet[i].flow >> 1].packets[s->packet[i].flow & 1];

		if (!l->count++)
			l->first = (uint32_t)i;
	}
}

/* Several messages may have come in one frame: their order is that of their octets. */
static int message_order(const void *a, const void *b)
{
	const struct pair_message *x = a, *y = b;

	if (x->ends != y->ends)
		return x->ends < y->ends ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

static void own_messages(struct pair_reading *r)
{
	struct pair_side *s = r->side;

	for (size_t i = 0; i < s->messages; i++) {
		struct pair_message *m = &s->message[i];
		uint32_t owner = owner_of(&r->connections, m->ends, m->frame);

		m->ends = owner == NO_RECORD ? NO_RECORD : owner >> 1;
		m->from ^= owner & 1;
	}
	if (s->messages)
		qsort(s->message, s->messages, sizeof(*s->message), message_order);
	for (size_t i = 0; i < s->messages && s->message[i].ends != NO_RECORD; i++) {
		struct pair_list *l = &s->connection[s->message[i].ends].messages;

		if (!l->count++)
			l->first = (uint32_t)i;
	}
}

static void reading_free(struct pair_reading *r)
{
	if (!r)
		return;
	free(r->ends);
	free(r->slot);
	free(r->flows.span);
	free(r->connections.span);
	free(r);
}

bool pair_side_end(struct pair *p, unsigned side, struct tracker *t, uint64_t captured, int64_t first_time,
		   int64_t last_time)
{
	static const struct tracker_visitor visitor = { on_tunnel, on_connection, on_call, on_tunnel_end };
	struct pair_reading *r = p->reading[side];
	struct pair_side *s = r->side;
	bool whole;

	s->captured = captured;
	s->first_time = first_time;
	s->last_time = r->now = last_time;
	/* Behind the limit it is as if the capture had ended: what is only on the other side was not lost. */
	if (s->over_limit)
		s->last_time = r->kept_until;
	/* What packets belong to has room of its own. */
	r->records = 0;
	whole = tracker_walk(t, &visitor, r);
	if (r->flows.count)
		qsort(r->flows.span, r->flows.count, sizeof(struct span), span_order);
	if (r->connections.count)
		qsort(r->connections.span, r->connections.count, sizeof(struct span), span_order);
	own_packets(r);
	own_messages(r);
	reading_free(r);
	p->reading[side] = NULL;
	return whole && !s->memory_failed;
}

struct pair *pair_new(const struct pair_limits *limits)
{
	struct pair *p = calloc(1, sizeof(*p));

	for (unsigned side = 0; p && side < SIDES; side++) {
		p->reading[side] = calloc(1, sizeof(*p->reading[side]));
		if (!p->reading[side]) {
			pair_free(p);
			return NULL;
		}
		p->reading[side]->side = &p->side[side];
		p->reading[side]->limit = limits->records;
	}
	return p;
}

void pair_free(struct pair *p)
{
	if (!p)
		return;
	for (unsigned side = 0; side < SIDES; side++) {
		reading_free(p->reading[side]);
		free(p->side[side].packet);
		free(p->side[side].message);
		free(p->side[side].connection);
		free(p->side[side].call);
		free(p->side[side].octets);
	}
	free(p->connection);
	free(p->call);
	free(p);
}

bool pair_compare(struct pair *p)
{
	if (!pair_match(p))
		return false;
	for (size_t i = 0; i < p->calls; i++)
		if (!pair_packets(p, &p->call[i]))
			return false;
	pair_orient(p);
	for (size_t i = 0; i < p->calls; i++)
		pair_count(p, &p->call[i]);
	return true;
}
