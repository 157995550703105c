/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reassembly fed with segments that the input makes up.
 *
 * Whatever comes, a stream must be told in one piece: positions without a jump, every octet the
 * one that its sender has at that sequence number, from a frame that carried it, told once; and
 * every connection opened once, ended once.  The octet at a sequence number follows from it.
 *
 * Input: one octet of limits, then commands of 8 octets:
 *   0  bit 0 side, bits 1-2 which connection, bits 3-4 checksum, bits 5-7 packet time
 *   1  TCP flags; bits 6-7: how octets 2-3 and 4-5 move the sequence and acknowledgment numbers
 *   2-3, 4-5  moves    6  length    7  octets cut off, length scale
 */
#include "analyzer/reassembly.h"
#include "dissectors/cursor.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COMMAND = 8, MAX_COMMANDS = 4096, CONNECTIONS = 4 };

/* A segment that was fed. */
struct fed {
	uint32_t first, len; /* octets captured */
	unsigned conn, side;
};

/* What the callback knows of a connection. */
struct seen {
	uint64_t next[2], lost[2];
	uint32_t base[2]; /* sequence number of position 0 */
	bool known[2], fin[2], reset;
};

static struct {
	struct reassembly *r;
	struct fed fed[MAX_COMMANDS + 1];
	uint64_t frame, last_id, octets, gap_octets;
	size_t live;
	uint32_t seq[CONNECTIONS][2]; /* where each side has got to */
	int64_t now;
} fz;

static void require(bool holds)
{
	if (!holds)
		abort();
}

static uint8_t octet_at(unsigned conn, unsigned side, uint32_t seq)
{
	return (uint8_t)((seq * 2654435761u >> 13) + conn * 29 + side * 83);
}

/* The client's port tells which of ours it is, and which side is which. */
static unsigned side_of(const struct conn_info *c, unsigned from)
{
	return c->port[from] == 1723;
}

static unsigned conn_of(const struct conn_info *c)
{
	unsigned side = side_of(c, FROM_CLIENT) ? FROM_SERVER : FROM_CLIENT;

	return c->port[side] - 1000u + (c->context ? 2 : 0);
}

static void check_data(struct seen *k, const struct conn_info *c, const struct segment *s)
{
	const struct fed *fed = &fz.fed[s->frame];
	unsigned conn = conn_of(c), side = side_of(c, s->from);
	uint32_t seq;

	require(s->octets && s->len && fed->conn == conn && fed->side == side && !s->cut);
	if (!k->known[s->from] && s->segment_start) {
		k->known[s->from] = true;
		k->base[s->from] = fed->first - (uint32_t)s->position;
	}
	fz.octets += s->len;
	if (!k->known[s->from])
		return;
	seq = k->base[s->from] + (uint32_t)s->position;
	require(seq - fed->first + s->len <= fed->len);
	require(s->segment_start == (seq == fed->first));
	for (size_t i = 0; i < s->len; i++)
		require(s->octets[i] == octet_at(conn, side, seq + (uint32_t)i));
}

static void check_stream(struct seen *k, const struct conn_info *c, const struct segment *s)
{
	require(s->position == k->next[s->from] && s->len);
	require(!k->fin[s->from] && !k->reset);
	k->next[s->from] += s->len;
	if (s->kind == SEGMENT_DATA) {
		check_data(k, c, s);
	} else {
		require(!s->octets);
		k->lost[s->from] += s->len;
		fz.gap_octets += s->len;
	}
}

static void check_end(struct seen *k, struct conn_info *c)
{
	require(k->lost[0] == c->lost_octets[0] && k->lost[1] == c->lost_octets[1]);
	require(c->segments[0] + c->segments[1] > 0);
	free(k);
	c->user = NULL;
	fz.live--;
}

static void on_segment(void *ctx, struct conn_info *c, const struct segment *s)
{
	struct seen *k = c->user;

	(void)ctx;
	require(s->frame && s->frame <= fz.frame);
	require((s->kind == SEGMENT_OPEN) == !k);
	switch (s->kind) {
	case SEGMENT_OPEN:
		require(c->id > fz.last_id);
		fz.last_id = c->id;
		c->user = calloc(1, sizeof(*k));
		require(c->user);
		c->tell_acks = c->id & 1;
		fz.live++;
		break;
	case SEGMENT_DATA:
	case SEGMENT_GAP:
		check_stream(k, c, s);
		break;
	case SEGMENT_FIN:
		require(!k->fin[s->from] && !k->reset);
		k->fin[s->from] = true;
		break;
	case SEGMENT_RST:
		require(!k->reset && !(k->fin[0] && k->fin[1]));
		k->reset = true;
		break;
	case SEGMENT_END:
		check_end(k, c);
		break;
	case SEGMENT_RETRANSMIT:
		require(s->len);
		break;
	case SEGMENT_SYNACK:
		require(c->synack);
		break;
	case SEGMENT_ACK:
		require(c->tell_acks && s->peer_acked == c->acked[s->from] &&
			s->time_ns == c->acked_time[s->from]);
		break;
	}
}

