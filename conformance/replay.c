/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recording walked in its order: see replay.h. */
#include "conformance/replay.h"

#include <stdio.h>
#include <stdlib.h>

#include "conformance/replay_private.h"

#define SETTLE NET_SECOND /* what still comes after the last message is waited for so long */
#define LISTEN_AGAIN (NET_SECOND / 5)

/* --- differences ----------------------------------------------------------------------------- */

const char *replay_difference_name(enum replay_difference_kind k)
{
	static const char *const names[REPLAY_DIFFERENCE_KINDS] = {
		[REPLAY_MISSING] = "missing", [REPLAY_ADDITIONAL] = "additional", [REPLAY_EARLY] = "early",
		[REPLAY_LATE] = "late",       [REPLAY_FIELD] = "field",           [REPLAY_DEFECT] = "defect",
		[REPLAY_GARBAGE] = "garbage", [REPLAY_ENDED] = "ended",           [REPLAY_TUNNEL] = "tunnel",
	};

	return names[k];
}

int64_t replay_time(const struct replay *r)
{
	return net_now(r->net) - r->opened_ns;
}

void replay_tell(struct replay *r, struct replay_difference *d)
{
	d->time_ns = replay_time(r);
	r->totals.differences[d->kind]++;
	if (r->events.difference)
		r->events.difference(r->ctx, d);
}

struct replay_difference replay_about(const struct replay *r, enum replay_difference_kind kind,
				      const struct expectation *e)
{
	struct replay_difference d = { .kind = kind, .frame = e->item->frame, .call_id = -1 };
	uint32_t id;

	(void)r;
	if (e->item->kind == REPLAY_GRE) {
		d.protocol = e->protocol;
		d.code = e->code;
		d.call_id = e->call_id;
	} else {
		d.message = e->msg.desc;
		if (ctrl_get(&e->msg, "peer_call_id", &id))
			d.call_id = (int)id;
	}
	return d;
}

__attribute__((format(printf, 2, 3))) static void tell_end(struct replay *r, const char *format, ...)
{
	struct replay_difference d = { .kind = REPLAY_ENDED, .call_id = -1 };
	va_list args;

	va_start(args, format);
	vsnprintf(d.words, sizeof(d.words), format, args);
	va_end(args);
	replay_tell(r, &d);
}

/* --- the end --------------------------------------------------------------------------------- */

static void done(struct replay *r)
{
	if (r->state == REPLAY_DONE)
		return;
	if (r->totals.connected) {
		replay_gre_end(r);
		r->totals.duration_ns = replay_time(r);
	}
	r->state = REPLAY_DONE;
	net_timer_cancel(r->net, &r->timer);
	net_gre_release(r->claim);
	r->claim = NULL;
	net_listener_free(r->listener);
	r->listener = NULL;
	channel_close(r->channel);
	r->channel = NULL;
}

/* Messages that the peer has still to send, and those that we have. */
static size_t left_over(const struct replay *r, bool ours)
{
	size_t n = 0;

	for (size_t i = r->next_message; !ours && i < r->messages; i++)
		n += !r->message[i].bound;
	for (size_t i = r->at; ours && i < r->rec->n; i++)
		n += r->rec->item[i].ours && r->rec->item[i].kind == REPLAY_MESSAGE && !r->automatic[i];
	return n;
}

static const char *end_words(enum replay_end e)
{
	return e == REPLAY_RST ? "reset" : "closed";
}

/* Both sides ended it right after the last message: which of them was first is chance. */
static bool ends_at_once(const struct replay *r)
{
	return r->rec->n && r->rec->end_ns - r->rec->item[r->rec->n - 1].time_ns < SETTLE;
}

