/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See field.h. */
#include "conformance/field.h"

static const char *const names[FIELDS] = {
#define FIELD(sym, name) [FIELD_##sym] = name,
#include "conformance/field.def"
#undef FIELD
};

const char *field_name(enum field_id f)
{
	return names[f];
}

void field_map_init(struct field_map *map)
{
	memset(map, -1, sizeof(*map));
	for (unsigned type = 1; type < CTRL_TYPES; type++)
		for (unsigned f = 0; f < FIELDS; f++)
			map->row[type][f] = (int8_t)ctrl_field_index(ctrl_desc_of(type), names[f]);
}

const uint8_t *field_text(const struct field_map *map, const struct ctrl_msg *m, enum field_id f,
			  size_t *width)
{
	int row = m->desc ? map->row[m->desc->type][f] : -1;
	const uint8_t *text = row < 0 ? NULL : ctrl_text(m, (unsigned)row);

	*width = text ? m->desc->fields[row].width : 0;
	return text;
}
