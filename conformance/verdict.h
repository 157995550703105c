/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the files of rules (rules_*.c) and nobody else: what they are called with, what they may
 * remember, and how they find fault.
 *
 * Each file judges one kind of thing.  It gets the event and what was known before it, and calls
 * fail() for what is wrong.  It may remember something of a connection or call in a structure of
 * its own, which `..._applied` keeps up to date: the conversation is the tracker's.
 */
#ifndef PPTPSCOPE_VERDICT_H
#define PPTPSCOPE_VERDICT_H

#include "conformance/field.h"
#include "conformance/judge.h"

#define SECONDS(n) ((int64_t)(n)*1000000000)
#define MILLISECONDS(n) ((int64_t)(n)*1000000)

/*
 * Policies where RFC 2637 says "60 seconds": judged late only after T60_LATE, early only before
 * T60_EARLY, so that neither clock nor path decides.
 */
#define T60 SECONDS(60)
#define T60_EARLY SECONDS(55)
#define T60_LATE SECONDS(75)

/* How fail() is to treat a fault; or-ed with UNLESS_ bits that the rule has found to hold. */
enum {
	FAIL_DOUBT = 1 << 30,      /* PROOF_CONDITIONAL: its condition is not met, so it is only suspected */
	FAIL_CONNECTION = 1 << 29, /* repeats are counted for the connection, not for each call */
	FAIL_TUNNEL = 1 << 28,     /* ... for the tunnel */
	FAIL_GARBAGE = 1 << 27,    /* octets that are no messages are what it is about: no NO_SYNC by them */
	FAIL_NOTE = 1 << 25,       /* superfluous rather than wrong: a note, whatever the rule is otherwise */
	FAIL_CERTAIN = 1 << 26,    /* PROOF_SUSPECTED: what might excuse it is ruled out, so it is certain */
};

enum { NOBODY = -1 };

/*
 * Finds fault with host `host` of the event's tunnel (or NOBODY).  The conditions that the judge
 * can tell by itself (see conditions()) and those in `how` may withhold it.
 *
 * Returns the finding to be completed by the functions below, or NULL when there is none to
 * complete: rule not selected, withheld, or counted as a repetition.  Valid until the next fail().
 */
struct finding *fail(struct judge *j, const struct event *e, enum rule_number rule, int host, unsigned how);

/*
 * Complete a finding; each returns f, and f may be NULL.  Text from the wire must have been escaped
 * (ctrl_escape).  say: one sentence that an engineer understands, without a full stop, beginning
 * with who did what; without it the rule's statement is used.
 */
__attribute__((format(printf, 2, 3))) struct finding *expected(struct finding *f, const char *format, ...);
__attribute__((format(printf, 2, 3))) struct finding *observed(struct finding *f, const char *format, ...);
__attribute__((format(printf, 2, 3))) struct finding *say(struct finding *f, const char *format, ...);
/* Adds a frame that proves it (0 is ignored). */
struct finding *evidence(struct finding *f, uint64_t frame);
/* Another frame than the event's is where it happened (a request that was never answered, ...). */
struct finding *at(struct finding *f, uint64_t frame, int64_t time_ns);

/* Conditions (UNLESS_ bits) that hold at this event: MIDSTREAM, TCP_GAP, ONE_WAY, ROLE_UNKNOWN, CLOCK, NAT,
 * NO_CALL, NO_SYNC. */
unsigned conditions(const struct judge *j, const struct event *e);

/*
 * Whether the other side's octets have been acknowledged that the capture has not shown, or not yet: more
 * was said than is known.  fail() takes it for a TCP_GAP.
 */
bool unheard(const struct event *e);

/*
 * What the rules ask the judge at every event: the beginning of struct judge, laid open so that asking costs
 * nothing.  Only judge.c and the functions below touch it.
 */
struct message_limits;
struct judge_front {
	int64_t now;
	unsigned moot;
	enum rule_profile profile;
	unsigned faults[SEVERITIES]; /* with the sender of the message in hand: of that severity or above */
	const bool *selected;        /* RULES of them, or NULL: all */
	struct message_limits *limits; /* rules_message.h */
	struct field_map fields;
};

static inline const struct judge_front *judge_front(const struct judge *j)
{
	return (const struct judge_front *)j;
}

