/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Captures in: a file or standard input to struct packet.
 *
 * Plain pcap (micro- and nanoseconds, both byte orders) is read by our own buffered reader,
 * which costs a fraction of libpcap's per-packet work; everything else (pcapng, other formats)
 * by libpcap.  Both read through the same source, which undoes gzip and zstd.  The BPF filter is
 * libpcap's.  Live captures are in capture_live.h.
 */
#ifndef PPTPSCOPE_CAPTURE_H
#define PPTPSCOPE_CAPTURE_H

#include "dissectors/packet.h"

enum capture_status {
	CAPTURE_PACKET,	 /* *packet is filled */
	CAPTURE_END,	 /* end of file, nothing wrong */
	CAPTURE_DAMAGED, /* the rest cannot be read; capture_error() says why; what came before is good */
};

struct capture;

/*
 * Opens a capture ("-" is standard input).  filter: a BPF expression or NULL.  Returns NULL and
 * writes a message that says what to do into err (without a newline) when it cannot be read at
 * all (no such file, no permission, not a capture, bad filter).  Sets *bad_usage when the filter
 * does not compile (exit status 2 instead of 3).
 */
struct capture *capture_open(const char *path, const char *filter, char *err, size_t room, bool *bad_usage);

/* Reads the next packet; its octets are valid until the next call.  Packets that the filter rejects
   are numbered and counted, not returned. */
enum capture_status capture_next(struct capture *c, struct packet *packet);

/*
 * The packet after the one that this gave last, or after that of capture_next(), if it has been read from
 * the file already; filtered or not.  Takes nothing: capture_next() will give it, too.
 */
bool capture_ahead(struct capture *c, struct packet *packet);

/*
 * Waits until there is something to read, at most so long; true when capture_next() is worth a call.
 * It may still wait for the rest of a packet, and of pcapng (read by libpcap) it may wait for all of it.
 */
bool capture_wait(struct capture *c, int timeout_ms);

/* From now on, a signal that interrupts reading ends the capture. */
void capture_interruptible(struct capture *c);

void capture_close(struct capture *c);

const char *capture_path(const struct capture *c);
const char *capture_format(const struct capture *c); /* "pcap" or "pcapng" */
const char *capture_compression(const struct capture *c); /* "gzip", "zstd" or NULL */
uint32_t capture_link_type(const struct capture *c);
uint32_t capture_snaplen(const struct capture *c);
bool capture_nanoseconds(const struct capture *c);
uint64_t capture_filtered(const struct capture *c); /* packets rejected by the filter */
const char *capture_error(const struct capture *c); /* after CAPTURE_DAMAGED */

/* For progress: octets of the file taken so far (compressed, if it is), and its size or 0 if unknown. */
uint64_t capture_offset(const struct capture *c);
uint64_t capture_size(const struct capture *c);

#endif
