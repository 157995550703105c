/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a script expects of the device, and what it says about it.
 *
 * In a trace an expectation is what a correct device does: a message is sent, a connection is closed,
 * time passes.  At a live peer it is awaited, and what comes instead settles the verdict.  What the
 * played side itself is "expected" to do it does in both.
 */
#include "traces/script_private.h"

#include <stdio.h>

enum what { WANT_MESSAGE, WANT_GRE, WANT_CLOSE, WANT_FIN, WANT_RST, WANT_NOTHING, WANT_NO_MESSAGE };

enum { ALTERNATIVES = 4, HOOK_WORDS = 12, WORD_ROOM = 128, WHY_ROOM = 400 };

#define NOTHING_TIME (2 * SECOND)

struct expectation {
	enum what what;
	unsigned side; /* who is to do it */
	bool has_time;
	int64_t time; /* within, or for */
	const char *as;
	struct sending how;
	struct message m;
	struct gre_make g;
};

/* --- what a statement says ---------------------------------------------------------------------- */

const struct capture *capture_find(const struct script *s, const char *name)
{
	for (unsigned i = 0; i < s->ncaptures; i++)
		if (strcmp(s->captures[i].name, name) == 0)
			return &s->captures[i];
	return NULL;
}

static bool capture_keep(struct script *s, const struct expectation *x, const uint32_t *value)
{
	struct capture *c;

	if (!x->as)
		return true;
	c = (struct capture *)capture_find(s, x->as);
	if (!c && s->ncaptures == CAPTURES_MAX)
		return script_fail(s, "more than %d names after \"as\"", CAPTURES_MAX);
	if (!c)
		c = &s->captures[s->ncaptures++];
	snprintf(c->name, sizeof(c->name), "%s", x->as);
	c->d = x->what == WANT_MESSAGE ? x->m.d : NULL;
	c->time = s->now;
	if (value)
		memcpy(c->value, value, sizeof(c->value));
	return true;
}

/* within TIME, for TIME, as NAME, from SIDE: two words each. */
static enum taken clause(struct script *s, struct expectation *x, const char *key, const char *value)
{
	bool within = strcmp(key, "within") == 0;

	if (within || strcmp(key, "for") == 0) {
		bool lasts = x->what == WANT_NOTHING || x->what == WANT_NO_MESSAGE;

		if (within == lasts)
			return script_fail(s, "it is \"%s TIME\" here", lasts ? "for" : "within"),
			       TAKE_FAILED;
		x->has_time = true;
		return value_time(s, value, false, &x->time) ? TAKEN : TAKE_FAILED;
	}
	if (strcmp(key, "as") == 0) {
		x->as = value;
		if (*value && strlen(value) < NAME_ROOM)
			return TAKEN;
		return script_fail(s, "as needs a name, of at most %d letters", NAME_ROOM - 1), TAKE_FAILED;
	}
	if (strcmp(key, "from") != 0)
		return NOT_MINE;
	return side_read(s, value, &x->side) ? TAKEN : (script_fail(s, "from is pac or pns"), TAKE_FAILED);
}

static bool read_clauses(struct script *s, const struct stmt *st, unsigned i, struct expectation *x)
{
	while (i < st->count) {
		enum taken t = clause(s, x, stmt_word(s, st, i), stmt_word(s, st, i + 1));

		if (t == TAKE_FAILED)
			return false;
		if (t == TAKEN)
			i += 2;
		else if (!option_read(s, stmt_word(s, st, i++),
				      x->what == WANT_MESSAGE ? message_expect_option
				      : x->what == WANT_GRE   ? gre_option
							      : NULL,
				      x->what == WANT_MESSAGE ? (void *)&x->m : &x->g, &x->how))
			return false;
	}
	return true;
}

