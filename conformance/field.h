/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fields of control messages by a number instead of by name: for those who read many messages.
 *
 * ctrl_get() compares names; this looks the row up once per message type.
 */
#ifndef PPTPSCOPE_FIELD_H
#define PPTPSCOPE_FIELD_H

#include "dissectors/ctrl.h"

enum field_id {
#define FIELD(sym, name) FIELD_##sym,
#include "conformance/field.def"
#undef FIELD
	FIELDS
};

/*
 * Row of each field in each message, -1 where the message has none; and of each row the number of
 * its requirement (enum rule_number), RULES where it has none.
 */
struct field_map {
	int8_t row[CTRL_TYPES][FIELDS];
	uint16_t requirement[CTRL_TYPES][CTRL_FIELDS_MAX];
};

void field_map_init(struct field_map *map);

/* The field's name, as in the table of messages. */
const char *field_name(enum field_id f);

/* True when the message has the field and its octets are there; *value is then set. */
static inline bool field_get(const struct field_map *map, const struct ctrl_msg *m, enum field_id f,
			     uint32_t *value)
{
	unsigned row;

	if (!m->desc)
		return false;
	row = (unsigned)map->row[m->desc->type][f]; /* -1 is beyond all of them */
	if (row >= m->nvalues)
		return false;
	*value = m->value[row];
	return true;
}

/* The value, or 0 where the message does not have it. */
static inline uint32_t field_or_zero(const struct field_map *map, const struct ctrl_msg *m, enum field_id f)
{
	uint32_t value = 0;

	field_get(map, m, f, &value);
	return value;
}

/* Octets of a text field (as wide as its row), or NULL. */
static inline const uint8_t *field_text(const struct field_map *map, const struct ctrl_msg *m,
					enum field_id f, size_t *width)
{
	int row = m->desc ? map->row[m->desc->type][f] : -1;
	const uint8_t *text = row < 0 ? NULL : ctrl_text(m, (unsigned)row);

	*width = text ? m->desc->fields[row].width : 0;
	return text;
}

#endif
