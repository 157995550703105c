/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How control messages change connections, roles and calls: see tracker.h.  RFC 2637 sections 2 and 3. */
#include "analyzer/tracker_private.h"

enum {
	SCAN_MAX = 256,        /* calls looked at when one is found by elimination */
	REPLY_SUCCESS = 1, /* Result Code of every reply: 1 is success */
	PORT_MIN = 1024,       /* of those that clients and NAT routers use */
};

/* Which Call ID field says what a message is about, and which host is sent GRE with that Call ID by whom. */
static const struct {
	enum field_id field;
	bool by_sender; /* GRE with this Call ID comes from the message's sender (it is the other side's) */
} about[CTRL_TYPES] = {
	[CTRL_OCRP] = { FIELD_PEER_CALL_ID, true }, [CTRL_ICRP] = { FIELD_PEER_CALL_ID, true },
	[CTRL_ICCN] = { FIELD_PEER_CALL_ID, true }, [CTRL_WEN] = { FIELD_PEER_CALL_ID, true },
	[CTRL_SLI] = { FIELD_PEER_CALL_ID, true },  [CTRL_CCRQ] = { FIELD_CALL_ID, false },
	[CTRL_CDN] = { FIELD_CALL_ID, false },
};

/* A message on its way through this file. */
struct taken {
	struct tracker *t;
	struct control_connection *c;
	const struct ctrl_msg *m;
	unsigned from;
	uint64_t frame;
	int64_t time_ns;
	struct call *matched; /* the connection's, by the Call ID in about[]; NULL: not looked for */
	struct call *call;    /* that it changed */
};

static uint32_t get(const struct taken *x, enum field_id f)
{
	return field_or_zero(&x->t->fields, x->m, f);
}

/* --- roles ------------------------------------------------------------------------------- */

/* Who sends a message that only one role may send.  weak: deployed peers of the other role send it, too. */
static const struct {
	enum role sender;
	bool weak;
} message_role[CTRL_TYPES] = {
	[CTRL_OCRQ] = { ROLE_PNS, false }, [CTRL_OCRP] = { ROLE_PAC, false },
	[CTRL_ICRQ] = { ROLE_PAC, false }, [CTRL_ICRP] = { ROLE_PNS, false },
	[CTRL_ICCN] = { ROLE_PAC, false }, [CTRL_CCRQ] = { ROLE_PNS, false },
	[CTRL_CDN] = { ROLE_PAC, true },   [CTRL_WEN] = { ROLE_PAC, false },
	[CTRL_SLI] = { ROLE_PNS, true },
};

static bool told_weakly(enum ctrl_type by)
{
	return by && message_role[by].weak;
}

/* The tunnel's roles follow its connections; one with the roles exchanged is a tunnel of its own. */
static void tunnel_roles(struct taken *x, enum ctrl_type type)
{
	struct control_connection *c = x->c;
	struct tunnel *tunnel = c->tunnel;

	if (tunnel->pac >= 0 && tunnel->pac != c->pac &&
	    !(told_weakly(tunnel->role_by) && tunnel->connections == 1)) {
		if (c->calls)
			return;
		tracker_connection_move(x->t, c, (unsigned)c->pac);
		tunnel = c->tunnel;
	}
	if (tunnel->pac >= 0 && tunnel->pac == c->pac && tunnel->role_frame)
		return;
	tunnel->pac = c->pac;
	tunnel->role_by = type;
	tunnel->role_frame = x->frame;
}

static void learn_roles(struct taken *x)
{
	struct control_connection *c = x->c;
	enum ctrl_type type = x->m->desc->type;
	unsigned pac;

	if (message_role[type].sender == ROLE_UNKNOWN)
		return;
	pac = message_role[type].sender == ROLE_PAC ? x->from : !x->from;
	if (c->pac >= 0 && (!told_weakly(c->role_by) || message_role[type].weak))
		return;
	if (c->pac == (int)pac && !told_weakly(c->role_by))
		return;
	c->pac = (int)pac;
	c->role_by = type;
	c->role_frame = x->frame;
	tunnel_roles(x, type);
}

