/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What pipeline.c (packets) and pipeline_control.c (connections) share. */
#ifndef PPTPSCOPE_PIPELINE_PRIVATE_H
#define PPTPSCOPE_PIPELINE_PRIVATE_H

#include "analyzer/mirror.h"
#include "analyzer/pipeline.h"
#include "conformance/pool.h"

enum { PORT_WORDS = 65536 / 64, SYNS = 4096 };

/* A SYN or SYN-ACK on a port that is not (yet) known for PPTP: its connection may turn out to be. */
struct early_syn {
	struct datagram datagram; /* payload is NULL */
	struct tcp_segment segment;
	uint64_t frame; /* 0: empty */
	int64_t time_ns;
};

/* Of a connection in the reassembly: where its messages go. */
struct control_state {
	struct pipeline *p;
	struct conn_info *conn;
	struct control_connection *cc;
	struct tunnel *tunnel;        /* which its packets find; that of cc may have the roles exchanged */
	struct ctrl_stream stream[2]; /* by FROM_ */
	uint8_t client;               /* host index of the client in the tunnel */
	uint8_t from;                 /* FROM_ of the segment in hand */
	bool fin[2];
	uint64_t delivered[2]; /* octets of the stream that came, or are known to be lost */
};

struct pipeline {
	struct pipeline_observer observer;
	struct pipeline_counts counts;
	struct tracker *tracker;
	struct judge *judge;
	const struct ppp_watch *ppp;
	struct reassembly *reassembly;
	struct defrag *defrag;
	struct mirror *mirror;
	struct pool control_pool; /* struct control_state */
	uint64_t control_ports[PORT_WORDS];
	uint64_t detected_ports[PORT_WORDS]; /* where content showed a control connection */
	struct early_syn *syns;         /* SYNS of them, by hash of the ends; allocated when first needed */
	uint64_t frame;                 /* FRAME_OF the packet in hand */
	const struct datagram *segment; /* TCP: the packet in hand, or NULL */
	struct event *message;		/* that of the message in hand, or NULL */
	int64_t time_ns, next_tick;
	uint64_t fragments_lost, fragments_over_limit; /* counted so far */
};

static inline bool port_in(const uint64_t set[PORT_WORDS], uint16_t port)
{
	return set[port >> 6] >> (port & 63) & 1;
}

static inline void port_add(uint64_t set[PORT_WORDS], uint16_t port)
{
	set[port >> 6] |= UINT64_C(1) << (port & 63);
}

/* pipeline.c: what such a verdict, which is not MIRROR_ORIGINAL, means for a segment: whether to drop it. */
bool pipeline_copied(struct pipeline *p, struct tunnel *tunnel, enum mirror_verdict verdict);

/* pipeline_control.c: a whole TCP datagram.  frames: FRAME_OF values that carried it. */
enum unseen control_packet(struct pipeline *p, const struct datagram *d);
/* An ICMP error quotes a segment from src to dst. */
bool control_icmp(struct pipeline *p, uint32_t context, const struct ip_addr *src, uint16_t src_port,
		  const struct ip_addr *dst, uint16_t dst_port);
/* The reassembly's callback; ctx is the pipeline. */
segment_fn control_segment;

#endif
