/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How JSON is written: digits, times, text, commas and room; and that words of our tables need no escaping.
 */
#include "analyzer/report_json_put.h"

#include <CUnit/CUnit.h>
#include <inttypes.h>
#include <stdlib.h>

#include "analyzer/report_ppp.h"

static bool is_line(struct json *j, const char *wanted)
{
	size_t len;
	const char *line = emit_line(j, &len);
	bool same = line && len == strlen(wanted) && memcmp(line, wanted, len) == 0;

	if (!same)
		printf("# %.*s, not %s\n", line ? (int)len : 0, line ? line : "", wanted);
	emit_restart(j);
	return same;
}

static struct json begun(void)
{
	struct json j;

	CU_ASSERT_TRUE_FATAL(emit_init(&j));
	return j;
}

static void test_numbers(void)
{
	struct json j = begun();
	uint64_t power = 1;
	char wanted[32];

	for (unsigned digits = 1; digits <= 20; digits++, power *= 10) {
		const uint64_t values[] = { power - 1, power, power + 1, power / 7 * 5, UINT64_MAX / power };

		for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
			snprintf(wanted, sizeof(wanted), "%" PRIu64, values[i]);
			value_uint(&j, values[i]);
			CU_ASSERT_TRUE(is_line(&j, wanted));
		}
	}
	for (unsigned value = 0; value < 20000; value++) {
		snprintf(wanted, sizeof(wanted), "%u", value * 5003);
		value_uint(&j, value * 5003);
		CU_ASSERT_TRUE(is_line(&j, wanted));
	}
	emit_clear(&j);
}

static void test_times(void)
{
	static const int64_t second = 1000000000, minute = 60 * second;
	static const int64_t moments[] = {
		0,
		1000,
		second - 1000,
		59 * second + 999999000,
		minute,
		60 * minute - 1000,
		24 * 60 * minute - 1000,
		24 * 60 * minute,
		24 * 60 * minute + minute,
		1118321234834809000,
		1118321234834809001,
		INT64_MAX,
		INT64_MAX / minute * minute,
		-1000,
		INT64_MIN,
		1000,
		minute,
		2 * minute,
	};
	struct json j = begun();
	char wanted[REPORT_TIME + 8], text[REPORT_TIME];

	for (size_t i = 0; i < sizeof(moments) / sizeof(*moments); i++) {
		snprintf(wanted, sizeof(wanted), "\"t\":\"%s\"", report_time(moments[i], text));
		emit_time(&j, "t", true, moments[i]);
		CU_ASSERT_TRUE(is_line(&j, wanted));
	}
	emit_seconds(&j, "s", 0);
	emit_seconds(&j, "s", 12000034);
	emit_seconds(&j, "s", UINT64_MAX);
	CU_ASSERT_TRUE(is_line(&j, "\"s\":0.000000,\"s\":12.000034,\"s\":18446744073709.551615"));
	emit_clear(&j);
}

/* Each octet at each place of a text: escaped where, and as, it has to be. */
static void test_text(void)
{
	struct json j = begun();

	for (unsigned len = 1; len <= 24; len++) {
		for (unsigned at = 0; at < len; at++) {
			char text[25], wanted[64];

			for (unsigned c = 1; c < 127; c++) {
				bool plain = c >= ' ' && c != '"' && c != '\\';
				size_t size;

				memset(text, 'a', len);
				text[len] = '\0';
				text[at] = (char)c;
				snprintf(wanted, sizeof(wanted), "\"%s\"", text);
				value_text(&j, text);
				emit_line(&j, &size);
				CU_ASSERT_EQUAL(size == len + 2, plain);
				if (plain)
					CU_ASSERT_TRUE(is_line(&j, wanted));
				emit_restart(&j);
			}
		}
	}
	value_text(&j, "a \"b\" \\ c\n and more of it");
	value_text(&j, NULL);
	CU_ASSERT_TRUE(is_line(&j, "\"a \\\"b\\\" \\\\ c\\n and more of it\",null"));
	emit_clear(&j);
}

static void test_commas(void)
{
	struct json j = begun();

	value_open(&j, '{');
	emit_open(&j, "a", '[');
	emit_close(&j, ']');
	emit_open(&j, "b", '[');
	emit_row(&j);
	value_known(&j, true, 1);
	emit_row(&j);
	value_known(&j, false, 1);
	emit_newline(&j);
	emit_close(&j, ']');
	emit_name(&j, "c");
	value_raw(&j, "-1.5");
	emit_bool(&j, "d", true);
	emit_bool(&j, "e", false);
	emit_null(&j, "f");
	emit_close(&j, '}');
	CU_ASSERT_TRUE(is_line(&j, "{\"a\":[],\"b\":[\n1,\nnull\n],\"c\":-1.5,\"d\":true,\"e\":false,"
				   "\"f\":null}"));
	emit_clear(&j);
}

