/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report of an audit for people.
 *
 * The summary comes first, but is known last: tunnels and findings wait in a temporary file.  Where
 * none can be had they are written at once, and the summary follows them.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "analyzer/report_text_private.h"
#include "conformance/rule.h"

enum {
	DEFAULT_WIDTH = 100,
	MIN_WIDTH = 24,
	TUNNELS_MAX = 1000, /* shown without --verbose */
	FIXED_MAX = 20,     /* lines of a baseline */
	WITHHELD_MAX = 10,
	ALIKE_MAX = 10, /* findings of one requirement shown in full without --verbose */
	CODES_MAX = 64, /* codes of diagnosis: there are half as many */
};

/* The findings of one requirement, severity and certainty, with one role: what is said of one is true of all.
 */
struct group {
	const char *id, *section, *level; /* of the requirement: static */
	enum severity severity;
	enum certainty certainty;
	enum role role;
	uint64_t findings;
	char message[TEXT_ROOM]; /* the first one's */
};

/* What is wrong, and with how many. */
struct wrong {
	const char *code; /* static */
	uint64_t connections, calls;
};

struct report {
	struct report_options o;
	struct text head; /* captures; in memory */
	char *head_text;
	size_t head_len;
	unsigned ncaptures;
	struct tunnel_text body; /* tunnels and findings */
	bool postponed;          /* the body is a temporary file */
	bool showing;            /* the current tunnel */
	uint64_t tunnels, tunnels_left_out;
	struct wrong wrong[CODES_MAX];
	unsigned nwrong;
	struct group *groups;
	size_t ngroups, groups_room;
	bool in_findings;
	int error;
};

static struct report *text_begin(const struct report_options *o)
{
	struct report *r = calloc(1, sizeof(*r));
	unsigned width = o->width ? o->width : DEFAULT_WIDTH;
	struct text t;

	if (!r)
		return NULL;
	t = (struct text){ .width = width < MIN_WIDTH ? MIN_WIDTH : width, .colour = o->colour };
	r->o = *o;
	r->body.o = &r->o;
	r->head = r->body.t = t;
	r->head.out = open_memstream(&r->head_text, &r->head_len);
	if (!r->head.out) {
		free(r);
		return NULL;
	}
	r->body.t.out = tmpfile();
	r->postponed = r->body.t.out != NULL;
	if (!r->postponed)
		r->body.t.out = o->out;
	return r;
}

/* --- captures ------------------------------------------------------------------------------ */

static void put_capture_facts(struct text *t, const struct report_capture *c)
{
	char link[16], first[REPORT_TIME], last[REPORT_TIME];
	int64_t us = (c->last_time - c->first_time) / 1000;

	text_open(t, 2, 2);
	text_item(t, PLAIN, "%s%s%s", c->format, c->compression ? " in " : "",
		  c->compression ? c->compression : "");
	text_item(t, PLAIN, "%s", report_link_type(c->link_type, link));
	text_item(t, PLAIN, "%" PRIu64 " packet%s", c->packets, plural(c->packets));
	text_item(t, PLAIN, "%" PRIu64 " octets", c->octets);
	text_close(t);
	if (!c->packets)
		return;
	text_open(t, 2, 2);
	text_words(t, PLAIN, "%s to", text_time(c->first_time, first));
	text_words(t, PLAIN, "%s", text_time(c->last_time, last));
	if (us >= 0)
		text_words(t, PLAIN, "(%" PRId64 ".%06" PRId64 NBSP "s)", us / 1000000, us % 1000000);
	text_close(t);
}

static void put_inspected(struct text *t, const struct report_capture *c)
{
	text_open(t, 2, 4);
	text_words(t, PLAIN, "inspected:");
	text_item(t, PLAIN, "%" PRIu64 " of control connections", c->control_packets);
	text_item(t, PLAIN, "%" PRIu64 " GRE", c->gre_packets);
	if (c->icmp_packets)
		text_item(t, PLAIN, "%" PRIu64 " ICMP about them", c->icmp_packets);
	if (c->fragments)
		text_item(t, PLAIN, "%" PRIu64 " IP fragments of these", c->fragments);
	text_close(t);
}

