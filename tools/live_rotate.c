/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Old files: see live_rotate.h. */
#include "tools/live_rotate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SAME_STAMP_MAX = 999 };

static const char stamp_form[] = "ddddddddTddddddZ";

const char *live_stamp(int64_t seconds, char buf[LIVE_STAMP_ROOM])
{
	time_t t = (time_t)seconds;
	struct tm utc;

	if (!gmtime_r(&t, &utc) || !strftime(buf, LIVE_STAMP_ROOM, "%Y%m%dT%H%M%SZ", &utc))
		strcpy(buf, "00000000T000000Z");
	return buf;
}

bool live_is_stamp(const char *text)
{
	for (const char *form = stamp_form; *form; form++, text++)
		if (*form == 'd' ? *text < '0' || *text > '9' : *text != *form)
			return false;
	return true;
}

/* ---------------------------------------------------------------- fewer files */

/* Names of files in memory, to be sorted. */
struct names {
	char **at;
	size_t count;
};

static bool add_name(struct names *n, const char *name)
{
	char **more = realloc(n->at, (n->count + 1) * sizeof(*more));
	char *copy = strdup(name);

	if (more)
		n->at = more;
	if (more && copy)
		n->at[n->count++] = copy;
	else
		free(copy);
	return more && copy;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static unsigned remove_first(int folder, const struct names *n, size_t how_many)
{
	unsigned removed = 0;

	for (size_t i = 0; i < how_many; i++)
		removed += unlinkat(folder, n->at[i], 0) == 0;
	return removed;
}

unsigned live_prune(const char *folder, bool (*is_ours)(const char *name, const void *context),
		    const void *context, unsigned keep)
{
	DIR *d = opendir(folder);
	struct names names = { 0 };
	const struct dirent *entry;
	unsigned removed = 0;

	if (!d)
		return 0;
	while ((entry = readdir(d)))
		if (is_ours(entry->d_name, context) && !add_name(&names, entry->d_name))
			break;
	if (names.count)
		qsort(names.at, names.count, sizeof(*names.at), by_name);
	if (names.count > keep)
		removed = remove_first(dirfd(d), &names, names.count - keep);
	for (size_t i = 0; i < names.count; i++)
		free(names.at[i]);
	free(names.at);
	closedir(d);
	return removed;
}

/* ---------------------------------------------------------------- other names */

static bool rotate_numbered(const char *path, unsigned keep)
{
	char from[PATH_MAX], to[PATH_MAX];

	for (unsigned i = keep; i-- > 0;) {
		snprintf(to, sizeof(to), "%s.%u", path, i + 1);
		if (i)
			snprintf(from, sizeof(from), "%s.%u", path, i);
		if (rename(i ? from : path, to) != 0 && (i == 0 || errno != ENOENT))
			return false;
	}
	return true;
}

static bool is_old_file(const char *name, const void *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	size_t len = strlen(base);

	return strncmp(name, base, len) == 0 && name[len] == '.' && live_is_stamp(name + len + 1);
}

static bool rotate_stamped(const char *path, unsigned keep, int64_t seconds)
{
	char to[PATH_MAX], folder[PATH_MAX], stamp[LIVE_STAMP_ROOM];
	const char *slash = strrchr(path, '/');
	int n = snprintf(to, sizeof(to), "%s.%s", path, live_stamp(seconds, stamp));

	for (unsigned i = 1; i <= SAME_STAMP_MAX && access(to, F_OK) == 0; i++)
		snprintf(to + n, sizeof(to) - (size_t)n, "-%03u", i);
	if (rename(path, to) != 0)
		return false;
	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
	live_prune(folder, is_old_file, path, keep);
	return true;
}

bool live_rotate(const char *path, unsigned keep, bool time_stamped, int64_t seconds)
{
	if (strlen(path) + LIVE_STAMP_ROOM >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return false;
	}
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return true; /* somebody else was faster */
	if (!keep)
		return unlink(path) == 0;
	return time_stamped ? rotate_stamped(path, keep, seconds) : rotate_numbered(path, keep);
}
