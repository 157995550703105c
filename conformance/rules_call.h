/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rules about calls remember: of a call, of a control connection's calls, of a tunnel.
 *
 * call_memory is there from the reply to a call, or its first tunnel packet, to its end, so that many
 * calls at once are many of these.  What is rare is allocated when it happens: of a call (WEN) it is
 * freed with its memory, of a connection (refusals) by rules_call.c at EVENT_CLOSE.
 */
#ifndef PPTPSCOPE_RULES_CALL_H
#define PPTPSCOPE_RULES_CALL_H

#include <stddef.h>

#include "conformance/rules_gre.h"
#include "conformance/verdict.h"

enum { WEN_COUNTERS = 6 };

/* The last WEN of a call. */
struct wen_memory {
	int64_t time_ns; /* once the call is over: when it ended */
	uint64_t frame;
	uint32_t count[WEN_COUNTERS];
	uint32_t channel;
	uint16_t pac_call_id;
};

/* What few calls have; owned. */
struct call_odd {
	struct gre_trouble *gre[HOSTS]; /* by sender, or NULL */
	struct wen_memory *wen;         /* NULL: none was sent */
	/* Where CCRQ and CDN ended in their sender's stream: see call_memory.reply_end. */
	uint32_t clear_end, over_end;
};

struct call_memory {
	struct gre_memory gre[HOSTS]; /* by sender */
	struct call_odd *odd;         /* or NULL */
	/* Where the reply ended in its sender's stream: what the other side has to have acknowledged. */
	uint32_t reply_end;
	uint8_t extra_replies; /* earlier requests with the same Call ID that may still be answered */
	bool clear_faulty : 1; /* something was wrong with its CCRQ: the PAC need not answer */
	bool settled : 1;      /* a finding has said how it ended, or it cannot be judged */
};

/* What few calls have, to be read. */
static inline const struct call_odd *odd_or_nothing(const struct call_memory *m)
{
	static const struct call_odd nothing;

	return m && m->odd ? m->odd : &nothing;
}

/* The memory that a half is a part of. */
static inline struct call_memory *gre_whole(const struct gre_memory *m)
{
	return (struct call_memory *)((char *)(m - m->side) - offsetof(struct call_memory, gre));
}

/* Replies that refused a call: its Call IDs bind to nothing afterwards. */
struct refusal {
	uint64_t frame; /* 0: none */
	uint32_t end;
	uint16_t pns_call_id, pac_call_id; /* as sent */
	bool cleared;			   /* a CCRQ crossed it */
};

struct calls_rare {
	struct refusal ocrp, icrp; /* the last of each */
	unsigned crossed_clears;   /* CCRQs that crossed a failing OCRP: a CDN may follow each */
	/* The last CDN of an outgoing call that had not come up, whose Call ID leads to no call. */
	uint64_t unbound_cdn_frame; /* 0: none, or a call was requested since then */
	uint16_t unbound_cdn_id;
	struct wen_memory *wen;    /* of the last call that ended after one */
	int64_t wen_time;          /* of the last WEN, whichever call it was about */
	uint64_t wen_frame;
	uint64_t cross_frame[HOSTS]; /* an OCRQ and an ICRQ that crossed, by sender; 0: none */
};

/* How a host ended a connection, the first thing that it did. */
enum call_act { ACT_NONE, ACT_STOP, ACT_FIN, ACT_RST };

/* Of a control connection: a part of struct control_memory. */
struct calls_memory {
	struct calls_rare *rare; /* or NULL */
	/* ms-ptpt: since when the connection has no calls any more (0: it has), and who ended the last. */
	int64_t idle_since;
	uint64_t idle_frame;
	int64_t acted_time[HOSTS], used_time[HOSTS];
	uint64_t acted_frame[HOSTS], request_frame[HOSTS];
	uint32_t acted_end[HOSTS];   /* what of the other side's stream it had acknowledged then */
	uint32_t request_end[HOSTS]; /* where its last OCRQ or ICRQ ended; 0: none */
	uint32_t up;                 /* calls that are connected */
	uint16_t freed[HOSTS];       /* Call ID of the call that ended last, by who had chosen it */
	uint8_t acted[HOSTS];        /* enum call_act */
	uint8_t idle_by;
	bool freed_known[HOSTS];
	bool strange_clear; /* a CCRQ was for a call that could not be told */
	bool unsure; /* a message fitted no call, but octets before it were not there: nothing is judged */
	bool closed; /* the connection is over: what ends now ends with it */
};

/* Serial numbers that a host has used: a run of consecutive ones, and a few others. */
enum { SERIALS_KEPT = 4 };

struct serial_memory {
	uint16_t first, last;
	uint16_t other[SERIALS_KEPT]; /* ring */
	uint8_t nother, used;
};

struct tunnel_memory {
	struct serial_memory serial[2]; /* of OCRQs, of ICRQs */
};

#endif