/* Sent by the other side than the one whose message it is. */
static bool against_roles(const struct taken *x)
{
	enum role sender = message_role[x->m->desc->type].sender;

	return sender != ROLE_UNKNOWN && x->c->pac >= 0 &&
	       (sender == ROLE_PAC) != ((unsigned)x->c->pac == x->from);
}

/* --- finding calls ------------------------------------------------------------------------ */

/* A call that GRE alone had shown turns out to belong to this connection. */
static void adopt(struct taken *x, struct call *call)
{
	call->control.live = x->c;
	call->pac_machine = call->pns_machine = STATE_ESTABLISHED;
	call->state = CALL_ESTABLISHED;
	x->c->calls++;
	x->c->live_calls++;
}

/* Whether the call is where its sender's machine has this message. */
static bool in_turn(const struct call *c, enum ctrl_type type)
{
	bool pac = message_role[type].sender == ROLE_PAC;

	if (type == CTRL_CDN)
		return c->state == CALL_CLEARING;
	return machine_may_say(call_machine(c, pac), pac ? c->pac_machine : c->pns_machine, type, false);
}

/*
 * The call to whose GRE the host `sender` would give this Call ID.  Where several clients behind one
 * address have chosen the same one, it is the connection's own; where one of them has chosen it twice, it is
 * the call that such a message fits, else the last one.
 */
static struct call *call_with_id(const struct tracker *t, const struct control_connection *c, unsigned sender,
				 uint32_t call_id, enum ctrl_type type)
{
	struct flow *f = tracker_flow_find(t, c->tunnel, sender, (uint16_t)call_id);
	struct call *call = f ? flow_call(f) : NULL, *found = call;
	unsigned n = 0;

	if (!call || !call_connection(call) ||
	    (call_connection(call) == c && (!call->took_id || in_turn(call, type))))
		return call;
	for (struct call *own = c->tunnel->first_call; own && n < SCAN_MAX; own = own->next, n++) {
		if (call_connection(own) != c || !call_flow(own, sender) ||
		    flow_call_id(call_flow(own, sender)) != (uint16_t)call_id)
			continue;
		if (in_turn(own, type))
			return own;
		if (call_connection(found) != c)
			found = own;
	}
	return found;
}

/* The host that sends GRE with the Call ID that says what the message is about. */
static unsigned about_sender(enum ctrl_type type, unsigned from)
{
	return about[type].by_sender ? from : !from;
}

/* As call_with_id, if it is the connection's or nobody's; call_id: of the field in about[]. */
static struct call *call_by_id(struct taken *x, unsigned sender, uint32_t call_id)
{
	struct call *call;

	if (x->matched && sender == about_sender(x->m->desc->type, x->from))
		return x->matched;
	call = call_with_id(x->t, x->c, sender, call_id, x->m->desc->type);
	if (!call)
		return NULL;
	if (call_connection(call) == x->c)
		return call;
	if (call_connection(call) || call->state != CALL_GRE_ONLY)
		return NULL;
	adopt(x, call);
	return call;
}

/* The connection's incoming call that the PAC had given up while the reply to it was on its way. */
static struct call *call_given_up(const struct taken *x, uint32_t pac_id)
{
	struct call *call = call_with_id(x->t, x->c, x->from, pac_id, CTRL_ICRP);

	return call && call->over && call->kind == CALL_INCOMING && !call->replied &&
			       call_connection_id(call) == x->c->id
		       ? call
		       : NULL;
}

static bool awaits_reply(const struct call *c)
{
	return c->state == CALL_REQUESTED && c->kind == CALL_OUTGOING;
}

static bool awaits_disconnect(const struct call *c)
{
	return c->state == CALL_CLEARING && !c->pac_id_known;
}

/* The only live call of the connection that fits, when no Call ID leads to it. */
static struct call *call_by_elimination(const struct control_connection *connection,
					bool (*fits)(const struct call *c))
{
	struct call *found = NULL;
	unsigned n = 0;

	for (struct call *c = connection->tunnel->first_call; c; c = c->next) {
		if (++n > SCAN_MAX)
			return NULL;
		if (call_connection(c) != connection || !fits(c))
			continue;
		if (found)
			return NULL;
		found = c;
	}
	return found;
}

