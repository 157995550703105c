/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about control connections: what depends on time, on acknowledgments and on what is missing. */
#include <CUnit/CUnit.h>
#include <stdlib.h>

#include "conformance/judge.h"

enum { LOW, HIGH }; /* hosts 10.0.0.1 and 10.0.0.2 */
enum { NOT_FOUND = 0 };

/* One of the connections: what a tracker would keep of it. */
struct link {
	struct control_connection c;
	uint64_t end[HOSTS]; /* of the octets that each host has sent */
};

static struct judge *judge;
static struct tunnel tunnel;
static struct link first, second;
static uint64_t frame;
static int64_t now;

/* --- a conversation by hand ----------------------------------------------------------------- */

static void link_up(struct link *l, unsigned originator, uint64_t id)
{
	memset(l, 0, sizeof(*l));
	l->c.id = id;
	l->c.tunnel = &tunnel;
	l->c.originator = originator;
	l->c.originator_certain = l->c.accepted = true;
	l->c.pac = l->c.closed_by = l->c.stopped_by = -1;
	l->c.seen[0] = l->c.seen[1] = true;
	l->c.first_frame = ++frame;
	l->c.first_time = l->c.last_time = now;
	if (tunnel.first_connection)
		tunnel.last_connection->next = &l->c;
	else
		tunnel.first_connection = &l->c;
	tunnel.last_connection = &l->c;
}

/* The values of the messages here are of no interest. */
static const bool *selection(void)
{
	static const char *const names[] = { "CCSM",
					     "COLL",
					     "KA",
					     "MSG-COOKIE-02",
					     "MSG-SYNC-01",
					     "MSG-RESTART-01",
					     "ECHORP-IDENT-01",
					     "ECHORP-REPLY-01",
					     "ECHORP-UNSOL-01",
					     "ECHORQ-IDENT-01" };
	static bool selected[RULES];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		for (unsigned r = 0; r < RULES; r++)
			selected[r] |= rule_named(&rules[r], names[i]);
	return selected;
}

static void begin(enum rule_profile profile)
{
	const struct judge_options o = { .profile = profile, .selected = selection(), .max_findings = 100 };

	judge = judge_new(&o);
	CU_ASSERT_PTR_NOT_NULL_FATAL(judge);
	memset(&tunnel, 0, sizeof(tunnel));
	tunnel.id = 1;
	tunnel.pac = -1;
	for (unsigned h = 0; h < HOSTS; h++) {
		tunnel.host[h].octet[10] = tunnel.host[h].octet[11] = 0xff;
		tunnel.host[h].octet[12] = 10;
		tunnel.host[h].octet[15] = (uint8_t)(1 + h);
	}
	frame = 0;
	now = INT64_C(1000000000000);
	link_up(&first, HIGH, 1);
}

static struct event event_of(struct link *l, enum event_kind kind, unsigned from)
{
	return (struct event){ .kind = kind,
			       .frame = ++frame,
			       .time_ns = now,
			       .from = from,
			       .tunnel = &tunnel,
			       .connection = &l->c };
}

/* What a tracker would make of a message. */
static void apply(struct link *l, unsigned from, const struct ctrl_msg *m, uint32_t result)
{
	struct control_connection *c = &l->c;
	struct start_info *s = &c->start[from != c->originator];

	c->messages[from][m->defects ? 0 : m->desc->type]++;
	if (!m->desc)
		return;
	if (m->desc->type <= CTRL_SCCRP && !s->frame) {
		s->frame = frame;
		s->version = 0x0100;
		s->result = (uint8_t)result;
	}
	if (m->desc->type == CTRL_STOPRQ && !c->stop_frame) {
		c->stop_frame = frame;
		c->stopped_by = (int)from;
	}
}

static uint32_t header_cookie = CTRL_MAGIC, value_result = 1, value_identifier;

