/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets: from a frame to GRE or a TCP segment.  See pipeline.h. */
#include "analyzer/pipeline.h"

#include <stdio.h>
#include <stdlib.h>

#include "analyzer/pipeline_private.h"
#include "dissectors/cursor.h"
#include "dissectors/ip.h"
#include "dissectors/link.h"

enum { TICK_NS = 20000000, GRE_KEY_END = 8 };

static const uint16_t default_ports[] = { CTRL_PORT };

struct pipeline_options pipeline_defaults(void)
{
	return (struct pipeline_options){
		.ports = default_ports,
		.nports = 1,
		.tracker = tracker_default_limits,
		.reassembly = reassembly_default_limits,
		.fragment_memory = 8 << 20,
	};
}

static void datagram_packet(struct pipeline *p, const struct datagram *d, const uint64_t *frames,
			    size_t nframes);

/* --- GRE ---------------------------------------------------------------------------------- */

static NOT_IN_THE_WAY void gre_tell(struct pipeline *p, const struct datagram *d, const struct gre_pkt *g,
				    enum gre_status status, const uint64_t *frames, size_t nframes)
{
	const struct pipeline_where w = {
		.frames = frames,
		.nframes = nframes,
		.frame = p->frame,
		.time_ns = p->time_ns,
		.src = &d->src,
		.dst = &d->dst,
		.datagram = d,
	};

	p->observer.gre(p->observer.ctx, &w, g, status);
}

/* Counts what was held back until it was known whether a mirror had copied it. */
static NOT_IN_THE_WAY void release_held(struct pipeline *p, struct tunnel *tunnel)
{
	struct held_gre h;
	bool copy;

	while (mirror_release(p->mirror, tunnel, &h, &copy)) {
		if (copy) {
			h.tunnel->mirrored++;
			p->counts.unseen[UNSEEN_MIRROR]++;
		} else {
			struct flow *f = tracker_flow(p->tracker, h.tunnel, &h.from, h.gre.call_id);

			tracker_gre(p->tracker, h.tunnel, h.from, f, &h.gre, h.frame, h.time_ns);
			p->counts.gre++;
		}
	}
}

/* The verdict on a packet; one that settles a case is an original. */
static enum mirror_verdict mirror_verdict(struct pipeline *p, struct tunnel *tunnel, const struct datagram *d)
{
	enum mirror_verdict verdict = mirror_judge(p->mirror, tunnel, d, p->time_ns);

	if (verdict != MIRROR_SETTLES)
		return verdict;
	release_held(p, tunnel);
	return MIRROR_ORIGINAL;
}

/* Shows the frame in a packet to the call's PPP session. */
static NOT_IN_THE_WAY void ppp_take(struct pipeline *p, struct flow *f, const struct gre_pkt *g,
				    bool duplicate, bool late)
{
	const struct ppp_seen seen = {
		.from = flow_sender(f),
		.frame = p->frame,
		.time_ns = p->time_ns,
		.duplicate = duplicate,
		.late = late,
	};
	struct ppp_frame frame;

	ppp_decode(g->payload, g->caplen, g->payload_length, &frame);
	if (!ppp_session_packet(&flow_call(f)->ppp, p->ppp, &seen, &frame))
		tracker_memory_failed(p->tracker);
}

/* The packet is not one of those that no rule asks about. */
static NOT_IN_THE_WAY void gre_judge(struct pipeline *p, struct tunnel *tunnel, unsigned from, struct flow *f,
				     const struct datagram *d, const struct gre_pkt *g, bool identical)
{
	struct call *call = f ? flow_call_from(f, from) : NULL;
	const struct event e = {
		.kind = EVENT_GRE,
		.frame = p->frame,
		.time_ns = p->time_ns,
		.from = from,
		.tunnel = tunnel,
		.connection = call ? call_connection(call) : NULL,
		.call = call,
		.gre = g,
		.flow = f,
		.peer = call ? call_flow(call, !from) : NULL,
		.ip_id = d->fragment_id,
		.gre_len = d->len,
		.identical = identical,
		.fragment = d->fragment,
	};

	judge_event(p->judge, &e);
}

