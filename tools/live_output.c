/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines out, without making the caller wait: see live_output.h. */
#include "tools/live_output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tools/live_rotate.h"

enum {
	DEFAULT_QUEUE = 4 << 20,
	DEFAULT_RETRY_MS = 1000,
	BATCH = 64 << 10,           /* octets of one write */
	POLL_MS = 100,              /* between looks at what else is asked for, while a pipe is full */
	LAST_WAIT_MS = 2 * POLL_MS, /* for the thread to see that it was given up */
	NS_PER_MS = 1000000,
};

struct live_output {
	pthread_mutex_t lock;
	pthread_cond_t wake; /* the writer: there is something to do */
	pthread_cond_t idle; /* who closes: the writer has ended */
	pthread_t thread;

	/* Under the lock.  Positions count all octets ever queued; tail <= done <= head <= tail + room. */
	char *ring;
	size_t room;
	uint64_t head; /* where the next line goes */
	uint64_t done; /* all before is in the file; written by the thread only */
	uint64_t tail; /* the line that `done` is in begins here */
	bool reopen, closing, abandoned, ended;
	struct live_output_counts counts;

	/* The writer's own. */
	char *path; /* NULL: standard output */
	int fd;
	bool regular;
	dev_t device;
	ino_t inode;
	uint64_t size;             /* of a regular file */
	int64_t period;            /* in which the file was begun */
	int64_t rotate_not_before; /* monotonic, after a rotation that failed */
	bool close_failed;
	struct live_output_options options;
};

/* ---------------------------------------------------------------- time and trouble */

static int64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000 * NS_PER_MS + t.tv_nsec;
}

static struct timespec after_ms(int64_t ms)
{
	int64_t t = now_ns(CLOCK_MONOTONIC) + ms * NS_PER_MS;

	return (struct timespec){ t / (1000 * NS_PER_MS), t % (1000 * NS_PER_MS) };
}

/* Counts a failure; tells of it if it is the first. */
static void failed(struct live_output *out, int why)
{
	char message[PATH_MAX + 80];
	bool first;

	pthread_mutex_lock(&out->lock);
	first = !out->counts.failing;
	out->counts.failing = true;
	out->counts.errors++;
	pthread_mutex_unlock(&out->lock);
	if (!first || !out->options.on_error)
		return;
	snprintf(message, sizeof(message), "%s: %s", out->path ? out->path : "standard output",
		 strerror(why));
	out->options.on_error(out->options.context, message);
}

static void recovered(struct live_output *out)
{
	bool was;

	pthread_mutex_lock(&out->lock);
	was = out->counts.failing;
	out->counts.failing = false;
	pthread_mutex_unlock(&out->lock);
	if (was && out->options.on_error)
		out->options.on_error(out->options.context, NULL);
}

/* Waits before another attempt; a wish for another file is one at once. */
static void wait_retry(struct live_output *out)
{
	struct timespec until = after_ms(out->options.retry_ms);

	pthread_mutex_lock(&out->lock);
	while (!out->reopen && !out->abandoned &&
	       pthread_cond_timedwait(&out->wake, &out->lock, &until) != ETIMEDOUT)
		;
	pthread_mutex_unlock(&out->lock);
}

/* ---------------------------------------------------------------- files */

static int64_t period_of(const struct live_output *out, int64_t seconds)
{
	return out->options.rotate_seconds ? seconds / out->options.rotate_seconds : 0;
}

/* Looks at what fd is; a file that was there already belongs to the time of its last line. */
static bool inspect(struct live_output *out)
{
	struct stat st;

	if (fstat(out->fd, &st) != 0)
		return false;
	out->regular = S_ISREG(st.st_mode);
	out->device = st.st_dev;
	out->inode = st.st_ino;
	out->size = out->regular ? (uint64_t)st.st_size : 0;
	out->period = period_of(out, out->size ? st.st_mtime : time(NULL));
	return true;
}

