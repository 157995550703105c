/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How safe the inside of a call was: see posture.h. */
#include "conformance/posture.h"

static const struct {
	char grade;
	const char *name, *words;
} rows[POSTURE_REASONS] = {
#define REASON(sym, grade, name, words) [POSTURE_##sym] = { grade, name, words },
#include "conformance/posture.def"
#undef REASON
};

static void because(struct posture *p, enum posture_reason r, int end, uint64_t frame)
{
	if (p->n == POSTURE_MAX)
		return;
	p->why[p->n++] = (struct posture_why){ r, frame, end };
	if (rows[r].grade > p->grade)
		p->grade = rows[r].grade;
}

/* --- authentication ------------------------------------------------------------------------ */

static enum posture_reason eap_reason(uint8_t method)
{
	switch (method) {
	case PPP_EAP_MD5:
		return POSTURE_EAP_MD5;
	case PPP_EAP_MSCHAPV2:
		return POSTURE_MSCHAP2;
	case PPP_EAP_TLS:
	case PPP_EAP_PEAP:
		return POSTURE_EAP_TLS;
	default:
		return POSTURE_EAP_OTHER;
	}
}

static void judge_auth(const struct ppp_auth *a, unsigned authenticator, struct posture *p)
{
	static const enum posture_reason reasons[] = {
		[PPP_AUTH_PAP] = POSTURE_PASSWORD_CLEAR, [PPP_AUTH_SPAP] = POSTURE_SPAP,
		[PPP_AUTH_CHAP_MD5] = POSTURE_CHAP_MD5,  [PPP_AUTH_MSCHAP] = POSTURE_MSCHAP,
		[PPP_AUTH_MSCHAP2] = POSTURE_MSCHAP2,
	};

	/* What nobody answered was not exposed. */
	if (!a->seen || !a->rounds || a->kind < PPP_AUTH_PAP)
		return;
	because(p, a->kind == PPP_AUTH_EAP ? eap_reason(a->method) : reasons[a->kind], (int)authenticator,
		a->response_frame);
}

static void judge_authentication(const struct ppp_session *s, struct posture *p)
{
	for (unsigned h = 0; h < HOSTS; h++)
		judge_auth(&s->auth[h], h, p);
	if (ppp_session_unauthenticated(s))
		because(p, POSTURE_NO_AUTH, -1, s->asking[PPP_NEG_LCP][0].answer_frame);
	for (unsigned h = 0; h < HOSTS; h++)
		if (ppp_session_auth_lowered(s, h))
			because(p, POSTURE_AUTH_LOWERED, (int)h, s->asking[PPP_NEG_LCP][h].answer_frame);
}

/* Something weaker was asked for or suggested than what was then used. */
static void judge_auth_offers(const struct ppp_session *s, struct posture *p)
{
	for (unsigned h = 0; h < HOSTS; h++) {
		unsigned used = s->auth[h].seen ? s->auth[h].kind : s->auth[!h].kind;
		unsigned weaker = s->offered[h] & ((1u << used) - 1) & ~((1u << PPP_AUTH_PAP) - 1);

		if (used && weaker)
			because(p, POSTURE_AUTH_OFFER, (int)h, 0);
	}
}

/* --- encryption ---------------------------------------------------------------------------- */

static void judge_mppe(const struct ppp_session *s, unsigned from, struct posture *p)
{
	unsigned bits = ppp_session_bits(s, from);
	uint64_t frame = s->asking[PPP_NEG_CCP][!from].answer_frame;

	if (bits == 40 || bits == 56)
		because(p, bits == 40 ? POSTURE_BITS_40 : POSTURE_BITS_56, -1, frame);
	if (ppp_session_stateful(s, from))
		because(p, POSTURE_STATEFUL, -1, frame);
}

/* Both directions are nearly always alike: then one is judged. */
static void judge_encrypted(const struct ppp_session *s, struct posture *p)
{
	bool alike = ppp_session_bits(s, 0) == ppp_session_bits(s, 1) &&
		     ppp_session_stateful(s, 0) == ppp_session_stateful(s, 1);

	judge_mppe(s, 0, p);
	if (!alike)
		judge_mppe(s, 1, p);
	if (!ppp_session_bits(s, 0) != !ppp_session_bits(s, 1))
		because(p, POSTURE_HALF_ENCRYPTED, ppp_session_bits(s, 0) ? 1 : 0, s->ccp_frame);
	because(p, POSTURE_MPPE, -1, s->ccp_frame);
	if (s->clear_frame)
		because(p, POSTURE_CLEAR_AFTER, s->coded[0].clear ? 0 : 1, s->clear_frame);
	for (unsigned h = 0; h < HOSTS; h++) {
		unsigned worst = ppp_mppe_worst(s->ccp[h].asked_bits);

		if (ppp_session_bits_lowered(s, h))
			because(p, POSTURE_BITS_LOWERED, (int)h, s->asking[PPP_NEG_CCP][h].answer_frame);
		else if (worst && worst < ppp_session_bits(s, !h))
			because(p, POSTURE_BITS_OFFER, (int)h, 0);
	}
}

static void judge_clear(const struct ppp_session *s, struct posture *p)
{
	/* Before the network phase nothing could have been encrypted. */
	if (s->phase != PPP_PHASE_OPEN || s->ecp)
		return;
	because(p, POSTURE_NO_ENCRYPTION, -1, s->open_frame);
	for (unsigned h = 0; h < HOSTS; h++)
		if (ppp_mppe_best(s->ccp[h].asked_bits))
			because(p, POSTURE_ENCRYPTION_REFUSED, (int)!h,
				s->asking[PPP_NEG_CCP][h].answer_frame);
}

void posture_of(const struct ppp_session *s, struct posture *out)
{
	out->grade = '\0';
	out->n = 0;
	judge_authentication(s, out);
	if (ppp_session_bits(s, 0) || ppp_session_bits(s, 1))
		judge_encrypted(s, out);
	else
		judge_clear(s, out);
	judge_auth_offers(s, out);
}

char posture_grade_of(const struct ppp_session *s)
{
	struct posture p;

	posture_of(s, &p);
	return p.grade;
}

const char *posture_name(enum posture_reason r)
{
	return rows[r].name;
}

const char *posture_words(enum posture_reason r)
{
	return rows[r].words;
}

char posture_grade(enum posture_reason r)
{
	return rows[r].grade;
}
