/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any octets as a capture file: read to the end, with and without a filter, compressed or not.
 * What every reader promises its callers is checked; breaking it aborts.
 */
#include "analyzer/capture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PACKETS = 20000 }; /* a few octets can unpack to very many: no more is learned from those */

static void check(bool promise)
{
	if (!promise)
		abort();
}

/* Touches every octet, so that a sanitizer sees those that are not there. */
static void touch(const struct packet *p)
{
	static volatile uint8_t seen;

	for (uint32_t i = 0; i < p->caplen; i++)
		seen = seen ^ p->octets[i];
}

static void check_packet(const struct capture *c, const struct packet *p, uint64_t passed)
{
	check(p->number == passed + capture_filtered(c));
	check(p->caplen <= p->len);
	check(p->time_ns >= 0 && p->time_ns / 1000000000 <= (int64_t)UINT32_MAX + 4295);
	check(p->link_type == capture_link_type(c));
}

static void check_end(const struct capture *c, enum capture_status status)
{
	check((status == CAPTURE_DAMAGED) == (capture_error(c)[0] != '\0'));
	check(capture_size(c) == 0 || capture_offset(c) <= capture_size(c));
}

/* Returns how many packets there are, those that the filter rejected included. */
static uint64_t read_all(const char *path, const char *filter)
{
	struct packet p = { 0 };
	enum capture_status status;
	uint64_t passed = 0, all;
	char err[512] = "";
	bool bad_usage;
	struct capture *c = capture_open(path, filter, err, sizeof(err), &bad_usage);

	if (!c) {
		check(err[0] != '\0' && (filter || !bad_usage));
		return 0;
	}
	while ((status = capture_next(c, &p)) == CAPTURE_PACKET && passed < PACKETS) {
		check_packet(c, &p, ++passed);
		touch(&p);
	}
	if (status != CAPTURE_PACKET) {
		check_end(c, status);
		check(capture_next(c, &p) == status);
	}
	all = passed + capture_filtered(c);
	capture_close(c);
	return all;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	int fd = memfd_create("capture", MFD_CLOEXEC);
	uint64_t all, filtered;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	all = read_all(path, NULL);
	filtered = read_all(path, "ip proto 47 or tcp port 1723 or (vlan and ip)");
	/* the filter changes what is shown, not what is there; some link types have no such filter */
	check(filtered == 0 || filtered == all || all >= PACKETS);
	close(fd);
	return 0;
}
