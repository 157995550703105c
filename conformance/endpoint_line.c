/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The telephone side of a PAC's calls: lines taken and released, their errors, and what happens on them. */
#include <stdio.h>
#include <string.h>

#include "conformance/endpoint_private.h"

enum { CAUSE_NO_CHANNEL = 34 };

/* --- lines and their errors -------------------------------------------------------------------------- */

void pac_own_line(struct session *s, struct telco_line *line)
{
	s->line = line;
	telco_set_owner(line, s, (uint32_t)s->peer_id << 16 | s->id);
}

/* Errors from before the call began are not its own (section 2.14). */
void pac_begin_counting(struct session *s)
{
	s->own = (struct telco_errors){ 0 };
	s->base = s->line ? *telco_errors(s->line) : s->own;
}

static void add_errors(struct telco_errors *to, const struct telco_errors *more)
{
	to->crc += more->crc;
	to->framing += more->framing;
	to->hardware += more->hardware;
	to->buffer += more->buffer;
	to->timeout += more->timeout;
	to->alignment += more->alignment;
}

void pac_release(struct session *s)
{
	struct telco_line *line = s->line;

	add_errors(&s->e->earlier, &s->to_earlier);
	s->line = NULL;
	if (line)
		telco_hangup(line, 0);
}

void pac_errors(const struct session *s, struct telco_errors *errors)
{
	const struct telco_errors *now = s->line ? telco_errors(s->line) : &s->own;

	errors->crc = now->crc - s->base.crc;
	errors->framing = now->framing - s->base.framing;
	errors->hardware = now->hardware - s->base.hardware;
	errors->buffer = now->buffer - s->base.buffer;
	errors->timeout = now->timeout - s->base.timeout;
	errors->alignment = now->alignment - s->base.alignment;
}

void pac_count_errors(struct session *s, const struct telco_errors *more)
{
	if (s->line) {
		telco_count_errors(s->line, more);
		return;
	}
	add_errors(&s->own, more);
	session_event(s, HAPPENS_LINE_ERRORS, NULL);
}

void pac_send_errors(struct session *s)
{
	static const struct telco_errors none;
	struct telco_errors n;

	pac_errors(s, &n);
	if (memcmp(&n, &none, sizeof(n)) == 0 && !fault_on(s->e, FAULT_WEN_ERRONLY_01))
		return;
	if (fault_on(s->e, FAULT_WEN_CUMUL_01))
		add_errors(&s->base, &n);
	if (fault_on(s->e, FAULT_WEN_RESET_01)) {
		struct telco_errors own = n;

		add_errors(&n, &s->e->earlier);
		s->to_earlier = own;
	}
	connection_send_fields(s->c, CTRL_WEN, "peer_call_id", (int64_t)s->peer_id, "crc_errors",
			       (int64_t)n.crc, "framing_errors", (int64_t)n.framing, "hardware_overruns",
			       (int64_t)n.hardware, "buffer_overruns", (int64_t)n.buffer, "time_out_errors",
			       (int64_t)n.timeout, "alignment_errors", (int64_t)n.alignment, NULL);
	net_timer_set(s->e->net, &s->wen, net_now(s->e->net) + s->e->config.timers.wen);
}

void pac_notify_errors(struct session *s, const struct cue *cue)
{
	(void)cue;
	/* MS-PTPT section 3.2.5.6: never sent. */
	if (is_ms_ptpt(s->e))
		return;
	s->wen_waits = s->wen.slot != 0 && !fault_on(s->e, FAULT_WEN_RATE_01);
	if (!s->wen_waits)
		pac_send_errors(s);
}

void pac_may_notify(void *session)
{
	struct session *s = session;

	if (s->wen_waits)
		pac_send_errors(s);
	s->wen_waits = false;
}

/* --- what happens on them --------------------------------------------------------------------------- */

struct session *pac_ring(struct endpoint *e, struct telco_line *line, char *err, size_t room)
{
	struct connection *c = endpoint_newest(e);
	struct session *s = NULL;

