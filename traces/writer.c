/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captures out, by libpcap: see writer.h. */
#include "traces/writer.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { STREAM_ROOM = 256 << 10 }; /* one write(2) for thousands of small frames */

enum { NO_LIMIT = 262144 }; /* the longest packet that libpcap reads */

enum { NS_PER_S = 1000000000, NS_PER_US = 1000 };

struct writer {
	pcap_t *dead; /* carries the link type and the resolution */
	pcap_dumper_t *dumper;
	FILE *stream;
	uint32_t snaplen;
	bool nanoseconds;
	char error[160];
	char buffer[STREAM_ROOM];
};

/* libpcap's number where it is not that of the file. */
static int dlt_of_link(uint32_t link_type)
{
	return link_type == LINK_RAW ? DLT_RAW : link_type == LINK_LOOP ? DLT_LOOP : (int)link_type;
}

static bool fail(struct writer *w, const char *why)
{
	if (!w->error[0])
		snprintf(w->error, sizeof(w->error), "cannot write: %s", why);
	return false;
}

/* A stream of our own onto standard output, so that closing it closes nobody else's. */
static FILE *open_standard_output(void)
{
	int fd = dup(STDOUT_FILENO);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "wb");

	if (!f && fd >= 0)
		close(fd);
	return f;
}

/* False with the reason in w->error; the stream is then closed. */
static bool open_dumper(struct writer *w, const char *path, uint32_t link_type)
{
	w->dead = pcap_open_dead_with_tstamp_precision(dlt_of_link(link_type), (int)w->snaplen,
						       w->nanoseconds ? PCAP_TSTAMP_PRECISION_NANO
								      : PCAP_TSTAMP_PRECISION_MICRO);
	if (!w->dead)
		return fail(w, strerror(ENOMEM));
	w->stream = strcmp(path, "-") == 0 ? open_standard_output() : fopen(path, "wbe");
	if (!w->stream)
		return fail(w, strerror(errno));
	setvbuf(w->stream, w->buffer, _IOFBF, sizeof(w->buffer));
	w->dumper = pcap_dump_fopen(w->dead, w->stream);
	if (!w->dumper) {
		fail(w, pcap_geterr(w->dead));
		fclose(w->stream);
	}
	return w->dumper != NULL;
}

static void release(struct writer *w)
{
	if (w->dead)
		pcap_close(w->dead);
	free(w);
}

struct writer *writer_open(const char *path, uint32_t link_type, uint32_t snaplen, bool nanoseconds,
			   char *err, size_t room)
{
	struct writer *w = calloc(1, sizeof(*w));

	if (!w) {
		snprintf(err, room, "%s: not enough memory", path);
		return NULL;
	}
	w->snaplen = snaplen ? snaplen : NO_LIMIT;
	w->nanoseconds = nanoseconds;
	if (open_dumper(w, path, link_type))
		return w;
	snprintf(err, room, "%s: %s", strcmp(path, "-") == 0 ? "standard output" : path, w->error);
	release(w);
	return NULL;
}

bool writer_frame(struct writer *w, int64_t time_ns, const uint8_t *octets, uint32_t caplen,
		  uint32_t wire_len)
{
	struct pcap_pkthdr header = { .len = wire_len };
	int64_t fraction = time_ns % NS_PER_S;

	if (w->error[0])
		return false;
	if (fraction < 0)
		fraction += NS_PER_S;
	header.ts.tv_sec = (time_t)((time_ns - fraction) / NS_PER_S);
	header.ts.tv_usec = (suseconds_t)(w->nanoseconds ? fraction : fraction / NS_PER_US);
	header.caplen = caplen < w->snaplen ? caplen : w->snaplen;
	pcap_dump((u_char *)w->dumper, &header, octets);
	return !ferror(w->stream) || fail(w, strerror(errno));
}

const char *writer_error(const struct writer *w)
{
	return w->error;
}

/* Some file systems tell only at close() that the disk is full; a closed copy makes them tell. */
static bool reached_disk(FILE *stream)
{
	int fd = dup(fileno(stream));

	return fd >= 0 && close(fd) == 0;
}

bool writer_close(struct writer *w)
{
	bool whole;

	if (!w)
		return true;
	whole = pcap_dump_flush(w->dumper) == 0 && !w->error[0] && reached_disk(w->stream);
	pcap_dump_close(w->dumper); /* closes the stream */
	release(w);
	return whole;
}
