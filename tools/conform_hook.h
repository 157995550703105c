/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hooks of a run of active tests: the command of --hook, and the client of --exec, which is started
 * whenever a test wants the device to connect, one for each address of the tester's, and ended by its
 * process id.  PPTPSCOPE_SERVER in its environment is the address.
 */
#ifndef PPTPSCOPE_CONFORM_HOOK_H
#define PPTPSCOPE_CONFORM_HOOK_H

#include "conformance/net.h"

struct conform_hook;

/* command and exec may be NULL; borrowed.  NULL: no memory. */
struct conform_hook *conform_hook_new(struct net *n, const char *command, const char *exec, double seconds);
/* Ends whatever still runs. */
void conform_hook_free(struct conform_hook *h);

/* As runner_events.hook. */
bool conform_hook_start(void *hook, const struct ip_addr *own, unsigned argc, const char *const *argv,
			void (*done)(void *token, int status, const char *output), void *token);

#endif
