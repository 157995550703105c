/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports and decoded lines of made-up conversations, in both formats. */
#include "analyzer/report.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <stdlib.h>

/* --- a strict reader of JSON ---------------------------------------------------------------- */

enum { KEYS_MAX = 128 };

/* Position in a text; NULL once it turned out to be no JSON. */
static const char *value(const char *at);

static const char *blank(const char *at)
{
	return at + strspn(at, " \n");
}

/* Octets of a well-formed UTF-8 sequence, or 0. */
static unsigned letter(const char *at)
{
	const uint8_t *p = (const uint8_t *)at;
	unsigned n = *p < 0x80 ? 1 : *p < 0xc2 ? 0 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : *p < 0xf5 ? 4 : 0;

	for (unsigned i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return *p < 0x20 || *p == 0x7f ? 0 : n;
}

static const char *string(const char *at)
{
	if (*at++ != '"')
		return NULL;
	while (*at != '"') {
		unsigned n = letter(at);

		if (!n)
			return NULL;
		if (*at == '\\') {
			if (!at[1] || !strchr("\"\\/bfnrtu", at[1]))
				return NULL;
			n = 2;
		}
		at += n;
	}
	return at + 1;
}

static const char *number(const char *at)
{
	size_t n = strspn(at, "0123456789");

	if (!n || (n > 1 && *at == '0'))
		return NULL;
	at += n;
	if (*at != '.')
		return at;
	n = strspn(at + 1, "0123456789");
	return n ? at + 1 + n : NULL;
}

static const char *array(const char *at)
{
	at = blank(at + 1);
	if (*at == ']')
		return at + 1;
	for (;;) {
		at = value(blank(at));
		if (!at)
			return NULL;
		at = blank(at);
		if (*at == ']')
			return at + 1;
		if (*at++ != ',')
			return NULL;
	}
}

static const char *object(const char *at)
{
	const char *key[KEYS_MAX];
	size_t len[KEYS_MAX];
	unsigned keys = 0;

	at = blank(at + 1);
	if (*at == '}')
		return at + 1;
	for (;; keys++) {
		key[keys] = at = blank(at);
		at = string(at);
		if (!at || *at != ':' || keys == KEYS_MAX - 1)
			return NULL;
		len[keys] = (size_t)(at - key[keys]);
		for (unsigned i = 0; i < keys; i++)
			if (len[i] == len[keys] && memcmp(key[i], key[keys], len[i]) == 0)
				return NULL;
		at = value(at + 1);
		if (!at)
			return NULL;
		at = blank(at);
		if (*at == '}')
			return at + 1;
		if (*at++ != ',')
			return NULL;
	}
}

static const char *value(const char *at)
{
	static const char *const words[] = { "null", "true", "false" };

	for (unsigned i = 0; i < 3; i++)
		if (strncmp(at, words[i], strlen(words[i])) == 0)
			return at + strlen(words[i]);
	return *at == '{' ? object(at) : *at == '[' ? array(at) : *at == '"' ? string(at) : number(at);
}

/* One value and a newline, no key twice, nothing but UTF-8. */
static bool is_json(const char *text)
{
	const char *end = value(text);

	return end && strcmp(end, "\n") == 0;
}

/* --- a made-up conversation ----------------------------------------------------------------- */

static const struct ip_addr server = { { [10] = 0xff, 0xff, 10, 1, 1, 10 } };
static const struct ip_addr client = { { [10] = 0xff, 0xff, 10, 1, 1, 11 } };
static const struct ip_addr six = { { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };

#define START INT64_C(1118321234834809000) /* 2005-06-09 12:47:14.834809 */
#define MS(n) ((n)*INT64_C(1000000))

static struct tunnel a_tunnel(void)
{
	return (struct tunnel){
		.id = 1,
		.host = { server, client },
		.pac = 0,
		.role_by = CTRL_OCRQ,
		.role_frame = 10,
		.first_frame = 1,
		.last_frame = 23,
		.first_time = START,
		.last_time = START + MS(30300),
		.connections = 1,
		.calls = 1,
	};
}

static struct moment moments[] = {
	{ .frame = 1, .time_ns = START, .kind = MOMENT_SYN, .from = 1 },
	{ .frame = 2, .time_ns = START + MS(1), .kind = MOMENT_SYNACK, .from = 0 },
	{ .frame = 5, .time_ns = START + MS(2), .kind = MOMENT_MESSAGE, .from = 1, .type = CTRL_SCCRQ },
	{ .frame = 7, .time_ns = START + MS(150), .kind = MOMENT_MESSAGE, .type = CTRL_SCCRP, .result = 1 },
	{ .frame = 10,
	  .time_ns = START + MS(1060),
	  .kind = MOMENT_MESSAGE,
	  .from = 1,
	  .type = CTRL_OCRQ,
	  .value = 26418 },
	{ .frame = 12,
	  .time_ns = START + MS(1084),
	  .kind = MOMENT_MESSAGE,
	  .type = CTRL_OCRP,
	  .result = 2,
	  .error = 4,
	  .value = 24 },
	{ .frame = 13, .time_ns = START + MS(1100), .kind = MOMENT_MESSAGE, .status = CTRL_BAD },
	{ .frame = 14,
	  .time_ns = START + MS(1100),
	  .kind = MOMENT_MESSAGE,
	  .status = CTRL_CUT,
	  .type = CTRL_CDN },
	{ .frame = 15, .time_ns = START + MS(1200), .kind = MOMENT_GAP, .from = 1, .value = 1240 },
	{ .frame = 16, .time_ns = START + MS(1300), .kind = MOMENT_SKIPPED, .from = 1, .value = 7 },
	{ .frame = 17, .time_ns = START + MS(1400), .kind = MOMENT_ICMP, .from = 0 },
	{ .frame = 23, .time_ns = START + MS(30300), .kind = MOMENT_FIN, .from = 0 },
};

static struct control_connection a_connection(struct tunnel *t)
{
	static const uint8_t host[64] = "lab\033[31m\"\\\n\xff\xfe", vendor[64] = "Micro  soft \xc3\xbc";
	struct control_connection c = {
		.id = 1,
		.tunnel = t,
		.originator = 1,
		.originator_certain = true,
		.port = { 3025, 1723 },
		.state = CONNECTION_CLOSED,
		.close = CLOSE_FIN,
		.closed_by = 0,
		.pac = 0,
		.role_by = CTRL_OCRQ,
		.stopped_by = -1,
		.gaps = 1,
		.first_frame = 1,
		.last_frame = 23,
		.first_time = START,
		.last_time = START + MS(30300),
		.calls = 1,
		.seen = { true, true },
	};

	c.start[0] = (struct start_info){ .frame = 5,
					  .version = 0x100,
					  .framing = 3,
					  .bearer = 1,
					  .channels = 65535,
					  .firmware = 1,
					  .host_name = host,
					  .vendor_name = vendor };
	c.start[1] = (struct start_info){ .frame = 7, .version = 0x100, .result = 1, .framing = 8 };
	c.messages[1][CTRL_SCCRQ] = c.messages[0][CTRL_SCCRP] = 1;
	c.messages[0][CTRL_ECHORQ] = 2;
	c.messages[1][CTRL_ECHORQ] = 3;
	c.echo_requests[1] = 3;
	c.echo_answered[1] = 2;
	c.lost[1] = 1240;
	c.skipped[1] = 7;
	c.history = (struct history){ moments, sizeof(moments) / sizeof(*moments),
				      sizeof(moments) / sizeof(*moments) };
	return c;
}

static struct flow a_flow(unsigned from, uint16_t call_id)
{
	return (struct flow){
		.key = 2 << 17 | from << 16 | call_id,
		.packets = 26,
		.octets = 1240,
		.first_seq = 1,
		.highest_seq = 25,
		.data = 22,
		.acks = 18,
		.highest_ack = 20,
		.duplicated = 1,
		.reordered = 2,
		.flags = FLOW_SEEN | FLOW_HAS_SEQ | FLOW_HAS_ACK,
		.defects = GRE_BAD_K | GRE_BAD_PAD,
		.first_after = 5,
		.last_after = 12,
		.last = short_time(START + MS(9000)),
		.rtt_sum_us = 3000,
		.rtt_min_us = 400,
		.rtt_max_us = 2100000,
		.rtt_count = 2,
	};
}

static struct call a_call(struct tunnel *t)
{
	static struct call_rare rare;
	struct call c = {
		.id = 1,
		.tunnel = t,
		.control = { .id = 1 },
		.let_go = true,
		.first_frame = 10,
		.first_time = START + MS(1060),
		.minimum_bps = 2400,
		.maximum_bps = 10000000,
		.connect_speed = 115200,
		.pns_call_id = 26418,
		.pac_call_id = 24,
		.serial = 7,
		.pns_window = 3,
		.pac_window = 64,
		.pac_delay = 15,
		.cause = 16,
		.kind = CALL_OUTGOING,
		.state = CALL_CLOSED,
		.bearer = 3,
		.framing = 9,
		.reply_result = 1,
		.ended_by = 1,
		.pns_id_known = true,
		.pac_id_known = true,
		.replied = true,
		.has_serial = true,
		.ids_certain = true,
	};

	rare = (struct call_rare){ .end_result = 4, .number = "5551212" };
	c.rare = &rare;
	call_step_take(&c, STEP_REQUEST, (struct call_step_seen){ 10, START + MS(1060) });
	call_step_take(&c, STEP_REPLY, (struct call_step_seen){ 12, START + MS(1084) });
	call_step_take(&c, STEP_CLEAR, (struct call_step_seen){ 20, START + MS(9000) });
	call_step_take(&c, STEP_DISCONNECT, (struct call_step_seen){ 21, START + MS(9100) });
	call_last_take(&c, (struct call_step_seen){ 23, START + MS(30300) });
	return c;
}

static struct finding a_finding(void)
{
	return (struct finding){
		.id = "SLI-RSVD1-01",
		.section = "2.15",
		.level = "MUST",
		.severity = SEVERITY_ERROR,
		.tunnel = 1,
		.connection = 1,
		.call = 1,
		.has_fault = true,
		.at_fault = client,
		.role = ROLE_PNS,
		.frame = 15,
		.last_frame = 99,
		.count = 4,
		.time_ns = START,
		.message = "10.1.1.11 sets Reserved1 \xc3",
		.expected = "0",
		.observed = "\"lab \\\" name\" to 10.1.1.10:1723",
		.evidence = { 15, 16 },
		.nevidence = 2,
		.known_as = "poptop,pptpclient",
	};
}

static const uint64_t unseen[UNSEEN_COUNT] = { [UNSEEN_GRE_V0] = 3, [UNSEEN_CUT] = 1 };

static struct report_capture a_capture(void)
{
	return (struct report_capture){
		.path = "dir/a \"b\"\n.pcap",
		.format = "pcap",
		.link_type = 1,
		.packets = 23,
		.octets = 2464,
		.first_time = START,
		.last_time = START + MS(30300),
		.truncated = 1,
		.control_packets = 12,
		.gre_packets = 5,
		.fragments = 2,
		.unseen = unseen,
	};
}

/* --- writing it ------------------------------------------------------------------------------ */

struct page {
	struct report_options o;
	char *text;
	size_t len;
};

static struct page page(void)
{
	return (struct page){ .o = { .profile = "rfc2637", .captures = 1 } };
}

static void page_open(struct page *p)
{
	p->o.out = open_memstream(&p->text, &p->len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p->o.out);
}

/* Closes the page, and shows it when asked to: to read what people will read. */
static void page_close(struct page *p)
{
	fclose(p->o.out);
	if (getenv("SHOW_REPORTS"))
		printf("%s\n", p->text);
}

static void page_free(struct page *p)
{
	free(p->text);
	report_cleanup();
}

static bool has(const struct page *p, const char *words)
{
	return strstr(p->text, words) != NULL;
}

/* All rows of the conversation. */
static void write_report(struct page *p, const struct report_ops *ops)
{
	static const char *const notices[] = { "3 packets found no room", NULL };
	struct report_summary s = {
		.tunnels = 1,
		.connections = 1,
		.calls = 1,
		.findings = { [SEVERITY_ERROR] = 1 },
		.gaps = 1,
		.gap_octets = 1240,
		.partial = true,
		.notices = notices,
	};
	struct tunnel t = a_tunnel();
	struct control_connection c = a_connection(&t);
	struct flow to_pac = a_flow(1, 24), to_pns = a_flow(0, 26418);
	struct call call = a_call(&t);
	struct finding f = a_finding();
	struct report_capture capture = a_capture();
	struct report *r;

	to_pns.flags |= FLOW_DISTRUST;
	call.flow[1] = to_pac;
	call.flow[0] = to_pns;
	page_open(p);
	r = ops->begin(&p->o);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	ops->capture(r, &capture);
	ops->tunnel(r, &t);
	ops->connection(r, &c, NULL, 0);
	ops->call(r, &call, NULL, 0);
	ops->tunnel_end(r, &t);
	ops->finding(r, &f, BASELINE_NONE);
	CU_ASSERT_TRUE(ops->end(r, &s));
	page_close(p);
}

/* A conversation of which next to nothing is known. */
static void write_unknown(struct page *p, const struct report_ops *ops)
{
	struct report_summary s = { .tunnels = 1, .connections = 1, .calls = 3 };
	struct tunnel t = { .id = 1,
			    .host = { server, six },
			    .pac = -1,
			    .context = 7,
			    .connections = 1,
			    .calls = 3,
			    .first_frame = 1,
			    .first_time = START,
			    .mirrored = 2,
			    .icmp_unreachable = { 0, 4 } };
	struct control_connection c = { .id = 9,
					.tunnel = &t,
					.pac = -1,
					.closed_by = -1,
					.stopped_by = -1,
					.port = { 1723, 1723 },
					.midstream = true,
					.detected = true,
					.state = CONNECTION_UNKNOWN,
					.first_frame = 1,
					.seen = { true, false },
					.start = { [1] = { .frame = 3, .result = 77, .error = 9 } } };
	struct flow lone = { .key = 5, .packets = 3, .acks = 3, .flags = FLOW_SEEN | FLOW_HAS_ACK };
	struct call gre = { .id = 1, .state = CALL_GRE_ONLY, .flow = { lone } };
	struct call empty = { .id = 2, .state = CALL_REQUESTED };
	struct call incoming = { .id = 3,
				 .kind = CALL_INCOMING,
				 .state = CALL_REFUSED,
				 .replied = true,
				 .reply_result = 250,
				 .reply_error = 200,
				 .first_frame = 4,
				 .first_time = START,
				 .request_first = true,
				 .reply_near = true,
				 .reply = { 1, 0 } };
	struct finding f = {
		.id = "TCP-PORT-01", .section = "1.4", .level = "implied", .certainty = SUSPECTED
	};
	struct report_capture bad = { .path = "-", .error = "no capture", .damaged = true };
	struct report *r;

	page_open(p);
	r = ops->begin(&p->o);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	ops->capture(r, &bad);
	ops->tunnel(r, &t);
	ops->connection(r, &c, NULL, 0);
	ops->call(r, &gre, NULL, 0);
	ops->call(r, &empty, NULL, 0);
	ops->call(r, &incoming, NULL, 0);
	ops->tunnel_end(r, &t);
	ops->finding(r, &f, BASELINE_NONE);
	CU_ASSERT_TRUE(ops->end(r, &s));
	page_close(p);
}

static void write_nothing(struct page *p, const struct report_ops *ops)
{
	struct report_summary s = { 0 };
	struct report *r;

	page_open(p);
	r = ops->begin(&p->o);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	CU_ASSERT_TRUE(ops->end(r, &s));
	page_close(p);
}

/* --- times and addresses ---------------------------------------------------------------------- */

static void test_time(void)
{
	static const struct {
		int64_t ns;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00.000000Z" },
		{ START, "2005-06-09T12:47:14.834809Z" },
		{ START + 1, "2005-06-09T12:47:14.834809001Z" },
		{ -1, "1969-12-31T23:59:59.999999999Z" },
		{ INT64_C(951782400) * 1000000000, "2000-02-29T00:00:00.000000Z" },
		{ INT64_C(4107542399) * 1000000000, "2100-02-28T23:59:59.000000Z" },
		{ INT64_C(4107542400) * 1000000000, "2100-03-01T00:00:00.000000Z" },
		{ INT64_MAX, "2262-04-11T23:47:16.854775807Z" },
		{ INT64_MIN, "1677-09-21T00:12:43.145224192Z" },
	};
	char buf[REPORT_TIME];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CU_ASSERT_STRING_EQUAL(report_time(cases[i].ns, buf), cases[i].text);
}

static void test_addr(void)
{
	struct report_options o = { .anonymize = false };
	char buf[64];

	CU_ASSERT_STRING_EQUAL(report_addr(&o, &server, buf), "10.1.1.10");
	CU_ASSERT_STRING_EQUAL(report_addr(&o, &six, buf), "2001:db8::1");
	o.anonymize = true;
	CU_ASSERT_STRING_EQUAL(report_addr(&o, &six, buf), "host-1");
	CU_ASSERT_STRING_EQUAL(report_addr(&o, &server, buf), "host-2");
	CU_ASSERT_STRING_EQUAL(report_addr(&o, &six, buf), "host-1");
	report_cleanup();
	CU_ASSERT_STRING_EQUAL(report_addr(&o, &server, buf), "host-1");
	/* More than the table of masks holds at first. */
	for (unsigned i = 0; i < 1000; i++) {
		struct ip_addr many = server;

		many.octet[14] = (uint8_t)(i >> 8);
		many.octet[15] = (uint8_t)i;
		report_addr(&o, &many, buf);
	}
	CU_ASSERT_STRING_EQUAL(report_addr(&o, &server, buf), "host-1");
	report_cleanup();
}

static void test_formats(void)
{
	CU_ASSERT_PTR_EQUAL(report_by_name("text"), &report_text);
	CU_ASSERT_PTR_EQUAL(report_by_name("json"), &report_json);
	CU_ASSERT_PTR_NULL(report_by_name("yaml"));
}

/* --- the report as JSON ----------------------------------------------------------------------- */

static void test_json(void)
{
	static const char *const parts[] = {
		"{\"schema\":\"pptpscope-report-1\",\"tool\":{\"name\":\"pptpscope\",\"version\":",
		"\"profile\":\"rfc2637\"",
		"\"link_type\":\"EN10MB\",\"packets\":23,\"octets\":2464,"
		"\"first_time\":\"2005-06-09T12:47:14.834809Z\"",
		"{\"reason\":\"gre-version-0\",\"packets\":3}",
		"{\"reason\":\"filtered\",\"packets\":0}",
		"{\"id\":1,\"pac\":\"10.1.1.10\",\"pns\":\"10.1.1.11\",",
		"\"roles_known_by\":\"Outgoing-Call-Request\",\"roles_frame\":10",
		"\"originator\":\"10.1.1.11\",\"receiver\":\"10.1.1.10\",\"originator_port\":3025,"
		"\"receiver_port\":1723,\"state\":\"closed\",\"first_frame\":1,\"last_frame\":23,"
		"\"complete\":false,\"closed_by\":\"10.1.1.10\",\"close\":\"fin\",\"messages\":{"
		"\"Start-Control-Connection-Request\":1,\"Start-Control-Connection-Reply\":1,"
		"\"Echo-Request\":5},\"pac\":{\"host_name\":null",
		"\"pns\":{\"host_name\":\"lab\\\\x1b[31m\\\"\\\\\\\\\\\\x0a\\\\xff\\\\xfe\"",
		"\"lost_octets\":{\"originator\":1240,\"receiver\":0}",
		"{\"frame\":13,\"time\":\"2005-06-09T12:47:15.934809Z\",\"from\":\"10.1.1.10\","
		"\"event\":\"message\",\"message\":null,\"status\":\"bad\"}",
		"\"status\":\"ok\",\"call_id\":24,\"result\":2,\"result_name\":\"general "
		"error\",\"error\":4,",
		"\"event\":\"gap\",\"octets\":1240}",
		"\"kind\":\"outgoing\",\"pns_call_id\":26418,\"pac_call_id\":24",
		"\"called_number\":\"5551212\"",
		"\"framing_type_name\":null",
		"\"reply\":{\"result\":1,\"result_name\":\"connected\",\"error\":0,\"error_name\":\"none\","
		"\"cause\":null,\"cause_name\":null}",
		"\"disconnect\":{\"result\":4,\"result_name\":\"request\",\"error\":0,\"error_name\":"
		"\"none\","
		"\"cause\":16,\"cause_name\":\"normal call clearing\"},\"ended_by\":\"pns\"",
		"\"gre\":{\"pns_to_pac\":{\"call_id\":24,\"packets\":26,\"octets\":1240",
		"\"lost\":4,\"duplicated\":1,\"reordered\":2",
		"\"pac_to_pns\":{\"call_id\":26418",
		"\"lost\":null,",
		"\"ack_rtt_seconds\":{\"min\":0.000400,\"mean\":0.001500,\"max\":2.100000,\"samples\":2}",
		"\"defects\":[\"key-missing\",\"padding\"]",
		"\"ppp\":null,\"security\":null,\"diagnosis\":[]",
		"\"at_fault\":\"10.1.1.11\",\"role\":\"PNS\",\"frame\":15",
		"\"message\":\"10.1.1.11 sets Reserved1 \"",
		"\"evidence\":[15,16],\"known_as\":[\"poptop\",\"pptpclient\"]}",
		"\"summary\":{\"tunnels\":1,\"control_connections\":1,\"calls\":1,\"findings\":{\"error\":1,"
		"\"warning\":0,\"note\":0},\"security\":{",
		"\"gaps\":1,\"gap_octets\":1240,\"partial\":true,"
		"\"baseline\":null,\"judged\":null,"
		"\"notices\":[\"3 packets found no room\"]}}",
	};
	struct page p = page(), brief = page();

	p.o.verbose = true;
	write_report(&p, &report_json);
	CU_ASSERT_TRUE(is_json(p.text));
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (!has(&p, parts[i]))
			CU_FAIL(parts[i]);
	CU_ASSERT_FALSE(has(&p, "\"capture\":"));
	page_free(&p);
	/* The history of a connection is long, and left out. */
	write_report(&brief, &report_json);
	CU_ASSERT_TRUE(is_json(brief.text));
	CU_ASSERT_FALSE(has(&brief, "timeline"));
	CU_ASSERT_TRUE(has(&brief, parts[0]));
	page_free(&brief);
}

static void write_connections(struct page *p, struct tunnel *t, const struct control_connection *c,
			      unsigned n)
{
	struct report_summary s = { .tunnels = 1, .connections = n };
	struct report *r;

	page_open(p);
	r = report_json.begin(&p->o);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	report_json.tunnel(r, t);
	for (unsigned i = 0; i < n; i++)
		report_json.connection(r, &c[i], NULL, 0);
	report_json.tunnel_end(r, t);
	CU_ASSERT_TRUE(report_json.end(r, &s));
	page_close(p);
}

/* What peers say of themselves is theirs, whoever said nearly the same before. */
static void test_json_starts(void)
{
	static const uint8_t other[64] = "other";
	enum { STARTS = 12 };
	struct tunnel t = a_tunnel();
	struct control_connection c[STARTS];
	struct page together = page();

	for (unsigned i = 0; i < STARTS; i++) {
		c[i] = a_connection(&t);
		c[i].id = i + 1;
		c[i].start[0].frame = c[i].start[1].frame = 100 + i;
	}
	c[2].start[0].firmware++;
	c[3].start[0].channels--;
	c[4].start[0].version++;
	c[5].start[0].framing = 1;
	c[6].start[0].bearer = 2;
	c[7].start[0].host_name = other;
	c[8].start[0].vendor_name = NULL;
	c[9].start[1].result = 2;
	c[10].start[1].error = 1;
	c[11].pac = 1;
	write_connections(&together, &t, c, STARTS);
	for (unsigned i = 0; i < STARTS; i++) {
		struct page alone = page();
		char *row, *end;

		write_connections(&alone, &t, &c[i], 1);
		row = strstr(alone.text, "\"originator_port\"");
		CU_ASSERT_PTR_NOT_NULL_FATAL(row);
		end = strchr(row, '\n');
		CU_ASSERT_PTR_NOT_NULL_FATAL(end);
		*end = '\0';
		CU_ASSERT_TRUE(has(&together, row));
		free(alone.text);
	}
	CU_ASSERT_TRUE(is_json(together.text));
	page_free(&together);
}

static void test_json_unknown(void)
{
	static const char *const parts[] = {
		"\"format\":null,\"compression\":null,\"link_type\":null",
		"\"pac\":null,\"pns\":null,\"hosts\":[\"10.1.1.10\",\"2001:db8::1\"],\"context\":7,"
		"\"roles_known_by\":null,\"roles_frame\":null",
		"\"icmp_unreachable\":[0,4],\"mirrored_frames\":2",
		"\"originator_start\":null,\"receiver_start\":{",
		"\"result_code\":77,\"result_name\":null,\"error_code\":9,\"error_name\":null",
		"\"close\":null,\"messages\":{}",
		"\"detected_by\":\"content\"",
		"\"kind\":null,\"pns_call_id\":null,\"pac_call_id\":null",
		"\"gre\":{\"pns_to_pac\":null,\"pac_to_pns\":null,\"flows\":[{\"sender\":\"10.1.1.10\","
		"\"call_id\":5",
		"\"first_sequence_number\":null,\"last_sequence_number\":null,\"lost\":0",
		"\"flows\":[]",
		"\"certainty\":\"suspected\",\"tunnel\":null,\"control_connection\":null,\"call\":null,"
		"\"at_fault\":null,\"role\":null,\"frame\":null",
		"\"evidence\":[]}",
	};
	struct page p = page();

	write_unknown(&p, &report_json);
	CU_ASSERT_TRUE(is_json(p.text));
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (!has(&p, parts[i]))
			CU_FAIL(parts[i]);
	page_free(&p);
}

static void test_json_nothing(void)
{
	struct page p = page();

	write_nothing(&p, &report_json);
	CU_ASSERT_TRUE(is_json(p.text));
	CU_ASSERT_TRUE(has(&p, "\"notices\":[]}}"));
	page_free(&p);
}

/* With more than one file, a frame is a number in one of them. */
static void test_json_captures(void)
{
	struct tunnel t = a_tunnel();
	struct finding f = a_finding();
	struct report_summary s = { 0 };
	struct page p = page();
	struct report *r;

	t.first_frame = FRAME_OF(0, 1);
	t.last_frame = FRAME_OF(1, 2);
	f.evidence[1] = FRAME_OF(1, 16);
	p.o.captures = 2;
	page_open(&p);
	r = report_json.begin(&p.o);
	report_json.tunnel(r, &t);
	report_json.tunnel_end(r, &t);
	report_json.finding(r, &f, BASELINE_NONE);
	CU_ASSERT_TRUE(report_json.end(r, &s));
	page_close(&p);
	CU_ASSERT_TRUE(is_json(p.text));
	CU_ASSERT_TRUE(has(&p, "\"first_frame\":1,\"first_capture\":0,\"last_frame\":2,\"last_capture\":1"));
	CU_ASSERT_TRUE(has(&p, "\"evidence\":[15,16],\"evidence_captures\":[0,1]"));
	page_free(&p);
}

/* --- the report as text ----------------------------------------------------------------------- */

/* Nothing but printable ASCII, UTF-8 letters and line ends. */
static bool is_clean(const char *text)
{
	while (*text) {
		unsigned n = *text == '\n' ? 1 : letter(text);

		if (!n)
			return false;
		text += n;
	}
	return true;
}

/* Columns of the longest line: a letter of UTF-8 is one. */
static size_t longest_line(const char *text)
{
	size_t longest = 0, columns = 0;

	for (; *text; text++) {
		columns = *text == '\n' ? 0 : columns + ((*text & 0xc0) != 0x80);
		longest = columns > longest ? columns : longest;
	}
	return longest;
}

/* The text with each run of blanks and line ends made one blank: what it says, however it wraps. */
static void unwrap(struct page *p)
{
	char *to = p->text;

	for (const char *at = p->text; *at; at++) {
		if (*at != ' ' && *at != '\n')
			*to++ = *at;
		else if (to > p->text && to[-1] != ' ')
			*to++ = ' ';
	}
	*to = '\0';
}

static void test_text(void)
{
	static const char *const parts[] = {
		"1 tunnel, 1 control connection, 1 call",
		"1 error",
		"Partial:",
		"1 gap in control connections, 1240 octets missing",
		"3 packets found no room",
		"3 GRE version 0, not PPTP",
		"1 packet cut by the capture's snap length - may have been PPTP",
		"Tunnel 1 PNS 10.1.1.11 - PAC 10.1.1.10",
		"roles known by Outgoing-Call-Request in frame 10",
		"Control connection 1 PNS 10.1.1.11:3025 > PAC 10.1.1.10:1723, closed",
		"host \"lab\\x1b[31m\"\\\\\\x0a\\xff\\xfe\"",
		"framing asynchronous+synchronous",
		"framing 0x8",
		"5 ECHORQ",
		"2 of 3 Echo-Requests of PNS answered",
		"1240 missing octets from PNS",
		"+1.060000 10 PNS > Outgoing-Call-Request, Call ID 26418",
		"+1.084000 12 PAC > Outgoing-Call-Reply, Call ID 24, general error, error no-resource",
		"+1.100000 13 PAC > message of no known type (bad)",
		"+1.100000 14 PAC > Call-Disconnect-Notify (cut by the capture)",
		"+1.200000 15 PNS > 1240 octets missing in the capture",
		"Call 1, outgoing closed, PNS Call ID 26418, PAC Call ID 24, serial 7",
		"number \"5551212\", 2400-10000000 bit/s, bearer any",
		"the PNS asked for it by Call-Clear-Request, +9.000000 s, frame 20",
		"request, cause normal call clearing",
		"GRE PNS > PAC 26 packets, 1240 octets, sequence 1-25, 4 lost (16.0%), 1 duplicated",
		"2 late, acknowledged in 0.4-2100.0 ms (mean 1.5), key bit not set",
		"numbers restart or jump, so loss cannot be told",
		"error SLI-RSVD1-01 MUST, section 2.15",
		"4 times in all, the last one in frame 99",
	};
	struct page p = page();

	write_report(&p, &report_text);
	CU_ASSERT_TRUE(is_clean(p.text));
	CU_ASSERT_TRUE(has(&p, "\"Micro  soft "));
	unwrap(&p);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (!has(&p, parts[i]))
			CU_FAIL(parts[i]);
	/* The summary comes first, findings after the tunnels. */
	CU_ASSERT_TRUE(strstr(p.text, "1 tunnel,") < strstr(p.text, "Capture"));
	CU_ASSERT_TRUE(strstr(p.text, "Call 1,") < strstr(p.text, "Findings"));
	page_free(&p);
}

static void test_text_unknown(void)
{
	static const char *const parts[] = {
		"not read: no capture",
		"Tunnel 1 10.1.1.10 - 2001:db8::1",
		"roles unknown",
		"4 ICMP errors about GRE that 2001:db8::1 had sent",
		"before the capture began (midstream)",
		"one-sided: nothing was seen from 2001:db8::1",
		"receiver result 77",
		"its control connection was not seen",
		"GRE 10.1.1.10 > 2001:db8::1 3 packets, Call ID 5",
		"GRE 2001:db8::1 > 10.1.1.10 no packets",
		"result 250, error 200",
		"by unknown: the capture cannot tell",
	};
	struct page p = page();

	write_unknown(&p, &report_text);
	CU_ASSERT_TRUE(is_clean(p.text));
	unwrap(&p);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (!has(&p, parts[i]))
			CU_FAIL(parts[i]);
	page_free(&p);
}

static void test_text_nothing(void)
{
	struct page p = page();

	write_nothing(&p, &report_text);
	CU_ASSERT_TRUE(has(&p, "No PPTP"));
	page_free(&p);
}

static void test_text_widths(void)
{
	/* 40: the longest word that does not break, with its indent. */
	static const unsigned widths[] = { 40, 59, 60, 72, 80, 132 };

	for (size_t i = 0; i < sizeof(widths) / sizeof(*widths); i++) {
		struct page p = page();

		p.o.width = widths[i];
		write_report(&p, &report_text);
		CU_ASSERT_TRUE(longest_line(p.text) <= widths[i]);
		unwrap(&p);
		CU_ASSERT_TRUE(has(&p, "Control connection 1"));
		CU_ASSERT_EQUAL(has(&p, "Outgoing-Call-Reply, Call ID 24"), widths[i] >= 72);
		CU_ASSERT_EQUAL(has(&p, "OCRP, Call ID 24"), widths[i] < 72);
		page_free(&p);
	}
}

/* With colour taken out again, the text is the same. */
static void test_text_colour(void)
{
	struct page plain = page(), colour = page();
	char *to;

	write_report(&plain, &report_text);
	colour.o.colour = true;
	write_report(&colour, &report_text);
	CU_ASSERT_TRUE(has(&colour, "\033[31;1m"));
	to = colour.text;
	for (const char *at = colour.text; *at; at++) {
		if (*at == '\033')
			at += strcspn(at, "m");
		else
			*to++ = *at;
	}
	*to = '\0';
	CU_ASSERT_STRING_EQUAL(colour.text, plain.text);
	page_free(&plain);
	page_free(&colour);
}

/* --- many rows -------------------------------------------------------------------------------- */

static void write_many(struct page *p, const struct report_ops *ops, uint64_t n)
{
	struct report_summary s = { .tunnels = 1, .connections = n, .calls = n };
	struct tunnel t = a_tunnel();
	struct control_connection c = a_connection(&t);
	struct finding f = a_finding();
	struct report *r;

	t.connections = t.calls = n;
	page_open(p);
	r = ops->begin(&p->o);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	ops->tunnel(r, &t);
	for (c.id = 1; c.id <= n; c.id++)
		ops->connection(r, &c, NULL, 0);
	for (uint64_t i = 1; i <= n; i++) {
		struct call call = a_call(&t);

		call.id = i;
		call.flow[0] = a_flow(0, 24);
		call.flow[1] = a_flow(1, 24);
		ops->call(r, &call, NULL, 0);
	}
	ops->tunnel_end(r, &t);
	for (uint64_t i = 0; i < n; i++)
		ops->finding(r, &f, BASELINE_NONE);
	CU_ASSERT_TRUE(ops->end(r, &s));
	page_close(p);
}

static unsigned occurrences(const char *text, const char *words)
{
	size_t len = strlen(words);
	unsigned n = 0;

	/* Not with strstr(): AddressSanitizer's looks at the whole text each time. */
	for (; *text; text++)
		n += *text == *words && strncmp(text, words, len) == 0;
	return n;
}

static void test_text_many(void)
{
	struct page p = page();

	write_many(&p, &report_text, 50);
	CU_ASSERT_EQUAL(occurrences(p.text, "GRE PNS > PAC"), 50);
	CU_ASSERT_EQUAL(occurrences(p.text, "\n  error SLI-RSVD1-01 MUST"), 10);
	CU_ASSERT_TRUE(has(&p, "40 more of it"));
	page_free(&p);

	p = page();
	write_many(&p, &report_text, 51);
	CU_ASSERT_EQUAL(occurrences(p.text, "GRE PNS > PAC"), 0);
	CU_ASSERT_EQUAL(occurrences(p.text, " outgoing  26418     24 closed "), 51);
	CU_ASSERT_TRUE(has(&p, "51 control connections, a line each"));
	CU_ASSERT_TRUE(has(&p, "--verbose"));
	page_free(&p);

	p = page();
	p.o.width = 40;
	write_many(&p, &report_text, 51);
	CU_ASSERT_EQUAL(occurrences(p.text, " out  26418     24 closed\n"), 51);
	page_free(&p);

	p = page();
	write_many(&p, &report_text, 1001);
	CU_ASSERT_EQUAL(occurrences(p.text, "26418"), 0);
	CU_ASSERT_TRUE(has(&p, "1001 outgoing, 1001 closed"));
	CU_ASSERT_TRUE(has(&p, "GRE of PNS: 26026 packets, 1241240 octets, 4004 lost"));
	CU_ASSERT_TRUE(has(&p, "1001 gaps of 1241240 octets"));
	page_free(&p);

	p = page();
	p.o.verbose = true;
	write_many(&p, &report_text, 1001);
	CU_ASSERT_EQUAL(occurrences(p.text, "GRE PNS > PAC"), 1001);
	CU_ASSERT_EQUAL(occurrences(p.text, "\n  error SLI-RSVD1-01 MUST"), 1001);
	page_free(&p);
}

static void test_text_many_tunnels(void)
{
	struct report_summary s = { .tunnels = 1003 };
	struct tunnel t = a_tunnel();
	struct page p = page();
	struct report *r;

	page_open(&p);
	r = report_text.begin(&p.o);
	for (t.id = 1; t.id <= 1003; t.id++) {
		report_text.tunnel(r, &t);
		report_text.tunnel_end(r, &t);
	}
	CU_ASSERT_TRUE(report_text.end(r, &s));
	page_close(&p);
	CU_ASSERT_TRUE(has(&p, "Tunnel 1000"));
	CU_ASSERT_FALSE(has(&p, "Tunnel 1001"));
	CU_ASSERT_TRUE(has(&p, "3 more tunnels"));
	page_free(&p);
}

/* A report of many calls is streamed: all of them are there, and it is one document. */
static void test_json_many(void)
{
	struct page p = page();

	write_many(&p, &report_json, 100000);
	CU_ASSERT_TRUE(is_json(p.text));
	CU_ASSERT_EQUAL(occurrences(p.text, "\"called_number\":\"5551212\""), 100000);
	page_free(&p);
}

static void test_same_bytes(void)
{
	for (unsigned i = 0; report_formats[i]; i++) {
		struct page one = page(), two = page();

		write_report(&one, report_formats[i]);
		write_report(&two, report_formats[i]);
		CU_ASSERT_STRING_EQUAL(one.text, two.text);
		page_free(&one);
		page_free(&two);
	}
}

static void test_write_error(void)
{
	for (unsigned i = 0; report_formats[i]; i++) {
		struct report_options o = { .profile = "rfc2637", .captures = 1 };
		struct report_summary s = { 0 };
		struct report *r;

		o.out = fopen("/dev/full", "w");
		if (!o.out)
			return;
		r = report_formats[i]->begin(&o);
		errno = 0;
		CU_ASSERT_FALSE(report_formats[i]->end(r, &s));
		CU_ASSERT_EQUAL(errno, ENOSPC);
		fclose(o.out);
	}
}

/* --- what was not judged, and what was expected ------------------------------------------------- */

static void write_judged(struct page *p, const struct report_ops *ops)
{
	static const char *const fixed[] = { "GRE-ACK-01 10.1.1.10", NULL };
	static const uint64_t connections[UNLESS_BITS] = { [1] = 2 }, calls[UNLESS_BITS] = { [1] = 1 };
	static const unsigned withheld_by[RULES] = { [RULE_SLI_RSVD1_01] = UNLESS_NAT | UNLESS_CLOCK };
	static const uint64_t withheld[RULES] = { [RULE_SLI_RSVD1_01] = 3 };
	static const bool selected[RULES] = { [RULE_SLI_RSVD1_01] = true, [RULE_TCP_PORT_01] = true };
	const struct report_unjudged unjudged = { connections, calls, withheld_by, withheld, selected, 0 };
	struct report_summary s = {
		.tunnels = 1, .connections = 1, .findings = { 1 }, .unjudged = &unjudged
	};
	struct finding f = a_finding();
	struct report *r;

	s.baseline = (struct report_baseline){ true, 1, 0, 1, fixed };
	page_open(p);
	r = ops->begin(&p->o);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	ops->finding(r, &f, BASELINE_NEW);
	CU_ASSERT_TRUE(ops->end(r, &s));
	page_close(p);
}

static void test_judged(void)
{
	struct page json = page(), text = page();

	write_judged(&json, &report_json);
	CU_ASSERT_TRUE(is_json(json.text));
	CU_ASSERT_TRUE(has(&json, "\"baseline\":\"new\"}"));
	CU_ASSERT_TRUE(has(&json, "\"baseline\":{\"new\":1,\"unchanged\":0,\"fixed\":1,"
				  "\"fixed_findings\":[\"GRE-ACK-01 10.1.1.10\"]}"));
	CU_ASSERT_TRUE(has(&json, "\"judged\":{\"rules\":2,\"conditions\":[{\"condition\":\"TCP_GAP\","
				  "\"control_connections\":2,\"calls\":1,\"rules\":"));
	CU_ASSERT_TRUE(has(&json, "\"withheld\":[{\"id\":\"SLI-RSVD1-01\",\"findings\":3,"
				  "\"conditions\":[\"CLOCK\",\"NAT\"]}]"));
	write_judged(&text, &report_text);
	unwrap(&text);
	CU_ASSERT_TRUE(
		has(&text, "against the baseline: 1 new, 0 unchanged, 1 fixed fixed GRE-ACK-01 10.1.1.10"));
	CU_ASSERT_TRUE(has(&text, "judged by 2 rules"));
	CU_ASSERT_TRUE(has(&text, "not reported: SLI-RSVD1-01 3x"));
	CU_ASSERT_TRUE(has(&text, "section 2.15 (new)"));
	page_free(&json);
	page_free(&text);
}

/* --- masks -------------------------------------------------------------------------------------- */

static void test_anonymize(void)
{
	static const char *const secrets[] = { "10.1.1.1", "5551212", "lab", "dir/a" };

	for (unsigned i = 0; report_formats[i]; i++) {
		struct page p = page();

		p.o.anonymize = true;
		write_report(&p, report_formats[i]);
		for (size_t k = 0; k < sizeof(secrets) / sizeof(*secrets); k++)
			if (has(&p, secrets[k]))
				CU_FAIL(secrets[k]);
		CU_ASSERT_TRUE(has(&p, "Micro  soft"));
		CU_ASSERT_TRUE(has(&p, "host-2"));
		CU_ASSERT_TRUE(has(&p, "number-1"));
		CU_ASSERT_TRUE(has(&p, "capture-1"));
		CU_ASSERT_TRUE(has(&p, "sets Reserved1"));
		page_free(&p);
	}
}

/* Addresses within the sentences of a finding. */
static void test_anonymize_sentences(void)
{
	static const struct {
		const char *sentence, *masked;
	} cases[] = {
		{ "from 10.1.1.10:1723, 2001:db8::1 and (10.1.1.10).",
		  "from host-1:1723, host-2 and (host-1)." },
		{ "version 1.0, face 0x1a2b3c4d, 12:47:14", "version 1.0, face 0x1a2b3c4d, 12:47:14" },
		{ "host name \"a\"b\" is bad", "host name \"name-1\" is bad" },
		{ "an empty \"\" and \"", "an empty \"name-1\"" },
		{ "no \"\"", "no \"\"" },
		{ "port:10.1.1.10", "port:host-1" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct finding f = a_finding();
		struct report_summary s = { 0 };
		struct page p = page();
		struct report *r;
		char line[256];

		f.has_fault = false;
		snprintf(f.message, sizeof(f.message), "%s", cases[i].sentence);
		p.o.anonymize = true;
		page_open(&p);
		r = report_text.begin(&p.o);
		report_text.finding(r, &f, BASELINE_NONE);
		CU_ASSERT_TRUE(report_text.end(r, &s));
		page_close(&p);
		snprintf(line, sizeof(line), "\n    %s\n", cases[i].masked);
		if (!has(&p, line))
			CU_FAIL(cases[i].sentence);
		page_free(&p);
	}
}

/* --- decode --------------------------------------------------------------------------------------- */

static struct decode_where where(uint16_t port)
{
	static const uint64_t frames[] = { 4, 5 };

	return (struct decode_where){ .frames = frames,
				      .nframes = 2,
				      .frame = 5,
				      .time_ns = START,
				      .src = client,
				      .dst = server,
				      .src_port = port,
				      .dst_port = port ? 1723 : 0 };
}

/* A message with a text in its first text row and all numbers set. */
static size_t a_message(unsigned type, const char *words, uint8_t octets[CTRL_MAX])
{
	const struct ctrl_desc *d = ctrl_desc_of(type);
	uint32_t value[CTRL_FIELDS_MAX];
	uint8_t text[64] = { 0 };
	const uint8_t *texts[CTRL_FIELDS_MAX] = { NULL };

	memcpy(text, words, strlen(words));
	ctrl_defaults(d, value);
	for (unsigned i = 5; d->fields[i].name; i++) {
		value[i] = d->fields[i].kind == F_RESERVED ? 0 : i % 3 + 1;
		if (d->fields[i].kind == F_TEXT)
			texts[i] = text;
	}
	/* Call Statistics is wider than the others. */
	return ctrl_encode(d, value, type == CTRL_CDN ? NULL : texts, octets, CTRL_MAX);
}

static void decode_control(struct page *p, const struct decode_ops *ops, const uint8_t *octets, size_t len,
			   bool cut)
{
	struct decode_where w = where(3025);
	struct ctrl_msg m;

	ctrl_decode(octets, len, cut, &m);
	page_open(p);
	ops->control(&p->o, &w, &m);
	page_close(p);
}

static void test_decode_json_control(void)
{
	uint8_t octets[CTRL_MAX];
	size_t len = a_message(CTRL_SCCRQ, "lab\"\n\xff", octets);
	struct page p = page();

	decode_control(&p, &decode_json, octets, len, false);
	CU_ASSERT_TRUE(is_json(p.text));
	CU_ASSERT_PTR_EQUAL(strstr(p.text,
				   "{\"type\":\"control\",\"frame\":5,\"frames\":[4,5],"
				   "\"time\":\"2005-06-09T12:47:14.834809Z\",\"src\":\"10.1.1.11\","
				   "\"src_port\":3025,\"dst\":\"10.1.1.10\",\"dst_port\":1723,"
				   "\"status\":\"ok\",\"message\":\"Start-Control-Connection-Request\","
				   "\"fields\":{\"length\":156,\"pptp_message_type\":1,"
				   "\"magic_cookie\":439041101,\"control_message_type\":1,\"reserved0\":0,"
				   "\"protocol_version\":3,\"reserved1\":0,"),
			    p.text);
	CU_ASSERT_TRUE(has(&p, "\"host_name\":\"lab\\\"\\\\x0a\\\\xff\""));
	CU_ASSERT_TRUE(has(&p, "\"names\":{"));
	CU_ASSERT_TRUE(has(&p, "\"framing_capabilities\":\"synchronous\""));
	page_free(&p);
}

/* Every type, whole and cut at every octet, is one line of each format. */
static void test_decode_all(void)
{
	for (unsigned type = CTRL_SCCRQ; type < CTRL_TYPES; type++) {
		uint8_t octets[CTRL_MAX];
		size_t len = a_message(type, "x", octets);

		for (size_t cut = 0; cut <= len; cut++) {
			struct page json = page(), text = page();

			decode_control(&json, &decode_json, octets, cut, cut < len);
			CU_ASSERT_TRUE(is_json(json.text));
			CU_ASSERT_EQUAL(has(&json, "\"status\":\"cut\""), cut < len);
			CU_ASSERT_EQUAL(occurrences(json.text, "\n"), 1);
			decode_control(&text, &decode_text, octets, cut, cut < len);
			CU_ASSERT_EQUAL(has(&text, " CUT: "), cut < len);
			CU_ASSERT_EQUAL(occurrences(text.text, "\n"), 1);
			CU_ASSERT_TRUE(is_clean(text.text));
			page_free(&json);
			page_free(&text);
		}
	}
}

static void test_decode_bad(void)
{
	static const uint8_t octets[16] = { 0, 16, 0, 1, 'G', 'E', 'T', ' ', 0, 3, 0, 9 };
	struct page json = page(), text = page(), rows = page();

	decode_control(&json, &decode_json, octets, sizeof(octets), false);
	CU_ASSERT_TRUE(is_json(json.text));
	CU_ASSERT_TRUE(has(&json,
			   "\"status\":\"bad\",\"defects\":[\"magic-cookie\"],\"message\":null,"
			   "\"fields\":{\"length\":16,\"pptp_message_type\":1,\"magic_cookie\":1195725856,"
			   "\"control_message_type\":3,\"reserved0\":9}"));
	decode_control(&text, &decode_text, octets, sizeof(octets), false);
	CU_ASSERT_TRUE(has(&text, "BAD: Magic Cookie 0x47455420"));
	CU_ASSERT_TRUE(has(&text, "[frames 4 5]"));
	rows.o.verbose = true;
	decode_control(&rows, &decode_text, octets, sizeof(octets), false);
	CU_ASSERT_TRUE(has(&rows, "Magic Cookie             0x47455420"));
	page_free(&json);
	page_free(&text);
	page_free(&rows);
}

static void test_decode_text_control(void)
{
	uint8_t octets[CTRL_MAX];
	size_t len = a_message(CTRL_OCRP, "", octets);
	struct page p = page(), rows = page();

	decode_control(&p, &decode_text, octets, len, false);
	CU_ASSERT_PTR_EQUAL(strstr(p.text, "     5 12:47:14.834809  10.1.1.11:3025 > 10.1.1.10:1723 "),
			    p.text);
	CU_ASSERT_TRUE(has(&p, "OCRP call 3, peer's call 1, general error, error bad-value, cause "));
	rows.o.verbose = true;
	decode_control(&rows, &decode_text, octets, len, false);
	CU_ASSERT_TRUE(has(&rows, "frame 5  2005-06-09T12:47:14.834809Z  10.1.1.11:3025 > 10.1.1.10:1723"));
	CU_ASSERT_TRUE(has(&rows, "Outgoing-Call-Reply (OCRP), RFC 2637 section 2.8"));
	CU_ASSERT_TRUE(has(&rows, "      16      1  Result Code              2  general error\n"));
	page_free(&p);
	page_free(&rows);
}

/* Octets after the end of a text are told, and escaped like the rest. */
static void test_decode_padding(void)
{
	uint8_t octets[CTRL_MAX];
	size_t len = a_message(CTRL_SCCRQ, "lab", octets);
	struct page p = page();

	octets[28 + 10] = 0x1b;
	p.o.verbose = true;
	decode_control(&p, &decode_text, octets, len, false);
	CU_ASSERT_TRUE(has(&p, "\"lab\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x1b\"  (not zero filled)"));
	page_free(&p);
}

static void test_decode_anonymize(void)
{
	uint8_t octets[CTRL_MAX];
	const struct decode_ops *const formats[] = { &decode_text, &decode_json };

	for (unsigned i = 0; i < 4; i++) {
		size_t len = a_message(CTRL_ICRQ, "5551212", octets);
		struct page p = page();

		p.o.anonymize = true;
		p.o.verbose = i >= 2;
		decode_control(&p, formats[i % 2], octets, len, false);
		CU_ASSERT_FALSE(has(&p, "5551212"));
		CU_ASSERT_FALSE(has(&p, "10.1.1.1"));
		CU_ASSERT_TRUE(has(&p, "number-1"));
		CU_ASSERT_TRUE(has(&p, "host-1"));
		page_free(&p);
	}
}

static void decode_gre(struct page *p, const struct decode_ops *ops, const uint8_t *octets, uint32_t caplen,
		       uint32_t len)
{
	static const uint64_t frame = 16;
	struct decode_where w = where(0);
	struct gre_pkt g;
	enum gre_status status = gre_decode(octets, caplen, len, false, &g);

	w.frames = &frame;
	w.nframes = 1;
	w.frame = frame;
	page_open(p);
	ops->gre(&p->o, &w, &g, status);
	page_close(p);
}

/* LCP Configure-Request behind FF 03, with sequence and acknowledgment number. */
static const uint8_t lcp[] = { 0x30, 0x81, 0x88, 0x0b, 0,    8,    0,    24,   0, 0, 0, 7,
			       0,    0,    0,    9,    0xff, 0x03, 0xc0, 0x21, 1, 5, 0, 4 };

static void test_decode_gre(void)
{
	struct page json = page(), text = page(), rows = page();

	decode_gre(&json, &decode_json, lcp, sizeof(lcp), sizeof(lcp));
	CU_ASSERT_TRUE(is_json(json.text));
	CU_ASSERT_TRUE(has(&json, "{\"type\":\"gre\",\"frame\":16,\"frames\":[16],\"time\":"));
	CU_ASSERT_TRUE(has(
		&json,
		"\"src\":\"10.1.1.11\",\"dst\":\"10.1.1.10\",\"status\":\"ok\",\"fields\":{\"c\":0,\"r\":0,"
		"\"k\":1,\"s\":1,\"ssr\":0,\"recur\":0,\"a\":1,\"flags\":0,\"ver\":1,"
		"\"protocol_type\":34827,\"payload_length\":8,\"call_id\":24,"
		"\"sequence_number\":7,\"acknowledgment_number\":9}"));
	CU_ASSERT_TRUE(has(&json, "\"protocol\":49185,\"protocol_name\":\"LCP\",\"code\":1,"
				  "\"code_name\":\"Configure-Request\",\"identifier\":5,\"length\":4,"));
	decode_gre(&text, &decode_text, lcp, sizeof(lcp), sizeof(lcp));
	CU_ASSERT_TRUE(has(&text, "10.1.1.11 > 10.1.1.10"));
	CU_ASSERT_TRUE(has(&text, "GRE call 24, seq 7, ack 9, len 8, LCP Configure-Request id 5\n"));
	rows.o.verbose = true;
	decode_gre(&rows, &decode_text, lcp, sizeof(lcp), sizeof(lcp));
	CU_ASSERT_TRUE(has(&rows, "      12      4  Acknowledgment Number    9\n"));
	CU_ASSERT_TRUE(has(&rows, "      18      2  PPP Protocol             0xc021  LCP\n"));
	page_free(&json);
	page_free(&text);
	page_free(&rows);
}

/* Cut anywhere: a field is there or null, and never a zero that was not sent. */
static void test_decode_gre_cut(void)
{
	for (uint32_t cut = 0; cut <= sizeof(lcp); cut++) {
		struct page json = page(), rows = page();

		decode_gre(&json, &decode_json, lcp, cut, sizeof(lcp));
		CU_ASSERT_TRUE(is_json(json.text));
		CU_ASSERT_EQUAL(has(&json, "\"status\":\"cut\""), cut < sizeof(lcp));
		CU_ASSERT_EQUAL(has(&json, "\"call_id\":24"), cut >= 8);
		CU_ASSERT_EQUAL(has(&json, "\"call_id\":null"), cut < 8);
		CU_ASSERT_EQUAL(has(&json, "\"c\":null"), cut < 1);
		CU_ASSERT_EQUAL(has(&json, "\"ppp\":null"), cut < 16);
		rows.o.verbose = true;
		decode_gre(&rows, &decode_text, lcp, cut, sizeof(lcp));
		CU_ASSERT_EQUAL(has(&rows, "CUT: "), cut < sizeof(lcp));
		page_free(&json);
		page_free(&rows);
	}
}

static void test_decode_gre_bad(void)
{
	static const uint8_t bad[] = { 0x10, 0x01, 0x88, 0x0b, 0, 8, 0, 24, 0, 0, 0, 7 };
	static const uint8_t zero[] = { 0x00, 0x00, 0x08, 0x00 };
	struct page json = page(), text = page(), other = page();

	decode_gre(&json, &decode_json, bad, sizeof(bad), sizeof(bad));
	CU_ASSERT_TRUE(has(&json, "\"status\":\"bad\",\"defects\":[\"key-missing\",\"payload-length\"]"));
	decode_gre(&text, &decode_text, bad, sizeof(bad), sizeof(bad));
	CU_ASSERT_TRUE(has(&text, "BAD: key bit not set; payload length beyond the end of the packet"));
	decode_gre(&other, &decode_text, zero, sizeof(zero), sizeof(zero));
	CU_ASSERT_TRUE(has(&other, "BAD: version 0 is not PPTP's"));
	page_free(&json);
	page_free(&text);
	page_free(&other);
}

static void test_decode_skipped(void)
{
	struct decode_where w = where(3025);
	struct page json = page(), text = page();

	w.nframes = 0;
	w.frame = 0;
	page_open(&json);
	decode_json.skipped(&json.o, &w, 37, true);
	page_close(&json);
	CU_ASSERT_TRUE(is_json(json.text));
	CU_ASSERT_TRUE(has(&json, "{\"type\":\"gap\",\"frame\":null,\"frames\":[],"));
	CU_ASSERT_TRUE(has(&json, "\"status\":\"cut\",\"octets\":37}"));
	page_open(&text);
	decode_text.skipped(&text.o, &w, 1, false);
	page_close(&text);
	CU_ASSERT_TRUE(has(&text, "SKIPPED: 1 octet that are no PPTP message\n"));
	page_free(&json);
	page_free(&text);
}

void suite_report(void)
{
	CU_pSuite s = CU_add_suite("report", NULL, NULL);

	CU_add_test(s, "times", test_time);
	CU_add_test(s, "addresses", test_addr);
	CU_add_test(s, "formats", test_formats);
	CU_add_test(s, "JSON", test_json);
	CU_add_test(s, "JSON, what peers say of themselves", test_json_starts);
	CU_add_test(s, "JSON, little known", test_json_unknown);
	CU_add_test(s, "JSON, nothing seen", test_json_nothing);
	CU_add_test(s, "JSON, several files", test_json_captures);
	CU_add_test(s, "JSON, many calls", test_json_many);
	CU_add_test(s, "text", test_text);
	CU_add_test(s, "text, little known", test_text_unknown);
	CU_add_test(s, "text, nothing seen", test_text_nothing);
	CU_add_test(s, "text, widths", test_text_widths);
	CU_add_test(s, "text, colour", test_text_colour);
	CU_add_test(s, "text, many calls", test_text_many);
	CU_add_test(s, "text, many tunnels", test_text_many_tunnels);
	CU_add_test(s, "same bytes", test_same_bytes);
	CU_add_test(s, "full disk", test_write_error);
	CU_add_test(s, "judged, expected", test_judged);
	CU_add_test(s, "masks", test_anonymize);
	CU_add_test(s, "masks in sentences", test_anonymize_sentences);
	CU_add_test(s, "decode, JSON", test_decode_json_control);
	CU_add_test(s, "decode, every type and cut", test_decode_all);
	CU_add_test(s, "decode, bad", test_decode_bad);
	CU_add_test(s, "decode, text", test_decode_text_control);
	CU_add_test(s, "decode, padding", test_decode_padding);
	CU_add_test(s, "decode, masks", test_decode_anonymize);
	CU_add_test(s, "decode, GRE", test_decode_gre);
	CU_add_test(s, "decode, GRE cut", test_decode_gre_cut);
	CU_add_test(s, "decode, GRE bad", test_decode_gre_bad);
	CU_add_test(s, "decode, skipped octets", test_decode_skipped);
}
