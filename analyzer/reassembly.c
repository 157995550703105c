/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interface of the reassembly, the life of connections, and libnids.
 *
 * libnids is global state: it is started once in a process, on a dead handle, and never stopped
 * (it cannot be restarted safely).  It sees only what stream_send() writes: every stream has
 * numbers that start at 1, an address that stands for a slot of ours, no options and no
 * acknowledgments that move, so none of its rules about windows, time stamps, RST or FIN ever
 * applies.  It orders and joins.
 *
 * What continues a direction for which nothing waits would come out as it went in, so it does not
 * go in; a direction has a stream of libnids while it has a hole.  Since all numbers are ours, the
 * streams serve one direction after another.  The receiver of a stream never answers: libnids looks
 * for a packet's stream as that of a client first.
 */
#include "analyzer/reassembly_internal.h"
#include "dissectors/cursor.h"

#include <nids.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	SLOTS = MAX_HOLES + 1, /* the first is none */
	STREAMS = (SLOTS / 3 + 1) * 4, /* of which libnids keeps three quarters before it evicts */
	IP_LEN = 20,
	TCP_LEN = 20,
	CLIENT_PORT = 1,
	SERVER_PORT = 2,
	SERVER_ADDR = 0xffff,
	MAX_COUNT = 1 << 29, /* octets of a stream; libnids counts in int, and its window is 1 GiB */
};

/* A stream of libnids. */
struct slot {
	struct tcp_stream *stream; /* NULL: not open yet */
	uint16_t next;		   /* free one */
};

static struct {
	struct slot slot[SLOTS];
	uint16_t free;
	struct reassembly *owner; /* libnids gives its callback no context */
	struct slot *now;	  /* which is fed */
	struct conn *conn;	  /* ... for whom */
	unsigned from;		  /* ... and the direction */
	jmp_buf no_memory;
	struct pcap_pkthdr header; /* libnids keeps a pointer to it */
	_Alignas(8) uint8_t packet[IP_LEN + TCP_LEN + 4 + STREAM_CHUNK];
	char joined[STREAM_CHUNK]; /* lent to libnids, which would allocate 4 kB for each direction */
} side;

const struct reassembly_limits reassembly_default_limits = {
	.max_connections = 100000,
	.max_queued = 65536,
	.idle_ns = 7200 * INT64_C(1000000000),
	.half_open_ns = 90 * INT64_C(1000000000), /* longer than a receiver may wait for its SCCRQ */
	.closed_ns = 10 * INT64_C(1000000000),
};

static const int64_t tick_ns = 50000000;

/* --- libnids ------------------------------------------------------------------------------- */

static void ignore_warning(int type, int err, struct ip *ip, void *data)
{
	(void)type;
	(void)err;
	(void)ip;
	(void)data;
}

/* Must not return: libnids would use the NULL. */
static void no_memory(char *where)
{
	(void)where;
	longjmp(side.no_memory, 1);
}

static void stream_event(struct tcp_stream *s, void **param)
{
	const struct half_stream *h = &s->server;

	*param = NULL;
	if (s->nids_state == NIDS_JUST_EST) {
		s->server.collect = 1;
		side.now->stream = s;
	} else if (s->nids_state == NIDS_DATA && h->count_new > 0) {
		flow_deliver(side.owner, side.conn, side.from,
			     (uint8_t *)h->data + (h->count - h->offset - h->count_new),
			     (uint32_t)h->count_new);
	}
}

static bool nids_start(char *err, size_t room)
{
	static struct nids_chksum_ctl accept_all = { 0, 0, NIDS_DONT_CHKSUM, 0 };
	static bool tried, started;

	if (started)
		return true;
	if (tried) { /* a second nids_init() after a failed one frees twice */
		snprintf(err, room, "libnids failed to start before");
		return false;
	}
	tried = true;
	nids_params.pcap_desc = pcap_open_dead(DLT_RAW, 65535); /* no device, no raw socket */
	nids_params.n_tcp_streams = STREAMS;
	nids_params.scan_num_hosts = 0; /* its scan detector writes out of bounds */
	nids_params.syslog = ignore_warning;
	nids_params.no_mem = no_memory;
	nids_params.tcp_flow_timeout = 0;
	nids_params.sk_buff_size = nids_params.dev_addon = 0; /* its queue limit counts these too */
	nids_register_chksum_ctl(&accept_all, 1);
	if (!setjmp(side.no_memory))
		started = nids_params.pcap_desc && nids_init();
	if (!started) {
		snprintf(err, room, "libnids does not start: %s", nids_errbuf[0] ? nids_errbuf : "no memory");
		return false;
	}
	nids_register_tcp(stream_event);
	for (unsigned i = 1; i < SLOTS - 1; i++)
		side.slot[i].next = (uint16_t)(i + 1);
	side.free = 1;
	return true;
}

