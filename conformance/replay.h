/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plays one side of a recorded conversation at a live peer, and tells where the peer now behaves
 * differently.
 *
 * The recording is walked in its order.  What the played side sent is sent again, as long after what came
 * before it as it was then; what followed a message of the peer waits for the corresponding one.  What
 * must differ is translated: Call IDs, keys of GRE, sequence and acknowledgment numbers, identifiers of
 * PPP.  Each message of the peer is bound to the recorded one it corresponds to, and compared field by
 * field.  Of PPP it is compared which control packets come, not what they say.
 *
 * Echo-Requests of the peer come by its own timers: they are answered as the recorded ones were, and not
 * compared.  LCP's are not compared either.
 */
#ifndef PPTPSCOPE_REPLAY_H
#define PPTPSCOPE_REPLAY_H

#include "conformance/channel.h"
#include "conformance/conversation.h"

enum replay_kind { REPLAY_MESSAGE, REPLAY_GRE };

/* A control message, or a whole GRE packet. */
struct replay_item {
	enum replay_kind kind;
	bool ours; /* of the side that is played */
	int64_t time_ns;
	uint64_t frame;
	const uint8_t *octets;
	size_t len;
};

enum replay_end { REPLAY_STAYS_OPEN, REPLAY_FIN, REPLAY_RST };

struct replay_recording {
	const struct replay_item *item; /* in order of time */
	size_t n;
	enum role as;        /* of the played side */
	bool originator;     /* it opened the connection */
	int64_t start_ns;    /* of the connection */
	enum replay_end end; /* how the recorded connection ended first, */
	bool end_ours;       /* ... by which side, */
	int64_t end_ns;      /* ... when */
};

enum replay_difference_kind {
	REPLAY_MISSING,    /* the peer does not send what it sent then */
	REPLAY_ADDITIONAL, /* it sends what it did not send then */
	REPLAY_EARLY,      /* it sends it before something that it came after then */
	REPLAY_LATE,       /* it came after having been told to be missing */
	REPLAY_FIELD,      /* a field differs */
	REPLAY_DEFECT,     /* the header is wrong now and was not, or the other way round */
	REPLAY_GARBAGE,    /* octets that are no message */
	REPLAY_ENDED,      /* the connection ends otherwise */
	REPLAY_TUNNEL, /* packets of a call come that did not, or the other way round, or with other faults */
	REPLAY_DIFFERENCE_KINDS
};

struct replay_difference {
	enum replay_difference_kind kind;
	uint64_t frame;                  /* recorded; 0: none */
	int64_t time_ns;                 /* since the connection was opened */
	const struct ctrl_desc *message; /* or NULL */
	uint16_t protocol;               /* of PPP; 0: it is no PPP packet */
	uint8_t code;
	int call_id;               /* the played side's Call ID of the call; -1: none */
	const struct field *field; /* REPLAY_FIELD */
	uint32_t value[2];         /* what it should be, and what it is */
	const uint8_t *text[2];    /* the same of an F_TEXT field, field->width octets; borrowed */
	char words[160];           /* what is to be said besides, or "" */
};

struct replay_totals {
	bool connected;
	char why[160];                     /* why it could not connect or listen; "" */
	bool whole;                        /* the recording was played to its end */
	bool tunnel_left_out;              /* GRE was recorded, and not played */
	uint64_t sent, expected, answered; /* control messages: played; the peer's then; of them, now */
	uint64_t compared;                 /* fields */
	uint64_t echoes;                   /* requests of the peer that were answered out of turn */
	uint64_t packets_sent, packets_recorded, packets_received; /* GRE: played; the peer's then and now */
	uint64_t ppp_expected, ppp_answered;                       /* control packets of PPP */
	uint64_t untranslated; /* packets and messages whose Call ID the peer has not assigned this time */
	uint64_t differences[REPLAY_DIFFERENCE_KINDS];
	enum replay_end end; /* how the live connection ended, and by whom */
	bool end_ours;
	int64_t duration_ns;
};

struct replay_events {
	void (*connected)(void *ctx, const struct ip_addr *peer, uint16_t port);
	/* A message is sent, or one came that is what was recorded (for verbose output). */
	void (*said)(void *ctx, const struct replay_item *item, const struct ctrl_msg *m, int64_t time_ns);
	void (*difference)(void *ctx, const struct replay_difference *d);
};

struct replay_options {
	struct net_host *host;
	const struct ip_addr *peer; /* connected to; NULL: it is waited for */
	uint16_t port;              /* the peer's, or to listen on */
	double timeout;             /* seconds that an answer may take longer than it did */
	double time_scale;          /* of the pauses between what is sent; 0: none */
	bool gre;                   /* play GRE; net_gre_open() has succeeded */
	const char *const *ignore;  /* names of fields that may differ; NULL ends.  Or NULL */
};

struct replay;

/* Connects or listens.  The recording, the host and the names are borrowed.  NULL with a message in err. */
struct replay *replay_new(const struct replay_options *o, const struct replay_recording *rec,
			  const struct replay_events *e, void *ctx, char *err, size_t room);
void replay_free(struct replay *r);

/* Runs the net until it is over, or *stop: then it is over, too. */
void replay_run(struct replay *r, const volatile bool *stop);
bool replay_over(const struct replay *r);
const struct replay_totals *replay_totals(const struct replay *r);

/* Where it listens, when it does. */
uint16_t replay_port(const struct replay *r);

const char *replay_difference_name(enum replay_difference_kind k); /* "missing" */

#endif