/* A message of a host, which has acknowledged the other side's octets up to `acked`. */
static void send_acked(struct link *l, unsigned from, enum ctrl_type type, uint64_t acked)
{
	const struct ctrl_desc *d = ctrl_desc_of(type);
	uint32_t value[CTRL_FIELDS_MAX];
	uint8_t octets[CTRL_MAX];
	struct event e = event_of(l, EVENT_MESSAGE, from);
	uint64_t frames[1] = { frame };
	struct ctrl_origin origin = { .frames = frames,
				      .nframes = 1,
				      .frame = frame,
				      .time_ns = now,
				      .position = l->end[from],
				      .peer_acked = acked };
	struct ctrl_msg m;
	int row;

	ctrl_defaults(d, value);
	value[ctrl_field_index(d, "magic_cookie")] = header_cookie;
	if ((row = ctrl_field_index(d, "protocol_version")) >= 0)
		value[row] = 0x0100;
	if ((row = ctrl_field_index(d, "result_code")) >= 0)
		value[row] = value_result;
	if ((row = ctrl_field_index(d, "identifier")) >= 0)
		value[row] = value_identifier;
	if ((row = ctrl_field_index(d, "reason")) >= 0)
		value[row] = 1;
	CU_ASSERT_EQUAL_FATAL(ctrl_encode(d, value, NULL, octets, sizeof(octets)), d->length);
	ctrl_decode(octets, d->length, false, &m);
	e.msg = &m;
	e.origin = &origin;
	if (acked > l->c.acked[from]) {
		l->c.acked[from] = acked;
		l->c.acked_time[from] = now;
	}
	judge_event(judge, &e);
	apply(l, from, &m, value_result);
	judge_applied(judge, &e, NULL);
	l->end[from] += d->length;
}

/* ... which has acknowledged all there was. */
static void send_on(struct link *l, unsigned from, enum ctrl_type type)
{
	send_acked(l, from, type, l->end[!from]);
}

static void sent(unsigned from, enum ctrl_type type)
{
	send_on(&first, from, type);
}

static void acknowledge(struct link *l, unsigned host)
{
	l->c.acked[host] = l->end[!host];
	l->c.acked_time[host] = now;
}

static void wait_ms(int64_t ms)
{
	now += ms * 1000000;
}

static void wait_s(int64_t seconds)
{
	wait_ms(seconds * 1000);
}

static void ended_on(struct link *l, enum event_kind kind, unsigned from)
{
	struct event e = event_of(l, kind, from);

	e.peer_acked = l->c.acked[from];
	judge_event(judge, &e);
	if (l->c.closed_by < 0)
		l->c.closed_by = (int)from;
}

static void fin(unsigned from)
{
	ended_on(&first, EVENT_FIN, from);
}

/* The end of what is seen, `seconds` after the connection's last packet. */
static void out_of_sight(enum connection_close how, int64_t seconds)
{
	struct event e = event_of(&first, EVENT_CLOSE, HIGH);

	first.c.close = how;
	judge_clock(judge, now + seconds * INT64_C(1000000000));
	judge_event(judge, &e);
}

static void opened(void)
{
	sent(HIGH, CTRL_SCCRQ);
	sent(LOW, CTRL_SCCRP);
}

/* --- what was found -------------------------------------------------------------------------- */

struct wanted {
	const char *id;
	struct finding finding;
	unsigned count, others;
};

static void take(void *ctx, const struct finding *f)
{
	struct wanted *w = ctx;

	if (strcmp(f->id, w->id) != 0) {
		w->others++;
		return;
	}
	w->finding = *f;
	w->count++;
}

static struct finding found;
static unsigned found_others;

/* How many findings have this id; `found` is the last of them. */
static unsigned finds(const char *id)
{
	struct wanted w = { .id = id };

	CU_ASSERT_TRUE(judge_walk(judge, take, &w));
	found = w.finding;
	found_others = w.others;
	return w.count;
}

