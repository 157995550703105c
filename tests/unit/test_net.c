/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The net in memory: time, TCP as the taps see it, GRE and what becomes of it. */
#include "conformance/net.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>

void suite_net(void);

enum { SEEN = 4096, TOLD = 512 };

/* A host, all its tap saw, and all its connection was told. */
struct side {
	struct net_host *host;
	struct net_tcp *tcp;
	struct net_listener *listener;
	unsigned nseen;
	struct net_seen seen[SEEN];
	char told[TOLD]; /* "opened fin ..." */
	size_t octets;
	uint8_t last;
	bool close_on_octets;
	unsigned gre;
	uint8_t order[SEEN]; /* last octets of GRE packets, as they came */
};

static struct net *net;
static struct side a, b;
static struct ip_addr addr_a, addr_b;

static void say(struct side *s, const char *word)
{
	size_t len = strlen(s->told);

	snprintf(s->told + len, sizeof(s->told) - len, "%s%s", len ? " " : "", word);
}

static void on_seen(void *ctx, const struct net_seen *seen)
{
	struct side *s = ctx;

	if (s->nseen == SEEN)
		abort();
	s->seen[s->nseen] = *seen;
	s->seen[s->nseen++].octets = NULL;
}

static void on_opened(void *ctx)
{
	say(ctx, "opened");
}

static void on_failed(void *ctx, const char *why)
{
	say(ctx, why);
}

static void on_octets(void *ctx, const uint8_t *octets, size_t len)
{
	struct side *s = ctx;

	s->octets += len;
	s->last = octets[len - 1];
	if (!s->close_on_octets)
		return;
	net_close(s->tcp);
	s->tcp = NULL;
}

static void on_fin(void *ctx)
{
	say(ctx, "fin");
}

static void on_reset(void *ctx, const char *why)
{
	say(ctx, why);
}

static void on_drained(void *ctx)
{
	say(ctx, "drained");
}

static const struct net_tcp_events events = { on_opened, on_failed, on_octets, on_fin, on_reset, on_drained };

static void on_accepted(void *ctx, struct net_tcp *c)
{
	struct side *s = ctx;

	s->tcp = c;
	say(s, "accepted");
	net_tcp_take(c, &events, s);
}

static void on_accepted_only(void *ctx, struct net_tcp *c)
{
	((struct side *)ctx)->tcp = c;
}

static void on_gre(void *ctx, const struct ip_addr *src, const struct ip_addr *dst, const uint8_t *octets,
		   size_t len)
{
	struct side *s = ctx;

	(void)src;
	(void)dst;
	if (s->gre < SEEN)
		s->order[s->gre] = octets[len - 1];
	s->gre++;
}

static void run(void)
{
	while (net_step(net, NET_NEVER))
		;
}

static void begin_with(const struct net_memory_options *o)
{
	struct net_tap tap = { &a, on_seen };
	char err[64];

	memset(&addr_a, 0, sizeof(addr_a));
	memset(&addr_b, 0, sizeof(addr_b));
	addr_a.octet[15] = 1;
	addr_b.octet[15] = 2;
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	net = net_memory_new(o);
	a.host = net_host_new(net, &addr_a, &tap);
	tap.ctx = &b;
	b.host = net_host_new(net, &addr_b, &tap);
	b.listener = net_listen(b.host, 1723, on_accepted, &b, err, sizeof(err));
	CU_ASSERT_PTR_NOT_NULL_FATAL(b.listener);
}

static void begin(void)
{
	struct net_memory_options o = { .seed = 1 };

	begin_with(&o);
}

static void dial(uint16_t port)
{
	char err[64];

	a.tcp = net_connect(a.host, 0, &addr_b, port, &events, &a, err, sizeof(err));
	CU_ASSERT_PTR_NOT_NULL_FATAL(a.tcp);
	run();
}

static void begin_dialed(void)
{
	begin();
	dial(1723);
}

static void end(void)
{
	run();
	net_free(net);
}

