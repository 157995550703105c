/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conformance/channel.h"
#include "conformance/fault.h"
#include "conformance/machine.h"

const struct fault faults[FAULTS] = {
#define FAULT(sym, name, roles, kind, type, field, value, text, words)                                       \
	{ name, roles, kind, type, field, value, text, words },
#include "conformance/fault.def"
};

int fault_by_name(const char *name)
{
	for (int i = 0; i < FAULTS; i++)
		if (strcasecmp(faults[i].name, name) == 0)
			return i;
	return -1;
}

static int row_of(const struct fault *f, const struct draft *d)
{
	return f->field ? ctrl_field_index(d->desc, f->field) : -1;
}

static void change_value(const struct fault *f, uint32_t copied, struct draft *d)
{
	int row = row_of(f, d);
	uint32_t *v = row >= 0 ? &d->value[row] : NULL;

	if (!v)
		return;
	if (f->kind == FAULT_SET)
		*v = (uint32_t)f->value;
	else if (f->kind == FAULT_OR)
		*v |= (uint32_t)f->value;
	else if (f->kind == FAULT_ADD)
		*v += (uint32_t)f->value;
	else
		*v = copied;
}

/* Text that goes on after its end, or another one. */
static void change_text(const struct fault *f, struct draft *d)
{
	int row = row_of(f, d);
	size_t from = (size_t)f->value, width = sizeof(d->text[0]);

	if (row < 0)
		return;
	if (f->kind == FAULT_TEXT)
		draft_set_text(d, f->field, f->text);
	else if (from < width)
		memset(d->text[row] + from, 'x', width - from);
}

static void change_length(const struct fault *f, struct draft *d)
{
	if (f->kind == FAULT_LENGTH) {
		draft_set(d, "length", (uint32_t)f->value);
		return;
	}
	d->length = (size_t)(d->desc->length + f->value);
	draft_set(d, "length", (uint32_t)d->length);
}

/* Whether it is about this message: "FIELD=VALUE" in the text of a fault that needs none itself. */
static bool concerns(const struct fault *f, const struct draft *d)
{
	const char *equals = f->text ? strchr(f->text, '=') : NULL;
	char field[32];
	int row;

	if (f->type && f->type != d->desc->type)
		return false;
	if (!equals || f->kind == FAULT_COPY || f->kind == FAULT_TEXT ||
	    (size_t)(equals - f->text) >= sizeof(field))
		return true;
	memcpy(field, f->text, (size_t)(equals - f->text));
	field[equals - f->text] = '\0';
	row = ctrl_field_index(d->desc, field);
	return row >= 0 && d->value[row] == strtoul(equals + 1, NULL, 0);
}

static void apply(const struct fault *f, uint32_t copied, struct draft *d, struct fault_fate *fate)
{
	switch (f->kind) {
	case FAULT_SET:
	case FAULT_OR:
	case FAULT_ADD:
	case FAULT_COPY:
		change_value(f, copied, d);
		break;
	case FAULT_FILL:
	case FAULT_TEXT:
		change_text(f, d);
		break;
	case FAULT_LENGTH:
	case FAULT_RESIZE:
		change_length(f, d);
		break;
	case FAULT_DROP:
		fate->drop = true;
		break;
	case FAULT_TWICE:
		fate->twice = true;
		break;
	case FAULT_LATE:
		fate->late_ns = f->value * INT64_C(1000000000);
		break;
	case FAULT_BEHAVIOUR:
	case FAULT_UNASKED:
	case FAULT_GRE:
	case FAULT_EVENT:
		break;
	}
}

void fault_message(const struct fault_set *s, const uint32_t copied[FAULTS], struct draft *d,
		   struct fault_fate *fate)
{
	*fate = (struct fault_fate){ 0 };
	for (unsigned i = 0; i < FAULTS; i++)
		if (fault_in(s, i) && concerns(&faults[i], d))
			apply(&faults[i], copied[i], d, fate);
}

uint16_t fault_gre_flags(const struct fault_set *s, uint16_t flags)
{
	const char *kind = flags & GRE_S ? "data" : "ack";
	uint16_t changed = flags;

	for (unsigned i = 0; i < FAULTS; i++)
		if (faults[i].kind == FAULT_GRE && fault_in(s, i) &&
		    (!faults[i].field || strcmp(faults[i].field, kind) == 0))
			changed ^= (uint16_t)faults[i].value;
	return changed;
}

static bool is_of(unsigned packed, unsigned number)
{
	return !packed || packed == number + 1;
}

const struct transition *fault_transition(const struct fault_set *s, const struct transition *row,
					  struct transition *changed)
{
	for (unsigned i = 0; i < FAULTS; i++) {
		int64_t v = faults[i].value;

		if (faults[i].kind != FAULT_EVENT || !fault_in(s, i) || faults[i].type != row->event ||
		    !is_of(v >> 24 & 0xff, row->machine) || !is_of(v >> 16 & 0xff, row->state))
			continue;
		*changed = *row;
		changed->action = (enum machine_action)(v >> 8 & 0xff);
		changed->next = v & 0xff ? (enum machine_state)((v & 0xff) - 1) : row->state;
		return changed;
	}
	return row;
}
