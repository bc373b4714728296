/* SPDX-License-Identifier: BSD-2-Clause */
/* Claims have the numbers behind those of the slots. */
#include "console/view.h"

#include "console/host.h"
#include "lib/copy.h"
#include "lib/string.h"

struct claim {
	char name[NAME_SIZE];
	bool dedicated;
	uint64_t bytes, asked;
	uint32_t cpu_count;
	uint32_t cpus[MAX_VCPUS]; /* CPU_ANY: the kernel's choice */
};

static struct {
	bool leaves[MAX_PARTITIONS];
	uint64_t reserved;
	unsigned claim_count;
	struct claim claims[MAX_PARTITIONS];
} view;

void view_reset(void)
{
	memset(&view, 0, sizeof(view));
}

void view_leave(uint32_t slot)
{
	if (slot < MAX_PARTITIONS)
		view.leaves[slot] = true;
}

void view_reserve(uint64_t bytes)
{
	view.reserved = bytes;
}

uint64_t view_reserved(void)
{
	return view.reserved;
}

bool view_stays(uint32_t slot)
{
	return slot < MAX_PARTITIONS && !view.leaves[slot];
}

static const struct claim *claim_of(uint32_t cpu, bool dedicated)
{
	for (unsigned i = 0; i < view.claim_count; i++) {
		const struct claim *claim = &view.claims[i];

		for (uint32_t v = 0; v < claim->cpu_count && claim->dedicated == dedicated; v++) {
			if (claim->cpus[v] == cpu)
				return claim;
		}
	}
	return NULL;
}

void view_cpu(uint32_t cpu, struct cpu_info *info)
{
	bool owned;

	host_query_cpu(cpu, info);
	owned = info->state == CPU_DEDICATED ||
		(info->state == CPU_SIBLING && info->partition < MAX_PARTITIONS);
	if (owned && !view_stays(info->partition)) {
		info->state = CPU_POOL;
		info->admits = 3;
	}
	if (claim_of(cpu, true)) {
		info->state = CPU_DEDICATED;
		info->admits = 0;
		info->partition = MAX_PARTITIONS + (uint32_t)(claim_of(cpu, true) - view.claims);
	}
}

const char *view_name(uint32_t partition)
{
	if (partition < MAX_PARTITIONS)
		return partition_name(partition);
	partition -= MAX_PARTITIONS;
	return partition < view.claim_count ? view.claims[partition].name : "?";
}

/* The CPU that the kernel would choose for one that wants one of its own, or CPU_ANY. */
static uint32_t choose(const struct create *create)
{
	static struct host_info host;
	struct cpu_info info;

	host_query(&host);
	for (uint32_t cpu = 1; cpu < host.cpu_count; cpu++) {
		view_cpu(cpu, &info);
		if (info.admits >> create->smt_share & 1)
			return cpu;
	}
	return CPU_ANY;
}

void view_claim(const struct create *create)
{
	const struct part_desc *desc = &create->desc;
	struct claim *claim;

	if (view.claim_count == MAX_PARTITIONS)
		return;
	claim = &view.claims[view.claim_count++];
	*claim = (struct claim){
		.dedicated = (desc->flags & PART_DEDICATED) != 0,
		.bytes = create->needed,
		.asked = create->memory,
	};
	str_copy(claim->name, sizeof(claim->name), desc->name);
	for (uint32_t i = 0; i < desc->vcpu_count; i++) {
		uint32_t cpu = desc->cpus[i];

		if (cpu == CPU_ANY && claim->dedicated)
			cpu = choose(create);
		claim->cpus[claim->cpu_count++] = cpu;
	}
}

const char *view_pool_user(uint32_t cpu)
{
	static struct part_info info;
	struct partition *partition = NULL;

	while ((partition = partition_next(partition))) {
		if (!view_stays(partition->slot) || !partition_query(partition, &info) ||
		    info.flags & PART_DEDICATED)
			continue;
		for (uint32_t i = 0; i < info.vcpu_count; i++) {
			if (info.cpus[i] == cpu)
				return partition->name;
		}
	}
	return claim_of(cpu, false) ? claim_of(cpu, false)->name : NULL;
}

const char *view_claimer(unsigned index, uint64_t *bytes)
{
	if (index >= view.claim_count)
		return NULL;
	*bytes = view.claims[index].asked;
	return view.claims[index].name;
}

unsigned view_partitions(void)
{
	struct partition *partition = NULL;
	unsigned count = view.claim_count;

	while ((partition = partition_next(partition)))
		count += view_stays(partition->slot);
	return count;
}

uint64_t view_free(void)
{
	static struct host_info host;
	static struct part_info info;
	struct partition *partition = NULL;
	uint64_t free, claimed = 0;

	host_query(&host);
	free = host.ram_free;
	while ((partition = partition_next(partition))) {
		if (!view_stays(partition->slot) && partition_query(partition, &info))
			free += info.memory + info.pool;
	}
	for (unsigned i = 0; i < view.claim_count; i++)
		claimed += view.claims[i].bytes;
	return free > claimed ? free - claimed : 0;
}
