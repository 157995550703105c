/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command lines of a Hayes modem: see at_private.h. */
#include "conformance/telco/at_private.h"

#include <ctype.h>
#include <stdio.h>

/* What is left of a command line. */
struct words {
	const char *at;
	bool wrong;  /* an error: the rest is not done */
	bool leaves; /* a command whose result comes later, or that said it itself */
};

void at_defaults(struct at_modem *m)
{
	static const uint8_t registers[AT_REGISTERS] = {
		[S_ESCAPE] = '+',
		[S_RETURN] = '\r',
		[S_LINEFEED] = '\n',
		[S_BACKSPACE] = '\b',
		[6] = 2,
		[S_CARRIER_WAIT] = 50,
		[S_PAUSE] = 2,
		[9] = 6,
		[10] = 14,
		[11] = 95,
		[S_GUARD] = 50,
	};

	memcpy(m->s, registers, sizeof(m->s));
	m->echo = m->verbose = true;
	m->quiet = false;
	m->x = 4;
	m->dtr = 2;
}

/* The number behind a command; 0 when there is none. */
static unsigned number(struct words *w)
{
	unsigned n = 0;

	while (isdigit((unsigned char)*w->at)) {
		n = n * 10 + (unsigned)(*w->at++ - '0');
		if (n > 65535)
			w->wrong = true;
		n %= 65536;
	}
	return n;
}

/* A number within bounds, or an error. */
static unsigned choice(struct words *w, unsigned most)
{
	unsigned n = number(w);

	if (n > most)
		w->wrong = true;
	return n;
}

static void choose(struct words *w, bool *flag)
{
	unsigned n = choice(w, 1);

	if (!w->wrong)
		*flag = n;
}

static void text(struct at_modem *m, const char *what)
{
	char line[80];
	int n = snprintf(line, sizeof(line), "%c%c%s%c%c", m->s[S_RETURN], m->s[S_LINEFEED], what,
			 m->s[S_RETURN], m->s[S_LINEFEED]);

	m->out(m->ctx, (const uint8_t *)line, (size_t)n);
}

/* ATSn=v and ATSn? */
static void reg(struct at_modem *m, struct words *w)
{
	unsigned n = choice(w, AT_REGISTERS - 1), value;
	char digits[8];

	if (w->wrong)
		return;
	if (*w->at == '?') {
		w->at++;
		snprintf(digits, sizeof(digits), "%03u", m->s[n]);
		text(m, digits);
		return;
	}
	if (*w->at++ != '=') {
		w->wrong = true;
		return;
	}
	value = choice(w, UINT8_MAX);
	if (!w->wrong)
		m->s[n] = (uint8_t)value;
}

/* Takes the number to dial, and how; false: the string is none. */
static bool dial_string(struct at_modem *m, const char *s, unsigned *pauses)
{
	char digits[NUMBER_ROOM];
	size_t n = 0;

	m->dial_digital = m->wait_quiet = false;
	for (*pauses = 0; *s; s++) {
		if (isdigit((unsigned char)*s) || strchr("*#", *s)) {
			if (n == sizeof(digits) - 1)
				return false;
			digits[n++] = *s;
		} else if (*s == ',') {
			++*pauses;
		} else if (*s == 'I') {
			m->dial_digital = true;
		} else if (*s == '@') {
			m->wait_quiet = true;
		} else if (*s == 'L') {
			if (n)
				return false;
			n = (size_t)snprintf(digits, sizeof(digits), "%s", m->dialed);
		} else if (!strchr("TPW!-()/. ", *s)) {
			return false;
		}
	}
	if (!n)
		return false;
	memcpy(m->dialed, digits, n);
	m->dialed[n] = '\0';
	return true;
}

/* Dials: T tone, P pulse, W and @ wait, I digital (as terminal adapters have it), L the last one again. */
static void dial(struct at_modem *m, struct words *w)
{
	unsigned pauses;

	if (m->state != AT_IDLE || !dial_string(m, w->at, &pauses)) {
		w->wrong = true;
		return;
	}
	w->leaves = true;
	at_dial(m, pauses);
}

static void hang_up(struct at_modem *m, struct words *w)
{
	if (choice(w, 1) == 0 && !w->wrong && m->state != AT_RINGING)
		at_hang_up(m);
}

static void reset(struct at_modem *m, struct words *w)
{
	hang_up(m, w);
	at_defaults(m);
}

