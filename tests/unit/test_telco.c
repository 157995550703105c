/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The telephone side of a PAC, on a net with virtual time. */
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "conformance/telco/hdlc.h"
#include "conformance/telco/telco.h"

/* A PAC that notes what it is told. */
struct pac {
	struct net *net;
	struct telco *telco;
	struct telco_told last;
	unsigned told, errors;
	int64_t when, start;
	char journal[8192];
	uint8_t frame[HDLC_FRAME];
	size_t frame_len;
	unsigned frames;
	bool answers, hangs_up;
};

static void told(void *ctx, const struct telco_told *t)
{
	static const char *const words[] = { "RINGING", "CONNECTED", "FAILED", "DROPPED", "ERRORS", "DATA" };
	struct pac *p = ctx;
	size_t len = strlen(p->journal);

	snprintf(p->journal + len, sizeof(p->journal) - len, "%lld %s %s %u %u;",
		 (long long)((net_now(p->net) - p->start) / NET_MILLISECOND), words[t->event],
		 t->event == TELCO_FAILED ? telco_outcome_name(t->outcome) : "-", t->cause, t->speed);
	p->last = *t;
	p->when = net_now(p->net) - p->start;
	p->told += t->event != TELCO_ERRORS && t->event != TELCO_DATA;
	p->errors += t->event == TELCO_ERRORS;
	if (t->event == TELCO_DATA && t->len <= sizeof(p->frame)) {
		memcpy(p->frame, t->octets, t->len);
		p->frame_len = t->len;
		p->frames++;
	}
	if (t->event == TELCO_RINGING && p->answers)
		telco_answer(t->line);
	if ((t->event == TELCO_FAILED || t->event == TELCO_DROPPED) && p->hangs_up)
		telco_hangup(t->line, 0);
}

static void open_bank(struct pac *p, const struct telco_options *o)
{
	const struct net_memory_options memory = { .seed = 1 };

	memset(p, 0, sizeof(*p));
	p->net = net_memory_new(&memory);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p->net);
	p->start = net_now(p->net);
	p->telco = telco_new(p->net, o, told, p);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p->telco);
}

static void close_bank(struct pac *p)
{
	telco_free(p->telco);
	net_free(p->net);
}

static void run_for(struct pac *p, int64_t ns)
{
	int64_t until = net_now(p->net) + ns;

	while (net_step(p->net, until))
		;
}

static struct telco_options lines(unsigned analog, unsigned bri, unsigned pri)
{
	struct telco_options o = { .analog = analog, .bri = bri, .pri = pri, .seed = 7 };

	telco_script_defaults(&o.script);
	return o;
}

static struct telco_line *dial(struct pac *p, const char *number, unsigned bearer)
{
	return telco_dial(p->telco, number, "", bearer, 300, 100000000);
}

/* --- outgoing -------------------------------------------------------------------------------- */