/* Why packets were not inspected; what may have cost something of PPTP stands out. */
static void put_unseen(struct text *t, const uint64_t *unseen)
{
	uint64_t all = 0;

	for (unsigned i = UNSEEN_NONE + 1; i < UNSEEN_COUNT; i++)
		all += unseen[i];
	if (!all)
		return;
	text_open(t, 2, 4);
	text_words(t, PLAIN, "not inspected: %" PRIu64, all);
	text_close(t);
	for (unsigned i = UNSEEN_NONE + 1; i < UNSEEN_COUNT; i++) {
		bool lossy = report_unseen[i].lossy;

		if (!unseen[i])
			continue;
		text_open(t, 2, text_narrow(t) ? 6 : 14);
		text_words(t, PLAIN, NBSP NBSP "%*" PRIu64, text_narrow(t) ? 0 : 8, unseen[i]);
		text_words(t, lossy ? YELLOW : PLAIN, "%s", report_unseen[i].words);
		if (lossy)
			text_words(t, YELLOW, "- may have been PPTP");
		text_close(t);
	}
}

static void text_capture(struct report *r, const struct report_capture *c)
{
	char path[PATH_ROOM], error[PATH_ROOM];
	struct text *t = &r->head;

	r->ncaptures++;
	text_close(t);
	text_open(t, 0, 2);
	if (r->o.captures > 1)
		text_words(t, BOLD, "Capture %u", r->ncaptures);
	else
		text_words(t, BOLD, "Capture");
	report_path(&r->o, c->path, path);
	text_words(t, PLAIN, "%s", text_keep(path));
	text_close(t);
	if (c->damaged || c->error) {
		text_open(t, 2, 4);
		text_words(t, RED, "%s: %s", c->format ? "damaged" : "not read",
			   c->error ? report_error(&r->o, c->error, c->path, error) : "its end is missing");
		text_close(t);
	}
	if (!c->format)
		return;
	put_capture_facts(t, c);
	put_inspected(t, c);
	if (c->unseen)
		put_unseen(t, c->unseen);
	if (c->truncated) {
		text_open(t, 2, 4);
		text_words(t, YELLOW, "cut by the snap length: %" PRIu64 " packet%s", c->truncated,
			   plural(c->truncated));
		text_close(t);
	}
	if (c->offload) {
		text_open(t, 2, 4);
		text_words(t, PLAIN, "checksums left to the network card: %" PRIu64, c->offload);
		text_close(t);
	}
}

/* --- tunnels ------------------------------------------------------------------------------- */

static void text_tunnel(struct report *r, const struct tunnel *t)
{
	r->showing = r->o.verbose || r->tunnels < TUNNELS_MAX;
	r->tunnels++;
	if (r->showing)
		tunnel_text_begin(&r->body, t);
	else
		r->tunnels_left_out++;
}

/* The tally of a code, new where there was none; of the healthy, and beyond the last one, none is kept. */
static struct wrong *wrong_of(struct report *r, const char *code)
{
	for (unsigned i = 0; i < r->nwrong; i++)
		if (strcmp(r->wrong[i].code, code) == 0)
			return &r->wrong[i];
	if (r->nwrong == CODES_MAX || strcmp(code, "healthy") == 0)
		return NULL;
	r->wrong[r->nwrong] = (struct wrong){ code, 0, 0 };
	return &r->wrong[r->nwrong++];
}

/* A call or connection counts once for each of its codes, which may come for each direction. */
static void count_wrong(struct report *r, const struct diagnosis *why, unsigned whys, bool call)
{
	for (unsigned i = 0; i < whys; i++) {
		struct wrong *w = wrong_of(r, why[i].code);
		unsigned first = 0;

		while (strcmp(why[first].code, why[i].code) != 0)
			first++;
		if (!w || first < i)
			continue;
		w->calls += call;
		w->connections += !call;
	}
}

static void text_connection(struct report *r, const struct control_connection *c, const struct diagnosis *why,
			    unsigned whys)
{
	count_wrong(r, why, whys, false);
	if (!r->showing)
		return;
	tunnel_text_connection(&r->body, c);
	tunnel_text_diagnosis(&r->body, r->body.tunnel->connections, why, whys);
}

static void text_call(struct report *r, const struct call *c, const struct diagnosis *why, unsigned whys)
{
	count_wrong(r, why, whys, true);
	if (!r->showing)
		return;
	tunnel_text_call(&r->body, c);
	tunnel_text_diagnosis(&r->body, r->body.tunnel->calls, why, whys);
}

