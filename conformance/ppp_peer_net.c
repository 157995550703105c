/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the link is for: CCP with MPPE (RFC 3078), IPCP (RFC 1332), and the IP packets inside. */
#include <string.h>

#include "conformance/ppp_peer_private.h"
#include "conformance/ppp_session.h"
#include "dissectors/ip.h"

#define RESET_PAUSE (250 * NET_MILLISECOND)

static bool opened(const struct ppp_peer *p, enum peer_layer layer)
{
	return p->fsm[layer].state == FSM_OPENED;
}

/*
 * Encryption first, if there is to be any.  An end that never says a word of CCP is not waited for,
 * unless encryption is demanded.
 */
static void check_open(struct ppp_peer *p)
{
	const struct peer_crypt *k = &p->crypt;
	bool settled = !k->usable || k->finished || opened(p, PEER_CCP) ||
		       (!p->config.mppe_required && !p->fsm[PEER_CCP].heard);

	if (opened(p, PEER_IPCP) && settled)
		peer_set_state(p, PPP_PEER_OPEN);
}

/* --- CCP ----------------------------------------------------------------------------------------- */

static void ccp_request(struct ppp_peer *p, struct wcursor *w)
{
	if (p->crypt.asked)
		fsm_put(w, CCP_OPT_MPPE, p->crypt.asked, 4);
}

static void ccp_begin(struct ppp_peer *p)
{
	p->crypt.peer_asked = 0;
}

/* One strength, and a new key for each packet unless the key stream may have a state. */
static uint32_t would_accept(const struct ppp_peer *p, uint32_t asked)
{
	uint32_t ours = p->crypt.allowed, common = asked & ours ? asked & ours : ours;
	uint32_t bits = common & PPP_MPPE_S ? PPP_MPPE_S : PPP_MPPE_L;

	return bits | (p->config.mppe_stateful ? asked & PPP_MPPE_H : PPP_MPPE_H);
}

static enum fsm_answer ccp_judge(struct ppp_peer *p, const struct ppp_option *o, struct wcursor *nak)
{
	uint32_t asked, want;

	if (o->number != CCP_OPT_MPPE || !fsm_value(o, 4, &asked))
		return FSM_REJECT;
	p->crypt.peer_asked = asked;
	want = would_accept(p, asked);
	if (asked == want)
		return FSM_ACCEPT;
	fsm_put(nak, CCP_OPT_MPPE, want, 4);
	return FSM_NAK;
}

static void ccp_lacks(struct ppp_peer *p, struct wcursor *nak)
{
	if (!p->crypt.peer_asked)
		fsm_put(nak, CCP_OPT_MPPE, would_accept(p, 0), 4);
}

#define NOT_AGREED "MPPE is required, but was not agreed on"

/* The other end will not encrypt what it sends. */
static void ask_nothing(struct ppp_peer *p)
{
	p->crypt.asked = 0;
	if (p->config.mppe_required)
		peer_end(p, NOT_AGREED);
}

/* The other end says what it can do; of that, the best. */
static void ccp_naked(struct ppp_peer *p, const struct ppp_option *o)
{
	struct peer_crypt *k = &p->crypt;
	uint32_t offer;

	if (o->number != CCP_OPT_MPPE || !fsm_value(o, 4, &offer))
		return;
	if (!(offer & k->allowed)) {
		ask_nothing(p);
		return;
	}
	k->asked = would_accept(p, offer);
	if (!(offer & PPP_MPPE_H))
		k->asked &= ~(uint32_t)PPP_MPPE_H;
}

static void ccp_rejected(struct ppp_peer *p, uint8_t number)
{
	if (number == CCP_OPT_MPPE)
		ask_nothing(p);
}

static bool ccp_code(struct ppp_peer *p, const struct ppp_control *c)
{
	if (c->code != PPP_RESET_REQ && c->code != PPP_RESET_ACK)
		return false;
	/* MPPE needs no Reset-Ack, but RFC 1962 does, and Linux goes by that. */
	if (c->code == PPP_RESET_REQ && opened(p, PEER_CCP)) {
		p->crypt.reset = true;
		p->crypt.send.reset_new_key = p->crypt.receive.reset_new_key;
		peer_send_code(p, PPP_CCP, PPP_RESET_ACK, c->identifier, NULL, 0);
	}
	return true;
}

