/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages in and out of a control connection: see channel.h. */
#include "conformance/channel.h"

#include <stdio.h>
#include <stdlib.h>

enum { CORK_MAX = 64 * 1024 };

struct channel {
	struct net_tcp *tcp; /* NULL: over */
	struct channel_events events;
	void *ctx;
	struct ctrl_stream in;
	uint64_t reads;
	unsigned busy; /* within the stream, which must not be freed there */
	bool freed;    /* ... and is to be afterwards */
	bool corked;
	uint8_t *cork; /* owned, or NULL */
	size_t cork_len, cork_room;
};

static void channel_free(struct channel *c)
{
	if (c->busy) {
		c->freed = true;
		return;
	}
	ctrl_stream_clear(&c->in);
	free(c->cork);
	free(c);
}

/* --- in -------------------------------------------------------------------------------------- */

static void told(void *ctx, enum ctrl_stream_event ev, const struct ctrl_msg *msg,
		 const struct ctrl_origin *origin, uint64_t count)
{
	struct channel *c = ctx;

	(void)origin;
	if (c->freed)
		return;
	if (ev == CTRL_STREAM_MESSAGE && c->events.message)
		c->events.message(c->ctx, msg);
	else if (ev == CTRL_STREAM_SKIPPED && c->events.garbage)
		c->events.garbage(c->ctx, count);
}

/* Leaves the stream; false when the channel was freed meanwhile. */
static bool still_there(struct channel *c)
{
	c->busy--;
	if (c->busy || !c->freed)
		return !c->freed;
	channel_free(c);
	return false;
}

static void got_octets(void *ctx, const uint8_t *octets, size_t len)
{
	struct channel *c = ctx;

	if (c->events.read)
		len = c->events.read(c->ctx, octets, len);
	c->busy++;
	/* What a segment was the kernel does not tell; most PPTP stacks send a message in one. */
	ctrl_stream_feed(&c->in, octets, len, ++c->reads, 0, 0, true, told, c);
	still_there(c);
}

/* Tells what is left of a message; false when the channel was freed by that. */
static bool stream_ended(struct channel *c)
{
	c->busy++;
	ctrl_stream_end(&c->in, false, told, c);
	return still_there(c);
}

static void got_fin(void *ctx)
{
	struct channel *c = ctx;

	if (stream_ended(c) && c->events.fin)
		c->events.fin(c->ctx);
}

static void over(struct channel *c)
{
	net_close(c->tcp);
	c->tcp = NULL;
}

static void got_reset(void *ctx, const char *why)
{
	struct channel *c = ctx;

	if (!stream_ended(c))
		return;
	over(c);
	if (c->events.reset)
		c->events.reset(c->ctx, why);
}

static void got_opened(void *ctx)
{
	struct channel *c = ctx;

	if (c->events.opened)
		c->events.opened(c->ctx);
}

static void got_failed(void *ctx, const char *why)
{
	struct channel *c = ctx;

	over(c);
	if (c->events.failed)
		c->events.failed(c->ctx, why);
}

static const struct net_tcp_events tcp_events = {
	.opened = got_opened,
	.failed = got_failed,
	.octets = got_octets,
	.fin = got_fin,
	.reset = got_reset,
};

static struct channel *channel_new(const struct channel_events *e, void *ctx)
{
	struct channel *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->events = *e;
	c->ctx = ctx;
	return c;
}

struct channel *channel_connect(struct net_host *h, uint16_t port, const struct ip_addr *peer,
				uint16_t peer_port, const struct channel_events *e, void *ctx, char *err,
				size_t room)
{
	struct channel *c = channel_new(e, ctx);

	if (!c) {
		snprintf(err, room, "out of memory");
		return NULL;
	}
	c->tcp = net_connect(h, port, peer, peer_port, &tcp_events, c, err, room);
	if (!c->tcp) {
		channel_free(c);
		return NULL;
	}
	return c;
}

struct channel *channel_accept(struct net_tcp *tcp, const struct channel_events *e, void *ctx)
{
	struct channel *c = channel_new(e, ctx);

	if (!c)
		return NULL;
	c->tcp = tcp;
	net_tcp_take(tcp, &tcp_events, c);
	return c;
}

