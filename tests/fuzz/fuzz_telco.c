/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A telephone side with one modem, in virtual time, and a PAC that does anything.  Each step is an octet
 * that says what, one that says how much, and so many octets of data:
 * 0 typed at the modem, 1 time passes, 2 the PAC dials the modem or elsewhere, 3 it answers, 4 hangs up,
 * 5 rejects, 6 writes a frame, 7 what happens at the other end.
 */
#include <stdlib.h>

#include "conformance/telco/hdlc.h"
#include "conformance/telco/telco.h"
#include "dissectors/cursor.h"

enum { STEPS = 400 };

struct world {
	struct net *net;
	struct telco *telco;
	struct at_modem *modem;
	struct telco_line *last; /* the line told of last; NULL: the PAC has let go of it */
	uint64_t told;
};

static void demand(bool condition)
{
	if (!condition)
		abort();
}

static void told(void *ctx, const struct telco_told *t)
{
	struct world *w = ctx;

	demand(telco_line_in_use(t->line));
	demand(t->event != TELCO_DATA || (t->len >= 2 && t->len <= HDLC_FRAME));
	demand(t->event != TELCO_CONNECTED || (t->speed && t->speed == telco_line_speed(t->line)));
	w->last = t->line;
	w->told++;
	if (t->event != TELCO_FAILED && t->event != TELCO_DROPPED)
		return;
	telco_hangup(t->line, 0);
	w->last = NULL;
}

static void out(void *ctx, const uint8_t *octets, size_t len)
{
	struct world *w = ctx;
	volatile uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum ^= octets[i];
	w->told += sum != 0;
}

static void pass(struct world *w, int64_t ns)
{
	int64_t until = net_now(w->net) + ns;

	while (net_step(w->net, until))
		;
}

static void other_end(struct world *w, unsigned what)
{
	const struct telco_caller caller = {
		.dialed = "1", .dialing = "2", .digital = what & 8, .audio = what & 16
	};
	const struct telco_errors errors = { .crc = what };

	if (what % 8 == 0)
		at_modem_dtr_lost(w->modem);
	else if (what % 8 == 1)
		telco_next(w->telco, (enum telco_outcome)(what / 8 % TELCO_OUTCOMES));
	else if (what % 8 == 2)
		telco_ring(w->telco, &caller);
	else if (!w->last)
		return;
	else if (what % 8 == 3)
		telco_far_hangup(w->last);
	else if (what % 8 == 4)
		telco_carrier_loss(w->last);
	else if (what % 8 == 5)
		telco_accm(w->last, what * 0x01010101U, 0);
	else if (what % 8 == 6)
		telco_count_errors(w->last, &errors);
	else
		telco_passes(w->last, what);
}

static void step(struct world *w, uint8_t what, uint8_t n, const uint8_t *data, size_t len)
{
	uint8_t tail[64];

	switch (what % 8) {
	case 0:
		at_modem_input(w->modem, data, len);
		break;
	case 1:
		pass(w, n * (what & 8 ? NET_SECOND : 10 * NET_MILLISECOND));
		break;
	case 2:
		telco_dial(w->telco, what & 8 ? "2000" : "5", "", 1 + n % 3, n, n * UINT32_C(1000));
		break;
	case 3:
		if (w->last)
			telco_answer(w->last);
		break;
	case 4:
	case 5:
		if (w->last && what % 8 == 4)
			telco_hangup(w->last, n);
		else if (w->last)
			telco_reject(w->last, n & 1);
		w->last = NULL;
		break;
	case 6:
		if (w->last)
			telco_write(w->last, data, len);
		if (w->last)
			telco_read(w->last, tail, sizeof(tail));
		break;
	default:
		other_end(w, n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	const struct net_memory_options memory = { .seed = 1 };
	struct telco_options o = { .analog = 2, .bri = 1, .seed = 1 };
	struct cursor c = cursor_on(octets, len);
	struct world w = { .net = net_memory_new(&memory) };

	telco_script_defaults(&o.script);
	o.script.noise_permille = cursor_u8(&c) % 4;
	o.script.retrain_after_ns = NET_SECOND * (cursor_u8(&c) % 8);
	o.script.retrain_ns = NET_SECOND;
	w.telco = telco_new(w.net, &o, told, &w);
	w.modem = at_modem_new(w.telco, "2000", out, &w);
	for (unsigned i = 0; i < STEPS && cursor_left(&c) && !c.missing; i++) {
		uint8_t what = cursor_u8(&c), n = cursor_u8(&c);
		size_t data = what % 8 == 0 || what % 8 == 6 ? n : 0;

		if (data > cursor_left(&c))
			data = cursor_left(&c);
		step(&w, what, n, cursor_take(&c, data), data);
	}
	pass(&w, 30 * NET_SECOND);
	at_modem_free(w.modem);
	telco_free(w.telco);
	net_free(w.net);
	return 0;
}
