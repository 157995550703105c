/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about one control message: what is right passes, and what is wrong gets the id of its field. */
#include <CUnit/CUnit.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "conformance/judge.h"

enum { PAC, PNS }; /* host indices */
enum { KEPT = 16 };

static struct judge *j;
static struct tunnel tunnel;
static struct control_connection cc;
static uint64_t frame, position[HOSTS];
static int64_t now;
static bool followed;

static struct finding found[KEPT];
static size_t nfound;

/* Ids of messages that are judged elsewhere, by what went before. */
static const char *const others[] = {
	"MSG-COOKIE-02",    "MSG-SYNC-01",     "MSG-INVALID-01",  "MSG-INVALID-02",  "MSG-RESTART-01",
	"SCCRQ-MAXCH-03",   "SCCRQ-FWREV-01",  "SCCRP-RESULT-02", "SCCRP-RESULT-04", "SCCRP-FWREV-01",
	"STOPRQ-REASON-02", "STOPRQ-CLEAR-01", "ECHORQ-IDENT-01", "ECHORP-IDENT-01", "ECHORP-REPLY-01",
	"ECHORP-UNSOL-01",  "OCRQ-CALLID-01",  "OCRQ-SERIAL-01",  "OCRQ-BEARER-02",  "OCRQ-FRAMING-02",
	"OCRP-CALLID-01",   "OCRP-PEER-01",    "OCRP-SPEED-01",   "OCRP-ONE-01",
	"ICRQ-CALLID-01",   "ICRQ-SERIAL-01",  "ICRP-CALLID-01",  "ICRP-PEER-01",    "ICRP-ONE-01",
	"ICCN-PEER-01",     "ICCN-FRAMING-02", "CCRQ-CALLID-01",  "CCRQ-RESP-01",    "CCRQ-ONE-01",
	"CDN-CALLID-01",    "CDN-RESULT-02",   "CDN-RESULT-03",   "CDN-WHENEVER-01", "CDN-ONE-01",
	"WEN-PEER-01",      "WEN-RATE-01",     "WEN-ERRONLY-01",  "WEN-CUMUL-01",    "WEN-RESET-01",
	"WEN-STATE-01",     "SLI-PEER-01",     "SLI-STATE-01",    "ERR-NOTCONN-01",  "ERR-BADFMT-01",
	"ERR-BADVAL-01",    "ERR-NORES-01",    "ERR-PACERR-01",
};

/* What is judged of one message by itself. */
static const bool *by_itself(void)
{
	static bool selected[RULES];

	for (unsigned i = 0; i < RULES; i++)
		selected[i] =
			(rules[i].area >= AREA_MSG && rules[i].area <= AREA_ERR) || rules[i].area == AREA_ATO;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		selected[rule_by_id(others[i]) - rules] = false;
	return selected;
}

static void begin_with(enum rule_profile profile, const bool *selected)
{
	const struct judge_options o = { .profile = profile, .selected = selected, .max_findings = 1000 };

	j = judge_new(&o);
	CU_ASSERT_PTR_NOT_NULL_FATAL(j);
	tunnel = (struct tunnel){ .id = 1, .pac = -1 };
	cc = (struct control_connection){
		.id = 1, .tunnel = &tunnel, .originator = PNS, .pac = -1, .seen = { true, true }
	};
	frame = 0;
	now = 0;
	position[PAC] = position[PNS] = 0;
	followed = false;
}

static void begin(void)
{
	begin_with(PROFILE_RFC2637, by_itself());
}

static void keep(void *ctx, const struct finding *f)
{
	(void)ctx;
	if (nfound < KEPT)
		found[nfound++] = *f;
}

/* Ends the judge; the findings are then in found[]. */
static void end(void)
{
	struct event e = {
		.kind = EVENT_CLOSE, .tunnel = &tunnel, .connection = &cc, .frame = frame, .time_ns = now
	};

	nfound = 0;
	judge_event(j, &e);
	CU_ASSERT_TRUE(judge_walk(j, keep, NULL));
	judge_forget_connection(j, &cc);
	judge_free(j);
}

/* Ends the judge, which found exactly this (NULL: nothing). */
static void end_with(const char *id, const char *what)
{
	end();
	if (nfound == (id != NULL) && (!id || strcmp(found[0].id, id) == 0))
		return;
	for (size_t i = 0; i < nfound; i++)
		printf("\n    %s: %s: %s", what, found[i].id, found[i].message);
	printf("\n    %s: wanted %s\n", what, id ? id : "nothing");
	CU_FAIL("other findings than expected");
}

