/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The script language, in full in pptpscope-trace(5):
 *
 *	# Shows: a call that the PAC refuses.
 *	hosts pac=192.0.2.1 pns=198.51.100.7
 *	open				# TCP handshake, SCCRQ, SCCRP
 *	pns OCRQ phone_number=5551234	# what is not named is correct
 *	pac OCRP result=busy
 *	wait 5
 *	pns stop			# StopCCRQ, StopCCRP, FIN
 *
 * A statement is a line, or ends at ";".  It is either one of `keywords`, or says who (pac, pns)
 * does what: one of `verbs`, a control message, or a macro.  Statements that send take the options
 * of sending (script_option.c) besides their own.  Everything is counted and answered as correct
 * peers would; options exist to do otherwise.
 *
 * The same text can be played at a live peer (script_play.c): the statements of one side act, those of
 * the other one, and "expect" (script_expect.c), are awaited.
 */
#include "traces/script_private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "dissectors/ip.h"

static const char builtin_macros[] =
	"define open { me connect; me SCCRQ; peer SCCRP }\n"
	"define outgoing { pns OCRQ; pac OCRP }\n"
	"define incoming { pac ICRQ; pns ICRP; pac ICCN }\n"
	"define echo { me ECHORQ; peer ECHORP }\n"
	"define clear { pns CCRQ; pac CDN }\n"
	"define close { me fin; peer fin; me ack }\n"
	"define stop { me STOPRQ; peer STOPRP; me close }\n"
	"define traffic { repeat $1 { me gre ack; peer gre ack } }\n"
	"define lcp { me gre ack ppp=LCP:Configure-Request opt.1=0578 opt.5=0a0b0c0d\n"
	"  peer gre ack ppp=LCP:Configure-Request opt.1=0578 opt.5=1a1b1c1d\n"
	"  peer gre ack ppp=LCP:Configure-Ack; me gre ack ppp=LCP:Configure-Ack }\n"
	"define ipcp { me gre ack ppp=IPCP:Configure-Request opt.3=ac1f0001\n"
	"  peer gre ack ppp=IPCP:Configure-Request opt.3=ac1f0002\n"
	"  peer gre ack ppp=IPCP:Configure-Ack; me gre ack ppp=IPCP:Configure-Ack }\n";

enum {
	WORK_BASE = 200000, /* statements that a script may run for each frame, and besides */
	WORK_PER_FRAME = 64,
	SCRIPT_MAX = 64 << 20,
	MACRO_ARGUMENTS = 4,
	CONVERSATIONS_MAX = 10000,
	MSS = 1460,
	FIRST_PORT = 40000,
	FIRST_PAC_ID = 1001, /* Call IDs of the PNS begin at 1: they are seldom equal by accident */
};

static bool run_block(struct script *s, uint32_t from, uint32_t to);

bool script_fail(struct script *s, const char *format, ...)
{
	va_list args;
	int n;

	if (s->failed)
		return false;
	s->failed = true;
	n = snprintf(s->err, s->room, "%s:%u: ", s->name, s->line);
	va_start(args, format);
	if (n >= 0 && (size_t)n < s->room)
		vsnprintf(s->err + n, s->room - (size_t)n, format, args);
	va_end(args);
	return false;
}

bool script_work(struct script *s, uint64_t amount)
{
	s->work += amount;
	return s->work < WORK_BASE + WORK_PER_FRAME * s->frames ||
	       script_fail(s, "the script does too much without a frame in the capture");
}

const char *side_name(unsigned side)
{
	return side == SIDE_PAC ? "pac" : "pns";
}

/* --- conversations ----------------------------------------------------------------------- */

static struct conversation *conversation_find(struct script *s, const char *name)
{
	for (size_t i = s->nconversations; i-- > 0;)
		if (strcmp(s->conversations[i]->name, name) == 0)
			return s->conversations[i];
	return NULL;
}

