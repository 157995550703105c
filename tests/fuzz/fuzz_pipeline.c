/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole way from frames to findings, and the walk over what was found.
 *
 * Input: one octet chooses the link type, then frames: two octets of length (low bits) and flags
 * (high bits: cut by the snap length), one of time, the octets.
 */
#include <stdlib.h>

#include "analyzer/pipeline.h"
#include "dissectors/cursor.h"

static const uint32_t link_types[] = {
	LINK_RAW,  LINK_ETHERNET, LINK_LINUX_SLL, LINK_LINUX_SLL2,
	LINK_NULL, LINK_PPP,      LINK_80211,     LINK_80211_RADIOTAP,
};

static uint64_t sum; /* so that the walk cannot be optimised away */

static void on_tunnel(void *ctx, const struct tunnel *t)
{
	(void)ctx;
	sum += t->id;
}

static void on_connection(void *ctx, const struct control_connection *c)
{
	uint64_t skipped;

	(void)ctx;
	for (unsigned i = 0; history_at(&c->history, i, &skipped); i++)
		sum += skipped;
}

static void on_call(void *ctx, const struct call *c)
{
	(void)ctx;
	for (unsigned i = 0; i < HOSTS; i++)
		sum += call_flow(c, i) ? flow_lost(call_flow(c, i)) : 0;
}

static void on_finding(void *ctx, const struct finding *f)
{
	(void)ctx;
	sum += f->frame;
}

static void feed(struct pipeline *p, const uint8_t *data, size_t size)
{
	struct cursor c = cursor_on(data, size);
	struct packet packet = { .link_type = link_types[cursor_u8(&c) % 8],
				 .time_ns = INT64_C(1700000000000000000) };

	while (cursor_left(&c) >= 3) {
		uint16_t head = cursor_u16(&c);
		size_t len = head & 0x7ff;
		uint8_t *exact;

		packet.time_ns += (int64_t)cursor_u8(&c) * (head & 0x4000 ? 1000000000 : 1000000);
		if (len > cursor_left(&c))
			len = cursor_left(&c);
		/* In memory of its own, so that a read past the end is seen. */
		exact = malloc(len ? len : 1);
		if (!exact)
			return;
		memcpy(exact, cursor_take(&c, len), len);
		packet.number++;
		packet.octets = exact;
		packet.caplen = (uint32_t)len;
		packet.len = (uint32_t)len + (head & 0x8000 ? 100 : 0);
		pipeline_packet(p, 0, &packet);
		free(exact);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tracker_visitor visitor = { on_tunnel, on_connection, on_call, on_tunnel };
	const struct judge_options judged = { .max_findings = 1000 };
	struct pipeline_options o = pipeline_defaults();
	struct pipeline_counts counts;
	struct pipeline *p;
	char err[256];
	uint64_t seen;

	/* Small limits, so that they are reached. */
	o.tracker.max_tunnels = 16;
	o.tracker.max_calls = 32;
	o.tracker.keep_ended = 4;
	o.reassembly.max_connections = 8;
	o.fragment_memory = 65536;
	o.judge = judge_new(&judged);
	p = pipeline_new(&o, NULL, err, sizeof(err));
	if (!p || !o.judge)
		abort();
	feed(p, data, size);
	pipeline_capture_end(p, &counts);
	pipeline_finish(p);
	/* Nothing is skipped silently: every packet is inspected or counted under a reason. */
	seen = counts.control + counts.gre + counts.icmp + counts.fragments;
	for (unsigned i = 1; i < UNSEEN_COUNT; i++)
		seen += counts.unseen[i];
	if (seen != counts.packets)
		abort();
	if (!tracker_walk(pipeline_tracker(p), &visitor, NULL) || !judge_walk(o.judge, on_finding, NULL))
		abort();
	pipeline_free(p);
	judge_free(o.judge);
	return 0;
}