/* The peer has ended the connection: as it did then?  Nobody knows what came after a capture. */
static void peer_ended(struct replay *r, enum replay_end how)
{
	size_t theirs = left_over(r, false), ours = left_over(r, true);

	if (r->peer_ended || r->state == REPLAY_DONE)
		return;
	r->peer_ended = true;
	if (r->state != REPLAY_CLOSING) {
		r->totals.end = how;
		r->totals.end_ours = false;
	}
	if (theirs || ours)
		tell_end(r,
			 "the peer has %s the connection; then, %zu more messages came from it and %zu from "
			 "us",
			 end_words(how), theirs, ours);
	else if (r->state == REPLAY_CLOSING)
		r->totals.whole = true; /* it answers our end */
	else if (r->rec->end != REPLAY_STAYS_OPEN && r->rec->end_ours && !ends_at_once(r))
		tell_end(r, "the peer has %s the connection; then, we did first", end_words(how));
	else if (r->rec->end != REPLAY_STAYS_OPEN && !r->rec->end_ours && r->rec->end != how)
		tell_end(r, "the peer has %s the connection; then, it %s it", end_words(how),
			 end_words(r->rec->end));
	r->totals.whole = !theirs && !ours;
	done(r);
}

static int64_t seconds_ns(double seconds)
{
	return (int64_t)(seconds * (double)NET_SECOND);
}

/* How long after what came before it something was, and is to be now. */
static int64_t pause_before(const struct replay *r, int64_t recorded_ns)
{
	int64_t pause = recorded_ns - r->base_recorded_ns;

	return pause > 0 ? (int64_t)((double)pause * r->o.time_scale) : 0;
}

/* Until when something of the peer's is waited for: its own timers do not follow our scale. */
static int64_t deadline(const struct replay *r, int64_t recorded_ns)
{
	int64_t pause = recorded_ns - r->base_recorded_ns, scaled = pause_before(r, recorded_ns);

	return r->base_ns + (pause > scaled ? pause : scaled) + seconds_ns(r->o.timeout);
}

/* True when the time has come; else wakes up then. */
static bool is_due(struct replay *r, int64_t due)
{
	if (net_now(r->net) >= due)
		return true;
	net_timer_set(r->net, &r->timer, due);
	return false;
}

/* Ends the connection from here, as it was ended then. */
static void end_ourselves(struct replay *r)
{
	r->totals.end = r->rec->end == REPLAY_RST ? REPLAY_RST : REPLAY_FIN;
	r->totals.end_ours = true;
	if (r->rec->end == REPLAY_RST) {
		channel_abort(r->channel);
		r->channel = NULL;
		r->totals.whole = true;
		done(r);
		return;
	}
	channel_shutdown(r->channel);
	r->state = REPLAY_CLOSING;
	r->base_ns = net_now(r->net);
	net_timer_set(r->net, &r->timer, r->base_ns + seconds_ns(r->o.timeout));
}

/* Everything was played: what was then the end? */
static void settle(struct replay *r)
{
	if (r->rec->end == REPLAY_STAYS_OPEN) {
		if (!is_due(r, r->base_ns + SETTLE))
			return;
		r->totals.whole = true;
		done(r);
	} else if (r->rec->end_ours) {
		if (is_due(r, r->base_ns + pause_before(r, r->rec->end_ns)))
			end_ourselves(r);
	} else if (is_due(r, deadline(r, r->rec->end_ns))) {
		tell_end(r, "the peer leaves the connection open; then, it %s it", end_words(r->rec->end));
		r->totals.whole = true;
		done(r);
	}
}

/* We have closed, and the peer should too. */
static void close_waited(struct replay *r)
{
	if (!is_due(r, r->base_ns + seconds_ns(r->o.timeout)))
		return;
	tell_end(r, "the peer does not close its side of the connection");
	r->totals.whole = true;
	done(r);
}

/* --- the walk -------------------------------------------------------------------------------- */

/* Something happened: what follows counts from here. */
static void happened(struct replay *r, int64_t now, int64_t recorded)
{
	if (now > r->base_ns)
		r->base_ns = now;
	r->base_recorded_ns = recorded;
}

