/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A test that is running: for tester*.c and runner.c alone.
 *
 * The fiber waits in tester_pause().  Whatever happens (a message, a packet, the answer of a hook)
 * is kept where it belongs and wakes it at the loop's next turn, so that a test never runs within a
 * callback of the net.
 */
#ifndef PPTPSCOPE_TESTER_PRIVATE_H
#define PPTPSCOPE_TESTER_PRIVATE_H

#include "conformance/fiber.h"
#include "conformance/ppp_peer.h"
#include "conformance/runner.h"

enum {
	CONNECT_SECONDS = 10, /* a TCP connection, a reply of a starting point */
	COME_SECONDS = 60,    /* a device that connects by itself */
	ECHO_SECONDS = 5,     /* an Echo-Reply of a device that lives */
	HOOK_ARGUMENTS = 16,
	INBOX_MESSAGES = 65536, /* unread on a connection; more are counted, not kept */
	FLOOD_OCTETS = 8 << 20, /* received on a test's connections; more is a flood, and not recorded */
	CLOSING_SECONDS = 60,   /* what a test left open has so long to end */
	PACKETS_KEPT = 65536,   /* of a session's record */
	ACKS_WAITING = 4096,
	OVERLAYS = 24,
	MORE_HOSTS = 4, /* addresses of a test beside its own */
};

/* Why there is no second call. */
#define DIALS_ONCE "the device places one call for each control connection (--exec)"

struct t_message {
	struct t_message *next;
	struct ctrl_msg msg; /* octets: those below */
	double time;
	bool garbage; /* no message: octets that are none */
	uint8_t octets[];
};

struct t_link {
	struct tester *t;
	struct t_link *next;
	struct channel *channel; /* NULL once closed by the tester */
	bool opened, failed, fin, reset, established, accepted, show_echo;
	struct net_host *host;
	struct ip_addr own, peer;        /* addresses */
	char why[128];                   /* of failed and reset */
	struct t_message *first, **last; /* unread */
	unsigned unread;
	struct t_message *current; /* last waited for */
	double closed_time, sent_time;
	unsigned count[CTRL_TYPES];
	uint64_t octets;
	uint16_t own_id, dut_id;           /* Call IDs last given out, by the tester and by the DUT */
	uint32_t min_bps, max_bps;         /* of the DUT's last OCRQ */
	uint32_t echo_sent, echo_received; /* identifiers */
	uint16_t last_type;                /* of what the DUT sent */
	bool stopping;                     /* a StopCCRQ of either side has passed */
};

/* What is laid over messages: a name and a value each. */
struct overlay {
	const char *field, *text; /* text NULL: a number */
	int64_t value;
};
struct overlays {
	unsigned count;
	struct overlay row[OVERLAYS];
};

struct waiting_ack {
	int64_t due;
	uint32_t number;
};

struct t_gre {
	struct t_call *call;
	struct tester *t;
	struct t_gre *next;
	struct net_claim *claim;
	bool active; /* the test has asked for it: acknowledgments may go out */
	bool settled; /* the DUT has had time to read what brought the call up */
	uint32_t next_seq;
	bool any_in;
	uint32_t highest_in; /* of the DUT's data */
	int64_t last_ack;    /* of the DUT's acknowledgments */
	enum t_acks how;
	unsigned batch, unacked; /* of EVERY and BATCH; data since the last acknowledgment */
	double delay;
	struct waiting_ack *acks; /* a ring of ACKS_WAITING */
	size_t acks_first, acks_count;
	struct net_timer ride_timer, ack_timer;
	struct net_timer first_timer; /* acknowledges what came before the session was asked for */
	struct t_packet *packet;      /* a ring once full */
	size_t packets, room, waited; /* seen in all; allocated; those that t_gre_wait has shown */
	uint8_t echoed[32];           /* bits: identifiers of the LCP Echo-Replies that came */
	struct ppp_peer *peer;        /* NULL: the test has not asked for PPP */
	bool any_beyond;              /* the DUT has sent PPP that is not LCP */
	bool silent, plain;           /* PPP keeps still; LCP without FF 03 */
	uint32_t magic;               /* of the tester's LCP, 0: none yet */
	uint8_t traffic_identifier;
	bool traffic_by_hook;
	unsigned traffic_left, traffic_size; /* LCP echoes still to send */
	double traffic_gap;
	struct net_timer traffic_timer;
};

struct t_call_node {
	struct t_call call; /* first: what tests are given */
	struct t_call_node *next;
	struct t_gre *session;
};

/* A connection that the device opened and no test has taken yet. */
struct t_arrival {
	struct t_arrival *next;
	struct net_tcp *tcp;
};

struct hook_call; /* one that has not answered may outlive its test */

struct tester {
	const struct runner_options *o;
	const struct runner_events *e;
	void *e_ctx;
	struct runner *runner;
	const struct test_case *test; /* NULL: a sanity test or a scenario */
	void (*run)(struct tester *t, void *arg);
	void *run_arg;
	unsigned flags;
	const struct ip_addr *source; /* own address to use, or NULL */
	struct net_host *host;
	struct {
		struct ip_addr addr;
		struct net_host *host;
		struct net_listener *listener;
	} more[MORE_HOSTS]; /* others of the tester's addresses */
	void *recording;
	struct fiber *fiber;
	struct net_timer wake;
	struct net_timer limit;    /* looks once a second whether it takes too long */
	double patience;           /* seconds until then */
	uint64_t octets_in;        /* of TCP */
	bool woken;                /* something has happened since the fiber went to wait */
	bool ended, closing, over; /* the verdict is settled; what is open is being ended; all is done */
	int64_t started;
	struct test_result result;
	struct t_link *links;
	struct t_call_node *calls;
	struct t_gre *sessions;
	struct net_listener *listener;
	struct t_arrival *arrivals, **last_arrival;
	struct hook_call *hook;
	int hook_status;
	char *hook_output;
	bool hook_done, hooked; /* the last one has answered; there was one */
	bool beside;            /* others run at the same time */
	bool unreachable;       /* could not connect: perhaps the device is down */
	bool again;             /* nothing is wrong, but it has to begin anew */
	uint32_t random;
	struct net_claim *stray_claim;
	bool watching;
	size_t strays, watched; /* since t_gre_watch(): of no session; of sessions before it */
};

