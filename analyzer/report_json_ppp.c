/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is inside a call, as JSON: doc/schema/pptpscope-report-1.schema.json, "ppp" and "security". */
#include "analyzer/report_json_ppp.h"

#include "analyzer/report_ppp.h"

struct inside {
	struct json *j;
	const struct report_options *o;
	const struct tunnel *t;
	const struct ppp_session *s;
};

static const char *role_key(const struct inside *x, unsigned host)
{
	return x->t->pac < 0 ? NULL : (unsigned)x->t->pac == host ? "pac" : "pns";
}

static void put_role(const struct inside *x, int host)
{
	value_word(x->j, host < 0 ? NULL : role_key(x, (unsigned)host));
}

#define put_frame(x, key, capture_key, frame) emit_frame((x)->j, (x)->o, key, capture_key, frame)

typedef void put_end_fn(const struct inside *x, unsigned host);

/* A value of each end, by role; where roles are not known, as an array by host. */
static void put_ends(const struct inside *x, put_end_fn *put)
{
	int pac = x->t->pac;

	if (pac >= 0) {
		emit_key(x->j, "pns");
		put(x, !pac);
		emit_key(x->j, "pac");
		put(x, (unsigned)pac);
		return;
	}
	emit_null(x->j, "pns");
	emit_null(x->j, "pac");
	emit_open(x->j, "hosts", '[');
	for (unsigned h = 0; h < HOSTS; h++)
		put(x, h);
	emit_close(x->j, ']');
}

/* --- negotiation --------------------------------------------------------------------------- */

static void put_asking(const struct inside *x, enum ppp_neg neg, unsigned host)
{
	const struct ppp_asking *a = &x->s->asking[neg][host];
	struct json *j = x->j;

	emit_word(j, "state", ppp_end_state_name(ppp_session_state(x->s, neg, host)));
	emit_uint(j, "requests", a->requests);
	emit_uint(j, "retransmissions", a->repeated);
	emit_uint(j, "naks", a->naks);
	emit_uint(j, "rejects", a->rejects);
	emit_word(j, "refused_option", a->naks + a->rejects ? report_ppp_option(neg, a->refused) : NULL);
	emit_bool(j, "stuck", ppp_session_stuck(x->s, neg, host));
	put_frame(x, "frame", "capture", a->answer_frame);
}

/* What an end may have told of its LCP: the key, the bit, and what kind of value it is. */
#define LCP_VALUES(NUMBER, FLAG)                                                                             \
	NUMBER("mru", MRU, mru)                                                                              \
	NUMBER("magic", MAGIC, magic)                                                                        \
	NUMBER("accm", ACCM, accm)                                                                           \
	FLAG("pfc", PFC)                                                                                     \
	FLAG("acfc", ACFC)                                                                                   \
	FLAG("callback", CALLBACK)                                                                           \
	NUMBER("mrru", MRRU, mrru)

static void put_lcp_values(struct json *j, const struct ppp_lcp *v)
{
#define NUMBER(key, bit, value) emit_known(j, key, LCP_HAS_##bit & v->has, v->value);
#define FLAG(key, bit) emit_bool(j, key, LCP_HAS_##bit & v->has);
	LCP_VALUES(NUMBER, FLAG)
#undef NUMBER
#undef FLAG
	emit_word(j, "authentication", v->has & LCP_HAS_AUTH ? ppp_auth_name(v->auth, v->algorithm) : NULL);
}

static void put_lcp_nothing(struct json *j)
{
#define NOTHING(key, ...) "\"" key "\":null,"
	static const char nothing[] = LCP_VALUES(NOTHING, NOTHING) NOTHING("authentication");
#undef NOTHING

	emit_octets(j, nothing, sizeof(nothing) - 1);
}

