/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control connections: from TCP segments to messages in the tracker.  See pipeline.h. */
#include <stdlib.h>

#include "analyzer/pipeline_private.h"
#include "conformance/flow.h"
#include "dissectors/cursor.h"

static unsigned host_of(const struct control_state *s, unsigned from)
{
	return from == FROM_CLIENT ? s->client : !s->client;
}

static void moment(struct control_state *s, enum moment_kind kind, unsigned from, const struct segment *seg)
{
	struct moment m = {
		.frame = seg->frame,
		.time_ns = seg->time_ns,
		.kind = (uint8_t)kind,
		.from = (uint8_t)host_of(s, from),
		.value = seg->len > UINT32_MAX ? UINT32_MAX : (uint32_t)seg->len,
	};

	tracker_moment(s->p->tracker, s->cc, &m);
}

/* Tells the judge of an event that is not a message. */
static void judged(struct control_state *s, enum event_kind kind, unsigned from, const struct segment *seg)
{
	const struct event e = {
		.kind = kind,
		.frame = seg->frame,
		.time_ns = seg->time_ns,
		.from = host_of(s, from),
		.tunnel = s->cc->tunnel,
		.connection = s->cc,
		.count = seg->len,
		.peer_acked = seg->peer_acked,
		.tcp_syn = s->conn->syn,
	};

	if (!s->p->judge)
		return;
	judge_clock(s->p->judge, s->p->time_ns);
	judge_event(s->p->judge, &e);
}

/* --- messages ----------------------------------------------------------------------------- */

static struct pipeline_where where(const struct control_state *s, unsigned from)
{
	return (struct pipeline_where){
		.src = &s->conn->addr[from],
		.dst = &s->conn->addr[!from],
		.src_port = s->conn->port[from],
		.dst_port = s->conn->port[!from],
		.datagram = s->p->segment,
	};
}

static void skipped(struct control_state *s, uint64_t frame, int64_t time_ns, uint64_t count, bool lost)
{
	struct pipeline_where w = where(s, s->from);

	if (!s->p->observer.skipped)
		return;
	w.frame = frame;
	w.frames = &w.frame;
	w.nframes = 1;
	w.time_ns = time_ns;
	s->p->observer.skipped(s->p->observer.ctx, &w, count, lost);
}

/* Judge first, apply after. */
static struct call *take_message(struct control_state *s, unsigned host, const struct ctrl_msg *msg,
				 const struct ctrl_origin *origin)
{
	struct tracker *t = s->p->tracker;
	struct event e = {
		.kind = EVENT_MESSAGE,
		.frame = origin->frame,
		.time_ns = origin->time_ns,
		.from = host,
		.tunnel = s->cc->tunnel,
		.connection = s->cc,
		.msg = msg,
		.origin = origin,
	};
	struct call *call;

	if (!s->p->judge)
		return tracker_message(t, s->cc, host, msg, origin, NULL);
	if (msg->desc && msg->desc->type >= CTRL_OCRQ) {
		e.call = tracker_match(t, s->cc, host, msg, &e.match);
		e.holder = tracker_holder(t, s->cc, host, msg);
	}
	judge_event(s->p->judge, &e);
	s->p->message = &e;
	call = tracker_message(t, s->cc, host, msg, origin, e.match == MATCH_ID ? e.call : NULL);
	s->p->message = NULL;
	/* Roles may have moved it to another tunnel. */
	e.tunnel = s->cc->tunnel;
	judge_applied(s->p->judge, &e, call);
	return call;
}

static struct pipeline_where where_message(const struct control_state *s, const struct ctrl_origin *origin)
{
	struct pipeline_where w = where(s, s->from);

	w.frames = origin->frames;
	w.nframes = origin->nframes;
	w.frame = origin->frame;
	w.time_ns = origin->time_ns;
	return w;
}

static void show_message(const struct control_state *s, const struct ctrl_msg *msg,
			 const struct ctrl_origin *origin)
{
	const struct pipeline_where w = where_message(s, origin);

	s->p->observer.control(s->p->observer.ctx, &w, msg);
}

static void show_applied(const struct control_state *s, const struct ctrl_msg *msg,
			 const struct ctrl_origin *origin, struct call *call)
{
	const struct pipeline_where w = where_message(s, origin);

	s->p->observer.applied(s->p->observer.ctx, &w, msg, s->cc, call);
}

