/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A user's password: see password.h. */
#include "tools/password.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void password_clear(struct password *p)
{
	wipe(p->user);
	wipe(p->password);
	*p = (struct password){ 0 };
}

/* Whether a line is the one that is looked for; it then is cut at its colon. */
static bool is_it(char *line, const char *user, char **password)
{
	char *colon = strchr(line, ':');

	if (!colon || *line == '#')
		return false;
	*colon = '\0';
	*password = colon + 1;
	(*password)[strcspn(*password, "\r\n")] = '\0';
	return !user || strcmp(line, user) == 0;
}

static bool find(FILE *in, const char *user, struct password *p)
{
	char *line = NULL, *password;
	size_t room = 0;
	bool found = false;

	while (!found && getline(&line, &room, in) >= 0)
		found = is_it(line, user, &password);
	if (found)
		*p = (struct password){ strdup(line), strdup(password) };
	if (line)
		explicit_bzero(line, room);
	free(line);
	return found;
}

bool password_read(const char *path, const char *user, struct password *p, char *err, size_t room)
{
	FILE *in = fopen(path, "r");
	bool found;

	*p = (struct password){ 0 };
	if (!in) {
		snprintf(err, room, "cannot read %s: %s", path, strerror(errno));
		return false;
	}
	found = find(in, user, p);
	fclose(in);
	if (found && p->user && p->password)
		return true;
	password_clear(p);
	snprintf(err, room, user ? "%s has no line '%s:PASSWORD'" : "%s has no line 'NAME:PASSWORD'", path,
		 user);
	return false;
}
