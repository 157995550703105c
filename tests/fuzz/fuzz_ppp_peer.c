/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any frames to one end of a PPP link, in virtual time.  Two octets say what the ends are: bits of
 * enum ppp_peer_auth and 0x20: MPPE, 0x40: required, 0x80: stateful; the other one absent when 0xff.  Then
 * frames, each with two octets before it: its length, and what is done first (1: a second passes; 2: ping,
 * 4: echo, 8: terminate, 16: to the other end, 32: that one is freed).
 */
#include <stdlib.h>

#include "conformance/ppp_peer.h"
#include "dissectors/cursor.h"

enum { ENDS = 2, ABSENT = 0xff, FRAMES_MAX = 4000 };

struct frame {
	struct net_timer timer;
	struct world *world;
	unsigned to;
	size_t len;
	uint8_t octets[];
};

struct way {
	struct world *world;
	unsigned from;
};

struct world {
	struct net *net;
	struct ppp_peer *end[ENDS];
	struct way way[ENDS];
	unsigned frames;
};

static void demand(bool condition)
{
	if (!condition)
		abort();
}

static void arrive(void *ctx)
{
	struct frame *f = ctx;

	if (f->world->end[f->to])
		ppp_peer_frame(f->world->end[f->to], f->octets, f->len);
	free(f);
}

static void on_send(void *ctx, const uint8_t *octets, size_t len)
{
	const struct way *w = ctx;
	struct frame *f;

	demand(len >= 2 && len < 4096);
	/* Two ends that answer each other for ever are a finding, too. */
	demand(w->world->frames++ < FRAMES_MAX);
	f = calloc(1, sizeof(*f) + len);
	if (!f)
		return;
	f->timer = (struct net_timer){ .fn = arrive, .ctx = f };
	f->world = w->world;
	f->to = !w->from;
	f->len = len;
	memcpy(f->octets, octets, len);
	net_timer_set(w->world->net, &f->timer, net_now(w->world->net) + NET_MILLISECOND);
}

static void on_state(void *ctx, enum ppp_peer_state s, const char *why)
{
	(void)ctx;
	demand(s <= PPP_PEER_DEAD && (s != PPP_PEER_DEAD || *why));
}

static void on_ip(void *ctx, const uint8_t *packet, size_t len)
{
	(void)ctx;
	demand(len >= 20 && (packet[0] >> 4 == 4 || packet[0] >> 4 == 6));
}

static void make_end(struct world *w, unsigned which, uint8_t how)
{
	static const struct ppp_peer_events events = { .send = on_send, .state = on_state, .ip = on_ip };
	const struct ppp_peer_config c = {
		.server = which,
		.auth = how & 0x1e,
		.user = "lab",
		.password = "labpass",
		.mppe40 = how & 0x20,
		.mppe128 = how & 0x20,
		.mppe_required = how & 0x40,
		.mppe_stateful = how & 0x80,
		.seed = which,
		.echo_ns = 7 * NET_SECOND,
	};

	w->way[which] = (struct way){ w, which };
	w->end[which] = ppp_peer_new(w->net, &c, &events, &w->way[which]);
	if (w->end[which])
		ppp_peer_start(w->end[which]);
}

static void pass(struct world *w, int64_t ns)
{
	int64_t until = net_now(w->net) + ns;

	while (net_now(w->net) < until)
		net_step(w->net, until);
}

static void act(struct world *w, uint8_t what, const uint8_t *octets, size_t len)
{
	struct ppp_peer **to = &w->end[what & 16 ? 1 : 0];

	if (what & 1)
		pass(w, NET_SECOND);
	if (!*to)
		return;
	if (what & 2)
		ppp_peer_ping(*to, len);
	if (what & 4)
		ppp_peer_echo(*to);
	if (what & 8)
		ppp_peer_terminate(*to);
	ppp_peer_frame(*to, octets, len);
	if (what & 32) {
		ppp_peer_free(*to);
		*to = NULL;
	}
}

static void check(const struct ppp_peer *p)
{
	struct ppp_peer_status s;

	if (!p)
		return;
	ppp_peer_status(p, &s);
	demand(s.state <= PPP_PEER_DEAD && s.auth <= PPP_PEER_MSCHAP2);
	demand(s.mppe_bits == 0 || s.mppe_bits == 40 || s.mppe_bits == 128);
	demand(memchr(s.why, '\0', sizeof(s.why)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct net_memory_options o = { .seed = 1 };
	struct cursor c = cursor_on(data, size < 8192 ? size : 8192);
	struct world w = { .net = net_memory_new(&o) };

	if (!w.net)
		return 0;
	for (unsigned i = 0; i < ENDS; i++) {
		uint8_t how = cursor_u8(&c);

		if (how != ABSENT)
			make_end(&w, i, how);
	}
	while (cursor_left(&c)) {
		uint8_t len = cursor_u8(&c), what = cursor_u8(&c);
		const uint8_t *octets = cursor_take(&c, len);

		if (!octets)
			break;
		act(&w, what, octets, len);
	}
	pass(&w, 100 * NET_SECOND);
	for (unsigned i = 0; i < ENDS; i++) {
		check(w.end[i]);
		ppp_peer_free(w.end[i]);
		w.end[i] = NULL;
	}
	/* What is on its way arrives nowhere. */
	pass(&w, NET_SECOND);
	net_free(w.net);
	return 0;
}
