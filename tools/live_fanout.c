/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The BPF program of live_workers_hash().
 *
 * A fan-out program sees a received packet from its network header on, whatever the socket's type,
 * and a sent one from its link header.  X is therefore where the IP header is: 0 and on for a
 * received packet, SKF_NET_OFF for a sent one, whose network header is behind all tags.  (Not
 * SKF_NET_OFF for both, as that does not reach beyond the linear part of a packet.)
 */
#include "tools/live_workers.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>

enum { TAGS = 3, ETH_QINQ_OLD = 0x9100, PPP_IPV4 = 0x0021, PPP_IPV6 = 0x0057 };

enum { PROTO_ICMP = 1, PROTO_ICMPV6 = 58 };

/* Scratch memory. */
enum { MEM_BASE, MEM_VALUE };

/* Where jumps go; NEXT is the instruction that follows. */
enum label {
	NEXT,
	RECEIVED,
	TYPE,
	TAGGED,
	V4 = TAGGED + TAGS,
	V4_ERROR,
	V4_HASH,
	V6,
	V6_HASH,
	PPPOE,
	MIX,
	NONE,
	LABELS
};

struct assembler {
	struct sock_filter *code;
	unsigned n;
	uint8_t yes[LIVE_HASH_ROOM], no[LIVE_HASH_ROOM]; /* labels of jumps */
	unsigned at[LABELS];
};

static void put(struct assembler *a, uint16_t code, uint32_t k)
{
	a->code[a->n++] = (struct sock_filter){ code, 0, 0, k };
}

static void jump(struct assembler *a, uint16_t test, uint32_t k, unsigned yes, unsigned no)
{
	a->yes[a->n] = (uint8_t)yes;
	a->no[a->n] = (uint8_t)no;
	put(a, BPF_JMP | test | BPF_K, k);
}

/* Always: a comparison that leads to the same place either way. */
static void go(struct assembler *a, unsigned to)
{
	jump(a, BPF_JEQ, 0, to, to);
}

static void here(struct assembler *a, unsigned label)
{
	a->at[label] = a->n;
}

static void resolve(struct assembler *a)
{
	for (unsigned i = 0; i < a->n; i++) {
		if (a->yes[i] != NEXT)
			a->code[i].jt = (uint8_t)(a->at[a->yes[i]] - i - 1);
		if (a->no[i] != NEXT)
			a->code[i].jf = (uint8_t)(a->at[a->no[i]] - i - 1);
	}
}

/* A = octets at X + k. */
static void load(struct assembler *a, uint16_t size, uint32_t k)
{
	put(a, BPF_LD | BPF_IND | size, k);
}

/* X += k, A kept. */
static void forward(struct assembler *a, uint32_t k)
{
	put(a, BPF_ST, MEM_VALUE);
	put(a, BPF_MISC | BPF_TXA, 0);
	put(a, BPF_ALU | BPF_ADD | BPF_K, k);
	put(a, BPF_MISC | BPF_TAX, 0);
	put(a, BPF_LD | BPF_MEM, MEM_VALUE);
}

/* A sent packet: X to its network header, whose first nibble tells what it is. */
static void find_sent(struct assembler *a)
{
	put(a, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE));
	jump(a, BPF_JEQ, PACKET_OUTGOING, NEXT, RECEIVED);
	put(a, BPF_LDX | BPF_IMM, (uint32_t)SKF_NET_OFF);
	load(a, BPF_B, 0);
	put(a, BPF_ALU | BPF_RSH | BPF_K, 4);
	jump(a, BPF_JEQ, 4, V4, NEXT);
	jump(a, BPF_JEQ, 6, V6, NEXT);
	jump(a, BPF_JEQ, 1, PPPOE, NONE); /* version 1, type 1 */
}

