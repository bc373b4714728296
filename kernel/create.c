/* SPDX-License-Identifier: BSD-2-Clause */
/* Creation, a step at a time: memory, pool, scrub, tables, mappings, CPUs; and the way back. */
#include "kernel/create.h"

#include "arch/x86_64/kernel_space.h"
#include "kernel/cores.h"
#include "kernel/cpu.h"
#include "kernel/creation.h"
#include "kernel/machine.h"
#include "kernel/sched.h"
#include "lib/assert.h"
#include "lib/string.h"

enum { POOL_CHUNK_PAGES = 128 };

/* What create_undo has to give back, for a slot whose struct may be gone. */
static struct {
	uint64_t epoch; /* of the flush after the pool was unmapped; 0: not begun */
	bool pool_mapped;
	uint64_t pool_size;
} slots[MAX_PARTITIONS];

struct creation making;

struct extent_tag creation_tag(bool pool)
{
	return (struct extent_tag){.owner = OWNER_PARTITION, .slot = making.slot, .is_pool = pool};
}

static int step_map_pool(void)
{
	uint64_t at = making.offset;
	uint64_t size = MIN(making.pool.size - at, POOL_CHUNK_PAGES * PAGE_SIZE);
	int err;

	slots[making.slot].pool_mapped = true;
	slots[making.slot].pool_size = making.pool.size;
	err = page_map(&kernel_space, part_pool_address(making.slot) + at, making.pool.start + at,
		       size, PAGE_READ | PAGE_WRITE);
	if (err)
		return err;
	making.offset += size;
	return making.offset < making.pool.size ? ERR_AGAIN : ERR_NONE;
}

/* The last step, which cannot fail: from here on the partition exists. */
static int step_publish(void)
{
	struct partition *part = making.part;

	create_fill_config(part);
	for (uint32_t i = 0; i < part->desc.vcpu_count; i++) {
		struct vcpu *v = part->vcpus[i];

		vcpu_reset(v, 0);
		if (part->desc.flags & PART_DEDICATED) {
			__atomic_store_n(&cpu_of(v->cpu)->owner, part->slot, __ATOMIC_RELAXED);
			core_take(v->cpu, part->desc.flags & PART_SMT_SHARE);
		}
		cpu_of(v->cpu)->vcpu_count++;
	}
	partitions[part->slot] = part;
	for (uint32_t i = 0; i < part->desc.vcpu_count; i++)
		sched_attach(part->vcpus[i]);
	return ERR_NONE;
}

static int (*const steps[])(void) = {
	create_step_memory,   create_step_scrub,   step_map_pool,      create_step_objects,
	create_step_vcpus,    create_step_program, create_step_images, create_step_guest_memory,
	create_step_evacuate, step_publish,
};

static int begin(const struct part_desc *desc)
{
	int err;

	memset(&making, 0, sizeof(making));
	making.desc = *desc;
	err = create_check(&making.desc, &making.plan);
	if (err)
		return err;
	while (making.slot < MAX_PARTITIONS &&
	       (partitions[making.slot] || slots[making.slot].pool_mapped ||
		slots[making.slot].epoch))
		making.slot++;
	if (making.slot == MAX_PARTITIONS)
		return ERR_LIMIT;
	making.under_way = true;
	return ERR_NONE;
}

/* Undoes what is being made. ERR_AGAIN, then ERR_NONE. */
static int abandon(void)
{
	int err = create_settle(false) ? create_undo(making.slot) : ERR_AGAIN;

	if (err == ERR_NONE)
		making.under_way = false;
	return err;
}

int part_create(const struct part_desc *desc)
{
	int err = ERR_NONE;

	/* One that nobody goes on with is undone before another begins. */
	if (making.under_way && strcmp(desc->name, making.desc.name)) {
		(void)abandon();
		return ERR_AGAIN;
	}
	if (!making.under_way)
		err = begin(desc);
	if (err)
		return err;
	if (!making.failed)
		err = steps[making.step]();
	if (err == ERR_AGAIN)
		return err;
	if (err)
		making.failed = err;
	if (making.failed) {
		err = abandon();
		return err ? err : making.failed;
	}
	making.index = 0;
	making.offset = 0;
	if (++making.step < ARRAY_SIZE(steps))
		return ERR_AGAIN;
	making.under_way = false;
	return (int)making.slot;
}

static void release_users(struct partition *part)
{
	for (uint32_t i = 0; i < part->desc.image_count; i++)
		machine.images[part->desc.images[i].image].users--;
	for (uint32_t i = 0; i < part->desc.vcpu_count; i++) {
		struct cpu *cpu = cpu_of(part->vcpus[i]->cpu);

		cpu->vcpu_count--;
		if (cpu->owner == part->slot) {
			__atomic_store_n(&cpu->owner, CPU_NO_OWNER, __ATOMIC_RELAXED);
			core_release(cpu->number, part->desc.flags & PART_SMT_SHARE);
		}
	}
}

int create_undo(uint32_t slot)
{
	if (slot >= MAX_PARTITIONS)
		return ERR_NOENT;
	if (partitions[slot]) {
		release_users(partitions[slot]);
		partitions[slot] = NULL;
	}
	if (slots[slot].pool_mapped) {
		uint64_t size = MIN(slots[slot].pool_size, POOL_CHUNK_PAGES * PAGE_SIZE);

		/* From its end; never fails, since whole pages are unmapped as they were mapped. */
		slots[slot].pool_size -= size;
		ASSERT(!page_unmap(&kernel_space, part_pool_address(slot) + slots[slot].pool_size,
				   size));
		if (slots[slot].pool_size)
			return ERR_AGAIN;
		slots[slot].pool_mapped = false;
		slots[slot].epoch = cpu_flush_begin();
	}
	if (slots[slot].epoch && !cpu_epoch_reached(slots[slot].epoch))
		return ERR_AGAIN;
	slots[slot].epoch = 0;
	spin_lock(&machine.memory_lock);
	extent_release_slot(&machine.extents, slot);
	spin_unlock(&machine.memory_lock);
	return ERR_NONE;
}

int create_undo_rest(uint32_t slot)
{
	bool being_made = making.under_way && making.slot == slot;

	if (slot >= MAX_PARTITIONS || being_made || (!slots[slot].pool_mapped && !slots[slot].epoch))
		return ERR_NOENT;
	return create_undo(slot);
}

bool create_recover(void)
{
	if (making.under_way) {
		making.failed = making.failed ? making.failed : ERR_STATE;
		if (abandon() == ERR_AGAIN)
			return false;
	}
	for (uint32_t slot = 0; slot < MAX_PARTITIONS; slot++) {
		if (partitions[slot])
			partitions[slot]->reset_count = 0; /* a start begins at its begin */
		else if (create_undo_rest(slot) == ERR_AGAIN)
			return false;
	}
	return create_settle(true);
}

bool create_uses_ring(uint64_t va, uint64_t size)
{
	return making.under_way && making.desc.ring < va + size &&
	       va < making.desc.ring + RING_PAGES(making.desc.ring_size) * PAGE_SIZE;
}
