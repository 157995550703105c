/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the boundaries of control messages in a stream of octets: see ctrl_stream.h.
 *
 * One loop (drain) takes step after step over a window of octets.  The window is the fed segment
 * itself, so that a message within one segment is neither copied nor allocated for, or the buffer
 * of a partial message.  A step reports or skips octets, or says how many it needs to decide.
 */
#include "dissectors/ctrl_stream.h"

#include <stdlib.h>

#include "dissectors/cursor.h"

enum {
	BOUNDARY = 8, /* octets that tell a header from something else: Length, type, cookie */
	PROOF = 10,   /* octets that tell a header of the right Length: those and the control type */
	ROOM = CTRL_LENGTH_LIMIT + CTRL_HEADER, /* the longest wait: a message and what follows it */
};

/* Octets that one call of ctrl_stream_feed brought: from `offset` to the next piece. */
struct piece {
	uint64_t frame, peer_acked;
	int64_t time_ns;
	size_t offset;
	bool segment_start;
};

/* A stretch of skipped octets that may still grow. */
struct stretch {
	uint64_t count;
	uint64_t first_frame;
	struct piece last;
};

struct ctrl_partial {
	struct stretch skipped; /* before the octets */
	size_t len;
	size_t need;		/* octets at which a decision is possible; more than len */
	size_t npieces, room;
	struct piece *piece;	/* owned, `room` of them */
	uint64_t *frames;	/* owned, `room` of them: the list lent to the callback */
	uint8_t octets[ROOM];
};

/* Octets not yet reported, and where they came from. */
struct window {
	struct cursor c;
	size_t done;		   /* octets before c.at that the pieces' offsets count */
	bool ends;		   /* the window ends where a segment does */
	const struct piece *piece; /* piece[0] brought the octet at c.at */
	size_t npieces;
	uint64_t *frames;	   /* room for npieces */
};

/* One call of the owner. */
struct run {
	struct ctrl_stream *s;
	ctrl_stream_fn *fn;
	void *ctx;
	struct stretch skipped;
	bool final; /* no more octets will come before a gap or the end */
	bool cut;   /* ... and that is the capture's doing */
	size_t need;
};

enum step_kind {
	STEP_WAIT,    /* n octets are needed */
	STEP_MESSAGE, /* n octets are a message */
	STEP_LOST,    /* n octets are a header that cannot be believed; nothing is known of what follows */
	STEP_SKIP,    /* n octets are no message; the search goes on */
	STEP_FOUND,   /* n octets are no message; a message begins after them */
};

struct step {
	enum step_kind kind;
	size_t n;
};

enum answer { NO, PERHAPS, YES };

struct place {
	enum answer answer;
	size_t at;
};

static const uint8_t cookie[4] = { CTRL_MAGIC >> 24, CTRL_MAGIC >> 16 & 0xff, CTRL_MAGIC >> 8 & 0xff,
				   CTRL_MAGIC & 0xff };

static struct cursor cursor_at(const struct window *w, size_t at)
{
	struct cursor c = w->c;

	cursor_take(&c, at);
	return c;
}

static bool length_plausible(uint32_t length)
{
	return length >= CTRL_HEADER && length <= CTRL_LENGTH_LIMIT;
}

/* Are the octets under c, as many as there are, those of the cookie? */
static bool cookie_begins(struct cursor c)
{
	size_t here = cursor_left(&c) < sizeof(cookie) ? cursor_left(&c) : sizeof(cookie);

	return !memcmp(c.at, cookie, here);
}

/* Is there a header at `at`, as far as Length and cookie tell?  PERHAPS: too few octets to tell. */
static enum answer header_plausible(const struct window *w, size_t at)
{
	struct cursor c = cursor_at(w, at);
	size_t left = c.missing ? 0 : cursor_left(&c);

	if (left < 2)
		return PERHAPS;
	if (!length_plausible(cursor_u16(&c)))
		return NO;
	if (left <= 4)
		return PERHAPS;
	cursor_take(&c, 2);
	if (!cookie_begins(c))
		return NO;
	return left < BOUNDARY ? PERHAPS : YES;
}

/* Is there a header at `at` that no chance would make: its Length is the size of its type, too? */
static enum answer header_provable(const struct window *w, size_t at)
{
	enum answer a = header_plausible(w, at);
	struct cursor c = cursor_at(w, at);
	uint16_t length = cursor_u16(&c), message_type = cursor_u16(&c);
	const struct ctrl_desc *d;

