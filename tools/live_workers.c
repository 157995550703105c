/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parent's side of live_workers.h. */
#include "tools/live_workers_private.h"

#include <errno.h>
#include <limits.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/live_merge.h"

enum {
	DEFAULT_PATIENCE_MS = 2000,
	DEFAULT_HOLD = 16 << 20,
	DEFAULT_BACKOFF_MS = 1000,
	BACKOFF_MOST_MS = 60000, /* and who lived as long begins anew */
	BUFFER_LEAST = 64 << 10,
	NS_PER_MS = 1000000,
};

struct member {
	pid_t pid; /* 0: there is none */
	int fd;
	uint8_t *buffer; /* what came and was not understood yet */
	size_t room, have;
	int passed_fd;                      /* a socket whose JOIN is not read yet, or -1 */
	int held[LIVE_INTERFACES_MAX];      /* copies of packet sockets, or -1 */
	bool waits[LIVE_INTERFACES_MAX];    /* for GO */
	bool orphaned[LIVE_INTERFACES_MAX]; /* the socket that is held is of one who died */
	uint64_t received;
	int64_t started_ms, retry_at_ms, backoff_ms;
	unsigned restarts;
};

struct live_workers {
	struct live_workers_options options;
	struct live_merge *merge;
	struct live_share *share;
	uint16_t group;
	bool stopping, all_well;
	struct member member[LIVE_WORKERS_MAX];
};

static int64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000 * NS_PER_MS + t.tv_nsec;
}

static int64_t now_ms(void)
{
	return clock_ns(CLOCK_MONOTONIC) / NS_PER_MS;
}

static void tell(const struct live_workers *w, const struct live_worker_change *change)
{
	if (w->options.changed)
		w->options.changed(w->options.context, change);
}

/* ---------------------------------------------------------------- birth */

/* The child: none of the parent's files, no life without the parent, no way back. */
_Noreturn static void live(struct live_workers *w, unsigned i, int fd, pid_t parent)
{
	struct live_worker self = {
		.fd = fd,
		.index = i,
		.count = w->options.count,
		.group = w->group,
		.share = &w->share[i],
	};

	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
		_exit(EXIT_FAILURE);
	if (fd > 3)
		close_range(3, (unsigned)fd - 1, 0);
	close_range((unsigned)fd + 1, ~0u, 0);
	atomic_store(&self.share->sent, 0);
	atomic_store(&self.share->pending, 0);
	_exit(w->options.work(&self, w->options.context));
}

static void birth_failed(struct live_workers *w, unsigned i)
{
	struct member *m = &w->member[i];

	m->retry_at_ms = now_ms() + m->backoff_ms;
	tell(w, &(struct live_worker_change){ .worker = i,
					      .event = LIVE_WORKER_FAILED,
					      .restarts = m->restarts,
					      .retry_ms = m->backoff_ms });
}

/* False with errno. */
static bool fork_worker(struct live_workers *w, unsigned i)
{
	struct member *m = &w->member[i];
	pid_t parent = getpid();
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return false;
	fflush(NULL); /* or both would write it */
	m->pid = fork();
	if (m->pid == 0)
		live(w, i, pair[1], parent);
	close(pair[1]);
	if (m->pid < 0) {
		m->pid = 0;
		close(pair[0]);
		return false;
	}
	m->fd = pair[0];
	m->have = 0;
	m->received = 0;
	m->started_ms = now_ms();
	live_merge_wait_for(w->merge, i, true);
	tell(w, &(struct live_worker_change){
			.worker = i, .event = LIVE_WORKER_STARTED, .pid = m->pid, .restarts = m->restarts });
	return true;
}

/* ---------------------------------------------------------------- packet sockets */

/* Packets that came to a socket since this was last asked, of those that its filter takes. */
static uint64_t packets_of(int fd)
{
	struct tpacket_stats_v3 s = { 0 };
	socklen_t len = sizeof(s);

	return getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &s, &len) == 0 ? s.tp_packets : 0;
}

