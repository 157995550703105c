/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ended records in a temporary file, sorted by runs: see spill.h. */
#include "analyzer/spill.h"

#include <stdlib.h>
#include <unistd.h>

#include "conformance/ppp_session.h"
#include "dissectors/cursor.h"

/*
 * A record is its head and then plain structures, of which the words that are zero, nearly half of
 * them, are left out: to write and read them would cost more than to look for them.  Before every
 * 64 words stands which of them follow.
 */
enum {
	WINDOW = 1 << 20,
	MERGED = 512,
	CHUNK = 1 << 15, /* octets written at once */
	WORD = 8,
	GROUP = 64, /* words */
	RAW_MAX = sizeof(struct control_connection) + MOMENTS_KEPT * sizeof(struct moment) +
		  sizeof(struct call) + sizeof(struct call_rare) + PPP_PACKED_MAX,
	RECORD_MAX = sizeof(struct spill_head) + RAW_MAX + RAW_MAX / GROUP + 8 * WORD,
};

_Static_assert(sizeof(struct control_connection) % WORD == 0 && sizeof(struct call) % WORD == 0 &&
		       sizeof(struct call_rare) % WORD == 0 && sizeof(struct moment) % WORD == 0 &&
		       sizeof(struct spill_head) % WORD == 0,
	       "records consist of words");
_Static_assert(RECORD_MAX < CHUNK && RECORD_MAX / WORD <= UINT16_MAX && PPP_PACKED_MAX <= UINT16_MAX,
	       "a record has its limits");

/* Where the merge is in a run. */
struct spill_place {
	uint64_t tunnel, order; /* of the next record */
	uint64_t at, end;	/* of what is in the file behind that which is here */
	uint8_t *ahead, *here;	/* what was read ahead, and the next record in it */
	size_t left, room;	/* octets here, and at most */
};

/* --- words --------------------------------------------------------------------------------- */

static size_t whole_words(size_t len)
{
	return (len + WORD - 1) / WORD * WORD;
}

/* Writes what is not zero of whole words, without a branch for each; returns where that ends. */
static uint8_t *pack(uint8_t *at, const void *data, size_t len)
{
	const uint8_t *in = data;

	for (size_t words = len / WORD; words;) {
		size_t n = words < GROUP ? words : GROUP;
		uint8_t *mask_at = at;
		uint64_t mask = 0, word;

		at += WORD;
		for (size_t i = 0; i < n; i++, in += WORD) {
			memcpy(&word, in, WORD);
			memcpy(at, &word, WORD);
			at += word ? WORD : 0;
			mask |= (uint64_t)!!word << i;
		}
		memcpy(mask_at, &mask, WORD);
		words -= n;
	}
	return at;
}

/* False where the octets cannot be what was packed. */
static bool unpack(struct cursor *in, void *data, size_t len)
{
	uint8_t *out = data;

	memset(out, 0, len);
	for (size_t words = len / WORD; words;) {
		size_t n = words < GROUP ? words : GROUP;
		const uint8_t *at = cursor_take(in, WORD);
		uint64_t mask;

		if (!at)
			return false;
		memcpy(&mask, at, WORD);
		at = cursor_take(in, (size_t)__builtin_popcountll(mask) * WORD);
		if (!at || (n < GROUP && mask >> n))
			return false;
		for (; mask; mask &= mask - 1, at += WORD)
			memcpy(out + __builtin_ctzll(mask) * WORD, at, WORD);
		out += n * WORD;
		words -= n;
	}
	return true;
}

/* --- order --------------------------------------------------------------------------------- */

static uint64_t order_in_tunnel(const struct spill_head *h)
{
	return (uint64_t)h->kind << 63 | h->id;
}

static int head_order(const void *a, const void *b)
{
	const struct spill_head *x = *(const struct spill_head *const *)a, *y = *(const struct spill_head *const *)b;
	uint64_t p = order_in_tunnel(x), q = order_in_tunnel(y);

	if (x->tunnel != y->tunnel)
		return x->tunnel < y->tunnel ? -1 : 1;
	return p < q ? -1 : p > q;
}

static bool is_before(const struct spill_place *a, const struct spill_place *b)
{
	return a->tunnel != b->tunnel ? a->tunnel < b->tunnel : a->order < b->order;
}

static size_t octets_of(const struct spill_head *h)
{
	return (size_t)h->words * WORD;
}

/* --- writing ------------------------------------------------------------------------------- */

/* Octets on their way to the end of the file. */
struct writer {
	struct spill *s;
	uint64_t end;
	size_t used;
	bool failed;
	_Alignas(WORD) uint8_t chunk[CHUNK];
};

