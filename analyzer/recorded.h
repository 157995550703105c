/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One control connection of a capture and the GRE of its calls, taken out to be played again: from the
 * pipeline's observer to conformance/replay.h.
 */
#ifndef PPTPSCOPE_RECORDED_H
#define PPTPSCOPE_RECORDED_H

#include "analyzer/pipeline.h"
#include "conformance/replay.h"

/* What was taken out, and what could not be. */
struct recorded_about {
	uint64_t connection;  /* its number, as in the report of audit */
	uint64_t connections; /* that the captures have */
	struct ip_addr ours, peer;
	uint16_t our_port, peer_port;
	bool midstream;    /* the start of the connection is not in the capture */
	bool role_guessed; /* nothing in the capture tells who is the PAC: the originator is taken for a PNS
			    */
	uint64_t messages[2], packets[2]; /* the peer's, ours */
	uint64_t cut;                     /* messages and packets that the capture has not whole: left out */
	uint64_t skipped;                 /* octets of ours that were no message: left out */
	uint64_t lost;                    /* octets that are not in the capture */
	uint64_t foreign;                 /* GRE packets of these hosts under other Call IDs: left out */
};

struct recorded;

/* Keeps up to so many octets of messages and packets.  NULL: no memory. */
struct recorded *recorded_new(size_t max_octets);
void recorded_free(struct recorded *r);
struct pipeline_observer recorded_observer(struct recorded *r);
/* Messages and packets that found no room. */
uint64_t recorded_over_limit(const struct recorded *r);

/*
 * After pipeline_finish: connection number `connection` (0: the first), seen by its side of role `as`.  *out
 * borrows from r.  False with a message in err.
 */
bool recorded_take(struct recorded *r, struct tracker *t, uint64_t connection, enum role as,
		   struct replay_recording *out, struct recorded_about *about, char *err, size_t room);

#endif
