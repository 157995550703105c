/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KEY=VALUE words: those of sending, which every statement that sends takes.  See script_private.h. */
#include "traces/script_private.h"

#include <stdio.h>

bool option_flag(struct script *s, const char *value, bool *out)
{
	uint64_t v = 1;

	if (value && !value_number(s, value, &v))
		return false;
	*out = v != 0;
	return true;
}

static enum taken need_value(struct script *s, const char *key, const char *value)
{
	if (value)
		return TAKEN;
	script_fail(s, "%s needs a value: %s=...", key, key);
	return TAKE_FAILED;
}

enum taken option_number(struct script *s, const char *key, const char *value, uint32_t max, uint32_t *out)
{
	uint64_t v;

	if (need_value(s, key, value) != TAKEN || !value_upto(s, key, value, max, &v))
		return TAKE_FAILED;
	*out = (uint32_t)v;
	return TAKEN;
}

/* Numbers with commas between them. */
static bool number_list(struct script *s, const char *key, const char *value, uint32_t *out, unsigned room,
			unsigned *count)
{
	char one[KEY_ROOM];
	size_t n;

	for (*count = 0;; (*count)++) {
		n = strcspn(value, ",");
		if (*count == room)
			return script_fail(s, "%s: more than %u numbers", key, room);
		if (n >= sizeof(one))
			return script_fail(s, "%s: number is too long", key);
		memcpy(one, value, n);
		one[n] = '\0';
		if (!value_u32(s, key, one, &out[*count]))
			return false;
		if (!value[n])
			break;
		value += n + 1;
	}
	(*count)++;
	return true;
}

bool option_vlan(struct script *s, const char *value, uint16_t vlan[4])
{
	uint32_t id[4];
	unsigned n;

	if (!number_list(s, "vlan", value, id, 4, &n))
		return false;
	memset(vlan, 0, 4 * sizeof(*vlan));
	for (unsigned i = 0; i < n; i++) {
		if (id[i] > 4094)
			return script_fail(s, "vlan: %u is more than 4094", id[i]);
		vlan[i] = (uint16_t)id[i];
	}
	return true;
}

enum taken option_patch(struct script *s, const char *offset, const char *value, struct patches *p)
{
	struct patch *one;
	size_t len;
	uint64_t at;

	if (need_value(s, "@OFFSET", value) != TAKEN)
		return TAKE_FAILED;
	if (p->count == PATCHES_MAX) {
		script_fail(s, "more than %d changes to octets in one statement", PATCHES_MAX);
		return TAKE_FAILED;
	}
	one = &p->item[p->count];
	if (!value_upto(s, "offset", offset, OCTETS_MAX, &at) ||
	    !value_octets(s, value, one->octets, sizeof(one->octets), &len))
		return TAKE_FAILED;
	one->at = (uint32_t)at;
	one->len = (uint16_t)len;
	p->count++;
	return TAKEN;
}

bool patches_apply(struct script *s, const struct patches *p, uint8_t *octets, size_t len)
{
	for (unsigned i = 0; i < p->count; i++) {
		const struct patch *one = &p->item[i];

		if (one->at > len || one->len > len - one->at)
			return script_fail(s, "@%u: there are only %zu octets", one->at, len);
		memcpy(octets + one->at, one->octets, one->len);
	}
	return true;
}

/* --- the options of sending -------------------------------------------------------------- */

enum how_kind {
	HOW_NUMBER,
	HOW_FLAG,
	HOW_ADDRESS,
	HOW_TIME,
	HOW_VLAN,
	HOW_SPLIT,
	HOW_SUM,
	HOW_MIRROR,
	HOW_IP_ID
};

#define AT(member) offsetof(struct sending, member)

static const struct how {
	const char *key;
	enum how_kind kind;
	size_t at; /* of the member */
	uint32_t max, arg;
} hows[] = {
	{ "ttl", HOW_NUMBER, AT(ttl), 255, 0 },
	{ "frag", HOW_NUMBER, AT(fragment), 65528, 0 },
	{ "snap", HOW_NUMBER, AT(snap), 262144, 0 },
	{ "trailer", HOW_NUMBER, AT(trailer), 128, 0 },
	{ "mss", HOW_NUMBER, AT(mss), 65000, 0 },
	{ "every", HOW_NUMBER, AT(every), 65000, 0 },
	{ "dup", HOW_NUMBER, AT(duplicates), 10000, 1 }, /* bare: once more */
	{ "piece", HOW_NUMBER, AT(piece), UINT32_MAX, 0 },
	{ "df", HOW_FLAG, AT(dont_fragment), 0, 0 },
	{ "lost", HOW_FLAG, AT(lost), 0, 0 },
	{ "drop", HOW_FLAG, AT(dropped), 0, 0 },
	{ "reverse", HOW_FLAG, AT(reverse), 0, 0 },
	{ "badipsum", HOW_FLAG, AT(bad_ip_sum), 0, 0 },
	{ "from", HOW_ADDRESS, AT(from), 0, AT(has_from) },
	{ "to", HOW_ADDRESS, AT(to), 0, AT(has_to) },
	{ "delay", HOW_TIME, AT(delay), 0, 0 },
	{ "vlan", HOW_VLAN, AT(vlan), 0, AT(has_vlan) },
	{ "split", HOW_SPLIT, AT(splits), 0, 0 },
	{ "badsum", HOW_SUM, AT(sum), 0, SUM_BAD },
	{ "zerosum", HOW_SUM, AT(sum), 0, SUM_ZERO },
	{ "offload", HOW_SUM, AT(sum), 0, SUM_OFFLOAD },
	{ "mirror", HOW_MIRROR, AT(mirror), 0, 0 },
	{ "ipid", HOW_IP_ID, AT(ip_id), 0, 0 },
};

