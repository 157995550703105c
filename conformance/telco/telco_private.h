/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the telephone side share: see telco.h. */
#ifndef PPTPSCOPE_TELCO_PRIVATE_H
#define PPTPSCOPE_TELCO_PRIVATE_H

#include "conformance/telco/hdlc.h"
#include "conformance/telco/telco.h"

enum {
	NUMBER_ROOM = 65,  /* as in control messages, and an end */
	LOG_ROOM = 512,
	TAIL = 4096,       /* octets of telco_read() */
	HELD = 8192,       /* octets from a port that wait, such as while modems retrain */
	PAST = 64,         /* released lines that are remembered */
	NUMBERS_MAX = 4096,
	B_SPEED = 64000,   /* of a B channel */
	CAUSE_NORMAL = 16, /* Q.931 (ITU-T Q.850) */
	CAUSE_BUSY = 17,
	CAUSE_NO_ANSWER = 19,
	CAUSE_REJECTED = 21,
	CAUSE_UNALLOCATED = 1,
	CAUSE_NO_CHANNEL = 34,
	CAUSE_OUT_OF_ORDER = 38,
	CAUSE_TEMPORARY = 41,
};

enum line_state {
	LINE_DIALING,
	LINE_RINGING,
	LINE_TRAINING,
	LINE_UP,
	LINE_RETRAINING,
	LINE_DEAD,
	LINE_RELEASED,
	LINE_STATES
};

/* An analog line, or a B channel of an ISDN one. */
struct telco_channel {
	enum line_kind kind;
	unsigned line, b; /* from 1; b 0: analog */
	bool used;
};

/*
 * What differs between analog and ISDN signalling.  Each writes the line's log; what happens to the call
 * is settled by telco.c.
 */
struct line_ops {
	int64_t setup_ns;                     /* from seizing the line until the network answers */
	/* The network or the far end refuses; returns the outcome that the PAC can tell, sets l->cause. */
	enum telco_outcome (*refused)(struct telco_line *l, enum telco_outcome o);
	void (*alerting)(struct telco_line *l);   /* dialled, the far end rings */
	void (*unanswered)(struct telco_line *l); /* ... for too long */
	void (*connected)(struct telco_line *l);  /* the far end goes off hook */
	void (*incoming)(struct telco_line *l);   /* the line rings */
	void (*answer)(struct telco_line *l);     /* the PAC goes off hook */
	void (*reject)(struct telco_line *l, bool busy);
	void (*far_clears)(struct telco_line *l, uint16_t cause);
	void (*clear)(struct telco_line *l, uint16_t cause); /* the PAC hangs up */
};
extern const struct line_ops modem_ops, isdn_ops;

struct telco_line {
	struct telco *bank;
	struct telco_line *next;   /* in use, in the order they were taken */
	struct telco_channel *channel;
	const struct line_ops *ops;
	struct telco_channel where; /* a copy: the channel may have gone on to another call */
	bool incoming, digital;
	bool foretold;             /* telco_next() said what it meets */
	enum line_state state;
	struct telco_script script;
	uint32_t min_bps, max_bps, speed;
	char number[NUMBER_ROOM], dialing[NUMBER_ROOM], subaddress[NUMBER_ROOM];
	char log[LOG_ROOM];
	size_t log_len;
	struct net_timer step;     /* what comes next in the life of the call */
	void (*then)(struct telco_line *l);
	struct net_timer drop, retrain, notify, feed;
	bool far_hung_up;          /* how it was dropped */
	uint16_t cause;
	int64_t gives_up_ns;       /* the caller */
	struct telco_errors errors;
	uint64_t random;
	void *owner;
	uint32_t tag;
	struct at_modem *far;      /* NULL: nobody */
	uint32_t accm;             /* of what is sent */
	struct hdlc_reader reader;
	uint8_t held[HELD], tail[TAIL];
	size_t nheld;
	uint64_t tail_end;         /* octets ever put there */
};

struct telco_number {
	struct telco_number *next;
	char number[NUMBER_ROOM];
	struct telco_script script;
};

struct telco {
	struct net *net;
	struct telco_options o;
	telco_fn *fn;
	void *ctx;
	struct telco_channel *channels;
	unsigned nchannels;
	struct telco_number *numbers;
	unsigned nnumbers;
	struct telco_line *lines;         /* in use */
	struct telco_line *past[PAST];
	unsigned npast;                   /* ever; the newest is at (npast - 1) % PAST */
	bool has_next;
	enum telco_outcome next, answer;
	uint64_t random;
	struct at_modem *modems;
};

/* xorshift: the same numbers for the same seed everywhere. */
static inline uint32_t telco_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 32);
}

__attribute__((format(printf, 2, 3))) void line_log(struct telco_line *l, const char *format, ...);

/* Sets the next step of the call's life. */
void line_after(struct telco_line *l, int64_t ns, void (*then)(struct telco_line *l));
/* The ends of it, each the last thing that a callback does: they tell the PAC. */
void line_fail(struct telco_line *l, enum telco_outcome o);
void line_up(struct telco_line *l);
/* Settles a drop that is told at the next turn of the loop. */
void line_drop(struct telco_line *l, bool hung_up, uint16_t cause);
/* The far end answers what the PAC has dialled. */
void line_answered(struct telco_line *l);
/* Octets from the modem at the far end. */
void line_far_octets(struct telco_line *l, const uint8_t *octets, size_t len);
void line_tell_errors(struct telco_line *l);

/* modem.c: training after an answer, the speed agreed on, noise and retraining on a line that is up. */
uint32_t modem_best(const struct telco_line *l);
void modem_train(struct telco_line *l, int64_t longer);
void modem_up(struct telco_line *l);
/* Noise hits an octet: it is changed, or lost (false). */
bool modem_noise(struct telco_line *l, uint8_t *octet);
bool modem_noise_spares(struct telco_line *l, size_t len);

/* The script of a number; NULL: it has none. */
const struct telco_script *telco_script_of(const struct telco *t, const char *number);
/* As telco_ring(), for a modem. */
struct telco_line *telco_ring_from(struct telco *t, const struct telco_caller *c, struct at_modem *far);

/* at.c: what the line tells the modem at its far end. */
struct at_modem *at_modem_find(const struct telco *t, const char *number);
bool at_modem_idle(const struct at_modem *m);
void at_modem_rings(struct at_modem *m, struct telco_line *l);
void at_modem_connected(struct at_modem *m, uint32_t speed);
void at_modem_ended(struct at_modem *m, enum telco_outcome o);
void at_modem_octets(struct at_modem *m, const uint8_t *octets, size_t len);
void at_modem_unlink(struct at_modem *m); /* the bank is freed before it */

#endif
