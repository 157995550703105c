/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why control connections fail; see diagnose.h.  Calls: diagnose_call.c. */
#include "analyzer/diagnose.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "analyzer/diagnose_private.h"
#include "dissectors/ip.h"

/* --- collecting ---------------------------------------------------------------------------- */

struct diagnosis *found(struct diagnoses *d, const char *code, enum confidence confidence, int host,
			const char *words, const char *next)
{
	struct diagnosis *x;

	if (d->count == DIAGNOSES_MAX)
		return NULL;
	x = &d->list[d->count++];
	x->summary[0] = '\0';
	x->has_fault = false;
	x->nevidence = 0;
	x->code = code;
	x->confidence = confidence;
	x->next = next;
	x->fault_words = words;
	if (host >= 0) {
		x->has_fault = true;
		x->at_fault = d->tunnel->host[host];
	}
	return x;
}

void because(struct diagnosis *x, const char *format, ...)
{
	va_list ap;

	if (!x)
		return;
	va_start(ap, format);
	vsnprintf(x->summary, sizeof(x->summary), format, ap);
	va_end(ap);
}

void because_of(struct diagnosis *x, const char *first, const char *second, const char *third)
{
	const char *const parts[] = { first, second, third };
	size_t used = 0;

	for (unsigned i = 0; x && i < sizeof(parts) / sizeof(*parts); i++) {
		size_t len = strnlen(parts[i], sizeof(x->summary) - 1 - used);

		memcpy(x->summary + used, parts[i], len);
		used += len;
		x->summary[used] = '\0';
	}
}

void shown_by(struct diagnosis *x, uint64_t frame)
{
	if (!x || !frame || x->nevidence == DIAGNOSIS_EVIDENCE)
		return;
	for (unsigned i = 0; i < x->nevidence; i++)
		if (x->evidence[i] == frame)
			return;
	x->evidence[x->nevidence++] = frame;
}

const char *host_words(const struct diagnoses *d, unsigned host, char buf[HOST_WORDS])
{
	char addr[IP_ADDR_TEXT];

	ip_addr_text(&d->tunnel->host[host], addr);
	snprintf(buf, HOST_WORDS, "%s%s",
		 d->pac < 0                 ? ""
		 : (unsigned)d->pac == host ? "the PAC "
					    : "the PNS ",
		 addr);
	return buf;
}

const char *confidence_name(enum confidence c)
{
	static const char *const names[] = { "low", "medium", "high" };

	return names[c];
}

/* --- connections --------------------------------------------------------------------------- */

#define PATIENCE CONVERSATION_PATIENCE

static uint64_t messages_of(const struct control_connection *c, unsigned host)
{
	uint64_t n = 0;

	for (unsigned type = 1; type < CTRL_TYPES; type++)
		n += c->messages[host][type];
	return n;
}

static void tcp_level(struct diagnoses *d, const struct control_connection *c)
{
	unsigned server = !c->originator;
	char a[HOST_WORDS], b[HOST_WORDS];
	struct diagnosis *x;

	if (c->tcp_refused) {
		x = found(d, "tcp-refused", CONFIDENCE_HIGH, (int)server, NULL,
			  "Start the PPTP server there, or let TCP port 1723 through its firewall.");
		because(x,
			"%s answered the TCP connection to port %u with a reset: nothing listens there, or a "
			"firewall refuses it",
			host_words(d, server, a), c->port[1]);
		shown_by(x, c->first_frame);
		shown_by(x, c->last_frame);
		return;
	}
	if (c->midstream || c->accepted || c->seen[server] || messages_of(c, c->originator) ||
	    d->end - c->first_time < PATIENCE)
		return;
	x = found(d, "tcp-no-answer", CONFIDENCE_MEDIUM, NOBODY_AT_FAULT,
		  "the network between them, or the server",
		  "Check that the server is up and that nothing on the way drops TCP port 1723.");
	because(x, "%s asked %s for a TCP connection to port %u and never got an answer",
		host_words(d, c->originator, a), host_words(d, server, b), c->port[1]);
	shown_by(x, c->first_frame);
	shown_by(x, c->last_frame);
}

static void not_pptp(struct diagnoses *d, const struct control_connection *c)
{
	for (unsigned host = 0; host < HOSTS; host++) {
		char a[HOST_WORDS];
		struct diagnosis *x;

		if (!(c->messages[host][0] || c->skipped[host]) || c->lost[host] || messages_of(c, host))
			continue;
		x = found(d, "not-pptp", CONFIDENCE_HIGH, (int)host, NULL,
			  "Find out which program talks there: it does not speak PPTP.");
		because(x, "%s sent octets on the control connection that are no PPTP message",
			host_words(d, host, a));
		shown_by(x, c->bad_frame[host]);
		shown_by(x, c->last_frame);
	}
}

struct reply_words {
	uint8_t result;
	const char *code, *words, *next;
};

static const struct reply_words start_failures[] = {
	{ 2, "control-refused", "with a general error", "Look into the log of the side that refused." },
	{ 3, "control-refused", "because a control connection between the two exists already",
	  "End the old connection, or wait until it has timed out." },
	{ 4, "not-authorized", "because the requester is not authorized",
	  "Allow the requester's address or name at the side that refused." },
	{ 5, "version-mismatch", "because the protocol version is not supported",
	  "Compare the Protocol Versions of the two start messages." },
};

