/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the active side reaches others: a clock, timers, TCP connections, GRE packets and file
 * descriptors, one event loop, no threads.
 *
 * Two implementations of the same functions, chosen when the net is made: net_socket.c (the
 * machine's network and clock; the only file that opens sockets) and net_memory.c (virtual hosts in
 * one process, virtual time, same seed same run).  Whatever is built on this header runs on both.
 *
 * A host is an identity on the net: an address and a tap that sees all it sends and receives.
 * Several hosts may share an address (several tests beside each other).
 *
 * Times are nanoseconds since 1970.  Ports and Call IDs are in host order.  Callbacks are called
 * from net_run() or net_step() only, never from within another function of this header, so a caller
 * need not expect to be re-entered.  Freeing anything from within any callback is allowed.  The taps alone
 * are told at once, also from within the function that sends; they must not call back into the net.
 */
#ifndef PPTPSCOPE_NET_H
#define PPTPSCOPE_NET_H

#include "dissectors/packet.h"

#define NET_SECOND INT64_C(1000000000)
#define NET_MILLISECOND INT64_C(1000000)
#define NET_NEVER INT64_MAX

struct net;
struct net_host;
struct net_tcp;
struct net_listener;

/* Embedded in its owner; zero-filled with fn and ctx set is a timer at rest.  Cancel before freeing. */
struct net_timer {
	void (*fn)(void *ctx);
	void *ctx;
	int64_t due;
	size_t slot;                           /* the net's own; 0: at rest */
	struct net_timer *child, *next, *prev; /* the net's own */
};

/* --- the loop ------------------------------------------------------------------------------- */

/* The machine's network.  NULL with a message in err. */
struct net *net_socket_new(char *err, size_t room);

/* A network in memory. */
struct net_memory_options {
	int64_t latency_ns; /* one way; 0: 1 ms */
	uint32_t seed;
	unsigned loss_permille, reorder_permille, duplicate_permille; /* of GRE packets */
	/*
	 * Octets on the way at most, in each direction of a connection: what is beyond waits.  0: 64 KB.  GRE
	 * may have 16 times as many on the whole net: what is beyond is dropped.
	 */
	size_t queue;
};
struct net *net_memory_new(const struct net_memory_options *o);

/* Frees it and everything on it, timers excepted: those are their owners'. */
void net_free(struct net *n);

int64_t net_now(const struct net *n);
bool net_is_virtual(const struct net *n);

/* Sets (or moves) a timer; a time in the past means: at the next turn.  Same time: in the order set. */
void net_timer_set(struct net *n, struct net_timer *t, int64_t due);
void net_timer_cancel(struct net *n, struct net_timer *t);

/*
 * Waits for what comes next, at most until `until`, and calls the callbacks.  In memory, time jumps
 * to the next event, or to `until` when there is none before.  False when nothing happened until then
 * (in memory, with NET_NEVER: nothing can ever happen).  A signal ends the wait too.  Not to be called from a
 * callback.
 */
bool net_step(struct net *n, int64_t until);

/* Turns until *stop; in memory also until nothing can happen any more. */
void net_run(struct net *n, const volatile bool *stop);

/* --- hosts and taps -------------------------------------------------------------------------- */

enum { NET_FIN = 1, NET_SYN = 2, NET_RST = 4, NET_PSH = 8, NET_ACK = 16 }; /* as in the TCP header */

/*
 * A packet as seen at the host.  TCP numbers are of a connection that starts at sequence 0 on both
 * sides; ack tells what the sender of the segment is known to have received: for what the peer sends,
 * that is what it has acknowledged to our kernel.
 */
struct net_seen {
	int64_t time_ns;
	struct ip_addr src, dst;
	uint8_t protocol; /* IP_PROTO_TCP, IP_PROTO_GRE */
	bool sent;        /* by this host */
	uint16_t src_port, dst_port;
	uint32_t seq, ack;
	uint8_t flags;         /* NET_* */
	const uint8_t *octets; /* TCP payload, or the whole GRE packet */
	size_t len;
};

struct net_tap {
	void *ctx;
	void (*seen)(void *ctx, const struct net_seen *s);
};

/*
 * addr NULL: whatever address the routes choose (real network only).  The tap is copied; it may be
 * NULL.  The host must be freed before the net.
 */
struct net_host *net_host_new(struct net *n, const struct ip_addr *addr, const struct net_tap *tap);
void net_host_free(struct net_host *h); /* aborts its connections, closes its listeners */
struct net *net_of_host(const struct net_host *h);