static struct writer *writer_new(struct spill *s)
{
	struct writer *w = malloc(sizeof(*w));

	if (!w)
		return NULL;
	w->s = s;
	w->end = s->end;
	w->used = 0;
	w->failed = false;
	return w;
}

static void write_out(struct writer *w)
{
	size_t done = 0;

	while (done < w->used && !w->failed) {
		ssize_t n = pwrite(fileno(w->s->file), w->chunk + done, w->used - done, (off_t)w->end);

		w->failed = n <= 0;
		done += w->failed ? 0 : (size_t)n;
		w->end += w->failed ? 0 : (uint64_t)n;
	}
	w->used = 0;
}

static void write_record(struct writer *w, const struct spill_head *h)
{
	if (w->used + octets_of(h) > CHUNK)
		write_out(w);
	memcpy(w->chunk + w->used, h, octets_of(h));
	w->used += octets_of(h);
}

/* Adds what was written as a run in the place of the last n; false when it was not written whole. */
static bool write_run(struct writer *w, size_t n, unsigned level)
{
	struct spill *s = w->s;

	write_out(w);
	if (w->failed)
		return false;
	s->nruns -= n;
	s->run[s->nruns++] = (struct spill_run){ s->end, w->end, level };
	s->end = w->end;
	return true;
}

/* The records in memory, in order; to be freed.  NULL without memory. */
static const struct spill_head **sorted(const struct spill *s, size_t *count)
{
	const struct spill_head **list = malloc((s->records + 1) * sizeof(*list));
	size_t n = 0;

	for (size_t at = 0; list && at < s->used; at += octets_of(list[n++]))
		list[n] = (const struct spill_head *)(s->buf + at);
	if (list)
		qsort(list, n, sizeof(*list), head_order);
	*count = n;
	return list;
}

/* For so many places, and for a record that is read alone: they begin in the same piece of memory. */
static bool places_room(struct spill *s, size_t n)
{
	free(s->place);
	s->nplaces = 0;
	s->place = malloc(n * sizeof(*s->place) + RECORD_MAX);
	s->whole = (uint8_t *)(s->place + n);
	return s->place != NULL;
}

static bool run_room(struct spill *s)
{
	size_t room = s->runs_room ? 2 * s->runs_room : 64;
	struct spill_run *grown;

	if (s->nruns < s->runs_room)
		return true;
	grown = realloc(s->run, room * sizeof(*grown));
	if (!grown)
		return false;
	s->run = grown;
	s->runs_room = room;
	return true;
}

/* Writes the window as a run.  False: it stays as it is. */
static bool write_window(struct spill *s)
{
	struct writer *w = writer_new(s);
	const struct spill_head **list;
	size_t n;
	bool ok;

	if (!s->file)
		s->file = tmpfile();
	list = sorted(s, &n);
	ok = s->file && w && list && run_room(s);
	for (size_t i = 0; ok && i < n; i++)
		write_record(w, list[i]);
	ok = ok && write_run(w, 0, 0);
	free(w);
	free(list);
	if (ok)
		s->used = s->records = 0;
	return ok;
}

/* --- merging ------------------------------------------------------------------------------- */

/* What of a place must be here: the next record, or its head alone where there is no room for more. */
static size_t wanted(const struct spill_place *p)
{
	const struct spill_head *h = (const struct spill_head *)p->here;

	if (p->left < sizeof(*h) || octets_of(h) > p->room)
		return sizeof(*h);
	return octets_of(h);
}

static void read_ahead(struct spill *s, struct spill_place *p)
{
	size_t more = p->room - p->left;
	ssize_t got;

	memmove(p->ahead, p->here, p->left);
	p->here = p->ahead;
	if (more > p->end - p->at)
		more = (size_t)(p->end - p->at);
	got = more ? pread(fileno(s->file), p->ahead + p->left, more, (off_t)p->at) : 0;
	if (got > 0) {
		p->left += (size_t)got;
		p->at += (uint64_t)got;
	}
}

/* Looks at the next record of a place; false where there is none, or none that can be read. */
static bool place_look(struct spill *s, struct spill_place *p)
{
	const struct spill_head *h;

	if (p->left < wanted(p))
		read_ahead(s, p);
	h = (const struct spill_head *)p->here;
	if (p->left < wanted(p) || octets_of(h) < sizeof(*h)) {
		s->broken |= p->left || p->at != p->end;
		return false;
	}
	p->tunnel = h->tunnel;
	p->order = order_in_tunnel(h);
	return true;
}

