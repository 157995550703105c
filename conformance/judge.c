/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the rules and keeps what they find: see judge.h and verdict.h. */
#include "conformance/judge.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "conformance/findings.h"
#include "conformance/pool.h"
#include "conformance/quirk.h"
#include "conformance/recent.h"
#include "conformance/rules_call.h"
#include "conformance/rules_control.h"
#include "conformance/rules_gre.h"

enum {
	CLOCK_SLACK_MS = 10, /* merged captures are a little out of order */
	CLOCK_DOUBT_MS = 120000, /* longer than what has to happen within a time may take */
};

struct judge {
	struct judge_front front;
	struct judge_options options;
	struct judge_stats stats;
	struct findings findings;
	struct finding current;      /* being completed by a rule */
	struct finding_entry *entry; /* of the current one, NULL: none */
	bool clock;                     /* time went backwards */
	struct pool calls, controls;    /* struct call_memory, struct control_memory */
	struct pool odd;                /* struct call_odd */
	struct gre_store *gre;          /* NULL: not needed yet */
	int64_t lost, clock_until;      /* see judge_lost, judge_doubt_clock */
	struct recent recent;           /* findings that were told (options.told) */
	struct finding_entry unkept;    /* ... have no entry of their own */
	struct message_limits limits[CTRL_TYPES];
	struct event event;             /* that the current finding was made of: rules make some of their own */
};

struct judge *judge_new(const struct judge_options *o)
{
	struct judge *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->options = *o;
	j->front.now = INT64_MIN;
	j->front.profile = o->profile;
	j->front.selected = o->selected;
	field_map_init(&j->front.fields);
	message_limits_init(j->limits, &j->front.fields);
	j->front.limits = j->limits;
	pool_init(&j->calls, sizeof(struct call_memory));
	pool_init(&j->controls, sizeof(struct control_memory));
	pool_init(&j->odd, sizeof(struct call_odd));
	j->lost = j->clock_until = INT64_MIN;
	findings_init(&j->findings, o->max_findings);
	if (o->told && !recent_init(&j->recent, o->max_findings)) {
		free(j);
		return NULL;
	}
	return j;
}

/* The finding that a rule has completed goes where the others are. */
static void settle(struct judge *j)
{
	if (!j->entry)
		return;
	j->entry->last_frame = j->current.last_frame; /* at() may have moved it */
	if (j->options.told)
		j->options.told(j->options.told_ctx, &j->current, &j->event);
	else
		findings_store(&j->findings, j->entry, &j->current);
	j->entry = NULL;
}

void judge_free(struct judge *j)
{
	if (!j)
		return;
	findings_clear(&j->findings);
	pool_clear(&j->calls);
	pool_clear(&j->controls);
	pool_clear(&j->odd);
	recent_clear(&j->recent);
	free(j->gre);
	free(j);
}

/* --- what holds ---------------------------------------------------------------------------- */

unsigned conditions(const struct judge *j, const struct event *e)
{
	const struct control_connection *c = e->connection;
	unsigned bits = 0;

	if (j->clock || j->front.now < j->clock_until)
		bits |= UNLESS_CLOCK;
	if (e->tunnel && e->tunnel->nat)
		bits |= UNLESS_NAT;
	if (pac_of(e) < 0)
		bits |= UNLESS_ROLE_UNKNOWN;
	if (e->kind == EVENT_GRE && (!e->call || !call_controlled(e->call)))
		bits |= UNLESS_NO_CALL;
	if (e->call && call_controlled(e->call) && !call_step(e->call, STEP_REQUEST).frame)
		bits |= UNLESS_MIDSTREAM;
	if (!c)
		return bits;
	if (c->midstream)
		bits |= UNLESS_MIDSTREAM;
	if (c->gaps || c->disordered)
		bits |= UNLESS_TCP_GAP;
	if (c->skipped[0] || c->skipped[1])
		bits |= UNLESS_NO_SYNC;
	if (!c->seen[0] || !c->seen[1])
		bits |= UNLESS_ONE_WAY;
	return bits;
}

/* What the event itself tells of the roles, where nothing told them before. */
static int pac_by(const struct event *e)
{
	enum role sender;

	if (e->kind != EVENT_MESSAGE || !e->msg->desc)
		return -1;
	sender = message_sender(e->msg->desc->type);
	return sender == ROLE_UNKNOWN ? -1 : (int)(sender == ROLE_PAC ? e->from : !e->from);
}

int pac_told(const struct event *e)
{
	if (e->connection)
		return pac_by(e);
	return e->tunnel ? e->tunnel->pac : -1;
}

int pns_of(const struct event *e)
{
	int pac = pac_of(e);

	return pac < 0 ? -1 : !pac;
}

