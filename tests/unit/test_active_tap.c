/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recordings of active tests: judged, written, bounded. */
#include "tools/active_tap.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "conformance/channel.h"

void suite_active_tap(void);

/* A tester (host 1) and a device (host 2) in memory. */
static struct net *net;
static struct net_host *tester, *device;
static struct channel *ours, *theirs;
static struct active_tap *tap;
static void *recording;

static void seen(void *ctx, const struct net_seen *s)
{
	(void)ctx;
	active_tap_record(tap, recording, s);
}

static const struct channel_events no_events;

static void accepted(void *ctx, struct net_tcp *c)
{
	(void)ctx;
	theirs = channel_accept(c, &no_events, NULL);
}

static void run(void)
{
	while (net_step(net, NET_NEVER))
		;
}

static void begin_with(const struct active_tap_options *o)
{
	struct net_memory_options mo = { .seed = 1 };
	struct ip_addr a = { { 0 } }, b = { { 0 } };
	struct net_tap t = { NULL, seen };
	char err[64];

	a.octet[15] = 1;
	b.octet[15] = 2;
	tap = active_tap_new(o);
	recording = active_tap_begin(tap, "ECHORP-REPLY-01");
	net = net_memory_new(&mo);
	tester = net_host_new(net, &a, &t);
	device = net_host_new(net, &b, NULL);
	net_listen(device, 4242, accepted, NULL, err, sizeof(err));
	ours = channel_connect(tester, 0, &b, 4242, &no_events, NULL, err, sizeof(err));
	run();
}

static void end(void)
{
	channel_close(ours);
	channel_close(theirs);
	run();
	net_free(net);
	active_tap_free(tap);
}

static void say(struct channel *c, enum ctrl_type type, const char *field, int64_t value)
{
	struct draft d;

	draft_init(&d, type);
	draft_fill(&d, "protocol_version", INT64_C(0x0100), "framing_capabilities", INT64_C(3),
		   "bearer_capabilities", INT64_C(3), "result_code", INT64_C(1), "host_name", "somebody",
		   "vendor_name", "linux", "firmware_revision", INT64_C(1), NULL);
	if (field)
		draft_fill(&d, field, value, NULL);
	channel_send(c, &d);
	run();
}

static struct active_tap_options defaults(void)
{
	return (struct active_tap_options){ .dut = ROLE_PAC };
}

static const struct test_case about_echo = { .rule = RULE_ECHORP_REPLY_01 };

/* A start and an echo, in which the device does something with a field of its SCCRP. */
static void talk(const char *field, int64_t value)
{
	say(ours, CTRL_SCCRQ, NULL, 0);
	say(theirs, CTRL_SCCRP, field, value);
	say(ours, CTRL_ECHORQ, "identifier", 5);
	say(theirs, CTRL_ECHORP, "identifier", 5);
}

static void a_good_device(void)
{
	struct active_tap_options o = defaults();
	struct test_result r = { .test = &about_echo };

	begin_with(&o);
	talk(NULL, 0);
	active_tap_end(tap, recording, &r);
	recording = NULL;
	CU_ASSERT_EQUAL(r.nfindings, 0);
	CU_ASSERT_EQUAL(r.nnotes, 0);
	CU_ASSERT_STRING_EQUAL(r.capture, "");
	CU_ASSERT_PTR_NULL(active_tap_error(tap));
	end();
}

static void a_bad_device(void)
{
	struct active_tap_options o = defaults();
	struct test_result r = { .test = &about_echo }, again = { .test = &about_echo };

	begin_with(&o);
	talk("reserved0", 7);
	active_tap_end(tap, recording, &r);
	CU_ASSERT_EQUAL_FATAL(r.nfindings, 1);
	CU_ASSERT_EQUAL(r.findings[0].at_fault.octet[15], 2);
	CU_ASSERT_STRING_EQUAL(r.findings[0].id, "SCCRP-RSVD0-01");
	/* Others may follow; findings stay. */
	recording = active_tap_begin(tap, "again");
	say(ours, CTRL_ECHORQ, "identifier", 6);
	active_tap_end(tap, recording, &again);
	CU_ASSERT_STRING_EQUAL(r.findings[0].id, "SCCRP-RSVD0-01");
	recording = NULL;
	end();
}

/* What the tester does wrong is not the device's fault. */
static void a_bad_tester(void)
{
	struct active_tap_options o = defaults();
	struct test_result r = { .test = &about_echo };

	begin_with(&o);
	talk(NULL, 0);
	say(ours, CTRL_ECHORP, "identifier", 99);
	active_tap_end(tap, recording, &r);
	CU_ASSERT_EQUAL(r.nfindings, 0);
	recording = NULL;
	end();
}