static void close_file(struct live_output *out)
{
	if (out->fd >= 0 && out->path && close(out->fd) != 0)
		out->close_failed = true;
	out->fd = -1;
}

/*
 * Opens the file by its name.  O_NONBLOCK is for a FIFO without reader, and for pipes that are full;
 * it means nothing to a regular file.
 */
static bool open_file(struct live_output *out)
{
	if (!out->path)
		out->fd = STDOUT_FILENO;
	else
		out->fd = open(out->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
			       0640);
	return out->fd >= 0 && inspect(out);
}

/* A line that was written in part is written once more if this is another file, else to its end. */
static bool open_again(struct live_output *out)
{
	dev_t device = out->device;
	ino_t inode = out->inode;
	uint64_t size = out->size;

	pthread_mutex_lock(&out->lock);
	out->reopen = false;
	pthread_mutex_unlock(&out->lock);
	close_file(out);
	if (!open_file(out)) {
		failed(out, errno);
		return false;
	}
	if (!out->regular || out->device != device || out->inode != inode || out->size < size) {
		pthread_mutex_lock(&out->lock);
		out->done = out->tail;
		pthread_mutex_unlock(&out->lock);
	}
	return true;
}

static char octet_at(const struct live_output *out, uint64_t position)
{
	return out->ring[position % out->room];
}

static uint64_t line_length(const struct live_output *out, uint64_t from)
{
	uint64_t at = from;

	while (octet_at(out, at) != '\n')
		at++;
	return at + 1 - from;
}

static bool rotation_due(const struct live_output *out)
{
	if (!out->regular || !out->path || !out->size || out->done != out->tail ||
	    now_ns(CLOCK_MONOTONIC) < out->rotate_not_before)
		return false;
	if (out->options.rotate_octets &&
	    out->size + line_length(out, out->done) > out->options.rotate_octets)
		return true;
	return out->options.rotate_seconds && period_of(out, time(NULL)) != out->period;
}

/* When the old file cannot be moved away, it is better to go on in it than to lose lines. */
static bool rotate(struct live_output *out)
{
	if (!live_rotate(out->path, out->options.keep, out->options.time_stamped, time(NULL))) {
		failed(out, errno);
		out->rotate_not_before = now_ns(CLOCK_MONOTONIC) + (int64_t)out->options.retry_ms * NS_PER_MS;
		return true;
	}
	pthread_mutex_lock(&out->lock);
	out->counts.rotations++;
	pthread_mutex_unlock(&out->lock);
	return open_again(out);
}

/* ---------------------------------------------------------------- writing */

/* How much to write at once: contiguous in memory, and no line that belongs into the next file. */
static size_t piece_at(const struct live_output *out, uint64_t head)
{
	size_t start = (size_t)(out->done % out->room), n = out->room - start;
	uint64_t left = out->options.rotate_octets > out->size ? out->options.rotate_octets - out->size : 0;
	const char *last;

	if (head - out->done < n)
		n = (size_t)(head - out->done);
	if (n > BATCH)
		n = BATCH;
	if (!out->regular && n > PIPE_BUF)
		n = PIPE_BUF; /* so much does not block when poll() says so */
	if (out->regular && out->options.rotate_octets && n > left) {
		last = memrchr(out->ring + start, '\n', left);
		if (!last)
			last = memchr(out->ring + start, '\n', n);
		if (last)
			n = (size_t)(last + 1 - (out->ring + start));
	}
	return n;
}

/* False when there is something else to do than to wait for the reader of a pipe. */
static bool wait_writable(struct live_output *out)
{
	struct pollfd p = { .fd = out->fd, .events = POLLOUT };
	bool other = false;

	while (!out->regular && !other && poll(&p, 1, POLL_MS) == 0) {
		pthread_mutex_lock(&out->lock);
		other = out->reopen || out->abandoned;
		pthread_mutex_unlock(&out->lock);
	}
	return !other;
}

