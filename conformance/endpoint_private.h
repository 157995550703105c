/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the endpoint share.
 *
 *   endpoint.c           life, configuration, listening and connecting, status
 *   endpoint_control.c   control connections: machines of sections 3.1.1 and 3.1.2
 *   endpoint_message.c   what comes in on a control connection, sorted into events
 *   endpoint_call.c      calls: machines of sections 3.2.3 and 3.2.4, what both roles share
 *   endpoint_call_pac.c  ... a PAC's actions
 *   endpoint_line.c      ... its telephone side
 *   endpoint_call_pns.c  ... a PNS's actions
 *   endpoint_send.c      messages on their way out, and what faults do to them
 *   endpoint_gre.c       the tunnel of a call
 *   endpoint_traffic.c   PPP of a call, and traffic made on request
 *   endpoint_hook.c      hooks
 *
 * A connection or session that is over stays in memory until the next turn of the loop: whoever ends one
 * deep within a callback leaves its callers on firm ground.
 */
#ifndef PPTPSCOPE_ENDPOINT_PRIVATE_H
#define PPTPSCOPE_ENDPOINT_PRIVATE_H

#include "conformance/channel.h"
#include "conformance/endpoint.h"
#include "conformance/machine.h"
#include "conformance/window.h"
#include "dissectors/gre.h"

enum {
	NUMBER_MAX = 64, /* digits of a telephone number */
	NUMBERS_MAX = 8, /* of a list: barred, refused */
	LOG_LINES = 256,
	LOG_WIDTH = 200,
	GRE_PAYLOAD_MAX = 1532, /* RFC 2637 section 4.1 */
	GRE_QUEUE_MAX = 64,     /* frames that wait for the window */
};

/* Seconds until an originator opens a connection anew that had to be closed. */
#define RESTART_NS (5 * NET_SECOND)

struct connection;
struct session;

/* What came with an event: what its action may need. */
struct cue {
	const struct ctrl_msg *m; /* the message, or NULL */
	uint8_t result, error;    /* of the message that is sent about it */
	uint16_t cause;           /* Q.931; 0: none is known */
	const char *why;          /* for the log, or NULL */
};

struct number_list {
	char number[NUMBERS_MAX][NUMBER_MAX + 1];
	unsigned count;
};

/* What hooks may change, and dut-reset undoes. */
struct endpoint_settings {
	bool refuse_peer;
	struct number_list barred, refused;
	uint16_t channels; /* calls at a time; 0: as many as there is room for */
	uint16_t window;
	uint32_t max_bps;
	int64_t max_timeout;
};

struct endpoint_log {
	char line[LOG_LINES][LOG_WIDTH];
	unsigned long written;
};

struct endpoint {
	struct endpoint_config config;
	char *host_name, *vendor_name, *number; /* owned copies of config's */
	struct endpoint_settings set;
	struct endpoint_events events;
	void *ctx;
	struct net_host *host;
	struct net *net;
	struct net_listener *listener;
	struct connection *connections; /* newest first */
	size_t nconnections, nsessions;
	struct ip_addr last_peer; /* for dut-connect without an address */
	bool knows_peer;
	struct net_timer restart, redial, reaper;
	struct ip_addr restart_peer;
	uint16_t restart_port;
	struct connection *dead_connections;
	struct session *dead_sessions;
	uint8_t used[65536 / 8]; /* Call IDs of live sessions */
	uint8_t addressed[65536 / 8]; /* addresses given out by PPP, from the first one on */
	uint16_t next_id, next_serial;
	uint64_t made;         /* connections and sessions so far */
	uint16_t last_peer_id; /* of the call that ended last */
	/* What only faults look at. */
	struct net_timer mischief;
	uint32_t next_seq; /* of the tunnel that sent last */
	int64_t stalled_until;
	bool faulty;                 /* any fault at all */
	bool crashed;                /* it listened, before a fault ended that */
	struct telco_errors earlier; /* errors of calls that are over: a fault goes on counting from there */
	uint32_t copied[FAULTS];     /* of FAULT_COPY: what was last received in the field it names */
	struct endpoint_log log;
};

/* A message that a fault holds back. */
struct late_draft {
	struct net_timer timer;
	struct connection *c;
	struct draft draft;
	struct late_draft *next;
};

