/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PPP packets in scripts: control packets by the name of their code, and data.  See script_private.h. */
#include "traces/script_private.h"

#include <stdlib.h>

#include "dissectors/cursor.h"
#include "dissectors/ip.h"
#include "dissectors/ppp.h"

enum {
	INNER_HEADER = 20,
	INNER_PROTOCOL = 253, /* for experiments, RFC 3692: nobody looks inside */
	INNER_OCTETS = 64,    /* of the IP packet in a data packet without size */
	CODES = 256,
	CONTROL_HEADER = 4,
	CONFIGURE_REQUEST = 1,
	CONFIGURE_ACK = 2,
	ECHO_REQUEST = 9,
	DISCARD_REQUEST = 11,
};

/* One option of a Configure-Request: opt.TYPE=OCTETS. */
static enum taken tlv_option(struct script *s, struct ppp_make *p, const char *type, const char *value)
{
	uint8_t *out = p->data + p->data_len;
	size_t room = sizeof(p->data) - p->data_len, len;
	uint64_t number;

	if (room < 2 || !value) {
		script_fail(s, "opt.TYPE needs a value, or too many of them");
		return TAKE_FAILED;
	}
	if (!value_upto(s, "opt", type, 255, &number) ||
	    !value_octets(s, value, out + 2, room - 2 > 253 ? 253 : room - 2, &len))
		return TAKE_FAILED;
	out[0] = (uint8_t)number;
	out[1] = (uint8_t)(len + 2);
	p->data_len += len + 2;
	p->has_data = true;
	return TAKEN;
}

enum taken ppp_option(struct script *s, struct ppp_make *p, const char *key, const char *value)
{
	bool ok;

	if (strcmp(key, "acfc") == 0)
		return option_flag(s, value, &p->no_address_control) ? TAKEN : TAKE_FAILED;
	if (strcmp(key, "pfc") == 0)
		return option_flag(s, value, &p->short_protocol) ? TAKEN : TAKE_FAILED;
	if (strncmp(key, "opt.", 4) == 0)
		return tlv_option(s, p, key + 4, value);
	if (strcmp(key, "size") == 0) {
		p->has_size = true;
		return option_number(s, key, value, 65000, &p->size);
	}
	if (strcmp(key, "id") == 0) {
		uint32_t id;

		p->has_id = true;
		ok = option_number(s, key, value, 255, &id) == TAKEN;
		p->id = ok ? (uint8_t)id : 0;
		return ok ? TAKEN : TAKE_FAILED;
	}
	if (!value || (strcmp(key, "ppp") != 0 && strcmp(key, "data") != 0))
		return NOT_MINE;
	if (*key == 'p') {
		p->what = value;
		return TAKEN;
	}
	p->has_data = true;
	return value_octets(s, value, p->data, sizeof(p->data), &p->data_len) ? TAKEN : TAKE_FAILED;
}

/* The number of PROTOCOL, as far as ":". */
static bool protocol_read(struct script *s, const char *what, uint16_t *out)
{
	char name[KEY_ROOM];
	size_t n = strcspn(what, ":");

	if (n >= sizeof(name))
		return script_fail(s, "ppp: name is too long");
	memcpy(name, what, n);
	name[n] = '\0';
	*out = ppp_protocol_by_name(name);
	if (*out)
		return true;
	if (*name < '0' || *name > '9')
		return script_fail(s, "ppp: there is no protocol \"%s\"", name);
	return value_u16(s, "ppp", name, out);
}

static bool code_read(struct script *s, const char *text, uint16_t protocol, uint8_t *out)
{
	uint64_t v;

	for (unsigned code = 0; code < CODES; code++) {
		const char *name = ppp_code_name(protocol, (uint8_t)code);

		if (name && name_equal(name, text)) {
			*out = (uint8_t)code;
			return true;
		}
	}
	if (*text < '0' || *text > '9')
		return script_fail(s, "ppp: there is no code \"%.40s\"", text);
	if (!value_upto(s, "ppp code", text, 255, &v))
		return false;
	*out = (uint8_t)v;
	return true;
}

/* Requests count identifiers; anything else answers the other end's last one. */
static bool is_request(uint16_t protocol, uint8_t code)
{
	const char *name = ppp_code_name(protocol, code);

	return name && (strstr(name, "Request") || strcmp(name, "Challenge") == 0);
}

static uint8_t identifier(const struct ppp_make *p, struct call *c, unsigned side, uint16_t protocol,
			  uint8_t code)
{
	bool request = is_request(protocol, code);
	uint8_t id = p->has_id ? p->id : request ? (uint8_t)(c->end[side].ppp_id + 1) : c->end[!side].ppp_id;

	if (request)
		c->end[side].ppp_id = id;
	return id;
}

