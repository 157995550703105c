/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of PPP fields: see decode_value.h. */
#include "analyzer/decode_value.h"

#include <inttypes.h>

#include "analyzer/report_mask.h"
#include "dissectors/cursor.h"

static const char hidden[] = "***";

bool decode_hidden(const struct report_options *o, const struct ppp_field *f)
{
	return f->row->privacy == PPP_SECRET && !o->show_secrets;
}

/* Octets in hexadecimal, as many as there is room for. */
static void put_hex(const uint8_t *octets, uint32_t len, char *buf, size_t room)
{
	static const char more[] = "...", digits[] = "0123456789abcdef";
	bool all = (uint64_t)len * 2 < room;
	uint32_t shown = all ? len : (uint32_t)((room - sizeof(more)) / 2);
	struct cursor c = cursor_on(octets, shown);

	while (cursor_left(&c)) {
		uint8_t octet = cursor_u8(&c);

		*buf++ = digits[octet >> 4];
		*buf++ = digits[octet & 0x0f];
	}
	memcpy(buf, all ? "" : more, all ? 1 : sizeof(more));
}

/* Text, whose room may be over before it is. */
static void put_text(const uint8_t *octets, uint32_t len, char *buf, size_t room)
{
	static const char more[] = "...";
	uint32_t fits = (uint32_t)((room - sizeof(more)) / 4); /* each octet may become \xNN */

	ctrl_escape(octets, len > fits ? fits : len, buf, room);
	if (len > fits)
		strcat(buf, more);
}

static bool put_mask(const struct report_options *o, const struct ppp_field *f, char *buf)
{
	static const enum mask_kind kinds[] = {
		[PPP_NAME] = MASK_NAME,
		[PPP_HOST] = MASK_HOST,
		[PPP_NUMBER] = MASK_NUMBER,
		[PPP_WORDS] = MASK_TEXT,
	};
	enum ppp_privacy privacy = f->row->privacy;

	if (decode_hidden(o, f)) {
		strcpy(buf, hidden);
		return true;
	}
	if (!o->anonymize || privacy == PPP_PUBLIC || privacy == PPP_SECRET || !f->caplen)
		return false;
	mask_of(kinds[privacy], f->octets, f->caplen, buf);
	return true;
}

const char *decode_value(const struct report_options *o, const struct ppp_field *f, char *buf, size_t room)
{
	struct ip_addr a;
	char addr[64];

	if (f->row->kind == PPP_KIND_ADDRESS) {
		snprintf(buf, room, "%s", ppp_field_address(f, &a) ? report_addr(o, &a, addr) : "");
		return buf;
	}
	if (put_mask(o, f, buf))
		return buf;
	switch (f->row->kind) {
	case PPP_KIND_TEXT:
		put_text(f->octets, f->caplen, buf, room);
		break;
	case PPP_KIND_OCTETS:
	case PPP_KIND_LIST:
		put_hex(f->octets, f->caplen, buf, room);
		break;
	case PPP_KIND_HEX:
	case PPP_KIND_FLAGS:
	case PPP_KIND_PROTOCOL:
		snprintf(buf, room, "0x%0*" PRIx64, f->row->mask ? 1 : 2 * (int)f->width, f->value);
		break;
	default:
		snprintf(buf, room, "%" PRIu64, f->value);
	}
	return buf;
}

bool decode_ppp(const struct gre_pkt *g, enum gre_status status, struct decode_ppp *out)
{
	if (!report_gre_ppp(g, status, &out->frame))
		return false;
	out->known = ppp_control_decode(&out->frame, NULL, &out->control);
	return true;
}

enum ctrl_status decode_ppp_status(const struct decode_ppp *p)
{
	enum ctrl_status status = report_ppp_status(&p->frame);

	if (!p->known || status != CTRL_OK)
		return status;
	return p->control.defects ? CTRL_BAD : p->control.cut ? CTRL_CUT : CTRL_OK;
}
