/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Analog lines and modems: signalling, training, noise, retraining.  See telco_private.h. */
#include "conformance/telco/telco_private.h"

/* How long a modem listens for a carrier. */
static const int64_t listen_ns = 3 * NET_SECOND;

/* --- signalling ------------------------------------------------------------------------------ */

/*
 * A modem hears tones only.  Whatever the exchange says with a voice, such as that a number is not
 * allocated, is no carrier to it, and no cause comes with it.
 */
static enum telco_outcome refused(struct telco_line *l, enum telco_outcome o)
{
	l->cause = 0;
	if (o == TELCO_NO_DIALTONE) {
		line_log(l, "OFF-HOOK NO-DIALTONE");
		return o;
	}
	line_log(l, "OFF-HOOK DIAL-TONE DIAL");
	if (o == TELCO_BUSY) {
		line_log(l, "BUSY");
		return o;
	}
	line_log(l, "VOICE NO-CARRIER");
	return TELCO_NO_CARRIER;
}

static void alerting(struct telco_line *l)
{
	line_log(l, "OFF-HOOK DIAL-TONE DIAL RING");
}

static void unanswered(struct telco_line *l)
{
	line_log(l, "NO-ANSWER");
}

static void connected(struct telco_line *l)
{
	line_log(l, "ANSWER");
}

static void incoming(struct telco_line *l)
{
	line_log(l, "RING");
}

static void answer(struct telco_line *l)
{
	line_log(l, "OFF-HOOK");
}

/* An analog line can only be left ringing, or be taken off its hook for a moment. */
static void reject(struct telco_line *l, bool busy)
{
	line_log(l, busy ? "OFF-HOOK BUSY ON-HOOK" : "NO-ANSWER");
}

static void far_clears(struct telco_line *l, uint16_t cause)
{
	(void)cause;
	l->cause = 0;
	line_log(l, l->state == LINE_RINGING && l->incoming ? "RING-STOPPED" : "NO-CARRIER");
}

static void clear(struct telco_line *l, uint16_t cause)
{
	(void)cause;
	line_log(l, "ON-HOOK");
}

const struct line_ops modem_ops = {
	.setup_ns = 200 * NET_MILLISECOND,
	.refused = refused,
	.alerting = alerting,
	.unanswered = unanswered,
	.connected = connected,
	.incoming = incoming,
	.answer = answer,
	.reject = reject,
	.far_clears = far_clears,
	.clear = clear,
};

/* --- training -------------------------------------------------------------------------------- */

uint32_t modem_best(const struct telco_line *l)
{
	return l->digital ? B_SPEED : l->bank->o.analog_speed;
}

static void no_carrier(struct telco_line *l)
{
	line_log(l, "NO-CARRIER");
	l->cause = 0;
	if (l->incoming)
		line_drop(l, false, 0);
	else
		line_fail(l, TELCO_NO_CARRIER);
}

static void trained(struct telco_line *l)
{
	uint32_t speed = l->script.speed ? l->script.speed : modem_best(l);

	if (l->max_bps && speed > l->max_bps)
		speed = l->max_bps;
	if (speed < l->min_bps) {
		no_carrier(l);
		return;
	}
	l->speed = speed;
	if (!l->digital)
		line_log(l, "CONNECT(%u)", speed);
	line_up(l);
}

void modem_train(struct telco_line *l, int64_t longer)
{
	bool voice = l->script.outcome == TELCO_NO_CARRIER;

	l->state = LINE_TRAINING;
	if (voice)
		line_log(l, "VOICE");
	else if (!l->digital)
		line_log(l, "TRAINING");
	if (voice)
		line_after(l, listen_ns, no_carrier);
	else
		line_after(l, (l->digital ? 0 : l->script.train_ns) + longer, trained);
}

/* --- a line that is up ------------------------------------------------------------------------ */

static void retrain_over(void *ctx);

static void retrain_begins(void *ctx)
{
	struct telco_line *l = ctx;

	line_log(l, "RETRAIN");
	l->state = LINE_RETRAINING;
	l->retrain.fn = retrain_over;
	net_timer_set(l->bank->net, &l->retrain, net_now(l->bank->net) + l->script.retrain_ns);
}

static void schedule_retrain(struct telco_line *l)
{
	l->retrain.fn = retrain_begins;
	net_timer_set(l->bank->net, &l->retrain, net_now(l->bank->net) + l->script.retrain_after_ns);
}

static void retrain_over(void *ctx)
{
	struct telco_line *l = ctx;

	l->state = LINE_UP;
	schedule_retrain(l);
	line_far_octets(l, NULL, 0);
}

static void carrier_goes(void *ctx)
{
	telco_carrier_loss(ctx);
}

void modem_up(struct telco_line *l)
{
	int64_t now = net_now(l->bank->net);

	l->drop.fn = carrier_goes;
	if (l->script.drop_after_ns)
		net_timer_set(l->bank->net, &l->drop, now + l->script.drop_after_ns);
	if (l->script.retrain_after_ns && !l->digital)
		schedule_retrain(l);
}

/* A hit that an UART tells from others: a stop bit that is none, or a character that came too early. */
static bool loses_octet(struct telco_line *l)
{
	uint32_t kind = telco_random(&l->random) % 8;

	if (kind == 0 && l->digital)
		l->errors.alignment++;
	else if (kind == 0)
		l->errors.framing++;
	else if (kind == 1)
		l->errors.hardware++;
	return kind < 2;
}

static bool hit(struct telco_line *l)
{
	return l->script.noise_permille && telco_random(&l->random) % 1000 < l->script.noise_permille;
}

bool modem_noise(struct telco_line *l, uint8_t *octet)
{
	if (!hit(l))
		return true;
	if (loses_octet(l))
		return false;
	*octet ^= (uint8_t)(1U << telco_random(&l->random) % 8);
	return true;
}

bool modem_noise_spares(struct telco_line *l, size_t len)
{
	bool spared = true;

	for (size_t i = 0; i < len; i++) {
		if (!hit(l))
			continue;
		spared = false;
		loses_octet(l);
	}
	/* Whatever was lost of it, its FCS is wrong. */
	l->errors.crc += !spared;
	return spared;
}