/* Nothing but one finding of this id: by whom, and where. */
static void finds_only(const char *id, int host, uint64_t at)
{
	CU_ASSERT_EQUAL(finds(id), 1);
	CU_ASSERT_EQUAL(found_others, 0);
	CU_ASSERT_EQUAL(found.has_fault, host >= 0);
	if (host >= 0)
		CU_ASSERT_EQUAL(found.at_fault.octet[15], host + 1);
	CU_ASSERT_EQUAL(found.frame, at);
}

static void finds_nothing(void)
{
	CU_ASSERT_EQUAL(finds("-"), NOT_FOUND);
	CU_ASSERT_EQUAL(found_others, 0);
}

static void end(void)
{
	judge_forget_connection(judge, &first.c);
	judge_forget_connection(judge, &second.c);
	memset(&second, 0, sizeof(second));
	judge_free(judge);
	judge = NULL;
	header_cookie = CTRL_MAGIC;
	value_result = 1;
	value_identifier = 0;
}

static void restart(void)
{
	end();
	begin(PROFILE_RFC2637);
}

/* --- echo -------------------------------------------------------------------------------------- */

/* Sends an Echo-Request when it is due, and closes so long after it. */
static uint64_t echo_and_fin(int64_t ms, bool acknowledged)
{
	uint64_t at;

	opened();
	wait_s(60);
	sent(HIGH, CTRL_ECHORQ);
	at = frame;
	if (acknowledged)
		acknowledge(&first, LOW);
	wait_ms(ms);
	fin(HIGH);
	return at;
}

static void an_echo_without_reply(void)
{
	uint64_t at;

	begin(PROFILE_RFC2637);
	at = echo_and_fin(74999, true);
	finds_only("ECHORP-REPLY-01", LOW, at);
	restart();
	at = echo_and_fin(75000, true);
	finds_only("KA-REPLY-01", HIGH, at);
	restart();
	at = echo_and_fin(75000, false); /* the timer does not ask why nothing came */
	finds_only("KA-REPLY-01", HIGH, at);
	restart();
	echo_and_fin(62000, false); /* who has not got it need not answer */
	finds_nothing();
	restart();
	echo_and_fin(57000, true); /* 60 s by another clock */
	finds_nothing();
	restart();
	echo_and_fin(20000, true);
	finds_only("KA-REPLY-02", HIGH, frame);
	restart();
	echo_and_fin(500, true); /* nothing to do with the Echo-Request, it seems */
	finds_only("CCSM-STOP-LOCAL-01", HIGH, frame);
	end();
}

static void echo(unsigned from, enum ctrl_type type, uint32_t identifier)
{
	value_identifier = identifier;
	sent(from, type);
}

static void identifiers(void)
{
	begin(PROFILE_RFC2637);
	opened();
	wait_s(60);
	for (uint32_t i = 0; i < 5; i++) /* more than are kept */
		echo(HIGH, CTRL_ECHORQ, i);
	for (uint32_t i = 5; i-- > 0;)
		echo(LOW, CTRL_ECHORP, i);
	finds_nothing();
	echo(LOW, CTRL_ECHORP, 0);
	finds_only("ECHORP-UNSOL-01", LOW, frame);
	restart();
	opened();
	wait_s(60);
	echo(HIGH, CTRL_ECHORQ, 7);
	echo(LOW, CTRL_ECHORP, 8); /* it was the reply all the same */
	finds_only("ECHORP-IDENT-01", LOW, frame);
	wait_s(61);
	echo(HIGH, CTRL_ECHORQ, 8);
	wait_s(20);
	echo(LOW, CTRL_ECHORP, 8);
	CU_ASSERT_EQUAL(finds("KA-DELAY-01"), 1);
	CU_ASSERT_FALSE(found.has_fault);
	CU_ASSERT_EQUAL(found_others, 1);
	end();
}

