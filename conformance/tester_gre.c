/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tester's end of a GRE session: numbers, acknowledgments by policy, the record of what came, traffic. */
#include <stdio.h>
#include <stdlib.h>

#include "conformance/endpoint.h"
#include "conformance/tester_private.h"

enum { GRE_ROOM = 4096, FIRST_ROOM = 64 };

#define SETTLED_SECONDS 0.4

#define RIDE_WAITS (20 * NET_MILLISECOND)

static struct net *net_of(const struct t_gre *g)
{
	return g->t->o->net;
}

struct t_call *t_call_of_gre(const struct t_gre *g)
{
	return g->call;
}

/* --- out ------------------------------------------------------------------------------------- */

bool tester_gre_send(struct t_gre *g, const struct ip_addr *src, const uint8_t *octets, size_t len)
{
	const struct t_link *l = g->call->link;
	struct net_host *host = src ? tester_host(g->t, src) : l->host;

	return net_gre_send(host, src ? src : &l->own, &l->peer, octets, len);
}

void gre_settle(struct t_gre *g)
{
	double wait = t_sent_time(g->call->link) + SETTLED_SECONDS - t_now(g->t);

	if (g->settled || t_dut(g->t) == ROLE_PAC)
		return;
	g->settled = true;
	if (wait > 0)
		t_sleep(g->t, wait);
}

void t_gre_octets(struct t_gre *g, const void *octets, size_t len)
{
	gre_settle(g);
	if (!tester_gre_send(g, NULL, octets, len))
		tester_broken(g->t, "cannot send GRE packets");
}

static void send_packet(struct t_gre *g, const struct gre_pkt *pkt, const void *payload, size_t len)
{
	uint8_t out[GRE_ROOM];
	size_t n = gre_encode(pkt, payload, len, out, sizeof(out));

	if (n)
		tester_gre_send(g, NULL, out, n);
}

void t_gre_raw(struct t_gre *g, const struct gre_pkt *pkt, const void *payload, size_t len)
{
	gre_settle(g);
	send_packet(g, pkt, payload, len);
}

bool gre_rides(const struct t_gre *g)
{
	return g->any_in && (g->how == T_ACK_ALL || g->how == T_ACK_RIDING);
}

struct gre_pkt t_gre_next(struct t_gre *g)
{
	struct gre_pkt pkt = {
		.flags = GRE_K | GRE_S | 1,
		.protocol = GRE_PROTO_PPP,
		.call_id = g->call->dut_id,
		.seq = g->next_seq,
		.ack = g->highest_in,
	};

	if (gre_rides(g))
		pkt.flags |= GRE_A;
	return pkt;
}

uint32_t t_gre_data(struct t_gre *g, const void *ppp, size_t len)
{
	struct gre_pkt pkt;

	gre_settle(g);
	pkt = t_gre_next(g);
	pkt.payload_length = (uint16_t)len;
	g->next_seq++;
	if (gre_rides(g))
		g->unacked = 0;
	send_packet(g, &pkt, ppp, len);
	return pkt.seq;
}

void t_gre_skip(struct t_gre *g, uint32_t seq)
{
	g->next_seq = seq;
}

void t_ack(struct t_gre *g, uint32_t number)
{
	struct gre_pkt pkt = {
		.flags = GRE_K | GRE_A | 1,
		.protocol = GRE_PROTO_PPP,
		.call_id = g->call->dut_id,
		.ack = number,
	};

	g->unacked = 0;
	send_packet(g, &pkt, NULL, 0);
}

/* --- acknowledgments ------------------------------------------------------------------------- */

static void send_due_acks(void *ctx)
{
	struct t_gre *g = ctx;
	int64_t now = net_now(net_of(g));

	while (g->acks_count && g->acks[g->acks_first].due <= now) {
		t_ack(g, g->acks[g->acks_first].number);
		g->acks_first = (g->acks_first + 1) % ACKS_WAITING;
		g->acks_count--;
	}
	if (g->acks_count)
		net_timer_set(net_of(g), &g->ack_timer, g->acks[g->acks_first].due);
}