/* What is expected: the word at i, perhaps with a message after it.  False: it is nothing that could be. */
static bool read_what(struct script *s, const struct stmt *st, unsigned *i, struct expectation *x)
{
	static const char *const words[] = {
		[WANT_GRE] = "gre", [WANT_CLOSE] = "close",     [WANT_FIN] = "fin",
		[WANT_RST] = "rst", [WANT_NOTHING] = "nothing", [WANT_NO_MESSAGE] = "no"
	};
	const char *word = stmt_word(s, st, *i);

	for (x->what = WANT_GRE; x->what <= WANT_NO_MESSAGE; x->what++)
		if (name_equal(word, words[x->what]))
			break;
	if (x->what > WANT_NO_MESSAGE)
		x->what = WANT_MESSAGE;
	if (x->what == WANT_NO_MESSAGE)
		word = stmt_word(s, st, ++*i);
	if (x->what == WANT_MESSAGE || x->what == WANT_NO_MESSAGE) {
		x->m.d = ctrl_desc_by_name(word);
		if (!x->m.d)
			return script_fail(s, "there is no message \"%.40s\" to expect", word);
		ctrl_defaults(x->m.d, x->m.value);
	}
	++*i;
	return true;
}

/* i: the word after "expect", or after who does it. */
static bool expectation_read(struct script *s, const struct stmt *st, unsigned i, struct expectation *x)
{
	memset(x, 0, sizeof(*x));
	x->side = s->stage ? !s->self : !s->me;
	x->how = s->sending;
	x->g.seq = NUMBER_COUNTED;
	i += side_read(s, stmt_word(s, st, i), &x->side);
	if (!read_what(s, st, &i, x))
		return false;
	/* What a device acknowledges when is its own affair, unless a script says so. */
	if (s->stage && x->what == WANT_GRE && x->side != s->self)
		x->g.ack = NUMBER_ANY;
	if (!read_clauses(s, st, i, x))
		return false;
	if (!x->has_time)
		x->time = x->what >= WANT_NOTHING ? NOTHING_TIME : CONNECT_TIME;
	return true;
}

/* --- in a trace, or by the side that is played --------------------------------------------------- */

static bool close_in_trace(struct script *s, const struct expectation *x)
{
	unsigned other = !x->side;

	if (!tcp_flags(s, x->side, TCP_FIN | TCP_ACK, &x->how))
		return false;
	if (x->what == WANT_FIN)
		return true;
	return (s->conv->end[other].finished || tcp_flags(s, other, TCP_FIN | TCP_ACK, &x->how)) &&
	       tcp_flags(s, x->side, TCP_ACK, &x->how);
}

static bool end_played(struct script *s, const struct expectation *x)
{
	void *link = play_link(s);

	if (!link)
		return false;
	(x->what == WANT_RST ? s->stage->rst : s->stage->fin)(s->stage->ctx, link);
	return true;
}

static bool act(struct script *s, struct expectation *x)
{
	struct call *c;

	switch (x->what) {
	case WANT_MESSAGE:
		return message_complete(s, &x->m, x->side, &x->how) && capture_keep(s, x, x->m.value);
	case WANT_GRE:
		c = call_pick(s, x->g.call);
		return c && gre_make_send(s, &x->g, c, x->side, &x->how) && capture_keep(s, x, NULL);
	case WANT_CLOSE:
	case WANT_FIN:
		return s->stage ? end_played(s, x) : close_in_trace(s, x);
	case WANT_RST:
		return s->stage ? end_played(s, x) : tcp_flags(s, x->side, TCP_RST | TCP_ACK, &x->how);
	default:
		return time_pass(s, s->now + x->time);
	}
}

/* --- awaiting ------------------------------------------------------------------------------------- */

/* The words of a statement from i on. */
static void say(const struct script *s, const struct stmt *st, unsigned i, char *out, size_t room)
{
	size_t used = strlen(out);

	for (; i < st->count && used < room; i++)
		used += (size_t)snprintf(out + used, room - used, "%s%s", used ? " " : "",
					 stmt_word(s, st, i));
}

static void describe_message(const struct ctrl_msg *m, char *out, size_t room)
{
	uint32_t result;
	int row = m->desc ? ctrl_field_index(m->desc, "result_code") : -1;
	char words[64] = "";

	if (m->status != CTRL_OK) {
		snprintf(out, room, "a message that is not valid, of type %u", m->type);
		return;
	}
	if (row < 0 || !ctrl_get(m, "result_code", &result)) {
		snprintf(out, room, "the device sent %s", m->desc->name);
		return;
	}
	ctrl_value_words(&m->desc->fields[row], result, words, sizeof(words));
	snprintf(out, room,
		 *words ? "the device sent %s with result_code %u (%s)"
			: "the device sent %s with result_code %u",
		 m->desc->name, result, words);
}

