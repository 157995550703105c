/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a capture has shown of PPTP: tunnels, control connections, calls and GRE flows.
 *
 * Plain data.  The tracker (analyzer/tracker.h) finds, creates and ages these; conversation.c
 * keeps them up to date from messages and packets, and believes the wire: it never complains.
 *
 * Frames are capture frame numbers with the capture they are in: see FRAME_* below.
 * Times are nanoseconds since 1970.  Integers are in host order.
 */
#ifndef PPTPSCOPE_CONVERSATION_H
#define PPTPSCOPE_CONVERSATION_H

#include <stddef.h>

#include "conformance/machine.h"
#include "dissectors/ctrl.h"
#include "dissectors/ctrl_stream.h"
#include "dissectors/gre.h"

/* A frame of one of several captures: capture index (from 0) in the high bits, number below. */
#define FRAME_OF(capture, number) ((uint64_t)(capture) << 40 | (number))
#define FRAME_CAPTURE(f) ((unsigned)((f) >> 40))
#define FRAME_NUMBER(f) ((f) & ((UINT64_C(1) << 40) - 1))

enum role { ROLE_UNKNOWN, ROLE_PAC, ROLE_PNS };

/* Index of a host within its tunnel, and of the direction of what it sends: 0 or 1. */
enum { HOSTS = 2 };

enum { ICMP_SEEN = 4 };

/* An ICMP error that quotes a GRE packet. */
struct icmp_seen {
	uint64_t frame; /* 0: none */
	struct ip_addr by;
	uint16_t call_id; /* of the packet quoted, which host `from` had sent */
	uint8_t from, type, code;
	bool too_big; /* it is larger than the link behind the router, and must not be fragmented */
};

/*
 * A pair of hosts.  host[0] is the lower address.  pac: which of them is the PAC, or -1 while no
 * role-specific message has been seen.
 */
struct tunnel {
	uint64_t id; /* 1, 2, ... in order of appearance */
	uint64_t key_id; /* in keys of its flows: its own id, or that of the one with the roles exchanged */
	uint32_t context;
	struct ip_addr host[HOSTS];
	int pac;
	uint64_t role_frame; /* of the message that told the roles */
	uint64_t first_frame, last_frame;
	int64_t first_time, last_time;
	uint64_t connections, calls; /* counted, ended ones included */
	struct control_connection *first_connection, *last_connection;
	struct call *first_call, *last_call;
	/* The first ICMP error about each call's GRE, and the first of packets too large, of a few calls. */
	struct icmp_seen icmp[ICMP_SEEN];
	uint64_t icmp_unreachable[HOSTS]; /* ICMP errors about GRE, by the host that had sent the GRE */
	uint64_t mirrored;                /* second copies of frames, dropped */
	uint8_t mirror;                   /* the tracker's caller: what it has found out about copies */
	uint8_t mirror_unique, mirror_copies;
	uint8_t role_by; /* enum ctrl_type: the message that told the roles */
	bool nat; /* something between the observer and a host translates Call IDs or addresses */
	struct tunnel_memory *memory;   /* the judge's; NULL: none */
	struct tunnel_private *private; /* the tracker's own */
};

/* What a side said of itself in SCCRQ or SCCRP.  Text octets are as sent, 64 each. */
struct start_info {
	uint64_t frame; /* 0: not seen */
	uint16_t version;
	uint8_t result, error; /* SCCRP only */
	uint32_t framing, bearer;
	uint16_t channels, firmware;
	const uint8_t *host_name, *vendor_name; /* interned: 64 octets, live as long as the tracker */
};

enum connection_state {
	CONNECTION_TCP_ONLY,    /* TCP seen, no control message yet */
	CONNECTION_WAIT_REPLY,  /* SCCRQ seen */
	CONNECTION_ESTABLISHED, /* SCCRP with success seen */
	CONNECTION_STOPPING,    /* StopCCRQ seen */
	CONNECTION_UNKNOWN,     /* started before the capture */
	CONNECTION_CLOSED,
};