/* Two Echo-Requests that cross: neither side had heard of the other. */
static void an_early_echo(void)
{
	uint64_t heard;

	begin(PROFILE_RFC2637);
	opened();
	wait_s(60);
	heard = first.end[LOW];
	sent(LOW, CTRL_ECHORQ);
	wait_ms(5);
	send_acked(&first, HIGH, CTRL_ECHORQ, heard);
	finds_nothing();
	sent(LOW, CTRL_ECHORP);
	sent(HIGH, CTRL_ECHORP);
	wait_ms(54999);
	sent(HIGH, CTRL_ECHORQ);
	finds_only("KA-IDLE-02", HIGH, frame);
	CU_ASSERT_EQUAL(found.certainty, SUSPECTED);
	CU_ASSERT_EQUAL(found.severity, SEVERITY_NOTE);
	end();
}

static void silence(void)
{
	begin(PROFILE_RFC2637);
	opened();
	acknowledge(&first, HIGH);
	wait_ms(74999);
	sent(HIGH, CTRL_SLI);
	finds_nothing();
	wait_ms(1);
	sent(HIGH, CTRL_SLI); /* nothing has come from the other side */
	finds_only("KA-IDLE-01", HIGH, 3);
	wait_s(5);
	sent(HIGH, CTRL_SLI); /* that was told */
	CU_ASSERT_EQUAL(finds("KA-IDLE-01"), 1);
	CU_ASSERT_EQUAL(found.count, 1);
	restart();
	opened();
	acknowledge(&first, HIGH);
	out_of_sight(CLOSE_NONE, 74);
	finds_nothing();
	restart();
	opened();
	acknowledge(&first, HIGH);
	out_of_sight(CLOSE_NONE, 75);
	CU_ASSERT_EQUAL(finds("KA-IDLE-01"), 2);
	restart();
	opened();
	acknowledge(&first, HIGH);
	out_of_sight(CLOSE_REUSED, 75);
	finds_nothing();
	restart();
	opened();
	wait_s(40);
	acknowledge(&first, HIGH); /* what was lost has come again: only the other side has waited */
	out_of_sight(CLOSE_NONE, 74);
	finds_only("KA-IDLE-01", LOW, frame - 2);
	end();
	begin(PROFILE_MS_PTPT);
	opened();
	out_of_sight(CLOSE_NONE, 7200);
	finds_nothing();
	end();
}

/* --- the beginning ------------------------------------------------------------------------------- */

static void nothing_is_said(void)
{
	begin(PROFILE_RFC2637);
	out_of_sight(CLOSE_NONE, 74);
	finds_nothing();
	restart();
	out_of_sight(CLOSE_NONE, 75);
	finds_only("KA-ESTAB-01", LOW, first.c.first_frame);
	restart();
	first.c.accepted = false;
	out_of_sight(CLOSE_NONE, 75);
	finds_nothing();
	restart();
	wait_s(62);
	fin(LOW);
	out_of_sight(CLOSE_NONE, 75);
	finds_nothing();
	end();
	begin(PROFILE_MS_PTPT);
	out_of_sight(CLOSE_NONE, 75);
	CU_ASSERT_EQUAL(finds("KA-ESTAB-01"), NOT_FOUND);
	end();
}

static void no_reply_to_the_start(void)
{
	begin(PROFILE_RFC2637);
	sent(HIGH, CTRL_SCCRQ);
	acknowledge(&first, LOW);
	wait_s(62);
	fin(HIGH);
	finds_only("CCSM-RECV-REPLY-01", LOW, 2);
	restart();
	sent(HIGH, CTRL_SCCRQ);
	wait_s(62);
	fin(HIGH); /* nobody there */
	finds_nothing();
	restart();
	sent(HIGH, CTRL_SCCRQ);
	acknowledge(&first, LOW);
	wait_s(30);
	fin(HIGH);
	out_of_sight(CLOSE_NONE, 100);
	finds_nothing();
	restart();
	sent(HIGH, CTRL_SCCRQ);
	wait_s(80);
	sent(LOW, CTRL_SCCRP);
	finds_only("KA-ESTAB-02", HIGH, 2);
	end();
}

