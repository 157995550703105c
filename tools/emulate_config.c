/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings of an emulated peer: see emulate_config.h. */
#include "tools/emulate_config.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "dissectors/ip.h"

enum { WORDS = 32, LINES_OF_A_KIND_MAX = 600 };

/* A setting cut into words, the keyword first. */
struct words {
	const char *word[WORDS];
	unsigned n;
	char *err;
	size_t room;
};

__attribute__((format(printf, 2, 3))) static bool wrong(const struct words *w, const char *format, ...)
{
	va_list ap;
	size_t at;

	at = (size_t)snprintf(w->err, w->room, "%s: ", w->word[0]);
	if (at < w->room) {
		va_start(ap, format);
		vsnprintf(w->err + at, w->room - at, format, ap);
		va_end(ap);
	}
	return false;
}

/* --- values ---------------------------------------------------------------------------------- */

static bool take_number(const struct words *w, const char *text, uint64_t most, uint64_t *out)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (*text < '0' || *text > '9' || *end || errno || value > most)
		return wrong(w, "'%s' is no number up to %llu", text, (unsigned long long)most);
	*out = value;
	return true;
}

static bool take_seconds(const struct words *w, const char *text, int64_t *out)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !isfinite(value) || value < 0 || value > 1e6)
		return wrong(w, "'%s' is no number of seconds", text);
	*out = (int64_t)(value * NET_SECOND);
	return true;
}

/* What NAME=VALUE words set.  A table ends with a NULL name. */
struct slot {
	const char *name;
	enum { SLOT_SECONDS, SLOT_UNSIGNED, SLOT_U32, SLOT_U16 } kind;
	void *at;
	uint64_t most;
};

static bool set_slot(const struct words *w, const struct slot *s, const char *text)
{
	uint64_t value = 0;

	if (s->kind == SLOT_SECONDS)
		return take_seconds(w, text, s->at);
	if (!take_number(w, text, s->most, &value))
		return false;
	if (s->kind == SLOT_UNSIGNED)
		*(unsigned *)s->at = (unsigned)value;
	else if (s->kind == SLOT_U32)
		*(uint32_t *)s->at = (uint32_t)value;
	else
		*(uint16_t *)s->at = (uint16_t)value;
	return true;
}

static const struct slot *find_slot(const struct slot *s, const char *word, size_t len)
{
	for (; s->name; s++)
		if (strlen(s->name) == len && strncmp(s->name, word, len) == 0)
			return s;
	return NULL;
}

/* Words from `first` on, all of them NAME=VALUE. */
static bool take_slots(const struct words *w, unsigned first, const struct slot *slots)
{
	for (unsigned i = first; i < w->n; i++) {
		const char *equals = strchr(w->word[i], '=');
		const struct slot *s =
			equals ? find_slot(slots, w->word[i], (size_t)(equals - w->word[i])) : NULL;

		if (!s)
			return wrong(w, "what is '%s'?", w->word[i]);
		if (!set_slot(w, s, equals + 1))
			return false;
	}
	return true;
}

static bool take_switch(const struct words *w, bool *out)
{
	if (w->n > 2 || (w->n == 2 && strcmp(w->word[1], "on") != 0 && strcmp(w->word[1], "off") != 0))
		return wrong(w, "it is on or off");
	*out = w->n < 2 || strcmp(w->word[1], "on") == 0;
	return true;
}

static bool one_word(const struct words *w)
{
	return w->n == 2 || wrong(w, "it takes one word");
}

/* A copy that lives as long as m; NULL without memory. */
static const char *keep(struct emulation *m, const char *text)
{
	char **more = realloc(m->texts, (m->ntexts + 1) * sizeof(*more)), *copy = strdup(text);

	if (more)
		m->texts = more;
	if (!more || !copy) {
		free(copy);
		return NULL;
	}
	return m->texts[m->ntexts++] = copy;
}

static bool set_text(struct emulation *m, const struct words *w, const char **out)
{
	const char *copy;

	if (!one_word(w))
		return false;
	copy = keep(m, w->word[1]);
	if (copy)
		*out = copy;
	return copy || wrong(w, "%s", strerror(ENOMEM));
}

static bool add_text(const struct words *w, char ***list, size_t *n, const char *text)
{
	char **more = realloc(*list, (*n + 1) * sizeof(*more));

	if (more)
		*list = more;
	if (!more || !(more[*n] = strdup(text)))
		return wrong(w, "%s", strerror(ENOMEM));
	++*n;
	return true;
}

