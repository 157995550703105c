/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is inside a call, in the text report. */
#include <inttypes.h>

#include "analyzer/report_ppp.h"
#include "analyzer/report_text_private.h"

enum { INDENT = 4, LABEL = 11 };

struct inside {
	struct tunnel_text *x;
	struct text *t;
	const struct ppp_session *s;
};

static void label(const struct inside *in, const char *words)
{
	text_label(in->t, INDENT, LABEL, words);
}

static const char *host(const struct inside *in, unsigned h, char buf[LABEL_ROOM])
{
	return text_host(in->x, in->x->tunnel->pac, h, buf);
}

/* The PNS first, where it is known. */
static unsigned nth_host(const struct inside *in, unsigned i)
{
	return in->x->tunnel->pac == 0 ? !i : i;
}

static void put_frame(const struct inside *in, uint64_t frame)
{
	char buf[FRAME_ROOM];

	if (frame)
		text_item(in->t, DIM, "frame" NBSP "%s", text_frame(in->x->o, frame, buf));
}

static void put_quoted(const struct inside *in, enum style style, enum ppp_text_kind kind, unsigned end,
		       const char *before)
{
	char buf[TEXT_ROOM];
	const char *words = report_ppp_text(in->x->o, in->s, kind, end, buf);

	if (words && *words)
		text_item(in->t, style, "%s\"%s\"", before,
			  text_keep(words == buf ? buf : strcpy(buf, words)));
}

/* --- how far it came ----------------------------------------------------------------------- */

static const char *phase_words(enum ppp_phase p)
{
	static const char *const words[] = {
		[PPP_PHASE_NONE] = "nothing agreed",
		[PPP_PHASE_LCP] = "no farther than LCP",
		[PPP_PHASE_AUTHENTICATING] = "no farther than authentication",
		[PPP_PHASE_NETWORK] = "authenticated, but no network protocol was opened",
		[PPP_PHASE_OPEN] = "open",
		[PPP_PHASE_TERMINATED] = "only its end was seen",
	};

	return words[p];
}

static void put_mru(const struct inside *in)
{
	char name[LABEL_ROOM];

	for (unsigned i = 0; i < HOSTS; i++) {
		unsigned h = nth_host(in, i);
		const struct ppp_lcp *v = &in->s->lcp[h];

		if (v->has & LCP_HAS_MRU)
			text_item(in->t, PLAIN, "MRU of %s %u", host(in, h, name), v->mru);
	}
}

/* What never came to an agreement, and why. */
static void put_troubles(const struct inside *in)
{
	static const char *const names[PPP_NEGS] = { "LCP", "IPCP", "IPV6CP", "CCP" };
	char name[LABEL_ROOM];

	for (unsigned neg = 0; neg < PPP_NEGS; neg++)
		for (unsigned h = 0; h < HOSTS; h++) {
			const struct ppp_asking *a = &in->s->asking[neg][h];
			const char *option = report_ppp_option(neg, a->refused);

			if (a->flags & PPP_NEG_REJECTED)
				text_item(in->t, YELLOW, "%s of %s refused by Protocol-Reject", names[neg],
					  host(in, h, name));
			else if (ppp_session_stuck(in->s, neg, h))
				text_item(in->t, RED, "%s of %s keeps to %s, which the other end refuses",
					  names[neg], host(in, h, name),
					  option ? option : "an unknown option");
			else if (!(a->flags & PPP_WAS_ACKED) && a->requests + a->repeated > 1)
				text_item(in->t, YELLOW, "%s of %s asked %u times and never granted",
					  names[neg], host(in, h, name), a->requests + a->repeated);
		}
	if (in->s->looped)
		text_item(in->t, RED, "LCP packets come back to their sender");
}

static void put_state(const struct inside *in)
{
	label(in, "PPP");
	text_item(in->t, in->s->phase == PPP_PHASE_OPEN ? GREEN : YELLOW, "%s", phase_words(in->s->phase));
	put_frame(in, in->s->open_frame);
	put_mru(in);
	put_troubles(in);
	text_close(in->t);
}

