/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pptpscope trace: captures from readable scripts, or by the million for load. */
#include <string.h>

#include "tools/commands.h"
#include "traces/script.h"

static const char *output(const struct options *o)
{
	const char *path = options_value(o, "output", NULL);

	if (!path)
		options_usage_error(o, "name the capture to write with --output");
	return path;
}

static int make(const struct options *o)
{
	const char *out = output(o);
	char err[512];

	if (!out)
		return EXIT_USAGE;
	if (options_operands(o) != 2)
		return options_usage_error(o, "'make' takes one trace script");
	if (script_make(options_operand(o, 1), out, err, sizeof(err)))
		return EXIT_OK;
	options_say(o, "%s", err);
	return EXIT_PARTIAL;
}

static bool numbers(const struct options *o, struct load_spec *s)
{
	uint64_t payload = s->payload, seed = s->seed, loss = 0, reorder = 0, duplicate = 0;

	if (!options_number(o, "calls", 1, 100000000, &s->calls) ||
	    !options_number(o, "pairs", 1, 16000000, &s->pairs) ||
	    !options_number(o, "packets", 0, UINT64_C(1) << 40, &s->packets) ||
	    !options_number(o, "payload", 1, 1500, &payload) ||
	    !options_number(o, "connections", 0, 1000000000, &s->connections) ||
	    !options_number(o, "live", 1, 1000000, &s->live) ||
	    !options_number(o, "seed", 0, UINT32_MAX, &seed) || !options_number(o, "loss", 0, 1000, &loss) ||
	    !options_number(o, "reorder", 0, 1000, &reorder) ||
	    !options_number(o, "duplicate", 0, 1000, &duplicate))
		return false;
	s->payload = (uint32_t)payload;
	s->seed = (uint32_t)seed;
	s->loss_permille = (uint32_t)loss;
	s->reorder_permille = (uint32_t)reorder;
	s->duplicate_permille = (uint32_t)duplicate;
	return true;
}

static int load(const struct options *o)
{
	struct load_spec spec = {
		.calls = 1,
		.pairs = 1,
		.payload = 100,
		.live = 1,
		.seed = 1,
		.control = options_given(o, "control"),
		.random_order = options_given(o, "random-order"),
	};
	const char *out = output(o);
	char err[512];

	if (!out || !numbers(o, &spec))
		return EXIT_USAGE;
	if (options_operands(o) != 1)
		return options_usage_error(o, "'load' takes options only");
	if (!spec.packets && !spec.connections)
		return options_usage_error(o, "say how much: --packets, --connections or both");
	if (load_make(&spec, out, err, sizeof(err)))
		return EXIT_OK;
	options_say(o, "%s", err);
	return EXIT_PARTIAL;
}

static int run(const struct options *o)
{
	const char *what = options_operand(o, 0);

	if (what && strcmp(what, "make") == 0)
		return make(o);
	if (what && strcmp(what, "load") == 0)
		return load(o);
	return options_usage_error(o, "say what to write: 'make SCRIPT' or 'load'");
}

static const struct option_desc options[] = {
	{ 'o', "output", "FILE", "the capture to write; - is standard output" },
	{ 0, "calls", "N", "load: calls at once (1)" },
	{ 0, "pairs", "N", "load: pairs of hosts that the calls are spread over (1)" },
	{ 0, "packets", "N", "load: GRE packets in all" },
	{ 0, "payload", "OCTETS", "load: PPP octets in each (100)" },
	{ 0, "connections", "N", "load: control connections that come and go" },
	{ 0, "live", "N", "load: how many of them at a time (1)" },
	{ 0, "control", NULL, "load: set the calls up by control messages" },
	{ 0, "random-order", NULL, "load: packets of calls in random order, not in turn" },
	{ 0, "seed", "N", "load: for whatever is random (1)" },
	{ 0, "loss", "N", "load: of 1000 GRE packets, how many are lost (0)" },
	{ 0, "reorder", "N", "load: ... how many come late (0)" },
	{ 0, "duplicate", "N", "load: ... how many come twice (0)" },
	{ 0, NULL, NULL, NULL },
};

const struct command cmd_trace = {
	.name = "trace",
	.operands = "make SCRIPT | load",
	.help = "write captures from trace scripts, or by the million for load",
	.details =
		"The language of scripts is described in pptpscope-trace(5).  Numbers may end in k, M or G.",
	.options = options,
	.run = run,
};