/* As though a handshake had been before the script: so that scripts can begin in the middle. */
static void conversation_ends(struct script *s, struct conversation *v)
{
	struct end *pns = &v->end[SIDE_PNS], *pac = &v->end[SIDE_PAC];

	ip_addr_parse("10.0.0.1", &pac->addr);
	ip_addr_parse("10.0.0.2", &pns->addr);
	pns->port = s->next_port++;
	pac->port = CTRL_PORT;
	pns->next = pac->got = pac->told = 1000;
	pac->next = pns->got = pns->told = 500000;
}

static struct conversation *conversation_new(struct script *s, const char *name)
{
	struct conversation **list, *v;

	if (s->nconversations == CONVERSATIONS_MAX) {
		script_fail(s, "more than %d conversations", CONVERSATIONS_MAX);
		return NULL;
	}
	list = realloc(s->conversations, (s->nconversations + 1) * sizeof(*list));
	if (list)
		s->conversations = list;
	v = list ? calloc(1, sizeof(*v)) : NULL;
	if (!v) {
		script_fail(s, "out of memory");
		return NULL;
	}
	list[s->nconversations++] = v;
	snprintf(v->name, sizeof(v->name), "%s", name);
	conversation_ends(s, v);
	return v;
}

static enum taken host_option(struct script *s, void *ctx, const char *key, const char *value)
{
	struct conversation *v = ctx;
	bool ok;

	if (!value)
		return NOT_MINE;
	if (strcmp(key, "pac") == 0)
		ok = value_address(s, value, &v->end[SIDE_PAC].addr);
	else if (strcmp(key, "pns") == 0)
		ok = value_address(s, value, &v->end[SIDE_PNS].addr);
	else if (strcmp(key, "vlan") == 0)
		ok = option_vlan(s, value, v->vlan);
	else
		return NOT_MINE;
	return ok ? TAKEN : TAKE_FAILED;
}

static bool run_hosts(struct script *s, const struct stmt *st, unsigned i)
{
	return options_read(s, st, i, host_option, s->conv, NULL);
}

static bool run_conversation(struct script *s, const struct stmt *st, unsigned i)
{
	const char *name = stmt_word(s, st, i);
	struct conversation *v = conversation_find(s, name);

	if (!*name || strchr(name, '=') || strlen(name) >= NAME_ROOM)
		return script_fail(s, "a conversation needs a name, of at most %d letters", NAME_ROOM - 1);
	if (!v)
		v = conversation_new(s, name);
	if (v)
		s->conv = v;
	return v && options_read(s, st, i + 1, host_option, v, NULL);
}

/* --- settings ---------------------------------------------------------------------------- */

/* The only argument of a statement. */
static bool argument(struct script *s, const struct stmt *st, unsigned i, const char **out)
{
	*out = stmt_word(s, st, i);
	if (st->count == i + 1)
		return true;
	return script_fail(s, "%s takes one value, not %u", stmt_word(s, st, i - 1), st->count - i);
}

/* The number of a word in a list that ends with NULL. */
static bool one_of(struct script *s, const struct stmt *st, unsigned i, const char *const *names,
		   unsigned *out)
{
	const char *word;

	if (!argument(s, st, i, &word))
		return false;
	for (*out = 0; names[*out]; (*out)++)
		if (strcmp(names[*out], word) == 0)
			return true;
	return script_fail(s, "%s cannot be \"%.40s\"", stmt_word(s, st, i - 1), word);
}

static bool run_set(struct script *s, const struct stmt *st, unsigned i)
{
	return options_read(s, st, i, NULL, NULL, &s->sending);
}

static bool run_wait(struct script *s, const struct stmt *st, unsigned i)
{
	const char *word;
	int64_t ns;

	return argument(s, st, i, &word) && value_time(s, word, false, &ns) && time_pass(s, s->now + ns);
}

static bool run_at(struct script *s, const struct stmt *st, unsigned i)
{
	const char *word;
	int64_t ns;

	if (!argument(s, st, i, &word) || !value_time(s, word, false, &ns))
		return false;
	if (ns < s->now)
		return script_fail(s, "at %s is in the past", word);
	return time_pass(s, ns);
}

