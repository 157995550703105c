/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * THE TABLE: the fifteen control messages of RFC 2637 sections 2.1 to 2.15, field by field.
 *
 * A row names a requirement only where the field's kind alone decides it (a value without a
 * name, a bit without a name, a reserved field that is not zero).  What takes more than one field
 * or more than one message is a rule's business.  The header rows name none but Reserved0: what is
 * wrong with a header is a defect of the message (ctrl.h).
 */
#include "dissectors/ctrl.h"

#include <strings.h>

#define ENDS { 0, NULL, NULL }

static const struct value_name message_types[] = {
	{ 1, "control message", "A control message." },
	{ 2, "management message", "A management message; none is defined." },
	ENDS,
};

/* symbol, rows, name, section, size */
#define MESSAGES(X)                                                             \
	X(SCCRQ, sccrq, "Start-Control-Connection-Request", "2.1", 156)         \
	X(SCCRP, sccrp, "Start-Control-Connection-Reply", "2.2", 156)           \
	X(STOPRQ, stoprq, "Stop-Control-Connection-Request", "2.3", 16)         \
	X(STOPRP, stoprp, "Stop-Control-Connection-Reply", "2.4", 16)           \
	X(ECHORQ, echorq, "Echo-Request", "2.5", 16)                            \
	X(ECHORP, echorp, "Echo-Reply", "2.6", 20)                              \
	X(OCRQ, ocrq, "Outgoing-Call-Request", "2.7", 168)                      \
	X(OCRP, ocrp, "Outgoing-Call-Reply", "2.8", 32)                         \
	X(ICRQ, icrq, "Incoming-Call-Request", "2.9", 220)                      \
	X(ICRP, icrp, "Incoming-Call-Reply", "2.10", 24)                        \
	X(ICCN, iccn, "Incoming-Call-Connected", "2.11", 28)                    \
	X(CCRQ, ccrq, "Call-Clear-Request", "2.12", 16)                         \
	X(CDN, cdn, "Call-Disconnect-Notify", "2.13", 148)                      \
	X(WEN, wen, "WAN-Error-Notify", "2.14", 40)                             \
	X(SLI, sli, "Set-Link-Info", "2.15", 24)

#define TYPE_NAME(symbol, rows, name, section, size) { CTRL_##symbol, name, NULL },

static const struct value_name control_types[] = { MESSAGES(TYPE_NAME) ENDS };

static const struct value_name framing_bits[] = {
	{ 1, "asynchronous", "The sender can do asynchronous framing." },
	{ 2, "synchronous", "The sender can do synchronous framing." },
	ENDS,
};

static const struct value_name bearer_bits[] = {
	{ 1, "analog", "The sender has analog access." },
	{ 2, "digital", "The sender has digital access." },
	ENDS,
};

static const struct value_name framing_wanted[] = {
	{ 1, "asynchronous", "The call is to use asynchronous framing." },
	{ 2, "synchronous", "The call is to use synchronous framing." },
	{ 3, "either", "The call may use either framing." },
	ENDS,
};

static const struct value_name framing_used[] = {
	{ 1, "asynchronous", "The call uses asynchronous framing." },
	{ 2, "synchronous", "The call uses synchronous framing." },
	ENDS,
};

static const struct value_name bearer_wanted[] = {
	{ 1, "analog", "The call is to be placed on an analog channel." },
	{ 2, "digital", "The call is to be placed on a digital channel." },
	{ 3, "any", "The call may be placed on any channel." },
	ENDS,
};

static const struct value_name bearer_used[] = {
	{ 1, "analog", "The call came in on an analog channel." },
	{ 2, "digital", "The call came in on a digital channel." },
	ENDS,
};

static const struct value_name stop_reasons[] = {
	{ 1, "none", "The control connection is to be closed, for no particular reason." },
	{ 2, "stop-protocol", "The peer's protocol version is not supported." },
	{ 3, "stop-local-shutdown", "The requester is being shut down." },
	ENDS,
};

