/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why PPP inside a call did not come up, or went down again.
 *
 * Phases come one after the other, so that the first one that failed is the reason.  That something
 * was not answered is said only where nothing of the other side is missing from the capture.
 */
#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

#include "analyzer/diagnose_private.h"

enum {
	TRIES = 3,          /* requests that should have had an answer */
	ECHOES = 3,         /* LCP Echo-Requests likewise */
	RESETS = 10,        /* of compression: more are a storm ... */
	RESETS_PERCENT = 5, /* ... if they are so many of the packets */
	USER_WORDS = 80,
};

#define SETTLED SECONDS(10) /* nothing more comes after this much silence */
#define AT_ONCE SECONDS(1)  /* network protocols start right after LCP */

struct look {
	struct diagnoses *d;
	const struct call *c;
	const struct ppp_session *s;
	bool settled; /* PPP has come as far as it will */
};

static bool was_opened(const struct ppp_session *s, enum ppp_neg neg)
{
	return s->asking[neg][0].flags & s->asking[neg][1].flags & PPP_WAS_ACKED;
}

static bool both_speak(const struct look *l)
{
	return flow_of(l->c, 0) && flow_of(l->c, 1);
}

/* Requests of a host that got no answer at all, though nothing of the other one is missing. */
static bool unanswered(const struct look *l, enum ppp_neg neg, unsigned host)
{
	const struct ppp_asking *a = &l->s->asking[neg][host];

	return a->requests + a->repeated >= TRIES && !(a->flags & (PPP_ANSWERED | PPP_WAS_ACKED)) &&
	       !a->naks && !a->rejects && !(a->flags & PPP_NEG_REJECTED) && all_seen(l->c, !host);
}

static void text_words(const struct ppp_session *s, enum ppp_text_kind kind, unsigned end, const char *before,
		       char buf[USER_WORDS])
{
	const struct ppp_text *t = ppp_session_text(s, kind, end);
	char escaped[USER_WORDS - 24];

	*buf = '\0';
	if (t && t->len)
		snprintf(buf, USER_WORDS, "%s\"%s\"", before,
			 ctrl_escape(t->octets, t->len, escaped, sizeof(escaped)));
}

static void end_shown_by(struct diagnosis *x, const struct look *l)
{
	shown_by(x, l->s->end ? l->s->end_frame : call_last(l->c).frame);
}

/* --- LCP ----------------------------------------------------------------------------------- */

static bool lcp_unanswered(const struct look *l, unsigned host)
{
	const struct ppp_asking *a = &l->s->asking[PPP_NEG_LCP][host];
	char b[HOST_WORDS], e[HOST_WORDS];
	struct diagnosis *x;

	if (!both_speak(l) || !unanswered(l, PPP_NEG_LCP, host))
		return false;
	x = found(l->d, "lcp-no-agreement", CONFIDENCE_HIGH, !host, NULL,
		  "See whether PPP was started on that side: the log of its PPP daemon tells why not.");
	because(x, "%s sent %u LCP Configure-Requests and %s, whose GRE arrives, answered none of them",
		host_words(l->d, host, b), a->requests + a->repeated, host_words(l->d, !host, e));
	shown_by(x, flow_first_frame(flow_of(l->c, host)));
	shown_by(x, flow_last_frame(flow_of(l->c, !host)));
	return true;
}

static const char *lcp_option_words(uint8_t option)
{
	static const struct {
		uint8_t option;
		const char *words;
	} rows[] = {
		{ LCP_OPT_MRU, "its MRU" },
		{ LCP_OPT_ACCM, "its character map" },
		{ LCP_OPT_AUTH, "authentication" },
		{ LCP_OPT_QUALITY, "link quality monitoring" },
		{ LCP_OPT_MAGIC, "its magic number" },
		{ LCP_OPT_PFC, "protocol field compression" },
		{ LCP_OPT_ACFC, "address and control field compression" },
		{ LCP_OPT_CALLBACK, "callback" },
		{ LCP_OPT_MRRU, "multilink" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].option == option)
			return rows[i].words;
	return "an option";
}

