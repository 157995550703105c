/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines in files: whole, counted, rotated, and kept while the disk is full. */
#include "tools/live_output.h"
#include "tools/live_rotate.h"

#include <fcntl.h>
#include <semaphore.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/unit/folder.h"

void suite_live_output(void);

enum { LONG_MS = 60000 };

static struct live_output *open_in(const char *folder, struct live_output_options o)
{
	char path[FOLDER_PATH], err[FOLDER_PATH];
	struct live_output *out;

	snprintf(path, sizeof(path), "%s/f", folder);
	if (!o.path)
		o.path = path;
	out = live_output_open(&o, err, sizeof(err));
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	return out;
}

/* Lines of ten octets with their newline. */
static unsigned put_lines(struct live_output *out, unsigned from, unsigned to)
{
	char line[16];
	unsigned taken = 0;

	for (unsigned i = from; i < to; i++) {
		snprintf(line, sizeof(line), "line %04u", i);
		taken += live_output_line(out, line, 9);
	}
	return taken;
}

static void expect_lines(const char *folder, const char *name, unsigned from, unsigned to)
{
	static char text[FOLDER_TEXT];
	char line[16];
	size_t n = folder_read(folder, name, text);

	CU_ASSERT_EQUAL_FATAL(n, 10 * (to - from));
	for (unsigned i = from; i < to; i++) {
		snprintf(line, sizeof(line), "line %04u\n", i);
		CU_ASSERT_EQUAL(memcmp(text + 10 * (i - from), line, 10), 0);
	}
}

static void test_lines(void)
{
	char folder[FOLDER_ROOM];
	struct live_output_counts c;
	struct live_output *out;

	folder_make(folder);
	/* a queue of odd size, so that lines lie around its end */
	out = open_in(folder, (struct live_output_options){ .queue_octets = 99 });
	for (unsigned i = 0; i < 1000; i++)
		while (!put_lines(out, i, i + 1))
			;
	CU_ASSERT_FALSE(
		live_output_line(out,
				 "a line that is as long as the queue is, which is 99 octets, and can "
				 "never be queued, not even alone",
				 99));
	CU_ASSERT_TRUE(live_output_close(out, LONG_MS, &c));
	CU_ASSERT_EQUAL(c.lines, 1000);
	CU_ASSERT_EQUAL(c.octets, 10000);
	CU_ASSERT(c.dropped_lines >= 1);
	CU_ASSERT_EQUAL(c.dropped_octets, 100 + 10 * (c.dropped_lines - 1));
	CU_ASSERT_EQUAL(c.queued_octets, 0);
	CU_ASSERT_FALSE(c.failing);
	expect_lines(folder, "f", 0, 1000);
	out = open_in(folder, (struct live_output_options){ 0 });
	put_lines(out, 1000, 1010);
	CU_ASSERT_TRUE(live_output_close(out, LONG_MS, NULL));
	expect_lines(folder, "f", 0, 1010);
	folder_remove(folder);
	CU_ASSERT_TRUE(live_output_close(NULL, 0, NULL));
}

static void test_rotate_by_size(void)
{
	char folder[FOLDER_ROOM];
	struct live_output_counts c;
	struct live_output *out;

	folder_make(folder);
	out = open_in(folder, (struct live_output_options){ .rotate_octets = 39, .keep = 2 });
	put_lines(out, 0, 10);
	CU_ASSERT_TRUE(live_output_close(out, LONG_MS, &c));
	CU_ASSERT_EQUAL(c.rotations, 3);
	CU_ASSERT_EQUAL(c.lines, 10);
	expect_lines(folder, "f", 9, 10);
	expect_lines(folder, "f.1", 6, 9);
	expect_lines(folder, "f.2", 3, 6);
	CU_ASSERT_EQUAL(folder_count(folder, "f", NULL), 3);
	/* no room for even one line: each has a file of its own */
	out = open_in(folder, (struct live_output_options){ .rotate_octets = 5, .keep = 1 });
	put_lines(out, 10, 13);
	CU_ASSERT_TRUE(live_output_close(out, LONG_MS, NULL));
	expect_lines(folder, "f", 12, 13);
	expect_lines(folder, "f.1", 11, 12);
	out = open_in(folder, (struct live_output_options){ .rotate_octets = 20 });
	put_lines(out, 13, 16);
	CU_ASSERT_TRUE(live_output_close(out, LONG_MS, NULL));
	expect_lines(folder, "f", 14, 16);
	folder_remove(folder);
}

