/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control messages: the table, decoding and encoding, words, escaping. */
#include "dissectors/ctrl.h"

#include <stdlib.h>

#include <CUnit/CUnit.h>

void suite_ctrl(void);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A second transcription of RFC 2637 section 2, made apart from the table under test. */
static const struct {
	unsigned type, size;
	const char *name, *abbrev, *section;
} rfc_message[] = {
	{ 1, 156, "Start-Control-Connection-Request", "SCCRQ", "2.1" },
	{ 2, 156, "Start-Control-Connection-Reply", "SCCRP", "2.2" },
	{ 3, 16, "Stop-Control-Connection-Request", "STOPRQ", "2.3" },
	{ 4, 16, "Stop-Control-Connection-Reply", "STOPRP", "2.4" },
	{ 5, 16, "Echo-Request", "ECHORQ", "2.5" },
	{ 6, 20, "Echo-Reply", "ECHORP", "2.6" },
	{ 7, 168, "Outgoing-Call-Request", "OCRQ", "2.7" },
	{ 8, 32, "Outgoing-Call-Reply", "OCRP", "2.8" },
	{ 9, 220, "Incoming-Call-Request", "ICRQ", "2.9" },
	{ 10, 24, "Incoming-Call-Reply", "ICRP", "2.10" },
	{ 11, 28, "Incoming-Call-Connected", "ICCN", "2.11" },
	{ 12, 16, "Call-Clear-Request", "CCRQ", "2.12" },
	{ 13, 148, "Call-Disconnect-Notify", "CDN", "2.13" },
	{ 14, 40, "WAN-Error-Notify", "WEN", "2.14" },
	{ 15, 24, "Set-Link-Info", "SLI", "2.15" },
};