/* Judges the packet and counts it; false at a limit. */
static bool gre_take(struct pipeline *p, struct tunnel *tunnel, unsigned from, const struct datagram *d,
		     const struct gre_pkt *g, bool identical)
{
	struct flow *f = tracker_flow(p->tracker, tunnel, &from, g->call_id);
	uint32_t duplicated = f ? f->duplicated : 0, reordered = f ? f->reordered : 0;

	if (p->judge && !(f && judge_gre_ordinary(flow_call_from(f, from), f, g)))
		gre_judge(p, tunnel, from, f, d, g, identical);
	f = tracker_gre(p->tracker, tunnel, from, f, g, p->frame, p->time_ns);
	if (f && ((p->ppp && p->ppp->plain) || ppp_session_wants(flow_call(f)->ppp, g->payload, g->caplen)))
		ppp_take(p, f, g, f->duplicated != duplicated, f->reordered != reordered);
	return f != NULL;
}

/* Keeps a packet until it is known whether a mirror port copied it; false when there is no room. */
static NOT_IN_THE_WAY bool gre_hold(struct pipeline *p, struct tunnel *tunnel, unsigned from,
				    const struct gre_pkt *g)
{
	struct held_gre h = { tunnel, from, *g, p->frame, p->time_ns };

	h.gre.payload = NULL;
	return mirror_hold(p->mirror, &h);
}

/* A packet with a whole header: MIRROR_COPY is not to be looked at further. */
static enum mirror_verdict gre_whole(struct pipeline *p, const struct datagram *d, const struct gre_pkt *g)
{
	enum mirror_verdict verdict = MIRROR_ORIGINAL;
	unsigned from;
	struct tunnel *tunnel = tracker_tunnel(p->tracker, d->context, &d->src, &d->dst, &from);

	if (tunnel) {
		verdict = mirror_verdict(p, tunnel, d);
		if (verdict == MIRROR_HELD) {
			if (gre_hold(p, tunnel, from, g))
				return verdict;
			verdict = MIRROR_PATH;
		}
		if (verdict == MIRROR_COPY) {
			tunnel->mirrored++;
			p->counts.unseen[UNSEEN_MIRROR]++;
			return verdict;
		}
	}
	if (!tunnel || !gre_take(p, tunnel, from, d, g, verdict == MIRROR_PATH)) {
		p->counts.unseen[UNSEEN_CALL_LIMIT]++;
		return MIRROR_COPY;
	}
	p->counts.gre++;
	return verdict;
}

/* PPP in GRE of another version: between hosts that speak PPTP, the wrong version. */
static NOT_IN_THE_WAY void gre_other_version(struct pipeline *p, const struct datagram *d,
					     const struct gre_pkt *g)
{
	struct event e = { .kind = EVENT_GRE, .frame = p->frame, .time_ns = p->time_ns, .gre = g };

	if (!p->judge)
		return;
	e.tunnel = tracker_tunnel(p->tracker, d->context, &d->src, &d->dst, &e.from);
	if (!e.tunnel || !(e.tunnel->connections || e.tunnel->calls))
		return;
	/* The octets of the key lie where they do in version 1, if it is PPTP. */
	if (d->caplen >= GRE_KEY_END) {
		struct cursor c = cursor_on(d->payload + GRE_KEY_END - 2, 2);
		unsigned from = e.from;

		e.flow = tracker_flow(p->tracker, e.tunnel, &from, cursor_u16(&c));
	}
	e.call = e.flow ? flow_call(e.flow) : NULL;
	e.connection = e.call ? call_connection(e.call) : NULL;
	judge_event(p->judge, &e);
}

