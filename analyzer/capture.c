/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captures in, by our own reader or by libpcap: see capture.h. */
#include "analyzer/capture.h"

#include <stdarg.h>
#include <stdlib.h>

#include "analyzer/capture_dlt.h"
#include "analyzer/capture_pcap.h"
#include "analyzer/source.h"

enum { STREAM_ROOM = 256 << 10 }; /* libpcap would read 4 kB at a time */

struct capture {
	struct pcap_reader reader; /* used unless there is a library */
	pcap_t *library;
	char *stream_buffer; /* of the library's stream */
	bool filtering;
	enum capture_status over; /* of the library: CAPTURE_PACKET until it ended */
	struct bpf_program filter;
	uint64_t filtered;
	uint64_t number; /* of the library's last packet */
	struct source *source;
	char *path;
	const char *format;
	uint32_t link_type, snaplen;
	bool nanoseconds;
	char error[320]; /* of the library */
};

/* What else people hand in, by how it begins. */
static const struct {
	const char *octets;
	size_t n;
	const char *advice;
} strangers[] = {
	{ "BZh", 3, "compressed with bzip2, which is not undone here; unpack it first: bzip2 -d" },
	{ "\3757zXZ", 5, "compressed with xz, which is not undone here; unpack it first: xz -d" },
	{ "\x04\x22\x4d\x18", 4, "compressed with lz4, which is not undone here; unpack it first: lz4 -d" },
	{ "PK\x03\x04", 4, "a zip archive; unpack it first: unzip" },
};

static const char *what_instead(const uint8_t *head, size_t n)
{
	for (size_t i = 0; i < sizeof(strangers) / sizeof(*strangers); i++)
		if (n >= strangers[i].n && memcmp(head, strangers[i].octets, strangers[i].n) == 0)
			return strangers[i].advice;
	return "not a pcap or pcapng capture; if it is one of another format, convert it: editcap -F pcap "
	       "OLD NEW";
}

/* Says why a capture cannot be read at all. */
__attribute__((format(printf, 2, 3))) static bool refuse(struct capture *c, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(c->error, sizeof(c->error), format, args);
	va_end(args);
	return false;
}

static bool is_pcapng(const uint8_t *head, size_t n)
{
	return n >= 4 && memcmp(head, "\n\r\r\n", 4) == 0;
}

static bool open_reader(struct capture *c)
{
	if (!pcap_reader_open(&c->reader, c->source))
		return refuse(c, "not enough memory");
	c->format = "pcap";
	c->link_type = c->reader.link_type;
	c->snaplen = c->reader.snaplen;
	c->nanoseconds = c->reader.nanoseconds;
	return true;
}

static bool open_library(struct capture *c, const uint8_t *head, size_t n)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	FILE *stream;

	c->stream_buffer = malloc(STREAM_ROOM);
	stream = c->stream_buffer ? source_stream(c->source, c->stream_buffer, STREAM_ROOM) : NULL;
	if (!stream)
		return refuse(c, "not enough memory");
	c->library = pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!c->library) {
		fclose(stream);
		if (source_error(c->source)[0])
			return refuse(c, "%s", source_error(c->source));
		if (strstr(why, "unknown file format"))
			return refuse(c, "%s", what_instead(head, n));
		return refuse(c, "the header of the capture is damaged: %s", why);
	}
	c->format = is_pcapng(head, n) ? "pcapng" : "pcap";
	c->nanoseconds = is_pcapng(head, n); /* each interface has its own resolution, often finer */
	c->link_type = link_of_dlt(pcap_datalink(c->library));
	c->snaplen = (uint32_t)pcap_snapshot(c->library);
	return true;
}

/* Chooses who reads the capture. */
static bool open_contents(struct capture *c)
{
	const uint8_t *head;
	size_t n = source_peek(c->source, &head, PCAP_FILE_HEADER);

	if (pcap_reader_knows(head, n))
		return open_reader(c);
	if (n < PCAP_FILE_HEADER && source_error(c->source)[0])
		return refuse(c, "%s", source_error(c->source));
	if (n == 0)
		return refuse(c, "the file is empty; capture again, or check how it was copied");
	if (n < PCAP_FILE_HEADER)
		return refuse(c, "not a capture, or one that was cut: it holds only %zu octets", n);
	return open_library(c, head, n);
}

static bool open_filter(struct capture *c, const char *text, bool *bad_usage)
{
	pcap_t *dead = pcap_open_dead(dlt_of_link(c->link_type), PCAP_MOST);

	if (!dead)
		return refuse(c, "not enough memory");
	c->filtering = pcap_compile(dead, &c->filter, text, 1, PCAP_NETMASK_UNKNOWN) == 0;
	if (!c->filtering) {
		*bad_usage = true;
		refuse(c, "filter '%.100s' is not valid: %.150s; see pcap-filter(7)", text,
		       pcap_geterr(dead));
	}
	pcap_close(dead);
	return c->filtering;
}

struct capture *capture_open(const char *path, const char *filter, char *err, size_t room, bool *bad_usage)
{
	struct capture *c = calloc(1, sizeof(*c));