static void text_tunnel_end(struct report *r, const struct tunnel *t)
{
	(void)t;
	if (r->showing)
		tunnel_text_end(&r->body);
	if (ferror(r->body.t.out) && !r->error)
		r->error = errno ? errno : EIO;
}

/* What was left out, before what follows the tunnels. */
static void tunnels_end(struct report *r)
{
	struct text *t = &r->body.t;

	if (!r->tunnels_left_out)
		return;
	text_close(t);
	text_open(t, 0, 2);
	text_words(t, BOLD, "%" PRIu64 " more tunnel%s", r->tunnels_left_out, plural(r->tunnels_left_out));
	text_words(t, DIM, "(each of them: --verbose, or --format json)");
	text_close(t);
	r->tunnels_left_out = 0;
}

/* --- findings ------------------------------------------------------------------------------ */

static enum style severity_style(enum severity s)
{
	return s == SEVERITY_ERROR ? RED : s == SEVERITY_WARNING ? YELLOW : CYAN;
}

/* The group of a finding, new where there was none; NULL when memory is not to be had. */
static struct group *group_of(struct report *r, const struct finding *f)
{
	struct group *g;

	for (size_t i = 0; i < r->ngroups; i++) {
		g = &r->groups[i];
		if (g->severity == f->severity && g->certainty == f->certainty && g->role == f->role &&
		    strcmp(g->id, f->id) == 0)
			return g;
	}
	if (r->ngroups == r->groups_room) {
		size_t room = r->groups_room ? r->groups_room * 2 : 16;

		g = realloc(r->groups, room * sizeof(*g));
		if (!g)
			return NULL;
		r->groups = g;
		r->groups_room = room;
	}
	g = &r->groups[r->ngroups++];
	*g = (struct group){ f->id, f->section, f->level, f->severity, f->certainty, f->role, 0, "" };
	report_sentence(&r->o, f->message, g->message);
	return g;
}

static void put_finding_place(struct report *r, const struct finding *f)
{
	char frame[FRAME_ROOM], time[REPORT_TIME], addr[64];
	struct text *t = &r->body.t;

	text_label(t, 4, 11, "where");
	if (f->frame)
		text_item(t, PLAIN, "frame %s", text_frame(&r->o, f->frame, frame));
	if (f->frame)
		text_item(t, PLAIN, "%s", text_time(f->time_ns, time));
	if (f->tunnel)
		text_item(t, PLAIN, "tunnel %" PRIu64, f->tunnel);
	if (f->connection)
		text_item(t, PLAIN, "control connection %" PRIu64, f->connection);
	if (f->call)
		text_item(t, PLAIN, "call %" PRIu64, f->call);
	text_close(t);
	text_label(t, 4, 11, "by");
	if (f->has_fault)
		text_words(t, PLAIN, "%s", report_addr(&r->o, &f->at_fault, addr));
	else
		text_words(t, PLAIN, "unknown: the capture cannot tell");
	if (report_role_name(f->role))
		text_words(t, PLAIN, "(%s)", report_role_name(f->role));
	text_close(t);
	if (f->count > 1) {
		text_label(t, 4, 11, "again");
		text_item(t, PLAIN, "%" PRIu64 " times in all", f->count);
		text_item(t, PLAIN, "the last one in frame %s", text_frame(&r->o, f->last_frame, frame));
		text_close(t);
	}
}

static void put_sentence(struct report *r, const char *label, const char *sentence)
{
	char buf[TEXT_ROOM];

	if (!*sentence)
		return;
	text_label(&r->body.t, 4, 11, label);
	text_words(&r->body.t, PLAIN, "%s", text_keep((char *)report_sentence(&r->o, sentence, buf)));
	text_close(&r->body.t);
}

