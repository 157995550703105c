/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP segments to ordered octets: a normalising feeder in front of libnids.
 *
 * libnids joins octets; everything that it does badly is done here before it sees a segment:
 * connections without a captured handshake, one-sided captures, holes, reuse of ports, time,
 * limits.  libnids is one instance a process: one struct reassembly may exist at a time.
 * Only reassembly.c knows of its header.
 */
#ifndef PPTPSCOPE_REASSEMBLY_H
#define PPTPSCOPE_REASSEMBLY_H

#include "dissectors/packet.h"
#include "dissectors/tcp.h"

enum { FROM_CLIENT, FROM_SERVER }; /* the client opened the TCP connection, as far as can be told */

/* What is known of a TCP connection; owned by the reassembly, read-only but for `user`. */
struct conn_info {
	uint64_t id;		   /* 1, 2, ... in order of appearance */
	uint32_t context;
	struct ip_addr addr[2];	   /* by FROM_ */
	uint16_t port[2];	   /* by FROM_ */
	bool syn, synack, established; /* seen: SYN, SYN-ACK, the ACK after it */
	bool midstream;		   /* data before a SYN was seen: the start is not in the capture */
	bool direction_certain;	   /* a SYN or SYN-ACK said who opened it; else guessed from the ports */
	bool seen[2];		   /* any segment from that side */
	uint64_t segments[2];	   /* before the one that is being told of */
	uint64_t retransmitted[2]; /* segments all of whose octets had been seen */
	uint64_t bad_checksums[2], offload_checksums[2];
	uint64_t lost_octets[2];   /* announced as gaps */
	uint64_t acked[2];	   /* stream position of the other side up to which it has acknowledged, */
	int64_t acked_time[2];	   /* ... and when that grew last */
	bool tell_acks;		   /* the callback's own: whether it wants SEGMENT_ACK */
	uint64_t first_frame, last_frame;
	int64_t first_time, last_time; /* ns */
	void *user;		   /* the callback's own */
};

enum segment_kind {
	SEGMENT_OPEN,	  /* first segment of a connection: SYN, SYN-ACK or midstream data */
	SEGMENT_SYNACK,	  /* the server accepted */
	SEGMENT_DATA,	  /* next octets in order */
	SEGMENT_GAP,	  /* `len` octets are not in the capture and will not come */
	SEGMENT_FIN,	  /* that side has sent everything */
	SEGMENT_RST,	  /* that side reset the connection */
	SEGMENT_RETRANSMIT, /* octets seen before came again; len octets */
	SEGMENT_ACK,	  /* nothing but an acknowledgment of more than before (conn_info.tell_acks) */
	SEGMENT_END,	  /* the connection is over; `end` says how; last event; free `user` now */
};

enum conn_end {
	CONN_FIN,	/* both sides sent FIN */
	CONN_RST,
	CONN_IDLE,	/* nothing for the idle limit */
	CONN_REUSED,	/* a new SYN took over its ports */
	CONN_EVICTED,	/* limit of connections */
	CONN_CAPTURE_END,
};

struct segment {
	enum segment_kind kind;
	unsigned from;		/* FROM_CLIENT or FROM_SERVER; SEGMENT_END: of the last segment */
	const uint8_t *octets;	/* SEGMENT_DATA; valid in the callback */
	size_t len;
	bool segment_start;	/* octets[0] began a TCP segment */
	bool cut;		/* GAP: octets cut by the snap length, not lost packets */
	uint64_t frame;		/* that carried it, not released it; GAP: of what came next or the proof */
	int64_t time_ns;	/* of that frame */
	uint64_t position;	/* of octets[0] in the stream; 0 = first after the SYN, or first captured */
	uint64_t peer_acked;	/* stream position of the other side up to which this frame acknowledged */
	enum conn_end end;
};

typedef void segment_fn(void *ctx, struct conn_info *conn, const struct segment *s);

struct reassembly_limits {
	/*
	 * Tracked.  At the limit one is ended: one that is over and lingers; a half-open one where these
	 * hold more than an eighth (a flood of SYNs must not end what lives); else the least recently active.
	 */
	size_t max_connections;
	size_t max_queued;	 /* octets of a direction kept waiting behind a hole (at most 65536) */
	int64_t idle_ns;	 /* a connection with data is over after this much silence */
	int64_t half_open_ns;	 /* a connection without data is over after this much silence */
	int64_t closed_ns;	 /* kept after FIN from both sides or RST, for late segments */
};
extern const struct reassembly_limits reassembly_default_limits;

struct reassembly_stats {
	uint64_t connections, segments, octets; /* segments: of tracked connections; octets: delivered */
	uint64_t gaps, gap_octets;
	uint64_t bad_checksum;	/* segments dropped, as the receiver would */
	uint64_t offload;	/* accepted with a checksum left to the network card */
	uint64_t evicted;	/* connections ended at the limit */
	uint64_t live, peak;
};

struct reassembly;

/* NULL with a message in err when libnids cannot start or one exists already. */
struct reassembly *reassembly_new(const struct reassembly_limits *limits, segment_fn *fn, void *ctx,
				  char *err, size_t room);

/* Where a segment belongs: its connection, NULL where there is none, and which side of that sent it. */
struct reassembly_place {
	struct conn_info *conn;
	unsigned from;
};

/* The place of a segment that comes at that time.  It is good until the next call for this reassembly. */
struct reassembly_place reassembly_look(struct reassembly *r, const struct datagram *d, uint16_t src_port,
					uint16_t dst_port, int64_t time_ns);

/*
 * Feeds a segment, which came at the time of the last reassembly_look().  server_hint: 0 unknown, 1 the
 * source is the server (its port is a control port and the other's is not), 2 the destination is.
 * Unknown connections are created (create, and the segment is a SYN or has data) or ignored: then it
 * returns UNSEEN_OTHER_TCP.  UNSEEN_TCP_CHECKSUM: damaged, and dropped as the receiver would.  May call fn
 * many times, also for other connections.
 */
enum unseen reassembly_feed(struct reassembly *r, struct reassembly_place at, const struct datagram *d,
			    const struct tcp_segment *t, uint64_t frame, unsigned server_hint, bool create);

/* House-keeping by packet time: ends idle connections, declares holes lost.  Cheap; call often. */
void reassembly_tick(struct reassembly *r, int64_t time_ns);

/* Delivers what waits and ends every connection, in order of appearance.  More may be fed after it. */
void reassembly_finish(struct reassembly *r);

void reassembly_free(struct reassembly *r);
const struct reassembly_stats *reassembly_stats(const struct reassembly *r);

/* The tracked connection with these ends, in either direction, or NULL. */
const struct conn_info *reassembly_find(const struct reassembly *r, uint32_t context, const struct ip_addr *a,
					uint16_t port_a, const struct ip_addr *b, uint16_t port_b);

#endif
