/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissectors/link.h"

#include "dissectors/cursor.h"
#include "dissectors/ppp.h"

/* EtherTypes, and one value that none can have. */
enum {
	ETH_LENGTH_MAX = 1500, /* up to here the field is the length of an LLC frame */
	ETH_8021Q = 0x8100,
	ETH_MPLS = 0x8847,
	ETH_MPLS_MULTICAST = 0x8848,
	ETH_PPPOE = 0x8864,
	ETH_8021AD = 0x88a8,
	ETH_MACSEC = 0x88e5,
	ETH_QINQ_OLD = 0x9100,
	NEXT_STOP = 0x10000, /* nothing to follow: frame.why says why */
};

/* A frame on the way down; each step consumes its header and names the next one by EtherType. */
struct frame {
	struct cursor c;
	uint32_t tail; /* octets on the wire behind the captured ones */
	uint32_t context;
	enum unseen why;
};

static uint32_t frame_stop(struct frame *f, enum unseen why)
{
	f->why = why;
	return NEXT_STOP;
}

/* Looks at n octets without consuming them; NULL marks the frame as short. */
static const uint8_t *frame_peek(struct frame *f, size_t n)
{
	if (cursor_left(&f->c) < n)
		return cursor_take(&f->c, n);
	return f->c.at;
}

/* What follows is at most `wire` octets long; the rest is padding or a trailer. */
static void frame_limit(struct frame *f, uint32_t wire)
{
	size_t here = cursor_left(&f->c);

	if (here >= wire) {
		f->c.end = f->c.at + wire;
		f->tail = 0;
	} else if (f->tail > wire - here) {
		f->tail = (uint32_t)(wire - here);
	}
}

/*
 * Two tags are told apart exactly, more by hash.  VID 0 carries a priority only: such a frame
 * belongs where an untagged one does.
 */
static uint32_t context_add(uint32_t context, uint32_t vid)
{
	if (!vid)
		return context;
	return context < 0x1000 ? context << 12 | vid : context * 0x9e3779b1U + vid;
}

static uint32_t vlan_tag(struct frame *f)
{
	const uint8_t *tag = cursor_take(&f->c, 4);

	if (!tag)
		return NEXT_STOP;
	f->context = context_add(f->context, (tag[0] & 0x0fU) << 8 | tag[1]);
	return (uint32_t)tag[2] << 8 | tag[3];
}

static uint32_t ethernet(struct frame *f)
{
	const uint8_t *h = cursor_take(&f->c, ETH_HEADER);

	return h ? be_uint(h + ETH_TYPE, 2) : NEXT_STOP;
}

static bool type_known(uint32_t type)
{
	return type == ETH_IPV4 || type == ETH_IPV6 || type == ETH_8021Q || type == ETH_8021AD ||
	       type == ETH_QINQ_OLD || type == ETH_MPLS || type == ETH_PPPOE;
}

/* The version nibble of what should be an IP packet. */
static uint32_t ip_by_version(struct frame *f, enum unseen otherwise)
{
	const uint8_t *ip = frame_peek(f, 1);

	if (!ip)
		return NEXT_STOP;
	if (ip[0] >> 4 == 4)
		return ETH_IPV4;
	return ip[0] >> 4 == 6 ? ETH_IPV6 : frame_stop(f, otherwise);
}

/*
 * Below the label stack nothing names the contents.  4 and 6 can only be IP (RFC 4928); 0 begins a
 * pseudowire's control word, or the address of an Ethernet frame without one: the EtherType decides.
 */