static void describe(enum script_came came, const struct ctrl_msg *m, char *out, size_t room)
{
	static const char *const words[] = { [SCRIPT_CAME_NOTHING] = "nothing came",
					     [SCRIPT_CAME_GARBAGE] =
						     "the device sent octets that are no message",
					     [SCRIPT_CAME_FIN] = "the device closed the connection",
					     [SCRIPT_CAME_RST] = "the device reset the connection" };

	if (came == SCRIPT_CAME_MESSAGE)
		describe_message(m, out, room);
	else
		snprintf(out, room, "%s", words[came]);
}

/* Whether it is what was expected; if not quite, why tells. */
static bool fits(struct script *s, struct expectation *x, enum script_came came, const struct ctrl_msg *m,
		 char *why)
{
	switch (x->what) {
	case WANT_MESSAGE:
		return came == SCRIPT_CAME_MESSAGE && m->desc == x->m.d && m->status == CTRL_OK &&
		       message_matches(s, &x->m, x->side, m, why, WHY_ROOM);
	case WANT_CLOSE:
		return came == SCRIPT_CAME_FIN || came == SCRIPT_CAME_RST;
	case WANT_FIN:
		return came == SCRIPT_CAME_FIN;
	case WANT_RST:
		return came == SCRIPT_CAME_RST;
	case WANT_NO_MESSAGE:
		return came == SCRIPT_CAME_NOTHING || came == SCRIPT_CAME_FIN || came == SCRIPT_CAME_RST;
	default:
		return came == SCRIPT_CAME_NOTHING;
	}
}

/* What a device may send at any time, and what a script does not speak of. */
static bool passes(const struct expectation *x, unsigned n, enum script_came came, const struct ctrl_msg *m)
{
	if (came != SCRIPT_CAME_MESSAGE || m->status != CTRL_OK)
		return false;
	for (unsigned i = 0; i < n; i++) {
		if (x[i].what == WANT_NO_MESSAGE)
			return m->desc != x[i].m.d;
		if (x[i].what == WANT_NOTHING || (x[i].what == WANT_MESSAGE && x[i].m.d == m->desc))
			return false;
	}
	return m->type == CTRL_SLI || m->type == CTRL_WEN || m->type == CTRL_ECHORQ;
}

static bool wants_echo(const struct expectation *x, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if ((x[i].what == WANT_MESSAGE || x[i].what == WANT_NO_MESSAGE) &&
		    x[i].m.d->type == CTRL_ECHORQ)
			return true;
	return false;
}

/* One of n, whichever comes first: its number in *which.  expected: for the verdict when none does. */
static bool await(struct script *s, struct expectation *x, unsigned n, const char *expected, unsigned *which)
{
	const struct script_stage *stage = s->stage;
	void *link = play_link(s);
	const struct ctrl_msg *m = NULL;
	char why[WHY_ROOM] = "";
	enum script_came came;
	int64_t until = s->now;

	if (!link)
		return false;
	for (unsigned i = 0; i < n; i++)
		if (s->now + x[i].time > until)
			until = s->now + x[i].time;
	stage->show_echo(stage->ctx, link, wants_echo(x, n));
	do {
		came = stage->next(stage->ctx, link, until - s->now, &m);
		s->now = stage->now(stage->ctx);
		if (!script_work(s, 1))
			return false;
		for (*which = 0; *which < n; ++*which)
			if (fits(s, &x[*which], came, m, why))
				break;
	} while (*which == n && passes(x, n, came, m));
	stage->show_echo(stage->ctx, link, false);
	if (*which < n)
		return came != SCRIPT_CAME_MESSAGE || (message_heard(s, &x[*which].m, x[*which].side, m) &&
						       capture_keep(s, &x[*which], m->value));
	if (!*why)
		describe(came, m, why, sizeof(why));
	return play_verdict(s, SCRIPT_FAIL, expected, why);
}

/* The other end's way of saying goodbye is answered. */
static bool close_played(struct script *s, const struct expectation *x)
{
	if (x->what == WANT_CLOSE)
		s->stage->fin(s->stage->ctx, s->conv->link);
	return true;
}

enum { PACKETS = 64 };