/* What each outcome is told as, by modems and by ISDN, and what is logged. */
static void outcomes(void)
{
	static const struct {
		enum telco_outcome meets;
		unsigned bearer;
		uint16_t cause; /* of the script */
		enum telco_event event;
		enum telco_outcome outcome;
		uint16_t told;
		const char *log;
	} rows[] = {
		{ TELCO_ANSWER, 1, 0, TELCO_CONNECTED, 0, 0,
		  "OFF-HOOK DIAL-TONE DIAL RING ANSWER TRAINING CONNECT(33600)" },
		{ TELCO_SLOW, 1, 0, TELCO_CONNECTED, 0, 0,
		  "OFF-HOOK DIAL-TONE DIAL RING ANSWER TRAINING CONNECT(33600)" },
		{ TELCO_BUSY, 1, 0, TELCO_FAILED, TELCO_BUSY, 0, "OFF-HOOK DIAL-TONE DIAL BUSY" },
		{ TELCO_NO_CARRIER, 1, 0, TELCO_FAILED, TELCO_NO_CARRIER, 0,
		  "OFF-HOOK DIAL-TONE DIAL RING ANSWER VOICE NO-CARRIER" },
		{ TELCO_NO_DIALTONE, 1, 0, TELCO_FAILED, TELCO_NO_DIALTONE, 0, "OFF-HOOK NO-DIALTONE" },
		{ TELCO_RING, 1, 0, TELCO_FAILED, TELCO_RING, 0, "OFF-HOOK DIAL-TONE DIAL RING NO-ANSWER" },
		{ TELCO_BARRED, 1, 0, TELCO_FAILED, TELCO_BARRED, 0, "" },
		{ TELCO_UNALLOCATED, 1, 0, TELCO_FAILED, TELCO_NO_CARRIER, 0,
		  "OFF-HOOK DIAL-TONE DIAL VOICE NO-CARRIER" },
		{ TELCO_REJECTED, 1, 0, TELCO_FAILED, TELCO_NO_CARRIER, 0,
		  "OFF-HOOK DIAL-TONE DIAL VOICE NO-CARRIER" },
		{ TELCO_FAILURE, 1, 0, TELCO_FAILED, TELCO_NO_CARRIER, 0,
		  "OFF-HOOK DIAL-TONE DIAL VOICE NO-CARRIER" },
		{ TELCO_ANSWER, 2, 0, TELCO_CONNECTED, 0, 0,
		  "SETUP CALL-PROCEEDING ALERTING CONNECT CONNECT-ACK" },
		{ TELCO_BUSY, 2, 0, TELCO_FAILED, TELCO_BUSY, 17,
		  "SETUP CALL-PROCEEDING DISCONNECT(17) RELEASE RELEASE-COMPLETE" },
		{ TELCO_NO_CARRIER, 2, 0, TELCO_FAILED, TELCO_NO_CARRIER, 0,
		  "SETUP CALL-PROCEEDING ALERTING CONNECT CONNECT-ACK VOICE NO-CARRIER" },
		{ TELCO_NO_DIALTONE, 2, 0, TELCO_FAILED, TELCO_NO_DIALTONE, 0, "LAYER-1-DOWN" },
		{ TELCO_NO_DIALTONE, 2, 34, TELCO_FAILED, TELCO_NO_DIALTONE, 34,
		  "SETUP RELEASE-COMPLETE(34)" },
		{ TELCO_RING, 2, 0, TELCO_FAILED, TELCO_RING, 19,
		  "SETUP CALL-PROCEEDING ALERTING DISCONNECT(19) RELEASE RELEASE-COMPLETE" },
		{ TELCO_RING, 2, 18, TELCO_FAILED, TELCO_RING, 18,
		  "SETUP CALL-PROCEEDING ALERTING DISCONNECT(18) RELEASE RELEASE-COMPLETE" },
		{ TELCO_UNALLOCATED, 2, 0, TELCO_FAILED, TELCO_UNALLOCATED, 1,
		  "SETUP CALL-PROCEEDING DISCONNECT(1) RELEASE RELEASE-COMPLETE" },
		{ TELCO_REJECTED, 2, 0, TELCO_FAILED, TELCO_REJECTED, 21, "SETUP RELEASE-COMPLETE(21)" },
		{ TELCO_FAILURE, 2, 0, TELCO_FAILED, TELCO_FAILURE, 38,
		  "SETUP CALL-PROCEEDING DISCONNECT(38) RELEASE RELEASE-COMPLETE" },
		{ TELCO_FAILURE, 2, 41, TELCO_FAILED, TELCO_FAILURE, 41,
		  "SETUP CALL-PROCEEDING DISCONNECT(41) RELEASE RELEASE-COMPLETE" },
	};
	struct telco_options o = lines(1, 1, 0);

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct telco_script s = o.script;
		struct telco_line *l;
		struct pac p;

		open_bank(&p, &o);
		s.outcome = rows[i].meets;
		s.cause = rows[i].cause;
		CU_ASSERT_TRUE(telco_number(p.telco, "123", &s));
		CU_ASSERT_EQUAL(telco_is_barred(p.telco, "123"), rows[i].meets == TELCO_BARRED);
		l = dial(&p, "123", rows[i].bearer);
		CU_ASSERT_PTR_NOT_NULL_FATAL(l);
		CU_ASSERT_EQUAL(p.told, 0);
		run_for(&p, 200 * NET_SECOND);
		CU_ASSERT_EQUAL(p.told, 1);
		CU_ASSERT_EQUAL(p.last.event, rows[i].event);
		CU_ASSERT_EQUAL(p.last.cause, rows[i].told);
		if (rows[i].event == TELCO_FAILED) {
			CU_ASSERT_EQUAL(p.last.outcome, rows[i].outcome);
			CU_ASSERT_STRING_EQUAL(telco_line_state(l), "dead");
		} else {
			CU_ASSERT_EQUAL(p.last.speed, rows[i].bearer == 1 ? 33600 : 64000);
			CU_ASSERT_STRING_EQUAL(telco_line_state(l), "connected");
		}
		CU_ASSERT_STRING_EQUAL(telco_line_log(l), rows[i].log);
		close_bank(&p);
	}
}

/* How long things take. */
static void times(void)
{
	struct telco_options o = lines(2, 0, 0);
	struct pac p;

	o.dial_timeout_ns = 30 * NET_SECOND;
	open_bank(&p, &o);
	CU_ASSERT_PTR_NOT_NULL(dial(&p, telco_number_of(p.telco, TELCO_RING), 1));
	run_for(&p, 60 * NET_SECOND);
	CU_ASSERT_EQUAL(p.when, 30 * NET_SECOND + 200 * NET_MILLISECOND);
	p.start = net_now(p.net);
	CU_ASSERT_PTR_NOT_NULL(dial(&p, telco_number_of(p.telco, TELCO_SLOW), 1));
	run_for(&p, 60 * NET_SECOND);
	CU_ASSERT_EQUAL(p.last.event, TELCO_CONNECTED);
	CU_ASSERT_EQUAL(p.when, 10 * NET_SECOND + 1200 * NET_MILLISECOND);
	close_bank(&p);
}

static void speeds(void)
{
	static const struct {
		unsigned bearer;
		uint32_t min, max, speed; /* 0: no carrier */
		bool digital;
	} rows[] = {
		{ 1, 300, 100000000, 33600, false }, { 1, 300, 9600, 9600, false },
		{ 1, 48000, 64000, 0, false },       { 2, 300, 100000000, 64000, true },
		{ 2, 300, 56000, 56000, true },      { 2, 100000, 200000, 0, true },
		{ 3, 300, 100000000, 33600, false }, { 3, 48000, 64000, 64000, true },
	};
	struct telco_options o = lines(1, 1, 0);

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct telco_line *l;
		struct pac p;

		open_bank(&p, &o);
		l = telco_dial(p.telco, "1", "", rows[i].bearer, rows[i].min, rows[i].max);
		CU_ASSERT_PTR_NOT_NULL_FATAL(l);
		CU_ASSERT_EQUAL(telco_line_digital(l), rows[i].digital);
		run_for(&p, 60 * NET_SECOND);
		CU_ASSERT_EQUAL(p.last.event, rows[i].speed ? TELCO_CONNECTED : TELCO_FAILED);
		CU_ASSERT_EQUAL(telco_line_speed(l), rows[i].speed);
		if (!rows[i].speed)
			CU_ASSERT_EQUAL(p.last.outcome, TELCO_NO_CARRIER);
		close_bank(&p);
	}
}