/* Puts a place where it belongs in the heap, of which the rest is in order. */
static void heap_sink(struct spill_place *heap, size_t n, size_t i)
{
	struct spill_place moved = heap[i];

	for (size_t child; (child = 2 * i + 1) < n; i = child) {
		if (child + 1 < n && is_before(&heap[child + 1], &heap[child]))
			child++;
		if (!is_before(&heap[child], &moved))
			break;
		heap[i] = heap[child];
	}
	heap[i] = moved;
}

/* Goes to the first record of the runs from `first` on, with `room` octets to read ahead into. */
static void merge_begin(struct spill *s, size_t first, uint8_t *ahead, size_t room)
{
	size_t n = s->nruns - first, each = n ? room / n / WORD * WORD : 0;

	for (size_t i = first; i < s->nruns; i++, ahead += each) {
		struct spill_place p = { .at = s->run[i].at, .end = s->run[i].end, .ahead = ahead,
					 .here = ahead, .room = each };

		if (place_look(s, &p))
			s->place[s->nplaces++] = p;
	}
	for (size_t i = s->nplaces / 2; i-- > 0;)
		heap_sink(s->place, s->nplaces, i);
}

/* The next record; NULL where it cannot be read. */
static const struct spill_head *record(struct spill *s)
{
	const struct spill_place *p = s->place;
	size_t len = octets_of((const struct spill_head *)p->here);

	if (len <= p->left)
		return (const struct spill_head *)p->here;
	if (len <= RECORD_MAX && pread(fileno(s->file), s->whole, len, (off_t)(p->at - p->left)) == (ssize_t)len)
		return (const struct spill_head *)s->whole;
	s->broken = true;
	return NULL;
}

static void go_on(struct spill *s)
{
	struct spill_place *p = s->place;
	size_t len = octets_of((const struct spill_head *)p->here), here = len < p->left ? len : p->left;

	p->here += here;
	p->left -= here;
	p->at += len - here;
	if (!place_look(s, p))
		*p = s->place[--s->nplaces];
	heap_sink(s->place, s->nplaces, 0);
}

/* Makes one run of the last n, which it follows in the file.  The window is empty, and lends its room. */
static bool merge(struct spill *s, size_t n)
{
	struct writer *w = writer_new(s);
	const struct spill_head *h;
	bool ok = w && places_room(s, n);

	if (ok)
		merge_begin(s, s->nruns - n, s->buf, s->window);
	while (ok && s->nplaces) {
		h = record(s);
		ok = h != NULL;
		if (ok) {
			write_record(w, h);
			go_on(s);
		}
	}
	s->nplaces = 0;
	ok = ok && !s->broken && write_run(w, n, s->run[s->nruns - 1].level + 1);
	free(w);
	return ok;
}

/* Whether the last runs are so many of one level that they are to be one. */
static bool is_ripe(const struct spill *s)
{
	return s->nruns >= s->merged && s->run[s->nruns - s->merged].level == s->run[s->nruns - 1].level;
}

/* Writes the window, and merges what is ripe then: only now is there room to read ahead into. */
static bool make_room(struct spill *s)
{
	if (!write_window(s))
		return false;
	/* Runs that cannot be merged can still be read. */
	while (is_ripe(s) && merge(s, s->merged))
		;
	return true;
}

/* Whether a record can be taken. */
static bool ready(struct spill *s)
{
	if (s->failed || s->reading)
		return false;
	if (!s->buf) {
		s->window = s->window ? s->window : WINDOW;
		s->merged = s->merged ? s->merged : MERGED;
		s->buf = malloc(s->window);
	}
	s->failed = !s->buf || (s->used + RECORD_MAX > s->window && !make_room(s));
	return !s->failed;
}

/* --- records ------------------------------------------------------------------------------- */

/* Where what follows the head of a record is to be written. */
static uint8_t *record_begin(struct spill *s)
{
	return ready(s) ? s->buf + s->used + sizeof(struct spill_head) : NULL;
}

static void record_end(struct spill *s, struct spill_head *head, const uint8_t *at)
{
	size_t len = (size_t)(at - s->buf) - s->used;

	head->words = (uint16_t)(len / WORD);
	memcpy(s->buf + s->used, head, sizeof(*head));
	s->used += len;
	s->records++;
}

bool spill_connection(struct spill *s, const struct control_connection *c, bool history)
{
	const struct history *h = &c->history;
	struct spill_head head = {
		.tunnel = c->tunnel->id,
		.id = c->id,
		.kind = SPILL_CONNECTION,
		.moments = !history ? 0 : h->count < MOMENTS_KEPT ? (uint8_t)h->count : MOMENTS_KEPT,
	};
	uint8_t *at = record_begin(s);

	if (!at)
		return false;
	at = pack(at, c, sizeof(*c));
	at = pack(at, h->moment, head.moments * sizeof(*h->moment));
	record_end(s, &head, at);
	return true;
}