/* What is written between two flushes may be more than the buffer had room for; and a flush is not seen. */
static void test_room(void)
{
	enum { MANY = 300000, PER_FLUSH = 100000 };
	FILE *out = tmpfile();
	struct json j = begun();
	char text[8];

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	value_open(&j, '[');
	for (unsigned i = 0; i < MANY; i++) {
		if (i % PER_FLUSH == 0)
			CU_ASSERT_TRUE(emit_flush(&j, out));
		value_uint(&j, 7);
	}
	emit_close(&j, ']');
	emit_newline(&j);
	CU_ASSERT_TRUE(emit_flush(&j, out));
	CU_ASSERT_EQUAL(ftell(out), 1 + 2 * MANY - 1 + 2);
	rewind(out);
	CU_ASSERT_EQUAL(fread(text, 1, 4, out), 4);
	CU_ASSERT_TRUE(memcmp(text, "[7,7", 4) == 0);
	for (unsigned flush = 1; flush < MANY / PER_FLUSH; flush++) {
		fseek(out, (long)(flush * PER_FLUSH * 2 - 1), SEEK_SET);
		CU_ASSERT_EQUAL(fread(text, 1, 4, out), 4);
		CU_ASSERT_TRUE(memcmp(text, "7,7,", 4) == 0);
	}
	fclose(out);
	emit_clear(&j);
}

/* --- words --------------------------------------------------------------------------------- */

/* NULL, or text that value_word() may take. */
static bool is_word(const char *text)
{
	for (; text && *text; text++)
		if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\') {
			printf("# at %s\n", text);
			return false;
		}
	return true;
}

static void test_message_words(void)
{
	char words[TEXT_ROOM];

	for (unsigned type = 0; type < CTRL_TYPES; type++) {
		const struct ctrl_desc *d = ctrl_desc_of(type);

		CU_ASSERT_TRUE(is_word(report_message_name(type)));
		for (unsigned row = 0; d && d->fields[row].name; row++) {
			CU_ASSERT_TRUE(is_word(d->fields[row].name));
			if (d->fields[row].kind == F_TEXT)
				continue;
			for (uint32_t value = 0; value < 300; value++)
				CU_ASSERT_TRUE(is_word(
					ctrl_value_words(&d->fields[row], value, words, sizeof(words))));
		}
	}
	for (unsigned cause = 0; cause < 256; cause++)
		CU_ASSERT_TRUE(is_word(ctrl_cause_name(cause)));
}

static void test_ppp_words(void)
{
	for (unsigned i = 0; i < 65536; i++)
		CU_ASSERT_TRUE(is_word(ppp_auth_name(PPP_CHAP, (uint8_t)i)) &&
			       is_word(ppp_auth_name((uint16_t)i, 0)) && is_word(ppp_chap_error_words(i)));
	for (unsigned neg = 0; neg < PPP_NEGS; neg++)
		for (unsigned option = 0; option < 256; option++)
			CU_ASSERT_TRUE(is_word(report_ppp_option(neg, (uint8_t)option)));
	for (unsigned i = 0; i <= PPP_REFUSED; i++)
		CU_ASSERT_TRUE(is_word(ppp_end_state_name(i)));
	for (unsigned i = 0; i <= PPP_PHASE_TERMINATED; i++)
		CU_ASSERT_TRUE(is_word(ppp_phase_name(i)));
	for (unsigned i = 0; i <= PPP_AUTH_EAP; i++)
		CU_ASSERT_TRUE(is_word(ppp_auth_kind_name(i)));
	for (unsigned i = 0; i <= PPP_FAILURE; i++)
		CU_ASSERT_TRUE(is_word(ppp_outcome_name(i)) && is_word(ppp_secret_name(i)));
	for (unsigned i = 0; i < POSTURE_REASONS; i++)
		CU_ASSERT_TRUE(is_word(posture_name(i)) && is_word(posture_words(i)));
}

static void test_words(void)
{
	for (unsigned i = 0; i <= CONNECTION_CLOSED; i++)
		CU_ASSERT_TRUE(is_word(connection_state_name(i)));
	for (unsigned i = 0; i <= CLOSE_EVICTED; i++)
		CU_ASSERT_TRUE(is_word(connection_close_name(i)));
	for (unsigned i = 0; i <= CALL_GRE_ONLY; i++)
		CU_ASSERT_TRUE(is_word(call_state_name(i)));
	for (unsigned i = 0; i < UNSEEN_COUNT; i++)
		CU_ASSERT_TRUE(is_word(report_unseen[i].name));
	for (unsigned bit = 1; bit < 1u << 16; bit <<= 1)
		CU_ASSERT_TRUE(is_word(report_gre_defect_name(bit)));
	for (unsigned i = 0; i < UNLESS_BITS; i++)
		CU_ASSERT_TRUE(is_word(rule_unless_name(i)));
	for (unsigned i = 0; i < RULES; i++)
		CU_ASSERT_TRUE(is_word(rules[i].section) && is_word(rule_level_name(rules[i].level)));
}

void suite_report_json_put(void)
{
	CU_pSuite s = CU_add_suite("json", NULL, NULL);

	CU_add_test(s, "numbers", test_numbers);
	CU_add_test(s, "times", test_times);
	CU_add_test(s, "text", test_text);
	CU_add_test(s, "commas and keys", test_commas);
	CU_add_test(s, "room", test_room);
	CU_add_test(s, "words of messages", test_message_words);
	CU_add_test(s, "words of PPP", test_ppp_words);
	CU_add_test(s, "words of connections, calls and rules", test_words);
}