static void put_finding(struct report *r, const struct finding *f, enum baseline baseline)
{
	char buf[TEXT_ROOM], frame[FRAME_ROOM];
	struct text *t = &r->body.t;

	text_close(t);
	text_open(t, 2, 4);
	text_words(t, severity_style(f->severity), "%s%s", rule_severity_name(f->severity),
		   f->certainty == SUSPECTED ? " (suspected)" : "");
	text_words(t, BOLD, "%s", f->id);
	text_words(t, DIM, "%s, section %s", f->level, f->section);
	if (baseline != BASELINE_NONE)
		text_words(t, DIM, "%s", baseline == BASELINE_NEW ? "(new)" : "(accepted)");
	text_close(t);
	text_open(t, 4, 4);
	text_words(t, PLAIN, "%s", report_sentence(&r->o, f->message, buf));
	text_close(t);
	put_finding_place(r, f);
	put_sentence(r, "expected", f->expected);
	put_sentence(r, "observed", f->observed);
	if (f->nevidence > 1) {
		text_label(t, 4, 11, "evidence");
		text_words(t, PLAIN, "frames");
		for (unsigned i = 0; i < f->nevidence; i++)
			text_item(t, PLAIN, "%s", text_frame(&r->o, f->evidence[i], frame));
		text_close(t);
	}
	if (f->known_as[0])
		put_sentence(r, "known of", f->known_as);
}

static void text_finding(struct report *r, const struct finding *f, enum baseline baseline)
{
	struct group *g = group_of(r, f);
	struct text *t = &r->body.t;

	tunnels_end(r);
	if (!r->in_findings) {
		text_close(t);
		text_open(t, 0, 0);
		text_words(t, BOLD, "Findings");
		text_close(t);
		r->in_findings = true;
	}
	if (g)
		g->findings++;
	if (!g || r->o.verbose || g->findings <= ALIKE_MAX)
		put_finding(r, f, baseline);
}

static void findings_end(struct report *r)
{
	struct text *t = &r->body.t;

	for (size_t i = 0; i < r->ngroups && !r->o.verbose; i++) {
		const struct group *g = &r->groups[i];

		if (g->findings <= ALIKE_MAX)
			continue;
		text_close(t);
		text_open(t, 2, 4);
		text_words(t, severity_style(g->severity), "%s", rule_severity_name(g->severity));
		text_words(t, BOLD, "%s", g->id);
		text_words(t, PLAIN, "%" PRIu64 " more of it", g->findings - ALIKE_MAX);
		text_words(t, DIM, "(each of them: --verbose, or --format json)");
		text_close(t);
	}
}

/* --- the summary --------------------------------------------------------------------------- */

static int group_order(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	if (x->findings != y->findings)
		return x->findings > y->findings ? -1 : 1;
	if (strcmp(x->id, y->id) != 0)
		return strcmp(x->id, y->id);
	if (x->certainty != y->certainty)
		return (int)x->certainty - (int)y->certainty;
	return (int)x->role - (int)y->role;
}

static void put_groups(struct report *r, struct text *t)
{
	if (r->ngroups)
		qsort(r->groups, r->ngroups, sizeof(*r->groups), group_order);
	for (size_t i = 0; i < r->ngroups; i++) {
		const struct group *g = &r->groups[i];

		text_open(t, 4, text_narrow(t) ? 6 : 14);
		text_words(t, severity_style(g->severity), "%s", rule_severity_name(g->severity));
		if (!text_narrow(t))
			text_column(t, 13);
		text_words(t, BOLD, "%s", g->id);
		text_words(t, PLAIN, "%" PRIu64 "x:", g->findings);
		text_words(t, PLAIN, "%s", g->message);
		if (g->certainty == SUSPECTED)
			text_words(t, DIM, "(suspected)");
		text_close(t);
	}
}

static void put_counts(struct text *t, const struct report_summary *s)
{
	text_open(t, 2, 2);
	if (!s->tunnels) {
		text_words(t, BOLD, "No PPTP: neither a control connection nor enhanced GRE was seen.");
		text_close(t);
		return;
	}
	text_item(t, BOLD, "%" PRIu64 " tunnel%s", s->tunnels, plural(s->tunnels));
	text_item(t, BOLD, "%" PRIu64 " control connection%s", s->connections, plural(s->connections));
	text_item(t, BOLD, "%" PRIu64 " call%s", s->calls, plural(s->calls));
	text_close(t);
}

static int wrong_order(const void *a, const void *b)
{
	const struct wrong *x = a, *y = b;
	uint64_t m = x->connections + x->calls, n = y->connections + y->calls;

	return m != n ? (m > n ? -1 : 1) : strcmp(x->code, y->code);
}