static bool run_spacing(struct script *s, const struct stmt *st, unsigned i)
{
	const char *word;

	return argument(s, st, i, &word) && value_time(s, word, false, &s->spacing);
}

static bool run_clock(struct script *s, const struct stmt *st, unsigned i)
{
	const char *word;

	return argument(s, st, i, &word) && value_time(s, word, true, &s->skew);
}

static bool run_capture(struct script *s, const struct stmt *st, unsigned i)
{
	static const char *const names[] = { "off", "pns", "pac", "on", NULL };
	unsigned n;

	if (!one_of(s, st, i, names, &n))
		return false;
	s->captured[SIDE_PNS] = n & 1;
	s->captured[SIDE_PAC] = n & 2;
	return true;
}

static bool run_acks(struct script *s, const struct stmt *st, unsigned i)
{
	static const char *const names[] = { "delayed", "each", "none", NULL };
	unsigned n;

	if (!one_of(s, st, i, names, &n))
		return false;
	s->acks = (enum ack_mode)n;
	return true;
}

static bool run_seed(struct script *s, const struct stmt *st, unsigned i)
{
	const char *word;

	if (!argument(s, st, i, &word) || !value_number(s, word, &s->random))
		return false;
	s->random = s->random * UINT64_C(0x9e3779b97f4a7c15) | 1; /* never 0: it would stay so */
	return true;
}

static bool run_link(struct script *s, const struct stmt *st, unsigned i)
{
	const struct link_form *form;
	const char *word;

	if (!argument(s, st, i, &word))
		return false;
	form = link_by_name(word);
	if (!form)
		return script_fail(s, "there is no link layer \"%.40s\"", word);
	if (s->frames || s->late)
		return script_fail(s, "link comes before the first frame");
	s->link = form;
	*s->link_type = link_type_of(form);
	return true;
}

static bool run_let(struct script *s, const struct stmt *st, unsigned i)
{
	const char *word;
	char name[NAME_ROOM];
	uint64_t value;
	size_t n;

	if (!argument(s, st, i, &word))
		return false;
	n = strcspn(word, "=");
	if (!word[n] || !n || n >= sizeof(name))
		return script_fail(s, "let is written let NAME=VALUE");
	memcpy(name, word, n);
	name[n] = '\0';
	return value_number(s, word + n + 1, &value) && variable_set(s, name, value, false);
}

static bool run_default(struct script *s, const struct stmt *st, unsigned i)
{
	(void)i;
	if (s->ndefaults == DEFAULTS_MAX)
		return script_fail(s, "more than %d defaults", DEFAULTS_MAX);
	if (!message_default_check(s, st))
		return false;
	s->defaults[s->ndefaults++] = (uint32_t)(st - s->stmts);
	return true;
}

/* --- blocks ------------------------------------------------------------------------------ */

static bool run_body(struct script *s, const struct stmt *st)
{
	return run_block(s, (uint32_t)(st - s->stmts) + 1, st->end);
}

/* repeat COUNT [as NAME]: $NAME, or $i, counts from 0. */
static bool run_repeat(struct script *s, const struct stmt *st, unsigned i)
{
	const char *name = "i";
	unsigned mark = s->nvariables;
	uint64_t count;
	bool ok;

	if (st->count == i + 3 && strcmp(stmt_word(s, st, i + 1), "as") == 0)
		name = stmt_word(s, st, i + 2);
	else if (st->count != i + 1)
		return script_fail(s, "repeat is written repeat COUNT [as NAME] { ... }");
	if (strlen(name) >= NAME_ROOM)
		return script_fail(s, "the name of a variable has at most %d letters", NAME_ROOM - 1);
	if (!value_number(s, stmt_word(s, st, i), &count))
		return false;
	ok = variable_set(s, name, 0, true);
	for (uint64_t n = 0; ok && !s->done && n < count; n++) {
		s->variables[mark].value = n;
		ok = script_work(s, 1) && run_body(s, st);
	}
	s->nvariables = mark;
	return ok;
}