	if (a == NO || c.missing)
		return a;
	if (message_type != 1 && message_type != 2)
		return NO;
	cursor_take(&c, 4);
	d = ctrl_desc_of(cursor_u16(&c));
	if (c.missing)
		return PERHAPS;
	return d && d->length == length ? YES : NO;
}

/* Does a piece begin at `at` (and, if that is asked for, with a segment)? */
static bool piece_at(const struct window *w, size_t at, bool segment_start)
{
	for (size_t i = 0; i < w->npieces; i++)
		if (w->piece[i].offset == w->done + at)
			return w->piece[i].segment_start || !segment_start;
	return false;
}

static bool segment_ends_at(const struct window *w, size_t at)
{
	return at == cursor_left(&w->c) ? w->ends : piece_at(w, at, false);
}

/* Does a message begin at `at`?  The rule of the search. */
static enum answer message_at(const struct window *w, size_t at)
{
	enum answer a = header_provable(w, at);
	struct cursor c = cursor_at(w, at);
	size_t end = at + cursor_u16(&c);

	if (a != YES || piece_at(w, at, true) || segment_ends_at(w, end))
		return a;
	return header_plausible(w, end);
}

/* The first place from `from` on where a header may begin, or the window's length. */
static size_t next_candidate(const struct window *w, size_t from)
{
	size_t len = cursor_left(&w->c);
	struct cursor c = cursor_at(w, from + 4);
	const uint8_t *hit = c.missing ? NULL : memmem(c.at, cursor_left(&c), cookie, sizeof(cookie));

	if (hit)
		return from + (size_t)(hit - c.at);
	if (len >= BOUNDARY && from < len - BOUNDARY + 1)
		from = len - BOUNDARY + 1; /* the last places, whose cookie is not all here */
	while (from < len && header_plausible(w, from) == NO)
		from++;
	return from;
}

/* The first message from `from` on; where there is none, the first place where one may begin. */
static struct place find_message(const struct window *w, size_t from)
{
	size_t len = cursor_left(&w->c);
	struct place perhaps = { NO, len };

	for (size_t at = next_candidate(w, from); at < len; at = next_candidate(w, at + 1)) {
		enum answer a = message_at(w, at);

		if (a == YES)
			return (struct place){ YES, at };
		if (a == PERHAPS && perhaps.answer == NO)
			perhaps = (struct place){ PERHAPS, at };
	}
	return perhaps;
}

static struct step search(const struct run *r, const struct window *w)
{
	struct place p = find_message(w, 0);

	if (p.answer == YES)
		return (struct step){ STEP_FOUND, p.at };
	if (r->final)
		return (struct step){ STEP_SKIP, cursor_left(&w->c) };
	return p.at ? (struct step){ STEP_SKIP, p.at } : (struct step){ STEP_WAIT, ROOM };
}

/* Is the end of the segment at `at` that of a message written alone, or last, in that one segment? */
static bool ends_own_segment(const struct window *w, size_t at)
{
	return at == cursor_left(&w->c) && w->ends && w->npieces == 1;
}

/*
 * A header that cannot be believed.  A message may begin within its CTRL_HEADER octets, where the
 * garbage is shorter; it must not be lost.
 */
static struct step lose(const struct run *r, const struct window *w)
{
	size_t len = cursor_left(&w->c);

	if (len < CTRL_HEADER + BOUNDARY && !r->final && !ends_own_segment(w, len))
		return (struct step){ STEP_WAIT, CTRL_HEADER + BOUNDARY };
	for (size_t at = next_candidate(w, 1); at < CTRL_HEADER && at + BOUNDARY <= len;
	     at = next_candidate(w, at + 1))
		if (header_provable(w, at) != NO)
			return (struct step){ STEP_LOST, at };
	return (struct step){ STEP_LOST, CTRL_HEADER };
}

/* Wrong cookie: is it a message all the same, because the stream goes on properly after Length octets? */
static struct step wrong_cookie(const struct run *r, const struct window *w, size_t length)
{
	size_t len = cursor_left(&w->c);
	enum answer follows;

	if (!length_plausible(length))
		return lose(r, w);
	follows = header_plausible(w, length);
	if (follows == YES || ends_own_segment(w, length))
		return (struct step){ STEP_MESSAGE, length };
	if (follows == NO || (r->final && len < length))
		return lose(r, w);
	if (r->final)
		return (struct step){ STEP_MESSAGE, length };
	/* Messages that came meanwhile must not wait for the rest of one that never was. */
	if (find_message(w, 1).answer == YES)
		return lose(r, w);
	return (struct step){ STEP_WAIT, length + BOUNDARY };
}