static uint32_t mpls_contents(struct frame *f)
{
	struct cursor ahead = f->c;
	uint8_t nibble = cursor_u8(&ahead) >> 4;
	const uint8_t *h;

	if (nibble == 4)
		return ETH_IPV4;
	if (nibble == 6)
		return ETH_IPV6;
	if (nibble == 1) /* a pseudowire's maintenance channel */
		return frame_stop(f, UNSEEN_OTHER_ETHERTYPE);
	if (nibble == 0) {
		h = frame_peek(f, 18);
		if (!h)
			return NEXT_STOP;
		if (type_known((uint32_t)h[16] << 8 | h[17]))
			cursor_take(&f->c, 4);
	}
	return ethernet(f);
}

static uint32_t mpls(struct frame *f)
{
	const uint8_t *label;

	do {
		label = cursor_take(&f->c, 4);
	} while (label && !(label[2] & 1));
	return label ? mpls_contents(f) : NEXT_STOP;
}

/* EtherType of a PPP protocol. */
static uint32_t ppp_contents(struct frame *f, uint16_t protocol)
{
	switch (protocol) {
	case PPP_IP:
		return ETH_IPV4;
	case PPP_IPV6:
		return ETH_IPV6;
	case 0x0281:
	case 0x0283:
		return ETH_MPLS;
	case 0x002d: /* headers compressed, */
	case 0x002f:
	case 0x003d: /* split over several links, */
	case 0x0053: /* encrypted or compressed: IP may be in it */
	case 0x0055:
	case 0x00fb:
	case PPP_COMP:
		return frame_stop(f, UNSEEN_LINK_TYPE);
	default:
		return frame_stop(f, UNSEEN_OTHER_ETHERTYPE);
	}
}

static uint32_t ppp(struct frame *f)
{
	uint32_t here = (uint32_t)cursor_left(&f->c);
	struct ppp_frame p;

	ppp_decode(f->c.at, here, here + f->tail, &p);
	if (p.cut)
		return frame_stop(f, UNSEEN_CUT);
	if (p.bad)
		return frame_stop(f, UNSEEN_LINK_DAMAGED);
	cursor_take(&f->c, here - p.caplen);
	return ppp_contents(f, p.protocol);
}

/* PPP as a serial line had it; routers mix it with their own framing, which has an EtherType. */
static uint32_t ppp_serial(struct frame *f)
{
	const uint8_t *h = frame_peek(f, 2);

	if (!h || (h[0] != 0x0f && h[0] != 0x8f) || h[1] != 0)
		return f->c.missing ? NEXT_STOP : ppp(f);
	h = cursor_take(&f->c, 4);
	return h ? (uint32_t)h[2] << 8 | h[3] : NEXT_STOP;
}

static uint32_t pppoe_session(struct frame *f)
{
	const uint8_t *h = cursor_take(&f->c, 6);

	if (!h)
		return NEXT_STOP;
	if (h[0] != 0x11 || h[1] != 0) /* version 1, type 1, session data */
		return frame_stop(f, UNSEEN_LINK_DAMAGED);
	frame_limit(f, (uint32_t)h[4] << 8 | h[5]);
	return ppp(f);
}

static uint32_t llc(struct frame *f)
{
	const uint8_t *h = cursor_take(&f->c, 3);

	if (!h)
		return NEXT_STOP;
	if (h[0] == 0x06 && h[1] == 0x06)
		return ip_by_version(f, UNSEEN_OTHER_ETHERTYPE);
	if (h[0] != 0xaa || h[1] != 0xaa)
		return frame_stop(f, UNSEEN_OTHER_ETHERTYPE);
	h = cursor_take(&f->c, 5);
	if (!h)
		return NEXT_STOP;
	if (h[0] || h[1] || (h[2] && h[2] != 0xf8)) /* the code is of a vendor, no EtherType */
		return frame_stop(f, UNSEEN_OTHER_ETHERTYPE);
	return (uint32_t)h[3] << 8 | h[4];
}

