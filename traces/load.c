/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Load captures: calls that carry GRE, and control connections that come and go, by the million.
 *
 * Time is virtual.  Calls come first, then the connections; nothing but the seed is random, and
 * what is not asked for by the *_permille of the specification breaks no rule of RFC 2637.
 */
#include "traces/script.h"

#include <stdio.h>
#include <stdlib.h>

#include "dissectors/ctrl.h"
#include "dissectors/cursor.h"
#include "dissectors/gre.h"
#include "dissectors/ip.h"
#include "dissectors/ppp.h"
#include "dissectors/tcp.h"

#define MILLISECOND ((int64_t)1000000)
#define SECOND (1000 * MILLISECOND)

enum {
	PNS,
	PAC,
	PAYLOAD_MIN = 12, /* an LCP packet with a Magic-Number */
	PAYLOAD_MAX = 1532,
	INNER_HEADER = 20,
	INNER_PROTOCOL = 253,
	PPP_HEADER = 4,
	CALLS_PER_PAIR = 65535,
	HOSTS_MAX = 1 << 22, /* of each kind: their addresses are 22 bits below a prefix */
	ACK_ALONE_EACH = 8,  /* one packet in so many is an acknowledgment without data */
	PORT_FIRST = 1024,
	PORTS = 60000,
	SEGMENT_ROOM = 512,
	FRAME_ROOM = PAYLOAD_MAX + 128,
};

/* Everything shall happen while no keep-alive is due: GRE takes at most this long. */
static const int64_t gre_most = 40 * SECOND;
static const int64_t start_ns = INT64_C(1767225600) * SECOND; /* 2026-01-01T00:00:00Z */

/* Prefixes of host addresses, 10 bits each. */
enum { NET_PAC = 0x0a000000, NET_PNS = 0x0a400000, NET_CONN_PAC = 0x0a800000, NET_CONN_PNS = 0x0ac00000 };

/* A TCP connection: next sequence number of each end. */
struct stream {
	uint32_t seq[2];
	uint16_t port; /* of the PNS, which originates */
};

struct load_call {
	uint32_t next[2], heard[2];
	bool has_heard[2];
	bool swapped[2]; /* the number before `next` is still to be sent */
	uint8_t sent;
};

/* A control connection in progress. */
struct slot {
	struct stream tcp;
	struct slot *next;
	int64_t time;
	uint32_t number, generation;
	unsigned step;
};

struct queue {
	struct slot *first, **last;
};

struct load {
	const struct load_spec *spec;
	struct writer *w;
	int64_t now, spacing;
	uint64_t random;
	uint32_t ip_id;
	struct load_call *calls;
	struct stream *streams;
	uint8_t payload[PAYLOAD_MAX];
	uint8_t packet[FRAME_ROOM], frame[FRAME_ROOM];
};

/* --- frames ------------------------------------------------------------------------------ */

/* Octets of a segment without any: a pointer to add to must not be NULL. */
static const uint8_t nothing[1];

static struct ip_addr host(uint32_t net, uint64_t number)
{
	struct ip_addr a = { .octet = { [10] = 0xff, [11] = 0xff } };
	struct wcursor w = wcursor_on(a.octet + 12, 4);

	/* Neither .0 nor .255 of the prefix itself */
	wcursor_uint(&w, net + (uint32_t)number + 1, 4);
	return a;
}

static bool frame_write(struct load *l, size_t len)
{
	int64_t time = l->now;

	l->now += l->spacing;
	return len && writer_frame(l->w, start_ns + time, l->frame, (uint32_t)len, (uint32_t)len);
}

static struct frame_spec spec_for(struct load *l, unsigned side, const struct ip_addr ends[2])
{
	return (struct frame_spec){ .src = ends[side], .dst = ends[!side], .ip_id = (uint16_t)++l->ip_id };
}

