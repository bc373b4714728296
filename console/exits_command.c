/* SPDX-License-Identifier: BSD-2-Clause */
/* exits and freeze: the flight recorder as a whole, and keeping it while its guest goes on. */
#include "console/call.h"
#include "console/clock.h"
#include "console/crash.h"
#include "console/exits.h"
#include "console/handlers.h"
#include "console/session.h"
#include "console/text.h"
#include "lib/string.h"

enum { LINES_A_TURN = 32 };

static struct {
	unsigned count, shown;
	struct exit_record records[EXIT_RECORDS];
} list;

static enum session_answer step(void)
{
	uint64_t end = list.records[list.count - 1].tsc;

	for (unsigned i = 0; i < LINES_A_TURN && list.shown < list.count; i++) {
		const struct exit_record *record = &list.records[list.shown++];
		char line[EXITS_LINE];

		exits_format(record, line);
		text_print("%10lu us  %s", clock_microseconds(end - record->tsc), line);
	}
	return list.shown < list.count ? SESSION_AGAIN : SESSION_DONE;
}

static bool interrupt(void)
{
	return true;
}

static void load(const struct partition *partition, const struct part_info *info, uint32_t vcpu)
{
	const struct crash *crash = crash_of(partition);
	bool up = partition_is_up(info->state);

	list.shown = 0;
	if (crash && up && vcpu < crash->info.vcpu_count) {
		list.count = crash->counts[vcpu];
		memcpy(list.records, crash->exits[vcpu], list.count * sizeof(list.records[0]));
	} else {
		list.count = exits_latest(partition->slot, vcpu, list.records, EXIT_RECORDS);
	}
}

void exits_show(const struct invocation *in)
{
	static struct part_info info;
	char titles[EXITS_LINE];

	if (!partition_check_vcpu(in->partition, in->number[1]))
		return;
	partition_query(in->partition, &info);
	load(in->partition, &info, (uint32_t)in->number[1]);
	if (!list.count) {
		text_print("%s: no exit since its start", in->partition->name);
		return;
	}
	exits_titles(titles);
	text_print("%13s  %s", "BEFORE", titles);
	session_continue(step, interrupt);
}

void exits_freeze(const struct invocation *in)
{
	static struct part_info info;

	partition_query(in->partition, &info);
	if (crash_keep(in->partition, &info, true))
		text_print("%s: frozen for why and exits; it goes on", in->partition->name);
	else
		text_fail(CODE_MEMORY, "there is no memory to keep it");
}
