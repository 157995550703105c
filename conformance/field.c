/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See field.h. */
#include "conformance/field.h"

#include "conformance/rule.h"

static const char *const names[FIELDS] = {
#define FIELD(sym, name) [FIELD_##sym] = name,
#include "conformance/field.def"
#undef FIELD
};

const char *field_name(enum field_id f)
{
	return names[f];
}

static uint16_t number_of(const char *id)
{
	const struct rule *r = id ? rule_by_id(id) : NULL;

	return (uint16_t)(r ? r - rules : RULES);
}

void field_map_init(struct field_map *map)
{
	memset(map, -1, sizeof(*map));
	for (unsigned type = 1; type < CTRL_TYPES; type++) {
		const struct ctrl_desc *d = ctrl_desc_of(type);

		for (unsigned f = 0; f < FIELDS; f++)
			map->row[type][f] = (int8_t)ctrl_field_index(d, names[f]);
		for (unsigned i = 0; d->fields[i].name; i++)
			map->requirement[type][i] = number_of(d->fields[i].requirement);
	}
}

const uint8_t *field_text(const struct field_map *map, const struct ctrl_msg *m, enum field_id f,
			  size_t *width)
{
	int row = m->desc ? map->row[m->desc->type][f] : -1;
	const uint8_t *text = row < 0 ? NULL : ctrl_text(m, (unsigned)row);

	*width = text ? m->desc->fields[row].width : 0;
	return text;
}
