/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rules remember of a control connection. */
#ifndef PPTPSCOPE_RULES_CONTROL_H
#define PPTPSCOPE_RULES_CONTROL_H

#include "conformance/rules_call.h"
#include "conformance/rules_message.h"
#include "conformance/verdict.h"

enum { ECHOES_KEPT = 2 }; /* who has more requests open is not judged by their Identifiers */

/* An Echo-Request that waits for its reply. */
struct echo_waiting {
	uint64_t frame;
	int64_t time_ns;
	uint32_t identifier;
	uint32_t end; /* where it ends in the stream, modulo 2^32 as all of these */
};

/* One side of the connection: what it sent. */
struct control_side {
	uint64_t frame; /* its last message that can be read; 0: none yet */
	int64_t time_ns;
	int64_t erred_time;   /* with erred: the last time */
	uint32_t end;         /* of all that it sent */
	uint32_t early_reply; /* with replied_early: Identifier */
	uint16_t faulty;      /* bit per type: there was something wrong with a message of it */
	uint8_t type;         /* of the last message */
	uint8_t starts;       /* SCCRQs of the originator, SCCRPs of the receiver */
	uint8_t stops, stop_replies;
	uint8_t unreadable; /* requests, for all that is known, which a general error may still answer */
	uint8_t echoes, echoes_unknown;        /* requests without reply: in echo[], and others */
	bool stopped;                          /* StopCCRP with success */
	bool probed;                           /* no Echo-Request is due until the next message to it */
	bool closed;                           /* FIN or RST, or the other side's RST */
	bool erred;                            /* it gave the other side a reason to close */
	bool at_fault;                         /* the same, or a wrong value: an excuse to close */
	bool replied_early;                    /* a reply was captured before its request */
	struct echo_waiting echo[ECHOES_KEPT]; /* oldest first */
};

/* A message whose header was wrong, until it is seen what the other side makes of it. */
struct bad_message {
	uint64_t frame; /* 0: none */
	int64_t time_ns;
	uint32_t end;
	uint16_t after; /* bit per type: what its sender sent afterwards */
	uint8_t from, kind, type;
	bool searched;  /* the receiver has answered what came behind it */
	bool too_short; /* it ends before its type does */
	bool told;
};

struct control_memory {
	struct message_memory message; /* rules_message.c */
	struct calls_memory calls;     /* rules_call.c */
	struct control_side side[HOSTS];
	struct bad_message bad;
	int64_t up_time;       /* of the SCCRP with success */
	int64_t stop_time;     /* of the first StopCCRQ */
	int64_t shortage_time; /* of the last reply that said "no resource" */
	uint64_t shortage_frame;
	uint64_t rival;         /* id of the connection that it collided with; 0: none */
	uint64_t opened_beside; /* id of one that was up when this one came up; 0: none */
	uint32_t reply_end;     /* where the first SCCRP ends */
	uint8_t shortage_by;
	uint8_t beside;       /* others that came up or were up while this one was */
	uint8_t value_faults; /* with the values of the message in hand */
	bool up, refused;     /* there was an SCCRP, with success or not */
	bool reply_read;      /* the originator has acknowledged it */
	bool stops_crossed;
	bool start_told, stop_told; /* what did not come, or not in time */
	bool requests_crossed;      /* the SCCRQs that collided, ... */
	bool crossing_proven;       /* ... by TCP */
	bool collision_told;
};

#endif
