/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trace scripts: a readable text of who sends what and when, to packets (pptpscope trace make).
 * The language is described in the manual page pptpscope-trace(5) and at the top of script.c.
 */
#ifndef PPTPSCOPE_SCRIPT_H
#define PPTPSCOPE_SCRIPT_H

#include "dissectors/ctrl.h"
#include "dissectors/gre.h"
#include "traces/writer.h"

/* Compiles a script into a capture.  False with "FILE:LINE: what is wrong" in err. */
bool script_make(const char *path, const char *out_path, char *err, size_t room);

/* Compiles a script held in memory (name: for messages) by calling sink for every frame. */
typedef bool script_sink_fn(void *ctx, int64_t time_ns, const uint8_t *octets, uint32_t caplen, uint32_t wire_len);
bool script_compile(const char *name, const char *text, size_t len, uint32_t *link_type, script_sink_fn *sink,
		    void *ctx, char *err, size_t room);

/* --- a script played at a live peer ----------------------------------------------------------- */

/* What came next on a control connection. */
enum script_came { SCRIPT_CAME_NOTHING, SCRIPT_CAME_MESSAGE, SCRIPT_CAME_GARBAGE, SCRIPT_CAME_FIN, SCRIPT_CAME_RST };

/* A call whose tunnel packets are meant. */
struct script_session {
	void *link;
	bool incoming;
	uint16_t own_id;     /* Call ID chosen by the side that is played */
	bool has_device_id;
	uint16_t device_id;  /* ... and by the device */
};

/*
 * Where a script is played: one side of it for real, the other one is the device.  Times are
 * nanoseconds since the beginning.  A link is whatever connect or accept returned.  Functions may
 * leave the script for good (longjmp, fibers): it is freed all the same by script_free().
 */
struct script_stage {
	void *ctx;
	bool pac; /* the side that is played; the device is the other one */
	int64_t (*now)(void *ctx);
	void (*sleep)(void *ctx, int64_t ns);
	void *(*connect)(void *ctx, uint16_t port); /* port: own, 0 for any; never NULL */
	void *(*accept)(void *ctx, int64_t ns);     /* NULL: the device did not come */
	void (*write)(void *ctx, void *link, const uint8_t *octets, size_t len); /* one segment */
	void (*fin)(void *ctx, void *link);
	void (*rst)(void *ctx, void *link);
	/* Waits at most so long.  *m is valid until the next call. */
	enum script_came (*next)(void *ctx, void *link, int64_t ns, const struct ctrl_msg **m);
	/* Whether Echo-Requests come to the script, or are answered unseen. */
	void (*show_echo)(void *ctx, void *link, bool show);
	void (*gre)(void *ctx, const struct script_session *x, const uint8_t *octets, size_t len);
	/*
	 * Packet i (from 0) of the session; false: it did not come within ns.  May have less payload than sent,
	 * and none at all when it is long ago.
	 */
	bool (*gre_packet)(void *ctx, const struct script_session *x, uint32_t i, int64_t ns, struct gre_pkt *out);
	/* The highest Sequence Number that came; false: none did. */
	bool (*gre_heard)(void *ctx, const struct script_session *x, uint32_t *seq);
	void (*hook)(void *ctx, unsigned argc, const char *const *argv); /* returns when it is done */
	void (*note)(void *ctx, bool warning, const char *text);
};

enum script_verdict { SCRIPT_PASS, SCRIPT_FAIL, SCRIPT_UNSUPPORTED, SCRIPT_SKIP, SCRIPT_WRONG };

struct script_outcome {
	enum script_verdict verdict;
	unsigned line;                    /* of the statement that settled it */
	char expected[400], observed[400]; /* SCRIPT_FAIL; observed: also why UNSUPPORTED, SKIP, WRONG */
};

struct script;

/*
 * Reads a script and makes sure that it has no mistakes by making a trace of it.  NULL with
 * "FILE:LINE: what is wrong" in err.
 */
struct script *script_open(const char *path, char *err, size_t room);
/* The same of a text in memory; name: for messages. */
struct script *script_read(const char *name, const char *text, size_t len, char *err, size_t room);
/* Plays it, once. */
void script_play(struct script *s, const struct script_stage *stage, struct script_outcome *out);
void script_free(struct script *s);

/* What the load generator makes (pptpscope trace load). */
struct load_spec {
	uint64_t calls;		/* at once */
	uint64_t pairs;		/* host pairs that they are spread over */
	uint64_t packets;	/* GRE packets in all, both directions */
	uint32_t payload;	/* octets of PPP a GRE packet */
	uint64_t connections;	/* control connections that come and go, each a whole conversation */
	uint64_t live;		/* of those at a time */
	bool control;		/* calls are set up by control messages (else GRE alone) */
	bool random_order;	/* packets of calls in random order instead of round robin */
	uint32_t seed;
	uint32_t loss_permille, reorder_permille, duplicate_permille;
};

/* Writes a load capture; the same spec gives the same octets.  False with a message in err. */
bool load_make(const struct load_spec *spec, const char *out_path, char *err, size_t room);

#endif
