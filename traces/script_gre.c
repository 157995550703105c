/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Enhanced GRE, other IP packets and ICMP errors in scripts.  See script_private.h. */
#include "traces/script_private.h"

#include <stdlib.h>

#include "dissectors/cursor.h"
#include "dissectors/gre.h"
#include "dissectors/ip.h"
#include "dissectors/ppp.h"

enum { SEQUENCE_AT = 8, SKIP_MAX = 1000000 };

/* seq and ack: N, auto, none, and where expected any; ack alone: auto. */
static enum taken number_option(struct script *s, const char *key, const char *value, enum number_kind *kind,
				uint32_t *out)
{
	if (!value || strcmp(value, "auto") == 0) {
		*kind = NUMBER_COUNTED;
		return TAKEN;
	}
	if (strcmp(value, "none") == 0 || strcmp(value, "any") == 0) {
		*kind = *value == 'n' ? NUMBER_NONE : NUMBER_ANY;
		return TAKEN;
	}
	*kind = NUMBER_GIVEN;
	return value_u32(s, key, value, out) ? TAKEN : TAKE_FAILED;
}

/* A field of the header by its name in gre_fields, to be written over the correct one. */
static enum taken header_option(struct script *s, struct gre_make *m, const char *key, const char *value)
{
	for (unsigned i = 0; i < gre_field_count && i < GRE_ROWS; i++) {
		const struct gre_field *f = &gre_fields[i];

		if (f->offset >= SEQUENCE_AT || strcmp(f->name, key) != 0)
			continue;
		m->has_field[i] = true;
		return option_number(s, key, value, f->mask ? f->mask / (f->mask & -f->mask) : UINT16_MAX,
				     &m->field[i]);
	}
	return NOT_MINE;
}

static enum taken count_option(struct script *s, struct gre_make *m, const char *key, const char *value)
{
	if (strcmp(key, "restart") == 0) {
		m->has_restart = true;
		return option_number(s, key, value, UINT32_MAX, &m->restart);
	}
	if (strcmp(key, "skip") == 0)
		return option_number(s, key, value, SKIP_MAX, &m->skip);
	if (strcmp(key, "call") == 0)
		return option_number(s, key, value, UINT32_MAX, &m->call);
	if (strcmp(key, "pad") == 0)
		return option_number(s, key, value, 2048, &m->pad);
	if (strcmp(key, "cut") == 0) {
		m->has_cut = true;
		return option_number(s, key, value, OCTETS_MAX, &m->cut);
	}
	return NOT_MINE;
}

enum taken gre_option(struct script *s, void *ctx, const char *key, const char *value)
{
	struct gre_make *m = ctx;
	enum taken t;

	if (*key == '@')
		return option_patch(s, key + 1, value, &m->patches);
	if (strcmp(key, "seq") == 0)
		return number_option(s, key, value, &m->seq, &m->seq_value);
	if (strcmp(key, "ack") == 0)
		return number_option(s, key, value, &m->ack, &m->ack_value);
	if (strcmp(key, "ackonly") == 0) {
		m->bare = true;
		m->seq = NUMBER_NONE;
		return number_option(s, key, value, &m->ack, &m->ack_value);
	}
	if (strcmp(key, "empty") == 0)
		return option_flag(s, value, &m->bare) ? TAKEN : TAKE_FAILED;
	if (strcmp(key, "hex") == 0 && value) {
		m->has_hex = true;
		return value_octets(s, value, s->value, sizeof(s->value), &m->hex_len) ? TAKEN : TAKE_FAILED;
	}
	t = count_option(s, m, key, value);
	if (t == NOT_MINE)
		t = header_option(s, m, key, value);
	return t == NOT_MINE ? ppp_option(s, &m->ppp, key, value) : t;
}

/* --- numbers ----------------------------------------------------------------------------- */

/* The Sequence Number; the count goes on behind the highest that was used. */
static uint32_t sequence(struct gre_make *m, struct call_end *own)
{
	uint32_t seq;

	if (m->has_restart)
		own->next = m->restart;
	own->next += m->skip;
	seq = m->seq == NUMBER_GIVEN ? m->seq_value : own->next;
	if ((int32_t)(seq - own->next) >= 0)
		own->next = seq + 1;
	return seq;
}

static void numbers_set(struct gre_make *m, struct call *c, unsigned side, struct gre_pkt *g)
{
	struct call_end *own = &c->end[side];

	if (m->seq != NUMBER_NONE) {
		g->flags |= GRE_S;
		g->seq = sequence(m, own);
	}
	/* Nothing came yet: there is nothing to acknowledge, unless a script insists. */
	if (m->ack == NUMBER_GIVEN || (m->ack != NUMBER_NONE && (own->has_heard || m->bare))) {
		g->flags |= GRE_A;
		g->ack = m->ack == NUMBER_GIVEN ? m->ack_value : own->heard;
	}
}