/* Numbers made on request, the next dialling whatever the number, names of outcomes. */
static void numbers(void)
{
	struct telco_options o = lines(4, 0, 0);
	struct telco_script barred = { .outcome = TELCO_BARRED };
	enum telco_outcome outcome;
	struct pac p;

	open_bank(&p, &o);
	for (unsigned i = 0; i < TELCO_OUTCOMES; i++) {
		const char *number = telco_number_of(p.telco, (enum telco_outcome)i);

		CU_ASSERT_PTR_NOT_NULL_FATAL(number);
		CU_ASSERT_STRING_EQUAL(number, telco_number_of(p.telco, (enum telco_outcome)i));
		CU_ASSERT_TRUE(telco_outcome_by_name(telco_outcome_name((enum telco_outcome)i), &outcome));
		CU_ASSERT_EQUAL(outcome, i);
	}
	CU_ASSERT_FALSE(telco_outcome_by_name("", &outcome));
	CU_ASSERT_FALSE(telco_is_barred(p.telco, "999"));
	CU_ASSERT_TRUE(telco_number(p.telco, "999", &barred));
	CU_ASSERT_TRUE(telco_is_barred(p.telco, "999"));
	telco_next(p.telco, TELCO_BUSY);
	dial(&p, "1", 1);
	run_for(&p, NET_SECOND);
	CU_ASSERT_EQUAL(p.last.outcome, TELCO_BUSY);
	dial(&p, "1", 1);
	run_for(&p, 10 * NET_SECOND);
	CU_ASSERT_EQUAL(p.last.event, TELCO_CONNECTED);
	close_bank(&p);
}

static void too_long_numbers(void)
{
	struct telco_options o = lines(1, 0, 0);
	struct telco_script s = { 0 };
	char number[80];
	struct pac p;

	memset(number, '5', sizeof(number));
	number[79] = '\0';
	open_bank(&p, &o);
	CU_ASSERT_FALSE(telco_number(p.telco, number, &s));
	CU_ASSERT_EQUAL(strlen(telco_line_number(dial(&p, number, 1))), 64);
	close_bank(&p);
}

/* Channels run out, by kind, and come back; each has an id of its own. */
static void channels(void)
{
	struct telco_options o = lines(2, 1, 1);
	struct telco_line *l[40];
	unsigned n = 0;
	struct pac p;

	open_bank(&p, &o);
	l[n++] = dial(&p, "1", 1);
	l[n++] = dial(&p, "1", 1);
	CU_ASSERT_EQUAL(telco_line_channel(l[0]), 0x01000100);
	CU_ASSERT_EQUAL(telco_line_channel(l[1]), 0x01000200);
	CU_ASSERT_PTR_NULL(dial(&p, "1", 1));
	while (n < 40 && (l[n] = dial(&p, "1", 3)))
		n++;
	CU_ASSERT_EQUAL(n, 2 + 2 + 30);
	CU_ASSERT_EQUAL(telco_line_kind(l[3]), LINE_BRI);
	CU_ASSERT_EQUAL(telco_line_channel(l[3]), 0x02000102);
	CU_ASSERT_EQUAL(telco_line_channel(l[4]), 0x03000101);
	/* Channel 16 of a primary rate line is for signalling. */
	CU_ASSERT_EQUAL(telco_line_channel(l[4 + 14]), 0x0300010f);
	CU_ASSERT_EQUAL(telco_line_channel(l[4 + 15]), 0x03000111);
	CU_ASSERT_EQUAL(telco_line_channel(l[n - 1]), 0x0300011f);
	CU_ASSERT_PTR_NULL(dial(&p, "1", 2));
	CU_ASSERT_PTR_NULL(telco_ring(p.telco, &(struct telco_caller){ .dialed = "1", .digital = true }));
	CU_ASSERT_PTR_NULL(telco_ring(p.telco, &(struct telco_caller){ .dialed = "1" }));
	telco_hangup(l[1], 0);
	CU_ASSERT_PTR_NULL(dial(&p, "1", 2));
	l[1] = dial(&p, "1", 1);
	CU_ASSERT_EQUAL(telco_line_channel(l[1]), 0x01000200);
	close_bank(&p);
}

