/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames of scripts: IP, fragments, other link layers, what the capture has of them, and when. */
#include "traces/script_private.h"

#include <stdlib.h>

#include "dissectors/ip.h"

enum {
	ETHERNET = 14,
	VLAN_TAG = 4,
	PREFIX_MAX = 24,
	LATE_MAX = 65536,
	MIRROR_GAP = 10000, /* ns from a frame to its mirror */
};

static const int64_t start_ns = INT64_C(1767225600) * SECOND; /* 2026-01-01T00:00:00Z */

/* Limits that no corpus needs and a mistyped script reaches. */
static const uint64_t frames_max = 10000000, octets_max = UINT64_C(8) << 30;

/* --- link layers ------------------------------------------------------------------------- */

enum id_kind { ID_NONE, ID_ETHERTYPE, ID_PPP, ID_FAMILY_LE, ID_FAMILY_BE };

/* A link layer other than Ethernet is a fixed prefix with the protocol in it. */
struct link_form {
	const char *name;
	uint32_t type;
	unsigned len;
	unsigned id_at;
	enum id_kind id;
	uint8_t prefix[PREFIX_MAX];
};

static const struct link_form link_forms[] = {
	{ "ethernet", LINK_ETHERNET, 0, 0, ID_NONE, { 0 } },
	{ "raw", LINK_RAW, 0, 0, ID_NONE, { 0 } },
	{ "ipv4", LINK_IPV4, 0, 0, ID_NONE, { 0 } },
	{ "ipv6", LINK_IPV6, 0, 0, ID_NONE, { 0 } },
	{ "null", LINK_NULL, 4, 0, ID_FAMILY_LE, { 0 } },
	{ "loop", LINK_LOOP, 4, 0, ID_FAMILY_BE, { 0 } },
	{ "ppp", LINK_PPP, 4, 2, ID_PPP, { 0xff, 3 } },
	{ "ppp-hdlc", LINK_PPP_HDLC, 4, 2, ID_PPP, { 0xff, 3 } },
	{ "sll", LINK_LINUX_SLL, 16, 14, ID_ETHERTYPE, { 0, 0, 0, 1, 0, 6, 2, 0, 10, 0, 0, 1 } },
	{ "sll2",
	  LINK_LINUX_SLL2,
	  20,
	  0,
	  ID_ETHERTYPE,
	  { 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 10, 0, 0, 1 } },
};

const struct link_form *link_by_name(const char *name)
{
	for (unsigned i = 0; i < sizeof(link_forms) / sizeof(*link_forms); i++)
		if (strcmp(name, link_forms[i].name) == 0)
			return &link_forms[i];
	return NULL;
}

uint32_t link_type_of(const struct link_form *form)
{
	return form->type;
}

/* Puts the prefix of a link layer in the place of what is before the IP packet. */
static size_t link_replace(const struct link_form *form, uint8_t *frame, size_t ip_at, size_t len)
{
	bool v4 = len > ip_at && frame[ip_at] >> 4 != 6;
	uint8_t *id = frame + form->id_at;

	memmove(frame + form->len, frame + ip_at, len - ip_at);
	memcpy(frame, form->prefix, form->len);
	switch (form->id) {
	case ID_ETHERTYPE:
		memcpy(id, v4 ? "\x08\x00" : "\x86\xdd", 2);
		break;
	case ID_PPP:
		memcpy(id, v4 ? "\x00\x21" : "\x00\x57", 2);
		break;
	case ID_FAMILY_LE:
		memcpy(id, v4 ? "\x02\0\0\0" : "\x1e\0\0\0", 4);
		break;
	case ID_FAMILY_BE:
		memcpy(id, v4 ? "\0\0\0\x02" : "\0\0\0\x1e", 4);
		break;
	case ID_NONE:
		break;
	}
	return len - ip_at + form->len;
}

/* --- out --------------------------------------------------------------------------------- */

static bool frame_out(struct script *s, int64_t time, const uint8_t *octets, uint32_t caplen, uint32_t len)
{
	if (++s->frames > frames_max || (s->octets += caplen) > octets_max)
		return script_fail(s, "the capture is over %llu frames or %llu GiB",
				   (unsigned long long)frames_max, (unsigned long long)octets_max >> 30);
	if (!s->sink(s->ctx, start_ns + time + s->skew, octets, caplen, len))
		return script_fail(s, "cannot write");
	return true;
}

