/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Active tests: what a test case may do to the device under test (DUT), written straight on.
 *
 * Each test runs as a fiber of its own on the net's loop: functions that wait give the loop to the
 * others, so tests stand beside each other without threads.  A function that says "ends the test" does
 * not return: it settles the verdict, and whatever the test had open is closed by the runner.
 *
 * Seconds are double here, as people write tests; they are not scaled.  Whoever waits for the device's
 * own timers uses t_scaled().
 *
 * Findings of the passive judge about the DUT, on all that went over the wire in this test, count too: one
 * with an id of the test fails it.
 */
#ifndef PPTPSCOPE_TESTER_H
#define PPTPSCOPE_TESTER_H

#include "conformance/channel.h"
#include "conformance/rule.h"
#include "conformance/window.h"
#include "dissectors/gre.h"

enum verdict_kind { VERDICT_PASS, VERDICT_FAIL, VERDICT_UNSUPPORTED, VERDICT_INCONCLUSIVE, VERDICT_SKIPPED, VERDICTS };

struct tester;

enum {
	TEST_GRE = 1,     /* needs a raw socket */
	TEST_WAITS = 2,   /* waits for the device's own timers: left out by --fast, may stand beside others */
	TEST_ALONE = 4,   /* must not stand beside others */
	TEST_SLOW = 8,    /* minutes of traffic at real speed, not a timer of the device: left out by --fast */
	TEST_INCOMING = 16, /* PAC: needs a ring to have a call */
	TEST_BEARS = 64,  /* what the passive judge only remarks on does not fail it */
	TEST_SEVERAL = 32, /* for a DUT declared to support several versions only (--versions) */
};

/* A test case; arrays end with a NULL run.  Rows are in the order of rules.def within each array. */
struct test_case {
	enum rule_number rule;   /* its id is the test's id; level, section and dut role are the rule's */
	void (*run)(struct tester *t);
	unsigned flags;
	const char *hooks;       /* "dut-ring dut-telco": without one of them it is skipped; or NULL */
	const char *stimulus;    /* what the tester does, one sentence of our own */
	const char *expected;    /* what a correct device does */
	const char *also;        /* ids of further requirements it decides, separated by blanks; or NULL */
};

extern const struct test_case suite_control[], suite_start[], suite_end[], suite_timer[], suite_outgoing[],
	suite_incoming[], suite_call[], suite_gre[], suite_window[], suite_profile[];
/* The test of a rule, or NULL; suite.c. */
const struct test_case *suite_by_rule(enum rule_number r);

/* --- about the DUT and this run -------------------------------------------------------------- */

enum role t_dut(const struct tester *t); /* the DUT's role; the tester has the other one */
enum role t_self(const struct tester *t);
uint16_t t_oldest_version(const struct tester *t);             /* that the device takes; 0: none but 1.0 */
double t_scaled(const struct tester *t, double seconds); /* times --time-scale */
double t_now(const struct tester *t);                    /* seconds since the test began */
const struct ip_addr *t_dut_address(const struct tester *t);
bool t_can_gre(const struct tester *t);
bool t_has_hook(const struct tester *t, const char *name);
/* A PNS that places one call for each control connection, without being asked. */
bool t_dials_once(const struct tester *t);
uint32_t t_random(struct tester *t); /* by --seed */
enum rule_profile t_profile(const struct tester *t);
/* A second address of the tester's, as `t_link_from` takes it (--source); false: there is none. */
bool t_second_address(const struct tester *t, struct ip_addr *a);

/*
 * Runs a hook with arguments up to NULL and waits for it.  Ends the test as skipped when the device has no
 * such hook, inconclusive when it cannot now or failed.  Returns what it answered ("" for nothing), valid
 * until the next call.
 */
const char *t_hook(struct tester *t, const char *name, ...) __attribute__((sentinel));
/* The same, but says HOOK_* (endpoint.h) instead of ending the test. */
int t_try_hook(struct tester *t, const char *name, ...) __attribute__((sentinel));

/* --- verdicts --------------------------------------------------------------------------------- */

