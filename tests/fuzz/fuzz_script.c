/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any octets as a trace script: it compiles, or says why not in one line that begins with its place. */
#include <stdlib.h>

#include "traces/script.h"

enum { FRAMES_MAX = 2000 };

struct sunk {
	unsigned frames;
	uint32_t sum; /* so that every octet of a frame is read */
};

static void demand(bool condition)
{
	if (!condition)
		abort();
}

static bool sink(void *ctx, int64_t time_ns, const uint8_t *octets, uint32_t caplen, uint32_t wire_len)
{
	struct sunk *s = ctx;

	(void)time_ns;
	demand(caplen <= wire_len);
	for (uint32_t i = 0; i < caplen; i++)
		s->sum = s->sum * 31 + octets[i];
	return ++s->frames < FRAMES_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sunk s = { 0 };
	uint32_t link_type;
	char err[200] = "";
	bool ok = script_compile("s", (const char *)data, size, &link_type, sink, &s, err, sizeof(err));

	demand(ok == !err[0]);
	demand(ok || strncmp(err, "s:", 2) == 0);
	demand(memchr(err, '\0', sizeof(err)) != NULL);
	return 0;
}
