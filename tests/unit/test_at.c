/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Hayes modem spoken to by a terminal, and a PAC at the other end of its line. */
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "conformance/telco/hdlc.h"
#include "conformance/telco/telco.h"

struct desk {
	struct net *net;
	struct telco *telco;
	struct at_modem *modem;
	char said[8192]; /* to the terminal */
	size_t len;
	char told[256]; /* to the PAC: initials of events */
	struct telco_line *line;
	bool answers, rejects, busy;
	uint8_t frame[HDLC_FRAME];
	size_t frame_len;
	uint16_t cause;
};

static void out(void *ctx, const uint8_t *octets, size_t len)
{
	struct desk *d = ctx;

	CU_ASSERT_FATAL(len < sizeof(d->said) - d->len);
	memcpy(d->said + d->len, octets, len);
	d->len += len;
	d->said[d->len] = '\0';
}

static void told(void *ctx, const struct telco_told *t)
{
	static const char initials[] = "RCFDED";
	struct desk *d = ctx;
	size_t n = strlen(d->told);

	if (n < sizeof(d->told) - 1)
		d->told[n] = t->event == TELCO_DATA ? 'd' : initials[t->event];
	d->line = t->line;
	d->cause = t->cause;
	if (t->event == TELCO_RINGING && d->answers)
		telco_answer(t->line);
	else if (t->event == TELCO_RINGING && d->rejects)
		telco_reject(t->line, d->busy);
	else if (t->event == TELCO_DATA)
		memcpy(d->frame, t->octets, d->frame_len = t->len);
	else if (t->event == TELCO_FAILED || t->event == TELCO_DROPPED)
		telco_hangup(t->line, 0);
}

static void open_desk(struct desk *d, const struct telco_options *o)
{
	const struct net_memory_options memory = { .seed = 1 };

	memset(d, 0, sizeof(*d));
	d->net = net_memory_new(&memory);
	d->telco = telco_new(d->net, o, told, d);
	d->modem = at_modem_new(d->telco, "2000", out, d);
	CU_ASSERT_PTR_NOT_NULL_FATAL(d->modem);
}

static struct telco_options two_lines(void)
{
	struct telco_options o = { .analog = 2, .bri = 1, .seed = 3 };

	telco_script_defaults(&o.script);
	return o;
}

static void open_plain(struct desk *d)
{
	struct telco_options o = two_lines();

	open_desk(d, &o);
}

static void close_desk(struct desk *d)
{
	at_modem_free(d->modem);
	telco_free(d->telco);
	net_free(d->net);
}

static void run_ms(struct desk *d, int64_t ms)
{
	int64_t until = net_now(d->net) + ms * NET_MILLISECOND;

	while (net_step(d->net, until))
		;
}

static void type(struct desk *d, const char *text)
{
	at_modem_input(d->modem, (const uint8_t *)text, strlen(text));
}

static void forget(struct desk *d)
{
	d->len = 0;
	d->said[0] = '\0';
}

/* What a command line is answered by, with what follows within ms. */
static const char *ask(struct desk *d, const char *text, int64_t ms)
{
	forget(d);
	type(d, text);
	run_ms(d, ms);
	return d->said;
}

static void commands(void)
{
	struct desk d;

	open_plain(&d);
	CU_ASSERT_STRING_EQUAL(ask(&d, "AT\r", 0), "AT\r\r\nOK\r\n");
	CU_ASSERT_STRING_EQUAL(ask(&d, "ate0\r", 0), "ate0\r\r\nOK\r\n");
	CU_ASSERT_STRING_EQUAL(ask(&d, "at\r\n", 0), "\r\nOK\r\n");
	CU_ASSERT_STRING_EQUAL(ask(&d, "noise\r", 0), "");
	CU_ASSERT_STRING_EQUAL(ask(&d, "AT V0\r", 0), "0\r");
	CU_ASSERT_STRING_EQUAL(ask(&d, "AT@\r", 0), "4\r");
	CU_ASSERT_STRING_EQUAL(ask(&d, "ATQ1\r", 0), "");
	CU_ASSERT_STRING_EQUAL(ask(&d, "AT@\r", 0), "");
	CU_ASSERT_STRING_EQUAL(ask(&d, "ATQ0V1\r", 0), "\r\nOK\r\n");
	CU_ASSERT_STRING_EQUAL(ask(&d, "ATS7?\r", 0), "\r\n050\r\n\r\nOK\r\n");
	CU_ASSERT_STRING_EQUAL(ask(&d, "ATS7=9S7?\r", 0), "\r\n009\r\n\r\nOK\r\n");
	CU_ASSERT_STRING_EQUAL(ask(&d, "A/", 0), "\r\n009\r\n\r\nOK\r\n");
	CU_ASSERT_STRING_EQUAL(ask(&d, "AT&C1&D2&K3\\N3%C0X4M1L0B0 S0=0\r", 0), "\r\nOK\r\n");
	CU_ASSERT_STRING_EQUAL(ask(&d, "ATI3\r", 0), "\r\npptpscope simulated modem\r\n\r\nOK\r\n");
	CU_ASSERT_STRING_EQUAL(ask(&d, "ATX\bV1\r", 0), "\r\nOK\r\n");
	CU_ASSERT_STRING_EQUAL(ask(&d, "ATZ\r", 0), "\r\nOK\r\n");
	CU_ASSERT_STRING_EQUAL(ask(&d, "ATS7?\r", 0), "ATS7?\r\r\n050\r\n\r\nOK\r\n");
	close_desk(&d);
}