/* --- settings: the peer ---------------------------------------------------------------------- */

static bool set_host_name(struct emulation *m, const struct words *w)
{
	return set_text(m, w, &m->endpoint.host_name);
}

static bool set_vendor_name(struct emulation *m, const struct words *w)
{
	return set_text(m, w, &m->endpoint.vendor_name);
}

static bool set_announce(struct emulation *m, const struct words *w)
{
	struct endpoint_config *c = &m->endpoint;
	const struct slot slots[] = {
		{ "version", SLOT_U16, &c->version, UINT16_MAX },
		{ "firmware", SLOT_U16, &c->firmware, UINT16_MAX },
		{ "framing", SLOT_U32, &c->framing, UINT32_MAX },
		{ "bearer", SLOT_U32, &c->bearer, UINT32_MAX },
		{ "channels", SLOT_U16, &c->channels, UINT16_MAX },
		{ "window", SLOT_U16, &c->window, UINT16_MAX },
		{ "delay", SLOT_U16, &c->delay, UINT16_MAX },
		{ "min-bps", SLOT_U32, &c->min_bps, UINT32_MAX },
		{ "max-bps", SLOT_U32, &c->max_bps, UINT32_MAX },
		{ NULL, SLOT_U16, NULL, 0 },
	};

	for (unsigned i = 1; i < w->n; i++)
		m->has_channels |= strncmp(w->word[i], "channels=", 9) == 0;
	return take_slots(w, 1, slots);
}

static bool set_timers(struct emulation *m, const struct words *w)
{
	struct endpoint_timers *t = &m->endpoint.timers;
	const struct slot slots[] = {
		{ "reply", SLOT_SECONDS, &t->reply, 0 },
		{ "idle", SLOT_SECONDS, &t->idle, 0 },
		{ "echo", SLOT_SECONDS, &t->echo, 0 },
		{ "call", SLOT_SECONDS, &t->call, 0 },
		{ "dial", SLOT_SECONDS, &t->dial, 0 },
		{ "wen", SLOT_SECONDS, &t->wen, 0 },
		{ "ack", SLOT_SECONDS, &t->ack, 0 },
		{ "max-timeout", SLOT_SECONDS, &t->max_timeout, 0 },
		{ "redial", SLOT_SECONDS, &m->endpoint.redial_ns, 0 },
		{ NULL, SLOT_SECONDS, NULL, 0 },
	};

	return take_slots(w, 1, slots);
}

static bool set_limits(struct emulation *m, const struct words *w)
{
	unsigned connections = (unsigned)m->endpoint.max_connections, calls = (unsigned)m->endpoint.max_calls;
	const struct slot slots[] = {
		{ "connections", SLOT_UNSIGNED, &connections, 65535 },
		{ "calls", SLOT_UNSIGNED, &calls, 65535 },
		{ NULL, SLOT_UNSIGNED, NULL, 0 },
	};

	if (!take_slots(w, 1, slots))
		return false;
	m->endpoint.max_connections = connections;
	m->endpoint.max_calls = calls;
	return true;
}

static bool set_profile(struct emulation *m, const struct words *w)
{
	if (w->n == 2 && rule_profile_by_name(w->word[1], &m->endpoint.profile))
		return true;
	return wrong(w, "it is rfc2637 or ms-ptpt");
}

static bool set_strict(struct emulation *m, const struct words *w)
{
	return take_switch(w, &m->endpoint.strict);
}

static bool set_ping(struct emulation *m, const struct words *w)
{
	return take_switch(w, &m->endpoint.ping);
}

static bool set_seed(struct emulation *m, const struct words *w)
{
	uint64_t seed = 0;

	if (!one_word(w) || !take_number(w, w->word[1], UINT32_MAX, &seed))
		return false;
	m->endpoint.seed = m->endpoint.ppp.seed = m->telco.seed = (uint32_t)seed;
	return true;
}

static bool set_dial(struct emulation *m, const struct words *w)
{
	m->endpoint.dial_on_connect = true;
	return set_text(m, w, &m->endpoint.number);
}

static bool set_fault(struct emulation *m, const struct words *w)
{
	int f;

	if (!one_word(w))
		return false;
	f = fault_by_name(w->word[1]);
	if (f < 0)
		return wrong(w, "there is no '%s'; --list-faults names them", w->word[1]);
	if (!(faults[f].roles >> m->endpoint.role & 1))
		return wrong(w, "%s is none that a %s can commit", faults[f].name,
			     m->endpoint.role == ROLE_PAC ? "PAC" : "PNS");
	fault_add(&m->endpoint.faults, (enum fault_number)f);
	return true;
}