/* A call of which this is the first message that the capture has. */
static struct call *call_started(struct taken *x, enum call_kind kind)
{
	struct call *call = tracker_call_new(x->t, x->c->tunnel, x->c, x->frame, x->time_ns);

	if (!call)
		return NULL;
	call->kind = (uint8_t)kind;
	call_presume(call, x->m->desc->type);
	return call;
}

/* The message is about the call. */
static void last_message(struct taken *x, struct call *call)
{
	if (x->frame > call_last_message(call).frame &&
	    !call_last_take(call, (struct call_step_seen){ x->frame, x->time_ns }))
		tracker_memory_failed(x->t);
}

static void touch(struct taken *x, struct call *call, enum call_step step)
{
	x->call = call;
	if (!call_step(call, step).frame &&
	    !call_step_take(call, step, (struct call_step_seen){ x->frame, x->time_ns }))
		tracker_memory_failed(x->t);
	last_message(x, call);
}

/* The PAC's Call ID is what the PNS sends to, and the other way round. */
static void set_pac_id(struct taken *x, struct call *call, unsigned pac, uint32_t id)
{
	call->pac_call_id = (uint16_t)id;
	call->pac_id_known = true;
	call->ids_certain = true;
	tracker_flow_claim(x->t, call, !pac, (uint16_t)id);
}

/* A call of another connection that has not begun to close. */
static bool lives_beside(const struct taken *x, const struct call *call)
{
	return call_connection(call) && call_connection(call) != x->c && call_goes_on(call);
}

static void set_pns_id(struct taken *x, struct call *call, unsigned pac, uint32_t id)
{
	const struct flow *taken = tracker_flow_find(x->t, call->tunnel, pac, (uint16_t)id);
	struct call *other = taken ? flow_call(taken) : NULL;

	call->id_collision = other && other != call && lives_beside(x, other);
	if (call->id_collision)
		call->id_shared = other->id_shared = true;
	call->pns_call_id = (uint16_t)id;
	call->pns_id_known = true;
	call->ids_certain = true;
	tracker_flow_claim(x->t, call, pac, (uint16_t)id);
}

/* --- what calls say of themselves --------------------------------------------------------- */

static uint8_t octet(uint32_t value)
{
	return value > 254 ? 255 : (uint8_t)value;
}

static void keep_number(struct taken *x, struct call *call, enum field_id field)
{
	struct call_rare *rare;
	char text[4 * 64 + 1];
	const uint8_t *p;
	size_t width, len = 0;

	p = field_text(&x->t->fields, x->m, field, &width);
	while (p && len < width && p[len])
		len++;
	if (!len)
		return;
	rare = call_rare_make(call);
	if (!rare) {
		tracker_memory_failed(x->t);
		return;
	}
	ctrl_escape(p, len, text, sizeof(text));
	rare->number = tracker_intern(x->t, text, strlen(text) + 1);
}

/* The message takes the call on, if it is not over; failed: so it says. */
static void follow(struct taken *x, struct call *call, bool from_pac, bool failed)
{
	if (call->over)
		return;
	call_follow(call, from_pac, x->m->desc->type, failed);
	if (failed)
		tracker_call_end(x->t, call, x->time_ns);
}

/* --- one function a message --------------------------------------------------------------- */

static void take_ocrq(struct taken *x)
{
	unsigned pac = !x->from;
	struct call *call = call_started(x, CALL_OUTGOING);

	if (!call)
		return;
	touch(x, call, STEP_REQUEST);
	call->id_is_port = x->from == x->c->originator && get(x, FIELD_CALL_ID) == x->c->port[0];
	/* Such a helper also puts Call IDs into places where its peer did not put them. */
	call->tunnel->nat |= call->id_is_port;
	set_pns_id(x, call, pac, get(x, FIELD_CALL_ID));
	call->serial = (uint16_t)get(x, FIELD_SERIAL);
	call->has_serial = true;
	call->minimum_bps = get(x, FIELD_MINIMUM_BPS);
	call->maximum_bps = get(x, FIELD_MAXIMUM_BPS);
	call->bearer = octet(get(x, FIELD_BEARER_TYPE));
	call->framing = octet(get(x, FIELD_FRAMING_TYPE));
	call->pns_window = (uint16_t)get(x, FIELD_WINDOW);
	call->pns_delay = (uint16_t)get(x, FIELD_PROCESSING_DELAY);
	keep_number(x, call, FIELD_PHONE);
	follow(x, call, false, false);
}

