/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values in scripts: numbers, times, addresses, octets, names of a field's values. */
#include "traces/script_private.h"

#include <ctype.h>
#include <stdio.h>

#include "dissectors/cursor.h"
#include "dissectors/ip.h"

/* An expression being read. */
struct reader {
	struct script *s;
	const char *at;
	unsigned depth;
};

static char plain(char c)
{
	return c == '-' || c == ' ' ? '_' : (char)tolower((unsigned char)c);
}

bool name_equal(const char *a, const char *b)
{
	while (*a && plain(*a) == plain(*b)) {
		a++;
		b++;
	}
	return !*a && !*b;
}

/* --- variables --------------------------------------------------------------------------- */

static struct variable *variable_find(struct script *s, const char *name)
{
	for (unsigned i = s->nvariables; i-- > 0;)
		if (strcmp(s->variables[i].name, name) == 0)
			return &s->variables[i];
	return NULL;
}

bool variable_set(struct script *s, const char *name, uint64_t value, bool fresh)
{
	struct variable *v = fresh ? NULL : variable_find(s, name);

	if (!v) {
		if (s->nvariables == VARIABLES_MAX)
			return script_fail(s, "more than %d variables", VARIABLES_MAX);
		v = &s->variables[s->nvariables++];
		snprintf(v->name, sizeof(v->name), "%s", name);
	}
	v->value = value;
	return true;
}

static uint64_t random_next(struct script *s)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return s->random >> 11;
}

/* Values of the current conversation and call that scripts may use. */
static bool variable_builtin(struct script *s, const char *name, uint64_t *out)
{
	static const char *const suffix[] = { "id", "seq", "heard", "tcp_next", "tcp_got" };
	const struct conversation *v = s->conv;
	const struct call *c = v->current ? &v->call[v->current - 1] : NULL;
	unsigned side = strncmp(name, "pac_", 4) == 0 ? SIDE_PAC : SIDE_PNS;
	unsigned i;

	if (strcmp(name, "random") == 0) {
		*out = random_next(s);
		return true;
	}
	if (strcmp(name, "call") == 0) {
		*out = v->current;
		return true;
	}
	if (strncmp(name, "pac_", 4) != 0 && strncmp(name, "pns_", 4) != 0)
		return false;
	for (i = 0; i < sizeof(suffix) / sizeof(*suffix) && strcmp(name + 4, suffix[i]) != 0; i++)
		;
	switch (i) {
	case 0:
		*out = c ? c->end[side].id : 0;
		return true;
	case 1:
		*out = c ? c->end[side].next : 0;
		return true;
	case 2:
		*out = c ? c->end[side].heard : 0;
		return true;
	case 3:
		*out = v->end[side].next;
		return true;
	case 4:
		*out = v->end[side].got;
		return true;
	default:
		return false;
	}
}

/* $NAME.FIELD: of a message that was expected "as NAME"; time: its milliseconds since the beginning. */
static bool read_captured(struct reader *r, const char *name, uint64_t *out)
{
	const struct capture *c = capture_find(r->s, name);
	char field[KEY_ROOM];
	size_t n = 0;
	int row;

	for (r->at++; isalnum((unsigned char)*r->at) || *r->at == '_'; r->at++)
		if (n < sizeof(field) - 1)
			field[n++] = *r->at;
	field[n] = '\0';
	if (!c)
		return script_fail(r->s, "nothing was expected \"as %s\"", name);
	if (strcmp(field, "time") == 0) {
		*out = (uint64_t)(c->time / MILLISECOND);
		return true;
	}
	row = c->d ? field_find(c->d, field) : -1;
	if (row < 0 || c->d->fields[row].kind == F_TEXT)
		return script_fail(r->s, "$%s has no number \"%s\"", name, field);
	*out = c->value[row];
	return true;
}

static bool read_variable(struct reader *r, uint64_t *out)
{
	const struct variable *v;
	char name[NAME_ROOM];
	size_t n = 0;

	for (; isalnum((unsigned char)*r->at) || *r->at == '_'; r->at++)
		if (n < sizeof(name) - 1)
			name[n++] = *r->at;
	name[n] = '\0';
	if (*r->at == '.' && (isalpha((unsigned char)r->at[1])))
		return read_captured(r, name, out);
	v = variable_find(r->s, name);
	if (v)
		*out = v->value;
	else if (!variable_builtin(r->s, name, out))
		return script_fail(r->s, "unknown variable $%s", name);
	return true;
}

