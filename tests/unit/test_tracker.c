/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tracker: which call a message or packet belongs to, and what is known of it in the end. */
#include <CUnit/CUnit.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyzer/tracker.h"
#include "conformance/field.h"
#include "dissectors/ip.h"

enum { PAC, PNS }; /* host indices: 10.0.0.1 and 10.0.0.2 */

static struct tracker *t;
static struct tunnel *tunnel;
static struct control_connection *cc;
static uint64_t frame;
static int64_t now;

/* What the walk gave. */
static struct call calls[8];
static size_t ncalls, nconnections, ntunnels;
static uint64_t last_id;
static bool ordered;

static struct ip_addr addr(const char *text)
{
	struct ip_addr a = { { 0 } };

	CU_ASSERT_TRUE(ip_addr_parse(text, &a));
	return a;
}

static void begin(const struct tracker_limits *limits)
{
	struct ip_addr pac = addr("10.0.0.1"), pns = addr("10.0.0.2");
	unsigned from;

	frame = 0;
	now = INT64_C(1000000000000);
	t = tracker_new(limits ? limits : &tracker_default_limits, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	tunnel = tracker_tunnel(t, 0, &pns, &pac, &from);
	CU_ASSERT_PTR_NOT_NULL_FATAL(tunnel);
	CU_ASSERT_EQUAL(from, PNS);
	cc = tracker_connection(t, tunnel, PNS, ++frame, now);
	CU_ASSERT_PTR_NOT_NULL_FATAL(cc);
}

/* Sends a message with the named fields: name, value, ..., NULL. */
static struct call *send_message(unsigned from, enum ctrl_type type, ...)
{
	const struct ctrl_desc *d = ctrl_desc_of(type);
	uint32_t value[CTRL_FIELDS_MAX];
	uint8_t octets[CTRL_MAX];
	struct ctrl_origin origin = { .frame = ++frame, .time_ns = now += 1000000 };
	struct ctrl_msg m;
	const char *name;
	va_list ap;

	ctrl_defaults(d, value);
	va_start(ap, type);
	while ((name = va_arg(ap, const char *))) {
		int row = ctrl_field_index(d, name);

		CU_ASSERT_TRUE_FATAL(row >= 0);
		value[row] = va_arg(ap, unsigned);
	}
	va_end(ap);
	CU_ASSERT_EQUAL_FATAL(ctrl_encode(d, value, NULL, octets, sizeof(octets)), d->length);
	ctrl_decode(octets, d->length, false, &m);
	CU_ASSERT_EQUAL(m.status, CTRL_OK);
	return tracker_message(t, cc, from, &m, &origin, NULL);
}

static struct flow *gre(unsigned from, uint16_t call_id, int64_t seq, int64_t ack)
{
	struct gre_pkt g = { .flags = GRE_K | 1, .protocol = GRE_PROTO_PPP, .call_id = call_id };
	struct flow *f;

	if (seq >= 0) {
		g.flags |= GRE_S;
		g.seq = (uint32_t)seq;
		g.payload_length = 40;
	}
	if (ack >= 0) {
		g.flags |= GRE_A;
		g.ack = (uint32_t)ack;
	}
	now += 1000000;
	f = tracker_flow(t, tunnel, &from, call_id);
	return tracker_gre(t, tunnel, from, f, &g, ++frame, now);
}

static void on_tunnel(void *ctx, const struct tunnel *x)
{
	(void)ctx;
	(void)x;
	ntunnels++;
	last_id = 0;
}

static void on_connection(void *ctx, const struct control_connection *c)
{
	(void)ctx;
	(void)c;
	nconnections++;
}

static void on_call(void *ctx, const struct call *c)
{
	(void)ctx;
	ordered &= c->id > last_id;
	last_id = c->id;
	if (ncalls < 8) {
		calls[ncalls] = *c;
	}
	ncalls++;
}

static void on_tunnel_end(void *ctx, const struct tunnel *x)
{
	(void)ctx;
	(void)x;
}

/* Ends the capture and collects what the walk gives. */
static void finish(void)
{
	static const struct tracker_visitor visitor = { on_tunnel, on_connection, on_call, on_tunnel_end };

	ncalls = nconnections = ntunnels = 0;
	ordered = true;
	if (cc)
		tracker_connection_end(t, cc, CLOSE_NONE, now);
	tracker_finish(t);
	CU_ASSERT_TRUE(tracker_walk(t, &visitor, NULL));
	CU_ASSERT_TRUE(ordered);
	cc = NULL;
}

static void end(void)
{
	tracker_free(t);
	t = NULL;
}

static struct call *dial(unsigned pns_id, unsigned pac_id)
{
	send_message(PNS, CTRL_OCRQ, "call_id", pns_id, "maximum_bps", 64000u, NULL);
	return send_message(PAC, CTRL_OCRP, "call_id", pac_id, "peer_call_id", pns_id, "result_code", 1u,
			    NULL);
}

static void outgoing(void)
{
	begin(NULL);
	send_message(PNS, CTRL_SCCRQ, NULL);
	CU_ASSERT_EQUAL(cc->state, CONNECTION_WAIT_REPLY);
	send_message(PAC, CTRL_SCCRP, "result_code", 1u, NULL);
	CU_ASSERT_EQUAL(cc->state, CONNECTION_ESTABLISHED);
	CU_ASSERT_EQUAL(cc->pac, -1);
	dial(7, 24);
	CU_ASSERT_EQUAL(cc->pac, PAC);
	CU_ASSERT_EQUAL(tunnel->role_by, CTRL_OCRQ);
	gre(PNS, 24, 0, -1);
	gre(PAC, 7, 0, 0);
	send_message(PNS, CTRL_SLI, "peer_call_id", 24u, NULL);
	send_message(PNS, CTRL_CCRQ, "call_id", 7u, NULL);
	send_message(PAC, CTRL_CDN, "call_id", 24u, "result_code", 4u, NULL);
	gre(PAC, 7, 1, -1);
	finish();
	CU_ASSERT_EQUAL_FATAL(ncalls, 1);
	CU_ASSERT_EQUAL(calls[0].kind, CALL_OUTGOING);
	CU_ASSERT_EQUAL(calls[0].state, CALL_CLOSED);
	CU_ASSERT_EQUAL(calls[0].ended_by, 1);
	CU_ASSERT_EQUAL(calls[0].pns_call_id, 7);
	CU_ASSERT_EQUAL(calls[0].pac_call_id, 24);
	CU_ASSERT_EQUAL(calls[0].maximum_bps, 64000);
	CU_ASSERT_EQUAL(call_connection_id(&calls[0]), 1);
	CU_ASSERT_EQUAL(calls[0].flow[PNS].packets, 1);
	CU_ASSERT_EQUAL(calls[0].flow[PAC].packets, 2);
	CU_ASSERT_EQUAL(calls[0].flow[PNS].rtt_count, 1);
	CU_ASSERT_EQUAL(calls[0].flow[PNS].rtt_min_us, 1000);
	for (unsigned step = 0; step < CALL_STEPS; step++)
		CU_ASSERT_EQUAL(call_step(&calls[0], step).frame != 0, step != STEP_CONNECTED);
	end();
}

static void incoming(void)
{
	begin(NULL);
	send_message(PAC, CTRL_ICRQ, "call_id", 5u, "call_serial_number", 9u, NULL);
	CU_ASSERT_EQUAL(cc->pac, PAC);
	send_message(PNS, CTRL_ICRP, "call_id", 6u, "peer_call_id", 5u, "result_code", 1u, NULL);
	send_message(PAC, CTRL_ICCN, "peer_call_id", 6u, "connect_speed", 28800u, NULL);
	send_message(PAC, CTRL_CDN, "call_id", 5u, "result_code", 1u, NULL);
	finish();
	CU_ASSERT_EQUAL_FATAL(ncalls, 1);
	CU_ASSERT_EQUAL(calls[0].kind, CALL_INCOMING);
	CU_ASSERT_EQUAL(calls[0].state, CALL_CLOSED);
	CU_ASSERT_EQUAL(calls[0].ended_by, 2);
	CU_ASSERT_EQUAL(calls[0].serial, 9);
	CU_ASSERT_EQUAL(calls[0].pns_call_id, 6);
	CU_ASSERT_EQUAL(calls[0].pac_call_id, 5);
	CU_ASSERT_EQUAL(calls[0].connect_speed, 28800);
	end();
}

static void refusal(void)
{
	begin(NULL);
	send_message(PNS, CTRL_OCRQ, "call_id", 1u, NULL);
	send_message(PAC, CTRL_OCRP, "call_id", 2u, "peer_call_id", 1u, "result_code", 4u, "cause_code", 17u,
		     NULL);
	send_message(PAC, CTRL_ICRQ, "call_id", 3u, NULL);
	send_message(PNS, CTRL_ICRP, "call_id", 4u, "peer_call_id", 3u, "result_code", 3u, NULL);
	finish();
	CU_ASSERT_EQUAL_FATAL(ncalls, 2);
	CU_ASSERT_EQUAL(calls[0].state, CALL_REFUSED);
	CU_ASSERT_EQUAL(calls[0].reply_result, 4);
	CU_ASSERT_EQUAL(calls[0].cause, 17);
	CU_ASSERT_EQUAL(calls[1].state, CALL_REFUSED);
	CU_ASSERT_EQUAL(calls[1].reply_result, 3);
	end();
}

/* Peers that put a wrong Call ID into a reply or a disconnect: what else could be meant? */
static void wrong_ids(void)
{
	begin(NULL);
	send_message(PNS, CTRL_OCRQ, "call_id", 1u, NULL);
	send_message(PAC, CTRL_OCRP, "call_id", 2u, "peer_call_id", 999u, "result_code", 1u, NULL);
	CU_ASSERT_EQUAL(tunnel->calls, 1);
	send_message(PAC, CTRL_CDN, "call_id", 1u, "result_code", 1u, NULL); /* the PNS's own id */
	finish();
	CU_ASSERT_EQUAL_FATAL(ncalls, 1);
	CU_ASSERT_EQUAL(calls[0].state, CALL_CLOSED);
	CU_ASSERT_EQUAL(calls[0].pac_call_id, 2);
	end();

	/* A call cleared before it was answered has no PAC Call ID to be named by. */
	begin(NULL);
	send_message(PNS, CTRL_OCRQ, "call_id", 1u, NULL);
	send_message(PNS, CTRL_CCRQ, "call_id", 1u, NULL);
	send_message(PAC, CTRL_CDN, "call_id", 77u, "result_code", 4u, NULL);
	finish();
	CU_ASSERT_EQUAL_FATAL(ncalls, 1);
	CU_ASSERT_EQUAL(calls[0].state, CALL_CLOSED);
	end();
}

static void gre_before_control(void)
{
	begin(NULL);
	/* The two directions find each other by their acknowledgments... */
	for (int i = 0; i < 4; i++) {
		gre(PNS, 24, i, i ? i - 1 : -1);
		gre(PAC, 7, i, i);
	}
	CU_ASSERT_EQUAL(tunnel->calls, 1);
	/* ... and the call that names one of them takes both. */
	dial(7, 24);
	finish();
	CU_ASSERT_EQUAL_FATAL(ncalls, 1);
	CU_ASSERT_EQUAL(calls[0].kind, CALL_OUTGOING);
	CU_ASSERT_EQUAL(calls[0].flow[PNS].packets, 4);
	CU_ASSERT_EQUAL(calls[0].flow[PAC].packets, 4);
	CU_ASSERT_TRUE(calls[0].flow[PAC].flags & FLOW_BEFORE_CALL);
	end();
}

/* Paired by chance, told apart by the Call IDs. */
static void wrong_pair(void)
{
	begin(NULL);
	gre(PNS, 24, 0, -1);
	gre(PAC, 8, 0, 0);
	CU_ASSERT_EQUAL(tunnel->calls, 1);
	dial(7, 24);
	gre(PAC, 7, 0, 0);
	finish();
	CU_ASSERT_EQUAL_FATAL(ncalls, 2);
	CU_ASSERT_EQUAL(calls[0].state + calls[1].state, CALL_ESTABLISHED + CALL_GRE_ONLY);
	end();
}

static void gre_only_pairs(void)
{
	begin(NULL);
	gre(PNS, 24, 100, -1);
	gre(PAC, 7, 55, -1);
	CU_ASSERT_EQUAL(tunnel->calls, 2);
	finish();
	/* One lone flow each way between two hosts. */
	CU_ASSERT_EQUAL_FATAL(ncalls, 1);
	CU_ASSERT_EQUAL(calls[0].state, CALL_GRE_ONLY);
	CU_ASSERT_FALSE(calls[0].ids_certain);
	CU_ASSERT_EQUAL(call_connection_id(&calls[0]), 0);
	end();
}

/* The capture starts in the middle: a clear request names a call that only GRE had shown. */
static void adopted(void)
{
	begin(NULL);
	cc->midstream = true;
	cc->state = CONNECTION_UNKNOWN;
	gre(PNS, 24, 100, -1);
	gre(PAC, 7, 55, 100);
	send_message(PNS, CTRL_CCRQ, "call_id", 7u, NULL);
	CU_ASSERT_EQUAL(cc->state, CONNECTION_ESTABLISHED);
	finish();
	CU_ASSERT_EQUAL_FATAL(ncalls, 1);
	CU_ASSERT_EQUAL(call_connection_id(&calls[0]), 1);
	CU_ASSERT_EQUAL(calls[0].state, CALL_CLEARING);
	CU_ASSERT_EQUAL(calls[0].pns_call_id, 7);
	CU_ASSERT_EQUAL(calls[0].pac_call_id, 24);
	end();
}

static void numbers(void)
{
	static const int64_t seq[] = { 0xfffffffe, 0xffffffff, 0, 2, 1, 2, 6, 7 };

	begin(NULL);
	dial(7, 24);
	for (size_t i = 0; i < sizeof(seq) / sizeof(seq[0]); i++)
		gre(PAC, 7, seq[i], -1);
	finish();
	CU_ASSERT_EQUAL_FATAL(ncalls, 1);
	CU_ASSERT_EQUAL(calls[0].flow[PAC].first_seq, 0xfffffffe);
	CU_ASSERT_EQUAL(calls[0].flow[PAC].highest_seq, 7);
	CU_ASSERT_EQUAL(calls[0].flow[PAC].reordered, 1);
	CU_ASSERT_EQUAL(calls[0].flow[PAC].duplicated, 1);
	CU_ASSERT_EQUAL(flow_lost(&calls[0].flow[PAC]), 3);
	end();
}

static void reused_id(void)
{
	begin(NULL);
	dial(7, 24);
	gre(PAC, 7, 0, -1);
	send_message(PNS, CTRL_CCRQ, "call_id", 7u, NULL);
	send_message(PAC, CTRL_CDN, "call_id", 24u, "result_code", 4u, NULL);
	dial(7, 25);
	gre(PAC, 7, 0, -1);
	gre(PAC, 7, 1, -1);
	finish();
	CU_ASSERT_EQUAL_FATAL(ncalls, 2);
	CU_ASSERT_EQUAL(calls[0].flow[PAC].packets, 1);
	CU_ASSERT_EQUAL(calls[1].flow[PAC].packets, 2);
	CU_ASSERT_EQUAL(calls[1].state, CALL_ESTABLISHED);
	end();
}

static void exchanged_roles(void)
{
	begin(NULL);
	dial(7, 24);
	cc = tracker_connection(t, tunnel, PAC, ++frame, now);
	send_message(PAC, CTRL_OCRQ, "call_id", 1u, NULL); /* who was the PAC is now the PNS */
	CU_ASSERT_PTR_NOT_EQUAL(cc->tunnel, tunnel);
	CU_ASSERT_EQUAL(cc->tunnel->pac, PNS);
	finish();
	CU_ASSERT_EQUAL(ntunnels, 2);
	CU_ASSERT_EQUAL(ncalls, 2);
	end();
}

/* Some PACs send Set-Link-Info: what is told by it alone must give way. */
static void weak_role(void)
{
	begin(NULL);
	send_message(PAC, CTRL_SLI, "peer_call_id", 7u, NULL);
	CU_ASSERT_EQUAL(cc->pac, PNS);
	dial(7, 24);
	CU_ASSERT_EQUAL(cc->pac, PAC);
	CU_ASSERT_EQUAL(cc->tunnel->pac, PAC);
	finish();
	CU_ASSERT_EQUAL(ntunnels, 1);
	end();
}

static void same_address(void)
{
	struct ip_addr lo = addr("127.0.0.1");
	unsigned from;

	begin(NULL);
	tracker_connection_end(t, cc, CLOSE_FIN, now);
	tunnel = tracker_tunnel(t, 0, &lo, &lo, &from);
	cc = tracker_connection(t, tunnel, 0, ++frame, now);
	send_message(0, CTRL_OCRQ, "call_id", 7u, NULL);
	send_message(1, CTRL_OCRP, "call_id", 24u, "peer_call_id", 7u, "result_code", 1u, NULL);
	gre(0, 24, 0, -1);
	gre(0, 7, 0, 0); /* the other way, but the addresses cannot tell */
	finish();
	CU_ASSERT_EQUAL_FATAL(ncalls, 1);
	CU_ASSERT_EQUAL(calls[0].flow[0].packets, 1);
	CU_ASSERT_EQUAL(calls[0].flow[1].packets, 1);
	end();
}

static void limits(void)
{
	struct tracker_limits few = tracker_default_limits;
	struct ip_addr a = addr("10.9.0.1"), b = addr("10.9.0.2");
	unsigned from;

	few.max_tunnels = 1;
	few.max_calls = 3;
	begin(&few);
	CU_ASSERT_PTR_NULL(tracker_tunnel(t, 0, &a, &b, &from));
	for (unsigned i = 0; i < 5; i++)
		gre(PNS, (uint16_t)(100 + i), 0, -1);
	CU_ASSERT_EQUAL(tracker_stats(t)->over_limit, 3);
	finish();
	CU_ASSERT_EQUAL(ncalls, 3);
	end();
}

/* What has ended goes to the temporary file and comes back whole and in order. */
static void spilled(void)
{
	struct tracker_limits few = tracker_default_limits;

	few.keep_ended = 10;
	few.linger_ns = 1000000;
	begin(&few);
	for (unsigned i = 0; i < 1000; i++) {
		dial(i, 5000 + i);
		gre(PAC, (uint16_t)i, 0, -1);
		gre(PNS, (uint16_t)(5000 + i), 0, 0);
		send_message(PAC, CTRL_CDN, "call_id", 5000 + i, "result_code", 1u, NULL);
		tracker_tick(t, now);
	}
	CU_ASSERT_TRUE(tracker_stats(t)->spilled > 900);
	finish();
	CU_ASSERT_EQUAL(ncalls, 1000);
	CU_ASSERT_EQUAL(nconnections, 1);
	CU_ASSERT_EQUAL(calls[3].pns_call_id, 3);
	CU_ASSERT_EQUAL(calls[3].pac_call_id, 5003);
	CU_ASSERT_EQUAL(calls[3].flow[PAC].packets, 1);
	CU_ASSERT_EQUAL(calls[3].flow[PNS].rtt_count, 0);
	end();
}

/* That packets will come changes nothing: of flows that are there, that are not, that have gone. */
static void expected_packets(void)
{
	enum { CALLS_MANY = 3000 };
	struct tracker_limits few = tracker_default_limits;
	struct ip_addr pac = addr("10.0.0.1"), pns = addr("10.0.0.2"), stranger = addr("10.0.0.3");
	struct tracker_stats before;

	few.keep_ended = 10;
	few.linger_ns = 1000000;
	begin(&few);
	CU_ASSERT_FALSE(tracker_crowded(t));
	for (unsigned i = 0; i < CALLS_MANY; i++) {
		dial(i, 5000 + i);
		gre(PAC, (uint16_t)i, 0, -1);
	}
	CU_ASSERT_TRUE(tracker_crowded(t));
	for (unsigned i = 0; i < CALLS_MANY; i++) {
		before = *tracker_stats(t);
		tracker_expect(t, 0, &pac, &pns, (uint16_t)i);
		tracker_expect(t, 0, &pns, &pac, (uint16_t)(5000 + i * 3));
		tracker_expect(t, 0, &pns, &stranger, (uint16_t)i);
		tracker_expect(t, 1, &pns, &pac, (uint16_t)i);
		CU_ASSERT_EQUAL(memcmp(&before, tracker_stats(t), sizeof(before)), 0);
		if (i % 2)
			send_message(PAC, CTRL_CDN, "call_id", 5000 + i, "result_code", 1u, NULL);
		tracker_tick(t, now);
	}
	CU_ASSERT_TRUE(tracker_stats(t)->spilled > CALLS_MANY / 3);
	finish();
	CU_ASSERT_EQUAL(ncalls, CALLS_MANY);
	CU_ASSERT_EQUAL(ntunnels, 1);
	end();
}

static void broken_off(void)
{
	begin(NULL);
	dial(7, 24);
	gre(PAC, 7, 0, -1);
	tracker_connection_end(t, cc, CLOSE_NONE, now);
	tracker_break(t, now);
	cc = NULL;
	gre(PAC, 7, 900, -1);
	finish();
	CU_ASSERT_EQUAL_FATAL(ncalls, 2);
	CU_ASSERT_EQUAL(calls[0].state, CALL_ESTABLISHED);
	CU_ASSERT_EQUAL(calls[0].flow[PAC].packets, 1);
	CU_ASSERT_EQUAL(calls[1].state, CALL_GRE_ONLY);
	end();
}

static void connection_end_ends_calls(void)
{
	begin(NULL);
	dial(7, 24);
	tracker_connection_end(t, cc, CLOSE_FIN, now);
	cc = NULL;
	finish();
	CU_ASSERT_EQUAL_FATAL(ncalls, 1);
	CU_ASSERT_EQUAL(calls[0].state, CALL_CLOSED);
	CU_ASSERT_EQUAL(calls[0].ended_by, 3);
	end();
}

static void fields_exist(void)
{
	struct field_map map;

	field_map_init(&map);
	for (unsigned f = 0; f < FIELDS; f++) {
		bool found = false;

		for (unsigned type = 1; type < CTRL_TYPES; type++)
			found |= map.row[type][f] >= 0;
		if (!found)
			fprintf(stderr, "no message has the field %s\n", field_name((enum field_id)f));
		CU_ASSERT_TRUE(found);
	}
}

void suite_tracker(void);
void suite_tracker(void)
{
	CU_pSuite s = CU_add_suite("tracker", NULL, NULL);

	CU_add_test(s, "an outgoing call from request to disconnect", outgoing);
	CU_add_test(s, "an incoming call", incoming);
	CU_add_test(s, "refused calls", refusal);
	CU_add_test(s, "replies with a wrong Call ID", wrong_ids);
	CU_add_test(s, "GRE before the call is known joins it", gre_before_control);
	CU_add_test(s, "flows paired wrongly are told apart", wrong_pair);
	CU_add_test(s, "GRE alone makes one call of two directions", gre_only_pairs);
	CU_add_test(s, "a connection adopts a call seen by GRE alone", adopted);
	CU_add_test(s, "sequence numbers: wrap, loss, reordering, copies", numbers);
	CU_add_test(s, "a Call ID used again", reused_id);
	CU_add_test(s, "roles exchanged make another tunnel", exchanged_roles);
	CU_add_test(s, "weak evidence of roles gives way", weak_role);
	CU_add_test(s, "both ends at one address", same_address);
	CU_add_test(s, "limits are kept and counted", limits);
	CU_add_test(s, "what has ended is spilled and comes back", spilled);
	CU_add_test(s, "packets told of ahead", expected_packets);
	CU_add_test(s, "a break between captures", broken_off);
	CU_add_test(s, "calls end with their connection", connection_end_ends_calls);
	CU_add_test(s, "every field number names a field", fields_exist);
}