static void take_ocrp(struct taken *x)
{
	unsigned pac = x->from;
	struct call *call = call_by_id(x, pac, get(x, FIELD_PEER_CALL_ID));
	uint32_t result = get(x, FIELD_RESULT);
	bool first;

	if (!call && against_roles(x))
		return;
	if (!call)
		call = call_by_elimination(x->c, awaits_reply);
	if (!call) {
		call = call_started(x, CALL_OUTGOING);
		if (!call)
			return;
		set_pns_id(x, call, pac, get(x, FIELD_PEER_CALL_ID));
	}
	first = !call->replied;
	touch(x, call, STEP_REPLY);
	call->kind = CALL_OUTGOING;
	if (!first && call->state != CALL_REQUESTED)
		return;
	call->replied = true;
	call->reply_result = (uint8_t)result;
	call->reply_error = (uint8_t)get(x, FIELD_ERROR);
	call->cause = (uint16_t)get(x, FIELD_CAUSE);
	call->connect_speed = get(x, FIELD_CONNECT_SPEED);
	call->pac_window = (uint16_t)get(x, FIELD_WINDOW);
	call->pac_delay = (uint16_t)get(x, FIELD_PROCESSING_DELAY);
	call->physical_channel = get(x, FIELD_CHANNEL);
	/* Result 0 is not defined; peers that send it mean success, as traffic on such calls shows. */
	if (result > REPLY_SUCCESS) {
		/* A number that stands for nothing: pac_id_known stays false. */
		call->pac_call_id = (uint16_t)get(x, FIELD_CALL_ID);
		follow(x, call, true, true);
		return;
	}
	set_pac_id(x, call, pac, get(x, FIELD_CALL_ID));
	follow(x, call, true, false);
}

static void take_icrq(struct taken *x)
{
	unsigned pac = x->from;
	struct call *call = call_started(x, CALL_INCOMING);

	if (!call)
		return;
	touch(x, call, STEP_REQUEST);
	set_pac_id(x, call, pac, get(x, FIELD_CALL_ID));
	call->serial = (uint16_t)get(x, FIELD_SERIAL);
	call->has_serial = true;
	call->bearer = octet(get(x, FIELD_CALL_BEARER_TYPE));
	call->physical_channel = get(x, FIELD_CHANNEL);
	keep_number(x, call, FIELD_DIALED);
	follow(x, call, true, false);
}

static void take_icrp(struct taken *x)
{
	unsigned pac = !x->from;
	struct call *call = call_by_id(x, x->from, get(x, FIELD_PEER_CALL_ID));
	uint32_t result = get(x, FIELD_RESULT);

	if (!call && against_roles(x))
		return;
	if (!call)
		call = call_given_up(x, get(x, FIELD_PEER_CALL_ID));
	if (!call) {
		call = call_started(x, CALL_INCOMING);
		if (!call)
			return;
		set_pac_id(x, call, pac, get(x, FIELD_PEER_CALL_ID));
	}
	touch(x, call, STEP_REPLY);
	call->kind = CALL_INCOMING;
	if (call->replied)
		return;
	call->replied = true;
	call->reply_result = (uint8_t)result;
	call->reply_error = (uint8_t)get(x, FIELD_ERROR);
	call->pns_window = (uint16_t)get(x, FIELD_WINDOW);
	call->pns_delay = (uint16_t)get(x, FIELD_TRANSMIT_DELAY);
	if (result > REPLY_SUCCESS) {
		follow(x, call, false, true);
		return;
	}
	set_pns_id(x, call, pac, get(x, FIELD_CALL_ID));
	follow(x, call, false, false);
}