/* Sends one packet of the stream of side.now; a SYN has a window scale of 14. */
static void stream_send(bool client, uint8_t flags, uint32_t seq, const uint8_t *octets, uint32_t len)
{
	struct wcursor w = wcursor_on(side.packet, sizeof(side.packet));
	uint32_t slot = (uint32_t)(side.now - side.slot) + 1, option = flags & TCP_SYN ? 4 : 0;
	uint8_t *to;

	wcursor_uint(&w, 0x45000000 | (IP_LEN + TCP_LEN + option + len), 4);
	wcursor_uint(&w, 0, 4);
	wcursor_uint(&w, 0x40060000, 4); /* TTL 64, TCP; checksums are not looked at */
	wcursor_uint(&w, client ? slot : SERVER_ADDR, 4);
	wcursor_uint(&w, client ? SERVER_ADDR : slot, 4);
	wcursor_uint(&w, client ? CLIENT_PORT << 16 | SERVER_PORT : SERVER_PORT << 16 | CLIENT_PORT, 4);
	wcursor_uint(&w, seq, 4);
	wcursor_uint(&w, flags & TCP_ACK ? 1 : 0, 4);
	wcursor_uint(&w, (option ? 0x60000000u : 0x50000000u) | (uint32_t)flags << 16 | 0xffff, 4);
	wcursor_uint(&w, 0, 4);
	if (option)
		wcursor_uint(&w, 0x03030e01, 4);
	to = wcursor_take(&w, len);
	if (to && octets)
		memcpy(to, octets, len);
	else if (to)
		memset(to, 0, len);
	side.header.caplen = side.header.len = IP_LEN + TCP_LEN + option + len;
	nids_pcap_handler(NULL, &side.header, side.packet);
}

static bool stream_open(void)
{
	struct half_stream *rcv;

	stream_send(true, TCP_SYN, 0, NULL, 0);
	stream_send(false, TCP_SYN | TCP_ACK, 0, NULL, 0);
	stream_send(true, TCP_ACK, 1, NULL, 0);
	if (!side.now->stream)
		return false;
	rcv = &side.now->stream->server;
	rcv->data = side.joined;
	rcv->bufsize = sizeof(side.joined);
	return true;
}

/* Only between packets: libnids still uses the stream after its callback. */
static void slot_drop_stream(struct slot *s)
{
	if (!s->stream)
		return;
	s->stream->server.data = NULL; /* libnids would free it */
	nids_free_tcp_stream(s->stream);
	s->stream = NULL;
}

/* That of a hole: there are as many. */
static struct slot *slot_of(struct hole *hole)
{
	struct slot *s;

	if (hole->slot)
		return side.slot + hole->slot;
	s = side.slot + side.free;
	hole->slot = side.free;
	side.free = s->next;
	if (s->stream && s->stream->server.count > MAX_COUNT)
		slot_drop_stream(s); /* its numbers start again */
	return s;
}

static void slot_free(struct hole *hole)
{
	side.slot[hole->slot].next = side.free;
	side.free = hole->slot;
	hole->slot = 0;
}

void stream_close(struct hole *hole)
{
	if (!hole->slot)
		return;
	slot_drop_stream(&side.slot[hole->slot]);
	slot_free(hole);
}

/* False when libnids found no memory. */
static bool stream_feed(struct slot *s, uint32_t ahead, const uint8_t *octets, uint32_t len)
{
	side.now = s;
	if (setjmp(side.no_memory))
		return false;
	if (!s->stream && !stream_open())
		return false;
	stream_send(true, TCP_ACK, 1 + (uint32_t)s->stream->server.count + ahead, octets, len);
	return true;
}

bool stream_put(struct reassembly *r, struct conn *c, unsigned from, const struct piece *p,
		const uint8_t *octets)
{
	struct half *h = &c->half[from];
	bool in_order = p->seq == h->next;

	r->in_hand = in_order ? p : NULL;
	if (in_order && !(h->hole && h->hole->slot)) {
		flow_deliver(r, c, from, octets, p->len);
		return true;
	}
	side.conn = c;
	side.from = from;
	if (stream_feed(slot_of(h->hole), p->seq - h->next, octets, p->len) && !r->in_hand) {
		if (in_order && !h->hole->first)
			slot_free(h->hole);
		return true;
	}
	/* libnids has given up: what it had is lost, and what is in hand goes past it. */
	hole_forget(r, h);
	if (in_order)
		flow_deliver(r, c, from, octets, p->len);
	return in_order;
}

