/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * audit --write-scenario: a control connection as it was observed, to a script that plays one side of it
 * at a device and expects of the device what the other side did (pptpscope-trace(5)).
 *
 * The first connection of the captures is written.  What the device chooses for itself is not compared.
 */
#ifndef PPTPSCOPE_SCENARIO_WRITE_H
#define PPTPSCOPE_SCENARIO_WRITE_H

#include "analyzer/pipeline.h"

struct scenario_writer;

/* dut: the side that the device will be.  names: host names and telephone numbers may be told. */
struct scenario_writer *scenario_writer_new(enum role dut, bool names);
void scenario_writer_free(struct scenario_writer *w);

/* To be told of every control message of the captures, in order. */
void scenario_writer_control(struct scenario_writer *w, const struct pipeline_where *at, const struct ctrl_msg *m);
/* ... and of every connection at the end. */
void scenario_writer_connection(struct scenario_writer *w, const struct control_connection *c);

/* Writes it; false with a message in err.  *left_out: how many connections were not written. */
bool scenario_writer_write(struct scenario_writer *w, const char *path, uint64_t *left_out, char *err, size_t room);

#endif