static bool segment_write(struct load *l, struct stream *t, const struct ip_addr ends[2], unsigned side,
			  uint8_t flags, const uint8_t *octets, size_t len)
{
	struct frame_spec f = spec_for(l, side, ends);
	uint16_t port[2] = { t->port, CTRL_PORT };
	size_t n = frame_tcp(&f, port[side], port[!side], t->seq[side], flags & TCP_ACK ? t->seq[!side] : 0,
			     flags, octets, len, l->frame, sizeof(l->frame));

	t->seq[side] += (uint32_t)len + !!(flags & (TCP_SYN | TCP_FIN));
	return frame_write(l, n);
}

static bool packet_write(struct load *l, const struct ip_addr ends[2], unsigned side, const struct gre_pkt *g,
			 const uint8_t *payload)
{
	struct frame_spec f = spec_for(l, side, ends);
	size_t n = gre_encode(g, payload, g->payload_length, l->packet, sizeof(l->packet));

	f.protocol = IP_PROTO_GRE;
	return frame_write(l, frame_build(&f, l->packet, n, l->frame, sizeof(l->frame)));
}

/* --- messages ---------------------------------------------------------------------------- */

/* What the fields of a message are about. */
struct about {
	uint16_t call_id[2], serial;
	uint32_t echo;
};

struct setting {
	const char *field;
	uint32_t value;
};

/* Every correct message of a load; a field that a message does not have is passed over. */
static void fields_set(const struct ctrl_desc *d, unsigned side, const struct about *a,
		       uint32_t value[CTRL_FIELDS_MAX])
{
	const struct setting settings[] = {
		{ "protocol_version", 0x100 },
		{ "framing_capabilities", 3 },
		{ "bearer_capabilities", 3 },
		{ "maximum_channels", side == PAC ? 65535 : 0 },
		{ "firmware_revision", 1 },
		{ "result_code", d->type == CTRL_CDN ? 4 : 1 },
		{ "reason", 1 },
		{ "identifier", a->echo },
		{ "call_id", a->call_id[side] },
		{ "peer_call_id", a->call_id[!side] },
		{ "call_serial_number", a->serial },
		{ "minimum_bps", 300 },
		{ "maximum_bps", 100000000 },
		{ "bearer_type", 3 },
		{ "framing_type", 3 },
		{ "packet_recv_window_size", 64 },
		{ "connect_speed", 10000000 },
		{ "send_accm", 0xffffffff },
		{ "receive_accm", 0xffffffff },
	};

	ctrl_defaults(d, value);
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		int row = ctrl_field_index(d, settings[i].field);

		if (row >= 0)
			value[row] = settings[i].value;
	}
}

static bool message_write(struct load *l, struct stream *t, const struct ip_addr ends[2], unsigned side,
			  enum ctrl_type type, const struct about *a)
{
	static const uint8_t host_name[2][64] = { "pns.example", "pac.example" }, vendor[64] = "pptpscope";
	const struct ctrl_desc *d = ctrl_desc_of(type);
	const uint8_t *text[CTRL_FIELDS_MAX] = { NULL };
	uint32_t value[CTRL_FIELDS_MAX];
	uint8_t octets[CTRL_MAX];
	int row;

	fields_set(d, side, a, value);
	row = ctrl_field_index(d, "host_name");
	if (row >= 0) {
		text[row] = host_name[side];
		text[row + 1] = vendor;
	}
	return segment_write(l, t, ends, side, TCP_PSH | TCP_ACK, octets,
			     ctrl_encode(d, value, text, octets, sizeof(octets)));
}

static bool handshake_write(struct load *l, struct stream *t, const struct ip_addr ends[2])
{
	return segment_write(l, t, ends, PNS, TCP_SYN, nothing, 0) &&
	       segment_write(l, t, ends, PAC, TCP_SYN | TCP_ACK, nothing, 0) &&
	       segment_write(l, t, ends, PNS, TCP_ACK, nothing, 0);
}

