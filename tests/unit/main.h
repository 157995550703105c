/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part that all unit test programs share. */
#ifndef PPTPSCOPE_TESTS_MAIN_H
#define PPTPSCOPE_TESTS_MAIN_H

/* Registers the tests of one module with CUnit. */
typedef void suite_fn(void);

/* The modules that this program tests, NULL at the end: unit/main_FOLDER.c. */
extern suite_fn *const suites[];

#endif