static void take_iccn(struct taken *x)
{
	unsigned pac = x->from;
	struct call *call = call_by_id(x, pac, get(x, FIELD_PEER_CALL_ID));

	if (!call && against_roles(x))
		return;
	if (!call) {
		call = call_started(x, CALL_INCOMING);
		if (!call)
			return;
		set_pns_id(x, call, pac, get(x, FIELD_PEER_CALL_ID));
	}
	touch(x, call, STEP_CONNECTED);
	call->kind = CALL_INCOMING;
	call->connect_speed = get(x, FIELD_CONNECT_SPEED);
	call->pac_window = (uint16_t)get(x, FIELD_WINDOW);
	call->pac_delay = (uint16_t)get(x, FIELD_TRANSMIT_DELAY);
	call->framing = octet(get(x, FIELD_FRAMING_TYPE));
	follow(x, call, true, false);
}

static void take_ccrq(struct taken *x)
{
	unsigned pac = !x->from;
	struct call *call = call_by_id(x, pac, get(x, FIELD_CALL_ID));

	if (!call)
		return;
	touch(x, call, STEP_CLEAR);
	follow(x, call, false, false);
	if (!call->ended_by)
		call->ended_by = 1;
}

static void keep_strange(struct taken *x, struct call *call, uint32_t id)
{
	struct call_rare *rare = call_rare_make(call);

	if (!rare) {
		tracker_memory_failed(x->t);
		return;
	}
	rare->strange_type = (uint8_t)x->m->desc->type;
	rare->strange_id = (uint16_t)id;
	rare->strange_frame = x->frame;
	rare->strange_port = id == x->c->port[0];
}

static bool ids_known(const struct call *c)
{
	return c->pns_id_known && c->pac_id_known;
}

/*
 * The PAC names a Call ID that neither side of the only call has: something between the two has changed
 * one of them, if not the PAC itself has chosen wrong.  A PNS has no reason to name its own, which is
 * the one that is changed.
 */
static void strange_id(struct taken *x, uint32_t id)
{
	struct call *call = x->c->pac == (int)x->from ? call_by_elimination(x->c, ids_known) : NULL;
	enum ctrl_type type = x->m->desc->type;

	if (!call || call_with_id(x->t, x->c, 0, id, type) || call_with_id(x->t, x->c, 1, id, type) ||
	    call_rare(call)->strange_type)
		return;
	keep_strange(x, call, id);
}

static void take_cdn(struct taken *x)
{
	unsigned pac = x->c->pac >= 0 ? (unsigned)x->c->pac : x->from;
	uint32_t id = get(x, FIELD_CALL_ID);
	struct call *call = call_by_id(x, !pac, id);

	/* Some peers put the other side's Call ID there. */
	if (!call)
		call = call_by_id(x, pac, id);
	if (!call)
		call = call_by_elimination(x->c, awaits_disconnect);
	if (!call) {
		strange_id(x, id);
		return;
	}
	touch(x, call, STEP_DISCONNECT);
	if (call->rare) {
		call->rare->end_result = (uint8_t)get(x, FIELD_RESULT);
		call->rare->end_error = (uint8_t)get(x, FIELD_ERROR);
	}
	call->cause = (uint16_t)get(x, FIELD_CAUSE);
	if (!call->ended_by)
		call->ended_by = 2;
	follow(x, call, true, false);
	tracker_call_end(x->t, call, x->time_ns);
}

/* WEN and SLI say nothing of the call's state, but GRE alone then has a connection. */
static void take_about_call(struct taken *x)
{
	struct call *call = call_by_id(x, x->from, get(x, FIELD_PEER_CALL_ID));
	uint32_t reserved = get(x, FIELD_RESERVED1);

	x->call = call;
	if (!call) {
		strange_id(x, get(x, FIELD_PEER_CALL_ID));
	} else if (x->c->pac == (int)x->from && reserved >= PORT_MIN && reserved <= UINT16_MAX &&
		   reserved != get(x, FIELD_PEER_CALL_ID) && !call_rare(call)->strange_type) {
		/*
		 * Some write the Call ID there as well.  A NAT router, which chooses a TCP port for it,
		 * rewrites one and forgets the other.
		 */
		keep_strange(x, call, reserved);
	}
	if (call)
		last_message(x, call);
}