static void who_the_device_is(void)
{
	struct active_tap_options o = defaults();
	const struct active_tap_device *d;
	struct test_result r = { .test = &about_echo };

	begin_with(&o);
	CU_ASSERT_FALSE(active_tap_device(tap)->seen);
	talk("maximum_channels", 12);
	active_tap_end(tap, recording, &r);
	recording = NULL;
	d = active_tap_device(tap);
	CU_ASSERT_TRUE(d->seen);
	CU_ASSERT_STRING_EQUAL(d->vendor_name, "linux");
	CU_ASSERT_STRING_EQUAL(d->host_name, "somebody");
	CU_ASSERT_EQUAL(d->channels, 12);
	CU_ASSERT_EQUAL(d->firmware, 1);
	end();
}

static void files(void)
{
	char folder[] = "/tmp/pptpscope-unit.XXXXXX", err[160] = "", path[64];
	struct active_tap_options o = defaults();
	struct test_result r = { .test = &about_echo };
	struct tap_file *file;
	struct net_seen s = { .protocol = IP_PROTO_GRE, .octets = (const uint8_t *)"0123", .len = 4 };
	uint8_t octets[4096];
	FILE *written;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	o.pcap_dir = folder;
	begin_with(&o);
	talk(NULL, 0);
	active_tap_end(tap, recording, &r);
	snprintf(path, sizeof(path), "%s/ECHORP-REPLY-01.pcap", folder);
	CU_ASSERT_STRING_EQUAL(r.capture, path);
	written = fopen(path, "rb");
	CU_ASSERT_PTR_NOT_NULL_FATAL(written);
	CU_ASSERT_TRUE(fread(octets, 1, sizeof(octets), written) > 24 + 9 * (16 + 54));
	fclose(written);
	unlink(path);
	rmdir(folder);
	/* The folder is gone: said once. */
	recording = active_tap_begin(tap, "x");
	r.capture[0] = '\0';
	active_tap_end(tap, recording, &r);
	recording = NULL;
	CU_ASSERT_STRING_EQUAL(r.capture, "");
	CU_ASSERT_PTR_NOT_NULL(active_tap_error(tap));
	file = tap_file_open(path, err, sizeof(err));
	CU_ASSERT_PTR_NULL(file);
	CU_ASSERT_STRING_NOT_EQUAL(err, "");
	file = tap_file_open("/dev/full", err, sizeof(err));
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	tap_file_seen(file, &s);
	err[0] = '\0';
	CU_ASSERT_FALSE(tap_file_close(file, err, sizeof(err)));
	CU_ASSERT_STRING_NOT_EQUAL(err, "");
	end();
}

static void bounded(void)
{
	struct active_tap_options o = defaults();
	struct test_result r = { .test = &about_echo };

	o.max_octets = 4000;
	begin_with(&o);
	for (unsigned i = 0; i < 100; i++)
		talk(NULL, 0);
	active_tap_end(tap, recording, &r);
	recording = NULL;
	CU_ASSERT_EQUAL(r.nnotes, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(r.note[0].text, "ends early"));
	end();
}

/* One pair of ports after the other: the judge sees two connections, not one that repeats itself. */
static void ports_used_again(void)
{
	struct active_tap_options o = defaults();
	struct test_result r = { .test = &about_echo };
	struct ip_addr b = { { 0 } };
	char err[64];

	b.octet[15] = 2;
	begin_with(&o);
	for (unsigned i = 0; i < 3; i++) {
		channel_abort(ours);
		run();
		channel_close(theirs);
		ours = channel_connect(tester, 999, &b, 4242, &no_events, NULL, err, sizeof(err));
		run();
		talk("maximum_channels", 10 + i);
	}
	active_tap_end(tap, recording, &r);
	recording = NULL;
	CU_ASSERT_EQUAL(r.nfindings, 0);
	CU_ASSERT_EQUAL(active_tap_device(tap)->channels, 12);
	end();
}

void suite_active_tap(void)
{
	CU_pSuite s = CU_add_suite("active tap", NULL, NULL);

	CU_add_test(s, "nothing is found of a device without fault", a_good_device);
	CU_add_test(s, "findings about the device are given out, and stay", a_bad_device);
	CU_add_test(s, "findings about the tester are not", a_bad_tester);
	CU_add_test(s, "who the device is", who_the_device_is);
	CU_add_test(s, "recordings are written to files, and what fails is said", files);
	CU_add_test(s, "a recording that is too long is cut, and that is noted", bounded);
	CU_add_test(s, "the same ports again are another connection", ports_used_again);
}
