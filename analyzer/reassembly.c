/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interface of the reassembly, the life of connections, and libnids.
 *
 * libnids is global state: it is started once in a process, on a dead handle, and never stopped
 * (it cannot be restarted safely).  It sees only what nids_put() writes: every stream has numbers
 * that start at 1, addresses that stand for a slot of ours, no options and no acknowledgments that
 * move, so none of its rules about windows, time stamps, RST or FIN ever applies.  It orders and joins.
 */
#include "analyzer/reassembly_internal.h"
#include "dissectors/cursor.h"

#include <nids.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	NIDS_STREAMS = 4096,
	SLOTS = NIDS_STREAMS / 4 * 3, /* what libnids keeps before it evicts */
	IP_LEN = 20,
	TCP_LEN = 20,
	CLIENT_PORT = 1,
	SERVER_PORT = 2,
	SERVER_TOKEN = 0xffff,
};

/* A stream of libnids and the connection that uses it. */
struct slot {
	struct tcp_stream *stream;
	struct conn *conn;
	uint16_t older, newer; /* slot number + 1, by last use; `newer` chains the free ones */
};

struct nids_side {
	struct slot slot[SLOTS + 1]; /* by number + 1; 0 is the head of both lists */
	uint16_t free;
	unsigned from; /* of what is fed now */
	struct slot *opening;
	jmp_buf no_memory;
	struct pcap_pkthdr header;	    /* libnids keeps a pointer to it */
	uint8_t packet[IP_LEN + TCP_LEN + 4 + NIDS_CHUNK];
	char joined[NIDS_CHUNK];	    /* lent to libnids, which would allocate for each segment */
};

const struct reassembly_limits reassembly_default_limits = {
	.max_connections = 100000,
	.max_queued = 65536,
	.idle_ns = 7200 * 1000000000LL,
	.half_open_ns = 60 * 1000000000LL,
	.closed_ns = 10 * 1000000000LL,
};

static struct reassembly *owner; /* libnids gives its callback no context */
static struct nids_side side;

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
	struct half_stream *h = side.from == FROM_CLIENT ? &s->server : &s->client;

	*param = NULL;
	if (s->nids_state == NIDS_JUST_EST && side.opening) {
		s->client.collect = s->server.collect = 1;
		s->user = side.opening->conn;
		side.opening->stream = s;
	} else if (s->nids_state == NIDS_DATA && h->count_new > 0) {
		flow_deliver(owner, s->user, side.from,
			     (uint8_t *)h->data + (h->count - h->offset - h->count_new), (uint32_t)h->count_new);
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
	nids_params.n_tcp_streams = NIDS_STREAMS;
	nids_params.scan_num_hosts = 0; /* its scan detector writes out of bounds */
	nids_params.syslog = ignore_warning;
	nids_params.no_mem = no_memory;
	nids_params.tcp_flow_timeout = 0;
	nids_params.sk_buff_size = nids_params.dev_addon = 0; /* its queue limit counts these too */
	nids_register_chksum_ctl(&accept_all, 1);
	if (!nids_params.pcap_desc || setjmp(side.no_memory) || !nids_init()) {
		snprintf(err, room, "libnids does not start: %s", nids_errbuf[0] ? nids_errbuf : "no memory");
		return false;
	}
	nids_register_tcp(stream_event);
	started = true;
	return true;
}

/* Sends one packet of a stream; option: with a window scale of 14, for a SYN. */
static void nids_feed(unsigned slot, unsigned from, uint8_t flags, uint32_t seq, uint32_t ack,
		      const uint8_t *octets, uint32_t len)
{
	unsigned option = flags & TCP_SYN ? 4 : 0, client = from == FROM_CLIENT;
	struct wcursor w = wcursor_on(side.packet, sizeof(side.packet));
	uint8_t *to;

	side.from = from;
	wcursor_uint(&w, 0x45000000 | (IP_LEN + TCP_LEN + option + len), 4);
	wcursor_uint(&w, 0, 4);
	wcursor_uint(&w, 0x40060000, 4); /* TTL 64, TCP, checksums are not looked at */
	wcursor_uint(&w, client ? slot : SERVER_TOKEN, 4);
	wcursor_uint(&w, client ? SERVER_TOKEN : slot, 4);
	wcursor_uint(&w, client ? CLIENT_PORT << 16 | SERVER_PORT : SERVER_PORT << 16 | CLIENT_PORT, 4);
	wcursor_uint(&w, seq, 4);
	wcursor_uint(&w, ack, 4);
	wcursor_uint(&w, (option ? 0x60000000u : 0x50000000u) | (uint32_t)flags << 16 | 0xffff, 4);
	wcursor_uint(&w, 0, 4);
	if (option)
		wcursor_uint(&w, 0x03030e01, 4);
	to = wcursor_take(&w, len);
	if (to && octets)
		memcpy(to, octets, len);
	else if (to && len)
		memset(to, 0, len);
	side.header.caplen = side.header.len = IP_LEN + TCP_LEN + option + len;
	nids_pcap_handler(NULL, &side.header, side.packet);
}