static bool lcp_stuck(const struct look *l, unsigned host)
{
	const struct ppp_asking *a = &l->s->asking[PPP_NEG_LCP][host];
	char b[HOST_WORDS], e[HOST_WORDS];
	struct diagnosis *x;

	if (!ppp_session_stuck(l->s, PPP_NEG_LCP, host) || a->refused == LCP_OPT_AUTH)
		return false;
	x = found(l->d, "lcp-no-agreement", CONFIDENCE_HIGH, NOBODY_AT_FAULT, "the settings of the two ends",
		  "Set this option alike at both ends, or leave it out at one of them.");
	because(x, "%s keeps asking for %s, which %s has refused %u times in LCP", host_words(l->d, host, b),
		lcp_option_words(a->refused), host_words(l->d, !host, e), a->naks + a->rejects);
	shown_by(x, a->answer_frame);
	end_shown_by(x, l);
	return true;
}

static bool lcp_looped(const struct look *l)
{
	struct diagnosis *x;

	if (!l->s->looped)
		return false;
	x = found(l->d, "lcp-no-agreement", CONFIDENCE_MEDIUM, NOBODY_AT_FAULT,
		  "an end that sends back what it gets",
		  "Look for an end whose PPP daemon did not start, so that its terminal echoes.");
	because(x, "LCP packets of both ends carry one magic number: one end gets its own packets back");
	shown_by(x, flow_of(l->c, 0) ? flow_first_frame(flow_of(l->c, 0)) : 0);
	shown_by(x, flow_of(l->c, 1) ? flow_first_frame(flow_of(l->c, 1)) : 0);
	return true;
}

static bool lcp_failed(const struct look *l)
{
	if (was_opened(l->s, PPP_NEG_LCP))
		return false;
	return lcp_looped(l) || lcp_stuck(l, 0) || lcp_stuck(l, 1) || lcp_unanswered(l, 0) ||
	       lcp_unanswered(l, 1);
}

/* --- authentication ------------------------------------------------------------------------ */

static const char *offers_words(uint8_t offered, char *buf, size_t room)
{
	size_t n = 0;

	*buf = '\0';
	for (unsigned k = 0; k < 8; k++) {
		const char *name = offered >> k & 1 ? ppp_auth_kind_name((enum ppp_auth_kind)k) : NULL;

		if (name && n < room)
			n += (size_t)snprintf(buf + n, room - n, "%s%s", n ? ", " : "", name);
	}
	return *buf ? buf : "something unknown";
}

/* The host asks the other one to prove who it is, and that refuses every way to do so. */
static bool refuses_auth(const struct look *l, unsigned host)
{
	const struct ppp_session *s = l->s;
	const struct ppp_asking *a = &s->asking[PPP_NEG_LCP][host];
	bool stuck = ppp_session_stuck(s, PPP_NEG_LCP, host) && a->refused == LCP_OPT_AUTH;
	bool given_up = s->end == PPP_END_LCP || (l->settled && !(a->flags & PPP_WAS_ACKED));

	if (!(s->offered[host]) || s->auth[host].seen || s->phase >= PPP_PHASE_NETWORK)
		return false;
	if (a->flags & PPP_WAS_ACKED && s->lcp[host].has & LCP_HAS_AUTH)
		return false;
	return stuck ||
	       (given_up && (s->refused_auth >> !host & 1 || (a->refused == LCP_OPT_AUTH && a->naks)));
}

static bool no_common_method(const struct look *l, unsigned host)
{
	char b[HOST_WORDS], e[HOST_WORDS], asked[64], instead[96] = "", offers[64];
	struct diagnosis *x;

	if (!refuses_auth(l, host))
		return false;
	if (l->s->offered[!host])
		snprintf(instead, sizeof(instead), ", and would rather have %s",
			 offers_words(l->s->offered[!host], offers, sizeof(offers)));
	x = found(l->d, "auth-no-common-method", CONFIDENCE_HIGH, NOBODY_AT_FAULT,
		  "the settings of the two ends",
		  "Allow the same authentication protocol at both ends, best MS-CHAPv2 or EAP.");
	because(x, "%s asks for authentication by %s, which %s refuses%s", host_words(l->d, host, b),
		offers_words(l->s->offered[host], asked, sizeof(asked)), host_words(l->d, !host, e), instead);
	shown_by(x, l->s->asking[PPP_NEG_LCP][host].answer_frame);
	end_shown_by(x, l);
	return true;
}

static const char *auth_next(const struct ppp_auth *a)
{
	switch (a->has_error ? a->error : 0) {
	case 646:
		return "Have the hours changed in which that account may log on.";
	case 647:
		return "Have that account enabled again.";
	case 648:
		return "Set a new password for that account.";
	case 649:
		return "Give that account the permission to dial in.";
	default:
		return "Check user name, domain and password at the client, and that the server knows them.";
	}
}