static void play_message(struct replay *r, const struct replay_item *item)
{
	uint8_t octets[CTRL_LENGTH_LIMIT];
	size_t len = replay_translate(r, item, octets, sizeof(octets));
	struct ctrl_msg m;

	if (!channel_send_octets(r->channel, octets, len))
		return;
	r->totals.sent++;
	ctrl_decode(octets, len, false, &m);
	if (m.type == CTRL_OCRP || m.type == CTRL_ICRP) {
		struct ctrl_msg recorded;

		ctrl_decode(item->octets, item->len, false, &recorded);
		replay_gre_begin(r, &recorded, true);
	}
	if (r->events.said)
		r->events.said(r->ctx, item, &m, replay_time(r));
}

/* Plays an item of ours when its time has come. */
static bool play(struct replay *r, const struct replay_item *item)
{
	if (r->automatic[r->at])
		return true;
	if (!is_due(r, r->base_ns + pause_before(r, item->time_ns)))
		return false;
	if (item->kind == REPLAY_MESSAGE)
		play_message(r, item);
	else
		replay_gre_play(r, item);
	happened(r, net_now(r->net), item->time_ns);
	return true;
}

static void give_up(struct replay *r, struct expectation *e)
{
	struct replay_difference d = replay_about(r, REPLAY_MISSING, e);

	e->missed = true;
	replay_tell(r, &d);
	happened(r, net_now(r->net), e->item->time_ns);
}

/* Passes an item of the peer's when it has come, or has not come for too long. */
static bool pass(struct replay *r, const struct replay_item *item)
{
	bool message = item->kind == REPLAY_MESSAGE;
	size_t *next = message ? &r->next_message : &r->next_packet;
	struct expectation *e = message ? r->message : r->packet;
	struct replay_call *call;

	if (!message)
		replay_gre_pass(r, item);
	e += *next;
	if (*next == (message ? r->messages : r->packets) || e->at != r->at || (!message && !r->o.gre))
		return true; /* it is not waited for */
	call = message ? NULL : replay_call_by_our_id(r, e->call_id);
	if (e->bound)
		happened(r, e->bound_ns, item->time_ns);
	else if (!(call && call->silent) && !is_due(r, deadline(r, item->time_ns)))
		return false;
	else
		give_up(r, e);
	if (call && !e->bound)
		call->silent = true;
	(*next)++;
	return true;
}

static bool step(struct replay *r)
{
	const struct replay_item *item = &r->rec->item[r->at];

	if (r->at == r->rec->n) {
		r->state = REPLAY_SETTLING;
		return true;
	}
	if (item->ours ? !play(r, item) : !pass(r, item))
		return false;
	r->at++;
	return true;
}

void replay_advance(struct replay *r)
{
	/* Many items at once are done in turns: others come to theirs, and a stop is seen. */
	for (unsigned i = 0; r->state == REPLAY_PLAYING && step(r); i++)
		if (i == 1000) {
			net_timer_set(r->net, &r->timer, net_now(r->net));
			return;
		}
	if (r->state == REPLAY_SETTLING)
		settle(r);
	if (r->state == REPLAY_CLOSING)
		close_waited(r);
}

static void on_timer(void *ctx)
{
	replay_advance(ctx);
}

/* --- the connection -------------------------------------------------------------------------- */

static void on_opened(void *ctx)
{
	struct replay *r = ctx;
	uint16_t port, peer_port;

	net_tcp_ends(channel_tcp(r->channel), &r->local, &port, &r->peer, &peer_port);
	r->totals.connected = true;
	r->state = REPLAY_PLAYING;
	r->opened_ns = r->base_ns = net_now(r->net);
	r->base_recorded_ns = r->rec->start_ns;
	if (r->o.gre)
		r->claim = net_gre_claim_rest(r->o.host, &r->peer, replay_gre_came, r);
	if (r->events.connected)
		r->events.connected(r->ctx, &r->peer, peer_port);
	replay_advance(r);
}