static void too_early(void)
{
	uint64_t before;

	begin(PROFILE_RFC2637);
	sent(HIGH, CTRL_SCCRQ);
	before = first.end[LOW];
	sent(LOW, CTRL_SCCRP);
	send_acked(&first, HIGH, CTRL_OCRQ, before);
	finds_only("CCSM-PRE-01", HIGH, frame);
	CU_ASSERT_EQUAL(found.certainty, CERTAIN);
	restart();
	sent(HIGH, CTRL_SCCRQ);
	send_acked(&first, HIGH, CTRL_OCRQ, 156); /* the reply is not in the capture yet */
	finds_nothing();
	restart();
	sent(HIGH, CTRL_SCCRQ);
	sent(LOW, CTRL_SCCRP);
	before = first.end[LOW];
	sent(LOW, CTRL_ECHORQ);
	send_acked(&first, HIGH, CTRL_OCRQ, before); /* the reply, not the Echo-Request */
	CU_ASSERT_EQUAL(finds("CCSM-PRE-01"), NOT_FOUND);
	end();
}

static void refused(void)
{
	begin(PROFILE_RFC2637);
	sent(HIGH, CTRL_SCCRQ);
	value_result = 4;
	sent(LOW, CTRL_SCCRP);
	sent(HIGH, CTRL_STOPRQ);
	finds_nothing();
	out_of_sight(CLOSE_NONE, 100);
	finds_nothing();
	restart();
	sent(HIGH, CTRL_SCCRQ);
	value_result = 4;
	sent(LOW, CTRL_SCCRP);
	out_of_sight(CLOSE_NONE, 75);
	finds_only("CCSM-ORIG-RES-01", HIGH, 3);
	CU_ASSERT_EQUAL(found.certainty, SUSPECTED);
	end();
}

/* What is not there cannot be missed in a capture that is not whole. */
static void not_the_whole_story(void)
{
	const struct judge_stats *s;

	begin(PROFILE_RFC2637);
	first.c.midstream = true;
	sent(HIGH, CTRL_SLI);
	acknowledge(&first, LOW);
	wait_s(100);
	sent(LOW, CTRL_ECHORP);
	finds_nothing();
	s = judge_stats(judge);
	CU_ASSERT_EQUAL(s->withheld_by[RULE_ECHORP_UNSOL_01] & UNLESS_MIDSTREAM, UNLESS_MIDSTREAM);
	CU_ASSERT_EQUAL(s->withheld_by[RULE_KA_IDLE_01] & UNLESS_MIDSTREAM, UNLESS_MIDSTREAM);
	sent(HIGH, CTRL_STOPRQ);
	sent(HIGH, CTRL_ECHORQ); /* one direction is enough for this */
	CU_ASSERT_EQUAL(finds("CCSM-STOP-LOCAL-02"), 1);
	restart();
	opened();
	first.c.gaps = 1;
	sent(LOW, CTRL_ECHORP);
	finds_nothing();
	restart();
	first.c.seen[LOW] = false;
	sent(HIGH, CTRL_SCCRQ);
	wait_s(100);
	sent(HIGH, CTRL_STOPRQ);
	finds_nothing();
	end();
}

/* --- the end ----------------------------------------------------------------------------------------- */

