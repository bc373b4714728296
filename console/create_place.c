/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds CPUs and memory for create, and names the holder of what it cannot have. */
#include "console/create.h"

#include "abi/errors.h"
#include "console/call.h"
#include "console/host.h"
#include "console/layout.h"
#include "console/number.h"
#include "console/op.h"
#include "console/rules.h"
#include "console/text.h"
#include "console/view.h"
#include "lib/format.h"

static bool can_be_dedicated(const struct create *create, const struct cpu_info *info)
{
	return info->admits >> create->smt_share & 1;
}

/* It is in no state that forbids it, but its core has another thread. */
static bool refuse_thread(uint32_t cpu, const struct cpu_info *info)
{
	struct cpu_info first;

	view_cpu(0, &first);
	if (info->state == CPU_SIBLING && info->partition < MAX_PARTITIONS)
		rule_error(RULE_CORE,
			   "cpu %u is a thread of core %u, which is partition %s's; only smt=share of "
			   "both lets them share it",
			   cpu, info->core, view_name(info->partition));
	else if (info->core == first.core)
		rule_error(RULE_CORE,
			   "cpu %u is a thread of cpu 0's core, which serves the pool by one thread",
			   cpu);
	else
		rule_error(RULE_CORE,
			   "cpu %u is a thread of core %u, which serves the pool by another thread",
			   cpu, info->core);
	return false;
}

static bool check_cpu(const struct create *create, uint32_t cpu)
{
	static struct host_info host;
	struct cpu_info info;

	host_query(&host);
	view_cpu(cpu, &info);
	if (cpu >= host.cpu_count || info.state == CPU_ABSENT)
		rule_error(RULE_CPU, "on=%.40s: there is no cpu %u; this machine has cpu 0 to %u",
			   create->on_text, cpu, MAX(host.cpu_count, 1u) - 1);
	else if (info.state == CPU_FAILED)
		rule_error(RULE_CPU, "cpu %u did not start when the machine did", cpu);
	else if (info.state == CPU_DEDICATED)
		rule_error(RULE_OWNER, "cpu %u is dedicated to partition %s", cpu,
			   view_name(info.partition));
	else if (create->cpus && cpu == 0)
		rule_error(RULE_OWNER, "cpu 0 cannot be dedicated: it is always in the pool");
	else if (create->cpus ? !can_be_dedicated(create, &info) : info.state == CPU_SIBLING)
		return refuse_thread(cpu, &info);
	else
		return true;
	return false;
}

/* Enough of the pool's CPUs could be taken out of it, all but CPU 0? */
static bool check_supply(const struct create *create)
{
	static struct host_info host;
	struct cpu_info info;
	char holders[200];
	size_t used = 0;
	uint64_t free = 0;

	host_query(&host);
	holders[0] = '\0';
	for (uint32_t cpu = 1; cpu < host.cpu_count; cpu++) {
		view_cpu(cpu, &info);
		free += can_be_dedicated(create, &info);
		if (info.state == CPU_DEDICATED)
			used += format(holders + used, sizeof(holders) - used,
				       ", cpu %u is dedicated to %s", cpu,
				       view_name(info.partition));
	}
	if (create->cpus <= free)
		return true;
	rule_error(RULE_OWNER,
		   "cpus=%lu: only %lu CPU%s can be dedicated: cpu 0 is always in the pool%s",
		   create->cpus, free, free == 1 ? "" : "s", holders);
	return false;
}

static bool place_cpus(struct create *create)
{
	struct part_desc *desc = &create->desc;

	if (create->on_text && !create->cpus && !create->vcpus) {
		rule_error(RULE_FIT, "on= needs cpus= or vcpus=");
		return false;
	}
	if (create->on_text && create->cpus && create->cpus != create->on_count) {
		rule_error(RULE_FIT, "on=%.40s: names %lu CPU%s, and cpus=%lu", create->on_text,
			   create->on_count, create->on_count == 1 ? "" : "s", create->cpus);
		return false;
	}
	if (!create->cpus && !create->vcpus)
		create->vcpus = 1;
	if (create->smt_share && !create->cpus) {
		rule_error(RULE_FIT,
			   "smt=share: is for cpus=; of each core the pool uses one thread");
		return false;
	}
	for (size_t i = 0; i < create->on_count; i++) {
		if (!check_cpu(create, create->on[i]))
			return false;
	}
	if (create->cpus && !create->on_text && !check_supply(create))
		return false;
	desc->flags |= (create->cpus ? PART_DEDICATED : 0u) |
		       (create->smt_share ? PART_SMT_SHARE : 0u);
	desc->vcpu_count = (uint32_t)(create->cpus + create->vcpus);
	for (uint32_t i = 0; i < desc->vcpu_count; i++)
		desc->cpus[i] = create->on_count ? create->on[i % create->on_count] : CPU_ANY;
	return true;
}

