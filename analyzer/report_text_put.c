/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paragraphs that wrap, and colour: see report_text_put.h. */
#include "analyzer/report_text_put.h"

#include <stdarg.h>

/* The longest piece formatted at once: two addresses or a file name between words. */
enum { PIECE = PATH_ROOM + 256 };

const char *text_style(bool colour, enum style s)
{
	static const char *const codes[] = {
		[PLAIN] = "",          [BOLD] = "\033[1m",   [DIM] = "\033[2m",   [RED] = "\033[31;1m",
		[YELLOW] = "\033[33m", [GREEN] = "\033[32m", [CYAN] = "\033[36m", [MAGENTA] = "\033[35m",
	};

	return colour ? codes[s] : "";
}

const char *text_style_end(bool colour, enum style s)
{
	return colour && s != PLAIN ? "\033[0m" : "";
}

static void blanks(struct text *t, unsigned n)
{
	fprintf(t->out, "%*s", (int)n, "");
	t->column += n;
}

void text_open(struct text *t, unsigned indent, unsigned hang)
{
	t->column = 0;
	t->hang = hang;
	t->blank = t->item = false;
	blanks(t, indent);
}

void text_label(struct text *t, unsigned indent, unsigned width, const char *label)
{
	text_open(t, indent, text_narrow(t) ? indent + 2 : indent + width);
	text_words(t, DIM, "%s%s", label, text_narrow(t) ? ":" : "");
	if (!text_narrow(t))
		text_column(t, indent + width);
}

/* Columns of a word: UTF-8 goes on with octets 10xxxxxx. */
static unsigned columns(const char *word, size_t len)
{
	unsigned n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((uint8_t)word[i] & 0xc0) != 0x80;
	return n;
}

static void put_word(struct text *t, enum style s, const char *word, size_t len)
{
	unsigned wide = columns(word, len);

	/* The last column stays free for a comma. */
	if (t->column > t->hang && t->column + t->blank + wide >= t->width) {
		fputc('\n', t->out);
		t->column = 0;
		blanks(t, t->hang);
	} else if (t->blank) {
		blanks(t, 1);
	}
	fputs(text_style(t->colour, s), t->out);
	for (size_t i = 0; i < len; i++)
		fputc(word[i] == *NBSP ? ' ' : word[i], t->out);
	fputs(text_style_end(t->colour, s), t->out);
	t->column += wide;
	t->blank = true;
}

static void put_words(struct text *t, enum style s, const char *format, va_list ap)
{
	char piece[PIECE], *at = piece;

	vsnprintf(piece, sizeof(piece), format, ap);
	while (*(at += strspn(at, " "))) {
		size_t len = strcspn(at, " ");

		put_word(t, s, at, len);
		at += len;
	}
}

void text_words(struct text *t, enum style s, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	put_words(t, s, format, ap);
	va_end(ap);
}

void text_item(struct text *t, enum style s, const char *format, ...)
{
	va_list ap;

	if (t->item) {
		fputc(',', t->out);
		t->column++;
	}
	t->item = true;
	va_start(ap, format);
	put_words(t, s, format, ap);
	va_end(ap);
}

char *text_keep(char *words)
{
	for (char *at = words; *at; at++)
		if (*at == ' ' && (at == words || at[-1] == ' ' || at[-1] == *NBSP || !at[1]))
			*at = *NBSP;
	return words;
}

void text_column(struct text *t, unsigned column)
{
	if (t->column + t->blank > column)
		return;
	blanks(t, column - t->column);
	t->blank = false;
}

void text_close(struct text *t)
{
	fputc('\n', t->out);
	t->column = 0;
}

void text_line(struct text *t, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vfprintf(t->out, format, ap);
	va_end(ap);
	fputc('\n', t->out);
}