static const struct {
	unsigned type, offset, width;
	const char *field;
	uint32_t value;
	const char *words;
} rfc_field[] = {
	{ 1, 12, 2, "protocol_version", 0x0100, "1.0" },
	{ 1, 14, 2, "reserved1", 0x0102, "" },
	{ 1, 16, 4, "framing_capabilities", 3, "asynchronous, synchronous" },
	{ 1, 20, 4, "bearer_capabilities", 2, "digital" },
	{ 1, 24, 2, "maximum_channels", 65535, "" },
	{ 1, 26, 2, "firmware_revision", 0x1200, "" },
	{ 2, 12, 2, "protocol_version", 0x0203, "2.3" },
	{ 2, 14, 1, "result_code", 5, "version not supported" },
	{ 2, 15, 1, "error_code", 6, "pac-error" },
	{ 2, 16, 4, "framing_capabilities", 0, "none" },
	{ 2, 20, 4, "bearer_capabilities", 0x80000005, "analog, 0x80000004" },
	{ 2, 24, 2, "maximum_channels", 1, "" },
	{ 2, 26, 2, "firmware_revision", 1, "" },
	{ 3, 12, 1, "reason", 3, "stop-local-shutdown" },
	{ 3, 13, 1, "reserved1", 0x7f, "" },
	{ 3, 14, 2, "reserved2", 0xfffe, "" },
	{ 4, 12, 1, "result_code", 1, "ok" },
	{ 4, 13, 1, "error_code", 0, "none" },
	{ 4, 14, 2, "reserved1", 9, "" },
	{ 5, 12, 4, "identifier", 0xdeadbeef, "" },
	{ 6, 12, 4, "identifier", 0x01020304, "" },
	{ 6, 16, 1, "result_code", 2, "general error" },
	{ 6, 17, 1, "error_code", 1, "not-connected" },
	{ 6, 18, 2, "reserved1", 0x8000, "" },
	{ 7, 12, 2, "call_id", 0xfffe, "" },
	{ 7, 14, 2, "call_serial_number", 7, "" },
	{ 7, 16, 4, "minimum_bps", 2400, "" },
	{ 7, 20, 4, "maximum_bps", 1000000000, "" },
	{ 7, 24, 4, "bearer_type", 3, "any" },
	{ 7, 28, 4, "framing_type", 3, "either" },
	{ 7, 32, 2, "packet_recv_window_size", 64, "" },
	{ 7, 34, 2, "packet_processing_delay", 5, "" },
	{ 7, 36, 2, "phone_number_length", 11, "" },
	{ 7, 38, 2, "reserved1", 1, "" },
	{ 8, 12, 2, "call_id", 24, "" },
	{ 8, 14, 2, "peer_call_id", 0x8001, "" },
	{ 8, 16, 1, "result_code", 4, "busy" },
	{ 8, 17, 1, "error_code", 4, "no-resource" },
	{ 8, 18, 2, "cause_code", 17, "user busy" },
	{ 8, 20, 4, "connect_speed", 64000, "" },
	{ 8, 24, 2, "packet_recv_window_size", 16, "" },
	{ 8, 26, 2, "packet_processing_delay", 1, "" },
	{ 8, 28, 4, "physical_channel_id", 0x10000001, "" },
	{ 9, 12, 2, "call_id", 300, "" },
	{ 9, 14, 2, "call_serial_number", 301, "" },
	{ 9, 16, 4, "call_bearer_type", 1, "analog" },
	{ 9, 20, 4, "physical_channel_id", 0x01000000, "" },
	{ 9, 24, 2, "dialed_number_length", 64, "" },
	{ 9, 26, 2, "dialing_number_length", 0x0100, "" },
	{ 10, 12, 2, "call_id", 1, "" },
	{ 10, 14, 2, "peer_call_id", 2, "" },
	{ 10, 16, 1, "result_code", 3, "do not accept" },
	{ 10, 17, 1, "error_code", 3, "bad-value" },
	{ 10, 18, 2, "packet_recv_window_size", 4, "" },
	{ 10, 20, 2, "packet_transmit_delay", 5, "" },
	{ 10, 22, 2, "reserved1", 6, "" },
	{ 11, 12, 2, "peer_call_id", 0x1234, "" },
	{ 11, 14, 2, "reserved1", 0x5678, "" },
	{ 11, 16, 4, "connect_speed", 33600, "" },
	{ 11, 20, 2, "packet_recv_window_size", 8, "" },
	{ 11, 22, 2, "packet_transmit_delay", 9, "" },
	{ 11, 24, 4, "framing_type", 2, "synchronous" },
	{ 12, 12, 2, "call_id", 0xabcd, "" },
	{ 12, 14, 2, "reserved1", 0xef01, "" },
	{ 13, 12, 2, "call_id", 0x0a0b, "" },
	{ 13, 14, 1, "result_code", 1, "lost carrier" },
	{ 13, 15, 1, "error_code", 5, "bad-call-id" },
	{ 13, 16, 2, "cause_code", 16, "normal call clearing" },
	{ 13, 18, 2, "reserved1", 0x0203, "" },
	{ 14, 12, 2, "peer_call_id", 5, "" },
	{ 14, 14, 2, "reserved1", 4, "" },
	{ 14, 16, 4, "crc_errors", 0x11111111, "" },
	{ 14, 20, 4, "framing_errors", 0x22222222, "" },
	{ 14, 24, 4, "hardware_overruns", 0x33333333, "" },
	{ 14, 28, 4, "buffer_overruns", 0x44444444, "" },
	{ 14, 32, 4, "time_out_errors", 0x55555555, "" },
	{ 14, 36, 4, "alignment_errors", 0x66666666, "" },
	{ 15, 12, 2, "peer_call_id", 0xffff, "" },
	{ 15, 14, 2, "reserved1", 0, "" },
	{ 15, 16, 4, "send_accm", 0xffffffff, "" },
	{ 15, 20, 4, "receive_accm", 0x000a0000, "" },
};

static const struct {
	unsigned type, offset, width;
	const char *field, *text;
} rfc_text[] = {
	{ 1, 28, 64, "host_name", "pns.example" },
	{ 1, 92, 64, "vendor_name", "vendor" },
	{ 2, 28, 64, "host_name", "pac.example" },
	{ 2, 92, 64, "vendor_name", "" },
	{ 7, 40, 64, "phone_number", "15551234567" },
	{ 7, 104, 64, "subaddress", "7" },
	{ 9, 28, 64, "dialed_number", "0123456789012345678901234567890123456789012345678901234567890123" },
	{ 9, 92, 64, "dialing_number", "2" },
	{ 9, 156, 64, "subaddress", "3" },
	{ 13, 20, 128, "call_statistics", "octets 1, packets 2" },
};

