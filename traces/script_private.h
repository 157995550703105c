/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the script compiler share.  script.c describes the language; script_lex.c
 * makes statements of the text, script_value.c reads values, script_option.c the options of
 * sending, script_frame.c makes frames, script_tcp.c, script_msg.c and script_gre.c what they carry.
 *
 * Every function that returns bool has noted its message by script_fail when it returns false.
 */
#ifndef PPTPSCOPE_SCRIPT_PRIVATE_H
#define PPTPSCOPE_SCRIPT_PRIVATE_H

#include "dissectors/ctrl.h"
#include "dissectors/tcp.h"
#include "traces/script.h"

#define MILLISECOND ((int64_t)1000000)
#define SECOND (1000 * MILLISECOND)
#define CONNECT_TIME (10 * SECOND)

enum {
	SIDE_PNS,
	SIDE_PAC,

	KEY_ROOM = 64,      /* of a name left of "=" */
	OCTETS_MAX = 65536, /* of a value, a message, an IP packet */
	FRAME_ROOM = OCTETS_MAX + 256,
	PATCHES_MAX = 8,
	PATCH_OCTETS = 160,
	SPLITS_MAX = 32,
	DEPTH_MAX = 48, /* of blocks and macros within each other */
	NAME_ROOM = 32,
	VARIABLES_MAX = 256,
	MACROS_MAX = 256,
	DEFAULTS_MAX = 64,
	QUOTE_ROOM = 128, /* octets of the last packet that an ICMP error repeats */
	ECHO_DATA = 64,   /* octets of PPP options that an answer repeats */
	TEXT_ROOM = 128,  /* of the longest text field of a message */
	CAPTURES_MAX = 32,
};

/* A statement: its words, and for one with a block, the statements up to end. */
struct stmt {
	uint32_t line;
	uint32_t first, count; /* in script.words */
	uint32_t end;          /* one past the last statement of the block */
	bool block;
};

/* Octets to lay over what was built. */
struct patch {
	uint32_t at;
	uint16_t len;
	uint8_t octets[PATCH_OCTETS];
};

struct patches {
	unsigned count;
	struct patch item[PATCHES_MAX];
};

enum sum_kind { SUM_GOOD, SUM_BAD, SUM_ZERO, SUM_OFFLOAD };
enum mirror_kind { MIRROR_OFF, MIRROR_SAME, MIRROR_ROUTED };

/* How something is put on the wire, and what becomes of it there. */
struct sending {
	struct ip_addr from, to;
	bool has_from, has_to;
	uint16_t vlan[4];
	bool has_vlan;
	uint32_t ttl, fragment, snap, trailer, mss, every, duplicates, piece;
	int64_t ip_id; /* -1: counted */
	uint32_t splits[SPLITS_MAX];
	unsigned nsplits;
	int64_t delay;
	bool dont_fragment, lost, dropped, reverse, bad_ip_sum;
	enum sum_kind sum;
	enum mirror_kind mirror;
	struct patches ip, frame;
};

/* One end of a conversation. */
struct end {
	struct ip_addr addr;
	uint16_t port, ip_id;
	uint32_t next;   /* TCP: next octet to send */
	uint32_t got;    /* next octet expected from the other end */
	uint32_t told;   /* what of it is acknowledged: less than got while messages cross */
	bool finished;   /* FIN was sent */
	bool hole;       /* octets before what came last are missing here */
	int64_t ack_due; /* when a lone acknowledgment is sent, or 0 */
	uint8_t *last;   /* octets written last, for a retransmission */
	size_t last_len;
	uint32_t last_seq;
	uint8_t *joined; /* octets waiting for the end of "coalesce" */
	size_t joined_len;
	uint32_t echo;             /* identifier of the last Echo-Request from here */
	uint8_t quote[QUOTE_ROOM]; /* start of the last IP packet */
	size_t quote_len;
};

struct call_end {
	uint16_t id;
	bool has_id;
	uint32_t next;  /* GRE: sequence number to send */
	uint32_t heard; /* highest that came from the other end */
	bool has_heard;
	uint8_t ppp_id; /* of the last PPP request from here */
	uint8_t options[ECHO_DATA];
	size_t options_len;
};

struct call {
	struct call_end end[2];
	uint16_t serial;
	bool clear_asked, incoming;
	/* Played: packets of the device that were expected (bit i: first + i), and how many were seen at all. */
	uint32_t packets_first, packets_seen;
	uint64_t packets_taken;
	uint32_t errors[CTRL_FIELDS_MAX]; /* counters of WEN by row */
};

struct conversation {
	char name[NAME_ROOM];
	struct end end[2];
	struct call *call;
	size_t calls, room, current; /* current: 1-based, 0 for none */
	uint16_t vlan[4];
	bool coalescing, crossing, connected;
	void *link; /* played: the connection, or NULL */
	bool joined_first; /* side that spoke first since "coalesce" */
};