static const struct value_name start_results[] = {
	{ 1, "success", "The control connection is established." },
	{ 2, "general error", "The control connection is refused; Error Code says why." },
	{ 3, "channel exists", "There is a control connection between the two already." },
	{ 4, "not authorized", "The requester may not open a control connection." },
	{ 5, "version not supported", "The requester's protocol version is not supported." },
	ENDS,
};

static const struct value_name stop_results[] = {
	{ 1, "ok", "The control connection is closed." },
	{ 2, "general error", "The control connection stays open; Error Code says why." },
	ENDS,
};

static const struct value_name echo_results[] = {
	{ 1, "ok", "The reply is valid." },
	{ 2, "general error", "The Echo-Request was not accepted; Error Code says why." },
	ENDS,
};

static const struct value_name outgoing_results[] = {
	{ 1, "connected", "The call is established." },
	{ 2, "general error", "The call was not established; Error Code says why." },
	{ 3, "no carrier", "The call failed: no carrier was detected." },
	{ 4, "busy", "The call failed: the called number is busy." },
	{ 5, "no dial tone", "The call failed: the line has no dial tone." },
	{ 6, "time-out", "The call was not established in the time that the PAC allows." },
	{ 7, "do not accept", "The call is administratively prohibited." },
	ENDS,
};

static const struct value_name incoming_results[] = {
	{ 1, "connect", "The PAC should answer the call." },
	{ 2, "general error", "The call should not be established; Error Code says why." },
	{ 3, "do not accept", "The PAC should not accept the call: hang up or signal busy." },
	ENDS,
};

static const struct value_name disconnect_results[] = {
	{ 1, "lost carrier", "The carrier was lost." },
	{ 2, "general error", "The call was disconnected; Error Code says why." },
	{ 3, "admin shutdown", "The PAC's administrator ended the call." },
	{ 4, "request", "The PNS asked for it by Call-Clear-Request." },
	ENDS,
};

static const struct value_name errors[] = {
	{ 0, "none", "No general error." },
	{ 1, "not-connected", "There is no control connection between this PAC and PNS yet." },
	{ 2, "bad-format", "Length or Magic Cookie is wrong." },
	{ 3, "bad-value", "A field is out of range, or a reserved field is not zero." },
	{ 4, "no-resource", "Resources for this command are missing at the moment." },
	{ 5, "bad-call-id", "The Call ID is not valid here." },
	{ 6, "pac-error", "An error of the PAC that only its vendor can explain." },
	ENDS,
};

/* The three high bits of a Q.931 cause are its class: a cause nobody assigned still tells that much. */
#define NORMAL "unassigned cause (normal event)"
#define RESOURCE "unassigned cause (resource unavailable)"
#define SERVICE "unassigned cause (service not available)"
#define OF_SERVICE_CLASS "unassigned cause (service not implemented)"
#define INVALID "unassigned cause (invalid message)"
#define PROTOCOL "unassigned cause (protocol error)"
#define INTERWORKING "unassigned cause (interworking)"