/* A bank without analog lines takes calls of modems on B channels. */
static void audio_on_isdn(void)
{
	struct telco_options o = lines(0, 0, 1);
	struct telco_line *l;
	struct pac p;

	open_bank(&p, &o);
	l = dial(&p, "1", 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(l);
	CU_ASSERT_EQUAL(telco_line_kind(l), LINE_PRI);
	CU_ASSERT_FALSE(telco_line_digital(l));
	run_for(&p, 10 * NET_SECOND);
	CU_ASSERT_EQUAL(p.last.speed, 33600);
	CU_ASSERT_STRING_EQUAL(telco_line_log(l),
			       "SETUP CALL-PROCEEDING ALERTING CONNECT CONNECT-ACK TRAINING "
			       "CONNECT(33600)");
	l = telco_ring(p.telco, &(struct telco_caller){ .dialed = "1", .audio = true });
	CU_ASSERT_FALSE(telco_line_digital(l));
	l = telco_ring(p.telco, &(struct telco_caller){ .dialed = "1", .digital = true });
	CU_ASSERT_TRUE(telco_line_digital(l));
	close_bank(&p);
}

/* The PAC gives a dialling up; nothing is told any more, and the line is remembered. */
static void given_up(void)
{
	struct telco_options o = lines(1, 0, 0);
	struct telco_line *l;
	struct pac p;

	open_bank(&p, &o);
	l = dial(&p, telco_number_of(p.telco, TELCO_SLOW), 1);
	telco_set_owner(l, &p, 77);
	CU_ASSERT_PTR_EQUAL(telco_owner(l), &p);
	run_for(&p, 3 * NET_SECOND);
	CU_ASSERT_STRING_EQUAL(telco_line_state(l), "ringing");
	CU_ASSERT_TRUE(telco_line_in_use(l));
	telco_hangup(l, 0);
	run_for(&p, 100 * NET_SECOND);
	CU_ASSERT_EQUAL(p.told, 0);
	CU_ASSERT_PTR_EQUAL_FATAL(telco_line_at(p.telco, 0), l);
	CU_ASSERT_PTR_NULL(telco_line_at(p.telco, 1));
	CU_ASSERT_FALSE(telco_line_in_use(l));
	CU_ASSERT_PTR_NULL(telco_owner(l));
	CU_ASSERT_EQUAL(telco_tag(l), 77);
	CU_ASSERT_STRING_EQUAL(telco_line_state(l), "released");
	CU_ASSERT_STRING_EQUAL(telco_line_log(l), "OFF-HOOK DIAL-TONE DIAL RING ON-HOOK");
	/* A second time does nothing. */
	telco_hangup(l, 0);
	CU_ASSERT_PTR_NULL(telco_line_at(p.telco, 1));
	close_bank(&p);
}

static void many_released(void)
{
	struct telco_options o = lines(1, 0, 0);
	char number[8];
	unsigned n = 0;
	struct pac p;

	open_bank(&p, &o);
	for (unsigned i = 0; i < 200; i++) {
		snprintf(number, sizeof(number), "%u", i);
		telco_hangup(dial(&p, number, 1), 0);
	}
	CU_ASSERT_STRING_EQUAL(telco_line_number(telco_line_at(p.telco, 0)), "199");
	while (telco_line_at(p.telco, n))
		n++;
	CU_ASSERT_EQUAL(n, 64);
	close_bank(&p);
}

/* --- incoming -------------------------------------------------------------------------------- */

static const struct telco_caller analog_caller = {
	.dialed = "100", .dialing = "200", .subaddress = "s", .speed = 14400
};
static const struct telco_caller digital_caller = { .dialed = "100", .dialing = "200", .digital = true };

static void incoming(void)
{
	struct telco_options o = lines(1, 1, 0);
	struct telco_line *l;
	struct pac p;

	open_bank(&p, &o);
	l = telco_ring(p.telco, &analog_caller);
	CU_ASSERT_PTR_NOT_NULL_FATAL(l);
	CU_ASSERT_EQUAL(p.told, 0);
	run_for(&p, 20 * NET_SECOND);
	/* It rings, and the PAC has not gone off hook. */
	CU_ASSERT_EQUAL(p.told, 1);
	CU_ASSERT_EQUAL(p.last.event, TELCO_RINGING);
	CU_ASSERT_PTR_EQUAL(p.last.line, l);
	CU_ASSERT_TRUE(telco_line_incoming(l));
	CU_ASSERT_STRING_EQUAL(telco_line_log(l), "RING");
	CU_ASSERT_STRING_EQUAL(telco_line_number(l), "100");
	CU_ASSERT_STRING_EQUAL(telco_line_dialing(l), "200");
	CU_ASSERT_STRING_EQUAL(telco_line_subaddress(l), "s");
	telco_answer(l);
	run_for(&p, 20 * NET_SECOND);
	CU_ASSERT_EQUAL(p.last.event, TELCO_CONNECTED);
	CU_ASSERT_EQUAL(p.last.speed, 14400);
	CU_ASSERT_STRING_EQUAL(telco_line_log(l), "RING OFF-HOOK TRAINING CONNECT(14400)");
	l = telco_ring(p.telco, &digital_caller);
	run_for(&p, NET_SECOND);
	CU_ASSERT_STRING_EQUAL(telco_line_log(l), "SETUP CALL-PROCEEDING ALERTING");
	telco_answer(l);
	run_for(&p, NET_SECOND);
	CU_ASSERT_EQUAL(p.last.event, TELCO_CONNECTED);
	CU_ASSERT_EQUAL(p.last.speed, 64000);
	close_bank(&p);
}

static void incoming_ends(void)
{
	struct telco_options o = lines(2, 1, 0);
	struct telco_line *analog, *digital;
	struct pac p;

	open_bank(&p, &o);
	/* Nobody answers: the caller gives up. */
	analog = telco_ring(p.telco, &(struct telco_caller){ .dialed = "1", .gives_up_ns = 5 * NET_SECOND });
	run_for(&p, 10 * NET_SECOND);
	CU_ASSERT_EQUAL(p.last.event, TELCO_DROPPED);
	CU_ASSERT_TRUE(p.last.hung_up);
	CU_ASSERT_EQUAL(p.when, 5 * NET_SECOND);
	CU_ASSERT_STRING_EQUAL(telco_line_log(analog), "RING RING-STOPPED");
	digital = telco_ring(p.telco, &digital_caller);
	run_for(&p, NET_SECOND);
	telco_far_hangup(digital);
	run_for(&p, NET_SECOND);
	CU_ASSERT_EQUAL(p.last.event, TELCO_DROPPED);
	CU_ASSERT_EQUAL(p.last.cause, 16);
	CU_ASSERT_EQUAL(p.told, 4);
	/* The PAC does not want it. */
	digital = telco_ring(p.telco, &digital_caller);
	run_for(&p, NET_SECOND);
	telco_reject(digital, true);
	CU_ASSERT_STRING_EQUAL(telco_line_log(digital),
			       "SETUP CALL-PROCEEDING ALERTING DISCONNECT(17) RELEASE "
			       "RELEASE-COMPLETE");
	analog = telco_ring(p.telco, &analog_caller);
	run_for(&p, NET_SECOND);
	telco_reject(analog, false);
	CU_ASSERT_STRING_EQUAL(telco_line_log(analog), "RING NO-ANSWER");
	run_for(&p, 200 * NET_SECOND);
	CU_ASSERT_EQUAL(p.told, 6);
	close_bank(&p);
}

static void answering_fails(void)
{
	struct telco_options o = lines(3, 0, 0);
	struct telco_line *l;
	struct pac p;

	open_bank(&p, &o);
	p.answers = true;
	telco_next_answer(p.telco, TELCO_NO_CARRIER);
	l = telco_ring(p.telco, &analog_caller);
	run_for(&p, 20 * NET_SECOND);
	CU_ASSERT_EQUAL(p.last.event, TELCO_DROPPED);
	CU_ASSERT_FALSE(p.last.hung_up);
	CU_ASSERT_STRING_EQUAL(telco_line_log(l), "RING OFF-HOOK VOICE NO-CARRIER");
	telco_next_answer(p.telco, TELCO_SLOW);
	p.start = net_now(p.net);
	l = telco_ring(p.telco, &analog_caller);
	run_for(&p, 5 * NET_SECOND);
	CU_ASSERT_STRING_EQUAL(telco_line_state(l), "training");
	run_for(&p, 20 * NET_SECOND);
	CU_ASSERT_EQUAL(p.last.event, TELCO_CONNECTED);
	CU_ASSERT_EQUAL(p.when, 10 * NET_SECOND + 700 * NET_MILLISECOND);
	/* Hung up during training. */
	l = telco_ring(p.telco, &analog_caller);
	run_for(&p, 5 * NET_SECOND);
	telco_far_hangup(l);
	run_for(&p, 20 * NET_SECOND);
	CU_ASSERT_EQUAL(p.last.event, TELCO_DROPPED);
	CU_ASSERT_PTR_EQUAL(p.last.line, l);
	close_bank(&p);
}

/* --- a line that is up ------------------------------------------------------------------------ */

static void far_end_goes(void)
{
	static const struct {
		unsigned bearer;
		bool hangs_up;
		uint16_t cause;
	} rows[] = { { 1, true, 0 }, { 1, false, 0 }, { 2, true, 16 }, { 2, false, 41 } };
	struct telco_options o = lines(1, 1, 0);

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct telco_line *l;
		struct pac p;

		open_bank(&p, &o);
		p.hangs_up = true;
		l = dial(&p, "1", rows[i].bearer);
		run_for(&p, 5 * NET_SECOND);
		if (rows[i].hangs_up)
			telco_far_hangup(l);
		else
			telco_carrier_loss(l);
		/* A second event on a dead line is none. */
		telco_carrier_loss(l);
		CU_ASSERT_EQUAL(p.told, 1);
		run_for(&p, 5 * NET_SECOND);
		CU_ASSERT_EQUAL(p.told, 2);
		CU_ASSERT_EQUAL(p.last.event, TELCO_DROPPED);
		CU_ASSERT_EQUAL(p.last.hung_up, rows[i].hangs_up);
		CU_ASSERT_EQUAL(p.last.cause, rows[i].cause);
		CU_ASSERT_STRING_EQUAL(telco_line_state(l), "released");
		close_bank(&p);
	}
}