static bool how_mirror(struct script *s, const char *value, enum mirror_kind *out)
{
	static const char *const names[] = { "off", "same", "routed" };

	for (unsigned i = 0; i < 3; i++)
		if (strcmp(value, names[i]) == 0) {
			*out = (enum mirror_kind)i;
			return true;
		}
	return script_fail(s, "mirror is off, same or routed, not \"%.40s\"", value);
}

static bool how_sum(struct script *s, const char *value, enum sum_kind kind, enum sum_kind *out)
{
	bool on;

	if (!option_flag(s, value, &on))
		return false;
	*out = on ? kind : SUM_GOOD;
	return true;
}

/* A member whose option has a value, always. */
static bool how_value(struct script *s, const struct how *h, const char *value, struct sending *how)
{
	uint8_t *member = (uint8_t *)how + h->at;
	uint16_t id;

	switch (h->kind) {
	case HOW_ADDRESS:
		return value_address(s, value, (struct ip_addr *)member) && (*((bool *)how + h->arg) = true);
	case HOW_TIME:
		return value_time(s, value, false, (int64_t *)member);
	case HOW_VLAN:
		return option_vlan(s, value, (uint16_t *)member) && (*((bool *)how + h->arg) = true);
	case HOW_SPLIT:
		return number_list(s, h->key, value, (uint32_t *)member, SPLITS_MAX, &how->nsplits);
	case HOW_MIRROR:
		return how_mirror(s, value, (enum mirror_kind *)member);
	default:
		if (!value_u16(s, h->key, value, &id))
			return false;
		how->ip_id = id;
		return true;
	}
}

static enum taken how_set(struct script *s, const struct how *h, const char *value, struct sending *how)
{
	uint8_t *member = (uint8_t *)how + h->at;
	bool ok;

	if (h->kind == HOW_FLAG)
		ok = option_flag(s, value, (bool *)member);
	else if (h->kind == HOW_SUM)
		ok = how_sum(s, value, (enum sum_kind)h->arg, (enum sum_kind *)member);
	else if (h->kind == HOW_NUMBER && !value && h->arg)
		ok = (*(uint32_t *)member = h->arg);
	else if (h->kind == HOW_NUMBER)
		return option_number(s, h->key, value, h->max, (uint32_t *)member);
	else
		ok = need_value(s, h->key, value) == TAKEN && how_value(s, h, value, how);
	return ok ? TAKEN : TAKE_FAILED;
}

static enum taken how_option(struct script *s, const char *key, const char *value, struct sending *how)
{
	if (strncmp(key, "ip@", 3) == 0)
		return option_patch(s, key + 3, value, &how->ip);
	if (strncmp(key, "frame@", 6) == 0)
		return option_patch(s, key + 6, value, &how->frame);
	for (unsigned i = 0; i < sizeof(hows) / sizeof(*hows); i++)
		if (strcmp(key, hows[i].key) == 0)
			return how_set(s, &hows[i], value, how);
	return NOT_MINE;
}

/* KEY and VALUE of a word; value NULL where there is no "=". */
static bool word_split(struct script *s, const char *word, char key[KEY_ROOM], const char **value)
{
	size_t n = strcspn(word, "=");

	if (n >= KEY_ROOM)
		return script_fail(s, "\"%.40s...\": name is too long", word);
	memcpy(key, word, n);
	key[n] = '\0';
	*value = word[n] ? word + n + 1 : NULL;
	if (*value && !**value)
		return script_fail(s, "%s= without a value", key);
	return true;
}

bool option_read(struct script *s, const char *word, option_fn *fn, void *ctx, struct sending *how)
{
	char key[KEY_ROOM];
	const char *value = NULL;
	enum taken t;

	if (!word_split(s, word, key, &value))
		return false;
	t = how ? how_option(s, key, value, how) : NOT_MINE;
	if (t == NOT_MINE && fn)
		t = fn(s, ctx, key, value);
	if (t == NOT_MINE)
		script_fail(s, "\"%s\" means nothing here", key);
	return t == TAKEN;
}

bool options_read(struct script *s, const struct stmt *st, unsigned i, option_fn *fn, void *ctx,
		  struct sending *how)
{
	for (; i < st->count; i++)
		if (!option_read(s, stmt_word(s, st, i), fn, ctx, how))
			return false;
	return true;
}