/* In order and without gaps: ctrl_cause_name() counts on it. */
static const struct value_name causes[] = {
	{ 1, "unallocated number", NULL },
	{ 2, "no route to transit network", NULL },
	{ 3, "no route to destination", NULL },
	{ 4, "send special information tone", NULL },
	{ 5, "misdialled trunk prefix", NULL },
	{ 6, "channel unacceptable", NULL },
	{ 7, "call awarded in an established channel", NULL },
	{ 8, "preemption", NULL },
	{ 9, "preemption, circuit reserved", NULL },
	{ 10, NORMAL, NULL }, { 11, NORMAL, NULL }, { 12, NORMAL, NULL }, { 13, NORMAL, NULL },
	{ 14, "number ported", NULL },
	{ 15, NORMAL, NULL },
	{ 16, "normal call clearing", NULL },
	{ 17, "user busy", NULL },
	{ 18, "no user responding", NULL },
	{ 19, "user alerted, no answer", NULL },
	{ 20, "subscriber absent", NULL },
	{ 21, "call rejected", NULL },
	{ 22, "number changed", NULL },
	{ 23, "redirected to a new destination", NULL },
	{ 24, NORMAL, NULL },
	{ 25, "exchange routing error", NULL },
	{ 26, "non-selected user clearing", NULL },
	{ 27, "destination out of order", NULL },
	{ 28, "invalid or incomplete number", NULL },
	{ 29, "facility rejected", NULL },
	{ 30, "response to status enquiry", NULL },
	{ 31, "normal, unspecified", NULL },
	{ 32, RESOURCE, NULL }, { 33, RESOURCE, NULL },
	{ 34, "no channel available", NULL },
	{ 35, RESOURCE, NULL }, { 36, RESOURCE, NULL }, { 37, RESOURCE, NULL },
	{ 38, "network out of order", NULL },
	{ 39, "permanent connection out of service", NULL },
	{ 40, "permanent connection operational", NULL },
	{ 41, "temporary failure", NULL },
	{ 42, "switching equipment congestion", NULL },
	{ 43, "access information discarded", NULL },
	{ 44, "requested channel not available", NULL },
	{ 45, RESOURCE, NULL },
	{ 46, "precedence call blocked", NULL },
	{ 47, "resource unavailable, unspecified", NULL },
	{ 48, SERVICE, NULL },
	{ 49, "quality of service unavailable", NULL },
	{ 50, "requested facility not subscribed", NULL },
	{ 51, SERVICE, NULL },
	{ 52, "outgoing calls barred", NULL },
	{ 53, "outgoing calls barred within closed user group", NULL },
	{ 54, "incoming calls barred", NULL },
	{ 55, "incoming calls barred within closed user group", NULL },
	{ 56, SERVICE, NULL },
	{ 57, "bearer capability not authorized", NULL },
	{ 58, "bearer capability not available now", NULL },
	{ 59, SERVICE, NULL }, { 60, SERVICE, NULL }, { 61, SERVICE, NULL },
	{ 62, "outgoing access inconsistent with subscriber class", NULL },
	{ 63, "service or option not available, unspecified", NULL },
	{ 64, OF_SERVICE_CLASS, NULL },
	{ 65, "bearer capability not implemented", NULL },
	{ 66, "channel type not implemented", NULL },
	{ 67, OF_SERVICE_CLASS, NULL }, { 68, OF_SERVICE_CLASS, NULL },
	{ 69, "requested facility not implemented", NULL },
	{ 70, "only restricted digital bearer available", NULL },
	{ 71, OF_SERVICE_CLASS, NULL }, { 72, OF_SERVICE_CLASS, NULL }, { 73, OF_SERVICE_CLASS, NULL },
	{ 74, OF_SERVICE_CLASS, NULL }, { 75, OF_SERVICE_CLASS, NULL }, { 76, OF_SERVICE_CLASS, NULL },
	{ 77, OF_SERVICE_CLASS, NULL }, { 78, OF_SERVICE_CLASS, NULL },
	{ 79, "service or option not implemented, unspecified", NULL },
	{ 80, INVALID, NULL },
	{ 81, "invalid call reference", NULL },
	{ 82, "identified channel does not exist", NULL },
	{ 83, "no suspended call of this identity", NULL },
	{ 84, "call identity in use", NULL },
	{ 85, "no call suspended", NULL },
	{ 86, "call of this identity has been cleared", NULL },
	{ 87, "user not member of closed user group", NULL },
	{ 88, "incompatible destination", NULL },
	{ 89, INVALID, NULL },
	{ 90, "closed user group does not exist", NULL },
	{ 91, "invalid transit network selection", NULL },
	{ 92, INVALID, NULL }, { 93, INVALID, NULL }, { 94, INVALID, NULL },
	{ 95, "invalid message, unspecified", NULL },
	{ 96, "mandatory information element missing", NULL },
	{ 97, "message type unknown or not implemented", NULL },
	{ 98, "message unknown or not compatible with call state", NULL },
	{ 99, "information element unknown or not implemented", NULL },
	{ 100, "invalid information element contents", NULL },
	{ 101, "message not compatible with call state", NULL },
	{ 102, "recovery on timer expiry", NULL },
	{ 103, "unknown parameter passed on", NULL },
	{ 104, PROTOCOL, NULL }, { 105, PROTOCOL, NULL }, { 106, PROTOCOL, NULL },
	{ 107, PROTOCOL, NULL }, { 108, PROTOCOL, NULL }, { 109, PROTOCOL, NULL },
	{ 110, "message with unknown parameter discarded", NULL },
	{ 111, "protocol error, unspecified", NULL },
	{ 112, INTERWORKING, NULL }, { 113, INTERWORKING, NULL }, { 114, INTERWORKING, NULL },
	{ 115, INTERWORKING, NULL }, { 116, INTERWORKING, NULL }, { 117, INTERWORKING, NULL },
	{ 118, INTERWORKING, NULL }, { 119, INTERWORKING, NULL }, { 120, INTERWORKING, NULL },
	{ 121, INTERWORKING, NULL }, { 122, INTERWORKING, NULL }, { 123, INTERWORKING, NULL },
	{ 124, INTERWORKING, NULL }, { 125, INTERWORKING, NULL }, { 126, INTERWORKING, NULL },
	{ 127, "interworking, unspecified", NULL },
	ENDS,
};