/* A lone acknowledgment after the policy's delay; one too many in waiting replaces the newest. */
static void ack_later(struct t_gre *g, uint32_t number)
{
	int64_t due = net_now(net_of(g)) + (int64_t)(g->delay * (double)NET_SECOND);
	size_t last;

	if (g->delay <= 0) {
		t_ack(g, number);
		return;
	}
	if (g->acks_count < ACKS_WAITING)
		g->acks_count++;
	last = (g->acks_first + g->acks_count - 1) % ACKS_WAITING;
	g->acks[last] = (struct waiting_ack){ due, number };
	g->unacked = 0;
	if (g->acks_count == 1)
		net_timer_set(net_of(g), &g->ack_timer, due);
}

/* The oldest waits for data of the tester's to ride on; where there is none, some is made. */
static void ride(void *ctx)
{
	struct t_gre *g = ctx;

	if (g->unacked && g->how == T_ACK_RIDING)
		lcp_discard(g);
}

/* Acknowledges what the policy wants acknowledged by now. */
static void acknowledge(struct t_gre *g)
{
	switch (g->how) {
	case T_ACK_NONE:
		break;
	case T_ACK_RIDING:
		if (g->unacked && !g->ride_timer.slot)
			net_timer_set(net_of(g), &g->ride_timer, net_now(net_of(g)) + RIDE_WAITS);
		break;
	case T_ACK_ALL:
	case T_ACK_LONE:
	case T_ACK_DELAY:
		if (g->unacked)
			ack_later(g, g->highest_in);
		break;
	case T_ACK_EVERY:
	case T_ACK_BATCH:
		if (g->unacked >= g->batch)
			ack_later(g, g->highest_in);
	}
}

static void acknowledge_first(void *ctx)
{
	acknowledge(ctx);
}

void t_acks(struct t_gre *g, enum t_acks how, unsigned n, double delay)
{
	g->how = how;
	g->batch = n ? n : 1;
	g->delay = delay;
	g->acks_count = 0;
	net_timer_cancel(net_of(g), &g->first_timer);
	net_timer_cancel(net_of(g), &g->ack_timer);
	if (delay > 0 && !g->acks)
		g->acks = tester_memory(g->t, ACKS_WAITING * sizeof(*g->acks));
	acknowledge(g);
}

/* --- in -------------------------------------------------------------------------------------- */

/* A place in the record: it grows up to PACKETS_KEPT, then the oldest give way. */
static struct t_packet *next_place(struct t_gre *g)
{
	if (g->packets == g->room && g->room < PACKETS_KEPT) {
		size_t room = g->room ? 2 * g->room : FIRST_ROOM;
		struct t_packet *more = realloc(g->packet, room * sizeof(*more));

		if (!more)
			return NULL;
		g->packet = more;
		g->room = room;
	}
	return &g->packet[g->packets++ % g->room];
}

static void record(struct t_gre *g, const struct ip_addr *src, const struct gre_pkt *pkt)
{
	struct t_packet *p = next_place(g);

	if (!p)
		return;
	*p = (struct t_packet){
		.time = t_now(g->t),
		.flags = pkt->flags,
		.protocol = pkt->protocol,
		.payload_length = pkt->payload_length,
		.call_id = pkt->call_id,
		.seq = pkt->seq,
		.ack = pkt->ack,
		.defects = pkt->defects,
		.len = (uint16_t)pkt->caplen,
		.src = *src,
	};
	if (pkt->payload)
		memcpy(p->head, pkt->payload, pkt->caplen < sizeof(p->head) ? pkt->caplen : sizeof(p->head));
}

static void on_packet(void *ctx, const struct ip_addr *src, const struct ip_addr *dst, const uint8_t *octets,
		      size_t len)
{
	struct t_gre *g = ctx;
	struct gre_pkt pkt;

	(void)dst;
	if (!ip_addr_same(src, &g->call->link->peer))
		return;
	gre_decode(octets, (uint32_t)len, (uint32_t)len, false, &pkt);
	record(g, src, &pkt);
	if (pkt.flags & GRE_A && (g->last_ack < 0 || (int32_t)(pkt.ack - (uint32_t)g->last_ack) > 0))
		g->last_ack = pkt.ack;
	if (pkt.flags & GRE_S) {
		if (!g->any_in || (int32_t)(pkt.seq - g->highest_in) > 0)
			g->highest_in = pkt.seq;
		g->any_in = true;
		g->unacked++;
		if (g->active)
			acknowledge(g);
		lcp_frame(g, pkt.payload, pkt.payload ? pkt.caplen : 0);
	}
	tester_wake(g->t);
}