__attribute__((noreturn)) void t_pass(struct tester *t);
/* `observed` is a format; what was expected is said first by t_expected(), else it is the row's. */
__attribute__((noreturn, format(printf, 2, 3))) void t_fail(struct tester *t, const char *observed, ...);
__attribute__((noreturn, format(printf, 2, 3))) void t_unsupported(struct tester *t, const char *why, ...);
__attribute__((noreturn, format(printf, 2, 3))) void t_inconclusive(struct tester *t, const char *why, ...);
__attribute__((noreturn, format(printf, 2, 3))) void t_skip(struct tester *t, const char *why, ...);
__attribute__((format(printf, 2, 3))) void t_expected(struct tester *t, const char *text, ...);
/* The test goes on and may pass; the remark is reported.  A warning fails the test under --strict. */
__attribute__((format(printf, 2, 3))) void t_note(struct tester *t, const char *text, ...);
__attribute__((format(printf, 2, 3))) void t_warn(struct tester *t, const char *text, ...);
/* Shorthand: fails the test, quoting the text, unless ok. */
#define T_CHECK(t, ok, ...) do { if (!(ok)) t_fail(t, __VA_ARGS__); } while (0)

/* --- time -------------------------------------------------------------------------------------- */

void t_sleep(struct tester *t, double seconds); /* what arrives meanwhile is kept */

/* --- control connections ------------------------------------------------------------------------ */

struct t_link; /* one control connection; owned by the tester */

struct tester *t_of(const struct t_link *l);

/* Starting points (spec of the suite): they end the test as inconclusive when the DUT does not get there. */
struct t_link *t_tcp_up(struct tester *t);  /* TCP only */
struct t_link *t_cc_up(struct tester *t);   /* SCCRQ and SCCRP Result 1 */
struct t_link *t_cc_up_orig(struct tester *t); /* dut-connect; the DUT's SCCRQ answered with Result 1 */
/* dut-connect and the DUT's TCP connection, nothing read yet. */
struct t_link *t_dut_connects(struct tester *t);
struct t_link *t_dut_tries(struct tester *t); /* NULL: none came although it was told to connect */
/* The same, to this address of the tester's. */
struct t_link *t_dut_connects_to(struct tester *t, const struct ip_addr *own);
/* An address of the tester's that is higher (or lower) than the DUT's, both IPv4; false: there is none. */
bool t_own_address(const struct tester *t, bool higher, struct ip_addr *a);
/* The next connection that the DUT opens, within seconds; NULL: none came. */
struct t_link *t_accept(struct tester *t, double seconds);
/* Whether connections can be opened to the device: it does not only connect by itself (--listen). */
bool t_reachable(const struct tester *t);
/* Ends the test as skipped where the device only connects by itself (--listen). */
void t_reach(struct tester *t);
/* A TCP connection from another address (NULL: the usual) and port (0: any); NULL when it fails. */
struct t_link *t_link_from(struct tester *t, const struct ip_addr *from, uint16_t port);
/* SCCRQ and wait: true when established.  The SCCRP is t_message(l). */
bool t_start(struct t_link *l);
/* Answers the SCCRQ that the DUT sent with Result 1: true when that was there. */
bool t_answer_start(struct t_link *l);

/*
 * Sends a message: header right, the fields that a correct tester sends filled in (SCCRQ, SCCRP, OCRQ and so
 * on as the starting points say, a Call ID of the tester's), then the pairs laid over: field name and
 * int64_t, or const char * for text; NULL ends.  "length" changes Length alone.
 *   t_send(l, CTRL_ECHORQ, "identifier", INT64_C(7), NULL);
 */
void t_send(struct t_link *l, enum ctrl_type type, ...) __attribute__((sentinel));
/* The draft that t_send would send, to change and send by channel_send(t_channel(l), &d). */
void t_draft(struct t_link *l, enum ctrl_type type, struct draft *d);
void t_send_draft(struct t_link *l, const struct draft *d);
void t_send_octets(struct t_link *l, const void *octets, size_t len); /* one segment */
struct channel *t_channel(struct t_link *l);
void t_cork(struct t_link *l);
void t_uncork(struct t_link *l);

/*
 * What comes next from the DUT, at most so many seconds.  Echo-Requests are answered as they come and not
 * shown; after t_show_echo(l, true) they are shown, and the test has to answer them (or not).
 */
