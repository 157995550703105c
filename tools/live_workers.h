/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several processes for one stream of packets: a parent, N workers, each with every packet of its
 * pairs of addresses, and what they find merged in the order of time.
 *
 * The kernel shares the packets of an interface out among the workers' packet sockets
 * (PACKET_FANOUT_CBPF) by live_workers_hash(): both directions of a pair, all protocols, fragments
 * and the ICMP errors about them meet in one worker.
 *
 * A packet socket that leaves a group would move the pairs of all others.  The parent therefore
 * holds a copy of each worker's socket: when a worker dies its place stays taken, and the socket
 * of its successor, last to join, is moved to that place by the kernel when the parent lets go.
 *
 * Workers are forked; they have none of the parent's files but 0, 1 and 2, and no other threads.
 * They end when the parent ends.  Counters in shared memory outlive a worker.
 */
#ifndef PPTPSCOPE_LIVE_WORKERS_H
#define PPTPSCOPE_LIVE_WORKERS_H

#include <linux/filter.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LIVE_WORKERS_MAX = 64,
	LIVE_INTERFACES_MAX = 16,
	LIVE_COUNTERS = 128,       /* a worker */
	LIVE_RECORD_MAX = 1 << 20, /* octets of a record */
	LIVE_HASH_ROOM = 160,      /* instructions */
};

/* ---------------------------------------------------------------- the worker */

struct live_worker;

/* 0 to count - 1. */
unsigned live_worker_index(const struct live_worker *self);

/*
 * Puts an activated, bound packet socket (pcap_get_selectable_fd) into the group of this interface
 * (0 to LIVE_INTERFACES_MAX - 1: the same number is the same interface in all workers), passes a
 * copy to the parent, and waits until all workers have joined, or until the parent has put it into
 * the place of its predecessor.  Packets with a time stamp before *from_ns (nanoseconds since 1970)
 * were captured before the shares were fixed and must be skipped.  Call it again with the new socket
 * when an interface was opened again, before the old one is closed or after; then it does not wait
 * for others, so that shares are unsettled while some have an interface again that was made anew.
 * With one worker it does nothing.  False with a message in err, also where the interface is down.
 */
bool live_worker_join(struct live_worker *self, unsigned interface, int packet_fd, int64_t *from_ns,
		      char *err, size_t room);

/*
 * Sends a record to the parent; time_ns is what it is merged by, and should not go back.  Blocks
 * while the parent does not read.  False when there is no parent any more, or len is too large: the
 * worker should end.
 */
bool live_worker_record(struct live_worker *self, int64_t time_ns, const void *octets, size_t len);

/*
 * Says that no record older than time_ns will follow, so that the others' need not wait.  At least
 * once a second, also when there are no packets: then with the time of the clock before the socket
 * was found empty, less what a packet may take to get there (libpcap's packet buffer timeout).
 */
bool live_worker_mark(struct live_worker *self, int64_t time_ns);

/* How many things are in memory that were not recorded yet, and would be lost with this worker. */
void live_worker_pending(struct live_worker *self, uint64_t things);

/* LIVE_COUNTERS numbers that the parent can read; they go on from where a predecessor was. */
_Atomic uint64_t *live_worker_counters(struct live_worker *self);

/* ---------------------------------------------------------------- the parent */

struct live_workers;

enum live_worker_event {
	LIVE_WORKER_STARTED, /* was forked */
	LIVE_WORKER_JOINED,  /* took the place of its predecessor on an interface, or its own again */
	LIVE_WORKER_ENDED,
	LIVE_WORKER_FAILED, /* could not be forked; will be tried again */
};

/* What happened to a worker; what is not said of an event is 0. */
struct live_worker_change {
	unsigned worker;
	enum live_worker_event event;
	int pid;               /* STARTED, ENDED */
	int status;            /* ENDED: as of waitpid() */
	unsigned restarts;     /* of this worker so far */
	int64_t retry_ms;      /* ENDED, FAILED: until another is forked; -1: none is */
	uint64_t records_lost; /* ENDED: sent, but not received whole */
	uint64_t pending_lost; /* ENDED: as it last said by live_worker_pending */
	unsigned interface;    /* JOINED */
	uint64_t packets_lost; /* JOINED: that came in vain since its predecessor ended */
};

struct live_workers_options {
	unsigned count;
	/* The worker's whole life; its result is the exit status.  0 while not stopping counts as death too.
	 */
	int (*work)(struct live_worker *self, void *context);
	/* A record, in the order of time; octets are valid for the call. */
	void (*record)(void *context, unsigned worker, int64_t time_ns, const void *octets, size_t len);
	/* NULL: nobody is told. */
	void (*changed)(void *context, const struct live_worker_change *change);
	void *context;
	int64_t patience_ms; /* a record waits at most so long for a silent worker; 0: 2000 */
	size_t hold_octets;  /* most that waits for order in memory; 0: 16 MiB */
	int64_t backoff_ms;  /* before the first restart, doubled up to 60 s; 0: 1000 */
};

/* Forks the workers.  NULL with a message in err. */
struct live_workers *live_workers_start(const struct live_workers_options *o, char *err, size_t room);

/*
 * Waits at most timeout_ms for something to do, does it (records, deaths, restarts), and returns how
 * many workers are alive.  Returns early after a signal.
 */
unsigned live_workers_poll(struct live_workers *w, int timeout_ms);

/* Sends a signal to each worker (SIGHUP ...). */
void live_workers_signal(const struct live_workers *w, int signal);

/* The sum of a counter over all workers; the value of one. */
uint64_t live_workers_sum(const struct live_workers *w, unsigned counter);
uint64_t live_workers_counter(const struct live_workers *w, unsigned worker, unsigned counter);

/* Records that were passed on out of order, because a worker was silent or memory was full. */
uint64_t live_workers_late(const struct live_workers *w);

/*
 * Asks the workers to end (SIGTERM, by pid), passes on what they still send, ends those that are
 * there after deadline_ms by SIGKILL, and frees.  True when all went with exit status 0.
 */
bool live_workers_stop(struct live_workers *w, int64_t deadline_ms);

/*
 * The program for PACKET_FANOUT_CBPF: the number of the worker, below `workers`.  Ethernet with any
 * of 0 to 3 VLAN tags, PPPoE, IPv4, IPv6; ICMP errors by the packet they quote; all else is 0.
 * Returns the number of instructions.
 */
unsigned live_workers_hash(struct sock_filter code[LIVE_HASH_ROOM], unsigned workers);

#endif
