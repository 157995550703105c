/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether output goes to people's eyes. */
#ifndef PPTPSCOPE_TERMINAL_H
#define PPTPSCOPE_TERMINAL_H

#include <stdbool.h>

/* Columns; 0: it is no terminal. */
unsigned terminal_width(int fd);
/* Whether a terminal of that width shows colour, and its user wants it. */
bool terminal_colour(unsigned width);

#endif