/* Packets before the window of those that may still be expected are past. */
static void packet_taken(struct call *c, uint32_t i)
{
	c->packets_taken |= UINT64_C(1) << (i - c->packets_first);
	while (c->packets_taken & 1) {
		c->packets_taken >>= 1;
		c->packets_first++;
	}
}

static void packet_seen(struct script *s, struct call *c, unsigned side, uint32_t i,
			const struct gre_pkt *got)
{
	if (i < c->packets_seen)
		return;
	c->packets_seen = i + 1;
	gre_note(s, c, side, got);
	if (i - c->packets_first >= PACKETS) {
		uint32_t on = i - c->packets_first - PACKETS + 1;

		c->packets_first += on;
		c->packets_taken = on < PACKETS ? c->packets_taken >> on : 0;
	}
}

/*
 * Tunnel packets have no order: what came before, and was not expected by another statement, is looked at
 * first.
 */
static bool await_packet(struct script *s, struct expectation *x, const char *expected)
{
	struct call *c = call_pick(s, x->g.call);
	int64_t until = s->now + x->time;
	struct script_session session;
	char why[WHY_ROOM];
	struct gre_pkt got;
	unsigned others = 0;

	if (!c || !play_link(s))
		return false;
	session = play_session(s, c);
	for (uint32_t i = c->packets_first; s->now <= until && script_work(s, 1); i++) {
		if (i - c->packets_first < PACKETS && c->packets_taken >> (i - c->packets_first) & 1)
			continue;
		if (!s->stage->gre_packet(s->stage->ctx, &session, i, until - s->now, &got))
			break;
		s->now = s->stage->now(s->stage->ctx);
		packet_seen(s, c, x->side, i, &got);
		if (gre_matches(s, &x->g, c, x->side, &got)) {
			packet_taken(c, i);
			return capture_keep(s, x, NULL);
		}
		others++;
	}
	if (s->failed)
		return false;
	snprintf(why, sizeof(why), others ? "none of %u packets was that one" : "no packet came", others);
	return play_verdict(s, SCRIPT_FAIL, expected, why);
}

static bool expect(struct script *s, struct expectation *x, const char *expected)
{
	unsigned which;

	if (s->stage && x->side != s->self) {
		if (x->what == WANT_GRE)
			return await_packet(s, x, expected);
		return await(s, x, 1, expected, &which) && close_played(s, x);
	}
	if (s->stage)
		return act(s, x);
	return sending_begin(s) && act(s, x) && sending_end(s);
}

bool play_device(struct script *s, const struct stmt *st, unsigned i, unsigned side)
{
	struct expectation x;
	char text[WHY_ROOM] = "";

	if (!expectation_read(s, st, i, &x))
		return false;
	x.side = side;
	snprintf(text, sizeof(text), "%s", side_name(side));
	say(s, st, i, text, sizeof(text));
	return expect(s, &x, text);
}

bool run_expect(struct script *s, const struct stmt *st, unsigned i)
{
	struct expectation x;
	char text[WHY_ROOM] = "";

	if (!expectation_read(s, st, i, &x))
		return false;
	say(s, st, i, text, sizeof(text));
	return expect(s, &x, text);
}

/* --- one of several ------------------------------------------------------------------------------- */

/* Reads the statements of the block; "expect" before each may be left out. */
static bool read_either(struct script *s, const struct stmt *st, struct expectation *x, unsigned *n,
			char *text)
{
	uint32_t at = (uint32_t)(st - s->stmts) + 1;

	for (*n = 0; at < st->end; at = s->stmts[at].end, ++*n) {
		const struct stmt *one = &s->stmts[at];
		unsigned i = strcmp(stmt_word(s, one, 0), "expect") == 0;

		if (*n == ALTERNATIVES)
			return script_fail(s, "either has at most %d possibilities", ALTERNATIVES);
		if (one->block || !expectation_read(s, one, i, &x[*n]))
			return script_fail(s, "either consists of expectations");
		if (x[*n].what == WANT_GRE || x[*n].side != x[0].side)
			return script_fail(s, "either is about messages of one side");
		if (*n)
			snprintf(text + strlen(text), WHY_ROOM - strlen(text), ", or");
		say(s, one, i, text, WHY_ROOM);
	}
	return *n || script_fail(s, "either without a possibility");
}