/* The protocol field of Linux cooked frames: an EtherType, or one of Linux' own small numbers. */
static uint32_t sll_protocol(struct frame *f, uint32_t hardware, uint32_t protocol)
{
	enum { HARDWARE_NETLINK = 824, PROTOCOL_LLC = 4 };

	if (hardware == HARDWARE_NETLINK)
		return frame_stop(f, UNSEEN_OTHER_ETHERTYPE);
	if (protocol > ETH_LENGTH_MAX)
		return protocol;
	return protocol == PROTOCOL_LLC ? llc(f) : frame_stop(f, UNSEEN_OTHER_ETHERTYPE);
}

static uint32_t sll(struct frame *f)
{
	const uint8_t *h = cursor_take(&f->c, 16);

	if (!h)
		return NEXT_STOP;
	return sll_protocol(f, (uint32_t)h[2] << 8 | h[3], (uint32_t)h[14] << 8 | h[15]);
}

static uint32_t sll2(struct frame *f)
{
	const uint8_t *h = cursor_take(&f->c, 20);

	if (!h)
		return NEXT_STOP;
	return sll_protocol(f, (uint32_t)h[8] << 8 | h[9], (uint32_t)h[0] << 8 | h[1]);
}

/* Loopback of the BSDs: an address family in the byte order and numbering of the machine it was on. */
static uint32_t loopback(struct frame *f)
{
	uint32_t family = cursor_u32(&f->c);

	if (f->c.missing)
		return NEXT_STOP;
	if (family > 0xffffff)
		family >>= 24;
	switch (family) {
	case 2:
		return ETH_IPV4;
	case 10: /* Linux */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* macOS */
		return ETH_IPV6;
	default:
		return frame_stop(f, UNSEEN_OTHER_ETHERTYPE);
	}
}

/* Frame Control of IEEE 802.11: first octet, then second. */
enum {
	WIFI_VERSION = 0x03,
	WIFI_TYPE = 0x0c,
	WIFI_DATA = 0x08,
	WIFI_NULL = 0x40, /* of a data frame: it has no data */
	WIFI_QOS = 0x80,

	WIFI_FOUR_ADDRESSES = 0x03, /* to and from the distribution system */
	WIFI_MORE_FRAGMENTS = 0x04,
	WIFI_PROTECTED = 0x40,
	WIFI_ORDER = 0x80,
};

/* Whether a frame with this Frame Control has data to look at. */
static enum unseen wifi_judge(const uint8_t *fc)
{
	if (fc[0] & WIFI_VERSION)
		return UNSEEN_LINK_DAMAGED;
	if ((fc[0] & WIFI_TYPE) != WIFI_DATA || fc[0] & WIFI_NULL)
		return UNSEEN_NOT_DATA_80211;
	return fc[1] & WIFI_PROTECTED ? UNSEEN_ENCRYPTED_80211 : UNSEEN_NONE;
}

/* Several frames in one: the first begins with addresses and its length. */
static uint32_t wifi_first_subframe(struct frame *f)
{
	const uint8_t *h = cursor_take(&f->c, 14);

	if (!h)
		return NEXT_STOP;
	frame_limit(f, (uint32_t)h[12] << 8 | h[13]);
	return llc(f);
}

static uint32_t wifi(struct frame *f, bool padded)
{
	const uint8_t *h = frame_peek(f, 2);
	enum unseen why = h ? wifi_judge(h) : UNSEEN_LINK_DAMAGED;
	size_t header, qos;

	if (why)
		return frame_stop(f, why);
	qos = (h[1] & WIFI_FOUR_ADDRESSES) == WIFI_FOUR_ADDRESSES ? 30 : 24;
	header = qos;
	if (h[0] & WIFI_QOS)
		header += h[1] & WIFI_ORDER ? 6 : 2; /* QoS Control, then HT Control */
	if (padded)
		header = (header + 3) & ~(size_t)3;
	h = cursor_take(&f->c, header);
	if (!h)
		return NEXT_STOP;
	if (h[1] & WIFI_MORE_FRAGMENTS || h[22] & 0x0f)
		return frame_stop(f, UNSEEN_FRAGMENT_LOST);
	return h[0] & WIFI_QOS && h[qos] & 0x80 ? wifi_first_subframe(f) : llc(f);
}

