/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The modules of analyzer/ that have unit tests. */
#include "tests/unit/main.h"

#include <stddef.h>

suite_fn suite_capture;
suite_fn suite_defrag;
suite_fn suite_diagnose;
suite_fn suite_endpoint_judged;
suite_fn suite_mirror;
suite_fn suite_pair;
suite_fn suite_reassembly;
suite_fn suite_report;
suite_fn suite_report_json_put;
suite_fn suite_spill;
suite_fn suite_tracker_live;
suite_fn suite_tracker;

suite_fn *const suites[] = {
	suite_capture,
	suite_defrag,
	suite_diagnose,
	suite_endpoint_judged,
	suite_mirror,
	suite_pair,
	suite_reassembly,
	suite_report,
	suite_report_json_put,
	suite_spill,
	suite_tracker_live,
	suite_tracker,
	NULL,
};