/* What the other end knows after a packet that arrived. */
static void packet_heard(struct script *s, const struct gre_pkt *g, struct call_end *peer)
{
	if (!s->arrived || !(g->flags & GRE_S))
		return;
	if (!peer->has_heard || (int32_t)(g->seq - peer->heard) > 0)
		peer->heard = g->seq;
	peer->has_heard = true;
}

/* --- octets ------------------------------------------------------------------------------ */

static bool payload_build(struct script *s, const struct gre_make *m, struct call *c, unsigned side,
			  size_t *len)
{
	*len = 0;
	if (m->bare)
		return true;
	if (!m->has_hex)
		return ppp_build(s, &m->ppp, c, side, s->body, sizeof(s->body), len);
	memcpy(s->body, s->value, m->hex_len);
	*len = m->hex_len;
	return true;
}

/* Fields that a script named lie over the encoded header, so that they may contradict it. */
static void fields_lay(const struct gre_make *m, uint8_t *octets)
{
	for (unsigned i = 0; i < gre_field_count && i < GRE_ROWS; i++) {
		const struct gre_field *f = &gre_fields[i];
		uint16_t word = (uint16_t)m->field[i];
		unsigned at = f->mask ? 0 : f->offset;

		if (!m->has_field[i])
			continue;
		if (f->mask) {
			word = (uint16_t)(octets[0] << 8 | octets[1]);
			word = (uint16_t)((word & ~f->mask) | m->field[i] * (f->mask & -f->mask));
		}
		octets[at] = (uint8_t)(word >> 8);
		octets[at + 1] = (uint8_t)word;
	}
}

static bool packet_build(struct script *s, const struct gre_make *m, const struct gre_pkt *g, size_t payload,
			 size_t *len)
{
	size_t n = gre_encode(g, s->body, payload, s->packet, sizeof(s->packet) - m->pad);

	if (!n)
		return script_fail(s, "too many octets for a GRE packet");
	fields_lay(m, s->packet);
	memset(s->packet + n, 0, m->pad);
	n += m->pad;
	if (!patches_apply(s, &m->patches, s->packet, n))
		return false;
	if (m->has_cut && m->cut > n)
		return script_fail(s, "cut: the packet has only %zu octets", n);
	*len = m->has_cut ? m->cut : n;
	return true;
}

bool gre_make_send(struct script *s, struct gre_make *m, struct call *c, unsigned side,
		   const struct sending *how)
{
	struct gre_pkt g = { .flags = GRE_K | 1, .protocol = GRE_PROTO_PPP };
	size_t payload = 0, len = 0;

	if (!payload_build(s, m, c, side, &payload))
		return false;
	g.payload_length = (uint16_t)payload;
	g.call_id = call_id_of(s, c, !side);
	if (s->stage)
		play_heard(s, c);
	numbers_set(m, c, side, &g);
	if (!packet_build(s, m, &g, payload, &len))
		return false;
	s->arrived = true;
	if (s->stage ? !play_packet(s, c, len, how) : !send_datagram(s, side, IP_PROTO_GRE, len, how))
		return false;
	packet_heard(s, &g, &c->end[!side]);
	return true;
}

bool verb_gre(struct script *s, const struct stmt *st, unsigned i, unsigned side)
{
	struct sending how = s->sending;
	struct gre_make m = { .seq = NUMBER_COUNTED };
	struct call *c;

	if (!options_read(s, st, i, gre_option, &m, &how))
		return false;
	c = call_pick(s, m.call);
	return c && gre_make_send(s, &m, c, side, &how);
}

/* --- packets of a device -------------------------------------------------------------------- */

static bool number_matches(enum number_kind kind, uint32_t want, bool has, uint32_t got)
{
	return kind == NUMBER_ANY ||
	       (has ? kind == NUMBER_COUNTED || (kind == NUMBER_GIVEN && got == want) : kind == NUMBER_NONE);
}

bool gre_matches(struct script *s, const struct gre_make *m, const struct call *c, unsigned side,
		 const struct gre_pkt *got)
{
	const struct call_end *own = &c->end[!side];

	if (!number_matches(m->seq, m->seq_value, got->flags & GRE_S, got->seq) ||
	    !number_matches(m->ack, m->ack_value, got->flags & GRE_A, got->ack))
		return false;
	/* What it acknowledges by itself is the last packet that was sent to it. */
	if (m->ack == NUMBER_COUNTED && got->ack != own->next - 1)
		return false;
	for (unsigned i = 0; i < gre_field_count && i < GRE_ROWS; i++) {
		bool present;

		if (m->has_field[i] && gre_field_value(got, i, &present) != m->field[i])
			return false;
	}
	if (m->bare)
		return !got->payload_length;
	if (m->has_hex)
		return got->payload_length == m->hex_len && got->caplen <= m->hex_len &&
		       memcmp(got->payload, s->value, got->caplen) == 0;
	return ppp_matches(s, &m->ppp, got);
}

