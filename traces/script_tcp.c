/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP in scripts: handshakes, the stream cut and joined, acknowledgments.  See script_private.h. */
#include "traces/script_private.h"

#include <stdlib.h>

#include "dissectors/ip.h"
#include "dissectors/tcp.h"

enum {
	ACK_DELAY = 40, /* ms until a lone acknowledgment */
	SUM_AT = 16,    /* of the checksum in a TCP header */
	TCP_HEADER = 20,
	ETHERNET_HEADER = 14,
};

/* Octets of a segment without any: a pointer to add to must not be NULL. */
static const uint8_t nothing[1];

/* --- segments ---------------------------------------------------------------------------- */

/* The checksum as a host leaves it that has its network card compute it. */
static uint16_t offload_sum(const struct frame_spec *f, size_t len)
{
	struct datagram d = { .src = f->src, .dst = f->dst, .version = ip_addr_is_v4(&f->src) ? 4 : 6 };

	return ip_checksum_fold(ip_pseudo_sum(&d, IP_PROTO_TCP, (uint32_t)len));
}

static void sum_spoil(const struct frame_spec *f, enum sum_kind kind, uint8_t *segment, size_t len)
{
	uint16_t sum = (uint16_t)(segment[SUM_AT] << 8 | segment[SUM_AT + 1]);

	if (kind == SUM_GOOD)
		return;
	sum = kind == SUM_BAD ? sum ^ 0x5a5a : kind == SUM_ZERO ? 0 : offload_sum(f, len);
	segment[SUM_AT] = (uint8_t)(sum >> 8);
	segment[SUM_AT + 1] = (uint8_t)sum;
}

/* What the other end makes of a segment that arrived, or did not. */
static void segment_delivered(struct script *s, unsigned side, uint32_t after, bool octets, int64_t when)
{
	struct end *peer = &s->conv->end[!side];

	if ((int32_t)(after - peer->got) <= 0)
		return;
	if (!s->arrived) {
		peer->hole = true;
		return;
	}
	if (peer->hole)
		return;
	peer->got = after;
	if (s->conv->crossing)
		return;
	peer->told = after;
	if (octets && s->acks == ACKS_DELAYED && !peer->ack_due) {
		peer->ack_due = when + ACK_DELAY * MILLISECOND;
		if (!s->ack_soonest || peer->ack_due < s->ack_soonest)
			s->ack_soonest = peer->ack_due;
	}
}

/* Puts a segment in script.packet: the builder makes whole frames, whose headers are left behind. */
static size_t segment_build(struct script *s, const struct frame_spec *f, uint16_t sport, uint16_t dport,
			    const struct segment *g, uint32_t ack, const uint8_t *octets, size_t len)
{
	size_t headers = ETHERNET_HEADER + (ip_addr_is_v4(&f->src) && ip_addr_is_v4(&f->dst) ? 20 : 40);
	size_t n = frame_tcp(f, sport, dport, g->seq, ack, g->flags, octets, len, s->frame, sizeof(s->frame));

	if (n < headers + TCP_HEADER || n - headers > sizeof(s->packet))
		return 0;
	memcpy(s->packet, s->frame + headers, n - headers);
	return n - headers;
}

bool tcp_send(struct script *s, unsigned side, const struct segment *g, const uint8_t *octets, size_t len,
	      const struct sending *how)
{
	struct conversation *v = s->conv;
	struct end *e = &v->end[side];
	int64_t when = s->now;
	struct frame_spec f = { .src = how->has_from ? how->from : e->addr,
				.dst = how->has_to ? how->to : v->end[!side].addr };
	uint32_t ack = g->has_ack ? g->ack : g->flags & TCP_ACK ? e->told : 0;
	size_t n = segment_build(s, &f, g->sport ? g->sport : e->port,
				 g->dport ? g->dport : v->end[!side].port, g, ack, octets, len);

	if (!n)
		return script_fail(s, "too many octets for a TCP segment");
	sum_spoil(&f, how->sum, s->packet, n);
	s->arrived = true;
	if (g->flags & TCP_ACK)
		e->ack_due = 0;
	if (!send_datagram(s, side, IP_PROTO_TCP, n, how))
		return false;
	n = len + !!(g->flags & TCP_SYN) + !!(g->flags & TCP_FIN);
	segment_delivered(s, side, g->seq + (uint32_t)n, len > 0, when);
	return true;
}

