/* SPDX-License-Identifier: GPL-2.0-or-later */
/* WAN-Error-Notify of calls that are up: how often, and what the counters say.  RFC 2637 section 2.14. */
#include <inttypes.h>

#include <stdlib.h>

#include "conformance/rules_call_private.h"

/* The limit is 60 s; a second is left to the clock of who sends. */
#define WEN_INTERVAL SECONDS(59)

static const enum field_id counters[WEN_COUNTERS] = {
	FIELD_CRC_ERRORS,      FIELD_FRAMING_ERRORS,  FIELD_HARDWARE_OVERRUNS,
	FIELD_BUFFER_OVERRUNS, FIELD_TIME_OUT_ERRORS, FIELD_ALIGNMENT_ERRORS,
};

/* The last WEN of a call, or NULL. */
static const struct wen_memory *wen_of(const struct call *c)
{
	return odd_or_nothing(c->memory)->wen;
}

static void read_counters(const struct judge *j, const struct event *e, uint32_t count[WEN_COUNTERS])
{
	for (unsigned i = 0; i < WEN_COUNTERS; i++)
		count[i] = field_or_zero(judge_fields(j), e->msg, counters[i]);
}

/* Too soon after another one of the same call; one of another call is only doubtful. */
static void judge_rate(const struct told *t, const struct wen_memory *last)
{
	const struct calls_rare *rare = t->calls->rare;
	int64_t since = last ? last->time_ns : rare ? rare->wen_time : 0;
	uint64_t frame = last ? last->frame : rare ? rare->wen_frame : 0;
	struct finding *f;

	if (last && rare && t->e->time_ns - last->time_ns >= WEN_INTERVAL) {
		since = rare->wen_time;
		frame = rare->wen_frame;
	}
	if (!frame || t->e->time_ns - since >= WEN_INTERVAL)
		return;
	f = fault(t, RULE_WEN_RATE_01, t->pac, last && frame == last->frame ? 0 : FAIL_DOUBT,
		  last && frame == last->frame
			  ? "the PAC sent a second WAN-Error-Notify for the call before 60 seconds had passed"
			  : "the PAC sent WAN-Error-Notifies for two calls within 60 seconds");
	expected(f, "60 s between two");
	observed(f, "%.1f s", (double)(t->e->time_ns - since) / 1e9);
	evidence(f, frame);
}

/* No error at all, or none since the last time. */
static bool judge_idle(const struct told *t, const struct wen_memory *last,
		       const uint32_t count[WEN_COUNTERS])
{
	static const uint32_t none[WEN_COUNTERS];
	bool zero = memcmp(count, none, sizeof(none)) == 0;
	struct finding *f;

	if (!zero && !(last && memcmp(count, last->count, sizeof(last->count)) == 0))
		return false;
	f = fault(t, RULE_WEN_ERRONLY_01, t->pac, 0,
		  zero ? "the PAC sent a WAN-Error-Notify that reports no error"
		       : "the PAC sent a WAN-Error-Notify that reports no error since the one before");
	expected(f, "a counter that has gone up");
	observed(f, zero ? "all six counters are 0" : "all six counters are what they were");
	evidence(f, last ? last->frame : 0);
	return true;
}

static void judge_cumulative(const struct told *t, const struct wen_memory *last,
			     const uint32_t count[WEN_COUNTERS])
{
	for (unsigned i = 0; i < WEN_COUNTERS; i++) {
		uint32_t drop = last->count[i] - count[i];
		struct finding *f;

		/* A large drop is the counter's wrap. */
		if (count[i] >= last->count[i] || drop > UINT32_MAX / 2)
			continue;
		f = fault(t, RULE_WEN_CUMUL_01, t->pac, 0,
			  "the PAC sent a WAN-Error-Notify with a counter that had gone down");
		expected(f, "%s of %" PRIu32 " or more", field_name(counters[i]), last->count[i]);
		observed(f, "%" PRIu32, count[i]);
		evidence(f, last->frame);
		return;
	}
}

/* The first one of a call goes on where the call before on the same line had stopped. */
static void judge_reset(const struct told *t, const uint32_t count[WEN_COUNTERS])
{
	const struct wen_memory *before = t->calls->rare ? t->calls->rare->wen : NULL;
	const struct call *call = t->e->call;
	bool same_line, any = false;
	struct finding *f;

	if (!before || before->time_ns > call->first_time)
		return;
	same_line = before->channel && before->channel == call->physical_channel;
	if (!same_line && before->pac_call_id != call->pac_call_id)
		return;
	for (unsigned i = 0; i < WEN_COUNTERS; i++) {
		if (count[i] < before->count[i])
			return;
		any |= before->count[i] > 0;
	}
	if (!any)
		return;
	f = fault(t, RULE_WEN_RESET_01, t->pac, 0,
		  "the PAC's first WAN-Error-Notify of a call goes on counting from the call before");
	expected(f, "counters that begin at 0 with the call");
	observed(f, "none is below the last one of the call before");
	evidence(f, before->frame);
}

void judge_wen(const struct told *t)
{
	const struct wen_memory *last = wen_of(t->e->call);
	uint32_t count[WEN_COUNTERS];

	read_counters(t->j, t->e, count);
	judge_rate(t, last);
	if (judge_idle(t, last, count))
		return;
	if (last)
		judge_cumulative(t, last, count);
	else
		judge_reset(t, count);
}

void wen_applied(struct judge *j, const struct event *e, struct calls_memory *calls, struct call *call)
{
	struct call_odd *odd = call_odd(j, call);
	struct calls_rare *rare = calls_rare(calls);

	if (rare) {
		rare->wen_time = e->time_ns;
		rare->wen_frame = e->frame;
	}
	if (odd && !odd->wen)
		odd->wen = calloc(1, sizeof(*odd->wen));
	if (!odd || !odd->wen)
		return;
	odd->wen->time_ns = e->time_ns;
	odd->wen->frame = e->frame;
	odd->wen->channel = call->physical_channel;
	odd->wen->pac_call_id = call->pac_call_id;
	read_counters(j, e, odd->wen->count);
}

void wen_call_over(struct calls_memory *calls, struct call *call, int64_t time_ns)
{
	struct calls_rare *rare;

	if (!wen_of(call))
		return;
	rare = calls_rare(calls);
	if (!rare)
		return;
	free(rare->wen);
	rare->wen = call->memory->odd->wen;
	rare->wen->time_ns = time_ns;
	call->memory->odd->wen = NULL;
}
