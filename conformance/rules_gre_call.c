/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tunnel data against the life of calls: before a call is up, after it is over, under Call IDs
 * that nobody gave out, between other hosts.  RFC 2637 sections 1.3, 2.3, 3 and 4.
 *
 * Messages and tunnel packets take different ways to the observer, so that an order of the two
 * proves something only with time in between, or where one cannot be without the other.
 */
#include "conformance/rules_gre_private.h"

enum {
	SCAN_MAX = 1024, /* calls and connections of a tunnel that are looked at */
	AFTER_CDN_S = 1, /* policies: how long data may still come */
	AFTER_CLOSE_S = 5,
	NEW_FLOW_SEQ = 1000,   /* a flow that begins higher may be older than the capture */
	CONTINUES_WITHIN = 64, /* numbers, for a flow that other addresses carry on */
	/* Defects that leave it open what the Call ID is. */
	KEY_UNSURE = GRE_BAD_C | GRE_BAD_R | GRE_BAD_K | GRE_BAD_PROTOCOL | GRE_BAD_SHORT,
};

static struct gre_mark mark(const struct event *e)
{
	return (struct gre_mark){ .frame = e->frame, .time_ns = e->time_ns };
}

static bool by_pac(const struct event *e, unsigned host)
{
	return pac_of(e) == (int)host;
}

/* --- before ----------------------------------------------------------------------------------- */

/* The message that lets data begin has not been seen. */
static bool not_up_yet(const struct call *c)
{
	return c->kind == CALL_INCOMING ? !call_step(c, STEP_CONNECTED).frame
					: c->kind == CALL_OUTGOING && !c->replied;
}

static enum rule_number data_rule(const struct call *c, bool pac)
{
	if (c->kind == CALL_INCOMING)
		return pac ? RULE_PACIN_DATA_01 : RULE_PNSIN_DATA_01;
	return pac ? RULE_PACOUT_DATA_01 : RULE_PNSOUT_DATA_01;
}

/* A part of the message was there before the data: only the capture, or TCP, is out of order. */
static bool begun_before(const struct event *e, uint64_t frame)
{
	for (size_t i = 0; e->origin && i < e->origin->nframes; i++)
		if (e->origin->frames[i] < frame)
			return true;
	return false;
}

static NOT_IN_THE_WAY void early_fail(struct judge *j, const struct event *by, struct call *c, unsigned host,
				      const struct gre_mark *m)
{
	struct event with = *by;
	const struct event *e = &with;
	const char *up = c->kind == CALL_INCOMING ? "Incoming-Call-Connected" : "Outgoing-Call-Reply";
	bool close = e->time_ns - m->time_ns < MILLISECONDS(1);
	struct finding *f;

	with.call = c;
	/* They changed places in the capture, whatever the rule has to say of reordering. */
	if (begun_before(e, m->frame) || (close && !by_pac(e, host)))
		return;
	f = fail(j, e, data_rule(c, by_pac(e, host)), (int)host, close ? UNLESS_REORDER : 0);

	if (e->kind == EVENT_MESSAGE) {
		say(f, "%s sent tunnel data before the %s was sent", who(e, host), up);
		evidence(f, e->frame);
	} else {
		say(f, "%s sent tunnel data of a call for which no %s had been sent", who(e, host), up);
	}
	observed(expected(f, "no data before the %s", up), "data");
	at(f, m->frame, m->time_ns);
}

/* Whether host sent a message, or ended the connection, after that frame. */
static bool heard_after(const struct control_connection *c, unsigned host, uint64_t frame)
{
	const struct moment *m;
	uint64_t left_out;

	for (unsigned i = 0; c && (m = history_at(&c->history, i, &left_out)); i++)
		if (m->from == host && m->frame > frame && m->kind != MOMENT_GAP)
			return true;
	return false;
}

/* An answer of the connection has no request: it may be this call's, captured out of order. */
static bool answered_elsewhere(const struct call *c)
{
	unsigned n = 0;

	for (const struct call *x = c->tunnel->first_call; x && n < SCAN_MAX; x = x->next, n++)
		if (x != c && call_connection_id(x) == call_connection_id(c) && x->kind == c->kind &&
		    !call_step(x, STEP_REQUEST).frame)
			return true;
	return false;
}

