/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the implementations of net.h share: timers, hosts, taps, claims of GRE.  net.c has the common
 * half; net_socket.c and net_memory.c have the other, as functions of struct net_ops.
 *
 * Whatever a callback may free is dead at once, but buried between turns only: lists may be walked while
 * callbacks are called, as long as the dead are passed over.
 */
#ifndef PPTPSCOPE_NET_PRIVATE_H
#define PPTPSCOPE_NET_PRIVATE_H

#include "conformance/net.h"

enum {
	NET_WAITING_MAX = 1 << 20, /* octets that wait to be sent, of one connection */
	NET_CLAIM_BUCKETS = 1024,
	NET_WHY = 160 /* room for a reason in words */
};

/* First member of what can be freed. */
struct net_grave {
	struct net_grave *next;
	void (*bury)(struct net_grave *g);
	bool dead;
};

struct net_ops {
	void (*free)(struct net *n); /* after everything on it was freed */
	int64_t (*now)(const struct net *n);
	bool (*step)(struct net *n, int64_t until);
	struct net_tcp *(*connect)(struct net_host *h, uint16_t port, const struct ip_addr *peer,
				   uint16_t peer_port, char *err, size_t room);
	/* The listener knows its port. */
	struct net_listener *(*listen)(struct net_host *h, uint16_t port, char *err, size_t room);
	void (*unlisten)(struct net_listener *l); /* takes no more */
	void (*take)(struct net_tcp *c);          /* the owner is known now */
	bool (*write)(struct net_tcp *c, const uint8_t *octets, size_t len);
	size_t (*waiting)(const struct net_tcp *c);
	void (*pause)(struct net_tcp *c); /* c->paused has changed */
	void (*shutdown)(struct net_tcp *c);
	void (*close)(struct net_tcp *c); /* c has lost its owner, and is to end in its own time */
	void (*abort)(struct net_tcp *c);
	void (*leave)(struct net_tcp *c); /* c is closed, and its host goes */
	bool (*gre_open)(struct net *n, char *err, size_t room);
	bool (*gre_send)(struct net_host *h, const struct ip_addr *src, const struct ip_addr *dst,
			 const uint8_t *octets, size_t len);
	struct net_watch *(*watch)(struct net *n, int fd, void (*fn)(void *ctx), void *ctx);
	void (*unwatch)(struct net_watch *w);
	bool virtual;
};

struct net {
	const struct net_ops *ops;
	struct net_timer *timers; /* a pairing heap: the next one to ring */
	size_t order;             /* timers set so far */
	struct net_host *hosts;
	struct net_claim *claims[NET_CLAIM_BUCKETS], *rest;
	struct net_grave *graves, **graves_end;
	uint64_t arrivals; /* GRE packets so far */
};

struct net_host {
	struct net_grave grave;
	struct net_host *next, **link;
	struct net *net;
	struct ip_addr addr;
	bool any; /* has no address */
	struct net_tap tap;
	uint64_t shown; /* the last GRE arrival that the tap saw */
	struct net_tcp *connections;
	struct net_listener *listeners;
};

struct net_tcp {
	struct net_grave grave;
	struct net_tcp *next, **link; /* of its host */
	struct net_host *host;
	struct net_tcp_events events;
	void *ctx;
	bool owned;  /* its owner has taken it, and not closed it */
	bool closed; /* its owner has closed it */
	bool paused;
	struct ip_addr local, peer;
	uint16_t local_port, peer_port;
	uint32_t sent, received, acked; /* next to send, next to come; what the peer has acknowledged */
};

struct net_listener {
	struct net_grave grave;
	struct net_listener *next, **link; /* of its host */
	struct net_host *host;
	uint16_t port;
	void (*accepted)(void *ctx, struct net_tcp *c);
	void *ctx;
};

struct net_watch {
	struct net_grave grave;
	struct net *net;
	int fd;
	void (*fn)(void *ctx);
	void *ctx;
};

void net_init(struct net *n, const struct net_ops *ops);

/* Dead from now on; buried between turns. */
void net_bury(struct net *n, struct net_grave *g, void (*bury)(struct net_grave *g));

/* The next timer, or NULL; and takes it out. */
const struct net_timer *net_timer_next(const struct net *n);
void net_timer_ring(struct net *n);

/* Puts a connection to its host's others; and takes it off and buries it. */
void net_tcp_join(struct net_tcp *c, struct net_host *h);
void net_tcp_leave(struct net_tcp *c, void (*bury)(struct net_grave *g));

/* Shows the taps. */
void net_show_tcp(const struct net_tcp *c, bool sent, uint8_t flags, uint32_t seq, uint32_t ack,
		  const uint8_t *octets, size_t len);
void net_show_gre(struct net_host *h, bool sent, const struct ip_addr *src, const struct ip_addr *dst,
		  const uint8_t *octets, size_t len);

/* A GRE packet has come: to those who claim it, and to their taps. */
void net_gre_arrived(struct net *n, const struct ip_addr *src, const struct ip_addr *dst,
		     const uint8_t *octets, size_t len);

/* Whether the host is meant by an address. */
static inline bool net_host_is(const struct net_host *h, const struct ip_addr *a)
{
	return !h->grave.dead && (h->any || ip_addr_same(&h->addr, a));
}

#endif