static void put_wrong(struct report *r, struct text *t)
{
	if (r->nwrong)
		qsort(r->wrong, r->nwrong, sizeof(*r->wrong), wrong_order);
	for (unsigned i = 0; i < r->nwrong; i++) {
		const struct wrong *w = &r->wrong[i];
		bool both = w->connections && w->calls;

		text_open(t, 2, 4);
		if (w->connections)
			text_words(t, PLAIN, "%" PRIu64 " control connection%s%s", w->connections,
				   plural(w->connections), both ? "," : ":");
		if (w->calls)
			text_words(t, PLAIN, "%" PRIu64 " call%s:", w->calls, plural(w->calls));
		text_words(t, RED, "%s", w->code);
		text_close(t);
	}
}

/* How safe the inside of the calls was. */
static void put_grades(struct text *t, const struct report_summary *s)
{
	bool any = false;

	for (unsigned i = 0; i < REPORT_GRADES; i++)
		any |= s->grades[i] != 0;
	if (!any)
		return;
	text_open(t, 2, 4);
	text_words(t, PLAIN, "security inside the calls, from A to F:");
	for (unsigned i = REPORT_GRADES; i-- > 0;)
		if (s->grades[i])
			text_item(t, 'A' + i >= 'E' ? RED : PLAIN, "%" PRIu64 " with %c", s->grades[i],
				  (char)('A' + i));
	text_close(t);
}

static void put_finding_counts(struct text *t, const struct report_summary *s)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < SEVERITIES; i++)
		all += s->findings[i];
	text_open(t, 2, 2);
	if (!s->unjudged)
		text_words(t, PLAIN, "not judged by any rule");
	else if (!all)
		text_words(t, GREEN, "no findings");
	for (unsigned i = SEVERITIES; i-- > 0;)
		if (s->findings[i])
			text_item(t, severity_style(i), "%" PRIu64 " %s%s", s->findings[i],
				  rule_severity_name(i), plural(s->findings[i]));
	text_close(t);
}

static void put_baseline(struct report *r, struct text *t, const struct report_baseline *b)
{
	char line[TEXT_ROOM];

	if (!b->used)
		return;
	text_open(t, 2, 4);
	text_words(t, PLAIN, "against the baseline:");
	text_item(t, b->fresh ? BOLD : PLAIN, "%" PRIu64 " new", b->fresh);
	text_item(t, PLAIN, "%" PRIu64 " unchanged", b->unchanged);
	text_item(t, PLAIN, "%" PRIu64 " fixed", b->fixed);
	text_close(t);
	for (uint64_t i = 0; i < b->fixed && b->fixed_lines && b->fixed_lines[i]; i++) {
		if (i == FIXED_MAX && !r->o.verbose) {
			text_line(t, "    ... and %" PRIu64 " more (--verbose)", b->fixed - i);
			break;
		}
		text_open(t, 4, 6);
		text_words(t, GREEN, "fixed");
		text_words(t, PLAIN, "%s", report_sentence(&r->o, b->fixed_lines[i], line));
		text_close(t);
	}
}

/* Conditions that kept rules from judging connections or calls. */
static void put_conditions(struct text *t, const struct report_unjudged *u)
{
	for (unsigned bit = 0; bit < UNLESS_BITS; bit++) {
		uint64_t connections = u->connections[bit], calls = u->calls[bit];
		unsigned kept = report_kept_count(u, bit);

		if ((!connections && !calls) || !kept)
			continue;
		text_open(t, 4, 6);
		text_words(t, YELLOW, "%s:", rule_unless_words(bit));
		text_words(t, PLAIN, "keeps %u rule%s from judging", kept, plural(kept));
		if (connections)
			text_item(t, PLAIN, "%" PRIu64 " control connection%s", connections,
				  plural(connections));
		if (calls)
			text_item(t, PLAIN, "%" PRIu64 " call%s", calls, plural(calls));
		text_close(t);
	}
}