enum { CAUSES = sizeof(causes) / sizeof(causes[0]) - 1, ERRORS = sizeof(errors) / sizeof(errors[0]) - 1 };

/* The rows that open every message; abbrev makes the id of Reserved0. */
#define HEADER_ROWS(abbrev)                                                                            \
	{ "length", "Length", 0, 2, F_UINT, NULL, "octets", NULL },                                    \
	{ "pptp_message_type", "PPTP Message Type", 2, 2, F_ENUM, message_types, NULL, NULL },         \
	{ "magic_cookie", "Magic Cookie", 4, 4, F_HEX, NULL, NULL, NULL },                             \
	{ "control_message_type", "Control Message Type", 8, 2, F_ENUM, control_types, NULL, NULL },   \
	{ "reserved0", "Reserved0", 10, 2, F_RESERVED, NULL, NULL, abbrev "-RSVD0-01" }

#define LAST_ROW { NULL, NULL, 0, 0, F_UINT, NULL, NULL, NULL }

static const struct field sccrq[] = {
	HEADER_ROWS("SCCRQ"),
	{ "protocol_version", "Protocol Version", 12, 2, F_VERSION, NULL, NULL, NULL },
	{ "reserved1", "Reserved1", 14, 2, F_RESERVED, NULL, NULL, "SCCRQ-RSVD1-01" },
	{ "framing_capabilities", "Framing Capabilities", 16, 4, F_FLAGS, framing_bits, NULL,
	  "SCCRQ-FRAMCAP-01" },
	{ "bearer_capabilities", "Bearer Capabilities", 20, 4, F_FLAGS, bearer_bits, NULL,
	  "SCCRQ-BEARCAP-01" },
	{ "maximum_channels", "Maximum Channels", 24, 2, F_UINT, NULL, "sessions", NULL },
	{ "firmware_revision", "Firmware Revision", 26, 2, F_UINT, NULL, NULL, NULL },
	{ "host_name", "Host Name", 28, 64, F_TEXT, NULL, NULL, NULL },
	{ "vendor_name", "Vendor Name", 92, 64, F_TEXT, NULL, NULL, NULL },
	LAST_ROW,
};

