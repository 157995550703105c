/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The formats, and what they share: times, addresses and words.  See report.h, report_private.h. */
#include "analyzer/report.h"

#include <arpa/inet.h>

#include "analyzer/report_mask.h"
#include "analyzer/report_private.h"
#include "dissectors/cursor.h"
#include "dissectors/link.h"
#include "dissectors/ppp.h"

const struct report_ops *const report_formats[] = { &report_text, &report_json, NULL };

const struct report_ops *report_by_name(const char *name)
{
	for (unsigned i = 0; report_formats[i]; i++)
		if (strcmp(report_formats[i]->name, name) == 0)
			return report_formats[i];
	return NULL;
}

void report_cleanup(void)
{
	report_json_cleanup();
	mask_clear();
}

/* --- times --------------------------------------------------------------------------------- */

static char *put_digits(char *at, uint32_t value, unsigned digits)
{
	for (unsigned i = digits; i-- > 0; value /= 10)
		at[i] = (char)('0' + value % 10);
	return at + digits;
}

/* Year, month and day of a day number since 1970.  Years begin in March, so that the leap day is their last.
 */
static char *put_date(char *at, int64_t days)
{
	int64_t since = days + 719468; /* days from 0000-03-01 to 1970-01-01 */
	int64_t era =
		since / 146097; /* of 400 years; times of int64_t nanoseconds are never before the first */
	uint32_t day = (uint32_t)(since - era * 146097);
	uint32_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	uint32_t month;

	day -= 365 * year + year / 4 - year / 100;
	month = (5 * day + 2) / 153;
	day -= (153 * month + 2) / 5;
	month = month < 10 ? month + 3 : month - 9;
	at = put_digits(at, (uint32_t)era * 400 + year + (month <= 2), 4);
	*at++ = '-';
	at = put_digits(at, month, 2);
	*at++ = '-';
	return put_digits(at, day + 1, 2);
}

/* By hand: a report of a million calls holds ten million times. */
const char *report_time(int64_t time_ns, char buf[REPORT_TIME])
{
	int64_t seconds = time_ns / 1000000000, days;
	int32_t nanos = (int32_t)(time_ns % 1000000000), of_day;
	char *at;

	if (nanos < 0) {
		nanos += 1000000000;
		seconds--;
	}
	days = seconds / 86400;
	of_day = (int32_t)(seconds % 86400);
	if (of_day < 0) {
		of_day += 86400;
		days--;
	}
	at = put_date(buf, days);
	*at++ = 'T';
	at = put_digits(at, (uint32_t)of_day / 3600, 2);
	*at++ = ':';
	at = put_digits(at, (uint32_t)of_day / 60 % 60, 2);
	*at++ = ':';
	at = put_digits(at, (uint32_t)of_day % 60, 2);
	*at++ = '.';
	if (nanos % 1000)
		at = put_digits(at, (uint32_t)nanos, 9);
	else
		at = put_digits(at, (uint32_t)nanos / 1000, 6);
	memcpy(at, "Z", 2);
	return buf;
}

/* --- addresses, names and other text ------------------------------------------------------- */

/* By hand, as every tunnel has two. */
static void put_v4(char *at, const uint8_t octet[4])
{
	for (unsigned i = 0; i < 4; i++) {
		unsigned digits = octet[i] < 10 ? 1 : octet[i] < 100 ? 2 : 3;

		at = put_digits(at, octet[i], digits);
		*at++ = i < 3 ? '.' : '\0';
	}
}

const char *report_addr(const struct report_options *o, const struct ip_addr *a, char buf[64])
{
	if (o->anonymize)
		return mask_of(MASK_HOST, a->octet, sizeof(a->octet), buf);
	if (ip_addr_is_v4(a))
		put_v4(buf, a->octet + 12);
	else
		inet_ntop(AF_INET6, a->octet, buf, 64);
	return buf;
}

const char *report_wire_text(const struct report_options *o, enum mask_kind kind, const uint8_t *octets,
			     size_t len, char buf[TEXT_ROOM])
{
	if (o->anonymize && len)
		return mask_of(kind, octets, len, buf);
	return ctrl_escape(octets, len, buf, TEXT_ROOM);
}

const char *report_field_text(const struct report_options *o, const char *field_name, const uint8_t *octets,
			      size_t len, char buf[TEXT_ROOM])
{
	static const struct report_options open = { .anonymize = false };

	if (strncmp(field_name, "vendor_", 7) == 0)
		return report_wire_text(&open, MASK_TEXT, octets, len, buf);
	if (strcmp(field_name, "host_name") == 0)
		return report_wire_text(o, MASK_NAME, octets, len, buf);
	if (strstr(field_name, "_number"))
		return report_wire_text(o, MASK_NUMBER, octets, len, buf);
	return report_wire_text(o, MASK_TEXT, octets, len, buf);
}

