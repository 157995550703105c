/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Community IDs, against a value of the specification's and an independent calculation. */
#include "dissectors/community_id.h"

#include <CUnit/CUnit.h>

#include "dissectors/ip.h"

static struct flow_ends ends(const char *src, const char *dst, uint16_t src_port, uint16_t dst_port,
			     uint8_t protocol)
{
	struct flow_ends f = { .src_port = src_port, .dst_port = dst_port, .protocol = protocol };

	CU_ASSERT_TRUE(ip_addr_parse(src, &f.src));
	CU_ASSERT_TRUE(ip_addr_parse(dst, &f.dst));
	return f;
}

static void expect(const struct flow_ends *f, uint16_t seed, const char *id)
{
	struct flow_ends back = { f->dst, f->src, f->dst_port, f->src_port, f->protocol };
	char buf[COMMUNITY_ID];

	CU_ASSERT_STRING_EQUAL(community_id(f, seed, buf), id);
	CU_ASSERT_STRING_EQUAL(community_id(&back, seed, buf), id);
	CU_ASSERT_EQUAL(community_flow(f), community_flow(&back));
	CU_ASSERT_EQUAL(community_flow(f) >> 52, 0);
}

static void test_tcp(void)
{
	struct flow_ends v4 = ends("128.232.110.120", "66.35.250.204", 34855, 80, IP_PROTO_TCP);
	struct flow_ends v6 = ends("2001:db8::1", "2001:db8::2", 1024, 1723, IP_PROTO_TCP);

	expect(&v4, 0, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
	expect(&v4, 1, "1:3V71V58M3Ksw/yuFALMcW0LAHvc=");
	expect(&v6, 0, "1:EqCBaggNioR9mqZpugaAYDDEUdU=");
}

static void test_gre(void)
{
	struct flow_ends f = ends("10.1.1.11", "10.1.1.10", 0, 0, IP_PROTO_GRE);
	char a[COMMUNITY_ID], b[COMMUNITY_ID];

	expect(&f, 0, "1:aBYJw1JiOrWkwb1XzUnzmn5hDW0=");
	community_id(&f, 0, a);
	f.src_port = 7;
	CU_ASSERT_STRING_EQUAL(a, community_id(&f, 0, b));
}

void suite_community_id(void)
{
	CU_pSuite s = CU_add_suite("community_id", NULL, NULL);

	CU_add_test(s, "TCP", test_tcp);
	CU_add_test(s, "GRE, which has no ports", test_gre);
}
