/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pptpscope conform: active tests against a device. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "analyzer/report_conform.h"
#include "dissectors/ip.h"
#include "tools/active_tap.h"
#include "tools/address.h"
#include "tools/baseline.h"
#include "tools/commands.h"
#include "tools/conform_hook.h"
#include "tools/conform_list.h"
#include "tools/conform_order.h"
#include "tools/conform_self.h"
#include "tools/password.h"
#include "tools/scenario.h"
#include "tools/terminal.h"
#include "tools/version.h"

enum { FIRST_OCTET = 12, LAST_OCTET = 15 }; /* of an IPv4 address */
enum { MANY_TESTS = 20 };
enum { SOURCES_MAX = 64, NOTICES = 8, NOTICE = 240, TEST_SECONDS = 1800 };

struct conform {
	const struct options *o;
	struct runner_options run;
	bool selected[RULES];
	struct ip_addr sources[SOURCES_MAX];
	struct password password;
	const char *output; /* NULL: standard output */
	struct report_conform_options report;
	const struct report_conform_ops *ops;
	struct report_conform *printed;
	struct conform_order *order;
	struct report_conform_summary summary;
	char address[IP_ADDR_TEXT];
	struct baseline_list accepted, found;
	struct net *net; /* owned; --self has its own */
	struct conform_self *self;
	struct conform_hook *hook;
	struct active_tap *tap;
	struct runner *runner;
	const char *notice[NOTICES + 1];
	char text[NOTICES][NOTICE];
	size_t notices, begun;
	bool progress, failed, partial;
	double hook_seconds;
};

static volatile bool interrupted;

__attribute__((format(printf, 2, 3))) static void notice(struct conform *c, const char *format, ...)
{
	va_list ap;

	if (c->notices == NOTICES)
		return;
	va_start(ap, format);
	vsnprintf(c->text[c->notices], NOTICE, format, ap);
	va_end(ap);
	c->notice[c->notices] = c->text[c->notices];
	c->notices++;
}

/* --- what the runner tells ------------------------------------------------------------------- */

static void wipe_progress(const struct conform *c)
{
	if (c->progress)
		fputs("\r\033[K", stderr);
}

static void started(void *ctx, const struct test_case *t, const char *name)
{
	struct conform *c = ctx;

	c->begun += t != NULL;
	if (c->progress)
		fprintf(stderr, "\r\033[K[%zu of %zu, %zu failed] %s", c->begun, c->report.planned,
			c->summary.verdicts[VERDICT_FAIL], name);
}

static struct report_device device_of(const struct conform *c)
{
	const struct active_tap_device *d = active_tap_device(c->tap);

	return (struct report_device){
		.seen = d->seen,
		.host_name = d->host_name,
		.vendor_name = d->vendor_name,
		.peer = d->recognised ? d->known.peer : NULL,
		.words = d->recognised ? d->known.words : NULL,
		.version = d->version,
		.firmware = d->firmware,
		.channels = d->channels,
		.framing = d->framing,
		.bearer = d->bearer,
	};
}

/* Keeps the verdict for --write-expect and compares it with --expect. */
static enum baseline compare(struct conform *c, const struct test_result *r)
{
	struct baseline_line *known;
	char line[BASELINE_LINE];

	if (!test_counts(r) || r->verdict == VERDICT_PASS || r->verdict == VERDICT_SKIPPED)
		return BASELINE_NONE;
	snprintf(line, sizeof(line), "%s %s", r->name, verdict_name(r->verdict));
	if (options_given(c->o, "write-expect") && !baseline_add(&c->found, line))
		c->partial = true;
	if (!options_given(c->o, "expect"))
		return BASELINE_NONE;
	known = baseline_find(&c->accepted, line);
	if (known)
		known->seen = true;
	c->summary.baseline.unchanged += known != NULL;
	c->summary.baseline.fresh += !known;
	return known ? BASELINE_UNCHANGED : BASELINE_NEW;
}

static void ended(void *ctx, const struct test_result *r)
{
	struct conform *c = ctx;
	enum baseline b = compare(c, r);

	if (test_counts(r)) {
		c->summary.verdicts[r->verdict]++;
		c->summary.warned += r->verdict == VERDICT_PASS && r->warned;
	}
	c->failed |= r->verdict == VERDICT_FAIL && b != BASELINE_UNCHANGED;
	c->partial |= r->ours || (!test_counts(r) && r->verdict != VERDICT_PASS);
	conform_order_add(c->order, r, b);
}