/* The far end hangs up while the PAC still dials. */
static void far_end_goes_early(void)
{
	struct telco_options o = lines(1, 0, 0);
	struct telco_line *l;
	struct pac p;

	open_bank(&p, &o);
	l = dial(&p, telco_number_of(p.telco, TELCO_SLOW), 1);
	run_for(&p, NET_SECOND);
	telco_far_hangup(l);
	run_for(&p, 100 * NET_SECOND);
	CU_ASSERT_EQUAL(p.told, 1);
	CU_ASSERT_EQUAL(p.last.event, TELCO_FAILED);
	CU_ASSERT_EQUAL(p.last.outcome, TELCO_NO_CARRIER);
	close_bank(&p);
}

static void scripted_loss(void)
{
	struct telco_options o = lines(1, 0, 0);
	struct pac p;

	o.script.drop_after_ns = 60 * NET_SECOND;
	open_bank(&p, &o);
	dial(&p, "1", 1);
	run_for(&p, 100 * NET_SECOND);
	CU_ASSERT_EQUAL(p.last.event, TELCO_DROPPED);
	CU_ASSERT_FALSE(p.last.hung_up);
	CU_ASSERT_EQUAL(p.when, 61200 * NET_MILLISECOND);
	close_bank(&p);
}

static void retrain(void)
{
	struct telco_options o = lines(1, 0, 0);
	struct telco_line *l;
	struct pac p;

	o.script.retrain_after_ns = 10 * NET_SECOND;
	o.script.retrain_ns = 4 * NET_SECOND;
	open_bank(&p, &o);
	l = dial(&p, "1", 1);
	run_for(&p, 1200 * NET_MILLISECOND);
	CU_ASSERT_TRUE(telco_passes(l, 100));
	run_for(&p, 10 * NET_SECOND);
	CU_ASSERT_STRING_EQUAL(telco_line_state(l), "retraining");
	CU_ASSERT_FALSE(telco_passes(l, 100));
	run_for(&p, 4 * NET_SECOND);
	CU_ASSERT_STRING_EQUAL(telco_line_state(l), "connected");
	CU_ASSERT_TRUE(telco_passes(l, 100));
	run_for(&p, 10 * NET_SECOND);
	CU_ASSERT_STRING_EQUAL(telco_line_state(l), "retraining");
	/* Lost errors: none, the modems know of their training. */
	CU_ASSERT_EQUAL(p.errors, 0);
	run_for(&p, 10000 * NET_SECOND);
	CU_ASSERT_TRUE(strlen(telco_line_log(l)) < 512);
	CU_ASSERT_PTR_NOT_NULL(strstr(telco_line_log(l), "..."));
	telco_carrier_loss(l);
	run_for(&p, NET_SECOND);
	CU_ASSERT_EQUAL(p.last.event, TELCO_DROPPED);
	close_bank(&p);
}