struct connection {
	struct endpoint *e;
	struct connection *next;
	uint64_t id;
	struct channel *channel; /* NULL: over */
	enum machine machine;    /* ORIGINATOR or RECEIVER */
	enum machine_state state;
	struct ip_addr self, peer;
	uint16_t peer_port, version;
	uint32_t peer_framing, peer_bearer, peer_channels; /* what the peer announced */
	struct net_timer reply, idle, echo;
	int64_t begun;       /* when it was asked for, or came */
	int64_t last_echo;   /* when the peer's last Echo-Request was answered */
	uint32_t identifier; /* of the last Echo-Request */
	bool echo_pending, dead;
	struct session *sessions; /* newest first */
	unsigned nsessions;
	struct late_draft *late;
};

/* Packets made on request. */
struct traffic {
	struct net_timer timer;
	bool on;
	unsigned size, rate; /* octets; packets a second, 0: as fast as the window lets */
	uint64_t left;       /* packets; UINT64_MAX: without end */
	uint8_t identifier;
};

struct gre_session;
struct gre_counts {
	uint64_t sent, received, sent_octets, received_octets, acks_sent, acks_received, timeouts, late, lost;
	uint64_t overflow; /* frames that found no room in the queue, or were too long */
	uint16_t window;
};

/* A call. */
struct session {
	struct endpoint *e;
	struct connection *c; /* NULL: over */
	struct session *next, *previous;
	uint64_t made;
	enum machine machine;
	enum machine_state state;
	bool peer_known, dead;
	bool cleared_here; /* by the operator of this side */
	uint16_t id, peer_id, serial;
	uint16_t peer_window, peer_delay;
	uint32_t speed;
	uint32_t min_bps, max_bps, bearer, framing; /* of an outgoing call, as requested */
	char number[NUMBER_MAX + 1], dialing[NUMBER_MAX + 1], subaddress[NUMBER_MAX + 1];
	struct net_timer timer; /* T_call, or T_dial */
	struct net_timer wen;   /* until the next WAN-Error-Notify may be sent */
	bool wen_waits;
	struct telco_errors own, base;  /* counted without a line; before the call began */
	struct telco_errors to_earlier; /* what a fault carries over to the calls after it */
	struct telco_line *line;        /* a PAC's, or NULL */
	bool has_link_info;
	uint32_t send_accm, receive_accm;
	struct gre_session *gre;       /* NULL: no tunnel */
	struct gre_counts last_counts; /* of a tunnel that has ended */
	struct ppp_peer *ppp;          /* NULL: none */
	enum ppp_peer_state ppp_reached;
	unsigned ppp_address; /* its bit of `addressed` + 1; 0: none */
	struct net_timer ppp_again; /* PPP begins anew */
	struct traffic traffic;
	struct net_timer ping;
	unsigned pings;            /* still to be sent */
	/* What only faults look at. */
	int64_t burst_time;
	unsigned burst;
	bool deaf, sulks;
};

/* --- endpoint.c ----------------------------------------------------------------------------------- */

static inline bool fault_on(const struct endpoint *e, enum fault_number f)
{
	return e->faulty && fault_in(&e->config.faults, f);
}

static inline bool is_ms_ptpt(const struct endpoint *e)
{
	return e->config.profile == PROFILE_MS_PTPT;
}

/* Whether the profile's own way is taken, which the fault is not to take. */
static inline bool ms_ptpt_unless(const struct endpoint *e, enum fault_number f)
{
	return is_ms_ptpt(e) && !fault_on(e, f);
}

static inline bool is_pac(const struct endpoint *e)
{
	return e->config.role == ROLE_PAC;
}

/* Tells it to the log and the owner. */
__attribute__((format(printf, 4, 5))) void endpoint_say(struct endpoint *e, enum endpoint_news n,
							uint16_t call_id, const char *format, ...);
