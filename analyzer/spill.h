/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ended connections and calls in a temporary file, given back in the order of a report: by tunnel,
 * of a tunnel connections before calls, of each kind by id.
 *
 * Records are collected in a window of memory.  When it is full they are sorted and written as a
 * run; reading merges the runs, each of which is read ahead, from first to last.  So there are few
 * and long accesses, whatever the order in which things ended, and memory does not grow with the
 * file: many runs are merged to one.
 *
 * The file is made by tmpfile() when it is first needed, has no name, and is gone with the process.
 * What could not be written stays in memory and is given back all the same.
 */
#ifndef PPTPSCOPE_SPILL_H
#define PPTPSCOPE_SPILL_H

#include <stdio.h>

#include "conformance/conversation.h"

enum spill_kind { SPILL_CONNECTION, SPILL_CALL };

/* What stands before every record. */
struct spill_head {
	uint64_t tunnel, id;
	uint16_t words;	 /* of 8 octets, of the record with this */
	uint16_t ppp;	 /* of a call: octets of its PPP session, that follow */
	uint8_t kind;	 /* enum spill_kind */
	uint8_t moments; /* of a connection, that follow */
	bool rare;	 /* of a call: struct call_rare follows */
};

/* Records in order, in a part of the file. */
struct spill_run {
	uint64_t at, end; /* octets */
	unsigned level;	  /* how often its records were merged */
};

struct spill_place;

/* Zero-filled is empty; the limits may be set before the first record. */
struct spill {
	size_t window; /* octets in memory; 0: 1 MB */
	size_t merged; /* so many runs of a level become one of the next; 0: 512 */
	FILE *file;
	uint8_t *buf; /* `window` octets: records that are not in the file; when it is read, what was read ahead */
	size_t used, records; /* of buf: octets, and records in them */
	uint64_t end;	      /* octets in the file */
	struct spill_run *run;
	size_t nruns, runs_room;
	struct spill_place *place; /* a heap, the next record first */
	size_t nplaces;
	uint8_t *kept;	       /* when they are read: the records of the window in order, or NULL */
	uint8_t *whole;	       /* room for a record that is read alone */
	bool failed;	       /* cannot take more */
	bool broken;	       /* something could not be read back */
	bool reading;
};

/* Adds a record, of the tunnel that it names.  False: it was not taken. */
bool spill_connection(struct spill *s, const struct control_connection *c, bool history);
bool spill_call(struct spill *s, const struct call *c);

/* Goes to the first record; from now on none is taken.  False for want of memory. */
bool spill_rewind(struct spill *s);

/* The next record; NULL: there is none, or (`broken`) it cannot be read. */
const struct spill_head *spill_next(struct spill *s);

/*
 * Gives the next record, which must be of this kind, and goes past it.  The moments of a connection's
 * history and what is rare of a call go to the caller's; the PPP session is allocated:
 * ppp_session_free() it.  False: it could not be read.
 */
bool spill_take_connection(struct spill *s, struct control_connection *c,
			   struct moment moments[MOMENTS_KEPT]);
bool spill_take_call(struct spill *s, struct call *c, struct call_rare *rare);

void spill_clear(struct spill *s);

#endif