static const struct field sccrp[] = {
	HEADER_ROWS("SCCRP"),
	{ "protocol_version", "Protocol Version", 12, 2, F_VERSION, NULL, NULL, NULL },
	{ "result_code", "Result Code", 14, 1, F_ENUM, start_results, NULL, "SCCRP-RESULT-01" },
	{ "error_code", "Error Code", 15, 1, F_ENUM, errors, NULL, "ERR-CODES-01" },
	{ "framing_capabilities", "Framing Capabilities", 16, 4, F_FLAGS, framing_bits, NULL,
	  "SCCRP-FRAMCAP-01" },
	{ "bearer_capabilities", "Bearer Capabilities", 20, 4, F_FLAGS, bearer_bits, NULL,
	  "SCCRP-BEARCAP-01" },
	{ "maximum_channels", "Maximum Channels", 24, 2, F_UINT, NULL, "sessions", NULL },
	{ "firmware_revision", "Firmware Revision", 26, 2, F_UINT, NULL, NULL, NULL },
	{ "host_name", "Host Name", 28, 64, F_TEXT, NULL, NULL, NULL },
	{ "vendor_name", "Vendor Name", 92, 64, F_TEXT, NULL, NULL, NULL },
	LAST_ROW,
};

static const struct field stoprq[] = {
	HEADER_ROWS("STOPRQ"),
	{ "reason", "Reason", 12, 1, F_ENUM, stop_reasons, NULL, "STOPRQ-REASON-01" },
	{ "reserved1", "Reserved1", 13, 1, F_RESERVED, NULL, NULL, "STOPRQ-RSVD1-01" },
	{ "reserved2", "Reserved2", 14, 2, F_RESERVED, NULL, NULL, "STOPRQ-RSVD2-01" },
	LAST_ROW,
};

static const struct field stoprp[] = {
	HEADER_ROWS("STOPRP"),
	{ "result_code", "Result Code", 12, 1, F_ENUM, stop_results, NULL, "STOPRP-RESULT-01" },
	{ "error_code", "Error Code", 13, 1, F_ENUM, errors, NULL, "ERR-CODES-01" },
	{ "reserved1", "Reserved1", 14, 2, F_RESERVED, NULL, NULL, "STOPRP-RSVD1-01" },
	LAST_ROW,
};

static const struct field echorq[] = {
	HEADER_ROWS("ECHORQ"),
	{ "identifier", "Identifier", 12, 4, F_UINT, NULL, NULL, NULL },
	LAST_ROW,
};

static const struct field echorp[] = {
	HEADER_ROWS("ECHORP"),
	{ "identifier", "Identifier", 12, 4, F_UINT, NULL, NULL, NULL },
	{ "result_code", "Result Code", 16, 1, F_ENUM, echo_results, NULL, "ECHORP-RESULT-01" },
	{ "error_code", "Error Code", 17, 1, F_ENUM, errors, NULL, "ERR-CODES-01" },
	{ "reserved1", "Reserved1", 18, 2, F_RESERVED, NULL, NULL, "ECHORP-RSVD1-01" },
	LAST_ROW,
};

static const struct field ocrq[] = {
	HEADER_ROWS("OCRQ"),
	{ "call_id", "Call ID", 12, 2, F_UINT, NULL, NULL, NULL },
	{ "call_serial_number", "Call Serial Number", 14, 2, F_UINT, NULL, NULL, NULL },
	{ "minimum_bps", "Minimum BPS", 16, 4, F_UINT, NULL, "bit/s", NULL },
	{ "maximum_bps", "Maximum BPS", 20, 4, F_UINT, NULL, "bit/s", NULL },
	{ "bearer_type", "Bearer Type", 24, 4, F_ENUM, bearer_wanted, NULL, "OCRQ-BEARER-01" },
	{ "framing_type", "Framing Type", 28, 4, F_ENUM, framing_wanted, NULL, "OCRQ-FRAMING-01" },
	{ "packet_recv_window_size", "Packet Recv. Window Size", 32, 2, F_UINT, NULL, "packets", NULL },
	{ "packet_processing_delay", "Packet Processing Delay", 34, 2, F_UINT, NULL, "1/10 s", NULL },
	{ "phone_number_length", "Phone Number Length", 36, 2, F_UINT, NULL, "digits", NULL },
	{ "reserved1", "Reserved1", 38, 2, F_RESERVED, NULL, NULL, "OCRQ-RSVD1-01" },
	{ "phone_number", "Phone Number", 40, 64, F_TEXT, NULL, NULL, NULL },
	{ "subaddress", "Subaddress", 104, 64, F_TEXT, NULL, NULL, NULL },
	LAST_ROW,
};