/* The octets are told as one message of its own segment. */
static void tell(unsigned from, const uint8_t *octets, size_t len, bool cut)
{
	uint64_t frames[1] = { ++frame };
	struct ctrl_origin origin = { .frames = frames,
				      .nframes = 1,
				      .frame = frame,
				      .time_ns = now += 1000000,
				      .position = position[from],
				      .followed = followed };
	struct ctrl_msg m;
	struct event e = { .kind = EVENT_MESSAGE,
			   .frame = frame,
			   .time_ns = now,
			   .from = from,
			   .tunnel = &tunnel,
			   .connection = &cc,
			   .msg = &m,
			   .origin = &origin };

	ctrl_decode(octets, len, cut, &m);
	judge_event(j, &e);
	judge_applied(j, &e, NULL);
	cc.messages[from][m.desc ? m.desc->type : 0]++;
	position[from] += len;
}

static void tell_kind(enum event_kind kind, unsigned from)
{
	struct event e = { .kind = kind,
			   .frame = ++frame,
			   .time_ns = now,
			   .from = from,
			   .tunnel = &tunnel,
			   .connection = &cc };

	judge_event(j, &e);
}

/* Values that each message of a correct peer has. */
static const struct {
	const char *field;
	uint32_t value;
} usual[] = {
	{ "protocol_version", 0x100 },
	{ "result_code", 1 },
	{ "framing_capabilities", 3 },
	{ "bearer_capabilities", 3 },
	{ "reason", 1 },
	{ "minimum_bps", 300 },
	{ "maximum_bps", 100000000 },
	{ "bearer_type", 3 },
	{ "framing_type", 1 },
	{ "call_bearer_type", 1 },
	{ "connect_speed", 64000 },
	{ "packet_recv_window_size", 64 },
	{ "host_name", 0 },
	{ "vendor_name", 0 },
};

static size_t make(enum ctrl_type type, uint8_t octets[CTRL_MAX])
{
	static const uint8_t text[128] = "name.example";
	const struct ctrl_desc *d = ctrl_desc_of(type);
	const uint8_t *texts[CTRL_FIELDS_MAX] = { NULL };
	uint32_t value[CTRL_FIELDS_MAX];

	ctrl_defaults(d, value);
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		int row = ctrl_field_index(d, usual[i].field);

		if (row >= 0 && d->fields[row].kind == F_TEXT)
			texts[row] = text;
		else if (row >= 0)
			value[row] = usual[i].value;
	}
	return ctrl_encode(d, value, texts, octets, CTRL_MAX);
}

/* Lays a value over a field. */
static void put(enum ctrl_type type, uint8_t *octets, const char *field, uint32_t value)
{
	const struct ctrl_desc *d = ctrl_desc_of(type);
	int row = ctrl_field_index(d, field);

	CU_ASSERT_TRUE_FATAL(row >= 0 && d->fields[row].width <= 4);
	for (unsigned i = d->fields[row].width; i-- > 0; value >>= 8)
		octets[d->fields[row].offset + i] = (uint8_t)value;
}

static void put_text(enum ctrl_type type, uint8_t *octets, const char *field, const char *text, size_t len)
{
	const struct ctrl_desc *d = ctrl_desc_of(type);
	int row = ctrl_field_index(d, field);

	CU_ASSERT_TRUE_FATAL(row >= 0 && len <= d->fields[row].width);
	memset(octets + d->fields[row].offset, 0, d->fields[row].width);
	memcpy(octets + d->fields[row].offset, text, len);
}

static unsigned sender_of(enum ctrl_type type)
{
	switch (type) {
	case CTRL_SCCRP:
	case CTRL_STOPRP:
	case CTRL_ECHORP:
	case CTRL_OCRP:
	case CTRL_ICRQ:
	case CTRL_ICCN:
	case CTRL_CDN:
	case CTRL_WEN:
		return PAC;
	default:
		return PNS;
	}
}

/* Sends a message with the named numbers: name, value, ..., NULL. */
static void send_message(unsigned from, enum ctrl_type type, ...)
{
	uint8_t octets[CTRL_MAX];
	size_t len = make(type, octets);
	const char *name;
	va_list ap;

	va_start(ap, type);
	while ((name = va_arg(ap, const char *)))
		put(type, octets, name, va_arg(ap, unsigned));
	va_end(ap);
	tell(from, octets, len, false);
}

/* --- the tests ------------------------------------------------------------------------------- */