/*
 * A known type whose Length is not its size.  The lesser of the two is asked first: if messages
 * begin there, the greater would swallow them.
 */
static struct step wrong_length(const struct run *r, const struct window *w, size_t length, size_t size)
{
	size_t extent[2] = { length < size ? length : size, length < size ? size : length };
	size_t count = 2, len = cursor_left(&w->c), wait = 0;

	if (!length_plausible(length)) {
		extent[0] = size;
		count = 1;
	}
	for (size_t i = 0; i < count; i++) {
		enum answer follows = header_plausible(w, extent[i]);

		if (follows == YES)
			return (struct step){ STEP_MESSAGE, extent[i] };
		if (follows == PERHAPS && !wait)
			wait = extent[i];
	}
	for (size_t i = 0; i < count; i++)
		if (ends_own_segment(w, extent[i]))
			return (struct step){ STEP_MESSAGE, extent[i] };
	if (wait && r->final)
		return (struct step){ STEP_MESSAGE, wait < len ? wait : len };
	if (wait)
		return (struct step){ STEP_WAIT, wait + BOUNDARY };
	return length_plausible(length) ? (struct step){ STEP_MESSAGE, length } : lose(r, w);
}

/*
 * As many octets as Length says.  Where no header follows them, and one stands among them, its sender wrote
 * fewer: that next message must not be read as the end of this one.
 */
static struct step whole_or_short(const struct run *r, const struct window *w, size_t length)
{
	enum answer follows = segment_ends_at(w, length) ? YES : header_plausible(w, length);
	bool more = !r->final && cursor_left(&w->c) < length + PROOF;

	if (follows == YES)
		return (struct step){ STEP_MESSAGE, length };
	for (size_t at = next_candidate(w, CTRL_HEADER); at < length; at = next_candidate(w, at + 1)) {
		if (message_at(w, at) == NO)
			continue;
		if (more)
			return (struct step){ STEP_WAIT, length + PROOF };
		if (follows == NO && header_provable(w, at) == YES)
			return (struct step){ STEP_MESSAGE, at };
	}
	return (struct step){ STEP_MESSAGE, length };
}

/* What stands at a boundary. */
static struct step next_message(const struct run *r, const struct window *w)
{
	struct cursor c = w->c;
	size_t len = cursor_left(&c), length = cursor_u16(&c);
	uint16_t message_type = cursor_u16(&c);
	uint32_t cookie = cursor_u32(&c);
	const struct ctrl_desc *d = ctrl_desc_of(cursor_u16(&c));

	if (len < CTRL_HEADER)
		return (struct step){ r->final ? STEP_MESSAGE : STEP_WAIT, r->final ? len : CTRL_HEADER };
	if (cookie != CTRL_MAGIC)
		return wrong_cookie(r, w, length);
	if (d && message_type != 2 && d->length != length)
		return wrong_length(r, w, length, d->length);
	if (!length_plausible(length))
		return lose(r, w);
	if (len >= length)
		return whole_or_short(r, w, length);
	return (struct step){ r->final ? STEP_MESSAGE : STEP_WAIT, r->final ? len : length };
}

/* Describes the first n octets of the window. */
static struct ctrl_origin origin_of(const struct run *r, const struct window *w, size_t n)
{
	struct ctrl_origin o = { .frames = w->frames, .position = r->s->position,
				 .resynchronised = r->s->found };

	for (size_t i = 0; i < w->npieces && (!i || w->piece[i].offset < w->done + n); i++) {
		const struct piece *p = &w->piece[i];
		size_t j = 0;

		while (j < o.nframes && w->frames[j] != p->frame)
			j++;
		if (j == o.nframes)
			w->frames[o.nframes++] = p->frame;
		if (i && p->frame < o.frame)
			continue;
		o.frame = p->frame;
		o.time_ns = p->time_ns;
		o.peer_acked = p->peer_acked;
	}
	return o;
}

/* Reports the stretch of skipped octets, which is over. */
static void flush_skipped(struct run *r)
{
	struct stretch k = r->skipped;
	uint64_t frames[2] = { k.first_frame, k.last.frame };
	struct ctrl_origin o = { .frames = frames, .nframes = frames[0] == frames[1] ? 1 : 2,
				 .frame = k.last.frame, .time_ns = k.last.time_ns,
				 .position = r->s->position, .peer_acked = k.last.peer_acked };

	if (!k.count)
		return;
	r->skipped = (struct stretch){ 0 };
	r->s->position += k.count;
	r->fn(r->ctx, CTRL_STREAM_SKIPPED, NULL, &o, k.count);
}