static const struct field ocrp[] = {
	HEADER_ROWS("OCRP"),
	{ "call_id", "Call ID", 12, 2, F_UINT, NULL, NULL, NULL },
	{ "peer_call_id", "Peer's Call ID", 14, 2, F_UINT, NULL, NULL, NULL },
	{ "result_code", "Result Code", 16, 1, F_ENUM, outgoing_results, NULL, "OCRP-RESULT-01" },
	{ "error_code", "Error Code", 17, 1, F_ENUM, errors, NULL, "ERR-CODES-01" },
	{ "cause_code", "Cause Code", 18, 2, F_ENUM, causes, NULL, NULL },
	{ "connect_speed", "Connect Speed", 20, 4, F_UINT, NULL, "bit/s", NULL },
	{ "packet_recv_window_size", "Packet Recv. Window Size", 24, 2, F_UINT, NULL, "packets", NULL },
	{ "packet_processing_delay", "Packet Processing Delay", 26, 2, F_UINT, NULL, "1/10 s", NULL },
	{ "physical_channel_id", "Physical Channel ID", 28, 4, F_UINT, NULL, NULL, NULL },
	LAST_ROW,
};

static const struct field icrq[] = {
	HEADER_ROWS("ICRQ"),
	{ "call_id", "Call ID", 12, 2, F_UINT, NULL, NULL, NULL },
	{ "call_serial_number", "Call Serial Number", 14, 2, F_UINT, NULL, NULL, NULL },
	{ "call_bearer_type", "Call Bearer Type", 16, 4, F_ENUM, bearer_used, NULL, "ICRQ-BEARER-01" },
	{ "physical_channel_id", "Physical Channel ID", 20, 4, F_UINT, NULL, NULL, NULL },
	{ "dialed_number_length", "Dialed Number Length", 24, 2, F_UINT, NULL, "digits", NULL },
	{ "dialing_number_length", "Dialing Number Length", 26, 2, F_UINT, NULL, "digits", NULL },
	{ "dialed_number", "Dialed Number", 28, 64, F_TEXT, NULL, NULL, NULL },
	{ "dialing_number", "Dialing Number", 92, 64, F_TEXT, NULL, NULL, NULL },
	{ "subaddress", "Subaddress", 156, 64, F_TEXT, NULL, NULL, NULL },
	LAST_ROW,
};

static const struct field icrp[] = {
	HEADER_ROWS("ICRP"),
	{ "call_id", "Call ID", 12, 2, F_UINT, NULL, NULL, NULL },
	{ "peer_call_id", "Peer's Call ID", 14, 2, F_UINT, NULL, NULL, NULL },
	{ "result_code", "Result Code", 16, 1, F_ENUM, incoming_results, NULL, "ICRP-RESULT-01" },
	{ "error_code", "Error Code", 17, 1, F_ENUM, errors, NULL, "ERR-CODES-01" },
	{ "packet_recv_window_size", "Packet Recv. Window Size", 18, 2, F_UINT, NULL, "packets", NULL },
	{ "packet_transmit_delay", "Packet Transmit Delay", 20, 2, F_UINT, NULL, "1/10 s", NULL },
	{ "reserved1", "Reserved1", 22, 2, F_RESERVED, NULL, NULL, "ICRP-RSVD1-01" },
	LAST_ROW,
};

static const struct field iccn[] = {
	HEADER_ROWS("ICCN"),
	{ "peer_call_id", "Peer's Call ID", 12, 2, F_UINT, NULL, NULL, NULL },
	{ "reserved1", "Reserved1", 14, 2, F_RESERVED, NULL, NULL, "ICCN-RSVD1-01" },
	{ "connect_speed", "Connect Speed", 16, 4, F_UINT, NULL, "bit/s", NULL },
	{ "packet_recv_window_size", "Packet Recv. Window Size", 20, 2, F_UINT, NULL, "packets", NULL },
	{ "packet_transmit_delay", "Packet Transmit Delay", 22, 2, F_UINT, NULL, "1/10 s", NULL },
	{ "framing_type", "Framing Type", 24, 4, F_ENUM, framing_used, NULL, "ICCN-FRAMING-01" },
	LAST_ROW,
};