struct variable {
	char name[NAME_ROOM];
	uint64_t value;
};

struct macro {
	const char *name;
	uint32_t stmt;
};

enum ack_mode { ACKS_DELAYED, ACKS_EACH, ACKS_NONE };

/* A frame waiting for its time, or for the last of its kind. */
struct waiting {
	struct waiting *next;
	int64_t time;
	uint32_t caplen, len;
	uint8_t octets[];
};

/* What a received message, or one that was made in its place, is remembered by. */
struct capture {
	char name[NAME_ROOM];
	const struct ctrl_desc *d; /* NULL: a tunnel packet */
	uint32_t value[CTRL_FIELDS_MAX];
	int64_t time;
};

struct script {
	const char *name;
	char *err;
	size_t room;
	bool failed;
	uint32_t line;

	char *text[2]; /* words end with NUL here: built-in macros, script */
	char **words;
	size_t nwords, words_room;
	struct stmt *stmts;
	size_t nstmts, stmts_room, builtin_end;

	struct conversation **conversations;
	size_t nconversations;
	struct conversation *conv; /* the current one */
	struct macro macros[MACROS_MAX];
	unsigned nmacros;
	uint32_t defaults[DEFAULTS_MAX];
	unsigned ndefaults;
	struct variable variables[VARIABLES_MAX];
	unsigned nvariables, depth;
	unsigned me; /* the side that a macro was called by */

	struct sending sending; /* as "set" left it */
	int64_t now, spacing, skew;
	int64_t ack_soonest; /* the least ack_due, or 0 */
	enum ack_mode acks;
	bool captured[2]; /* frames of this side reach the capture */
	uint64_t random;
	uint16_t next_port, next_id[2], serial[2];
	struct capture captures[CAPTURES_MAX];
	unsigned ncaptures;

	char *path, *source; /* of script_open() */
	size_t source_len;
	const struct script_stage *stage; /* NULL: a trace is made */
	struct script_outcome *outcome;
	unsigned self;                     /* the side that is played */
	bool done;                         /* "pass" and the like: nothing more is run */
	unsigned handshakes;

	uint32_t *link_type;
	const struct link_form *link;
	script_sink_fn *sink;
	void *ctx;
	uint64_t frames, octets, work;
	struct waiting *late, *held; /* held: last first */
	unsigned nlate;
	uint32_t piece; /* frames of this statement so far */
	bool arrived;   /* what was sent last reached the other end */

	uint8_t value[OCTETS_MAX]; /* of an octets option */
	uint8_t body[OCTETS_MAX];  /* of a message */
	uint8_t packet[OCTETS_MAX];
	uint8_t frame[FRAME_ROOM];
};