static void on_skipped(struct control_state *s, unsigned host, const struct ctrl_origin *origin,
		       uint64_t count)
{
	struct segment at = { .frame = origin->frame, .time_ns = origin->time_ns, .len = count };

	judged(s, EVENT_SKIPPED, s->from, &at);
	if (!s->cc->bad_frame[host])
		s->cc->bad_frame[host] = origin->frame;
	s->cc->skipped[host] += count;
	moment(s, MOMENT_SKIPPED, s->from, &at);
	skipped(s, origin->frame, origin->time_ns, count, false);
}

static void on_stream(void *ctx, enum ctrl_stream_event ev, const struct ctrl_msg *msg,
		      const struct ctrl_origin *origin, uint64_t count)
{
	struct control_state *s = ctx;
	unsigned host = host_of(s, s->from);
	struct call *call;

	if (ev == CTRL_STREAM_SKIPPED) {
		on_skipped(s, host, origin, count);
		return;
	}
	if (s->p->observer.control)
		show_message(s, msg, origin);
	call = take_message(s, host, msg, origin);
	if (s->p->observer.applied)
		show_applied(s, msg, origin, call);
}

/* --- the life of a connection ------------------------------------------------------------- */

static void heard(struct control_state *s, const struct segment *seg)
{
	unsigned host = host_of(s, seg->from);

	if (seg->time_ns < s->cc->heard_time[host])
		return;
	s->cc->heard_time[host] = seg->time_ns;
	s->cc->heard_frame[host] = seg->frame;
}

static void opened(struct pipeline *p, struct conn_info *conn, const struct segment *seg)
{
	struct control_state *s;
	struct tunnel *tunnel;
	unsigned client;

	tunnel = tracker_tunnel(p->tracker, conn->context, &conn->addr[FROM_CLIENT], &conn->addr[FROM_SERVER],
				&client);
	if (!tunnel)
		return;
	s = pool_get(&p->control_pool);
	if (!s)
		return;
	s->p = p;
	s->conn = conn;
	s->tunnel = tunnel;
	s->client = (uint8_t)client;
	s->cc = tracker_connection(p->tracker, tunnel, client, seg->frame, seg->time_ns);
	if (!s->cc) {
		pool_put(&p->control_pool, s);
		return;
	}
	conn->user = s;
	conn->tell_acks = p->judge;
	s->cc->port[0] = conn->port[FROM_CLIENT];
	s->cc->port[1] = conn->port[FROM_SERVER];
	s->cc->detected =
		!port_in(p->control_ports, conn->port[0]) && !port_in(p->control_ports, conn->port[1]);
	s->cc->midstream = conn->midstream;
	s->cc->seen[client] = conn->seen[FROM_CLIENT];
	s->cc->seen[!client] = conn->seen[FROM_SERVER];
	if (conn->midstream) {
		s->cc->state = CONNECTION_UNKNOWN;
		ctrl_stream_midstream(&s->stream[0]);
		ctrl_stream_midstream(&s->stream[1]);
	}
	heard(s, seg);
	if (p->observer.connection_open)
		p->observer.connection_open(p->observer.ctx, s->cc);
	judged(s, EVENT_OPEN, seg->from, seg);
	/* A SYN-ACK is told of once more, as such. */
	if (conn->midstream || conn->syn)
		moment(s, conn->midstream ? MOMENT_MIDSTREAM : MOMENT_SYN, seg->from, seg);
}

static void gap(struct control_state *s, const struct segment *seg)
{
	unsigned host = host_of(s, seg->from);

	judged(s, EVENT_GAP, seg->from, seg);
	s->cc->lost[host] += seg->len;
	s->cc->gaps++;
	moment(s, MOMENT_GAP, seg->from, seg);
	skipped(s, seg->frame, seg->time_ns, seg->len, true);
	ctrl_stream_gap(&s->stream[seg->from], seg->len, on_stream, s);
}

