/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Captures out, by libpcap: nanosecond pcap files of raw frames, and frames built from parts.
 */
#ifndef PPTPSCOPE_WRITER_H
#define PPTPSCOPE_WRITER_H

#include "dissectors/packet.h"

struct writer;

/* "-" writes to standard output.  NULL with a message in err when it cannot be opened. */
struct writer *writer_open(const char *path, uint32_t link_type, uint32_t snaplen, bool nanoseconds,
			   char *err, size_t room);

/* Writes a frame; wire_len >= caplen.  False after a failed write (full disk): see writer_error. */
bool writer_frame(struct writer *w, int64_t time_ns, const uint8_t *octets, uint32_t caplen, uint32_t wire_len);
const char *writer_error(const struct writer *w);

/* Flushes and closes; false when the file is not whole. */
bool writer_close(struct writer *w);

/* The parts of a frame to build; zero means: leave out, or default. */
struct frame_spec {
	uint16_t vlan[4];	/* 802.1Q ids, outermost first; 0 ends */
	struct ip_addr src, dst;
	uint8_t protocol;	/* IP protocol */
	uint8_t ttl;		/* 64 */
	uint16_t ip_id;
	uint16_t fragment_offset; /* octets, multiple of 8 */
	bool more_fragments, dont_fragment;
};

/* Builds Ethernet (addresses derived from the IP ones), VLAN tags, IPv4 or IPv6 header with right
   checksum, and payload.  Returns the frame's octets, or 0 where room is too small. */
size_t frame_build(const struct frame_spec *f, const uint8_t *payload, size_t len, uint8_t *out, size_t room);

/* Builds a TCP segment with right checksum.  Returns its octets, or 0 where room is too small. */
size_t frame_tcp(const struct frame_spec *f, uint16_t src_port, uint16_t dst_port, uint32_t seq, uint32_t ack,
		 uint8_t flags, const uint8_t *payload, size_t len, uint8_t *out, size_t room);

#endif