/* --- authentication ------------------------------------------------------------------------ */

static void put_outcome(const struct inside *in, const struct ppp_auth *a, unsigned authenticator)
{
	static const enum style styles[] = { YELLOW, GREEN, RED };
	const char *words = a->has_error ? ppp_chap_error_words(a->error) : NULL;

	text_item(in->t, styles[a->outcome], "%s", ppp_outcome_name(a->outcome));
	if (a->has_error)
		text_item(in->t, RED, "error %" PRIu32 "%s%s", a->error, words ? " " : "",
			  words ? words : "");
	put_frame(in, a->outcome_frame);
	if (a->rounds > 1)
		text_item(in->t, PLAIN, "%u rounds", a->rounds);
	put_quoted(in, PLAIN, PPP_TEXT_MESSAGE, authenticator, "");
}

static void put_auth(const struct inside *in, unsigned authenticator)
{
	const struct ppp_auth *a = &in->s->auth[authenticator];
	const char *name = report_ppp_auth_name(in->s, authenticator);
	char who[LABEL_ROOM], whom[LABEL_ROOM];

	label(in, "login");
	text_item(in->t, PLAIN, "%s to %s by %s", host(in, !authenticator, who),
		  host(in, authenticator, whom), name ? name : "an unknown method");
	put_quoted(in, PLAIN, PPP_TEXT_USER, authenticator, "user ");
	put_quoted(in, RED, PPP_TEXT_PASSWORD, authenticator, "password ");
	put_outcome(in, a, authenticator);
	if (in->s->secret == PPP_SECRET_WRONG)
		text_item(in->t, RED, "the response does not come from the secret that is on file");
	if (in->s->proof == PPP_SECRET_WRONG)
		text_item(in->t, RED, "the authenticator does not know the secret");
	text_close(in->t);
}

static void put_authentication(const struct inside *in)
{
	int first = ppp_session_authenticator(in->s);

	if (first >= 0) {
		put_auth(in, (unsigned)first);
		if (in->s->auth[!first].seen)
			put_auth(in, (unsigned)!first);
	} else if (ppp_session_unauthenticated(in->s)) {
		label(in, "login");
		text_item(in->t, RED, "none was asked for");
		text_close(in->t);
	}
}

/* --- encryption, compression, addresses ---------------------------------------------------- */

static void put_decrypted(const struct inside *in, uint64_t packets)
{
	uint64_t decrypted = (uint64_t)in->s->coded[0].decrypted + in->s->coded[1].decrypted;

	if (in->s->secret != PPP_SECRET_VERIFIED)
		return;
	text_item(in->t, GREEN, "secret verified");
	text_item(in->t, decrypted == packets ? GREEN : YELLOW, "%" PRIu64 " decrypted", decrypted);
}

static void put_encryption(const struct inside *in)
{
	const struct ppp_session *s = in->s;
	unsigned from = ppp_session_bits(s, 0) ? 0 : 1, bits = ppp_session_bits(s, from);
	uint64_t packets = (uint64_t)s->coded[0].packets + s->coded[1].packets;
	uint64_t gaps = (uint64_t)ppp_session_gaps(s, 0) + ppp_session_gaps(s, 1);
	unsigned resets = s->coded[0].resets + s->coded[1].resets;

	if (!bits)
		return;
	label(in, "encryption");
	text_item(in->t, bits == 128 ? PLAIN : YELLOW, "MPPE with %u-bit keys", bits);
	if (ppp_session_stateful(s, from))
		text_item(in->t, YELLOW, "stateful");
	else
		text_item(in->t, PLAIN, "stateless");
	put_frame(in, s->ccp_frame);
	text_item(in->t, PLAIN, "%" PRIu64 " packet%s", packets, plural(packets));
	if (gaps)
		text_item(in->t, YELLOW, "%" PRIu64 " gap%s in the coherency counts", gaps, plural(gaps));
	if (resets)
		text_item(in->t, YELLOW, "%u reset%s", resets, plural(resets));
	put_decrypted(in, packets);
	if (s->clear_frame) {
		text_item(in->t, RED, "%" PRIu64 " packets in clear all the same",
			  (uint64_t)s->coded[0].clear + s->coded[1].clear);
		put_frame(in, s->clear_frame);
	}
	text_close(in->t);
}

