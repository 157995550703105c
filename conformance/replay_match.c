/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which recorded message a live one corresponds to, and what is different about it. */
#include <stdio.h>
#include <stdlib.h>

#include "conformance/replay_private.h"
#include "dissectors/cursor.h"

/* --- tables ---------------------------------------------------------------------------------- */

/* Fields whose value is the sender's own choice, or what it has counted. */
static const struct {
	enum ctrl_type type; /* 0: of every message */
	const char *field;
} free_fields[] = {
	{ 0, "call_serial_number" },     { 0, "physical_channel_id" },    { CTRL_CDN, "call_statistics" },
	{ CTRL_WEN, "crc_errors" },      { CTRL_WEN, "framing_errors" },  { CTRL_WEN, "hardware_overruns" },
	{ CTRL_WEN, "buffer_overruns" }, { CTRL_WEN, "time_out_errors" }, { CTRL_WEN, "alignment_errors" },
};

/* What a message comes after, where that is sent by the other side. */
static enum ctrl_type cause_of(enum ctrl_type type)
{
	switch (type) {
	case CTRL_SCCRP:
		return CTRL_SCCRQ;
	case CTRL_STOPRP:
		return CTRL_STOPRQ;
	case CTRL_ECHORP:
		return CTRL_ECHORQ;
	case CTRL_OCRP:
		return CTRL_OCRQ;
	case CTRL_ICRP:
		return CTRL_ICRQ;
	case CTRL_ICCN:
		return CTRL_ICRP;
	case CTRL_CDN:
		return CTRL_CCRQ;
	default:
		return CTRL_TYPES;
	}
}

/* Messages in which a side assigns a Call ID. */
static bool assigns(unsigned type)
{
	return type == CTRL_OCRQ || type == CTRL_OCRP || type == CTRL_ICRQ || type == CTRL_ICRP;
}

/* --- memory ---------------------------------------------------------------------------------- */

bool replay_grow(void *list, size_t *n, size_t size)
{
	void **items = list;

	if (!(*n & (*n - 1))) {
		void *grown = realloc(*items, (*n ? 2 * *n : 1) * size);

		if (!grown)
			return false;
		*items = grown;
	}
	memset((char *)*items + *n * size, 0, size);
	(*n)++;
	return true;
}

/* --- what is expected ------------------------------------------------------------------------ */

static void decode(const struct replay_item *item, struct ctrl_msg *m)
{
	ctrl_decode(item->octets, item->len, false, m);
}

static bool expect_message(struct replay *r, size_t at, const struct ctrl_msg *m)
{
	struct expectation *e;

	if (!replay_grow(&r->message, &r->messages, sizeof(*r->message)))
		return false;
	e = &r->message[r->messages - 1];
	e->item = &r->rec->item[at];
	e->at = at;
	e->msg = *m;
	return true;
}

static bool expect_packet(struct replay *r, size_t at)
{
	const struct replay_item *item = &r->rec->item[at];
	struct ppp_frame f;
	struct expectation *e;
	struct gre_pkt g;

	if (gre_decode(item->octets, (uint32_t)item->len, (uint32_t)item->len, false, &g) != GRE_OK ||
	    !replay_gre_ppp(&g, &f))
		return true;
	if (!replay_grow(&r->packet, &r->packets, sizeof(*r->packet)))
		return false;
	e = &r->packet[r->packets - 1];
	e->item = item;
	e->at = at;
	e->call_id = g.call_id;
	e->protocol = f.protocol;
	e->code = f.code;
	e->identifier = f.identifier;
	return true;
}

/* An Echo-Request of the peer, and the reply that the played side gave. */
static bool expect_echo(struct replay *r, size_t at, const struct ctrl_msg *m)
{
	uint32_t wanted = 0, given = 0;

	if (!replay_grow(&r->echo, &r->echoes, sizeof(*r->echo)))
		return false;
	ctrl_get(m, "identifier", &wanted);
	for (size_t i = at + 1; i < r->rec->n; i++) {
		const struct replay_item *item = &r->rec->item[i];
		struct ctrl_msg reply;

		if (!item->ours || item->kind != REPLAY_MESSAGE || r->automatic[i])
			continue;
		decode(item, &reply);
		if (reply.type != CTRL_ECHORP || !ctrl_get(&reply, "identifier", &given) || given != wanted)
			continue;
		r->automatic[i] = true;
		r->echo[r->echoes - 1].item = item;
		break;
	}
	return true;
}