static bool auth_denied(const struct look *l, unsigned authenticator)
{
	const struct ppp_auth *a = &l->s->auth[authenticator];
	const char *method = ppp_session_auth_name(a), *words = NULL;
	char b[HOST_WORDS], e[HOST_WORDS], user[USER_WORDS], message[USER_WORDS], error[96] = "";
	struct diagnosis *x;

	if (a->outcome != PPP_FAILURE)
		return false;
	if (a->has_error)
		words = ppp_chap_error_words(a->error);
	if (a->has_error)
		snprintf(error, sizeof(error), ": E=%" PRIu32 "%s%s", a->error, words ? ", " : "",
			 words ? words : "");
	text_words(l->s, PPP_TEXT_USER, authenticator, " as ", user);
	text_words(l->s, PPP_TEXT_MESSAGE, authenticator, ": ", message);
	x = found(l->d, "auth-failed", CONFIDENCE_HIGH, !authenticator, "its user name, password or account",
		  auth_next(a));
	because(x, "%s did not accept %s%s by %s%s", host_words(l->d, authenticator, b),
		host_words(l->d, !authenticator, e), user, method ? method : "its authentication",
		*error ? error : message);
	shown_by(x, a->challenge_frame);
	shown_by(x, a->response_frame);
	shown_by(x, a->outcome_frame);
	return true;
}

/* The response was sent, and neither success nor failure came of it. */
static bool auth_undecided(const struct look *l, unsigned authenticator)
{
	const struct ppp_auth *a = &l->s->auth[authenticator];
	char b[HOST_WORDS], e[HOST_WORDS], user[USER_WORDS];
	struct diagnosis *x;

	if (!a->seen || !a->rounds || a->outcome != PPP_UNFINISHED || !l->settled ||
	    l->s->phase >= PPP_PHASE_NETWORK || !all_seen(l->c, authenticator) ||
	    l->d->end - call_step(l->c, STEP_REPLY).time_ns < SETTLED)
		return false;
	text_words(l->s, PPP_TEXT_USER, authenticator, " as ", user);
	x = found(l->d, "auth-failed", CONFIDENCE_MEDIUM, (int)authenticator, NULL,
		  "See whether the server that keeps the accounts (RADIUS, directory) can be reached from "
		  "there.");
	because(x, "%s never decided about the authentication of %s%s", host_words(l->d, authenticator, b),
		host_words(l->d, !authenticator, e), user);
	shown_by(x, a->challenge_frame);
	shown_by(x, a->response_frame);
	end_shown_by(x, l);
	return true;
}

static bool auth_failed(const struct look *l)
{
	const struct ppp_session *s = l->s;

	/* Nobody asked for it, and nobody did it. */
	if (!(s->offered[0] | s->offered[1]) && !s->auth[0].seen && !s->auth[1].seen)
		return false;
	return no_common_method(l, 0) || no_common_method(l, 1) || auth_denied(l, 0) || auth_denied(l, 1) ||
	       auth_undecided(l, 0) || auth_undecided(l, 1);
}

/* --- encryption and compression ------------------------------------------------------------ */

/* The text of a Terminate-Request names MPPE: whoever ended it says why. */
static bool ended_for_encryption(const struct ppp_session *s)
{
	const struct ppp_text *t = s->end ? ppp_session_text(s, PPP_TEXT_END, s->ended_by) : NULL;
	static const char word[] = "MPPE";
	const unsigned len = sizeof(word) - 1;

	for (unsigned i = 0; t && i + len <= t->len; i++)
		if (strncasecmp((const char *)t->octets + i, word, len) == 0)
			return true;
	return false;
}

/* The host wanted MPPE, and was refused. */
static bool mppe_refused(const struct ppp_session *s, unsigned host)
{
	const struct ppp_asking *a = &s->asking[PPP_NEG_CCP][host];

	return ppp_mppe_best(s->ccp[host].asked_bits) &&
	       (a->flags & PPP_NEG_REJECTED || (a->naks + a->rejects && !(a->flags & PPP_WAS_ACKED)) ||
		(a->flags & PPP_WAS_ACKED && !ppp_mppe_best(s->ccp[host].agreed_bits)));
}