static void put_compression(const struct inside *in)
{
	const struct ppp_ccp *ccp = report_ppp_compression(in->s);

	if (!ccp)
		return;
	label(in, "compression");
	text_item(in->t, PLAIN, "%s", report_ppp_compression_name(ccp));
	put_frame(in, in->s->ccp_frame);
	text_close(in->t);
}

static void put_address(const struct inside *in, enum style style, const char *what, uint32_t v4)
{
	const struct ip_addr a = report_ppp_address(v4);
	char buf[64];

	text_item(in->t, style, "%s %s", what, report_addr(in->x->o, &a, buf));
}

static void put_addresses(const struct inside *in)
{
	static const char *const servers[PPP_SERVERS] = { "DNS", "DNS", "NBNS", "NBNS" };
	const struct ppp_ipcp *v = in->s->ipcp;
	char name[LABEL_ROOM];

	if (!v[0].has_address && !v[1].has_address)
		return;
	label(in, "addresses");
	for (unsigned i = 0; i < HOSTS; i++) {
		unsigned h = nth_host(in, i);

		if (v[h].has_address)
			put_address(in, v[h].address ? PLAIN : RED, host(in, h, name), v[h].address);
	}
	for (unsigned h = 0; h < HOSTS; h++)
		for (unsigned i = 0; i < PPP_SERVERS; i++)
			if (v[h].server[i])
				put_address(in, PLAIN, servers[i], v[h].server[i]);
	text_close(in->t);
}

/* --- the end, and what it is worth --------------------------------------------------------- */

static void put_life(const struct inside *in)
{
	char name[LABEL_ROOM];

	for (unsigned i = 0; i < HOSTS; i++) {
		unsigned h = nth_host(in, i);

		/* One may be on its way when the capture ends. */
		if (in->s->echo_waiting[h] < 2)
			continue;
		label(in, "PPP echo");
		text_item(in->t, RED, "%u in a row of %s without reply", in->s->echo_waiting[h],
			  host(in, h, name));
		text_item(in->t, DIM, "from");
		put_frame(in, in->s->echo_frame[h]);
		text_close(in->t);
	}
}

static void put_end(const struct inside *in)
{
	const struct ppp_session *s = in->s;
	char name[LABEL_ROOM];

	if (!s->end)
		return;
	label(in, "PPP end");
	text_item(in->t, PLAIN, "%s by %s", report_ppp_end(s), host(in, s->ended_by, name));
	put_frame(in, s->end_frame);
	put_quoted(in, PLAIN, PPP_TEXT_END, s->ended_by, "");
	text_close(in->t);
}

static void put_security(const struct inside *in)
{
	char name[LABEL_ROOM], grade[2] = "";
	struct posture p;

	posture_of(in->s, &p);
	if (!p.grade)
		return;
	grade[0] = p.grade;
	label(in, "security");
	text_words(in->t, p.grade >= 'E' ? RED : p.grade >= 'C' ? YELLOW : GREEN, "grade" NBSP "%s:", grade);
	for (unsigned i = 0; i < p.n; i++) {
		const struct posture_why *w = &p.why[i];

		text_words(in->t, PLAIN, "%s%s%s%s%s", posture_words(w->reason), w->end < 0 ? "" : " (",
			   w->end < 0 ? "" : host(in, (unsigned)w->end, name), w->end < 0 ? "" : ")",
			   i + 1 < p.n ? ";" : "");
	}
	text_close(in->t);
}

void ppp_text(struct tunnel_text *x, const struct call *c)
{
	const struct inside in = { x, &x->t, c->ppp };

	if (!c->ppp)
		return;
	put_state(&in);
	put_authentication(&in);
	put_encryption(&in);
	put_compression(&in);
	put_addresses(&in);
	put_life(&in);
	put_end(&in);
	put_security(&in);
}
