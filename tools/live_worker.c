/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker's side of live_workers.h. */
#include "tools/live_workers_private.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

unsigned live_worker_index(const struct live_worker *self)
{
	return self->index;
}

void live_worker_pending(struct live_worker *self, uint64_t things)
{
	atomic_store_explicit(&self->share->pending, things, memory_order_relaxed);
}

_Atomic uint64_t *live_worker_counters(struct live_worker *self)
{
	return self->share->counter;
}

/* All of it, however long that takes.  False when there is no parent any more. */
static bool send_all(struct live_worker *self, struct msghdr *message)
{
	while (message->msg_iovlen) {
		ssize_t n = sendmsg(self->fd, message, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return false;
		if (n >= 0)
			message->msg_control = NULL, message->msg_controllen = 0;
		while (message->msg_iovlen && n >= (ssize_t)message->msg_iov->iov_len) {
			n -= (ssize_t)message->msg_iov->iov_len;
			message->msg_iov++;
			message->msg_iovlen--;
		}
		if (message->msg_iovlen && n > 0) {
			message->msg_iov->iov_base = (char *)message->msg_iov->iov_base + n;
			message->msg_iov->iov_len -= (size_t)n;
		}
	}
	return true;
}

bool live_worker_record(struct live_worker *self, int64_t time_ns, const void *octets, size_t len)
{
	struct live_message head = { LIVE_MESSAGE_RECORD, (uint32_t)len, time_ns };
	struct iovec parts[] = { { &head, sizeof(head) }, { (void *)octets, len } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = len ? 2 : 1 };

	if (len > LIVE_RECORD_MAX)
		return false;
	atomic_fetch_add_explicit(&self->share->sent, 1, memory_order_relaxed);
	return send_all(self, &message);
}

bool live_worker_mark(struct live_worker *self, int64_t time_ns)
{
	struct live_message head = { LIVE_MESSAGE_MARK, 0, time_ns };
	struct iovec part = { &head, sizeof(head) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	return send_all(self, &message);
}

/*
 * A group is of one interface: one that was made anew under the old name has another number, and
 * could not join its sockets to those of the old one.  The program is the group's: that each member
 * sets the same one again does no harm.
 */
static bool join_group(const struct live_worker *self, int packet_fd)
{
	struct sock_filter code[LIVE_HASH_ROOM];
	struct sock_fprog program = { .filter = code };
	struct sockaddr_ll bound = { 0 };
	socklen_t len = sizeof(bound);
	int group;

	if (getsockname(packet_fd, (struct sockaddr *)&bound, &len) != 0)
		return false;
	group = (uint16_t)(self->group + bound.sll_ifindex) | PACKET_FANOUT_CBPF << 16;
	program.len = (uint16_t)live_workers_hash(code, self->count);
	return setsockopt(packet_fd, SOL_PACKET, PACKET_FANOUT, &group, sizeof(group)) == 0 &&
	       setsockopt(packet_fd, SOL_PACKET, PACKET_FANOUT_DATA, &program, sizeof(program)) == 0;
}

static bool pass_socket(struct live_worker *self, unsigned interface, int packet_fd)
{
	struct live_message head = { LIVE_MESSAGE_JOIN, interface, 0 };
	struct iovec part = { &head, sizeof(head) };
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &packet_fd, sizeof(packet_fd));
	return send_all(self, &message);
}

bool live_worker_join(struct live_worker *self, unsigned interface, int packet_fd, int64_t *from_ns,
		      char *err, size_t room)
{
	struct live_message answer;
	ssize_t n;

	*from_ns = INT64_MIN;
	if (self->count == 1)
		return true;
	if (interface >= LIVE_INTERFACES_MAX) {
		snprintf(err, room, "more than %d interfaces", LIVE_INTERFACES_MAX);
		return false;
	}
	if (!join_group(self, packet_fd)) {
		snprintf(err, room, "cannot share packets among workers: %s", strerror(errno));
		return false;
	}
	if (!pass_socket(self, interface, packet_fd)) {
		snprintf(err, room, "the parent has gone: %s", strerror(errno));
		return false;
	}
	n = recv(self->fd, &answer, sizeof(answer), MSG_WAITALL);
	if (n != sizeof(answer)) {
		snprintf(err, room, "no answer of the parent: %s", n < 0 ? strerror(errno) : "it has gone");
		return false;
	}
	*from_ns = answer.time_ns;
	return true;
}
