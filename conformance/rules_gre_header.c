/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The header of a tunnel packet by itself: RFC 2637 section 4.1.
 *
 * Bits that must be off or on stand beside each other.  Of the lengths one defect is one finding:
 * the most telling reading of what the sender got wrong.
 */
#include "conformance/rules_gre_private.h"

enum { GRE_FIXED = 8, PAYLOAD_MAX = 1532 };

enum {
	DEFECTS_LENGTH = GRE_BAD_LENGTH | GRE_BAD_PAD | GRE_BAD_S_EMPTY | GRE_BAD_NO_S | GRE_BAD_SHORT,
};

enum {
	SCAN_MAX = 64,
	/* Fields may be missing before the key, or the key itself. */
	KEY_ELSEWHERE = GRE_BAD_C | GRE_BAD_R | GRE_BAD_K,
};

/* Certain for a call of a control connection; something else may use GRE between other hosts. */
static unsigned unsure(const struct event *e)
{
	return e->call && call_controlled(e->call) ? 0 : FAIL_DOUBT;
}

/* A packet whose key cannot be found belongs to the only call that the pair has, if there is one. */
static struct event bound_by_pair(const struct event *e)
{
	struct event bound = *e;
	struct call *only = NULL;
	unsigned n = 0;

	if (!(e->gre->defects & KEY_ELSEWHERE) || (e->call && call_controlled(e->call)))
		return bound;
	for (struct call *c = e->tunnel->first_call; c && n < SCAN_MAX; c = c->next, n++) {
		if (c->state != CALL_ESTABLISHED || !call_connection(c))
			continue;
		if (only)
			return bound;
		only = c;
	}
	if (only) {
		bound.call = only;
		bound.connection = call_connection(only);
	}
	return bound;
}

