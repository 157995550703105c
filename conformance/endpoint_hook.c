/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hooks: what a test, or an operator, has the endpoint do. */
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/endpoint_private.h"
#include "dissectors/ip.h"

/* A request, and where its answer goes. */
struct request {
	struct endpoint *e;
	unsigned argc; /* arguments after the name */
	const char *const *argv;
	char *out;
	size_t len, room;
};

/* --- answers ---------------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void put(struct request *r, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(r->out + r->len, r->room - r->len, format, args);
	va_end(args);
	if (n > 0)
		r->len += (size_t)n < r->room - r->len ? (size_t)n : r->room - r->len - 1;
}

static int not_now(struct request *r, const char *why)
{
	put(r, "%s", why);
	return HOOK_NOT_NOW;
}

static int wrong(struct request *r, const char *what, const char *argument)
{
	put(r, "%s: %s", what, argument);
	return HOOK_FAULT;
}

/* --- arguments -------------------------------------------------------------------------------------- */

/* The value of NAME=VALUE, or NULL. */
static const char *value_of(const struct request *r, const char *name)
{
	size_t len = strlen(name);

	for (unsigned i = 0; i < r->argc; i++)
		if (strncmp(r->argv[i], name, len) == 0 && r->argv[i][len] == '=')
			return r->argv[i] + len + 1;
	return NULL;
}

/* The n-th argument that is no NAME=VALUE, or NULL. */
static const char *word(const struct request *r, unsigned n)
{
	for (unsigned i = 0; i < r->argc; i++)
		if (!strchr(r->argv[i], '=') && !n--)
			return r->argv[i];
	return NULL;
}

static bool number(const char *text, unsigned long max, unsigned long *value)
{
	char *end;

	if (!text || *text < '0' || *text > '9')
		return false;
	*value = strtoul(text, &end, 0);
	return !*end && *value <= max;
}

/* NAME=NUMBER, else what it is by default. */
static unsigned long value_or(const struct request *r, const char *name, unsigned long otherwise)
{
	unsigned long v;

	return number(value_of(r, name), UINT32_MAX, &v) ? v : otherwise;
}

/* A call by an argument that may be left out: then the latest. */
static struct session *call_of(const struct request *r, const char *argument)
{
	unsigned long id;

	if (!argument)
		return endpoint_latest(r->e);
	return number(argument, UINT16_MAX, &id) ? endpoint_session(r->e, (uint16_t)id) : NULL;
}

/* --- connections ------------------------------------------------------------------------------------ */

static bool read_peer(const char *text, struct ip_addr *peer, uint16_t *port)
{
	const char *colon = strchr(text, ':');
	char address[IP_ADDR_TEXT];
	unsigned long n = CTRL_PORT;

	/* Two colons: an IPv6 address, without a port. */
	if (!colon || strchr(colon + 1, ':'))
		return ip_addr_parse(text, peer);
	if ((size_t)(colon - text) >= sizeof(address) || !number(colon + 1, UINT16_MAX, &n))
		return false;
	snprintf(address, sizeof(address), "%.*s", (int)(colon - text), text);
	*port = (uint16_t)n;
	return ip_addr_parse(address, peer);
}

static int hook_connect(struct request *r)
{
	struct ip_addr peer = r->e->last_peer;
	const char *where = word(r, 0);
	uint16_t port = CTRL_PORT;
	char err[128];

	if (where && !read_peer(where, &peer, &port))
		return wrong(r, "not an address", where);
	if (!where && !r->e->knows_peer)
		return not_now(r, "no peer is known");
	return endpoint_connect(r->e, &peer, port, err, sizeof(err)) ? HOOK_DONE : not_now(r, err);
}

static int hook_stop(struct request *r)
{
	unsigned long reason = value_or(r, "reason", 1);

	if (!endpoint_newest(r->e))
		return not_now(r, "there is no control connection");
	endpoint_stop(r->e, (unsigned)reason);
	return HOOK_DONE;
}

/* --- calls ------------------------------------------------------------------------------------------ */