static void put(uint8_t *octets, unsigned offset, unsigned width, uint32_t value)
{
	for (unsigned i = 0; i < width; i++)
		octets[offset + i] = (uint8_t)(value >> 8 * (width - 1 - i));
}

static void put_header(uint8_t *octets, unsigned length, unsigned message_type, uint32_t cookie,
		       unsigned type)
{
	put(octets, 0, 2, length);
	put(octets, 2, 2, message_type);
	put(octets, 4, 4, cookie);
	put(octets, 8, 2, type);
}

/* The message of a type with the values above; returns its size. */
static unsigned build(unsigned type, uint8_t octets[CTRL_MAX])
{
	memset(octets, 0, CTRL_MAX);
	put_header(octets, rfc_message[type - 1].size, 1, 0x1a2b3c4d, type);
	put(octets, 10, 2, 0xa500 + type);
	for (size_t i = 0; i < COUNT(rfc_field); i++)
		if (rfc_field[i].type == type)
			put(octets, rfc_field[i].offset, rfc_field[i].width, rfc_field[i].value);
	for (size_t i = 0; i < COUNT(rfc_text); i++)
		if (rfc_text[i].type == type)
			memcpy(octets + rfc_text[i].offset, rfc_text[i].text, strlen(rfc_text[i].text));
	return rfc_message[type - 1].size;
}

static void test_messages(void)
{
	CU_ASSERT_EQUAL(COUNT(rfc_message), CTRL_TYPES - 1);
	CU_ASSERT_PTR_NULL(ctrl_desc_of(0));
	CU_ASSERT_PTR_NULL(ctrl_desc_of(16));
	CU_ASSERT_PTR_NULL(ctrl_desc_of(65536 + 1));
	CU_ASSERT_PTR_NULL(ctrl_desc_by_name("Echo"));
	CU_ASSERT_PTR_NULL(ctrl_desc_by_name(""));
	CU_ASSERT_PTR_EQUAL(ctrl_desc_by_name("echo-REPLY"), ctrl_desc_of(CTRL_ECHORP));
	CU_ASSERT_PTR_EQUAL(ctrl_desc_by_name("wen"), ctrl_desc_of(CTRL_WEN));
	for (unsigned i = 0; i < COUNT(rfc_message); i++) {
		const struct ctrl_desc *d = ctrl_desc_of(rfc_message[i].type);
		char words[64];

		CU_ASSERT_PTR_NOT_NULL_FATAL(d);
		CU_ASSERT_EQUAL(d->type, rfc_message[i].type);
		CU_ASSERT_EQUAL(d->length, rfc_message[i].size);
		CU_ASSERT_STRING_EQUAL(d->name, rfc_message[i].name);
		CU_ASSERT_STRING_EQUAL(d->abbrev, rfc_message[i].abbrev);
		CU_ASSERT_STRING_EQUAL(d->section, rfc_message[i].section);
		CU_ASSERT_PTR_EQUAL(ctrl_desc_by_name(d->name), d);
		CU_ASSERT_PTR_EQUAL(ctrl_desc_by_name(d->abbrev), d);
		ctrl_value_words(&d->fields[3], d->type, words, sizeof(words));
		CU_ASSERT_STRING_EQUAL(words, d->name);
	}
}

static bool known_width(const struct field *f)
{
	return f->kind == F_TEXT || f->width == 1 || f->width == 2 || f->width == 4;
}

static void test_rows_tile(void)
{
	static const char *const header[] = { "length", "pptp_message_type", "magic_cookie",
					      "control_message_type", "reserved0" };

	for (unsigned type = CTRL_SCCRQ; type < CTRL_TYPES; type++) {
		const struct ctrl_desc *d = ctrl_desc_of(type);
		unsigned rows = 0, end = 0;

		for (const struct field *f = d->fields; f->name; f++, rows++) {
			if (rows < COUNT(header))
				CU_ASSERT_STRING_EQUAL(f->name, header[rows]);
			CU_ASSERT_EQUAL(f->offset, end);
			CU_ASSERT(known_width(f));
			CU_ASSERT_PTR_NOT_NULL(f->label);
			CU_ASSERT_EQUAL(!!f->names, f->kind == F_ENUM || f->kind == F_FLAGS);
			CU_ASSERT_EQUAL(ctrl_field_index(d, f->name), (int)rows); /* no name twice */
			end += f->width;
		}
		CU_ASSERT_EQUAL(end, d->length);
		CU_ASSERT(rows > COUNT(header) && rows <= CTRL_FIELDS_MAX);
		CU_ASSERT_EQUAL(ctrl_field_index(d, "no_such_field"), -1);
	}
}