bool tcp_lone_ack(struct script *s, unsigned side)
{
	struct segment g = { .flags = TCP_ACK, .seq = s->conv->end[side].next };

	return tcp_send(s, side, &g, nothing, 0, &s->sending);
}

/* The end whose acknowledgment is due first. */
static struct conversation *ack_first(struct script *s, unsigned *side)
{
	struct conversation *first = NULL;
	int64_t due = 0;

	for (size_t i = 0; i < s->nconversations; i++)
		for (unsigned e = 0; e < 2; e++) {
			int64_t one = s->conversations[i]->end[e].ack_due;

			if (one && (!first || one < due)) {
				first = s->conversations[i];
				due = one;
				*side = e;
			}
		}
	return first;
}

bool acks_due_send(struct script *s, int64_t until)
{
	struct conversation *v, *current = s->conv;
	uint32_t piece = s->piece;
	bool ok = true, arrived = s->arrived;
	unsigned side = 0;

	/* No acknowledgment is looked for while one is being sent. */
	s->ack_soonest = 0;
	while (ok && (v = ack_first(s, &side)) && v->end[side].ack_due <= until) {
		if (v->end[side].ack_due > s->now)
			s->now = v->end[side].ack_due;
		s->conv = v;
		v->end[side].ack_due = 0;
		ok = script_work(s, s->nconversations) && tcp_lone_ack(s, side);
	}
	v = ack_first(s, &side);
	s->ack_soonest = v ? v->end[side].ack_due : 0;
	s->conv = current;
	s->piece = piece;
	s->arrived = arrived;
	return ok;
}

/* --- the stream -------------------------------------------------------------------------- */

size_t segment_extent(const struct sending *how, size_t at, size_t len)
{
	size_t n = len - at;

	if (n > how->mss)
		n = how->mss;
	if (how->every && n > how->every)
		n = how->every;
	for (unsigned i = 0; i < how->nsplits; i++)
		if (how->splits[i] > at && how->splits[i] - at < n)
			n = how->splits[i] - at;
	return n;
}

/* Sends octets from sequence number seq on. */
static bool stream_send(struct script *s, unsigned side, uint32_t seq, const uint8_t *octets, size_t len,
			const struct sending *how)
{
	struct segment g = { .flags = TCP_ACK | TCP_PSH };
	size_t n;

	for (size_t at = 0; at < len; at += n) {
		if (!time_pass(s, s->now))
			return false;
		n = segment_extent(how, at, len);
		g.seq = seq + (uint32_t)at;
		if (!tcp_send(s, side, &g, octets + at, n, how))
			return false;
		if (s->acks == ACKS_EACH && !s->conv->crossing && !tcp_lone_ack(s, !side))
			return false;
	}
	return true;
}

/* Keeps a copy of what was written last. */
static bool last_keep(struct script *s, struct end *e, const uint8_t *octets, size_t len)
{
	uint8_t *p = realloc(e->last, len + 1);

	if (!p)
		return script_fail(s, "out of memory");
	memcpy(p, octets, len);
	e->last = p;
	e->last_len = len;
	e->last_seq = e->next;
	return true;
}

static bool stream_join(struct script *s, unsigned side, const uint8_t *octets, size_t len)
{
	struct end *e = &s->conv->end[side];
	uint8_t *p;

	if (!e->joined_len && !s->conv->end[!side].joined_len)
		s->conv->joined_first = side;
	if (e->joined_len + len > OCTETS_MAX)
		return script_fail(s, "coalesce: more than %d octets", OCTETS_MAX);
	p = realloc(e->joined, e->joined_len + len + 1);
	if (!p)
		return script_fail(s, "out of memory");
	memcpy(p + e->joined_len, octets, len);
	e->joined = p;
	e->joined_len += len;
	return true;
}

bool tcp_write(struct script *s, unsigned side, const uint8_t *octets, size_t len, const struct sending *how)
{
	struct end *e = &s->conv->end[side];
	uint32_t seq = e->next;

	if (s->conv->coalescing)
		return stream_join(s, side, octets, len);
	if (s->stage)
		return play_write(s, side, octets, len, how);
	if (!last_keep(s, e, octets, len))
		return false;
	e->next += (uint32_t)len;
	return stream_send(s, side, seq, octets, len, how);
}

