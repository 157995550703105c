/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissectors/gre.h"

#include "dissectors/cursor.h"

/* Octets that every header has. */
enum { GRE_FIXED = 8 };

#define likely(condition) __builtin_expect(!!(condition), 1)

/* Octets of a header with these flags. */
static inline uint32_t header_size(uint16_t flags)
{
	return GRE_FIXED + (flags & GRE_S ? 4 : 0) + (flags & GRE_A ? 4 : 0);
}

/* Reads what the cursor holds; fields that are not there become 0. */
static inline __attribute__((always_inline)) void read_part(struct cursor *c, struct gre_pkt *out)
{
	out->flags = (uint16_t)(cursor_u8(c) << 8);
	out->flags |= cursor_u8(c);
	out->protocol = cursor_u16(c);
	out->payload_length = cursor_u16(c);
	out->call_id = cursor_u16(c);
}

static inline void read_header(struct cursor *c, struct gre_pkt *out)
{
	const uint8_t *h = likely(cursor_left(c) >= GRE_FIXED) ? cursor_take(c, GRE_FIXED) : NULL;

	if (h) {
		out->flags = (uint16_t)be_uint(h, 2);
		out->protocol = (uint16_t)be_uint(h + 2, 2);
		out->payload_length = (uint16_t)be_uint(h + 4, 2);
		out->call_id = (uint16_t)be_uint(h + 6, 2);
	} else {
		read_part(c, out);
	}
	out->seq = out->flags & GRE_S ? cursor_u32(c) : 0;
	out->ack = out->flags & GRE_A ? cursor_u32(c) : 0;
}

/* The three combinations of a correct packet: data, acknowledgment, both. */
static inline bool flags_good(uint16_t flags)
{
	return (flags & ~(GRE_S | GRE_A)) == (GRE_K | 1) && flags & (GRE_S | GRE_A);
}

static unsigned flag_defects(uint16_t flags)
{
	static const struct {
		uint16_t mask, good, defect;
	} rows[] = {
		{ GRE_C, 0, GRE_BAD_C },
		{ GRE_R, 0, GRE_BAD_R },
		{ GRE_K, GRE_K, GRE_BAD_K },
		{ GRE_SSR, 0, GRE_BAD_SSR },
		{ GRE_RECUR, 0, GRE_BAD_RECUR },
		{ GRE_FLAGS, 0, GRE_BAD_FLAGS },
	};
	unsigned defects = flags & (GRE_S | GRE_A) ? 0 : GRE_BAD_EMPTY;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if ((flags & rows[i].mask) != rows[i].good)
			defects |= rows[i].defect;
	return defects;
}

/* Defects of the Payload Length; room: octets behind the header by the IP length. */
static unsigned length_defects(const struct gre_pkt *g, uint32_t room, bool fragment)
{
	unsigned defects = 0;

	if (g->flags & GRE_S && !g->payload_length)
		defects = GRE_BAD_S_EMPTY;
	else if (!(g->flags & GRE_S) && g->payload_length)
		defects = GRE_BAD_NO_S;
	if (g->payload_length != room && !fragment)
		defects |= g->payload_length > room ? GRE_BAD_LENGTH : GRE_BAD_PAD;
	return defects;
}

/* Judges as many fields as there are octets of the header. */
static NOT_IN_THE_WAY unsigned header_defects(const struct gre_pkt *g, uint32_t len, bool fragment)
{
	uint32_t size = header_size(g->flags);
	unsigned defects = 0;

	if (!flags_good(g->flags) && g->header_len >= 2)
		defects = flag_defects(g->flags);
	if (g->header_len >= 4 && g->protocol != GRE_PROTO_PPP)
		defects |= GRE_BAD_PROTOCOL;
	if (g->header_len >= 6)
		defects |= length_defects(g, len > size ? len - size : 0, fragment);
	return defects;
}

/* Whether header_defects() has nothing to find in a whole header: one look instead of many. */
static inline bool spotless(const struct gre_pkt *g, uint32_t len)
{
	return flags_good(g->flags) && g->protocol == GRE_PROTO_PPP &&
	       !(g->flags & GRE_S) == !g->payload_length && g->header_len + (uint32_t)g->payload_length == len;
}

/*
 * The header is not whole: was that the capture or the sender?  Where not even the version is in
 * the capture only an IP packet that is here to its end proves anything.
 */
static enum gre_status short_header(struct gre_pkt *g, bool cut, uint32_t len, bool fragment)
{
	if (fragment || len >= header_size(g->flags) || (cut && g->header_len < 2))
		return GRE_CUT;
	g->defects |= GRE_BAD_SHORT;
	return GRE_OK;
}

static enum gre_status other_version(struct gre_pkt *g)
{
	*g = (struct gre_pkt){ .flags = g->flags, .protocol = g->protocol };
	return GRE_OTHER_VERSION;
}

enum gre_status gre_decode(const uint8_t *octets, uint32_t caplen, uint32_t len, bool fragment,
			   struct gre_pkt *out)
{
	uint32_t here = caplen < len ? caplen : len;
	struct cursor c = cursor_on(octets, here);

