/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See reading.h. */
#include "tools/reading.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/progress.h"
#include "tools/terminal.h"

/* About what one of each takes, for --max-memory: the limits are scaled so that a quarter is for each. */
enum { TUNNEL_OCTETS = 700, CONNECTION_OCTETS = 2048, CALL_OCTETS = 900, LEAST_MEMORY = 16 << 20 };

/* Packets: enough for what the pipeline has to fetch, and it still lies in the cache when it is used. */
enum { AHEAD = 16 };

static bool ports(struct reading *r)
{
	size_t n = options_count(r->options, "port");

	if (n > sizeof(r->ports) / sizeof(r->ports[0])) {
		options_usage_error(r->options, "at most 64 times --port");
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		const char *text = options_nth(r->options, "port", i);
		char *end;
		unsigned long port = strtoul(text, &end, 10);

		if (*text < '0' || *text > '9' || *end || port < 1 || port > 65535) {
			options_usage_error(r->options, "--port takes a number from 1 to 65535, not '%s'",
					    text);
			return false;
		}
		r->ports[i] = (uint16_t)port;
	}
	if (n) {
		r->pipeline.ports = r->ports;
		r->pipeline.nports = n;
	}
	return true;
}

static bool limits(struct reading *r)
{
	struct pipeline_options *p = &r->pipeline;
	uint64_t memory = 0, tunnels, connections, calls, fragments;

	if (!options_number(r->options, "max-memory", LEAST_MEMORY, UINT64_C(1) << 50, &memory))
		return false;
	if (memory) {
		p->tracker.max_tunnels = memory / 4 / TUNNEL_OCTETS;
		p->reassembly.max_connections = memory / 4 / CONNECTION_OCTETS;
		p->tracker.max_calls = memory / 4 / CALL_OCTETS;
		p->fragment_memory = memory / 16;
	}
	tunnels = p->tracker.max_tunnels;
	connections = p->reassembly.max_connections;
	calls = p->tracker.max_calls;
	fragments = p->fragment_memory;
	if (!options_number(r->options, "max-tunnels", 1, 100000000, &tunnels) ||
	    !options_number(r->options, "max-connections", 1, 100000000, &connections) ||
	    !options_number(r->options, "max-calls", 1, 8000000, &calls) ||
	    !options_number(r->options, "max-fragments", 65536, UINT64_C(1) << 40, &fragments))
		return false;
	p->tracker.max_tunnels = tunnels;
	p->reassembly.max_connections = connections;
	p->tracker.max_calls = calls;
	p->fragment_memory = fragments;
	return true;
}

bool reading_limits(struct reading *r, const struct options *o)
{
	memset(r, 0, sizeof(*r));
	r->options = o;
	r->pipeline = pipeline_defaults();
	return ports(r) && limits(r);
}

void reading_style(struct reading *r, int fd)
{
	const struct options *o = r->options;

	r->report.profile = "rfc2637";
	r->report.quiet = options_given(o, "quiet");
	r->report.verbose = options_given(o, "verbose");
	r->report.anonymize = options_given(o, "anonymize");
	r->report.show_secrets = options_given(o, "show-secrets");
	r->report.width = terminal_width(fd);
	r->report.colour = terminal_colour(r->report.width);
}

bool reading_start(struct reading *r, const struct options *o, int *status)
{
	*status = EXIT_USAGE;
	if (!options_operands(o)) {
		options_usage_error(o, "name a capture file, or - for standard input");
		return false;
	}
	if (!reading_limits(r, o))
		return false;
	r->output = options_value(o, "output", NULL);
	if (r->output && strcmp(r->output, "-") == 0)
		r->output = NULL;
	r->report.out = r->output ? fopen(r->output, "w") : stdout;
	if (!r->report.out) {
		options_say(o, "cannot write %s: %s", r->output, strerror(errno));
		*status = EXIT_PARTIAL;
		return false;
	}
	reading_style(r, fileno(r->report.out));
	r->report.captures = (unsigned)options_operands(o);
	r->progress = !r->report.quiet && !options_given(o, "no-progress") && isatty(STDERR_FILENO);
	*status = EXIT_OK;
	return true;
}