const char *who(const struct event *e, unsigned host)
{
	int pac = pac_of(e);

	if (pac >= 0)
		return (unsigned)pac == host ? "the PAC" : "the PNS";
	if (!e->connection)
		return "the sender";
	return e->connection->originator == host ? "the originator" : "the receiver";
}

void judge_clock(struct judge *j, int64_t time_ns)
{
	if (time_ns > j->front.now || time_ns == INT64_MIN)
		j->front.now = time_ns;
}

void judge_lost(struct judge *j, int64_t time_ns)
{
	j->lost = time_ns;
}

void judge_doubt_clock(struct judge *j, int64_t time_ns)
{
	j->clock_until = time_ns + MILLISECONDS(CLOCK_DOUBT_MS);
}

/* --- finding fault ------------------------------------------------------------------------- */

/* A FIN counts as an octet. */
bool unheard(const struct event *e)
{
	const struct control_connection *c = e->connection;
	const struct control_memory *m = c ? c->memory : NULL;
	bool message = e->kind == EVENT_MESSAGE;

	for (unsigned host = 0; m && host < HOSTS; host++) {
		uint64_t acked = message ? e->origin->peer_acked : c->acked[host];

		if (!(message && host != e->from) && (int32_t)((uint32_t)acked - m->side[!host].end) > 1)
			return true;
	}
	return false;
}

/*
 * What of the conditions matters for the rule.  A rule about one message by itself (it does not ask
 * for the start of the connection) is not disturbed by what is missing elsewhere.
 */
static unsigned withholding(const struct judge *j, const struct event *e, const struct rule *r, unsigned how)
{
	unsigned bits = conditions(j, e);

	if (unheard(e) && !(how & FAIL_GARBAGE))
		bits |= UNLESS_TCP_GAP;
	if (!(r->unless & UNLESS_MIDSTREAM))
		bits &= ~(unsigned)(UNLESS_TCP_GAP | UNLESS_NO_SYNC);
	if (how & FAIL_GARBAGE)
		bits &= ~(unsigned)UNLESS_NO_SYNC;
	return (bits | how) & r->unless;
}

/*
 * Packets were lost while what the event is about was going on, and the rule asks for what went before.  One
 * about a packet by itself does not mind.
 */
static bool in_doubt(const struct judge *j, const struct event *e, const struct rule *r)
{
	int64_t since = e->call	        ? e->call->first_time
			: e->connection ? e->connection->first_time
					: e->time_ns;

	return since <= j->lost && r->unless & UNLESS_MIDSTREAM;
}

static enum certainty certainty_of(const struct rule *r, unsigned how)
{
	return r->proof == PROOF_CERTAIN || (r->proof == PROOF_CONDITIONAL && !(how & FAIL_DOUBT)) ||
			       (r->proof == PROOF_SUSPECTED && how & FAIL_CERTAIN)
		       ? CERTAIN
		       : SUSPECTED;
}

static struct finding_key key_of(const struct event *e, enum rule_number rule, int host, unsigned how)
{
	struct finding_key key = { .rule = rule, .host = host, .tunnel = e->tunnel ? e->tunnel->id : 0 };

	if (how & FAIL_TUNNEL)
		return key;
	key.connection = e->connection ? e->connection->id : e->call ? call_connection_id(e->call) : 0;
	if (e->call && !(how & FAIL_CONNECTION))
		key.call = e->call->id;
	return key;
}

static void begin(struct judge *j, const struct event *e, enum rule_number rule, int host, unsigned how)
{
	const struct rule *r = &rules[rule];
	struct finding *f = &j->current;
	int pac = pac_of(e);

	memset(f, 0, sizeof(*f));
	f->id = r->id;
	f->section = r->section;
	f->level = rule_level_name(r->level);
	f->certainty = in_doubt(j, e, r) ? SUSPECTED : certainty_of(r, how);
	f->severity = how & FAIL_NOTE ? SEVERITY_NOTE : rule_severity(r, f->certainty);
	f->tunnel = e->tunnel ? e->tunnel->id : 0;
	f->connection = e->connection ? e->connection->id : e->call ? call_connection_id(e->call) : 0;
	f->call = e->call ? e->call->id : 0;
	if (host >= 0 && e->tunnel) {
		f->has_fault = true;
		f->at_fault = e->tunnel->host[host];
		f->role = pac < 0 ? ROLE_UNKNOWN : pac == host ? ROLE_PAC : ROLE_PNS;
	}
	f->frame = f->last_frame = e->frame;
	f->time_ns = e->time_ns;
	f->count = 1;
	snprintf(f->message, sizeof(f->message), "%s", r->statement);
	quirk_names(rule, f->role, false, f->known_as, sizeof(f->known_as));
	/* That a call is over is told without a frame of its own. */
	if (e->kind != EVENT_CALL_OVER && e->kind != EVENT_CALL_DONE)
		evidence(f, e->frame);
}

