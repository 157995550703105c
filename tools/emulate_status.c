/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The status of an emulated peer: see emulate_status.h. */
#include "tools/emulate_status.h"

#include <errno.h>
#include <stdlib.h>

typedef bool write_fn(FILE *out, const struct report_emulation *r);

static write_fn *writer_of(const struct options *o)
{
	const char *name = options_value(o, "format", "text");

	return strcmp(name, "json") == 0   ? report_json_emulation
	       : strcmp(name, "text") == 0 ? report_text_emulation
					   : NULL;
}

bool emulate_status_format(const struct options *o)
{
	if (writer_of(o))
		return true;
	options_usage_error(o, "there is no format '%s'; it is text or json", options_value(o, "format", ""));
	return false;
}

static bool write_file(const char *path, write_fn *write, const struct report_emulation *r)
{
	char *next;
	FILE *out;
	bool written;

	if (asprintf(&next, "%s.new", path) < 0)
		return false;
	out = fopen(next, "w");
	written = out && write(out, r);
	if (out && fclose(out) != 0)
		written = false;
	written = written && rename(next, path) == 0;
	free(next);
	return written;
}

bool emulate_status_write(const struct options *o, const struct report_emulation *r)
{
	const char *path = options_value(o, "status-file", NULL);
	bool written;

	errno = 0;
	written = path ? write_file(path, writer_of(o), r) : writer_of(o)(stdout, r);
	if (!written)
		options_say(o, "%s: %s", path ? path : "standard output", strerror(errno));
	return written;
}