/* --- drafts ---------------------------------------------------------------------------------- */

void draft_init(struct draft *d, enum ctrl_type type)
{
	*d = (struct draft){ .desc = ctrl_desc_of(type) };
	ctrl_defaults(d->desc, d->value);
	d->length = d->desc->length;
}

bool draft_set(struct draft *d, const char *field, uint32_t value)
{
	int row = ctrl_field_index(d->desc, field);

	if (row < 0 || d->desc->fields[row].kind == F_TEXT)
		return false;
	d->value[row] = value;
	return true;
}

bool draft_set_text(struct draft *d, const char *field, const char *text)
{
	int row = ctrl_field_index(d->desc, field);

	if (row < 0 || d->desc->fields[row].kind != F_TEXT)
		return false;
	memset(d->text[row], 0, sizeof(d->text[row]));
	memcpy(d->text[row], text, strnlen(text, d->desc->fields[row].width));
	return true;
}

/* Whether a field is a text, in whichever message has it. */
static bool is_text(const char *field)
{
	for (unsigned type = 1; type < CTRL_TYPES; type++) {
		int row = ctrl_field_index(ctrl_desc_of(type), field);

		if (row >= 0)
			return ctrl_desc_of(type)->fields[row].kind == F_TEXT;
	}
	return false;
}

void draft_vfill(struct draft *d, va_list args)
{
	const char *field;

	while ((field = va_arg(args, const char *))) {
		if (is_text(field))
			draft_set_text(d, field, va_arg(args, const char *));
		else
			draft_set(d, field, (uint32_t)va_arg(args, int64_t));
	}
}

void draft_fill(struct draft *d, ...)
{
	va_list args;

	va_start(args, d);
	draft_vfill(d, args);
	va_end(args);
}

size_t draft_encode(const struct draft *d, uint8_t *out, size_t room)
{
	const uint8_t *text[CTRL_FIELDS_MAX];
	uint8_t whole[CTRL_LENGTH_LIMIT] = { 0 };
	size_t len = d->length < sizeof(whole) ? d->length : sizeof(whole);

	for (unsigned i = 0; i < CTRL_FIELDS_MAX; i++)
		text[i] = d->text[i];
	ctrl_encode(d->desc, d->value, text, whole, sizeof(whole));
	if (len > room)
		len = room;
	memcpy(out, whole, len);
	return len;
}

/* --- out ------------------------------------------------------------------------------------- */

static bool keep_back(struct channel *c, const uint8_t *octets, size_t len)
{
	if (len > CORK_MAX - c->cork_len)
		return false;
	if (c->cork_len + len > c->cork_room) {
		size_t room = 2 * (c->cork_len + len);
		uint8_t *cork = realloc(c->cork, room);

		if (!cork)
			return false;
		c->cork = cork;
		c->cork_room = room;
	}
	if (len)
		memcpy(c->cork + c->cork_len, octets, len);
	c->cork_len += len;
	return true;
}

bool channel_send_octets(struct channel *c, const uint8_t *octets, size_t len)
{
	if (!c->tcp)
		return false;
	return c->corked ? keep_back(c, octets, len) : net_write(c->tcp, octets, len);
}

bool channel_send(struct channel *c, const struct draft *d)
{
	uint8_t octets[CTRL_LENGTH_LIMIT];

	return channel_send_octets(c, octets, draft_encode(d, octets, sizeof(octets)));
}

void channel_cork(struct channel *c)
{
	c->corked = true;
}

bool channel_uncork(struct channel *c)
{
	size_t len = c->cork_len;

	c->corked = false;
	c->cork_len = 0;
	return channel_send_octets(c, c->cork, len);
}

struct net_tcp *channel_tcp(struct channel *c)
{
	return c->tcp;
}

void channel_shutdown(struct channel *c)
{
	if (c->tcp)
		net_shutdown(c->tcp);
}

void channel_close(struct channel *c)
{
	if (!c)
		return;
	net_close(c->tcp);
	c->tcp = NULL;
	channel_free(c);
}

void channel_abort(struct channel *c)
{
	if (!c)
		return;
	net_abort(c->tcp);
	c->tcp = NULL;
	channel_free(c);
}