/* A number by the seed, the role and n. */
uint32_t endpoint_mix(const struct endpoint *e, uint64_t n);
struct connection *connection_new(struct endpoint *e, enum machine m);
/* The first reason wins: opens a connection anew after a while. */
void endpoint_restart_later(struct endpoint *e, const struct ip_addr *peer, uint16_t port);
/* Frees what is over at the next turn. */
void endpoint_reap_later(struct endpoint *e);
/* Back to what the configuration says. */
void endpoint_reset_settings(struct endpoint *e);
/* Ends everything at once, as if the box had been switched off and on. */
void endpoint_drop_all(struct endpoint *e);
/* What some faults come to: it is gone, until dut-reset switches it on again. */
void endpoint_crash(struct endpoint *e);
/* The connection that a call of this side goes over: the newest that is established; or NULL. */
struct connection *endpoint_newest(const struct endpoint *e);
/* Looks a call up by either side's Call ID. */
struct session *endpoint_session(const struct endpoint *e, uint16_t call_id);
struct session *endpoint_latest(const struct endpoint *e);

/* --- endpoint_control.c ---------------------------------------------------------------------------- */

extern const struct channel_events connection_events;
void connection_accepted(void *endpoint, struct net_tcp *tcp);
void connection_event(struct connection *c, enum machine_event ev, const struct cue *cue);
/* A malformed message, as by its machine. */
void connection_malformed(struct connection *c, const struct ctrl_msg *m, uint8_t error, const char *why);
void connection_start_idle(struct connection *c); /* T_idle */
/* The connection that this side is opening to the peer of c, and on which it has sent its request; or NULL.
 */
struct connection *connection_own_request(const struct connection *c);
/* Closes it, ends its calls, leaves it to the reaper. */
void connection_end(struct connection *c, const char *why);
void connection_free(struct connection *c);
/* Its calls are over, and nothing is said about them. */
void connection_drop_calls(struct connection *c, const char *why);

/* --- endpoint_send.c ------------------------------------------------------------------------------- */

/* False when it could not be sent (the connection is over). */
bool connection_send(struct connection *c, const struct draft *d);
/* A message by pairs of field and value, as draft_fill(). */
bool connection_send_fields(struct connection *c, enum ctrl_type type, ...) __attribute__((sentinel));
void connection_forget_late(struct connection *c);
/* For faults that copy: what has come. */
void endpoint_note_received(struct endpoint *e, const struct ctrl_msg *m);

/* --- endpoint_call.c ------------------------------------------------------------------------------- */

uint32_t message_value(const struct ctrl_msg *m, const char *field); /* 0 when it is not there */
/* A message about a call on an established connection. */
void connection_call_message(struct connection *c, const struct ctrl_msg *m);
/* NULL: no memory.  It has a Call ID of its own and is idle. */
struct session *session_new(struct connection *c, enum machine m);
void session_event(struct session *s, enum machine_event ev, const struct cue *cue);
/* Clears it for a local reason, as its role does. */
void session_clear(struct session *s);
/* Everything of it is released; left to the reaper. */
void session_end(struct session *s, const char *why);
void session_free(struct session *s);
struct session *session_by_own(const struct connection *c, uint16_t id);
struct session *session_by_peer(const struct connection *c, uint16_t id);
void session_know_peer(struct session *s, uint16_t peer_id);
/* The call has gone; ms-ptpt: the last one that this side has cleared takes the connection with it. */
void session_cleared(struct connection *c, bool here);
/* A message about a call that does not exist. */
void session_unknown(struct connection *c, const struct ctrl_msg *m, uint16_t call_id);
/* A number of a message, printable. */
void message_number(const struct ctrl_msg *m, const char *field, char number[NUMBER_MAX + 1]);
/* Starts T_call, or T_dial. */
void session_wait(struct session *s, int64_t ns);
bool session_is_outgoing(const struct session *s);
/* Whether a further call would be one too many. */
bool endpoint_is_full(const struct endpoint *e, unsigned more);
bool number_listed(const struct number_list *l, const char *number);
/* The window announced by this side. */
uint16_t endpoint_window(const struct endpoint *e);
/* GRE, and PPP where there is any: the call is established. */
void session_start_tunnel(struct session *s);
void session_stop_tunnel(struct session *s);

typedef void session_action(struct session *s, const struct cue *cue);
session_action session_refuse_second;

/* --- endpoint_call_pac.c ---------------------------------------------------------------------------- */

session_action pac_offer_call, pac_answer_line, pac_release_line, pac_report_connected, pac_disconnect,
	pac_notify_errors, pac_store_link_info, pac_apply_link_info, pac_dial, pac_reply_connected,
	pac_reply_failed;
