/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pptpscope emulate: a PAC or PNS that is correct until it is told otherwise. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "dissectors/ip.h"
#include "tools/active_tap.h"
#include "tools/address.h"
#include "tools/commands.h"
#include "tools/emulate_config.h"
#include "tools/emulate_control.h"
#include "tools/emulate_status.h"
#include "tools/version.h"

enum { CALLS_AT_ONCE = 50, MODEMS_MAX = 64, HOOK_TEXT = 65536 };

/* How long a clean stop may take. */
static const int64_t patience_ns = 5 * NET_SECOND;

struct emulator {
	const struct options *o;
	struct emulation m;
	struct net *net;
	struct tap_file *tap;
	struct net_host *host;
	struct endpoint *endpoint;
	struct telco *telco;
	struct at_port *modem[MODEMS_MAX];
	size_t nmodems;
	struct control *control;
	int signals;
	struct net_watch *signal_watch;
	struct net_timer dial, end;
	struct ip_addr own, peer;
	uint16_t peer_port;
	bool has_own, has_peer; /* addresses to listen on and to connect to */
	uint64_t calls, calls_left, duration;
	bool listens, gre, stopping, done;
	int64_t started;
	uint64_t news[NEWS_DISCARDED + 1];
};

/* --- what it tells --------------------------------------------------------------------------- */

static void say_event(const struct emulator *em, const char *text)
{
	int64_t ms = net_now(em->net) / NET_MILLISECOND % (24 * 60 * 60 * 1000);

	fprintf(stderr, "%02d:%02d:%02d.%03d %s\n", (int)(ms / 3600000), (int)(ms / 60000 % 60),
		(int)(ms / 1000 % 60), (int)(ms % 1000), text);
}

static void news(void *ctx, enum endpoint_news n, uint16_t call_id, const char *text)
{
	struct emulator *em = ctx;

	(void)call_id;
	em->news[n]++;
	if (options_given(em->o, "verbose"))
		say_event(em, text);
	if (n == NEWS_CONNECTION_UP && em->calls) {
		em->calls_left = em->calls;
		net_timer_set(em->net, &em->dial, net_now(em->net));
	}
}

static bool write_status(const struct emulator *em)
{
	struct report_emulation r = {
		.version = PPTPSCOPE_VERSION,
		.config = &em->m.endpoint,
		.endpoint = em->endpoint,
		.telco = em->telco,
		.modems = em->modem,
		.modem_numbers = (const char *const *)em->m.modems,
		.nmodems = em->nmodems,
		.listening = em->listens,
		.gre = em->gre,
		.started = em->started,
		.now = net_now(em->net),
	};

	memcpy(r.news, em->news, sizeof(r.news));
	return emulate_status_write(em->o, &r);
}

/* --- what it does by itself ------------------------------------------------------------------- */

/* Calls of --calls: a PNS dials, at a PAC telephones ring. */
static void dial(void *ctx)
{
	struct emulator *em = ctx;
	const char *argv[] = { em->m.endpoint.role == ROLE_PAC ? "dut-ring" : "dut-dial",
			       em->m.endpoint.number };
	char why[256];

	for (unsigned i = 0; em->calls_left && i < CALLS_AT_ONCE; i++, em->calls_left--) {
		if (endpoint_hook(em->endpoint, 1 + (argv[1] != NULL), argv, why, sizeof(why)) != HOOK_DONE) {
			options_say(em->o, "no call: %s", why);
			em->calls_left = 1;
		}
	}
	if (em->calls_left)
		net_timer_set(em->net, &em->dial, net_now(em->net) + NET_MILLISECOND);
}

static void end(void *ctx)
{
	struct emulator *em = ctx;

	if (em->stopping) {
		em->done = true;
		return;
	}
	em->stopping = true;
	net_timer_cancel(em->net, &em->dial);
	endpoint_stop(em->endpoint, 3);
	net_timer_set(em->net, &em->end, net_now(em->net) + patience_ns);
}

static void signalled(void *ctx)
{
	struct emulator *em = ctx;
	struct signalfd_siginfo s;

	if (read(em->signals, &s, sizeof(s)) != sizeof(s))
		return;
	if (s.ssi_signo == SIGUSR1)
		write_status(em);
	else
		end(em);
}

static int hook(void *ctx, unsigned argc, const char *const *argv, char *out, size_t room)
{
	struct emulator *em = ctx;

	return endpoint_hook(em->endpoint, argc, argv, out, room);
}

/* --- beginning ------------------------------------------------------------------------------- */

static bool open_signals(struct emulator *em)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	em->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (em->signals >= 0)
		em->signal_watch = net_watch_fd(em->net, em->signals, signalled, em);
	if (!em->signal_watch)
		options_say(em->o, "cannot wait for signals: %s", strerror(errno));
	return em->signal_watch;
}

