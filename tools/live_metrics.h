/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers for Prometheus, by HTTP: GET /metrics (text format 0.0.4), and / with a pointer to it.
 *
 * libmicrohttpd serves from one thread of its own, with few connections and little memory.  Nothing
 * is served but the table.
 */
#ifndef PPTPSCOPE_LIVE_METRICS_H
#define PPTPSCOPE_LIVE_METRICS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum live_metric_kind { LIVE_COUNTER, LIVE_GAUGE };

enum { LIVE_METRIC_LABELS = 2 };

/*
 * A row.  Rows of one name with different labels stand one after the other; help and kind are those
 * of the first.
 */
struct live_metric {
	const char *name; /* [a-zA-Z_:][a-zA-Z0-9_:]* */
	const char *help;
	enum live_metric_kind kind;
	struct {
		const char *name, *value; /* the value may be any UTF-8 */
	} label[LIVE_METRIC_LABELS];      /* NULL name ends */
	/* One of both: where the number stands, or who knows it (asked by the server's thread). */
	const _Atomic uint64_t *value;
	uint64_t (*read)(const void *context);
	const void *context;
};

/* Writes the table as the server shows it. */
void live_metrics_print(const struct live_metric *table, size_t rows, FILE *to);

struct live_metrics;

/*
 * Listens on "ADDR:PORT", ADDR an IPv4 address or an IPv6 one in brackets, port 0 for any that is
 * free.  The table is borrowed until live_metrics_stop.  NULL with a message in err.
 */
struct live_metrics *live_metrics_start(const char *address, const struct live_metric *table, size_t rows,
					char *err, size_t room);

/* The port that it listens on. */
uint16_t live_metrics_port(const struct live_metrics *m);

/* Ends connections and frees.  NULL is allowed. */
void live_metrics_stop(struct live_metrics *m);

#endif