/* --- the life of connections --------------------------------------------------------------- */

static struct conn *conn_of(struct conn_info *info)
{
	return (struct conn *)info; /* which it begins with */
}

static void conn_over(struct reassembly *r, struct conn *c, enum conn_end end)
{
	struct piece last = { .frame = c->info.last_frame, .time_ns = c->info.last_time };

	hole_flush(r, c);
	if (c->state != CONN_CLOSED)
		c->end = (uint8_t)end;
	flow_emit(r, c, SEGMENT_END, c->last_from, &last);
	conn_table_remove(&r->table, c);
	r->stats.live--;
}

static bool sender_is_server(const struct tcp_segment *t, unsigned server_hint)
{
	if (t->flags & TCP_SYN)
		return t->flags & TCP_ACK;
	return server_hint == 1;
}

static struct conn *conn_begin(struct reassembly *r, const struct conn_ends *e, const struct tcp_segment *t,
			       const struct piece *p, unsigned from)
{
	struct conn *c;

	if (conn_table_size(&r->table) >= r->limits.max_connections) {
		c = conn_table_victim(&r->table, r->limits.max_connections);
		r->stats.evicted += c->state != CONN_CLOSED;
		conn_over(r, c, CONN_EVICTED);
	}
	c = conn_table_add(&r->table, e, from, r->now);
	if (!c)
		return NULL;
	c->info.id = ++r->last_id;
	c->info.first_frame = c->info.last_frame = p->frame;
	c->info.first_time = c->info.last_time = p->time_ns;
	c->info.midstream = !(t->flags & TCP_SYN);
	c->info.syn = t->flags & TCP_SYN && from == FROM_CLIENT;
	c->info.direction_certain = t->flags & TCP_SYN;
	r->stats.connections++;
	r->stats.live++;
	if (r->stats.live > r->stats.peak)
		r->stats.peak = r->stats.live;
	flow_emit(r, c, SEGMENT_OPEN, from, p);
	return c;
}

/* A wrong checksum is damage, and the receiver drops it too; unless the capture shows only wrong ones. */
static bool drop_damaged(struct reassembly *r, struct conn *c, unsigned from, const struct tcp_segment *t)
{
	struct half *h = &c->half[from];

	if (t->checksum == TCP_SUM_GOOD) {
		h->checksum_good = true;
	} else if (t->checksum == TCP_SUM_OFFLOAD) {
		c->info.offload_checksums[from]++;
		r->stats.offload++;
	} else if (t->checksum == TCP_SUM_BAD) {
		c->info.bad_checksums[from]++;
		r->stats.bad_checksum += h->checksum_good;
		return h->checksum_good;
	}
	return false;
}

/* The SYN that was not believed at first comes again, now as the first segment of a connection. */
static void begin_rival(struct reassembly *r, const struct conn_ends *e, const struct rival *rival)
{
	struct tcp_segment t = { .seq = rival->seq, .ack = rival->ack, .flags = rival->flags };
	struct piece p = { .frame = rival->frame, .time_ns = rival->time_ns };
	unsigned from = sender_is_server(&t, 0) ? FROM_SERVER : FROM_CLIENT;
	struct conn *c = conn_begin(r, e, &t, &p, from);

	if (c)
		flow_segment(r, c, from, &t, p.frame, p.time_ns);
}

/* Something came that may have been of another connection; or anything that comes now may be. */
static bool in_doubt(const struct conn *c)
{
	return c->state == CONN_CLOSED || c->rival.flags || c->half[0].has_far || c->half[1].has_far;
}

/* A SYN that was not believed was meant: its connection takes the place of this one. */
static struct conn *give_way(struct reassembly *r, struct conn *c, const struct conn_ends *e, unsigned *from)
{
	const struct conn_ends back = { e->context, e->dst, e->src, e->dst_port, e->src_port };
	const struct rival rival = c->rival;
	bool same = rival.from == *from;

	conn_over(r, c, CONN_REUSED);
	begin_rival(r, same ? e : &back, &rival);
	return conn_table_find(&r->table, e, from);
}