static void noise(void)
{
	struct telco_options o = lines(1, 1, 0);
	const struct telco_errors *e;
	struct telco_line *l;
	unsigned lost = 0;
	struct pac p;

	o.script.noise_permille = 2;
	open_bank(&p, &o);
	l = dial(&p, "1", 1);
	run_for(&p, 5 * NET_SECOND);
	for (unsigned i = 0; i < 1000; i++)
		lost += !telco_passes(l, 100);
	/* 1 - 0.998^100 is 18 of 100. */
	CU_ASSERT_TRUE(lost > 130 && lost < 240);
	e = telco_errors(l);
	CU_ASSERT_EQUAL(e->crc, lost);
	CU_ASSERT_TRUE(e->framing > 0 && e->framing < lost);
	CU_ASSERT_TRUE(e->hardware > 0 && e->hardware < lost);
	CU_ASSERT_EQUAL(e->alignment, 0);
	CU_ASSERT_EQUAL(p.errors, 0);
	run_for(&p, NET_SECOND);
	CU_ASSERT_EQUAL(p.errors, 1);
	/* A synchronous line has no stop bits. */
	l = dial(&p, "1", 2);
	run_for(&p, 5 * NET_SECOND);
	for (unsigned i = 0; i < 1000; i++)
		telco_passes(l, 100);
	CU_ASSERT_TRUE(telco_errors(l)->alignment > 0);
	CU_ASSERT_EQUAL(telco_errors(l)->framing, 0);
	close_bank(&p);
}

static void counted_errors(void)
{
	const struct telco_errors more = { 1, 2, 3, 4, 5, 6 };
	struct telco_options o = lines(1, 0, 0);
	struct telco_line *l;
	struct pac p;

	open_bank(&p, &o);
	l = dial(&p, "1", 1);
	run_for(&p, 5 * NET_SECOND);
	telco_count_errors(l, &more);
	telco_count_errors(l, &more);
	run_for(&p, NET_SECOND);
	CU_ASSERT_EQUAL(p.errors, 1);
	CU_ASSERT_EQUAL(telco_errors(l)->crc, 2);
	CU_ASSERT_EQUAL(telco_errors(l)->framing, 4);
	CU_ASSERT_EQUAL(telco_errors(l)->hardware, 6);
	CU_ASSERT_EQUAL(telco_errors(l)->buffer, 8);
	CU_ASSERT_EQUAL(telco_errors(l)->timeout, 10);
	CU_ASSERT_EQUAL(telco_errors(l)->alignment, 12);
	/* The next call on the line begins at none. */
	telco_hangup(l, 0);
	l = dial(&p, "1", 1);
	CU_ASSERT_EQUAL(telco_errors(l)->crc, 0);
	close_bank(&p);
}

/* A busy hour, twice with one seed and once with another. */
static void busy_hour(struct pac *p, uint32_t seed)
{
	struct telco_options o = lines(4, 2, 0);

	o.seed = seed;
	o.script.noise_permille = 5;
	o.script.retrain_after_ns = 20 * NET_SECOND;
	o.script.retrain_ns = NET_SECOND;
	open_bank(p, &o);
	p->answers = p->hangs_up = true;
	for (unsigned i = 0; i < 40; i++) {
		struct telco_line *l;

		dial(p, telco_number_of(p->telco, (enum telco_outcome)(i % TELCO_OUTCOMES)), 1 + i % 3);
		telco_ring(p->telco, i % 2 ? &analog_caller : &digital_caller);
		run_for(p, 7 * NET_SECOND);
		for (unsigned n = 0; (l = telco_line_at(p->telco, n)) && telco_line_in_use(l); n++)
			telco_passes(l, 30 + i);
		if (telco_line_in_use(telco_line_at(p->telco, 0)))
			telco_far_hangup(telco_line_at(p->telco, 0));
	}
}

