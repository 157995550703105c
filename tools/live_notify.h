/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells systemd how we are: sd_notify(3) as a datagram, which is all there is to it.
 *
 * The socket is connected at the start, so that later no call needs an address or a right.
 */
#ifndef PPTPSCOPE_LIVE_NOTIFY_H
#define PPTPSCOPE_LIVE_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct live_notify {
	int fd;              /* -1: nobody to tell, all functions then do nothing */
	int64_t watchdog_ns; /* live_notify_watchdog is expected this often; 0: never.  Half of that is wise
			      */
};

/*
 * Connects to $NOTIFY_SOCKET (path or abstract) and reads $WATCHDOG_USEC and $WATCHDOG_PID, and
 * takes all three out of the environment.  Without $NOTIFY_SOCKET it is true, with fd -1.  False
 * with a message in err when there is one that does not answer.
 */
bool live_notify_open(struct live_notify *n, char *err, size_t room);
void live_notify_close(struct live_notify *n);

/* READY=1 with a status line. */
void live_notify_ready(const struct live_notify *n, const char *status);

/* STATUS=; a newline in it ends it. */
void live_notify_status(const struct live_notify *n, const char *status);

/* RELOADING=1 (with MONOTONIC_USEC, for Type=notify-reload); live_notify_ready ends it. */
void live_notify_reloading(const struct live_notify *n);

/* STOPPING=1. */
void live_notify_stopping(const struct live_notify *n);

/* WATCHDOG=1: we are alive.  For the loop that must not hang to call, not for a thread beside it. */
void live_notify_watchdog(const struct live_notify *n);

#endif
