/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The version has one source: configure.ac. */
#ifndef PPTPSCOPE_VERSION_H
#define PPTPSCOPE_VERSION_H

#ifdef PACKAGE_VERSION
#define PPTPSCOPE_VERSION PACKAGE_VERSION
#else
#define PPTPSCOPE_VERSION "unknown"
#endif

#endif