static void go(struct member *m, unsigned interface)
{
	struct live_message message = { LIVE_MESSAGE_GO, 0, clock_ns(CLOCK_REALTIME) };

	m->waits[interface] = false;
	/* one who does not get it has died, which its socket will tell */
	if (send(m->fd, &message, sizeof(message), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return;
}

/* The shares are fixed once as many sockets are in the group as there are workers. */
static void go_if_all(struct live_workers *w, unsigned interface)
{
	for (unsigned i = 0; i < w->options.count; i++)
		if (w->member[i].held[interface] < 0)
			return;
	for (unsigned i = 0; i < w->options.count; i++)
		if (w->member[i].waits[interface])
			go(&w->member[i], interface);
}

/* Letting go of the predecessor's socket moves the new one, last in the group, to its place. */
static void joined(struct live_workers *w, unsigned i, unsigned interface)
{
	struct member *m = &w->member[i];
	int old, fd = m->passed_fd;
	uint64_t lost = 0;

	m->passed_fd = -1;
	if (fd < 0 || interface >= LIVE_INTERFACES_MAX) {
		kill(m->pid, SIGKILL); /* the file table is full, or the worker is not itself any more */
		if (fd >= 0)
			close(fd);
		return;
	}
	old = m->held[interface];
	m->held[interface] = fd;
	m->waits[interface] = true;
	if (old >= 0) {
		lost = m->orphaned[interface] ? packets_of(old) : 0;
		close(old);
	}
	m->orphaned[interface] = false;
	go_if_all(w, interface);
	tell(w, &(struct live_worker_change){ .worker = i,
					      .event = LIVE_WORKER_JOINED,
					      .restarts = m->restarts,
					      .interface = interface,
					      .packets_lost = lost });
}

/* ---------------------------------------------------------------- death */

/* From now on, what comes to its sockets comes in vain, and is counted anew. */
static void orphan_sockets(struct member *m)
{
	for (unsigned k = 0; k < LIVE_INTERFACES_MAX; k++) {
		m->orphaned[k] = m->held[k] >= 0;
		if (m->orphaned[k])
			packets_of(m->held[k]);
	}
}

/* When and whether there will be another; -1: none. */
static int64_t plan_restart(struct live_workers *w, struct member *m)
{
	int64_t wait = m->backoff_ms;

	if (w->stopping)
		return -1;
	if (now_ms() - m->started_ms >= BACKOFF_MOST_MS)
		wait = w->options.backoff_ms;
	m->backoff_ms = wait * 2 < BACKOFF_MOST_MS ? wait * 2 : BACKOFF_MOST_MS;
	m->retry_at_ms = now_ms() + wait;
	return wait;
}

/* The socket has ended, which it does when the process ends; a bad one is helped along. */
static void bury(struct live_workers *w, unsigned i)
{
	struct member *m = &w->member[i];
	struct live_worker_change change = {
		.worker = i, .event = LIVE_WORKER_ENDED, .pid = m->pid, .restarts = m->restarts
	};

	kill(m->pid, SIGKILL); /* does not change the status of one that is exiting */
	while (waitpid(m->pid, &change.status, 0) < 0 && errno == EINTR)
		;
	if (change.status != 0)
		w->all_well = false;
	close(m->fd);
	if (m->passed_fd >= 0)
		close(m->passed_fd);
	m->pid = 0;
	m->fd = m->passed_fd = -1;
	memset(m->waits, 0, sizeof(m->waits));
	orphan_sockets(m);
	live_merge_wait_for(w->merge, i, false);
	change.records_lost = atomic_load(&w->share[i].sent) - m->received;
	change.pending_lost = atomic_load(&w->share[i].pending);
	change.retry_ms = plan_restart(w, m);
	tell(w, &change);
}

static void restart_due(struct live_workers *w)
{
	int64_t now = now_ms();

	for (unsigned i = 0; i < w->options.count && !w->stopping; i++) {
		struct member *m = &w->member[i];

		if (m->pid || m->retry_at_ms > now)
			continue;
		m->restarts++;
		if (!fork_worker(w, i))
			birth_failed(w, i);
	}
}

/* ---------------------------------------------------------------- messages */

/* Takes one message from the buffer; 0 when it is not whole, else its octets. */
static size_t take_message(struct live_workers *w, unsigned i, const uint8_t *at, size_t left)
{
	struct live_message head;

	if (left < sizeof(head))
		return 0;
	memcpy(&head, at, sizeof(head));
	if (head.kind == LIVE_MESSAGE_MARK) {
		live_merge_mark(w->merge, i, head.time_ns);
	} else if (head.kind == LIVE_MESSAGE_JOIN) {
		joined(w, i, head.len);
	} else {
		if (left - sizeof(head) < head.len)
			return 0;
		if (live_merge_put(w->merge, i, head.time_ns, clock_ns(CLOCK_MONOTONIC), at + sizeof(head),
				   head.len))
			w->member[i].received++;
		return sizeof(head) + head.len;
	}
	return sizeof(head);
}

static void take_messages(struct live_workers *w, unsigned i)
{
	struct member *m = &w->member[i];
	size_t done = 0, n;

	while ((n = take_message(w, i, m->buffer + done, m->have - done)))
		done += n;
	m->have -= done;
	memmove(m->buffer, m->buffer + done, m->have);
}

/* Room for the rest of a long record; a worker never sends a longer one. */
static bool make_room(struct member *m)
{
	size_t room = m->room ? m->room * 2 : BUFFER_LEAST;
	uint8_t *more;

	if (m->have < m->room)
		return true;
	if (room > 4 * LIVE_RECORD_MAX)
		return false;
	more = realloc(m->buffer, room);
	if (!more)
		return false;
	m->buffer = more;
	m->room = room;
	return true;
}

static void keep_passed(struct member *m, struct msghdr *message)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(message);

	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return;
	if (m->passed_fd >= 0)
		close(m->passed_fd);
	memcpy(&m->passed_fd, CMSG_DATA(c), sizeof(m->passed_fd));
}

/* Reads once what is there.  False when it has ended. */
static bool read_worker(struct member *m)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct iovec part;
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n;

	if (!make_room(m))
		return false;
	part = (struct iovec){ m->buffer + m->have, m->room - m->have };
	n = recvmsg(m->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	keep_passed(m, &message);
	m->have += (size_t)n;
	return n > 0;
}

/* ---------------------------------------------------------------- the loop */

/* Until when to sleep: until asked, patience ends, or a restart is due. */
static int sleep_ms(const struct live_workers *w, int timeout_ms)
{
	int64_t now = now_ms(), until = now + (timeout_ms < 0 ? INT_MAX : timeout_ms);
	int64_t patience = live_merge_deadline(w->merge);

	if (patience != INT64_MAX && patience / NS_PER_MS + 1 < until)
		until = patience / NS_PER_MS + 1;
	for (unsigned i = 0; i < w->options.count && !w->stopping; i++)
		if (!w->member[i].pid && w->member[i].retry_at_ms < until)
			until = w->member[i].retry_at_ms;
	return until <= now ? 0 : until - now > INT_MAX ? INT_MAX : (int)(until - now);
}

static unsigned count_alive(const struct live_workers *w)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->options.count; i++)
		n += w->member[i].pid != 0;
	return n;
}