static void gre_packet(struct pipeline *p, const struct datagram *d, const uint64_t *frames, size_t nframes)
{
	struct gre_pkt g;
	enum gre_status status = gre_decode(d->payload, d->caplen, d->len, d->fragment, &g);

	if (status == GRE_OTHER_VERSION && g.protocol != GRE_PROTO_PPP) {
		p->counts.unseen[g.flags & GRE_VER ? UNSEEN_GRE_VERSION : UNSEEN_GRE_V0]++;
		return;
	}
	if (status == GRE_OK) {
		enum mirror_verdict verdict = gre_whole(p, d, &g);

		/* One that is held may be a copy: who prints packets gets it, who counts waits. */
		if (verdict == MIRROR_COPY)
			return;
	} else if (status == GRE_CUT) {
		p->counts.unseen[UNSEEN_GRE_CUT]++;
	} else {
		p->counts.unseen[g.flags & GRE_VER ? UNSEEN_GRE_VERSION : UNSEEN_GRE_V0]++;
		gre_other_version(p, d, &g);
	}
	if (p->observer.gre)
		gre_tell(p, d, &g, status, frames, nframes);
}

/* --- TCP and ICMP -------------------------------------------------------------------------- */

bool pipeline_copied(struct pipeline *p, struct tunnel *tunnel, enum mirror_verdict verdict)
{
	if (verdict == MIRROR_SETTLES)
		release_held(p, tunnel);
	/* One that would be held is dropped, too: the octets of the other one are enough. */
	if (verdict != MIRROR_COPY && verdict != MIRROR_HELD)
		return false;
	tunnel->mirrored++;
	return true;
}

static void tcp_packet(struct pipeline *p, const struct datagram *d)
{
	enum unseen why;

	p->segment = d;
	why = control_packet(p, d);
	p->segment = NULL;
	if (why == UNSEEN_NONE)
		p->counts.control++;
	else
		p->counts.unseen[why]++;
}

/* The IP packet that an ICMP error quotes; false when this is no error. */
static bool icmp_quoted(const struct datagram *d, struct datagram *quoted)
{
	struct cursor c = cursor_on(d->payload, d->caplen);
	uint8_t type = cursor_u8(&c);
	bool error = d->protocol == IP_PROTO_ICMP ? type == 3 || type == 4 || type == 11 || type == 12
						  : type < 128;
	struct link_payload inner;

	cursor_take(&c, 7);
	if (c.missing || !error)
		return false;
	inner = (struct link_payload){ d->context, c.at, (uint32_t)cursor_left(&c), UINT32_MAX };
	return ip_decode(&inner, quoted) == UNSEEN_NONE && !quoted->fragment_offset;
}

static void icmp_about_gre(struct tunnel *tunnel, unsigned from, const struct datagram *d,
			   const struct datagram *q, uint64_t frame)
{
	enum { UNREACHABLE = 3, NEEDS_FRAGMENTS = 4, SOURCE_QUENCH = 4, V6_TOO_BIG = 2 };
	struct cursor icmp = cursor_on(d->payload, d->caplen), gre = cursor_on(q->payload, q->caplen);
	struct icmp_seen seen = { .frame = frame, .by = d->src, .from = (uint8_t)from };

	tunnel->icmp_unreachable[from]++;
	seen.type = cursor_u8(&icmp);
	seen.code = cursor_u8(&icmp);
	seen.too_big = d->protocol == IP_PROTO_ICMP ? seen.type == UNREACHABLE && seen.code == NEEDS_FRAGMENTS
						    : seen.type == V6_TOO_BIG;
	if (d->protocol == IP_PROTO_ICMP && seen.type == SOURCE_QUENCH)
		return;
	cursor_take(&gre, 6);
	seen.call_id = cursor_u16(&gre);
	for (unsigned i = 0; i < ICMP_SEEN; i++) {
		struct icmp_seen *s = &tunnel->icmp[i];

		if (s->frame && (s->call_id != seen.call_id || s->from != from || s->too_big != seen.too_big))
			continue;
		if (!s->frame)
			*s = seen;
		return;
	}
}

