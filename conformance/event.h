/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happened, for the rules: one message, GRE packet, or turn in the life of a connection or call.
 *
 * Told before the conversation takes it in (judge first, apply after): connection, call and flows
 * show what was known until then.  All pointers are borrowed.
 */
#ifndef PPTPSCOPE_EVENT_H
#define PPTPSCOPE_EVENT_H

#include "conformance/conversation.h"

enum event_kind {
	EVENT_OPEN,    /* a control connection appeared */
	EVENT_MESSAGE, /* msg, origin; call and match: to which call it belongs */
	EVENT_SKIPPED, /* count octets that are no message; origin says where */
	EVENT_GAP,     /* count octets of `from` that the capture lacks */
	EVENT_FIN,
	EVENT_RST,
	EVENT_CLOSE,     /* nothing more will come of the connection; close says why */
	EVENT_GRE,       /* gre; call (may be GRE alone), flow (NULL: its first packet), peer */
	EVENT_CALL_OVER, /* the call takes no more messages: CDN, refusal, end of its connection or of the
			    capture */
	EVENT_CALL_DONE, /* ... and nothing more of its GRE will be looked at */
	EVENT_END,       /* end of all captures */
	EVENT_FORGET,    /* the connection, closed since EVENT_CLOSE, is about to be forgotten */
};

/* How a message was bound to a call. */
enum call_match {
	MATCH_NONE,        /* to none, or it begins one */
	MATCH_ID,          /* by the Call ID that it should carry */
	MATCH_OTHER_ID,    /* CDN: by the Call ID of the other side */
	MATCH_ELIMINATION, /* the only call that fits */
	MATCH_OVER,        /* by its Call ID, to a call of this connection that is over */
	MATCH_GRE,         /* by its Call ID, to a call that only GRE had shown */
};

struct event {
	enum event_kind kind;
	uint64_t frame;
	int64_t time_ns;
	unsigned from; /* host index of who sent it */
	struct tunnel *tunnel;
	struct control_connection *connection; /* NULL for GRE without one */
	struct call *call;                     /* NULL: none */
	enum call_match match;
	struct call *holder; /* the call that last had the Call ID which the message gives to another; or NULL */
	const struct ctrl_msg *msg;
	const struct ctrl_origin *origin;
	uint64_t count; /* octets of SKIPPED and GAP; FIN: of the message that it cuts short */
	const struct gre_pkt *gre;
	struct flow *flow, *peer; /* of this direction and of the other one; may be NULL */
	uint32_t ip_id;           /* GRE: identification in the IP header */
	uint32_t gre_len;         /* GRE: octets of the GRE packet by the IP length */
	bool identical;           /* GRE: the same IP packet came just before (the path made a copy) */
	bool fragment;            /* GRE: only the first fragment is there */
	uint64_t peer_acked;      /* FIN and RST: as in origin */
	bool tcp_syn;             /* OPEN: by SYN (else by SYN-ACK or midstream) */
};

#endif
