/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between a script, which knows octets, and a test, which knows a device.  See scenario.h. */
#include "tools/scenario.h"

enum { HOOK_WORDS = 12 };

#define SETTLE_SECONDS 0.1

/* --- time: a script's seconds are scaled as a whole ----------------------------------------------- */

static double seconds_of(const struct scenario *s, int64_t ns)
{
	return t_scaled(s->t, (double)ns / 1e9);
}

static int64_t stage_now(void *ctx)
{
	const struct scenario *s = ctx;

	return (int64_t)(t_now(s->t) / t_scaled(s->t, 1) * 1e9);
}

static void stage_sleep(void *ctx, int64_t ns)
{
	struct scenario *s = ctx;

	t_sleep(s->t, seconds_of(s, ns));
}

/* --- control connections --------------------------------------------------------------------------- */

static void *stage_connect(void *ctx, uint16_t port)
{
	struct scenario *s = ctx;
	struct t_link *l = port ? t_link_from(s->t, NULL, port) : t_tcp_up(s->t);

	if (!l)
		t_inconclusive(s->t, "no TCP connection from port %u", port);
	return l;
}

static void *stage_accept(void *ctx, int64_t ns)
{
	struct scenario *s = ctx;
	struct t_link *l = s->arrived;

	s->arrived = NULL;
	return l ? l : t_accept(s->t, seconds_of(s, ns));
}

static void stage_write(void *ctx, void *link, const uint8_t *octets, size_t len)
{
	(void)ctx;
	t_send_octets(link, octets, len);
}

static void stage_fin(void *ctx, void *link)
{
	(void)ctx;
	t_fin(link);
}

static void stage_rst(void *ctx, void *link)
{
	(void)ctx;
	t_rst(link);
}

static enum script_came stage_next(void *ctx, void *link, int64_t ns, const struct ctrl_msg **m)
{
	static const enum script_came came[] = {
		[T_MESSAGE] = SCRIPT_CAME_MESSAGE, [T_GARBAGE] = SCRIPT_CAME_GARBAGE,
		[T_FIN] = SCRIPT_CAME_FIN,         [T_RST] = SCRIPT_CAME_RST,
		[T_NOTHING] = SCRIPT_CAME_NOTHING,
	};
	enum t_what what = t_wait(link, seconds_of(ctx, ns > 0 ? ns : 0));

	*m = t_message(link);
	return came[what];
}

static void stage_show_echo(void *ctx, void *link, bool show)
{
	(void)ctx;
	t_show_echo(link, show);
}

/* --- the tunnel ------------------------------------------------------------------------------------- */

/* A session of that call, which may not have known yet what Call ID the device would choose. */
static struct scenario_session *find_session(struct scenario *s, const struct script_session *x)
{
	for (unsigned i = s->sessions; i-- > 0;) {
		struct scenario_session *known = &s->session[i];

		if (known->link != x->link || known->call->own_id != x->own_id)
			continue;
		if (known->has_device_id && (!x->has_device_id || known->call->dut_id != x->device_id))
			continue;
		known->has_device_id = x->has_device_id;
		known->call->dut_id = x->device_id;
		return known;
	}
	return NULL;
}

/* The script's session, made when it is first spoken of: numbers and PPP are the script's alone. */
static struct t_gre *session_of(struct scenario *s, const struct script_session *x)
{
	struct scenario_session *known = find_session(s, x);

	if (known)
		return known->gre;
	if (s->sessions == SCENARIO_SESSIONS)
		t_inconclusive(s->t, "the scenario has more than %d calls", SCENARIO_SESSIONS);
	known = &s->session[s->sessions++];
	*known = (struct scenario_session){ .link = x->link, .has_device_id = x->has_device_id };
	known->call = t_call_of(x->link, x->incoming, x->own_id, x->device_id);
	known->gre = t_gre(known->call);
	t_acks(known->gre, T_ACK_NONE, 0, 0);
	t_silent_ppp(known->gre, true);
	return known->gre;
}

static void stage_gre(void *ctx, const struct script_session *x, const uint8_t *octets, size_t len)
{
	t_gre_octets(session_of(ctx, x), octets, len);
}

