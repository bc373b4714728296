/* SPDX-License-Identifier: BSD-2-Clause */
/* The table is indexed by slot. What the kernel says is the truth; the record adds what it cannot know. */
#include "console/partition.h"

#include "abi/frame.h"
#include "console/call.h"
#include "console/clock.h"
#include "console/crash.h"
#include "console/graves.h"
#include "console/text.h"
#include "lib/copy.h"
#include "lib/format.h"
#include "lib/string.h"

/* Its layout may change between builds, not between two instances of one. */
struct blob {
	uint32_t magic;
	bool gave_up, stop_wanted;
	bool up; /* as the operator last heard: what has ended since is still to be acted on */
	char name[NAME_SIZE];
	uint64_t born;
	uint64_t ring, ring_size;
	uint64_t shown;
	uint64_t matched;
	struct boots boots;
	struct restarts restarts;
	uint64_t crash; /* what is kept of its failure */
	char last_end[LAST_END_SIZE];
	struct partition_policy policy;
	struct definition definition;
};

enum { BLOB_MAGIC = 0x46485033 };

static_assert(sizeof(struct blob) <= 4096, "the kernel keeps a page");

static struct partition partitions[MAX_PARTITIONS];

void partition_reset(void)
{
	memset(partitions, 0, sizeof(partitions));
	crash_reset();
}

struct partition *partition_next(struct partition *partition)
{
	for (size_t i = partition ? (size_t)(partition - partitions) + 1 : 0; i < MAX_PARTITIONS;
	     i++) {
		if (partitions[i].used)
			return &partitions[i];
	}
	return NULL;
}

struct partition *partition_at(uint32_t slot)
{
	return slot < MAX_PARTITIONS && partitions[slot].used ? &partitions[slot] : NULL;
}

const char *partition_name(uint32_t slot)
{
	const struct partition *partition = partition_at(slot);

	return partition ? partition->name : "?";
}

struct partition *partition_find(const char *name)
{
	struct partition *partition = NULL;

	while ((partition = partition_next(partition))) {
		if (!strcmp(partition->name, name))
			return partition;
	}
	return NULL;
}

struct partition *partition_find_born(uint64_t born)
{
	struct partition *partition = NULL;

	while ((partition = partition_next(partition)) && partition->born != born)
		;
	return partition;
}

void partition_save(const struct partition *partition)
{
	static struct blob blob; /* no bytes of earlier ones, no padding with a stack's */

	memset(&blob, 0, sizeof(blob));
	blob.magic = BLOB_MAGIC;
	blob.gave_up = partition->gave_up;
	blob.stop_wanted = partition->stop_wanted;
	blob.up = partition_is_up(partition->state);
	blob.born = partition->born;
	blob.ring = call_address(partition->ring.shared);
	blob.ring_size = partition->ring.size;
	blob.shown = partition->shown;
	blob.matched = partition->matched;
	blob.boots = partition->boots;
	blob.restarts = partition->restarts;
	blob.crash = crash_address(partition);
	blob.policy = partition->policy;
	str_copy(blob.name, sizeof(blob.name), partition->name);
	str_copy(blob.last_end, sizeof(blob.last_end), partition->last_end);
	blob.definition.size = partition->definition.size;
	memcpy(blob.definition.text, partition->definition.text, partition->definition.size);
	call_blob_set(partition->slot, &blob, sizeof(blob));
}

struct partition *partition_add(uint32_t slot, uint64_t born, const char *name, struct ring ring,
				const struct definition *definition,
				const struct partition_policy *policy)
{
	struct partition *partition;

	if (slot >= MAX_PARTITIONS)
		return NULL;
	partition = &partitions[slot];
	memset(partition, 0, sizeof(*partition));
	partition->used = true;
	partition->slot = slot;
	partition->born = born ? born : call_clock();
	partition->state = PART_STOPPED;
	partition->ring = ring;
	partition->definition = *definition;
	partition->policy = *policy;
	str_copy(partition->name, sizeof(partition->name), name);
	partition_save(partition);
	return partition;
}

struct ring partition_forget(struct partition *partition)
{
	static const struct blob none;
	struct ring ring = partition->ring;

	partition->used = false;
	crash_forget(partition);
	call_blob_set(partition->slot, &none, sizeof(none));
	partition->ring = (struct ring){0};
	/* Who read it finds it gone; the guest of one who gets it must not wait for him. */
	if (ring.shared)
		ring_detach(&ring);
	return ring;
}

