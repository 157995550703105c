/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of rules about one message by itself, and what they remember of a connection. */
#ifndef PPTPSCOPE_RULES_MESSAGE_H
#define PPTPSCOPE_RULES_MESSAGE_H

#include "conformance/verdict.h"

/* The last message of one direction: garbage right behind it may be its fault. */
struct message_before {
	uint64_t end;    /* stream position behind it */
	uint64_t frame;  /* that completed it; 0: none yet */
	uint8_t type;    /* enum ctrl_type, 0: not known */
	bool bad_length; /* found fault with: what follows is a consequence */
	bool fin;        /* the sender closed its half */
};

/* Part of struct control_memory. */
struct message_memory {
	struct message_before before[HOSTS];
	int64_t start_time[2];    /* of start[] of the connection */
	bool start_judged;        /* what of them depends on the roles */
	bool direction_told;      /* a contradiction of roles is one finding ... */
	bool weak_direction_told; /* ... but one that deployed peers are known for does not hide others */
};

/* Which role alone may send a message; ROLE_UNKNOWN: both may. */
enum role message_sender(enum ctrl_type type);
/* Deployed peers of the other role send this message, too, and none that tells the roles well has come yet. */
bool sender_in_doubt(const struct event *e);

/* Finds fault with the sender of the message; repeats are counted for the connection. */
static inline struct finding *blame(struct judge *j, const struct event *e, enum rule_number rule,
				    unsigned how)
{
	return fail(j, e, rule, (int)e->from, how | FAIL_CONNECTION);
}

/* The id of the message itself goes before the one about all messages, unless it is not asked for. */
static inline enum rule_number own_or_umbrella(const struct judge *j, enum rule_number own,
					       enum rule_number umbrella)
{
	return selected(j, own) ? own : umbrella;
}

/* "which is wrong" with a field of the message: value in words, and what it should have been. */
struct finding *wrong_value(struct finding *f, const struct event *e, const struct field *field,
			    uint32_t value, const char *wanted, const char *remark);

/*
 * Between which values the fields of a message are right in any case.  Made of the tables of rules once, so
 * that most messages are passed by a few comparisons.
 */
struct value_limit {
	uint8_t row; /* of the message's table */
	uint32_t low, span; /* from low to low + span */
	uint32_t never;     /* bits that it does not have */
};

struct message_limits {
	uint8_t rows, count; /* of the message; of those that have a limit */
	struct value_limit limit[CTRL_FIELDS_MAX];
};

/* CTRL_TYPES of them, zero-filled. */
void message_limits_init(struct message_limits *limits, const struct field_map *map);

/* Numbers, enumerations, bits, reserved octets; texts. */
void message_values(struct judge *j, const struct event *e);
void message_texts(struct judge *j, const struct event *e);

#endif
