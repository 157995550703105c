/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Authentication: PAP (RFC 1334), CHAP (1994), MS-CHAP (2433), MS-CHAPv2 (2759), EAP (2284, 2716).
 *
 * What a password can be guessed by is as secret as the password: responses, and the S= of a Success.
 */
#include "dissectors/cursor.h"
#include "dissectors/ppp_private.h"

#define END                                                                                                  \
	{                                                                                                    \
		.name = NULL                                                                                 \
	}

/* MS-CHAP and MS-CHAPv2 Responses have the same size, and nothing in them says which it is. */
enum { MS_VALUE = 49 };

static const struct ppp_row secret_rows[] = {
	{ .name = "data", .label = "Data", .kind = PPP_KIND_OCTETS, .privacy = PPP_SECRET },
	END,
};

/* --- PAP ----------------------------------------------------------------------------------- */

static const struct ppp_row pap_request_rows[] = {
	{ .name = "peer_id_length", .label = "Peer-ID Length", .width = 1 },
	{ .name = "peer_id",
	  .label = "Peer-ID",
	  .brief = "user",
	  .kind = PPP_KIND_TEXT,
	  .width = PPP_WIDTH_COUNTED,
	  .privacy = PPP_NAME },
	{ .name = "password_length", .label = "Passwd-Length", .width = 1 },
	{ .name = "password",
	  .label = "Password",
	  .brief = "password",
	  .kind = PPP_KIND_TEXT,
	  .width = PPP_WIDTH_COUNTED,
	  .privacy = PPP_SECRET },
	END,
};
static const struct ppp_row pap_result_rows[] = {
	{ .name = "message_length", .label = "Msg-Length", .width = 1 },
	{ .name = "message",
	  .label = "Message",
	  .brief = "",
	  .kind = PPP_KIND_TEXT,
	  .width = PPP_WIDTH_COUNTED,
	  .privacy = PPP_WORDS },
	END,
};

static void read_pap(struct ppp_reader *r, const struct ppp_control *c)
{
	switch (c->code) {
	case PPP_PAP_REQUEST:
		ppp_read_rows(r, pap_request_rows);
		break;
	case PPP_PAP_ACK:
	case PPP_PAP_NAK:
		ppp_read_rows(r, pap_result_rows);
		break;
	default:
		r->defects |= PPP_BAD_CODE;
		ppp_read_rows(r, secret_rows);
	}
	ppp_read_trailing(r, PPP_SECRET);
}

/* --- CHAP ---------------------------------------------------------------------------------- */

#define SIZE                                                                                                 \
	{                                                                                                    \
		.name = "value_size", .label = "Value-Size", .width = 1                                      \
	}
#define NAME                                                                                                 \
	{                                                                                                    \
		.name = "name", .label = "Name", .brief = "name", .kind = PPP_KIND_TEXT, .privacy = PPP_NAME \
	}
#define HIDDEN(field, words, octets)                                                                         \
	{                                                                                                    \
		.name = (field), .label = (words), .kind = PPP_KIND_OCTETS, .width = (octets),               \
		.privacy = PPP_SECRET                                                                        \
	}

