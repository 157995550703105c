/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Less power for a process that reads octets of strangers: another user, no capabilities but the
 * one that opens interfaces, and few system calls.
 *
 * Order: open what needs root; live_privilege_drop before there are threads (capabilities belong to
 * threads); open outputs, start threads and the metrics server; live_privilege_confine last.
 */
#ifndef PPTPSCOPE_LIVE_PRIVILEGE_H
#define PPTPSCOPE_LIVE_PRIVILEGE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct live_user {
	uid_t uid;
	gid_t gid;
};

/*
 * Finds "USER" or "USER:GROUP", names or numbers; without GROUP it is the user's own.  Reads the
 * user database, so call it at start.  False with a message in err.
 */
bool live_privilege_find(const char *text, struct live_user *out, char *err, size_t room);

/*
 * Becomes `user` (NULL: stays who it is) with no supplementary groups, keeps of all capabilities
 * only CAP_NET_RAW, and that only if keep_net_raw and it was there, empties the bounding (where
 * allowed), inheritable and ambient sets, and sets no_new_privs, so that no exec brings anything
 * back.  For a process of one thread.  False with a message in err; the process must then end, as
 * it may be anything in between.
 */
bool live_privilege_drop(const struct live_user *user, bool keep_net_raw, char *err, size_t room);

/* What else than the usual is still needed after live_privilege_confine; bits. */
enum live_confine {
	LIVE_CONFINE_PACKET = 1 << 0, /* opens packet sockets: an interface again, by libpcap */
	LIVE_CONFINE_FORK = 1 << 1,   /* forks worker processes, waits for them, signals them */
	LIVE_CONFINE_SERVE = 1 << 2,  /* accepts connections: the metrics server */
};

/*
 * Installs a seccomp filter for all threads, for good; `needs` is of enum live_confine.  Allowed are
 * memory (but none that can be executed, so no library can be loaded any more), threads, clocks,
 * timers, signals to itself, files (open, write, rename, remove, list), I/O on what is open, and what
 * `needs` adds.  A call that is not allowed fails with ENOSYS, which the C library takes for an old
 * kernel and works around; those that only an intruder would make (exec, ptrace, mount, modules, bpf,
 * keys, namespaces, other users) end the process with SIGSYS.
 * Sets no_new_privs.  False with a message in err where the kernel has no seccomp.
 */
bool live_privilege_confine(unsigned needs, char *err, size_t room);

#endif