static void stops(void)
{
	uint64_t at;

	begin(PROFILE_RFC2637);
	opened();
	sent(HIGH, CTRL_STOPRQ);
	at = frame;
	acknowledge(&first, LOW);
	fin(LOW);
	finds_only("CCSM-STOP-REPLY-01", LOW, at);
	restart();
	opened();
	sent(HIGH, CTRL_STOPRQ);
	fin(LOW); /* had not got it: closed without a word of its own */
	finds_only("CCSM-STOP-LOCAL-01", LOW, frame);
	restart();
	opened();
	sent(HIGH, CTRL_STOPRQ);
	acknowledge(&first, LOW);
	sent(LOW, CTRL_STOPRP);
	ended_on(&first, EVENT_RST, LOW);
	finds_only("CCSM-STOP-REPLY-03", LOW, frame);
	CU_ASSERT_EQUAL(found.certainty, CERTAIN);
	restart();
	opened();
	sent(HIGH, CTRL_STOPRQ);
	sent(LOW, CTRL_STOPRP);
	acknowledge(&first, HIGH);
	ended_on(&first, EVENT_RST, LOW);
	finds_nothing();
	end();
}

static void stop_timers(void)
{
	uint64_t at;

	begin(PROFILE_RFC2637);
	opened();
	sent(HIGH, CTRL_STOPRQ);
	at = frame;
	acknowledge(&first, LOW);
	wait_s(62);
	fin(HIGH);
	finds_only("CCSM-STOP-REPLY-01", LOW, at);
	restart();
	opened();
	sent(HIGH, CTRL_STOPRQ);
	at = frame;
	out_of_sight(CLOSE_NONE, 75);
	finds_only("KA-EXPECT-01", HIGH, at);
	restart();
	opened();
	sent(HIGH, CTRL_STOPRQ);
	sent(LOW, CTRL_STOPRP);
	at = frame;
	acknowledge(&first, HIGH);
	out_of_sight(CLOSE_NONE, 75);
	finds_only("CCSM-STOP-REPLY-02", LOW, at);
	restart();
	opened();
	sent(HIGH, CTRL_STOPRQ);
	sent(LOW, CTRL_STOPRP);
	at = frame;
	fin(LOW);
	out_of_sight(CLOSE_NONE, 75); /* the reply was not acknowledged */
	finds_nothing();
	acknowledge(&first, HIGH);
	out_of_sight(CLOSE_NONE, 75);
	finds_only("CCSM-STOP-DONE-01", HIGH, at);
	end();
}

static void stops_that_cross(void)
{
	uint64_t heard, at;

	begin(PROFILE_RFC2637);
	opened();
	sent(HIGH, CTRL_STOPRQ);
	at = frame;
	heard = first.end[HIGH] - 16;
	send_acked(&first, LOW, CTRL_STOPRQ, heard);
	out_of_sight(CLOSE_NONE, 75);
	finds_only("CCSM-STOP-CROSS-01", -1, at);
	restart();
	opened();
	sent(HIGH, CTRL_STOPRQ);
	at = frame;
	sent(LOW, CTRL_STOPRQ); /* instead of a reply */
	out_of_sight(CLOSE_NONE, 75);
	finds_only("KA-EXPECT-01", HIGH, at);
	end();
}

/* --- broken messages ------------------------------------------------------------------------------------ */

static void break_one(unsigned from)
{
	header_cookie = 0;
	sent(from, CTRL_SLI);
	header_cookie = CTRL_MAGIC;
	first.c.skipped[from] = 12; /* as the search for the next header leaves it */
}