/* Every reserved field and every set of codes is judged, by an id of its own message. */
static void test_requirements(void)
{
	for (unsigned type = CTRL_SCCRQ; type < CTRL_TYPES; type++) {
		const struct ctrl_desc *d = ctrl_desc_of(type);

		for (const struct field *f = d->fields + 3; f->name; f++) {
			bool judged = (f->kind == F_ENUM && f->offset >= CTRL_HEADER) || f->kind == F_FLAGS ||
				      f->kind == F_RESERVED;
			bool any_error = !strcmp(f->name, "error_code");

			if (!strcmp(f->name, "cause_code"))
				judged = false; /* a vendor may use any value where the line is no ISDN */
			CU_ASSERT_EQUAL(!!f->requirement, judged);
			if (f->requirement && any_error)
				CU_ASSERT_STRING_EQUAL(f->requirement, "ERR-CODES-01");
			if (f->requirement && !any_error)
				CU_ASSERT(!strncmp(f->requirement, d->abbrev, strlen(d->abbrev)) &&
					  f->requirement[strlen(d->abbrev)] == '-');
		}
	}
}

static void test_decode_values(void)
{
	uint8_t octets[CTRL_MAX];
	char words[64];

	for (size_t i = 0; i < COUNT(rfc_field); i++) {
		struct ctrl_msg m;
		uint32_t value = ~rfc_field[i].value;
		int row;

		ctrl_decode(octets, build(rfc_field[i].type, octets), false, &m);
		CU_ASSERT_EQUAL(m.status, CTRL_OK);
		CU_ASSERT_EQUAL(m.defects, 0);
		CU_ASSERT_PTR_NOT_NULL_FATAL(m.desc);
		CU_ASSERT(ctrl_get(&m, rfc_field[i].field, &value));
		CU_ASSERT_EQUAL(value, rfc_field[i].value);
		row = ctrl_field_index(m.desc, rfc_field[i].field);
		CU_ASSERT_FATAL(row >= 0);
		CU_ASSERT_STRING_EQUAL(ctrl_value_words(&m.desc->fields[row], value, words, sizeof(words)),
				       rfc_field[i].words);
	}
}

static void test_decode_header(void)
{
	uint8_t octets[CTRL_MAX];

	for (unsigned type = CTRL_SCCRQ; type < CTRL_TYPES; type++) {
		unsigned size = build(type, octets);
		struct ctrl_msg m;
		uint32_t value;

		ctrl_decode(octets, size, false, &m);
		CU_ASSERT_EQUAL(m.length, size);
		CU_ASSERT_EQUAL(m.message_type, 1);
		CU_ASSERT_EQUAL(m.cookie, CTRL_MAGIC);
		CU_ASSERT_EQUAL(m.type, type);
		CU_ASSERT_PTR_EQUAL(m.desc, ctrl_desc_of(type));
		CU_ASSERT_PTR_EQUAL(m.octets, octets);
		CU_ASSERT_EQUAL(m.caplen, size);
		CU_ASSERT(ctrl_get(&m, "length", &value) && value == size);
		CU_ASSERT(ctrl_get(&m, "magic_cookie", &value) && value == CTRL_MAGIC);
		CU_ASSERT(ctrl_get(&m, "reserved0", &value) && value == 0xa500 + type);
		CU_ASSERT_FALSE(ctrl_get(&m, "no_such_field", &value));
	}
}