static bool close_write(struct load *l, struct stream *t, const struct ip_addr ends[2])
{
	return segment_write(l, t, ends, PNS, TCP_FIN | TCP_ACK, nothing, 0) &&
	       segment_write(l, t, ends, PAC, TCP_FIN | TCP_ACK, nothing, 0) &&
	       segment_write(l, t, ends, PNS, TCP_ACK, nothing, 0);
}

/* --- calls ------------------------------------------------------------------------------- */

static uint32_t random_below(struct load *l, uint64_t n)
{
	l->random ^= l->random << 13;
	l->random ^= l->random >> 7;
	l->random ^= l->random << 17;
	return (uint32_t)((l->random >> 11) % n);
}

/* FF 03, then an IPv4 packet where there is room for one, else an LCP Discard-Request. */
static void payload_make(struct load *l)
{
	struct wcursor w = wcursor_on(l->payload, l->spec->payload);
	uint32_t len = l->spec->payload - PPP_HEADER;
	bool inner = len >= INNER_HEADER;
	uint8_t *header;

	wcursor_uint(&w, 0xff03, 2);
	wcursor_uint(&w, inner ? PPP_IP : PPP_LCP, 2);
	wcursor_uint(&w, inner ? 0x4500 : 0x0b00, 2); /* code 11, identifier 0 */
	wcursor_uint(&w, len, 2);
	if (inner) {
		header = l->payload + PPP_HEADER;
		wcursor_uint(&w, 0, 4);
		wcursor_uint(&w, 64 << 8 | INNER_PROTOCOL, 2);
		wcursor_uint(&w, 0, 2);
		wcursor_uint(&w, 0xac1f0002, 4);
		wcursor_uint(&w, 0xac1f0001, 4);
		w = wcursor_on(header + 10, 2);
		wcursor_uint(&w, (uint16_t)~ip_checksum_fold(ip_checksum_add(0, header, INNER_HEADER)), 2);
		w = wcursor_on(header + INNER_HEADER, len - INNER_HEADER);
	}
	if (!inner)
		wcursor_uint(&w, 0, 4);
	for (uint32_t i = 0; !w.overrun; i++)
		wcursor_uint(&w, 'a' + i % 26, 1);
}

static void pair_ends(uint64_t pair, struct ip_addr ends[2])
{
	ends[PNS] = host(NET_PNS, pair);
	ends[PAC] = host(NET_PAC, pair);
}

/* Call IDs of a call: the two differ, and no call of a pair shares either. */
static struct about call_about(const struct load *l, uint64_t call)
{
	uint64_t n = call / l->spec->pairs;

	return (struct about){ .call_id = { (uint16_t)n, (uint16_t)(n + 1) }, .serial = (uint16_t)n };
}

static bool calls_setup(struct load *l)
{
	struct about a;
	struct ip_addr ends[2];
	bool ok = true;

	for (uint64_t p = 0; ok && p < l->spec->pairs; p++) {
		struct stream *t = &l->streams[p];

		pair_ends(p, ends);
		*t = (struct stream){ { 1000, 500000 }, PORT_FIRST };
		a = (struct about){ .echo = 0 };
		ok = handshake_write(l, t, ends) && message_write(l, t, ends, PNS, CTRL_SCCRQ, &a) &&
		     message_write(l, t, ends, PAC, CTRL_SCCRP, &a);
		for (uint64_t c = p; ok && c < l->spec->calls; c += l->spec->pairs) {
			a = call_about(l, c);
			ok = message_write(l, t, ends, PNS, CTRL_OCRQ, &a) &&
			     message_write(l, t, ends, PAC, CTRL_OCRP, &a);
		}
	}
	return ok;
}

