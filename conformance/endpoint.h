/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PAC or PNS that lives by the machines of machine.def: control connections as originator and
 * receiver, outgoing and incoming calls, GRE with flow control, PPP on top, the telephone side below
 * (a PAC's, telco.h).  One loop, no threads; hundreds of calls.
 *
 * Liberal towards peers by default, correct in what it sends; faults on request (fault.h).
 */
#ifndef PPTPSCOPE_ENDPOINT_H
#define PPTPSCOPE_ENDPOINT_H

#include "conformance/fault.h"
#include "conformance/net.h"
#include "conformance/ppp_peer.h"
#include "conformance/rule.h"
#include "conformance/telco/telco.h"

struct endpoint_timers { /* ns */
	int64_t reply;  /* T_reply, 60 s */
	int64_t idle;   /* T_idle, 60 s */
	int64_t echo;   /* T_echo, 60 s */
	int64_t call;   /* T_call, 60 s */
	int64_t dial;   /* T_dial of a PAC, 90 s */
	int64_t wen;    /* T_wen, 60 s */
	int64_t ack;    /* an acknowledgment waits so long for data to ride on, 100 ms */
	int64_t max_timeout; /* MaxTimeOut of section 4.4, 8 s; min is 100 ms */
};

struct endpoint_config {
	enum role role;
	uint16_t port;             /* 1723 */
	const char *host_name, *vendor_name; /* borrowed until endpoint_new returns */
	uint16_t version, oldest_version, firmware; /* 0x0100, 0x0100, 1 */
	uint32_t framing, bearer;  /* capabilities, 3 and 3 */
	uint16_t channels;         /* a PAC's calls in all; a PNS sends 0 */
	uint16_t window;           /* announced: 16 packets */
	uint16_t delay;            /* announced, in 1/10 s; a PAC's 0: what a full window takes on the line */
	uint32_t min_bps, max_bps; /* a PNS's, 300 and 100000000 */
	struct endpoint_timers timers;
	/* Refuses what a liberal peer bears: reserved fields not zero, a CDN by the wrong Call ID, ... */
	bool strict;
	bool ping;                 /* a PNS pings its peer when PPP has opened */
	const char *number;        /* a PNS dials this by default */
	bool dial_on_connect;      /* a PNS dials as soon as a control connection is up */
	int64_t redial_ns;         /* a PNS dials again so long after its call has ended; 0: never */
	enum rule_profile profile; /* ms-ptpt changes timers and what is sent */
	struct ppp_peer_config ppp;
	bool no_ppp;               /* calls carry no PPP */
	size_t max_connections, max_calls; /* 64, 4096 */
	struct telco *telco;       /* a PAC's telephone side; NULL: outgoing calls are answered at once */
	struct fault_set faults;
	uint32_t seed;
};
void endpoint_defaults(struct endpoint_config *c, enum role role);

/* What it tells, for the log and for tests. */
enum endpoint_news {
	NEWS_CONNECTION_UP, NEWS_CONNECTION_DOWN, NEWS_CALL_UP, NEWS_CALL_DOWN, NEWS_PPP_OPEN, NEWS_REJECTED,
	NEWS_DISCARDED
};
struct endpoint_events {
	/* text: one line for a log, nothing in it unescaped. */
	void (*news)(void *ctx, enum endpoint_news n, uint16_t call_id, const char *text);
};

struct endpoint;

/* The host must outlive the endpoint.  NULL: no memory. */
struct endpoint *endpoint_new(struct net_host *h, const struct endpoint_config *c,
			      const struct endpoint_events *e, void *ctx);
/* Before its telephone side, whose lines it releases. */
void endpoint_free(struct endpoint *e);
/* From now on it commits these faults, and no others. */
void endpoint_set_faults(struct endpoint *e, const struct fault_set *s);

bool endpoint_listen(struct endpoint *e, char *err, size_t room);
/* Opens a control connection; what becomes of it is news. */
bool endpoint_connect(struct endpoint *e, const struct ip_addr *peer, uint16_t port, char *err, size_t room);
/* Local request to stop: every connection.  reason: 1 to 3. */
void endpoint_stop(struct endpoint *e, unsigned reason);
/* A PNS's outgoing call on the newest connection; returns its Call ID, or -1 with the reason in err. */
int endpoint_dial(struct endpoint *e, const char *number, char *err, size_t room);
/* Clears a call by either Call ID. */
bool endpoint_hangup(struct endpoint *e, uint16_t call_id);
/* Whether anything is still going on (connections not closed). */
bool endpoint_busy(const struct endpoint *e);
/* Its telephone side tells it something: pass as telco_new()'s fn with the endpoint as ctx. */
void endpoint_telco(void *endpoint, const struct telco_told *t);
/* After telco_new: joins them. */
void endpoint_set_telco(struct endpoint *e, struct telco *t);

enum { HOOK_DONE = 0, HOOK_NOT_NOW = 1, HOOK_NONE = 77, HOOK_FAULT = 2 };

/*
 * Does what a hook asks, as in the manual's section on hooks (dut-connect, dut-stop, dut-dial, dut-ring,
 * dut-hangup, dut-telco, dut-traffic, dut-wan-error, dut-config, dut-log, dut-reset): argv[0] is its
 * name.  What it answers, or why it could not, is written to out (terminated).  Returns HOOK_*.
 */
int endpoint_hook(struct endpoint *e, unsigned argc, const char *const *argv, char *out, size_t room);

/* For a status page: calls visit once a connection and once a call. */
struct endpoint_call_status {
	uint64_t connection;
	uint16_t call_id, peer_call_id, serial;
	bool incoming;
	const char *state, *number, *line; /* names of states; number and line may be NULL */
	uint64_t sent, received, sent_octets, received_octets, acks_sent, acks_received, timeouts, late, lost;
	uint16_t window;
	struct ppp_peer_status ppp;
};
struct endpoint_connection_status {
	uint64_t id;
	struct ip_addr peer;
	uint16_t peer_port;
	bool originator;
	const char *state;
	unsigned calls;
};
struct endpoint_visitor {
	void (*connection)(void *ctx, const struct endpoint_connection_status *s);
	void (*call)(void *ctx, const struct endpoint_call_status *s);
};
void endpoint_status(const struct endpoint *e, const struct endpoint_visitor *v, void *ctx);

#endif