static void test_decode_text(void)
{
	uint8_t octets[CTRL_MAX];

	for (size_t i = 0; i < COUNT(rfc_text); i++) {
		const uint8_t *text = NULL;
		struct ctrl_msg m;
		size_t len = 0;
		int row;

		ctrl_decode(octets, build(rfc_text[i].type, octets), false, &m);
		row = ctrl_field_index(m.desc, rfc_text[i].field);
		CU_ASSERT_FATAL(row >= 0);
		CU_ASSERT_EQUAL(m.desc->fields[row].width, rfc_text[i].width);
		CU_ASSERT_EQUAL(m.value[row], rfc_text[i].offset);
		CU_ASSERT_PTR_EQUAL(ctrl_text(&m, (unsigned)row), octets + rfc_text[i].offset);
		CU_ASSERT(ctrl_get_text(&m, rfc_text[i].field, &text, &len));
		CU_ASSERT_PTR_EQUAL(text, octets + rfc_text[i].offset);
		CU_ASSERT_EQUAL(len, strlen(rfc_text[i].text));
		CU_ASSERT_PTR_NULL(ctrl_text(&m, 0));
		CU_ASSERT_PTR_NULL(ctrl_text(&m, m.nvalues));
		CU_ASSERT_FALSE(ctrl_get_text(&m, "length", &text, &len));
		CU_ASSERT_FALSE(ctrl_get_text(&m, "no_such_field", &text, &len));
	}
}

/* A message of which only n octets are here: exactly as many are allocated, for the sanitizer's sake. */
static void check_truncated(const uint8_t *octets, unsigned size, unsigned n, bool cut)
{
	const struct ctrl_desc *d = ctrl_desc_of(octets[9]);
	uint8_t *copy = malloc(n ? n : 1);
	unsigned rows = 0;
	struct ctrl_msg m;

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy, octets, n);
	ctrl_decode(n ? copy : copy + 1, n, cut, &m);
	if (n >= 10)
		while (d->fields[rows].name && d->fields[rows].offset + d->fields[rows].width <= n)
			rows++;
	CU_ASSERT_EQUAL(m.caplen, n);
	CU_ASSERT_EQUAL(m.nvalues, rows);
	CU_ASSERT_PTR_EQUAL(m.desc, n >= 10 ? d : NULL);
	CU_ASSERT_EQUAL(m.status, cut ? CTRL_CUT : CTRL_BAD);
	CU_ASSERT_EQUAL(m.defects, cut ? 0 : CTRL_UNFINISHED);
	CU_ASSERT_EQUAL(m.length, n >= 2 ? size : 0);
	for (unsigned row = 0; row < CTRL_FIELDS_MAX; row++) {
		bool here = row < rows && d->fields[row].kind == F_TEXT;

		CU_ASSERT_PTR_EQUAL(ctrl_text(&m, row), here ? copy + d->fields[row].offset : NULL);
	}
	free(copy);
}

static void test_truncated(void)
{
	uint8_t octets[CTRL_MAX];

	for (unsigned type = CTRL_SCCRQ; type < CTRL_TYPES; type++) {
		unsigned size = build(type, octets);

		for (unsigned n = 0; n < size; n++) {
			check_truncated(octets, size, n, true);
			check_truncated(octets, size, n, false);
		}
	}
}

static void test_round_trip(void)
{
	uint8_t octets[CTRL_MAX], again[CTRL_MAX];
	uint32_t random = 1;

	for (unsigned type = CTRL_SCCRQ; type < CTRL_TYPES; type++) {
		for (unsigned turn = 0; turn < 64; turn++) {
			const uint8_t *text[CTRL_FIELDS_MAX];
			unsigned size = rfc_message[type - 1].size;
			struct ctrl_msg m;

			for (unsigned i = 0; i < size; i++)
				octets[i] = (uint8_t)((random = random * 1664525 + 1013904223) >> 24);
			put(octets, 4, 4, CTRL_MAGIC);
			put(octets, 8, 2, type);
			octets[3] |= 1; /* anything but a management message */
			ctrl_decode(octets, size, false, &m);
			CU_ASSERT_PTR_NOT_NULL_FATAL(m.desc);
			for (unsigned row = 0; row < m.nvalues; row++)
				text[row] = ctrl_text(&m, row);
			memset(again, 0x5a, sizeof(again));
			CU_ASSERT_EQUAL(ctrl_encode(m.desc, m.value, text, again, sizeof(again)), size);
			CU_ASSERT_EQUAL(memcmp(octets, again, size), 0);
		}
	}
}

