/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two endpoints, a PAC and a PNS, on a network in memory: whole conversations, their ends and their timers.
 */
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/endpoint.h"
#include "dissectors/ip.h"
#include "tests/unit/main.h"

enum { PAC, PNS, SIDES };
#define S(n) ((int64_t)(n)*NET_SECOND)

struct scene;
struct side {
	struct scene *scene;
	struct net_host *host;
	struct ip_addr address;
	struct endpoint *e;
	unsigned news[NEWS_DISCARDED + 1];
	char last[256];
};

struct scene {
	struct net *net;
	struct telco *telco;
	struct side side[SIDES];
};

static void news(void *ctx, enum endpoint_news n, uint16_t call_id, const char *text)
{
	struct side *s = ctx;

	(void)call_id;
	s->news[n]++;
	snprintf(s->last, sizeof(s->last), "%s", text);
	if (getenv("NEWS"))
		fprintf(stderr, "%.3f %s %d: %s\n", (double)net_now(s->scene->net) / 1e9,
			s == s->scene->side ? "PAC" : "PNS", n, text);
}

static void side_begin(struct scene *sc, unsigned which, const char *address, const struct endpoint_config *c)
{
	static const struct endpoint_events events = { .news = news };
	struct side *s = &sc->side[which];

	s->scene = sc;
	CU_ASSERT_TRUE_FATAL(ip_addr_parse(address, &s->address));
	s->host = net_host_new(sc->net, &s->address, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s->host);
	s->e = endpoint_new(s->host, c, &events, s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s->e);
}

struct setting {
	struct net_memory_options net;
	struct endpoint_config pac, pns;
	unsigned lines; /* analog lines of the PAC; 0: no telephone side */
};

static void setting_default(struct setting *s)
{
	memset(s, 0, sizeof(*s));
	endpoint_defaults(&s->pac, ROLE_PAC);
	endpoint_defaults(&s->pns, ROLE_PNS);
}

static void scene_begin(struct scene *sc, const struct setting *s)
{
	memset(sc, 0, sizeof(*sc));
	sc->net = net_memory_new(&s->net);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sc->net);
	side_begin(sc, PAC, "10.0.0.1", &s->pac);
	side_begin(sc, PNS, "10.0.0.2", &s->pns);
	if (s->lines) {
		struct telco_options o = { .analog = s->lines, .bri = 2, .seed = 1 };

		telco_script_defaults(&o.script);
		sc->telco = telco_new(sc->net, &o, endpoint_telco, sc->side[PAC].e);
		CU_ASSERT_PTR_NOT_NULL_FATAL(sc->telco);
		endpoint_set_telco(sc->side[PAC].e, sc->telco);
	}
}

static void scene_end(struct scene *sc)
{
	for (unsigned i = 0; i < SIDES; i++)
		endpoint_free(sc->side[i].e);
	telco_free(sc->telco);
	for (unsigned i = 0; i < SIDES; i++)
		net_host_free(sc->side[i].host);
	net_free(sc->net);
}

static void run(struct scene *sc, int64_t ns)
{
	int64_t until = net_now(sc->net) + ns;

	while (net_step(sc->net, until))
		;
}

static void connect_from(struct scene *sc, unsigned from)
{
	unsigned to = from == PAC ? PNS : PAC;
	char err[128] = "";

	CU_ASSERT_TRUE_FATAL(endpoint_listen(sc->side[to].e, err, sizeof(err)));
	CU_ASSERT_TRUE_FATAL(
		endpoint_connect(sc->side[from].e, &sc->side[to].address, 1723, err, sizeof(err)));
	run(sc, NET_SECOND);
	CU_ASSERT_EQUAL(sc->side[PAC].news[NEWS_CONNECTION_UP], 1);
	CU_ASSERT_EQUAL(sc->side[PNS].news[NEWS_CONNECTION_UP], 1);
}

static int dial(struct scene *sc, const char *number)
{
	char err[128];

	return endpoint_dial(sc->side[PNS].e, number, err, sizeof(err));
}

/* Runs a hook; returns what it answered in a static buffer, or NULL unless it was done. */
static const char *hook(struct scene *sc, unsigned side, const char *words)
{
	static char out[8192];
	char copy[256];
	const char *argv[8];
	unsigned argc = 0;

	snprintf(copy, sizeof(copy), "%s", words);
	for (char *w = strtok(copy, " "); w && argc < 8; w = strtok(NULL, " "))
		argv[argc++] = w;
	return endpoint_hook(sc->side[side].e, argc, argv, out, sizeof(out)) == HOOK_DONE ? out : NULL;
}

struct tally {
	unsigned connections, calls, established, ppp_open;
	struct endpoint_call_status last;
	uint64_t received, lost, late;
};

static void tally_connection(void *ctx, const struct endpoint_connection_status *s)
{
	struct tally *t = ctx;

	(void)s;
	t->connections++;
}

static void tally_call(void *ctx, const struct endpoint_call_status *s)
{
	struct tally *t = ctx;

	t->calls++;
	t->established += strcmp(s->state, "established") == 0;
	t->ppp_open += s->ppp.state == PPP_PEER_OPEN;
	t->received += s->received;
	t->lost += s->lost;
	t->late += s->late;
	t->last = *s;
}

static struct tally count(const struct scene *sc, unsigned side)
{
	static const struct endpoint_visitor v = { tally_connection, tally_call };
	struct tally t = { 0 };

	endpoint_status(sc->side[side].e, &v, &t);
	return t;
}

/* --- control connections ---------------------------------------------------------------------------- */

static void test_connects(void)
{
	for (unsigned from = 0; from < SIDES; from++) {
		struct setting set;
		struct scene sc;

		setting_default(&set);
		scene_begin(&sc, &set);
		connect_from(&sc, from);
		endpoint_stop(sc.side[PNS].e, 1);
		run(&sc, NET_SECOND);
		CU_ASSERT_FALSE(endpoint_busy(sc.side[PAC].e));
		CU_ASSERT_FALSE(endpoint_busy(sc.side[PNS].e));
		scene_end(&sc);
	}
}

/* --- calls ------------------------------------------------------------------------------------------ */

static void test_outgoing(void)
{
	struct setting set;
	struct scene sc;
	struct tally t;

	setting_default(&set);
	scene_begin(&sc, &set);
	connect_from(&sc, PNS);
	CU_ASSERT_TRUE(dial(&sc, "5551234") > 0);
	run(&sc, S(10));
	for (unsigned i = 0; i < SIDES; i++) {
		t = count(&sc, i);
		CU_ASSERT_EQUAL(t.established, 1);
		CU_ASSERT_EQUAL(t.ppp_open, 1);
		CU_ASSERT_EQUAL(t.lost, 0);
		CU_ASSERT_EQUAL(t.late, 0);
	}
	CU_ASSERT_PTR_NOT_NULL(hook(&sc, PNS, "dut-hangup"));
	run(&sc, NET_SECOND);
	for (unsigned i = 0; i < SIDES; i++) {
		CU_ASSERT_EQUAL(count(&sc, i).calls, 0);
		CU_ASSERT_EQUAL(sc.side[i].news[NEWS_CALL_DOWN], 1);
	}
	scene_end(&sc);
}

void suite_endpoint(void)
{
	CU_pSuite s = CU_add_suite("endpoint", NULL, NULL);

	CU_add_test(s, "either role connects, and is stopped", test_connects);
	CU_add_test(s, "an outgoing call comes up with PPP, and is cleared", test_outgoing);
}