static bool calls_end(struct load *l)
{
	const struct about a = { .echo = 0 };
	struct ip_addr ends[2];
	bool ok = true;

	for (uint64_t p = 0; ok && p < l->spec->pairs; p++) {
		struct stream *t = &l->streams[p];

		pair_ends(p, ends);
		ok = message_write(l, t, ends, PNS, CTRL_STOPRQ, &a) &&
		     message_write(l, t, ends, PAC, CTRL_STOPRP, &a) && close_write(l, t, ends);
	}
	return ok;
}

static bool chance(struct load *l, uint32_t permille)
{
	return permille && random_below(l, 1000) < permille;
}

/*
 * The number of the next data packet.  Two that change places are sent as n + 1, n; a lost one is
 * not written at all.
 */
static uint32_t number_next(struct load *l, struct load_call *c, unsigned side)
{
	if (c->swapped[side]) {
		c->swapped[side] = false;
		return c->next[side]++ - 1;
	}
	if (chance(l, l->spec->loss_permille))
		c->next[side]++;
	if (chance(l, l->spec->reorder_permille)) {
		c->swapped[side] = true;
		c->next[side]++;
	}
	return c->swapped[side] ? c->next[side] : c->next[side]++;
}

static void numbers_next(struct load *l, struct load_call *c, unsigned side, struct gre_pkt *g)
{
	bool alone = c->has_heard[side] && ++c->sent % ACK_ALONE_EACH == 0;

	if (c->has_heard[side]) {
		g->flags |= GRE_A;
		g->ack = c->heard[side];
	}
	if (alone)
		return;
	g->flags |= GRE_S;
	g->seq = number_next(l, c, side);
	g->payload_length = (uint16_t)l->spec->payload;
	if (!c->has_heard[!side] || (int32_t)(g->seq - c->heard[!side]) > 0)
		c->heard[!side] = g->seq;
	c->has_heard[!side] = true;
}

/* Writes a packet of a call, perhaps twice; *left counts down. */
static bool call_packet(struct load *l, uint64_t call, unsigned side, uint64_t *left)
{
	struct gre_pkt g = { .flags = GRE_K | 1, .protocol = GRE_PROTO_PPP };
	struct about a = call_about(l, call);
	struct ip_addr ends[2];
	unsigned copies;

	pair_ends(call % l->spec->pairs, ends);
	g.call_id = a.call_id[!side];
	numbers_next(l, &l->calls[call], side, &g);
	copies = chance(l, l->spec->duplicate_permille) ? 2 : 1;
	for (; copies && *left; copies--, (*left)--)
		if (!packet_write(l, ends, side, &g, l->payload))
			return false;
	return true;
}

/* All calls in turn, then all of them the other way; or any call, any way. */
static bool calls_packets(struct load *l)
{
	uint64_t left = l->spec->packets, call = 0;
	unsigned side = PNS;

	while (left) {
		if (l->spec->random_order) {
			call = random_below(l, l->spec->calls);
			side = random_below(l, 2);
		}
		if (!call_packet(l, call, side, &left))
			return false;
		if (!l->spec->random_order && ++call == l->spec->calls) {
			call = 0;
			side = !side;
		}
	}
	return true;
}

static bool calls_load(struct load *l)
{
	const struct load_spec *s = l->spec;

	if (!s->calls)
		return true;
	l->spacing = s->packets ? gre_most / (int64_t)s->packets : 1000;
	if (l->spacing > 1000)
		l->spacing = 1000; /* a million packets a second */
	if (l->spacing < 1)
		l->spacing = 1;
	payload_make(l);
	if (s->control && !calls_setup(l))
		return false;
	if (!calls_packets(l))
		return false;
	return !s->control || calls_end(l);
}

/* --- connections that come and go -------------------------------------------------------- */

