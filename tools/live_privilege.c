/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Another user and no capabilities: see live_privilege.h.  The seccomp filter is in live_confine.c. */
#include "tools/live_privilege.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NAME_ROOM = 64 };

static bool fail(char *err, size_t room, const char *what)
{
	snprintf(err, room, "%s: %s", what, strerror(errno));
	return false;
}

/* ---------------------------------------------------------------- who */

/* Not -1, which means "leave it" to the system calls. */
static bool parse_id(const char *text, unsigned *out)
{
	unsigned long value;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || value >= (uid_t)-1)
		return false;
	*out = (unsigned)value;
	return true;
}

/* A user by number needs no entry, but without one there is no group to take from it. */
static bool find_user(const char *name, bool need_group, struct live_user *out)
{
	const struct passwd *pw = getpwnam(name);
	bool number = !pw && parse_id(name, &out->uid);

	if (number)
		pw = getpwuid(out->uid);
	if (pw) {
		out->uid = pw->pw_uid;
		out->gid = pw->pw_gid;
	}
	return pw || (number && !need_group);
}

static bool find_group(const char *name, struct live_user *out)
{
	const struct group *gr = getgrnam(name);

	if (gr)
		out->gid = gr->gr_gid;
	return gr || parse_id(name, &out->gid);
}

bool live_privilege_find(const char *text, struct live_user *out, char *err, size_t room)
{
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);
	char name[NAME_ROOM];

	if (len >= sizeof(name) || !len) {
		snprintf(err, room, "'%s' is no USER or USER:GROUP", text);
		return false;
	}
	memcpy(name, text, len);
	name[len] = '\0';
	if (!find_user(name, !colon, out)) {
		snprintf(err, room, "there is no user '%s'", name);
		return false;
	}
	if (colon && !find_group(colon + 1, out)) {
		snprintf(err, room, "there is no group '%s'", colon + 1);
		return false;
	}
	return true;
}

/* ---------------------------------------------------------------- capabilities */

/* As the kernel has them: 64 bits in two words. */
struct capabilities {
	uint64_t effective, permitted, inheritable;
};

static bool get_capabilities(struct capabilities *c)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &head, d) != 0)
		return false;
	c->effective = d[0].effective | (uint64_t)d[1].effective << 32;
	c->permitted = d[0].permitted | (uint64_t)d[1].permitted << 32;
	c->inheritable = d[0].inheritable | (uint64_t)d[1].inheritable << 32;
	return true;
}

static bool set_capabilities(uint64_t these)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[_LINUX_CAPABILITY_U32S_3] = {
		{ .effective = (uint32_t)these, .permitted = (uint32_t)these },
		{ .effective = (uint32_t)(these >> 32), .permitted = (uint32_t)(these >> 32) },
	};

	return syscall(SYS_capset, &head, d) == 0;
}

/* What the bounding set lacks, no exec can give.  Needs CAP_SETPCAP; who lacks that keeps the set. */
static bool empty_bounding_set(const struct capabilities *had)
{
	if (!(had->effective & UINT64_C(1) << CAP_SETPCAP))
		return true;
	for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0)
			return false;
	return true;
}

static bool change_user(const struct live_user *user, char *err, size_t room)
{
	uid_t real, effective, saved;

	if (user->uid == geteuid() && user->uid == getuid() && user->uid != 0)
		return true; /* nothing to change, nor the right to */
	if (setgroups(0, NULL) != 0 || setresgid(user->gid, user->gid, user->gid) != 0 ||
	    setresuid(user->uid, user->uid, user->uid) != 0)
		return fail(err, room, "cannot change the user");
	if (getresuid(&real, &effective, &saved) != 0 || real != user->uid || effective != user->uid ||
	    saved != user->uid)
		return fail(err, room, "the user did not change");
	return true;
}

bool live_privilege_drop(const struct live_user *user, bool keep_net_raw, char *err, size_t room)
{
	struct capabilities c;
	uint64_t kept;

	if (!get_capabilities(&c))
		return fail(err, room, "cannot read capabilities");
	kept = keep_net_raw ? c.permitted & UINT64_C(1) << CAP_NET_RAW : 0;
	if (!empty_bounding_set(&c))
		return fail(err, room, "cannot empty the bounding set of capabilities");
	/* without it the change of the user would take CAP_NET_RAW, too */
	if (prctl(PR_SET_KEEPCAPS, kept != 0, 0, 0, 0) != 0)
		return fail(err, room, "cannot keep CAP_NET_RAW");
	if (user && !change_user(user, err, room))
		return false;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL)
		return fail(err, room, "cannot clear ambient capabilities");
	if (!set_capabilities(kept))
		return fail(err, room, "cannot drop capabilities");
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return fail(err, room, "cannot forbid new privileges");
	return true;
}
