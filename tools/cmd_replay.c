/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pptpscope replay: one side of a recorded conversation is played at a live peer. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/report_replay.h"
#include "tools/active_tap.h"
#include "tools/address.h"
#include "tools/commands.h"
#include "tools/reading.h"
#include "tools/version.h"

enum { NOTICES = 12, NOTICE = 240, IGNORED = 64 };

/* Of what is kept of the capture, unless --max-memory says otherwise. */
#define MEMORY (UINT64_C(256) << 20)

struct playing {
	const struct options *o;
	struct reading reading;
	const struct report_replay_ops *ops;
	struct report_replay *report;
	enum role as;
	uint64_t connection, memory;
	double timeout, time_scale;
	const char *ignore[IGNORED + 1];
	bool listen, any;
	struct ip_addr own, peer;
	uint16_t port;
	struct recorded *recorded;
	struct recorded_about about;
	struct replay_recording recording;
	bool damaged;
	struct net *net;
	struct tap_file *tap;
	struct net_host *host;
	bool gre;
	const char *notice[NOTICES + 1];
	char text[NOTICES][NOTICE];
	size_t notices;
	bool partial;
};

static volatile bool stop;

static void on_signal(int number)
{
	(void)number;
	stop = true;
}

__attribute__((format(printf, 2, 3))) static void notice(struct playing *p, const char *format, ...)
{
	va_list ap;

	if (p->notices == NOTICES)
		return;
	va_start(ap, format);
	vsnprintf(p->text[p->notices], NOTICE, format, ap);
	va_end(ap);
	p->notice[p->notices] = p->text[p->notices];
	p->notices++;
}

/* --- options --------------------------------------------------------------------------------- */

static bool take_real(const struct options *o, const char *name, double high, double *out)
{
	const char *text = options_value(o, name, NULL);
	char *rest;

	if (!text)
		return true;
	*out = strtod(text, &rest);
	if (rest != text && !*rest && isfinite(*out) && *out >= 0 && *out <= high)
		return true;
	options_usage_error(o, "--%s takes a number from 0 to %g, not '%s'", name, high, text);
	return false;
}

static bool take_role(struct playing *p)
{
	const char *as = options_value(p->o, "as", NULL);

	p->as = as && strcmp(as, "pac") == 0   ? ROLE_PAC
		: as && strcmp(as, "pns") == 0 ? ROLE_PNS
					       : ROLE_UNKNOWN;
	if (p->as != ROLE_UNKNOWN)
		return true;
	if (as)
		options_usage_error(p->o, "--as takes pac or pns, not '%s'", as);
	else
		options_usage_error(p->o, "say which side is played: --as pac or --as pns");
	return false;
}

static bool is_field(const char *name)
{
	for (unsigned type = 1; type < CTRL_TYPES; type++)
		if (ctrl_field_index(ctrl_desc_of(type), name) >= 0)
			return true;
	return false;
}

static bool take_ignored(struct playing *p)
{
	size_t n = options_count(p->o, "ignore");

	if (n > IGNORED) {
		options_usage_error(p->o, "at most %d times --ignore", IGNORED);
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		p->ignore[i] = options_nth(p->o, "ignore", i);
		if (is_field(p->ignore[i]))
			continue;
		options_usage_error(p->o,
				    "--ignore %s: no message has such a field ('pptpscope decode --verbose' "
				    "shows their names)",
				    p->ignore[i]);
		return false;
	}
	return true;
}