static void closing(struct control_state *s, const struct segment *seg)
{
	bool reset = seg->kind == SEGMENT_RST;
	struct segment at = *seg;

	if (!reset && !s->stream[seg->from].searching)
		at.len = s->delivered[seg->from] - s->stream[seg->from].position;
	judged(s, reset ? EVENT_RST : EVENT_FIN, seg->from, &at);
	s->cc->reset_first |= reset && s->cc->closed_by < 0;
	if (s->cc->closed_by < 0)
		s->cc->closed_by = (int)host_of(s, seg->from);
	if (reset && seg->from == FROM_SERVER && s->conn->syn && !s->conn->synack &&
	    !s->conn->segments[FROM_SERVER])
		s->cc->tcp_refused = true;
	moment(s, reset ? MOMENT_RST : MOMENT_FIN, seg->from, seg);
	s->fin[seg->from] |= !reset;
}

static void tcp_facts(struct control_state *s, const struct conn_info *conn)
{
	for (unsigned from = 0; from < 2; from++) {
		s->cc->seen[host_of(s, from)] = conn->seen[from];
		s->cc->acked[host_of(s, from)] = conn->acked[from];
		s->cc->acked_time[host_of(s, from)] = conn->acked_time[from];
		s->cc->retransmitted[host_of(s, from)] = (uint32_t)conn->retransmitted[from];
	}
	s->cc->accepted = conn->established;
	s->cc->disordered |=
		conn->acked[0] > s->delivered[1] + s->fin[1] || conn->acked[1] > s->delivered[0] + s->fin[0];
}

static enum connection_close close_of(enum conn_end end)
{
	switch (end) {
	case CONN_FIN:
		return CLOSE_FIN;
	case CONN_RST:
		return CLOSE_RST;
	case CONN_IDLE:
		return CLOSE_IDLE;
	case CONN_REUSED:
		return CLOSE_REUSED;
	case CONN_EVICTED:
		return CLOSE_EVICTED;
	case CONN_CAPTURE_END:
		break;
	}
	return CLOSE_NONE;
}

static void ended(struct control_state *s, const struct segment *seg)
{
	const struct conn_info *conn = s->conn;
	struct control_connection *cc = s->cc;
	bool by_peer = seg->end == CONN_FIN || seg->end == CONN_RST || seg->end == CONN_REUSED;

	for (unsigned from = 0; from < 2; from++) {
		s->from = (uint8_t)from;
		ctrl_stream_end(&s->stream[from], !by_peer, on_stream, s);
		ctrl_stream_clear(&s->stream[from]);
		cc->bad_checksums += (uint32_t)conn->bad_checksums[from];
		cc->offload_checksums += (uint32_t)conn->offload_checksums[from];
	}
	cc->originator_certain = conn->direction_certain;
	cc->midstream = conn->midstream;
	if (conn->last_frame > cc->last_frame) {
		cc->last_frame = conn->last_frame;
		cc->last_time = conn->last_time;
	}
	if (cc->closed_by < 0)
		cc->closed_by = cc->stopped_by;
	cc->complete = conn->syn && conn->synack && !cc->gaps && conn->seen[0] && conn->seen[1] &&
		       (seg->end == CONN_FIN || seg->end == CONN_RST);
	cc->close = close_of(seg->end);
	cc->watched_time = cc->close == CLOSE_NONE ? s->p->time_ns : cc->last_time;
	judged(s, EVENT_CLOSE, seg->from, seg);
	tracker_connection_end(s->p->tracker, cc, cc->close, cc->last_time);
	s->conn->user = NULL;
	pool_put(&s->p->control_pool, s);
}

void control_segment(void *ctx, struct conn_info *conn, const struct segment *seg)
{
	struct pipeline *p = ctx;
	struct control_state *s = conn->user;

	if (seg->kind == SEGMENT_OPEN) {
		opened(p, conn, seg);
		return;
	}
	if (!s)
		return;
	s->from = (uint8_t)seg->from;
	if (seg->kind == SEGMENT_DATA || seg->kind == SEGMENT_GAP)
		s->delivered[seg->from] = seg->position + seg->len;
	tcp_facts(s, conn);
	if (seg->kind != SEGMENT_GAP && seg->kind != SEGMENT_END)
		heard(s, seg);
	switch (seg->kind) {
	case SEGMENT_SYNACK:
		moment(s, MOMENT_SYNACK, seg->from, seg);
		break;
	case SEGMENT_DATA:
		ctrl_stream_feed(&s->stream[seg->from], seg->octets, seg->len, seg->frame, seg->time_ns,
				 seg->peer_acked, seg->segment_start, on_stream, s);
		break;
	case SEGMENT_GAP:
		gap(s, seg);
		break;
	case SEGMENT_FIN:
	case SEGMENT_RST:
		closing(s, seg);
		break;
	case SEGMENT_END:
		ended(s, seg);
		break;
	case SEGMENT_OPEN:
	case SEGMENT_RETRANSMIT:
	case SEGMENT_ACK:
		break;
	}
}

