/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests/sensor.py needs of tools/live_*.h in a process of its own: see usage(). */
#include "tools/live_metrics.h"
#include "tools/live_notify.h"
#include "tools/live_output.h"
#include "tools/live_privilege.h"
#include "tools/live_workers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FRAME_ROOM = 2048, MARKER = 16, ERROR_ROOM = 256, MARGIN_NS = 20000000 };

static volatile sig_atomic_t told_to_end;

static void end(int signal)
{
	(void)signal;
	told_to_end = 1;
}

static int usage(void)
{
	fputs("usage: live_tool drop USER keep|none     prints /proc/self/status\n"
	      "       live_tool confine NEEDS DEED...   after the filter, see deeds[]\n"
	      "       live_tool metrics ADDR:PORT       until standard input ends\n"
	      "       live_tool notify                  to $NOTIFY_SOCKET\n"
	      "       live_tool output FILE QUEUE       lines of standard input\n"
	      "       live_tool workers INTERFACE COUNT in|out\n",
	      stderr);
	return 2;
}

static int complain(const char *err)
{
	fprintf(stderr, "%s\n", err);
	return 1;
}

/* ---------------------------------------------------------------- privileges */

static void print_status(void)
{
	char line[256];
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f))
		fputs(line, stdout);
	if (f)
		fclose(f);
}

static int drop(const char *user, const char *what)
{
	struct live_user u;
	char err[ERROR_ROOM];

	if (!live_privilege_find(user, &u, err, sizeof(err)) ||
	    !live_privilege_drop(&u, strcmp(what, "keep") == 0, err, sizeof(err)))
		return complain(err);
	print_status();
	printf("setuid: %s\n", setuid(0) == 0 ? "done" : strerror(errno));
	return 0;
}

static void *thread(void *argument)
{
	return argument;
}

static bool do_thread(void)
{
	pthread_t t;

	errno = pthread_create(&t, NULL, thread, NULL);
	return !errno && pthread_join(t, NULL) == 0;
}

static bool do_fork(void)
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static bool do_file(void)
{
	char name[] = "live-tool-XXXXXX", other[sizeof(name) + 2];
	int fd = mkstemp(name);

	snprintf(other, sizeof(other), "%s.1", name);
	return fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0 && rename(name, other) == 0 &&
	       unlink(other) == 0;
}

static bool do_exec(void)
{
	return execl("/bin/true", "true", (char *)NULL) == 0;
}

static bool do_setuid(void)
{
	return setuid(getuid()) == 0;
}

static bool opens(int family, int type)
{
	int fd = socket(family, type, 0);

	return fd >= 0 && close(fd) == 0;
}

static bool do_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
	       MAP_FAILED;
}

static bool do_inet(void)
{
	return opens(AF_INET, SOCK_STREAM);
}

static bool do_inet_datagram(void)
{
	return opens(AF_INET, SOCK_DGRAM);
}

static bool do_packet(void)
{
	return opens(AF_PACKET, SOCK_RAW);
}

static bool do_status(void)
{
	print_status();
	return true;
}

static const struct {
	const char *name;
	bool (*run)(void);
} deeds[] = {
	{ "status", do_status }, { "thread", do_thread },
	{ "fork", do_fork },     { "file", do_file },
	{ "exec", do_exec },     { "code", do_code },
	{ "inet", do_inet },     { "datagram", do_inet_datagram },
	{ "packet", do_packet }, { "setuid", do_setuid },
};

static void do_deed(const char *name)
{
	for (size_t i = 0; i < sizeof(deeds) / sizeof(*deeds); i++) {
		if (strcmp(deeds[i].name, name) != 0)
			continue;
		errno = 0;
		printf("%s: %s\n", name, deeds[i].run() ? "done" : strerror(errno));
		fflush(stdout);
	}
}

static int confine(unsigned needs, char **names)
{
	char err[ERROR_ROOM];

	if (!live_privilege_confine(needs, err, sizeof(err)))
		return complain(err);
	for (; *names; names++)
		do_deed(*names);
	return 0;
}