static struct t_call_node *node_of(struct t_call *c)
{
	return (struct t_call_node *)c; /* its first member */
}

struct t_gre *gre_prepare(struct t_call *c)
{
	struct tester *t = c->link->t;
	struct t_gre *g;

	if (!t->o->gre)
		return NULL;
	g = tester_memory(t, sizeof(*g));
	g->call = c;
	g->t = t;
	g->last_ack = -1;
	g->next = t->sessions;
	t->sessions = g;
	g->ack_timer = (struct net_timer){ .fn = send_due_acks, .ctx = g };
	g->ride_timer = (struct net_timer){ .fn = ride, .ctx = g };
	g->first_timer = (struct net_timer){ .fn = acknowledge_first, .ctx = g };
	g->claim = net_gre_claim(c->link->host, c->own_id, on_packet, g);
	if (!g->claim)
		tester_broken(t, "no memory");
	return g;
}

struct t_gre *t_gre(struct t_call *c)
{
	struct t_gre *g = node_of(c)->session;

	if (!g)
		t_skip(c->link->t, "no raw socket for GRE (it takes CAP_NET_RAW)");
	c->gre = g;
	if (!g->active && g->any_in) /* at the next turn: the test may want another policy first */
		net_timer_set(net_of(g), &g->first_timer, net_now(net_of(g)));
	g->active = true;
	return g;
}

void gre_free_all(struct tester *t)
{
	while (t->sessions) {
		struct t_gre *g = t->sessions;

		t->sessions = g->next;
		net_timer_cancel(net_of(g), &g->first_timer);
		net_timer_cancel(net_of(g), &g->ack_timer);
		net_timer_cancel(net_of(g), &g->ride_timer);
		net_timer_cancel(net_of(g), &g->traffic_timer);
		lcp_free(g);
		if (g->claim)
			net_gre_release(g->claim);
		free(g->acks);
		free(g->packet);
		free(g);
	}
	if (t->stray_claim)
		net_gre_release(t->stray_claim);
}

/* --- the record ------------------------------------------------------------------------------ */

size_t t_packets(const struct t_gre *g)
{
	return g->packets;
}

const struct t_packet *t_packet(const struct t_gre *g, size_t i)
{
	size_t oldest = g->packets > PACKETS_KEPT ? g->packets - PACKETS_KEPT : 0;
	static const struct t_packet none;

	if (i >= g->packets)
		return &none;
	return &g->packet[(i < oldest ? oldest : i) % g->room];
}

const struct t_packet *t_gre_wait(struct t_gre *g, double seconds)
{
	double until = t_now(g->t) + seconds;

	while (g->waited >= g->packets)
		if (!tester_pause(g->t, until))
			return NULL;
	return t_packet(g, g->waited++);
}

int64_t t_last_ack(const struct t_gre *g)
{
	return g->last_ack;
}

bool t_acked(struct t_gre *g, uint32_t number, double seconds)
{
	double until = t_now(g->t) + seconds;

	while (g->last_ack < 0 || (int32_t)((uint32_t)g->last_ack - number) < 0)
		if (!tester_pause(g->t, until))
			return false;
	return true;
}

size_t t_bursts(const struct t_gre *g, size_t from, double pause, unsigned *size, double *gap, size_t room)
{
	const struct t_packet *before = NULL;
	size_t bursts = 0;
	unsigned n = 0;

	for (size_t i = from; i < g->packets && bursts < room; i++) {
		const struct t_packet *p = t_packet(g, i);

		if (!(p->flags & GRE_S))
			continue;
		if (before && p->time - before->time > pause) {
			size[bursts] = n;
			gap[bursts++] = p->time - before->time;
			n = 0;
		}
		before = p;
		n++;
	}
	return bursts;
}

