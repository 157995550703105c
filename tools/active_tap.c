/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See active_tap.h. */
#include "tools/active_tap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyzer/pipeline.h"
#include "tools/judging.h"
#include "traces/writer.h"

enum {
	CONNECTIONS = 1024, /* whose numbers are remembered */
	PIECE = 16 * 1024,  /* octets of the largest segment: a write may be longer than an IP packet */
	FRAME = 65536 + 64,
	RECORDING = 32 << 20,
	FINDINGS = 1000,
	PORTS = 8
};

/* --- frames ---------------------------------------------------------------------------------- */

/* A TCP connection, and where its numbers start. */
struct numbers {
	struct numbers *next;
	struct ip_addr addr[2];
	uint16_t port[2];
	uint32_t start[2];
};

struct framer {
	struct numbers *first; /* owned; the last used one first */
	unsigned count;
	uint64_t random;
	uint16_t ip_id;
	uint8_t octets[FRAME];
};

typedef void frame_fn(void *ctx, int64_t time_ns, const uint8_t *octets, size_t len);

static void framer_clear(struct framer *f)
{
	while (f->first) {
		struct numbers *n = f->first;

		f->first = n->next;
		free(n);
	}
}

/* splitmix64: the same run gives the same numbers. */
static uint32_t roll(struct framer *f)
{
	uint64_t z = f->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)(z ^ z >> 31);
}

/* Which end of the connection sent the segment; -1: it is another connection's. */
static int sender(const struct numbers *n, const struct net_seen *s)
{
	for (int from = 0; from < 2; from++)
		if (n->port[from] == s->src_port && n->port[!from] == s->dst_port &&
		    ip_addr_same(&n->addr[from], &s->src) && ip_addr_same(&n->addr[!from], &s->dst))
			return from;
	return -1;
}

/* The connection of a segment, moved to the front; or NULL. */
static struct numbers *find(struct framer *f, const struct net_seen *s, int *from)
{
	for (struct numbers **link = &f->first; *link; link = &(*link)->next) {
		struct numbers *n = *link;

		*from = sender(n, s);
		if (*from < 0)
			continue;
		*link = n->next;
		n->next = f->first;
		f->first = n;
		return n;
	}
	return NULL;
}

/* Takes the place of the one that was idle longest. */
static struct numbers *oldest(struct framer *f)
{
	struct numbers **link = &f->first, *n;

	while ((*link)->next)
		link = &(*link)->next;
	n = *link;
	*link = NULL;
	return n;
}

static struct numbers *begin_numbers(struct framer *f, const struct net_seen *s, int *from)
{
	struct numbers *n = find(f, s, from);

	if (!n) {
		n = f->count < CONNECTIONS ? malloc(sizeof(*n)) : oldest(f);
		if (!n)
			return NULL;
		f->count += f->count < CONNECTIONS;
		n->next = f->first;
		f->first = n;
		n->addr[0] = s->src;
		n->addr[1] = s->dst;
		n->port[0] = s->src_port;
		n->port[1] = s->dst_port;
		*from = 0;
	}
	n->start[0] = roll(f);
	n->start[1] = roll(f);
	return n;
}

static void frame_segment(struct framer *f, const struct net_seen *s, frame_fn *fn, void *ctx)
{
	struct frame_spec spec = { .src = s->src, .dst = s->dst, .dont_fragment = true };
	int from = 0;
	struct numbers *n =
		(s->flags & (NET_SYN | NET_ACK)) == NET_SYN ? begin_numbers(f, s, &from) : find(f, s, &from);
	size_t done = 0;

	if (!n)
		n = begin_numbers(f, s, &from);
	if (!n)
		return;
	do {
		size_t len = s->len - done < PIECE ? s->len - done : PIECE, octets;
		bool last = done + len == s->len;

		spec.ip_id = f->ip_id++;
		octets = frame_tcp(&spec, s->src_port, s->dst_port, n->start[from] + s->seq + (uint32_t)done,
				   s->flags & NET_ACK ? n->start[!from] + s->ack : 0,
				   last ? s->flags : s->flags & ~(NET_FIN | NET_PSH),
				   s->len ? s->octets + done : f->octets, len, f->octets, sizeof(f->octets));
		if (octets)
			fn(ctx, s->time_ns, f->octets, octets);
		done += len;
	} while (done < s->len);
}

