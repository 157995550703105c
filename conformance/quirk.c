/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See quirk.h. */
#include "conformance/quirk.h"

#include <stdio.h>

enum { ANY = -1, TEXT = 64 };

enum peer {
#define PEER(sym, name, words) PEER_##sym,
#include "conformance/quirks.def"
	PEERS
};

static const struct {
	const char *name, *words;
} peers[PEERS] = {
#define PEER(sym, name, words) { name, words },
#include "conformance/quirks.def"
};

static const struct {
	enum peer peer;
	enum role role;
	enum rule_number rule;
	bool tested;
} quirks[] = {
#define QUIRK(peer, role, rule) { PEER_##peer, ROLE_##role, RULE_##rule, false },
#define QUIRK_TESTED(peer, role, rule) { PEER_##peer, ROLE_##role, RULE_##rule, true },
#include "conformance/quirks.def"
};

static const struct {
	enum peer peer;
	enum role role;
	const char *vendor, *host;
	int32_t firmware, channels;
} prints[] = {
#define FINGERPRINT(peer, role, vendor, host, firmware, channels)                                            \
	{ PEER_##peer, ROLE_##role, vendor, host, firmware, channels },
#include "conformance/quirks.def"
};

const char *quirk_names(enum rule_number rule, enum role role, bool tested, char *buf, size_t room)
{
	unsigned seen = 0;
	size_t len = 0;

	*buf = '\0';
	for (size_t i = 0; i < sizeof(quirks) / sizeof(quirks[0]); i++) {
		const char *name = peers[quirks[i].peer].name;

		if (quirks[i].rule != rule || (quirks[i].tested && !tested) || seen >> quirks[i].peer & 1 ||
		    (quirks[i].role != ROLE_UNKNOWN && role != ROLE_UNKNOWN && quirks[i].role != role))
			continue;
		if (len + strlen(name) + sizeof(", ") > room)
			break;
		seen |= 1U << quirks[i].peer;
		len += (size_t)snprintf(buf + len, room - len, "%s%s", len ? ", " : "", name);
	}
	return buf;
}

/* The text fields are 64 octets, zero filled. */
static bool begins(const uint8_t *field, const char *text)
{
	return field && memcmp(field, text, strlen(text)) == 0;
}

static bool is(const uint8_t *field, const char *text)
{
	return field && strncmp((const char *)field, text, TEXT) == 0;
}

bool quirk_fingerprint(const struct start_info *s, enum role role, bool asked, struct fingerprint *out)
{
	/* In practice the client asks, and it is the PNS. */
	if (role == ROLE_UNKNOWN)
		role = asked ? ROLE_PNS : ROLE_PAC;
	for (size_t i = 0; s->frame && i < sizeof(prints) / sizeof(prints[0]); i++) {
		if ((prints[i].role != ROLE_UNKNOWN && prints[i].role != role) ||
		    !begins(s->vendor_name, prints[i].vendor) ||
		    (prints[i].host && !is(s->host_name, prints[i].host)) ||
		    (prints[i].firmware != ANY && prints[i].firmware != s->firmware) ||
		    (prints[i].channels != ANY && prints[i].channels != s->channels))
			continue;
		*out = (struct fingerprint){
			.peer = peers[prints[i].peer].name,
			.words = peers[prints[i].peer].words,
			.vendor = true,
			.host = prints[i].host != NULL,
			.firmware = prints[i].firmware != ANY,
			.channels = prints[i].channels != ANY,
			.frame = s->frame,
		};
		return true;
	}
	return false;
}
