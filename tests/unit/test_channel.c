/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control connections over the net in memory: messages in and out, corks, ends. */
#include "conformance/channel.h"

#include <CUnit/CUnit.h>
#include <stdio.h>

void suite_channel(void);

enum { MESSAGES = 16 };

struct side {
	struct net_host *host;
	struct channel *channel;
	unsigned opened, failed, fins, resets, messages, garbage;
	unsigned types[MESSAGES];
	uint32_t first_value[MESSAGES]; /* of the row after the header */
	size_t lengths[MESSAGES];
	unsigned segments; /* with octets, received */
	unsigned free_at;  /* the channel is closed at this message; 0: never */
	char why[64];
};

static struct net *net;
static struct side client, server;
static struct net_listener *listener;

static void on_message(void *ctx, const struct ctrl_msg *m)
{
	struct side *s = ctx;

	if (s->messages < MESSAGES) {
		s->types[s->messages] = m->status == CTRL_OK ? m->type : 1000 + m->type;
		s->first_value[s->messages] = m->nvalues > 5 ? m->value[5] : 0;
		s->lengths[s->messages] = m->caplen;
	}
	s->messages++;
	if (s->messages == s->free_at) {
		channel_close(s->channel);
		s->channel = NULL;
	}
}

static void on_opened(void *ctx)
{
	((struct side *)ctx)->opened++;
}

static void on_failed(void *ctx, const char *why)
{
	struct side *s = ctx;

	s->failed++;
	snprintf(s->why, sizeof(s->why), "%s", why);
}

static void on_garbage(void *ctx, uint64_t octets)
{
	((struct side *)ctx)->garbage += (unsigned)octets;
}

static void on_fin(void *ctx)
{
	((struct side *)ctx)->fins++;
}

static void on_reset(void *ctx, const char *why)
{
	struct side *s = ctx;

	s->resets++;
	snprintf(s->why, sizeof(s->why), "%s", why);
}

static const struct channel_events events = {
	.opened = on_opened,
	.failed = on_failed,
	.message = on_message,
	.garbage = on_garbage,
	.fin = on_fin,
	.reset = on_reset,
};

static void on_seen(void *ctx, const struct net_seen *s)
{
	if (!s->sent && s->len)
		((struct side *)ctx)->segments++;
}

static void on_accepted(void *ctx, struct net_tcp *c)
{
	(void)ctx;
	server.channel = channel_accept(c, &events, &server);
}

static void run(void)
{
	while (net_step(net, NET_NEVER))
		;
}

static void begin_with(bool listening)
{
	struct net_memory_options o = { .seed = 1 };
	struct ip_addr a = { { 0 } }, b = { { 0 } };
	struct net_tap tap = { &client, on_seen };
	char err[64];

	a.octet[15] = 1;
	b.octet[15] = 2;
	client = server = (struct side){ 0 };
	net = net_memory_new(&o);
	client.host = net_host_new(net, &a, &tap);
	tap.ctx = &server;
	server.host = net_host_new(net, &b, &tap);
	listener = listening ? net_listen(server.host, CTRL_PORT, on_accepted, NULL, err, sizeof(err)) : NULL;
	client.channel = channel_connect(client.host, 0, &b, CTRL_PORT, &events, &client, err, sizeof(err));
	CU_ASSERT_PTR_NOT_NULL_FATAL(client.channel);
	run();
}

static void end(void)
{
	run();
	channel_close(client.channel);
	channel_close(server.channel);
	net_free(net);
}

static void messages_go_both_ways(void)
{
	struct draft d;

	begin_with(true);
	CU_ASSERT_EQUAL(client.opened, 1);
	draft_init(&d, CTRL_SCCRQ);
	draft_fill(&d, "protocol_version", INT64_C(0x0100), "host_name", "here", NULL);
	CU_ASSERT_TRUE(channel_send(client.channel, &d));
	run();
	draft_init(&d, CTRL_ECHORQ);
	CU_ASSERT_TRUE(draft_set(&d, "identifier", 7));
	CU_ASSERT_TRUE(channel_send(server.channel, &d));
	run();
	CU_ASSERT_EQUAL(server.messages, 1);
	CU_ASSERT_EQUAL(server.types[0], CTRL_SCCRQ);
	CU_ASSERT_EQUAL(server.first_value[0], 0x0100);
	CU_ASSERT_EQUAL(client.messages, 1);
	CU_ASSERT_EQUAL(client.types[0], CTRL_ECHORQ);
	CU_ASSERT_EQUAL(client.first_value[0], 7);
	end();
}

static void drafts_are_as_told(void)
{
	uint8_t octets[CTRL_LENGTH_LIMIT], all[DRAFT_TEXT + 1];
	struct ctrl_msg m;
	struct draft d;

	draft_init(&d, CTRL_CDN);
	memset(all, 'x', DRAFT_TEXT);
	all[DRAFT_TEXT] = '\0';
	CU_ASSERT_FALSE(draft_set(&d, "no_such_field", 1));
	CU_ASSERT_FALSE(draft_set(&d, "call_statistics", 1));
	CU_ASSERT_FALSE(draft_set_text(&d, "call_id", "x"));
	/* A field of other messages is passed over, with its value. */
	draft_fill(&d, "phone_number", "555", "minimum_bps", INT64_C(5), "call_id", INT64_C(0x1234),
		   "call_statistics", (const char *)all, NULL);
	CU_ASSERT_EQUAL(draft_encode(&d, octets, sizeof(octets)), d.desc->length);
	ctrl_decode(octets, d.desc->length, false, &m);
	CU_ASSERT_EQUAL(m.status, CTRL_OK);
	CU_ASSERT_EQUAL(m.value[ctrl_field_index(m.desc, "call_id")], 0x1234);
	CU_ASSERT_EQUAL(memcmp(ctrl_text(&m, m.nvalues - 1), all, DRAFT_TEXT), 0);
	d.length = 20;
	CU_ASSERT_EQUAL(draft_encode(&d, octets, sizeof(octets)), 20);
	d.length = 2000;
	CU_ASSERT_EQUAL(draft_encode(&d, octets, sizeof(octets)), CTRL_LENGTH_LIMIT);
	CU_ASSERT_EQUAL(octets[d.desc->length], 0);
	CU_ASSERT_EQUAL(octets[CTRL_LENGTH_LIMIT - 1], 0);
	CU_ASSERT_EQUAL(draft_encode(&d, octets, 10), 10);
}