/* A reply that brought a call up, by whichever side: both Call IDs are known. */
static bool know_call(struct replay *r, const struct ctrl_msg *m, bool ours)
{
	uint32_t own, other;

	if ((m->type != CTRL_OCRP && m->type != CTRL_ICRP) || !ctrl_get(m, "call_id", &own) ||
	    !ctrl_get(m, "peer_call_id", &other))
		return true;
	if (replay_call_by_our_id(r, (uint16_t)(ours ? own : other)))
		return true;
	if (!replay_grow(&r->call, &r->calls, sizeof(*r->call)))
		return false;
	r->call[r->calls - 1].our_id = (uint16_t)(ours ? own : other);
	r->call[r->calls - 1].peer_id = (uint16_t)(ours ? other : own);
	return true;
}

bool replay_match_init(struct replay *r)
{
	bool ok;

	r->automatic = calloc(r->rec->n + 1, sizeof(*r->automatic));
	ok = r->automatic;
	for (size_t i = 0; ok && i < r->rec->n; i++) {
		const struct replay_item *item = &r->rec->item[i];
		struct ctrl_msg m;

		if (item->kind == REPLAY_GRE) {
			ok = item->ours || expect_packet(r, i);
			r->totals.packets_recorded += !item->ours;
			continue;
		}
		decode(item, &m);
		ok = know_call(r, &m, item->ours);
		if (ok && !item->ours)
			ok = m.type == CTRL_ECHORQ && m.status == CTRL_OK ? expect_echo(r, i, &m)
									  : expect_message(r, i, &m);
	}
	for (size_t i = 0; ok && i < r->rec->n; i++)
		if (r->rec->item[i].kind == REPLAY_GRE && !r->rec->item[i].ours)
			replay_gre_expect(r, &r->rec->item[i]);
	r->totals.expected = r->messages;
	r->totals.ppp_expected = r->packets;
	return ok;
}

void replay_match_clear(struct replay *r)
{
	for (size_t i = 0; i < r->requests; i++)
		free(r->request[i].octets);
	free(r->automatic);
	free(r->message);
	free(r->packet);
	free(r->id);
	free(r->request);
	free(r->call);
	free(r->echo);
}

/* --- Call IDs -------------------------------------------------------------------------------- */

bool replay_live_id(const struct replay *r, uint16_t recorded, uint16_t *live)
{
	for (size_t i = 0; i < r->ids; i++)
		if (r->id[i].recorded == recorded) {
			*live = r->id[i].live;
			return true;
		}
	return false;
}

/* The peer calls the same thing by another name this time. */
static void learn_id(struct replay *r, const struct ctrl_msg *recorded, const struct ctrl_msg *live)
{
	uint32_t then, now;

	if (!assigns(live->type) || !ctrl_get(recorded, "call_id", &then) || !ctrl_get(live, "call_id", &now))
		return;
	for (size_t i = 0; i < r->ids; i++)
		if (r->id[i].recorded == then) {
			r->id[i].live = (uint16_t)now;
			return;
		}
	if (replay_grow(&r->id, &r->ids, sizeof(*r->id)))
		r->id[r->ids - 1] = (struct id_pair){ (uint16_t)then, (uint16_t)now };
}

/* Whether a Call ID is one that the played side has assigned. */
static bool is_ours(const struct replay *r, uint32_t id)
{
	for (size_t i = 0; i < r->rec->n; i++) {
		const struct replay_item *item = &r->rec->item[i];
		struct ctrl_msg m;
		uint32_t own;

		if (!item->ours || item->kind != REPLAY_MESSAGE)
			continue;
		decode(item, &m);
		if (assigns(m.type) && ctrl_get(&m, "call_id", &own) && own == id)
			return true;
	}
	return false;
}

size_t replay_translate(struct replay *r, const struct replay_item *item, uint8_t *out, size_t room)
{
	size_t len = item->len < room ? item->len : room;
	struct ctrl_msg m;
	struct wcursor w;
	uint32_t then;
	uint16_t now;
	int row;

	memcpy(out, item->octets, len);
	decode(item, &m);
	row = m.desc ? ctrl_field_index(m.desc, "peer_call_id") : -1;
	if (row < 0 || !ctrl_get(&m, "peer_call_id", &then))
		return len;
	if (!replay_live_id(r, (uint16_t)then, &now)) {
		r->totals.untranslated++;
		return len;
	}
	w = wcursor_on(out + m.desc->fields[row].offset, m.desc->fields[row].width);
	wcursor_uint(&w, now, m.desc->fields[row].width);
	return len;
}

/* --- binding --------------------------------------------------------------------------------- */

