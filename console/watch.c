/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest's reset is the console's to act on: the kernel stops the partition and says REASON_RESET. */
#include "console/watch.h"

#include "console/call.h"
#include "console/clock.h"
#include "console/crash.h"
#include "console/notice.h"
#include "console/op.h"
#include "lib/string.h"

void watch_forgive(struct partition *partition)
{
	memset(partition->resets, 0, sizeof(partition->resets));
	partition->gave_up = false;
	partition_save(partition);
}

/* Notes the reset. False if the oldest of the latest RESETS_MAX lies less than RESETS_SECONDS back. */
static bool may_start_again(struct partition *partition)
{
	uint64_t now = call_clock();
	unsigned oldest = 0;

	for (unsigned i = 1; i < RESETS_MAX; i++) {
		if (partition->resets[i] < partition->resets[oldest])
			oldest = i;
	}
	if (partition->resets[oldest] &&
	    now - partition->resets[oldest] < RESETS_SECONDS * clock_hz())
		return false;
	partition->resets[oldest] = now ? now : 1;
	return true;
}

static void handle_reset(struct partition *partition)
{
	if (partition->gave_up)
		return;
	if (may_start_again(partition)) {
		notice_print(partition, false, "%s reset: it is started again", partition->name);
		op_begin(partition, OP_START, 0);
		partition->op.background = true;
	} else {
		partition->gave_up = true;
		notice_print(partition, true,
			     "%s stopped: %d resets in %d s; it is not started again by itself",
			     partition->name, RESETS_MAX + 1, RESETS_SECONDS);
	}
	partition_save(partition);
}

static void tell_stopped(struct partition *partition, const struct part_info *info)
{
	char line[160];
	size_t length = 0;

	while (length + 1 < sizeof(line) && info->report[length] && info->report[length] != '\n') {
		line[length] = info->report[length];
		length++;
	}
	line[length] = '\0';
	notice_print(partition, true, "%s stopped: %s%s%s", partition->name,
		     partition_reason_text(info->reason), length ? ": " : "", line);
}

static void check(struct partition *partition)
{
	static struct part_info info;
	bool was_up = partition->state == PART_RUNNING || partition->state == PART_PAUSED;

	if (!partition_query(partition, &info))
		return;
	partition->state = info.state;
	partition->reason = info.reason;
	/* One that has ended is dying for a moment, and nothing tells when that is over. */
	if (!was_up || info.state == PART_RUNNING || info.state == PART_PAUSED)
		return;
	if (crash_is_one(info.reason))
		crash_keep(partition, &info, false);
	if (info.reason == REASON_RESET)
		handle_reset(partition);
	else
		tell_stopped(partition, &info);
}

void watch_all(void)
{
	struct partition *partition = NULL;

	while ((partition = partition_next(partition))) {
		if (partition->op.kind == OP_NONE)
			check(partition);
	}
}

/* What the guest did itself in the moment after its start must not pass for the operator's doing. */
void watch_op_ended(struct partition *partition, enum op_kind kind)
{
	static struct part_info info;
	bool started = kind == OP_START || kind == OP_RESET;

	if (partition->op.background && partition->op.result < 0)
		notice_print(partition, true, "%s could not be started again: %s", partition->name,
			     op_error_text(partition->op.result));
	if (started && partition->op.result >= 0) {
		partition->state = PART_RUNNING;
		check(partition);
		return;
	}
	partition_query(partition, &info);
	partition->state = info.state;
	partition->reason = info.reason;
}