/* Runs a test by the net's loop; over is called when everything has ended. */
struct tester *tester_new(struct runner *r, const struct runner_options *o, const struct runner_events *e,
			  void *e_ctx, const char *name);
bool tester_begin(struct tester *t);
void tester_free(struct tester *t);
/* From outside its fiber: settles the verdict of a test that goes on no longer. */
void tester_cut(struct tester *t, enum verdict_kind v, const char *reason);

/* Whether the client that is to connect has ended instead; why: how. */
bool tester_client_ended(struct tester *t, char *why, size_t room);

/* Inside: waits until something happens (true) or the time has come (false). */
bool tester_pause(struct tester *t, double until);
/* Something has happened. */
void tester_wake(struct tester *t);
double tester_seconds(const struct tester *t, int64_t time_ns);
int64_t tester_time(const struct tester *t, double seconds);
__attribute__((noreturn)) void tester_end(struct tester *t, enum verdict_kind v);
/* A mistake of a test or want of memory: "error" in JUnit. */
__attribute__((noreturn, format(printf, 2, 3))) void tester_broken(struct tester *t, const char *why, ...);
/* The same, where one must be had; ends the test otherwise. */
void *tester_memory(struct tester *t, size_t size);
/* The test's host with another address; ends the test when that cannot be. */
struct net_host *tester_host(struct tester *t, const struct ip_addr *addr);
/* A hook that a test cannot do without said no. */
__attribute__((noreturn)) void tester_hook_ended(struct tester *t, const char *name, int status);
/* Whether a PNS as DUT takes incoming calls, once that is known. */
enum incoming {
	INCOMING_UNKNOWN,
	INCOMING_TAKEN,
	INCOMING_REFUSED, /* by a reply: the next one may be taken */
	INCOMING_IGNORED, /* by silence, of a device that answers other messages meanwhile */
};
enum incoming *runner_incoming(struct runner *r);

/*
 * What a device has not done in several tests in a row that waited long for it is not waited for as long in all of
 * them: a device that never answers calls would take hours.
 */
struct hope {
	unsigned in_vain; /* so often since it came */
	bool came;        /* ever */
};
enum hope_for { HOPE_LCP, HOPE_OCRP, HOPE_ICCN, HOPES };
struct hope *runner_hope(struct runner *r, enum hope_for what);
/* It never came. */
static inline bool is_hopeless(const struct hope *h)
{
	return !h->came && h->in_vain >= 2;
}
/* How long to wait for what would be waited for so long. */
double hope_patience(const struct hope *h, double seconds);
void hope_waited(struct hope *h, double seconds, bool came);
uint16_t runner_new_id(struct runner *r);
/* Messages that the DUT turned out not to send of its own, so that they are not waited for again. */
bool runner_never_sends(const struct runner *r, enum ctrl_type type);
void runner_sends_never(struct runner *r, enum ctrl_type type);
/* What a hook of that name has said so far: it does not exist. */
bool runner_hook_missing(const struct runner *r, const char *name);
void runner_hook_is_missing(struct runner *r, const char *name);
/* The test has ended, close_verdict and all. */
void runner_test_over(struct runner *r, struct tester *t);

/* tester_link.c */
void link_close_all(struct tester *t); /* inside, after the verdict: ends in order what is open */
void link_free_all(struct tester *t);
struct t_message *link_take(struct t_link *l, unsigned type, const uint32_t *identifier);
bool link_over(const struct t_link *l); /* nothing more can come */

/* tester_send.c */
void overlay_read(struct tester *t, struct overlays *o, va_list args);
/* Those that the message has; must: ends the test when it lacks one. */
void overlay_apply(struct tester *t, struct draft *d, const struct overlays *o, bool must);
void link_send(struct t_link *l, enum ctrl_type type, const struct overlays *o); /* what the message has */

/* tester_call.c */
void call_free_all(struct tester *t);

/* tester_gre.c */
struct t_gre *gre_prepare(struct t_call *c); /* listens for the call's packets; NULL: no raw socket */
void gre_free_all(struct tester *t);
/*
 * Waits, once a session, until a PNS has had time to read the message that brought the call up: tunnel
 * packets may overtake it, and a device may discard them.
 */
void gre_settle(struct t_gre *g);
bool tester_gre_send(struct t_gre *g, const struct ip_addr *src, const uint8_t *octets, size_t len);
bool gre_rides(const struct t_gre *g); /* data carries an acknowledgment */

/* tester_lcp.c */
void lcp_frame(struct t_gre *g, const uint8_t *frame, size_t len); /* the DUT's PPP, as it comes */
void lcp_discard(struct t_gre *g);                                 /* sends data that means nothing */
void lcp_free(struct t_gre *g);

#endif