static bool run_if(struct script *s, const struct stmt *st, unsigned i)
{
	const char *word;
	uint64_t value;

	if (!argument(s, st, i, &word) || !value_number(s, word, &value))
		return false;
	return !value || run_body(s, st);
}

static struct macro *macro_find(struct script *s, const char *name)
{
	for (unsigned i = s->nmacros; i-- > 0;)
		if (strcmp(s->macros[i].name, name) == 0)
			return &s->macros[i];
	return NULL;
}

static bool run_define(struct script *s, const struct stmt *st, unsigned i)
{
	const char *word;
	struct macro *m;

	if (!argument(s, st, i, &word))
		return false;
	m = macro_find(s, word);
	if (!m && s->nmacros == MACROS_MAX)
		return script_fail(s, "more than %d macros", MACROS_MAX);
	if (!m)
		m = &s->macros[s->nmacros++];
	*m = (struct macro){ .name = word, .stmt = (uint32_t)(st - s->stmts) };
	return true;
}

/* Runs a macro for a side; $1 to $4 are its arguments, 1 where not given. */
static bool run_macro(struct script *s, const struct macro *m, const struct stmt *st, unsigned i,
		      unsigned side)
{
	const struct stmt *body = &s->stmts[m->stmt];
	unsigned me = s->me, mark = s->nvariables;
	uint64_t value[MACRO_ARGUMENTS] = { 1, 1, 1, 1 };
	char name[2] = "1";
	bool ok = true;

	if (st->count > i + MACRO_ARGUMENTS)
		return script_fail(s, "%s: more than %d arguments", m->name, MACRO_ARGUMENTS);
	for (unsigned n = 0; ok && n < st->count - i; n++)
		ok = value_number(s, stmt_word(s, st, i + n), &value[n]);
	for (unsigned n = 0; ok && n < MACRO_ARGUMENTS; n++, name[0]++)
		ok = variable_set(s, name, value[n], true);
	s->me = side;
	ok = ok && run_body(s, body);
	s->me = me;
	s->nvariables = mark;
	return ok;
}

/* Octets of the stream go out together, by each side, at the end of the block. */
static bool run_coalesce(struct script *s, const struct stmt *st, unsigned i)
{
	struct conversation *v = s->conv;
	struct sending how = s->sending;

	if (!options_read(s, st, i, NULL, NULL, &how))
		return false;
	if (v->coalescing)
		return script_fail(s, "coalesce within coalesce");
	v->coalescing = true;
	if (!run_body(s, st))
		return false;
	s->conv = v;
	return sending_begin(s) && tcp_join_end(s, &how) && sending_end(s);
}

/* What both sides send within the block crosses on the way: neither acknowledges it before its end. */
static bool run_cross(struct script *s, const struct stmt *st, unsigned i)
{
	struct conversation *v = s->conv;

	if (i < st->count)
		return script_fail(s, "cross takes nothing but a block");
	v->crossing = true;
	if (!run_body(s, st))
		return false;
	s->conv = v;
	tcp_cross_end(s);
	return true;
}

/* --- statements -------------------------------------------------------------------------- */

static const struct keyword {
	const char *name;
	bool (*run)(struct script *s, const struct stmt *st, unsigned i);
	bool block;
} keywords[] = {
	{ "hosts", run_hosts, false },     { "conversation", run_conversation, false },
	{ "call", run_call, false },       { "set", run_set, false },
	{ "wait", run_wait, false },       { "at", run_at, false },
	{ "spacing", run_spacing, false }, { "clock", run_clock, false },
	{ "capture", run_capture, false }, { "acks", run_acks, false },
	{ "seed", run_seed, false },       { "link", run_link, false },
	{ "let", run_let, false },         { "default", run_default, false },
	{ "repeat", run_repeat, true },    { "if", run_if, true },
	{ "define", run_define, true },    { "coalesce", run_coalesce, true },
	{ "cross", run_cross, true },      { "expect", run_expect, false },
	{ "either", run_either, true },    { "hook", run_hook, false },
	{ "note", run_note, false },       { "warn", run_note, false },
	{ "pass", run_verdict, false },    { "fail", run_verdict, false },
	{ "skip", run_verdict, false },    { "unsupported", run_verdict, false },
};

