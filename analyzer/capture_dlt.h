/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libpcap's numbers of link types and those of files, where they differ or depend on the system. */
#ifndef PPTPSCOPE_CAPTURE_DLT_H
#define PPTPSCOPE_CAPTURE_DLT_H

#include <pcap/pcap.h>

#include "dissectors/packet.h"

static const struct {
	int dlt;
	uint32_t link_type;
} link_types[] = {
	{ DLT_RAW, LINK_RAW },
	{ DLT_LOOP, LINK_LOOP },
};

static inline uint32_t link_of_dlt(int dlt)
{
	for (size_t i = 0; i < sizeof(link_types) / sizeof(*link_types); i++)
		if (link_types[i].dlt == dlt)
			return link_types[i].link_type;
	return (uint32_t)dlt;
}

static inline int dlt_of_link(uint32_t link_type)
{
	for (size_t i = 0; i < sizeof(link_types) / sizeof(*link_types); i++)
		if (link_types[i].link_type == link_type)
			return link_types[i].dlt;
	return (int)link_type;
}

#endif
