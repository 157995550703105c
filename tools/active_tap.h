/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What active tests, the emulator and replays say and hear, as a capture: frames put together from what
 * net.h shows its taps, written to pcap files, and judged like any other capture.
 *
 * The pipeline is one a process: recordings are judged one after the other, each when it ends.
 */
#ifndef PPTPSCOPE_ACTIVE_TAP_H
#define PPTPSCOPE_ACTIVE_TAP_H

#include "conformance/quirk.h"
#include "conformance/runner.h"

/* --- a file ---------------------------------------------------------------------------------- */

struct tap_file;

/* "-" writes to standard output.  NULL with a message in err. */
struct tap_file *tap_file_open(const char *path, char *err, size_t room);
/* As net_tap.seen, with the file as ctx. */
void tap_file_seen(void *file, const struct net_seen *s);
/* Flushes and closes.  False with a message in err when the file is not whole. */
bool tap_file_close(struct tap_file *f, char *err, size_t room);

/* --- recordings of tests --------------------------------------------------------------------- */

struct active_tap_options {
	enum role dut; /* of the device, or ROLE_UNKNOWN */
	enum rule_profile profile;
	const bool *selected; /* RULES: what is judged; NULL: as audit does by default.  Borrowed */
	const char *pcap_dir; /* each recording is written there as NAME.pcap; or NULL.  Borrowed */
	size_t max_octets;    /* of a recording; 0: 32 MB */
	double time_scale; /* of the device's timers; 0: 1 */
};

/* What the device has said of itself, in the last Start-Control-Connection message of a recording. */
struct active_tap_device {
	bool seen;
	char host_name[4 * 64 + 1], vendor_name[4 * 64 + 1]; /* escaped */
	uint16_t version, firmware, channels;
	uint32_t framing, bearer;
	bool recognised;
	struct fingerprint known; /* valid when recognised; frame is one of the recording */
};

struct active_tap;

/* NULL: no memory. */
struct active_tap *active_tap_new(const struct active_tap_options *o);
/* Frees the findings that it gave out, too. */
void active_tap_free(struct active_tap *t);

/*
 * As runner.h's record_begin, record and record_end, with the tap as ctx.  A device is whoever the
 * recording host spoke with.  After the end the result has the findings about the device (they live as
 * long as the tap), the file, the peers known to break the test's requirement, and a note when the
 * recording was longer than may be kept.  r may be NULL: the recording is thrown away.
 */
void *active_tap_begin(void *tap, const char *name);
void active_tap_record(void *tap, void *recording, const struct net_seen *s);
void active_tap_end(void *tap, void *recording, struct test_result *r);

const struct active_tap_device *active_tap_device(const struct active_tap *t);
/* Why a file could not be written, the first time; or NULL. */
const char *active_tap_error(const struct active_tap *t);

#endif
