/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our own endpoint as the device under test, in memory and virtual time: how the suite tests itself
 * ("conform --self").
 */
#ifndef PPTPSCOPE_CONFORM_SELF_H
#define PPTPSCOPE_CONFORM_SELF_H

#include "conformance/runner.h"
#include "tools/options.h"

struct conform_self;

/*
 * A net in memory with an endpoint of that role on it, which commits the faults of --fault.  Sets net,
 * address, port, sources and gre of the run.  NULL: the reason was said, *status is the exit status.
 */
struct conform_self *conform_self_new(const struct options *o, struct runner_options *run, int *status);
void conform_self_free(struct conform_self *s);

/* As runner_events.hook; what the endpoint answers is there at once. */
bool conform_self_hook(void *self, const struct ip_addr *own, unsigned argc, const char *const *argv,
		       void (*done)(void *token, int status, const char *output), void *token);

#endif