static void same_seed_same_run(void)
{
	static struct pac a, b, c;

	busy_hour(&a, 5);
	busy_hour(&b, 5);
	busy_hour(&c, 6);
	CU_ASSERT_TRUE(strlen(a.journal) > 1000);
	CU_ASSERT_STRING_EQUAL(a.journal, b.journal);
	CU_ASSERT_STRING_NOT_EQUAL(a.journal, c.journal);
	close_bank(&a);
	close_bank(&b);
	close_bank(&c);
}

/* A PAC that frees the bank from within what it is told. */
static void freed(void *ctx, const struct telco_told *t)
{
	struct pac *p = ctx;

	(void)t;
	p->told++;
	telco_free(p->telco);
	p->telco = NULL;
}

static void freed_from_within(void)
{
	const struct net_memory_options memory = { .seed = 1 };
	struct telco_options o = lines(3, 0, 0);
	struct pac p = { .net = net_memory_new(&memory) };

	p.telco = telco_new(p.net, &o, freed, &p);
	dial(&p, "1", 1);
	dial(&p, telco_number_of(p.telco, TELCO_BUSY), 1);
	telco_ring(p.telco, &analog_caller);
	run_for(&p, 100 * NET_SECOND);
	CU_ASSERT_EQUAL(p.told, 1);
	net_free(p.net);
}

/* --- framing --------------------------------------------------------------------------------- */

/* Reads octets of a line back; returns the frames in it, the last one in out. */
static unsigned unframe(const uint8_t *octets, size_t n, uint8_t *out, size_t *len)
{
	struct hdlc_reader r = { .accm = 0 };
	unsigned frames = 0;

	for (size_t i = 0; i < n; i++) {
		size_t got = hdlc_read(&r, octets[i]);

		if (got) {
			memcpy(out, r.octets, got);
			*len = got;
			frames++;
		}
	}
	CU_ASSERT_EQUAL(r.bad_fcs, 0);
	return frames;
}

/* The known answer: an LCP Configure-Request as pppd sends it, from RFC 1662's rules by hand. */
static void fcs_known(void)
{
	static const uint8_t frame[] = { 0xff, 0x03, 0xc0, 0x21, 0x01, 0x01, 0x00, 0x04 };
	uint8_t line[32];
	uint16_t fcs = hdlc_fcs(0xffff, frame, sizeof(frame));
	static const uint8_t check[] = "123456789";

	/* CRC-16/X-25's check value. */
	CU_ASSERT_EQUAL((uint16_t)~hdlc_fcs(0xffff, check, 9), 0x906e);
	fcs = (uint16_t)~fcs;
	CU_ASSERT_EQUAL(hdlc_encode(frame, sizeof(frame), 0, line, sizeof(line)), sizeof(frame) + 4);
	CU_ASSERT_EQUAL(line[0], 0x7e);
	CU_ASSERT_EQUAL(line[9], fcs & 0xff);
	CU_ASSERT_EQUAL(line[10], fcs >> 8);
	CU_ASSERT_EQUAL(line[11], 0x7e);
	CU_ASSERT_EQUAL(hdlc_encode(frame, sizeof(frame), 0, line, 11), 0);
	CU_ASSERT_EQUAL(hdlc_encode(frame, 0, 0, line, sizeof(line)), 0);
}

/* Every octet by every mask comes back, and only what the mask says is escaped. */
static void escaping(void)
{
	static const uint32_t masks[] = { 0, 0xffffffff, 0x000a0000, 0x80000001 };
	uint8_t frame[256], line[HDLC_LINE], back[HDLC_FRAME];

	for (unsigned i = 0; i < 256; i++)
		frame[i] = (uint8_t)i;
	for (size_t m = 0; m < sizeof(masks) / sizeof(*masks); m++) {
		size_t n = hdlc_encode(frame, sizeof(frame), masks[m], line, sizeof(line)), len = 0;

		CU_ASSERT_TRUE_FATAL(n > 0);
		for (size_t i = 1; i + 1 < n; i++) {
			CU_ASSERT_NOT_EQUAL(line[i], 0x7e);
			if (line[i] < 0x20)
				CU_ASSERT_EQUAL(masks[m] >> line[i] & 1, 0);
		}
		for (unsigned i = 0; i < 0x20; i++)
			CU_ASSERT_EQUAL(memchr(line, (int)i, n) == NULL, masks[m] >> i & 1);
		CU_ASSERT_EQUAL(unframe(line, n, back, &len), 1);
		CU_ASSERT_EQUAL(len, sizeof(frame));
		CU_ASSERT_EQUAL(memcmp(back, frame, sizeof(frame)), 0);
	}
}

