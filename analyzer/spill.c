/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ended records in a temporary file: see spill.h. */
#include "analyzer/spill.h"

#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "conformance/ppp_session.h"
#include "dissectors/cursor.h"

enum { BUFFER = 1 << 15 };

static bool ready(struct spill *s)
{
	if (s->failed)
		return false;
	if (s->file)
		return true;
	s->file = tmpfile();
	s->buf = malloc(BUFFER);
	s->failed = !s->file || !s->buf;
	return !s->failed;
}

static bool write_out(struct spill *s)
{
	size_t done = 0;

	while (done < s->used) {
		ssize_t n = write(fileno(s->file), s->buf + done, s->used - done);

		if (n <= 0) {
			s->failed = true;
			return false;
		}
		done += (size_t)n;
	}
	s->used = 0;
	return true;
}

static void put(struct spill *s, const void *data, size_t len)
{
	if (s->failed || (s->used + len > BUFFER && !write_out(s)))
		return;
	memcpy(s->buf + s->used, data, len);
	s->used += len;
	s->end += len;
}

uint64_t spill_connection(struct spill *s, const struct control_connection *c, uint64_t previous,
			  bool history)
{
	const struct history *h = &c->history;
	uint64_t kept = h->count < MOMENTS_FIRST + MOMENTS_LAST ? h->count : MOMENTS_FIRST + MOMENTS_LAST;
	struct spill_head head = { .id = c->id,
				   .previous = previous,
				   .moments = history ? (uint32_t)kept : 0 };
	uint64_t offset = s->end + 1;

	if (!ready(s))
		return 0;
	put(s, &head, sizeof(head));
	put(s, c, sizeof(*c));
	if (head.moments)
		put(s, h->moment, kept * sizeof(*h->moment));
	return s->failed ? 0 : offset;
}

uint64_t spill_call(struct spill *s, const struct call *c, uint64_t previous)
{
	struct spill_head head = {
		.id = c->id,
		.previous = previous,
		.rare = c->rare ? sizeof(*c->rare) : 0,
		.ppp = c->ppp ? (uint32_t)ppp_session_packed(c->ppp) : 0,
	};
	uint64_t offset = s->end + 1;
	uint8_t packed[PPP_PACKED_MAX];

	if (!ready(s))
		return 0;
	put(s, &head, sizeof(head));
	put(s, c, sizeof(*c));
	if (c->rare)
		put(s, c->rare, head.rare);
	if (head.ppp) {
		ppp_session_pack(c->ppp, packed);
		put(s, packed, head.ppp);
	}
	return s->failed ? 0 : offset;
}

/* A record and what may follow it, by one system call: how many octets there were. */
static size_t get(struct spill *s, uint64_t offset, const struct iovec *to, int n)
{
	ssize_t got;

	if (!s->file || (s->used && !write_out(s)))
		return 0;
	got = preadv(fileno(s->file), to, n, (off_t)offset - 1);
	return got > 0 ? (size_t)got : 0;
}

bool spill_peek(struct spill *s, uint64_t offset, struct spill_head *head)
{
	const struct iovec to = { head, sizeof(*head) };

	return get(s, offset, &to, 1) >= sizeof(*head);
}

bool spill_read_connection(struct spill *s, uint64_t offset, struct spill_head *head,
			   struct control_connection *c)
{
	const size_t fixed = sizeof(*head) + sizeof(*c);
	const struct iovec to[] = { { head, sizeof(*head) }, { c, sizeof(*c) } };
	struct iovec more;

	if (get(s, offset, to, 2) < fixed)
		return false;
	c->history.moment = NULL;
	c->history.room = 0;
	if (!head->moments) {
		c->history.count = 0;
		return true;
	}
	more.iov_len = head->moments * sizeof(*c->history.moment);
	more.iov_base = malloc(more.iov_len);
	if (!more.iov_base || get(s, offset + fixed, &more, 1) < more.iov_len) {
		free(more.iov_base);
		return false;
	}
	c->history.moment = more.iov_base;
	c->history.room = (uint16_t)head->moments;
	return true;
}

/* Copies what a record has of a kind; false where it has less. */
static bool part(struct cursor *c, void *out, size_t len)
{
	const uint8_t *octets = cursor_take(c, len);

	if (octets)
		memcpy(out, octets, len);
	return octets != NULL;
}

static bool call_parts(const struct spill_head *head, struct cursor *in, struct call *c,
		       struct call_rare *rare)
{
	const uint8_t *ppp;

	c->rare = head->rare ? rare : NULL;
	if (c->rare && !part(in, c->rare, sizeof(*c->rare)))
		return false;
	c->ppp = NULL;
	if (!head->ppp)
		return true;
	ppp = cursor_take(in, head->ppp);
	c->ppp = ppp ? ppp_session_unpack(ppp, head->ppp) : NULL;
	return c->ppp != NULL;
}

bool spill_read_call(struct spill *s, uint64_t offset, struct spill_head *head, struct call *c,
		     struct call_rare *rare)
{
	/* Where there is less, what follows in the file is read for nothing; that is cheaper than twice. */
	uint8_t octets[sizeof(*rare) + PPP_PACKED_MAX];
	const struct iovec to[] = { { head, sizeof(*head) }, { c, sizeof(*c) }, { octets, sizeof(octets) } };
	const size_t fixed = sizeof(*head) + sizeof(*c);
	struct cursor in;
	size_t got = get(s, offset, to, 3);

	if (got < fixed)
		return false;
	in = cursor_on(octets, got - fixed);
	return call_parts(head, &in, c, rare);
}

void spill_clear(struct spill *s)
{
	if (s->file)
		fclose(s->file);
	free(s->buf);
	*s = (struct spill){ 0 };
}