static bool init_stream(struct ppp_peer *p, struct mppe_stream *s, uint32_t asked, bool send)
{
	uint8_t key[2][MPPE_KEY];
	unsigned bits = ppp_mppe_best(asked);

	if (!bits || !peer_auth_keys(p, bits, key[0], key[1]))
		return false;
	mppe_stream_init(s, key[send ? 0 : 1], bits, !(asked & PPP_MPPE_H));
	return true;
}

/* Who asks says how it wants to receive. */
static void ccp_up(struct ppp_peer *p)
{
	struct peer_crypt *k = &p->crypt;

	k->reset = k->finished = false;
	k->send_bits = init_stream(p, &k->send, k->peer_asked, true) ? k->send.bits : 0;
	k->receive_bits = init_stream(p, &k->receive, k->asked, false) ? k->receive.bits : 0;
	if (p->config.mppe_required && (!k->send_bits || !k->receive_bits))
		peer_end(p, NOT_AGREED);
	else
		check_open(p);
}

static void ccp_down(struct ppp_peer *p)
{
	p->crypt.send_bits = p->crypt.receive_bits = 0;
}

static void ccp_finished(struct ppp_peer *p)
{
	p->crypt.finished = true;
	if (p->config.mppe_required)
		peer_end(p, NOT_AGREED);
	else
		check_open(p);
}

const struct fsm_ops peer_ccp_ops = {
	.protocol = PPP_CCP,
	.request = ccp_request,
	.begin = ccp_begin,
	.judge = ccp_judge,
	.lacks = ccp_lacks,
	.naked = ccp_naked,
	.rejected = ccp_rejected,
	.code = ccp_code,
	.up = ccp_up,
	.down = ccp_down,
	.finished = ccp_finished,
};

/* --- IPCP ---------------------------------------------------------------------------------------- */

static void ipcp_request(struct ppp_peer *p, struct wcursor *w)
{
	if (p->ask_ip)
		fsm_put(w, IPCP_OPT_ADDRESS, p->status.address, 4);
}

static void ipcp_begin(struct ppp_peer *p)
{
	p->status.peer_address = p->config.peer_address;
}

/* A server gives the address; a client believes whatever the server says of its own. */
static enum fsm_answer ipcp_judge(struct ppp_peer *p, const struct ppp_option *o, struct wcursor *nak)
{
	uint32_t address;

	if (o->number != IPCP_OPT_ADDRESS || !fsm_value(o, 4, &address))
		return FSM_REJECT;
	if (p->config.server && address != p->config.peer_address) {
		fsm_put(nak, IPCP_OPT_ADDRESS, p->config.peer_address, 4);
		return FSM_NAK;
	}
	p->status.peer_address = address;
	return FSM_ACCEPT;
}

static void ipcp_lacks(struct ppp_peer *p, struct wcursor *nak)
{
	(void)p;
	(void)nak;
}

static void ipcp_naked(struct ppp_peer *p, const struct ppp_option *o)
{
	uint32_t address;

	if (o->number == IPCP_OPT_ADDRESS && fsm_value(o, 4, &address))
		p->status.address = address;
}

static void ipcp_rejected(struct ppp_peer *p, uint8_t number)
{
	if (number == IPCP_OPT_ADDRESS)
		p->ask_ip = 0;
}

static bool ipcp_code(struct ppp_peer *p, const struct ppp_control *c)
{
	(void)p;
	(void)c;
	return false;
}

static void ipcp_down(struct ppp_peer *p)
{
	if (p->auth.done)
		peer_set_state(p, PPP_PEER_AUTHENTICATED);
}

static void ipcp_finished(struct ppp_peer *p)
{
	if (!p->config.stays)
		peer_end(p, "no IP addresses were agreed on");
}

const struct fsm_ops peer_ipcp_ops = {
	.protocol = PPP_IPCP,
	.request = ipcp_request,
	.begin = ipcp_begin,
	.judge = ipcp_judge,
	.lacks = ipcp_lacks,
	.naked = ipcp_naked,
	.rejected = ipcp_rejected,
	.code = ipcp_code,
	.up = check_open,
	.down = ipcp_down,
	.finished = ipcp_finished,
};

