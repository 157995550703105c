/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of rules about control connections share. */
#ifndef PPTPSCOPE_RULES_CONTROL_PRIVATE_H
#define PPTPSCOPE_RULES_CONTROL_PRIVATE_H

#include "conformance/rules_control.h"

enum {
	SUCCESS = 1,       /* Result Code of every reply; some peers say 0 */
	GENERAL_ERROR = 2, /* Result Code: the Error Code says why */
	CONNECTION_EXISTS = 3,
	WRONG_VERSION = 5, /* of SCCRP */
	VERSION_1_0 = 0x0100,
	CONNECTIONS_WALKED = 64, /* of a tunnel, at most */
	CALLS_WALKED = 256,
};

/* Policies where RFC 2637 says "immediately" or nothing. */
#define CLOSE_DELAY SECONDS(10)
#define COLLISION_DELAY SECONDS(5)
#define AT_ONCE SECONDS(1)
#define SHORTAGE_DELAY SECONDS(1)
#define ROUND_TRIP SECONDS(2)

/* How the event ends what is seen of the connection. */
enum ending { GOES_ON, BY_SENDER, OUT_OF_SIGHT };

/* An event, as these rules look at it. */
struct turn {
	struct judge *j;
	const struct event *e;
	struct control_connection *c;
	struct control_memory *m;
	struct control_side *me, *peer; /* of the sender and the other host */
	unsigned type;                  /* enum ctrl_type; 0: no message that can be believed */
	enum ending ending;
	int64_t now;
};

static inline bool reached(uint64_t position, uint32_t end)
{
	return (int32_t)((uint32_t)position - end) >= 0;
}

/* Whether the host has acknowledged the other side's stream that far, by what was seen until now. */
static inline bool has_acked(const struct control_connection *c, unsigned host, uint32_t end)
{
	return reached(c->acked[host], end);
}

static inline uint32_t turn_value(const struct turn *t, enum field_id f)
{
	return field_or_zero(judge_fields(t->j), t->e->msg, f);
}

/* --- rules_control.c --- */

/* Finds fault as fail() does, with the connection: not with a call that the event is about. */
struct finding *accuse(const struct turn *t, enum rule_number rule, int host, unsigned how);
/* The same for the sender of the message. */
struct finding *accuse_sender(const struct turn *t, enum rule_number rule, unsigned how);

/* What the host did, or left undone, is a reason for the other side to close the connection. */
void gave_reason(const struct turn *t, unsigned host);
/* The request that a message of this type answers, or 0. */
extern const uint8_t requests[CTRL_TYPES];

static inline unsigned request_of(unsigned type)
{
	return type < CTRL_TYPES ? requests[type] : 0;
}

/* The message is a reply that says: general error. */
static inline bool is_error_reply(const struct turn *t)
{
	return request_of(t->type) && turn_value(t, FIELD_RESULT) == GENERAL_ERROR;
}

/* The first message of a host with this type that the history still has, or NULL. */
const struct moment *moment_of(const struct control_connection *c, enum moment_kind kind, unsigned host,
			       unsigned type);
const char *type_name(unsigned type);

/* --- rules_control_start.c: SCCRQ, SCCRP, and what comes too early --- */

/* True when the message was found fault with: nothing else is to be said of its order. */
bool judge_order_of_start(const struct turn *t);
void judge_roles_known(const struct turn *t);
/* The connection ends: was it a second one? */
void judge_beside(const struct turn *t);

/* --- rules_control_stop.c: how connections end --- */

bool judge_order_of_stop(const struct turn *t);
void judge_stop_request(const struct turn *t);
void judge_close(const struct turn *t);

/* --- rules_control_timer.c: keep-alive, and what did not come in time --- */

void judge_echo(const struct turn *t); /* an Echo-Request or Echo-Reply */
/* An Echo-Request or Echo-Reply that has another fault. */
void pass_echo(const struct turn *t);
void judge_waits(const struct turn *t);
/* The side asked by Echo-Request and got no reply: since when, or -1. */
int64_t echo_unanswered(const struct turn *t, unsigned host);

/* --- rules_control_error.c: wrong headers and Error Codes --- */

void judge_bad_message(const struct turn *t);
/* The message is the one general error that a request, which nobody can read, may be answered with. */
bool answers_unreadable(const struct turn *t);
void judge_reaction(const struct turn *t);
void judge_not_closed(const struct turn *t);
void judge_no_restart(const struct turn *t);
void judge_error_code(const struct turn *t); /* of such a reply */

/* --- rules_control_collision.c --- */

void collision_begins(const struct turn *t);
void judge_collision(const struct turn *t);

#endif