static void put_lcp_end(const struct inside *x, unsigned host)
{
	const struct ppp_asking *a = &x->s->asking[PPP_NEG_LCP][host];
	struct json *j = x->j;

	if (!a->flags) {
		value_null(j);
		return;
	}
	value_open(j, '{');
	if (a->flags & PPP_WAS_ACKED)
		put_lcp_values(j, &x->s->lcp[host]);
	else
		put_lcp_nothing(j);
	if (a->flags & PPP_ASKED) {
		emit_open(j, "asked", '{');
		put_lcp_values(j, &x->s->lcp_asked[host]);
		emit_close(j, '}');
	} else {
		emit_null(j, "asked");
	}
	put_asking(x, PPP_NEG_LCP, host);
	emit_close(j, '}');
}

static void put_lcp(const struct inside *x)
{
	emit_open(x->j, "lcp", '{');
	put_ends(x, put_lcp_end);
	emit_bool(x->j, "looped", x->s->looped);
	emit_close(x->j, '}');
}

static void put_neg_end(const struct inside *x, enum ppp_neg neg, unsigned host)
{
	if (!x->s->asking[neg][host].flags) {
		value_null(x->j);
		return;
	}
	value_open(x->j, '{');
	put_asking(x, neg, host);
	emit_close(x->j, '}');
}

static void put_ipcp_end(const struct inside *x, unsigned host)
{
	put_neg_end(x, PPP_NEG_IPCP, host);
}

static void put_ipv6cp_end(const struct inside *x, unsigned host)
{
	put_neg_end(x, PPP_NEG_IPV6CP, host);
}

static void put_ccp_end(const struct inside *x, unsigned host)
{
	put_neg_end(x, PPP_NEG_CCP, host);
}

static void put_ncp(const struct inside *x, enum ppp_neg neg, put_end_fn *put)
{
	if (!(x->s->asking[neg][0].flags | x->s->asking[neg][1].flags)) {
		value_null(x->j);
		return;
	}
	value_open(x->j, '{');
	put_ends(x, put);
	emit_close(x->j, '}');
}

static void put_ncps(const struct inside *x)
{
	emit_key(x->j, "ipcp");
	put_ncp(x, PPP_NEG_IPCP, put_ipcp_end);
	emit_key(x->j, "ipv6cp");
	put_ncp(x, PPP_NEG_IPV6CP, put_ipv6cp_end);
	emit_key(x->j, "ccp");
	put_ncp(x, PPP_NEG_CCP, put_ccp_end);
}

/* --- authentication ------------------------------------------------------------------------ */

static void put_text(const struct inside *x, enum ppp_text_kind kind, unsigned end)
{
	char buf[TEXT_ROOM];

	value_text(x->j, report_ppp_text(x->o, x->s, kind, end, buf));
}

static void put_auth(const struct inside *x, unsigned authenticator)
{
	const struct ppp_auth *a = &x->s->auth[authenticator];
	struct json *j = x->j;

	value_open(j, '{');
	emit_word(j, "protocol", report_ppp_auth_name(x->s, authenticator));
	emit_key(j, "authenticator");
	put_role(x, (int)authenticator);
	emit_addr(j, x->o, "authenticator_host", &x->t->host[authenticator]);
	emit_key(x->j, "user");
	put_text(x, PPP_TEXT_USER, authenticator);
	emit_key(x->j, "password");
	put_text(x, PPP_TEXT_PASSWORD, authenticator);
	emit_word(j, "outcome", ppp_outcome_name(a->outcome));
	emit_word(j, "secret", x->s->secret ? ppp_secret_name(x->s->secret) : NULL);
	emit_uint(j, "rounds", a->rounds);
	emit_known(j, "error", a->has_error, a->error);
	emit_word(j, "error_name", a->has_error ? ppp_chap_error_words(a->error) : NULL);
	emit_key(x->j, "message");
	put_text(x, PPP_TEXT_MESSAGE, authenticator);
	put_frame(x, "challenge_frame", "challenge_capture", a->challenge_frame);
	put_frame(x, "response_frame", "response_capture", a->response_frame);
	put_frame(x, "outcome_frame", "outcome_capture", a->outcome_frame);
	emit_close(j, '}');
}

static void put_no_auth(const struct inside *x)
{
	value_open(x->j, '{');
	emit_word(x->j, "protocol", "none");
	emit_null(x->j, "authenticator");
	emit_null(x->j, "user");
	emit_null(x->j, "outcome");
	emit_null(x->j, "secret");
	emit_uint(x->j, "rounds", 0);
	emit_null(x->j, "error");
	emit_null(x->j, "message");
	emit_close(x->j, '}');
}