	read_header(&c, out);
	out->header_len = (uint8_t)(here - cursor_left(&c));
	if (out->header_len >= 2 && (out->flags & GRE_VER) != 1)
		return other_version(out);
	out->defects = 0;
	if (!likely(!c.missing && spotless(out, len)))
		out->defects = (uint16_t)header_defects(out, len, fragment);
	out->payload = c.at;
	out->caplen = c.missing ? 0 : (uint32_t)cursor_left(&c);
	if (out->caplen > out->payload_length)
		out->caplen = out->payload_length;
	return c.missing ? short_header(out, caplen < len, len, fragment) : GRE_OK;
}

size_t gre_encode(const struct gre_pkt *g, const uint8_t *payload, size_t payload_len,
		  uint8_t *out, size_t room)
{
	struct wcursor c = wcursor_on(out, room);

	wcursor_uint(&c, g->flags, 2);
	wcursor_uint(&c, g->protocol, 2);
	wcursor_uint(&c, g->payload_length, 2);
	wcursor_uint(&c, g->call_id, 2);
	if (g->flags & GRE_S)
		wcursor_uint(&c, g->seq, 4);
	if (g->flags & GRE_A)
		wcursor_uint(&c, g->ack, 4);
	wcursor_octets(&c, payload, payload_len);
	return c.overrun ? 0 : header_size(g->flags) + payload_len;
}

/* Rows of gre_fields that are numbers rather than bits. */
enum { ROW_PROTOCOL_TYPE = 9, ROW_PAYLOAD_LENGTH, ROW_CALL_ID, ROW_SEQUENCE, ROW_ACKNOWLEDGMENT, ROWS };

const struct gre_field gre_fields[] = {
	{ "c", 0, GRE_C },
	{ "r", 0, GRE_R },
	{ "k", 0, GRE_K },
	{ "s", 0, GRE_S },
	{ "ssr", 0, GRE_SSR },
	{ "recur", 0, GRE_RECUR },
	{ "a", 1, GRE_A },
	{ "flags", 1, GRE_FLAGS },
	{ "ver", 1, GRE_VER },
	[ROW_PROTOCOL_TYPE] = { "protocol_type", 2, 0 },
	[ROW_PAYLOAD_LENGTH] = { "payload_length", 4, 0 },
	[ROW_CALL_ID] = { "call_id", 6, 0 },
	[ROW_SEQUENCE] = { "sequence_number", 8, 0 },
	[ROW_ACKNOWLEDGMENT] = { "acknowledgment_number", 8, 0 },
};
const unsigned gre_field_count = ROWS;

/* Value of a row of numbers; *end: offset of the octet behind it, 0 when the flags leave it out. */
static uint32_t number_value(const struct gre_pkt *g, unsigned i, unsigned *end)
{
	switch (i) {
	case ROW_PROTOCOL_TYPE:
		*end = 4;
		return g->protocol;
	case ROW_PAYLOAD_LENGTH:
		*end = 6;
		return g->payload_length;
	case ROW_CALL_ID:
		*end = 8;
		return g->call_id;
	case ROW_SEQUENCE:
		*end = g->flags & GRE_S ? 12 : 0;
		return g->seq;
	default:
		*end = g->flags & GRE_A ? header_size(g->flags) : 0;
		return g->ack;
	}
}

uint32_t gre_field_value(const struct gre_pkt *g, unsigned i, bool *present)
{
	unsigned mask, end;
	uint32_t value;

	*present = false;
	if (i >= ROWS)
		return 0;
	mask = gre_fields[i].mask;
	if (mask) {
		value = (g->flags & mask) / (mask & -mask);
		end = gre_fields[i].offset + 1U;
	} else {
		value = number_value(g, i, &end);
	}
	/* header_len 0: composed by a program, not read from a capture */
	*present = end && (!g->header_len || end <= g->header_len);
	return *present ? value : 0;
}

const char *gre_defect_text(unsigned bit)
{
	static const struct {
		unsigned bit;
		const char *text;
	} texts[] = {
		{ GRE_BAD_C, "checksum bit set" },
		{ GRE_BAD_R, "routing bit set" },
		{ GRE_BAD_K, "key bit not set" },
		{ GRE_BAD_SSR, "strict source route bit set" },
		{ GRE_BAD_RECUR, "recursion control not 0" },
		{ GRE_BAD_FLAGS, "flags not 0" },
		{ GRE_BAD_PROTOCOL, "protocol type not 0x880B" },
		{ GRE_BAD_EMPTY, "neither sequence nor acknowledgment number" },
		{ GRE_BAD_LENGTH, "payload length beyond the end of the packet" },
		{ GRE_BAD_PAD, "octets after the payload" },
		{ GRE_BAD_S_EMPTY, "sequence number without payload" },
		{ GRE_BAD_NO_S, "payload without sequence number" },
		{ GRE_BAD_SHORT, "packet ends within the header" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].bit == bit)
			return texts[i].text;
	return NULL;
}
