/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's network, over its loopback: the same behaviour as in memory, and what only this one has. */
#include "conformance/net.h"

#include <CUnit/CUnit.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dissectors/ip.h"

void suite_net_socket(void);

enum { SEEN = 256, TOLD = 512, WAIT = 20 };

struct side {
	struct net_host *host;
	struct net_tcp *tcp;
	struct net_listener *listener;
	unsigned nseen;
	struct net_seen seen[SEEN];
	char told[TOLD];
	size_t octets;
	unsigned reads;
	unsigned gre;
	struct ip_addr gre_src, gre_dst;
	uint8_t gre_last;
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

	if (s->nseen < SEEN)
		s->seen[s->nseen++] = *seen;
}

static void on_opened(void *ctx)
{
	say(ctx, "opened");
}

static void on_octets(void *ctx, const uint8_t *octets, size_t len)
{
	struct side *s = ctx;

	(void)octets;
	s->octets += len;
	s->reads++;
}

static void on_fin(void *ctx)
{
	say(ctx, "fin");
}

static void on_why(void *ctx, const char *why)
{
	say(ctx, why);
}

static void on_drained(void *ctx)
{
	say(ctx, "drained");
}

static const struct net_tcp_events events = { on_opened, on_why, on_octets, on_fin, on_why, on_drained };

static void on_accepted(void *ctx, struct net_tcp *c)
{
	struct side *s = ctx;

	s->tcp = c;
	say(s, "accepted");
	net_tcp_take(c, &events, s);
}

static void on_gre(void *ctx, const struct ip_addr *src, const struct ip_addr *dst, const uint8_t *octets,
		   size_t len)
{
	struct side *s = ctx;

	s->gre++;
	s->gre_src = *src;
	s->gre_dst = *dst;
	s->gre_last = octets[len - 1];
}

/* Turns until the condition holds, or for so long that it never will. */
#define UNTIL(condition)                                                                                     \
	do {                                                                                                 \
		int64_t give_up = net_now(net) + WAIT * NET_SECOND;                                          \
		while (!(condition) && net_now(net) < give_up)                                               \
			net_step(net, net_now(net) + NET_SECOND / 10);                                       \
		CU_ASSERT_TRUE(condition);                                                                   \
	} while (0)

static bool told(const struct side *s, const char *words)
{
	return !strcmp(s->told, words);
}

static void begin_at(const char *first, const char *second)
{
	struct net_tap tap = { &a, on_seen };
	char err[160] = "";

	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	ip_addr_parse(first, &addr_a);
	ip_addr_parse(second, &addr_b);
	net = net_socket_new(err, sizeof(err));
	CU_ASSERT_PTR_NOT_NULL_FATAL(net);
	a.host = net_host_new(net, &addr_a, &tap);
	tap.ctx = &b;
	b.host = net_host_new(net, &addr_b, &tap);
	b.listener = net_listen(b.host, 0, on_accepted, &b, err, sizeof(err));
	CU_ASSERT_PTR_NOT_NULL_FATAL(b.listener);
}

static void begin_dialed(void)
{
	char err[160];

	begin_at("127.0.0.1", "127.0.0.2");
	a.tcp = net_connect(a.host, 0, &addr_b, net_listener_port(b.listener), &events, &a, err, sizeof(err));
	CU_ASSERT_PTR_NOT_NULL_FATAL(a.tcp);
	UNTIL(told(&a, "opened") && told(&b, "accepted"));
}

static void end(void)
{
	net_free(net);
}

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

/* --- TCP ------------------------------------------------------------------------------------- */