static NOT_IN_THE_WAY void icmp_packet(struct pipeline *p, const struct datagram *d)
{
	struct datagram q;
	uint16_t src_port, dst_port;
	bool ours = false;

	if (icmp_quoted(d, &q)) {
		if (q.protocol == IP_PROTO_GRE) {
			unsigned from;
			struct tunnel *tunnel = tracker_tunnel(p->tracker, q.context, &q.src, &q.dst, &from);

			if (tunnel)
				icmp_about_gre(tunnel, from, d, &q, p->frame);
			ours = tunnel != NULL;
		} else if (q.protocol == IP_PROTO_TCP && tcp_ports(&q, &src_port, &dst_port)) {
			ours = control_icmp(p, q.context, &q.src, src_port, &q.dst, dst_port);
		}
	}
	if (ours)
		p->counts.icmp++;
	else
		p->counts.unseen[UNSEEN_OTHER_ICMP]++;
}

/* --- IP ------------------------------------------------------------------------------------ */

static bool ours(uint8_t protocol)
{
	return protocol == IP_PROTO_GRE || protocol == IP_PROTO_TCP || protocol == IP_PROTO_ICMP ||
	       protocol == IP_PROTO_ICMPV6;
}

/* Fragments that the defragmenter gave up since this was last looked at. */
static void count_lost_fragments(struct pipeline *p)
{
	const struct defrag_stats *s = defrag_stats(p->defrag);

	p->counts.unseen[UNSEEN_FRAGMENT_LOST] += s->lost - p->fragments_lost;
	p->counts.unseen[UNSEEN_FRAGMENT_LIMIT] += s->over_limit - p->fragments_over_limit;
	p->fragments_lost = s->lost;
	p->fragments_over_limit = s->over_limit;
}

static NOT_IN_THE_WAY void fragment_packet(struct pipeline *p, const struct datagram *d)
{
	struct defrag_result whole;

	if (d->caplen < d->len) {
		/* It cannot be joined, but the header of GRE is in the first fragment. */
		if (d->protocol == IP_PROTO_GRE && d->fragment_offset == 0)
			gre_packet(p, d, &p->frame, 1);
		else
			p->counts.unseen[UNSEEN_CUT]++;
		return;
	}
	if (defrag_add(p->defrag, d, p->frame, p->time_ns, &whole)) {
		/* The one that completed it is counted as what the whole is. */
		p->counts.fragments += whole.nfragments - 1;
		datagram_packet(p, &whole.datagram, whole.frames, whole.nframes);
	}
	count_lost_fragments(p);
}

static void datagram_packet(struct pipeline *p, const struct datagram *d, const uint64_t *frames,
			    size_t nframes)
{
	if (d->fragment && ours(d->protocol)) {
		fragment_packet(p, d);
		return;
	}
	switch (d->protocol) {
	case IP_PROTO_GRE:
		gre_packet(p, d, frames, nframes);
		break;
	case IP_PROTO_TCP:
		tcp_packet(p, d);
		break;
	case IP_PROTO_ICMP:
	case IP_PROTO_ICMPV6:
		icmp_packet(p, d);
		break;
	default:
		p->counts.unseen[UNSEEN_OTHER_PROTOCOL]++;
	}
}

/* --- frames -------------------------------------------------------------------------------- */

static void tick(struct pipeline *p)
{
	reassembly_tick(p->reassembly, p->time_ns);
	tracker_tick(p->tracker, p->time_ns);
	defrag_expire(p->defrag, p->time_ns);
	count_lost_fragments(p);
	p->next_tick = p->time_ns + TICK_NS;
}

/* Time goes back between two captures: what was open then is not what comes now. */
static void start_over(struct pipeline *p, int64_t time_ns)
{
	reassembly_finish(p->reassembly);
	tracker_break(p->tracker, p->time_ns);
	if (p->judge)
		judge_clock(p->judge, INT64_MIN);
	p->next_tick = time_ns;
}

void pipeline_idle(struct pipeline *p, int64_t time_ns)
{
	if (time_ns <= p->time_ns)
		return;
	p->time_ns = time_ns;
	if (p->judge)
		judge_clock(p->judge, time_ns);
	tick(p);
}