/* A conversation step by step: a message, or flags of a bare segment, or a GRE packet. */
static const struct step {
	uint8_t side;
	uint8_t type;  /* of a message, or 0 */
	uint8_t flags; /* of a segment without octets, or 0: GRE */
	bool idle;     /* a minute passes before it */
} steps[] = {
	{ PNS, 0, TCP_SYN, false },
	{ PAC, 0, TCP_SYN | TCP_ACK, false },
	{ PNS, 0, TCP_ACK, false },
	{ PNS, CTRL_SCCRQ, 0, false },
	{ PAC, CTRL_SCCRP, 0, false },
	{ PNS, 0, TCP_ACK, false },
	{ PNS, CTRL_OCRQ, 0, false },
	{ PAC, CTRL_OCRP, 0, false },
	{ PNS, CTRL_SLI, 0, false },
	{ PAC, 0, TCP_ACK, false },
	{ PNS, 0, 0, false },
	{ PAC, 0, 0, false },
	{ PNS, CTRL_ECHORQ, 0, true },
	{ PAC, CTRL_ECHORP, 0, false },
	{ PNS, 0, TCP_ACK, false },
	{ PNS, CTRL_CCRQ, 0, false },
	{ PAC, CTRL_CDN, 0, false },
	{ PNS, 0, TCP_ACK, false },
	{ PNS, CTRL_STOPRQ, 0, false },
	{ PAC, CTRL_STOPRP, 0, false },
	{ PNS, 0, TCP_FIN | TCP_ACK, false },
	{ PAC, 0, TCP_FIN | TCP_ACK, false },
	{ PNS, 0, TCP_ACK, false },
};

enum { STEPS = sizeof(steps) / sizeof(*steps) };

static const int64_t step_time = 10 * MILLISECOND, idle_time = 60500 * MILLISECOND;

static bool step_gre(struct load *l, const struct ip_addr ends[2], unsigned side, const struct about *a)
{
	/* An LCP Configure-Request without options, from each end */
	static const uint8_t lcp[] = { 0xff, 0x03, 0xc0, 0x21, 1, 1, 0, 4 };
	struct gre_pkt g = { .flags = GRE_K | GRE_S | 1,
			     .protocol = GRE_PROTO_PPP,
			     .payload_length = sizeof(lcp),
			     .call_id = a->call_id[!side] };

	if (side == PAC)
		g.flags |= GRE_A; /* of the packet from the PNS, number 0 */
	return packet_write(l, ends, side, &g, lcp);
}

static bool slot_step(struct load *l, struct slot *s)
{
	const struct step *p = &steps[s->step++];
	const struct ip_addr ends[2] = { host(NET_CONN_PNS, s->number), host(NET_CONN_PAC, s->number) };
	uint16_t n = (uint16_t)s->generation;
	const struct about a = { .call_id = { n, (uint16_t)(n + 1) }, .serial = n, .echo = 1 };

	if (p->type)
		return message_write(l, &s->tcp, ends, p->side, p->type, &a);
	if (p->flags)
		return segment_write(l, &s->tcp, ends, p->side, p->flags, nothing, 0);
	return step_gre(l, ends, p->side, &a);
}

static void slot_begin(struct slot *s)
{
	s->step = 0;
	s->tcp = (struct stream){ { s->generation * 100000 + 1000, s->generation * 100000 + 50000 },
				  (uint16_t)(PORT_FIRST + s->generation % PORTS) };
}

static void queue_add(struct queue *q, struct slot *s)
{
	s->next = NULL;
	*q->last = s;
	q->last = &s->next;
}

static struct slot *queue_take(struct queue *q)
{
	struct slot *s = q->first;

	q->first = s->next;
	if (!q->first)
		q->last = &q->first;
	return s;
}

/* Slots that wait a short time and those that wait long: each queue is in order of time. */
static struct slot *slot_next(struct queue queues[2])
{
	if (!queues[0].first && !queues[1].first)
		return NULL;
	if (!queues[1].first)
		return queue_take(&queues[0]);
	if (!queues[0].first || queues[1].first->time < queues[0].first->time)
		return queue_take(&queues[1]);
	return queue_take(&queues[0]);
}

