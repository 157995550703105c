/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults that an endpoint commits on request: one or more for every requirement that an endpoint can
 * break.  A fault is called by the id it violates ("OCRP-RESULT-01"), further ways to break the same
 * requirement by a suffix ("OCRP-RESULT-01.zero").
 *
 * Most are done to messages on their way out, by the table alone (fault.def: which message, what is
 * done, to which field); the others are branches in the endpoint: fault_on(e, FAULT_X).
 */
#ifndef PPTPSCOPE_FAULT_H
#define PPTPSCOPE_FAULT_H

#include "conformance/conversation.h"

/* What is done to messages of a type on their way out. */
enum fault_kind {
	/* SET, OR, ADD, DROP, TWICE, LATE: only where a field has a value, if `text` says "FIELD=VALUE". */
	FAULT_BEHAVIOUR, /* a branch in the endpoint's code asks for it */
	FAULT_SET,       /* field = value */
	FAULT_OR,        /* field |= value */
	FAULT_ADD,       /* field += value (modulo its width) */
	FAULT_FILL,      /* text field: octets from offset `value` on become 'x' (breaks zero padding) */
	FAULT_COPY,      /* field = the value that the endpoint last received in the field named in `text` */
	FAULT_TEXT,      /* text field = `text` */
	FAULT_LENGTH,    /* Length = value, the octets stay */
	FAULT_RESIZE,    /* Length and octets = the size + value */
	FAULT_DROP,      /* is not sent */
	FAULT_TWICE,     /* is sent twice */
	FAULT_UNASKED,   /* is sent when a call comes up, although nothing asks for it */
	FAULT_LATE,      /* is sent value seconds late */
	FAULT_GRE,       /* GRE header: flags ^= value; field: "data" or "ack", or NULL for both */
	FAULT_EVENT,     /* type is an enum machine_event: what is done about it, as MEETS() packs it into value */
};

enum fault_number {
#define FAULT(sym, name, roles, kind, type, field, value, text, words) FAULT_##sym,
#include "conformance/fault.def"
	FAULTS
};

/*
 * In a machine and a state (0: any; else M() and S() of a name) an event meets another action than it should
 * (DO_NOTHING: none), and leads to another state (0: to none).
 */
#define MEETS(machine, state, action, next) \
	((int64_t)(machine) << 24 | (int64_t)(state) << 16 | (int64_t)(action) << 8 | (int64_t)(next))
#define M(name) (MACHINE_##name + 1)
#define S(name) (STATE_##name + 1)
#define STATE_LIMBO STATE_WAIT_CONNECT /* no state of a control connection: nothing is done about anything */

struct fault {
	const char *name;   /* id of the requirement, or id.suffix */
	unsigned roles;     /* bits 1 << ROLE_PAC, 1 << ROLE_PNS: who can commit it */
	enum fault_kind kind;
	unsigned type;      /* enum ctrl_type; 0: every message, or none.  FAULT_EVENT: the event */
	const char *field;  /* or NULL */
	int64_t value;
	const char *text;
	const char *words;  /* what the endpoint does wrong, one clause */
};

extern const struct fault faults[FAULTS];

/* By name, in upper or lower case; -1: none such. */
int fault_by_name(const char *name);

/* A set of faults. */
struct fault_set {
	uint64_t bits[(FAULTS + 63) / 64 + 1];
};
static inline bool fault_in(const struct fault_set *s, enum fault_number f)
{
	return s->bits[f / 64] >> f % 64 & 1;
}
static inline void fault_add(struct fault_set *s, enum fault_number f)
{
	s->bits[f / 64] |= UINT64_C(1) << f % 64;
}

struct draft;

/* What becomes of a message as a whole. */
struct fault_fate {
	bool drop, twice;
	int64_t late_ns; /* 0: at once */
};

/* Does what the faults of the set do to a message on its way out; copied: for FAULT_COPY, by fault. */
void fault_message(const struct fault_set *s, const uint32_t copied[FAULTS], struct draft *d,
		   struct fault_fate *fate);

struct transition;

/* The row of a machine as the faults of the set make it: `row` itself, or *changed. */
const struct transition *fault_transition(const struct fault_set *s, const struct transition *row,
					  struct transition *changed);

/* The flags of a GRE packet as the faults of the set make them. */
uint16_t fault_gre_flags(const struct fault_set *s, uint16_t flags);

#endif