static void test_right(void)
{
	for (unsigned type = CTRL_SCCRQ; type < CTRL_TYPES; type++) {
		begin();
		send_message(sender_of(type), type, NULL);
		end_with(NULL, ctrl_desc_of(type)->name);
	}
}

/* Nothing is found wrong with a message because the capture lacks its end. */
static void test_cut(void)
{
	uint8_t octets[CTRL_MAX];

	for (unsigned type = CTRL_SCCRQ; type < CTRL_TYPES; type++) {
		size_t len = make(type, octets);

		for (size_t n = 0; n < len; n++) {
			begin();
			tell(sender_of(type), octets, n, true);
			end_with(NULL, ctrl_desc_of(type)->name);
		}
	}
}

/* ... but what is there is judged. */
static void test_cut_behind_fault(void)
{
	uint8_t octets[CTRL_MAX];

	make(CTRL_OCRQ, octets);
	put(CTRL_OCRQ, octets, "bearer_type", 7);
	begin();
	tell(PNS, octets, 28, true);
	end_with("OCRQ-BEARER-01", "cut behind the field");
	begin();
	tell(PNS, octets, 27, true);
	end_with(NULL, "cut within the field");
}

static void mutate(enum ctrl_type type, const struct field *f, unsigned octet, const char *id)
{
	uint8_t octets[CTRL_MAX];
	size_t len = make(type, octets);

	begin();
	octets[f->offset + octet] ^= 0x40;
	tell(sender_of(type), octets, len, false);
	end_with(id, f->name);
}

/* Every octet of every field whose kind decides it. */
static void test_kinds(void)
{
	for (unsigned type = CTRL_SCCRQ; type < CTRL_TYPES; type++)
		for (const struct field *f = ctrl_desc_of(type)->fields; f->name; f++)
			for (unsigned i = 0; f->requirement && i < f->width; i++)
				if (strcmp(f->name, "error_code") != 0)
					mutate(type, f, i, f->requirement);
}

static void test_lengths(void)
{
	static const int off[] = { -1, 1, 64, 256 };
	char id[32];

	for (unsigned type = CTRL_SCCRQ; type < CTRL_TYPES; type++)
		for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
			int length = ctrl_desc_of(type)->length + off[i];

			snprintf(id, sizeof(id), "%s-LEN-01", ctrl_desc_of(type)->abbrev);
			begin();
			send_message(sender_of(type), type, "length", length, NULL);
			end_with(length < CTRL_MIN ? "MSG-HDR-01" : id, ctrl_desc_of(type)->name);
		}
}

