/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Joins IP fragments: RFC 791 section 3.2, RFC 8200 section 4.5.
 *
 * A datagram in the making is a list of parts that never overlap, so that a few far-off octets
 * cost what they are and not the distance between them.
 */
#include "analyzer/defrag.h"

#include <stdlib.h>
#include <sys/random.h>

enum {
	DATAGRAM_MAX = 65535,
	MAX_PARTS = 2048, /* of a datagram; 65535 octets in the smallest MTU of IPv4 are 1366 */
	MIN_BUCKETS = 64,
	MAX_BUCKETS = 65536,
};

static const int64_t timeout_ns = 30 * INT64_C(1000000000);

/* Octets [offset, offset + len) of a datagram. */
struct part {
	struct part *next;
	uint32_t offset, len;
	uint8_t octets[];
};

/* A datagram in the making. */
struct pending {
	struct pending *chain;	      /* same bucket */
	struct pending *older, *newer; /* by the first fragment's arrival */
	struct part *first, *last;    /* by offset */
	struct datagram head;	      /* of the fragment with offset 0, or else of the first to arrive */
	uint64_t frames[DEFRAG_FRAMES];
	uint32_t nfragments, nparts;
	uint32_t octets; /* of all parts */
	uint32_t total;	 /* of the datagram, or 0: the last fragment has not come */
	int64_t time_ns;
	size_t memory;
};

struct defrag {
	struct defrag_stats stats;
	size_t max_memory, memory;
	uint64_t seed;
	struct pending **bucket;
	size_t mask;
	struct pending *oldest, *newest;
	uint64_t frames[DEFRAG_FRAMES]; /* of the latest result */
	uint8_t joined[DATAGRAM_MAX];
};

struct defrag *defrag_new(size_t max_memory)
{
	struct defrag *d = calloc(1, sizeof(*d));
	size_t buckets = MIN_BUCKETS;

	if (!d)
		return NULL;
	while (buckets < MAX_BUCKETS && buckets * 1024 < max_memory)
		buckets *= 2;
	d->bucket = calloc(buckets, sizeof(*d->bucket));
	if (!d->bucket) {
		free(d);
		return NULL;
	}
	d->mask = buckets - 1;
	d->max_memory = max_memory;
	d->memory = buckets * sizeof(*d->bucket);
	/* Against senders who choose identifications that meet in one bucket; results never depend on it. */
	if (getrandom(&d->seed, sizeof(d->seed), GRND_NONBLOCK) != (ssize_t)sizeof(d->seed))
		d->seed = UINT64_C(0x9e3779b97f4a7c15);
	return d;
}

static uint64_t mix(uint64_t h, uint64_t value)
{
	h = (h ^ value) * UINT64_C(0xd6e8feb86659fd93);
	return h ^ h >> 32;
}

static struct pending **bucket_of(const struct defrag *d, const struct datagram *f)
{
	uint64_t h = d->seed, word[4];

	memcpy(word, f->src.octet, 16);
	memcpy(word + 2, f->dst.octet, 16);
	for (unsigned i = 0; i < 4; i++)
		h = mix(h, word[i]);
	h = mix(h, (uint64_t)f->context << 32 | f->fragment_id);
	return &d->bucket[mix(h, f->protocol) & d->mask];
}

static struct pending *pending_find(const struct defrag *d, const struct datagram *f)
{
	for (struct pending *p = *bucket_of(d, f); p; p = p->chain)
		if (p->head.context == f->context && p->head.fragment_id == f->fragment_id &&
		    p->head.protocol == f->protocol && p->head.version == f->version &&
		    ip_addr_cmp(&p->head.src, &f->src) == 0 && ip_addr_cmp(&p->head.dst, &f->dst) == 0)
			return p;
	return NULL;
}

static void charge(struct defrag *d, struct pending *p, size_t octets)
{
	d->memory += octets;
	p->memory += octets;
}

static struct pending *pending_new(struct defrag *d, const struct datagram *f, int64_t time_ns)
{
	struct pending *p = calloc(1, sizeof(*p)), **bucket = bucket_of(d, f);

	if (!p)
		return NULL;
	charge(d, p, sizeof(*p));
	p->head = *f;
	p->time_ns = time_ns;
	p->chain = *bucket;
	*bucket = p;
	p->older = d->newest;
	if (p->older)
		p->older->newer = p;
	else
		d->oldest = p;
	d->newest = p;
	return p;
}

static void pending_free(struct defrag *d, struct pending *p)
{
	struct pending **link = bucket_of(d, &p->head);

	while (*link != p)
		link = &(*link)->chain;
	*link = p->chain;
	if (p->older)
		p->older->newer = p->newer;
	else
		d->oldest = p->newer;
	if (p->newer)
		p->newer->older = p->older;
	else
		d->newest = p->older;
	d->memory -= p->memory;
	while (p->first) {
		struct part *next = p->first->next;

		free(p->first);
		p->first = next;
	}
	free(p);
}

void defrag_free(struct defrag *d)
{
	if (!d)
		return;
	while (d->oldest)
		pending_free(d, d->oldest);
	free(d->bucket);
	free(d);
}

void defrag_expire(struct defrag *d, int64_t time_ns)
{
	struct pending *p;

	while ((p = d->oldest)) {
		if (p->time_ns > time_ns) /* the clock was set back: it counts from here */
			p->time_ns = time_ns;
		if (time_ns != INT64_MAX && (uint64_t)time_ns - (uint64_t)p->time_ns <= (uint64_t)timeout_ns)
			break;
		d->stats.lost += p->nfragments;
		pending_free(d, p);
	}
}