/* Whether both are about the same call, or echo. */
static bool same_subject(const struct replay *r, const struct ctrl_msg *recorded, const struct ctrl_msg *live)
{
	uint32_t then, now;
	uint16_t translated;

	if (ctrl_get(recorded, "peer_call_id", &then) && ctrl_get(live, "peer_call_id", &now))
		return then == now;
	if (live->type == CTRL_ECHORP && ctrl_get(recorded, "identifier", &then) &&
	    ctrl_get(live, "identifier", &now))
		return then == now;
	if ((live->type == CTRL_CDN || live->type == CTRL_CCRQ) && ctrl_get(recorded, "call_id", &then) &&
	    ctrl_get(live, "call_id", &now))
		return !replay_live_id(r, (uint16_t)then, &translated) || translated == now;
	return true;
}

/* Whether it says clearly that it is about something else than what is left of its type. */
static bool about_another(const struct replay *r, const struct ctrl_msg *live)
{
	uint32_t id;

	return ctrl_get(live, "peer_call_id", &id) && is_ours(r, id);
}

static struct expectation *find(struct replay *r, const struct ctrl_msg *live, bool missed, bool subject)
{
	for (size_t i = 0; i < r->messages; i++) {
		struct expectation *e = &r->message[i];

		if (!e->bound && e->missed == missed && e->msg.type == live->type &&
		    (!subject || same_subject(r, &e->msg, live)))
			return e;
	}
	return NULL;
}

static struct expectation *bind(struct replay *r, const struct ctrl_msg *live)
{
	struct expectation *e = find(r, live, false, true);

	if (!e && !about_another(r, live))
		e = find(r, live, false, false);
	if (!e)
		e = find(r, live, true, true);
	return e;
}

/* --- comparing ------------------------------------------------------------------------------- */

static bool is_free(const struct replay *r, unsigned type, const char *field)
{
	for (size_t i = 0; i < sizeof(free_fields) / sizeof(*free_fields); i++)
		if ((!free_fields[i].type || free_fields[i].type == type) &&
		    !strcmp(free_fields[i].field, field))
			return true;
	for (size_t i = 0; r->o.ignore && r->o.ignore[i]; i++)
		if (!strcmp(r->o.ignore[i], field))
			return true;
	return false;
}

/* The call that a message of the peer is about, by our Call ID. */
static int call_of(const struct replay *r, const struct ctrl_msg *m)
{
	uint32_t id;

	if (ctrl_get(m, "peer_call_id", &id))
		return (int)id;
	if (!ctrl_get(m, "call_id", &id))
		return -1;
	for (size_t i = 0; i < r->calls; i++) {
		uint16_t live;

		if (replay_live_id(r, r->call[i].peer_id, &live) && live == id)
			return r->call[i].our_id;
	}
	return -1;
}

static void compare_field(struct replay *r, const struct expectation *e, const struct ctrl_msg *live,
			  unsigned row)
{
	const struct field *f = &live->desc->fields[row];
	struct replay_difference d = replay_about(r, REPLAY_FIELD, e);
	uint16_t translated;
	bool same;

	d.field = f;
	d.call_id = call_of(r, live);
	d.value[0] = e->msg.value[row];
	d.value[1] = live->value[row];
	if (f->kind == F_TEXT) {
		d.text[0] = ctrl_text(&e->msg, row);
		d.text[1] = ctrl_text(live, row);
		same = d.text[0] && d.text[1] && !memcmp(d.text[0], d.text[1], f->width);
	} else {
		if (!strcmp(f->name, "call_id") && replay_live_id(r, (uint16_t)d.value[0], &translated))
			d.value[0] = translated;
		same = d.value[0] == d.value[1];
	}
	r->totals.compared++;
	if (!same)
		replay_tell(r, &d);
}

static void defect_words(char *out, size_t room, unsigned defects)
{
	static const char *const names[] = { "magic cookie", "PPTP message type",  "control message type",
					     "length",       "management message", "unfinished" };
	size_t n = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (defects >> i & 1 && n < room)
			n += (size_t)snprintf(out + n, room - n, "%s%s", n ? ", " : "", names[i]);
}

