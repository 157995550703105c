/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder for the files of a test, and what is in it. */
#ifndef PPTPSCOPE_TESTS_FOLDER_H
#define PPTPSCOPE_TESTS_FOLDER_H

#include <CUnit/CUnit.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FOLDER_ROOM = 64, FOLDER_PATH = 512, FOLDER_TEXT = 1 << 16 };

static inline void folder_make(char folder[FOLDER_ROOM])
{
	const char *parent = getenv("TMPDIR");

	snprintf(folder, FOLDER_ROOM, "%s/unit-XXXXXX", parent && strlen(parent) < 40 ? parent : "/tmp");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
}

/* How many names in the folder have `part` in them; the last such goes to name, unless NULL. */
static inline unsigned folder_count(const char *folder, const char *part, char name[256])
{
	DIR *d = opendir(folder);
	struct dirent *entry;
	unsigned n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	while ((entry = readdir(d))) {
		if (entry->d_name[0] == '.' || !strstr(entry->d_name, part))
			continue;
		if (name)
			snprintf(name, 256, "%s", entry->d_name);
		n++;
	}
	closedir(d);
	return n;
}

/* The content of a file, with a NUL behind it; "(none)" when there is no such file. */
static inline size_t folder_read(const char *folder, const char *name, char text[FOLDER_TEXT])
{
	char path[FOLDER_PATH];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "rb");
	if (!f) {
		strcpy(text, "(none)");
		return 0;
	}
	n = fread(text, 1, FOLDER_TEXT - 1, f);
	text[n] = '\0';
	fclose(f);
	return n;
}

static inline void folder_write(const char *folder, const char *name, const char *text)
{
	char path[FOLDER_PATH];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "wb");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
}

static inline void folder_remove(const char *folder)
{
	DIR *d = opendir(folder);
	struct dirent *entry;

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	while ((entry = readdir(d)))
		unlinkat(dirfd(d), entry->d_name, 0);
	closedir(d);
	CU_ASSERT_EQUAL(rmdir(folder), 0);
}

#endif