static void test_encode(void)
{
	uint8_t octets[CTRL_MAX], zeros[CTRL_MAX] = { 0 };
	uint32_t value[CTRL_FIELDS_MAX];

	for (unsigned type = CTRL_SCCRQ; type < CTRL_TYPES; type++) {
		const struct ctrl_desc *d = ctrl_desc_of(type);
		uint8_t *exact = malloc(d->length);
		struct ctrl_msg m;

		CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
		memset(value, 0xff, sizeof(value));
		ctrl_defaults(d, value);
		CU_ASSERT_EQUAL(ctrl_encode(d, value, NULL, octets, d->length - 1u), 0);
		CU_ASSERT_EQUAL(ctrl_encode(d, value, NULL, exact, d->length), d->length);
		ctrl_decode(exact, d->length, false, &m);
		CU_ASSERT_EQUAL(m.status, CTRL_OK);
		CU_ASSERT_EQUAL(memcmp(exact + 10, zeros, d->length - 10u), 0);
		value[0] = 3; /* nothing is corrected */
		CU_ASSERT_EQUAL(ctrl_encode(d, value, NULL, exact, d->length), d->length);
		CU_ASSERT(exact[0] == 0 && exact[1] == 3);
		free(exact);
	}
}

static void test_defects(void)
{
	static const struct {
		unsigned length, message_type;
		uint32_t cookie;
		unsigned type, defects;
		bool described;
	} c[] = {
		{ 16, 1, CTRL_MAGIC, 5, 0, true },
		{ 16, 1, 0x1a2b3c4e, 5, CTRL_BAD_COOKIE, false },
		{ 16, 1, 0x4d3c2b1a, 5, CTRL_BAD_COOKIE, false },
		{ 9999, 7, 0, 99, CTRL_BAD_COOKIE | CTRL_BAD_MESSAGE_TYPE, false },
		{ 16, 0, CTRL_MAGIC, 5, CTRL_BAD_MESSAGE_TYPE, true },
		{ 16, 3, CTRL_MAGIC, 5, CTRL_BAD_MESSAGE_TYPE, true },
		{ 16, 0x0100, CTRL_MAGIC, 5, CTRL_BAD_MESSAGE_TYPE, true },
		{ 16, 2, CTRL_MAGIC, 5, CTRL_MANAGEMENT, false },
		{ 16, 1, CTRL_MAGIC, 0, CTRL_BAD_TYPE, false },
		{ 16, 1, CTRL_MAGIC, 16, CTRL_BAD_TYPE, false },
		{ 16, 1, CTRL_MAGIC, 0x0500, CTRL_BAD_TYPE, false },
		{ 11, 1, CTRL_MAGIC, 16, CTRL_BAD_TYPE | CTRL_BAD_LENGTH, false },
		{ 1025, 1, CTRL_MAGIC, 16, CTRL_BAD_TYPE | CTRL_BAD_LENGTH, false },
		{ 15, 1, CTRL_MAGIC, 5, CTRL_BAD_LENGTH, true },
		{ 17, 1, CTRL_MAGIC, 5, CTRL_BAD_LENGTH, true },
		{ 0, 1, CTRL_MAGIC, 5, CTRL_BAD_LENGTH, true },
		{ 0x1000, 1, CTRL_MAGIC, 5, CTRL_BAD_LENGTH, true },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		uint8_t octets[16] = { 0 };
		struct ctrl_msg m;

		put_header(octets, c[i].length, c[i].message_type, c[i].cookie, c[i].type);
		ctrl_decode(octets, sizeof(octets), false, &m);
		CU_ASSERT_EQUAL(m.defects, c[i].defects);
		CU_ASSERT_EQUAL(m.status, c[i].defects ? CTRL_BAD : CTRL_OK);
		CU_ASSERT_EQUAL(!!m.desc, c[i].described);
		CU_ASSERT_EQUAL(m.length, c[i].length);
		CU_ASSERT_EQUAL(m.message_type, c[i].message_type);
		CU_ASSERT_EQUAL(m.cookie, c[i].cookie);
		CU_ASSERT_EQUAL(m.type, c[i].type);
		CU_ASSERT_EQUAL(m.nvalues, c[i].described ? 6 : 0);
	}
}