static bool set_policy(struct emulation *m, const struct words *w)
{
	if (w->n < 2)
		return wrong(w, "it takes NAME=VALUE");
	for (unsigned i = 1; i < w->n; i++)
		if (!add_text(w, &m->policies, &m->npolicies, w->word[i]))
			return false;
	return true;
}

/* --- settings: PPP --------------------------------------------------------------------------- */

static bool set_user(struct emulation *m, const struct words *w)
{
	if (!one_word(w))
		return false;
	free(m->user);
	m->user = strdup(w->word[1]);
	return m->user || wrong(w, "%s", strerror(ENOMEM));
}

static bool set_password_file(struct emulation *m, const struct words *w)
{
	if (!one_word(w))
		return false;
	free(m->password_file);
	m->password_file = strdup(w->word[1]);
	return m->password_file || wrong(w, "%s", strerror(ENOMEM));
}

static bool set_auth(struct emulation *m, const struct words *w)
{
	static const char *const names[] = {
		[PPP_PEER_NONE] = "none",         [PPP_PEER_PAP] = "PAP",
		[PPP_PEER_CHAP_MD5] = "CHAP-MD5", [PPP_PEER_MSCHAP] = "MS-CHAP",
		[PPP_PEER_MSCHAP2] = "MS-CHAPv2",
	};
	unsigned auth = 0, n = sizeof(names) / sizeof(*names);

	for (unsigned i = 1; i < w->n; i++) {
		unsigned which = 0;

		while (which < n && strcasecmp(names[which], w->word[i]) != 0)
			which++;
		if (which == n)
			return wrong(w, "it is none, PAP, CHAP-MD5, MS-CHAP or MS-CHAPv2, not '%s'",
				     w->word[i]);
		if (which != PPP_PEER_NONE)
			auth |= 1U << which;
	}
	m->endpoint.ppp.auth = auth;
	return true;
}

static bool set_mppe(struct emulation *m, const struct words *w)
{
	struct ppp_peer_config *c = &m->endpoint.ppp;

	for (unsigned i = 1; i < w->n; i++) {
		if (strcmp(w->word[i], "40") == 0)
			c->mppe40 = true;
		else if (strcmp(w->word[i], "128") == 0)
			c->mppe128 = true;
		else if (strcmp(w->word[i], "required") == 0)
			c->mppe_required = true;
		else if (strcmp(w->word[i], "stateful") == 0)
			c->mppe_stateful = true;
		else
			return wrong(w, "it is 40, 128, required or stateful, not '%s'", w->word[i]);
	}
	if (!c->mppe40 && !c->mppe128)
		c->mppe40 = c->mppe128 = true;
	return true;
}

static bool take_v4(const struct words *w, const char *text, uint32_t *out)
{
	struct ip_addr a;

	if (!ip_addr_parse(text, &a) || !ip_addr_is_v4(&a))
		return wrong(w, "'%s' is no IPv4 address", text);
	memcpy(out, a.octet + 12, sizeof(*out));
	*out = be32toh(*out);
	return true;
}

static bool set_addresses(struct emulation *m, const struct words *w)
{
	struct ppp_peer_config *c = &m->endpoint.ppp;

	if (w->n != 3)
		return wrong(w, "it takes the own address and the peer's");
	return take_v4(w, w->word[1], &c->address) && take_v4(w, w->word[2], &c->peer_address);
}

static bool set_ppp(struct emulation *m, const struct words *w)
{
	struct ppp_peer_config *c = &m->endpoint.ppp;
	const struct slot slots[] = {
		{ "mru", SLOT_U16, &c->mru, 1500 },
		{ "accm", SLOT_U32, &c->accm, UINT32_MAX },
		{ "restart", SLOT_SECONDS, &c->restart_ns, 0 },
		{ "echo", SLOT_SECONDS, &c->echo_ns, 0 },
		{ NULL, SLOT_U16, NULL, 0 },
	};

	if (w->n == 2 && strcmp(w->word[1], "off") == 0) {
		m->endpoint.no_ppp = true;
		return true;
	}
	return take_slots(w, 1, slots);
}

/* --- settings: the telephone side ------------------------------------------------------------ */

