/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control streams.  The input is a list of commands: feed the next octets, announce a gap, end.
 * Every octet that went in must come out once, in a message, as skipped or as lost.
 */
#include "dissectors/ctrl_stream.h"

#include <stdlib.h>

#include "dissectors/cursor.h"

/* Octets on either side of the stream. */
struct account {
	struct ctrl_stream s;
	uint64_t in, out, frame;
	bool skipped; /* the last event was a stretch that nothing has ended */
};

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_message(const struct ctrl_msg *m)
{
	char buf[16];

	check(m->caplen > 0 && m->caplen <= CTRL_LENGTH_LIMIT);
	check((m->status == CTRL_BAD) == (m->defects != 0));
	check(m->status != CTRL_OK || (m->desc && m->caplen == m->desc->length));
	for (unsigned i = 0; i < m->nvalues; i++) {
		const struct field *f = &m->desc->fields[i];
		const uint8_t *text = ctrl_text(m, i);

		check(f->name && (f->kind == F_TEXT) == (text != NULL));
		ctrl_value_words(f, m->value[i], buf, sizeof(buf));
		if (text)
			ctrl_escape(text, f->width, buf, sizeof(buf));
	}
}

/* A whole message is encoded again to the same octets. */
static void check_encoding(const struct ctrl_msg *m)
{
	const uint8_t *text[CTRL_FIELDS_MAX] = { 0 };
	uint8_t again[CTRL_MAX];

	if (!m->desc || m->caplen < m->desc->length)
		return;
	for (unsigned i = 0; i < m->nvalues; i++)
		text[i] = ctrl_text(m, i);
	check(ctrl_encode(m->desc, m->value, text, again, sizeof(again)) == m->desc->length);
	check(!memcmp(again, m->octets, m->desc->length));
}

static void take(void *ctx, enum ctrl_stream_event event, const struct ctrl_msg *m,
		 const struct ctrl_origin *o, uint64_t count)
{
	struct account *a = ctx;

	check(o->position == a->out);
	check(o->nframes > 0 && o->frame <= a->frame);
	for (size_t i = 0; i < o->nframes; i++)
		check(o->frames[i] <= o->frame && o->frames[i] > (i ? o->frames[i - 1] : 0));
	check((event == CTRL_STREAM_SKIPPED) == (count > 0) && (m == NULL) == (count > 0));
	check(!(count && a->skipped)); /* a stretch is told of once */
	a->skipped = count > 0;
	if (m) {
		check_message(m);
		check_encoding(m);
	}
	a->out += m ? m->caplen : count;
	check(a->out <= a->in && a->s.position == a->out);
}

static void feed(struct account *a, struct cursor *c, size_t len, bool segment_start)
{
	const uint8_t *octets;
	uint8_t *copy;

	if (len > cursor_left(c))
		len = cursor_left(c);
	octets = cursor_take(c, len);
	copy = malloc(len ? len : 1); /* so that reading too far is seen */
	if (!copy)
		return;
	if (len)
		memcpy(copy, octets, len);
	a->in += len;
	a->frame++;
	ctrl_stream_feed(&a->s, copy, len, a->frame, (int64_t)a->frame, a->in, segment_start, take, a);
	free(copy);
}

static void gap(struct account *a, uint64_t len)
{
	ctrl_stream_gap(&a->s, len, take, a);
	if (!len)
		return;
	check(a->out == a->in && !a->s.partial);
	a->in += len;
	a->out += len;
	a->skipped = false;
	check(a->s.position == a->out);
}

static void end(struct account *a, bool by_capture)
{
	ctrl_stream_end(&a->s, by_capture, take, a);
	check(a->out == a->in && !a->s.partial);
	*a = (struct account){ 0 };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_on(data, size);
	struct account a = { 0 };

	/* a command octet: what to do in the low bits, a size in the high ones or after it */
	while (cursor_left(&c) && !c.missing) {
		uint8_t command = cursor_u8(&c);
		size_t len = command >> 4 ? command >> 4 : cursor_u16(&c) & 0x7ff;

		if ((command & 15) < 10)
			feed(&a, &c, len, command & 1);
		else if ((command & 15) < 13)
			gap(&a, len);
		else if ((command & 15) < 15)
			end(&a, command & 1);
		else
			ctrl_stream_midstream(&a.s);
	}
	ctrl_stream_clear(&a.s);
	return 0;
}