/* Where repetitions are counted; *fresh: it is none.  NULL at the limit. */
static struct finding_entry *entry_of(struct judge *j, const struct finding_key *key, bool *fresh)
{
	if (!j->options.told)
		return findings_entry(&j->findings, key, fresh);
	*fresh = recent_add(&j->recent, key);
	return &j->unkept;
}

struct finding *fail(struct judge *j, const struct event *e, enum rule_number rule, int host, unsigned how)
{
	const struct rule *r = &rules[rule];
	struct finding_key key;
	struct finding_entry *entry;
	unsigned by;
	bool fresh;

	settle(j);
	if (!rule_holds(r, j->front.profile))
		return NULL;
	if (host == (int)e->from && e->kind == EVENT_MESSAGE)
		for (unsigned s = 0; s <= (how & FAIL_NOTE ? SEVERITY_NOTE : r->severity); s++)
			j->front.faults[s]++;
	if (!selected(j, rule))
		return NULL;
	by = withholding(j, e, r, how);
	if (by) {
		j->stats.withheld_by[rule] |= by;
		j->stats.withheld[rule]++;
		return NULL;
	}
	key = key_of(e, rule, host, how);
	entry = entry_of(j, &key, &fresh);
	if (!entry) {
		j->stats.over_limit++;
		return NULL;
	}
	if (!fresh) {
		entry->count++;
		entry->last_frame = e->frame > entry->last_frame ? e->frame : entry->last_frame;
		return NULL;
	}
	begin(j, e, rule, host, how);
	entry->last_frame = e->frame;
	j->entry = entry;
	j->event = *e;
	return &j->current;
}

#define COMPLETE(f, member, format)                                                                          \
	do {                                                                                                 \
		va_list ap;                                                                                  \
		if (!(f))                                                                                    \
			return NULL;                                                                         \
		va_start(ap, format);                                                                        \
		vsnprintf((f)->member, sizeof((f)->member), format, ap);                                     \
		va_end(ap);                                                                                  \
		return f;                                                                                    \
	} while (0)

struct finding *expected(struct finding *f, const char *format, ...)
{
	COMPLETE(f, expected, format);
}

struct finding *observed(struct finding *f, const char *format, ...)
{
	COMPLETE(f, observed, format);
}

struct finding *say(struct finding *f, const char *format, ...)
{
	COMPLETE(f, message, format);
}

struct finding *evidence(struct finding *f, uint64_t frame)
{
	if (!f || !frame || f->nevidence == FINDING_EVIDENCE)
		return f;
	for (unsigned i = 0; i < f->nevidence; i++)
		if (f->evidence[i] == frame)
			return f;
	f->evidence[f->nevidence++] = frame;
	return f;
}

struct finding *at(struct finding *f, uint64_t frame, int64_t time_ns)
{
	if (!f || !frame)
		return f;
	f->frame = frame;
	f->last_frame = frame;
	f->time_ns = time_ns;
	return evidence(f, frame);
}

/* --- memory -------------------------------------------------------------------------------- */

struct control_memory *control_memory_make(struct judge *j, struct control_connection *c)
{
	c->memory = pool_get(&j->controls);
	return c->memory;
}

struct call_memory *call_memory_make(struct judge *j, struct call *c)
{
	c->memory = pool_get(&j->calls);
	return c->memory;
}

struct tunnel_memory *tunnel_memory(struct judge *j, struct tunnel *t)
{
	(void)j;
	if (!t->memory)
		t->memory = calloc(1, sizeof(*t->memory));
	return t->memory;
}

struct gre_memory *gre_memory(struct judge *j, struct call *c, unsigned host)
{
	struct call_memory *m = call_memory(j, c);

	if (!m)
		return NULL;
	m->gre[host].side = host & 1;
	return &m->gre[host];
}

static struct call_odd *odd_of(struct judge *j, struct call_memory *m)
{
	if (!m->odd)
		m->odd = pool_get(&j->odd);
	return m->odd;
}

struct call_odd *call_odd(struct judge *j, struct call *c)
{
	struct call_memory *m = call_memory(j, c);

	return m ? odd_of(j, m) : NULL;
}

struct gre_trouble *gre_trouble(struct judge *j, struct gre_memory *m)
{
	struct call_odd *odd = odd_of(j, gre_whole(m));

	if (odd && !odd->gre[m->side])
		odd->gre[m->side] = calloc(1, sizeof(*odd->gre[m->side]));
	return odd ? odd->gre[m->side] : NULL;
}

