/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Secrets of the owner of a tunnel: a text file with a line NAME:PASSWORD or NAME:nthash:HEX for
 * each user, HEX being the 32 digits of the NT hash.  Empty lines and those that begin with "#" are
 * passed over.  Only hashes are kept in memory, and they are overwritten before it is released.
 */
#ifndef PPTPSCOPE_SECRETS_H
#define PPTPSCOPE_SECRETS_H

#include "dissectors/mppe.h"
#include "tools/options.h"

struct secrets;

/* NULL: the file could not be read or has a line that is none of these, and that was said. */
struct secrets *secrets_read(const struct options *o, const char *path);
void secrets_free(struct secrets *s);

/*
 * The secret of a user, named as on the wire: by the whole name, or else without the domain that is
 * before a backslash.
 */
bool secrets_find(const struct secrets *s, const uint8_t *name, size_t len, struct mppe_secret *out);

#endif