/* The segments of a side as "S0.0 SA0.1 ..."; those received in brackets. */
static const char *segments(const struct side *s)
{
	static char text[1024];
	size_t n = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < s->nseen; i++) {
		const struct net_seen *p = &s->seen[i];

		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s%s%s%s%s%u.%u+%zu%s", i ? " " : "",
				      p->sent ? "" : "[", p->flags & NET_SYN ? "S" : "",
				      p->flags & NET_FIN ? "F" : "", p->flags & NET_RST ? "R" : "",
				      p->flags & NET_ACK ? "A" : "", p->seq, p->ack, p->len,
				      p->sent ? "" : "]");
	}
	return text;
}

/* --- timers --------------------------------------------------------------------------------- */

enum { TIMERS = 200 };

struct ring {
	struct net_timer timer;
	unsigned number;
};

static struct ring rings[TIMERS];
static unsigned rang[TIMERS], nrang;
static int64_t rang_at[TIMERS];

static void on_ring(void *ctx)
{
	rang_at[nrang] = net_now(net);
	rang[nrang++] = ((struct ring *)ctx)->number;
}

static void set_rings(void)
{
	nrang = 0;
	for (unsigned i = 0; i < TIMERS; i++)
		rings[i] = (struct ring){ { .fn = on_ring, .ctx = &rings[i] }, i };
}

static void timers_ring_in_order(void)
{
	int64_t start;
	unsigned n = 0;

	begin();
	set_rings();
	start = net_now(net);
	for (unsigned i = 0; i < TIMERS; i++)
		net_timer_set(net, &rings[i].timer, start + (int64_t)(i * 7919 % 50) * NET_SECOND);
	for (unsigned i = 0; i < TIMERS; i += 3)
		net_timer_cancel(net, &rings[i].timer);
	for (unsigned i = 1; i < TIMERS; i += 30)
		net_timer_set(net, &rings[i].timer, start + 100 * NET_SECOND);
	run();
	for (unsigned i = 0; i < TIMERS; i++)
		n += i % 3 != 0;
	CU_ASSERT_EQUAL(nrang, n);
	for (unsigned i = 1; i < nrang; i++)
		CU_ASSERT_TRUE(rang_at[i - 1] < rang_at[i] ||
			       (rang_at[i - 1] == rang_at[i] && rang[i - 1] < rang[i]));
	CU_ASSERT_EQUAL(rang_at[nrang - 1], start + 100 * NET_SECOND);
	for (unsigned i = 0; i < TIMERS; i++)
		CU_ASSERT_EQUAL(rings[i].timer.slot, 0);
	end();
}

static void time_is_virtual(void)
{
	int64_t start;

	begin();
	set_rings();
	start = net_now(net);
	CU_ASSERT_TRUE(net_is_virtual(net));
	CU_ASSERT_FALSE(net_step(net, start + 5 * NET_SECOND));
	CU_ASSERT_EQUAL(net_now(net), start + 5 * NET_SECOND);
	/* The past means now. */
	net_timer_set(net, &rings[0].timer, start);
	net_timer_set(net, &rings[1].timer, 0);
	CU_ASSERT_TRUE(net_step(net, NET_NEVER));
	CU_ASSERT_TRUE(net_step(net, NET_NEVER));
	CU_ASSERT_FALSE(net_step(net, NET_NEVER));
	CU_ASSERT_EQUAL(rang[0], 0);
	CU_ASSERT_EQUAL(rang[1], 1);
	CU_ASSERT_EQUAL(net_now(net), start + 5 * NET_SECOND);
	/* A timer beyond `until` stays. */
	net_timer_set(net, &rings[2].timer, start + 20 * NET_SECOND);
	CU_ASSERT_FALSE(net_step(net, start + 10 * NET_SECOND));
	CU_ASSERT_EQUAL(nrang, 2);
	CU_ASSERT_TRUE(net_step(net, start + 30 * NET_SECOND));
	CU_ASSERT_EQUAL(net_now(net), start + 20 * NET_SECOND);
	end();
}

/* --- TCP ------------------------------------------------------------------------------------- */

