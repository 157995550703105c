/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any octets as a PPP frame; the first is what the wire had more. */
#include <stdlib.h>

#include "dissectors/ppp.h"

static void demand(bool condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ppp_frame f;
	uint32_t caplen;

	if (!size)
		return 0;
	caplen = (uint32_t)size - 1;
	ppp_decode(data + 1, caplen, data[0] & 0x80 ? data[0] & 0x7f : caplen + data[0], &f);
	demand(f.payload >= data + 1 && f.caplen <= (size_t)(data + size - f.payload));
	demand(!f.cut || (!f.protocol && !f.bad && !f.caplen));
	demand(!f.has_code || (f.caplen >= 4 && ppp_has_code(f.protocol)));
	demand(f.cut || f.bad || f.protocol & 1);
	if (ppp_protocol_name(f.protocol))
		demand(ppp_protocol_by_name(ppp_protocol_name(f.protocol)) == f.protocol);
	ppp_code_name(f.protocol, f.code);
	return 0;
}
