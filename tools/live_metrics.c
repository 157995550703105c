/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers for Prometheus: see live_metrics.h. */
#include "tools/live_metrics.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	CONNECTIONS = 16,
	CONNECTION_MEMORY = 8 << 10,
	IDLE_S = 15,
};

struct live_metrics {
	const struct live_metric *table;
	size_t rows;
	struct MHD_Daemon *daemon;
};

/* ---------------------------------------------------------------- the text */

/* HELP escapes backslash and newline, label values the quote as well. */
static void put_escaped(FILE *to, const char *text, bool quoted)
{
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n", to);
		else if (*text == '\\' || (quoted && *text == '"'))
			fprintf(to, "\\%c", *text);
		else
			fputc(*text, to);
	}
}

static void put_head(FILE *to, const struct live_metric *m)
{
	fprintf(to, "# HELP %s ", m->name);
	put_escaped(to, m->help, false);
	fprintf(to, "\n# TYPE %s %s\n", m->name, m->kind == LIVE_COUNTER ? "counter" : "gauge");
}

static void put_row(FILE *to, const struct live_metric *m)
{
	uint64_t value =
		m->value ? atomic_load_explicit(m->value, memory_order_relaxed) : m->read(m->context);
	unsigned n;

	fputs(m->name, to);
	for (n = 0; n < LIVE_METRIC_LABELS && m->label[n].name; n++) {
		fprintf(to, "%c%s=\"", n ? ',' : '{', m->label[n].name);
		put_escaped(to, m->label[n].value, true);
		fputc('"', to);
	}
	fprintf(to, "%s %llu\n", n ? "}" : "", (unsigned long long)value);
}

void live_metrics_print(const struct live_metric *table, size_t rows, FILE *to)
{
	for (size_t i = 0; i < rows; i++) {
		if (!i || strcmp(table[i].name, table[i - 1].name) != 0)
			put_head(to, &table[i]);
		put_row(to, &table[i]);
	}
}

/* ---------------------------------------------------------------- libmicrohttpd */

/*
 * It is loaded when metrics are asked for: with the TLS library that it needs it would cost every
 * run of the program 2.5 MB and more than a millisecond.
 */
#define MHD_FUNCTIONS(X)                  \
	X(add_response_header)            \
	X(create_response_from_buffer)    \
	X(destroy_response)               \
	X(get_daemon_info)                \
	X(queue_response)                 \
	X(start_daemon)                   \
	X(stop_daemon)

static struct {
	void *library;
#define MEMBER(name) __typeof__(MHD_##name) *name;
	MHD_FUNCTIONS(MEMBER)
#undef MEMBER
} mhd;

static bool load(char *err, size_t room)
{
	static const struct {
		const char *name;
		void *at;
	} function[] = {
#define ROW(name) { "MHD_" #name, &mhd.name },
		MHD_FUNCTIONS(ROW)
#undef ROW
	};

	if (!mhd.library)
		mhd.library = dlopen(MICROHTTPD_SONAME, RTLD_NOW | RTLD_LOCAL);
	for (size_t i = 0; mhd.library && i < sizeof(function) / sizeof(function[0]); i++) {
		void *found = dlsym(mhd.library, function[i].name);

		if (!found)
			break;
		memcpy(function[i].at, &found, sizeof(found));
	}
	if (mhd.stop_daemon) /* the last */
		return true;
	snprintf(err, room, "metrics need libmicrohttpd: %s", dlerror());
	return false;
}

/* ---------------------------------------------------------------- the server */

/* Queues an answer, whose text is freed with it if it is `owned`. */
static enum MHD_Result answer(struct MHD_Connection *to, unsigned status, const char *type, char *text,
			      size_t len, bool owned)
{
	struct MHD_Response *r = mhd.create_response_from_buffer(
		len, text, owned ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result;

	if (!r) {
		if (owned)
			free(text);
		return MHD_NO;
	}
	mhd.add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	mhd.add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	mhd.add_response_header(r, "X-Content-Type-Options", "nosniff");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		mhd.add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = mhd.queue_response(to, status, r);
	mhd.destroy_response(r);
	return result;
}

static enum MHD_Result answer_words(struct MHD_Connection *to, unsigned status, const char *words)
{
	return answer(to, status, "text/plain; charset=utf-8", (char *)words, strlen(words), false);
}

static enum MHD_Result answer_metrics(struct MHD_Connection *to, const struct live_metrics *m)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (f) {
		live_metrics_print(m->table, m->rows, f);
		if (fclose(f) == 0)
			return answer(to, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", text, len,
				      true);
		free(text);
	}
	return answer_words(to, MHD_HTTP_INTERNAL_SERVER_ERROR, "not enough memory\n");
}

