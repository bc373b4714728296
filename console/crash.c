/* SPDX-License-Identifier: BSD-2-Clause */
/* Each failure has pages of its own, of the size that its number of vCPUs demands. */
#include "console/crash.h"

#include "console/call.h"
#include "console/exits.h"
#include "lib/string.h"

static struct crash *crashes[MAX_PARTITIONS];

void crash_reset(void)
{
	memset(crashes, 0, sizeof(crashes));
}

bool crash_is_one(uint32_t reason)
{
	static const uint32_t failures = 1 << REASON_TRIPLE | 1 << REASON_VMM_FAULT |
					 1 << REASON_VMM_LOOP | 1 << REASON_ENTRY |
					 1 << REASON_EMULATION | 1 << REASON_KERNEL;

	return reason < 32 && (failures >> reason & 1);
}

const struct crash *crash_of(const struct partition *partition)
{
	return crashes[partition->slot % MAX_PARTITIONS];
}

void crash_forget(const struct partition *partition)
{
	struct crash **crash = &crashes[partition->slot % MAX_PARTITIONS];

	if (*crash)
		call_mem_unmap(call_address(*crash), (*crash)->pages);
	*crash = NULL;
}

uint64_t crash_address(const struct partition *partition)
{
	return call_address(crash_of(partition));
}

/* An instance that failed wrote it: nothing in it may lead outside its pages. */
void crash_adopt(const struct partition *partition, uint64_t address)
{
	struct crash *crash = (struct crash *)(uintptr_t)address;

	crashes[partition->slot % MAX_PARTITIONS] = crash;
	if (!crash)
		return;
	crash->info.vcpu_count = MIN(crash->info.vcpu_count, (uint32_t)MAX_VCPUS);
	crash->info.report[REPORT_SIZE - 1] = '\0';
	for (uint32_t i = 0; i < crash->info.vcpu_count; i++)
		crash->counts[i] = MIN(crash->counts[i], (uint32_t)EXIT_RECORDS);
}

bool crash_keep(const struct partition *partition, const struct part_info *info, bool by_hand)
{
	uint64_t size = sizeof(struct crash) +
			info->vcpu_count * sizeof(struct exit_record[EXIT_RECORDS]);
	uint64_t pages = ALIGN_UP(size, PAGE_SIZE) / PAGE_SIZE;
	struct crash *crash;
	int64_t address;

	crash_forget(partition);
	address = call_mem_map(pages);
	if (address <= 0) {
		partition_save(partition);
		return false;
	}
	crash = (struct crash *)(uintptr_t)address;
	*crash = (struct crash){.tsc = call_clock(), .pages = pages, .by_hand = by_hand};
	crash->info = *info;
	crash->output_from = boots_position(&partition->boots);
	crash->output_to = partition->ring.shared ? ring_head(&partition->ring) : 0;
	for (uint32_t i = 0; i < info->vcpu_count; i++)
		crash->counts[i] = exits_latest(partition->slot, i, crash->exits[i], EXIT_RECORDS);
	crashes[partition->slot % MAX_PARTITIONS] = crash;
	partition_save(partition);
	return true;
}