/* --- TCP ------------------------------------------------------------------------------------- */

/* What a connection tells its owner; each may be NULL.  After failed, reset or closed by both: free it. */
struct net_tcp_events {
	void (*opened)(void *ctx);                  /* net_connect() succeeded */
	void (*failed)(void *ctx, const char *why); /* net_connect() did not: "connection refused", ... */
	void (*octets)(void *ctx, const uint8_t *octets, size_t len);
	void (*fin)(void *ctx);                    /* the peer will send no more */
	void (*reset)(void *ctx, const char *why); /* the peer, or the network, ended it at once */
	void (*drained)(void *ctx); /* what had to wait for the peer has left (for large writers) */
};

/* port: local source port, 0: any.  NULL with a message in err. */
struct net_tcp *net_connect(struct net_host *h, uint16_t port, const struct ip_addr *peer, uint16_t peer_port,
			    const struct net_tcp_events *events, void *ctx, char *err, size_t room);

/*
 * Listens on the host's address (all addresses when it has none), port 0: on any port.  accepted: a
 * connection has come; it is the callee's now, who must call net_tcp_take() to be told of it, or net_close().
 */
struct net_listener *net_listen(struct net_host *h, uint16_t port,
				void (*accepted)(void *ctx, struct net_tcp *c), void *ctx, char *err,
				size_t room);
void net_listener_free(struct net_listener *l);
uint16_t net_listener_port(const struct net_listener *l); /* where port 0 led to, too */
void net_tcp_take(struct net_tcp *c, const struct net_tcp_events *events, void *ctx);

/*
 * Each call is a segment of its own where the net allows (no delay, no joining).  Queued when the
 * peer does not read; false when more than 1 MB waits already, or the connection cannot be written to.
 */
bool net_write(struct net_tcp *c, const uint8_t *octets, size_t len);
size_t net_waiting(const struct net_tcp *c); /* octets not yet acknowledged by the peer */
void net_pause(struct net_tcp *c, bool on);  /* stop reading: the peer's window fills */
void net_shutdown(struct net_tcp *c);        /* FIN after what is written; reading goes on */
/*
 * FIN after what is written; told nothing more; freed.  The host's tap goes on to see the connection to its
 * end; should the peer send more, it is reset, as any closed socket does.
 */
void net_close(struct net_tcp *c);
void net_abort(struct net_tcp *c); /* RST; freed */
struct net_host *net_tcp_host(const struct net_tcp *c);
void net_tcp_ends(const struct net_tcp *c, struct ip_addr *local, uint16_t *local_port, struct ip_addr *peer,
		  uint16_t *peer_port);

/* --- GRE ------------------------------------------------------------------------------------- */

/*
 * Opens the raw socket for GRE (once a net; later calls are cheap).  False with the reason, such as a
 * missing CAP_NET_RAW and what to do, in err.
 */
bool net_gre_open(struct net *n, char *err, size_t room);

/*
 * Packets to the host's address whose Call ID is `call_id` come to fn; several may claim one ID, each is
 * told.  len: the GRE packet, IP header excluded.  NULL: no memory.
 *
 * The tap of a host sees what a claim of that host takes.  What no claim takes is seen by a host that has its
 * address for itself.
 */
struct net_claim;
typedef void net_gre_fn(void *ctx, const struct ip_addr *src, const struct ip_addr *dst,
			const uint8_t *octets, size_t len);
struct net_claim *net_gre_claim(struct net_host *h, uint16_t call_id, net_gre_fn *fn, void *ctx);
/* Every GRE packet from `peer` that no claim of an ID took. */
struct net_claim *net_gre_claim_rest(struct net_host *h, const struct ip_addr *peer, net_gre_fn *fn,
				     void *ctx);
void net_gre_release(struct net_claim *c);

/* Sends a GRE packet (IP fragments it when too long).  src NULL: the host's, or what the routes choose. */
bool net_gre_send(struct net_host *h, const struct ip_addr *src, const struct ip_addr *dst,
		  const uint8_t *octets, size_t len);

/* --- file descriptors (real network only: false in memory) ----------------------------------- */

struct net_watch;
/* Tells fn when fd can be read, or has ended. */
struct net_watch *net_watch_fd(struct net *n, int fd, void (*fn)(void *ctx), void *ctx);
void net_watch_free(struct net_watch *w);

#endif