static const uint8_t *interned_text(struct taken *x, enum field_id field)
{
	size_t width;
	const uint8_t *p = field_text(&x->t->fields, x->m, field, &width);

	return p ? tracker_intern(x->t, p, width) : NULL;
}

static void take_start(struct taken *x)
{
	struct control_connection *c = x->c;
	struct start_info *s = &c->start[x->from != c->originator];

	if (!s->frame) {
		s->frame = x->frame;
		s->version = (uint16_t)get(x, FIELD_VERSION);
		s->result = (uint8_t)get(x, FIELD_RESULT);
		s->error = (uint8_t)get(x, FIELD_ERROR);
		s->framing = get(x, FIELD_FRAMING_CAPABILITIES);
		s->bearer = get(x, FIELD_BEARER_CAPABILITIES);
		s->channels = (uint16_t)get(x, FIELD_MAXIMUM_CHANNELS);
		s->firmware = (uint16_t)get(x, FIELD_FIRMWARE);
		s->host_name = interned_text(x, FIELD_HOST_NAME);
		s->vendor_name = interned_text(x, FIELD_VENDOR);
	}
}

static void take_stop_request(struct taken *x)
{
	struct control_connection *c = x->c;

	if (c->stop_frame)
		return;
	c->stop_frame = x->frame;
	c->stop_reason = (uint8_t)get(x, FIELD_REASON);
	c->stopped_by = (int)x->from;
}

static void take_echo(struct taken *x)
{
	struct control_connection *c = x->c;

	if (x->m->desc->type == CTRL_ECHORQ) {
		c->echo_requests[x->from]++;
		c->echo_frame[x->from] = x->frame;
		c->echo_time[x->from] = x->time_ns;
	} else {
		c->echo_answered[!x->from] += c->echo_answered[!x->from] < c->echo_requests[!x->from];
		c->echo_frame[!x->from] = 0;
	}
}

static void (*const take[CTRL_TYPES])(struct taken *x) = {
	[CTRL_SCCRQ] = take_start,    [CTRL_SCCRP] = take_start,    [CTRL_STOPRQ] = take_stop_request,
	[CTRL_ECHORQ] = take_echo,    [CTRL_ECHORP] = take_echo,    [CTRL_OCRQ] = take_ocrq,
	[CTRL_OCRP] = take_ocrp,      [CTRL_ICRQ] = take_icrq,      [CTRL_ICRP] = take_icrp,
	[CTRL_ICCN] = take_iccn,      [CTRL_CCRQ] = take_ccrq,      [CTRL_CDN] = take_cdn,
	[CTRL_WEN] = take_about_call, [CTRL_SLI] = take_about_call,
};

/* --- the message -------------------------------------------------------------------------- */

static int8_t first_row(const int8_t row[FIELDS], enum field_id one, enum field_id other)
{
	return row[one] >= 0 ? row[one] : row[other];
}

void tracker_moments_init(struct tracker *t)
{
	for (unsigned type = CTRL_SCCRQ; type < CTRL_TYPES; type++) {
		const int8_t *row = t->fields.row[type];

		t->moment_rows[type] = (struct moment_rows){
			.value = row[FIELD_IDENTIFIER] >= 0 ? row[FIELD_IDENTIFIER]
							    : first_row(row, FIELD_CALL_ID, FIELD_PEER_CALL_ID),
			.result = first_row(row, FIELD_RESULT, FIELD_REASON),
			.error = row[FIELD_ERROR],
		};
	}
}

static uint32_t at_row(const struct ctrl_msg *m, int8_t row)
{
	return (unsigned)row < m->nvalues ? m->value[row] : 0;
}