static const struct verb {
	const char *name;
	bool (*run)(struct script *s, const struct stmt *st, unsigned i, unsigned side);
	/* For real, by the side that is played; by the device; NULL: that cannot be had. */
	bool (*play)(struct script *s, const struct stmt *st, unsigned i, unsigned side);
	bool (*device)(struct script *s, const struct stmt *st, unsigned i, unsigned side);
} verbs[] = {
	{ "connect", verb_connect, play_connect, play_connect },
	{ "syn", verb_flags, play_connect, play_connect },
	{ "synack", verb_flags, play_flags, play_flags },
	{ "ack", verb_flags, play_flags, play_flags },
	{ "fin", verb_flags, play_flags, play_device },
	{ "rst", verb_flags, play_flags, play_device },
	{ "tcp", verb_tcp, NULL, NULL },
	{ "raw", verb_raw, verb_raw, NULL },
	{ "retransmit", verb_retransmit, NULL, NULL },
	{ "gre", verb_gre, verb_gre, play_device },
	{ "ip", verb_ip, NULL, NULL },
	{ "unreachable", verb_unreachable, NULL, NULL },
};

static const struct keyword *keyword_find(const char *name)
{
	for (unsigned i = 0; i < sizeof(keywords) / sizeof(*keywords); i++)
		if (strcmp(keywords[i].name, name) == 0)
			return &keywords[i];
	return NULL;
}