/* ---------------------------------------------------------------- metrics, notification, output */

static uint64_t forty_two(const void *context)
{
	(void)context;
	return 42;
}

static int metrics(const char *address)
{
	static _Atomic uint64_t packets = 7;
	const struct live_metric table[] = {
		{ "test_packets_total",
		  "Packets\nof \\ a \"test\".",
		  LIVE_COUNTER,
		  { { "by", "a\"b\\c\nd" } },
		  &packets,
		  NULL,
		  NULL },
		{ "test_packets_total",
		  NULL,
		  LIVE_COUNTER,
		  { { "by", "other" }, { "to", "x" } },
		  &packets,
		  NULL,
		  NULL },
		{ "test_answer", "The answer.", LIVE_GAUGE, { { NULL, NULL } }, NULL, forty_two, NULL },
	};
	char err[ERROR_ROOM];
	struct live_metrics *m = live_metrics_start(address, table, 3, err, sizeof(err));

	if (!m)
		return complain(err);
	if (!live_privilege_confine(LIVE_CONFINE_SERVE, err, sizeof(err)))
		return complain(err);
	printf("%u\n", live_metrics_port(m));
	fflush(stdout);
	while (getchar() != EOF)
		;
	live_metrics_stop(m);
	return 0;
}

static int notify(void)
{
	struct live_notify n;
	char err[ERROR_ROOM];

	if (!live_notify_open(&n, err, sizeof(err)))
		return complain(err);
	printf("%lld\n", (long long)n.watchdog_ns);
	live_notify_ready(&n, "first\nEVIL=1");
	live_notify_status(&n, "second");
	live_notify_reloading(&n);
	live_notify_watchdog(&n);
	live_notify_stopping(&n);
	live_notify_close(&n);
	return getenv("NOTIFY_SOCKET") || getenv("WATCHDOG_USEC");
}

static void on_error(void *context, const char *message)
{
	(void)context;
	printf("%s\n", message ? message : "recovered");
	fflush(stdout);
}

/* A line "!reopen" is none, but asks for that. */
static int output(const char *path, size_t queue)
{
	const struct live_output_options o = {
		.path = path, .queue_octets = queue, .retry_ms = 50, .on_error = on_error
	};
	struct live_output_counts c;
	char line[FRAME_ROOM], err[ERROR_ROOM];
	struct live_output *out = live_output_open(&o, err, sizeof(err));
	bool whole;

	if (!out)
		return complain(err);
	puts("open");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line, "!reopen") == 0)
			live_output_reopen(out);
		else
			live_output_line(out, line, strlen(line));
	}
	whole = live_output_close(out, 2000, &c);
	printf("whole %d lines %llu octets %llu dropped %llu %llu broken %d\n", whole,
	       (unsigned long long)c.lines, (unsigned long long)c.octets, (unsigned long long)c.dropped_lines,
	       (unsigned long long)c.dropped_octets, c.broken);
	return 0;
}

/* ---------------------------------------------------------------- workers */

struct share {
	const char *interface;
	bool outgoing;
};

static int open_packet_socket(const char *interface)
{
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	struct sockaddr_ll a = { .sll_family = AF_PACKET,
				 .sll_protocol = htons(ETH_P_ALL),
				 .sll_ifindex = (int)if_nametoindex(interface) };

	int on = 1;

	return fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) == 0 &&
			       bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0
		       ? fd
		       : -1;
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* A frame with the time at which the kernel had it; false when it is none that was asked for. */
static ssize_t receive(const struct share *s, int fd, char *frame, int64_t *time_ns)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct timespec))];
	struct sockaddr_ll from = { 0 };
	struct iovec part = { frame, FRAME_ROOM };
	struct msghdr m = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(fd, &m, 0);
	struct cmsghdr *c = n < 0 ? NULL : CMSG_FIRSTHDR(&m);
	struct timespec stamp;

	if (!c || c->cmsg_type != SCM_TIMESTAMPNS || (from.sll_pkttype == PACKET_OUTGOING) != s->outgoing)
		return 0;
	memcpy(&stamp, CMSG_DATA(c), sizeof(stamp));
	*time_ns = (int64_t)stamp.tv_sec * 1000000000 + stamp.tv_nsec;
	return n;
}