struct gre_store *gre_store(struct judge *j)
{
	if (!j->gre)
		j->gre = calloc(1, sizeof(*j->gre));
	return j->gre;
}

void judge_forget_connection(struct judge *j, struct control_connection *c)
{
	pool_put(&j->controls, c->memory);
	c->memory = NULL;
}

void judge_forget_tunnel(struct judge *j, struct tunnel *t)
{
	(void)j;
	free(t->memory);
	t->memory = NULL;
}

static void odd_free(struct judge *j, struct call_odd *odd)
{
	if (!odd)
		return;
	for (unsigned host = 0; host < HOSTS; host++)
		free(odd->gre[host]);
	free(odd->wen);
	pool_put(&j->odd, odd);
}

void judge_forget_call(struct judge *j, struct call *c)
{
	if (!c->memory)
		return;
	odd_free(j, c->memory->odd);
	pool_put(&j->calls, c->memory);
	c->memory = NULL;
}

/* --- events -------------------------------------------------------------------------------- */

static void count_conditions(struct judge *j, const struct event *e)
{
	uint64_t *count = e->kind == EVENT_CLOSE ? j->stats.connections : j->stats.calls;
	unsigned bits = conditions(j, e);

	if (e->kind == EVENT_CALL_DONE && !call_controlled(e->call))
		bits |= UNLESS_NO_CALL;
	for (unsigned bit = 0; bits >> bit; bit++)
		count[bit] += bits >> bit & 1;
}

/* Of a capture that ends, all is in doubt then; of one that goes on for weeks, only some of it. */
static void clock_back(struct judge *j)
{
	if (j->options.told)
		judge_doubt_clock(j, j->front.now);
	else
		j->clock = true;
}

/* Asks those who care for such an event, in the order of verdict.h. */
static void ask(struct judge *j, const struct event *e)
{
	switch (e->kind) {
	case EVENT_MESSAGE:
		/* Taking it in may end calls: those events come before judge_applied() and are not about it. */
		j->front.moot = 0;
		memset(j->front.faults, 0, sizeof(j->front.faults));
		rules_message(j, e);
		rules_control(j, e);
		rules_call(j, e);
		break;
	case EVENT_FIN:
		rules_message(j, e);
		rules_control(j, e);
		rules_call(j, e);
		rules_gre(j, e);
		break;
	case EVENT_RST:
		rules_control(j, e);
		rules_call(j, e);
		rules_gre(j, e);
		break;
	case EVENT_CLOSE:
		rules_message(j, e);
		rules_control(j, e);
		rules_call(j, e);
		count_conditions(j, e);
		break;
	case EVENT_SKIPPED:
	case EVENT_GAP:
	case EVENT_FORGET:
		rules_control(j, e);
		break;
	case EVENT_GRE:
		rules_gre(j, e);
		break;
	case EVENT_CALL_OVER:
		rules_call(j, e);
		rules_gre(j, e);
		break;
	case EVENT_CALL_DONE:
		rules_gre(j, e);
		count_conditions(j, e);
		break;
	case EVENT_OPEN:
	case EVENT_END:
		break;
	}
}

void judge_event(struct judge *j, const struct event *e)
{
	if (e->time_ns > j->front.now)
		j->front.now = e->time_ns;
	else if (j->front.now - e->time_ns > MILLISECONDS(CLOCK_SLACK_MS) && e->kind == EVENT_GRE)
		clock_back(j);
	ask(j, e);
	if (j->front.profile == PROFILE_MS_PTPT)
		rules_profile(j, e);
	if (j->options.told)
		settle(j);
}

/* Messages that let tunnel data begin, or end it. */
enum { ABOUT_DATA = 1 << CTRL_OCRP | 1 << CTRL_ICCN | 1 << CTRL_STOPRQ | 1 << CTRL_STOPRP };

void judge_applied(struct judge *j, const struct event *e, struct call *call)
{
	const struct ctrl_desc *d = e->msg->desc;

	/* Of most messages there is nothing to remember of the connection. */
	if (fault_count(j, SEVERITY_NOTE) || moot(j) & (MOOT_HEADER | MOOT_DIRECTION) ||
	    e->connection->role_frame == e->frame)
		control_applied(j, e);
	if (call)
		call_applied(j, e, call);
	if (d && ABOUT_DATA >> d->type & 1)
		gre_applied(j, e, call);
	if (j->options.told)
		settle(j);
}

bool judge_walk(struct judge *j, void (*fn)(void *ctx, const struct finding *f), void *ctx)
{
	settle(j);
	return findings_walk(&j->findings, fn, ctx);
}

const struct judge_stats *judge_stats(const struct judge *j)
{
	return &j->stats;
}