const char *report_number(const struct report_options *o, const char *number, char buf[TEXT_ROOM])
{
	if (!number || !*number || !o->anonymize)
		return number;
	return mask_of(MASK_NUMBER, number, strlen(number), buf);
}

const char *report_path(const struct report_options *o, const char *path, char buf[PATH_ROOM])
{
	if (o->anonymize)
		return mask_of(MASK_CAPTURE, path, strlen(path), buf);
	return ctrl_escape((const uint8_t *)path, strlen(path), buf, PATH_ROOM);
}

const char *report_error(const struct report_options *o, const char *error, const char *path,
			 char buf[PATH_ROOM])
{
	const char *at = o->anonymize && *path ? strstr(error, path) : NULL;
	size_t used;

	if (!at)
		return ctrl_escape((const uint8_t *)error, strlen(error), buf, PATH_ROOM);
	ctrl_escape((const uint8_t *)error, (size_t)(at - error), buf, PATH_ROOM - MASK_ROOM);
	mask_of(MASK_CAPTURE, path, strlen(path), buf + strlen(buf));
	used = strlen(buf);
	at += strlen(path);
	ctrl_escape((const uint8_t *)at, strlen(at), buf + used, PATH_ROOM - used);
	return buf;
}

/* How many octets at the end are the beginning of a letter of several that is not whole. */
static unsigned cut_letter(const char *text, size_t len)
{
	for (unsigned back = 1; back <= 3 && back <= len; back++) {
		uint8_t octet = (uint8_t)text[len - back];
		unsigned wants = octet >= 0xf0 ? 4 : octet >= 0xe0 ? 3 : octet >= 0xc0 ? 2 : 1;

		if (octet < 0x80)
			return 0;
		if (octet >= 0xc0)
			return wants > back ? back : 0;
	}
	return 0;
}

const char *report_sentence(const struct report_options *o, const char *sentence, char buf[TEXT_ROOM])
{
	size_t len;

	if (o->anonymize) {
		mask_sentence(sentence, buf, TEXT_ROOM);
		len = strlen(buf);
	} else {
		len = strnlen(sentence, TEXT_ROOM - 1);
		memcpy(buf, sentence, len);
	}
	/* Half a letter would make the whole report invalid. */
	buf[len - cut_letter(buf, len)] = '\0';
	return buf;
}

/* --- words --------------------------------------------------------------------------------- */

const struct unseen_row report_unseen[UNSEEN_COUNT] = {
#define UNSEEN(sym, name, words, lossy) [UNSEEN_##sym] = { name, words, lossy },
#include "dissectors/unseen.def"
#undef UNSEEN
};

const char *report_link_type(uint32_t link_type, char buf[16])
{
	const char *name = link_type_name(link_type);

	if (name)
		return name;
	snprintf(buf, 16, "%u", link_type);
	return buf;
}

const char *report_status_name(enum ctrl_status s)
{
	static const char *const names[] = { [CTRL_OK] = "ok", [CTRL_CUT] = "cut", [CTRL_BAD] = "bad" };

	return names[s];
}

const char *report_role_name(enum role r)
{
	static const char *const names[] = { [ROLE_UNKNOWN] = NULL, [ROLE_PAC] = "PAC", [ROLE_PNS] = "PNS" };

	return names[r];
}

const char *report_message_name(unsigned type)
{
	const struct ctrl_desc *d = ctrl_desc_of(type);

	return d ? d->name : NULL;
}

static const char *bit_name(const char *const *names, unsigned count, unsigned bit)
{
	for (unsigned i = 0; i < count; i++)
		if (bit == 1u << i)
			return names[i];
	return NULL;
}

const char *report_gre_defect_name(unsigned bit)
{
	/* In the order of the bits of enum gre_defect. */
	static const char *const names[] = {
		"checksum-bit",  "routing-bit",   "key-missing",  "source-route-bit", "recursion",
		"flags",         "protocol-type", "empty",        "payload-length",   "padding",
		"sequence-only", "no-sequence",   "short-header",
	};

	return bit_name(names, sizeof(names) / sizeof(*names), bit);
}

const char *report_ctrl_defect_name(unsigned bit)
{
	/* In the order of the bits of enum ctrl_defect. */
	static const char *const names[] = { "magic-cookie", "pptp-message-type",  "control-message-type",
					     "length",       "management-message", "unfinished" };

	return bit_name(names, sizeof(names) / sizeof(*names), bit);
}