static const struct ppp_row challenge_rows[] = {
	SIZE,
	{ .name = "value",
	  .label = "Value",
	  .brief = "challenge",
	  .kind = PPP_KIND_OCTETS,
	  .width = PPP_WIDTH_COUNTED },
	NAME,
	END,
};
static const struct ppp_row response_rows[] = {
	SIZE,
	{ .name = "value",
	  .label = "Value",
	  .brief = "response",
	  .kind = PPP_KIND_OCTETS,
	  .width = PPP_WIDTH_COUNTED,
	  .privacy = PPP_SECRET },
	NAME,
	END,
};
static const struct value_name ms_flags[] = { { 1, "use NT response", NULL }, { 0, NULL, NULL } };
static const struct ppp_row ms_response_rows[] = {
	SIZE,
	HIDDEN("lm_response", "LAN Manager Response", 24),
	{ .name = "nt_response",
	  .label = "Windows NT Response",
	  .brief = "NT response",
	  .kind = PPP_KIND_OCTETS,
	  .width = 24,
	  .privacy = PPP_SECRET },
	{ .name = "flags", .label = "Flags", .kind = PPP_KIND_FLAGS, .width = 1, .names = ms_flags },
	NAME,
	END,
};
#define PEER_CHALLENGE                                                                                       \
	{ .name = "peer_challenge", .label = "Peer-Challenge", .kind = PPP_KIND_OCTETS, .width = 16 },       \
		{ .name = "reserved", .label = "Reserved", .kind = PPP_KIND_OCTETS, .width = 8 },            \
	{                                                                                                    \
		.name = "nt_response", .label = "NT-Response", .brief = "NT response",                       \
		.kind = PPP_KIND_OCTETS, .width = 24, .privacy = PPP_SECRET                                  \
	}
static const struct ppp_row ms2_response_rows[] = {
	SIZE, PEER_CHALLENGE, { .name = "flags", .label = "Flags", .kind = PPP_KIND_HEX, .width = 1 }, NAME,
	END,
};
static const struct value_name change_flags[] = {
	{ 1, "use NT response", NULL },
	{ 2, "LM password valid", NULL },
	{ 0, NULL, NULL },
};
#define CHANGE_FLAGS                                                                                         \
	{                                                                                                    \
		.name = "flags", .label = "Flags", .kind = PPP_KIND_FLAGS, .width = 2, .names = change_flags \
	}
static const struct ppp_row change1_rows[] = {
	HIDDEN("lm_old_hash", "Encrypted LM Old Password Hash", 16),
	HIDDEN("lm_new_hash", "Encrypted LM New Password Hash", 16),
	HIDDEN("nt_old_hash", "Encrypted NT Old Password Hash", 16),
	HIDDEN("nt_new_hash", "Encrypted NT New Password Hash", 16),
	{ .name = "password_length", .label = "Password Length", .width = 2 },
	CHANGE_FLAGS,
	END,
};
static const struct ppp_row change2_rows[] = {
	HIDDEN("nt_password", "Password Encrypted with Old NT Hash", 516),
	HIDDEN("nt_old_hash", "Old NT Hash Encrypted with New NT Hash", 16),
	HIDDEN("lm_password", "Password Encrypted with Old LM Hash", 516),
	HIDDEN("lm_old_hash", "Old LM Hash Encrypted with New NT Hash", 16),
	HIDDEN("lm_response", "LAN Manager Response", 24),
	HIDDEN("nt_response", "Windows NT Response", 24),
	CHANGE_FLAGS,
	END,
};
static const struct ppp_row change3_rows[] = {
	HIDDEN("encrypted_password", "Encrypted-Password", 516),
	HIDDEN("encrypted_hash", "Encrypted-Hash", 16),
	PEER_CHALLENGE,
	{ .name = "flags", .label = "Flags", .kind = PPP_KIND_HEX, .width = 2 },
	END,
};

/*
 * A value of 49 octets: MS-CHAPv2 leaves 8 octets and the flags zero; MS-CHAP has a response in the
 * place of these octets, or nothing in all 24, and then the flag that says so.  0: too few are here.
 */
static uint8_t guess_algorithm(const uint8_t *value, uint32_t len)
{
	static const uint8_t zeros[8];
	struct cursor c = cursor_on(value, len);
	const uint8_t *reserved, *flags;

	cursor_take(&c, 16);
	reserved = cursor_take(&c, 8);
	cursor_take(&c, 24);
	flags = cursor_take(&c, 1);
	if (!flags)
		return 0;
	return !*flags && memcmp(reserved, zeros, sizeof(zeros)) == 0 ? PPP_CHAP_MS2 : PPP_CHAP_MS;
}