static int hook_dial(struct request *r)
{
	char err[128];
	int id;

	if (is_pac(r->e))
		return HOOK_NONE;
	id = endpoint_dial(r->e, word(r, 0), err, sizeof(err));
	if (id < 0)
		return not_now(r, err);
	put(r, "%d", id);
	return HOOK_DONE;
}

static int set_answer(struct request *r, const char *how)
{
	static const struct {
		const char *name;
		enum telco_outcome outcome;
	} answers[] = { { "ok", TELCO_ANSWER }, { "slow", TELCO_SLOW }, { "fail", TELCO_NO_CARRIER } };

	for (unsigned i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		if (strcmp(how, answers[i].name) == 0) {
			telco_next_answer(r->e->config.telco, answers[i].outcome);
			return HOOK_DONE;
		}
	}
	return wrong(r, "not an answer", how);
}

static int hook_ring(struct request *r)
{
	const char *dialed = word(r, 0), *dialing = word(r, 1), *bearer = value_of(r, "bearer");
	const char *answer = value_of(r, "answer");
	struct telco_caller caller = { .dialed = dialed ? dialed : "5551234",
				       .dialing = dialing ? dialing : "5550001" };
	struct telco_line *line;
	struct session *s;
	char err[128];

	if (!r->e->config.telco || ms_ptpt_unless(r->e, FAULT_MSP_ICRQ_01))
		return HOOK_NONE;
	if (answer && set_answer(r, answer) != HOOK_DONE)
		return HOOK_FAULT;
	caller.digital = bearer && strcmp(bearer, "digital") == 0;
	caller.audio = bearer && strcmp(bearer, "audio") == 0;
	caller.subaddress = value_of(r, "subaddress");
	caller.speed = (uint32_t)value_or(r, "speed", 0);
	line = telco_ring(r->e->config.telco, &caller);
	if (!line)
		return not_now(r, "no line is free");
	s = pac_ring(r->e, line, err, sizeof(err));
	if (!s)
		return not_now(r, err);
	put(r, "%u", s->id);
	return HOOK_DONE;
}

static void hangup_all(struct endpoint *e)
{
	struct session *s, *next;
	struct connection *c, *following;

	for (c = e->connections; c; c = following) {
		following = c->next;
		for (s = c->sessions; s; s = next) {
			next = s->next;
			session_clear(s);
		}
	}
}

static int hook_hangup(struct request *r)
{
	const char *which = word(r, 0);
	struct session *s;

	if (which && strcmp(which, "all") == 0) {
		hangup_all(r->e);
		return HOOK_DONE;
	}
	s = call_of(r, which);
	if (!s)
		return not_now(r, "there is no such call");
	session_clear(s);
	return HOOK_DONE;
}

/* --- the telephone side ------------------------------------------------------------------------------ */

static int far_end(struct request *r, bool carrier)
{
	struct session *s = call_of(r, word(r, 1));

	if (!s || !s->line)
		return not_now(r, "there is no such call on a line");
	if (carrier)
		telco_carrier_loss(s->line);
	else
		telco_far_hangup(s->line);
	return HOOK_DONE;
}

static int outcome(struct request *r, bool next)
{
	const char *name = word(r, 1);
	enum telco_outcome o;

	if (!name || !telco_outcome_by_name(name, &o))
		return wrong(r, "not an outcome", name ? name : "");
	if (next)
		telco_next(r->e->config.telco, o);
	else
		put(r, "%s", telco_number_of(r->e->config.telco, o));
	return HOOK_DONE;
}

/* A number comes from a peer, but printable: only what JSON does not bear is left. */
static void put_json_text(struct request *r, const char *text)
{
	put(r, "\"");
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			put(r, "\\%c", *text);
		else
			put(r, "%c", *text < ' ' ? '?' : *text);
	}
	put(r, "\"");
}