void partition_remove(struct partition *partition)
{
	struct ring ring;

	graves_add(partition);
	ring = partition_forget(partition);
	ring_free(&ring);
}

bool partition_query(const struct partition *partition, struct part_info *info)
{
	int64_t answer = call_part_info(partition->slot, info);

	if (answer < 0 || info->state == PART_NONE) {
		memset(info, 0, sizeof(*info));
		return false;
	}
	info->name[NAME_SIZE - 1] = '\0';
	info->cmdline[CMDLINE_SIZE - 1] = '\0';
	info->report[REPORT_SIZE - 1] = '\0';
	info->vcpu_count = MIN(info->vcpu_count, (uint32_t)MAX_VCPUS);
	info->state = MIN(info->state, 31u); /* both may select a bit */
	info->reason = MIN(info->reason, 31u);
	return true;
}

uint32_t partition_state(const struct partition *partition)
{
	static struct part_info info;

	partition_query(partition, &info);
	return info.state;
}

bool partition_has_ring(const struct partition *partition, uint64_t born,
			const struct console_ring *shared)
{
	return partition->used && partition->born == born && partition->ring.shared == shared;
}

bool partition_check_ring(const struct partition *partition)
{
	if (!partition->ring.shared)
		text_fail(CODE_STATE,
			  "its console was lost when the console program failed; create it anew");
	return partition->ring.shared != NULL;
}

bool partition_check_vcpu(const struct partition *partition, uint64_t number)
{
	static struct part_info info;

	if (partition_query(partition, &info) && number < info.vcpu_count)
		return true;
	text_fail(CODE_NAME, "there is no vcpu %lu; it has %u", number, info.vcpu_count);
	return false;
}

uint32_t partition_range_count(const struct part_info *info)
{
	uint32_t count = 0;

	while (count < MAX_RANGES && info->ranges[count].size)
		count++;
	return count;
}

/* A partition has exactly one kernel (create sees to that): a second one is the zeros that follow. */
uint32_t partition_image_count(const struct part_info *info)
{
	uint32_t count = 0, kernels = 0;

	while (count < MAX_PART_IMAGES) {
		kernels += info->images[count].role == IMAGE_KERNEL;
		if (kernels == 2)
			break;
		count++;
	}
	return count;
}

/* The instance that failed may have been reading: its guest must not wait for that. */
static void free_guest(const struct partition *partition)
{
	ring_detach(&partition->ring);
	if (ring_is_waiting(&partition->ring))
		call_part_event(partition->slot, EVENT_SPACE);
}

/* A blob that does not fit the partition is not believed: its ring is lost, the partition is not. */
static void adopt(uint32_t slot, const struct part_info *info)
{
	struct partition *partition = &partitions[slot];
	static struct blob blob;
	bool good = call_blob_get(slot, &blob, sizeof(blob)) == sizeof(blob) &&
		    blob.magic == BLOB_MAGIC && !strncmp(blob.name, info->name, NAME_SIZE) &&
		    blob.ring % PAGE_SIZE == 0 && blob.crash % PAGE_SIZE == 0 &&
		    blob.definition.size <= DEFINITION_SIZE &&
		    (!blob.ring || ring_size_is_valid(blob.ring_size));

	memset(partition, 0, sizeof(*partition));
	partition->used = true;
	partition->slot = slot;
	partition->born = good ? blob.born : call_clock();
	partition->state = info->state;
	partition->reason = info->reason;
	str_copy(partition->name, sizeof(partition->name), info->name);
	if (!good)
		return;
	partition->ring.shared = (struct console_ring *)(uintptr_t)blob.ring; /* NULL stays NULL */
	partition->ring.size = blob.ring_size;
	crash_adopt(partition, blob.crash);
	partition->shown = blob.shown;
	partition->matched = blob.matched;
	partition->boots = blob.boots;
	partition->gave_up = blob.gave_up;
	partition->stop_wanted = blob.stop_wanted;
	partition->restarts = blob.restarts;
	partition->policy = blob.policy;
	partition->definition = blob.definition;
	str_copy(partition->last_end, sizeof(partition->last_end), blob.last_end);
	if (partition->ring.shared)
		free_guest(partition);
	if (partition_is_up(info->state))
		partition->restarts.at = 0; /* it was done, but not noted any more */
	else if (blob.up)
		partition->state = PART_RUNNING; /* an end that nobody has acted on yet is news */
	partition_save(partition);
}