void pac_take_request(struct connection *c, const struct ctrl_msg *m);
void pac_take_reply(struct connection *c, const struct ctrl_msg *m);
void pac_take_clear(struct connection *c, const struct ctrl_msg *m);
void pac_take_link_info(struct connection *c, const struct ctrl_msg *m);
void pac_may_notify(void *session); /* T_wen has expired */
/* A call that a line is to ring for; NULL with the reason in err. */
struct session *pac_ring(struct endpoint *e, struct telco_line *line, char *err, size_t room);
void pac_own_line(struct session *s, struct telco_line *line);
void pac_release(struct session *s);
void pac_begin_counting(struct session *s);
void pac_send_errors(struct session *s);
/* Those of this call. */
void pac_errors(const struct session *s, struct telco_errors *errors);
/* Counts more of them, on the line or instead of one. */
void pac_count_errors(struct session *s, const struct telco_errors *more);
/* Result of a call that the operator clears. */
struct cue pac_local_clear(const struct session *s);
/* T_dial, or T_call of a PAC, has expired. */
void pac_expired(struct session *s);

/* --- endpoint_call_pns.c ---------------------------------------------------------------------------- */

session_action pns_accept_call, pns_refuse_call, pns_tunnel, pns_log_errors, pns_clear, pns_send_link_info,
	pns_request_call, pns_report_failure;
void pns_take_request(struct connection *c, const struct ctrl_msg *m);
void pns_take_reply(struct connection *c, const struct ctrl_msg *m);
void pns_take_connected(struct connection *c, const struct ctrl_msg *m);
void pns_take_disconnect(struct connection *c, const struct ctrl_msg *m);
void pns_take_errors(struct connection *c, const struct ctrl_msg *m);
/* Places a call on a connection; NULL with the reason in err. */
struct session *pns_dial(struct connection *c, const char *number, char *err, size_t room);

/* --- endpoint_gre.c -------------------------------------------------------------------------------- */

/* False: no memory, or no GRE. */
bool gre_start(struct session *s);
void gre_stop(struct session *s);
/* A PPP frame into the tunnel: at once, or when the window opens. */
void gre_send(struct session *s, const uint8_t *frame, size_t len);
/* How many frames could be sent at once. */
unsigned gre_room(const struct session *s);
void gre_counts(const struct session *s, struct gre_counts *counts);

/* --- endpoint_gre_fault.c: only with faults --------------------------------------------------------- */

void spoil_begin(struct session *s, struct window *w);
unsigned spoil_room(const struct session *s, unsigned room);
bool spoil_ack(const struct session *s, const struct window *w, const struct gre_pkt *p, uint32_t *ack);
void spoil_acked(const struct session *s, struct window *w, const struct window *before);
void spoil_timeout(struct session *s, struct window *w, const struct window *before);
void spoil_sent(struct session *s, struct window *w);
bool spoil_no_timeout(const struct session *s);
void spoil_header(const struct session *s, struct gre_pkt *p, bool heard);
size_t spoil_octets(const struct session *s, uint8_t *octets, size_t n);
size_t spoil_frame(const struct session *s, uint8_t *frame, size_t len, size_t room);
void spoil_ends(const struct session *s, struct ip_addr *src, struct ip_addr *dst);
bool spoil_accepts(const struct session *s, const struct gre_pkt *p);
bool spoil_ignores(struct session *s, const struct gre_pkt *p, bool heard, int32_t ahead);
bool spoil_delivers(const struct session *s, int32_t ahead);
uint32_t spoil_highest(const struct session *s, const struct gre_pkt *p, uint32_t before, bool heard,
		       uint32_t now);
int64_t spoil_ack_delay(const struct session *s, int64_t ns);
void endpoint_begin_mischief(struct endpoint *e);

/* --- endpoint_traffic.c ---------------------------------------------------------------------------- */

void session_ppp_start(struct session *s);
void session_ppp_again(void *session);
void session_ppp_free(struct session *s);
void session_ping(void *session);
/* What came out of the tunnel. */
void session_deliver(struct session *s, const uint8_t *frame, size_t len);
/* A frame of this side's PPP, or of a modem port, into the tunnel. */
void session_emit(struct session *s, const uint8_t *frame, size_t len);
/* packets 0: without end.  False: there is no tunnel. */
bool traffic_start(struct session *s, unsigned packets, unsigned size, unsigned rate);
void traffic_stop(struct session *s);
/* The window has opened. */
void traffic_room(struct session *s);

#endif