enum connection_close {
	CLOSE_NONE, /* still open at the end of the capture */
	CLOSE_FIN,
	CLOSE_RST,
	CLOSE_IDLE,    /* nothing more was seen for the idle limit */
	CLOSE_REUSED,  /* another connection took its ports */
	CLOSE_EVICTED, /* forgotten at the limit of connections */
};

/* One line of a connection's history. */
enum moment_kind {
	MOMENT_SYN,
	MOMENT_SYNACK,
	MOMENT_MIDSTREAM, /* first segment of a connection whose start is not in the capture */
	MOMENT_MESSAGE,   /* type says which; 0: bad, cut or unknown */
	MOMENT_GAP,       /* value: octets lost */
	MOMENT_SKIPPED,   /* value: octets that are no PPTP */
	MOMENT_FIN,
	MOMENT_RST,
	MOMENT_ICMP, /* an ICMP error about this connection */
};

struct moment {
	uint64_t frame;
	int64_t time_ns;
	uint32_t value; /* messages: Call ID or Peer's Call ID, echo identifier; see kind */
	uint8_t kind;   /* enum moment_kind */
	uint8_t from;   /* host index in the tunnel */
	uint8_t type;   /* enum ctrl_type */
	uint8_t result; /* Result Code or Reason, where the message has one */
	uint8_t error;  /* Error Code likewise */
	uint8_t status; /* enum ctrl_status */
};

/* Kept from the start and the end of a history. */
enum { MOMENTS_FIRST = 24, MOMENTS_LAST = 8, MOMENTS_KEPT = MOMENTS_FIRST + MOMENTS_LAST };

struct history {
	struct moment *moment; /* owned; at most MOMENTS_KEPT, the last ones rotate */
	uint16_t room;
	uint64_t count; /* all that happened */
};

/* The i-th kept moment in order (0-based), or NULL; *skipped is set to what was left out before it. */
const struct moment *history_at(const struct history *h, unsigned i, uint64_t *skipped);

struct control_connection {
	uint64_t id; /* 1, 2, ... in order of appearance */
	struct tunnel *tunnel;
	struct control_connection *next; /* of the tunnel */
	unsigned originator;             /* host index */
	bool originator_certain;         /* a TCP handshake told; else guessed from ports or messages */
	uint16_t port[2];                /* originator's, receiver's */
	enum connection_state state;
	uint8_t machine[2]; /* enum machine_state of the originator and of the receiver, as the wire shows */
	enum connection_close close;
	int closed_by;    /* host index, or -1 */
	bool tcp_refused; /* RST was the answer to the SYN */
	bool reset_first; /* RST came before any FIN */
	bool midstream;   /* start not in the capture */
	bool complete;    /* from handshake to end, nothing lost */
	bool detected;    /* found by content, not by its port */
	int pac;          /* host index of the PAC, or -1 */
	enum ctrl_type role_by;
	uint64_t role_frame;
	struct start_info start[2]; /* originator's SCCRQ, receiver's SCCRP */
	uint8_t stop_reason;        /* of StopCCRQ; 0 with stop_frame 0: none seen */
	uint64_t stop_frame;
	int stopped_by; /* host index or -1 */
	uint32_t messages[HOSTS]
			 [CTRL_TYPES]; /* whole messages by sender and type; [0]: bad, unknown or cut ones */
	uint64_t skipped[HOSTS];       /* octets that are no messages */
	uint64_t lost[HOSTS];          /* octets not in the capture */
	uint32_t gaps;
	uint32_t retransmitted[HOSTS];
	uint32_t bad_checksums, offload_checksums;
	uint32_t echo_requests[HOSTS], echo_answered[HOSTS]; /* by who asked */
	bool seen[HOSTS];                                    /* any segment from that host */
	bool accepted;                                       /* the TCP handshake was completed */
	bool disordered;       /* a host acknowledged octets before the capture had them, if it ever had */
	uint64_t acked[HOSTS]; /* octets of the other side's that this host has acknowledged by TCP, */
	int64_t acked_time[HOSTS];  /* ... the last of them then */
	uint64_t echo_frame[HOSTS]; /* that host's Echo-Request that waits for its reply; 0: none does */
	int64_t echo_time[HOSTS];
	uint64_t heard_frame[HOSTS]; /* its last segment */
	uint64_t bad_frame[HOSTS];   /* its first octets that are no message */
	int64_t heard_time[HOSTS];
	int64_t watched_time; /* until when it was watched: its end, or the capture's; 0: to the last */
	uint64_t first_frame, last_frame;
	int64_t first_time, last_time;
	uint64_t calls, live_calls;
	struct control_memory *memory; /* the judge's; NULL: none */
	struct history history;
};

