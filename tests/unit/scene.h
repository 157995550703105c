/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A PAC at 10.0.0.1 and a PNS at 10.0.0.2 on a network in memory, for tests of endpoints. */
#ifndef PPTPSCOPE_TESTS_SCENE_H
#define PPTPSCOPE_TESTS_SCENE_H

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/endpoint.h"
#include "dissectors/ip.h"

enum { PAC, PNS, SIDES };
#define SEC(n) ((int64_t)(n)*NET_SECOND)

struct scene;
struct side {
	struct scene *scene;
	struct net_host *host;
	struct ip_addr address;
	struct endpoint *e;
	unsigned news[NEWS_DISCARDED + 1];
};

struct scene {
	struct net *net;
	struct telco *telco;
	struct side side[SIDES];
};

struct setting {
	struct net_memory_options net;
	struct endpoint_config config[SIDES];
	const char *address[SIDES];
	struct net_tap tap; /* of the PNS's host */
	unsigned lines;     /* analog lines of the PAC, and as many BRIs; 0: no telephone side */
};

static inline void setting_default(struct setting *s)
{
	memset(s, 0, sizeof(*s));
	endpoint_defaults(&s->config[PAC], ROLE_PAC);
	endpoint_defaults(&s->config[PNS], ROLE_PNS);
	s->address[PAC] = "10.0.0.1";
	s->address[PNS] = "10.0.0.2";
}

/* NEWS in the environment shows them, for who looks for a fault. */
static inline void scene_news(void *ctx, enum endpoint_news n, uint16_t call_id, const char *text)
{
	struct side *s = ctx;

	s->news[n]++;
	if (getenv("NEWS"))
		fprintf(stderr, "# %.3f %s call %u: %s\n", (double)net_now(s->scene->net) / 1e9,
			s == s->scene->side ? "PAC" : "PNS", call_id, text);
}

static inline void side_begin(struct scene *sc, const struct setting *set, unsigned which)
{
	static const struct endpoint_events events = { .news = scene_news };
	struct side *s = &sc->side[which];

	s->scene = sc;
	CU_ASSERT_TRUE_FATAL(ip_addr_parse(set->address[which], &s->address));
	s->host = net_host_new(sc->net, &s->address, which == PNS ? &set->tap : NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s->host);
	s->e = endpoint_new(s->host, &set->config[which], &events, s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s->e);
}

static inline void scene_begin(struct scene *sc, const struct setting *set)
{
	memset(sc, 0, sizeof(*sc));
	sc->net = net_memory_new(&set->net);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sc->net);
	side_begin(sc, set, PAC);
	side_begin(sc, set, PNS);
	if (set->lines) {
		struct telco_options o = { .analog = set->lines, .bri = set->lines, .seed = 1 };

		telco_script_defaults(&o.script);
		sc->telco = telco_new(sc->net, &o, endpoint_telco, sc->side[PAC].e);
		CU_ASSERT_PTR_NOT_NULL_FATAL(sc->telco);
		endpoint_set_telco(sc->side[PAC].e, sc->telco);
	}
}

static inline void scene_end(struct scene *sc)
{
	for (unsigned i = 0; i < SIDES; i++)
		endpoint_free(sc->side[i].e);
	telco_free(sc->telco);
	for (unsigned i = 0; i < SIDES; i++)
		net_host_free(sc->side[i].host);
	net_free(sc->net);
}

static inline void run(struct scene *sc, int64_t ns)
{
	int64_t until = net_now(sc->net) + ns;

	while (net_step(sc->net, until))
		;
}

/* One side connects to the other, which listens. */
static inline void connect_from(struct scene *sc, unsigned from)
{
	unsigned to = from == PAC ? PNS : PAC;
	char err[128] = "";

	CU_ASSERT_TRUE_FATAL(endpoint_listen(sc->side[to].e, err, sizeof(err)));
	CU_ASSERT_TRUE_FATAL(
		endpoint_connect(sc->side[from].e, &sc->side[to].address, CTRL_PORT, err, sizeof(err)));
	run(sc, SEC(1));
}

static inline int dial(struct scene *sc, const char *number)
{
	char err[128];

	return endpoint_dial(sc->side[PNS].e, number, err, sizeof(err));
}

/* Runs a hook; what it answered, or NULL unless it was done. */
static inline const char *hook(struct scene *sc, unsigned side, const char *words)
{
	static char out[16384];
	const char *argv[8];
	unsigned argc = 0;
	char copy[256];

	snprintf(copy, sizeof(copy), "%s", words);
	for (char *w = strtok(copy, " "); w && argc < 8; w = strtok(NULL, " "))
		argv[argc++] = w;
	return endpoint_hook(sc->side[side].e, argc, argv, out, sizeof(out)) == HOOK_DONE ? out : NULL;
}

/* What endpoint_status() tells of a side. */
struct tally {
	unsigned connections, established, calls, calls_up, ppp_open;
	struct endpoint_call_status last;
	uint64_t sent, received, lost, late;
};

static inline void tally_connection(void *ctx, const struct endpoint_connection_status *s)
{
	struct tally *t = ctx;

	t->connections++;
	t->established += strcmp(s->state, "established") == 0;
}

static inline void tally_call(void *ctx, const struct endpoint_call_status *s)
{
	struct tally *t = ctx;

	t->calls++;
	t->calls_up += strcmp(s->state, "established") == 0;
	t->ppp_open += s->ppp.state == PPP_PEER_OPEN;
	t->sent += s->sent;
	t->received += s->received;
	t->lost += s->lost;
	t->late += s->late;
	t->last = *s;
}

static inline struct tally count(const struct scene *sc, unsigned side)
{
	static const struct endpoint_visitor v = { tally_connection, tally_call };
	struct tally t = { 0 };

	endpoint_status(sc->side[side].e, &v, &t);
	return t;
}

#endif
