/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options of those who own a tunnel: their secrets, and what was inside written to a capture. */
#ifndef PPTPSCOPE_DECRYPT_H
#define PPTPSCOPE_DECRYPT_H

#include "conformance/ppp_session.h"
#include "tools/secrets.h"

/* clang-format off */
#define DECRYPT_OPTIONS \
	{ 0, "secrets", "FILE", "verify responses and decrypt MPPE by the lines of FILE: " \
	  "NAME:PASSWORD or NAME:nthash:HEX" }, \
	{ 0, "write-decrypted", "OUT.pcap", "write the IP packets within the tunnels, decrypted " \
	  "and in clear" }
/* clang-format on */

struct decrypt {
	const struct options *options;
	struct ppp_watch watch;
	struct secrets *secrets; /* owned, like the two below */
	struct writer *writer;
	void (*listener)(void *ctx, const struct ppp_seen *seen, const struct ppp_frame *f);
	void *listener_ctx;
	uint8_t *room;
	bool failed; /* a packet could not be written */
};

/* Reads the options.  False: *status is the exit status and the reason was said. */
bool decrypt_start(struct decrypt *d, const struct options *o, int *status);

/* Tells fn of every frame that was sent through a tunnel, as struct ppp_watch does. */
void decrypt_listen(struct decrypt *d,
		    void (*fn)(void *ctx, const struct ppp_seen *seen, const struct ppp_frame *f), void *ctx);

/* What the pipeline is to be given: NULL where neither option was. */
const struct ppp_watch *decrypt_watch(const struct decrypt *d);

/* Ends and frees.  False, with a message, when the capture is not whole. */
bool decrypt_close(struct decrypt *d);

#endif
