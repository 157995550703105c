/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the reports of a pair share: sums and words.  See report_pair.h. */
#include "analyzer/report_pair.h"

#include <inttypes.h>

#include "analyzer/report_private.h"

report_pair_fn *report_pair_by_name(const char *name)
{
	if (strcmp(name, "text") == 0)
		return report_pair_text;
	return strcmp(name, "json") == 0 ? report_pair_json : NULL;
}

struct report_pair_sums report_pair_sum(const struct pair *p)
{
	struct report_pair_sums s = { 0 };

	for (size_t i = 0; i < p->calls; i++)
		for (unsigned way = 0; way < HOSTS; way++) {
			const struct pair_way *w = &p->call[i].way[way];

			s.matched += w->matched;
			s.dropped += w->dropped;
			s.appeared += w->appeared;
			s.duplicated += w->duplicated;
			s.reordered += w->reordered;
			s.changed +=
				w->payload_changed + w->length_changed + w->header_changed + w->ack_changed;
		}
	for (size_t i = 0; i < p->connections; i++) {
		for (unsigned k = 0; k < p->connection[i].changes; k++)
			s.changes += p->connection[i].change[k].count;
		s.changes += p->connection[i].changes_left_out;
		for (unsigned side = 0; side < SIDES; side++)
			s.only[side] += p->connection[i].only[side];
	}
	for (unsigned side = 0; side < SIDES; side++) {
		s.connections_only[side] = p->side[side].connections - p->connections;
		s.calls_only[side] = p->side[side].calls - p->calls;
	}
	return s;
}

const char *report_pair_change(const struct report_options *o, const struct pair *p,
			       const struct pair_change *c, unsigned side, char *buf, size_t room)
{
	const struct field *f = &ctrl_desc_of(c->type)->fields[c->row];
	char text[TEXT_ROOM];

	if (c->kind == CHANGE_TEXT) {
		const uint8_t *octets = p->side[side].octets + c->value[side];

		report_field_text(o, f->name, octets, strnlen((const char *)octets, f->width), text);
		snprintf(buf, room, "%s", text);
	} else if (f->kind == F_HEX || f->kind == F_RESERVED) {
		snprintf(buf, room, "0x%0*" PRIx32, 2 * f->width, c->value[side]);
	} else {
		snprintf(buf, room, "%" PRIu32, c->value[side]);
	}
	return buf;
}

const char *report_pair_kind(enum pair_change_kind k)
{
	static const char *const names[] = { "call-id", "reserved", "value", "text" };

	return names[k];
}

const char *report_pair_orientation(enum pair_orientation o)
{
	static const char *const names[] = { "assumed", "ttl", "loss", "time" };

	return names[o];
}