int64_t pipeline_now(const struct pipeline *p)
{
	return p->time_ns;
}

const struct pipeline_counts *pipeline_so_far(const struct pipeline *p)
{
	return &p->counts;
}

void pipeline_lost(struct pipeline *p, int64_t time_ns, bool clock)
{
	if (!p->judge)
		return;
	if (clock) {
		judge_clock(p->judge, INT64_MIN);
		judge_doubt_clock(p->judge, time_ns);
	} else {
		judge_lost(p->judge, time_ns);
	}
}

static void first_packet(struct pipeline *p, int64_t time_ns)
{
	p->counts.first_time = p->counts.last_time = time_ns;
	if (time_ns < p->time_ns)
		start_over(p, time_ns);
}

/* Also when the clock was set back by a lot: else nothing would age until it has caught up. */
static bool tick_due(const struct pipeline *p)
{
	return (uint64_t)p->next_tick - (uint64_t)p->time_ns - 1 >= 2 * (uint64_t)TICK_NS;
}

void pipeline_packet(struct pipeline *p, unsigned capture, const struct packet *packet)
{
	struct link_payload payload;
	struct datagram d;
	enum unseen why;

	if (!p->counts.packets++)
		first_packet(p, packet->time_ns);
	if (packet->time_ns > p->counts.last_time)
		p->counts.last_time = packet->time_ns;
	p->counts.octets += packet->len;
	p->counts.truncated += packet->caplen < packet->len;
	p->frame = FRAME_OF(capture, packet->number);
	p->time_ns = packet->time_ns;
	if (tick_due(p))
		tick(p);
	why = link_decode(packet, &payload);
	if (why == UNSEEN_NONE)
		why = ip_decode(&payload, &d);
	if (why != UNSEEN_NONE) {
		p->counts.unseen[why]++;
		return;
	}
	if (p->observer.datagram && ours(d.protocol))
		p->observer.datagram(p->observer.ctx, packet, &d);
	datagram_packet(p, &d, &p->frame, 1);
}

bool pipeline_crowded(const struct pipeline *p)
{
	return tracker_crowded(p->tracker);
}

void pipeline_expect(struct pipeline *p, const struct packet *packet)
{
	struct link_payload payload;
	struct datagram d;
	struct cursor c;

	if (link_decode(packet, &payload) != UNSEEN_NONE || ip_decode(&payload, &d) != UNSEEN_NONE ||
	    d.protocol != IP_PROTO_GRE || d.caplen < GRE_KEY_END)
		return;
	c = cursor_on(d.payload + GRE_KEY_END - 2, 2);
	tracker_expect(p->tracker, d.context, &d.src, &d.dst, cursor_u16(&c));
}

/* Fragments do not wait for the next capture: what is missing in this one is said of this one. */
void pipeline_capture_end(struct pipeline *p, struct pipeline_counts *counts)
{
	release_held(p, NULL);
	defrag_expire(p->defrag, INT64_MAX);
	count_lost_fragments(p);
	p->time_ns = p->counts.packets ? p->counts.last_time : p->time_ns;
	*counts = p->counts;
	memset(&p->counts, 0, sizeof(p->counts));
}

void pipeline_finish(struct pipeline *p)
{
	tracker_last(p->tracker);
	reassembly_finish(p->reassembly);
	tracker_finish(p->tracker);
}

/* --- what the tracker tells the judge ------------------------------------------------------- */

static void tell_call(struct pipeline *p, enum event_kind kind, struct call *c, struct call_step_seen last,
		      int64_t time_ns)
{
	const struct event e = {
		.kind = kind,
		.frame = last.frame,
		.time_ns = time_ns,
		.tunnel = c->tunnel,
		.connection = call_connection(c),
		.call = c,
	};

	judge_clock(p->judge, p->time_ns);
	judge_event(p->judge, &e);
}

static void tell_connection(struct pipeline *p, enum event_kind kind, struct control_connection *c)
{
	const struct event e = {
		.kind = kind,
		.frame = c->last_frame,
		.time_ns = c->last_time,
		.tunnel = c->tunnel,
		.connection = c,
	};

	judge_clock(p->judge, p->time_ns);
	judge_event(p->judge, &e);
}