/*
 * Words that were wanted before.  Connections of one kind of peer hold the same few values, and a
 * report of a million calls wants ten million words.
 */
enum { WORDS = 256, WORDS_ROOM = 64 };
static struct words {
	const char *field_name; /* a constant of the caller: compared by address */
	unsigned type;
	uint32_t value;
	size_t len;
	char text[WORDS_ROOM];
} words_known[WORDS];

static struct words *words_slot(unsigned type, const char *field_name, uint32_t value)
{
	uint64_t h = ((uint64_t)(uintptr_t)field_name ^ (uint64_t)type << 32 ^ value) *
		     UINT64_C(0x9e3779b97f4a7c15);

	return &words_known[h >> 56];
}

static void words_find(unsigned type, const char *field_name, uint32_t value, char buf[TEXT_ROOM])
{
	const struct ctrl_desc *d = ctrl_desc_of(type);
	int row = d ? ctrl_field_index(d, field_name) : -1;

	*buf = '\0';
	if (row >= 0)
		ctrl_value_words(&d->fields[row], value, buf, TEXT_ROOM);
}

const char *report_value_words(unsigned type, const char *field_name, uint32_t value, char buf[TEXT_ROOM])
{
	struct words *w = words_slot(type, field_name, value);

	if (w->field_name == field_name && w->type == type && w->value == value) {
		memcpy(buf, w->text, w->len + 1);
		return w->len ? buf : NULL;
	}
	words_find(type, field_name, value, buf);
	if (strlen(buf) < WORDS_ROOM) {
		*w = (struct words){ field_name, type, value, strlen(buf), "" };
		memcpy(w->text, buf, w->len + 1);
	}
	return *buf ? buf : NULL;
}

static const char *result_field(unsigned type)
{
	return type == CTRL_STOPRQ ? "reason" : "result_code";
}

const char *report_result_words(unsigned type, uint32_t result, char buf[TEXT_ROOM])
{
	return report_value_words(type, result_field(type), result, buf);
}

bool report_moment_result(const struct moment *m)
{
	const struct ctrl_desc *d = m->kind == MOMENT_MESSAGE ? ctrl_desc_of(m->type) : NULL;

	return d && m->status != CTRL_CUT && ctrl_field_index(d, result_field(m->type)) >= 0;
}

const struct field *report_moment_field(const struct moment *m)
{
	static const char *const candidates[] = { "call_id", "peer_call_id", "identifier" };
	const struct ctrl_desc *d = m->kind == MOMENT_MESSAGE ? ctrl_desc_of(m->type) : NULL;

	if (!d || m->status == CTRL_CUT)
		return NULL;
	for (unsigned i = 0; i < sizeof(candidates) / sizeof(*candidates); i++) {
		int row = ctrl_field_index(d, candidates[i]);

		if (row >= 0)
			return &d->fields[row];
	}
	return NULL;
}

/* --- what was not judged ------------------------------------------------------------------- */

bool report_asked(const struct report_unjudged *u, unsigned i)
{
	return (!u->selected || u->selected[i]) && rule_passive(&rules[i]) &&
	       rule_holds(&rules[i], u->profile);
}

unsigned report_asked_count(const struct report_unjudged *u)
{
	unsigned n = 0;

	for (unsigned i = 0; i < RULES; i++)
		n += report_asked(u, i);
	return n;
}

unsigned report_kept_count(const struct report_unjudged *u, unsigned bit)
{
	unsigned n = 0;

	for (unsigned i = 0; i < RULES; i++)
		n += report_asked(u, i) && rules[i].unless >> bit & 1;
	return n;
}

/* --- messages and packets of decode -------------------------------------------------------- */

/* The rows that all messages begin with: Length to Reserved0. */
enum { HEADER_ROWS = 5 };

bool report_ctrl_row(const struct ctrl_msg *m, unsigned i, const struct field **f, uint32_t *value,
		     bool *known)
{
	const struct ctrl_desc *d = m->desc ? m->desc : ctrl_desc_of(CTRL_SCCRQ);
	struct cursor c = cursor_on(m->octets, m->caplen);

	*f = &d->fields[i];
	if (m->desc) {
		*known = i < m->nvalues;
		*value = *known ? m->value[i] : 0;
		return (*f)->name != NULL;
	}
	if (i >= HEADER_ROWS)
		return false;
	cursor_take(&c, (*f)->offset);
	*value = cursor_uint(&c, (*f)->width);
	*known = !c.missing;
	return true;
}

