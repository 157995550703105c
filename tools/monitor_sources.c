/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See monitor_sources.h. */
#include "tools/monitor_sources.h"

#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>

#include "tools/monitor_clock.h"

/* --- opening ------------------------------------------------------------------------------- */

static struct capture_live *open_interface(const struct monitor_sources *s, const struct monitor_interface *x,
					   char *err, size_t room, enum capture_live_fault *fault)
{
	struct capture_live_options o = s->o->capture;

	o.interface = x->name;
	return capture_live_open(&o, err, room, fault);
}

static bool open_pipe(struct monitor_sources *s, char *err, size_t room, bool *usage)
{
	s->pipe = capture_open(s->o->pipe, s->o->pipe_filter, err, room, usage);
	if (s->pipe)
		capture_interruptible(s->pipe);
	return s->pipe != NULL;
}

bool monitor_sources_open(struct monitor_sources *s, const struct monitor_engine_options *o, char *err,
			  size_t room, bool *usage)
{
	s->o = o;
	*usage = false;
	if (o->pipe)
		return open_pipe(s, err, room, usage);
	for (size_t i = 0; i < o->ninterfaces; i++) {
		struct monitor_interface *x = &s->interface[i];
		enum capture_live_fault fault;

		x->name = o->interfaces[i];
		x->from_ns = INT64_MIN;
		x->capture = open_interface(s, x, err, room, &fault);
		*usage = fault == LIVE_FAULT_USAGE;
		if (!x->capture)
			return false;
		x->link_type = capture_live_link_type(x->capture);
	}
	return true;
}

void monitor_sources_close(struct monitor_sources *s)
{
	if (s->pipe)
		capture_close(s->pipe);
	for (size_t i = 0; i < LIVE_INTERFACES_MAX; i++)
		capture_live_close(s->interface[i].capture);
	*s = (struct monitor_sources){ 0 };
}

static bool join(struct monitor_sources *s, size_t i, char *err, size_t room)
{
	struct monitor_interface *x = &s->interface[i];

	return !s->o->worker || live_worker_join(s->o->worker, (unsigned)i, capture_live_fd(x->capture),
						 &x->from_ns, err, room);
}

bool monitor_sources_join(struct monitor_sources *s, char *err, size_t room)
{
	for (size_t i = 0; i < s->o->ninterfaces; i++)
		if (!join(s, i, err, room))
			return false;
	return true;
}

/* --- changes ------------------------------------------------------------------------------- */

__attribute__((format(printf, 4, 5))) static void
say(struct monitor_sources *s, const struct monitor_interface *x, const char *code, const char *format, ...)
{
	struct monitor_change c = { .interface = x->name, .code = code };
	va_list ap;

	c.back = x->since && strcmp(code, "interface-up") == 0;
	if (c.back)
		c.seconds = (double)(clock_steady() - x->since) / 1e9;
	va_start(ap, format);
	vsnprintf(c.text, sizeof(c.text), format, ap);
	va_end(ap);
	s->changed(s->ctx, &c);
}

static void count_drops(struct monitor_sources *s, struct monitor_interface *x)
{
	struct capture_live_drops d;
	struct monitor_change c = { .interface = x->name };

	if (!x->capture)
		return;
	d = capture_live_drops(x->capture);
	d.kernel += x->before.kernel;
	d.interface += x->before.interface;
	c.kernel = d.kernel - x->drops.kernel;
	c.dropped = d.interface - x->drops.interface;
	x->drops = d;
	if (c.kernel || c.dropped)
		s->changed(s->ctx, &c);
}

static void away(struct monitor_sources *s, struct monitor_interface *x, const char *code, const char *how)
{
	/* One that is down may then go away for good. */
	if (x->away && strcmp(x->away, code) == 0)
		return;
	say(s, x, code, "%s: %s; waiting for it to come back", x->name, how);
	x->away = code;
	if (!x->since)
		x->since = clock_steady();
}

static void gone(struct monitor_sources *s, struct monitor_interface *x, const char *why)
{
	count_drops(s, x);
	x->before = x->drops;
	away(s, x, "interface-gone", why);
	capture_live_close(x->capture);
	x->capture = NULL;
	x->has = false;
}

static void back(struct monitor_sources *s, struct monitor_interface *x)
{
	say(s, x, "interface-up", "%s: it is back", x->name);
	x->since = 0;
	x->away = NULL;
}

