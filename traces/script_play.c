/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scripts at a live peer: where a trace would have a frame, one side acts and the other is awaited. */
#include "traces/script_private.h"

#include <stdio.h>

bool play_verdict(struct script *s, enum script_verdict v, const char *expected, const char *observed)
{
	struct script_outcome *o = s->outcome;

	s->failed = s->done = true;
	o->verdict = v;
	o->line = s->line;
	snprintf(o->expected, sizeof(o->expected), "%s", expected);
	snprintf(o->observed, sizeof(o->observed), "%s", observed);
	return false;
}

bool play_time(struct script *s, int64_t to)
{
	if (to > s->now)
		s->stage->sleep(s->stage->ctx, to - s->now);
	s->now = s->stage->now(s->stage->ctx);
	return true;
}

/* What only a trace can have. */
static bool playable(struct script *s, const struct sending *how)
{
	if (how->has_from || how->has_to || how->fragment || how->ip.count || how->frame.count ||
	    how->reverse || how->delay || how->bad_ip_sum || how->sum != SUM_GOOD)
		return script_fail(s, "what happens below TCP and GRE cannot be played");
	s->frames++; /* each allows for more work */
	return true;
}

void *play_link(struct script *s)
{
	if (!s->conv->link)
		script_fail(s, "there is no connection to play on: connect comes first");
	return s->conv->link;
}

bool play_write(struct script *s, unsigned side, const uint8_t *octets, size_t len, const struct sending *how)
{
	void *link = play_link(s);
	size_t n;

	if (side != s->self)
		return script_fail(s, "octets of the device cannot be played");
	if (!link || !playable(s, how))
		return false;
	for (size_t at = 0; at < len && !how->dropped; at += n) {
		n = segment_extent(how, at, len);
		s->stage->write(s->stage->ctx, link, octets + at, n);
	}
	s->now = s->stage->now(s->stage->ctx);
	return true;
}

struct script_session play_session(struct script *s, struct call *c)
{
	return (struct script_session){ .link = s->conv->link,
					.incoming = c->incoming,
					.own_id = call_id_of(s, c, s->self),
					.has_device_id = c->end[!s->self].has_id,
					.device_id = c->end[!s->self].id };
}

void play_heard(struct script *s, struct call *c)
{
	struct script_session x = play_session(s, c);
	struct call_end *own = &c->end[s->self];

	if (s->conv->link && s->stage->gre_heard(s->stage->ctx, &x, &own->heard))
		own->has_heard = true;
}

bool play_packet(struct script *s, struct call *c, size_t len, const struct sending *how)
{
	struct script_session x = play_session(s, c);

	if (!play_link(s) || !playable(s, how))
		return false;
	for (uint32_t copies = how->duplicates + 1; copies && !how->dropped; copies--)
		s->stage->gre(s->stage->ctx, &x, s->packet, len);
	return true;
}

struct connect_options {
	uint16_t port;
	uint32_t ignored;
};

static enum taken connect_option(struct script *s, void *ctx, const char *key, const char *value)
{
	struct connect_options *o = ctx;

	if (strcmp(key, "port") == 0 && value)
		return value_u16(s, key, value, &o->port) ? TAKEN : TAKE_FAILED;
	if (strcmp(key, "isn") == 0 || strcmp(key, "peer_isn") == 0 || strcmp(key, "peer_port") == 0)
		return option_number(s, key, value, UINT32_MAX, &o->ignored);
	return NOT_MINE;
}

bool play_connect(struct script *s, const struct stmt *st, unsigned i, unsigned side)
{
	struct sending how = s->sending;
	struct connect_options o = { 0 };

	if (!options_read(s, st, i, connect_option, &o, &how))
		return false;
	s->conv->link = side == s->self ? s->stage->connect(s->stage->ctx, o.port)
					: s->stage->accept(s->stage->ctx, CONNECT_TIME);
	s->now = s->stage->now(s->stage->ctx);
	return s->conv->link || play_verdict(s, SCRIPT_FAIL, "a connection of the device", "it opened none");
}

/* fin and rst of the side that is played; what a kernel sends by itself is left to it. */
bool play_flags(struct script *s, const struct stmt *st, unsigned i, unsigned side)
{
	const char *word = stmt_word(s, st, i - 1);
	void *link = s->conv->link;

	(void)side;
	if (name_equal(word, "ack") || name_equal(word, "synack"))
		return true;
	if (!play_link(s))
		return false;
	if (name_equal(word, "fin"))
		s->stage->fin(s->stage->ctx, link);
	else
		s->stage->rst(s->stage->ctx, link);
	return true;
}