/* Ends the connection when the segment shows that its ports are in use again; finds the new one. */
static struct conn *take_over(struct reassembly *r, struct conn *c, const struct conn_ends *e,
			      const struct tcp_segment *t, unsigned *from)
{
	if (c->rival.flags && flow_rival_goes_on(c, *from, t, r->now))
		return give_way(r, c, e, from);
	if (!flow_takes_over(c, *from, t))
		return c;
	conn_over(r, c, CONN_REUSED);
	return NULL;
}

struct reassembly_place reassembly_look(struct reassembly *r, const struct datagram *d, uint16_t src_port,
					uint16_t dst_port, int64_t time_ns)
{
	const struct conn_ends e = { d->context, &d->src, &d->dst, src_port, dst_port };
	struct reassembly_place at = { 0 };
	struct conn *c;

	reassembly_tick(r, time_ns);
	c = conn_table_find(&r->table, &e, &at.from);
	at.conn = c ? &c->info : NULL;
	return at;
}

enum unseen reassembly_feed(struct reassembly *r, struct reassembly_place at, const struct datagram *d,
			    const struct tcp_segment *t, uint64_t frame, unsigned server_hint, bool create)
{
	struct conn_ends e = { d->context, &d->src, &d->dst, t->src_port, t->dst_port };
	struct conn *c = conn_of(at.conn);
	unsigned from = at.from;

	if (c) {
		r->stats.segments++;
		if (drop_damaged(r, c, from, t))
			return UNSEEN_TCP_CHECKSUM;
		if (in_doubt(c))
			c = take_over(r, c, &e, t, &from);
	} else if (!create || t->flags & TCP_RST || !(t->len || t->flags & TCP_SYN)) {
		return UNSEEN_OTHER_TCP;
	}
	if (!c) {
		from = sender_is_server(t, server_hint) ? FROM_SERVER : FROM_CLIENT;
		c = conn_begin(r, &e, t, &(struct piece){ .frame = frame, .time_ns = r->now }, from);
		if (!c)
			return UNSEEN_OTHER_TCP;
		drop_damaged(r, c, from, t);
		r->stats.segments += !at.conn;
	}
	flow_segment(r, c, from, t, frame, r->now);
	return UNSEEN_NONE;
}

const struct conn_info *reassembly_find(const struct reassembly *r, uint32_t context, const struct ip_addr *a,
					uint16_t port_a, const struct ip_addr *b, uint16_t port_b)
{
	struct conn_ends e = { context, a, b, port_a, port_b };
	unsigned from;
	struct conn *c = conn_table_find(&r->table, &e, &from);

	return c ? &c->info : NULL;
}

static void end_silent(struct reassembly *r, enum conn_state state, int64_t limit)
{
	struct conn *c;

	while ((c = r->table.oldest[state]) && age(&c->active, r->now) >= limit)
		conn_over(r, c, CONN_IDLE);
}

void reassembly_tick(struct reassembly *r, int64_t time_ns)
{
	r->now = time_ns;
	if (age(&r->scanned, time_ns) < tick_ns)
		return;
	r->scanned = time_ns;
	hole_scan(r);
	end_silent(r, CONN_HALF_OPEN, r->limits.half_open_ns);
	end_silent(r, CONN_LIVE, r->limits.idle_ns);
	end_silent(r, CONN_CLOSED, r->limits.closed_ns);
}

void reassembly_finish(struct reassembly *r)
{
	while (r->table.first)
		conn_over(r, r->table.first, CONN_CAPTURE_END);
}

struct reassembly *reassembly_new(const struct reassembly_limits *limits, segment_fn *fn, void *ctx,
				  char *err, size_t room)
{
	struct reassembly *r;

	if (side.owner) {
		snprintf(err, room, "there can be only one reassembly at a time");
		return NULL;
	}
	if (!nids_start(err, room))
		return NULL;
	r = calloc(1, sizeof(*r));
	if (r)
		r->limits = *limits;
	if (r && !r->limits.max_connections)
		r->limits.max_connections = 1;
	if (!r || !conn_table_init(&r->table, r->limits.max_connections)) {
		snprintf(err, room, "out of memory");
		free(r);
		return NULL;
	}
	r->fn = fn;
	r->ctx = ctx;
	r->scanned = INT64_MIN;
	side.owner = r;
	return r;
}

void reassembly_free(struct reassembly *r)
{
	if (!r)
		return;
	while (r->first_hole)
		hole_discard(r, &r->first_hole->conn->half[r->first_hole->from]);
	conn_table_clear(&r->table);
	free(r);
	side.owner = NULL;
}

const struct reassembly_stats *reassembly_stats(const struct reassembly *r)
{
	return &r->stats;
}
