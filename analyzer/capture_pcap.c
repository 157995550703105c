/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reader of plain pcap files: see capture_pcap.h. */
#include "analyzer/capture_pcap.h"

#include <stdlib.h>

enum {
	/* Read at a time, and room for the longest packet wherever the last piece ended. */
	BUFFER_ROOM = PCAP_MOST + 4096,
	/*
	 * Some writers state a snap length and exceed it, so no packet that IP could have carried
	 * is refused for that; a random length in damaged data seldom is as small.
	 */
	TOLERATED = 65536,
};

/* The magic numbers as they stand in the file. */
static const struct magic {
	uint8_t octets[4];
	bool big_endian, nanoseconds;
} magics[] = {
	{ { 0xd4, 0xc3, 0xb2, 0xa1 }, false, false },
	{ { 0xa1, 0xb2, 0xc3, 0xd4 }, true, false },
	{ { 0x4d, 0x3c, 0xb2, 0xa1 }, false, true },
	{ { 0xa1, 0xb2, 0x3c, 0x4d }, true, true },
};

static const struct magic *find_magic(const uint8_t *head, size_t n)
{
	for (size_t i = 0; n >= 4 && i < sizeof(magics) / sizeof(*magics); i++)
		if (memcmp(head, magics[i].octets, 4) == 0)
			return &magics[i];
	return NULL;
}

bool pcap_reader_knows(const uint8_t *head, size_t n)
{
	const struct magic *m = find_magic(head, n);
	struct cursor c = cursor_on(head, n);
	uint16_t major, minor;

	if (!m || n < PCAP_FILE_HEADER)
		return false;
	cursor_take(&c, 4);
	major = m->big_endian ? cursor_u16(&c) : cursor_u16le(&c);
	minor = m->big_endian ? cursor_u16(&c) : cursor_u16le(&c);
	return major == 2 && minor == 4; /* in older ones the lengths stand in another order */
}

/* Link types that systems wrote into files before they had a number that all agree upon. */
static uint32_t link_of_file(uint32_t network)
{
	network &= 0xffff; /* above: how long the frame check sequence is */
	return network == 12 || network == 14 ? LINK_RAW : network;
}

bool pcap_reader_open(struct pcap_reader *r, struct source *source)
{
	uint8_t head[PCAP_FILE_HEADER];
	const struct magic *m;

	*r = (struct pcap_reader){ .source = source, .buffer = malloc(BUFFER_ROOM) };
	if (!r->buffer)
		return false;
	source_read(source, head, sizeof(head)); /* all of it was peeked at */
	m = find_magic(head, sizeof(head));
	r->big_endian = m->big_endian;
	r->nanoseconds = m->nanoseconds;
	r->unit_ns = m->nanoseconds ? 1 : 1000;
	/* magic, version, and two fields that are always 0 */
	r->snaplen = pcap_reader_u32(r, head + 16);
	r->link_type = link_of_file(pcap_reader_u32(r, head + 20));
	if (r->snaplen == 0 || r->snaplen > PCAP_MOST)
		r->snaplen = PCAP_MOST;
	r->limit = r->snaplen < TOLERATED ? TOLERATED : r->snaplen;
	r->in = cursor_on(r->buffer, 0);
	return true;
}

void pcap_reader_close(struct pcap_reader *r)
{
	free(r->buffer);
}

void pcap_say_damage(char *error, size_t room, uint64_t number, const char *why)
{
	if (number)
		snprintf(error, room, "after packet %llu: %s", (unsigned long long)number, why);
	else
		snprintf(error, room, "before the first packet: %s", why);
}

/* How long the next packet claims to be; false where its header is not all in the buffer. */
static bool claimed(const struct pcap_reader *r, uint32_t *caplen)
{
	struct cursor c = r->in;
	const uint8_t *header = cursor_take(&c, PCAP_RECORD_HEADER);

	if (header)
		*caplen = pcap_reader_u32(r, header + 8);
	return header;
}

/* Reads until the buffer holds `wanted` octets.  What packet->octets pointed to is gone. */
static bool fill(struct pcap_reader *r, size_t wanted)
{
	size_t have = cursor_left(&r->in);

	memmove(r->buffer, r->in.at, have);
	while (have < wanted) {
		ssize_t n = source_read(r->source, r->buffer + have, BUFFER_ROOM - have);

		if (n <= 0)
			break;
		have += (size_t)n;
	}
	r->in = cursor_on(r->buffer, have);
	r->shown = 0; /* it moved */
	return have >= wanted;
}

/* Nothing more comes: tells a good end from a bad one. */
static enum capture_status ended(struct pcap_reader *r)
{
	unsigned long long next = r->number + 1;
	size_t have = cursor_left(&r->in);
	uint32_t caplen;

	if (source_error(r->source)[0]) {
		pcap_say_damage(r->error, sizeof(r->error), r->number, source_error(r->source));
		return CAPTURE_DAMAGED;
	}
	if (!have)
		return CAPTURE_END;
	if (claimed(r, &caplen))
		snprintf(r->error, sizeof(r->error), "file ends within packet %llu (%zu of %u octets there)",
			 next, have - PCAP_RECORD_HEADER, caplen);
	else
		snprintf(r->error, sizeof(r->error),
			 "file ends within the header of packet %llu (%zu of %d octets there)", next, have,
			 PCAP_RECORD_HEADER);
	return CAPTURE_DAMAGED;
}

enum capture_status pcap_reader_more(struct pcap_reader *r, struct packet *packet)
{
	do {
		uint32_t caplen = 0;
		bool header = claimed(r, &caplen);

		if (header && caplen > r->limit) {
			snprintf(r->error, sizeof(r->error),
				 "packet %llu claims %u octets, but at most %u can be: damaged from there on",
				 (unsigned long long)r->number + 1, caplen, r->limit);
			return CAPTURE_DAMAGED;
		}
		if (!fill(r, PCAP_RECORD_HEADER + (header ? caplen : 0)))
			return ended(r);
	} while (!pcap_reader_take(r, packet));
	return CAPTURE_PACKET;
}

bool pcap_reader_ahead(struct pcap_reader *r, struct packet *packet)
{
	if (r->shown <= r->number) {
		r->ahead = r->in;
		r->shown = r->number;
	}
	if (!pcap_reader_look(r, &r->ahead, packet))
		return false;
	packet->number = ++r->shown;
	return true;
}
