/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the tester and a client that it has started: a process that ends with the client, and with which
 * the client ends, whatever processes it has made meanwhile, in sessions and groups of their own as daemons
 * are.
 */
#ifndef PPTPSCOPE_SUPERVISOR_H
#define PPTPSCOPE_SUPERVISOR_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Runs COMMAND by the shell until nothing of it is left, with its standard output where standard error goes,
 * and `server` (or NULL) as PPTPSCOPE_SERVER in its environment.  Returns the process to wait for, whose exit
 * status is that of COMMAND; -1: errno says why. SIGTERM to that has all of it end: asked first, made to
 * after `patience` nanoseconds.  So does the caller's end. SIGHUP only passes the request on, once, as the
 * client's user would end it.
 */
pid_t supervised_start(const char *command, const char *server, int64_t patience);

/* In a child: signals as commands expect them. */
void plain_signals(void);

#endif
