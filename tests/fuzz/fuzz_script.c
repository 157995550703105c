/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any octets as a trace script: it compiles, or says why not in one line that begins with its place.  What
 * compiles is played at a device that answers at random.
 */
#include <stdlib.h>

#include "traces/script.h"

enum { FRAMES_MAX = 2000 };

struct sunk {
	unsigned frames;
	uint32_t sum; /* so that every octet of a frame is read */
};

static void demand(bool condition)
{
	if (!condition)
		abort();
}

static bool sink(void *ctx, int64_t time_ns, const uint8_t *octets, uint32_t caplen, uint32_t wire_len)
{
	struct sunk *s = ctx;

	(void)time_ns;
	demand(caplen <= wire_len);
	for (uint32_t i = 0; i < caplen; i++)
		s->sum = s->sum * 31 + octets[i];
	return ++s->frames < FRAMES_MAX;
}

/* --- a device ------------------------------------------------------------------------------------- */

struct device {
	int64_t now;
	uint32_t random;
	unsigned left; /* things it may still do */
	struct ctrl_msg msg;
	uint8_t octets[CTRL_MAX];
};

static uint32_t dice(struct device *d, uint32_t sides)
{
	d->random = d->random * 1664525 + 1013904223;
	return (d->random >> 16) % sides;
}

static int64_t device_now(void *ctx)
{
	return ((struct device *)ctx)->now;
}

static void device_sleep(void *ctx, int64_t ns)
{
	demand(ns >= 0);
	((struct device *)ctx)->now += ns;
}

static void *device_connect(void *ctx, uint16_t port)
{
	(void)port;
	return ctx;
}

static void *device_accept(void *ctx, int64_t ns)
{
	device_sleep(ctx, ns);
	return dice(ctx, 2) ? ctx : NULL;
}

static void device_write(void *ctx, void *link, const uint8_t *octets, size_t len)
{
	demand(link == ctx && octets && len);
}

static void device_end(void *ctx, void *link)
{
	demand(link == ctx);
}

static enum script_came device_next(void *ctx, void *link, int64_t ns, const struct ctrl_msg **m)
{
	struct device *d = ctx;
	uint32_t value[CTRL_FIELDS_MAX];
	const struct ctrl_desc *desc = ctrl_desc_of(1 + dice(d, CTRL_TYPES - 1));

	demand(link == ctx);
	*m = &d->msg;
	if (!d->left || !--d->left || !dice(d, 8)) {
		d->now += ns > 0 ? ns : 0;
		return SCRIPT_CAME_NOTHING;
	}
	if (!dice(d, 8))
		return dice(d, 2) ? SCRIPT_CAME_FIN : SCRIPT_CAME_RST;
	ctrl_defaults(desc, value);
	for (unsigned i = 5; desc->fields[i].name; i++)
		value[i] = dice(d, 3);
	ctrl_decode(d->octets, ctrl_encode(desc, value, NULL, d->octets, sizeof(d->octets)), false, &d->msg);
	return SCRIPT_CAME_MESSAGE;
}

static void device_show_echo(void *ctx, void *link, bool show)
{
	(void)show;
	demand(link == ctx);
}

static void device_gre(void *ctx, const struct script_session *x, const uint8_t *octets, size_t len)
{
	(void)octets;
	(void)len;
	demand(x->link == ctx);
}

static bool device_gre_packet(void *ctx, const struct script_session *x, uint32_t i, int64_t ns,
			      struct gre_pkt *out)
{
	static const uint8_t frame[] = { 0xff, 3, 0xc0, 0x21, 1, 7, 0, 10, 5, 6, 1, 2, 3, 4 };
	struct device *d = ctx;

	demand(x->link == ctx);
	if (!d->left || !--d->left || i > 500) {
		d->now += ns > 0 ? ns : 0;
		return false;
	}
	*out = (struct gre_pkt){ .flags = (uint16_t)(dice(d, 2) ? GRE_S | GRE_K | 1 : GRE_A | GRE_K | 1),
				 .seq = dice(d, 9),
				 .payload = frame,
				 .caplen = dice(d, sizeof(frame) + 1),
				 .payload_length = sizeof(frame) };
	return true;
}

static bool device_gre_heard(void *ctx, const struct script_session *x, uint32_t *seq)
{
	demand(x->link == ctx);
	*seq = dice(ctx, 100);
	return dice(ctx, 2);
}

static void device_hook(void *ctx, unsigned argc, const char *const *argv)
{
	(void)ctx;
	demand(argc && argv[0] && !argv[argc]);
}

static void device_note(void *ctx, bool warning, const char *text)
{
	(void)ctx;
	(void)warning;
	demand(*text);
}

static void play(const uint8_t *data, size_t size)
{
	struct device d = { .random = (uint32_t)size, .left = 500 };
	const struct script_stage stage = {
		.ctx = &d,
		.pac = size & 1,
		.now = device_now,
		.sleep = device_sleep,
		.connect = device_connect,
		.accept = device_accept,
		.write = device_write,
		.fin = device_end,
		.rst = device_end,
		.next = device_next,
		.show_echo = device_show_echo,
		.gre = device_gre,
		.gre_packet = device_gre_packet,
		.gre_heard = device_gre_heard,
		.hook = device_hook,
		.note = device_note,
	};
	struct script_outcome out;
	char err[200] = "";
	struct script *s = script_read("s", (const char *)data, size, err, sizeof(err));

	if (!s)
		return;
	script_play(s, &stage, &out);
	demand(out.verdict <= SCRIPT_WRONG && memchr(out.observed, 0, sizeof(out.observed)));
	demand(out.verdict != SCRIPT_WRONG || strncmp(out.observed, "s:", 2) == 0);
	demand(out.verdict != SCRIPT_FAIL || *out.observed);
	script_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sunk s = { 0 };
	uint32_t link_type;
	char err[200] = "";
	bool ok = script_compile("s", (const char *)data, size, &link_type, sink, &s, err, sizeof(err));

	demand(ok == !err[0]);
	demand(ok || strncmp(err, "s:", 2) == 0);
	demand(memchr(err, '\0', sizeof(err)) != NULL);
	if (ok)
		play(data, size);
	return 0;
}