static void print(void *ctx, const struct test_result *r, int with)
{
	struct conform *c = ctx;
	struct report_device device = device_of(c);

	wipe_progress(c);
	c->ops->test(c->printed, r, (enum baseline)with, &device);
}

static void *record_begin(void *ctx, const char *name)
{
	return active_tap_begin(((struct conform *)ctx)->tap, name);
}

static void record(void *ctx, void *recording, const struct net_seen *s)
{
	active_tap_record(((struct conform *)ctx)->tap, recording, s);
}

static void record_end(void *ctx, void *recording, struct test_result *r)
{
	active_tap_end(((struct conform *)ctx)->tap, recording, r);
}

static bool hook(void *ctx, const struct ip_addr *own, unsigned argc, const char *const *argv,
		 void (*done)(void *token, int status, const char *output), void *token)
{
	struct conform *c = ctx;

	return c->self ? conform_self_hook(c->self, own, argc, argv, done, token)
		       : conform_hook_start(c->hook, own, argc, argv, done, token);
}

/* --- options --------------------------------------------------------------------------------- */

/* A number of seconds, or a factor. */
static bool take_real(const struct options *o, const char *name, double low, double high, double *out)
{
	const char *text = options_value(o, name, NULL);
	char *rest;

	if (!text)
		return true;
	*out = strtod(text, &rest);
	if (rest != text && !*rest && isfinite(*out) && *out >= low && *out <= high)
		return true;
	options_usage_error(o, "--%s takes a number from %g to %g, not '%s'", name, low, high, text);
	return false;
}

static bool take_role(struct conform *c)
{
	const char *role = options_value(c->o, "dut", NULL);

	c->run.dut = role && strcmp(role, "pac") == 0   ? ROLE_PAC
		     : role && strcmp(role, "pns") == 0 ? ROLE_PNS
							: ROLE_UNKNOWN;
	if (c->run.dut != ROLE_UNKNOWN)
		return true;
	options_usage_error(c->o,
			    role ? "--dut takes pac or pns, not '%s'"
				 : "say what the device is: --dut pac or "
				   "--dut pns",
			    role);
	return false;
}

static bool take_numbers(struct conform *c)
{
	uint64_t jobs = 16, retries = 0, seed = 1;

	c->run.timeout = TEST_SECONDS;
	c->run.time_scale = 1;
	c->hook_seconds = 10;
	if (!options_number(c->o, "jobs", 1, 64, &jobs) ||
	    !options_number(c->o, "retries", 0, 100, &retries) ||
	    !options_number(c->o, "seed", 0, UINT32_MAX, &seed) ||
	    !take_real(c->o, "timeout", 1, 1e6, &c->run.timeout) ||
	    !take_real(c->o, "time-scale", 0.001, 1000, &c->run.time_scale) ||
	    !take_real(c->o, "hook-timeout", 0.1, 1e5, &c->hook_seconds))
		return false;
	c->run.jobs = (unsigned)jobs;
	c->run.retries = (unsigned)retries;
	c->run.seed = (uint32_t)seed;
	return true;
}

/* Sets or clears what an id or area names. */
static bool select_named(struct conform *c, const char *option, bool value)
{
	for (size_t i = 0; i < options_count(c->o, option); i++) {
		const char *name = options_nth(c->o, option, i);
		bool found = false;

		for (unsigned k = 0; k < RULES; k++)
			if (rule_named(&rules[k], name)) {
				c->selected[k] = value;
				found = true;
			}
		if (found)
			continue;
		options_usage_error(c->o,
				    "--%s %s: no requirement has this id ('pptpscope rules' lists them)",
				    option, name);
		return false;
	}
	return true;
}

static bool take_selection(struct conform *c)
{
	const char *profile = options_value(c->o, "profile", "rfc2637");

	if (!rule_profile_by_name(profile, &c->run.profile)) {
		options_usage_error(c->o, "there is no profile '%s'; there are rfc2637 and ms-ptpt", profile);
		return false;
	}
	for (unsigned i = 0; i < RULES; i++)
		c->selected[i] = !options_given(c->o, "only");
	c->run.selected = c->selected;
	return select_named(c, "only", true) && select_named(c, "except", false);
}