static void put_authentication(const struct inside *x)
{
	int authenticator = ppp_session_authenticator(x->s);

	emit_key(x->j, "authentication");
	if (authenticator >= 0)
		put_auth(x, (unsigned)authenticator);
	else if (ppp_session_unauthenticated(x->s))
		put_no_auth(x);
	else
		value_null(x->j);
	/* The other end wanted to know, too. */
	emit_key(x->j, "mutual_authentication");
	if (authenticator >= 0 && x->s->auth[!authenticator].seen)
		put_auth(x, (unsigned)!authenticator);
	else
		value_null(x->j);
}

/* --- compression and encryption ------------------------------------------------------------ */

static void put_compression(const struct inside *x)
{
	const struct ppp_ccp *ccp = report_ppp_compression(x->s);

	if (!ccp) {
		emit_null(x->j, "compression");
		return;
	}
	emit_open(x->j, "compression", '{');
	emit_word(x->j, "protocol", report_ppp_compression_name(ccp));
	emit_uint(x->j, "option", ccp->agreed);
	emit_uint(x->j, "packets", (uint64_t)x->s->coded[0].packets + x->s->coded[1].packets);
	emit_uint(x->j, "resets", (uint64_t)x->s->coded[0].resets + x->s->coded[1].resets);
	put_frame(x, "frame", "capture", x->s->ccp_frame);
	emit_close(x->j, '}');
}

static void put_coded_end(const struct inside *x, unsigned host)
{
	const struct ppp_coded *d = &x->s->coded[host];
	unsigned bits = ppp_session_bits(x->s, host);

	value_open(x->j, '{');
	emit_known(x->j, "bits", bits, bits);
	emit_uint(x->j, "packets", d->packets);
	emit_uint(x->j, "decrypted", d->decrypted);
	emit_uint(x->j, "coherency_gaps", ppp_session_gaps(x->s, host));
	emit_uint(x->j, "resets", d->resets);
	emit_uint(x->j, "in_clear", d->clear);
	emit_close(x->j, '}');
}

static void put_encryption(const struct inside *x)
{
	const struct ppp_session *s = x->s;
	unsigned from = ppp_session_bits(s, 0) ? 0 : 1, bits = ppp_session_bits(s, from);
	const struct ppp_coded *a = &s->coded[0], *b = &s->coded[1];
	struct json *j = x->j;

	if (!bits) {
		emit_null(j, "encryption");
		return;
	}
	emit_open(j, "encryption", '{');
	emit_word(j, "protocol", "MPPE");
	emit_uint(j, "bits", bits);
	emit_bool(j, "stateful", ppp_session_stateful(s, from));
	emit_word(j, "secret", ppp_secret_name(s->secret));
	emit_word(j, "server_proof", s->proof ? ppp_secret_name(s->proof) : NULL);
	emit_uint(j, "packets", (uint64_t)a->packets + b->packets);
	emit_uint(j, "decrypted", (uint64_t)a->decrypted + b->decrypted);
	emit_uint(j, "coherency_gaps", (uint64_t)ppp_session_gaps(s, 0) + ppp_session_gaps(s, 1));
	emit_uint(j, "resets", (uint64_t)a->resets + b->resets);
	put_frame(x, "frame", "capture", s->ccp_frame);
	put_frame(x, "clear_frame", "clear_capture", s->clear_frame);
	put_ends(x, put_coded_end);
	emit_close(j, '}');
}

/* --- addresses, life and end --------------------------------------------------------------- */

static void put_v4(const struct inside *x, uint32_t address)
{
	struct ip_addr a = report_ppp_address(address);

	value_addr(x->j, x->o, &a);
}

static void put_address(const struct inside *x, unsigned host)
{
	if (x->s->ipcp[host].has_address)
		put_v4(x, x->s->ipcp[host].address);
	else
		value_null(x->j);
}