bool tcp_join_end(struct script *s, const struct sending *how)
{
	struct conversation *v = s->conv;
	bool ok = true;

	v->coalescing = false;
	for (unsigned i = 0; ok && i < 2; i++) {
		unsigned side = i ? !v->joined_first : v->joined_first;
		struct end *e = &v->end[side];

		ok = !e->joined_len || tcp_write(s, side, e->joined, e->joined_len, how);
		e->joined_len = 0;
	}
	return ok;
}

void tcp_cross_end(struct script *s)
{
	s->conv->crossing = false;
	for (unsigned i = 0; i < 2; i++)
		s->conv->end[i].told = s->conv->end[i].got;
}

/* --- statements -------------------------------------------------------------------------- */

/* Options of connect, syn, synack, ack, fin, rst, tcp, raw and retransmit. */
struct tcp_options {
	struct segment g;
	bool has_flags, has_seq, has_port, has_peer_port, has_isn, has_peer_isn;
	uint16_t port, peer_port;
	uint32_t isn, peer_isn, skip, take;
	size_t len;
	struct patches patches;
};

static bool flags_read(struct script *s, const char *value, uint8_t *out)
{
	static const char letters[] = "FSRPAU"; /* in the order of the bits */
	const char *known;

	for (*out = 0; *value; value++) {
		known = strchr(letters, *value);
		if (!known)
			return script_fail(s, "flags are letters of %s", letters);
		*out |= (uint8_t)(1 << (known - letters));
	}
	return true;
}

static enum taken took(bool ok)
{
	return ok ? TAKEN : TAKE_FAILED;
}

static enum taken connect_option(struct script *s, void *ctx, const char *key, const char *value)
{
	struct tcp_options *o = ctx;
	static const char *const keys[] = { "port", "peer_port", "isn", "peer_isn" };
	unsigned i;

	for (i = 0; i < 4 && strcmp(key, keys[i]) != 0; i++)
		;
	if (i == 4)
		return NOT_MINE;
	if (!value)
		return took(script_fail(s, "%s needs a value: %s=...", key, key));
	switch (i) {
	case 0:
		return took((o->has_port = value_u16(s, key, value, &o->port)));
	case 1:
		return took((o->has_peer_port = value_u16(s, key, value, &o->peer_port)));
	case 2:
		return took((o->has_isn = value_u32(s, key, value, &o->isn)));
	default:
		return took((o->has_peer_isn = value_u32(s, key, value, &o->peer_isn)));
	}
}

static enum taken tcp_option(struct script *s, void *ctx, const char *key, const char *value)
{
	struct tcp_options *o = ctx;

	if (strncmp(key, "@", 1) == 0)
		return option_patch(s, key + 1, value, &o->patches);
	if (strcmp(key, "flags") == 0 && value)
		return took((o->has_flags = flags_read(s, value, &o->g.flags)));
	if (strcmp(key, "seq") == 0 && value)
		return took((o->has_seq = value_u32(s, key, value, &o->g.seq)));
	if (strcmp(key, "ack") == 0 && value)
		return took((o->g.has_ack = value_u32(s, key, value, &o->g.ack)));
	if (strcmp(key, "sport") == 0 && value)
		return took(value_u16(s, key, value, &o->g.sport));
	if (strcmp(key, "dport") == 0 && value)
		return took(value_u16(s, key, value, &o->g.dport));
	if (strcmp(key, "hex") == 0 && value)
		return took(value_octets(s, value, s->body, sizeof(s->body), &o->len));
	return NOT_MINE;
}

static enum taken retransmit_option(struct script *s, void *ctx, const char *key, const char *value)
{
	struct tcp_options *o = ctx;

	if (strcmp(key, "skip") == 0)
		return option_number(s, key, value, OCTETS_MAX, &o->skip);
	if (strcmp(key, "take") == 0)
		return option_number(s, key, value, OCTETS_MAX, &o->take);
	return strncmp(key, "@", 1) == 0 ? option_patch(s, key + 1, value, &o->patches) : NOT_MINE;
}

/* A new connection of the conversation: ports and first sequence numbers. */
static void connection_start(struct script *s, unsigned side, const struct tcp_options *o)
{
	struct end *e = &s->conv->end[side], *peer = &s->conv->end[!side];
	uint32_t base = ++s->handshakes * 1000000;

	/* The first connection has the port that the conversation was given when it began. */
	e->port = o->has_port ? o->port : s->conv->connected ? s->next_port++ : s->conv->end[SIDE_PNS].port;
	s->conv->connected = true;
	peer->port = o->has_peer_port ? o->peer_port : CTRL_PORT;
	e->next = o->has_isn ? o->isn : base;
	peer->next = o->has_peer_isn ? o->peer_isn : base + 500000;
	e->got = e->told = peer->next;
	peer->got = peer->told = e->next;
	e->hole = peer->hole = false;
	e->finished = peer->finished = false;
	e->ack_due = peer->ack_due = 0;
	e->last_len = peer->last_len = 0;
}