/* A received packet: over the tags, of which the kernel has taken the outermost. */
static void find_received(struct assembler *a)
{
	here(a, RECEIVED);
	put(a, BPF_LDX | BPF_IMM, 0);
	put(a, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL));
	for (unsigned i = 0; i < TAGS; i++) {
		jump(a, BPF_JEQ, ETH_P_8021Q, TAGGED + i, NEXT);
		jump(a, BPF_JEQ, ETH_P_8021AD, TAGGED + i, NEXT);
		jump(a, BPF_JEQ, ETH_QINQ_OLD, TAGGED + i, TYPE);
		here(a, TAGGED + i);
		load(a, BPF_H, 2);
		forward(a, 4);
	}
	here(a, TYPE);
	jump(a, BPF_JEQ, ETH_P_IP, V4, NEXT);
	jump(a, BPF_JEQ, ETH_P_IPV6, V6, NEXT);
	jump(a, BPF_JEQ, ETH_P_PPP_SES, PPPOE, NONE);
	here(a, PPPOE);
	load(a, BPF_H, 6);
	forward(a, 8);
	jump(a, BPF_JEQ, PPP_IPV4, V4, NEXT);
	jump(a, BPF_JEQ, PPP_IPV6, V6, NONE);
}

/* An error (RFC 792) belongs to whom it quotes: X moves to the quoted header. */
static void find_v4(struct assembler *a)
{
	static const uint8_t errors[] = { 3, 4, 5, 11, 12 };

	here(a, V4);
	put(a, BPF_STX, MEM_BASE);
	load(a, BPF_B, 9);
	jump(a, BPF_JEQ, PROTO_ICMP, NEXT, V4_HASH);
	load(a, BPF_H, 6);
	jump(a, BPF_JSET, 0x1fff, V4_HASH, NEXT); /* a later fragment has no ICMP header */
	load(a, BPF_B, 0);
	put(a, BPF_ALU | BPF_AND | BPF_K, 15);
	put(a, BPF_ALU | BPF_LSH | BPF_K, 2);
	put(a, BPF_ALU | BPF_ADD | BPF_X, 0);
	put(a, BPF_MISC | BPF_TAX, 0);
	load(a, BPF_B, 0);
	for (unsigned i = 0; i < sizeof(errors); i++)
		jump(a, BPF_JEQ, errors[i], V4_ERROR, NEXT);
	put(a, BPF_LDX | BPF_MEM, MEM_BASE);
	go(a, V4_HASH);
	here(a, V4_ERROR);
	forward(a, 8);
}

/*
 * A hash that is the same when source and destination change places.  A sum, not XOR: where clients and
 * servers are numbered alike, that would be the same for all pairs.
 */
static void hash_v4(struct assembler *a)
{
	here(a, V4_HASH);
	load(a, BPF_W, 12);
	put(a, BPF_ST, MEM_VALUE);
	load(a, BPF_W, 16);
	put(a, BPF_LDX | BPF_MEM, MEM_VALUE);
	put(a, BPF_ALU | BPF_ADD | BPF_X, 0);
	go(a, MIX);
}

static void hash_v6(struct assembler *a)
{
	here(a, V6);
	load(a, BPF_B, 6);
	jump(a, BPF_JEQ, PROTO_ICMPV6, NEXT, V6_HASH);
	load(a, BPF_B, 40);
	jump(a, BPF_JEQ, 0, V6_HASH, NEXT);
	jump(a, BPF_JGT, 4, V6_HASH, NEXT); /* errors are 1 to 4 (RFC 4443) */
	forward(a, 48);
	here(a, V6_HASH);
	put(a, BPF_STX, MEM_BASE);
	load(a, BPF_W, 8);
	for (unsigned at = 12; at < 40; at += 4) {
		put(a, BPF_ST, MEM_VALUE);
		load(a, BPF_W, at);
		put(a, BPF_LDX | BPF_MEM, MEM_VALUE);
		put(a, BPF_ALU | BPF_ADD | BPF_X, 0);
		put(a, BPF_LDX | BPF_MEM, MEM_BASE);
	}
}

unsigned live_workers_hash(struct sock_filter code[LIVE_HASH_ROOM], unsigned workers)
{
	struct assembler a = { .code = code };

	find_sent(&a);
	find_received(&a);
	find_v4(&a);
	hash_v4(&a);
	hash_v6(&a);
	here(&a, MIX);
	put(&a, BPF_ALU | BPF_MUL | BPF_K, 0x9e3779b1);
	put(&a, BPF_ALU | BPF_RSH | BPF_K, 16);
	put(&a, BPF_ALU | BPF_MOD | BPF_K, workers);
	put(&a, BPF_RET | BPF_A, 0);
	here(&a, NONE);
	put(&a, BPF_RET | BPF_K, 0);
	resolve(&a);
	return a.n;
}
