/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text for people: paragraphs that wrap at the width of the terminal under a hanging indent, and
 * colour where there is a terminal to show it.
 */
#ifndef PPTPSCOPE_REPORT_TEXT_PUT_H
#define PPTPSCOPE_REPORT_TEXT_PUT_H

#include "analyzer/report_private.h"

enum style { PLAIN, BOLD, DIM, RED, YELLOW, GREEN, CYAN, MAGENTA };

/* In a format: a blank that is no place to wrap. */
#define NBSP "\037"

struct text {
	FILE *out;
	unsigned width;
	bool colour;
	unsigned column, hang; /* of the open paragraph */
	bool blank;            /* a blank is due before the next word */
	bool item;             /* a comma is due before the next item */
};

/* Narrower than this, text drops what is merely nice to have. */
static inline bool text_narrow(const struct text *t)
{
	return t->width < 60;
}

/* Begins a paragraph; later lines of it begin at column `hang`. */
void text_open(struct text *t, unsigned indent, unsigned hang);

/* Begins one with a label, behind which it hangs where there is room for that. */
void text_label(struct text *t, unsigned indent, unsigned width, const char *label);

/* Words, broken at blanks. */
__attribute__((format(printf, 3, 4))) void text_words(struct text *t, enum style s, const char *format, ...);

/* The same as a list: from the second on, a comma goes before. */
__attribute__((format(printf, 3, 4))) void text_item(struct text *t, enum style s, const char *format, ...);

/* Makes blanks that wrapping would swallow stay: runs of them, and those at either end.  Returns words. */
char *text_keep(char *words);

/* The next item is not the first one: a heading goes before it. */
static inline void text_comma(struct text *t)
{
	t->item = true;
}

/* Blanks up to a column, where it is not yet passed. */
void text_column(struct text *t, unsigned column);

void text_close(struct text *t);

/* A line as it is, of a table. */
__attribute__((format(printf, 2, 3))) void text_line(struct text *t, const char *format, ...);

/* Escape sequences, empty without colour. */
const char *text_style(bool colour, enum style s);
const char *text_style_end(bool colour, enum style s);

/* "s" for all numbers but one. */
static inline const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

#endif
