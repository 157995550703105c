/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Labels of findings, and peers recognised by what they say of themselves. */
#include <CUnit/CUnit.h>
#include <string.h>

#include "conformance/quirk.h"

static const uint8_t *field(uint8_t buf[64], const char *text)
{
	memset(buf, 0, 64);
	memcpy(buf, text, strlen(text));
	return buf;
}

static const char *peer(const char *host, const char *vendor, unsigned firmware, unsigned channels, enum role role,
			bool asked)
{
	uint8_t h[64], v[64];
	struct start_info s = { .frame = 4, .firmware = (uint16_t)firmware, .channels = (uint16_t)channels };
	struct fingerprint f;

	s.host_name = field(h, host);
	s.vendor_name = field(v, vendor);
	return quirk_fingerprint(&s, role, asked, &f) ? f.peer : "";
}

static void fingerprints(void)
{
	struct start_info none = { 0 };
	struct fingerprint f;

	CU_ASSERT_STRING_EQUAL(peer("local", "linux", 1, 1, ROLE_PAC, false), "poptop");
	CU_ASSERT_STRING_EQUAL(peer("local", "cananian", 1, 65535, ROLE_PNS, true), "pptpclient");
	/* The same words from a server are those of accel-ppp, who took them over. */
	CU_ASSERT_STRING_EQUAL(peer("local", "cananian", 1, 0, ROLE_PAC, false), "accel-ppp");
	CU_ASSERT_STRING_EQUAL(peer("local", "cananian", 1, 0, ROLE_UNKNOWN, false), "accel-ppp");
	CU_ASSERT_STRING_EQUAL(peer("", "Microsoft Windows NT", 2600, 0, ROLE_PNS, true), "windows");
	CU_ASSERT_STRING_EQUAL(peer("x", "somebody", 1, 1, ROLE_PNS, true), "");
	CU_ASSERT_FALSE(quirk_fingerprint(&none, ROLE_PAC, false, &f));
}

/* A vendor name that fills its field has no zero octet behind it. */
static void full_field(void)
{
	uint8_t full[64];
	struct start_info s = { .frame = 4, .host_name = full, .vendor_name = full };
	struct fingerprint f;

	memset(full, 'M', sizeof(full));
	CU_ASSERT_FALSE(quirk_fingerprint(&s, ROLE_PAC, false, &f));
}

static void labels(void)
{
	char buf[96], tiny[9];

	CU_ASSERT_STRING_EQUAL(quirk_names(RULE_CDN_CALLID_01, ROLE_PAC, false, buf, sizeof(buf)), "accel-ppp, linux-nat");
	CU_ASSERT_STRING_EQUAL(quirk_names(RULE_CDN_CALLID_01, ROLE_PNS, false, buf, sizeof(buf)), "linux-nat");
	CU_ASSERT_STRING_EQUAL(quirk_names(RULE_OCRQ_BPS_03, ROLE_PAC, true, buf, sizeof(buf)), "poptop");
	CU_ASSERT_STRING_EQUAL(quirk_names(RULE_OCRQ_BPS_03, ROLE_PAC, false, buf, sizeof(buf)), "");
	CU_ASSERT_STRING_EQUAL(quirk_names(RULE_MSG_CMT_01, ROLE_PAC, false, buf, sizeof(buf)), "");
	CU_ASSERT_STRING_EQUAL(quirk_names(RULE_CCRQ_RESP_01, ROLE_PAC, false, tiny, sizeof(tiny)), "poptop");
	/* What does not fit is left out whole. */
	CU_ASSERT_STRING_EQUAL(quirk_names(RULE_CDN_CALLID_01, ROLE_PAC, false, tiny, sizeof(tiny)), "");
}

void suite_quirk(void);
void suite_quirk(void)
{
	CU_pSuite s = CU_add_suite("quirk", NULL, NULL);

	CU_add_test(s, "fingerprints", fingerprints);
	CU_add_test(s, "a field without a zero octet", full_field);
	CU_add_test(s, "labels of findings", labels);
}
