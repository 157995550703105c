/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Octets of a capture, uncompressed: see source.h. */
#include "analyzer/source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum {
	STORED_ROOM = 128 << 10, /* compressed octets taken at a time */
	SNIFFED = 4,             /* octets that tell the compression */
	MOST_AT_ONCE = 1 << 30,  /* fits the counters of zlib */
	ZSTD_WINDOW_LOG = 27,    /* 128 MB: what zstd itself unpacks without being asked twice */
};

/* A way to undo compression. */
struct codec {
	const char *name;
	bool (*begins)(const uint8_t head[SNIFFED]);
	bool (*start)(struct source *s);
	/* Consumes from stored, returns the octets made, and keeps whole and broken. */
	size_t (*step)(struct source *s, uint8_t *out, size_t room);
	void (*stop)(struct source *s);
};

struct source {
	int fd;
	bool opened; /* by us, not standard input */
	bool ended;  /* the file has no more, or cannot be read */
	bool whole;  /* nothing of the compressed stream is outstanding */
	bool broken; /* the decoder gave up */
	bool interruptible;
	uint64_t taken, size;
	const struct codec *codec; /* NULL: stored as they are */
	z_stream gzip;
	ZSTD_DStream *zstd;
	size_t peek_at, peek_end;
	uint8_t peeked[SOURCE_PEEK]; /* shown, but not yet read */
	size_t stored_at, stored_end;
	uint8_t stored[STORED_ROOM];
	char error[160];
};

__attribute__((format(printf, 2, 3))) static void fail(struct source *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(s->error, sizeof(s->error), format, args);
	va_end(args);
}

/* One read(2).  Returns 0 at the end and after a failure, which is then in error. */
static size_t take(struct source *s, uint8_t *out, size_t room)
{
	while (!s->ended) {
		ssize_t n = read(s->fd, out, room);

		if (n > 0) {
			s->taken += (uint64_t)n;
			return (size_t)n;
		}
		if (n < 0 && errno == EINTR && !s->interruptible)
			continue;
		if (n < 0 && errno == EAGAIN) {
			/* whoever shares standard input with us made it non-blocking */
			poll(&(struct pollfd){ .fd = s->fd, .events = POLLIN }, 1, -1);
			continue;
		}
		s->ended = true;
		if (n < 0 && errno != EINTR)
			fail(s, "cannot be read on: %s", strerror(errno));
	}
	return 0;
}

/* Adds stored octets behind those not yet used up. */
static bool take_stored(struct source *s)
{
	size_t n;

	if (s->stored_at == s->stored_end)
		s->stored_at = s->stored_end = 0;
	n = take(s, s->stored + s->stored_end, sizeof(s->stored) - s->stored_end);
	s->stored_end += n;
	return n > 0;
}

static bool gzip_begins(const uint8_t head[SNIFFED])
{
	return head[0] == 0x1f && head[1] == 0x8b;
}

static bool gzip_start(struct source *s)
{
	return inflateInit2(&s->gzip, 16 + MAX_WBITS) == Z_OK; /* 16: gzip's header and nothing else */
}

/* Between members: zeros pad a file to the block of a tape, anything else begins a member. */
static bool gzip_next_member(struct source *s)
{
	while (s->stored_at < s->stored_end && s->stored[s->stored_at] == 0)
		s->stored_at++;
	if (s->stored_at == s->stored_end)
		return false;
	inflateReset(&s->gzip);
	s->whole = false;
	return true;
}

static size_t gzip_step(struct source *s, uint8_t *out, size_t room)
{
	z_stream *z = &s->gzip;
	int status;

	if (s->whole && !gzip_next_member(s))
		return 0;
	z->next_in = s->stored + s->stored_at;
	z->avail_in = (uInt)(s->stored_end - s->stored_at);
	z->next_out = out;
	z->avail_out = (uInt)room;
	status = inflate(z, Z_NO_FLUSH);
	s->stored_at = s->stored_end - z->avail_in;
	s->whole = status == Z_STREAM_END;
	if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
		s->broken = true;
		fail(s, "damaged gzip data (%s)", z->msg ? z->msg : zError(status));
	}
	return room - z->avail_out;
}

static void gzip_stop(struct source *s)
{
	inflateEnd(&s->gzip);
}

/* A frame, or one of the frames to be skipped that some tools put first. */
static bool zstd_begins(const uint8_t head[SNIFFED])
{
	return memcmp(head, "\x28\xb5\x2f\xfd", 4) == 0 ||
	       ((head[0] & 0xf0) == 0x50 && memcmp(head + 1, "\x2a\x4d\x18", 3) == 0);
}

static bool zstd_start(struct source *s)
{
	s->zstd = ZSTD_createDStream();
	return s->zstd &&
	       !ZSTD_isError(ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG));
}

static void zstd_broke(struct source *s, size_t status)
{
	s->broken = true;
	if (ZSTD_getErrorCode(status) == ZSTD_error_frameParameter_windowTooLarge)
		fail(s, "zstd data needs over %d MB of memory to unpack; unpack it first: zstd -d --long=31",
		     1 << (ZSTD_WINDOW_LOG - 20));
	else
		fail(s, "damaged zstd data (%s)", ZSTD_getErrorName(status));
}

static size_t zstd_step(struct source *s, uint8_t *out, size_t room)
{
	ZSTD_inBuffer from = { s->stored + s->stored_at, s->stored_end - s->stored_at, 0 };
	ZSTD_outBuffer to = { out, room, 0 };
	size_t status = ZSTD_decompressStream(s->zstd, &to, &from);

	s->stored_at += from.pos;
	s->whole = status == 0;
	if (ZSTD_isError(status))
		zstd_broke(s, status);
	return to.pos;
}