static bool stage_gre_packet(void *ctx, const struct script_session *x, uint32_t i, int64_t ns,
			     struct gre_pkt *out)
{
	struct scenario *s = ctx;
	struct t_gre *g = session_of(s, x);
	double until = t_now(s->t) + seconds_of(s, ns);
	const struct t_packet *p;

	while (t_packets(g) <= i)
		if (!t_gre_wait(g, until - t_now(s->t)))
			return false;
	*out = (struct gre_pkt){ 0 };
	p = t_packet(g, i);
	if (p)
		*out = (struct gre_pkt){
			.flags = p->flags,
			.protocol = p->protocol,
			.payload_length = p->payload_length,
			.call_id = p->call_id,
			.seq = p->seq,
			.ack = p->ack,
			.defects = p->defects,
			.payload = p->head,
			.caplen = p->len < sizeof(p->head) ? p->len : (uint32_t)sizeof(p->head),
		};
	return true;
}

/* Without a raw socket, or room, nothing comes; a script that only speaks of calls need not know. */
static bool stage_gre_heard(void *ctx, const struct script_session *x, uint32_t *seq)
{
	struct scenario *s = ctx;
	const struct t_gre *g;
	bool any = false;

	if (!t_can_gre(s->t) || (s->sessions == SCENARIO_SESSIONS && !find_session(s, x)))
		return false;
	g = session_of(s, x);
	for (size_t i = 0; i < t_packets(g); i++) {
		const struct t_packet *p = t_packet(g, i);

		if (!p || !(p->flags & GRE_S) || (any && (int32_t)(p->seq - *seq) <= 0))
			continue;
		*seq = p->seq;
		any = true;
	}
	return any;
}

/* --- hooks and words -------------------------------------------------------------------------------- */

static void stage_hook(void *ctx, unsigned argc, const char *const *argv)
{
	struct scenario *s = ctx;
	const char *a[HOOK_WORDS + 1] = { NULL };

	/* What was sent just before is to arrive first. */
	t_sleep(s->t, SETTLE_SECONDS);
	/* The device has to know where to, and somebody has to listen there. */
	if (argc == 1 && strcmp(argv[0], "dut-connect") == 0) {
		s->arrived = t_dut_connects(s->t);
		return;
	}
	for (unsigned i = 0; i < argc && i < HOOK_WORDS; i++)
		a[i] = argv[i];
	t_hook(s->t, a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11], NULL);
}

static void stage_note(void *ctx, bool warning, const char *text)
{
	struct scenario *s = ctx;

	if (warning)
		t_warn(s->t, "%s", text);
	else
		t_note(s->t, "%s", text);
}

/* --- the whole -------------------------------------------------------------------------------------- */

__attribute__((noreturn)) static void settle(struct tester *t, const struct script_outcome *o)
{
	switch (o->verdict) {
	case SCRIPT_PASS:
		t_pass(t);
	case SCRIPT_UNSUPPORTED:
		t_unsupported(t, "%s", o->observed);
	case SCRIPT_SKIP:
		t_skip(t, "%s", o->observed);
	case SCRIPT_WRONG:
		t_inconclusive(t, "%s", o->observed);
	default:
		if (*o->expected)
			t_expected(t, "%s (line %u)", o->expected, o->line);
		t_fail(t, "%s", o->observed);
	}
}

void scenario_run(struct tester *t, void *arg)
{
	struct scenario *s = arg;
	const struct script_stage stage = {
		.ctx = s,
		.pac = t_self(t) == ROLE_PAC,
		.now = stage_now,
		.sleep = stage_sleep,
		.connect = stage_connect,
		.accept = stage_accept,
		.write = stage_write,
		.fin = stage_fin,
		.rst = stage_rst,
		.next = stage_next,
		.show_echo = stage_show_echo,
		.gre = stage_gre,
		.gre_packet = stage_gre_packet,
		.gre_heard = stage_gre_heard,
		.hook = stage_hook,
		.note = stage_note,
	};
	struct script_outcome out;

	s->t = t;
	script_play(s->script, &stage, &out);
	settle(t, &out);
}
