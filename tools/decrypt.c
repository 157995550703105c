/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Secrets in, decrypted packets out: see decrypt.h. */
#include "tools/decrypt.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "traces/writer.h"

enum { ROOM = 65536, SNAP = 65535 };

static bool secret(void *ctx, const uint8_t *name, size_t len, struct mppe_secret *out)
{
	const struct decrypt *d = ctx;

	return secrets_find(d->secrets, name, len, out);
}

/* An IP packet that was sent through the tunnel. */
static void plain(void *ctx, const struct ppp_seen *seen, const struct ppp_frame *f)
{
	struct decrypt *d = ctx;

	if (d->listener)
		d->listener(d->listener_ctx, seen, f);
	if (!d->writer)
		return;
	if ((f->protocol != PPP_IP && f->protocol != PPP_IPV6) || d->failed)
		return;
	d->failed = !writer_frame(d->writer, seen->time_ns, f->payload, f->caplen, f->len);
}

static bool start_secrets(struct decrypt *d, const char *path)
{
	d->secrets = secrets_read(d->options, path);
	d->room = d->secrets ? malloc(ROOM) : NULL;
	if (d->secrets && !d->room)
		options_say(d->options, "out of memory");
	d->watch.secret = secret;
	d->watch.room = d->room;
	return d->room;
}

/* Whether the file to be written is one that is to be read. */
static bool is_operand(const struct options *o, const char *path)
{
	struct stat out, in;

	if (stat(path, &out) != 0)
		return false;
	for (size_t i = 0; i < options_operands(o); i++)
		if (stat(options_operand(o, i), &in) == 0 && in.st_dev == out.st_dev &&
		    in.st_ino == out.st_ino)
			return true;
	return false;
}

void decrypt_listen(struct decrypt *d,
		    void (*fn)(void *ctx, const struct ppp_seen *seen, const struct ppp_frame *f), void *ctx)
{
	d->listener = fn;
	d->listener_ctx = ctx;
	d->watch.plain = plain;
}

bool decrypt_start(struct decrypt *d, const struct options *o, int *status)
{
	const char *secrets = options_value(o, "secrets", NULL),
		   *out = options_value(o, "write-decrypted", NULL);
	char err[256];

	memset(d, 0, sizeof(*d));
	d->options = o;
	d->watch.ctx = d;
	if (secrets && !start_secrets(d, secrets)) {
		*status = EXIT_USAGE;
		decrypt_close(d);
		return false;
	}
	if (!out)
		return true;
	if (is_operand(o, out)) {
		*status = options_usage_error(o, "%s would be overwritten while it is read", out);
		decrypt_close(d);
		return false;
	}
	d->watch.plain = plain;
	d->writer = writer_open(out, LINK_RAW, SNAP, true, err, sizeof(err));
	if (!d->writer) {
		options_say(o, "cannot write %s: %s", out, err);
		*status = EXIT_PARTIAL;
		decrypt_close(d);
		return false;
	}
	return true;
}

const struct ppp_watch *decrypt_watch(const struct decrypt *d)
{
	return d->watch.secret || d->watch.plain ? &d->watch : NULL;
}

bool decrypt_close(struct decrypt *d)
{
	bool ok = !d->failed;

	if (d->writer)
		ok = writer_close(d->writer) && ok;
	if (!ok)
		options_say(d->options, "cannot write %s", options_value(d->options, "write-decrypted", "-"));
	secrets_free(d->secrets);
	if (d->room)
		explicit_bzero(d->room, ROOM);
	free(d->room);
	d->writer = NULL;
	d->secrets = NULL;
	d->room = NULL;
	return ok;
}