static void handshake_and_data(void)
{
	begin_dialed();
	CU_ASSERT_STRING_EQUAL(a.told, "opened");
	CU_ASSERT_STRING_EQUAL(b.told, "accepted");
	CU_ASSERT_TRUE(net_write(a.tcp, (const uint8_t *)"abc", 3));
	CU_ASSERT_TRUE(net_write(a.tcp, (const uint8_t *)"de", 2));
	CU_ASSERT_EQUAL(net_waiting(a.tcp), 5);
	run();
	CU_ASSERT_EQUAL(net_waiting(a.tcp), 0);
	CU_ASSERT_EQUAL(b.octets, 5);
	CU_ASSERT_EQUAL(b.last, 'e');
	CU_ASSERT_STRING_EQUAL(segments(&a), "S0.0+0 [SA0.1+0] A1.1+0 A1.1+3 A4.1+2 [A1.4+0] [A1.6+0]");
	CU_ASSERT_STRING_EQUAL(segments(&b), "[S0.0+0] SA0.1+0 [A1.1+0] [A1.1+3] A1.4+0 [A4.1+2] A1.6+0");
	CU_ASSERT_EQUAL(a.seen[0].dst_port, 1723);
	CU_ASSERT_EQUAL(a.seen[1].src_port, 1723);
	CU_ASSERT_TRUE(ip_addr_same(&a.seen[1].src, &addr_b));
	CU_ASSERT_EQUAL(b.seen[0].time_ns - a.seen[0].time_ns, NET_MILLISECOND);
	end();
}

static void nobody_listens(void)
{
	begin();
	dial(1724);
	CU_ASSERT_STRING_EQUAL(a.told, "connection refused");
	CU_ASSERT_STRING_EQUAL(segments(&a), "S0.0+0 [RA0.1+0]");
	CU_ASSERT_STRING_EQUAL(segments(&b), "[S0.0+0] RA0.1+0");
	net_close(a.tcp);
	addr_b.octet[15] = 9;
	a.told[0] = '\0';
	dial(1723);
	CU_ASSERT_STRING_EQUAL(a.told, "no route to host");
	end();
}

static void half_close(void)
{
	begin_dialed();
	net_shutdown(a.tcp);
	CU_ASSERT_FALSE(net_write(a.tcp, (const uint8_t *)"x", 1));
	run();
	CU_ASSERT_STRING_EQUAL(b.told, "accepted fin");
	CU_ASSERT_TRUE(net_write(b.tcp, (const uint8_t *)"late", 4));
	run();
	CU_ASSERT_EQUAL(a.octets, 4);
	net_close(b.tcp);
	run();
	CU_ASSERT_STRING_EQUAL(a.told, "opened fin");
	CU_ASSERT_STRING_EQUAL(segments(&a),
			       "S0.0+0 [SA0.1+0] A1.1+0 FA1.1+0 [A1.2+0] [A1.2+4] A2.5+0 [FA5.2+0] A2.6+0");
	net_close(a.tcp);
	end();
}

static void fin_comes_after_octets(void)
{
	begin_dialed();
	for (unsigned i = 0; i < 100; i++)
		net_write(a.tcp, (const uint8_t *)"0123456789", 10);
	net_close(a.tcp);
	run();
	CU_ASSERT_EQUAL(b.octets, 1000);
	CU_ASSERT_STRING_EQUAL(b.told, "accepted fin");
	net_close(b.tcp);
	run();
	/* The tap of who closed first sees the end of the other. */
	CU_ASSERT_EQUAL(a.seen[a.nseen - 2].flags, NET_FIN | NET_ACK);
	CU_ASSERT_EQUAL(a.seen[a.nseen - 1].ack, 2);
	end();
}

static void resets(void)
{
	begin_dialed();
	net_write(a.tcp, (const uint8_t *)"abc", 3);
	net_abort(a.tcp);
	run();
	CU_ASSERT_EQUAL(b.octets, 3);
	CU_ASSERT_STRING_EQUAL(b.told, "accepted connection reset by peer");
	CU_ASSERT_FALSE(net_write(b.tcp, (const uint8_t *)"x", 1));
	CU_ASSERT_EQUAL(a.seen[a.nseen - 1].flags, NET_RST | NET_ACK);
	CU_ASSERT_EQUAL(a.seen[a.nseen - 1].seq, 4);
	net_close(b.tcp);
	end();
}

