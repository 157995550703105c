/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ended records in a temporary file: see spill.h. */
#include "analyzer/spill.h"

#include <stdlib.h>
#include <unistd.h>

#include "conformance/flow.h"

enum { BUFFER = 1 << 18 };

struct header {
	uint64_t id, previous;
	uint32_t moments; /* of a connection, that follow */
	uint32_t flows;	  /* of a call: bit mask of those that follow */
};

static bool ready(struct spill *s)
{
	if (s->failed)
		return false;
	if (!s->file) {
		s->file = tmpfile();
		if (!s->file) {
			s->failed = true;
			return false;
		}
		setvbuf(s->file, NULL, _IOFBF, BUFFER);
	}
	return true;
}

static void put(struct spill *s, const void *data, size_t len)
{
	if (len && fwrite(data, len, 1, s->file) != 1)
		s->failed = true;
	s->end += len;
}

uint64_t spill_connection(struct spill *s, const struct control_connection *c, uint64_t previous)
{
	const struct history *h = &c->history;
	uint64_t kept = h->count < MOMENTS_FIRST + MOMENTS_LAST ? h->count : MOMENTS_FIRST + MOMENTS_LAST;
	struct header head = { c->id, previous, (uint32_t)kept, 0 };
	uint64_t offset = s->end + 1;

	if (!ready(s))
		return 0;
	put(s, &head, sizeof(head));
	put(s, c, sizeof(*c));
	put(s, h->moment, kept * sizeof(*h->moment));
	return s->failed ? 0 : offset;
}

uint64_t spill_call(struct spill *s, const struct call *c, uint64_t previous)
{
	struct header head = { c->id, previous, 0, (c->flow[0] ? 1u : 0) | (c->flow[1] ? 2u : 0) };
	uint64_t offset = s->end + 1;

	if (!ready(s))
		return 0;
	put(s, &head, sizeof(head));
	put(s, c, sizeof(*c));
	for (unsigned i = 0; i < HOSTS; i++)
		if (c->flow[i])
			put(s, c->flow[i], sizeof(*c->flow[i]));
	return s->failed ? 0 : offset;
}

static bool get(struct spill *s, uint64_t offset, void *data, size_t len)
{
	uint8_t *to = data;

	if (!s->file || fflush(s->file) != 0)
		return false;
	while (len) {
		ssize_t n = pread(fileno(s->file), to, len, (off_t)offset);

		if (n <= 0)
			return false;
		to += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	return true;
}

bool spill_peek(struct spill *s, uint64_t offset, uint64_t *id, uint64_t *previous)
{
	struct header head;

	if (!get(s, offset - 1, &head, sizeof(head)))
		return false;
	*id = head.id;
	*previous = head.previous;
	return true;
}

bool spill_read_connection(struct spill *s, uint64_t offset, struct control_connection *c)
{
	struct {
		struct header head;
		struct control_connection c;
	} in;
	struct moment *moments;

	if (!get(s, offset - 1, &in, sizeof(in)))
		return false;
	*c = in.c;
	c->history.moment = NULL;
	if (!in.head.moments)
		return true;
	moments = calloc(in.head.moments, sizeof(*moments));
	if (!moments || !get(s, offset - 1 + sizeof(in), moments, in.head.moments * sizeof(*moments))) {
		free(moments);
		return false;
	}
	c->history.moment = moments;
	c->history.room = (uint16_t)in.head.moments;
	return true;
}

bool spill_read_call(struct spill *s, uint64_t offset, struct call *c, struct flow flows[HOSTS])
{
	struct {
		struct header head;
		struct call c;
		struct flow flows[HOSTS];
	} in;
	size_t fixed = sizeof(in.head) + sizeof(in.c);
	unsigned n = 0;

	if (!get(s, offset - 1, &in, fixed))
		return false;
	for (unsigned i = 0; i < HOSTS; i++)
		n += in.head.flows >> i & 1;
	if (n && !get(s, offset - 1 + fixed, in.flows, n * sizeof(in.flows[0])))
		return false;
	*c = in.c;
	n = 0;
	for (unsigned i = 0; i < HOSTS; i++) {
		c->flow[i] = in.head.flows >> i & 1 ? &flows[i] : NULL;
		if (c->flow[i])
			flows[i] = in.flows[n++];
	}
	return true;
}

void spill_clear(struct spill *s)
{
	if (s->file)
		fclose(s->file);
	*s = (struct spill){ 0 };
}