static bool take_peer(struct playing *p)
{
	const char *own = options_value(p->o, "listen", NULL), *source = options_value(p->o, "source", NULL);
	size_t n = options_operands(p->o);
	uint16_t none = 0;
	char err[256];

	p->port = CTRL_PORT;
	p->any = true;
	p->listen = own;
	if (n < 1 || n > 2 || (n == 2) == (own != NULL)) {
		options_usage_error(p->o, "name a capture, and the peer or --listen");
		return false;
	}
	if (own && !address_parse_own(own, &p->own, &p->any, &p->port, err, sizeof(err))) {
		options_usage_error(p->o, "--listen: %s", err);
		return false;
	}
	if (source && (own || !address_parse(source, &p->own, &none, err, sizeof(err)) || none)) {
		options_usage_error(p->o, own ? "--listen ADDR tells the own address: leave out --source"
					      : "--source takes an address of this machine");
		return false;
	}
	p->any &= !source;
	if (own || address_parse(options_operand(p->o, 1), &p->peer, &p->port, err, sizeof(err)))
		return true;
	options_say(p->o, "%s: %s", options_operand(p->o, 1), err);
	p->partial = true;
	return false;
}

static bool take_options(struct playing *p)
{
	const char *format = options_value(p->o, "format", "text");

	p->ops = report_replay_by_name(format);
	if (!p->ops) {
		options_usage_error(p->o, "there is no format '%s'; there are text and json", format);
		return false;
	}
	p->timeout = 10;
	p->time_scale = 1;
	p->memory = MEMORY;
	if (options_given(p->o, "fast") && options_given(p->o, "time-scale")) {
		options_usage_error(p->o, "--fast is --time-scale 0: give one of them");
		return false;
	}
	if (!take_role(p) || !options_number(p->o, "connection", 1, UINT64_MAX, &p->connection) ||
	    !options_number(p->o, "max-memory", 16 << 20, UINT64_C(1) << 50, &p->memory) ||
	    !take_real(p->o, "timeout", 1e6, &p->timeout) ||
	    !take_real(p->o, "time-scale", 1000, &p->time_scale) || !take_ignored(p) || !take_peer(p))
		return false;
	if (options_given(p->o, "fast"))
		p->time_scale = 0;
	return true;
}

/* --- the capture ----------------------------------------------------------------------------- */

static void on_capture(void *ctx, const struct report_capture *c)
{
	((struct playing *)ctx)->damaged |= c->damaged;
}

static void note_left_out(struct playing *p)
{
	const struct recorded_about *a = &p->about;

	if (p->damaged)
		notice(p, "the capture is damaged: what came before the damage was played");
	if (recorded_over_limit(p->recorded))
		notice(p,
		       "%" PRIu64
		       " messages and packets found no room; raise --max-memory or read less with --filter",
		       recorded_over_limit(p->recorded));
	if (a->cut || a->lost)
		notice(p,
		       "the capture lacks octets of %" PRIu64 " messages and packets, and %" PRIu64
		       " octets of the connection: these were left out",
		       a->cut, a->lost);
	p->partial |= p->damaged || recorded_over_limit(p->recorded) || a->cut || a->lost;
	if (a->midstream)
		notice(p,
		       "the start of the connection is not in the capture: what was said there was left out");
	p->partial |= a->midstream;
	if (a->skipped)
		notice(p, "%" PRIu64 " octets of ours that are no message were left out", a->skipped);
	if (a->foreign)
		notice(p, "%" PRIu64 " GRE packets of these hosts have Call IDs of no call of the connection",
		       a->foreign);
	if (a->role_guessed)
		notice(p,
		       "nothing in the capture tells who is the PAC: whoever connected was taken for a PNS");
}

/* Takes the connection out of the capture.  False: *status is the exit status. */
static bool read_capture(struct playing *p, int *status)
{
	struct pipeline_observer observer;
	struct pipeline *pipeline;
	char err[256];
	bool taken;

	p->recorded = recorded_new(p->memory);
	observer = p->recorded ? recorded_observer(p->recorded) : (struct pipeline_observer){ 0 };
	pipeline = p->recorded ? pipeline_new(&p->reading.pipeline, &observer, err, sizeof(err)) : NULL;
	*status = EXIT_PARTIAL;
	if (!pipeline) {
		options_say(p->o, "%s", p->recorded ? err : strerror(ENOMEM));
		return false;
	}
	/* One that was read in part is played in part; the reason was said. */
	if (reading_one(&p->reading, pipeline, 0, on_capture, p) == EXIT_USAGE) {
		*status = EXIT_USAGE;
		pipeline_free(pipeline);
		return false;
	}
	pipeline_finish(pipeline);
	taken = recorded_take(p->recorded, pipeline_tracker(pipeline), p->connection, p->as, &p->recording,
			      &p->about, err, sizeof(err));
	pipeline_free(pipeline);
	if (!taken && !p->damaged)
		options_say(p->o, "%s", err);
	return taken;
}

