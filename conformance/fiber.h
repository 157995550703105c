/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fibers: functions with a stack of their own that give way to each other by hand, so that a test
 * can be written straight on and wait in the middle.  No threads.
 *
 * A stack is mapped with a page below it that cannot be touched: too deep a call is a crash, not silent
 * damage.  Freeing a fiber that has not ended gives its stack back without running it any further.
 */
#ifndef PPTPSCOPE_FIBER_H
#define PPTPSCOPE_FIBER_H

#include <stdbool.h>

struct fiber;

/* Made, not started.  NULL: no memory. */
struct fiber *fiber_new(void (*fn)(void *arg), void *arg);
void fiber_free(struct fiber *f);

/* Runs it until it yields or ends.  Not from within itself. */
void fiber_resume(struct fiber *f);
/* From within: back to whoever resumed it; returns when it is resumed again. */
void fiber_yield(struct fiber *f);
/* From within: ends it, wherever it is. */
__attribute__((noreturn)) void fiber_exit(struct fiber *f);

bool fiber_running(const struct fiber *f); /* between fiber_resume() and its return */
bool fiber_ended(const struct fiber *f);

#endif