static void wrong_commands(void)
{
	static const char *const wrong[] = {
		"ATE2\r",     "ATV9\r",    "ATX5\r", "ATS64=1\r",
		"ATS0=256\r", "ATS\r",     "ATS7\r", "AT&\r",
		"AT&D4\r",    "AT&!\r",    "AT\\\r", "AT!\r",
		"ATD\r",      "ATDxyz\r",  "ATDL\r", "ATS99999999999999?\r",
		"ATH7\r",     "ATD555;\r",
	};
	char longest[400];
	struct desk d;

	open_plain(&d);
	type(&d, "ATE0\r");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		CU_ASSERT_STRING_EQUAL(ask(&d, wrong[i], 0), "\r\nERROR\r\n");
	memset(longest, 'E', sizeof(longest));
	memcpy(longest, "AT", 2);
	memcpy(longest + sizeof(longest) - 2, "\r", 2);
	CU_ASSERT_STRING_EQUAL(ask(&d, longest, 0), "\r\nERROR\r\n");
	memset(longest, '5', sizeof(longest));
	memcpy(longest, "ATD", 3);
	memcpy(longest + 100, "\r", 2);
	CU_ASSERT_STRING_EQUAL(ask(&d, longest, 0), "\r\nERROR\r\n");
	CU_ASSERT_STRING_EQUAL(ask(&d, "AT\r", 0), "\r\nOK\r\n");
	close_desk(&d);
}

/* Dials into the PAC, passes data both ways, and is escaped from. */
static void dials_in(void)
{
	static const uint8_t frame[] = { 0xff, 0x03, 0xc0, 0x21, 9, 1, 0, 8, 0x11, 0x7e, 3, 4 };
	uint8_t line[HDLC_LINE];
	struct desk d;
	size_t n;

	open_plain(&d);
	d.answers = true;
	type(&d, "ATE0\r");
	CU_ASSERT_STRING_EQUAL(ask(&d, "ATDT 555-1234\r\n", 700), "");
	CU_ASSERT_STRING_EQUAL(at_modem_state(d.modem), "dialing");
	CU_ASSERT_STRING_EQUAL(d.told, "R");
	CU_ASSERT_STRING_EQUAL(telco_line_number(d.line), "5551234");
	CU_ASSERT_STRING_EQUAL(telco_line_dialing(d.line), "2000");
	CU_ASSERT_TRUE(telco_has_port(d.line));
	CU_ASSERT_FALSE(telco_line_digital(d.line));
	run_ms(&d, 1000);
	CU_ASSERT_STRING_EQUAL(d.said, "\r\nCONNECT 33600\r\n");
	CU_ASSERT_STRING_EQUAL(d.told, "RC");
	/* From the terminal to the PAC, in pieces, with rubbish before. */
	n = hdlc_encode(frame, sizeof(frame), 0, line, sizeof(line));
	type(&d, "login: ");
	at_modem_input(d.modem, line, 5);
	run_ms(&d, 10);
	at_modem_input(d.modem, line + 5, n - 5);
	run_ms(&d, 10);
	CU_ASSERT_STRING_EQUAL(d.told, "RCEE");
	telco_accm(d.line, 0, 0);
	at_modem_input(d.modem, line, n);
	run_ms(&d, 10);
	/* The rubbish; and the first, whose octets below 0x20 the line could have put in itself. */
	CU_ASSERT_EQUAL(telco_errors(d.line)->crc, 2);
	CU_ASSERT_STRING_EQUAL(d.told, "RCEEd");
	CU_ASSERT_EQUAL(d.frame_len, sizeof(frame));
	CU_ASSERT_EQUAL(memcmp(d.frame, frame, sizeof(frame)), 0);
	/* And back. */
	forget(&d);
	telco_write(d.line, frame, sizeof(frame));
	CU_ASSERT_EQUAL(d.len, n);
	CU_ASSERT_EQUAL(memcmp(d.said, line, n), 0);
	close_desk(&d);
}

