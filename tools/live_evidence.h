/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Evidence: the packets of one pair of addresses before and after something happened, as a pcap.
 *
 * Recent packets lie in a ring in memory, where a packet costs one memcpy, no allocation and no
 * system call.  On demand those of one pair are written to a file, and those that follow as well,
 * until told to stop or the file is full.  Files are written by the caller's thread, buffered.
 * While a file grows it is called NAME.pcap.partWORKER; one that a predecessor left is removed at
 * the start, one that cannot be written as a whole at its end.
 */
#ifndef PPTPSCOPE_LIVE_EVIDENCE_H
#define PPTPSCOPE_LIVE_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dissectors/packet.h"

struct live_evidence;

struct live_evidence_options {
	const char *folder;   /* where files go; must exist; copied */
	size_t ring_octets;   /* of recent packets; 0: 16 MiB */
	uint64_t file_octets; /* most of one file; 0: 16 MiB */
	unsigned files_max;   /* in the folder, the oldest is removed; 0: 64 */
	unsigned open_max;    /* pairs at a time; 0: 8, and not more than 64 */
	unsigned worker;      /* differs among processes that write into the same folder */
};

struct live_evidence_counts {
	uint64_t packets, octets; /* written to files */
	uint64_t files;           /* begun */
	uint64_t removed;         /* old ones */
	uint64_t failed;          /* could not be begun or are not whole */
	uint64_t refused;         /* more pairs than open_max */
	unsigned open;            /* now */
};

/* Takes the memory of the ring.  NULL with a message in err. */
struct live_evidence *live_evidence_new(const struct live_evidence_options *o, char *err, size_t room);

/* Ends all files and frees.  NULL is allowed. */
void live_evidence_free(struct live_evidence *e);

/*
 * Remembers a packet between a and b (any order); copies it.  Adds it to the file of the pair, when
 * there is one.  One that is larger than the ring is not remembered.
 */
void live_evidence_packet(struct live_evidence *e, const struct packet *p, const struct ip_addr *a,
			  const struct ip_addr *b);

enum live_evidence_start {
	LIVE_EVIDENCE_STARTED,
	LIVE_EVIDENCE_RUNNING, /* there is a file of this pair already */
	LIVE_EVIDENCE_NONE,    /* no packet of the pair is in the ring: the file is begun with the next */
	LIVE_EVIDENCE_REFUSED, /* open_max pairs have one */
	LIVE_EVIDENCE_FAILED,  /* see live_evidence_error */
};

/*
 * Begins the file of a pair with what the ring has of it and at most `before_ns` older than its
 * youngest packet (0: all).  The name is UTC time of the first packet, both addresses and `label`,
 * of which only letters, digits, '.', '-' and '_' are taken.
 */
enum live_evidence_start live_evidence_start(struct live_evidence *e, const struct ip_addr *a,
					     const struct ip_addr *b, const char *label, int64_t before_ns);

/* Ends the file of a pair; false when there is none. */
bool live_evidence_stop(struct live_evidence *e, const struct ip_addr *a, const struct ip_addr *b);

/* Ends the files that were begun before `time_ns` (packet time). */
void live_evidence_stop_before(struct live_evidence *e, int64_t time_ns);

/* The path of the file last begun, as it will be called in the end; "" before the first. */
const char *live_evidence_path(const struct live_evidence *e);

/* Why the last file failed, or "". */
const char *live_evidence_error(const struct live_evidence *e);

void live_evidence_counts(const struct live_evidence *e, struct live_evidence_counts *counts);

#endif