/* Far, near, or a step back: in turn what each field of two octets can mean. */
static uint32_t moved(uint32_t from, uint16_t by, bool far)
{
	return far ? from + (uint32_t)by * 40503u : from + (uint32_t)(int32_t)(int16_t)by % 600;
}

static void step_time(unsigned code)
{
	static const int64_t steps[] = { 0,	    1000000,	   30000000,	    210000000,
					 1100000000, 11000000000, 7201000000000, -5000000000 };

	fz.now += steps[code];
	if (code & 1)
		reassembly_tick(fz.r, fz.now);
}

static void set_ends(struct datagram *d, struct tcp_segment *t, unsigned conn, unsigned side)
{
	uint16_t port = (uint16_t)(1000 + conn % 2);

	d->context = conn / 2;
	d->src.octet[15] = (uint8_t)(1 + side);
	d->dst.octet[15] = (uint8_t)(2 - side);
	t->src_port = side ? 1723 : port;
	t->dst_port = side ? port : 1723;
}

static void command(const uint8_t *in)
{
	static uint8_t octets[255 * 128];
	struct cursor c = cursor_on(in, COMMAND);
	uint8_t who = cursor_u8(&c), flags = cursor_u8(&c), len, scale;
	unsigned side = who & 1, conn = who >> 1 & 3;
	struct datagram d = { .version = 4, .protocol = IP_PROTO_TCP };
	struct tcp_segment t = { .flags = flags & 0x3f, .payload = octets };
	uint32_t first;

	t.seq = moved(fz.seq[conn][side], cursor_u16(&c), flags & 0x40);
	t.ack = moved(fz.seq[conn][!side], cursor_u16(&c), flags & 0x80);
	len = cursor_u8(&c);
	scale = cursor_u8(&c);
	t.len = scale & 0x80 ? len * 128u : len % 64;
	t.caplen = scale & 0x40 && t.len > (scale & 0x3f) ? t.len - (scale & 0x3f) : t.len;
	t.checksum = (enum tcp_checksum)(who >> 3 & 3);
	set_ends(&d, &t, conn, side);
	first = t.seq + !!(t.flags & TCP_SYN);
	for (uint32_t i = 0; i < t.caplen; i++)
		octets[i] = octet_at(conn, side, first + i);
	step_time(who >> 5);
	fz.fed[++fz.frame] = (struct fed){ first, t.caplen, conn, side };
	reassembly_feed(fz.r, reassembly_look(fz.r, &d, t.src_port, t.dst_port, fz.now), &d, &t, fz.frame,
			side ? 1 : 2, true);
	if (!(flags & 0x40)) /* the next one goes on from here */
		fz.seq[conn][side] = first + t.len + !!(t.flags & TCP_FIN);
	require(fz.live == reassembly_stats(fz.r)->live);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reassembly_limits limits = reassembly_default_limits;
	struct cursor c = cursor_on(data, size);
	uint8_t bounds = cursor_u8(&c);
	const uint8_t *in;
	char err[64];

	memset(&fz, 0, sizeof(fz));
	limits.max_connections = 1 + (bounds & 3);
	limits.max_queued = bounds & 4 ? 300 : 65536;
	for (unsigned i = 0; i < CONNECTIONS; i++) /* one of them wraps soon */
		fz.seq[i][0] = i * 100000, fz.seq[i][1] = UINT32_MAX - i * 1000;
	fz.r = reassembly_new(&limits, on_segment, NULL, err, sizeof(err));
	require(fz.r);
	while (fz.frame < MAX_COMMANDS && (in = cursor_take(&c, COMMAND)))
		command(in);
	require(fz.live <= limits.max_connections);
	reassembly_finish(fz.r);
	require(!fz.live && fz.octets == reassembly_stats(fz.r)->octets);
	require(fz.gap_octets == reassembly_stats(fz.r)->gap_octets);
	reassembly_free(fz.r);
	return 0;
}