static void put_interface(const struct inside *x, unsigned host)
{
	struct ip_addr a;

	if (report_ppp_link_local(x->s, host, &a))
		value_addr(x->j, x->o, &a);
	else
		value_null(x->j);
}

static void put_servers(const struct inside *x, unsigned first)
{
	value_open(x->j, '[');
	for (unsigned h = 0; h < HOSTS; h++)
		for (unsigned i = first; i < first + PPP_SERVERS / 2; i++)
			if (x->s->ipcp[h].server[i])
				put_v4(x, x->s->ipcp[h].server[i]);
	emit_close(x->j, ']');
}

static void put_addresses(const struct inside *x)
{
	emit_open(x->j, "addresses", '{');
	put_ends(x, put_address);
	emit_key(x->j, "dns");
	put_servers(x, 0);
	emit_key(x->j, "nbns");
	put_servers(x, PPP_SERVERS / 2);
	emit_open(x->j, "link_local", '{');
	put_ends(x, put_interface);
	emit_close(x->j, '}');
	emit_close(x->j, '}');
}

static void put_echo_end(const struct inside *x, unsigned host)
{
	value_open(x->j, '{');
	emit_uint(x->j, "requests", x->s->echo_requests[host]);
	emit_uint(x->j, "replies", x->s->echo_replies[host]);
	emit_uint(x->j, "unanswered_in_a_row", x->s->echo_waiting[host]);
	put_frame(x, "first_unanswered_frame", "first_unanswered_capture",
		  x->s->echo_waiting[host] ? x->s->echo_frame[host] : 0);
	emit_close(x->j, '}');
}

static void put_end(const struct inside *x)
{
	const struct ppp_session *s = x->s;

	emit_key(x->j, "ended_by");
	put_role(x, s->end ? s->ended_by : -1);
	emit_word(x->j, "end", report_ppp_end(s));
	emit_key(x->j, "end_message");
	if (s->end)
		put_text(x, PPP_TEXT_END, s->ended_by);
	else
		value_null(x->j);
	put_frame(x, "end_frame", "end_capture", s->end_frame);
}

static void put_ppp(const struct inside *x)
{
	emit_open(x->j, "ppp", '{');
	emit_word(x->j, "state", ppp_phase_name(x->s->phase));
	put_lcp(x);
	put_authentication(x);
	put_compression(x);
	put_encryption(x);
	put_ncps(x);
	put_addresses(x);
	emit_open(x->j, "echo", '{');
	put_ends(x, put_echo_end);
	emit_close(x->j, '}');
	put_end(x);
	emit_close(x->j, '}');
}

/* --- security ------------------------------------------------------------------------------ */

static void put_why(const struct inside *x, const struct posture_why *w)
{
	char grade[2] = { posture_grade(w->reason), '\0' };

	value_open(x->j, '{');
	emit_word(x->j, "reason", posture_name(w->reason));
	emit_word(x->j, "grade", grade);
	emit_key(x->j, "end");
	put_role(x, w->end);
	put_frame(x, "frame", "capture", w->frame);
	emit_close(x->j, '}');
}

static void put_security(const struct inside *x)
{
	struct posture p;
	char grade[2] = "";

	posture_of(x->s, &p);
	if (!p.grade) {
		emit_null(x->j, "security");
		return;
	}
	grade[0] = p.grade;
	emit_open(x->j, "security", '{');
	emit_word(x->j, "grade", grade);
	emit_open(x->j, "reasons", '[');
	for (unsigned i = 0; i < p.n; i++)
		value_word(x->j, posture_words(p.why[i].reason));
	emit_close(x->j, ']');
	emit_open(x->j, "proof", '[');
	for (unsigned i = 0; i < p.n; i++)
		put_why(x, &p.why[i]);
	emit_close(x->j, ']');
	emit_close(x->j, '}');
}

void report_json_ppp(struct json *j, const struct report_options *o, const struct tunnel *t,
		     const struct call *c)
{
	const struct inside x = { j, o, t, c->ppp };

	if (!c->ppp) {
		emit_null(j, "ppp");
		emit_null(j, "security");
		return;
	}
	put_ppp(&x);
	put_security(&x);
}
