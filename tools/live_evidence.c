/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets before and after: see live_evidence.h. */
#include "tools/live_evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dissectors/ip.h"
#include "tools/live_rotate.h"
#include "traces/writer.h"

enum {
	DEFAULT_RING = 16 << 20,
	DEFAULT_FILE = 16 << 20,
	DEFAULT_FILES = 64,
	DEFAULT_OPEN = 8,
	OPEN_MAX = 64,
	RING_LEAST = 64 << 10,
	BUCKETS = 1 << 12,
	ALIGNMENT = 16,
	LABEL_MAX = 48,
	PART_ROOM = 24, /* of ".pcap.partN" */
	SAME_NAME_MAX = 10000,
	PCAP_HEAD = 24,   /* octets of a file without packets */
	PCAP_RECORD = 16, /* octets of a packet besides its own */
};

/* Two addresses in the order of their octets. */
struct address_pair {
	struct ip_addr low, high;
};

/*
 * A packet in the ring; its octets follow.  Positions count all octets that were ever put there, so
 * that one that was overwritten is known by being too old.  Position 0 is never a packet's.
 */
struct remembered {
	uint64_t before; /* the packet before it in the same bucket, or 0 */
	uint64_t after;  /* while a file is begun: the next one of the same pair */
	struct address_pair pair;
	int64_t time_ns;
	uint32_t caplen, len, link_type;
};

/* A file that grows; `writer` is NULL before its first packet. */
struct growing {
	struct address_pair pair;
	struct writer *writer;
	char label[LABEL_MAX + 1];
	char path[PATH_MAX]; /* without ".part" */
	uint32_t link_type;
	int64_t begun_ns;
	uint64_t octets;
};

struct live_evidence {
	struct live_evidence_options options;
	char *folder;
	uint8_t *ring;
	size_t room;
	uint64_t head; /* where the next packet goes */
	uint64_t bucket[BUCKETS];
	struct growing *growing[OPEN_MAX]; /* the first counts.open */
	struct live_evidence_counts counts;
	char path[PATH_MAX];
	char error[PATH_MAX + 80];
};

/* ---------------------------------------------------------------- the ring */

static struct address_pair pair_of(const struct ip_addr *a, const struct ip_addr *b)
{
	return ip_addr_cmp(a, b) <= 0 ? (struct address_pair){ *a, *b } : (struct address_pair){ *b, *a };
}

static bool same_pair(const struct address_pair *a, const struct address_pair *b)
{
	return ip_addr_same(&a->low, &b->low) && ip_addr_same(&a->high, &b->high);
}

static unsigned bucket_of(const struct address_pair *p)
{
	uint64_t h = ip_addr_half(&p->low, 0) * UINT64_C(0x9e3779b97f4a7c15) ^ ip_addr_half(&p->low, 1);

	h = h * UINT64_C(0x9e3779b97f4a7c15) ^ ip_addr_half(&p->high, 0);
	h = h * UINT64_C(0x9e3779b97f4a7c15) ^ ip_addr_half(&p->high, 1);
	return (unsigned)(h * UINT64_C(0x9e3779b97f4a7c15) >> 52) % BUCKETS;
}

static struct remembered *at(const struct live_evidence *e, uint64_t position)
{
	return (struct remembered *)(void *)(e->ring + position % e->room);
}

/* Whether the packet at a position is there still. */
static bool is_there(const struct live_evidence *e, uint64_t position)
{
	return position != 0 && position + e->room >= e->head;
}

