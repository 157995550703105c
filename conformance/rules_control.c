/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conformance/verdict.h"

void rules_control(struct judge *j, const struct event *e)
{
	(void)j;
	(void)e;
}

void control_applied(struct judge *j, const struct event *e, struct call *call)
{
	(void)j;
	(void)e;
	(void)call;
}