/* AT&...: only &D and &F do something here; the others are taken as a terminal's habit. */
static void ampersand(struct at_modem *m, struct words *w)
{
	char which = *w->at;
	unsigned n;

	if (!which || !strchr("CDFGJKLMPQRSTUVWXYZ", which)) {
		w->wrong = true;
		return;
	}
	w->at++;
	n = choice(w, which == 'D' ? 3 : 9);
	if (w->wrong)
		return;
	if (which == 'D')
		m->dtr = n;
	else if (which == 'F')
		at_defaults(m);
}

static void identify(struct at_modem *m, struct words *w)
{
	unsigned n = choice(w, 9);
	char rate[12];

	if (w->wrong)
		return;
	snprintf(rate, sizeof(rate), "%u", m->bank->o.analog_speed);
	text(m, n == 0 ? rate : n == 3 ? "pptpscope simulated modem" : "OK");
}

static void answer(struct at_modem *m, struct words *w)
{
	w->leaves = true;
	at_answer(m);
}

static void online(struct at_modem *m, struct words *w)
{
	choice(w, 3);
	w->leaves = !w->wrong;
	if (w->leaves)
		at_online(m);
}

static void set_echo(struct at_modem *m, struct words *w)
{
	choose(w, &m->echo);
}

static void set_verbose(struct at_modem *m, struct words *w)
{
	choose(w, &m->verbose);
}

static void set_quiet(struct at_modem *m, struct words *w)
{
	choose(w, &m->quiet);
}

static void set_results(struct at_modem *m, struct words *w)
{
	unsigned n = choice(w, 4);

	if (!w->wrong)
		m->x = n;
}

/* Modulation, speaker, pulses or tones: nothing of it is simulated. */
static void pass_over(struct at_modem *m, struct words *w)
{
	(void)m;
	choice(w, 15);
}

/* Error correction and compression: neither are these. */
static void pass_extended(struct at_modem *m, struct words *w)
{
	(void)m;
	w->wrong = !isalpha((unsigned char)*w->at);
	w->at += !w->wrong;
	choice(w, 9);
}

/* One command of a line. */
static void one(struct at_modem *m, struct words *w)
{
	static const struct {
		char letter;
		void (*run)(struct at_modem *m, struct words *w);
	} commands[] = {
		{ 'A', answer },    { 'D', dial },        { 'E', set_echo },       { 'V', set_verbose },
		{ 'Q', set_quiet }, { 'X', set_results }, { 'H', hang_up },        { 'O', online },
		{ 'Z', reset },     { 'S', reg },         { 'I', identify },       { '&', ampersand },
		{ 'B', pass_over }, { 'L', pass_over },   { 'M', pass_over },      { 'N', pass_over },
		{ 'P', pass_over }, { 'T', pass_over },   { '\\', pass_extended }, { '%', pass_extended },
	};
	char letter = *w->at++;

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (commands[i].letter == letter) {
			commands[i].run(m, w);
			return;
		}
	}
	w->wrong = letter != ' ';
}

static void run_line(struct at_modem *m)
{
	char line[AT_COMMAND + 1];
	struct words w = { .at = line + 2 };

	for (size_t i = 0; i < m->len; i++)
		line[i] = (char)toupper(m->command[i]);
	line[m->len] = '\0';
	/* What does not begin with AT is not for the modem. */
	if (m->len < 2 || line[0] != 'A' || line[1] != 'T')
		return;
	memcpy(m->repeat, m->command, m->len);
	m->repeat_len = m->len;
	w.wrong = m->too_long;
	while (*w.at && !w.wrong && !w.leaves)
		one(m, &w);
	if (w.wrong)
		at_result(m, AT_ERROR);
	else if (!w.leaves)
		at_result(m, AT_OK);
}

static void finish_line(struct at_modem *m)
{
	run_line(m);
	m->len = 0;
	m->too_long = false;
}

void at_command_octet(struct at_modem *m, uint8_t octet)
{
	octet &= 0x7f; /* parity */
	if (m->echo)
		m->out(m->ctx, &octet, 1);
	if (octet == m->s[S_RETURN]) {
		finish_line(m);
	} else if (octet == m->s[S_BACKSPACE]) {
		m->len -= m->len > 0;
	} else if (octet == '/' && m->len == 1 && toupper(m->command[0]) == 'A') {
		memcpy(m->command, m->repeat, m->repeat_len);
		m->len = m->repeat_len;
		finish_line(m);
	} else if (octet >= ' ') {
		if (m->len < AT_COMMAND)
			m->command[m->len++] = octet;
		else
			m->too_long = true;
	}
}
