/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of a script to statements and words: see script_private.h. */
#include "traces/script_private.h"

#include <stdlib.h>

enum { STATEMENTS_MAX = 1000000 };

struct lexer {
	const char *at, *end;
	char *out; /* words, each with its NUL; never ahead of `at` */
	uint32_t line;
	bool open; /* a statement is being read */
	uint32_t block[DEPTH_MAX];
	unsigned depth;
};

const char *stmt_word(const struct script *s, const struct stmt *st, unsigned i)
{
	return i < st->count ? s->words[st->first + i] : "";
}

static bool grow(struct script *s, void **array, size_t *room, size_t count, size_t size)
{
	size_t more = *room ? *room * 2 : 256;
	void *p;

	if (count < *room)
		return true;
	p = realloc(*array, more * size);
	if (!p)
		return script_fail(s, "out of memory");
	*array = p;
	*room = more;
	return true;
}

static bool statement_open(struct script *s, struct lexer *l)
{
	if (l->open)
		return true;
	if (s->nstmts >= STATEMENTS_MAX)
		return script_fail(s, "more than %d statements", STATEMENTS_MAX);
	if (!grow(s, (void **)&s->stmts, &s->stmts_room, s->nstmts, sizeof(*s->stmts)))
		return false;
	s->stmts[s->nstmts] = (struct stmt){ .line = l->line,
					     .first = (uint32_t)s->nwords,
					     .end = (uint32_t)s->nstmts + 1 };
	s->nstmts++;
	l->open = true;
	return true;
}

static bool block_open(struct script *s, struct lexer *l)
{
	if (!l->open)
		return script_fail(s, "\"{\" without a statement before it");
	if (l->depth == DEPTH_MAX)
		return script_fail(s, "blocks more than %d deep", DEPTH_MAX);
	s->stmts[s->nstmts - 1].block = true;
	l->block[l->depth++] = (uint32_t)s->nstmts - 1;
	l->open = false;
	return true;
}

static bool block_close(struct script *s, struct lexer *l)
{
	if (!l->depth)
		return script_fail(s, "\"}\" without \"{\"");
	s->stmts[l->block[--l->depth]].end = (uint32_t)s->nstmts;
	l->open = false;
	return true;
}

/* Copies a quoted part with its quotes. */
static bool word_quoted(struct script *s, struct lexer *l)
{
	*l->out++ = *l->at++;
	while (l->at < l->end && *l->at != '"' && *l->at != '\n' && *l->at) {
		if (*l->at == '\\' && l->at + 1 < l->end && l->at[1] != '\n' && l->at[1])
			*l->out++ = *l->at++;
		*l->out++ = *l->at++;
	}
	if (l->at == l->end || *l->at != '"')
		return script_fail(s, "text without a closing \"");
	*l->out++ = *l->at++;
	return true;
}

static bool ends_word(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f || c == ';' || c == '{' || c == '}';
}

/* A backslash at the end of a line makes that end a blank. */
static bool line_goes_on(const struct lexer *l)
{
	return *l->at == '\\' && l->at + 1 < l->end && (l->at[1] == '\n' || l->at[1] == '\r');
}

static bool word_read(struct script *s, struct lexer *l)
{
	if (!statement_open(s, l) ||
	    !grow(s, (void **)&s->words, &s->words_room, s->nwords, sizeof(*s->words)))
		return false;
	s->words[s->nwords++] = l->out;
	s->stmts[s->nstmts - 1].count++;
	while (l->at < l->end && !ends_word(*l->at) && !line_goes_on(l)) {
		if (*l->at == '"') {
			if (!word_quoted(s, l))
				return false;
		} else {
			*l->out++ = *l->at++;
		}
	}
	return true;
}

/* One word or separator. */
static bool lex_step(struct script *s, struct lexer *l)
{
	char c = *l->at;

	s->line = l->line;
	if (line_goes_on(l)) {
		l->at += l->at[1] == '\r' && l->at + 2 < l->end && l->at[2] == '\n' ? 3 : 2;
		l->line++;
	} else if (c == '\n' || c == ';') {
		l->open = false;
		l->line += c == '\n';
		l->at++;
	} else if (c == ' ' || c == '\t' || c == '\r') {
		l->at++;
	} else if (c == '{' || c == '}') {
		l->at++;
		return c == '{' ? block_open(s, l) : block_close(s, l);
	} else if (c == '#') {
		while (l->at < l->end && *l->at != '\n')
			l->at++;
	} else if (ends_word(c)) {
		return script_fail(s, "stray octet 0x%02x", (unsigned char)c);
	} else {
		return word_read(s, l);
	}
	return true;
}

bool script_lex(struct script *s, const char *text, size_t len, unsigned slot)
{
	struct lexer l = { .at = text, .end = text + len, .line = 1 };

	/* The NUL of a word takes the place of the separator after it, or of the end. */
	s->text[slot] = malloc(len + 1);
	if (!s->text[slot])
		return script_fail(s, "out of memory");
	l.out = s->text[slot];
	while (l.at < l.end) {
		const char *was = l.out;

		if (!lex_step(s, &l))
			return false;
		if (l.out != was)
			*l.out++ = '\0';
	}
	if (l.depth) {
		s->line = s->stmts[l.block[l.depth - 1]].line;
		return script_fail(s, "block without a closing \"}\"");
	}
	return true;
}