	*bad_usage = false;
	if (!c) {
		snprintf(err, room, "%s: not enough memory", path);
		return NULL;
	}
	c->path = strdup(path);
	c->source = source_open(path, c->error, sizeof(c->error));
	if (c->path && c->source && open_contents(c) && (!filter || open_filter(c, filter, bad_usage)))
		return c;
	if (*bad_usage)
		snprintf(err, room, "%s", c->error);
	else
		snprintf(err, room, "%s: %s", strcmp(path, "-") == 0 ? "standard input" : path, c->error);
	capture_close(c);
	return NULL;
}

/* Puts libpcap's reason for giving up into words for people. */
static void say_why(struct capture *c, const char *reason)
{
	const char *why = reason;

	if (source_error(c->source)[0])
		why = source_error(c->source);
	else if (strstr(reason, "different from the type of the first interface"))
		why = "interfaces of several link types in one pcapng file cannot be read; "
		      "capture each interface into a file of its own";
	else if (strstr(reason, "different from the snapshot length of the first interface"))
		why = "interfaces of several snap lengths in one pcapng file cannot be read; "
		      "convert it: editcap -F pcap OLD NEW";
	pcap_say_damage(c->error, sizeof(c->error), c->number, why);
}

/*
 * libpcap's time within the range of our own reader, so that nobody's sums overflow: it hands on
 * 64 bits of seconds from pcapng, and 32 bits from the kinds of pcap with a sign that they lack.
 */
static int64_t time_of(const struct capture *c, const struct timeval *ts)
{
	int64_t seconds = ts->tv_sec;

	if (seconds < 0)
		seconds = c->nanoseconds ? 0 : (int64_t)(uint32_t)seconds;
	else if (seconds > UINT32_MAX)
		seconds = UINT32_MAX;
	return seconds * INT64_C(1000000000) + (ts->tv_usec < 0 ? 0 : ts->tv_usec);
}

static enum capture_status library_next(struct capture *c, struct packet *packet)
{
	struct pcap_pkthdr *header;
	const u_char *octets;
	int status;

	if (c->over != CAPTURE_PACKET)
		return c->over;
	status = pcap_next_ex(c->library, &header, &octets);
	if (status != 1) {
		c->over = status == PCAP_ERROR_BREAK ? CAPTURE_END : CAPTURE_DAMAGED;
		if (c->over == CAPTURE_DAMAGED)
			say_why(c, pcap_geterr(c->library));
		return c->over;
	}
	*packet = (struct packet){
		.number = ++c->number,
		.time_ns = time_of(c, &header->ts),
		.caplen = header->caplen,
		.len = header->len < header->caplen ? header->caplen : header->len,
		.link_type = c->link_type,
		.octets = octets,
	};
	return CAPTURE_PACKET;
}

static bool passes(const struct capture *c, const struct packet *packet)
{
	struct pcap_pkthdr header = { .caplen = packet->caplen, .len = packet->len };

	return pcap_offline_filter(&c->filter, &header, packet->octets) != 0;
}

static NOT_IN_THE_WAY enum capture_status any_next(struct capture *c, struct packet *packet)
{
	for (;;) {
		enum capture_status status =
			c->library ? library_next(c, packet) : pcap_reader_next(&c->reader, packet);

		if (status != CAPTURE_PACKET || !c->filtering || passes(c, packet))
			return status;
		c->filtered++;
	}
}

enum capture_status capture_next(struct capture *c, struct packet *packet)
{
	/* the usual one, without what the others need */
	if (!c->library && !c->filtering)
		return pcap_reader_next(&c->reader, packet);
	return any_next(c, packet);
}

bool capture_ahead(struct capture *c, struct packet *packet)
{
	return !c->library && pcap_reader_ahead(&c->reader, packet);
}

bool capture_wait(struct capture *c, int timeout_ms)
{
	if (!c->library && pcap_reader_holds(&c->reader))
		return true;
	return source_wait(c->source, c->library ? 0 : timeout_ms) || c->library;
}

void capture_interruptible(struct capture *c)
{
	source_interruptible(c->source);
}

void capture_close(struct capture *c)
{
	if (!c)
		return;
	if (c->filtering)
		pcap_freecode(&c->filter);
	if (c->library)
		pcap_close(c->library); /* closes the stream too, whose buffer and source go after it */
	free(c->stream_buffer);
	pcap_reader_close(&c->reader);
	source_close(c->source);
	free(c->path);
	free(c);
}

const char *capture_path(const struct capture *c)
{
	return c->path;
}

const char *capture_format(const struct capture *c)
{
	return c->format;
}

const char *capture_compression(const struct capture *c)
{
	return source_compression(c->source);
}

uint32_t capture_link_type(const struct capture *c)
{
	return c->link_type;
}

uint32_t capture_snaplen(const struct capture *c)
{
	return c->snaplen;
}

bool capture_nanoseconds(const struct capture *c)
{
	return c->nanoseconds;
}

uint64_t capture_filtered(const struct capture *c)
{
	return c->filtered;
}

const char *capture_error(const struct capture *c)
{
	return c->library ? c->error : c->reader.error;
}

uint64_t capture_offset(const struct capture *c)
{
	return source_offset(c->source);
}

uint64_t capture_size(const struct capture *c)
{
	return source_size(c->source);
}