static bool open_tap(struct emulator *em, struct net_tap *tap)
{
	const char *path = options_value(em->o, "pcap", NULL);
	char err[256];

	if (!path)
		return true;
	em->tap = tap_file_open(path, err, sizeof(err));
	*tap = (struct net_tap){ .ctx = em->tap, .seen = tap_file_seen };
	if (!em->tap)
		options_say(em->o, "%s", err);
	return em->tap;
}

static bool open_host(struct emulator *em)
{
	struct net_tap tap = { 0 };

	if (!open_tap(em, &tap))
		return false;
	em->host = net_host_new(em->net, em->has_own ? &em->own : NULL, em->tap ? &tap : NULL);
	if (!em->host)
		options_say(em->o, "%s", strerror(errno));
	return em->host;
}

static void open_gre(struct emulator *em)
{
	char err[256];

	em->gre = net_gre_open(em->net, err, sizeof(err));
	if (!em->gre)
		options_say(em->o, "%s; control connections work, tunnels carry nothing", err);
}

static bool open_telco(struct emulator *em)
{
	const struct telco_options *t = &em->m.telco;

	if (t->analog + t->bri + t->pri == 0)
		return true;
	em->telco = telco_new(em->net, t, endpoint_telco, em->endpoint);
	if (!em->telco) {
		options_say(em->o, "%s", strerror(ENOMEM));
		return false;
	}
	endpoint_set_telco(em->endpoint, em->telco);
	for (size_t i = 0; i < em->m.nnumbers; i++) {
		if (!telco_number(em->telco, em->m.numbers[i].number, &em->m.numbers[i].script)) {
			options_say(em->o, "number %s: too long, or too many", em->m.numbers[i].number);
			return false;
		}
	}
	return true;
}

static bool open_modems(struct emulator *em)
{
	char err[256];

	for (size_t i = 0; i < em->m.nmodems; i++) {
		if (i < MODEMS_MAX)
			em->modem[i] = at_port_new(em->telco, em->m.modems[i], err, sizeof(err));
		else
			snprintf(err, sizeof(err), "more than %d modems", MODEMS_MAX);
		if (i == MODEMS_MAX || !em->modem[i]) {
			options_say(em->o, "%s", err);
			return false;
		}
		em->nmodems++;
		printf("modem %s %s\n", em->m.modems[i], at_port_path(em->modem[i]));
	}
	fflush(stdout);
	return true;
}

static bool apply_policies(struct emulator *em)
{
	char out[256];

	for (size_t i = 0; i < em->m.npolicies; i++) {
		const char *argv[] = { "dut-config", em->m.policies[i] };

		if (endpoint_hook(em->endpoint, 2, argv, out, sizeof(out)) != HOOK_DONE) {
			options_say(em->o, "policy %s: %s", em->m.policies[i], out);
			return false;
		}
	}
	return true;
}

static bool listen_and_connect(struct emulator *em)
{
	char err[256];

	if (em->listens && !endpoint_listen(em->endpoint, err, sizeof(err))) {
		options_say(em->o, "cannot listen on port %u: %s", em->m.endpoint.port, err);
		return false;
	}
	if (!em->has_peer || endpoint_connect(em->endpoint, &em->peer, em->peer_port, err, sizeof(err)))
		return true;
	options_say(em->o, "%s: %s", options_value(em->o, "connect", ""), err);
	return false;
}

static bool open_endpoint(struct emulator *em)
{
	const struct endpoint_events events = { .news = news };

	em->endpoint = endpoint_new(em->host, &em->m.endpoint, &events, em);
	if (!em->endpoint)
		options_say(em->o, "%s", strerror(ENOMEM));
	return em->endpoint;
}

static bool open_control(struct emulator *em)
{
	const char *path = options_value(em->o, "control", NULL);
	char err[256];

	if (!path)
		return true;
	em->control = control_open(em->net, path, hook, em, err, sizeof(err));
	if (!em->control)
		options_say(em->o, "%s", err);
	return em->control;
}

static bool begin(struct emulator *em)
{
	char err[256];

	em->net = net_socket_new(err, sizeof(err));
	if (!em->net) {
		options_say(em->o, "%s", err);
		return false;
	}
	em->dial = (struct net_timer){ .fn = dial, .ctx = em };
	em->end = (struct net_timer){ .fn = end, .ctx = em };
	em->started = net_now(em->net);
	if (!open_signals(em) || !open_host(em))
		return false;
	open_gre(em);
	return open_endpoint(em) && open_telco(em) && open_modems(em) && apply_policies(em) &&
	       open_control(em) && listen_and_connect(em);
}