/* Gives up the oldest until there is room for so much more. */
static bool make_room(struct defrag *d, size_t octets)
{
	while (d->oldest && d->memory + octets > d->max_memory) {
		d->stats.over_limit += d->oldest->nfragments;
		pending_free(d, d->oldest);
	}
	return d->memory + octets <= d->max_memory;
}

static uint32_t part_end(const struct part *part)
{
	return part->offset + part->len;
}

/* Puts octets in front of the part that *link names; false when memory is not to be had. */
static bool part_insert(struct defrag *d, struct pending *p, struct part **link, uint32_t offset,
			const uint8_t *octets, uint32_t len)
{
	struct part *part = p->nparts < MAX_PARTS ? malloc(sizeof(*part) + len) : NULL;

	if (!part)
		return false;
	part->offset = offset;
	part->len = len;
	memcpy(part->octets, octets, len);
	part->next = *link;
	*link = part;
	if (!part->next)
		p->last = part;
	p->nparts++;
	p->octets += len;
	charge(d, p, sizeof(*part) + len);
	return true;
}

/* Takes what is new of [at, end); the rest is compared with what was there first. */
static bool take_new(struct defrag *d, struct pending *p, uint32_t at, uint32_t end, const uint8_t *octets)
{
	struct part **link = p->last && part_end(p->last) <= at ? &p->last->next : &p->first;
	bool overlap = false, conflict = false, taken = true;

	while (at < end && taken) {
		struct part *part = *link;
		uint32_t stop = part && part->offset < end ? part->offset : end;

		if (part && part_end(part) <= at) {
			link = &part->next;
			continue;
		}
		if (!part || at < part->offset) {
			taken = part_insert(d, p, link, at, octets, stop - at);
			if (taken)
				link = &(*link)->next;
		} else {
			stop = part_end(part) < end ? part_end(part) : end;
			overlap = true;
			conflict |= memcmp(part->octets + (at - part->offset), octets, stop - at) != 0;
		}
		octets += stop - at;
		at = stop;
	}
	d->stats.overlaps += overlap;
	d->stats.conflicting += conflict;
	return taken;
}

/* The octets of a fragment that count; 0: it is not to be believed, or was cut by the capture. */
static uint32_t usable(const struct datagram *f)
{
	uint32_t len = f->len;

	if (f->caplen < f->len || (uint64_t)f->fragment_offset + f->len > DATAGRAM_MAX)
		return 0;
	if (f->more_fragments && len % 8) /* offsets count in eights: IPv4 hosts trim it, IPv6 refuses it */
		len = f->version == 6 ? 0 : len - len % 8;
	return len;
}

/* Does the fragment agree with where the datagram is known to end? */
static bool fits(const struct pending *p, const struct datagram *f, uint32_t end)
{
	if (!f->more_fragments)
		return (!p->total || p->total == end) && (!p->last || part_end(p->last) <= end);
	return !p->total || end <= p->total;
}

static void note_fragment(struct pending *p, const struct datagram *f, uint64_t frame, uint32_t end)
{
	uint32_t at = p->nfragments < DEFRAG_FRAMES ? p->nfragments : DEFRAG_FRAMES - 1;

	p->frames[at] = frame;
	p->nfragments++;
	if (!f->more_fragments)
		p->total = end;
	if (f->fragment_offset == 0 && p->head.fragment_offset != 0)
		p->head = *f;
}

static void join(struct defrag *d, struct pending *p, struct defrag_result *out)
{
	for (const struct part *part = p->first; part; part = part->next)
		memcpy(d->joined + part->offset, part->octets, part->len);
	out->nframes = p->nfragments < DEFRAG_FRAMES ? p->nfragments : DEFRAG_FRAMES;
	out->nfragments = p->nfragments;
	memcpy(d->frames, p->frames, out->nframes * sizeof(*d->frames));
	out->frames = d->frames;
	out->datagram = p->head;
	out->datagram.fragment = out->datagram.more_fragments = false;
	out->datagram.payload = d->joined;
	out->datagram.len = out->datagram.caplen = p->total;
	d->stats.datagrams++;
}

static struct pending *pending_for(struct defrag *d, const struct datagram *f, uint32_t len, int64_t time_ns)
{
	struct pending *p;

	if (!make_room(d, sizeof(*p) + sizeof(struct part) + len))
		return NULL;
	p = pending_find(d, f);
	return p ? p : pending_new(d, f, time_ns);
}

bool defrag_add(struct defrag *d, const struct datagram *fragment, uint64_t frame, int64_t time_ns,
		struct defrag_result *out)
{
	uint32_t len = usable(fragment), end = fragment->fragment_offset + len;
	struct pending *p;

	d->stats.fragments++;
	defrag_expire(d, time_ns);
	if (!len) {
		d->stats.lost++;
		return false;
	}
	p = pending_for(d, fragment, len, time_ns);
	if (!p) {
		d->stats.over_limit++;
		return false;
	}
	if (!fits(p, fragment, end)) {
		d->stats.lost++;
		return false;
	}
	note_fragment(p, fragment, frame, end);
	if (!take_new(d, p, fragment->fragment_offset, end, fragment->payload)) {
		d->stats.over_limit += p->nfragments;
		pending_free(d, p);
		return false;
	}
	if (p->octets == p->total) {
		join(d, p, out);
		pending_free(d, p);
		return true;
	}
	make_room(d, 0); /* an overlap may have left more parts than were reckoned with */
	return false;
}

const struct defrag_stats *defrag_stats(const struct defrag *d)
{
	return &d->stats;
}
