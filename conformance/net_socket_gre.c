/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GRE by raw sockets. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "conformance/net_socket_private.h"
#include "dissectors/ip.h"

enum { RECEIVE_BUFFER = 4 << 20 };

/* Room for the source or destination address beside a packet. */
union control {
	struct cmsghdr align;
	char room[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

static struct ip_addr address_of(const union socket_address *a)
{
	struct ip_addr addr;
	uint16_t port;

	socket_address_read(a, &addr, &port);
	return addr;
}

/* A packet of a raw IPv4 socket: with its IP header. */
static void got_v4(struct socket_net *n, const uint8_t *octets, size_t len)
{
	struct link_payload in = { 0, octets, (uint32_t)len, (uint32_t)len };
	struct datagram d;

	if (ip_decode(&in, &d) == UNSEEN_NONE && d.protocol == IP_PROTO_GRE && !d.fragment)
		net_gre_arrived(&n->net, &d.src, &d.dst, d.payload, d.caplen);
}

/* A packet of a raw IPv6 socket: the header is gone, the destination lies beside. */
static void got_v6(struct socket_net *n, struct msghdr *m, const uint8_t *octets, size_t len)
{
	struct ip_addr src = address_of(m->msg_name), dst;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		struct in6_pktinfo info;

		if (c->cmsg_level != IPPROTO_IPV6 || c->cmsg_type != IPV6_PKTINFO)
			continue;
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		memcpy(dst.octet, &info.ipi6_addr, sizeof(dst.octet));
		net_gre_arrived(&n->net, &src, &dst, octets, len);
		return;
	}
}

/* One batch a turn, so that a flood leaves time for timers and connections. */
static void gre_ready(struct source *s, uint32_t events)
{
	struct gre_socket *g = (struct gre_socket *)s;
	struct mmsghdr m[GRE_BATCH] = { 0 };
	union socket_address from[GRE_BATCH];
	union control control[GRE_BATCH];
	struct iovec part[GRE_BATCH];
	int n;

	(void)events;
	for (unsigned i = 0; i < GRE_BATCH; i++) {
		part[i] = (struct iovec){ g->net->packets[i], GRE_OCTETS };
		m[i].msg_hdr = (struct msghdr){ .msg_name = &from[i],
						.msg_namelen = sizeof(from[i]),
						.msg_iov = &part[i],
						.msg_iovlen = 1,
						.msg_control = &control[i],
						.msg_controllen = sizeof(control[i]) };
	}
	n = recvmmsg(s->fd, m, GRE_BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		if (g->family == AF_INET)
			got_v4(g->net, g->net->packets[i], m[i].msg_len);
		else
			got_v6(g->net, &m[i].msg_hdr, g->net->packets[i], m[i].msg_len);
	}
}

/* What could make a session stumble: a small buffer, and packets that are not to be fragmented. */
static void tune(int fd, int family)
{
	static const int on = 1, buffer = RECEIVE_BUFFER, v4_never = IP_PMTUDISC_DONT,
			 v6_never = IPV6_PMTUDISC_DONT;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	if (family == AF_INET) {
		setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &v4_never, sizeof(v4_never));
		return;
	}
	setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &v6_never, sizeof(v6_never));
	setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
}

/* 0 or an errno. */
static int open_one(struct socket_net *n, struct gre_socket *g, int family)
{
	int fd = socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_GRE);

	if (fd < 0)
		return errno;
	tune(fd, family);
	g->source = (struct source){ .fd = fd, .ready = gre_ready };
	g->net = n;
	g->family = family;
	if (source_want(n, &g->source, EPOLLIN))
		return 0;
	close(fd);
	g->source.fd = -1;
	return errno;
}

bool socket_gre_open(struct net *net, char *err, size_t room)
{
	struct socket_net *n = (struct socket_net *)net;
	int why;

	if (n->gre_open)
		return true;
	n->packets = malloc(GRE_BATCH * sizeof(*n->packets));
	if (!n->packets) {
		snprintf(err, room, "out of memory");
		return false;
	}
	why = open_one(n, &n->gre[0], AF_INET);
	if (why == EPERM || why == EACCES) {
		snprintf(err, room,
			 "a raw socket for GRE needs CAP_NET_RAW: run as root, or setcap cap_net_raw+ep");
	} else if (why) {
		snprintf(err, room, "no raw socket for GRE: %s", strerror(why));
	} else {
		/* A machine without IPv6 does without. */
		open_one(n, &n->gre[1], AF_INET6);
		n->gre_open = true;
		return true;
	}
	socket_gre_close(n);
	return false;
}

void socket_gre_close(struct socket_net *n)
{
	for (unsigned i = 0; i < 2; i++) {
		if (n->gre[i].source.fd < 0)
			continue;
		source_drop(n, &n->gre[i].source);
		close(n->gre[i].source.fd);
		n->gre[i].source.fd = -1;
	}
	free(n->packets);
	n->packets = NULL;
	n->gre_open = false;
}

/* Says which address to send from. */
static void put_source(struct msghdr *m, const struct ip_addr *src)
{
	struct cmsghdr *c = m->msg_control;

	memset(m->msg_control, 0, m->msg_controllen);
	if (ip_addr_is_v4(src)) {
		struct in_pktinfo info = { 0 };

		memcpy(&info.ipi_spec_dst, src->octet + 12, 4);
		c->cmsg_level = IPPROTO_IP;
		c->cmsg_type = IP_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof(info));
		m->msg_controllen = CMSG_SPACE(sizeof(info));
		memcpy(CMSG_DATA(c), &info, sizeof(info));
	} else {
		struct in6_pktinfo info = { 0 };

		memcpy(&info.ipi6_addr, src->octet, sizeof(src->octet));
		c->cmsg_level = IPPROTO_IPV6;
		c->cmsg_type = IPV6_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof(info));
		m->msg_controllen = CMSG_SPACE(sizeof(info));
		memcpy(CMSG_DATA(c), &info, sizeof(info));
	}
}

bool socket_gre_send(struct net_host *h, const struct ip_addr *src, const struct ip_addr *dst,
		     const uint8_t *octets, size_t len)
{
	struct socket_net *n = (struct socket_net *)h->net;
	const struct gre_socket *g = &n->gre[!ip_addr_is_v4(dst)];
	struct iovec part = { (void *)octets, len };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };
	union socket_address to;
	union control control;
	struct ip_addr from;

	if (src)
		from = *src;
	else if (!h->any)
		from = h->addr;
	else if (!socket_route(n, dst, &from))
		return false;
	if (!n->gre_open || g->source.fd < 0 || ip_addr_is_v4(&from) != ip_addr_is_v4(dst))
		return false;
	m.msg_name = &to;
	m.msg_namelen = socket_address_of(&to, dst, 0);
	m.msg_control = &control;
	m.msg_controllen = sizeof(control);
	put_source(&m, &from);
	if (sendmsg(g->source.fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return false;
	net_show_gre(h, true, &from, dst, octets, len);
	return true;
}