static bool finish(struct emulator *em)
{
	bool whole = true;
	char err[256];

	control_close(em->control);
	for (size_t i = 0; i < em->nmodems; i++)
		at_port_free(em->modem[i]);
	endpoint_free(em->endpoint);
	telco_free(em->telco);
	net_host_free(em->host);
	if (em->net) {
		net_timer_cancel(em->net, &em->dial);
		net_timer_cancel(em->net, &em->end);
		net_watch_free(em->signal_watch);
		net_free(em->net);
	}
	if (em->tap && !tap_file_close(em->tap, err, sizeof(err))) {
		options_say(em->o, "%s", err);
		whole = false;
	}
	if (em->signals >= 0)
		close(em->signals);
	return whole;
}

static int live(struct emulator *em)
{
	bool written = true;

	if (em->duration)
		net_timer_set(em->net, &em->end, net_now(em->net) + (int64_t)em->duration * NET_SECOND);
	if (!options_given(em->o, "quiet"))
		options_say(em->o, "%s is up%s", em->m.endpoint.role == ROLE_PAC ? "PAC" : "PNS",
			    em->listens ? ", listening" : "");
	while (!em->done) {
		net_step(em->net, NET_NEVER);
		if (em->stopping && !endpoint_busy(em->endpoint))
			em->done = true;
	}
	if (options_given(em->o, "status-file"))
		written = write_status(em);
	return written ? EXIT_OK : EXIT_PARTIAL;
}

/* --- command line ---------------------------------------------------------------------------- */

static int list_faults(void)
{
	for (unsigned f = 0; f < FAULTS; f++)
		printf("%-24s %-8s %s\n", faults[f].name,
		       faults[f].roles == 1U << ROLE_PAC   ? "PAC"
		       : faults[f].roles == 1U << ROLE_PNS ? "PNS"
							   : "PAC PNS",
		       faults[f].words);
	return EXIT_OK;
}

/* Options that are settings of the same name, or of another. */
static const struct {
	const char *option, *setting;
} settings[] = {
	{ "profile", "profile" }, { "user", "user" },     { "password-file", "password-file" },
	{ "fault", "fault" },     { "seed", "seed" },     { "modem-pty", "modem" },
	{ "dial", "dial" },       { "strict", "strict" }, { "mppe", "mppe" },
	{ "ping", "ping" },
};

static bool take_option(struct emulation *m, const struct options *o, size_t i, size_t n, char *err,
			size_t room)
{
	const char *value = options_nth(o, settings[i].option, n);

	return value ? emulation_set_word(m, settings[i].setting, value, err, room)
		     : emulation_set(m, settings[i].setting, err, room);
}

static bool take_scale(struct emulation *m, const struct options *o)
{
	const char *text = options_value(o, "time-scale", NULL);
	char *rest;
	double factor = text ? strtod(text, &rest) : 1;

	if (text && (rest == text || *rest || !isfinite(factor) || factor <= 0 || factor > 1000)) {
		options_usage_error(o, "--time-scale takes a factor, not '%s'", text);
		return false;
	}
	emulation_scale(m, factor);
	return true;
}

static bool take_settings(struct emulator *em)
{
	const char *path = options_value(em->o, "config", NULL);
	char err[512];

	if (path && !emulation_read(&em->m, path, err, sizeof(err))) {
		options_usage_error(em->o, "%s", err);
		return false;
	}
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		for (size_t n = 0; n < options_count(em->o, settings[i].option); n++) {
			if (!take_option(&em->m, em->o, i, n, err, sizeof(err))) {
				options_usage_error(em->o, "%s", err);
				return false;
			}
		}
	}
	if (options_given(em->o, "mppe"))
		em->m.endpoint.ppp.mppe_required = true;
	return true;
}

/* The address that it listens on is also the one that it sends from. */
static bool take_addresses(struct emulator *em)
{
	const char *own = options_value(em->o, "listen", NULL), *peer = options_value(em->o, "connect", NULL);
	bool any = true;
	char err[256];

	em->listens = own || !peer;
	em->has_peer = peer;
	em->peer_port = 1723;
	if (own && !address_parse_own(own, &em->own, &any, &em->m.endpoint.port, err, sizeof(err))) {
		options_usage_error(em->o, "--listen: %s", err);
		return false;
	}
	em->has_own = !any;
	if (!peer || address_parse(peer, &em->peer, &em->peer_port, err, sizeof(err)))
		return true;
	options_usage_error(em->o, "--connect: %s", err);
	return false;
}

static bool configure(struct emulator *em)
{
	char err[256];

	if (!take_settings(em) || !take_addresses(em) || !take_scale(&em->m, em->o) ||
	    !options_number(em->o, "calls", 0, 65535, &em->calls) ||
	    !options_number(em->o, "duration", 1, 1000000000, &em->duration))
		return false;
	if (em->m.endpoint.dial_on_connect && !options_given(em->o, "calls"))
		em->calls = 1;
	em->m.endpoint.dial_on_connect = false; /* that is done here */
	if (emulation_settle(&em->m, err, sizeof(err)))
		return true;
	options_usage_error(em->o, "%s", err);
	return false;
}