/* Reports the last octets of frames that have '#' there. */
static bool report_frame(struct live_worker *self, const struct share *s, int fd, int64_t from_ns)
{
	static char frame[FRAME_ROOM];
	int64_t time_ns;
	ssize_t n = receive(s, fd, frame, &time_ns);

	if (n < MARKER || frame[n - MARKER] != '#' || time_ns < from_ns)
		return true;
	atomic_fetch_add(&live_worker_counters(self)[0], 1);
	return live_worker_record(self, time_ns, frame + n - MARKER, MARKER);
}

static int work(struct live_worker *self, void *context)
{
	const struct share *s = context;
	int fd = open_packet_socket(s->interface);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char err[ERROR_ROOM];
	int64_t from_ns;

	if (fd < 0)
		return 1;
	if (!live_worker_join(self, 0, fd, &from_ns, err, sizeof(err)))
		return complain(err);
	live_worker_pending(self, 3);
	while (!told_to_end) {
		int64_t before = now_ns() - MARGIN_NS; /* a packet has its stamp before it is there */
		int n = poll(&p, 1, 50);

		if (n > 0 && !report_frame(self, s, fd, from_ns))
			return 1;
		if (n == 0 && !live_worker_mark(self, before))
			return 1;
	}
	return 0;
}

static void record(void *context, unsigned worker, int64_t time_ns, const void *octets, size_t len)
{
	(void)context;
	printf("%u %lld %.*s\n", worker, (long long)time_ns, (int)len, (const char *)octets);
	fflush(stdout);
}

static void changed(void *context, const struct live_worker_change *c)
{
	static const char *const names[] = { "started", "joined", "ended", "failed" };

	(void)context;
	printf("%s %u %d %d %lld %llu %llu %llu\n", names[c->event], c->worker, c->pid, c->status,
	       (long long)c->retry_ms, (unsigned long long)c->records_lost,
	       (unsigned long long)c->pending_lost, (unsigned long long)c->packets_lost);
	fflush(stdout);
}

static int workers(const char *interface, unsigned count, bool outgoing)
{
	struct share share = { interface, outgoing };
	const struct live_workers_options o = {
		.count = count,
		.work = work,
		.record = record,
		.changed = changed,
		.context = &share,
		/* long enough for the test to send something in vain */
		.backoff_ms = 3000,
	};
	struct sigaction a = { .sa_handler = end };
	struct live_workers *w;
	char err[ERROR_ROOM];
	bool well;

	sigaction(SIGTERM, &a, NULL);
	w = live_workers_start(&o, err, sizeof(err));
	if (!w)
		return complain(err);
	while (!told_to_end)
		live_workers_poll(w, 100);
	printf("sum %llu\n", (unsigned long long)live_workers_sum(w, 0));
	well = live_workers_stop(w, 5000);
	printf("stopped %d\n", well);
	return !well;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "drop") == 0 && argc == 4)
		return drop(argv[2], argv[3]);
	if (strcmp(what, "confine") == 0 && argc > 3)
		return confine((unsigned)atoi(argv[2]), argv + 3);
	if (strcmp(what, "metrics") == 0 && argc == 3)
		return metrics(argv[2]);
	if (strcmp(what, "notify") == 0)
		return notify();
	if (strcmp(what, "output") == 0 && argc == 4)
		return output(argv[2], (size_t)atol(argv[3]));
	if (strcmp(what, "workers") == 0 && argc == 5)
		return workers(argv[2], (unsigned)atoi(argv[3]), strcmp(argv[4], "out") == 0);
	return usage();
}