enum t_what { T_MESSAGE, T_GARBAGE, T_FIN, T_RST, T_NOTHING };
enum t_what t_wait(struct t_link *l, double seconds);
const struct ctrl_msg *t_message(const struct t_link *l); /* the last one waited for; valid until the next wait */
double t_message_time(const struct t_link *l);            /* when it came, as t_now() */
double t_sent_time(const struct t_link *l);               /* when the tester last sent a message there */
/* The next message of this type, skipping others (each is counted); NULL: it did not come, or the end did. */
const struct ctrl_msg *t_get(struct t_link *l, enum ctrl_type type, double seconds);
/* As t_get; ends the test as failed ("no Echo-Reply within 5 s") when it does not come. */
const struct ctrl_msg *t_need(struct t_link *l, enum ctrl_type type, double seconds);
/* True when nothing of this type (0: nothing at all) comes within seconds. */
bool t_none(struct t_link *l, enum ctrl_type type, double seconds);
bool t_is_closed(const struct t_link *l);           /* FIN or RST has come */
bool t_closes(struct t_link *l, double seconds);    /* waits for that; messages before it are counted */
double t_closed_time(const struct t_link *l);
bool t_was_reset(const struct t_link *l);
unsigned t_count(const struct t_link *l, enum ctrl_type type); /* messages of a type since the start */
uint64_t t_octets_in(const struct t_link *l);       /* but for Echo-Requests that are not shown */
int64_t t_field(const struct ctrl_msg *m, const char *field); /* -1: not there */
bool t_text_is_padded(const struct ctrl_msg *m, const char *field); /* only zeros after the first zero */
void t_show_echo(struct t_link *l, bool show);
void t_fin(struct t_link *l);   /* half close */
void t_close(struct t_link *l); /* FIN, both ways over */
void t_rst(struct t_link *l);
/* An Echo-Request gets its reply: the connection is alive. */
bool t_alive(struct t_link *l);

/*
 * The REJECT set of an invalid message, within 60 s scaled (it stops waiting when settled): T_REJECTED (closed,
 * or the reply of type `reply` with Result 2), T_IGNORED (neither; still alive), T_ACCEPTED (a reply with
 * Result 1).  reply 0: the message has none.
 */
enum t_reject { T_REJECTED, T_IGNORED, T_ACCEPTED };
enum t_reject t_reject(struct t_link *l, enum ctrl_type reply);
/* The usual consequence: ACCEPTED fails, IGNORED warns. */
void t_must_reject(struct t_link *l, enum ctrl_type reply, const char *what);
/*
 * A message that a device may do without: NULL when it does not come within seconds.  That is known from then
 * on: the next test does not wait.
 */
const struct ctrl_msg *t_may_send(struct t_link *l, enum ctrl_type type, double seconds);
/* A new control connection gets Result 1: the device still works.  Fails the test otherwise. */
void t_still_works(struct tester *t);

/* --- calls --------------------------------------------------------------------------------------- */

struct t_call {
	struct t_link *link;
	bool incoming;
	uint16_t own_id, dut_id; /* Call IDs: the tester's and the DUT's */
	struct t_gre *gre;       /* NULL until t_gre() */
};

/*
 * OUT-UP and IN-UP; pairs (as t_send) are laid over whatever the tester sends to set the call up, each over
 * the messages that have such a field (as PAC in IN-UP: ICRQ and ICCN).  packet_processing_delay also stands
 * for packet_transmit_delay where a message has that instead: they are the same quantity.  A PAC as DUT gets an OCRQ; a
 * PNS is made to dial (dut-dial).  t_call_up: whichever the device supports, PAC: outgoing; PNS: incoming
 * when an ICRQ is accepted, else outgoing by hook.
 */
struct t_call *t_out_up(struct t_link *l, ...) __attribute__((sentinel));
struct t_call *t_in_up(struct t_link *l, ...) __attribute__((sentinel));
struct t_call *t_call_up(struct t_link *l, ...) __attribute__((sentinel));
/* One more call of the same kind on the connection. */
struct t_call *t_more_call(struct t_link *l, const struct t_call *like);
/* The same for a call that the device may refuse: NULL when it does, or when there is no hook for it. */
struct t_call *t_try_call(struct t_link *l, bool incoming);
struct t_call *t_call_of(struct t_link *l, bool incoming, uint16_t own_id, uint16_t dut_id); /* as told */
uint16_t t_new_id(struct tester *t); /* a Call ID of the tester's that no running test has */
/* Why a test of incoming calls ends as unsupported then. */
#define NO_INCOMING "the device does not answer incoming calls"
/*
 * Whether a PNS never answers Incoming-Call-Requests, as far as is known.  waited: one has just waited for the
 * reply in vain; if the device is alive all the same, that is how it is from now on.
 */
bool t_ignores_calls(struct t_link *l, bool waited);
/* Where the next call is made: a new connection when the device has ended this one, or dials once. */
struct t_link *t_next_link(struct t_link *l);
/* Clears the call as the tester's role does (CCRQ or CDN) and waits for the end. */
void t_clear(struct t_call *c);

/* --- GRE ------------------------------------------------------------------------------------------ */

struct t_gre; /* the tester's end of a session: numbers, acknowledgments by policy, a minimal PPP */

/* Opens it (once a call).  Ends the test as skipped without a raw socket. */
struct t_gre *t_gre(struct t_call *c);