/* The recorded side that connected can connect again only, and the other one can only wait. */
static bool fits(struct playing *p)
{
	if (p->recording.originator == !p->listen)
		return true;
	options_usage_error(p->o,
			    p->listen ? "this side opened the connection: name the peer instead of --listen"
				      : "this side was connected to: wait for the peer with --listen");
	return false;
}

/* --- the replay ------------------------------------------------------------------------------ */

static void on_connected(void *ctx, const struct ip_addr *peer, uint16_t port)
{
	struct playing *p = ctx;

	p->ops->connected(p->report, peer, port);
}

static void on_said(void *ctx, const struct replay_item *item, const struct ctrl_msg *m, int64_t time_ns)
{
	struct playing *p = ctx;

	p->ops->said(p->report, item, m, time_ns);
}

static void on_difference(void *ctx, const struct replay_difference *d)
{
	struct playing *p = ctx;

	p->ops->difference(p->report, d);
}

static bool open_net(struct playing *p)
{
	struct net_tap tap = { NULL, tap_file_seen };
	const char *path = options_value(p->o, "pcap", NULL);
	char err[256];

	p->net = net_socket_new(err, sizeof(err));
	if (p->net && path) {
		tap.ctx = p->tap = tap_file_open(path, err, sizeof(err));
		if (!p->tap) {
			options_say(p->o, "%s", err);
			return false;
		}
	}
	p->host = p->net ? net_host_new(p->net, p->any ? NULL : &p->own, p->tap ? &tap : NULL) : NULL;
	if (!p->host) {
		options_say(p->o, "%s", p->net ? strerror(ENOMEM) : err);
		return false;
	}
	if (options_given(p->o, "no-gre") || !(p->about.packets[0] + p->about.packets[1]))
		return true;
	p->gre = net_gre_open(p->net, err, sizeof(err));
	if (!p->gre) {
		notice(p, "the tunnel was not played: %s", err);
		p->partial = true;
	}
	return true;
}

static struct replay *open_replay(struct playing *p, char *err, size_t room)
{
	static const struct replay_events events = { on_connected, on_said, on_difference };
	struct replay_options ro = {
		.host = p->host,
		.peer = p->listen ? NULL : &p->peer,
		.port = p->port,
		.timeout = p->timeout,
		.time_scale = p->time_scale,
		.gre = p->gre,
		.ignore = p->ignore,
	};

	return replay_new(&ro, &p->recording, &events, p, err, room);
}

static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

static int exit_status(const struct playing *p, const struct replay_totals *t)
{
	if (!t->connected || p->partial)
		return EXIT_PARTIAL;
	if (report_replay_differences(t))
		return EXIT_VIOLATIONS;
	return t->whole ? EXIT_OK : EXIT_PARTIAL;
}

/* Plays; what became of it is in *t. */
static void play(struct playing *p, struct replay_totals *t)
{
	char why[sizeof(t->why)] = "";
	struct replay *replay;

	catch_signals();
	replay = open_replay(p, why, sizeof(why));
	if (!replay) {
		memcpy(t->why, why, sizeof(why));
		return;
	}
	if (p->listen && !p->reading.report.quiet)
		options_say(p->o, "waiting for the peer at port %u", replay_port(replay));
	replay_run(replay, &stop);
	*t = *replay_totals(replay);
	if (t->untranslated)
		notice(p,
		       "%" PRIu64
		       " messages and packets are about calls to which the peer has not assigned a Call ID: "
		       "the messages were sent as recorded, the packets were not",
		       t->untranslated);
	replay_free(replay);
}