bool create_check_share(const struct create *create)
{
	const struct part_desc *desc = &create->desc;

	if (create->cpus && (desc->weight || desc->cap))
		rule_error(
			RULE_SHARE,
			"%s=%u: shares are of the pool's CPUs (vcpus=); with cpus= a CPU is its own",
			desc->weight ? "weight" : "cap", desc->weight ? desc->weight : desc->cap);
	else if (desc->cap > 100 * desc->vcpu_count)
		rule_error(RULE_SHARE, "cap=%u: %u vCPU%s can use %u percent at most", desc->cap,
			   desc->vcpu_count, desc->vcpu_count == 1 ? "" : "s",
			   100 * desc->vcpu_count);
	else
		return true;
	return false;
}

enum { HOLDERS = 300 };

/* Who has how much, or is to have it, as much of it as a line holds. */
static void name_holders(char to[HOLDERS])
{
	static struct part_info info;
	struct partition *partition = NULL;
	char text[NUMBER_TEXT];
	const char *name;
	uint64_t bytes;
	size_t used = 0;

	to[0] = '\0';
	while ((partition = partition_next(partition))) {
		if (!view_stays(partition->slot) || !partition_query(partition, &info))
			continue;
		number_size_text(text, layout_asked(info.ranges, partition_range_count(&info)));
		used += format(to + used, HOLDERS - used, "; %s has %s", partition->name, text);
	}
	for (unsigned i = 0; (name = view_claimer(i, &bytes)); i++)
		used += format(to + used, HOLDERS - used, "; %s is to have %s", name,
			       number_size_text(text, bytes));
}

static void refuse_memory(const struct create *create)
{
	char holders[HOLDERS], free[NUMBER_TEXT], largest[NUMBER_TEXT];
	uint64_t needed = create->needed + view_reserved();

	name_holders(holders);
	number_size_text(free, view_free());
	number_size_text(largest, MIN(host_largest_free(), view_free()));
	if (needed > view_free() && create->ram <= view_free())
		rule_error(RULE_MEMORY,
			   "memory=%.24s: needs %lu KiB (%lu of RAM, %lu for tables and log); only %lu "
			   "KiB is free%s",
			   create->memory_text, needed / 1024, create->ram / 1024,
			   (needed - create->ram) / 1024, view_free() / 1024, holders);
	else
		rule_error(RULE_MEMORY, "memory=%.24s: only %s is free (largest piece %s)%s",
			   create->memory_text, free, largest, holders);
}

static bool place_memory(struct create *create)
{
	struct part_desc *desc = &create->desc;
	struct part_cost cost = {0};
	size_t ring = create->ring_size ? create->ring_size : RING_OUT_MIN;

	desc->range_count = layout_plan(create->memory, desc->ranges);
	if (call_part_cost(desc, &cost) < 0)
		cost.pool = 0; /* create will tell */
	create->ram = layout_bytes(desc->ranges, desc->range_count);
	create->needed = create->ram + cost.pool +
			 (create->has_ring ? 0 : RING_PAGES(ring) * PAGE_SIZE);
	if (create->needed + view_reserved() <= view_free())
		return true;
	refuse_memory(create);
	return false;
}

bool create_place(struct create *create)
{
	return place_cpus(create) && create_check_share(create) && place_memory(create);
}

static void explain_busy(const struct create *create)
{
	for (size_t i = 0; i < create->on_count; i++) {
		const char *user = create->cpus ? view_pool_user(create->on[i]) : NULL;

		if (user) {
			rule_error(
				RULE_OWNER,
				"cpu %u cannot be dedicated: partition %s runs there from the pool",
				create->on[i], user);
			return;
		}
		if (!check_cpu(create, create->on[i]))
			return;
	}
	rule_error(RULE_OWNER, "%s%s", op_error_text(ERR_BUSY),
		   create->cpus ? "; too few CPUs are free of the pool's vCPUs" : "");
}

void create_explain(const struct create *create, int64_t error)
{
	if (error == ERR_NOMEM && !create->desc.ring)
		rule_error(RULE_MEMORY, "no memory for its console: %lu KiB are needed",
			   RING_PAGES(create->desc.ring_size) * 4);
	else if (error == ERR_NOMEM)
		refuse_memory(create);
	else if (error == ERR_BUSY)
		explain_busy(create);
	else
		op_fail(error);
}