/* Who has closed and is sent more answers with RST. */
static void closed_means_closed(void)
{
	begin_dialed();
	net_close(a.tcp);
	run();
	net_write(b.tcp, (const uint8_t *)"x", 1);
	run();
	CU_ASSERT_STRING_EQUAL(b.told, "accepted fin connection reset by peer");
	net_close(b.tcp);
	end();
}

static void closed_unread_resets(void)
{
	begin_dialed();
	net_pause(b.tcp, true);
	net_write(a.tcp, (const uint8_t *)"x", 1);
	run();
	net_close(b.tcp);
	run();
	CU_ASSERT_STRING_EQUAL(a.told, "opened connection reset by peer");
	net_close(a.tcp);
	end();
}

static void pause_fills_the_window(void)
{
	struct net_memory_options o = { .queue = 5000 };
	uint8_t octets[3000] = { 0 };
	unsigned n = 0;

	begin_with(&o);
	dial(1723);
	net_pause(b.tcp, true);
	while (net_write(a.tcp, octets, sizeof(octets)))
		n++;
	CU_ASSERT_TRUE(n > 300 && n < 400);
	run();
	CU_ASSERT_EQUAL(b.octets, 0);
	CU_ASSERT_TRUE(net_waiting(a.tcp) >= (size_t)n * 3000 - 5000);
	net_pause(b.tcp, false);
	run();
	CU_ASSERT_EQUAL(b.octets, n * 3000);
	CU_ASSERT_EQUAL(net_waiting(a.tcp), 0);
	CU_ASSERT_STRING_EQUAL(a.told, "opened drained");
	end();
}

static void freed_within_callbacks(void)
{
	begin_dialed();
	b.close_on_octets = true;
	net_write(a.tcp, (const uint8_t *)"x", 1);
	net_write(a.tcp, (const uint8_t *)"y", 1);
	run();
	CU_ASSERT_EQUAL(b.octets, 1);
	CU_ASSERT_STRING_EQUAL(a.told, "opened fin connection reset by peer");
	net_close(a.tcp);
	end();
}

/* What an accepted connection got before it was taken is told then. */
static void taken_later(void)
{
	char err[64];

	begin();
	net_listener_free(b.listener);
	b.listener = net_listen(b.host, 1723, on_accepted_only, &b, err, sizeof(err));
	CU_ASSERT_PTR_NULL(net_listen(b.host, 1723, on_accepted_only, &b, err, sizeof(err)));
	CU_ASSERT_STRING_EQUAL(err, "address already in use");
	dial(1723);
	net_write(a.tcp, (const uint8_t *)"abc", 3);
	net_shutdown(a.tcp);
	run();
	CU_ASSERT_EQUAL(b.octets, 0);
	net_tcp_take(b.tcp, &events, &b);
	CU_ASSERT_EQUAL(b.octets, 0);
	run();
	CU_ASSERT_EQUAL(b.octets, 3);
	CU_ASSERT_STRING_EQUAL(b.told, "fin");
	end();
}

static void ports_are_as_asked(void)
{
	struct ip_addr local, peer;
	uint16_t local_port, peer_port;
	struct net_tcp *other;
	char err[64];

	begin();
	a.tcp = net_connect(a.host, 5000, &addr_b, 1723, &events, &a, err, sizeof(err));
	CU_ASSERT_PTR_NULL(net_connect(a.host, 5000, &addr_b, 1723, &events, &a, err, sizeof(err)));
	CU_ASSERT_STRING_EQUAL(err, "address already in use");
	other = net_connect(a.host, 0, &addr_b, 1723, &events, &a, err, sizeof(err));
	run();
	net_tcp_ends(b.tcp, &local, &local_port, &peer, &peer_port);
	CU_ASSERT_TRUE(ip_addr_same(&local, &addr_b));
	CU_ASSERT_EQUAL(local_port, 1723);
	CU_ASSERT_TRUE(ip_addr_same(&peer, &addr_a));
	CU_ASSERT_TRUE(peer_port >= 32768);
	net_close(other);
	end();
}