/* A Length that lies does not keep the fields that are there from being read, nor invent others. */
static void test_lying_length(void)
{
	uint8_t octets[CTRL_MAX + 8];
	unsigned size = build(CTRL_OCRP, octets);
	struct ctrl_msg m;
	uint32_t value;

	put(octets, 0, 2, 20);
	ctrl_decode(octets, 20, false, &m);
	CU_ASSERT_EQUAL(m.status, CTRL_BAD);
	CU_ASSERT_EQUAL(m.defects, CTRL_BAD_LENGTH);
	CU_ASSERT(ctrl_get(&m, "cause_code", &value) && value == 17);
	CU_ASSERT_FALSE(ctrl_get(&m, "connect_speed", &value));

	memset(octets + size, 0xee, 8);
	put(octets, 0, 2, size + 8);
	ctrl_decode(octets, size + 8, false, &m);
	CU_ASSERT_EQUAL(m.defects, CTRL_BAD_LENGTH);
	CU_ASSERT_EQUAL(m.caplen, size + 8);
	CU_ASSERT(ctrl_get(&m, "physical_channel_id", &value) && value == 0x10000001);
}

/* Every value that the RFC defines has a name, its neighbours have none. */
static void test_enum_ranges(void)
{
	static const struct {
		unsigned type;
		const char *field;
		uint32_t first, last;
	} c[] = {
		{ 1, "pptp_message_type", 1, 2 }, { 1, "control_message_type", 1, 15 },
		{ 2, "result_code", 1, 5 }, { 2, "error_code", 0, 6 }, { 3, "reason", 1, 3 },
		{ 4, "result_code", 1, 2 }, { 4, "error_code", 0, 6 }, { 6, "result_code", 1, 2 },
		{ 6, "error_code", 0, 6 }, { 7, "bearer_type", 1, 3 }, { 7, "framing_type", 1, 3 },
		{ 8, "result_code", 1, 7 }, { 8, "error_code", 0, 6 }, { 8, "cause_code", 1, 127 },
		{ 9, "call_bearer_type", 1, 2 }, { 10, "result_code", 1, 3 }, { 10, "error_code", 0, 6 },
		{ 11, "framing_type", 1, 2 }, { 13, "result_code", 1, 4 }, { 13, "error_code", 0, 6 },
		{ 13, "cause_code", 1, 127 },
	};
	char words[64];

	for (size_t i = 0; i < COUNT(c); i++) {
		const struct ctrl_desc *d = ctrl_desc_of(c[i].type);
		int row = ctrl_field_index(d, c[i].field);

		CU_ASSERT_FATAL(row >= 0 && d->fields[row].kind == F_ENUM);
		for (uint32_t value = 0; value < 300; value++)
			CU_ASSERT_EQUAL(!!*ctrl_value_words(&d->fields[row], value, words, sizeof(words)),
					value >= c[i].first && value <= c[i].last);
	}
}

static void test_causes_and_errors(void)
{
	CU_ASSERT_PTR_NULL(ctrl_cause_name(0));
	CU_ASSERT_PTR_NULL(ctrl_cause_name(128));
	CU_ASSERT_PTR_NULL(ctrl_cause_name(0xffffffff));
	for (uint32_t cause = 1; cause <= 127; cause++)
		CU_ASSERT_PTR_NOT_NULL_FATAL(ctrl_cause_name(cause));
	CU_ASSERT_STRING_EQUAL(ctrl_cause_name(1), "unallocated number");
	CU_ASSERT_STRING_EQUAL(ctrl_cause_name(16), "normal call clearing");
	CU_ASSERT_STRING_EQUAL(ctrl_cause_name(34), "no channel available");
	CU_ASSERT_STRING_EQUAL(ctrl_cause_name(102), "recovery on timer expiry");
	CU_ASSERT_STRING_EQUAL(ctrl_cause_name(127), "interworking, unspecified");
	CU_ASSERT_STRING_EQUAL(ctrl_error_name(0), "none");
	CU_ASSERT_STRING_EQUAL(ctrl_error_name(6), "pac-error");
	CU_ASSERT_PTR_NULL(ctrl_error_name(7));
}