static inline enum rule_profile judge_profile(const struct judge *j)
{
	return judge_front(j)->profile;
}

/* Whether the user wants to hear of the rule.  For umbrella ids, which speak where the special one is not. */
static inline bool selected(const struct judge *j, enum rule_number rule)
{
	return !judge_front(j)->selected || judge_front(j)->selected[rule];
}

/* The latest packet time seen, ns. */
static inline int64_t judge_now(const struct judge *j)
{
	return judge_front(j)->now;
}

static inline const struct field_map *judge_fields(const struct judge *j)
{
	return &judge_front(j)->fields;
}

/* Host index of the PAC and PNS of the event's connection (or tunnel), or -1. */
int pac_told(const struct event *e); /* where the connection does not know it */

static inline int pac_of(const struct event *e)
{
	return e->connection && e->connection->pac >= 0 ? e->connection->pac : pac_told(e);
}

int pns_of(const struct event *e);
/* "PAC", "PNS", or "the originator", "the receiver" where roles are not known: of a host. */
const char *who(const struct event *e, unsigned host);

/*
 * What each file remembers.  control_memory belongs to a connection (connection->memory), call_memory
 * to a call of a connection (call->memory), gre_memory to a direction of such a call
 * (call_memory.gre).  All start zero-filled.  NULL when memory was short: then nothing is judged by it.
 */
struct control_memory; /* rules_control.h */
struct call_memory;    /* rules_call.h */
struct call_odd;
struct gre_memory;     /* rules_gre.h */
struct control_memory *control_memory_make(struct judge *j, struct control_connection *c);
struct call_memory *call_memory_make(struct judge *j, struct call *c);

static inline struct control_memory *control_memory(struct judge *j, struct control_connection *c)
{
	return c->memory ? c->memory : control_memory_make(j, c);
}

static inline struct call_memory *call_memory(struct judge *j, struct call *c)
{
	return c->memory ? c->memory : call_memory_make(j, c);
}

struct gre_memory *gre_memory(struct judge *j, struct call *c, unsigned host);

/* Of a tunnel (tunnel->memory); NULL likewise. */
struct tunnel_memory; /* rules_call.h */
struct tunnel_memory *tunnel_memory(struct judge *j, struct tunnel *t);

/* More of a call, of a direction, and what is remembered for all of GRE (rules_gre.h); NULL likewise. */
struct gre_trouble;
struct gre_store;
struct call_odd *call_odd(struct judge *j, struct call *c);
struct gre_trouble *gre_trouble(struct judge *j, struct gre_memory *m);
struct gre_store *gre_store(struct judge *j);

/* The files, in the order in which they are asked: see rules_*.c. */
void rules_message(struct judge *j, const struct event *e); /* one message by itself */
void rules_control(struct judge *j,
		   const struct event *e);               /* connection: start, stop, keep-alive, collision */
void rules_call(struct judge *j, const struct event *e); /* calls: their machines, Call IDs, replies */
void rules_gre(struct judge *j, const struct event *e);  /* GRE packets and flows */
void rules_profile(struct judge *j, const struct event *e); /* the ms-ptpt profile's own */
void control_applied(struct judge *j, const struct event *e);
void call_applied(struct judge *j, const struct event *e, struct call *call); /* call: not NULL */
void gre_applied(struct judge *j, const struct event *e, struct call *call); /* see judge.c */

/*
 * One defect of a message is one finding.  rules_message reports what is wrong with the message by
 * itself and tells the others through this what they must not report again (bits below).
 */
enum {
	MOOT_HEADER = 1,    /* the header is wrong: nothing else of the message is judged */
	MOOT_DIRECTION = 2, /* the wrong side sent it: no machine or look-up rule is applied */
	MOOT_ORDER = 4,     /* the connection was not up yet, or not any more: no rule of calls is applied */
};
static inline unsigned moot(const struct judge *j)
{
	return judge_front(j)->moot;
}

static inline void set_moot(struct judge *j, unsigned bits)
{
	((struct judge_front *)j)->moot |= bits;
}

/*
 * Faults with the sender of the message in hand that were found in it until now, told or not, by rules
 * whose proven violation is at least so severe.
 */
static inline unsigned fault_count(const struct judge *j, enum severity least)
{
	return judge_front(j)->faults[least];
}

#endif