static void put_line(struct request *r, const struct telco_line *l)
{
	put(r, "{\"call_id\":%u,\"peer_call_id\":%u,\"kind\":\"%s\",\"number\":", telco_tag(l) & 0xffff,
	    telco_tag(l) >> 16, telco_line_kind_name(telco_line_kind(l)));
	put_json_text(r, telco_line_number(l));
	put(r, ",\"state\":\"%s\",\"events\":\"%s\",\"accm\":%" PRIu32 ",\"speed\":%" PRIu32 ",\"live\":%s}",
	    telco_line_state(l), telco_line_log(l), telco_accm_of(l), telco_line_speed(l),
	    telco_line_in_use(l) ? "true" : "false");
}

/* Cut off between lines when there is no room for more, so that it stays JSON. */
static int lines(struct request *r)
{
	enum { LINE_ROOM = 1024 };
	struct telco_line *l;

	put(r, "[");
	for (unsigned i = 0; (l = telco_line_at(r->e->config.telco, i)) && r->room - r->len > LINE_ROOM;
	     i++) {
		put(r, i ? "," : "");
		put_line(r, l);
	}
	put(r, "]");
	return HOOK_DONE;
}

static int read_line(struct request *r)
{
	struct session *s = call_of(r, word(r, 1));
	uint8_t octets[4096];
	size_t n;

	if (!s || !s->line)
		return not_now(r, "there is no such call on a line");
	n = telco_read(s->line, octets, sizeof(octets));
	for (size_t i = 0; i < n; i++)
		put(r, "%02x", octets[i]);
	return HOOK_DONE;
}

static int hook_telco(struct request *r)
{
	const char *what = word(r, 0);

	if (!r->e->config.telco)
		return HOOK_NONE;
	if (!what)
		return wrong(r, "nothing to do", "");
	if (strcmp(what, "hangup") == 0 || strcmp(what, "carrier-loss") == 0)
		return far_end(r, *what == 'c');
	if (strcmp(what, "next") == 0 || strcmp(what, "number") == 0)
		return outcome(r, what[1] == 'e');
	if (strcmp(what, "answer") == 0 && word(r, 1))
		return set_answer(r, word(r, 1));
	if (strcmp(what, "status") == 0)
		return lines(r);
	if (strcmp(what, "read") == 0)
		return read_line(r);
	return wrong(r, "not known", what);
}

static int hook_wan_error(struct request *r)
{
	struct telco_errors more = {
		(uint32_t)value_or(r, "crc", 0),      (uint32_t)value_or(r, "framing", 0),
		(uint32_t)value_or(r, "hardware", 0), (uint32_t)value_or(r, "buffer", 0),
		(uint32_t)value_or(r, "timeout", 0),  (uint32_t)value_or(r, "alignment", 0),
	};
	struct session *s = call_of(r, value_of(r, "call"));

	if (!is_pac(r->e))
		return HOOK_NONE;
	if (!s || s->state != STATE_ESTABLISHED)
		return not_now(r, "there is no such call");
	if (!(more.crc | more.framing | more.hardware | more.buffer | more.timeout | more.alignment))
		more.crc = 1;
	pac_count_errors(s, &more);
	return HOOK_DONE;
}

/* --- traffic ---------------------------------------------------------------------------------------- */

static int hook_traffic(struct request *r)
{
	struct session *s = call_of(r, value_of(r, "call"));

	if (!s)
		return not_now(r, "there is no such call");
	if (word(r, 0) && strcmp(word(r, 0), "stop") == 0) {
		traffic_stop(s);
		return HOOK_DONE;
	}
	if (!traffic_start(s, (unsigned)value_or(r, "packets", 10), (unsigned)value_or(r, "size", 64),
			   (unsigned)value_or(r, "rate", 50)))
		return not_now(r, "the call has no tunnel");
	return HOOK_DONE;
}

/* --- configuration ---------------------------------------------------------------------------------- */

static int list_number(struct request *r, struct number_list *l, const char *text)
{
	if (l->count == NUMBERS_MAX || strlen(text) > NUMBER_MAX)
		return not_now(r, "too many numbers");
	snprintf(l->number[l->count++], sizeof(l->number[0]), "%s", text);
	return HOOK_DONE;
}