/* either [within TIME] { ... }: a trace has the first; $matched tells which it was. */
bool run_either(struct script *s, const struct stmt *st, unsigned i)
{
	struct expectation x[ALTERNATIVES];
	char text[WHY_ROOM] = "";
	unsigned n, which = 0;
	int64_t time = 0;

	if (i < st->count && (st->count != i + 2 || strcmp(stmt_word(s, st, i), "within") != 0))
		return script_fail(s, "either is written either [within TIME] { ... }");
	if (i < st->count && !value_time(s, stmt_word(s, st, i + 1), false, &time))
		return false;
	if (!read_either(s, st, x, &n, text))
		return false;
	for (unsigned k = 0; time && k < n; k++)
		x[k].time = time;
	if (s->stage && x[0].side != s->self) {
		if (!await(s, x, n, text, &which) || !close_played(s, &x[which]))
			return false;
	} else if (!expect(s, &x[0], text)) {
		return false;
	}
	return variable_set(s, "matched", which, false);
}

/* --- what is said --------------------------------------------------------------------------------- */

/* The rest of a statement as text, quotes left out. */
static void words_of(const struct script *s, const struct stmt *st, unsigned i, char *out, size_t room)
{
	char *to = out;

	*out = '\0';
	say(s, st, i, out, room);
	for (const char *from = out; *from; from++)
		if (*from != '"')
			*to++ = *from;
	*to = '\0';
}

bool run_note(struct script *s, const struct stmt *st, unsigned i)
{
	char text[WHY_ROOM];

	words_of(s, st, i, text, sizeof(text));
	if (!*text)
		return script_fail(s, "%s needs words", stmt_word(s, st, i - 1));
	if (s->stage)
		s->stage->note(s->stage->ctx, strcmp(stmt_word(s, st, i - 1), "warn") == 0, text);
	return true;
}

/* pass, fail, skip, unsupported: nothing more is done.  A correct device, as in a trace, never fails. */
bool run_verdict(struct script *s, const struct stmt *st, unsigned i)
{
	static const struct {
		const char *word;
		enum script_verdict verdict;
	} verdicts[] = { { "pass", SCRIPT_PASS },
			 { "fail", SCRIPT_FAIL },
			 { "skip", SCRIPT_SKIP },
			 { "unsupported", SCRIPT_UNSUPPORTED } };
	char text[WHY_ROOM];
	unsigned v = 0;

	while (strcmp(stmt_word(s, st, i - 1), verdicts[v].word) != 0)
		v++;
	words_of(s, st, i, text, sizeof(text));
	if (!s->stage && verdicts[v].verdict == SCRIPT_FAIL)
		return script_fail(s, "fail: %s", text);
	s->done = true;
	if (!s->stage || verdicts[v].verdict == SCRIPT_PASS)
		return true;
	return play_verdict(s, verdicts[v].verdict, "", text);
}

/* An argument of a hook; a number where it begins, perhaps after "=", with "$". */
static bool hook_word(struct script *s, const char *word, char *out)
{
	const char *dollar = strchr(word, '$');
	size_t before = dollar ? (size_t)(dollar - word) : strlen(word);
	uint64_t value;

	if (before >= WORD_ROOM / 2)
		return script_fail(s, "\"%.40s...\" is too long for a hook", word);
	memcpy(out, word, before + 1);
	if (!dollar)
		return true;
	if (before && word[before - 1] != '=')
		return script_fail(s, "\"%.40s\": a number stands alone, or after \"=\"", word);
	if (!value_number(s, dollar, &value))
		return false;
	snprintf(out + before, WORD_ROOM / 2, "%llu", (unsigned long long)value);
	return true;
}

/* A trace knows nothing of hooks: what the device does then follows as an expectation. */
bool run_hook(struct script *s, const struct stmt *st, unsigned i)
{
	char word[HOOK_WORDS][WORD_ROOM];
	const char *argv[HOOK_WORDS + 1] = { NULL };
	unsigned argc = 0;

	for (; i < st->count; i++, argc++) {
		if (argc == HOOK_WORDS)
			return script_fail(s, "hook: more than %d words", HOOK_WORDS);
		if (!hook_word(s, stmt_word(s, st, i), word[argc]))
			return false;
		argv[argc] = word[argc];
	}
	if (!argc)
		return script_fail(s, "hook needs a name");
	if (s->stage)
		s->stage->hook(s->stage->ctx, argc, argv);
	return true;
}