static void remember(struct taken *x)
{
	const struct ctrl_msg *m = x->m;
	struct moment moment = {
		.frame = x->frame,
		.time_ns = x->time_ns,
		.kind = MOMENT_MESSAGE,
		.from = (uint8_t)x->from,
		.status = (uint8_t)m->status,
	};

	if (m->desc) {
		const struct moment_rows *row = &x->t->moment_rows[m->desc->type];

		moment.type = (uint8_t)m->desc->type;
		moment.value = at_row(m, row->value);
		moment.error = (uint8_t)at_row(m, row->error);
		moment.result = (uint8_t)at_row(m, row->result);
	}
	tracker_moment(x->t, x->c, &moment);
}

struct call *tracker_message(struct tracker *t, struct control_connection *c, unsigned from,
			     const struct ctrl_msg *m, const struct ctrl_origin *origin, struct call *matched)
{
	struct taken x = { t, c, m, from, origin->frame, origin->time_ns, matched, NULL };

	c->messages[from][m->status == CTRL_OK && m->desc ? m->desc->type : 0]++;
	if (m->status == CTRL_BAD && !c->bad_frame[from])
		c->bad_frame[from] = origin->frame;
	remember(&x);
	if (!m->desc || m->status == CTRL_CUT || m->defects & CTRL_MANAGEMENT)
		return NULL;
	learn_roles(&x);
	/* Nobody sends these but on an established connection: its start is not in the capture. */
	if (c->midstream && (c->state <= CONNECTION_WAIT_REPLY || c->state == CONNECTION_UNKNOWN) &&
	    m->desc->type >= CTRL_ECHORQ)
		connection_presume(c);
	connection_follow(c, from, m->desc->type, get(&x, FIELD_RESULT) > REPLY_SUCCESS);
	if (take[m->desc->type])
		take[m->desc->type](&x);
	return x.call;
}

/* --- before it is taken in ----------------------------------------------------------------- */

static struct call *match_id(const struct tracker *t, const struct control_connection *c, unsigned sender,
			     uint32_t call_id, enum ctrl_type type, enum call_match *how)
{
	struct call *call = call_with_id(t, c, sender, call_id, type);

	if (!call)
		return NULL;
	if (call_connection(call) == c)
		*how = MATCH_ID;
	else if (!call_connection(call) && call->state == CALL_GRE_ONLY)
		*how = MATCH_GRE;
	else if (call->over && call_connection_id(call) == c->id)
		*how = MATCH_OVER;
	else
		return NULL;
	return call;
}

struct call *tracker_match(const struct tracker *t, const struct control_connection *c, unsigned from,
			   const struct ctrl_msg *m, enum call_match *how)
{
	struct call *call, *only;
	bool cdn;
	uint32_t id;

	*how = MATCH_NONE;
	if (!m->desc || m->status == CTRL_CUT || !about[m->desc->type].field ||
	    !field_get(&t->fields, m, about[m->desc->type].field, &id))
		return NULL;
	call = match_id(t, c, about_sender(m->desc->type, from), id, m->desc->type, how);
	if (call && *how != MATCH_OVER)
		return call;
	cdn = m->desc->type == CTRL_CDN;
	if (cdn) {
		struct call *other = match_id(t, c, from, id, m->desc->type, how);

		if (other && *how == MATCH_ID) {
			*how = MATCH_OTHER_ID;
			return other;
		}
		*how = call ? MATCH_OVER : MATCH_NONE;
	}
	/* The PAC may have given an aborted call the Call ID of one that is over. */
	if (!cdn && (call || m->desc->type != CTRL_OCRP))
		return call;
	only = call_by_elimination(c, cdn ? awaits_disconnect : awaits_reply);
	if (!only)
		return call;
	*how = MATCH_ELIMINATION;
	return only;
}

struct call *tracker_holder(const struct tracker *t, const struct control_connection *c, unsigned from,
			    const struct ctrl_msg *m)
{
	struct flow *f;
	uint32_t id;

	if (!m->desc || m->status == CTRL_CUT || m->desc->type < CTRL_OCRQ || m->desc->type > CTRL_ICRP ||
	    !field_get(&t->fields, m, FIELD_CALL_ID, &id))
		return NULL;
	f = tracker_flow_find(t, c->tunnel, !from, (uint16_t)id);
	return f ? flow_call(f) : NULL;
}