static void taps_see_a_connection(void)
{
	begin_dialed();
	CU_ASSERT_TRUE(net_write(a.tcp, (const uint8_t *)"abc", 3));
	UNTIL(b.octets == 3);
	CU_ASSERT_TRUE(net_write(b.tcp, (const uint8_t *)"defg", 4));
	UNTIL(a.octets == 4);
	UNTIL(!net_waiting(a.tcp) && !net_waiting(b.tcp));
	net_shutdown(a.tcp);
	UNTIL(told(&b, "accepted fin"));
	CU_ASSERT_FALSE(net_write(a.tcp, (const uint8_t *)"x", 1));
	net_close(b.tcp);
	UNTIL(told(&a, "opened fin"));
	CU_ASSERT_STRING_EQUAL(segments(&a),
			       "S0.0+0 [SA0.1+0] A1.1+0 A1.1+3 [A1.4+4] FA4.5+0 [FA5.5+0] A5.6+0");
	CU_ASSERT_STRING_EQUAL(segments(&b),
			       "[S0.0+0] SA0.1+0 [A1.1+0] [A1.1+3] A1.4+4 [FA4.5+0] A5.5+0 FA5.5+0");
	CU_ASSERT_TRUE(ip_addr_same(&b.seen[0].src, &addr_a));
	CU_ASSERT_EQUAL(b.seen[0].dst_port, net_listener_port(b.listener));
	end();
}

static void each_write_is_a_segment(void)
{
	begin_dialed();
	net_pause(b.tcp, true);
	for (unsigned i = 0; i < 5; i++)
		net_write(a.tcp, (const uint8_t *)"0123", 4);
	net_pause(b.tcp, false);
	UNTIL(b.octets == 20);
	CU_ASSERT_EQUAL(a.nseen, 3 + 5);
	end();
}

static void nobody_listens(void)
{
	uint16_t port;
	char err[160];

	begin_at("127.0.0.1", "127.0.0.2");
	port = net_listener_port(b.listener);
	net_listener_free(b.listener);
	a.tcp = net_connect(a.host, 0, &addr_b, port, &events, &a, err, sizeof(err));
	UNTIL(told(&a, "connection refused"));
	CU_ASSERT_STRING_EQUAL(segments(&a), "S0.0+0 [RA0.1+0]");
	net_close(a.tcp);
	/* An address that is not ours. */
	ip_addr_parse("192.0.2.1", &addr_a);
	net_host_free(a.host);
	a.host = net_host_new(net, &addr_a, NULL);
	CU_ASSERT_PTR_NULL(net_connect(a.host, 5, &addr_b, port, &events, &a, err, sizeof(err)));
	CU_ASSERT_STRING_NOT_EQUAL(err, "");
	ip_addr_parse("::1", &addr_b);
	CU_ASSERT_PTR_NULL(net_connect(a.host, 0, &addr_b, port, &events, &a, err, sizeof(err)));
	CU_ASSERT_STRING_EQUAL(err, "own address and peer are of different families");
	end();
}

static void resets(void)
{
	begin_dialed();
	net_write(a.tcp, (const uint8_t *)"abc", 3);
	net_abort(a.tcp);
	UNTIL(told(&b, "accepted connection reset by peer"));
	CU_ASSERT_EQUAL(b.octets, 3);
	CU_ASSERT_STRING_EQUAL(segments(&a), "S0.0+0 [SA0.1+0] A1.1+0 A1.1+3 RA4.1+0");
	CU_ASSERT_STRING_EQUAL(segments(&b), "[S0.0+0] SA0.1+0 [A1.1+0] [A1.1+3] [RA4.1+0]");
	CU_ASSERT_FALSE(net_write(b.tcp, (const uint8_t *)"x", 1));
	net_close(b.tcp);
	end();
}

static void closed_means_closed(void)
{
	begin_dialed();
	net_close(a.tcp);
	UNTIL(told(&b, "accepted fin"));
	net_write(b.tcp, (const uint8_t *)"x", 1);
	UNTIL(told(&b, "accepted fin connection reset by peer"));
	CU_ASSERT_EQUAL(a.seen[a.nseen - 2].len, 1);
	CU_ASSERT_EQUAL(a.seen[a.nseen - 1].flags, NET_RST | NET_ACK);
	net_close(b.tcp);
	end();
}

static void closed_unread_resets(void)
{
	begin_dialed();
	net_pause(b.tcp, true);
	net_write(a.tcp, (const uint8_t *)"x", 1);
	UNTIL(!net_waiting(a.tcp));
	net_close(b.tcp);
	UNTIL(told(&a, "opened connection reset by peer"));
	net_close(a.tcp);
	end();
}