static int report(struct playing *p)
{
	const struct report_replay_plan plan = { options_operand(p->o, 0),
						 PPTPSCOPE_VERSION,
						 &p->about,
						 &p->recording,
						 p->timeout,
						 p->time_scale };
	struct replay_totals totals = { 0 };

	p->report = p->ops->begin(&p->reading.report, &plan);
	if (!p->report) {
		options_say(p->o, "%s", strerror(ENOMEM));
		return EXIT_PARTIAL;
	}
	note_left_out(p);
	play(p, &totals);
	if (!p->ops->end(p->report, &totals, p->notice))
		p->partial = true;
	if (!totals.connected)
		options_say(p->o, "no connection%s%s", totals.why[0] ? ": " : "", totals.why);
	return exit_status(p, &totals);
}

/* Frees everything; false when a file is not whole. */
static bool clean_up(struct playing *p)
{
	char err[256];
	bool whole = true;

	net_host_free(p->host);
	net_free(p->net);
	if (!tap_file_close(p->tap, err, sizeof(err))) {
		options_say(p->o, "%s: %s", options_value(p->o, "pcap", ""), err);
		whole = false;
	}
	recorded_free(p->recorded);
	report_cleanup();
	return whole;
}

static int run(const struct options *o)
{
	static struct playing p;
	int status = EXIT_USAGE;

	p.o = o;
	if (!take_options(&p))
		return p.partial ? EXIT_PARTIAL : EXIT_USAGE;
	if (!reading_start(&p.reading, o, &status))
		return status;
	p.reading.report.captures = 1;
	if (read_capture(&p, &status))
		status = !fits(&p) ? EXIT_USAGE : open_net(&p) ? report(&p) : EXIT_PARTIAL;
	if (!clean_up(&p) || !reading_close(&p.reading))
		status = EXIT_PARTIAL;
	return status;
}

static const struct option_desc options[] = {
	{ 0, "as", "ROLE", "the side that is played: pac or pns" },
	{ 'l', "listen", "ADDR[:PORT]", "wait for the peer: for the side that was connected to" },
	{ 0, "source", "ADDR", "own address" },
	{ 0, "connection", "N", "the control connection of the capture, as audit numbers them (default: 1)" },
	{ 0, "timeout", "SECONDS", "how much longer than then an answer may take (default: 10)" },
	{ 0, "time-scale", "FACTOR", "make the pauses between what is sent longer or shorter" },
	{ 0, "fast", NULL, "make no pauses" },
	{ 0, "ignore", "FIELD", "do not compare this field, such as host_name (repeatable)" },
	{ 0, "no-gre", NULL, "play the control connection only" },
	{ 0, "pcap", "FILE", "write what is sent and received to a capture" },
	{ 'f', "format", "NAME", "output format: text (default) or json" },
	{ 'o', "output", "FILE", "write to FILE instead of standard output" },
	{ 'p', "port", "PORT",
	  "TCP port of control connections in the capture instead of 1723 (repeatable)" },
	{ 'F', "filter", "EXPR", "read only packets that match this libpcap filter" },
	{ 'q', "quiet", NULL, "no progress and no remarks on standard error" },
	{ 'v', "verbose", NULL, "print what is said, too" },
	{ 0, "no-progress", NULL, "no progress on standard error" },
	{ 0, "anonymize", NULL, "replace addresses, host names and telephone numbers by numbered names" },
	{ 0, "max-memory", "OCTETS", "what is kept of the capture takes at most this much" },
	{ 0, NULL, NULL, NULL },
};

const struct command cmd_replay = {
	.name = "replay",
	.operands = "CAPTURE [HOST[:PORT]]",
	.help = "play one side of a recorded conversation at a live peer",
	.details = "Tells where the peer now behaves differently: messages that are missing, additional or "
		   "in another\n"
		   "order, fields that differ, another end.  Exit status 0: it does what it did; 1: it does "
		   "not.",
	.options = options,
	.run = run,
};
