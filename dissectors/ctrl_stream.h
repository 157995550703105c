/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One direction of a control connection: TCP octets to whole messages, however they were cut or
 * joined.  RFC 2637 section 1.4.
 *
 * Memory: a partial message is kept in a buffer allocated when needed and freed when it is done
 * (at most CTRL_LENGTH_LIMIT octets, a header's worth of what follows, and a record per segment).
 *
 * Extent of a message: its Length, where that is the size of its type or the type has no size; less,
 * where the next header stands among those octets and none behind them.  Otherwise whichever of Length and size the next header, or the end of the segment, confirms
 * first; Length when neither is.  A header that cannot be believed at all (wrong cookie, or a
 * Length that is impossible and a size that nothing confirms) is reported once as a CTRL_BAD
 * message of at most CTRL_HEADER octets, and what follows it is searched.  The search believes a
 * header with cookie, type and the Length of that type that begins a segment, ends at the end of a
 * segment, or has another header after it.
 */
#ifndef PPTPSCOPE_CTRL_STREAM_H
#define PPTPSCOPE_CTRL_STREAM_H

#include "dissectors/ctrl.h"

/* Where the octets of a message came from. */
struct ctrl_origin {
	const uint64_t *frames; /* distinct, in the order of their octets; borrowed, valid in the callback */
	size_t nframes;
	uint64_t frame;		/* the frame that completed the message (the highest) */
	int64_t time_ns;	/* its time */
	uint64_t position;	/* stream position of the first octet, 0 = first octet after the SYN (or of the capture) */
	uint64_t peer_acked;	/* octets of the other direction that the sender had acknowledged by TCP in that frame */
	bool resynchronised;	/* first message after a gap or a midstream start: the boundary was searched for */
	bool followed;		/* CTRL_BAD_LENGTH, CTRL_UNFINISHED: a header stands right behind the extent */
};

/* What a stream tells its owner. */
enum ctrl_stream_event {
	CTRL_STREAM_MESSAGE,	/* *msg, whole or cut or bad */
	CTRL_STREAM_SKIPPED,	/* `count` octets that are no message (garbage, or searching after a gap): one
				 * event a stretch, when it ends; origin->frames has its first and last frame */
};

struct ctrl_stream;

typedef void ctrl_stream_fn(void *ctx, enum ctrl_stream_event ev, const struct ctrl_msg *msg,
			    const struct ctrl_origin *origin, uint64_t count);

/*
 * State of one direction, embedded in its owner.  Zero-filled is "start of stream, boundary
 * known".  ctrl_stream_midstream() marks that the boundary is not known.
 */
struct ctrl_stream {
	struct ctrl_partial *partial; /* owned, or NULL */
	uint64_t position;	      /* octets reported so far, gaps included; what was fed beyond waits */
	bool searching;		      /* no verified boundary */
	bool lost;		      /* peer sent garbage: boundary was lost by the sender, not by the capture */
	bool found;		      /* the next message is the first after a search */
};

void ctrl_stream_midstream(struct ctrl_stream *s);

/*
 * Feeds the next octets in order.  segment_start: octets[0] begins a TCP segment (PPTP stacks
 * write one message a segment, so boundaries are tried there first).  Calls fn for every message
 * completed.  Returns false when memory was not to be had (the octets are counted as skipped).
 */
bool ctrl_stream_feed(struct ctrl_stream *s, const uint8_t *octets, size_t len, uint64_t frame,
		      int64_t time_ns, uint64_t peer_acked, bool segment_start, ctrl_stream_fn *fn,
		      void *ctx);

/* Says that `len` octets are lost: a partial message is reported as cut, then the search begins. */
void ctrl_stream_gap(struct ctrl_stream *s, uint64_t len, ctrl_stream_fn *fn, void *ctx);

/* The stream ended: a partial message is reported (cut when by the capture, else bad). */
void ctrl_stream_end(struct ctrl_stream *s, bool by_capture, ctrl_stream_fn *fn, void *ctx);

/* Frees the partial message. */
void ctrl_stream_clear(struct ctrl_stream *s);

#endif