static void test_time_stamped(void)
{
	char folder[FOLDER_ROOM], name[256];
	struct live_output *out;

	folder_make(folder);
	folder_write(folder, "f.19991231T235959Z", "old");
	folder_write(folder, "f.other", "not ours");
	out = open_in(folder,
		      (struct live_output_options){ .rotate_octets = 20, .keep = 3, .time_stamped = true });
	put_lines(out, 0, 20);
	CU_ASSERT_TRUE(live_output_close(out, LONG_MS, NULL));
	expect_lines(folder, "f", 18, 20);
	CU_ASSERT_EQUAL(folder_count(folder, "f.2", name), 3);
	CU_ASSERT_TRUE(live_is_stamp(name + 2));
	CU_ASSERT_EQUAL(folder_count(folder, "f.1999", NULL), 0);
	CU_ASSERT_EQUAL(folder_count(folder, "f.other", NULL), 1);
	folder_remove(folder);
}

/* A file whose last line is of another hour is an old one. */
static void test_rotate_by_time(void)
{
	static const struct timespec old[2] = { { 1000000000, 0 }, { 1000000000, 0 } };
	char folder[FOLDER_ROOM], path[FOLDER_PATH], text[FOLDER_TEXT];
	struct live_output *out;

	folder_make(folder);
	folder_write(folder, "f", "old\n");
	snprintf(path, sizeof(path), "%s/f", folder);
	CU_ASSERT_EQUAL(utimensat(AT_FDCWD, path, old, 0), 0);
	out = open_in(folder, (struct live_output_options){ .rotate_seconds = 400000000, .keep = 1 });
	put_lines(out, 0, 3);
	CU_ASSERT_TRUE(live_output_close(out, LONG_MS, NULL));
	expect_lines(folder, "f", 0, 3);
	folder_read(folder, "f.1", text);
	CU_ASSERT_STRING_EQUAL(text, "old\n");
	folder_remove(folder);
}

/* The file cannot be moved away, as there is a folder in its place: no line is lost. */
static void test_cannot_rotate(void)
{
	char folder[FOLDER_ROOM], path[FOLDER_PATH];
	struct live_output_counts c;
	struct live_output *out;

	folder_make(folder);
	snprintf(path, sizeof(path), "%s/f.1", folder);
	CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
	out = open_in(folder, (struct live_output_options){ .rotate_octets = 20, .keep = 1 });
	put_lines(out, 0, 6);
	CU_ASSERT_TRUE(live_output_close(out, LONG_MS, &c));
	CU_ASSERT(c.errors > 0);
	CU_ASSERT_EQUAL(c.rotations, 0);
	expect_lines(folder, "f", 0, 6);
	CU_ASSERT_EQUAL(rmdir(path), 0);
	folder_remove(folder);
}

static void wait_queue_empty(struct live_output *out)
{
	struct live_output_counts c;

	do {
		usleep(1000);
		live_output_counts(out, &c);
	} while (c.queued_octets);
}

static void test_reopen(void)
{
	char folder[FOLDER_ROOM], from[FOLDER_PATH], to[FOLDER_PATH];
	struct live_output *out;

	folder_make(folder);
	snprintf(from, sizeof(from), "%s/f", folder);
	snprintf(to, sizeof(to), "%s/moved", folder);
	out = open_in(folder, (struct live_output_options){ 0 });
	put_lines(out, 0, 5);
	wait_queue_empty(out);
	CU_ASSERT_EQUAL(rename(from, to), 0);
	put_lines(out, 5, 7);
	wait_queue_empty(out);
	live_output_reopen(out);
	put_lines(out, 7, 9);
	CU_ASSERT_TRUE(live_output_close(out, LONG_MS, NULL));
	expect_lines(folder, "moved", 0, 7);
	expect_lines(folder, "f", 7, 9);
	folder_remove(folder);
}

/* What was said of trouble. */
struct trouble {
	sem_t began, ended;
	unsigned said;
	char message[FOLDER_PATH];
};

static void on_error(void *context, const char *message)
{
	struct trouble *t = context;

	t->said++;
	if (message)
		snprintf(t->message, sizeof(t->message), "%s", message);
	sem_post(message ? &t->began : &t->ended);
}

static void trouble_init(struct trouble *t)
{
	*t = (struct trouble){ .said = 0 };
	sem_init(&t->began, 0, 0);
	sem_init(&t->ended, 0, 0);
}