bool reading_close(struct reading *r)
{
	FILE *out = r->report.out;
	bool ok = fflush(out) == 0 && !ferror(out);
	int why = errno;

	if (r->output && fclose(out) != 0 && ok) {
		ok = false;
		why = errno;
	}
	/* Standard output stays open, but what is lost is said once, here. */
	if (!ok) {
		options_say(r->options, "cannot write %s: %s", r->output ? r->output : "to standard output",
			    strerror(why));
		if (!r->output)
			clearerr(out);
	}
	r->report.out = NULL;
	return ok;
}

static void describe(struct report_capture *out, struct capture *c, const struct pipeline_counts *n)
{
	out->format = capture_format(c);
	out->compression = capture_compression(c);
	out->link_type = capture_link_type(c);
	out->packets = n->packets + capture_filtered(c);
	out->octets = n->octets;
	out->first_time = n->first_time;
	out->last_time = n->last_time;
	out->truncated = n->truncated;
	out->control_packets = n->control;
	out->gre_packets = n->gre;
	out->icmp_packets = n->icmp;
	out->fragments = n->fragments;
	out->unseen = n->unseen;
	out->offload = n->offload;
}

/* Tells of packets some way ahead of their turn. */
static void look_ahead(struct pipeline *p, struct capture *c, uint64_t now)
{
	struct packet packet = { .number = 0 };

	while (packet.number < now + AHEAD && capture_ahead(c, &packet))
		pipeline_expect(p, &packet);
}

/* Reads one capture to its end.  False when it was damaged. */
static bool read_packets(struct reading *r, struct pipeline *p, unsigned index, struct capture *c)
{
	struct progress progress;
	struct packet packet;
	enum capture_status status;
	bool crowded = false;

	progress_start(&progress, r->progress, capture_path(c), capture_size(c));
	while ((status = capture_next(c, &packet)) == CAPTURE_PACKET) {
		if ((packet.number & 0x3f) == 0)
			crowded = pipeline_crowded(p);
		if (crowded)
			look_ahead(p, c, packet.number);
		pipeline_packet(p, index, &packet);
		if (progress.on && (packet.number & 0xffff) == 0)
			progress_show(&progress, capture_offset(c), packet.number);
	}
	progress_end(&progress);
	return status == CAPTURE_END;
}

int reading_one(struct reading *r, struct pipeline *p, unsigned index, reading_fn *fn, void *ctx)
{
	static const uint64_t none[UNSEEN_COUNT];
	const char *path = options_operand(r->options, index);
	struct report_capture told = { .path = path, .unseen = none };
	struct pipeline_counts counts;
	struct capture *c;
	char err[512];
	bool bad_usage = false;

	c = capture_open(path, options_value(r->options, "filter", NULL), err, sizeof(err), &bad_usage);
	if (!c) {
		options_say(r->options, "%s", err);
		told.damaged = true;
		told.error = err;
		fn(ctx, &told);
		return bad_usage ? EXIT_USAGE : EXIT_PARTIAL;
	}
	told.damaged = !read_packets(r, p, index, c);
	pipeline_capture_end(p, &counts);
	counts.unseen[UNSEEN_FILTERED] += capture_filtered(c);
	describe(&told, c, &counts);
	if (told.damaged) {
		told.error = capture_error(c);
		options_say(r->options, "%s: %s; what came before is reported", path, told.error);
	}
	fn(ctx, &told);
	capture_close(c);
	return told.damaged ? EXIT_PARTIAL : EXIT_OK;
}

int reading_run(struct reading *r, struct pipeline *p, reading_fn *fn, void *ctx)
{
	int status = EXIT_OK;

	for (unsigned i = 0; i < options_operands(r->options); i++) {
		int one = reading_one(r, p, i, fn, ctx);

		if (one == EXIT_USAGE)
			return one;
		if (one != EXIT_OK)
			status = one;
	}
	return status;
}
