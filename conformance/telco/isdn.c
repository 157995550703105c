/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ISDN lines: the messages of Q.931 on the D channel.  See telco_private.h. */
#include "conformance/telco/telco_private.h"

/* The network ends a call: it has asked for that, the PAC lets go of the channel, the network as well. */
static void disconnect(struct telco_line *l, uint16_t cause)
{
	l->cause = cause;
	line_log(l, "DISCONNECT(%u) RELEASE RELEASE-COMPLETE", cause);
}

static uint16_t cause_of(const struct telco_line *l, uint16_t usual)
{
	return l->script.cause ? l->script.cause : usual;
}

static enum telco_outcome refused(struct telco_line *l, enum telco_outcome o)
{
	if (o == TELCO_NO_DIALTONE && l->script.cause == 0) {
		l->cause = 0;
		line_log(l, "LAYER-1-DOWN");
		return o;
	}
	line_log(l, "SETUP");
	if (o == TELCO_NO_DIALTONE || o == TELCO_REJECTED) {
		l->cause = cause_of(l, o == TELCO_REJECTED ? CAUSE_REJECTED : CAUSE_NO_CHANNEL);
		line_log(l, "RELEASE-COMPLETE(%u)", l->cause);
		return o;
	}
	line_log(l, "CALL-PROCEEDING");
	disconnect(l, cause_of(l, o == TELCO_BUSY          ? CAUSE_BUSY
				  : o == TELCO_UNALLOCATED ? CAUSE_UNALLOCATED
							   : CAUSE_OUT_OF_ORDER));
	return o;
}

static void alerting(struct telco_line *l)
{
	line_log(l, "SETUP CALL-PROCEEDING ALERTING");
}

static void unanswered(struct telco_line *l)
{
	disconnect(l, cause_of(l, CAUSE_NO_ANSWER));
}

static void connected(struct telco_line *l)
{
	line_log(l, "CONNECT CONNECT-ACK");
}

static void incoming(struct telco_line *l)
{
	line_log(l, "SETUP CALL-PROCEEDING ALERTING");
}

static void answer(struct telco_line *l)
{
	line_log(l, "CONNECT CONNECT-ACK");
}

static void reject(struct telco_line *l, bool busy)
{
	l->cause = busy ? CAUSE_BUSY : CAUSE_REJECTED;
	line_log(l, "DISCONNECT(%u) RELEASE RELEASE-COMPLETE", l->cause);
}

static void clear(struct telco_line *l, uint16_t cause)
{
	line_log(l, "DISCONNECT(%u) RELEASE RELEASE-COMPLETE", cause);
}

const struct line_ops isdn_ops = {
	.setup_ns = 50 * NET_MILLISECOND,
	.refused = refused,
	.alerting = alerting,
	.unanswered = unanswered,
	.connected = connected,
	.incoming = incoming,
	.answer = answer,
	.reject = reject,
	.far_clears = disconnect,
	.clear = clear,
};