static void reopen(struct monitor_sources *s, size_t i)
{
	struct monitor_interface *x = &s->interface[i];
	enum capture_live_fault fault;
	char err[512];
	uint32_t link_type;

	x->capture = open_interface(s, x, err, sizeof(err), &fault);
	if (!x->capture) {
		/* That it is not there has been said; anything else is news, once. */
		if (fault != LIVE_FAULT_ABSENT && !x->said)
			say(s, x, "interface-failed", "%s", err);
		x->said |= fault != LIVE_FAULT_ABSENT;
		return;
	}
	x->said = false;
	if (!join(s, i, err, sizeof(err))) {
		s->lost_parent = true;
		return;
	}
	link_type = capture_live_link_type(x->capture);
	if (link_type != x->link_type)
		say(s, x, "link-type",
		    "%s: it has another link type than before, %" PRIu32 " instead of %" PRIu32, x->name,
		    link_type, x->link_type);
	x->link_type = link_type;
	if (capture_live_state(x->capture) == LIVE_UP)
		back(s, x);
}

void monitor_sources_check(struct monitor_sources *s, bool interfaces)
{
	for (size_t i = 0; i < s->o->ninterfaces; i++) {
		struct monitor_interface *x = &s->interface[i];

		count_drops(s, x);
		if (!interfaces)
			continue;
		if (!x->capture) {
			reopen(s, i);
			continue;
		}
		switch (capture_live_state(x->capture)) {
		case LIVE_GONE:
			gone(s, x, "it has disappeared");
			break;
		case LIVE_DOWN:
			away(s, x, "interface-down", "it went down");
			break;
		case LIVE_UP:
			if (x->since)
				back(s, x);
			break;
		}
	}
}

struct capture_live_drops monitor_sources_drops(const struct monitor_sources *s)
{
	struct capture_live_drops sum = { 0, 0 };

	for (size_t i = 0; i < s->o->ninterfaces; i++) {
		sum.kernel += s->interface[i].drops.kernel;
		sum.interface += s->interface[i].drops.interface;
	}
	return sum;
}

/* --- packets ------------------------------------------------------------------------------- */

/* Sees to it that a packet is in hand, if there is one. */
static bool in_hand(struct monitor_sources *s, struct monitor_interface *x)
{
	while (x->capture && !x->has) {
		switch (capture_live_next(x->capture, &x->packet)) {
		case LIVE_PACKET:
			x->has = x->packet.time_ns >= x->from_ns;
			break;
		case LIVE_NONE:
			return false;
		case LIVE_FAILED:
			gone(s, x, capture_live_error(x->capture));
			break;
		}
	}
	return x->has;
}

static bool next_of_interfaces(struct monitor_sources *s, struct packet *packet)
{
	struct monitor_interface *first = NULL;

	for (size_t i = 0; i < s->o->ninterfaces; i++) {
		struct monitor_interface *x = &s->interface[i];

		if (in_hand(s, x) && (!first || x->packet.time_ns < first->packet.time_ns))
			first = x;
	}
	if (!first)
		return false;
	*packet = first->packet;
	first->has = false;
	return true;
}

bool monitor_sources_next(struct monitor_sources *s, struct packet *packet)
{
	enum capture_status status;

	if (!s->o->pipe)
		return next_of_interfaces(s, packet);
	if (s->pipe_ended || !capture_wait(s->pipe, 0))
		return false;
	status = capture_next(s->pipe, packet);
	s->pipe_ended = status != CAPTURE_PACKET;
	s->pipe_damaged = status == CAPTURE_DAMAGED;
	return !s->pipe_ended;
}

void monitor_sources_wait(const struct monitor_sources *s, int wait_ms)
{
	struct pollfd fds[LIVE_INTERFACES_MAX];
	nfds_t n = 0;

	if (s->o->pipe) {
		if (!s->pipe_ended)
			capture_wait(s->pipe, wait_ms);
		return;
	}
	for (size_t i = 0; i < s->o->ninterfaces; i++) {
		if (s->interface[i].has)
			return;
		/* One that is down would wake us at once, again and again. */
		if (s->interface[i].capture && !s->interface[i].since)
			fds[n++] = (struct pollfd){ .fd = capture_live_fd(s->interface[i].capture),
						    .events = POLLIN };
	}
	poll(fds, n, wait_ms);
}

bool monitor_sources_over(const struct monitor_sources *s)
{
	return s->pipe_ended || s->lost_parent;
}
