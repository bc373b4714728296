/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest's reset is the console's to act on: the kernel stops the partition and says REASON_RESET. */
#include "console/watch.h"

#include "console/call.h"
#include "console/clock.h"
#include "console/crash.h"
#include "console/notice.h"
#include "console/op.h"
#include "lib/copy.h"
#include "lib/format.h"
#include "lib/string.h"

/* The n-th restart within RESTARTS_SECONDS waits so long, in seconds. */
static const uint8_t waits[RESTARTS_MAX] = {0, 1, 2, 4, 8};

void watch_forgive(struct partition *partition)
{
	memset(&partition->restarts, 0, sizeof(partition->restarts));
	partition->gave_up = false;
	partition_save(partition);
}

/* How many of the latest restarts lie less than RESTARTS_SECONDS back. */
static unsigned recent_restarts(const struct partition *partition, uint64_t now)
{
	unsigned count = 0;

	for (unsigned i = 0; i < RESTARTS_MAX; i++)
		count += partition->restarts.latest[i] &&
			 now - partition->restarts.latest[i] < RESTARTS_SECONDS * clock_hz();
	return count;
}

/* In the place of the oldest. */
static void note_restart(struct partition *partition, uint64_t now)
{
	unsigned oldest = 0;

	for (unsigned i = 1; i < RESTARTS_MAX; i++) {
		if (partition->restarts.latest[i] < partition->restarts.latest[oldest])
			oldest = i;
	}
	partition->restarts.latest[oldest] = MAX(now, 1);
}

/* It is due until it is done: an instance that follows this one finds it so. */
static void begin_restart(struct partition *partition)
{
	op_begin(partition, OP_START, 0);
	partition->op.background = true;
	partition_save(partition);
}

static void give_up(struct partition *partition, const char *what)
{
	partition->gave_up = true;
	partition_save(partition);
	notice_print(partition, true, "%s stopped: %d %s in %d s; it is not started again by itself",
		     partition->name, RESTARTS_MAX + 1, what, RESTARTS_SECONDS);
}

/* Starts it again, now or later. False if it has been too often. A reset is the guest's wish: at once. */
static bool restart(struct partition *partition, bool is_reset)
{
	uint64_t now = call_clock();
	unsigned recent = recent_restarts(partition, now);
	unsigned seconds = is_reset || recent >= RESTARTS_MAX ? 0 : waits[recent];

	if (recent >= RESTARTS_MAX) {
		give_up(partition, is_reset ? "resets" : "ends");
		return false;
	}
	note_restart(partition, now);
	if (seconds)
		notice_print(partition, false, "%s is started again in %u s", partition->name,
			     seconds);
	else
		notice_print(partition, false, "%s%s is started again", partition->name,
			     is_reset ? " reset: it" : "");
	partition->restarts.at = now + seconds * clock_hz();
	partition->restarts.reason = partition->reason;
	if (!seconds)
		begin_restart(partition);
	partition_save(partition);
	return true;
}

void watch_describe_end(const struct part_info *info, char to[END_TEXT_SIZE])
{
	const char *reason = partition_reason_text(info->reason), *report = info->report;
	size_t length = format(to, END_TEXT_SIZE, "%s", reason);

	/* Some reports begin with it. */
	if (str_starts(report, reason))
		report += strlen(reason);
	else if (report[0] && report[0] != '\n')
		length += format(to + length, END_TEXT_SIZE - length, ": ");
	for (const char *c = report; *c && *c != '\n' && length + 1 < END_TEXT_SIZE; c++)
		to[length++] = *c;
	to[length] = '\0';
}

/* A reset is the guest's wish. About any other end that the operator did not ask for its policy decides. */
static bool wants_restart(const struct partition *partition, uint32_t reason)
{
	if (reason == REASON_RESET)
		return true;
	if (reason == REASON_OPERATOR || reason == REASON_NONE ||
	    (reason == REASON_POWEROFF && partition->stop_wanted))
		return false;
	return partition->policy.restart == RESTART_ALWAYS ||
	       (partition->policy.restart == RESTART_ON_FAILURE && reason != REASON_POWEROFF);
}

/* told: by the answer of the command that started it. */
static void handle_end(struct partition *partition, const struct part_info *info, bool told)
{
	bool again = wants_restart(partition, info->reason) && !partition->gave_up;
	char text[END_TEXT_SIZE];

	watch_describe_end(info, text);
	if (!told)
		notice_print(partition, !again, "%s stopped: %s", partition->name, text);
	if (!again)
		return;
	str_copy(partition->last_end, sizeof(partition->last_end), text);
	restart(partition, false);
}

static void check(struct partition *partition, bool told)
{
	static struct part_info info;
	bool was_up = partition_is_up(partition->state);

	if (!partition_query(partition, &info))
		return;
	partition->state = info.state;
	partition->reason = info.reason;
	/* One that has ended is dying for a moment, and nothing tells when that is over. */
	if (was_up == partition_is_up(info.state))
		return;
	partition_save(partition);
	if (!was_up)
		return;
	if (crash_is_one(info.reason))
		crash_keep(partition, &info, false);
	if (info.reason != REASON_RESET)
		handle_end(partition, &info, told);
	else if (!partition->gave_up)
		restart(partition, true);
}

uint64_t watch_deadline(void)
{
	struct partition *partition = NULL;
	uint64_t first = 0;

	while ((partition = partition_next(partition))) {
		if (partition->restarts.at && partition->op.kind == OP_NONE &&
		    (!first || partition->restarts.at < first))
			first = partition->restarts.at;
	}
	return first;
}

void watch_cancel(struct partition *partition)
{
	partition->restarts.at = 0;
	partition_save(partition);
}

/* What the operator said meanwhile counts more than what the policy was at the end. */
bool watch_turn(void)
{
	struct partition *partition = NULL;
	uint64_t now = call_clock();
	bool begun = false;

	while ((partition = partition_next(partition))) {
		if (!partition->restarts.at || partition->op.kind != OP_NONE)
			continue;
		if (!wants_restart(partition, partition->restarts.reason)) {
			watch_cancel(partition);
			notice_print(partition, true, "%s is not started again: restart=%s",
				     partition->name,
				     partition_restart_text(partition->policy.restart));
		} else if (now >= partition->restarts.at) {
			begin_restart(partition);
			begun = true;
		}
	}
	return begun;
}

void watch_all(void)
{
	struct partition *partition = NULL;

	while ((partition = partition_next(partition))) {
		if (partition->op.kind == OP_NONE)
			check(partition, false);
	}
}

/* What the guest did itself in the moment after its start must not pass for the operator's doing. */
void watch_op_ended(struct partition *partition, const struct op *op)
{
	static struct part_info info;
	bool started = (op->kind == OP_START || op->kind == OP_RESET) && op->result >= 0;

	partition->restarts.at = 0;
	if (started || op->why[0]) {
		partition->state = PART_RUNNING;
		partition_save(partition);
		check(partition, op->why[0] && !op->background);
		return;
	}
	if (op->background && op->result < 0)
		notice_print(partition, true, "%s could not be started again: %s", partition->name,
			     op_error_text(op->result));
	partition_query(partition, &info);
	partition->state = info.state;
	partition->reason = info.reason;
	partition_save(partition);
}
