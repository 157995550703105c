/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sending side of RFC 2637 sections 4.2 and 4.4, with the gains that the text suggests. */
#include "conformance/window.h"

enum { CHI = 4, DELTA = 2, ALPHA_SHIFT = 3, BETA_SHIFT = 2 };

static int64_t within(int64_t v, int64_t low, int64_t high)
{
	return v < low ? low : v > high ? high : v;
}

/* Acknowledgments may come late by so much: ATO of section 4.4.1. */
static void set_timeout(struct window *w)
{
	w->timeout_ns = within(w->rtt_ns + CHI * w->dev_ns, w->o.min_timeout_ns, w->o.max_timeout_ns);
}

static uint32_t out(const struct window *w)
{
	return w->next - w->acked;
}

static void set_deadline(struct window *w)
{
	w->deadline = out(w) ? w->sent_at[w->acked % WINDOW_SENT] + w->timeout_ns : INT64_MAX;
}

void window_init(struct window *w, const struct window_options *o)
{
	*w = (struct window){ .o = *o, .rtt_ns = o->delay_ns, .deadline = INT64_MAX };
	w->o.maximum = (uint16_t)within(o->maximum, 1, WINDOW_SENT);
	w->size = (uint16_t)((w->o.maximum + 1) / 2);
	set_timeout(w);
}

unsigned window_room(const struct window *w)
{
	return out(w) < w->size ? w->size - out(w) : 0;
}

uint32_t window_sent(struct window *w, int64_t now)
{
	/* Whoever sends beyond the window loses sight of the oldest. */
	if (out(w) == WINDOW_SENT)
		w->acked++;
	w->sent_at[w->next % WINDOW_SENT] = now;
	w->next++;
	set_deadline(w);
	return w->next - 1;
}

/* Section 4.4.1, for one acknowledgment. */
static void measure(struct window *w, int64_t sample)
{
	int64_t diff = sample - w->rtt_ns, size = diff < 0 ? -diff : diff;

	w->dev_ns += (size - w->dev_ns) / (1 << BETA_SHIFT);
	w->rtt_ns += diff / (1 << ALPHA_SHIFT);
	set_timeout(w);
}

bool window_acked(struct window *w, uint32_t ack, int64_t now)
{
	uint32_t offset = ack - w->acked;

	if (offset >= out(w))
		return false;
	measure(w, now - w->sent_at[ack % WINDOW_SENT]);
	w->acked = ack + 1;
	w->credit = (uint16_t)(w->credit + offset + 1);
	while (w->credit >= w->size && w->size < w->o.maximum)
		w->credit = (uint16_t)(w->credit - w->size++);
	if (w->size == w->o.maximum)
		w->credit = 0;
	set_deadline(w);
	return true;
}

void window_timeout(struct window *w, int64_t now)
{
	if (now < w->deadline)
		return;
	/* A time that never was more than nothing would not grow by being doubled. */
	w->rtt_ns = within(DELTA * within(w->rtt_ns, w->o.min_timeout_ns, w->o.max_timeout_ns), 0,
			   w->o.max_timeout_ns);
	set_timeout(w);
	w->acked = w->next;
	w->size = (uint16_t)((w->size + 1) / 2);
	w->credit = 0;
	w->timeouts++;
	set_deadline(w);
}