static void large_writers_wait(void)
{
	static uint8_t octets[64 * 1024];
	unsigned n = 0;

	begin_dialed();
	net_pause(b.tcp, true);
	while (n < 10000 && net_write(a.tcp, octets, sizeof(octets)))
		n++;
	CU_ASSERT_TRUE(n < 10000);
	CU_ASSERT_TRUE(net_waiting(a.tcp) > 1 << 20);
	net_pause(b.tcp, false);
	net_shutdown(a.tcp);
	UNTIL(told(&b, "accepted fin"));
	CU_ASSERT_EQUAL(b.octets, n * sizeof(octets));
	CU_ASSERT_TRUE(told(&a, "opened drained"));
	end();
}

static void source_ports(void)
{
	struct ip_addr local, peer;
	uint16_t local_port, peer_port, port;
	char err[160];

	begin_dialed();
	net_tcp_ends(a.tcp, &local, &port, &peer, &peer_port);
	CU_ASSERT_TRUE(ip_addr_same(&local, &addr_a));
	CU_ASSERT_TRUE(ip_addr_same(&peer, &addr_b));
	/* The same port again, as soon as RST has freed it. */
	net_abort(a.tcp);
	UNTIL(told(&b, "accepted connection reset by peer"));
	net_close(b.tcp);
	a.told[0] = b.told[0] = '\0';
	a.tcp = net_connect(a.host, port, &addr_b, net_listener_port(b.listener), &events, &a, err,
			    sizeof(err));
	CU_ASSERT_PTR_NOT_NULL_FATAL(a.tcp);
	UNTIL(told(&b, "accepted"));
	net_tcp_ends(b.tcp, &local, &local_port, &peer, &peer_port);
	CU_ASSERT_EQUAL(peer_port, port);
	CU_ASSERT_PTR_NULL(
		net_listen(b.host, net_listener_port(b.listener), on_accepted, &b, err, sizeof(err)));
	end();
}

static void a_host_goes(void)
{
	begin_dialed();
	net_close(a.tcp);
	net_host_free(a.host);
	UNTIL(told(&b, "accepted fin"));
	net_close(b.tcp);
	end();
	begin_dialed();
	net_host_free(a.host);
	UNTIL(told(&b, "accepted connection reset by peer"));
	net_close(b.tcp);
	end();
}

/* Without an own address, over IPv6 where the machine has it. */
static void any_address(void)
{
	static const char *const loopbacks[] = { "127.0.0.1", "::1" };
	struct ip_addr local, peer;
	uint16_t local_port, peer_port;
	char err[160];

	for (unsigned i = 0; i < 2; i++) {
		begin_at("127.0.0.1", "127.0.0.2");
		net_host_free(a.host);
		net_host_free(b.host);
		a.host = net_host_new(net, NULL, NULL);
		b.host = net_host_new(net, NULL, NULL);
		b.listener = net_listen(b.host, 0, on_accepted, &b, err, sizeof(err));
		CU_ASSERT_PTR_NOT_NULL_FATAL(b.listener);
		ip_addr_parse(loopbacks[i], &addr_b);
		a.tcp = net_connect(a.host, 0, &addr_b, net_listener_port(b.listener), &events, &a, err,
				    sizeof(err));
		CU_ASSERT_PTR_NOT_NULL_FATAL(a.tcp);
		UNTIL(a.told[0]);
		if (told(&a, "opened")) {
			UNTIL(told(&b, "accepted"));
			net_tcp_ends(b.tcp, &local, &local_port, &peer, &peer_port);
			CU_ASSERT_TRUE(ip_addr_same(&peer, &addr_b));
		} else {
			CU_ASSERT_EQUAL(i, 1);
		}
		end();
	}
}

/* --- time ------------------------------------------------------------------------------------ */

struct ring {
	struct net_timer timer;
	unsigned times;
	int64_t at;
	bool again;
};

static void on_ring(void *ctx)
{
	struct ring *r = ctx;

	r->times++;
	r->at = net_now(net);
	if (r->again)
		net_timer_set(net, &r->timer, 0);
}