/* The Flags field of a radiotap header, 0 when it has none. */
static unsigned radiotap_flags(const uint8_t *header, size_t len)
{
	enum { PRESENT_TSFT = 1, PRESENT_FLAGS = 2 };
	struct cursor c = cursor_on(header, len);
	uint32_t present, more;

	cursor_take(&c, 4);
	present = more = cursor_u32le(&c);
	while (more & 0x80000000)
		more = cursor_u32le(&c);
	if (!(present & PRESENT_FLAGS))
		return 0;
	if (present & PRESENT_TSFT) { /* eight octets, aligned to eight */
		size_t at = len - cursor_left(&c);

		cursor_take(&c, ((at + 7) & ~(size_t)7) + 8 - at);
	}
	return cursor_u8(&c);
}

static uint32_t radiotap(struct frame *f)
{
	enum { FCS_AT_END = 0x10, DATA_PADDED = 0x20, FCS_BAD = 0x40, FCS_SIZE = 4 };
	const uint8_t *h = frame_peek(f, 4);
	unsigned flags;
	size_t len, wire;

	if (!h)
		return NEXT_STOP;
	len = (size_t)h[3] << 8 | h[2];
	if (h[0] != 0 || len < 8)
		return frame_stop(f, UNSEEN_LINK_DAMAGED);
	h = cursor_take(&f->c, len);
	if (!h)
		return NEXT_STOP;
	flags = radiotap_flags(h, len);
	if (flags & FCS_BAD)
		return frame_stop(f, UNSEEN_LINK_DAMAGED);
	wire = cursor_left(&f->c) + f->tail;
	if (flags & FCS_AT_END)
		frame_limit(f, wire > FCS_SIZE ? (uint32_t)(wire - FCS_SIZE) : 0);
	return wifi(f, flags & DATA_PADDED);
}

/* The first header of a frame; Ethernet is link_walk's own. */
static uint32_t first_type(struct frame *f, uint32_t link_type)
{
	switch (link_type) {
	case LINK_NULL:
	case LINK_LOOP:
		return loopback(f);
	case LINK_PPP:
	case LINK_PPP_HDLC:
		return ppp_serial(f);
	case LINK_PPPOE:
		return pppoe_session(f);
	case LINK_RAW:
		return ip_by_version(f, UNSEEN_LINK_DAMAGED);
	case LINK_IPV4:
		return ETH_IPV4;
	case LINK_IPV6:
		return ETH_IPV6;
	case LINK_80211:
		return wifi(f, false);
	case LINK_80211_RADIOTAP:
		return radiotap(f);
	case LINK_LINUX_SLL:
		return sll(f);
	case LINK_LINUX_SLL2:
		return sll2(f);
	default:
		return frame_stop(f, UNSEEN_LINK_TYPE);
	}
}

/* Consumes the header that an EtherType announced.  Each takes octets, so the walk ends. */
static uint32_t next_type(struct frame *f, uint32_t type)
{
	switch (type) {
	case ETH_8021Q:
	case ETH_8021AD:
	case ETH_QINQ_OLD:
		return vlan_tag(f);
	case ETH_MPLS:
	case ETH_MPLS_MULTICAST:
		return mpls(f);
	case ETH_PPPOE:
		return pppoe_session(f);
	case ETH_MACSEC: /* IP may be in it, encrypted */
		return frame_stop(f, UNSEEN_LINK_TYPE);
	default:
		return type <= ETH_LENGTH_MAX ? llc(f) : frame_stop(f, UNSEEN_OTHER_ETHERTYPE);
	}
}

/* Why the walk stopped: a header was not whole, in the capture or on the wire, or something else. */
static enum unseen frame_why(const struct frame *f)
{
	if (f->c.missing)
		return f->c.missing <= f->tail ? UNSEEN_CUT : UNSEEN_LINK_DAMAGED;
	return f->why;
}

