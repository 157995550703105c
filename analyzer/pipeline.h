/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stages in order: frame, link, IP, fragments, then GRE on the short way and control
 * connections through the reassembly; both meet in the tracker.  The only place that sees them all.
 *
 * One may exist at a time (the reassembly's libnids is one a process).
 */
#ifndef PPTPSCOPE_PIPELINE_H
#define PPTPSCOPE_PIPELINE_H

#include "analyzer/defrag.h"
#include "analyzer/reassembly.h"
#include "analyzer/tracker.h"
#include "conformance/judge.h"
#include "conformance/ppp_session.h"

struct pipeline_options {
	const uint16_t *ports; /* control ports; connections on others are found by their content */
	size_t nports;
	struct tracker_limits tracker;
	struct reassembly_limits reassembly;
	size_t fragment_memory;      /* octets */
	struct judge *judge;         /* borrowed; NULL: nothing is judged */
	const struct ppp_watch *ppp; /* borrowed; NULL: no secrets, and nobody wants what is inside */
};
/* Port 1723, and the default limits. */
struct pipeline_options pipeline_defaults(void);

/* A packet or message on its way, told before the tracker takes it in.  All borrowed. */
struct pipeline_where {
	const uint64_t *frames; /* that carried it, FRAME_OF values, in the order of their octets */
	size_t nframes;
	uint64_t frame; /* the last of them */
	int64_t time_ns;
	const struct ip_addr *src, *dst;
	uint16_t src_port, dst_port;     /* 0 for GRE */
	const struct datagram *datagram; /* the last of them; NULL where that is not at hand */
};

/* Who wants to be told.  Any of the functions may be NULL. */
struct pipeline_observer {
	void *ctx;
	void (*control)(void *ctx, const struct pipeline_where *w, const struct ctrl_msg *m);
	void (*gre)(void *ctx, const struct pipeline_where *w, const struct gre_pkt *g,
		    enum gre_status status);
	/* Octets of a control connection that are no message, or (lost) not in the capture. */
	void (*skipped)(void *ctx, const struct pipeline_where *w, uint64_t octets, bool lost);

	/* Every IP packet of a protocol that is looked at, as it came. */
	void (*datagram)(void *ctx, const struct packet *packet, const struct datagram *d);
	void (*connection_open)(void *ctx, const struct control_connection *c);
	/* The message was judged and taken in; call: what it changed or began, or NULL. */
	void (*applied)(void *ctx, const struct pipeline_where *w, const struct ctrl_msg *m,
			const struct control_connection *c, struct call *call);
	/* What they show is final, and they are about to be forgotten: see tracker.h. */
	void (*connection_done)(void *ctx, const struct control_connection *c);
	void (*call_done)(void *ctx, struct call *c);
	void (*call_begun)(void *ctx, struct call *c);
	void (*call_joined)(void *ctx, struct call *into, struct call *other);
};

/* What became of the packets of a capture. */
struct pipeline_counts {
	uint64_t control, gre, icmp; /* packets inspected */
	uint64_t fragments;          /* that became part of inspected packets */
	uint64_t unseen[UNSEEN_COUNT];
	uint64_t truncated; /* packets cut by the snap length */
	uint64_t offload;   /* segments with a checksum left to the network card */
	uint64_t octets;    /* on the wire */
	int64_t first_time, last_time;
	uint64_t packets;
};

struct pipeline;

/* NULL with a message in err.  The observer is copied; it may be NULL. */
struct pipeline *pipeline_new(const struct pipeline_options *o, const struct pipeline_observer *observer,
			      char *err, size_t room);

/* Takes one packet of the capture with index `capture` (from 0).  Hot path. */
void pipeline_packet(struct pipeline *p, unsigned capture, const struct packet *packet);

/*
 * Whether there are so many calls that pipeline_expect() pays: telling of a packet that will come soon,
 * so that what it needs is at hand then.  Its octets must have been valid during the call only.
 */
bool pipeline_crowded(const struct pipeline *p);
void pipeline_expect(struct pipeline *p, const struct packet *packet);

/*
 * No packet came until time_ns: what waits for time to pass goes on.  Packets that come after this must not
 * be much older.
 */
void pipeline_idle(struct pipeline *p, int64_t time_ns);

/* Packet time. */
int64_t pipeline_now(const struct pipeline *p);

/* What became of the packets since the capture began; changes as they come. */
const struct pipeline_counts *pipeline_so_far(const struct pipeline *p);

/*
 * Packets of what is going on were lost before time_ns (by the kernel, or while an interface was down), or
 * (clock) the clock was set: what is found by what is missing, or by time, is not certain for some time.
 */
void pipeline_lost(struct pipeline *p, int64_t time_ns, bool clock);

/*
 * A capture has ended; more may follow and goes on where it ended, unless it starts earlier.
 * Fills in what became of its packets, and counts anew.
 */
void pipeline_capture_end(struct pipeline *p, struct pipeline_counts *counts);

/* Everything has been read, and the last capture ended: ends what is open and delivers what waits. */
void pipeline_finish(struct pipeline *p);

/* For the report, after pipeline_finish. */
struct tracker *pipeline_tracker(struct pipeline *p);
const struct reassembly_stats *pipeline_reassembly_stats(const struct pipeline *p);
const struct defrag_stats *pipeline_defrag_stats(const struct pipeline *p);

void pipeline_free(struct pipeline *p);

#endif