/* A timer that always sets itself keeps neither others nor octets from their turn. */
static void a_greedy_timer(void)
{
	struct ring greedy = { .timer = { .fn = on_ring, .ctx = &greedy }, .again = true };
	struct ring patient = { .timer = { .fn = on_ring, .ctx = &patient } };
	int64_t due;

	begin_dialed();
	due = net_now(net) + 5 * NET_MILLISECOND;
	net_timer_set(net, &greedy.timer, 0);
	net_timer_set(net, &patient.timer, due);
	net_write(a.tcp, (const uint8_t *)"x", 1);
	UNTIL(patient.times && b.octets == 1);
	CU_ASSERT_TRUE(patient.at >= due);
	CU_ASSERT_TRUE(greedy.times > 2);
	net_timer_cancel(net, &greedy.timer);
	end();
}

static void nothing_happens(void)
{
	int64_t until;

	begin_at("127.0.0.1", "127.0.0.2");
	CU_ASSERT_FALSE(net_is_virtual(net));
	until = net_now(net) + 3 * NET_MILLISECOND;
	while (net_step(net, until))
		CU_ASSERT_TRUE(net_now(net) < until + NET_SECOND);
	CU_ASSERT_TRUE(net_now(net) >= until);
	end();
}

static volatile bool stop;

static void on_signal(int number)
{
	(void)number;
	stop = true;
}

static void kill_me(void *ctx)
{
	(void)ctx;
	raise(SIGUSR1);
}

static void a_signal_ends_the_run(void)
{
	struct net_timer t = { .fn = kill_me };
	struct sigaction now = { .sa_handler = on_signal }, before;

	begin_at("127.0.0.1", "127.0.0.2");
	stop = false;
	sigaction(SIGUSR1, &now, &before);
	net_timer_set(net, &t, net_now(net) + NET_MILLISECOND);
	net_run(net, &stop);
	CU_ASSERT_TRUE(stop);
	sigaction(SIGUSR1, &before, NULL);
	end();
}

/* --- descriptors ----------------------------------------------------------------------------- */

struct watched {
	struct net_watch *watch;
	int fd;
	unsigned calls;
	size_t octets;
	bool ended;
};

static void on_readable(void *ctx)
{
	struct watched *w = ctx;
	char octets[16];
	ssize_t n = read(w->fd, octets, sizeof(octets));

	w->calls++;
	if (n > 0)
		w->octets += (size_t)n;
	w->ended = n <= 0;
	if (!w->ended)
		return;
	net_watch_free(w->watch);
	w->watch = NULL;
}

static void descriptors(void)
{
	struct watched pipe_end = { 0 }, file = { 0 };
	FILE *temporary = tmpfile();
	int fds[2];

	begin_at("127.0.0.1", "127.0.0.2");
	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(temporary);
	pipe_end.fd = fds[0];
	pipe_end.watch = net_watch_fd(net, fds[0], on_readable, &pipe_end);
	CU_ASSERT_PTR_NULL(net_watch_fd(net, -1, on_readable, &pipe_end));
	CU_ASSERT_EQUAL(write(fds[1], "hello", 5), 5);
	UNTIL(pipe_end.octets == 5);
	close(fds[1]);
	UNTIL(pipe_end.ended);
	close(fds[0]);
	/* A file can always be read. */
	fputs("0123456789012345678901234567890123456789", temporary);
	rewind(temporary);
	file.fd = fileno(temporary);
	file.watch = net_watch_fd(net, file.fd, on_readable, &file);
	CU_ASSERT_PTR_NOT_NULL_FATAL(file.watch);
	UNTIL(file.ended);
	CU_ASSERT_EQUAL(file.octets, 40);
	fclose(temporary);
	end();
}

/* --- GRE ------------------------------------------------------------------------------------- */

