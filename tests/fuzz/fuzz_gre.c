/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any octets as a GRE packet: the first two choose its length on the wire and whether it is a fragment. */
#include <stdlib.h>

#include "dissectors/gre.h"

static void demand(bool condition)
{
	if (!condition)
		abort();
}

/* What came whole and is all header and payload must encode to the same octets. */
static void check_again(const struct gre_pkt *g, const uint8_t *octets)
{
	size_t size = g->header_len + (size_t)g->caplen;
	uint8_t *again = malloc(size);

	if (!again)
		return;
	demand(gre_encode(g, g->payload, g->caplen, again, size) == size);
	demand(!memcmp(again, octets, size));
	demand(gre_encode(g, g->payload, g->caplen, again, size - 1) == 0);
	free(again);
}

static void check_fields(const struct gre_pkt *g)
{
	for (unsigned i = 0; i < gre_field_count; i++) {
		bool present;
		uint32_t value = gre_field_value(g, i, &present);

		demand(present || value == 0);
	}
	for (unsigned bit = 1; bit; bit <<= 1)
		demand(!(g->defects & bit) || gre_defect_text(bit));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum gre_status status;
	struct gre_pkt g;
	uint32_t caplen, len;

	if (size < 2)
		return 0;
	caplen = (uint32_t)size - 2;
	len = data[1] & 1 ? data[0] : caplen + (data[0] & 0x3f);
	status = gre_decode(data + 2, caplen, len, data[1] & 2, &g);
	check_fields(&g);
	if (status == GRE_OTHER_VERSION)
		return 0;
	demand(g.payload >= data + 2 && g.caplen <= (size_t)(data + size - g.payload));
	demand(g.caplen <= g.payload_length);
	demand(!(g.defects & GRE_BAD_SHORT) || status == GRE_OK);
	if (status == GRE_OK && !(g.defects & GRE_BAD_SHORT))
		check_again(&g, data + 2);
	return 0;
}