/* Gives fn the frames of what was seen. */
static void frame_seen(struct framer *f, const struct net_seen *s, frame_fn *fn, void *ctx)
{
	struct frame_spec spec = { .src = s->src, .dst = s->dst, .protocol = s->protocol };
	size_t octets;

	if (s->protocol == IP_PROTO_TCP) {
		frame_segment(f, s, fn, ctx);
		return;
	}
	spec.ip_id = f->ip_id++;
	octets = frame_build(&spec, s->octets, s->len, f->octets, sizeof(f->octets));
	if (octets)
		fn(ctx, s->time_ns, f->octets, octets);
}

/* --- a file ---------------------------------------------------------------------------------- */

struct tap_file {
	struct framer framer;
	struct writer *writer;
};

struct tap_file *tap_file_open(const char *path, char *err, size_t room)
{
	struct tap_file *f = calloc(1, sizeof(*f));

	if (!f) {
		snprintf(err, room, "out of memory");
		return NULL;
	}
	f->writer = writer_open(path, LINK_ETHERNET, 262144, true, err, room);
	if (f->writer)
		return f;
	free(f);
	return NULL;
}

static void write_frame(void *ctx, int64_t time_ns, const uint8_t *octets, size_t len)
{
	/* What fails is told at the end. */
	writer_frame(ctx, time_ns, octets, (uint32_t)len, (uint32_t)len);
}

void tap_file_seen(void *file, const struct net_seen *s)
{
	struct tap_file *f = file;

	frame_seen(&f->framer, s, write_frame, f->writer);
}

static bool close_writer(struct writer *w, char *err, size_t room)
{
	bool failed = writer_error(w)[0];

	if (failed)
		snprintf(err, room, "%s", writer_error(w));
	if (writer_close(w))
		return !failed;
	if (!failed)
		snprintf(err, room, "cannot write: %s", strerror(errno));
	return false;
}

bool tap_file_close(struct tap_file *f, char *err, size_t room)
{
	bool whole;

	if (!f)
		return true;
	whole = close_writer(f->writer, err, room);
	framer_clear(&f->framer);
	free(f);
	return whole;
}

/* --- recordings ------------------------------------------------------------------------------ */

struct kept_frame {
	int64_t time_ns;
	size_t len;
};

struct recording {
	struct active_tap *tap;
	char name[64];
	struct framer framer;
	uint8_t *frames; /* struct kept_frame and its octets, again and again; owned */
	size_t len, room;
	uint64_t dropped;
	bool has_device;
	bool device_connects;  /* it opened the latest connection */
	struct ip_addr device; /* whoever the recording host first spoke with */
	uint16_t port[PORTS];  /* of those who were connected to: control ports */
	size_t nports;
};

/* Findings given out. */
struct given {
	struct given *next;
	size_t n;
	struct finding finding[];
};

struct active_tap {
	struct active_tap_options o;
	bool by_default[RULES];
	struct active_tap_device device;
	struct given *given;
	char error[200];
};

struct active_tap *active_tap_new(const struct active_tap_options *o)
{
	struct active_tap *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->o = *o;
	if (!t->o.max_octets)
		t->o.max_octets = RECORDING;
	judging_default(o->profile, t->by_default);
	if (!t->o.selected)
		t->o.selected = t->by_default;
	return t;
}

void active_tap_free(struct active_tap *t)
{
	while (t && t->given) {
		struct given *g = t->given;

		t->given = g->next;
		free(g);
	}
	free(t);
}

const struct active_tap_device *active_tap_device(const struct active_tap *t)
{
	return &t->device;
}

const char *active_tap_error(const struct active_tap *t)
{
	return t->error[0] ? t->error : NULL;
}

void *active_tap_begin(void *tap, const char *name)
{
	struct recording *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->tap = tap;
	snprintf(r->name, sizeof(r->name), "%s", name);
	return r;
}

static bool make_room(struct recording *r, size_t octets)
{
	size_t room = r->room ? r->room : 4096;
	uint8_t *grown;

	if (r->dropped || octets > r->tap->o.max_octets - r->len)
		return false;
	while (room < r->len + octets)
		room *= 2;
	if (room == r->room)
		return true;
	grown = realloc(r->frames, room);
	if (!grown)
		return false;
	r->frames = grown;
	r->room = room;
	return true;
}

static void keep_frame(void *ctx, int64_t time_ns, const uint8_t *octets, size_t len)
{
	struct recording *r = ctx;
	struct kept_frame k = { time_ns, len };

	/* Once one was dropped, so are all others: the end is missing, not the middle. */
	if (!make_room(r, sizeof(k) + len)) {
		r->dropped++;
		return;
	}
	memcpy(r->frames + r->len, &k, sizeof(k));
	memcpy(r->frames + r->len + sizeof(k), octets, len);
	r->len += sizeof(k) + len;
}