/* Findings that were not made for want of proof. */
static void put_withheld(struct report *r, struct text *t, const struct report_unjudged *u)
{
	unsigned shown = 0, more = 0;

	for (unsigned i = 0; i < RULES; i++) {
		if (!u->withheld[i])
			continue;
		if (shown == WITHHELD_MAX && !r->o.verbose) {
			more++;
			continue;
		}
		if (!shown++) {
			text_open(t, 4, 6);
			text_words(t, PLAIN, "suspicions without proof, not reported:");
		}
		text_item(t, PLAIN, "%s %" PRIu64 "x", rules[i].id, u->withheld[i]);
	}
	if (more)
		text_item(t, PLAIN, "and of %u more rule%s (--verbose)", more, plural(more));
	if (shown)
		text_close(t);
}

static void put_judged(struct report *r, struct text *t, const struct report_unjudged *u)
{
	unsigned asked;

	if (!u)
		return;
	asked = report_asked_count(u);
	text_open(t, 2, 4);
	text_words(t, PLAIN, "judged by %u rule%s that a capture can answer", asked, plural(asked));
	text_close(t);
	put_conditions(t, u);
	put_withheld(r, t, u);
}

static void put_partial(struct report *r, struct text *t, const struct report_summary *s)
{
	char buf[TEXT_ROOM];

	if (s->partial) {
		text_open(t, 2, 4);
		text_words(t, YELLOW, "Partial: something may be missing from this report.");
		text_close(t);
	}
	if (s->gaps) {
		text_open(t, 4, 6);
		text_words(t, YELLOW, "%" PRIu64 " gap%s in control connections, %" PRIu64 " octet%s missing",
			   s->gaps, plural(s->gaps), s->gap_octets, plural(s->gap_octets));
		text_close(t);
	}
	for (unsigned i = 0; s->notices && s->notices[i]; i++) {
		text_open(t, 4, 6);
		text_words(t, YELLOW, "%s", report_sentence(&r->o, s->notices[i], buf));
		text_close(t);
	}
}

static void put_summary(struct report *r, const struct report_summary *s)
{
	struct text t = r->body.t;

	t.out = r->o.out;
	text_open(&t, 0, 2);
	text_words(&t, BOLD, "PPTP audit");
	text_words(&t, PLAIN, "against %s",
		   strcmp(r->o.profile, "rfc2637") == 0 ? "RFC 2637" : "RFC 2637, profile ms-ptpt");
	text_close(&t);
	put_counts(&t, s);
	put_wrong(r, &t);
	put_grades(&t, s);
	put_finding_counts(&t, s);
	put_groups(r, &t);
	put_baseline(r, &t, &s->baseline);
	put_judged(r, &t, s->unjudged);
	put_partial(r, &t, s);
}

/* --- the end ------------------------------------------------------------------------------- */

static bool copy(FILE *from, FILE *to)
{
	char buf[65536];
	size_t n;

	if (fflush(from) != 0 || ferror(from) || fseek(from, 0, SEEK_SET) != 0)
		return false;
	while ((n = fread(buf, 1, sizeof(buf), from)) > 0)
		if (fwrite(buf, 1, n, to) != n)
			return false;
	return !ferror(from);
}

static bool put_all(struct report *r, const struct report_summary *s)
{
	FILE *out = r->o.out;
	bool ok;

	ok = fflush(r->head.out) == 0;
	if (!r->postponed)
		text_close(&r->body.t);
	put_summary(r, s);
	ok &= fwrite(r->head_text, 1, r->head_len, out) == r->head_len;
	if (r->postponed)
		ok &= copy(r->body.t.out, out);
	ok &= fflush(out) == 0;
	return ok && !ferror(out);
}

static bool text_end(struct report *r, const struct report_summary *s)
{
	int error;

	tunnels_end(r);
	findings_end(r);
	errno = 0;
	if (!put_all(r, s) && !r->error)
		r->error = errno ? errno : EIO;
	if (r->postponed)
		fclose(r->body.t.out);
	fclose(r->head.out);
	free(r->head_text);
	free(r->groups);
	error = r->error;
	free(r);
	errno = error;
	return error == 0;
}

const struct report_ops report_text = {
	.name = "text",
	.help = "for people: a summary, then every tunnel with its connections and calls",
	.histories = true,
	.begin = text_begin,
	.capture = text_capture,
	.tunnel = text_tunnel,
	.connection = text_connection,
	.call = text_call,
	.tunnel_end = text_tunnel_end,
	.finding = text_finding,
	.end = text_end,
};