static void lost_boundaries(void)
{
	begin(PROFILE_RFC2637);
	opened();
	wait_s(60);
	sent(HIGH, CTRL_ECHORQ);
	break_one(HIGH);
	sent(LOW, CTRL_ECHORP); /* to what came before */
	CU_ASSERT_EQUAL(finds("MSG-COOKIE-02") + finds("MSG-SYNC-01"), NOT_FOUND);
	sent(LOW, CTRL_WEN);
	CU_ASSERT_EQUAL(finds("MSG-SYNC-01"), 1);
	CU_ASSERT_EQUAL(found.certainty, CERTAIN);
	CU_ASSERT_EQUAL(found.frame, frame);
	restart();
	opened();
	break_one(HIGH);
	send_acked(&first, LOW, CTRL_WEN, first.end[HIGH] - 24); /* it had not got it */
	CU_ASSERT_EQUAL(finds("MSG-SYNC-01"), NOT_FOUND);
	wait_s(1);
	sent(HIGH, CTRL_ECHORQ);
	sent(LOW, CTRL_ECHORP);
	CU_ASSERT_EQUAL(finds("MSG-COOKIE-02"), 1);
	restart();
	opened();
	break_one(HIGH);
	acknowledge(&first, LOW);
	wait_ms(9999);
	fin(LOW);
	CU_ASSERT_EQUAL(finds("MSG-SYNC-01") + finds("CCSM-STOP-LOCAL-01"), NOT_FOUND);
	restart();
	opened();
	break_one(HIGH);
	acknowledge(&first, LOW);
	wait_s(10);
	fin(LOW);
	CU_ASSERT_EQUAL(finds("MSG-SYNC-01"), 1);
	CU_ASSERT_EQUAL(found.certainty, SUSPECTED);
	end();
}

static void forget_first(int64_t seconds)
{
	struct event e = event_of(&first, EVENT_FORGET, LOW);

	judge_clock(judge, now + seconds * INT64_C(1000000000));
	judge_event(judge, &e);
}

static void starts_over(void)
{
	begin(PROFILE_RFC2637);
	opened();
	break_one(LOW);
	acknowledge(&first, HIGH);
	wait_s(1);
	fin(HIGH);
	forget_first(74);
	CU_ASSERT_EQUAL(finds("MSG-RESTART-01"), NOT_FOUND);
	forget_first(75);
	CU_ASSERT_EQUAL(finds("MSG-RESTART-01"), 1);
	CU_ASSERT_EQUAL(found.at_fault.octet[15], HIGH + 1);
	restart();
	opened();
	break_one(LOW);
	acknowledge(&first, HIGH);
	fin(HIGH);
	wait_s(30);
	link_up(&second, HIGH, 2);
	forget_first(100);
	CU_ASSERT_EQUAL(finds("MSG-RESTART-01"), NOT_FOUND);
	end();
}

/* --- collisions ----------------------------------------------------------------------------------------- */

/* Both hosts open a connection: `first` is of the higher address, which wins. */
/* acked: TCP has acknowledged the first request when the second one is sent, so many ms later. */
static void collide_after(bool acked, int64_t ms)
{
	sent(HIGH, CTRL_SCCRQ);
	if (acked)
		acknowledge(&first, LOW);
	wait_ms(ms);
	link_up(&second, LOW, 2);
	send_on(&second, LOW, CTRL_SCCRQ);
}

static void collide(bool crossed)
{
	collide_after(!crossed, 0);
}

static void the_loser_lingers(void)
{
	begin(PROFILE_RFC2637);
	collide(true);
	acknowledge(&first, LOW);
	wait_ms(100);
	sent(LOW, CTRL_SCCRP);
	wait_ms(4800);
	ended_on(&second, EVENT_FIN, LOW);
	finds_nothing();
	restart();
	collide(true);
	acknowledge(&first, LOW);
	wait_ms(100);
	sent(LOW, CTRL_SCCRP);
	wait_s(5);
	ended_on(&second, EVENT_FIN, LOW);
	finds_only("COLL-LOSER-01", LOW, 2);
	CU_ASSERT_EQUAL(found.connection, 2);
	restart();
	collide(true);
	tunnel.host[HIGH].octet[12] = 8; /* one of the addresses is translated somewhere */
	acknowledge(&first, LOW);
	wait_s(10);
	ended_on(&second, EVENT_FIN, LOW);
	finds_nothing();
	CU_ASSERT_EQUAL(judge_stats(judge)->withheld_by[RULE_COLL_LOSER_01], UNLESS_NAT);
	end();
}

