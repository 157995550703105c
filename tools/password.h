/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A user's password from a file, never from a command line, where every other user of the machine could
 * read it.  The file has lines NAME:PASSWORD, as that of --secrets (secrets.h).
 */
#ifndef PPTPSCOPE_PASSWORD_H
#define PPTPSCOPE_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

struct password {
	char *user, *password; /* owned */
};

/*
 * The line of a user, or the first one where user is NULL.  False with a message in err; *p is then empty.
 */
bool password_read(const char *path, const char *user, struct password *p, char *err, size_t room);

/* Overwrites and frees. */
void password_clear(struct password *p);

#endif