unsigned live_workers_poll(struct live_workers *w, int timeout_ms)
{
	struct pollfd p[LIVE_WORKERS_MAX];

	for (unsigned i = 0; i < w->options.count; i++)
		p[i] = (struct pollfd){ .fd = w->member[i].pid ? w->member[i].fd : -1, .events = POLLIN };
	if (poll(p, w->options.count, sleep_ms(w, timeout_ms)) > 0) {
		for (unsigned i = 0; i < w->options.count; i++) {
			bool ended = p[i].revents && !read_worker(&w->member[i]);

			if (p[i].revents)
				take_messages(w, i);
			if (ended)
				bury(w, i);
		}
	}
	live_merge_run(w->merge, clock_ns(CLOCK_MONOTONIC));
	restart_due(w);
	return count_alive(w);
}

void live_workers_signal(const struct live_workers *w, int signal)
{
	for (unsigned i = 0; i < w->options.count; i++)
		if (w->member[i].pid)
			kill(w->member[i].pid, signal);
}

uint64_t live_workers_counter(const struct live_workers *w, unsigned worker, unsigned counter)
{
	return atomic_load_explicit(&w->share[worker].counter[counter], memory_order_relaxed);
}

uint64_t live_workers_sum(const struct live_workers *w, unsigned counter)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < w->options.count; i++)
		sum += live_workers_counter(w, i, counter);
	return sum;
}