static bool no_encryption(const struct look *l)
{
	const struct ppp_session *s = l->s;
	char b[HOST_WORDS], e[HOST_WORDS];
	struct diagnosis *x;
	int wants;
	bool said;

	if (s->phase >= PPP_PHASE_OPEN || !was_opened(s, PPP_NEG_LCP) || ppp_session_bits(s, 0) ||
	    ppp_session_bits(s, 1) || !l->settled)
		return false;
	wants = mppe_refused(s, 0) ? 0 : mppe_refused(s, 1) ? 1 : -1;
	said = ended_for_encryption(s);
	if (wants < 0 && !said)
		return false;
	x = found(l->d, "encryption-not-agreed", said ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM, NOBODY_AT_FAULT,
		  "the settings of the two ends",
		  "Allow MPPE of the same strength at both ends, with MS-CHAPv2, which its keys come from.");
	if (wants >= 0)
		because(x, "%s asked for MPPE encryption, %s refused it, and PPP went no further",
			host_words(l->d, (unsigned)wants, b), host_words(l->d, !wants, e));
	else
		because(x, "%s ended PPP because MPPE encryption could not be had",
			host_words(l->d, s->ended_by, b));
	shown_by(x, s->asking[PPP_NEG_CCP][wants >= 0 ? wants : s->ended_by].answer_frame);
	end_shown_by(x, l);
	return true;
}

static void reset_storm(const struct look *l, unsigned from)
{
	const struct ppp_coded *coded = &l->s->coded[from];
	const struct flow *f = flow_of(l->c, from), *g = flow_of(l->c, !from);
	char b[HOST_WORDS], e[HOST_WORDS];
	struct diagnosis *x;

	if (coded->resets < RESETS ||
	    coded->resets * UINT64_C(100) < coded->packets * (uint64_t)RESETS_PERCENT)
		return;
	x = found(l->d, "compression-reset-storm", CONFIDENCE_HIGH, NOBODY_AT_FAULT,
		  ppp_session_stateful(l->s, from) ? "stateful encryption on a path that loses packets"
						   : "compression on a path that loses packets",
		  "Agree on stateless MPPE, or switch off compression by history; then look for the loss.");
	because(x, "%s asked %s %u times to start compression or encryption anew, for %" PRIu32 " packets",
		host_words(l->d, !from, b), host_words(l->d, from, e), coded->resets, coded->packets);
	shown_by(x, l->s->ccp_frame);
	shown_by(x, f ? flow_last_frame(f) : 0);
	shown_by(x, g ? flow_last_frame(g) : 0);
}

/* --- addresses ----------------------------------------------------------------------------- */

static bool authenticated(const struct ppp_session *s)
{
	int h = ppp_session_authenticator(s);

	return h < 0 ? ppp_session_unauthenticated(s) : s->auth[h].outcome == PPP_SUCCESS;
}

static void address_shown_by(struct diagnosis *x, const struct look *l)
{
	for (unsigned h = 0; h < HOSTS; h++)
		shown_by(x, l->s->asking[PPP_NEG_IPCP][h].answer_frame);
	for (unsigned h = 0; h < HOSTS; h++)
		shown_by(x, l->s->asking[PPP_NEG_LCP][h].answer_frame);
	end_shown_by(x, l);
}

/* Why IPCP did not open, in words; *host: at fault. */
static bool ipcp_failed(const struct look *l, int *host, char *buf, size_t room)
{
	char b[HOST_WORDS], e[HOST_WORDS];

	for (unsigned h = 0; h < HOSTS; h++) {
		const struct ppp_asking *a = &l->s->asking[PPP_NEG_IPCP][h];
		const char *how = a->flags & PPP_NEG_REJECTED                ? "does not speak IPCP at all"
				  : ppp_session_stuck(l->s, PPP_NEG_IPCP, h) ? "keeps refusing it"
				  : a->naks + a->rejects && !(a->flags & PPP_WAS_ACKED) ? "refused it"
				  : unanswered(l, PPP_NEG_IPCP, h)                      ? "never answered"
											: NULL;

		if (!how)
			continue;
		*host = !h;
		snprintf(buf, room, "%s asked for an IP address by IPCP, and %s %s", host_words(l->d, h, b),
			 host_words(l->d, !h, e), how);
		return true;
	}
	return false;
}

static bool nothing_asked(const struct ppp_session *s)
{
	for (unsigned h = 0; h < HOSTS; h++)
		if ((s->asking[PPP_NEG_IPCP][h].flags | s->asking[PPP_NEG_IPV6CP][h].flags) & PPP_ASKED)
			return false;
	return true;
}

static bool carried_data(const struct call *c)
{
	for (unsigned h = 0; h < HOSTS; h++)
		if (call_flow(c, h) && call_flow(c, h)->flags & FLOW_NETWORK)
			return true;
	return false;
}