static const struct verb *verb_find(const char *name)
{
	for (unsigned i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (name_equal(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

bool side_read(const struct script *s, const char *word, unsigned *side)
{
	static const char *const names[] = { "pns", "pac", "me", "peer" };

	for (unsigned i = 0; i < 4; i++)
		if (strcmp(word, names[i]) == 0) {
			*side = i < 2 ? i : s->me ^ (i - 2);
			return true;
		}
	return false;
}

/* The same at a live peer: one side acts, the other is awaited. */
static bool run_played(struct script *s, const struct stmt *st, unsigned i, unsigned side,
		       const struct verb *v, const struct ctrl_desc *d)
{
	bool own = side == s->self;

	if (!v)
		return own ? verb_message(s, st, i + 1, side, d) : play_device(s, st, i, side);
	if (own ? !v->play : !v->device)
		return script_fail(s, "\"%s %s\" cannot be played", side_name(side), v->name);
	return own ? v->play(s, st, i + 1, side)
		   : v->device(s, st, v->device == play_device ? i : i + 1, side);
}

/* What somebody does: the verb is word i. */
static bool run_action(struct script *s, const struct stmt *st, unsigned i, bool said, unsigned side)
{
	const char *word = stmt_word(s, st, i);
	const struct macro *m = macro_find(s, word);
	const struct verb *v = m ? NULL : verb_find(word);
	const struct ctrl_desc *d = m || v ? NULL : ctrl_desc_by_name(word);

	if (m)
		return run_macro(s, m, st, i + 1, side);
	if (!v && !d)
		return script_fail(s, "there is no statement \"%.40s\"", word);
	if (!said)
		return script_fail(s, "say who: pac %s or pns %s", word, word);
	if (s->stage)
		return run_played(s, st, i, side, v, d);
	if (!sending_begin(s) || !(v ? v->run(s, st, i + 1, side) : verb_message(s, st, i + 1, side, d)))
		return false;
	return sending_end(s);
}

static bool run_words(struct script *s, const struct stmt *st, unsigned i)
{
	unsigned side = SIDE_PNS;
	const struct keyword *k;
	bool said = side_read(s, stmt_word(s, st, i), &side);

	i += said;
	k = said ? NULL : keyword_find(stmt_word(s, st, i));
	if (i >= st->count)
		return script_fail(s, "a statement is missing here");
	if (st->block != (k && k->block))
		return script_fail(s, st->block ? "%.40s takes no block" : "%.40s needs a block { ... }",
				   stmt_word(s, st, i));
	return k ? k->run(s, st, i + 1) : run_action(s, st, i, said, side);
}

static bool run_statement(struct script *s, const struct stmt *st)
{
	struct conversation *current = s->conv, *other;
	const char *word = stmt_word(s, st, 0);
	bool ok;

	if ((size_t)(st - s->stmts) >= s->builtin_end)
		s->line = st->line;
	if (!script_work(s, 1))
		return false;
	if (*word != '@')
		return run_words(s, st, 0);
	other = conversation_find(s, word + 1);
	if (!other)
		return script_fail(s, "there is no conversation \"%.40s\"", word + 1);
	s->conv = other;
	ok = run_words(s, st, 1);
	s->conv = current;
	return ok;
}

static bool run_block(struct script *s, uint32_t from, uint32_t to)
{
	bool ok = true;

	if (s->depth == DEPTH_MAX)
		return script_fail(s, "blocks and macros are more than %d deep", DEPTH_MAX);
	s->depth++;
	for (uint32_t i = from; ok && !s->done && i < to; i = s->stmts[i].end)
		ok = run_statement(s, &s->stmts[i]);
	s->depth--;
	return ok;
}

/* --- a whole script ---------------------------------------------------------------------- */

static bool script_run(struct script *s, const char *text, size_t len)
{
	s->conv = conversation_new(s, "main");
	if (!s->conv || !script_lex(s, builtin_macros, sizeof(builtin_macros) - 1, 0))
		return false;
	s->builtin_end = s->nstmts;
	return script_lex(s, text, len, 1) && run_block(s, 0, (uint32_t)s->nstmts) &&
	       frames_flush(s, INT64_MAX);
}

void script_free(struct script *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->nconversations; i++) {
		struct conversation *v = s->conversations[i];

		for (unsigned side = 0; side < 2; side++) {
			free(v->end[side].last);
			free(v->end[side].joined);
		}
		free(v->call);
		free(v);
	}
	frames_free(s);
	free(s->conversations);
	free(s->stmts);
	free(s->words);
	free(s->path);
	free(s->source);
	free(s->text[0]);
	free(s->text[1]);
	free(s);
}

static struct script *script_new(const char *name, char *err, size_t room)
{
	struct script *s = calloc(1, sizeof(*s));

	if (!s) {
		snprintf(err, room, "%s: out of memory", name);
		return NULL;
	}
	s->name = name;
	s->err = err;
	s->room = room;
	s->line = 1;
	s->link = link_by_name("ethernet");
	s->sending = (struct sending){ .ip_id = -1, .mss = MSS };
	s->spacing = MILLISECOND;
	s->captured[SIDE_PNS] = s->captured[SIDE_PAC] = true;
	s->random = 1;
	s->next_port = FIRST_PORT;
	s->next_id[SIDE_PNS] = 1;
	s->next_id[SIDE_PAC] = FIRST_PAC_ID;
	return s;
}

bool script_compile(const char *name, const char *text, size_t len, uint32_t *link_type, script_sink_fn *sink,
		    void *ctx, char *err, size_t room)
{
	struct script *s = script_new(name, err, room);
	bool ok;

	if (!s)
		return false;
	s->sink = sink;
	s->ctx = ctx;
	s->link_type = link_type;
	*link_type = link_type_of(s->link);
	ok = script_run(s, text, len);
	script_free(s);
	return ok;
}

/* --- files ------------------------------------------------------------------------------- */

/* The capture is opened with the first frame: the script says what link layer it has. */
struct output {
	const char *path;
	struct writer *w;
	uint32_t link_type;
	char *err;
	size_t room;
	bool failed; /* err tells why */
};

static bool output_open(struct output *o)
{
	if (!o->w)
		o->w = writer_open(o->path, o->link_type, 0, true, o->err, o->room);
	o->failed = !o->w;
	return !o->failed;
}

static bool output_frame(void *ctx, int64_t time_ns, const uint8_t *octets, uint32_t caplen,
			 uint32_t wire_len)
{
	struct output *o = ctx;

	if (!output_open(o))
		return false;
	if (writer_frame(o->w, time_ns, octets, caplen, wire_len))
		return true;
	o->failed = true;
	snprintf(o->err, o->room, "%s: %s", o->path, writer_error(o->w));
	return false;
}

/* The whole of a file, or NULL with a message. */
static char *file_read(const char *path, size_t *len, char *err, size_t room)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *text = NULL, *more;
	size_t have = 0, got = 1;

	while (f && got && !ferror(f) && have < SCRIPT_MAX) {
		more = realloc(text, have + BUFSIZ);
		if (!more)
			break;
		text = more;
		got = fread(text + have, 1, BUFSIZ, f);
		have += got;
	}
	if (!f || ferror(f) || got) {
		snprintf(err, room, "%s: %s", path, !f || ferror(f) ? strerror(errno) : "too long");
		free(text);
		text = NULL;
	}
	if (f && f != stdin)
		fclose(f);
	*len = have;
	return text;
}

static bool no_frame(void *ctx, int64_t time_ns, const uint8_t *octets, uint32_t caplen, uint32_t wire_len)
{
	(void)ctx;
	(void)time_ns;
	(void)octets;
	(void)caplen;
	(void)wire_len;
	return true;
}

struct script *script_read(const char *name, const char *text, size_t len, char *err, size_t room)
{
	struct script *s;
	uint32_t link_type;

	if (!script_compile(name, text, len, &link_type, no_frame, NULL, err, room))
		return NULL;
	s = script_new(name, err, room);
	if (!s)
		return NULL;
	s->path = strdup(name);
	s->source = malloc(len + 1);
	if (!s->path || !s->source) {
		snprintf(err, room, "%s: out of memory", name);
		script_free(s);
		return NULL;
	}
	s->name = s->path;
	memcpy(s->source, text, len);
	s->source_len = len;
	return s;
}

struct script *script_open(const char *path, char *err, size_t room)
{
	size_t len;
	char *text = file_read(path, &len, err, room);
	struct script *s = text ? script_read(path, text, len, err, room) : NULL;

	free(text);
	return s;
}

void script_play(struct script *s, const struct script_stage *stage, struct script_outcome *out)
{
	uint32_t link_type;

	memset(out, 0, sizeof(*out));
	s->err = out->observed;
	s->room = sizeof(out->observed);
	s->stage = stage;
	s->outcome = out;
	s->self = stage->pac ? SIDE_PAC : SIDE_PNS;
	s->link_type = &link_type;
	if (!script_run(s, s->source, s->source_len) && out->verdict == SCRIPT_PASS)
		out->verdict = SCRIPT_WRONG;
	if (!out->line)
		out->line = s->line;
}

bool script_make(const char *path, const char *out_path, char *err, size_t room)
{
	char why[512] = "";
	struct output o = { .path = out_path, .err = why, .room = sizeof(why) };
	size_t len;
	char *text = file_read(path, &len, err, room);
	bool ok;

	if (!text)
		return false;
	ok = script_compile(path, text, len, &o.link_type, output_frame, &o, err, room);
	free(text);
	if (ok)
		ok = output_open(&o);
	if (o.failed)
		snprintf(err, room, "%s", why);
	if (o.w && !writer_close(o.w) && ok) {
		snprintf(err, room, "%s: cannot write", out_path);
		ok = false;
	}
	return ok;
}
