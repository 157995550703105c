/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The modules of conformance/ that have unit tests. */
#include "tests/unit/main.h"

#include <stddef.h>

suite_fn suite_at;
suite_fn suite_channel;
suite_fn suite_conversation;
suite_fn suite_endpoint;
suite_fn suite_machine;
suite_fn suite_net;
suite_fn suite_net_socket;
suite_fn suite_ppp_peer;
suite_fn suite_ppp_session;
suite_fn suite_quirk;
suite_fn suite_recent;
suite_fn suite_replay;
suite_fn suite_rule;
suite_fn suite_rules_call;
suite_fn suite_rules_control;
suite_fn suite_rules_gre;
suite_fn suite_rules_message;
suite_fn suite_telco;
suite_fn suite_tester;
suite_fn suite_sliding_window;

suite_fn *const suites[] = {
	suite_at,
	suite_channel,
	suite_conversation,
	suite_endpoint,
	suite_machine,
	suite_net,
	suite_net_socket,
	suite_ppp_peer,
	suite_ppp_session,
	suite_quirk,
	suite_recent,
	suite_replay,
	suite_rule,
	suite_rules_call,
	suite_rules_control,
	suite_rules_gre,
	suite_rules_message,
	suite_telco,
	suite_tester,
	suite_sliding_window,
	NULL,
};