static void call_over(void *ctx, struct call *c, int64_t time_ns)
{
	struct pipeline *p = ctx;

	if (p->judge)
		tell_call(p, EVENT_CALL_OVER, c, call_last_message(c), time_ns);
}

/* The call is about to be freed. */
static void forget_call(struct pipeline *p, struct call *c)
{
	if (p->message && p->message->holder == c)
		p->message->holder = NULL;
	if (p->judge)
		judge_forget_call(p->judge, c);
}

static void call_done(void *ctx, struct call *c)
{
	struct pipeline *p = ctx;
	const struct call_step_seen last = call_last(c);

	if (p->judge)
		tell_call(p, EVENT_CALL_DONE, c, last, last.time_ns);
	if (p->observer.call_done)
		p->observer.call_done(p->observer.ctx, c);
	forget_call(p, c);
}

static void call_begun(void *ctx, struct call *c)
{
	struct pipeline *p = ctx;

	if (p->observer.call_begun)
		p->observer.call_begun(p->observer.ctx, c);
}

static void call_joined(void *ctx, struct call *into, struct call *other)
{
	struct pipeline *p = ctx;

	if (p->observer.call_joined)
		p->observer.call_joined(p->observer.ctx, into, other);
	forget_call(p, other);
}

static void connection_done(void *ctx, struct control_connection *c)
{
	struct pipeline *p = ctx;

	if (p->judge)
		tell_connection(p, EVENT_FORGET, c);
	if (p->observer.connection_done)
		p->observer.connection_done(p->observer.ctx, c);
	if (p->judge)
		judge_forget_connection(p->judge, c);
}

static void tunnel_done(void *ctx, struct tunnel *t)
{
	struct pipeline *p = ctx;

	release_held(p, t);
	if (p->judge)
		judge_forget_tunnel(p->judge, t);
}

struct pipeline *pipeline_new(const struct pipeline_options *o, const struct pipeline_observer *observer,
			      char *err, size_t room)
{
	struct pipeline *p = calloc(1, sizeof(*p));
	const struct tracker_hooks hooks = { .ctx = p,
					      .call_begun = call_begun,
					      .call_over = call_over,
					      .call_done = call_done,
					      .connection_done = connection_done,
					      .call_joined = call_joined,
					      .tunnel_done = tunnel_done };

	if (!p) {
		snprintf(err, room, "out of memory");
		return NULL;
	}
	if (observer)
		p->observer = *observer;
	pool_init(&p->control_pool, sizeof(struct control_state));
	for (size_t i = 0; i < o->nports; i++)
		port_add(p->control_ports, o->ports[i]);
	p->tracker = tracker_new(&o->tracker, &hooks);
	p->judge = o->judge;
	p->ppp = o->ppp;
	p->defrag = defrag_new(o->fragment_memory);
	p->mirror = mirror_new();
	if (!p->tracker || !p->defrag || !p->mirror) {
		snprintf(err, room, "out of memory");
		pipeline_free(p);
		return NULL;
	}
	p->reassembly = reassembly_new(&o->reassembly, control_segment, p, err, room);
	if (!p->reassembly) {
		pipeline_free(p);
		return NULL;
	}
	return p;
}

void pipeline_free(struct pipeline *p)
{
	if (!p)
		return;
	reassembly_free(p->reassembly);
	tracker_free(p->tracker);
	defrag_free(p->defrag);
	mirror_free(p->mirror);
	pool_clear(&p->control_pool);
	free(p->syns);
	free(p);
}

struct tracker *pipeline_tracker(struct pipeline *p)
{
	return p->tracker;
}

const struct reassembly_stats *pipeline_reassembly_stats(const struct pipeline *p)
{
	return reassembly_stats(p->reassembly);
}

const struct defrag_stats *pipeline_defrag_stats(const struct pipeline *p)
{
	return defrag_stats(p->defrag);
}