enum unseen link_walk(const struct packet *p, struct link_payload *out)
{
	struct frame f = {
		.c = cursor_on(p->octets, p->caplen),
		.tail = p->len > p->caplen ? p->len - p->caplen : 0,
	};
	uint32_t type = p->link_type == LINK_ETHERNET ? ethernet(&f) : first_type(&f, p->link_type);

	while (type != ETH_IPV4 && type != ETH_IPV6) {
		if (type == NEXT_STOP)
			return frame_why(&f);
		type = next_type(&f, type);
	}
	out->context = f.context;
	out->octets = f.c.at;
	out->caplen = (uint32_t)cursor_left(&f.c);
	out->len = out->caplen + f.tail;
	return UNSEEN_NONE;
}

/* LINKTYPE_ values and their DLT_ names. */
static const struct {
	uint32_t type;
	const char *name;
} link_names[] = {
	{ 0, "NULL" },
	{ 1, "EN10MB" },
	{ 3, "AX25" },
	{ 6, "IEEE802" },
	{ 7, "ARCNET" },
	{ 8, "SLIP" },
	{ 9, "PPP" },
	{ 10, "FDDI" },
	{ 50, "PPP_SERIAL" },
	{ 51, "PPP_ETHER" },
	{ 100, "ATM_RFC1483" },
	{ 101, "RAW" },
	{ 104, "C_HDLC" },
	{ 105, "IEEE802_11" },
	{ 107, "FRELAY" },
	{ 108, "LOOP" },
	{ 109, "ENC" },
	{ 113, "LINUX_SLL" },
	{ 114, "LTALK" },
	{ 117, "PFLOG" },
	{ 119, "PRISM_HEADER" },
	{ 122, "IP_OVER_FC" },
	{ 123, "SUNATM" },
	{ 127, "IEEE802_11_RADIO" },
	{ 129, "ARCNET_LINUX" },
	{ 138, "APPLE_IP_OVER_IEEE1394" },
	{ 139, "MTP2_WITH_PHDR" },
	{ 140, "MTP2" },
	{ 141, "MTP3" },
	{ 143, "DOCSIS" },
	{ 144, "LINUX_IRDA" },
	{ 163, "IEEE802_11_RADIO_AVS" },
	{ 166, "PPP_PPPD" },
	{ 169, "GPRS_LLC" },
	{ 177, "LINUX_LAPD" },
	{ 187, "BLUETOOTH_HCI_H4" },
	{ 189, "USB_LINUX" },
	{ 192, "PPI" },
	{ 195, "IEEE802_15_4" },
	{ 197, "ERF" },
	{ 201, "BLUETOOTH_HCI_H4_WITH_PHDR" },
	{ 203, "LAPD" },
	{ 204, "PPP_WITH_DIR" },
	{ 205, "C_HDLC_WITH_DIR" },
	{ 206, "FRELAY_WITH_DIR" },
	{ 220, "USB_LINUX_MMAPPED" },
	{ 226, "IPNET" },
	{ 227, "CAN_SOCKETCAN" },
	{ 228, "IPV4" },
	{ 229, "IPV6" },
	{ 239, "NFLOG" },
	{ 240, "NETANALYZER" },
	{ 247, "INFINIBAND" },
	{ 249, "USBPCAP" },
	{ 253, "NETLINK" },
	{ 258, "PKTAP" },
	{ 271, "VSOCK" },
	{ 272, "NORDIC_BLE" },
	{ 276, "LINUX_SLL2" },
};

const char *link_type_name(uint32_t link_type)
{
	for (size_t i = 0; i < sizeof(link_names) / sizeof(link_names[0]); i++)
		if (link_names[i].type == link_type)
			return link_names[i].name;
	return NULL;
}
