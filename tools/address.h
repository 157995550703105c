/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hosts and ports as they are written on a command line. */
#ifndef PPTPSCOPE_ADDRESS_H
#define PPTPSCOPE_ADDRESS_H

#include "dissectors/ip.h"

/*
 * HOST, HOST:PORT, [IPv6]:PORT or an IPv6 address alone; names are looked up, IPv4 first.  *port keeps its
 * value where none is given.  False with a message in err.
 */
bool address_parse(const char *text, struct ip_addr *addr, uint16_t *port, char *err, size_t room);

/*
 * The same with a port alone allowed (":1724"), or "*" for the host: every address of this machine, which
 * *any tells.
 */
bool address_parse_own(const char *text, struct ip_addr *addr, bool *any, uint16_t *port, char *err,
		       size_t room);

#endif