/* --- expressions ------------------------------------------------------------------------- */

static bool read_expression(struct reader *r, unsigned least, uint64_t *out);

static bool read_digits(struct reader *r, uint64_t *out)
{
	unsigned base = 10, digit;
	const char *first;

	if (r->at[0] == '0' && (r->at[1] == 'x' || r->at[1] == 'X')) {
		base = 16;
		r->at += 2;
	}
	first = r->at;
	for (*out = 0; isxdigit((unsigned char)*r->at); r->at++) {
		digit = isdigit((unsigned char)*r->at)
				? (unsigned)(*r->at - '0')
				: (unsigned)(tolower((unsigned char)*r->at) - 'a') + 10;
		if (digit >= base)
			break;
		if (*out > (UINT64_MAX - digit) / base)
			return script_fail(r->s, "number is too large");
		*out = *out * base + digit;
	}
	return r->at != first || script_fail(r->s, "\"%.40s\" is not a number", first);
}

static bool read_operand(struct reader *r, uint64_t *out)
{
	char c = *r->at;

	if (r->depth++ > DEPTH_MAX)
		return script_fail(r->s, "expression is too deep");
	if (c == '(') {
		r->at++;
		if (!read_expression(r, 0, out))
			return false;
		if (*r->at++ != ')')
			return script_fail(r->s, "\")\" is missing");
	} else if (c == '-' || c == '~') {
		r->at++;
		if (!read_operand(r, out))
			return false;
		*out = c == '-' ? -*out : ~*out;
	} else if (c == '$') {
		r->at++;
		if (!read_variable(r, out))
			return false;
	} else if (!read_digits(r, out)) {
		return false;
	}
	r->depth--;
	return true;
}

/* Longer spellings first. */
static const struct operation {
	char text[3];
	unsigned rank;
} operations[] = {
	{ "==", 1 }, { "!=", 1 }, { "<=", 1 }, { ">=", 1 }, { "<<", 4 }, { ">>", 4 }, { "<", 1 }, { ">", 1 },
	{ "|", 2 },  { "^", 2 },  { "&", 3 },  { "+", 5 },  { "-", 5 },  { "*", 6 },  { "/", 6 }, { "%", 6 },
};

static bool calculate(struct script *s, const char *op, uint64_t a, uint64_t b, uint64_t *out)
{
	if ((*op == '/' || *op == '%') && b == 0)
		return script_fail(s, "division by 0");
	switch (*op) {
	case '=':
		*out = a == b;
		break;
	case '!':
		*out = a != b;
		break;
	case '<':
		*out = op[1] == '<' ? (b < 64 ? a << b : 0) : op[1] ? a <= b : a < b;
		break;
	case '>':
		*out = op[1] == '>' ? (b < 64 ? a >> b : 0) : op[1] ? a >= b : a > b;
		break;
	case '|':
		*out = a | b;
		break;
	case '^':
		*out = a ^ b;
		break;
	case '&':
		*out = a & b;
		break;
	case '+':
		*out = a + b;
		break;
	case '-':
		*out = a - b;
		break;
	case '*':
		*out = a * b;
		break;
	case '/':
		*out = a / b;
		break;
	default:
		*out = a % b;
		break;
	}
	return true;
}

static bool read_expression(struct reader *r, unsigned least, uint64_t *out)
{
	const struct operation *op;
	uint64_t right;
	unsigned i;

	if (!read_operand(r, out))
		return false;
	for (;;) {
		for (i = 0; i < sizeof(operations) / sizeof(*operations); i++)
			if (strncmp(r->at, operations[i].text, strlen(operations[i].text)) == 0)
				break;
		if (i == sizeof(operations) / sizeof(*operations) || operations[i].rank <= least)
			return true;
		op = &operations[i];
		r->at += strlen(op->text);
		if (!read_expression(r, op->rank, &right) || !calculate(r->s, op->text, *out, right, out))
			return false;
	}
}

bool value_number(struct script *s, const char *text, uint64_t *out)
{
	struct reader r = { s, text, 0 };

	if (!read_expression(&r, 0, out))
		return false;
	return !*r.at || script_fail(s, "\"%.40s\" is not a number", text);
}