/* --- start and stop ------------------------------------------------------------------------------ */

/* The strengths that there are keys for. */
static uint32_t strengths(const struct ppp_peer *p)
{
	uint8_t key[2][MPPE_KEY];
	uint32_t bits = 0;

	if (p->config.mppe40 && peer_auth_keys(p, 40, key[0], key[1]))
		bits |= PPP_MPPE_L;
	if (p->config.mppe128 && peer_auth_keys(p, 128, key[0], key[1]))
		bits |= PPP_MPPE_S;
	return bits;
}

void peer_net_start(struct ppp_peer *p)
{
	struct peer_crypt *k = &p->crypt;

	k->allowed = strengths(p);
	k->usable = k->allowed != 0;
	k->finished = false;
	k->asked = k->allowed | (p->config.mppe_stateful ? 0 : PPP_MPPE_H);
	p->ask_ip = OPTION_BIT(IPCP_OPT_ADDRESS);
	p->status.address = p->config.address;
	p->status.peer_address = p->config.peer_address;
	if (p->config.mppe_required && !k->usable) {
		peer_end(p, "MPPE is required, but this authentication gives no keys");
		return;
	}
	if (k->usable) {
		fsm_event(&p->fsm[PEER_CCP], FSM_OPEN);
		fsm_event(&p->fsm[PEER_CCP], FSM_UP);
	}
	fsm_event(&p->fsm[PEER_IPCP], FSM_OPEN);
	fsm_event(&p->fsm[PEER_IPCP], FSM_UP);
}

void peer_net_stop(struct ppp_peer *p)
{
	p->crypt.usable = false;
	fsm_drop(&p->fsm[PEER_CCP]);
	fsm_drop(&p->fsm[PEER_IPCP]);
}

/* --- IP ------------------------------------------------------------------------------------------ */

enum { IP_HEADER = 20, ICMP_HEADER = 8, ICMP_ECHO_REPLY = 0, ICMP_ECHO = 8, TTL = 64, PROTOCOL = 2 };

bool ppp_peer_ip(struct ppp_peer *p, const uint8_t *packet, size_t len)
{
	uint8_t text[PROTOCOL + PEER_ROOM], coded[PROTOCOL + PEER_ROOM + MPPE_HEADER];
	struct wcursor w = wcursor_on(text, sizeof(text));
	size_t n;

	if (p->status.state != PPP_PEER_OPEN || len > p->lcp.peer_mru ||
	    len > PEER_ROOM - MPPE_HEADER - PROTOCOL || (p->config.mppe_required && !p->crypt.send_bits))
		return false;
	peer_enter(p);
	if (p->crypt.send_bits) {
		wcursor_uint(&w, PPP_IP, PROTOCOL);
		wcursor_octets(&w, packet, len);
		n = mppe_encrypt(&p->crypt.send, text, len + PROTOCOL, p->crypt.reset, coded);
		p->crypt.reset = false;
		peer_send(p, PPP_COMP, coded, n);
	} else {
		peer_send(p, PPP_IP, packet, len);
	}
	peer_leave(p);
	return true;
}

static uint16_t checksum(const uint8_t *octets, size_t len)
{
	return (uint16_t)~ip_checksum_fold(ip_checksum_add(0, octets, len));
}

static void put_checksum(uint8_t *octets, size_t len, size_t at)
{
	struct wcursor w = wcursor_on(octets + at, 2);

	wcursor_uint(&w, checksum(octets, len), 2);
}

