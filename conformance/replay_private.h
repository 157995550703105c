/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of replay.h share. */
#ifndef PPTPSCOPE_REPLAY_PRIVATE_H
#define PPTPSCOPE_REPLAY_PRIVATE_H

#include "conformance/replay.h"
#include "dissectors/gre.h"
#include "dissectors/ppp.h"

/* What the peer sent then and should send now: a control message, or a control packet of PPP. */
struct expectation {
	const struct replay_item *item;
	size_t at;                  /* index of the item */
	struct ctrl_msg msg;        /* REPLAY_MESSAGE */
	uint16_t call_id, protocol; /* REPLAY_GRE */
	uint8_t code, identifier;
	bool bound, missed;
	int64_t bound_ns;
};

/* A Call ID of the peer's, then and now. */
struct id_pair {
	uint16_t recorded, live;
};

/* A request of the peer in PPP, and what it is answered to. */
struct ppp_request {
	uint16_t call_id, protocol;
	uint8_t recorded, live; /* identifiers */
	uint8_t *octets;        /* from the code on, as it came now; owned */
	size_t len;
};

/* A call of the recording, by both Call IDs as recorded. */
struct replay_call {
	uint16_t our_id, peer_id;
	bool recorded_any, live_any, acked_any;
	uint32_t recorded_first; /* sequence numbers of the peer's packets, as far as they were walked */
	uint32_t live_first, live_highest;
	uint32_t acked;                                    /* last acknowledged by us */
	uint64_t recorded_total, recorded_data, live_data; /* with a number; recorded_data: walked */
	uint16_t recorded_defects, told_defects;           /* enum gre_defect */
	bool silent; /* an expected PPP packet did not come: others are not waited for */
};

/* How an Echo-Request of the peer was answered. */
struct echo_answer {
	const struct replay_item *item; /* NULL: it was not */
};

enum replay_state { REPLAY_CONNECTING, REPLAY_PLAYING, REPLAY_SETTLING, REPLAY_CLOSING, REPLAY_DONE };

struct replay {
	struct replay_options o;
	const struct replay_recording *rec;
	struct replay_events events;
	void *ctx;
	struct net *net;
	struct net_listener *listener;
	struct channel *channel;
	struct net_claim *claim;
	struct net_timer timer;
	struct ip_addr local, peer;
	enum replay_state state;
	int64_t opened_ns;
	int64_t base_ns, base_recorded_ns;    /* the last thing that happened: now, and then */
	size_t at;                            /* the item that is next */
	bool *automatic;                      /* items that are played out of turn; owned, as all below */
	struct expectation *message, *packet; /* of each kind, in order */
	size_t messages, packets;
	size_t next_message, next_packet; /* those of the items walked next */
	struct id_pair *id;
	size_t ids;
	struct ppp_request *request;
	size_t requests;
	struct replay_call *call;
	size_t calls;
	struct echo_answer *echo;
	size_t echoes, next_echo;
	bool peer_ended, unknown_call_told;
	struct replay_totals totals;
};

/* Time since the connection was opened. */
int64_t replay_time(const struct replay *r);
/* Tells a difference; *d is completed with the time. */
void replay_tell(struct replay *r, struct replay_difference *d);
/* A difference about an expected item. */
struct replay_difference replay_about(const struct replay *r, enum replay_difference_kind kind,
				      const struct expectation *e);
/* Goes on as far as possible. */
void replay_advance(struct replay *r);

/* Prepares what is expected; false without memory. */
bool replay_match_init(struct replay *r);
void replay_match_clear(struct replay *r);
/* A message of the peer: binds and compares it. */
void replay_match(struct replay *r, const struct ctrl_msg *m);
/* The Call ID that the peer now has for a recorded one; false: none yet. */
bool replay_live_id(const struct replay *r, uint16_t recorded, uint16_t *live);
/* A recorded message of ours as it is to be sent now; returns its octets. */
size_t replay_translate(struct replay *r, const struct replay_item *item, uint8_t *out, size_t room);
/* Adds a zeroed element to *list, an array of *n; false without memory. */
bool replay_grow(void *list, size_t *n, size_t size);

/* GRE: a packet of ours is played; one of the peer's is passed in the recording; one has come. */
void replay_gre_play(struct replay *r, const struct replay_item *item);
void replay_gre_pass(struct replay *r, const struct replay_item *item);
void replay_gre_came(void *replay, const struct ip_addr *src, const struct ip_addr *dst,
		     const uint8_t *octets, size_t len);
/* The PPP control packet in a GRE packet that is worth comparing; false: none. */
bool replay_gre_ppp(const struct gre_pkt *g, struct ppp_frame *out);
/* Once for each of the peer's packets, before the start: what was seen of its call. */
void replay_gre_expect(struct replay *r, const struct replay_item *item);
struct replay_call *replay_call_by_our_id(struct replay *r, uint16_t id);
/* A call begins (anew): its numbers start. */
void replay_gre_begin(struct replay *r, const struct ctrl_msg *reply, bool ours);
/* At the end: which calls' packets came then and not now, or now and not then. */
void replay_gre_end(struct replay *r);

#endif
