/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trace scripts: a readable text of who sends what and when, to packets (pptpscope trace make).
 * The language is described in the manual page pptpscope-trace(5) and at the top of script.c.
 */
#ifndef PPTPSCOPE_SCRIPT_H
#define PPTPSCOPE_SCRIPT_H

#include "traces/writer.h"

/* Compiles a script into a capture.  False with "FILE:LINE: what is wrong" in err. */
bool script_make(const char *path, const char *out_path, char *err, size_t room);

/* Compiles a script held in memory (name: for messages) by calling sink for every frame. */
typedef bool script_sink_fn(void *ctx, int64_t time_ns, const uint8_t *octets, uint32_t caplen, uint32_t wire_len);
bool script_compile(const char *name, const char *text, size_t len, uint32_t *link_type, script_sink_fn *sink,
		    void *ctx, char *err, size_t room);

/* What the load generator makes (pptpscope trace load). */
struct load_spec {
	uint64_t calls;		/* at once */
	uint64_t pairs;		/* host pairs that they are spread over */
	uint64_t packets;	/* GRE packets in all, both directions */
	uint32_t payload;	/* octets of PPP a GRE packet */
	uint64_t connections;	/* control connections that come and go, each a whole conversation */
	uint64_t live;		/* of those at a time */
	bool control;		/* calls are set up by control messages (else GRE alone) */
	bool random_order;	/* packets of calls in random order instead of round robin */
	uint32_t seed;
	uint32_t loss_permille, reorder_permille, duplicate_permille;
};

/* Writes a load capture; the same spec gives the same octets.  False with a message in err. */
bool load_make(const struct load_spec *spec, const char *out_path, char *err, size_t room);

#endif