/* By what a Response is to be read. */
static uint8_t response_algorithm(const struct ppp_reader *r, const struct ppp_context *context,
				  struct ppp_control *c)
{
	uint32_t len;
	const uint8_t *octets = ppp_read_ahead(r, &len);
	struct cursor cur = cursor_on(octets, len);
	uint8_t size = cursor_u8(&cur);
	bool ms = size == MS_VALUE && r->end - r->at > MS_VALUE;

	if (context->chap)
		return (context->chap == PPP_CHAP_MS || context->chap == PPP_CHAP_MS2) && !ms ? 0
											      : context->chap;
	c->guessed = true;
	if (ms)
		return guess_algorithm(cur.at, (uint32_t)cursor_left(&cur));
	return size == 16 ? PPP_CHAP_MD5 : 0;
}

static void read_response(struct ppp_reader *r, const struct ppp_context *context, struct ppp_control *c)
{
	c->chap = response_algorithm(r, context, c);
	ppp_read_rows(r, c->chap == PPP_CHAP_MS    ? ms_response_rows
			 : c->chap == PPP_CHAP_MS2 ? ms2_response_rows
						   : response_rows);
}

/* --- what a Success or Failure says -------------------------------------------------------- */

static const struct value_name ms_errors[] = {
	{ 646, "restricted logon hours", "the account may not log on at this time" },
	{ 647, "account disabled", "the account is disabled" },
	{ 648, "password expired", "the password has expired" },
	{ 649, "no dial-in permission", "the account has no permission to dial in" },
	{ 691, "authentication failure", "authentication failed: wrong user name or password" },
	{ 709, "error changing password", "the password could not be changed" },
	{ 0, NULL, NULL },
};

/* The letters of the parts, and how each is shown.  DIGITS: those that are a number. */
static const char letters[] = "ERVCSM";
enum { DIGITS = 3, TEXT = 5 };
static const struct ppp_row pieces[] = {
	{ .name = "error_code", .label = "E", .brief = "error", .kind = PPP_KIND_ENUM, .names = ms_errors },
	{ .name = "retry", .label = "R", .brief = "retry", .kind = PPP_KIND_UINT },
	{ .name = "version", .label = "V", .kind = PPP_KIND_UINT },
	{ .name = "new_challenge", .label = "C", .kind = PPP_KIND_TEXT },
	{ .name = "authenticator_response", .label = "S", .kind = PPP_KIND_TEXT, .privacy = PPP_SECRET },
	{ .name = "text", .label = "M", .brief = "", .kind = PPP_KIND_TEXT, .privacy = PPP_WORDS },
};
static const struct ppp_row message_rows[] = {
	{ .name = "message", .label = "Message", .brief = "", .kind = PPP_KIND_TEXT, .privacy = PPP_WORDS },
	END,
};

/* The part that begins here, of those not seen yet, or -1. */
static int piece_at(const uint8_t *octets, uint32_t len, unsigned seen)
{
	struct cursor c = cursor_on(octets, len);
	const uint8_t *mark = cursor_take(&c, 2);
	const char *letter = mark && mark[0] && mark[1] == '=' ? strchr(letters, mark[0]) : NULL;

	return letter && !(seen >> (letter - letters) & 1) ? (int)(letter - letters) : -1;
}

static bool decimal(const uint8_t *octets, uint32_t len, uint64_t *value)
{
	struct cursor c = cursor_on(octets, len);

	*value = 0;
	while (cursor_left(&c)) {
		uint8_t digit = cursor_u8(&c);

		if (digit < '0' || digit > '9' || len > 10)
			return false;
		*value = *value * 10 + digit - '0';
	}
	return len > 0 && *value <= UINT32_MAX;
}