static void escapes(void)
{
	struct desk d;

	open_plain(&d);
	d.answers = true;
	type(&d, "ATE0\rATD1\r");
	run_ms(&d, 2000);
	CU_ASSERT_STRING_EQUAL(at_modem_state(d.modem), "online");
	/* Within data, or with data behind, or too slowly: no escape. */
	CU_ASSERT_STRING_EQUAL(ask(&d, "x+++", 2000), "");
	CU_ASSERT_STRING_EQUAL(ask(&d, "+++x", 2000), "");
	CU_ASSERT_STRING_EQUAL(ask(&d, "++++", 2000), "");
	CU_ASSERT_STRING_EQUAL(ask(&d, "++", 1500), "");
	CU_ASSERT_STRING_EQUAL(ask(&d, "+", 2000), "");
	CU_ASSERT_STRING_EQUAL(at_modem_state(d.modem), "online");
	run_ms(&d, 2000);
	CU_ASSERT_STRING_EQUAL(ask(&d, "+++", 900), "");
	CU_ASSERT_STRING_EQUAL(ask(&d, "", 200), "\r\nOK\r\n");
	CU_ASSERT_STRING_EQUAL(at_modem_state(d.modem), "command");
	/* Commands now; what the PAC sends is not shown among them. */
	telco_write(d.line, (const uint8_t *)"\xff\x03\xc0\x21", 4);
	CU_ASSERT_STRING_EQUAL(ask(&d, "ATS12?\r", 0), "\r\n050\r\n\r\nOK\r\n");
	CU_ASSERT_STRING_EQUAL(ask(&d, "ATD5\r", 0), "\r\nERROR\r\n");
	CU_ASSERT_STRING_EQUAL(ask(&d, "ATO\r", 0), "\r\nCONNECT 33600\r\n");
	run_ms(&d, 2000);
	CU_ASSERT_STRING_EQUAL(ask(&d, "+++", 2000), "\r\nOK\r\n");
	CU_ASSERT_STRING_EQUAL(d.told, "RC");
	CU_ASSERT_STRING_EQUAL(ask(&d, "ATH\r", 100), "\r\nOK\r\n");
	CU_ASSERT_STRING_EQUAL(d.told, "RCD");
	CU_ASSERT_STRING_EQUAL(at_modem_state(d.modem), "idle");
	CU_ASSERT_STRING_EQUAL(ask(&d, "ATO\r", 0), "\r\nNO CARRIER\r\n");
	close_desk(&d);
}