/* Data that came before the call was up: told when it is up, or will never be. */
static void early_judge(struct judge *j, const struct event *e, struct call *c, unsigned host)
{
	struct gre_memory *m = gre_half(c, host);
	const struct gre_trouble *t = m ? gre_odd(m) : NULL;

	if (!t || !t->early.frame || m->done & GRE_DONE_EARLY)
		return;
	m->done |= GRE_DONE_EARLY;
	if (c->over)
		m->done |= GRE_DONE_AFTER;
	/* The message that was missed may be missing in the capture, as all else of the PAC. */
	if (e->kind != EVENT_MESSAGE && (pac_of(e) < 0 || answered_elsewhere(c) ||
					 !heard_after(e->connection, (unsigned)pac_of(e), t->early.frame)))
		return;
	early_fail(j, e, c, host, &t->early);
}

/*
 * What the PNS sent before it could know the PAC's Call ID was nobody's until now.  If it is older
 * than the call it belongs to something else.
 */
static void guessed(struct judge *j, const struct event *e, struct call *c)
{
	unsigned pns = !e->from;
	const struct flow *f = call_flow(c, pns);
	struct gre_mark m;

	if (!f || !(f->flags & FLOW_BEFORE_CALL) || !f->data || !call_step(c, STEP_REQUEST).frame ||
	    c->first_time < call_step(c, STEP_REQUEST).time_ns)
		return;
	m = (struct gre_mark){ .frame = flow_first_frame(f), .time_ns = flow_last_time(f) };
	early_fail(j, e, c, pns, &m);
}

/* --- after ------------------------------------------------------------------------------------ */

static void after_fail(const struct gre_look *l, enum rule_number rule, unsigned how, const char *what,
		       uint64_t frame)
{
	struct event e = gre_whole_event(l->e);
	struct finding *f = fail(l->j, &e, rule, (int)e.from, how);

	l->own->done |= GRE_DONE_AFTER;
	say(f, "%s still sends tunnel data %s", who(&e, e.from), what);
	observed(expected(f, "no data"), "sequence number %u", e.gre->seq);
	evidence(f, frame);
}

static void after_disconnect(const struct gre_look *l)
{
	const struct call *c = l->e->call;
	struct event e = gre_whole_event(l->e);
	bool incoming = c->kind == CALL_INCOMING;

	if (l->e->time_ns - call_step(c, STEP_DISCONNECT).time_ns <= SECONDS(AFTER_CDN_S))
		return;
	if (by_pac(&e, e.from))
		after_fail(l, data_rule(c, true), 0, "more than 1 s after its Call-Disconnect-Notify",
			   call_step(c, STEP_DISCONNECT).frame);
	else
		after_fail(l, incoming ? RULE_PNSIN_EST_01 : RULE_PNSOUT_EST_01, FAIL_DOUBT,
			   "more than 1 s after the Call-Disconnect-Notify",
			   call_step(c, STEP_DISCONNECT).frame);
}

/* The Stop-Control-Connection-Reply that granted a stop, or NULL. */
static const struct moment *stopped(const struct control_connection *c)
{
	uint64_t left_out;
	const struct moment *m;

	for (unsigned i = 0; (m = history_at(&c->history, i, &left_out)); i++)
		if (m->kind == MOMENT_MESSAGE && m->type == CTRL_STOPRP && m->result == 1)
			return m;
	return NULL;
}

/* What closed the connection, FIN of either side or RST, or NULL. */
static const struct moment *closed(const struct control_connection *c)
{
	uint64_t left_out;
	const struct moment *m;

	for (unsigned i = 0; (m = history_at(&c->history, i, &left_out)); i++)
		if (m->kind == MOMENT_RST || m->kind == MOMENT_FIN)
			return m;
	return NULL;
}

/* A control connection of the pair that began after c was closed, or NULL. */
static const struct control_connection *successor(const struct control_connection *c, int64_t since)
{
	const struct control_connection *next = c->next;
	unsigned n = 0;

	while (next && next->first_time < since && n++ < SCAN_MAX)
		next = next->next;
	return next;
}