struct ppp_session;

enum call_kind { CALL_UNKNOWN, CALL_OUTGOING, CALL_INCOMING };

enum call_state {
	CALL_REQUESTED, /* OCRQ or ICRQ seen */
	CALL_ACCEPTED,  /* incoming: ICRP with success seen */
	CALL_ESTABLISHED,
	CALL_CLEARING, /* CCRQ seen */
	CALL_CLOSED,
	CALL_REFUSED,  /* failing OCRP or ICRP */
	CALL_GRE_ONLY, /* no control message about it was seen */
};

/* Moments of a call, in the order they should come. */
enum call_step { STEP_REQUEST, STEP_REPLY, STEP_CONNECTED, STEP_CLEAR, STEP_DISCONNECT, CALL_STEPS };

struct call_step_seen {
	uint64_t frame; /* 0: not seen */
	int64_t time_ns;
};

/*
 * Times of which there are many are kept as 48 bits of microseconds (short_time(): never 0): what they mean
 * shows by a time not more than four years from them.  No bit fields, which would be written and read in
 * other sizes: the processor waits then.
 */
struct short_time {
	uint32_t low;
	uint16_t high;
} __attribute__((packed, aligned(2)));

static inline struct short_time short_time_us(int64_t us)
{
	return (struct short_time){ (uint32_t)us, (uint16_t)(us >> 32) };
}

static inline struct short_time short_time(int64_t time_ns)
{
	int64_t us = time_ns / 1000;

	return short_time_us((uint64_t)us << 16 ? us : us + 1);
}

/* How long that is before another time, which is given in microseconds. */
static inline int64_t short_time_until(struct short_time t, int64_t us)
{
	uint64_t apart = (uint64_t)us - ((uint64_t)t.high << 32 | t.low);

	return (int64_t)(apart << 16) >> 16;
}

/* The time that was kept, ns. */
static inline int64_t long_time(struct short_time t, int64_t near)
{
	return (near / 1000 - short_time_until(t, near / 1000)) * 1000;
}

/*
 * GRE of one call in one direction: who sends, and the Call ID of the receiver.  A part of its call.
 *
 * lost = (highest_seq - first_seq + 1) - (data - duplicated).
 */
struct flow {
	/* What every packet touches. */
	uint64_t key;            /* the tracker's: tunnel, direction, Call ID; 0: there is no such flow */
	uint64_t window;         /* bit i: highest_seq - i was seen */
	uint64_t octets;         /* of PPP payload, by Payload Length */
	uint64_t rtt_count : 24; /* times that were taken; when there is no room for more they are enough */
	uint64_t packets : 40;   /* all, acknowledgments alone included; no more than frames (FRAME_OF) */
	uint32_t highest_seq;
	uint32_t data; /* packets with a sequence number */
	uint32_t acks; /* packets with an acknowledgment number, alone or on data */
	uint32_t highest_ack;
	uint32_t last_after;    /* see flow_last_frame() */
	struct short_time last; /* see flow_last_time() */
	uint16_t flags;         /* FLOW_* */
	uint16_t defects;       /* enum gre_defect, all that were seen */

	struct short_time probe; /* see flow_probe_time() */
	uint32_t probe_seq;      /* of the data packet whose acknowledgment is timed */
	uint32_t rtt_min_us, rtt_max_us;
	uint64_t rtt_sum_us;
	uint32_t first_seq, first_after; /* see flow_first_frame() */
	uint32_t duplicated, reordered;  /* reordered: late, but first copy */
};

