/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results of tests in the order of the requirements, whatever order tests end in that stand beside each
 * other: so reports of two runs can be compared, and an area is in one piece.
 */
#ifndef PPTPSCOPE_CONFORM_ORDER_H
#define PPTPSCOPE_CONFORM_ORDER_H

#include "conformance/runner.h"

struct conform_order;

/* What each result is given to, with the number that came with it. */
typedef void conform_order_out(void *ctx, const struct test_result *r, int with);

/* NULL: no memory. */
struct conform_order *conform_order_new(conform_order_out *out, void *ctx);
void conform_order_free(struct conform_order *o);
/* Test t will have a result. */
void conform_order_expect(struct conform_order *o, const struct test_case *t);
/* Passes the result on, or keeps a copy until those expected before it are there. */
void conform_order_add(struct conform_order *o, const struct test_result *r, int with);
/* Passes on what is kept: no more will come. */
void conform_order_end(struct conform_order *o);

#endif
