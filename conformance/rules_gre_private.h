/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files rules_gre*.c share. */
#ifndef PPTPSCOPE_RULES_GRE_PRIVATE_H
#define PPTPSCOPE_RULES_GRE_PRIVATE_H

#include "conformance/rules_call.h"
#include "conformance/rules_gre.h"

/* A GRE packet of a known call, on its way through the rules. */
struct gre_look {
	struct judge *j;
	const struct event *e;
	struct gre_memory *own, *peer; /* of its sender, of the other side (may be NULL) */
};

/* The remembered half of a call, or NULL. */
static inline struct gre_memory *gre_half(const struct call *c, unsigned host)
{
	struct gre_memory *m = c->memory ? &c->memory->gre[host] : NULL;

	return m && m->flags & GRE_MEM_BEGUN ? m : NULL;
}

/* What is out of the ordinary in the direction, or NULL. */
static inline struct gre_trouble *gre_odd(const struct gre_memory *m)
{
	const struct call_odd *odd = gre_whole(m)->odd;

	return odd ? odd->gre[m->side] : NULL;
}

/* Numbers that are missing. */
static inline uint32_t gre_holes(const struct gre_memory *m)
{
	const struct gre_trouble *t = gre_odd(m);

	return t ? t->holes : 0;
}

/*
 * Where it is enough to know that something is older than a second or less, times are kept in 16 bits, of
 * about a millisecond each.  After half a minute what is old may seem to be new, never the other way round.
 */
enum { GRE_TICK_SHIFT = 20 };

static inline uint16_t gre_tick(int64_t time_ns)
{
	return (uint16_t)(time_ns >> GRE_TICK_SHIFT);
}

/* Whether more than so many nanoseconds have certainly passed. */
static inline bool gre_passed(uint16_t tick, int64_t now, int64_t ns)
{
	return (int16_t)(gre_tick(now) - tick) > (ns >> GRE_TICK_SHIFT) + 1;
}

static inline int32_t gre_distance(uint32_t from, uint32_t to)
{
	return (int32_t)(to - from); /* modulo 2^32, as the numbers wrap */
}

/* rules_gre.c: the event with the connection of its call, though that may be over. */
struct event gre_whole_event(const struct event *e);

/* The half of a call of which the first packet has come; NULL when memory was short. */
struct gre_memory *gre_begin(struct judge *j, struct call *c, unsigned host);

/* A packet that the rules pass over used up the next number of m. */
void gre_number_used(struct gre_memory *m, const struct gre_pkt *g);

/* rules_gre_header.c: what the header alone proves; true when its numbers can be believed. */
bool gre_header(struct judge *j, const struct event *e);

/* rules_gre_seq.c */
void gre_first_data(const struct gre_look *l);
bool gre_data_odd(const struct gre_look *l, int32_t step); /* true: counts as the newest packet */
void gre_data_noted(const struct gre_look *l);
void gre_seq_end(struct judge *j, const struct event *e, unsigned host);

/* rules_gre_ack.c */
void gre_ack(const struct gre_look *l);
void gre_ack_resolve(const struct gre_look *l, uint32_t seq);
void gre_ack_end(struct judge *j, const struct event *e, unsigned host);

/* rules_gre_window.c */
void gre_window_sent(const struct gre_look *l, uint32_t before);
void gre_window_acked(const struct gre_look *l, uint32_t ack);
void gre_window_late(struct judge *j, const struct event *e, unsigned host, int64_t now);
void gre_window_end(struct judge *j, const struct event *e, unsigned host);

/* Whether data was sent that is not acknowledged. */
static inline bool gre_waits(const struct gre_memory *m)
{
	return m->unacked_since.low || m->unacked_since.high;
}

/* Nothing is late before this, under either profile. */
enum { GRE_ACK_DUE_MS = 300 };

/* Looks whether the other side owes host an acknowledgment for too long. */
static inline void gre_window_due(struct judge *j, const struct event *e, unsigned host,
				  const struct gre_memory *m, int64_t now)
{
	if (gre_waits(m) && now - long_time(m->unacked_since, now) > MILLISECONDS(GRE_ACK_DUE_MS))
		gre_window_late(j, e, host, now);
}

/* rules_gre_call.c: tunnel data against the life of calls. */
void gre_data_watched(const struct gre_look *l);
void gre_stray(struct judge *j, const struct event *e);
void gre_stray_number(struct judge *j, const struct event *e); /* that it used up, of whichever call */
void gre_stray_end(struct judge *j, const struct event *e);
void gre_call_over(struct judge *j, const struct event *e, unsigned host);
void gre_call_pair(struct judge *j, const struct event *e);

/* rules_gre_ppp.c */
void gre_ppp(const struct gre_look *l, bool late);
void gre_ppp_end(struct judge *j, const struct event *e, unsigned host);

#endif
