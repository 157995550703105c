/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ended connections and calls in a temporary file, chained per tunnel from the last to the first.
 *
 * The file is made by tmpfile() when it is first needed, has no name, and is gone with the process.
 */
#ifndef PPTPSCOPE_SPILL_H
#define PPTPSCOPE_SPILL_H

#include <stdio.h>

#include "conformance/conversation.h"

enum spill_kind { SPILL_CONNECTION, SPILL_CALL };

struct spill {
	FILE *file;
	uint8_t *buf;  /* octets that are not in the file yet */
	size_t used;
	uint64_t end;  /* octets so far, these included */
	bool failed;
};

/* What stands before every record. */
struct spill_head {
	uint64_t id, previous; /* the one before it in the chain; 0: none */
	uint32_t moments;      /* of a connection, that follow */
	uint32_t rare;         /* of a call: octets of struct call_rare, that follow */
	uint32_t ppp;	       /* of a call: octets of its PPP session, that follow */
};

/* Appends a record.  Returns what it is found by again, or 0 when it could not be written. */
uint64_t spill_connection(struct spill *s, const struct control_connection *c, uint64_t previous,
			  bool history);
uint64_t spill_call(struct spill *s, const struct call *c, uint64_t previous);

/* The head of a record alone. */
bool spill_peek(struct spill *s, uint64_t record, struct spill_head *head);

/*
 * Reads a record back.  The history is allocated: history_clear() it, and so is the PPP session:
 * ppp_session_free() it.  What is rare of a call goes to the caller's.
 */
bool spill_read_connection(struct spill *s, uint64_t record, struct spill_head *head,
			   struct control_connection *c);
bool spill_read_call(struct spill *s, uint64_t record, struct spill_head *head, struct call *c,
		     struct call_rare *rare);

void spill_clear(struct spill *s);

#endif