static void on_failed(void *ctx, const char *why)
{
	struct replay *r = ctx;

	snprintf(r->totals.why, sizeof(r->totals.why), "%s", why);
	done(r);
}

static void on_message(void *ctx, const struct ctrl_msg *m)
{
	struct replay *r = ctx;

	if (r->state == REPLAY_DONE)
		return;
	replay_match(r, m);
	replay_advance(r);
}

static void on_garbage(void *ctx, uint64_t octets)
{
	struct replay *r = ctx;
	struct replay_difference d = { .kind = REPLAY_GARBAGE, .call_id = -1 };

	if (r->state == REPLAY_DONE)
		return;
	snprintf(d.words, sizeof(d.words), "%llu octets that are no message", (unsigned long long)octets);
	replay_tell(r, &d);
}

static void on_fin(void *ctx)
{
	peer_ended(ctx, REPLAY_FIN);
}

static void on_reset(void *ctx, const char *why)
{
	(void)why;
	peer_ended(ctx, REPLAY_RST);
}

static const struct channel_events channel_events = {
	.opened = on_opened,
	.failed = on_failed,
	.message = on_message,
	.garbage = on_garbage,
	.fin = on_fin,
	.reset = on_reset,
};

static void on_accepted(void *ctx, struct net_tcp *c)
{
	struct replay *r = ctx;

	if (r->channel || r->state != REPLAY_CONNECTING) {
		net_abort(c);
		return;
	}
	r->channel = channel_accept(c, &channel_events, r);
	if (!r->channel) {
		net_abort(c);
		on_failed(r, "out of memory");
		return;
	}
	on_opened(r);
}

/* --- for its users --------------------------------------------------------------------------- */

static bool reach(struct replay *r, char *err, size_t room)
{
	if (r->o.peer)
		r->channel =
			channel_connect(r->o.host, 0, r->o.peer, r->o.port, &channel_events, r, err, room);
	else
		r->listener = net_listen(r->o.host, r->o.port, on_accepted, r, err, room);
	return r->channel || r->listener;
}

struct replay *replay_new(const struct replay_options *o, const struct replay_recording *rec,
			  const struct replay_events *e, void *ctx, char *err, size_t room)
{
	struct replay *r = calloc(1, sizeof(*r));

	if (!r) {
		snprintf(err, room, "out of memory");
		return NULL;
	}
	r->o = *o;
	r->rec = rec;
	r->events = *e;
	r->ctx = ctx;
	r->net = net_of_host(o->host);
	r->timer = (struct net_timer){ .fn = on_timer, .ctx = r };
	for (size_t i = 0; i < rec->n; i++)
		r->totals.tunnel_left_out |= rec->item[i].kind == REPLAY_GRE && !o->gre;
	if (!replay_match_init(r))
		snprintf(err, room, "out of memory");
	else if (reach(r, err, room))
		return r;
	replay_match_clear(r);
	free(r);
	return NULL;
}

void replay_free(struct replay *r)
{
	if (!r)
		return;
	done(r);
	replay_match_clear(r);
	free(r);
}

void replay_run(struct replay *r, const volatile bool *stop)
{
	while (r->state != REPLAY_DONE && !*stop) {
		bool more =
			net_step(r->net, net_is_virtual(r->net) ? NET_NEVER : net_now(r->net) + LISTEN_AGAIN);

		if (!more && net_is_virtual(r->net))
			break;
	}
	done(r);
}

bool replay_over(const struct replay *r)
{
	return r->state == REPLAY_DONE;
}

const struct replay_totals *replay_totals(const struct replay *r)
{
	return &r->totals;
}

uint16_t replay_port(const struct replay *r)
{
	return r->listener ? net_listener_port(r->listener) : 0;
}