static void a_cork_joins(void)
{
	struct draft d;

	begin_with(true);
	channel_cork(client.channel);
	for (unsigned i = 0; i < 3; i++) {
		draft_init(&d, CTRL_ECHORQ);
		draft_set(&d, "identifier", i);
		CU_ASSERT_TRUE(channel_send(client.channel, &d));
	}
	run();
	CU_ASSERT_EQUAL(server.messages, 0);
	CU_ASSERT_TRUE(channel_uncork(client.channel));
	run();
	CU_ASSERT_EQUAL(server.segments, 1);
	CU_ASSERT_EQUAL(server.messages, 3);
	CU_ASSERT_EQUAL(server.first_value[2], 2);
	end();
}

static void pieces_are_joined(void)
{
	uint8_t octets[CTRL_LENGTH_LIMIT];
	struct draft d;
	size_t len;

	begin_with(true);
	draft_init(&d, CTRL_ECHORQ);
	draft_set(&d, "identifier", 9);
	len = draft_encode(&d, octets, sizeof(octets));
	for (size_t i = 0; i < len; i++)
		CU_ASSERT_TRUE(channel_send_octets(client.channel, octets + i, 1));
	run();
	CU_ASSERT_EQUAL(server.segments, len);
	CU_ASSERT_EQUAL(server.messages, 1);
	CU_ASSERT_EQUAL(server.first_value[0], 9);
	end();
}

static void bad_ones_are_told(void)
{
	struct draft d;

	begin_with(true);
	draft_init(&d, CTRL_ECHORQ);
	draft_set(&d, "magic_cookie", 1);
	d.length = 100;
	channel_send(client.channel, &d);
	run();
	CU_ASSERT_EQUAL(server.messages, 1);
	CU_ASSERT_EQUAL(server.types[0], 1000 + CTRL_ECHORQ);
	draft_init(&d, CTRL_ECHORQ);
	channel_send(client.channel, &d);
	run();
	CU_ASSERT_EQUAL(server.messages, 2);
	CU_ASSERT_EQUAL(server.types[1], CTRL_ECHORQ);
	CU_ASSERT_EQUAL(server.garbage + server.lengths[0], 100);
	end();
}

static void ends_are_told(void)
{
	struct draft d;

	begin_with(true);
	draft_init(&d, CTRL_STOPRQ);
	d.length = 10;
	channel_send(client.channel, &d);
	channel_shutdown(client.channel);
	run();
	CU_ASSERT_EQUAL(server.fins, 1);
	CU_ASSERT_EQUAL(server.messages, 1); /* what there was of it */
	CU_ASSERT_EQUAL(server.lengths[0], 10);
	channel_abort(server.channel);
	server.channel = NULL;
	run();
	CU_ASSERT_EQUAL(client.resets, 1);
	CU_ASSERT_STRING_EQUAL(client.why, "connection reset by peer");
	CU_ASSERT_PTR_NULL(channel_tcp(client.channel));
	CU_ASSERT_FALSE(channel_send(client.channel, &d));
	end();
}

static void refusal_is_told(void)
{
	begin_with(false);
	CU_ASSERT_EQUAL(client.failed, 1);
	CU_ASSERT_STRING_EQUAL(client.why, "connection refused");
	CU_ASSERT_PTR_NULL(channel_tcp(client.channel));
	end();
}

/* In the middle of a segment with more messages. */
static void may_be_freed_by_a_message(void)
{
	struct draft d;

	begin_with(true);
	server.free_at = 2;
	draft_init(&d, CTRL_ECHORQ);
	channel_cork(client.channel);
	for (unsigned i = 0; i < 4; i++)
		channel_send(client.channel, &d);
	channel_uncork(client.channel);
	run();
	CU_ASSERT_EQUAL(server.messages, 2);
	CU_ASSERT_EQUAL(client.fins, 1);
	end();
}

void suite_channel(void)
{
	CU_pSuite s = CU_add_suite("channel", NULL, NULL);

	CU_add_test(s, "messages go both ways", messages_go_both_ways);
	CU_add_test(s, "drafts are sent as they were filled, cut or lengthened", drafts_are_as_told);
	CU_add_test(s, "a cork joins messages to one segment", a_cork_joins);
	CU_add_test(s, "messages in pieces are joined", pieces_are_joined);
	CU_add_test(s, "bad messages and garbage are told, and the stream is found again", bad_ones_are_told);
	CU_add_test(s, "FIN and RST are told, with what was left of a message", ends_are_told);
	CU_add_test(s, "a refused connection is told", refusal_is_told);
	CU_add_test(s, "a channel may be freed by its own message", may_be_freed_by_a_message);
}