bool spill_call(struct spill *s, const struct call *c)
{
	struct spill_head head = {
		.tunnel = c->tunnel->id,
		.id = c->id,
		.kind = SPILL_CALL,
		.rare = c->rare,
		.ppp = c->ppp ? (uint16_t)ppp_session_packed(c->ppp) : 0,
	};
	uint8_t ppp[PPP_PACKED_MAX + WORD], *at = record_begin(s);

	if (!at)
		return false;
	at = pack(at, c, sizeof(*c));
	if (head.rare)
		at = pack(at, c->rare, sizeof(*c->rare));
	if (head.ppp) {
		ppp_session_pack(c->ppp, ppp);
		memset(ppp + head.ppp, 0, WORD);
		at = pack(at, ppp, whole_words(head.ppp));
	}
	record_end(s, &head, at);
	return true;
}

/* --- reading ------------------------------------------------------------------------------- */

/* The records that are only in memory, in order, as a place of their own. */
static bool window_place(struct spill *s)
{
	const struct spill_head **list;
	struct spill_place p = { 0 };
	size_t n;

	list = sorted(s, &n);
	s->kept = malloc(s->used);
	if (!list || !s->kept) {
		free(list);
		return false;
	}
	p.here = p.ahead = s->kept;
	p.left = p.room = s->used;
	for (size_t i = 0, at = 0; i < n; at += octets_of(list[i++]))
		memcpy(s->kept + at, list[i], octets_of(list[i]));
	free(list);
	if (place_look(s, &p))
		s->place[s->nplaces++] = p;
	s->used = 0;
	return true;
}

bool spill_rewind(struct spill *s)
{
	s->reading = true;
	if (!s->buf)
		return true;
	if (s->nruns && s->used && !s->failed)
		s->failed = !write_window(s);
	if (!places_room(s, s->nruns + 1) || (s->used && !window_place(s)))
		return false;
	merge_begin(s, 0, s->buf, s->window);
	return true;
}

const struct spill_head *spill_next(struct spill *s)
{
	return s->nplaces ? (const struct spill_head *)s->place[0].here : NULL;
}

/* What follows the head of the next record; false where it cannot be read. */
static bool contents(struct spill *s, struct spill_head *head, struct cursor *rest)
{
	const struct spill_head *h = record(s);

	if (!h)
		return false;
	*head = *h;
	*rest = cursor_on((const uint8_t *)(h + 1), octets_of(h) - sizeof(*h));
	return true;
}

bool spill_take_connection(struct spill *s, struct control_connection *c,
			   struct moment moments[MOMENTS_KEPT])
{
	struct history *h = &c->history;
	struct spill_head head;
	struct cursor rest;
	bool ok = contents(s, &head, &rest) && unpack(&rest, c, sizeof(*c)) && head.moments <= MOMENTS_KEPT &&
		  unpack(&rest, moments, head.moments * sizeof(*moments));

	go_on(s);
	if (!ok)
		return false;
	h->moment = moments;
	h->room = head.moments;
	if (!head.moments)
		h->count = 0;
	return true;
}

static bool call_parts(const struct spill_head *head, struct cursor *rest, struct call *c,
		       struct call_rare *rare)
{
	uint8_t ppp[PPP_PACKED_MAX + WORD];

	if (!unpack(rest, c, sizeof(*c)))
		return false;
	c->rare = head->rare ? rare : NULL;
	c->ppp = NULL;
	if (c->rare && !unpack(rest, c->rare, sizeof(*c->rare)))
		return false;
	if (!head->ppp)
		return true;
	if (head->ppp <= PPP_PACKED_MAX && unpack(rest, ppp, whole_words(head->ppp)))
		c->ppp = ppp_session_unpack(ppp, head->ppp);
	return c->ppp != NULL;
}

bool spill_take_call(struct spill *s, struct call *c, struct call_rare *rare)
{
	struct spill_head head;
	struct cursor rest;
	bool ok = contents(s, &head, &rest) && call_parts(&head, &rest, c, rare);

	go_on(s);
	return ok;
}

void spill_clear(struct spill *s)
{
	if (s->file)
		fclose(s->file);
	free(s->buf);
	free(s->run);
	free(s->place);
	free(s->kept);
	*s = (struct spill){ 0 };
}
