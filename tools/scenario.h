/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A trace script played at a device as an active test: "conform --scenario". */
#ifndef PPTPSCOPE_TOOL_SCENARIO_H
#define PPTPSCOPE_TOOL_SCENARIO_H

#include "conformance/tester.h"
#include "traces/script.h"

enum { SCENARIO_SESSIONS = 256 };

struct scenario {
	struct script *script; /* of script_open(); played once, freed by its owner */
	/* Below: its own. */
	struct tester *t;
	struct scenario_session {
		void *link;
		struct t_call *call;
		bool has_device_id;
		struct t_gre *gre;
	} session[SCENARIO_SESSIONS];
	unsigned sessions;
	struct t_link *arrived; /* the device has come, by a hook, and the script has not looked yet */
};

/* For runner_run_one(): arg is a struct scenario, zero-filled but for its script. */
void scenario_run(struct tester *t, void *arg);

#endif