struct t_call *t_call_of_gre(const struct t_gre *g);

/* How the tester acknowledges what the DUT sends. */
enum t_acks { T_ACK_ALL, T_ACK_NONE, T_ACK_LONE, T_ACK_RIDING, T_ACK_EVERY, T_ACK_BATCH, T_ACK_DELAY };
/* n: every n-th (T_ACK_EVERY), a batch of n at once (T_ACK_BATCH); delay in seconds (T_ACK_DELAY and others). */
void t_acks(struct t_gre *g, enum t_acks how, unsigned n, double delay);
void t_ack(struct t_gre *g, uint32_t number); /* one lone acknowledgment now */

/* Sends data with the next Sequence Number; returns it. */
uint32_t t_gre_data(struct t_gre *g, const void *ppp, size_t len);
/* Sends exactly this packet. */
void t_gre_raw(struct t_gre *g, const struct gre_pkt *pkt, const void *payload, size_t len);
void t_gre_octets(struct t_gre *g, const void *octets, size_t len);
/* A packet as the next data packet would be, not sent and not counted. */
struct gre_pkt t_gre_next(struct t_gre *g);
void t_gre_skip(struct t_gre *g, uint32_t seq); /* the next number to send */

/* LCP Echo-Request with this identifier, as data with the next number or the given one. */
uint32_t t_lcp_echo(struct t_gre *g, uint8_t identifier);
void t_lcp_echo_at(struct t_gre *g, uint8_t identifier, uint32_t seq);
/* Builds one: returns its octets.  fill: octets of data after the magic number. */
size_t t_lcp_echo_build(const struct t_gre *g, uint8_t identifier, size_t fill, uint8_t *out, size_t room);
/*
 * Negotiates LCP with the DUT so that it answers echoes (most devices answer only in an open LCP): true
 * when open.  Answers whatever it asks for in PPP: good enough to keep it sending.
 */
bool t_lcp_open(struct t_gre *g, double seconds);
/* Whether the DUT has ended PPP, as one does that is not content with the tester's proof of who it is. */
bool t_ppp_over(const struct t_gre *g);
/* An LCP Echo-Reply with this identifier came, or comes within seconds. */
bool t_lcp_echoed(struct t_gre *g, uint8_t identifier, double seconds);

/* Whether the tester's own PPP speaks at all: silent, it answers nothing. */
void t_silent_ppp(struct t_gre *g, bool silent);
/* Whether the tester's LCP packets begin with FF 03 (they do at first). */
void t_lcp_form(struct t_gre *g, bool address_control);
/* LCP Echo-Request for the call from the tester's second address; false: there is none. */
bool t_foreign_echo(struct t_gre *g, uint8_t identifier);
/* Tunnel packets from the DUT to the tester, whatever their Call ID, within seconds.  Needs a raw socket. */
size_t t_gre_stray(struct tester *t, double seconds);
/* From now on they are counted: t_gre_stray() tells those since then. */
void t_gre_watch(struct tester *t);

/* A packet of the DUT's for this session, as it was recorded. */
struct t_packet {
	double time;
	uint16_t flags, protocol, payload_length, call_id;
	uint32_t seq, ack; /* by flags */
	uint16_t defects;
	uint16_t len;      /* octets of payload */
	uint8_t head[48];  /* the first of them */
	struct ip_addr src;
};
size_t t_packets(const struct t_gre *g);                       /* so far (the last 65536 are kept) */
const struct t_packet *t_packet(const struct t_gre *g, size_t i);
/* The next one after those already waited for; NULL after seconds. */
const struct t_packet *t_gre_wait(struct t_gre *g, double seconds);
/* The DUT's acknowledgment of at least `number` comes within seconds. */
bool t_acked(struct t_gre *g, uint32_t number, double seconds);
int64_t t_last_ack(const struct t_gre *g); /* -1: none */
/*
 * Makes the DUT send: the dut-traffic hook when there is one (packets 0: without end; rate 0: as fast as the
 * window lets), else LCP Echo-Requests whose replies are the traffic where `by_echo` allows.  Ends the test as
 * skipped without either.
 */
void t_traffic(struct t_gre *g, unsigned packets, unsigned size, unsigned rate, bool by_echo);
void t_traffic_stop(struct t_gre *g);
/*
 * Bursts among the DUT's data from packet `from` of the record on: size[i] packets, then a pause of gap[i] > `pause`
 * seconds that ended with another packet.  Returns how many there were, at most room.
 */
size_t t_bursts(const struct t_gre *g, size_t from, double pause, unsigned *size, double *gap, size_t room);

#endif