static void bits(struct judge *j, const struct event *e)
{
	static const struct {
		uint16_t defect, mask, good;
		enum rule_number rule;
		const char *name;
	} rows[] = {
		{ GRE_BAD_C, GRE_C, 0, RULE_GRE_C_01, "C (checksum present)" },
		{ GRE_BAD_R, GRE_R, 0, RULE_GRE_R_01, "R (routing present)" },
		{ GRE_BAD_SSR, GRE_SSR, 0, RULE_GRE_SSR_01, "s (strict source route)" },
		{ GRE_BAD_RECUR, GRE_RECUR, 0, RULE_GRE_RECUR_01, "Recur" },
		{ GRE_BAD_K, GRE_K, 1, RULE_GRE_K_01, "K (key present)" },
		{ GRE_BAD_FLAGS, GRE_FLAGS, 0, RULE_GRE_FLAGS_01, "Flags" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		unsigned value = (e->gre->flags & rows[i].mask) / (rows[i].mask & -rows[i].mask);
		struct finding *f;

		if (!(e->gre->defects & rows[i].defect))
			continue;
		f = fail(j, e, rows[i].rule, (int)e->from, unsure(e));
		say(f, "%s sent a tunnel packet with %s %u", who(e, e->from), rows[i].name, value);
		observed(expected(f, "%u", rows[i].good), "%u", value);
	}
}

static void version(struct judge *j, const struct event *e)
{
	unsigned v = e->gre->flags & GRE_VER;
	struct finding *f = fail(j, e, RULE_GRE_VER_01, (int)e->from, unsure(e));

	say(f, "%s sent PPP in GRE of version %u instead of 1", who(e, e->from), v);
	observed(expected(f, "1"), "%u", v);
}

static void protocol(struct judge *j, const struct event *e)
{
	struct finding *f = fail(j, e, RULE_GRE_PTYPE_01, (int)e->from, 0);

	say(f, "%s sent GRE of version 1 for protocol 0x%04X with a Call ID of the tunnel", who(e, e->from),
	    e->gre->protocol);
	observed(expected(f, "0x%04X", GRE_PROTO_PPP), "0x%04X", e->gre->protocol);
}

/* Octets of a header with these flags. */
static uint32_t header_size(unsigned flags)
{
	return GRE_FIXED + (flags & GRE_S ? 4u : 0) + (flags & GRE_A ? 4u : 0);
}

/* The IP length fits Payload Length only if A had the opposite value. */
static bool opposite_a(const struct event *e)
{
	return e->gre->header_len >= GRE_FIXED &&
	       e->gre_len == header_size(e->gre->flags ^ GRE_A) + e->gre->payload_length;
}

static void a_bit(struct judge *j, const struct event *e)
{
	unsigned a = !!(e->gre->flags & GRE_A);
	struct finding *f = fail(j, e, RULE_GRE_A_01, (int)e->from, 0);

	say(f,
	    a ? "%s set A in a tunnel packet that has no room for an acknowledgment number"
	      : "%s put an acknowledgment number into a tunnel packet without setting A",
	    who(e, e->from));
	observed(expected(f, "A %u for %u octets of GRE", !a, e->gre_len), "A %u", a);
}

static void short_header(struct judge *j, const struct event *e)
{
	struct finding *f = fail(j, e, RULE_GRE_HDR_01, (int)e->from, e->fragment ? UNLESS_FRAG : 0);

	say(f, "%s sent a tunnel packet that ends within its header", who(e, e->from));
	observed(expected(f, "at least %u octets", header_size(e->gre->flags)), "%u octets", e->gre_len);
}

static void s_bit(struct judge *j, const struct event *e)
{
	bool s = e->gre->flags & GRE_S;
	struct finding *f = fail(j, e, RULE_GRE_S_01, (int)e->from, e->fragment ? UNLESS_FRAG : 0);

	say(f,
	    s ? "%s sent a tunnel packet with a sequence number and no payload"
	      : "%s sent payload without a sequence number",
	    who(e, e->from));
	expected(f, "S %u with Payload Length %u", !s, e->gre->payload_length);
	observed(f, "S %u", s);
}

static void length(struct judge *j, const struct event *e, uint32_t room)
{
	unsigned said = e->gre->payload_length;
	struct finding *f;

	if (!(e->gre->flags & GRE_S) && said && !room && !e->fragment) {
		f = fail(j, e, RULE_GRE_PLEN_02, (int)e->from, 0);
		say(f, "%s sent an acknowledgment alone whose Payload Length is %u", who(e, e->from), said);
		room = 0;
	} else {
		f = fail(j, e, RULE_GRE_PLEN_01, (int)e->from, e->fragment ? UNLESS_FRAG : 0);
		say(f, "%s sent a tunnel packet whose Payload Length is %u where %u octets follow the header",
		    who(e, e->from), said, room);
	}
	observed(expected(f, "%u", room), "%u", said);
}

/* S without payload, payload without S, and lengths that contradict each other: one finding. */
static bool sizes(struct judge *j, const struct event *e)
{
	const struct gre_pkt *g = e->gre;
	uint32_t size = header_size(g->flags), room = e->gre_len > size ? e->gre_len - size : 0;
	bool data = g->flags & GRE_S;

	if (!(g->defects & DEFECTS_LENGTH))
		return false;
	if (!data && g->payload_length && (room || e->fragment))
		s_bit(j, e);
	else if (!e->fragment && g->payload_length != room && opposite_a(e))
		a_bit(j, e);
	else if (g->defects & GRE_BAD_SHORT)
		short_header(j, e);
	else if (data && !g->payload_length && !room)
		s_bit(j, e);
	else
		length(j, e, room);
	return true;
}

static void empty(struct judge *j, const struct event *e)
{
	struct finding *f = fail(j, e, RULE_GRE_EMPTY_01, (int)e->from, 0);

	say(f, "%s sent a tunnel packet that brings neither data nor an acknowledgment", who(e, e->from));
	observed(expected(f, "S or A set"), "both clear");
}

static void too_long(struct judge *j, const struct event *e)
{
	struct finding *f = fail(j, e, RULE_GRE_MTU_01, (int)e->from, 0);

	say(f, "%s sent a user packet of %u octets through the tunnel", who(e, e->from),
	    e->gre->payload_length);
	observed(expected(f, "at most %d", PAYLOAD_MAX), "%u", e->gre->payload_length);
}

bool gre_header(struct judge *j, const struct event *e)
{
	const struct gre_pkt *g = e->gre;
	struct event bound;

	if ((g->flags & GRE_VER) != 1) {
		version(j, e);
		return false;
	}
	bound = bound_by_pair(e);
	bits(j, &bound);
	if (g->defects & KEY_ELSEWHERE)
		return false;
	if (g->defects & GRE_BAD_PROTOCOL) {
		protocol(j, e);
		return false;
	}
	if (sizes(j, e))
		return false;
	if (g->defects & GRE_BAD_EMPTY)
		empty(j, e);
	if (g->payload_length > PAYLOAD_MAX)
		too_long(j, e);
	return true;
}