/* --- which segments are of control connections --------------------------------------------- */

static bool looks_like_control(const struct tcp_segment *t)
{
	struct cursor c = cursor_on(t->payload, t->caplen);
	uint16_t length = cursor_u16(&c), message_type = cursor_u16(&c);

	return cursor_u32(&c) == CTRL_MAGIC && message_type == 1 && length >= CTRL_HEADER &&
	       length <= CTRL_LENGTH_LIMIT;
}

static struct early_syn *early_slot(struct pipeline *p, const struct datagram *d, const struct tcp_segment *t,
				    bool reply)
{
	const struct ip_addr *client = reply ? &d->dst : &d->src, *server = reply ? &d->src : &d->dst;
	uint16_t client_port = reply ? t->dst_port : t->src_port,
		 server_port = reply ? t->src_port : t->dst_port;
	uint64_t h = d->context;

	for (unsigned i = 0; i < 16; i++)
		h = h * 31 + client->octet[i] + server->octet[i] * UINT64_C(0x10001);
	h = (h * 65537 + client_port) * 65537 + server_port;
	h *= UINT64_C(0x9e3779b97f4a7c15);
	/* The SYN and its answer lie side by side. */
	return &p->syns[(h >> 40 & (SYNS / 2 - 1)) * 2 + reply];
}

static void early_keep(struct pipeline *p, const struct datagram *d, const struct tcp_segment *t)
{
	struct early_syn *e;

	if (!p->syns)
		p->syns = calloc(SYNS, sizeof(*p->syns));
	if (!p->syns)
		return;
	e = early_slot(p, d, t, t->flags & TCP_ACK);
	*e = (struct early_syn){ *d, *t, p->frame, p->time_ns };
	e->datagram.payload = e->segment.payload = NULL;
	e->datagram.caplen = e->segment.caplen = e->segment.len = 0;
}

static bool same_ends(const struct early_syn *e, const struct datagram *d, const struct tcp_segment *t,
		      bool reversed)
{
	const struct ip_addr *src = reversed ? &d->dst : &d->src, *dst = reversed ? &d->src : &d->dst;

	return e->frame && e->datagram.context == d->context && ip_addr_cmp(&e->datagram.src, src) == 0 &&
	       ip_addr_cmp(&e->datagram.dst, dst) == 0 &&
	       e->segment.src_port == (reversed ? t->dst_port : t->src_port) &&
	       e->segment.dst_port == (reversed ? t->src_port : t->dst_port);
}

/* The connection has turned out to be PPTP: its handshake comes first, as it was. */
static void early_feed(struct pipeline *p, const struct datagram *d, const struct tcp_segment *t)
{
	for (unsigned i = 0; p->syns && i < 4; i++) {
		bool server_speaks = i & 1, reply = i & 2;
		struct early_syn *e = early_slot(p, d, t, server_speaks);
		struct reassembly_place at;

		e += (int)reply - (int)server_speaks;
		if (!same_ends(e, d, t, server_speaks != reply))
			continue;
		at = reassembly_look(p->reassembly, &e->datagram, e->segment.src_port, e->segment.dst_port,
				     e->time_ns);
		reassembly_feed(p->reassembly, at, &e->datagram, &e->segment, e->frame, 0, true);
		/* It was counted as something else, unless that was in the capture before. */
		if (FRAME_CAPTURE(e->frame) == FRAME_CAPTURE(p->frame)) {
			p->counts.control++;
			p->counts.unseen[UNSEEN_OTHER_TCP]--;
		}
		e->frame = 0;
	}
}

static struct reassembly_place place_of(struct pipeline *p, const struct datagram *d,
					const struct tcp_segment *t)
{
	return reassembly_look(p->reassembly, d, t->src_port, t->dst_port, p->time_ns);
}

/* Only here the checksum is looked at: most TCP of a capture does not come this far. */
static enum unseen feed(struct pipeline *p, struct reassembly_place at, const struct datagram *d,
			struct tcp_segment *t, unsigned server_hint, bool create)
{
	enum unseen why;

