/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Readiness for systemd: see live_notify.h. */
#include "tools/live_notify.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { MESSAGE_ROOM = 512 };

/* How often systemd wants to hear of us; only if it means this process. */
static int64_t watchdog_interval(void)
{
	const char *interval = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	unsigned long long us;
	char *end;

	if (!interval || (pid && strtoll(pid, NULL, 10) != getpid()))
		return 0;
	errno = 0;
	us = strtoull(interval, &end, 10);
	return errno || *end || interval[0] == '-' || us > INT64_MAX / 1000 ? 0 : (int64_t)us * 1000;
}

/* An abstract name begins with '@' in the environment, and with NUL in the address. */
static bool connect_to(int fd, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(name);

	if (len > sizeof(address.sun_path) - 1 || (name[0] != '/' && name[0] != '@')) {
		errno = EINVAL;
		return false;
	}
	memcpy(address.sun_path, name, len);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	return connect(fd, (struct sockaddr *)&address,
		       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (name[0] == '/'))) == 0;
}

bool live_notify_open(struct live_notify *n, char *err, size_t room)
{
	const char *name = getenv("NOTIFY_SOCKET");
	bool fine = true;

	*n = (struct live_notify){ .fd = -1 };
	if (name) {
		n->watchdog_ns = watchdog_interval();
		n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		fine = n->fd >= 0 && connect_to(n->fd, name);
		if (!fine) {
			snprintf(err, room, "$NOTIFY_SOCKET %s: %s", name, strerror(errno));
			live_notify_close(n);
		}
	}
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return fine;
}

void live_notify_close(struct live_notify *n)
{
	if (n->fd >= 0)
		close(n->fd);
	*n = (struct live_notify){ .fd = -1 };
}

/* Who does not listen is not waited for: a status is not worth a packet. */
static void tell(const struct live_notify *n, const char *message)
{
	if (n->fd >= 0 && send(n->fd, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return;
}

/* PREFIX, then the status up to its first newline, so that it adds no assignment of its own. */
static void tell_status(const struct live_notify *n, const char *prefix, const char *status)
{
	char message[MESSAGE_ROOM];

	snprintf(message, sizeof(message), "%sSTATUS=%.*s", prefix, (int)strcspn(status, "\n"), status);
	tell(n, message);
}

void live_notify_ready(const struct live_notify *n, const char *status)
{
	tell_status(n, "READY=1\n", status);
}

void live_notify_status(const struct live_notify *n, const char *status)
{
	tell_status(n, "", status);
}

void live_notify_reloading(const struct live_notify *n)
{
	char message[MESSAGE_ROOM];
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(message, sizeof(message), "RELOADING=1\nMONOTONIC_USEC=%lld",
		 (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	tell(n, message);
}

void live_notify_stopping(const struct live_notify *n)
{
	tell(n, "STOPPING=1");
}

void live_notify_watchdog(const struct live_notify *n)
{
	tell(n, "WATCHDOG=1");
}
