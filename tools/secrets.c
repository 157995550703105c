/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The owner's secrets: see secrets.h. */
#include "tools/secrets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct owner {
	char *name;
	size_t len;
	struct mppe_secret secret;
};

struct secrets {
	struct owner *owner;
	size_t n, room;
};

void secrets_free(struct secrets *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		free(s->owner[i].name);
	if (s->owner)
		explicit_bzero(s->owner, s->room * sizeof(*s->owner));
	free(s->owner);
	free(s);
}

static const struct owner *find(const struct secrets *s, const void *name, size_t len)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->owner[i].len == len && memcmp(s->owner[i].name, name, len) == 0)
			return &s->owner[i];
	return NULL;
}

bool secrets_find(const struct secrets *s, const uint8_t *name, size_t len, struct mppe_secret *out)
{
	const struct owner *found = find(s, name, len);
	const uint8_t *slash = len ? memrchr(name, '\\', len) : NULL;

	if (!found && slash)
		found = find(s, slash + 1, len - (size_t)(slash + 1 - name));
	if (found)
		*out = found->secret;
	return found;
}

static int digit(char c)
{
	const char *digits = "0123456789abcdef", *at = strchr(digits, c >= 'A' && c <= 'F' ? c | 0x20 : c);

	return c && at ? (int)(at - digits) : -1;
}

static bool hash_of(const char *text, struct mppe_secret *out)
{
	memset(out, 0, sizeof(*out));
	if (strlen(text) != 2 * MPPE_HASH)
		return false;
	for (unsigned i = 0; i < MPPE_HASH; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out->nt_hash[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* Room for one more; what is left of the old place is no secret any more. */
static bool grow(struct secrets *s)
{
	size_t room = s->room ? 2 * s->room : 16;
	struct owner *owner;

	if (s->n < s->room)
		return true;
	owner = calloc(room, sizeof(*owner));
	if (!owner)
		return false;
	if (s->owner) {
		memcpy(owner, s->owner, s->n * sizeof(*owner));
		explicit_bzero(s->owner, s->room * sizeof(*s->owner));
	}
	free(s->owner);
	s->owner = owner;
	s->room = room;
	return true;
}

/* Takes a line; returns what is wrong with it, or NULL. */
static const char *take_line(struct secrets *s, char *line, size_t len)
{
	static const char hash[] = "nthash:";
	char *colon = memchr(line, ':', len), *value = colon ? colon + 1 : NULL;
	struct owner *x;

	if (!colon)
		return "there is no colon behind the name";
	if (memchr(line, '\0', len))
		return "it has an octet 0";
	if (find(s, line, (size_t)(colon - line)))
		return "this name has come before";
	if (!grow(s))
		return strerror(ENOMEM);
	x = &s->owner[s->n];
	if (strncmp(value, hash, sizeof(hash) - 1) == 0) {
		if (!hash_of(value + sizeof(hash) - 1, &x->secret))
			return "an NT hash has 32 hexadecimal digits";
	} else if (!mppe_secret_of_password((const uint8_t *)value, strlen(value), &x->secret)) {
		return "the password is no UTF-8, or has more than 256 characters";
	}
	x->len = (size_t)(colon - line);
	x->name = strndup(line, x->len);
	if (!x->name)
		return strerror(ENOMEM);
	s->n++;
	return NULL;
}

static bool read_lines(struct secrets *s, FILE *in, const struct options *o, const char *path)
{
	const char *wrong = NULL;
	char *line = NULL;
	size_t room = 0, number = 0;
	ssize_t len;

	while (!wrong && (len = getline(&line, &room, in)) >= 0) {
		number++;
		while (len && (line[len - 1] == '\n' || line[len - 1] == '\r'))
			line[--len] = '\0';
		if (len && line[0] != '#')
			wrong = take_line(s, line, (size_t)len);
	}
	if (line)
		explicit_bzero(line, room);
	free(line);
	if (wrong)
		options_say(o, "%s, line %zu: %s", path, number, wrong);
	else if (ferror(in))
		options_say(o, "cannot read %s: %s", path, strerror(errno));
	return !wrong && !ferror(in);
}

struct secrets *secrets_read(const struct options *o, const char *path)
{
	struct secrets *s = calloc(1, sizeof(*s));
	FILE *in = s ? fopen(path, "r") : NULL;

	if (!in) {
		options_say(o, "cannot read %s: %s", path, strerror(errno));
		secrets_free(s);
		return NULL;
	}
	if (!read_lines(s, in, o, path)) {
		secrets_free(s);
		s = NULL;
	}
	fclose(in);
	return s;
}
