/* SPDX-License-Identifier: BSD-2-Clause */
/* The rules a description has to meet, who gets which CPU, and the formula for a pool's size. */
#include "abi/console_ring.h"
#include "abi/info.h"
#include "arch/x86_64/cpu_features.h"
#include "arch/x86_64/fpu.h"
#include "kernel/console.h"
#include "kernel/cores.h"
#include "kernel/cpu.h"
#include "kernel/create.h"
#include "kernel/machine.h"
#include "lib/string.h"

enum {
	LOW_TABLES = 12,   /* root, and what maps program, config, frames, stacks and ring */
	REGION_TABLES = 2, /* a PDPT and a spare for each of images, guest memory, nested root */
};

int create_check_name(const char *name, const struct partition *but)
{
	if (strnlen(name, NAME_SIZE) == NAME_SIZE || !name[0])
		return ERR_INVAL;
	for (unsigned i = 0; i < MAX_PARTITIONS; i++)
		if (partitions[i] && partitions[i] != but && !strcmp(partitions[i]->desc.name, name))
			return ERR_EXIST;
	return ERR_NONE;
}

static int check_texts(const struct part_desc *desc)
{
	if (strnlen(desc->cmdline, CMDLINE_SIZE) == CMDLINE_SIZE)
		return ERR_INVAL;
	if (desc->boot.texts[TEXTS_SIZE - 1] || desc->boot.protocol >= BOOT_PROTOCOLS)
		return ERR_INVAL;
	return create_check_name(desc->name, NULL);
}

static int check_ranges(const struct part_desc *desc)
{
	uint64_t end = 0;

	if (!desc->range_count || desc->range_count > MAX_RANGES)
		return ERR_INVAL;
	for (uint32_t i = 0; i < desc->range_count; i++) {
		const struct part_range *range = &desc->ranges[i];

		if (!range->size || (range->gpa | range->size) & PAGE_MASK)
			return ERR_INVAL;
		if (range->gpa < end || range->gpa + range->size <= range->gpa)
			return ERR_INVAL;
		end = range->gpa + range->size;
	}
	/* In the VMM's space guest memory stands from USER_GUEST_BASE on. */
	return end <= USER_END - USER_GUEST_BASE && end <= BIT(cpu_features.phys_bits) ? ERR_NONE
										       : ERR_INVAL;
}

static int check_images(const struct part_desc *desc)
{
	if (desc->image_count > MAX_PART_IMAGES)
		return ERR_INVAL;
	for (uint32_t i = 0; i < desc->image_count; i++)
		if (desc->images[i].image >= machine.image_count ||
		    desc->images[i].role > IMAGE_MODULE || desc->images[i].text >= TEXTS_SIZE)
			return ERR_NOENT;
	return ERR_NONE;
}

static int check_ring(const struct part_desc *desc)
{
	const uint64_t size = RING_PAGES(desc->ring_size) * PAGE_SIZE;

	if (desc->ring_size < RING_OUT_MIN || desc->ring_size > RING_OUT_MAX ||
	    (desc->ring_size & (desc->ring_size - 1)))
		return ERR_INVAL;
	/* Memory that it asked for, nothing of the program itself; and not another partition's ring. */
	if (desc->ring & PAGE_MASK || !console_has_region(desc->ring, size))
		return ERR_FAULT;
	return console_ring_in_use(desc->ring, size) ? ERR_BUSY : ERR_NONE;
}

/* Shares are of the pool: a CPU of one's own is all one's own. */
static int check_share(const struct part_desc *desc)
{
	bool dedicated = desc->flags & PART_DEDICATED;

	if (dedicated && (desc->weight || desc->cap))
		return ERR_INVAL;
	if (desc->weight > WEIGHT_MAX || desc->cap > 100 * desc->vcpu_count)
		return ERR_INVAL;
	return ERR_NONE;
}

static bool taken(const unsigned *cpus, uint32_t count, unsigned cpu)
{
	for (uint32_t i = 0; i < count; i++)
		if (cpus[i] == cpu)
			return true;
	return false;
}

/* One of the CPUs chosen so far is a thread of the same core. */
static bool core_chosen(const unsigned *cpus, uint32_t count, unsigned cpu)
{
	for (uint32_t i = 0; i < count; i++)
		if (cpus[i] != CPU_ANY && core_of(cpus[i]) == core_of(cpu))
			return true;
	return false;
}

/* A partition's own CPUs fill a core before they take another. */
static int dedicated_cpu(const struct part_desc *desc, uint32_t wish, const unsigned *cpus)
{
	bool share = desc->flags & PART_SMT_SHARE;
	int best = ERR_BUSY;

	for (unsigned cpu = cpu_count(); cpu-- > 1;) {
		if ((wish != CPU_ANY && wish != cpu) || !core_admits(cpu, share) ||
		    taken(cpus, desc->vcpu_count, cpu))
			continue;
		if (core_chosen(cpus, desc->vcpu_count, cpu))
			return (int)cpu;
		if (best < 0)
			best = (int)cpu;
	}
	return best;
}

