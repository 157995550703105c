/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the reports of a replay share. */
#include "analyzer/report_replay.h"

#include <inttypes.h>

#include "analyzer/report_private.h"

const struct report_replay_ops *report_replay_by_name(const char *name)
{
	if (strcmp(name, report_replay_text.name) == 0)
		return &report_replay_text;
	return strcmp(name, report_replay_json.name) == 0 ? &report_replay_json : NULL;
}

uint64_t report_replay_differences(const struct replay_totals *t)
{
	uint64_t n = 0;

	for (unsigned k = 0; k < REPLAY_DIFFERENCE_KINDS; k++)
		n += t->differences[k];
	return n;
}

const char *report_replay_value(const struct report_options *o, const struct replay_difference *d,
				unsigned which, char *buf, size_t room)
{
	const struct field *f = d->field;
	char text[TEXT_ROOM];

	if (f->kind == F_TEXT) {
		const uint8_t *octets = d->text[which];

		report_field_text(o, f->name, octets, octets ? strnlen((const char *)octets, f->width) : 0,
				  text);
		snprintf(buf, room, "\"%s\"", text);
	} else if (f->kind == F_HEX || f->kind == F_RESERVED) {
		snprintf(buf, room, "0x%0*" PRIx32, 2 * f->width, d->value[which]);
	} else {
		ctrl_value_words(f, d->value[which], text, sizeof(text));
		snprintf(buf, room, text[0] ? "%" PRIu32 " (%s)" : "%" PRIu32, d->value[which], text);
	}
	return buf;
}