static bool set_lines(struct emulation *m, const struct words *w)
{
	struct telco_options *o = &m->telco;
	const struct slot slots[] = {
		{ "analog", SLOT_UNSIGNED, &o->analog, LINES_OF_A_KIND_MAX },
		{ "bri", SLOT_UNSIGNED, &o->bri, LINES_OF_A_KIND_MAX },
		{ "pri", SLOT_UNSIGNED, &o->pri, LINES_OF_A_KIND_MAX },
		{ "speed", SLOT_U32, &o->analog_speed, UINT32_MAX },
		{ NULL, SLOT_UNSIGNED, NULL, 0 },
	};

	/* What is not named is not there. */
	o->analog = o->bri = o->pri = 0;
	if (w->n == 2 && strcmp(w->word[1], "none") == 0)
		return true;
	return take_slots(w, 1, slots);
}

static bool take_script(const struct words *w, unsigned first, struct telco_script *s)
{
	const struct slot slots[] = {
		{ "ring", SLOT_SECONDS, &s->ring_ns, 0 },
		{ "train", SLOT_SECONDS, &s->train_ns, 0 },
		{ "drop-after", SLOT_SECONDS, &s->drop_after_ns, 0 },
		{ "retrain-after", SLOT_SECONDS, &s->retrain_after_ns, 0 },
		{ "retrain", SLOT_SECONDS, &s->retrain_ns, 0 },
		{ "speed", SLOT_U32, &s->speed, UINT32_MAX },
		{ "noise", SLOT_UNSIGNED, &s->noise_permille, 1000 },
		{ "cause", SLOT_U16, &s->cause, 127 },
		{ NULL, SLOT_U16, NULL, 0 },
	};

	if (first < w->n && !strchr(w->word[first], '=')) {
		if (!telco_outcome_by_name(w->word[first], &s->outcome))
			return wrong(w, "there is no outcome '%s'", w->word[first]);
		first++;
	}
	return take_slots(w, first, slots);
}

static bool set_script(struct emulation *m, const struct words *w)
{
	return take_script(w, 1, &m->telco.script);
}

static bool set_number(struct emulation *m, const struct words *w)
{
	struct emulated_number *more, one = { .script = m->telco.script };

	if (w->n < 2)
		return wrong(w, "it takes a telephone number and what it leads to");
	if (!take_script(w, 2, &one.script))
		return false;
	more = realloc(m->numbers, (m->nnumbers + 1) * sizeof(*more));
	if (more)
		m->numbers = more;
	one.number = strdup(w->word[1]);
	if (!more || !one.number) {
		free(one.number);
		return wrong(w, "%s", strerror(ENOMEM));
	}
	m->numbers[m->nnumbers++] = one;
	return true;
}

static bool set_modem(struct emulation *m, const struct words *w)
{
	return one_word(w) && add_text(w, &m->modems, &m->nmodems, w->word[1]);
}

/* --- all of them ----------------------------------------------------------------------------- */

static const struct {
	const char *keyword;
	bool (*set)(struct emulation *m, const struct words *w);
} settings[] = {
	{ "host-name", set_host_name }, { "vendor-name", set_vendor_name },
	{ "announce", set_announce },   { "timers", set_timers },
	{ "limits", set_limits },       { "profile", set_profile },
	{ "strict", set_strict },       { "ping", set_ping },
	{ "seed", set_seed },           { "dial", set_dial },
	{ "fault", set_fault },         { "policy", set_policy },
	{ "user", set_user },           { "password-file", set_password_file },
	{ "auth", set_auth },           { "mppe", set_mppe },
	{ "addresses", set_addresses }, { "ppp", set_ppp },
	{ "lines", set_lines },         { "script", set_script },
	{ "number", set_number },       { "modem", set_modem },
};

static bool set(struct emulation *m, const struct words *w)
{
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		if (strcmp(settings[i].keyword, w->word[0]) == 0)
			return settings[i].set(m, w);
	snprintf(w->err, w->room, "there is no setting '%s'", w->word[0]);
	return false;
}

/* Cuts a line into words, in place; double quotes keep blanks together.  False: too many, or a quote is open.
 */
static bool cut(char *line, struct words *w)
{
	char *at = line;

	for (;;) {
		bool quoted;

		at += strspn(at, " \t\r\n");
		if (!*at || *at == '#')
			return true;
		if (w->n == WORDS)
			return false;
		quoted = *at == '"';
		at += quoted;
		w->word[w->n++] = at;
		at += strcspn(at, quoted ? "\"" : " \t\r\n");
		if (quoted && !*at)
			return false;
		if (*at)
			*at++ = '\0';
	}
}

