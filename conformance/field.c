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