static void result_codes(void)
{
	static const struct {
		const char *setting, *number;
		enum telco_outcome outcome;
		const char *result;
	} rows[] = {
		{ "ATX4\r", "10", TELCO_BUSY, "\r\nBUSY\r\n" },
		{ "ATX2\r", "10", TELCO_BUSY, "\r\nNO CARRIER\r\n" },
		{ "ATX4\r", "10", TELCO_NO_DIALTONE, "\r\nNO DIALTONE\r\n" },
		{ "ATX3\r", "10", TELCO_NO_DIALTONE, "\r\nNO CARRIER\r\n" },
		{ "ATX4\r", "10", TELCO_NO_CARRIER, "\r\nNO CARRIER\r\n" },
		{ "ATX4\r", "10", TELCO_UNALLOCATED, "\r\nNO CARRIER\r\n" },
		{ "ATX4\r", "10@", TELCO_RING, "\r\nNO ANSWER\r\n" },
		{ "ATX4\r", "10", TELCO_RING, "\r\nNO CARRIER\r\n" },
		{ "ATX4V0\r", "10", TELCO_BUSY, "7\r" },
		{ "ATX4V0\r", "10", TELCO_NO_DIALTONE, "6\r" },
		{ "ATX4V0\r", "10", TELCO_NO_CARRIER, "3\r" },
		{ "ATX4V0\r", "10@", TELCO_RING, "8\r" },
		{ "ATX4\r", "10", TELCO_ANSWER, "\r\nCONNECT 33600\r\n" },
		{ "ATX0\r", "10", TELCO_ANSWER, "\r\nCONNECT\r\n" },
		{ "ATX4V0\r", "10", TELCO_ANSWER, "1\r" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct telco_script s = { .outcome = rows[i].outcome };
		char command[32];
		struct desk d;

		open_plain(&d);
		d.answers = true;
		telco_number(d.telco, "10", &s);
		type(&d, "ATE0\r");
		type(&d, rows[i].setting);
		snprintf(command, sizeof(command), "ATD%s\r", rows[i].number);
		CU_ASSERT_STRING_EQUAL(ask(&d, command, 60000), rows[i].result);
		close_desk(&d);
	}
}

static void named_speeds(void)
{
	struct telco_options o = two_lines();
	struct desk d;

	o.analog_speed = 9600;
	open_desk(&d, &o);
	d.answers = true;
	type(&d, "ATE0V0\r");
	CU_ASSERT_STRING_EQUAL(ask(&d, "ATD1\r", 5000), "12\r");
	close_desk(&d);
}

/* What the PAC does with a call becomes a result of the modem. */
static void pac_decides(void)
{
	struct desk d;

	open_plain(&d);
	type(&d, "ATE0\r");
	d.rejects = d.busy = true;
	CU_ASSERT_STRING_EQUAL(ask(&d, "ATD1\r", 5000), "\r\nBUSY\r\n");
	d.busy = false;
	CU_ASSERT_STRING_EQUAL(ask(&d, "ATDL\r", 5000), "\r\nNO CARRIER\r\n");
	d.rejects = false;
	/* Nobody takes it: given up after S7. */
	CU_ASSERT_STRING_EQUAL(ask(&d, "ATS7=5\r", 0), "\r\nOK\r\n");
	CU_ASSERT_STRING_EQUAL(ask(&d, "ATD1\r", 5400), "");
	CU_ASSERT_STRING_EQUAL(ask(&d, "", 200), "\r\nNO CARRIER\r\n");
	CU_ASSERT_STRING_EQUAL(d.told, "RRRD");
	/* Given up by a key. */
	CU_ASSERT_STRING_EQUAL(ask(&d, "ATD1\r", 2000), "");
	CU_ASSERT_STRING_EQUAL(ask(&d, " ", 100), "\r\nNO CARRIER\r\n");
	CU_ASSERT_STRING_EQUAL(d.told, "RRRDRD");
	/* Hung up by the PAC. */
	d.answers = true;
	ask(&d, "ATD1\r", 3000);
	forget(&d);
	telco_hangup(d.line, 0);
	CU_ASSERT_STRING_EQUAL(d.said, "\r\nNO CARRIER\r\n");
	CU_ASSERT_STRING_EQUAL(at_modem_state(d.modem), "idle");
	close_desk(&d);
}

static void all_lines_busy(void)
{
	struct telco_options o = { .analog = 1 };
	struct desk d;

	open_desk(&d, &o);
	type(&d, "ATE0\r");
	CU_ASSERT_PTR_NOT_NULL(telco_dial(d.telco, "1", "", 1, 300, 99999));
	CU_ASSERT_STRING_EQUAL(ask(&d, "ATD1\r", 5000), "\r\nBUSY\r\n");
	close_desk(&d);
}

static void digital(void)
{
	struct desk d;

	open_plain(&d);
	d.answers = true;
	type(&d, "ATE0\r");
	CU_ASSERT_STRING_EQUAL(ask(&d, "ATDI1\r", 5000), "\r\nCONNECT 64000\r\n");
	CU_ASSERT_TRUE(telco_line_digital(d.line));
	close_desk(&d);
}

/* The PAC dials the modem's number. */
static void is_dialled(void)
{
	struct telco_line *l;
	struct desk d;

	open_plain(&d);
	type(&d, "ATE0\r");
	CU_ASSERT_STRING_EQUAL(ask(&d, "ATA\r", 0), "\r\nNO CARRIER\r\n");
	forget(&d);
	l = telco_dial(d.telco, "2000", "", 1, 300, 99999);
	run_ms(&d, 7000);
	CU_ASSERT_STRING_EQUAL(d.said, "\r\nRING\r\n\r\nRING\r\n");
	CU_ASSERT_STRING_EQUAL(telco_line_state(l), "ringing");
	/* It rings already: somebody else hears busy. */
	telco_dial(d.telco, "2000", "", 1, 300, 99999);
	run_ms(&d, 1000);
	CU_ASSERT_STRING_EQUAL(d.told, "F");
	CU_ASSERT_STRING_EQUAL(ask(&d, "ATA\r", 3000), "\r\nCONNECT 33600\r\n");
	CU_ASSERT_STRING_EQUAL(d.told, "FC");
	CU_ASSERT_TRUE(telco_has_port(l));
	/* The terminal goes: on hook, without a word. */
	forget(&d);
	at_modem_dtr_lost(d.modem);
	run_ms(&d, 100);
	CU_ASSERT_STRING_EQUAL(d.said, "");
	CU_ASSERT_STRING_EQUAL(d.told, "FCD");
	/* By itself at the second ring. */
	type(&d, "ATS0=2\r");
	forget(&d);
	telco_dial(d.telco, "2000", "", 1, 300, 99999);
	run_ms(&d, 9000);
	CU_ASSERT_STRING_EQUAL(d.said, "\r\nRING\r\n\r\nRING\r\n\r\nCONNECT 33600\r\n");
	/* Never: the PAC gives up. */
	at_modem_dtr_lost(d.modem);
	type(&d, "ATS0=0\r");
	telco_dial(d.telco, "2000", "", 1, 300, 99999);
	run_ms(&d, 100000);
	CU_ASSERT_STRING_EQUAL(d.told, "FCDCDF");
	CU_ASSERT_STRING_EQUAL(at_modem_state(d.modem), "idle");
	close_desk(&d);
}

static void terminal_ready(void)
{
	struct desk d;

	open_plain(&d);
	d.answers = true;
	type(&d, "ATE0&D0\rATD1\r");
	run_ms(&d, 3000);
	at_modem_dtr_lost(d.modem);
	CU_ASSERT_STRING_EQUAL(at_modem_state(d.modem), "online");
	run_ms(&d, 2000);
	type(&d, "+++");
	run_ms(&d, 2000);
	type(&d, "AT&D1O\r");
	at_modem_dtr_lost(d.modem);
	CU_ASSERT_STRING_EQUAL(at_modem_state(d.modem), "command");
	type(&d, "AT&D3\r");
	at_modem_dtr_lost(d.modem);
	CU_ASSERT_STRING_EQUAL(at_modem_state(d.modem), "idle");
	CU_ASSERT_STRING_EQUAL(ask(&d, "AT\r", 0), "AT\r\r\nOK\r\n");
	close_desk(&d);
}

/* While modems retrain octets wait; beyond what they can hold is lost and counted. */
static void retraining(void)
{
	static const uint8_t frame[] = { 0xff, 0x03, 0xc0, 0x21, 9, 1, 0, 4 };
	struct telco_options o = two_lines();
	uint8_t line[HDLC_LINE];
	struct desk d;
	size_t n = hdlc_encode(frame, sizeof(frame), UINT32_MAX, line, sizeof(line));

	o.script.retrain_after_ns = 5 * NET_SECOND;
	o.script.retrain_ns = 2 * NET_SECOND;
	open_desk(&d, &o);
	d.answers = true;
	type(&d, "ATE0\rATD1\r");
	run_ms(&d, 1200 + 5100);
	CU_ASSERT_STRING_EQUAL(telco_line_state(d.line), "retraining");
	at_modem_input(d.modem, line, n);
	run_ms(&d, 1000);
	CU_ASSERT_STRING_EQUAL(d.told, "RC");
	run_ms(&d, 1000);
	CU_ASSERT_STRING_EQUAL(d.told, "RCd");
	run_ms(&d, 5000);
	CU_ASSERT_STRING_EQUAL(telco_line_state(d.line), "retraining");
	for (unsigned i = 0; i < 1000; i++)
		at_modem_input(d.modem, line, n);
	run_ms(&d, 100);
	CU_ASSERT_TRUE(telco_errors(d.line)->buffer > 0);
	CU_ASSERT_STRING_EQUAL(d.told, "RCdE");
	close_desk(&d);
}

/* On a noisy line some frames come, some do not, and the PAC knows how many did not. */
static void noisy(void)
{
	uint8_t frame[60] = { 0xff, 0x03, 0xc0, 0x21 }, line[HDLC_LINE];
	struct telco_options o = two_lines();
	unsigned good = 0;
	struct desk d;
	size_t n = hdlc_encode(frame, sizeof(frame), UINT32_MAX, line, sizeof(line));

	o.script.noise_permille = 3;
	open_desk(&d, &o);
	d.answers = true;
	type(&d, "ATE0\rATD1\r");
	run_ms(&d, 3000);
	for (unsigned i = 0; i < 300; i++) {
		d.frame_len = 0;
		at_modem_input(d.modem, line, n);
		run_ms(&d, 10);
		good += d.frame_len == sizeof(frame) && memcmp(d.frame, frame, sizeof(frame)) == 0;
	}
	CU_ASSERT_TRUE(good > 150 && good < 270);
	CU_ASSERT_TRUE(telco_errors(d.line)->crc > 20 && telco_errors(d.line)->crc <= 300 - good);
	forget(&d);
	for (unsigned i = 0; i < 40; i++)
		telco_write(d.line, frame, sizeof(frame));
	CU_ASSERT_TRUE(d.len > 0 && d.len < 40 * n);
	close_desk(&d);
}

/* Between dialling and ringing the modem has begun a call of its own, or is gone. */
static void dialled_too_late(void)
{
	struct desk d;

	open_plain(&d);
	type(&d, "ATE0\r");
	telco_dial(d.telco, "2000", "", 1, 300, 99999);
	run_ms(&d, 100);
	type(&d, "ATD1\r");
	run_ms(&d, 200);
	CU_ASSERT_STRING_EQUAL(d.told, "F");
	CU_ASSERT_STRING_EQUAL(at_modem_state(d.modem), "dialing");
	close_desk(&d);
	open_plain(&d);
	telco_dial(d.telco, "2000", "", 1, 300, 99999);
	run_ms(&d, 100);
	at_modem_free(d.modem);
	d.modem = NULL;
	run_ms(&d, 5000);
	CU_ASSERT_STRING_EQUAL(d.told, "C");
	close_desk(&d);
}

/* Modem and bank may go in any order, at any time. */
static void freed_in_any_order(void)
{
	struct desk d;

	open_plain(&d);
	d.answers = true;
	type(&d, "ATE0\rATD1\r");
	run_ms(&d, 3000);
	at_modem_free(d.modem);
	d.modem = NULL;
	run_ms(&d, 100);
	CU_ASSERT_STRING_EQUAL(d.told, "RCD");
	close_desk(&d);
	open_plain(&d);
	d.answers = true;
	type(&d, "ATE0\rATD1\r");
	run_ms(&d, 3000);
	telco_free(d.telco);
	type(&d, "data");
	at_modem_dtr_lost(d.modem);
	at_modem_free(d.modem);
	net_free(d.net);
}

static void no_pty_in_memory(void)
{
	char err[160] = "";
	struct desk d;

	open_plain(&d);
	CU_ASSERT_PTR_NULL(at_port_new(d.telco, "3000", err, sizeof(err)));
	CU_ASSERT_STRING_NOT_EQUAL(err, "");
	close_desk(&d);
}

void suite_at(void)
{
	CU_pSuite s = CU_add_suite("at", NULL, NULL);

	CU_add_test(s, "commands", commands);
	CU_add_test(s, "commands that are none", wrong_commands);
	CU_add_test(s, "dials into the PAC and passes data", dials_in);
	CU_add_test(s, "three escape characters, and silence around", escapes);
	CU_add_test(s, "result codes", result_codes);
	CU_add_test(s, "speeds that have a number", named_speeds);
	CU_add_test(s, "the PAC takes a call or not", pac_decides);
	CU_add_test(s, "all lines are busy", all_lines_busy);
	CU_add_test(s, "a terminal adapter", digital);
	CU_add_test(s, "is dialled", is_dialled);
	CU_add_test(s, "the terminal goes", terminal_ready);
	CU_add_test(s, "octets wait while modems retrain", retraining);
	CU_add_test(s, "noise", noisy);
	CU_add_test(s, "dialled while it dials, or goes", dialled_too_late);
	CU_add_test(s, "freed in any order", freed_in_any_order);
	CU_add_test(s, "no pty on a net in memory", no_pty_in_memory);
}