	if (ms_ptpt_unless(e, FAULT_MSP_ICRQ_01))
		snprintf(err, room, "incoming calls are no part of the ms-ptpt profile");
	else if (!c)
		snprintf(err, room, "there is no control connection");
	else if (endpoint_is_full(e, 1) ||
		 (fault_on(e, FAULT_SCCRP_MAXCH_02) && c->peer_channels && c->nsessions >= c->peer_channels))
		snprintf(err, room, "too many calls");
	else if (!(s = session_new(c, MACHINE_PAC_IN)))
		snprintf(err, room, "out of memory");
	if (!s) {
		telco_reject(line, true);
		return NULL;
	}
	snprintf(s->number, sizeof(s->number), "%s", telco_line_number(line));
	snprintf(s->dialing, sizeof(s->dialing), "%s", telco_line_dialing(line));
	snprintf(s->subaddress, sizeof(s->subaddress), "%s", telco_line_subaddress(line));
	s->serial = e->next_serial++;
	pac_own_line(s, line);
	return s;
}

/* How dialling can end, in the words of sections 2.8 and 3.2.4.1; the choice of errors is ours. */
static const struct failure {
	enum machine_event event;
	uint8_t result, error;
	const char *why;
} failures[TELCO_OUTCOMES] = {
	[TELCO_ANSWER] = { HAPPENS_LINE_NO_CARRIER, 3, 0, "no carrier" },
	[TELCO_SLOW] = { HAPPENS_LINE_NO_CARRIER, 3, 0, "no carrier" },
	[TELCO_BUSY] = { HAPPENS_LINE_BUSY, 4, 0, "busy" },
	[TELCO_NO_CARRIER] = { HAPPENS_LINE_NO_CARRIER, 3, 0, "no carrier" },
	[TELCO_NO_DIALTONE] = { HAPPENS_LINE_NO_TONE, 5, 0, "no dial tone" },
	[TELCO_RING] = { HAPPENS_T_DIAL, 6, 0, "nobody answers" },
	[TELCO_BARRED] = { HAPPENS_LINE_REFUSED, 7, 0, "the number is barred" },
	[TELCO_UNALLOCATED] = { HAPPENS_LINE_REFUSED, 2, 6, "the number is not allocated" },
	[TELCO_REJECTED] = { HAPPENS_LINE_REFUSED, 2, 6, "the call was rejected" },
	[TELCO_FAILURE] = { HAPPENS_LINE_NO_CARRIER, 3, 0, "the network is out of order" },
};

static void line_failed(struct session *s, const struct telco_told *t)
{
	const struct failure *f = &failures[t->outcome];
	struct cue cue = { .result = f->result, .error = f->error, .cause = t->cause, .why = f->why };

	/* An ISDN line has no dial tone to lack, but a channel. */
	if (t->outcome == TELCO_NO_DIALTONE && t->cause == CAUSE_NO_CHANNEL) {
		cue.result = 2;
		cue.error = 4;
	}
	session_event(s, f->event, &cue);
}

static void line_dropped(struct session *s, const struct telco_told *t)
{
	struct cue cue = { .cause = t->cause, .why = t->hung_up ? "hung up at the far end" : "carrier lost" };
	enum machine_event ev = HAPPENS_LINE_DROPPED;

	cue.result = s->state == STATE_WAIT_CS_ANS ? 3 : 1;
	if (s->state == STATE_WAIT_REPLY || (s->state == STATE_ANSWERING && t->hung_up))
		ev = HAPPENS_CALLER_GONE;
	else if (s->state == STATE_ANSWERING)
		ev = HAPPENS_LINE_FAILED;
	session_event(s, ev, &cue);
	/* Its ring had not been offered yet. */
	if (s->state == STATE_IDLE)
		session_end(s, cue.why);
}

static void line_rings(struct endpoint *e, struct telco_line *line, struct session *s)
{
	char err[96];

	if (!s)
		s = pac_ring(e, line, err, sizeof(err));
	if (s)
		session_event(s, HAPPENS_RING, NULL);
	else
		endpoint_say(e, NEWS_REJECTED, 0, "a telephone call is not taken: %s", err);
}

void endpoint_telco(void *endpoint, const struct telco_told *t)
{
	struct session *s = telco_owner(t->line);

	if (t->event == TELCO_RINGING) {
		line_rings(endpoint, t->line, s);
		return;
	}
	if (!s)
		return;
	switch (t->event) {
	case TELCO_CONNECTED:
		s->speed = t->speed;
		session_event(s, HAPPENS_LINE_UP, NULL);
		break;
	case TELCO_FAILED:
		line_failed(s, t);
		break;
	case TELCO_DROPPED:
		line_dropped(s, t);
		break;
	case TELCO_ERRORS:
		session_event(s, HAPPENS_LINE_ERRORS, NULL);
		break;
	case TELCO_DATA:
		session_emit(s, t->octets, t->len);
		break;
	case TELCO_RINGING:
		break;
	}
}
