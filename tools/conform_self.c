/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See conform_self.h. */
#include "tools/conform_self.h"

#include <stdlib.h>

#include "dissectors/ip.h"
#include "tools/emulate_config.h"

enum { SOURCES = 3, ANSWER = 65536, CALLS = 100 };

struct conform_self {
	struct emulation m;
	struct net *net;
	struct net_host *host;
	struct endpoint *endpoint;
	struct telco *telco;
	struct ip_addr sources[SOURCES];
	char answer[ANSWER];
};

/* Addresses on both sides of the device's, and across 127/128: a signed comparison of theirs shows. */
static const char device[] = "192.0.2.1";
static const char *const testers[SOURCES] = { "198.51.100.7", "10.0.0.7", "203.0.113.7" };

static bool configure(struct conform_self *s, const struct options *o, const struct runner_options *run)
{
	struct emulation *m = &s->m;
	char err[256];

	emulation_init(m, run->dut);
	m->endpoint.profile = run->profile;
	m->endpoint.max_calls = CALLS;
	if (run->oldest_version)
		m->endpoint.oldest_version = run->oldest_version;
	m->endpoint.strict = true; /* what a liberal peer bears some tests take for a fault */
	m->endpoint.seed = run->seed;
	m->telco.seed = run->seed;
	if (run->dut == ROLE_PAC && m->telco.analog + m->telco.bri + m->telco.pri == 0) {
		m->telco.analog = 4;
		m->telco.bri = 2;
		m->telco.pri = 1;
	}
	for (size_t i = 0; i < options_count(o, "fault"); i++)
		if (!emulation_set_word(m, "fault", options_nth(o, "fault", i), err, sizeof(err))) {
			options_usage_error(o, "--fault: %s", err);
			return false;
		}
	emulation_scale(m, run->time_scale);
	if (emulation_settle(m, err, sizeof(err)))
		return true;
	options_usage_error(o, "%s", err);
	return false;
}

static bool add_telco(struct conform_self *s)
{
	if (s->m.telco.analog + s->m.telco.bri + s->m.telco.pri == 0)
		return true;
	s->telco = telco_new(s->net, &s->m.telco, endpoint_telco, s->endpoint);
	if (!s->telco)
		return false;
	endpoint_set_telco(s->endpoint, s->telco);
	return true;
}

static bool open_device(struct conform_self *s, struct runner_options *run)
{
	struct net_memory_options memory = { .seed = run->seed };
	char err[160];

	s->net = net_memory_new(&memory);
	if (!s->net)
		return false;
	run->gre = net_gre_open(s->net, err, sizeof(err));
	ip_addr_parse(device, &run->address);
	run->port = s->m.endpoint.port;
	s->host = net_host_new(s->net, &run->address, NULL);
	s->endpoint = s->host ? endpoint_new(s->host, &s->m.endpoint, NULL, NULL) : NULL;
	return s->endpoint && add_telco(s) && endpoint_listen(s->endpoint, err, sizeof(err));
}

struct conform_self *conform_self_new(const struct options *o, struct runner_options *run, int *status)
{
	struct conform_self *s = calloc(1, sizeof(*s));

	*status = EXIT_USAGE;
	if (s && !configure(s, o, run)) {
		conform_self_free(s);
		return NULL;
	}
	*status = EXIT_PARTIAL;
	if (!s || !open_device(s, run)) {
		options_say(o, "no memory for a device of our own");
		conform_self_free(s);
		return NULL;
	}
	for (unsigned i = 0; i < SOURCES; i++)
		ip_addr_parse(testers[i], &s->sources[i]);
	run->sources = s->sources;
	run->nsources = SOURCES;
	run->net = s->net;
	return s;
}

void conform_self_free(struct conform_self *s)
{
	if (!s)
		return;
	endpoint_free(s->endpoint);
	telco_free(s->telco);
	net_host_free(s->host);
	if (s->net)
		net_free(s->net);
	emulation_free(&s->m);
	free(s);
}

bool conform_self_hook(void *self, const struct ip_addr *own, unsigned argc, const char *const *argv,
		       void (*done)(void *token, int status, const char *output), void *token)
{
	struct conform_self *s = self;
	int status = endpoint_hook(s->endpoint, argc, argv, s->answer, sizeof(s->answer));

	(void)own;
	done(token, status, s->answer);
	return true;
}