/* n octets are in the file: makes room for others up to the last line that is whole. */
static void advance(struct live_output *out, size_t n)
{
	const char *start = out->ring + out->done % out->room, *last = memrchr(start, '\n', n);
	uint64_t lines = 0;

	for (const char *at = start; last && at <= last; at++)
		lines += *at == '\n';
	out->size += n;
	pthread_mutex_lock(&out->lock);
	if (last)
		out->tail = out->done + (uint64_t)(last + 1 - start);
	out->done += n;
	out->counts.lines += lines;
	out->counts.octets += n;
	pthread_mutex_unlock(&out->lock);
}

static uint64_t count_lines(const struct live_output *out)
{
	uint64_t lines = 0;

	for (uint64_t at = out->tail; at < out->head; at++)
		lines += octet_at(out, at) == '\n';
	return lines;
}

/* Lock held.  What is queued will not be written. */
static void drop_all(struct live_output *out)
{
	out->counts.dropped_lines += count_lines(out);
	out->counts.dropped_octets += out->head - out->done;
	out->tail = out->done = out->head;
}

/* Standard output has lost its reader, which does not come back. */
static void give_up(struct live_output *out)
{
	pthread_mutex_lock(&out->lock);
	out->counts.broken = true;
	drop_all(out);
	pthread_mutex_unlock(&out->lock);
}

static void write_failed(struct live_output *out, int why)
{
	bool broken = why == EPIPE && !out->path;

	/* a full disk is no reason to look for another file; anything else may be this one's */
	if (!broken && why != ENOSPC && why != EDQUOT)
		close_file(out);
	failed(out, why);
	if (broken)
		give_up(out);
	else
		wait_retry(out);
}

static void write_some(struct live_output *out, uint64_t head)
{
	ssize_t n;

	if (!wait_writable(out))
		return;
	n = write(out->fd, out->ring + out->done % out->room, piece_at(out, head));
	if (n > 0) {
		advance(out, (size_t)n);
		recovered(out);
	} else if (n < 0 && errno != EINTR && errno != EAGAIN) {
		write_failed(out, errno);
	}
}

/* One thing at a time, each of which may fail and is then tried again. */
static void step(struct live_output *out, uint64_t head, bool reopen)
{
	if (((reopen && out->path) || out->fd < 0) && !open_again(out))
		wait_retry(out);
	else if (head == out->done)
		return;
	else if (rotation_due(out) && !rotate(out))
		wait_retry(out);
	else
		write_some(out, head);
}

static void *writer(void *self)
{
	struct live_output *out = self;
	uint64_t head;
	bool reopen;

	pthread_mutex_lock(&out->lock);
	for (;;) {
		while (!out->reopen && !out->closing && out->head == out->done)
			pthread_cond_wait(&out->wake, &out->lock);
		if (out->abandoned || (out->closing && out->head == out->done))
			break;
		head = out->head;
		reopen = out->reopen;
		pthread_mutex_unlock(&out->lock);
		step(out, head, reopen);
		pthread_mutex_lock(&out->lock);
	}
	close_file(out);
	out->ended = true;
	pthread_cond_signal(&out->idle);
	pthread_mutex_unlock(&out->lock);
	return NULL;
}

/* ---------------------------------------------------------------- the callers' side */

static void release(struct live_output *out)
{
	pthread_mutex_destroy(&out->lock);
	pthread_cond_destroy(&out->wake);
	pthread_cond_destroy(&out->idle);
	free(out->ring);
	free(out->path);
	free(out);
}

static struct live_output *prepare(const struct live_output_options *o)
{
	struct live_output *out = calloc(1, sizeof(*out));
	pthread_condattr_t monotonic;