/* The listener goes between SYN and ACK; and the connector between SYN and SYN-ACK. */
static void gone_in_the_middle(void)
{
	char err[64];

	begin();
	a.tcp = net_connect(a.host, 0, &addr_b, 1723, &events, &a, err, sizeof(err));
	net_step(net, NET_NEVER);
	net_listener_free(b.listener);
	run();
	CU_ASSERT_STRING_EQUAL(a.told, "opened connection reset by peer");
	CU_ASSERT_STRING_EQUAL(b.told, "");
	net_close(a.tcp);
	b.listener = net_listen(b.host, 1723, on_accepted, &b, err, sizeof(err));
	a.told[0] = '\0';
	a.tcp = net_connect(a.host, 0, &addr_b, 1723, &events, &a, err, sizeof(err));
	net_close(a.tcp);
	run();
	CU_ASSERT_STRING_EQUAL(a.told, "");
	CU_ASSERT_STRING_EQUAL(b.told, "");
	end();
}

static void a_host_goes(void)
{
	begin_dialed();
	net_host_free(a.host);
	run();
	CU_ASSERT_STRING_EQUAL(b.told, "accepted connection reset by peer");
	net_close(b.tcp);
	end();
	begin_dialed();
	net_close(a.tcp);
	net_host_free(a.host);
	run();
	CU_ASSERT_STRING_EQUAL(b.told, "accepted fin");
	net_close(b.tcp);
	end();
}

/* --- GRE ------------------------------------------------------------------------------------- */

/* A GRE packet to Call ID 7 that ends in n. */
static void send_gre(uint16_t call_id, uint8_t n)
{
	uint8_t packet[9] = { 0x30, 0x01, 0x88, 0x0b, 0, 1, (uint8_t)(call_id >> 8), (uint8_t)call_id, n };

	CU_ASSERT_TRUE(net_gre_send(a.host, NULL, &addr_b, packet, sizeof(packet)));
}

static void claims(void)
{
	struct side second = { 0 }, rest = { 0 };
	struct net_claim *c1, *c2, *c3;
	char err[64];

	begin();
	CU_ASSERT_TRUE(net_gre_open(net, err, sizeof(err)));
	c1 = net_gre_claim(b.host, 7, on_gre, &b);
	c2 = net_gre_claim(b.host, 7, on_gre, &second);
	c3 = net_gre_claim_rest(b.host, &addr_a, on_gre, &rest);
	send_gre(7, 1);
	send_gre(7 + 1024, 2);
	run();
	CU_ASSERT_EQUAL(b.gre, 1);
	CU_ASSERT_EQUAL(second.gre, 1);
	CU_ASSERT_EQUAL(rest.gre, 1);
	CU_ASSERT_EQUAL(b.nseen, 2); /* each once */
	CU_ASSERT_EQUAL(b.seen[0].protocol, IP_PROTO_GRE);
	CU_ASSERT_EQUAL(b.seen[0].len, 9);
	net_gre_release(c1);
	send_gre(7, 3);
	run();
	CU_ASSERT_EQUAL(b.gre, 1);
	CU_ASSERT_EQUAL(second.gre, 2);
	net_gre_release(c2);
	net_gre_release(c3);
	send_gre(7, 4);
	run();
	CU_ASSERT_EQUAL(second.gre, 2);
	CU_ASSERT_EQUAL(rest.gre, 1);
	CU_ASSERT_EQUAL(b.nseen, 4);
	end();
}

static void hosts_beside_each_other(void)
{
	struct side *other = calloc(1, sizeof(*other));
	struct net_tap tap = { other, on_seen };

	begin();
	other->host = net_host_new(net, &addr_b, &tap);
	net_gre_claim(other->host, 8, on_gre, other);
	net_gre_claim(b.host, 7, on_gre, &b);
	send_gre(7, 1);
	send_gre(8, 1);
	send_gre(9, 1);
	run();
	CU_ASSERT_EQUAL(b.nseen, 1);
	CU_ASSERT_EQUAL(other->nseen, 1);
	net_host_free(other->host);
	send_gre(8, 1);
	run();
	CU_ASSERT_EQUAL(other->nseen, 1);
	CU_ASSERT_EQUAL(other->gre, 1);
	CU_ASSERT_EQUAL(b.nseen, 2);
	end();
	free(other);
}