static const struct field ccrq[] = {
	HEADER_ROWS("CCRQ"),
	{ "call_id", "Call ID", 12, 2, F_UINT, NULL, NULL, NULL },
	{ "reserved1", "Reserved1", 14, 2, F_RESERVED, NULL, NULL, "CCRQ-RSVD1-01" },
	LAST_ROW,
};

static const struct field cdn[] = {
	HEADER_ROWS("CDN"),
	{ "call_id", "Call ID", 12, 2, F_UINT, NULL, NULL, NULL },
	{ "result_code", "Result Code", 14, 1, F_ENUM, disconnect_results, NULL, "CDN-RESULT-01" },
	{ "error_code", "Error Code", 15, 1, F_ENUM, errors, NULL, "ERR-CODES-01" },
	{ "cause_code", "Cause Code", 16, 2, F_ENUM, causes, NULL, NULL },
	{ "reserved1", "Reserved1", 18, 2, F_RESERVED, NULL, NULL, "CDN-RSVD1-01" },
	{ "call_statistics", "Call Statistics", 20, 128, F_TEXT, NULL, NULL, NULL },
	LAST_ROW,
};

static const struct field wen[] = {
	HEADER_ROWS("WEN"),
	{ "peer_call_id", "Peer's Call ID", 12, 2, F_UINT, NULL, NULL, NULL },
	{ "reserved1", "Reserved1", 14, 2, F_RESERVED, NULL, NULL, "WEN-RSVD1-01" },
	{ "crc_errors", "CRC Errors", 16, 4, F_UINT, NULL, NULL, NULL },
	{ "framing_errors", "Framing Errors", 20, 4, F_UINT, NULL, NULL, NULL },
	{ "hardware_overruns", "Hardware Overruns", 24, 4, F_UINT, NULL, NULL, NULL },
	{ "buffer_overruns", "Buffer Overruns", 28, 4, F_UINT, NULL, NULL, NULL },
	{ "time_out_errors", "Time-out Errors", 32, 4, F_UINT, NULL, NULL, NULL },
	{ "alignment_errors", "Alignment Errors", 36, 4, F_UINT, NULL, NULL, NULL },
	LAST_ROW,
};

static const struct field sli[] = {
	HEADER_ROWS("SLI"),
	{ "peer_call_id", "Peer's Call ID", 12, 2, F_UINT, NULL, NULL, NULL },
	{ "reserved1", "Reserved1", 14, 2, F_RESERVED, NULL, NULL, "SLI-RSVD1-01" },
	{ "send_accm", "Send ACCM", 16, 4, F_HEX, NULL, NULL, NULL },
	{ "receive_accm", "Receive ACCM", 20, 4, F_HEX, NULL, NULL, NULL },
	LAST_ROW,
};

#define MESSAGE(symbol, rows, name, section, size) \
	[CTRL_##symbol] = { CTRL_##symbol, name, #symbol, section, size, rows },

static const struct ctrl_desc messages[CTRL_TYPES] = { MESSAGES(MESSAGE) };

const struct ctrl_desc *ctrl_desc_of(unsigned type)
{
	return type >= CTRL_SCCRQ && type < CTRL_TYPES ? &messages[type] : NULL;
}

const struct ctrl_desc *ctrl_desc_by_name(const char *name)
{
	for (unsigned type = CTRL_SCCRQ; type < CTRL_TYPES; type++)
		if (!strcasecmp(name, messages[type].name) || !strcasecmp(name, messages[type].abbrev))
			return &messages[type];
	return NULL;
}

const char *ctrl_cause_name(uint32_t cause)
{
	return cause >= 1 && cause <= CAUSES ? causes[cause - 1].name : NULL;
}

const char *ctrl_error_name(uint32_t error)
{
	return error < ERRORS ? errors[error].name : NULL;
}