enum {
	FLOW_SEEN = 1, /* any packet */
	FLOW_HAS_SEQ = 2,
	FLOW_HAS_ACK = 4,
	FLOW_PROBING = 8,      /* probe_seq waits for its acknowledgment */
	FLOW_CUT = 16,         /* some packets were cut within the header */
	FLOW_BEFORE_CALL = 32, /* packets came before the call was known */
	FLOW_DISTRUST = 64,    /* a jump of sequence numbers larger than loss can explain: lost is not told */
	FLOW_NETWORK = 128,    /* PPP carried data, not only its own control packets */
	FLOW_PROBE_LARGE = 256, /* probe_seq is a large packet */
	FLOW_PROBE_MIXED = 512, /* ... and a small one followed it */
	FLOW_LARGE_CAME = 1024, /* a large packet was acknowledged when it was the newest */
	FLOW_SMALL_CAME = 2048, /* a small one was, after large ones had not been */
	FLOW_WAITED = 4096,     /* its window was full for seconds until the acknowledgment at probe_time */
	FLOW_FIRST_FAR = 8192,  /* its first frame, and its last one, are in struct call_rare */
	FLOW_LAST_FAR = 16384,
};

/* What few calls have; owned by the call. */
struct call_rare {
	struct call_step_seen step[CALL_STEPS];       /* those that struct call has no room for */
	struct call_step_seen last;                   /* likewise */
	uint64_t flow_first[HOSTS], flow_last[HOSTS]; /* frames, by sender; likewise */
	const char *number;                           /* dialled, escaped, interned; or NULL */
	uint64_t strange_frame;
	uint64_t large_frame[HOSTS]; /* the last packet that came while a large one waited in vain */
	uint64_t stall_frame[HOSTS]; /* the first data after its sender's window had been full for seconds */
	uint16_t strange_id;
	uint8_t strange_type; /* enum ctrl_type: names a Call ID that neither side of the call has; 0: none */
	bool strange_port;    /* ... and it is the TCP port of the originator */
	uint8_t large_waits[HOSTS], stalls[HOSTS]; /* how often, by sender */
	uint8_t end_result, end_error;             /* CDN */
};

/* A moment within a call, counted from its first one.  One that is too far from it is in struct call_rare. */
struct call_after {
	uint32_t frames, ns;
};

/*
 * There may be a million of these at once: what is rare belongs into struct call_rare.  What every GRE
 * packet touches comes first, in one cache line.
 */
struct call {
	/* See call_connection() and call_connection_id(); 0: its control connection was not seen. */
	union {
		struct control_connection *live;
		uint64_t id; /* once let_go */
	} control;
	struct call_memory *memory; /* the judge's; NULL: none */
	struct ppp_session *ppp; /* ppp_session.h; NULL: no control packet of PPP was seen; owned */
	struct call_rare *rare;  /* NULL: all of it is 0; owned */
	uint8_t kind : 4, state : 4; /* enum call_kind, call_state */
	uint8_t pac_machine : 4, pns_machine : 4; /* enum machine_state of both ends, as the wire shows */
	bool over : 1;               /* takes no more messages */
	bool let_go : 1;             /* ... and its connection may be gone */
	bool told : 1;               /* the observer's own: who listens has been told that it began */
	bool given_up : 1;           /* the judge's: its PNS cleared it before it knew of the OCRP */
	bool pns_id_known : 1, pac_id_known : 1, replied : 1, has_serial : 1;
	bool id_is_port : 1;         /* the PNS Call ID is the TCP source port: a NAT helper chose it */
	bool took_id : 1;            /* a live call had one of its Call IDs before */
	bool id_collision : 1;       /* another connection's call used the PNS Call ID at the same time */
	bool id_shared : 1;          /* ... or uses this one's: GRE cannot be told apart */
	bool connection_failed : 1;  /* its connection was reset, or a side of it fell silent */
	bool connection_partial : 1; /* of its connection one side was not seen, or with gaps */
	/* Flows were bound by Call IDs of control messages, not paired by acknowledgments. */
	bool ids_certain : 1;
	bool request_first : 1;            /* STEP_REQUEST was its first moment */
	bool reply_near : 1, last_far : 1; /* where STEP_REPLY and the last message are: here, or rare */
	uint8_t bearer, framing;           /* as sent, 255 where larger */
	uint8_t reply_result, reply_error; /* OCRP or ICRP */
	uint8_t ended_by;                  /* 0 none, 1 PNS (CCRQ), 2 PAC (CDN), 3 connection ended */