/* Sends 200 packets; what came, as a number that differs when anything does. */
static uint64_t fate_of_200(const struct net_memory_options *o, unsigned *came, unsigned *late)
{
	uint64_t sum = 0;

	begin_with(o);
	net_gre_claim(b.host, 7, on_gre, &b);
	for (unsigned i = 0; i < 200; i++) {
		send_gre(7, (uint8_t)i);
		net_step(net, net_now(net) + NET_MILLISECOND / 4);
	}
	run();
	*came = b.gre;
	*late = 0;
	for (unsigned i = 0; i < b.gre; i++) {
		sum = sum * 31 + b.order[i];
		*late += i && b.order[i] < b.order[i - 1];
	}
	end();
	return sum;
}

static void fate_is_by_seed(void)
{
	struct net_memory_options o = {
		.seed = 5, .loss_permille = 100, .reorder_permille = 100, .duplicate_permille = 50
	};
	unsigned came, late, again, late_again;
	uint64_t sum = fate_of_200(&o, &came, &late);

	CU_ASSERT_EQUAL(fate_of_200(&o, &again, &late_again), sum);
	CU_ASSERT_EQUAL(again, came);
	CU_ASSERT_TRUE(late > 5);
	o.seed = 6;
	CU_ASSERT_NOT_EQUAL(fate_of_200(&o, &again, &late_again), sum);
	o = (struct net_memory_options){ .loss_permille = 1000 };
	fate_of_200(&o, &came, &late);
	CU_ASSERT_EQUAL(came, 0);
	o = (struct net_memory_options){ .duplicate_permille = 1000 };
	fate_of_200(&o, &came, &late);
	CU_ASSERT_EQUAL(came, 400);
	o = (struct net_memory_options){ 0 };
	fate_of_200(&o, &came, &late);
	CU_ASSERT_EQUAL(came, 200);
	CU_ASSERT_EQUAL(late, 0);
}

static void gre_fills_the_queue(void)
{
	struct net_memory_options o = { .queue = 1460 };

	begin_with(&o);
	net_gre_claim(b.host, 7, on_gre, &b);
	for (unsigned i = 0; i < 3000; i++)
		send_gre(7, (uint8_t)i);
	run();
	CU_ASSERT_EQUAL(b.gre, 16 * 1460 / 9);
	end();
}

static void no_descriptors(void)
{
	begin();
	CU_ASSERT_PTR_NULL(net_watch_fd(net, 0, on_opened, &a));
	CU_ASSERT_PTR_NULL(net_host_new(net, NULL, NULL));
	end();
}

void suite_net(void)
{
	CU_pSuite s = CU_add_suite("net in memory", NULL, NULL);

	CU_add_test(s, "timers ring in order, and those of one time as they were set", timers_ring_in_order);
	CU_add_test(s, "time jumps, and the past means now", time_is_virtual);
	CU_add_test(s, "both taps see handshake, data and acknowledgments", handshake_and_data);
	CU_add_test(s, "refused where nobody listens, unreachable where nobody is", nobody_listens);
	CU_add_test(s, "half a connection goes on", half_close);
	CU_add_test(s, "FIN comes after what was written", fin_comes_after_octets);
	CU_add_test(s, "RST is told after what came before it", resets);
	CU_add_test(s, "octets to a closed connection are answered with RST", closed_means_closed);
	CU_add_test(s, "closing with octets unread resets", closed_unread_resets);
	CU_add_test(s, "who does not read lets the writer wait", pause_fills_the_window);
	CU_add_test(s, "a connection may be closed by its own callback", freed_within_callbacks);
	CU_add_test(s, "what comes before a connection is taken waits", taken_later);
	CU_add_test(s, "source ports are as asked for, and one name is one connection", ports_are_as_asked);
	CU_add_test(s, "listener or connector may leave during the handshake", gone_in_the_middle);
	CU_add_test(s, "a host that goes resets what it had, not what it had closed", a_host_goes);
	CU_add_test(s, "GRE goes to who claims its Call ID, else to who takes the rest", claims);
	CU_add_test(s, "hosts of one address see their own GRE only", hosts_beside_each_other);
	CU_add_test(s, "the seed decides about loss, order and copies", fate_is_by_seed);
	CU_add_test(s, "GRE beyond the queue is dropped", gre_fills_the_queue);
	CU_add_test(s, "no descriptors, and no host without an address", no_descriptors);
}
