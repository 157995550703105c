/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A modem with AT commands, in two files: what it does (at.c), what it is told (at_command.c). */
#ifndef PPTPSCOPE_AT_PRIVATE_H
#define PPTPSCOPE_AT_PRIVATE_H

#include "conformance/telco/telco_private.h"

enum { AT_COMMAND = 256, AT_REGISTERS = 64 };

enum at_state {
	AT_IDLE,     /* on hook, commands */
	AT_DIALING,  /* until CONNECT or what else becomes of it; any octet gives it up */
	AT_RINGING,  /* commands */
	AT_ANSWERING,
	AT_DATA,
	AT_ESCAPED,  /* commands, the call goes on */
};

enum at_result {
	AT_OK = 0,
	AT_CONNECT = 1,
	AT_RING = 2,
	AT_NO_CARRIER = 3,
	AT_ERROR = 4,
	AT_NO_DIALTONE = 6,
	AT_BUSY = 7,
	AT_NO_ANSWER = 8,
};

/* The registers that do something, by number (seconds unless said otherwise). */
enum {
	S_AUTO_ANSWER = 0, /* rings; 0: never */
	S_RINGS = 1,
	S_ESCAPE = 2,      /* characters */
	S_RETURN = 3,
	S_LINEFEED = 4,
	S_BACKSPACE = 5,
	S_CARRIER_WAIT = 7,
	S_PAUSE = 8,
	S_GUARD = 12,      /* fiftieths */
};

struct at_modem {
	struct at_modem *next;
	struct telco *bank;         /* NULL: it has been freed */
	void (*out)(void *ctx, const uint8_t *octets, size_t len);
	void *ctx;
	char number[NUMBER_ROOM];
	enum at_state state;
	struct telco_line *line;    /* its call */
	uint32_t speed;
	struct net_timer timer;     /* of the state */
	void (*then)(struct at_modem *m);
	enum at_result coming;      /* of a dialling that fails */

	bool echo, verbose, quiet;
	unsigned x, dtr;            /* ATX, AT&D */
	uint8_t s[AT_REGISTERS];
	uint8_t command[AT_COMMAND], repeat[AT_COMMAND];
	size_t len, repeat_len;
	bool too_long;

	char dialed[NUMBER_ROOM];   /* for ATDL */
	bool dial_digital, wait_quiet;
	int64_t last_data, last_plus;
	unsigned pluses;
};

void at_defaults(struct at_modem *m);
void at_result(struct at_modem *m, enum at_result r);
/* An octet while commands are taken. */
void at_command_octet(struct at_modem *m, uint8_t octet);

/* What commands ask for; the result comes when it is known. */
void at_dial(struct at_modem *m, unsigned pauses);
void at_answer(struct at_modem *m);
void at_online(struct at_modem *m);
void at_hang_up(struct at_modem *m);

#endif
