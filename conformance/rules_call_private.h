/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of rules about calls share. */
#ifndef PPTPSCOPE_RULES_CALL_PRIVATE_H
#define PPTPSCOPE_RULES_CALL_PRIVATE_H

#include "conformance/rules_control.h"

enum {
	REPLY_SUCCESS = 1, /* Result Code of OCRP and ICRP; peers that send 0 mean success, too */
	ERROR_NO_RESOURCE = 4,
	ERROR_BAD_CALL_ID = 5,
};

/* Policies: tester's grace, and when a message about a call that is gone cannot have crossed. */
#define GONE_GRACE SECONDS(1)
#define DIAL_LIMIT SECONDS(180)

/* A message about calls, as it is looked at. */
struct told {
	struct judge *j;
	const struct event *e;
	struct calls_memory *calls;
	unsigned type;     /* enum ctrl_type */
	unsigned pns, pac; /* host indices: by the roles, else by who sends such a message */
};

/* What a call waits for. */
enum awaited { AWAIT_NOTHING, AWAIT_OCRP, AWAIT_ICRP, AWAIT_ICCN, AWAIT_CDN };

static inline uint32_t told_value(const struct told *t, enum field_id f)
{
	return field_or_zero(judge_fields(t->j), t->e->msg, f);
}

/* Whether the message's sender had acknowledged the other side's stream up to `end`. */
static inline bool had_acked(const struct event *e, uint32_t end)
{
	return (int32_t)((uint32_t)e->origin->peer_acked - end) >= 0;
}

/* Where the message ends in its sender's stream. */
static inline uint32_t end_of(const struct event *e)
{
	return (uint32_t)(e->origin->position + e->msg->caplen);
}

/* Whether it came as far as being connected, whatever happened afterwards. */
static inline bool was_connected(const struct call *c)
{
	if (c->kind == CALL_INCOMING)
		return call_step(c, STEP_CONNECTED).frame;
	return c->kind == CALL_OUTGOING && c->replied && c->reply_result <= REPLY_SUCCESS;
}

static inline bool is_settled(const struct call *c)
{
	return c->memory && c->memory->settled;
}

/* --- rules_call.c --- */

/* The connection's; NULL when memory was short. */
static inline struct calls_memory *calls_of(struct judge *j, struct control_connection *c)
{
	struct control_memory *m = control_memory(j, c);

	return m ? &m->calls : NULL;
}

struct calls_rare *calls_rare(struct calls_memory *m);

/* Finds fault as fail() does, for a host and with a sentence. */
struct finding *fault(const struct told *t, enum rule_number rule, unsigned host, unsigned how,
		      const char *sentence);

/* Another call than the message's, or none, is what it is about. */
struct event about(const struct event *e, struct call *call);

/* Nothing more is said of how the call ended. */
void settle_call(struct judge *j, struct call *c);

/* --- rules_call_wait.c: replies that were late or never came --- */

enum awaited call_awaits(const struct call *c);
/* Given up while dialling: the PNS never learnt the PAC's Call ID. */
bool is_aborted(const struct call *c);
/* The message is what its call waited for, or ends the wait. */
void judge_answer(const struct told *t);
/* The call ends with its connection or the capture. */
void judge_unanswered(struct judge *j, const struct event *e, const struct calls_memory *calls);

/* --- rules_call_ids.c: Call IDs, serial numbers, capabilities --- */

/* The message gives the call a Call ID. */
void judge_new_id(const struct told *t);
/* No call of the connection fits the message's Call ID. */
void judge_unmatched(const struct told *t, enum rule_number rule);
void judge_framing(const struct told *t);
/* What can be judged when the roles and the call are known, which need not be e->call. */
void judge_request_applied(struct judge *j, const struct event *e, struct calls_memory *calls,
			   struct call *call);
void judge_channels(struct judge *j, const struct event *e, const struct calls_memory *calls,
		    struct call *call);
/* Calls of the connection that fit; many where there are too many to look at all of them. */
unsigned calls_that(const struct event *e, bool (*fits)(const struct call *c));

/* --- rules_call_machine.c: one function a message --- */

void judge_call_message(const struct told *t);

/* --- rules_call_wen.c --- */

void judge_wen(const struct told *t);
void wen_applied(struct judge *j, const struct event *e, struct calls_memory *calls, struct call *call);
void wen_call_over(struct calls_memory *calls, struct call *call, int64_t time_ns);

#endif
