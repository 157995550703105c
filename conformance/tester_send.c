/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a test sends on a control connection, and what the device makes of nonsense. */
#include <stdio.h>
#include <stdlib.h>

#include "conformance/tester_private.h"

/* --- messages of a correct tester ------------------------------------------------------------ */

static void start_fields(struct t_link *l, struct draft *d)
{
	draft_fill(d, "protocol_version", INT64_C(0x0100), "framing_capabilities", INT64_C(3),
		   "bearer_capabilities", INT64_C(3), "maximum_channels", (int64_t)(t_self(l->t) == ROLE_PAC),
		   "firmware_revision", INT64_C(1), "host_name", "tester.invalid", "vendor_name", "pptpscope",
		   NULL);
}

/* A speed that the DUT has asked for. */
static int64_t speed(const struct t_link *l)
{
	int64_t bps = 64000;

	if (l->max_bps && bps > l->max_bps)
		bps = l->max_bps;
	return bps < l->min_bps ? l->min_bps : bps;
}

static void call_request(struct t_link *l, struct draft *d)
{
	uint16_t id = t_new_id(l->t);

	draft_fill(d, "call_id", (int64_t)id, "call_serial_number", (int64_t)id, NULL);
	if (d->desc->type == CTRL_OCRQ)
		draft_fill(d, "minimum_bps", INT64_C(300), "maximum_bps", INT64_C(100000000), "bearer_type",
			   INT64_C(3), "framing_type", INT64_C(3), "packet_recv_window_size", INT64_C(16),
			   NULL);
	else
		draft_fill(d, "call_bearer_type", INT64_C(1), "dialed_number_length", INT64_C(7),
			   "dialing_number_length", INT64_C(7), "dialed_number", "5551000", "dialing_number",
			   "5552000", NULL);
}

static void call_reply(struct t_link *l, struct draft *d)
{
	draft_fill(d, "call_id", (int64_t)t_new_id(l->t), "peer_call_id", (int64_t)l->dut_id, "result_code",
		   INT64_C(1), "packet_recv_window_size", INT64_C(16), NULL);
	if (d->desc->type == CTRL_OCRP)
		draft_set(d, "connect_speed", (uint32_t)speed(l));
}

void t_draft(struct t_link *l, enum ctrl_type type, struct draft *d)
{
	draft_init(d, type);
	switch (type) {
	case CTRL_SCCRP:
		draft_set(d, "result_code", 1);
		__attribute__((fallthrough));
	case CTRL_SCCRQ:
		start_fields(l, d);
		break;
	case CTRL_STOPRQ:
		draft_set(d, "reason", 1);
		break;
	case CTRL_STOPRP:
		draft_set(d, "result_code", 1);
		break;
	case CTRL_ECHORQ:
		draft_set(d, "identifier", l->echo_sent + 1);
		break;
	case CTRL_ECHORP:
		draft_fill(d, "identifier", (int64_t)l->echo_received, "result_code", INT64_C(1), NULL);
		break;
	case CTRL_OCRQ:
	case CTRL_ICRQ:
		call_request(l, d);
		break;
	case CTRL_OCRP:
	case CTRL_ICRP:
		call_reply(l, d);
		break;
	case CTRL_ICCN:
		draft_fill(d, "peer_call_id", (int64_t)l->dut_id, "connect_speed", speed(l),
			   "packet_recv_window_size", INT64_C(16), "framing_type", INT64_C(1), NULL);
		break;
	case CTRL_CCRQ:
		draft_set(d, "call_id", l->own_id);
		break;
	case CTRL_CDN:
		draft_fill(d, "call_id", (int64_t)l->own_id, "result_code",
			   l->last_type == CTRL_CCRQ ? INT64_C(4) : INT64_C(1), NULL);
		break;
	case CTRL_WEN:
		draft_set(d, "peer_call_id", l->dut_id);
		break;
	case CTRL_SLI:
		draft_fill(d, "peer_call_id", (int64_t)l->dut_id, "send_accm", INT64_C(0xffffffff),
			   "receive_accm", INT64_C(0xffffffff), NULL);
		break;
	case CTRL_TYPES:
		break;
	}
}

/* --- what is laid over ----------------------------------------------------------------------- */

static const struct field *row_of(const struct ctrl_desc *d, const char *field)
{
	int i = d ? ctrl_field_index(d, field) : -1;

	return i < 0 ? NULL : &d->fields[i];
}

/* Whether a field of that name is text, in whichever message has it. */
static bool is_text(struct tester *t, const char *field)
{
	for (unsigned type = 1; type < CTRL_TYPES; type++) {
		const struct field *f = row_of(ctrl_desc_of(type), field);

		if (f)
			return f->kind == F_TEXT;
	}
	tester_broken(t, "no message has a field %s", field);
}

void overlay_read(struct tester *t, struct overlays *o, va_list args)
{
	const char *field;

	o->count = 0;
	while ((field = va_arg(args, const char *))) {
		struct overlay *row = &o->row[o->count];

		if (o->count++ == OVERLAYS)
			tester_broken(t, "too many fields at once");
		*row = (struct overlay){ .field = field };
		if (is_text(t, field))
			row->text = va_arg(args, const char *);
		else
			row->value = va_arg(args, int64_t);
	}
}

/* The name that the message has for the same thing: a delay is called differently. */
static const char *name_here(const struct ctrl_desc *d, const char *field)
{
	if (strcmp(field, "packet_processing_delay") == 0 && !row_of(d, field))
		return "packet_transmit_delay";
	return field;
}

/* A telephone number and, with it, its length. */
static void apply_text(struct draft *d, const char *field, const char *text)
{
	char length[48];

	draft_set_text(d, field, text);
	snprintf(length, sizeof(length), "%s_length", field);
	if (row_of(d->desc, length))
		draft_set(d, length, (uint32_t)strlen(text));
}