static void the_winner_gives_way(void)
{
	begin(PROFILE_RFC2637);
	collide(true);
	send_on(&second, HIGH, CTRL_SCCRP);
	finds_nothing(); /* both may be accepted yet */
	fin(HIGH);
	finds_only("COLL-WINNER-01", HIGH, second.c.start[1].frame);
	CU_ASSERT_EQUAL(found.certainty, CERTAIN);
	restart();
	collide(false);
	send_on(&second, HIGH, CTRL_SCCRP);
	fin(HIGH);
	finds_only("COLL-WINNER-01", HIGH, second.c.start[1].frame);
	CU_ASSERT_EQUAL(found.certainty, SUSPECTED);
	restart();
	collide(true);
	fin(LOW);
	finds_only("COLL-WINNER-01", LOW, frame);
	restart();
	collide(true);
	send_on(&second, HIGH, CTRL_SCCRP);
	sent(LOW, CTRL_SCCRP);
	ended_on(&second, EVENT_FIN, LOW); /* the loser knows what to do */
	finds_only("COLL-WINNER-01", HIGH, second.c.start[1].frame);
	restart();
	collide(true);
	send_on(&second, HIGH, CTRL_SCCRP);
	sent(LOW, CTRL_SCCRP);
	sent(HIGH, CTRL_OCRQ);
	finds_only("COLL-DETECT-01", -1, first.c.start[1].frame);
	end();
}

static void the_loser_goes_on(void)
{
	begin(PROFILE_RFC2637);
	collide(true);
	send_on(&second, LOW, CTRL_STOPRQ); /* had not heard of the other one */
	CU_ASSERT_EQUAL(finds("COLL-LOSER-02"), NOT_FOUND);
	restart();
	collide(true);
	acknowledge(&first, LOW);
	send_on(&second, LOW, CTRL_STOPRQ);
	finds_only("COLL-LOSER-02", LOW, frame);
	restart();
	collide_after(true, 900); /* acknowledged, but hardly read by then */
	send_on(&second, LOW, CTRL_STOPRQ);
	finds_only("COLL-LOSER-02", LOW, frame);
	restart();
	collide_after(true, 1100);
	send_on(&second, LOW, CTRL_STOPRQ);
	CU_ASSERT_EQUAL(finds("COLL-LOSER-02"), NOT_FOUND);
	CU_ASSERT_EQUAL(judge_stats(judge)->withheld_by[RULE_COLL_LOSER_02], UNLESS_INFLIGHT);
	restart();
	collide(true);
	acknowledge(&first, LOW);
	ended_on(&second, EVENT_FIN, LOW);
	wait_s(61);
	fin(HIGH);
	finds_only("COLL-LOSER-03", LOW, 2);
	end();
	begin(PROFILE_MS_PTPT);
	collide(true);
	acknowledge(&first, LOW);
	ended_on(&second, EVENT_FIN, LOW);
	wait_s(61);
	fin(HIGH);
	finds_nothing();
	end();
}

void suite_rules_control(void)
{
	static const struct {
		const char *name;
		void (*fn)(void);
	} tests[] = {
		{ "an echo without reply", an_echo_without_reply },
		{ "identifiers", identifiers },
		{ "an early echo", an_early_echo },
		{ "silence", silence },
		{ "nothing is said", nothing_is_said },
		{ "no reply to the start", no_reply_to_the_start },
		{ "too early", too_early },
		{ "refused", refused },
		{ "not the whole story", not_the_whole_story },
		{ "stops", stops },
		{ "stop timers", stop_timers },
		{ "stops that cross", stops_that_cross },
		{ "lost boundaries", lost_boundaries },
		{ "starts over", starts_over },
		{ "the loser lingers", the_loser_lingers },
		{ "the winner gives way", the_winner_gives_way },
		{ "the loser goes on", the_loser_goes_on },
	};
	CU_pSuite s = CU_add_suite("rules_control", NULL, NULL);

	for (size_t i = 0; s && i < sizeof(tests) / sizeof(*tests); i++)
		CU_add_test(s, tests[i].name, tests[i].fn);
}