static void start_refused(struct diagnoses *d, const struct control_connection *c)
{
	unsigned server = !c->originator;
	const struct start_info *reply = &c->start[1];
	char a[HOST_WORDS];

	for (size_t i = 0; i < sizeof(start_failures) / sizeof(start_failures[0]); i++) {
		const struct reply_words *w = &start_failures[i];
		const char *error;
		struct diagnosis *x;

		if (reply->result != w->result)
			continue;
		error = ctrl_error_name(reply->error);
		x = found(d, w->code, CONFIDENCE_HIGH, (int)server, NULL, w->next);
		because(x, "%s refused the control connection %s%s%s", host_words(d, server, a), w->words,
			reply->error && error ? ": " : "", reply->error && error ? error : "");
		shown_by(x, c->start[0].frame);
		shown_by(x, reply->frame);
	}
}

/* Both have begun at once: the other one's connection is the one that stays. */
static bool collided(const struct control_connection *c)
{
	for (const struct control_connection *o = c->tunnel->first_connection; o; o = o->next)
		if (o != c && o->originator != c->originator && o->start[1].frame &&
		    o->first_time <= c->last_time && c->first_time <= o->last_time)
			return true;
	return false;
}

static void start_level(struct diagnoses *d, const struct control_connection *c)
{
	unsigned client = c->originator, server = !client;
	char a[HOST_WORDS], b[HOST_WORDS];
	struct diagnosis *x;

	if (c->messages[server][CTRL_SCCRP]) {
		start_refused(d, c);
		return;
	}
	if (!c->messages[client][CTRL_SCCRQ] || c->lost[server] || !c->seen[server] || d->count ||
	    collided(c))
		return;
	/* Where it said something else, waiting longer would not help. */
	if (!messages_of(c, server) && c->close == CLOSE_NONE && d->end - c->first_time < PATIENCE)
		return;
	x = found(d, "control-no-reply", CONFIDENCE_HIGH, (int)server, NULL,
		  "See whether the PPTP server process is healthy: TCP is accepted, PPTP is not answered.");
	because(x, "%s never answered the Start-Control-Connection-Request of %s", host_words(d, server, a),
		host_words(d, client, b));
	shown_by(x, c->start[0].frame);
	shown_by(x, c->last_frame);
}

static void keepalive(struct diagnoses *d, const struct control_connection *c)
{
	int host = connection_echo_lost(c, d->end);
	char a[HOST_WORDS], b[HOST_WORDS];
	struct diagnosis *x;

	if (host < 0)
		return;
	x = found(d, "keepalive-lost", CONFIDENCE_HIGH, !host, NULL,
		  "Check the link to that side and whether its PPTP process hangs.");
	because(x, "%s sent an Echo-Request that %s did not answer for %.1f s",
		host_words(d, (unsigned)host, a), host_words(d, !host, b),
		(double)(d->end - c->echo_time[host]) / 1e9);
	shown_by(x, c->echo_frame[host]);
	shown_by(x, c->last_frame);
}

/* One side repeats itself and the other has fallen silent. */
static void vanished(struct diagnoses *d, const struct control_connection *c)
{
	int host = connection_vanished(c);
	char a[HOST_WORDS], b[HOST_WORDS];
	struct diagnosis *x;

	if (host < 0)
		return;
	x = found(
		d, "peer-vanished", CONFIDENCE_MEDIUM, host, NULL,
		"Check power, link and route of that side; the other one repeated itself without an answer.");
	because(x,
		"%s was not heard of for the last %.1f s, while %s repeated its segments %" PRIu32 " times",
		host_words(d, (unsigned)host, a), (double)(c->last_time - c->heard_time[host]) / 1e9,
		host_words(d, !host, b), c->retransmitted[!host]);
	shown_by(x, c->heard_frame[host]);
	shown_by(x, c->last_frame);
}

static void reset(struct diagnoses *d, const struct control_connection *c)
{
	char a[HOST_WORDS];
	struct diagnosis *x;

	if (!c->reset_first || c->tcp_refused || c->closed_by < 0)
		return;
	/* It may have closed in order before, which the capture lacks. */
	if (c->disordered || c->gaps || (c->midstream && !messages_of(c, (unsigned)c->closed_by)))
		return;
	x = found(d, "tcp-reset", CONFIDENCE_HIGH, c->closed_by, NULL,
		  "Look into the log of that side at that time; a firewall on the way may also have sent the "
		  "reset.");
	because(x, "%s reset the control connection%s", host_words(d, (unsigned)c->closed_by, a),
		messages_of(c, 0) + messages_of(c, 1) ? ""
						      : " before any message (a port scan looks like this)");
	shown_by(x, c->last_frame);
}

unsigned diagnose_connection(const struct control_connection *c, int64_t now,
			     struct diagnosis out[DIAGNOSES_MAX])
{
	struct diagnoses d = { out, 0, c->tunnel, c->pac, c->watched_time ? c->watched_time : now };

	tcp_level(&d, c);
	not_pptp(&d, c);
	start_level(&d, c);
	keepalive(&d, c);
	vanished(&d, c);
	reset(&d, c);
	if (!d.count && c->start[0].frame && c->messages[!c->originator][CTRL_SCCRP] &&
	    c->start[1].result <= 1 && !c->gaps) {
		struct diagnosis *x = found(&d, "healthy", CONFIDENCE_HIGH, NOBODY_AT_FAULT, NULL,
					    "Nothing is to be done about the control connection.");

		because_of(x, "the control connection was set up",
			   c->close == CLOSE_FIN ? " and closed in order" : "", "");
		shown_by(x, c->start[0].frame);
		shown_by(x, c->start[1].frame);
	}
	return d.count;
}