bool value_upto(struct script *s, const char *what, const char *text, uint64_t max, uint64_t *out)
{
	if (!value_number(s, text, out))
		return false;
	/* -1 is the largest value of a field, as on paper. */
	if (*out > max && -*out > max / 2 + 1)
		return script_fail(s, "%s: %.40s is more than %llu", what, text, (unsigned long long)max);
	if (*out > max)
		*out = max + 1 - -*out;
	return true;
}

bool value_u16(struct script *s, const char *what, const char *text, uint16_t *out)
{
	uint64_t v;

	if (!value_upto(s, what, text, UINT16_MAX, &v))
		return false;
	*out = (uint16_t)v;
	return true;
}

bool value_u32(struct script *s, const char *what, const char *text, uint32_t *out)
{
	uint64_t v;

	if (!value_upto(s, what, text, UINT32_MAX, &v))
		return false;
	*out = (uint32_t)v;
	return true;
}

/* --- times and addresses ----------------------------------------------------------------- */

static int64_t unit_of(const char *suffix)
{
	static const struct {
		const char *name;
		int64_t ns;
	} units[] = { { "", SECOND }, { "s", SECOND }, { "ms", MILLISECOND }, { "us", 1000 }, { "ns", 1 } };

	for (unsigned i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strcmp(suffix, units[i].name) == 0)
			return units[i].ns;
	return 0;
}

bool value_time(struct script *s, const char *text, bool negative, int64_t *ns)
{
	struct reader r = { s, text, 0 };
	int64_t unit, scale, fraction = 0;
	uint64_t whole;
	bool minus = negative && *text == '-';

	r.at += minus || (negative && *text == '+');
	if (!read_expression(&r, 0, &whole))
		return false;
	scale = SECOND;
	if (*r.at == '.')
		for (r.at++; isdigit((unsigned char)*r.at) && scale > 1; r.at++) {
			scale /= 10;
			fraction += (*r.at - '0') * scale;
		}
	unit = unit_of(r.at);
	if (!unit)
		return script_fail(s, "\"%.40s\" is not a time", text);
	if (whole > (negative ? 2000000000 : 300000000)) /* back to 1970, or ten years on */
		return script_fail(s, "%.40s is too long a time", text);
	*ns = (int64_t)whole * unit + fraction / (SECOND / unit);
	if (minus)
		*ns = -*ns;
	return true;
}

bool value_address(struct script *s, const char *text, struct ip_addr *out)
{
	return ip_addr_parse(text, out) || script_fail(s, "\"%.60s\" is not an IP address", text);
}

/* --- octets ------------------------------------------------------------------------------ */

