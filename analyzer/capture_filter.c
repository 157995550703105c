/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's filter: what may belong to PPTP.  See capture_filter.h.
 *
 * In a filter expression, "vlan" and "pppoes" move the offsets of all that follows, so one expression
 * for all encapsulations would have to be nested.  Each gets a program of its own instead, and the
 * programs are joined: where one says no, the next is asked.
 */
#include "analyzer/capture_filter.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT = 16384, INSTRUCTIONS = 4096 };

static const char *const wrappers[] = {
	"", "vlan and ", "vlan and vlan and ", "pppoes and ", "vlan and pppoes and ",
};

struct text {
	char *at, *end;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(t->at, (size_t)(t->end - t->at), format, ap);
	va_end(ap);
	t->at += n < t->end - t->at ? n : t->end - t->at - 1;
}

/* One condition for each port, joined by "or"; %u is the port, twice. */
static void put_ports(struct text *t, const struct capture_filter *f, const char *a, const char *b)
{
	put(t, "(");
	for (size_t i = 0; i < f->nports; i++)
		put(t, "%s%s%u%s%u", i ? " or " : "", a, f->ports[i], b, f->ports[i]);
	put(t, ")");
}

/* ICMP errors that quote GRE, or TCP with one of the ports. */
static void put_icmp(struct text *t, const struct capture_filter *f)
{
	put(t, " or (icmp and (icmp[0] = 3 or icmp[0] = 4 or icmp[0] = 11 or icmp[0] = 12) and "
	       "(icmp[17] = 47 or (icmp[17] = 6");
	if (!f->all_tcp) {
		put(t, " and ");
		put_ports(t, f, "icmp[8 + ((icmp[8] & 15) << 2) : 2] = ",
			  " or icmp[10 + ((icmp[8] & 15) << 2) : 2] = ");
	}
	/* With extension headers in what is quoted, it is passed on unseen. */
	put(t, "))) or (ip6 proto 58 and ip6[40] > 0 and ip6[40] < 5 and (ip6[54] = 47 or ip6[54] = 0 or "
	       "ip6[54] = 43 or ip6[54] = 44 or ip6[54] = 60 or (ip6[54] = 6");
	if (!f->all_tcp) {
		put(t, " and ");
		put_ports(t, f, "ip6[88 : 2] = ", " or ip6[90 : 2] = ");
	}
	put(t, ")))");
}

static void put_expression(struct text *t, const struct capture_filter *f, const char *wrapper)
{
	put(t, "%s(", wrapper);
	if (f->all_tcp)
		put(t, "tcp");
	else
		put_ports(t, f, "tcp src port ", " or tcp dst port ");
	put(t, " or ip proto 47 or ip6 proto 47");
	/* Fragments behind the first one have no ports; and headers before TCP or GRE are not followed. */
	put(t, " or (ip proto 6 and ip[6 : 2] & 0x1fff != 0)");
	put(t, " or ((ip6[6] = 44 or ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 60) and (ip6[40] = 6 or "
	       "ip6[40] = 47 or ip6[40] = 44 or ip6[40] = 0 or ip6[40] = 43 or ip6[40] = 60))");
	put_icmp(t, f);
	put(t, ")");
	if (f->more)
		put(t, " and (%s)", f->more);
}

/* Appends a program to one that says no by going on behind its end. */
static bool append(struct bpf_insn *code, unsigned *n, const struct bpf_program *more)
{
	if (*n + more->bf_len > INSTRUCTIONS)
		return false;
	for (unsigned i = 0; i < *n; i++)
		if (code[i].code == (BPF_RET | BPF_K) && !code[i].k)
			code[i] = (struct bpf_insn){ BPF_JMP | BPF_JA, 0, 0, *n - i - 1 };
	memcpy(code + *n, more->bf_insns, more->bf_len * sizeof(*code));
	*n += more->bf_len;
	return true;
}

bool capture_filter_compile(pcap_t *p, const struct capture_filter *f, struct bpf_program *out, char *err,
			    size_t room)
{
	char *expression = malloc(TEXT);
	struct bpf_insn *code = calloc(INSTRUCTIONS, sizeof(*code));
	unsigned n = 0;

	for (unsigned i = 0; expression && code && i < sizeof(wrappers) / sizeof(*wrappers); i++) {
		struct text t = { expression, expression + TEXT };
		struct bpf_program one;

		put_expression(&t, f, wrappers[i]);
		if (pcap_compile(p, &one, expression, 1, PCAP_NETMASK_UNKNOWN) != 0) {
			/* Where a link has no VLANs, or none of these, there is nothing to look for. */
			if (i)
				continue;
			break;
		}
		append(code, &n, &one);
		pcap_freecode(&one);
	}
	free(expression);
	*out = (struct bpf_program){ n, code };
	if (n)
		return true;
	snprintf(err, room, "%s", code ? pcap_geterr(p) : "not enough memory");
	free(code);
	return false;
}