/* One number that is wrong, and its id. */
static void test_numbers(void)
{
	static const struct {
		enum ctrl_type type;
		const char *field;
		uint32_t value;
		const char *field2;
		uint32_t value2;
		const char *id;
	} c[] = {
		{ CTRL_SCCRQ, "protocol_version", 0x101, NULL, 0, "SCCRQ-VER-01" },
		{ CTRL_SCCRQ, "framing_capabilities", 0, NULL, 0, "SCCRQ-FRAMCAP-02" },
		{ CTRL_SCCRP, "framing_capabilities", 0, NULL, 0, "SCCRP-FRAMCAP-02" },
		{ CTRL_SCCRP, "framing_capabilities", 0, "result_code", 4, NULL },
		{ CTRL_SCCRP, "protocol_version", 1, NULL, 0, "MSG-VERSION-01" },
		{ CTRL_SCCRP, "protocol_version", 0, "result_code", 5, NULL },
		{ CTRL_SCCRP, "error_code", 1, NULL, 0, "SCCRP-ERR-01" },
		{ CTRL_SCCRP, "error_code", 9, NULL, 0, "SCCRP-ERR-01" },
		{ CTRL_SCCRP, "error_code", 0, "result_code", 2, "SCCRP-ERR-02" },
		{ CTRL_SCCRP, "error_code", 7, "result_code", 2, "SCCRP-ERR-02" },
		{ CTRL_SCCRP, "error_code", 6, "result_code", 2, NULL },
		{ CTRL_STOPRQ, "reason", 0, NULL, 0, "STOPRQ-REASON-01" },
		{ CTRL_STOPRP, "error_code", 3, NULL, 0, "STOPRP-ERR-01" },
		{ CTRL_STOPRP, "error_code", 255, "result_code", 2, "STOPRP-ERR-02" },
		{ CTRL_STOPRP, "error_code", 3, "result_code", 9, "STOPRP-RESULT-01" },
		{ CTRL_ECHORP, "error_code", 3, NULL, 0, "ECHORP-ERR-01" },
		{ CTRL_ECHORP, "error_code", 0, "result_code", 2, "ECHORP-ERR-02" },
		{ CTRL_OCRQ, "minimum_bps", 100000001, NULL, 0, "OCRQ-BPS-01" },
		{ CTRL_OCRQ, "minimum_bps", 0, "maximum_bps", 0, "OCRQ-BPS-02" },
		{ CTRL_OCRQ, "packet_recv_window_size", 0, NULL, 0, "OCRQ-WINDOW-01" },
		{ CTRL_OCRQ, "packet_processing_delay", 10, NULL, 0, NULL },
		{ CTRL_OCRQ, "packet_processing_delay", 11, NULL, 0, "OCRQ-PPD-01" },
		{ CTRL_OCRQ, "packet_processing_delay", 600, NULL, 0, "OCRQ-PPD-01" },
		{ CTRL_OCRQ, "packet_processing_delay", 601, NULL, 0, "ATO-PPD-01" },
		{ CTRL_OCRQ, "phone_number_length", 65, NULL, 0, "OCRQ-PHONELEN-01" },
		{ CTRL_OCRQ, "phone_number_length", 64, NULL, 0, "OCRQ-PHONELEN-02" },
		{ CTRL_OCRP, "error_code", 3, NULL, 0, "OCRP-ERR-01" },
		{ CTRL_OCRP, "error_code", 3, "result_code", 7, "OCRP-ERR-01" },
		{ CTRL_OCRP, "error_code", 0, "result_code", 2, "OCRP-ERR-02" },
		{ CTRL_OCRP, "cause_code", 16, NULL, 0, "OCRP-CAUSE-01" },
		{ CTRL_OCRP, "cause_code", 127, "result_code", 4, NULL },
		{ CTRL_OCRP, "cause_code", 128, "result_code", 4, "OCRP-CAUSE-02" },
		{ CTRL_OCRP, "connect_speed", 0, NULL, 0, "OCRP-SPEED-02" },
		{ CTRL_OCRP, "connect_speed", 0, "result_code", 3, NULL },
		{ CTRL_OCRP, "packet_recv_window_size", 0, NULL, 0, "OCRP-WINDOW-01" },
		{ CTRL_OCRP, "packet_recv_window_size", 0, "result_code", 7, NULL },
		{ CTRL_OCRP, "packet_processing_delay", 601, NULL, 0, "OCRP-PPD-01" },
		/* 64 packets of 1464 octets at 64000 bit/s: 117.12 tenths of a second. */
		{ CTRL_OCRP, "packet_processing_delay", 12, NULL, 0, NULL },
		{ CTRL_OCRP, "packet_processing_delay", 11, NULL, 0, "ATO-PPD-02" },
		{ CTRL_ICRQ, "dialed_number_length", 65, NULL, 0, "ICRQ-DIALEDLEN-01" },
		{ CTRL_ICRQ, "dialing_number_length", 1, NULL, 0, "ICRQ-DIALINGLEN-02" },
		{ CTRL_ICRP, "error_code", 3, "result_code", 3, "ICRP-ERR-01" },
		{ CTRL_ICRP, "error_code", 0, "result_code", 2, "ICRP-ERR-02" },
		{ CTRL_ICRP, "packet_recv_window_size", 0, NULL, 0, "ICRP-WINDOW-01" },
		{ CTRL_ICRP, "packet_transmit_delay", 11, NULL, 0, "ICRP-DELAY-01" },
		{ CTRL_ICRP, "packet_transmit_delay", 11, "result_code", 3, NULL },
		{ CTRL_ICRP, "packet_transmit_delay", 601, NULL, 0, "ATO-PPD-01" },
		{ CTRL_ICCN, "connect_speed", 0, NULL, 0, "ICCN-SPEED-01" },
		{ CTRL_ICCN, "packet_recv_window_size", 0, NULL, 0, "ICCN-WINDOW-01" },
		{ CTRL_ICCN, "packet_transmit_delay", 601, NULL, 0, "ICCN-DELAY-01" },
		{ CTRL_CDN, "cause_code", 128, NULL, 0, "CDN-CAUSE-01" },
		{ CTRL_CDN, "result_code", 0, NULL, 0, "CDN-RESULT-01" },
		{ CTRL_CDN, "error_code", 1, NULL, 0, "CDN-ERR-01" },
		{ CTRL_CDN, "error_code", 0, "result_code", 2, "CDN-ERR-02" },
	};

	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		begin();
		send_message(sender_of(c[i].type), c[i].type, c[i].field, c[i].value, c[i].field2,
			     c[i].value2, NULL);
		end_with(c[i].id, c[i].field);
	}
}