static bool no_address(const struct look *l)
{
	static const char *const next =
		"See the log of the PPP server: its pool of addresses, and what it assigns to this user.";
	char words[200];
	int host = NOBODY_AT_FAULT;
	struct diagnosis *x;

	if (l->s->phase >= PPP_PHASE_OPEN || !was_opened(l->s, PPP_NEG_LCP) || !authenticated(l->s) ||
	    !l->settled || carried_data(l->c) || !all_seen(l->c, 0) || !all_seen(l->c, 1))
		return false;
	if (nothing_asked(l->s)) {
		if (!call_up_time(l->c) || l->d->end - call_up_time(l->c) < AT_ONCE)
			return false;
		snprintf(words, sizeof(words),
			 "LCP was agreed, but neither end went on to ask for an IP address");
	} else if (!ipcp_failed(l, &host, words, sizeof(words))) {
		return false;
	}
	x = found(l->d, "no-address", CONFIDENCE_MEDIUM, host, host < 0 ? "both ends" : NULL, next);
	because(x, "%s", words);
	address_shown_by(x, l);
	return true;
}

/* IPCP was agreed on an address that is none. */
static bool address_zero(const struct look *l)
{
	int pns = l->d->pac < 0 ? -1 : !l->d->pac;
	char b[HOST_WORDS];
	struct diagnosis *x;

	if (pns < 0 || !was_opened(l->s, PPP_NEG_IPCP) || !l->s->ipcp[pns].has_address ||
	    l->s->ipcp[pns].address)
		return false;
	x = found(l->d, "no-address", CONFIDENCE_HIGH, l->d->pac, NULL,
		  "See the pool of addresses of the PPP server: it has accepted 0.0.0.0.");
	because(x, "%s was left with the address 0.0.0.0", host_words(l->d, (unsigned)pns, b));
	address_shown_by(x, l);
	return true;
}

/* --- while it is open ---------------------------------------------------------------------- */

/* LCP Echo-Requests wait, and nothing else came of the other end since the first of them. */
static void echo_lost(const struct look *l, unsigned host)
{
	const struct flow *g = flow_of(l->c, !host);
	char b[HOST_WORDS], e[HOST_WORDS];
	struct diagnosis *x;

	if (!g || l->s->echo_waiting[host] < ECHOES || flow_last_frame(g) > l->s->echo_frame[host] ||
	    flow_last_time(flow_of(l->c, host)) - flow_last_time(g) < SECONDS(ECHOES))
		return;
	x = found(l->d, "peer-vanished", CONFIDENCE_HIGH, !host, NULL,
		  "Check power, link and route of that side, and whether its GRE is still let through.");
	because(x, "%s sent %u LCP Echo-Requests in a row, and nothing more came of %s",
		host_words(l->d, host, b), l->s->echo_waiting[host], host_words(l->d, !host, e));
	shown_by(x, flow_last_frame(g));
	shown_by(x, l->s->echo_frame[host]);
	shown_by(x, flow_last_frame(flow_of(l->c, host)));
}

/* The capture has the first packets of PPP: what was not seen was not there. */
static bool from_the_start(const struct look *l)
{
	return (l->s->asking[PPP_NEG_LCP][0].flags | l->s->asking[PPP_NEG_LCP][1].flags) & PPP_ASKED;
}

void diagnose_ppp(struct diagnoses *d, const struct call *c)
{
	struct look l = { d, c, c->ppp, false };

	if (!c->ppp)
		return;
	l.settled = l.s->end == PPP_END_LCP || call_ended(c) || d->end - call_last(c).time_ns >= SETTLED;
	if (from_the_start(&l) && !lcp_failed(&l) && !auth_failed(&l) && !no_encryption(&l) &&
	    !no_address(&l))
		address_zero(&l);
	for (unsigned host = 0; host < HOSTS; host++) {
		if (flow_of(c, host))
			echo_lost(&l, host);
		reset_storm(&l, host);
	}
}

bool ppp_is_healthy(const struct call *c)
{
	const struct ppp_session *s = c->ppp;
	const struct look l = { NULL, c, s, false };

	/* Of PPP that was up before the capture began, its data tells. */
	if (!s || !from_the_start(&l))
		return flow_of(c, 0) && flow_of(c, 1) &&
		       call_flow(c, 0)->flags & call_flow(c, 1)->flags & FLOW_NETWORK;
	return s->phase == PPP_PHASE_OPEN && authenticated(s);
}
