/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reader of plain pcap files: micro- and nanoseconds, both byte orders, version 2.4.
 *
 * For capture.c alone.  The file is read in large pieces and packets are shown where they lie in
 * the buffer, so the usual packet costs neither a copy nor a call into anything else.
 */
#ifndef PPTPSCOPE_CAPTURE_PCAP_H
#define PPTPSCOPE_CAPTURE_PCAP_H

#include "analyzer/capture.h"
#include "analyzer/source.h"
#include "dissectors/cursor.h"

enum {
	PCAP_FILE_HEADER = 24,
	PCAP_RECORD_HEADER = 16,
	PCAP_MOST = 262144, /* octets of a packet, as in libpcap and Wireshark */
};

struct pcap_reader {
	struct cursor in; /* what the buffer holds and was not read yet */
	struct cursor ahead; /* ... and was not shown ahead yet */
	bool big_endian;
	bool nanoseconds;
	uint32_t unit_ns; /* of the fraction of a second */
	uint32_t limit;   /* a longer packet is taken for damage */
	uint32_t link_type, snaplen;
	uint64_t number;  /* of the last packet read */
	uint64_t shown;   /* ... shown ahead */
	uint8_t *buffer;
	struct source *source;
	char error[256];
};

/* Whether the first octets of a file are a header that this reader knows. */
bool pcap_reader_knows(const uint8_t *head, size_t n);

/* Takes the file header, which pcap_reader_knows, from the source.  False when there is no memory. */
bool pcap_reader_open(struct pcap_reader *r, struct source *source);
void pcap_reader_close(struct pcap_reader *r);

/* Writes "after packet NUMBER: WHY" into error. */
void pcap_say_damage(char *error, size_t room, uint64_t number, const char *why);

/* The rare case of pcap_reader_next: more has to be read from the file, or cannot be. */
enum capture_status pcap_reader_more(struct pcap_reader *r, struct packet *packet);

static inline uint32_t pcap_reader_u32(const struct pcap_reader *r, const uint8_t *octets)
{
	uint32_t number = be_uint(octets, 4);

	return r->big_endian ? number : __builtin_bswap32(number);
}

/* Looks at the packet at *at if the buffer holds all of it and its length can be true; *at moves on. */
static inline bool pcap_reader_look(const struct pcap_reader *r, struct cursor *at, struct packet *packet)
{
	struct cursor in = *at;
	const uint8_t *header = cursor_take(&in, PCAP_RECORD_HEADER), *octets;
	uint32_t caplen, len;

	if (!header)
		return false;
	caplen = pcap_reader_u32(r, header + 8);
	len = pcap_reader_u32(r, header + 12);
	octets = cursor_take(&in, caplen);
	if (!octets || caplen > r->limit)
		return false;
	*at = in;
	/* 32 bits of each: no sum overflows, and a fraction of a second or more carries over */
	packet->time_ns = pcap_reader_u32(r, header) * INT64_C(1000000000) +
			  (int64_t)pcap_reader_u32(r, header + 4) * r->unit_ns;
	packet->caplen = caplen;
	packet->len = len < caplen ? caplen : len;
	packet->link_type = r->link_type;
	packet->octets = octets;
	return true;
}

/* Takes a packet, or nothing where pcap_reader_look() shows none. */
static inline bool pcap_reader_take(struct pcap_reader *r, struct packet *packet)
{
	if (!pcap_reader_look(r, &r->in, packet))
		return false;
	packet->number = ++r->number;
	return true;
}

/* The next packet that was not shown yet, if the buffer holds it. */
bool pcap_reader_ahead(struct pcap_reader *r, struct packet *packet);


/* Whether the next packet needs no reading. */
static inline bool pcap_reader_holds(struct pcap_reader *r)
{
	struct pcap_reader copy = *r;
	struct packet packet;

	return pcap_reader_take(&copy, &packet);
}

static inline enum capture_status pcap_reader_next(struct pcap_reader *r, struct packet *packet)
{
	return pcap_reader_take(r, packet) ? CAPTURE_PACKET : pcap_reader_more(r, packet);
}

#endif