/* The pool's CPU with the fewest vCPUs, counting those just chosen. */
static int pool_cpu(uint32_t wish, const unsigned *cpus, uint32_t count)
{
	unsigned best_load = ~0u;
	int best = ERR_BUSY;

	for (unsigned cpu = cpu_count(); cpu-- > 0;) {
		unsigned load;

		if (!core_serves_pool(cpu) || (wish != CPU_ANY && wish != cpu))
			continue;
		load = cpu_of(cpu)->vcpu_count;
		for (uint32_t i = 0; i < count; i++)
			load += cpus[i] == cpu;
		if (load < best_load) {
			best_load = load;
			best = (int)cpu;
		}
	}
	return best;
}

static int check_vcpu_count(const struct part_desc *desc)
{
	return desc->vcpu_count && desc->vcpu_count <= MAX_VCPUS ? ERR_NONE : ERR_INVAL;
}

static int choose_cpus(const struct part_desc *desc, unsigned *cpus)
{
	bool dedicated = desc->flags & PART_DEDICATED;

	if (check_vcpu_count(desc))
		return ERR_INVAL;
	/* Named ones first, so that a choice of ours does not take one of them. */
	for (unsigned pass = 0; pass < 2; pass++)
		for (uint32_t i = 0; i < desc->vcpu_count; i++) {
			uint32_t wish = desc->cpus[i];
			int cpu;

			if ((wish == CPU_ANY) != (pass == 1))
				continue;
			if (wish != CPU_ANY && (!cpu_online(wish) || (dedicated && wish == 0)))
				return ERR_NOENT;
			cpu = dedicated ? dedicated_cpu(desc, wish, cpus)
					: pool_cpu(wish, cpus, desc->vcpu_count);
			if (cpu < 0)
				return cpu;
			cpus[i] = (unsigned)cpu;
		}
	return ERR_NONE;
}

/* Tables to map size bytes at an address whose large-page alignment is bad at both ends. */
static uint64_t tables_for(uint64_t size)
{
	return size / GIB(1) + 2 + 4;
}

static void plan_pool(const struct part_desc *desc, struct create_plan *plan)
{
	uint64_t vcpu_pages = ALIGN_UP(sizeof(struct vcpu), PAGE_SIZE) / PAGE_SIZE +
			      machine.virt->hw_pages + 1 +
			      ALIGN_UP(fpu_area_size(), PAGE_SIZE) / PAGE_SIZE +
			      USER_STACK_SIZE / PAGE_SIZE;
	uint64_t tables = LOW_TABLES + desc->vcpu_count / 16 + 3 * REGION_TABLES;

	for (uint32_t i = 0; i < desc->range_count; i++)
		tables += 2 * tables_for(desc->ranges[i].size);
	/* Memory may come in many pieces, each with ends of its own. */
	tables += 2 * 8;
	for (uint32_t i = 0; i < desc->image_count; i++)
		tables += machine.images[desc->images[i].image].size / MIB(2) + 3;
	plan->table_pages = tables;
	plan->pool_pages = ALIGN_UP(sizeof(struct partition), PAGE_SIZE) / PAGE_SIZE + 1 +
			   desc->vcpu_count * vcpu_pages + user_image_data_pages(&vmm_program) +
			   tables;
}

int create_check(const struct part_desc *desc, struct create_plan *plan)
{
	int err;

	if (!machine.virt)
		return ERR_NOSYS;
	if (desc->flags & ~(uint32_t)(PART_DEDICATED | PART_TESTDEV | PART_SMT_SHARE) ||
	    (desc->flags & (PART_DEDICATED | PART_SMT_SHARE)) == PART_SMT_SHARE)
		return ERR_INVAL;
	for (unsigned i = 0; i < MAX_VCPUS; i++)
		plan->cpus[i] = ~0u;
	err = check_texts(desc);
	err = err ? err : check_ranges(desc);
	err = err ? err : check_images(desc);
	err = err ? err : check_ring(desc);
	err = err ? err : choose_cpus(desc, plan->cpus);
	err = err ? err : check_share(desc);
	if (err)
		return err;
	plan_pool(desc, plan);
	return plan->pool_pages <= KERNEL_POOL_STRIDE / PAGE_SIZE ? ERR_NONE : ERR_LIMIT;
}

int create_cost(const struct part_desc *desc, struct part_cost *cost)
{
	struct create_plan plan;
	int err = machine.virt ? ERR_NONE : ERR_NOSYS;

	err = err ? err : check_ranges(desc);
	err = err ? err : check_images(desc);
	err = err ? err : check_vcpu_count(desc);
	if (err)
		return err;
	plan_pool(desc, &plan);
	*cost = (struct part_cost){
		.pool = plan.pool_pages * PAGE_SIZE,
		.tables = plan.table_pages * PAGE_SIZE,
	};
	return ERR_NONE;
}