static bool slots_run(struct load *l, struct slot *slots, uint64_t live)
{
	struct queue queues[2] = { { NULL, &queues[0].first }, { NULL, &queues[1].first } };
	uint64_t begun = live;
	struct slot *s;

	for (uint64_t i = 0; i < live; i++) {
		slots[i].number = (uint32_t)i;
		slots[i].time = l->now + (int64_t)i * step_time / (int64_t)live;
		slot_begin(&slots[i]);
		queue_add(&queues[0], &slots[i]);
	}
	while ((s = slot_next(queues))) {
		if (s->time > l->now)
			l->now = s->time;
		if (!slot_step(l, s))
			return false;
		if (s->step == STEPS) {
			if (begun == l->spec->connections)
				continue;
			begun++;
			s->generation++;
			slot_begin(s);
		}
		s->time += steps[s->step].idle ? idle_time : step_time;
		queue_add(&queues[steps[s->step].idle], s);
	}
	return true;
}

static bool connections_load(struct load *l)
{
	uint64_t live = l->spec->live < l->spec->connections ? l->spec->live : l->spec->connections;
	struct slot *slots;
	bool ok;

	if (!live)
		return true;
	slots = calloc(live, sizeof(*slots));
	if (!slots)
		return false;
	l->spacing = 100; /* steps of many connections may fall on one moment */
	l->now += SECOND;
	ok = slots_run(l, slots, live);
	free(slots);
	return ok;
}

/* --- the whole --------------------------------------------------------------------------- */

/* What is wrong with a specification, or NULL. */
static const char *spec_fault(const struct load_spec *s)
{
	if (!s->calls && !s->connections)
		return "neither calls nor connections are wanted";
	if (s->connections && !s->live)
		return "connections need a number that lives at a time";
	if (s->live > HOSTS_MAX || s->pairs > HOSTS_MAX)
		return "more than 4194304 host pairs";
	if (!s->calls && s->packets)
		return "packets need calls";
	if (s->calls && !s->pairs)
		return "calls need a host pair";
	if (s->calls && s->pairs > s->calls)
		return "more host pairs than calls";
	if (s->calls && (s->calls + s->pairs - 1) / s->pairs > CALLS_PER_PAIR)
		return "more than 65535 calls of a host pair";
	if (s->calls && (s->payload < PAYLOAD_MIN || s->payload > PAYLOAD_MAX))
		return "payload is 12 to 1532 octets";
	if (s->loss_permille > 1000 || s->reorder_permille > 1000 || s->duplicate_permille > 1000)
		return "more than 1000 permille";
	return NULL;
}

static bool load_run(struct load *l, char *err, size_t room)
{
	const struct load_spec *s = l->spec;
	bool ok;

	l->calls = calloc(s->calls + 1, sizeof(*l->calls));
	l->streams = calloc(s->control ? s->pairs + 1 : 1, sizeof(*l->streams));
	ok = l->calls && l->streams && calls_load(l) && connections_load(l);
	free(l->calls);
	free(l->streams);
	if (!ok)
		snprintf(err, room, "%s", *writer_error(l->w) ? writer_error(l->w) : "out of memory");
	return ok;
}

bool load_make(const struct load_spec *spec, const char *out_path, char *err, size_t room)
{
	const char *fault = spec_fault(spec);
	struct load *l;
	bool ok;

	if (fault) {
		snprintf(err, room, "load: %s", fault);
		return false;
	}
	l = calloc(1, sizeof(*l));
	if (!l) {
		snprintf(err, room, "out of memory");
		return false;
	}
	l->spec = spec;
	l->random = spec->seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
	l->w = writer_open(out_path, LINK_ETHERNET, 0, true, err, room);
	ok = l->w && load_run(l, err, room);
	if (l->w && !writer_close(l->w) && ok) {
		snprintf(err, room, "%s: cannot write", out_path);
		ok = false;
	}
	free(l);
	return ok;
}