/* Options and identifier of a PPP request, which answers repeat. */
static void request_heard(struct call_end *e, const struct gre_pkt *got)
{
	struct ppp_frame f;

	ppp_decode(got->payload, got->caplen, got->caplen, &f);
	if (!f.has_code || f.code != 1 || f.caplen < 4)
		return;
	e->ppp_id = f.identifier;
	e->options_len = f.length > 4 ? f.length - 4u : 0;
	if (e->options_len > f.caplen - 4)
		e->options_len = f.caplen - 4;
	if (e->options_len > ECHO_DATA)
		e->options_len = ECHO_DATA;
	memcpy(e->options, f.payload + 4, e->options_len);
}

void gre_note(struct script *s, struct call *c, unsigned side, const struct gre_pkt *got)
{
	struct call_end *e = &c->end[side];

	if (got->flags & GRE_S)
		e->next = got->seq + 1;
	packet_heard(s, got, &c->end[!side]);
	request_heard(e, got);
}

/* --- other IP packets -------------------------------------------------------------------- */

struct ip_make {
	uint32_t protocol, type, code, rest;
	bool has_type, has_code;
	size_t len; /* octets in script.packet */
};

static enum taken ip_option(struct script *s, void *ctx, const char *key, const char *value)
{
	struct ip_make *m = ctx;

	if (strcmp(key, "proto") == 0)
		return option_number(s, key, value, 255, &m->protocol);
	if (strcmp(key, "hex") != 0 || !value)
		return NOT_MINE;
	return value_octets(s, value, s->packet, sizeof(s->packet), &m->len) ? TAKEN : TAKE_FAILED;
}

bool verb_ip(struct script *s, const struct stmt *st, unsigned i, unsigned side)
{
	struct sending how = s->sending;
	struct ip_make m = { .protocol = IP_PROTO_GRE };

	return options_read(s, st, i, ip_option, &m, &how) &&
	       send_datagram(s, side, (uint8_t)m.protocol, m.len, &how);
}

static enum taken icmp_option(struct script *s, void *ctx, const char *key, const char *value)
{
	struct ip_make *m = ctx;

	if (strcmp(key, "type") == 0) {
		m->has_type = true;
		return option_number(s, key, value, 255, &m->type);
	}
	if (strcmp(key, "code") == 0) {
		m->has_code = true;
		return option_number(s, key, value, 255, &m->code);
	}
	return strcmp(key, "mtu") == 0 ? option_number(s, key, value, UINT32_MAX, &m->rest) : NOT_MINE;
}

static uint16_t icmp_sum(const struct script *s, unsigned side, const struct sending *how, bool v4,
			 size_t len)
{
	struct datagram d = { .src = how->has_from ? how->from : s->conv->end[side].addr,
			      .dst = how->has_to ? how->to : s->conv->end[!side].addr,
			      .version = 6 };
	uint32_t sum = v4 ? 0 : ip_pseudo_sum(&d, IP_PROTO_ICMPV6, (uint32_t)len);

	return (uint16_t)~ip_checksum_fold(ip_checksum_add(sum, s->packet, len));
}

/* An ICMP error about the last packet of the other end: by default, that its protocol is unknown. */
bool verb_unreachable(struct script *s, const struct stmt *st, unsigned i, unsigned side)
{
	const struct end *peer = &s->conv->end[!side];
	bool v4 = ip_addr_is_v4(&s->conv->end[side].addr);
	struct sending how = s->sending;
	struct ip_make m = { .protocol = 0 };
	struct wcursor w = wcursor_on(s->packet, sizeof(s->packet));

	if (!options_read(s, st, i, icmp_option, &m, &how))
		return false;
	if (!peer->quote_len)
		return script_fail(s, "%s has sent nothing that could be unreachable", side_name(!side));
	wcursor_uint(&w, m.has_type ? m.type : v4 ? 3 : 1, 1);
	wcursor_uint(&w, m.has_code ? m.code : v4 ? 2 : 1, 1);
	wcursor_uint(&w, 0, 2);
	wcursor_uint(&w, m.rest, 4);
	wcursor_octets(&w, peer->quote, peer->quote_len);
	m.len = (size_t)(w.at - s->packet);
	w = wcursor_on(s->packet + 2, 2);
	wcursor_uint(&w, icmp_sum(s, side, &how, v4, m.len), 2);
	return send_datagram(s, side, v4 ? IP_PROTO_ICMP : IP_PROTO_ICMPV6, m.len, &how);
}