static void bad_frames(void)
{
	uint8_t frame[40] = "a frame", line[HDLC_LINE];
	size_t n = hdlc_encode(frame, sizeof(frame), UINT32_MAX, line, sizeof(line));
	static struct hdlc_reader r;

	line[4] ^= 1;
	for (size_t i = 0; i < n; i++)
		CU_ASSERT_EQUAL(hdlc_read(&r, line[i]), 0);
	CU_ASSERT_EQUAL(r.bad_fcs, 1);
	line[4] ^= 1;
	/* Cut in the middle by an abort, then whole; flags between frames are none. */
	for (size_t i = 0; i < 20; i++)
		hdlc_read(&r, line[i]);
	hdlc_read(&r, 0x7d);
	hdlc_read(&r, 0x7e);
	CU_ASSERT_EQUAL(r.aborted, 1);
	hdlc_read(&r, 0x7e);
	for (size_t i = 0; i + 1 < n; i++)
		CU_ASSERT_EQUAL(hdlc_read(&r, line[i]), 0);
	CU_ASSERT_EQUAL(hdlc_read(&r, 0x7e), sizeof(frame));
	/* Longer than any frame. */
	for (unsigned i = 0; i < 5000; i++)
		CU_ASSERT_EQUAL(hdlc_read(&r, 'x'), 0);
	CU_ASSERT_EQUAL(hdlc_read(&r, 0x7e), 0);
	CU_ASSERT_EQUAL(r.too_long, 1);
	CU_ASSERT_EQUAL(r.bad_fcs, 1);
	/* Control characters that the line itself put in. */
	r.accm = UINT32_MAX;
	for (size_t i = 0; i + 1 < n; i++) {
		hdlc_read(&r, line[i]);
		hdlc_read(&r, 0x11);
	}
	CU_ASSERT_EQUAL(hdlc_read(&r, 0x7e), sizeof(frame));
}

/* What Set-Link-Info changes on the line, and what the last octets of it are. */
static void line_accm(void)
{
	struct telco_options o = lines(1, 1, 0);
	uint8_t frame[40], line[8192];
	struct telco_line *l;
	struct pac p;
	size_t n;

	for (unsigned i = 0; i < sizeof(frame); i++)
		frame[i] = (uint8_t)i;
	open_bank(&p, &o);
	l = dial(&p, "1", 1);
	telco_write(l, frame, sizeof(frame));
	CU_ASSERT_EQUAL(telco_read(l, line, sizeof(line)), 0);
	run_for(&p, 5 * NET_SECOND);
	telco_write(l, frame, sizeof(frame));
	n = telco_read(l, line, sizeof(line));
	for (unsigned i = 0; i < 0x20; i++)
		CU_ASSERT_PTR_NULL(memchr(line, (int)i, n));
	CU_ASSERT_EQUAL(telco_accm_of(l), UINT32_MAX);
	telco_accm(l, 0x000a0000, 0);
	CU_ASSERT_EQUAL(telco_accm_of(l), 0x000a0000);
	telco_write(l, frame, sizeof(frame));
	CU_ASSERT_EQUAL(telco_read(l, line, 4), 4);
	CU_ASSERT_EQUAL(line[3], 0x7e);
	n = telco_read(l, line, sizeof(line));
	CU_ASSERT_PTR_NOT_NULL(memchr(line, 0x10, n));
	CU_ASSERT_PTR_NULL(memchr(line, 0x11, n));
	for (unsigned i = 0; i < 200; i++)
		telco_write(l, frame, sizeof(frame));
	CU_ASSERT_EQUAL(telco_read(l, line, sizeof(line)), 4096);
	CU_ASSERT_EQUAL(line[4095], 0x7e);
	/* A synchronous line has none of this. */
	l = dial(&p, "1", 2);
	run_for(&p, 5 * NET_SECOND);
	telco_write(l, frame, sizeof(frame));
	CU_ASSERT_EQUAL(telco_read(l, line, sizeof(line)), 0);
	close_bank(&p);
}

void suite_telco(void)
{
	CU_pSuite s = CU_add_suite("telco", NULL, NULL);

	CU_add_test(s, "every outcome of dialling, by modems and by ISDN", outcomes);
	CU_add_test(s, "how long ringing takes", times);
	CU_add_test(s, "speeds within what was asked for", speeds);
	CU_add_test(s, "numbers with scripts", numbers);
	CU_add_test(s, "numbers that are too long", too_long_numbers);
	CU_add_test(s, "channels run out and come back", channels);
	CU_add_test(s, "modems behind B channels", audio_on_isdn);
	CU_add_test(s, "a dialling given up", given_up);
	CU_add_test(s, "released lines are remembered, not for ever", many_released);
	CU_add_test(s, "incoming calls", incoming);
	CU_add_test(s, "incoming calls not taken", incoming_ends);
	CU_add_test(s, "answering that fails", answering_fails);
	CU_add_test(s, "the far end hangs up, or is lost", far_end_goes);
	CU_add_test(s, "the far end hangs up while it is dialled", far_end_goes_early);
	CU_add_test(s, "a carrier lost by script", scripted_loss);
	CU_add_test(s, "modems retrain", retrain);
	CU_add_test(s, "noise is counted", noise);
	CU_add_test(s, "errors counted by the operator", counted_errors);
	CU_add_test(s, "same seed, same run", same_seed_same_run);
	CU_add_test(s, "freed from within a callback", freed_from_within);
	CU_add_test(s, "the FCS of RFC 1662", fcs_known);
	CU_add_test(s, "escaping by ACCM", escaping);
	CU_add_test(s, "frames that are none", bad_frames);
	CU_add_test(s, "Set-Link-Info on the line", line_accm);
}