unsigned partition_adopt(void)
{
	static struct part_info info;
	unsigned count = 0;

	for (uint32_t slot = 0; slot < MAX_PARTITIONS; slot++) {
		struct partition unknown = {.slot = slot};

		if (!partition_query(&unknown, &info))
			continue;
		adopt(slot, &info);
		count++;
	}
	return count;
}

const char *partition_state_text(uint32_t state)
{
	static const char *const texts[] = {
		[PART_NONE] = "absent",	    [PART_STOPPED] = "stopped",
		[PART_RUNNING] = "running", [PART_PAUSED] = "paused",
		[PART_DYING] = "dying",	    [SHOWN_WAITING] = "waiting",
		[SHOWN_FAILED] = "failed",  [SHOWN_STARTING] = "starting",
	};

	return state < ARRAY_SIZE(texts) ? texts[state] : "?";
}

const char *partition_reason_text(uint32_t reason)
{
	static const char *const texts[] = {
		[REASON_NONE] = "never started",
		[REASON_POWEROFF] = "powered off",
		[REASON_RESET] = "reset",
		[REASON_OPERATOR] = "by the operator",
		[REASON_TRIPLE] = "triple fault",
		[REASON_VMM_FAULT] = "its VMM faulted",
		[REASON_VMM_LOOP] = "its VMM ran too long",
		[REASON_ENTRY] = "the processor refused the guest's state",
		[REASON_REFUSED] = "its VMM refused to start it",
		[REASON_EMULATION] = "an instruction could not be emulated",
		[REASON_KERNEL] = "by the kernel",
	};

	return reason < ARRAY_SIZE(texts) ? texts[reason] : "?";
}

const char *partition_restart_text(uint32_t restart)
{
	static const char *const texts[] = {
		[RESTART_NEVER] = "never",
		[RESTART_ON_FAILURE] = "on-failure",
		[RESTART_ALWAYS] = "always",
	};

	return restart < ARRAY_SIZE(texts) ? texts[restart] : "?";
}

static bool is_starting(const struct partition *partition)
{
	return partition->op.kind == OP_START || partition->op.kind == OP_RESET;
}

bool partition_is_to_run(const struct partition *partition)
{
	return partition_is_up(partition_state(partition)) || partition->restarts.at ||
	       partition->start_wanted || is_starting(partition);
}

static bool is_down(uint32_t state)
{
	return state == PART_STOPPED || state == PART_DYING;
}

uint32_t partition_shown_state(const struct partition *partition, const struct part_info *info)
{
	if (info->state > PART_DYING)
		return SHOWN_UNKNOWN;
	if (is_starting(partition) && is_down(info->state))
		return SHOWN_STARTING;
	if (is_down(info->state) && partition->restarts.at)
		return SHOWN_WAITING;
	return info->state == PART_STOPPED && partition->gave_up ? SHOWN_FAILED : info->state;
}

void partition_note(const struct partition *partition, const struct part_info *info,
		    char to[PARTITION_TEXT])
{
	uint64_t now = call_clock(), at = partition->restarts.at, hz = clock_hz();

	to[0] = '\0';
	if (!is_down(info->state))
		return;
	if (at && !is_starting(partition))
		format(to, PARTITION_TEXT, "%s; again in %lu s",
		       partition_reason_text(partition->restarts.reason),
		       at > now ? (at - now + hz - 1) / hz : 0);
	else if (partition->gave_up)
		format(to, PARTITION_TEXT, "%s; %u restarts in %u s",
		       partition_reason_text(info->reason), RESTARTS_MAX, RESTARTS_SECONDS);
	else
		format(to, PARTITION_TEXT, "%s", partition_reason_text(info->reason));
}

void partition_describe(const struct partition *partition, char to[PARTITION_TEXT])
{
	static struct part_info info;
	char note[PARTITION_TEXT];
	uint32_t state;

	partition_query(partition, &info);
	partition_note(partition, &info, note);
	state = partition_shown_state(partition, &info);
	/* That it is dying is over before one could act on it. */
	format(to, PARTITION_TEXT, note[0] ? "%s (%s)" : "%s",
	       partition_state_text(state == PART_DYING ? PART_STOPPED : state), note);
}