/* One part, "X=value" up to a blank; M= goes to the end, and so does what is none of them. */
static void read_piece(struct ppp_reader *r, unsigned *seen)
{
	uint32_t here, len, left = r->end - r->at - 2;
	const uint8_t *octets = ppp_read_ahead(r, &here), *blank;
	int piece = piece_at(octets, here, *seen);
	uint64_t value = 0;

	if (piece < 0) {
		ppp_read_field(r, &pieces[TEXT], r->end - r->at);
		return;
	}
	octets += 2;
	here -= 2;
	blank = piece == TEXT ? NULL : memchr(octets, ' ', here);
	len = blank ? (uint32_t)(blank - octets) : left;
	if (piece < DIGITS && len <= here && !decimal(octets, len, &value)) {
		ppp_read_field(r, &pieces[TEXT], r->end - r->at);
		return;
	}
	r->at += 2;
	ppp_read_field(r, &pieces[piece], len);
	r->field[r->n - 1].value = value;
	*seen |= 1U << piece;
	if (blank)
		r->at++;
}

static void read_message(struct ppp_reader *r, const struct ppp_context *context, struct ppp_control *c)
{
	uint32_t len;
	const uint8_t *octets = ppp_read_ahead(r, &len);
	int first = piece_at(octets, len, 0);
	unsigned seen = 0;

	c->chap = context->chap;
	if (context->chap == PPP_CHAP_MD5 || (first != 0 && first != DIGITS + 1)) {
		ppp_read_rows(r, message_rows);
		return;
	}
	if (!c->chap && letters[first] == 'S') {
		c->chap = PPP_CHAP_MS2;
		c->guessed = true;
	}
	while (!r->stopped && r->at < r->end)
		read_piece(r, &seen);
}

static void read_chap(struct ppp_reader *r, const struct ppp_context *context, struct ppp_control *c)
{
	static const struct ppp_row *const changes[] = { change1_rows, change2_rows, change3_rows };

	switch (c->code) {
	case PPP_CHAP_CHALLENGE:
		c->chap = context->chap;
		ppp_read_rows(r, challenge_rows);
		break;
	case PPP_CHAP_RESPONSE:
		read_response(r, context, c);
		break;
	case PPP_CHAP_SUCCESS:
	case PPP_CHAP_FAILURE:
		read_message(r, context, c);
		break;
	case PPP_CHAP_CHANGE_1:
	case PPP_CHAP_CHANGE_2:
	case PPP_CHAP_CHANGE_3:
		c->chap = c->code == PPP_CHAP_CHANGE_3 ? PPP_CHAP_MS2 : PPP_CHAP_MS;
		ppp_read_rows(r, changes[c->code - PPP_CHAP_CHANGE_1]);
		break;
	default:
		r->defects |= PPP_BAD_CODE;
		ppp_read_rows(r, secret_rows);
	}
	ppp_read_trailing(r, PPP_SECRET);
}

/* --- EAP ----------------------------------------------------------------------------------- */

enum { EAP_OTP = 5, EAP_GTC = 6, EAP_TTLS = 21, EAP_FAST = 43, EAP_EXPANDED = 254 };

