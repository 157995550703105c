/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines out to a file, a pipe or standard output, without ever making the caller wait.
 *
 * Lines go into a bounded queue in memory; a thread of its own writes them, because a regular file
 * on a full or hung disk blocks whatever poll() says of it.  When the queue is full, new lines are
 * dropped and counted.  A line is written whole or, after a change of files, once more as a whole.
 *
 * The thread blocks all signals; SIGPIPE of other writers is the caller's to ignore.  Open after
 * privileges were dropped (files are created anew later) and after the last fork of who shall not
 * have it.  All functions may be called from any thread, but close only once.
 */
#ifndef PPTPSCOPE_LIVE_OUTPUT_H
#define PPTPSCOPE_LIVE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct live_output;

struct live_output_options {
	const char *path;       /* NULL or "-": standard output; a FIFO is written to as one */
	size_t queue_octets;    /* most that waits in memory; 0: 4 MiB */
	uint64_t rotate_octets; /* a new file before one would grow beyond this; 0: never */
	int64_t rotate_seconds; /* a new file with the first line of each such period of UTC; 0: never */
	unsigned keep;          /* old files that are kept; 0: none */
	bool time_stamped; /* old files are FILE.YYYYMMDDTHHMMSSZ instead of FILE.1 (youngest) ... FILE.keep
			    */
	unsigned retry_ms; /* between attempts while writing fails; 0: 1000 */
	/*
	 * Called by the writer's thread when writing began to fail (message: "PATH: reason"), and
	 * with NULL when it goes on again.  Must not call live_output_close.  NULL: nobody is told.
	 */
	void (*on_error)(void *context, const char *message);
	void *context;
};

struct live_output_counts {
	uint64_t lines, octets;                 /* written, newlines included */
	uint64_t dropped_lines, dropped_octets; /* for want of room, or left at the end */
	uint64_t queued_octets;                 /* now waiting in memory */
	uint64_t errors;                        /* failed attempts to write, open or rotate */
	uint64_t rotations;
	bool failing; /* now; what is queued waits for better times */
	bool broken;  /* standard output has lost its reader, for good: lines are dropped */
};

/*
 * Opens the file (appending) and starts the writer.  NULL with "PATH: reason" in err when the file
 * cannot be opened, or there is no memory or thread.  path is copied.
 */
struct live_output *live_output_open(const struct live_output_options *o, char *err, size_t room);

/*
 * Queues a line; the newline is added.  Returns at once; false when it was dropped.  A newline
 * within it makes two lines of it.
 */
bool live_output_line(struct live_output *out, const char *line, size_t len);

/*
 * Asks for the file to be opened again by its name before the next line, as SIGHUP does after
 * logrotate moved it; nothing for standard output.  Takes a lock, so not for signal handlers.
 */
void live_output_reopen(struct live_output *out);

/* The counts at this moment. */
void live_output_counts(struct live_output *out, struct live_output_counts *counts);

/*
 * Writes what is queued, at most until deadline_ms milliseconds from now, and frees.  True when all
 * of it was written.  final, unless NULL, gets the last counts, with what was left counted as
 * dropped.  Where the disk hangs so that the thread cannot end, its memory is left to it.
 */
bool live_output_close(struct live_output *out, int64_t deadline_ms, struct live_output_counts *final);

#endif
