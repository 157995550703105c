/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See capture_live.h. */
#include "analyzer/capture_live.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "analyzer/capture_dlt.h"
#include "analyzer/capture_filter.h"

struct capture_live {
	pcap_t *p;
	char *interface;
	int fd, index; /* index: of the interface when it was opened; 0: "any" */
	uint32_t link_type;
	int64_t unit_ns;
	uint32_t last_kernel, last_interface; /* libpcap's counters, which wrap */
	struct capture_live_drops drops;
	char error[PCAP_ERRBUF_SIZE];
};

static enum capture_live_fault fault_of(int status)
{
	switch (status) {
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED:
		return LIVE_FAULT_RIGHT;
	case PCAP_ERROR_NO_SUCH_DEVICE:
	case PCAP_ERROR_IFACE_NOT_UP:
		return LIVE_FAULT_ABSENT;
	default:
		return LIVE_FAULT_OTHER;
	}
}

static const char *advice(enum capture_live_fault fault)
{
	return fault == LIVE_FAULT_RIGHT ? "; run it as root, or give it CAP_NET_RAW" : "";
}

static bool prepare(pcap_t *p, const struct capture_live_options *o)
{
	/* Finer times are not to be had everywhere; then they are what they are. */
	if (!o->microseconds)
		pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO);
	return pcap_set_snaplen(p, o->snaplen) == 0 &&
	       pcap_set_promisc(p, o->promiscuous && strcmp(o->interface, "any") != 0) == 0 &&
	       pcap_set_timeout(p, o->hold_ms) == 0 && pcap_set_immediate_mode(p, o->immediate) == 0 &&
	       (!o->buffer_octets || pcap_set_buffer_size(p, o->buffer_octets) == 0);
}

static bool set_filter(struct capture_live *c, const struct capture_live_options *o)
{
	const struct capture_filter f = { o->ports, o->nports, o->all_tcp, o->filter };
	struct bpf_program program;
	bool ok;

	if (!capture_filter_compile(c->p, &f, &program, c->error, sizeof(c->error)))
		return false;
	ok = pcap_setfilter(c->p, &program) == 0;
	free(program.bf_insns);
	if (!ok)
		snprintf(c->error, sizeof(c->error), "%s", pcap_geterr(c->p));
	return ok;
}

static bool interface_index(const struct capture_live *c, int *index)
{
	struct ifreq r = { 0 };

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", c->interface);
	if (ioctl(c->fd, SIOCGIFINDEX, &r) != 0)
		return false;
	*index = r.ifr_ifindex;
	return true;
}

static bool activate(struct capture_live *c, const struct capture_live_options *o,
		     enum capture_live_fault *fault)
{
	int status;

	*fault = LIVE_FAULT_OTHER;
	c->p = pcap_create(o->interface, c->error);
	if (!c->p)
		return false;
	status = prepare(c->p, o) ? pcap_activate(c->p) : PCAP_ERROR_ACTIVATED;
	if (status < 0) {
		const char *why = pcap_geterr(c->p);

		*fault = fault_of(status);
		snprintf(c->error, sizeof(c->error), "%s", *why ? why : pcap_statustostr(status));
		return false;
	}
	if (!set_filter(c, o)) {
		*fault = LIVE_FAULT_USAGE;
		return false;
	}
	return pcap_setnonblock(c->p, 1, c->error) == 0;
}

struct capture_live *capture_live_open(const struct capture_live_options *o, char *err, size_t room,
				       enum capture_live_fault *fault)
{
	struct capture_live *c = calloc(1, sizeof(*c));

	*fault = LIVE_FAULT_OTHER;
	if (c)
		c->interface = strdup(o->interface);
	if (!c || !c->interface) {
		snprintf(err, room, "not enough memory");
		capture_live_close(c);
		return NULL;
	}
	if (!activate(c, o, fault)) {
		snprintf(err, room, "%s: %s%s", o->interface, c->error, advice(*fault));
		capture_live_close(c);
		return NULL;
	}
	c->fd = pcap_get_selectable_fd(c->p);
	c->link_type = link_of_dlt(pcap_datalink(c->p));
	c->unit_ns = pcap_get_tstamp_precision(c->p) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000;
	if (strcmp(c->interface, "any") != 0)
		interface_index(c, &c->index);
	c->error[0] = '\0';
	*fault = LIVE_FAULT_NONE;
	return c;
}

void capture_live_close(struct capture_live *c)
{
	if (!c)
		return;
	if (c->p)
		pcap_close(c->p);
	free(c->interface);
	free(c);
}

enum capture_live_status capture_live_next(struct capture_live *c, struct packet *packet)
{
	struct pcap_pkthdr *header;
	const u_char *octets;
	int status = pcap_next_ex(c->p, &header, &octets);

	if (status == 0)
		return LIVE_NONE;
	if (status < 0) {
		snprintf(c->error, sizeof(c->error), "%s", pcap_geterr(c->p));
		return LIVE_FAILED;
	}
	*packet = (struct packet){
		.time_ns = header->ts.tv_sec * INT64_C(1000000000) + header->ts.tv_usec * c->unit_ns,
		.caplen = header->caplen,
		.len = header->len < header->caplen ? header->caplen : header->len,
		.link_type = c->link_type,
		.octets = octets,
	};
	return LIVE_PACKET;
}

enum capture_live_state capture_live_state(const struct capture_live *c)
{
	struct ifreq r = { 0 };
	int index;

	if (!c->index)
		return LIVE_UP;
	/* One of the same name may have taken its place. */
	if (!interface_index(c, &index) || index != c->index)
		return LIVE_GONE;
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", c->interface);
	if (ioctl(c->fd, SIOCGIFFLAGS, &r) != 0)
		return LIVE_GONE;
	return r.ifr_flags & IFF_UP ? LIVE_UP : LIVE_DOWN;
}

struct capture_live_drops capture_live_drops(struct capture_live *c)
{
	struct pcap_stat s;

	if (pcap_stats(c->p, &s) != 0)
		return c->drops;
	c->drops.kernel += (uint32_t)(s.ps_drop - c->last_kernel);
	c->drops.interface += (uint32_t)(s.ps_ifdrop - c->last_interface);
	c->last_kernel = s.ps_drop;
	c->last_interface = s.ps_ifdrop;
	return c->drops;
}

int capture_live_fd(const struct capture_live *c)
{
	return c->fd;
}

const char *capture_live_interface(const struct capture_live *c)
{
	return c->interface;
}

uint32_t capture_live_link_type(const struct capture_live *c)
{
	return c->link_type;
}

bool capture_live_nanoseconds(const struct capture_live *c)
{
	return c->unit_ns == 1;
}

const char *capture_live_error(const struct capture_live *c)
{
	return c->error;
}
