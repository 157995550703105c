/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Captures in, live: an interface to struct packet, by libpcap.
 *
 * The kernel passes on what may belong to PPTP and nothing else: TCP on control ports, GRE, their
 * fragments, and ICMP errors about them, also in VLANs and PPPoE and over IPv6.  Nothing here waits:
 * poll capture_live_fd().  An interface that goes down is waited for; one that disappears has to be
 * opened again.
 */
#ifndef PPTPSCOPE_CAPTURE_LIVE_H
#define PPTPSCOPE_CAPTURE_LIVE_H

#include "dissectors/packet.h"

struct capture_live;

struct capture_live_options {
	const char *interface; /* or "any" */
	const char *filter;    /* a further condition, or NULL */
	const uint16_t *ports; /* control ports */
	size_t nports;
	bool all_tcp; /* control connections on other ports, too, by their content */
	bool promiscuous;
	bool microseconds; /* times are not finer than that */
	bool immediate;    /* each packet at once, at the price of more wake-ups */
	int snaplen;       /* octets of a packet */
	int buffer_octets; /* of the kernel's ring; 0: libpcap's default */
	int hold_ms;       /* how long the kernel may hold a packet back to pass on more at once */
};

enum capture_live_fault {
	LIVE_FAULT_NONE,
	LIVE_FAULT_RIGHT,  /* not permitted */
	LIVE_FAULT_USAGE,  /* the filter is not valid, or makes no sense on this interface */
	LIVE_FAULT_ABSENT, /* no such interface, or it is down */
	LIVE_FAULT_OTHER,
};

/* NULL with a message in err that says what to do, and the kind of fault. */
struct capture_live *capture_live_open(const struct capture_live_options *o, char *err, size_t room,
				       enum capture_live_fault *fault);
void capture_live_close(struct capture_live *c);

enum capture_live_status {
	LIVE_PACKET,
	LIVE_NONE,   /* not now */
	LIVE_FAILED, /* nothing more will come of it: capture_live_error(); close it */
};

/* The next packet without waiting; its octets are valid until the next call.  number is not set. */
enum capture_live_status capture_live_next(struct capture_live *c, struct packet *packet);

enum capture_live_state { LIVE_UP, LIVE_DOWN, LIVE_GONE };
/* Asks the kernel how the interface is. */
enum capture_live_state capture_live_state(const struct capture_live *c);

/* Packets that the kernel and the interface have dropped since it was opened. */
struct capture_live_drops {
	uint64_t kernel, interface;
};
struct capture_live_drops capture_live_drops(struct capture_live *c);

int capture_live_fd(const struct capture_live *c);
const char *capture_live_interface(const struct capture_live *c);
uint32_t capture_live_link_type(const struct capture_live *c);
bool capture_live_nanoseconds(const struct capture_live *c);
const char *capture_live_error(const struct capture_live *c);

#endif