static void test_words_room(void)
{
	const struct ctrl_desc *d = ctrl_desc_of(CTRL_SCCRQ);
	const struct field *f = &d->fields[ctrl_field_index(d, "framing_capabilities")];
	char words[8] = "XXXXXXX";

	CU_ASSERT_STRING_EQUAL(ctrl_value_words(f, 0xffffffff, words, 6), "async");
	CU_ASSERT_EQUAL(words[6], 'X');
	CU_ASSERT_STRING_EQUAL(ctrl_value_words(f, 0, words, 1), "");
	CU_ASSERT_PTR_EQUAL(ctrl_value_words(f, 1, words, 0), words);
}

#define ESCAPES(in, out)                                                                         \
	CU_ASSERT_STRING_EQUAL(ctrl_escape((const uint8_t *)(in), sizeof(in) - 1, buf, sizeof(buf)), out)

static void test_escape(void)
{
	char buf[64];

	ESCAPES("", "");
	ESCAPES("plain ~ \"text\"", "plain ~ \"text\"");
	ESCAPES("a\\b", "a\\\\b");
	ESCAPES("\0\x1b[2J\n\x7f", "\\x00\\x1b[2J\\x0a\\x7f");
	ESCAPES("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
	ESCAPES("\xc2\x80\xc2\x9f\xc2\xa0", "\\xc2\\x80\\xc2\\x9f\xc2\xa0"); /* C1; the next is fine */
	ESCAPES("\xe2\x80\xaa\xe2\x80\xae", "\\xe2\\x80\\xaa\\xe2\\x80\\xae"); /* U+202A, U+202E */
	ESCAPES("\xe2\x81\xa6\xe2\x81\xa9", "\\xe2\\x81\\xa6\\xe2\\x81\\xa9"); /* U+2066, U+2069 */
	ESCAPES("\xc0\xaf\xe0\x80\xaf", "\\xc0\\xaf\\xe0\\x80\\xaf"); /* overlong */
	ESCAPES("\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf");
	ESCAPES("\xed\xa0\x80", "\\xed\\xa0\\x80"); /* surrogate */
	ESCAPES("\xf4\x90\x80\x80\xff", "\\xf4\\x90\\x80\\x80\\xff"); /* beyond Unicode */
	ESCAPES("\xc3", "\\xc3"); /* cut short */
	ESCAPES("\xe2\x82", "\\xe2\\x82");
	ESCAPES("\xc3(\x80", "\\xc3(\\x80");
}

/* No escape and no character is cut in two where the room ends. */
static void test_escape_room(void)
{
	static const uint8_t in[] = "a\x01\xe2\x82\xac\\b";
	static const char *const out[] = { "", "a", "a", "a", "a", "a\\x01", "a\\x01", "a\\x01",
					   "a\\x01\xe2\x82\xac", "a\\x01\xe2\x82\xac",
					   "a\\x01\xe2\x82\xac\\\\", "a\\x01\xe2\x82\xac\\\\b" };

	for (size_t room = 1; room <= COUNT(out); room++) {
		char *buf = malloc(room);

		CU_ASSERT_PTR_NOT_NULL_FATAL(buf);
		CU_ASSERT_STRING_EQUAL(ctrl_escape(in, sizeof(in) - 1, buf, room), out[room - 1]);
		free(buf);
	}
}

void suite_ctrl(void)
{
	CU_pSuite s = CU_add_suite("ctrl", NULL, NULL);

	CU_add_test(s, "fifteen messages as in the RFC", test_messages);
	CU_add_test(s, "rows tile each message", test_rows_tile);
	CU_add_test(s, "requirements of rows", test_requirements);
	CU_add_test(s, "values of every field", test_decode_values);
	CU_add_test(s, "header", test_decode_header);
	CU_add_test(s, "text fields", test_decode_text);
	CU_add_test(s, "cut at every octet", test_truncated);
	CU_add_test(s, "decode and encode give the same octets", test_round_trip);
	CU_add_test(s, "encode and defaults", test_encode);
	CU_add_test(s, "defects of a header", test_defects);
	CU_add_test(s, "a Length that lies", test_lying_length);
	CU_add_test(s, "every defined value has a name", test_enum_ranges);
	CU_add_test(s, "causes and errors", test_causes_and_errors);
	CU_add_test(s, "words in little room", test_words_room);
	CU_add_test(s, "escaping", test_escape);
	CU_add_test(s, "escaping in little room", test_escape_room);
}