static void test_texts(void)
{
	static const struct {
		enum ctrl_type type;
		const char *field, *text;
		size_t len;
		const char *length; /* field that gets the position of the first zero */
		const char *id;
	} c[] = {
		{ CTRL_SCCRQ, "host_name", "", 0, NULL, "SCCRQ-HOST-02" },
		{ CTRL_SCCRQ, "host_name", "a b", 3, NULL, "SCCRQ-HOST-02" },
		{ CTRL_SCCRQ, "host_name", "a-b_c.d9", 8, NULL, NULL },
		{ CTRL_SCCRQ, "host_name", "a\0b", 3, NULL, "SCCRQ-HOST-01" },
		{ CTRL_SCCRQ, "vendor_name", "", 0, NULL, "SCCRQ-VENDOR-02" },
		{ CTRL_SCCRQ, "vendor_name", "a\033[2J", 5, NULL, "SCCRQ-VENDOR-02" },
		{ CTRL_SCCRP, "vendor_name", "a\0\0b", 4, NULL, "SCCRP-VENDOR-01" },
		{ CTRL_OCRQ, "phone_number", "+1 (2)", 6, "phone_number_length", NULL },
		{ CTRL_OCRQ, "phone_number", "1\t2", 3, "phone_number_length", "OCRQ-PHONEASCII-01" },
		{ CTRL_OCRQ, "phone_number", "12\0\3773", 5, "phone_number_length", "OCRQ-PHONEPAD-01" },
		{ CTRL_OCRQ, "phone_number", "12", 2, NULL, "OCRQ-PHONELEN-02" },
		{ CTRL_OCRQ, "subaddress", "\377\376", 2, NULL, NULL },
		{ CTRL_OCRQ, "subaddress", "\0a", 2, NULL, "OCRQ-SUBADDR-01" },
		{ CTRL_ICRQ, "dialed_number", "12\177", 3, "dialed_number_length", "ICRQ-DIALEDASCII-01" },
		{ CTRL_ICRQ, "dialed_number", "12\0003", 4, "dialed_number_length", "ICRQ-DIALEDPAD-01" },
		{ CTRL_ICRQ, "dialing_number", "\200", 1, "dialing_number_length", "ICRQ-DIALINGASCII-01" },
		{ CTRL_ICRQ, "dialing_number", "12\0003", 4, "dialing_number_length", "ICRQ-DIALINGPAD-01" },
		{ CTRL_ICRQ, "subaddress", "a\0b", 3, NULL, "ICRQ-SUBADDR-01" },
		{ CTRL_CDN, "call_statistics", "a\tb\r\n", 5, NULL, NULL },
		{ CTRL_CDN, "call_statistics", "a\b", 2, NULL, "CDN-STATS-01" },
		{ CTRL_CDN, "call_statistics", "a\0b", 3, NULL, "CDN-STATS-02" },
	};
	uint8_t octets[CTRL_MAX];

	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		size_t len = make(c[i].type, octets);

		put_text(c[i].type, octets, c[i].field, c[i].text, c[i].len);
		if (c[i].length)
			put(c[i].type, octets, c[i].length, (uint32_t)strlen(c[i].text));
		begin();
		tell(sender_of(c[i].type), octets, len, false);
		end_with(c[i].id, c[i].field);
		for (size_t k = 0; k < nfound; k++)
			CU_ASSERT_PTR_NULL(strchr(found[k].message, '\033'));
	}
}

/* A wrong header makes everything else of the message moot. */
static void test_header(void)
{
	begin();
	send_message(PNS, CTRL_OCRQ, "magic_cookie", 0x1a2b3c4c, "length", 5, "reserved0", 1, NULL);
	end_with("MSG-COOKIE-01", "cookie before all");
	begin();
	send_message(PNS, CTRL_OCRQ, "pptp_message_type", 3, "control_message_type", 99, "reserved0", 1,
		     NULL);
	end_with("MSG-TYPE-01", "type before control type");
	begin();
	send_message(PNS, CTRL_OCRQ, "pptp_message_type", 2, NULL);
	end_with("MSG-TYPE-01", "management message");
	begin();
	send_message(PNS, CTRL_OCRQ, "control_message_type", 0, NULL);
	end_with("MSG-CMT-01", "type 0");
	begin();
	send_message(PNS, CTRL_OCRQ, "length", 172, "bearer_type", 9, NULL);
	end_with("OCRQ-LEN-01", "length before fields");
}