static enum MHD_Result handle(void *self, struct MHD_Connection *from, const char *url, const char *method,
			      const char *version, const char *upload, size_t *upload_len, void **state)
{
	/* An answer before the body was read ends the connection, so a body costs nothing. */
	(void)version, (void)upload, (void)upload_len, (void)state;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return answer_words(from, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET\n");
	if (strcmp(url, "/metrics") == 0)
		return answer_metrics(from, self);
	if (strcmp(url, "/") == 0)
		return answer_words(from, MHD_HTTP_OK, "metrics for Prometheus are at /metrics\n");
	return answer_words(from, MHD_HTTP_NOT_FOUND, "there is only /metrics\n");
}

/* Room for both families. */
union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* Splits ADDR:PORT; no names, so that no resolver runs in a sensor. */
static bool parse_address(const char *text, union address *out)
{
	const char *colon = strrchr(text, ':');
	char host[64];
	size_t len = colon ? (size_t)(colon - text) : 0;
	unsigned long port;
	char *end;

	if (!len || len >= sizeof(host) || colon[1] < '0' || colon[1] > '9')
		return false;
	port = strtoul(colon + 1, &end, 10);
	if (*end || port > 65535)
		return false;
	memset(out, 0, sizeof(*out));
	memcpy(host, text, len);
	host[len] = '\0';
	if (host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		out->v6.sin6_family = AF_INET6;
		out->v6.sin6_port = htons((uint16_t)port);
		return inet_pton(AF_INET6, host + 1, &out->v6.sin6_addr) == 1;
	}
	out->v4.sin_family = AF_INET;
	out->v4.sin_port = htons((uint16_t)port);
	return inet_pton(AF_INET, host, &out->v4.sin_addr) == 1;
}

/* libmicrohttpd's thread inherits that all signals are blocked: they are for the main thread. */
static struct MHD_Daemon *start_daemon(struct live_metrics *m, const union address *a)
{
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ITC;
	struct MHD_Daemon *daemon;
	sigset_t all, before;
	int why;

	if (a->any.sa_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	errno = 0;
	daemon = mhd.start_daemon(flags, 0, NULL, NULL, handle, m, MHD_OPTION_SOCK_ADDR, &a->any,
				  MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
				  MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
				  MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_END);
	why = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = why;
	return daemon;
}

struct live_metrics *live_metrics_start(const char *address, const struct live_metric *table, size_t rows,
					char *err, size_t room)
{
	struct live_metrics *m;
	union address a;

	if (!parse_address(address, &a)) {
		snprintf(err, room, "'%s' is no ADDRESS:PORT such as 127.0.0.1:9723 or [::1]:9723", address);
		return NULL;
	}
	if (!load(err, room))
		return NULL;
	m = calloc(1, sizeof(*m));
	if (!m) {
		snprintf(err, room, "%s: not enough memory", address);
		return NULL;
	}
	m->table = table;
	m->rows = rows;
	m->daemon = start_daemon(m, &a);
	if (m->daemon)
		return m;
	snprintf(err, room, "cannot serve metrics on %s: %s", address, errno ? strerror(errno) : "no thread");
	free(m);
	return NULL;
}

uint16_t live_metrics_port(const struct live_metrics *m)
{
	const union MHD_DaemonInfo *info = mhd.get_daemon_info(m->daemon, MHD_DAEMON_INFO_BIND_PORT);

	return info ? info->port : 0;
}

void live_metrics_stop(struct live_metrics *m)
{
	if (!m)
		return;
	mhd.stop_daemon(m->daemon);
	free(m);
}