/* As root it works; without the right to do so the reason and the remedy are told. */
static void gre(void)
{
	uint8_t packet[3000] = { 0x30, 0x01, 0x88, 0x0b, 0, 1, 0, 7, [2999] = 42 };
	char err[160] = "";

	begin_at("127.0.0.1", "127.0.0.2");
	if (!net_gre_open(net, err, sizeof(err))) {
		CU_ASSERT_PTR_NOT_NULL(strstr(err, "CAP_NET_RAW"));
		CU_ASSERT_FALSE(net_gre_send(a.host, NULL, &addr_b, packet, sizeof(packet)));
		end();
		return;
	}
	CU_ASSERT_TRUE(net_gre_open(net, err, sizeof(err)));
	net_gre_claim(b.host, 7, on_gre, &b);
	CU_ASSERT_TRUE(net_gre_send(a.host, NULL, &addr_b, packet, sizeof(packet)));
	UNTIL(b.gre == 1);
	CU_ASSERT_TRUE(ip_addr_same(&b.gre_src, &addr_a));
	CU_ASSERT_TRUE(ip_addr_same(&b.gre_dst, &addr_b));
	CU_ASSERT_EQUAL(b.gre_last, 42);
	CU_ASSERT_EQUAL(b.seen[0].len, sizeof(packet));
	/* From another address. */
	ip_addr_parse("127.0.0.3", &addr_a);
	CU_ASSERT_TRUE(net_gre_send(a.host, &addr_a, &addr_b, packet, 9));
	UNTIL(b.gre == 2);
	CU_ASSERT_TRUE(ip_addr_same(&b.gre_src, &addr_a));
	ip_addr_parse("192.0.2.1", &addr_a);
	CU_ASSERT_FALSE(net_gre_send(a.host, &addr_a, &addr_b, packet, 9));
	CU_ASSERT_EQUAL(a.nseen, 2);
	end();
}

/* The destination then comes beside the packet; a machine without IPv6 cannot send. */
static void gre_over_ipv6(void)
{
	uint8_t packet[] = { 0x30, 0x01, 0x88, 0x0b, 0, 1, 0, 7, 0, 0, 0, 0, 42 };
	char err[160] = "";

	begin_at("127.0.0.1", "127.0.0.2");
	net_host_free(b.host);
	ip_addr_parse("::1", &addr_b);
	b.host = net_host_new(net, &addr_b, NULL);
	net_gre_claim(b.host, 7, on_gre, &b);
	if (net_gre_open(net, err, sizeof(err)) && net_gre_send(b.host, NULL, &addr_b, packet, sizeof(packet))) {
		UNTIL(b.gre == 1);
		CU_ASSERT_TRUE(ip_addr_same(&b.gre_src, &addr_b));
		CU_ASSERT_TRUE(ip_addr_same(&b.gre_dst, &addr_b));
		CU_ASSERT_EQUAL(b.gre_last, 42);
	}
	/* From one family to the other there is no way. */
	CU_ASSERT_FALSE(net_gre_send(a.host, NULL, &addr_b, packet, sizeof(packet)));
	end();
}

void suite_net_socket(void)
{
	CU_pSuite s = CU_add_suite("net of the machine", NULL, NULL);

	CU_add_test(s, "both taps see what is said, numbered", taps_see_a_connection);
	CU_add_test(s, "each write is a segment", each_write_is_a_segment);
	CU_add_test(s, "refused, and addresses that cannot be used", nobody_listens);
	CU_add_test(s, "RST is told after what came before it", resets);
	CU_add_test(s, "octets to a closed connection are answered with RST", closed_means_closed);
	CU_add_test(s, "closing with octets unread resets", closed_unread_resets);
	CU_add_test(s, "who does not read lets the writer wait", large_writers_wait);
	CU_add_test(s, "source ports are as asked for, and used again", source_ports);
	CU_add_test(s, "a host that goes resets what it had, not what it had closed", a_host_goes);
	CU_add_test(s, "hosts without an address, IPv4 and IPv6", any_address);
	CU_add_test(s, "a timer that sets itself starves nobody", a_greedy_timer);
	CU_add_test(s, "time passes when nothing happens", nothing_happens);
	CU_add_test(s, "a signal ends the run", a_signal_ends_the_run);
	CU_add_test(s, "other descriptors, files among them", descriptors);
	CU_add_test(s, "GRE by raw sockets, or why not", gre);
	CU_add_test(s, "GRE over IPv6", gre_over_ipv6);
}