static void test_order(void)
{
	begin();
	send_message(PNS, CTRL_SCCRQ, "magic_cookie", 0x4d3c2b1a, "length", 0x9c00, NULL);
	end_with("MSG-ORDER-01", "cookie");
	begin();
	send_message(PNS, CTRL_SCCRQ, "pptp_message_type", 0x100, NULL);
	end_with("MSG-ORDER-01", "message type");
	begin();
	send_message(PNS, CTRL_SCCRQ, "length", 0x9c00, NULL);
	end_with("MSG-ORDER-01", "length");
	begin();
	send_message(PNS, CTRL_ECHORQ, NULL);
	send_message(PNS, CTRL_ECHORQ, "length", 0x1000, NULL);
	end_with("ECHORQ-LEN-01", "not the first message");
}

static void test_length_and_content(void)
{
	begin();
	followed = true;
	send_message(PNS, CTRL_ECHORQ, "length", 20, NULL);
	end_with("MSG-LEN-02", "the next header follows after 16 octets");
}

/* Octets behind a message: of its segment they are its fault, of another one they are a message. */
static void test_garbage(void)
{
	static const uint8_t garbage[12] = "garbage here";
	uint8_t octets[CTRL_MAX];
	size_t len;

	begin();
	send_message(PNS, CTRL_ECHORQ, NULL);
	tell(PNS, garbage, sizeof(garbage), false);
	end_with("MSG-COOKIE-01", "segment of its own");
	begin();
	send_message(PNS, CTRL_ECHORQ, NULL);
	frame--;
	tell(PNS, garbage, sizeof(garbage), false);
	end_with("MSG-LEN-02", "same segment");
	CU_ASSERT_EQUAL(found[0].certainty, SUSPECTED);
	begin();
	send_message(PNS, CTRL_ECHORQ, NULL);
	frame--;
	len = make(CTRL_ECHORQ, octets);
	put(CTRL_ECHORQ, octets, "magic_cookie", 0);
	tell(PNS, octets, len, false);
	end_with("MSG-COOKIE-01", "same segment, else a message");
	begin();
	send_message(PNS, CTRL_ECHORQ, "length", 30, NULL);
	frame--;
	tell(PNS, garbage, sizeof(garbage), false);
	end_with("ECHORQ-LEN-01", "what follows a wrong Length is no fault of its own");
}

static void test_unfinished(void)
{
	uint8_t octets[CTRL_MAX];

	make(CTRL_OCRQ, octets);
	begin();
	tell(PNS, octets, 7, false);
	end_with(NULL, "no FIN");
	begin();
	tell_kind(EVENT_FIN, PAC);
	tell(PNS, octets, 7, false);
	end_with(NULL, "FIN of the other side");
	begin();
	tell_kind(EVENT_FIN, PNS);
	tell(PNS, octets, 7, false);
	end_with("MSG-HDR-01", "FIN within the header");
	begin();
	tell_kind(EVENT_FIN, PNS);
	tell(PNS, octets, 100, false);
	end_with("MSG-LEN-02", "FIN within the message");
}

/* A message whose type the capture lacks. */
static void test_beginning(void)
{
	static const uint8_t none[9] = { 1, 44, 0, 1, 0x1a, 0x2b, 0x3c, 0x4d, 0 };
	static const uint8_t short_one[9] = { 0, 8, 0, 1, 0x1a, 0x2b, 0x3c, 0x4d, 0 };

	begin();
	tell(PNS, none, sizeof(none), true);
	end_with("MSG-LEN-01", "a Length that no message has");
	begin();
	tell(PNS, short_one, sizeof(short_one), true);
	end_with("MSG-HDR-01", "a Length less than any");
	begin();
	tell(PNS, none, 7, true);
	end_with(NULL, "without a cookie");
}

static void roles(enum ctrl_type by, int pac)
{
	cc.pac = pac;
	cc.role_by = by;
	cc.role_frame = frame;
}