static void slot_unlink(struct slot *s)
{
	side.slot[s->older].newer = s->newer;
	side.slot[s->newer].older = s->older;
}

static void slot_append(struct slot *s)
{
	s->older = side.slot[0].older;
	s->newer = 0;
	side.slot[s->older].newer = side.slot[0].older = (uint16_t)(s - side.slot);
}

static void slots_reset(void)
{
	memset(side.slot, 0, sizeof(side.slot));
	for (unsigned i = 1; i < SLOTS; i++)
		side.slot[i].newer = (uint16_t)(i + 1);
	side.free = 1;
}

/* Only between packets: libnids still uses the stream after its callback. */
void nids_park(struct reassembly *r, struct conn *c)
{
	struct slot *s = &side.slot[c->slot];

	(void)r;
	if (!c->slot)
		return;
	if (s->stream)
		nids_free_tcp_stream(s->stream);
	slot_unlink(s);
	*s = (struct slot){ .newer = side.free };
	side.free = c->slot;
	c->slot = 0;
}

static bool conn_waits(const struct conn *c)
{
	return (c->half[0].hole && c->half[0].hole->first) || (c->half[1].hole && c->half[1].hole->first);
}

/* Makes room in the pool: the connection that has been silent longest gives up its stream. */
static void park_one(struct reassembly *r)
{
	struct conn *victim = NULL;

	for (unsigned i = side.slot[0].newer; i && !victim; i = side.slot[i].newer)
		if (!conn_waits(side.slot[i].conn))
			victim = side.slot[i].conn;
	if (!victim) {
		victim = side.slot[side.slot[0].newer].conn;
		hole_flush(r, victim);
	}
	nids_park(r, victim);
	r->stats.parked++;
}

static bool nids_open(struct reassembly *r, struct conn *c)
{
	struct slot *s;

	if (!side.free)
		park_one(r);
	c->slot = side.free;
	s = &side.slot[c->slot];
	side.free = s->newer;
	s->conn = c;
	slot_append(s);
	side.opening = s;
	if (!setjmp(side.no_memory)) {
		nids_feed(c->slot, FROM_CLIENT, TCP_SYN, 0, 0, NULL, 0);
		nids_feed(c->slot, FROM_SERVER, TCP_SYN | TCP_ACK, 0, 1, NULL, 0);
		nids_feed(c->slot, FROM_CLIENT, TCP_ACK, 1, 1, NULL, 0);
	}
	side.opening = NULL;
	if (!s->stream || !s->stream->listeners) {
		nids_park(r, c);
		return false;
	}
	return true;
}

/* libnids has given up: what it had is lost, and the piece in hand goes past it. */
static void nids_bypass(struct reassembly *r, struct conn *c, unsigned from, const uint8_t *octets, uint32_t len)
{
	hole_discard(r, &c->half[FROM_CLIENT]);
	hole_discard(r, &c->half[FROM_SERVER]);
	nids_park(r, c);
	flow_deliver(r, c, from, octets, len);
}

bool nids_put(struct reassembly *r, struct conn *c, unsigned from, struct piece *p, const uint8_t *octets)
{
	bool in_order = p->seq == c->half[from].next;
	struct half_stream *h = NULL;
	struct slot *s;

	if (c->slot || nids_open(r, c)) {
		s = &side.slot[c->slot];
		slot_unlink(s);
		slot_append(s);
		h = from == FROM_CLIENT ? &s->stream->server : &s->stream->client;
	}
	r->in_hand = in_order ? p : NULL;
	if (h && !setjmp(side.no_memory)) {
		uint32_t seq = 1 + (uint32_t)h->count + (p->seq - c->half[from].next);

		h->data = side.joined;
		h->bufsize = sizeof(side.joined);
		nids_feed(c->slot, from, TCP_ACK, seq, 1, octets, p->len);
	} else if (!in_order) {
		if (h)
			h->data = NULL, h->bufsize = 0;
		return false;
	}
	if (h)
		h->data = NULL, h->bufsize = 0;
	if (r->in_hand)
		nids_bypass(r, c, from, octets, p->len);
	else if (h && h->count > 1 << 29 && !conn_waits(c))
		nids_park(r, c); /* its numbers are signed; it starts again at 1 */
	return true;
}