bool emulation_set(struct emulation *m, const char *line, char *err, size_t room)
{
	struct words w = { .err = err, .room = room };
	char *copy = strdup(line);
	bool done;

	if (!copy || !cut(copy, &w)) {
		snprintf(err, room, "%s",
			 copy ? "too many words, or a quote that does not end" : strerror(ENOMEM));
		free(copy);
		return false;
	}
	done = w.n == 0 || set(m, &w);
	free(copy);
	return done;
}

bool emulation_set_word(struct emulation *m, const char *keyword, const char *word, char *err, size_t room)
{
	const struct words w = { .word = { keyword, word }, .n = 2, .err = err, .room = room };

	return set(m, &w);
}

bool emulation_read(struct emulation *m, const char *path, char *err, size_t room)
{
	FILE *in = fopen(path, "r");
	char *line = NULL, why[256];
	size_t size = 0, number = 0;
	bool good = true;

	if (!in) {
		snprintf(err, room, "cannot read %s: %s", path, strerror(errno));
		return false;
	}
	while (good && getline(&line, &size, in) >= 0) {
		number++;
		good = emulation_set(m, line, why, sizeof(why));
	}
	if (!good)
		snprintf(err, room, "%s, line %zu: %s", path, number, why);
	else if (ferror(in))
		snprintf(err, room, "cannot read %s: %s", path, strerror(errno));
	good = good && !ferror(in);
	free(line);
	fclose(in);
	return good;
}

void emulation_init(struct emulation *m, enum role role)
{
	memset(m, 0, sizeof(*m));
	endpoint_defaults(&m->endpoint, role);
	m->endpoint.ppp.server = role == ROLE_PAC;
	telco_script_defaults(&m->telco.script);
	m->telco.seed = m->endpoint.seed;
	if (role == ROLE_PAC) {
		m->telco.analog = 16;
		m->telco.bri = 4;
		m->telco.pri = 20;
	}
}

void emulation_free(struct emulation *m)
{
	for (size_t i = 0; i < m->nnumbers; i++)
		free(m->numbers[i].number);
	for (size_t i = 0; i < m->nmodems; i++)
		free(m->modems[i]);
	for (size_t i = 0; i < m->npolicies; i++)
		free(m->policies[i]);
	for (size_t i = 0; i < m->ntexts; i++)
		free(m->texts[i]);
	free(m->numbers);
	free(m->modems);
	free(m->policies);
	free(m->texts);
	free(m->user);
	free(m->password_file);
	password_clear(&m->password);
}

static bool settle_secrets(struct emulation *m, char *err, size_t room)
{
	struct ppp_peer_config *c = &m->endpoint.ppp;

	if (!m->password_file) {
		if (m->user)
			snprintf(err, room, "a user needs --password-file");
		return !m->user;
	}
	if (!password_read(m->password_file, m->user, &m->password, err, room))
		return false;
	c->user = m->password.user;
	c->password = m->password.password;
	if (!c->auth && c->mppe_required)
		c->auth = 1U << PPP_PEER_MSCHAP | 1U << PPP_PEER_MSCHAP2;
	else if (!c->auth && c->server)
		c->auth = 1U << PPP_PEER_PAP | 1U << PPP_PEER_CHAP_MD5 | 1U << PPP_PEER_MSCHAP |
			  1U << PPP_PEER_MSCHAP2;
	return true;
}

bool emulation_settle(struct emulation *m, char *err, size_t room)
{
	const struct telco_options *o = &m->telco;
	unsigned lines = o->analog + 2 * o->bri + 30 * o->pri;

	if (m->endpoint.role == ROLE_PAC && !m->has_channels && lines)
		m->endpoint.channels = lines > UINT16_MAX ? UINT16_MAX : (uint16_t)lines;
	m->telco.dial_timeout_ns = m->endpoint.timers.dial;
	if (m->nmodems && !lines) {
		snprintf(err, room, "a modem needs a line to dial into: there are none");
		return false;
	}
	if (m->endpoint.ppp.mppe_required && !m->password_file) {
		snprintf(err, room, "MPPE needs --password-file: its keys come from MS-CHAP");
		return false;
	}
	return settle_secrets(m, err, room);
}

void emulation_scale(struct emulation *m, double factor)
{
	struct endpoint_timers *t = &m->endpoint.timers;
	int64_t *const all[] = { &t->reply, &t->idle, &t->echo, &t->call, &t->dial, &t->wen };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		*all[i] = (int64_t)((double)*all[i] * factor);
}
