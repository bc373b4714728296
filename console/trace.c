/* SPDX-License-Identifier: BSD-2-Clause */
/* trace: a running guest's exits as they come. The line is slow and a guest is not: most are counted only. */
#include "console/call.h"
#include "console/clock.h"
#include "console/exits.h"
#include "console/handlers.h"
#include "console/live.h"
#include "console/text.h"

enum { PER_SECOND = 10, LINES = 8 };

static struct {
	const struct partition *partition;
	uint32_t slot, vcpus;
	uint32_t turn; /* the vCPU that comes first: there may be more than lines */
	uint64_t begun, missed;
	struct exit_window windows[MAX_VCPUS];
	unsigned count;
	struct {
		uint32_t vcpu;
		struct exit_record record;
	} lines[LINES]; /* by time */
} trace;

static void insert(uint32_t vcpu, const struct exit_record *record)
{
	unsigned place = trace.count++;

	for (; place && trace.lines[place - 1].record.tsc > record->tsc; place--)
		trace.lines[place] = trace.lines[place - 1];
	trace.lines[place].vcpu = vcpu;
	trace.lines[place].record = *record;
}

/* The latest of a vCPU, at most count; what came before them is missed. */
static void take(uint32_t vcpu, unsigned count)
{
	struct exit_window *window = &trace.windows[vcpu];
	struct exit_record records[LINES];
	uint64_t asked = window->position, end = exits_end(trace.slot, vcpu);
	unsigned got;

	if (end < asked) /* another partition of that slot */
		asked = window->position = end;
	if (end - asked > count)
		window->position = end - count;
	got = exits_next(trace.slot, window, records, count);
	for (unsigned i = 0; i < got; i++)
		insert(vcpu, &records[i]);
	trace.missed += window->position - asked - MIN(window->position - asked, (uint64_t)got);
}

static void print(uint32_t vcpu, const struct exit_record *record)
{
	uint64_t us = clock_microseconds(record->tsc - MIN(record->tsc, trace.begun));
	char line[EXITS_LINE];

	exits_format(record, line);
	text_print("%4lu.%06lu %2u %s", us / 1000000, us % 1000000, vcpu, line);
}

static bool show(void)
{
	unsigned each = MAX(LINES / trace.vcpus, 1u);

	trace.count = 0;
	trace.missed = 0;
	for (uint32_t i = 0; i < trace.vcpus && trace.count + each <= LINES; i++) {
		take(trace.turn, each);
		trace.turn = (trace.turn + 1) % trace.vcpus;
	}
	for (unsigned i = 0; i < trace.count; i++)
		print(trace.lines[i].vcpu, &trace.lines[i].record);
	if (trace.missed)
		text_print("... and %lu more", trace.missed);
	return partition_is_up(partition_state(trace.partition));
}

void trace_run(const struct invocation *in)
{
	static struct part_info info;
	char titles[EXITS_LINE];

	if (in->line) {
		text_fail(CODE_USAGE, "it goes on until a key is pressed: that is not for a script");
		return;
	}
	partition_query(in->partition, &info);
	trace.partition = in->partition;
	trace.slot = in->partition->slot;
	trace.turn = 0;
	trace.vcpus = MIN(MAX(info.vcpu_count, 1u), (uint32_t)MAX_VCPUS);
	trace.begun = call_clock();
	for (uint32_t i = 0; i < trace.vcpus; i++)
		trace.windows[i] = (struct exit_window){
			.position = exits_end(trace.slot, i),
			.vcpu = i,
		};
	exits_titles(titles);
	text_print("%11s %2s %s  (any key ends)", "SECONDS", "V", titles);
	live_run(clock_hz() / PER_SECOND, true, show);
}
