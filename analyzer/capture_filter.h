/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The filter for the kernel; for capture_live.c alone. */
#ifndef PPTPSCOPE_CAPTURE_FILTER_H
#define PPTPSCOPE_CAPTURE_FILTER_H

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capture_filter {
	const uint16_t *ports;
	size_t nports;
	bool all_tcp;
	const char *more; /* a further condition of the user's, or NULL */
};

/*
 * Compiles it for the link type of p.  The instructions are to be freed with free().  False with a
 * message in err.
 */
bool capture_filter_compile(pcap_t *p, const struct capture_filter *f, struct bpf_program *out, char *err,
			    size_t room);

#endif