static const struct value_name eap_methods[] = {
	{ PPP_EAP_IDENTITY, "Identity", NULL },
	{ PPP_EAP_NOTIFICATION, "Notification", NULL },
	{ PPP_EAP_NAK, "Nak", NULL },
	{ PPP_EAP_MD5, "MD5-Challenge", NULL },
	{ EAP_OTP, "One-Time Password", NULL },
	{ EAP_GTC, "Generic Token Card", NULL },
	{ PPP_EAP_TLS, "TLS", NULL },
	{ 17, "LEAP", NULL },
	{ 18, "SIM", NULL },
	{ EAP_TTLS, "TTLS", NULL },
	{ 23, "AKA", NULL },
	{ PPP_EAP_PEAP, "PEAP", NULL },
	{ PPP_EAP_MSCHAPV2, "MS-CHAPv2", NULL },
	{ EAP_FAST, "FAST", NULL },
	{ EAP_EXPANDED, "Expanded", NULL },
	{ 0, NULL, NULL },
};
static const struct ppp_row eap_type_rows[] = {
	{ .name = "type",
	  .label = "Type",
	  .brief = "",
	  .kind = PPP_KIND_ENUM,
	  .width = 1,
	  .names = eap_methods },
	END,
};
static const struct ppp_row identity_rows[] = {
	{ .name = "identity", .label = "Identity", .brief = "", .kind = PPP_KIND_TEXT, .privacy = PPP_NAME },
	END,
};
static const struct ppp_row nak_rows[] = {
	{ .name = "desired_types",
	  .label = "Desired Types",
	  .brief = "wants",
	  .kind = PPP_KIND_LIST,
	  .names = eap_methods },
	END,
};
static const struct ppp_row token_rows[] = {
	{ .name = "message", .label = "Token", .kind = PPP_KIND_TEXT, .privacy = PPP_SECRET },
	END,
};
static const struct value_name tls_flags[] = {
	{ 4, "length included", NULL },
	{ 2, "more fragments", NULL },
	{ 1, "start", NULL },
	{ 0, NULL, NULL },
};
#define TLS_FLAGS                                                                                            \
	{ .name = "flags",                                                                                   \
	  .label = "Flags",                                                                                  \
	  .brief = "",                                                                                       \
	  .kind = PPP_KIND_FLAGS,                                                                            \
	  .width = 1,                                                                                        \
	  .mask = 0xe0,                                                                                      \
	  .names = tls_flags },                                                                              \
		{ .name = "reserved", .label = "Reserved", .kind = PPP_KIND_HEX, .width = 1, .mask = 0x18 }, \
	{                                                                                                    \
		.name = "version", .label = "Version", .width = 1, .mask = 0x07                              \
	}
#define TLS_DATA                                                                                             \
	{                                                                                                    \
		.name = "tls_data", .label = "TLS Data", .kind = PPP_KIND_OCTETS, .privacy = PPP_WORDS       \
	}
static const struct ppp_row tls_rows[] = { TLS_FLAGS, TLS_DATA, END };
static const struct ppp_row tls_length_rows[] = {
	TLS_FLAGS,
	{ .name = "tls_message_length", .label = "TLS Message Length", .brief = "length", .width = 4 },
	TLS_DATA,
	END,
};
static const struct value_name ms_opcodes[] = {
	{ PPP_CHAP_CHALLENGE, "Challenge", NULL },      { PPP_CHAP_RESPONSE, "Response", NULL },
	{ PPP_CHAP_SUCCESS, "Success", NULL },          { PPP_CHAP_FAILURE, "Failure", NULL },
	{ PPP_CHAP_CHANGE_3, "Change-Password", NULL }, { 0, NULL, NULL },
};
static const struct ppp_row opcode_rows[] = {
	{ .name = "ms_chapv2_opcode",
	  .label = "MS-CHAPv2 OpCode",
	  .brief = "",
	  .kind = PPP_KIND_ENUM,
	  .width = 1,
	  .names = ms_opcodes },
	END,
};
static const struct ppp_row ms_header_rows[] = {
	{ .name = "ms_chapv2_id", .label = "MS-CHAPv2-ID", .width = 1 },
	{ .name = "ms_length", .label = "MS-Length", .width = 2 },
	END,
};
static const struct ppp_row expanded_rows[] = {
	{ .name = "vendor_id", .label = "Vendor-Id", .brief = "vendor", .width = 3 },
	{ .name = "vendor_type", .label = "Vendor-Type", .brief = "type", .width = 4 },
	{ .name = "data", .label = "Vendor data", .kind = PPP_KIND_OCTETS, .privacy = PPP_SECRET },
	END,
};