	if (p->judge)
		judge_time(p->judge, p->time_ns);
	t->checksum = tcp_verify(d);
	why = reassembly_feed(p->reassembly, at, d, t, p->frame, server_hint, create);
	p->counts.offload += t->checksum == TCP_SUM_OFFLOAD && why != UNSEEN_OTHER_TCP;
	return why;
}

static NOT_IN_THE_WAY enum unseen other_port(struct pipeline *p, const struct datagram *d,
					     struct tcp_segment *t)
{
	bool create = looks_like_control(t);
	bool maybe = port_in(p->detected_ports, t->src_port) || port_in(p->detected_ports, t->dst_port);
	struct reassembly_place at = { 0 };

	if (create || maybe)
		at = place_of(p, d, t);
	if (!create && t->flags & TCP_SYN && !at.conn)
		early_keep(p, d, t);
	if (!create && !maybe)
		return UNSEEN_OTHER_TCP;
	if (create && !at.conn) {
		port_add(p->detected_ports, t->src_port);
		port_add(p->detected_ports, t->dst_port);
		early_feed(p, d, t);
		at = place_of(p, d, t);
	}
	return feed(p, at, d, t, 0, create);
}

static NOT_IN_THE_WAY struct tunnel *tunnel_of(struct pipeline *p, const struct datagram *d)
{
	unsigned from;

	return tracker_tunnel(p->tracker, d->context, &d->src, &d->dst, &from);
}

/* Whether a mirror port made this segment; conn: its connection, as far as it is known. */
static inline bool copied(struct pipeline *p, const struct conn_info *conn, const struct datagram *d)
{
	const struct control_state *s = conn ? conn->user : NULL;
	struct tunnel *tunnel = s ? s->tunnel : tunnel_of(p, d);
	enum mirror_verdict verdict;

	if (!tunnel)
		return false;
	verdict = mirror_judge(p->mirror, tunnel, d, p->time_ns);
	return verdict != MIRROR_ORIGINAL && pipeline_copied(p, tunnel, verdict);
}

/* What could not be decoded is of a control connection by its ports, if they are there. */
static NOT_IN_THE_WAY enum unseen damaged_packet(struct pipeline *p, const struct datagram *d,
						 enum unseen why)
{
	uint16_t src, dst;

	if (!tcp_ports(d, &src, &dst))
		return UNSEEN_CUT;
	if (!port_in(p->control_ports, src) && !port_in(p->control_ports, dst))
		return UNSEEN_OTHER_TCP;
	return copied(p, NULL, d) ? UNSEEN_MIRROR : why;
}

enum unseen control_packet(struct pipeline *p, const struct datagram *d)
{
	enum { FROM_SERVER_PORT = 1, TO_SERVER_PORT = 2, BOTH = 3 }; /* the first two: as server_hint */
	struct reassembly_place at;
	struct tcp_segment t;
	enum unseen why = tcp_header(d, &t);
	unsigned ports = 0;

	if (why != UNSEEN_NONE)
		return damaged_packet(p, d, why);
	ports |= port_in(p->control_ports, t.src_port) ? FROM_SERVER_PORT : 0;
	ports |= port_in(p->control_ports, t.dst_port) ? TO_SERVER_PORT : 0;
	if (!ports)
		return other_port(p, d, &t);
	at = place_of(p, d, &t);
	if (copied(p, at.conn, d))
		return UNSEEN_MIRROR;
	why = feed(p, at, d, &t, ports == BOTH ? 0 : ports, true);
	/* What follows a connection that is over is of a control connection all the same. */
	return why == UNSEEN_OTHER_TCP ? UNSEEN_NONE : why;
}

bool control_icmp(struct pipeline *p, uint32_t context, const struct ip_addr *src, uint16_t src_port,
		  const struct ip_addr *dst, uint16_t dst_port)
{
	const struct conn_info *conn = reassembly_find(p->reassembly, context, src, src_port, dst, dst_port);
	struct segment at = { .frame = p->frame, .time_ns = p->time_ns };
	struct control_state *s = conn ? conn->user : NULL;

	if (!s)
		return port_in(p->control_ports, src_port) || port_in(p->control_ports, dst_port);
	moment(s, MOMENT_ICMP, ip_addr_cmp(src, &conn->addr[FROM_CLIENT]) == 0 ? FROM_CLIENT : FROM_SERVER,
	       &at);
	return true;
}
