/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files share that bring net.h to the machine's network. */
#ifndef PPTPSCOPE_NET_SOCKET_PRIVATE_H
#define PPTPSCOPE_NET_SOCKET_PRIVATE_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "conformance/net_private.h"

/* A descriptor that the loop waits for. */
struct source {
	int fd;
	uint32_t events; /* EPOLL*, as the kernel knows it; 0 with !listed: it does not */
	bool listed;
	void (*ready)(struct source *s, uint32_t events);
	const struct net_grave *grave; /* of its owner: once dead, nobody is told; or NULL */
};

enum { GRE_BATCH = 32, GRE_OCTETS = 65536 };

struct gre_socket {
	struct source source;
	struct socket_net *net;
	int family;
};

struct socket_net {
	struct net net;
	int epoll;
	int64_t anchor;                 /* of 1970 in monotonic time */
	struct gre_socket gre[2];       /* IPv4, IPv6 */
	uint8_t (*packets)[GRE_OCTETS]; /* GRE_BATCH of them, owned */
	bool gre_open;
	struct ip_addr routed_to, routed_from; /* the last answer of the routes */
};

/* Has the loop wait for these EPOLL* events; 0: for errors only.  False with errno. */
bool source_want(struct socket_net *n, struct source *s, uint32_t events);
/* The loop forgets it. */
void source_drop(struct socket_net *n, struct source *s);

union socket_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* Both return and take IPv4 as AF_INET. */
socklen_t socket_address_of(union socket_address *out, const struct ip_addr *addr, uint16_t port);
void socket_address_read(const union socket_address *in, struct ip_addr *addr, uint16_t *port);

/* The address by which the machine would speak to another; false: it has no route. */
bool socket_route(struct socket_net *n, const struct ip_addr *to, struct ip_addr *from);

bool socket_gre_open(struct net *n, char *err, size_t room);
bool socket_gre_send(struct net_host *h, const struct ip_addr *src, const struct ip_addr *dst,
		     const uint8_t *octets, size_t len);
void socket_gre_close(struct socket_net *n);

#endif