bool frames_flush(struct script *s, int64_t to)
{
	struct waiting *w;
	bool ok = true;

	while (ok && (w = s->late) && w->time <= to) {
		s->late = w->next;
		s->nlate--;
		ok = frame_out(s, w->time, w->octets, w->caplen, w->len);
		free(w);
	}
	return ok;
}

void frames_free(struct script *s)
{
	struct waiting **lists[] = { &s->late, &s->held };

	for (unsigned i = 0; i < 2; i++)
		while (*lists[i]) {
			struct waiting *w = *lists[i];

			*lists[i] = w->next;
			free(w);
		}
}

/* Keeps a frame for later, in the order of time. */
static bool frame_keep(struct script *s, struct waiting **list, int64_t time, const uint8_t *octets,
		       uint32_t caplen, uint32_t len)
{
	struct waiting *w;

	if (s->nlate >= LATE_MAX)
		return script_fail(s, "more than %d frames wait for their time", LATE_MAX);
	w = malloc(sizeof(*w) + caplen);
	if (!w)
		return script_fail(s, "out of memory");
	*w = (struct waiting){ .time = time, .caplen = caplen, .len = len };
	memcpy(w->octets, octets, caplen);
	for (; *list && (*list)->time <= time; list = &(*list)->next)
		if (!script_work(s, 1)) {
			free(w);
			return false;
		}
	w->next = *list;
	*list = w;
	s->nlate++;
	return true;
}

static bool frame_at(struct script *s, int64_t delay, const uint8_t *octets, uint32_t caplen, uint32_t len)
{
	if (delay)
		return frame_keep(s, &s->late, s->now + delay, octets, caplen, len);
	return frames_flush(s, s->now) && frame_out(s, s->now, octets, caplen, len);
}

bool sending_begin(struct script *s)
{
	s->piece = 0;
	s->arrived = true;
	return time_pass(s, s->now);
}

/* Frames of a reversed statement: held with falling times, so that the last comes first. */
bool sending_end(struct script *s)
{
	struct waiting *w;
	bool ok = true;

	while (ok && (w = s->held)) {
		s->held = w->next;
		s->nlate--;
		ok = frame_at(s, 0, w->octets, w->caplen, w->len);
		s->now += s->spacing;
		free(w);
	}
	return ok;
}

/* --- what becomes of a frame ------------------------------------------------------------- */

