/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the status of an emulated peer goes to. */
#ifndef PPTPSCOPE_EMULATE_STATUS_H
#define PPTPSCOPE_EMULATE_STATUS_H

#include "analyzer/report_emulation.h"
#include "tools/options.h"

/* Whether --format names one; says so if not. */
bool emulate_status_format(const struct options *o);

/*
 * Writes the status as --format says, to --status-file, which is replaced as a whole so that who reads it
 * never finds half of it, or else to standard output.  False after a failure, which was said.
 */
bool emulate_status_write(const struct options *o, const struct report_emulation *r);

#endif
