/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A control connection as its user sees it: whole messages in, messages by name out.
 * Between net.h and whoever lives a role (endpoint.h) or tests one (tester.h).
 */
#ifndef PPTPSCOPE_CHANNEL_H
#define PPTPSCOPE_CHANNEL_H

#include <stdarg.h>

#include "conformance/net.h"
#include "dissectors/ctrl_stream.h"

struct channel;

struct channel_events {
	void (*opened)(void *ctx);
	void (*failed)(void *ctx, const char *why);
	/* Valid, bad or of unknown type alike; m->status and m->defects tell. */
	void (*message)(void *ctx, const struct ctrl_msg *m);
	void (*garbage)(void *ctx, uint64_t octets); /* octets that are no message */
	void (*fin)(void *ctx);
	void (*reset)(void *ctx, const char *why);
	/*
	 * What one read brought, before it is taken apart: how many of its octets count, for peers that
	 * misread streams on purpose.  May be NULL: all of them.
	 */
	size_t (*read)(void *ctx, const uint8_t *octets, size_t len);
};

/*
 * Calls events from the net's loop; freeing the channel in one of them is allowed.  After failed or reset it
 * has no connection any more, and is still to be freed.  NULL with a message in err.
 */
struct channel *channel_connect(struct net_host *h, uint16_t port, const struct ip_addr *peer,
				uint16_t peer_port, const struct channel_events *e, void *ctx, char *err,
				size_t room);
/* Takes over a connection that was accepted.  NULL: no memory; the connection is still the caller's. */
struct channel *channel_accept(struct net_tcp *c, const struct channel_events *e, void *ctx);

enum { DRAFT_TEXT = 128 }; /* octets of the widest text, Call Statistics */

/* A message on its way out: every field by the table, then changed at will. */
struct draft {
	const struct ctrl_desc *desc;
	uint32_t value[CTRL_FIELDS_MAX];
	uint8_t text[CTRL_FIELDS_MAX][DRAFT_TEXT]; /* of F_TEXT rows */
	size_t length; /* octets to send: the type's size, or cut or filled with zeros up to 1024 */
};

/* Header right, everything else 0. */
void draft_init(struct draft *d, enum ctrl_type type);
/* False when the message has no such field: a mistake of the caller. */
bool draft_set(struct draft *d, const char *field, uint32_t value);
bool draft_set_text(struct draft *d, const char *field, const char *text);
/*
 * Pairs of a field's name and its value as int64_t (F_TEXT: const char *), ended by NULL.
 * draft_fill(&d, "call_id", INT64_C(7), "phone_number", "555", NULL)
 * Fields that only other messages have are passed over.
 */
void draft_fill(struct draft *d, ...);
void draft_vfill(struct draft *d, va_list args);
/* Octets as they would be sent; returns how many (at most room). */
size_t draft_encode(const struct draft *d, uint8_t *out, size_t room);

bool channel_send(struct channel *c, const struct draft *d);
/* Octets as they are, as one segment. */
bool channel_send_octets(struct channel *c, const uint8_t *octets, size_t len);
/* From now on octets are kept back, until channel_uncork() sends them as one segment. */
void channel_cork(struct channel *c);
bool channel_uncork(struct channel *c);

struct net_tcp *channel_tcp(struct channel *c); /* NULL once it was closed */
void channel_shutdown(struct channel *c);       /* FIN; reading goes on */
void channel_close(struct channel *c);          /* FIN after what is written; frees the channel */
void channel_abort(struct channel *c);          /* RST; frees the channel */

#endif
