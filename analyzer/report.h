/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report of an audit: one interface, one row per format.  Rows come in a fixed order:
 * begin, capture..., then per tunnel: tunnel, connection..., call..., tunnel_end; finding...; end.
 * Nothing of it is kept in memory by the writers: a report may be larger than memory.
 */
#ifndef PPTPSCOPE_REPORT_H
#define PPTPSCOPE_REPORT_H

#include <stdio.h>

#include "analyzer/diagnose.h"
#include "conformance/rule.h"

struct report_options {
	FILE *out;
	const char *profile; /* "rfc2637" or "ms-ptpt" */
	bool verbose, quiet;
	bool anonymize; /* addresses, host names and numbers are replaced by consistent masks */
	bool show_secrets;
	bool colour;       /* text: out is a terminal */
	unsigned width;    /* text: columns of the terminal; 0: not a terminal, use 100 */
	unsigned captures; /* files in this run: with more than one, frames say which */
};

/* One capture file, after it was read (or failed). */
struct report_capture {
	const char *path, *format, *compression; /* format and compression may be NULL */
	uint32_t link_type;
	uint64_t packets, octets;      /* octets on the wire */
	int64_t first_time, last_time; /* ns; valid when packets > 0 */
	uint64_t truncated;            /* packets cut by the snap length */
	bool damaged;
	const char *error; /* why it is damaged or could not be opened, or NULL */
	uint64_t control_packets, gre_packets, icmp_packets; /* inspected */
	uint64_t fragments;                                  /* that became part of inspected datagrams */
	const uint64_t *unseen; /* packets by enum unseen, UNSEEN_COUNT of them */
	uint64_t offload;       /* segments with a checksum left to the network card */
};

/* A finding against a baseline of accepted ones (--expect). */
enum baseline { BASELINE_NONE, BASELINE_NEW, BASELINE_UNCHANGED };

struct report_baseline {
	bool used;
	uint64_t fresh, unchanged, fixed; /* findings; accepted ones that did not occur */
	const char *const *fixed_lines;   /* those, as "ID ADDRESS"; NULL ends */
};

/* Why rules could not judge everything: conditions of the capture, by bit (enum rule_unless). */
struct report_unjudged {
	const uint64_t *connections, *calls; /* UNLESS_BITS each: to how many it applied */
	const unsigned *withheld_by;         /* RULES: conditions that withheld findings */
	const uint64_t *withheld;            /* RULES: how many findings were withheld */
	const bool *selected;                /* RULES: the rules that were asked */
	enum rule_profile profile;
};

enum { REPORT_GRADES = 'F' - 'A' + 1 };

struct report_summary {
	uint64_t tunnels, connections, calls;
	uint64_t grades[REPORT_GRADES]; /* calls by grade of security, A to F */
	uint64_t findings[SEVERITIES];
	uint64_t gaps, gap_octets;
	bool partial; /* something was lost: exit status 3 */
	struct report_baseline baseline;
	const struct report_unjudged *unjudged; /* NULL: nothing was judged */
	const char *const *notices; /* sentences about limits reached and what that lost; NULL ends */
};

struct report;

struct report_ops {
	const char *name; /* as in --format */
	const char *help;
	bool histories; /* prints those of connections also without `verbose` */
	struct report *(*begin)(const struct report_options *o);
	void (*capture)(struct report *r, const struct report_capture *c);
	void (*tunnel)(struct report *r, const struct tunnel *t);
	void (*connection)(struct report *r, const struct control_connection *c, const struct diagnosis *why,
			   unsigned whys);
	void (*call)(struct report *r, const struct call *c, const struct diagnosis *why, unsigned whys);
	void (*tunnel_end)(struct report *r, const struct tunnel *t);
	void (*finding)(struct report *r, const struct finding *f, enum baseline baseline);
	/* Ends and frees.  False when the output could not be written (errno says why). */
	bool (*end)(struct report *r, const struct report_summary *s);
};

extern const struct report_ops report_text, report_json;
/* The formats of audit, NULL-terminated; report_by_name returns NULL for none. */
extern const struct report_ops *const report_formats[];
const struct report_ops *report_by_name(const char *name);

/* Times: RFC 3339 UTC with microseconds, or nanoseconds where they are not whole microseconds. */
enum { REPORT_TIME = 40 };
const char *report_time(int64_t time_ns, char buf[REPORT_TIME]);

/*
 * What decode prints: one line per message or GRE packet, `verbose` every field with its offset
 * (text) or one JSON object a line.
 */
struct decode_where {
	const uint64_t *frames; /* distinct, in order */
	size_t nframes;
	uint64_t frame; /* the one that completed it */
	int64_t time_ns;
	struct ip_addr src, dst;
	uint16_t src_port, dst_port; /* 0 for GRE */
};

struct decode_ops {
	const char *name;
	void (*control)(const struct report_options *o, const struct decode_where *w,
			const struct ctrl_msg *m);
	void (*gre)(const struct report_options *o, const struct decode_where *w, const struct gre_pkt *g,
		    enum gre_status status);
	/* The PPP frame that was encrypted in the packet just told; inside: a packet that carries it in clear. */
	void (*decrypted)(const struct report_options *o, const struct decode_where *w,
			  const struct gre_pkt *inside);
	/* Octets of a control connection that are no message, or not in the capture. */
	void (*skipped)(const struct report_options *o, const struct decode_where *w, uint64_t count,
			bool lost);
};
extern const struct decode_ops decode_text, decode_json;

/* Releases what the JSON writers keep between lines. */
void report_json_cleanup(void);

/* Releases all that is kept between lines and reports: also the masks of --anonymize, which then start anew.
 */
void report_cleanup(void);

/* An address for people: masked with anonymize ("host-1", "host-2" in order of appearance). */
const char *report_addr(const struct report_options *o, const struct ip_addr *a, char buf[64]);

#endif