static bool take_sources(struct conform *c)
{
	size_t n = options_count(c->o, "source");
	uint16_t port = 0;
	char err[256];

	if (n > SOURCES_MAX) {
		options_usage_error(c->o, "at most %d times --source", SOURCES_MAX);
		return false;
	}
	c->run.sources = c->sources;
	for (c->run.nsources = 0; c->run.nsources < n; c->run.nsources++) {
		const char *text = options_nth(c->o, "source", c->run.nsources);

		if (address_parse(text, &c->sources[c->run.nsources], &port, err, sizeof(err)) && !port)
			continue;
		options_usage_error(c->o, "--source takes an address of this machine, not '%s'", text);
		return false;
	}
	return true;
}

/* On the loopback network all addresses are there, for clients that go where they are told. */
static void add_loopback(struct conform *c, struct ip_addr own)
{
	const char *exec = options_value(c->o, "exec", "");

	if (!ip_addr_is_v4(&own) || own.octet[FIRST_OCTET] != 127 || !strstr(exec, "PPTPSCOPE_SERVER"))
		return;
	while (c->run.nsources < c->run.jobs && own.octet[LAST_OCTET]++ < 254)
		c->sources[c->run.nsources++] = own;
}

static bool take_listen(struct conform *c)
{
	const char *text = options_value(c->o, "listen", NULL);
	struct ip_addr own;
	bool any = true;
	char err[256];

	c->run.listen_port = CTRL_PORT;
	if (!text)
		return true;
	if (!address_parse_own(text, &own, &any, &c->run.listen_port, err, sizeof(err))) {
		options_usage_error(c->o, "--listen: %s", err);
		return false;
	}
	for (size_t i = 0; i < c->run.nsources; i++)
		any |= ip_addr_same(&c->sources[i], &own);
	if (!any && (!c->run.nsources || c->run.listen) && c->run.nsources < SOURCES_MAX) {
		memmove(c->sources + 1, c->sources, c->run.nsources * sizeof(own));
		c->sources[0] = own;
		c->run.nsources++;
	}
	if (!any && c->run.listen && c->run.nsources == 1)
		add_loopback(c, own);
	return true;
}

static bool take_device(struct conform *c)
{
	size_t n = options_operands(c->o);
	char err[256];

	c->run.port = CTRL_PORT;
	c->run.listen = n == 0;
	if (!take_sources(c) || !take_listen(c))
		return false;
	if (n > 1 || (n && options_given(c->o, "self"))) {
		options_usage_error(c->o, "name one device");
		return false;
	}
	if (n == 0) {
		if (options_given(c->o, "listen") || options_given(c->o, "self") ||
		    options_given(c->o, "list") || options_given(c->o, "dry-run"))
			return true;
		options_usage_error(c->o, "name the device, or wait for it with --listen");
		return false;
	}
	if (address_parse(options_operand(c->o, 0), &c->run.address, &c->run.port, err, sizeof(err)))
		return true;
	options_say(c->o, "%s: %s", options_operand(c->o, 0), err);
	c->partial = true;
	return false;
}

static bool take_password(struct conform *c)
{
	const char *path = options_value(c->o, "password-file", NULL),
		   *user = options_value(c->o, "user", NULL);
	char err[256];

	c->run.user = user;
	if (!path)
		return true;
	if (!password_read(path, user, &c->password, err, sizeof(err))) {
		options_say(c->o, "%s", err);
		c->partial = true;
		return false;
	}
	c->run.user = c->password.user;
	c->run.password = c->password.password;
	return true;
}

static bool is_id(const char *word)
{
	return rule_by_id(word);
}

static bool take_format(struct conform *c)
{
	const char *name = options_value(c->o, "format", "text");

	c->ops = report_conform_by_name(name);
	if (!c->ops)
		options_usage_error(c->o, "--format takes text, json or junit, not '%s'", name);
	return c->ops;
}

/* 0.1 is left for the tests of versions that are too old. */
static bool take_versions(struct conform *c)
{
	const char *text = options_value(c->o, "versions", NULL);
	unsigned minor;
	char end;

	if (!text)
		return true;
	if (sscanf(text, "0.%3u%c", &minor, &end) == 1 && minor >= 2 && minor <= 255) {
		c->run.oldest_version = (uint16_t)minor;
		return true;
	}
	options_usage_error(c->o,
			    "--versions takes the oldest version that the device supports, 0.2 to 0.255, not '%s'",
			    text);
	return false;
}