static void read_tls(struct ppp_reader *r)
{
	uint32_t len;
	const uint8_t *octets = ppp_read_ahead(r, &len);
	struct cursor c = cursor_on(octets, len);

	ppp_read_rows(r, cursor_u8(&c) & 0x80 ? tls_length_rows : tls_rows);
}

/* An acknowledgment of a Success or Failure is the opcode and nothing more. */
static void read_eap_ms(struct ppp_reader *r, struct ppp_control *c)
{
	static const struct ppp_context ms2 = { .chap = PPP_CHAP_MS2 };
	uint8_t opcode;

	ppp_read_rows(r, opcode_rows);
	if (r->stopped || r->at >= r->end)
		return;
	opcode = (uint8_t)r->field[r->n - 1].value;
	c->chap = PPP_CHAP_MS2;
	ppp_read_rows(r, ms_header_rows);
	if (r->stopped)
		return;
	if (opcode == PPP_CHAP_CHALLENGE)
		ppp_read_rows(r, challenge_rows);
	else if (opcode == PPP_CHAP_RESPONSE)
		read_response(r, &ms2, c);
	else if (opcode == PPP_CHAP_SUCCESS || opcode == PPP_CHAP_FAILURE)
		read_message(r, &ms2, c);
	else if (opcode == PPP_CHAP_CHANGE_3)
		ppp_read_rows(r, change3_rows);
}

static void read_eap_method(struct ppp_reader *r, struct ppp_control *c, uint8_t method)
{
	bool request = c->code == PPP_EAP_REQUEST;

	switch (method) {
	case PPP_EAP_IDENTITY:
		ppp_read_rows(r, identity_rows);
		break;
	case PPP_EAP_NOTIFICATION:
		ppp_read_rows(r, message_rows);
		break;
	case PPP_EAP_NAK:
		ppp_read_rows(r, nak_rows);
		break;
	case PPP_EAP_MD5:
		ppp_read_rows(r, request ? challenge_rows : response_rows);
		break;
	case EAP_OTP:
	case EAP_GTC:
		ppp_read_rows(r, request ? message_rows : token_rows);
		break;
	case PPP_EAP_TLS:
	case EAP_TTLS:
	case PPP_EAP_PEAP:
	case EAP_FAST:
		read_tls(r);
		break;
	case PPP_EAP_MSCHAPV2:
		read_eap_ms(r, c);
		break;
	case EAP_EXPANDED:
		ppp_read_rows(r, expanded_rows);
		break;
	default:
		ppp_read_rows(r, secret_rows);
	}
}

static void read_eap(struct ppp_reader *r, struct ppp_control *c)
{
	switch (c->code) {
	case PPP_EAP_REQUEST:
	case PPP_EAP_RESPONSE:
		ppp_read_rows(r, eap_type_rows);
		if (!r->stopped)
			read_eap_method(r, c, (uint8_t)r->field[0].value);
		break;
	case PPP_EAP_SUCCESS:
	case PPP_EAP_FAILURE:
		break;
	default:
		if (!ppp_code_name(PPP_EAP, c->code))
			r->defects |= PPP_BAD_CODE;
		ppp_read_rows(r, secret_rows);
	}
	ppp_read_trailing(r, PPP_SECRET);
}

void ppp_auth_read(struct ppp_reader *r, const struct ppp_context *context, struct ppp_control *out)
{
	if (out->protocol == PPP_PAP)
		read_pap(r, out);
	else if (out->protocol == PPP_CHAP)
		read_chap(r, context, out);
	else
		read_eap(r, out);
}

/* --- names and structures ------------------------------------------------------------------ */

const char *ppp_auth_name(uint16_t protocol, uint8_t algorithm)
{
	switch (protocol) {
	case PPP_PAP:
		return "PAP";
	case PPP_SPAP:
		return "SPAP";
	case PPP_EAP:
		return "EAP";
	case PPP_CHAP:
		return algorithm == PPP_CHAP_MD5   ? "CHAP-MD5"
		       : algorithm == PPP_CHAP_MS  ? "MS-CHAP"
		       : algorithm == PPP_CHAP_MS2 ? "MS-CHAPv2"
						   : NULL;
	default:
		return NULL;
	}
}