/* The IPv4 header's checksum after changes to it; a header that is none is left alone. */
static void ip_sum_set(uint8_t *ip, size_t len)
{
	size_t header = len ? (size_t)(ip[0] & 15) * 4 : 0;
	uint16_t sum;

	if (header < 20 || header > len || ip[0] >> 4 != 4)
		return;
	ip[10] = ip[11] = 0;
	sum = (uint16_t)~ip_checksum_fold(ip_checksum_add(0, ip, header));
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

/* The second sight of a frame by a mirror port: behind a router the TTL is one less. */
static bool frame_mirror(struct script *s, const struct sending *how, size_t ip_at, uint32_t caplen,
			 uint32_t len)
{
	uint8_t *ip = s->frame + ip_at;
	unsigned ttl_at = ip_at < caplen && ip[0] >> 4 == 6 ? 7 : 8;

	if (how->mirror == MIRROR_ROUTED && caplen > ip_at + ttl_at) {
		ip[ttl_at]--;
		ip_sum_set(ip, caplen - ip_at);
	}
	return frame_at(s, how->delay + MIRROR_GAP, s->frame, caplen, len);
}

/* script.frame holds len octets, the IP packet at ip_at. */
static bool frame_send(struct script *s, unsigned side, const struct sending *how, size_t ip_at, size_t len)
{
	uint32_t piece = ++s->piece;
	bool meant = !how->piece || how->piece == piece;
	uint32_t caplen = how->snap && how->snap < len ? how->snap : (uint32_t)len;
	unsigned copies = meant ? how->duplicates + 1 : 1;
	int64_t delay = meant ? how->delay : 0;

	if (meant && how->dropped)
		s->arrived = false;
	if (!s->captured[side] || (meant && how->lost)) {
		s->now += s->spacing;
		return true;
	}
	for (; copies; copies--) {
		if (how->reverse) {
			if (!frame_keep(s, &s->held, -(int64_t)piece, s->frame, caplen, (uint32_t)len))
				return false;
			continue;
		}
		if (!frame_at(s, delay, s->frame, caplen, (uint32_t)len))
			return false;
		if (how->mirror != MIRROR_OFF && !frame_mirror(s, how, ip_at, caplen, (uint32_t)len))
			return false;
		s->now += s->spacing;
	}
	return true;
}

/* --- building ---------------------------------------------------------------------------- */

/* Where the IP packet begins in an Ethernet frame of the builder. */
static size_t ip_offset(const struct frame_spec *f)
{
	size_t at = ETHERNET;

	for (unsigned i = 0; i < 4 && f->vlan[i]; i++)
		at += VLAN_TAG;
	return at;
}

static void quote_keep(struct end *e, const uint8_t *ip, size_t len)
{
	e->quote_len = len < sizeof(e->quote) ? len : sizeof(e->quote);
	memcpy(e->quote, ip, e->quote_len);
}

static bool packet_send(struct script *s, unsigned side, const struct frame_spec *f, const uint8_t *payload,
			size_t len, const struct sending *how)
{
	size_t ip_at = ip_offset(f);
	size_t n = frame_build(f, payload, len, s->frame, sizeof(s->frame) - how->trailer - PREFIX_MAX);

	if (!n || n < ip_at)
		return script_fail(s, "too many octets for an IP packet");
	if (!script_work(s, 1 + n / 256) || !patches_apply(s, &how->ip, s->frame + ip_at, n - ip_at))
		return false;
	if (how->ip.count)
		ip_sum_set(s->frame + ip_at, n - ip_at);
	if (how->bad_ip_sum)
		s->frame[ip_at + 11] ^= 0x55;
	quote_keep(&s->conv->end[side], s->frame + ip_at, n - ip_at);
	if (how->trailer) {
		memset(s->frame + n, 0, how->trailer);
		n += how->trailer;
	}
	if (s->link->type != LINK_ETHERNET) {
		n = link_replace(s->link, s->frame, ip_at, n);
		ip_at = s->link->len;
	}
	return patches_apply(s, &how->frame, s->frame, n) && frame_send(s, side, how, ip_at, n);
}

static struct frame_spec spec_of(struct script *s, unsigned side, uint8_t protocol, const struct sending *how)
{
	struct end *e = &s->conv->end[side];
	struct frame_spec f = { .src = how->has_from ? how->from : e->addr,
				.dst = how->has_to ? how->to : s->conv->end[!side].addr,
				.protocol = protocol,
				.ttl = (uint8_t)how->ttl,
				.dont_fragment = how->dont_fragment };

	f.ip_id = how->ip_id >= 0 ? (uint16_t)how->ip_id : ++e->ip_id;
	memcpy(f.vlan, how->has_vlan ? how->vlan : s->conv->vlan, sizeof(f.vlan));
	return f;
}

bool send_datagram(struct script *s, unsigned side, uint8_t protocol, size_t len, const struct sending *how)
{
	struct frame_spec f = spec_of(s, side, protocol, how);
	size_t step = how->fragment & ~(size_t)7, n;

	if (ip_addr_is_v4(&f.src) != ip_addr_is_v4(&f.dst))
		return script_fail(s, "one address is IPv4, the other is IPv6");
	if (how->fragment && !step)
		return script_fail(s, "frag must be at least 8");
	if (!step || step >= len)
		return packet_send(s, side, &f, s->packet, len, how);
	for (size_t at = 0; at < len; at += n) {
		n = len - at < step ? len - at : step;
		f.fragment_offset = (uint16_t)at;
		f.more_fragments = at + n < len;
		if (!packet_send(s, side, &f, s->packet + at, n, how))
			return false;
	}
	return true;
}

bool time_pass(struct script *s, int64_t to)
{
	if (s->stage)
		return play_time(s, to);
	if (s->ack_soonest && s->ack_soonest <= to && !acks_due_send(s, to))
		return false;
	if (to > s->now)
		s->now = to;
	return s->now < INT64_C(300000000) * SECOND || script_fail(s, "the script takes too much time");
}