static void remember_port(struct recording *r, uint16_t port)
{
	for (size_t i = 0; i < r->nports; i++)
		if (r->port[i] == port)
			return;
	if (r->nports < PORTS)
		r->port[r->nports++] = port;
}

void active_tap_record(void *tap, void *recording, const struct net_seen *s)
{
	struct recording *r = recording;

	(void)tap;
	if (!r)
		return;
	if (!r->has_device)
		r->device = s->sent ? s->dst : s->src;
	r->has_device = true;
	if (s->protocol == IP_PROTO_TCP && (s->flags & (NET_SYN | NET_ACK)) == NET_SYN) {
		remember_port(r, s->dst_port);
		r->device_connects = !s->sent;
	}
	frame_seen(&r->framer, s, keep_frame, r);
}

/* The next frame from *at on; false after the last. */
static bool next_frame(const struct recording *r, size_t *at, struct packet *out)
{
	struct kept_frame k;

	if (*at == r->len)
		return false;
	memcpy(&k, r->frames + *at, sizeof(k));
	*out = (struct packet){ .number = out->number + 1,
				.time_ns = k.time_ns,
				.caplen = (uint32_t)k.len,
				.len = (uint32_t)k.len,
				.link_type = LINK_ETHERNET,
				.octets = r->frames + *at + sizeof(k) };
	*at += sizeof(k) + k.len;
	return true;
}

static bool write_frames(const struct recording *r, const char *path, char *err, size_t room)
{
	struct writer *w = writer_open(path, LINK_ETHERNET, 262144, true, err, room);
	struct packet p = { 0 };
	size_t at = 0;

	if (!w)
		return false;
	while (next_frame(r, &at, &p))
		writer_frame(w, p.time_ns, p.octets, p.caplen, p.len);
	return close_writer(w, err, room);
}

static void write_file(struct active_tap *t, const struct recording *r, struct test_result *result)
{
	char path[sizeof(result->capture)], err[160] = "";
	int len = snprintf(path, sizeof(path), "%s/%s.pcap", t->o.pcap_dir, r->name);

	if (len >= (int)sizeof(path))
		snprintf(err, sizeof(err), "the name is too long");
	else if (write_frames(r, path, err, sizeof(err)))
		memcpy(result->capture, path, (size_t)len + 1);
	if (err[0] && !t->error[0])
		snprintf(t->error, sizeof(t->error), "%s", err);
}

/* --- judging --------------------------------------------------------------------------------- */

struct verdicts {
	const struct recording *recording;
	struct given *given;
	size_t room; /* findings in it */
};

static bool about_device(const struct recording *r, const struct finding *f)
{
	if (!f->has_fault || !ip_addr_same(&f->at_fault, &r->device))
		return false;
	/* Both ends may have the same address. */
	return f->role == ROLE_UNKNOWN || r->tap->o.dut == ROLE_UNKNOWN || f->role == r->tap->o.dut;
}

static void take_finding(void *ctx, const struct finding *f)
{
	struct verdicts *v = ctx;
	struct given *g = v->given;

	if (!about_device(v->recording, f))
		return;
	if (!g || g->n == v->room) {
		size_t room = v->room ? 2 * v->room : 4;

		g = realloc(g, sizeof(*g) + room * sizeof(g->finding[0]));
		if (!g)
			return;
		if (!v->given)
			g->n = 0;
		v->given = g;
		v->room = room;
	}
	g->finding[g->n++] = *f;
}

static void escape_name(const uint8_t *name, char *out, size_t room)
{
	out[0] = '\0';
	if (name)
		ctrl_escape(name, strnlen((const char *)name, 64), out, room);
}

static void take_connection(void *ctx, const struct control_connection *c)
{
	const struct recording *r = ((struct verdicts *)ctx)->recording;
	unsigned device = ip_addr_same(&c->tunnel->host[0], &r->device) ? 0 : 1;
	bool one_address = ip_addr_same(&c->tunnel->host[0], &c->tunnel->host[1]);
	bool asked = one_address ? r->device_connects : device == c->originator;
	const struct start_info *s = &c->start[!asked];
	struct active_tap_device *d = &r->tap->device;

	if (!s->frame)
		return;
	*d = (struct active_tap_device){ .seen = true,
					 .version = s->version,
					 .firmware = s->firmware,
					 .channels = s->channels,
					 .framing = s->framing,
					 .bearer = s->bearer };
	escape_name(s->host_name, d->host_name, sizeof(d->host_name));
	escape_name(s->vendor_name, d->vendor_name, sizeof(d->vendor_name));
	d->recognised = quirk_fingerprint(s, r->tap->o.dut, asked, &d->known);
}