/* Notes "NAME:LINE: ..." unless something was noted before; returns false. */
bool script_fail(struct script *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Counts work done; false when a script does too much for what it sends. */
bool script_work(struct script *s, uint64_t amount);

/* Name of a side, for messages. */
const char *side_name(unsigned side);

/* A side by its name; false: it is none. */
bool side_read(const struct script *s, const char *word, unsigned *side);

/* --- script_lex.c --- */

/* Appends the statements of a text; slot: where script.text keeps it. */
bool script_lex(struct script *s, const char *text, size_t len, unsigned slot);

/* Word i of a statement, or "" past the last. */
const char *stmt_word(const struct script *s, const struct stmt *st, unsigned i);

/* --- script_value.c --- */

/* Equal but for case and for "-", "_" and blank being the same. */
bool name_equal(const char *a, const char *b);

bool value_number(struct script *s, const char *text, uint64_t *out);
/* As value_number, but at most max (negative numbers wrap around it); what: for the message. */
bool value_upto(struct script *s, const char *what, const char *text, uint64_t max, uint64_t *out);
bool value_u16(struct script *s, const char *what, const char *text, uint16_t *out);
bool value_u32(struct script *s, const char *what, const char *text, uint32_t *out);
/* Seconds with a fraction, or with "ms", "us", "ns"; negative only where wanted. */
bool value_time(struct script *s, const char *text, bool negative, int64_t *ns);
bool value_address(struct script *s, const char *text, struct ip_addr *out);
/* Hexadecimal digits, "text", <EXPRESSION:WIDTH>, each with *COUNT. */
bool value_octets(struct script *s, const char *text, uint8_t *out, size_t room, size_t *len);
/* A number or the names of a field's values. */
bool value_field(struct script *s, const struct field *f, const char *text, uint32_t *out);
bool variable_set(struct script *s, const char *name, uint64_t value, bool fresh);

/* --- script_option.c --- */

enum taken { TAKEN, NOT_MINE, TAKE_FAILED };
/* value: NULL for a bare word. */
typedef enum taken option_fn(struct script *s, void *ctx, const char *key, const char *value);

/* Reads KEY=VALUE and KEY words from word i on: those of sending (NULL: none), else fn's own (or NULL). */
bool options_read(struct script *s, const struct stmt *st, unsigned i, option_fn *fn, void *ctx,
		  struct sending *how);

/* A yes or no: bare or a number other than 0. */
bool option_flag(struct script *s, const char *value, bool *out);
enum taken option_number(struct script *s, const char *key, const char *value, uint32_t max, uint32_t *out);
bool option_vlan(struct script *s, const char *value, uint16_t vlan[4]);
/* "OFFSET=OCTETS", key without the "@". */
enum taken option_patch(struct script *s, const char *offset, const char *value, struct patches *p);
/* Lays patches over octets; what they lie beyond is an error. */
bool patches_apply(struct script *s, const struct patches *p, uint8_t *octets, size_t len);

/* --- script_frame.c --- */

/* Link layer of a name, or NULL. */
const struct link_form *link_by_name(const char *name);
uint32_t link_type_of(const struct link_form *form);

/* Sends an IP packet with script.packet's first len octets as payload: arrived tells its fate. */
bool send_datagram(struct script *s, unsigned side, uint8_t protocol, size_t len, const struct sending *how);

/* To be called around a statement that sends. */
bool sending_begin(struct script *s);
bool sending_end(struct script *s);

/* Lets time pass to a moment; acknowledgments that fall due are sent. */
bool time_pass(struct script *s, int64_t to);
/* Writes frames that wait for a time up to the given one. */
bool frames_flush(struct script *s, int64_t to);
void frames_free(struct script *s);

/* --- script_tcp.c --- */

struct segment {
	uint8_t flags;
	uint32_t seq;
	bool has_ack;
	uint32_t ack;          /* with has_ack; else what the end was told */
	uint16_t sport, dport; /* 0: the conversation's */
};

/* Sends a segment; octets is not NULL even when len is 0. */
bool tcp_send(struct script *s, unsigned side, const struct segment *g, const uint8_t *octets, size_t len,
	      const struct sending *how);
/* Sends octets of the stream, cut as the sending options say, or keeps them for "coalesce". */
bool tcp_write(struct script *s, unsigned side, const uint8_t *octets, size_t len, const struct sending *how);
/* Sends what "coalesce" kept. */
bool tcp_join_end(struct script *s, const struct sending *how);
/* Acknowledges up to what each end got: end of "cross". */
void tcp_cross_end(struct script *s);
/* Octets of the next segment, for a write of len octets of which `at` are sent. */
size_t segment_extent(const struct sending *how, size_t at, size_t len);
/* A segment of flags alone; SYN and FIN are counted. */
bool tcp_flags(struct script *s, unsigned side, uint8_t flags, const struct sending *how);
bool tcp_lone_ack(struct script *s, unsigned side);
bool acks_due_send(struct script *s, int64_t until);

bool verb_connect(struct script *s, const struct stmt *st, unsigned i, unsigned side);
bool verb_flags(struct script *s, const struct stmt *st, unsigned i, unsigned side);
bool verb_tcp(struct script *s, const struct stmt *st, unsigned i, unsigned side);
bool verb_raw(struct script *s, const struct stmt *st, unsigned i, unsigned side);
bool verb_retransmit(struct script *s, const struct stmt *st, unsigned i, unsigned side);

/* Reads one such word. */
bool option_read(struct script *s, const char *word, option_fn *fn, void *ctx, struct sending *how);

/* --- script_msg.c --- */

/* How a field is compared with what the device sends. */
enum compare { COMPARE_NOT, COMPARE_EQUAL, COMPARE_OTHER, COMPARE_LEAST, COMPARE_MOST, COMPARE_ANY };

struct message {
	const struct ctrl_desc *d;
	uint32_t value[CTRL_FIELDS_MAX];
	uint8_t text[CTRL_FIELDS_MAX][TEXT_ROOM];
	size_t text_len[CTRL_FIELDS_MAX];
	bool given[CTRL_FIELDS_MAX];
	enum compare compare[CTRL_FIELDS_MAX]; /* of an expected message */
	uint32_t want[CTRL_FIELDS_MAX];        /* with COMPARE_OTHER to COMPARE_MOST */
	uint32_t call, cut;
	bool has_cut;
	struct patches patches;
	size_t added; /* octets in script.value */
};

/* An option_fn for messages that are sent, and for those that are expected. */
enum taken message_option(struct script *s, void *ctx, const char *key, const char *value);
enum taken message_expect_option(struct script *s, void *ctx, const char *key, const char *value);
/* Sends a message whose options were read: what was not named is filled in. */
bool message_complete(struct script *s, struct message *m, unsigned side, const struct sending *how);
/* Compares what the device sent; false with the difference in why. */
bool message_matches(struct script *s, struct message *m, unsigned side, const struct ctrl_msg *got, char *why,
		     size_t room);
/* Remembers what the device's message said of the conversation. */
bool message_heard(struct script *s, const struct message *m, unsigned side, const struct ctrl_msg *got);
/* The row of a name, or of the only row whose name has it as a part; -1 none, -2 several. */
int field_find(const struct ctrl_desc *d, const char *name);

/* Reads a "default" statement once for its mistakes. */
bool message_default_check(struct script *s, const struct stmt *st);
bool verb_message(struct script *s, const struct stmt *st, unsigned i, unsigned side,
		  const struct ctrl_desc *d);

/* --- script_call.c --- */

/* The call that a statement is about: number 0 for the current one, made where there is none. */
struct call *call_pick(struct script *s, uint32_t number);
struct call *call_new(struct script *s);
/* The Call ID of an end, chosen where it has none. */
uint16_t call_id_of(struct script *s, struct call *c, unsigned side);
void call_id_set(struct call *c, unsigned side, uint16_t id);
bool run_call(struct script *s, const struct stmt *st, unsigned i);

/* --- script_gre.c --- */

enum { GRE_ROWS = 16 };
enum number_kind { NUMBER_NONE, NUMBER_COUNTED, NUMBER_GIVEN, NUMBER_ANY };

bool verb_gre(struct script *s, const struct stmt *st, unsigned i, unsigned side);
bool verb_ip(struct script *s, const struct stmt *st, unsigned i, unsigned side);
bool verb_unreachable(struct script *s, const struct stmt *st, unsigned i, unsigned side);

/* --- script_ppp.c --- */

/* Options that make a PPP packet. */
struct ppp_make {
	const char *what; /* PROTOCOL or PROTOCOL:CODE */
	bool has_id, has_data, no_address_control, short_protocol;
	uint8_t id;
	uint32_t size;
	bool has_size;
	size_t data_len;
	uint8_t data[2048];
};

/* Options of gre. */
struct gre_make {
	enum number_kind seq, ack;
	uint32_t seq_value, ack_value, restart, skip, call, cut, pad;
	bool has_restart, has_cut, bare, has_hex;
	size_t hex_len; /* octets in script.value */
	bool has_field[GRE_ROWS];
	uint32_t field[GRE_ROWS];
	struct patches patches;
	struct ppp_make ppp;
};

enum taken gre_option(struct script *s, void *ctx, const char *key, const char *value);
bool gre_make_send(struct script *s, struct gre_make *m, struct call *c, unsigned side, const struct sending *how);
/* Whether a packet of the device's is the expected one. */
bool gre_matches(struct script *s, const struct gre_make *m, const struct call *c, unsigned side,
		 const struct gre_pkt *got);
/* Remembers what it said. */
void gre_note(struct script *s, struct call *c, unsigned side, const struct gre_pkt *got);

enum taken ppp_option(struct script *s, struct ppp_make *p, const char *key, const char *value);
bool ppp_build(struct script *s, const struct ppp_make *p, struct call *c, unsigned side, uint8_t *out,
	       size_t room, size_t *len);
/* Whether a frame is of the protocol, code and identifier that were asked for. */
bool ppp_matches(struct script *s, const struct ppp_make *p, const struct gre_pkt *got);

/* --- script_play.c --- */

bool play_write(struct script *s, unsigned side, const uint8_t *octets, size_t len, const struct sending *how);
/* Learns what has come through the tunnel meanwhile. */
void play_heard(struct script *s, struct call *c);
bool play_packet(struct script *s, struct call *c, size_t len, const struct sending *how);
bool play_time(struct script *s, int64_t to);
struct script_session play_session(struct script *s, struct call *c);
bool play_connect(struct script *s, const struct stmt *st, unsigned i, unsigned side);
bool play_flags(struct script *s, const struct stmt *st, unsigned i, unsigned side);
/* The connection of the current conversation; NULL with a message when there is none. */
void *play_link(struct script *s);
/* Settles the verdict; returns false, as the script ends. */
bool play_verdict(struct script *s, enum script_verdict v, const char *expected, const char *observed);

/* --- script_expect.c --- */

bool run_expect(struct script *s, const struct stmt *st, unsigned i);
bool run_either(struct script *s, const struct stmt *st, unsigned i);
bool run_hook(struct script *s, const struct stmt *st, unsigned i);
bool run_note(struct script *s, const struct stmt *st, unsigned i);
bool run_verdict(struct script *s, const struct stmt *st, unsigned i);
/* What the device does, written without "expect": it is awaited. */
bool play_device(struct script *s, const struct stmt *st, unsigned i, unsigned side);
const struct capture *capture_find(const struct script *s, const char *name);

#endif