/*
 * Reports the first n octets as a message.  Where fewer than a header's are its own, because another
 * message begins among them, it still shows what stood where its header should have been.
 */
static void report(struct run *r, const struct window *w, size_t n)
{
	size_t len = cursor_left(&w->c), header = len < CTRL_HEADER ? len : CTRL_HEADER;
	struct ctrl_origin o;
	struct ctrl_msg m;

	flush_skipped(r);
	o = origin_of(r, w, n);
	ctrl_decode(w->c.at, n < header ? header : n, r->cut, &m);
	m.caplen = n;
	o.followed = m.defects & (CTRL_BAD_LENGTH | CTRL_UNFINISHED) && header_plausible(w, n) == YES;
	r->s->found = false;
	r->s->position += n;
	r->fn(r->ctx, CTRL_STREAM_MESSAGE, &m, &o, 0);
}

/* Moves the window over n octets. */
static void advance(struct window *w, size_t n)
{
	cursor_take(&w->c, n);
	w->done += n;
	while (w->npieces > 1 && w->piece[1].offset <= w->done) {
		w->piece++;
		w->npieces--;
	}
}

static void skip(struct run *r, struct window *w, size_t n)
{
	if (!n)
		return;
	if (!r->skipped.count)
		r->skipped.first_frame = w->piece[0].frame;
	r->skipped.count += n;
	advance(w, n - 1);
	r->skipped.last = w->piece[0];
	advance(w, 1);
}

static void take_step(struct run *r, struct window *w, struct step step)
{
	struct ctrl_stream *s = r->s;

	switch (step.kind) {
	case STEP_LOST:
		s->searching = s->lost = true;
		/* fall through */
	case STEP_MESSAGE:
		report(r, w, step.n);
		advance(w, step.n);
		break;
	case STEP_FOUND:
		skip(r, w, step.n);
		flush_skipped(r);
		s->searching = s->lost = false;
		s->found = true;
		break;
	case STEP_SKIP:
		skip(r, w, step.n);
		break;
	case STEP_WAIT:
		break;
	}
}

/* Reports and skips as much of the window as can be decided. */
static void drain(struct run *r, struct window *w)
{
	while (cursor_left(&w->c)) {
		struct step step = r->s->searching ? search(r, w) : next_message(r, w);

		if (step.kind == STEP_WAIT) {
			r->need = step.n;
			return;
		}
		take_step(r, w, step);
	}
}

static void partial_free(struct ctrl_stream *s)
{
	if (s->partial) {
		free(s->partial->piece);
		free(s->partial->frames);
		free(s->partial);
	}
	s->partial = NULL;
}

/* Makes room for one more piece. */
static bool partial_grow(struct ctrl_partial *p)
{
	size_t room = p->room ? 2 * p->room : 4;
	void *piece, *frames;

	if (p->npieces < p->room)
		return true;
	piece = realloc(p->piece, room * sizeof(*p->piece));
	if (piece)
		p->piece = piece;
	frames = realloc(p->frames, room * sizeof(*p->frames));
	if (frames)
		p->frames = frames;
	if (!piece || !frames)
		return false;
	p->room = room;
	return true;
}

/* Moves up to `most` octets of the window into the buffer. */
static bool partial_append(struct ctrl_partial *p, struct window *from, size_t most)
{
	size_t n = cursor_left(&from->c) < most ? cursor_left(&from->c) : most;
	bool continued = from->done && p->npieces; /* the buffer has octets of this segment already */

	if (!continued) {
		if (!partial_grow(p))
			return false;
		p->piece[p->npieces] = from->piece[0];
		p->piece[p->npieces].segment_start = from->piece[0].segment_start && !from->done;
		p->piece[p->npieces++].offset = p->len;
	}
	memcpy(p->octets + p->len, from->c.at, n);
	p->len += n;
	advance(from, n);
	return true;
}

static struct window partial_window(const struct ctrl_partial *p, bool ends)
{
	return (struct window){ cursor_on(p->octets, p->len), 0, ends, p->piece, p->npieces, p->frames };
}

/* Throws away what the window has left behind. */
static void partial_keep(struct ctrl_partial *p, const struct window *w)
{
	p->len = cursor_left(&w->c);
	p->npieces = p->len ? w->npieces : 0;
	memmove(p->octets, w->c.at, p->len);
	for (size_t i = 0; i < p->npieces; i++) {
		struct piece piece = w->piece[i];

		piece.segment_start = piece.segment_start && piece.offset >= w->done;
		piece.offset = piece.offset > w->done ? piece.offset - w->done : 0;
		p->piece[i] = piece;
	}
}