uint64_t live_workers_late(const struct live_workers *w)
{
	return live_merge_late(w->merge);
}

/* ---------------------------------------------------------------- start and stop */

static void release(struct live_workers *w)
{
	for (unsigned i = 0; i < w->options.count; i++) {
		for (unsigned k = 0; k < LIVE_INTERFACES_MAX; k++)
			if (w->member[i].held[k] >= 0)
				close(w->member[i].held[k]);
		free(w->member[i].buffer);
	}
	if (w->share)
		munmap(w->share, w->options.count * sizeof(*w->share));
	live_merge_free(w->merge);
	free(w);
}

static void complete_options(struct live_workers_options *o)
{
	o->patience_ms = o->patience_ms ? o->patience_ms : DEFAULT_PATIENCE_MS;
	o->hold_octets = o->hold_octets ? o->hold_octets : DEFAULT_HOLD;
	o->backoff_ms = o->backoff_ms ? o->backoff_ms : DEFAULT_BACKOFF_MS;
}

/* All but the processes; NULL with errno. */
static struct live_workers *prepare(const struct live_workers_options *o)
{
	struct live_workers *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->options = *o;
	w->all_well = true;
	complete_options(&w->options);
	for (unsigned i = 0; i < o->count; i++) {
		w->member[i].fd = w->member[i].passed_fd = -1;
		w->member[i].backoff_ms = w->options.backoff_ms;
		memset(w->member[i].held, -1, sizeof(w->member[i].held));
	}
	w->merge = live_merge_new(o->count, w->options.patience_ms * NS_PER_MS, w->options.hold_octets,
				  o->record, o->context);
	w->share = mmap(NULL, o->count * sizeof(*w->share), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (w->share == MAP_FAILED)
		w->share = NULL;
	/* groups are known by number in all of the machine: hardly two will choose the same */
	if (w->merge && w->share && getrandom(&w->group, sizeof(w->group), 0) == sizeof(w->group))
		return w;
	release(w);
	return NULL;
}

struct live_workers *live_workers_start(const struct live_workers_options *o, char *err, size_t room)
{
	struct live_workers *w;

	if (o->count < 1 || o->count > LIVE_WORKERS_MAX) {
		snprintf(err, room, "there can be 1 to %d workers", LIVE_WORKERS_MAX);
		return NULL;
	}
	w = prepare(o);
	if (!w) {
		snprintf(err, room, "cannot prepare workers: %s", strerror(errno));
		return NULL;
	}
	for (unsigned i = 0; i < o->count; i++) {
		if (fork_worker(w, i))
			continue;
		snprintf(err, room, "cannot start a worker: %s", strerror(errno));
		live_workers_stop(w, 0);
		return NULL;
	}
	return w;
}

bool live_workers_stop(struct live_workers *w, int64_t deadline_ms)
{
	int64_t until = now_ms() + deadline_ms;
	bool well;

	w->stopping = w->all_well = true;
	live_workers_signal(w, SIGTERM);
	while (count_alive(w) && now_ms() < until)
		live_workers_poll(w, (int)(until - now_ms()));
	if (count_alive(w))
		live_workers_signal(w, SIGKILL);
	while (count_alive(w))
		live_workers_poll(w, -1);
	live_merge_flush(w->merge);
	well = w->all_well;
	release(w);
	return well;
}
