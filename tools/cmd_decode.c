/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pptpscope decode: every control message and GRE packet of captures, as it comes. */
#include <string.h>

#include "dissectors/cursor.h"
#include "dissectors/ppp.h"
#include "tools/commands.h"
#include "tools/decrypt.h"
#include "tools/reading.h"

struct decode {
	struct reading reading;
	const struct decode_ops *ops;
	struct decrypt decrypt;
	bool lossy;
	uint64_t inner_frame; /* whose frame in clear is in `inner`; 0: none */
	size_t inner_len;
	uint8_t inner[65536 + 2];
};

static struct decode_where where(const struct pipeline_where *w)
{
	return (struct decode_where){
		.frames = w->frames,
		.nframes = w->nframes,
		.frame = w->frame,
		.time_ns = w->time_ns,
		.src = *w->src,
		.dst = *w->dst,
		.src_port = w->src_port,
		.dst_port = w->dst_port,
	};
}

static void on_control(void *ctx, const struct pipeline_where *w, const struct ctrl_msg *m)
{
	struct decode *d = ctx;
	struct decode_where at = where(w);

	d->ops->control(&d->reading.report, &at, m);
}

/* Told of before the packet itself. */
static void on_plain(void *ctx, const struct ppp_seen *seen, const struct ppp_frame *f)
{
	struct decode *d = ctx;
	struct wcursor c = wcursor_on(d->inner, sizeof(d->inner));

	wcursor_uint(&c, f->protocol, 2);
	wcursor_octets(&c, f->payload, f->caplen);
	d->inner_len = (size_t)(c.at - d->inner);
	d->inner_frame = c.overrun ? 0 : seen->frame;
}

static void on_gre(void *ctx, const struct pipeline_where *w, const struct gre_pkt *g, enum gre_status status)
{
	struct decode *d = ctx;
	struct decode_where at = where(w);
	struct ppp_frame outer;

	d->ops->gre(&d->reading.report, &at, g, status);
	if (!d->inner_frame || d->inner_frame != w->frame)
		return;
	d->inner_frame = 0;
	ppp_decode(g->payload, g->caplen, g->payload_length, &outer);
	if (outer.protocol == PPP_COMP) {
		struct gre_pkt inside = *g;

		inside.payload = d->inner;
		inside.caplen = (uint32_t)d->inner_len;
		inside.payload_length = (uint16_t)d->inner_len;
		d->ops->decrypted(&d->reading.report, &at, &inside);
	}
}

static void on_skipped(void *ctx, const struct pipeline_where *w, uint64_t octets, bool lost)
{
	struct decode *d = ctx;
	struct decode_where at = where(w);

	d->lossy |= lost;
	d->ops->skipped(&d->reading.report, &at, octets, lost);
}

static void on_capture(void *ctx, const struct report_capture *c)
{
	struct decode *d = ctx;

	for (unsigned why = 1; why < UNSEEN_COUNT; why++)
		d->lossy |= c->unseen[why] && unseen_lossy((enum unseen)why);
}

static int decode(struct decode *d)
{
	const struct pipeline_observer observer = {
		.ctx = d, .control = on_control, .gre = on_gre, .skipped = on_skipped
	};
	char err[256];
	struct pipeline *p = pipeline_new(&d->reading.pipeline, &observer, err, sizeof(err));
	int status;

	if (!p) {
		options_say(d->reading.options, "%s", err);
		return EXIT_PARTIAL;
	}
	status = reading_run(&d->reading, p, on_capture, d);
	pipeline_finish(p);
	pipeline_free(p);
	report_json_cleanup();
	if (!reading_close(&d->reading))
		return EXIT_PARTIAL;
	return status == EXIT_OK && d->lossy ? EXIT_PARTIAL : status;
}

static int run(const struct options *o)
{
	static struct decode d;
	const char *format = options_value(o, "format", "text");
	int status;

	d.ops = strcmp(format, "text") == 0   ? &decode_text
		: strcmp(format, "json") == 0 ? &decode_json
					      : NULL;
	if (!d.ops)
		return options_usage_error(o, "there is no format '%s'; there are text and json", format);
	if (!reading_start(&d.reading, o, &status) || !decrypt_start(&d.decrypt, o, &status))
		return status;
	if (options_given(o, "secrets"))
		decrypt_listen(&d.decrypt, on_plain, &d);
	d.reading.pipeline.ppp = decrypt_watch(&d.decrypt);
	status = decode(&d);
	return decrypt_close(&d.decrypt) || status != EXIT_OK ? status : EXIT_PARTIAL;
}

static const struct option_desc options[] = {
	READING_OPTIONS,
	DECRYPT_OPTIONS,
	{ 0, NULL, NULL, NULL },
};

const struct command cmd_decode = {
	.name = "decode",
	.operands = "CAPTURE...",
	.help = "print every control message and GRE packet of captures",
	.details = "One line for each; --verbose prints every field with its offset, --format json an object "
		   "a line.",
	.options = options,
	.run = run,
};