/* --- packets that belong nowhere ------------------------------------------------------------- */

static void on_stray(void *ctx, const struct ip_addr *src, const struct ip_addr *dst, const uint8_t *octets,
		     size_t len)
{
	struct tester *t = ctx;

	(void)src;
	(void)dst;
	(void)octets;
	(void)len;
	t->strays++;
	tester_wake(t);
}

static size_t in_sessions(const struct tester *t)
{
	size_t n = 0;

	for (const struct t_gre *g = t->sessions; g; g = g->next)
		n += g->packets;
	return n;
}

void t_gre_watch(struct tester *t)
{
	if (!t->o->gre)
		t_skip(t, "no raw socket for GRE (it takes CAP_NET_RAW)");
	if (!t->stray_claim)
		t->stray_claim = net_gre_claim_rest(t->host, t_dut_address(t), on_stray, t);
	t->strays = 0;
	t->watched = in_sessions(t);
	t->watching = true;
}

size_t t_gre_stray(struct tester *t, double seconds)
{
	if (!t->watching)
		t_gre_watch(t);
	t_sleep(t, seconds);
	t->watching = false;
	return t->strays + in_sessions(t) - t->watched;
}

/* --- traffic --------------------------------------------------------------------------------- */

enum { ECHO_RATE = 50 };

/* One LCP Echo-Request after the other: the DUT's replies are its traffic. */
static void next_echo(void *ctx)
{
	struct t_gre *g = ctx;
	uint8_t frame[GRE_ROOM];
	size_t len = t_lcp_echo_build(g, g->traffic_identifier++, g->traffic_size, frame, sizeof(frame));

	t_gre_data(g, frame, len);
	if (g->traffic_left && !--g->traffic_left)
		return;
	net_timer_set(net_of(g), &g->traffic_timer,
		      net_now(net_of(g)) + (int64_t)(g->traffic_gap * (double)NET_SECOND));
}

static void traffic_by_echo(struct t_gre *g, unsigned packets, unsigned size, unsigned rate)
{
	g->traffic_timer = (struct net_timer){ .fn = next_echo, .ctx = g };
	g->traffic_left = packets;
	g->traffic_size = size < GRE_ROOM / 2 ? size : GRE_ROOM / 2;
	g->traffic_gap = 1.0 / (rate ? rate : ECHO_RATE);
	net_timer_set(net_of(g), &g->traffic_timer, net_now(net_of(g)));
}

void t_traffic(struct t_gre *g, unsigned packets, unsigned size, unsigned rate, bool by_echo)
{
	char words[4][32];
	int status = HOOK_NONE;

	snprintf(words[0], sizeof(words[0]), "packets=%u", packets);
	snprintf(words[1], sizeof(words[1]), "size=%u", size);
	snprintf(words[2], sizeof(words[2]), "rate=%u", rate);
	snprintf(words[3], sizeof(words[3]), "call=%u", g->call->dut_id);
	/* It may need a moment until the call is up. */
	for (unsigned try = 0; t_has_hook(g->t, "dut-traffic") && try < 2 && (!try || status == HOOK_NOT_NOW); try++) {
		if (try)
			gre_settle(g);
		status = t_try_hook(g->t, "dut-traffic", words[0], words[1], words[2], words[3], NULL);
	}
	g->traffic_by_hook = status == HOOK_DONE;
	if (g->traffic_by_hook)
		return;
	if (!by_echo)
		tester_hook_ended(g->t, "dut-traffic", status);
	gre_settle(g);
	traffic_by_echo(g, packets, size, rate);
}

void t_traffic_stop(struct t_gre *g)
{
	char call[32];

	net_timer_cancel(net_of(g), &g->traffic_timer);
	snprintf(call, sizeof(call), "call=%u", g->call->dut_id);
	if (g->traffic_by_hook)
		t_try_hook(g->t, "dut-traffic", "stop", call, NULL);
	g->traffic_by_hook = false;
}