static bool take_options(struct conform *c)
{
	c->run.fast = options_given(c->o, "fast");
	c->run.strict = options_given(c->o, "strict");
	return take_role(c) && take_format(c) && take_numbers(c) && take_versions(c) && take_selection(c) && take_device(c) &&
	       take_password(c);
}

/* --- beginning ------------------------------------------------------------------------------- */

static bool open_net(struct conform *c, int *status)
{
	char err[256];

	if (options_given(c->o, "self")) {
		c->run.listen = false;
		c->self = conform_self_new(c->o, &c->run, status);
		return c->self;
	}
	*status = EXIT_PARTIAL;
	c->net = c->run.net = net_socket_new(err, sizeof(err));
	if (!c->net) {
		options_say(c->o, "%s", err);
		return false;
	}
	c->run.gre = net_gre_open(c->net, err, sizeof(err));
	if (!c->run.gre)
		notice(c, "tests of tunnel packets were skipped: %s", err);
	c->run.dials_once = options_given(c->o, "exec");
	c->run.clients = c->run.dials_once && !options_given(c->o, "hook");
	c->hook = conform_hook_new(c->net, options_value(c->o, "hook", NULL),
				   options_value(c->o, "exec", NULL), c->hook_seconds);
	return c->hook;
}

static bool has_hooks(const struct conform *c)
{
	if (options_given(c->o, "hooks-off"))
		return false;
	return c->self || options_given(c->o, "hook") || options_given(c->o, "exec");
}

static bool open_runner(struct conform *c)
{
	struct runner_events e = { started, ended,      record_begin,
				   record,  record_end, has_hooks(c) ? hook : NULL };

	c->runner = runner_new(&c->run, &e, c);
	c->order = conform_order_new(print, c);
	if (!c->runner || !c->order)
		options_say(c->o, "%s", strerror(ENOMEM));
	return c->runner && c->order;
}

static bool open_tap(struct conform *c)
{
	struct active_tap_options t = { .dut = c->run.dut,
					.profile = c->run.profile,
					.pcap_dir = options_value(c->o, "pcap-dir", NULL),
					.time_scale = c->run.time_scale };

	if (t.pcap_dir && mkdir(t.pcap_dir, 0777) != 0 && errno != EEXIST) {
		options_say(c->o, "cannot make %s: %s", t.pcap_dir, strerror(errno));
		return false;
	}
	c->tap = active_tap_new(&t);
	if (!c->tap)
		options_say(c->o, "%s", strerror(ENOMEM));
	return c->tap;
}

/* Tests of the run; none: the selection is of no use. */
static bool plan(struct conform *c)
{
	for (unsigned i = 0; i < RULES; i++) {
		const struct test_case *t = suite_by_rule((enum rule_number)i);

		if (!t || !runner_takes(c->runner, t))
			continue;
		conform_order_expect(c->order, t);
		c->report.planned++;
	}
	if (!c->report.planned && !options_given(c->o, "scenario"))
		options_usage_error(c->o, "the selection leaves no test for a %s",
				    c->run.dut == ROLE_PAC ? "PAC" : "PNS");
	return c->report.planned || options_given(c->o, "scenario");
}

static bool open_report(struct conform *c)
{
	const char *path = options_value(c->o, "output", NULL);
	struct stat st;

	c->output = path && strcmp(path, "-") != 0 ? path : NULL;
	c->report.out = c->output ? fopen(c->output, "w") : stdout;
	if (!c->report.out) {
		options_say(c->o, "cannot write %s: %s", c->output, strerror(errno));
		return false;
	}
	c->report.file = c->output && fstat(fileno(c->report.out), &st) == 0 && S_ISREG(st.st_mode);
	c->report.quiet = options_given(c->o, "quiet");
	c->report.verbose = options_given(c->o, "verbose");
	c->report.width = terminal_width(fileno(c->report.out));
	c->report.colour = terminal_colour(c->report.width);
	c->report.version = PPTPSCOPE_VERSION;
	c->report.profile = c->run.profile;
	c->report.dut = c->run.dut;
	c->report.address = c->run.listen ? NULL : ip_addr_text(&c->run.address, c->address);
	c->report.port = c->run.port;
	c->report.seed = c->run.seed;
	c->report.time_scale = c->run.time_scale;
	c->progress = !c->report.quiet && !options_given(c->o, "no-progress") && isatty(STDERR_FILENO);
	c->printed = c->ops->begin(&c->report);
	if (!c->printed)
		options_say(c->o, "%s", strerror(ENOMEM));
	return c->printed;
}