static int set_number(struct request *r, const char *argument, const char *text)
{
	struct endpoint_settings *set = &r->e->set;
	unsigned long n;

	if (!number(text, UINT32_MAX, &n))
		return wrong(r, "not a number", argument);
	if (strncmp(argument, "channels=", 9) == 0 && n <= UINT16_MAX)
		set->channels = (uint16_t)n;
	else if (strncmp(argument, "window=", 7) == 0 && n <= UINT16_MAX)
		set->window = (uint16_t)n;
	else if (strncmp(argument, "max-bps=", 8) == 0)
		set->max_bps = (uint32_t)n;
	else if (strncmp(argument, "max_timeout=", 12) == 0 && n > 0 && n < 1000000)
		set->max_timeout = (int64_t)n * NET_SECOND;
	else
		return wrong(r, "not a setting", argument);
	return HOOK_DONE;
}

static int configure(struct request *r, const char *argument)
{
	struct endpoint_settings *set = &r->e->set;
	const char *value = strchr(argument, '=');

	if (strcmp(argument, "reset") == 0) {
		endpoint_reset_settings(r->e);
		return HOOK_DONE;
	}
	if (!value)
		return wrong(r, "not a setting", argument);
	value++;
	if (strcmp(argument, "refuse-peer=on") == 0 || strcmp(argument, "refuse-peer=off") == 0) {
		set->refuse_peer = strcmp(value, "on") == 0;
		return HOOK_DONE;
	}
	if (strncmp(argument, "bar-number=", 11) == 0)
		return list_number(r, &set->barred, value);
	if (strncmp(argument, "refuse-number=", 14) == 0)
		return list_number(r, &set->refused, value);
	return set_number(r, argument, value);
}

static int hook_config(struct request *r)
{
	int status = HOOK_DONE;

	for (unsigned i = 0; i < r->argc && status == HOOK_DONE; i++)
		status = configure(r, r->argv[i]);
	return status;
}

/* --- the log, and the rest --------------------------------------------------------------------------- */

static int hook_log(struct request *r)
{
	const struct endpoint_log *log = &r->e->log;
	unsigned long kept = log->written < LOG_LINES ? log->written : LOG_LINES, want = kept, from, len = 0;

	if (word(r, 0) && !number(word(r, 0), ULONG_MAX, &want))
		return wrong(r, "not a number", word(r, 0));
	if (want > kept)
		want = kept;
	/* The newest lines, as many as there is room for. */
	for (from = log->written; from > log->written - want; from--) {
		len += strlen(log->line[(from - 1) % LOG_LINES]) + 1;
		if (len >= r->room)
			break;
	}
	for (; from < log->written; from++)
		put(r, "%s\n", log->line[from % LOG_LINES]);
	return HOOK_DONE;
}

static int hook_reset(struct request *r)
{
	char err[128];

	endpoint_drop_all(r->e);
	endpoint_reset_settings(r->e);
	if (r->e->crashed && !endpoint_listen(r->e, err, sizeof(err)))
		return not_now(r, err);
	r->e->crashed = false;
	if (r->e->config.telco)
		telco_next_answer(r->e->config.telco, TELCO_ANSWER);
	return HOOK_DONE;
}

static const struct {
	const char *name;
	int (*run)(struct request *r);
} hooks[] = {
	{ "dut-connect", hook_connect }, { "dut-stop", hook_stop },           { "dut-dial", hook_dial },
	{ "dut-ring", hook_ring },       { "dut-hangup", hook_hangup },       { "dut-telco", hook_telco },
	{ "dut-traffic", hook_traffic }, { "dut-wan-error", hook_wan_error }, { "dut-config", hook_config },
	{ "dut-log", hook_log },         { "dut-reset", hook_reset },
};

int endpoint_hook(struct endpoint *e, unsigned argc, const char *const *argv, char *out, size_t room)
{
	struct request r = { e, argc ? argc - 1 : 0, argv + 1, out, 0, room };

	out[0] = '\0';
	for (unsigned i = 0; argc && i < sizeof(hooks) / sizeof(*hooks); i++)
		if (strcmp(argv[0], hooks[i].name) == 0)
			return hooks[i].run(&r);
	return HOOK_NONE;
}