const uint8_t *report_ctrl_text(const struct ctrl_msg *m, unsigned row, size_t *len)
{
	const uint8_t *text = ctrl_text(m, row);

	*len = text ? strnlen((const char *)text, m->desc->fields[row].width) : 0;
	return text;
}

enum ctrl_status report_gre_status(const struct decode_where *w, const struct gre_pkt *g,
				   enum gre_status status)
{
	if (status == GRE_OTHER_VERSION || g->defects)
		return CTRL_BAD;
	if (status == GRE_CUT || (g->caplen < g->payload_length && w->nframes <= 1))
		return CTRL_CUT;
	return CTRL_OK;
}

bool report_gre_value(const struct gre_pkt *g, enum gre_status status, unsigned i, uint32_t *value)
{
	bool present;

	*value = gre_field_value(g, i, &present);
	/* Of other versions no more than the first four octets was read, and of a packet cut there nothing.
	 */
	if (status == GRE_OTHER_VERSION)
		return gre_fields[i].offset < 4;
	return present && (status != GRE_CUT || g->header_len);
}

bool report_gre_ppp(const struct gre_pkt *g, enum gre_status status, struct ppp_frame *out)
{
	if (status != GRE_OK || g->protocol != GRE_PROTO_PPP || !g->payload_length)
		return false;
	ppp_decode(g->payload, g->caplen, g->defects & GRE_BAD_LENGTH ? g->caplen : g->payload_length, out);
	return true;
}

enum ctrl_status report_ppp_status(const struct ppp_frame *f)
{
	return f->bad ? CTRL_BAD : f->cut ? CTRL_CUT : CTRL_OK;
}

/* --- roles and calls ----------------------------------------------------------------------- */

enum role report_role(int pac, unsigned host)
{
	return pac < 0 ? ROLE_UNKNOWN : (unsigned)pac == host ? ROLE_PAC : ROLE_PNS;
}

int report_connection_pac(const struct control_connection *c, const struct tunnel *t)
{
	return c->pac >= 0 ? c->pac : t->pac;
}

bool report_call_has(const struct call *c, enum call_value v)
{
	enum { NEVER = CALL_STEPS };
	static const uint8_t step[CALL_VALUES][2] = {
		/* of an outgoing, an incoming call */
		[CALL_BPS] = { STEP_REQUEST, NEVER },
		[CALL_BEARER] = { STEP_REQUEST, STEP_REQUEST },
		[CALL_FRAMING] = { STEP_REQUEST, STEP_CONNECTED },
		[CALL_SPEED] = { STEP_REPLY, STEP_CONNECTED },
		[CALL_CHANNEL] = { STEP_REPLY, STEP_REQUEST },
		[CALL_PNS_WINDOW] = { STEP_REQUEST, STEP_REPLY },
		[CALL_PAC_WINDOW] = { STEP_REPLY, STEP_CONNECTED },
	};
	unsigned at;

	if (c->kind == CALL_UNKNOWN)
		return false;
	at = step[v][c->kind == CALL_INCOMING];
	return at != NEVER && call_step(c, at).frame != 0;
}

const char *report_bearer_words(const struct call *c, char buf[TEXT_ROOM])
{
	if (c->kind == CALL_INCOMING)
		return report_value_words(CTRL_ICRQ, "call_bearer_type", c->bearer, buf);
	return report_value_words(CTRL_OCRQ, "bearer_type", c->bearer, buf);
}

const char *report_framing_words(const struct call *c, char buf[TEXT_ROOM])
{
	return report_value_words(c->kind == CALL_INCOMING ? CTRL_ICCN : CTRL_OCRQ, "framing_type",
				  c->framing, buf);
}

enum ctrl_type report_reply_type(const struct call *c)
{
	return c->kind == CALL_INCOMING ? CTRL_ICRP : CTRL_OCRP;
}

bool report_flow_call_id(const struct call *c, int pac, unsigned from, uint16_t *id)
{
	enum role sender = report_role(pac, from);

	if (sender == ROLE_PNS && c->pac_id_known)
		*id = c->pac_call_id;
	else if (sender == ROLE_PAC && c->pns_id_known)
		*id = c->pns_call_id;
	else if (call_flow(c, from))
		*id = flow_call_id(call_flow(c, from));
	else
		return false;
	return true;
}

bool report_flow_known(const struct call *c, int pac, unsigned from)
{
	uint16_t id;

	return call_flow(c, from) || report_flow_call_id(c, pac, from, &id);
}

bool report_loss_known(const struct flow *f)
{
	return f->flags & FLOW_HAS_SEQ && !(f->flags & FLOW_DISTRUST);
}