static void compare(struct replay *r, const struct expectation *e, const struct ctrl_msg *live)
{
	unsigned rows = live->nvalues < e->msg.nvalues ? live->nvalues : e->msg.nvalues;

	if (live->defects != e->msg.defects) {
		struct replay_difference d = replay_about(r, REPLAY_DEFECT, e);
		char now[64];

		d.call_id = call_of(r, live);
		defect_words(now, sizeof(now), live->defects);
		snprintf(d.words, sizeof(d.words), "the header is %s: %s",
			 live->defects ? "wrong" : "right now", live->defects ? now : "it was not then");
		replay_tell(r, &d);
	}
	for (unsigned row = 0; live->desc && row < rows; row++)
		if (!is_free(r, live->type, live->desc->fields[row].name))
			compare_field(r, e, live, row);
}

/* --- order ----------------------------------------------------------------------------------- */

/* What the message should have come after, and has not; or NULL. */
static const struct replay_item *before_it(const struct replay *r, const struct expectation *e)
{
	enum ctrl_type cause = cause_of(e->msg.type);

	for (const struct expectation *other = r->message; other < e; other++)
		if (!other->bound && !other->missed)
			return other->item;
	for (size_t i = r->at; i < e->at; i++) {
		struct ctrl_msg m;

		if (!r->rec->item[i].ours || r->rec->item[i].kind != REPLAY_MESSAGE || r->automatic[i])
			continue;
		decode(&r->rec->item[i], &m);
		if (m.type == cause)
			return &r->rec->item[i];
	}
	return NULL;
}

static void tell_order(struct replay *r, const struct expectation *e, const struct ctrl_msg *live)
{
	const struct replay_item *before = before_it(r, e);
	struct replay_difference d = replay_about(r, e->missed ? REPLAY_LATE : REPLAY_EARLY, e);
	struct ctrl_msg m;

	if (!e->missed && !before)
		return;
	d.call_id = call_of(r, live);
	if (!e->missed) {
		decode(before, &m);
		snprintf(d.words, sizeof(d.words), "before %s %s (frame %llu)", before->ours ? "our" : "its",
			 m.desc ? m.desc->name : "message", (unsigned long long)FRAME_NUMBER(before->frame));
	}
	replay_tell(r, &d);
}

static void tell_additional(struct replay *r, const struct ctrl_msg *live)
{
	struct replay_difference d = { .kind = REPLAY_ADDITIONAL,
				       .message = live->desc,
				       .call_id = call_of(r, live) };
	int row = live->desc ? ctrl_field_index(live->desc, "result_code") : -1;
	char words[64];

	if (live->defects)
		defect_words(d.words, sizeof(d.words), live->defects);
	else if (row >= 0 && (unsigned)row < live->nvalues)
		snprintf(d.words, sizeof(d.words), "with Result Code %u (%s)", (unsigned)live->value[row],
			 ctrl_value_words(&live->desc->fields[row], live->value[row], words, sizeof(words)));
	replay_tell(r, &d);
}

/* --- echo ------------------------------------------------------------------------------------ */

/* Answers an Echo-Request of the peer as the one of the same number was answered then. */
static void answer_echo(struct replay *r, const struct ctrl_msg *m)
{
	const struct echo_answer *then = r->next_echo < r->echoes ? &r->echo[r->next_echo] : NULL;
	uint8_t octets[CTRL_LENGTH_LIMIT];
	uint32_t identifier = 0;
	struct draft d;

	r->next_echo++;
	ctrl_get(m, "identifier", &identifier);
	if (then && !then->item)
		return;
	r->totals.echoes++;
	draft_init(&d, CTRL_ECHORP);
	draft_fill(&d, "identifier", (int64_t)identifier, "result_code", INT64_C(1), NULL);
	if (then) {
		size_t len = replay_translate(r, then->item, octets, sizeof(octets));
		int row = ctrl_field_index(d.desc, "identifier");
		struct wcursor w = wcursor_on(octets, len);

		wcursor_take(&w, d.desc->fields[row].offset);
		wcursor_uint(&w, identifier, d.desc->fields[row].width);
		channel_send_octets(r->channel, octets, len);
	} else {
		channel_send(r->channel, &d);
	}
}

/* --- a message has come ---------------------------------------------------------------------- */

void replay_match(struct replay *r, const struct ctrl_msg *m)
{
	struct expectation *e;

	if (m->type == CTRL_ECHORQ && m->status == CTRL_OK) {
		answer_echo(r, m);
		return;
	}
	e = bind(r, m);
	if (!e) {
		tell_additional(r, m);
		return;
	}
	tell_order(r, e, m);
	e->bound = true;
	e->bound_ns = net_now(r->net);
	r->totals.answered++;
	learn_id(r, &e->msg, m);
	replay_gre_begin(r, &e->msg, false);
	compare(r, e, m);
	if (r->events.said)
		r->events.said(r->ctx, e->item, m, replay_time(r));
}