static size_t size_in_ring(uint32_t caplen)
{
	return (sizeof(struct remembered) + caplen + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static void remember(struct live_evidence *e, const struct packet *p, const struct address_pair *pair)
{
	size_t n = size_in_ring(p->caplen), left = e->room - (size_t)(e->head % e->room);
	unsigned bucket = bucket_of(pair);
	struct remembered *r;
	uint64_t position;

	if (n > e->room / 2)
		return;
	position = n > left ? e->head + left : e->head; /* a packet lies in one piece */
	e->head = position + n;
	r = at(e, position);
	*r = (struct remembered){ e->bucket[bucket], 0, *pair, p->time_ns, p->caplen, p->len, p->link_type };
	memcpy(r + 1, p->octets, p->caplen);
	e->bucket[bucket] = position;
}

/*
 * Chains the packets of a pair in the order of time, without memory: from the youngest backward,
 * each learns which one is after it.  Returns the position of the oldest, or 0.
 */
static uint64_t chain(struct live_evidence *e, const struct address_pair *pair, int64_t before_ns)
{
	uint64_t position = e->bucket[bucket_of(pair)], oldest = 0;
	int64_t since = INT64_MIN;

	while (is_there(e, position)) {
		struct remembered *r = at(e, position);

		if (same_pair(&r->pair, pair)) {
			if (r->time_ns < since)
				break;
			if (!oldest && before_ns)
				since = r->time_ns - before_ns;
			r->after = oldest;
			oldest = position;
		}
		position = r->before;
	}
	return oldest;
}

/* ---------------------------------------------------------------- names and number of files */

/* Time, two addresses, label: only what is harmless in a shell and on any file system. */
static void put_safe(char *out, size_t room, const char *text)
{
	size_t n = 0;

	for (; *text && n + 1 < room; text++) {
		char c = *text;
		bool fine = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    c == '-' || c == '_' || (c == '.' && n);

		if (fine || c == ':')
			out[n++] = c == ':' ? '-' : c;
	}
	out[n] = '\0';
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

static bool is_evidence(const char *name, const void *context)
{
	(void)context;
	return live_is_stamp(name) && name[16] == '_' && ends_with(name, ".pcap");
}

/* Of a predecessor of this process; those of other workers grow still. */
static bool is_leftover(const char *name, const void *context)
{
	const struct live_evidence *e = context;
	char end[PART_ROOM];

	snprintf(end, sizeof(end), ".pcap.part%u", e->options.worker);
	return live_is_stamp(name) && name[16] == '_' && ends_with(name, end);
}

static void name_part(const struct live_evidence *e, const struct growing *g, char part[PATH_MAX + PART_ROOM])
{
	snprintf(part, PATH_MAX + PART_ROOM, "%s.part%u", g->path, e->options.worker);
}

/* A name that nothing in the folder has. */
static void name_file(const struct live_evidence *e, struct growing *g)
{
	char low[IP_ADDR_TEXT], high[IP_ADDR_TEXT], stamp[LIVE_STAMP_ROOM],
		words[2 * IP_ADDR_TEXT + LABEL_MAX + 8];
	char text[sizeof(words)], part[PATH_MAX + PART_ROOM], number[16] = "";
	unsigned again = 0;

	snprintf(text, sizeof(text), "%s_%s_%s", ip_addr_text(&g->pair.low, low),
		 ip_addr_text(&g->pair.high, high), g->label);
	put_safe(words, sizeof(words), text);
	live_stamp(g->begun_ns / 1000000000, stamp);
	do {
		if (again)
			snprintf(number, sizeof(number), ".%u", again);
		snprintf(g->path, sizeof(g->path), "%s/%s_%s%s.pcap", e->folder, stamp, words, number);
		name_part(e, g, part);
	} while ((access(g->path, F_OK) == 0 || access(part, F_OK) == 0) && ++again < SAME_NAME_MAX);
}

/* ---------------------------------------------------------------- files */

static void file_failed(struct live_evidence *e, const char *path, const char *why)
{
	snprintf(e->error, sizeof(e->error), "%s: %s", path, why);
	e->counts.failed++;
}

/* A new one, which not all may read, whatever the umask. */
static struct writer *create_file(const char *path, uint32_t link_type, char *why, size_t room)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	struct writer *w;

	if (fd < 0) {
		snprintf(why, room, "%s: %s", path, strerror(errno));
		return NULL;
	}
	close(fd);
	w = writer_open(path, link_type, 0, true, why, room);
	if (!w)
		unlink(path);
	return w;
}

/* With the first packet, which tells the time and the link type. */
static bool begin_file(struct live_evidence *e, struct growing *g, int64_t time_ns, uint32_t link_type)
{
	char part[PATH_MAX + PART_ROOM], why[PATH_MAX + 64];

	e->counts.removed += live_prune(e->folder, is_evidence, NULL, e->options.files_max - 1);
	g->begun_ns = time_ns;
	g->link_type = link_type;
	name_file(e, g);
	name_part(e, g, part);
	g->writer = create_file(part, link_type, why, sizeof(why));
	if (!g->writer) {
		snprintf(e->error, sizeof(e->error), "%.*s", (int)sizeof(e->error) - 1, why);
		e->counts.failed++;
		return false;
	}
	e->counts.files++;
	g->octets = PCAP_HEAD;
	memcpy(e->path, g->path, sizeof(e->path));
	return true;
}

/* What is whole gets its name; what is not goes, as it would only fill the disk further. */
static void end_file(struct live_evidence *e, unsigned i)
{
	struct growing *g = e->growing[i];
	char part[PATH_MAX + PART_ROOM];

	e->growing[i] = e->growing[--e->counts.open];
	if (g->writer) {
		name_part(e, g, part);
		if (!writer_close(g->writer) || rename(part, g->path) != 0) {
			file_failed(e, part, "cannot be written as a whole");
			unlink(part);
		}
	}
	free(g);
}

/* False when the file is full or failed, and thus must end. */
static bool add_packet(struct live_evidence *e, struct growing *g, int64_t time_ns, const uint8_t *octets,
		       uint32_t caplen, uint32_t len, uint32_t link_type)
{
	if (!g->writer && !begin_file(e, g, time_ns, link_type))
		return false;
	if (g->link_type != link_type || g->octets + PCAP_RECORD + caplen > e->options.file_octets)
		return false;
	if (!writer_frame(g->writer, time_ns, octets, caplen, len))
		return false;
	g->octets += PCAP_RECORD + caplen;
	e->counts.packets++;
	e->counts.octets += PCAP_RECORD + caplen;
	return true;
}

/* The number of the file of a pair, or counts.open. */
static unsigned find(const struct live_evidence *e, const struct address_pair *pair)
{
	unsigned i = 0;

	while (i < e->counts.open && !same_pair(&e->growing[i]->pair, pair))
		i++;
	return i;
}

/* ---------------------------------------------------------------- the callers' side */

struct live_evidence *live_evidence_new(const struct live_evidence_options *o, char *err, size_t room)
{
	struct live_evidence *e = calloc(1, sizeof(*e));

	if (e) {
		e->options = *o;
		e->room = o->ring_octets ? o->ring_octets : DEFAULT_RING;
		e->room = e->room < RING_LEAST ? RING_LEAST : e->room / ALIGNMENT * ALIGNMENT;
		e->options.file_octets = o->file_octets ? o->file_octets : DEFAULT_FILE;
		e->options.files_max = o->files_max ? o->files_max : DEFAULT_FILES;
		e->options.open_max = o->open_max ? o->open_max : DEFAULT_OPEN;
		if (e->options.open_max > OPEN_MAX)
			e->options.open_max = OPEN_MAX;
		e->head = ALIGNMENT;
		e->ring = malloc(e->room);
		e->folder = strdup(o->folder);
	}
	if (!e || !e->ring || !e->folder) {
		snprintf(err, room, "%s: not enough memory", o->folder);
		live_evidence_free(e);
		return NULL;
	}
	if (access(e->folder, R_OK | W_OK | X_OK) != 0) {
		snprintf(err, room, "%s: %s", e->folder, strerror(errno));
		live_evidence_free(e);
		return NULL;
	}
	live_prune(e->folder, is_leftover, e, 0);
	return e;
}

void live_evidence_free(struct live_evidence *e)
{
	if (!e)
		return;
	while (e->counts.open)
		end_file(e, e->counts.open - 1);
	free(e->ring);
	free(e->folder);
	free(e);
}

void live_evidence_packet(struct live_evidence *e, const struct packet *p, const struct ip_addr *a,
			  const struct ip_addr *b)
{
	struct address_pair pair = pair_of(a, b);
	unsigned i;

	remember(e, p, &pair);
	i = find(e, &pair);
	if (i < e->counts.open &&
	    !add_packet(e, e->growing[i], p->time_ns, p->octets, p->caplen, p->len, p->link_type))
		end_file(e, i);
}

/* What the ring has of the pair; false when the file must end already. */
static bool write_before(struct live_evidence *e, struct growing *g, uint64_t position)
{
	while (position) {
		const struct remembered *r = at(e, position);

		if (!add_packet(e, g, r->time_ns, (const uint8_t *)(r + 1), r->caplen, r->len, r->link_type))
			return false;
		position = r->after;
	}
	return true;
}

enum live_evidence_start live_evidence_start(struct live_evidence *e, const struct ip_addr *a,
					     const struct ip_addr *b, const char *label, int64_t before_ns)
{
	struct address_pair pair = pair_of(a, b);
	unsigned i = find(e, &pair);
	uint64_t oldest, failed = e->counts.failed;
	struct growing *g;

	if (i < e->counts.open)
		return LIVE_EVIDENCE_RUNNING;
	if (i >= e->options.open_max) {
		e->counts.refused++;
		return LIVE_EVIDENCE_REFUSED;
	}
	g = calloc(1, sizeof(*g));
	if (!g) {
		file_failed(e, e->folder, strerror(ENOMEM));
		return LIVE_EVIDENCE_FAILED;
	}
	g->pair = pair;
	put_safe(g->label, sizeof(g->label), label);
	e->growing[e->counts.open++] = g;
	oldest = chain(e, &pair, before_ns);
	if (!write_before(e, g, oldest))
		end_file(e, i);
	if (e->counts.failed != failed)
		return LIVE_EVIDENCE_FAILED;
	return oldest ? LIVE_EVIDENCE_STARTED : LIVE_EVIDENCE_NONE;
}

bool live_evidence_stop(struct live_evidence *e, const struct ip_addr *a, const struct ip_addr *b)
{
	struct address_pair pair = pair_of(a, b);
	unsigned i = find(e, &pair);

	if (i == e->counts.open)
		return false;
	end_file(e, i);
	return true;
}

void live_evidence_stop_before(struct live_evidence *e, int64_t time_ns)
{
	for (unsigned i = e->counts.open; i-- > 0;)
		if (e->growing[i]->writer && e->growing[i]->begun_ns < time_ns)
			end_file(e, i);
}

const char *live_evidence_path(const struct live_evidence *e)
{
	return e->path;
}

const char *live_evidence_error(const struct live_evidence *e)
{
	return e->error;
}

void live_evidence_counts(const struct live_evidence *e, struct live_evidence_counts *counts)
{
	*counts = e->counts;
}