static void zstd_stop(struct source *s)
{
	ZSTD_freeDStream(s->zstd);
}

static const struct codec codecs[] = {
	{ "gzip", gzip_begins, gzip_start, gzip_step, gzip_stop },
	{ "zstd", zstd_begins, zstd_start, zstd_step, zstd_stop },
};

/* Decodes until there is something to return, or nothing more to come. */
static ssize_t decode(struct source *s, uint8_t *out, size_t room)
{
	while (!s->broken) {
		bool more = s->stored_at < s->stored_end || take_stored(s);
		size_t made;

		if (!more && s->whole)
			return s->error[0] ? -1 : 0;
		/* also without input: the decoder may hold back what did not fit before */
		made = s->codec->step(s, out, room);
		if (made)
			return (ssize_t)made;
		if (!more && !s->whole && !s->broken) {
			s->broken = true;
			if (!s->error[0])
				fail(s, "%s data ends early; was the file copied whole?", s->codec->name);
		}
	}
	return -1;
}

/* What sniffing took comes first, the rest goes straight to the caller. */
static ssize_t copy(struct source *s, uint8_t *out, size_t room)
{
	size_t n = s->stored_end - s->stored_at;

	if (!n) {
		n = take(s, out, room);
		return n || !s->error[0] ? (ssize_t)n : -1;
	}
	if (n > room)
		n = room;
	memcpy(out, s->stored + s->stored_at, n);
	s->stored_at += n;
	return (ssize_t)n;
}

static ssize_t read_on(struct source *s, void *octets, size_t room)
{
	if (room > MOST_AT_ONCE)
		room = MOST_AT_ONCE;
	return s->codec ? decode(s, octets, room) : copy(s, octets, room);
}

ssize_t source_read(struct source *s, void *octets, size_t room)
{
	size_t n = s->peek_end - s->peek_at;

	if (!n || !room)
		return room ? read_on(s, octets, room) : 0;
	if (n > room)
		n = room;
	memcpy(octets, s->peeked + s->peek_at, n);
	s->peek_at += n;
	return (ssize_t)n;
}

size_t source_peek(struct source *s, const uint8_t **octets, size_t n)
{
	while (s->peek_end < n && n <= SOURCE_PEEK) {
		ssize_t got = read_on(s, s->peeked + s->peek_end, n - s->peek_end);

		if (got <= 0)
			break;
		s->peek_end += (size_t)got;
	}
	*octets = s->peeked;
	return s->peek_end;
}

static ssize_t stream_read(void *cookie, char *octets, size_t room)
{
	ssize_t n = source_read(cookie, octets, room);

	if (n < 0)
		errno = EIO;
	return n;
}

void source_interruptible(struct source *s)
{
	s->interruptible = true;
}

bool source_wait(struct source *s, int timeout_ms)
{
	/* What was read and not yet unpacked may be all that is needed, or not: reading tells. */
	if (s->ended || s->peek_end > s->peek_at || s->stored_at < s->stored_end)
		return true;
	return poll(&(struct pollfd){ .fd = s->fd, .events = POLLIN }, 1, timeout_ms) != 0;
}

FILE *source_stream(struct source *s, char *buffer, size_t room)
{
	FILE *f = fopencookie(s, "rb", (cookie_io_functions_t){ .read = stream_read });

	if (f)
		setvbuf(f, buffer, _IOFBF, room);
	return f;
}

/* Opens the descriptor and learns what it is.  False with errno set. */
static bool open_file(struct source *s, const char *path)
{
	struct stat st;

	if (strcmp(path, "-") != 0) {
		s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		s->opened = s->fd >= 0;
		if (!s->opened)
			return false;
	}
	if (fstat(s->fd, &st) != 0)
		return false;
	if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return false;
	}
	if (S_ISREG(st.st_mode)) {
		s->size = (uint64_t)st.st_size;
		posix_fadvise(s->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	}
	return true;
}

/* Finds out how the octets are stored. */
static bool sniff(struct source *s)
{
	while (s->stored_end < SNIFFED && take_stored(s))
		;
	for (size_t i = 0; s->stored_end >= SNIFFED && i < sizeof(codecs) / sizeof(*codecs); i++) {
		if (codecs[i].begins(s->stored)) {
			s->codec = &codecs[i];
			return s->codec->start(s);
		}
	}
	return true;
}

struct source *source_open(const char *path, char *err, size_t room)
{
	struct source *s = calloc(1, sizeof(*s)); /* fd 0 is standard input */
	const char *why = NULL;

	if (!s) {
		snprintf(err, room, "%s", strerror(errno));
		return NULL;
	}
	if (!open_file(s, path))
		why = strerror(errno);
	else if (!s->opened && isatty(s->fd))
		why = "is a terminal, not a capture; name a file, or pipe a capture in";
	else if (!sniff(s))
		why = strerror(ENOMEM);
	if (!why)
		return s;
	snprintf(err, room, "%s", why);
	source_close(s);
	return NULL;
}

void source_close(struct source *s)
{
	if (!s)
		return;
	if (s->codec)
		s->codec->stop(s);
	if (s->opened)
		close(s->fd);
	free(s);
}

const char *source_error(const struct source *s)
{
	return s->error;
}

const char *source_compression(const struct source *s)
{
	return s->codec ? s->codec->name : NULL;
}

uint64_t source_offset(const struct source *s)
{
	return s->taken;
}

uint64_t source_size(const struct source *s)
{
	return s->size;
}
