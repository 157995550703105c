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
	uint64_t end;  /* octets written; offsets start at 1 so that 0 ends a chain */
	bool failed;
};

/* Appends a record.  Returns its offset, or 0 when it could not be written. */
uint64_t spill_connection(struct spill *s, const struct control_connection *c, uint64_t previous);
uint64_t spill_call(struct spill *s, const struct call *c, uint64_t previous);

/* Id of the record at an offset, and the one before it in the chain. */
bool spill_peek(struct spill *s, uint64_t offset, uint64_t *id, uint64_t *previous);

/* Reads a record back.  The history is allocated: history_clear() it.  Flows go to the caller's. */
bool spill_read_connection(struct spill *s, uint64_t offset, struct control_connection *c);
bool spill_read_call(struct spill *s, uint64_t offset, struct call *c, struct flow flows[HOSTS]);

void spill_clear(struct spill *s);

#endif
