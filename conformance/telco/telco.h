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
	TELCO_SLOW,        /* the same, but what takes time takes 10 s longer: ringing, or training when
			      the PAC answers */
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

/* How a connection behaves; of a number, or the bank's default.  Zero: no time at all, and TELCO_ANSWER. */
struct telco_script {
	enum telco_outcome outcome;
	int64_t ring_ns;      /* ringing before the answer */
	int64_t train_ns;     /* answer to carrier */
	int64_t drop_after_ns; /* carrier is lost so long after it came; 0: never */
	int64_t retrain_after_ns, retrain_ns; /* modems retrain after so long, and so long; 0: never */
	uint32_t speed;       /* bit/s; 0: the line's best */
	unsigned noise_permille; /* octets hit on the line: CRC, framing, overrun errors by seed */
	uint16_t cause;       /* Q.931, where the outcome leaves a choice; 0: the usual one */
};

/* ringing 300 ms, training 700 ms */
void telco_script_defaults(struct telco_script *s);

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
	TELCO_DATA,      /* a PPP frame came from a modem port: *octets, len; its FCS was right */
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

/*
 * fn is told everything, from the net's loop, never from within a function of this header.  After FAILED
 * and DROPPED the line is still the PAC's, who ends it by telco_hangup().
 */
struct telco *telco_new(struct net *n, const struct telco_options *o, telco_fn *fn, void *ctx);
void telco_free(struct telco *t);

/* The script of a number (replaced when there is one). */
bool telco_number(struct telco *t, const char *number, const struct telco_script *s);
/* A number that always meets the outcome; made when there is none yet.  The name lives as long as t. */
const char *telco_number_of(struct telco *t, enum telco_outcome o);
/* What the next dialling meets, whatever the number. */
void telco_next(struct telco *t, enum telco_outcome o);
/* How incoming calls do from now on, once the PAC answers them: ANSWER, SLOW or NO_CARRIER. */
void telco_next_answer(struct telco *t, enum telco_outcome o);
bool telco_is_barred(const struct telco *t, const char *number);

/*
 * bearer: 1 analog, 2 digital, 3 either (bits as in OCRQ).  Analog calls take a B channel (3.1 kHz audio)
 * when the bank has no analog line.  NULL: no line of that kind is free.  A speed within min and max is
 * agreed on, or training fails (NO_CARRIER).  CONNECTED or FAILED follows.
 */
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
/* By the PAC, in any state; the line is no more the caller's, who is told nothing more.  cause 0: 16. */
void telco_hangup(struct telco_line *l, uint16_t cause);
/* An incoming call is not taken: busy, or (ISDN) call rejected.  As telco_hangup(). */
void telco_reject(struct telco_line *l, bool busy);

/* The other end of the line, by the operator of the simulator. */
void telco_far_hangup(struct telco_line *l);
void telco_carrier_loss(struct telco_line *l);
void telco_count_errors(struct telco_line *l, const struct telco_errors *more);

/* The PAC's own pointer and number with a line, so that it finds its call from what it is told. */
void telco_set_owner(struct telco_line *l, void *owner, uint32_t tag);
void *telco_owner(const struct telco_line *l); /* NULL: none, or the line has been released */
uint32_t telco_tag(const struct telco_line *l);

const struct telco_errors *telco_errors(const struct telco_line *l);
enum line_kind telco_line_kind(const struct telco_line *l);
const char *telco_line_kind_name(enum line_kind k); /* "analog", "bri", "pri" */
/* Unrestricted digital information: synchronous framing, no ACCM.  False: a modem, asynchronous. */
bool telco_line_digital(const struct telco_line *l);
bool telco_line_incoming(const struct telco_line *l);
/* Physical Channel ID: kind (1 to 3) in bits 24 to 31, line from 1 in 8 to 23, B channel in 0 to 7. */
uint32_t telco_line_channel(const struct telco_line *l);
const char *telco_line_number(const struct telco_line *l);  /* dialled */
const char *telco_line_dialing(const struct telco_line *l); /* of an incoming call's caller, "" */
const char *telco_line_subaddress(const struct telco_line *l);
uint32_t telco_line_speed(const struct telco_line *l);      /* bit/s; 0 until connected */
/* "dialing", "ringing", "training", "connected", "retraining", "dead" (failed or dropped), "released" */
const char *telco_line_state(const struct telco_line *l);
/*
 * What happened on the line, in words separated by spaces.  Modems: OFF-HOOK DIAL-TONE DIAL RING BUSY
 * NO-DIALTONE NO-ANSWER VOICE TRAINING CONNECT RETRAIN NO-CARRIER ON-HOOK; ISDN, by the messages of Q.931:
 * SETUP CALL-PROCEEDING ALERTING CONNECT CONNECT-ACK DISCONNECT(cause) RELEASE RELEASE-COMPLETE(cause),
 * LAYER-1-DOWN, and a modem's words after CONNECT-ACK when it carries audio.
 */
const char *telco_line_log(const struct telco_line *l);
/* Lines in use in the order they were taken, then the last 64 that were released, newest first; NULL ends. */
struct telco_line *telco_line_at(struct telco *t, unsigned i);
bool telco_line_in_use(const struct telco_line *l);

/*
 * Data on a connected line, PPP frames without flags, escapes and FCS.  Who is at the far end?
 *
 * - A modem port (at_port below): PPP is spoken between whoever uses the port and the PNS; the PAC only
 *   carries frames.  What comes out of the tunnel goes to telco_write(); TELCO_DATA goes into the tunnel.
 * - Nobody: the PAC plays the client itself.  What comes out of the tunnel goes to telco_write() as well
 *   (so that telco_read() shows it), then to the client; what the client sends goes into the tunnel only
 *   when telco_passes() lets it.
 */
bool telco_has_port(const struct telco_line *l);
/* Framed, and escaped by the ACCM on an asynchronous line. */
void telco_write(struct telco_line *l, const uint8_t *frame, size_t len);
/* False when noise (which is counted: TELCO_ERRORS follows) or retraining loses a frame of this length. */
bool telco_passes(struct telco_line *l, size_t len);
/* The masks of Set-Link-Info; 0xffffffff each until then. */
void telco_accm(struct telco_line *l, uint32_t send, uint32_t receive);
uint32_t telco_accm_of(const struct telco_line *l); /* send mask */
/* The last octets that telco_write() put on an asynchronous line (at most 4096 are kept). */
size_t telco_read(const struct telco_line *l, uint8_t *out, size_t room);

/*
 * A modem with AT commands, on a telephone line of its own with the given number: ATD rings at the PAC
 * (or meets the script of the number), a PAC that dials the number makes it ring.  at.c.
 */
struct at_modem;
struct at_modem *at_modem_new(struct telco *t, const char *number,
			      void (*out)(void *ctx, const uint8_t *octets, size_t len), void *ctx);
void at_modem_input(struct at_modem *m, const uint8_t *octets, size_t len); /* from the terminal */
void at_modem_dtr_lost(struct at_modem *m); /* the terminal has gone */
const char *at_modem_state(const struct at_modem *m); /* "idle", "dialing", "ringing", "online", "command" */
void at_modem_free(struct at_modem *m);

/* Such a modem at a pty, whose path is what a terminal or pppd opens.  Real network only.  at_port.c. */
struct at_port;
struct at_port *at_port_new(struct telco *t, const char *number, char *err, size_t room);
const char *at_port_path(const struct at_port *p);
struct at_modem *at_port_modem(struct at_port *p);
void at_port_free(struct at_port *p);

#endif
