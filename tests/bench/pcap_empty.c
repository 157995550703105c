/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The yardstick of `make bench`: what libpcap alone needs to read a capture and do nothing with it. */
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

static void ignore(u_char *user, const struct pcap_pkthdr *header, const u_char *octets)
{
	(void)user;
	(void)header;
	(void)octets;
}

int main(int argc, char **argv)
{
	char err[PCAP_ERRBUF_SIZE];
	pcap_t *p;
	int status;

	if (argc != 2) {
		fprintf(stderr, "usage: %s CAPTURE\n", argv[0]);
		return 2;
	}
	p = pcap_open_offline(argv[1], err);
	if (!p) {
		fprintf(stderr, "%s\n", err);
		return EXIT_FAILURE;
	}
	status = pcap_loop(p, -1, ignore, NULL);
	if (status < 0)
		fprintf(stderr, "%s\n", pcap_geterr(p));
	pcap_close(p);
	return status < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
