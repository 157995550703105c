/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The telephone side of a PAC: a bank of analog modem lines and ISDN B channels, numbers with a
 * script each, and callers.  Deterministic by seed; time is the net's, virtual or real.
 *
 * The PAC seizes a line to dial, or is told that one rings; state-machines.md calls these the
 * telephone-side events.  Causes are Q.931 values and 0 on analog lines.
 */
#ifndef PPTPSCOPE_TELCO_H
#define PPTPSCOPE_TELCO_H

#include "conformance/net.h"

enum line_kind { LINE_ANALOG, LINE_BRI, LINE_PRI };

/* What a dialled number, or an incoming call once answered, leads to. */
enum telco_outcome {
	TELCO_ANSWER,      /* rings, then a modem or terminal adapter answers and trains */
	TELCO_SLOW,        /* the same after slow_ns of ringing */
	TELCO_BUSY,
	TELCO_NO_CARRIER,  /* answered by a voice: no carrier */
	TELCO_NO_DIALTONE, /* ISDN: no channel, or layer 1 is down */
	TELCO_RING,        /* rings and is never answered */
	TELCO_BARRED,      /* refused by the PAC's own rules: never dialled */
	TELCO_UNALLOCATED,
	TELCO_REJECTED,
	TELCO_FAILURE,     /* network out of order */
	TELCO_OUTCOMES
};

/* The word of an outcome as hooks and configuration spell it ("no-carrier"), and back; false: none such. */
const char *telco_outcome_name(enum telco_outcome o);
bool telco_outcome_by_name(const char *name, enum telco_outcome *o);

/* How a connection behaves; of a number, or the bank's default. */
struct telco_script {
	enum telco_outcome outcome;
	int64_t ring_ns;      /* ringing before the answer */
	int64_t train_ns;     /* answer to carrier */
	int64_t drop_after_ns; /* carrier is lost so long after it came; 0: never */
	int64_t retrain_after_ns, retrain_ns; /* data pause; 0: none */
	uint32_t speed;       /* bit/s; 0: the line's best */
	unsigned noise_permille; /* octets hit on the line: CRC, framing, overrun errors by seed */
	uint16_t cause;       /* Q.931, where the outcome leaves a choice; 0: the usual one */
};

struct telco_options {
	unsigned analog, bri, pri; /* lines; a BRI has 2 B channels, a PRI 30 */
	uint32_t analog_speed;     /* bit/s a modem reaches; 0: 33600 */
	struct telco_script script; /* for numbers that have none */
	int64_t dial_timeout_ns;   /* a PAC gives up ringing: 0: 90 s */
	uint32_t seed;
};

/* Cumulative line errors of a call: the counters of WAN-Error-Notify. */
struct telco_errors {
	uint32_t crc, framing, hardware, buffer, timeout, alignment;
};

enum telco_event {
	TELCO_RINGING,   /* an incoming call rings (ring or SETUP) */
	TELCO_CONNECTED, /* carrier, or CONNECT: data may flow */
	TELCO_FAILED,    /* dialling ended without a connection: outcome and cause say why */
	TELCO_DROPPED,   /* the other end hung up (cause 16), carrier was lost, or ringing stopped */
	TELCO_ERRORS,    /* the counters have grown */
	TELCO_DATA,      /* octets came from the line (a modem port): *octets, len */
};

struct telco;
struct telco_line; /* a line or B channel in use: one call */

struct telco_told {
	enum telco_event event;
	struct telco_line *line;
	enum telco_outcome outcome; /* FAILED */
	bool hung_up;               /* DROPPED: by the other end (else the carrier was lost) */
	uint16_t cause;
	uint32_t speed;             /* CONNECTED */
	const uint8_t *octets;
	size_t len;
};
typedef void telco_fn(void *ctx, const struct telco_told *t);

/* fn is told everything, from the net's loop. */
struct telco *telco_new(struct net *n, const struct telco_options *o, telco_fn *fn, void *ctx);
void telco_free(struct telco *t);

/* The script of a number (replaced when there is one). */
bool telco_number(struct telco *t, const char *number, const struct telco_script *s);
/* A number that always meets the outcome; made when there is none yet.  The name lives as long as t. */
const char *telco_number_of(struct telco *t, enum telco_outcome o);
/* What the next dialling meets, whatever the number. */
void telco_next(struct telco *t, enum telco_outcome o);
/* How incoming calls do from now on, once the PAC answers them. */
void telco_next_answer(struct telco *t, enum telco_outcome o); /* ANSWER, SLOW or NO_CARRIER */
bool telco_is_barred(const struct telco *t, const char *number);

/* bearer: 1 analog, 2 digital, 3 either (bits as in OCRQ).  NULL: no line of that kind is free. */
struct telco_line *telco_dial(struct telco *t, const char *number, const char *subaddress, unsigned bearer,
			      uint32_t min_bps, uint32_t max_bps);

/* A caller: TELCO_RINGING follows (or NULL: all lines are busy). */
struct telco_caller {
	const char *dialed, *dialing, *subaddress;
	bool digital;   /* unrestricted digital information, on an ISDN line */
	bool audio;     /* 3.1 kHz audio on an ISDN line */
	uint32_t speed; /* 0: the line's best */
	int64_t gives_up_ns; /* 0: 120 s */
};
struct telco_line *telco_ring(struct telco *t, const struct telco_caller *c);

void telco_answer(struct telco_line *l); /* goes off hook: TELCO_CONNECTED, or DROPPED when that fails */
void telco_hangup(struct telco_line *l, uint16_t cause); /* by the PAC; frees the line, told nothing more */
void telco_reject(struct telco_line *l, bool busy); /* an incoming call is not taken; frees the line */

/* The other end of the line, by the operator of the simulator. */
void telco_far_hangup(struct telco_line *l);
void telco_carrier_loss(struct telco_line *l);
void telco_count_errors(struct telco_line *l, const struct telco_errors *more);

const struct telco_errors *telco_errors(const struct telco_line *l);
enum line_kind telco_line_kind(const struct telco_line *l);
uint32_t telco_line_channel(const struct telco_line *l); /* Physical Channel ID */
const char *telco_line_number(const struct telco_line *l); /* dialled */
const char *telco_line_state(const struct telco_line *l);  /* "dialing", "ringing", "training", "connected" */
const char *telco_line_log(const struct telco_line *l);    /* events so far: "SETUP CALL-PROCEEDING ALERTING ..." */
/* Lines in use, in order; NULL ends. */
struct telco_line *telco_line_at(struct telco *t, unsigned i);

/*
 * Octets of PPP to the far end of an asynchronous line, framed and escaped by the ACCM as they
 * appear there; telco_read gives the last of them (at most 4096 are kept).
 */
void telco_accm(struct telco_line *l, uint32_t send, uint32_t receive);
uint32_t telco_accm_of(const struct telco_line *l); /* send mask */
void telco_write(struct telco_line *l, const uint8_t *frame, size_t len);
size_t telco_read(const struct telco_line *l, uint8_t *out, size_t room);

/* A modem with AT commands at a pty: dials into this bank's PAC, or is dialled (ATA).  at.c. */
struct at_port;
struct at_port *at_port_new(struct telco *t, const char *number, char *err, size_t room);
const char *at_port_path(const struct at_port *p); /* of the pty's slave */
void at_port_free(struct at_port *p);

#endif