/* Completes the partial message from what was fed; false when memory was not to be had. */
static bool feed_partial(struct run *r, struct window *fed)
{
	struct ctrl_partial *p = r->s->partial;

	while (p->len && cursor_left(&fed->c)) {
		struct window w;

		if (!partial_append(p, fed, p->need - p->len))
			return false;
		w = partial_window(p, !cursor_left(&fed->c));
		drain(r, &w);
		partial_keep(p, &w);
		p->need = r->need;
	}
	return true;
}

/* Keeps what could not be decided; false when memory was not to be had. */
static bool keep_rest(struct run *r, struct window *fed)
{
	struct ctrl_stream *s = r->s;
	bool rest = cursor_left(&fed->c);

	if (!rest && !r->skipped.count && !(s->partial && s->partial->len)) {
		partial_free(s);
		return true;
	}
	if (!s->partial)
		s->partial = calloc(1, sizeof(*s->partial));
	if (!s->partial)
		return false;
	if (rest && !partial_append(s->partial, fed, ROOM))
		return false;
	if (rest)
		s->partial->need = r->need;
	s->partial->skipped = r->skipped;
	return true;
}

/* No memory: what was kept and what was fed is lost. */
static void give_up(struct run *r, struct window *fed)
{
	struct ctrl_stream *s = r->s;

	if (s->partial && s->partial->len) {
		struct window w = partial_window(s->partial, false);

		skip(r, &w, s->partial->len);
	}
	skip(r, fed, cursor_left(&fed->c));
	flush_skipped(r);
	partial_free(s);
	ctrl_stream_midstream(s);
}

void ctrl_stream_midstream(struct ctrl_stream *s)
{
	s->searching = true;
	s->lost = s->found = false;
}

/* What was fed is one whole message at a boundary, as nearly always: there is nothing to search for. */
static bool feed_whole(struct ctrl_stream *s, const uint8_t *octets, size_t len, const struct piece *piece,
		       ctrl_stream_fn *fn, void *ctx)
{
	const struct ctrl_origin o = { .frames = &piece->frame, .nframes = 1,
				       .frame = piece->frame, .time_ns = piece->time_ns,
				       .position = s->position, .peer_acked = piece->peer_acked,
				       .resynchronised = s->found };
	struct ctrl_msg m;

	if (s->partial || s->searching)
		return false;
	ctrl_decode(octets, len, false, &m);
	if (m.status != CTRL_OK || m.length != len)
		return false;
	s->found = false;
	s->position += len;
	fn(ctx, CTRL_STREAM_MESSAGE, &m, &o, 0);
	return true;
}

bool ctrl_stream_feed(struct ctrl_stream *s, const uint8_t *octets, size_t len, uint64_t frame,
		      int64_t time_ns, uint64_t peer_acked, bool segment_start, ctrl_stream_fn *fn,
		      void *ctx)
{
	struct run r = { .s = s, .fn = fn, .ctx = ctx };
	struct piece piece = { frame, peer_acked, time_ns, 0, segment_start };
	struct window fed = { cursor_on(octets, len), 0, true, &piece, 1, &frame };
	bool kept = true;

	if (!len || feed_whole(s, octets, len, &piece, fn, ctx))
		return true;
	if (s->partial) {
		r.skipped = s->partial->skipped;
		kept = feed_partial(&r, &fed);
	}
	if (kept) {
		drain(&r, &fed);
		kept = keep_rest(&r, &fed);
	}
	if (!kept)
		give_up(&r, &fed);
	return kept;
}

/* Reports what is kept: no more of it will come. */
static void finish(struct ctrl_stream *s, bool cut, ctrl_stream_fn *fn, void *ctx)
{
	struct run r = { .s = s, .fn = fn, .ctx = ctx, .final = true, .cut = cut };
	struct window w;

	if (!s->partial)
		return;
	r.skipped = s->partial->skipped;
	w = partial_window(s->partial, true);
	drain(&r, &w);
	flush_skipped(&r);
	partial_free(s);
}

void ctrl_stream_gap(struct ctrl_stream *s, uint64_t len, ctrl_stream_fn *fn, void *ctx)
{
	if (!len)
		return;
	finish(s, true, fn, ctx);
	s->position += len;
	ctrl_stream_midstream(s);
}

void ctrl_stream_end(struct ctrl_stream *s, bool by_capture, ctrl_stream_fn *fn, void *ctx)
{
	finish(s, by_capture, fn, ctx);
}

void ctrl_stream_clear(struct ctrl_stream *s)
{
	partial_free(s);
}
