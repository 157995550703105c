/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The numbers of monitor for Prometheus.  See monitor.h. */
#include <stddef.h>
#include <stdlib.h>

#include "tools/monitor.h"

#define AT(member) (offsetof(struct live_stats, member) / sizeof(uint64_t))

struct number {
	const char *name, *help;
	enum live_metric_kind kind;
	unsigned at;
	const char *label, *value;
};

static const struct number numbers[] = {
	{ "pptpscope_packets_total", "Packets seen.", LIVE_COUNTER, AT(packets), NULL, NULL },
	{ "pptpscope_octets_total", "Octets seen, on the wire.", LIVE_COUNTER, AT(octets), NULL, NULL },
	{ "pptpscope_inspected_packets_total", "Packets inspected.", LIVE_COUNTER, AT(control), "kind",
	  "control" },
	{ "pptpscope_inspected_packets_total", NULL, LIVE_COUNTER, AT(gre), "kind", "gre" },
	{ "pptpscope_inspected_packets_total", NULL, LIVE_COUNTER, AT(icmp), "kind", "icmp" },
	{ "pptpscope_inspected_packets_total", NULL, LIVE_COUNTER, AT(fragments), "kind", "fragments" },
	{ "pptpscope_dropped_packets_total", "Packets lost on the way to us.", LIVE_COUNTER, AT(kernel_drops),
	  "by", "kernel" },
	{ "pptpscope_dropped_packets_total", NULL, LIVE_COUNTER, AT(interface_drops), "by", "interface" },
	{ "pptpscope_dropped_packets_total", NULL, LIVE_COUNTER, AT(over_limit), "by", "limits" },
	{ "pptpscope_events_total", "Events told of.", LIVE_COUNTER, AT(events), NULL, NULL },
	{ "pptpscope_tunnels", "Pairs of hosts that are tracked.", LIVE_GAUGE, AT(tunnels), NULL, NULL },
	{ "pptpscope_control_connections", "Control connections that are tracked.", LIVE_GAUGE,
	  AT(connections), NULL, NULL },
	{ "pptpscope_calls", "Calls that are tracked.", LIVE_GAUGE, AT(calls), NULL, NULL },
	{ "pptpscope_seen_total", "Tracked since the start.", LIVE_COUNTER, AT(tunnels_seen), "what",
	  "tunnels" },
	{ "pptpscope_seen_total", NULL, LIVE_COUNTER, AT(connections_seen), "what", "control_connections" },
	{ "pptpscope_seen_total", NULL, LIVE_COUNTER, AT(calls_seen), "what", "calls" },
	{ "pptpscope_evicted_total", "Given up early to make room for others.", LIVE_COUNTER,
	  AT(tunnels_evicted), "what", "tunnels" },
	{ "pptpscope_evicted_total", NULL, LIVE_COUNTER, AT(connections_evicted), "what",
	  "control_connections" },
	{ "pptpscope_evicted_total", NULL, LIVE_COUNTER, AT(calls_evicted), "what", "calls" },
	{ "pptpscope_findings_total", "Findings told of.", LIVE_COUNTER, AT(findings[SEVERITY_ERROR]),
	  "severity", "error" },
	{ "pptpscope_findings_total", NULL, LIVE_COUNTER, AT(findings[SEVERITY_WARNING]), "severity",
	  "warning" },
	{ "pptpscope_findings_total", NULL, LIVE_COUNTER, AT(findings[SEVERITY_NOTE]), "severity", "note" },
	{ "pptpscope_tcp_gap_octets_total", "Octets of control connections that were not captured.",
	  LIVE_COUNTER, AT(gap_octets), NULL, NULL },
	{ "pptpscope_resident_memory_octets", "Memory of the engines.", LIVE_GAUGE, AT(memory), NULL, NULL },
};

enum { NUMBERS = sizeof(numbers) / sizeof(*numbers), OUTPUT_ROWS = 2 };

/* There is one monitor in a process, and the server's thread asks for its numbers by these. */
static struct asked {
	const struct monitor *m;
	unsigned at;
} asked[NUMBERS];
static struct live_metric table[NUMBERS + OUTPUT_ROWS];

static uint64_t read_number(const void *context)
{
	const struct asked *a = context;

	return a->m->crew ? live_workers_sum(a->m->crew, a->at)
			  : atomic_load_explicit(&a->m->counters[a->at], memory_order_relaxed);
}

static uint64_t lines_written(const void *context)
{
	const struct monitor *m = context;
	struct live_output_counts n;

	live_output_counts(m->output, &n);
	return n.lines;
}

static uint64_t lines_dropped(const void *context)
{
	const struct monitor *m = context;
	struct live_output_counts n;

	live_output_counts(m->output, &n);
	return n.dropped_lines;
}

bool monitor_metrics_start(struct monitor *m, const char *address, char *err, size_t room)
{
	for (unsigned i = 0; i < NUMBERS; i++) {
		const struct number *n = &numbers[i];

		asked[i] = (struct asked){ m, n->at };
		table[i] = (struct live_metric){ .name = n->name,
						 .help = n->help,
						 .kind = n->kind,
						 .label = { { n->label, n->value } },
						 .read = read_number,
						 .context = &asked[i] };
	}
	table[NUMBERS] = (struct live_metric){ .name = "pptpscope_output_lines_total",
					       .help = "Lines written.",
					       .kind = LIVE_COUNTER,
					       .read = lines_written,
					       .context = m };
	table[NUMBERS + 1] = (struct live_metric){ .name = "pptpscope_output_dropped_lines_total",
						   .help = "Lines lost because the output was too slow.",
						   .kind = LIVE_COUNTER,
						   .read = lines_dropped,
						   .context = m };
	m->metrics = live_metrics_start(address, table, NUMBERS + OUTPUT_ROWS, err, room);
	return m->metrics != NULL;
}
