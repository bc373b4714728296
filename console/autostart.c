/* SPDX-License-Identifier: BSD-2-Clause */
/* Who waits for one that waits for it (rule 16 forbids it) is started anyway: nobody waits for ever. */
#include "console/autostart.h"

#include "console/op.h"
#include "console/watch.h"

void autostart_want(struct partition *partition, bool wanted)
{
	partition->start_wanted = wanted;
}

void autostart_all(void)
{
	static struct part_info info;
	struct partition *partition = NULL;

	while ((partition = partition_next(partition))) {
		if (partition->policy.autostart && partition_query(partition, &info) &&
		    info.state == PART_STOPPED && info.start_count == 0)
			partition->start_wanted = true;
	}
}

/* The one before it is still to be started, or on its way. */
static bool waits(const struct partition *partition)
{
	const struct partition *before = partition->policy.after[0]
						 ? partition_find(partition->policy.after)
						 : NULL;

	return before && before != partition &&
	       (before->start_wanted || before->op.kind == OP_START);
}

static void begin(struct partition *partition)
{
	partition->start_wanted = false;
	if (partition->op.kind != OP_NONE || partition_state(partition) != PART_STOPPED)
		return;
	watch_forgive(partition);
	op_begin(partition, OP_START, 0);
	partition->op.background = true;
}

bool autostart_step(void)
{
	struct partition *partition = NULL, *first = NULL;
	bool starting = false, begun = false;

	while ((partition = partition_next(partition))) {
		starting |= partition->op.kind == OP_START;
		if (!partition->start_wanted)
			continue;
		first = first ? first : partition;
		if (!waits(partition)) {
			begin(partition);
			begun = true;
		}
	}
	if (first && !begun && !starting) {
		begin(first);
		begun = true;
	}
	return begun;
}