/* The stop was granted, or the connection closed, and a new one may have begun. */
static void after_connection(const struct gre_look *l)
{
	bool ms = judge_profile(l->j) == PROFILE_MS_PTPT;
	struct event e = gre_whole_event(l->e);
	const struct control_connection *next = NULL;
	const struct moment *stop, *end;
	int64_t grace = e.time_ns - SECONDS(AFTER_CLOSE_S);

	if (!e.connection)
		return;
	stop = stopped(e.connection);
	end = closed(e.connection);
	if (end)
		next = successor(e.connection, end->time_ns);
	if (next && grace > next->first_time)
		after_fail(l, RULE_CALL_RELEASE_01, FAIL_DOUBT,
			   "of a call that an earlier control connection set up", next->first_frame);
	else if (!next && stop && grace > stop->time_ns)
		after_fail(l, RULE_STOPRQ_CLEAR_01, 0,
			   "more than 5 s after its control connection was stopped", stop->frame);
	else if (!next && !stop && end && grace > end->time_ns)
		after_fail(l, ms ? RULE_MSP_TCPCLOSE_01 : RULE_TCP_CLOSE_01, 0,
			   "more than 5 s after its control connection was closed", end->frame);
}

/* The rule that the PNS breaks by tunnel data of an outgoing call that was refused. */
static enum rule_number refused_rule(const struct call *c)
{
	return c->given_up ? RULE_PNSOUT_WD_02 : RULE_PNSOUT_WR_01;
}

static void after_refusal(const struct gre_look *l)
{
	const struct call *c = l->e->call;
	struct event e = gre_whole_event(l->e);
	uint64_t reply = call_step(c, STEP_REPLY).frame;

	if (c->kind == CALL_INCOMING)
		after_fail(l, data_rule(c, by_pac(&e, e.from)), 0, "of a call that was refused", reply);
	else if (by_pac(&e, e.from))
		after_fail(l, RULE_PACOUT_WAIT_01, 0, "of a call that it had refused", reply);
	else
		after_fail(l, refused_rule(c), 0, "of a call that was refused", reply);
}

void gre_data_watched(const struct gre_look *l)
{
	const struct call *c = l->e->call;
	const struct control_connection *connection = call_connection(c);
	struct gre_trouble *t;

	if (l->own->done & GRE_DONE_AFTER)
		return;
	if (c->state == CALL_REFUSED) {
		after_refusal(l);
	} else if (c->over && call_step(c, STEP_DISCONNECT).frame) {
		after_disconnect(l);
	} else if (c->over ||
		   (connection && (connection->state == CONNECTION_STOPPING || connection->closed_by >= 0))) {
		after_connection(l);
	} else if (not_up_yet(c)) {
		t = gre_trouble(l->j, l->own);
		if (t && !t->early.frame)
			t->early = mark(l->e);
	} else if (c->given_up && !by_pac(l->e, l->e->from)) {
		after_fail(l, RULE_PNSOUT_WD_02, 0, "of a call that it had cleared before it was answered",
			   call_step(c, STEP_CLEAR).frame);
	}
}

/* --- messages --------------------------------------------------------------------------------- */

static void watch(const struct call *c)
{
	for (unsigned host = 0; host < HOSTS; host++) {
		struct gre_memory *m = gre_half(c, host);

		if (m)
			m->flags |= GRE_MEM_WATCH;
	}
}

/* Calls of a connection that was stopped are over, though it may still be open. */
static void watch_all(const struct control_connection *c)
{
	unsigned n = 0;

	for (const struct call *call = c->tunnel->first_call; call && n < SCAN_MAX; call = call->next, n++)
		if (call_connection(call) == c)
			watch(call);
}

/* The message lets data begin. */
static void begins(struct judge *j, const struct event *e, struct call *call)
{
	for (unsigned host = 0; host < HOSTS; host++) {
		struct gre_memory *m = gre_half(call, host);

		early_judge(j, e, call, host);
		if (m && call->state == CALL_ESTABLISHED)
			m->flags &= (uint16_t)~GRE_MEM_WATCH;
	}
	if (e->msg->desc->type == CTRL_OCRP && call_step(call, STEP_REPLY).frame == e->frame)
		guessed(j, e, call);
}

void gre_applied(struct judge *j, const struct event *e, struct call *call)
{
	if (e->msg->desc->type == CTRL_STOPRQ || e->msg->desc->type == CTRL_STOPRP)
		watch_all(e->connection);
	else if (call)
		begins(j, e, call);
}

void gre_call_over(struct judge *j, const struct event *e, unsigned host)
{
	early_judge(j, e, e->call, host);
}

/* --- other hosts ------------------------------------------------------------------------------ */

static bool has_begun(const struct call *c, unsigned host)
{
	const struct gre_memory *m = gre_half(c, host);

	return m && m->flags & GRE_MEM_DATA;
}

/*
 * It may have used up a number of a live call, under a Call ID that is not the call's: of the only
 * one that had not begun, or the next one of any.
 */