	struct tunnel *tunnel;
	uint64_t first_frame;
	int64_t first_time;

	uint64_t id;
	struct call *next; /* of the tunnel */
	struct call_after reply, last; /* see call_step(), call_last_message() */
	int64_t end_time; /* until when it was watched: its end, or the capture's; 0: to the last */
	uint32_t minimum_bps, maximum_bps, connect_speed; /* bit/s */
	uint32_t physical_channel;
	uint16_t pns_call_id, pac_call_id, serial;
	uint16_t pns_window, pac_window; /* packets */
	uint16_t pns_delay, pac_delay;   /* 1/10 s */
	uint16_t cause;                  /* of OCRP or CDN */
	struct flow flow[HOSTS];         /* by sender; see call_flow() */
};

/* The flow of what that host sends; NULL: Call ID of that direction unknown, or no packet.  As strchr(). */
static inline struct flow *call_flow(const struct call *c, unsigned from)
{
	return c->flow[from].key ? (struct flow *)&c->flow[from] : NULL;
}

/* Its control connection; NULL: was not seen, or has let go of it. */
static inline struct control_connection *call_connection(const struct call *c)
{
	return c->let_go ? NULL : c->control.live;
}

/* ... its id, also when that is gone; 0: was not seen. */
static inline uint64_t call_connection_id(const struct call *c)
{
	if (c->let_go)
		return c->control.id;
	return c->control.live ? c->control.live->id : 0;
}

/* ... whether it was seen. */
static inline bool call_controlled(const struct call *c)
{
	return c->let_go ? c->control.id != 0 : c->control.live != NULL;
}

/* It is not over, and neither is its connection about to be: what ended only lingers. */
static inline bool call_goes_on(const struct call *c)
{
	const struct control_connection *own = call_connection(c);

	return !c->over && !(own && (own->closed_by >= 0 || own->state == CONNECTION_STOPPING));
}

/* From now on it has no connection but an id. */
void call_let_go(struct call *c);

/* What is rare of a call, to be read. */
static inline const struct call_rare *call_rare(const struct call *c)
{
	static const struct call_rare nothing;

	return c->rare ? c->rare : &nothing;
}

/* ... to be written: made when it is not there; NULL without memory. */
struct call_rare *call_rare_make(struct call *c);

static inline struct call_step_seen call_moment(const struct call *c, struct call_after a)
{
	return (struct call_step_seen){ c->first_frame + a.frames, c->first_time + a.ns };
}

/* When the call came to that step, and by which frame; frame 0: not yet. */
static inline struct call_step_seen call_step(const struct call *c, enum call_step step)
{
	if (step == STEP_REQUEST && c->request_first)
		return (struct call_step_seen){ c->first_frame, c->first_time };
	if (step == STEP_REPLY && c->reply_near)
		return call_moment(c, c->reply);
	return call_rare(c)->step[step];
}

/* The call comes to that step.  False without memory. */
bool call_step_take(struct call *c, enum call_step step, struct call_step_seen seen);

/*
 * Both ends of a call go on in their machines by a message of the PAC's or the PNS's about it, and the call's
 * state with them.  failed: its Result Code is one of failure.
 */
void call_follow(struct call *c, bool from_pac, enum ctrl_type type, bool failed);

/* The first message about the call that the capture has: what has to come before it is taken as if it had. */
void call_presume(struct call *c, enum ctrl_type first);