/* A limit of the size of files is as good as a full disk, and can be lifted. */
static void test_full_disk(void)
{
	static char text[FOLDER_TEXT];
	struct rlimit was, tight;
	char folder[FOLDER_ROOM];
	struct live_output_counts c;
	struct live_output *out;
	struct trouble t;

	folder_make(folder);
	trouble_init(&t);
	getrlimit(RLIMIT_FSIZE, &was);
	tight = was;
	tight.rlim_cur = 55; /* in the middle of a line */
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &tight), 0);
	out = open_in(folder,
		      (struct live_output_options){
			      .queue_octets = 100, .retry_ms = 1, .on_error = on_error, .context = &t });
	CU_ASSERT_EQUAL(put_lines(out, 0, 10), 10);
	sem_wait(&t.began);
	CU_ASSERT_PTR_NOT_NULL(strstr(t.message, "/f: File too large"));
	live_output_counts(out, &c);
	CU_ASSERT_TRUE(c.failing);
	while (put_lines(out, 9000, 9001))
		; /* until the queue is full */
	setrlimit(RLIMIT_FSIZE, &was);
	sem_wait(&t.ended);
	CU_ASSERT_TRUE(live_output_close(out, LONG_MS, &c));
	CU_ASSERT(c.dropped_lines > 0);
	CU_ASSERT_FALSE(c.failing);
	CU_ASSERT_EQUAL(t.said, 2);
	/* no line is torn, none is there twice */
	CU_ASSERT_EQUAL(folder_read(folder, "f", text), 10 * c.lines);
	CU_ASSERT_EQUAL(memcmp(text, "line 0000\nline 0001\nline 0002\nline 0003\nline 0004\n", 50), 0);
	CU_ASSERT_EQUAL(memcmp(text + 50, "line 0005\nline 0006\nline 0007\nline 0008\nline 0009\n", 50), 0);
	folder_remove(folder);
}

static void test_never_any_room(void)
{
	struct live_output_counts c;
	struct live_output *out;
	struct trouble t;

	trouble_init(&t);
	out = open_in("", (struct live_output_options){ .path = "/dev/full",
							.queue_octets = 50,
							.retry_ms = 1,
							.on_error = on_error,
							.context = &t });
	CU_ASSERT_EQUAL(put_lines(out, 0, 8), 5);
	sem_wait(&t.began);
	CU_ASSERT_STRING_EQUAL(t.message, "/dev/full: No space left on device");
	CU_ASSERT_FALSE(live_output_close(out, 20, &c));
	CU_ASSERT_EQUAL(c.lines, 0);
	CU_ASSERT_EQUAL(c.dropped_lines, 8);
	CU_ASSERT_EQUAL(c.dropped_octets, 80);
	CU_ASSERT_EQUAL(t.said, 1);
	CU_ASSERT(c.errors > 0);
}

static void test_cannot_open(void)
{
	const struct live_output_options o = { .path = "/nonexistent/f" };
	char err[256];

	CU_ASSERT_PTR_NULL(live_output_open(&o, err, sizeof(err)));
	CU_ASSERT_STRING_EQUAL(err, "/nonexistent/f: No such file or directory");
}

static void test_stamp(void)
{
	char buf[LIVE_STAMP_ROOM];

	CU_ASSERT_STRING_EQUAL(live_stamp(951782400, buf), "20000229T000000Z");
	CU_ASSERT_TRUE(live_is_stamp(buf));
	CU_ASSERT_FALSE(live_is_stamp("20000229T000000"));
	CU_ASSERT_FALSE(live_is_stamp("2000022xT000000Z"));
	CU_ASSERT_FALSE(live_is_stamp(""));
	live_stamp(INT64_MAX, buf);
	CU_ASSERT_TRUE(live_is_stamp(buf));
}

void suite_live_output(void)
{
	CU_pSuite s = CU_add_suite("live_output", NULL, NULL);

	CU_add_test(s, "lines", test_lines);
	CU_add_test(s, "rotation by size", test_rotate_by_size);
	CU_add_test(s, "rotation with time stamps", test_time_stamped);
	CU_add_test(s, "rotation by time", test_rotate_by_time);
	CU_add_test(s, "rotation that fails", test_cannot_rotate);
	CU_add_test(s, "opened again", test_reopen);
	CU_add_test(s, "a disk that is full for a while", test_full_disk);
	CU_add_test(s, "a disk that stays full", test_never_any_room);
	CU_add_test(s, "a file that cannot be opened", test_cannot_open);
	CU_add_test(s, "time stamps", test_stamp);
}