static int emulate(const struct options *o, enum role role)
{
	struct emulator em = { .o = o, .signals = -1 };
	int status = EXIT_USAGE;

	emulation_init(&em.m, role);
	if (configure(&em))
		status = begin(&em) ? live(&em) : EXIT_PARTIAL;
	if (!finish(&em) && status == EXIT_OK)
		status = EXIT_PARTIAL;
	emulation_free(&em.m);
	return status;
}

/* The forwarder of hooks: its exit status is the hook's. */
static int send_hook(const struct options *o)
{
	static char out[HOOK_TEXT];
	size_t n = options_operands(o);
	const char **argv = calloc(n + 1, sizeof(*argv));
	int status;

	if (!argv || n == 0) {
		free(argv);
		return options_usage_error(o, "--send takes a hook, such as dut-dial");
	}
	for (size_t i = 0; i < n; i++)
		argv[i] = options_operand(o, i);
	status = control_ask(options_value(o, "send", NULL), (unsigned)n, argv, out, sizeof(out));
	free(argv);
	if (status < 0) {
		options_say(o, "%s", out);
		return EXIT_PARTIAL;
	}
	if (*out)
		fprintf(status ? stderr : stdout, "%s%s", out, out[strlen(out) - 1] == '\n' ? "" : "\n");
	return status;
}

static bool asks_for_faults(const struct options *o)
{
	const char *fault = options_value(o, "fault", "");

	return options_given(o, "list-faults") || strcmp(fault, "list") == 0;
}

static int run(const struct options *o)
{
	const char *role = options_operand(o, 0);

	if (asks_for_faults(o))
		return list_faults();
	if (options_given(o, "send"))
		return send_hook(o);
	if (!emulate_status_format(o))
		return EXIT_USAGE;
	if (options_operands(o) == 1 && strcmp(role, "pac") == 0)
		return emulate(o, ROLE_PAC);
	if (options_operands(o) == 1 && strcmp(role, "pns") == 0)
		return emulate(o, ROLE_PNS);
	return options_usage_error(o, "say what to emulate: 'pac' or 'pns'");
}

static const struct option_desc table[] = {
	{ 'c', "config", "FILE", "settings: numbers, lines, users, policies, timers" },
	{ 'l', "listen", "ADDR[:PORT]", "wait for peers there (the default: everywhere, port 1723)" },
	{ 0, "connect", "HOST[:PORT]", "open a control connection to a peer" },
	{ 0, "dial", "NUMBER", "the telephone number of calls" },
	{ 0, "calls", "N", "calls to place once a connection is up (PAC: telephones ring)" },
	{ 0, "ping", NULL, "ping the peer through each call (PNS)" },
	{ 0, "fault", "NAME", "commit a fault (repeatable; 'list' names them)" },
	{ 0, "list-faults", NULL, "name the faults and what they violate" },
	{ 0, "profile", "NAME", "rfc2637 (default) or ms-ptpt" },
	{ 0, "strict", NULL, "refuse what a liberal peer bears" },
	{ 0, "user", "NAME", "user in PPP (default: the first of the file)" },
	{ 0, "password-file", "FILE", "lines NAME:PASSWORD" },
	{ 0, "mppe", NULL, "demand encryption" },
	{ 0, "seed", "N", "for whatever is random" },
	{ 0, "time-scale", "F", "all timers of the protocol times F" },
	{ 0, "duration", "SECONDS", "stop after so long" },
	{ 0, "pcap", "FILE", "write what is sent and received to a capture" },
	{ 0, "control", "SOCKET", "take hooks at a socket of this machine" },
	{ 0, "send", "SOCKET", "send a hook to such a socket: HOOK [ARGUMENT]..." },
	{ 0, "modem-pty", "NUMBER", "a modem at a pty, with a telephone number (repeatable)" },
	{ 0, "status-file", "FILE", "where status goes on SIGUSR1 and at the end" },
	{ 'f', "format", "NAME", "of the status: text (default) or json" },
	{ 'q', "quiet", NULL, "say only what went wrong" },
	{ 'v', "verbose", NULL, "say each event on standard error" },
	{ 0, NULL, NULL, NULL },
};

const struct command cmd_emulate = {
	.name = "emulate",
	.operands = "pac|pns, or --send SOCKET HOOK [ARGUMENT]...",
	.help = "behave as a correct PAC or PNS, until told otherwise",
	.details = "SIGUSR1 prints the status; SIGINT and SIGTERM stop the peer with a\n"
		   "Stop-Control-Connection-Request.  Settings of --config and hooks are described in "
		   "pptpscope(1).",
	.options = table,
	.run = run,
};