	if (!out)
		return NULL;
	out->options = *o;
	out->options.retry_ms = o->retry_ms ? o->retry_ms : DEFAULT_RETRY_MS;
	out->fd = -1;
	out->room = o->queue_octets ? o->queue_octets : DEFAULT_QUEUE;
	out->ring = malloc(out->room);
	pthread_mutex_init(&out->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&out->wake, &monotonic);
	pthread_cond_init(&out->idle, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (o->path && strcmp(o->path, "-") != 0)
		out->path = strdup(o->path);
	if (out->ring && (out->path || !o->path || strcmp(o->path, "-") == 0))
		return out;
	release(out);
	return NULL;
}

/* Signals are for the other threads. */
static int start_thread(struct live_output *out)
{
	sigset_t all, before;
	int why;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	why = pthread_create(&out->thread, NULL, writer, out);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return why;
}

struct live_output *live_output_open(const struct live_output_options *o, char *err, size_t room)
{
	const char *name = o->path && strcmp(o->path, "-") != 0 ? o->path : "standard output";
	struct live_output *out = prepare(o);
	int why;

	if (!out) {
		snprintf(err, room, "%s: not enough memory", name);
		return NULL;
	}
	why = open_file(out) ? start_thread(out) : errno;
	if (why == 0)
		return out;
	snprintf(err, room, "%s: %s", name, strerror(why));
	close_file(out);
	release(out);
	return NULL;
}

/* Lock held.  Copies into the ring, around its end where need be. */
static void append(struct live_output *out, const char *octets, size_t len)
{
	size_t start = (size_t)(out->head % out->room), first = out->room - start;

	if (first > len)
		first = len;
	memcpy(out->ring + start, octets, first);
	memcpy(out->ring, octets + first, len - first);
	out->head += len;
}

bool live_output_line(struct live_output *out, const char *line, size_t len)
{
	bool fits;

	pthread_mutex_lock(&out->lock);
	fits = !out->closing && !out->counts.broken && len < out->room - (size_t)(out->head - out->tail);
	if (fits) {
		append(out, line, len);
		append(out, "\n", 1);
		pthread_cond_signal(&out->wake);
	} else {
		out->counts.dropped_lines++;
		out->counts.dropped_octets += len + 1;
	}
	pthread_mutex_unlock(&out->lock);
	return fits;
}

void live_output_reopen(struct live_output *out)
{
	if (!out->path)
		return;
	pthread_mutex_lock(&out->lock);
	out->reopen = true;
	pthread_cond_signal(&out->wake);
	pthread_mutex_unlock(&out->lock);
}

/* Lock held. */
static void take_counts(struct live_output *out, struct live_output_counts *counts)
{
	*counts = out->counts;
	counts->queued_octets = out->head - out->done;
}

void live_output_counts(struct live_output *out, struct live_output_counts *counts)
{
	pthread_mutex_lock(&out->lock);
	take_counts(out, counts);
	pthread_mutex_unlock(&out->lock);
}

/* Lock held.  Whether the thread has ended within that time. */
static bool wait_ended(struct live_output *out, int64_t ms)
{
	struct timespec until = after_ms(ms);

	while (!out->ended && pthread_cond_timedwait(&out->idle, &out->lock, &until) != ETIMEDOUT)
		;
	return out->ended;
}

bool live_output_close(struct live_output *out, int64_t deadline_ms, struct live_output_counts *final)
{
	bool whole, ended;

	if (!out)
		return true;
	pthread_mutex_lock(&out->lock);
	out->closing = true;
	pthread_cond_signal(&out->wake);
	if (!wait_ended(out, deadline_ms)) {
		out->abandoned = true;
		pthread_cond_signal(&out->wake);
		wait_ended(out, LAST_WAIT_MS);
	}
	ended = out->ended;
	whole = ended && out->head == out->done && !out->counts.broken && !out->close_failed;
	if (ended)
		drop_all(out);
	if (final) {
		take_counts(out, final);
		if (!ended) {
			final->dropped_lines += count_lines(out);
			final->dropped_octets += final->queued_octets;
		}
	}
	pthread_mutex_unlock(&out->lock);
	if (ended) {
		pthread_join(out->thread, NULL);
		release(out);
	} else {
		pthread_detach(out->thread);
	}
	return whole;
}
