/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The modules of dissectors/ that have unit tests. */
#include "tests/unit/main.h"

#include <stddef.h>

suite_fn suite_community_id;
suite_fn suite_ctrl;
suite_fn suite_ctrl_stream;
suite_fn suite_gre;
suite_fn suite_ip;
suite_fn suite_link;
suite_fn suite_mppe;
suite_fn suite_ppp;
suite_fn suite_ppp_control;
suite_fn suite_tcp;

suite_fn *const suites[] = {
	suite_community_id,
	suite_ctrl,
	suite_ctrl_stream,
	suite_gre,
	suite_ip,
	suite_link,
	suite_mppe,
	suite_ppp,
	suite_ppp_control,
	suite_tcp,
	NULL,
};