/* The data of a control packet: what was given, or what a correct packet holds at least. */
static void control_data(const struct ppp_make *p, struct call *c, unsigned side, uint8_t code,
			 struct wcursor *w)
{
	struct call_end *own = &c->end[side], *peer = &c->end[!side];

	if (code == CONFIGURE_REQUEST) {
		own->options_len = p->data_len < ECHO_DATA ? p->data_len : ECHO_DATA;
		memcpy(own->options, p->data, own->options_len);
	}
	if (p->has_data)
		wcursor_octets(w, p->data, p->data_len);
	else if (code == CONFIGURE_ACK)
		wcursor_octets(w, peer->options, peer->options_len);
	else if (code >= ECHO_REQUEST && code <= DISCARD_REQUEST)
		wcursor_uint(w, 0, 4); /* Magic-Number */
}

static void control_build(const struct ppp_make *p, struct call *c, unsigned side, uint16_t protocol,
			  uint8_t code, struct wcursor *w)
{
	uint8_t *length;
	const uint8_t *start = w->at;
	struct wcursor at;

	wcursor_uint(w, code, 1);
	wcursor_uint(w, identifier(p, c, side, protocol, code), 1);
	length = wcursor_take(w, 2);
	control_data(p, c, side, code, w);
	if (!length)
		return;
	at = wcursor_on(length, 2);
	wcursor_uint(&at, (uint32_t)(w->at - start), 2);
}

/* Octets that no pattern of HDLC can be found in. */
static void letters(struct wcursor *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		wcursor_uint(w, 'a' + i % 26, 1);
}

/* An IPv4 packet from one end's inside to the other's. */
static void inner_build(unsigned side, size_t len, struct wcursor *w)
{
	uint8_t header[INNER_HEADER] = { 0x45, 0, 0,   0,  0, 0, 0,   0,  64, INNER_PROTOCOL,
					 0,    0, 172, 31, 0, 2, 172, 31, 0,  1 };
	struct wcursor at = wcursor_on(header + 2, 2);

	wcursor_uint(&at, (uint32_t)len, 2);
	if (side == SIDE_PAC) {
		header[15] = 1;
		header[19] = 2;
	}
	at = wcursor_on(header + 10, 2);
	wcursor_uint(&at, (uint16_t)~ip_checksum_fold(ip_checksum_add(0, header, sizeof(header))), 2);
	wcursor_octets(w, header, sizeof(header));
	letters(w, len - sizeof(header));
}

/* The data of a packet that is no control packet; framing: octets before it. */
static void data_build(const struct ppp_make *p, unsigned side, uint16_t protocol, size_t framing,
		       struct wcursor *w)
{
	size_t len = INNER_OCTETS;

	if (p->has_size)
		len = p->size > framing ? p->size - framing : 0;
	if (p->has_data)
		wcursor_octets(w, p->data, p->data_len);
	else if (protocol == PPP_IP && len >= INNER_HEADER)
		inner_build(side, len, w);
	else
		letters(w, len);
}

bool ppp_build(struct script *s, const struct ppp_make *p, struct call *c, unsigned side, uint8_t *out,
	       size_t room, size_t *len)
{
	struct wcursor w = wcursor_on(out, room);
	const char *code_at = p->what ? strchr(p->what, ':') : NULL;
	uint16_t protocol = PPP_IP;
	uint8_t code = 0;

	if (p->what && !protocol_read(s, p->what, &protocol))
		return false;
	if (code_at && !code_read(s, code_at + 1, protocol, &code))
		return false;
	if (!p->no_address_control)
		wcursor_uint(&w, 0xff03, 2);
	if (p->short_protocol && protocol < 256)
		wcursor_uint(&w, protocol, 1);
	else
		wcursor_uint(&w, protocol, 2);
	if (code_at)
		control_build(p, c, side, protocol, code, &w);
	else
		data_build(p, side, protocol, (size_t)(w.at - out), &w);
	*len = (size_t)(w.at - out);
	return !w.overrun || script_fail(s, "too many octets for a PPP packet");
}

bool ppp_matches(struct script *s, const struct ppp_make *p, const struct gre_pkt *got)
{
	const char *code_at = p->what ? strchr(p->what, ':') : NULL;
	uint16_t protocol = 0;
	uint8_t code = 0;
	struct ppp_frame f;

	ppp_decode(got->payload, got->caplen, got->payload_length, &f);
	if (f.bad || f.cut)
		return false;
	if (p->what && (!protocol_read(s, p->what, &protocol) || protocol != f.protocol))
		return false;
	if (code_at && (!code_read(s, code_at + 1, protocol, &code) || !f.has_code || f.code != code))
		return false;
	return !p->has_id || (f.has_code && f.identifier == p->id);
}