void overlay_apply(struct tester *t, struct draft *d, const struct overlays *o, bool must)
{
	for (unsigned text = 2; text--;) /* text first, so that a length given too is kept */
		for (unsigned i = 0; i < o->count; i++) {
			const struct overlay *row = &o->row[i];
			const char *field = name_here(d->desc, row->field);

			if (!row_of(d->desc, field)) {
				if (must)
					tester_broken(t, "%s has no field %s", d->desc->name, field);
			} else if (row->text && text) {
				apply_text(d, field, row->text);
			} else if (!row->text && !text) {
				draft_set(d, field, (uint32_t)row->value);
			}
		}
}

/* --- sending --------------------------------------------------------------------------------- */

/* What the tester's next messages refer to. */
static void remember(struct t_link *l, const struct draft *d)
{
	int row = ctrl_field_index(d->desc, d->desc->type == CTRL_ECHORQ ? "identifier" : "call_id");

	switch (d->desc->type) {
	case CTRL_OCRQ:
	case CTRL_OCRP:
	case CTRL_ICRQ:
	case CTRL_ICRP:
		l->own_id = (uint16_t)d->value[row];
		break;
	case CTRL_ECHORQ:
		l->echo_sent = d->value[row];
		break;
	case CTRL_STOPRQ:
		l->stopping = true;
		break;
	default:
		break;
	}
}

double t_sent_time(const struct t_link *l)
{
	return l->sent_time;
}

void t_send_draft(struct t_link *l, const struct draft *d)
{
	remember(l, d);
	l->sent_time = t_now(l->t);
	if (l->channel)
		channel_send(l->channel,
			     d); /* what cannot be sent any more is for the device's FIN or RST to say */
}

void link_send(struct t_link *l, enum ctrl_type type, const struct overlays *o)
{
	struct draft d;

	t_draft(l, type, &d);
	overlay_apply(l->t, &d, o, false);
	t_send_draft(l, &d);
}

void t_send(struct t_link *l, enum ctrl_type type, ...)
{
	struct overlays o;
	struct draft d;
	va_list args;

	va_start(args, type);
	overlay_read(l->t, &o, args);
	va_end(args);
	t_draft(l, type, &d);
	overlay_apply(l->t, &d, &o, true);
	t_send_draft(l, &d);
}

void t_send_octets(struct t_link *l, const void *octets, size_t len)
{
	if (l->channel)
		channel_send_octets(l->channel, octets, len);
}

struct channel *t_channel(struct t_link *l)
{
	if (!l->channel)
		tester_broken(l->t, "the test uses a connection that it has closed");
	return l->channel;
}

void t_cork(struct t_link *l)
{
	channel_cork(t_channel(l));
}

void t_uncork(struct t_link *l)
{
	channel_uncork(t_channel(l));
}

/* --- the REJECT set -------------------------------------------------------------------------- */

enum { REJECT_SECONDS = 60, GRACE_SECONDS = 2, UNBORN_SECONDS = 10 };

/* A reply of the type that was awaited, if there is one. */
static bool answered(struct t_link *l, enum ctrl_type reply, enum t_reject *how)
{
	struct t_message *m = reply ? link_take(l, reply, NULL) : NULL;

	if (!m)
		return false;
	free(l->current);
	l->current = m;
	*how = t_field(&m->msg, "result_code") == 1 ? T_ACCEPTED : T_REJECTED;
	return true;
}

/* Waits until it is settled or the time is over. */
static bool settled(struct t_link *l, enum ctrl_type reply, double until, enum t_reject *how)
{
	*how = T_REJECTED;
	while (!answered(l, reply, how)) {
		if (t_is_closed(l))
			return true;
		if (!tester_pause(l->t, until))
			return false;
	}
	return true;
}

/*
 * Ignored is what the device has passed over: it answers the Echo-Request sent after it.  Before the
 * control connection is up that would be nonsense as well, so there only time can tell.
 */
enum t_reject t_reject(struct t_link *l, enum ctrl_type reply)
{
	double now = t_now(l->t), most = now + t_scaled(l->t, REJECT_SECONDS);
	enum t_reject how;

	if (!l->established)
		return settled(l, reply, now + UNBORN_SECONDS, &how) ? how : T_IGNORED;
	if (settled(l, reply, now + GRACE_SECONDS, &how))
		return how;
	if (t_alive(l))
		return settled(l, reply, t_now(l->t), &how) ? how : T_IGNORED;
	if (settled(l, reply, most, &how))
		return how;
	t_warn(l->t, "the device left the connection open and answers nothing on it any more");
	return T_IGNORED;
}

void t_must_reject(struct t_link *l, enum ctrl_type reply, const char *what)
{
	switch (t_reject(l, reply)) {
	case T_REJECTED:
		break;
	case T_IGNORED:
		t_warn(l->t, "%s was ignored", what);
		break;
	case T_ACCEPTED:
		t_fail(l->t, "%s was accepted: %s with Result 1", what, ctrl_desc_of(reply)->name);
	}
}

void t_still_works(struct tester *t)
{
	struct t_link *l;

	for (l = t->links; l; l = l->next)
		if (l->channel && l->established && t_alive(l))
			return;
	if (t->o->listen && !t_has_hook(t, "dut-connect"))
		return; /* nothing makes it come back: the next test will tell */
	l = t->o->listen ? t_dut_connects(t) : t_link_from(t, NULL, 0);
	if (!l)
		t_fail(t, "after this the device accepts no connection");
	if (t->o->listen ? !t_answer_start(l) : !t_start(l))
		t_fail(t, "after this the device starts no new control connection");
}
