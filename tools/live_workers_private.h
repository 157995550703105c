/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a worker and its parent agree on: for live_worker.c and live_workers.c alone. */
#ifndef PPTPSCOPE_LIVE_WORKERS_PRIVATE_H
#define PPTPSCOPE_LIVE_WORKERS_PRIVATE_H

#include "tools/live_workers.h"

enum live_message_kind {
	LIVE_MESSAGE_RECORD, /* `len` octets follow */
	LIVE_MESSAGE_MARK,
	LIVE_MESSAGE_JOIN, /* `len` is the interface; a packet socket comes with it */
	LIVE_MESSAGE_GO,   /* from the parent, answers JOIN: packets count from time_ns on */
};

/* The head of what goes through the socket between both. */
struct live_message {
	uint32_t kind, len;
	int64_t time_ns;
};

/* Of one worker, in memory that parent and worker share; cache lines of its own. */
struct live_share {
	_Alignas(64) _Atomic uint64_t sent; /* records, counted before they are sent */
	_Atomic uint64_t pending;
	_Alignas(64) _Atomic uint64_t counter[LIVE_COUNTERS];
};

struct live_worker {
	int fd; /* the socket to the parent */
	unsigned index, count;
	uint16_t group; /* of the group of an interface, less its number in the kernel */
	struct live_share *share;
};

#endif