const char *ppp_eap_method_name(uint8_t method)
{
	switch (method) {
	case PPP_EAP_MD5:
		return "EAP-MD5";
	case PPP_EAP_TLS:
		return "EAP-TLS";
	case PPP_EAP_PEAP:
		return "PEAP";
	case PPP_EAP_MSCHAPV2:
		return "EAP-MSCHAPv2";
	default:
		return NULL;
	}
}

const char *ppp_chap_error_words(uint32_t error)
{
	const struct value_name *n = ms_errors;

	while (n->name && n->value != error)
		n++;
	return n->words;
}

static void take_octets(const struct ppp_control *c, const char *name, struct ppp_octets *out)
{
	const struct ppp_field *f = ppp_field_of(c, name);

	if (f && f->caplen == f->width)
		*out = (struct ppp_octets){ f->octets, f->width };
}

static bool take_number(const struct ppp_control *c, const char *name, uint32_t *out)
{
	uint64_t value;

	if (!ppp_field_get(c, name, &value))
		return false;
	*out = (uint32_t)value;
	return true;
}

/* The value as sent: what is behind its size, in one field or in several. */
static void take_value(const struct ppp_control *c, struct ppp_octets *out)
{
	const struct ppp_field *size = ppp_field_of(c, "value_size");
	struct cursor cur = cursor_on(c->octets, c->caplen);
	const uint8_t *value;

	if (!size)
		return;
	cursor_take(&cur, size->offset + 1);
	value = cursor_take(&cur, (size_t)size->value);
	if (value)
		*out = (struct ppp_octets){ value, (uint32_t)size->value };
}

/* All of a Success or Failure, which was taken apart. */
static void take_message(const struct ppp_control *c, struct ppp_octets *out)
{
	struct cursor cur = cursor_on(c->octets, c->caplen);
	const struct ppp_field *before = ppp_field_of(c, "ms_length");

	cursor_take(&cur, before ? before->offset + before->width : 4);
	if (!cur.missing && c->caplen == c->len)
		*out = (struct ppp_octets){ cur.at, (uint32_t)cursor_left(&cur) };
}

bool ppp_chap_decode(const struct ppp_control *c, struct ppp_chap *out)
{
	uint32_t opcode = c->code, identifier = c->identifier, flags = 0;

	memset(out, 0, sizeof(*out));
	if (!c->has_code || (c->protocol != PPP_CHAP && c->protocol != PPP_EAP))
		return false;
	if (c->protocol == PPP_EAP && !take_number(c, "ms_chapv2_opcode", &opcode))
		return false;
	take_number(c, "ms_chapv2_id", &identifier);
	take_number(c, "flags", &flags);
	out->code = (uint8_t)opcode;
	out->identifier = (uint8_t)identifier;
	out->flags = (uint8_t)flags;
	out->algorithm = c->protocol == PPP_EAP ? PPP_CHAP_MS2 : c->chap;
	out->guessed = c->guessed;
	take_value(c, &out->value);
	take_octets(c, "name", &out->name);
	take_octets(c, "lm_response", &out->lm_response);
	take_octets(c, "nt_response", &out->nt_response);
	take_octets(c, "peer_challenge", &out->peer_challenge);
	if (opcode == PPP_CHAP_SUCCESS || opcode == PPP_CHAP_FAILURE)
		take_message(c, &out->message);
	take_octets(c, "authenticator_response", &out->authenticator_response);
	take_octets(c, "new_challenge", &out->new_challenge);
	take_octets(c, "text", &out->text);
	out->has_error = take_number(c, "error_code", &out->error);
	out->has_retry = take_number(c, "retry", &out->retry);
	out->has_version = take_number(c, "version", &out->version);
	return true;
}
