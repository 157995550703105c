/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any octets as what is inside PPP; the first two are what was negotiated and what the wire had more. */
#include <stdlib.h>

#include "dissectors/ppp_control.h"

static void demand(bool condition)
{
	if (!condition)
		abort();
}

/* Fields lie within the packet, one after the other, and each name occurs once: JSON has it as a key. */
static void check_fields(const struct ppp_control *c, const struct ppp_field *f, unsigned n, uint32_t end)
{
	uint32_t at = 0;
	char words[600];

	for (unsigned i = 0; i < n; i++) {
		demand(f[i].offset >= at && f[i].width <= end && f[i].offset <= end - f[i].width);
		demand(f[i].caplen <= f[i].width);
		demand(!f[i].caplen || f[i].octets == c->octets + f[i].offset);
		demand(!f[i].caplen || f[i].offset + f[i].caplen <= c->caplen);
		at = f[i].offset;
		ppp_field_words(&f[i], words, sizeof(words));
		for (unsigned k = 0; k < i; k++)
			demand(strcmp(f[k].row->name, f[i].row->name) != 0);
	}
}

static void check_options(const struct ppp_control *c)
{
	struct ppp_option o;
	uint32_t at = 0, before = 0;

	while (ppp_option_next(c, &at, &o)) {
		demand(at > before && c->options_at + at <= c->len);
		demand(o.offset == c->options_at + before && o.len == at - before && o.caplen <= o.len);
		demand((o.defects & ~c->defects) == 0);
		demand(o.desc == ppp_option_desc_of(c->protocol, o.number));
		check_fields(c, o.field, o.nfields, o.offset + o.len);
		before = at;
	}
}

static void check_structures(const struct ppp_frame *f, const struct ppp_control *c)
{
	struct ppp_chap chap;
	struct ppp_mppe mppe;
	struct ppp_ip ip;

	if (ppp_chap_decode(c, &chap)) {
		const struct ppp_octets *parts[] = {
			&chap.value,          &chap.name,    &chap.lm_response,
			&chap.nt_response,    &chap.message, &chap.authenticator_response,
			&chap.peer_challenge, &chap.text,    &chap.new_challenge,
		};

		for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
			demand(!parts[i]->len || (parts[i]->octets >= c->octets &&
						  parts[i]->octets + parts[i]->len <= c->octets + c->caplen));
	}
	if (ppp_mppe_decode(f, &mppe))
		demand(mppe.caplen + 2 == f->caplen && mppe.caplen <= mppe.len);
	if (ppp_ip_decode(f, &ip))
		demand(ip.d.payload >= f->payload && ip.d.payload + ip.d.caplen <= f->payload + f->caplen);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t chaps[4] = { 0, PPP_CHAP_MD5, PPP_CHAP_MS, PPP_CHAP_MS2 };
	static const uint8_t methods[4] = { 0, CCP_OPT_MPPE, CCP_OPT_DEFLATE, CCP_OPT_STAC };
	struct ppp_context context;
	struct ppp_control c;
	struct ppp_frame f;
	uint32_t caplen;

	if (size < 2)
		return 0;
	context.chap = chaps[data[0] & 3];
	context.compression = methods[data[0] >> 2 & 3];
	context.short_sequence = data[0] & 16;
	caplen = (uint32_t)size - 2;
	ppp_decode(data + 2, caplen, caplen + data[1], &f);
	demand(f.caplen <= f.len);
	if (!ppp_control_decode(&f, &context, &c))
		return 0;
	demand(c.caplen <= c.len && c.len <= (c.has_code && f.len < 4 ? 4 : f.len));
	demand(!c.cut || f.caplen < f.len);
	check_fields(&c, c.field, c.nfields, c.len);
	check_options(&c);
	check_structures(&f, &c);
	return 0;
}
