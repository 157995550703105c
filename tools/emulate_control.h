/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hooks of a running emulator by a socket of this machine: `emulate --control SOCKET` listens there, and
 * `emulate --send SOCKET HOOK [ARGUMENT]...` asks.
 */
#ifndef PPTPSCOPE_EMULATE_CONTROL_H
#define PPTPSCOPE_EMULATE_CONTROL_H

#include "conformance/net.h"

/* Does what a hook asks: as endpoint_hook(). */
typedef int control_fn(void *ctx, unsigned argc, const char *const *argv, char *out, size_t room);

struct control;

/* The path must not exist, but for a socket that nobody listens at any more.  NULL with a message in err. */
struct control *control_open(struct net *n, const char *path, control_fn *fn, void *ctx, char *err,
			     size_t room);
/* Removes the path. */
void control_close(struct control *c);

/*
 * Asks, and waits for the answer, which is written to out (terminated).  Returns the hook's status, or -1
 * with the reason in out where nobody answers.
 */
int control_ask(const char *path, unsigned argc, const char *const *argv, char *out, size_t room);

#endif