void gre_stray_number(struct judge *j, const struct event *e)
{
	struct call *begins = NULL;
	struct gre_memory *m;
	unsigned n = 0, fresh = 0;

	for (struct call *c = e->tunnel->first_call; c && n < SCAN_MAX; c = c->next, n++) {
		if (c->over || !call_controlled(c))
			continue;
		if (has_begun(c, e->from)) {
			gre_number_used(gre_half(c, e->from), e->gre);
		} else {
			begins = c;
			fresh++;
		}
	}
	if (fresh != 1)
		return;
	m = gre_half(begins, e->from);
	if (!m)
		m = gre_begin(j, begins, e->from);
	if (m)
		gre_number_used(m, e->gre);
}

/* The first packet that is no call's; what it means between peers of PPTP is judged at its end. */
void gre_stray(struct judge *j, const struct event *e)
{
	struct gre_store *s;

	if (e->flow || (e->gre->flags & GRE_VER) != 1 || e->gre->defects & KEY_UNSURE)
		return;
	if (e->tunnel->connections) {
		gre_stray_number(j, e);
		return;
	}
	s = gre_store(j);
	if (!s)
		return;
	s->orphan[s->orphans++ % GRE_ORPHANS] = (struct gre_orphan){
		.frame = e->frame,
		.time_ns = e->time_ns,
		.from = e->tunnel->host[e->from],
		.to = e->tunnel->host[!e->from],
		.seq = e->gre->seq,
		.context = e->tunnel->context,
		.call_id = e->gre->call_id,
		.has_seq = e->gre->flags & GRE_S,
	};
}

/* The orphan carries on what `host` of the call sends, by Call ID, count and one of the addresses. */
static bool carries_on(const struct event *e, const struct gre_orphan *o, unsigned host)
{
	const struct call *c = e->call;
	const struct flow *f = call_flow(c, host);
	bool pac = by_pac(e, host);

	if (!(pac ? c->pns_id_known : c->pac_id_known) ||
	    o->call_id != (pac ? c->pns_call_id : c->pac_call_id))
		return false;
	if (ip_addr_cmp(&o->from, &e->tunnel->host[host]) && ip_addr_cmp(&o->to, &e->tunnel->host[!host]))
		return false;
	if (!o->has_seq || !f || !(f->flags & FLOW_HAS_SEQ))
		return !o->has_seq || o->seq <= 1;
	return gre_distance(f->first_seq - CONTINUES_WITHIN, o->seq) >= 0 &&
	       gre_distance(o->seq, f->highest_seq + CONTINUES_WITHIN) >= 0;
}

/* Tunnel packets of the call between other addresses than those of its control connection. */
void gre_call_pair(struct judge *j, const struct event *e)
{
	struct gre_store *s = gre_store(j);
	const struct call_step_seen up = call_step(e->call, STEP_REPLY);

	if (!s || !s->orphans || !up.frame || pac_of(e) < 0)
		return;
	for (unsigned i = 0; i < GRE_ORPHANS && i < s->orphans; i++) {
		const struct gre_orphan *o = &s->orphan[i];

		for (unsigned host = 0; host < HOSTS; host++) {
			struct finding *f;

			if (o->context != e->tunnel->context || o->time_ns < up.time_ns ||
			    !carries_on(e, o, host))
				continue;
			f = fail(j, e, RULE_TCP_PAIR_01, (int)host, 0);
			say(f,
			    "%s, it seems, sends tunnel packets of the call between other addresses "
			    "than those of its control connection",
			    who(e, host));
			observed(expected(f, "the addresses of the control connection"), "Call ID %u",
				 o->call_id);
			at(f, o->frame, o->time_ns);
		}
	}
}

/* --- Call IDs that nobody gave out ------------------------------------------------------------ */

struct survey {
	const struct call *live;               /* a call that was up at that time */
	const struct call *refused;            /* an attempt whose refusal named the Call ID */
	struct control_connection *connection; /* the last one that had begun */
	unsigned how;
	bool own;     /* the Call ID is the sender's own of a live call */
	bool pending; /* a request was never answered: it may be that call's */
};

static const struct control_connection *connection_of(const struct call *c)
{
	for (const struct control_connection *x = c->tunnel->first_connection; x; x = x->next)
		if (x->id == call_connection_id(c))
			return x;
	return NULL;
}