static void test_direction(void)
{
	char id[32];

	for (unsigned type = CTRL_OCRQ; type < CTRL_TYPES; type++) {
		begin();
		roles(CTRL_OCRQ, PAC);
		send_message(sender_of(type), type, NULL);
		end_with(NULL, "right side");
		snprintf(id, sizeof(id), "%s-DIR-01", ctrl_desc_of(type)->abbrev);
		begin();
		send_message(PAC, CTRL_ECHORQ, NULL);
		roles(CTRL_OCRQ, PAC);
		send_message(!sender_of(type), type, NULL);
		end_with(id, "wrong side");
		CU_ASSERT_EQUAL(found[0].nevidence, 2);
		CU_ASSERT_EQUAL(found[0].frame, 2);
		CU_ASSERT_EQUAL(found[0].certainty, CERTAIN);
		CU_ASSERT_EQUAL(found[0].role, sender_of(type) == PAC ? ROLE_PNS : ROLE_PAC);
	}
}

static void test_direction_once(void)
{
	begin();
	roles(CTRL_OCRQ, PAC);
	send_message(PAC, CTRL_OCRQ, NULL);
	send_message(PNS, CTRL_OCRP, NULL);
	send_message(PAC, CTRL_CCRQ, NULL);
	end_with("OCRQ-DIR-01", "a box that is both");
	begin();
	cc.midstream = true;
	roles(CTRL_OCRQ, PAC);
	send_message(PAC, CTRL_OCRQ, NULL);
	end_with(NULL, "withheld: the start is missing");
}

/* SLI told the roles, but its sender turns out to be the PAC. */
static void test_direction_weak(void)
{
	begin();
	send_message(PAC, CTRL_SLI, NULL);
	roles(CTRL_SLI, PNS);
	send_message(PNS, CTRL_OCRQ, NULL);
	end_with("SLI-DIR-01", "a better witness");
	CU_ASSERT_EQUAL(found[0].frame, 1);
	CU_ASSERT_EQUAL(found[0].last_frame, 1);
}

/* What SCCRQ says is judged when the roles are known. */
static void test_start(void)
{
	begin();
	send_message(PNS, CTRL_SCCRQ, "maximum_channels", 9, NULL);
	cc.start[0] = (struct start_info){ .frame = frame, .version = 0x0100, .channels = 9, .bearer = 0 };
	send_message(PAC, CTRL_SCCRP, "bearer_capabilities", 0, NULL);
	cc.start[1] = (struct start_info){ .frame = frame, .channels = 9, .bearer = 0, .result = 1 };
	send_message(PNS, CTRL_OCRQ, NULL);
	roles(CTRL_OCRQ, PAC);
	send_message(PNS, CTRL_ECHORQ, NULL);
	send_message(PNS, CTRL_ECHORQ, NULL);
	end();
	CU_ASSERT_EQUAL_FATAL(nfound, 2);
	CU_ASSERT_STRING_EQUAL(found[0].id, "SCCRQ-MAXCH-01");
	CU_ASSERT_EQUAL(found[0].frame, 1);
	CU_ASSERT_EQUAL(found[0].time_ns, 1000000);
	CU_ASSERT_EQUAL(found[0].role, ROLE_PNS);
	CU_ASSERT_EQUAL(found[0].count, 1);
	CU_ASSERT_STRING_EQUAL(found[1].id, "SCCRP-BEARCAP-02");
	CU_ASSERT_EQUAL(found[1].frame, 2);
	CU_ASSERT_EQUAL(found[1].role, ROLE_PAC);
}

static void test_repeated(void)
{
	begin();
	for (unsigned i = 0; i < 300; i++)
		send_message(PNS, CTRL_OCRQ, "reserved1", 1, "call_id", i, NULL);
	end_with("OCRQ-RSVD1-01", "300 times the same");
	CU_ASSERT_EQUAL(found[0].count, 300);
	CU_ASSERT_EQUAL(found[0].frame, 1);
	CU_ASSERT_EQUAL(found[0].last_frame, 300);
	CU_ASSERT_STRING_EQUAL(found[0].message, "the PNS sent Outgoing-Call-Request with Reserved1 0x0001");
	CU_ASSERT_STRING_EQUAL(found[0].observed, "Reserved1 0x0001");
}

/* Each defect of a message is told. */
static void test_several(void)
{
	begin();
	send_message(PNS, CTRL_OCRQ, "reserved1", 1, "bearer_type", 9, "framing_type", 9, NULL);
	end();
	CU_ASSERT_EQUAL(nfound, 3);
}

static void test_profile(void)
{
	begin_with(PROFILE_MS_PTPT, by_itself());
	send_message(PNS, CTRL_OCRQ, "packet_recv_window_size", 0, NULL);
	send_message(PNS, CTRL_ICRP, "packet_recv_window_size", 0, NULL);
	send_message(PAC, CTRL_CDN, "result_code", 0, NULL);
	end_with(NULL, "what the profile has instead");
	begin_with(PROFILE_MS_PTPT, by_itself());
	send_message(PAC, CTRL_ICCN, "packet_recv_window_size", 0, NULL);
	end_with("ICCN-WINDOW-01", "no exception");
}