static bool read_accepted(struct conform *c, int *status)
{
	const char *path = options_value(c->o, "expect", NULL);

	return !path || baseline_read(&c->accepted, c->o, path, "ID VERDICT", is_id, status);
}

/* --- running --------------------------------------------------------------------------------- */

static void interrupt(int number)
{
	(void)number;
	interrupted = true;
}

static void watch_signals(void)
{
	struct sigaction a = { .sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static double clock_seconds(const struct conform *c)
{
	return (double)net_now(c->run.net) / (double)NET_SECOND;
}

/* Scripts as tests, each on its own. */
static void run_scenarios(struct conform *c)
{
	for (size_t i = 0; i < options_count(c->o, "scenario"); i++) {
		const char *path = options_nth(c->o, "scenario", i), *slash = strrchr(path, '/');
		struct scenario s = { 0 };
		char err[512];

		s.script = script_open(path, err, sizeof(err));
		if (!s.script) {
			options_say(c->o, "%s", err);
			c->partial = true;
			continue;
		}
		runner_run_one(c->runner, slash ? slash + 1 : path, scenario_run, &s, 0);
		script_free(s.script);
	}
}

/* Why a run with clients took its time. */
static void explain_lanes(struct conform *c)
{
	if (!c->run.clients || c->run.jobs < 2 || runner_lanes(c->runner) > 1 ||
	    c->report.planned < MANY_TESTS)
		return;
	if (c->run.nsources > 1)
		notice(c, "tests ran one after the other: a client did not come to the address in "
			  "$PPTPSCOPE_SERVER");
	else
		notice(c, "tests ran one after the other: with more addresses (--source), and a command that "
			  "goes to $PPTPSCOPE_SERVER, they run side by side");
}

static void run_tests(struct conform *c)
{
	double began = clock_seconds(c);

	watch_signals();
	if (options_given(c->o, "scenario"))
		run_scenarios(c);
	else if (!runner_run(c->runner, &interrupted))
		c->partial = true;
	conform_order_end(c->order);
	explain_lanes(c);
	c->summary.seconds = clock_seconds(c) - began;
	c->summary.complete = !c->partial && !interrupted;
	wipe_progress(c);
	if (interrupted) {
		notice(c, "the run was interrupted");
		c->partial = true;
	}
	if (active_tap_error(c->tap)) {
		notice(c, "captures are missing: %s", active_tap_error(c->tap));
		c->partial = true;
	}
}

static void finish(struct conform *c)
{
	const char **fixed = NULL;
	const char *path = options_value(c->o, "write-expect", NULL);
	size_t nfixed = 0;

	if (options_given(c->o, "expect")) {
		fixed = baseline_unseen(&c->accepted, &nfixed);
		c->summary.baseline.used = true;
		c->summary.baseline.fixed = nfixed;
		c->summary.baseline.fixed_lines = fixed;
	}
	if (path &&
	    !baseline_write(&c->found, c->o, path, "Verdicts accepted by pptpscope conform --expect."))
		c->partial = true;
	c->summary.notices = c->notice;
	if (!c->ops->end(c->printed, &c->summary)) {
		options_say(c->o, "cannot write %s: %s", c->output ? c->output : "to standard output",
			    strerror(errno));
		c->partial = true;
	}
	c->printed = NULL;
	free(fixed);
}

static int run_device(struct conform *c)
{
	int status;

	if (!open_net(c, &status))
		return status;
	if (!open_runner(c))
		return EXIT_PARTIAL;
	if (!plan(c))
		return EXIT_USAGE;
	if (options_given(c->o, "list") || options_given(c->o, "dry-run"))
		return conform_list(c->runner, options_given(c->o, "dry-run"));
	status = EXIT_USAGE;
	if (!read_accepted(c, &status))
		return status;
	if (!open_tap(c) || !open_report(c))
		return EXIT_PARTIAL;
	run_tests(c);
	finish(c);
	return c->partial ? EXIT_PARTIAL : c->failed ? EXIT_VIOLATIONS : EXIT_OK;
}

static int clean_up(struct conform *c, int status)
{
	runner_free(c->runner);
	conform_order_free(c->order);
	conform_hook_free(c->hook);
	conform_self_free(c->self);
	if (c->net)
		net_free(c->net);
	active_tap_free(c->tap);
	baseline_free(&c->accepted);
	baseline_free(&c->found);
	password_clear(&c->password);
	if (c->output && c->report.out && fclose(c->report.out) != 0 && status <= EXIT_VIOLATIONS) {
		options_say(c->o, "cannot write %s: %s", c->output, strerror(errno));
		status = EXIT_PARTIAL;
	}
	return status;
}

static int run(const struct options *o)
{
	struct conform *c;
	int status;

	if (options_given(o, "describe"))
		return conform_describe(o);
	c = calloc(1, sizeof(*c));
	if (!c) {
		options_say(o, "%s", strerror(ENOMEM));
		return EXIT_PARTIAL;
	}
	c->o = o;
	if (options_given(o, "list-faults"))
		status = conform_list_faults(options_given(o, "dut") && take_role(c) ? c->run.dut
										     : ROLE_UNKNOWN);
	else if (take_options(c))
		status = run_device(c);
	else
		status = c->partial ? EXIT_PARTIAL : EXIT_USAGE;
	status = clean_up(c, status);
	free(c);
	return status;
}

static const struct option_desc table[] = {
	{ 'd', "dut", "ROLE", "what the device under test is: pac or pns" },
	{ 'l', "listen", "ADDR[:PORT]", "wait for connections of the device there (port 1723)" },
	{ 0, "exec", "COMMAND", "start the device, a client, by COMMAND whenever it is to connect" },
	{ 0, "hook", "COMMAND", "run COMMAND HOOK [ARGUMENT]... to have the device do something" },
	{ 0, "hook-timeout", "SECONDS", "how long a hook may take (default 10)" },
	{ 0, "source", "ADDR", "an address of this machine to test from (repeatable)" },
	{ 0, "user", "NAME", "user in PPP (default: the first of the file)" },
	{ 0, "password-file", "FILE", "lines NAME:PASSWORD" },
	{ 0, "profile", "NAME", "what to test by: rfc2637 (default) or ms-ptpt" },
	{ 0, "only", "ID", "run only this test, or those of an area such as GRE (repeatable)" },
	{ 0, "except", "ID", "do not run this test or those of an area (repeatable)" },
	{ 0, "fast", NULL, "leave out tests that wait for the device's own timers" },
	{ 0, "versions", "OLDEST", "the device supports older protocol versions, too, down to this (such as 0.9)" },
	{ 0, "strict", NULL, "fail tests for warnings, too" },
	{ 0, "jobs", "N",
	  "run so many tests side by side, where the device allows several connections (16)" },
	{ 0, "retries", "N", "try a test again that failed or was inconclusive (default 0)" },
	{ 0, "timeout", "SECONDS", "give a test up after so long (default 1800)" },
	{ 0, "time-scale", "F", "all timers of the protocol times F, as set in the device" },
	{ 0, "seed", "N", "for whatever is random" },
	{ 0, "scenario", "FILE", "play this trace script at the device instead (repeatable)" },
	{ 0, "pcap-dir", "DIR", "write a capture of each test there" },
	{ 0, "expect", "FILE", "fail the run only for verdicts that this baseline does not accept" },
	{ 0, "write-expect", "FILE", "write a baseline that accepts the verdicts of this run" },
	{ 'f', "format", "NAME", "text (default), json or junit" },
	{ 'o', "output", "FILE", "write the report there" },
	{ 'q', "quiet", NULL, "print failures and totals only" },
	{ 'v', "verbose", NULL, "print all notes" },
	{ 0, "no-progress", NULL, "do not show progress on a terminal" },
	{ 0, "list", NULL, "list the tests and stop" },
	{ 0, "describe", "ID", "say what a test does and expects, and stop (repeatable)" },
	{ 0, "dry-run", NULL, "say which tests would run or be skipped, and stop" },
	{ 0, "self", NULL, "test pptpscope's own peer, in memory and virtual time" },
	{ 0, "fault", "NAME", "with --self: the peer commits this fault (repeatable)" },
	{ 0, "list-faults", NULL, "name the faults and what they violate" },
	{ 0, "hooks-off", NULL, "with --self: as if there were no hooks" },
	{ 0, NULL, NULL, NULL },
};

const struct command cmd_conform = {
	.name = "conform",
	.operands = "HOST[:PORT]",
	.help = "run active tests against a PAC or PNS",
	.details = "Without HOST the device has to connect by itself (--listen).  Hooks are described in "
		   "pptpscope(1).",
	.options = table,
	.run = run,
};