/* The machine of an end of the call; an unknown kind of call counts as outgoing. */
static inline enum machine call_machine(const struct call *c, bool pac)
{
	if (c->kind == CALL_INCOMING)
		return pac ? MACHINE_PAC_IN : MACHINE_PNS_IN;
	return pac ? MACHINE_PAC_OUT : MACHINE_PNS_OUT;
}

/* As call_follow, for messages of a control connection; `from`: host index.  Calls' change nothing. */
void connection_follow(struct control_connection *c, unsigned from, enum ctrl_type type, bool failed);

/* Its start is not in the capture, but a message that nobody sends before it. */
void connection_presume(struct control_connection *c);

/* The last message about it, or its beginning. */
static inline struct call_step_seen call_last_message(const struct call *c)
{
	return c->last_far ? call_rare(c)->last : call_moment(c, c->last);
}

/* That is the last message about it.  False without memory. */
bool call_last_take(struct call *c, struct call_step_seen seen);

/* The last that was seen of it, messages and GRE. */
struct call_step_seen call_last(const struct call *c);

/* It turns out that it had begun earlier.  False without memory. */
bool call_first_take(struct call *c, struct call_step_seen seen);

/* How long somebody must have waited before silence means something. */
#define CONVERSATION_PATIENCE INT64_C(3000000000)

/* Octets of PPP from which on a packet is large: a path that does not take those may take others. */
enum { FLOW_LARGE = 1000 };

/* How many packets may be out that this host sends, as announced to it; 0: not known. */
unsigned call_window(const struct call *c, unsigned from);

/* The host whose Echo-Request waits in vain for the other one's reply until `end`, or -1. */
int connection_echo_lost(const struct control_connection *c, int64_t end);

/* The host that was not heard of any more while the other one repeated itself, or -1. */
int connection_vanished(const struct control_connection *c);

/* It was reset, or a side of it fell silent: calls did not end in order with it. */
bool connection_failed(const struct control_connection *c, int64_t end);

/* What one side has not said may not be in the capture. */
bool connection_partial(const struct control_connection *c);

/* What its key says: who sends, and the Call ID in what is sent (the receiver's). */
static inline unsigned flow_sender(const struct flow *f)
{
	return f->key >> 16 & 1;
}

static inline uint16_t flow_call_id(const struct flow *f)
{
	return (uint16_t)f->key;
}

/* The call that it is a part of; faster where its sender is known. */
static inline struct call *flow_call_from(const struct flow *f, unsigned from)
{
	return (struct call *)((char *)(f - from) - offsetof(struct call, flow));
}

static inline struct call *flow_call(const struct flow *f)
{
	return flow_call_from(f, flow_sender(f));
}

/* Frames of its first and last packet; 0: none came. */
static inline uint64_t flow_first_frame(const struct flow *f)
{
	const struct call *c = flow_call(f);

	if (!(f->flags & FLOW_SEEN))
		return 0;
	return f->flags & FLOW_FIRST_FAR ? call_rare(c)->flow_first[flow_sender(f)]
					 : c->first_frame + f->first_after;
}

static inline uint64_t flow_last_frame(const struct flow *f)
{
	const struct call *c = flow_call(f);

	if (!(f->flags & FLOW_SEEN))
		return 0;
	return f->flags & FLOW_LAST_FAR ? call_rare(c)->flow_last[flow_sender(f)]
					: c->first_frame + f->last_after;
}

/* When its last packet came, and the data packet whose acknowledgment is timed; whole microseconds. */
static inline int64_t flow_last_time(const struct flow *f)
{
	return long_time(f->last, flow_call(f)->first_time);
}

static inline int64_t flow_probe_time(const struct flow *f)
{
	return long_time(f->probe, flow_call(f)->first_time);
}

/* Packets that never came, by the sequence numbers of the flow (0 where FLOW_DISTRUST). */
uint64_t flow_lost(const struct flow *f);

/* Words of states and ends, for reports. */
const char *connection_state_name(enum connection_state s); /* "established", ... */
const char *connection_close_name(enum connection_close c); /* "fin", ... or NULL */
const char *call_kind_name(enum call_kind k);               /* "outgoing", "incoming" or NULL */
const char *call_state_name(enum call_state s);

#endif