/* An id of all messages speaks where that of the message is not asked for. */
static void test_umbrella(void)
{
	bool selected[RULES] = { [RULE_MSG_LEN_01] = true,
				 [RULE_MSG_RSVD_01] = true,
				 [RULE_ERR_CODES_01] = true,
				 [RULE_MSG_VERSION_01] = true,
				 [RULE_PACOUT_ERRCODE_01] = true };

	begin_with(PROFILE_RFC2637, selected);
	send_message(PNS, CTRL_OCRQ, "reserved1", 1, NULL);
	end_with("MSG-RSVD-01", "reserved");
	begin_with(PROFILE_RFC2637, selected);
	send_message(PNS, CTRL_OCRQ, "length", 200, NULL);
	end_with("MSG-LEN-01", "length");
	begin_with(PROFILE_RFC2637, selected);
	send_message(PNS, CTRL_SCCRQ, "protocol_version", 0x200, NULL);
	end_with("MSG-VERSION-01", "version");
	begin_with(PROFILE_RFC2637, selected);
	send_message(PAC, CTRL_OCRP, "result_code", 2, "error_code", 7, NULL);
	end_with("ERR-CODES-01", "undefined error");
	begin_with(PROFILE_RFC2637, selected);
	send_message(PAC, CTRL_OCRP, "result_code", 2, "error_code", 0, NULL);
	end_with(NULL, "error 0 is defined");
	begin_with(PROFILE_RFC2637, selected);
	send_message(PAC, CTRL_OCRP, "result_code", 4, "error_code", 1, NULL);
	end_with("PACOUT-ERRCODE-01", "busy with an error");
}

/* Section 3.2.4.1 asks for what 2.8 forbids: only suspected. */
static void test_contradiction_of_sections(void)
{
	begin();
	send_message(PAC, CTRL_OCRP, "result_code", 4, "error_code", 1, NULL);
	end_with("OCRP-ERR-01", "busy");
	CU_ASSERT_EQUAL(found[0].severity, SEVERITY_WARNING);
	begin();
	send_message(PAC, CTRL_OCRP, "error_code", 1, NULL);
	end_with("OCRP-ERR-01", "connected");
	CU_ASSERT_EQUAL(found[0].severity, SEVERITY_ERROR);
}

static void test_versions(void)
{
	begin();
	cc.start[0] = (struct start_info){ .frame = 1, .version = 0x200 };
	send_message(PAC, CTRL_SCCRP, "protocol_version", 0x200, NULL);
	end_with(NULL, "as asked for");
	begin();
	cc.start[0] = (struct start_info){ .frame = 1, .version = 0x100 };
	send_message(PAC, CTRL_SCCRP, "protocol_version", 0x99, NULL);
	end_with("MSG-VERSION-01", "below");
}

void suite_rules_message(void)
{
	CU_pSuite s = CU_add_suite("rules_message", NULL, NULL);

	CU_add_test(s, "right messages", test_right);
	CU_add_test(s, "cut messages", test_cut);
	CU_add_test(s, "cut behind a fault", test_cut_behind_fault);
	CU_add_test(s, "every octet that is judged by its kind", test_kinds);
	CU_add_test(s, "lengths", test_lengths);
	CU_add_test(s, "numbers", test_numbers);
	CU_add_test(s, "texts", test_texts);
	CU_add_test(s, "order within the header", test_header);
	CU_add_test(s, "octets in the wrong order", test_order);
	CU_add_test(s, "Length against content", test_length_and_content);
	CU_add_test(s, "garbage", test_garbage);
	CU_add_test(s, "unfinished messages", test_unfinished);
	CU_add_test(s, "beginning of a message", test_beginning);
	CU_add_test(s, "direction", test_direction);
	CU_add_test(s, "direction is told once", test_direction_once);
	CU_add_test(s, "roles by a weak witness", test_direction_weak);
	CU_add_test(s, "start messages and roles", test_start);
	CU_add_test(s, "repetitions", test_repeated);
	CU_add_test(s, "several defects", test_several);
	CU_add_test(s, "ms-ptpt", test_profile);
	CU_add_test(s, "umbrella ids", test_umbrella);
	CU_add_test(s, "sections that contradict each other", test_contradiction_of_sections);
	CU_add_test(s, "versions of replies", test_versions);
}