bool tcp_flags(struct script *s, unsigned side, uint8_t flags, const struct sending *how)
{
	struct end *e = &s->conv->end[side];
	struct segment g = { .flags = flags, .seq = e->next };

	e->next += !!(flags & TCP_SYN) + !!(flags & TCP_FIN);
	e->finished |= flags & TCP_FIN;
	return tcp_send(s, side, &g, nothing, 0, how);
}

bool verb_connect(struct script *s, const struct stmt *st, unsigned i, unsigned side)
{
	struct sending how = s->sending;
	struct tcp_options o = { 0 };

	if (!options_read(s, st, i, connect_option, &o, &how))
		return false;
	connection_start(s, side, &o);
	return tcp_flags(s, side, TCP_SYN, &how) && tcp_flags(s, !side, TCP_SYN | TCP_ACK, &how) &&
	       tcp_flags(s, side, TCP_ACK, &how);
}

/* syn, synack, ack, fin, rst: the word before i. */
bool verb_flags(struct script *s, const struct stmt *st, unsigned i, unsigned side)
{
	const char *word = stmt_word(s, st, i - 1);
	struct sending how = s->sending;
	struct tcp_options o = { 0 };
	uint8_t flags = name_equal(word, "synack") ? TCP_SYN | TCP_ACK
			: name_equal(word, "ack")  ? TCP_ACK
			: name_equal(word, "fin")  ? TCP_FIN | TCP_ACK
						   : TCP_RST | TCP_ACK;

	if (name_equal(word, "syn")) {
		if (!options_read(s, st, i, connect_option, &o, &how))
			return false;
		connection_start(s, side, &o);
		return tcp_flags(s, side, TCP_SYN, &how);
	}
	return options_read(s, st, i, NULL, NULL, &how) && tcp_flags(s, side, flags, &how);
}

/* A segment with everything given; a sequence number that is given leaves the count alone. */
bool verb_tcp(struct script *s, const struct stmt *st, unsigned i, unsigned side)
{
	struct end *e = &s->conv->end[side];
	struct sending how = s->sending;
	struct tcp_options o = { .g.flags = TCP_ACK };

	if (!options_read(s, st, i, tcp_option, &o, &how) || !patches_apply(s, &o.patches, s->body, o.len))
		return false;
	if (!o.has_seq) {
		o.g.seq = e->next;
		e->next += (uint32_t)o.len + !!(o.g.flags & TCP_SYN) + !!(o.g.flags & TCP_FIN);
	}
	return tcp_send(s, side, &o.g, s->body, o.len, &how);
}

bool verb_raw(struct script *s, const struct stmt *st, unsigned i, unsigned side)
{
	struct sending how = s->sending;
	size_t len;

	if (i >= st->count)
		return script_fail(s, "raw needs octets");
	if (!value_octets(s, stmt_word(s, st, i), s->body, sizeof(s->body), &len))
		return false;
	return options_read(s, st, i + 1, NULL, NULL, &how) && tcp_write(s, side, s->body, len, &how);
}

bool verb_retransmit(struct script *s, const struct stmt *st, unsigned i, unsigned side)
{
	struct end *e = &s->conv->end[side], *peer = &s->conv->end[!side];
	struct sending how = s->sending;
	struct tcp_options o = { .take = OCTETS_MAX };

	if (!options_read(s, st, i, retransmit_option, &o, &how))
		return false;
	if (o.skip >= e->last_len)
		return script_fail(s, "%s has written only %zu octets to send again", side_name(side),
				   e->last_len);
	if (o.take > e->last_len - o.skip)
		o.take = (uint32_t)(e->last_len - o.skip);
	memcpy(s->body, e->last + o.skip, o.take);
	if (!patches_apply(s, &o.patches, s->body, o.take) ||
	    !stream_send(s, side, e->last_seq + o.skip, s->body, o.take, &how))
		return false;
	if (s->arrived && peer->hole) {
		/* The octets that followed the hole had been kept there. */
		peer->hole = false;
		peer->got = e->next;
		if (!s->conv->crossing)
			peer->told = peer->got;
	}
	return true;
}