/* ICMP from this end to the other one; data: what is behind type, code and checksum. */
static void send_icmp(struct ppp_peer *p, uint8_t type, const uint8_t *data, size_t len)
{
	uint8_t packet[PEER_ROOM];
	struct wcursor w = wcursor_on(packet, sizeof(packet));

	wcursor_uint(&w, 0x4500, 2);
	wcursor_uint(&w, IP_HEADER + 4 + (uint32_t)len, 2);
	wcursor_uint(&w, ++p->packet_id, 2);
	wcursor_uint(&w, 0, 2);
	wcursor_uint(&w, TTL << 8 | IP_PROTO_ICMP, 2);
	wcursor_uint(&w, 0, 2);
	wcursor_uint(&w, p->status.address, 4);
	wcursor_uint(&w, p->status.peer_address, 4);
	wcursor_uint(&w, (uint32_t)type << 24, 4);
	wcursor_octets(&w, data, len);
	if (w.overrun)
		return;
	put_checksum(packet, IP_HEADER, 10);
	put_checksum(packet + IP_HEADER, len + 4, 2);
	ppp_peer_ip(p, packet, (size_t)(w.at - packet));
}

static uint32_t address_of(const struct ip_addr *a)
{
	struct cursor c = cursor_on(a->octet + 12, 4);

	return cursor_u32(&c);
}

/* True when it was a ping to this end, or the answer to one. */
static bool take_icmp(struct ppp_peer *p, const struct ppp_ip *ip)
{
	const struct datagram *d = &ip->d;
	struct cursor c = cursor_on(d->payload, d->caplen);
	uint8_t type = cursor_u8(&c);

	if (d->version != 4 || d->protocol != IP_PROTO_ICMP || d->fragment || d->caplen < ICMP_HEADER ||
	    d->caplen < d->len || address_of(&d->dst) != p->status.address ||
	    checksum(d->payload, d->len) != 0)
		return false;
	if (type == ICMP_ECHO)
		send_icmp(p, ICMP_ECHO_REPLY, d->payload + 4, d->len - 4);
	else if (type == ICMP_ECHO_REPLY)
		p->status.ping_replies++;
	return type == ICMP_ECHO || type == ICMP_ECHO_REPLY;
}

void peer_net_ip(struct ppp_peer *p, const struct ppp_frame *f, bool encrypted)
{
	struct ppp_ip ip;

	if (!opened(p, PEER_IPCP) || (p->config.mppe_required && !encrypted) || !ppp_ip_decode(f, &ip))
		return;
	if (!take_icmp(p, &ip) && p->events.ip && !p->freed)
		p->events.ip(p->ctx, f->payload, f->len);
}

void ppp_peer_ping(struct ppp_peer *p, size_t size)
{
	uint8_t data[PEER_ROOM];
	struct wcursor w = wcursor_on(data, sizeof(data));

	if (size > PEER_ROOM - IP_HEADER - ICMP_HEADER)
		size = PEER_ROOM - IP_HEADER - ICMP_HEADER;
	wcursor_uint(&w, p->lcp.magic & UINT16_MAX, 2);
	wcursor_uint(&w, ++p->ping_sequence, 2);
	for (size_t i = 0; i < size; i++)
		wcursor_uint(&w, i & UINT8_MAX, 1);
	send_icmp(p, ICMP_ECHO, data, (size_t)(w.at - data));
}

/* --- encrypted packets --------------------------------------------------------------------------- */

/* Not for each packet that is lost meanwhile. */
static void ask_reset(struct ppp_peer *p)
{
	struct fsm *f = &p->fsm[PEER_CCP];

	if (net_now(p->net) < p->crypt.reset_due)
		return;
	p->crypt.reset_due = net_now(p->net) + RESET_PAUSE;
	peer_send_code(p, PPP_CCP, PPP_RESET_REQ, ++f->next_identifier, NULL, 0);
}

void peer_net_coded(struct ppp_peer *p, const struct ppp_frame *f)
{
	uint8_t text[PEER_ROOM];
	struct ppp_frame inner;
	struct ppp_mppe m;
	enum mppe_result r;

	if (!p->crypt.receive_bits || f->len > PEER_ROOM || !ppp_mppe_decode(f, &m))
		return;
	r = mppe_decrypt(&p->crypt.receive, &m, text);
	if (r == MPPE_OUT_OF_STEP)
		ask_reset(p);
	if (r != MPPE_PLAIN) {
		p->status.decrypt_errors++;
		return;
	}
	ppp_decode(text, m.len, m.len, &inner);
	if (inner.protocol == PPP_IP)
		peer_net_ip(p, &inner, true);
}