static bool up_at(const struct call *c, int64_t time)
{
	const struct call_step_seen up = call_step(c, c->kind == CALL_INCOMING ? STEP_CONNECTED : STEP_REPLY);
	const struct control_connection *x;

	if (!up.frame || up.time_ns > time || c->state == CALL_REFUSED)
		return false;
	if (call_step(c, STEP_DISCONNECT).frame)
		return call_step(c, STEP_DISCONNECT).time_ns >= time;
	x = connection_of(c);
	return x ? x->close == CLOSE_NONE || x->last_time >= time : call_last(c).time_ns >= time;
}

static void survey_calls(const struct event *e, unsigned host, uint16_t id, int64_t time, struct survey *s)
{
	unsigned n = 0;

	for (const struct call *c = e->tunnel->first_call; c && n < SCAN_MAX; c = c->next, n++) {
		bool pac = e->tunnel->pac == (int)host;

		if (!call_controlled(c))
			continue;
		/* A refusal names a Call ID, too: what is sent there is sent to no call. */
		if (!pac && c->state == CALL_REFUSED && c->kind == CALL_OUTGOING && c->pac_call_id == id &&
		    call_step(c, STEP_REPLY).frame && call_step(c, STEP_REPLY).time_ns <= time)
			s->refused = c;
		if (c->kind == CALL_OUTGOING && !c->replied && c->first_time <= time)
			s->pending = true;
		if (!up_at(c, time))
			continue;
		s->live = c;
		s->own |= id == (pac ? c->pac_call_id : c->pns_call_id) && call_step(c, STEP_REQUEST).frame;
	}
}

/* Whether the control connections of the pair tell the whole story. */
static void survey_connections(const struct event *e, int64_t time, struct survey *s)
{
	unsigned n = 0;

	for (struct control_connection *c = e->tunnel->first_connection; c && n < SCAN_MAX;
	     c = c->next, n++) {
		if (c->first_time <= time)
			s->connection = c;
		if (c->midstream)
			s->how |= UNLESS_MIDSTREAM;
		if (c->gaps || c->lost[0] || c->lost[1])
			s->how |= UNLESS_TCP_GAP;
		if (!c->seen[0] || !c->seen[1])
			s->how |= FAIL_DOUBT;
	}
	if (!s->connection)
		s->how |= UNLESS_MIDSTREAM;
}

static void stray_fail(struct judge *j, const struct event *e, unsigned host, const struct flow *f,
		       const struct survey *s)
{
	enum rule_number rule = s->refused ? refused_rule(s->refused)
				: s->live  ? RULE_GRE_CALLID_01
					   : RULE_GRE_STATE_01;
	unsigned doubt = s->live && !s->own && !s->refused ? FAIL_DOUBT : 0, how = s->how | doubt;
	struct finding *found = fail(j, e, rule, (int)host, how);
	unsigned id = flow_call_id(f);

	if (s->refused)
		say(found, "%s sent tunnel data with Call ID %u of a call that was refused", who(e, host),
		    id);
	else if (s->own)
		say(found, "%s sent tunnel packets with its own Call ID %u instead of that of %s", who(e, host),
		    id, who(e, !host));
	else
		say(found, "%s sent tunnel packets with Call ID %u, which %s gave to no %scall", who(e, host),
		    id, who(e, !host), s->live ? "live " : "");
	if (s->live && !s->refused)
		expected(found, "Call ID %u",
			 e->tunnel->pac == (int)host ? s->live->pns_call_id : s->live->pac_call_id);
	else
		expected(found, "no data");
	observed(found, "Call ID %u", id);
	at(found, flow_first_frame(f), e->call->first_time);
}

/* The end of GRE that no call claimed, between hosts that have, or had, a control connection. */
void gre_stray_end(struct judge *j, const struct event *e)
{
	if (!e->tunnel->connections)
		return;
	for (unsigned host = 0; host < HOSTS; host++) {
		const struct flow *f = call_flow(e->call, host);
		struct survey s = { .how = 0 };
		struct event with = *e;

		if (!f || !f->packets || f->defects & KEY_UNSURE)
			continue;
		if (f->data && f->first_seq > NEW_FLOW_SEQ)
			s.how |= UNLESS_MIDSTREAM;
		survey_calls(e, host, flow_call_id(f), e->call->first_time, &s);
		survey_connections(e, e->call->first_time, &s);
		if (s.pending && !s.refused && e->tunnel->pac != (int)host)
			continue;
		/* Acknowledgments alone prove nothing but a wrong Call ID of a live call. */
		if (!f->data && (!s.live || s.refused))
			continue;
		with.connection = s.connection;
		stray_fail(j, &with, host, f, &s);
	}
}