static int hex_digit(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A text in quotes, with \xNN, \n, \r, \t, \0 and \ before anything else. */
static bool octets_text(struct reader *r, struct wcursor *w)
{
	static const char names[] = "nrt0", values[] = "\n\r\t";
	const char *known;
	uint8_t c;

	for (r->at++; *r->at && *r->at != '"'; r->at++) {
		c = (uint8_t)*r->at;
		if (c == '\\' && r->at[1]) {
			r->at++;
			known = strchr(names, *r->at);
			c = known ? (uint8_t)values[known - names] : (uint8_t)*r->at;
			if (*r->at == 'x') {
				if (hex_digit(r->at[1]) < 0 || hex_digit(r->at[2]) < 0)
					return script_fail(r->s, "\\x needs two hexadecimal digits");
				c = (uint8_t)(hex_digit(r->at[1]) << 4 | hex_digit(r->at[2]));
				r->at += 2;
			}
		}
		wcursor_uint(w, c, 1);
	}
	if (*r->at != '"')
		return script_fail(r->s, "text without a closing \"");
	r->at++;
	return true;
}

/* <EXPRESSION:WIDTH> */
static bool octets_number(struct reader *r, struct wcursor *w)
{
	uint64_t value;
	unsigned width;

	r->at++;
	r->depth = 0;
	if (!read_expression(r, 0, &value))
		return false;
	if (r->at[0] != ':' || r->at[1] < '1' || r->at[1] > '4' || r->at[2] != '>')
		return script_fail(r->s, "a number among octets is written <NUMBER:WIDTH>, WIDTH 1 to 4");
	width = (unsigned)(r->at[1] - '0');
	r->at += 3;
	wcursor_uint(w, (uint32_t)value, width);
	return true;
}

/* *COUNT after a unit of octets that began at first. */
static bool octets_repeat(struct reader *r, struct wcursor *w, const uint8_t *first)
{
	size_t n = (size_t)(w->at - first);
	uint64_t count;

	if (*r->at != '*' || w->overrun)
		return true;
	r->at++;
	if (!read_digits(r, &count))
		return false;
	if (!count)
		w->at -= n;
	if (n && count > (size_t)(w->end - first) / n)
		w->overrun = 1;
	while (n && !w->overrun && count-- > 1)
		wcursor_octets(w, first, n);
	return true;
}

bool value_octets(struct script *s, const char *text, uint8_t *out, size_t room, size_t *len)
{
	struct wcursor w = wcursor_on(out, room);
	struct reader r = { s, text, 0 };

	while (*r.at) {
		const uint8_t *first = w.at;

		if (*r.at == '"') {
			if (!octets_text(&r, &w))
				return false;
		} else if (*r.at == '<') {
			if (!octets_number(&r, &w))
				return false;
		} else if (hex_digit(r.at[0]) >= 0 && hex_digit(r.at[1]) >= 0) {
			wcursor_uint(&w, (uint32_t)(hex_digit(r.at[0]) << 4 | hex_digit(r.at[1])), 1);
			r.at += 2;
		} else {
			return script_fail(s, "\"%.40s\" are not octets", r.at);
		}
		if (!octets_repeat(&r, &w, first))
			return false;
	}
	*len = (size_t)(w.at - out);
	if (!script_work(s, *len / 256))
		return false;
	return !w.overrun || script_fail(s, "more than %zu octets", room);
}

/* --- values of fields -------------------------------------------------------------------- */

/* Error and cause codes have words that are not in a field's table. */
static bool code_by_name(const struct field *f, const char *name, uint32_t *out)
{
	for (uint32_t i = 0; i < 256; i++) {
		const char *word = strcmp(f->name, "error_code") == 0   ? ctrl_error_name(i)
				   : strcmp(f->name, "cause_code") == 0 ? ctrl_cause_name(i)
									: NULL;

		if (word && name_equal(word, name)) {
			*out = i;
			return true;
		}
	}
	return false;
}

static bool value_by_name(const struct field *f, const char *name, uint32_t *out)
{
	for (const struct value_name *n = f->names; n && n->name; n++)
		if (name_equal(n->name, name)) {
			*out = n->value;
			return true;
		}
	return code_by_name(f, name, out);
}

/* NAME or NAME+NAME, quoted or not. */
static bool value_words(struct script *s, const struct field *f, const char *text, uint32_t *out)
{
	char name[KEY_ROOM];
	uint32_t one;
	size_t n;

	*out = 0;
	for (const char *at = text;; at++) {
		for (n = 0; *at && *at != '+'; at++)
			if (*at != '"' && n < sizeof(name) - 1)
				name[n++] = *at;
		name[n] = '\0';
		if (!value_by_name(f, name, &one))
			return script_fail(s, "%s has no value \"%s\"", f->name, name);
		*out |= one;
		if (!*at)
			return true;
	}
}

/* VERSION.REVISION */
static bool value_version(struct script *s, const char *text, uint32_t *out)
{
	unsigned high, low;
	int used = 0;

	if (sscanf(text, "%3u.%3u%n", &high, &low, &used) != 2 || text[used] || high > 255 || low > 255)
		return script_fail(s, "\"%.40s\" is not a version", text);
	*out = high << 8 | low;
	return true;
}

bool value_field(struct script *s, const struct field *f, const char *text, uint32_t *out)
{
	uint64_t v, max = f->width >= 4 ? UINT32_MAX : (UINT64_C(1) << (8 * f->width)) - 1;

	if (isalpha((unsigned char)*text) || *text == '"')
		return value_words(s, f, text, out);
	if (f->kind == F_VERSION && strchr(text, '.'))
		return value_version(s, text, out);
	if (!value_upto(s, f->name, text, max, &v))
		return false;
	*out = (uint32_t)v;
	return true;
}
