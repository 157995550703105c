/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hosts and ports: see address.h.  The only file that looks up names. */
#include "tools/address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

enum { HOST_ROOM = 256 };

/* A host and a port as text; port NULL: there is none. */
struct halves {
	char host[HOST_ROOM];
	const char *port;
};

static bool split(const char *text, struct halves *h)
{
	const char *end = text + strlen(text), *colon = strrchr(text, ':');

	h->port = NULL;
	if (*text == '[') {
		end = strchr(text++, ']');
		if (!end || (end[1] && end[1] != ':'))
			return false;
		h->port = end[1] ? end + 2 : NULL;
	} else if (colon && strchr(text, ':') == colon) {
		end = colon;
		h->port = colon + 1;
	}
	if ((size_t)(end - text) >= sizeof(h->host))
		return false;
	memcpy(h->host, text, (size_t)(end - text));
	h->host[end - text] = '\0';
	return true;
}

static bool take_port(const char *text, uint16_t *port)
{
	char *end;
	unsigned long value;

	if (!text)
		return true;
	value = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || value < 1 || value > UINT16_MAX)
		return false;
	*port = (uint16_t)value;
	return true;
}

static void take_address(const struct addrinfo *a, struct ip_addr *out)
{
	if (a->ai_family == AF_INET6) {
		memcpy(out->octet, &((const struct sockaddr_in6 *)(const void *)a->ai_addr)->sin6_addr, 16);
		return;
	}
	*out = (struct ip_addr){ { [10] = 0xff, [11] = 0xff } };
	memcpy(out->octet + 12, &((const struct sockaddr_in *)(const void *)a->ai_addr)->sin_addr, 4);
}

static bool look_up(const char *host, struct ip_addr *out, char *err, size_t room)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found, *best;
	int failed = *host ? getaddrinfo(host, NULL, &hints, &found) : EAI_NONAME;

	if (failed) {
		snprintf(err, room, "%s: %s", host, gai_strerror(failed));
		return false;
	}
	for (best = found; best && best->ai_family != AF_INET;)
		best = best->ai_next;
	take_address(best ? best : found, out);
	freeaddrinfo(found);
	return true;
}

static bool halve(const char *text, struct halves *h, uint16_t *port, char *err, size_t room)
{
	if (split(text, h) && take_port(h->port, port))
		return true;
	snprintf(err, room, "'%s' is no HOST[:PORT]", text);
	return false;
}

bool address_parse(const char *text, struct ip_addr *addr, uint16_t *port, char *err, size_t room)
{
	struct halves h;

	return halve(text, &h, port, err, room) && look_up(h.host, addr, err, room);
}

bool address_parse_own(const char *text, struct ip_addr *addr, bool *any, uint16_t *port, char *err,
		       size_t room)
{
	struct halves h;

	if (!halve(text, &h, port, err, room))
		return false;
	*any = !*h.host || strcmp(h.host, "*") == 0;
	return *any || look_up(h.host, addr, err, room);
}