static void pass_over_tunnel(void *ctx, const struct tunnel *t)
{
	(void)ctx;
	(void)t;
}

static void pass_over_call(void *ctx, const struct call *c)
{
	(void)ctx;
	(void)c;
}

/*
 * Runs the frames by the judge, with time going `scale` times slower than it did; NULL when there was no memory, or
 * nothing was found.
 */
static struct given *judge_frames(const struct recording *r, const bool *selected, double scale)
{
	static const struct tracker_visitor visitor = { pass_over_tunnel, take_connection, pass_over_call,
							pass_over_tunnel };
	struct judge_options o = { .profile = r->tap->o.profile,
				   .selected = selected,
				   .max_findings = FINDINGS };
	struct pipeline_options po = pipeline_defaults();
	struct verdicts v = { .recording = r };
	struct pipeline_counts counts;
	struct packet packet = { 0 };
	struct pipeline *p;
	char err[160];
	size_t at = 0;
	int64_t start = 0;

	if (r->nports) {
		po.ports = r->port;
		po.nports = r->nports;
	}
	po.judge = judge_new(&o);
	p = po.judge ? pipeline_new(&po, NULL, err, sizeof(err)) : NULL;
	if (p) {
		while (next_frame(r, &at, &packet)) {
			start = start ? start : packet.time_ns;
			packet.time_ns = start + (int64_t)((double)(packet.time_ns - start) / scale);
			pipeline_packet(p, 0, &packet);
		}
		pipeline_capture_end(p, &counts);
		pipeline_finish(p);
		tracker_walk(pipeline_tracker(p), &visitor, &v);
		judge_walk(po.judge, take_finding, &v);
	}
	pipeline_free(p);
	judge_free(po.judge);
	return v.given;
}

/*
 * Where timers are scaled, nobody can say of each rule whether it is about the protocol's minutes or about the
 * path: what is a fault by both clocks is one.
 */
static void keep_common(struct given *g, const struct given *scaled)
{
	size_t kept = 0;

	for (size_t i = 0; i < g->n; i++) {
		bool common = false;

		for (size_t k = 0; scaled && k < scaled->n && !common; k++)
			common = strcmp(g->finding[i].id, scaled->finding[k].id) == 0;
		if (common)
			g->finding[kept++] = g->finding[i];
	}
	g->n = kept;
}

static void judge_recording(struct active_tap *t, const struct recording *r, struct test_result *result)
{
	bool selected[RULES];
	struct given *g;

	memcpy(selected, t->o.selected, sizeof(selected));
	/* A test's own requirement is judged even where another one usually says it better. */
	if (result->test && rule_passive(&rules[result->test->rule]))
		selected[result->test->rule] = true;
	g = judge_frames(r, selected, 1);
	if (g && t->o.time_scale > 0 && t->o.time_scale != 1) {
		struct given *scaled = judge_frames(r, selected, t->o.time_scale);

		keep_common(g, scaled);
		free(scaled);
	}
	if (!g)
		return;
	g->next = t->given;
	t->given = g;
	result->findings = g->finding;
	result->nfindings = g->n;
}

static void note_dropped(const struct recording *r, struct test_result *result)
{
	if (!r->dropped || result->nnotes == RESULT_NOTES)
		return;
	result->note[result->nnotes].warning = false;
	snprintf(result->note[result->nnotes].text, RESULT_TEXT,
		 "the recording ends early: %llu packets more than it may hold were not judged",
		 (unsigned long long)r->dropped);
	result->nnotes++;
}

void active_tap_end(void *tap, void *recording, struct test_result *result)
{
	struct active_tap *t = tap;
	struct recording *r = recording;

	if (!r)
		return;
	if (result) {
		if (t->o.pcap_dir)
			write_file(t, r, result);
		judge_recording(t, r, result);
		note_dropped(r, result);
		if (result->test)
			quirk_names(result->test->rule, t->o.dut, true, result->known_as,
				    sizeof(result->known_as));
	}
	framer_clear(&r->framer);
	free(r->frames);
	free(r);
}
